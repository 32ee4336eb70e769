"""Formulas of single contacts: their own limits and laws, and the solver held against each."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from scipy.special import erfc, gamma, lpmv, zeta

from anodescope.bench.finite_volumes import richardson
from anodescope.contact import constriction, limits
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]


def solved(contact: Array, thickness: float, part: str = "constriction", **more: Any) -> float:
    """The solver's answer for a face as wide as 1 cm and κ = 1 S/cm."""
    pixel = 1.0 / contact.shape[1]
    found = constriction(
        contact, pixel=pixel, thickness=thickness, conductivity=1.0, tolerance=1e-8, **more
    )
    return float(found[part])


def striped(pixels: int, fraction: float) -> Array:
    contact = np.zeros((1, pixels), bool)
    contact[0, : round(fraction * pixels)] = True
    return contact


def ring(pixels: int, outer: float, inner: float = 0.0, *, whole: bool) -> Array:
    """Pixels that lie wholly inside a ring in the middle, or that touch it."""
    edge = np.abs(np.arange(pixels + 1) / pixels - 0.5)
    near, far = (np.minimum, np.maximum)
    near, far = near(edge[:-1], edge[1:]) ** 2, far(edge[:-1], edge[1:]) ** 2
    low, high = (one[:, None] + one for one in (near, far))
    if whole:
        return np.asarray((high <= outer**2) & (low >= inner**2))
    return np.asarray((low < outer**2) & (high > inner**2))


def test_disc_and_spot_between_two_bodies() -> None:
    radius = np.array([1e-4, 1e-3])
    np.testing.assert_allclose(limits.maxwell_disc(0.5, radius), 1.0 / (2.0 * radius))
    np.testing.assert_allclose(
        limits.holm_two_sided(0.5, radius), 2.0 * limits.maxwell_disc(0.5, radius)
    )
    assert limits.maxwell_disc(1.0 + 1.0j, 0.25) == pytest.approx(1.0 / (1.0 + 1.0j))


@pytest.mark.parametrize("thickness", [0.15, 2.0])
@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
def test_solver_goes_to_the_strips_with_first_order(thickness: float, fraction: float) -> None:
    sizes = (64, 128, 256)
    values = [solved(striped(size, fraction), thickness) for size in sizes]
    exact = limits.strips(1.0, 1.0, fraction, thickness)
    assert np.all(np.diff(values) < 0)
    assert values[-1] > exact
    _, order = richardson(values, sizes)
    assert order == pytest.approx(1.0, abs=0.05)
    # With the first order taken out an error of the second is left, which halving quarters.
    left = [richardson(pair, (1, 2), order=1.0)[0] - exact for pair in (values[:2], values[1:])]
    assert np.log2(left[0] / left[1]) == pytest.approx(2.0, abs=0.15)


@given(st.floats(0.01, 1.0), st.floats(0.5, 50.0))
def test_thick_strips_are_the_logarithm(fraction: float, thickness: float) -> None:
    found = limits.strips(2.0, 3.0, fraction, 3.0 * thickness)
    expected = -3.0 * np.log(np.sin(0.5 * np.pi * fraction)) / (2.0 * np.pi)
    # The slowest wave is reflected with 2 exp(-4πL/p).
    reflected = 2.0 * np.exp(-4.0 * np.pi * thickness)
    assert found == pytest.approx(expected, rel=2.0 * reflected, abs=1e-13 * 3.0 * thickness)


@given(st.floats(0.3, 0.7), st.floats(0.1, 0.15))
def test_thin_strips_spread_by_log_four_over_pi_at_each_edge(f: float, thickness: float) -> None:
    exact = limits.strips(1.0, 1.0, f, thickness) + thickness
    found = limits.thin_slab(1.0, thickness, f, perimeter=2.0)
    # The slowest wave between two edges is a quarter one below a void, a half one below a contact.
    near = np.exp(-0.5 * np.pi * (1.0 - f) / thickness) + np.exp(-np.pi * f / thickness)
    assert found == pytest.approx(exact, rel=near)
    assert exact < limits.thin_slab(1.0, thickness, f)


@given(st.floats(0.02, 0.9), st.floats(1.01, 1.1), st.floats(0.1, 5.0))
def test_wider_strips_and_thinner_slabs_cost_less(f: float, more: float, thickness: float) -> None:
    one = limits.strips(1.0, 1.0, f, thickness)
    assert 0.0 < limits.strips(1.0, 1.0, f * more, thickness) < one
    assert limits.strips(1.0, 1.0, f, thickness * more) > one - 1e-12 * thickness
    assert limits.strips(1.0, 1.0, 1.0, thickness) == pytest.approx(0.0, abs=1e-13 * thickness)


@pytest.mark.parametrize("hole", [0.02, 0.05, 0.1])
def test_a_ring_with_a_small_hole_is_the_disc(hole: float) -> None:
    # R = (1 + (4/3π²) h³ + O(h⁵))/(4κa): an even current turned aside by a small hole.
    more = limits.annulus(2.0, hole * 0.3, 0.3) / limits.maxwell_disc(2.0, 0.3) - 1.0
    assert more == pytest.approx(4.0 / (3.0 * np.pi**2) * hole**3, rel=hole**2)


@pytest.mark.parametrize("width", [1e-1, 1e-2, 1e-3, 2e-4])
def test_a_narrow_ring_is_a_bent_strip(width: float) -> None:
    # A strip carries current as a wire of a quarter of its width; the ring as a torus of that wire.
    middle = 1.0 - 0.5 * width
    expected = np.log(32.0 * middle / width) / (2.0 * np.pi**2 * middle)
    assert limits.annulus(1.0, 1.0 - width, 1.0) == pytest.approx(expected, rel=width**2)


@pytest.mark.parametrize("hole", [0.02, 0.5, 0.9, 0.9999])
def test_rings_have_all_digits(hole: float) -> None:
    found = limits.annulus(1.0, hole, 1.0)
    assert found == pytest.approx(limits.annulus(1.0, hole, 1.0, points=120), rel=1e-12)


@given(st.floats(0.03, 0.9), st.floats(1.01, 1.1))
def test_a_larger_hole_costs_more(hole: float, more: float) -> None:
    one, other = (limits.annulus(1.0, inner, 1.0) for inner in (hole, hole * more))
    assert limits.maxwell_disc(1.0, 1.0) < one < other


def test_solver_goes_to_the_ring_from_both_sides() -> None:
    # Rings in a wide cell: neighbours and the even slab beside a ring of total current 1 raise its
    # potential by S₁/(2πp) and, with ⟨r²⟩ of the order of a², by S₃ (a/p)³ more.
    outer, inner = 0.15, 0.075
    exact = limits.annulus(1.0, inner, outer) + limits._LATTICE[0] / (2.0 * np.pi)
    far = limits._LATTICE[1] * outer**2 / (4.0 * np.pi)
    sizes = np.array([64, 128, 256])
    inside, touching = (
        np.array([solved(ring(n, outer, inner, whole=whole), 1.0, fields=False) for n in sizes])
        for whole in (True, False)
    )
    assert np.all(inside > exact)
    # A pixel more or less at the edge, which is a first order of the pixel.
    gap = inside - touching
    order = np.polyfit(np.log(sizes), np.log(gap), 1)[0]
    assert order == pytest.approx(-1.0, abs=0.3)
    assert np.all(touching < exact + far)
    assert abs(0.5 * (inside + touching)[-1] - exact) < 0.25 * gap[-1] + far


def test_lattice_sums_are_those_of_zeta() -> None:
    for s, value in zip((1, 3, 5), limits._LATTICE, strict=True):
        half = s / 2
        if s > 1:
            beta = 4.0**-half * (zeta(half, 0.25) - zeta(half, 0.75))
            assert value == pytest.approx(4.0 * zeta(half) * beta, rel=1e-12)
    # S₁ by Ewald's sum with equal splitting: π makes both halves of the sum alike.
    x = np.arange(-8, 9)
    r = np.hypot(x[:, None], x)
    r = r[r > 0]
    direct = (erfc(np.sqrt(np.pi) * r) / r).sum()
    assert limits._LATTICE[0] == pytest.approx(2.0 * direct - 4.0, rel=1e-12)


@pytest.mark.parametrize("radius", [0.1, 0.2, 0.3, 0.35])
def test_solver_brackets_the_square_lattice(radius: float) -> None:
    exact = limits.square_lattice(1.0, 1.0, radius)
    sizes = np.array([64, 128, 256])
    inside, touching = (
        np.array([solved(ring(n, radius, whole=whole), 1.5, fields=False) for n in sizes])
        for whole in (True, False)
    )
    assert np.all((touching < exact) & (exact < inside))
    gap = inside - touching
    order = np.polyfit(np.log(sizes), np.log(gap), 1)[0]
    assert order == pytest.approx(-1.0, abs=0.2)
    assert abs(0.5 * (inside + touching)[-1] - exact) < 0.1 * gap[-1]


def test_the_printed_series_of_the_lattice_is_that_of_its_sums() -> None:
    first, third, fifth = limits._LATTICE
    text = limits.square_lattice.__doc__ or ""
    for value in (-2.0 * first / np.pi, 2.0 * third / (3.0 * np.pi), 0.8 * fifth / np.pi):
        assert f"{value:.5f}" in text


def test_a_sparse_lattice_is_single_discs() -> None:
    for radius in (1e-3, 1e-2):
        alone = limits.maxwell_disc(0.5, 3.0 * radius) * 9.0
        found = limits.square_lattice(0.5, 3.0, 3.0 * radius)
        assert found / alone == pytest.approx(1.0 - 2.482985 * radius, abs=2 * radius**3)


def test_one_disc_and_discs_far_apart() -> None:
    alone = limits.maxwell_disc(0.5, 0.2)
    for law in (limits.greenwood, lambda *given: limits.discs(*given)[0]):
        assert law(0.5, [[1.0, 2.0]], 0.2) == pytest.approx(alone, rel=1e-14)
        far = 1e6 * np.array([[0, 0], [1, 0], [3, 1], [0, 7]])
        # All others together raise the potential by Σ a/s of the order of a over the distance.
        assert law(0.5, far, 0.2) == pytest.approx(alone / 4.0, rel=1e-5)


@given(st.integers(2, 6), st.integers(0, 1000), st.floats(0.05, 0.4))
@settings(max_examples=40)
def test_laws_of_many_discs(count: int, seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0.0, 4.0, (count, 2))
    apart = np.linalg.norm(centres[:, None] - centres, axis=-1)[~np.eye(count, dtype=bool)]
    assume(apart.min() > 2.5 * radius)
    found, share = limits.discs(1.0, centres, radius)
    assert share.sum() == pytest.approx(1.0, rel=1e-12)
    turned, other = limits.discs(1.0, centres[::-1], radius)
    assert turned == pytest.approx(found, rel=1e-12)
    np.testing.assert_allclose(other[::-1], share, rtol=1e-10)
    # Another contact at the same potential cannot raise the resistance; nor can it divide better
    # than discs that do not feel each other.
    assert limits.discs(1.0, centres[:-1], radius)[0] > found
    assert found > limits.maxwell_disc(1.0, radius) / count
    # Equal currents are no minimum: beside the term in (a/s)² that Greenwood leaves out.
    term = radius**2 / (3.0 * apart**3)
    more = term.sum() / (2.0 * np.pi * count**2)
    assert limits.greenwood(1.0, centres, radius) + more >= found * (1.0 - 1e-12)


@pytest.mark.parametrize(("distance", "left"), [(3.0, 3.0), (4.0, 4.0), (6.0, 6.0)])
def test_two_discs_are_what_their_surface_charges_say(distance: float, left: float) -> None:
    def resistance(centres: list[tuple[float, float]], across: int = 24) -> float:
        """By pixels of even current whose middles have one potential."""
        x = (np.arange(across) + 0.5) / across * 2.0 - 1.0
        inside = np.argwhere(np.hypot(x[:, None], x) < 1.0)
        places = np.concatenate([x[inside] + centre for centre in centres])
        apart = np.linalg.norm(places[:, None] - places, axis=-1)
        side = 2.0 / across
        np.fill_diagonal(apart, side / (4.0 * np.log(1.0 + np.sqrt(2.0))))
        return float(2.0 * np.pi / np.linalg.inv(apart**-1.0).sum()) / (4.0 * np.pi**2)

    # Pixels cost some percent of a disc, alone or not; the ratio loses nearly all of that.
    seen = resistance([(0.0, 0.0), (0.0, distance)]) / resistance([(0.0, 0.0)])
    found = limits.discs(1.0, [[0.0, 0.0], [distance, 0.0]], 1.0)[0] * 4.0
    assert found == pytest.approx(seen, rel=left**-4 + 1e-3)


def two_discs(one: float, two: float, apart: float) -> tuple[float, float]:
    """Resistance at κ = 1 and the first one's share, to six digits from 2.5 of its radii on.

    Densities P_n^m(u) cos mφ / u with u² = 1 − r²/a² have the potential of the same shape on their
    own disc; that on the other is summed over Gauss points of u and even ones of φ.
    """
    u, weight = np.polynomial.legendre.leggauss(16)
    u, weight = 0.5 * (u + 1.0), 0.5 * weight
    turn = np.arange(32) * np.pi / 16
    u, turn, weight = (
        x.ravel() for x in np.broadcast_arrays(u[:, None], turn, weight[:, None] * np.pi / 16)
    )
    modes = [(n, m) for n in range(9) for m in range(n, -1, -2)]
    basis = np.array([lpmv(m, n, u) * np.cos(m * turn) for n, m in modes])
    basis /= np.sqrt(basis**2 @ weight)[:, None]
    half = [((n + m) / 2, (n - m) / 2) for n, m in modes]
    own = np.array([gamma(p + 0.5) * gamma(q + 0.5) / gamma(p + 1) / gamma(q + 1) for p, q in half])
    x, y = np.sqrt(1.0 - u**2) * np.cos(turn), np.sqrt(1.0 - u**2) * np.sin(turn)
    far = np.hypot(one * x[:, None] - two * x - apart, one * y[:, None] - two * y)
    cross = one**2 * two**2 * (basis * weight) @ (1.0 / far) @ (basis * weight).T
    own = np.pi * own
    matrix = np.block([[np.diag(own * one**3), cross], [cross.T, np.diag(own * two**3)]])
    even = basis @ weight
    charge = np.concatenate([one**2 * even, two**2 * even])
    current = np.linalg.solve(matrix / (2.0 * np.pi), charge) * charge
    return 1.0 / float(current.sum()), float(current[: len(modes)].sum() / current.sum())


def test_the_oracle_of_two_discs_has_its_limits() -> None:
    resistance, share = two_discs(1.0, 0.5, 1e7)
    assert resistance == pytest.approx(1.0 / (4.0 * 1.5), rel=1e-6)
    assert share == pytest.approx(2.0 / 3.0, rel=1e-6)
    # No other density lowers the resistance: one disc of both sizes' hull carries more.
    assert two_discs(1.0, 1.0, 2.5)[0] > limits.maxwell_disc(1.0, 2.25)


@pytest.mark.parametrize("other", [1.0, 0.5, 0.2])
def test_discs_miss_the_fourth_order_of_their_distance_and_no_lower_one(other: float) -> None:
    """The term in (a/s)² is there: without it resistance and shares miss the third order."""
    places = np.array([2.5, 4.0, 8.0])
    found = [limits.discs(1.0, [[0.0, 0.0], [s, 0.0]], [1.0, other]) for s in places]
    exact = [two_discs(1.0, other, s) for s in places]
    more = np.array([a[0] / b[0] - 1.0 for a, b in zip(found, exact, strict=True)])
    shares = np.array([a[1][0] - b[1] for a, b in zip(found, exact, strict=True)])
    # What is left out lowers the resistance, by (a/s)⁴ of it at most.
    assert np.all((more > 0.0) & (more < places**-4))
    assert np.all(np.abs(shares) < places**-4)
    if other >= 0.5:  # of a small one the next order is as large
        order = np.log(more[1] / more[2]) / np.log(2.0)
        assert order == pytest.approx(4.0, abs=0.5)


def round_cluster(radius: float) -> Array:
    """Points of a hexagonal lattice of period 1 in a circle, its centre at no point of symmetry."""
    i, j = np.meshgrid(np.arange(-40, 41), np.arange(-40, 41))
    places = np.stack([(i + 0.5 * j).ravel(), (0.5 * np.sqrt(3.0) * j).ravel()], 1)
    return np.asarray(places[np.hypot(*(places - (0.2, 0.1)).T) < radius])


@pytest.mark.parametrize("radius", [3.0, 6.0, 10.0, 15.0])
def test_greenwoods_cluster_is_holms_with_even_currents(radius: float) -> None:
    centres, a, cell = round_cluster(radius), 0.2, 0.5 * np.sqrt(3.0)
    count = len(centres)
    cluster = np.sqrt(count * cell / np.pi)
    own = limits.maxwell_disc(0.5, a) / count
    whole = limits.maxwell_disc(0.5, cluster)
    # Σ' 1/|R| of the lattice with a cell of area 1, by Ewald's sum; it is its own dual, turned.
    apart = np.linalg.norm(round_cluster(12.0), axis=1) / np.sqrt(cell)
    lattice = 2.0 * (erfc(np.sqrt(np.pi) * apart[apart > 0]) / apart[apart > 0]).sum() - 4.0
    # Even current into a disc: 32/3π² of one potential. Each point misses its own cell.
    law = 32.0 / (3.0 * np.pi**2) + 2.0 * lattice / np.pi**1.5 / np.sqrt(count)
    seen = (limits.greenwood(0.5, centres, a) - own) / whole
    # The rim of the cluster: √n discs of n, each by the order of 1/√n.
    assert seen == pytest.approx(law, abs=1.0 / count)


def test_a_cluster_of_four_by_hand() -> None:
    # 1/(4·4·0.5·0.2) and 1/(4·0.5·2)
    assert limits.holm_cluster(0.5, 0.2, 2.0, 4) == pytest.approx(0.625 + 0.25)


@pytest.mark.parametrize("a", [0.2, 0.45])
def test_holms_cluster_is_high_by_what_it_says(a: float) -> None:
    for radius in (3.0, 6.0, 10.0):
        centres = round_cluster(radius)
        count = len(centres)
        cluster = np.sqrt(count * 0.5 * np.sqrt(3.0) / np.pi)
        holm = limits.holm_cluster(1.0, a, cluster, count)
        rows = cluster * np.sqrt(count)
        high = (holm - limits.discs(1.0, centres, a)[0]) * rows
        even = (holm - limits.greenwood(1.0, centres, a)) * rows
        # Even currents: the lattice's sum Σ' 1/R, −3.921, gives 3.921/2π^1.5, and the cluster costs
        # 32/3π² − 1 of its 1/4 more. The rim is of the order of 1/√n of the first.
        law = 3.921 / (2.0 * np.pi**1.5) - (8.0 / (3.0 * np.pi**2) - 0.25) * np.sqrt(count)
        assert even == pytest.approx(law, abs=0.5 / np.sqrt(count))
        # One potential costs no more than even currents, so the estimate is higher above it; and
        # no less than the two parts each at their least, so by no more than the lattice's sum.
        assert even < high < 3.921 / (2.0 * np.pi**1.5)
        # The digits of its docstring.
        assert 0.155 < high < 0.275


def test_full_contact_and_a_thin_slab() -> None:
    assert limits.full_contact(0.25, 0.5) == pytest.approx(2.0)
    contact = np.random.default_rng(4).random((10, 10)) < 0.4
    contact[0, 0] = True
    fraction = contact.mean()
    for film in (0.0, 2.0):
        bound = limits.thin_slab(1.0, 0.3, fraction, film=film)
        assert solved(contact, 0.3, "impedance", film_resistance=film) < bound
    near = limits.thin_slab(1.0, 1e-5, fraction, film=2.0)
    # The current leaves a pixel's edge by about a thickness, 1e-4 of its side.
    assert solved(contact, 1e-5, "impedance", film_resistance=2.0) == pytest.approx(near, rel=1e-4)


def test_edges_of_a_square_spread_as_those_of_strips() -> None:
    # A square of half the cell: its straight edges in full, its corners L² each.
    for thickness in (0.04, 0.08):
        values = []
        for pixels in (128, 256, 512):
            quarter, contact = pixels // 4, np.zeros((pixels, pixels), bool)
            contact[quarter : 3 * quarter, quarter : 3 * quarter] = True
            values.append(solved(contact, thickness, "impedance", fields=False))
        limit, _ = richardson(values, (128, 256, 512))
        found = limits.thin_slab(1.0, thickness, 0.25, perimeter=2.0)
        # Area that the corners may add: four, each less than a quarter of a circle of radius L.
        assert found == pytest.approx(limit, rel=np.pi * thickness**2 / 0.25)
        assert abs(found / limit - 1.0) < 0.1 * abs(limits.thin_slab(1.0, thickness, 0.25) / found)


@pytest.mark.parametrize(
    "call",
    [
        lambda: limits.maxwell_disc(0.0, 1.0),
        lambda: limits.maxwell_disc(1.0, [1.0, np.nan]),
        lambda: limits.holm_two_sided(1.0, -1.0),
        lambda: limits.full_contact(1.0, "thick"),
        lambda: limits.strips(1.0, 1.0, 0.0),
        lambda: limits.strips(1.0, 1.0, 1.2),
        lambda: limits.strips(1.0, 1.0, 0.5, 0.01),
        lambda: limits.strips(1.0, np.inf, 0.5),
        lambda: limits.annulus(1.0, 0.0, 1.0),
        lambda: limits.annulus(1.0, 1.0, 1.0),
        lambda: limits.annulus(1.0, 2.0, 1.0),
        lambda: limits.greenwood(1.0, [[0.0, 0.0], [1.0, 0.0]], 0.5),
        lambda: limits.greenwood(1.0, [0.0, 1.0], 0.5),
        lambda: limits.discs(1.0, [[0.0, 0.0], [2.0, 0.0]], [0.5, 0.5, 0.5]),
        lambda: limits.square_lattice(1.0, 1.0, 0.4),
        lambda: limits.thin_slab(1.0, 0.1, 0.5, perimeter=2.0, film=1.0),
        lambda: limits.thin_slab(1.0, 0.5, 0.5, perimeter=2.0),
        lambda: limits.thin_slab(1.0, 0.1, 0.0),
        lambda: limits.thin_slab(1.0, 0.1, 0.5, film=np.nan),
        lambda: limits.thin_slab(1.0, 0.1, 0.5, film=-5.0),
        lambda: limits.thin_slab(1.0, 0.1, 0.5, film="thick"),
        lambda: limits.thin_slab(1.0, 0.1, 0.5, perimeter="long"),
        lambda: limits.thin_slab(1.0, 0.1, "half"),
        lambda: limits.greenwood(1.0, [[0, 0], [5, 0]], [0.5, 0.5]),
        lambda: limits.greenwood(1.0, [["a", "b"], ["c", "d"]], 0.5),
        lambda: limits.greenwood(1.0, [[0, 0], [5]], 0.5),
        lambda: limits.discs(1.0, [[0, 0], [np.nan, 0]], 0.5),
        lambda: limits.discs(1.0, [[0, 0], [5, 0]], "wide"),
        lambda: limits.annulus(1.0, 0.5, 1.0, points=0),
        lambda: limits.annulus(1.0, 0.5, 1.0, points=1),
        lambda: limits.annulus(1.0, 0.5, 1.0, points=40.0),
        lambda: limits.annulus(1.0, "in", 1.0),
        lambda: limits.annulus(1.0, [0.5, 0.6], 1.0),
        lambda: limits.strips(1.0, "p", 0.5),
        lambda: limits.strips(1.0, 1.0, "f"),
        lambda: limits.strips(1.0, 1.0, [0.5, 0.6]),
        lambda: limits.strips(1.0, 1.0, 0.5, "thick"),
        lambda: limits.strips(1.0, 1.0, 0.5, [1.0, 2.0]),
        lambda: limits.strips(1.0, 1.0, 0.5, np.nan),
        lambda: limits.holm_cluster(1.0, 0.5, 1.0, 5),
        lambda: limits.holm_cluster(1.0, 0.5, 1.0, 2.5),
        lambda: limits.holm_cluster(1.0, 0.1, 1.0, 1),
        lambda: limits.holm_cluster(1.0, "a", 1.0, 2),
    ],
)
def test_what_cannot_be_is_refused(call: Any) -> None:
    with pytest.raises(SettingsError):
        call()
