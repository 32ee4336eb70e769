"""Files of one cell become one Campaign: clock, sign, area, steps, what is reported."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from anodescope.campaign import Specimen, check
from anodescope.errors import ReadError, SettingsError
from anodescope.formats import biologic, mpr, mpt, read
from anodescope.formats.recording import Recording

START = datetime(2025, 5, 16, 9, 30)


def write(path: Path, technique: str, columns: dict, start=START, began=0.0) -> Path:
    recording = Recording(
        path=path,
        reader="test",
        technique=technique,
        columns=tuple(biologic.column_for(label) for label in columns),
        data={label: np.asarray(values) for label, values in columns.items()},
        start=start,
        technique_start=None if start is None else start + timedelta(seconds=began),
        settings={"Electrode surface area": "0.001 cm²"},
    )
    mpt.write(path, recording)
    return path


def hold(first=0.0, rows=20, current=0.3):
    time = first + np.arange(rows) * 1.0
    return {
        "mode": np.ones(rows, int),
        "error": np.zeros(rows, int),
        "Ns": np.r_[np.zeros(rows // 2, int), np.ones(rows - rows // 2, int)],
        "time/s": time,
        "Ewe/V": 0.1 + 0.001 * time,
        "I/mA": np.full(rows, current),
        "(Q-Qo)/mA.h": current * time / 3600.0,
    }


def sweep(first=30.0, count=2):
    frequency = np.tile(np.logspace(5, 0, 6), count)
    return {
        "freq/Hz": frequency,
        "Re(Z)/Ohm": 10.0 + 1.0 / frequency,
        "-Im(Z)/Ohm": np.sqrt(1.0 / frequency),
        "time/s": first + np.arange(frequency.size) * 2.0,
        "<Ewe>/V": np.linspace(0.2, 0.3, frequency.size),
        "<I>/mA": np.full(frequency.size, 0.3),
        "cycle number": np.repeat(np.arange(count) + 1.0, 6),
    }


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "cell"
    inside.mkdir()
    write(inside / "run_01_CP_C01.mpt", "CP", hold())
    write(inside / "run_02_GEIS_C01.mpt", "GEIS", sweep(), began=30.0)
    return inside


def test_one_clock_and_every_row_once(folder):
    campaign = read(folder)
    check(campaign)
    rows = campaign["timeseries"]
    assert rows.sizes["time"] == 20 + 12
    np.testing.assert_allclose(np.diff(rows["time"].values)[:19], 1.0)
    assert campaign.attrs["origin"] == START.isoformat()
    assert rows["time"].values[20] == pytest.approx(30.0)
    assert campaign["steps"]["technique"].values.tolist() == ["CP", "CP", "GEIS"]
    assert campaign["steps"]["sequence"].values.tolist() == [0, 1, -1]
    spectra = campaign["spectra"]
    np.testing.assert_allclose(spectra["time_start"].values, [30.0, 42.0])
    np.testing.assert_allclose(spectra["time"].values[0], 30.0 + 2.0 * np.arange(6))
    np.testing.assert_allclose(spectra["voltage_change"].values, 5 * 0.1 / 11, rtol=1e-6)
    assert (spectra["impedance"].values.imag < 0).all()


def test_charge_of_the_steps_adds_up(folder):
    campaign = read(folder)
    rows = campaign["timeseries"]
    hold_rows = rows["source"].values == 0
    passed = rows["charge"].values[hold_rows]
    steps = campaign["steps"]["charge"].values[:2]
    assert steps.sum() == pytest.approx(passed[-1] - passed[0])
    assert passed[-1] == pytest.approx(0.3e-3 * 19.0, rel=1e-6)


@pytest.mark.parametrize(("electrode", "sign"), [("alloy", 1.0), ("counter", -1.0)])
def test_sign_follows_the_electrode_that_strips(folder, electrode, sign):
    campaign = read(folder, specimen=Specimen(working_electrode=electrode))
    assert campaign.attrs["current_sign"] == "strips"
    np.testing.assert_allclose(campaign["timeseries"]["current"].values, sign * 0.3e-3)
    np.testing.assert_allclose(campaign["spectra"]["bias_current"].values, sign * 0.3e-3)
    assert campaign["timeseries"]["charge"].values[19] * sign > 0


def test_an_unknown_sign_is_said_and_not_guessed(folder):
    campaign = read(folder)
    assert campaign.attrs["current_sign"] == "unknown"
    np.testing.assert_allclose(campaign["timeseries"]["current"].values, 0.3e-3)
    assert any("Sign of current" in warning for warning in campaign.attrs["warnings"])


def test_an_area_counts_only_when_the_user_gave_it(folder):
    plain = read(folder)
    assert "current_density" not in plain["timeseries"]
    assert any("0.001 cm²" in warning for warning in plain.attrs["warnings"])
    given = read(folder, area=0.5)
    np.testing.assert_allclose(given["timeseries"]["current_density"].values, 0.6e-3)
    np.testing.assert_allclose(given["spectra"]["bias_current_density"].values, 0.6e-3)
    np.testing.assert_array_equal(
        given["spectra"]["impedance"].values, plain["spectra"]["impedance"].values
    )
    with pytest.raises(SettingsError, match="area"):
        read(folder, area=-1.0)


def test_a_specimen_file_in_the_folder_is_used(folder):
    (folder / "specimen.toml").write_text(
        'title = "cell 7"\nworking_electrode = "counter"\n[area_cm2]\nalloy = 0.5\n'
        '[extra]\ntimezone = "Europe/Berlin"\n'
    )
    campaign = read(folder)
    assert campaign.attrs["title"] == "cell 7"
    assert campaign.attrs["origin"] == "2025-05-16T07:30:00+00:00"
    np.testing.assert_allclose(campaign["timeseries"]["current_density"].values, -0.6e-3)


def test_linked_techniques_in_a_loop_take_turns(tmp_path):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold(rows=6))
    turns = {
        label: np.concatenate([np.asarray(sweep(t, 1)[label]) for t in (10.0, 40.0)])
        for label in sweep()
    }
    write(tmp_path / "run_02_GEIS_C01.mpt", "GEIS", turns)
    rests = hold(first=25.0, rows=10)
    rests["time/s"] = np.r_[25.0 + np.arange(5), 60.0 + np.arange(5)]
    rests["Ns"] = np.zeros(10, int)
    write(tmp_path / "run_03_GCPL_C01.mpt", "GCPL", rests)
    campaign = read(tmp_path)
    names = campaign["steps"]["technique"].values.tolist()
    assert names == ["CP", "CP", "GEIS", "GCPL", "GEIS", "GCPL"]
    assert not any("overlap" in warning for warning in campaign.attrs["warnings"])
    assert campaign["spectra"]["step"].values.tolist() == [2, 4]
    assert (np.diff(campaign["timeseries"]["time"].values) >= 0).all()


def test_files_of_different_runs_that_overlap_are_reported(tmp_path):
    write(tmp_path / "one.mpt", "CP", hold(rows=50))
    write(tmp_path / "two.mpt", "CP", hold(rows=50), start=START + timedelta(seconds=20))
    assert any("overlap in time by 29 s" in w for w in read(tmp_path).attrs["warnings"])


def test_a_linked_file_that_lost_its_start_takes_its_runs(tmp_path):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold())
    (tmp_path / "run_02_CP_C01.txt").write_text("time/s\tEwe/V\n30.0\t0.1\n31.0\t0.2\n")
    campaign = read(tmp_path)
    np.testing.assert_allclose(campaign["timeseries"]["time"].values[-2:], [30.0, 31.0])
    assert any("run's start was taken" in w for w in campaign.attrs["warnings"])


def test_names_and_contents_that_disagree_are_reported(tmp_path):
    write(tmp_path / "run_01_GEIS_C01.mpt", "CP", hold())
    write(tmp_path / "run_02_CP_C01.mpt", "CP", hold(), start=START - timedelta(hours=1))
    warnings = read(tmp_path).attrs["warnings"]
    assert any("the name says GEIS, the file says CP" in warning for warning in warnings)
    assert any("order of the file names" in warning for warning in warnings)


def test_a_text_export_beside_its_binary_is_not_read_twice(potentiostat, tmp_path):
    for suffix in ("mpr", "mpt"):
        source = potentiostat / "yadg" / f"peis.{suffix}"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    campaign = read(tmp_path)
    assert campaign["spectra"].sizes["spectrum"] == 3  # cell, working, counter
    assert any("the binary was used" in warning for warning in campaign.attrs["warnings"])


def test_unsorted_and_duplicate_times_are_sorted_and_reported(tmp_path):
    columns = hold(rows=10)
    columns["time/s"] = np.array([0, 1, 2, 2, 5, 4, 6, 7, np.nan, 9.0])
    write(tmp_path / "odd.mpt", "CP", columns)
    campaign = read(tmp_path)
    time = campaign["timeseries"]["time"].values
    assert time.size == 9
    assert (np.diff(time) >= 0).all()
    said = " ".join(campaign.attrs["warnings"])
    assert "goes back" in said
    assert "repeat the time" in said
    assert "not finite" in said


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("notes.docx", b"PK\x03\x04", "at least one instrument file"),
        ("broken.mpr", b"not at all", "magic"),
        ("broken.mpt", b"\x00\x01\x02", "text"),
    ],
)
def test_a_folder_without_data_or_with_a_broken_file(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError) as error:
        read(tmp_path)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_paths_that_are_not_there(tmp_path):
    with pytest.raises(ReadError, match="nothing there"):
        read(tmp_path / "absent.mpr")


def test_provenance_names_every_file(folder):
    entries = read(folder).attrs["provenance"]
    assert [entry["source"] for entry in entries] == ["run_01_CP_C01.mpt", "run_02_GEIS_C01.mpt"]
    assert all(len(entry["sha256"]) == 64 for entry in entries)
    assert [entry["rows"] for entry in entries] == [20, 12]


# --------------------------------------------------------------------------- real files
def test_two_techniques_of_a_real_run_on_one_clock(potentiostat):
    campaign = read(potentiostat / "insitu-datalab")
    techniques = campaign["steps"]["technique"].values.tolist()
    assert techniques.count("GEIS") == 46
    assert techniques.count("GCPL") >= 46
    assert campaign["spectra"].sizes["spectrum"] == 46
    spectra = campaign["spectra"]
    run = spectra["source"].values == 2
    assert run.sum() == 45
    geis = mpr.read(potentiostat / "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr")
    hours = np.diff(spectra["time_start"].values[run])
    np.testing.assert_allclose(hours, np.diff(np.asarray(geis.data["time/s"])[::9]), atol=1e-3)
    assert any("0.001 cm²" in warning for warning in campaign.attrs["warnings"])


def test_every_real_file_is_read(potentiostat):
    suffixes = {".mpr", ".mpt", ".dta", ".z"}
    paths = [p for p in sorted(potentiostat.rglob("*")) if p.suffix.lower() in suffixes]
    assert len(paths) >= 30
    for path in paths:
        campaign = read(path)
        check(campaign)
        assert campaign.nodes, path


@pytest.mark.parametrize("electrode", ["alloy", "counter"])
def test_voltage_over_current_keeps_the_sign_of_the_impedance(tmp_path, electrode):
    columns = hold(rows=40)
    columns["I/mA"] = np.r_[np.full(20, 0.1), np.full(20, 0.5)]
    columns["Ewe/V"] = 0.2 * columns["I/mA"]
    write(tmp_path / "run_01_CP_C01.mpt", "CP", columns)
    rows = read(tmp_path, specimen=Specimen(working_electrode=electrode))["timeseries"]
    slope = np.polyfit(rows["current"].values, rows["voltage"].values, 1)[0]
    assert slope == pytest.approx(200.0)


def test_a_voltage_against_a_reference_electrode_does_not_turn(potentiostat):
    path = potentiostat / "yadg/cp.mpr"
    plain, turned = (
        read(path, specimen=Specimen(working_electrode=name))["timeseries"]
        for name in ("alloy", "counter")
    )
    for name in ("voltage", "counter_voltage"):
        np.testing.assert_array_equal(plain[name].values, turned[name].values)
    np.testing.assert_array_equal(plain["current"].values, -turned["current"].values)


def test_distortion_and_deviation_are_kept_point_by_point(tmp_path):
    columns = sweep()
    kept = {
        "THD Ewe/%": "thd_voltage",
        "NSD Ewe/%": "nsd_voltage",
        "NSR Ewe/%": "nsr_voltage",
        "THD I/%": "thd_current",
        "NSD I/%": "nsd_current",
        "NSR I/%": "nsr_current",
    }
    for place, label in enumerate(kept):
        columns[label] = np.linspace(place, place + 1, 12)
    write(tmp_path / "run_02_GEIS_C01.mpt", "GEIS", columns)
    spectra = read(tmp_path)["spectra"]
    for label, name in kept.items():
        np.testing.assert_allclose(spectra[name].values.ravel(), columns[label])
        assert spectra[name].attrs["units"] == "%"
