"""The text reader and writer: pairs with the binary files, decimal signs, headers, round trips."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.bench.pairs import units_apart
from anodescope.errors import ReadError
from anodescope.formats import biologic, mpr, mpt
from anodescope.formats.assemble import current_of
from anodescope.formats.biologic import normal_label
from anodescope.formats.recording import Recording

PAIRS = ("cp", "gcpl.issue_211", "geis", "mb.issue_95", "ocv", "peis")


@pytest.mark.parametrize("name", PAIRS)
def test_binary_and_text_agree_in_every_printed_digit(potentiostat, name):
    binary = mpr.read(potentiostat / "yadg" / f"{name}.mpr")
    text = mpt.read(potentiostat / "yadg" / f"{name}.mpt")
    assert binary.technique == text.technique
    assert binary.rows == text.rows
    assert binary.start == text.start
    by_label = {normal_label(label): values for label, values in text.data.items()}
    shared = [column.label for column in binary.columns if column.label in by_label]
    renamed = {"Energy charge/W.h", "Energy discharge/W.h"} if name.startswith("gcpl") else set()
    assert {column.label for column in binary.columns} - set(shared) == renamed
    for label in shared:
        values, other = np.asarray(binary.data[label]), by_label[label]
        if (name, label) == ("cp", "<Ewe>/V"):  # this text file holds zeros from row 5 on
            assert np.count_nonzero(other[4:]) == 0
            values, other = values[:4], other[:4]
        # float64 has about 16 digits itself, so its last printed digit may be off by one more
        wide = values.dtype == np.float64
        assert units_apart(values, other, 15 if wide else 7) <= (2.0 if wide else 0.5001), label


def test_current_from_charge_is_what_ec_lab_prints(potentiostat):
    binary = mpr.read(potentiostat / "yadg/gcpl.issue_211.mpr")
    text = mpt.read(potentiostat / "yadg/gcpl.issue_211.mpt")
    assert not binary.has("current")
    derived, shown = current_of(binary), current_of(text)
    np.testing.assert_allclose(derived[1:], shown[1:], rtol=1e-12)
    assert np.isnan(derived[0])


def test_the_decimal_comma_twin_holds_the_same_numbers(potentiostat):
    dot = mpt.read(potentiostat / "yadg/mb.issue_95.mpt")
    comma = mpt.read(potentiostat / "yadg/mb.issue_95.de.mpt")
    assert list(dot.data) == list(comma.data)
    for label, values in dot.data.items():
        np.testing.assert_array_equal(values, comma.data[label], err_msg=label)


def table(rows: int = 4) -> Recording:
    data = {
        "mode": np.full(rows, 2),
        "freq/Hz": np.logspace(5, 0, rows).astype(np.float32),
        "Re(Z)/Ohm": np.linspace(1.0, 9.0, rows).astype(np.float32),
        "-Im(Z)/Ohm": np.linspace(-0.5, 2.0, rows).astype(np.float32),
        "time/s": np.arange(rows) * 1.1 + 1e5 / 3,
        "<Ewe>/V": np.full(rows, 0.123456789),
        "(Q-Qo)/mA.h": np.full(rows, np.pi),
        "Cs/µF": np.zeros(rows),
    }
    return Recording(
        path=Path("made.mpt"),
        reader="test",
        technique="PEIS",
        columns=tuple(biologic.column_for(label) for label in data),
        data=data,
        start=datetime(2025, 5, 16, 9, 30, 1, 250000),
        technique_start=datetime(2025, 5, 16, 9, 31),
        settings={"Device": "SP-300", "Comments": "first line\nsecond line"},
    )


def test_written_and_read_back_to_the_last_printed_digit(tmp_path):
    recording = table()
    path = tmp_path / "made.mpt"
    mpt.write(path, recording)
    again = mpt.read(path)
    assert (again.technique, again.start, again.technique_start) == (
        "PEIS",
        recording.start,
        recording.technique_start,
    )
    assert again.settings["Device"] == "SP-300"
    assert again.settings["Comments"] == "first line\nsecond line"
    assert list(again.data) == list(recording.data)
    for label, values in recording.data.items():
        back = again.data[label].astype(values.dtype)
        digits = 1e-15 if values.dtype == np.float64 else 0.0
        np.testing.assert_allclose(back, values, rtol=digits, err_msg=label)
    assert b"\xb5F" in path.read_bytes()  # Latin-1, as EC-Lab writes the micro sign
    assert again.get("impedance_imaginary")[0] == pytest.approx(0.5)
    assert again.get("charge")[0] == pytest.approx(3.6 * np.pi)


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(
        st.floats(min_value=-1e300, max_value=1e300, allow_subnormal=False), min_size=1, max_size=20
    )
)
def test_any_float64_survives_to_its_16_digits(tmp_path_factory, values):
    recording = table(len(values))
    data = {**recording.data, "time/s": np.sort(np.array(values))}
    path = tmp_path_factory.mktemp("any") / "made.mpt"
    mpt.write(path, Recording(path, "test", "PEIS", recording.columns, data, recording.start))
    np.testing.assert_allclose(mpt.read(path).data["time/s"], data["time/s"], rtol=1e-15)


@pytest.mark.parametrize("change", ["lf", "utf8", "bom", "comma", "headerless", "cut-mu"])
def test_every_way_an_export_can_be_saved(tmp_path, change):
    path = tmp_path / "made.mpt"
    mpt.write(path, table())
    expected = mpt.read(path)
    text = path.read_bytes().decode("latin-1")
    if change == "comma":
        head, _, body = text.rpartition("Cs/µF\t\r\n")
        text = f"{head}Cs/µF\t\r\n{body.replace('.', ',')}"
    if change == "headerless":
        text = text[text.index("mode\t") :]
    if change == "cut-mu":
        text = text.replace("µ", "\ufffd")
    raw = text.encode("utf-8" if change in ("utf8", "bom", "cut-mu") else "latin-1")
    raw = raw.replace(b"\r\n", b"\n") if change == "lf" else raw
    path.write_bytes(b"\xef\xbb\xbf" + raw if change == "bom" else raw)
    again = mpt.read(path)
    for one, other in zip(expected.data.values(), again.data.values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [c.name for c in again.columns] == [c.name for c in expected.columns]
    if change == "headerless":
        assert any("absolute time is unknown" in warning for warning in again.warnings)
    else:
        assert again.start == expected.start


def test_absolute_times_become_seconds(tmp_path):
    path = tmp_path / "made.mpt"
    mpt.write(path, table(3))
    lines = path.read_bytes().decode("latin-1").split("\r\n")
    for row, second in ((-4, 15), (-3, 16), (-2, 18)):
        cells = lines[row].split("\t")
        cells[4] = f"05/16/2025 09:30:{second}.2500"
        lines[row] = "\t".join(cells)
    path.write_bytes("\r\n".join(lines).encode("latin-1"))
    np.testing.assert_allclose(mpt.read(path).data["time/s"], [14.0, 15.0, 17.0])


def rows_of(path: Path, labels: list[str], rows: list[list[str]], start: str = "") -> Path:
    """Write an export by hand: labels and cells as they are, with at most one date above."""
    head = ["", "Open Circuit Voltage", "", *([f"Acquisition started on : {start}"] * bool(start))]
    lines = ["EC-Lab ASCII FILE", f"Nb header lines : {len(head) + 3}", *head]
    lines += ["\t".join([*cells, ""]) for cells in [labels, *rows]]
    path.write_bytes("\r\n".join([*lines, ""]).encode("latin-1"))
    return path


DAYS = ["05/12/2024 10:00:00", "13/12/2024 10:00:00", "02/01/2025 10:00:00"]


@pytest.mark.parametrize("start", ["", "05/12/2024 10:00:00.000"])
@pytest.mark.parametrize("turned", [False, True])
def test_one_order_of_day_and_month_for_a_whole_column(tmp_path, start, turned):
    def printed(date: str) -> str:  # the same instants, month first
        day, month, rest = date.split("/", 2)
        return f"{month}/{day}/{rest}" if turned else date

    rows = [[printed(date), "1.0"] for date in DAYS]
    path = rows_of(tmp_path / "x.mpt", ["time/s", "Ewe/V"], rows, printed(start) if start else "")
    recording = mpt.read(path)
    np.testing.assert_array_equal(recording.get("time"), np.array([0.0, 8.0, 28.0]) * 86400)
    assert recording.start == datetime(2024, 12, 5, 10)
    assert not any("ambiguous" in warning for warning in recording.warnings)


def test_the_rows_decide_how_the_header_is_read_and_the_header_how_the_rows(tmp_path):
    rows = [["05/12/2024 10:00:01", "1.0"], ["06/12/2024 10:00:00", "1.0"]]
    path = rows_of(tmp_path / "x.mpt", ["time/s", "Ewe/V"], rows, "30/11/2024 10:00:00")
    np.testing.assert_array_equal(mpt.read(path).get("time"), [5 * 86400 + 1, 6 * 86400])


def test_many_doubtful_dates_give_one_note(tmp_path):
    rows = [[f"0{1 + k % 9}/12/2024 10:00:0{k % 10}", "1.0"] for k in range(40)]
    path = rows_of(tmp_path / "x.mpt", ["time/s", "Ewe/V"], rows, "01/12/2024 10:00:00")
    warnings = mpt.read(path).warnings
    assert len([warning for warning in warnings if "ambiguous" in warning]) == 1


@pytest.mark.parametrize("wrong", ["12.5", "tomorrow", "31/31/2024"])
def test_a_row_without_a_date_among_dates_is_named(tmp_path, wrong):
    cells = [DAYS[0], "XXX", wrong, DAYS[1]]
    rows = [[cell, "1.0"] for cell in cells]
    path = rows_of(tmp_path / "x.mpt", ["time/s", "Ewe/V"], rows, DAYS[0])
    with pytest.raises(ReadError, match="'time/s'") as caught:
        mpt.read(path)
    assert path.read_text("latin-1").split("\n")[caught.value.offset - 1].startswith(wrong)
    rows_of(path, ["time/s", "Ewe/V"], [row for row in rows if row[0] != wrong], DAYS[0])
    np.testing.assert_array_equal(mpt.read(path).get("time"), [0.0, np.nan, 8 * 86400])


def test_dates_without_a_whole_row_are_numbers_too(tmp_path):
    path = rows_of(tmp_path / "x.mpt", ["time/s", "Ewe/V"], [])
    path.write_bytes(path.read_bytes() + b"05/12/2024 10:00:00")  # the only row, cut
    recording = mpt.read(path)
    assert recording.rows == 0
    assert recording.data["time/s"].dtype.kind == "f"


LABELS = ["freq/Hz", "Ns", "error", "<I>/mA", "cycle number", "I Range"]


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("row", [0, 60])
@pytest.mark.parametrize("cell", ["Auto", "100 mA", "00:00:01", "05/12/2024"])
def test_words_in_a_column_with_a_meaning_are_named(tmp_path, place, row, cell):
    rows = [["1.0", "0", "0", "1.0", "1.0", "Auto"] for _ in range(62)]
    rows[row][place] = cell
    path = rows_of(tmp_path / "x.mpt", LABELS, rows)
    with pytest.raises(ReadError) as caught:
        mpt.read(path)
    assert LABELS[place] in str(caught.value)
    assert repr(cell) in str(caught.value)
    assert caught.value.place == "line"
    assert cell in path.read_text("latin-1").split("\n")[caught.value.offset - 1]


@pytest.mark.parametrize("cell", ["XXX", "", "nan", "NaN", "---", "1.#QNAN"])
def test_a_first_row_without_values_is_not_a_column_of_words(tmp_path, cell):
    rows = [[cell] * 5 + ["100 mA"], ["1.0", "0", "0", "2.0", "1.0", "Auto"]]
    recording = mpt.read(rows_of(tmp_path / "x.mpt", LABELS, rows))
    for label in LABELS[:5]:
        assert recording.data[label].dtype.kind == "f"
        assert np.isfinite(recording.data[label]).tolist() == [False, True]
    assert recording.data["I Range"].tolist() == ["100 mA", "Auto"]


def test_words_without_a_meaning_may_start_later_and_are_written_again(tmp_path):
    rows = [["1.0", "0", "0", "1.0", "1.0", "10"], ["1.0", "0", "0", "2.0", "1.0", "Auto"]]
    recording = mpt.read(rows_of(tmp_path / "x.mpt", LABELS, rows))
    assert recording.data["I Range"].tolist() == ["10", "Auto"]
    mpt.write(tmp_path / "again.mpt", recording)
    assert mpt.read(tmp_path / "again.mpt").data["I Range"].tolist() == ["10", "Auto"]


def test_a_start_is_written_as_finely_as_it_is_known(tmp_path):
    for micro, ending in ((250_000, b"01.250\r\n"), (250_001, b"01.250001\r\n")):
        made = replace(table(), start=datetime(2025, 5, 16, 9, 30, 1, micro))
        mpt.write(tmp_path / "made.mpt", made)
        assert ending in (tmp_path / "made.mpt").read_bytes()
        assert mpt.read(tmp_path / "made.mpt").start == made.start


@pytest.mark.parametrize(
    ("date", "expected", "ambiguous"),
    [
        ("28/05/2025 14:23:16.145", datetime(2025, 5, 28, 14, 23, 16, 145000), False),
        ("05/28/2025 14:23:16", datetime(2025, 5, 28, 14, 23, 16), False),
        ("03/02/2021 16:17:59", datetime(2021, 3, 2, 16, 17, 59), True),
    ],
)
def test_orders_of_day_and_month(tmp_path, date, expected, ambiguous):
    path = tmp_path / "made.mpt"
    mpt.write(path, Recording(path, "test", "PEIS", table().columns, table().data, None))
    text = path.read_bytes().decode("latin-1")
    count = int(text.split(":")[1].split()[0])
    text = text.replace(f"lines : {count}", f"lines : {count + 1}", 1)
    text = text.replace("\r\nmode\t", f"Acquisition started on : {date}\r\n\r\nmode\t", 1)
    path.write_bytes(text.encode("latin-1"))
    recording = mpt.read(path)
    assert recording.start == expected
    assert any("ambiguous" in warning for warning in recording.warnings) is ambiguous


def test_units_are_told_apart():
    factors = {
        "I/mA": 1e-3,
        "I/A": 1.0,
        "<I>/µA": 1e-6,
        "(Q-Qo)/mA.h": 3.6,
        "(Q-Qo)/C": 1.0,
        "dq/mA.h": 3.6,
        "-Im(Z)/Ohm": -1.0,
        "Im(Z)/Ohm": 1.0,
    }
    for label, factor in factors.items():
        assert biologic.column_for(label).factor == factor, label
    assert biologic.column_for("control/V/mA").name == ""
    assert biologic.column_for("Efficiency/%").name == ""


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_truncated_or_mutated_it_reads_or_says_why(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cut")
    path = folder / "made.mpt"
    mpt.write(path, table(5))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    try:
        recording = mpt.read(path)
    except ReadError as error:
        assert "expected" in str(error)
        return
    assert {len(values) for values in recording.data.values()} <= {recording.rows}
