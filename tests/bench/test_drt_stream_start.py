"""What a stream costs and revises, and what a fresh process takes."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench import drt_start, drt_stream


def test_a_stream_with_a_full_lag_ends_at_the_batch():
    found = drt_stream.measure({"lag": np.array(drt_stream.FULL_LAG), "sweeps": np.array(60)})
    assert found["final_l2"] < 1e-6
    assert 0 < found["revision_l2"] <= found["revision_p90"] < 1
    assert 0 < found["ms_median"] <= found["ms_p99"]


@pytest.mark.slow
def test_a_line_for_every_lag():
    rows = drt_stream.run_stream(sweeps=12)
    assert [row.lag for row in rows] == list(drt_stream.LAGS)
    assert all(row.status == "ran" and row.peak_memory > 10 for row in rows)
    assert all(row.ms_sweep > 0 for row in rows)


@pytest.mark.slow
def test_an_empty_cache_takes_longer_than_a_full_one():
    name, work = next(iter(drt_start.WORKS.items()))
    row = drt_start._row(name, work)
    assert row.status == "ran"
    assert row.cold > row.warm > row.imports > 0


def test_a_start_that_fails_says_so():
    row = drt_start._row("broken", "raise ValueError('no')")
    assert row.status == "failed: ValueError: no"
    assert np.isnan(row.cold)
