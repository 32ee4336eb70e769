"""Overpotential of a staircase with a knee that is known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

Floats = npt.NDArray[np.float64]
KS = (1.5, 2.0, 2.5, 4.0)


@dataclass(frozen=True)
class Knee:
    """η(i) = R0·i + a bend; its slope exceeds k times the slope at `start` at a known current.

    Attributes
    ----------
    r0 : slope at small currents (Ω).
    start : the first stair's current (A), where the slope counts as initial.
    place : centre of the bend, or the limiting current of the diverging family (A).
    width, gain : of the softplus bend (A; final slope over r0).
    diverging : η = R0·i/(1 − i/place) instead.
    """

    r0: float
    start: float
    place: float
    width: float = 1e-5
    gain: float = 12.0
    diverging: bool = False

    def slope(self, current: Floats | float) -> Floats:
        """Return dη/di (Ω) at |i| (A)."""
        i = np.asarray(current, float)
        if self.diverging:
            return self.r0 / (1 - np.minimum(i / self.place, 0.98)) ** 2
        bend = 1 / (1 + np.exp(-np.clip((i - self.place) / self.width, -500, 500)))
        return self.r0 * (1 + (self.gain - 1) * bend)

    def overpotential(self, current: Floats | float) -> Floats:
        """Return η (V) at |i| (A)."""
        i = np.asarray(current, float)
        if self.diverging:
            return self.r0 * i / (1 - np.minimum(i / self.place, 0.98))
        x = (i - self.place) / self.width
        bend = np.logaddexp(0, x) - np.logaddexp(0, -self.place / self.width)
        return self.r0 * (i + (self.gain - 1) * self.width * bend)

    def at(self, k: float) -> float:
        """Return the current (A) at which the slope reaches k times the initial one; inf: never."""
        wanted = k * float(self.slope(self.start))
        grid = np.linspace(self.start, 40 * self.place, 20001)
        if self.diverging:
            grid = np.linspace(self.start, 0.979 * self.place, 20001)
        above = np.flatnonzero(self.slope(grid) >= wanted)
        if not above.size:
            return float("inf")
        if above[0] == 0:
            return self.start
        low, high = grid[above[0] - 1], grid[above[0]]
        return float(brentq(lambda i: float(self.slope(i)) - wanted, low, high))


def knee_at(current: float, *, r0: float, start: float, k: float = 2.5, width: float = 1e-5,
            gain: float = 12.0, diverging: bool = False) -> Knee:  # fmt: skip
    """Return the knee whose slope reaches k times the initial one at `current` (A)."""

    def off(place: float) -> float:
        found = Knee(r0, start, place, width, gain, diverging).at(k)
        return (found if np.isfinite(found) else 1e3) - current

    low, high = (1.01 * current, 60 * current) if diverging else (0.8 * current, 4 * current)
    place = brentq(off, low, high, xtol=1e-12)
    return Knee(r0, start, float(place), width, gain, diverging)
