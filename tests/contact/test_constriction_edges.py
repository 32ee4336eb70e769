"""The ends of what may be asked: the right answer, or one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from anodescope.contact import constriction, coupling, recycled, spots
from anodescope.contact.slab import Slab
from anodescope.errors import Cancelled, SettingsError
from anodescope.running import Run

SLAB: dict[str, Any] = {"pixel": 1e-3, "thickness": 0.02, "conductivity": 5e-4}


@pytest.mark.parametrize("frequency", [None, 1e3, [1.0, 1e3]])
def test_no_contact_is_an_open_circuit(frequency: Any) -> None:
    found = constriction(np.zeros((4, 5), bool), frequency=frequency, **SLAB)
    assert np.all(np.isinf(found["impedance"]))
    assert set(np.ravel(found["outcome"].values)) == {"no_contact"}
    assert np.all(np.isnan(found["current_density"]))
    assert found.sizes["spot_id"] == 0


def test_no_contact_charges_through_its_gap() -> None:
    found = constriction(np.zeros((4, 5), bool), gap_capacitance=1e-8, frequency=1e3, **SLAB)
    expected = 0.02 / 5e-4 + 1.0 / (2j * np.pi * 1e3 * 1e-8)
    assert complex(found["impedance"]) == pytest.approx(expected, rel=1e-12)
    assert found["outcome"].item() == "converged"


def test_a_film_that_blocks_at_rest_is_open_there_only() -> None:
    found = constriction(
        np.eye(4, dtype=bool),
        film_resistance=np.inf,
        film_capacitance=1e-6,
        frequency=[0, 1e3],
        **SLAB,
    )
    assert found["outcome"].values.tolist() == ["no_contact", "converged"]
    assert np.isinf(found["impedance"].values[0])
    assert np.isfinite(found["impedance"].values[1])
    assert np.isnan(found["focusing"].values[0])


def test_one_pixel_alone_is_the_diagonal_of_the_slab() -> None:
    contact = np.zeros((15, 12), bool)
    contact[7, 3] = True
    found = constriction(contact, **SLAB)
    slab = Slab((15, 12), 1e-3, 0.02)
    assert float(found["impedance"]) == pytest.approx((slab.reach.sum() + 0.02) / 5e-4, rel=1e-9)
    assert float(found["focusing"]) == pytest.approx(180.0)
    # A square of side h passes between a disc within it and one around it: 1/(4κa), a = h/2, h/√2.
    spreading = float(found["constriction"]) / (180 * 1e-6)
    assert 1 / (4 * 5e-4 * 1e-3 / np.sqrt(2)) * 0.8 < spreading < 1 / (4 * 5e-4 * 0.5e-3) * 1.05


def test_a_gap_of_one_pixel_costs_little_but_something() -> None:
    contact = np.ones((16, 16), bool)
    contact[3, 4] = False
    found = constriction(contact, **SLAB)
    assert 0.0 < float(found["constriction"]) < 1e-3 * float(found["slab"])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (5, 3), (17, 31)])
@pytest.mark.parametrize("sides", ["periodic", "mirror"])
def test_odd_and_narrow_faces(shape: tuple[int, int], sides: str) -> None:
    contact = np.zeros(shape, bool)
    contact[0, 0] = True
    for gap in (0.0, 1e-8):
        found = constriction(
            contact, sides=sides, gap_capacitance=gap, frequency=[1.0, 1e6], **SLAB
        )
        assert set(found["outcome"].values) == {"converged"}
        assert np.all(found["impedance"].real >= found["slab"].real * (1 - 1e-9))


def test_numbers_that_are_ones_and_zeros_are_a_map() -> None:
    contact = np.eye(5)
    one, other = (constriction(map_, **SLAB)["impedance"] for map_ in (contact, contact > 0))
    assert float(one) == float(other)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contact": np.full((3, 3), np.nan)}, "contact: .*not finite"),
        ({"contact": np.full((3, 3), 0.5)}, "contact: .*0.5.*contact > 0.5"),
        ({"contact": np.zeros((0, 3), bool)}, "contact: .*\\(0, 3\\)"),
        ({"contact": np.ones(3, bool)}, "contact: "),
        ({"contact": np.full((3, 3), "x")}, "contact: "),
        ({"contact": np.ma.masked_array(np.ones((3, 3)), mask=np.eye(3))}, "contact: .*mask"),
        ({"contact": xr.DataArray(np.ones((3, 3)), dims=("x", "y"))}, "contact: .*transpose"),
        ({"contact": [[True, False], [True]]}, "contact: .*one length"),
        ({"permittivity": [1.0, 2.0]}, "permittivity: expected one number"),
        ({"frequency": [[1.0], [2.0, 3.0]]}, "frequency: .*one length"),
        ({"sides": np.array(["mirror"])}, "sides: "),
        ({"pixel": 0.0}, "pixel: .*above 0 .*found 0.0"),
        ({"pixel": [1.0, 2.0]}, "pixel: "),
        ({"thickness": np.nan}, "thickness: "),
        ({"conductivity": -1.0}, "conductivity: "),
        ({"permittivity": -1.0}, "permittivity: "),
        ({"film_resistance": np.nan}, "film_resistance: .*nan"),
        ({"film_resistance": np.ones((2, 2))}, "film_resistance: .*\\(3, 3\\)"),
        ({"film_capacitance": np.inf}, "film_capacitance: "),
        ({"gap_capacitance": 1j}, "gap_capacitance: "),
        ({"sides": "open"}, "sides: .*periodic, mirror"),
        ({"frequency": -1.0}, "frequency: "),
        ({"frequency": []}, "frequency: "),
        ({"frequency": [np.nan]}, "frequency: "),
        ({"method": "fast"}, "method: "),
        ({"method": "shifted", "gap_capacitance": 1e-8, "frequency": 1.0}, "'shifted' needs"),
        ({"tolerance": 0.5}, "tolerance: "),
    ],
)
def test_bad_input_gets_one_sentence(changes: dict[str, Any], words: str) -> None:
    settings = {"contact": np.eye(3, dtype=bool), **SLAB, **changes}
    with pytest.raises(SettingsError, match=words):
        constriction(settings.pop("contact"), **settings)


def test_labelled_maps_and_lists_are_read_as_they_are_meant() -> None:
    contact = np.array([[True, False, False], [True, True, False]])
    expected = float(constriction(contact, **SLAB)["impedance"])
    for other in (contact.tolist(), xr.DataArray(contact, dims=("y", "x")), contact.astype("f4")):
        assert float(constriction(other, **SLAB)["impedance"]) == expected


def test_what_is_given_is_left_as_it_is() -> None:
    contact, film = np.eye(6, dtype=bool), np.full((6, 6), 2.0)
    contact.flags.writeable = film.flags.writeable = False
    constriction(contact, film_resistance=film, gap_capacitance=1e-8, frequency=[1e3], **SLAB)
    assert contact.sum() == 6
    assert np.all(film == 2.0)


@pytest.mark.parametrize("resistance", [0.0, 5e-324, 1e-310])
def test_a_film_too_thin_for_a_number_is_none(resistance: float) -> None:
    bare = constriction(np.eye(4, dtype=bool), frequency=1e3, **SLAB)["impedance"]
    for film in (resistance, np.full((4, 4), resistance)):
        found = constriction(np.eye(4, dtype=bool), film_resistance=film, frequency=1e3, **SLAB)
        assert complex(found["impedance"]) == complex(bare)


@pytest.mark.parametrize("gap", [0.0, 1e-9])
def test_perfect_contact_all_over_is_the_slab(gap: float) -> None:
    for method in ("auto", "recycled"):
        found = constriction(
            np.ones((5, 4), bool), gap_capacitance=gap, frequency=[0.0, 1e6], method=method, **SLAB
        )
        np.testing.assert_array_equal(found["impedance"], found["slab"])
        np.testing.assert_array_equal(found["constriction"], 0.0)
        np.testing.assert_array_equal(found["potential"], 1.0)
        assert set(found["outcome"].values) == {"converged"}


def test_too_few_steps_are_said_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    contact = rng.random((30, 30)) < 0.4
    monkeypatch.setattr("anodescope.contact.answer._MOST", 3)
    found = constriction(contact, frequency=[1.0, 1e6], **SLAB)
    assert set(found["outcome"].values) == {"max_steps"}
    assert np.all(found["residual"] > 1e-6 * np.abs(found["impedance"]))
    assert found["iterations"].values.tolist() == [3, 3]


def test_gmres_takes_over_where_conjugate_gradients_break_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(1)
    contact = rng.random((12, 12)) < 0.4
    settings = {"gap_capacitance": 1e-8, "frequency": [1.0, 1e6], **SLAB}
    expected = constriction(contact, **settings)

    def broken(operator: Any, _: Any, b: Any, start: Any, *__: Any) -> Any:
        return start, float(np.linalg.norm(b - operator(start))), 0

    monkeypatch.setattr(recycled, "conjugate_gradients", broken)
    found = constriction(contact, **settings)
    assert "fallback" in found["outcome"].values
    assert set(found["outcome"].values) <= {"fallback", "converged"}
    np.testing.assert_allclose(found["impedance"], expected["impedance"], rtol=1e-6)


def test_conjugate_gradients_stop_where_a_product_vanishes() -> None:
    # bᵀb = 0 though b is not: an unconjugated product that breaks the recurrence.
    b = np.array([1.0, 1j])
    x, missed, steps = recycled.conjugate_gradients(
        lambda v: 2 * v, lambda v: v, b, np.zeros(2, complex), 1e-9, 10
    )
    assert (missed, steps) == (pytest.approx(np.sqrt(2.0)), 0)
    assert not np.any(x)


@pytest.mark.parametrize("gap", [0.0, 1e-8])
def test_a_run_can_be_stopped(gap: float) -> None:
    stop = Run(cancelled=lambda: True)
    with pytest.raises(Cancelled, match="constriction: stopped after 0"):
        constriction(
            np.eye(9, dtype=bool), gap_capacitance=gap, frequency=[1.0, 1e3], run=stop, **SLAB
        )


@pytest.mark.parametrize("gap", [0.0, 1e-8])
def test_a_run_hears_how_far_it_is(gap: float) -> None:
    heard: list[tuple[int, int]] = []
    run = Run(progress=lambda stage, done, total: heard.append((done, total)))
    constriction(np.eye(9, dtype=bool), gap_capacitance=gap, frequency=[1.0, 1e3], run=run, **SLAB)
    assert heard[0] == (0, 2)
    assert heard[-1] == (2, 2)


def test_spots_join_through_periodic_sides() -> None:
    contact = np.zeros((5, 6), bool)
    contact[0, 2] = contact[4, 2] = contact[2, 0] = contact[2, 5] = contact[3, 3] = True
    assert int(spots(contact).max()) == 3
    assert int(spots(contact, "mirror").max()) == 5
    labels = spots(contact)
    assert labels[0, 2] == labels[4, 2] == 1
    assert labels[2, 0] == labels[2, 5] == 2
    assert not np.any(labels[~contact])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contact": np.ones((2, 3, 3), bool)}, "one map"),
        ({"frequency": [1.0, 2.0]}, "frequency: .*one number"),
        ({"tolerance": -1.0}, "tolerance: "),
        ({"sides": "open"}, "sides: "),
    ],
)
def test_coupling_says_what_is_wrong(changes: dict[str, Any], words: str) -> None:
    settings = {"contact": np.eye(3, dtype=bool), **SLAB, **changes}
    with pytest.raises(SettingsError, match=words):
        coupling(settings.pop("contact"), **settings)


def test_spots_say_what_is_wrong() -> None:
    with pytest.raises(SettingsError, match="sides: "):
        spots(np.eye(3), "open")
    with pytest.raises(SettingsError, match="one map"):
        spots(np.ones((2, 2, 2)))


def test_without_fields_the_same_impedance_and_no_maps() -> None:
    contact = np.eye(9, dtype=bool)
    one = constriction(contact, frequency=[1.0, 1e6], fields=False, **SLAB)
    other = constriction(contact, frequency=[1.0, 1e6], **SLAB)
    np.testing.assert_array_equal(one["impedance"], other["impedance"])
    assert "current_density" not in one
    assert "share" not in one
