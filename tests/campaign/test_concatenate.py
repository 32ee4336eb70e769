"""Concatenation: associative, padded, aligned in τ."""

from __future__ import annotations

import numpy as np
import pytest
from campaign_samples import drt_of, ragged, same_node, spectra_of, timeseries_of
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import build_node, check, concatenate
from anodescope.errors import SchemaError


@settings(deadline=None, max_examples=30)
@given(st.lists(ragged, min_size=3, max_size=3))
def test_concatenation_of_ragged_sweeps_is_associative(parts: list[tuple[int, ...]]) -> None:
    a, b, c = (spectra_of(lengths, seed=i) for i, lengths in enumerate(parts))
    left = concatenate("spectra", [concatenate("spectra", [a, b]), c])
    right = concatenate("spectra", [a, concatenate("spectra", [b, c])])
    same_node(left, right)
    same_node(left, concatenate("spectra", [a, b, c]))
    assert left["valid"].sum() == sum(map(sum, parts))


windows = st.tuples(st.integers(-60, 20), st.integers(2, 30)).map(lambda w: (w[0], w[0] + w[1]))


@settings(deadline=None, max_examples=30)
@given(windows, windows)
def test_every_distribution_keeps_its_values_at_its_times(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    a, b = drt_of(2, *first, seed=1), drt_of(3, *second, seed=2)
    both = concatenate("drt", [a, b])
    check("drt", both)
    for part, rows in ((a, slice(0, 2)), (b, slice(2, 5))):
        back = both.isel(spectrum=rows).sel(tau=part["tau"], method="nearest", tolerance=1e-12)
        assert np.array_equal(back["gamma"], part["gamma"])
    filled = np.isfinite(both["gamma"].values).sum()
    assert filled == a["gamma"].size + b["gamma"].size


def test_a_single_time_lies_on_any_lattice() -> None:
    both = concatenate("drt", [drt_of(1, 5, 6), drt_of(1, 0, 4)])
    assert both.sizes["tau"] == 6


def test_other_lattices_do_not_join() -> None:
    with pytest.raises(SchemaError, match="found 5 and 10 points per decade"):
        concatenate("drt", [drt_of(1, 0, 5), drt_of(1, 0, 5, per_decade=5)])


def test_a_missing_variable_is_padded_by_its_type() -> None:
    steps = {"technique": ["OCV"], "time_start": [0.0], "time_end": [1.0]}
    bare = build_node("steps", steps)
    full = build_node("steps", {**steps, "source": [4], "charge": [2.0], "column_1": ["x"]})
    both = concatenate("steps", [bare, full])
    assert both["source"].values.tolist() == [-1, 4]
    assert np.isnan(both["charge"][0])
    assert both["column_1"].values.tolist() == ["", "x"]
    assert both["charge"].attrs["units"] == "C"


def test_attributes_of_the_first_part_win() -> None:
    a, b = timeseries_of(2), timeseries_of(2, start=5)
    b.attrs = {"note": "other", "more": 1}
    assert concatenate("timeseries", [a, b]).attrs == {"note": "made up", "more": 1}


def test_types_must_agree() -> None:
    one = build_node("events", {"column_1": [1.0]})
    two = build_node("events", {"column_1": ["a"]})
    with pytest.raises(SchemaError, match="variable column_1: expected float"):
        concatenate("events", [one, two])


def test_nothing_is_not_a_node() -> None:
    with pytest.raises(SchemaError, match="nothing to join"):
        concatenate("events", [])
