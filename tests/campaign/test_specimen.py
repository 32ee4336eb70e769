"""specimen.toml: what was given comes back, what is wrong is named with file and key."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Specimen, current_factor, parse_specimen, read_specimen
from anodescope.errors import SettingsError

EXAMPLE = """
cell_id = "S12"
composition = "NaK50"
potassium_wt_percent = 50
working_electrode = "alloy"
temperature_celsius = 25.0
pressure_mpa = 0.1
electrolyte = "NASICON"
reference = ""

[area_cm2]
alloy = 0.785
counter = 1

[thickness_cm]
electrolyte = 0.1

[extra]
rest_hours = 2.5
made = 2025-01-31
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "specimen.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    specimen = read_specimen(written(tmp_path, EXAMPLE))
    assert specimen.composition == "NaK50"
    assert specimen.area_cm2 == {"alloy": 0.785, "counter": 1.0}
    assert specimen.area == 0.785
    assert specimen.extra == {"rest_hours": 2.5, "made": "2025-01-31"}
    assert specimen.electrode_under_study == "alloy"


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    specimen = read_specimen(written(tmp_path, ""))
    assert specimen == Specimen()
    assert specimen.area is None
    assert specimen.working_electrode == "unknown"
    assert specimen.to_dict() == {
        "working_electrode": "unknown",
        "electrode_under_study": "alloy",
    }


@settings(deadline=None, max_examples=50)
@given(
    st.builds(
        Specimen,
        cell_id=st.text(),
        potassium_wt_percent=st.none() | st.floats(0, 100),
        working_electrode=st.sampled_from(["alloy", "counter", "unknown", "Na"]),
        area_cm2=st.dictionaries(st.sampled_from(["alloy", "counter"]), st.floats(0.01, 10)),
        temperature_celsius=st.none() | st.integers(-200, 900),
        extra=st.dictionaries(st.text(), st.integers() | st.text()),
    )
)
def test_a_specimen_survives_the_root_attributes(specimen: Specimen) -> None:
    assert parse_specimen(json.loads(json.dumps(specimen.to_dict())), "root") == specimen
    assert pickle.loads(pickle.dumps(specimen)) == specimen


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('compositon = "x"', r"there is no key 'compositon'\. Did you mean 'composition'\?"),
        ("thickness_mm = 1", r"no key 'thickness_mm'\. Did you mean 'thickness_cm'"),
        ("cell_id = 7", r"key 'cell_id': expected text, found 7"),
        ('temperature_celsius = "warm"', r"'temperature_celsius': expected a number.*found 'warm'"),
        ("temperature_celsius = true", r"'temperature_celsius': expected a number.*found True"),
        ("temperature_celsius = nan", r"'temperature_celsius': expected a number.*found nan"),
        ("temperature_celsius = -300", r"'temperature_celsius': expected .*found -300"),
        ("potassium_wt_percent = 101", r"'potassium_wt_percent': expected .*found 101"),
        ("pressure_mpa = -1", r"'pressure_mpa': expected .*found -1"),
        ('working_electrode = ""', r"'working_electrode': expected alloy, counter.*found ''"),
        ("area_cm2 = 0.785", r"'area_cm2': expected a table .* in cm².*found 0.785"),
        ("[area_cm2]\nalloy = -1", r"'area_cm2.alloy': expected a number of cm² above 0.*-1"),
        ("[area_cm2]\nalloy = 0", r"'area_cm2.alloy': expected .*found 0"),
        ("[area_cm2]\naloy = 1", r"'area_cm2': there is no key 'aloy'\. Did you mean 'alloy'"),
        ("[thickness_cm]\nalloy = inf", r"'thickness_cm.alloy': expected .*found inf"),
        ("extra = 3", r"'extra': expected a table, found 3"),
        ("cell_id = \nnotes = 1", r"cannot be read as TOML: .*line 1"),
    ],
)
def test_errors_name_the_file_the_key_and_what_was_found(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_specimen(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_and_text_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        read_specimen(tmp_path / "specimen.toml")
    (tmp_path / "a.toml").write_bytes('notes = "µ"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="expected UTF-8"):
        read_specimen(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_bytes(b'\xef\xbb\xbfnotes = "x"')  # as Notepad writes it
    assert read_specimen(tmp_path / "b.toml").notes == "x"


def test_the_constructor_holds_to_the_same_rules() -> None:
    with pytest.raises(SettingsError, match=r"specimen, key 'area_cm2\.alloy'"):
        Specimen(area_cm2={"alloy": -1.0})


def test_an_area_flag_is_that_of_the_electrode_under_study() -> None:
    specimen = Specimen(area_cm2={"alloy": 1.0, "counter": 2.0})
    assert specimen.with_area(3).area_cm2 == {"alloy": 3.0, "counter": 2.0}
    assert specimen.with_area({"electrolyte": 4}).area_cm2["electrolyte"] == 4.0
    assert specimen.area == 1.0
    with pytest.raises(SettingsError, match=r"area, key 'area_cm2\.alloy'.*found -3"):
        specimen.with_area(-3)


@pytest.mark.parametrize(
    ("working", "studied", "factor"),
    [
        ("alloy", "alloy", 1),
        ("counter", "alloy", -1),
        ("counter", "counter", 1),
        ("alloy", "counter", -1),
        ("unknown", "alloy", None),
        ("unknown", "unknown", None),
        ("somewhere", "alloy", None),
    ],
)
def test_the_sign_of_the_current_is_known_or_unknown_never_guessed(
    working: str, studied: str, factor: int | None
) -> None:
    specimen = Specimen(working_electrode=working, electrode_under_study=studied)
    assert current_factor(specimen) == factor
