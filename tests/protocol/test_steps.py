"""Steps: what they refuse, and that a repetition stays one object."""

from __future__ import annotations

import math

import pytest

from anodescope.errors import SettingsError
from anodescope.protocol import Hold, PotentialHold, Protocol, Repeat, Rest, Sweep
from anodescope.protocol.phases import levels_of, unrolled
from anodescope.protocol.protocol import Block
from anodescope.protocol.steps import innermost, scaled, total


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Rest(0.0), "Rest, duration: expected a number above zero"),
        (lambda: Rest(math.nan), "finite"),
        (lambda: Rest(True), "finite"),
        (lambda: Hold(0.0, 1.0), "use a Rest"),
        (lambda: Hold(math.inf, 1.0), "finite"),
        (lambda: Hold(1.0, -1.0), "Hold, duration"),
        (lambda: Hold(1.0, 1.0, 0.0), "voltage_limit"),
        (lambda: Hold(1.0, None), "duration"),
        (lambda: PotentialHold("3", 1.0), "PotentialHold, voltage"),
        (lambda: Sweep(35.0, current=1.0, voltage=1.0), "found both"),
        (lambda: Sweep(35.0, f_max=1.0, f_min=2.0), "f_max above f_min"),
        (lambda: Sweep(35.0, points=0), "points"),
        (lambda: Repeat((), 3), "at least one step"),
        (lambda: Repeat((Rest(1.0),), 0), "whole number from 1"),
        (lambda: Repeat((Rest(1.0),), 1.5), "whole number"),
        (lambda: Repeat(("rest",), 2), "expected steps"),
        (lambda: Block("unheard", ()), "unheard"),
        (lambda: Block("rest", ("rest",)), "expected steps"),
        (lambda: Block("rest", (), confidence=1.5), "from 0 to 1"),
        (lambda: Protocol((), unit="mA"), "mA/cm²"),
        (lambda: Protocol(("rest",)), "expected blocks"),
    ],
)
def test_a_wrong_step_is_one_sentence(make, words):
    with pytest.raises(SettingsError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_repetition_is_a_small_object_that_unrolls_to_all_its_phases():
    pulses = (Repeat((Hold(1.0, 1.0), Rest(2.0)), 100_000),)
    assert total(pulses) == 300_000.0
    assert len(list(innermost(pulses))) == 2
    phases = unrolled(pulses)
    assert phases.size == 200_000
    assert phases.time_end[-1] == pytest.approx(300_000.0)
    assert (phases.time_start[1:] == phases.time_end[:-1]).all()
    assert (phases.level == range(200_000)).all()


def test_repetitions_nest():
    inner = Repeat((Rest(1.0), Hold(2.0, 1.0)), 2)
    phases = unrolled((Repeat((inner, Rest(5.0)), 3),))
    assert phases.size == 15
    assert phases.current[:5].tolist() == [0.0, 2.0, 0.0, 2.0, 0.0]


def test_scaling_turns_currents_and_leaves_amplitudes():
    steps = (Repeat((Hold(2.0, 1.0), Sweep(3.0, current=2.0, amplitude=5e-6)), 2), Rest(1.0))
    (again, rest) = scaled(steps, -0.5)
    assert again.steps[0].current == -1.0
    assert again.steps[1].current == -1.0
    assert again.steps[1].amplitude == 5e-6
    assert rest == Rest(1.0)


def test_a_hold_and_its_sweep_share_a_level_and_a_rest_has_its_own():
    steps = (Hold(1.0, 5.0), Sweep(35.0, current=1.0), Hold(1.01, 5.0), Rest(1.0), Sweep(3.0))
    assert unrolled(steps).level.tolist() == [0, 0, 1, 2, 2]


def test_held_voltages_are_levels_of_their_own():
    phases = unrolled((PotentialHold(3.0, 1.0), PotentialHold(3.0, 1.0), Sweep(1.0, voltage=3.0)))
    assert phases.level.tolist() == [0, 1, 2]
    assert levels_of(phases.mode[:0], phases.current[:0]).size == 0


def test_rest_is_what_a_sweep_without_bias_asks_for():
    assert Sweep(35.0).at_rest
    assert Sweep(35.0, current=0.0).at_rest
    assert not Sweep(35.0, current=1e-9).at_rest
    assert not Sweep(35.0, voltage=3.0).at_rest
