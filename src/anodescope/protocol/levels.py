"""From samples of current to levels: where the current is piecewise constant, and where it steps.

Samples are merged from the bottom up. Two neighbouring pieces are one where their means agree
within the noise (the cost of merging, n₁n₂/(n₁+n₂)·(m₁−m₂)²/σ², stays below 3 ln N + 4, or 25)
or within 0.2 % of the current; all pairs that are the cheapest in their neighbourhood merge at once
(tail-greedy merging, Fryzlewicz 2018, DOI 10.1214/17-AOS1662). A slow drift is then joined again:
at a step the current jumps from one sample to the next, in a drift it does not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.protocol.phases import LEAST_STEP, Bools, Floats, Ints

# A run of at most so many samples may be a glitch or the transition between two levels.
SHORT = 3
# ... but not where runs at its current come back so often, at even distances: even among so many
# in a row, as another series of pulses may follow with other rests.
_RECURRENT, _EVEN, _EVEN_SHARE, _IN_A_ROW = 5, 0.2, 0.6, 8
# Lost rows move the beginning of a run by up to this share of its period, or take whole runs. What
# is moved so far must be the more regular: glitches at random would pass in 1 of 100 rows.
_MOVED, _MOVED_SHARE, _MOST_LOST = 0.55, 0.8, 3
_ROUNDS = 200
# A current comes back where so many long pieces have it; one level may seem this much longer.
_COMES_BACK, _ONE_LEVEL = 3, 1.3
# A step that a sample caught takes at most so many usual intervals.
_CAUGHT = 4.0


@final
@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Samples outside the sweeps: `section` changes where a sweep or a blind stretch lies between.

    `row` is each sample's row among all samples; `step` is the instrument's step.
    """

    time: Floats
    current: Floats
    noise: Floats
    section: Ints
    step: Ints
    row: Ints

    def take(self, kept: Bools) -> Track:
        """Return some of the samples."""
        return Track(
            self.time[kept], self.current[kept], self.noise[kept], self.section[kept],
            self.step[kept], self.row[kept],
        )  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Runs of samples: `first` index of each, number of samples, mean and mean square noise."""

    first: Ints
    size: Ints
    mean: Floats
    variance: Floats
    section: Ints

    @property
    def count(self) -> int:
        """Number of pieces."""
        return int(self.first.size)


def levels(track: Track) -> tuple[Track, Ints]:
    """Return the samples that belong to levels, and the index of each level's first one.

    Glitches (few samples away from everything around them) and the sample or two on the way from
    one level to the next are left out.
    """
    pieces = _settled(track, _split(track))
    for _ in range(3):
        kept = _without_glitches(track, pieces)
        if kept.all():
            break
        sample = np.repeat(kept, pieces.size)
        track = track.take(sample)
        first = np.cumsum(np.concatenate(([0], pieces.size[kept])))[:-1]
        pieces = _settled(track, _pieces(track, first))
    return track, pieces.first


def _pieces(track: Track, first: Ints) -> Pieces:
    size = np.diff(np.concatenate((first, [track.time.size])))
    if not first.size:
        none = np.empty(0)
        return Pieces(first, size, none, none, first)
    return Pieces(
        first, size, np.add.reduceat(track.current, first) / size,
        np.add.reduceat(track.noise**2, first) / size, track.section[first],
    )  # fmt: skip


def _split(track: Track) -> Pieces:
    """Cut wherever neighbouring samples differ by 1.5 times the noise of their difference."""
    if not track.time.size:
        return _pieces(track, np.empty(0, np.int64))
    size = np.abs(track.current)
    jump = np.abs(np.diff(track.current))
    noise = np.hypot(track.noise[1:], track.noise[:-1])
    least = 0.5 * LEAST_STEP * np.maximum(size[1:], size[:-1])
    cut = (jump > np.maximum(1.5 * noise, least)) | (np.diff(track.section) != 0)
    return _pieces(track, np.concatenate(([0], np.flatnonzero(cut) + 1)).astype(np.int64))


def _cost(pieces: Pieces) -> Floats:
    """Cost of merging each piece with the next, over the threshold; infinite across sections."""
    n1, n2 = pieces.size[:-1], pieces.size[1:]
    difference = np.abs(np.diff(pieces.mean))
    variance = (n1 * pieces.variance[:-1] + n2 * pieces.variance[1:]) / (n1 + n2)
    allowed = max(3.0 * np.log(max(float(pieces.size.sum()), 2.0)) + 4.0, 25.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_noise = n1 * n2 / (n1 + n2) * difference**2 / (variance * allowed)
        size = np.abs(pieces.mean)
        by_share = difference / (LEAST_STEP * np.maximum(size[1:], size[:-1]))
    cost: Floats = np.nan_to_num(np.minimum(by_noise, by_share), nan=0.0)
    cost[np.diff(pieces.section) != 0] = np.inf
    return cost


def _merged(pieces: Pieces) -> Pieces:
    for _ in range(_ROUNDS):
        if pieces.count < 2:
            break
        cost = _cost(pieces)
        around = np.concatenate(([np.inf], cost, [np.inf]))
        cheapest = (cost <= 1.0) & (cost < around[:-2]) & (cost <= around[2:])
        if not cheapest.any():
            # equal costs side by side (a designed record): take every other one
            cheapest = cost <= 1.0
            cheapest[1:] &= ~cheapest[:-1]
            if not cheapest.any():
                break
        pieces = _together(pieces, cheapest)
    return pieces


def _settled(track: Track, pieces: Pieces) -> Pieces:
    """Merge what agrees and what drifts until neither finds anything more."""
    for _ in range(_ROUNDS):
        merged = _joined_drifts(track, _merged(pieces))
        if merged.count == pieces.count:
            break
        pieces = merged
    return pieces


def _together(pieces: Pieces, joint: Bools) -> Pieces:
    """Merge the pieces on both sides of every marked joint."""
    start = np.concatenate(([0], np.flatnonzero(~joint) + 1))
    size = np.add.reduceat(pieces.size, start)
    return Pieces(
        pieces.first[start], size, np.add.reduceat(pieces.size * pieces.mean, start) / size,
        np.add.reduceat(pieces.size * pieces.variance, start) / size, pieces.section[start],
    )  # fmt: skip


def _joined_drifts(track: Track, pieces: Pieces) -> Pieces:
    """Merge neighbours between which the current does not jump."""
    if pieces.count < 2:
        return pieces
    edge = pieces.first[1:]
    reach = np.clip(np.minimum(pieces.size[:-1], pieces.size[1:]) // 2, 1, 5)
    total = np.concatenate(([0.0], np.cumsum(track.current)))
    left = (total[edge] - total[edge - reach]) / reach
    right = (total[edge + reach] - total[edge]) / reach
    jump, difference = np.abs(right - left), np.abs(np.diff(pieces.mean))
    noise = np.sqrt((pieces.variance[:-1] + pieces.variance[1:]) / reach)
    size = np.abs(pieces.mean)
    least = np.maximum(3.0 * noise, LEAST_STEP * np.maximum(size[1:], size[:-1]))
    steps = (jump >= 0.5 * difference) & (jump >= least)
    smooth = ~steps & (np.diff(pieces.section) == 0)
    return _together(pieces, smooth)


def _without_glitches(track: Track, pieces: Pieces) -> Bools:
    """Say which pieces to keep: what few samples do not share with anything around them goes.

    A group of short pieces is dropped where the levels on both sides are twice as long, or are
    levels that come back (pulses), and likewise a short piece that cuts in two what is no longer
    than its level usually lasts.
    """
    kept = np.ones(pieces.count, bool)
    if pieces.count < 2:
        return kept
    usual = _usual_spans(track, pieces)
    comes_back = _recurrent(track, pieces)
    short = (pieces.size <= SHORT) & ~comes_back & ~_as_set(track, pieces)
    kept[_cuts_in_two(track, pieces, usual) & short] = False
    kept[_on_the_way(track, pieces)] = False
    kept[_between_alike(pieces) & short & np.isnan(usual)] = False
    known = np.isfinite(usual)
    group = _groups(short & ~known & kept, pieces.section)
    if not group.size:
        return kept
    first, last = group[:, 0], group[:, 1]
    total = np.concatenate(([0], np.cumsum(pieces.size)))
    size = total[last + 1] - total[first]
    left, right = _neighbour(pieces, first, -1), _neighbour(pieces, last, 1)
    least = np.where(left == 0, right, np.where(right == 0, left, np.minimum(left, right)))
    same = (left > 0) & (right > 0) & _same(pieces, first - 1, last + 1)
    fits = np.where(same, (2 * size <= left + right) & (size <= 2 * SHORT),
                    (2 * size <= least) & (size <= SHORT)
                    | (4 * size <= least) & (size <= 2 * SHORT))  # fmt: skip
    before, after = np.clip(first - 1, 0, None), np.clip(last + 1, None, pieces.count - 1)
    level = known | comes_back
    fits |= (size <= SHORT) & level[before] & level[after]
    # nothing comes before the first level; after the last one, a new level may just have begun
    fits &= (first > 0) | ((size < SHORT) & (least > SHORT))
    fits &= (last < pieces.count - 1) | ((size == 1) & (least > SHORT))
    for start, end in group[fits & (least > 0)]:
        kept[start : end + 1] = False
    return kept


def _usual_spans(track: Track, pieces: Pieces) -> Floats:
    """Return how long (s) the levels of a piece's current usually last; NaN: it does not come back.

    A current comes back where three pieces of more than `SHORT` samples have it.
    """
    order = np.argsort(pieces.mean, kind="stable")
    number = np.empty(pieces.count, np.int64)
    number[order] = np.cumsum(np.concatenate(([False], _apart(pieces, order))))
    long = np.flatnonzero(pieces.size > SHORT)
    span = track.time[pieces.first[long] + pieces.size[long] - 1] - track.time[pieces.first[long]]
    by_number = np.lexsort((span, number[long]))
    numbers, start, count = np.unique(
        number[long][by_number], return_index=True, return_counts=True
    )
    usual = np.full(int(number.max()) + 1, np.nan)
    often = count >= _COMES_BACK
    usual[numbers[often]] = span[by_number][start[often] + count[often] // 2]
    answer: Floats = usual[number]
    return answer


def _apart(pieces: Pieces, order: Ints) -> Bools:
    """Say where, in the order of their means, the next piece has another current."""
    mean = pieces.mean[order]
    noise = np.sqrt(pieces.variance[order] / pieces.size[order])
    size = np.maximum(np.abs(mean[1:]), np.abs(mean[:-1]))
    limit = np.maximum(0.02 * size, 6.0 * np.maximum(noise[1:], noise[:-1]))
    apart: Bools = np.diff(mean) > limit
    return apart


def _between_alike(pieces: Pieces) -> Bools:
    """Say which pieces lie between two of one current that are longer on average."""
    answer = np.zeros(pieces.count, bool)
    if pieces.count < 3:
        return answer
    middle = np.arange(1, pieces.count - 1)
    inside = pieces.section[middle - 1] == pieces.section[middle + 1]
    longer = 2 * pieces.size[middle] <= pieces.size[middle - 1] + pieces.size[middle + 1]
    answer[middle] = inside & longer & _same(pieces, middle - 1, middle + 1)
    return answer


def _cuts_in_two(track: Track, pieces: Pieces, usual: Floats) -> Bools:
    answer = np.zeros(pieces.count, bool)
    if pieces.count < 3:
        return answer
    middle = np.arange(1, pieces.count - 1)
    inside = pieces.section[middle - 1] == pieces.section[middle + 1]
    last = pieces.first[middle + 1] + pieces.size[middle + 1] - 1
    span = track.time[last] - track.time[pieces.first[middle - 1]]
    whole = span <= _ONE_LEVEL * usual[middle - 1]
    answer[middle] = inside & whole & _same(pieces, middle - 1, middle + 1)
    return answer


def _on_the_way(track: Track, pieces: Pieces) -> Bools:
    """Single samples between two levels, in time and in value: the step itself was caught.

    They come back as often as the step does, so recurrence is no sign of a level here.
    """
    answer = np.zeros(pieces.count, bool)
    if pieces.count < 3:
        return answer
    middle = np.arange(1, pieces.count - 1)
    left, right = pieces.mean[middle - 1], pieces.mean[middle + 1]
    mean, at = pieces.mean[middle], pieces.first[middle]
    margin = 0.05 * np.abs(right - left)
    between = np.minimum(np.abs(mean - left), np.abs(mean - right)) > margin
    between &= (np.minimum(left, right) < mean) & (mean < np.maximum(left, right))
    between &= ~_same(pieces, middle - 1, middle + 1) & (pieces.size[middle] == 1)
    between &= (pieces.size[middle - 1] > SHORT) & (pieces.size[middle + 1] > SHORT)
    between &= pieces.section[middle - 1] == pieces.section[middle + 1]
    size, first = pieces.size, pieces.first
    span = track.time[first + size - 1] - track.time[first]
    interval = span / np.maximum(size - 1, 1)
    usual = np.maximum(interval[middle - 1], interval[middle + 1])
    after = np.minimum(at + 1, track.time.size - 1)
    answer[middle] = between & (track.time[after] - track.time[at - 1] <= _CAUGHT * usual)
    return answer


def _groups(marked: Bools, section: Ints) -> Ints:
    """First and last index of every run of marked pieces inside one section, shape (N, 2)."""
    if not marked.any():
        return np.empty((0, 2), np.int64)
    new = marked & ~np.concatenate(([False], marked[:-1] & (np.diff(section) == 0)))
    number = np.cumsum(new) - 1
    index = np.flatnonzero(marked)
    first = np.flatnonzero(new)
    last = np.zeros(first.size, np.int64)
    last[number[index]] = index
    return np.stack([first, last], axis=1)


def _neighbour(pieces: Pieces, at: Ints, way: int) -> Ints:
    """Samples of the neighbour in the same section; 0 where there is none."""
    beside = np.clip(at + way, 0, pieces.count - 1)
    there = (beside != at) & (pieces.section[beside] == pieces.section[at])
    return np.where(there, pieces.size[beside], 0)


def _same(pieces: Pieces, one: Ints, other: Ints) -> Bools:
    one, other = np.clip(one, 0, None), np.clip(other, None, pieces.count - 1)
    difference = np.abs(pieces.mean[one] - pieces.mean[other])
    noise = np.sqrt(
        pieces.variance[one] / pieces.size[one] + pieces.variance[other] / pieces.size[other]
    )
    larger = np.maximum(np.abs(pieces.mean[one]), np.abs(pieces.mean[other]))
    near: Bools = difference <= np.maximum(LEAST_STEP * larger, 5.0 * noise)
    return near


def _as_set(track: Track, pieces: Pieces) -> Bools:
    """Pieces that begin and end with a step of the instrument: they were asked for."""
    step = track.step
    change = np.concatenate(([True], step[1:] != step[:-1], [True]))
    change[[0, -1]] = False
    end = pieces.first + pieces.size
    asked: Bools = change[pieces.first] & change[end]
    return asked


def _recurrent(track: Track, pieces: Pieces) -> Bools:
    """Short pieces whose current comes back at even distances: pulses, not glitches.

    Longer pieces of that current count for the distances: lost rows make some of a series short.
    """
    answer = np.zeros(pieces.count, bool)
    short = pieces.size <= SHORT
    if np.count_nonzero(short) < _RECURRENT:
        return answer
    order = np.argsort(pieces.mean, kind="stable")
    edges = np.concatenate(([0], np.flatnonzero(_apart(pieces, order)) + 1, [order.size]))
    for start, end in itertools.pairwise(edges.tolist()):
        members = np.sort(order[start:end])
        if end - start < _RECURRENT or not short[members].any():
            continue
        answer[members] = _even(np.diff(track.time[pieces.first[members]]))
    return answer & short


def _even(distance: Floats) -> Bools:
    """Say which of N + 1 runs lie in a row whose N distances are even: locally, or all of them."""
    usual = float(np.median(distance))
    answer = np.zeros(distance.size + 1, bool)
    if np.mean(np.abs(distance - usual) <= _EVEN * usual) >= _EVEN_SHARE:
        return ~answer
    if distance.size < _IN_A_ROW:
        return answer
    rows = np.lib.stride_tricks.sliding_window_view(distance, _IN_A_ROW)
    period = np.median(rows, axis=1, keepdims=True)
    even = np.abs(rows - period) <= _EVEN * period
    moved = np.abs(rows - period) <= _MOVED * period
    regular = np.mean(even, axis=1) >= _EVEN_SHARE
    regular |= np.mean(moved, axis=1) >= _MOVED_SHARE
    fits = (rows >= (1 - _MOVED) * period) & (rows <= (1 + _MOST_LOST + _MOVED) * period)
    for k in range(_IN_A_ROW):
        # a run that no distance of the row which fits touches is none of its pulses
        touched = np.flatnonzero(regular & fits[:, k]) + k
        answer[touched] = answer[touched + 1] = True
    return answer


def currents(track: Track, first: Ints) -> tuple[Floats, Floats, Ints]:
    """Return mean current (A), noise (A, of one sample) and number of samples of each level."""
    pieces = _pieces(track, first)
    return pieces.mean, np.sqrt(pieces.variance), pieces.size
