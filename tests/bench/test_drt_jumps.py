"""The comparisons of jumps and onsets measure what they say."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench import drt_jumps
from anodescope.bench.cells import random_series
from tests.impedance.evolving import cell, noisy


@pytest.mark.parametrize("place", [3.0, 6.5, 9.0])
def test_the_knee_of_a_corner_is_its_corner(place):
    step = np.repeat(np.arange(drt_jumps.STEPS, dtype=float), drt_jumps.PER_STEP)
    assert drt_jumps.knee(2 + 3 * np.maximum(step - place, 0)) == pytest.approx(place, abs=0.06)


def test_an_abrupt_change_is_cut_where_it_is_and_an_even_one_is_not():
    generator = np.random.default_rng(3)
    steady = drt_jumps._constant(generator)
    assert drt_jumps.cuts(steady) == []
    broken = steady.copy()
    broken[50:] *= 0.5
    assert drt_jumps.cuts(broken) == [50]


def test_a_course_has_the_sweeps_it_says_and_changes_as_it_says():
    generator = np.random.default_rng(4)
    for kind, course in drt_jumps.COURSES.items():
        assert len(course(generator)) == drt_jumps.SWEEPS, kind
    noisy = drt_jumps._drifting_noise(np.random.default_rng(5))
    spread = np.abs(np.diff(np.log(np.abs(noisy)), axis=0)).mean(axis=1)
    ends = sorted([spread[:20].mean(), spread[-20:].mean()])
    assert ends[1] > 2 * ends[0]


def test_shorts_are_counted_once_each():
    row = drt_jumps._shorts(np.random.default_rng(6), 4)
    assert row.exact + row.off + row.missed + row.faint == row.series == 4
    assert random_series(np.random.default_rng(6), 40).jump is not None


@pytest.mark.slow
def test_rows_of_both_tables():
    rows = drt_jumps.run_jumps(shorts=3, quiet=9)
    assert [row.series for row in rows] == [3, 2, 2, 1, 1, 1, 1, 1]
    onsets = drt_jumps.run_onsets(count=2)
    assert {row.method for row in onsets} == {"single", "joint"}
    assert len(onsets) == 2 * len(drt_jumps.GROWTHS)
    assert all(np.isfinite(row.bias) for row in onsets)


def test_the_true_area_of_an_onset_is_flat_before_it_and_rises_after():
    _, impedance, area, centre = drt_jumps.onset_series(
        np.random.default_rng(7), drt_jumps.GROWTHS["linear"]
    )
    assert impedance.shape[0] == area.size == drt_jumps.STEPS * drt_jumps.PER_STEP
    assert 1e-4 < centre < 1e-2
    early, late = np.diff(area[:15]).max(), area[-1] - area[-16]
    assert late > 5 * max(early, 1e-9)


def test_a_jump_beside_a_fast_change_is_cut_and_a_corner_of_it_is_not():
    """The change makes steps as large as the jump's; only the jump departs from their line."""
    sweep = np.arange(60)
    fast = cell(1.15**sweep)
    broken = noisy(fast - 4.0 * (sweep >= 30)[:, None], 1e-3, 8)
    assert drt_jumps.cuts(broken) == [30]
    corner = cell(1.0 + 0.2 * np.maximum(sweep - 30, 0))
    assert drt_jumps.cuts(noisy(corner, 1e-3, 9)) == []
