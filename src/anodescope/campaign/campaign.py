"""The Campaign: everything measured, simulated or computed on one cell, on one clock."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, final

import xarray as xr

from anodescope.campaign import store
from anodescope.campaign.attributes import plain
from anodescope.campaign.hints import did_you_mean
from anodescope.campaign.provenance import merge
from anodescope.campaign.schema import SCHEMA_VERSION, check_structure
from anodescope.campaign.sealed import sealed
from anodescope.errors import SchemaError
from anodescope.names import nodes as node_names

# Every campaign has these attributes, so that nobody asks whether one is there.
DEFAULTS: Mapping[str, Any] = {
    "title": "",
    "origin": "",
    "origin_basis": "",
    "specimen": {},
    "working_electrode": "unknown",
    "current_sign": "unknown",
    "provenance": [],
    "warnings": [],
    "clock_offsets": {},
}


@final
@sealed
class Campaign:
    """Flat sibling nodes on one clock, and attributes that say where they come from.

    A campaign is never changed: `with_node` and `with_attrs` return new ones that share the arrays.

    Parameters
    ----------
    nodes : Datasets by node name (as `build_node` makes them), or a DataTree of them.
    attrs : attributes of the root; those of `DEFAULTS` that are not given take their default.

    Raises
    ------
    SchemaError
        for a node, a variable, a type or a unit that is not the glossary's. Values are not read
        here; `check` does that.
    """

    def __init__(
        self,
        nodes: Mapping[str, xr.Dataset] | xr.DataTree | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        given = dict(attrs or {})
        if isinstance(nodes, xr.DataTree):
            given = {**{str(key): value for key, value in nodes.attrs.items()}, **given}
            nodes = _flat(nodes)
        held = dict(nodes or {})
        for node, dataset in held.items():
            check_structure(node, dataset)
        self._tree = xr.DataTree.from_dict(
            {node: held[node].copy() for node in node_names() if node in held}
        )
        root = {**copy.deepcopy(dict(DEFAULTS)), **given, "schema_version": SCHEMA_VERSION}
        self._tree.attrs = plain(root, "root")

    @property
    def tree(self) -> xr.DataTree:
        """A copy of the tree (the arrays are shared), for everything that xarray can do."""
        tree = self._tree.copy()
        tree.attrs = dict(self.attrs)
        return tree

    @property
    def attrs(self) -> dict[str, Any]:
        """A copy of the root's attributes."""
        return {str(key): copy.deepcopy(value) for key, value in self._tree.attrs.items()}

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes it has, in the glossary's order."""
        return tuple(self._tree.children)

    def __getitem__(self, node: str) -> xr.Dataset:
        """Return one node; raises SchemaError where it is not there.

        The Dataset is a copy that shares the arrays. Of an opened campaign it reads an array when
        that is first asked for, and keeps it: take a node out once, and `load` it to go through
        its rows one by one.
        """
        if node not in self:
            hint = did_you_mean(node, self.nodes)
            raise SchemaError(f"This campaign has no node {node!r}.{hint}")
        return self._tree.children[node].to_dataset(inherit=False).copy()

    def __contains__(self, node: object) -> bool:
        return node in self._tree.children

    def with_node(
        self,
        name: str,
        dataset: xr.Dataset,
        provenance: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None = None,
    ) -> Campaign:
        """Return a campaign with one node added or replaced.

        Parameters
        ----------
        name : name of the node.
        dataset : the node, as `build_node` makes it.
        provenance : entry or entries to add to the provenance list, each once.

        Raises
        ------
        SchemaError
            when the node does not follow the glossary.
        """
        added = [provenance] if isinstance(provenance, Mapping) else list(provenance or ())
        held = {node: self[node] for node in self.nodes}
        attrs = self.attrs
        attrs["provenance"], _ = merge(attrs["provenance"], added)
        return Campaign({**held, name: dataset}, attrs)

    def with_attrs(self, **attrs: Any) -> Campaign:
        """Return a campaign with root attributes added or replaced."""
        return Campaign(self._tree, attrs)

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write to a Zarr v3 folder, whole or not at all; see `open_campaign`.

        Raises
        ------
        StoreError
            when something is there already and `overwrite` is False, or when it is no campaign.
        SchemaError
            when the values of a node break the schema; nothing is written then.
        """
        store.save(self._tree, path, overwrite=overwrite)

    def __repr__(self) -> str:
        attrs = self._tree.attrs
        title = f" {attrs['title']!r}" if attrs["title"] else ""
        lines = [f"<Campaign{title}, origin {attrs['origin'] or 'unknown'}>"]
        for node in self.nodes:
            sizes = ", ".join(f"{dim} {size}" for dim, size in self[node].sizes.items())
            lines.append(f"  {node:<12} {sizes}")
        lines.append(f"  {len(attrs['provenance'])} provenance, {len(attrs['warnings'])} warnings")
        return "\n".join(lines)


def open_campaign(path: str | Path, nodes: Collection[str] | None = None) -> Campaign:
    """Open a stored campaign lazily: arrays are read when they are asked for, without Dask.

    Only the index coordinates (time, tau) are read at once. Nothing needs to be closed. Rows that a
    writer has not committed are not there; open again to see what was appended since.

    Parameters
    ----------
    path : the folder that `Campaign.save` wrote.
    nodes : names of the nodes to open; all of them by default.

    Raises
    ------
    StoreError
        when there is no campaign at `path`, or a newer anodescope wrote it.
    """
    return Campaign(store.load(path, nodes))


def _flat(tree: xr.DataTree) -> dict[str, xr.Dataset]:
    if tree.variables:
        name = next(iter(tree.variables))
        raise SchemaError(f"A campaign's root holds attributes only, found the variable {name!r}.")
    for node, child in tree.children.items():
        if child.children:
            raise SchemaError(
                f"Nodes are flat siblings, found {next(iter(child.children))!r} below {node!r}."
            )
    return {node: child.to_dataset(inherit=False) for node, child in tree.children.items()}
