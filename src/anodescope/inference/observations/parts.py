"""A campaign with a staircase, taken apart: sweeps under current, and at rest after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.campaign import Campaign
from anodescope.inference.observations.reading import (
    PER_FREQUENCY,
    SAME,
    Integers,
    Sweeps,
    record_of,
    stretches,
    sweeps_of,
)
from anodescope.inference.observations.rows import Reading, rows

KINDS = ("staircase_geis", "staircase")


@final
@dataclass(frozen=True, slots=True)
class Parts:
    """The sweeps of a campaign with a staircase; `stairs`, `rest`: places of those of each."""

    sweeps: Sweeps
    stairs: Integers
    rest: Integers
    end: float

    @classmethod
    def of(cls, campaign: Campaign) -> Parts:
        """Tell the sweeps of the staircase from those after it."""
        record, sweeps = record_of(campaign), sweeps_of(campaign)
        phases = record.phases
        inside = [row for row in range(phases.start.size)
                  if phases.kinds[phases.block[row]] in KINDS]  # fmt: skip
        flows = [one.end for one in stretches(record)] if not inside else phases.end[inside]
        end = float(np.max(flows, initial=0.0))
        middle = 0.5 * (sweeps.start + sweeps.end)
        there = np.isfinite(sweeps.interface)
        under = there & (middle <= end) & (np.abs(sweeps.current) > SAME)
        return cls(sweeps, np.flatnonzero(under), np.flatnonzero(there & (middle > end)), end)

    def below(self, current: float) -> Integers:
        """Return the places of the stairs' sweeps below a current (mA/cm²)."""
        return self.stairs[np.abs(self.sweeps.current[self.stairs]) < current - SAME]

    def above(self, current: float) -> Integers:
        """Return the places of the stairs' complete sweeps above a current (mA/cm²)."""
        higher = np.abs(self.sweeps.current[self.stairs]) > current + SAME
        return self.stairs[higher & self.sweeps.complete[self.stairs]]


def stable() -> tuple[float, float]:
    """Return the current that the paper calls the end of the stable regime, and its tolerance."""
    row = rows()["O5.threshold"]
    return row.published, row.tolerance


def by_frequency(value: float) -> tuple[Reading, ...]:
    """Return log10 τ with τ = 1/f."""
    return (Reading("τ = 1/f instead of 1/(2πf)", value + PER_FREQUENCY),)
