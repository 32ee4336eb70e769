"""The verb reproduce: run it, and print the scoreboard with what falls short first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from anodescope.cell.cell import Cell
from anodescope.cli import screen
from anodescope.inference.observations import BEYOND
from anodescope.workflow.reproduce import reproduce
from anodescope.workflow.reproduce_result import Reproduction
from anodescope.workflow.reproduce_told import scoreboard
from anodescope.workflow.reproduce_write import advice
from anodescope.workflow.scale import local_run

COLUMNS = ("verdict", "row", "group", "expected", "computed", "words")


def run_reproduce(
    out: Path,
    *,
    cell: Path | None,
    method: str,
    noise: int | None,
    only: Sequence[str],
    through_files: bool,
    overwrite: bool,
    workers: int | None,
    as_json: bool,
) -> bool:
    """Reproduce the paper's campaign into the folder `out` and say how it compares.

    Returns
    -------
    Whether every experiment could be computed. Rows that are missed do not change that.

    Raises
    ------
    AnodescopeError
        see `anodescope.workflow.reproduce.reproduce`.
    """
    chosen = Cell.from_toml(cell) if cell is not None else None
    keys = [key.strip() for text in only for key in text.split(",") if key.strip()]
    with (
        screen.progress_bar() as progress,
        local_run(workers, progress, processes=True) as run,
    ):
        made = reproduce(
            out,
            cell=chosen,
            method=method,
            noise=noise,
            only=keys,
            through_files=through_files,
            overwrite=overwrite,
            run=run,
        )
    if as_json:
        screen.show_json(json.loads((out / "observations.json").read_text(encoding="utf-8")))
    else:
        show(made)
        print(f"report: {out / 'report.html'}")
    for key, sentence in made.failed.items():
        screen.note(f"anodescope: {key} failed: {sentence}")
    return not made.failed


def show(made: Reproduction) -> None:
    """Print what is missed, then every row, then how many came out how."""
    misses = made.misses
    print(f"{len(misses)} of {len(made.judged)} rows are missed{':' if misses else '.'}")
    for one in misses:
        print(f"  {one.row.key}: expected {one.row.expected()}. {one.computed.message}")
    table = scoreboard(made.judged)
    if len(table):
        lines = [[str(row[name]) for name in COLUMNS] for _, row in table.iterrows()]
        screen.show_table("Scoreboard", list(COLUMNS), lines)
    for group in made.tally.counts:
        print(made.tally.sentence(group))
    print(BEYOND)
    print(made.counts.sentence())
    for sentence in advice(made):
        print(sentence)
    if made.left_over:
        print(f"Not of this reproduction, but in its folder: {', '.join(made.left_over)}.")
    kept = [one.key for one in made.done if one.kept]
    if kept:
        print(f"{len(kept)} of {len(made.done)} were up to date and not computed again.")
