"""Confidence intervals of fitted circuits, and whether a circuit describes its spectrum at all.

The noise is what the fit leaves: s² = Σ w²|Z − Ẑ|²/(2N − K). Where neighbouring residuals are
alike, the circuit is not the cell, and the points are worth less than their number: then s² is
multiplied by (1 + ρ)/(1 − ρ), ρ being the correlation of neighbours, as for an autoregression.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.circuits.fitting import Minimum, Problem, covariance, minimise

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

LEVEL = 0.95
# As in the Kramers–Kronig test: z above which residuals are systematic, and the relative size up
# to which that is not held against a spectrum.
ALARM = 3.0
TOLERANCE = 0.003
_MOST_CORRELATED = 0.95
# The profile's walk: most evaluations per side, and how near to the limit is near enough.
_PROFILE_STEPS = 15
_PROFILE_TOLERANCE = 0.02
_FARTHEST = 30.0
# Others that follow a coordinate faster than this are better left to the fit.
_STEEPEST = 20.0


@final
@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is known about the accuracy of a block of fits.

    Attributes
    ----------
    covariance : of the coordinates, shape (S, K, K).
    variance : of one part of a weighted residual, correlation included, shape (S,).
    quantile : Student's t for the interval, shape (S,).
    systematic : the residual is not noise, and too large for a calibration, shape (S,).
    """

    covariance: Floats
    variance: Floats
    quantile: Floats
    systematic: Bools

    @property
    def half_width(self) -> Floats:
        """Half width of the intervals in the coordinates, shape (S, K)."""
        variance = np.maximum(np.einsum("skk->sk", self.covariance), 0.0)
        return np.asarray(self.quantile[:, None] * np.sqrt(variance))


def uncertainty(problem: Problem, found: Minimum) -> Uncertainty:
    """Estimate noise, covariance and systematic residuals of fits.

    Points must stand in the order of frequency, those left out at the end.
    """
    from scipy.special import stdtrit

    residual, _ = problem.evaluate(found.coordinates)
    kept = problem.weight > 0
    count = kept.sum(axis=1)
    freedom = np.maximum(2 * count - problem.free.sum(axis=1), 1)
    correlation, z = neighbours_alike(residual, kept)
    alarm = z > ALARM
    shared = np.clip(np.where(alarm, correlation, 0.0), 0.0, _MOST_CORRELATED)
    variance = found.state.cost / freedom * (1 + shared) / (1 - shared)
    size = problem.weight * np.abs(problem.impedance)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(kept, np.abs(residual) / size, 0.0)
    part = np.sqrt(np.sum(relative**2, axis=1) / (2 * count) * np.maximum(correlation, 0.0))
    return Uncertainty(
        covariance(found.state.matrix, problem.free, variance),
        variance,
        np.asarray(stdtrit(freedom, (1 + LEVEL) / 2), dtype=np.float64),
        alarm & (part > TOLERANCE),
    )


def neighbours_alike(residual: Complexes, kept: Bools) -> tuple[Floats, Floats]:
    """Return the correlation of neighbours, and z, which is standard normal for white noise.

    By von Neumann's ratio of both parts, see `validate`.
    """
    pairs = kept[:, 1:] & kept[:, :-1]
    count = kept.sum(axis=1)
    both = []
    for part in (residual.real, residual.imag):
        step = np.sum(np.where(pairs, np.diff(part, axis=1), 0.0) ** 2, axis=1)
        square = np.sum(np.where(kept, part, 0.0) ** 2, axis=1)
        both.append(1 - step / (2 * np.where(square > 0, square, np.inf)))
    mean = np.where(count > 3, (both[0] + both[1]) / 2, 0.0)
    z = mean * np.sqrt(2.0) * np.sqrt((count**2 - 1) / np.maximum(count - 2, 1))
    return mean, z


def profile(problem: Problem, found: Minimum, known: Uncertainty) -> tuple[Floats, Floats]:
    """Return the ends of the profile-likelihood intervals, in coordinates, shape (S, K).

    An end is where the smallest sum of squares that is left, with the parameter held there and all
    others fitted anew, exceeds the minimum by t² s²; at the end of the range where it never does.
    """
    low, high = found.coordinates.copy(), found.coordinates.copy()
    for k in range(low.shape[1]):
        rows = np.flatnonzero(problem.free[:, k])
        if rows.size:
            low[rows, k] = _end(problem.take(rows), found, known, rows, k, -1.0)
            high[rows, k] = _end(problem.take(rows), found, known, rows, k, 1.0)
    return low, high


def _end(
    part: Problem, found: Minimum, known: Uncertainty, rows: Ints, k: int, side: float
) -> Floats:
    """Walk along one coordinate to where √(rise/(t² s²)), which is nearly a line, reaches 1.

    Every step starts from the fit of the last point inside, so that it stays in the same valley.
    """
    best, limit = found.coordinates[rows], (known.quantile**2 * known.variance)[rows]
    room = np.maximum(side * ((part.high if side > 0 else part.low)[k] - best[:, k]), 0.0)
    room = np.minimum(room, _FARTHEST)
    walk = _Walk.begin(best, np.minimum(np.maximum(known.half_width[rows, k], 1e-9), room))
    slope = _slopes(known.covariance[rows, :, k], k)
    held = part.free.copy()
    held[:, k] = False
    going = room > 0
    for _ in range(_PROFILE_STEPS):
        at = np.flatnonzero(going)
        if not at.size:
            break
        ahead = side * (walk.reach[at] - walk.inner[at])
        start = walk.path[at] + ahead[:, None] * slope[at]
        trial = minimise(replace(part.take(at), free=held[at]), start)
        rise = np.maximum(trial.state.cost - found.state.cost[rows[at]], 0.0)
        share = np.sqrt(rise / limit[at])
        ended = (share < 1) & (walk.reach[at] >= room[at])
        going[at] = (np.abs(share - 1) > _PROFILE_TOLERANCE) & ~ended
        walk.record(at, share, trial.coordinates)
        walk.reach[going] = walk.next(room)[going]
    return np.asarray(best[:, k] + side * np.where(room > 0, walk.reach, 0.0))


def _slopes(covariance: Floats, k: int) -> Floats:
    """Return how the others follow the coordinate k, 1 for itself."""
    own = covariance[:, [k]]
    slope = covariance / np.where(own > 0, own, np.inf)
    slope = np.where(np.abs(slope) < _STEEPEST, slope, 0.0)
    slope[:, k] = 1.0
    return slope


@final
@dataclass(frozen=True, slots=True)
class _Walk:
    """How far walks along one coordinate have come.

    Attributes
    ----------
    reach : distance to try next, shape (S,).
    inner, outer : farthest distance inside, nearest outside (NaN: none yet).
    inner_share, outer_share : √(rise/limit) there.
    path : coordinates fitted at `inner`, shape (S, K).
    """

    reach: Floats
    inner: Floats
    outer: Floats
    inner_share: Floats
    outer_share: Floats
    path: Floats

    @classmethod
    def begin(cls, best: Floats, reach: Floats) -> _Walk:
        """Stand at the minimum."""
        zero, none = np.zeros(reach.size), np.full(reach.size, np.nan)
        return cls(reach.copy(), zero, none, zero.copy(), none.copy(), best.copy())

    def record(self, at: Ints, share: Floats, coordinates: Floats) -> None:
        """Take over what was found at `reach`."""
        beyond = share >= 1
        self.outer[at[beyond]] = self.reach[at[beyond]]
        self.outer_share[at[beyond]] = share[beyond]
        self.inner[at[~beyond]] = self.reach[at[~beyond]]
        self.inner_share[at[~beyond]] = share[~beyond]
        self.path[at[~beyond]] = coordinates[~beyond]

    def next(self, room: Floats) -> Floats:
        """Return where to look next: between the two, or farther ahead."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (1 - self.inner_share) / (self.outer_share - self.inner_share)
            between = self.inner + np.clip(share, 0.1, 0.9) * (self.outer - self.inner)
            ahead = self.inner * np.clip(1 / self.inner_share, 1.2, 3.0)
        return np.where(np.isfinite(self.outer), between, np.minimum(ahead, room))
