"""O11 to O13 on pulses whose capacity and relaxation are written down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anodescope as an
from anodescope.cell import Instrument
from anodescope.errors import Outcome
from anodescope.inference.observations.pulses import EXTRACTORS
from anodescope.inference.observations.rows import Verdict, judge, rows
from anodescope.workflow.analyse import analyse
from tests.generator import paper
from tests.generator.record import AREA, Record, steady


def train(rest, capacity, **changes):
    return analyse(paper.pulsed(rest=rest, capacity=capacity, **changes).campaign)


@pytest.fixture(scope="module")
def usual():
    """0.4 mAh/cm² without rest, 0.6 with 0.1 s, 1 with 2 s; R_Ω of 240 Ω beside them."""
    return {
        "pulse_0": train(0.0, 0.4),
        "pulse_0.1": train(0.1, 0.6),
        "pulse_2": train(2.0, 1.0),
        "pristine50": analyse(paper.impedance_only(noise=1e-4).campaign, method="drttools"),
    }


@pytest.mark.parametrize(("row", "truth"), [("O11.rest_0", 0.4), ("O11.rest_2", 1.0)])
def test_capacities_are_what_was_put_in(usual, row, truth):
    found = EXTRACTORS[row](usual)
    assert found.outcome is Outcome.determined
    # a pulse of 1 mA/cm² and 1 s is 0.3 µAh/cm²; the noise of V moves the crossing by less
    assert found.value == pytest.approx(truth, abs=2e-3)
    assert found.low <= found.value <= found.high


def test_series_resistances_lower_the_capacity_or_leave_a_bound(usual):
    found = EXTRACTORS["O11.rest_2"](usual)
    readings = {one.definition: one.value for one in found.sensitivity}
    # own R_Ω: (60 + 180) Ω · 0.385 cm² = 92 Ω·cm²; 1000 Ω·cm² takes 0.91 V more of the 3 V
    drop = 1e-3 * (1000.0 - 240.0 * AREA)
    base = 1e-3 * AREA * (240.0 + 120.0)
    share = ((3.0 - drop - base) / (3.0 - base)) ** (1.0 / 6.0)
    assert readings["series resistance 1000 Ω·cm²"] == pytest.approx(share, abs=0.01)
    net = [one for one in readings if one.startswith("|V − iR_Ω|")]
    assert net[0].endswith("at least")
    assert readings[net[0]] == pytest.approx(1.0, abs=2e-3)


def test_without_the_fresh_cell_there_are_no_other_readings(usual):
    only = {key: one for key, one in usual.items() if key != "pristine50"}
    assert EXTRACTORS["O11.rest_2"](only).sensitivity == ()


def test_a_little_rest_must_give_more(usual):
    row = rows()["O11.rest_0.1"]
    found = EXTRACTORS[row.key](usual)
    assert judge(row, found).verdict is Verdict.met
    swapped = {"pulse_0": usual["pulse_0.1"], "pulse_0.1": usual["pulse_0"]}
    found = EXTRACTORS[row.key](swapped)
    assert found.outcome is Outcome.not_found
    assert judge(row, found).verdict is Verdict.missed


def test_a_train_that_does_not_end_is_a_bound():
    found = EXTRACTORS["O11.rest_2"]({"pulse_2": train(2.0, None, count=60)})
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(60.0 / 3600.0, rel=0.02)
    # 10 mAh/cm² are far above: nothing is decided
    assert judge(rows()["O11.rest_2"], found).verdict is Verdict.not_decidable


def relaxing(tau, height=0.05, left=0.02, count=30, rest=10.0, noise=1e-6):
    """Pulses of 1 s with rests of 10 s, in which V falls from left + height with one time."""
    made = Record(voltage_noise=noise)
    made.block("pulsed", "GCPL")
    later = np.arange(1, 201) / 200 * rest
    volts = np.tile(left + height * np.exp(-later / tau), (count, 1))
    made.pulses(1e-3 * AREA, 1.0, rest, np.full((count, 20), 0.4), volts)
    return {"transient": analyse(made.made().campaign)}


@settings(max_examples=8, deadline=None)
@given(tau=st.floats(0.3, 2.5))
def test_the_plateau_comes_where_the_exponential_is_at_its_end(tau):
    found = EXTRACTORS["O12.plateau"](relaxing(tau))
    # what is left at time t of the fall from 0.1 s to 10 s
    end, start = np.exp(-10.0 / tau), np.exp(-0.1 / tau)
    truth = -tau * np.log(end + 0.05 * (start - end))
    # straight lines between samples 0.05 s apart
    assert found.value == pytest.approx(truth, abs=0.01)


def test_other_shares_order_the_plateau():
    found = EXTRACTORS["O12.plateau"](relaxing(1.0))
    readings = {one.definition: one.value for one in found.sensitivity}
    assert readings["10% left"] < found.value < readings["2% left"]


def test_a_voltage_that_stands_has_no_plateau_to_reach():
    found = EXTRACTORS["O12.plateau"](relaxing(1.0, height=1e-4))
    assert found.outcome is Outcome.not_found


@pytest.mark.parametrize(("tau", "falls"), [(1.0, 1.0), (0.05, 0.0)])
def test_falling_needs_a_fall_between_all_instants(tau, falls):
    # e^(-0.5/0.05) of 50 mV is 2 µV: nothing is left to fall after 0.5 s
    found = EXTRACTORS["O12.falling"](relaxing(tau))
    assert found.value == falls


def test_short_rests_tell_nothing():
    for key in ("O12.falling", "O12.plateau"):
        found = EXTRACTORS[key](relaxing(0.3, rest=1.5))
        assert found.outcome is Outcome.not_decidable, key


def steady_strip(current, time, volts):
    made = Record()
    made.block("constant_current", "CP")
    made.level()
    made.hold(current * 1e-3 * AREA, time, steady(volts), 60.0)
    return {"hold_0.25": analyse(made.made().campaign)}


@pytest.mark.parametrize(
    ("hours", "volts", "holds"), [(80.0, 0.4, 1.0), (80.0, 0.6, 0.0), (79.0, 0.4, 0.0)]
)
def test_the_charge_and_the_voltage_both_count(hours, volts, holds):
    found = EXTRACTORS["O13.reached"](steady_strip(0.25, hours * 3600.0, volts))
    assert found.value == holds
    readings = {one.definition: one.value for one in found.sensitivity}
    assert readings["|V| below 1 V"] == float(hours == 80.0)


def test_the_voltage_without_ohmic_part_is_told(usual):
    campaigns = {**steady_strip(0.25, 288000.0, 0.4), "pristine50": usual["pristine50"]}
    found = EXTRACTORS["O13.reached"](campaigns)
    readings = {one.definition: one.value for one in found.sensitivity}
    # 0.25 mA/cm² · 92.4 Ω·cm²; γ_GB's own part of it to a few per cent
    assert readings["largest |V|, without iR, V"] == pytest.approx(0.4 - 0.0231, abs=2e-3)


def test_without_a_layer_no_rest_is_needed():
    # a layer a hundred times thinner: limiting current a hundred times higher, so that a pulse
    # of 1 mA/cm² depletes nothing
    cell = an.Cell.preset("NaK50").replace(**{"layer.thickness": 5e-8, "loss.rate": 0.0})
    protocol = an.protocols.pulsed_stripping(1.0, 1.0, 0.1, count=200)
    made = an.simulate(cell, protocol, instrument=Instrument(sampling=0.1).silent())
    found = EXTRACTORS["O11.rest_2"]({"pulse_2": analyse(made)})
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(200.0 / 3600.0, rel=0.02)
