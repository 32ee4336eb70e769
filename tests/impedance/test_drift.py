"""Stationarity: what the clock says beside Kramers–Kronig, and what it must not say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.bench.spectra import zarc
from anodescope.campaign import Campaign, build_node, check
from anodescope.errors import SettingsError
from anodescope.impedance import drt, validate
from anodescope.impedance.sweeps import Sweeps
from anodescope.impedance.validation.drift import Stationarity
from anodescope.running import Run
from tests.impedance.recorded import duration, series, sweep_starts

GRID = np.logspace(6, -1, 61)
LASTS = duration(GRID)


def cell(frequency: np.ndarray = GRID) -> np.ndarray:
    return 20 + zarc(frequency, 100.0, 1e-5, 0.9) + zarc(frequency, 200.0, 0.05, 0.85)


def growing(drift: float, count: int = 3, **more) -> Campaign:
    """A cell whose whole Z grows by `drift` per sweep."""
    z = cell()
    return series(GRID, lambda t: z * (1 + drift * t / LASTS), count, **more)


def permuted(campaign: Campaign, points: np.ndarray, rows: np.ndarray) -> Campaign:
    node = campaign["spectra"].isel(spectrum=rows, point=points)
    return Campaign({"spectra": node})


@pytest.mark.parametrize("drift", [0.001, 0.03, -0.03])
def test_the_number_is_the_change_per_sweep(drift):
    found = validate(growing(drift)).isel(spectrum=1)
    # ln of the ratio between the neighbours: their middle is 1.5 sweeps after the start.
    expected = drift / (1 + 1.5 * drift)
    assert float(found.drift_impedance) == pytest.approx(expected, rel=0.03)
    assert str(found.drift_basis.values) == "same_bias"


def test_a_steady_series_is_stationary_and_a_drifting_one_is_not():
    rng = np.random.default_rng(1)
    still = validate(growing(0.0, 5, noise=0.003, generator=rng))
    moving = validate(growing(0.05, 5, noise=0.003, generator=rng))
    check("validation", moving)
    assert (still.stationary.values[1:-1] == "consistent").all()
    assert not (still.stationary.values == "inconsistent").any()
    assert (moving.stationary.values == "inconsistent").all()
    # The Kramers–Kronig test alone accepts every one of them.
    assert (moving.verdict.values == "consistent").all()


def test_one_odd_sweep_is_no_drift_of_its_neighbours():
    """An excursion and a jump are seen from one side only, or from both in opposite directions."""
    z, start = cell(), sweep_starts(GRID, 5)

    def odd(t: np.ndarray) -> np.ndarray:
        return z * (1.05 if start[2] <= t[0] < start[3] else 1.0)

    def jump(t: np.ndarray) -> np.ndarray:
        return z * (1.05 if t[0] >= start[2] else 1.0)

    excursion = validate(series(GRID, odd, 5)).stationary.values.tolist()
    assert excursion[1:4] == ["not_decidable"] * 3
    stepped = validate(series(GRID, jump, 5)).stationary.values.tolist()
    assert stepped == ["consistent", "not_decidable", "not_decidable", "consistent", "consistent"]


def test_far_neighbours_and_single_sweeps_are_not_compared():
    alone = validate(growing(0.0, 1))
    far = validate(growing(0.0, 3, gap=11 * LASTS))
    for found in (alone, far):
        assert np.isnan(found.drift_impedance).all()
        assert set(found.stationary.values) == {"not_decidable"}
        assert set(found.drift_basis.values) == {""}
    near = validate(growing(0.0, 3, gap=9 * LASTS))
    assert set(near.stationary.values) == {"consistent"}


def test_another_bias_is_a_bound_and_never_an_objection():
    bias = np.array([1e-3, 1.1e-3, 1.2e-3])
    still = validate(growing(0.0, 3, bias=bias))
    moving = validate(growing(0.05, 3, bias=bias))
    assert set(still.drift_basis.values) == set(moving.drift_basis.values) == {"other_bias"}
    assert set(still.stationary.values) == {"consistent"}
    assert set(moving.stationary.values) == {"not_decidable"}
    assert np.isfinite(moving.drift_impedance).all()
    assert not moving.drifting.any()


def test_a_transient_that_every_sweep_repeats_is_not_cleared_by_steady_neighbours():
    """It shows in the dc voltage under current, or, where it is large, in the verdict."""
    z, start = cell(), sweep_starts(GRID, 3)
    bias = 0.05 / float(z.real.max())

    def growth(t: np.ndarray, drift: float) -> np.ndarray:
        return 1 + drift * (t - start[np.searchsorted(start, t, "right") - 1]) / LASTS

    small = validate(
        series(
            GRID, lambda t: z * growth(t, 0.03), 3, bias=bias, dc=lambda t: 0.05 * growth(t, 0.03)
        )
    )
    assert np.abs(small.drift_impedance).max() < 1e-9
    assert set(small.verdict.values) == {"consistent"}
    assert set(small.stationary.values) == {"not_decidable"}
    large = validate(series(GRID, lambda t: z * growth(t, 0.5), 3))
    assert set(large.verdict.values) == {"inconsistent"}
    assert set(large.stationary.values) == {"not_decidable"}


def test_only_the_neighbour_of_the_same_bias_counts():
    """The last sweep of a half-cycle has one such neighbour, and another of the other sign."""
    z, start = cell(), sweep_starts(GRID, 4)

    def course(t: np.ndarray) -> np.ndarray:
        return z * (2.0 if t[0] >= start[2] else 1.0)

    found = validate(series(GRID, course, 4, bias=np.array([1e-3, 1e-3, -1e-3, -1e-3])))
    assert set(found.stationary.values) == {"consistent"}
    assert np.abs(found.drift_impedance).max() < 1e-6


def test_other_grids_are_compared_by_interpolation():
    coarse = np.logspace(5.5, -0.5, 49)
    both = [
        growing(0.05, 1)["spectra"],
        series(
            coarse,
            lambda t: cell(coarse) * (1 + 0.05 * (t + 1.1 * LASTS) / LASTS),
            1,
        )["spectra"],
    ]
    width, later = GRID.size, 1.1 * LASTS
    values = {}
    for name in ("impedance", "frequency", "time", "valid", "current_amplitude"):
        rows = [part[name].values[0] for part in both]
        if name == "time":
            rows[1] = rows[1] + later
        blank = False if name == "valid" else np.nan
        padded = np.concatenate([rows[1], np.full(width - coarse.size, blank)])
        values[name] = np.stack([rows[0], padded])
    values |= {
        "time_start": np.nanmin(values["time"], axis=1),
        "time_end": np.nanmax(values["time"], axis=1),
        "electrode": ["cell"] * 2,
        "grid": [0, 1],
        "bias_current": [0.0, 0.0],
        "technique": ["GEIS"] * 2,
    }
    found = validate(Campaign({"spectra": build_node("spectra", values)}))
    assert float(found.drift_impedance[0]) == pytest.approx(0.05, rel=0.15)
    assert set(found.stationary.values) == {"inconsistent"}


def test_a_ramp_under_the_sine_is_measured_as_fourier_says():
    """drift_voltage and the error r/(πfV), against a discrete Fourier sum of three periods."""
    slope, amplitude, frequency = 2e-4, 0.005, 0.5
    t = np.arange(6000) / 1000 / frequency * 0.5
    added = 2 * np.mean(slope * t * np.exp(-2j * np.pi * frequency * t))
    assert abs(added) / amplitude == pytest.approx(
        slope / (np.pi * frequency * amplitude), rel=1e-3
    )
    limit = slope / (np.pi * GRID[-1] * amplitude)
    campaign = growing(0.0, 3, dc=lambda t: 1 + slope * t, amplitude=amplitude)
    found = validate(campaign, stationarity=Stationarity(change=0.99 * limit))
    assert set(found.stationary.values) == {"inconsistent"}
    found = validate(campaign, stationarity=Stationarity(change=1.01 * limit))
    assert set(found.stationary.values) == {"consistent"}
    assert np.allclose(found.drift_voltage, slope * LASTS / amplitude, rtol=1e-6)


def test_the_dc_voltage_under_a_held_current_replaces_the_neighbours():
    direct = float(cell().real.max())
    more = {"bias": 0.05 / direct, "dc_noise": 1e-6, "generator": np.random.default_rng(2)}
    constant = {"dc": lambda t: 0.05 + 0 * t, **more}
    assert validate(growing(0.0, 1, **constant)).stationary.values.tolist() == ["consistent"]
    held = validate(growing(0.0, 1, technique="PEIS", **constant))
    assert held.stationary.values.tolist() == ["not_decidable"]
    moving = validate(growing(0.0, 1, **more, dc=lambda t: 0.05 * (1 + 0.3 * t / LASTS)))
    assert moving.stationary.values.tolist() == ["inconsistent"]


def test_the_low_end_is_trimmed_where_the_clock_says_so_and_left_out_by_drt():
    campaign = growing(0.3, 3)
    found = validate(campaign)
    cut = found.drifting.values
    assert cut.any(axis=1).all()
    assert (cut.sum(axis=1) <= GRID.size / 3).all()
    # From the first harmed point downwards: one piece at the lowest frequencies.
    assert (np.diff(cut.astype(int), axis=1) >= 0).all()
    passed = (campaign["spectra"].time.values - campaign["spectra"].time.values[:, :1]) / LASTS
    assert (0.25 * passed[~cut]).max() < 0.1
    whole = campaign.with_node("validation", found)
    kept = Sweeps.of(whole)
    assert np.array_equal(kept.valid, ~cut)
    assert Sweeps.of(whole, trimmed=True).valid.all()
    assert np.isnan(drt(whole).residual.values[cut]).all()
    assert validate(whole).identical(found)


def test_a_validation_of_other_rows_trims_nothing():
    campaign = growing(0.3, 3)
    other = validate(growing(0.3, 2))
    assert Sweeps.of(campaign.with_node("validation", other)).valid.all()


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    drift=st.floats(-0.3, 0.3),
    factor=st.floats(1e-3, 1e6),
)
def test_order_of_points_and_rows_and_size_of_the_cell_do_not_matter(seed, drift, factor):
    rng = np.random.default_rng(seed)
    campaign = growing(drift, 4, noise=0.002, generator=rng, dc=lambda t: 1e-5 * t)
    plain = validate(campaign)
    rows, points = rng.permutation(4), rng.permutation(GRID.size)
    mixed = validate(permuted(campaign, points, rows))
    there = plain.isel(spectrum=rows, point=points)
    for name in ("verdict", "stationary", "linear", "inductive", "drifting", "drift_impedance"):
        assert np.array_equal(mixed[name].values, there[name].values), name
    node = campaign["spectra"].copy()
    node["impedance"] = node["impedance"].copy(data=node["impedance"].values * factor)
    node["current_amplitude"] = node["current_amplitude"].copy(
        data=node["current_amplitude"].values / factor
    )
    scaled = validate(Campaign({"spectra": node}))
    assert np.array_equal(scaled.stationary.values, plain.stationary.values)
    assert np.allclose(scaled.drift_impedance, plain.drift_impedance, rtol=1e-6, atol=1e-12)


def test_the_number_of_workers_does_not_matter():
    campaign = growing(0.3, 120, noise=0.003, generator=np.random.default_rng(3))
    with ThreadPoolExecutor(4) as pool:
        many = validate(campaign, run=Run(map=pool.map))
    assert many.identical(validate(campaign))


def test_sweeps_without_a_clock_or_with_one_point_are_not_decided():
    node = growing(0.0, 3)["spectra"]
    for name in ("time", "time_start", "time_end"):
        node[name] = node[name].copy(data=np.full(node[name].shape, np.nan))
    clockless = validate(Campaign({"spectra": node}))
    single = validate(Campaign({"spectra": growing(0.0, 3)["spectra"].isel(point=[5])}))
    empty = growing(0.0, 3)["spectra"]
    empty["valid"] = empty["valid"].copy(data=np.zeros(empty["valid"].shape, dtype=bool))
    for found in (clockless, single, validate(Campaign({"spectra": empty}))):
        check("validation", found)
        assert set(found.stationary.values) == {"not_decidable"}
        assert not found.drifting.any()


@pytest.mark.parametrize("name", ["change", "alarm", "reach", "bias", "harm"])
def test_settings_that_cannot_work_are_refused(name):
    with pytest.raises(SettingsError, match=name):
        Stationarity(**{name: -1.0})
