"""Trials on the bare engine: laws and limits."""

import math

import pytest

from anodescope.cell import Cell
from anodescope.errors import Outcome
from anodescope.inference import trials
from anodescope.inference.quick import POLISH

NAK50 = Cell.preset("NaK50")
BARE = NAK50.replace(loss=None)


def sodium_of(cell: Cell) -> float:
    """Return the charge (mAh/cm²) of all Na on board."""
    return cell.numbers()["sodium"]


def test_a_layer_that_carries_twice_as_much_has_twice_the_threshold() -> None:
    """Flux goes with n·D/δ. A knee is placed by the slopes of a scan that also empties the store,
    and the staircase starts at 0.05 mA/cm² and is rounded by the spread: hence 15 %.
    """
    twice = BARE.replace(**{"layer.density": 2.0 * NAK50.layer.density})
    once, doubled = trials.threshold(BARE), trials.threshold(twice)
    assert once.outcome is doubled.outcome is Outcome.determined
    assert doubled.value == pytest.approx(2.0 * once.value, rel=0.15)


def test_without_a_layer_there_is_no_threshold() -> None:
    """A bound is returned, and it is the end of the longer scan."""
    found = trials.threshold(BARE.replace(layer=None))
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(trials.FARTHEST)


def test_an_alloy_below_x_c_tells_no_knee() -> None:
    """NaK80 reaches 3 V on its first stair, and that is said instead of a number being made up."""
    found = trials.threshold(Cell.preset("NaK80"))
    assert found.outcome is Outcome.not_found
    assert "3 V after 1 stair," in found.note
    assert math.isnan(found.value)


def test_pulses_without_rest_are_a_constant_current() -> None:
    """The same bits."""
    assert trials.pulsed(NAK50, 1.0, 1.0, 0.0) == trials.held(NAK50, 1.0)


def test_a_lower_current_strips_more_but_never_more_than_there_is() -> None:
    """Charge falls with the current and stays below the Na on board."""
    charges = [trials.held(NAK50, current).value for current in (0.1, 0.3, 0.6, 1.0)]
    assert charges == sorted(charges, reverse=True)
    assert 0.0 < charges[0] < sodium_of(NAK50)


def test_longer_rests_strip_more() -> None:
    """Up to the error of the leaps, which the step from 1 to 5 s is far beyond."""
    short, long = (trials.pulsed(NAK50, 1.0, 1.0, rest).value for rest in (1.0, 5.0))
    assert short < long < sodium_of(NAK50)


def test_resumed_starts_like_pulsed() -> None:
    """The first train is the train; the second comes from the same cell, so it holds less Na."""
    first, second = trials.resumed(NAK50, 1.0, 1.0, 1.0, 3600.0)
    assert first == trials.pulsed(NAK50, 1.0, 1.0, 1.0)
    assert 0.0 <= second.value < sodium_of(NAK50) - first.value


def test_nothing_shorts_without_a_filament() -> None:
    """Both trials of plating end at what was asked for, and say that it is a bound."""
    safe = NAK50.replace(filament=None)
    found = trials.plated_after(safe, 0.4, 0.0, stripped=0.0, plated=1.0)
    assert found.outcome is Outcome.censored
    assert found.value == pytest.approx(1.0)
    assert trials.critical(safe, (0.1, 0.2), 600.0).outcome is Outcome.censored


def test_the_filament_decides_what_shorts() -> None:
    """A filament that grows at once shorts the first half-cycle; a short is told, not a bound."""
    sick = NAK50.replace(**{"filament.current": 1e-3, "filament.rate": 1.0})
    assert trials.critical(sick, (0.1, 0.2), 600.0) == trials.Outturn(0.1)
    found = trials.plated_after(sick, 0.4, 0.0, stripped=0.0)
    assert found.outcome is Outcome.determined
    assert found.value < trials.PLATED
    before = trials.plated_after(sick, 0.4, 0.0, before=(0.1,))
    assert before.outcome is Outcome.not_found
    assert math.isnan(before.value)


def test_contact_lost_before_plating_shorts_earlier_and_rest_helps() -> None:
    """Where contact heals in a minute, an hour of rest makes the face as good as new."""
    frail = NAK50.replace(**{"loss.heal": 60.0, "loss.rate": 0.1})
    none, rested = (trials.plated_after(frail, 0.7, rest).value for rest in (0.0, 3600.0))
    fresh = trials.plated_after(frail, 0.7, 0.0, stripped=0.0).value
    assert none < rested
    assert rested == pytest.approx(fresh, rel=0.1)


def test_what_cannot_be_stripped_is_said() -> None:
    """A current beyond the limiting one ends the trial with a word."""
    weak = NAK50.replace(**{"layer.density": 1e-5})
    found = trials.critical(weak, (0.3, 0.4), 600.0)
    assert found.outcome is Outcome.not_found
    assert math.isnan(found.value)
    assert trials.plated_after(weak, 0.4, 0.0).outcome is Outcome.not_found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("current", "on", "rest"), [(1.0, 1.0, 2.0), (1.0, 1.0, 1.0), (1.0, 2.0, 4.0)]
)
def test_the_brisk_speed_is_as_exact_as_it_says(current: float, on: float, rest: float) -> None:
    """Within the 5 % of the module's text."""
    brisk = trials.pulsed(NAK50, current, on, rest).value
    assert brisk == pytest.approx(trials.pulsed(NAK50, current, on, rest, POLISH).value, rel=0.05)
