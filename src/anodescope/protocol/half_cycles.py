"""Half-cycles of alternating sign: a test of the critical current, several of them, or cycling."""

from __future__ import annotations

import itertools

import numpy as np

from anodescope.protocol.phases import LEAST_STEP, Bools, Floats, Ints

# Half-cycles of two rates are cycling where there are so many of them, and this share of two rates.
_FEWEST, _OF_TWO = 4, 0.4

# Currents of each of several tests of the critical current in a row.
_CURRENTS = 3


def rises(size: Floats, error: Floats) -> bool:
    """Say whether half-cycles rise as in a CCD: never down, three currents or two held as often.

    Formation cycles before faster ones rise too, once, and are cycling.
    """
    up, down = _changes(size, error)
    if down.any() or not up.any():
        return False
    counts = np.diff(np.concatenate(([0], np.flatnonzero(up) + 1, [size.size])))
    return bool(counts.size >= 3 or counts[1] <= counts[0])


def tests_in_a_row(size: Floats, error: Floats) -> list[int]:
    """Return the first half-cycle of each test after the first, where all are tests as a CCD is.

    Each must hold three currents or more; else it is cycling at changing rates, and none is given.

    Parameters
    ----------
    size, error : |current| of each half-cycle and its standard error (A), shape (N,).
    """
    up, down = _changes(size, error)
    starts: list[int] = (np.flatnonzero(down) + 1).tolist()
    for start, end in itertools.pairwise([0, *starts, size.size]):
        if np.count_nonzero(up[start : end - 1]) < _CURRENTS - 1:
            return []
    return starts


def _changes(size: Floats, error: Floats) -> tuple[Bools, Bools]:
    """Say between which half-cycles the current rises, and falls."""
    change = np.diff(size)
    near = np.maximum(0.01 * size[1:], np.maximum(4.0 * np.hypot(error[1:], error[:-1]),
                                                  LEAST_STEP * size.max()))  # fmt: skip
    return change > near, change < -near


def of_two_rates(stair: Bools, turn: Bools) -> Bools:
    """Say which neighbouring levels are of half-cycles that may hold two rates: cycling.

    Parameters
    ----------
    stair : the later one of two levels has another current of the same sign, shape (N − 1,).
    turn : it has the other sign, shape (N − 1,).
    """
    answer = np.zeros(stair.size, bool)
    linked = stair | turn
    edges = np.flatnonzero(np.diff(np.concatenate(([False], linked, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        first: Ints = np.concatenate(([0], np.flatnonzero(turn[start:end]) + 1, [end - start + 1]))
        levels = np.diff(first)
        answer[start:end] = (
            levels.size >= _FEWEST and levels.max() == 2 and np.mean(levels == 2) >= _OF_TWO
        )
    return answer
