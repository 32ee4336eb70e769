"""Experiments with another assumption."""

from __future__ import annotations

import pytest

from anodescope.inference.experiments import experiments
from anodescope.inference.observations.rows import rows
from anodescope.inference.sensitivity import rows_of, variants


def test_each_variant_has_its_experiment_and_its_rows():
    for key, one in variants().items():
        base = key.partition("@")[0]
        assert one.key == key
        assert one.cell == experiments()[base].cell
        assert rows_of(key)
        for row in rows_of(key):
            assert base in rows()[row].experiments


@pytest.mark.parametrize("key", ["ccd50", "sodium", "strip50@600s"])
def test_what_is_no_variant_has_no_rows(key):
    assert rows_of(key) == ()


@pytest.mark.parametrize("key", sorted(variants()))
def test_half_cycles_are_as_long_as_the_key_says(key):
    seconds = float(key.partition("@")[2].removesuffix("s"))
    phases = variants()[key].protocol.phases()
    assert phases.duration == pytest.approx(seconds)
    # the same currents as the experiment, each once per direction
    base = experiments()[key.partition("@")[0]].protocol.phases()
    assert {abs(i) for i in phases.current} == {abs(i) for i in base.current}
    assert variants()[key].assumed[0].startswith("half-cycles")


def test_the_lengths_bracket_that_of_the_experiment():
    lengths = sorted(float(key.partition("@")[2][:-1]) for key in variants() if "ccd50" in key)
    assert lengths[0] < 3600.0 < lengths[-1]
