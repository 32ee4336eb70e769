"""Sweeps one by one: the newest at once, the same as the whole series once `lag` have passed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from anodescope.errors import Outcome, SchemaError, SettingsError
from anodescope.impedance import DrtStream, drt
from anodescope.impedance.loggp.cuts import CORE, MARGIN
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.loggp.series import RESTLESS
from anodescope.impedance.loggp.stream import FULL_LAG, MOST_GRIDS, Estimate
from anodescope.impedance.sweeps import Sweeps
from anodescope.running import Run
from tests.impedance.evolving import GRID, cell, noisy, padded, relative_l2, restless, truth

NOISE = 0.003


def fed(stream: DrtStream, z: np.ndarray, **more) -> tuple[list[Estimate], dict[int, Estimate]]:
    """All first estimates, and the final ones by index; none is revised twice or too late."""
    first, final = [], {}
    for row, spectrum in enumerate(z):
        update = stream.append(GRID, spectrum, **{k: v[row] for k, v in more.items()})
        first.append(update.newest)
        assert not update.newest.final
        for estimate in update.revised:
            assert estimate.final
            assert estimate.index not in final
            final[estimate.index] = estimate
    return first, final


def gammas(found: dict[int, Estimate]) -> np.ndarray:
    return np.array([found[row].gamma for row in sorted(found)])


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    growth = 1 + 1 / (1 + np.exp(-(np.arange(110) - 50) / 8))
    return noisy(cell(growth), NOISE, 3)


def test_what_is_final_is_what_the_whole_series_gives(series):
    first, final = fed(DrtStream(), series)
    whole = drt((GRID, series))["gamma"].values
    rows = sorted(final)
    assert rows == list(range(len(rows)))
    assert len(rows) >= len(series) - FULL_LAG
    assert relative_l2(gammas(final), whole[rows]).max() < 1e-6
    assert len(first) == len(series)


def test_finishing_gives_the_rest(series):
    stream = DrtStream()
    _, final = fed(stream, series)
    final |= {estimate.index: estimate for estimate in stream.finish()}
    whole = drt((GRID, series))["gamma"].values
    assert relative_l2(gammas(final), whole).max() < 1e-6
    assert stream.finish() == ()


@pytest.mark.parametrize("lag", [1, 6, 20])
def test_a_shorter_lag_is_kept(series, lag):
    stream = DrtStream(lag=lag)
    done: set[int] = set()
    for row, spectrum in enumerate(series[:60]):
        done |= {estimate.index for estimate in stream.append(GRID, spectrum).revised}
        assert done >= set(range(row - lag + 1))
        assert row not in done


def test_the_newest_is_helped_by_those_before_it(series):
    first, _ = fed(DrtStream(), series)
    alone = drt((GRID, series[20:]), "auto")  # only for its lattice
    growth = 1 + 1 / (1 + np.exp(-(np.arange(110) - 50) / 8))
    tau = alone["tau"].values
    window = alone["in_window"].values.all(axis=0)
    single = np.array([drt((GRID, z))["gamma"].values[0] for z in series[20:]])
    expected = truth(growth[20:], tau[window])
    filtered = np.array([estimate.gamma for estimate in first[20:]])
    error = relative_l2(filtered[:, window], expected).mean()
    assert error < 0.95 * relative_l2(single[:, window], expected).mean()


@pytest.mark.parametrize("how", ["jump", "boundary"])
def test_nothing_is_smeared_over_a_cut(how):
    after = 0.2 if how == "jump" else 1.0
    growth = np.where(np.arange(70) < 30, 1.0, after)
    z = noisy(cell(growth), NOISE, 5)
    marks = (np.arange(70) == 30) & (how == "boundary")
    first, final = fed(DrtStream(), z, boundary=marks)
    # The first sweep beyond the cut is what it is by itself.
    assert np.array_equal(first[30].gamma, drt((GRID, z[30]))["gamma"].values[0])
    left = drt((GRID, z[:30]))["gamma"].values
    assert relative_l2(gammas(final)[: CORE - 1], left[: CORE - 1]).max() < 1e-6


def test_mixed_grids_are_followed_side_by_side():
    growth = np.linspace(1, 1.5, 60)
    quick = GRID[GRID > 1e3]
    stream, own = DrtStream(), DrtStream()
    for row in range(60):
        grid = quick if row % 2 else GRID
        z = noisy(cell(growth[row], grid), NOISE, row)
        mixed = stream.append(grid, z).newest
        if row % 2 == 0:
            assert np.array_equal(mixed.gamma, own.append(GRID, z).newest.gamma)


def test_missing_points_stay_in_their_series():
    z = noisy(cell(np.ones(20)), NOISE, 2)
    z[12, 5] = np.nan
    first, _ = fed(DrtStream(), z)
    assert first[12].gamma.size == first[11].gamma.size
    # Nothing after it tells yet what it lacks, so that the others help with what it has.
    left = np.delete(np.arange(GRID.size), 5)
    own = drt((GRID[left], z[:13, left]))
    assert first[12].joint
    assert relative_l2(first[12].gamma, own["gamma"].values[12]) < 0.02


QUICK = GRID[GRID > 0.9]
LATE = GRID[GRID < 1e5]
SWEEPS = 84
# Which points the sweeps of a series have.
REACHES = {
    "first aborted": lambda row: QUICK if row == 0 else GRID,
    "wide after ten": lambda row: QUICK if row < 10 else GRID,
    "wide after final ones": lambda row: QUICK if row < 60 else GRID,
    "narrow for good": lambda row: GRID if row < 20 else QUICK,
    "now and then wide": lambda row: GRID if row % 4 == 3 else QUICK,
    "two kinds of gaps": lambda row: (GRID, QUICK, GRID, LATE)[row % 4],
    "random gaps": lambda row: GRID[np.random.default_rng(row).random(GRID.size) > 0.03],
}


@pytest.mark.parametrize("clock", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("reach", REACHES)
def test_final_is_what_the_whole_series_gives_whatever_the_sweeps_lack(reach, clock):
    """Gaps are neither left out for good, nor filled with what was never measured."""
    growth = 1 + 1 / (1 + np.exp(-(np.arange(SWEEPS) - 40) / 8))
    grids = [GRID] if reach == "random gaps" else []
    grids += [REACHES[reach](row) for row in range(len(grids), SWEEPS)]
    pairs = enumerate(zip(grids, growth, strict=True))
    rows = [(f, noisy(cell(g, f), NOISE, k)) for k, (f, g) in pairs]
    stream, final = DrtStream(), {}
    for row, (f, z) in enumerate(rows):
        more = {"time": 40.0 * row, "instants": 40.0 * row + when(f)} if clock else {}
        update = stream.append(f, z, **more)
        # Whatever came first, a sweep is answered as far as it reaches.
        assert update.newest.tau[-1] > 1 / (2 * np.pi * f[-1])
        final |= {one.index: one for one in update.revised}
    final |= {one.index: one for one in stream.finish()}
    frequency, impedance = padded(rows, GRID.size)
    if clock:
        valid, time = np.isfinite(frequency), 40.0 * np.arange(SWEEPS)
        whole = Sweeps(frequency, impedance, valid, valid, time, time[:, None] + when(frequency))
        found = LogGaussian().invert(whole, Run())
        gamma, joint, tau = found.gamma, found.more["joint"], found.lattice.tau
    else:
        node = drt((frequency, impedance))
        gamma, joint, tau = (node[name].values for name in ("gamma", "joint", "tau"))
    for row, one in final.items():
        there = np.isfinite(gamma[row])
        assert np.allclose(tau[there], one.tau)
        assert relative_l2(one.gamma, gamma[row, there]) < 1e-6
        assert joint[row] == one.joint
    assert joint.mean() > 0.8


def when(frequency: np.ndarray) -> np.ndarray:
    """Instants of points after a sweep's middle (s)."""
    return -5.0 * np.log10(frequency / 1e3)


@pytest.mark.parametrize(("times", "joint"), [(0.8 * RESTLESS, True), (1.4 * RESTLESS, False)])
def test_joint_or_alone_does_not_change_from_sweep_to_sweep(times, joint):
    z = restless(times, 70, NOISE, 21)
    first, final = fed(DrtStream(), z)
    # Of fewer sweeps the noise over time is hardly known.
    assert {estimate.joint for estimate in first[24:]} == {joint}
    assert {estimate.joint for estimate in final.values()} == {joint}


def test_order_of_points_and_clock():
    z = noisy(cell(np.ones(12)), NOISE, 2)
    one, two = DrtStream(), DrtStream()
    for row in range(12):
        a = one.append(GRID, z[row], time=30.0 * row).newest
        b = two.append(GRID[::-1], z[row, ::-1], time=30.0 * row).newest
        assert a.time == 30.0 * row
        assert np.array_equal(a.gamma, b.gamma)


@pytest.mark.slow
def test_memory_does_not_grow():
    """What a stream keeps is bounded by what a core must see, and no more."""
    grid = GRID[::4]
    stream = DrtStream(lag=8)
    z = noisy(cell(np.ones(50), grid), NOISE, 1)
    kept = []
    tracemalloc.start()
    for row in range(3 * (CORE + MARGIN)):
        stream.append(grid, z[row % 50])
        kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    full = CORE + MARGIN + 8
    assert max(kept[-CORE:]) < 1.1 * max(kept[full : full + CORE]) + 50_000


def test_grids_are_not_followed_without_end():
    stream = DrtStream()
    seen = set()
    for k in range(MOST_GRIDS + 3):
        grid = GRID * (1 + 0.01 * k)
        seen |= {estimate.index for estimate in stream.append(grid, cell(1.0, grid)).revised}
    assert seen == {0, 1, 2}


def test_what_cannot_be_used_is_said():
    stream = DrtStream()
    assert stream.append(GRID[:2], cell(1.0)[:2]).newest.outcome is Outcome.too_few_points
    with pytest.raises(SchemaError, match="shape"):
        stream.append(GRID, cell(1.0)[:5])
    stream = DrtStream()
    stream.append(GRID, cell(1.0), time=5.0)
    with pytest.raises(SchemaError, match="after"):
        stream.append(GRID, cell(1.0), time=5.0)
    with pytest.raises(SchemaError, match="time"):
        stream.append(GRID, cell(1.0))
    with pytest.raises(SettingsError, match="lag"):
        DrtStream(lag=0)
