"""The solid electrolyte: resistances of bulk and grain boundaries, and the latter's arc."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell.law import ACTIVATION, STANDARD, Around, Arrhenius, Law, number, speed


@final
@dataclass(frozen=True, slots=True)
class Electrolyte(Law):
    """Z = R_b + R_GB/(1 + (iωτ_GB)^α).

    Attributes
    ----------
    bulk, grain_boundary : Ω·cm². The paper gives no absolute impedance, so both are guesses; with
        the thickness they make 5e-4 S/cm in all, inside NASICON's 1e-4 to 5e-3.
    relaxation, exponent : τ_GB (s) and α of the grain boundaries' arc.
    thickness : cm.
    activation : of both conductances, or None.
    """

    bulk: float = number(100.0, "Ω·cm²", "set", "R_b", zero=True)
    grain_boundary: float = number(200.0, "Ω·cm²", "set", "R_GB", zero=True)
    relaxation: float = number(1e-6, "s", "known", "τ_GB")
    exponent: float = number(0.9, "1", "set", "α", high=1.0)
    thickness: float = number(0.15, "cm", "known", "of the pellet", high=10.0)
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return the resistance in series."""
        resistances = (self.bulk + self.grain_boundary) / speed(self.activation, around)
        return {"electrolyte": resistances}

    def resistivity(self, temperature: float) -> float:
        """Return the bulk's resistivity (Ω·cm) at a temperature (K)."""
        fast = speed(self.activation, Around(temperature))
        return self.bulk / self.thickness / fast

    def impedance(self, frequency: Any, around: Around = STANDARD) -> NDArray[np.complex128]:
        """Return Z (Ω·cm²) at frequencies (Hz); capacitive, so Im Z < 0."""
        fast = speed(self.activation, around)
        omega = 2.0 * np.pi * np.asarray(frequency, dtype=float)
        arc = self.grain_boundary / (1.0 + (1j * omega * self.relaxation / fast) ** self.exponent)
        return np.asarray((self.bulk + arc) / fast, dtype=np.complex128)
