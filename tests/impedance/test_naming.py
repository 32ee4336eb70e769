"""Names by rules, the rules as data, and the electrode that a peak is ascribed to."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.campaign import Campaign
from anodescope.errors import SettingsError
from anodescope.impedance import drt
from anodescope.impedance.peaks.naming import (
    PAPER,
    PICKS,
    RESOLVED,
    Cell,
    Rule,
    attribute,
    name_tracks,
    require_order,
    rules_from,
    rules_table,
)
from anodescope.impedance.peaks.track import track_peaks
from tests.generator import paper

ROWS = 12


def tracks(*columns):
    """τ of tracks given as (log10 τ at birth, at death, first row, last row), and R of 100 Ω."""
    tau = np.full((ROWS, len(columns)), np.nan)
    for k, (start, stop, first, last) in enumerate(columns):
        tau[first : last + 1, k] = np.logspace(start, stop, last + 1 - first)
    return tau, np.where(np.isfinite(tau), 100.0, np.nan)


def test_the_papers_peaks_get_their_names():
    tau, size = tracks((-6, -6, 0, 11), (-1, -2.5, 0, 11), (-3.5, -3.5, 5, 11))
    assert name_tracks(tau, size, PAPER) == ["γ_GB", "γ_int", "γ'_int"]


def test_a_name_follows_its_track_wherever_it_goes():
    tau, size = tracks((-6, -6, 0, 11), (-1, -3.4, 0, 11))
    assert name_tracks(tau, size, PAPER) == ["γ_GB", "γ_int"]


def test_what_was_there_from_the_start_did_not_appear():
    tau, size = tracks((-1, -1, 0, 11), (-3.5, -3.5, 0, 11))
    assert name_tracks(tau, size, PAPER) == ["γ_int", ""]


def test_what_appears_without_an_interface_peak_has_no_name():
    tau, size = tracks((-6, -6, 0, 11), (-3.5, -3.5, 4, 11))
    assert name_tracks(tau, size, PAPER) == ["γ_GB", ""]
    tau, size = tracks((-1, -1, 0, 2), (-3.5, -3.5, 8, 11))
    assert name_tracks(tau, size, PAPER) == ["γ_int", ""]


def test_one_name_at_a_time_and_the_same_name_afterwards():
    tau, size = tracks((-1, -1, 0, 5), (-0.5, -0.5, 0, 11), (-1, -1, 7, 11))
    size[:, 0] *= 10
    assert name_tracks(tau, size, PAPER) == ["γ_int", "", "γ_int"]
    size[:, 1] *= 100
    assert name_tracks(tau, size, PAPER) == ["", "γ_int", ""]


@pytest.mark.parametrize(("pick", "expected"), [("largest", 1), ("slowest", 2), ("fastest", 0)])
def test_the_rule_says_which_of_several_it_names(pick, expected):
    tau, size = tracks((-3, -3, 0, 11), (-2, -2, 0, 11), (-1, -1, 0, 11))
    size[:, 1] *= 2
    names = name_tracks(tau, size, (Rule("it", 1e-4, 1.0, pick=pick),))
    assert [k for k, name in enumerate(names) if name] == [expected]


@pytest.mark.parametrize(("low", "high"), [(-1.02, 5.0), (-5.0, -0.98)])
def test_the_range_holds_its_ends(low, high):
    tau, size = tracks((-1, -1, 0, 11))
    inside = Rule("it", 10.0**low, 10.0**high)
    assert name_tracks(tau, size, (inside,)) == ["it"]
    beyond = Rule("it", 10.0**low, 10.0**-1.01) if high > 0 else Rule("it", 10.0**-0.99, 10.0**high)
    assert name_tracks(tau, size, (beyond,)) == [""]


def test_no_track_and_an_empty_track_are_no_trouble():
    empty = np.empty((0, 0))
    assert name_tracks(empty, empty, PAPER) == []
    never = np.full((ROWS, 1), np.nan)
    assert name_tracks(never, never, PAPER) == [""]


# rules as data


rules = st.builds(
    lambda name, low, ratio, pick, appears, attribution: Rule(
        name, low, low * ratio, pick, appears, "", attribution
    ),
    st.text(min_size=1).filter(str.strip),
    st.floats(1e-12, 1e3),
    st.floats(1.1, 1e6),
    st.sampled_from(PICKS),
    st.booleans(),
    st.sampled_from(["", RESOLVED, "electrolyte", "alloy"]),
)


@given(st.lists(rules, max_size=4, unique_by=lambda rule: rule.name))
def test_rules_survive_as_json(given_rules):
    text = json.dumps(rules_table(given_rules))
    assert rules_from(json.loads(text)) == tuple(given_rules)


def test_rules_come_from_a_toml_table():
    text = """
    ["γ_bulk"]
    tau = [1e-9, 1e-7]
    attribution = "electrolyte"

    ["γ_new"]
    tau = [1e-5, 1e-2]
    appears = true
    beside = "γ_bulk"
    """
    one, two = rules_from(tomllib.loads(text))
    assert one == Rule("γ_bulk", 1e-9, 1e-7, attribution="electrolyte")
    assert two == Rule("γ_new", 1e-5, 1e-2, appears=True, beside="γ_bulk")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"a": 3}, r"'a'.*table.*3"),
        ({"a": {}}, r"tau.*None"),
        ({"a": {"tau": [1]}}, r"tau"),
        ({"a": {"tau": "ab"}}, r"tau.*'ab'"),
        ({"a": {"tau": [1, 0.5]}}, r"tau_high"),
        ({"a": {"tau": [0, 1]}}, r"tau_low.*0"),
        ({"a": {"tau": ["x", 1]}}, r"tau_low.*'x'"),
        ({"a": {"tau": [1, 2], "pick": "best"}}, r"pick.*'best'"),
        ({"a": {"tau": [1, 2], "appears": "yes"}}, r"appears.*'yes'"),
        ({"a": {"tau": [1, 2], "beside": 4}}, r"beside.*4"),
        ({"a": {"tau": [1, 2], "beside": "b"}}, r"beside.*earlier.*'b'"),
        ({"a": {"tau": [1, 2], "atribution": "x"}}, r"atribution.*attribution"),
        ({" ": {"tau": [1, 2]}}, r"name"),
    ],
)
def test_rules_that_cannot_be_used_say_why(mapping, message):
    with pytest.raises(SettingsError, match=message):
        rules_from(mapping)


def test_a_name_belongs_to_one_rule():
    with pytest.raises(SettingsError, match="Two rules"):
        require_order([Rule("a", 1, 2), Rule("a", 3, 4)])


# attribution


@pytest.mark.parametrize(
    ("electrode", "cell", "expected", "word"),
    [
        ("cell", Cell(), "unknown", "between the two electrodes"),
        ("cell", Cell("alloy"), "unknown", "between the two electrodes"),
        ("cell", Cell("alloy", assumption="Na has no resistance."), "alloy", "Assumed: Na has"),
        ("cell", Cell("alloy", reference="Na ring"), "alloy", "Na ring"),
        ("cell", Cell("alloy", reference="Na ring", separate=True), "unknown", "two electrodes"),
        ("working", Cell("alloy"), "alloy", "working electrode against the reference"),
        ("working", Cell("counter"), "counter", "working electrode"),
        ("working", Cell(), "working", "was not said"),
        ("counter", Cell("alloy"), "counter", "counter electrode against"),
        ("counter", Cell("counter"), "alloy", "counter electrode against"),
        ("counter", Cell(), "counter", "was not said"),
        ("counter", Cell("alloy", assumption="it is the alloy's"), "counter", "reference"),
    ],
)
def test_an_interface_needs_a_reference_or_an_assumption(electrode, cell, expected, word):
    ascribed, basis = attribute(RESOLVED, electrode, cell)
    assert ascribed == expected
    assert word in basis
    assert basis.endswith(".")


def test_other_attributions_are_the_rules_own():
    assert attribute("electrolyte", "cell", Cell())[0] == "electrolyte"
    assert attribute("", "working", Cell("alloy")) == (
        "unknown",
        "No rule ascribes this peak to anything.",
    )


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    made = paper.rest_with_peis(7200.0, 600.0, seed=6, noise=0.003).campaign
    return made.with_node("drt", drt(made))


def test_a_campaigns_specimen_and_an_assumption_decide(campaign):
    plain = track_peaks(campaign)
    assert plain.name.values.tolist() == ["γ_GB", "γ_int"]
    assert plain.attribution.values.tolist() == ["electrolyte", "unknown"]
    assumed = track_peaks(campaign, assumption="the Na counter electrode has no resistance")
    assert assumed.attribution.values.tolist() == ["electrolyte", "alloy"]
    assert assumed.basis.values[1] == "Assumed: the Na counter electrode has no resistance."
    assert assumed.attrs["assumption"] == "the Na counter electrode has no resistance"
    specimen = {**campaign.attrs["specimen"], "reference": "Na ring"}
    referenced = track_peaks(campaign.with_attrs(specimen=specimen))
    assert referenced.attribution.values.tolist() == ["electrolyte", "alloy"]


def test_the_users_rules_replace_the_papers(campaign):
    found = track_peaks(campaign, rules={"γ_1": {"tau": [1e-3, 1.0], "attribution": "alloy"}})
    assert found.name.values.tolist() == ["", "γ_1"]
    assert found.attribution.values.tolist() == ["unknown", "alloy"]
    assert list(found.attrs["rules"]) == ["γ_1"]
    none = track_peaks(campaign, rules=())
    assert set(none.name.values) == {""}
