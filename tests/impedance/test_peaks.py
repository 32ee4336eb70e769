"""Peaks of one distribution: laws (sum, shift, scale), places, areas, settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anodescope.bench.spectra import sets_a_and_b, zarc_gamma
from anodescope.errors import SettingsError
from anodescope.impedance import drt
from anodescope.impedance.peaks.maxima import Detection, find, measure
from anodescope.impedance.peaks.track import (
    PeakSettings,
    track_peaks,
)
from tests.impedance.peak_nodes import (
    LATTICE,
    bells,
    node,
)
from tests.impedance.peak_series import random_series

EVERYTHING = Detection(prominence=0, height=0, strong_height=0, noise=0, strong_noise=0)


@pytest.fixture(scope="module")
def made():
    return sets_a_and_b(300)["A"].first(60)


@pytest.fixture(scope="module")
def fitted(made):
    return drt((made.frequency, made.impedance), "drttools")


@settings(deadline=None)
@given(hnp.arrays(float, st.integers(2, 60), elements=st.floats(0, 1e3)))
def test_all_maxima_share_the_whole_integral(row):
    ln_tau = 0.23 * np.arange(row.size)
    peaks, strong = find(row[None, :], ln_tau, EVERYTHING)
    assert strong.all()
    whole = np.trapezoid(row, ln_tau)
    if row.max() > 0:
        assert peaks.count > 0
        assert peaks.area.sum() == pytest.approx(whole, rel=1e-9, abs=1e-12)
    assert np.all(peaks.area >= 0)
    assert np.all(np.diff(peaks.ln_tau) > 0)
    assert np.array_equal(peaks.left[1:], peaks.right[:-1])


@settings(deadline=None)
@given(
    hnp.arrays(float, st.integers(3, 60), elements=st.floats(0, 1e3)),
    st.floats(0, 1),
    st.floats(0, 0.5),
)
def test_merging_loses_no_area(row, prominence, height):
    ln_tau = 0.23 * np.arange(row.size)
    chosen = Detection(prominence=prominence, height=height, strong_height=0.5)
    peaks, _ = find(row[None, :], ln_tau, chosen)
    if peaks.count:
        whole = np.trapezoid(row, ln_tau)
        assert peaks.area.sum() == pytest.approx(whole, rel=1e-9, abs=1e-12)


def test_the_largest_peak_is_always_found():
    rows = np.random.default_rng(3).uniform(0, 1, (50, 80)) ** 8
    peaks, _ = find(rows, 0.23 * np.arange(80), Detection())
    for s, row in enumerate(rows):
        assert np.isclose(peaks.height[peaks.spectrum == s].max(), row.max(), rtol=0.3)


@pytest.mark.parametrize("place", [-3.0, -2.97, -2.95, -2.93])
def test_a_bell_is_placed_between_lattice_points(place):
    found = track_peaks(node(bells((120.0, place, 0.3))))
    # ln of a Gaussian is a parabola: the position is exact.
    assert np.allclose(np.log10(found.tau), place, atol=1e-9)
    assert np.allclose(found.resistance, 120.0, rtol=1e-6)
    assert np.allclose(found.capacitance, found.tau / found.resistance)
    assert np.allclose(found.frequency, 1 / (2 * np.pi * found.tau))
    assert np.allclose(found.height, 120 / (np.sqrt(2 * np.pi) * 0.3 * np.log(10)), rtol=1e-9)


def test_the_resistances_of_true_distributions_sum_to_their_integral():
    generator = np.random.default_rng(11)
    for kind in ("still", "drift", "jump"):
        truth = random_series(generator, kind).true_node()
        found = track_peaks(truth)
        whole = np.trapezoid(truth.gamma, np.log(truth.tau), axis=1)
        assert np.allclose(np.nansum(found.resistance, axis=1), whole, rtol=1e-12)


def test_the_resistances_of_a_fit_sum_to_its_integral_when_all_is_absorbed(fitted):
    found = track_peaks(fitted, settings=PeakSettings(absorb=np.inf))
    whole = np.trapezoid(fitted.gamma, np.log(fitted.tau), axis=1)
    assert np.allclose(np.nansum(found.resistance, axis=1), whole, rtol=1e-9)
    assert np.allclose(whole, fitted.polarisation_resistance, rtol=5e-3)
    usual = track_peaks(fitted)
    assert np.all(np.nansum(usual.resistance, axis=1) <= whole * (1 + 1e-9))


def test_shifting_tau_shifts_the_peaks():
    gamma = random_series(np.random.default_rng(5), "drift").true_node().gamma.values
    one = node(np.pad(gamma, ((0, 0), (2, LATTICE.size - gamma.shape[1] - 2))), low=-9, high=2)
    other = node(np.pad(gamma, ((0, 0), (5, LATTICE.size - gamma.shape[1] - 5))), low=-9, high=2)
    here, there = track_peaks(one), track_peaks(other)
    assert np.allclose(there.tau, here.tau * 10**0.3, rtol=1e-9, equal_nan=True)
    assert np.allclose(there.resistance, here.resistance, rtol=1e-9, equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-6, 1e6))
def test_scaling_the_impedance_scales_the_resistances(fitted, factor):
    values = fitted[["tau", "gamma", "in_window", "noise", "series_resistance"]]
    scaled = values.assign(
        gamma=values.gamma * factor, series_resistance=values.series_resistance * factor
    )
    one, other = track_peaks(values), track_peaks(scaled)
    assert np.allclose(other.resistance, one.resistance * factor, rtol=1e-9, equal_nan=True)
    assert np.allclose(other.tau, one.tau, rtol=1e-9, equal_nan=True)
    for name in ("birth", "death", "name", "in_window", "at_edge"):
        assert other[name].equals(one[name])


def test_zarcs_give_their_resistance_and_time():
    gamma = sum(
        zarc_gamma(LATTICE.tau, r, t, 0.9) for r, t in ((100.0, 1e-6), (50.0, 3e-4), (200.0, 0.1))
    )
    found = track_peaks(node(np.tile(gamma, (4, 1))))
    assert np.allclose(found.tau[0], [1e-6, 3e-4, 0.1], rtol=0.01)
    assert np.allclose(found.resistance[0], [100, 50, 200], rtol=0.02)


def test_a_loop_is_no_part_of_the_peaks_beside_it():
    arcs, loop = bells((100, -6.0, 0.3), (60, -2.0, 0.3)), bells((40, 0.6, 0.3))
    found = track_peaks(node(arcs - loop, high=2.0))
    assert np.allclose(found.resistance, [100, 60], rtol=1e-3)
    deep = track_peaks(node(arcs - 3 * loop, high=2.0))
    assert np.allclose(deep.resistance, [100, 60], rtol=1e-3)


def test_measure_of_nothing_is_nothing():
    none = np.empty(0, np.int64)
    assert measure(np.zeros((2, 5)), np.arange(5.0), none, none).count == 0


def test_settings_are_checked():
    with pytest.raises(SettingsError, match=r"height.*-1"):
        Detection(height=-1)
    with pytest.raises(SettingsError, match="strong_noise"):
        Detection(noise=5, strong_noise=1)
    with pytest.raises(SettingsError, match="edge_share"):
        PeakSettings(edge_share=0.7)
    with pytest.raises(SettingsError, match="absorb"):
        PeakSettings(absorb=-1)
