"""Findings of many cells: one table, and means over cells that were treated alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, study_of
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import Finding, absent, findings_node
from anodescope.events.replicates import _pooled, comparable, conditions, gather, replicates
from tests.generator import paper

AREA = 0.385


def capacity(value: float, block: int = 0, outcome: Outcome = Outcome.determined) -> Finding:
    high = float("inf") if outcome is Outcome.censored else value
    best = float("nan") if outcome is Outcome.censored else value
    return Finding("critical_capacity", best, value, high, "C", outcome, "|V| = 3 V", "voltage",
                   block=block)  # fmt: skip


def with_findings(made, *findings: Finding, area: float | None = AREA) -> Campaign:
    campaign = made.campaign.with_node("protocol", made.protocol)
    return campaign.with_node("findings", findings_node(findings, area))


@pytest.fixture(scope="module")
def rests() -> dict[str, Campaign]:
    """Two cells with a rest of 1 s, one with 2 s that never failed."""
    short = paper.pulsed(rest=1.0, capacity=0.01)
    long = paper.pulsed(rest=2.0, capacity=0.01)
    return {
        "a": with_findings(short, capacity(1.0)),
        "b": with_findings(short, capacity(3.0)),
        "c": with_findings(long, capacity(5.0, outcome=Outcome.censored)),
    }


def test_a_row_says_under_which_conditions_its_block_ran(rests):
    table = gather(rests, study_of(rests).table)
    assert table["campaign"].tolist() == ["a", "b", "c"]
    assert table["rest_s"].tolist() == pytest.approx([1.0, 1.0, 2.0])
    assert table["on_s"].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert table["current_A"].tolist() == pytest.approx([0.385e-3] * 3)
    assert set(table["composition"]) == {"NaK50"}


def test_replicates_average_what_was_treated_alike(rests):
    found = replicates(gather(rests), "critical_capacity", "rest_s")
    assert found["rest_s"].tolist() == pytest.approx([1.0, 2.0])
    assert found["n"].tolist() == [2, 1]
    # per area: C/3.6/cm² is mAh/cm²
    assert found["mean"].tolist() == pytest.approx([2.0 / 3.6 / AREA, 5.0 / 3.6 / AREA])
    assert found["spread"].iloc[0] == pytest.approx(np.sqrt(2) / 3.6 / AREA)
    assert np.isnan(found["spread"].iloc[1])
    assert found["units"].tolist() == ["mAh/cm²"] * 2
    assert found["bound"].tolist() == [False, True]
    assert found["campaigns"].iloc[0] == "a, b"


def test_without_an_area_nothing_is_divided_by_one():
    made = paper.pulsed(capacity=0.01)
    cells = {
        "a": with_findings(made, capacity(1.0)),
        "b": with_findings(made, capacity(2.0), area=None),
    }
    found = replicates(gather(cells), "critical_capacity", "rest_s")
    assert found["units"].tolist() == ["C"]
    assert found["mean"].tolist() == pytest.approx([1.5])


def test_another_criterion_is_another_measurement():
    made = paper.sgeis(step=0.2, rest=0.0)
    rows = [
        Finding("onset_current", k * 1e-4, 0, 1, "A", Outcome.determined, f"k = {k}", "voltage",
                block=0)
        for k in (1.5, 2.0)
    ]  # fmt: skip
    found = replicates(gather({"a": with_findings(made, *rows)}), "onset_current", "block_kind")
    assert len(found) == 2
    assert found["n"].tolist() == [1, 1]


def test_a_cell_without_a_number_is_counted_apart():
    made = paper.pulsed(capacity=0.01)
    none = absent("critical_capacity", "C", Outcome.needs_current, "|V| = 3 V", "voltage", block=0)
    cells = {"a": with_findings(made, capacity(1.0)), "b": with_findings(made, none)}
    found = replicates(gather(cells), "critical_capacity", "rest_s")
    assert (found["n"].tolist(), found["n_without"].tolist()) == ([1], [1])
    assert found["units"].tolist() == ["mAh/cm²"]


def test_a_continuous_current_has_a_rest_of_nothing():
    assert conditions(paper.constant_current(time=60.0).protocol, 0)["rest_s"] == 0.0
    assert conditions(None, 0)["block_kind"] == ""


def test_durations_that_scatter_are_one_condition():
    cells = {
        name: with_findings(paper.pulsed(rest=rest, capacity=0.01), capacity(1.0))
        for name, rest in (("a", 1.0), ("b", 1.004), ("c", 1.1))
    }
    found = replicates(gather(cells), "critical_capacity", "rest_s")
    assert found["n"].tolist() == [2, 1]


def test_an_unknown_condition_is_a_group_of_its_own_and_groups_do_not_chain():
    values = pd.Series([25.0, 25.1, 60.0, np.nan, np.nan])
    assert _pooled(values).tolist()[:3] == [25.05, 25.05, 60.0]
    assert _pooled(values).isna().tolist() == [False, False, False, True, True]
    chain = pd.Series(np.linspace(0.5, 0.545, 10))
    pooled = _pooled(chain)
    assert (abs(pooled - chain) <= 0.02 * chain).all()
    assert pooled.nunique() > 1
    assert _pooled(pd.Series([np.nan])).isna().all()


def test_cells_are_compared_by_the_protocols_that_ask_for_it():
    pulses, stairs = paper.pulsed(capacity=0.01), paper.sgeis(step=0.2, rest=0.0)
    cells = {
        "a": with_findings(pulses, capacity(1.0)),
        "b": with_findings(stairs, capacity(5.0, outcome=Outcome.censored)),
    }
    assert comparable(gather(cells))["campaign"].tolist() == ["a"]


def test_stripping_and_plating_are_two_measurements():
    def onset(value: float) -> Finding:
        return Finding("onset_current", value, value, value, "A", Outcome.determined, "k = 2.5",
                       "voltage", block=0)  # fmt: skip

    cells = {
        name: with_findings(paper.sgeis(sign=sign, step=0.2, rest=0.0), onset(1e-4))
        for name, sign in (("strip", 1), ("plate", -1))
    }
    table = gather(cells)
    assert table["direction"].tolist() == ["stripping", "plating"]
    assert replicates(table, "onset_current", "block_kind")["n"].tolist() == [1, 1]


def test_a_determined_value_comes_before_a_censored_one():
    made = paper.pulsed(capacity=0.01)
    both = with_findings(made, capacity(1.0, outcome=Outcome.censored), capacity(3.0))
    found = replicates(gather({"a": both}), "critical_capacity", "rest_s")
    assert found["mean"].tolist() == pytest.approx([3.0 / 3.6 / AREA])
    assert found["bound"].tolist() == [False]


def test_cells_of_unknown_composition_are_no_replicates():
    made = paper.pulsed(capacity=0.01)
    table = gather({"a": with_findings(made, capacity(1.0))})
    table["composition"] = ""
    assert len(replicates(table, "critical_capacity", "composition")) == 0


def test_nothing_gathers_to_nothing():
    table = gather({"a": Campaign({})})
    assert len(table) == 0
    assert len(replicates(table, "critical_capacity", "rest_s")) == 0


def test_an_unknown_column_is_named():
    with pytest.raises(SettingsError, match=r"expected one of .* found 'rest_length'"):
        replicates(gather({}), "critical_capacity", "rest_length")


@given(st.lists(st.floats(0.1, 100.0), min_size=1, max_size=8))
@settings(deadline=None)
def test_mean_lies_between_the_extremes_and_order_does_not_matter(values):
    def table(some):
        rows = [
            {"campaign": str(k), "quantity": "q", "basis": "", "criterion": "", "units": "C",
             "value": v, "low": v, "high": v, "value_per_area": np.nan, "low_per_area": np.nan,
             "high_per_area": np.nan, "units_per_area": "", "outcome": "determined", "by": 1,
             "block_kind": "pulsed", "direction": "stripping"}
            for k, v in enumerate(some)
        ]  # fmt: skip
        return pd.DataFrame(rows)

    one, other = (replicates(table(v), "q", "by").iloc[0] for v in (values, values[::-1]))
    assert one["minimum"] - 1e-9 <= one["mean"] <= one["maximum"] + 1e-9
    assert one["mean"] == pytest.approx(other["mean"])
    assert one["n"] == len(values)
