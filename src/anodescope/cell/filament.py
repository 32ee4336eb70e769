"""Filaments of Na that grow through the electrolyte until they bridge it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from anodescope.cell.calibrated import fitted
from anodescope.cell.law import STANDARD, Around, Law, number
from anodescope.cell.slots import CRACK, LINEAR_DAMAGE

# Na metal at room temperature: 22.98977 g/mol over 0.968 g/cm³.
VOLUME_NA = 23.75e-6  # m³/mol


class Filament(Law):
    """Length of the longest filament, over the electrolyte's thickness; 1 is a short circuit.

    Attributes
    ----------
    short : resistance of a filament that bridges the electrolyte, Ω·cm².
    """

    __slots__ = ()
    short: float


def _short() -> float:
    value: float = number(
        1.0, "Ω·cm²", "estimate", "resistance of the short; small against the cell's"
    )
    return value


@final
@dataclass(frozen=True, slots=True)
class LinearDamage(Filament):
    """dc/dt = χ·(i_local − i_C)⁺ while Na is plated.

    Attributes
    ----------
    current : i_C, local current density, mA/cm². It depends on the half-cycle times assumed.
    rate : χ, 1/s per mA/cm².
    short : Ω·cm².
    """

    current: float = number(fitted("filament.current"), "mA/cm²", "fitted", "i_C", zero=True)
    rate: float = number(fitted("filament.rate"), "cm²/(mA·s)", "fitted", "χ", zero=True)
    short: float = _short()

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, i_C, χ and the resistance of the short."""
        return {
            "filament": LINEAR_DAMAGE,
            "filament_current": self.current,
            "filament_rate": self.rate,
            "short_resistance": self.short,
        }


@final
@dataclass(frozen=True, slots=True)
class Crack(Filament):
    """A crack filled with Na, which the overpotential presses open: dc/dt = χ·(K_I/K_IC − 1)⁺.

    Na in a closed crack is under the pressure F·η/V_Na at most, so K_I = Y·(F|η|/V_Na)·√(π·a) for
    a crack of length a. Creep that lowers the pressure is left out: the law is an upper bound of
    the stress. At a length `chip` the edge breaks away and the alloy fills the crack; from then on
    it dissolves Na and, at rest or on stripping, the crack closes to `rest` with the time `close`.

    Attributes
    ----------
    toughness : K_IC, MPa·√m; None: that of NASICON in `anodescope.materials`, 1 to 1.5.
    defect : length of the first crack, cm; that of a large pore of sintered NASICON.
    shape : Y; 1.12 is a straight edge crack.
    rate : χ, 1/s, growth at twice the toughness.
    chip : length over thickness at which the edge chips; inf: never.
    close, rest : s, and length over thickness that stays open.
    short : Ω·cm².
    """

    toughness: float | None = number(
        None, "MPa·√m", "known", "K_IC; None: that of NASICON", high=20.0
    )
    defect: float = number(1e-3, "cm", "estimate", "length of the first crack", high=1.0)
    shape: float = number(1.12, "1", "known", "Y of a straight edge crack", high=10.0)
    rate: float = number(1e-3, "1/s", "estimate", "χ; unknown to a decade", zero=True)
    chip: float = number(
        math.inf, "1", "set", "length over thickness at which the edge chips", infinite=True
    )
    close: float = number(1e4, "s", "estimate", "τ of closing, as re-alloying", infinite=True)
    rest: float = number(0.0, "1", "set", "length that stays open", zero=True, high=1.0, top=False)
    short: float = _short()

    def stress(self, thickness: float) -> float:
        """Return K_I/K_IC for 1 V and a crack as long as a thickness (cm)."""
        from anodescope.materials import FARADAY

        pressure = FARADAY / VOLUME_NA  # Pa/V
        intensity = self.shape * pressure * math.sqrt(math.pi * 1e-2 * thickness)
        return float(intensity / (1e6 * self._toughness()))

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, start, stress, rate, chipping, closing and the short's resistance."""
        return {
            "filament": CRACK,
            "filament_rate": self.rate,
            "filament_start": self.defect / around.electrolyte_thickness,
            "filament_stress": self.stress(around.electrolyte_thickness),
            "filament_chip": self.chip,
            "filament_close": self.close,
            "filament_rest": self.rest,
            "short_resistance": self.short,
        }

    def _toughness(self) -> float:
        return nasicon_toughness() if self.toughness is None else self.toughness


def nasicon_toughness() -> float:
    """Return K_IC of NASICON, MPa·√m."""
    from anodescope.materials import nasicon

    return float(nasicon.toughness())
