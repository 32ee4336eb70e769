"""What stands on the electrolyte: a liquid alloy in its O-ring, or a solid metal."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import final

from anodescope.cell.law import STANDARD, Around, Law, number, required
from anodescope.errors import SettingsError

# 40 µL in an O-ring of 7 mm inner diameter (Wu & Hatzell 2025, methods).
VOLUME = 0.040
AREA = math.pi * 0.35**2


class Reservoir(Law):
    """What holds the Na that is stripped. It also fixes the geometric area.

    Attributes
    ----------
    volume : cm³. area : of the interface, cm².
    """

    __slots__ = ()
    volume: float
    area: float

    @property
    @abstractmethod
    def label(self) -> str:
        """Short name, such as NaK50."""

    @property
    @abstractmethod
    def potassium_weight_percent(self) -> float:
        """Potassium in it, wt %."""

    @abstractmethod
    def require_state(self, temperature: float) -> None:
        """Raise SettingsError where at this temperature (K) it is not what its class says."""


@final
@dataclass(frozen=True, slots=True)
class Alloy(Reservoir):
    """Liquid Na–K, well mixed but for the layer at the interface.

    Attributes
    ----------
    potassium_percent : potassium, wt %; above 0 and below 100.
    volume, area : cm³, cm².

    Raises
    ------
    SettingsError
        for pure Na or K (use `Sodium` or `Potassium`), or a size that is not positive.
    """

    potassium_percent: float = required("wt %", "potassium in the alloy", high=100.0, zero=True)
    volume: float = number(VOLUME, "cm³", "known", "of the liquid")
    area: float = number(AREA, "cm²", "known", "of the interface inside the O-ring")

    def __post_init__(self) -> None:
        Law.__post_init__(self)
        if self.potassium_percent in (0.0, 100.0):
            name = "Na" if self.potassium_percent == 0.0 else "K"
            kind = "Sodium" if name == "Na" else "Potassium"
            raise SettingsError(
                f"Alloy, potassium_percent: expected an alloy, found pure {name}; take the preset "
                f"Cell.preset({name!r}), whose reservoir is {kind}."
            )

    @property
    def label(self) -> str:
        """NaK and the potassium in wt %."""
        return f"NaK{self.potassium_percent:g}"

    @property
    def potassium_weight_percent(self) -> float:
        """Potassium in it, wt %."""
        return self.potassium_percent

    @property
    def sodium_fraction(self) -> float:
        """Mole fraction of Na when the cell is fresh."""
        from anodescope.materials import nak

        return float(nak.mole_fraction(self.potassium_percent))

    def require_state(self, temperature: float) -> None:
        """Refuse a temperature (K) at which the alloy is solid or of two phases."""
        from anodescope.materials import nak

        low, high = nak.liquid_window(temperature)
        x = self.sodium_fraction
        if not low <= x <= high:
            most, least = nak.weight_percent(low), nak.weight_percent(high)
            raise SettingsError(
                f"Alloy, potassium_percent: expected a liquid, {least:.1f} to {most:.1f} wt % K at "
                f"{temperature:g} K, found {self.label}, which is partly or all solid there."
            )

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return amounts, molar volumes and the excess free energy."""
        from anodescope.materials import FARADAY, nak

        x = self.sodium_fraction
        volumes = nak.molar_volumes(around.temperature)
        v_na, v_k = float(volumes[0]), float(volumes[1])
        total = self.volume / (x * v_na + (1.0 - x) * v_k) * FARADAY / 3.6 / self.area
        excess = [float(a) for a in nak.redlich_kister(around.temperature)]
        return {
            "sodium": x * total,
            "potassium": (1.0 - x) * total,
            "volume_na": v_na,
            "volume_k": v_k,
            **{f"excess_{k}": value for k, value in enumerate(excess[:3])},
            "melting": float(nak.melting_voltage(around.temperature)),
        }


@final
@dataclass(frozen=True, slots=True)
class Sodium(Reservoir):
    """Solid Na: no layer, and Na that is plated joins it.

    Attributes
    ----------
    volume, area : cm³, cm².
    """

    volume: float = number(VOLUME, "cm³", "set", "of the metal; that of the liquid's chamber")
    area: float = number(AREA, "cm²", "set", "of the interface; that of the liquid's chamber")

    @property
    def label(self) -> str:
        """Na."""
        return "Na"

    @property
    def potassium_weight_percent(self) -> float:
        """None of it is potassium."""
        return 0.0

    def require_state(self, temperature: float) -> None:
        """Refuse a temperature (K) at which Na is not solid."""
        _require_solid("Sodium", temperature, 370.94)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return amounts and molar volumes. Na that is plated is Na, so nothing comes out of it."""
        from anodescope.materials import FARADAY, nak

        v_na, v_k = (float(v) for v in nak.molar_volumes(around.temperature))
        amount = self.volume / v_na * FARADAY / 3.6 / self.area
        return {
            "sodium": amount,
            "potassium": 0.0,
            "volume_na": v_na,
            "volume_k": v_k,
            "saturation": math.inf,
        }


@final
@dataclass(frozen=True, slots=True)
class Potassium(Reservoir):
    """Solid K with a trace of Na: no layer to alloy into, so Na that is plated is metal.

    Na does not dissolve in solid K: the trace sits in liquid of the K liquidus. Its activity is
    that of this liquid, however little there is, and the voltage against Na follows from it.

    Attributes
    ----------
    volume, area : cm³, cm².
    trace : mole fraction of Na in it. Commercial K of 98 to 99.5 % holds mostly Na beside K; the
        estimate is uncertain to a factor of five either way.
    """

    volume: float = number(VOLUME, "cm³", "set", "of the metal; that of the liquid's chamber")
    area: float = number(AREA, "cm²", "set", "of the interface; that of the liquid's chamber")
    trace: float = number(5e-3, "1", "estimate", "mole fraction of Na in the K", high=0.1)

    @property
    def label(self) -> str:
        """K."""
        return "K"

    @property
    def potassium_weight_percent(self) -> float:
        """Potassium in it, wt %."""
        from anodescope.materials import nak

        return float(nak.weight_percent(self.trace))

    def require_state(self, temperature: float) -> None:
        """Refuse a temperature (K) at which K is not solid."""
        _require_solid("Potassium", temperature, 336.65)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return amounts, molar volumes, and the activity of the trace."""
        from anodescope.materials import FARADAY, nak

        t = around.temperature
        v_na, v_k = (float(v) for v in nak.molar_volumes(t))
        x = self.trace
        total = self.volume / (x * v_na + (1.0 - x) * v_k) * FARADAY / 3.6 / self.area
        liquid = max(float(nak.liquid_window(t)[0]), x)
        log_activity = math.log(float(nak.activity(liquid, t)))
        return {
            "sodium": x * total,
            "potassium": (1.0 - x) * total,
            "volume_na": v_na,
            "volume_k": v_k,
            "excess_0": (log_activity - math.log(x)) / (1.0 - x) ** 2,
            "melting": float(nak.melting_voltage(t)),
            "saturation": 0.0,
        }


def _require_solid(name: str, temperature: float, melting: float) -> None:
    if temperature >= melting:
        raise SettingsError(
            f"{name}: expected a temperature below its melting point of {melting:g} K, found "
            f"{temperature:g} K; nothing is known of a cell with this liquid."
        )
