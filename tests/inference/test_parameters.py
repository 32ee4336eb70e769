"""Free numbers: ranges are priors, values go into cells, and solid Na keeps what is known of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.cell import Cell
from anodescope.errors import SettingsError
from anodescope.inference.ensemble import ensemble
from anodescope.inference.parameters import FREE, Free, scaled_of, values_of, with_values
from anodescope.inference.structures import structure, structures


@given(st.sampled_from(FREE), st.floats(-2.0, 2.0))
def test_a_value_and_its_place_in_the_prior_are_each_others_inverse(one: Free, at: float) -> None:
    value = one.value(at)
    assert one.low <= value <= one.high
    assert one.scaled(value) == pytest.approx(at, abs=1e-9)


def test_the_ends_of_a_range_are_two_standard_deviations_away() -> None:
    for one in FREE:
        assert one.scaled(one.low) == pytest.approx(-2.0)
        assert one.scaled(one.high) == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["NaK50", "NaK80", "in-situ NaK50"])
def test_values_go_into_every_alloy(name: str) -> None:
    values = values_of([0.5] * len(FREE))
    table = {row.path: row.value for row in with_values(Cell.preset(name), values).table()}
    for path, value in values.items():
        assert table[path] == pytest.approx(value)


def test_solid_sodium_takes_the_filament_only() -> None:
    values = values_of([0.5] * len(FREE))
    before, after = Cell.preset("Na"), with_values(Cell.preset("Na"), values)
    assert after.kinetics == before.kinetics
    assert after.deposit == before.deposit
    table = {row.path: row.value for row in after.table()}
    assert table["filament.current"] == pytest.approx(values["filament.current"])


def test_solid_potassium_takes_all_but_layer_and_loss() -> None:
    values = values_of([-0.5] * len(FREE))
    after = with_values(Cell.preset("K"), values)
    assert after.layer is None
    assert after.loss is None
    assert after.deposit.contact == pytest.approx(values["deposit.contact"])


def test_a_path_that_no_cell_has_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"layer\.thikness"):
        with_values(Cell.preset("NaK50"), {"layer.thikness": 1e-6})


def test_a_missing_value_is_named() -> None:
    with pytest.raises(SettingsError, match=r"layer\.thickness"):
        scaled_of({})


@pytest.mark.parametrize(("low", "high", "log"), [(1.0, 1.0, False), (2.0, 1.0, False),
                                                  (0.0, 1.0, True)])  # fmt: skip
def test_an_empty_range_is_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(SettingsError, match="range"):
        Free("a.b", low, high, log, "1", "", "")


@pytest.mark.parametrize("key", structures())
def test_every_structure_makes_every_cell_of_the_paper(key: str) -> None:
    one = structure(key)
    values = {item.path: item.value(0.0) for item in one.free}
    for name in ("NaK50", "NaK65", "NaK80", "in-situ NaK50", "Na", "K"):
        assert one.cell(name, values).numbers()["sodium"] > 0.0
    paths = {row.path for row in one.cell("NaK50").table()}
    assert set(values) <= paths


def test_the_first_structure_is_that_of_the_presets() -> None:
    first = next(iter(structures().values()))
    assert not first.change
    assert first.free == FREE


def test_an_unknown_structure_is_refused() -> None:
    with pytest.raises(SettingsError, match="threshold"):
        structure("wetting")


def test_the_presets_have_the_best_set_and_every_member_fits_its_cell() -> None:
    members = ensemble()
    table = {row.path: row.value for row in Cell.preset("NaK50").table()}
    for path, value in members[0].items():
        assert table[path] == pytest.approx(value, rel=1e-12)
    ranges = {one.path: one for one in FREE}
    for values in members:
        assert set(values) == set(ranges)
        for path, value in values.items():
            # Values ship with six digits.
            assert ranges[path].low * (1 - 1e-5) <= value <= ranges[path].high * (1 + 1e-5)
        with_values(Cell.preset("NaK65"), values)
