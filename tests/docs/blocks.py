"""Fenced blocks of Markdown pages, and what may stand in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]

# MyST directives hold no code.
DIRECTIVES = frozenset({"{toctree}", "{figure}", "{note}", "{warning}", "{include}", "{eval-rst}"})
LANGUAGES = frozenset({"python", "console", "toml", "json"})


@dataclass(frozen=True)
class Block:
    """One block: its language, text, first line (counted from 1) and the file's name it bears."""

    language: str
    text: str
    line: int
    name: str = ""


def pages() -> list[Path]:
    """Every page that a reader may copy from."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page; an indented block has no language, so it is called so."""
    found = []
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "fence" and token.map is not None:
            language, _, name = token.info.strip().partition(" ")
            found.append(Block(language, token.content, token.map[0] + 2, name))
        if token.type == "code_block" and token.map is not None:
            found.append(Block("indented", token.content, token.map[0] + 1))
    return found


def program(text: str) -> str:
    """Return the page's Python with every other line empty, so that tracebacks name its lines."""
    lines = [""] * (text.count("\n") + 2)
    for block in blocks(text):
        if block.language == "python":
            rows = block.text.splitlines()
            lines[block.line - 1 : block.line - 1 + len(rows)] = rows
    return "\n".join(lines)


def commands(block: Block) -> list[list[str]]:
    """Return the commands of a console block, which are its lines after a `$`."""
    rows = [line for line in block.text.splitlines() if line.startswith("$ ")]
    return [shlex.split(line.removeprefix("$ "), comments=True) for line in rows]


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.M))
