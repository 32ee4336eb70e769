"""Figures of chosen sweeps: conventions of the field, and every number where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.errors import SchemaError
from anodescope.report import bode, choose_sweeps, gamma_curves, nyquist, residuals, sheet
from tests.report.conftest import StandIn


def test_choice_is_first_last_and_even(campaign: StandIn) -> None:
    assert choose_sweeps(campaign, 4) == [0, 8, 15, 23]
    assert choose_sweeps(campaign, 1) == [0]
    assert choose_sweeps(campaign, 100) == list(range(24))
    assert choose_sweeps(campaign.but(spectra=None, drt=None, validation=None)) == []


def test_choice_skips_sweeps_without_points_or_drt(campaign: StandIn) -> None:
    spectra, drt = campaign["spectra"].copy(deep=True), campaign["drt"].copy(deep=True)
    spectra["valid"][0] = False
    drt["gamma"][23] = np.nan
    chosen = choose_sweeps(campaign.but(spectra=spectra, drt=drt), 3)
    assert (chosen[0], chosen[-1]) == (1, 22)


def test_nyquist_has_equal_scales_and_capacitive_arcs_up(campaign: StandIn) -> None:
    figure = nyquist(campaign, [0, 19])
    axes = figure.axes[0]
    assert axes.get_aspect() == 1.0
    wide, high = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    box = axes.get_window_extent()
    assert wide / box.width == pytest.approx(high / box.height, rel=1e-3)
    assert axes.get_ylim()[1] > axes.get_ylim()[0]
    assert axes.get_ylabel() == "−Im Z (kΩ)"
    z = campaign["spectra"]["impedance"].values[0]
    points = next(line for line in axes.lines if len(line.get_xdata()) == z.size)
    assert points.get_xdata() == pytest.approx(z.real / 1000)
    assert points.get_ydata() == pytest.approx(-z.imag / 1000)
    names = {text.get_text() for text in axes.texts}
    assert "10\u2009Hz" in names
    assert names <= {f"{n}\u2009{p}Hz" for n in (1, 10, 100) for p in ("", "k", "M")}


def test_fit_is_drawn_as_a_line_where_there_is_one(campaign: StandIn) -> None:
    def lines(source: StandIn) -> int:
        axes = nyquist(source, [0]).axes[0]
        return sum(line.get_linestyle() == "-" and len(line.get_xdata()) > 2 for line in axes.lines)

    assert lines(campaign) == 1
    assert lines(campaign.but(drt=None)) == 0


def test_bode_shows_modulus_and_negative_phase(campaign: StandIn) -> None:
    upper, lower = bode(campaign, [3]).axes[:2]
    assert (upper.get_xscale(), upper.get_yscale(), lower.get_yscale()) == ("log", "log", "linear")
    z = campaign["spectra"]["impedance"].values[3]
    assert upper.lines[0].get_ydata() == pytest.approx(np.abs(z))
    points = next(line for line in lower.lines if line.get_marker() == "o")
    assert points.get_ydata() == pytest.approx(-np.angle(z, deg=True))
    assert lower.get_xlabel() == "Frequency"
    names = [text.get_text() for text in lower.get_xticklabels()]
    assert "1\u2009kHz" in names
    f = campaign["spectra"]["frequency"].values[3]
    assert upper.get_xlim()[0] < f.min() < f.max() < upper.get_xlim()[1]


def test_residuals_are_in_per_cent_with_tolerance_lines(campaign: StandIn) -> None:
    upper, lower = residuals(campaign, [2]).axes[:2]
    told = campaign["validation"]["residual"].values[2]
    assert upper.lines[0].get_ydata() == pytest.approx(100 * told.real)
    assert upper.lines[1].get_ydata() == pytest.approx(100 * told.imag)
    for axes in (upper, lower):
        levels = {float(np.asarray(line.get_ydata(), float)[0]) for line in axes.lines
                  if line.get_linestyle() == "--" and len(line.get_ydata()) == 2}  # fmt: skip
        assert levels == {1.0, -1.0}
        low, high = axes.get_ylim()
        assert low == -high
        assert high > 100 * max(np.abs(told.real).max(), np.abs(told.imag).max())
    validation = campaign["validation"].assign_attrs(parameters={"tolerance": 0.005})
    axes = residuals(campaign.but(validation=validation), [2]).axes[0]
    assert any(np.allclose(np.asarray(line.get_ydata(), float), 0.5) for line in axes.lines)


def test_gamma_has_frequencies_on_top_and_shades_outside_the_window(campaign: StandIn) -> None:
    figure = gamma_curves(campaign, [0, 10])
    figure.canvas.draw()
    axes = figure.axes[0]
    (twin,) = axes.child_axes
    low, high = axes.get_xlim()
    assert np.sort(twin.get_xlim()) == pytest.approx(
        [1 / (2 * np.pi * high), 1 / (2 * np.pi * low)]
    )
    hatched = [p for p in axes.patches if p.get_hatch()]
    edges = sorted(x for p in hatched for x in (p.get_x(), p.get_x() + p.get_width()))
    window = [1 / (2 * np.pi * 7e6), 1 / (2 * np.pi * 5)]
    assert edges[1:3] == pytest.approx(window)
    inside = campaign["drt"]["in_window"].values[0]
    curve = next(line for line in axes.lines if line.get_linestyle() == "-")
    assert np.array_equal(np.isfinite(np.asarray(curve.get_ydata(), float)), inside)


def test_sheet_has_four_lettered_panels(campaign: StandIn) -> None:
    figure = sheet(campaign)
    letters = [text.get_text() for text in figure.texts if len(text.get_text()) == 1]
    assert letters == ["a", "b", "c", "d"]


def test_unknown_sweep_is_refused(campaign: StandIn) -> None:
    with pytest.raises(SchemaError, match="no sweep 99"):
        nyquist(campaign, [99])
    with pytest.raises(SchemaError, match="Nothing to draw"):
        bode(campaign.but(spectra=None))


def test_sweeps_are_drawn_in_time_order(campaign: StandIn) -> None:
    legend = nyquist(campaign, [19, 0]).axes[0].get_legend()
    assert legend is not None
    assert next(t.get_text() for t in legend.get_texts()).startswith("5\u2009s")
