"""Contradictions between what was asked for and what the record holds."""

from __future__ import annotations

import pytest

from anodescope.errors import SettingsError
from anodescope.protocol import contradictions, recognise
from anodescope.protocol import library as protocols
from anodescope.protocol.compare import stated_currents
from tests.protocol.records import AREA, replay
from tests.protocol.test_recognise import DESIGNS

GCPL = {"parameters": {"parameters": [{"Is": 0.0, "unit Is": "mA"}, {"Is": -0.4, "unit Is": "mA"}]}}


@pytest.mark.parametrize("name", DESIGNS)
def test_a_record_of_the_design_contradicts_nothing(name):
    found = recognise(*replay(DESIGNS[name], samples=20))
    assert contradictions(found, DESIGNS[name], area=AREA) == []


def test_levels_times_counts_and_kinds():
    found = recognise(*replay(protocols.staircase_geis(0.1, 0.5, 0.1), samples=20))
    (more,) = contradictions(found, protocols.staircase_geis(0.1, 0.6, 0.1), area=AREA)
    assert "6 levels were asked for, the record holds 5" in more
    (longer,) = contradictions(found, protocols.staircase_geis(0.1, 0.5, 0.1, hold=15), area=AREA)
    assert "a hold of 15 s was asked for" in longer
    larger = contradictions(found, protocols.staircase_geis(0.2, 1.0, 0.2), area=AREA)
    assert any("a start of" in sentence for sentence in larger)
    (other,) = contradictions(found, protocols.rest(60.0), area=AREA)
    assert "rest was asked for, the record holds staircase geis" in other


def test_blocks_that_are_missing_or_too_many():
    design = protocols.hold(0.2, 600.0) + protocols.rest(600.0)
    found = recognise(*replay(protocols.hold(0.2, 600.0)))
    (early,) = contradictions(found, design, area=AREA)
    assert "the record ends before it" in early
    whole = recognise(*replay(design, samples=20))
    (extra,) = contradictions(whole, protocols.hold(0.2, 600.0), area=AREA)
    assert "that was not asked for" in extra


def test_units_must_meet():
    found = recognise(*replay(protocols.hold(0.2, 600.0)))
    with pytest.raises(SettingsError, match="without an area"):
        contradictions(found, protocols.hold(0.2, 600.0))
    with pytest.raises(SettingsError, match="in A"):
        contradictions(protocols.hold(0.2, 600.0), [GCPL])


def test_currents_of_an_instruments_settings():
    assert stated_currents([GCPL]).tolist() == [4e-4]
    assert stated_currents([{}, {"parameters": {}}, {"parameters": {"parameters": "x"}}]).size == 0
    right = recognise(*replay(protocols.hold(0.4 / AREA, 600.0)))
    assert contradictions(right, [GCPL]) == []
    assert contradictions(right, []) == []
    wrong = contradictions(recognise(*replay(protocols.hold(0.2 / AREA, 600.0))), [GCPL])
    assert len(wrong) == 2
    assert "ask for 0.0004 A" in wrong[0]
    assert "holds 0.0002 A" in wrong[1]
