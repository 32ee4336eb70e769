"""Peaks over time and on the map, and the strip of blocks."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.errors import SchemaError
from anodescope.report import operando_map, peak_tracks
from anodescope.report.blocks import Block
from anodescope.report.strip import block_name
from anodescope.report.tracks import peak_name, tracks
from tests.report.conftest import R_GB, TAU_GB, StandIn
from tests.report.samples import AREA, with_results


@pytest.fixture(scope="module")
def told(campaign: StandIn) -> StandIn:
    return with_results(campaign).but(specimen={"area_cm2": {"alloy": AREA}})


def test_tracks_hold_values_in_the_drawn_unit(told: StandIn) -> None:
    found = {track.name: track for track in tracks(told)}
    assert found["γ_GB"].resistance == pytest.approx(R_GB * AREA)
    assert found["γ_GB"].tau == pytest.approx(TAU_GB)
    prime = found["γ'_int"]
    assert prime.present.sum() == prime.death - prime.birth + 1 < 20
    assert not found["γ_int"].firm.all()
    assert [track.name for track in tracks(told)] == ["γ_GB", "γ'_int", "γ_int"]


def test_markers_are_hollow_where_the_window_cuts_the_peak(told: StandIn) -> None:
    axes = peak_tracks(told).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) > 0]
    hollow = sum(len(line.get_xdata()) for line in dots if line.get_markerfacecolor() == "white")
    filled = sum(len(line.get_xdata()) for line in dots if line.get_linestyle() == "None") - hollow
    here = {track.name: track for track in tracks(told)}
    cut = here["γ_int"].present[:20] & ~here["γ_int"].firm[:20]
    assert hollow == cut.sum() > 0
    assert filled == sum(int((t.present & t.firm)[:20].sum()) for t in here.values())


def test_births_deaths_and_bands_are_drawn(told: StandIn) -> None:
    figure = peak_tracks(told)
    axes = figure.axes[0]
    markers = [line.get_marker() for line in axes.lines if len(line.get_xdata()) == 1]
    assert ">" in markers
    assert "x" in markers
    assert len(axes.collections) == 3  # one band per track
    labels = [a.get_ylabel() for a in figure.axes if a.get_ylabel()]
    assert labels == ["R (Ω\u2009cm²)", "Relaxation time τ (s)", "C (µF\u2009cm⁻²)"]


def test_no_peaks_is_an_error(campaign: StandIn) -> None:
    with pytest.raises(SchemaError, match="no peaks"):
        peak_tracks(campaign)


def test_names_are_typeset_and_hostile_ones_are_text() -> None:
    assert peak_name("γ_GB") == "γ$_{GB}$"
    assert peak_name("γ'_int") == "γ'$_{int}$"
    assert peak_name("$x^2$") == r"\$x^2\$"


def test_map_carries_the_blocks_and_the_names_of_the_peaks(told: StandIn) -> None:
    figure = operando_map(told)
    words = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert {"γ$_{GB}$", "γ$_{int}$", "γ'$_{int}$"} <= words
    assert any(word.startswith("staircase with GEIS") for word in words)
    assert any(word.startswith("rest with PEIS") for word in words)
    plain = operando_map(told.but(peaks=None, protocol=None))
    assert figure.get_size_inches()[1] > plain.get_size_inches()[1]
    assert not any("staircase" in t.get_text() for axes in plain.axes for t in axes.texts)


@pytest.mark.parametrize(("width", "text"), [
    (9.0, "staircase with GEIS × 96 · 98\u2009%"), (3.2, "staircase with GEIS · 98\u2009%"),
    (2.4, "staircase with GEIS"), (1.3, "staircase"), (0.3, ""),
])  # fmt: skip
def test_a_narrow_block_says_less(width: float, text: str) -> None:
    assert block_name(Block(0, "staircase_geis", 0.98, 96, 0.0, 1.0), width) == text


def test_tracks_of_a_broken_axis_lie_on_their_stretch(told: StandIn) -> None:
    figure = peak_tracks(told)
    first = figure.axes[0]
    left, right = first.get_xlim()
    for line in first.lines:
        x = np.asarray(line.get_xdata(), float)
        if line.get_marker() == "o" and len(x) > 1:
            assert x.min() >= left - 1e-9
            assert x.max() <= right + 1e-9
