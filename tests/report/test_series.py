"""Which sweeps a series holds, and that its figures show them as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from anodescope.errors import SchemaError
from anodescope.report import gamma_overlay, gamma_waterfall, original_spectra
from anodescope.report.blocks import blocks, rests
from anodescope.report.original import draw_series, tops
from anodescope.report.overlay import Oblique
from anodescope.report.series import both_series, loaded_rows, rest_series, scan_series
from anodescope.report.style import new_figure, place, shades
from anodescope.report.view import Spectrum
from tests.generator import paper
from tests.report.conftest import StandIn
from tests.report.samples import AREA, real, with_results

SPECIMEN = {"composition": "NaK50", "area_cm2": {"alloy": AREA}}


def test_scan_is_coloured_by_current_and_holds_first_and_last(campaign: StandIn) -> None:
    scan, rest = both_series(campaign.but(specimen=SPECIMEN), most=(7, 3))
    bias = campaign["spectra"]["bias_current"].values
    assert (scan.by, rest.by) == ("current", "rest")
    assert (scan.rows[0], scan.rows[-1], len(scan.rows)) == (0, 19, 7)
    assert scan.values == pytest.approx(1e3 * bias[scan.rows] / AREA)
    assert scan.label == "Current density (mA\u2009cm⁻²)"
    assert len(set(map(to_hex, scan.colours))) == 7
    assert rest.rows[0] == 20
    assert rest.rows[-1] == 23


def test_rest_counts_from_the_end_of_the_current(campaign: StandIn) -> None:
    told = with_results(campaign)
    starts = campaign["spectra"]["time_start"].values
    rest = rest_series(told)
    assert rest is not None
    assert rest.values == pytest.approx(starts[rest.rows] - 20 * 40.0)
    near = rest_series(told, times=[1.0, 54000.0])
    assert near is not None
    assert near.rows == [20, 23]


def test_without_a_protocol_the_series_are_the_same(campaign: StandIn) -> None:
    plain, told = both_series(campaign), both_series(with_results(campaign))
    assert [one.rows for one in plain] == [one.rows for one in told]


def test_an_offset_at_rest_is_no_current(campaign: StandIn) -> None:
    spectra = campaign["spectra"].copy(deep=True)
    spectra["bias_current"][:] = 1e-9 * np.arange(24)
    told = with_results(campaign)
    protocol = told["protocol"].copy(deep=True)
    protocol["current"][:] = 0.0
    resting = told.but(spectra=spectra, protocol=protocol)
    assert len(loaded_rows(resting)) == 0
    assert [one.by for one in both_series(resting)] == ["time"]
    # Without a protocol, the current of the whole record tells how small that is.
    assert len(loaded_rows(campaign.but(spectra=spectra))) == 0


def test_half_cycles_are_named_and_not_coloured_by_current() -> None:
    made = paper.ccd(currents=(0.1, 0.2), half_cycle=350.0, short=None)
    scan = scan_series(real(made))
    assert scan is not None
    assert (scan.by, scan.named, len(scan.rows)) == ("time", True, 4)
    assert [name.split(", ")[1] for name in scan.names] == [
        "0.1\u2009mA\u2009cm⁻²", "−0.1\u2009mA\u2009cm⁻²",
        "0.2\u2009mA\u2009cm⁻²", "−0.2\u2009mA\u2009cm⁻²",
    ]  # fmt: skip


def test_blocks_and_rests_follow_the_protocol(campaign: StandIn) -> None:
    told = with_results(campaign)
    first, second = blocks(told)
    assert (first.kind, second.kind) == ("staircase_geis", "rest_with_peis")
    assert (first.start, first.end, second.start) == (0.0, 800.0, 800.0)
    (rest,) = rests(told)
    assert (rest.start, rest.block) == (800.0, 1)
    assert blocks(campaign) == []


def test_original_spectra_keep_equal_scales_and_every_point(campaign: StandIn) -> None:
    figure = original_spectra(campaign, [0, 19])
    axes = figure.axes[0]
    assert axes.get_aspect() == 1.0
    z = campaign["spectra"]["impedance"].values[19] / 1000
    drawn = [line for line in axes.lines if len(line.get_xdata()) == z.size]
    assert any(np.allclose(line.get_xdata(), z.real) and np.allclose(line.get_ydata(), -z.imag)
               for line in drawn)  # fmt: skip
    wide, high = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    box = axes.get_window_extent()
    assert wide / box.width == pytest.approx(high / box.height, rel=1e-3)


def test_trimmed_points_are_hollow_and_off_the_line(campaign: StandIn) -> None:
    axes = original_spectra(with_results(campaign), [0, 1]).axes[0]
    hollow = [line for line in axes.lines if line.get_marker() == "s"]
    assert [len(line.get_xdata()) for line in hollow] == [2, 2]
    assert all(line.get_markerfacecolor() == "white" for line in hollow)


def _arcs(fast: float, slow: float, short: float = 1.0) -> Spectrum:
    """Return the spectrum of a fast and a slow arc (Ω), or of a shorted cell."""
    frequency = np.logspace(6.8, 0.7, 62)
    omega = 2j * np.pi * frequency
    z = short * (100 + fast / (1 + omega * 1e-6) + slow / (1 + omega * 1e-2))
    return Spectrum(0, frequency, z, None, None, None, np.zeros(62, bool))


def _insets(*drawn: Spectrum) -> list[Axes]:
    axes = place(new_figure(8.0, 8.0), 1.0, 1.0, 6.0, 6.0)
    draw_series(axes, drawn, list(shades(len(drawn))), "Ω", 1.0)
    return list(axes.child_axes)


def test_slow_ends_that_are_small_are_magnified_with_equal_scales() -> None:
    one, other = _arcs(200, 8), _arcs(200, 16)
    (inner,) = _insets(one, other)
    slow = one.frequency < 1e3
    drawn = [line for line in inner.lines if line.get_marker() == "o"]
    assert np.allclose(drawn[0].get_xdata(), one.impedance.real[slow])
    assert np.allclose(drawn[1].get_ydata(), -other.impedance.imag[slow])
    low, high = inner.get_xlim()
    assert low < one.impedance.real[slow].min() < other.impedance.real[slow].max() < high
    box = inner.get_window_extent()
    assert (high - low) / box.width == pytest.approx(np.ptp(inner.get_ylim()) / box.height)


@pytest.mark.parametrize("slow", [0.0, 1.0, 150.0])
def test_slow_ends_that_are_noise_or_large_need_no_inset(slow: float) -> None:
    assert _insets(_arcs(200, slow)) == []


def test_fast_arcs_that_are_small_are_magnified_instead() -> None:
    (inner,) = _insets(_arcs(20, 2000))
    assert [text.get_text()[:5] for text in inner.texts][-1] == "above"


def test_a_shorted_sweep_sets_no_frame() -> None:
    (alone,) = _insets(_arcs(200, 8), _arcs(200, 16))
    (inner,) = _insets(_arcs(200, 8), _arcs(200, 16), _arcs(200, 8, short=1e-3))
    assert inner.get_xlim() == pytest.approx(alone.get_xlim())


@pytest.mark.parametrize(("taus", "count"), [((1e-6, 1e-2), 2), ((1e-6, 1e-4, 1e-2), 3)])
def test_tops_are_the_arcs_and_not_the_scatter(taus: tuple[float, ...], count: int) -> None:
    omega = 2 * np.pi * np.logspace(7, 0, 71)
    z = sum(100 / (1 + 1j * omega * tau) for tau in taus)
    noise = np.random.default_rng(1).normal(0, 0.2, 71)
    found = tops(-np.imag(z) + noise)
    assert len(found) == count
    assert 1 / omega[found] == pytest.approx(np.array(taus), rel=0.3)


def test_overlay_shows_gamma_of_scan_and_rest(campaign: StandIn) -> None:
    figure = gamma_overlay(campaign, times=[0.0, 54000.0])
    left, right = (axes for axes in figure.axes if axes.get_xscale() == "log")
    gamma = campaign["drt"]["gamma"].values
    assert left.lines[0].get_ydata() == pytest.approx(gamma[0])
    assert right.lines[0].get_ydata() == pytest.approx(gamma[20])
    legend = right.get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["last under current, 385\u2009µA", "1\u2009s", "15\u2009h"]
    assert left.get_ylim() == right.get_ylim()


def test_projection_keeps_every_curve_to_scale() -> None:
    view = Oblique(right=0.1, up=0.2, low=1.0)
    tau, gamma = np.array([-6.0, -3.0, 0.0]), np.array([0.5, 2.0, -3.0])
    x0, y0 = view.place(tau, gamma, 0)
    x5, y5 = view.place(tau, gamma, 5)
    assert x5 - x0 == pytest.approx(0.5)
    assert y5 - y0 == pytest.approx(1.0)
    assert y0.tolist() == [0.5, 2.0, 0.0]  # what is below the floor lies on it


def test_waterfall_draws_each_sweep_and_the_window(campaign: StandIn) -> None:
    figure = gamma_waterfall(campaign)
    axes = figure.axes[0]
    edges = [line for line in axes.lines if line.get_label() == "edge of the measured window"]
    assert [float(line.get_xdata()[0]) for line in edges] == pytest.approx(
        [np.log10(1 / (2 * np.pi * f)) for f in (7e6, 5)]
    )
    assert len(edges[0].get_xdata()) == 20
    assert len(axes.collections) == 20


def test_many_sweeps_are_thinned(make: Callable[..., StandIn]) -> None:
    long = make(300, 60, 11)
    scan, rest = both_series(long)
    assert len(scan.rows) <= 24
    assert len(rest.rows) <= 8
    assert {scan.rows[0], scan.rows[-1], rest.rows[0], rest.rows[-1]} == {0, 299, 300, 359}


def test_nothing_to_draw_and_strangers_are_refused(campaign: StandIn) -> None:
    with pytest.raises(SchemaError, match="no sweep 99"):
        original_spectra(campaign, [99])
    with pytest.raises(SchemaError, match="Nothing to draw"):
        gamma_overlay(campaign.but(drt=None))
    with pytest.raises(SchemaError, match="Nothing to draw"):
        original_spectra(StandIn({}))
