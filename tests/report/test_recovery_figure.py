"""The recovery figure: each time once, in words that can be read, and none that was not sought."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from anodescope.errors import Outcome, SchemaError
from anodescope.report import recovery_figure
from anodescope.report.recovery import shown_rests, span_text
from anodescope.report.voltages import voltage_between
from anodescope.report.words import recovery_caption
from tests.generator import paper
from tests.report.samples import Row, real

NAN, INF = np.nan, np.inf
RULE = "time constant of V(t) after the switch"


def time(quantity: str, numbers: tuple[float, float, float], outcome: str, basis: str,
         block: int) -> Row:  # fmt: skip
    return (quantity, *numbers, "s", outcome, RULE, basis, NAN, block)


def rows(figure: Figure) -> list[str]:
    return [t.get_text() for axes in figure.axes for t in axes.texts]


def pulsed(*found: Row) -> Figure:
    return recovery_figure(real(paper.pulsed(on=1.0, rest=2.0, capacity=0.01), *found))


def test_rests_between_pulses_are_told_from_the_last_one() -> None:
    figure = pulsed(
        time("recovery_time", (1.0, 0.995, 1.006), "determined", "voltage", 0),
        time("plateau_time", (NAN, 1.9, INF), "censored", "voltage", 0),
        time("recovery_time", (1.0, 0.9999, 1.0002), "determined", "voltage", 1),
    )
    assert rows(figure) == [
        "τ of voltage, between pulses: 1.000 (0.995 – 1.006)\u2009s",
        "plateau time of voltage, between pulses: > 1.9\u2009s",
        "τ of voltage, rest: 1.000 (1.000 – 1.000)\u2009s",
    ]
    legend = figure.axes[0].get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert len(set(names)) == len(names)
    assert names[-1].endswith(", last")
    arrows = [line for line in figure.axes[1].lines if line.get_marker() == ">"]
    assert len(arrows) == 1


def test_legend_and_words_keep_off_each_other_and_off_the_data() -> None:
    figure = pulsed(*(
        time(name, (1.0, 0.9, 1.1), "determined", "voltage", block)
        for block in (0, 1) for name in ("recovery_time", "decay_time", "plateau_time")
    ))  # fmt: skip
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    upper, lower = figure.axes
    legend = upper.get_legend()
    assert legend is not None
    frame = legend.get_window_extent(renderer)
    assert frame.y0 >= upper.get_window_extent(renderer).y1
    assert frame.x1 <= figure.bbox.x1
    words = [text.get_window_extent(renderer) for text in lower.texts]
    assert len(words) == 6
    assert not any(a.overlaps(b) for a, b in itertools.combinations(words, 2))
    dots = [line.get_window_extent(renderer) for line in lower.lines if line.get_marker() == "o"]
    assert not any(word.overlaps(dot) for word in words for dot in dots)
    inside = lower.get_window_extent(renderer)
    assert all(inside.x0 <= word.x0 and word.x1 <= inside.x1 for word in words)


def test_more_times_than_rows_are_counted() -> None:
    found = [time("decay_time", (1.0, 0.9, 1.1), "determined", f"voltage {k}", 0)
             for k in range(9)]  # fmt: skip
    told = rows(pulsed(*found))
    assert len(told) == 6
    assert "and 4 more, in the table" in told


def test_symbols_are_typeset_and_stand_by_the_impedance() -> None:
    made = paper.rest_with_peis(time=300.0)
    campaign = real(
        made,
        time("recovery_time", (90.0, 80.0, 100.0), "determined", "R_int", 1),
        time("vanishing_time", (NAN, NAN, NAN), "not_found", "γ'_int", 1),
    )
    told = rows(recovery_figure(campaign))
    assert "τ of R$_{int}$: 90 (80 – 100)\u2009s" in told
    assert "vanishing time of γ'$_{int}$: not found" in told


@pytest.mark.parametrize("outcome", ["too_few_points", "needs_peaks"])
def test_a_time_that_was_not_sought_has_no_figure(outcome: str) -> None:
    row = time("recovery_time", (NAN, NAN, NAN), outcome, "voltage", 1)
    other = time("vanishing_time", (NAN, NAN, NAN), "not_found", "γ'_int", 1)
    with pytest.raises(SchemaError, match=Outcome[outcome].sentence):
        pulsed(row, other)


def test_a_time_that_was_not_found_is_said() -> None:
    row = time("recovery_time", (NAN, 0.0, 0.4), "not_resolved", "voltage", 1)
    assert rows(pulsed(row)) == ["τ of voltage: not resolved (0\u2009s – 0.4\u2009s)"]


def test_the_rest_that_is_drawn_is_one_that_the_findings_speak_of() -> None:
    made = paper.pulsed(on=1.0, rest=2.0, capacity=0.01)
    row = time("recovery_time", (1.0, 0.9, 1.1), "determined", "voltage", 0)
    campaign = real(made, row)
    assert {rest.block for rest in shown_rests(campaign)} == {0}
    assert {rest.block for rest in shown_rests(real(made))} == {0, 1}
    assert f"at {len(shown_rests(campaign))} instants" in recovery_caption(campaign)


def test_a_sample_at_the_switch_does_not_stretch_the_axis() -> None:
    axes = pulsed(time("recovery_time", (1.0, 0.9, 1.1), "determined", "voltage", 1)).axes[0]
    low, high = axes.get_xlim()
    assert low > 0.01
    drawn = np.concatenate([np.asarray(line.get_xdata(), float) for line in axes.lines])
    assert drawn.min() >= low
    assert drawn.max() <= high


@pytest.mark.parametrize(("numbers", "text"), [
    ((900.3717, 897.992, 902.7546), "15.01 (14.97 – 15.05)\u2009min"),
    ((9000.0, 6300.0, 13500.0), "2.5 (1.8 – 3.8)\u2009h"),
    ((90.0, 10.0, 900.0), "90 (10 – 900)\u2009s"),
    ((1.0, 1.0, 1.0), "1.000 (1.000 – 1.000)\u2009s"),
])  # fmt: skip
def test_a_time_has_the_digits_that_its_interval_needs(
    numbers: tuple[float, float, float], text: str
) -> None:
    assert span_text(*numbers) == text


def test_voltages_of_a_stretch_are_those_recorded_in_it() -> None:
    campaign = real(paper.pulsed(on=1.0, rest=2.0, capacity=0.01))
    series = campaign["timeseries"]
    at = series["time"].values
    time_, value = voltage_between(campaign, float(at[3]), float(at[9]))
    assert time_ == pytest.approx(at[3:10])
    assert value == pytest.approx(series["voltage"].values[3:10])
