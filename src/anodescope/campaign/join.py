"""Datasets of one node, one after the other: ragged rows padded, lattices of τ aligned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import lattice
from anodescope.campaign.schema import DTYPES, FILL, kind_of, row_dim
from anodescope.errors import SchemaError


def concatenate(node: str, datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    """Join Datasets of one node along the dimension on which it grows.

    Parameters
    ----------
    node : name of the node.
    datasets : at least one, in the order of their rows; nothing is sorted.

    Returns
    -------
    Dataset with every variable that any of them has. Where a part lacks a variable, or is narrower
    than the widest, it is padded: NaN, -1, False or "" by type. Relaxation times become the union
    of the parts' lattices. Attributes are those of the first part that has them.

    Raises
    ------
    SchemaError
        when a variable's type differs between parts, or lattices of τ do not match.
    """
    if not datasets:
        raise SchemaError(f"Node {node}: there is nothing to join.")
    if len(datasets) == 1:
        return datasets[0]
    sizes, places, coordinates = _layout(datasets)
    names = dict.fromkeys(name for part in datasets for name in part.variables)
    grows = row_dim(node)
    joined: dict[Any, xr.Variable] = dict(coordinates)
    for name in names:
        holders = [part.variables[name] for part in datasets if name in part.variables]
        if grows in holders[0].dims:
            values = _stack(node, str(name), datasets, sizes, places)
            joined[name] = xr.Variable(holders[0].dims, values, holders[0].attrs)
    attrs: dict[Any, Any] = {}
    for part in reversed(datasets):
        attrs.update(part.attrs)
    return xr.Dataset(joined, attrs=attrs)


def _layout(
    datasets: Sequence[xr.Dataset],
) -> tuple[dict[Any, int], list[dict[Any, int]], dict[str, xr.Variable]]:
    """Return the widest sizes, each part's first place along each dimension, and the new τ."""
    sizes: dict[Any, int] = {}
    for part in datasets:
        for dim, size in part.sizes.items():
            sizes[dim] = max(sizes.get(dim, 0), size)
    places: list[dict[Any, int]] = [{} for _ in datasets]
    coordinates: dict[str, xr.Variable] = {}
    holders = [part.variables["tau"] for part in datasets if "tau" in part.variables]
    if holders:
        taus = [
            part.variables["tau"].values if "tau" in part.variables else np.empty(0)
            for part in datasets
        ]
        tau, firsts = lattice.union(taus)
        coordinates["tau"] = xr.Variable(("tau",), tau, holders[0].attrs)
        sizes["tau"] = tau.size
        places = [{"tau": first} for first in firsts]
    return sizes, places, coordinates


def _stack(
    node: str,
    name: str,
    datasets: Sequence[xr.Dataset],
    sizes: dict[Any, int],
    places: list[dict[Any, int]],
) -> NDArray[Any]:
    """Return the rows of one variable from all parts, padded to the widest."""
    grows = row_dim(node)
    first = next(part.variables[name] for part in datasets if name in part.variables)
    kind = kind_of(first.dtype) or "str"
    rows = sum(part.sizes[grows] for part in datasets)
    shape = (rows, *(sizes[dim] for dim in first.dims[1:]))
    stacked = np.full(shape, FILL[kind], dtype=DTYPES[kind])
    start = 0
    for part, place in zip(datasets, places, strict=True):
        stop = start + part.sizes[grows]
        if name in part.variables:
            variable = part.variables[name]
            if variable.dims != first.dims or kind_of(variable.dtype) != kind:
                raise SchemaError(
                    f"Node {node}, variable {name}: expected {kind} on {first.dims} in every part, "
                    f"found {variable.dtype} on {variable.dims}."
                )
            offsets = [place.get(dim, 0) for dim in variable.dims[1:]]
            window = tuple(
                slice(offset, offset + size)
                for offset, size in zip(offsets, variable.shape[1:], strict=True)
            )
            stacked[(slice(start, stop), *window)] = variable.values
        start = stop
    return stacked
