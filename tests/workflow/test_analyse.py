"""The line from files to a report, on files made by the demonstration and on real ones."""

from __future__ import annotations

import functools
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import anodescope as an
from anodescope.errors import Cancelled, SettingsError
from anodescope.report import report_tables
from anodescope.running import Run
from anodescope.workflow import output

module = importlib.import_module("anodescope.workflow.analyse")
ROOT = Path(__file__).resolve().parents[2]
KEYS = {"files", "n_spectra", "frequency_hz", "kk", "drt", "events", "warnings"}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "raw"
    script = ROOT / "examples" / "demo_campaign.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def analysed(raw):
    return an.analyse(raw)


def test_the_order_leaves_every_node(analysed):
    assert set(analysed.nodes) == {
        "timeseries", "steps", "spectra", "protocol", "validation", "drt", "peaks", "findings",
        "events",
    }  # fmt: skip
    steps = [e["step"] for e in analysed.attrs["provenance"] if "step" in e]
    assert steps == [
        "recognise", "validate", "drt", "track_peaks", "evaluate", "find_events",
    ]  # fmt: skip


def test_the_demonstration_gives_back_what_it_was_made_of(analysed):
    spectra, drt = analysed["spectra"], analysed["drt"]
    assert spectra.sizes["spectrum"] == 20
    # what the first arc still has at the highest frequency cannot be told from R0
    hidden = 420.0 / (2 * np.pi * 7e6 * 1e-6) ** 0.95
    np.testing.assert_allclose(drt["series_resistance"].values, 180.0, atol=hidden)
    total = drt["series_resistance"].values + drt["polarisation_resistance"].values
    first = 180.0 + 420.0 + 160.0 + 250.0 / (1.0 + np.exp(0.65 / 0.06))
    assert total[0] == pytest.approx(first, rel=0.05)
    tau = drt["tau"].values[np.nanargmax(drt["gamma"].values[0])]
    assert abs(np.log10(tau / 1e-6)) < 0.2
    assert set(analysed["validation"]["verdict"].values) == {"consistent"}
    assert analysed.attrs["current_sign"] == "strips"
    np.testing.assert_allclose(
        spectra["bias_current_density"].values[[0, -1]], [5e-5, 1e-3], rtol=1e-6
    )


@pytest.fixture(scope="module")
def written(analysed, tmp_path_factory):
    out = tmp_path_factory.mktemp("written") / "out"
    output.write_results(analysed, out)
    return out


@pytest.fixture
def out(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "out"))


def test_what_is_written(analysed, out):
    (out / "raw").mkdir(parents=True)
    (out / "raw" / "mine.txt").write_text("keep")
    output.write_results(analysed, out)  # a second run replaces the first
    assert (out / "raw" / "mine.txt").read_text() == "keep"
    assert {p.name for p in out.iterdir()} == {*output.ITEMS, "raw"}
    summary = json.loads((out / "summary.json").read_text())
    assert set(summary) >= KEYS
    assert summary["n_spectra"] == 20
    assert [file["sweeps"] for file in summary["files"]] == [0, 20]
    assert summary["frequency_hz"]["maximum"] == pytest.approx(7e6)
    assert sum(summary["drt"]["outcomes"].values()) == 20
    assert summary["kk"]["verdicts"]["consistent"] == 20
    stored = an.open_campaign(out / "campaign.zarr")
    np.testing.assert_array_equal(stored["drt"]["gamma"].values, analysed["drt"]["gamma"].values)
    again = an.analyse(out / "campaign.zarr")
    np.testing.assert_array_equal(again["drt"]["gamma"].values, analysed["drt"]["gamma"].values)


def test_cancelled_between_any_two_stages_it_stops(raw, tmp_path, monkeypatch):
    """Without a word from the stages themselves: each of them takes a while without looking."""
    reached: list[str] = []
    done = {"validate": 0, "drt": 1, "find_events": 2, "write_results": 3}

    def stage(name):
        def work(*arguments, **options):
            reached.append(name)
            return kept[name]

        return work

    campaign = an.analyse(raw)
    kept = {"open_source": campaign, "validate": campaign["validation"], "drt": campaign["drt"]}
    kept |= {"find_events": campaign["events"], "write_results": None}
    for name in kept:
        monkeypatch.setattr(module, name, functools.wraps(getattr(module, name))(stage(name)))
    for name, before in done.items():
        reached.clear()
        run = Run(cancelled=lambda before=before: len(reached) > before)
        with pytest.raises(Cancelled):
            an.analyse(raw, out=tmp_path / "out", run=run)
        assert reached == list(kept)[: before + 1], name
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [{"area": 2.0}, {"columns": {"frequency": "f/Hz"}}, {"specimen": an.Specimen()}],
    ids=lambda options: next(iter(options)),
)
def test_what_only_applies_to_files_is_not_ignored_for_a_campaign(analysed, written, options):
    name = next(iter(options))
    for source in (analysed, written / "campaign.zarr", [written / "campaign.zarr"]):
        with pytest.raises(SettingsError, match=rf"^{name}: .*\.$"):
            an.analyse(source, **options)


def test_an_unknown_method_is_named_before_anything_is_read(tmp_path):
    with pytest.raises(SettingsError, match="magic"):
        an.analyse(tmp_path / "absent.mpr", method="magic")


def test_two_techniques_of_a_real_run(potentiostat, tmp_path):
    campaign = an.analyse(potentiostat / "insitu-datalab", out=tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["n_spectra"] == 46
    assert campaign["drt"].sizes["spectrum"] == 46
    assert sum(summary["kk"]["verdicts"].values()) == 46
    assert summary["duration_s"] == pytest.approx(161_000, rel=0.05)


def test_a_three_electrode_file_counts_the_cells_spectra(potentiostat):
    campaign = an.analyse(potentiostat / "yadg" / "geis.mpr")
    from anodescope.workflow.summary import summarise

    summary = summarise(campaign)
    assert summary["n_spectra"] == 61
    assert summary["n_spectra_by_electrode"] == {"cell": 61, "working": 61, "counter": 61}
    assert report_tables(campaign)["files"]["sweeps"].tolist() == [61]


def test_a_record_without_spectra_is_analysed_too(potentiostat, tmp_path):
    campaign = an.analyse(potentiostat / "yadg" / "ocv.mpr", out=tmp_path)
    assert "drt" not in campaign
    assert json.loads((tmp_path / "summary.json").read_text())["n_spectra"] == 0
