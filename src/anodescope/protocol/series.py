"""Where one series of pulses ends and another begins: their rests, or the pulses, change and stay.

A cut is where a two-sample rank test (Mann and Whitney, with ties) parts the lengths best, if it
does so by `_ERRORS` standard errors: single lengths that lost rows made wrong do not move ranks
much. Few lengths cannot reach that: they are parted where the two sides lie further apart than
each of them spreads.
"""

from __future__ import annotations

import numpy as np

from anodescope.protocol.phases import Floats, Ints

# Two series of pulses differ by this share of the longer one; a comparison allows as much.
LEAST_CHANGE = 0.1

# Fewest lengths of a series, standard errors of the rank sum, and lengths around a cut that show
# that it is a step, and that it stays.
_FEWEST, _ERRORS, _AT, _AROUND = 3, 5.0, 5, 20

# Share of the change that the local step must reach, and that both sides may spread at most.
_AT_ONCE, _SPREAD = 0.6, 0.5

# One sampling interval moves an edge; a pulse and its rest then change against each other.
_MOVED = 1.5


def cuts(on: Floats, rest: Floats, interval: Floats) -> list[int]:
    """Return the numbers of the pulses with which another series begins.

    Parameters
    ----------
    on : length (s) of each pulse, shape (N,).
    rest : length (s) of the rest after each but the last, shape (N − 1,).
    interval : usual time (s) between the samples of a pulse and its rest, shape (N − 1,).
    """
    found: list[int] = []
    todo = [(0, int(on.size))]
    while todo:
        start, end = todo.pop()
        at = _cut(on[start:end], rest[start : end - 1], interval[start : end - 1])
        if at:
            found.append(start + at)
            todo += [(start, start + at), (start + at, end)]
    return sorted(found)


def _cut(on: Floats, rest: Floats, interval: Floats) -> int:
    """Return the first pulse of the second series; 0: there is but one."""
    for values, other in ((rest, on[:-1]), (on, rest)):
        at = _step(values)
        if not at:
            continue
        change = _change(values, at)
        common = min(values.size, other.size)
        sampling = float(np.median(interval[max(at - _AROUND, 0) : at + _AROUND]))
        moved = _change(values[:common] + other[:common], at) if at < common else change
        if abs(change) > _MOVED * sampling or abs(moved) > _SPREAD * abs(change):
            return at
    return 0


def _change(values: Floats, at: int) -> float:
    before, after = _beside(values, at, _AROUND)
    return float(np.median(after) - np.median(before))


def _step(values: Floats) -> int:
    """Return the index from which the lengths are others, if they step there and stay; 0: none."""
    if values.size < 2 * _FEWEST:
        return 0
    for at in (_by_rank(values), _by_gap(values)):
        if at and _stays(values, at):
            return at
    return 0


def _stays(values: Floats, at: int) -> bool:
    change = _change(values, at)
    sides = _beside(values, at, _AROUND)
    if abs(change) <= LEAST_CHANGE * max(float(np.median(side)) for side in sides):
        return False
    before, after = _beside(values, at, _AT)
    step = float(np.median(after) - np.median(before))
    spread = max(float(np.subtract(*np.percentile(side, [75, 25]))) for side in sides)
    return step * np.sign(change) >= _AT_ONCE * abs(change) and spread <= _SPREAD * abs(change)


def _beside(values: Floats, at: int, many: int) -> tuple[Floats, Floats]:
    return values[max(at - many, 0) : at], values[at : at + many]


def _by_rank(values: Floats) -> int:
    """Return the cut that the rank sum parts best, 0 where it is not significant."""
    size = values.size
    width = 0.02 * float(np.median(values))
    _, number, count = np.unique(
        np.round(values / width) if width > 0 else values, return_inverse=True, return_counts=True
    )
    rank = (np.cumsum(count) - 0.5 * (count - 1))[number]
    k: Ints = np.arange(_FEWEST, size - _FEWEST + 1)
    ties = float(np.sum(count.astype(float) ** 3 - count)) / (size * (size - 1.0))
    variance = k * (size - k) / 12.0 * max(size + 1.0 - ties, 0.0)
    away = np.abs(np.cumsum(rank)[k - 1] - 0.5 * k * (size + 1.0))
    errors = away / np.sqrt(np.maximum(variance, 1e-300))
    best = int(np.argmax(errors))
    return int(k[best]) if errors[best] >= _ERRORS else 0


def _by_gap(values: Floats) -> int:
    """Return the cut whose sides lie further apart than each of them spreads; 0: there is none."""
    low, high = np.minimum.accumulate(values), np.maximum.accumulate(values)
    low_after = np.minimum.accumulate(values[::-1])[::-1]
    high_after = np.maximum.accumulate(values[::-1])[::-1]
    k = np.arange(_FEWEST, values.size - _FEWEST + 1)
    gap = np.maximum(low_after[k] - high[k - 1], low[k - 1] - high_after[k])
    spread = np.maximum(high[k - 1] - low[k - 1], high_after[k] - low_after[k])
    margin = gap - np.maximum(spread, LEAST_CHANGE * np.maximum(high[k - 1], high_after[k]))
    best = int(np.argmax(margin))
    return int(k[best]) if margin[best] > -1e-9 * high[-1] else 0
