"""study.toml and the Study: selection, grouping, opening on demand."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaign_samples import campaign_of, same

from anodescope.campaign import Campaign, Specimen, Study, read_study, study_of
from anodescope.errors import SettingsError

EXAMPLE = """
[[campaign]]
name = "a"
path = "raw-a"
composition = "NaK50"
extra.rest_hours = 2

[[campaign]]
name = "b"
path = "raw-b"
composition = "Na"
area_cm2.alloy = 0.5
extra.rest_hours = 12

[[campaign]]
path = "raw-c"
composition = "NaK50"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("raw-a", "raw-b", "raw-c"):
        (tmp_path / name).mkdir()
    (tmp_path / "raw-b" / "specimen.toml").write_text(
        'cell_id = "S2"\ncomposition = "K"\n[area_cm2]\nalloy = 1.0\ncounter = 2.0\n'
    )
    (tmp_path / "study.toml").write_text(EXAMPLE)
    return tmp_path


@pytest.fixture
def opened() -> list[tuple[str, Specimen]]:
    return []


@pytest.fixture
def study(folder: Path, opened: list[tuple[str, Specimen]]) -> Study:
    def opener(path: Path, specimen: Specimen) -> Campaign:
        opened.append((path.name, specimen))
        return campaign_of(title=path.name)

    return read_study(folder / "study.toml", opener)


def test_the_table_has_a_row_per_campaign(study: Study) -> None:
    table = study.table.set_index("name")
    assert list(table.index) == list(study) == ["a", "b", "raw-c"]
    assert table["composition"].tolist() == ["NaK50", "Na", "NaK50"]
    assert table.loc["b", "cell_id"] == "S2"
    assert table.loc["b", ["area_alloy_cm2", "area_counter_cm2"]].tolist() == [0.5, 2.0]
    assert table["rest_hours"].tolist()[:2] == [2, 12]
    assert table["area_alloy_cm2"].isna().tolist() == [True, False, True]


def test_nothing_is_opened_before_it_is_asked_for(
    study: Study, opened: list[tuple[str, Specimen]]
) -> None:
    part = study.select(composition="NaK50")
    assert len(part) == 2
    assert dict(study.group_by("composition")).keys() == {"NaK50", "Na"}
    assert opened == []
    assert study["b"].attrs["title"] == "raw-b"
    [(name, specimen)] = opened
    assert (name, specimen.composition, specimen.area) == ("raw-b", "Na", 0.5)


def test_selection(study: Study) -> None:
    assert list(study.select(composition=["Na", "K"])) == ["b"]
    assert list(study.select(rest_hours=lambda hours: hours > 1)) == ["a", "b"]
    assert list(study.select(composition="NaK50", rest_hours=2)) == ["a"]
    assert list(study.select(composition="none")) == []
    assert list(study.select()) == list(study)
    assert "a" not in study.select(composition="Na")


def test_selecting_twice_is_selecting_by_both(study: Study) -> None:
    both = study.select(composition="NaK50", name=["a", "b"])
    twice = study.select(composition="NaK50").select(name=["a", "b"])
    assert list(both) == list(twice) == ["a"]


def test_groups_hold_every_campaign_once(study: Study) -> None:
    groups = list(study.group_by("rest_hours"))
    assert [value for value, _ in groups] == [2, 12, None]
    assert sorted(name for _, part in groups for name in part) == sorted(study)


def test_unknown_columns_and_names_come_with_near_misses(study: Study) -> None:
    with pytest.raises(SettingsError, match=r"no column 'compositon'\. Did you mean 'composition'"):
        study.select(compositon="Na")
    with pytest.raises(SettingsError, match=r"no column 'rest_hour'\. Did you mean 'rest_hours'"):
        study.group_by("rest_hour")
    with pytest.raises(SettingsError, match=r"no campaign 'raw-d'\. Did you mean 'raw-c'"):
        study["raw-d"]


def test_the_table_is_a_copy(study: Study) -> None:
    table = study.table
    table["composition"] = "x"
    assert study.table.loc[0, "composition"] == "NaK50"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[campain]]\npath = "raw-a"', r"no key 'campain'\. Did you mean 'campaign'"),
        ("campaign = 3", r"'campaign': expected \[\[campaign\]\] tables, found 3"),
        ("[[campaign]]\nname = 'x'", r"campaign 1, key 'path': expected a folder.*found None"),
        ("[[campaign]]\nname = 3\npath = 'raw-a'", r"key 'name': expected text, found 3"),
        ("[[campaign]]\npath = 'raw-x'", r"campaign 'raw-x': there is no .*Did you mean 'raw-"),
        ("[[campaign]]\npath = 'no/x'", r"campaign 'x': there is no "),
        ("[[campaign]]\npath='raw-a'\nnots=''", r"campaign 'raw-a': .*'nots'\. Did you .*'notes'"),
        ("[[campaign]]\npath='raw-a'\narea_cm2.alloy=-1", r"'area_cm2.alloy': expected .*-1"),
        ("[[campaign]]\npath='raw-a'\nextra.name='x'", r"'extra.name': the table has this column"),
        ("[[campaign]]\npath='raw-a'\n[[campaign]]\npath='raw-a'", r"two campaigns .* 'raw-a'"),
    ],
)
def test_errors_name_the_file(folder: Path, text: str, sentence: str) -> None:
    path = folder / "study.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_study(path)
    assert str(caught.value).startswith(str(path))


def test_a_study_may_be_empty(folder: Path) -> None:
    (folder / "study.toml").write_text("")
    empty = read_study(folder / "study.toml")
    assert len(empty) == 0
    assert list(empty.group_by("name")) == []


def test_stored_campaigns_open_by_themselves(folder: Path) -> None:
    one = campaign_of().with_attrs(specimen={"composition": "NaK50", "cell_id": "S7"})
    one.save(folder / "one.zarr")
    path = folder / "study.toml"
    path.write_text("[[campaign]]\npath = 'one.zarr'\ncell_id = 'S8'\n")
    study = read_study(path)
    assert study.table.loc[0, ["composition", "cell_id"]].tolist() == ["NaK50", "S8"]
    assert study["one"].attrs["specimen"]["cell_id"] == "S8"
    path.write_text("[[campaign]]\npath = 'one.zarr'\nworking_electrode = 'counter'\n")
    with pytest.raises(SettingsError, match="working electrode 'unknown', not 'counter'"):
        read_study(path)["one"]


def test_a_study_of_campaigns_in_memory() -> None:
    one = campaign_of()
    study = study_of({"x": one, "y": campaign_of().with_attrs(specimen={"cell_id": "c2"})})
    same(study["x"], one)
    assert list(study.select(cell_id="c2")) == ["y"]


def test_names_must_differ_and_agree_with_the_members() -> None:
    study = study_of({"x": campaign_of()})
    table = study.table
    with pytest.raises(SettingsError, match="disagree about 'x'"):
        Study(table, {})
    with pytest.raises(SettingsError, match="Two campaigns of the study are named 'x'"):
        Study(table.loc[[0, 0]], {"x": campaign_of})
