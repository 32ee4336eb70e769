"""The verb track_peaks: its node, whatever may be missing, electrodes, real files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

import anodescope as an
from anodescope.bench.spectra import sets_a_and_b
from anodescope.campaign import Campaign, check
from anodescope.errors import Cancelled, SchemaError
from anodescope.impedance import drt
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.peaks.naming import PAPER, rules_from
from anodescope.impedance.peaks.track import (
    interface_resistance,
    resistance_of,
    track_peaks,
)
from anodescope.running import Run
from tests.impedance.peak_nodes import (
    LATTICE,
    bells,
    node,
    spectra_of,
)
from tests.impedance.peak_series import random_series

# Bare arrays say neither when a sweep was measured nor on which electrode.
BY_ITSELF = LogGaussian(joint=False)


@pytest.fixture(scope="module")
def made():
    return sets_a_and_b(300)["A"].first(60)


@pytest.fixture(scope="module")
def fitted(made):
    return drt((made.frequency, made.impedance), "drttools")


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


def test_nodes_that_do_not_fit_are_refused(made, fitted):
    with pytest.raises(SchemaError, match="drt"):
        track_peaks(Campaign({}))
    with pytest.raises(SchemaError, match="60 rows and 3 spectra"):
        track_peaks((fitted, spectra_of(made.frequency, made.impedance[:3])))
    with pytest.raises(SchemaError, match="gamma"):
        track_peaks(xr.Dataset())
    with pytest.raises(SchemaError, match="nodes"):
        track_peaks((fitted,))


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
