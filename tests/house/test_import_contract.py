"""The import contract holds, and it breaks when somebody breaks it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ONE_LINE = re.compile(r"[ |()]+")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in `folder`/src, with the contract in its pyproject.toml."""
    # The folder's own src comes first on the path, before the editable install of the checkout.
    program = "import sys; from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--verbose"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contract, free to be spoilt."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src" / "anodescope",
        tmp_path / "src" / "anodescope",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


def inject(copy: Path, module: str, line: str) -> None:
    """Add an import to the top of a module of the copy; the module is made if need be."""
    path = copy / "src" / "anodescope" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{line}\n", encoding="utf-8")


def contract() -> dict[str, object]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (only,) = settings["tool"]["importlinter"]["contracts"]
    return only


def test_the_contract_holds() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "imports go downwards only KEPT" in result.stdout


def test_an_untouched_copy_holds_so_that_the_failures_below_mean_something(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "named"),
    [
        pytest.param(
            "campaign/spoilt.py",
            "import anodescope.workflow",
            "anodescope.campaign.spoilt -> anodescope.workflow",
            id="upwards",
        ),
        pytest.param(
            "formats/spoilt.py",
            "from anodescope import impedance",
            "anodescope.formats.spoilt -> anodescope.impedance",
            id="sideways",
        ),
        pytest.param(
            "report/spoilt.py",
            "def late():\n    from anodescope import bench",
            "anodescope.report.spoilt -> anodescope.bench",
            id="upwards-inside-a-function",
        ),
        pytest.param(
            "impedance/spoilt.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import anodescope.report",
            "anodescope.impedance.spoilt -> anodescope.report",
            id="sideways-for-types-only",
        ),
        pytest.param(
            "names.py",
            "import anodescope.citations",
            "anodescope.names -> anodescope.citations",
            id="sideways-on-the-ground-floor",
        ),
    ],
)
def test_an_injected_violation_breaks_it(copy: Path, module: str, line: str, named: str) -> None:
    inject(copy, module, line)
    result = lint(copy)
    assert result.returncode != 0
    assert "imports go downwards only BROKEN" in result.stdout
    assert named in result.stdout


def test_a_chain_through_the_root_package_breaks_it(copy: Path) -> None:
    inject(copy, "__init__.py", "import anodescope.workflow")
    inject(copy, "formats/spoilt.py", "import anodescope")
    result = lint(copy)
    assert result.returncode != 0
    assert "anodescope.formats.spoilt -> anodescope " in result.stdout


@pytest.mark.parametrize("module", ["pantry/__init__.py", "pantry.py"])
def test_a_room_that_is_in_no_line_breaks_it(copy: Path, module: str) -> None:
    inject(copy, module, "")
    result = lint(copy)
    assert result.returncode != 0
    assert "pantry" in result.stdout + result.stderr


@pytest.mark.parametrize(
    "room", ["app", "inference", "events", "tomography", "cell", "protocol", "materials", "contact"]
)
def test_a_room_to_come_has_its_place(room: str) -> None:
    assert room in {name for line in contract()["layers"] for name in ONE_LINE.split(line)}


def test_exactly_one_import_is_excused() -> None:
    assert contract()["exhaustive"] is True
    assert contract()["ignore_imports"] == ["anodescope.running -> anodescope.errors"]
