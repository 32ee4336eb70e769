"""The binary reader: its specification, real files, and damage of every kind."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.errors import ReadError
from anodescope.formats import biologic, mpr
from anodescope.formats.assemble import current_of
from tests.formats import biologic_files as made

EIS = (32, 37, 38, 36, 35, 4, 77, 76)
CP = (1, 2, 3, 21, 31, 65, 131, 4, 20, 174, 8, 13, 39)
KNOWN = sorted(set(biologic.COLUMNS) | set(biologic.FLAGS))


def write(folder, raw, name="made.mpr"):
    path = folder / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("new", [False, True])
def test_values_come_back_bit_by_bit(tmp_path, new):
    table = made.records(EIS, 7)
    recording = mpr.read(write(tmp_path, made.mpr(EIS, table, new=new)))
    assert recording.technique == "GEIS"
    assert recording.start == datetime(2025, 5, 16, 12)
    assert [column.number for column in recording.columns] == list(EIS)
    for column in recording.columns:
        np.testing.assert_array_equal(recording.data[column.label], table[f"c{column.number}"])


def test_flags_share_one_byte(tmp_path):
    table = made.records(CP, 4)
    table["flags"] = [0b00000001, 0b00001110, 0b10110010, 0]
    data = mpr.read(write(tmp_path, made.mpr(CP, table, technique=0x19))).data
    np.testing.assert_array_equal(data["mode"], [1, 2, 2, 0])
    np.testing.assert_array_equal(data["ox/red"], [0, 1, 0, 0])
    np.testing.assert_array_equal(data["error"], [0, 1, 0, 0])
    np.testing.assert_array_equal(data["control changes"], [0, 0, 1, 0])
    np.testing.assert_array_equal(data["Ns changes"], [0, 0, 1, 0])
    np.testing.assert_array_equal(data["counter inc."], [0, 0, 1, 0])


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.sampled_from(KNOWN), min_size=1, max_size=12, unique=True),
    rows=st.integers(0, 9),
    new=st.booleans(),
)
def test_any_columns_in_any_order(tmp_path_factory, numbers, rows, new):
    labels = [biologic.COLUMNS[n].label for n in numbers if n in biologic.COLUMNS]
    table = made.records(numbers, rows, seed=rows)
    path = write(tmp_path_factory.mktemp("any"), made.mpr(numbers, table, new=new))
    recording = mpr.read(path)
    assert recording.rows == rows
    assert len(recording.columns) == len(numbers)
    for column in recording.columns:
        if column.number in biologic.COLUMNS:
            np.testing.assert_array_equal(recording.data[column.label], table[f"c{column.number}"])
    repeats = len(labels) - len(set(labels))
    assert sum("repeats a label" in warning for warning in recording.warnings) == repeats


@pytest.mark.parametrize(("size", "kind"), [(1, "u1"), (2, "u2"), (4, "f4"), (8, "f8"), (6, "V6")])
def test_an_unknown_column_is_kept_and_named_with_its_place(tmp_path, size, kind):
    plain = made.records((32, 4), 5)
    table = np.zeros(5, dtype=[("c32", "<f4"), ("x", f"V{size}"), ("c4", "<f8")])
    table["c32"], table["c4"] = plain["c32"], plain["c4"]
    raw = made.mpr((32, 999, 4), table)
    recording = mpr.read(write(tmp_path, raw))
    np.testing.assert_array_equal(recording.data["time/s"], table["c4"])
    assert recording.data["column_999"].dtype == np.dtype(kind)
    warning = next(w for w in recording.warnings if "999" in w)
    place = int(warning.split("byte ")[1].split(":")[0])
    assert raw[place : place + 2] == (999).to_bytes(2, "little")
    assert not recording.verified


def test_an_unknown_technique_is_read_and_marked(tmp_path):
    path = write(tmp_path, made.mpr(EIS, made.records(EIS, 3), technique=0x6E))
    recording = mpr.read(path)
    assert recording.technique == "technique_0x6e"
    assert recording.rows == 3
    assert any("unverified: no sample" in w.lower() for w in recording.warnings)


def test_a_file_that_was_cut_in_the_data_keeps_its_whole_records(tmp_path):
    table = made.records(EIS, 50)
    raw = made.mpr(EIS, table, with_log=False)
    cut = raw[: len(raw) - 10 * table.dtype.itemsize - 3]
    recording = mpr.read(write(tmp_path, cut))
    assert recording.rows == 39
    np.testing.assert_array_equal(recording.data["time/s"], table["c4"][:39])
    assert any("39 of 50 records" in warning for warning in recording.warnings)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "an empty file"),
        (b"EC-Lab ASCII FILE\r\nNb header lines : 3\r\n", "magic"),
        (b"BIO-LOGIC MODULAR FILE", "VMP data"),
        (b"BIO-LOGIC MODULAR FILE".ljust(52) + b"nonsense" * 20, "MODULE"),
    ],
)
def test_what_is_no_mpr_gets_one_sentence(tmp_path, raw, expected):
    path = write(tmp_path, raw)
    with pytest.raises(ReadError) as error:
        mpr.read(path)
    text = str(error.value)
    assert expected in text
    assert str(path) in text
    assert "\n" not in text


def test_a_row_count_beyond_the_module_is_refused(tmp_path):
    table = made.records(EIS, 4)
    content = made.data(EIS, table, rows=2**32 - 1)
    raw = b"BIO-LOGIC MODULAR FILE\x1a".ljust(52, b" ") + made.module(
        "VMP Set", made.settings(0x1E)
    )
    path = write(tmp_path, raw + made.module("VMP data", content))
    with pytest.raises(ReadError, match="4294967295 records"):
        mpr.read(path)


def test_a_header_that_claims_ten_gigabytes_costs_no_memory(tmp_path):
    table = made.records(EIS, 4)
    raw = bytearray(made.mpr(EIS, table, with_log=False))
    at = raw.index(b"MODULEVMP data") + 41
    raw[at : at + 4] = (0xFFFFFFF0).to_bytes(4, "little")
    recording_or_error = None
    try:
        recording_or_error = mpr.read(write(tmp_path, bytes(raw)))
    except ReadError as error:
        recording_or_error = error
    if not isinstance(recording_or_error, ReadError):
        assert recording_or_error.rows <= 4
        assert recording_or_error.warnings


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_truncated_anywhere_or_mutated_it_reads_or_says_why(tmp_path_factory, data):
    new = data.draw(st.booleans())
    raw = bytearray(made.mpr(CP, made.records(CP, 6), technique=0x19, new=new))
    raw += made.module("VMP loop", made.loop([0, 2, 4, 6]), new=new)
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    path = write(tmp_path_factory.mktemp("cut"), bytes(raw))
    try:
        recording = mpr.read(path)
    except ReadError as error:
        assert "expected" in str(error)
        return
    assert recording.rows * max(1, len(recording.columns)) <= len(raw) * 8
    assert {len(values) for values in recording.data.values()} <= {recording.rows}


# --------------------------------------------------------------------------- real files
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_real_headers_mutated(potentiostat, tmp_path_factory, data):
    name = data.draw(st.sampled_from(["bdf/GCPL-0.mpr", "navani/00_test_02_MB_C01.mpr"]))
    raw = bytearray((potentiostat / name).read_bytes())
    header = raw.index(b"MODULEVMP data")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, 120) | st.integers(header, header + 160))
        raw[place] = data.draw(st.integers(0, 255))
    path = write(tmp_path_factory.mktemp("real"), bytes(raw))
    try:
        recording = mpr.read(path)
    except ReadError as error:
        assert error.offset is not None
        return
    assert {len(values) for values in recording.data.values()} <= {recording.rows}


@pytest.mark.parametrize(
    ("name", "technique", "rows", "start"),
    [
        ("yadg/geis.mpr", "GEIS", 2528, datetime(2021, 3, 3, 20, 40, 41)),
        ("yadg/gcpl.issue_211.mpr", "GCPL", 2767, datetime(2025, 5, 28, 14, 23, 16, 145000)),
        ("yadg/ocv.mpr", "OCV", 602, datetime(2020, 1, 16, 14, 13, 34)),
        ("yadg/cp.mpr", "CP", 121, datetime(2021, 3, 2, 16, 17, 59)),
        ("yadg/mb.issue_95.mpr", "MB", 33, datetime(2022, 12, 8, 14, 36, 53, 355000)),
        ("hybrid-drt/Sample1_PEIS_EndOfDischarge.mpr", "PEIS", 86, None),
        ("aurora/PEIS.mpr", "PEIS", 244, None),
    ],
)
def test_real_files(potentiostat, name, technique, rows, start):
    recording = mpr.read(potentiostat / name)
    assert (recording.technique, recording.rows) == (technique, rows)
    if start is not None:
        assert recording.start == start
    assert recording.verified


def test_settings_agree_with_the_settings_file_of_the_same_run(potentiostat):
    folder = potentiostat / "insitu-datalab"
    hold, eis = (
        mpr.read(folder / f"LiLi_TEGDME_insitu_{name}_C05.mpr") for name in ("01_GCPL", "02_GEIS")
    )
    second = hold.settings["parameters"][1]
    assert second["Is"] == pytest.approx(0.4)
    assert (second["unit Is"], second["t1 (s)"], second["EM (V)"]) == ("mA", 600.0, 10.0)
    geis = eis.settings["parameters"][0]
    assert (geis["fi"], geis["unit fi"], geis["Nd"]) == (0.5, "kHz", 3)
    assert (geis["Ia"], geis["unit Ia"]) == (100.0, "µA")
    assert eis.settings["channel"] == 5
    assert eis.settings["electrode_area_cm2"] == pytest.approx(0.001)
    assert eis.sweep_starts is not None
    np.testing.assert_array_equal(eis.sweep_starts, np.arange(0, 405, 9))


def test_truncating_a_real_file_never_loses_a_whole_record(potentiostat, tmp_path):
    raw = (potentiostat / "yadg/peis.mpr").read_bytes()
    whole = mpr.read(potentiostat / "yadg/peis.mpr")
    start = raw.index(b"MODULEVMP data") + 57 + 406
    for keep in (0, 1, 109, 110, 111, 31 * 110 + 109, 32 * 110):
        recording = mpr.read(write(tmp_path, raw[: start + keep]))
        assert recording.rows == keep // 110
        np.testing.assert_array_equal(
            recording.data["freq/Hz"], whole.data["freq/Hz"][: keep // 110]
        )


@pytest.mark.parametrize(
    "name", ["insitu-datalab/LiLi_TEGDME_insitu_01_GCPL_C05.mpr", "bdf/MB-1.mpr"]
)
def test_column_70_is_the_power(potentiostat, name):
    recording = mpr.read(potentiostat / name)
    power = recording.data["P/W"].astype(float)
    product = recording.get("voltage") * current_of(recording)
    assert np.abs(power).max() > 1e-6
    np.testing.assert_allclose(power[1:], product[1:], atol=1e-6 * np.abs(power).max())


def test_column_19_is_the_voltage_that_is_held(potentiostat):
    data = mpr.read(potentiostat / "navani/00_test_02_MB_C01.mpr").data
    assert set(data["mode"]) == {2}  # potentiostatic
    np.testing.assert_allclose(data["control/V"], data["Ewe/V"], atol=1e-3)
