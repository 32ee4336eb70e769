"""The levels of a block at which a current flows: how long each lasted, and what passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.events.finding import Bools, Floats, Record

# An interval this many times the usual one is a gap; samples of a phase that can tell one.
_GAP, _FEW = 10.0, 4
# Samples at the end of a level of which one at the voltage limit says why it ended.
_LAST = 3
# Levels of one test differ in length where two or more are shorter than the longest by this factor;
# a single one was interrupted.
LONGER, _SEVERAL = 1.5, 2


@final
@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a block at which a current flows, in time order, shape (L,).

    `duration` and `charge` are of what was recorded; `unseen` is the charge that the current asked
    for would have passed in gaps of the record; `limited`: the level ended at the voltage limit;
    `cut`: the record ended before it.
    """

    start: Floats
    end: Floats
    duration: Floats
    current: Floats
    charge: Floats
    unseen: Floats
    limited: Bools
    cut: Bools


def levels_of(record: Record, block: int, limit: float) -> Levels:
    """Gather the phases of one block into levels; those without current are left out."""
    phases = record.phases
    rows = phases.rows(block)
    flows = np.isfinite(phases.current[rows]) & (phases.current[rows] != 0)
    rows = rows[flows & (phases.mode[rows] != "voltage")]
    if not rows.size:
        none = np.empty(0)
        return Levels(none, none, none, none, none, none, *2 * (np.empty(0, np.bool_),))
    first = np.flatnonzero(np.diff(phases.level[rows], prepend=-(2**62)) != 0)
    last = np.append(first[1:], rows.size) - 1
    # A record that ends early ends its last phase too, whatever the protocol asks for.
    stop = np.minimum(phases.end[rows], _last_instant(record))
    gaps = _gaps(record, rows, stop)
    spans = np.clip(stop - phases.start[rows] - gaps, 0.0, None)
    duration = np.add.reduceat(spans, first)
    charge = np.add.reduceat(spans * np.abs(phases.current[rows]), first)
    current = phases.current[rows][first]
    unseen = np.add.reduceat(gaps * np.abs(phases.current[rows]), first)
    begin, end = phases.start[rows][first], stop[last]
    limited = np.array([_at_limit(record, a, b, limit) for a, b in zip(begin, end, strict=True)])
    cut = phases.end[rows][last] > end
    return Levels(begin, end, duration, current, charge, unseen, limited, cut)


def _gaps(record: Record, rows: NDArray[np.intp], stop: Floats) -> Floats:
    """Return how long (s) nothing was recorded within each phase; sweeps record in their own way.

    A restart of the instrument leaves one: whether the current flowed meanwhile nobody knows.
    """
    lost = np.zeros(rows.size)
    first = np.searchsorted(record.time, record.phases.start[rows])
    last = np.searchsorted(record.time, stop, side="right")
    for k, (a, b) in enumerate(zip(first, last, strict=True)):
        if b - a < _FEW or record.phases.mode[rows[k]] == "sweep":
            continue
        step = np.diff(record.time[a:b])
        usual = float(np.median(step))
        lost[k] = float(np.sum(step[step > _GAP * usual] - usual))
    return lost


def _at_limit(record: Record, begin: float, end: float, limit: float) -> bool:
    """Say whether the voltage stood at the limit when a level ended."""
    a = int(np.searchsorted(record.time, begin))
    b = int(np.searchsorted(record.time, end, side="right"))
    volts = np.abs(record.cell_voltage[max(a, b - _LAST) : b])
    volts = volts[np.isfinite(volts)]
    return bool(volts.size and volts.max() >= 0.99 * limit)


def _last_instant(record: Record) -> float:
    ends = [record.time[-1:]]
    if record.spectra is not None and record.spectra.sizes.get("spectrum", 0):
        ends.append(record.spectra["time_end"].values)
    ends = [end[np.isfinite(end)] for end in ends]
    # The last sample lies up to one sampling interval before the end.
    slack = float(np.median(np.diff(record.time))) if record.time.size > 1 else 0.0
    return max((float(end.max()) for end in ends if end.size), default=np.inf) + slack


def unlike(levels: Levels, at: int) -> bool:
    """Say whether the levels before the one numbered `at` were meant to last differently."""
    own = (np.arange(levels.current.size) <= at) & ~levels.limited & ~levels.cut
    lasted = levels.duration[own]
    return bool(lasted.size and (lasted < lasted.max() / LONGER).sum() >= _SEVERAL)
