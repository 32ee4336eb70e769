"""The voltage that a cell has without a current, and what it leaves of a voltage under current.

A short circuit takes the terminal voltage V = E ± i·R towards zero, and E with it; so falls are
judged on V itself, and E only says which V a healthy cell shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from anodescope.events.finding import NAN, Bools, Floats, Integers, Record

# Samples of a rest that tell a voltage, and rests that are taken for healthy.
_FEW, _FIRST = 6, 5
# Relative asymmetry of two half-cycles that no one takes for a voltage at rest.
_ASYMMETRY = 0.1
# Relative difference of two currents up to which half-cycles are a pair.
_SAME = 0.05


@final
@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """Voltage at rest (V) that holds for each stretch, shape (S,), NaN where nothing tells it.

    Attributes
    ----------
    voltage, doubt : (V), and its uncertainty (three of it are a bound).
    present : it differs from zero.
    """

    voltage: Floats
    doubt: Floats
    present: bool


def open_circuit(
    record: Record, resting: Bools, time: Floats, voltage: Floats, edges: Integers, current: Floats
) -> OpenCircuit:
    """Find the voltage at rest: of the rest before a stretch, else of half-cycles ±i side by side.

    Parameters
    ----------
    resting : samples of the record without a current, shape (M,).
    time, voltage : of the stretches, shape (N,).
    edges, current : as in `Stretches`.
    """
    at, value, doubt = _rests(record, resting)
    count = edges.size - 1
    if at.size:
        place = np.maximum(np.searchsorted(at, time[edges[:-1]], side="right") - 1, 0)
        first = np.abs(value[:_FIRST]) > 3.0 * doubt[:_FIRST]
        return OpenCircuit(value[place], doubt[place], bool(np.mean(first) > 0.5))
    one, unsure = _pairs(voltage, edges, current)
    present = bool(np.isfinite(one) and abs(one) > 3.0 * unsure)
    return OpenCircuit(np.full(count, one), np.full(count, unsure), present)


def _rests(record: Record, resting: Bools) -> tuple[Floats, Floats, Floats]:
    """Return the end, the voltage of the last third, and its uncertainty, of each rest."""
    edge = np.flatnonzero(np.diff(np.concatenate(([0], resting.view(np.int8), [0]))))
    start, stop = edge.reshape(-1, 2).T
    enough = stop - start >= _FEW
    start, stop = start[enough], stop[enough]
    level, doubt = np.empty(start.size), np.empty(start.size)
    # A train has thousands of rests and few lengths: all of one length are one table.
    for rows, volts in _tables(record.cell_voltage, start, stop):
        third = volts.shape[1] // 3
        middle, last = volts[:, third : 2 * third], volts[:, 2 * third :]
        ended = np.median(last, axis=1)
        noise = 1.48 * np.median(np.abs(last - ended[:, None]), axis=1) / np.sqrt(last.shape[1])
        # What moves is not there yet, and may have as far to go.
        moves = 2.0 * np.abs(ended - np.median(middle, axis=1))
        level[rows], doubt[rows] = ended, 1.25 * noise + moves
    return record.time[stop - 1], level, doubt


def _tables(values: Floats, start: Integers, stop: Integers) -> Iterator[tuple[Integers, Floats]]:
    """Yield the stretches of each length: their numbers, and their values as (stretch, sample)."""
    size = stop - start
    for length in np.unique(size):
        rows = np.flatnonzero(size == length)
        yield rows, values[start[rows, None] + np.arange(length)]


def _pairs(voltage: Floats, edges: Integers, current: Floats) -> tuple[float, float]:
    """Return (V₊ + V₋)/2 at the smallest currents, and what it varies by; NaN without pairs.

    A voltage at rest is there at every current; an asymmetry of the electrodes grows with it.
    """
    parts = [voltage[a:b] for a, b in pairwise(edges)]
    level = np.array([np.median(_large(part)) for part in parts], float)
    size = np.abs(current)
    with np.errstate(invalid="ignore"):
        pair = np.flatnonzero(
            (current[1:] * current[:-1] < 0)
            & (np.abs(size[1:] - size[:-1]) <= _SAME * np.maximum(size[1:], size[:-1]))
            & (np.minimum(np.diff(edges)[1:], np.diff(edges)[:-1]) >= 3)
        )
    if not pair.size:
        return NAN, NAN
    middle = (level[pair] + level[pair + 1]) / 2
    half = np.abs(level[pair] - level[pair + 1]) / 2
    # Of a shorted cell neither is left: only pairs that are like the first one count.
    change = half / size[pair] / max(float(half[0] / size[pair[0]]), 1e-300)
    alike = (change > 0.4) & (change < 3.0)
    # The pair beside one that is not may be shorted in part, and look like the first one.
    inner = np.pad(alike, 1, constant_values=True)
    alike &= inner[:-2] & inner[2:]
    alike[0] = True
    pair, middle, half = pair[alike], middle[alike], half[alike]
    # A drift of the resistance changes its sign from pair to pair, a voltage at rest does not.
    joint = np.flatnonzero(np.diff(pair) == 1)
    if joint.size:
        middle, half = (middle[joint] + middle[joint + 1]) / 2, half[joint]
        pair = pair[joint]
    small = size[pair] <= 1.5 * float(size[pair].min())
    value = float(np.median(middle[small]))
    spread = float(np.median(np.abs(middle - value)))
    first = parts[int(pair[small][0])]
    noise = 1.3 * float(np.median(np.abs(np.diff(first)))) / np.sqrt(first.size)
    return value, max(_ASYMMETRY * float(np.median(half[small])), spread, noise)


def turned(
    voltage: Floats, current: Floats, edges: Integers, rest: OpenCircuit
) -> tuple[Floats, Floats, Floats]:
    """Turn the voltage so that a healthy cell's is positive.

    Returns
    -------
    series : turned voltage (V), shape (N,).
    offset : the voltage at rest in the same turn, where it is taken into account; else 0, shape
        (S,).
    along : 1 where the current raises the turned voltage, −1 where it lowers it, shape (S,).
    """
    count = edges.size - 1
    sign, known = np.sign(current), np.isfinite(current)
    series = voltage.copy()
    offset, along = np.zeros(count), np.ones(count)
    both = not rest.present and _changes_sign(voltage, sign)
    if not rest.present:
        if both and known.any():
            follows = voltage[known] * sign[known]
            series[known] = follows * (np.sign(np.median(follows)) or 1.0)
    else:
        each = np.repeat(rest.voltage, np.diff(edges))
        over = ((voltage - each) * sign)[known]
        flip = (np.sign(np.median(over)) or 1.0) if over.size else 1.0
    told = known[edges[:-1]]
    free = np.flatnonzero(~(told & both))
    # A short circuit brings the voltage to zero, never through it.
    turn = np.ones(count)
    turn[free] = _sides(series, edges[free], edges[free + 1])
    series *= np.repeat(turn, np.diff(edges))
    if rest.present:
        of = free[told[free]]
        offset[of] = turn[of] * rest.voltage[of]
        along[of] = turn[of] * flip * sign[edges[of]]
    return series, offset, along


def _changes_sign(voltage: Floats, sign: Floats) -> bool:
    """Say whether the voltage changes its sign with the current, as far as that is known."""
    medians = [float(np.median(voltage[sign == side])) for side in (1, -1) if np.any(sign == side)]
    size = np.abs(medians)
    return len(medians) < 2 or medians[0] * medians[1] < 0 or size.min() <= 0.5 * size.max()


def _sides(voltage: Floats, start: Integers, stop: Integers) -> Floats:
    """Return the sign of each stretch's voltage where it is large, whatever single samples say."""
    sides = np.ones(start.size)
    for rows, volts in _tables(voltage, start, stop):
        size = np.abs(volts)
        large = np.where(size >= 0.5 * np.quantile(size, 0.8, axis=1)[:, None], volts, np.nan)
        sides[rows] = np.sign(np.nanmedian(large, axis=1))
    return np.where(sides == 0.0, 1.0, sides)


def _large(volts: Floats) -> Floats:
    """Return the samples that are not near zero, as they are while the cell is shorted."""
    size = np.abs(volts)
    large: Floats = volts[size >= 0.5 * float(np.quantile(size, 0.8))]
    return large
