"""The verb `calibrate`: fit rows of the paper, several starts, an ensemble, and what it is worth.

starts from wide priors → descent on quick measurements → polish → ensemble → groups → other laws →
rows that were left out → the true score through campaigns. Only rows of the class "fit" are ever
fitted; each evaluation of those that were left out is written down.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from anodescope.cell import Cell
from anodescope.errors import Cancelled, SettingsError, StoreError
from anodescope.inference.ensemble import WITHIN, Member, drawn
from anodescope.inference.fitting import Bench, Fit, descend, fast, left_out, screened
from anodescope.inference.groups import groups
from anodescope.inference.quick import POLISH, QUICK, Speed
from anodescope.inference.structures import Structure, structure, structures
from anodescope.running import Run
from anodescope.workflow.calibrate_result import Calibration
from anodescope.workflow.calibrate_told import calibrated_text, told_of
from anodescope.workflow.output import write_json
from anodescope.workflow.stamps import checksum, code_checksum

BASE = "threshold"
STARTS, SCORE = "starts", "score"
RESULT, SHIPPED = "calibration.json", "calibrated.toml"
# Shares of the budget that a start, the polish and another structure have at most, such that four
# starts and seven structures leave a quarter for the ensemble and the score on two cores.
OF_STARTS, OF_POLISH, OF_LAWS = 0.2, 0.1, 0.07
# Draws from the priors before a start goes down from the best of them.
SCREENED = 16
MEMBERS = 8
# Rooms on which a fit does not depend.
APART = ("bench", "cli", "report", "workflow", "formats", "tomography")


@final
@dataclass(frozen=True, slots=True)
class Start:
    """One descent: which laws, from where, for how long.

    Attributes
    ----------
    key : of the structure. seed : of the draws from the priors; 0: from `values`.
    values : to start from, by path, where the seed is 0.
    seconds : after which the last point stands.
    """

    key: str
    seed: int
    seconds: float
    values: tuple[tuple[str, float], ...] = ()


def calibrate(
    out: str | Path,
    *,
    starts: int = 4,
    seed: int = 1,
    budget: float = 15.0,
    compare: bool = True,
    score: bool = True,
    run: Run | None = None,
) -> Calibration:
    """Fit the cell to the fit rows of the paper, and write what was found into a folder.

    Parameters
    ----------
    out : folder for ``calibration.json``, ``calibrated.toml`` and one file per start; a start that
        is there already, of the same code and settings, is not computed again.
    starts : descents; the first from the numbers that the laws have by default (those of an
        earlier sketch), the others from draws of the priors.
    seed : of the first draw; the others follow.
    budget : minutes. Descents end by themselves well before; one that does not is cut, which is
        told, and then the numbers depend on the machine.
    compare : also fit the other structures. score : also judge every row through campaigns.
    run : its `map` may spread starts over processes.

    Raises
    ------
    SettingsError
        for fewer than one start or no budget.
    StoreError
        when the folder cannot be written.
    Cancelled
        when the work was interrupted; finished starts stay.
    """
    if starts < 1 or not budget > 0.0:
        raise SettingsError(
            f"calibrate: expected one start or more and a budget above 0 min, found {starts} and "
            f"{budget:g}."
        )
    run, began, place = run or Run(), time.monotonic(), Path(out)
    seconds = 60.0 * budget
    base = structure(BASE)
    todo = _starts(base, starts, seed, OF_STARTS * seconds)
    fits = sorted(_carried_out(place, "starts", todo, run), key=lambda fit: fit.total)
    bench = Bench(base, POLISH)
    run.progress("polish", 0, 1)
    best = descend(bench, fits[0].values, budget=OF_POLISH * seconds, cancelled=run.cancelled)
    _heed(run)
    run.progress("polish", 1, 1)
    members = [
        *_alike(fits, best),
        *drawn(Bench(base, QUICK), best, count=MEMBERS, seed=seed, run=run),
    ]
    laws = _laws(place, best, OF_LAWS * seconds, run) if compare else []
    left = _left_out(best, laws, run)
    _heed(run)
    found = Calibration(
        best, tuple(fits), tuple(laws), tuple(members),
        groups(base, best, [one.values for one in members]), left, time.monotonic() - began,
    )  # fmt: skip
    _write(place, found, seed)
    if score:
        _score(place, best, run)
    return found


def _left_out(best: Fit, laws: Sequence[Fit], run: Run) -> dict[str, dict[str, dict[str, float]]]:
    """Measure the rows that no fit uses: the best set at 16 patches, other laws quickly."""
    todo = [(best, POLISH), *((fit, QUICK) for fit in laws)]
    found = run.each("left_out", measured, todo)
    return {fit.structure: told for (fit, _), told in zip(todo, found, strict=True)}


def measured(asked: tuple[Fit, Speed]) -> dict[str, dict[str, float]]:
    """Measure what was left out of a fit; a function of the module, for processes."""
    fit, speed = asked
    return left_out(structure(fit.structure), fit.values, speed)


def _starts(base: Structure, count: int, seed: int, seconds: float) -> list[Start]:
    table = {row.path: row.value for row in base.applied(Cell(), {}).table()}
    values = tuple((one.path, float(table[one.path] or 0.0)) for one in base.free)
    drawn_ones = [Start(BASE, seed + k, seconds) for k in range(count - 1)]
    return [Start(BASE, 0, seconds, values), *drawn_ones]


def _alike(fits: Sequence[Fit], best: Fit) -> list[Member]:
    """Return the other starts that came as far down, as members."""
    return [
        Member(fit.values, fit.cost, f"start {number}")
        for number, fit in enumerate(fits[1:], 2)
        if fit.cost <= best.cost + WITHIN
    ]


def _heed(run: Run) -> None:
    if run.cancelled():
        raise Cancelled("calibrate: stopped; the starts that were finished stay for the next time.")


def _laws(place: Path, best: Fit, seconds: float, run: Run) -> list[Fit]:
    """Fit the other structures, each from the best set of the first one."""
    others = [one for one in structures().values() if one.key != BASE]
    values = tuple(sorted(best.values.items()))
    todo = [Start(one.key, 0, seconds, values) for one in others]
    return list(_carried_out(place, "structures", todo, run))


def _carried_out(place: Path, stage: str, todo: Sequence[Start], run: Run) -> list[Fit]:
    """Carry starts out, or take over what is there; what was found is kept as it comes."""
    folder = place / STARTS
    folder.mkdir(parents=True, exist_ok=True)
    known = {start: _known(folder, start) for start in todo}
    missing = [start for start in todo if known[start] is None]
    for start, fit in zip(missing, run.each(stage, descent, missing), strict=True):
        _heed(run)
        write_json(_file(folder, start), {"stamp": _stamp(start), "fit": plain(fit)})
        known[start] = fit
    return [fit for fit in known.values() if fit is not None]


def descent(start: Start) -> Fit:
    """Go down from one start; a function of the module, so that processes can be handed it."""
    from threadpoolctl import threadpool_limits

    one = structure(start.key)
    with threadpool_limits(limits=1, user_api="blas"):
        if start.seed == 0:
            values = _completed(one, dict(start.values))
            return descend(Bench(one, QUICK), values, budget=start.seconds)
        first = screened(one, start.seed, SCREENED)[0]
        rough = descend(Bench(one, QUICK, fast()), first, budget=0.3 * start.seconds)
        return descend(Bench(one, QUICK), rough.values, budget=0.7 * start.seconds)


def _completed(one: Structure, values: Mapping[str, float]) -> dict[str, float]:
    """Return values for all parameters of a structure: the middle of the prior where none is."""
    return {item.path: values.get(item.path, item.value(0.0)) for item in one.free}


def _file(folder: Path, start: Start) -> Path:
    return folder / f"{start.key}-{start.seed}.json"


def _stamp(start: Start) -> str:
    return checksum([code_checksum(APART), start.key, start.seed, list(map(list, start.values))])


def _known(folder: Path, start: Start) -> Fit | None:
    try:
        told = json.loads(_file(folder, start).read_text(encoding="utf-8"))
        if told["stamp"] != _stamp(start):
            return None
        return fit_of(told["fit"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def plain(fit: Fit) -> dict[str, Any]:
    """Return a fit as JSON-ready values."""
    return {
        "structure": fit.structure, "values": dict(fit.values), "cost": fit.cost,
        "prior": fit.prior, "residuals": dict(fit.residuals), "slopes": fit.slopes.tolist(),
        "converged": fit.converged,
    }  # fmt: skip


def fit_of(told: Mapping[str, Any]) -> Fit:
    """Return the fit of what `plain` made."""
    return Fit(**{**told, "slopes": np.array(told["slopes"], dtype=float)})


def _write(place: Path, found: Calibration, seed: int) -> None:
    """Write the result and what ships, each whole or not at all."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (RESULT, json.dumps(told_of(found), indent=2, ensure_ascii=False) + "\n"),
            (SHIPPED, calibrated_text(found, seed)),
        ):
            beside = place / f".{name}.partial"
            beside.write_text(text, encoding="utf-8")
            beside.replace(place / name)
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror or error}).") from error


def _score(place: Path, best: Fit, run: Run) -> None:
    """Judge every row with the best set through campaigns; this is where the verdicts come from."""
    from anodescope.workflow.reproduce import reproduce

    reproduce(place / SCORE, cell_values=best.values, run=run)
