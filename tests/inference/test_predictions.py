"""Predictions: bands, temperatures, and what is refused."""

from dataclasses import replace
from functools import partial

import pytest

from anodescope.cell import Arrhenius, Cell
from anodescope.errors import Outcome, SettingsError
from anodescope.inference import predictions as module
from anodescope.inference.predictions import (
    Condition,
    activated,
    conditions,
    doubled_contact,
    predictions,
)
from anodescope.inference.trials import Outturn

NAK50 = Cell.preset("NaK50")


def spread_of(cell: Cell) -> Outturn:
    """Stand in for a trial: a number of the cell."""
    return Outturn(cell.layer.spread)


def one_condition(change=lambda cell: cell) -> list[Condition]:
    """Return a condition that is cheap."""
    return [Condition("group", "condition", "spread", "1", spread_of, change)]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Predict a number that is known."""
    monkeypatch.setattr(module, "conditions", one_condition)


def test_a_band_is_from_the_least_to_the_most_and_the_best_is_the_first(cheap: None) -> None:
    """Three members whose numbers are known."""
    cells = [NAK50.replace(**{"layer.spread": value}) for value in (0.3, 0.1, 0.4)]
    (found,) = predictions(cells)
    assert (found.value, found.low, found.high, found.members) == (0.3, 0.1, 0.4, 3)
    assert found.outcome is Outcome.determined


def test_one_cell_has_a_band_of_no_width(cheap: None) -> None:
    """And no cell at all is refused."""
    (found,) = predictions([NAK50])
    assert found.low == found.value == found.high
    with pytest.raises(SettingsError, match="found none"):
        predictions([])


def test_a_condition_that_cannot_be_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """NaK50 is of two phases at 5 °C: no number, and the reason."""
    cold = partial(activated, energy=20.0, celsius=5.0)
    monkeypatch.setattr(module, "conditions", lambda: one_condition(cold))
    (found,) = predictions([NAK50, NAK50])
    assert found.value != found.value
    assert found.members == 0
    assert found.outcome is Outcome.not_decidable
    assert found.note.startswith("refused:")


@pytest.mark.parametrize("part", ["layer", "loss", "filament", "pattern"])
def test_a_cell_without_a_part_is_refused_where_it_matters_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """What scales the layer is refused in one sentence; every other condition goes on."""
    quick = [replace(one, trial=lambda cell: Outturn(1.0)) for one in conditions()]
    monkeypatch.setattr(module, "conditions", lambda: quick)
    found = predictions([NAK50.replace(**{part: None})])
    refused = {one.condition for one in found if one.outcome is Outcome.not_decidable}
    needed = {"D doubled", "δ doubled", "contact doubled"} if part == "layer" else set()
    assert refused == needed
    for one in found:
        if one.condition in refused:
            assert one.value != one.value
            assert "refused: Prediction, layer." in one.note
            assert one.note.count(". ") == 0
        else:
            assert one.value == 1.0


def test_what_was_not_found_is_in_no_band(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that gave nothing widens nothing, whatever stands in its value."""
    given = iter([Outturn(0.3), Outturn(0.05, Outcome.not_found, "3 V"), Outturn(0.4)])
    made = Condition("g", "c", "q", "1", lambda cell: next(given), lambda cell: cell)
    monkeypatch.setattr(module, "conditions", lambda: [made])
    (found,) = predictions([NAK50] * 3)
    assert (found.low, found.high, found.members) == (0.3, 0.4, 2)
    assert "1 of 3 cells give no value" in found.note


def test_bounds_in_a_band_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A censored member makes the band a bound."""
    made = Condition("g", "c", "q", "1", lambda cell: Outturn(1.0, Outcome.censored),
                     lambda cell: cell)  # fmt: skip
    monkeypatch.setattr(module, "conditions", lambda: [made])
    (found,) = predictions([NAK50, NAK50])
    assert "2 of 2 cells give a lower bound only" in found.note


def test_at_room_temperature_an_activation_energy_changes_nothing() -> None:
    """Arrhenius' factor is 1 at 25 °C."""
    warm, plain = activated(NAK50, 50.0, 25.0).numbers(), NAK50.numbers()
    assert warm.p == pytest.approx(plain.p, rel=1e-12, nan_ok=True)
    assert warm.tau == pytest.approx(plain.tau)


def test_every_rate_has_the_energy_and_the_layer_goes_with_it() -> None:
    """δ²/D falls by Arrhenius' factor."""
    warm = activated(NAK50, 50.0, 60.0)
    factor = Arrhenius(50.0).factor(333.15)
    assert NAK50.numbers().tau / warm.numbers().tau == pytest.approx(factor)
    for law in (warm.layer, warm.kinetics, warm.loss, warm.deposit, warm.electrolyte):
        assert law.activation == Arrhenius(50.0)


def test_doubled_contact_doubles_flux_and_capacitance_and_keeps_the_time() -> None:
    """κ ∝ contact; δ²/D stays; a face cannot be touched more than all over."""
    cell = NAK50.replace(**{"deposit.contact": 0.3})
    more, before = doubled_contact(cell).numbers(), cell.numbers()
    assert more.kappa == pytest.approx(2.0 * before.kappa)
    assert more.tau == pytest.approx(before.tau)
    assert doubled_contact(cell).kinetics.sheet == pytest.approx(cell.kinetics.sheet / 2.0)
    full = doubled_contact(NAK50.replace(**{"deposit.contact": 0.8}))
    assert full.deposit.contact == pytest.approx(1.0)
    assert full.layer.density == pytest.approx(NAK50.layer.density / 0.8)


def test_conditions_are_different_and_have_units() -> None:
    """No two of the same name and quantity."""
    found = conditions()
    names = [(one.group, one.condition, one.quantity) for one in found]
    assert len(set(names)) == len(names)
    assert {one.unit for one in found} == {"mA/cm²", "mAh/cm²"}


@pytest.mark.slow
def test_all_of_them_for_one_cell_and_the_same_bits_again() -> None:
    """Every condition of the issue has a number or a reason, and poorer alloys lower thresholds."""
    found = predictions([NAK50])
    assert found == predictions([NAK50])
    for one in found:
        assert one.value == one.value or one.note
    thresholds = [one.value for one in found if one.group == "composition"]
    assert thresholds == sorted(thresholds, reverse=True)
