"""Drift within a sweep: every point has its own instant, and γ is that of the sweep's middle."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.impedance.loggp.drift import at_once
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.sweeps import Sweeps
from anodescope.running import Run
from tests.impedance.evolving import GRID, cell, noisy, relative_l2, truth

PERIOD, LASTS = 40.0, 35.0
DRIFTING, AS_IS = LogGaussian(), LogGaussian(drift=False)
_SHARE = np.cumsum(1 / GRID + 0.02)
OFFSET = LASTS * (_SHARE / _SHARE[-1] - 0.5)


def recorded(state, count: int, noise: float = 0.003) -> tuple[Sweeps, np.ndarray]:
    """Sweeps of a cell in a state that depends on time (in sweeps), and it in their middles."""
    time = np.arange(count) * PERIOD
    when = (time[:, None] + OFFSET) / LASTS
    z = np.stack([[cell(state(t), GRID)[k] for k, t in enumerate(row)] for row in when])
    shape = np.ones(z.shape, dtype=bool)
    sweeps = Sweeps(
        np.tile(GRID, (count, 1)), noisy(z, noise, 1), shape, shape, time, time[:, None] + OFFSET
    )
    return sweeps, np.array([state(t) for t in time / LASTS])


def errors(sweeps: Sweeps, states: np.ndarray, method: LogGaussian) -> tuple[float, float]:
    """Mean relative L2 of γ inside the window, and rms relative error of Z, in the middles."""
    found = method.invert(sweeps, Run())
    tau = found.lattice.tau
    window = (tau > 1 / (2 * np.pi * GRID[0])) & (tau < 1 / (2 * np.pi * GRID[-1]))
    gamma = relative_l2(found.gamma[:, window], truth(states, tau[window])).mean()
    return float(gamma), float(np.sqrt(np.mean(np.abs(found.fit / cell(states) - 1) ** 2)))


def test_a_straight_line_of_ln_z_is_read_off_exactly():
    rng = np.random.default_rng(1)
    start, slope = rng.standard_normal((2, 5)) + 1j * rng.standard_normal((2, 5))
    time = np.array([0.0, 3.0, 4.0, 9.0])
    instants = np.tile(rng.uniform(-0.4, 0.4, 5), (4, 1))
    at = np.exp(start + 0.1 * slope * (time[:, None] + instants))
    found, _ = at_once(at, np.zeros(at.shape, bool), time, instants)
    assert np.abs(found / np.exp(start + 0.1 * slope * time[:, None]) - 1).max() < 1e-12


def test_points_without_a_neighbour_stay():
    z = cell(np.array([1.0, 2.0]))
    missing = np.zeros(z.shape, dtype=bool)
    missing[0, 3] = True
    found, gain = at_once(z, missing, np.array([0.0, 1.0]), np.full(z.shape, 0.1))
    assert (gain[:, 3] == 1).all()
    assert np.allclose(found[:, 3], z[:, 3], rtol=1e-13)
    assert (np.abs(found[1, -1] / z[1, -1] - 1) > 0.01).all()


def test_the_noise_of_a_moved_point_is_that_of_its_two_points():
    """ln Z is linear in what was measured: shares of one, their squares the gain."""
    time = np.array([0.0, 1.0, 2.5])
    instants = np.tile(np.linspace(-0.4, 0.4, GRID.size), (3, 1))
    z = cell(np.ones(3))
    still, gain = at_once(z, np.zeros(z.shape, bool), time, instants)
    square = np.zeros(z.shape)
    for row in range(3):
        other = z.copy()
        other[row] *= np.exp(1e-6)
        found, _ = at_once(other, np.zeros(z.shape, bool), time, instants)
        square += (np.log(np.abs(found / still)) / 1e-6) ** 2
    assert np.allclose(square, gain**2, rtol=1e-6)
    assert (gain[1] <= 1).all()  # between two sweeps
    assert gain[0].max() > 1  # beyond them


# Two sweeps know a straight line only.
@pytest.mark.parametrize(
    ("shape", "count"),
    [(shape, count) for shape in ("linear", "exponential") for count in (2, 3, 16)]
    + [("wave", 3), ("wave", 16)],
)
def test_a_fast_drift_is_taken_out(shape, count):
    state = {
        "linear": lambda t: 1 + 0.3 * t,
        "exponential": lambda t: 1.3**t,
        "wave": lambda t: 1 + 0.5 * np.sin(2 * np.pi * (t + 0.5) / 10),
    }[shape]
    sweeps, states = recorded(state, count)
    gamma, fit = errors(sweeps, states, DRIFTING)
    raw_gamma, raw_fit = errors(sweeps, states, AS_IS)
    assert fit < 0.5 * raw_fit
    assert gamma < 1.1 * raw_gamma


@pytest.mark.parametrize("count", [3, 16])
def test_a_still_cell_loses_little(count):
    """What a slope that is not there costs Z stays far below what neighbours bring."""
    sweeps, states = recorded(lambda t: 1.0 + 0 * t, count)
    with_it, without = errors(sweeps, states, DRIFTING), errors(sweeps, states, AS_IS)
    alone = errors(sweeps, states, LogGaussian(joint=False))
    assert with_it[0] < 1.15 * without[0]
    assert with_it[1] < 1.05 * alone[1]


@pytest.mark.parametrize("count", [2, 3, 16])
def test_a_jump_between_sweeps_is_no_drift(count):
    def state(t: float) -> float:
        return 1.0 if t < PERIOD / LASTS * (count // 2 - 0.5) else 0.3

    sweeps, states = recorded(state, count)
    with_it, without = errors(sweeps, states, DRIFTING), errors(sweeps, states, AS_IS)
    assert with_it[0] < 1.25 * without[0]
    assert with_it[1] < 1.25 * without[1]


@pytest.mark.parametrize("count", [2, 3, 4, 16])
def test_a_cell_that_changes_between_sweeps_only_is_not_moved(count):
    sweeps, states = recorded(lambda t: 1.25 ** np.round(t * LASTS / PERIOD), count)
    with_it, without = errors(sweeps, states, DRIFTING), errors(sweeps, states, AS_IS)
    assert with_it[0] < 1.25 * without[0]
    assert with_it[1] < 1.25 * without[1]
    assert (DRIFTING.invert(sweeps, Run()).gamma >= 0).all()


def test_a_drift_that_only_a_few_sweeps_see_is_taken_out():
    sweeps, states = recorded(lambda t: 1.3 ** max(min(t - 10.5, 3), 0.0), 20)
    with_it, without = errors(sweeps, states, DRIFTING), errors(sweeps, states, AS_IS)
    assert with_it[1] < 0.6 * without[1]
