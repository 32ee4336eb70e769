"""One figure per staircase, named; every onset in a lane of its own; nothing empty or clipped."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from anodescope.campaign import Campaign
from anodescope.errors import SchemaError
from anodescope.report.captions import staircase_caption
from anodescope.report.sections import parts
from anodescope.report.stairs import staircases
from anodescope.report.threshold import threshold_figure, threshold_figures
from tests.generator import paper
from tests.generator.record import Record, steady
from tests.report.conftest import StandIn
from tests.report.samples import AREA, Row, real, with_results

NAN, INF = np.nan, np.inf


def stairs(*directions: int, **changes: object) -> Campaign:
    """Return a record of staircases without impedance, one after the other, in its own blocks."""
    made = Record()
    for sign in directions:
        made.block("staircase", "CP")
        for current in (0.2, 0.4, 0.6):
            made.level(sequence=True)
            made.hold(sign * current * AREA * 1e-3, 60.0, steady(sign * 0.1 * current), 1.0)
    rows = changes.pop("rows", ())
    return real(made.made(), *rows).with_attrs(**changes)  # type: ignore[misc]


def onset(value: float, low: float, high: float, outcome: str, **changes: object) -> Row:
    """Return an onset's row (mA/cm²); `changes` replace basis, k, window, block."""
    told: dict[str, object] = {"basis": "voltage", "k": 2.5, "window": "20% of the hold",
                               "block": 0} | changes  # fmt: skip
    area = AREA * 1e-3
    return ("onset_current", value * area, low * area, high * area, "A", outcome,
            f"exceeds {told['k']:g} times its initial value; V: mean over the last "
            f"{told['window']}", str(told["basis"]), NAN, int(str(told["block"])))  # fmt: skip


def words_of(figure: Figure) -> list[str]:
    """Return every text of a figure, its axes' included."""
    every = [one for axes in figure.axes for one in axes.texts] + list(figure.texts)
    return [one.get_text() for one in every if one.get_text()]


def clipped(figure: Figure) -> list[str]:
    """Return the texts of legends, labels and notes that reach out of a figure."""
    figure.canvas.draw()
    every: list[Text] = list(figure.texts)
    for axes in figure.axes:
        legend = axes.get_legend()
        every += [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        every += [] if legend is None else legend.get_texts()
    return [one.get_text() for one in every if one.get_text() and _outside(one, figure.bbox)]


def _outside(text: Text, box: object) -> bool:
    own = text.get_window_extent()
    whole = box  # in pixels
    return bool(
        own.x0 < whole.x0 - 1 or own.x1 > whole.x1 + 1  # type: ignore[attr-defined]
        or own.y0 < whole.y0 - 1 or own.y1 > whole.y1 + 1  # type: ignore[attr-defined]
    )  # fmt: skip


def test_every_staircase_has_a_figure_named_by_its_direction() -> None:
    campaign = stairs(-1, 1, 1)
    named = staircases(campaign)
    assert list(named) == [
        "threshold_plating", "threshold_stripping_1", "threshold_stripping_2",
    ]  # fmt: skip
    assert [one.block.number for one in named.values()] == [0, 1, 2]
    figures = threshold_figures(campaign)
    assert list(figures) == list(named)
    heads = [words_of(figure) for figure in figures.values()]
    for stair, told in zip(named.values(), heads, strict=True):
        assert stair.title in told
    assert named["threshold_stripping_2"].title.startswith("Stripping staircase, 3 of 3, 6\u2009m")
    assert list(staircases(stairs(-1))) == ["threshold"]


def test_current_and_voltage_say_their_sign() -> None:
    plating, stripping = threshold_figures(stairs(-1, 1)).values()
    assert plating.axes[0].get_xlabel() == "Plating current density, −i (mA\u2009cm⁻²)"
    assert plating.axes[0].get_ylabel() == "−Voltage (mV)"
    assert stripping.axes[0].get_xlabel() == "Stripping current density (mA\u2009cm⁻²)"
    assert stripping.axes[0].get_ylabel() == "Voltage (mV)"
    unknown = stairs(-1, current_sign="unknown")
    assert threshold_figure(unknown).axes[0].get_xlabel().startswith("Negative current density, −i")
    (stair,) = staircases(unknown).values()
    assert "−i and −V are drawn" in staircase_caption(unknown, stair)


def test_the_page_has_a_part_for_every_staircase() -> None:
    campaign = stairs(-1, 1)
    told = parts(campaign, threshold_figures(campaign))["findings"]
    assert [one.title for one in told] == [one.title for one in staircases(campaign).values()]
    assert all(one.title in one.picture.alt and one.picture.uri for one in told)
    # A figure that someone made of one staircase alone still has its place.
    (alone,) = parts(campaign, {"threshold": threshold_figure(campaign)})["findings"]
    assert alone.picture.uri


def test_a_block_that_is_no_staircase_is_refused() -> None:
    with pytest.raises(SchemaError, match="Block 7 is no staircase: expected one of 0, 1"):
        threshold_figure(stairs(-1, 1), block=7)


def test_a_hold_staircase_has_one_panel_and_says_what_is_open() -> None:
    rows = [
        onset(NAN, NAN, NAN, "not_decidable"),
        onset(NAN, NAN, NAN, "needs_spectra", basis="voltage_minus_ohmic"),
        onset(NAN, NAN, NAN, "needs_spectra", basis="R_int"),
    ]
    figure = threshold_figure(stairs(1, rows=rows))
    assert len(figure.axes) == 1
    told = " ".join(words_of(figure))
    assert "No onset from V:" in told
    assert "No onset from V − iR_Ω" in told
    assert "R_int" in told
    assert clipped(figure) == []


def test_no_two_onsets_lie_on_each_other(campaign: StandIn) -> None:
    told = with_results(campaign).but(specimen={"area_cm2": {"alloy": AREA}})
    rows = [
        onset(0.5, 0.4, 0.6, "determined", basis=basis, window=window, k=k)
        for basis in ("voltage", "voltage_minus_ohmic")
        for window in ("20% of the hold", "50% of the sweep")
        for k in (2.5, 4.0)
    ]
    from tests.report.samples import findings_node

    figure = threshold_figure(told.but(findings=findings_node(rows)))
    below = next(axes for axes in figure.axes if axes.get_yticklabels()[0].get_text() == "k = 2.5")
    heights = [float(line.get_ydata()[0]) for line in below.lines if line.get_marker() == "o"]
    assert len(heights) == 8
    assert np.diff(np.sort(heights)).min() > 0.1
    assert {round(height) for height in heights} == {0, 1}


def test_an_open_end_is_an_arrow_and_an_open_k_is_said() -> None:
    rows = [
        onset(NAN, 0.6, INF, "censored", k=2.5),
        onset(0.4, 0.3, INF, "determined", k=1.5),
        onset(NAN, NAN, NAN, "not_decidable", k=1.5, window="50% of the sweep"),
    ]
    figure = threshold_figure(stairs(1, rows=rows))
    below = figure.axes[1]
    arrows = [text for text in below.texts
              if isinstance(text, Annotation) and text.arrow_patch is not None]  # fmt: skip
    assert sorted(float(one.xy[0]) for one in arrows) == pytest.approx([0.4, 0.6])
    assert all(one.get_position()[0] > 0 for one in arrows)  # to higher currents
    assert ">\u20090.6" in words_of(figure)
    assert "not determined" in words_of(figure)
    # The value of an interval that is open above is still a value.
    dots = [float(line.get_xdata()[0]) for line in below.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([0.4])


@pytest.mark.parametrize("sign", [1, -1])
def test_legend_lies_off_the_data_and_nothing_is_clipped(campaign: StandIn, sign: int) -> None:
    plated = real(paper.sgeis(sign=sign, step=0.05, rest=0.0))
    for one in (plated, with_results(campaign)):
        figure = threshold_figure(one)
        figure.canvas.draw()
        for axes in figure.axes:
            legend = axes.get_legend()
            if legend is not None:
                assert legend.get_window_extent().y0 >= axes.get_window_extent().y1
        assert clipped(figure) == []


def test_a_panel_without_anything_to_show_is_left_out(campaign: StandIn) -> None:
    told = with_results(campaign)
    # Sweeps at the levels, but neither peaks nor a DRT.
    bare = told.but(peaks=None, drt=None)
    assert all(axes.lines for axes in threshold_figure(bare).axes)
    assert not any(axes.get_ylabel().startswith("Resistance")
                   for axes in threshold_figure(bare).axes)  # fmt: skip
    with pytest.raises(SchemaError, match="neither voltage nor impedance"):
        threshold_figure(bare.but(timeseries=None, spectra=None))
