"""Display arithmetic: nothing that can be seen is lost, nothing is invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.report.clock import Stretch
from anodescope.report.mesh import COLUMNS, broken, colour_norm, columns, envelope, tau_edges
from anodescope.report.view import Scale

HOUR = Stretch(0.0, 3600.0, Scale(1 / 60, "min"))


def test_envelope_keeps_spikes_ends_and_gaps() -> None:
    time = np.linspace(0, 1, 1_000_000)
    value = np.sin(20 * time)
    value[123_457], value[700_001] = 9.0, -9.0
    value[400_000:500_000] = np.nan
    t, v = envelope(time, value)
    assert len(t) <= 4 * 1500
    assert np.all(np.diff(t) > 0)
    assert np.nanmax(v) == 9.0
    assert np.nanmin(v) == -9.0
    assert (t[0], t[-1]) == (time[0], time[-1])
    assert np.isnan(v[(t > 0.42) & (t < 0.48)]).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=400), st.integers(2, 8))
def test_envelope_only_keeps_samples_and_never_loses_extremes(
    values: list[float], bins: int
) -> None:
    value = np.array(values)
    time = np.arange(len(value), dtype=float)
    t, v = envelope(time, value, bins)
    assert np.array_equal(v, value[t.astype(int)])
    assert v.max() == value.max()
    assert v.min() == value.min()


def test_pauses_break_the_line() -> None:
    time = np.concatenate([np.arange(100.0), 1000 + np.arange(100.0)])
    t, v = broken(time, np.ones(200))
    assert len(t) == 201
    assert np.isnan(v).sum() == 1
    assert 99 < t[np.isnan(v)][0] < 1000


def test_a_slow_sweep_has_no_pauses() -> None:
    time = np.concatenate([np.arange(100.0), [300.0, 500.0]])
    joined = np.array([[0.0, 90.0], [95.0, 500.0]])
    assert np.isfinite(broken(time, np.ones(102), joined)[1]).all()
    assert np.isnan(broken(time, np.ones(102), joined[:1])[1]).sum() == 2


@given(
    st.lists(st.tuples(st.floats(0, 3600), st.floats(0, 500)), min_size=1, max_size=40),
    st.floats(0, 0.02),
)
def test_columns_are_ordered_and_inside(sweeps: list[tuple[float, float]], least: float) -> None:
    starts = np.sort([s for s, _ in sweeps])
    ends = starts + [d for _, d in sweeps]
    edges, values = columns(starts, ends, np.ones((len(starts), 3)), HOUR, least, 0.001)
    assert len(edges) == 2 * len(starts)
    assert np.all(np.diff(edges) >= -1e-9)
    assert edges[0] >= -1e-9
    assert edges[-1] <= 60 + 1e-9
    assert values.shape == (2 * len(starts) - 1, 3)
    assert np.isnan(values[1::2]).all()


def test_ten_thousand_sweeps_are_averaged_into_columns() -> None:
    starts = np.linspace(0, 3590, 10_000)
    gamma = np.tile(np.array([1.0, 100.0]), (10_000, 1))
    gamma[::2, 1] = 1.0
    _, values = columns(starts, starts + 0.3, gamma, HOUR, 0.0)
    assert len(values) <= 2 * COLUMNS
    drawn = values[np.isfinite(values).all(axis=1)]
    assert drawn[:, 0] == pytest.approx(1.0)
    assert np.median(drawn[:, 1]) == pytest.approx(10.0, rel=0.5)


def test_log_stretch_places_decades_evenly() -> None:
    rest = Stretch(110.0, 10_100.0, Scale(1.0, "s"), 1.0, 100.0)
    level = rest.level(np.array([110.0, 200.0, 1100.0, 10_100.0]))
    assert np.diff(level) == pytest.approx([1.0, 1.0, 1.0])


def test_tau_edges_surround_the_lattice() -> None:
    tau = 10.0 ** (np.arange(-10, 5) / 4)
    edges = tau_edges(tau)
    assert np.all((edges[:-1] < tau) & (tau < edges[1:]))
    assert np.diff(np.log(edges)) == pytest.approx(np.log(10) / 4)
    assert len(tau_edges(tau[:1])) == 2


def test_colour_scale_is_set_inside_the_window_and_bounded() -> None:
    gamma = np.array([[1e-9, 1.0, 50.0, 1e9]])
    inside = np.array([[True, True, True, False]])
    norm = colour_norm(gamma, inside)
    assert norm.vmax == pytest.approx(50.0)
    assert norm.vmin >= 50.0 * 10**-3.5 * (1 - 1e-9)
    empty = colour_norm(np.full((2, 2), np.nan), np.ones((2, 2), dtype=bool))
    assert empty.vmin < empty.vmax
