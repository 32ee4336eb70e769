"""From levels to blocks: which stretch of levels is of which kind.

Each pair of neighbouring levels under current stands in one relation: the later one is larger or
smaller (a stair), equal after a rest (a pulse), or of the other sign (a half-cycle). A run of one
relation is a block; longer runs are taken first. What no run takes is a constant current, a rest,
sweeps, or unknown.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.protocol.describe import by_level
from anodescope.protocol.phases import LEAST_STEP, SWEEP, VOLTAGE, Bools, Floats, Ints
from anodescope.protocol.series import cuts
from anodescope.protocol.timeline import Timeline

NONE, UP, DOWN, UP_REST, DOWN_REST, PULSE, TURN, TURN_REST = range(8)

# Fewest levels under current for a run of each relation; two half-cycles with a rest between are
# just as well two experiments.
_FEWEST = {UP: 2, DOWN: 3, UP_REST: 3, DOWN_REST: 3, PULSE: 2, TURN: 2}
_FEWEST_TURNS_WITH_RESTS = 4

# Currents of one level agree within this share; a pulse or a rest that is longer than its
# neighbours by these factors is none of theirs, but for two that lost rows joined. Two pulses alone
# must agree better.
_ALIKE, _AS_LONG, _LONG_REST = 5e-3, 4.0, 6.0
_TWO_AS_LONG = 1.5
_LOST = 1.3
_ERRORS = 6.0  # standard errors by which two of hundreds of pulses may differ

# The rest after the last level belongs to the block while it is not longer than the others by this.
_TAIL = 1.5

# Share of the levels of a staircase that have sweeps, when it is one with impedance.
_SWEPT = 0.5

# Share of the time that samples or points cover, below which there is nothing between the sweeps.
_COVERED = 0.5


@final
@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The levels of a record.

    Attributes
    ----------
    first : first phase of each, and the number of phases at the end: shape (L + 1,).
    current : asked-for (A): 0 at rest, NaN where none is.
    error : standard error of the current (A).
    covered : duration (s) without gaps.
    interval : longest usual time between samples (s).
    sweeps, others : number of phases that are sweeps, and that are not.
    voltage : a voltage was held.
    """

    first: Ints
    current: Floats
    error: Floats
    covered: Floats
    interval: Floats
    sweeps: Ints
    others: Ints
    voltage: Bools


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Phases `start` to `end` (not included) are a block of this kind."""

    kind: str
    start: int
    end: int
    count: int


def levels_of_record(line: Timeline) -> Levels:
    """Gather the phases of each level."""
    phases = line.phases
    first, current, _ = by_level(phases)
    count = first.size
    swept = phases.mode == SWEEP
    weight = np.where(line.error > 0, 1.0 / np.maximum(line.error, 1e-150) ** 2, 0.0)
    precision = np.bincount(phases.level, weight, count)
    with np.errstate(divide="ignore"):
        error = np.where(precision > 0, 1.0 / np.sqrt(precision), 0.0)
    return Levels(
        np.append(first, phases.size), current, error,
        np.bincount(phases.level, line.covered, count).astype(float),
        _largest(np.nan_to_num(line.interval), first),
        np.bincount(phases.level[swept], minlength=count),
        np.bincount(phases.level[~swept], minlength=count),
        np.bincount(phases.level, phases.mode == VOLTAGE, count) > 0,
    )  # fmt: skip


def _largest(values: Floats, first: Ints) -> Floats:
    largest: Floats = np.maximum.reduceat(values, first) if first.size else values
    return largest


def parse(line: Timeline) -> list[Part]:
    """Return the blocks of a record, in order; every phase belongs to one."""
    levels = levels_of_record(line)
    found = sorted(_runs(levels), key=lambda run: run[1])
    blocks: list[tuple[str, int, int, int]] = []
    at = 0
    for kind, start, end, count in found:
        blocks += _between(levels, line, at, start)
        blocks.append((kind, start, end, count))
        at = end
    blocks += _between(levels, line, at, levels.current.size)
    parts = [
        Part(kind, int(levels.first[start]), int(levels.first[end]), count)
        for kind, start, end, count in blocks
    ]
    return _tails(parts, line)


def relations(levels: Levels) -> tuple[Ints, Ints]:
    """Return the levels under current, and the relation of each to the next one."""
    flows = np.isfinite(levels.current) & (levels.current != 0.0)
    at = np.flatnonzero(flows)
    if at.size < 2:
        return at, np.empty(0, np.int64)
    here, there = at[:-1], at[1:]
    distance = there - here
    rest = levels.current == 0.0
    after = np.minimum(here + 1, rest.size - 1)
    one_rest = (distance == 2) & rest[after]
    one_voltage = (distance == 2) & levels.voltage[after]
    unknown = np.concatenate(([0], np.cumsum(~flows & ~rest & ~levels.voltage)))
    clear = unknown[there] == unknown[here + 1]
    current = levels.current[here], levels.current[there]
    size = np.abs(current[0]), np.abs(current[1])
    error = np.hypot(levels.error[here], levels.error[there])
    alike = np.abs(size[1] - size[0]) <= np.maximum(_ALIKE * np.maximum(*size), _ERRORS * error)
    one_sign = np.sign(current[0]) == np.sign(current[1])
    pulse = one_sign & one_rest & alike
    pulse &= _of_pulses(levels.covered[at], levels.covered[after], pulse)
    rises = size[1] > size[0]
    conditions = [
        pulse,
        one_sign & (distance == 1) & rises,
        one_sign & (distance == 1) & ~rises,
        one_sign & one_rest & ~alike & rises,
        one_sign & one_rest & ~alike & ~rises,
        ~one_sign & ((distance == 1) | one_voltage),
        ~one_sign & clear & (distance <= 3),
    ]
    chosen = [PULSE, UP, DOWN, UP_REST, DOWN_REST, TURN, TURN_REST]
    return at, np.select(conditions, chosen, NONE).astype(np.int64)


def _of_pulses(on: Floats, rest: Floats, pulse: Bools) -> Bools:
    """Say which pairs are pulses by their lengths too.

    A pulse or a rest may not be much longer than the longer one of its neighbours of its sort, but
    as long as two of them and what lies between: all its samples may have been lost.

    Parameters
    ----------
    on : length (s) of the levels under current, shape (N,).
    rest : length (s) of the rests between them, shape (N − 1,).
    pulse : pairs that are pulses by their currents, shape (N − 1,).
    """
    rests = np.where(pulse, rest, 0.0)
    other = _beside(rests)
    pulses = np.maximum(on[1:], on[:-1])
    limit = np.maximum(_LONG_REST * other, _LOST * (2 * other + pulses))
    fits = (other == 0) | (rest <= limit)
    before = np.concatenate(([0.0], np.where(pulse, on[:-1], 0.0)))
    after = np.concatenate((np.where(pulse, on[1:], 0.0), [0.0]))
    longest = np.maximum(before, after)
    pause = np.maximum(np.concatenate(([0.0], rests)), np.concatenate((rests, [0.0])))
    limit = np.maximum(_AS_LONG * longest, _LOST * (2 * longest + pause))
    alien = (longest > 0) & (on > limit)
    answer: Bools = fits & ~alien[1:] & ~alien[:-1]
    return answer


def _beside(values: Floats) -> Floats:
    """Larger one of the two neighbours of each value; 0 where there is none."""
    around = np.concatenate(([0.0], values, [0.0]))
    return np.maximum(around[:-2], around[2:])


Run = tuple[str, int, int, int]


def _runs(levels: Levels) -> list[Run]:
    """Blocks of several levels: kind, first level, end level, count."""
    at, relation = relations(levels)
    if not relation.size:
        return []
    turning = np.where(relation == TURN_REST, TURN, relation)
    edge = np.concatenate(([0], np.flatnonzero(np.diff(turning)) + 1, [turning.size]))
    runs = [(int(b - a), int(a), int(b)) for a, b in itertools.pairwise(edge)
            if turning[a] != NONE]  # fmt: skip
    taken = np.zeros(at.size, bool)
    found: list[Run] = []
    for _, start, end in sorted(runs, key=lambda run: (-run[0], run[1])):
        code = int(turning[start])
        while start <= end and taken[start]:
            start += 1
        while end >= start and taken[end]:
            end -= 1
        fewest = _FEWEST[code]
        if code == TURN and np.any(relation[start:end] == TURN_REST):
            fewest = _FEWEST_TURNS_WITH_RESTS
        if code == PULSE and end - start == 1:
            two = levels.covered[at[[start, end]]]
            fewest += int(two.max() > _TWO_AS_LONG * two.min())
        if end - start + 1 < fewest or taken[start : end + 1].any():
            continue
        taken[start : end + 1] = True
        found += [
            _run(levels, series, code) for series in _series(levels, at[start : end + 1], code)
        ]
    return found


def _series(levels: Levels, at: Ints, code: int) -> list[Ints]:
    """Part pulses where their lengths or their rests change and stay: two experiments."""
    if code != PULSE:
        return [at]
    lasts, interval = levels.covered, levels.interval
    sampling = np.maximum(interval[at[:-1]], interval[at[:-1] + 1])
    return np.split(at, cuts(lasts[at], lasts[at[:-1] + 1], sampling))


def _run(levels: Levels, at: Ints, code: int) -> Run:
    """Name a run of levels under current; the rests between them are part of it."""
    start, end = int(at[0]), int(at[-1]) + 1
    if code == PULSE:
        return "pulsed", start, _with_tail(levels, at, end), int(at.size)
    if code == TURN:
        kind = "ccd" if _rises(np.abs(levels.current[at]), levels.error[at]) else "cycling"
        end = _with_tail(levels, at, end)
        if end < levels.voltage.size and levels.voltage[end]:
            end += 1
        return kind, start, end, int(at.size)
    if code in (UP_REST, DOWN_REST):
        end = _with_tail(levels, at, end)
    swept = np.mean(levels.sweeps[at] > 0)
    return "staircase_geis" if swept >= _SWEPT else "staircase", start, end, int(at.size)


def _with_tail(levels: Levels, at: Ints, end: int) -> int:
    """Take in the rest after the last level where it lasts as long as those between the levels.

    A longer one stays outside, but for phases of its own that fit (see `_tails`).
    """
    inner = np.flatnonzero(levels.current[at[0] : end] == 0.0) + at[0]
    if not inner.size or end >= levels.current.size or levels.current[end] != 0.0:
        return end
    usual = float(np.median(levels.covered[inner]))
    return end + 1 if levels.covered[end] <= _TAIL * usual else end


def _tails(parts: list[Part], line: Timeline) -> list[Part]:
    """Give the first phases of a rest to the pulses before it where they are just another pause."""
    lasts = line.covered
    for k in range(1, len(parts)):
        before, after = parts[k - 1], parts[k]
        if before.kind != "pulsed" or after.kind != "rest" or after.end - after.start < 2:
            continue
        inner = lasts[before.start : before.end][
            line.phases.current[before.start : before.end] == 0
        ]
        if inner.size and lasts[after.start] <= _TAIL * float(np.median(inner)):
            parts[k - 1] = Part(before.kind, before.start, after.start + 1, before.count)
            parts[k] = Part(after.kind, after.start + 1, after.end, after.count)
    return parts


def _rises(size: Floats, error: Floats) -> bool:
    """Say whether half-cycles rise as in a CCD: never down, three currents or two held as often.

    Formation cycles before faster ones rise too, once, and are cycling.
    """
    change = np.diff(size)
    near = np.maximum(0.01 * size[1:], np.maximum(4.0 * np.hypot(error[1:], error[:-1]),
                                                  LEAST_STEP * size.max()))  # fmt: skip
    if np.any(change < -near) or not np.any(change > near):
        return False
    counts = np.diff(np.concatenate(([0], np.flatnonzero(change > near) + 1, [size.size])))
    return bool(counts.size >= 3 or counts[1] <= counts[0])


def _between(levels: Levels, line: Timeline, start: int, end: int) -> list[Run]:
    """Name the levels that no run took, one by one; unknown neighbours become one block."""
    found: list[Run] = []
    for k in range(start, end):
        kind, count = _single(levels, line, k)
        if kind == "unknown" and found and found[-1][0] == "unknown":
            found[-1] = ("unknown", found[-1][1], k + 1, found[-1][3] + 1)
        else:
            found.append((kind, k, k + 1, count))
    return found


def _single(levels: Levels, line: Timeline, k: int) -> tuple[str, int]:
    """Kind and count of a level by itself."""
    sweeps = int(levels.sweeps[k])
    only_sweeps = sweeps > 0 and levels.others[k] == 0
    first, end = int(levels.first[k]), int(levels.first[k + 1])
    if np.isnan(levels.current[k]):
        return ("impedance_only", sweeps) if only_sweeps else ("unknown", 1)
    alone = levels.current.size == 1
    spread = line.phases.time_end[end - 1] - line.phases.time_start[first]
    apart = levels.covered[k] < _COVERED * spread
    if levels.current[k] != 0.0:
        lonely = only_sweeps and (sweeps == 1 or apart)
        return ("impedance_only", sweeps) if lonely else ("constant_current", 1)
    if not sweeps:
        return "rest", 1
    lonely = only_sweeps and (alone or apart)
    return ("impedance_only" if lonely else "rest_with_peis"), sweeps
