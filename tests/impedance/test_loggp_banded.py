"""The pentadiagonal kernels against dense algebra."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.impedance.loggp.banded import factor, precision, selected_inverse, solve

Floats = npt.NDArray[np.float64]


def dense_precision(weight: Floats, step: float, pull: float) -> Floats:
    """P by its definition: pull · step · I + step⁻³ D₂ᵀ diag(weight) D₂."""
    size = weight.size
    second = np.zeros((size, size))
    for k in range(1, size - 1):
        second[k, k - 1 : k + 2] = 1.0, -2.0, 1.0
    return np.asarray(pull * step * np.eye(size) + second.T @ (weight[:, None] * second) / step**3)


def dense_of(band: Floats) -> Floats:
    size = band.shape[1]
    full = np.diag(band[0])
    for k in (1, 2):
        below = np.diag(band[k, : size - k], -k)
        full = full + below + below.T
    return full


@st.composite
def chains(draw: st.DrawFn) -> tuple[Floats, float, float]:
    size = draw(st.integers(3, 40))
    weight = draw(st.lists(st.floats(1e-3, 1e3), min_size=size, max_size=size))
    cuts = draw(st.sets(st.integers(0, size - 1), max_size=3))
    found = np.array(weight)
    found[list(cuts)] = 0.0
    return found, draw(st.floats(0.05, 0.5)), draw(st.floats(1e-3, 1.0))


def factored(weight: Floats, step: float, pull: float) -> tuple[Floats, Floats]:
    band, lower = np.empty((3, weight.size)), np.empty((3, weight.size))
    precision(weight, step, pull, band)
    factor(band, lower)
    return band, lower


@settings(max_examples=60, deadline=None)
@given(chains())
def test_precision_is_what_it_says(chain: tuple[Floats, float, float]) -> None:
    band, _ = factored(*chain)
    expected = dense_precision(*chain)
    assert np.abs(dense_of(band) - expected).max() <= 1e-13 * np.abs(expected).max()


@settings(max_examples=60, deadline=None)
@given(chains())
def test_the_factor_multiplies_to_the_matrix(chain: tuple[Floats, float, float]) -> None:
    band, lower = factored(*chain)
    size = chain[0].size
    full = np.diag(lower[0]) + np.diag(lower[1, 1:], -1) + np.diag(lower[2, 2:], -2)
    expected = dense_of(band)
    assert full.shape == (size, size)
    assert np.abs(full @ full.T - expected).max() <= 1e-13 * np.abs(expected).max()


@settings(max_examples=60, deadline=None)
@given(chains(), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_solving_leaves_a_small_residual(
    chain: tuple[Floats, float, float], columns: int, seed: int
) -> None:
    """Backward stable: |P x − b| is rounding against |P| |x|, whatever the condition."""
    _, lower = factored(*chain)
    right = np.random.default_rng(seed).standard_normal((chain[0].size, columns))
    found = right.copy()
    solve(lower, found)
    full = dense_precision(*chain)
    allowed = 1e-12 * (np.abs(full).sum(axis=1).max() * np.abs(found).max() + 1)
    assert np.abs(full @ found - right).max() <= allowed


@settings(max_examples=60, deadline=None)
@given(chains())
def test_the_selected_inverse_is_the_inverse_near_the_diagonal(
    chain: tuple[Floats, float, float],
) -> None:
    _, lower = factored(*chain)
    found = np.zeros((3, chain[0].size))
    selected_inverse(lower, found)
    full = dense_precision(*chain)
    expected = np.linalg.inv(full)
    allowed = 1e-14 * np.linalg.cond(full) * np.abs(expected).max() + 1e-300
    size = chain[0].size
    for k in range(3):
        difference = found[k, : size - k] - np.diag(expected, k)
        assert np.abs(difference).max() <= allowed


def test_a_straight_line_costs_nothing_but_the_pull() -> None:
    weight = np.ones(30)
    band, _ = factored(weight, 0.1, 1e-2)
    line = np.linspace(-3.0, 5.0, 30)
    assert line @ dense_of(band) @ line == pytest.approx(1e-3 * line @ line, rel=1e-9)


def test_a_weight_of_zero_cuts_the_chain() -> None:
    """Two zero weights in a row: what is left of them knows nothing of what is right."""
    weight = np.ones(20)
    weight[[9, 10]] = 0.0
    _, lower = factored(weight, 0.2, 1e-2)
    right = np.zeros((20, 1))
    right[4] = 1.0
    solve(lower, right)
    assert (right[10:] == 0).all()
    assert right[4, 0] > 0


def test_a_singular_precision_still_gives_finite_numbers() -> None:
    """All weights and the pull at zero: no division by zero comes out as NaN."""
    _, lower = factored(np.zeros(5), 0.1, 0.0)
    assert np.isfinite(lower).all()
