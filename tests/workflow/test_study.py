"""A study: every cell once, one report over all, replicates averaged, interrupted work resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from anodescope import analyse_study
from anodescope.campaign import study_of
from anodescope.errors import AnodescopeError, Cancelled, SettingsError
from anodescope.formats import export
from anodescope.running import Run
from anodescope.workflow import study as workflow
from tests.generator import paper

CELLS = {"one": (1.0, 0.02), "again": (1.0, 0.03), "long": (2.0, 0.05)}
SPECIMEN = 'composition = "NaK50"\nworking_electrode = "alloy"\narea_cm2 = { alloy = 0.385 }\n'


@pytest.fixture
def cells(tmp_path):
    """Three cells as files, and their study.toml."""
    folder = tmp_path / "cells"
    for seed, (name, (rest, capacity)) in enumerate(CELLS.items()):
        (folder / name).mkdir(parents=True)
        made = paper.pulsed(rest=rest, capacity=capacity, seed=seed)
        export(made.campaign, folder / name / name, "mpt")
        (folder / name / "specimen.toml").write_text(SPECIMEN, encoding="utf-8")
    entries = [f'[[campaign]]\npath = "{name}"\n' for name in CELLS]
    (folder / "study.toml").write_text("\n".join(entries), encoding="utf-8")
    return folder / "study.toml"


def count_analyses(monkeypatch) -> list[Path]:
    """Count analyses; they leave out the figures, which take most of the time."""
    done: list[Path] = []
    real = workflow.analyse

    def analyse(source, *, out, **options):
        campaign = real(source, **options)
        out.mkdir(parents=True, exist_ok=True)
        campaign.save(out / "campaign.zarr", overwrite=True)
        for name in ("report.html", "summary.json"):
            (out / name).write_text("{}", encoding="utf-8")
        done.append(out)
        return campaign

    monkeypatch.setattr(workflow, "analyse", analyse)
    return done


def test_a_study_gives_one_report_and_averages_replicates(cells, tmp_path):
    out = tmp_path / "out"
    study = analyse_study(cells, out=out)
    assert list(study) == list(CELLS)
    assert "findings" in study["one"]
    assert {item.name for item in out.iterdir()} == {
        "campaigns", "figures", "tables", "report.html", "summary.json",
    }  # fmt: skip
    means = pd.read_csv(out / "tables" / "critical_capacity_replicates.csv")
    means = means[means["basis"] == "voltage"]
    assert means["rest_s"].tolist() == pytest.approx([1.0, 2.0], rel=0.02)
    assert means["n"].tolist() == [2, 1]
    assert means["mean"].tolist() == pytest.approx([0.025, 0.05], rel=0.02)
    assert means["units"].tolist() == ["mAh/cm²"] * 2
    page = (out / "report.html").read_text(encoding="utf-8")
    assert all(f"campaigns/{name}/report.html" in page for name in CELLS)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["campaigns"]) == list(CELLS)


def test_what_was_done_is_not_done_again(cells, tmp_path, monkeypatch):
    done = count_analyses(monkeypatch)
    analyse_study(cells, out=tmp_path / "out")
    assert len(done) == 3
    analyse_study(cells, out=tmp_path / "out")
    assert len(done) == 3
    (cells.parent / "one" / "specimen.toml").write_text(SPECIMEN.replace("0.385", "0.5"), "utf-8")
    analyse_study(cells, out=tmp_path / "out")
    assert [folder.name for folder in done[3:]] == ["one"]


def test_results_that_another_analysis_replaced_are_made_anew(cells, tmp_path, monkeypatch):
    done = count_analyses(monkeypatch)
    analyse_study(cells, out=tmp_path / "out")
    other = tmp_path / "out" / "campaigns" / "one" / "summary.json"
    other.write_text('{"settings": "others"}', encoding="utf-8")
    analyse_study(cells, out=tmp_path / "out")
    assert [folder.name for folder in done[3:]] == ["one"]


def test_an_interrupted_study_goes_on_where_it_stopped(cells, tmp_path, monkeypatch):
    done = count_analyses(monkeypatch)
    run = Run(cancelled=lambda: len(done) >= 2)
    with pytest.raises(Cancelled):
        analyse_study(cells, out=tmp_path / "out", run=run)
    assert not (tmp_path / "out" / "report.html").exists()
    finished = len(list((tmp_path / "out").rglob("summary.json")))
    analyse_study(cells, out=tmp_path / "out")
    assert len(done) == 2 + 3 - finished
    assert (tmp_path / "out" / "report.html").exists()


def test_a_bad_cell_is_named_and_the_others_are_kept(cells, tmp_path, monkeypatch):
    count_analyses(monkeypatch)
    broken = next((cells.parent / "long").glob("*.mpt"))
    broken.write_text("EC-Lab ASCII FILE\nNb header lines : 3\n", encoding="latin-1")
    with pytest.raises(AnodescopeError, match="campaign 'long'"):
        analyse_study(cells, out=tmp_path / "out")
    assert (tmp_path / "out" / "campaigns" / "one" / "report.html").exists()
    assert not (tmp_path / "out" / "report.html").exists()


def test_campaigns_in_memory_can_be_studied(tmp_path, monkeypatch):
    count_analyses(monkeypatch)
    made = {name: paper.pulsed(rest=r, capacity=c).campaign for name, (r, c) in CELLS.items()}
    study = analyse_study(study_of(made), out=tmp_path / "out", by=["rest_s"])
    assert "findings" in study["again"]


def test_names_that_would_share_a_folder_are_refused(tmp_path):
    made = paper.rest(60.0).campaign
    with pytest.raises(SettingsError, match="would share the folder"):
        analyse_study(study_of({"a/b": made, "a b": made}), out=tmp_path / "out")


def test_an_empty_study_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="no campaign"):
        analyse_study(study_of({}), out=tmp_path / "out")
