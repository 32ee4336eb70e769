"""Tables of what was found: rows of the nodes, values with their intervals, outcomes in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anodescope.errors import Outcome
from anodescope.report import pictures, write_report, write_tables
from anodescope.report.content import verdict_table
from anodescope.report.sections import findings_frame, headlines, interval, peaks_frame
from anodescope.report.tables import spectra_table
from tests.report.conftest import StandIn
from tests.report.samples import AREA, KNEES, with_results
from tests.report.test_page import read


@pytest.fixture(scope="module")
def told(campaign: StandIn) -> StandIn:
    return with_results(campaign)


def test_csv_holds_the_nodes(told: StandIn, tmp_path: Path) -> None:
    paths = write_tables(told, tmp_path)
    assert {"protocol", "peaks", "findings", "circuits"} <= set(paths)
    findings = pd.read_csv(paths["findings"])
    node = told["findings"]
    assert len(findings) == node.sizes["finding"]
    assert findings["value"].to_numpy() == pytest.approx(node["value"].values, nan_ok=True)
    assert findings["high"].to_numpy() == pytest.approx(node["high"].values, nan_ok=True)
    assert findings["meaning"][0] == Outcome.determined.sentence
    protocol = pd.read_csv(paths["protocol"])
    assert protocol["kind"].tolist() == ["staircase_geis", "rest_with_peis"]
    assert protocol["levels"].tolist() == [20, 4]
    assert protocol["highest current (A)"][0] == pytest.approx(AREA * 1e-3)
    peaks = pd.read_csv(paths["peaks"])
    assert peaks["median τ (s)"][0] == pytest.approx(1e-6)
    assert peaks["merged into"].tolist()[2] == 1


@pytest.mark.parametrize(("numbers", "units", "text"), [
    ((0.6104, 0.58, 0.6447, "mA/cm²"), "", "0.61 [0.58, 0.645] mA cm⁻²"),
    ((2.35e-4, 2.2e-4, 2.5e-4, "A"), "", "235 [220, 250] µA"),
    ((9000.0, 6300.0, 13500.0, "s"), "", "2.5 [1.75, 3.75] h"),
    ((np.nan, 1e-3, np.inf, "A"), "", "> 1 mA"),
    ((np.nan, 0.0, 35.0, "s"), "", "0 … 35 s"),
    ((np.nan, np.nan, np.nan, "C"), "", "–"),
    ((0.5, np.nan, np.nan, "1"), "", "0.5"),
])  # fmt: skip
def test_results_are_written_with_one_unit(
    numbers: tuple[float, float, float, str], units: str, text: str
) -> None:
    plain = interval(*numbers).replace("\u00a0", " ").replace("\u202f", " ")
    assert plain == text + units


def test_page_leads_with_the_first_of_every_kind(told: StandIn) -> None:
    every, main = findings_frame(told), findings_frame(told, main=True)
    assert len(every) == told["findings"].sizes["finding"] > len(main)
    assert main["quantity"].tolist().count("onset current") == 2
    missing = main[main["quantity"] == "critical capacity"]
    assert missing["how it came out"].tolist() == [Outcome.needs_protocol.sentence]
    (onset, recovery) = headlines(told)
    assert onset.value.startswith(f"{KNEES[2.5]:g}")
    assert recovery.name == "Recovery time"


def test_tracks_are_one_row_with_median_and_range(told: StandIn) -> None:
    frame = peaks_frame(told)
    assert frame["R"][0].replace("\u00a0", " ").replace("\u2060", "") == "180 (180–180) Ω"
    assert frame["name"].tolist() == ["γ_GB", "γ_int", "γ'_int"]
    assert frame["at its edge"].tolist()[0] == 0
    assert frame["at its edge"].tolist()[1] > 0


def test_validation_stands_in_the_table_of_spectra(told: StandIn) -> None:
    table = spectra_table(told)
    assert table["trimmed, inductive"].tolist() == [2] * 24
    assert table["trimmed, drifting"].tolist()[3] == 3
    assert table["stationary"].tolist()[-1] == "inconsistent"
    assert table["drift of voltage over amplitude (%)"].max() == pytest.approx(20)
    verdicts = verdict_table(told)
    assert verdicts is not None
    assert {row[0].text for row in verdicts.rows} == {
        "Kramers–Kronig test", "stationary", "linear", "DRT", "circuit"
    }  # fmt: skip


def test_outcomes_stand_where_a_figure_is_missing(
    told: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "embed", lambda figure: "data:image/png;base64,AA==")
    text = read(write_report(told, tmp_path / "r.html", sweeps=[0])).text
    assert "Critical stripping capacity" in text
    assert Outcome.needs_protocol.sentence in text
    assert "Hollow: trimmed by the validation" in text
    unknown = told.but(current_sign="unknown", findings=told["findings"])
    text = read(write_report(unknown, tmp_path / "u.html", figures={}, sweeps=[0])).text
    assert "The sign of the current is that of the file" in text
