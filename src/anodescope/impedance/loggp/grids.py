"""Which rows form a series: one electrode, one list of frequencies, in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.lattice import Grid, group
from anodescope.impedance.sweeps import Sweeps

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A sweep that has this share of another grid's frequencies, and no others, is one with gaps.
ENOUGH = 0.7


@final
@dataclass(frozen=True, slots=True)
class Series:
    """Rows of one electrode and one frequency grid, in order of time.

    Attributes
    ----------
    key : frequencies (Hz) in descending order, as bytes.
    rows : rows of the sweeps, shape (N,).
    points : where each frequency stands in its row, shape (N, F). Where a row lacks one it points
        at a place that is not valid.
    time : middle of each sweep (s), or row numbers where there is no clock, shape (N,).
    instants : of each point after `time` (s), anything where missing, shape (N, F); None where
        unknown.
    boundaries : places in `rows` at which the protocol changes.
    """

    key: bytes
    rows: Ints
    points: Ints
    time: Floats
    instants: Floats | None
    boundaries: Ints


def series_of(sweeps: Sweeps, fewest: int) -> list[Series]:
    """Sort all rows with at least `fewest` frequencies into series."""
    labels = sweeps.series if sweeps.series is not None else np.zeros(sweeps.count, np.int64)
    found: list[Series] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        grids = group(sweeps.frequency[members], sweeps.valid[members])
        wide = [grid for grid in grids if np.unique(grid.frequency).size >= fewest]
        found += [_ordered(grid, sweeps, members) for grid in _merged(wide, sweeps, members)]
    return found


def belongs(part: Floats, whole: Floats) -> bool:
    """Tell whether a sweep of some frequencies (Hz) is one of others with a few points missing."""
    if not ENOUGH * whole.size <= part.size <= whole.size:
        return False
    return int(np.isin(whole, part).sum()) == part.size and bool(np.isin(part, whole).all())


def _merged(grids: list[Grid], sweeps: Sweeps, members: Ints) -> list[Grid]:
    """Let rows with a few points missing join the widest grid they belong to.

    However few sweeps have it: what most lack of it is not smoothed.
    """
    kept: list[Grid] = []
    for grid in sorted(grids, key=lambda grid: (-grid.frequency.size, -grid.spectra.size)):
        home = next((k for k, host in enumerate(kept) if _fits(grid, host)), None)
        if home is None:
            kept.append(grid)
        else:
            kept[home] = _joined(kept[home], grid, sweeps.valid[members])
    return kept


def _fits(part: Grid, whole: Grid) -> bool:
    return belongs(part.frequency, whole.frequency)


def _joined(whole: Grid, part: Grid, valid: Bools) -> Grid:
    """The two grids as one; a row of fewer points has places that are not valid to point at."""
    points = np.empty((part.spectra.size, whole.frequency.size), dtype=np.int64)
    there = np.isin(whole.frequency, part.frequency)
    for k, row in enumerate(part.spectra):
        spare = np.flatnonzero(~valid[row])
        points[k, there] = part.points[k]
        points[k, ~there] = spare[0]
    return Grid(
        whole.frequency,
        np.concatenate([whole.points, points]),
        np.concatenate([whole.spectra, part.spectra]),
        whole.key,
    )


def _ordered(grid: Grid, sweeps: Sweeps, members: Ints) -> Series:
    rows = members[grid.spectra]
    clock = sweeps.time[rows] if sweeps.time is not None else rows.astype(np.float64)
    usable = bool(np.isfinite(clock).all())
    time = clock if usable else rows.astype(np.float64)
    order = np.lexsort((rows, time))
    rows, points, time = rows[order], grid.points[order], time[order]
    instants = None
    if usable and sweeps.instants is not None:
        valid = sweeps.valid[rows[:, None], points]
        instants = sweeps.instants[rows[:, None], points] - time[:, None]
        if not np.isfinite(instants[valid]).all():
            instants = None
    boundaries = np.empty(0, np.int64)
    if sweeps.stage is not None:
        boundaries = np.flatnonzero(np.diff(sweeps.stage[rows]) != 0) + 1
    return Series(grid.key, rows, points, time, instants, boundaries)
