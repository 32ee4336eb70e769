"""The kernel against the plain version (SciPy on the stacked matrix), ill-conditioning included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from anodescope.errors import Outcome
from anodescope.impedance import nnls as kernel


def plain(stacked: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, float]:
    target = np.zeros(len(stacked))
    target[: data.size] = data
    x, norm = nnls(stacked, target, maxiter=100 * stacked.shape[1])
    return x, norm**2


@st.composite
def problems(draw):
    """Random problems: tall, square and flat; columns nearly parallel; condition up to 1e6."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = draw(st.integers(2, 30)), draw(st.integers(1, 25))
    data = generator.standard_normal((rows, columns))
    if draw(st.booleans()):
        data = np.abs(data)
    u, s, v = np.linalg.svd(data, full_matrices=False)
    s = s[0] * 10.0 ** -np.linspace(0, draw(st.floats(0, 6)), s.size)
    data = (u * s) @ v
    penalty = 10.0 ** draw(st.floats(-5, 1)) * np.eye(columns)
    right = generator.standard_normal((draw(st.integers(1, 6)), rows))
    return data * 10.0 ** draw(st.floats(-3, 3)), penalty, right


# A problem so ill-conditioned (1e8) that rounding hides the duality gap: it needs the safe solver.
HIDDEN = (
    np.array(
        [
            [116.76760388, -335.30233831, 508.45201658],
            [114.07400586, -327.68202135, 496.67656934],
        ]
    ),
    1e-5 * np.eye(3),
    np.array([[1.30400005, 0.94708096], [-0.70373524, -1.26542147]]),
)


@settings(max_examples=150, deadline=None)
@given(problem=problems())
@example(problem=HIDDEN)
def test_objective_and_feasibility_match_scipy(problem):
    data, penalty, right = problem
    matrix = kernel.SharedMatrix.of(data, penalty)
    found = kernel.solve(matrix, right)
    assert np.all(found.x >= 0)
    assert set(found.outcome) <= {Outcome.converged, Outcome.fallback}
    stacked = np.concatenate([data, penalty])
    for x, objective, row in zip(found.x, found.objective, right, strict=True):
        _, expected = plain(stacked, row)
        target = np.concatenate([row, np.zeros(len(penalty))])
        assert objective == pytest.approx(((stacked @ x - target) ** 2).sum(), rel=1e-9)
        assert objective <= expected * (1 + 1e-6) + 1e-12 * (row**2).sum()


@settings(max_examples=50, deadline=None)
@given(problem=problems())
def test_what_is_returned_fulfils_the_optimality_conditions(problem):
    data, penalty, right = problem
    matrix = kernel.SharedMatrix.of(data, penalty)
    found = kernel.solve(matrix, right)
    size = np.linalg.norm(right, axis=1, keepdims=True)
    fast = np.array([outcome is Outcome.converged for outcome in found.outcome])
    good = kernel.optimal(matrix.stacked, found.x * matrix.scale / size, right / size)
    assert np.all(good[fast])


def test_the_check_rejects_what_is_not_optimal():
    stacked = np.eye(3)
    data = np.array([[0.6, -0.8, 0.0]])
    assert kernel.optimal(stacked, np.array([[0.6, 0.0, 0.0]]), data)
    for wrong in ([0.5, 0.0, 0.0], [0.6, -0.8, 0.0], [0.6, 0.1, 0.0], [0.0] * 3, [np.nan] * 3):
        assert not kernel.optimal(stacked, np.array([wrong]), data)


def test_a_lost_factorisation_falls_back_to_the_safe_solver():
    generator = np.random.default_rng(3)
    column = np.abs(generator.standard_normal(20))
    twins = np.stack([column, column, np.abs(generator.standard_normal(20))], axis=1)
    right = (twins @ [1.0, 1.0, 0.5])[None]
    found = kernel.solve(kernel.SharedMatrix.of(twins, np.zeros((1, 3))), right)
    assert found.outcome[0] in (Outcome.converged, Outcome.fallback)
    assert np.all(found.x >= 0)
    assert found.objective[0] <= 1e-20 * (right**2).sum()


def test_a_solver_that_gives_up_says_so(monkeypatch):
    def never(*_args, **_more):
        raise RuntimeError("Maximum number of iterations reached.")

    monkeypatch.setattr("scipy.optimize.nnls", never)
    monkeypatch.setattr(kernel, "optimal", lambda _a, x, _b: np.zeros(len(x), dtype=bool))
    found = kernel.solve(kernel.SharedMatrix.of(np.eye(2), np.zeros((1, 2))), np.ones((1, 2)))
    assert found.outcome == [Outcome.max_steps]
    assert np.all(np.isfinite(found.x))
    assert np.all(found.x >= 0)


def test_zero_columns_and_zero_data_give_zero():
    matrix = kernel.SharedMatrix.of(np.array([[1.0, 0.0], [2.0, 0.0]]), np.zeros((1, 2)))
    found = kernel.solve(matrix, np.array([[1.0, 2.0], [0.0, 0.0]]))
    assert found.x[0] == pytest.approx([1.0, 0.0])
    assert found.x[1].tolist() == [0.0, 0.0]
    assert found.objective[1] == 0


@pytest.mark.parametrize("power", [-60, -3, 3, 60])
def test_scaling_the_data_by_a_power_of_two_leaves_every_digit(power):
    generator = np.random.default_rng(5)
    matrix = kernel.SharedMatrix.of(np.abs(generator.standard_normal((12, 8))), 0.1 * np.eye(8))
    right = generator.standard_normal((4, 12))
    plain_x = kernel.solve(matrix, right).x
    assert np.array_equal(kernel.solve(matrix, right * 2.0**power).x, plain_x * 2.0**power)
