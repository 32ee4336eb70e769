"""Whole series through `drt`: what belongs together is inverted together, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.campaign import Campaign, build_node
from anodescope.impedance import drt
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.loggp.series import RESTLESS
from anodescope.impedance.sweeps import Sweeps
from anodescope.workflow.scale import local_run
from tests.impedance.evolving import GRID, cell, noisy, padded, relative_l2, restless, truth
from tests.impedance.recorded import sweeps

ALONE = LogGaussian(joint=False)
NOISE = 0.003


def inside(node) -> np.ndarray:
    """Lattice points inside every row's window."""
    return np.asarray(node["in_window"].values.all(axis=0))


def errors(node, growth: np.ndarray) -> np.ndarray:
    window = inside(node)
    return relative_l2(node["gamma"].values[:, window], truth(growth, node["tau"].values[window]))


def same(one, two, rows: np.ndarray | slice = slice(None)) -> bool:
    return all(
        np.array_equal(one[name].values[rows], two[name].values[rows], equal_nan=True)
        for name in ("gamma", "gamma_low", "gamma_high", "fit", "series_resistance", "inductance")
    )


def campaign(growth: np.ndarray, *, electrode: np.ndarray | None = None, **more) -> Campaign:
    """A recorded series, one state per sweep."""
    values = sweeps(GRID, lambda t: cell(1.0), len(growth))
    values["impedance"] = noisy(cell(growth), NOISE, 7)
    if electrode is not None:
        values["electrode"] = electrode.astype(object)
    nodes = {"spectra": build_node("spectra", values)}
    return Campaign(nodes | more)


def test_a_series_is_known_better_than_its_spectra():
    growth = np.linspace(1, 2, 30)
    z = noisy(cell(growth), 0.005, 2)
    together, alone = errors(drt((GRID, z)), growth), errors(drt((GRID, z), ALONE), growth)
    assert together.mean() < 0.8 * alone.mean()


def test_a_jump_is_as_sharp_as_with_each_side_by_itself():
    growth = np.where(np.arange(24) < 11, 2.0, 0.3)
    z = noisy(cell(growth), NOISE, 3)
    whole = drt((GRID, z))
    left, right = drt((GRID, z[:11])), drt((GRID, z[11:]))
    assert np.array_equal(whole["gamma"].values[:11], left["gamma"].values)
    assert np.array_equal(whole["gamma"].values[11:], right["gamma"].values)


def test_the_number_of_workers_changes_no_bit():
    z = noisy(cell(np.linspace(1, 2, 60)), NOISE, 4)
    z[7, 3] = np.nan
    serial = drt((GRID, z))
    with local_run(3) as run:
        assert same(drt((GRID, z), run=run), serial)


def test_interleaved_electrodes_are_those_taken_apart():
    growth = np.where(np.arange(24) % 2, 3.0, 1.0) * np.linspace(1, 1.2, 24)
    names = np.where(np.arange(24) % 2, "working", "counter")
    both = drt(campaign(growth, electrode=names))
    node = campaign(growth, electrode=names)["spectra"]
    for name in ("working", "counter"):
        rows = np.flatnonzero(names == name)
        own = drt(Campaign({"spectra": node.isel(spectrum=rows)}))
        assert np.array_equal(both["gamma"].values[rows], own["gamma"].values)


def test_unsorted_rows_give_the_rows_of_sorted_ones():
    growth = np.linspace(1, 2, 20)
    order = np.random.default_rng(2).permutation(20)
    node = campaign(growth)["spectra"]
    mixed = drt(Campaign({"spectra": node.isel(spectrum=order)}))
    assert np.array_equal(mixed["gamma"].values, drt(campaign(growth))["gamma"].values[order])


def test_mixed_grids_in_one_campaign_are_series_of_their_own():
    growth = np.linspace(1, 1.5, 24)
    frequency = np.full((24, GRID.size), np.nan)
    z = np.full((24, GRID.size), complex(np.nan, np.nan))
    quick = GRID[GRID > 30]
    for row in range(24):
        grid = quick if row % 2 else GRID
        frequency[row, : grid.size] = grid
        z[row, : grid.size] = noisy(cell(growth[row], grid), NOISE, row)
    node = drt((frequency, z))
    assert (node["outcome"].values == "converged").all()
    long = drt((GRID, z[::2]))
    short = drt((quick, z[1::2, : quick.size]))
    for rows, own in ((slice(0, None, 2), long), (slice(1, None, 2), short)):
        there = np.isin(node["tau"].values, own["tau"].values)
        assert np.array_equal(node["gamma"].values[rows][:, there], own["gamma"].values)
        assert np.isnan(node["gamma"].values[rows][:, ~there]).all()


def test_a_missing_point_costs_little_and_is_not_fitted():
    growth = np.linspace(1, 2, 20)
    z = noisy(cell(growth), NOISE, 5)
    holes = z.copy()
    rng = np.random.default_rng(1)
    gone = rng.random(z.shape) < 0.05
    gone[:, [0, -1]] = False
    gone[3, -4:] = True
    holes[gone] = np.nan
    whole, some = drt((GRID, z)), drt((GRID, holes))
    assert (some["outcome"].values == "converged").all()
    assert errors(some, growth).mean() < 1.3 * errors(whole, growth).mean()
    assert (np.isnan(some["fit"].values) == gone).all()


def test_irregular_times_are_heeded():
    """A state that is a straight line in time, measured at uneven times, stays one."""
    rng = np.random.default_rng(3)
    values = sweeps(GRID, lambda t: cell(1.0), 30)
    lasts = values["time_end"][0] - values["time_start"][0]
    start = np.cumsum(rng.choice([1.0, 8.0], 30)) * 1.1 * lasts
    growth = 1 + (start - start[0]) / np.ptp(start)
    values["impedance"] = noisy(cell(growth), NOISE, 6)
    values["time"] = values["time"] - values["time_start"][:, None] + start[:, None]
    values["time_start"], values["time_end"] = values["time"][:, 0], values["time"][:, -1]
    found = Campaign({"spectra": build_node("spectra", values)})
    node = drt(found, LogGaussian(drift=False))
    alone = drt(found, LogGaussian(joint=False))
    assert errors(node, growth).mean() < 0.85 * errors(alone, growth).mean()


@pytest.mark.parametrize("change", ["block", "current"])
def test_the_protocol_cuts(change):
    growth = np.ones(20)
    node = campaign(growth)["spectra"]
    edges = [float(node["time_start"][0]) - 1, float(node["time_start"][8]) - 1]
    phases = {
        "time_start": edges,
        "time_end": [edges[1], float(node["time_end"][-1]) + 1],
        "mode": ["sweep", "sweep"],
        "current": [1e-3, 2e-3] if change == "current" else [1e-3, 1.1e-3],
        "block": [0, 1] if change == "block" else [0, 0],
        "level": [0, 1],
        "kind": ["unknown"] * (2 if change == "block" else 1),
        "confidence": [1.0] * (2 if change == "block" else 1),
        "count": [1] * (2 if change == "block" else 1),
    }
    whole = campaign(growth, protocol=build_node("protocol", phases))
    assert np.diff(Sweeps.of(whole).stage).nonzero()[0].tolist() == [7]
    cut = drt(whole)
    left = drt(Campaign({"spectra": node.isel(spectrum=slice(0, 8))}))
    assert np.array_equal(cut["gamma"].values[:8], left["gamma"].values)
    assert not np.array_equal(drt(campaign(growth))["gamma"].values[:8], left["gamma"].values)


def test_two_electrodes_at_currents_of_their_own_are_not_cut():
    """Sweeps of the two alternate between two currents; each electrode sees only one."""
    names = np.where(np.arange(12) % 2, "working", "counter")
    node = campaign(np.ones(12), electrode=names)["spectra"]
    phases = {
        "time_start": node["time_start"].values - 0.5,
        "time_end": node["time_end"].values + 0.5,
        "mode": ["sweep"] * 12,
        "current": np.where(np.arange(12) % 2, 1e-3, -1e-3),
        "block": np.zeros(12, int),
        "level": np.arange(12),
        "kind": ["unknown"],
        "confidence": [1.0],
        "count": [1],
    }
    whole = campaign(np.ones(12), electrode=names, protocol=build_node("protocol", phases))
    assert (Sweeps.of(whole).stage == 0).all()


@pytest.mark.parametrize("times", [1.0, 0.8 * RESTLESS])
def test_a_cell_that_jitters_little_is_smoothed(times):
    assert drt((GRID, restless(times, 60, NOISE, 11)))["joint"].values.all()


def test_a_cell_that_jitters_more_than_its_noise_is_not_smoothed():
    z = restless(1.4 * RESTLESS, 60, NOISE, 11)
    node = drt((GRID, z))
    assert not node["joint"].values.any()
    assert same(node, drt((GRID, z), ALONE))


def test_rows_say_whether_they_were_inverted_together():
    z = noisy(cell(np.where(np.arange(16) < 12, 1.0, 0.2)), NOISE, 4)
    assert drt((GRID, z))["joint"].values.tolist() == [True] * 12 + [False] * 4
    assert not drt((GRID, z), ALONE)["joint"].values.any()


@pytest.mark.parametrize("every", [2, 4])
def test_sweeps_that_reach_further_now_and_then_take_nothing_from_the_others(every):
    """The quick ones are smoothed with the long ones, and these at least with each other."""
    growth, quick = np.linspace(1, 1.5, 48), GRID[GRID > 0.9]
    grids = [GRID if row % every == 0 else quick for row in range(48)]
    pairs = enumerate(zip(grids, growth, strict=True))
    rows = [(f, noisy(cell(g, f), NOISE, k)) for k, (f, g) in pairs]
    node = drt(padded(rows, GRID.size))
    assert node["joint"].values.all()
    assert (node["outcome"].values == "converged").all()
    window = node["tau"].values[inside(node)]
    alone = drt(padded(rows, GRID.size), ALONE)
    expected = truth(growth, window)
    one, two = (relative_l2(n["gamma"].values[:, inside(n)], expected) for n in (node, alone))
    for part in (slice(0, None, every), slice(1, None, every)):
        assert one[part].mean() < 0.9 * two[part].mean()


def test_spectra_of_different_cells_are_not_smoothed_together():
    rng = np.random.default_rng(5)
    frequency = np.logspace(6, 0, 43)
    size, place = 10 ** rng.uniform(1, 3, 30), 10 ** rng.uniform(-4, -2, 30)
    z = 20 + size[:, None] / (1 + (2j * np.pi * frequency[None, :] * place[:, None]) ** 0.9)
    z = z * (1 + 0.002 * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)))
    together = drt((frequency, z))
    alone = drt((frequency, z), LogGaussian(joint=False))
    assert np.allclose(together.gamma, alone.gamma, rtol=1e-6, atol=1e-6, equal_nan=True)
    away = np.abs(together.polarisation_resistance.values / size - 1)
    assert np.median(away) < 0.02
    assert (away <= 4 * together.polarisation_spread.values / size).all()


def test_frequencies_that_late_sweeps_lack_are_not_invented():
    rng = np.random.default_rng(6)
    frequency = np.logspace(6, -2, 65)
    size = np.linspace(50, 56, 60)
    z = 5 + 20 / (1 + (2j * np.pi * frequency[None, :] * 1e-5) ** 0.9)
    z = z + size[:, None] / (1 + (2j * np.pi * frequency[None, :] * 1e-3) ** 0.85)
    z = 30 * z * (1 + 0.002 * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape)))
    z[30:, -16:] = np.nan
    found = drt((frequency, z))
    assert np.allclose(found.polarisation_resistance, 30 * (20 + size), rtol=0.03)
