"""O5 to O10 on staircases whose knee, arcs and recovery are written down."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.errors import Outcome
from anodescope.inference.observations.parts import Parts
from anodescope.inference.observations.recovery import EXTRACTORS as AFTER
from anodescope.inference.observations.recovery import pristine_after_rest
from anodescope.inference.observations.staircase import EXTRACTORS
from anodescope.workflow.analyse import analyse
from tests.generator import paper
from tests.generator.impedance import R_GB, TAU_GB, TAU_INT, TAU_PRIME, cell
from tests.generator.record import AREA, Record, steady


def strip(key="strip50", **changes):
    options = {"rest_every": 1800.0, "tau_recovery": 9000.0, "excess": 1.4, **changes}
    made = paper.sgeis(**options)
    return {key: analyse(made.campaign, method="drttools")}, made.truth


@pytest.fixture(scope="module")
def usual():
    """A knee at 0.6 mA/cm², γ'_int above it, R_int 2.4-fold at rest and back with 9000 s."""
    return strip()


@pytest.fixture(scope="module")
def straight():
    """No knee, no γ'_int, and a rest of an hour only."""
    return strip(knee=None, rest=3600.0, step=0.05)[0]


def test_the_knee_is_found_where_it_is(usual):
    campaigns, truth = usual
    found = EXTRACTORS["O5.threshold"](campaigns)
    unit = 1e-3 * AREA
    assert found.outcome is Outcome.determined
    # truth: the knee of V − iR_Ω, which the raw voltage shows no earlier
    readings = {one.definition: one.value for one in found.sensitivity}
    for k in (1.5, 2.5, 4.0):
        net = readings[f"k = {k:g}, iR-corrected, end of the hold"]
        assert net == pytest.approx(truth["knee"][k] / unit, abs=0.02)
    assert found.low <= found.value <= found.high
    assert found.value >= readings["k = 2.5, iR-corrected, end of the hold"] - 0.01


def test_a_series_resistance_moves_the_knee_up(usual):
    found = EXTRACTORS["O5.threshold"](usual[0])
    raised = [one.value for one in found.sensitivity if "series resistance" in one.definition]
    assert len(raised) == 4
    # a knee that the scan no longer reaches has no value
    later = np.where(np.isnan(raised), 2.0, raised)
    assert np.all(np.diff(later) >= -1e-6)
    assert later[-1] > later[0]


def test_a_straight_line_has_no_knee(straight):
    found = EXTRACTORS["O5.threshold"](straight)
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(1.0, abs=0.05)


def test_the_staircase_completes_or_not(usual):
    assert EXTRACTORS["O5.completes"](usual[0]).value == 1.0
    short, _ = strip(stop=0.9, rest=0.0, step=0.05)
    assert EXTRACTORS["O5.completes"](short).value == 0.0


def test_a_voltage_above_the_limit_is_not_completed(usual):
    campaign = usual[0]["strip50"]
    series = campaign["timeseries"]
    series["voltage"] = series["voltage"] * 12.0
    found = EXTRACTORS["O5.completes"]({"strip50": campaign.with_node("timeseries", series)})
    assert found.value == 0.0


def test_the_charge_is_the_sum_of_the_stairs(usual):
    expected = np.arange(0.05, 1.005, 0.01).sum() * 40.0 / 3600.0
    assert EXTRACTORS["O5.charge"](usual[0]).value == pytest.approx(expected, rel=0.01)


def test_arcs_lie_where_they_were_put(usual):
    grain = EXTRACTORS["O6.boundary_time"](usual[0])
    assert grain.value == pytest.approx(np.log10(TAU_GB), abs=0.1)
    assert grain.sensitivity[0].value - grain.value == pytest.approx(np.log10(2.0 * np.pi))
    interface = EXTRACTORS["O6.interface_time"](usual[0])
    # 0.02 s is the last place but two of the window of 0.032 s
    assert interface.value == pytest.approx(np.log10(TAU_INT), abs=0.15)
    assert interface.outcome is Outcome.determined


def test_an_arc_beyond_the_window_is_not_decidable():
    made = Record(noise=1e-4)
    made.block("staircase_geis", "SGEIS")
    for current in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35):
        made.level(sequence=True)
        made.hold(current * 1e-3 * AREA, 5.0, steady(0.1), 0.5)
        made.sweep(current * 1e-3 * AREA, 35.0, steady(0.1), cell(120.0, tau_int=0.1))
    campaigns = {"strip50": analyse(made.made().campaign, method="drttools")}
    found = EXTRACTORS["O6.interface_time"](campaigns)
    assert found.outcome is Outcome.not_decidable
    assert found.value > -1.5
    assert "extrapolated" in found.message


@pytest.mark.parametrize(
    ("tau", "outcome"), [(0.01, Outcome.determined), (0.1, Outcome.not_decidable)]
)
def test_a_place_that_came_back_is_told_within_the_window_only(tau, outcome):
    made = Record(noise=1e-4)
    made.block("impedance_only", "PEIS")
    made.level()
    made.sweep(0.0, 35.0, steady(0.0), cell(120.0, tau_int=tau))
    made.block("staircase_geis", "SGEIS")
    for current in (0.05, 0.1, 0.15, 0.2):
        made.level(sequence=True)
        made.hold(current * 1e-3 * AREA, 5.0, steady(0.1), 0.5)
        made.sweep(current * 1e-3 * AREA, 35.0, steady(0.1), cell(120.0, tau_int=0.01))
    made.block("impedance_only", "PEIS")
    made.level()
    made.sweep(0.0, 35.0, steady(0.0), cell(200.0, tau_int=0.01))
    campaigns = {"strip50": analyse(made.made().campaign, method="drttools")}
    found = AFTER["O7.interface_back"](campaigns)
    assert found.outcome is outcome
    assert found.value == pytest.approx(np.log10(0.01 / tau), abs=0.3)
    assert ("extrapolated" in found.message) is (outcome is Outcome.not_decidable)


@pytest.mark.parametrize(("prime", "moves"), [(False, 1.0), (True, 0.0)])
def test_a_peak_that_is_the_second_one_is_no_move_of_the_first(prime, moves):
    """One peak that jumps has moved; the same peak beside one that stays has not."""
    made = Record(noise=1e-4)
    made.block("staircase_geis", "SGEIS")
    for current in np.arange(0.1, 1.005, 0.1):
        made.level(sequence=True)
        made.hold(current * 1e-3 * AREA, 5.0, steady(0.1), 0.5)
        arcs = cell(120.0)
        if current > 0.65:
            # alone: all of it at TAU_PRIME; else beside a smaller one at TAU_INT
            arcs = cell(130.0, 300.0) if prime else cell(430.0, tau_int=TAU_PRIME)
        made.sweep(current * 1e-3 * AREA, 35.0, steady(0.1), arcs)
    campaigns = {"strip50": analyse(made.made().campaign, method="drttools")}
    assert EXTRACTORS["O6.interface_moves"](campaigns).value == moves
    second = EXTRACTORS["O6.second_time"](campaigns)
    assert (second.outcome is Outcome.determined) is prime


def test_the_second_peak_comes_above_the_knee_and_moves(usual):
    assert EXTRACTORS["O6.interface_single"](usual[0]).value == 1.0
    assert EXTRACTORS["O6.interface_moves"](usual[0]).value == 1.0
    place = EXTRACTORS["O6.second_time"](usual[0])
    assert place.value == pytest.approx(np.log10(TAU_PRIME), abs=0.3)
    onset = EXTRACTORS["O6.second_onset"](usual[0])
    assert 0.5 < onset.value < 0.7


def test_without_a_second_peak_it_is_not_found():
    campaigns, _ = strip(prime=False, rest=0.0, step=0.05)
    for key in ("O6.second_time", "O6.second_onset"):
        assert EXTRACTORS[key](campaigns).outcome is Outcome.not_found, key


def test_without_a_knee_nothing_moves(straight):
    assert EXTRACTORS["O6.interface_moves"](straight).value == 0.0
    assert EXTRACTORS["O6.interface_single"](straight).value == 1.0


def test_a_second_peak_from_the_start_is_seen():
    made = Record(noise=1e-4)
    made.block("staircase_geis", "SGEIS")
    for current in np.arange(0.05, 0.5, 0.05):
        made.level(sequence=True)
        made.hold(current * 1e-3 * AREA, 5.0, steady(0.1), 0.5)
        made.sweep(current * 1e-3 * AREA, 35.0, steady(0.1), cell(120.0, 60.0))
    campaigns = {"strip50": analyse(made.made().campaign, method="drttools")}
    assert EXTRACTORS["O6.interface_single"](campaigns).value == 0.0
    assert EXTRACTORS["O6.second_onset"](campaigns).value == pytest.approx(0.05, abs=1e-3)


def test_the_rest_is_told_from_the_staircase(usual):
    parts = Parts.of(usual[0]["strip50"])
    assert parts.stairs.size == 96
    assert parts.rest.size == 30
    assert parts.end == pytest.approx(96 * 40.0, abs=5.0)  # found in the samples


def test_recovery_is_read_off_the_first_and_the_last_sweep(usual):
    campaigns, truth = usual
    larger = AFTER["O7.interface_larger"](campaigns)
    assert larger.value == 1.0
    assert AFTER["O7.second_gone"](campaigns).value == 1.0
    assert AFTER["O7.interface_back"](campaigns).value == pytest.approx(0.0, abs=0.1)
    found = AFTER["O7.pristine_15h"](campaigns)
    # the last sweep is centred 900 s before the end of 54000 s: 1 + 1.4 e^(-5.9)
    left = 1.0 + 1.4 * np.exp(-(54000.0 - 900.0) / truth["tau_recovery"])
    assert found.value == pytest.approx(left, abs=0.03)


@pytest.mark.parametrize("tau", [27000.0, 54000.0])
def test_a_slow_recovery_leaves_more(tau):
    campaigns, _ = strip(knee=None, step=0.05, tau_recovery=tau)
    found = AFTER["O7.pristine_15h"](campaigns)
    left = 1.0 + 1.4 * np.exp(-(54000.0 - 900.0) / tau)
    assert found.value == pytest.approx(left, rel=0.05)


def test_a_short_rest_does_not_tell_15_h(straight):
    assert AFTER["O7.pristine_15h"](straight).outcome is Outcome.not_decidable


def test_an_interface_that_is_not_larger_at_rest_is_seen():
    campaigns, _ = strip(knee=None, step=0.05, excess=0.0, rest=3600.0)
    assert AFTER["O7.interface_larger"](campaigns).value == 0.0


def test_growth_at_rest_is_against_the_last_sweep_under_current(straight, usual):
    # R_int at rest is 2.4-fold at most; under current it was as before, or many times larger
    assert AFTER["O7.interface_grew_at_rest"](straight).value == 1.0
    assert AFTER["O7.interface_grew_at_rest"](usual[0]).value == 0.0


def test_without_a_rest_nothing_is_told_of_it():
    campaigns, _ = strip(rest=0.0, step=0.05)
    for key in AFTER:
        if key.startswith("O7"):
            assert AFTER[key](campaigns).outcome is Outcome.not_decidable, key


def test_plating_recovers_from_below():
    campaigns, _ = strip(sign=-1, step=0.05, tau_recovery=54000.0)
    found = pristine_after_rest(campaigns["strip50"])
    assert found.value == pytest.approx(1.0 - 0.6 * np.exp(-1.0), abs=0.05)


def test_the_other_alloy_is_read_by_the_same_rule():
    campaigns, truth = strip("strip65", knee=0.3, rest=0.0)
    found = EXTRACTORS["O8.threshold"](campaigns)
    net = {one.definition: one.value for one in found.sensitivity}
    assert net["k = 2.5, iR-corrected, end of the hold"] == pytest.approx(
        truth["knee"][2.5] / AREA * 1e3, abs=0.02
    )
    merged = EXTRACTORS["O8.merging_time"](campaigns)
    assert np.log10(TAU_PRIME) - 0.3 < merged.value < np.log10(TAU_INT) + 0.3


@pytest.mark.parametrize("reached", [3.0, 20.0, 36.0])
def test_the_time_to_the_limit(reached):
    made = Record(voltage_noise=0.0)
    made.block("constant_current", "CP")
    made.level()
    made.hold(0.05e-3 * AREA, reached, lambda t: 3.0 * np.minimum(t / reached, 1.0) ** 3, 0.1)
    found = EXTRACTORS["O9.failure_time"]({"strip80": analyse(made.made().campaign)})
    assert found.value == pytest.approx(reached, abs=0.25)  # two samples


def test_a_cell_that_does_not_fail_bounds_the_time():
    made = paper.constant_current(0.05, 600.0)
    found = EXTRACTORS["O9.failure_time"]({"strip80": analyse(made.campaign)})
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(600.0, abs=10.0)


def test_the_order_of_pristine_cells():
    def pristine(r_int):
        made = Record(noise=1e-4)
        made.block("impedance_only", "PEIS")
        made.level()
        made.sweep(0.0, 35.0, steady(0.0), cell(r_int))
        return analyse(made.made().campaign, method="drttools")

    cells = [pristine(r_int) for r_int in (100.0, 150.0, 250.0)]
    keys = ("pristine50", "pristine65", "pristine80")
    rising = dict(zip(keys, cells, strict=True))
    found = AFTER["O10.order"](rising)
    assert found.value == 1.0
    falling = dict(zip(keys, cells[::-1], strict=True))
    assert AFTER["O10.order"](falling).value == 0.0
    assert AFTER["O10.order"]({**rising, "pristine65": cells[2]}).value == 0.0
    assert R_GB == 180.0
