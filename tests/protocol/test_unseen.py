"""Holds whose current was not recorded: the technique's name and the voltage tell of them."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.campaign import build_node
from anodescope.protocol import Protocol, contradictions, recognise
from anodescope.protocol import library as protocols
from anodescope.protocol.recognise import NO_CURRENT, UNSEEN
from tests.protocol.records import AREA, replay

SWEEP, EVERY, AT_REST = 7.0, 3600.0, 0.02


def record(polarisation, technique="GCPL", noise=1e-3):
    """Sweeps at rest, and after each a hold of an hour: time and voltage, no current."""
    random = np.random.default_rng(1)
    time, volts, step, points, techniques = [], [], [], [], []
    for k, over in enumerate(polarisation):
        began = k * (EVERY + SWEEP)
        points.append(began + np.linspace(0.0, SWEEP - 1.0, 9))
        inside = np.arange(0.1, EVERY, 10.0)
        time.append(began + SWEEP + inside)
        rises = over * (1.0 - np.exp(-inside / 2.0))
        volts.append(AT_REST + rises + noise * random.standard_normal(inside.size))
        step.append(np.full(inside.size, k))
        techniques.append(technique)
    series = build_node(
        "timeseries",
        {"time": np.concatenate(time), "voltage": np.concatenate(volts),
         "step": np.concatenate(step)},
    )  # fmt: skip
    steps = build_node(
        "steps",
        {"technique": techniques, "time_start": [t[0] for t in time],
         "time_end": [t[-1] for t in time]},
    )  # fmt: skip
    count = len(points)
    spectra = build_node(
        "spectra",
        {"impedance": np.full((count, 9), 250.0 - 20j), "time": np.stack(points),
         "frequency": np.tile(np.logspace(3, 0, 9), (count, 1)),
         "valid": np.ones((count, 9), bool), "grid": np.zeros(count, int),
         "current_amplitude": np.full((count, 9), 1e-4), "voltage": np.full((count, 9), AT_REST),
         "bias_voltage": np.full(count, AT_REST), "bias_current": np.zeros(count),
         "time_start": [p[0] for p in points], "time_end": [p[-1] for p in points],
         "electrode": ["cell"] * count, "technique": ["GEIS"] * count},
    )  # fmt: skip
    return series, spectra, steps


def recognised(*arguments, **settings):
    series, spectra, steps = record(*arguments, **settings)
    return recognise(series, spectra, steps=steps)


@pytest.mark.parametrize("sign", [1, -1])
def test_holds_to_which_the_voltage_comes_back_are_one_constant_current(sign):
    found = recognised(sign * np.linspace(0.10, 0.12, 12))
    assert found.kinds == ("rest_with_peis", "constant_current")
    block = found.blocks[1]
    assert (block.count, block.note) == (1, UNSEEN)
    assert np.isnan(block.parameters["current"])
    assert 0.9 < block.confidence < 1.0  # but for the rows while the cell is polarised
    back = Protocol.from_toml(found.to_toml())
    assert back == found
    np.testing.assert_array_equal(back.phases().time_start, found.phases().time_start)
    design = protocols.hold(0.5, EVERY).absolute(AREA)
    assert not any("current of" in text for text in contradictions(found, design))


def test_stairs_of_the_voltage_are_not_one_current():
    found = recognised(0.05 * 1.5 ** np.arange(8))
    assert "constant_current" not in found.kinds
    assert {block.note for block in found.blocks if block.kind == "unknown"} == {NO_CURRENT}


@pytest.mark.parametrize("technique", ["", "CA", "OCV"])
def test_without_a_galvanostatic_technique_no_current_was_held(technique):
    assert "constant_current" not in recognised(np.full(6, 0.1), technique).kinds


def test_a_voltage_that_stays_within_the_sweeps_own_swing_is_no_hold():
    found = recognised(np.full(6, 0.01))  # the sweep swings by 25 mV
    assert "constant_current" not in found.kinds


def test_a_voltage_that_wanders_gives_less_confidence():
    series, spectra, steps = record(np.full(12, 0.1))
    since = series["step"].values * (EVERY + SWEEP) + SWEEP
    wave = 0.025 * np.sin(2 * np.pi * (series["time"].values - since) / EVERY)
    series["voltage"].values[:] += wave
    found = recognise(series, spectra, steps=steps)
    assert found.kinds == ("rest_with_peis", "constant_current")
    steady = recognised(np.full(12, 0.1)).blocks[1].confidence
    assert found.blocks[1].confidence < steady - 0.2


def test_rows_with_a_current_do_not_ask_for_a_technique():
    series, spectra = replay(protocols.hold())
    assert recognise(series, spectra).blocks[0].note == ""
