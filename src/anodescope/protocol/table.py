"""Phases and blocks ↔ the `protocol` node of a Campaign, by the glossary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from anodescope.errors import SchemaError
from anodescope.names import variables
from anodescope.protocol.phases import MODES, Phases, joined

_TEXT = np.dtypes.StringDType()
_DTYPES: Mapping[str, Any] = {"float": np.float64, "int": np.int64, "str": _TEXT}


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One block of the node, as a `Block` has it; phases in A, s, V."""

    kind: str
    confidence: float
    count: int
    phases: Phases
    resolution: float = 0.0
    samples: int = 0
    note: str = ""


def dataset_of(rows: Sequence[Row], attrs: Mapping[str, str] | None = None) -> xr.Dataset:
    """Return the `protocol` node: dimensions phase and block, units of the glossary.

    Parameters
    ----------
    rows : the blocks in order; currents in A.
    attrs : attributes of the node.
    """
    phases = joined([row.phases for row in rows])
    sizes = [row.phases.size for row in rows]
    values: dict[str, ArrayLike] = {
        "time_start": phases.time_start,
        "time_end": phases.time_end,
        "mode": np.array(MODES, _TEXT)[phases.mode],
        "current": phases.current,
        "voltage": phases.voltage,
        "block": np.repeat(np.arange(len(rows)), sizes),
        "level": phases.level,
        "spectrum": phases.spectrum,
        "kind": np.array([row.kind for row in rows], _TEXT),
        "confidence": [row.confidence for row in rows],
        "count": [row.count for row in rows],
        "resolution": [row.resolution for row in rows],
        "samples": [row.samples for row in rows],
        "note": np.array([row.note for row in rows], _TEXT),
    }
    glossary = variables("protocol")
    built = {}
    for name, given in values.items():
        row = glossary[name]
        pairs = {"units": row.unit, "long_name": row.meaning, "sign": row.sign}
        array: NDArray[Any] = np.asarray(given).astype(_DTYPES[row.kind], copy=False)
        built[name] = xr.Variable(row.dims, array, {k: text for k, text in pairs.items() if text})
    return xr.Dataset(built, attrs=dict(attrs or {}))


def rows_of(dataset: xr.Dataset) -> list[Row]:
    """Return the blocks of a `protocol` node.

    Raises
    ------
    SchemaError
        when a variable is missing, or a mode is not known.
    """
    for name, row in variables("protocol").items():
        if row.required and name not in dataset:
            raise SchemaError(f"Node protocol: the required variable {name!r} is missing.")
    modes = dataset["mode"].values.astype(object)
    number = {name: k for k, name in enumerate(MODES)}
    strangers = set(modes.tolist()) - set(number)
    if strangers:
        raise SchemaError(
            f"Node protocol: expected mode to be one of {', '.join(MODES)}, "
            f"found {min(strangers)!r}."
        )
    nothing = np.full(modes.size, np.nan)
    no_sweep = np.full(modes.size, -1, np.int64)
    phases = Phases(
        dataset["time_start"].values,
        dataset["time_end"].values,
        np.array([number[mode] for mode in modes.tolist()], np.int8),
        dataset["current"].values if "current" in dataset else nothing,
        dataset["voltage"].values if "voltage" in dataset else nothing,
        dataset["level"].values,
        dataset["spectrum"].values if "spectrum" in dataset else no_sweep,
    )
    block = dataset["block"].values
    if np.any(np.diff(block) < 0):
        raise SchemaError("Node protocol: expected the phases of a block side by side.")
    kinds = dataset["kind"].values.astype(object).tolist()
    edges = np.searchsorted(block, np.arange(len(kinds) + 1))
    none = np.zeros(len(kinds))
    resolution = dataset["resolution"].values if "resolution" in dataset else none
    samples = dataset["samples"].values if "samples" in dataset else none
    notes = dataset["note"].values.astype(object) if "note" in dataset else [""] * len(kinds)
    return [
        Row(
            kind, float(dataset["confidence"].values[k]), int(dataset["count"].values[k]),
            phases.rows(slice(int(edges[k]), int(edges[k + 1]))),
            float(resolution[k]), int(samples[k]), str(notes[k]),
        )
        for k, kind in enumerate(kinds)
    ]  # fmt: skip
