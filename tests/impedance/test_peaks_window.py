"""Peaks and windows: what an instrument cannot see, cuts through, or had trimmed."""

from __future__ import annotations

import numpy as np
import pytest

import anodescope as an
from anodescope.bench.spectra import sets_a_and_b
from anodescope.impedance import drt
from anodescope.impedance.peaks.track import (
    track_peaks,
)
from tests.generator import paper
from tests.impedance.peak_nodes import (
    LATTICE,
    bells,
    fitted_with,
    node,
    spectra_of,
    stacked,
)


@pytest.fixture(scope="module")
def made():
    return sets_a_and_b(300)["A"].first(60)


@pytest.mark.parametrize("narrow", [2e5, 6e4])
def test_instruments_of_different_range_keep_one_track(narrow):
    parts = [fitted_with(7e6, 6), fitted_with(narrow, 6), fitted_with(7e6, 6)]
    f, z = stacked(parts)
    spectra = spectra_of(f, z)
    found = track_peaks((drt((f, z)), spectra))
    assert found.name.values.tolist() == ["γ_GB", "γ_int"]
    inside, edge = found.in_window.values[:, 0], found.at_edge.values[:, 0]
    assert inside[[*range(6), *range(12, 18)]].all()
    assert not edge[[*range(6), *range(12, 18)]].any()
    # 1/(2πf_max) is 0.8 µs, just inside the peak, or 2.7 µs, beyond it.
    assert edge[6:12].all() if narrow > 1e5 else not inside[6:12].any()
    assert found.in_window.values[:, 1].all()
    assert not found.at_edge.values[:, 1].any()


def test_a_peak_that_one_instrument_cannot_see_comes_back_as_itself():
    wide = bells((100, -6.5, 0.25), (80, -2.0, 0.3), rows=8)
    narrow = bells((80, -2.0, 0.3), rows=20)
    both = node(np.concatenate([wide, narrow, wide]))
    seen = both.in_window.values.copy()
    seen[8:28] &= np.log10(LATTICE.tau) > -5
    blind = track_peaks(both.assign(in_window=(("spectrum", "tau"), seen)))
    assert blind.sizes["peak"] == 2
    assert np.isfinite(blind.tau.values[[7, 28], 0]).all()
    assert np.isnan(blind.tau.values[8:28, 0]).all()
    # Where the window does hold it, twenty spectra without it are an end.
    assert track_peaks(both).sizes["peak"] == 3


def test_the_window_is_each_spectrums_own(made):
    z = made.impedance[-8:].copy()
    z[4:, 40:] = np.nan
    spectra = spectra_of(made.frequency, z)
    found = track_peaks((drt((made.frequency, z)), spectra))
    slow = 1 / (2 * np.pi * made.frequency[39])
    tau, inside = found.tau.values, found.in_window.values
    assert np.array_equal(inside[4:], tau[4:] <= slow)
    assert inside[:4][np.isfinite(tau[:4])].all()


def test_a_peak_beyond_what_was_trimmed_is_outside_the_window():
    """The DRT did not see the trimmed points, so they are no part of its window."""
    campaign = paper.impedance_only(1).campaign
    spectra = campaign["spectra"]
    cut = spectra["frequency"].values < 30.0
    nothing = np.zeros_like(cut)
    validation = an.validate(campaign).assign(
        drifting=(("spectrum", "point"), cut), inductive=(("spectrum", "point"), nothing)
    )
    campaign = campaign.with_node("validation", validation)
    campaign = campaign.with_node("drt", drt(campaign))
    peaks = an.track_peaks(campaign)
    beyond = peaks["tau"].values > 1 / (2 * np.pi * 30.0)
    assert not (peaks["in_window"].values & beyond).any()
    inside = campaign["drt"]["in_window"].values
    assert campaign["drt"]["tau"].values[inside[0]].max() <= 1 / (2 * np.pi * 30.0)
