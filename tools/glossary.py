"""Write docs/glossary.md from names.py; `--check` only says whether the page is current."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from anodescope.names import KINDS, Variable, nodes, variables

PAGE = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"

HEAD = """\
# Glossary

Every variable that a node of a Campaign may hold, with its dimensions, unit and meaning. This page
is made from `src/anodescope/names.py`; to change it, change a row there and run
`python tools/glossary.py`.

Impedance is complex and capacitive reactance is negative; τ = 1/(2πf); γ is per unit ln τ. A bold
name is always present in its node. Columns that a reader kept without knowing them are called
`column_<id>`.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([HEAD, *(_section(node) for node in nodes()), _kinds()])


def _section(node: str) -> str:
    rows = variables(node).values()
    lines = [
        f"## `{node}`",
        "",
        "| name | dimensions | unit | kind | meaning |",
        "|---|---|---|---|---|",
        *(_row(row) for row in rows),
        "",
    ]
    return "\n".join(lines)


def _row(row: Variable) -> str:
    name = f"**`{row.name}`**" if row.required else f"`{row.name}`"
    meaning = f"{row.meaning}. *Sign:* {row.sign}." if row.sign else row.meaning
    cells = (name, ", ".join(row.dims), row.unit or "–", row.kind, meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kinds() -> str:
    lines = ["## Kinds", "", "| kind | stored as |", "|---|---|"]
    lines += [f"| {kind} | {stored} |" for kind, stored in KINDS.items()]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page (default: %(default)s)")
    options = parser.parse_args(arguments)
    wanted = page()
    current = options.page.read_text(encoding="utf-8") if options.page.is_file() else None
    if current == wanted:
        print("glossary: current")
        return 0
    if options.check:
        print(f"glossary: {options.page.name} is out of date; run: python tools/glossary.py")
        return 1
    options.page.write_text(wanted, encoding="utf-8")
    print(f"glossary: wrote {options.page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
