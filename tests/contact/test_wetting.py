"""A liquid on a rough wall: known pores, slits and grooves, limits, and what must be monotone."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.contact import meniscus, wetting
from anodescope.contact.wetting import (
    NAK,
    PRESSURES,
    Liquid,
    cassie_angle,
    contact_map,
    filling_pressure,
    pore_pressure,
    press,
    pressure_curve,
    roughness_ratio,
    slit_pressure,
    threshold_radius,
    transition_angle,
    wenzel_angle,
)
from anodescope.errors import Cancelled, Outcome, SettingsError
from anodescope.running import Run

Array = np.ndarray[Any, np.dtype[Any]]

PIXEL = 1e-6  # cm
FULL = 4 * NAK.surface_tension * 100 / PIXEL  # Pa: no void of a pixel stands it

# Heights in pixels: slopes from gentle to steep.
WALLS = hnp.arrays(np.float64, (7, 8), elements=st.floats(0, 6, width=32))
LOADS = st.floats(-3.0, 0.0).map(lambda power: 10.0**power)  # of FULL
ANGLES = st.floats(91.0, 180.0)


def touched(wall: Array, load: float, angle: float = 150.0, sides: str = "periodic") -> Array:
    """Contact of a wall in pixels at a part of the pressure that always fills."""
    return contact_map(
        wall * PIXEL,
        pixel=PIXEL,
        surface_tension=NAK.surface_tension,
        angle=angle,
        pressure=load * FULL,
        sides=sides,
    )


def groove(period: int, slope: float, rows: int = 3) -> Array:
    """A V-groove along y, in pixels; its bottom is at column 0."""
    x = np.arange(period)
    across = np.minimum(x, period - x) * np.tan(np.radians(slope))
    return np.tile(across, (rows, 1))


# formulas


def test_pores_that_fill_at_both_pressures() -> None:
    """PHYSICS §6: above about 2.6 µm or 26 nm at σ = 0.15 N/m, θ = 150°."""
    radii = [threshold_radius(0.15, 150.0, p) for p in PRESSURES]
    assert PRESSURES == (1e5, 1e7)
    np.testing.assert_allclose(radii, [2.598e-4, 2.598e-6], rtol=1e-3)


@given(st.floats(0.01, 1.0), st.floats(91, 180), st.floats(1e-7, 1e-1))
def test_threshold_radius_inverts_the_pore_pressure(
    tension: float, angle: float, radius: float
) -> None:
    pressure = pore_pressure(tension, angle, radius)
    assert threshold_radius(tension, angle, pressure) == pytest.approx(radius, rel=1e-12)
    assert slit_pressure(tension, angle, 2 * radius) == pytest.approx(pressure / 2, rel=1e-12)


def test_a_wetting_liquid_is_drawn_in() -> None:
    assert pore_pressure(0.15, 60.0, 1e-4) < 0.0
    assert threshold_radius(0.15, 60.0, 1e5) == 0.0


def test_pressures_of_many_pores_at_once() -> None:
    many = pore_pressure(0.15, 150.0, np.array([1e-4, 2e-4]))
    assert many[0] == pytest.approx(2 * many[1])


# apparent angles


def test_apparent_angles_of_flat_and_of_full_contact() -> None:
    assert wenzel_angle(130.0, 1.0) == pytest.approx(130.0)
    assert cassie_angle(130.0, 1.0) == pytest.approx(130.0)
    assert cassie_angle(130.0, 1.0, 1.3) == pytest.approx(wenzel_angle(130.0, 1.3))
    assert cassie_angle(130.0, 0.0) == 180.0
    assert wenzel_angle(150.0, 2.0) == 180.0
    assert wenzel_angle(30.0, 2.0) == 0.0


@given(st.floats(0.01, 0.99), st.floats(1.0, 5.0))
def test_at_the_transition_both_apparent_angles_agree(fraction: float, roughness: float) -> None:
    angle = transition_angle(fraction, roughness)
    assert 90.0 <= angle <= 180.0
    cassie, wenzel = cassie_angle(angle, fraction), wenzel_angle(angle, roughness)
    # Cosines: near 180° an angle is the root of a rounding error.
    assert np.cos(np.radians(cassie)) == pytest.approx(np.cos(np.radians(wenzel)), abs=1e-12)


def test_the_true_area_of_a_groove_is_exact() -> None:
    wall = groove(20, 35.0) * PIXEL
    assert roughness_ratio(wall, pixel=PIXEL) == pytest.approx(1 / np.cos(np.radians(35.0)))
    assert roughness_ratio(np.zeros((4, 5)), pixel=PIXEL) == 1.0


# walls with a known answer


DEEP = 100  # pixels


@pytest.mark.parametrize("width", [1, 3, 8, 12])
@pytest.mark.parametrize("angle", [110.0, 150.0])
def test_a_deep_slit_fills_at_its_capillary_pressure(width: int, angle: float) -> None:
    """Then it reaches the floor; voids along the foot of the walls stay longer."""
    wall = np.zeros((3, 30))
    wall[:, :width] = -DEEP
    found = filling_pressure(
        wall * PIXEL,
        pixel=PIXEL,
        liquid=Liquid(0.15, angle),
        fraction=1 - (width - 0.5) / 30,
        tolerance=1e-3,
    )
    # A wall that falls by DEEP within a pixel is not quite upright.
    leans = np.sin(np.arctan(DEEP) + np.radians(angle - 180)) / -np.cos(np.radians(angle))
    assert found == pytest.approx(leans * slit_pressure(0.15, angle, width * PIXEL), rel=1e-3)


def pit(radius: float) -> Array:
    """A round pit in pixels, DEEP, in three radii of flat wall."""
    y, x = np.mgrid[: 3 * radius, : 3 * radius] - (3 * radius - 1) / 2
    return np.where(x**2 + y**2 < radius**2, -float(DEEP), 0.0)


@pytest.mark.parametrize("radius", [4, 6, 9])
def test_a_round_pit_fills_at_the_pressure_of_its_area(radius: int) -> None:
    """As Washburn has it, for a circle of the area of its pixels.

    The rim is along sides and diagonals only, as that of an octagon: of many pixels it is
    8(√2 − 1)/π = 1.055 times a circle's, of these 0.98, 1.03 and 1.01.
    """
    wall = pit(radius)
    inside = wall < 0.0
    found = filling_pressure(
        wall * PIXEL, pixel=PIXEL, fraction=1 - inside.mean() + 0.5 / inside.size, tolerance=3e-3
    )
    even = np.sqrt(inside.sum() / np.pi)
    washburn = pore_pressure(0.15, 150.0, even * PIXEL)
    assert found == pytest.approx(washburn, rel=0.05)
    # A rim pixel with walls on two sides has one line along its diagonal; walls lean as in a slit.
    ends = [inside & (np.roll(~inside, 1, k) | np.roll(~inside, -1, k)) for k in (0, 1)]
    rim = np.hypot(*ends).sum() / (2 * np.pi * even)
    leans = np.sin(np.arctan(DEEP) - np.radians(30.0)) / np.cos(np.radians(30.0))
    assert found == pytest.approx(rim * leans * washburn, rel=3e-3)


@pytest.mark.parametrize("radius", [3, 6])
def test_a_round_pit_fills_between_two_bounds(radius: int) -> None:
    """A slit of its diameter fills before it; and no rim holds more than σ|cos θ| along its sides,
    which the outline of the pixels makes longer than a circle.
    """
    wall = pit(radius)
    inside = wall < 0.0
    found = filling_pressure(
        wall * PIXEL,
        pixel=PIXEL,
        fraction=1 - inside.mean() + 0.5 / inside.size,
    )
    rim = np.sum(np.diff(inside, axis=0)) + np.sum(np.diff(inside, axis=1))
    latest = -NAK.adhesion * rim / (inside.sum() * PIXEL / 100)
    assert slit_pressure(0.15, 150.0, 2 * radius * PIXEL) < found <= latest * 1.01


@pytest.mark.parametrize("slope", [40.0, 55.0, 75.0])
@pytest.mark.parametrize("resolution", [1, 2, 3])
def test_the_line_in_a_groove_stands_where_young_puts_it(slope: float, resolution: int) -> None:
    """A line on a slope α stands where sin(α + θ − 180°) = p x/σ, x the half-width left open."""
    period = 60 * resolution
    liquid = Liquid(0.15, 150.0)
    half = 12.3 * resolution * PIXEL
    hold = np.sin(np.radians(slope + liquid.angle - 180.0))
    pressure = liquid.surface_tension * hold / (half / 100)
    state = press(groove(period, slope) * PIXEL, pixel=PIXEL, liquid=liquid, pressure=pressure)
    open_pixels = (1 - state.fraction) * period
    # A line stands between pixels: within one of them on each side.
    assert abs(open_pixels - 2 * half / PIXEL) <= 2.0
    assert state.outcome is Outcome.converged


def test_a_groove_along_the_diagonal_holds_as_one_along_a_side() -> None:
    """Its period is 60/√2 pixels across; a pixel of diagonal steps stands for 1/√2 of a width."""
    slope, period = 55.0, 60
    y, x = np.mgrid[:period, :period]
    along = (x + y) % period
    wall = np.minimum(along, period - along) / np.sqrt(2) * np.tan(np.radians(slope))
    half = 12.0
    load = np.sin(np.radians(slope - 30.0)) / half / 4  # σ sin(…)/x, over 4σ/pixel
    steps = (1 - touched(wall, load).mean()) * period
    assert abs(steps / np.sqrt(2) - 2 * half) <= 2.0


def cone(slope: float, radius: int = 20) -> Array:
    """A conical pit in pixels, its tip in the middle."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(np.minimum(np.hypot(x, y), radius) * np.tan(np.radians(slope)))


def pyramid(slope: float, radius: int = 20) -> Array:
    """A square pit whose faces fall along y or x, in pixels."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(np.maximum(abs(x), abs(y)) * np.tan(np.radians(slope)))


@pytest.mark.parametrize("slope", [40.0, 55.0, 75.0])
@pytest.mark.parametrize("radius", [20, 40])
def test_the_line_in_a_cone_stands_where_young_puts_it(slope: float, radius: int) -> None:
    """A cap of mean curvature p/2σ on a slope α ends at r = 2σ sin(α + θ − 180°)/p."""
    half = 0.5 * radius
    load = 2 * np.sin(np.radians(slope - 30.0)) / half / 4  # over 4σ/pixel
    left = np.sqrt((~touched(cone(slope, radius), load)).sum() / np.pi)
    # A line stands between pixels.
    assert abs(left - half) <= 1.0


def test_a_sine_groove_against_its_own_equation() -> None:
    period, depth, load = 200, 100.0, 0.002
    x = np.arange(period)
    wall = np.tile(-depth * np.cos(2 * np.pi * x / period), (2, 1))
    fine = np.linspace(1e-3, period / 2, 200_001)
    slope = np.arctan(2 * np.pi / period * depth * np.sin(2 * np.pi * fine / period))
    hangs = np.arcsin(np.minimum(4 * load * fine, 1.0))
    # The liquid comes from the top: it stops at the first place, from there, that holds.
    stops = fine[slope - hangs >= np.radians(30.0)].max()
    # −cos has its bottom at column 0.
    assert abs((1 - touched(wall, load).mean()) * period - 2 * stops) <= 2.0


# limits


def test_a_flat_wall_is_touched_all_over() -> None:
    assert touched(np.zeros((5, 4)), 0.0).all()


@settings(max_examples=100, deadline=None)
@given(WALLS, ANGLES)
def test_a_high_pressure_fills_all(wall: Array, angle: float) -> None:
    assert touched(wall, 1.001, angle).all()


@settings(max_examples=100, deadline=None)
@given(WALLS, st.floats(0.0, 89.9))
def test_a_wetting_liquid_needs_no_pressure(wall: Array, angle: float) -> None:
    assert touched(wall, 0.0, angle).all()


def test_gentle_slopes_hold_no_void_and_steeper_ones_do() -> None:
    assert touched(groove(30, 29.0), 0.0).all()
    assert not touched(groove(30, 31.0), 0.0).all()


@pytest.mark.parametrize("slope", [23.0, 28.0])
@pytest.mark.parametrize("pit_of", [cone, pyramid])
def test_gentle_pits_hold_no_void(pit_of: Any, slope: float) -> None:
    """Where a wall rises on both sides of a pixel it has no slope across; 30° would hold."""
    assert touched(pit_of(slope), 0.0).all()
    assert not touched(pit_of(35.0), 0.0).all()


def test_without_pressure_and_adhesion_only_the_peak_is_touched() -> None:
    rng = np.random.default_rng(3)
    wall = rng.normal(size=(12, 12))
    found = touched(wall, 0.0, 180.0)
    assert found.sum() == 1
    assert found.ravel()[wall.argmax()]


# what must hold for every wall


def test_a_pixel_at_the_foot_of_two_peaks_settles() -> None:
    """The higher one bears all it can, the lower one the rest: the surface hangs above the foot."""
    wall = np.array([[0.0, 3.0, 3.0, 1.0]])
    load = 0.92  # σ/pixel; the sides bear 0.663 and up to 0.259
    state = press(wall * PIXEL, pixel=PIXEL, pressure=load / 4 * FULL)
    assert state.outcome is Outcome.converged
    assert np.array_equal(state.contact, wall > 0.0)
    rest = load - np.sin(np.arctan(3.0) - np.radians(30.0))
    # A sweep takes away half of what is left, so what still moves by STILL is within twice that.
    hangs = 1.0 - np.tan(np.arcsin(rest))
    assert state.gap[0, 0] / PIXEL == pytest.approx(hangs, abs=2 * meniscus.STILL)


@settings(max_examples=200, deadline=None)
@given(WALLS, LOADS, LOADS, ANGLES)
def test_more_pressure_touches_more(wall: Array, one: float, two: float, angle: float) -> None:
    low, high = sorted((one, two))
    assert not np.any(touched(wall, low, angle) & ~touched(wall, high, angle))


@settings(max_examples=200, deadline=None)
@given(WALLS, LOADS, ANGLES, ANGLES)
def test_a_larger_angle_touches_less(wall: Array, load: float, one: float, two: float) -> None:
    small, large = sorted((one, two))
    assert not np.any(touched(wall, load, large) & ~touched(wall, load, small))


@settings(max_examples=100, deadline=None)
@given(WALLS, LOADS, ANGLES, st.integers(0, 6), st.integers(0, 7))
def test_shifting_and_turning_a_wall_shifts_and_turns_its_map(
    wall: Array, load: float, angle: float, down: int, across: int
) -> None:
    # Equal peaks are told apart by their place, so let there be none.
    wall = wall + 1e-3 * np.arange(wall.size).reshape(wall.shape) / wall.size
    found = touched(wall, load, angle)
    moved = np.roll(wall, (down, across), (0, 1))
    assert np.array_equal(touched(moved, load, angle), np.roll(found, (down, across), (0, 1)))
    assert np.array_equal(touched(wall.T.copy(), load, angle), found.T)


@settings(max_examples=100, deadline=None)
@given(WALLS, LOADS, ANGLES)
def test_mirrors_stand_for_the_mirrored_wall(wall: Array, load: float, angle: float) -> None:
    twice = np.block([[wall, wall[:, ::-1]], [wall[::-1], wall[::-1, ::-1]]])
    found = touched(wall, load, angle, "mirror")
    assert np.array_equal(touched(twice, load, angle)[: wall.shape[0], : wall.shape[1]], found)


@pytest.fixture(scope="module")
def rough() -> Array:
    """A wall (cm) with slopes on both sides of 30°: a smooth Gaussian field of 40² pixels."""
    rng = np.random.default_rng(11)
    k = np.fft.fftfreq(40)
    low = np.exp(-(12.0**2) * (k[:, None] ** 2 + k[None, :] ** 2))
    field = np.fft.ifft2(low * np.fft.fft2(rng.normal(size=(40, 40)))).real
    return np.asarray(4.0 * PIXEL * field / field.std())


def test_only_pressure_over_tension_and_shape_matter(rough: Array) -> None:
    given_ = press(rough, pixel=PIXEL, liquid=Liquid(0.15, 150.0), pressure=2e6)
    weaker = press(rough, pixel=PIXEL, liquid=Liquid(0.075, 150.0), pressure=1e6)
    larger = press(8 * rough, pixel=8 * PIXEL, liquid=Liquid(0.15, 150.0), pressure=2e6 / 8)
    assert 0.05 < given_.fraction < 0.99
    assert np.array_equal(given_.contact, weaker.contact)
    assert np.array_equal(given_.contact, larger.contact)
    np.testing.assert_allclose(larger.gap, 8 * given_.gap, rtol=1e-9)


def test_a_curve_finds_the_same_as_each_pressure_alone(rough: Array) -> None:
    pressures = (5e6, 1e6, 2e6)
    curve = pressure_curve(rough, pixel=PIXEL, pressures=pressures)
    for pressure, state in zip(pressures, curve, strict=True):
        assert state.pressure == pressure
        alone = press(rough, pixel=PIXEL, pressure=pressure)
        assert np.array_equal(state.contact, alone.contact)


def test_the_meniscus_hangs_by_its_equation(rough: Array) -> None:
    pressure = 2e6
    state = press(rough, pixel=PIXEL, pressure=pressure)
    surface = (rough + state.gap) / PIXEL
    inner = ~state.contact
    pull = np.zeros_like(surface)
    for axis in (0, 1):
        for step in (1, -1):
            rise = np.roll(surface, step, axis) - surface
            pull += rise / np.sqrt(1 + rise**2)  # sin ψ of one side
            inner &= ~np.roll(state.contact, step, axis)
    assert inner.sum() > 10
    load = pressure * PIXEL / 100 / NAK.surface_tension
    # The relaxation ends when no pixel moves by more than STILL, that is relaxation/4 · the miss;
    # pixels after it in the same sweep move once more: 4 neighbours.
    miss = (4 / meniscus.RELAXATION + 4) * meniscus.STILL
    np.testing.assert_allclose(pull[inner], load, atol=miss)
    assert np.all(state.gap[~state.contact] > 0.0)
    assert np.all(state.gap[state.contact] == 0.0)


def test_filling_pressure_is_where_the_fraction_is_reached(rough: Array) -> None:
    for fraction in (0.9, 1.0):
        found = filling_pressure(rough, pixel=PIXEL, fraction=fraction, tolerance=1e-3)
        assert press(rough, pixel=PIXEL, pressure=found).fraction >= fraction
        assert press(rough, pixel=PIXEL, pressure=found / 1.002).fraction < fraction
    assert filling_pressure(np.zeros((4, 4)), pixel=PIXEL) == 0.0


def test_the_last_digit_ends_a_filling_pressure(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, asked = np.zeros((2, 2)), 1234567.891

    def gives_way(*_: Any, pressure: float, **__: Any) -> wetting.Wetting:
        contact = np.full((2, 2), pressure >= asked)
        settled = Outcome.converged
        return wetting.Wetting(
            contact, wall, pressure, settled, wall, PIXEL, "periodic", Liquid(0.15, 150.0)
        )

    monkeypatch.setattr(wetting, "press", gives_way)
    assert filling_pressure(wall, pixel=PIXEL, tolerance=1e-17) == asked


def test_a_filling_pressure_is_not_read_off_a_meniscus_that_still_moves(
    rough: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meniscus, "SWEEPS", 3)
    with pytest.raises(SettingsError, match=r"fraction: expected a meniscus that settles"):
        filling_pressure(rough, pixel=PIXEL)


def test_the_height_of_the_whole_wall_is_no_matter(rough: Array) -> None:
    # Rounded to the digits that an offset of 1e9 pixels leaves.
    high = rough + 1e9 * PIXEL
    found = press(high, pixel=PIXEL, pressure=2e6)
    same = press(high - high.max(), pixel=PIXEL, pressure=2e6)
    assert found.outcome is Outcome.converged
    assert np.array_equal(found.contact, same.contact)
    np.testing.assert_array_equal(found.gap, same.gap)


def test_answers_are_compared_as_what_they_are(rough: Array) -> None:
    one, other = (press(rough, pixel=PIXEL, pressure=2e6) for _ in range(2))
    assert one != other
    assert len({one, other}) == 2


def test_a_meniscus_that_still_moves_is_said_so(
    rough: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meniscus, "SWEEPS", 3)
    assert press(rough, pixel=PIXEL, pressure=2e6).outcome is Outcome.max_steps


# what cannot be


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"heights": np.full((3, 3), np.nan)}, "heights: expected finite"),
        ({"heights": np.zeros(3)}, "heights: expected a map"),
        ({"heights": np.zeros((0, 3))}, "heights: expected a map"),
        ({"pixel": 0.0}, "pixel: expected one number above 0"),
        ({"surface_tension": -0.1}, "surface_tension: expected one number above 0"),
        ({"surface_tension": np.nan}, "surface_tension: expected one number above 0"),
        ({"angle": 181.0}, "angle: expected 0 to 180"),
        ({"pressure": -1.0}, "pressure: expected 0 or more"),
        ({"pressure": np.nan}, "pressure: expected 0 or more"),
        ({"sides": "open"}, "sides: expected one of"),
        ({"heights": [[0.0, 1.0], [2.0]]}, "heights: expected rows of one length"),
        ({"heights": [["a", "b"]]}, "heights: expected a map"),
        ({"pixel": "fine"}, "pixel: expected one number above 0"),
        ({"pressure": None}, "pressure: expected 0 or more"),
        ({"pressure": "x"}, "pressure: expected 0 or more"),
        ({"pressure": [1e5, 1e7]}, "pressure: expected 0 or more"),
        ({"surface_tension": "a"}, "surface_tension: expected one number"),
        ({"angle": "steep"}, "angle: expected 0 to 180"),
        ({"angle": np.nan}, "angle: expected 0 to 180"),
        ({"sides": np.array(["periodic", "mirror"])}, "sides: expected one of"),
        ({"heights": np.eye(3), "pixel": 1e-310}, r"heights: expected at most 1e\+08 pixels"),
        ({"heights": np.eye(3) * 1e308}, r"heights: expected at most 1e\+08 pixels"),
        ({"heights": np.array([[1e308, -1e308]])}, r"heights: expected at most 1e\+08 pixels"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(changed: dict[str, Any], words: str) -> None:
    usual: dict[str, Any] = {
        "heights": np.zeros((3, 3)),
        "pixel": PIXEL,
        "surface_tension": 0.15,
        "angle": 150.0,
        "pressure": 1e5,
    }
    with pytest.raises(SettingsError, match=words):
        contact_map(**{**usual, **changed})


def test_other_numbers_out_of_range_are_refused(rough: Array) -> None:
    with pytest.raises(SettingsError, match="radius: expected lengths above 0"):
        pore_pressure(0.15, 150.0, [1e-4, 0.0])
    with pytest.raises(SettingsError, match="roughness: expected 1 or more"):
        wenzel_angle(120.0, 0.9)
    with pytest.raises(SettingsError, match="fraction: expected 0 to 1"):
        cassie_angle(120.0, 1.1)
    with pytest.raises(SettingsError, match="less than the roughness"):
        transition_angle(1.0, 1.0)
    with pytest.raises(SettingsError, match="fraction: expected 0 to 1"):
        filling_pressure(rough, pixel=PIXEL, fraction="x")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="tolerance: expected one number above 0"):
        filling_pressure(rough, pixel=PIXEL, tolerance=0.0)
    with pytest.raises(SettingsError, match="pressures: expected a list"):
        pressure_curve(rough, pixel=PIXEL, pressures=1e5)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="pressure: expected 0 or more"):
        pressure_curve(rough, pixel=PIXEL, pressures=["x"])  # type: ignore[list-item]
    for call in (press, filling_pressure):
        given_: dict[str, Any] = {"pixel": PIXEL, "liquid": 0.15}
        given_ |= {"pressure": 1e5} if call is press else {}
        with pytest.raises(SettingsError, match="liquid: expected a Liquid"):
            call(rough, **given_)
    with pytest.raises(SettingsError, match="radius: expected lengths above 0"):
        pore_pressure(0.15, 150.0, "wide")
    for tiny in (1e-323, [1e-4, 1e-323]):
        with pytest.raises(SettingsError, match="radius: expected lengths whose pressure is a"):
            pore_pressure(0.15, 150.0, tiny)
    with pytest.raises(SettingsError, match="start: expected a Wetting, found 5"):
        press(rough, pixel=PIXEL, pressure=1e5, start=5)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="pixel: expected 4σ/pixel to be a number"):
        filling_pressure(np.zeros((3, 3)), pixel=1e-310)


# where a pressure may start from


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pressure": 1e6}, "start: expected 1e.06 Pa or less"),
        ({"heights": np.zeros((40, 40))}, "found other heights"),
        ({"heights": np.zeros((3, 3))}, "found other heights"),
        ({"pixel": 2 * PIXEL}, "found other pixel"),
        ({"liquid": Liquid(0.15, 149.0)}, "found other liquid"),
        ({"liquid": Liquid(0.16, 150.0)}, "found other liquid"),
        ({"sides": "mirror"}, "found other sides"),
    ],
)
def test_a_start_of_another_wall_or_liquid_is_refused(
    rough: Array, changed: dict[str, Any], words: str
) -> None:
    state = press(rough, pixel=PIXEL, pressure=5e6)
    usual: dict[str, Any] = {"heights": rough, "pixel": PIXEL, "pressure": 6e6, "start": state}
    assert press(**usual).fraction > state.fraction
    with pytest.raises(SettingsError, match=words):
        press(**{**usual, **changed})


def test_a_wall_that_is_changed_later_is_another_wall(rough: Array) -> None:
    wall = rough.copy()
    state = press(wall, pixel=PIXEL, pressure=5e6)
    wall[0, 0] += PIXEL
    with pytest.raises(SettingsError, match="found other heights"):
        press(wall, pixel=PIXEL, pressure=6e6, start=state)


def test_a_start_that_had_not_settled_changes_nothing(
    rough: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(meniscus, "SWEEPS", 30)
        before = press(rough, pixel=PIXEL, pressure=1e6)
    assert before.outcome is Outcome.max_steps
    alone = press(rough, pixel=PIXEL, pressure=2e6)
    found = press(rough, pixel=PIXEL, pressure=2e6, start=before)
    assert np.array_equal(found.contact, alone.contact)


# gas in the voids, interruption, speed


def test_a_tenth_of_a_megapascal_is_no_least_pressure(rough: Array) -> None:
    """Below it contact goes on falling; without excess a wall as steep as this is nearly dry."""
    steep = 4.0 * rough
    low = pressure_curve(steep, pixel=PIXEL, pressures=[0.0, 1e4, 1e5])
    fractions = [state.fraction for state in low]
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.5 * press(steep, pixel=PIXEL, pressure=PRESSURES[1]).fraction


def test_a_run_hears_and_stops_a_meniscus(rough: Array) -> None:
    heard: list[tuple[str, int, int]] = []
    run = Run(progress=lambda *said: heard.append(said))
    state = press(rough, pixel=PIXEL, pressure=2e6, run=run)
    done = [now for _, now, _ in heard]
    assert {(stage, total) for stage, _, total in heard} == {("meniscus", rough.size)}
    assert done == sorted(done)
    assert done[-1] == state.contact.sum()
    asked = iter([False] * 3)
    stop = Run(cancelled=lambda: next(asked, True))
    with pytest.raises(Cancelled, match="meniscus: stopped"):
        press(rough, pixel=PIXEL, pressure=2e6, run=stop)
    for call in (pressure_curve, filling_pressure):
        with pytest.raises(Cancelled):
            call(rough, pixel=PIXEL, run=Run(cancelled=lambda: True))


@settings(max_examples=100, deadline=None)
@given(WALLS, LOADS, ANGLES)
def test_marking_early_touches_what_relaxing_alone_touches(
    wall: Array, load: float, angle: float
) -> None:
    """The rule itself: relax to the end, then mark, and again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meniscus, "PLUNGE", 0)
        alone = touched(wall, load, angle)
    assert np.array_equal(touched(wall, load, angle), alone)
