"""Phases one after the other, and over again, without leaving compiled code.

A phase is a held current, ramp or voltage with its limits. Samples are written as an instrument
writes them: at the start and the end of a phase, every so many seconds between, and where the
voltage jumps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anodescope.cell.march import (
    CHIP,
    CURRENT,
    DONE,
    DURATION,
    EMPTY,
    EVENT,
    FOUND_VOLTAGE,
    FULL,
    GAMMA,
    HELD,
    PAUSED,
    SHEET,
    SHORTEST,
    START,
    STOP,
    STUCK,
    copy,
    copy_once,
    depletion,
    reached,
    start_rates,
    step,
    terminal,
)
from anodescope.cell.sampling import (
    AT_PHASE,
    AT_REPEAT,
    CHARGED,
    ELAPSED,
    FOUND,
    NEXT,
    PAUSE,
    TOLD,
    WAITED,
    applied,
    tell,
    write,
)
from anodescope.cell.slow import SODIUM, bulk_fraction
from anodescope.cell.stage import APPLIED, CHARGE, CHIPPED, CRACKED
from anodescope.compiling import compiled_bare

# Most samples that one step may write.
BURST = 500
# Steps after which the march comes back in any case, to be stopped if somebody wants to.
MANY = 100_000


@compiled_bare
def crossed(p: Any, before: Any, after: Any) -> bool:
    """Whether a filament chipped the edge, bridged the electrolyte or parted during a step."""
    chip = before[CHIPPED] < 0.5 and after[CRACKED] >= p[CHIP]
    return bool(chip or (before[CRACKED] >= 1.0) != (after[CRACKED] >= 1.0))


@compiled_bare
def asked(row: Any, held: int, at: float, cursor: Any) -> float:
    """Current or voltage that a phase asks for at an instant of it."""
    if row[HELD] == FOUND_VOLTAGE or row[START] == row[STOP]:
        return float(cursor[FOUND])
    return float(row[START] + (row[STOP] - row[START]) * min(at / row[DURATION], 1.0))


@compiled_bare
def attempt(
    laws: Any, state: Any, once: Any, h: float, row: Any, held: int, cursor: Any, bulk: float,
    tolerance: float, scratch: Any,
) -> tuple[bool, float, int]:  # fmt: skip
    """Try one step; say whether it settled, its error, and the limit that it reached."""
    at = cursor[ELAPSED]
    good, wrong = step(
        laws, state, once, h, held, asked(row, held, at + GAMMA * h, cursor),
        asked(row, held, at + h, cursor), tolerance, scratch,
    )  # fmt: skip
    if not good:
        return False, np.inf, DONE
    modes = state.shape[1] - 4
    metal = 0.0
    for j in range(state.shape[0]):
        metal += scratch.box[2, j, modes + 2] / state.shape[0]
    later = scratch.box_once[2]
    if laws.p[SODIUM] - later[CHARGE] - metal <= 0.0:
        return True, wrong, EMPTY
    after = bulk_fraction(laws.p, later[CHARGE], metal)
    charge = later[APPLIED] - cursor[CHARGED]
    result = scratch.result
    return True, wrong, reached(row, result[2], result[1], charge, after, later[CRACKED])


@compiled_bare
def locate(
    laws: Any, state: Any, once: Any, h: float, row: Any, held: int, cursor: Any, bulk: float,
    tolerance: float, scratch: Any,
) -> tuple[float, int]:  # fmt: skip
    """Halve a step that holds an event until its instant is known; return its length and why."""
    low, high, why = 0.0, h, DONE
    while high - low > EVENT:
        middle = 0.5 * (low + high)
        good, _, why = attempt(
            laws, state, once, middle, row, held, cursor, bulk, tolerance, scratch
        )
        if not good or why != DONE or crossed(laws.p, once, scratch.box_once[2]):
            high = middle
        else:
            low = middle
    _, _, why = attempt(laws, state, once, high, row, held, cursor, bulk, tolerance, scratch)
    return high, why


@compiled_bare
def begin(
    p: Any,
    table: Any,
    state: Any,
    once: Any,
    row: Any,
    held: int,
    cursor: Any,
    every: float,
    result: Any,
) -> tuple[float, float]:
    """Set the cursor to the start of a phase; return voltage and current right after the jump."""
    modes = state.shape[1] - 4
    cursor[FOUND] = row[START]
    if row[HELD] == FOUND_VOLTAGE:
        cursor[FOUND] = terminal(p, table, state, once, modes, 0, 0.0)[0]
    cursor[CHARGED] = once[APPLIED]
    cursor[NEXT] = every
    volt, flow = terminal(p, table, state, once, modes, held, cursor[FOUND])
    cursor[TOLD] = volt
    result[1] = flow
    result[0] = 1e-3 * p[SHEET] * flow
    for j in range(state.shape[0]):
        result[0] += state[j, modes] / state.shape[0]
    return volt, flow


@compiled_bare
def commit(p: Any, state: Any, once: Any, scratch: Any) -> None:
    """Make the end of a step the state, and its rates those before the next one."""
    copy(scratch.box[2], state)
    copy_once(scratch.box_once[2], once)
    copy(scratch.box[5], scratch.box[3])
    copy_once(scratch.box_once[5], scratch.box_once[3])
    if once[CRACKED] >= p[CHIP]:
        once[CHIPPED] = 1.0


@compiled_bare
def next_mark(marks: Any, elapsed: float) -> int:
    """First of the instants (rising) that is still to come."""
    mark = 0
    while mark < marks.shape[0] and marks[mark] <= elapsed:
        mark += 1
    return mark


@compiled_bare
def set_out(
    laws: Any, state: Any, once: Any, row: Any, held: int, began: float, cursor: Any,
    every: float, rows: Any, place: int, contact: float, bulk: float, metal: float, scratch: Any,
) -> tuple[int, int]:  # fmt: skip
    """Write the first sample of a phase, if it begins, and the rates with which it goes on."""
    if place + BURST + 4 > rows.shape[0]:
        return FULL, place
    if cursor[ELAPSED] == 0.0:
        p, result = laws.p, scratch.result
        volt, flow = begin(p, laws.table, state, once, row, held, cursor, every, result)
        place = write(rows, place, began, volt, flow, cursor, once, contact, bulk, metal)
        why = reached(row, volt, flow, 0.0, bulk, once[CRACKED])
        if why != DONE:
            return why, place
    start_rates(laws, state, once, held, asked(row, held, cursor[ELAPSED], cursor), scratch)
    return DONE, place


@compiled_bare
def keep_at(state: Any, once: Any, place: int, kept: Any, kept_once: Any) -> None:
    """Keep a state in its place."""
    copy(state, kept[place])
    copy_once(once, kept_once[place])


@compiled_bare
def due(cursor: Any) -> bool:
    """Whether the march should come back, and forget how long it went on."""
    if cursor[WAITED] < cursor[PAUSE] * (1.0 - 1e-12):
        return False
    cursor[WAITED] = 0.0
    return True


@compiled_bare
def phase(
    laws: Any, state: Any, once: Any, row: Any, began: float, cursor: Any, marks: Any, kept: Any,
    kept_once: Any, first: Any, tolerance: float, every: float, jump: float, rows: Any,
    place: int, scratch: Any,
) -> tuple[int, int]:  # fmt: skip
    """March through one phase, from the cursor to its end or to a limit.

    Parameters
    ----------
    laws, scratch : see `bundles`. state, once : the cell; written.
    row : the phase, by the columns of `march`; began : its start (s).
    cursor : where to go on; written. Its PAUSE is the time after which the march comes back.
    marks : instants of the phase (s, rising) at which the state is kept, in kept and kept_once.
    first : (1,) length of the first step (s); written.
    every, jump : samples each so many seconds (inf: none), and at such a change of voltage (V).
    rows, place : samples and the next free row.

    Returns
    -------
    why it ended, and the next free row.
    """
    p, result, theta = laws.p, scratch.result, scratch.theta
    modes, held, long = state.shape[1] - 4, int(row[HELD] != CURRENT), row[DURATION]
    if due(cursor):  # as the last phase ended
        return PAUSED, place
    contact, bulk, metal = depletion(p, state, once, modes, theta)
    early, steps = cursor[ELAPSED] == 0.0, 0
    why, place = set_out(
        laws, state, once, row, held, began, cursor, every, rows, place, contact, bulk, metal,
        scratch,
    )  # fmt: skip
    if why != DONE:
        return why, place
    depletion(p, state, once, modes, theta)
    h = first[0]
    mark = next_mark(marks, cursor[ELAPSED])
    while cursor[ELAPSED] < long * (1.0 - 1e-14):
        if place + BURST + 3 > rows.shape[0] or steps > MANY:
            return FULL, place
        steps += 1
        at = cursor[ELAPSED]
        goal = marks[mark] if mark < marks.shape[0] else long
        wanted, h = h, min(h, goal - at, BURST * every, cursor[PAUSE] - cursor[WAITED])
        volt, flow = terminal(p, laws.table, state, once, modes, held, asked(row, held, at, cursor))
        good, wrong, why = attempt(
            laws, state, once, h, row, held, cursor, bulk, tolerance, scratch
        )
        if not good or wrong > 1.0:
            h *= 0.25 if not good else max(0.2, 0.9 / wrong ** (1.0 / 3.0))
            depletion(p, state, once, modes, theta)
            if h < SHORTEST:
                return STUCK, place
            continue
        hit = crossed(p, once, scratch.box_once[2])
        if why != DONE or hit:
            h, why = locate(laws, state, once, h, row, held, cursor, bulk, tolerance, scratch)
        ending = why != DONE or at + h >= long * (1.0 - 1e-14)
        place = tell(
            p, rows, place, began, h, every, 0.0 if hit else jump, ending, volt, flow, cursor, once,
            scratch.box_once[2], contact, bulk, metal, result,
        )  # fmt: skip
        last = applied(p, result[1], result[2], once)  # as the step was solved: before it bridges
        commit(p, state, once, scratch)
        contact, bulk, metal = depletion(p, state, once, modes, theta)
        if ending:
            end = began + (at + h if why != DONE else long)
            place = write(rows, place, end, result[2], last, cursor, once, contact, bulk, metal)
        cursor[ELAPSED] = goal if at + h >= goal * (1.0 - 1e-14) else at + h
        if mark < marks.shape[0] and cursor[ELAPSED] >= marks[mark]:
            keep_at(state, once, mark, kept, kept_once)
            mark += 1
        if early and (wrong > 0.02 or cursor[ELAPSED] >= long):
            first[0], early = h, False
        cursor[WAITED] += h
        if why != DONE:
            return why, place
        if not ending and due(cursor):
            return PAUSED, place
        grown = h * min(4.0, 0.9 / max(wrong, 1e-4) ** (1.0 / 3.0))
        h = max(grown, wanted) if h < wanted else grown
    return DONE, place


@compiled_bare
def program(
    laws: Any, state: Any, once: Any, phases: Any, repeats: int, began: float, cursor: Any,
    marks: Any, stride: int, kept: Any, kept_once: Any, kept_time: Any, held_count: int,
    first: Any, tolerance: float, every: float, jump: float, rows: Any, scratch: Any,
) -> tuple[int, int, int, float]:  # fmt: skip
    """March through phases, `repeats` times, from the cursor on.

    Parameters
    ----------
    phases : (phase, column).
    began : instant at which the phase under the cursor began (s).
    marks : of the only phase; (0,) where there are more.
    stride : the state is kept after each so many phases (0: never), in kept, kept_once and
        kept_time from `held_count` on.
    first : (phase,) length of the first step of each phase (s).
    The others are those of `phase`.

    Returns
    -------
    why it ended, number of samples, number of kept states, instant at which the phase began.
    """
    place = 0
    while cursor[AT_REPEAT] < repeats:
        number = int(cursor[AT_PHASE])
        why, place = phase(
            laws, state, once, phases[number], began, cursor, marks, kept, kept_once,
            first[number : number + 1], tolerance, every, jump, rows, place, scratch,
        )  # fmt: skip
        if why != DONE:
            return why, place, held_count, began
        began += phases[number, DURATION]
        done = int(cursor[AT_REPEAT]) * phases.shape[0] + number + 1
        if stride > 0 and done % stride == 0 and held_count < kept.shape[0]:
            keep_at(state, once, held_count, kept, kept_once)
            kept_time[held_count] = began
            held_count += 1
        cursor[ELAPSED] = 0.0
        cursor[AT_PHASE] += 1.0
        if cursor[AT_PHASE] >= phases.shape[0]:
            cursor[AT_PHASE] = 0.0
            cursor[AT_REPEAT] += 1.0
    return DONE, place, held_count, began
