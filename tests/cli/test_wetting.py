"""The verb wetting: a folder whole or not at all, JSON, one sentence for what cannot be."""

from __future__ import annotations

import csv
import json
from functools import partial

import pytest

from anodescope.cli import wetting as verb
from anodescope.inference.wetting import wetting
from tests.cli.test_cli import run

FEW = ("--angle", 60, "--roughness", 1, "--workers", 1)


@pytest.fixture
def small(monkeypatch):
    """Two contacts of one feature, one alloy: the verb's own work is what is tested here."""
    monkeypatch.setattr("anodescope.inference.wetting.ALLOYS", (50.0,))
    monkeypatch.setattr(verb, "ensemble_cells", lambda name: [])
    monkeypatch.setattr(verb, "wetting", partial(wetting, contacts=(1.0,), features=(1e-4,)))


def test_it_writes_tables_a_figure_and_sentences(capsys, tmp_path, small):
    out = tmp_path / "made" / "here"
    code, text, _ = run(capsys, "wetting", "--out", out, *FEW)
    assert code == 0
    assert sorted(item.name for item in out.iterdir()) == sorted(verb.ITEMS)
    told = json.loads((out / "wetting.json").read_text(encoding="utf-8"))
    for sentence in told["sentences"].values():
        assert sentence in text
    with (out / "walls.csv").open(encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    assert {float(row["angle"]) for row in rows} == {60.0}
    assert {float(row["rms"]) for row in rows} == {1e-4}
    assert len(rows) == len(told["walls"])
    # No other file lies beside it.
    assert [item.name for item in out.parent.iterdir()] == ["here"]


def test_json_holds_no_nan(capsys, tmp_path, small):
    code, text, _ = run(capsys, "wetting", "--out", tmp_path / "a", *FEW, "--json")
    told = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert code == 0
    assert told["out"] == str(tmp_path / "a")
    assert told["walls"]


def test_an_answer_is_not_replaced_unasked(capsys, tmp_path, small):
    out = tmp_path / "a"
    out.mkdir()
    (out / "wetting.json").write_text("{}")
    code, _, err = run(capsys, "wetting", "--out", out, *FEW)
    assert code == 1
    assert "--overwrite" in err
    assert (out / "wetting.json").read_text() == "{}"


def test_a_folder_of_others_is_left_alone(capsys, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    code, _, err = run(capsys, "wetting", "--out", tmp_path, "--overwrite")
    assert code == 1
    assert "mine.txt" in err


@pytest.mark.parametrize(
    ("options", "named"),
    [(("--cell", "Na"), "layer"), (("--angle", 200), "angle"), (("--roughness", -1), "rms")],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(capsys, tmp_path, options, named):
    code, _, err = run(capsys, "wetting", "--out", tmp_path / "a", "--workers", 1, *options)
    assert code == 1
    assert named in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
