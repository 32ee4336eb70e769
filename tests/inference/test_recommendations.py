"""Recommendations: who wins is told by the numbers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.cell import Cell
from anodescope.errors import Outcome
from anodescope.inference import recommendations as module
from anodescope.inference import trials
from anodescope.inference.recommendations import (
    SAME,
    Recommendation,
    Winner,
    headline,
    recommendations,
)
from anodescope.inference.trials import NAN, Outturn

NAK50 = Cell.preset("NaK50")
CHARGES = st.floats(0.01, 100.0)


@pytest.fixture(scope="module")
def found() -> list[Recommendation]:
    """Return the comparisons on the preset."""
    return recommendations(NAK50)


@given(one=CHARGES, two=CHARGES)
def test_the_larger_wins_unless_they_are_alike(one: float, two: float) -> None:
    """Exchanging the conditions exchanges the winner."""
    here = module._winner(Outturn(one), Outturn(two))
    there = module._winner(Outturn(two), Outturn(one))
    swapped = {Winner.first: Winner.second, Winner.second: Winner.first}
    assert there is swapped.get(here, Winner.neither)
    if max(one, two) > min(one, two) * (1.0 + 2.0 * SAME):
        assert here is (Winner.first if one > two else Winner.second)


def test_what_has_no_number_wins_nothing() -> None:
    """A trial that ended before."""
    assert module._winner(Outturn(NAN, note="ended"), Outturn(1.0)) is Winner.neither
    assert "ended" in module.told(Outturn(NAN, note="ended"))
    assert "at least" in module.told(Outturn(1.0, Outcome.censored))


def test_a_cell_that_nothing_limits_gives_all_its_sodium_either_way() -> None:
    """Without layer, loss and much resistance a pulse is a current with pauses: neither wins."""
    free = NAK50.replace(layer=None, loss=None)
    asked = module._means()[1]
    one = module._tried(asked, free)
    assert one.wins is Winner.neither
    assert one.first_value == pytest.approx(one.second_value, rel=SAME)


def test_sentences_name_both_numbers(found: list[Recommendation]) -> None:
    """What is printed is what was computed."""
    for one in found:
        assert f"{one.first_value:.3g}" in one.sentence
        assert f"{one.second_value:.3g}" in one.sentence
        assert one.unit == "mAh/cm²"


def test_sentences_begin_with_what_was_asked(found: list[Recommendation]) -> None:
    """No sentence says who wins before it says at what; plating names what came before it."""
    starts = {
        "equal_mean": "At equal mean current (",
        "equal_peak": "At equal peak current (",
        "slightly": "How long a rest after each pulse of ",
        "rest_before": "Rest before plating, after the staircase before it (",
    }
    for one in found:
        (start,) = (words for key, words in starts.items() if one.key.startswith(key))
        assert one.sentence.startswith(start)
        assert "win" in one.sentence.partition(": ")[2]
        assert (module.STAIRS in one.question) is one.key.startswith("rest_before")


def test_a_fresh_cell_takes_more_to_a_short_than_one_after_the_staircase(
    found: list[Recommendation],
) -> None:
    """The staircase plates and loses contact: both bring the filament on."""
    (one,) = (one for one in found if one.key == "rest_before_plating_3600s")
    fresh = trials.plated_after(NAK50, module.SHORTED, 3600.0).value
    assert one.first_value < fresh


@pytest.mark.parametrize("parts", [("layer",), ("loss",), ("filament",), ("layer", "loss")])
def test_cells_without_a_part_are_tried_all_the_same(parts: tuple[str, ...]) -> None:
    """Nothing asks a part that is not there."""
    bare = NAK50.replace(**dict.fromkeys(parts))
    for asked in (*module._means()[:1], *module._peaks()[:1], *module._plating()[:1]):
        assert module._tried(asked, bare).sentence.startswith(asked.opening)


def test_the_same_bits_again(found: list[Recommendation]) -> None:
    """Nothing is drawn."""
    assert recommendations(NAK50) == found


@pytest.mark.parametrize(
    ("wins", "start"),
    [
        (Winner.second, "Constant current wins at an equal mean"),
        (Winner.first, "Pulses win at an equal mean"),
    ],
)
def test_the_headline_begins_with_who_wins_at_equal_mean(
    found: list[Recommendation], wins: Winner, start: str
) -> None:
    """Either way round; constant current first where it wins at all."""
    all_of_them = [replace(one, wins=wins) for one in found]
    assert headline(all_of_them).startswith(start)
    mixed = [replace(all_of_them[0], wins=Winner.second), *all_of_them[1:]]
    assert headline(mixed).startswith("Constant current wins")


def test_the_headline_of_nothing_is_nothing() -> None:
    """No comparison, no sentence."""
    assert headline([]) == ""
