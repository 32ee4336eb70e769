"""The verb reproduce: what falls short first, JSON on demand, one sentence on errors."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from anodescope.cell import Cell
from anodescope.cli import reproduce as verb
from anodescope.errors import SettingsError
from anodescope.inference.observations import BEYOND, Computed, Judged, Row, Verdict, rows, tally
from anodescope.workflow.reproduce_experiments import Choice
from anodescope.workflow.reproduce_result import Reproduction
from anodescope.workflow.reproduce_told import Counts
from tests.cli.test_cli import run


def chosen() -> list[Row]:
    """A row that counts for nothing, then those of the class "form" that count."""
    told = list(rows().values())
    return [
        next(row for row in told if row.trivial),
        *(row for row in told if not row.trivial and row.role == "form"),
    ]


def made_up(*verdicts: Verdict) -> Reproduction:
    """A reproduction whose first rows came out like this; the first counts for nothing."""
    every = tuple(
        Judged(row, Computed(1.0, message=f"message of {row.key}"), verdict)
        for row, verdict in zip(chosen(), verdicts, strict=False)
    )
    return Reproduction(
        choice=Choice(), judged=every, tally=tally(every), counts=Counts(3, 4, 5, 6),
        campaigns={}, places={}, cells={}, failed={}, done=(), parts={},
    )  # fmt: skip


def test_misses_are_printed_before_everything_else(capsys):
    verb.show(made_up(Verdict.met, Verdict.met, Verdict.missed, Verdict.within))
    told = capsys.readouterr().out.splitlines()
    missed = chosen()[2].key
    assert told[0] == "1 of 4 rows are missed:"
    assert told[1].startswith(f"  {missed}: expected ")
    assert told[1].endswith(f"message of {missed}")
    counted = [line for line in told if " rows; " in line and "0 rows" not in line]
    assert sum(int(line.split(": ")[1].split()[0]) for line in counted) == 3
    assert BEYOND in told
    assert any(line.startswith("Numbers of the cells: 3 fitted") for line in told)


def test_what_another_run_left_is_told_and_stays_out(capsys):
    made = replace(made_up(Verdict.met), left_over=("campaigns/strip65", "parts/other.json"))
    verb.show(made)
    told = capsys.readouterr().out
    assert (
        "Not of this reproduction, but in its folder: campaigns/strip65, parts/other.json" in told
    )


def test_nothing_missed_is_said_too(capsys):
    verb.show(made_up(Verdict.met))
    assert capsys.readouterr().out.splitlines()[0] == "0 of 1 rows are missed."


def test_choices_reach_the_work(capsys, tmp_path, monkeypatch):
    seen = {}

    def instead(out, **options):
        seen.update(options, out=out)
        raise SettingsError("far enough.")

    Cell.preset("NaK50").replace(**{"layer.thickness": 3e-6}).to_toml(tmp_path / "mine.toml")
    monkeypatch.setattr(verb, "reproduce", instead)
    code, _, told = run(
        capsys, "reproduce", "--out", tmp_path / "out", "--only", "ccd50, strip50", "--only", "K",
        "--noise", 3, "--through-files", "--overwrite", "--method", "auto",
        "--cell", tmp_path / "mine.toml",
    )  # fmt: skip
    assert (code, told) == (1, "anodescope: far enough.\n")
    assert seen["only"] == ["ccd50", "strip50", "K"]
    assert (seen["noise"], seen["method"]) == (3, "auto")
    assert seen["through_files"] is seen["overwrite"] is True
    assert seen["cell"].layer.thickness == 3e-6


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (("--only", "strip5"), 1, "Did you mean"),
        (("--method", "magic"), 1, "magic"),
        (("--cell", "none.toml"), 1, "none.toml"),
        (("--noise", "-1"), 2, "noise"),
        (("--workers", "0"), 2, "workers"),
    ],
)
def test_what_cannot_be_is_one_sentence(capsys, tmp_path, options, status, word):
    code, _, told = run(capsys, "reproduce", "--out", tmp_path / "out", *options)
    assert code == status
    assert word in told
    assert status == 2 or told.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_json_is_what_the_file_holds(capsys, tmp_path):
    out = tmp_path / "out"
    asked = ("reproduce", "--only", "pristine50,pulse_0", "--workers", 1, "--out", out)
    code, text, _ = run(capsys, *asked, "--json")
    assert code == 0
    assert json.loads(text) == json.loads((out / "observations.json").read_text())
    code, text, _ = run(capsys, *asked)
    assert "2 of 2 were up to date" in text


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_leaves_whole_folders_only(tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "anodescope.cli.main", "reproduce", "--out", str(out),
               "--only", "pristine50,strip80,pulse_1,pulse_2"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 120
    while not list(Path(out).glob("campaigns/.*partial*")) and time.monotonic() < limit:
        time.sleep(0.05)
    import signal

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "goes on from there" in told
    assert not (out / "summary.json").exists()
    assert [item for item in (out / "campaigns").iterdir() if item.name.startswith(".")] == []
