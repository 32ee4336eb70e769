"""Na–K: laws of equilibrium, limits, published points; what is outside is one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.errors import SettingsError
from anodescope.materials import FARADAY, GAS_CONSTANT, assessment, nak
from anodescope.materials.nak_properties import surface_fraction
from tools import materials_fit

ROOM = 298.15
INSIDE = st.floats(0.001, 0.999)
WARM = st.floats(262.0, 395.0)


@given(st.floats(0.0, 100.0))
def test_conversions_undo_each_other(percent: float) -> None:
    assert nak.weight_percent(nak.mole_fraction(percent)) == pytest.approx(percent, abs=1e-10)


def test_compositions_of_the_paper() -> None:
    """PHYSICS §2, to the digits printed there."""
    found = nak.mole_fraction([50.0, 65.0, 80.0, 44.0, 88.0])
    np.testing.assert_allclose(found, [0.630, 0.478, 0.298, 0.684, 0.188], atol=5e-4)


@given(INSIDE, WARM)
def test_gibbs_duhem_and_the_factor(x: float, kelvin: float) -> None:
    """x dμ_Na + (1−x) dμ_K = 0, and Φ is the slope of ln a; steps leave 1e-6 relative."""
    step = 1e-5 * min(x, 1.0 - x)
    up, down = nak.chemical_potentials(x + step, kelvin), nak.chemical_potentials(x - step, kelvin)
    na, k = ((u - d) / (2.0 * step) for u, d in zip(up, down, strict=True))
    assert x * na + (1.0 - x) * k == pytest.approx(0.0, abs=1e-5 * abs(x * na) + 1e-3)
    factor = x * na / (GAS_CONSTANT * kelvin)
    assert nak.thermodynamic_factor(x, kelvin) == pytest.approx(factor, rel=1e-5, abs=1e-6)


@given(WARM)
def test_activities_have_the_limits_of_raoult(kelvin: float) -> None:
    assert nak.activity(1.0 - 1e-9, kelvin) == pytest.approx(1.0, abs=2e-9)
    assert nak.potassium_activity(1e-9, kelvin) == pytest.approx(1.0, abs=2e-9)


@given(INSIDE, WARM)
def test_coefficients_give_the_same_activity_as_the_kernel_computes(x: float, t: float) -> None:
    a0, a1, a2 = nak.redlich_kister(t)
    k, d = 1.0 - x, 2.0 * x - 1.0
    log = np.log(x) + k * k * (a0 + a1 * (4.0 * x - 1.0) + a2 * d * (6.0 * x - 1.0))
    assert np.log(nak.activity(x, t)) == pytest.approx(log, abs=1e-12)
    level = -GAS_CONSTANT * t / FARADAY * log
    assert nak.open_circuit_voltage(x, t) == pytest.approx(level, abs=1e-14)


@given(WARM)
def test_the_liquid_does_not_split(kelvin: float) -> None:
    """Na and K mix in all proportions above their liquidus."""
    assert np.min(nak.thermodynamic_factor(np.linspace(0.0, 1.0, 201)[1:-1], kelvin)) > 0.0


@pytest.mark.parametrize("kelvin", [282.0, 298.15, 320.0, 336.0, 365.0])
def test_both_metals_have_one_potential_in_both_phases(kelvin: float) -> None:
    """Bisection to 2^-60 leaves rounding only."""
    x, solid = assessment.sodium_branch(kelvin)
    np.testing.assert_allclose(
        assessment.in_liquid(x, kelvin), assessment.in_solid(solid, kelvin), atol=1e-6
    )
    if kelvin < assessment.MELTING_K:
        x, solid = assessment.potassium_branch(kelvin)
        np.testing.assert_allclose(
            assessment.in_liquid(x, kelvin), assessment.in_solid(solid, kelvin), atol=1e-6
        )


def test_three_phases_meet_at_both_invariants() -> None:
    """Na₂K has two numbers of seven digits: 0.01 J/mol, or 1e-5 in x, is their rounding."""
    for kelvin, branch in (
        (assessment.PERITECTIC, assessment.sodium_branch),
        (assessment.EUTECTIC, assessment.potassium_branch),
    ):
        assert assessment.compound_branch(kelvin) == pytest.approx(branch(kelvin)[0], abs=1e-5)


def test_the_numbers_are_those_of_the_fit() -> None:
    """Printed with six digits and more."""
    liquid, solid = materials_fit.fit()
    np.testing.assert_allclose(liquid, assessment.LIQUID, rtol=2e-3)
    np.testing.assert_allclose(solid, assessment.SOLID, rtol=2e-3)
    ours = materials_fit.compound(assessment.LIQUID, assessment.SOLID)
    stored = (assessment.COMPOUND_ENTHALPY, assessment.COMPOUND_ENTROPY)
    np.testing.assert_allclose(ours, stored, rtol=2e-3)


def test_the_fit_meets_its_points_as_the_page_says() -> None:
    """Within 3 σ of every published number; 'about 88' is the worst."""
    misses = np.abs(materials_fit.residuals(assessment.LIQUID, assessment.SOLID))
    assert misses.max() < 3.0
    assert int(misses.argmax()) == 1


def test_enthalpy_of_mixing_which_was_not_fitted() -> None:
    """Yokokawa 1964: positive, with nearly ideal entropy; so not above RT/2 of a critical point."""
    assert 0.0 < assessment.LIQUID[0] / 4.0 < GAS_CONSTANT * ROOM / 2.0


def test_window_of_the_paper() -> None:
    low, high = nak.liquid_window(ROOM)
    assert nak.weight_percent(high) == pytest.approx(44.0, abs=1.0)
    assert nak.weight_percent(low) == pytest.approx(88.0, abs=3.0)  # 3 σ of 'about'


def test_window_widens_with_temperature_and_ends_at_the_pure_metals() -> None:
    windows = [nak.liquid_window(t) for t in np.linspace(261.0, 371.5, 60)]
    assert np.all(np.diff([low for low, _ in windows]) <= 0.0)
    assert np.all(np.diff([high for _, high in windows]) >= 0.0)
    assert windows[-1] == (0.0, 1.0)
    assert nak.liquid_window(assessment.MELTING_K - 1e-3)[0] < 1e-4


@given(st.floats(0.0, 1.0), st.floats(240.0, 400.0))
def test_phases_hold_all_the_sodium(x: float, kelvin: float) -> None:
    found = nak.phases(x, kelvin)
    assert sum(found.shares) == pytest.approx(1.0, abs=1e-12)
    assert min(found.shares) >= 0.0
    assert np.dot(found.shares, found.fractions) == pytest.approx(x, abs=1e-9)


@pytest.mark.parametrize(
    ("percent", "kelvin", "names"),
    [
        (50.0, ROOM, "liquid"),
        (80.0, ROOM, "liquid"),
        (30.0, ROOM, "liquid + solid Na"),
        (97.0, ROOM, "solid K + liquid"),
        (50.0, 278.15, "liquid + Na2K"),
        (20.0, 270.0, "Na2K + solid Na"),
        (77.0, 250.0, "solid K + Na2K"),
        (0.0, ROOM, "solid Na"),
        (100.0, ROOM, "solid K"),
        (0.0, 380.0, "liquid"),
    ],
)
def test_regions_of_the_diagram(percent: float, kelvin: float, names: str) -> None:
    found = nak.phases(nak.mole_fraction(percent), kelvin)
    assert str(found) == names
    assert found.liquid is (names == "liquid")


def test_voltages() -> None:
    """The liquid against solid Na at its liquidus: only what K in the solid takes away."""
    _, high = nak.liquid_window(ROOM)
    solid = assessment.sodium_branch(ROOM)[1]
    level = -GAS_CONSTANT * ROOM / FARADAY * np.log(solid)
    # The rest is the solid's excess, second order in 1.4 % of K.
    assert nak.metal_voltage(high, ROOM) == pytest.approx(level, abs=5e-5)
    shift = nak.open_circuit_voltage(0.5, ROOM) - nak.metal_voltage(0.5, ROOM)
    assert shift == pytest.approx(nak.melting_voltage(ROOM))
    assert nak.melting_voltage(371.0) == 0.0


def test_volumes_and_densities() -> None:
    """Foust's equations at the melting points (0.927, 0.828) and NaK-77, 1 % as the note says."""
    assert nak.density(1.0, 371.0) == pytest.approx(0.927, rel=5e-3)
    assert nak.density(0.0, 336.7) == pytest.approx(0.828, rel=5e-3)
    assert nak.density(nak.mole_fraction(77.0), 294.15) == pytest.approx(0.866, rel=0.0125)
    volumes = nak.molar_volumes(ROOM)
    assert nak.molar_density(0.3, ROOM) == pytest.approx(
        1.0 / (0.3 * volumes[0] + 0.7 * volumes[1])
    )
    assert nak.concentration(0.3, ROOM) == pytest.approx(0.3 * nak.molar_density(0.3, ROOM))


@given(INSIDE)
def test_potassium_gathers_at_the_surface(x: float) -> None:
    assert surface_fraction(x, ROOM) < x
    ends = nak.surface_tension([0.0, 1.0], ROOM)
    assert ends[0] <= nak.surface_tension(x, ROOM) <= ends[1]


def test_darken_has_the_tracers_at_the_ends() -> None:
    assert nak.interdiffusivity(0.0, ROOM) == pytest.approx(nak.self_diffusivity_na())
    assert nak.interdiffusivity(1.0, ROOM) == pytest.approx(nak.self_diffusivity_k())


@pytest.mark.parametrize(
    "ask",
    [
        lambda: nak.activity(0.5, 0.0),
        lambda: nak.activity(0.5, -5.0),
        lambda: nak.activity(0.5, float("nan")),
        lambda: nak.activity(1.2, ROOM),
        lambda: nak.activity(0.0, ROOM),
        lambda: nak.activity("NaK", ROOM),
        lambda: nak.mole_fraction(101.0),
        lambda: nak.mole_fraction("50 %"),
        lambda: nak.weight_percent(-0.1),
        lambda: nak.liquid_window(0.0),
        lambda: nak.liquid_window(250.0),
        lambda: nak.phases(0.5, 2000.0),
        lambda: nak.phases(float("nan"), ROOM),
        lambda: nak.density(0.5, 25.0),
        lambda: nak.density(),
        lambda: nak.molar_volumes(900.0),
        lambda: assessment.sodium_branch(380.0),
        lambda: assessment.compound_branch(ROOM),
    ],
)
def test_outside_is_one_sentence(ask: object) -> None:
    with pytest.raises(SettingsError) as error:
        ask()  # type: ignore[operator]
    assert "\n" not in str(error.value)
    assert len(str(error.value)) > 20
