"""Stretches of samples and sweeps in one order: the phases of a record, their edges and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.protocol.hidden import hidden_of
from anodescope.protocol.phases import LEAST_STEP, SWEEP, Bools, Floats, Ints, Phases, levels_of
from anodescope.protocol.samples import Samples, Sweeps
from anodescope.protocol.stretches import ZERO_SHARE, Stretches

# Neighbouring phases between which more than so many intervals are missing leave a gap.
_MISSED = 2.0

# A bias below this share of the sweep's own amplitude is none; a potentiostatic sweep is at rest
# up to this share.
_NO_BIAS, _AT_REST = 0.05, 0.5

# A sweep's mean current is known to this share of its amplitude.
_BIAS_ERROR = 0.02

# Means of one level differ by less than this many standard errors.
_ERRORS = 5.0


@final
@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The phases of a record, and what recognition knows of them beside.

    Attributes
    ----------
    phases : levels are numbered through the whole record.
    noise : standard deviation of one sample (A).
    error : standard error of the phase's current (A).
    covered : duration of the phase (s) without the time in which samples are missing.
    interval : usual time between samples (s); NaN where there is one.
    amplitude : of a sweep (A); 0 elsewhere.
    size : number of samples, or of points of a sweep.
    lost_rows : share of the rows of the whole record that are missing one by one.
    hidden_fits : rows of `samples.hidden` that fit a hold of a current of unknown size.
    """

    phases: Phases
    noise: Floats
    error: Floats
    covered: Floats
    interval: Floats
    amplitude: Floats
    size: Floats
    lost_rows: float
    hidden_fits: Bools


def timeline(stretches: Stretches, sweeps: Sweeps, samples: Samples, scale: float) -> Timeline:
    """Return the phases of a record.

    Parameters
    ----------
    stretches, sweeps : what was found outside of and in the sweeps.
    samples : of the record, for the stretches whose current was not recorded.
    scale : largest held current (A).
    """
    bias, volts = _asked(sweeps, scale)
    none = np.full(sweeps.size, SWEEP)
    vague = _BIAS_ERROR / _ERRORS * sweeps.amplitude
    hidden = hidden_of(samples, sweeps, bias, vague, stretches)
    nan = np.full(hidden.start.size, np.nan)
    start = np.concatenate([stretches.start, sweeps.start, hidden.start])
    order = np.argsort(start, kind="stable")

    def column(
        of_stretches: Floats | Ints, of_sweeps: Floats | Ints, of_hidden: Floats | Ints
    ) -> Floats:
        return np.concatenate([of_stretches, of_sweeps, of_hidden])[order]

    zero = np.zeros(nan.size)
    first = start[order]
    last = column(stretches.end, sweeps.end, hidden.end)
    mode = column(stretches.mode, none, hidden.mode).astype(np.int8)
    current = column(stretches.current, bias, hidden.current)
    size = column(stretches.size, sweeps.points, zero)
    error = column(stretches.error, vague, hidden.error)
    interval = column(stretches.interval, sweeps.interval, hidden.interval)
    begin, end = _edges(first, last, _filled(interval, mode))
    none_of_both = np.zeros(stretches.size.size + sweeps.size, bool)
    kept = ~np.concatenate([none_of_both, hidden.between])[order]
    begin, end, mode, order = begin[kept], end[kept], mode[kept], order[kept]
    current, size, error, interval = current[kept], size[kept], error[kept], interval[kept]
    level = levels_of(mode, current, _tolerance(current, error))
    phases = Phases(
        begin, end, mode, _levelled(current, error, level, size),
        column(stretches.voltage, volts, nan), level,
        column(np.full(stretches.size.size, -1.0), sweeps.row, zero - 1).astype(np.int64),
    )  # fmt: skip
    return Timeline(
        phases,
        noise=column(stretches.noise, np.zeros(sweeps.size), zero),
        error=error,
        covered=end - begin - column(stretches.lost, np.zeros(sweeps.size), zero),
        interval=interval,
        amplitude=column(np.zeros(stretches.size.size), sweeps.amplitude, zero),
        size=size,
        lost_rows=stretches.lost_rows,
        hidden_fits=hidden.fits,
    )


def _asked(sweeps: Sweeps, scale: float) -> tuple[Floats, Floats]:
    """Bias current and dc voltage that each sweep asks for: one of them, or rest.

    Around zero, the mean current of a sweep is a small part of its amplitude. A potentiostatic
    sweep asks for no current: it is at rest where little flows, and else holds its voltage.
    """
    current, voltage = sweeps.current.copy(), np.full(sweeps.size, np.nan)
    potentio = np.array([by == "voltage" for by in sweeps.controlled], bool)
    size = np.nan_to_num(np.abs(current))
    none = size <= np.maximum(ZERO_SHARE * scale, _NO_BIAS * sweeps.amplitude)
    none = np.where(potentio, size <= np.maximum(_AT_REST * sweeps.amplitude, 0.0), none)
    none |= np.isnan(current)
    current[none] = 0.0
    held = potentio & ~none
    current[held] = np.nan
    voltage[held] = sweeps.voltage[held]
    return current, voltage


def _tolerance(current: Floats, error: Floats) -> Floats:
    """Difference up to which neighbouring phases have one current; −inf: they have not.

    A short hold between two sweeps may agree with both of them, where they do not agree with each
    other, as their currents are known better: then it belongs to the nearer one.
    """
    tolerance = _ERRORS * np.hypot(error[1:], error[:-1])
    if current.size < 3:
        return tolerance
    step = np.abs(np.diff(current))
    across = np.abs(current[2:] - current[:-2])
    vague = error[1:-1] > 2.0 * np.maximum(error[2:], error[:-2])
    limit = np.maximum(_ERRORS * np.hypot(error[2:], error[:-2]), LEAST_STEP * np.abs(current[2:]))
    bridge = vague & (across > limit)
    nearer_left = step[:-1] < step[1:]
    tolerance[1:][bridge & nearer_left] = -np.inf
    tolerance[:-1][bridge & ~nearer_left] = -np.inf
    return tolerance


def _filled(interval: Floats, mode: npt.NDArray[np.int8]) -> Floats:
    """Give a phase of a single sample the usual interval of its mode."""
    filled = interval.copy()
    for number in np.unique(mode[np.isnan(interval)]):
        known = interval[(mode == number) & ~np.isnan(interval)]
        if known.size:
            filled[(mode == number) & np.isnan(interval)] = np.median(known)
    return filled


def _edges(first: Floats, last: Floats, interval: Floats) -> tuple[Floats, Floats]:
    """Start and end of each phase, from the times of its first and last sample.

    The earlier phase would have left a sample one of its intervals after its last one, and the
    later phase one before its first: the edge lies in the middle of what that leaves. Where more
    than two intervals are accounted for by neither, there is a gap between the phases.
    """
    if not first.size:
        return first, last
    ended = np.maximum.accumulate(last)[:-1]
    latest = np.fmin(first[1:], ended + interval[:-1])
    earliest = np.fmax(ended, first[1:] - interval[1:])
    usual = np.fmax(interval[1:], interval[:-1])
    gap = (usual > 0) & (earliest - latest > _MISSED * usual)
    middle = np.maximum(0.5 * (earliest + latest), first[:-1])
    begin = np.concatenate((first[:1], np.where(gap, earliest, middle)))
    end = np.concatenate((np.where(gap, latest, middle), last[-1:]))
    return begin, np.maximum(end, begin)


def _levelled(current: Floats, error: Floats, level: Ints, size: Floats) -> Floats:
    """Give all phases of a level one current: their mean, weighted by what each is known to."""
    held = np.isfinite(current) & (current != 0.0)
    if not level.size:
        return current
    known = np.where(held & (error > 0), 1.0 / np.maximum(error, 1e-150) ** 2, 0.0)
    count = int(level[-1]) + 1
    by_error = _weighted(current, known, level, count)
    by_size = _weighted(current, np.where(held, np.maximum(size, 1.0), 0.0), level, count)
    value = np.where(np.isnan(by_error), by_size, by_error)
    return np.where(held, value[level], current)


def _weighted(values: Floats, weights: Floats, level: Ints, count: int) -> Floats:
    total = np.bincount(level, weights, count)
    amount = np.bincount(level, weights * np.nan_to_num(values), count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = amount / total
    return mean
