"""Laws of the cell: their slots, limits and scalings, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.cell.capacitance import ByAvailability, FiniteStore
from anodescope.cell.cell import Cell
from anodescope.cell.counter import Counter
from anodescope.cell.deposit import Deposit
from anodescope.cell.electrolyte import Electrolyte
from anodescope.cell.filament import Crack, LinearDamage
from anodescope.cell.kinetics import ButlerVolmer, ByConcentration, ByFraction, Ohmic
from anodescope.cell.law import ROOM, Around, Arrhenius
from anodescope.cell.layer import AtLiquidus, Smooth, Threshold
from anodescope.cell.loss import Pattern, PowerLoss, ThresholdLoss
from anodescope.cell.motion import Motion
from anodescope.cell.patch import emf, pristine
from anodescope.cell.reservoir import Alloy, Potassium, Sodium
from anodescope.cell.slots import SLOTS
from anodescope.cell.slow import filament_rate
from anodescope.errors import SettingsError
from anodescope.materials import FARADAY, nak

FAMILIES: list[list[Any]] = [
    [Alloy(50.0), Sodium(), Potassium()],
    [Threshold(), AtLiquidus(), Smooth()],
    [Ohmic(), ButlerVolmer(), Ohmic(dependence=ByFraction())],
    [FiniteStore(), ByAvailability()],
    [PowerLoss(), ThresholdLoss()],
    [Pattern()],
    [Motion(1.0, 0.1)],
    [Deposit()],
    [LinearDamage(), Crack()],
    [Electrolyte()],
    [Counter()],
]
# Two per cent: the densities of supercooled liquid Na and K are extrapolated.
VOLUMES = 0.02


def test_laws_give_known_slots_and_families_share_none() -> None:
    families = [{slot for law in laws for slot in law.numbers()} for laws in FAMILIES]
    # Solids say themselves at which composition Na comes out; with them there is no layer.
    families[0] -= {"saturation"}
    given = [slot for family in families for slot in family]
    assert len(given) == len(set(given))
    assert set(given) | {"thermal_voltage"} == set(SLOTS)


@pytest.mark.parametrize("percent", [44.5, 50.0, 65.0, 80.0, 87.5])
def test_atoms_of_an_alloy_fill_its_volume(percent: float) -> None:
    numbers = Alloy(percent, volume=0.02, area=0.5).numbers()
    per_area = 3.6 * 0.5 / FARADAY
    volume = numbers["sodium"] * numbers["volume_na"] + numbers["potassium"] * numbers["volume_k"]
    assert volume * per_area == pytest.approx(0.02, rel=1e-12)
    fraction = numbers["sodium"] / (numbers["sodium"] + numbers["potassium"])
    assert fraction == pytest.approx(nak.mole_fraction(percent), rel=1e-12)


@pytest.mark.parametrize(("percent", "capacity"), [(50.0, 53.8), (65.0, 37.0), (80.0, 20.8)])
def test_sodium_on_board_of_the_published_chamber(percent: float, capacity: float) -> None:
    assert Alloy(percent).numbers()["sodium"] == pytest.approx(capacity, rel=VOLUMES)


@pytest.mark.parametrize(
    ("dependence", "ratios"),
    [(ByConcentration(floor=0.0), (1.45, 2.58)), (ByFraction(floor=0.0), (1.32, 2.11))],
)
def test_charge_transfer_follows_the_sodium(dependence: Any, ratios: tuple[float, float]) -> None:
    def resistance(percent: float) -> float:
        cell = Cell(Alloy(percent), kinetics=Ohmic(100.0, dependence=dependence))
        return float(pristine(cell.numbers().p, nak.mole_fraction(percent)))

    assert resistance(50.0) == pytest.approx(100.0, rel=1e-12)
    for percent, ratio in zip((65.0, 80.0), ratios, strict=True):
        assert resistance(percent) / 100.0 == pytest.approx(ratio, rel=VOLUMES)


def test_a_floor_keeps_the_resistance_finite_without_any_sodium() -> None:
    cell = Cell.preset("K")
    floor = 2e-4
    law = ByConcentration(floor=floor).numbers()["reference"]
    most = cell.kinetics.charge_transfer * (law + floor) / floor
    assert pristine(cell.numbers().p, 0.0) == pytest.approx(most, rel=1e-12)


@pytest.mark.parametrize("x", [0.2, 0.35, 0.5, 0.68])
def test_voltage_against_sodium_is_that_of_the_materials(x: float) -> None:
    level, _ = emf(Cell().numbers().p, x)
    assert level == pytest.approx(nak.metal_voltage(x, ROOM), rel=1e-6)


def test_a_trace_in_solid_potassium_has_the_activity_of_the_liquidus() -> None:
    low, _ = nak.liquid_window(ROOM)
    for trace in (1e-4, 5e-3, 0.05):
        cell = Cell.preset("K").replace(**{"reservoir.trace": trace})
        assert emf(cell.numbers().p, trace)[0] == pytest.approx(
            nak.metal_voltage(low, ROOM), rel=1e-9
        )


@given(st.floats(0.05, 20.0), st.floats(0.0, 1.5), st.integers(1, 40))
def test_thickness_and_diffusivity_scale_time_alone(
    factor: float, spread: float, patches: int
) -> None:
    law = Threshold(spread=spread)
    other = Threshold(law.thickness * factor, law.diffusivity * factor, spread=spread)
    kappa, tau = law.profile(patches)
    kappa_other, tau_other = other.profile(patches)
    np.testing.assert_allclose(kappa_other, kappa, rtol=1e-12)
    np.testing.assert_allclose(tau_other, factor * tau, rtol=1e-12)


def test_limiting_current_of_a_planar_layer() -> None:
    law = Threshold(thickness=5e-6, diffusivity=1e-11, density=0.03, spread=0.0)
    kappa, tau = law.profile(1)
    assert kappa[0] == pytest.approx(1e3 * FARADAY * 0.03 * 1e-11 / 5e-6, rel=1e-12)
    assert tau[0] == pytest.approx(2.5, rel=1e-12)


def test_spread_of_the_patches_is_that_asked_for() -> None:
    _, tau = Threshold(spread=0.6).profile(16)
    assert np.std(0.5 * np.log(tau)) == pytest.approx(0.6, rel=1e-12)


def test_the_law_at_the_liquidus_takes_it_from_the_materials() -> None:
    for t in (ROOM, 302.0):
        low, high = nak.liquid_window(t)
        numbers = AtLiquidus().numbers(Around(t))
        assert numbers["critical_fraction"] == pytest.approx(low)
        assert numbers["saturation"] == pytest.approx(high)
    assert Threshold(saturation=0.7).numbers()["saturation"] == 0.7


def test_an_activation_energy_speeds_rates_and_no_amount() -> None:
    law, warm = Arrhenius(50.0), Around(308.15)
    fast = math.exp(-50e3 / 8.314462618 * (1 / 308.15 - 1 / 298.15))
    assert law.factor(ROOM) == 1.0
    assert law.factor(308.15) == pytest.approx(fast, rel=1e-9)
    loss = PowerLoss(activation=law).numbers(warm)
    assert loss["loss_rate"] == pytest.approx(PowerLoss().rate * fast)
    assert loss["loss_heal"] == pytest.approx(PowerLoss().heal / fast)
    assert loss["loss_refill"] == PowerLoss().refill
    kinetics = Ohmic(activation=law).numbers(warm)
    assert kinetics["charge_transfer"] == pytest.approx(Ohmic().charge_transfer / fast)
    still, moving = Threshold().profile(2), Threshold(activation=law).profile(2, warm)
    np.testing.assert_allclose(moving[0], still[0] * fast)
    np.testing.assert_allclose(moving[1], still[1] / fast)
    assert Deposit(activation=law).numbers(warm)["deposit_time"] == pytest.approx(
        Deposit().time / fast
    )


@given(st.floats(-3.0, 9.0))
def test_electrolyte_is_passive_between_its_limits(power: float) -> None:
    z = Electrolyte(80.0, 150.0).impedance(10.0**power)
    assert 80.0 < z.real <= 230.0
    assert z.imag <= 0.0


def test_limits_of_the_electrolyte() -> None:
    law = Electrolyte(80.0, 150.0)
    assert law.impedance(1e-9).real == pytest.approx(230.0, rel=1e-9)
    assert law.impedance(1e18).real == pytest.approx(80.0, rel=1e-6)
    assert law.numbers()["electrolyte"] == 230.0
    assert law.resistivity(ROOM) == pytest.approx(80.0 / 0.15)


def test_a_crack_starts_where_the_stress_intensity_reaches_the_toughness() -> None:
    law = Crack(toughness=1.2, defect=1e-3, shape=1.12)
    p = Cell(filament=law).numbers().p
    # Y·(F·η/V_Na)·√(π·a) = K_IC, in SI; V_Na of the solid at 0.968 g/cm³.
    volt = 1.2e6 / (1.12 * math.sqrt(math.pi * 1e-5)) * (22.98977e-6 / 0.968) / 96485.33
    length = 1e-3 / 0.15
    for share, grows in ((0.99, False), (1.01, True)):
        rate = filament_rate(p, length, 0.0, -1.0, -1.0, 1.0, -share * volt)
        assert (rate > 0.0) is grows
    assert filament_rate(p, length, 0.0, 1.0, 1.0, 1.0, volt) == 0.0


def test_stress_scales_with_the_root_of_length_and_the_toughness() -> None:
    law = Crack(toughness=1.0)
    assert law.stress(0.4) == pytest.approx(2.0 * law.stress(0.1), rel=1e-12)
    assert Crack(toughness=2.0).stress(0.1) == pytest.approx(0.5 * law.stress(0.1), rel=1e-12)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: Alloy(0.0), "Cell.preset('Na')"),
    (lambda: Alloy(100.0), "Cell.preset('K')"),
    (lambda: Alloy(-1.0), "from 0 to 100 wt %"),
    (lambda: Alloy(50.0, volume=0.0), "Alloy, volume: expected a number above 0 cm³"),
    (lambda: Alloy(50.0, area=-1.0), "Alloy, area"),
    (lambda: Potassium(trace=0.0), "Potassium, trace"),
    (lambda: Threshold(thickness=-1e-6), "Threshold, thickness: expected a number above 0"),
    (lambda: Threshold(thickness=math.nan), "found nan"),
    (lambda: Threshold(diffusivity=math.inf), "found inf"),
    (lambda: Threshold(critical_fraction=1.0), "to below 1"),
    (lambda: Threshold(width=0.0), "Threshold, width"),
    (lambda: Threshold(activation=50.0), "Threshold, activation: expected an object"),
    (lambda: Ohmic(charge_transfer=0.0), "Ohmic, charge_transfer"),
    (lambda: Ohmic(dependence=None), "found None"),
    (lambda: ByConcentration(reference_percent=100.0), "to below 100"),
    (lambda: FiniteStore(double_layer=0.0), "FiniteStore, double_layer"),
    (lambda: PowerLoss(start=1.0), "1 is no contact at all"),
    (lambda: PowerLoss(heal=0.0), "or inf"),
    (lambda: ThresholdLoss(onset=1.0), "ThresholdLoss, onset"),
    (lambda: Deposit(contact=0.0), "0 is no contact at all"),
    (lambda: Motion(-1.0, 0.1), "Motion, current"),
    (lambda: Crack(defect=True), "found True"),
    (lambda: Crack(toughness="high"), "found 'high'"),
    (lambda: Electrolyte(thickness=0.0), "Electrolyte, thickness"),
    (lambda: Counter(strip=-1.0), "Counter, strip"),
    (lambda: Arrhenius(-1.0), "Arrhenius, energy"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make()
    text = str(caught.value)
    assert words in text
    assert "expected" in text
    assert text.endswith(".")
    assert "\n" not in text


def test_numpy_and_whole_numbers_become_floats() -> None:
    law = Threshold(thickness=np.float64(1e-6), spread=0)
    assert type(law.thickness) is float
    assert type(law.spread) is float
    assert law == Threshold(thickness=1e-6, spread=0.0)
