"""Which numbers of a cell are fitted to the paper, within which ranges, and why these.

The range of a parameter is its prior: 95 % of a normal (of its logarithm where `log`) lies in it,
and no fit leaves it. Ranges are wide on purpose: a decade or more where only the order is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from anodescope.cell import Cell
from anodescope.cell.reservoir import Sodium
from anodescope.errors import SettingsError

# What is known of solid Na by itself (negligible γ_int, full contact) stays as its preset has it.
OF_THE_ALLOY = ("layer", "kinetics", "loss", "deposit", "capacitance")


@final
@dataclass(frozen=True, slots=True)
class Free:
    """A number that a fit may change.

    Attributes
    ----------
    path : as `Cell.replace` takes it. low, high : its range; the prior and the bounds.
    log : whether its logarithm is what is spread evenly.
    unit, meaning : "1" is a pure number; one line.
    source : where the range comes from.

    Raises
    ------
    SettingsError
        for a range that is empty, or that reaches 0 where the logarithm is taken.
    """

    path: str
    low: float
    high: float
    log: bool
    unit: str
    meaning: str
    source: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and self.low < self.high < math.inf) or (
            self.log and self.low <= 0.0
        ):
            raise SettingsError(
                f"Free, {self.path}: expected a range from low to high, above 0 where log is set, "
                f"found {self.low:g} to {self.high:g}."
            )

    def scaled(self, value: float) -> float:
        """Return a value in standard deviations of the prior; its range is -2 to 2."""
        low, high, here = self.low, self.high, value
        if self.log:
            low, high, here = math.log(low), math.log(high), math.log(value)
        return 4.0 * (here - 0.5 * (low + high)) / (high - low)

    def value(self, scaled: float) -> float:
        """Return the value at so many standard deviations of the prior."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        here = 0.5 * (low + high) + 0.25 * scaled * (high - low)
        here = math.exp(here) if self.log else here
        return min(max(here, self.low), self.high)


FREE: tuple[Free, ...] = (
    Free("layer.thickness", 1e-6, 1e-4, True, "cm", "δ, thickness of the layer",
         "half the SnO₂ coating of 20 nm, to 1 µm: nothing is seen in tomograms of 1.3 µm"),
    Free("layer.diffusivity", 1e-13, 1e-9, True, "cm²/s", "D, apparent diffusivity in the layer",
         "times δ²/D of 1 ms to hours about the seconds of O11"),
    Free("layer.critical_fraction", 0.2, 0.6, False, "1", "x_c",
         "above the K liquidus (0.19), below NaK50 itself (0.63)"),
    Free("layer.spread", 0.05, 1.5, False, "1", "σ of ln δ over the patches",
         "from an even layer to one whose thickness differs tenfold"),
    Free("kinetics.charge_transfer", 5.0, 500.0, True, "Ω·cm²", "R0",
         "a decade about 50 Ω·cm²; the paper states no impedance"),
    Free("kinetics.sheet", 1.0, 200.0, True, "Ω·cm²", "r0", "at most of the order of R0"),
    Free("loss.rate", 1e-6, 1e-1, True, "1/s", "k_φ, growth of lost contact",
         "from a day to seconds"),
    Free("loss.heal", 1e2, 1e6, True, "s", "τ_φ, healing at rest",
         "from minutes to days; the paper sees hours"),
    Free("loss.refill", 0.01, 100.0, True, "mAh/cm²", "q_h, plated charge that refills",
         "from that of a void of 0.1 µm to none at all"),
    Free("deposit.contact", 0.02, 1.0, True, "1", "a0, share of the face that conducts",
         "from a face of which next to nothing is wetted to all of it"),
    Free("deposit.spread", 0.01, 10.0, True, "mAh/cm²", "m_c",
         "from a film of 0.1 µm of Na to 90 µm"),
    Free("deposit.time", 1e2, 1e6, True, "s", "τ_m of re-alloying",
         "from minutes to days; the paper sees 35 s to 15 h"),
    Free("filament.current", 0.1, 10.0, True, "mA/cm²", "i_C, local",
         "critical currents reported for Na on ceramics"),
    Free("filament.rate", 1e-6, 1e-2, True, "cm²/(mA·s)", "χ",
         "from days to minutes until the electrolyte is bridged at 1 mA/cm² above i_C"),
)  # fmt: skip


def with_values(cell: Cell, values: Mapping[str, float]) -> Cell:
    """Return the cell with fitted numbers put in.

    Parameters
    ----------
    cell : any; it is not changed.
    values : by path. Numbers of a part that the cell does without are left out; of solid Na only
        those of the filament are taken, because its own interface is known apart.

    Raises
    ------
    SettingsError
        for a path that no such cell has, or a value that the cell refuses.
    """
    sodium = isinstance(cell.reservoir, Sodium)
    taken = {}
    for path, value in values.items():
        part = path.partition(".")[0]
        if sodium and part in OF_THE_ALLOY:
            continue
        if getattr(cell, part, cell) is not None:
            taken[path] = value
    return cell.replace(**taken)


def values_of(scaled: Sequence[float], free: Sequence[Free] = FREE) -> dict[str, float]:
    """Return values by path of a point in standard deviations of the prior, shape (parameter,)."""
    return {one.path: one.value(float(at)) for one, at in zip(free, scaled, strict=True)}


def scaled_of(values: Mapping[str, float], free: Sequence[Free] = FREE) -> list[float]:
    """Return a point in standard deviations of the prior (parameter,) of values by path.

    Raises
    ------
    SettingsError
        when a parameter has no value.
    """
    missing = [one.path for one in free if one.path not in values]
    if missing:
        raise SettingsError(f"values: expected one for each parameter, found none of {missing[0]}.")
    return [one.scaled(values[one.path]) for one in free]
