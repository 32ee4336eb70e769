"""A blocking capacitance and power laws: the linearised test, the exponent, the choice."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench.cells import random_cells
from anodescope.impedance.loggp.design import CAPACITANCE, EXPONENTS, INDUCTANCE, SERIES, TAIL
from anodescope.impedance.loggp.problem import Problem, Terms
from anodescope.impedance.loggp.single import fit_single, legal, problem_of
from anodescope.impedance.loggp.tails import best_tail, gains, vertex

from .dense_posterior import at_its_optimum, prior_precision
from .loop_cells import DESIGN, OMEGA, PLAIN, fitted, noisy, size_of, tail, zarc

# A fast arc, and what rises without end.
ARC = 5 + zarc(5, 1e-4, 0.9)


def plain_of(impedance: np.ndarray[tuple[int], np.dtype[np.complex128]]) -> Problem:
    return problem_of(DESIGN, impedance)


@pytest.mark.parametrize("exponent", [0.62, 0.83, 1.0])
def test_gains_are_those_of_the_dense_formula(exponent: float) -> None:
    """(cᵀQ S⁻¹ Q e)²/(2 cᵀQ S⁻¹ Q c) with all data, Q taking out what R0 and L describe."""
    problem = plain_of(noisy(ARC + tail(30, exponent), 3e-3, 4))
    plain = at_its_optimum(problem.solve(Terms((SERIES, INDUCTANCE))))
    beside = problem.columns(plain.terms)
    kernel = problem.left @ problem.right
    jacobian = kernel * plain.positive
    # The data's covariance with columns so unsure that they say nothing beforehand: S⁻¹ without
    # them, less what they take, as their spread grows without end.
    spread = jacobian @ np.linalg.solve(prior_precision(plain), jacobian.T)
    inverse = np.linalg.inv(spread + plain.variance * np.eye(len(spread)))
    seen = inverse @ beside
    inverse = inverse - seen @ np.linalg.solve(beside.T @ seen, seen.T)
    away = problem.data - kernel @ plain.positive + jacobian @ (plain.u - plain.mean)
    columns = problem.whiten(DESIGN.tails)
    score = columns.T @ inverse @ away
    power = np.einsum("ik,ij,jk->k", columns, inverse, columns)
    expected = np.where(score > 0, 0.5 * score**2 / power, 0.0)
    assert expected.max() > 1
    np.testing.assert_allclose(gains(plain), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("exponent", [0.47, 0.62, 0.83])
def test_an_exponent_is_found_between_those_that_are_looked_at(exponent: float) -> None:
    """Closer than a quarter of their distance, on average over eight draws."""
    found = []
    for seed in range(8):
        choice = fit_single(DESIGN, noisy(5 + tail(30, exponent), 1e-3, 20 + seed))
        assert TAIL in choice.solution.terms.columns
        found.append(choice.solution.terms.exponent)
    assert abs(np.mean(found) - exponent) < 0.25 * (EXPONENTS[1] - EXPONENTS[0])


@pytest.mark.parametrize("exponent", [0.35, 0.47, 0.62, 0.83])
def test_the_true_exponent_has_more_evidence_than_its_neighbours(exponent: float) -> None:
    problem = plain_of(noisy(5 + tail(30, exponent), 1e-3, 1))
    fits = [
        problem.solve(Terms((SERIES, TAIL), exponent=exponent + off)) for off in (-0.1, 0.0, 0.1)
    ]
    assert fits[1].evidence > max(fits[0].evidence, fits[2].evidence)


@pytest.mark.parametrize("share", [1e-3, 3e-3, 1e-2])
def test_a_capacitance_beats_all_tails_on_its_own_data(share: float) -> None:
    measured = noisy(np.asarray(PLAIN + 1 / (OMEGA * 0.05)), share, 12)
    plain = legal(plain_of(measured).solve(Terms((SERIES, INDUCTANCE))))
    fits = best_tail(plain, legal)
    assert fits[CAPACITANCE].evidence > max(
        plain.evidence, fits[TAIL].evidence if TAIL in fits else -np.inf
    )
    choice = fit_single(DESIGN, measured)
    assert CAPACITANCE in choice.solution.terms.columns
    assert 1 / size_of(choice, CAPACITANCE) == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("factor", [1e-6, 1e5])
def test_evidence_for_a_term_does_not_depend_on_the_size_of_the_cell(factor: float) -> None:
    measured = noisy(ARC + tail(30, 0.62), 3e-3, 5)
    found = []
    for scale in (1.0, factor):
        problem = plain_of(scale * measured)
        plain = problem.solve(Terms((SERIES,)))
        for exponent in (0.5, 0.6, 1.0):
            name = TAIL if exponent < 1 else CAPACITANCE
            found.append(problem.solve(plain.terms.with_column(name, exponent)).evidence)
        found[-3:] = [one - plain.evidence for one in found[-3:]]
    assert max(abs(one) for one in found[:3]) > 3
    np.testing.assert_allclose(found[3:], found[:3], atol=1e-4)


def test_the_top_of_a_parabola_is_found() -> None:
    for top in (-0.4, 0.0, 0.3):
        values = -((np.array([-1.0, 0.0, 1.0]) - top) ** 2)
        assert vertex(values) == pytest.approx(top, abs=1e-12)
    assert vertex(np.array([1.0, 0.0, 1.0])) == 0.0
    assert vertex(np.array([-np.inf, 0.0, 1.0])) == 0.0


@pytest.mark.slow
def test_plain_cells_have_neither_tail_nor_capacitance() -> None:
    """Each costs a Bayes factor of 20: under 2 % of 200 cells that have none."""
    kept = [fitted(cell).solution.terms.columns for cell in random_cells(90210, 200)]
    assert sum(TAIL in columns or CAPACITANCE in columns for columns in kept) <= 4
