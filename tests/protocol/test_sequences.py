"""What follows what: holds, rates, tests of the critical current and pulses are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.protocol import Block, Hold, Protocol, Rest, Sweep, recognise
from anodescope.protocol import library as protocols
from anodescope.protocol.half_cycles import tests_in_a_row as starts_of_tests
from tests.protocol.records import explains, replay


def found_of(*steps, samples=20, **settings):
    """Recognise the replay of steps, as (kind, count) of each block."""
    found = recognise(*replay(Protocol((Block("unknown", steps),)), samples=samples, **settings))
    return [(block.kind, block.count) for block in found.blocks]


HOLD, PAUSE = Hold(0.5, 600.0), Rest(300.0)
CONSTANT, REST = ("constant_current", 1), ("rest", 1)


def test_two_holds_with_a_rest_between_are_no_pulses():
    assert found_of(HOLD, PAUSE, HOLD) == [CONSTANT, REST, CONSTANT]
    assert found_of(HOLD, PAUSE, HOLD, PAUSE) == [CONSTANT, REST, CONSTANT, REST]
    assert found_of(*(HOLD, PAUSE) * 3) == [("pulsed", 3)]


def test_a_test_of_the_critical_current_may_follow_another_one():
    one = protocols.ccd(half_cycle=600.0, sweep=None)
    for between in (Protocol(()), protocols.rest(60.0)):
        found = recognise(*replay(one + between + one, samples=20))
        kinds = [kind for kind in found.kinds if kind != "rest"]
        assert kinds == ["ccd", "ccd"]
        assert [b.count for b in found.blocks if b.kind == "ccd"] == [one.blocks[0].count] * 2


def test_a_rate_test_that_returns_to_its_first_rate_is_cycling():
    rates = [rate for rate in (0.1, 0.2, 0.5, 0.1) for _ in range(2)]
    steps = [Hold(sign * rate, 600.0) for rate in rates for sign in (1, -1)]
    assert found_of(*steps) == [("cycling", 16)]


def test_tests_in_a_row_hold_three_currents_each():
    size = np.repeat([0.1, 0.2, 0.3, 0.1, 0.2, 0.3], 2)
    assert starts_of_tests(size, np.zeros(12)) == [6]
    assert starts_of_tests(size[:-2], np.zeros(10)) == []
    assert starts_of_tests(np.array([0.1, 0.2]), np.zeros(2)) == []


@pytest.mark.parametrize("rates", [(0.1, 0.2), (0.2, 0.1)])
def test_a_charge_at_two_rates_is_two_constant_currents(rates):
    assert found_of(*(Hold(rate, 600.0) for rate in rates)) == [CONSTANT, CONSTANT]


def test_two_stairs_are_a_staircase_where_both_were_swept():
    steps = [step for rate in (0.1, 0.2) for step in (Hold(rate, 60.0), Sweep(35.0, current=rate))]
    assert found_of(*steps) == [("staircase_geis", 2)]
    assert found_of(*(Hold(rate, 60.0) for rate in (0.1, 0.2, 0.3))) == [("staircase", 3)]


@pytest.mark.parametrize("back", [(-0.2,), (-0.1, -0.2)])
def test_cycles_that_charge_at_two_rates_are_cycling(back):
    steps = [Hold(rate, 600.0) for _ in range(4) for rate in (0.1, 0.2, *back)]
    found = recognise(*replay(Protocol((Block("unknown", tuple(steps)),)), samples=20))
    (block,) = found.blocks
    assert (block.kind, block.count) == ("cycling", 8)
    halves = [1200.0, 600.0 * len(back)] * 4
    assert block.parameters["half_cycle"] == pytest.approx(np.median(halves), rel=0.1)
    assert block.parameters["count"] == 8


def test_two_staircases_are_not_cycles_of_several_rates():
    up = [Hold(rate, 600.0) for rate in (0.1, 0.2, 0.3)]
    down = [Hold(-rate, 600.0) for rate in (0.1, 0.2, 0.3)]
    assert found_of(*up, *down) == [("staircase", 3), ("staircase", 3)]


@pytest.mark.parametrize("rows_in_sweeps", [True, False])
def test_a_sweep_at_rest_does_not_end_a_constant_current(rows_in_sweeps):
    hold, sweep = Hold(0.5, 3600.0), Sweep(35.0)
    steps = (hold, sweep, hold, sweep, hold)
    assert found_of(*steps, rows_in_sweeps=rows_in_sweeps) == [CONSTANT]
    two = (hold, sweep, hold)
    assert found_of(*two, rows_in_sweeps=rows_in_sweeps) == [CONSTANT]


def test_sweeps_in_rests_as_long_as_the_pulses_leave_them_pulses():
    pulse, rest = Hold(0.5, 600.0), (Rest(500.0), Sweep(100.0))
    assert found_of(*(pulse, *rest) * 4) == [("pulsed", 4)]


def test_few_samples_give_little_confidence():
    steps = (Hold(0.5, 600.0), Rest(3.0), Hold(1.0, 600.0))
    sure = [
        recognise(*replay(Protocol((Block("unknown", steps),)), samples=samples))
        for samples in (5, 200)
    ]
    assert all(explains(found) for found in sure)
    assert sure[0].confidence < 0.7 < 0.98 < sure[1].confidence
