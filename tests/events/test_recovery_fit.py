"""The fit of a relaxation: models, bounds, and what no model describes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.errors import Outcome
from anodescope.events.recovery.decays import binned
from anodescope.events.recovery.misfit import half_of
from anodescope.events.recovery.relaxation import relax, resolved
from tests.events.decaying import noise

TIME = np.arange(1, 101) * 0.1


@given(
    tau=st.floats(0.3, 5.0), amplitude=st.sampled_from([-2.0, 0.01, 1.0]), final=st.floats(-3, 3)
)
@settings(max_examples=30, deadline=None)
def test_an_exponential_without_noise_comes_back(tau, amplitude, final):
    found = relax(TIME, final + amplitude * np.exp(-TIME / tau), ("one",))
    assert found.tau[0] == pytest.approx(tau, rel=1e-4)
    assert found.final == pytest.approx(final, abs=1e-4 * abs(amplitude))
    first = amplitude * np.exp(-TIME[0] / tau)
    assert found.amplitude[0] == pytest.approx(first, rel=1e-4)
    assert found.decay == pytest.approx(TIME[0] + tau, rel=1e-3)
    assert found.plateau == pytest.approx(TIME[0] + tau * np.log(20.0), rel=1e-3)


@given(scale=st.floats(1e-3, 1e3), offset=st.floats(-10, 10), clock=st.floats(1e-2, 1e4))
@settings(max_examples=20, deadline=None)
def test_units_of_time_and_voltage_do_not_matter(scale, offset, clock):
    values = np.exp(-TIME / 2.0) + noise()
    one = relax(TIME, values)
    other = relax(TIME * clock, scale * values + offset)
    assert other.model == one.model
    np.testing.assert_allclose(other.tau, clock * one.tau, rtol=1e-3)
    np.testing.assert_allclose(other.high, clock * one.high, rtol=1e-2)


def test_two_and_stretched_are_chosen_when_they_are_there():
    time = np.geomspace(0.01, 100, 200)
    two = relax(time, np.exp(-time / 0.2) + np.exp(-time / 10.0) + noise(200))
    assert two.model == "two"
    assert np.all((two.low <= [0.2, 10.0]) & (two.high >= [0.2, 10.0]))
    stretched = relax(time, np.exp(-((time / 3.0) ** 0.5)) + noise(200))
    assert stretched.model == "stretched"
    assert stretched.low[0] <= 3.0 <= stretched.high[0]
    assert stretched.beta == pytest.approx(0.5, abs=0.05)
    assert relax(time, np.exp(-time / 3.0) + noise(200)).model == "one"


def test_noise_alone_is_no_relaxation():
    told = [relax(TIME, noise(seed=seed)).outcome for seed in range(50)]
    assert told.count(Outcome.not_found) >= 45
    assert relax(TIME, np.ones(100)).outcome is Outcome.not_found
    assert relax(TIME[:3], TIME[:3]).outcome is Outcome.too_few_points
    assert relax(np.ones(9), np.arange(9.0)).outcome is Outcome.too_few_points


def test_slower_than_the_record_has_no_upper_bound():
    found = relax(TIME, np.exp(-TIME / 1e4) + noise(scale=1e-5))
    assert np.isinf(found.high[-1])
    assert found.low[-1] > TIME[-1]
    assert found.low[-1] <= 1e4


def test_faster_than_the_sampling_has_no_lower_bound():
    values = np.where(np.arange(100) == 0, 1.0, 0.0) + noise()
    found = relax(TIME, values, ("one",))
    assert found.low[0] == 0.0
    assert found.high[0] < 0.1


@pytest.mark.parametrize(
    ("bounds", "outcome", "known"),
    [
        ((1.0, 0.5, 2.0), Outcome.determined, True),
        ((1.0, 0.0, 2.0), Outcome.not_resolved, False),
        ((1.0, 0.5, np.inf), Outcome.not_resolved, False),
        ((1.0, 0.0, np.inf), Outcome.not_identifiable, False),
    ],
)
def test_bounds_say_what_is_resolved(bounds, outcome, known):
    told, value, text = resolved(*bounds, "It relaxes")
    assert (told, np.isfinite(value)) == (outcome, known)
    assert text.startswith("It relaxes")


def test_a_long_record_is_binned_without_moving_the_time_constant():
    time = np.arange(1, 50001) * 1.0
    found = relax(time, np.exp(-time / 700.0) + noise(50000, 0.01))
    assert found.low[0] <= 700.0 <= found.high[0]
    assert found.tau[0] == pytest.approx(700.0, rel=0.02)


def test_three_exponentials_are_no_stretched_one():
    time = np.arange(1.0, 401.0)
    values = sum(np.exp(-time / tau) / 3.0 for tau in (1.5, 15.0, 120.0))
    found = relax(time, values + noise(400, 3e-3))
    assert found.outcome is Outcome.not_decidable
    half = 0.5 * (values[0] + values[-1])
    true = np.interp(-half, -values, time)
    assert found.half_bounds[0] <= true <= found.half_bounds[1]
    assert found.half_bounds[1] - found.half_bounds[0] < 0.5 * true


def test_bounds_hold_whichever_of_two_models_is_right():
    """60 samples of three exponentials: two and a stretched one both leave no more than noise."""
    time = np.linspace(400.0 / 60, 400.0, 60)
    values = sum(np.exp(-time / tau) / 3.0 for tau in (1.5, 15.0, 120.0))
    found = relax(time, values + noise(60, 0.01, seed=3))
    assert found.outcome is Outcome.determined
    true = np.interp(-values[0] / np.e, -values, time)
    assert found.decay_bounds[0] <= true <= found.decay_bounds[1]


@given(start=st.floats(0.5, 30), power=st.floats(0.3, 2), scale=st.sampled_from([-3.0, 1e-3]))
@settings(max_examples=20, deadline=None)
def test_half_needs_no_model(start, power, scale):
    """What is monotone without noise is half done between the two samples that say so."""
    time = np.arange(1.0, 101.0)
    values = scale * (1.0 + time / start) ** -power
    data = binned(time, values)
    value, (low, high) = half_of(data)
    true = float(np.interp(0.5, (values - values[0]) / (values[-1] - values[0]), time))
    assert low <= true <= high
    assert value == pytest.approx(true, abs=0.5)
    assert high - low <= 3.0


def test_correlated_noise_does_not_look_like_a_misfit():
    told = []
    for seed in range(40):
        white = noise(120, 5e-3, seed)
        rough = white.copy()
        for k in range(1, rough.size):
            rough[k] = 0.6 * rough[k - 1] + white[k]
        time = np.arange(1.0, 121.0)
        told.append(relax(time, np.exp(-time / 20.0) + rough, bounds=False).outcome)
    assert told.count(Outcome.not_decidable) <= 3
