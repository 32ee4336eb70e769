"""Text tables: encodings, decimal signs, cells, cut rows, dates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anodescope.errors import ReadError
from anodescope.formats.textfile import (
    MAX_COLUMNS,
    decimal_of,
    decode,
    decode_bytes,
    number,
    order_notes,
    parse_date,
    read_table,
    unique_labels,
)

HERE = Path("memory.txt")
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


def table(data: bytes, names: list[str], **options):
    return read_table(decode_bytes(HERE, data), skip_lines=0, names=names, **options)


# ------------------------------------------------------------------------ bytes to text
@pytest.mark.parametrize(
    ("data", "encoding", "first"),
    [
        (b"a/s\n", "ascii", "a/s"),
        (b"\xef\xbb\xbfa/s\n", "ascii", "a/s"),
        ("I/µA\n".encode(), "utf-8", "I/µA"),
        ("I/µA\n".encode("utf-8-sig"), "utf-8", "I/µA"),
        ("I/µA\tcm²\n".encode("latin-1"), "cp1252", "I/µA\tcm²"),
        ("5 €\n".encode("cp1252"), "cp1252", "5 €"),
        (b"\xb5A \x81\n", "latin-1", "µA \x81"),
    ],
)
def test_the_encoding_is_decided_from_the_bytes(data, encoding, first):
    text = decode_bytes(HERE, data)
    assert (text.encoding, text.lines(0, 1)) == (encoding, [first])


@pytest.mark.parametrize(
    ("data", "newline"),
    [
        (b"1\t2\r\n3\t4\r\n", "\r\n"),
        (b"1\t2\n3\t4\n", "\n"),
        (b"1\t2\r3\t4\r", "\r"),
        (b"1\t2\r\n3\t4\n", "mixed"),
        (b"1\t2\r3\t4\n", "mixed"),
    ],
)
def test_every_line_end_gives_the_same_numbers(data, newline):
    text = decode_bytes(HERE, data)
    assert text.newline == newline
    assert text.lines() == ["1\t2", "3\t4"]
    values = read_table(text, skip_lines=0, names=["a", "b"])
    np.testing.assert_array_equal(values["b"], [2.0, 4.0])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"abc\0def", "NUL"),
        ("t/s\n1\n".encode("utf-16"), "NUL"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, data, found):
    path = tmp_path / "x.txt"
    path.write_bytes(data)
    with pytest.raises(ReadError, match=found):
        decode(path)


def test_a_missing_file_is_a_read_error(tmp_path):
    with pytest.raises(ReadError, match="readable file"):
        decode(tmp_path / "absent.txt")


# --------------------------------------------------------------------- the decimal sign
@pytest.mark.parametrize(
    ("lines", "delimiter", "sign", "noted"),
    [
        (["1.5\t2.25"], "\t", ".", False),
        (["1,5\t2,25"], "\t", ",", False),
        (["1,5;2,25"], ";", ",", False),
        (["1,5,2.5"], ",", ".", False),
        (["1\t2"], "\t", ".", False),
        (["1,234\t5,678"], "\t", ",", True),
        (["1,23\t5.678", "1,2\t3,4"], "\t", ",", True),
        (["1,5 2,5"], None, ",", False),
    ],
)
def test_the_decimal_sign_comes_from_the_numbers(lines, delimiter, sign, noted):
    found, note = decimal_of(lines, delimiter)
    assert (found, bool(note)) == (sign, noted)


@given(values=hnp.arrays(np.float64, (4, 3), elements=FINITE))
def test_a_comma_twin_gives_the_same_numbers(values):
    dots = "".join("\t".join(f"{v:.15E}" for v in row) + "\n" for row in values)
    a = table(dots.encode(), ["a", "b", "c"])
    b = table(dots.replace(".", ",").encode(), ["a", "b", "c"], decimal=",")
    assert all(np.array_equal(a[k], b[k]) for k in a)


def test_a_dot_among_decimal_commas_is_an_error_not_a_factor_of_ten_million():
    with pytest.raises(ReadError, match=r"line 2.*'2\.5'"):
        table(b"1,5\t2,5\n1,5\t2.5\n", ["a", "b"], decimal=",")


# -------------------------------------------------------------------------- the numbers
@given(values=hnp.arrays(np.float64, (5, 2), elements=st.floats(width=64)))
def test_printed_values_come_back_bit_by_bit(values):
    data = "".join("\t".join(map(repr, row)) + "\n" for row in values.tolist()).encode()
    found = table(data, ["a", "b"])
    np.testing.assert_array_equal(np.column_stack([found["a"], found["b"]]), values)


@given(values=hnp.arrays(np.float32, 6, elements=st.floats(width=32, allow_nan=False)))
def test_eight_digits_give_a_float32_back(values):
    data = "".join(f"{v:.8E}\t0\n" for v in values).encode()
    np.testing.assert_array_equal(table(data, ["a", "b"])["a"].astype(np.float32), values)


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", None])
def test_each_delimiter(delimiter):
    by = delimiter or "  "
    data = f"1{by}2{by}3\n4{by}5{by}6\n".encode()
    found = table(data, ["a", "b", "c"], delimiter=delimiter)
    np.testing.assert_array_equal(found["c"], [3.0, 6.0])


def test_blank_lines_and_delimiters_at_the_end_add_nothing():
    data = b"\n1\t2\t\n   \n3\t4\n\n"
    found = table(data, ["a", "b"])
    np.testing.assert_array_equal(found["a"], [1.0, 3.0])
    assert table(b"1 2\n\n 3 4\n", ["a", "b"], delimiter=None)["b"].tolist() == [2.0, 4.0]


def test_words_for_no_value_are_nan_and_infinities_stay():
    found = table(b"\tXXX\tinf\n1\t1.#QNAN\t-inf\n", ["a", "b", "c"])
    assert np.isnan(found["a"][0])
    assert np.isnan(found["b"]).all()
    np.testing.assert_array_equal(found["c"], [np.inf, -np.inf])


@pytest.mark.parametrize(
    ("data", "line", "found"),
    [
        (b"1\t2\n3\n5\t6\n", 2, "1"),
        (b"1\t2\t9\n3\n5\t6\n", 1, "3"),
        (b"1\t2\n3\t4\t5\n", 2, "3"),
        (b"1\t2\n3\tx7\n", 2, "'x7' in column 'b'"),
        (b"1\t2\n3\t1_0\n", 2, "'1_0' in column 'b'"),
        (b"1\t2\n3\t0x10\n", 2, "'0x10' in column 'b'"),
    ],
)
def test_the_first_bad_row_is_named(data, line, found):
    with pytest.raises(ReadError) as caught:
        table(data, ["a", "b"])
    assert (caught.value.offset, caught.value.place) == (line, "line")
    assert caught.value.found == found


def test_a_cut_last_row_is_left_out_with_a_note():
    whole = b"1.50\t2.50\n3.50\t4.50\n"
    for cut in range(len(whole) - 9, len(whole)):
        notes: list[str] = []
        found = table(whole[:cut], ["a", "b"], notes=notes)
        kept = [2.5, 4.5] if cut == len(whole) - 1 else [2.5]
        assert found["b"].tolist() == kept, cut
        assert len(notes) == (cut not in (len(whole) - 1, len(whole) - 10)), cut


def test_a_last_number_that_may_be_cut_is_reported():
    notes: list[str] = []
    found = table(b"1\t2.5\n3\t14.75\n5\t14.7", ["a", "b"], notes=notes)
    assert found["b"].tolist() == [2.5, 14.75, 14.7]
    assert "may have been cut" in notes[0]


def test_columns_of_words():
    found = table(b"1\t..a\n2\t...\n", ["a", "flags"], text=["flags"])
    assert found["flags"].tolist() == ["..a", "..."]
    assert found["flags"].dtype.kind == "U"


def test_an_empty_table_has_empty_columns():
    assert table(b"label\n", ["a", "b"], stop_line=0)["a"].shape == (0,)


def test_an_absurd_number_of_columns_is_refused():
    with pytest.raises(ReadError, match="columns"):
        table(b"1\n", [str(k) for k in range(MAX_COLUMNS + 1)])


def test_labels_become_unique():
    assert unique_labels(["x", "x", "", "x (2)", "x"]) == [
        "x",
        "x (2)",
        "column 3",
        "x (2) (2)",
        "x (3)",
    ]


@given(labels=st.lists(st.sampled_from(["a", "a (2)", "a (3)", "", "b"]), max_size=12))
def test_labels_are_unique_whatever_they_were(labels):
    found = unique_labels(labels)
    assert len(set(found)) == len(labels)


def test_number_takes_no_python_spelling():
    assert number("-1,5e3", ",") == -1500.0
    for text, sign in (("1_000", "."), ("1.5", ","), ("", "."), ("x", ".")):
        with pytest.raises(ValueError, match=r"not a number|could not convert"):
            number(text, sign)


def test_times_out_of_order_are_described():
    assert order_notes(np.array([0.0, 1.0, 2.0])) == []
    notes = order_notes(np.array([0.0, 1.0, 1.0, 0.5, np.nan]))
    assert [note.split()[0] for note in notes] == ["1", "Time", "1"]


# -------------------------------------------------------------------------------- dates
@pytest.mark.parametrize(
    ("text", "others", "expected", "noted"),
    [
        ("05/15/2025 01:18:45.867", (), datetime(2025, 5, 15, 1, 18, 45, 867000), False),
        ("15/05/2025 01:18:45", (), datetime(2025, 5, 15, 1, 18, 45), False),
        ("03.06.25 10:00", (), datetime(2025, 3, 6, 10), True),
        ("03.06.25 10:00", ("03.25.25",), datetime(2025, 3, 6, 10), False),
        ("03.06.25 10:00", ("25.03.25",), datetime(2025, 6, 3, 10), False),
        ("03/03/2021 20:40:41.000", (), datetime(2021, 3, 3, 20, 40, 41), False),
        ("10-12-2018 11:04:34", (), datetime(2018, 10, 12, 11, 4, 34), True),
        ("2024-02-03T04:05:06", (), datetime(2024, 2, 3, 4, 5, 6), False),
        ("12-Feb-2024 1:02:03 PM", (), datetime(2024, 2, 12, 13, 2, 3), False),
        ("4/23/2018 12:00:00 AM", (), datetime(2018, 4, 23), False),
        ("1/2/99", (), datetime(1999, 1, 2), True),
    ],
)
def test_dates_are_told_apart_by_evidence(text, others, expected, noted):
    when, note = parse_date(text, *others)
    assert (when, bool(note)) == (expected, noted)


def test_the_order_without_evidence_can_be_chosen_and_is_said():
    when, note = parse_date("03/06/2025", first="day")
    assert when == datetime(2025, 6, 3)
    assert "day first" in note


def test_contradicting_dates_are_said():
    assert "contradict" in parse_date("03/06/2025", "25/01/2025", "01/25/2025")[1]


@pytest.mark.parametrize("text", ["", "yesterday", "99/99/2020", "1/1/9999", "31/02/2020 10:00"])
def test_what_is_no_date_is_said(text):
    when, note = parse_date(text)
    assert when is None
    assert "no date" in note


@given(text=st.text(alphabet="0123456789/.-: AMPMJanFeb", max_size=30))
@settings(max_examples=200)
def test_no_text_breaks_the_dates(text):
    when, note = parse_date(text, text[::-1])
    assert when is not None or note
