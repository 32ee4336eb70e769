"""What each node holds, made from the glossary: names, dimensions, types and units.

Units are set here, when a node is built, and never inherited from arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from anodescope.campaign.attributes import plain
from anodescope.campaign.hints import did_you_mean
from anodescope.errors import SchemaError
from anodescope.names import FAMILY, KINDS, Variable, nodes, variables

SCHEMA_VERSION = 1

# Variable-length text as NumPy has it, so that text in memory and text from a store are one type.
TEXT = np.dtypes.StringDType()

DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {kind: TEXT if kind == "str" else np.dtype(text) for kind, text in KINDS.items()}
)

# What stands where there is no value: ragged rows are padded with it.
FILL: Mapping[str, Any] = MappingProxyType(
    {"float": np.nan, "complex": complex(np.nan, np.nan), "int": -1, "bool": False, "str": ""}
)

# NumPy's type letters that a kind accepts; those marked exact must survive the conversion.
_ACCEPTS = {"float": "fiu", "complex": "cfiu", "int": "iuf", "bool": "biu"}
_EXACT = {"int", "bool"}

_FAMILY_NAME = re.compile(re.escape(FAMILY) + r"\w+")


def row_dim(node: str) -> str:
    """Return the dimension along which a node grows: time, step, event or spectrum."""
    return _leading_dims(node)[0]


def build_node(
    node: str,
    values: Mapping[str, ArrayLike],
    *,
    attrs: Mapping[str, Any] | None = None,
    column_attrs: Mapping[str, Mapping[str, Any]] | None = None,
) -> xr.Dataset:
    """Build one node of a Campaign from bare arrays.

    Parameters
    ----------
    node : name of the node.
    values : arrays by variable name, in the glossary's units and on its dimensions (what attributes
        an array brings along is ignored). Names that start with ``column_`` are a reader's unknown
        columns: any type, on the node's leading dimensions.
    attrs : attributes of the node.
    column_attrs : attributes (units, long_name, …) of ``column_`` variables, by name.

    Returns
    -------
    Dataset with float64, complex128, int64, bool or text, whose units, long_name and sign are the
    glossary's. It may lack required variables; `check` says so.

    Raises
    ------
    SchemaError
        for an unknown node or variable, for dimensions that do not fit, or for values that the
        variable's type cannot hold without loss.
    """
    _require_node(node)
    described = dict(column_attrs or {})
    built: dict[str, xr.Variable] = {}
    sizes: dict[str, tuple[int, str]] = {}
    for name, given in values.items():
        bare = np.asarray(given)
        row = row_of(node, name, bare.ndim, bare.dtype)
        array = coerce(bare, row.kind, f"Node {node}, variable {name}")
        _require_shape(row, array, sizes)
        extra = plain(described.pop(name, {}), name) if name.startswith(FAMILY) else {}
        built[name] = xr.Variable(row.dims, array, {**_attributes(row), **extra})
    if described:
        name = next(iter(described))
        raise SchemaError(
            f"Node {node}: column_attrs describes {name!r}, but no such {FAMILY} variable is given."
        )
    return xr.Dataset(built, attrs=plain(dict(attrs or {}), node))


def check_structure(node: str, dataset: xr.Dataset) -> None:
    """Check names, dimensions, types and units of one node without reading any array.

    Raises
    ------
    SchemaError
        with the first thing that is wrong.
    """
    _require_node(node)
    for name, variable in dataset.variables.items():
        row = row_of(node, str(name), variable.ndim, variable.dtype)
        where = f"Node {node}, variable {name}"
        if variable.dims != row.dims:
            raise SchemaError(f"{where}: expected dimensions {row.dims}, found {variable.dims}.")
        if kind_of(variable.dtype) != row.kind or variable.dtype != _stored(row.kind, variable):
            raise SchemaError(f"{where}: expected {KINDS[row.kind]}, found {variable.dtype}.")
        found = variable.attrs.get("units", "")
        if row.unit != found and not row.name.startswith(FAMILY):
            raise SchemaError(
                f"{where}: expected the unit {row.unit!r}, found {found!r}; build_node sets it."
            )
    for row in variables(node).values():
        if row.required and row.name not in dataset.variables:
            raise SchemaError(f"Node {node}: the required variable {row.name!r} is missing.")


def row_of(node: str, name: str, ndim: int, dtype: np.dtype[Any]) -> Variable:
    """Return the glossary's row of a variable; a ``column_`` variable gets one by its shape.

    Raises
    ------
    SchemaError
        for a name that is not in the glossary.
    """
    known = variables(node)
    if name in known:
        return known[name]
    leading = _leading_dims(node)
    if _FAMILY_NAME.fullmatch(name):
        if not 1 <= ndim <= len(leading):
            raise SchemaError(
                f"Node {node}, variable {name}: expected values on the leading dimensions "
                f"{leading}, found {ndim} dimensions."
            )
        meaning = "column that the reader kept without knowing it"
        return Variable(node, name, leading[:ndim], "", kind_of(dtype) or "str", meaning)
    raise SchemaError(f"Node {node} has no variable {name!r}.{did_you_mean(name, known)}")


def kind_of(dtype: np.dtype[Any]) -> str | None:
    """Return the glossary's kind for a NumPy type, or None where there is none."""
    letters = {"f": "float", "c": "complex", "i": "int", "u": "int", "b": "bool"}
    return letters.get(dtype.kind, "str" if dtype.kind in "UTO" else None)


def coerce(values: ArrayLike, kind: str, where: str) -> NDArray[Any]:
    """Return `values` in the type of `kind`; nothing but precision beyond float64 is lost.

    Raises
    ------
    SchemaError
        when a value would change: text for numbers, complex for float, 0.5 for an integer.
    """
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(array.shape, DTYPES[kind])
    if kind == "str":
        return _as_text(array, where)
    if array.dtype.kind not in _ACCEPTS[kind]:
        raise SchemaError(f"{where}: expected {KINDS[kind]}, found {array.dtype}.")
    with np.errstate(invalid="ignore"):  # NaN for an integer: the comparison below reports it
        converted = array.astype(DTYPES[kind], copy=False)
    if kind in _EXACT and not np.array_equal(converted, array):
        raise SchemaError(f"{where}: expected {KINDS[kind]}, found values that it cannot hold.")
    return converted


def _as_text(array: NDArray[Any], where: str) -> NDArray[Any]:
    strangers = array.dtype.kind not in "UTO" or (
        array.dtype.kind == "O" and not all(isinstance(item, str) for item in array.flat)
    )
    if strangers:
        raise SchemaError(f"{where}: expected {KINDS['str']}, found {array.dtype} values.")
    return array.astype(TEXT, copy=False)


def _stored(kind: str, variable: xr.Variable) -> np.dtype[Any]:
    """Text may also be an object array, which other packages make of it."""
    return variable.dtype if kind == "str" and variable.dtype.kind == "O" else DTYPES[kind]


def _attributes(row: Variable) -> dict[str, str]:
    pairs = {"units": row.unit, "long_name": row.meaning, "sign": row.sign}
    return {key: text for key, text in pairs.items() if text}


def _require_shape(row: Variable, array: NDArray[Any], sizes: dict[str, tuple[int, str]]) -> None:
    """Hold an array to its dimensions; `sizes` collects (size, first variable) per dimension."""
    where = f"Node {row.node}, variable {row.name}"
    if array.ndim != len(row.dims):
        raise SchemaError(f"{where}: expected dimensions {row.dims}, found shape {array.shape}.")
    for dim, size in zip(row.dims, array.shape, strict=True):
        expected, first = sizes.setdefault(dim, (size, row.name))
        if size != expected:
            raise SchemaError(
                f"{where}: expected {expected} along {dim} as in {first}, found {size}."
            )


def _leading_dims(node: str) -> tuple[str, ...]:
    return next(iter(variables(node).values())).dims


def _require_node(node: str) -> None:
    if node not in nodes():
        raise SchemaError(f"A campaign has no node {node!r}.{did_you_mean(node, nodes())}")
