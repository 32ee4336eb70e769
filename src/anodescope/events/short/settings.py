"""The numbers by which a short circuit is told."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import final

from anodescope.errors import SettingsError


@final
@dataclass(frozen=True, slots=True)
class ShortSettings:
    """The numbers by which a short circuit is told.

    Attributes
    ----------
    drop : smallest abrupt fall of the voltage, as a share of the level before it.
    hard : share of the level before up to which a short circuit is hard.
    recovered : share of the level before from which on it has recovered.
    start : share of the expected voltage below which a stretch begins shorted.
    noise : smallest fall over the standard deviation of the noise.
    fall_time : duration (s) up to which a fall is abrupt; what takes longer is no fall.
    leak : smallest share of the current that a parallel path takes, in the impedance.
    collapse : share of its former value to which |Z| falls when the short circuit is hard.

    Raises
    ------
    SettingsError
        for a number outside its range.
    """

    drop: float = 0.3
    hard: float = 0.2
    recovered: float = 0.8
    start: float = 0.4
    noise: float = 6.0
    fall_time: float = 60.0
    leak: float = 0.25
    collapse: float = 0.2

    def __post_init__(self) -> None:
        for key in fields(self):
            value = getattr(self, key.name)
            share = key.name not in ("noise", "fall_time")
            if not (0 < value < 1 if share else 0 < value < float("inf")):
                expected = "a share between 0 and 1" if share else "a number above 0"
                raise SettingsError(
                    f"Short circuits, {key.name}: expected {expected}, found {value}."
                )
        if self.hard >= 1 - self.drop or self.recovered <= self.hard:
            raise SettingsError(
                "Short circuits: expected hard < 1 - drop and hard < recovered, found "
                f"hard {self.hard}, drop {self.drop}, recovered {self.recovered}."
            )
