"""Gaps of a record: where nothing was recorded for much longer than usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.events.finding import Bools, Floats, Integers, Record

# A gap is this many usual distances of samples; at the seam of two files, less will do.
_LONG = 5.0
_SEAM = 2.0
_FEW = 5  # distances from which on there is a usual one

_FLOWING, _RESTING, _BETWEEN, _SWEEPING = range(4)


@final
@dataclass(frozen=True, slots=True)
class Gaps:
    """What was not recorded between each sample of a stripping and the one before it.

    Attributes
    ----------
    time : (s), shape (N,); 0 where the record has no gap.
    other_file : another file begins after the gap: the instrument had stopped, shape (N,).
    reset : the instrument's charge begins anew after it, shape (N,).
    usual : usual distance of samples while current flows (s).
    """

    time: Floats
    other_file: Bools
    reset: Bools
    usual: float


def gaps_of(
    record: Record, phase: Integers, told: Integers, some: Integers, rows: Integers
) -> Gaps:
    """Find the gaps of a stripping.

    Parameters
    ----------
    record : what detectors read.
    phase : row of the phases of every sample of the record.
    told : samples that say what the current was: flowing, or not.
    some : those of `told` in which it flows.
    rows : phases in which it flows.

    A step between samples is compared with those of its like: while current flows, at rest, from
    one phase to another. Within a sweep the low frequencies take their time: only a change of file
    makes a gap. What is usual is the step below which half of the time lies, so that an instrument
    that records a change of the voltage, or else once a minute, has no gaps.
    """
    step = np.diff(record.time[told])
    before, after = phase[told[:-1]], phase[told[1:]]
    flows = np.isin(before, rows)
    kind = np.where(before != after, _BETWEEN, np.where(flows, _FLOWING, _RESTING))
    if record.phases.mode.size:
        sweeps = (record.phases.mode == "sweep")[before] & (before >= 0)
        kind = np.where((kind != _BETWEEN) & sweeps, _SWEEPING, kind)
    source = np.zeros(told.size, np.int64) if record.source is None else record.source[told]
    seam = np.diff(source) != 0

    flowing = _usual(step[(kind == _FLOWING) & ~seam])
    if np.isnan(flowing):
        flowing = _usual(step[(kind == _SWEEPING) & ~seam])
    long = np.zeros(step.size, np.bool_)
    for one in range(4):
        usual = flowing if one == _FLOWING else _usual(step[(kind == one) & ~seam])
        usual = np.fmax(usual, flowing)
        if np.isfinite(usual):
            far = step > _LONG * usual if one != _SWEEPING else np.zeros(step.size, np.bool_)
            long |= (kind == one) & (far | (seam & (step > _SEAM * usual)))
    at = np.searchsorted(told, some)
    time = _between(np.where(long, step, 0.0), at)
    other_file = _between((long & seam).astype(np.float64), at) > 0
    usual = float(flowing) if np.isfinite(flowing) else 0.0
    reset = np.zeros(some.size, np.bool_)
    if record.charge is not None:
        small = 3.0 * np.abs(record.phases.current[phase[some]]) * usual
        reset = other_file & (np.abs(record.charge[some]) <= small)
    return Gaps(time, other_file, reset, usual)


def _between(values: Floats, at: Integers) -> Floats:
    """Return the sum of steps between each sample and the one before; 0 for the first."""
    total = np.concatenate(([0.0], np.cumsum(values)))[at]
    difference: Floats = np.diff(total, prepend=total[0])
    return np.where(difference > 1e-9, difference, 0.0)


def _usual(step: Floats) -> float:
    """Return the step below which half of the time lies, the longest left out; NaN: too few."""
    if step.size < _FEW:
        return float("nan")
    rising = np.sort(step)[:-1]
    passed = np.cumsum(rising)
    return float(rising[int(np.searchsorted(passed, 0.5 * passed[-1]))])
