"""Rests after a current: when it was switched off, and what was recorded from then on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.events.finding import NAN, Bools, Floats, Integers, Record
from anodescope.events.onset.stairs import default_row

# A sample counts as at rest below this share of the current before.
_OFF = 0.1
# The current ended with the rest's begin when no more than this lies between (s).
_GAP = 1.0
# A rest that begins later, as in a second file, still follows the current up to this long a gap (s)
# and no longer than the rest itself; where in the gap the current ended is not known.
_LONGEST_GAP = 600.0


@final
@dataclass(frozen=True, slots=True)
class Rest:
    """One rest after a current.

    Attributes
    ----------
    block : block of the protocol node.
    off, end : instants at which the current was switched off and the rest ended (s).
    current : current before (A).
    gap : unrecorded time between current and rest (s): `off` is its begin, and the current may have
        ended anywhere in it; 0 where the rest follows at once.
    """

    block: int
    off: float
    end: float
    current: float
    gap: float = 0.0

    @property
    def doubt(self) -> str:
        """End of a message that says how uncertain times since the switch are; else empty."""
        if not self.gap:
            return ""
        return (
            f" Nothing was recorded for {self.gap:.4g} s between the current and the rest; times "
            "count from the last record of the current, and may be shorter by that."
        )


@final
@dataclass(frozen=True, slots=True)
class Fall:
    """Voltage after the switch.

    Attributes
    ----------
    since, voltage : seconds since the switch and voltage (V), shape (N,).
    before : voltage of the last sample under current (V); NaN where there is none.
    swept : the points are means of sweeps, since there are no samples between them.
    """

    since: Floats
    voltage: Floats
    before: float
    swept: bool


def block_rests(record: Record) -> list[Rest]:
    """Return the blocks of the kinds rest and rest_with_peis that follow a current."""
    phases = record.phases
    found = []
    for block, kind in enumerate(phases.kinds):
        rows = phases.rows(block)
        if kind not in ("rest", "rest_with_peis") or not rows.size or rows[0] == 0:
            continue
        before = rows[0] - 1
        current = phases.current[before]
        start, end = float(phases.start[rows[0]]), float(phases.end[rows].max())
        gap = start - float(phases.end[before])
        near = gap <= max(_GAP, min(_LONGEST_GAP, end - start))
        if near and np.isfinite(current) and current != 0.0:
            long = gap > _GAP
            found.append(
                Rest(block, start - gap if long else start, end, current, gap if long else 0.0)
            )
    return found


def pulse_rests(record: Record, block: int, most: int) -> list[Rest]:
    """Return the rests between the pulses of one block, evenly chosen, at most `most`."""
    phases = record.phases
    rows = phases.rows(block)
    at = np.flatnonzero((phases.mode[rows] == "rest")[1:] & (phases.current[rows][:-1] != 0.0)) + 1
    if at.size > most:
        at = at[np.linspace(0, at.size - 1, most).astype(int)]
    return [
        Rest(
            block,
            float(phases.start[rows[k]]),
            float(phases.end[rows[k]]),
            float(phases.current[rows[k - 1]]),
        )
        for k in at
    ]


def fall_of(record: Record, rest: Rest) -> Fall:
    """Return the voltage from the switch on; of a rest filled with sweeps, a mean per sweep."""
    first = int(np.searchsorted(record.time, rest.off))
    # a sample on either boundary is told by its current
    rows = slice(first, int(np.searchsorted(record.time, rest.end, side="right")))
    time = record.time[rows]
    good = _usable(record, rows) & ~_flows(record.current[rows], rest.current)
    earlier = slice(max(first - 20, 0), min(first + 2, record.time.size))
    on = _usable(record, earlier) & _flows(record.current[earlier], rest.current)
    before = float(record.voltage[earlier][on][-1]) if on.any() else NAN
    swept = _in_sweeps(record, time)
    if np.count_nonzero(good & ~swept) >= 4 or not swept.any():
        good &= ~swept
        return Fall(time[good] - rest.off, record.voltage[rows][good], before, False)
    part = record.phases.at(time[good])
    _, group = np.unique(part, return_inverse=True)
    count = np.bincount(group)
    return Fall(
        np.bincount(group, time[good] - rest.off) / count,
        np.bincount(group, record.voltage[rows][good]) / count,
        before,
        True,
    )


def sweeps_of(record: Record, rest: Rest) -> tuple[Integers, Floats, Floats]:
    """Return rows of the default spectra measured in the rest; middle and end since the switch."""
    phases = record.phases
    rows = phases.rows(rest.block)
    rows = rows[phases.mode[rows] == "sweep"]
    start, end = phases.start[rows], phases.end[rows]
    spectrum = default_row(record, start, end)
    there = spectrum >= 0
    middle = 0.5 * (start + end) - rest.off
    return spectrum[there], middle[there], (end - rest.off)[there]


def spectra_before(record: Record, rest: Rest) -> tuple[int, int, str]:
    """Return the rows of the pristine spectrum and of the last one under current; -1: none.

    Pristine is the last spectrum at rest before the current began to flow; where there is none, the
    first one of the block that the rest follows.

    Returns
    -------
    pristine, last, what : both rows, and what the pristine one is.
    """
    phases = record.phases
    first = int(phases.rows(rest.block)[0])
    block = int(phases.block[first - 1])
    begin = float(phases.start[phases.rows(block)].min())
    every = np.flatnonzero(phases.mode == "sweep")
    row = default_row(record, phases.start[every], phases.end[every])
    every, row = every[row >= 0], row[row >= 0]
    inside = row[phases.block[every] == block]
    at_rest = row[(phases.current[every] == 0.0) & (phases.end[every] <= begin + _GAP)]
    last = int(inside[-1]) if inside.size else -1
    if at_rest.size:
        return int(at_rest[-1]), last, "last spectrum at rest before the current"
    if inside.size > 1:
        return int(inside[0]), last, "first spectrum under the current"
    return -1, last, ""


def _usable(record: Record, rows: slice) -> Bools:
    usable: Bools = np.isfinite(record.voltage[rows]) & ~record.overload[rows]
    return usable


def _flows(current: Floats, before: float) -> Bools:
    """Whether a current flows still; an unknown one does not."""
    return np.abs(np.nan_to_num(current)) > _OFF * abs(before)


def _in_sweeps(record: Record, time: Floats) -> Bools:
    phases = record.phases
    if not phases.start.size:
        return np.zeros(time.size, np.bool_)
    row = np.searchsorted(phases.start, time, side="left") - 1
    inside: Bools = (row >= 0) & (phases.mode[np.maximum(row, 0)] == "sweep")
    return inside
