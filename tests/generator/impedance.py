"""Impedance of the generated cell: a series resistance and ZARCs, whose γ is known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import zarc, zarc_gamma

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Arcs:
    """Z = R_s + iωL + Σ ZARC; `arcs` holds (R (Ω), τ (s), φ) by name."""

    series: float
    arcs: dict[str, tuple[float, float, float]]
    inductance: float = 0.0

    def impedance(self, frequency: Floats) -> npt.NDArray[np.complex128]:
        """Return Z (Ω) at these frequencies (Hz)."""
        z = self.series + 2j * pi * frequency * self.inductance
        for arc in self.arcs.values():
            z = z + zarc(frequency, *(np.asarray(number) for number in arc))
        return z

    def gamma(self, tau: Floats) -> Floats:
        """Return the true γ (Ω per unit ln τ) at τ (s)."""
        return sum(
            (
                zarc_gamma(tau, *(np.asarray(number) for number in arc))
                for arc in self.arcs.values()
            ),
            np.zeros_like(tau),
        )

    @property
    def direct(self) -> float:
        """Resistance at zero frequency (Ω)."""
        return self.series + sum(arc[0] for arc in self.arcs.values())


R_SERIES, R_GB, TAU_GB, PHI_GB = 60.0, 180.0, 1e-6, 0.92
TAU_INT, PHI_INT = 2e-2, 0.88
TAU_PRIME, PHI_PRIME = 4e-4, 0.92


def cell(r_int: float, r_prime: float = 0.0, tau_int: float = TAU_INT) -> Arcs:
    """Return the paper's cell: γ_GB, γ_int and, where its resistance is not zero, γ'_int."""
    arcs = {"γ_GB": (R_GB, TAU_GB, PHI_GB), "γ_int": (r_int, tau_int, PHI_INT)}
    if r_prime > 0:
        arcs["γ'_int"] = (r_prime, TAU_PRIME, PHI_PRIME)
    return Arcs(R_SERIES, arcs)


def shorted(resistance: float = 0.4) -> Arcs:
    """Return what is left after a hard short circuit: a wire."""
    return Arcs(resistance, {}, 2e-8)
