"""What stands on the operando map is true of every sweep, and nothing is written over another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from anodescope.report import operando_map
from anodescope.report.drtmap import common_edge
from anodescope.report.layout import whole_parts
from anodescope.report.marks import spread
from anodescope.report.view import at_rest, protocol_line, sweep_label
from tests.report.conftest import StandIn, dataset, spectra_nodes
from tests.report.samples import with_results

WIDE, NARROW = np.logspace(4, -1, 15), np.logspace(np.log10(500), np.log10(0.8), 9)
ARCS = ((180.0, 1e-2), (120.0, 2e-2))


def unlike(first: int = 1, second: int = 11, bias: float = 1e-4) -> StandIn:
    """Sweeps over two ranges of frequency: the first few wide, the others narrow."""
    count = first + second
    grid = np.array([0] * first + [1] * second)
    return StandIn(spectra_nodes(
        np.arange(count) * 60.0, 35.0, [ARCS] * count, np.full(count, bias),
        grids=[WIDE, NARROW], grid=grid, electrode=["cell"] * count,
    ))  # fmt: skip


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for axes in figure.axes for t in axes.texts if t.get_text()]


def named_map(figure: Figure) -> Axes:
    return next(a for a in figure.axes if a.get_ylabel() == "Relaxation time τ (s)")


def test_the_window_that_is_named_is_that_of_most_sweeps() -> None:
    figure = operando_map(unlike())
    assert "outside the measured window (below 800\u2009mHz in 11 of 12 sweeps)" in texts(figure)
    assert "outside the measured window (above 500\u2009Hz in 11 of 12 sweeps)" in texts(figure)
    # On the profiles, too, the dashed edge is the one that most sweeps share.
    profiles = next(a for a in figure.axes if a.get_xlabel().startswith("γ") and a.lines)
    dashed = [
        float(np.asarray(line.get_ydata())[0])
        for line in profiles.lines
        if line.is_dashed() and len(line.get_xdata()) == 2
    ]
    assert sorted(dashed) == pytest.approx([1 / (2 * np.pi * 500), 1 / (2 * np.pi * 0.8)])


def test_sweeps_without_a_common_window_are_named_by_their_range() -> None:
    edges = 1 / (2 * np.pi * np.array([1.0, 2.0, 4.0, 8.0]))
    assert common_edge(edges)[1] == "1\u2009Hz to 8\u2009Hz, by sweep"
    assert common_edge(edges[:1])[1] == "1\u2009Hz"


def test_points_are_counted_for_every_sweep() -> None:
    assert protocol_line(unlike()).endswith("9 to 15 points each")
    assert protocol_line(unlike(0, 4)).endswith(", 9 points each")


def test_a_line_that_is_too_long_loses_whole_parts() -> None:
    line = "46 spectra (GEIS), 10 kHz – 99.9 mHz, 9 to 15 points each"
    assert whole_parts(line, 99) == line
    assert whole_parts(line, 50) == "46 spectra (GEIS), 10 kHz – 99.9 mHz"
    assert whole_parts(line, 20) == "46 spectra (GEIS)"
    assert len(whole_parts(line, 8)) == 8


def test_an_offset_at_rest_is_no_bias(campaign: StandIn) -> None:
    spectra = campaign["spectra"].copy(deep=True)
    resting = spectra["bias_current"].values == 0
    spectra["bias_current"][resting] = 4.6e-7
    series = dataset("timeseries", time=[0.0, 1.0], voltage=[0.0, 0.0], current=[0.0, 4e-4])
    noisy = campaign.but(spectra=spectra, timeseries=series)
    assert at_rest(noisy).tolist() == resting.tolist()
    assert sweep_label(noisy, int(np.flatnonzero(resting)[-1])).endswith(", at rest")
    assert sweep_label(noisy, 0).endswith("A")


def test_the_protocol_tells_rest_from_a_small_current(campaign: StandIn) -> None:
    told = with_results(campaign)
    spectra = told["spectra"].copy(deep=True)
    spectra["bias_current"][:] = 1e-7
    idle = at_rest(told.but(spectra=spectra, timeseries=None))
    rows, asked = told["protocol"]["spectrum"].values, told["protocol"]["current"].values
    for row, current in zip(rows[rows >= 0], asked[rows >= 0], strict=True):
        assert idle[row] == (current == 0)


def boxes(figure: Figure, names: set[str]) -> list[Bbox]:
    """Where these texts stand on the figure (pixels)."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return [
        text.get_bbox_patch().get_window_extent(renderer)  # type: ignore[union-attr]
        for axes in figure.axes for text in axes.texts
        if text.get_text() in names and text.get_bbox_patch() is not None
    ]  # fmt: skip


def test_numbers_of_close_events_stand_beside_each_other(campaign: StandIn) -> None:
    kinds = np.array(["short"] * 5, dtype=object)
    events = dataset("events", time=[400.0, 401.0, 402.0, 404.0, 700.0], kind=kinds, message=kinds)
    found = boxes(operando_map(campaign.but(events=events)), {"1", "2", "3", "4", "5"})
    assert len(found) == 5
    assert not any(a.overlaps(b) for a, b in itertools.combinations(found, 2))


def test_spread_moves_as_little_as_it_can() -> None:
    free = np.array([0.0, 1.0, 2.0])
    assert spread(free, 0.5, 3.0) == pytest.approx(free)
    assert spread(np.array([1.0, 1.0]), 0.4, 3.0) == pytest.approx([0.8, 1.2])
    assert spread(np.array([2.9, 3.0]), 0.4, 3.0) == pytest.approx([2.6, 3.0])
    assert spread(np.zeros(4), 2.0, 3.0) == pytest.approx([0, 1, 2, 3])
    assert spread(np.zeros(0), 0.4, 3.0).size == 0


def test_a_peak_outside_the_window_is_neither_named_nor_drawn(campaign: StandIn) -> None:
    told = with_results(campaign)
    peaks = told["peaks"].copy(deep=True)
    peaks["in_window"][:, 1] = False
    before, after = (named_map(operando_map(one)) for one in (told, told.but(peaks=peaks)))
    assert "γ$_{int}$" in texts(before.figure)  # type: ignore[arg-type]
    assert "γ$_{int}$" not in texts(after.figure)  # type: ignore[arg-type]


def test_names_of_peaks_stand_on_the_inner_side_of_the_window(campaign: StandIn) -> None:
    figure = operando_map(with_results(campaign))
    figure.canvas.draw()
    axes = named_map(figure)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    named = [t for one in figure.axes for t in one.texts if t.get_text().startswith("γ")]
    found = [text.get_window_extent(renderer) for text in named]
    assert len(found) == 3
    assert not any(a.overlaps(b) for a, b in itertools.combinations(found, 2))
    edge = 1 / (2 * np.pi * 5)
    top = axes.transData.transform((1.0, edge))[1]
    assert all(box.y1 < top for box in found)
