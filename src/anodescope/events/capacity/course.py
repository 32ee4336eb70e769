"""The course of one block while current flows: samples, and the charge passed up to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.events.finding import NAN, Bools, Floats, Integers, Record


@final
@dataclass(frozen=True, slots=True)
class Course:
    """One block while a current flows.

    Attributes
    ----------
    time, voltage, current, phase : samples (s, V, A, row of the phases), shape (N,).
    charge : passed up to each sample (C), shape (N,).
    total : charge of the whole block (C).
    measured : share of the charge that the measured current gives; the rest is asked-for current.
    after : charge (C) that may have passed between the last sample and the one that follows it.
    """

    time: Floats
    voltage: Floats
    current: Floats
    phase: Integers
    charge: Floats
    total: float
    measured: float
    after: float


def course_of(record: Record, block: int, *, both: bool) -> Course | None:
    """Gather the samples of a block while current flows, and the charge up to each.

    Parameters
    ----------
    record : what detectors read.
    block : block of the protocol.
    both : take negative currents too.

    Returns
    -------
    None where no such current flows, or no sample tells of it.

    Within a phase the measured current is integrated by the trapezoidal rule, held constant up to
    the phase's boundaries; a phase without samples has the asked-for current.
    """
    phases = record.phases
    rows = phases.rows(block)
    amps = phases.current[rows]
    known = np.isfinite(amps) & (amps != 0) & (phases.mode[rows] != "voltage")
    strips = known & (both | (amps > 0))
    rows = rows[strips]
    if not rows.size:
        return None
    place = np.full(phases.start.size, -1, np.int64)
    place[rows] = np.arange(rows.size)
    # The sample on a boundary closes the phase before it: that is where a cut-off is written.
    phase = phases.at(np.nextafter(record.time, -np.inf))
    local = np.where(phase >= 0, place[phase], -1)
    usable = (local >= 0) & np.isfinite(record.voltage) & ~record.overload
    usable &= ~_glitches(record.current, np.where(phase >= 0, phases.current[phase], NAN))
    some = np.flatnonzero(usable)
    if not some.size:
        return None
    time, local = record.time[some], local[some]
    asked = phases.current[rows]
    current = np.where(np.isfinite(record.current[some]), record.current[some], asked[local])
    start, end = phases.start[rows], np.minimum(phases.end[rows], _ended(record, time))
    charge, total, measured = _integrate(
        time, current, local, start, np.maximum(end, start), asked, record.current[some]
    )
    after = abs(float(current[-1])) * _unseen(record.time, time, local)
    return Course(time, record.voltage[some], current, local, charge, total, measured, after)


def _unseen(every: Floats, time: Floats, phase: Integers) -> float:
    """Return the time (s) after the last sample of which nothing is known."""
    same = np.diff(time)[np.diff(phase) == 0]
    usual = float(np.median(same[-10:])) if same.size else 0.0
    later = every[np.searchsorted(every, time[-1], side="right") :]
    return min(float(later[0] - time[-1]), 2.0 * usual) if later.size else usual


def _glitches(current: Floats, asked: Floats) -> Bools:
    """Say where a measured current is far from the one asked for: a glitch, or an edge."""
    with np.errstate(invalid="ignore"):
        wrong: Bools = np.abs(current - asked) > 0.5 * np.abs(asked)
    return wrong


def _ended(record: Record, time: Floats) -> float:
    """Return the end of the record, or infinity where it goes on after these samples."""
    return np.inf if record.time[-1] > time[-1] else float(time[-1])


def _integrate(
    time: Floats,
    current: Floats,
    phase: Integers,
    start: Floats,
    end: Floats,
    asked: Floats,
    recorded: Floats,
) -> tuple[Floats, float, float]:
    """Return the charge up to each sample, that of all phases, and the share that was measured."""
    size = np.abs(current)
    new = np.diff(phase, prepend=-1) != 0
    first = np.flatnonzero(new)
    last = np.append(first[1:], time.size) - 1
    step = np.diff(time, prepend=time[0]) * 0.5 * (size + np.roll(size, 1))
    step[first] = (time[first] - start[phase[first]]) * size[first]
    inside = np.cumsum(step)
    inside -= np.repeat(inside[first] - step[first], np.diff(np.append(first, time.size)))
    whole = (end - start) * np.abs(asked)
    seen = phase[first]
    tail = np.clip(end[seen] - time[last], 0.0, None) * size[last]
    whole[seen] = inside[last] + tail
    before = np.concatenate(([0.0], np.cumsum(whole)))
    charge = before[phase] + inside
    measured = float(whole[seen[np.isfinite(recorded[first])]].sum() / max(before[-1], 1e-300))
    return charge, float(before[-1]), measured
