"""Shared fixtures: the real instrument files, which live outside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def _find_data() -> Path | None:
    named = os.environ.get("ANODESCOPE_DATA")
    candidate = Path(named) if named else HERE.parents[1] / "shared" / "data"
    return candidate if (candidate / "README.tsv").is_file() else None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the real files; skips where it is absent, fails in CI."""
    found = _find_data()
    if found is None:
        reason = "no real files: set ANODESCOPE_DATA or put them at ../shared/data"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason + " (in CI they must be there)")
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def potentiostat(data_dir: Path) -> Path:
    """Folder with the real potentiostat files."""
    return data_dir / "potentiostat"
