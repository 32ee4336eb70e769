"""Where machine code is kept, also where nothing can be written, and that its making is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import anodescope
from anodescope import compiling

KERNEL = """
from anodescope.compiling import compiled

@compiled
def double(x):
    return 2 * x
"""
USE = """
import kernel
from anodescope import compiling
told = []
with compiling.announced(lambda: told.append(1)):
    assert kernel.double(21) == 42
    assert kernel.double(2.0) == 4.0
print(len(told), kernel.double.stats.cache_path)
"""
WARM = """
from anodescope import compiling
from anodescope.workflow.warm import warm
warm()
print([name for name, kernel in compiling.KERNELS.items() if not kernel.signatures])
"""


def blocked(folder: Path) -> dict[str, str]:
    """Let nothing be cached beside the sources in `folder` nor at home, for root as well."""
    for part in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        (part / "__pycache__").write_text("a file where a folder should be")
    nowhere = str(folder / "__pycache__" / "none")
    temporary = folder.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    changed = {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "TMPDIR": str(temporary)}
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return {**kept, **changed, "PYTHONDONTWRITEBYTECODE": "1"}


def run(code: str, environment: dict[str, str], path: Path) -> str:
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(path)},
        cwd=path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.strip()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "kernel.py").write_text(KERNEL)
    return folder


@pytest.mark.slow
def test_code_is_kept_beside_the_source(installed: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    first = run(USE, environment, installed)
    second = run(USE, environment, installed)
    assert first == f"1 {installed / '__pycache__'}"
    assert second == f"0 {installed / '__pycache__'}"


def test_code_goes_to_a_private_folder_where_nothing_else_can_be_written(installed: Path) -> None:
    environment = blocked(installed)
    first, second = run(USE, environment, installed), run(USE, environment, installed)
    folder = Path(environment["TMPDIR"]) / f"anodescope-{os.getuid()}"
    assert first.startswith(f"1 {folder}")
    assert second.startswith(f"0 {folder}")
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_code_is_made_anew_where_no_folder_can_be_had(installed: Path) -> None:
    environment = blocked(installed)
    (Path(environment["TMPDIR"]) / f"anodescope-{os.getuid()}").write_text("not a folder")
    assert run(USE, environment, installed).startswith("1")
    assert run(USE, environment, installed).startswith("1")


def test_a_folder_that_others_can_fill_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = compiling.private_folder()
    assert found is not None
    assert found.parent == tmp_path
    found.chmod(0o777)
    assert compiling.private_folder() is None
    found.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    found.symlink_to(tmp_path / "elsewhere")
    assert compiling.private_folder() is None


@pytest.mark.slow
def test_warming_compiles_every_kernel_even_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A copy of the package in which no cache can be written: it works, and all is compiled."""
    site = tmp_path / "site"
    source = Path(anodescope.__file__).parent
    shutil.copytree(source, site / "anodescope", ignore=shutil.ignore_patterns("__pycache__"))
    environment = blocked(site)
    assert run(WARM, environment, site) == "[]"
    assert list(Path(environment["TMPDIR"]).rglob("*.nbc"))
