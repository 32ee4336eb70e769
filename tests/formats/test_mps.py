"""EC-Lab's settings files and loop files."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.errors import ReadError
from anodescope.formats import eclab_text, mps

GERMAN = """EC-LAB SETTING FILE

Number of linked techniques : 3

EC-Lab for windows v11.50 (software)

Filename : C:\\x\\a:b.mps

Device : SP-150
Ewe ctrl range : min = -2,50 V, max = 2,50 V
Safety Limits :
\tEwe max = 4,00 V
\tfor t > 10 ms
Comments : here is my comment
Comments : line : two
Electrode surface area : 0,785 cm\u00b2
Turn to OCV between techniques

Technique : 1
Staircase Galvano Electrochemical Impedance Spectroscopy
Mode                Single sine
Is                  -0,400
unit Is             mA

Technique : 2
Something New
Ns                  0                   1
a very long parameter name  0,100               0,200

Technique : 3
Loop
goto Ne             1
nt times            9
"""


@pytest.fixture
def sample(potentiostat):
    return potentiostat / "insitu-datalab" / "LiLi_TEGDME_insitu.mps"


def test_the_sample(sample):
    found = mps.read_mps(sample)
    assert [t.short for t in found.techniques] == ["GCPL", "GEIS", "GCPL", "LOOP"]
    assert [t.sequences for t in found.techniques] == [2, 1, 2, 1]
    assert found.loops() == (mps.Loop(place=4, first=2, last=3, runs=45),)
    assert found.techniques[0].value("Is", 1) == 0.4
    assert found.techniques[0].parameters["unit Is"] == ("mA", "mA")
    assert found.techniques[1].parameters["unit  Ia"] == ("\u00b5A",)
    assert found.electrode_area_cm2 == 0.001
    assert found.device == "VSP"
    assert found.comments == ("Li-ion 18650 1.35 A.h", "GITT")
    assert "Do not start on E overload" in found.limits
    assert "Record Power" in found.switches
    assert found.warnings == ()


def test_the_description_shows_the_area_and_says_that_it_is_not_used(sample):
    said = " ".join(mps.read_mps(sample).describe())
    assert "0.001 cm² (EC-Lab's default); it is not used" in said
    assert "Techniques 2 to 3 run 45 times (GEIS, GCPL)." in said


def test_the_loops_agree_with_the_loop_file(sample):
    starts = eclab_text.read_loops(sample.with_name("LiLi_TEGDME_insitu_02_GEIS_C05_LOOP.txt"))
    runs = mps.read_mps(sample).loops()[0].runs
    np.testing.assert_array_equal(starts, 9 * np.arange(runs + 1))  # the last: one past the end
    assert starts.dtype == np.int64


def test_decimal_commas_long_labels_and_unknown_names(tmp_path):
    path = tmp_path / "x.mps"
    path.write_bytes(GERMAN.replace("\n", "\r\n").encode("latin-1"))
    found = mps.read_mps(path)
    assert [t.short for t in found.techniques] == ["SGEIS", "", "LOOP"]
    assert found.techniques[0].value("Is") == -0.4
    assert found.techniques[1].value("a very long parameter name", 1) == 0.2
    assert found.techniques[0].value("unit Is") is None
    assert found.techniques[0].value("Is", 5) is None
    assert found.electrode_area_cm2 == 0.785
    assert found.filename.endswith("a:b.mps")
    assert found.comments == ("here is my comment", "line : two")
    assert found.limits[-2:] == ("Ewe max = 4,00 V", "for t > 10 ms")
    assert found.loops() == (mps.Loop(3, 1, 2, 10),)
    assert any("Something New" in sentence for sentence in found.warnings)


@pytest.mark.parametrize("target", ["3", "4", "0", "-1", "x"])
def test_a_goto_that_makes_no_loop_is_left_out(tmp_path, target):
    path = tmp_path / "x.mps"
    path.write_text(GERMAN.replace("goto Ne             1", f"goto Ne             {target}"))
    assert mps.read_mps(path).loops() == ()


def test_a_cut_settings_file_says_so(sample, tmp_path):
    path = tmp_path / "cut.mps"
    path.write_bytes(sample.read_bytes()[:4200])
    found = mps.read_mps(path)
    assert len(found.techniques) == 2
    assert any("claims 4" in sentence for sentence in found.warnings)
    path.write_bytes(sample.read_bytes()[:400])
    with pytest.raises(ReadError, match="Technique : 1"):
        mps.read_mps(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.mps"
    path.write_text("EC-Lab ASCII FILE\n")
    with pytest.raises(ReadError, match="EC-LAB SETTING FILE"):
        mps.read_mps(path)
    with pytest.raises(ReadError, match="LOOP INDEXES"):
        eclab_text.read_loops(path)
    assert not mps.recognises(path, path.read_bytes())
    assert mps.recognises(path, b"BT-LAB SETTING FILE\r\n")


@pytest.mark.parametrize("line", ["x", "-3", "1.5", "4", "9" * 30, "٣"])
def test_a_bad_loop_index_is_named(tmp_path, line):
    path = tmp_path / "a_LOOP.txt"
    path.write_text(f"{eclab_text.MAGIC}\n0\n9\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        eclab_text.read_loops(path)
    assert caught.value.offset == 5
