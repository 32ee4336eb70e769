"""Constriction: an independent dense solve, and the laws that hold for every map."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import nnls

from anodescope.contact import constriction, coupling
from anodescope.contact.maps import split
from tests.contact.oracle import dense, mirrored, reach_matrix

Array = np.ndarray[Any, np.dtype[Any]]

PIXEL, KAPPA, EPSILON = 1e-3, 5e-4, 1e-12
SLAB: dict[str, Any] = {"pixel": PIXEL, "thickness": 0.02, "conductivity": KAPPA}
FILM: dict[str, Any] = {"film_resistance": 20.0, "film_capacitance": 1e-6}
FREQUENCY = np.array([0.1, 1e3, 1e5, 1e7])


def random_map(shape: tuple[int, int], fraction: float = 0.4, seed: int = 3) -> Array:
    """Half pixels by chance, half one patch: both fine and coarse."""
    rng = np.random.default_rng(seed)
    contact = rng.random(shape) < fraction
    contact[: shape[0] // 3, : shape[1] // 3] = True
    return contact


def films(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> dict[str, Any]:
    spread = np.exp(2.0 * rng.standard_normal(shape))
    return {
        "perfect": {},
        "even": dict(FILM),
        "gap": {**FILM, "gap_capacitance": 1e-8},
        "perfect, gap": {"gap_capacitance": 1e-8},
        "uneven": {**FILM, "film_resistance": 20.0 * spread},
        "uneven, gaps": {**FILM, "film_resistance": 20 * spread, "gap_capacitance": 1e-8 / spread},
        "capacitor": {"film_resistance": np.inf, "film_capacitance": 1e-6},
    }[kind]


KINDS = ("perfect", "even", "gap", "perfect, gap", "uneven", "uneven, gaps", "capacitor")


def admittance(contact: Array, values: dict[str, Any], s: complex) -> Array:
    resistance = np.broadcast_to(values.get("film_resistance", 0.0), contact.shape)
    with np.errstate(divide="ignore"):
        film = 1.0 / resistance + s * np.asarray(values.get("film_capacitance", 0.0))
    return np.where(contact, film, s * np.asarray(values.get("gap_capacitance", 0.0)))


@given(
    st.integers(1, 7),
    st.integers(1, 7),
    st.sampled_from(KINDS),
    st.integers(0, 2**31),
    st.sampled_from([2e-4, 1e-2, 0.5]),
)
@settings(max_examples=60, deadline=None)
def test_any_small_map_is_solved_as_a_dense_matrix_is(
    rows: int, columns: int, kind: str, seed: int, thickness: float
) -> None:
    rng = np.random.default_rng(seed)
    contact = rng.random((rows, columns)) < 0.5
    contact.flat[0] = True
    values = films(rng, contact.shape, kind)
    found = constriction(
        contact,
        pixel=PIXEL,
        thickness=thickness,
        conductivity=KAPPA,
        permittivity=EPSILON,
        frequency=FREQUENCY,
        **values,
    )
    assert set(found["outcome"].values) == {"converged"}
    reach = reach_matrix(contact.shape, PIXEL, thickness)
    for row, frequency in enumerate(FREQUENCY):
        s = 2j * np.pi * frequency
        impedance, current = dense(reach, KAPPA + s * EPSILON, admittance(contact, values, s))
        # The oracle leaves out waves beyond its 60th order: T to some 1e-4 of its shortest wave.
        assert found["impedance"].values[row] == pytest.approx(impedance, rel=3e-4)
        density = found["current_density"].values[row]
        np.testing.assert_allclose(density, current / current.mean(), atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(12, 15), (8, 8)])
def test_mirrors_are_the_periodic_map_of_all_images(kind: str, shape: tuple[int, int]) -> None:
    contact, values = random_map(shape), films(np.random.default_rng(2), shape, kind)
    walls = constriction(contact, sides="mirror", frequency=FREQUENCY, **SLAB, **values)
    images = {k: mirrored(v) if np.ndim(v) else v for k, v in values.items()}
    whole = constriction(mirrored(contact), frequency=FREQUENCY, **SLAB, **images)
    np.testing.assert_allclose(walls["impedance"], whole["impedance"], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_and_shifts_of_a_periodic_map_change_nothing(kind: str) -> None:
    shape = (11, 14)
    contact, values = random_map(shape), films(np.random.default_rng(2), shape, kind)
    one = constriction(contact, frequency=FREQUENCY, **SLAB, **values)["impedance"]
    for change in (
        lambda map_: np.tile(map_, (2, 2)),
        lambda map_: np.roll(map_, (3, 5), (0, 1)),
        lambda map_: map_.T,
        lambda map_: map_[::-1],
    ):
        changed = {k: change(v) if np.ndim(v) else v for k, v in values.items()}
        other = constriction(change(contact), frequency=FREQUENCY, **SLAB, **changed)["impedance"]
        np.testing.assert_allclose(other, one, rtol=1e-6)


@pytest.mark.parametrize("kind", ["perfect", "even", "capacitor"])
def test_both_formulations_agree(kind: str) -> None:
    contact, values = random_map((32, 27)), films(np.random.default_rng(2), (32, 27), kind)
    one, other = (
        constriction(contact, frequency=FREQUENCY, method=method, **SLAB, **values)
        for method in ("shifted", "recycled")
    )
    assert (one["method"].item(), other["method"].item()) == ("shifted", "recycled")
    np.testing.assert_allclose(one["impedance"], other["impedance"], rtol=1e-7)
    np.testing.assert_allclose(one["current_density"], other["current_density"], atol=1e-3)
    np.testing.assert_allclose(one["potential"], other["potential"], atol=1e-4)


def test_an_even_face_is_slab_and_film_and_no_constriction() -> None:
    found = constriction(
        np.ones((6, 5), bool), permittivity=EPSILON, frequency=FREQUENCY, **SLAB, **FILM
    )
    s = 2j * np.pi * FREQUENCY
    expected = SLAB["thickness"] / (KAPPA + s * EPSILON) + 20.0 / (1.0 + s * 20.0 * 1e-6)
    np.testing.assert_allclose(found["impedance"], expected, rtol=1e-13)
    np.testing.assert_allclose(found["constriction"], 0.0, atol=1e-10)
    np.testing.assert_allclose(found["current_density"], 1.0, rtol=1e-12)
    assert float(found["focusing"].max()) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_maps_obey_the_conditions_of_the_face(kind: str) -> None:
    shape = (20, 17)
    contact, values = random_map(shape), films(np.random.default_rng(2), shape, kind)
    found = constriction(contact, frequency=FREQUENCY, tolerance=1e-10, **SLAB, **values)
    density, potential = found["current_density"].values, found["potential"].values
    impedance = found["impedance"].values
    np.testing.assert_allclose(density.mean((1, 2)), 1.0, rtol=1e-12)
    # The slab's mean potential is mean current times L/κ.
    np.testing.assert_allclose(
        potential.mean((1, 2)) * impedance, SLAB["thickness"] / KAPPA, rtol=1e-5
    )
    for row, frequency in enumerate(FREQUENCY):
        y = admittance(contact, values, 2j * np.pi * frequency)
        perfect = np.isinf(y)
        np.testing.assert_allclose(potential[row][perfect], 1.0, atol=1e-4)
        through = np.where(perfect, 0.0, y) * (1.0 - potential[row]) * impedance[row]
        np.testing.assert_allclose(density[row][~perfect], through[~perfect], atol=1e-6)
    parts = found["slab"] + found["film"] + found["constriction"]
    np.testing.assert_allclose(parts, found["impedance"], rtol=1e-12)


def test_shares_add_up_to_the_current_of_the_contacts() -> None:
    contact = random_map((24, 24), 0.2)
    found = constriction(contact, frequency=FREQUENCY, **SLAB, **FILM)
    np.testing.assert_allclose(found["share"].sum("spot_id"), 1.0, rtol=1e-12)
    assert found.sizes["spot_id"] == int(found["spot"].max())
    biggest = np.bincount(found["spot"].values[contact]).argmax()
    assert int(np.argmax(found["share"].values[0].real)) + 1 == biggest


def enlarged(map_: Array, factor: int) -> Array:
    return np.repeat(np.repeat(map_, factor, 0), factor, 1)


@pytest.mark.parametrize("kind", ["perfect", "even", "uneven"])
@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_splitting_pixels_never_raises_the_resistance(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    contact = rng.random((6, 5)) < 0.4
    contact[0, 0] = True
    values = films(rng, contact.shape, kind)
    found = []
    for factor in (1, 2, 3):
        parts = {k: enlarged(v, factor) if np.ndim(v) else v for k, v in values.items()}
        geometry = {**SLAB, "pixel": PIXEL / factor}
        one = constriction(split(contact, factor), tolerance=1e-9, **geometry, **parts)
        found.append(float(one["impedance"]))
    # Nested spaces of currents (1 in 2, 1 in 3); 2 and 3 are not nested.
    assert found[1] <= found[0] * (1 + 1e-7)
    assert found[2] <= found[0] * (1 + 1e-7)
    assert found[0] >= float(one["slab"] + one["film"]) * (1 - 1e-7)


def test_split_pixels_converge_with_the_order_that_an_edge_allows() -> None:
    # Perfect contact: the current grows as 1/√distance at an edge, so the energy is of first order.
    square = np.zeros((8, 8), bool)
    square[2:6, 2:6] = True
    found = [
        float(
            constriction(
                split(square, factor), pixel=0.1 / factor, thickness=1.0, conductivity=1.0
            )["impedance"]
        )
        for factor in (1, 2, 4, 8, 16)
    ]
    steps = -np.diff(found)
    orders = np.log2(steps[:-1] / steps[1:])
    assert np.all(steps > 0)
    assert orders[-1] == pytest.approx(1.0, abs=0.1)


@given(st.integers(0, 1000), st.sampled_from(["perfect", "even"]))
@settings(max_examples=20, deadline=None)
def test_more_contact_never_costs_more(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    less = rng.random((9, 8)) < 0.3
    less[0, 0] = True
    more = less | (rng.random((9, 8)) < 0.2)
    values = films(rng, less.shape, kind)
    small, large = (
        float(constriction(map_, **SLAB, **values)["impedance"]) for map_ in (less, more)
    )
    assert large <= small * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_impedance_is_passive_and_causal(kind: str) -> None:
    shape = (16, 16)
    contact, values = random_map(shape), films(np.random.default_rng(2), shape, kind)
    frequency = np.logspace(-1, 8, 91)
    found = constriction(
        contact,
        permittivity=EPSILON,
        frequency=frequency,
        tolerance=1e-9,
        fields=False,
        **SLAB,
        **values,
    )
    impedance = found["impedance"].values
    assert np.all(impedance.real > 0)
    assert np.all(impedance.imag < 0)
    # Resistors and capacitors alone: Z is a sum of R ‖ C and one C, none of them negative. Twenty
    # time constants a decade describe any such sum to some 1e-5.
    omega = 2 * np.pi * frequency
    tau = np.logspace(-12, 4, 321)
    arcs = 1.0 / (1.0 + 1j * omega[:, None] * tau)
    columns = np.concatenate([arcs, 1.0 / (1j * omega[:, None])], 1)
    columns = columns / np.abs(columns).max(0) / np.abs(impedance)[:, None]
    both = np.concatenate([columns.real, columns.imag])
    unit = impedance / np.abs(impedance)
    _, left = nnls(both * np.abs(impedance).min(), np.concatenate([unit.real, unit.imag]))
    assert left / np.sqrt(frequency.size) < 1e-4


def test_lengths_and_conductivity_only_scale() -> None:
    contact = random_map((13, 10))
    one = float(constriction(contact, **SLAB)["impedance"])
    other = constriction(
        contact, pixel=7 * PIXEL, thickness=7 * SLAB["thickness"], conductivity=3 * KAPPA
    )
    assert float(other["impedance"]) == pytest.approx(one * 7 / 3, rel=1e-9)


@pytest.mark.parametrize("kind", ["perfect", "even", "gap", "uneven"])
def test_a_slab_deeper_than_the_pattern_only_adds_its_length(kind: str) -> None:
    # Uneven current dies away within a period: a kilometre below it adds L/κ and nothing else.
    contact, values = random_map((16, 16)), films(np.random.default_rng(2), (16, 16), kind)
    frequency = None if kind == "gap" else 1e4
    near, far = (
        constriction(
            contact,
            pixel=PIXEL,
            thickness=thickness,
            conductivity=KAPPA,
            frequency=frequency,
            **values,
        )
        for thickness in (0.05, 1e5)
    )
    assert complex(far["constriction"]) == pytest.approx(complex(near["constriction"]), rel=1e-6)
    np.testing.assert_allclose(far["current_density"], near["current_density"], atol=1e-4)


@pytest.mark.parametrize("resistance", [1e-9, 1e-6, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("conductivity", [1e-6, 5e-4])
def test_an_uneven_film_below_a_whole_face(resistance: float, conductivity: float) -> None:
    # Every pixel admits current, and a film may be nothing beside the slab: no difference of large
    # numbers may decide. A film that is nothing is spread in series with nothing: second order.
    film = resistance * (1 + np.arange(64.0).reshape(8, 8) / 64)
    found = constriction(
        np.ones((8, 8), bool), pixel=1e-4, thickness=0.1, conductivity=conductivity,
        film_resistance=film, tolerance=1e-10,
    )  # fmt: skip
    reach = reach_matrix((8, 8), 1e-4, 0.1) - 0.1 / 64
    # What film and uneven current cost together, from the currents that even 1 V drives.
    beyond, _ = dense(reach, conductivity, 1.0 / film)
    expected = beyond.real - float(found["film"])
    assert float(found["constriction"]) == pytest.approx(expected, rel=1e-3, abs=1e-12 * resistance)
    assert float(found["constriction"]) >= -1e-9 * float(found["film"])


def test_direct_current_is_the_limit_of_low_frequencies() -> None:
    contact = random_map((13, 10))
    for kind in ("even", "gap", "uneven, gaps"):
        values = films(np.random.default_rng(2), contact.shape, kind)
        direct = constriction(contact, **SLAB, **values)["impedance"]
        slow = constriction(contact, frequency=1e-6, **SLAB, **values)["impedance"]
        zero = constriction(contact, frequency=0.0, **SLAB, **values)["impedance"]
        assert direct.dtype == float
        assert float(slow.real) == pytest.approx(float(direct), rel=1e-6)
        assert complex(zero) == pytest.approx(complex(direct), rel=1e-6)


@pytest.mark.parametrize("frequency", [None, 1e4])
def test_reciprocity_of_contacts(frequency: float | None) -> None:
    contact = np.zeros((18, 18), bool)
    contact[2:5, 2:4] = contact[9, 8:14] = contact[14:16, 1:3] = contact[6, 15] = True
    film = FILM if frequency else {"film_resistance": 2.0}
    found = coupling(contact, frequency=frequency, tolerance=1e-10, **SLAB, **film)
    matrix = found["admittance"].values
    assert matrix.shape == (4, 4)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-7)
    # All spots at one potential is the face that `constriction` solves.
    whole = constriction(contact, frequency=frequency, **SLAB, **film)
    assert complex(matrix.sum()) == pytest.approx(1.0 / complex(whole["impedance"]), rel=1e-7)
    np.testing.assert_allclose(matrix.sum(axis=1) / matrix.sum(), whole["share"].values, rtol=1e-5)
    if frequency is None:
        assert np.all(np.diag(matrix) > 0)
        assert np.all(matrix[~np.eye(4, dtype=bool)] < 0)


def test_several_maps_are_each_solved_as_if_alone() -> None:
    maps = np.stack([random_map((9, 11), 0.3, seed) for seed in range(3)])
    many = constriction(maps, frequency=FREQUENCY, **SLAB, **FILM)
    assert many["impedance"].dims == ("map", "frequency")
    for row, map_ in enumerate(maps):
        alone = constriction(map_, frequency=FREQUENCY, **SLAB, **FILM)
        np.testing.assert_array_equal(many["impedance"][row], alone["impedance"])
        np.testing.assert_array_equal(many["current_density"][row], alone["current_density"])
        count = alone.sizes["spot_id"]
        np.testing.assert_array_equal(many["share"][row][:, :count], alone["share"])


def test_the_order_of_frequencies_changes_nothing() -> None:
    contact = random_map((12, 12))
    values = films(np.random.default_rng(2), (12, 12), "uneven, gaps")
    up = constriction(contact, frequency=FREQUENCY, **SLAB, **values)["impedance"].values
    down = constriction(contact, frequency=FREQUENCY[::-1], **SLAB, **values)["impedance"].values
    np.testing.assert_array_equal(up, down[::-1])
