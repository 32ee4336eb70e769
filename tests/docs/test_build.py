"""The documentation builds without a single warning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from . import blocks as b


@pytest.mark.slow
def test_the_documentation_builds_without_warnings(tmp_path: Path) -> None:
    folders = ["-d", str(tmp_path / "trees"), str(b.ROOT / "docs"), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-b", "html", *folders],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in (b.ROOT / "docs").rglob("*.md"):
        made = tmp_path / page.relative_to(b.ROOT / "docs").with_suffix(".html")
        assert made.is_file(), made
    assert "polarisation_resistance" in (tmp_path / "glossary.html").read_text(encoding="utf-8")


def test_every_decision_has_its_three_parts() -> None:
    pages = sorted((b.ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04d}" for n in range(1, len(pages) + 1)]
    assert len(pages) >= 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(page.name[:4])}. ")
        heads = [line for line in text.splitlines() if line.startswith("## ")]
        assert heads == ["## Context", "## Decision", "## Consequences"], page.name
