"""Presets: compositions in the liquid window, solids by the general laws, names refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.cell.calibrated import calibrated_values
from anodescope.cell.cell import Cell
from anodescope.cell.layer import Threshold
from anodescope.cell.patch import accessible
from anodescope.cell.presets import NAMES
from anodescope.cell.reservoir import Alloy
from anodescope.errors import SettingsError
from anodescope.materials import nak


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_has_numbers(name: str) -> None:
    numbers = Cell.preset(name).numbers()
    assert numbers["sodium"] > 0.0


@given(st.floats(45.0, 87.0).map(lambda percent: round(percent, 3)))
def test_any_liquid_composition_is_a_preset(percent: float) -> None:
    cell = Cell.preset(f"NaK{percent:g}")
    assert cell.reservoir == Alloy(float(f"{percent:g}"))
    # One set of laws and numbers serves every composition.
    assert cell == Cell.preset("NaK50").replace(reservoir=cell.reservoir)


def test_the_in_situ_cell_is_smaller_and_as_high() -> None:
    small, large = Cell.preset("in-situ NaK50"), Cell.preset("NaK50")
    assert small.area == pytest.approx(math.pi * 0.2**2)
    assert small.numbers()["sodium"] == pytest.approx(large.numbers()["sodium"])


def test_below_the_threshold_next_to_nothing_is_accessible_but_something() -> None:
    p = Cell.preset("NaK80").numbers().p
    room = accessible(p, nak.mole_fraction(80.0))
    assert 0.0 < room < 1e-3
    cell = Cell.preset("NaK50")
    assert isinstance(cell.layer, Threshold)
    above = accessible(cell.numbers().p, 0.63)
    assert above == pytest.approx(0.63 - cell.layer.critical_fraction, rel=1e-6)


def test_solids_have_the_laws_of_the_alloy_where_nothing_else_is_known() -> None:
    potassium, alloy = Cell.preset("K"), Cell.preset("NaK50")
    for name in ("kinetics", "deposit", "filament", "electrolyte", "counter", "capacitance"):
        assert getattr(potassium, name) == getattr(alloy, name)
    sodium = Cell.preset("Na").numbers()
    assert sodium["potassium"] == 0.0
    assert sodium["deposit_contact"] == 1.0
    assert sodium["filament_current"] == alloy.numbers()["filament_current"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NaK100", "Cell.preset('K')"),
        ("NaK0", "Cell.preset('Na')"),
        ("NaK40", "partly or all solid"),
        ("NaK92", "partly or all solid"),
        ("NaK120", "from 0 to 100"),
        ("NaKK", "Did you mean"),
        ("", "there is no preset ''"),
        ("lithium", "Known: NaK50"),
        (None, "there is no preset None"),
    ],
)
def test_what_is_no_preset_is_refused(name: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Cell.preset(name)
    assert words in str(caught.value)


def test_laws_have_the_calibrated_numbers() -> None:
    table = {row.path: row for row in Cell().table()}
    values = calibrated_values()
    assert {path: table[path].value for path in values} == values
    assert {table[path].origin for path in values} == {"fitted"}
