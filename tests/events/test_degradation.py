"""Degradation in a test of the critical current: the first half-cycle that rises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodescope.errors import Outcome
from anodescope.events.finding import Record
from anodescope.events.onset.find import find_degradation
from anodescope.events.short.find import find_shorts
from tests.events.onsets import UNIT, record_of
from tests.generator import paper


@pytest.fixture(scope="module")
def strip():
    return paper.sgeis(rest=0)


def test_the_first_rising_half_cycle_bounds_the_degradation_current():
    made = paper.ccd(short=None)
    (one,) = find_degradation(record_of(made))
    assert one.outcome is Outcome.determined
    assert (one.low, one.high) == (pytest.approx(0.1 * UNIT), pytest.approx(0.2 * UNIT))
    assert one.event == "degradation"
    assert one.time == pytest.approx(4 * 3600.0, abs=1.0)


def test_constant_half_cycles_are_censored_and_a_fall_is_no_rise():
    (one,) = find_degradation(record_of(paper.ccd(rising_from=9.0, short=None)))
    assert one.outcome is Outcome.censored
    assert (one.low, one.high) == (pytest.approx(0.4 * UNIT), np.inf)


def test_a_short_circuit_is_no_degradation():
    (one,) = find_degradation(record_of(paper.ccd(rising_from=9.0, short="hard", goes_on=True)))
    assert one.outcome is Outcome.censored


def test_no_critical_current_test_has_no_degradation(strip):
    assert find_degradation(record_of(strip)) == []


def test_a_drift_is_told_by_the_size_of_the_voltage():
    record = record_of(paper.ccd(short=None))
    one, other = (
        find_degradation(r)[0] for r in (record, replace(record, voltage=-record.voltage))
    )
    assert (one.value, one.time, one.outcome) == (other.value, other.time, other.outcome)


def test_half_cycles_after_a_short_circuit_tell_no_degradation() -> None:
    """The voltage of a shorted cell neither rises nor stays: it says nothing of the interface."""
    made = paper.ccd(
        (0.05, 0.1, 0.2), half_cycle=700.0, short="hard", short_level=1, goes_on=True, geis=False
    )
    record = Record.of(made.campaign, made.protocol)
    shorts = find_shorts(record)
    (one,) = find_degradation(record, shorts=shorts)
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(0.05e-3 * 0.385)
    made = paper.ccd(
        (0.05, 0.1), half_cycle=700.0, short="hard", short_level=0, goes_on=True, geis=False
    )
    record = Record.of(made.campaign, made.protocol)
    (one,) = find_degradation(record, shorts=find_shorts(record))
    assert one.outcome is Outcome.not_decidable
