"""Trains of pulses to a limit, with as few of them integrated as their layers allow.

As in `cell.projective`, what drifts is carried on over many pulses by what some of them show. Two
things differ, since only the charge at the limit is asked for. A layer that has yet to forget a
leap fades at least as fast as its slowest mode, so from the change between two blocks of pulses it
is known how much is left: pulses are integrated until that is small, not for four times the slowest
layer's time. And where a limit ends the train right behind a leap, the leap is taken back and a
shorter one tried, until what it spans is 1 % of the charge.
"""

from __future__ import annotations

import math
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell.engine import Engine
from anodescope.cell.march import DONE, DURATION, START
from anodescope.cell.stage import APPLIED

Floats = NDArray[np.float64]

# Pulses of a block, over which a drift is measured.
BLOCK = 5
# A layer is held to have forgotten after so many times of its slowest mode: 2 % is left.
FORGOTTEN = 4.0
# Of contact, and of mAh/cm² of deposit: what one leap changes at most.
REACH = 0.05
# Share of the train's charge that the leap at its end may span.
END = 0.01


def train(
    engine: Engine, phases: Floats, count: int, *, tolerance: float, most: int, turns: int
) -> int:
    """Repeat phases until one meets its limit, or so many times.

    Parameters
    ----------
    engine : the cell. phases : of one pulse and its rest (phase, 8), columns of `cell.march`.
    count : of pulses.
    tolerance : what a leap may get wrong: of contact, of 1 mAh/cm² of deposit, of a filament.
    most : pulses that one leap takes at most.
    turns : pulses that are integrated at most; the train ends there without its limit.

    Returns
    -------
    Number of pulses that were integrated.
    """
    made = _Train(engine, phases, tolerance, most)
    made.through(count, turns)
    return made.turns


@final
class _Train:
    """A train on its way: where it stands, its last drift, and where its last leap began."""

    def __init__(self, engine: Engine, rows: Floats, tolerance: float, most: int) -> None:
        self.engine, self.rows, self.tolerance, self.most = engine, rows, tolerance, most
        self.turns = self.left = self.leap = 0
        self.began = float(engine.once[APPLIED])
        self.period = float(rows[:, DURATION].sum())
        self.charge = float(np.abs(rows[:, START] * rows[:, DURATION]).sum()) / 3600.0
        blocks = BLOCK * self.period / self.engine.slowest
        # What fades by exp(-blocks) changes by this times what is left of it.
        self.fading = math.expm1(min(blocks, 50.0))
        self.longest = max(2, math.ceil(FORGOTTEN / blocks))
        self.drift, self.bend = np.zeros(0), np.zeros(0)
        self.aim = float(BLOCK)

    def through(self, count: int, turns: int) -> None:
        """Go through so many pulses, to the limit, or until so many were integrated."""
        self.left = count
        before: Floats | None = None
        where = self._where()
        while self.left > 0 and self.turns < turns:
            passed = self._settled()
            if passed and self.left == 0:
                return
            if passed:
                self._aimed(before, passed)
                where = self._where()
            elif self.leap > 1 and self.leap * self.charge > END * self._passed:
                self._back(where)
            else:
                return
            before = self.drift
            self._leap()

    @property
    def _passed(self) -> float:
        """Charge of the train so far (mAh/cm²)."""
        return float(self.engine.once[APPLIED]) - self.began

    def _settled(self) -> int:
        """Integrate until the layers have forgotten; return the number of pulses, 0 at a limit."""
        engine, passed, last = self.engine, 0, None
        for _ in range(self.longest):
            number = min(BLOCK, self.left - passed)
            if number == 0:
                break
            start = engine.slow()
            self.turns += number
            if engine.advance(self.rows, number)[0] != DONE:
                return 0
            passed += number
            drift = (engine.slow() - start) / number
            change = math.inf if last is None else engine.size_of(drift - last)
            last = drift
            if 0.5 * max(self.aim, BLOCK) * change <= self.tolerance * self.fading:
                break
        self.left -= passed
        self.drift = np.zeros(0) if last is None else last
        return passed

    def _aimed(self, before: Floats | None, passed: int) -> None:
        """Set the next leap, by how wrong the last one was."""
        engine = self.engine
        self.bend = np.zeros(self.drift.size)
        if before is not None:
            change = self.drift - before
            self.bend = change / (self.leap + passed)
            wrong = 0.5 * self.leap * engine.size_of(change)
            room = 2.0 if wrong == 0.0 else math.sqrt(self.tolerance / wrong)
            self.aim = self.leap * min(max(0.9 * room, 0.2), 2.0)
        reach = REACH / max(engine.size_of(self.drift), 1e-12)
        self.leap = max(math.ceil(min(self.aim, self.most, reach)), 1)

    def _leap(self) -> None:
        # The last pulses are integrated, so that the end is a state that was reached.
        self.leap = min(self.leap, max(self.left - BLOCK, 0))
        size = self.engine.size_of
        more = 0.5 * self.leap * (self.leap + BLOCK) * self.bend
        more *= min(1.0, 0.5 * self.leap * size(self.drift) / max(size(more), 1e-300))
        self.engine.shift(self.leap * self.drift + more, self.leap * self.period)
        self.left -= self.leap

    def _where(self) -> tuple[Floats, Floats, float, int, Floats]:
        engine = self.engine
        return engine.state.copy(), engine.once.copy(), engine.time, self.left, self.drift

    def _back(self, where: tuple[Floats, Floats, float, int, Floats]) -> None:
        """Return to where the last leap began, with a quarter of it."""
        self.engine.state[:], self.engine.once[:], self.engine.time = where[:3]
        self.left, self.drift = where[3:]
        self.leap = max(self.leap // 4, 1)
        self.aim = float(self.leap)
