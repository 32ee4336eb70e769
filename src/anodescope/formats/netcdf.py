"""NetCDF-4 files (.nc) of a whole campaign, written and read with h5netcdf (extra ``export``).

Layout
------
One group per node, variables as the glossary names them, attributes with units and meanings. What
NetCDF-4 lacks is written so that any program can use it, and is put back on reading:

- a complex variable ``z`` becomes ``z_real`` and ``z_imag`` with the attributes ``complex_of`` = z
  and ``complex_part``;
- a truth value becomes an int8 with ``flag_values`` 0, 1 and ``flag_meanings`` "false true";
- an attribute that is no text or number becomes JSON text; ``json_attributes`` lists these.

Root attributes (title, origin, provenance, warnings, …) are those of the campaign.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from anodescope.errors import MissingExtra, ReadError

ROOT = "/"
_JSON = "json_attributes"
_PARTS = ("real", "imag")


def write(path: Path, nodes: Mapping[str, xr.Dataset], attrs: Mapping[str, Any]) -> None:
    """Write nodes and root attributes to a new file at `path`.

    Raises
    ------
    MissingExtra
        without h5netcdf.
    """
    _require()
    root = xr.Dataset(attrs=encoded_attributes(attrs))
    root.to_netcdf(path, mode="w", engine="h5netcdf")
    for name, node in nodes.items():
        encoded(node).to_netcdf(path, mode="a", engine="h5netcdf", group=name)


def read_netcdf(path: str | Path) -> dict[str, xr.Dataset]:
    """Read back what `write` wrote, into memory.

    Returns
    -------
    Datasets by node, as `build_node` makes them, and under ``"/"`` an empty one with the root's
    attributes.

    Raises
    ------
    ReadError
        when the file is no NetCDF-4 file.
    MissingExtra
        without h5netcdf.
    """
    _require()
    path = Path(path)
    options: dict[str, Any] = {
        "engine": "h5netcdf",
        "decode_times": False,
        "decode_timedelta": False,
        "mask_and_scale": False,
        "decode_coords": False,
    }
    try:
        with xr.open_datatree(path, **options) as tree:
            found = {group.path: group.to_dataset(inherit=False).load() for group in tree.subtree}
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).split("\n")[0][:300]
        raise ReadError(path, expected="a NetCDF-4 file", found=reason) from error
    return {name.strip("/") or ROOT: decoded(node) for name, node in found.items()}


def _require() -> None:
    if importlib.util.find_spec("h5netcdf") is None:
        raise MissingExtra("h5netcdf", "export")


def encoded(node: xr.Dataset) -> xr.Dataset:
    """Return a node with nothing in it that NetCDF-4 lacks."""
    variables: dict[str, xr.Variable] = {}
    for key, variable in node.variables.items():
        name, attrs = str(key), encoded_attributes(variable.attrs)
        values = variable.to_numpy()
        if values.dtype.kind == "c":
            for part in _PARTS:
                marks = {"complex_of": name, "complex_part": part}
                halves = np.ascontiguousarray(getattr(values, part))
                variables[f"{name}_{part}"] = xr.Variable(variable.dims, halves, attrs | marks)
            continue
        if values.dtype.kind == "b":
            flags = np.array([0, 1], np.int8)
            attrs = {**attrs, "flag_values": flags, "flag_meanings": "false true"}
            values = values.astype(np.int8)
        elif values.dtype.kind not in "iuf":
            words = [str(word) for word in values.ravel().tolist()]
            values = np.array(words or [""], dtype="U")[: values.size].reshape(values.shape)
        variables[name] = xr.Variable(variable.dims, values, attrs)
    for variable in variables.values():
        variable.encoding["_FillValue"] = None
    return xr.Dataset(variables, attrs=encoded_attributes(node.attrs))


def decoded(node: xr.Dataset) -> xr.Dataset:
    """Undo `encoded`."""
    variables: dict[str, xr.Variable] = {}
    for key, variable in node.variables.items():
        attrs = decoded_attributes(variable.attrs)
        values = variable.to_numpy()
        if "complex_of" in attrs:
            name, part = str(attrs.pop("complex_of")), attrs.pop("complex_part")
            other = node.variables.get(f"{name}_{'imag' if part == 'real' else 'real'}")
            if part == "imag" and other is not None:
                continue
            imaginary = 0.0 if other is None else other.to_numpy()
            both = np.empty(values.shape, np.complex128)
            both.real, both.imag = (values, imaginary) if part == "real" else (0.0, values)
            variables[name] = xr.Variable(variable.dims, both, attrs)
            continue
        if attrs.get("flag_meanings") == "false true" and values.dtype.kind == "i":
            del attrs["flag_meanings"], attrs["flag_values"]
            values = values.astype(bool)
        elif values.dtype.kind in "OSU":
            values = values.astype(np.dtypes.StringDType())
        variables[str(key)] = xr.Variable(variable.dims, values, attrs)
    return xr.Dataset(variables, attrs=decoded_attributes(node.attrs))


def encoded_attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes that are text or numbers; others become JSON text."""
    plain: dict[str, Any] = {}
    listed = []
    for key, value in attrs.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            plain[str(key)] = value
        else:
            plain[str(key)] = json.dumps(value, ensure_ascii=False)
            listed.append(str(key))
    return {**plain, _JSON: " ".join(listed)} if listed else plain


def decoded_attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Undo `encoded_attributes`."""
    listed = str(attrs.get(_JSON, "")).split(" ")
    found: dict[str, Any] = {}
    for key, value in attrs.items():
        if key != _JSON:
            text = value.item() if isinstance(value, np.generic) else value
            found[str(key)] = json.loads(text) if key in listed else text
    return found
