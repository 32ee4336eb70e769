"""Intervals hold what they should; visible loops are those that no γ ≥ 0 can describe."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench.bootstrap import interval, median, ratio_of_means, ratio_of_medians
from anodescope.bench.cells import Element, random_cells
from anodescope.bench.drt import Case
from anodescope.bench.spectra import Spectrum, window_of
from anodescope.bench.tables import SINGLE, VISIBLE_LOOP, Measured, tables_of
from anodescope.bench.visibility import VISIBLE, distance_to_positive


def test_an_interval_holds_the_true_median_about_as_often_as_it_says():
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(150):
        low, high = interval(median, generator.exponential(size=40))
        held += low <= np.log(2) <= high
    # 90 % of 150 are 135; five standard deviations of that count are 18.
    assert 117 <= held <= 150


def test_an_interval_is_the_same_again_and_scales_with_the_numbers():
    values = np.random.default_rng(1).normal(5, 1, 20)
    low, high = interval(median, values)
    assert (low, high) == interval(median, values)
    assert low < np.median(values) < high
    assert interval(median, 3 * values) == pytest.approx((3 * low, 3 * high))
    wider = interval(median, values[:5])
    assert wider[1] - wider[0] > high - low


def test_columns_are_drawn_together_so_a_constant_ratio_has_no_spread():
    values = np.random.default_rng(2).exponential(size=30)
    assert interval(ratio_of_means, 2 * values, values) == pytest.approx((2, 2))
    assert interval(ratio_of_medians, 2 * values, values) == pytest.approx((2, 2))


def test_one_spectrum_says_nothing_of_a_spread():
    assert np.isnan(interval(median, np.ones(1))).all()


def loop_of(size: float, noise: float) -> Spectrum:
    frequency = np.logspace(5, -1, 49)
    tau = window_of(frequency)
    parts = [Element("zarc", 100.0, 1e-3, (0.9,)), Element("zarc", -size, 0.1, (0.95,))]
    clean = 10 + sum(part.impedance(frequency) for part in parts)
    gamma = sum(part.gamma(tau) for part in parts)
    sigma = noise * np.abs(clean)
    return Spectrum(frequency, clean, clean, sigma, tau, gamma, ("loop",))


def test_cells_of_resistors_and_capacitors_are_no_distance_away():
    assert max(distance_to_positive(cell) for cell in random_cells(5, 6)) < 0.1


def test_a_loop_is_as_far_away_as_the_noise_is_small():
    near, far = distance_to_positive(loop_of(20, 1e-2)), distance_to_positive(loop_of(20, 1e-3))
    assert far == pytest.approx(10 * near, rel=0.01)
    assert far > VISIBLE
    assert distance_to_positive(loop_of(0.01, 1e-2)) < VISIBLE


def test_loops_are_counted_once_with_and_once_without_those_that_nobody_can_see():
    spectra = [loop_of(20, 1e-3), loop_of(0.01, 1e-2), random_cells(5, 1)[0]]
    more = {"loop": np.array([True, False, False]), "end": np.zeros(3, dtype=bool)}
    rows = tables_of([Measured(SINGLE, Case("terms", spectra), "ran", more=more)])["terms"]
    counted = {row.cell: (row.spectra, row.loop) for row in rows}
    assert counted == {"loop": (2, 0.5), "plain": (1, 0.0), VISIBLE_LOOP: (1, 1.0)}
