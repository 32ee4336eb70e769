"""Recognition is the inverse of replaying: laws on designed protocols."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import check
from anodescope.errors import SchemaError
from anodescope.protocol import Hold, Protocol, Rest, recognise
from anodescope.protocol import library as protocols
from anodescope.protocol.protocol import Block
from anodescope.protocol.recognise import NO_CURRENT, NOT_HELD, ONE_SAMPLE
from anodescope.protocol.replay import at_least
from tests.protocol.records import AREA, explains, node, replay

DESIGNS = {
    "rest": protocols.rest(600.0),
    "constant current": protocols.hold(0.25, 3600.0),
    "staircase": protocols.hold(),
    "plating staircase": protocols.staircase(-0.1, -1.0, 0.1),
    "falling staircase": protocols.staircase(1.0, 0.2, 0.1),
    "SGEIS": protocols.staircase_geis(0.05, 1.0, 0.01),
    "SGEIS plating": protocols.staircase_geis(-0.05, -1.0, 0.05),
    "CCD": protocols.ccd(half_cycle=600.0),
    "CCD without GEIS": protocols.ccd(half_cycle=600.0, sweep=None),
    "CCD with rests": protocols.ccd(half_cycle=600.0, sweep=None, rest=60.0),
    "CCD plating first": protocols.ccd((0.2, 0.4), sweep=None, strip_first=False),
    "Na|Na CCD": protocols.ccd(tuple(0.2 * k for k in range(1, 17)), 600.0, sweep=None),
    "pulsed": protocols.pulsed_stripping(count=50),
    "pulsed, short rests": protocols.pulsed_stripping(rest=0.1, count=50),
    "pulsed plating": protocols.pulsed_stripping(-1.0, rest=10.0, count=20),
    "cycling": protocols.cycling(0.1, 1800.0, 4),
    "cycling with rests": protocols.cycling(0.1, 1800.0, 4, rest=300.0),
    "cycling with GEIS": protocols.cycling(0.1, 1800.0, 2, sweep=35.0),
    "rest with PEIS": protocols.rest_with_peis(3600.0, 600.0),
    "SGEIS, then rest with PEIS": protocols.staircase_geis(0.1, 0.5, 0.1)
    + protocols.rest_with_peis(3600.0, 600.0),
    "strip and plate": protocols.staircase_geis(0.1, 0.5, 0.1)
    + protocols.rest(600.0)
    + protocols.staircase_geis(-0.1, -0.5, 0.1),
    "current, then staircase the other way": protocols.hold(0.2, 600.0)
    + protocols.staircase(-0.1, -0.5, 0.1),
    "pulses, then a long rest": protocols.pulsed_stripping(count=30) + protocols.rest(3600.0),
}


def same(one: object, other: object, tolerance: float) -> bool:
    return np.allclose(one, other, rtol=tolerance, atol=1e-12)


def assert_same_protocol(found: Protocol, design: Protocol, tolerance: float) -> None:
    assert found.kinds == design.kinds
    assert [block.count for block in found.blocks] == [block.count for block in design.blocks]
    for here, there in zip(found.parameters, design.absolute(AREA).parameters, strict=True):
        for name in there:
            if name not in ("duration", "step"):
                assert same(here[name], there[name], tolerance), (name, here[name], there[name])


@pytest.mark.parametrize("name", DESIGNS)
def test_the_replay_of_a_protocol_is_recognised_as_that_protocol(name):
    found = recognise(*replay(DESIGNS[name]))
    assert_same_protocol(found, DESIGNS[name], 0.15)  # edges are known to half a sample of eight
    assert explains(found)
    check("protocol", found.to_dataset())


@pytest.mark.parametrize("name", DESIGNS)
def test_noise_of_a_tenth_of_a_per_cent_changes_nothing(name):
    peak = np.nanmax(np.abs(DESIGNS[name].absolute(AREA).phases().current))
    found = recognise(*replay(DESIGNS[name], noise=1e-3 * peak or 1e-9, seed=3))
    assert_same_protocol(found, DESIGNS[name], 0.15)
    assert explains(found, 0.95)  # the noise itself is known from eight samples per level


@pytest.mark.parametrize("name", [key for key in DESIGNS if "GEIS" in key or "PEIS" in key])
def test_sweeps_may_be_in_the_spectra_alone(name):
    found = recognise(*replay(DESIGNS[name], rows_in_sweeps=False))
    assert found.kinds == DESIGNS[name].kinds
    assert [block.count for block in found.blocks] == [b.count for b in DESIGNS[name].blocks]


@pytest.mark.parametrize("name", ["SGEIS", "CCD", "pulsed", "cycling with rests", "staircase"])
def test_the_boundaries_are_those_of_the_design_to_half_a_sample(name):
    design = DESIGNS[name].absolute(AREA).phases()
    found = recognise(*replay(DESIGNS[name])).phases()
    assert found.size == design.size
    off = np.abs(found.time_start[1:] - design.time_start[1:])
    sample = np.maximum(design.duration[1:], design.duration[:-1]) / 8
    assert np.all(off <= 0.5 * sample + 1e-9)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_shift_in_time_shifts_the_boundaries_and_nothing_else(name):
    series, spectra = replay(DESIGNS[name])
    later, moved = replay(DESIGNS[name], shift=1e5)
    one, other = recognise(series, spectra), recognise(later, moved)
    assert one.kinds == other.kinds
    np.testing.assert_allclose(other.boundaries - 1e5, one.boundaries, atol=1e-5)


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("factor", [-1.0, 1e-4, 1e3])
def test_a_factor_on_the_current_is_a_factor_on_the_levels(name, factor):
    series, spectra = replay(DESIGNS[name], noise=1e-8, seed=1)
    scaled = series.assign(current=series["current"] * factor)
    if spectra is not None:
        spectra_scaled = spectra.assign(
            bias_current=spectra["bias_current"] * factor,
            current_amplitude=spectra["current_amplitude"] * abs(factor),
        )
    else:
        spectra_scaled = None
    one, other = recognise(series, spectra), recognise(scaled, spectra_scaled)
    assert one.kinds == other.kinds
    np.testing.assert_allclose(
        other.phases().current, one.phases().current * factor, rtol=1e-9, equal_nan=True
    )
    assert one.confidence == pytest.approx(other.confidence)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([-0.8, -0.5, -0.2, 0.0, 0.3, 0.6, 0.9]), min_size=1, max_size=12),
    st.integers(0, 10**6),
)
def test_any_sequence_of_levels_comes_back_phase_by_phase(levels, seed):
    steps = tuple(Hold(value, 60.0) if value else Rest(60.0) for value in levels)
    design = Protocol((Block("unknown", steps),))
    series, _ = replay(design, samples=10, noise=1e-7, seed=seed)
    found = recognise(series)
    change = np.flatnonzero(np.diff(levels)) + 1
    distinct = np.array(levels)[np.concatenate(([0], change))]
    phases = found.phases()
    np.testing.assert_allclose(phases.current, distinct * AREA * 1e-3, atol=1e-6)
    np.testing.assert_allclose(phases.time_start[1:], 60.0 * change, atol=3.1)
    assert all(block.boundaries for block in found.blocks)
    assert found.kinds.count("unknown") == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), max_size=60), st.integers(1, 3))
def test_whatever_is_in_the_record_a_protocol_comes_out(currents, coarse):
    time = np.cumsum(np.ones(len(currents)) * coarse)
    found = recognise(node(time=time, current=np.array(currents)))
    check("protocol", found.to_dataset())
    assert all(0 <= block.confidence <= 1 for block in found.blocks)
    edges = found.boundaries
    assert np.all(np.diff(edges) >= 0)
    assert Protocol.from_toml(found.to_toml()) == found


# stairs, drift, noise


@pytest.mark.parametrize("seed", range(5))
def test_stairs_of_a_hundredth_are_told_apart_without_sweeps(seed):
    design = protocols.staircase(0.9, 1.1, 0.01, hold=5.0)
    series, _ = replay(design, samples=10, noise=1e-3 * 1e-3 * AREA, seed=seed)
    found = recognise(series)
    assert found.kinds == ("staircase",)
    assert found.blocks[0].count == 21


def test_a_slow_drift_of_the_current_is_one_level():
    time = np.arange(0.0, 3600.0)
    random = np.random.default_rng(0)
    current = 1e-3 * (1 + 0.05 * time / 3600) + 1e-7 * random.standard_normal(time.size)
    found = recognise(node(time=time, current=current))
    assert found.kinds == ("constant_current",)
    assert found.phases().size == 1


def test_the_offset_of_an_instrument_at_rest_is_no_current():
    time = np.arange(0.0, 300.0)
    current = np.where((time > 100) & (time < 200), 1e-3, 2e-6)
    assert recognise(node(time=time, current=current)).kinds == (
        "rest", "constant_current", "rest",
    )  # fmt: skip


def test_irregular_sampling_and_rows_without_a_current_are_no_matter():
    random = np.random.default_rng(4)
    series, _ = replay(protocols.ccd(sweep=None, half_cycle=600.0), samples=40, noise=1e-8)
    kept = np.sort(random.choice(series.sizes["time"], 150, replace=False))
    series = series.isel(time=kept)
    series["current"].values[random.random(kept.size) < 0.1] = np.nan
    found = recognise(series)
    assert (found.kinds, found.blocks[0].count) == (("ccd",), 8)


def test_a_held_voltage_after_a_held_current_is_found_as_such():
    time = np.arange(400.0)
    current = np.concatenate([np.full(100, 1e-3), 1e-3 * np.exp(-np.arange(300) / 60)])
    voltage = np.concatenate([np.linspace(3.0, 4.2, 100), np.full(300, 4.2)])
    found = recognise(node(time=time, current=current, voltage=voltage))
    assert found.kinds == ("constant_current", "unknown")
    last = found.blocks[1].phases()
    assert last.mode.tolist() == [2]
    assert last.voltage[0] == pytest.approx(4.2)
    assert np.isnan(last.current[0])
    assert last.time_start[0] == pytest.approx(100.0, abs=3.0)


def test_cycles_with_a_voltage_hold_are_cycling():
    charge = np.concatenate([np.full(100, 1e-3), 1e-3 * np.exp(-np.arange(150) / 60)])
    volts = np.concatenate([np.linspace(3.0, 4.2, 100), np.full(150, 4.2)])
    one = np.concatenate([charge, np.full(120, -1e-3)])
    one_volts = np.concatenate([volts, np.linspace(4.1, 3.0, 120)])
    time = np.arange(4.0 * one.size)
    found = recognise(node(time=time, current=np.tile(one, 4), voltage=np.tile(one_volts, 4)))
    assert found.kinds == ("cycling",)
    assert found.blocks[0].count == 8


def test_formation_cycles_before_faster_ones_are_no_ccd():
    slow = protocols.cycling(0.1, 600.0, 2)
    fast = protocols.cycling(1.0, 600.0, 8)
    series, _ = replay(slow + fast)
    assert recognise(series).kinds == ("cycling",)


def test_a_slow_sine_is_unknown():
    time = np.arange(2000.0)
    found = recognise(node(time=time, current=1e-3 * np.sin(time / 300)))
    assert "unknown" in found.kinds
    assert found.confidence < 0.5


# what instruments do


def test_a_restart_goes_on_with_the_same_level():
    series, _ = replay(protocols.ccd(sweep=None), samples=60)
    time = series["time"].values.copy()
    time[200:] += 5000.0
    found = recognise(series.assign_coords(time=("time", time, series["time"].attrs)))
    assert (found.kinds, found.blocks[0].count) == (("ccd",), 8)


def test_a_gap_between_two_levels_belongs_to_neither():
    time = np.concatenate([np.arange(100.0), 5000.0 + np.arange(100.0)])
    current = np.where(time < 1000, 1e-3, 0.0)
    phases = recognise(node(time=time, current=current)).phases()
    assert phases.time_end[0] == pytest.approx(99.0, abs=1.0)
    assert phases.time_start[1] == pytest.approx(5000.0, abs=1.0)


def test_a_glitch_is_no_level_and_costs_confidence():
    series, _ = replay(protocols.hold(), samples=60)
    series["current"].values[[20, 21, 140]] = [0.1, 0.1, -0.2]
    found = recognise(series)
    assert (found.kinds, found.blocks[0].count) == (("staircase",), 4)
    assert found.confidence == pytest.approx(at_least(237, 240))
    flags = np.zeros(series.sizes["time"], bool)
    flags[[20, 21, 140]] = True
    assert explains(recognise(series.assign(overload=("time", flags))))


def test_the_sample_that_caught_the_step_is_no_level():
    series, _ = replay(protocols.cycling(0.1, 600.0, 5), samples=60)
    current = series["current"].values
    step = np.flatnonzero(np.diff(current)) + 1
    current[step] = 0.4 * current[step]
    found = recognise(series)
    assert (found.kinds, found.blocks[0].count) == (("cycling",), 10)


def test_short_pulses_that_come_back_are_no_glitches():
    series, _ = replay(protocols.pulsed_stripping(count=60), samples=2)
    found = recognise(series)
    assert (found.kinds, found.blocks[0].count) == (("pulsed",), 60)


def test_a_short_step_of_the_instrument_is_no_glitch():
    time = np.arange(200.0)
    current = np.full(200, 1e-3)
    current[100:102] = 3e-3
    step = np.zeros(200, np.int64)
    step[100:102], step[102:] = 1, 2
    assert recognise(node(time=time, current=current)).phases().size == 1
    assert recognise(node(time=time, current=current, step=step)).phases().size == 3


# what is missing


def test_open_circuit_needs_no_current_where_the_steps_name_it():
    from anodescope.campaign import build_node

    series = node(time=np.arange(50.0), voltage=np.zeros(50), step=np.zeros(50, int))
    steps = build_node("steps", {"technique": ["OCV"], "time_start": [0.0], "time_end": [49.0]})
    assert recognise(series, steps=steps).kinds == ("rest",)
    without = recognise(series)
    assert without.kinds == ("unknown",)
    assert without.confidence == 0.0
    assert without.blocks[0].note == NO_CURRENT
    assert without.duration == 49.0


@pytest.mark.parametrize("columns", [{}, {"current": np.empty(0)}])
def test_an_empty_record_is_a_protocol_without_blocks(columns):
    found = recognise(node(time=np.empty(0), **columns))
    assert found.blocks == ()
    assert found.note
    assert recognise(None, None).note == found.note


def test_one_row_says_nothing():
    found = recognise(node(time=[1.0], current=[1e-3]))
    assert (found.kinds, found.blocks[0].note) == (("unknown",), ONE_SAMPLE)


def test_spectra_without_a_timeseries():
    _, spectra = replay(protocols.rest_with_peis(3600.0, 600.0))
    found = recognise(None, spectra)
    assert (found.kinds, found.blocks[0].count) == (("impedance_only",), 6)
    assert explains(found)
    assert found.phases().spectrum.tolist() == list(range(6))
    _, staircase = replay(protocols.staircase_geis())
    assert recognise(None, staircase).kinds == ("staircase_geis",)


def test_sweeps_of_several_electrodes_count_once():
    import xarray as xr

    series, spectra = replay(protocols.staircase_geis(0.1, 0.5, 0.1))
    doubled = spectra.isel(spectrum=np.repeat(np.arange(5), 2))
    doubled["electrode"] = xr.Variable(
        "spectrum", np.array(["working", "counter"] * 5, np.dtypes.StringDType())
    )
    phases = recognise(series, doubled).phases()
    assert phases.spectrum[phases.spectrum >= 0].tolist() == [0, 2, 4, 6, 8]


def test_a_current_that_nobody_holds_is_unknown_and_says_so():
    time = np.arange(200.0)
    found = recognise(node(time=time, current=1e-3 * (1 + time)))
    assert found.kinds == ("unknown",)
    assert (found.confidence, found.blocks[0].note) == (0.0, NOT_HELD)


def test_what_is_no_dataset_is_one_sentence():
    with pytest.raises(SchemaError, match="expected a Dataset"):
        recognise([1, 2, 3])


def test_recognition_does_not_change_the_record():
    series, spectra = replay(DESIGNS["SGEIS"], noise=1e-8)
    before = series.copy(deep=True)
    recognise(series, spectra)
    assert series.identical(before)


def test_a_protocol_is_frozen():
    found = recognise(*replay(DESIGNS["rest"]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.unit = "A"


def test_a_hundred_thousand_pulses():
    found = recognise(replay(protocols.pulsed_stripping(count=100_000), samples=5)[0])
    assert (found.kinds, found.blocks[0].count) == (("pulsed",), 100_000)
    (step,) = found.blocks[0].steps
    assert step.count == 100_000
    assert len(step.steps) == 2
