"""What the calibrated cells say of conditions that no row was read off, with bands.

A band is the least and the most of the ensemble's members: how far the fitted numbers leave it
open. Errors of the laws themselves are in none of them, so bands are lower bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, final

from anodescope.cell import Arrhenius, Cell
from anodescope.errors import Outcome, SettingsError
from anodescope.inference import trials
from anodescope.inference.trials import NAN, Outturn
from anodescope.running import Run

Trial = Callable[[Cell], Outturn]

# Pulses that are compared with others: 1 s at 1 mA/cm² and 2 s of rest (current, on, rest).
PULSES = (1.0, 1.0, 2.0)
COMPOSITIONS = (45.0, 55.0, 60.0, 70.0)
# No activation energy of the layer is known (kJ/mol): a fast liquid's, and that of a solid.
ENERGIES = (20.0, 50.0)
CELSIUS = (40.0, 60.0)
LENGTHS = (0.5, 2.0, 5.0)
PULSE_CURRENTS = (0.5, 0.75, 1.5, 2.0)
HALF_CYCLES = (600.0, 1800.0, 3600.0, 7200.0)
CCD_CURRENTS = tuple(round(0.05 * k, 10) for k in range(1, 21))
RESTS = (0.0, 35.0, 3600.0, 54000.0)
NIGHT = 54000.0
CURRENT, CHARGE = "mA/cm²", "mAh/cm²"
THRESHOLD = "threshold"
PULSED = "charge of pulses to 3 V"


@final
@dataclass(frozen=True, slots=True)
class Prediction:
    """One number that nobody has measured.

    Attributes
    ----------
    group, condition, quantity : what is changed; to what; what is predicted.
    value : of the best cell; NaN where there is none, a bound where `outcome` says censored.
    low, high : least and most of all cells that gave a value or a bound, the best included.
    unit : mA/cm² or mAh/cm².
    members : number of cells in the band.
    outcome : of the best cell. note : what was assumed, what ended it, or why it was refused.
    """

    group: str
    condition: str
    quantity: str
    value: float
    low: float
    high: float
    unit: str
    members: int
    outcome: Outcome
    note: str = ""


@final
@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: how the cell is changed, and the trial that it is put through."""

    group: str
    condition: str
    quantity: str
    unit: str
    trial: Trial
    change: Callable[[Cell], Cell]
    note: str = ""


def predictions(cells: Sequence[Cell], run: Run | None = None) -> list[Prediction]:
    """Predict what is in no target.

    Parameters
    ----------
    cells : NaK50 of the calibrated ensemble, the best one first.
    run : progress and interruption; its `map` may spread the cells over processes.

    Returns
    -------
    One prediction per condition, in the order of `conditions`. About 2 s per cell on one core.

    Raises
    ------
    SettingsError
        without a cell.
    Cancelled
        when the run says so.
    """
    if not cells:
        raise SettingsError("predictions, cells: expected one cell or more, found none.")
    made = list((run or Run()).each("predictions", outturns, list(cells)))
    return [
        _banded(condition, [one[k] for one in made]) for k, condition in enumerate(conditions())
    ]


def outturns(cell: Cell) -> list[Outturn]:
    """Return what one cell gives in each condition, in their order."""
    return [_outturn(condition, cell) for condition in conditions()]


def _outturn(condition: Condition, cell: Cell) -> Outturn:
    try:
        return condition.trial(condition.change(cell))
    except SettingsError as error:  # not liquid, or out of range: a prediction of its own
        return Outturn(NAN, Outcome.not_decidable, f"refused: {error}")


def _banded(condition: Condition, found: Sequence[Outturn]) -> Prediction:
    best = found[0]
    told = (Outcome.determined, Outcome.censored)
    values = [one.value for one in found if one.outcome in told and one.value == one.value]
    bounds = sum(one.outcome is Outcome.censored for one in found)
    notes = [condition.note, best.note]
    if bounds:
        notes.append(f"{bounds} of {len(found)} cells give a lower bound only")
    if values and len(values) < len(found):
        notes.append(f"{len(found) - len(values)} of {len(found)} cells give no value")
    return Prediction(
        condition.group, condition.condition, condition.quantity, best.value,
        min(values, default=NAN), max(values, default=NAN), condition.unit, len(values),
        best.outcome, "; ".join(note for note in notes if note),
    )  # fmt: skip


def conditions() -> list[Condition]:
    """Return the conditions, in the order of the report."""
    return [*_compositions(), *_numbers(), *_temperatures(), *_pulses(), *_cycles(), *_rests()]


def _same(cell: Cell) -> Cell:
    return cell


def _alloyed(cell: Cell, percent: float) -> Cell:
    return cell.replace(**{"reservoir.potassium_percent": percent})


def _compositions() -> Iterator[Condition]:
    for percent in COMPOSITIONS:
        change = partial(_alloyed, percent=percent)
        yield Condition("composition", f"NaK{percent:g}", THRESHOLD, CURRENT, trials.threshold,
                        change)  # fmt: skip


def _scaled(cell: Cell, paths: Sequence[tuple[str, float]]) -> Cell:
    """Return the cell with numbers times factors; refuse where it has no such number."""
    changes = {}
    for path, factor in paths:
        part, name = path.split(".")
        value = getattr(getattr(cell, part), name, None)
        if value is None:
            raise SettingsError(
                f"Prediction, {path}: expected a cell that has this number, found none; put a "
                f"{part} into the cell."
            )
        changes[path] = value * factor
    return cell.replace(**changes)


def doubled_contact(cell: Cell) -> Cell:
    """Return the cell with twice the touched face, contacts much wider than the layer.

    The flux of the layer, 1/R and C per face double; δ²/D and x_c stay. More than the whole face
    cannot be touched: from a0 = 0.5 on it is less than twice.

    Raises
    ------
    SettingsError
        for a cell without a layer.
    """
    gain = min(2.0, 1.0 / cell.deposit.contact)
    return _scaled(cell, [
        ("layer.density", gain), ("capacitance.pseudo", gain), ("capacitance.double_layer", gain),
        ("deposit.contact", gain), ("kinetics.charge_transfer", 1.0 / gain),
        ("kinetics.sheet", 1.0 / gain),
    ])  # fmt: skip


def _numbers() -> Iterator[Condition]:
    changes = (
        ("the calibrated cell", _same, "for comparison"),
        ("D doubled", partial(_scaled, paths=[("layer.diffusivity", 2.0)]), ""),
        ("δ doubled", partial(_scaled, paths=[("layer.thickness", 2.0)]), ""),
        ("contact doubled", doubled_contact, "contacts much wider than the layer"),
    )
    for says, change, note in changes:
        yield Condition("one number", says, THRESHOLD, CURRENT, trials.threshold, change, note)
        yield Condition("one number", says, PULSED, CHARGE, _train(*PULSES), change, note)


def _train(current: float, on: float, rest: float) -> Trial:
    return partial(trials.pulsed, current=current, on=on, rest=rest)


def activated(cell: Cell, energy: float, celsius: float) -> Cell:
    """Return the cell at a temperature (°C), each law with rates at one activation energy (kJ/mol).

    Raises
    ------
    SettingsError
        for a temperature at which the alloy is not liquid, or one out of range.
    """
    changes: dict[str, Any] = {"temperature": 273.15 + celsius}
    for item in fields(cell):
        if hasattr(getattr(cell, item.name), "activation"):
            changes[f"{item.name}.activation"] = Arrhenius(energy)
    return cell.replace(**changes)


def _temperatures() -> Iterator[Condition]:
    for celsius in CELSIUS:
        for energy in ENERGIES:
            says = f"{celsius:g} °C, {energy:g} kJ/mol"
            note = "assumed: one activation energy for every rate; C and x_c do not change"
            change = partial(activated, energy=energy, celsius=celsius)
            yield Condition("temperature", says, THRESHOLD, CURRENT, trials.threshold, change, note)
            yield Condition("temperature", says, PULSED, CHARGE, _train(*PULSES), change, note)


def _pulses() -> Iterator[Condition]:
    current, on, rest = PULSES
    for length in LENGTHS:
        pause = length * rest / on
        says = f"{length:g} s at {current:g} mA/cm², {pause:g} s of rest"
        trial = _train(current, length, pause)
        yield Condition("pulse length at one duty", says, PULSED, CHARGE, trial, _same)
    for size in PULSE_CURRENTS:
        says = f"{on:g} s at {size:g} mA/cm², {rest:g} s of rest"
        yield Condition("pulse current", says, PULSED, CHARGE, _train(size, on, rest), _same)


def _cycles() -> Iterator[Condition]:
    for half in HALF_CYCLES:
        trial = partial(trials.critical, currents=CCD_CURRENTS, half_cycle=half)
        yield Condition(
            "half-cycle of the critical current", f"{half / 60:g} min, stairs of 0.05 mA/cm²",
            "first current that shorts", CURRENT, trial, _same,
        )  # fmt: skip


def _rests() -> Iterator[Condition]:
    for rest in RESTS:
        trial = partial(trials.plated_after, current=0.4, rest=rest)
        yield Condition(
            "strip, rest, plate", f"1 h at 0.4 mA/cm², {rested(rest)}, then plated at 0.4",
            "charge plated to a short", CHARGE, trial, _same,
            f"a fresh cell, no staircase before; plating ends at {trials.PLATED:g} mAh/cm²",
        )  # fmt: skip
    yield Condition(
        "rest after failure", "pulses to 3 V, 15 h of rest, pulses to 3 V again",
        "charge of the second train", CHARGE, _second, _same, "1 s at 1 mA/cm², 2 s of rest",
    )  # fmt: skip


def _second(cell: Cell) -> Outturn:
    return trials.resumed(cell, *PULSES, pause=NIGHT)[1]


def rested(seconds: float) -> str:
    """Return a rest as words."""
    if seconds == 0.0:
        return "no rest"
    if seconds < 60.0:
        return f"{seconds:g} s of rest"
    if seconds < 3600.0:
        return f"{seconds / 60.0:g} min of rest"
    return f"{seconds / 3600.0:g} h of rest"
