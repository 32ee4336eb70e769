"""What a study's figures of findings draw: every cell, its open ends as arrows, nothing clipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from anodescope.report import threshold_against
from anodescope.report.points import points_of

NAN, INF = np.nan, np.inf


def row(cell: str, value: float, low: float, high: float, **changes: Any) -> dict[str, Any]:
    """Return a finding of a cell (mA/cm²)."""
    numbers = {"value": value, "low": low, "high": high}
    return {
        "campaign": cell, "quantity": "critical_current", "basis": "voltage", "criterion": "first",
        "units": "A", "composition": cell, "block": 0, "direction": "both",
        "outcome": "determined" if np.isfinite(value) else "censored",
        **{name: number * 1e-3 for name, number in numbers.items()},
        **{f"{name}_per_area": number for name, number in numbers.items()},
        "units_per_area": "mA/cm²",
    } | changes  # fmt: skip


def arrows(axes: Axes) -> dict[float, float]:
    """Return where arrows begin (y), and how far they reach up (points)."""
    found = [one for one in axes.texts if isinstance(one, Annotation) and one.arrow_patch]
    return {float(one.xy[1]): float(one.get_position()[1]) for one in found}


def test_open_ends_are_arrows_to_their_own_side() -> None:
    frame = pd.DataFrame([
        row("a", 0.2, 0.2, 0.4),
        row("b", NAN, 0.5, INF),
        row("c", 0.3, 0.3, INF),
        row("d", NAN, -INF, 0.1, outcome="determined"),
    ])  # fmt: skip
    axes = threshold_against(frame, quantity="critical_current").axes[0]
    found = arrows(axes)
    assert sorted(found) == pytest.approx([0.1, 0.3, 0.5])
    assert [found[y] > 0 for y in sorted(found)] == [False, True, True]
    dots = [y for line in axes.lines if line.get_marker() == "o" for y in line.get_ydata()]
    assert dots == pytest.approx([0.2, 0.3])
    low, high = axes.get_ylim()
    box = axes.get_window_extent()
    assert (high - 0.5) / (high - low) * box.height > 11 / 72 * axes.figure.dpi


def test_a_cell_whose_definition_is_worded_otherwise_is_drawn_too() -> None:
    frame = pd.DataFrame([
        row("a", 0.2, 0.1, 0.3, criterion="k = 2.5; R_Ω: measured"),
        row("a", 0.4, 0.3, 0.5, criterion="k = 4; R_Ω: measured"),
        row("b", 0.6, 0.5, 0.7, criterion="k = 2.5; R_Ω: measured and γ_GB"),
    ])  # fmt: skip
    first, second = points_of(frame, "composition", "critical_current")
    assert (first.value.tolist(), second.value.tolist()) == ([0.2], [0.6])
    assert (first.label, second.label) == ("V, definition 1", "V, definition 2")


def test_plating_and_stripping_are_told_apart() -> None:
    frame = pd.DataFrame([
        row("a", 0.2, 0.1, 0.3, direction="stripping"),
        row("a", NAN, 1.0, INF, direction="plating", block=1),
    ])  # fmt: skip
    found = points_of(frame, "composition", "critical_current")
    assert [one.label for one in found] == ["V, stripping", "V, plating"]
    assert [one.direction for one in found] == ["stripping", "plating"]


def test_one_cell_without_an_area_leaves_every_series_without() -> None:
    bare = row("b", 0.2, 0.1, 0.3, basis="R_int", value_per_area=NAN, low_per_area=NAN,
               high_per_area=NAN, units_per_area="")  # fmt: skip
    frame = pd.DataFrame([row("a", 0.2, 0.1, 0.3), bare])
    found = points_of(frame, "composition", "critical_current")
    assert [one.unit for one in found] == ["mA", "mA"]


@pytest.mark.parametrize("bases", [1, 2, 3, 6])
def test_the_legend_stays_inside_the_figure(bases: int) -> None:
    names = ("voltage", "voltage_minus_ohmic", "R_int", "impedance", "polarisation", "other")
    frame = pd.DataFrame([
        row(cell, NAN if k else 0.2, 0.2, INF if k else 0.3, basis=name, direction=way, block=k)
        for cell in ("a", "b")
        for name in names[:bases]
        for k, way in enumerate(("stripping", "plating"))
    ])  # fmt: skip
    figure = threshold_against(frame, quantity="critical_current")
    figure.canvas.draw()
    legend = figure.axes[0].get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    assert (box.x0 >= 0, box.x1 <= figure.bbox.x1, box.y1 <= figure.bbox.y1) == (True, True, True)
    assert box.y0 >= figure.axes[0].get_window_extent().y1


def test_one_cell_has_no_mean() -> None:
    frame = pd.DataFrame([row("a", 0.2, 0.1, 0.3)])
    summary = pd.DataFrame([{
        "composition": "a", "basis": "voltage", "criterion": "first", "units": "mA/cm²", "n": 1,
        "mean": 0.2, "spread": NAN, "bound": False, "direction": "both",
    }])  # fmt: skip
    one = threshold_against(frame, summary=summary, quantity="critical_current").axes[0]
    assert not any(line.get_marker() == "D" for line in one.lines)
    assert not any(text.get_text() for text in one.texts)
