"""Voids in time: volume is kept where the law keeps it, steps converge, merging has its price."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from anodescope.contact import constriction, evolving, void_flows
from anodescope.contact.evolving import Cap, Laws, Pancake, Voids, contact_map, step
from anodescope.errors import SettingsError

FACE = (100.0, 80.0)
SHAPES = [Cap(), Cap(130.0), Cap(50.0), Pancake(0.3)]
ROUNDING = 1e-12  # some ten thousand roundings of a sum of a few voids


def scattered(
    count: int = 12, seed: int = 0, shape: Any = None, volumes: tuple[float, float] = (1.0, 2.0)
) -> Voids:
    rng = np.random.default_rng(seed)
    positions = rng.random((count, 2)) * FACE
    return Voids(FACE, positions, rng.uniform(*volumes, count), shape or Cap(), seed=seed)


def later(state: Voids, laws: Laws, steps: int, duration: float = 1.0) -> Voids:
    for _ in range(steps):
        state = step(state, duration / steps, laws)
    return state


def orders(state: Voids, laws: Laws, reference: np.ndarray, steps: tuple[int, ...]) -> np.ndarray:
    """Return the measured order between each number of steps and its double."""
    errors = [np.abs(later(state, laws, n).volumes - reference).max() for n in steps]
    return np.log2(np.asarray(errors[:-1]) / errors[1:])


@pytest.mark.parametrize("shape", SHAPES)
def test_radius_and_volume_are_each_others_inverse(shape: evolving.Shape) -> None:
    radii = np.asarray([1e-5, 1e-3, 2.0])
    assert shape.radius(shape.volume(radii)) == pytest.approx(radii, rel=1e-12)


def test_the_depth_of_a_shape_holds_its_volume() -> None:
    # Depth over the base is single-valued while the void does not overhang: angles of 90 and more.
    away = (np.arange(20_000) + 0.5) / 20_000 * 0.7
    for shape in (Cap(90.0), Cap(130.0), Cap(175.0), Pancake(0.3)):
        held = np.sum(shape.depth(0.7, away) * 2.0 * np.pi * away) * 0.7 / 20_000
        # The midpoint rule on a rim as steep as a square root: order 3/2.
        assert held == pytest.approx(float(shape.volume(np.asarray(0.7))), rel=20_000**-1.5)


def test_a_half_ball_and_a_flat_cap_are_known() -> None:
    assert float(Cap(90.0).volume(np.asarray(3.0))) == pytest.approx(2.0 / 3.0 * np.pi * 27.0)
    # As the angle nears 180 the cap becomes a paraboloid of height a·(π − θ)/2 and half a cylinder.
    small = np.radians(0.1)
    flat = np.pi * (small / 2.0) / 2.0
    assert float(Cap(179.9).volume(np.asarray(1.0))) == pytest.approx(flat, rel=small**2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0), st.sampled_from(SHAPES), st.floats(0.01, 1.0))
def test_merging_keeps_the_volume_and_never_adds_a_void(
    seed: int, rate: float, shape: Any, duration: float
) -> None:
    state = scattered(30, seed, shape)
    after = later(state, Laws(coarsening=rate), 8, duration)
    assert after.total_volume == pytest.approx(state.total_volume, rel=ROUNDING)
    assert after.volumes.size <= state.volumes.size
    assert np.all(after.volumes > 0.0)
    assert after.time == pytest.approx(duration)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(-1e-2, 1e-2), st.floats(0.0, 1.0))
def test_a_flux_adds_its_volume_to_rounding(seed: int, flux: float, rate: float) -> None:
    state = scattered(10, seed)
    after = later(state, Laws(flux=flux, coarsening=rate), 16)
    expected = state.total_volume + flux * state.area
    assert after.total_volume == pytest.approx(max(expected, 0.0), rel=ROUNDING, abs=ROUNDING)
    assert (after.volumes.size == 0) == (expected <= 0.0)


def test_a_flux_waits_for_a_void_and_a_reverse_flux_takes_it_back() -> None:
    empty = Voids.none(FACE)
    waiting = later(empty, Laws(flux=1e-3), 4)
    assert waiting.volumes.size == 0
    assert waiting.waiting == pytest.approx(1e-3 * empty.area)
    seeded = replace(waiting, positions=np.zeros((1, 2)), volumes=np.asarray([1.0]))
    assert later(seeded, Laws(flux=1e-3), 1).volumes == pytest.approx([1.0 + 2e-3 * empty.area])
    assert later(waiting, Laws(flux=-2e-3), 4).total_volume == 0.0


@pytest.mark.parametrize("shape", [Cap(), Pancake(0.3)])
def test_the_order_in_time_is_two_while_voids_only_change_size(shape: Any) -> None:
    state = scattered(6, 3, shape)
    laws = Laws(coarsening=0.3, flux=2e-5, healing=0.01, coalescence=False)
    unit = 3.0 if isinstance(shape, Cap) else 2.0

    def rate(_: float, volumes: np.ndarray) -> np.ndarray:
        a = shape.radius(volumes)
        return (
            0.3 * (a / a.mean() - 1) + 2e-5 * state.area * a / a.sum() - 0.01 * unit * volumes / a
        )

    exact = solve_ivp(rate, (0.0, 1.0), state.volumes, rtol=1e-12, atol=1e-13).y[:, -1]
    # The next term of the error is one order of the step higher: 1/8 of the step at most here.
    assert orders(state, laws, exact, (8, 16, 32, 64)) == pytest.approx(2.0, abs=0.125)


def followed(state: Voids, duration: float, rate: float) -> np.ndarray:
    """Volumes by another solver that stops where each void vanishes; 0 for those."""
    volumes, where, now = state.volumes.copy(), np.arange(state.volumes.size), 0.0
    gone = 1e-9 * volumes.mean()

    def change(_: float, y: np.ndarray) -> np.ndarray:
        radii = state.shape.radius(np.maximum(y, 0.0))
        return np.asarray(rate * (radii / radii.mean() - 1.0))

    def vanishes(_: float, y: np.ndarray) -> float:
        return float(y.min()) - gone

    vanishes.terminal = True  # type: ignore[attr-defined]
    while volumes.size > 1 and now < duration:
        answer = solve_ivp(
            change, (now, duration), volumes, rtol=1e-10, atol=1e-3 * gone, events=vanishes
        )
        now, volumes = answer.t[-1], answer.y[:, -1]
        alive = volumes > 1.001 * gone
        volumes, where = volumes[alive], where[alive]
    result = np.zeros(state.volumes.size)
    result[where] = volumes
    return result


@pytest.mark.parametrize("shape", [Cap(), Pancake(0.3)])
@pytest.mark.parametrize("duration", [0.3, 10.0, 100.0])
def test_one_long_merge_is_as_good_as_many_short_ones(shape: Any, duration: float) -> None:
    state = scattered(30, 1, shape, (0.5, 2.0))
    exact = followed(state, duration, 1.0)
    exact = exact[exact > 0.0]
    assert (exact.size < 30) == (duration > 0.3)
    for steps in (1, 64):
        after = state
        for _ in range(steps):
            after = evolving.merge(after, duration / steps, 1.0)
        assert after.volumes.size == exact.size
        # What `merge` promises: 1 % of the mean volume.
        assert np.abs(after.volumes - exact).max() <= 0.01 * exact.mean()
        assert after.total_volume == pytest.approx(state.total_volume, rel=ROUNDING)


def test_a_merge_without_end_leaves_one_void_and_costs_no_more_for_being_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[float] = []
    plain_substep = void_flows._substep

    def counting(*arguments: Any) -> float:
        counted.append(plain_substep(*arguments))
        return counted[-1]

    monkeypatch.setattr(void_flows, "_substep", counting)
    costs = []
    for duration in (1e6, 1e12):
        counted.clear()
        assert evolving.merge(scattered(30), duration, 1.0).volumes.size == 1
        costs.append(len(counted))
    assert costs[0] == costs[1]
    counted.clear()
    for spread in (0.0, 1e-15):
        alike = Voids(FACE, np.zeros((3, 2)), np.asarray([1.0, 1.0, 1.0 + spread]))
        assert np.array_equal(evolving.merge(alike, 1e12, 1.0).volumes, alike.volumes)
    assert not counted


@pytest.mark.parametrize("excess", [1e-11, 1e-6])
def test_one_slightly_wider_void_among_many_takes_all_in_the_end(excess: float) -> None:
    volumes = np.ones(300)
    volumes[7] += excess
    state = Voids(FACE, np.zeros((300, 2)), volumes)
    assert evolving.merge(state, 1e9, 1.0).volumes == pytest.approx([300.0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(SHAPES), st.floats(-0.999, 1e4))
def test_one_long_growth_is_many_short_ones(seed: int, shape: Any, part: float) -> None:
    state = scattered(12, seed, shape, (0.05, 2.0))
    flux = part * state.total_volume / state.area
    many = state
    for _ in range(16):
        many = evolving.grow(many, 1.0 / 16, flux)
    one = evolving.grow(state, 1.0, flux)
    # Exact but for rounding of the volumes there were; where all shrink, of those that stay.
    assert one.total_volume == pytest.approx((1.0 + part) * state.total_volume, rel=1e-11)
    largest = max(state.volumes.max(), one.volumes.max())
    shortest = min(one.volumes.size, many.volumes.size)
    for these in (one, many):
        assert np.sort(these.volumes)[:-shortest].sum() <= 1e-9 * largest
    pairs = zip(np.sort(one.volumes)[::-1], np.sort(many.volumes)[::-1], strict=False)
    assert all(abs(here - there) <= 1e-9 * largest for here, there in pairs)


def test_growth_follows_the_law_it_solves() -> None:
    # Squares of the radii of caps grow alike, and so do the radii of pancakes.
    for shape, power in ((Cap(130.0), 2), (Pancake(0.3), 1)):
        state = scattered(8, 2, shape, (0.5, 5.0))
        gained = evolving.grow(state, 3.0, 0.01).radii ** power - state.radii**power
        assert gained == pytest.approx(np.full(8, gained[0]), rel=1e-10)


def lsw(count: int) -> np.ndarray:
    """Radii (over the mean) at even quantiles of the Lifshitz–Slyozov–Wagner distribution."""
    u = np.linspace(0.0, 1.5, 100_001)[:-1]
    density = (4 / 9 * u**2 * (3 / (3 + u)) ** (7 / 3) * (1.5 / (1.5 - u)) ** (11 / 3)) * np.exp(
        -u / (1.5 - u)
    )
    share = np.cumsum(density)
    return np.interp((np.arange(count) + 0.5) / count, share / share[-1], u)


def test_many_voids_coarsen_as_lifshitz_slyozov_and_wagner_found() -> None:
    # With K = 27 g/4 the law says ā³ = 1 + t and a number that falls as 1/(1 + t).
    shape, count, steps = Cap(130.0), 4000, 8
    volumes = shape.volume(lsw(count))
    state = Voids(FACE, np.zeros((count, 2)), volumes, shape)
    laws = Laws(coarsening=27.0 / 4.0 * float(shape.volume(np.asarray(1.0))), coalescence=False)
    after = later(state, laws, steps, 4.0)
    # What `merge` promises, and the quantiles stand for the distribution to 1/√count at worst.
    tolerance = 0.01 + 1.0 / np.sqrt(count)
    assert after.radii.mean() ** 3 == pytest.approx(5.0, rel=tolerance)
    assert after.volumes.size == pytest.approx(count / 5.0, rel=tolerance)
    assert after.total_volume == pytest.approx(state.total_volume, rel=ROUNDING)


def test_healing_moves_the_rim_exactly_and_closes_small_voids_first() -> None:
    state = Voids(FACE, [[10, 10], [40, 40]], Cap().volume(np.asarray([0.5, 2.0])))  # type: ignore[arg-type]
    after = later(state, Laws(healing=1.0), 7)
    assert after.radii == pytest.approx([1.0], rel=1e-12)
    assert after.positions == pytest.approx(np.asarray([[40.0, 40.0]]))
    assert later(state, Laws(healing=1.0), 40, 2.5).contact_fraction == 1.0


def test_bases_that_touch_become_one_at_their_centre_through_the_side_too() -> None:
    volumes = Cap().volume(np.asarray([2.0, 1.0]))
    near = Voids(FACE, [[50.0, 1.0], [50.0, 78.5]], volumes)  # type: ignore[arg-type]
    one = evolving.coalesced(near)
    # 2.5 apart through the side, volumes as 8 to 1.
    assert one.positions == pytest.approx(np.asarray([[50.0, 1.0 - 2.5 / 9.0]]))
    assert one.volumes == pytest.approx([volumes.sum()], rel=ROUNDING)
    apart = Voids(FACE, [[50.0, 1.0], [50.0, 77.9]], volumes)  # type: ignore[arg-type]
    assert evolving.coalesced(apart).volumes.size == 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(SHAPES), st.floats(0.1, 30.0))
def test_after_coalescing_no_two_bases_touch(seed: int, shape: Any, largest: float) -> None:
    state = scattered(60, seed, shape, (0.05, largest))
    after = evolving.coalesced(state)
    assert after.total_volume == pytest.approx(state.total_volume, rel=ROUNDING)
    way = after.positions[:, None] - after.positions
    way -= np.asarray(FACE) * np.rint(way / np.asarray(FACE))
    gaps = np.hypot(way[..., 0], way[..., 1]) - after.radii[:, None] - after.radii
    pairs = gaps[np.triu_indices(len(after.radii), 1)]
    assert pairs.size == 0 or pairs.min() > 0.0


@given(st.floats(0.0, 100.0))
def test_a_pair_at_any_two_sides_of_an_edge_merges_onto_the_face(down: float) -> None:
    pair = Voids((100.0, 100.0), np.asarray([[down, 0.0], [100.0 - down, 0.0]]), np.ones(2))
    after = evolving.coalesced(pair)
    assert np.all((after.positions >= 0.0) & (after.positions < 100.0))
    if after.volumes.size == 1:
        away = min(after.positions[0, 0], 100.0 - after.positions[0, 0])
        assert min(away, abs(after.positions[0, 0] - 50.0)) <= 1e-12


def test_a_tiny_negative_place_is_on_the_face() -> None:
    state = Voids((100.0, 100.0), np.asarray([[-1e-20, 0.0], [50.0, 50.0]]), np.ones(2))
    assert np.array_equal(evolving.coalesced(state).positions, [[0.0, 0.0], [50.0, 50.0]])


@pytest.mark.parametrize("angle", [20.0, 60.0, 89.9])
def test_caps_that_overhang_touch_by_their_bellies(angle: float) -> None:
    shape = Cap(angle)
    radii = np.asarray([2.0, 0.7])
    # Balls of radius a/sin θ with their middles a/tan θ above the face.
    balls, heights = radii / np.sin(np.radians(angle)), radii / np.tan(np.radians(angle))
    reach = np.sqrt(balls.sum() ** 2 - (heights[0] - heights[1]) ** 2)
    assert reach > radii.sum()
    for factor, left in ((0.999, 1), (1.001, 2)):
        places = np.asarray([[0.0, 0.0], [0.0, reach * factor]])
        state = Voids(FACE, places, shape.volume(radii), shape)
        assert evolving.coalesced(state).volumes.size == left
    # A void that is small against the belly stands under it, up to the base.
    assert float(shape.touching(np.asarray(2.0), np.asarray(0.0))) == pytest.approx(2.0)


def test_a_contact_fraction_is_never_below_zero() -> None:
    crowd = Voids((1.0, 1.0), np.zeros((9, 2)), Cap().volume(np.full(9, 0.5)))
    assert crowd.contact_fraction == 0.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 100), st.floats(0, 80))
def test_where_the_face_starts_does_not_matter(seed: int, down: float, right: float) -> None:
    state = scattered(40, seed, volumes=(1.0, 30.0))
    moved = replace(state, positions=state.positions + np.asarray([down, right]))
    laws = Laws(flux=0.01, coarsening=1.0)
    here, there = later(state, laws, 4), later(moved, laws, 4)
    # Rounding of the positions decides no touch but by chance below 1e-9 of the radii.
    assert there.volumes == pytest.approx(here.volumes, rel=1e-9)


def test_births_do_not_depend_on_how_time_is_cut() -> None:
    laws = Laws(nucleation=2e-3, nucleus=1e-6, coalescence=False)
    one, many = (later(Voids.none(FACE, seed=5), laws, n, 3.0) for n in (1, 257))
    assert one.born == many.born > 10
    assert np.array_equal(one.positions, many.positions)
    assert np.array_equal(one.volumes, many.volumes)


@pytest.mark.parametrize("volume", [1e-3, 1.0, 300.0])
def test_births_are_those_that_meet_no_base_one_after_another(volume: float) -> None:
    start = scattered(20, 4, None, (1.0, 200.0))
    after = evolving.nucleate(start, 1.0, 0.05, volume)
    assert after.born > 300
    exposure, places, radii = 0.05 * start.area, list(start.positions), list(start.radii)
    for born in range(after.born):
        stream = np.random.default_rng((start.seed, born))
        exposure -= stream.exponential()
        place = stream.random(2) * FACE
        way = np.asarray(places) - place
        way -= np.asarray(FACE) * np.rint(way / np.asarray(FACE))
        if np.all(np.hypot(way[:, 0], way[:, 1]) >= radii):
            places.append(place)
            radii.append(float(start.shape.radius(np.asarray(volume))))
    assert len(places) < 20 + after.born
    assert after.exposure == pytest.approx(exposure, abs=1e-9)
    assert np.array_equal(after.positions, places)


def test_births_are_a_poisson_process_of_the_contact_only() -> None:
    # One pancake covers a known part of the face; nuclei are too small to cover any.
    cover = Pancake(1.0)
    state = Voids((1.0, 1.0), np.asarray([[0.5, 0.5]]), np.asarray([0.4]), cover)
    counts = [
        evolving.nucleate(replace(state, seed=seed), 2.0, 20.0, 1e-14).volumes.size - 1
        for seed in range(400)
    ]
    expected = 20.0 * 2.0 * 0.6
    error = np.sqrt(expected / 400)
    assert abs(np.mean(counts) - expected) <= 4.0 * error
    # The variance of a Poisson count is its mean; that of a sample of it has this spread.
    assert abs(np.var(counts, ddof=1) / expected - 1.0) <= 4.0 * np.sqrt(2.0 / 400)


def test_the_same_state_gives_the_same_bits_and_is_not_changed() -> None:
    laws = Laws(nucleation=1e-2, nucleus=1e-3, flux=1e-3, coarsening=0.1, healing=0.01)
    state = scattered(20)
    before = state.volumes.copy()
    one, other = later(state, laws, 10), later(state, laws, 10)
    assert np.array_equal(one.volumes, other.volumes)
    assert np.array_equal(one.positions, other.positions)
    assert np.array_equal(state.volumes, before)
    with pytest.raises(ValueError, match="read-only"):
        state.volumes[0] = 3.0


def test_a_state_leaves_the_arrays_of_the_user_alone() -> None:
    places, volumes = np.zeros((1, 2)), np.ones(1)
    state = Voids(FACE, places, volumes)
    places[0, 0], volumes[0] = 5.0, 7.0
    assert state.positions[0, 0] == 0.0
    assert state.volumes[0] == 1.0


def test_equal_voids_do_not_coarsen_and_unequal_ones_do() -> None:
    equal = Voids.regular(FACE, (4, 4), volume=1.0)
    assert np.array_equal(evolving.merge(equal, 100.0, 1.0).volumes, equal.volumes)
    assert evolving.merge(scattered(16), 100.0, 1.0).volumes.size < 16


@pytest.mark.parametrize("shape", [Cap(130.0), Pancake(0.3)])
def test_the_map_of_a_state_has_its_contact_fraction(shape: Any) -> None:
    state = evolving.coalesced(scattered(25, 2, shape, (10.0, 60.0)))
    errors = []
    for pixel in (1.0, 0.5, 0.25):
        map_ = contact_map(state, pixel=pixel)
        assert map_.shape == (100 / pixel, 80 / pixel)
        outline = 2.0 * np.pi * state.radii.sum()
        errors.append(abs(map_.mean() - state.contact_fraction) * state.area / (outline * pixel))
    # A pixel on the outline is right or wrong as a whole; the outline crosses 4/π pixels a length.
    assert max(errors) <= 4.0 / np.pi / 2.0


def test_the_depth_of_the_map_is_that_of_the_void() -> None:
    shape = Cap(130.0)
    state = Voids((8.0, 8.0), np.asarray([[0.5, 0.5]]), shape.volume(np.asarray([3.0])), shape)
    depth = evolving.void_depth(state, pixel=1.0)
    assert depth[0, 0] == pytest.approx(3.0 * shape.steepness)
    assert depth[0, 7] == depth[7, 0] == pytest.approx(float(shape.depth(3.0, np.asarray(1.0))))
    # The four pixels at the very rim have no height, and are not in contact.
    assert np.array_equal(contact_map(state, pixel=1.0), depth == 0.0)
    assert 0.0 < depth[0, 3] < 1e-300
    assert depth[4, 4] == 0.0


def cost(state: Voids, pixel: float) -> float:
    """Constriction (Ω·cm²) at zero frequency with perfect contact."""
    found = constriction(
        contact_map(state, pixel=pixel),
        pixel=pixel,
        thickness=2.0,
        conductivity=1e-3,
        fields=False,
        tolerance=1e-8,
    )
    return float(found.constriction)


@pytest.mark.parametrize("radius", [0.05, 0.1])
def test_sparse_voids_cost_four_thirds_of_their_radius_cubed(radius: float) -> None:
    # A blocked disc in a face at one potential is a penny-shaped crack (Sneddon 1946): the
    # potential there is (2/π)(i/κ)√(a² − r²), its mean over the face 4 n a³/(3κ) per current.
    shape = Cap()
    state = Voids.regular((1.0, 1.0), (1, 1), volume=float(shape.volume(np.asarray(radius))))
    costs = [cost(state, 1.0 / n) for n in (128, 256)]
    exact = 4.0 * radius**3 / (3.0 * 1e-3)
    cover = np.pi * radius**2
    # Neighbours one side away add of the order of cover^(3/2). Pixels cut the radius to half a
    # pixel at worst, which counts three times, and smooth the field by as much again.
    for n, found in zip((128, 256), costs, strict=True):
        assert abs(found / exact - 1.0) <= cover**1.5 + 2.0 / (n * radius)


def merged(shape: Any, radius: float) -> tuple[Voids, Voids]:
    """Sixteen equal voids, and four of the same total volume."""
    volume = float(shape.volume(np.asarray(radius)))
    few, many = ((2, 2), volume * 4.0), ((4, 4), volume)
    states = [
        Voids.regular((1.0, 1.0), count, volume=each, shape=shape) for count, each in (many, few)
    ]
    return states[0], states[1]


def test_caps_that_merge_at_constant_volume_give_contact_back_and_keep_their_constriction() -> None:
    before, after = merged(Cap(130.0), 0.06)
    # r ∝ V^(1/3): the covered part falls by the cube root of the number's ratio, exactly.
    lost = (1.0 - after.contact_fraction) / (1.0 - before.contact_fraction)
    assert lost == pytest.approx(4.0 ** (-1.0 / 3.0), rel=1e-12)
    # n a³ is the volume but for a factor, and sparse voids cost 4 n a³/(3κ).
    cover = 1.0 - before.contact_fraction
    pixels = 2.0 / (256 * 0.06)
    assert abs(cost(after, 1 / 256) / cost(before, 1 / 256) - 1.0) <= cover**1.5 + pixels


def test_pancakes_that_merge_at_constant_volume_keep_contact_and_cost_more() -> None:
    before, after = merged(Pancake(0.01), 0.06)
    assert after.contact_fraction == pytest.approx(before.contact_fraction, rel=1e-12)
    # n a³ with n a² held grows as a. The pattern is that of before at twice the scale, so this is
    # exact (a thick slab) but for the pixels.
    assert cost(after, 1 / 256) == pytest.approx(2.0 * cost(before, 1 / 512), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Cap(0.0), "angle"),
        (lambda: Cap(np.nan), "angle"),
        (lambda: Cap("90"), "angle"),  # type: ignore[arg-type]
        (lambda: Cap(None), "angle"),  # type: ignore[arg-type]
        (lambda: Cap(180.0), "angle"),
        (lambda: Pancake(0.0), "height"),
        (lambda: Pancake("1"), "height"),  # type: ignore[arg-type]
        (lambda: Laws(healing="1"), "healing"),  # type: ignore[arg-type]
        (lambda: Laws(flux=None), "flux"),  # type: ignore[arg-type]
        (lambda: Laws(coalescence="no"), "coalescence"),  # type: ignore[arg-type]
        (lambda: evolving.nucleate(scattered(), 1.0, np.nan, 1.0), "rate"),
        (lambda: evolving.nucleate(scattered(), 1.0, np.inf, 1.0), "rate"),
        (lambda: evolving.nucleate(scattered(), 1.0, -1.0, 1.0), "rate"),
        (lambda: evolving.nucleate(scattered(), 1.0, 1e9, 1.0), "at most 1000000 births"),
        (lambda: evolving.nucleate(scattered(), np.nan, 1.0, 1.0), "duration"),
        (lambda: evolving.nucleate(scattered(), 1.0, 1.0, 0.0), "volume"),
        (lambda: evolving.grow(scattered(), 1.0, np.nan), "flux"),
        (lambda: evolving.grow(scattered(), -1.0, 1.0), "duration"),
        (lambda: evolving.heal(scattered(), 1.0, -1.0), "speed"),
        (lambda: evolving.heal(scattered(), np.inf, 1.0), "duration"),
        (lambda: evolving.merge(scattered(), -1.0, 1.0), "duration"),
        (lambda: evolving.merge(scattered(), 1.0, np.nan), "coarsening"),
        (lambda: Laws(healing=-1.0), "healing"),
        (lambda: Laws(coarsening=np.inf), "coarsening"),
        (lambda: Laws(flux=np.nan), "flux"),
        (lambda: Laws(nucleation=1.0), "nucleus"),
        (lambda: step(scattered(), 0.0, Laws()), "duration"),
        (lambda: Voids((1.0, 0.0), np.zeros((1, 2)), np.ones(1)), "face"),
        (lambda: Voids((1.0,), np.zeros((1, 2)), np.ones(1)), "face"),  # type: ignore[arg-type]
        (lambda: Voids(3, np.zeros((1, 2)), np.ones(1)), "face"),  # type: ignore[arg-type]
        (lambda: Voids(FACE, np.zeros((1, 2)), np.ones(2)), "volumes"),
        (lambda: Voids(FACE, np.zeros(4), np.ones(2)), "positions"),
        (lambda: Voids(FACE, np.zeros(3), np.ones(1)), "positions"),
        (lambda: Voids(FACE, np.asarray([["a", "b"]]), np.ones(1)), "positions"),
        (lambda: Voids(FACE, [[1, 2], [3]], np.ones(2)), "positions"),  # type: ignore[arg-type]
        (lambda: Voids(FACE, np.zeros((1, 2)), np.ma.ones(1)), "mask"),
        (lambda: replace(scattered(), time=np.nan), "time"),
        (lambda: replace(scattered(), waiting=-5.0), "waiting"),
        (lambda: replace(scattered(), waiting=np.nan), "waiting"),
        (lambda: replace(scattered(), exposure=np.nan), "exposure"),
        (lambda: replace(scattered(), born=-1), "born"),
        (lambda: replace(scattered(), seed=True), "seed"),
        (lambda: replace(scattered(), shape="cap"), "shape"),  # type: ignore[arg-type]
        (lambda: Voids.regular(FACE, (2,), volume=1.0), "count"),  # type: ignore[arg-type]
        (lambda: Voids.regular(FACE, (-1, 1), volume=1.0), "count"),
        (lambda: Voids.regular(3, (1, 1), volume=1.0), "face"),  # type: ignore[arg-type]
        (lambda: Voids.regular(FACE, (1, 1), volume=np.nan), "volume"),
        (lambda: Voids(FACE, np.zeros((1, 2)), np.zeros(1)), "above 0"),
        (lambda: Voids(FACE, np.full((1, 2), np.nan), np.ones(1)), "finite"),
        (lambda: contact_map(scattered(), pixel=0.3), "divides"),
        (lambda: Voids.none(FACE, seed=-1), "seed"),
        (lambda: contact_map(scattered(), pixel=0.0), "pixel"),
    ],
)
def test_what_cannot_be_is_one_sentence(call: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        call()
