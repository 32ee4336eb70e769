"""Limits, ramps, the frequencies of a sweep, and going through a protocol lazily."""

from __future__ import annotations

import tracemalloc
from collections import deque
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.errors import SettingsError
from anodescope.protocol import (
    Block,
    Ends,
    Hold,
    Limits,
    PotentialHold,
    Protocol,
    Ramp,
    Repeat,
    Rest,
    Sweep,
    number_of,
)
from anodescope.protocol import library as protocols
from anodescope.protocol.phases import CURRENT, UNKNOWN, unrolled
from anodescope.protocol.steps import scaled
from tests.protocol.test_protocol import any_protocol


def nested(depth):
    step = Rest(1.0)
    for _ in range(depth):
        step = Repeat((step,), 1)
    return step


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Limits(voltage=0.0), "Limits, voltage: expected a number above zero"),
        (lambda: Limits(charge=-1.0), "Limits, charge: expected a number above zero"),
        (lambda: Limits(charge=0.0), "above zero"),
        (lambda: Limits(composition=1.0), "between 0 and 1"),
        (lambda: Limits(composition=50.0), "between 0 and 1"),
        (lambda: Limits(short=1), "True or False"),
        (lambda: Limits(ends="step"), "Ends.STEP"),
        (lambda: Hold(1.0, 1.0, until=3.0), "expected Limits"),
        (lambda: Hold(1.0, 1.0, 3.0, Limits(voltage=2.0)), "one limit of the voltage"),
        (lambda: PotentialHold(3.0, 1.0, Limits(voltage=2.5)), "above the held 3 V, found 2.5 V"),
        (lambda: PotentialHold(-3.0, 1.0, Limits(voltage=3.0)), "above the held 3 V"),
        (lambda: Sweep(35.0, voltage=3.0, voltage_limit=2.0), "above the held 3 V"),
        (lambda: Rest(1.0, Limits(charge=1.0)), "no limit of charge at rest"),
        (lambda: Sweep(35.0, until=Limits(charge=1.0)), "no limit of charge at rest"),
        (lambda: Ramp(1.0, 1.0, 1.0), "use a Hold or a Rest"),
        (lambda: Ramp(0.0, 1.0, 0.0), "Ramp, duration"),
        (lambda: Ramp(0.0, float("inf"), 1.0), "finite"),
        (lambda: Hold(10**400, 1.0), "finite"),
        (lambda: Sweep(35.0, points=10, per_decade=3), "found both"),
        (lambda: Sweep(35.0, points=10**9), "from 1 to 10000"),
        (lambda: Sweep(35.0, points=1, f_max=10.0, f_min=1.0), "two points or more"),
        (lambda: Sweep(35.0, f_min=1e8).frequencies(), "give both"),
        (lambda: Sweep(1.0, periods=2.0, f_max=1e3, f_min=1.0), "Sweep, duration: expected"),
        (lambda: Sweep(35.0, minimum_time=1.0), "Sweep, duration: expected 62 s or more"),
        (lambda: Repeat((Rest(1.0),), 10**16), "whole number"),
        (lambda: nested(33), "at most 32 within each other"),
        (lambda: unrolled((Repeat((Rest(1.0),), 10**12),)), "`walk` goes through"),
    ],
)
def test_what_contradicts_itself_is_one_sentence(make, words):
    with pytest.raises(SettingsError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("3", "table of limits"),
        ("{volts = 3}", "no key 'volts'"),
        ("{ends = 'all'}", "one of step, block, protocol"),
        ("{ends = []}", "one of step, block, protocol"),
        ("{charge = 'much'}", "finite number"),
    ],
)
def test_wrong_limits_in_toml_are_one_sentence(limits, words):
    step = f"{{hold = 1.0, duration = 1.0, until = {limits}}}"
    with pytest.raises(SettingsError, match=words):
        Protocol.from_toml(f"[[block]]\nkind = 'rest'\nsteps = [{step}]")


def test_a_voltage_limit_and_further_ones_are_one():
    both = Hold(1.0, 60.0, 3.0, Limits(charge=2.0, ends=Ends.STEP))
    assert both.limits == Limits(3.0, 2.0, ends=Ends.STEP)
    assert Hold(1.0, 60.0, 3.0).limits == Hold(1.0, 60.0, until=Limits(3.0)).limits
    assert Rest(1.0).limits == Limits()
    assert Limits().ends is Ends.BLOCK


def test_charge_follows_the_unit_of_the_current():
    step = Hold(-1.0, 7200.0, until=Limits(charge=2.0))
    protocol = Protocol((Block("constant_current", (step, Ramp(0.0, -1.0, 10.0))),))
    hold, ramp = protocol.absolute(0.5).blocks[0].steps
    assert hold.current == pytest.approx(-5e-4)
    assert hold.limits.charge == pytest.approx(1e-3)  # 2 mAh/cm² on 0.5 cm² is 1 mAh
    assert ramp.stop == pytest.approx(-5e-4)
    assert scaled((step,), -1.0)[0].limits.charge == 2.0


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(1e-3, 1e6))
def test_a_ramp_keeps_its_charge_as_a_phase(start, stop, duration):
    if start == stop:
        return
    phases = unrolled((Ramp(start, stop, duration),))
    mean = 0.5 * (start + stop)
    if phases.mode[0] == CURRENT:
        assert phases.current[0] == pytest.approx(mean, rel=1e-12, abs=1e-300)
    else:
        assert phases.mode[0] == UNKNOWN
        assert mean == 0.0


def test_frequencies_fall_evenly_from_end_to_end():
    found = Sweep(35.0, f_max=1e6, f_min=1.0, per_decade=5).frequencies()
    assert found.size == 31
    assert (found[0], found[-1]) == (1e6, 1.0)
    np.testing.assert_allclose(found[1:] / found[:-1], 10**-0.2, rtol=1e-12)
    assert Sweep(35.0, points=12).frequencies().size == 12
    default = Sweep(35.0).frequencies()
    assert (default[0], default[-1], default.size) == (7e6, 5.0, 62)
    assert Sweep(35.0, f_max=50.0, f_min=50.0).frequencies().tolist() == [50.0]


def test_each_frequency_takes_its_periods_or_the_least_time():
    sweep = Sweep(35.0, f_max=1e3, f_min=1.0, points=4, periods=3.0, minimum_time=0.1)
    took = np.diff(sweep.times(), prepend=0.0)
    # 0.1, 0.1, 0.3 and 3 s: 3.5 s, stretched ten times to what is asked for
    np.testing.assert_allclose(took, [1.0, 1.0, 3.0, 30.0], rtol=1e-12)
    assert sweep.times()[-1] == 35.0
    plain = Sweep(35.0, f_max=1e3, f_min=1.0, points=4).times(periods=3.0, minimum_time=0.1)
    np.testing.assert_array_equal(plain, sweep.times())
    with pytest.raises(SettingsError, match="above zero per frequency"):
        Sweep(35.0).times(periods=0.0, minimum_time=0.0)


def test_what_fits_exactly_is_allowed():
    sweep = Sweep(3.5, f_max=1e3, f_min=1.0, points=4, periods=3.0, minimum_time=0.1)
    np.testing.assert_allclose(sweep.times(), [0.1, 0.2, 0.5, 3.5], rtol=1e-12)


def test_a_visit_says_where_it_is():
    inner = Repeat((Hold(1.0, 1.0), Rest(2.0)), 2)
    block = Block("unknown", (Rest(9.0), Repeat((inner, Rest(5.0)), 2)))
    visits = list(Protocol((block, block)).walk())
    assert [v.block for v in visits] == [0] * 11 + [1] * 11
    paths = [(0,), (1, 0, 0), (1, 0, 1), (1, 0, 0), (1, 0, 1), (1, 1)]
    assert [v.path for v in visits[:6]] == paths
    assert [v.turns for v in visits[:7]] == [(), (0, 0), (0, 0), (0, 1), (0, 1), (0,), (1, 0)]
    assert [v.repetition for v in visits[:4]] == [0, 0, 0, 1]
    assert [v.step for v in block.walk()] == [v.step for v in visits[11:]]


@settings(max_examples=80, deadline=None)
@given(any_protocol)
def test_walking_and_writing_out_give_the_same_steps(protocol):
    for block in protocol.blocks:
        visits = list(block.walk())
        assert len(visits) == number_of(block.steps)
        durations = [visit.step.duration for visit in visits]
        np.testing.assert_array_equal(np.cumsum(durations), unrolled(block.steps).time_end)
        for visit in visits:
            step = block.steps[visit.path[0]]
            for place in visit.path[1:]:
                step = step.steps[place]
            assert step == visit.step


def test_a_million_repetitions_take_no_memory():
    protocol = protocols.pulsed_stripping(count=10**6)
    assert number_of(protocol.blocks[0].steps) == 2 * 10**6
    tracemalloc.start()
    (last,) = deque(islice(protocol.walk(), 20_000), maxlen=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert last.turns == (9_999,)
    assert peak < 20_000  # a byte per visit would be as much
    assert len(protocol.to_toml()) < 300
