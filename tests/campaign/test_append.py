"""Appending is joining; a view opened before is never mixed with what came after."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from campaign_samples import (
    campaign_of,
    drt_of,
    ragged,
    same,
    same_node,
    spectra_of,
    timeseries_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, append, concatenate, open_campaign
from anodescope.errors import SchemaError, StoreError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.zarr"


@settings(deadline=None, max_examples=8)
@given(st.lists(ragged, min_size=2, max_size=3))
def test_appending_is_concatenating(parts: list[tuple[int, ...]]) -> None:
    pieces = [spectra_of(lengths, seed=i) for i, lengths in enumerate(parts)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "c.zarr"
        Campaign({"spectra": pieces[0]}).save(path)
        for i, piece in enumerate(pieces[1:], start=2):
            append(path, "spectra", piece)
            same_node(open_campaign(path)["spectra"], concatenate("spectra", pieces[:i]))


@pytest.mark.parametrize("window", [(0, 5), (1, 4), (-3, 4), (2, 9), (-9, -6), (20, 22)])
def test_distributions_extend_the_lattice_on_either_side(
    path: Path, window: tuple[int, int]
) -> None:
    first, more = drt_of(2, 0, 5), drt_of(3, *window, seed=1)
    Campaign({"drt": first}).save(path)
    append(path, "drt", more)
    same_node(open_campaign(path)["drt"], concatenate("drt", [first, more]))


def test_another_lattice_is_refused(path: Path) -> None:
    Campaign({"drt": drt_of(2, 0, 5)}).save(path)
    with pytest.raises(SchemaError, match="points per decade"):
        append(path, "drt", drt_of(1, 0, 5, per_decade=7))
    same_node(open_campaign(path)["drt"], drt_of(2, 0, 5))


@pytest.mark.parametrize("missing", ["stored", "new"])
def test_parts_may_have_different_variables(path: Path, missing: str) -> None:
    pieces = [timeseries_of(4), timeseries_of(3, start=10)]
    at = 0 if missing == "stored" else 1
    pieces[at] = pieces[at].drop_vars(["voltage", "step"])
    Campaign({"timeseries": pieces[0]}).save(path)
    append(path, "timeseries", pieces[1])
    same_node(open_campaign(path)["timeseries"], concatenate("timeseries", pieces))


def test_rows_must_follow_the_stored_ones_in_time(path: Path) -> None:
    Campaign({"timeseries": timeseries_of(4)}).save(path)
    with pytest.raises(SchemaError, match="found 2 s after 3 s"):
        append(path, "timeseries", timeseries_of(3, start=2))
    append(path, "timeseries", timeseries_of(3, start=3))
    assert open_campaign(path)["timeseries"].sizes["time"] == 7


def test_a_node_that_is_not_there_is_made(path: Path) -> None:
    one = campaign_of()
    one.save(path)
    append(path, "drt", drt_of(2, 0, 4), provenance=[{"step": "drt"}])
    same(open_campaign(path), one.with_node("drt", drt_of(2, 0, 4), {"step": "drt"}))
    with pytest.raises(SchemaError, match="no node 'clouds'"):
        append(path, "clouds", drt_of(2, 0, 4))


def test_provenance_is_added_once(path: Path) -> None:
    Campaign({"timeseries": timeseries_of(2)}).save(path)
    for start in (10, 20):
        append(path, "timeseries", timeseries_of(2, start=start), provenance=[{"source": "a"}])
    assert open_campaign(path).attrs["provenance"] == [{"source": "a"}]


def test_a_view_opened_before_a_widening_says_so_instead_of_mixing_rows(path: Path) -> None:
    Campaign({"spectra": spectra_of([3, 3])}).save(path)
    before = open_campaign(path)["spectra"]
    append(path, "spectra", spectra_of([5], seed=1))
    with pytest.raises(StoreError, match="rewritten since it was opened"):
        before.load()


def test_a_view_opened_before_keeps_its_rows(path: Path) -> None:
    first = spectra_of([3, 3])
    Campaign({"spectra": first}).save(path)
    before = open_campaign(path)["spectra"]
    append(path, "spectra", spectra_of([2], seed=1))
    same_node(before.load(), first)
