"""What the command line shows: tables on stdout, progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

# What the stages that report progress are called on the screen.
STAGES = {
    "read": "reading files",
    "Kramers–Kronig": "Kramers–Kronig test",
    "DRT": "relaxation times",
    "peaks": "peaks",
    "figures": "drawing figures",
    "write": "writing results",
    "study": "cells of the study",
    "simulate": "simulating",
    "wetting": "cells by contact",
    "walls": "walls by pressure",
    "experiments": "experiments",
}


def show_json(content: Any) -> None:
    """Print JSON on stdout; what its encoding cannot hold is escaped as JSON does it."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False)
    print(text)


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; columns of numbers are right-aligned. Off a terminal nothing is cut."""
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_edge=False)
    for place, label in enumerate(header):
        numeric = bool(rows) and all(row[place].replace(".", "").isdigit() for row in rows)
        table.add_column(label, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_safe(cell) for cell in row))
    console.print(table)


def show_markdown(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown, with columns as wide as they need to be."""
    lines = [[cell.replace("|", "\\|") for cell in line] for line in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    print(f"\n## {title}\n")
    for line in lines if header else []:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(cells)} |")


def _safe(text: str) -> str:
    """Keep square brackets in file names from being taken for markup."""
    return text.replace("[", "\\[")


def note(text: str) -> None:
    """Print a line on stderr."""
    print(text, file=sys.stderr)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a progress callback that draws bars on a terminal and is silent elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda stage, done, total: None
        return
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage), total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report
