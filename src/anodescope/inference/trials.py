"""Trials that the paper did not do: thresholds, trains of pulses, rests before plating.

Each puts a cell on the bare engine that a fit uses (`quick.Stand`): the same laws through the same
currents, no campaign, fewer patches, pulses leapt over (`trains`). At the speed `BRISK`, for the
best cell and a member with a quicker layer, trains came out within 5 % of those at `quick.POLISH`,
those that end within 200 pulses within 10 % (they count few pulses: patches, not leaps), thresholds
within 1.1 %. Leaps alone are worth up to 2.5 % of a train of which every pulse is integrated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.cell import Cell
from anodescope.errors import Outcome
from anodescope.events.onset.knee import knees
from anodescope.inference.quick import (
    COMPLIANCE,
    CUT_OFF,
    FACTOR,
    HOLD,
    SWEEP,
    Speed,
    Stand,
)

NAN = float("nan")
BRISK = Speed(patches=8, tolerance=6e-2, leap=1e-2, most=5000)
HOUR = 3600.0
# The staircase of O5, and how far it goes on where it shows no knee (mA/cm²).
FIRST, STEP, LAST, FARTHEST = 0.05, 0.01, 1.0, 3.0
# More than any cell here holds (mAh/cm²).
MOST = 80.0
# Plating stops here at the latest, as in the in situ cell (mAh/cm²).
PLATED = 4.0


@final
@dataclass(frozen=True, slots=True)
class Outturn:
    """What a trial gave.

    Attributes
    ----------
    value : in the trial's unit; a bound where censored, NaN where nothing was found.
    outcome : determined; censored (at least `value`); not_found.
    note : what ended it otherwise than expected.
    """

    value: float
    outcome: Outcome = Outcome.determined
    note: str = ""


def threshold(cell: Cell, speed: Speed = BRISK) -> Outturn:
    """Return the knee of the stripping staircase (mA/cm²), defined as in O5.

    First current at which dV/di exceeds 2.5 times its initial value, at the end of the 5 s holds,
    iR not taken away. Where 0.05 to 1 mA/cm² show none, the scan goes on to 3 mA/cm². A cell that
    reaches 3 V before a knee can be told has no threshold, and the note says after how many stairs.
    """
    for last in (LAST, FARTHEST):
        current, volts, done = _scan(cell, last, speed)
        if current.size >= 8:
            found = knees(current, volts, np.zeros(1), np.array([FACTOR]))
            value = float(found.value[0, 0])
            if math.isfinite(value):
                return Outturn(value)
        if not done:
            break
    if done:
        reached = float(current[-1])
        return Outturn(reached, Outcome.censored, f"no knee up to {reached:g} mA/cm²")
    stairs = "1 stair" if current.size == 1 else f"{current.size} stairs"
    return Outturn(NAN, Outcome.not_found, f"3 V after {stairs}, before a knee can be told")


def _scan(
    cell: Cell, last: float, speed: Speed
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]],
           np.ndarray[tuple[int], np.dtype[np.float64]], bool]:  # fmt: skip
    """Return currents and voltages of the stairs passed, and whether 3 V were never reached."""
    stand, volts = Stand(cell, speed), []
    stairs = np.round(np.arange(FIRST, last + 0.5 * STEP, STEP), 10)
    whole = True
    for current in stairs:
        whole = stand.hold(float(current), HOLD, limit=CUT_OFF)
        if not whole:
            break
        volts.append(stand.engine.voltage(float(current)))
        whole = stand.hold(float(current), SWEEP, limit=CUT_OFF)
        if not whole:
            break
    return stairs[: len(volts)], np.array(volts), whole


def held(cell: Cell, current: float, speed: Speed = BRISK) -> Outturn:
    """Return the charge (mAh/cm²) that a constant current (mA/cm²) strips until 3 V."""
    stand = Stand(cell, speed)
    done = stand.hold(current, MOST / current * HOUR, limit=CUT_OFF)
    return Outturn(stand.charge, Outcome.censored if done else Outcome.determined)


def pulsed(cell: Cell, current: float, on: float, rest: float, speed: Speed = BRISK) -> Outturn:
    """Return the current-on charge (mAh/cm²) of pulses until 3 V.

    Parameters
    ----------
    cell : any. current : (mA/cm²). on, rest : of a pulse (s); without a rest it is held.
    speed : of the engine.
    """
    if rest == 0.0:
        return held(cell, current, speed)
    stand = Stand(cell, speed)
    stand.train(current, on, rest, _count(current, on))
    return _told(stand.charge)


def resumed(
    cell: Cell, current: float, on: float, rest: float, pause: float, speed: Speed = BRISK
) -> tuple[Outturn, Outturn]:
    """Return the charges (mAh/cm²) of pulses to 3 V before and after a pause (s) at rest."""
    stand = Stand(cell, speed)
    stand.train(current, on, rest, _count(current, on))
    before = stand.charge
    stand.hold(0.0, pause)
    stand.train(current, on, rest, _count(current, on))
    return _told(before), _told(stand.charge - before)


def _count(current: float, on: float) -> int:
    return math.ceil(MOST * HOUR / (current * on))


def _told(charge: float) -> Outturn:
    done = charge >= MOST * (1.0 - 1e-9)
    return Outturn(charge, Outcome.censored if done else Outcome.determined)


def critical(
    cell: Cell, currents: Sequence[float], half_cycle: float, speed: Speed = BRISK
) -> Outturn:
    """Return the first current (mA/cm²) whose plating half-cycle shorts; stripping comes first.

    Parameters
    ----------
    cell : any. currents : rising (mA/cm²). half_cycle : (s). speed : of the engine.
    """
    stand = Stand(cell, speed)
    for current in currents:
        if not stand.hold(current, half_cycle, limit=COMPLIANCE):
            told = f"cannot be stripped for a half-cycle at {current:g} mA/cm²"
            return Outturn(NAN, Outcome.not_found, told)
        if not stand.hold(-current, half_cycle, short=True):
            return Outturn(current)
    return Outturn(currents[-1], Outcome.censored, f"no short up to {currents[-1]:g} mA/cm²")


def plated_after(
    cell: Cell, current: float, rest: float, *, stripped: float = HOUR,
    before: Sequence[float] = (), plated: float = PLATED, speed: Speed = BRISK,
) -> Outturn:  # fmt: skip
    """Return the charge (mAh/cm²) plated up to a short, after stripping and a rest.

    Parameters
    ----------
    cell : any. current : of stripping and of plating (mA/cm²).
    rest : between the two (s). stripped : time of stripping (s); 0: the cell is fresh.
    before : currents (mA/cm²) that it was stripped and plated at for an hour each, earlier.
    plated : charge (mAh/cm²) at which plating ends without a short.
    speed : of the engine.
    """
    stand = Stand(cell, speed)
    for size in before:
        if not (stand.hold(size, HOUR) and stand.hold(-size, HOUR, short=True)):
            return Outturn(NAN, Outcome.not_found, f"ends at {size:g} mA/cm² before the trial")
    if stripped and not stand.hold(current, stripped, limit=COMPLIANCE):
        return Outturn(NAN, Outcome.not_found, f"cannot be stripped at {current:g} mA/cm²")
    if rest:
        stand.hold(0.0, rest)
    start = stand.charge
    whole = stand.hold(-current, plated / current * HOUR, short=True)
    charge = start - stand.charge
    return Outturn(charge, Outcome.censored if whole else Outcome.determined)
