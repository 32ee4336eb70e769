"""What the paper recommends, tried on the cell: pulses or constant current, rest before plating.

Each comparison has two conditions and a number for both. What is better is told by the numbers,
whichever way it comes out. Everything is predicted by the calibrated cell; none of it was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import final

from anodescope.cell import Cell
from anodescope.errors import Outcome
from anodescope.inference import trials
from anodescope.inference.predictions import CHARGE, NIGHT, Trial, rested
from anodescope.inference.trials import Outturn
from anodescope.running import Run

# Pulses of the paper (mA/cm², s), and rests that make them a half, a third, a sixth on average.
PEAK, ON = 1.0, 1.0
MEAN_RESTS = (1.0, 2.0, 5.0)
# "Slightly longer than the pulse" and "long", as factors: the paper rests 10 s at most after 1 s.
SLIGHTLY, LONG = 1.25, 10.0
LONG_ON = 5.0
# The paper's critical current test before the half-cycle in question (mA/cm²), and that one's. A
# cell that went through it shorts earlier than a fresh one, which predictions.py plates.
BEFORE, SHORTED = (0.05, 0.1, 0.2), 0.4
STAIRS = f"after the staircase before it (1 h each way at {', '.join(map(str, BEFORE))} mA/cm²)"
PLATE_RESTS = (600.0, 3600.0, 4 * 3600.0, NIGHT)
# Two charges that differ by less are called equal: what the brisk cell is wrong by.
SAME = 0.05


class Winner(Enum):
    """Which of two conditions gave more; the value is the word that is printed."""

    first = "first"
    second = "second"
    neither = "neither"


@final
@dataclass(frozen=True, slots=True)
class Recommendation:
    """One comparison.

    Attributes
    ----------
    key, question : name; what was asked.
    first, second : the conditions; the first is the one that is recommended.
    first_value, second_value, unit : what they gave.
    first_outcome, second_outcome : censored: at least that.
    wins : which gave more; less than 5 % apart is neither.
    sentence : what was asked, and the answer with its numbers.
    """

    key: str
    question: str
    first: str
    first_value: float
    first_outcome: Outcome
    second: str
    second_value: float
    second_outcome: Outcome
    unit: str
    wins: Winner
    sentence: str


@final
@dataclass(frozen=True, slots=True)
class _Asked:
    """A comparison that is to be made: two trials, and the words that its sentence begins with."""

    key: str
    question: str
    opening: str
    first: str
    one: Trial
    second: str
    two: Trial


def recommendations(cell: Cell | None = None, run: Run | None = None) -> list[Recommendation]:
    """Try what is recommended.

    Parameters
    ----------
    cell : calibrated, an alloy; None: the preset NaK50.
    run : progress and interruption.

    Returns
    -------
    The comparisons at equal mean current, at equal peak current, of rests hardly longer than the
    pulse, and of rests between stripping and plating. About 1 s on one core.

    Raises
    ------
    Cancelled
        when the run says so.
    """
    cell = cell or Cell.preset("NaK50")
    asked = [*_means(), *_peaks(), *_slightly(), *_plating()]
    job = partial(_tried, cell=cell)
    return list((run or Run()).each("recommendations", job, asked))


def _tried(asked: _Asked, cell: Cell) -> Recommendation:
    one, two = asked.one(cell), asked.two(cell)
    wins = _winner(one, two)
    return Recommendation(
        asked.key, asked.question, asked.first, one.value, one.outcome, asked.second, two.value,
        two.outcome, CHARGE, wins, _sentence(asked, one, two, wins),
    )  # fmt: skip


def _winner(one: Outturn, two: Outturn) -> Winner:
    if not (one.value == one.value and two.value == two.value):
        return Winner.neither
    if one.value > two.value * (1.0 + SAME):
        return Winner.first
    return Winner.second if two.value > one.value * (1.0 + SAME) else Winner.neither


def _sentence(asked: _Asked, one: Outturn, two: Outturn, wins: Winner) -> str:
    first, second = f"{asked.first} {told(one)}", f"{asked.second} {told(two)}"
    if wins is Winner.second:
        found = f"{asked.second} wins: {told(two)} against {told(one)} with {asked.first}"
    elif wins is Winner.first:
        found = f"{asked.first} wins: {told(one)} against {told(two)} with {asked.second}"
    else:
        found = f"neither wins: {first}, {second}"
    return f"{asked.opening}: {found}."


def told(outturn: Outturn) -> str:
    """Return a charge as words."""
    if outturn.value != outturn.value:
        return f"nothing ({outturn.note})"
    return f"{bounded(outturn.value, outturn.outcome)} {CHARGE}"


def _train(on: float, rest: float) -> Trial:
    return partial(trials.pulsed, current=PEAK, on=on, rest=rest, speed=trials.BRISK)


def _held(current: float) -> Trial:
    return partial(trials.held, current=current, speed=trials.BRISK)


def _pulses(on: float, rest: float) -> str:
    return f"pulsed current ({on:g} s at {PEAK:g} mA/cm², {rest:g} s of rest)"


def _means() -> list[_Asked]:
    means = [(rest, PEAK * ON / (ON + rest)) for rest in MEAN_RESTS]
    return [
        _Asked(
            f"equal_mean_{mean:.3g}", f"Pulsed or constant, at an equal mean of {mean:.3g} mA/cm²?",
            f"At equal mean current ({mean:.3g} mA/cm²)",
            _pulses(ON, rest), _train(ON, rest),
            f"constant current ({mean:.3g} mA/cm²)", _held(mean),
        )
        for rest, mean in means
    ]  # fmt: skip


def _peaks() -> list[_Asked]:
    return [
        _Asked(
            f"equal_peak_{rest:g}s", f"Pulsed or constant, at an equal peak of {PEAK:g} mA/cm²?",
            f"At equal peak current ({PEAK:g} mA/cm²)",
            _pulses(ON, rest), _train(ON, rest),
            f"constant current ({PEAK:g} mA/cm²)", _held(PEAK),
        )
        for rest in MEAN_RESTS[1:]
    ]  # fmt: skip


def _slightly() -> list[_Asked]:
    return [
        _Asked(
            f"slightly_longer_{on:g}s", f"Does a rest slightly longer than a pulse of {on:g} s do?",
            f"How long a rest after each pulse of {on:g} s",
            _pulses(on, SLIGHTLY * on), _train(on, SLIGHTLY * on),
            _pulses(on, LONG * on), _train(on, LONG * on),
        )
        for on in (ON, LONG_ON)
    ]  # fmt: skip


def _plating() -> list[_Asked]:
    def plated(rest: float) -> Trial:
        return partial(
            trials.plated_after, current=SHORTED, rest=rest, before=BEFORE, speed=trials.BRISK
        )

    return [
        _Asked(
            f"rest_before_plating_{rest:g}s",
            f"Does a rest between stripping and plating keep the short at {SHORTED:g} mA/cm² away, "
            f"{STAIRS}?",
            f"Rest before plating, {STAIRS}",
            f"{rested(rest)} before plating at {SHORTED:g} mA/cm²", plated(rest),
            f"no rest before plating at {SHORTED:g} mA/cm²", plated(0.0),
        )
        for rest in PLATE_RESTS
    ]  # fmt: skip


def headline(found: Sequence[Recommendation]) -> str:
    """Return what the comparisons say, as a few sentences.

    Parameters
    ----------
    found : of `recommendations`. Where constant current wins at an equal mean current, that is the
        first sentence.
    """
    means = [one for one in found if one.key.startswith("equal_mean")]
    lost = [one for one in means if one.wins is Winner.second]
    peaks = [one for one in found if one.key.startswith("equal_peak")]
    rests = [one for one in found if one.key.startswith("rest_before_plating")]
    parts = []
    if lost:
        parts.append(
            f"Constant current wins at an equal mean current, in {len(lost)} of {len(means)} "
            f"comparisons: {'; '.join(_against(one) for one in lost)}."
        )
    gained = [one for one in means if one.wins is Winner.first]
    if gained:
        parts.append(
            f"Pulses win at an equal mean current in {len(gained)} of {len(means)} comparisons: "
            f"{'; '.join(_against(one) for one in gained)}."
        )
    parts += [one.sentence for one in peaks[-1:]]
    return " ".join([*parts, *_rest_words(rests)])


def _rest_words(rests: Sequence[Recommendation]) -> list[str]:
    if not rests:
        return []
    without = bounded(rests[0].second_value, rests[0].second_outcome)
    with_rest = ", ".join(
        f"{bounded(one.first_value, one.first_outcome)} with {one.first.partition(' before')[0]}"
        for one in rests
    )
    return [
        f"Plated at {SHORTED:g} mA/cm² after stripping, {STAIRS}, the cell takes {without} "
        f"{CHARGE} to a short without a rest, {with_rest}."
    ]


def bounded(value: float, outcome: Outcome) -> str:
    """Return a number as words; a censored one is at least that."""
    if value != value:
        return "no number"
    return f"{'at least ' if outcome is Outcome.censored else ''}{value:.3g}"


def _against(one: Recommendation) -> str:
    first, second = f"pulsed {one.first_value:.3g}", f"constant {one.second_value:.3g}"
    mean = one.key.rpartition("_")[2]
    return f"{first}, {second} {CHARGE} at {mean} mA/cm²"
