"""The command line: exit codes, one clear sentence, JSON, nothing half-written."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import anodescope as an
from anodescope.campaign import study_of
from anodescope.cli import analysis, screen
from anodescope.cli.analysis import _with_method
from anodescope.cli.main import main
from anodescope.errors import AnodescopeError
from anodescope.impedance import Tikhonov
from anodescope.running import Run
from anodescope.workflow import output
from anodescope.workflow.settings import Settings
from anodescope.workflow.study import StudyResult
from tests.formats.test_read import hold, sweep, write


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "cell"
    inside.mkdir()
    write(inside / "run_01_CP_C01.mpt", "CP", hold())
    write(inside / "run_02_GEIS_C01.mpt", "GEIS", sweep(), began=30.0)
    return inside


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_help_names_every_verb(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for verb in ("info", "analyse", "simulate", "export", "cite", "bench"):
        assert verb in out


def test_version(capsys):
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert out.startswith("anodescope 0.")


def test_info_of_files(capsys, folder):
    code, out, _ = run(capsys, "info", folder)
    assert code == 0
    assert "run_02_GEIS_C01.mpt" in out
    assert "GEIS" in out


def test_info_as_json(capsys, folder):
    code, out, _ = run(capsys, "info", folder, "--json")
    files = {entry["source"]: entry for entry in json.loads(out)["files"]}
    assert code == 0
    assert files["run_02_GEIS_C01.mpt"]["sweeps"] == 2
    assert files["run_01_CP_C01.mpt"]["rows"] == 20


def test_info_names_a_broken_file_and_goes_on(capsys, folder):
    (folder / "broken.mpr").write_bytes(b"no")
    code, out, _ = run(capsys, "info", folder)
    assert code == 0
    assert "expected the magic" in out
    assert "run_01_CP_C01.mpt" in out


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_info_of_a_broken_file_by_name_exits_1_and_shows_the_others(capsys, folder, more):
    (folder / "broken.mpr").write_bytes(b"no")
    good = folder / "run_01_CP_C01.mpt"
    code, out, err = run(capsys, "info", good, folder / "broken.mpr", *more)
    assert code == 1
    assert err == ""
    assert "expected the magic" in out
    assert good.name in out
    assert run(capsys, "info", good, *more)[0] == 0


def test_info_exits_1_where_nothing_could_be_read(capsys, tmp_path):
    (tmp_path / "broken.mpr").write_bytes(b"no")
    code, out, _ = run(capsys, "info", tmp_path)
    assert code == 1
    assert "broken.mpr: " in out
    assert "expected the magic" in out


def test_analyse_writes_and_says_so(capsys, folder, tmp_path):
    code, out, _ = run(capsys, "analyse", folder, "--out", tmp_path / "out", "--area", "0.385")
    assert code == 0
    assert "2 spectra" in out
    assert (tmp_path / "out" / "report.html").is_file()
    code, out, _ = run(capsys, "analyse", folder, "--out", tmp_path / "out", "--json")
    assert code == 0
    assert json.loads(out)["n_spectra"] == 2


def test_an_error_is_one_sentence_exit_1_and_nothing_written(capsys, tmp_path):
    (tmp_path / "bad.mpr").write_bytes(b"BIO-LOGIC")
    code, out, err = run(capsys, "analyse", tmp_path / "bad.mpr", "--out", tmp_path / "out")
    assert code == 1
    assert out == ""
    assert err.count("\n") == 1
    assert "bad.mpr" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyse",),
        ("analyse", "x.mpr"),
        ("nonsense",),
        ("analyse", "x.mpr", "--out", "o", "--area", "large"),
        ("info", "x.mpr", "--columns", "frequency"),
    ],
)
def test_usage_errors_exit_2(capsys, arguments):
    assert run(capsys, *arguments)[0] == 2


@pytest.mark.parametrize(("kind", "suffix"), [("csv", ".csv"), ("netcdf", ".nc"), ("mpt", ".mpt")])
def test_export(capsys, folder, tmp_path, kind, suffix):
    target = tmp_path / "exported"
    target.mkdir()
    code, out, _ = run(capsys, "export", folder, "--out", target, "--kind", kind)
    assert code == 0
    written = [path for path in target.rglob("*") if path.is_file()]
    assert any(path.name.endswith(suffix) for path in written)
    assert all(str(path) in out for path in written)


def test_cite(capsys):
    code, out, _ = run(capsys, "cite")
    assert code == 0
    assert "10.1039/d5eb00097a" in out


def test_cite_of_a_run_names_what_it_used(capsys, folder, tmp_path):
    run(capsys, "analyse", folder, "--out", tmp_path / "out")
    code, out, _ = run(capsys, "cite", tmp_path / "out" / "campaign.zarr", "--json")
    assert code == 0
    keys = {work["key"] for work in json.loads(out)}
    assert "effat2017" in keys


@pytest.mark.parametrize("option", ["--area=2", "--columns=frequency=f/Hz", "--specimen=s.toml"])
@pytest.mark.parametrize("verb", ["analyse", "export"])
def test_options_that_a_stored_campaign_would_ignore_are_refused(
    capsys, stored, tmp_path, verb, option
):
    code, out, err = run(capsys, verb, stored, "--out", tmp_path / "out", option)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert option[2:].partition("=")[0] in err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    place = tmp_path_factory.mktemp("stored")
    write(place / "run_01_CP_C01.mpt", "CP", hold())
    an.read(place).save(place / "c.zarr")
    return place / "c.zarr"


# what the terminal can show


def run_in_ascii(monkeypatch, *arguments: object) -> tuple[int, str, str]:
    """Run with stdout and stderr of a terminal that knows ASCII only."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode("ascii") for stream in streams)
    return int(ended.value.code or 0), out, err


def test_an_ascii_terminal_shows_escapes(monkeypatch, folder):
    (folder / "run_01_CP_C01.mpt").rename(folder / "Zelle_α_01_CP_C01.mpt")
    code, out, _ = run_in_ascii(monkeypatch, "info", folder)
    assert code == 0
    assert "Zelle_\\u03b1_01" in out
    code, _, err = run_in_ascii(monkeypatch, "info", folder / "β.mpr")
    assert code == 1
    assert "\\u03b2.mpr" in err
    assert run_in_ascii(monkeypatch, "cite")[0] == 0


def test_json_on_an_ascii_terminal_is_json(monkeypatch, folder):
    (folder / "run_01_CP_C01.mpt").rename(folder / "Zelle_é_01_CP_C01.mpt")
    code, out, _ = run_in_ascii(monkeypatch, "info", folder, "--json")
    assert code == 0
    assert "Zelle_é_01_CP_C01.mpt" in [entry["source"] for entry in json.loads(out)["files"]]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_file_name_that_is_no_utf_8(capsys, folder, tmp_path):
    named = folder / os.fsdecode(b"caf\xe9_01_CP_C01.mpt")
    (folder / "run_01_CP_C01.mpt").rename(named)
    for arguments in (("info", folder), ("info", named), ("info", folder, "--json")):
        code, out, _ = run(capsys, *arguments)
        assert code == 0
        assert "caf" in out
    assert "caf" in json.loads(out)["files"][0]["source"]
    code, out, _ = run(capsys, "analyse", folder, "--out", tmp_path / "out", "--json")
    assert code == 0
    assert "caf" in json.loads(out)["files"][0]["source"]
    code, _, err = run(capsys, "info", folder / os.fsdecode(b"absent\xe9.mpr"))
    assert code == 1
    assert "absent" in err


def test_streams_that_cannot_be_reconfigured_are_left_alone(monkeypatch, folder):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(SystemExit) as ended:
        main(["info", str(folder), "--json"])
    assert not ended.value.code
    assert json.loads(stream.getvalue())["files"]


# what else may go wrong


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/big/file"), "/big/file: No space left on device"),
        (OSError("odd\nthing"), "odd thing"),
        (MemoryError(), "not enough memory"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_the_systems_errors_are_one_sentence_too(capsys, monkeypatch, folder, error, said):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr("anodescope.cli.files.show_info", fail)
    code, out, err = run(capsys, "info", folder)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err
    assert err.endswith(".\n")


def test_every_stage_has_a_name_on_the_screen(folder, tmp_path, monkeypatch):
    for slow in ("make_figures", "write_report", "_put_in_place"):
        monkeypatch.setattr(output, slow, lambda *arguments, **options: {})
    reported: set[str] = set()
    told = Run(progress=lambda stage, done, total: reported.add(stage))
    an.analyse(folder, out=tmp_path / "out", run=told)
    assert "study" not in reported
    with pytest.raises(AnodescopeError):  # nothing was put in place above
        an.analyse_study(study_of({"a": an.read(folder)}), out=tmp_path / "s", run=told)
    an.simulate(an.Cell.preset("K"), an.protocols.rest(1.0), run=told)
    # Stages of verbs that take minutes; their own tests run them.
    others = {"experiments", "wetting", "walls"}
    assert reported | others == set(screen.STAGES)
    assert not reported & others


# studies


@pytest.fixture
def study(tmp_path):
    """Two cells, and their study.toml."""
    inside = tmp_path / "cells"
    for name in ("a", "b"):
        (inside / name).mkdir(parents=True)
        write(inside / name / "run_01_CP_C01.mpt", "CP", hold())
    entries = [f'[[campaign]]\npath = "{name}"\n' for name in ("a", "b")]
    (inside / "study.toml").write_text("\n".join(entries), encoding="utf-8")
    return inside / "study.toml"


def test_a_study_with_a_bad_cell_exits_1_after_the_others(capsys, study, tmp_path):
    out = tmp_path / "out"
    (study.parent / "a" / "run_01_CP_C01.mpt").write_text("EC-Lab ASCII FILE\n", encoding="utf-8")
    code, told, err = run(capsys, "analyse", study, "--out", out)
    assert code == 1
    assert "1 of 2 could not be analysed: a." in told
    assert f"report: {out / 'report.html'}" in told
    assert err.count("\n") == 1
    assert "cell 'a' failed: " in err
    assert "run_01_CP_C01.mpt" in err
    assert (out / "campaigns" / "b" / "report.html").is_file()
    code, told, err = run(capsys, "analyse", study, "--out", out, "--json")
    assert (code, list(json.loads(told)["failed"])) == (1, ["a"])


def test_a_study_that_is_up_to_date_says_so(capsys, study, tmp_path):
    out = tmp_path / "out"
    code, told, _ = run(capsys, "analyse", study, "--out", out)
    assert (code, "again" in told) == (0, False)
    code, told, err = run(capsys, "analyse", study, "--out", out)
    assert (code, err) == (0, "")
    assert "2 of 2 had not changed and were not analysed again." in told
    assert "The report of the study is up to date" in told


def test_a_group_that_does_not_exist_is_one_sentence(capsys, study, tmp_path):
    code, told, err = run(capsys, "analyse", study, "--out", tmp_path / "out", "--by", "compositon")
    assert (code, told, err.count("\n")) == (1, "", 1)
    assert "Did you mean 'composition'" in err
    assert not (tmp_path / "out").exists()


def test_means_are_counted_by_condition():
    rows = [
        {"rest_s": rest, "basis": basis, "n": n}
        for rest, n in ((1.0, 2), (2.0, 1), (4.0, 0))
        for basis in ("voltage", "impedance")
    ]
    summary = {
        "campaigns": dict.fromkeys("abc"), "failed": {}, "n_findings": 1,
        "replicates": {"critical_capacity": rows, "onset_current": rows[4:]},
        "grouped_by": {"critical_capacity": ["rest_s"], "onset_current": ["rest_s"]},
    }  # fmt: skip
    result = StudyResult(study_of({}), ("a", "b", "c"), {}, True)
    assert analysis.study_outline(summary, result) == [
        "3 cells, 1 finding.",
        "critical capacity: 4 means, for 2 conditions (by rest_s).",
        "onset current: no cell gave a value (by rest_s).",
    ]


# Ctrl-C, in a process of its own that says on stdout how far it is
TELLING = """
from contextlib import contextmanager
from anodescope.campaign import study_of
from anodescope.cli import analysis, screen
from anodescope.cli.main import main

@contextmanager
def tell():
    yield lambda stage, done, total: print(stage, done, flush=True)

screen.progress_bar = tell
main()
"""


def interrupted(moment: str, source: Path, out: Path, presses: int = 1) -> tuple[int, str, str]:
    """Analyse, press Ctrl-C as soon as `moment` is reported; return code, later output, stderr."""
    command = [sys.executable, "-c", TELLING, "analyse", str(source), "--out", str(out)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == f"{moment}\n":
                break
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        rest, err = process.communicate(timeout=120)
    return process.returncode, rest, err


@pytest.mark.skipif(sys.platform == "win32", reason="no process can send Ctrl-C to one other")
@pytest.mark.parametrize(
    ("moment", "presses"), [("read 0", 1), ("DRT 0", 1), ("figures 2", 1), ("write 1", 2)]
)
def test_ctrl_c_leaves_no_folder(potentiostat, tmp_path, moment, presses):
    out = tmp_path / "out"
    code, rest, err = interrupted(moment, potentiostat / "insitu-datalab", out, presses)
    assert (code, err.count("\n")) == (1, 1), err
    assert err.startswith("anodescope: ")
    assert "report:" not in rest
    if moment == "figures 2":
        assert "figures: stopped after" in err
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no process can send Ctrl-C to one other")
def test_ctrl_c_while_writing_leaves_the_earlier_results(potentiostat, capsys, folder, tmp_path):
    out = tmp_path / "out"
    assert run(capsys, "analyse", folder, "--out", out)[0] == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    code, _, err = interrupted("write 1", potentiostat / "insitu-datalab", out)
    assert (code, err.count("\n")) == (1, 1), err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_method_beside_a_table_of_another_is_refused(capsys, folder, tmp_path):
    settings = tmp_path / "a.toml"
    settings.write_text('[method]\nname = "tikhonov"\norder = 2\n', encoding="utf-8")
    out = tmp_path / "out"
    given = ("analyse", folder, "--out", out, "--settings", settings)
    code, _, err = run(capsys, *given, "--method", "auto")
    assert code == 1
    assert "a.toml sets up the method 'tikhonov' in its table [method]" in err
    assert not out.exists()


def test_a_method_beside_its_own_table_keeps_its_settings():
    told = Tikhonov(order=2)
    assert _with_method(Settings(method=told), "tikhonov", Path("a.toml")).method is told
    assert _with_method(Settings(), "drttools", None).method == "drttools"
