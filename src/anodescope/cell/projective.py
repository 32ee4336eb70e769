"""Trains of pulses by leaps: some are integrated, and what changes slowly is carried on.

After some pulses the layer repeats itself; contact, deposit, charge, filament and voids drift by
nearly the same step each time (Gear & Kevrekidis 2003, DOI 10.1137/S1064827501388157). A leap takes
that step many times at once. Half of the step's change that shows behind it, times the leap, is
what the leap got wrong; the sum of those is the error that is stated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell.engine import Engine
from anodescope.errors import SettingsError

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Projective:
    """How far to leap.

    Attributes
    ----------
    settle : pulses that are integrated before a leap is measured, at least; so many as four times
        the slowest layer's time takes, where those are more.
    span : pulses over which the drift is measured.
    most : pulses that one leap takes at most.
    tolerance : what a leap may get wrong: of contact, of 1 mAh/cm² of deposit, of a filament.

    Raises
    ------
    SettingsError
        for a value out of its range.
    """

    settle: int = 3
    span: int = 5
    most: int = 500
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        for name in ("settle", "span", "most"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SettingsError(
                    f"Projective, {name}: expected a whole number from 1, found {value!r}."
                )
        if not 0.0 < self.tolerance < 1.0:
            raise SettingsError(
                f"Projective, tolerance: expected a number between 0 and 1, found "
                f"{self.tolerance!r}."
            )


@final
@dataclass(slots=True)
class Leaps:
    """What was leapt over: repetitions, and the stated error of the states over their scales."""

    over: int = 0
    error: float = 0.0


def project(
    engine: Engine, turns: Callable[[int], None], repeats: int, period: float, plan: Projective,
    leaps: Leaps,
) -> None:  # fmt: skip
    """Go through repetitions, integrating some and leaping over the others.

    Parameters
    ----------
    engine : the cell.
    turns : integrates so many repetitions; a limit leaves by an exception.
    repeats, period : number of repetitions and the time of one (s).
    plan : how far to leap.
    leaps : what was leapt over, written as it goes.
    """
    # The layer has to forget the leap before the next step is measured.
    settle = max(plan.settle, math.ceil(4.0 * engine.slowest / period))
    left, jump, aim = repeats, 0, float(settle)
    before: Floats | None = None
    while left > 0:
        count = min(left, settle)
        left -= count
        turns(count)
        if left == 0:
            break
        start = engine.slow()
        count = min(left, plan.span)
        left -= count
        turns(count)
        drift = (engine.slow() - start) / count
        bend = np.zeros(drift.size)
        if before is not None:
            bend = (drift - before) / (jump + settle + plan.span)
            wrong = 0.5 * jump * engine.size_of(drift - before)
            leaps.error += wrong
            room = 2.0 if wrong == 0.0 else float(np.sqrt(plan.tolerance / wrong))
            aim = jump * min(max(0.9 * room, 0.2), 2.0)
        # A leap stays where its step still tells something.
        reach = 0.05 / max(engine.size_of(drift), 1e-12)
        jump = max(math.ceil(min(aim, plan.most, reach)), 1)
        # The last repetitions are integrated, so that the end is a state that was reached.
        jump = min(jump, max(left - settle, 0))
        # The drift was measured half a span ago and goes on bending (Adams & Bashforth).
        more = 0.5 * jump * (jump + plan.span) * bend
        most = 0.5 * jump * engine.size_of(drift)
        more *= min(1.0, most / max(engine.size_of(more), 1e-300))
        engine.shift(jump * drift + more, jump * period)
        left, before = left - jump, drift
        leaps.over += jump
