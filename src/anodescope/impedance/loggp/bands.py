"""95 % bands of γ, and spreads that peaks need, from the posterior about the most probable u.

Two things are missing from the bare posterior, which takes the smoothness as known and the model as
exact. Where the truth has its maximum, it is more often above the estimate than below: data of
finite noise leave a peak wider and lower than it is. So the upper side is widened near maxima of
the estimate. And the posterior of a smoothed series counts correlated leftovers of the noise as
if they were independent, which makes it too wide. The factors were found on cells of the training
generator; what they give on others is reported by ``anodescope bench drt``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.uncertainty import Uncertainty

Floats = npt.NDArray[np.float64]

_TWO_SIGMA = 1.959963984540054
# On the posterior's spread of ln γ, for a single spectrum and for one of a smoothed series.
SCALE_SINGLE, SCALE_JOINT = 1.0, 0.75
# Spread that is always there, and the share of the largest γ that is.
LEAST_SPREAD, LEAST_SHARE = 0.02, 1e-3
# Where γ is too small to be seen its logarithm has no bound that would mean anything.
MOST_SPREAD = 1.0
# How much further the upper side reaches at a maximum, and within which distance (ln τ).
LIFT, LIFT_REACH = 1.5, 0.35
# Maxima lower than this under the highest (ln γ) are not lifted.
LIFT_DEPTH = 3.5


@final
@dataclass(frozen=True, slots=True)
class Band:
    """Bounds of γ, in units of `Problem.scale`, shape (n,).

    Attributes
    ----------
    low, high : 95 % bounds at each lattice point.
    """

    low: Floats
    high: Floats


def band(known: Uncertainty, *, joint: bool) -> Band:
    """Return the band of one solution.

    Parameters
    ----------
    known : the posterior about it.
    joint : the solution is that of a smoothed spectrum.
    """
    solution = known.solution
    step = solution.problem.design.lattice.step
    scale = SCALE_JOINT if joint else SCALE_SINGLE
    positive = solution.positive
    floor = LEAST_SHARE * float(np.abs(solution.gamma).max())
    bare = np.minimum(known.spread, MOST_SPREAD)
    spread = _TWO_SIGMA * np.sqrt((scale * bare) ** 2 + LEAST_SPREAD**2)
    lift = 1 + LIFT * _near_maxima(solution.u, step)
    up, down = positive * np.expm1(spread) * lift, -positive * np.expm1(-spread)
    if not solution.terms.loops:
        return Band(np.maximum(positive - down - floor, 0.0), positive + up + floor)
    # Near a loop only the difference of the positive γ and the loop is known.
    gamma = solution.gamma
    share = np.abs(gamma - positive) / np.maximum(positive + np.abs(gamma - positive), 1e-300)
    reach = scale * _TWO_SIGMA * np.sqrt(known.of_gamma(np.eye(gamma.size)))
    up, down = (1 - share) * up + share * reach, (1 - share) * down + share * reach
    return Band(gamma - down - floor, gamma + up + floor)


def _near_maxima(u: Floats, step: float) -> Floats:
    """1 at maxima of u that stand out, falling to 0 away from them, shape (n,)."""
    inner = u[1:-1]
    peaks = np.flatnonzero((inner >= u[:-2]) & (inner > u[2:]) & (inner > u.max() - LIFT_DEPTH)) + 1
    if not peaks.size:
        return np.zeros(u.size)
    away = np.abs(np.arange(u.size)[:, None] - peaks[None, :]).min(axis=1) * step
    return np.asarray(np.exp(-0.5 * (away / LIFT_REACH) ** 2))
