"""The numbers by which an onset of instability is told."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import final

from anodescope.errors import SettingsError


@final
@dataclass(frozen=True, slots=True)
class OnsetSettings:
    """The numbers by which an onset of instability is told.

    Attributes
    ----------
    factors : k, how many times its initial value the slope must exceed; each above 1.
    headline : the k whose onset becomes an event; one of `factors`.
    series_resistances : resistances (Ω) to subtract beside the measured one, in turn.
    initial_share : share of the stairs whose line gives the initial value, at least 5 stairs.
    hold_share, sweep_share : last share of the hold and of the sweep that the voltage is the mean
        of.
    drift : rise of |V| within a half-cycle, over its mean, from which on it rises.
    settling : first share of a half-cycle that the drift leaves out.

    Raises
    ------
    SettingsError
        for a number outside its range.
    """

    factors: tuple[float, ...] = (1.5, 2.0, 2.5, 4.0)
    headline: float = 2.5
    series_resistances: tuple[float, ...] = ()
    initial_share: float = 0.1
    hold_share: float = 0.2
    sweep_share: float = 0.5
    drift: float = 0.1
    settling: float = 0.1

    def __post_init__(self) -> None:
        for key in fields(self):
            value = getattr(self, key.name)
            if key.name.endswith("share") or key.name in ("drift", "settling"):
                _require(0.0 < value < 1.0, key.name, "a share between 0 and 1", value)
        fine = bool(self.factors) and all(1.0 < k < float("inf") for k in self.factors)
        _require(fine, "factors", "numbers above 1", self.factors)
        _require(self.headline in self.factors, "headline", "one of factors", self.headline)
        fine = all(0.0 < r < float("inf") for r in self.series_resistances)
        _require(fine, "series_resistances", "numbers (Ω) above 0", self.series_resistances)


def paper_scan(area: float) -> tuple[float, ...]:
    """Return series resistances of 100, 300, 600 and 1000 Ω·cm² for an area (cm²), in Ω."""
    _require(area > 0.0, "area", "a number (cm²) above 0", area)
    return tuple(r / area for r in (100.0, 300.0, 600.0, 1000.0))


def _require(holds: bool, name: str, expected: str, found: object) -> None:
    if not holds:
        raise SettingsError(f"Onset, {name}: expected {expected}, found {found}.")
