"""The cell: parts put together, replaced, refused; its numbers, table and specimen."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from anodescope.campaign.specimen import parse_specimen
from anodescope.cell.cell import Cell
from anodescope.cell.filament import Crack
from anodescope.cell.kinetics import ButlerVolmer
from anodescope.cell.law import ORIGINS, Arrhenius
from anodescope.cell.layer import Smooth, Threshold
from anodescope.cell.loss import Pattern, ThresholdLoss
from anodescope.cell.motion import Motion
from anodescope.cell.reservoir import Alloy, Sodium
from anodescope.cell.slots import SLOTS
from anodescope.errors import SettingsError
from anodescope.materials import FARADAY, GAS_CONSTANT

# Laws whose rates need an activation energy away from room temperature.
RATES = ("layer", "kinetics", "loss", "deposit", "electrolyte")


def test_numbers_hold_every_slot_and_each_patch() -> None:
    numbers = Cell(patches=7).numbers()
    assert numbers.p.shape == (len(SLOTS),)
    assert numbers.kappa.shape == numbers.tau.shape == (7,)
    assert not np.isnan(numbers.p).any()
    assert numbers["thermal_voltage"] == pytest.approx(GAS_CONSTANT * 298.15 / FARADAY)
    assert numbers.area == Cell().area


def test_replacing_one_law_changes_its_slots_alone() -> None:
    cell = Cell()
    before = cell.numbers()
    for change, touched in [
        ({"layer": Smooth()}, {"layer", "width"}),
        ({"kinetics": ButlerVolmer()}, {"kinetics"}),
        ({"loss": ThresholdLoss(rate=2e-3)}, {"loss", "loss_rate", "loss_onset"}),
        ({"motion": Motion(0.5, 0.2)}, {"motion_current", "motion_loss"}),
        ({"pattern": None}, {"constriction", "gap"}),
        ({"deposit.contact": 0.5}, {"deposit_contact"}),
    ]:
        after = cell.replace(**change).numbers()
        changed = {name for name in SLOTS if before[name] != after[name]}
        assert changed == touched


def test_replace_takes_parts_and_dotted_numbers_and_leaves_the_cell() -> None:
    cell = Cell()
    after = cell.replace(
        **{"layer.thickness": 6e-6, "layer": Smooth(), "kinetics.dependence.floor": 0.0},
        temperature=300.0,
    )
    assert after.layer == Smooth(thickness=6e-6)
    assert after.temperature == 300.0
    assert after.kinetics.dependence.numbers()["floor"] == 0.0
    assert cell == Cell()
    with pytest.raises(FrozenInstanceError):
        cell.patches = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("layer.thicknes", "'layer.thickness'"),
        ("temperatur", "'temperature'"),
        ("motion.current", ""),
        ("layer.thickness.more", ""),
        ("patches.more", ""),
        ("", ""),
    ],
)
def test_an_unknown_path_is_named_with_the_nearest(path: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=r"Cell\.replace: this cell has no") as caught:
        Cell().replace(**{path: 1.0})
    assert repr(path) in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer": Alloy(50.0)}, "expected an object of the kind Layer or None"),
        ({"deposit": None}, "expected an object of the kind Deposit"),
        ({"temperature": 0.0}, "expected a number above 0 K"),
        ({"temperature": -5.0}, "expected a number above 0 K"),
        ({"pressure": 1e4}, "expected a number from 100000"),
        ({"pressure": 1.1e7}, "found 11000000.0"),
        ({"patches": 0}, "expected a whole number from 1"),
        ({"patches": 2.0}, "expected a whole number from 1"),
        ({"patches": True}, "expected a whole number from 1"),
        ({"reservoir": Sodium()}, "expected None on solid Na"),
        ({"reservoir": Alloy(95.0)}, "partly or all solid"),
        ({"reservoir": Alloy(40.0)}, "partly or all solid"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Cell().replace(**change)
    assert words in str(caught.value)


def test_near_room_temperature_nothing_more_is_needed() -> None:
    assert Cell(temperature=293.2).numbers()["thermal_voltage"] < 0.0256
    assert Cell(temperature=303.1).temperature == 303.1


def test_elsewhere_every_law_with_a_rate_needs_an_activation_energy() -> None:
    energies: dict[str, Any] = {}
    for name in RATES:
        with pytest.raises(SettingsError, match=f"nothing is known of the {name}"):
            Cell().replace(temperature=320.0, **energies)
        energies[f"{name}.activation"] = Arrhenius(40.0)
    warm, room = Cell().replace(temperature=320.0, **energies).numbers(), Cell().numbers()
    fast = Arrhenius(40.0).factor(320.0)
    assert warm["electrolyte"] == pytest.approx(room["electrolyte"] / fast)
    assert warm["constriction"] == pytest.approx(room["constriction"] / fast)
    np.testing.assert_allclose(warm.kappa, room.kappa * fast)


def test_a_cold_alloy_of_two_phases_is_refused_before_its_rates_are_asked_for() -> None:
    with pytest.raises(SettingsError, match="partly or all solid"):
        Cell(temperature=273.15)


@pytest.mark.parametrize(("name", "melting"), [("Na", 370.9), ("K", 336.6)])
def test_a_molten_metal_is_refused(name: str, melting: float) -> None:
    with pytest.raises(SettingsError, match="melting point"):
        Cell.preset(name).replace(temperature=melting + 1.0)


def test_electrolyte_at_the_temperature_of_the_cell() -> None:
    hot = {f"{name}.activation": Arrhenius(30.0) for name in RATES}
    cell = Cell().replace(temperature=320.0, **hot)
    dc = cell.electrolyte_impedance(1e-9).real
    assert dc == pytest.approx(cell.numbers()["electrolyte"], rel=1e-6)


def test_table_has_every_number_once_and_replace_takes_its_paths() -> None:
    cell = Cell(motion=Motion(0.5, 0.2), filament=Crack())
    rows = cell.table()
    paths = [row.path for row in rows]
    assert len(paths) == len(set(paths))
    assert {row.origin for row in rows} <= set(ORIGINS)
    assert all(row.unit and row.meaning for row in rows)
    for row in rows:
        if row.value is not None:
            assert cell.replace(**{row.path: row.value}) == cell


def test_a_number_that_is_changed_is_given_and_no_longer_fitted() -> None:
    def origin(cell: Cell) -> str:
        return next(row.origin for row in cell.table() if row.path == "layer.thickness")

    assert origin(Cell()) == "fitted"
    assert origin(Cell(layer=Threshold(thickness=6e-6))) == "given"


@pytest.mark.parametrize("name", ["NaK65", "in-situ NaK50", "Na", "K"])
def test_a_campaign_takes_the_specimen(name: str) -> None:
    cell = Cell.preset(name)
    specimen = parse_specimen(cell.specimen(), "here")
    assert specimen.area == cell.area
    assert specimen.thickness_cm["alloy"] * cell.area == pytest.approx(cell.reservoir.volume)
    assert specimen.temperature_celsius == pytest.approx(25.0)


def test_a_cell_without_a_layer_or_losses_is_still_a_cell() -> None:
    cell = Cell(layer=None, loss=None, pattern=Pattern(), filament=None)
    numbers = cell.numbers()
    assert (numbers["layer"], numbers["loss"], numbers["filament"]) == (0.0, 0.0, 0.0)
    assert np.isfinite(numbers.kappa).all()
