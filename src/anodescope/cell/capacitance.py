"""Capacitance of the interface: it is what a patch charges before it passes current."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from anodescope.cell.law import STANDARD, Around, Law, number


@final
@dataclass(frozen=True, slots=True)
class Capacitance(Law):
    """C = (contact)·C_ps·θ^p + C_dl: a depleted patch keeps only its double layer.

    Attributes
    ----------
    pseudo : C_ps, F/cm²; two to three decades above a double layer, set from a time constant that
        the published spectra do not show.
    double_layer : C_dl, F/cm².
    power : p; without a derivation.
    """

    pseudo: float = number(1.2e-3, "F/cm²", "set", "C_ps of a fresh patch", zero=True, high=10.0)
    double_layer: float = number(2e-6, "F/cm²", "set", "C_dl", high=10.0)
    power: float = number(3.0, "1", "set", "p of θ^p", zero=True, high=20.0)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return C_ps, C_dl and p."""
        return {
            "pseudo_capacitance": self.pseudo,
            "double_layer": self.double_layer,
            "capacitance_power": self.power,
        }
