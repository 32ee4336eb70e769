"""Capacitance of the interface: it is what a patch charges before it passes current."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from anodescope.cell.law import STANDARD, Around, Law, number


class Capacitance(Law):
    """What is stored at the interface: Na in a store of its own, and charge in a double layer.

    Attributes
    ----------
    pseudo : C_ps of a fresh patch in full contact at 0 V, F/cm²; two to three decades above a
        double layer, set from a time constant that the published spectra do not show.
    double_layer : C_dl, F/cm², which stays.
    """

    __slots__ = ()
    pseudo: float
    double_layer: float


def _double_layer() -> float:
    value: float = number(2e-6, "F/cm²", "set", "C_dl", high=10.0)
    return value


@final
@dataclass(frozen=True, slots=True)
class FiniteStore(Capacitance):
    """A store of Na that empties over a voltage: q = q_max/(1 + e^{v/w}), q_max = 4·w·C_ps.

    Its slope is C = (contact)·C_ps/cosh²(v/2w) + C_dl. w = RT/F (0.026 V) is a Langmuir isotherm,
    half full at 0 V; what is stored and repels itself empties over a wider range (Frumkin). Beyond
    w the store is empty, and the double layer is left: a faster, second arc.

    Attributes
    ----------
    pseudo, double_layer : as in `Capacitance`. C_ps is that of a relaxation time of 0.1 s to 0.2 s.
    width : w, V; twice RT/F. With it q_max is 0.6 mC/cm²: five monolayers of Na on a flat face, or
        one Na to 15 Sn in 20 nm of SnO₂. Chosen knowing O6, O9 and O12 of the paper.
    """

    pseudo: float = number(3e-3, "F/cm²", "set", "C_ps of a fresh patch", zero=True, high=10.0)
    width: float = number(0.05, "V", "set", "w, over which the store empties", high=10.0)
    double_layer: float = _double_layer()

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return C_ps, C_dl and w."""
        return {
            "pseudo_capacitance": self.pseudo,
            "double_layer": self.double_layer,
            "capacitance_width": self.width,
        }


@final
@dataclass(frozen=True, slots=True)
class ByAvailability(Capacitance):
    """C = (contact)·C_ps·θ^p + C_dl: a depleted patch keeps only its double layer.

    Attributes
    ----------
    pseudo, double_layer : as in `Capacitance`.
    power : p; without a derivation. 0 is a plain capacitor.
    """

    pseudo: float = number(1.2e-3, "F/cm²", "set", "C_ps of a fresh patch", zero=True, high=10.0)
    double_layer: float = _double_layer()
    power: float = number(3.0, "1", "set", "p of θ^p", zero=True, high=20.0)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return C_ps, C_dl and p."""
        return {
            "pseudo_capacitance": self.pseudo,
            "double_layer": self.double_layer,
            "capacitance_power": self.power,
        }
