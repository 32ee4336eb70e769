"""Legends above the axes: as many columns as fit, never over the edge, and honest names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from anodescope.report import gamma_overlay, gamma_waterfall, pristine_overlay
from anodescope.report.keys import legend_columns, text_width
from anodescope.report.studies import state_of
from tests.generator import paper
from tests.generator.impedance import cell
from tests.generator.record import Record, steady
from tests.report.conftest import StandIn
from tests.report.samples import AREA, real, with_results


def legends_inside(figure: Figure) -> bool:
    """Tell whether the figure has legends, and all of them lie on it."""
    figure.canvas.draw()
    legends = [axes.get_legend() for axes in figure.axes]
    boxes = [one.get_window_extent() for one in legends if one is not None]
    whole = figure.bbox
    return bool(boxes) and all(
        box.x0 >= 0 and box.y0 >= 0 and box.x1 <= whole.x1 and box.y1 <= whole.y1 for box in boxes
    )


def test_columns_are_as_many_as_fit() -> None:
    names = ["a long name, 1 mA\u2009cm⁻²", *"abcdefg"]
    wide = sum(text_width(name) + 0.7 for name in names)
    assert legend_columns(names, wide) == len(names)
    assert legend_columns(names, 0.1) == 1
    assert 1 < legend_columns(names, 0.5 * wide) < len(names)
    assert text_width("") == 0.0
    assert text_width("R$_{int}$") < text_width("R_{int}  ")


@pytest.mark.parametrize("width", [8.3, 12.0, 17.1])
def test_a_long_first_name_does_not_push_the_legend_off(campaign: StandIn, width: float) -> None:
    # The last sweep under current has the longest name of all.
    times = [1.0, 60.0, 6000.0, 54000.0]
    told = campaign.but(specimen={"area_cm2": {"alloy": AREA}})
    assert legends_inside(gamma_overlay(told, width=width, times=times))


def test_overlay_names_a_sweep_that_it_cannot_show() -> None:
    made = paper.ccd(currents=(0.1, 0.2), half_cycle=350.0, short=None)
    from anodescope.impedance import drt

    campaign = real(made)
    campaign = campaign.with_node("drt", drt(campaign))
    node = campaign["drt"].copy(deep=True)
    scan = np.flatnonzero(np.isfinite(node["gamma"].values).any(axis=1))
    node["gamma"][scan[-1]] = 1e-9 * node["gamma"][scan[-1]]
    figure = gamma_overlay(campaign.with_node("drt", node))
    legend = figure.axes[0].get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert names[-1].endswith("(too small)")
    assert not any("(" in name for name in names[:-1])


def test_the_dashed_sweep_is_the_last_before_the_rest() -> None:
    made = Record()
    for current, stairs in ((0.5, 6), (-0.2, 3)):
        made.block("staircase_geis", "SGEIS")
        for k in range(stairs):
            made.level(sequence=True)
            amps = current * (k + 1) / stairs * AREA * 1e-3
            made.sweep(amps, 35.0, steady(amps * 300), cell(120.0))
    made.block("rest_with_peis", "PEIS")
    made.level()
    for _ in range(4):
        made.sweep(0.0, 35.0, steady(1e-3), cell(120.0))
    campaign = real(made.made())
    from anodescope.impedance import drt

    figure = gamma_overlay(campaign.with_node("drt", drt(campaign)))
    names = [text.get_text() for axes in figure.axes if axes.get_legend() is not None
             for text in axes.get_legend().get_texts()]  # type: ignore[union-attr] # fmt: skip
    assert "last under current, −0.2\u2009mA\u2009cm⁻²" in names


@pytest.mark.parametrize("width", [8.3, 17.1])
def test_names_beside_the_waterfall_are_whole(make: Callable[..., StandIn], width: float) -> None:
    # Without a rest, at the width of one column, the currents were cut at the edge.
    campaign = make(20, 0, 31).but(specimen={"area_cm2": {"alloy": AREA}})
    figure = gamma_waterfall(campaign, width=width)
    figure.canvas.draw()
    texts = [text for axes in figure.axes for text in axes.texts if text.get_text()]
    assert len(texts) >= 5
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in texts)


def test_spectra_that_are_not_pristine_are_named(campaign: StandIn) -> None:
    told = with_results(campaign).but(specimen={"area_cm2": {"alloy": AREA}})
    spectra = told["spectra"]
    assert state_of(told, 0) == "at 0.05\u2009mA\u2009cm⁻²"
    assert state_of(told, 20) == "after a current"
    rested = told.but(spectra=spectra.isel(spectrum=slice(20, None)), timeseries=None,
                      protocol=None)  # fmt: skip
    assert state_of(rested, 0) == ""
    legend = pristine_overlay({"a": told}).axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a (at 0.05\u2009mA\u2009cm⁻²)"]


@pytest.mark.parametrize("count", [1, 9, 24])
def test_the_names_of_many_cells_stay_on_the_figure(campaign: StandIn, count: int) -> None:
    told = with_results(campaign)
    figure = pristine_overlay({f"cell {k} of a long series, NaK": told for k in range(count)})
    assert legends_inside(figure)
