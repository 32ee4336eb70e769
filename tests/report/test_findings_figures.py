"""Figures of findings: thresholds, recovery, capacity and CCD show the numbers of the nodes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from anodescope.campaign import Campaign
from anodescope.errors import SchemaError
from anodescope.report import capacity_figure, ccd_figure, recovery_figure, threshold_figure
from anodescope.report.amounts import findings
from anodescope.report.blocks import blocks_of, phases
from anodescope.report.charge import half_cycles, on_charge
from anodescope.report.stairs import staircase_block, stairs_of
from anodescope.report.threshold import window_of
from tests.generator import paper
from tests.report.conftest import StandIn
from tests.report.samples import AREA, KNEES, real, with_results

NAN, INF = np.nan, np.inf


@pytest.fixture(scope="module")
def told(campaign: StandIn) -> StandIn:
    return with_results(campaign).but(specimen={"area_cm2": {"alloy": AREA}})


def dots(axes: Axes) -> list[tuple[float, float]]:
    """Single points of an axes that are circles."""
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines
            if line.get_marker() == "o" and len(line.get_xdata()) == 1]  # fmt: skip


def test_findings_are_read_with_their_numbers(told: StandIn) -> None:
    onsets = findings(told, "onset_current", block=0)
    assert {one.knee for one in onsets} == set(KNEES)
    assert {window_of(one) for one in onsets} == {"hold", "sweep"}
    assert sum(one.censored for one in onsets) == 1
    (capacity,) = findings(told, "critical_capacity")
    assert (capacity.limit, capacity.drawable) == (3.0, False)
    assert findings(told.but(findings=None)) == []


def test_every_knee_stands_at_its_current_in_rising_order(told: StandIn) -> None:
    figure = threshold_figure(told)
    left = next(axes for axes in figure.axes if axes.get_yticklabels()[0].get_text() == "k = 1.5")
    holds = sorted(x for x, y in dots(left) if y < round(y))
    assert holds == pytest.approx(sorted(KNEES.values()))
    assert [t.get_text() for t in left.get_yticklabels()] == [f"k = {k:g}" for k in sorted(KNEES)]
    assert figure.axes[0].get_xlim() == left.get_xlim()
    assert left.get_xlabel() == "Stripping current density (mA\u2009cm⁻²)"


def test_levels_are_means_of_what_was_recorded() -> None:
    made = paper.sgeis(start=0.1, stop=0.5, step=0.1, rest=0.0, knee=None)
    campaign = real(made)
    block = staircase_block(campaign)
    assert block is not None
    stairs = stairs_of(campaign, block)
    assert stairs.current == pytest.approx(np.arange(1, 6) * 1e-4 * made.campaign.attrs[
        "specimen"]["area_cm2"]["alloy"])  # fmt: skip
    assert np.all(np.diff(stairs.hold) > 0)
    assert np.isnan(stairs.corrected(stairs.hold)).all()  # no DRT, so no ohmic drop is known
    assert not stairs.turned
    plated = real(paper.sgeis(sign=-1, start=0.1, stop=0.5, step=0.1, rest=0.0))
    other = stairs_of(plated, staircase_block(plated))  # type: ignore[arg-type]
    assert other.turned
    assert (other.current > 0).all()
    assert (other.hold > 0).all()


def test_a_staircase_without_impedance_has_one_panel() -> None:
    campaign = real(paper.hold(currents=(0.2, 0.4, 0.7), time=60.0))
    figure = threshold_figure(campaign)
    assert len(figure.axes) == 1
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(8.3)


def test_recovery_starts_when_the_current_stops(told: StandIn) -> None:
    figure = recovery_figure(told)
    volts, ohms = figure.axes[0], figure.axes[2]
    assert volts.get_xscale() == ohms.get_xscale() == "log"
    line = next(one for one in ohms.lines if one.get_linestyle() == "-")
    since = campaign_since(told)
    assert line.get_xdata() == pytest.approx(since)
    taus = [float(one.get_xdata()[0]) for one in ohms.lines if one.get_linestyle() == "--"]
    assert taus == [9000.0]
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "τ of polarisation: not resolved (0\u2009s – 35\u2009s)" in words


def campaign_since(told: StandIn) -> np.ndarray:
    starts = told["spectra"]["time_start"].values
    return starts[20:] - 800.0


def test_pulsed_rests_are_overlaid() -> None:
    campaign = real(paper.pulsed(on=1.0, rest=2.0, capacity=0.01))
    figure = recovery_figure(campaign)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert 2 <= len(legend.get_texts()) <= 8


def pulsed(*rows: tuple[str, float, float, float, str, str, str, str, float, int]) -> Campaign:
    return real(paper.pulsed(on=1.0, rest=2.0, capacity=0.02), *rows)


def test_charge_is_that_of_the_pulses_alone() -> None:
    made = paper.pulsed(on=1.0, rest=2.0, capacity=0.02)
    campaign = real(made)
    (block,) = blocks_of(campaign, "pulsed")
    every = phases(campaign)
    assert every is not None
    ends = np.array([block.start, block.start + 1.0, block.start + 3.0, block.end])
    charge, flows = on_charge(every, block, ends)
    current = float(np.nanmax(np.abs(every.current)))
    assert charge[:3] == pytest.approx([0.0, current, current], abs=1e-9)
    on = every.of(block.number, "current")
    assert charge[3] == pytest.approx(current * float((every.end - every.start)[on].sum()))
    assert flows[0]


def test_capacity_is_a_line_and_censored_an_arrow() -> None:
    row = ("critical_capacity", 0.05, 0.04, 0.06, "C", "determined", "|V| = 3 V", "voltage", 9.0, 0)
    axes = capacity_figure(pulsed(row)).axes[0]
    factor = 1 / 3.6 / AREA
    pairs = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    verticals = [float(x[0]) for x in pairs if x[0] == x[1]]
    assert verticals == pytest.approx([0.05 * factor])
    assert axes.get_xlabel() == "Charge while the current was on (mAh\u2009cm⁻²)"
    open_end = (
        "critical_capacity",
        NAN,
        0.05,
        INF,
        "C",
        "censored",
        "|V| = 3 V",
        "voltage",
        NAN,
        0,
    )
    axes = capacity_figure(pulsed(open_end)).axes[0]
    assert any(getattr(text, "arrow_patch", None) is not None for text in axes.texts)
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert any(word.startswith("|V|: > ") for word in words)


def test_ccd_has_every_half_cycle_and_its_interval() -> None:
    made = paper.ccd(currents=(0.1, 0.2), half_cycle=200.0, geis=False, short="hard")
    low, high = made.truth["ccd_low"], made.truth["ccd_high"]
    row = ("critical_current", high, low, high, "A", "determined", "interval", "voltage", NAN, 0)
    short = ("hard_short", made.truth["short_time"], NAN, NAN, "s", "determined", "", "voltage",
             made.truth["short_time"], 0)  # fmt: skip
    campaign = real(made, row, short)
    (block,) = blocks_of(campaign, "ccd")
    halves = half_cycles(campaign, phases(campaign), block)  # type: ignore[arg-type]
    assert [np.sign(half.current) for half in halves] == [1, -1, 1, -1]
    figure = ccd_figure(campaign)
    strip, plate, last = figure.axes[:3]
    assert (strip.get_title(), plate.get_title()) == ("stripping", "plating")
    crosses = [line for axes in (strip, plate) for line in axes.lines if line.get_marker() == "X"]
    assert len(crosses) == 1
    band = next(patch for patch in last.patches if "critical" in str(patch.get_label()))
    assert band.get_x() == pytest.approx(low * 1e3 / AREA)
    assert band.get_x() + band.get_width() == pytest.approx(high * 1e3 / AREA)


def test_absent_protocols_are_an_error(campaign: StandIn) -> None:
    for draw in (threshold_figure, capacity_figure, ccd_figure):
        with pytest.raises(SchemaError, match="Nothing to draw"):
            draw(campaign)
    resting = campaign.but(timeseries=None, spectra=None, drt=None, validation=None)
    with pytest.raises(SchemaError, match="Nothing to draw"):
        recovery_figure(resting)
