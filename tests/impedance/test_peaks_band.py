"""Peaks of γ with a band: intervals, ripples, spreads of areas, rises to the end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.bench.spectra import sets_a_and_b
from anodescope.impedance import drt
from anodescope.impedance.peaks.track import (
    track_peaks,
)
from tests.impedance.peak_nodes import (
    LATTICE,
    banded,
    bells,
    node,
    with_spreads,
)


@pytest.fixture(scope="module")
def made():
    return sets_a_and_b(300)["A"].first(60)


@pytest.fixture(scope="module")
def fitted(made):
    return drt((made.frequency, made.impedance), "drttools")


def test_without_a_band_there_are_no_intervals(fitted):
    found = track_peaks(fitted)
    for name in ("tau_low", "tau_high", "resistance_low", "resistance_high"):
        assert np.isnan(found[name]).all()


def test_intervals_hold_the_values_and_grow_with_the_band():
    gamma = bells((100, -6.0, 0.3), (60, -4.2, 0.4), (150, -1.0, 0.3))
    widths = []
    for sigma in (0.0, 0.02, 0.1, 0.3):
        found = track_peaks(banded(gamma, sigma))
        assert found.sizes["peak"] == 3
        for name in ("tau", "resistance"):
            assert np.all(found[f"{name}_low"] <= found[name])
            assert np.all(found[f"{name}_high"] >= found[name])
        widths.append(float((np.log10(found.tau_high) - np.log10(found.tau_low)).mean()))
    assert widths[0] < 0.15
    assert np.all(np.diff(widths) > 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_a_band_that_holds_gives_intervals_that_hold(seed):
    generator = np.random.default_rng(seed)
    ln_tau = LATTICE.ln_tau
    truth = bells((100, -6, 0.35), (80, generator.uniform(-3.5, -2), 0.35), rows=1)
    wave = np.sin(generator.uniform(0.2, 1.5) * ln_tau + generator.uniform(0, 6, (3, 1)))
    error = 0.25 * (generator.uniform(-1, 1, (3, 1)) * wave).mean(axis=0)
    # |error| ≤ 0.25 = 1.96 · 0.1276: the truth is inside everywhere.
    found = track_peaks(banded(truth * np.exp(error), 0.1276))
    true = track_peaks(node(truth))
    assert found.sizes["peak"] == true.sizes["peak"] == 2
    assert np.all(found.tau_low <= true.tau * 1.001)
    assert np.all(found.tau_high >= true.tau * 0.999)
    assert np.all(found.resistance_low <= true.resistance * 1.001)
    assert np.all(found.resistance_high >= true.resistance * 0.999)


def test_a_ripple_inside_the_band_is_no_peak():
    gamma = bells((100, -3.0, 0.5)) * (1 + 0.3 * np.sin(6 * LATTICE.ln_tau))
    assert track_peaks(banded(gamma, 0.8)).sizes["peak"] == 1
    assert track_peaks(banded(gamma, 0.001)).sizes["peak"] > 1


def test_spreads_of_areas_tell_what_a_band_cannot():
    gamma = bells((100, -3.0, 0.4), (20, -1.2, 0.4))
    for sigma, found in ((0.1, 2), (3.0, 1)):
        assert track_peaks(banded(gamma, sigma)).sizes["peak"] == found
    assert track_peaks(with_spreads(gamma, 3.0, 4.0)).sizes["peak"] == 2
    # An area that may be zero makes no track, however it stands out.
    assert track_peaks(with_spreads(gamma, 0.1, 15.0)).sizes["peak"] == 1


@pytest.mark.parametrize(("end", "tracks"), [(-9.0, 2), (2.0, 1)])
def test_a_rise_to_the_end_of_the_range(end, tracks):
    """At short τ it is an arc that the highest frequency cuts off; at long τ it may be drift."""
    gamma = bells((100, -3.0, 0.3), (300, end, 0.3))
    assert track_peaks(banded(gamma, 0.05)).sizes["peak"] == tracks
    # The flank of something small is no peak at either end.
    flank = bells((100, -8.0, 0.3), (100, 1.0, 0.3), (10, end, 0.1))
    assert track_peaks(banded(flank, 0.05)).sizes["peak"] == 2
