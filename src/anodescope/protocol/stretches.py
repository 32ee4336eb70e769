"""From levels to stretches: rest, held current, held voltage, or a current nobody held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.protocol.levels import SHORT, Track, currents
from anodescope.protocol.phases import (
    CURRENT,
    REST,
    UNKNOWN,
    VOLTAGE,
    Bools,
    Floats,
    Ints,
    repeated,
)
from anodescope.protocol.samples import Samples, Sweeps

# A current is none when it is below this share of the largest one of the record (the offset of an
# instrument's range), or below three times the noise of a sample.
ZERO_SHARE = 5e-3
_ZERO_NOISE = 3.0

# ... and it stays there: its samples spread by at most so many times their noise.
_ZERO_SPREAD = 5.0

# A level that drifts by more than this share of itself was not held by a galvanostat.
DRIFT = 0.1

# Samples further apart than this many usual intervals leave a gap between them.
GAP = 10.0

# A held voltage stays within this (V), or four times its noise.
_HELD = 5e-3

# Intervals are whole multiples of the shortest one within this share, most of them where rows are
# missing.
_WHOLE, _MOSTLY_WHOLE = 0.05, 0.8

# Samples, and share, of a drifting stretch from which its constant beginning is a held current.
_FEWEST_HELD, _HEAD = 8, 0.05


@final
@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Stretches of samples of one mode, in time order.

    Attributes
    ----------
    start, end : time of the first and last sample (s).
    mode : number in `phases.MODES`.
    current : mean (A); 0 at rest, NaN where none was held.
    voltage : held voltage (V) or NaN.
    error : standard error of the current (A).
    noise : standard deviation of one sample (A).
    size : number of samples.
    lost : time (s) in which samples are missing: the longest interval, where it is a gap.
    lost_rows : share of the rows of the record that are missing one by one (see `lost_rows_of`).
    """

    start: Floats
    end: Floats
    mode: Ints
    current: Floats
    voltage: Floats
    error: Floats
    noise: Floats
    size: Ints
    lost: Floats
    lost_rows: float = 0.0

    @property
    def interval(self) -> Floats:
        """Usual time between samples (s); NaN for a single sample."""
        with np.errstate(invalid="ignore", divide="ignore"):
            between: Floats = (self.end - self.start - self.lost) / (self.size - 1)
        return np.where(self.size > 1, between, np.nan)


def scale_of(track: Track, first: Ints, sweeps: Sweeps) -> float:
    """Return the largest held current of the record (A), against which zero is judged."""
    mean, _, size = currents(track, first)
    long = np.abs(mean[size > SHORT]) if np.any(size > SHORT) else np.abs(mean)
    biased = [k for k, by in enumerate(sweeps.controlled) if by != "voltage"]
    bias = np.nan_to_num(np.abs(sweeps.current[biased]))
    return float(max(np.max(long, initial=0.0), np.max(bias, initial=0.0)))


def stretches_of(track: Track, first: Ints, samples: Samples, scale: float) -> Stretches:
    """Return the stretches of a record.

    Parameters
    ----------
    track, first : samples of the levels and the first one of each.
    samples : of the whole record, for voltages.
    scale : largest held current (A).
    """
    mean, noise, size = currents(track, first)
    spread = _spread(track, first, mean, size)
    zero = np.abs(mean) <= np.maximum(ZERO_SHARE * scale, _ZERO_NOISE * noise)
    # a voltammogram has a mean near zero too
    zero &= (spread <= np.maximum(ZERO_SHARE * scale, _ZERO_SPREAD * noise)) | (size < _FEWEST_HELD)
    ragged = _ragged(track, first, size, zero, spread)
    starts, modes = _resolved(track, first, size, zero, ragged, samples)
    if samples.time.size == 1:
        modes = np.full_like(modes, UNKNOWN)
    order = np.argsort(starts, kind="stable")
    begin, mode = _one_rest(track, starts[order], modes[order])
    begin, mode = _rests_by_step(track, begin, mode)
    return _described(track, begin, mode, samples)


def _spread(track: Track, first: Ints, mean: Floats, size: Ints) -> Floats:
    """Return the standard deviation (A) of the samples of each level."""
    if not first.size:
        return np.empty(0)
    away = track.current - np.repeat(mean, size)
    return np.sqrt(np.add.reduceat(away**2, first) / size)


def _ragged(track: Track, first: Ints, size: Ints, zero: Bools, spread: Floats) -> Bools:
    """Levels that are no held current: they drift far, or are single samples in a row."""
    if not first.size:
        return np.zeros(0, bool)
    edges = first[:, None] + np.round(size[:, None] * np.linspace(0, 1, 5)).astype(np.int64)
    total = np.concatenate(([0.0], np.cumsum(track.current)))
    parts = np.diff(edges, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        quarter = np.diff(total[edges], axis=1) / parts
    mean, noise, _ = currents(track, first)
    away = np.maximum(np.nan_to_num(np.ptp(quarter, axis=1)), spread)
    drifts = (size >= 8) & ~zero & (away > DRIFT * np.abs(mean)) & (away > 5.0 * noise)
    single = (size <= SHORT) & ~zero
    joint = single & repeated(single) & repeated(track.section[first])
    number = np.cumsum(~joint) - 1
    samples = np.bincount(number, weights=size)[number]
    members = np.bincount(number)[number]
    in_a_row = single & (samples > SHORT) & (samples <= 1.5 * members)
    answer: Bools = drifts | in_a_row
    return answer


def _resolved(
    track: Track, first: Ints, size: Ints, zero: Bools, ragged: Bools, samples: Samples
) -> tuple[Ints, Ints]:
    """First sample and mode of every stretch; ragged neighbours are looked at together."""
    plain = ~ragged
    starts = [first[plain]]
    modes = [np.where(zero[plain], REST, CURRENT)]
    if not ragged.any():
        return starts[0], modes[0]
    joint = ragged & repeated(ragged) & repeated(track.section[first])
    for k in np.flatnonzero(ragged & ~joint).tolist():
        last = k
        while last + 1 < ragged.size and joint[last + 1]:
            last += 1
        begin, end = int(first[k]), int(first[last] + size[last])
        head = _head(track, begin, end)
        if head:
            starts.append(np.array([begin]))
            modes.append(np.array([CURRENT]))
        if begin + head < end:
            held = _is_held(samples.voltage[track.row[begin + head : end]])
            starts.append(np.array([begin + head]))
            modes.append(np.array([VOLTAGE if held else UNKNOWN]))
    return np.concatenate(starts).astype(np.int64), np.concatenate(modes).astype(np.int64)


def _head(track: Track, begin: int, end: int) -> int:
    """Number of samples at the beginning that hold one current; 0 where they are too few."""
    current = track.current[begin:end]
    # second differences are blind to the drift, which the noise of neighbours is not
    noise = float(np.median(np.abs(np.diff(current, 2)))) / (0.6745 * np.sqrt(6.0))
    few = max(_FEWEST_HELD // 2, (end - begin) // 20)
    level = float(np.median(current[:few]))
    away = np.abs(current - level) > np.maximum(0.01 * abs(level), 5.0 * noise)
    gone = np.flatnonzero(away & np.append(away[1:], True) & np.append(away[2:], [True, True]))
    head = int(gone[0]) if gone.size else current.size
    return head if head >= max(_FEWEST_HELD, _HEAD * current.size) else 0


def _is_held(voltage: Floats) -> bool:
    there = voltage[np.isfinite(voltage)]
    if there.size < 3:
        return False
    noise = float(np.median(np.abs(np.diff(there)))) / 0.954
    low, high = np.percentile(there, [5, 95])
    return bool(high - low <= max(_HELD, 4.0 * noise))


def _one_rest(track: Track, begin: Ints, mode: Ints) -> tuple[Ints, Ints]:
    """Join rests side by side: the offset of an instrument's range may step."""
    joint = (mode == REST) & repeated(mode) & repeated(track.section[begin])
    return begin[~joint], mode[~joint]


def _rests_by_step(track: Track, begin: Ints, mode: Ints) -> tuple[Ints, Ints]:
    """Cut rests where the instrument's step changes: a new technique at open circuit."""
    if not begin.size:
        return begin, mode
    change = np.flatnonzero(np.diff(track.step) != 0) + 1
    owner = np.searchsorted(begin, change, side="right") - 1
    inner = change[(mode[owner] == REST) & (begin[owner] != change)]
    starts = np.concatenate([begin, inner])
    modes = np.concatenate([mode, np.full(inner.size, REST)])
    order = np.argsort(starts, kind="stable")
    return starts[order], modes[order]


def _described(track: Track, begin: Ints, mode: Ints, samples: Samples) -> Stretches:
    mean, noise, size = currents(track, begin)
    last = begin + size - 1
    held = np.full(begin.size, np.nan)
    for k in np.flatnonzero(mode == VOLTAGE).tolist():
        volts = samples.voltage[track.row[begin[k] : last[k] + 1]]
        held[k] = np.median(volts[np.isfinite(volts)])
    current = np.where(mode == REST, 0.0, np.where(mode == CURRENT, mean, np.nan))
    return Stretches(
        track.time[begin] if begin.size else np.empty(0),
        track.time[last] if begin.size else np.empty(0),
        mode, current, held, noise / np.sqrt(np.maximum(size, 1)), noise, size,
        _lost(track.time, begin, size, mode), lost_rows_of(track.time, begin, size),
    )  # fmt: skip


def _lost(time: Floats, begin: Ints, size: Ints, mode: Ints) -> Floats:
    """Return the longest interval of each stretch, less a usual one, where it is a gap.

    One gap per stretch is seen; that is what a restart makes. Of two samples alone, the usual
    interval is the longest one of the other stretches of their mode.
    """
    if not begin.size:
        return np.empty(0)
    interval = np.diff(time, append=time[-1])
    interval[begin[1:] - 1] = 0.0  # the last sample of each stretch
    total = np.add.reduceat(interval, begin)
    longest = np.maximum.reduceat(interval, begin)
    usual = (total - longest) / np.maximum(size - 2, 1)
    for one in np.unique(mode[size == 2]).tolist():
        others = (mode == one) & (size > 2)
        longer = np.max(usual[others]) if others.any() else np.inf
        usual[(mode == one) & (size == 2)] = longer
    gap = (size > 1) & (longest > GAP * usual)
    return np.where(gap, longest - usual, 0.0)


def lost_rows_of(time: Floats, begin: Ints, size: Ints) -> float:
    """Return the share of rows that are missing one by one inside the stretches.

    They leave intervals that are whole multiples of the shortest one of the stretch. An instrument
    that samples unevenly by design leaves others too: then nothing is said to be missing.

    Parameters
    ----------
    time : (s) of every sample, shape (N,).
    begin, size : first sample of each stretch, and their number, shape (S,).
    """
    if not begin.size:
        return 0.0
    owner = np.repeat(np.arange(begin.size), size)
    inside = np.flatnonzero(owner[1:] == owner[:-1])
    interval, owner = np.diff(time)[inside], owner[inside]
    shortest = np.full(begin.size, np.inf)
    np.minimum.at(shortest, owner, interval)
    with np.errstate(invalid="ignore", divide="ignore"):
        multiple = interval / shortest[owner]
    multiple = multiple[np.isfinite(multiple) & (multiple < GAP)]
    whole = np.round(multiple)
    even = np.abs(multiple - whole) <= _WHOLE * whole
    longer = multiple > 1.0 + _WHOLE
    if not longer.any() or np.mean(even[longer]) < _MOSTLY_WHOLE:
        return 0.0
    missing = float(np.sum(whole - 1.0))
    return missing / (missing + time.size)
