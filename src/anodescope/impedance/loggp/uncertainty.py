"""Errors of what a fit says: of γ, of sums over it, of the coefficients beside it.

To first order about the most probable u = ln γ all of them are linear in u and in the noise. A loop
adds two numbers that are not coefficients, its place and its exponent: the derivatives of its
response by both join the columns, each with a normal prior, so that errors hold theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.banded import solve
from anodescope.impedance.loggp.design import Loop
from anodescope.impedance.loggp.posterior import posterior
from anodescope.impedance.loggp.problem import LOOSE_SIZE, Solution
from anodescope.impedance.loggp.reduction import Reduced

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Standard deviation of the prior on a loop's place (ln τ) and on its exponent; and the steps by
# which its derivatives are taken.
LOOSE = (1.0, 0.1)
_STEPS = (1e-3, 1e-4)
# Standard deviation that leaves an exponent where it is.
_HELD = 1e-9


@final
@dataclass(frozen=True)
class Uncertainty:
    """The posterior about one fit.

    Attributes
    ----------
    solution : the fit.
    spread : standard deviation of u, shape (n,).
    lower, known : L (3, n) and K (r, n): the covariance of u is (LLᵀ)⁻¹ − KᵀK.
    slopes : how the coefficients change with u, shape (q, n); with loops, q exceeds their number.
    noise : how they change with independent noise of size one, shape (q, q).
    bells : what coefficients add to γ, the named ones nothing, shape (q, n); None without loops.
    """

    solution: Solution
    spread: Floats
    lower: Floats
    known: Floats
    slopes: Floats
    noise: Floats
    bells: Floats | None

    @classmethod
    def of(cls, solution: Solution) -> Uncertainty:
        """Return the posterior about a fit."""
        if solution.terms.loops:
            return _with_loops(solution)
        spread, lower, known, _, _ = solution.described
        noise = sqrt(solution.variance) * solution.reduced.inverse
        return cls(solution, spread, lower, known, solution.sensitivity, noise, None)

    def of_logarithm(self, rows: Floats) -> Floats:
        """Return the variance of Σ rows · u, shape (k,), rows being (k, n)."""
        right = rows.T.copy(order="C")
        solve(self.lower, right)
        explained = self.known @ rows.T
        variance = (rows.T * right).sum(axis=0) - (explained**2).sum(axis=0)
        return np.asarray(np.maximum(variance, 0.0))

    def of_gamma(self, weights: Floats) -> Floats:
        """Return the variance of Σ weights · γ, shape (k,), weights being (k, n)."""
        rows = weights * self.solution.positive
        if self.bells is None:
            return self.of_logarithm(rows)
        taken = weights @ self.bells.T
        own = taken @ self.noise
        return np.asarray(self.of_logarithm(rows + taken @ self.slopes) + (own**2).sum(axis=1))

    def of_coefficients(self) -> Floats:
        """Return the standard deviation of the fit's coefficients, shape (p,)."""
        count = self.solution.coefficients.size
        own = (self.noise[:count] ** 2).sum(axis=1)
        return np.asarray(np.sqrt(own + self.of_logarithm(self.slopes[:count])))


def _with_loops(solution: Solution) -> Uncertainty:
    problem, named = solution.problem, len(solution.terms.columns)
    reduced = _opened(solution)
    bells = problem.design.bells
    slopes = _change(solution.terms.loops, lambda loops: bells(loops).T).T
    slopes = slopes * _twice(solution)[:, None]
    spread, lower, known, _, _ = posterior(
        reduced.matrix,
        reduced.data,
        problem.design.lattice.step,
        problem.prior.numbers,
        solution.mean,
        solution.u,
        solution.weight,
        solution.variance,
    )
    through = -(reduced.inverse @ reduced.coupling) @ problem.right * solution.positive
    taken = np.vstack([np.zeros((named, solution.u.size)), solution.bells, slopes])
    noise = sqrt(solution.variance) * reduced.inverse
    return Uncertainty(solution, spread, lower, known, through, noise, taken)


def _opened(solution: Solution, held_at: Bools | None = None) -> Reduced:
    """The equations with loops free to move, to first order, but for exponents that are held."""
    problem, terms = solution.problem, solution.terms
    named, count = len(terms.columns), len(terms.loops)
    moved = problem.whiten(_change(terms.loops, problem.design.loop_columns)) * _twice(solution)
    columns = np.hstack([problem.columns(terms), moved])
    sizes = [LOOSE_SIZE * loop.size for loop in terms.loops]
    scale = np.concatenate([sizes, np.repeat(LOOSE, count)])
    if held_at is not None:
        scale[-count:][held_at] = _HELD
    held = np.zeros((scale.size, columns.shape[1]))
    held[:, named:] = np.diag(sqrt(solution.variance) / scale)
    return Reduced.of(
        np.vstack([problem.left, np.zeros((scale.size, problem.left.shape[1]))]),
        np.ascontiguousarray(np.vstack([columns, held])),
        np.concatenate([problem.data, np.zeros(scale.size)]),
        problem.right,
    )


def _twice(solution: Solution) -> Floats:
    """Sizes of the loops, once for their places and once for their exponents, shape (2A,)."""
    return np.tile(solution.coefficients[len(solution.terms.columns) :], 2)


def _change(
    loops: Sequence[Loop], made: Callable[[Sequence[Loop]], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """How what is made of loops of size one changes with place, then with exponent: (F, 2A)."""
    found = []
    for name, step in zip(("place", "exponent"), _STEPS, strict=True):
        up, down = (
            [replace(one, **{name: getattr(one, name) + sign * step}) for one in loops]
            for sign in (1, -1)
        )
        found.append((made(up) - made(down)) / (2 * step))
    return np.hstack(found)


def wanted_moves(solution: Solution, held: Bools) -> Floats:
    """Return the Gauss–Newton step of all loops, by place and by exponent, shape (2, loops).

    Parameters
    ----------
    held : loops whose exponent does not move, shape (loops,).
    """
    reduced = _opened(solution, held)
    positive = solution.positive
    jacobian = reduced.matrix * positive
    moved = jacobian.T.copy(order="C")
    solve(solution.described[1], moved)
    spread = jacobian @ moved + solution.variance * np.eye(len(jacobian))
    away = reduced.data - reduced.matrix @ positive + jacobian @ (solution.u - solution.mean)
    u = solution.mean + moved @ np.linalg.solve(spread, away)
    gamma = positive * (1 + u - solution.u)
    given = reduced.aim - reduced.coupling @ (solution.problem.right @ gamma)
    coefficients = reduced.inverse @ given
    return np.asarray(coefficients[-2 * len(solution.terms.loops) :].reshape(2, -1))
