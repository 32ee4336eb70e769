"""Which rows form a series, whatever their order, gaps, electrodes and clocks."""

from __future__ import annotations

import numpy as np

from anodescope.impedance.loggp.cuts import completed
from anodescope.impedance.loggp.grids import series_of
from anodescope.impedance.sweeps import Sweeps

GRID = np.logspace(5, 0, 11)
QUICK = np.logspace(5, 2, 7)


def sweeps(frequency: np.ndarray, **more) -> Sweeps:
    valid = np.isfinite(frequency)
    z = np.where(valid, 1.0 + 0j, np.nan)
    return Sweeps(frequency, z, valid, np.ones_like(valid), **more)


def test_two_grids_are_two_series():
    frequency = np.full((6, 11), np.nan)
    frequency[::2] = GRID
    frequency[1::2, :7] = QUICK
    found = series_of(sweeps(frequency), 3)
    assert [series.rows.tolist() for series in found] == [[0, 2, 4], [1, 3, 5]]


def test_electrodes_are_series_of_their_own():
    frequency = np.tile(GRID, (6, 1))
    found = series_of(sweeps(frequency, series=np.array([0, 1, 0, 1, 1, 0])), 3)
    assert [series.rows.tolist() for series in found] == [[0, 2, 5], [1, 3, 4]]


def test_rows_come_in_order_of_time_and_points_in_order_of_frequency():
    rng = np.random.default_rng(1)
    order = np.array([rng.permutation(11) for _ in range(5)])
    time = np.array([30.0, 10.0, 50.0, 20.0, 40.0])
    (series,) = series_of(sweeps(GRID[order], time=time), 3)
    assert series.rows.tolist() == [1, 3, 0, 4, 2]
    assert (np.diff(series.time) > 0).all()
    for row, points in zip(series.rows, series.points, strict=True):
        assert (GRID[order][row, points] == GRID).all()


def test_rows_without_a_clock_stay_in_order():
    for time in (None, np.array([1.0, np.nan, 0.0])):
        (series,) = series_of(sweeps(np.tile(GRID, (3, 1)), time=time), 3)
        assert series.rows.tolist() == [0, 1, 2]


def test_a_few_missing_points_join_and_a_short_sweep_does_not():
    frequency = np.tile(GRID, (5, 1))
    frequency[1, [3, 4]] = np.nan
    frequency[2, 8:] = np.nan
    frequency[3, 5:] = np.nan
    found = series_of(sweeps(frequency), 3)
    assert [series.rows.tolist() for series in found] == [[0, 1, 2, 4], [3]]
    valid = np.isfinite(frequency)
    there = valid[found[0].rows[:, None], found[0].points]
    assert (~there).sum(axis=1).tolist() == [0, 2, 3, 0]
    # A point that exists stands at its own frequency.
    at = frequency[found[0].rows[:, None], found[0].points]
    assert (at[there] == np.tile(GRID, (4, 1))[there]).all()


def test_a_missing_point_does_not_take_the_instants_of_all():
    frequency = np.tile(GRID, (4, 1))
    frequency[2, 5] = np.nan
    offset = np.linspace(-5, 5, 11)
    time = np.arange(4) * 20.0
    instants = time[:, None] + offset
    instants[2, 5] = np.nan
    (series,) = series_of(sweeps(frequency, time=time, instants=instants), 3)
    whole = completed(series.instants, np.isnan(instants))
    assert np.allclose(whole, offset)
    instants[1, 1] = np.nan
    (series,) = series_of(sweeps(frequency, time=time, instants=instants), 3)
    assert series.instants is None


def test_the_widest_grid_takes_in_what_belongs_to_it_however_rare_it_is():
    frequency = np.tile(GRID, (5, 1))
    frequency[[0, 1, 2, 4], 8:] = np.nan
    found = series_of(sweeps(frequency), 3)
    assert [series.rows.tolist() for series in found] == [[0, 1, 2, 3, 4]]
    assert found[0].key == GRID.tobytes()


def test_stages_cut_where_they_change():
    stage = np.array([0, 0, 1, 1, 1, 2])
    (series,) = series_of(sweeps(np.tile(GRID, (6, 1)), stage=stage), 3)
    assert series.boundaries.tolist() == [2, 5]


def test_rows_with_too_few_points_belong_to_none():
    frequency = np.full((2, 11), np.nan)
    frequency[0, :2] = GRID[:2]
    assert series_of(sweeps(frequency), 3) == []
