"""The verb `reproduce`: the paper's whole campaign, computed, analysed and judged.

Every experiment of the paper is put to the virtual cell and then goes through `analyse` like a
measured one; the rows of observations.toml are read off what came out. Experiments that are up to
date are not computed again, so an interrupted reproduction goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from anodescope.campaign import Campaign, open_campaign
from anodescope.campaign.hints import did_you_mean
from anodescope.cell.cell import Cell
from anodescope.errors import AnodescopeError, Cancelled, SettingsError
from anodescope.impedance import resolve
from anodescope.inference.ensemble import ensemble
from anodescope.inference.experiments import Experiment, experiments
from anodescope.inference.observations import Judged, tally
from anodescope.inference.observations.observe import observe
from anodescope.inference.parameters import with_values
from anodescope.running import Run
from anodescope.workflow.output import REPRODUCTION_ITEMS, check_targets
from anodescope.workflow.reproduce_experiments import (
    CAMPAIGN,
    TOLD,
    Choice,
    Done,
    Task,
    cell_for,
    tasks,
)
from anodescope.workflow.reproduce_parts import PARTS, Part, Rows, ledger, rows_of, work
from anodescope.workflow.reproduce_result import Reproduction
from anodescope.workflow.reproduce_told import counts
from anodescope.workflow.reproduce_write import write_whole
from anodescope.workflow.source import in_memory

CAMPAIGNS, PART_FOLDER = "campaigns", "parts"


def reproduce(
    out: str | Path,
    *,
    cell: Cell | None = None,
    cell_values: Mapping[str, float] | None = None,
    method: str = "drttools",
    noise: int | None = None,
    only: Sequence[str] = (),
    through_files: bool = False,
    overwrite: bool = False,
    beside: bool = True,
    run: Run | None = None,
) -> Reproduction:
    """Compute every experiment of the paper, judge every row, and write it all into a folder.

    Parameters
    ----------
    out : folder for ``campaigns/KEY/campaign.zarr``, ``campaign.zarr`` (that of the paper's
        Fig. 3), ``observations.json``, ``tables``, ``figures``, ``report.html``, ``summary.json``.
    cell : laws and numbers in place of the presets' own; see `reproduce_experiments.cell_for`.
    cell_values : numbers by path, put into every cell that has them.
    method : of the DRT; the paper's own is Tikhonov's at a fixed λ, "drttools".
    noise : seed of the instrument's noise; None: a silent instrument.
    only : keys of the experiments to compute; none: all. Rows that need others are left out.
    through_files : write each campaign as EC-Lab text and read it again before it is analysed.
    overwrite : compute what is up to date again, too.
    beside : also variants of experiments, predictions, recommendations and claims; never where
        `only` chooses experiments.
    run : how long work runs; its map may use processes. Serial and silent by default.

    Raises
    ------
    SettingsError
        for an unknown key or method, or numbers that a cell refuses.
    StoreError
        when something in `out` is in the way that no reproduction wrote.
    AnodescopeError
        when no experiment could be computed.
    Cancelled
        when the work was interrupted; experiments that were done stay, and are not done again.
    """
    out, run = Path(out), run or Run()
    resolve(method)  # a wrong name is told before anything is computed
    chosen = _chosen(only)
    check_targets(out, REPRODUCTION_ITEMS)
    choice = Choice(method, noise, through_files)
    beside = beside and chosen is None
    more = variants() if beside else None
    todo = tasks(out / CAMPAIGNS, choice, keys=chosen, cell=cell, values=cell_values, more=more)
    extra = [] if not beside else _parts(out / PART_FOLDER, cell, cell_values)
    if overwrite:
        _forget(todo, extra)
    # Parts take about as long as the third experiment.
    done = _carry_out(out, [*todo[:2], *extra, *todo[2:]], run)
    return _judge(out, choice, todo, extra, done, run)


def variants() -> Mapping[str, Experiment]:
    """Return the experiments beside the paper's that show what an assumption does."""
    try:
        module = import_module("anodescope.inference.sensitivity")
    except ModuleNotFoundError:
        return {}
    return dict(module.variants())


def _chosen(only: Sequence[str]) -> frozenset[str] | None:
    known = list(experiments())
    for key in only:
        if key not in known:
            raise SettingsError(
                f"only: expected keys of experiments ({', '.join(known)}), found {key!r}."
                f"{did_you_mean(key, known)}"
            )
    return frozenset(only) or None


def _parts(folder: Path, cell: Cell | None, values: Mapping[str, float] | None) -> list[Part]:
    best = cell_for("NaK50", cell, values)
    members = (best,) if cell is not None or values else ensemble_cells(best)
    folder.mkdir(parents=True, exist_ok=True)
    return [Part(key, members, folder / f"{key}.json") for key in PARTS]


def ensemble_cells(best: Cell) -> tuple[Cell, ...]:
    """Return the cell and those of the other members of the calibrated ensemble."""
    return best, *(with_values(best, values) for values in ensemble()[1:])


def _forget(todo: Iterable[Task], extra: Iterable[Part]) -> None:
    """Take away the stamps: what they stand for is computed again, and stays until it is."""
    for task in todo:
        (task.folder / TOLD).unlink(missing_ok=True)
    for part in extra:
        part.file.unlink(missing_ok=True)


def _carry_out(out: Path, items: list[Task | Part], run: Run) -> list[Done]:
    done: list[Done] = []
    try:
        done.extend(run.each("experiments", work, items))
    except Cancelled as error:
        raise Cancelled(
            f"reproduce: {error} What is done stays in {out / CAMPAIGNS}, and the next run "
            "goes on from there."
        ) from error
    failed = {one.key: one.failed for one in done if one.failed}
    if len(failed) == len(items):
        told = "; ".join(f"{key}: {why}" for key, why in failed.items())
        raise AnodescopeError(f"No experiment could be computed. {told}")
    return done


def _judge(
    out: Path,
    choice: Choice,
    todo: Sequence[Task],
    extra: Sequence[Part],
    done: Sequence[Done],
    run: Run,
) -> Reproduction:
    failed = {one.key: one.failed for one in done if one.failed}
    places = {
        task.experiment.key: task.folder / CAMPAIGN
        for task in todo
        if task.experiment.key not in failed
    }
    campaigns = {key: opened(place) for key, place in _in_order(places).items()}
    asked = {task.experiment.key for task in todo}
    judged = tuple(one for one in observed(campaigns) if set(one.row.experiments) <= asked)
    made = Reproduction(
        choice=choice,
        judged=judged,
        tally=tally(judged),
        counts=counts(task.cell for task in todo),
        campaigns=campaigns,
        places=places,
        cells={task.experiment.cell: task.cell for task in todo},
        failed=failed,
        done=tuple(done),
        parts=_with_ledger(campaigns, judged, extra, failed) if extra else {},
        left_over=_left_over(out, asked, extra),
    )
    write_whole(out, made, run=run)
    return made


def _left_over(out: Path, asked: Iterable[str], extra: Iterable[Part]) -> tuple[str, ...]:
    """Return the experiments and parts that lie in a folder and were not asked for this time."""
    own = {CAMPAIGNS: set(asked), PART_FOLDER: {part.file.name for part in extra}}
    return tuple(
        f"{name}/{item.name}"
        for name, known in own.items()
        for item in sorted((out / name).glob("[!.]*"))
        if item.name not in known
    )


def _with_ledger(
    campaigns: Mapping[str, Campaign],
    judged: Sequence[Judged],
    extra: Sequence[Part],
    failed: dict[str, str],
) -> dict[str, Rows]:
    """Return the rows of every part, the ledger first; a ledger that fails is told in `failed`."""
    parts = {part.key: rows_of(part) for part in extra}
    try:
        return {**ledger(campaigns, judged, extra[0].cells[0], parts), **parts}
    except AnodescopeError as error:
        failed["claims"] = str(error)
        return parts


def _in_order(places: Mapping[str, Path]) -> dict[str, Path]:
    """Return the experiments in the order of the paper's figures, variants after them."""
    rank = {key: number for number, key in enumerate(experiments())}
    ordered = sorted(places, key=lambda key: rank.get(key, len(rank)))
    return {key: places[key] for key in ordered}


def opened(place: Path) -> Campaign:
    """Return a stored campaign, read once."""
    return in_memory(open_campaign(place))


def observed(campaigns: Mapping[str, Campaign]) -> list[Judged]:
    """Return every row, judged by what these campaigns show."""
    return observe(campaigns)
