"""The operando map shows what was measured, where and when it was measured, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from anodescope.errors import SchemaError
from anodescope.report import operando_map
from anodescope.report.clock import stretches
from tests.report.conftest import StandIn, dataset, spectra_nodes

WIDE = np.logspace(np.log10(7e6), np.log10(5), 31)
SLOW = np.logspace(5, -1, 31)
ARCS = ((180.0, 1e-6), (120.0, 1e-2))


def plain(count: int, *, electrodes: tuple[str, ...] = ("cell",), duration: float = 35.0,
          grids: tuple[np.ndarray, ...] = (WIDE,), **attrs: Any) -> StandIn:  # fmt: skip
    """Sweeps every 60 s at 0.1 mA without a time series."""
    starts = np.repeat(np.arange(count) * 60.0, len(electrodes))
    total = len(starts)
    nodes = spectra_nodes(
        starts, duration, [ARCS] * total, np.full(total, 1e-4), grids=list(grids),
        grid=np.arange(total) * len(grids) // total,
        electrode=[electrodes[k % len(electrodes)] for k in range(total)],
    )  # fmt: skip
    return StandIn(nodes, **attrs)


def meshes(figure: Figure) -> list[tuple[Axes, QuadMesh]]:
    """Every DRT map of a figure (log y), not the bar of techniques."""
    return [
        (axes, artist)
        for axes in figure.axes
        if axes.get_yscale() == "log"
        for artist in axes.collections
        if isinstance(artist, QuadMesh)
    ]


def texts(figure: Figure) -> list[str]:
    """Every text of a figure that is not empty."""
    found = [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]
    return [text.get_text() for text in found if text.get_text()]


def test_every_sweep_lies_between_its_start_and_its_end_and_gaps_are_blank() -> None:
    campaign = plain(8)
    ((axes, mesh),) = meshes(operando_map(campaign))
    edges = np.asarray(mesh.get_coordinates())[0, :, 0] / stretches(campaign)[0].scale.factor
    assert edges[0::2] == pytest.approx(campaign["spectra"]["time_start"].values)
    assert edges[1::2] == pytest.approx(campaign["spectra"]["time_end"].values)
    values = np.ma.asarray(mesh.get_array())
    assert not np.ma.getmaskarray(values)[:, 0::2].any()
    assert np.ma.getmaskarray(values)[:, 1::2].all()
    low, high = axes.get_xlim()
    assert low <= 0 <= high
    assert high * 60 >= 7 * 60 + 35 - 1e-9


def test_map_shows_gamma_on_log_tau_with_frequencies_beside_it(campaign: StandIn) -> None:
    figure = operando_map(campaign)
    figure.canvas.draw()
    axes, mesh = meshes(figure)[0]
    assert axes.get_ylabel() == "Relaxation time τ (s)"
    tau = campaign["drt"]["tau"].values
    rows = mesh.get_coordinates()[:, 0, 1]
    assert np.all((rows[:-1] < tau) & (tau < rows[1:]))
    shown = np.ma.asarray(mesh.get_array())[:, 0]
    gamma = campaign["drt"]["gamma"].values[0]
    above = gamma > mesh.norm.vmin
    assert np.asarray(shown)[above] == pytest.approx(gamma[above])
    twin = next(a for host in figure.axes for a in host.child_axes)
    low, high = axes.get_ylim()
    bounds = np.sort(twin.get_ylim())
    assert bounds == pytest.approx([1 / (2 * np.pi * high), 1 / (2 * np.pi * low)], rel=1e-6)
    assert twin.get_ylabel() == "Frequency 1/(2πτ)"


def test_voltage_current_and_map_share_the_time_axis(campaign: StandIn) -> None:
    figure = operando_map(campaign)
    labels = {axes.get_ylabel(): axes for axes in figure.axes}
    map_axes = labels["Relaxation time τ (s)"]
    for name in ("Voltage (V)", "Current\n(µA)"):
        assert map_axes.get_shared_x_axes().joined(map_axes, labels[name])
        assert labels[name].get_xlim() == map_axes.get_xlim()
    volts = labels["Voltage (V)"].lines[0].get_ydata()
    assert np.nanmax(volts) == pytest.approx(campaign["timeseries"]["voltage"].values.max())


def test_what_lies_outside_the_window_is_veiled_hatched_bordered_and_named() -> None:
    figure = operando_map(plain(8))
    ((axes, _),) = meshes(figure)
    low, high = 1 / (2 * np.pi * 7e6), 1 / (2 * np.pi * 5)
    panes = [p for p in axes.patches if isinstance(p, Rectangle) and p.get_hatch()]
    spans = sorted((p.get_y(), p.get_y() + p.get_height()) for p in panes)
    assert spans[0] == pytest.approx((axes.get_ylim()[0], low))
    assert spans[1] == pytest.approx((high, axes.get_ylim()[1]))
    borders = {
        round(float(np.log10(np.asarray(line.get_ydata(), float)[0])), 6)
        for line in axes.lines
        if line.is_dashed() and len(line.get_xdata()) == 2
    }
    assert {round(float(np.log10(edge)), 6) for edge in (low, high)} <= borders
    named = "outside the measured window (below 5\u2009Hz)"
    assert named in texts(figure)


def test_two_frequency_grids_have_two_windows() -> None:
    ((axes, _),) = meshes(operando_map(plain(8, grids=(WIDE, SLOW))))
    tops = {p.get_y(): p.get_x() for p in axes.patches if p.get_y() > 1e-3}
    edges = sorted(tops)
    assert edges == pytest.approx([1 / (2 * np.pi * 5), 1 / (2 * np.pi * 0.1)])
    assert tops[edges[0]] < tops[edges[1]]


def test_gamma_of_zero_is_drawn_and_not_left_blank() -> None:
    campaign = plain(6)
    drt = campaign["drt"].copy(deep=True)
    drt["gamma"][2, :10] = 0.0
    ((_, mesh),) = meshes(operando_map(campaign.but(drt=drt)))
    assert not np.ma.getmaskarray(np.ma.asarray(mesh.get_array()))[:, 0::2].any()


def test_sweeps_without_a_drt_are_blank_and_marked(campaign: StandIn) -> None:
    drt = campaign["drt"].copy(deep=True)
    drt["gamma"][5:8] = np.nan
    drt["outcome"][5:8] = "not_finite"
    verdicts = campaign["validation"].copy(deep=True)
    verdicts["verdict"][12:14] = "inconsistent"
    figure = operando_map(campaign.but(drt=drt, validation=verdicts))
    counts = {
        line.get_label(): len(line.get_xdata())
        for axes in figure.axes
        for line in axes.lines
        if line.get_label() in ("no DRT", "fails Kramers–Kronig")
    }
    assert counts == {"no DRT": 3, "fails Kramers–Kronig": 2}


def test_unit_is_ohm_unless_the_user_gave_an_area(campaign: StandIn) -> None:
    assert "γ (Ω per ln\u2009τ)" in {a.get_xlabel() for a in operando_map(campaign).axes}
    given = campaign.but(specimen={"area_cm2": {"alloy": 0.385}})
    figure = operando_map(given)
    assert "γ (Ω\u2009cm² per ln\u2009τ)" in {a.get_xlabel() for a in figure.axes}
    bare, scaled = meshes(operando_map(campaign))[0][1], meshes(figure)[0][1]
    assert scaled.norm.vmax == pytest.approx(0.385 * bare.norm.vmax)


def test_an_area_of_another_electrode_is_not_used() -> None:
    campaign = plain(6, electrodes=("working", "counter"), specimen={"area_cm2": {"alloy": 0.4}})
    units = {axes.get_xlabel() for axes in operando_map(campaign).axes}
    assert "γ (Ω per ln\u2009τ)" in units


def test_electrodes_are_shown_apart() -> None:
    figure = operando_map(plain(6, electrodes=("working", "counter")))
    found = meshes(figure)
    assert len(found) == 2
    assert {"working", "counter"} <= set(texts(figure))
    assert found[0][1].norm.vmax == found[1][1].norm.vmax


@pytest.mark.parametrize("count", [1, 3])
def test_few_sweeps_are_lines_and_no_map(count: int) -> None:
    figure = operando_map(plain(count))
    assert not meshes(figure)
    axes = next(a for a in figure.axes if a.get_xlabel() == "Relaxation time τ (s)")
    solid = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata())]
    assert len(solid) == count


def test_long_rest_gets_a_stretch_of_its_own(make: Callable[..., StandIn]) -> None:
    campaign = make(20, 6, 21)
    head, tail = stretches(campaign)
    stop = 20 * 40.0
    assert head.end == pytest.approx(stop, abs=5)
    assert head.scale.unit == "min"
    assert tail.logarithmic
    assert tail.origin == pytest.approx(stop, abs=5)
    figure = operando_map(campaign)
    assert {"Time (min)", "Time at rest"} <= {axes.get_xlabel() for axes in figure.axes}
    assert len(stretches(campaign, cuts=())) == 1


def test_even_sweeps_are_not_cut(make: Callable[..., StandIn]) -> None:
    assert len(stretches(make(20, 0, 21))) == 1


@pytest.mark.parametrize(
    ("hours", "unit"), [(0.01, "s"), (1.0, "min"), (20.0, "h"), (24 * 30.0, "d")]
)
def test_unit_of_time_suits_the_span(hours: float, unit: str) -> None:
    time = np.linspace(0, hours * 3600, 50)
    series = dataset("timeseries", time=time, voltage=np.sin(time))
    figure = operando_map(StandIn({"timeseries": series}))
    assert figure.axes[-1].get_xlabel() == f"Time ({unit})"


def test_without_a_drt_voltage_current_and_sweeps_remain(campaign: StandIn) -> None:
    figure = operando_map(campaign.but(drt=None))
    labels = {axes.get_ylabel() for axes in figure.axes}
    assert {"Voltage (V)", "Current\n(µA)", "sweeps"} <= labels
    assert "no DRT was computed" in texts(figure)


def test_failed_fits_everywhere_are_said(campaign: StandIn) -> None:
    drt = campaign["drt"].copy(deep=True)
    drt["gamma"][:] = np.nan
    drt["outcome"][:] = "not_finite"
    assert "no sweep gave a DRT" in texts(operando_map(campaign.but(drt=drt)))


def test_without_a_time_series_the_sweeps_own_dc_values_are_drawn() -> None:
    figure = operando_map(plain(8))
    axes = next(a for a in figure.axes if a.get_ylabel().startswith("Voltage"))
    assert axes.get_ylabel() == "Voltage (mV)"
    assert np.nanmax(np.asarray(axes.lines[0].get_ydata())) == pytest.approx(40.0, rel=1e-6)


def test_zero_duration_sweeps_are_still_seen() -> None:
    figure = operando_map(plain(8, duration=0.0))
    ((axes, mesh),) = meshes(figure)
    widths = np.diff(mesh.get_coordinates()[0, :, 0])[0::2]
    share = widths / np.ptp(axes.get_xlim())
    assert np.all(share > 0.001)
    assert np.all(share < 0.01)


def test_nan_times_and_empty_rows_are_left_out(campaign: StandIn) -> None:
    spectra = campaign["spectra"].copy(deep=True)
    spectra["time_start"][3] = np.nan
    spectra["valid"][4] = False
    figure = operando_map(campaign.but(spectra=spectra))
    drawn = sum(
        (~np.ma.getmaskarray(np.ma.asarray(mesh.get_array())).all(axis=0)).sum()
        for _, mesh in meshes(figure)
    )
    assert drawn == len(spectra["time_start"]) - 1


def test_events_cross_every_panel_and_are_named(campaign: StandIn) -> None:
    figure = operando_map(campaign)
    assert any(text.startswith("onset, ") for text in texts(figure))
    onset = float(campaign["events"]["time"].values[0]) / 60
    crossing = [
        axes for axes in figure.axes for line in axes.lines
        if np.allclose(np.asarray(line.get_xdata(), float), onset) and len(line.get_xdata()) == 2
    ]  # fmt: skip
    assert len(crossing) == 3


def test_many_events_do_not_hide_the_picture(campaign: StandIn) -> None:
    times = np.linspace(10, 780, 60)
    kinds = np.array(["technique"] * 20 + ["overload"] * 40, dtype=object)
    events = dataset("events", time=times, kind=kinds, message=kinds)
    figure = operando_map(campaign.but(events=events))
    ((axes, _), *_) = meshes(figure)
    crossing = [k for k in axes.lines if k.get_color() == "#D55E00" and len(k.get_xdata()) == 2]
    first = next(a for a in figure.axes if a.get_ylabel() == "Voltage (V)")
    strokes = [k for k in first.lines if k.get_color() == "#D55E00" and len(k.get_xdata()) == 2]
    assert (len(crossing), len(strokes)) == (12, 40)
    assert any(text.startswith("and ") for text in texts(figure))


def test_specimen_protocol_and_simulated_are_written(campaign: StandIn) -> None:
    found = texts(operando_map(campaign.but(simulated=True)))
    assert "NaK50 | NASICON | Na" in found
    expected = "24 spectra (GEIS, PEIS), 7\u2009MHz – 5\u2009Hz, 41 points each · simulated"
    assert expected in found


def test_narrow_figure_keeps_its_colour_bar(campaign: StandIn) -> None:
    figure = operando_map(campaign, width=8.3)
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(8.3)
    assert "γ (Ω per ln\u2009τ)" in {axes.get_xlabel() for axes in figure.axes}


def test_hostile_titles_are_plain_text(campaign: StandIn) -> None:
    title = "$\\frac{a$ <b> \u202e中文 " + "x" * 400
    figure = operando_map(campaign.but(title=title))
    figure.canvas.draw()
    assert any(text.startswith("$\\frac{a$ <b> □□□") for text in texts(figure))


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(SchemaError, match="Nothing to draw"):
        operando_map(StandIn({}))
