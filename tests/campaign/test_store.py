"""The store: what is written reads back, appending is joining, torn writes are unseen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from campaign_samples import (
    campaign_of,
    drt_of,
    left_beside,
    ragged,
    same,
    seeds,
    spectra_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, append, build_node, open_campaign
from anodescope.campaign.store import CHUNK_BYTES
from anodescope.errors import SchemaError, StoreError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.zarr"


# --- what is written reads back -----------------------------------------------------------------


@settings(deadline=None, max_examples=20)
@given(ragged, seeds, st.text())
def test_a_campaign_reads_back_as_it_was_saved(
    lengths: tuple[int, ...], seed: int, text: str
) -> None:
    spectra = spectra_of(lengths, seed=seed)
    if lengths:
        spectra["technique"][0] = text
    one = Campaign({"spectra": spectra}, {"title": text, "specimen": {"x": [1, {"y": None}]}})
    with TemporaryDirectory() as folder:
        one.save(Path(folder) / "c.zarr")
        same(open_campaign(Path(folder) / "c.zarr"), one)


def test_every_type_keeps_its_bits(path: Path) -> None:
    special = np.array([-0.0, 0.0, np.inf, -np.inf, np.nan, 5e-324, -1.7e308])
    impedance = np.empty((1, 7), complex)
    impedance.real, impedance.imag = special, special[::-1]
    series = build_node(
        "timeseries",
        {
            "time": np.arange(7),
            "voltage": special,
            "temperature": np.full(7, -0.0),
            "cycle": [-(2**63), 2**63 - 1, 0, -1, 1, 2, 3],
            "overload": [True, False] * 3 + [True],
            "column_1": ["", "é\0b", "µ²", "a" * 1000, " ", "\n", "日本"],
            "column_2": impedance[0],
        },
    )
    Campaign({"timeseries": series}).save(path)
    back = open_campaign(path)["timeseries"]
    for name in series.variables:
        want, found = series[name].values, back[name].values
        assert want.tolist() == found.tolist() or want.tobytes() == found.tobytes(), name


def test_object_text_is_stored_as_text(path: Path) -> None:
    events = build_node("events", {"time": [0], "kind": ["a"], "message": ["b"]})
    events["kind"] = events["kind"].astype(object)
    Campaign({"events": events}).save(path)
    assert open_campaign(path)["events"]["kind"].dtype == np.dtypes.StringDType()


def test_blocks_of_many_chunks_read_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anodescope.campaign.store.CHUNK_BYTES", 256)
    one = campaign_of([5, 3, 5, 5, 1, 4, 5], seed=3)
    one.save(path)
    assert len(list((path / "spectra" / "impedance" / "c").rglob("0"))) > 3
    same(open_campaign(path), one)


def test_any_zarr_reader_opens_it(path: Path) -> None:
    one = campaign_of()
    one.save(path)
    for node in one.nodes:
        plain = xr.open_zarr(path, group=node, consolidated=False, chunks=None).load()
        xr.testing.assert_equal(plain, one[node])


# --- how it is laid out -------------------------------------------------------------------------


def metadata(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in path.rglob("zarr.json"):
        yield file, json.loads(file.read_text())


def test_the_layout_is_zarr_3_with_whole_rows_and_nothing_consolidated(path: Path) -> None:
    wide = spectra_of([300] * 3)
    Campaign({"spectra": wide, "drt": drt_of(3, -70, 20)}).save(path)
    arrays = 0
    for file, meta in metadata(path):
        assert meta["zarr_format"] == 3
        assert meta.get("consolidated_metadata") is None
        if meta["node_type"] == "group":
            continue
        arrays += 1
        chunk = meta["chunk_grid"]["configuration"]["chunk_shape"]
        assert chunk[1:] == meta["shape"][1:], file
        assert meta["data_type"] in {"float64", "complex128", "int64", "bool", "string"}
    assert arrays == len(wide.variables) + 8
    impedance = json.loads((path / "spectra" / "impedance" / "zarr.json").read_text())
    rows, width = impedance["chunk_grid"]["configuration"]["chunk_shape"]
    assert CHUNK_BYTES / 2 < rows * width * 16 <= CHUNK_BYTES


def test_the_committed_count_is_on_disk_and_not_in_memory(path: Path) -> None:
    campaign_of([2, 2]).save(path)
    assert zarr.open_group(path / "spectra", mode="r").attrs["committed"] == 2
    assert "committed" not in open_campaign(path)["spectra"].attrs


def test_opening_reads_no_array(path: Path) -> None:
    one = campaign_of()
    one.save(path)
    for chunk in (path / "spectra" / "impedance" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"spoiled")
    lazy = open_campaign(path).with_attrs(title="x").with_node("drt", drt_of(1, 0, 3))
    assert lazy["spectra"].sizes == one["spectra"].sizes
    assert lazy["spectra"]["impedance"].chunks is None  # no Dask
    xr.testing.assert_equal(lazy["spectra"]["frequency"], one["spectra"]["frequency"])
    with pytest.raises(StoreError, match=r"impedance: these rows cannot be read"):
        lazy["spectra"]["impedance"].load()


def test_what_was_read_from_a_node_stays_in_memory(path: Path) -> None:
    one = campaign_of()
    one.save(path)
    spectra = open_campaign(path)["spectra"]
    assert np.isfinite(spectra["impedance"].values).any()
    shutil.rmtree(path)
    xr.testing.assert_identical(spectra["impedance"], one["spectra"]["impedance"])
    with pytest.raises(StoreError, match="is missing"):
        spectra["frequency"].load()


def test_writing_into_an_opened_array_leaves_the_store_alone(path: Path) -> None:
    one = campaign_of()
    one.save(path)
    lazy = open_campaign(path)["spectra"]
    lazy["impedance"][0, 0] = 7
    assert lazy["impedance"].values[0, 0] == 7
    same(open_campaign(path), one)


@pytest.mark.parametrize(
    "key", [slice(None, None, -1), slice(-2, None), slice(1, 9, 2), [0, -1, 1], -1, []]
)
def test_lazy_rows_are_indexed_like_rows_in_memory(path: Path, key: Any) -> None:
    one = campaign_of([3, 2, 4, 1])
    one.save(path)
    torn = zarr.open_group(path / "spectra", mode="r+")
    for _, array in torn.arrays():  # rows beyond the count must not shift what "last" means
        array.resize((array.shape[0] + 3, *array.shape[1:]))
    lazy = open_campaign(path)["spectra"]
    xr.testing.assert_identical(lazy.isel(spectrum=key), one["spectra"].isel(spectrum=key))
    points = xr.DataArray([0, 3], dims="k"), xr.DataArray([2, -1], dims="k")
    pick = {"spectrum": points[0], "point": points[1]}
    xr.testing.assert_identical(lazy.isel(pick), one["spectra"].isel(pick))


def test_only_the_named_nodes_are_opened(path: Path) -> None:
    campaign_of().save(path)
    shutil.rmtree(path / "timeseries" / "voltage")
    (path / "timeseries" / "zarr.json").write_text("{")
    assert open_campaign(path, nodes=["spectra"]).nodes == ("spectra",)
    with pytest.raises(StoreError, match=r"no node 'spectre'\. Did you mean 'spectra'"):
        open_campaign(path, nodes=["spectre"])
    with pytest.raises(StoreError, match="this node cannot be opened"):
        open_campaign(path)


# --- what is refused ----------------------------------------------------------------------------


def test_what_is_no_campaign_is_refused_in_a_sentence(tmp_path: Path, path: Path) -> None:
    campaign_of().save(path)
    with pytest.raises(StoreError, match=r"there is nothing\. Did you mean 'c\.zarr'\?"):
        open_campaign(tmp_path / "b.zarr")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    zarr.create_group(tmp_path / "other.zarr", zarr_format=3)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "zarr.json").write_text("{")
    for name in ("folder", "file", "other.zarr", "broken"):
        with pytest.raises(StoreError, match=r"no stored campaign; give the \.zarr folder"):
            open_campaign(tmp_path / name)
        with pytest.raises(StoreError, match="no stored campaign"):
            campaign_of().save(tmp_path / name, overwrite=True)
        assert (tmp_path / name).exists()
    with pytest.raises(StoreError, match="does not exist; make it first"):
        campaign_of().save(tmp_path / "no" / "c.zarr")


def test_a_newer_schema_is_refused(path: Path) -> None:
    campaign_of().save(path)
    zarr.open_group(path, mode="r+").attrs["schema_version"] = 999
    with pytest.raises(StoreError, match=r"newer anodescope wrote this \(schema 999.*update"):
        open_campaign(path)


def test_an_unknown_node_is_refused_unless_others_are_named(path: Path) -> None:
    campaign_of().save(path)
    shutil.copytree(path / "spectra", path / "clouds")
    with pytest.raises(StoreError, match="knows no node 'clouds'"):
        open_campaign(path)
    assert open_campaign(path, nodes=["timeseries"]).nodes == ("timeseries",)


def test_a_missing_chunk_is_damage_and_not_a_row_of_nan(path: Path) -> None:
    campaign_of().save(path)
    lazy = open_campaign(path)["spectra"]
    shutil.rmtree(path / "spectra" / "impedance" / "c")
    with pytest.raises(StoreError, match="impedance: the chunk c/0/0 is missing"):
        lazy["impedance"].load()
    assert lazy["impedance"][:0].load().size == 0


def test_fewer_rows_than_committed_are_damage(path: Path) -> None:
    campaign_of([2, 2]).save(path)
    zarr.open_group(path / "spectra", mode="r+").attrs["committed"] = 3
    with pytest.raises(StoreError, match="expected 3 committed rows, found 2"):
        open_campaign(path)


def test_nothing_is_overwritten_unasked(path: Path) -> None:
    one, two = campaign_of(title="one"), campaign_of([4], title="two")
    one.save(path)
    with pytest.raises(StoreError, match="pass overwrite"):
        two.save(path)
    same(open_campaign(path), one)
    two.save(path, overwrite=True)
    same(open_campaign(path), two)
    assert left_beside(path) == []


def test_a_campaign_replaces_the_store_that_it_is_read_from(path: Path) -> None:
    campaign_of([2, 3]).save(path)
    more = open_campaign(path).with_node("drt", drt_of(2, 0, 4))
    more.save(path, overwrite=True)
    same(open_campaign(path), campaign_of([2, 3]).with_node("drt", drt_of(2, 0, 4)))


def test_bad_values_are_refused_before_anything_is_written(path: Path) -> None:
    one = campaign_of()
    one.save(path)
    wrong = build_node("timeseries", {"time": [1, 0]})
    with pytest.raises(SchemaError, match="times in order"):
        Campaign({"timeseries": wrong}).save(path, overwrite=True)
    with pytest.raises(SchemaError, match="times in order"):
        append(path, "timeseries", wrong)
    same(open_campaign(path), one)


def test_a_link_stays_a_link(tmp_path: Path, path: Path) -> None:
    one, two = campaign_of(title="one"), campaign_of(title="two")
    one.save(path)
    (tmp_path / "link").symlink_to(path)
    two.save(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    same(open_campaign(path), two)


def test_nodes_without_rows_or_columns_are_stored(tmp_path):
    """No peak was tracked, no τ was resolved: that is a result too."""
    campaign = campaign_of()
    rows = campaign["spectra"].sizes["spectrum"]
    nothing = np.empty((rows, 0))
    campaign = campaign.with_node(
        "peaks",
        build_node(
            "peaks",
            {
                **dict.fromkeys(("tau", "resistance", "capacitance", "frequency"), nothing),
                "in_window": nothing.astype(bool),
                **{name: [] for name in ("name", "electrode", "attribution", "basis")},
                **{name: [] for name in ("birth", "death", "split_from", "merged_into")},
            },
        ),
    )
    campaign.save(tmp_path / "c.zarr")
    same(open_campaign(tmp_path / "c.zarr"), campaign)
