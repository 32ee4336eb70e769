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
    instants : of each point after `time` (s), shape (N, F); None where unknown.
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


def _merged(grids: list[Grid], sweeps: Sweeps, members: Ints) -> list[Grid]:
    """Let rows with a few points missing join the grid they belong to."""
    order = sorted(grids, key=lambda grid: (-grid.spectra.size, -grid.frequency.size))
    kept: list[Grid] = []
    for grid in order:
        home = next((k for k, host in enumerate(kept) if _fits(grid, host)), None)
        if home is None:
            kept.append(grid)
            continue
        joined = _joined(kept[home], grid, sweeps.valid[members])
        if joined is None:
            kept.append(grid)
        else:
            kept[home] = joined
    return kept


def _fits(part: Grid, whole: Grid) -> bool:
    if not ENOUGH * whole.frequency.size <= part.frequency.size < whole.frequency.size:
        return False
    return bool(np.isin(part.frequency, whole.frequency).all())


def _joined(whole: Grid, part: Grid, valid: Bools) -> Grid | None:
    """The two grids as one; None where a row has no place to point missing frequencies at."""
    points = np.empty((part.spectra.size, whole.frequency.size), dtype=np.int64)
    there = np.isin(whole.frequency, part.frequency)
    for k, row in enumerate(part.spectra):
        spare = np.flatnonzero(~valid[row])
        if not spare.size:
            return None
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
        instants = _completed(sweeps.instants[rows[:, None], points] - time[:, None], valid)
    boundaries = np.empty(0, np.int64)
    if sweeps.stage is not None:
        boundaries = np.flatnonzero(np.diff(sweeps.stage[rows]) != 0) + 1
    return Series(grid.key, rows, points, time, instants, boundaries)


def _completed(instants: Floats, valid: Bools) -> Floats | None:
    """Give points that were not measured the usual instant of their frequency.

    None where a measured point has no instant.
    """
    if not np.isfinite(instants[valid]).all():
        return None
    found = instants.copy()
    for point in np.flatnonzero(~valid.all(axis=0)):
        there = valid[:, point]
        usual = float(np.median(instants[there, point])) if there.any() else 0.0
        found[~there, point] = usual
    return found
