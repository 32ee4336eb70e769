"""Exports: every writer's round trip, and nothing half-written."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from anodescope.campaign import Campaign, Specimen, build_node, check
from anodescope.errors import MissingExtra, ReadError, SettingsError, StoreError
from anodescope.formats import bdf, export, mpt, netcdf, read
from anodescope.formats.export import impedance_table, timeseries_table

NAN = np.nan


def spectra(source=(0, 0)):
    """Two ragged sweeps: three points, and two of which one is not usable."""
    return build_node(
        "spectra",
        {
            "impedance": [[1 - 1j, 2 - 2j, 3 - 3j], [4 - 4j, 5 + 5j, complex(NAN, NAN)]],
            "frequency": [[100.0, 10.0, 1.0], [100.0, 10.0, NAN]],
            "time": [[0.0, 1.0, 2.0], [10.0, 11.0, NAN]],
            "valid": [[True, True, True], [True, False, False]],
            "voltage": [[0.1, 0.2, 0.3], [0.4, 0.5, NAN]],
            "current": [[1e-3, 1e-3, 1e-3], [2e-3, 2e-3, NAN]],
            "grid": [0, 1],
            "time_start": [0.0, 10.0],
            "time_end": [2.0, 11.0],
            "electrode": ["cell", "cell"],
            "source": list(source),
        },
    )


def timeseries():
    return build_node(
        "timeseries",
        {
            "time": [0.0, 0.1, 1 / 3],
            "voltage": [0.1, -0.0, NAN],
            "current": [1e-3, 2e-3, 1e-300],
            "charge": [0.0, 1.8, 3.6],
            "overload": [False, True, False],
            "source": [1, 1, 1],
        },
    )


@pytest.fixture
def campaign():
    attrs = {
        "title": "Zelle µ · Ω",
        "origin": "2024-02-03T04:05:06+00:00",
        "warnings": ["one", "two"],
        "provenance": [{"source": "a.mpr", "technique": "GEIS"}, {"source": "b.mpr"}],
        "specimen": {"composition": "NaK50"},
    }
    return Campaign({"timeseries": timeseries(), "spectra": spectra()}, attrs)


# --------------------------------------------------------------------------- BDF
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_time_series_as_bdf(campaign, tmp_path, kind):
    files = export(campaign, tmp_path / "cell.csv", kind)
    assert [file.name for file in files] == [
        f"cell.bdf.{kind}",
        f"cell.impedance.bdf.{kind}",
        "cell.bdf.metadata.json",
    ]
    recording = bdf.read(files[0])
    node = campaign["timeseries"]
    np.testing.assert_array_equal(recording.get("time"), node["time"])
    np.testing.assert_array_equal(recording.get("voltage"), node["voltage"])
    np.testing.assert_array_equal(recording.get("current"), node["current"])
    np.testing.assert_allclose(recording.get("charge"), node["charge"], rtol=1e-15)
    assert recording.get("overload").tolist() == [0.0, 1.0, 0.0]
    assert recording.start.isoformat() == "2024-02-03T04:05:06"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_impedance_is_one_row_per_point_with_its_own_sign(campaign, tmp_path, kind):
    recording = bdf.read(export(campaign, tmp_path / "cell", kind)[1])
    z = recording.get("impedance_real") + 1j * recording.get("impedance_imaginary")
    np.testing.assert_array_equal(z, [1 - 1j, 2 - 2j, 3 - 3j, 4 - 4j, 5 + 5j])
    assert recording.get("sweep").tolist() == [0, 0, 0, 1, 1]
    assert recording.sweep_starts.tolist() == [0, 3]
    assert recording.data["Valid / 1"].tolist() == [1, 1, 1, 1, 0]
    np.testing.assert_allclose(np.exp(1j * recording.get("impedance_phase")), z / np.abs(z))


def test_metadata_keep_the_provenance(campaign, tmp_path):
    said = json.loads(export(campaign, tmp_path / "cell.bdf.csv")[-1].read_text("utf-8"))
    assert {key: said[key] for key in campaign.attrs} == campaign.attrs
    assert said["columns"]["cell.bdf.csv"][:2] == ["Test Time / s", "Voltage / V"]


def test_required_columns_that_were_not_measured_are_empty():
    table = timeseries_table(build_node("timeseries", {"time": [0.0, 1.0]}), {})
    assert list(table) == list(bdf.REQUIRED)
    assert np.isnan(table["Current / A"]).all()


def test_a_local_clock_gives_no_unix_time(campaign):
    node = campaign["timeseries"]
    assert bdf.UNIX_TIME not in timeseries_table(node, {"origin": "2024-02-03T04:05:06"})
    assert bdf.UNIX_TIME not in timeseries_table(node, {"origin": ""})


def test_no_area_reaches_the_impedance(campaign):
    assert not any("cm" in label for label in impedance_table(campaign["spectra"]))


# ------------------------------------------------------------------------ NetCDF
def test_netcdf_gives_the_campaign_back(campaign, tmp_path):
    (file,) = export(campaign, tmp_path / "cell.nc", "netcdf")
    found = netcdf.read_netcdf(file)
    again = Campaign({k: v for k, v in found.items() if k != "/"}, found["/"].attrs)
    check(again)
    assert again.attrs == campaign.attrs
    for node in campaign.nodes:
        assert again[node].identical(campaign[node]), node


def test_netcdf_is_plain_for_other_programs(campaign, tmp_path):
    (file,) = export(campaign, tmp_path / "cell", "netcdf")
    with xr.open_dataset(file, group="spectra", engine="h5netcdf", decode_times=False) as plain:
        np.testing.assert_array_equal(
            plain["impedance_imag"], campaign["spectra"]["impedance"].values.imag
        )
        assert plain["impedance_real"].attrs["units"] == "Ω"
        assert plain["valid"].attrs["flag_meanings"] == "false true"
        assert plain["electrode"].values.tolist() == ["cell", "cell"]


def test_empty_nodes_and_missing_attributes_survive(tmp_path):
    node = build_node("events", {"time": [], "kind": [], "message": []})
    (file,) = export({"events": node}, tmp_path / "x", "netcdf")
    assert netcdf.read_netcdf(file)["events"].identical(node)


def test_a_file_that_is_no_netcdf_is_refused(tmp_path):
    path = tmp_path / "x.nc"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(ReadError, match="NetCDF"):
        netcdf.read_netcdf(path)
    with pytest.raises(ReadError):
        netcdf.read_netcdf(tmp_path / "absent.nc")


def test_netcdf_without_h5netcdf_names_the_extra(campaign, tmp_path, monkeypatch):
    monkeypatch.setattr(netcdf.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"anodescope\[export\]"):
        export(campaign, tmp_path / "cell", "netcdf")
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- mpt
def test_one_eclab_file_per_source(campaign, tmp_path):
    files = export(campaign, tmp_path / "cell", "mpt")
    assert [file.name for file in files] == ["cell_01_GEIS_C01.mpt", "cell_02_CP_C01.mpt"]
    eis, dc = map(mpt.read, files)
    z = eis.get("impedance_real") + 1j * eis.get("impedance_imaginary")
    np.testing.assert_array_equal(z, [1 - 1j, 2 - 2j, 3 - 3j, 4 - 4j, 5 + 5j])
    np.testing.assert_array_equal(dc.get("time"), campaign["timeseries"]["time"])
    np.testing.assert_allclose(dc.get("current"), campaign["timeseries"]["current"], rtol=1e-14)
    assert dc.start.isoformat() == "2024-02-03T04:05:06"


ELECTRODES = ("alloy", "counter")
SMALL = (
    "bdf/GCPL-0.mpr",
    "bdf/MB-1.mpr",
    "bdf/PEIS-0.mpr",
    "yadg/cp.mpt",
    "yadg/peis.mpt",
    "yadg/mb.issue_95.de.mpt",
    "impedance.py/exampleDataGamry.DTA",
)


def same(one, other):
    """Hold two campaigns to the same nodes, variables, values and origin."""
    assert other.nodes == one.nodes
    assert other.attrs["origin"] == one.attrs["origin"]
    for name in one.nodes:
        assert set(other[name].variables) == set(one[name].variables), name
        for variable in one[name].variables:
            values, again = one[name][variable].values, other[name][variable].values
            if values.dtype.kind in "fc":
                np.testing.assert_allclose(
                    again, values, rtol=1e-13, atol=1e-14, err_msg=f"{name}.{variable}"
                )
            else:
                assert again.tolist() == values.tolist(), f"{name}.{variable}"


@pytest.mark.parametrize("name", SMALL)
def test_a_real_campaign_comes_back_whole(potentiostat, tmp_path, name):
    told = Specimen(working_electrode="counter")
    first = read(potentiostat / name, specimen=told)
    same(first, read(*export(first, tmp_path / "cell", "mpt"), specimen=told))


def test_files_of_one_run_come_back_whole(potentiostat, tmp_path):
    told = Specimen(working_electrode="counter", extra={"timezone": "Asia/Tokyo"})
    stem = "LiLi_TEGDME_insitu"
    sources = [
        potentiostat / "insitu-datalab" / f"{stem}{ending}"
        for ending in ("-prerun_C05.mpr", "_01_GCPL_C05.mpr", "_02_GEIS_C05.mpr")
    ]
    first = read(*sources, specimen=told)
    files = export(first, tmp_path / "cell", "mpt")
    assert len(files) == 3
    same(first, read(*files, specimen=told))


def mpt_file(path, columns, *, technique="Open Circuit Voltage", start="05/16/2025 09:30:01.250"):
    """Write an EC-Lab text file by hand."""
    head = ["", technique, "", f"Acquisition started on : {start}", ""]
    lines = ["EC-Lab ASCII FILE", f"Nb header lines : {len(head) + 3}", *head]
    rows = [columns, *zip(*columns.values(), strict=True)]
    lines += ["\t".join([*map(str, row), ""]) for row in rows]
    path.write_bytes("\r\n".join([*lines, ""]).encode("latin-1"))
    return path


@pytest.mark.parametrize("three", [False, True])
@pytest.mark.parametrize("studied", ELECTRODES)
@pytest.mark.parametrize("working", ELECTRODES)
def test_an_eclab_file_follows_its_own_working_electrode(tmp_path, working, studied, three):
    columns = {
        "time/s": [0.0, 1.0, 2.0],
        "Ewe/V": [0.5, 0.75, 1.0],
        "Ewe-Ece/V": [0.25, 0.5, 0.125],
        "I/mA": [1.0, 2.0, -4.0],
        "(Q-Qo)/mA.h": [0.0, 1.0, 2.0],
    }
    columns |= {"Ece/V": [0.25, 0.25, 0.875]} if three else {}
    told = Specimen(working_electrode=working, electrode_under_study=studied)
    first = read(mpt_file(tmp_path / "x.mpt", columns), specimen=told)
    sign = 1.0 if working == studied else -1.0
    node = first["timeseries"]
    np.testing.assert_allclose(node["current"], sign * 1e-3 * np.array(columns["I/mA"]))
    files = export(first, tmp_path / "cell", "mpt")
    written = mpt.read(files[0])
    for label, values in columns.items():
        np.testing.assert_allclose(written.data[label], values, rtol=1e-15, err_msg=label)
    assert ("Ece/V" in written.data) is three
    same(first, read(*files, specimen=told))


@pytest.mark.parametrize("studied", ELECTRODES)
@pytest.mark.parametrize("working", ELECTRODES)
def test_sweeps_follow_their_own_working_electrode(potentiostat, tmp_path, working, studied):
    told = Specimen(working_electrode=working, electrode_under_study=studied)
    for number, name in enumerate(("bdf/PEIS-0.mpr", "yadg/peis.mpt")):  # two and three electrodes
        source = read(potentiostat / name)
        first = read(potentiostat / name, specimen=told)
        files = export(first, tmp_path / f"cell{number}", "mpt")
        same(first, read(*files, specimen=told))
        same(source, read(*files))  # untold, a file has its instrument's sign again


def test_a_campaign_whose_sign_nobody_knew_is_not_turned(campaign, tmp_path):
    told = campaign.with_attrs(specimen={"working_electrode": "counter"}, current_sign="unknown")
    dc = mpt.read(export(told, tmp_path / "cell", "mpt")[1])
    np.testing.assert_allclose(dc.get("current"), campaign["timeseries"]["current"], rtol=1e-14)


def modulo_bat(path):
    """Ten dc rows and two sweeps of two points between them, as EC-Lab prints Modulo Bat."""
    columns = {
        "Ns": [0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4],
        "error": [0] * 13 + [1],
        "freq/Hz": [0.0] * 4 + [100.0, 10.0] + [0.0] * 3 + [100.0, 10.0] + [0.0] * 3,
        "Re(Z)/Ohm": [0.0] * 4 + [1.0, 2.0] + [0.0] * 3 + [3.0, 4.0] + [0.0] * 3,
        "-Im(Z)/Ohm": [0.0] * 4 + [0.5, 0.25] + [0.0] * 3 + [1.5, -1.25] + [0.0] * 3,
        "time/s": [0.0, 1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.5, 8.0, 9.0, 10.0, 11.0],
        "Ewe/V": [1.0 + k / 8 for k in range(14)],
        "I/mA": [float(k) for k in range(14)],
        "half cycle": [0] * 7 + [1] * 7,
    }
    return mpt_file(path, columns, technique="Modulo Bat")


@pytest.mark.parametrize("working", ELECTRODES)
def test_dc_rows_beside_sweeps_survive_an_eclab_export(tmp_path, working):
    told = Specimen(working_electrode=working)
    first = read(modulo_bat(tmp_path / "x.mpt"), specimen=told)
    assert first["timeseries"].sizes["time"] == 14
    assert first["spectra"].sizes == {"spectrum": 2, "point": 2}
    (file,) = export(first, tmp_path / "cell", "mpt")
    assert file.name == "cell_01_MB_C01.mpt"
    same(first, read(file, specimen=told))
    source, written = mpt.read(tmp_path / "x.mpt"), mpt.read(file)
    assert written.rows == 14
    for label, values in source.data.items():
        np.testing.assert_allclose(written.data[label], values, rtol=1e-14, err_msg=label)


def test_points_that_the_time_series_lacks_are_written_in_time_order(tmp_path):
    whole = read(modulo_bat(tmp_path / "x.mpt"))
    thin = whole["timeseries"].isel(time=[0, 1, 4, 13])
    nodes = {"timeseries": thin, "spectra": whole["spectra"]}
    written = mpt.read(export(nodes, tmp_path / "cell", "mpt")[0])
    assert written.get("time").tolist() == [0.0, 1.0, 3.0, 4.0, 7.5, 8.0, 11.0]
    assert written.get("frequency").tolist() == [0.0, 0.0, 100.0, 10.0, 100.0, 10.0, 0.0]
    np.testing.assert_allclose(written.get("current"), [0, 1e-3, 4e-3, 5e-3, 9e-3, 1e-2, 1.3e-2])


@pytest.mark.parametrize(
    ("zone", "start", "origin"),
    [
        ("America/New_York", "05/16/2025 09:30:01.250", "2025-05-16T13:30:01.250000+00:00"),
        ("America/New_York", "01/16/2025 20:30:01.000", "2025-01-17T01:30:01+00:00"),
        ("Europe/Berlin", "05/16/2025 00:30:01.000", "2025-05-15T22:30:01+00:00"),
        ("", "05/16/2025 09:30:01.000", "2025-05-16T09:30:01"),
    ],
)
def test_the_header_has_the_local_time_again(tmp_path, zone, start, origin):
    columns = {"time/s": [0.0, 1.0], "Ewe/V": [0.5, 0.75], "I/mA": [1.0, 2.0]}
    told = Specimen(working_electrode="alloy", extra={"timezone": zone} if zone else {})
    first = read(mpt_file(tmp_path / "x.mpt", columns, start=start), specimen=told)
    assert first.attrs["origin"] == origin
    (file,) = export(first, tmp_path / "cell", "mpt")
    assert f"Acquisition started on : {start}\r\n".encode() in file.read_bytes()
    same(first, read(file, specimen=told))


@pytest.mark.parametrize("zone", ["Atlantis/Capital", "America", "../x"])
def test_a_zone_that_does_not_exist_is_named(campaign, tmp_path, zone):
    told = campaign.with_attrs(specimen={"extra": {"timezone": zone}})
    with pytest.raises(SettingsError, match=r"extra\.timezone"):
        export(told, tmp_path / "cell", "mpt")
    assert list(tmp_path.iterdir()) == []


def test_a_technique_that_is_no_file_name_makes_one(campaign, tmp_path):
    told = campaign.with_attrs(provenance=[{"technique": "Rest / µ"}, {"technique": "…"}])
    files = export(told, tmp_path / "cell", "mpt")
    assert [file.name for file in files] == ["cell_01_Rest_C01.mpt", "cell_02_CP_C01.mpt"]
    assert all(file.is_file() for file in files)


# --------------------------------------------------------------- whole or not at all
def test_nothing_is_overwritten_unless_told(campaign, tmp_path):
    files = export(campaign, tmp_path / "cell")
    before = [file.read_bytes() for file in files]
    with pytest.raises(StoreError, match="already there"):
        export(campaign.with_attrs(title="other"), tmp_path / "cell")
    assert [file.read_bytes() for file in files] == before
    export(campaign.with_attrs(title="other"), tmp_path / "cell", overwrite=True)
    assert files[-1].read_bytes() != before[-1]


def test_a_failure_leaves_nothing_behind(campaign, tmp_path, monkeypatch):
    def fail(path, table):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bdf, "write_csv", fail)
    with pytest.raises(StoreError, match="No space left"):
        export(campaign, tmp_path / "cell")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_gets_files_of_a_fixed_name(campaign, tmp_path):
    assert export(campaign, tmp_path)[0] == tmp_path / "campaign.bdf.csv"


def test_what_cannot_be_written_is_said(campaign, tmp_path):
    with pytest.raises(SettingsError, match="csv, parquet, netcdf, mpt"):
        export(campaign, tmp_path / "x", "xlsx")
    with pytest.raises(StoreError, match="nothing"):
        export({}, tmp_path / "x")
    with pytest.raises(StoreError, match="cannot be written"):
        export(campaign, tmp_path / "absent" / "x")
