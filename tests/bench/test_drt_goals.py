"""Goals are judged by the tables of the run: misses first, and what was not run stays open."""

from __future__ import annotations

import math

import pytest

from anodescope.bench import goals
from anodescope.bench.goals import NO, OPEN, PART, YES, Goal, goals_of, judged
from anodescope.bench.tables import COURSES, VISIBLE_LOOP


def met(tables: dict, part_of_name: str) -> Goal:
    found = [goal for goal in goals_of(tables) if part_of_name in goal.goal]
    assert len(found) == 1, part_of_name
    return found[0]


def accuracy(one: str, method: str, l2: float, **more) -> dict:
    return {"set": one, "method": method, "spectra": 20, "l2_mean": l2, **more}


def test_without_tables_nothing_is_met_and_nothing_is_missed():
    found = goals_of({})
    assert {goal.met for goal in found} == {OPEN}
    assert len({goal.goal for goal in found}) == len(found) == 27


def test_a_limit_itself_is_met_and_misses_come_first():
    tables = {
        "accuracy": [
            accuracy("A", "anodescope single", 0.085),
            accuracy("B", "anodescope single", 0.101),
            accuracy("B", "anodescope joint", None),
        ]
    }
    assert met(tables, "set A, single").met == YES
    assert met(tables, "set B, single").met == NO
    assert met(tables, "set B, joint").met == OPEN
    order = [goal.met for goal in goals_of(tables)]
    assert order == [NO, YES, *[OPEN] * (len(order) - 2)]


def test_one_miss_of_several_is_bold_and_a_part_that_is_missing_is_named():
    values = {"A": (0.95, "0.950"), "B": (0.99, "0.990")}
    found = judged("coverage", "0.93–0.97", values, goals.between(0.93, 0.97), ["A", "B", "C"])
    assert found.met == NO
    assert found.found == "A 0.950, **B 0.990**, not run: C"
    del values["B"]
    assert judged("c", "", values, goals.between(0.93, 0.97), ["A", "C"]).met == PART
    assert judged("c", "", values, goals.between(0.93, 0.97), ["A"]).met == YES
    nothing = judged("c", "", {"A": (math.nan, "nan")}, goals.at_least(0), ["A"])
    assert (nothing.found, nothing.met) == ("–", OPEN)


def test_peaks_are_met_only_when_both_rates_are():
    rows = [
        {"set": "A", "method": "anodescope single", "missed": 0.09, "spurious": 0.005},
        {"set": "random", "method": "anodescope single", "missed": 0.02, "spurious": 0.02},
        {"set": "B", "method": "hybrid-drt", "missed": 1.0, "spurious": 1.0},
    ]
    found = met({"peaks": rows}, "peaks missed")
    assert found.met == NO
    assert "A single 9.0 + 0.5 %" in found.found
    assert "**random single 2.0 + 2.0 %**" in found.found
    assert "hybrid" not in found.found


def test_a_wide_oracle_of_one_spectrum_does_not_excuse_the_others():
    row = {"set": "foreign", "method": "anodescope single"}
    row |= {"over_bare": 0.4, "over_bare_median": 1.4}
    assert met({"bands": [row]}, "width of bands").met == NO


def test_speed_is_judged_on_the_set_where_a_peer_is_nearest():
    rows = [
        {"set": one, "method": "hybrid-drt (0.1.1)", "times_ours": times}
        for one, times in (("A", 300.0), ("random", 90.0))
    ]
    found = met({"times": rows}, "faster than hybrid-drt")
    assert (found.met, found.found) == (NO, "hybrid-drt (0.1.1) 90 × (set random)")
    courses = [{"set": "A", "course": COURSES[0], "share": 1.0, "ms_median": 0.8}]
    assert met({"courses": courses}, "plain spectrum").found == "A 0.8 ms (100 % of spectra)"


def test_the_scale_counts_only_at_its_full_size_and_on_two_threads():
    rows = [
        {"method": "anodescope single", "spectra": 5000, "workers": 2, "seconds": 4.0},
        {"method": "anodescope joint", "spectra": 5000, "workers": 1, "seconds": 4.0},
        {"method": "anodescope joint", "spectra": 100, "workers": 2, "seconds": 0.1},
    ]
    assert met({"scale": rows}, "5,000 spectra").met == PART


def test_loops_are_judged_where_they_can_be_seen_and_false_ones_in_all_other_cells():
    rows = [
        {"set": "terms", "cell": "loop", "spectra": 30, "loop": 0.6},
        {"set": "terms", "cell": VISIBLE_LOOP, "spectra": 20, "loop": 0.9},
        {"set": "terms", "cell": "tail", "spectra": 30, "loop": 0.0},
        {"set": "A", "cell": "plain", "spectra": 70, "loop": 0.1},
    ]
    caught = met({"terms": rows}, "visible loops")
    assert (caught.met, caught.found) == (YES, "90 % of 20 (60 % of all 30)")
    false = met({"terms": rows}, "where there is none")
    assert (false.met, false.found) == (NO, "7 % of 100 spectra")


def test_jumps_off_by_one_do_not_count_and_false_ones_are_per_thousand():
    rows = [
        {"kind": "short", "series": 100, "exact": 99, "off": 1, "faint": 0, "false": 0},
        {"kind": "ramp", "series": 500, "exact": 0, "off": 0, "faint": 0, "false": 1},
    ]
    assert met({"jumps": rows}, "very sweep").met == NO
    assert met({"jumps": rows}, "false jumps").met == NO
    rows[1]["series"] = 1000
    assert met({"jumps": rows}, "false jumps").met == YES


def test_an_onset_that_is_early_is_off_as_well():
    rows = [
        {"method": method, "bias": bias}
        for method, bias in (("single", 0.1), ("joint", -1.2), ("joint", 0.3))
    ]
    found = met({"onsets": rows}, "onset")
    assert (found.met, found.found) == (NO, "single 0.10, **joint 1.20**")


def real(file: str, method: str, few: float, **more) -> dict:
    return {
        "file": file, "electrode": 0, "points": 40, "method": method,
        "held_out": few, "held_out_few": few, "pairs": 0, **more,
    }  # fmt: skip


def test_a_file_is_won_by_the_default_method_against_every_peer():
    rows = [
        real("a.mpr", "ours single", 0.01),
        real("a.mpr", "hybrid-drt 0.1", 0.02),
        real("b.mpr", "ours single", 0.01),
        real("b.mpr", "ours joint", 0.03),
        real("b.mpr", "hybrid-drt 0.1", 0.05),
        real("b.mpr", "pyDRTtools 0.2", 0.02),
        real("c.mpr", "ours single", 9.9),
        real("c.mpr", "hybrid-drt 0.1", None),
    ]
    found = met({"real files": rows}, "left-out frequencies than")
    assert (found.met, found.found) == (NO, "1 of 2; not b.mpr electrode 0 (0.03 against 0.02)")


def test_the_next_sweep_is_weighed_by_pairs():
    rows = [
        real("a.mpr", "ours single", 0.01, next_covered=0.8) | {"pairs": 10},
        real("b.mpr", "ours single", 0.01, next_covered=1.0) | {"pairs": 30},
        real("b.mpr", "ours joint", 0.01, next_covered=0.99) | {"pairs": 30},
    ]
    found = met({"real files": rows}, "next sweep")
    assert found.met == YES
    assert found.found.startswith("single 0.950 (40 pairs, least 0.80)")


def test_a_start_with_imports_above_a_second_misses():
    rows = [{"what": "first result: one spectrum", "cold": 9.0, "warm": 1.01}]
    found = {goal.goal: goal for goal in goals_of({"start": rows})}
    assert found["first result of a fresh process"].met == NO
    assert found["cold compilation of the engine"].met == OPEN


@pytest.mark.parametrize(("test", "good", "bad"), [
    (goals.at_most(1.0), 1.0, 1.001),
    (goals.at_least(1.0), 1.0, 0.999),
    (goals.between(0.0, 1.0), 0.5, -0.1),
])  # fmt: skip
def test_ends_belong_to_a_range(test, good, bad):
    assert test(good)
    assert not test(bad)
