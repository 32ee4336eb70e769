"""What ends a curve, and what keeps an onset from being told, and is said instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodescope.campaign import Campaign, check
from anodescope.errors import Outcome
from anodescope.events.finding import Finding, Phases, Record, findings_node
from anodescope.events.onset.find import OnsetSettings, find_onsets
from anodescope.events.onset.knee import knees
from anodescope.events.onset.stairs import stairs_of
from tests.events import statistics_onset as statistics
from tests.events.onsets import AREA, cut_short, of, record_of, with_impedance
from tests.generator import paper


@pytest.fixture(scope="module")
def strip():
    return paper.sgeis(rest=0)


@pytest.mark.parametrize(("rise", "outcome"), [(2.0, "determined"), (0.0, "censored")])
def test_a_cut_stair_bounds_the_onset_where_its_voltage_has_jumped(rise, outcome):
    case = statistics.make("straight", 0, 1e-4)
    at = 10
    usual = case.curve.ohmic * case.current[at] + case.curve.overpotential(case.current[at])
    found = find_onsets(cut_short(case, at, usual + rise))
    one = of(found, "voltage", 2.5)
    assert one.outcome.name == outcome
    assert one.low <= case.current[at - 1]
    assert one.high == (case.current[at] if rise else np.inf)


def test_nothing_to_look_in_is_an_outcome():
    made = paper.rest(100.0)
    assert [f.outcome for f in find_onsets(record_of(made))] == [Outcome.needs_protocol]
    nothing = Record.of(Campaign())
    assert [f.outcome for f in find_onsets(nothing)] == [Outcome.needs_current]
    record = record_of(paper.sgeis(rest=0, stop=0.2))
    blind = replace(record, voltage=np.full(record.time.size, np.nan))
    assert [f.outcome for f in find_onsets(blind)] == [Outcome.not_finite]


def test_stairs_end_where_the_current_no_longer_rises(strip):
    record = record_of(strip)
    stairs = stairs_of(record, 0, 0.2, 0.5)
    np.testing.assert_allclose(stairs.current, strip.truth["levels"])
    assert np.all(stairs.spectrum == np.arange(stairs.current.size))
    assert stairs.whole_hold.all()
    assert stairs.whole_sweep.all()
    current = record.phases.current.copy()
    current[100:] = current[99] * 0.5
    fallen = replace(record, phases=replace(record.phases, current=current))
    assert stairs_of(fallen, 0, 0.2, 0.5).current.size == 50


def test_a_voltage_against_the_current_has_its_own_sentence(strip):
    record = with_impedance(strip)
    found = find_onsets(replace(record, voltage=-record.voltage))
    for basis in ("voltage", "voltage_minus_ohmic"):
        one = of(found, basis, 2.5)
        assert one.outcome is Outcome.not_decidable
        assert one.message.startswith("V falls as the current rises")
    assert not any(f.event for f in found)


@pytest.mark.parametrize("kind", ["hard_short", "soft_short"])
def test_a_short_circuit_ends_the_curve(strip, kind):
    record = with_impedance(strip)
    stair = 40  # below the knee
    good, low = (float(record.phases.end[2 * stair - 1]) + x for x in (-0.01, 0.5))
    volts = np.where(record.time >= low, 1e-4, record.voltage)
    short = Finding(kind, good, good, low, "s", Outcome.determined, "", "voltage", low, 0)
    found = find_onsets(replace(record, voltage=volts), shorts=[short])
    for one in found:
        assert one.outcome is Outcome.censored
        assert one.low <= strip.truth["levels"][stair - 1]
        assert f"{kind.removesuffix('_short')} short circuit" in one.message
    early = replace(short, time=30.0, low=29.0)
    for one in find_onsets(record, shorts=[early]):
        assert one.outcome is Outcome.not_decidable
    for other in (replace(short, quantity="reversible_short"), replace(short, block=7),
                  replace(short, outcome=Outcome.not_decidable)):  # fmt: skip
        assert find_onsets(record, shorts=[other]) == find_onsets(record)


def test_a_broken_off_sweep_does_not_move_the_end_of_the_hold(strip):
    record = record_of(strip)
    whole = stairs_of(record, 0, 0.2, 0.5)
    phases = record.phases
    last = 2 * whole.current.size - 1
    # the last sweep was broken off: its time counts as a hold, in which the voltage goes on rising
    kept = np.flatnonzero(np.arange(phases.start.size) != last)
    end = phases.end.copy()
    end[last - 1] = phases.end[last]
    late = record.time > phases.start[last]
    broken = replace(
        record, voltage=np.where(late, 5.0, record.voltage),
        phases=Phases(phases.start[kept], end[kept], phases.mode[kept], phases.current[kept],
                      phases.block[kept], phases.level[kept], phases.spectrum[kept], phases.kinds),
    )  # fmt: skip
    found = stairs_of(broken, 0, 0.2, 0.5)
    assert found.hold[-1] == pytest.approx(whole.hold[-1], rel=1e-3)
    assert np.isnan(found.sweep[-1])


def test_a_falling_staircase_says_so_once(strip):
    record = record_of(strip)
    phases = replace(record.phases, current=record.phases.current[::-1].copy())
    (one,) = find_onsets(replace(record, phases=phases))
    assert one.outcome is Outcome.not_decidable
    assert "staircase falls" in one.message


def test_what_all_factors_lack_is_said_once_per_basis(strip):
    few = find_onsets(record_of(paper.hold()))
    assert sorted(f.basis for f in few) == ["R_int", "voltage", "voltage_minus_ohmic"]
    blind = find_onsets(record_of(strip))
    assert sum(f.outcome is Outcome.needs_spectra for f in blind) == 1


def test_a_plating_scan_has_no_onset():
    found = find_onsets(with_impedance(paper.sgeis(sign=-1, rest=0)))
    assert {f.outcome for f in found} == {Outcome.censored}
    assert all(np.isinf(f.high) for f in found)


def test_without_impedance_the_reason_is_said_and_the_rest_comes_out(strip):
    found = find_onsets(record_of(strip))
    assert of(found, "voltage_minus_ohmic", 2.5).outcome is Outcome.needs_spectra
    assert of(found, "R_int", 2.5).outcome is Outcome.needs_peaks
    assert of(found, "voltage", 2.5).outcome is Outcome.determined
    assert [f.event for f in found if f.event] == ["onset"]


def test_a_resistance_larger_than_the_slope_contradicts_the_record(strip):
    """R_Ω is part of dV/di: a larger one is of other spectra, or the cell is shorted in part."""
    found = find_onsets(with_impedance(strip, ohmic=(5000.0, 120.0)))
    some = [one for one in found if one.basis == "voltage_minus_ohmic"]
    assert {one.outcome for one in some} == {Outcome.inconsistent}
    for one in some:
        assert "5120 Ω) is larger than the initial slope of V(i)" in one.message
        assert "shorted in part" in one.message
        assert np.isnan(one.value)
    assert not any(one.event for one in found)
    assert of(found, "voltage", 2.5).outcome is Outcome.determined
    check("findings", findings_node(found, AREA))


def test_a_given_resistance_larger_than_the_slope_says_that_it_was_given(strip):
    settings = OnsetSettings(series_resistances=(5000.0,))
    found = find_onsets(with_impedance(strip), settings)
    some = [one for one in found if "as given" in one.criterion]
    assert {one.outcome for one in some} == {Outcome.inconsistent}
    assert all(one.message.startswith("The 5000 Ω as given are more than") for one in some)


def test_a_resistance_near_the_slope_is_undecided_and_no_contradiction(strip):
    slope = knees_of_voltage(strip)
    found = find_onsets(record_of(strip), OnsetSettings(series_resistances=(slope,)))
    some = [one for one in found if "as given" in one.criterion and "of the hold" in one.criterion]
    assert {one.outcome for one in some} == {Outcome.not_decidable}


def knees_of_voltage(made):
    """Return the initial slope (Ω) of V(i) at the end of the holds."""
    stairs = stairs_of(record_of(made), 0, 0.2, 0.5)
    return knees(stairs.current, stairs.hold, np.zeros(1), np.array([2.5])).initial


def both_ways(made, zero, rest):
    """The same staircase with every other stair plating, and a voltage at zero current."""
    record = with_impedance(made)
    phases = record.phases
    sign = np.where(phases.level % 2 == 0, 1.0, -1.0)
    at = np.clip(np.searchsorted(phases.start, record.time, side="right") - 1, 0, None)
    way = sign[at]
    time, volts = record.time, zero + way * record.voltage
    columns = {"current": phases.current * sign}
    if rest > 0:
        early = np.linspace(-rest, -0.1, 50)
        time = np.concatenate([early, time])
        volts = np.concatenate([np.full(50, zero), volts])
        first = {"start": -rest, "end": 0.0, "mode": "rest", "current": 0.0, "block": 0,
                 "level": -1, "spectrum": -1}  # fmt: skip
        columns = {
            name: np.concatenate(
                [np.array([value], dtype=getattr(phases, name).dtype),
                 columns.get(name, getattr(phases, name))]
            )
            for name, value in first.items()
        }  # fmt: skip
        columns["block"] = columns["block"] + np.where(np.arange(columns["block"].size) > 0, 1, 0)
        columns["kinds"] = ("rest", *phases.kinds)
    blank = np.zeros(time.size, bool)
    return replace(
        record, time=time, voltage=volts, cell_voltage=volts, overload=blank,
        current=np.zeros(time.size), phases=replace(phases, **columns),
    )  # fmt: skip


@pytest.mark.parametrize("zero", [0.4, -0.4])
def test_stairs_of_both_directions_lose_the_voltage_of_the_rest_before(strip, zero):
    found = find_onsets(both_ways(strip, zero, rest=300.0))
    one = of(found, "voltage_minus_ohmic", 2.5)
    alone = of(find_onsets(with_impedance(strip)), "voltage_minus_ohmic", 2.5)
    assert one.outcome is Outcome.determined
    assert one.value == pytest.approx(alone.value, rel=1e-6)
    assert f"{zero:.4g} V at rest were subtracted" in one.message
    assert "at rest" not in alone.message


def test_stairs_of_both_directions_without_a_rest_say_what_is_missing(strip):
    (one,) = find_onsets(both_ways(strip, 0.4, rest=0.0))
    assert one.outcome is Outcome.not_decidable
    assert "no rest before them tells the voltage at zero current" in one.message


def test_stairs_of_one_direction_need_no_rest(strip):
    """A voltage at rest shifts the whole curve, which no slope sees."""
    record = with_impedance(strip)
    shifted = replace(record, voltage=record.voltage + 0.4)
    stairs = stairs_of(shifted, 0, 0.2, 0.5)
    assert not stairs.both
    one, other = (find_onsets(r)[0] for r in (record, shifted))
    assert other.value == pytest.approx(one.value, rel=1e-6)
