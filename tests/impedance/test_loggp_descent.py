"""The descent and the posterior against dense formulas, finite differences and integration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.impedance.loggp.dense import cholesky, gram, inverse_root, triangle_times
from anodescope.impedance.loggp.descent import descend
from anodescope.impedance.loggp.posterior import posterior
from anodescope.impedance.loggp.reduction import Reduced

from .test_loggp_banded import dense_precision

Floats = npt.NDArray[np.float64]

STEP = 0.3


@dataclass
class Case:
    """A small problem: y = A exp(u) + noise, with given weights."""

    matrix: Floats
    data: Floats
    mean: Floats
    weight: Floats
    sigma: float
    prior: Floats

    @classmethod
    def of(cls, seed: int, rows: int = 9, size: int = 24, sigma: float = 1e-3) -> Case:
        rng = np.random.default_rng(seed)
        matrix = rng.standard_normal((rows, size)) * 0.1
        truth = np.sin(np.arange(size) * STEP)
        data = matrix @ np.exp(truth) + np.sqrt(sigma) * rng.standard_normal(rows)
        weight = rng.uniform(0.2, 3.0, size)
        prior = np.array([1.0, 0.5, 0.7, 0.05])
        return cls(matrix, data, np.full(size, -0.5), weight, sigma, prior)

    @property
    def precision(self) -> Floats:
        return dense_precision(self.weight, STEP, self.prior[3])

    def objective(self, u: Floats) -> float:
        """Half the misfit over σ² and half the prior's square: minus the log density."""
        left = self.data - self.matrix @ np.exp(u)
        away = u - self.mean
        return float(0.5 * left @ left / self.sigma + 0.5 * away @ self.precision @ away)

    def gradient(self, u: Floats, small: float = 1e-5) -> Floats:
        steps = np.eye(u.size) * small
        return np.array(
            [(self.objective(u + s) - self.objective(u - s)) / (2 * small) for s in steps]
        )

    def covariance(self, u: Floats) -> Floats:
        jacobian = self.matrix * np.exp(u)
        return np.asarray(np.linalg.inv(self.precision + jacobian.T @ jacobian / self.sigma))

    def described(self, u: Floats) -> tuple[Floats, ...]:
        found: tuple[Floats, ...] = posterior(
            self.matrix, self.data, STEP, self.prior, self.mean, u, self.weight, self.sigma
        )
        return found

    def frozen(self, start: Floats, steps: int = 200) -> tuple[Floats, bool]:
        """Descend with the weights and σ² as they are."""
        found = descend(
            self.matrix, self.data, 0.0, 0.0, STEP, self.prior, self.mean, start,
            self.weight, self.sigma, self.sigma, np.array([steps, 1e-9, 1e-16, 0.0]),
        )  # fmt: skip
        return found[0], found[5]


def smooth_u(seed: int, size: int = 24) -> Floats:
    return np.asarray(np.random.default_rng(seed).normal(0, 0.3, size).cumsum() * 0.3)


# small dense algebra


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 13), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_dense_kernels_agree_with_numpy(count: int, size: int, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((count, size))
    found = np.empty((count, count))
    gram(rows, found)
    np.testing.assert_allclose(found, rows @ rows.T, atol=1e-12)
    full = found + np.eye(count)
    upper, root = full.copy(), np.zeros((count, count))
    assert cholesky(upper)
    np.testing.assert_allclose(np.triu(upper).T @ np.triu(upper), full, rtol=1e-11, atol=1e-11)
    trace = inverse_root(upper, root)
    assert trace == pytest.approx(np.trace(np.linalg.inv(full)), rel=1e-9)
    np.testing.assert_allclose(root.T @ root, np.linalg.inv(full), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(triangle_times(root, rows, True), root @ rows, atol=1e-11)
    above = np.triu(upper)
    np.testing.assert_allclose(triangle_times(above, rows, False), above @ rows, atol=1e-10)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_what_is_not_positive_definite_is_told(bad: float) -> None:
    matrix = np.eye(3)
    matrix[1, 1] = bad
    assert not cholesky(matrix)


# columns beside γ


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 20), st.integers(1, 8), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_the_reduction_keeps_the_sum_of_squares(
    rows: int, inner: int, beside: int, seed: int
) -> None:
    """Least squares over the columns, for any γ: |y − LRγ − Bc|² is what the reduction says."""
    rng = np.random.default_rng(seed)
    beside = min(beside, rows - 1)
    left, right = rng.standard_normal((rows, inner)), rng.standard_normal((inner, 11))
    columns, data = rng.standard_normal((rows, beside)), rng.standard_normal(rows)
    gamma = rng.standard_normal(11)
    found = Reduced.of(left, columns, data, right)
    given_gamma = data - left @ (right @ gamma)
    best = np.linalg.lstsq(columns, given_gamma, rcond=None)[0] if beside else np.empty(0)
    expected = given_gamma - columns @ best
    reduced = found.data - found.matrix @ gamma
    scale = 1 + given_gamma @ given_gamma
    assert reduced @ reduced + found.rest == pytest.approx(expected @ expected, abs=1e-10 * scale)
    coefficients = found.inverse @ (found.aim - found.coupling @ (right @ gamma))
    left_over = given_gamma - columns @ coefficients
    assert left_over @ left_over <= expected @ expected + 1e-10 * scale


def test_a_column_that_is_another_one_again_is_left_out() -> None:
    rng = np.random.default_rng(0)
    column = rng.standard_normal((12, 1))
    left, right = rng.standard_normal((12, 3)), rng.standard_normal((3, 5))
    found = Reduced.of(left, np.hstack([column, column]), 3 * column[:, 0], right)
    assert (found.inverse @ found.aim).sum() == pytest.approx(3)


# posterior


@pytest.mark.parametrize("seed", range(4))
def test_the_posterior_is_the_dense_one(seed: int) -> None:
    case, u = Case.of(seed), smooth_u(seed)
    spread, _, known, root, numbers = case.described(u)
    covariance = case.covariance(u)
    np.testing.assert_allclose(spread, np.sqrt(np.diag(covariance)), rtol=1e-7)
    dense = np.linalg.inv(case.precision) - known.T @ known
    np.testing.assert_allclose(dense, covariance, atol=1e-8 * np.abs(covariance).max() + 1e-10)
    jacobian = case.matrix * np.exp(u)
    of_data = jacobian @ np.linalg.inv(case.precision) @ jacobian.T
    of_data += case.sigma * np.eye(len(of_data))
    np.testing.assert_allclose(root.T @ root, np.linalg.inv(of_data), rtol=1e-6, atol=1e-6)
    ratio = np.linalg.slogdet(of_data / case.sigma)[1]
    assert numbers[0] == pytest.approx(0.5 * ratio, rel=1e-9)
    away = u - case.mean
    assert numbers[1] == pytest.approx(away @ case.precision @ away, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_decrement_is_that_of_the_finite_differences(seed: int) -> None:
    case, u = Case.of(seed), smooth_u(seed)
    gradient = case.gradient(u)
    expected = gradient @ case.covariance(u) @ gradient
    assert case.described(u)[4][3] == pytest.approx(expected, rel=1e-5)


def test_evidence_is_the_integral_where_the_prior_is_gaussian_and_the_noise_small() -> None:
    """Laplace's method is exact in that limit: the error falls with σ, by integration over u."""
    errors = []
    for sigma in (1e-2, 1e-4, 1e-6):
        case = Case.of(5, rows=3, size=3, sigma=sigma)
        case.matrix = case.matrix * 10
        case.data = case.matrix @ np.exp(np.array([0.2, -0.1, 0.3]))
        case.prior = np.array([1.0, 1e9, 0.7, 0.05])
        case.weight = np.ones(3)
        u, settled = case.frozen(np.zeros(3))
        assert settled
        half_log, quadratic, _, _ = case.described(u)[4]
        left = case.data - case.matrix @ np.exp(u)
        laplace = -0.5 * quadratic - half_log - 0.5 * left @ left / sigma
        errors.append(abs(laplace - integrated(case, u)))
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 1e-3


def integrated(case: Case, u: Floats) -> float:
    """ln ∫ exp(−objective) du √|P| / (2π)^{n/2}, on a grid of 6 standard deviations each way."""
    axis = np.linspace(-6, 6, 31)
    root = np.linalg.cholesky(case.covariance(u))
    mesh = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    at = u + mesh @ root.T
    left = case.data - np.exp(at) @ case.matrix.T
    away = at - case.mean
    values = -0.5 * (left**2).sum(1) / case.sigma - 0.5 * np.einsum(
        "ij,jk,ik->i", away, case.precision, away
    )
    top = values.max()
    volume = (axis[1] - axis[0]) ** 3 * np.prod(np.diag(root))
    determinant = np.linalg.slogdet(case.precision)[1]
    total = np.log(np.exp(values - top).sum() * volume) + top
    return float(total + 0.5 * determinant - 1.5 * np.log(2 * np.pi))


# descent


@pytest.mark.parametrize("seed", range(4))
def test_the_descent_ends_at_the_minimum(seed: int) -> None:
    """Nothing that SciPy finds from there is lower, and the gradient vanishes."""
    from scipy.optimize import minimize

    case = Case.of(seed)
    u, settled = case.frozen(np.zeros(24))
    assert settled
    assert case.described(u)[4][3] < 1e-8
    other = minimize(case.objective, u, method="L-BFGS-B")
    assert case.objective(u) <= other.fun + 1e-6 * abs(other.fun)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(-3.0, 3.0), st.floats(1e-8, 1.0))
def test_no_step_raises_the_objective(seed: int, level: float, sigma: float) -> None:
    case = Case.of(seed, sigma=sigma)
    start = np.full(24, level)
    values = [case.objective(case.frozen(start, steps)[0]) for steps in range(6)]
    for before, after in pairwise(values):
        assert after <= before * (1 + 1e-8)


def test_the_start_is_left_as_it_was() -> None:
    case = Case.of(1)
    start, weight = np.zeros(24), case.weight.copy()
    case.frozen(start)
    assert (start == 0).all()
    assert (case.weight == weight).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_ends_the_descent(bad: float) -> None:
    case = Case.of(1)
    case.data[3] = bad
    u, settled = case.frozen(np.zeros(24), steps=10**9)
    assert not settled
    assert np.isfinite(u).all()
    assert np.isnan(case.described(u)[4]).all() or not np.isfinite(case.described(u)[4][3])


def test_the_noise_is_estimated() -> None:
    """σ² over many data: within its own spread, √(2/N)."""
    case = Case.of(2, rows=400, sigma=4e-4)
    found = descend(
        case.matrix, case.data, 0.0, 0.0, STEP, case.prior, case.mean, np.zeros(24),
        case.weight, 0.0, 0.0, np.array([60, 2e-3, 1e-16, 1.0]),
    )  # fmt: skip
    assert found[5]
    assert found[2] == pytest.approx(4e-4, rel=4 * np.sqrt(2 / 400))
