"""The papers of the house: citation, changelog, hooks, CI script, Makefile agree with the code."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib

import pytest
import yaml

import anodescope
from tools.hosts import ROOT


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_citation_file_has_what_its_format_requires() -> None:
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "version", "license"} <= citation.keys()
    assert citation["type"] == "software"
    assert all("name" in author or "family-names" in author for author in citation["authors"])
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
        assert re.fullmatch(r"10\.\d{4,9}/\S+", reference["doi"])


def test_version_and_licence_are_the_same_everywhere() -> None:
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["version"] == anodescope.__version__
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert citation["license"] == project["license"] == "BSD-3-Clause"
    assert text("LICENSE").startswith("BSD 3-Clause License")


def test_the_changelog_has_an_entry_for_what_comes_next() -> None:
    heads = re.findall(r"^## \[(.+?)\]", text("CHANGELOG.md"), re.M)
    assert heads[0] == "Unreleased" or anodescope.__version__ == heads[0]


def test_hooks_run_what_setup_installed() -> None:
    (repository,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")


def test_the_ci_script_is_executable_and_sound() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert "set -euo pipefail" in text(".ci/run")


def test_every_step_of_ci_has_a_time_limit_and_they_fit() -> None:
    steps = re.findall(r"^step (\w+) (\d+) make --no-print-directory (\w+)$", text(".ci/run"), re.M)
    assert [name for name, _, _ in steps] == ["setup", "check", "test", "chromium", "slow"]
    assert [target for _, _, target in steps] == [name for name, _, _ in steps]
    assert sum(int(seconds) for _, seconds, _ in steps) < 5400


@pytest.mark.parametrize("target", ["setup", "run", "test", "check", "slow", "bench", "docs"])
def test_make_knows_what_to_do(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_has_the_two_commands_and_the_table() -> None:
    readme = text("README.md")
    assert "$ make run\n$ make test\n" in readme
    assert "## Where is …?" in readme
    paths = re.findall(r"`(src/[\w/.]+)`", readme)
    assert len(paths) >= 6
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_contributing_is_one_page() -> None:
    assert len(text("CONTRIBUTING.md").splitlines()) <= 66
