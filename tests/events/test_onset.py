"""Onsets in whole records with known truth: windows, bases, settings, and how well measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodescope.campaign import check
from anodescope.citations import cited_by
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import findings_node, instants
from anodescope.events.onset.find import OnsetSettings, find_onsets, paper_scan
from tests.events import statistics_onset as statistics
from tests.events.onsets import AREA, FACTORS, of, record_of, three_with_impedance, with_impedance
from tests.generator import paper, perturb


@pytest.fixture(scope="module")
def strip():
    return paper.sgeis(rest=0)


def test_a_staircase_has_its_knees_in_both_windows_and_in_r_int(strip):
    record = with_impedance(strip)
    found = find_onsets(record)
    for k, exact in strip.truth["knee"].items():
        for window in ("hold", "sweep"):
            one = of(found, "voltage_minus_ohmic", k, window)
            assert one.outcome is Outcome.determined
            assert one.low <= exact <= one.high
        assert of(found, "R_int", k).low <= exact <= of(found, "R_int", k).high
        assert of(found, "voltage", k).value > of(found, "voltage_minus_ohmic", k).value
    assert "unknown (No reference)" in of(found, "R_int", 2.5).message
    check("findings", findings_node(found, record.area))


def test_the_headline_is_one_event_at_its_stair(strip):
    found = find_onsets(with_impedance(strip))
    (event,) = instants(found)
    assert (event.kind, event.finding) == ("onset", 0)
    first = found[0]
    assert (first.basis, "2.5 times" in first.criterion) == ("voltage_minus_ohmic", True)
    assert "240 Ω were subtracted" in first.message
    levels = strip.truth["levels"]
    at = strip.protocol["time_start"].values[2 * int(np.searchsorted(levels, first.value))]
    assert event.time == at


def test_the_criterion_names_no_number_of_this_cell(strip):
    one, other = (
        find_onsets(with_impedance(strip, ohmic=o)) for o in ((120.0, 120.0), (90.0, 99.0))
    )
    assert {f.criterion for f in one} == {f.criterion for f in other}


def test_given_series_resistances_are_subtracted_in_turn(strip):
    scan = paper_scan(AREA)
    found = find_onsets(record_of(strip), OnsetSettings(series_resistances=scan[:2]))
    given_first = [f for f in found if f"{scan[0]:.6g} Ω as given" in f.criterion]
    assert len(given_first) == 2 * 4
    assert len(scan) == 4


def test_a_staircase_without_impedance_has_one_window():
    found = find_onsets(record_of(paper.hold()))
    assert {f.outcome for f in found} <= {Outcome.not_decidable, Outcome.needs_spectra}
    assert not any("sweep" in f.criterion for f in found if f.basis != "R_int")
    assert any("4 stairs are too few" in f.message for f in found)


def test_noise_missing_rows_and_glitches_keep_the_headline():
    made = paper.sgeis(rest=0, seed=4)
    exact = made.truth["knee"][2.5]
    for change in (perturb.noise(made), perturb.drop_rows(made, 0.1)):
        one = of(find_onsets(with_impedance(change)), "voltage_minus_ohmic", 2.5)
        assert one.low <= exact <= one.high


@pytest.mark.parametrize(
    "wrong",
    [
        {"factors": ()}, {"factors": (1.0,)}, {"headline": 3.0}, {"initial_share": 0.0},
        {"hold_share": 1.5}, {"series_resistances": (-1.0,)}, {"drift": float("nan")},
    ],
)  # fmt: skip
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        OnsetSettings(**wrong)


def test_the_paper_is_cited():
    assert [work.key for work in cited_by(find_onsets)] == ["wu2025"]


@pytest.mark.slow
def test_bias_coverage_and_false_alarms_of_the_knees():
    rows = statistics.measure(200)
    for family in ("softplus", "diverging"):
        for window in ("hold", "sweep"):
            for k in FACTORS:
                some = [r for r in rows if (r.family, r.window, r.factor) == (family, window, k)]
                score = statistics.score(some)
                assert score.coverage >= 0.9, (family, window, k)
                assert abs(score.bias) <= 1.0  # a step is what the staircase resolves
                assert score.invented <= 0.02 * score.cases
    straight = statistics.score([r for r in rows if r.family == "straight"])
    assert straight.determined <= 0.01 * straight.cases


def test_with_a_reference_the_ohmic_drop_is_that_of_the_voltage_used(strip):
    record = three_with_impedance(strip, [240.0, 144.0, 96.0], [100.0, 60.0, 40.0])
    found = find_onsets(record)
    assert "144 Ω were subtracted" in found[0].message
    assert found[0].low <= strip.truth["knee"][2.5] <= found[0].high
    message = of(found, "R_int", 2.5).message
    assert "alloy (Measured)" in message
    assert "unknown" not in message
    assert "counter" not in message


def test_the_ohmic_drop_of_another_electrode_is_not_subtracted(strip):
    record = replace(with_impedance(strip), voltage_electrode="working")
    found = find_onsets(record)
    assert of(found, "voltage_minus_ohmic", 2.5).outcome is Outcome.needs_spectra
