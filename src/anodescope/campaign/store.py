"""Campaigns on disk: Zarr v3, one group per node, whole rows per chunk.

The layout is plain Zarr: core data types, variable-length strings, no consolidated metadata, so any
Zarr v3 reader opens it. Each node's group carries `committed`, the number of rows that exist.
One process writes at a time; any number may read. A view that was opened before a store was
replaced or widened must be opened again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from anodescope.campaign.attributes import plain
from anodescope.campaign.hints import did_you_mean
from anodescope.campaign.join import concatenate
from anodescope.campaign.provenance import merge
from anodescope.campaign.rows import COMMITTED, open_rows
from anodescope.campaign.rules import check
from anodescope.campaign.schema import DTYPES, FILL, SCHEMA_VERSION, coerce, kind_of, row_dim
from anodescope.campaign.swap import recover, replaced
from anodescope.errors import StoreError
from anodescope.names import nodes as node_names

if TYPE_CHECKING:
    import zarr

CHUNK_BYTES = 2**20
TEXT_BYTES = 64  # what one text counts for when chunks are sized


def save(tree: xr.DataTree, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a campaign's tree; it appears at `path` whole or not at all.

    Raises
    ------
    StoreError
        when something is there already and `overwrite` is False, or when it is no campaign.
    SchemaError
        when a node breaks the schema; nothing is written then.
    """
    import zarr

    path = Path(path).resolve()  # a link stays a link, to what is written
    recover(path)
    if path.exists():
        if not overwrite:
            raise StoreError(f"{path}: there is something already; pass overwrite to replace it.")
        read_attrs(path, any_version=True)  # never replace what is not a campaign
    if not path.parent.is_dir():
        raise StoreError(f"{path}: the folder {path.parent} does not exist; make it first.")
    check(tree)
    with replaced(path) as partial:
        zarr.create_group(partial, zarr_format=3, attributes=plain(dict(tree.attrs), "root"))
        for node, child in tree.children.items():
            _write_node(partial / node, node, child.to_dataset(inherit=False))


def load(path: str | Path, nodes: Collection[str] | None = None) -> xr.DataTree:
    """Open a stored campaign's tree lazily; `nodes` names those wanted (default: all).

    Raises
    ------
    StoreError
        when there is no campaign at `path`, when a newer anodescope wrote it, or when a node that
        `nodes` names is not there.
    """
    path = Path(path)
    attrs = read_attrs(path)
    stored = _stored_nodes(path)
    wanted = tuple(stored) if nodes is None else tuple(nodes)
    for node in wanted:
        if node not in stored:
            raise StoreError(f"{path}: there is no node {node!r}.{did_you_mean(node, stored)}")
        if node not in node_names():
            raise StoreError(
                f"{path}: this version knows no node {node!r}; "
                "name the nodes that you want to open the others."
            )
    order = [node for node in node_names() if node in wanted]
    tree = xr.DataTree.from_dict({node: _open_node(path / node) for node in order})
    tree.attrs = attrs
    return tree


def append(
    path: str | Path,
    node: str,
    dataset: xr.Dataset,
    *,
    provenance: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Append rows to one node of a stored campaign; readers see all of them or none.

    The rows are written first and the node's `committed` count is raised last. Rows narrower than
    the stored ones are padded; where the new ones are wider, reach further in τ or bring a new
    variable, the node is written anew and swapped in.

    Parameters
    ----------
    path : the stored campaign.
    node : name of the node; one that is not there yet is made.
    dataset : the new rows, as `build_node` makes them.
    provenance : entries to add to the root's list; they are in place before the rows are.

    Raises
    ------
    StoreError
        when there is no campaign at `path`.
    SchemaError
        when the rows break the schema, do not follow the stored ones in time, or lie on another
        lattice of τ; nothing is changed then.
    """
    path = Path(path)
    attrs = read_attrs(path)
    check(node, dataset)
    place = path / node
    if node not in _stored_nodes(path):
        _add_provenance(path, attrs, provenance)
        with replaced(place) as partial:
            _write_node(partial, node, dataset)
        return
    grows = row_dim(node)
    stored = _open_node(place)
    last = stored.isel({grows: slice(-1, None)})
    seam = concatenate(node, [last, dataset])
    check(node, seam)
    _add_provenance(path, attrs, provenance)
    if _layout(seam, grows) == _layout(stored, grows):
        rows = seam.isel({grows: slice(last.sizes[grows], None)})
        _extend(place, grows, stored.sizes[grows], rows)
        return
    whole = concatenate(node, [stored, dataset])
    with replaced(place) as partial:
        _write_node(partial, node, whole)


def read_attrs(path: str | Path, *, any_version: bool = False) -> dict[str, Any]:
    """Return the root attributes of a stored campaign.

    Raises
    ------
    StoreError
        when there is no campaign at `path`, or (unless `any_version`) one of a newer version.
    """
    path = Path(path)
    recover(path)
    if not path.exists():
        siblings = [item.name for item in path.parent.glob("*.zarr")]
        raise StoreError(f"{path}: there is nothing.{did_you_mean(path.name, siblings)}")
    refusal = f"{path}: this is no stored campaign; give the .zarr folder that anodescope wrote."
    if not (path / "zarr.json").is_file():
        raise StoreError(refusal)
    try:
        attrs = dict(_group(path, "r").attrs)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise StoreError(refusal) from error
    version = attrs.get("schema_version")
    if not isinstance(version, int):
        raise StoreError(refusal)
    if version > SCHEMA_VERSION and not any_version:
        raise StoreError(
            f"{path}: a newer anodescope wrote this (schema {version}, known up to "
            f"{SCHEMA_VERSION}); update anodescope."
        )
    return attrs


def _group(path: Path, mode: Literal["r", "r+"]) -> zarr.Group:
    import zarr

    return zarr.open_group(path, mode=mode, zarr_format=3, use_consolidated=False)


def _stored_nodes(path: Path) -> list[str]:
    for node in node_names():
        recover(path / node)
    return sorted(item.parent.name for item in path.glob("[!.]*/zarr.json"))


def _open_node(place: Path) -> xr.Dataset:
    try:
        return open_rows(place)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise StoreError(
            f"{place}: this node cannot be opened ({error}); write the campaign again."
        ) from error


def _add_provenance(
    path: Path, attrs: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]
) -> None:
    before = attrs.get("provenance", [])
    merged, _ = merge(before, entries)
    if merged != before:
        _group(path, "r+").update_attributes({"provenance": merged})


def _layout(dataset: xr.Dataset, grows: str) -> dict[Any, Any]:
    """Return what must agree for rows to fit into stored arrays: names, widths, the lattice."""
    layout: dict[Any, Any] = {
        name: (variable.dims, variable.shape[1:])
        for name, variable in dataset.variables.items()
        if grows in variable.dims
    }
    if "tau" in dataset.variables:
        layout["tau"] = dataset["tau"].values.tobytes()
    return layout


def _chunk_rows(dataset: xr.Dataset, grows: str) -> int:
    """Return how many rows of the widest variable make one chunk of about a mebibyte."""
    widths = [
        prod(variable.shape[1:]) * _item_bytes(variable.dtype)
        for variable in dataset.variables.values()
        if grows in variable.dims
    ]
    return max(1, CHUNK_BYTES // max(1, *widths)) if widths else 1


def _item_bytes(dtype: np.dtype[Any]) -> int:
    return TEXT_BYTES if kind_of(dtype) == "str" else dtype.itemsize


def _write_node(place: Path, node: str, dataset: xr.Dataset) -> None:
    """Write a node as a group of its own, a block of rows at a time."""
    import zarr

    grows = row_dim(node)
    block = _chunk_rows(dataset, grows)
    attrs = {**plain(dict(dataset.attrs), node), COMMITTED: dataset.sizes[grows]}
    group = zarr.create_group(place, zarr_format=3, attributes=attrs)
    for name, variable in dataset.variables.items():
        kind = kind_of(variable.dtype) or "str"
        lengths = [block if dim == grows else size for dim, size in variable.sizes.items()]
        array = group.create_array(
            str(name),
            shape=variable.shape,
            dtype=DTYPES[kind],
            chunks=tuple(max(1, length) for length in lengths),
            fill_value=FILL[kind],
            dimension_names=[str(dim) for dim in variable.dims],
            attributes=plain(dict(variable.attrs), str(name)),
            config={"write_empty_chunks": True},  # a block of NaN or −0.0 keeps its bits
        )
        at_once = max(1, lengths[0])
        for start in range(0, variable.shape[0] if variable.size else 0, at_once):
            part = variable[start : start + at_once].values
            array[start : start + at_once] = coerce(part, kind, str(name))


def _extend(place: Path, grows: str, committed: int, rows: xr.Dataset) -> None:
    """Write `rows` behind the committed ones, then raise the count."""
    import zarr

    for torn in place.rglob("*.partial"):  # files that a killed writer had not renamed yet
        torn.unlink()
    total = committed + rows.sizes[grows]
    group = _group(place, "r+")
    with zarr.config.set({"array.write_empty_chunks": True}):
        for name, variable in rows.variables.items():
            if grows not in variable.dims:
                continue
            array = group[str(name)]
            if not isinstance(array, zarr.Array):
                raise StoreError(f"{place / str(name)}: expected an array, found a group.")
            array.resize((total, *array.shape[1:]))
            kind = kind_of(variable.dtype) or "str"
            array[committed:total] = coerce(variable.values, kind, str(name))
    group.update_attributes({**plain(dict(rows.attrs), place.name), COMMITTED: total})
