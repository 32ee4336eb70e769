"""No code block in README.md or docs/ escapes execution, and no link points nowhere.

Python runs, all blocks of a page as one program, beside the demo campaign that `make demo` makes.
Commands of console blocks run, except `make`, whose target must exist. TOML and JSON must parse.
Any other block fails.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from anodescope.campaign import read_specimen

from . import blocks as b

PAGES = {page.relative_to(b.ROOT).as_posix(): page for page in b.pages()}
TEXTS = {name: page.read_text(encoding="utf-8") for name, page in PAGES.items()}
WITH_PYTHON = [name for name, text in TEXTS.items() if b.program(text).strip()]
COMMANDS = [
    (name, block.line, command)
    for name, text in TEXTS.items()
    for block in b.blocks(text)
    if block.language == "console"
    for command in b.commands(block)
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TIMEOUT = 240  # s, against a hang
# Verbs that take minutes run in tests of their own; here their options must exist.
LONG = {"calibrate", "reproduce"}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    bin_folder = Path(sys.executable).parent
    return subprocess.run(
        command,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "MPLBACKEND": "Agg",
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )


@pytest.fixture(scope="module")
def beside_the_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `out/demo/raw`, as `make demo` leaves it."""
    folder = tmp_path_factory.mktemp("docs")
    demo = b.ROOT / "examples" / "demo_campaign.py"
    done = run([sys.executable, str(demo), "out/demo/raw"], folder)
    assert done.returncode == 0, done.stderr
    assert any((folder / "out" / "demo" / "raw").iterdir())
    return folder


def test_there_are_pages_with_code_and_with_commands() -> None:
    assert {"README.md", "docs/quickstart.md", "docs/architecture.md"} <= set(WITH_PYTHON)
    assert ["anodescope", "info", "out/demo/raw"] in [command for _, _, command in COMMANDS]


@pytest.mark.parametrize("name", TEXTS)
def test_every_block_is_of_a_kind_that_is_executed_or_parsed(name: str) -> None:
    for block in b.blocks(TEXTS[name]):
        assert block.language in b.LANGUAGES | b.DIRECTIVES, f"{name}, line {block.line}"
        if block.language == "toml":
            tomllib.loads(block.text)
        if block.language == "json":
            json.loads(block.text)
        if block.language == "console":
            assert b.commands(block), f"{name}, line {block.line}: a command starts with `$ `"


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_the_python_of_a_page_runs(name: str, beside_the_demo: Path) -> None:
    program = beside_the_demo / f"{name.replace('/', '_')}.py"
    program.write_text(b.program(TEXTS[name]), encoding="utf-8")
    done = run([sys.executable, "-W", "error", program.name], beside_the_demo)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "line", "command"), COMMANDS)
def test_a_command_of_a_page_works(
    name: str, line: int, command: list[str], beside_the_demo: Path
) -> None:
    if command[0] == "make":
        asked = {word for word in command[1:] if "=" not in word}
        assert asked <= b.targets(), f"{name}, line {line}"
        return
    command = [command[0].removeprefix(".venv/bin/"), *command[1:]]
    assert command[0] == "anodescope", f"{name}, line {line}: not a command that this test can run"
    if command[1] in LONG:
        told = run([*command[:2], "--help"], beside_the_demo).stdout
        options = [word for word in command[2:] if word.startswith("--")]
        assert [word for word in options if word not in told] == [], f"{name}, line {line}"
        return
    done = run(command, beside_the_demo)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_points_to_a_file(name: str) -> None:
    links = [link for link in LINK.findall(TEXTS[name]) if ":" not in link]
    missing = [link for link in links if not (PAGES[name].parent / link).exists()]
    assert missing == []


# what the tests above rest on


def test_the_program_keeps_the_lines_of_the_page() -> None:
    page = "# T\n\n```python\nx = 1\n```\n\ntext\n\n```python\ny = x\n```\n"
    rows = b.program(page).splitlines()
    assert (rows[3], rows[9]) == ("x = 1", "y = x")
    assert [row for row in rows if row] == ["x = 1", "y = x"]


def test_a_settings_block_is_read_by_its_own_reader(tmp_path: Path) -> None:
    found = [block for text in TEXTS.values() for block in b.blocks(text)]
    named = [block for block in found if block.name == "specimen.toml"]
    assert named
    for block in named:
        path = tmp_path / block.name
        path.write_text(block.text, encoding="utf-8")
        assert read_specimen(path).area is not None


def test_indented_and_unnamed_blocks_are_seen() -> None:
    page = "text\n\n    x = 1\n\n```\ny\n```\n\n```sh\nls\n```\n"
    assert [block.language for block in b.blocks(page)] == ["indented", "", "sh"]
    assert not {"indented", "", "sh"} & (b.LANGUAGES | b.DIRECTIVES)


def test_commands_are_the_lines_after_a_dollar() -> None:
    block = b.Block("console", "$ anodescope info 'a b'  # look\nwhat it prints\n$ make run\n", 1)
    assert b.commands(block) == [["anodescope", "info", "a b"], ["make", "run"]]


def test_the_makefiles_targets_are_found() -> None:
    wanted = {"setup", "run", "test", "check", "bench", "docs", "clean", "slow", "lock"}
    assert wanted <= b.targets()
