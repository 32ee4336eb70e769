"""Errors of distributions, on distributions whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench.metrics import (
    maxima,
    read_off,
    relative_l2,
    score,
    summary_of_bands,
    summary_of_peaks,
)

TAU = 10.0 ** (np.arange(-240, 1) / 40)


def bell(decade, area=10.0, width=0.6):
    x = (np.log(TAU) - decade * np.log(10)) / width
    return area / (np.sqrt(2 * np.pi) * width) * np.exp(-0.5 * x * x)


def test_the_truth_has_no_error_and_its_band_holds_it():
    truth = bell(-5) + bell(-2, 20.0)
    found = score(TAU, truth, truth, 0.9 * truth, 1.1 * truth)
    assert found.l2 == 0
    assert (found.peaks.true, found.peaks.missed, found.peaks.spurious) == (2, 0, 0)
    assert (found.own.true, found.own.missed, found.own.spurious) == (2, 0, 0)
    assert found.peaks.areas == pytest.approx((0, 0))
    assert found.own.areas == pytest.approx((0, 0), abs=1e-3)
    assert found.covered == (241, 241)
    assert found.maxima == (2, 2)
    assert found.width == pytest.approx(0.2)


def test_a_peak_that_is_not_there_is_missed_and_one_too_many_is_spurious():
    truth = bell(-5) + bell(-2)
    without = score(TAU, truth, bell(-5))
    assert (without.peaks.missed, without.own.missed) == (1, 1)
    assert without.l2 == pytest.approx(np.sqrt(0.5), rel=1e-3)
    more = score(TAU, truth, truth + bell(-3.5))
    assert (more.peaks.missed, more.peaks.spurious, more.own.spurious) == (0, 1, 1)


def test_a_shift_and_a_wrong_area_are_measured():
    found = score(TAU, bell(-4), 1.1 * bell(-3.9))
    assert found.peaks.shifts == pytest.approx((0.1,), abs=1e-9)
    assert found.own.shifts == pytest.approx((0.1,), abs=1e-3)
    assert found.peaks.areas == pytest.approx((0.1,), rel=1e-3)
    assert found.own.areas == pytest.approx((0.1,), rel=1e-3)


def test_a_peak_cut_off_by_the_window_counts_but_not_for_coverage_at_maxima():
    truth = bell(-0.0) + bell(-4)
    assert maxima(truth, 0.03).tolist() == [80, 240]
    assert maxima(truth, 0.03, edges=False).tolist() == [80]
    rising = bell(0.3) + bell(-4)
    assert maxima(rising, 0.03).tolist() == [80, 240]
    assert score(TAU, rising, rising, rising, rising).maxima == (1, 1)


def test_a_band_beside_the_truth_covers_nothing_of_it():
    truth = bell(-3)
    low, high = 1.1 * truth + 1e-9, 1.2 * truth + 1e-9
    found = score(TAU, truth, truth, low, high)
    assert found.covered[0] == found.strong[0] == found.maxima[0] == 0
    assert 0 < found.strong[1] < found.covered[1]
    assert summary_of_bands([found])["covered"] == 0


def test_without_a_band_nothing_is_said_of_bands():
    found = score(TAU, bell(-3), bell(-3))
    assert np.isnan(found.width)
    assert np.isnan(summary_of_bands([found])["covered"])


def test_a_loop_counts_in_the_size_but_is_no_peak():
    truth = bell(-4) - 0.5 * bell(-1)
    found = score(TAU, truth, bell(-4))
    assert found.peaks.true == 1
    assert found.l2 == pytest.approx(0.5 / np.sqrt(1.25), rel=1e-3)


def test_gamma_is_read_off_by_its_logarithm_where_it_is_positive():
    ln_tau = np.arange(5.0)
    gamma = np.array([np.nan, 1.0, np.e**2, 0.0, 4.0])
    wanted = np.array([1.5, 2.5, 3.25, 2.0])
    assert read_off(ln_tau, gamma, wanted) == pytest.approx([np.e, np.e**2 / 2, 1.0, np.e**2])


def test_rates_are_per_true_peak():
    truth = bell(-5) + bell(-2)
    every = [score(TAU, truth, guess).peaks for guess in (truth, bell(-5))]
    found = summary_of_peaks(every)
    assert found["missed"] == 0.25
    assert found["spurious"] == 0
    assert found["shift_p95"] == pytest.approx(0, abs=1e-9)


def test_relative_l2_is_by_row():
    truth = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert relative_l2(2 * truth, truth) == pytest.approx([1, 1])
