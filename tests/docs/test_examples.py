"""The example of the virtual cell: its one number that is known beforehand, and its claim."""

from __future__ import annotations

import pytest

from examples import virtual_cell


def test_the_ramp_ends_where_a_steady_layer_is_exhausted() -> None:
    current, carried = virtual_cell.limiting_current()
    # The ramp lags by 1e-4 mA/cm² per second times δ²/(2D) = 2 s, which is 2e-4 of 0.9 mA/cm²; the
    # march's own error is left nine times that.
    assert current == pytest.approx(carried, rel=2e-3)


@pytest.mark.slow
def test_pulses_lose_against_their_mean_and_win_against_their_peak() -> None:
    pulses, mean, peak = virtual_cell.pulses_and_holds().values()
    assert peak < pulses < mean
