"""From levels to blocks: which stretch of levels is of which kind.

Each pair of neighbouring levels under current stands in one relation: the later one is larger or
smaller (a stair), equal after a rest (a pulse) or after no more than a sweep at rest (it goes on),
or of the other sign (a half-cycle). A run of one relation is a block; longer runs are taken first.
What no run takes is a constant current, a rest, sweeps, or unknown.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.protocol.describe import by_level
from anodescope.protocol.half_cycles import of_two_rates, rises, tests_in_a_row
from anodescope.protocol.phases import CURRENT, SWEEP, VOLTAGE, Bools, Floats, Ints
from anodescope.protocol.pulses import lost_in_a_row, of_pulses
from anodescope.protocol.series import cuts
from anodescope.protocol.timeline import Timeline

NONE, UP, DOWN, UP_REST, DOWN_REST, PULSE, TURN, TURN_REST, GOES_ON = range(9)

# Fewest levels under current for a run of each relation; two half-cycles with a rest between are
# just as well two experiments.
_FEWEST = {UP: 3, DOWN: 3, UP_REST: 3, DOWN_REST: 3, PULSE: 3, TURN: 2, GOES_ON: 2}
_FEWEST_TURNS_WITH_RESTS = 4
_FEWEST_SWEPT_STAIRS = 2

# A rest that a sweep fills by this share, and that is no longer than this share of the levels
# beside it, does not end a held current.
_FILLED, _BRIEF = 0.5, 0.1

# Currents of one level agree within this share.
_ALIKE = 5e-3
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
    size : number of samples.
    swept : time (s) that sweeps take.
    unseen : a current of unknown size was held.
    lost_rows : share of the record's rows that are missing one by one.
    """

    first: Ints
    current: Floats
    error: Floats
    covered: Floats
    interval: Floats
    sweeps: Ints
    others: Ints
    voltage: Bools
    size: Floats
    swept: Floats
    unseen: Bools
    lost_rows: float


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
    unseen = (phases.mode == CURRENT) & np.isnan(phases.current)
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
        np.bincount(phases.level, line.size, count).astype(float),
        np.bincount(phases.level, np.where(swept, line.covered, 0.0), count).astype(float),
        np.bincount(phases.level, unseen, count) > 0, line.lost_rows,
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
    fills = levels.swept[after] >= _FILLED * levels.covered[after]
    brief = levels.covered[after] <= _BRIEF * np.minimum(
        levels.covered[here], levels.covered[there]
    )
    goes_on = one_sign & one_rest & alike & fills & brief
    pulse = one_sign & one_rest & alike & ~goes_on
    if pulse.any():
        count, share = int(np.count_nonzero(pulse)), levels.lost_rows
        on, off = (float(np.median(levels.size[k[pulse]])) for k in (here, after))
        lost = lost_in_a_row(on, count, share), lost_in_a_row(off, count, share)
        pulse &= of_pulses(levels.covered[at], levels.covered[after], pulse, lost)
    higher = size[1] > size[0]
    conditions = [
        goes_on,
        pulse,
        one_sign & (distance == 1) & higher,
        one_sign & (distance == 1) & ~higher,
        one_sign & one_rest & ~alike & higher,
        one_sign & one_rest & ~alike & ~higher,
        ~one_sign & ((distance == 1) | one_voltage),
        ~one_sign & clear & (distance <= 3),
    ]
    chosen = [GOES_ON, PULSE, UP, DOWN, UP_REST, DOWN_REST, TURN, TURN_REST]
    return at, np.select(conditions, chosen, NONE).astype(np.int64)


Run = tuple[str, int, int, int]


def _runs(levels: Levels) -> list[Run]:
    """Blocks of several levels: kind, first level, end level, count."""
    at, relation = relations(levels)
    if not relation.size:
        return []
    turning = np.where(relation == TURN_REST, TURN, relation)
    turning[of_two_rates(np.isin(turning, (UP, DOWN)), turning == TURN)] = TURN
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
        if code == UP and np.all(levels.sweeps[at[start : end + 1]] > 0):
            fewest = _FEWEST_SWEPT_STAIRS
        if end - start + 1 < fewest or taken[start : end + 1].any():
            continue
        taken[start : end + 1] = True
        found += [
            _run(levels, series, code) for series in _series(levels, at[start : end + 1], code)
        ]
    return found


def _series(levels: Levels, at: Ints, code: int) -> list[Ints]:
    """Part pulses where their lengths or their rests change and stay, and tests of the CCD."""
    if code == TURN:
        return np.split(at, tests_in_a_row(np.abs(levels.current[at]), levels.error[at]))
    if code != PULSE:
        return [at]
    lasts, interval = levels.covered, levels.interval
    sampling = np.maximum(interval[at[:-1]], interval[at[:-1] + 1])
    return np.split(at, cuts(lasts[at], lasts[at[:-1] + 1], sampling))


def _run(levels: Levels, at: Ints, code: int) -> Run:
    """Name a run of levels under current; the rests between them are part of it."""
    start, end = int(at[0]), int(at[-1]) + 1
    if code == GOES_ON:
        return "constant_current", start, end, 1
    if code == PULSE:
        return "pulsed", start, _with_tail(levels, at, end), int(at.size)
    if code == TURN:
        kind = "ccd" if rises(np.abs(levels.current[at]), levels.error[at]) else "cycling"
        end = _with_tail(levels, at, end)
        if end < levels.voltage.size and levels.voltage[end]:
            end += 1
        halves = 1 + int(np.count_nonzero(np.diff(np.sign(levels.current[at]))))
        return kind, start, end, halves
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


def _between(levels: Levels, line: Timeline, start: int, end: int) -> list[Run]:
    """Name the levels that no run took, one by one; unknown neighbours become one block."""
    found: list[Run] = []
    for k in range(start, end):
        kind, count = _single(levels, line, k)
        if kind == "unknown" and found and found[-1][0] == "unknown":
            found[-1] = ("unknown", found[-1][1], k + 1, found[-1][3] + 1)
        elif levels.unseen[k] and len(found) > 1 and _goes_on(levels, found[-2:], k):
            found[-2:] = [("constant_current", found[-2][1], k + 1, 1)]
        else:
            found.append((kind, k, k + 1, count))
    return found


def _goes_on(levels: Levels, before: list[Run], k: int) -> bool:
    """Say whether the hold of unknown size in level k is the one before, after a sweep at rest."""
    (_, _, end, _), (kind, pause, _, _) = before
    fills = levels.swept[pause] >= _FILLED * levels.covered[pause]
    brief = levels.covered[pause] <= _BRIEF * min(levels.covered[k], levels.covered[end - 1])
    one_sweep = levels.sweeps[pause] == 1 and kind in ("rest_with_peis", "impedance_only")
    return bool(levels.unseen[end - 1] and one_sweep and fills and brief)


def _single(levels: Levels, line: Timeline, k: int) -> tuple[str, int]:
    """Kind and count of a level by itself."""
    sweeps = int(levels.sweeps[k])
    only_sweeps = sweeps > 0 and levels.others[k] == 0
    first, end = int(levels.first[k]), int(levels.first[k + 1])
    if levels.unseen[k]:
        return "constant_current", 1
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
