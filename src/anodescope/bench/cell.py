"""Named comparison: the march of the virtual cell beside the same equations in PyBaMM.

One patch of NaK50, without constriction and filament, goes through a staircase, pulses and a
plating hold on both sides. Then trains of 1,000 and 5,000 pulses are timed. Every side runs in a
fresh interpreter on one thread; sides take turns, and a ratio is taken within each turn. Seconds
are processor time of the march alone: what is compiled, built or loaded before it is told apart, as
"set up". Memory is the largest resident size of the process, libraries included.

Both are judged at the same error of the voltage at the ends of pulses and rests, against PyBaMM at
a relative tolerance of 1e-10; what our march at 1e-6 differs from that is the reference's doubt.
Ours has its default tolerance. PyBaMM gets the loosest tolerance whose error is not larger.

Besides, the verb `simulate` is timed as it is used: 50,000 pulses, and a staircase with 96 spectra.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.bench.cell_ours import ask_ours, ask_verb, one_patch
from anodescope.bench.cell_pybamm import OWN_RTOL, WAYS, ask_pybamm
from anodescope.bench.peers import Answer
from anodescope.cell.engine import Accuracy

Phases = tuple[tuple[float, float], ...]

NAN = float("nan")
PULSES: Phases = ((1.0, 1.0), (0.0, 2.0))
STAIRS: Phases = tuple(
    (round(0.05 * k, 2), duration) for k in range(1, 19) for duration in (5.0, 35.0)
)
# Current (mA/cm²) and duration (s) of each phase, and how often.
PROTOCOLS: Mapping[str, tuple[Phases, int]] = {
    "staircase 0.05 to 0.9, 5 s + 35 s": (STAIRS, 1),
    "100 pulses of 1 s at 1, rest 2 s": (PULSES, 100),
    "plating 600 s at 0.4, rest, strip": (((-0.4, 600.0), (0.0, 300.0), (0.3, 900.0)), 1),
}
# Where in each phase voltages are compared.
FRACTIONS = (0.001, 0.01, 0.05, 0.2, 0.5, 1.0)
WANTED = 1e-3
FINE, TIGHT, TIGHT_PEER = 1e-4, 1e-6, 1e-10
DEFAULT = Accuracy().tolerance
TOLERANCES = sorted({1e-1, DEFAULT, 1e-3, 1e-4}, reverse=True)
LADDER = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


@final
@dataclass(frozen=True, slots=True)
class Voltages:
    """Both sides through one protocol.

    Attributes
    ----------
    samples : voltages that were compared; largest : of them (V).
    tolerance : of our march by default.
    apart : largest difference (mV) at that tolerance, from PyBaMM at 1e-10.
    apart_fine, apart_tight : the same with ours at 1e-4 and at 1e-6. That the difference goes on
        falling shows that both solve the same equations.
    """

    protocol: str
    status: str
    samples: int
    largest: float = NAN
    tolerance: float = DEFAULT
    apart: float = NAN
    apart_fine: float = NAN
    apart_tight: float = NAN


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A train of pulses by one side; NaN where a column does not apply.

    Attributes
    ----------
    tolerance : of our step, or the relative one of IDAKLU.
    seconds, least, most : processor time of the march: median and range over the turns.
    set_up : processor time before it.
    memory : peak, MB.
    error : largest error of the voltage at the ends of phases (mV).
    ratio, ratio_least, ratio_most : seconds over ours, turn by turn: median and range.
    """

    solver: str
    way: str
    tolerance: float
    pulses: int
    turns: int
    status: str
    seconds: float = NAN
    least: float = NAN
    most: float = NAN
    set_up: float = NAN
    memory: float = NAN
    error: float = NAN
    ratio: float = NAN
    ratio_least: float = NAN
    ratio_most: float = NAN


@final
@dataclass(frozen=True, slots=True)
class Verb:
    """The verb alone, as it is used."""

    what: str
    patches: int
    status: str
    seconds: float = NAN
    least: float = NAN
    most: float = NAN
    memory: float = NAN
    largest: float = NAN


@final
@dataclass(frozen=True, slots=True)
class Goal:
    """What was asked for, and what this run found."""

    goal: str
    wanted: str
    found: str
    met: str


def run_bench(
    *, pulses: Sequence[int] = (1000, 5000), many: int = 50000, turns: int = 5
) -> dict[str, list[Any]]:
    """Measure all; the tables are "goals", "voltages", "precision", "pulses", "verb".

    Parameters
    ----------
    pulses : lengths of the trains that both sides march through, rising.
    many : length of the train of ours alone.
    turns : of each timing.
    """
    numbers = one_patch()
    compared = [voltages(name, numbers) for name in PROTOCOLS]
    ladder = precision(numbers, pulses[0])
    chosen = equal_tolerance(ladder)
    trains = [row for count in pulses for row in duel(numbers, count, chosen, turns)]
    alone = [
        verb("pulses", many, 1, turns),
        verb("pulses", many, 16, max(turns // 2, 1)),
        verb("staircase", 96, 16, turns),
    ]
    return {
        "goals": goals(compared, trains, alone),
        "voltages": compared,
        "precision": ladder,
        "pulses": trains,
        "verb": alone,
    }


def voltages(name: str, numbers: dict[str, npt.ArrayLike]) -> Voltages:
    """Compare the voltages of both sides through one of `PROTOCOLS`."""
    phases, repeats = PROTOCOLS[name]
    count = len(phases) * repeats * len(FRACTIONS)
    theirs = ask_pybamm(numbers, phases, repeats, rtol=TIGHT_PEER, fractions=FRACTIONS)
    if not theirs.ran:
        return Voltages(name, theirs.status, count)
    apart = []
    for tolerance in (DEFAULT, FINE, TIGHT):
        ours = ask_ours(phases, repeats, tolerance=tolerance, fractions=FRACTIONS)
        if not ours.ran:
            return Voltages(name, f"ours: {ours.status}", count)
        apart.append(_apart(ours, theirs))
    largest = float(np.abs(theirs.arrays["volts"]).max())
    return Voltages(name, "ran", count, largest, DEFAULT, *apart)


def precision(numbers: dict[str, npt.ArrayLike], count: int) -> list[Row]:
    """Return time and error of both sides over their tolerances; the first row is the doubt."""
    reference = ask_pybamm(numbers, PULSES, count, rtol=TIGHT_PEER)
    tight = ask_ours(PULSES, count, tolerance=TIGHT)
    rows = [_row("anodescope", "march", TIGHT, count, [tight], reference)]
    for tolerance in TOLERANCES:
        answer = ask_ours(PULSES, count, tolerance=tolerance)
        rows.append(_row("anodescope", "march", tolerance, count, [answer], reference))
    for tolerance in LADDER:
        answer = ask_pybamm(numbers, PULSES, count, rtol=tolerance)
        rows.append(_row("PyBaMM", "one solve", tolerance, count, [answer], reference))
    return rows


def equal_tolerance(rows: Sequence[Row]) -> float:
    """Return the loosest tolerance of PyBaMM with an error not above that of ours by default.

    Where none is (or it did not run), the tightest of the ladder.
    """
    ours = next(row for row in rows if row.solver == "anodescope" and row.tolerance == DEFAULT)
    good = [
        row.tolerance for row in rows if row.solver.startswith("PyBaMM") and row.error <= ours.error
    ]
    return max(good, default=min(LADDER))


def duel(numbers: dict[str, npt.ArrayLike], count: int, tolerance: float, turns: int) -> list[Row]:
    """Time a train on both sides, turn by turn.

    Parameters
    ----------
    tolerance : relative one of PyBaMM, in all ways but that "as it comes".
    """
    reference = ask_pybamm(numbers, PULSES, count, rtol=TIGHT_PEER)
    given = {way: OWN_RTOL if way.endswith("comes") else tolerance for way in WAYS}
    ours: list[Answer] = []
    theirs: dict[str, list[Answer]] = {way: [] for way in WAYS}
    for _ in range(turns):
        ours.append(ask_ours(PULSES, count))
        for way in WAYS:
            # What is absent or failed once is not asked again.
            if all(answer.ran for answer in theirs[way]):
                theirs[way].append(ask_pybamm(numbers, PULSES, count, rtol=given[way], way=way))
    rows = [_row("anodescope", "march", DEFAULT, count, ours, reference)]
    return rows + [
        _row("PyBaMM", way, given[way], count, theirs[way], reference, ours) for way in WAYS
    ]


def verb(what: str, count: int, patches: int, turns: int) -> Verb:
    """Time the verb `simulate`."""
    label = f"{count:,} pulses" if what == "pulses" else "staircase"
    answers = [ask_verb(what, count, patches) for _ in range(turns)]
    failed = [answer for answer in answers if not answer.ran]
    if failed:
        return Verb(label, patches, failed[0].status)
    first = answers[0].arrays
    if what == "staircase":
        label = f"staircase, {int(first['spectra'])} spectra"
    elif int(first["steps"]) != 2 * count:
        return Verb(label, patches, f"failed: {int(first['steps'])} steps of {2 * count}")
    seconds = np.array([float(answer.arrays["seconds"]) for answer in answers])
    return Verb(
        label,
        patches,
        "ran",
        float(np.median(seconds)),
        float(seconds.min()),
        float(seconds.max()),
        float(np.median([answer.arrays["peak_memory"] for answer in answers])),
        float(first["worst"]),
    )


def _apart(ours: Answer, theirs: Answer) -> float:
    return 1e3 * float(np.abs(ours.arrays["volts"] - theirs.arrays["volts"]).max())


def _row(
    solver: str,
    way: str,
    tolerance: float,
    count: int,
    answers: Sequence[Answer],
    reference: Answer,
    ours: Sequence[Answer] = (),
) -> Row:
    failed = [answer.status for answer in answers if not answer.ran]
    name = " ".join((solver, *(answers[0].versions if solver == "PyBaMM" else ())))
    if failed:
        return Row(solver, way, tolerance, count, len(answers), failed[0])
    seconds = np.array([float(answer.arrays["seconds"]) for answer in answers])
    ratio = np.full(1, NAN)
    if ours and all(answer.ran for answer in ours):
        mine = np.array([float(answer.arrays["seconds"]) for answer in ours[: seconds.size]])
        ratio = seconds / mine
    return Row(
        name,
        way,
        tolerance,
        count,
        len(answers),
        "ran",
        seconds=float(np.median(seconds)),
        least=float(seconds.min()),
        most=float(seconds.max()),
        set_up=float(np.median([answer.arrays["set_up"] for answer in answers])),
        memory=float(np.median([answer.arrays["peak_memory"] for answer in answers])),
        error=max(_apart(answer, reference) for answer in answers) if reference.ran else NAN,
        ratio=float(np.median(ratio)),
        ratio_least=float(ratio.min()),
        ratio_most=float(ratio.max()),
    )


def goals(compared: Sequence[Voltages], trains: Sequence[Row], alone: Sequence[Verb]) -> list[Goal]:
    """Return the goals of the issue beside what was found, misses first."""
    found = [_voltage_goal(row) for row in compared]
    longest = max((row.pulses for row in trains), default=0)
    found += [
        _ratio_goal(row)
        for row in trains
        if row.pulses == longest and row.solver.startswith("PyBaMM")
    ]
    # Limits of the issue (s), in the order of `run_bench`.
    found += [_verb_goal(row, limit) for row, limit in zip(alone, (1.0, 10.0, 0.5), strict=True)]
    order = ("no", "–", "yes")
    return sorted(found, key=lambda goal: order.index(goal.met))


def _voltage_goal(row: Voltages) -> Goal:
    wanted = f"≤ {1e3 * WANTED:g} mV"
    if row.status != "ran":
        return Goal(row.protocol, wanted, row.status, "–")
    text = (
        f"{row.apart:.2g} mV at our default {row.tolerance:g}, {row.apart_fine:.2g} mV at "
        f"{FINE:g}, {row.apart_tight:.1g} mV at {TIGHT:g}; largest voltage {row.largest:.3g} V"
    )
    return Goal(row.protocol, wanted, text, "yes" if row.apart <= 1e3 * WANTED else "no")


def _ratio_goal(row: Row) -> Goal:
    goal = f"{row.pulses:,} pulses: times faster than {row.solver}, {row.way}"
    if row.status != "ran":
        return Goal(goal, "≥ 100", row.status, "–")
    text = (
        f"{row.ratio:.3g} ({row.ratio_least:.3g} to {row.ratio_most:.3g} in {row.turns} turns); "
        f"{row.seconds:.3g} s, error {row.error:.2g} mV"
    )
    return Goal(goal, "≥ 100", text, "yes" if row.ratio_least >= 100.0 else "no")


def _verb_goal(row: Verb, limit: float) -> Goal:
    goal = f"simulate, {row.what}, {row.patches} {'patch' if row.patches == 1 else 'patches'}"
    if row.status != "ran":
        return Goal(goal, f"≤ {limit:g} s", row.status, "–")
    text = f"{row.seconds:.3g} s ({row.least:.3g} to {row.most:.3g})"
    return Goal(goal, f"≤ {limit:g} s", text, "yes" if row.most <= limit else "no")
