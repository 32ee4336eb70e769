"""Pulses: series of different rests, TOML round trips, and what the node keeps."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.protocol import Protocol, contradictions, recognise
from anodescope.protocol import library as protocols
from anodescope.protocol.series import cuts
from tests.generator import paper, perturb
from tests.generator.record import Record
from tests.protocol.records import AREA, explains, node


def series_of_pulses(rests, samples, count=100):
    record = Record()
    for rest in rests:
        record.block("pulsed", "GCPL")
        on = np.full((count, samples), 0.14)
        record.pulses(1e-3 * record.area, 1.0, rest, on, np.zeros_like(on))
    return record.made().campaign["timeseries"]


@pytest.mark.parametrize("with_steps", [True, False])
@pytest.mark.parametrize("samples", [2, 3, 4, 5])
def test_pulses_with_other_rests_are_another_block(samples, with_steps):
    rests = (1.0, 2.0, 5.0, 10.0)
    record = series_of_pulses(rests, samples)
    found = recognise(record if with_steps else record.drop_vars("step"))
    assert found.kinds == ("pulsed",) * 4
    assert [block.count for block in found.blocks] == [100] * 4
    # an edge is known to a sampling interval, and a level of two samples is as short
    np.testing.assert_allclose([b.parameters["rest"] for b in found.blocks], rests, rtol=0.3)
    assert explains(found, 0.95)


def test_uneven_sampling_of_one_series_is_no_change():
    random = np.random.default_rng(3)
    for period, interval in ((3.0, 0.37), (3.0, 0.47), (3.0005, 0.5), (2.999, 0.31)):
        edge = np.arange(0.0, 1500.0, period)
        time = np.arange(0.0, 1500.0, interval)
        since = time - edge[np.searchsorted(edge, time, side="right") - 1]
        found = recognise(node(time=time, current=np.where(since < 1.2, 1e-3, 0.0)))
        assert found.kinds == ("pulsed",), (period, interval)
    on, rest = random.normal(1.0, 0.1, 400), random.normal(2.0, 0.3, 399)
    rest[random.integers(0, 399, 40)] *= 2  # all samples of a pulse were lost
    assert cuts(on, rest, np.full(399, 0.2)) == []


def test_a_series_that_fades_is_one_and_one_that_steps_is_two():
    ones = np.ones(200)
    fades = np.concatenate([np.ones(150), np.linspace(1.0, 0.1, 50)])
    assert cuts(fades, 2 * ones[1:], np.full(199, 0.05)) == []
    rest = np.where(np.arange(199) < 120, 2.0, 5.0)
    assert cuts(ones, rest, np.full(199, 0.5)) == [120]
    few = np.array([2.0, 2.0, 2.0, 5.0, 5.0, 5.0])
    assert cuts(np.ones(7), few, np.full(6, 0.1)) == [3]
    assert cuts(np.ones(2), np.ones(1), np.ones(1)) == []


@pytest.mark.parametrize("restart", [False, True])
def test_pulses_that_end_in_a_cut_off_come_back_from_toml(restart):
    made = paper.pulsed(capacity=0.2)
    made = perturb.restart(made, 0.5) if restart else made
    found = recognise(made.campaign["timeseries"])
    back = Protocol.from_toml(found.to_toml())
    assert back == found
    assert len(found.blocks[0].steps) == 2  # the last pulse was cut off
    for one, other in zip(found.blocks, back.blocks, strict=True):
        for name in ("time_start", "time_end", "mode", "current", "voltage", "level"):
            mine, theirs = getattr(one.phases(), name), getattr(other.phases(), name)
            np.testing.assert_array_equal(mine, theirs)


def test_unknown_blocks_keep_their_edges_in_toml():
    time = np.arange(0.0, 600.0)
    found = recognise(node(time=time, current=1e-3 * np.sin(time / 20)))
    back = Protocol.from_toml(found.to_toml())
    assert found.kinds == ("unknown",)
    np.testing.assert_array_equal(back.phases().time_end, found.phases().time_end)
    np.testing.assert_array_equal(back.phases().mode, found.phases().mode)


def test_the_node_keeps_resolution_samples_and_notes():
    design = protocols.pulsed_stripping(1.0, 1.0, 2.0, count=100)
    phases = design.absolute(AREA).phases()
    time = np.arange(0.05, phases.time_end[-1], 0.37)
    at = np.searchsorted(phases.time_start, time, side="right") - 1
    found = recognise(node(time=time, current=phases.current[at]))
    back = Protocol.from_dataset(found.to_dataset())
    assert back.blocks == found.blocks
    assert back.blocks[0].resolution == pytest.approx(0.37)
    # the record holds 1.11 s for 1 s, which is what sampling each 0.37 s resolves
    assert found.blocks[0].parameters["on"] > 1.1
    assert contradictions(back, design, area=AREA) == []


def test_levels_of_single_samples_are_not_known_exactly():
    time = np.arange(0.0, 200.0)
    found = recognise(node(time=time, current=np.where(time % 4 == 0, 1e-3, 0.0)))
    assert all(block.resolution > 0 for block in found.blocks)
