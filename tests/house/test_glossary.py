"""docs/glossary.md is made from names.py and current: see tools/glossary.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from anodescope.names import GLOSSARY
from tools import glossary


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert glossary.main(["--check"]) == 0, capsys.readouterr().out


def test_an_old_page_is_noticed_and_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "glossary.md"
    page.write_text(glossary.page().replace("Ω", "Ohm"), encoding="utf-8")
    assert glossary.main(["--check", "--page", str(page)]) == 1
    assert "Ohm" in page.read_text(encoding="utf-8")
    assert glossary.main(["--page", str(page)]) == 0
    assert glossary.main(["--check", "--page", str(page)]) == 0


def test_a_missing_page_is_noticed(tmp_path: Path) -> None:
    assert glossary.main(["--check", "--page", str(tmp_path / "glossary.md")]) == 1


def test_every_row_is_on_the_page_with_its_sign() -> None:
    page = glossary.page()
    for row in GLOSSARY:
        assert f"`{row.name}`" in page
        assert row.meaning.replace("|", "\\|") in page
        assert row.sign.replace("|", "\\|") in page


def test_every_table_row_has_five_cells() -> None:
    rows = [line for line in glossary.page().splitlines() if line.startswith("| ")]
    cells = [line.replace("\\|", "").count("|") - 1 for line in rows]
    assert len(rows) > len(GLOSSARY)
    assert set(cells) == {5, 2}
