"""O1 to O4 on tests of the critical current whose course is written down, and on virtual cells."""

from __future__ import annotations

import numpy as np
import pytest

import anodescope as an
from anodescope.cell import Instrument
from anodescope.errors import Outcome
from anodescope.inference.experiments import critical_current
from anodescope.inference.observations.critical import EXTRACTORS
from anodescope.workflow.analyse import analyse
from tests.generator import paper

HALF_CYCLE = 700.0  # s: 20 sweeps


def ccd(**changes):
    made = paper.ccd(half_cycle=HALF_CYCLE, goes_on=True, noise=1e-4, **changes)
    return {"ccd50": analyse(made.campaign, method="drttools")}


@pytest.fixture(scope="module")
def usual():
    """R_int is steady at 0.05 and 0.1, grows 2.5-fold at 0.2; a short circuit at -0.4 mA/cm²."""
    return ccd()


def test_a_steady_cell_is_steady(usual):
    for key in ("O2.voltage_steady", "O2.boundary_steady", "O2.interface_steady"):
        # noise of Z 0.01 %, of V 0.02 mV of 18 mV and more
        assert EXTRACTORS[key](usual).value < 0.01, key


def test_a_cell_that_grows_from_the_start_is_not_steady():
    growing = ccd(rising_from=0.05, growth=0.8)
    # R_int goes from 1 to 1.8 times and back, twice: by 0.4 from a mean of 1.4
    found = EXTRACTORS["O2.interface_steady"](growing)
    assert found.value == pytest.approx(0.4 / 1.4, abs=0.03)
    # 240 + 120 Ω, of which the 120 grow to 216: from the second tenth on by 0.8·120·0.8 of 374
    assert EXTRACTORS["O2.voltage_steady"](growing).value == pytest.approx(0.2, abs=0.03)
    assert EXTRACTORS["O2.boundary_steady"](growing).value < 0.05


def test_growth_while_stripping_is_seen(usual):
    for key in ("O3.voltage_rises", "O3.interface_grows", "O3.falls_on_plating"):
        assert EXTRACTORS[key](usual).value == 1.0, key


def test_no_growth_is_seen_as_none():
    flat = ccd(growth=0.0)
    for key in ("O3.voltage_rises", "O3.interface_grows"):
        assert EXTRACTORS[key](flat).value == 0.0, key


def test_a_series_resistance_hides_the_rise(usual):
    found = EXTRACTORS["O3.voltage_rises"](usual)
    options = {one.definition: one.value for one in found.sensitivity}
    # R_int grows from 46 to 115 Ω·cm²: more than 5 % of V even behind 1000 Ω·cm²
    assert options["series resistance 1000 Ω·cm²"] == 1.0
    small = EXTRACTORS["O3.voltage_rises"](ccd(growth=0.3))
    options = {one.definition: one.value for one in small.sensitivity}
    assert options["series resistance 100 Ω·cm²"] == 1.0
    assert options["series resistance 1000 Ω·cm²"] == 0.0


def test_the_short_circuit_is_put_into_its_half_cycle(usual):
    found = EXTRACTORS["O4.short_current"](usual)
    assert found.outcome is Outcome.determined
    assert found.value == pytest.approx(0.4, abs=1e-3)
    early = EXTRACTORS["O4.short_current"](ccd(short_level=5))
    assert early.value == pytest.approx(0.2, abs=1e-3)


def test_a_short_circuit_while_stripping_is_no_short_circuit_while_plating():
    found = EXTRACTORS["O4.short_current"](ccd(short_level=6))
    assert found.outcome is Outcome.not_found
    assert "stripping" in found.message


def test_arcs_vanish_with_the_short_circuit_only(usual):
    for key in ("O4.interface_vanishes", "O4.boundary_vanishes"):
        assert EXTRACTORS[key](usual).value == 1.0, key
    whole = ccd(short=None)
    for key in ("O4.interface_vanishes", "O4.boundary_vanishes"):
        assert EXTRACTORS[key](whole).value == 0.0, key
    found = EXTRACTORS["O4.short_current"](whole)
    assert found.outcome is Outcome.not_found
    assert np.isnan(found.value)


def test_an_interface_that_grows_before_the_short_circuit_does_not_vanish():
    found = EXTRACTORS["O4.interface_vanishes"](ccd(short_level=6))
    assert found.value == 0.0
    assert {one.value for one in found.sensitivity} == {0.0}


def test_other_lengths_of_the_half_cycle_are_readings(usual):
    variants = {**usual, "ccd50@7200s": ccd(short=None)["ccd50"], "ccd50@600s": usual["ccd50"]}
    found = EXTRACTORS["O4.short_current"](variants)
    readings = {one.definition: one.value for one in found.sensitivity}
    assert np.isnan(readings["half-cycles of 7200s"])
    assert readings["half-cycles of 600s"] == pytest.approx(0.4, abs=1e-3)
    assert readings["largest current survived in full"] == pytest.approx(0.2, abs=1e-3)


def test_the_width_of_one_arc_that_only_grows_stays(usual):
    found = EXTRACTORS["O3.interface_broadens"](usual)
    start, end = (float(word) for word in found.message.split() if word[0].isdigit())
    # R_int alone changes; the lattice of the DRT is 0.1 decade
    assert start == pytest.approx(end, abs=0.1)


def test_capacity_is_read_off_and_compared_with_another_current():
    reached = analyse(paper.constant_current(0.25, 7200.0, capacity=0.4).campaign)
    bound = analyse(paper.constant_current(0.25, 3600.0).campaign)
    found = EXTRACTORS["O1.capacity"]({"slow50": reached, "hold_0.25": bound})
    assert found.value == pytest.approx(0.4, rel=0.02)
    readings = {one.definition: one.value for one in found.sensitivity}
    assert readings["at 0.25 mA/cm², at least"] == pytest.approx(0.25, rel=0.02)


def test_a_campaign_without_the_currents_tells_nothing():
    other = {"ccd50": analyse(paper.ccd((0.3,), half_cycle=350.0).campaign, method="drttools")}
    for key in ("O2.voltage_steady", "O2.interface_steady", "O3.voltage_rises",
                "O3.interface_grows", "O3.falls_on_plating"):  # fmt: skip
        assert EXTRACTORS[key](other).outcome is Outcome.not_decidable, key


@pytest.mark.slow
def test_a_virtual_cell_shorts_where_its_law_says_and_without_the_law_not():
    # local current: i over a contact of 0.15; damage above 1 mA/cm² at 0.01/s per mA/cm²: none at
    # 0.1 (0.67 locally), a short circuit within 300 s at 0.2 (1.33 locally)
    laws = {"deposit.contact": 0.15, "filament.current": 1.0}
    cell, instrument = an.Cell.preset("NaK50"), Instrument(sampling=0.5).silent()
    found = {}
    for rate in (0.0, 1e-2):
        made = cell.replace(**laws, **{"filament.rate": rate})
        campaign = an.simulate(made, critical_current(600.0), instrument=instrument)
        found[rate] = EXTRACTORS["O4.short_current"](
            {"ccd50": analyse(campaign, method="drttools")}
        )
    assert found[0.0].outcome is Outcome.not_found
    assert found[1e-2].value == 0.2
