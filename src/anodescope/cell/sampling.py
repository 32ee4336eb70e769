"""Samples as an instrument takes them, out of the steps of a march."""

from __future__ import annotations

from typing import Any

from anodescope.cell.march import (
    BULK,
    CONTACT,
    FILAMENT,
    FLOW,
    GAMMA,
    METAL,
    PASSED,
    PHASE,
    REPEAT,
    SHORT,
    TIME,
    V_COUNTER,
    VOLT,
)
from anodescope.cell.stage import APPLIED, COUNTER, CRACKED
from anodescope.compiling import compiled_bare

# Places of the cursor: what a march needs to go on where it stopped.
AT_REPEAT, AT_PHASE, ELAPSED, NEXT, FOUND, CHARGED, TOLD, WAITED, PAUSE = range(9)
CURSOR = 9


@compiled_bare
def between(x: float, first: float, middle: float, last: float) -> float:
    """Parabola through (0, first), (γ, middle), (1, last)."""
    g = GAMMA
    return (
        first * (x - g) * (x - 1.0) / g
        + middle * x * (x - 1.0) / (g * (g - 1.0))
        + last * x * (x - g) / (1.0 - g)
    )


@compiled_bare
def applied(p: Any, flow: float, volt: float, once: Any) -> float:
    """Current of the instrument: that of the interface, and what a filament carries."""
    return float(flow + 1e3 * volt / p[SHORT] if once[CRACKED] >= 1.0 else flow)


@compiled_bare
def write(
    rows: Any, place: int, time: float, volt: float, flow: float, cursor: Any, once: Any,
    contact: float, bulk: float, metal: float,
) -> int:  # fmt: skip
    """Write one sample and return the next free row."""
    row = rows[place]
    row[TIME] = time
    row[VOLT] = volt
    row[FLOW] = flow
    row[V_COUNTER] = once[COUNTER]
    row[PHASE] = cursor[AT_PHASE]
    row[REPEAT] = cursor[AT_REPEAT]
    row[CONTACT] = contact
    row[BULK] = bulk
    row[METAL] = metal
    row[FILAMENT] = once[CRACKED]
    row[PASSED] = once[APPLIED]
    return place + 1


@compiled_bare
def tell(
    p: Any, rows: Any, place: int, began: float, h: float, every: float, jump: float,
    ending: bool, volt: float, flow: float, cursor: Any, once: Any, later: Any, contact: float,
    bulk: float, metal: float, result: Any,
) -> int:  # fmt: skip
    """Write the samples of a step: those that are due, and its end where the voltage jumped."""
    at = cursor[ELAPSED]
    last = applied(p, result[1], result[2], once)  # a filament that bridges here carries none yet
    middle = applied(p, result[4], result[3], once)
    while cursor[NEXT] < (at + h) * (1.0 - 1e-14):
        x = (cursor[NEXT] - at) / h
        v = between(x, volt, result[3], result[2])
        i = flow if flow == last else between(x, flow, middle, last)
        place = write(rows, place, began + cursor[NEXT], v, i, cursor, once, contact, bulk, metal)
        row = rows[place - 1]
        row[V_COUNTER] += x * (later[COUNTER] - once[COUNTER])
        row[FILAMENT] += x * (later[CRACKED] - once[CRACKED])
        row[PASSED] += x * (later[APPLIED] - once[APPLIED])
        cursor[NEXT] += every
        cursor[TOLD] = v
    if not ending and abs(result[2] - cursor[TOLD]) >= jump:
        place = write(
            rows, place, began + at + h, result[2], last, cursor, later, contact, bulk, metal
        )
        cursor[TOLD] = result[2]
        if cursor[NEXT] <= at + h:
            cursor[NEXT] += every
    return place
