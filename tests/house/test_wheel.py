"""A wheel in an empty environment: the core works without extras, development tools or source."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from anodescope.names import nodes
from tools.hosts import ROOT

from . import locks

pytestmark = pytest.mark.slow

CHECK = """
import importlib.util as u, sys
import anodescope, anodescope.names
for name in ("pytest", "pyarrow", "h5netcdf", "ruff", "sphinx"):
    if u.find_spec(name):
        sys.exit(f"{name} is here: the environment is not empty")
for name in anodescope.__all__:
    getattr(anodescope, name)
print(anodescope.__file__, *anodescope.names.nodes())
"""


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """An environment with nothing but the wheel and what its core asks for, at locked versions."""
    folder = tmp_path_factory.mktemp("empty")
    constraints = folder / "constraints.txt"
    pins = locks.read(ROOT / "requirements" / "lock.txt")
    constraints.write_text("\n".join(pin.line() for pin in pins), encoding="utf-8")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", constraints, wheel, cwd=folder)
    return folder


def test_the_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "anodescope").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == wanted
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_core_imports_in_an_empty_environment(empty: Path) -> None:
    where, *found = run(empty / "venv" / "bin" / "python", "-c", CHECK, cwd=empty).split()
    assert Path(where).is_relative_to(empty)
    assert tuple(found) == nodes()


def test_the_command_line_answers_in_an_empty_environment(empty: Path) -> None:
    text = run(empty / "venv" / "bin" / "anodescope", "--help", cwd=empty)
    for verb in ("info", "analyse", "cite"):
        assert verb in text


def test_its_requirements_are_whole(empty: Path) -> None:
    run(empty / "venv" / "bin" / "python", "-m", "pip", "check", cwd=empty)
