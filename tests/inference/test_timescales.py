"""Time scales: half-way times on known curves, and the cell's own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anodescope as an
from anodescope.cell import Cell, Motion
from anodescope.inference.timescales import Kind, half_way, time_scales

NAK50 = Cell.preset("NaK50")


@given(tau=st.floats(10.0, 1000.0), start=st.floats(1.0, 100.0), end=st.floats(1.0, 100.0))
def test_an_exponential_is_half_way_after_its_time_times_ln_2(
    tau: float, start: float, end: float
) -> None:
    """Between two samples, which are the bounds; linear there, hence not exact."""
    if abs(start - end) < 0.05 * max(start, end):
        return
    time = np.arange(0.0, 12.0 * tau, tau / 20.0)
    value, low, high, _ = half_way(time, end + (start - end) * np.exp(-time / tau))
    assert low <= value <= high
    assert value == pytest.approx(tau * math.log(2.0), rel=2e-3)


@given(scale=st.floats(0.1, 10.0), shift=st.floats(0.0, 100.0))
def test_half_way_does_not_depend_on_units(scale: float, shift: float) -> None:
    """Times scale with time, and the size of the area does not matter."""
    time, area = np.array([0.0, 1.0, 2.0, 4.0]), np.array([10.0, 7.0, 3.0, 2.0])
    value = half_way(time, area)[0]
    other = half_way(shift + scale * time, 5.0 * area)[0]
    assert other == pytest.approx(shift + scale * value)
    assert value == pytest.approx(1.25)


def test_what_does_not_change_has_no_time() -> None:
    """Nor what has fewer than three sweeps."""
    flat = half_way(np.arange(5.0), np.full(5, 3.0))
    assert math.isnan(flat[0])
    assert "no change" in flat[3]
    assert math.isnan(half_way(np.arange(2.0), np.array([1.0, 2.0]))[0])


def test_without_campaigns_times_of_the_model_stand_and_the_others_say_why() -> None:
    """Nothing is made up."""
    for one in time_scales({}, NAK50):
        if one.kind is Kind.seen:
            assert math.isnan(one.value)
            assert one.note.endswith("was not run")


def test_times_of_the_model_are_those_of_its_laws() -> None:
    """δ²/2D without spread has no range; τ_φ and τ_m are the cell's own."""
    cell = NAK50.replace(**{"layer.spread": 0.0}, motion=Motion(0.6, 0.1, 2e-3))
    found = {(one.key, one.attributed): one for one in time_scales({}, cell)}
    layer = cell.layer
    fick = found["fick", "δ²/2D of the layer"]
    expected = layer.thickness**2 / (2.0 * layer.diffusivity)
    assert (fick.low, fick.value, fick.high) == pytest.approx((expected,) * 3)
    assert found["mechanics", "law of motion"].value == pytest.approx(2e-3)
    assert found["realloy_strip", "τ_φ, lost contact heals"].value == cell.loss.heal
    assert found["realloy_plate", "τ_m, deposited Na dissolves"].value == cell.deposit.time


def test_parts_that_the_cell_does_not_have_have_no_time() -> None:
    """No layer, no line of it."""
    keys = {one.attributed for one in time_scales({}, NAK50.replace(layer=None, loss=None))}
    assert "δ²/2D of the layer" not in keys
    assert "τ_φ, lost contact heals" not in keys


def test_a_rest_that_is_simulated_is_half_way_near_the_time_of_its_law() -> None:
    """A face that has lost contact heals at rest: γ_int ∝ 1/(1 − φ), φ = φ0·exp(−t/τ_φ).

    The first sweep has φ0 and the last none, so half-way in γ is where 1/(1 − φ) − 1 is halved:
    φ = φ0/(2 − φ0). The sweeps are 35 s long, hence 35 s either way.
    """
    heal, lost = 300.0, 0.5
    cell = NAK50.replace(**{"loss.heal": heal, "loss.start": lost, "loss.rate": 1e-9})
    protocol = an.protocols.staircase_geis(0.05, 0.09, 0.01) + an.protocols.rest_with_peis(3000.0)
    done = an.analyse(an.simulate(cell, protocol), method="drttools")
    found = [one for one in time_scales({"strip50": done}, cell) if one.key == "realloy_strip"]
    seen = next(one for one in found if one.kind is Kind.seen)
    state = done["state"]
    begin = float(done["spectra"]["time_start"].values[5])
    there = np.interp(begin, state["state_time"].values, state["lost_contact"].values.mean(1))
    expected = heal * math.log(2.0 - there)
    assert seen.value == pytest.approx(expected, abs=35.0)
