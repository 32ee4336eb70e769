"""One mechanism taken out of a calibrated cell at a time, and what that does.

Nothing is fitted again: in a new fit what is left may do part of what was taken away. So a knockout
shows what the cell uses a mechanism for, not that nature could not do without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, final

import numpy as np

from anodescope.cell import AtLiquidus, Cell, PowerLoss, ThresholdLoss
from anodescope.cell.engine import repeated
from anodescope.errors import Outcome
from anodescope.inference import trials
from anodescope.inference.quick import HOLD, STAIRS, SWEEP, Stand
from anodescope.inference.trials import BRISK, NAN, Outturn
from anodescope.running import Run

# The paper's pulses with the longest rest (mA/cm², s), and the plating of its in situ cell.
PULSES = (1.0, 1.0, 10.0)
PLATED_AT = 0.7
SLOW = np.array([1e-2])  # Hz
# "Heals faster" is by this factor; the poorer alloy of the paper (wt % K).
FASTER, POORER = 10.0, 65.0


@final
@dataclass(frozen=True, slots=True)
class Knockout:
    """What one change does to one quantity.

    Attributes
    ----------
    key, change : name; what was changed, as a phrase.
    quantity, unit : what was looked at.
    before, after : of the calibrated cell, and of the changed one; NaN where there is none.
    before_outcome, after_outcome : censored: at least that.
    """

    key: str
    change: str
    quantity: str
    unit: str
    before: float
    before_outcome: Outcome
    after: float
    after_outcome: Outcome

    @property
    def ratio(self) -> float:
        """After over before."""
        return self.after / self.before if self.before else NAN

    def sentence(self) -> str:
        """Return the change and both numbers."""
        one = _said(self.before, self.before_outcome)
        two = _said(self.after, self.after_outcome)
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.change}: {self.quantity} {one} → {two}{unit}"


def _said(value: float, outcome: Outcome) -> str:
    if value != value:
        return "none"
    return f"{'above ' if outcome is Outcome.censored else ''}{value:.3g}"


@final
@dataclass(frozen=True, slots=True)
class _Change:
    key: str
    change: str
    quantity: str
    unit: str
    measure: Callable[[Cell], Outturn]
    changed: Callable[[Cell], Cell | None]


def knockouts(cell: Cell | None = None, run: Run | None = None) -> list[Knockout]:
    """Take one mechanism after the other out of a cell.

    Parameters
    ----------
    cell : calibrated, an alloy; None: the preset NaK50.
    run : progress and interruption.

    Returns
    -------
    One entry per change that the cell has the law for. About 2 s on one core.

    Raises
    ------
    Cancelled
        when the run says so.
    """
    cell = cell or Cell.preset("NaK50")
    job = partial(_done, cell=cell)
    found = (run or Run()).each("knock-outs", job, _changes())
    return [one for one in found if one is not None]


def _done(change: _Change, cell: Cell) -> Knockout | None:
    other = change.changed(cell)
    if other is None:
        return None
    one, two = change.measure(cell), change.measure(other)
    return Knockout(
        change.key, change.change, change.quantity, change.unit, one.value, one.outcome,
        two.value, two.outcome,
    )  # fmt: skip


def _changes() -> list[_Change]:
    current, on, rest = PULSES
    pulses = partial(trials.pulsed, current=current, on=on, rest=rest)
    charge = f"charge of pulses of {on:g} s with {rest:g} s of rest"
    short = partial(trials.plated_after, current=PLATED_AT, rest=0.0, stripped=0.0)
    ratio = f"threshold of NaK{POORER:g} over that of the alloy"
    return [
        _Change("layer", "without the layer", "threshold", "mA/cm²", trials.threshold,
                without_layer),
        _Change("loss_threshold", "without loss of contact", "threshold", "mA/cm²",
                trials.threshold, without_loss),
        _Change("loss_pulses", "without loss of contact", charge, "mAh/cm²", pulses, without_loss),
        _Change("heal_pulses", f"contact heals {FASTER:g} times faster", charge, "mAh/cm²",
                pulses, healing_faster),
        _Change("liquidus", "the layer fails at the K liquidus, at the same limiting current",
                ratio, "1", composition_ratio, at_liquidus),
        _Change("deposit", "the deposit adds no contact", "R of the interface, plated over fresh",
                "1", plated_resistance, full_contact),
        _Change("focus", "full contact", f"charge plated to a short at {PLATED_AT:g} mA/cm²",
                "mAh/cm²", short, full_contact),
    ]  # fmt: skip


def without_layer(cell: Cell) -> Cell | None:
    """Return the cell without a limit by diffusion."""
    return None if cell.layer is None else cell.replace(layer=None)


def without_loss(cell: Cell) -> Cell | None:
    """Return the cell without loss of contact."""
    return None if cell.loss is None else cell.replace(loss=None)


def healing_faster(cell: Cell) -> Cell | None:
    """Return the cell with its contact healing faster; None for a law without such a time."""
    if not isinstance(cell.loss, PowerLoss | ThresholdLoss):
        return None
    return cell.replace(loss=replace(cell.loss, heal=cell.loss.heal / FASTER))


def full_contact(cell: Cell) -> Cell | None:
    """Return the cell whose face conducts everywhere, R per face as it was."""
    return cell.replace(**{"deposit.contact": 1.0})


def at_liquidus(cell: Cell) -> Cell | None:
    """Return the cell failing at the K liquidus, with the same limiting current while fresh."""
    layer: Any = cell.layer
    x = getattr(cell.reservoir, "sodium_fraction", None)
    if layer is None or x is None:
        return None
    shared = {item.name for item in fields(AtLiquidus)} & {item.name for item in fields(layer)}
    made = AtLiquidus(**{name: getattr(layer, name) for name in shared})
    kelvin = cell.temperature
    gain = (x - layer.threshold(kelvin)) / (x - made.threshold(kelvin))
    return cell.replace(layer=replace(made, density=layer.density * gain))


def composition_ratio(cell: Cell) -> Outturn:
    """Return the threshold of the poorer alloy over that of the cell's own."""
    own = trials.threshold(cell)
    poorer = trials.threshold(cell.replace(**{"reservoir.potassium_percent": POORER}))
    if Outcome.determined is not own.outcome or own.value <= 0.0:
        return Outturn(NAN, own.outcome, own.note)
    return Outturn(poorer.value / own.value, poorer.outcome, poorer.note)


def plated_resistance(cell: Cell) -> Outturn:
    """Return the interface's resistance at the end of the plating staircase over the fresh one's.

    At 10 mHz and one instant: the area of γ would also tell how much of the arc lies within the
    frequencies of the paper, which moves.
    """
    stand = Stand(cell, BRISK)
    fresh = _resistance(stand)
    for current in STAIRS:
        stand.hold(-float(current), HOLD + SWEEP)
    return Outturn(_resistance(stand, -float(STAIRS[-1])) / fresh)


def _resistance(stand: Stand, current: float = 0.0) -> float:
    through = stand.cell.electrolyte_impedance(SLOW)
    alloy = stand.engine.impedance(repeated(stand.engine.now(), SLOW.size), SLOW, through, current)
    return float(alloy[0][0].real)
