"""Finite volumes: exact cases, their order, and the contact solver held against them."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from anodescope.bench.finite_volumes import PRECONDITIONERS, finite_volumes, richardson
from anodescope.bench.volume_cells import Columns, Grid, graded
from anodescope.contact import constriction
from anodescope.contact.limits import strips
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]

SLAB: dict[str, Any] = {"pixel": 1e-3, "thickness": 0.02, "conductivity": 5e-4}
FILM: dict[str, Any] = {"film_resistance": 20.0, "film_capacitance": 1e-6}
GAP: dict[str, Any] = {**FILM, "gap_capacitance": 1e-8}
UNIT: dict[str, Any] = {"thickness": 1.0, "conductivity": 1.0}


def random_map(shape: tuple[int, int], seed: int = 0) -> Array:
    """Half single pixels, half a patch."""
    contact = np.random.default_rng(seed).random(shape) < 0.4
    contact[: shape[0] // 3, : shape[1] // 3] = True
    return contact


def split(map_: Array, factor: int) -> Array:
    return np.repeat(np.repeat(map_, factor, 0), factor, 1)


def square(pixels: int = 8) -> Array:
    contact = np.zeros((pixels, pixels), bool)
    contact[pixels // 4 : 3 * pixels // 4, pixels // 4 : 3 * pixels // 4] = True
    return contact


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
@pytest.mark.parametrize("shape", [(6, 5), (1, 1), (2, 8)])
def test_full_contact_is_exact(sides: str, shape: tuple[int, int]) -> None:
    # The potential is linear in z, which two points take exactly: rounding alone is left.
    frequency = np.array([0.0, 1e3, 1e6])
    found = finite_volumes(
        np.ones(shape, bool),
        sides=sides,
        frequency=frequency,
        permittivity=1e-12,
        split=2,
        tolerance=1e-12,
        **SLAB,
        **FILM,
    )
    s = 2j * np.pi * frequency
    expected = 0.02 / (5e-4 + s * 1e-12) + 20.0 / (1.0 + s * 2e-5)
    np.testing.assert_allclose(found.impedance, expected, rtol=1e-10)


def test_a_thin_slab_leads_straight_down() -> None:
    # The current spreads by about one thickness, 1e-4 pixels, from each edge of a pixel.
    contact = random_map((8, 9))
    thin = {**SLAB, "thickness": 1e-4 * SLAB["pixel"]}
    found = finite_volumes(contact, film_resistance=3.0, layers=4, **thin)
    expected = (thin["thickness"] / SLAB["conductivity"] + 3.0) / contact.mean()
    assert found.impedance == pytest.approx(expected, rel=1e-4)


def test_second_order_where_all_is_smooth() -> None:
    def film(pixels: int) -> Array:
        x = 2.0 * np.pi * (np.arange(pixels) + 0.5) / pixels
        return 0.2 + 0.12 * np.cos(x)[:, None] * np.sin(x) + 0.04 * np.cos(x)

    sizes = (16, 32, 64)
    values, ours = [], []
    for pixels in sizes:
        face = {"pixel": 1.0 / pixels, "thickness": 0.4, "conductivity": 1.0}
        face |= {"film_resistance": film(pixels)}
        full = np.ones((pixels, pixels), bool)
        # As many layers as pixels: then all directions are refined alike.
        values.append(finite_volumes(full, layers=pixels, tolerance=1e-9, **face).impedance)
        ours.append(float(constriction(full, tolerance=1e-9, **face)["impedance"]))
    limit, order = richardson(values, sizes)
    assert order == pytest.approx(2.0, abs=0.1)
    other, our_order = richardson(ours, sizes)
    assert our_order == pytest.approx(2.0, abs=0.1)
    # Without their second order, errors are of the third.
    assert limit == pytest.approx(other, rel=64.0**-3)


def test_first_order_at_the_edge_of_a_contact_and_the_limit_of_ours() -> None:
    # The current grows as 1/√distance at an edge, which costs any scheme of pixels one order.
    cuts = (1, 2, 4)
    values = [finite_volumes(square(), pixel=0.1, split=cut, **UNIT).impedance for cut in cuts]
    limit, order = richardson(values, cuts)
    assert order == pytest.approx(1.0, abs=0.15)
    ours = [
        float(constriction(split(square(), cut), pixel=0.1 / cut, **UNIT)["impedance"])
        for cut in (4, 8, 16)
    ]
    other, _ = richardson(ours, (4, 8, 16))
    # An error of first order, extrapolated, leaves one of second: of the last step's share again.
    share = (values[-1] - limit) / (limit - 1.0)
    assert abs(limit - other) / (other - 1.0) < share**2 * 2


def romberg(values: list[Any], second: float) -> Any:
    """The limit at errors of the first order and a second one, on cells halved twice."""
    more = 2.0**second
    found = 2.0 * more * values[2] - (2.0 + more) * values[1] + values[0]
    return found / (more - 1.0)


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
@pytest.mark.parametrize("kind", ["perfect", "film", "gap"])
@pytest.mark.parametrize("frequency", [None, 1e2, 1e4, 1e6])
def test_ours_is_where_finite_volumes_go(sides: str, kind: str, frequency: float | None) -> None:
    contact = random_map((16, 20))
    faces: dict[str, dict[str, Any]] = {"perfect": {}, "film": FILM, "gap": GAP}
    film = faces[kind]
    given_: dict[str, Any] = {**SLAB, **film, "sides": sides, "frequency": frequency}
    given_ |= {"permittivity": 1e-12}
    volumes = [finite_volumes(contact, split=cut, **given_).impedance for cut in (1, 2, 4)]
    ours = [
        constriction(split(contact, cut), fields=False, **{**given_, "pixel": 1e-3 / cut})
        for cut in (2, 4, 8)
    ]
    finer = [found["impedance"].item() for found in ours]
    limit, order = richardson(volumes, (1, 2, 4))
    other, our_order = richardson(finer, (2, 4, 8))
    theirs, own = abs(limit - volumes[-1]), abs(other - finer[-1])
    # Errors ah + bh² of any sign: with s = d₁/d₂ = 2**order, Aitken misses (s − 2)(s − 4)/3 of its
    # step. That is (s − 3)² − 1 over 3: at most a third for s within √2 of 3.
    for values, seen in ((volumes, order), (finer, our_order)):
        s = (values[1] - values[0]) / (values[2] - values[1])
        assert abs((s - 2.0) * (s - 4.0)) <= 1.0
        assert np.log2(3.0 - np.sqrt(2.0)) < seen < np.log2(3.0 + np.sqrt(2.0))
    assert abs(limit - other) <= (theirs + own) / 3.0
    assert theirs < 0.25 * abs(other - ours[-1]["slab"].item())
    if kind == "perfect":
        # Contacts whose corners touch add h^(1 + 2·0.2966): the potential at the corner of a
        # contact goes as r^0.2966 (Morrison and Lewis 1976), the energy of a cell there as that
        # squared times its side. Which of the two is the second term tells what is left of it.
        gaps = [abs(romberg(values, 2.0) - romberg(values, 1.5932)) for values in (volumes, finer)]
        assert abs(romberg(volumes, 2.0) - romberg(finer, 2.0)) <= sum(gaps)


@pytest.mark.parametrize("name", PRECONDITIONERS)
@pytest.mark.parametrize("frequency", [None, 1e5])
def test_all_preconditioners_solve_the_same_equations(name: str, frequency: float | None) -> None:
    given_ = {**SLAB, **GAP, "frequency": frequency, "permittivity": 1e-12}
    contact = random_map((12, 10))
    one = finite_volumes(contact, tolerance=1e-9, **given_)
    other = finite_volumes(contact, tolerance=1e-9, preconditioner=name, **given_)
    assert other.impedance == pytest.approx(one.impedance, rel=1e-8)
    assert other.residual <= 1e-8
    assert other.unknowns == 120 * other.layers


def test_multigrid_steps_do_not_grow_with_the_grid() -> None:
    steps = [
        finite_volumes(square(), pixel=0.1, split=cut, tolerance=1e-6, **UNIT).iterations
        for cut in (1, 2, 4, 8)
    ]
    # Eight times finer: Jacobi's steps grow eightfold.
    assert steps[-1] <= 2 * steps[0]


def test_the_cut_below_the_last_wave_changes_nothing() -> None:
    # Cells of one size: 32 down to a slab's own end at 1.2, and 40 to the cut at 1.5 sides.
    contact = random_map((8, 8))
    given_: dict[str, Any] = {"pixel": 0.125, "conductivity": 1.0, "tolerance": 1e-9}
    whole = finite_volumes(contact, thickness=1.2, layers=32, **given_)
    cut = finite_volumes(contact, thickness=9.0, layers=40, **given_)
    assert (whole.depth, cut.depth) == (pytest.approx(1.2), pytest.approx(1.5))
    # The slowest wave is reflected with 2 exp(-4π 1.2).
    reflected = 2.0 * np.exp(-4.8 * np.pi)
    assert whole.impedance - 1.2 == pytest.approx(cut.impedance - 9.0, rel=reflected)


@pytest.mark.parametrize("fraction", [0.25, 0.5])
def test_first_order_to_the_exact_strips(fraction: float) -> None:
    contact = np.zeros((1, 16), bool)
    contact[0, : round(16 * fraction)] = True
    cuts = (1, 2, 4, 8)
    slab = {"pixel": 1.0 / 16, "thickness": 0.5, "conductivity": 1.0}
    found = [finite_volumes(contact, split=cut, **slab).impedance - 0.5 for cut in cuts]
    exact = strips(1.0, 1.0, fraction, 0.5)
    missed = np.abs(np.array(found) - exact)
    assert np.log2(missed[-2] / missed[-1]) == pytest.approx(1.0, abs=0.1)
    # Without the first order, the rest falls faster than that.
    left = [abs(richardson(found[k : k + 2], (1, 2), order=1.0)[0] - exact) for k in range(3)]
    assert left[0] > 2.5 * left[1] > 2.5**2 * left[2]


def test_several_frequencies_are_each_solved_as_if_alone() -> None:
    contact, frequency = random_map((9, 11)), np.array([1e6, 1e3, 1.0])
    given_ = {**SLAB, **GAP, "tolerance": 1e-8}
    found = finite_volumes(contact, frequency=frequency, **given_)
    assert found.impedance.shape == found.iterations.shape == found.residual.shape == (3,)
    for row, one in enumerate(frequency):
        alone = finite_volumes(contact, frequency=one, **given_)
        assert found.impedance[row] == pytest.approx(alone.impedance, rel=1e-8)
    assert np.all(found.impedance.real > 0)
    assert np.all(found.impedance.imag < 0)


def test_perfect_contact_and_blocked_voids_take_one_real_solve() -> None:
    contact, frequency = random_map((9, 11)), np.array([1e7, 1e3, 0.0])
    given_ = {**SLAB, "permittivity": 1e-12, "tolerance": 1e-10}
    found = finite_volumes(contact, frequency=frequency, **given_)
    assert np.count_nonzero(found.iterations) == 1
    still = finite_volumes(contact, **given_).impedance
    ratio = 5e-4 / (5e-4 + 2j * np.pi * frequency * 1e-12)
    np.testing.assert_allclose(found.impedance, still * ratio, rtol=1e-12)
    # A gap of next to nothing takes the other way, and arrives at the same.
    gap = finite_volumes(contact, frequency=frequency, gap_capacitance=1e-40, **given_)
    assert np.count_nonzero(gap.iterations) >= 1
    np.testing.assert_allclose(found.impedance, gap.impedance, rtol=1e-8)


def test_no_current_is_an_infinite_impedance() -> None:
    assert np.isinf(finite_volumes(np.zeros((3, 4), bool), **SLAB).impedance)
    blocked = finite_volumes(np.ones((3, 4), bool), film_resistance=np.inf, **SLAB)
    assert np.isinf(blocked.impedance)


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 5),
    st.sampled_from(["periodic", "mirror"]),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_operator_matrix_and_cycle_belong_together(
    rows: int, columns: int, layers: int, sides: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    grid = Grid((rows, columns), 0.3, rng.uniform(0.1, 1.0, layers), sides)
    top = rng.random(rows * columns) + 1j * rng.random(rows * columns)
    cells = Columns(grid, top)
    one, other = rng.standard_normal((2, 2, layers, rows * columns))
    one, other = one[0] + 1j * one[1], other[0] + 1j * other[1]
    image = cells.operator(one)
    np.testing.assert_allclose(cells.matrix() @ one.ravel(), image.ravel(), atol=1e-10)
    np.testing.assert_allclose(cells.diagonal().ravel(), cells.matrix().diagonal())
    # Current that enters at the top leaves at the counter face: sides let none out.
    out = (2.0 / grid.thick[-1] * one[-1]).sum() + (top * one[0]).sum()
    assert image.sum() == pytest.approx(out, abs=1e-9)
    for symmetric in (cells.operator, cells.smoothed, cells.cycle):
        crossed = (other * symmetric(one)).sum()
        assert crossed == pytest.approx((one * symmetric(other)).sum(), rel=1e-9, abs=1e-9)


@given(st.integers(2, 30), st.integers(1, 4), st.floats(1e-4, 2.0))
@settings(max_examples=60, deadline=None)
def test_layers_fill_the_depth_and_split_into_themselves(
    layers: int, cut: int, first: float
) -> None:
    thick = graded(1.0, first, layers, 1)
    assert thick.sum() == pytest.approx(1.0, rel=1e-12)
    assert np.all(np.diff(thick) > -1e-12)
    assert thick[0] == pytest.approx(min(first, 1.0 / layers), rel=1e-6)
    fine = graded(1.0, first, layers, cut)
    np.testing.assert_allclose(fine.reshape(layers, cut).sum(axis=1), thick, rtol=1e-9)


def test_richardson_finds_limit_and_order_of_a_power() -> None:
    cuts = (1, 2, 4)
    values = [3.0 + (0.5 - 0.2j) * cut**-1.5 for cut in cuts]
    limit, order = richardson(values, cuts)
    assert limit == pytest.approx(3.0, rel=1e-12)
    assert order == pytest.approx(1.5, rel=1e-12)
    assert richardson(values[:2], (1, 2), order=1.5)[0] == pytest.approx(3.0, rel=1e-12)


def test_richardson_keeps_the_phase_of_complex_steps() -> None:
    """Each step is the one before times a complex number: a power cut by ω alone would miss."""
    turn = 0.4 * np.exp(0.3j)
    limit, order = richardson([2.0 + (1.0 + 0.5j) * turn**k for k in range(3)], (1, 2, 4))
    assert limit == pytest.approx(2.0, rel=1e-12)
    assert order == pytest.approx(-np.log2(0.4), rel=1e-12)


@pytest.mark.parametrize(
    ("values", "cuts", "text"),
    [
        ([1.0, 2.0], (1, 2), "3 values"),
        ([1.0, 2.0, 4.0], (1, 2, 4), "shrink"),
        ([1.0, 1.0, 1.0], (1, 2, 4), "shrink"),
        ([4.0, 2.0, 1.0], (1, 2, 3), "one ratio"),
        ([4.0, 2.0, 1.0], (4, 2, 1), "rising"),
    ],
)
def test_richardson_refuses_what_does_not_converge(
    values: list[float], cuts: tuple[int, ...], text: str
) -> None:
    with pytest.raises(SettingsError, match=text):
        richardson(values, cuts)


@pytest.mark.parametrize(
    "change",
    [
        {"pixel": 0.0},
        {"thickness": -1.0},
        {"conductivity": np.nan},
        {"film_resistance": np.nan},
        {"gap_capacitance": -1.0},
        {"film_capacitance": np.ones((2, 2))},
        {"sides": "open"},
        {"split": 0},
        {"layers": 1.5},
        {"frequency": -1.0},
        {"frequency": []},
        {"preconditioner": "luck"},
        {"permittivity": -1.0},
        {"tolerance": 0.0},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        finite_volumes(np.ones((3, 3), bool), **{**SLAB, **change})


def test_one_map_at_a_time() -> None:
    with pytest.raises(SettingsError, match="one map"):
        finite_volumes(np.ones((2, 3, 3), bool), **SLAB)
