"""Rows of observations.toml, and the verdict on what was computed for them."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.errors import Outcome, SettingsError
from anodescope.inference.experiments import experiments
from anodescope.inference.observations import Computed, Row, Verdict, judge, rows, tally
from anodescope.inference.observations.observe import TOPICS, extractors, observe
from anodescope.inference.observations.rows import _row

NUMBER = Row("O5.x", ("a",), "fit", "number", "d", "w", "f", "mA/cm²", 0.6, 0.05)
FACTOR = replace(NUMBER, published=5.0, tolerance=5.0, low=2.5, high=10.0, unit="s")
WINDOW = replace(NUMBER, kind="window", published=math.nan, low=5.0, high=40.0, unit="s")
YES = replace(NUMBER, kind="yes", published=math.nan, unit="")


def verdict(row, value, outcome=Outcome.determined, **more):
    return judge(row, Computed(value, outcome, **more)).verdict


def test_every_row_is_complete_and_names_experiments_that_exist():
    for row in rows().values():
        assert re.fullmatch(r"O\d+\.[a-z0-9_.]+", row.key)
        assert row.experiments, row.key
        assert set(row.experiments) <= set(experiments()), row.key
        assert all((row.words, row.definition, row.figure)), row.key
        assert row.kind != "window" or math.isfinite(row.high) or math.isfinite(row.low), row.key
        assert row.slack >= 0.0, row.key
        assert row.low <= row.high, row.key
        assert row.expected()


def test_every_observation_has_a_row_and_every_row_is_read():
    assert {row.observation for row in rows().values()} == {f"O{n}" for n in range(1, 21)}
    assert set(extractors()) <= set(rows())
    assert TOPICS[:3] == ("critical", "staircase", "recovery")
    early = {key for key, row in rows().items() if int(row.observation[1:]) <= 10}
    assert early <= set(extractors())


def test_what_is_left_out_of_every_fit_is_what_the_paper_s_reader_decided():
    held = {row.key for row in rows().values() if row.role == "hold"}
    assert {key.split(".")[0] for key in held} == {"O8", "O11", "O16"}
    assert {key for key in held if key.startswith("O11")} == {"O11.rest_2", "O11.rest_5"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.6, Verdict.met),
        (0.624, Verdict.met),
        (0.576, Verdict.met),
        (0.64, Verdict.within),
        (0.65, Verdict.within),
        (0.5501, Verdict.within),
        (0.66, Verdict.missed),
        (0.1, Verdict.missed),
        (math.nan, Verdict.not_decidable),
    ],
)
def test_a_number_is_met_within_half_its_tolerance(value, expected):
    assert verdict(NUMBER, value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5.0, Verdict.met), (3.6, Verdict.met), (7.0, Verdict.met), (2.6, Verdict.within),
     (9.9, Verdict.within), (2.4, Verdict.missed), (10.1, Verdict.missed)],
)  # fmt: skip
def test_a_factor_is_judged_on_its_own_bounds(value, expected):
    # met within the square root of the factor of 2 on either side: 3.54 to 7.07
    assert verdict(FACTOR, value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5.0, Verdict.met), (40.0, Verdict.met), (4.9, Verdict.missed), (40.1, Verdict.missed)],
)
def test_a_window_holds_its_ends(value, expected):
    assert verdict(WINDOW, value) is expected
    assert verdict(replace(WINDOW, slack=1.0), value) in (expected, Verdict.within)


def test_slack_lies_beside_the_window():
    row = replace(WINDOW, slack=1.0)
    assert verdict(row, 4.5) is Verdict.within
    assert verdict(row, 41.0) is Verdict.within
    assert verdict(row, 41.5) is Verdict.missed


def test_a_window_with_one_value_stands_rounding():
    row = replace(WINDOW, low=0.4, high=0.4)
    assert verdict(row, 0.40000000000000013) is Verdict.met
    assert verdict(row, 0.41) is Verdict.missed


def test_a_statement_holds_or_not():
    assert verdict(YES, 1.0) is Verdict.met
    assert verdict(YES, 0.0) is Verdict.missed
    assert verdict(YES, math.nan) is Verdict.not_decidable


def test_a_bound_decides_only_what_it_excludes():
    censored = Outcome.censored
    assert verdict(NUMBER, 0.5, censored) is Verdict.not_decidable
    assert verdict(NUMBER, 0.64, censored) is Verdict.not_decidable
    assert verdict(NUMBER, 0.7, censored) is Verdict.missed
    assert verdict(WINDOW, 30.0, censored) is Verdict.not_decidable
    assert verdict(WINDOW, 41.0, censored) is Verdict.missed
    assert verdict(replace(WINDOW, slack=2.0), 41.0, censored) is Verdict.not_decidable


@pytest.mark.parametrize("row", [NUMBER, WINDOW, YES])
def test_what_has_no_law_is_no_miss_and_what_is_not_there_is_one(row):
    assert verdict(row, 1.0, modelled=False) is Verdict.not_modelled
    assert verdict(row, math.nan, Outcome.not_found) is Verdict.missed
    assert verdict(row, row.published, Outcome.not_decidable) is Verdict.not_decidable
    assert verdict(row, 0.6, Outcome.needs_spectra) is Verdict.not_decidable


@given(st.floats(-10.0, 10.0), st.floats(1e-3, 5.0), st.floats(-1.0, 1.0))
def test_nearer_is_never_worse(published, tolerance, away):
    row = replace(NUMBER, published=published, tolerance=tolerance)
    order = [Verdict.met, Verdict.within, Verdict.missed]
    far = order.index(verdict(row, published + 3.0 * away * tolerance))
    near = order.index(verdict(row, published + 1.4 * away * tolerance))
    assert near <= far


def test_a_missing_experiment_is_said_and_counts_as_not_decidable():
    judged = observe({})
    assert [one.row.key for one in judged] == list(rows())
    assert {one.verdict for one in judged} == {Verdict.not_decidable}
    assert judged[0].computed.message == "Not run: slow50."


def test_a_tally_counts_each_row_once_and_trivial_rows_not_at_all():
    judged = observe({})
    counts = tally(judged).counts
    counted = sum(sum(group.values()) for group in counts.values())
    assert counted == sum(not row.trivial for row in rows().values())
    assert sum(counts["left out"].values()) == sum(r.role == "hold" for r in rows().values())
    trivial = [judge(replace(YES, trivial=True), Computed(1.0))]
    assert tally(trivial).sentence("form") == "form: 0 rows; none."
    assert tally([judge(YES, Computed(0.0))]).sentence("form") == "form: 1 rows; 1 missed."


def test_a_tally_says_how_many_met_rows_were_fitted_or_judged_by_a_bar_of_ours():
    free = replace(YES, role="form")
    ours = replace(free, own_bar=True)
    met = [judge(row, Computed(1.0)) for row in (YES, free, free, ours)]
    missed = [judge(row, Computed(0.0)) for row in (YES, ours)]
    words = "form: 6 rows; 4 met (1 of them fitted, 1 of them by a bar of our own), 2 missed."
    assert tally(met + missed).sentence("form") == words


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"class": "other"}, "expected a class"),
        ({"kind": "other"}, "expected a class"),
        ({"tolerance": 0.0}, "a tolerance above 0"),
        ({"published": math.nan}, "a published value"),
        ({"colour": "red"}, "colour"),
        ({"own_bar": "ours"}, "true or false for own_bar"),
        ({"trivial": 1}, "true or false for trivial"),
        ({"own_bar": True}, "the definition says 'our bar', found true"),
        ({"definition": "below half (our bar)"}, "the definition says 'our bar', found false"),
    ],
)
def test_a_row_that_is_not_complete_is_refused(change, said):
    entry = {"key": "O5.x", "experiments": ["a"], "class": "fit", "kind": "number",
             "definition": "d", "words": "w", "figure": "f", "published": 1.0,
             "tolerance": 0.1}  # fmt: skip
    assert _row(entry).key == "O5.x"
    with pytest.raises(SettingsError, match=said):
        _row({**entry, **change})
