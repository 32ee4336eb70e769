"""Phases of a protocol marched through in time: adaptive second-order steps, events, samples.

Each step is TR-BDF2 (Bank et al. 1985, DOI 10.1109/TCAD.1985.1270142; Hosea & Shampine 1996,
DOI 10.1016/0168-9274(95)00115-8): L-stable and second order, so that microseconds of a capacitor
and hours of re-alloying share one method. A third-order quadrature of its rates estimates the
error, and the step follows it.
"""

from __future__ import annotations

import math
from typing import Any

from anodescope.cell.patch import accessible, availability
from anodescope.cell.slots import INDEX
from anodescope.cell.slow import bulk_fraction, constriction
from anodescope.cell.stage import APPLIED, CHARGE, COUNTER, CRACKED, ONCE, PERIOD, lengthen, stage
from anodescope.compiling import compiled_bare

CHIP, SHEET = INDEX["filament_chip"], INDEX["sheet"]
ELECTROLYTE, SHORT = INDEX["electrolyte"], INDEX["short_resistance"]

# Where the middle stage of TR-BDF2 stands.
GAMMA = 2.0 - math.sqrt(2.0)

# Columns of the table of phases.
HELD, START, STOP, DURATION, VOLTAGE_LIMIT, CHARGE_LIMIT, FRACTION_LIMIT, SHORT_LIMIT = range(8)
PHASE_COLUMNS = 8
# What is held.
CURRENT, VOLTAGE, FOUND_VOLTAGE = 0, 1, 2
# Why the march returned.
DONE, LIMIT_VOLTAGE, LIMIT_CHARGE, LIMIT_FRACTION, LIMIT_SHORT, FULL, STUCK, PAUSED, EMPTY = range(
    9
)
# Columns of a sample.
TIME, VOLT, FLOW, V_COUNTER, PHASE, REPEAT, CONTACT, BULK, METAL, FILAMENT, PASSED = range(11)
SAMPLE_COLUMNS = 11
# An event's instant is known to this (s).
EVENT = 2e-4
SHORTEST = 1e-15
INSTANT = 1e-9
# What the passes of a stage may leave, over the tolerance of a step.
LAG = 0.02


@compiled_bare
def terminal(
    p: Any, table: Any, state: Any, once: Any, modes: int, held: int, value: float
) -> tuple[float, float]:
    """Voltage and current of the cell at an instant: the state fixes them, without a step."""
    patches = state.shape[0]
    mean = 0.0
    contact = 0.0
    for j in range(patches):
        mean += state[j, modes] / patches
        contact += (1.0 - state[j, modes + 1]) * (1.0 - state[j, modes + 3]) / patches
    series = p[ELECTROLYTE] + constriction(p, table, contact, once[PERIOD]) + p[SHEET]
    back = mean + once[COUNTER]
    if held == 1:
        flow = 1e3 * (value - back) / series
        if once[CRACKED] >= 1.0:
            flow += 1e3 * value / p[SHORT]
        return value, flow
    if once[CRACKED] >= 1.0:
        flow = 1e3 * (1e-3 * value * p[SHORT] - back) / (series + p[SHORT])
        return 1e-3 * (value - flow) * p[SHORT], value
    return 1e-3 * value * series + back, value


@compiled_bare
def depletion(p: Any, state: Any, once: Any, modes: int, theta: Any) -> tuple[float, float, float]:
    """Write θ of the patches; return contact, bulk composition and mean deposit."""
    patches = state.shape[0]
    contact = 0.0
    metal = 0.0
    for j in range(patches):
        contact += (1.0 - state[j, modes + 1]) * (1.0 - state[j, modes + 3]) / patches
        metal += state[j, modes + 2] / patches
    bulk = bulk_fraction(p, once[CHARGE], metal)
    room = accessible(p, bulk)
    for j in range(patches):
        surface = bulk
        for k in range(modes):
            surface -= state[j, k]
        theta[j] = availability(p, bulk, room, surface)[0]
    return contact, bulk, metal


@compiled_bare
def error(
    state: Any, box: Any, box_once: Any, theta: Any, room: float, h: float, modes: int,
    tolerance: float,
) -> float:  # fmt: skip
    """Largest error of a step over what is tolerated.

    A composition counts by what it changes of θ. The error is seen in the rates before, in the
    middle and after; the weights are those of the third-order quadrature less the method's own
    (Hosea & Shampine 1996).
    """
    before, middle, after = box[3], box[4], box[5]
    filament = _slip(box_once[3, CRACKED], box_once[4, CRACKED], box_once[5, CRACKED])
    counter = _slip(box_once[3, COUNTER], box_once[4, COUNTER], box_once[5, COUNTER])
    worst = max(abs(filament) / 0.02, abs(counter) / 0.05)
    for j in range(state.shape[0]):
        slip = 0.0
        for k in range(modes):
            slip += _slip(before[j, k], middle[j, k], after[j, k])
        worst = max(worst, abs(slip) / (0.2 * room * max(theta[j], 1e-3)))
        volt = abs(_slip(before[j, modes], middle[j, modes], after[j, modes]))
        worst = max(worst, volt / (0.02 + abs(state[j, modes])))
        for k in (modes + 1, modes + 3):
            worst = max(worst, abs(_slip(before[j, k], middle[j, k], after[j, k])) / 0.1)
        metal = abs(_slip(before[j, modes + 2], middle[j, modes + 2], after[j, modes + 2]))
        worst = max(worst, metal / (0.05 + state[j, modes + 2]))
    return float(h * worst / tolerance)


@compiled_bare
def _slip(before: float, middle: float, after: float) -> float:
    return (1.0 - math.sqrt(2.0)) / 3.0 * before + middle / 3.0 - GAMMA / 3.0 * after


@compiled_bare
def step(
    laws: Any, state: Any, once: Any, h: float, held: int, value_1: float, value_2: float,
    tolerance: float, scratch: Any,
) -> tuple[bool, float]:  # fmt: skip
    """Take one step of length h; say whether it settled, and its error over the tolerance.

    Parameters
    ----------
    laws, scratch : see `bundles`; the rates before the step are read from the scratch.
    state, once : (patch, M + 4), (6,): where it starts; not changed.
    held, value_1, value_2 : 0 and the current (mA/cm²) in the middle and at the end, or 1 and the
        voltages (V).
    """
    box, box_once, result = scratch.box, scratch.box_once, scratch.result
    a = 0.5 * GAMMA * h
    lengthen(laws, a, scratch.work)
    modes = state.shape[1] - 4
    result[0] = 1e-3 * laws.p[SHEET] * (value_1 if held == 0 else result[1])
    for j in range(state.shape[0]):
        result[0] += state[j, modes] / state.shape[0]
    _ahead(state, once, a, box, box_once)
    _guess(state, GAMMA * h, box, 3, 1, result)
    if not stage(laws, a, held, value_1, 1, scratch, LAG * tolerance):
        return False, 0.0
    result[3], result[4] = result[2], result[1]
    _slopes(a, 1, 4, box, box_once)
    w = 0.25 * math.sqrt(2.0) * h
    for j in range(state.shape[0]):
        for k in range(state.shape[1]):
            box[0, j, k] = state[j, k] + w * (box[3, j, k] + box[4, j, k])
    for k in range(ONCE):
        box_once[0, k] = once[k] + w * (box_once[3, k] + box_once[4, k])
    _guess(box[1], (1.0 - GAMMA) * h, box, 4, 2, result)
    if not stage(laws, a, held, value_2, 2, scratch, LAG * tolerance):
        return False, 0.0
    _slopes(a, 2, 5, box, box_once)
    room = accessible(laws.p, bulk_fraction(laws.p, box_once[2, CHARGE], 0.0))
    return True, error(state, box, box_once, scratch.theta, room, h, modes, tolerance)


@compiled_bare
def copy(source: Any, into: Any) -> None:
    """Copy an array (n, m) into another; a slice assignment would make one more on the way."""
    for j in range(source.shape[0]):
        for k in range(source.shape[1]):
            into[j, k] = source[j, k]


@compiled_bare
def copy_once(source: Any, into: Any) -> None:
    """Copy an array (n,) into another."""
    for k in range(source.shape[0]):
        into[k] = source[k]


@compiled_bare
def _ahead(state: Any, once: Any, a: float, box: Any, box_once: Any) -> None:
    for j in range(state.shape[0]):
        for k in range(state.shape[1]):
            box[0, j, k] = state[j, k] + a * box[3, j, k]
    for k in range(ONCE):
        box_once[0, k] = once[k] + a * box_once[3, k]


@compiled_bare
def _guess(source: Any, h: float, box: Any, slope: int, into: int, result: Any) -> None:
    """Guess the state a time h after `source`, and the interface's voltage with it."""
    v = source.shape[1] - 4
    for j in range(source.shape[0]):
        for k in range(source.shape[1]):
            box[into, j, k] = source[j, k] + h * box[slope, j, k]
        result[0] += h * box[slope, j, v] / source.shape[0]


@compiled_bare
def _slopes(a: float, solved: int, into: int, box: Any, box_once: Any) -> None:
    for j in range(box.shape[1]):
        for k in range(box.shape[2]):
            box[into, j, k] = (box[solved, j, k] - box[0, j, k]) / a
    for k in range(ONCE):
        box_once[into, k] = (box_once[solved, k] - box_once[0, k]) / a


@compiled_bare
def start_rates(laws: Any, state: Any, once: Any, held: int, value: float, scratch: Any) -> None:
    """Write the rates at an instant after a jump into the scratch, by a step of a nanosecond."""
    box, box_once = scratch.box, scratch.box_once
    copy(state, box[0])
    copy(state, box[1])
    copy_once(once, box_once[0])
    lengthen(laws, INSTANT, scratch.work)
    stage(laws, INSTANT, held, value, 1, scratch, 1e-6)
    _slopes(INSTANT, 1, 3, box, box_once)
    # The rate of the charge is known; over a nanosecond its digits would be lost.
    box_once[3, CHARGE] = scratch.result[1] / 3600.0
    if held == 0:
        box_once[3, APPLIED] = value / 3600.0


@compiled_bare
def reached(
    limits: Any, volt: float, flow: float, charge: float, bulk: float, length: float
) -> int:
    """Which limit of a phase a state has reached, or DONE for none.

    A composition is reached from the side from which the current drives towards it.
    """
    if limits[SHORT_LIMIT] > 0.0 and length >= 1.0:
        return LIMIT_SHORT
    if abs(volt) >= limits[VOLTAGE_LIMIT]:
        return LIMIT_VOLTAGE
    if abs(charge) >= limits[CHARGE_LIMIT] * (1.0 - 1e-12):
        return LIMIT_CHARGE
    goal = limits[FRACTION_LIMIT]
    if (flow > 0.0 and bulk <= goal) or (flow < 0.0 and bulk >= goal):
        return LIMIT_FRACTION
    return DONE
