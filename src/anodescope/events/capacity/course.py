"""The course of one stripping while current flows: samples, and the charge passed up to each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from anodescope.events.capacity.gaps import gaps_of
from anodescope.events.finding import NAN, Bools, Floats, Integers, Phases, Record

# Share by which the instrument's charge may differ from the integral where both saw the current,
# if it is to tell what passed where nothing was recorded.
_AGREES = 0.02


@final
@dataclass(frozen=True, slots=True)
class Course:
    """One stripping while a current flows.

    Attributes
    ----------
    time, voltage, current, phase : samples (s, V, A, row of the phases), shape (N,).
    charge : passed up to each sample (C), shape (N,).
    least, most : bounds of the charge (C), shape (N,): they differ where nothing was recorded.
    hidden : time (s) up to each sample in which nothing was recorded, shape (N,).
    instrument : what the instrument's charge has more than the integral (C) up to each sample,
        where both saw the current, shape (N,); None where it has none.
    total : least charge of the whole stripping (C).
    measured : share of the charge that the measured current gives; the rest is asked-for current.
    after : charge (C) that may have passed between the last sample and the one that follows it.
    ended : a short circuit ended it.
    """

    time: Floats
    voltage: Floats
    current: Floats
    phase: Integers
    charge: Floats
    least: Floats
    most: Floats
    hidden: Floats
    instrument: Floats | None
    total: float
    measured: float
    after: float
    ended: bool = False

    def until(self, time: float) -> Course | None:
        """Return the course up to an instant at which a short circuit ended it; None: nothing."""
        size = int(np.searchsorted(self.time, time, side="right"))
        if size == self.time.size:
            return self
        if not size:
            return None
        names = ("time", "voltage", "current", "phase", "charge", "least", "most", "hidden")
        cut = {name: getattr(self, name)[:size] for name in names}
        more = None if self.instrument is None else self.instrument[:size]
        total = float(self.least[size - 1])
        return replace(self, **cut, instrument=more, total=total, after=0.0, ended=True)


@final
@dataclass(frozen=True, slots=True)
class Samples:
    """What is the same for every stripping of a record: each sample's phase, and its worth.

    Attributes
    ----------
    phase : row of the phases, shape (N,); -1: none. A sample on a boundary closes the phase before
        it: that is where a cut-off is written.
    usable : the sample has a voltage, no overload, and about the current that was asked for.
    """

    phase: Integers
    usable: Bools

    @classmethod
    def of(cls, record: Record) -> Samples:
        """Look at every sample once."""
        phase = record.phases.at(np.nextafter(record.time, -np.inf))
        usable = (phase >= 0) & np.isfinite(record.voltage) & ~record.overload
        if record.phases.start.size:
            asked = np.where(phase >= 0, record.phases.current[phase], NAN)
            with np.errstate(invalid="ignore"):
                usable &= ~(np.abs(record.current - asked) > 0.5 * np.abs(asked))
        return cls(phase, usable)


def strippings(phases: Phases, block: int, *, both: bool, each: bool) -> list[Integers]:
    """Return the phases (rows) of every stripping of a block.

    Parameters
    ----------
    phases : the protocol.
    block : block of the protocol.
    both : take negative currents too.
    each : a current of the other direction ends a stripping, so that every half-cycle is one.
    """
    rows = phases.rows(block)
    amps = phases.current[rows]
    flows = np.isfinite(amps) & (amps != 0) & (phases.mode[rows] != "voltage")
    rows, sign = rows[flows], np.sign(amps[flows])
    wanted = np.ones(rows.size, np.bool_) if both else sign > 0
    if not wanted.any():
        return []
    if not each:
        return [rows[wanted].astype(np.int64)]
    edges = np.flatnonzero(np.diff(sign)) + 1
    pieces = zip(np.split(rows, edges), np.split(wanted, edges), strict=True)
    return [piece.astype(np.int64) for piece, good in pieces if good[0]]


def course_of(record: Record, samples: Samples, rows: Integers) -> Course | None:
    """Gather the samples of a stripping, and the charge up to each.

    Parameters
    ----------
    record : what detectors read.
    samples : phase and worth of each sample.
    rows : phases in which current flows, in time order.

    Returns
    -------
    None where no sample tells of it.

    Within a phase the measured current is integrated by the trapezoidal rule, held constant up to
    the phase's boundaries; a phase without samples has the asked-for current. Where nothing was
    recorded for much longer than usual the charge may be anything from none to what the current
    would have passed: the instrument's own charge tells it if it agrees with the integral
    everywhere else; if not, `least` and `most` differ by it.
    """
    phases = record.phases
    low = int(np.searchsorted(record.time, phases.start[rows[0]], side="left"))
    high = int(np.searchsorted(record.time, phases.end[rows[-1]], side="right"))
    here = samples.phase[low:high]
    place = np.minimum(np.searchsorted(rows, here), rows.size - 1)
    flows = rows[place] == here
    some = low + np.flatnonzero(flows & samples.usable[low:high])
    if not some.size:
        return None
    local = place[some - low].astype(np.int64)
    time = record.time[some]
    asked = phases.current[rows]
    recorded = np.isfinite(record.current[some])
    current = np.where(recorded, record.current[some], asked[local])
    end = np.minimum(phases.end[rows], np.inf if high < record.time.size else record.time[-1])
    step, tail = _steps(time, np.abs(current), local, phases.start[rows], end, np.abs(asked))

    told = low + np.flatnonzero(samples.usable[low:high] | ~flows)
    gaps = gaps_of(record, samples.phase, told, some, rows)
    size = np.abs(current)
    could = np.maximum(size, np.roll(size, 1)) * gaps.time
    hidden = gaps.time
    least = np.maximum(step - could, 0.0)
    most = np.maximum(step, least + could)
    value = np.where(gaps.other_file, least, step)
    instrument = _instrument(record, some, local, rows, np.sign(current))
    more = None
    if instrument is not None:
        seen = gaps.time == 0
        both = seen & np.isfinite(instrument)
        more = np.where(both, instrument - step, 0.0)
        if abs(more.sum()) <= _AGREES * step[both].sum():
            slack = _AGREES * most + size * gaps.usual
            with np.errstate(invalid="ignore"):
                fits = ~seen & (instrument >= least - slack) & (instrument <= most + slack)
            fits &= ~gaps.reset
            # A sample on each side may be counted on either side of the gap.
            edge = size * gaps.usual
            least = np.where(fits, np.maximum(instrument - edge, 0.0), least)
            value = np.where(fits, np.maximum(instrument, 0.0), value)
            most = np.where(fits, np.maximum(instrument, 0.0) + edge, most)
            hidden = np.where(fits, 0.0, hidden)
        more = np.cumsum(more)
    least_sum = np.cumsum(least)
    last = float(least_sum[-1]) + (tail if tail <= 5.0 * size[-1] * gaps.usual else 0.0)
    return Course(
        time,
        record.voltage[some],
        current,
        local,
        np.cumsum(value),
        least_sum,
        np.cumsum(most),
        np.cumsum(hidden),
        more,
        last,
        float(step[recorded].sum() / max(step.sum(), 1e-300)),
        float(size[-1]) * _unseen(record.time, time, local),
    )


def _unseen(every: Floats, time: Floats, phase: Integers) -> float:
    """Return the time (s) after the last sample of which nothing is known."""
    same = np.diff(time[-200:])[np.diff(phase[-200:]) == 0]
    usual = float(np.median(same[-10:])) if same.size else 0.0
    later = int(np.searchsorted(every, time[-1], side="right"))
    return min(float(every[later] - time[-1]), 2.0 * usual) if later < every.size else usual


def _steps(
    time: Floats, size: Floats, phase: Integers, start: Floats, end: Floats, asked: Floats
) -> tuple[Floats, float]:
    """Return the charge between each sample and the one before it (before the first: since the
    first phase began), and that between the last sample and the end of the last phase.
    """
    step = np.diff(time, prepend=time[0]) * 0.5 * (size + np.roll(size, 1))
    whole = np.concatenate(([0.0], np.cumsum(np.clip(end - start, 0.0, None) * asked)))
    first = np.flatnonzero(np.diff(phase, prepend=-1) != 0)
    head = np.clip(time[first] - start[phase[first]], 0.0, None) * size[first]
    before = np.concatenate(([-1], phase[first[1:] - 1]))
    skipped = whole[phase[first]] - whole[before + 1]
    last = np.append(first[1:], time.size) - 1
    tail = np.clip(end[phase[last]] - time[last], 0.0, None) * size[last]
    step[first] = head + skipped + np.concatenate(([0.0], tail[:-1]))
    return step, float(tail[-1] + whole[-1] - whole[phase[-1] + 1])


def _instrument(
    record: Record, some: Integers, local: Integers, rows: Integers, sign: Floats
) -> Floats | None:
    """Return the charge (C) that the instrument counted between each sample and the one before.

    NaN for the first one, where it has none, and where a current that does not count lies between.
    None where it has none at all.
    """
    if record.charge is None:
        return None
    change = np.diff(record.charge[some], prepend=NAN) * sign
    there = np.isfinite(change)
    if not there.any():
        return None
    phases = record.phases
    amps = phases.current[rows[0] : rows[-1] + 1]
    other = np.where(np.isnan(amps), 1.0, np.abs(amps)) > 0
    other[rows - rows[0]] = False
    count = np.concatenate(([0], np.cumsum(other)))[rows - rows[0]]
    change[1:][np.diff(count[local]) != 0] = NAN
    return change if np.nansum(change) >= 0 else -change
