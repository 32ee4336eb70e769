"""The posterior of one fit by dense linear algebra, in the full space of data: slow and plain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.banded import precision
from anodescope.impedance.loggp.problem import LOOSE_SIZE, Solution
from anodescope.impedance.loggp.uncertainty import LOOSE

Floats = npt.NDArray[np.float64]
# Steps of the derivatives of a loop, other than the engine's own.
_PLACE, _EXPONENT = 3e-4, 3e-5


def prior_precision(solution: Solution) -> Floats:
    """P, shape (n, n)."""
    size = solution.u.size
    band = np.empty((3, size))
    step, numbers = solution.problem.design.lattice.step, solution.problem.prior.numbers
    precision(solution.weight, step, numbers[3], band)
    found = np.diag(band[0])
    for k in (1, 2):
        found += np.diag(band[k, :-k], k) + np.diag(band[k, :-k], -k)
    return found


def derivatives(solution: Solution) -> tuple[Floats, Floats]:
    """What loops of their sizes add to the whitened data and to γ per move, (m, 2A) and (n, 2A)."""
    problem, loops = solution.problem, solution.terms.loops
    sizes = solution.coefficients[len(solution.terms.columns) :]
    data, gamma = [], []
    for name, step in (("place", _PLACE), ("exponent", _EXPONENT)):
        for loop, size in zip(loops, sizes, strict=True):
            ends = [replace(loop, **{name: getattr(loop, name) + k * step}) for k in (1, -1)]
            columns = problem.whiten(problem.design.loop_columns(ends))
            bells = problem.design.bells(ends)
            data.append(size * (columns[:, 0] - columns[:, 1]) / (2 * step))
            gamma.append(size * (bells[0] - bells[1]) / (2 * step))
    return np.array(data).T, np.array(gamma).T


@final
@dataclass(frozen=True)
class Joint:
    """The Gaussian of u, the coefficients, and places and exponents of loops, linearised.

    Attributes
    ----------
    step : the most probable change of u, the coefficients, and the change of the rest.
    covariance : of all.
    u, coefficients, moves : where each stands.
    gamma : how γ changes with each, shape (n, k).
    """

    step: Floats
    covariance: Floats
    u: slice
    coefficients: slice
    moves: slice
    gamma: Floats


def joint(solution: Solution) -> Joint:
    """Solve the linearised problem as one least-squares problem."""
    problem, terms = solution.problem, solution.terms
    size, named, loops = solution.u.size, len(terms.columns), len(terms.loops)
    count = named + loops
    kernel = problem.left @ problem.right
    rows = [kernel * solution.positive, problem.columns(terms)]
    change = [np.diag(solution.positive), np.zeros((size, named))]
    if loops:
        data, gamma = derivatives(solution)
        rows.append(data)
        change += [solution.bells.T, gamma]
    sigma = np.sqrt(solution.variance)
    table = np.hstack(rows) / sigma
    aim = (problem.data - kernel @ solution.positive) / sigma
    root = np.linalg.cholesky(prior_precision(solution)).T
    width = table.shape[1]
    believed = np.zeros((size, width))
    believed[:, :size] = root
    loose = np.zeros((3 * loops, width))
    sizes = [LOOSE_SIZE * loop.size for loop in terms.loops]
    loose[:, size + named :] = np.diag(1 / np.concatenate([sizes, np.repeat(LOOSE, loops)]))
    table = np.vstack([table, believed, loose])
    aim = np.concatenate([aim, root @ (solution.mean - solution.u), np.zeros(3 * loops)])
    q, r = np.linalg.qr(table)
    inverse = np.linalg.inv(r)
    return Joint(
        inverse @ (q.T @ aim),
        inverse @ inverse.T,
        slice(0, size),
        slice(size, size + count),
        slice(size + count, width),
        np.hstack(change),
    )


def at_its_optimum(solution: Solution) -> Solution:
    """Take Newton steps of u, weights and σ² held, until the gradient is gone."""
    prior, damp = prior_precision(solution), 1e-3
    matrix, data, sigma = solution.matrix, solution.data, solution.variance

    def value(u: Floats) -> float:
        residual, away = data - matrix @ np.exp(u), u - solution.mean
        return float(0.5 * (residual @ residual / sigma + away @ prior @ away))

    u = solution.u
    for _ in range(300):
        gamma = np.exp(u)
        pull = gamma * (matrix.T @ (data - matrix @ gamma)) / sigma
        gradient = prior @ (u - solution.mean) - pull
        jacobian = matrix * gamma
        bend = prior + jacobian.T @ jacobian / sigma - np.diag(pull)
        if np.abs(gradient).max() < 1e-7:
            return replace(solution, u=u)
        if np.linalg.eigvalsh(bend)[0] <= 0:
            bend = bend + np.diag(np.abs(pull))
        step = np.linalg.solve(bend + damp * np.eye(u.size), gradient)
        better = value(u - step) <= value(u) + 1e-9
        damp = damp * 0.1 if better else damp * 30
        u = u - step if better else u
    raise AssertionError(f"gradient: {np.abs(gradient).max()}")
