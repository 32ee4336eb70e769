"""A cell as TOML: nothing is lost on the way, and what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anodescope.cell.cell import Cell
from anodescope.cell.counter import Counter
from anodescope.cell.filament import Crack, LinearDamage
from anodescope.cell.kinetics import ButlerVolmer, ByConcentration, ByFraction, Ohmic
from anodescope.cell.law import Arrhenius
from anodescope.cell.layer import AtLiquidus, Smooth, Threshold
from anodescope.cell.loss import Pattern, PowerLoss, ThresholdLoss
from anodescope.cell.motion import Motion
from anodescope.cell.presets import NAMES
from anodescope.cell.reservoir import Alloy
from anodescope.errors import SettingsError

SHARES = st.floats(1e-12, 0.999)
SIZES = st.floats(1e-300, 1e300)
ENERGIES = st.none() | st.builds(Arrhenius, st.floats(0.0, 500.0))
CELLS = st.builds(
    Cell,
    reservoir=st.builds(Alloy, st.floats(50.0, 85.0), SIZES, SIZES),
    layer=st.none()
    | st.builds(Threshold, thickness=st.floats(1e-9, 0.1), saturation=st.none() | SHARES)
    | st.builds(Smooth, width=SHARES, activation=ENERGIES)
    | st.builds(AtLiquidus, spread=st.floats(0.0, 3.0)),
    kinetics=st.builds(Ohmic, SIZES, dependence=st.builds(ByFraction, floor=SHARES))
    | st.builds(ButlerVolmer, SIZES, dependence=st.builds(ByConcentration, st.floats(0.0, 99.0))),
    loss=st.none()
    | st.builds(PowerLoss, heal=st.just(float("inf")) | SIZES)
    | st.builds(ThresholdLoss, onset=SHARES),
    pattern=st.none() | st.builds(Pattern, coarsening=SIZES),
    motion=st.none() | st.builds(Motion, SIZES, SIZES),
    filament=st.none()
    | st.builds(LinearDamage, SIZES)
    | st.builds(Crack, toughness=st.none() | st.floats(0.1, 20.0)),
    counter=st.builds(Counter, SIZES),
    temperature=st.floats(293.2, 303.1),
    pressure=st.floats(1e5, 1e7),
    patches=st.integers(1, 4096),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CELLS)
def test_round_trip_is_exact(tmp_path: Path, cell: Cell) -> None:
    path = tmp_path / "cell.toml"
    cell.to_toml(path)
    assert Cell.from_toml(path) == cell
    assert Cell.from_dict(cell.to_dict()) == cell


@pytest.mark.parametrize("name", NAMES)
def test_presets_round_trip(tmp_path: Path, name: str) -> None:
    cell = Cell.preset(name)
    cell.to_toml(tmp_path / "cell.toml")
    again = Cell.from_toml(tmp_path / "cell.toml")
    assert again == cell
    assert again.numbers().p.tobytes() == cell.numbers().p.tobytes()


def test_a_short_file_takes_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "cell.toml"
    path.write_text('[reservoir]\nlaw = "Alloy"\npotassium_percent = 65\n')
    assert Cell.from_toml(path) == Cell.preset("NaK65")


def test_plain_tables_are_plain() -> None:
    tables = Cell(motion=Motion(1.0, 0.1), filament=Crack(chip=0.2)).to_dict()
    assert Cell.from_dict(json.loads(json.dumps(tables))).to_dict() == tables


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[layr]\n", "no key 'layr'. Did you mean 'layer'"),
        ("layer = 3\n", "table 'layer': expected a table with the key law"),
        ("[layer]\nthickness = 1e-6\n", "expected a table with the key law"),
        ('[layer]\nlaw = "Treshold"\n', "no law 'Treshold'. Did you mean 'Threshold'"),
        ('[layer]\nlaw = "Threshold"\nwidht = 0.1\n', "no key 'widht'. Did you mean 'width'"),
        ('[layer]\nlaw = "Counter"\n', "layer: expected an object of the kind Layer or None"),
        ('[layer]\nlaw = "none"\nwidth = 0.1\n', "no key 'width'"),
        ('[layer]\nlaw = "Threshold"\nwidth = "thin"\n', "found 'thin'"),
        ('[layer]\nlaw = "Threshold"\nactivation = 40.0\n', "table 'layer.activation'"),
        ('[motion]\nlaw = "Motion"\nloss = 0.1\n', "expected the key 'current'"),
        ('[deposit]\nlaw = "none"\n', "deposit: expected an object of the kind Deposit"),
        ("temperature = true\n", "temperature: expected a number above 0 K, found True"),
        ("patches = 2.5\n", "patches: expected a whole number"),
        ("temperature = \n", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "cell.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        Cell.from_toml(path)
    assert words in str(caught.value).replace(" (of the whole cell)", "")
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        Cell.from_toml(tmp_path / "none.toml")


def test_laws_have_unlike_names() -> None:
    from anodescope.cell.toml import LAWS

    made: dict[str, Any] = dict(LAWS)
    assert all(law.__name__ == name for name, law in made.items())
    assert "none" not in made
