"""A voltage at rest is neither taken for a short circuit nor does it hide one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.errors import Outcome
from anodescope.events.short.open_circuit import OpenCircuit, turned
from tests.events.shorts import QUIET, shorts_of
from tests.generator import Made, paper


def with_rest(made: Made, volts: float, when: float = np.inf) -> Made:
    """Add a voltage at rest; from an instant on the terminals are shorted, and it is gone too."""
    series = made.campaign["timeseries"].copy(deep=True)
    series["voltage"].values[:] += volts
    series["voltage"].values[series["time"].values > when] *= 0.01
    return Made(made.campaign.with_node("timeseries", series), made.protocol, {})


RESTING = [sign * volts for volts in (0.005, 0.008, 0.011, 0.02, 0.05, 0.7) for sign in (1, -1)]


@pytest.mark.parametrize("volts", RESTING)
@pytest.mark.parametrize("geis", [False, True])
def test_a_voltage_at_rest_is_no_short_circuit_and_hides_none(volts: float, geis: bool) -> None:
    """Na–K against Na has 6 to 11 mV at rest; V of a half-cycle may then be of either sign."""
    made = paper.ccd(short=None, half_cycle=700.0, geis=geis)
    assert shorts_of(with_rest(made, volts)) == []
    for level in (3, 5, 6):
        when = level * 700.0 + 300.0
        (one,) = shorts_of(with_rest(made, volts, when))
        assert one.quantity == "hard_short"
        assert one.low <= when <= one.high
        assert "-" not in one.message.split("to ")[-1]


@pytest.mark.parametrize("volts", [-0.033, -0.03, -0.027, -0.012, 0.012, 0.03])
def test_a_voltage_at_rest_as_large_as_that_of_the_current_dates_none_late(volts: float) -> None:
    """At −30 mV a stripping half-cycle may have no voltage at all: it does not say it was healthy.

    The third half-cycle shorts while the second pair is the only one beside the first.
    """
    for level, share in ((2, 0.43), (2, 0.8), (4, 0.1), (4, 0.6)):
        when = (level + share) * 700.0
        made = paper.ccd(short=None, half_cycle=700.0, geis=False, goes_on=True)
        (one,) = shorts_of(with_rest(made, volts, when))
        assert one.quantity == "hard_short"
        assert one.low <= when <= one.high


@pytest.mark.parametrize("volts", RESTING)
@pytest.mark.parametrize("name", ["half-cycles", "rising stairs", "falling while plating"])
def test_other_healthy_cells_with_a_voltage_at_rest_show_none(name: str, volts: float) -> None:
    assert shorts_of(with_rest(QUIET[name](), volts)) == []


def test_stairs_in_one_direction_without_a_rest_leave_a_doubt() -> None:
    """−0.1 V and stairs towards +: the voltage falls to zero, as it would in a short circuit."""
    (one,) = shorts_of(with_rest(paper.hold(), -0.1))
    assert one.outcome is Outcome.not_decidable
    assert "voltage at rest" in one.message


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 14), min_size=2, max_size=12),
    seed=st.integers(0, 2**32 - 1),
    side=st.sampled_from([-1.0, 1.0]),
)
def test_a_stretch_is_turned_by_itself_whatever_others_there_are(
    lengths: list[int], seed: int, side: float
) -> None:
    """Stretches of one length are turned together; each comes out as it does alone."""
    rng = np.random.default_rng(seed)
    edges = np.concatenate(([0], np.cumsum(lengths)))
    volts = side * rng.lognormal(0.0, 2.0, edges[-1]) * rng.choice([1.0, -1.0], edges[-1])
    current = np.repeat(rng.choice([-1.0, 1.0], len(lengths)), lengths)
    resting = np.linspace(0.01, 0.05, len(lengths))
    rest = OpenCircuit(resting, np.full(len(lengths), 1e-3), present=True)
    series, offset, _ = turned(volts, current, edges, rest)
    for row, (a, b) in enumerate(pairwise(edges)):
        own = OpenCircuit(resting[row : row + 1], np.full(1, 1e-3), present=True)
        alone, level, _ = turned(volts[a:b], current[a:b], np.array([0, b - a]), own)
        np.testing.assert_array_equal(series[a:b], alone)
        assert offset[row] == level[0]
        size = np.abs(volts[a:b])
        large = volts[a:b][size >= 0.5 * np.quantile(size, 0.8)]
        assert np.median(alone[size >= 0.5 * np.quantile(size, 0.8)]) == abs(np.median(large))
