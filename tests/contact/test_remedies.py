"""What helps a liquid to touch more: both pressures side by side, and what each remedy can do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anodescope.contact.constriction import constriction
from anodescope.contact.remedies import compare, side_by_side, with_additive, with_coating
from anodescope.contact.wetting import PRESSURES, Liquid, contact_map, pore_pressure
from anodescope.errors import Cancelled, SettingsError
from anodescope.running import Run

Array = np.ndarray[Any, np.dtype[Any]]

PIXEL = 2e-5
SLAB = {"pixel": PIXEL, "thickness": 0.05, "conductivity": 5e-4}
BARE = Liquid(0.15, 150.0)


@pytest.fixture(scope="module")
def wall() -> Array:
    """A wall (cm) with slopes on both sides of 30°: a smooth Gaussian field of 32² pixels."""
    rng = np.random.default_rng(5)
    k = np.fft.fftfreq(32)
    low = np.exp(-(12.0**2) * (k[:, None] ** 2 + k[None, :] ** 2))
    field = np.fft.ifft2(low * np.fft.fft2(rng.normal(size=(32, 32)))).real
    return np.asarray(5.0 * PIXEL * field / field.std())


def test_an_additive_at_a_held_angle_lowers_the_tension_alone() -> None:
    assert with_additive(BARE) == Liquid(0.7 * 0.15, 150.0)


def test_an_additive_at_held_adhesion_leaves_the_pressure_of_pores() -> None:
    before = Liquid(0.15, 120.0)
    after = with_additive(before, hold="adhesion")
    assert after.angle > before.angle
    assert pore_pressure(after.surface_tension, after.angle, 1e-4) == pytest.approx(
        pore_pressure(before.surface_tension, before.angle, 1e-4)
    )
    assert after.adhesion == pytest.approx(before.adhesion, rel=1e-12)


def test_adhesion_that_cannot_be_held_is_refused() -> None:
    """cos θ below −1 is no angle; up to there σ cos θ stays, for a liquid that wets too."""
    for liquid in (BARE, Liquid(0.15, 30.0)):
        most = 1.0 - abs(np.cos(np.radians(liquid.angle)))
        held = with_additive(liquid, lowers=0.999 * most, hold="adhesion")
        assert held.adhesion == pytest.approx(liquid.adhesion, rel=1e-12)
        with pytest.raises(SettingsError, match=r"lowers: expected at most 0\.133 where"):
            with_additive(liquid, lowers=1.001 * most, hold="adhesion")
    with pytest.raises(SettingsError, match=r"θ = 150°, found 0\.3"):
        with_additive(hold="adhesion")


def test_both_pressures_are_always_there(wall: Array) -> None:
    found = compare(wall, {"bare": BARE}, pressures=[1e6], **SLAB)
    assert set(PRESSURES) <= set(found["pressure"].values.tolist())
    assert found.sizes["pressure"] == 3
    table = side_by_side(found)
    assert "at 0.1 MPa" in table
    assert "at 10 MPa" in table
    assert "Reactive wetting" in table
    assert "upper bound" in table
    assert "tension of pixels" in table
    assert "evacuated" in table
    assert "evacuated" in found.attrs["gas"]


def test_remedies_in_their_order(wall: Array) -> None:
    liquids = {
        "bare": BARE,
        "tension": with_additive(BARE),
        # The most for which σ cos θ can stay at 150° is 0.134.
        "adhesion": with_additive(BARE, lowers=0.13, hold="adhesion"),
        "coated": with_coating(BARE),
    }
    found = compare(wall, liquids, **SLAB)
    touched = found["contact_fraction"].sel(pressure=PRESSURES[0])
    cost = found["constriction"].sel(pressure=PRESSURES[0])
    assert (found["outcome"] == "converged").all()
    assert (found["meniscus"] == "converged").all()
    assert 0.0 < touched.sel(liquid="bare") < 1.0
    # Less tension at one angle is more pressure: the contact grows around the former one.
    bare, tension = (found["contact"].sel(liquid=n) for n in ("bare", "tension"))
    assert not (bare & ~tension).any()
    assert touched.sel(liquid="adhesion") < touched.sel(liquid="bare")
    assert touched.sel(liquid="coated") == 1.0
    # Rayleigh: contact added at perfect contact never raises the resistance.
    assert cost.sel(liquid="tension") <= cost.sel(liquid="bare")
    assert cost.sel(liquid="bare") < cost.sel(liquid="adhesion")
    assert abs(cost.sel(liquid="coated")) < 1e-9 * found["slab"].values[0, 0]
    np.testing.assert_array_less(0.0, found["gap"].sel(pressure=PRESSURES[0], liquid="bare"))


def test_the_comparison_is_the_map_and_the_verb(wall: Array) -> None:
    frequency = np.array([1.0, 1e5])
    settings = {**SLAB, "film_resistance": 20.0, "film_capacitance": 1e-6}
    found = compare(wall, {"bare": BARE}, frequency=frequency, sides="mirror", **settings)
    map_ = contact_map(
        wall, pixel=PIXEL, surface_tension=0.15, angle=150.0, pressure=1e5, sides="mirror"
    )
    alone = constriction(map_, frequency=frequency, sides="mirror", **settings)
    chosen = found.sel(liquid="bare", pressure=1e5)
    assert np.array_equal(chosen["contact"].values, map_)
    np.testing.assert_allclose(chosen["impedance"], alone["impedance"], rtol=1e-12)
    assert np.array_equal(chosen["frequency"], frequency)
    assert "at 10 MPa" in side_by_side(found)


def test_what_cannot_be_is_refused(wall: Array) -> None:
    with pytest.raises(SettingsError, match="lowers: expected a part"):
        with_additive(BARE, lowers=1.0)
    with pytest.raises(SettingsError, match="hold: expected one of"):
        with_additive(BARE, hold="both")
    with pytest.raises(SettingsError, match="angle: expected 0 to 180"):
        with_coating(BARE, angle=-1.0)
    with pytest.raises(SettingsError, match="liquids: expected at least one"):
        compare(wall, {}, **SLAB)
    with pytest.raises(SettingsError, match="lowers: expected a part"):
        with_additive(BARE, lowers="much")  # type: ignore[arg-type]
    for change in (with_additive, with_coating):
        with pytest.raises(SettingsError, match="liquid: expected a Liquid"):
            change("NaK")
    with pytest.raises(SettingsError, match="liquids: expected a Liquid for each name"):
        compare(wall, [BARE], **SLAB)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="liquids: expected a Liquid for each name"):
        compare(wall, {"bare": 150.0}, **SLAB)  # type: ignore[dict-item]
    with pytest.raises(SettingsError, match="fields: expected none"):
        compare(wall, {"bare": BARE}, fields=True, **SLAB)
    with pytest.raises(SettingsError, match="pressures: expected"):
        compare(wall, {"bare": BARE}, pressures=["x"], **SLAB)  # type: ignore[list-item]


def test_a_run_stops_a_comparison_while_the_liquid_sinks(wall: Array) -> None:
    stages: list[str] = []
    asked = iter([False] * 4)
    run = Run(progress=lambda stage, *_: stages.append(stage), cancelled=lambda: next(asked, True))
    with pytest.raises(Cancelled, match="meniscus: stopped"):
        compare(wall, {"bare": BARE}, run=run, **SLAB)
    assert set(stages) == {"meniscus"}
