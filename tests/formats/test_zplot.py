"""ZPlot .z files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from anodescope.errors import ReadError
from anodescope.formats import zplot


@pytest.fixture
def sample(potentiostat):
    return potentiostat / "impedance.py" / "exampleDataZPlot.z"


def test_the_sample(sample):
    recording = zplot.read(sample)
    assert (recording.technique, recording.rows, recording.verified) == ("PEIS", 21, True)
    assert recording.start == datetime(2018, 10, 12, 11, 4, 34)
    np.testing.assert_array_equal(recording.get("frequency")[[0, -1]], [3e5, 3e3])
    np.testing.assert_array_equal(recording.get("impedance_real")[[0, -1]], [147.77, 613.68])
    np.testing.assert_array_equal(recording.get("impedance_imaginary")[[0, -1]], [-11.335, -137.13])
    np.testing.assert_array_equal(recording.get("voltage_amplitude"), np.full(21, 0.01))
    assert recording.get("time")[0] == 2.67
    assert recording.settings["Surface Area"] == "1"


def test_a_wrong_count_and_an_ambiguous_date_are_said(sample):
    said = " ".join(zplot.read(sample).warnings)
    assert "claims 56 points; there are 21" in said
    assert "ambiguous" in said


@pytest.mark.parametrize("by", [", ", "   "])
def test_numbers_may_be_separated_otherwise(sample, tmp_path, by):
    head, rows = sample.read_text().split("End Comments\n")
    path = tmp_path / "other.z"
    path.write_text(head + "End Comments\n" + rows.replace("\t", by))
    a, b = zplot.read(sample), zplot.read(path)
    assert all(np.array_equal(a.data[k], b.data[k]) for k in a.data)


def test_current_control_is_unverified_and_its_amplitude_unused(sample, tmp_path):
    path = tmp_path / "galvano.z"
    path.write_text(sample.read_text().replace("Control Voltage", "Control Current"))
    recording = zplot.read(path)
    assert (recording.technique, recording.verified) == ("GEIS", False)
    assert recording.get("voltage_amplitude") is None


def test_user_comments_are_kept(sample, tmp_path):
    path = tmp_path / "commented.z"
    begin = "  Begin User Comments:        0\n"
    path.write_text(sample.read_text().replace(begin, begin + "  cell 7: dry\n"))
    assert zplot.read(path).settings["User Comments"] == "cell 7: dry"


def test_a_missing_column_is_an_error(sample, tmp_path):
    path = tmp_path / "other.z"
    path.write_text(sample.read_text().replace("Z''(b)", "Y''(b)"))
    with pytest.raises(ReadError, match="expected the columns"):
        zplot.read(path)


@pytest.mark.parametrize("lines", [1, 60, 122, 123])
def test_a_file_without_rows_is_an_error(sample, tmp_path, lines):
    path = tmp_path / "cut.z"
    path.write_text("\n".join(sample.read_text().split("\n")[:lines]))
    with pytest.raises(ReadError):
        zplot.read(path)


def test_only_zplot_files_are_recognised(potentiostat):
    for path in filter(Path.is_file, potentiostat.rglob("*")):
        with path.open("rb") as file:
            assert zplot.recognises(path, file.read(4096)) == (path.suffix == ".z"), path
