"""Smoothing in time, its noise and its jumps: what is averaged, what is left alone, what is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.impedance.loggp.cuts import CORE, MARGIN, cores, jumps, noise_of, stretches
from anodescope.impedance.loggp.smoothing import gaps_of, logarithm, smooth
from tests.impedance.evolving import GRID, cell, columns, noisy

NOISE = 0.003
ROWS, WIDE = 60, 2 * GRID.size


def nowhere(values: np.ndarray) -> np.ndarray:
    return np.zeros(values.shape, dtype=bool)


def found_jumps(values: np.ndarray, time: np.ndarray | None = None) -> list[int]:
    gaps = gaps_of(np.arange(len(values)) if time is None else time)
    noise = noise_of(values, gaps, nowhere(values))
    return jumps(values / noise.profile, gaps, noise.sigma)


def white(rows: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, WIDE))


def test_a_constant_series_is_averaged_as_its_leverage_says():
    time = np.arange(ROWS, dtype=float)
    squares, leverages = [], []
    for seed in range(20):
        smoothed = smooth(NOISE * white(ROWS, seed), time, NOISE, nowhere(white(ROWS)))
        squares.append((smoothed.values / NOISE) ** 2)
        leverages.append(smoothed.leverage.mean(axis=1))
    # Inside some dozen sweeps are averaged; at the ends a straight line is known half as well.
    variance, expected = np.mean(squares, axis=(0, 2)), np.mean(leverages, axis=0)
    assert variance[ROWS // 2] < 1 / 6
    assert variance[0] < 1 / 2
    # The stiffness is found from the same noise, so somewhat more is left than the leverage says.
    assert (variance > 0.8 * expected).all()
    assert (variance < 2.0 * expected).all()


@given(
    slope=st.floats(-3, 3),
    rows=st.integers(5, 70),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_a_straight_line_in_time_is_not_bent(slope, rows, seed):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 10 * rows, rows))
    direction = rng.standard_normal(WIDE)
    values = 1.7 + slope * (time / time[-1])[:, None] * direction
    smoothed = smooth(values, time, 1e-3, nowhere(values))
    # Spacings are bounded, so a line over them is one in bounded time; even ones always are.
    even = smooth(values[0] + np.outer(np.arange(rows), direction), np.arange(rows) * 3.0, 1e-3,
                  nowhere(values))  # fmt: skip
    line = values[0] + np.outer(np.arange(rows), direction)
    assert np.abs(even.values - line).max() < 1e-8 * np.abs(line).max()
    gaps = np.diff(time)
    if gaps.min() > 0.05 * np.median(gaps) and gaps.max() < 50 * np.median(gaps):
        assert np.abs(smoothed.values - values).max() < 1e-6 * (1 + abs(slope))


def test_what_changes_faster_than_noise_keeps_its_shape():
    """An onset over three sweeps, far beyond the noise, is followed within a few σ."""
    growth = 1 / (1 + np.exp(-(np.arange(ROWS) - 30) / 3))
    values, clean = columns(growth, NOISE)
    noise = noise_of(values, gaps_of(np.arange(ROWS)), nowhere(values))
    smoothed = smooth(values, np.arange(ROWS, dtype=float), noise.sigma, nowhere(values))
    error = np.sqrt(((smoothed.values - clean) ** 2).mean(axis=1))
    assert error.max() < NOISE
    assert error.mean() < 0.6 * NOISE


@pytest.mark.parametrize("uneven", [False, True])
def test_noise_is_that_which_was_added(uneven):
    rng = np.random.default_rng(5)
    time = np.cumsum(rng.uniform(0.3, 3, 72)) if uneven else np.arange(72.0)
    ramp = 1 + 3 * time / time[-1]
    values, _ = columns(ramp, NOISE)
    found = noise_of(values, gaps_of(time), nowhere(values))
    assert found.sigma == pytest.approx(NOISE, rel=0.05)
    few = noise_of(values[:6], gaps_of(time[:6]), nowhere(values[:6]))
    assert few.sigma == pytest.approx(NOISE, rel=0.25)


def test_a_noisy_frequency_is_told_apart():
    values, _ = columns(np.ones(72), NOISE)
    rng = np.random.default_rng(8)
    loud = [*range(30, 36), *range(66, 72)]
    values[:, loud] += 9 * NOISE * rng.standard_normal((72, len(loud)))
    found = noise_of(values, np.ones(71), nowhere(values))
    ratio = found.profile[33] / found.profile[10]
    assert 6 < ratio < 12


def test_gaps_in_the_data_do_not_hide_noise():
    values, _ = columns(np.ones(60), NOISE)
    missing = np.random.default_rng(1).random(values.shape) < 0.1
    values[missing] = 0.0
    found = noise_of(values, np.ones(59), missing)
    assert found.sigma == pytest.approx(NOISE, rel=0.1)


@given(
    row=st.integers(2, ROWS - 2),
    size=st.floats(0.02, 3.0),
    seed=st.integers(0, 999),
)
@settings(max_examples=60, deadline=None)
def test_a_jump_is_cut_where_it_is(row, size, seed):
    growth = np.linspace(1, 1.5, ROWS) * np.where(np.arange(ROWS) >= row, 1.0, 1 + 10 * size)
    values, _ = columns(growth, NOISE, seed)
    assert found_jumps(values) == [row]


def test_one_odd_sweep_is_cut_out():
    growth = np.ones(ROWS)
    growth[20] = 2.0
    assert found_jumps(columns(growth)[0]) == [20, 21]


@given(
    kind=st.sampled_from(["still", "ramp", "sudden ramp", "exponential", "wave", "logistic"]),
    rate=st.floats(0.005, 0.3),
    level=st.floats(3e-4, 0.01),
    rows=st.integers(5, 70),
    pauses=st.booleans(),
    seed=st.integers(0, 9999),
)
@settings(max_examples=150, deadline=None)
def test_no_jump_is_invented(kind, rate, level, rows, pauses, seed):
    rng = np.random.default_rng(seed)
    # What happens during a pause, or begins in the last few sweeps, may as well have jumped.
    sudden = kind == "sudden ramp"
    rows = max(rows, 20) if sudden else rows
    pause = pauses and kind in ("still", "ramp")
    gaps = np.where(rng.random(rows) < 0.05, 10.0, 1.0) if pause else np.ones(rows)
    time = np.cumsum(gaps) - gaps[0]
    late = np.maximum(time - time[rows // 2], 0)
    growth = {
        "still": np.ones(rows),
        "ramp": 1 + rate * time,
        "sudden ramp": 1 + rate * late,
        "exponential": np.exp(np.minimum(rate * time, 8)),
        "wave": 1 + 0.5 * np.sin(2 * rate * time / max(1, gaps.max() / 3)),
        "logistic": 1 / (1 + np.exp(-(time - time.mean()) * rate)),
    }[kind]
    assert found_jumps(columns(growth, level, seed)[0], time) == []


def test_cores_cover_a_stretch_and_stay_where_they_are_as_it_grows():
    for size in (1, 5, CORE, CORE + 1, 3 * CORE + 7):
        cut = cores(10, 10 + size)
        rows = [row for core, _ in cut for row in range(core.start, core.stop)]
        assert rows == list(range(10, 10 + size))
        assert all(seen.start <= core.start and core.stop <= seen.stop for core, seen in cut)
    assert [c.start for c, _ in cores(0, 50)] == [c.start for c, _ in cores(0, 90)][
        : len(cores(0, 50))
    ]


def test_far_rows_do_not_matter():
    """What lies beyond a row's core and margin changes nothing, not a bit."""
    rows = 8 * CORE
    impedance = noisy(cell(np.linspace(1, 2, rows)), NOISE, 4)
    other = impedance.copy()
    far = CORE + 2 * MARGIN + CORE
    other[far:] = noisy(cell(np.linspace(1, 2, rows)), NOISE, 5)[far:]
    time, none = np.arange(rows, dtype=float), np.zeros(impedance.shape, dtype=bool)
    one = stretches(impedance, none, time, None, [])
    two = stretches(other, none, time, None, [])
    assert one[0][0] == two[0][0] == slice(0, CORE)
    for name in ("impedance", "profile", "time", "sigma"):
        assert np.array_equal(getattr(one[0][1], name), getattr(two[0][1], name))
    assert one[-1][1].sigma != two[-1][1].sigma


def test_boundaries_cut_and_margins_do_not_look_over_them():
    rows = 40
    impedance = noisy(cell(np.ones(rows)), NOISE, 4)
    none = np.zeros(impedance.shape, dtype=bool)
    cut = stretches(impedance, none, np.arange(rows, dtype=float), None, [13, 27])
    assert [(core.start, core.stop) for core, _ in cut] == [(0, 13), (13, 27), (27, 40)]
    assert [len(stretch.time) for _, stretch in cut] == [13, 14, 13]


def test_phase_is_followed_through_the_branch_cut():
    turning = np.exp(1j * np.linspace(3.0, 3.4, 20))[:, None] * np.ones(4)
    values = logarithm(turning)
    assert np.abs(np.diff(values[:, 4:], axis=0)).max() < 0.05
