"""The fit: only fit rows, residuals that say how far, descents that find what was put in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.cell import Cell
from anodescope.inference.ensemble import covariance, drawn
from anodescope.inference.fitting import LINEAR, Bench, Fit, bent, descend, residuals
from anodescope.inference.groups import groups
from anodescope.inference.observations.rows import rows
from anodescope.inference.parameters import FREE, scaled_of, values_of
from anodescope.inference.quick import LEFT_OUT, MEASURES, QUICK, Speed, pulses, short_charge
from anodescope.inference.quick import sodium as sodium_staircase
from anodescope.inference.structures import Structure, structure

MEASURED = {
    "strip50": {"knee": 0.6, "last": 1.0, "end": 1.0, "early": 2.0, "late": 1.0},
    "hold_0.25": {"charge": 20.0, "end": 0.2},
    "pulse_0": {"charge": 0.5}, "pulse_0.1": {"charge": 1.0},
    "pulse_1": {"charge": 2.0}, "pulse_10": {"charge": 13.0},
    "plate50": {"early": 0.5, "late": 1.0, "filament": 0.5},
    "insitu_plate_0.7": {"charge": 0.5, "short_of": 0.0},
    "ccd50": {"before": 0.2, "length": 2.0, "short_of": 0.0},
    "sodium": {"current": 3.1},
}  # fmt: skip


def test_what_the_paper_saw_has_no_residual() -> None:
    told = residuals(MEASURED)
    assert set(told) == {key for key, row in rows().items() if row.role == "fit"}
    assert told == pytest.approx(dict.fromkeys(told, 0.0), abs=1e-9)


def test_no_row_that_was_left_out_is_measured_in_a_fit() -> None:
    used = {key for row in rows().values() if row.role == "fit" for key in row.experiments}
    assert {one.key for one in MEASURES} <= used
    held = {key for row in rows().values() if row.role == "hold" for key in row.experiments}
    assert {one.key for one in LEFT_OUT} <= held
    assert not {one.key for one in LEFT_OUT} & {one.key for one in MEASURES}


@pytest.mark.parametrize(
    ("key", "name", "value", "row", "sign"),
    [
        ("strip50", "knee", 0.65, "O5.threshold", 1), ("strip50", "knee", 0.5, "O5.threshold", -1),
        ("strip50", "last", 0.8, "O5.completes", 1), ("strip50", "end", 2.9, "O5.completes", 1),
        ("strip50", "early", 1.0, "O7.interface_larger", 1),
        ("pulse_0", "charge", 3.0, "O11.rest_0", 1), ("pulse_1", "charge", 1.0, "O11.rest_1", -1),
        ("hold_0.25", "charge", 15.0, "O13.reached", 1),
        ("plate50", "late", 0.52, "O15.grows_back", 1),
        ("ccd50", "before", 1.0, "O4.short_current", 1),
        ("ccd50", "length", 0.9, "O4.short_current", -1),
        ("ccd50", "short_of", 1.0, "O4.short_current", -1),
        ("insitu_plate_0.7", "charge", 0.8, "O17.short_charge", 1),
        ("sodium", "current", 2.5, "O20.critical_current", -1),
    ],
)  # fmt: skip
def test_a_residual_has_the_sign_of_what_is_wrong(key, name, value, row, sign) -> None:
    changed = {**MEASURED, key: {**MEASURED[key], name: value}}
    assert np.sign(residuals(changed)[row]) == sign


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_bending_keeps_order_and_sign_and_leaves_small_ones(a: float, b: float) -> None:
    if a < b:
        assert bent(a) <= bent(b)
    assert bent(-a) == -bent(a)
    assert abs(bent(a)) <= abs(a)
    if abs(a) <= LINEAR:
        assert bent(a) == a


def test_a_half_tolerance_is_one() -> None:
    row = rows()["O5.threshold"]
    off = {**MEASURED["strip50"], "knee": row.published + 0.5 * row.tolerance}
    assert residuals({**MEASURED, "strip50": off})["O5.threshold"] == pytest.approx(1.0)


def filaments() -> Bench:
    """Return a bench on which only the filament is free, and only what shorts is measured."""
    free = {one.path for one in FREE}
    kept = {"filament.current", "filament.rate", "deposit.contact"}
    one = Structure("filament", "", without=tuple(free - kept))
    keys = {"sodium", "insitu_plate_0.7"}
    return Bench(one, QUICK, tuple(one for one in MEASURES if one.key in keys))


def test_a_descent_meets_what_can_be_met_from_far_away_and_repeats_itself() -> None:
    start = {"deposit.contact": 0.5, "filament.current": 4.0, "filament.rate": 1e-4}
    fit = descend(filaments(), start)
    assert fit.converged
    assert all(abs(value) < 1.0 for value in fit.residuals.values())  # met is half a tolerance
    assert descend(filaments(), start).values == fit.values


def test_what_no_row_depends_on_keeps_its_prior() -> None:
    bench = filaments()
    fit = descend(bench, {"deposit.contact": 0.2, "filament.current": 1.0, "filament.rate": 1e-4})
    blind = Fit(fit.structure, fit.values, fit.cost, fit.prior, fit.residuals,
                np.zeros_like(fit.slopes), True)  # fmt: skip
    np.testing.assert_allclose(covariance(blind), np.eye(3))
    assert np.all(np.diag(covariance(fit)) <= 1.0 + 1e-12)


def test_members_are_within_the_stated_cost_and_repeat_themselves() -> None:
    bench = filaments()
    fit = descend(bench, {"deposit.contact": 0.2, "filament.current": 1.0, "filament.rate": 1e-4})
    once, again = (drawn(filaments(), fit, count=3, seed=5) for _ in range(2))
    assert [one.values for one in once] == [one.values for one in again]
    for one in once:
        vector = bench.vector(scaled_of(one.values, bench.structure.free))[: len(bench.keys)]
        assert 0.5 * float(vector @ vector) == pytest.approx(one.cost, rel=1e-6)


def test_a_group_does_not_change_along_what_it_leaves_open() -> None:
    base = structure("threshold")
    values = values_of([0.0] * len(FREE))
    fit = Fit("threshold", values, 0.0, 0.0, {}, np.zeros((1, len(FREE))), True)
    wider = {**values, "layer.thickness": 2.0 * values["layer.thickness"],
             "layer.diffusivity": 2.0 * values["layer.diffusivity"]}  # fmt: skip
    other = Fit("threshold", wider, 0.0, 0.0, {}, np.zeros((1, len(FREE))), True)
    first, second = ({one.key: one for one in groups(base, each)} for each in (fit, other))
    assert second["i_lim"].value == pytest.approx(first["i_lim"].value)
    assert second["t_layer"].value == pytest.approx(2.0 * first["t_layer"].value)
    assert all(one.left == pytest.approx(1.0) for one in first.values())
    assert not any(one.identified for one in first.values())


def test_one_measurement_is_made_once() -> None:
    bench = filaments()
    values = {"deposit.contact": 0.2, "filament.current": 1.0, "filament.rate": 1e-4}
    first = bench.found(values)
    # Sodium does not depend on the alloy's contact: only the in situ cell is measured again.
    second = bench.found({**values, "deposit.contact": 0.25})
    assert second["sodium"] is first["sodium"]
    assert second["insitu_plate_0.7"] != first["insitu_plate_0.7"]


def test_the_quick_charge_of_a_short_is_that_of_the_law() -> None:
    # One patch, nothing but the filament: dc/dt = χ(i/a0 − i_C), so Q = i/[χ(i/a0 − i_C)]/3600.
    cell = Cell().replace(loss=None, patches=1, **{
        "deposit.contact": 0.2, "filament.current": 1.0, "filament.rate": 1e-3,
    })  # fmt: skip
    found = short_charge(cell, Speed(1))
    exact = 0.7 / (1e-3 * (0.7 / 0.2 - 1.0)) / 3600.0
    assert found["charge"] == pytest.approx(exact, rel=2e-3)
    assert found["short_of"] == 0.0


def test_a_current_below_the_filaments_says_how_far() -> None:
    cell = Cell().replace(**{"deposit.contact": 0.5, "filament.current": 2.8})
    assert short_charge(cell, Speed(1))["short_of"] == pytest.approx(np.log(2.0))


def test_the_quick_critical_current_of_sodium_is_that_of_the_law() -> None:
    # Damage of the halves that plate: Σ χ(i − i_C)·600 s = 1, between two steps by the time.
    cell = Cell.preset("Na").replace(**{"filament.current": 0.5, "filament.rate": 2e-4})
    grown, current = 0.0, 0.0
    while grown < 1.0:
        current += 0.2
        step = 2e-4 * max(current - 0.5, 0.0) * 600.0
        grown += step
    exact = current - 0.2 * (grown - 1.0) / step
    assert sodium_staircase(cell, QUICK)["current"] == pytest.approx(exact, abs=2e-3)


def test_pulses_that_rest_longer_give_more() -> None:
    charges = [pulses(Cell(), QUICK, rest)["charge"] for rest in (0.0, 0.1)]
    assert charges[0] < charges[1]
