"""Which levels of one current are pulses by their lengths, where rows may have been lost."""

from __future__ import annotations

import numpy as np

from anodescope.protocol.phases import Bools, Floats

# A pulse or a rest that is longer than its neighbours by these factors is none of theirs, but for
# some that lost rows joined.
_AS_LONG, _LONG_REST = 4.0, 6.0
_LOST = 1.3

# So many in a row may have lost all their rows as leaves this chance of it in the whole record.
_BY_CHANCE, _MOST_IN_A_ROW = 0.01, 8


def lost_in_a_row(samples: float, pulses: int, share: float) -> int:
    """Return how many pulses, or rests, in a row may have lost all their samples: at least one.

    Parameters
    ----------
    samples : that are left of each, as the median.
    pulses : their number.
    share : of all rows that are missing one by one.
    """
    if not pulses or not 0.0 < share < 1.0:
        return 1
    each = max(round(samples / (1.0 - share)), 1)
    often = np.log(_BY_CHANCE / pulses) / (each * np.log(share))
    return int(np.clip(np.floor(often), 1, _MOST_IN_A_ROW))


def of_pulses(on: Floats, rest: Floats, pulse: Bools, lost: tuple[int, int] = (1, 1)) -> Bools:
    """Say which pairs are pulses by their lengths too.

    A pulse or a rest may not be much longer than the longer one of its neighbours of its sort, but
    as long as two of them and what lies between: all its samples may have been lost, and those of
    as many in a row as is said.

    Parameters
    ----------
    on : length (s) of the levels under current, shape (N,).
    rest : length (s) of the rests between them, shape (N − 1,).
    pulse : pairs that are pulses by their currents, shape (N − 1,).
    lost : how many pulses, and rests, in a row may have lost all their samples.
    """
    rests = np.where(pulse, rest, 0.0)
    other = _beside(rests)
    pulses = np.maximum(on[1:], on[:-1])
    limit = _LOST * ((1 + lost[0]) * other + lost[0] * pulses)
    limit = np.maximum(_LONG_REST * other, limit)
    fits = (other == 0) | (rest <= limit)
    before = np.concatenate(([0.0], np.where(pulse, on[:-1], 0.0)))
    after = np.concatenate((np.where(pulse, on[1:], 0.0), [0.0]))
    longest = np.maximum(before, after)
    pause = np.maximum(np.concatenate(([0.0], rests)), np.concatenate((rests, [0.0])))
    limit = _LOST * ((1 + lost[1]) * longest + lost[1] * pause)
    limit = np.maximum(_AS_LONG * longest, limit)
    alien = (longest > 0) & (on > limit)
    answer: Bools = fits & ~alien[1:] & ~alien[:-1]
    return answer


def _beside(values: Floats) -> Floats:
    """Larger one of the two neighbours of each value; 0 where there is none."""
    around = np.concatenate(([0.0], values, [0.0]))
    return np.maximum(around[:-2], around[2:])
