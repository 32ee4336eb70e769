"""Peaks of γ: laws (sum, shift, scale), windows, bands, and whatever may be missing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import anodescope as an
from anodescope.bench.spectra import sets_a_and_b, zarc, zarc_gamma
from anodescope.campaign import Campaign, build_node, check
from anodescope.errors import Cancelled, SchemaError, SettingsError
from anodescope.impedance import drt
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.peaks.maxima import Detection, find, measure
from anodescope.impedance.peaks.naming import PAPER, rules_from
from anodescope.impedance.peaks.track import (
    PeakSettings,
    interface_resistance,
    resistance_of,
    track_peaks,
)
from anodescope.running import Run
from tests.generator import paper
from tests.impedance.peak_series import random_series

LATTICE = Lattice(10, -90, 20)
# Bare arrays say neither when a sweep was measured nor on which electrode.
BY_ITSELF = LogGaussian(joint=False)
EVERYTHING = Detection(prominence=0, height=0, strong_height=0, noise=0, strong_noise=0)


def node(gamma, *, low=-8.0, high=1.0, **more) -> xr.Dataset:
    place = np.log10(LATTICE.tau)
    inside = np.tile((place >= low) & (place <= high), (len(gamma), 1)) & np.isfinite(gamma)
    return build_node("drt", {"tau": LATTICE.tau, "gamma": gamma, "in_window": inside, **more})


def bells(*peaks, rows=5, ln_tau=LATTICE.ln_tau):
    """γ of Gaussians (R, log10 τ, width in decades), the same in every row."""
    gamma = np.zeros_like(ln_tau)
    for resistance, place, width in peaks:
        z = (ln_tau - place * np.log(10)) / (width * np.log(10))
        gamma = gamma + resistance * np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * width * np.log(10))
    return np.tile(gamma, (rows, 1))


@pytest.fixture(scope="module")
def made():
    return sets_a_and_b(300)["A"].first(60)


@pytest.fixture(scope="module")
def fitted(made):
    return drt((made.frequency, made.impedance), "drttools")


# laws of one spectrum


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


# the verb


def test_the_node_follows_the_schema_and_states_its_rules(fitted):
    found = track_peaks(fitted)
    check("peaks", found)
    attrs = json.loads(json.dumps(found.attrs))
    assert rules_from(attrs["rules"]) == PAPER
    assert attrs["parameters"]["gate"] == 0.3
    assert any("10.1038/nmeth.1237" in text for text in attrs["citations"])
    assert found.name.values.tolist() == ["γ_GB", "γ_int", "γ'_int"]
    assert found.resistance.attrs["units"] == "Ω"


def test_set_a_is_followed_without_an_extra_track(fitted, made):
    found = track_peaks(fitted)
    assert found.sizes["peak"] == 3
    last = found.isel(spectrum=-1)
    assert np.allclose(np.log10(last.tau), np.log10([1e-6, 10**-0.7, 5e-4]), atol=0.1)
    assert np.allclose(last.resistance, made.resistance[-1, [0, 2, 1]], rtol=0.15)
    assert int(found.birth[2]) > 5
    assert np.isnan(found.tau.values[: int(found.birth[2]), 2]).all()


def test_helpers_return_the_named_resistances(fitted):
    found = track_peaks(fitted)
    one, two = resistance_of(found, "γ_int"), resistance_of(found, "γ'_int")
    assert np.array_equal(one, found.resistance.values[:, 1])
    assert np.isnan(two[0])
    assert np.allclose(interface_resistance(found), one + np.nan_to_num(two))
    assert np.isnan(resistance_of(found, "no such peak")).all()


def test_workers_do_not_change_a_bit():
    gamma = np.concatenate(
        [random_series(np.random.default_rng(n), "cross").true_node().gamma for n in range(40)]
    )
    lattice = np.pad(gamma, ((0, 0), (0, LATTICE.size - gamma.shape[1])), constant_values=np.nan)
    alone = track_peaks(node(lattice))
    with ThreadPoolExecutor(4) as pool:
        assert track_peaks(node(lattice), run=Run(map=pool.map)).identical(alone)


def test_work_can_be_cancelled(fitted):
    with pytest.raises(Cancelled, match="peaks"):
        track_peaks(fitted, run=Run(cancelled=lambda: True))


def spectra_of(frequency, impedance, *, start=None, electrode="cell"):
    rows, points = impedance.shape
    begin = 40.0 * np.arange(rows) if start is None else np.asarray(start)
    names = [electrode] * rows if isinstance(electrode, str) else electrode
    hertz = np.broadcast_to(frequency, impedance.shape)
    return build_node(
        "spectra",
        {
            "impedance": impedance,
            "frequency": hertz,
            "time": begin[:, None] + np.linspace(0, 35, points),
            "valid": np.isfinite(impedance) & np.isfinite(hertz),
            "grid": np.zeros(rows, dtype=int),
            "time_start": begin,
            "time_end": begin + 35,
            "electrode": names,
        },
    )


def test_a_campaign_and_its_nodes_give_the_same(made, fitted):
    spectra = spectra_of(made.frequency, made.impedance)
    whole = track_peaks(Campaign({"spectra": spectra, "drt": fitted}))
    assert whole.identical(track_peaks((fitted, spectra)))
    alone = track_peaks(fitted)
    assert np.array_equal(alone.tau, whole.tau, equal_nan=True)


def test_rows_are_followed_in_order_of_time(made):
    generator = np.random.default_rng(8)
    order = generator.permutation(len(made.impedance))
    start = 40.0 * np.arange(order.size)
    straight = spectra_of(made.frequency, made.impedance, start=start)
    mixed = spectra_of(made.frequency, made.impedance[order], start=start[order])
    one, other = (
        track_peaks((drt((made.frequency, s.impedance.values), BY_ITSELF), s))
        for s in (straight, mixed)
    )
    assert np.allclose(one.tau.values[order], other.tau.values, rtol=1e-6, equal_nan=True)
    assert np.array_equal(order[other.birth.values], one.birth.values)
    assert np.array_equal(order[other.death.values], one.death.values)


def test_electrodes_are_followed_apart(made):
    names = ["cell", "working", "counter"] * 10
    z = made.impedance[-10:].repeat(3, axis=0)
    z[1::3], z[2::3] = 0.7 * z[1::3], 0.3 * z[2::3]
    spectra = spectra_of(made.frequency, z, electrode=names)
    found = track_peaks((drt((made.frequency, z), BY_ITSELF), spectra))
    assert found.electrode.values.tolist() == ["cell"] * 3 + ["working"] * 3 + ["counter"] * 3
    for k, electrode in enumerate(found.electrode.values):
        rows = np.flatnonzero(np.isfinite(found.tau.values[:, k]))
        assert {names[row] for row in rows} == {electrode}
    interface = found.isel(peak=np.flatnonzero(found.name.values == "γ_int"))
    assert interface.attribution.values.tolist() == ["unknown", "working", "counter"]


@pytest.mark.parametrize("rows", [0, 1, 2, 4])
def test_short_series(made, rows):
    fit = drt((made.frequency, made.impedance[60 - rows :]))
    found = track_peaks(fit)
    check("peaks", found)
    assert found.sizes == {"spectrum": rows, "peak": 3 if rows else 0}
    assert interface_resistance(found).shape == (rows,)


def test_rows_without_a_distribution_stay_empty_and_break_nothing(made):
    z = made.impedance[30:].copy()
    whole = track_peaks(drt((made.frequency, z)))
    z[[0, 7, 8, 9, 10, 11, 12, 29]] = np.nan
    found = track_peaks(drt((made.frequency, z)))
    check("peaks", found)
    assert found.sizes["peak"] == whole.sizes["peak"] == 3
    assert np.isnan(found.tau.values[[0, 7, 12, 29]]).all()
    assert not found.in_window.values[[0, 7, 12, 29]].any()
    assert set(found.birth.values.tolist()) == {1}


def test_all_rows_empty_or_zero():
    nothing = track_peaks(node(np.full((3, LATTICE.size), np.nan)))
    zero = track_peaks(node(np.zeros((3, LATTICE.size))))
    assert nothing.sizes["peak"] == zero.sizes["peak"] == 0
    check("peaks", nothing)


def test_rows_of_different_range_are_one_series():
    gamma = bells((100, -6.0, 0.3), (50, -2.0, 0.3), rows=12)
    gamma[::2, :15], gamma[1::2, -10:] = np.nan, np.nan
    found = track_peaks(node(gamma))
    assert found.sizes["peak"] == 2
    assert np.isfinite(found.tau).all()
    assert np.allclose(found.resistance, [100, 50], rtol=1e-3)


# windows


def fitted_with(highest, rows, gb=120.0):
    """γ_GB at 1e-6 s and γ_int at 0.03 s, measured from `highest` Hz down to 0.5 Hz."""
    f = np.logspace(np.log10(highest), np.log10(0.5), int(10 * np.log10(highest / 0.5)) + 1)
    z = 20 + zarc(f, gb, 1e-6, 0.92) + zarc(f, 150.0, 3e-2, 0.88)
    return np.tile(f, (rows, 1)), np.tile(z, (rows, 1))


def stacked(parts):
    points = max(f.shape[1] for f, _ in parts)
    rows = [
        np.pad(a, ((0, 0), (0, points - a.shape[1])), constant_values=np.nan)
        for pair in parts
        for a in pair
    ]
    return np.concatenate(rows[::2]), np.concatenate(rows[1::2])


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


# bands


def banded(gamma, sigma):
    high, low = gamma * np.exp(1.96 * sigma), gamma * np.exp(-1.96 * sigma)
    return node(gamma, gamma_low=low, gamma_high=high)


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


def with_spreads(gamma, sigma, area_spread):
    shape = gamma.shape
    spreads = {"maximum_spread": np.full(shape, 0.1), "area_spread": np.full(shape, area_spread)}
    return banded(gamma, sigma).assign({k: (("spectrum", "tau"), v) for k, v in spreads.items()})


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


def test_a_loop_is_no_part_of_the_peaks_beside_it():
    arcs, loop = bells((100, -6.0, 0.3), (60, -2.0, 0.3)), bells((40, 0.6, 0.3))
    found = track_peaks(node(arcs - loop, high=2.0))
    assert np.allclose(found.resistance, [100, 60], rtol=1e-3)
    deep = track_peaks(node(arcs - 3 * loop, high=2.0))
    assert np.allclose(deep.resistance, [100, 60], rtol=1e-3)


# what is refused


def test_settings_are_checked():
    with pytest.raises(SettingsError, match=r"height.*-1"):
        Detection(height=-1)
    with pytest.raises(SettingsError, match="strong_noise"):
        Detection(noise=5, strong_noise=1)
    with pytest.raises(SettingsError, match="edge_share"):
        PeakSettings(edge_share=0.7)
    with pytest.raises(SettingsError, match="absorb"):
        PeakSettings(absorb=-1)


def test_nodes_that_do_not_fit_are_refused(made, fitted):
    with pytest.raises(SchemaError, match="drt"):
        track_peaks(Campaign({}))
    with pytest.raises(SchemaError, match="60 rows and 3 spectra"):
        track_peaks((fitted, spectra_of(made.frequency, made.impedance[:3])))
    with pytest.raises(SchemaError, match="gamma"):
        track_peaks(xr.Dataset())
    with pytest.raises(SchemaError, match="nodes"):
        track_peaks((fitted,))


# real files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr", 45),
        ("yadg/geis.mpr", 183),
        ("hybrid-drt/PEIS_SSB.mpr", 1),
        ("aurora/PEIS.mpr", 4),
    ],
)
def test_real_files_give_a_node(potentiostat, name, expected):
    campaign = an.read(potentiostat / name)
    campaign = campaign.with_node("drt", drt(campaign))
    found = track_peaks(campaign)
    check("peaks", found)
    assert found.sizes["spectrum"] == expected
    there = np.isfinite(found.tau.values)
    assert there.any(axis=0).all()
    # An inductive loop is taken off the polarisation resistance, but is no part of a peak.
    ln_tau = np.log(campaign["drt"].tau.values)
    gamma = np.nan_to_num(campaign["drt"].gamma.values)
    total = np.nansum(found.resistance.values, axis=1)
    assert np.all(total <= np.trapezoid(np.maximum(gamma, 0), ln_tau, axis=1) * (1 + 1e-9))
    # The main peak of each file is in every one of its spectra but a few.
    assert there.sum(axis=0).max() >= 0.95 * expected / len(set(found.electrode.values))


def test_measure_of_nothing_is_nothing():
    none = np.empty(0, np.int64)
    assert measure(np.zeros((2, 5)), np.arange(5.0), none, none).count == 0


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
