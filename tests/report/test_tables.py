"""Tables: heads with units, one row per file and per spectrum, CSV that reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anodescope.report import report_tables, write_tables
from anodescope.report.tables import events_table, files_table, save_tables, spectra_table
from tests.report.conftest import StandIn


def test_spectra_table_carries_units_and_values(campaign: StandIn) -> None:
    table = spectra_table(campaign)
    assert len(table) == 24
    assert {
        "start (s)", "end (s)", "points", "highest frequency (Hz)", "bias voltage (V)",
        "bias current (A)", "voltage change (V)", "Kramers–Kronig", "Kramers–Kronig residual (%)",
        "series resistance (Ω)", "polarisation resistance (Ω)", "DRT", "DRT residual (%)", "file",
    } <= set(table.columns)  # fmt: skip
    row = table.iloc[3]
    assert row["start (s)"] == campaign["spectra"]["time_start"].values[3]
    assert row["points"] == 41
    assert row["highest frequency (Hz)"] == pytest.approx(7e6)
    residual = campaign["validation"]["kk_residual"].values[3]
    assert row["Kramers–Kronig residual (%)"] == pytest.approx(100 * residual)


def test_files_table_counts_sweeps_rows_and_warnings(campaign: StandIn) -> None:
    told = campaign.but(warnings=["NaK50_SGEIS.mpr: cut short", "something else"])
    (row,) = files_table(told).to_dict("records")
    assert row["file"] == "raw/NaK50_SGEIS.mpr"
    assert (row["sweeps"], row["rows"], row["warnings"]) == (24, 24 * 41, 1)
    assert row["date"] == "2026-03-01 09:30:05 UTC"
    assert files_table(told.but(origin="")).iloc[0]["date"] == ""


def test_computations_are_no_files_and_origins_without_a_zone_are_not_utc(
    campaign: StandIn,
) -> None:
    entries = [{"step": "drt", "citations": ["wan2015"]}, *campaign.attrs["provenance"]]
    spectra = campaign["spectra"].copy()
    spectra["source"] = spectra["source"] + 1
    told = campaign.but(provenance=entries, spectra=spectra, origin="2026-03-01T09:30:00")
    (row,) = files_table(told).to_dict("records")
    assert (row["sweeps"], row["date"]) == (24, "2026-03-01 09:30:05")
    assert set(spectra_table(told)["file"]) == {"raw/NaK50_SGEIS.mpr"}


def test_variable_length_text_is_read(campaign: StandIn) -> None:
    text = np.dtypes.StringDType()
    events, drt = campaign["events"].copy(), campaign["drt"].copy()
    events["kind"] = ("event", events["kind"].values.astype(text))
    drt["outcome"] = ("spectrum", drt["outcome"].values.astype(text))
    told = campaign.but(events=events, drt=drt)
    assert events_table(told)["kind"].tolist() == ["onset", "current_stops"]
    assert set(spectra_table(told)["DRT"]) == {"converged"}


def test_events_are_numbered_in_time_order(campaign: StandIn) -> None:
    shuffled = campaign["events"].isel(event=[1, 0])
    table = events_table(campaign.but(events=shuffled))
    assert table["number"].tolist() == ["1", "2"]
    assert np.all(np.diff(table["time (s)"]) > 0)


def test_what_the_map_shows_by_itself_has_no_number(campaign: StandIn) -> None:
    events = campaign["events"].copy(deep=True)
    events["kind"] = ("event", np.array(["pause", "onset"], dtype=object))
    assert events_table(campaign.but(events=events))["number"].tolist() == ["", "1"]


def test_csv_reads_back(campaign: StandIn, tmp_path: Path) -> None:
    hostile = campaign.but(provenance=[{"source": 'a,"b"\nü<script>.mpr', "rows": 1}])
    paths = write_tables(hostile, tmp_path / "tables")
    assert set(paths) == {"files", "spectra", "events"}
    back = pd.read_csv(paths["files"])
    assert back["file"].tolist() == ['a,"b"\nü<script>.mpr']
    spectra = pd.read_csv(paths["spectra"])
    assert spectra["bias voltage (V)"].to_numpy() == pytest.approx(
        campaign["spectra"]["bias_voltage"].values, rel=1e-9
    )
    assert [p.name for p in (tmp_path / "tables").iterdir() if p.name.startswith(".")] == []


def test_absent_nodes_give_absent_tables_and_columns(campaign: StandIn, tmp_path: Path) -> None:
    assert report_tables(StandIn({})) == {}
    assert save_tables(tmp_path, {}) == {}
    bare = spectra_table(campaign.but(drt=None, validation=None))
    assert "DRT" not in bare.columns
    assert len(bare) == 24
