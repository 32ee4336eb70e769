"""Complex non-linear least squares for many spectra at once.

    minimise  Σ w² |Z − Ẑ|²   over the coordinates of a circuit's free parameters

by Levenberg's and Marquardt's method (doi:10.1137/0111030) on normal equations with analytic
derivatives, scaled to unit diagonal; all spectra of a block take their steps together, each with
its own damping. Coordinates are logarithms and logits, so the scaled equations are well conditioned
wherever the data fix the parameters, and squaring the Jacobian costs nothing that would be seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.circuits.composition import Circuit, Points

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

MAX_STEPS = 100
# A step changes no coordinate by more: a factor of 7 for what is positive.
_LONGEST_STEP = 2.0
# The sum of squares cannot fall by more than this share any more.
_SETTLED = 1e-11
# Residuals of this size relative to the data are rounding.
_ROUNDING = 1e-26
_LEAST_DAMPING, _MOST_DAMPING = 1e-10, 1e8
# Below this share of the largest, an eigenvalue of the scaled equations is rounding.
_SINGULAR = 1e-13


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """Spectra to be fitted with one circuit.

    Attributes
    ----------
    circuit : K parameters.
    points : frequencies, shape (S, P).
    impedance : (Ω), shape (S, P); any finite number where the weight is 0.
    weight : (1/Ω), 0 for points left out, shape (S, P).
    free : parameters to be found, shape (S, K); the others keep their start.
    low, high : range of the coordinates, shape (K,).
    """

    circuit: Circuit
    points: Points
    impedance: Complexes
    weight: Floats
    free: Bools
    low: Floats
    high: Floats

    def take(self, rows: Ints) -> Problem:
        """Return some of its spectra."""
        points = Points(self.points.s[rows], self.points.ln_omega[rows])
        return replace(
            self,
            points=points,
            impedance=self.impedance[rows],
            weight=self.weight[rows],
            free=self.free[rows],
        )

    def values(self, coordinates: Floats) -> Floats:
        """Return the values of the parameters at coordinates of shape (S, K)."""
        parameters = self.circuit.parameters
        return np.stack([p.value(coordinates[:, k]) for k, p in enumerate(parameters)], axis=1)

    def evaluate(self, coordinates: Floats) -> tuple[Complexes, State]:
        """Return weighted residuals (S, P), and the sum of squares with its derivatives."""
        values = self.values(coordinates)
        slopes = [p.slope(values[:, k]) for k, p in enumerate(self.circuit.parameters)]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            z, found = self.circuit.response(self.points, list(values.T[..., None]))
            residual = np.asarray((self.impedance - z) * self.weight)
            jacobian = np.empty((len(values), values.shape[1], z.shape[1]), dtype=np.complex128)
            for k, (own, slope) in enumerate(zip(found, slopes, strict=True)):
                jacobian[:, k] = own * slope[:, None] * self.weight
            # As pairs of real numbers: real and imaginary parts stand side by side.
            parts, error = jacobian.view(np.float64), residual.view(np.float64)
            cost = np.einsum("sp,sp->s", error, error)
            gradient = np.einsum("skp,sp->sk", parts, error)
            matrix = parts @ parts.transpose(0, 2, 1)
        cost = np.where(np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(cost), cost, np.inf)
        return residual, State(cost, gradient, matrix)


@final
@dataclass(frozen=True, slots=True)
class State:
    """The sum of squares about a point.

    Attributes
    ----------
    cost : Σ w² |Z − Ẑ|², infinite where it could not be computed, shape (S,).
    gradient : half its descent, Jᵀr, shape (S, K).
    matrix : half its second derivative, JᵀJ, shape (S, K, K).
    """

    cost: Floats
    gradient: Floats
    matrix: Floats

    def put(self, rows: Ints, other: State, which: Bools) -> None:
        """Take over what `other`, the state of `rows`, has where `which` holds."""
        for mine, its in zip(
            (self.cost, self.gradient, self.matrix),
            (other.cost, other.gradient, other.matrix),
            strict=True,
        ):
            mine[rows[which]] = its[which]


@final
@dataclass(frozen=True, slots=True)
class Minimum:
    """Where the minimisation ended.

    Attributes
    ----------
    coordinates : shape (S, K).
    state : the sum of squares there.
    settled : it cannot be lowered any more, shape (S,).
    """

    coordinates: Floats
    state: State
    settled: Bools

    def put(self, rows: Ints, other: Minimum, which: Bools) -> None:
        """Take over what `other`, found for `rows`, has where `which` holds."""
        self.coordinates[rows[which]] = other.coordinates[which]
        self.settled[rows[which]] = other.settled[which]
        self.state.put(rows, other.state, which)


def minimise(problem: Problem, start: Floats, steps: int = MAX_STEPS) -> Minimum:
    """Find a minimum of each spectrum's sum of squares near its start.

    Parameters
    ----------
    problem : what to fit.
    start : coordinates, shape (S, K); clipped to the range.
    steps : most steps to take.
    """
    at = np.where(problem.free, np.clip(start, problem.low, problem.high), start)
    state = problem.evaluate(at)[1]
    rounding = _ROUNDING * np.sum(np.abs(problem.impedance * problem.weight) ** 2, axis=1)
    found = Minimum(at, state, np.zeros(len(at), dtype=bool))
    damping, growth = np.full(len(at), 1e-3), np.full(len(at), 2.0)
    going = np.isfinite(state.cost)
    for _ in range(steps):
        rows = np.flatnonzero(going)
        if not rows.size:
            break
        part, cost = problem.take(rows), state.cost[rows]
        there = _stepped(part, found, rows, damping[rows])
        predicted = _predicted(state, rows, there - at[rows])
        trial = part.evaluate(there)[1]
        better, small = trial.cost < cost, predicted <= _SETTLED * cost
        done = (small & (damping[rows] < 1)) | (cost <= rounding[rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(better & (predicted > 0), (cost - trial.cost) / predicted, 0.0)
        found.put(rows, Minimum(there, trial, done), better)
        # Nielsen's rule: less damping the better the prediction, ever more after failures.
        less = np.maximum(1 / 3, 1 - (2 * np.minimum(gain, 2.0) - 1) ** 3)
        damping[rows] = np.maximum(
            damping[rows] * np.where(better, less, growth[rows]), _LEAST_DAMPING
        )
        growth[rows] = np.where(better, 2.0, 2 * growth[rows])
        stuck = damping[rows] > _MOST_DAMPING
        found.settled[rows] = done | (stuck & small)
        going[rows] = ~(done | stuck)
    return found


def _predicted(state: State, rows: Ints, move: Floats) -> Floats:
    """Return by how much the sum of squares should fall."""
    linear = np.einsum("sk,sk->s", state.gradient[rows], move)
    square = np.einsum("sk,skl,sl->s", move, state.matrix[rows], move)
    return np.asarray(2 * linear - square)


def _stepped(part: Problem, found: Minimum, rows: Ints, damping: Floats) -> Floats:
    """Return where one damped step leads, inside the range."""
    here, gradient = found.coordinates[rows], found.state.gradient[rows]
    against = ((here <= part.low) & (gradient < 0)) | ((here >= part.high) & (gradient > 0))
    moving = part.free & ~against
    scaled, size = _scaled(found.state.matrix[rows], moving)
    diagonal = np.arange(here.shape[1])
    scaled[:, diagonal, diagonal] += damping[:, None]
    right = np.where(moving, gradient / size, 0.0)
    step = np.linalg.solve(scaled, right[..., None])[..., 0] / size
    step = np.where(moving, np.clip(step, -_LONGEST_STEP, _LONGEST_STEP), 0.0)
    return np.where(part.free, np.clip(here + step, part.low, part.high), here)


def _scaled(matrix: Floats, kept: Bools) -> tuple[Floats, Floats]:
    """Scale JᵀJ to unit diagonal; what is not kept becomes a row and a column of the identity."""
    size = np.sqrt(np.einsum("skk->sk", matrix))
    size = np.where(kept & (size > 0), size, 1.0)
    both = kept[:, :, None] & kept[:, None, :]
    scaled = np.where(both, matrix / (size[:, :, None] * size[:, None, :]), 0.0)
    diagonal = np.arange(matrix.shape[1])
    scaled[:, diagonal, diagonal] = np.where(
        kept, np.maximum(scaled[:, diagonal, diagonal], 0.0), 1.0
    )
    return scaled, size


def covariance(matrix: Floats, free: Bools, variance: Floats) -> Floats:
    """Return the covariance of the coordinates, shape (S, K, K); 0 for what is not free.

    Directions that the data do not fix get a variance that is huge, not one that is left out.

    Parameters
    ----------
    matrix : JᵀJ, shape (S, K, K).
    free : shape (S, K).
    variance : of a weighted residual's part, shape (S,).
    """
    scaled, size = _scaled(matrix, free)
    values, vectors = np.linalg.eigh(scaled)
    values = np.maximum(values, _SINGULAR * values[:, -1:])
    inverse = (vectors / values[:, None, :]) @ vectors.transpose(0, 2, 1)
    both = free[:, :, None] & free[:, None, :]
    inverse = inverse / (size[:, :, None] * size[:, None, :])
    return np.where(both, inverse * variance[:, None, None], 0.0)
