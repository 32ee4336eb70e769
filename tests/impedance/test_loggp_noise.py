"""When the noise of a spectrum counts as uneven, against NumPy, SciPy and the stated rates."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from anodescope.bench.cells import random_cells
from anodescope.impedance.loggp import single
from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, shared_design
from anodescope.impedance.loggp.method import PER_DECADE
from anodescope.impedance.loggp.noise import (
    ALARM,
    NEAR,
    OUTLIER,
    outlier_chance,
    relative_noise,
    uneven_noise,
    window_chance,
)
from anodescope.impedance.loggp.problem import Terms

Floats = npt.NDArray[np.float64]

WIDTH = 2 * NEAR + 1


def of_residual(residual: Floats, used: float = 0.0) -> Floats:
    """The relative noise of a fit that leaves this residual."""
    size = residual.size
    nothing, none = np.zeros((size, 1)), np.zeros(1)
    found: Floats = relative_noise(nothing, nothing[:1], none, nothing, none, residual, used)
    return found


def running(residual: Floats) -> Floats:
    """Running rms over that of all, and outliers, in NumPy; shape (2F,)."""
    size = np.abs(residual).reshape(2, -1)
    square = np.minimum(size, 3 * 1.4826 * np.median(size)) ** 2
    ones = np.ones(WIDTH)
    count = np.convolve(np.ones(size.shape[1]), ones, "same")
    local = np.sqrt(np.convolve(square.mean(axis=0), ones, "same") / count)
    whole = np.sqrt(square.mean())
    local = np.clip(local, 0.25 * whole, 4 * whole)
    return np.asarray((local / whole * np.maximum(size / local / OUTLIER, 1.0)).ravel())


def window_chance_by_scipy(square: Floats, share: float) -> float:
    """The same windows by the exact distribution of F."""
    points = square.size
    a, b = 2 * WIDTH * share, 2 * (points - WIDTH) * share
    chances = []
    for first in sorted({*range(0, points - WIDTH, NEAR), points - WIDTH}):
        inside = square[first : first + WIDTH].sum()
        ratio = (inside / a) / ((square.sum() - inside) / b)
        chances.append(2 * min(stats.f.sf(ratio, a, b), stats.f.cdf(ratio, a, b)))
    return float(min(1.0, len(chances) * min(chances)))


@settings(deadline=None)
@given(st.integers(40, 120), st.integers(0, 2**32 - 1))
def test_noise_of_two_sizes_gets_the_running_rms(points: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = np.where(np.arange(points) < points // 2, 10.0, 1.0)
    residual = generator.normal(size=2 * points) * np.tile(size, 2)
    np.testing.assert_allclose(of_residual(residual), running(residual), rtol=1e-12)


def test_one_outlier_loses_weight_and_the_others_keep_theirs() -> None:
    generator = np.random.default_rng(2)
    residual = np.clip(generator.normal(size=100), -2, 2)
    residual[17] = 20.0
    found = of_residual(residual)
    cut = min(20.0, 3 * 1.4826 * float(np.median(np.abs(residual))))
    whole = sqrt((float((residual**2).sum()) - 400 + cut**2) / 100)
    assert found[17] == pytest.approx(20.0 / whole / OUTLIER, rel=1e-12)
    np.testing.assert_allclose(np.delete(found, 17), 1.0, rtol=1e-12)


@settings(deadline=None)
@given(st.floats(1e-12, 1e12), st.integers(0, 2**32 - 1))
def test_the_unit_of_the_data_does_not_matter(scale: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    residual = generator.standard_t(3, size=80)
    one, other = of_residual(residual), of_residual(residual * scale)
    np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("residual", [np.zeros(60), np.full(60, np.nan), np.ones(2 * NEAR)])
def test_nothing_is_said_of_too_little(residual: Floats) -> None:
    assert of_residual(residual).size == 0


@pytest.mark.parametrize("points", [20, 60, 200])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_the_chance_of_a_window_is_that_of_f(points: int, share: float) -> None:
    generator = np.random.default_rng(points)
    for _ in range(50):
        square = generator.chisquare(2, size=points)
        square[: points // 3] *= generator.uniform(0.5, 2.0)
        exact = window_chance_by_scipy(square, share)
        found = window_chance(square, share)
        # Within a tenth of a σ: the cube root of F is close to normal, not normal.
        away = stats.norm.isf(np.array([found, exact]) / 2)
        assert np.diff(away) == pytest.approx(0.0, abs=0.1) or min(found, exact) > 0.5


@pytest.mark.parametrize("points", [20, 40, 61, 150])
def test_even_noise_sets_off_either_test_no_more_often_than_stated(points: int) -> None:
    generator = np.random.default_rng(points)
    trials = 4000
    values = generator.normal(size=(trials, 2, points))
    windows = np.array([window_chance((row**2).sum(axis=0), 1.0) for row in values])
    outliers = np.array([outlier_chance(np.abs(row).ravel(), 1.0) for row in values])
    # Three standard deviations of the count itself.
    most = ALARM + 3 * sqrt(ALARM / trials)
    assert (windows < ALARM).mean() < most
    assert (outliers < ALARM).mean() < most
    # Bonferroni gives away little: the tests are not idle.
    assert (windows < ALARM).mean() > 0.3 * ALARM
    assert (outliers < ALARM).mean() > 0.3 * ALARM


@pytest.mark.slow
def test_fits_of_even_noise_are_done_twice_no_more_often_than_stated() -> None:
    cells = random_cells(20261122, 400)
    fired = 0
    for cell in cells:
        design = shared_design(np.ascontiguousarray(cell.frequency).tobytes(), PER_DECADE)
        problem = single.problem_of(design, cell.impedance)
        plain = single.legal(problem.solve(Terms((SERIES, INDUCTANCE))))
        fired += uneven_noise(plain) is not None
    expected = 2 * ALARM * len(cells)
    assert fired <= expected + 3 * sqrt(expected)
