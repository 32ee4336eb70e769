"""O20 on tests of the critical current whose short circuit is written down."""

from __future__ import annotations

import pytest

from anodescope.errors import Outcome
from anodescope.inference.observations.rows import Verdict, judge, rows
from anodescope.inference.observations.sodium import EXTRACTORS
from anodescope.workflow.analyse import analyse
from tests.generator import paper
from tests.generator.impedance import cell
from tests.generator.paper import R_INT
from tests.generator.record import Record, steady


def staircase(ccd=3.2, **changes):
    return analyse(paper.na_na_ccd(ccd=ccd, **changes).campaign)


@pytest.mark.parametrize("ccd", [1.0, 3.2])
def test_the_current_of_the_short_circuit(ccd):
    found = EXTRACTORS["O20.critical_current"]({"sodium": staircase(ccd)})
    assert found.outcome is Outcome.determined
    assert found.value == pytest.approx(ccd, abs=1e-6)
    assert found.low == pytest.approx(ccd - 0.2, abs=0.02)
    # 40 % of 600 s of the half-cycle, to two samples of 2 s
    passed = float(found.message.partition("after ")[2].partition(" ")[0])
    assert passed == pytest.approx(ccd * 240.0 / 3600.0, abs=ccd * 4.0 / 3600.0)


def test_a_short_circuit_while_stripping_is_not_that_of_plating():
    # the level before the last one of the 32 strips
    found = EXTRACTORS["O20.critical_current"]({"sodium": staircase(short_level=30)})
    assert found.outcome is Outcome.not_found
    assert "stripping" in found.message


def test_none_is_a_bound():
    row = rows()["O20.critical_current"]
    found = EXTRACTORS[row.key]({"sodium": staircase(3.2, short=None)})
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(3.2, abs=0.05)
    assert judge(row, found).verdict is Verdict.not_decidable
    far = EXTRACTORS[row.key]({"sodium": staircase(4.0, short=None)})
    assert judge(row, far).verdict is Verdict.missed  # above 3.2 ± 0.3 without a short circuit


def test_other_half_cycles_are_readings():
    campaigns = {"sodium": staircase(), "sodium@3600s": staircase(1.4), "other@3600s": staircase(1)}
    found = EXTRACTORS["O20.critical_current"](campaigns)
    readings = {one.definition: one.value for one in found.sensitivity}
    assert readings["half-cycles of 3600s"] == pytest.approx(1.4)
    assert sum(one.startswith("half-cycles") for one in readings) == 1


def pristine(r_int):
    made = Record(noise=1e-4)
    made.block("impedance_only", "PEIS")
    made.level()
    for _ in range(2):
        made.sweep(0.0, 35.0, steady(1e-3), cell(r_int))
    return analyse(made.made().campaign, method="drttools")


@pytest.mark.parametrize(("share", "holds"), [(0.02, 1.0), (0.5, 0.0)])
def test_the_interface_is_negligible_or_not(share, holds):
    campaigns = {"pristine_sodium": pristine(share * R_INT), "pristine50": pristine(R_INT)}
    found = EXTRACTORS["O20.interface_negligible"](campaigns)
    assert found.value == holds


def test_no_current_and_no_spectra_tell_nothing():
    bare = analyse(paper.rest(600.0).campaign)
    campaigns = {"sodium": bare, "pristine_sodium": bare, "pristine50": bare}
    for key in EXTRACTORS:
        assert EXTRACTORS[key](campaigns).outcome is Outcome.not_decidable, key
