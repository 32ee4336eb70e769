"""Lost rows: how many are missing, what they may take, and what a share of few samples shows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from anodescope.protocol import recognise
from anodescope.protocol.levels import _even as even
from anodescope.protocol.pulses import lost_in_a_row, of_pulses
from anodescope.protocol.replay import at_least
from anodescope.protocol.stretches import lost_rows_of
from tests.generator import perturb
from tests.generator.record import Record


@pytest.mark.parametrize(("good", "total"), [(0, 5), (2, 2), (5, 5), (7, 9), (99, 100), (400, 900)])
def test_the_bound_is_that_of_wilson(good, total):
    test = binomtest(good, total, alternative="greater")
    expected = test.proportion_ci(confidence_level=0.95, method="wilson").low
    assert at_least(good, total) == pytest.approx(expected, abs=1e-4)


def test_no_sample_shows_nothing_and_many_show_the_share():
    assert at_least(0, 0) == 0.0
    assert at_least(9 * 10**6, 10**7) == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_the_share_of_lost_rows_is_found(share):
    random = np.random.default_rng(5)
    time = np.arange(20_000.0)[random.random(20_000) >= share]
    begin = np.searchsorted(time, np.arange(0.0, 20_000.0, 50.0))
    size = np.diff(np.append(begin, time.size))
    assert lost_rows_of(time, begin, size) == pytest.approx(share, abs=0.02)


def test_uneven_sampling_by_design_is_no_loss():
    random = np.random.default_rng(6)
    time = np.cumsum(random.exponential(1.0, 2000))
    assert lost_rows_of(time, np.arange(0, 2000, 50), np.full(40, 50)) == 0.0
    assert lost_rows_of(np.empty(0), np.empty(0, int), np.empty(0, int)) == 0.0


def test_more_pulses_in_a_row_are_lost_the_fewer_samples_each_has():
    whole = lost_in_a_row(3.0, 300, 0.0)
    few, many = lost_in_a_row(2.0, 300, 0.3), lost_in_a_row(10.0, 300, 0.3)
    assert whole == many == 1
    assert few > 1
    assert lost_in_a_row(1.0, 10**6, 0.9) == 8  # there is an end to it


def test_a_rest_in_a_record_with_all_its_rows_still_ends_a_series():
    on, rest = np.ones(20), np.full(19, 2.0)
    rest[9] = 14.0  # five pulses less
    pulse = np.ones(19, bool)
    assert not of_pulses(on, rest, pulse).all()
    assert of_pulses(on, rest, pulse, (4, 1)).all()


def test_runs_at_random_do_not_come_back_evenly():
    """What lets a short run pass for a pulse: regular neighbours, which glitches have not."""
    random = np.random.default_rng(7)
    passed = [even(random.exponential(1.0, 9)).any() for _ in range(2000)]
    assert np.mean(passed) < 0.05
    jitter = 1.0 + random.uniform(-0.5, 0.5, 40)
    assert even(jitter).mean() > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_series_that_lost_rows_stay_whole(seed):
    record = Record()
    for rest in (2.0, 5.0):
        record.block("pulsed", "GCPL")
        on = np.full((120, 3), 0.14)
        record.pulses(1e-3 * record.area, 1.0, rest, on, np.zeros_like(on))
    made = perturb.drop_rows(record.made(), 0.2, runs=0, seed=seed)
    assert recognise(made.campaign["timeseries"]).kinds == ("pulsed", "pulsed")
