"""docs/cell.md holds every number of the virtual cell, and holds it as the code does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from anodescope.cell.cell import Cell
from anodescope.cell.toml import LAWS
from tools import cell_table


def test_the_table_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert cell_table.main(["--check"]) == 0, capsys.readouterr().out


def test_an_old_table_is_noticed_and_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "cell.md"
    text = cell_table.PAGE.read_text(encoding="utf-8")
    old = next(row for row in Cell.preset("NaK50").table() if row.path == "layer.diffusivity")
    assert f"| {old.value:.5g} |" in text
    page.write_text(text.replace(f"| {old.value:.5g} |", "| 2e-11 |"), encoding="utf-8")
    assert cell_table.main(["--check", "--page", str(page)]) == 1
    assert cell_table.main(["--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == text


def test_every_number_of_every_law_is_in_it() -> None:
    shown = cell_table.block()
    for row in Cell.preset(cell_table.STANDARD).table():
        assert f"`{row.path}`" in shown
    made = {type(part).__name__ for part in _parts(Cell.preset(cell_table.STANDARD))}
    for name, law in LAWS.items():
        for item in fields(law) if name not in made else ():
            if "unit" in item.metadata:
                assert f"`{name}.{item.name}`" in shown


def test_every_row_has_five_cells() -> None:
    rows = [line for line in cell_table.block().splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {6}


def _parts(record: object) -> list[object]:
    found = []
    for item in fields(record):  # type: ignore[arg-type]
        if "kind" in item.metadata and getattr(record, item.name) is not None:
            inner = getattr(record, item.name)
            found += [inner, *_parts(inner)]
    return found
