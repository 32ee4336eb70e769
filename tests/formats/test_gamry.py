"""Gamry .DTA files: the real ones, and what the format allows beyond them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from anodescope.errors import ReadError
from anodescope.formats import gamry

SPECTRUM = (
    "ZCURVE\tTABLE\n"
    "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange\n"
    "\t#\ts\tHz\tohm\tohm\tV\tohm\t°\tA\tV\t#\n"
    "\t0\t1.5\t1000\t3\t-4\t1\t5\t-53.1301\t0.5\t1.25\t12\n"
    "\t1\t2.5\t100\t6\t-8\t1\t10\t-53.1301\t0.5\t1.25\t12\n"
)
HEAD = "EXPLAIN\nTAG\t{tag}\nDATE\tLABEL\t10/25/2024\tDate\nTIME\tLABEL\t21:09:58.5\tTime\n"
CYCLE = (
    "CURVE{n}\tTABLE\t{claimed}\n\tPt\tT\tVf\tIm\tOver\n\t#\ts\tV vs. Ref.\tmA\tbits\n"
    "\t0\t0.5\t1.0\t2.0\t...........\n\t1\t1.0\t1.1\t-2.0\t..a........\n"
)


def write(folder, text, encoding="cp1252"):
    path = folder / "x.DTA"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_galvanostatic_sample(potentiostat):
    recording = gamry.read(potentiostat / "hybrid-drt" / "EISGALV_EISTest3.DTA")
    assert (recording.technique, recording.rows, recording.verified) == ("GEIS", 71, True)
    assert recording.start == datetime(2024, 10, 25, 21, 9, 58, 727375)
    assert recording.warnings == ()
    np.testing.assert_array_equal(recording.get("frequency")[[0, -1]], [1000078, 0.1001603])
    np.testing.assert_array_equal(
        recording.get("impedance_imaginary")[[0, -1]], [0.1695821, -0.001175554]
    )
    assert recording.get("current")[0] == 0.5291879
    assert recording.get("time")[-1] == 257.4416


def test_the_potentiostatic_sample_has_two_tables(potentiostat):
    path = potentiostat / "impedance.py" / "exampleDataGamry.DTA"
    waiting, spectrum = gamry.read_all(path)
    assert (waiting.technique, waiting.rows) == ("OCV", 387)
    assert (spectrum.technique, spectrum.rows) == ("PEIS", 72)
    assert waiting.get("voltage")[0] == -0.346699
    assert waiting.get("temperature") is None  # no thermometer: every value is −327.67
    assert waiting.data["Over"][0] == "..........a"
    assert gamry.read(path).settings["table"] == "ZCURVE"
    assert waiting.start == datetime(2018, 4, 23, 16, 43, 15)
    assert (spectrum.start - waiting.start).total_seconds() == waiting.get("time")[-1]
    assert any("open circuit" in sentence for sentence in spectrum.warnings)


@pytest.mark.parametrize("name", ["hybrid-drt/EISGALV_EISTest3", "impedance.py/exampleDataGamry"])
def test_modulus_and_phase_agree_with_the_parts(potentiostat, name):
    recording = gamry.read(potentiostat / f"{name}.DTA")
    z = recording.get("impedance_real") + 1j * recording.get("impedance_imaginary")
    polar = recording.get("impedance_modulus") * np.exp(1j * recording.get("impedance_phase"))
    np.testing.assert_allclose(z, polar, rtol=2e-6)


def test_anodic_current_is_positive_in_the_sample(potentiostat):
    recording = gamry.read(potentiostat / "impedance.py" / "exampleDataGamry.DTA")
    assert recording.settings["CONVENTION"] == "1"
    below = recording.get("voltage") < float(recording.settings["EOC"])
    assert below.all()
    assert (recording.get("current") < 0).all()


def test_an_area_is_shown_and_changes_nothing(potentiostat, tmp_path):
    path = potentiostat / "impedance.py" / "exampleDataGamry.DTA"
    other = tmp_path / "area.DTA"
    data = path.read_bytes()
    other.write_bytes(data.replace(b"AREA\tQUANT\t1.00000E+000", b"AREA\tQUANT\t7.50000E+000"))
    assert other.read_bytes() != data
    a, b = gamry.read(path), gamry.read(other)
    assert b.settings["AREA"] == "7.50000E+000"
    assert all(np.array_equal(a.data[k], b.data[k]) for k in a.data)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_line_ends_and_encodings(tmp_path, newline, encoding):
    text = (HEAD.format(tag="EISPOT") + SPECTRUM).replace("\n", newline)
    recording = gamry.read(write(tmp_path, text, encoding))
    np.testing.assert_allclose(recording.get("impedance_phase"), np.radians(-53.1301))
    assert recording.rows == 2


def test_a_decimal_comma_twin_is_equal(tmp_path):
    dots = (HEAD.format(tag="EISPOT") + SPECTRUM).replace("21:09:58.5", "21:09:58")
    a = gamry.read(write(tmp_path, dots))
    b = gamry.read(write(tmp_path, dots.replace(".", ",")))
    assert all(np.array_equal(a.data[k], b.data[k]) for k in a.data)


def test_cycles_are_joined_and_their_starts_kept(tmp_path):
    tables = CYCLE.format(n=1, claimed=2) + CYCLE.format(n=2, claimed=7)
    recording = gamry.read(write(tmp_path, HEAD.format(tag="CV") + tables))
    assert recording.rows == 4
    assert recording.sweep_starts.tolist() == [0, 2]
    np.testing.assert_allclose(recording.get("current"), [2e-3, -2e-3] * 2)
    said = " ".join(recording.warnings)
    assert "claims 7 rows and holds 2" in said
    assert "carry a flag in Over" in said
    assert "unverified" in said
    assert not recording.verified


def test_an_unknown_unit_makes_no_value(tmp_path):
    text = CYCLE.format(n="", claimed=2).replace("mA", "mA/cm2")
    recording = gamry.read(write(tmp_path, HEAD.format(tag="CHRONOP") + text))
    assert recording.get("current") is None
    assert any("mA/cm2" in sentence for sentence in recording.warnings)


def test_another_current_convention_is_said(tmp_path):
    text = HEAD.format(tag="EISPOT") + "CONVENTION\tIQUANT\t0\tCurrent Convention\n" + SPECTRUM
    assert any("CONVENTION is 0" in w for w in gamry.read(write(tmp_path, text)).warnings)


def test_a_cut_file_keeps_its_whole_rows(tmp_path):
    text = HEAD.format(tag="EISPOT") + SPECTRUM
    recording = gamry.read(write(tmp_path, text[:-9]))
    assert recording.rows == 1
    assert any("cut" in sentence for sentence in recording.warnings)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EXPLAIN\nTAG\tEISPOT\n", "no table"),
        (HEAD + SPECTRUM.split("\t0\t1.5")[0], "without rows"),
        ("TAG\tEISPOT\n" + SPECTRUM, "'TAG"),
        (HEAD + SPECTRUM.replace("\t6\t-8", "\tsix\t-8"), "'six'"),
        (HEAD + SPECTRUM.replace("\t3\t-4", "\t3\tfour"), "'four'"),
        (HEAD + SPECTRUM.replace("\t6\t-8", "\t-8"), "11"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, text, found):
    with pytest.raises(ReadError) as caught:
        gamry.read(write(tmp_path, text))
    assert found in caught.value.found


def test_only_gamry_files_are_recognised(potentiostat):
    for path in filter(Path.is_file, potentiostat.rglob("*")):
        with path.open("rb") as file:
            assert gamry.recognises(path, file.read(4096)) == (path.suffix == ".DTA"), path
