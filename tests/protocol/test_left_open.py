"""What was not recorded, or does not fit: no more is said than the record tells."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.protocol import recognise
from anodescope.protocol.recognise import INFERRED, LEAST_CONFIDENCE, NO_CURRENT
from tests.generator import paper
from tests.protocol.records import node


def test_a_staircase_without_a_current_keeps_its_edges():
    made = paper.sgeis(rest=0.0, step=0.1)
    nodes = made.campaign
    blind = nodes["timeseries"].drop_vars(["current", "current_density"], errors="ignore")
    found = recognise(blind, nodes["spectra"])
    true = recognise(nodes["timeseries"], nodes["spectra"])
    assert found.kinds == ("unknown", "staircase_geis")
    assert found.blocks[0].note == NO_CURRENT  # the hold before the first sweep
    stairs, known = found.blocks[1], true.blocks[0]
    assert stairs.count == known.count == 10
    assert stairs.note == INFERRED
    assert 0.5 < stairs.confidence < 1.0
    swept = stairs.phases().mode == 3
    assert stairs.parameters["sweep"] == pytest.approx(known.parameters["sweep"], rel=0.1)
    starts = known.phases().time_start[known.phases().mode == 3]
    # the edge of a hold that was not seen may lie anywhere in it
    np.testing.assert_allclose(stairs.phases().time_start[swept], starts, atol=5.0)


def test_a_hold_between_two_sweeps_of_one_bias_has_it():
    made = paper.constant_current(0.25, 3600.0, geis=True)
    nodes = made.campaign
    blind = nodes["timeseries"].drop_vars(["current", "current_density"], errors="ignore")
    spectra = nodes["spectra"].isel(spectrum=slice(0, None, 2))
    known = recognise(nodes["timeseries"], spectra)
    found = recognise(blind, spectra)
    assert known.kinds == ("constant_current",)
    assert found.kinds == ("constant_current", "unknown")  # nothing follows the last hold
    block = found.blocks[0]
    assert block.note == INFERRED
    assert 0.4 < block.confidence < 0.6  # every other 35 s were swept
    assert block.parameters["current"] == pytest.approx(known.blocks[0].parameters["current"], 1e-3)
    assert set(block.phases().mode.tolist()) == {1, 3}


VOLTS = 0.2 * (2 / np.pi) * np.arcsin(np.sin(2 * np.pi * np.arange(0, 2400, 0.5) / 800))


@pytest.mark.parametrize("current", [VOLTS / 360, 2e-4 * np.tanh(VOLTS / 0.05)])
def test_a_voltammogram_is_no_rest(current):
    time = np.arange(0, 2400, 0.5)
    noise = 1e-7 * np.random.default_rng(0).standard_normal(time.size)
    found = recognise(node(time=time, current=current + noise, voltage=VOLTS))
    assert found.kinds == ("unknown",)
    assert found.blocks[0].note
    assert not np.isfinite(found.phases().current).any()


@pytest.mark.slow
@pytest.mark.parametrize("period", [200.0, 2000.0, 20000.0])
def test_a_slow_voltammogram_of_a_million_points_is_no_rest(period):
    time = 0.1 * np.arange(1_000_000)
    wave = np.sin(2 * np.pi * time / period)
    noise = 1e-5 * np.random.default_rng(0).standard_normal(time.size)
    found = recognise(node(time=time, current=1e-3 * wave + noise, voltage=wave))
    assert set(found.kinds) == {"unknown"}


def test_what_does_not_fit_is_unknown():
    walk = np.cumsum(np.random.default_rng(0).standard_normal(20_000)) * 1e-7
    found = recognise(node(time=np.arange(20_000.0), current=walk))
    for block in found.blocks:
        poor = block.confidence < LEAST_CONFIDENCE
        # a constant current may drift as a held level does
        assert not poor or block.kind in ("unknown", "constant_current")
        assert bool(block.note) == (block.kind == "unknown")
