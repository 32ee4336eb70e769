"""Battery Data Format: labels, units, round trips."""

from __future__ import annotations

import sys
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anodescope.errors import MissingExtra, ReadError
from anodescope.formats import bdf

SAMPLE = "Test Time / s,Voltage / V,Current / A\n0,3.7,0.1\n1,3.6,0.1\n2,3.5,0.1"


def write(folder, text, name="x.bdf.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_are_unique_and_of_known_meanings():
    spelled = [text.lower() for row in bdf.LABELS for text in (row.preferred, row.machine)]
    assert len(set(spelled)) == len(spelled)
    assert [row.preferred for row in bdf.LABELS[:3]] == list(bdf.REQUIRED)


def test_preferred_labels_and_machine_names_are_one(tmp_path):
    a = bdf.read(write(tmp_path, SAMPLE))
    names = "test_time_second,voltage_volt,current_ampere"
    b = bdf.read(write(tmp_path, SAMPLE.replace(SAMPLE.split("\n")[0], names), "y.bdf"))
    for meaning in ("time", "voltage", "current"):
        np.testing.assert_array_equal(a.get(meaning), b.get(meaning))
    assert a.get("voltage").tolist() == [3.7, 3.6, 3.5]
    assert a.warnings == b.warnings == ()


def test_ampere_hours_become_coulombs_and_unix_time_the_start(tmp_path):
    head, *rows = SAMPLE.split("\n")
    extra = ["100.5,1.5,REST", "101.5,2.5,REST", "102.5,3.5,CC_CHG"]
    text = f"{head},Unix Time / s,Net Capacity / Ah,Step Type\n" + "\n".join(
        f"{row},{cells}" for row, cells in zip(rows, extra, strict=True)
    )
    recording = bdf.read(write(tmp_path, text))
    assert recording.get("charge").tolist() == [5400.0, 9000.0, 12600.0]
    assert recording.start == datetime(1970, 1, 1, 0, 1, 40, 500000)
    assert recording.settings["clock"] == "UTC"
    assert recording.data["Step Type"].tolist() == ["REST", "REST", "CC_CHG"]


def test_missing_required_columns_and_odd_times_are_said(tmp_path):
    text = "Test Time / s,Voltage / V,Thickness / mm\n0,1,5\n2,1,5\n1,1,5\n"
    recording = bdf.read(write(tmp_path, text))
    assert any("'Current / A' is missing" in w for w in recording.warnings)
    assert any("Time goes back" in w for w in recording.warnings)
    assert recording.data["Thickness / mm"].tolist() == [5.0] * 3


@pytest.mark.parametrize(
    "text",
    [
        "Voltage / V,Current / A\n1,2\n",
        "Test Time / s,Voltage / V\n1\n2,3\n",
        "Test Time / s,Voltage / V\n0,x\n",
    ],
)
def test_bad_tables_are_refused(tmp_path, text):
    with pytest.raises(ReadError):
        bdf.read(write(tmp_path, text))


def test_a_parquet_file_that_is_none_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "x.bdf.parquet"
    path.write_bytes(b"PAR1 and then nothing PAR1")
    with pytest.raises(ReadError, match="Parquet"):
        bdf.read(path)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra, match=r"anodescope\[export\]"):
        bdf.read(tmp_path / "x.bdf.parquet")
    with pytest.raises(MissingExtra):
        bdf.write_parquet(tmp_path / "y.bdf.parquet", {"Test Time / s": np.zeros(2)})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@given(
    rows=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 6), st.just(3)), elements=st.floats(width=64)
    )
)
def test_what_is_written_comes_back_bit_by_bit(tmp_path_factory, kind, rows):
    path = tmp_path_factory.getbasetemp() / f"round.bdf.{kind}"
    table = dict(zip(bdf.REQUIRED, rows.T, strict=True))
    if kind == "csv":
        bdf.write_csv(path, table)
    else:
        pytest.importorskip("pyarrow")
        bdf.write_parquet(path, table, {"anodescope": "{}"})
    recording = bdf.read(path)
    for place, meaning in enumerate(("time", "voltage", "current")):
        np.testing.assert_array_equal(recording.get(meaning), rows[:, place])


def test_recognition_is_by_content_and_suffix(tmp_path):
    path = tmp_path / "x.csv"
    assert bdf.recognises(path, SAMPLE.encode())
    assert bdf.recognises(path, b"test_time_second,voltage_volt\n")
    assert bdf.recognises(tmp_path / "x.bdf.parquet", b"PAR1\0\0")
    assert not bdf.recognises(path, b"time/s,Ewe/V\n1,2\n")
    assert not bdf.recognises(path, b"Test Time / s,foo\n")
    assert bdf.recognises(tmp_path / "x.bdf", b"Test Time / s,foo\n")
    assert not bdf.recognises(path, b"\0\1\2")
