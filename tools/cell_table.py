"""Write every number of the virtual cell into docs/cell.md; `--check` only says whether it is so.

python -m tools.cell_table
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from anodescope.bench.page import replace_block
from anodescope.cell.cell import Cell
from anodescope.cell.law import Part
from anodescope.cell.toml import LAWS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cell.md"
MARK = "laws:cell"
STANDARD = "NaK50"
Line = tuple[str, str, str, str, str]


def block() -> str:
    """Return the tables as Markdown: the standard cell, then the laws that may stand instead."""
    return "\n".join(
        [
            f"The preset {STANDARD}, by the paths that `replace` takes:",
            "",
            *_table(_standard()),
            "",
            "Laws that may stand instead of those, or beside them:",
            "",
            *_table(_others()),
        ]
    )


def _standard() -> Iterator[Line]:
    for row in Cell.preset(STANDARD).table():
        yield f"`{row.path}`", _value(row.value), row.unit, row.origin, row.meaning


def _others() -> Iterator[Line]:
    used = set(_used(Cell.preset(STANDARD)))
    for name, law in LAWS.items():
        for item in fields(law) if name not in used else ():
            if "unit" in item.metadata:
                about = item.metadata
                value = "to be given" if item.default is MISSING else _value(item.default)
                where = f"`{name}.{item.name}`"
                yield where, value, about["unit"], about["origin"], about["meaning"]


def _used(part: Any) -> Iterator[str]:
    """Return the names of the classes that a cell is made of."""
    for item in fields(part):
        inner = getattr(part, item.name)
        if isinstance(inner, Part):
            yield type(inner).__name__
            yield from _used(inner)


def _value(value: float | None) -> str:
    return "materials" if value is None else f"{value:.5g}"


def _table(lines: Iterator[Line]) -> list[str]:
    rows = ["| number | value | unit | origin | meaning |", "|---|---|---|---|---|"]
    return [*rows, *("| " + " | ".join(line) + " |" for line in lines)]


def main(arguments: list[str] | None = None) -> int:
    """Write the block, or check it; 0 when it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page (default: %(default)s)")
    given = parser.parse_args(arguments)
    wanted = f"<!-- {MARK} -->\n\n{block()}\n\n<!-- /{MARK} -->"
    if wanted in given.page.read_text(encoding="utf-8"):
        print("cell table: current")
        return 0
    if given.check:
        print(f"cell table: {given.page.name} is out of date; run: python -m tools.cell_table")
        return 1
    replace_block(given.page, MARK, block())
    print(f"cell table: wrote {given.page.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
