"""Holds whose current was not recorded: what the technique's name and the voltage tell of them.

A file may hold time and voltage alone. Where the instrument's steps name a galvanostatic technique
and the voltage stands off what a sweep at rest beside it measured, a current was held. Where it
comes back after each sweep to what it was, it was one and the same. Its size is not known.
"""

from __future__ import annotations

import itertools

import numpy as np

from anodescope.protocol.phases import Bools, Floats
from anodescope.protocol.samples import Samples, Sweeps

# Two polarisations (V less that at rest) are alike within this share; so many of the rows must be
# polarised, and so many of the sweeps leave it alike: in between the cell itself may change.
ALIKE, MOST = 0.2, 0.8

# The cell needs a while to be polarised again: so many times the interruption, and the voltage is
# compared over this many times it.
_SETTLES, _WINDOW = 1.0, 5.0


def unseen_holds(samples: Samples, sweeps: Sweeps, bias: Floats) -> tuple[Bools, Bools]:
    """Say in which stretches a current of unknown size was held, and which rows fit that.

    A stretch is held where the polarisation of most rows is larger, with one sign, than the voltage
    by which the sweep beside it perturbs the cell. A row fits where its polarisation is that of
    its stretch within `ALIKE`: by as much does the record bear out that nothing changed. Of
    stretches in a row with one sweep at rest between each two, none is held unless most come back
    to the polarisation they left.

    Parameters
    ----------
    samples, sweeps : of the record.
    bias : of each sweep (A); 0 at rest.

    Returns
    -------
    Per stretch of `samples.blind`, and per row of `samples.hidden`.
    """
    count = len(samples.blind)
    held, fits = np.zeros(count, bool), np.zeros(samples.hidden.size, bool)
    excess: list[Floats] = []
    time: list[Floats] = []
    before = np.searchsorted(sweeps.start, samples.blind[:, 0], "right") - 1
    for k, (start, end) in enumerate(samples.blind.tolist()):
        rows = slice(
            int(np.searchsorted(samples.hidden, start)),
            int(np.searchsorted(samples.hidden, end, "right")),
        )
        at_rest, swing = _at_rest(sweeps, bias, int(before[k]))
        over = samples.hidden_voltage[rows] - at_rest
        excess.append(over)
        time.append(samples.hidden[rows])
        if not samples.galvanic[k] or not np.isfinite(over).any():
            continue
        usual = float(np.nanmedian(over))
        alike = np.abs(over - usual) <= ALIKE * abs(usual)
        held[k] = np.mean(np.sign(usual) * over > swing) >= MOST
        fits[rows] = alike & held[k]
    for first, end in _in_a_row(held, before):
        pairs = range(first + 1, end)
        backs = [_comes_back(time[k - 1], excess[k - 1], time[k], excess[k]) for k in pairs]
        if backs and np.mean(backs) < MOST:
            held[first:end] = False
    return held, fits


def _at_rest(sweeps: Sweeps, bias: Floats, before: int) -> tuple[float, float]:
    """Return voltage at rest, of the sweep before a stretch or else after it, and its swing (V)."""
    for k in (before, before + 1):
        if 0 <= k < sweeps.size and bias[k] == 0.0 and np.isfinite(sweeps.voltage[k]):
            return float(sweeps.voltage[k]), float(sweeps.swing[k])
    return np.nan, np.inf


def _in_a_row(
    held: Bools, before: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> list[tuple[int, int]]:
    """Runs of held stretches with exactly one sweep between each two: first and end (excluded)."""
    joint = held[1:] & held[:-1] & (np.diff(before) == 1)
    edges = np.concatenate(([0], np.flatnonzero(~joint) + 1, [held.size])).tolist()
    return [(a, b) for a, b in itertools.pairwise(edges) if b > a and held[a]]


def _comes_back(time: Floats, over: Floats, later: Floats, then: Floats) -> bool:
    """Say whether the polarisation after an interruption is what it was before it."""
    pause = float(later[0] - time[-1])
    left = over[time >= time[-1] - _WINDOW * pause]
    since = (later - later[0]) / pause if pause > 0 else later - later[0]
    back = then[(since >= _SETTLES) & (since <= _SETTLES + _WINDOW)]
    if not (np.isfinite(left).any() and np.isfinite(back).any()):
        return False
    one, other = float(np.nanmedian(left)), float(np.nanmedian(back))
    return abs(one - other) <= ALIKE * max(abs(one), abs(other))
