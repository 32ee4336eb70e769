"""What is read, what is left out, and how each is said."""

from __future__ import annotations

import os

import numpy as np
import pytest

from anodescope.errors import ReadError, SettingsError
from anodescope.formats import inspect, read
from tests.formats.test_read import hold, write


def warnings_of(campaign):
    return " ".join(campaign.attrs["warnings"])


def test_equal_names_in_two_folders_are_two_measurements(potentiostat, tmp_path):
    raw = (potentiostat / "hybrid-drt/PEIS_SSB.mpr").read_bytes()
    other = (potentiostat / "hybrid-drt/Sample1_PEIS_EndOfDischarge.mpr").read_bytes()
    for day, content in (("day1", raw), ("day2", other)):
        (tmp_path / day).mkdir()
        (tmp_path / day / "PEIS_C01.mpr").write_bytes(content)
    campaign = read(tmp_path / "day1/PEIS_C01.mpr", tmp_path / "day2/PEIS_C01.mpr")
    assert campaign["spectra"].sizes["spectrum"] == 2
    assert "text export" not in warnings_of(campaign)


def test_the_same_bytes_count_once(potentiostat, tmp_path):
    raw = (potentiostat / "yadg/peis.mpr").read_bytes()
    for name in ("peis.mpr", "peis (copy).mpr"):
        (tmp_path / name).write_bytes(raw)
    campaign = read(tmp_path, tmp_path / "peis.mpr")
    assert campaign["spectra"].sizes["spectrum"] == 3
    assert len(campaign.attrs["provenance"]) == 1
    assert "a copy of" in warnings_of(campaign)


def test_a_text_file_of_the_same_name_with_other_times_is_kept(potentiostat, tmp_path):
    (tmp_path / "run_01_CP_C01.mpr").write_bytes((potentiostat / "yadg/cp.mpr").read_bytes())
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold(rows=121))
    campaign = read(tmp_path)
    assert len(campaign.attrs["provenance"]) == 2


def test_two_versions_of_one_linked_file_that_overlap_are_reported(tmp_path):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold(rows=50))
    write(tmp_path / "run_01_CP_C02.mpt", "CP", hold(rows=40))
    assert "overlap in time" in warnings_of(read(tmp_path))


def test_a_first_time_that_is_no_number_loses_no_other_row(tmp_path):
    (tmp_path / "a.csv").write_text("time/s,Ewe/V\n" + "".join(f"{k},0.1\n" for k in range(5)))
    rows = ["nan,0.2\n", *(f"{k},0.2\n" for k in range(1, 5))]
    (tmp_path / "b.csv").write_text("time/s,Ewe/V\n" + "".join(rows))
    assert read(tmp_path)["timeseries"].sizes["time"] == 9


def test_a_column_map_without_a_table_is_refused(potentiostat):
    with pytest.raises(SettingsError, match="tables of numbers"):
        read(potentiostat / "yadg/ocv.mpr", columns={"time": "t"})


def test_results_beside_the_raw_files_are_not_another_cell(tmp_path):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold())
    campaign = read(tmp_path)
    campaign.save(tmp_path / "campaign.zarr")
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "files.csv").write_text("file,rows\na,1\n")
    assert "Subfolders" not in warnings_of(read(tmp_path))
    assert [entry["source"] for entry in inspect([tmp_path])] == ["run_01_CP_C01.mpt"]


def test_another_cell_below_is_named(tmp_path):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold())
    (tmp_path / "cell2").mkdir()
    write(tmp_path / "cell2" / "run_01_CP_C01.mpt", "CP", hold())
    assert "Subfolders were not read (cell2)" in warnings_of(read(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no fifos on this system")
def test_what_is_neither_file_nor_folder_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.mpr")
    for function in (lambda p: read(p), lambda p: inspect([p])):
        with pytest.raises(ReadError, match="something else"):
            function(tmp_path / "pipe.mpr")


def test_a_loop_of_links_ends(tmp_path):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold())
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(inspect([tmp_path])) == 1


def test_a_name_that_is_too_long_is_one_sentence(tmp_path):
    with pytest.raises(ReadError, match="expected a readable file"):
        read(tmp_path / ("x" * 300 + ".mpr"))


def test_what_the_system_refuses_is_one_sentence(tmp_path, monkeypatch):
    path = write(tmp_path / "run_01_CP_C01.mpt", "CP", hold())

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(ReadError, match="permission denied"):
        read(path)


def test_a_name_that_is_no_utf8_is_kept_in_escapes(tmp_path):
    name = os.fsdecode(b"cell_\xff.mpt")
    try:
        write(tmp_path / "made.mpt", "CP", hold()).rename(tmp_path / name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    campaign = read(tmp_path)
    campaign.save(tmp_path / "kept.zarr")
    assert campaign.attrs["provenance"][0]["source"] == "cell_\\xff.mpt"


def test_one_sweep_among_thousands_of_points_is_refused_before_memory_is_taken(tmp_path):
    lonely = [f"{1e6 - k * 0.01:.3f},1,-1,{k}\n" for k in range(30_000)]
    single = [f"{1e3 * (1 + k % 2)},1,-1,{30_000 + k}\n" for k in range(30_000)]
    counted = [f"{row.strip()},{0 if k < 30_000 else k}\n" for k, row in enumerate(lonely + single)]
    header = "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm,time/s,cycle number\n"
    (tmp_path / "hostile.csv").write_text(header + "".join(counted))
    with pytest.raises(ReadError, match="sweeps of similar length"):
        read(tmp_path / "hostile.csv")


@pytest.mark.parametrize("zone", ["Europe", "Nowhere/City", "../etc/passwd"])
def test_a_time_zone_that_is_none_is_refused(tmp_path, zone):
    write(tmp_path / "run_01_CP_C01.mpt", "CP", hold())
    (tmp_path / "specimen.toml").write_text(f'[extra]\ntimezone = "{zone}"\n')
    with pytest.raises(SettingsError, match="timezone"):
        read(tmp_path)


def test_damaged_values_raise_no_noise(tmp_path):
    columns = hold()
    columns["I/mA"] = np.full(20, 1e305)
    columns["Ewe/V"] = np.r_[np.nan, np.inf, -np.inf, np.full(17, 1e308)]
    write(tmp_path / "odd.mpt", "CP", columns)
    read(tmp_path, area=1e-9)
