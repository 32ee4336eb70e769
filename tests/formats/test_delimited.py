"""Delimited text: labels, units, signs, column maps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodescope.errors import ReadError, SettingsError
from anodescope.formats import delimited
from anodescope.formats.labels import column_of, odd_unit
from anodescope.formats.techniques import TECHNIQUES, long_name, short_name
from anodescope.formats.units import factor_to

CHI = """Init E (V) = 0.2
Imp SF

Freq/Hz, Z'/ohm, Z"/ohm, Z/ohm, Phase/deg

8.252e+4, 1.079e+2, -2.715e+0, 1.080e+2, -1.4
6.812e+4, 1.077e+2, -3.172e+0, 1.078e+2, -1.7
"""


def write(folder, text, name="x.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


# --------------------------------------------------------------------- units and labels
@pytest.mark.parametrize(
    ("meaning", "unit", "factor"),
    [
        ("charge", "mA.h", 3.6),
        ("charge", "mA·h", 3.6),
        ("charge", "mAh", 3.6),
        ("charge", "A.h", 3600.0),
        ("charge", "C", 1.0),
        ("charge", "mA", None),
        ("current", "A", 1.0),
        ("current", "mA", 1e-3),
        ("current", "\u00b5A", 1e-6),
        ("current", "\u03bcA", 1e-6),
        ("current", "uA", 1e-6),
        ("current", "A.h", None),
        ("current", "C", None),
        ("current", "mA/cm2", None),
        ("current", "mA/cm²", None),
        ("temperature", "C", 1.0),
        ("frequency", "MHz", 1e6),
        ("frequency", "mHz", 1e-3),
        ("impedance_real", "mOhm", 1e-3),
        ("impedance_real", "kΩ", 1e3),
        ("impedance_real", "\u2126", 1.0),
        ("impedance_real", "Ohm.cm2", None),
        ("time", "min", 60.0),
        ("time", "ms", 1e-3),
        ("time", "h", 3600.0),
        ("impedance_phase", "deg", math.pi / 180),
        ("voltage", "V vs. Ref.", 1.0),
        ("voltage", "", None),
    ],
)
def test_units_are_told_apart(meaning, unit, factor):
    assert factor_to(meaning, unit) == (
        None if factor is None else pytest.approx(factor, rel=1e-15)
    )


@pytest.mark.parametrize(
    ("label", "meaning", "factor"),
    [
        ("time/s", "time", 1.0),
        ("Time (s)", "time", 1.0),
        ("Elapsed Time [min]", "time", 60.0),
        ("T (s)", "time", 1.0),
        ("T/°C", "temperature", 1.0),
        ("<Ewe>/V", "voltage", 1.0),
        ("Ewe-Ece/V", "cell_voltage", 1.0),
        ("<I>/mA", "current", 1e-3),
        ("I/µA", "current", 1e-6),
        ("Current (mA)", "current", 1e-3),
        ("I/A", "current", 1.0),
        ("(Q-Qo)/mA.h", "charge", 3.6),
        ("(Q-Qo)/C", "charge", 1.0),
        ("dq/mA.h", "charge_change", 3.6),
        ("Frequency (Hz)", "frequency", 1.0),
        ("Re(Z)/Ohm", "impedance_real", 1.0),
        ("Z' (Ohm)", "impedance_real", 1.0),
        ("Z_re", "impedance_real", 1.0),
        ("Z''", "impedance_imaginary", 1.0),
        ('Z"/ohm', "impedance_imaginary", 1.0),
        ("Im(Z)/Ohm", "impedance_imaginary", 1.0),
        ("-Im(Z)/Ohm", "impedance_imaginary", -1.0),
        ("-Z'' (kOhm)", "impedance_imaginary", -1000.0),
        ("\u2212Z″ / Ω", "impedance_imaginary", -1.0),
        ("minus Z_im", "impedance_imaginary", -1.0),
        ("-(Z'') [Ω]", "impedance_imaginary", -1.0),
        ("-Phase (°)", "impedance_phase", -math.pi / 180),
        ("-Im(Zwe-ce)/Ohm", "cell_impedance_imaginary", -1.0),
        ("cycle number", "cycle", 1.0),
        ("I (mA/cm2)", "", 1.0),
        ("Capacity/mA.h", "", 1.0),
        ("P/W", "", 1.0),
        ("step time/s", "", 1.0),
        ("", "", 1.0),
    ],
)
def test_labels_say_meaning_unit_and_sign(label, meaning, factor):
    column = column_of(label)
    assert column.name == meaning
    assert column.factor == pytest.approx(factor, rel=1e-15)


def test_a_quantity_per_area_is_odd_not_a_quantity():
    assert odd_unit("I (mA/cm2)")
    assert odd_unit("Re(Z)/Ohm.cm2")
    assert not odd_unit("I (mA)")
    assert not odd_unit("P/W")


# ----------------------------------------------------------------------- the real files
def test_the_eclab_text_export(potentiostat):
    recording = delimited.read(potentiostat / "hybrid-drt" / "PEIS_LPSCl_IonBlocking_-25C.txt")
    assert recording.rows == 79
    assert recording.get("frequency")[0] == 7.0000185e6
    assert recording.get("impedance_imaginary")[0] == -2.9092038e2
    assert recording.get("current")[0] == -1.4506034e-4 * 1e-3
    assert recording.data["Ns"][-1] == 0
    assert recording.warnings == ()


def test_the_headerless_voltage_export(potentiostat):
    recording = delimited.read(
        potentiostat / "insitu-datalab" / "LiLi_TEGDME_insitu_03_GCPL_C05.txt"
    )
    assert recording.rows == 76807
    assert (recording.technique, recording.settings["technique_basis"]) == ("GCPL", "file name")
    assert recording.get("time")[[0, -1]].tolist() == [907.6301776229229, 163243.4105954436]
    assert recording.get("voltage")[-1] == 4.5698602e-2
    assert recording.warnings == ()


# --------------------------------------------------------------------------- layouts
def test_a_chi_table(tmp_path):
    recording = delimited.read(write(tmp_path, CHI, "x.txt"))
    assert recording.get("impedance_imaginary").tolist() == [-2.715, -3.172]
    assert recording.get("frequency").tolist() == [82520.0, 68120.0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_micro_amperes_in_every_encoding(tmp_path, encoding, newline):
    text = "time/s;I/\u00b5A\n0,5;1,5\n1,5;2,5\n".replace("\n", newline)
    recording = delimited.read(write(tmp_path, text, encoding=encoding))
    np.testing.assert_allclose(recording.get("current"), [1.5e-6, 2.5e-6])
    assert recording.get("time").tolist() == [0.5, 1.5]
    assert recording.settings["decimal"] == ","


def test_quoted_cells_with_decimal_commas(tmp_path):
    text = '"Time (s)","Current (mA)"\n"0,5","1,5"\n"1,5","2,5"\n'
    recording = delimited.read(write(tmp_path, text))
    assert recording.get("time").tolist() == [0.5, 1.5]
    np.testing.assert_allclose(recording.get("current"), [1.5e-3, 2.5e-3])


def test_a_line_of_units_belongs_to_the_labels(tmp_path):
    text = "Time\tCurrent\tNote\nmin\tmA\t-\n0\t1\tx\n1\t2\ty\n"
    recording = delimited.read(write(tmp_path, text, "x.tsv"))
    assert recording.get("time").tolist() == [0.0, 60.0]
    assert recording.get("current").tolist() == [1e-3, 2e-3]
    assert recording.data["Note"].tolist() == ["x", "y"]


def test_white_space_and_comments(tmp_path):
    text = "# made by hand\n# freq  Zreal  Zimag\n1000  1  -2\n100  3  -4\n10  5  -6\n"
    recording = delimited.read(write(tmp_path, text, "x.dat"))
    assert recording.get("impedance_imaginary").tolist() == [-2.0, -4.0, -6.0]


def test_three_bare_columns_are_a_spectrum_and_that_is_said(tmp_path):
    recording = delimited.read(write(tmp_path, "1000,1,-2\n100,3,-4\n10,5,-6\n"))
    assert recording.get("frequency").tolist() == [1000.0, 100.0, 10.0]
    assert recording.get("impedance_imaginary").tolist() == [-2.0, -4.0, -6.0]
    assert "imaginary part itself" in recording.warnings[0]
    assert len(recording.warnings) == 1


def test_a_positive_imaginary_part_is_doubted_not_flipped(tmp_path):
    path = write(tmp_path, "1000,1,2\n100,3,4\n10,5,6\n")
    recording = delimited.read(path)
    assert recording.get("impedance_imaginary").tolist() == [2.0, 4.0, 6.0]
    assert "inductive" in recording.warnings[-1]
    told = {"frequency": 1, "impedance_real": 2, "impedance_imaginary": -3}
    again = delimited.read(path, columns=told)
    assert again.get("impedance_imaginary").tolist() == [-2.0, -4.0, -6.0]
    assert again.warnings == ()


def test_per_area_values_are_kept_unused(tmp_path):
    recording = delimited.read(write(tmp_path, "time/s,Ewe/V,I (mA/cm2)\n0,1,2\n1,1,2\n"))
    assert recording.get("current") is None
    assert "per area" in recording.warnings[0]


def test_odd_times_and_values_are_said(tmp_path):
    text = "time/s,Ewe/V\n0,1\n2,inf\n1,nan\n1,1\n"
    said = " ".join(delimited.read(write(tmp_path, text)).warnings)
    assert "Time goes back at 1" in said
    assert "1 of 4 rows repeat" in said
    assert "2 of 4 values" in said


# ----------------------------------------------------------------------- column maps
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("Zi", [2.0, -4.0]),
        ("-Zi", [-2.0, 4.0]),
        (3, [2.0, -4.0]),
        (-3, [-2.0, 4.0]),
        ("-3", [-2.0, 4.0]),
        (("Zi", "mOhm"), [2e-3, -4e-3]),
        (("Zi", -10.0), [-20.0, 40.0]),
    ],
)
def test_a_column_map(tmp_path, entry, expected):
    path = write(tmp_path, "F;R;Zi\n10;1;2\n1;3;-4\n")
    told = {"frequency": "F", "impedance_real": "R", "impedance_imaginary": entry}
    assert delimited.read(path, columns=told).get("impedance_imaginary").tolist() == expected


def test_a_map_keeps_the_units_and_sign_of_the_label(tmp_path):
    path = write(tmp_path, "f/kHz;Re(Z)/Ohm;-Im(Z)/Ohm;I/mA\n1;2;3;4\n5;6;7;8\n")
    told = {"frequency": "f/kHz", "impedance_imaginary": "-Im(Z)/Ohm", "current": "I/mA"}
    recording = delimited.read(path, columns=told)
    assert recording.get("frequency").tolist() == [1000.0, 5000.0]
    assert recording.get("impedance_imaginary").tolist() == [-3.0, -7.0]
    assert recording.get("current").tolist() == [4e-3, 8e-3]
    assert recording.get("impedance_real") is None


@pytest.mark.parametrize(
    ("told", "error", "text"),
    [
        ({"tension": "a"}, SettingsError, "'tension' is no meaning"),
        ({"voltage": ("a", "parsec")}, SettingsError, "no unit of voltage"),
        ({"voltage": "z", "time": "a"}, ReadError, "'z'"),
        ({"voltage": 9, "time": "a"}, ReadError, "'a', 'b'"),
    ],
)
def test_a_map_that_does_not_fit(tmp_path, told, error, text):
    with pytest.raises(error, match=text):
        delimited.read(write(tmp_path, "a;b\n1;2\n3;4\n"), columns=told)


def test_one_word_among_numbers_is_an_error_not_a_column_of_words(tmp_path):
    rows = ["0,1", "1,1", "2,1", "3,1", "4,1"]
    for place in range(5):
        broken = [*rows[:place], "9,one", *rows[place:]]
        with pytest.raises(ReadError) as caught:
            delimited.read(write(tmp_path, "time/s,Ewe/V\n" + "\n".join(broken) + "\n"))
        assert caught.value.offset == place + 2
        assert "'one'" in caught.value.found


def test_text_above_bare_numbers_is_no_label(tmp_path):
    recording = delimited.read(write(tmp_path, "Area = 0.785\n10 1 -2\n1 3 -4\n", "x.txt"))
    assert recording.get("impedance_imaginary").tolist() == [-2.0, -4.0]
    assert "Area = 0.785" in recording.warnings[0]


def test_unknown_labels_list_what_was_found_and_how_to_map(tmp_path):
    with pytest.raises(ReadError) as caught:
        delimited.read(write(tmp_path, "alpha;beta\n1;2\n3;4\n"))
    assert caught.value.found == "'alpha', 'beta'"
    assert 'columns={"frequency"' in caught.value.hint


@pytest.mark.parametrize(
    "text", ["just words\nand more\n", "a,b\n", "1\n2\n3\n", "1,2\n3,4\n", "\n\n\n"]
)
def test_what_is_no_known_table_is_refused(tmp_path, text):
    with pytest.raises(ReadError):
        delimited.read(write(tmp_path, text))


def test_techniques_have_one_row_each():
    shorts = [row.short.lower() for row in TECHNIQUES]
    assert len(set(shorts)) == len(shorts)
    assert all(short_name(row.long.upper()) == row.short for row in TECHNIQUES)
    assert short_name("Galvano Electrochemical Impedance Spectroscopy") == "GEIS"
    assert short_name("Staircase Galvano Electrochemical Impedance Spectroscopy") == "SGEIS"
    assert long_name("gcpl") == "Galvanostatic Cycling with Potential Limitation"
    assert short_name("Nonsense") == long_name("nonsense") == ""


# ------------------------------------------------------------------------- words and meanings
CLOCK = "Time\tCurrent (mA)\tV\tPhase\n" + "".join(
    f"2024-01-02 03:04:0{k}\t{k}.5\t3.{k}\tcharge\n" for k in range(6)
)


def test_words_under_a_label_that_means_numbers_are_kept_unused_and_said(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text(CLOCK)
    recording = delimited.read(path)
    meanings = {column.label: column.name for column in recording.columns}
    assert meanings == {"Time": "", "Current (mA)": "current", "V": "voltage", "Phase": ""}
    said = [warning for warning in recording.warnings if "holds words" in warning]
    assert ["'Time'" in said[0], "'2024-01-02 03:04:00'" in said[0]] == [True, True]
    assert ["'Phase'" in said[1], "'charge'" in said[1]] == [True, True]
    for column in recording.columns:
        assert (recording.data[column.label].dtype.kind == "f") is bool(column.name)


def test_a_map_to_a_column_of_words_is_an_error(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text(CLOCK)
    with pytest.raises(
        ReadError, match=r"line 2: expected numbers in the column 'Phase'"
    ) as caught:
        delimited.read(path, columns={"current": "Current (mA)", "voltage": "Phase"})
    assert "'charge'" in str(caught.value)


def test_a_headless_eclab_text_with_dates_keeps_its_numbers(tmp_path):
    path = tmp_path / "run_02_GEIS_C05.txt"
    rows = [f"0{k}/12/2024 10:00:00\t{10**k}\t1.5\t2.5" for k in range(1, 6)]
    path.write_text("\n".join(["time/s\tfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm", *rows, ""]))
    recording = delimited.read(path)
    assert recording.technique == "GEIS"
    assert recording.get("time") is None
    assert any("'time/s'" in warning for warning in recording.warnings)
    assert recording.get("frequency").tolist() == [10.0, 100.0, 1e3, 1e4, 1e5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a_02_GEIS_C05.csv", "GEIS"), ("a_02_GEIS.csv", "GEIS"), ("a_02_FOO_C05.csv", "")],
)
def test_the_file_name_tells_only_techniques_that_exist(tmp_path, name, expected):
    path = tmp_path / name
    path.write_text("Time/s,V,I\n" + "".join(f"{k},1,2\n" for k in range(5)))
    recording = delimited.read(path)
    assert recording.technique == expected
    assert ("technique_basis" in recording.settings) is bool(expected)
