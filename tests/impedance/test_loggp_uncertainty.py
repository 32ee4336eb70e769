"""Errors of what a fit says, against dense linear algebra and against draws of the noise."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, TAIL, Loop
from anodescope.impedance.loggp.problem import Solution, Terms
from anodescope.impedance.loggp.single import coefficient_spread, fit_single, problem_of
from anodescope.impedance.loggp.uncertainty import Uncertainty

from .dense_posterior import joint
from .loop_cells import DESIGN, LOOP, LOOPED, PLAIN, Complexes, noisy, tail, zarc

Floats = npt.NDArray[np.float64]

STEP = DESIGN.lattice.step
KINDS = {
    "plain": (PLAIN, Terms((SERIES, INDUCTANCE))),
    "tail": (PLAIN + tail(30, 0.5), Terms((SERIES, TAIL), exponent=0.5)),
    "loop": (LOOPED, Terms((SERIES,), loops=(Loop(np.log(LOOP[0]), LOOP[1], 0.3),))),
    "two loops": (
        LOOPED,
        Terms(
            (SERIES, INDUCTANCE),
            loops=(Loop(np.log(LOOP[0]), LOOP[1], 0.3), Loop(np.log(1e-2), 0.7, 0.02)),
        ),
    ),
}


@cache
def solution_of(kind: str) -> Solution:
    impedance, terms = KINDS[kind]
    return problem_of(DESIGN, noisy(np.asarray(impedance), 1e-2, 8)).solve(terms)


@pytest.mark.parametrize("kind", KINDS)
def test_spreads_of_coefficients_are_those_of_the_joint_gaussian(kind: str) -> None:
    solution = solution_of(kind)
    dense = joint(solution)
    expected = np.sqrt(np.diag(dense.covariance)[dense.coefficients])
    found = Uncertainty.of(solution).of_coefficients()
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_array_equal(coefficient_spread(solution), found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_spread_of_u_is_that_of_the_joint_gaussian(kind: str) -> None:
    """With whatever else is free to move."""
    solution = solution_of(kind)
    dense = joint(solution)
    expected = np.sqrt(np.diag(dense.covariance)[dense.u])
    np.testing.assert_allclose(Uncertainty.of(solution).spread, expected, rtol=1e-4)
    some = np.random.default_rng(1).standard_normal((4, solution.u.size))
    inner = dense.covariance[dense.u, dense.u]
    found = Uncertainty.of(solution).of_logarithm(some)
    np.testing.assert_allclose(found, np.einsum("ki,ij,kj->k", some, inner, some), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_variance_of_sums_over_gamma_is_that_of_the_joint_gaussian(kind: str) -> None:
    """Of γ itself, of its integral, and of sums of either sign, loops with it."""
    solution = solution_of(kind)
    dense = joint(solution)
    size = solution.u.size
    some = np.random.default_rng(2).standard_normal((5, size))
    weights = np.vstack([np.eye(size), np.full((1, size), STEP), some])
    rows = weights @ dense.gamma
    expected = np.einsum("ki,ij,kj->k", rows, dense.covariance, rows)
    found = Uncertainty.of(solution).of_gamma(weights)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-9 * expected.max())


# A loop far from the processes, and one on the flank of a large one: R (Ω) of all, and the loop's.
CELLS: dict[str, tuple[Complexes, float, float]] = {
    "apart": (LOOPED, 70 - LOOP[2], LOOP[2]),
    "on a flank": (5 + zarc(20, 1e-4, 0.9) + zarc(50, 0.02, 0.8) - zarc(8, 1.0, 0.9), 62.0, 8.0),
}


@cache
def draws(cell: str) -> Floats:
    """R of the loop and Rp less the truth over their spreads, of 200 draws of the noise."""
    impedance, arcs, size = CELLS[cell]
    found = []
    for seed in range(200):
        solution = fit_single(DESIGN, noisy(np.asarray(impedance), 3e-3, 7000 + seed)).solution
        assert len(solution.terms.loops) == 1
        known, scale = Uncertainty.of(solution), solution.problem.scale
        whole = scale * STEP * solution.gamma.sum() - arcs
        spread = scale * np.sqrt(known.of_gamma(np.full((1, solution.u.size), STEP))[0])
        loop = scale * solution.coefficients[-1] - size
        found.append([loop / (scale * known.of_coefficients()[-1]), whole / spread])
    return np.array(found)


# The smoothness is taken as known, and it decides how flank and loop share.
BIASED = pytest.mark.xfail(strict=True, reason="the loop is too small by more than a spread")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "which"),
    [
        ("apart", "loop"),
        ("apart", "all"),
        pytest.param("on a flank", "loop", marks=BIASED),
        ("on a flank", "all"),
    ],
)
def test_intervals_hold_the_truth(cell: str, which: str) -> None:
    """Of 95 %, over 200 draws of the noise; a prior may make them wide, never narrow."""
    away = np.abs(draws(cell)[:, ["loop", "all"].index(which)])
    assert 0.85 <= (away < 1.96).mean() <= 1.0
