"""A study: every cell once, one report over all, replicates averaged, interrupted work resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from anodescope import analyse as campaign_into
from anodescope import analyse_study
from anodescope.campaign import study_of
from anodescope.errors import AnodescopeError, Cancelled, SettingsError, StoreError
from anodescope.formats import export
from anodescope.running import Run
from anodescope.workflow import overall
from anodescope.workflow import study as workflow
from anodescope.workflow.output import ITEMS
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
        (out / "report.html").write_text("", encoding="utf-8")
        told = {"schema_version": 1, "kind": "campaign", "outputs": list(ITEMS)}
        (out / "summary.json").write_text(json.dumps(told), encoding="utf-8")
        done.append(out)
        return campaign

    monkeypatch.setattr(workflow, "analyse", analyse)
    monkeypatch.setattr(overall, "make_study_figures", lambda *given: {})
    return done


def test_a_study_gives_one_report_and_averages_replicates(cells, tmp_path):
    out = tmp_path / "out"
    study = analyse_study(cells, out=out)
    assert list(study) == list(CELLS)
    assert "findings" in study["one"]
    assert {item.name for item in out.iterdir()} == {
        "analysed.json", "campaigns", "figures", "tables", "report.html", "summary.json",
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
    told = json.loads(other.read_text(encoding="utf-8"))
    other.write_text(json.dumps({**told, "settings": "others"}), encoding="utf-8")
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


def break_cell(cells: Path, name: str) -> Path:
    broken = next((cells.parent / name).glob("*.mpt"))
    broken.write_text("EC-Lab ASCII FILE\nNb header lines : 3\n", encoding="latin-1")
    return broken


def test_a_bad_cell_is_told_and_the_others_are_studied(cells, tmp_path, monkeypatch):
    count_analyses(monkeypatch)
    out = tmp_path / "out"
    broken = break_cell(cells, "one")  # the first: what comes after it must not be lost
    result = workflow.run_study(cells, out=out)
    assert list(result.study) == ["again", "long"]
    assert list(result.failed) == ["one"]
    assert broken.name in result.failed["one"]
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["failed"] == result.failed
    assert list(summary["campaigns"]) == ["again", "long"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "3 cells, of which 1 could not be analysed" in page
    assert "failed: " in page
    assert "The file was cut off" in page
    assert "campaigns/one/report.html" not in page
    told = pd.read_csv(out / "tables" / "cells.csv").set_index("name")["analysis"]
    assert told["one"].startswith("failed: ")
    assert told["again"] == "analysed"


def test_a_mended_cell_alone_is_analysed_by_the_next_run(cells, tmp_path, monkeypatch):
    done = count_analyses(monkeypatch)
    out = tmp_path / "out"
    broken = next((cells.parent / "long").glob("*.mpt"))
    whole = broken.read_bytes()
    break_cell(cells, "long")
    assert not workflow.run_study(cells, out=out).study.table["name"].eq("long").any()
    broken.write_bytes(whole)
    result = workflow.run_study(cells, out=out)
    assert [folder.name for folder in done[2:]] == ["long"]
    assert result.analysed == ("long",)
    assert result.written
    assert not result.failed
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["failed"] == {}


def test_a_study_of_which_no_cell_can_be_analysed_is_an_error(cells, tmp_path):
    for name in CELLS:
        break_cell(cells, name)
    with pytest.raises(AnodescopeError, match="No cell") as failed:
        analyse_study(cells, out=tmp_path / "out")
    assert all(repr(name) in str(failed.value) for name in CELLS)


def test_an_unchanged_study_is_not_written_again(cells, tmp_path, monkeypatch):
    count_analyses(monkeypatch)
    out = tmp_path / "out"
    assert workflow.run_study(cells, out=out).written
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "write_overall", None)
        result = workflow.run_study(cells, out=out)
    assert (result.written, result.analysed) == (False, ())
    assert list(result.study) == list(CELLS)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


@pytest.mark.parametrize("change", ["by", "page", "summary", "order"])
def test_a_study_is_written_again_where_something_changed(cells, tmp_path, monkeypatch, change):
    done = count_analyses(monkeypatch)
    out, by = tmp_path / "out", []
    analyse_study(cells, out=out)
    if change == "by":
        by = ["rest_s"]
    elif change == "page":
        (out / "report.html").unlink()
    elif change == "summary":
        told = json.loads((out / "summary.json").read_text(encoding="utf-8"))
        (out / "summary.json").write_text(json.dumps({**told, "n_findings": 0}), encoding="utf-8")
    else:
        entries = [f'[[campaign]]\npath = "{name}"\n' for name in reversed(CELLS)]
        cells.write_text("\n".join(entries), encoding="utf-8")
    assert workflow.run_study(cells, out=out, by=by).written
    assert len(done) == 3
    assert not workflow.run_study(cells, out=out, by=by).written


@pytest.mark.parametrize(("at", "said"), [(0, "in cell 'one'; 0 of 3"), (1, "in cell 'again'; 1")])
def test_ctrl_c_says_in_which_cell_and_how_many_are_done(cells, tmp_path, monkeypatch, at, said):
    done: list[str] = []

    def analyse(source, *, out, settings, run):
        if len(done) == at:
            raise Cancelled("figures: stopped after 3 of 11; nothing was replaced.")
        done.append(out.name)

    monkeypatch.setattr(workflow, "analyse", analyse)
    monkeypatch.setattr(workflow, "note_stamp", lambda *given: None)
    with pytest.raises(Cancelled, match=said) as stopped:
        analyse_study(cells, out=tmp_path / "out")
    assert "figures: stopped after 3 of 11" in str(stopped.value)


def test_ctrl_c_in_the_report_says_that_the_cells_are_done(cells, tmp_path, monkeypatch):
    done = count_analyses(monkeypatch)
    out = tmp_path / "out"
    run = Run(cancelled=lambda: len(done) == 3)
    with pytest.raises(Cancelled, match="all 3 cells are done"):
        analyse_study(cells, out=out, run=run)
    assert not (out / "report.html").exists()


# what is looked at before anything is analysed


@pytest.fixture
def no_work(monkeypatch):
    monkeypatch.setattr(workflow, "analyse", None)


@pytest.mark.parametrize("by", ["compositon", "rest", "analysis", ""])
def test_a_column_that_does_not_exist_is_refused_before_any_work(cells, tmp_path, no_work, by):
    with pytest.raises(SettingsError, match=f"--by {by}"):
        analyse_study(cells, out=tmp_path / "out", by=["composition", by])
    assert not (tmp_path / "out").exists()


def extra(cells: Path) -> None:
    """Give the table a column of the name of a recognised condition; it contradicts the record."""
    values = zip(CELLS, (7.0, 9.0, 9.0), strict=True)
    entries = [f'[[campaign]]\npath = "{name}"\nextra.rest_s = {rest}\n' for name, rest in values]
    cells.write_text("\n".join(entries), encoding="utf-8")


def test_a_column_that_the_records_have_too_is_refused(cells, tmp_path, no_work):
    extra(cells)
    with pytest.raises(SettingsError, match="specimen_rest_s"):
        analyse_study(cells, out=tmp_path / "out", by=["rest_s"])


def test_the_users_own_column_groups_the_cells(cells, tmp_path, monkeypatch):
    count_analyses(monkeypatch)
    extra(cells)
    analyse_study(cells, out=tmp_path / "out", by=["specimen_rest_s"])
    means = pd.read_csv(tmp_path / "out" / "tables" / "critical_capacity_replicates.csv")
    means = means[means["basis"] == "voltage"]
    assert means["specimen_rest_s"].tolist() == [7.0, 9.0]
    assert means["n"].tolist() == [1, 2]


def test_the_same_files_twice_are_refused(cells, tmp_path, no_work):
    with cells.open("a", encoding="utf-8") as file:
        file.write('[[campaign]]\nname = "twin"\npath = "../cells/one"\n')
    with pytest.raises(SettingsError, match="'one' and 'twin'"):
        analyse_study(cells, out=tmp_path / "out")


@pytest.mark.parametrize("place", ["figures", "campaigns/long/tables", "campaigns"])
def test_what_is_in_the_way_of_any_cell_is_refused_before_any_work(cells, tmp_path, no_work, place):
    mine = tmp_path / "out" / place
    if place == "campaigns":
        mine.parent.mkdir()
        mine.write_text("keep", encoding="utf-8")
    else:
        mine.mkdir(parents=True)
    with pytest.raises(StoreError, match="--out"):
        analyse_study(cells, out=tmp_path / "out")
    assert mine.exists()


@pytest.mark.parametrize("kind", ["study", ""])
def test_a_campaign_does_not_replace_a_study(cells, tmp_path, monkeypatch, kind):
    done = count_analyses(monkeypatch)
    out = tmp_path / "out"
    analyse_study(cells, out=out)
    summary = out / "summary.json"
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert told.pop("kind") == "study"
    summary.write_text(json.dumps({"kind": kind, **told} if kind else told), encoding="utf-8")
    with pytest.raises(StoreError, match=r"results of a study.*--out"):
        campaign_into(cells.parent / "one", out=out)
    analyse_study(cells, out=out)
    assert len(done) == 3


def test_a_study_does_not_replace_a_campaign(cells, tmp_path, monkeypatch):
    count_analyses(monkeypatch)
    out = tmp_path / "out"
    workflow.analyse(cells.parent / "one", out=out)
    with pytest.raises(StoreError, match=r"results of a campaign.*--out"):
        analyse_study(cells, out=out)


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
