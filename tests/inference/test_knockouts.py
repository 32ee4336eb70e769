"""Knock-outs: taking away what is not there does nothing."""

import numpy as np
import pytest

from anodescope.cell import Cell, ThresholdLoss
from anodescope.errors import Outcome
from anodescope.inference import knockouts as module
from anodescope.inference.knockouts import Knockout, knockouts

NAK50 = Cell.preset("NaK50")


def test_laws_that_the_cell_does_not_have_are_left_out() -> None:
    """No layer and no loss: nothing to take away but the contact of the deposit."""
    bare = NAK50.replace(layer=None, loss=None, **{"deposit.contact": 1.0}, filament=None)
    found = {one.key: one for one in knockouts(bare)}
    assert set(found) == {"deposit", "focus"}
    assert found["deposit"].ratio == pytest.approx(1.0)
    assert found["focus"].before_outcome is Outcome.censored


@pytest.mark.parametrize("part", ["layer", "loss", "filament", "pattern"])
def test_a_cell_without_a_part_is_knocked_out_in_the_others(part: str) -> None:
    """Every entry has numbers or says none; those of the missing part are left out."""
    found = {one.key for one in knockouts(NAK50.replace(**{part: None}))}
    gone = {
        "layer": {"layer", "liquidus"},
        "loss": {"loss_threshold", "loss_pulses", "heal_pulses"},
    }
    assert found == {one.key for one in module._changes()} - gone.get(part, set())


def test_the_liquidus_keeps_the_limiting_current_of_the_fresh_cell() -> None:
    """κ times what is accessible is the limiting current of a patch."""
    other = module.at_liquidus(NAK50)
    assert other is not None
    x = NAK50.reservoir.sodium_fraction
    one, two = (
        cell.numbers().kappa * (x - cell.layer.threshold(cell.temperature))
        for cell in (NAK50, other)
    )
    assert two == pytest.approx(one)
    assert other.numbers().tau == pytest.approx(NAK50.numbers().tau)


def test_without_a_layer_the_ratio_of_compositions_is_none() -> None:
    """No threshold to divide by."""
    assert np.isnan(module.composition_ratio(NAK50.replace(layer=None)).value)


@pytest.mark.parametrize("loss", [NAK50.loss, ThresholdLoss()])
def test_healing_faster_changes_that_alone(loss: object) -> None:
    """For each law that has a time of healing; None where there is no loss."""
    cell = NAK50.replace(loss=loss)
    other = module.healing_faster(cell)
    assert other is not None
    assert other.loss.heal == pytest.approx(loss.heal / module.FASTER)
    assert other.replace(loss=loss) == cell
    assert module.healing_faster(NAK50.replace(loss=None)) is None


def test_a_deposit_that_adds_contact_lowers_the_resistance() -> None:
    """R goes with the contact that the deposit adds, so a0 in place of 1 makes it fall more."""
    half = NAK50.replace(**{"deposit.contact": 0.5})
    full = NAK50.replace(**{"deposit.contact": 1.0})
    less, same = (module.plated_resistance(cell).value for cell in (half, full))
    assert less < same
    assert less > 0.5 * same  # no more than all of the missing half


def test_the_sentence_has_both_numbers_and_says_bounds() -> None:
    """And a number that is not there is none."""
    made = Knockout("key", "without it", "charge", "mAh/cm²", 1.5, Outcome.determined,
                    3.0, Outcome.censored)  # fmt: skip
    assert made.sentence() == "without it: charge 1.5 → above 3 mAh/cm²"
    assert made.ratio == pytest.approx(2.0)
    none = Knockout("key", "c", "q", "1", float("nan"), Outcome.not_found, 1.0, Outcome.determined)
    assert "none → 1" in none.sentence()
