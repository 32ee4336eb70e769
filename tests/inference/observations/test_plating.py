"""O14 to O16 on plating staircases whose V(i), arcs and recovery are written down."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.errors import Outcome
from anodescope.inference.observations.plating import EXTRACTORS
from anodescope.inference.observations.rows import rows
from anodescope.workflow.analyse import analyse
from tests.generator import paper
from tests.generator.impedance import cell, shorted
from tests.generator.paper import R_INT, R_OHMIC
from tests.generator.record import AREA, Record, steady

SWEEP = 35.0


def plated(*, bend=0.0, fall=0.4, grain=0.0, back=3600.0, short_at=None, count=40):
    """A staircase to -1 mA/cm², then 15 h of rest.

    V = i·R·(1 + bend·i), R_int falls by `fall` in all and comes back with the time `back` (s), and
    R_GB grows by `grain`.
    """
    made = Record(noise=1e-4)
    made.block("staircase_geis", "SGEIS")
    for k, size in enumerate(np.linspace(0.05, 1.0, count)):
        amps, share = -size * 1e-3 * AREA, k / (count - 1)
        volts = amps * (R_OHMIC + R_INT) * (1.0 + bend * size)
        arcs = cell(R_INT * (1.0 - fall * share))
        r, tau, phi = arcs.arcs["γ_GB"]
        arcs.arcs["γ_GB"] = (r * (1.0 + grain * share), tau, phi)
        if short_at is not None and size > short_at:
            volts, arcs = amps * 0.4, shorted()
        made.level(sequence=True)
        made.hold(amps, 5.0, steady(volts), 0.5)
        made.sweep(amps, SWEEP, steady(volts), arcs)
    made.block("rest_with_peis", "PEIS")
    made.level()
    for k in range(30):
        since = 1800.0 * k
        r_int = R_INT * (1.0 - fall * np.exp(-since / back))
        made.sweep(0.0, SWEEP, steady(1e-3), cell(r_int))
        made.hold(0.0, 1800.0 - SWEEP, steady(1e-3), 60.0)
    return {"plate50": analyse(made.made().campaign, method="drttools")}


@pytest.fixture(scope="module")
def usual():
    """Straight V(i); R_int falls by 40 % and comes back with an hour."""
    return plated()


def test_a_straight_line_has_one_slope(usual):
    found = EXTRACTORS["O14.linear"](usual)
    # 0.02 mV of noise on 0.1 mA/cm² of five stairs, 14 mV of V
    assert found.value == pytest.approx(1.0, abs=0.01)
    values = {one.definition: one.value for one in found.sensitivity}
    assert values["V/i instead of the slope"] == pytest.approx(1.0, abs=0.01)


def test_a_bent_line_has_the_slopes_of_its_ends():
    found = EXTRACTORS["O14.linear"](plated(bend=1.0))
    # dV/di ∝ 1 + 2i at the middle of the first and of the last five stairs, 0.0244 apart
    first, last = 0.05 + 2 * 0.95 / 39, 1.0 - 2 * 0.95 / 39
    assert found.value == pytest.approx((1.0 + 2.0 * last) / (1.0 + 2.0 * first), rel=0.01)


def test_a_series_resistance_straightens_the_line():
    found = EXTRACTORS["O14.linear"](plated(bend=1.0))
    values = [one.value for one in found.sensitivity if one.definition.startswith("series")]
    assert values == sorted(values, reverse=True)
    assert values[-1] < found.value
    # it is set by hand, and the message says with which one the row's bar is passed
    bar = rows()["O14.linear"].high
    assert "set by hand" in found.message
    for one in found.sensitivity:
        if one.definition.startswith("series"):
            assert (one.definition in found.message) is (one.value > bar)
    assert values[0] > bar


def test_no_short_circuit_is_told_and_one_is_found(usual):
    assert EXTRACTORS["O14.no_short"](usual).value == 1.0
    found = EXTRACTORS["O14.no_short"](plated(short_at=0.6))
    assert found.value == 0.0
    assert "short circuit" in found.message


def test_an_interface_that_falls_all_along_falls(usual):
    found = EXTRACTORS["O14.interface_falls"](usual)
    assert found.value == 1.0
    assert {one.value for one in found.sensitivity} == {1.0}


@pytest.mark.parametrize("fall", [0.02, -0.4])
def test_a_small_fall_or_growth_is_none(fall):
    assert EXTRACTORS["O14.interface_falls"](plated(fall=fall)).value == 0.0


def test_the_boundary_is_steady_or_not(usual):
    assert EXTRACTORS["O14.boundary_steady"](usual).value < 0.01
    # from 1 to 1.5, mean 1.25
    found = EXTRACTORS["O14.boundary_steady"](plated(grain=0.5))
    assert found.value == pytest.approx(0.2, abs=0.01)


def test_it_grows_back_to_where_it_was(usual):
    assert EXTRACTORS["O15.grows_back"](usual).value == 1.0
    assert EXTRACTORS["O15.pristine_15h"](usual).value == pytest.approx(1.0, abs=0.01)


def test_what_stays_reduced_is_seen():
    campaigns = plated(back=1e9)
    assert EXTRACTORS["O15.grows_back"](campaigns).value == 0.0
    assert EXTRACTORS["O15.pristine_15h"](campaigns).value == pytest.approx(0.6, abs=0.02)


def on_potassium(first, last):
    """A pristine sweep, then plating while R_int goes from `first` to `last` of its value."""
    made = Record(noise=1e-4)
    made.block("impedance_only", "PEIS")
    made.level()
    made.sweep(0.0, SWEEP, steady(1e-3), cell(R_INT))
    made.block("constant_current", "GEIS")
    made.level()
    amps = -1e-4 * AREA
    for share in np.linspace(first, last, 20):
        made.sweep(amps, SWEEP, steady(amps * (R_OHMIC + share * R_INT)), cell(share * R_INT))
    return {"potassium": analyse(made.made().campaign, method="drttools")}


@pytest.mark.parametrize(
    ("first", "last", "holds"), [(0.7, 0.2, 1.0), (0.7, 0.75, 0.0), (1.2, 0.2, 0.0)]
)
def test_on_potassium_it_must_fall_at_once_and_further(first, last, holds):
    found = EXTRACTORS["O16.falls_at_once"](on_potassium(first, last))
    assert found.value == holds
    readings = {one.definition: one.value for one in found.sensitivity}
    assert readings["first over pristine"] == pytest.approx(first, abs=0.02)


def test_without_staircase_or_rest_nothing_is_told():
    bare = analyse(paper.impedance_only(noise=1e-4).campaign, method="drttools")
    campaigns = {"plate50": bare, "potassium": bare}
    for key in EXTRACTORS:
        assert EXTRACTORS[key](campaigns).outcome is Outcome.not_decidable, key
