"""What λ is chosen by: cross-validation, degrees of freedom, the curvature of the L-curve."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from anodescope.impedance import Tikhonov, drt
from anodescope.impedance.ridge import Path, trace
from anodescope.impedance.selection import CRITERIA, gcv, l_curve
from tests.impedance.ridges import FREQUENCY, cell, path_of, ridge_of


@pytest.mark.parametrize("order", [0, 1, 2])
def test_gcv_is_leave_one_out_where_all_points_have_the_same_leverage(order: int) -> None:
    # A circulant smoother has equal leverages; leaving out is done by brute force.
    count = 12
    rng = np.random.default_rng(1)
    y = np.sin(np.arange(count) * 2 * pi / count) + 0.1 * rng.standard_normal(count)
    rows = np.eye(count)
    for _ in range(order):
        rows = np.roll(rows, -1, axis=0) - rows
    for lam in (0.05, 0.5, 5.0):
        hat = np.linalg.inv(np.eye(count) + lam * rows.T @ rows)
        left_out = []
        for k in range(count):
            kept = np.delete(np.eye(count), k, axis=0)
            x = np.linalg.lstsq(
                np.concatenate([kept, np.sqrt(lam) * rows]),
                np.concatenate([np.delete(y, k), np.zeros(count)]),
                rcond=None,
            )[0]
            left_out.append((y[k] - x[k]) ** 2)
        misfit = np.array([[((y - hat @ y) ** 2).sum()]])
        path = Path(np.array([lam]), np.empty((1, 1, 0)), misfit, misfit,
                    np.array([[np.trace(hat)]]), misfit, [])  # fmt: skip
        score = gcv(ridge_of(order), path, np.ones(count), y[None])
        assert score[0, 0] == pytest.approx(np.mean(left_out), rel=1e-9)


def test_gcv_of_a_spectrum_follows_leave_one_out_by_brute_force() -> None:
    lams = np.logspace(-5, 1, 13)
    ridge = ridge_of(1, nonnegative=False, inductance=False)
    path, even, data = path_of(ridge, cell(0.02), lams)
    score = gcv(ridge, path, even, data)[0]
    brute = []
    for lam in lams:
        errors = []
        for k in range(data.size):
            kept = np.delete(np.arange(data.size), k)
            x = np.linalg.lstsq(
                np.concatenate([ridge.data[kept], np.sqrt(lam) * ridge.penalty]),
                np.concatenate([data[0, kept], np.zeros(len(ridge.penalty))]),
                rcond=None,
            )[0]
            errors.append((data[0, k] - ridge.data[k] @ x) ** 2)
        brute.append(np.mean(errors))
    # It weighs all points alike, which leaving out does not: a rotation of the data would.
    assert np.abs(np.log(score / np.array(brute))).max() < 0.5
    assert abs(int(score.argmin()) - int(np.argmin(brute))) <= 2


def test_degrees_of_freedom_are_the_derivative_of_the_fit() -> None:
    lams = np.array([1e-3, 1e-1])
    ridge = ridge_of(1)
    z = cell(0.01)
    path, even, data = path_of(ridge, z, lams)
    step = 1e-6 * np.abs(data).max()
    for k in range(lams.size):
        matrices = ridge.matrices(even, lams[k : k + 1])
        moved = data + step * np.eye(data.size)
        shifted = trace(ridge, matrices, even, lams[k : k + 1], moved).unknowns[:, 0]
        change = (shifted - path.unknowns[0, k]) @ ridge.data.T / step
        assert np.trace(change) == pytest.approx(path.freedom[0, k], rel=1e-3)


def test_the_curvature_is_that_of_the_curve_by_differences() -> None:
    lams = np.logspace(-6, 2, 801)
    ridge = ridge_of(2, nonnegative=False)
    path, even, data = path_of(ridge, cell(0.01), lams)
    x, y = 0.5 * np.log(path.misfit[0]), 0.5 * np.log(path.roughness[0])
    t = np.log(lams)
    dx, dy = np.gradient(x, t), np.gradient(y, t)
    ddx, ddy = np.gradient(dx, t), np.gradient(dy, t)
    rough = (dx * ddy - ddx * dy) / (dx**2 + dy**2) ** 1.5
    exact = l_curve(ridge, path, even, data)[0]
    inner = slice(5, -5)
    assert np.abs(rough - exact)[inner].max() < 0.02 * np.abs(exact[inner]).max()


def test_clean_halves_predict_each_other_and_an_error_of_one_part_shows() -> None:
    ridge, lams = ridge_of(1), np.logspace(-7, -3, 5)
    path, even, data = path_of(ridge, cell(0.0), lams)
    clean = CRITERIA["re_im"](ridge, path, even, data)[0]
    spoilt = data.copy()
    # A Kramers–Kronig violation: a step in the real part that the imaginary part knows nothing of.
    spoilt[0, 12:25] += 0.1 * data[0].max()
    other = CRITERIA["re_im"](ridge, path, even, spoilt)[0]
    assert np.sqrt(clean.min()) < 2e-3 * np.linalg.norm(data)
    assert (other > 10 * clean.min()).all()


@pytest.mark.parametrize("choose", list(CRITERIA))
def test_more_noise_calls_for_a_larger_lambda(choose: str) -> None:
    chosen = [
        np.exp(np.log(drt((FREQUENCY, cell(noise, 5, 12)), Tikhonov(choose=choose, per_decade=6,
               lam_per_decade=2, together=True))["lam"].values).mean())
        for noise in (1e-4, 1e-2, 0.1)
    ]  # fmt: skip
    assert chosen[0] < chosen[1] <= chosen[2]
    assert chosen[0] < 0.1 * chosen[2]
