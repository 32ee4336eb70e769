"""Figures of capacity and CCD: bounds are arrows, and what is not determined is not drawn as if."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.errors import Outcome, SchemaError
from anodescope.report import capacity_figure, ccd_figure
from anodescope.report.blocks import blocks_of, phases
from anodescope.report.charge import asked_current
from anodescope.report.halfcycles import half_cycles
from anodescope.report.words import capacity_caption, ccd_caption
from tests.generator import paper
from tests.report.samples import AREA, Row, findings_node, real

NAN, INF = np.nan, np.inf
PER_AREA = 1 / 3.6 / AREA  # mAh/cm² in a coulomb


def capacity(numbers: tuple[float, float, float], outcome: str, basis: str = "voltage") -> Row:
    return ("critical_capacity", *numbers, "C", outcome, "up to |V| = 3 V", basis, NAN, 0)


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def off(figure: Figure, axes: Axes) -> bool:
    """Whether the legend stands above its axes and inside the figure."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    box = axes.get_legend().get_window_extent(renderer)  # type: ignore[union-attr]
    return bool(
        box.y0 >= axes.get_window_extent(renderer).y1
        and box.y1 <= figure.bbox.y1
        and box.x1 <= figure.bbox.x1 + 1
    )


def constant(*rows: Row, subtracted: str = "") -> Figure:
    campaign = real(paper.constant_current(time=600.0))
    node = findings_node(list(rows))
    if subtracted:
        node["message"][-1] = subtracted
    return capacity_figure(campaign.with_node("findings", node))


def test_a_bound_is_an_arrow_from_the_end_of_its_curve() -> None:
    figure = constant(capacity((NAN, 0.05, INF), "censored"))
    axes = figure.axes[0]
    (arrow,) = (text for text in axes.texts if getattr(text, "arrow_patch", None) is not None)
    assert arrow.xy[0] == pytest.approx(0.05 * PER_AREA)  # type: ignore[attr-defined]
    curve = next(line for line in axes.lines if line.get_label() == "current on")
    assert arrow.xy[1] == pytest.approx(np.asarray(curve.get_ydata())[-1])  # type: ignore[attr-defined]
    entry = next(line for line in axes.lines if str(line.get_label()).startswith("|V|: > "))
    assert entry.get_marker() == ">"
    assert off(figure, axes)


def test_a_limit_far_above_the_curve_does_not_flatten_it() -> None:
    axes = constant(capacity((NAN, 0.05, INF), "censored")).axes[0]
    curve = next(line for line in axes.lines if line.get_label() == "current on")
    highest = float(np.nanmax(np.asarray(curve.get_ydata())))
    assert axes.get_ylim()[1] < 1.5 * highest
    assert axes.get_ylabel() == "|Voltage| (mV)"
    assert "limit 3\u2009V (above this axis)" in [text.get_text() for text in axes.texts]


def test_without_the_ohmic_drop_there_is_a_curve_of_its_own() -> None:
    figure = constant(
        capacity((NAN, 0.05, INF), "censored"),
        capacity((NAN, 0.05, INF), "censored", "voltage_minus_ohmic"),
        subtracted="The limit was not reached. R_Ω = 35 Ω (measured series resistance).",
    )
    axes = figure.axes[0]
    lines = {str(line.get_label()): np.asarray(line.get_ydata()) for line in axes.lines}
    current = 0.25e-3 * AREA
    assert lines["|V − iR$_Ω$|"] == pytest.approx(lines["current on"] - 35 * current * 1e3)
    assert len(legend(axes)) == 4
    assert off(figure, axes)


def test_the_current_of_a_pulse_is_that_of_the_protocol() -> None:
    campaign = real(paper.pulsed(on=1.0, rest=2.0, capacity=0.01))
    (block,) = blocks_of(campaign, "pulsed")
    every = phases(campaign)
    assert every is not None
    found = asked_current(every, block, block.start + np.array([0.5, 1.5, 3.5]))
    assert found == pytest.approx([1e-3 * AREA, 0.0, 1e-3 * AREA])


def test_many_pulses_are_their_ends() -> None:
    few = capacity_figure(real(paper.pulsed(on=1.0, rest=2.0, capacity=0.005)))
    many = capacity_figure(real(paper.pulsed(on=1.0, rest=2.0, capacity=0.05)))
    assert legend(few.axes[0])[:2] == ["at rest", "current on"]
    assert legend(many.axes[0])[:2] == ["end of every rest", "end of every pulse"]
    assert "no critical capacity was sought" in legend(many.axes[0])


@pytest.mark.parametrize("outcome", ["needs_current", "not_decidable"])
def test_a_capacity_without_a_bound_has_no_figure(outcome: str) -> None:
    with pytest.raises(SchemaError, match=Outcome[outcome].sentence):
        constant(capacity((NAN, NAN, NAN), outcome))


def test_captions_name_what_is_drawn() -> None:
    campaign = real(paper.constant_current(time=600.0), capacity((NAN, 0.05, INF), "censored"))
    told = capacity_caption(campaign)
    assert "Arrow" in told
    assert "Vertical" not in told
    assert "Dashed" not in told


def ccd(*rows: Row, levels: int = 2) -> Figure:
    currents = tuple(np.round(0.1 * np.arange(1, levels + 1), 9).tolist())
    made = paper.ccd(currents=currents, half_cycle=200.0, geis=False, short="hard")
    short = ("hard_short", made.truth["short_time"], NAN, NAN, "s", "determined", "", "voltage",
             made.truth["short_time"], 0)  # fmt: skip
    return ccd_figure(real(made, *rows, short))


def critical(numbers: tuple[float, float, float], outcome: str) -> Row:
    return ("critical_current", *numbers, "A", outcome, "interval", "voltage", NAN, 0)


def against(figure: Figure) -> Axes:
    return next(axes for axes in figure.axes if axes.get_xlabel().startswith("Current"))


def test_the_interval_has_a_unit_and_legends_keep_off() -> None:
    figure = ccd(critical((3e-5, 3e-5, 6e-5), "determined"))
    axes = against(figure)
    factor = 1e3 / AREA
    expected = f"critical: {3e-5 * factor:.3g} – {6e-5 * factor:.3g}\u2009mA\u2009cm⁻²"
    assert expected in legend(axes)
    assert off(figure, axes)
    strip, plate = figure.axes[:2]
    assert strip.get_legend() is None
    assert plate.get_legend() is None


def test_a_half_cycle_that_shorted_ends_at_a_cross_before_the_fall() -> None:
    axes = against(ccd())
    crosses = [line for line in axes.lines if line.get_marker() == "X" and len(line.get_xdata())]
    assert len(crosses) == 1
    made = paper.ccd(currents=(0.1, 0.2), half_cycle=200.0, geis=False, short="hard")
    campaign = real(made)
    (block,) = blocks_of(campaign, "ccd")
    last = half_cycles(campaign, phases(campaign), block)[-1]  # type: ignore[arg-type]
    healthy = np.abs(last.voltage[last.time < made.truth["short_time"] - last.start])
    scale = 1e3 if axes.get_ylabel().endswith("(mV)") else 1.0
    height = float(np.asarray(crosses[0].get_ydata())[0])
    assert height == pytest.approx(float(healthy[-1]) * scale, rel=0.05)


def test_a_critical_current_that_was_not_reached_is_an_arrow() -> None:
    row = critical((6e-5, 6e-5, INF), "censored")
    axes = against(ccd(row))
    assert any(word.startswith("critical: > ") for word in legend(axes))
    assert not [patch for patch in axes.patches if "critical" in str(patch.get_label())]
    assert any(getattr(text, "arrow_patch", None) is not None for text in axes.texts)
    made = paper.ccd(currents=(0.1, 0.2), half_cycle=200.0, geis=False, short=None)
    assert "Band" not in ccd_caption(real(made, row))


@pytest.mark.parametrize(("rows", "told"), [
    ((), "critical current: not sought"),
    ((critical((NAN, NAN, NAN), "not_decidable"),), "critical current: not decidable"),
])  # fmt: skip
def test_a_critical_current_that_is_not_known_is_said(rows: tuple[Row, ...], told: str) -> None:
    assert told in legend(against(ccd(*rows)))


def test_many_currents_have_a_colour_bar() -> None:
    few, many = ccd(levels=2), ccd(levels=9)
    bars = [len([a for a in figure.axes if "outline" in a.spines]) for figure in (few, many)]
    assert bars == [0, 1]
