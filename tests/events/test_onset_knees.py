"""The numeric cores of onsets: laws of knees of V(i), and of crossings of R_int."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.events.onset.crossing import crossings
from anodescope.events.onset.knee import knees, noise_of
from tests.events.onsets import CURRENT, FACTORS, UNIT, softplus, softplus_knee


def test_without_noise_the_knees_are_within_one_step_of_the_derivatives():
    found = knees(CURRENT, softplus(CURRENT), np.array([0.0]), FACTORS)
    exact = softplus_knee(FACTORS)
    assert np.all(np.abs(found.value[0] - exact) < 0.01 * UNIT)
    assert np.all((found.low[0] <= exact) & (exact <= found.high[0]))
    assert found.initial == pytest.approx(300.0, rel=1e-3)


def test_subtracting_the_ohmic_drop_gives_the_knees_of_the_overpotential():
    ohmic = 900.0
    whole = knees(CURRENT, softplus(CURRENT) + ohmic * CURRENT, np.array([0.0, ohmic]), FACTORS)
    bare = knees(CURRENT, softplus(CURRENT), np.array([0.0]), FACTORS)
    np.testing.assert_allclose(whole.value[1], bare.value[0], rtol=1e-6)
    # a series resistance hides the onset: the raw knee is never earlier
    assert np.all(whole.value[0] >= whole.value[1])


def test_a_larger_factor_never_gives_an_earlier_knee():
    found = knees(CURRENT, softplus(CURRENT), np.array([0.0, 100.0]), FACTORS)
    assert np.all(np.diff(found.value, axis=1) > 0)


@given(scale=st.floats(0.1, 1e3), offset=st.floats(-2.0, 2.0), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_scale_and_offset_of_the_voltage_do_not_move_the_knee(scale, offset, seed):
    noise = 1e-4 * np.random.default_rng(seed).standard_normal(CURRENT.size)
    volts = softplus(CURRENT) + noise
    one = knees(CURRENT, volts, np.array([0.0]), FACTORS)
    other = knees(CURRENT, scale * volts + offset, np.array([0.0]), FACTORS)
    np.testing.assert_allclose(one.value, other.value, rtol=1e-4)


def test_a_straight_line_has_no_knee_and_is_censored_at_the_top():
    found = knees(CURRENT, 300.0 * CURRENT, np.array([0.0]), FACTORS)
    assert np.all(np.isinf(found.value))
    assert np.all(found.low == CURRENT[-1])
    assert np.all(np.isinf(found.high))


def test_a_falling_slope_has_no_knee():
    found = knees(CURRENT, np.sqrt(CURRENT), np.array([0.0]), FACTORS)
    assert np.all(np.isinf(found.value))


def test_missing_and_uneven_stairs_keep_the_knee():
    random = np.random.default_rng(3)
    kept = np.sort(random.permutation(CURRENT.size)[:70])
    found = knees(CURRENT[kept], softplus(CURRENT[kept]), np.array([0.0]), FACTORS)
    exact = softplus_knee(FACTORS)
    assert np.all((found.low[0] <= exact) & (exact <= found.high[0]))


def test_too_few_stairs_and_too_large_a_resistance_decide_nothing():
    assert np.isnan(knees(CURRENT[:5], CURRENT[:5], np.array([0.0]), FACTORS).value).all()
    found = knees(CURRENT, softplus(CURRENT), np.array([300.0, 500.0]), FACTORS)
    assert np.isnan(found.value).all()


def test_the_same_curve_has_the_same_bounds():
    volts = softplus(CURRENT) + 1e-4 * np.random.default_rng(0).standard_normal(CURRENT.size)
    one, two = (knees(CURRENT, volts, np.array([0.0]), FACTORS) for _ in range(2))
    np.testing.assert_array_equal(one.low, two.low)
    np.testing.assert_array_equal(one.high, two.high)


def test_more_noise_makes_wider_bounds():
    white = np.random.default_rng(1).standard_normal(CURRENT.size)
    width = [
        np.ptp([f.low[0, 2], f.high[0, 2]])
        for f in (
            knees(CURRENT, softplus(CURRENT) + s * white, np.array([0.0]), FACTORS)
            for s in (1e-5, 1e-3)
        )
    ]
    assert width[1] > width[0]


def test_the_noise_is_told_on_a_curve_with_a_knee_and_any_steps():
    random = np.random.default_rng(2)
    current = np.sort(random.uniform(0.05, 1.0, 400)) * UNIT
    told = noise_of(current, softplus(current) + 1e-3 * random.standard_normal(400))
    assert told == pytest.approx(1e-3, rel=0.2)


def test_r_int_crosses_where_it_is_k_times_its_initial_value():
    resistance = 100.0 * (1 + np.maximum(CURRENT / UNIT - 0.5, 0) * 10)
    found = crossings(CURRENT, resistance, FACTORS)
    exact = (0.5 + (FACTORS - 1) / 10) * UNIT
    np.testing.assert_allclose(found.value, exact, atol=1e-3 * UNIT)
    assert np.all((found.low < exact) & (exact < found.high))


def test_one_outlier_of_r_int_is_no_onset():
    resistance = np.full(CURRENT.size, 100.0)
    resistance[40] = 1000.0
    found = crossings(CURRENT, resistance, FACTORS)
    assert np.all(np.isinf(found.value))
    assert np.all(found.low == CURRENT[-2])
