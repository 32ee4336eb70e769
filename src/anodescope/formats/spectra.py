"""The spectra node: one row per sweep and electrode, padded to the longest sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import build_node
from anodescope.errors import ReadError
from anodescope.formats import sweeps
from anodescope.formats.assemble import Merged, Placed, reduced, value_of
from anodescope.formats.recording import Recording

# What is kept for every point beside impedance, frequency and time.
_PER_POINT = (
    "voltage",
    "current",
    "voltage_amplitude",
    "current_amplitude",
    "thd_voltage",
    "nsd_voltage",
    "nsr_voltage",
    "thd_current",
    "nsd_current",
    "nsr_current",
    "correction",
    "impedance_deviation",
    "phase_deviation",
)


# Sweeps that are arranged at a time, to spare memory.
_AT_ONCE = 1024

# A table of sweeps may be this many times larger than the points in it.
_MOST_PADDING = 20

# Meanings that tell sweeps and electrodes apart.
_TELLING = ("time", "frequency", "sweep", "cycle", "counter_voltage")


def needed(recording: Recording) -> frozenset[str]:
    """Return the meanings that the node is made of; without a frequency there is none."""
    if not recording.has("frequency"):
        return frozenset()
    names = {*_PER_POINT, *_TELLING}
    for _, prefix in sweeps.ELECTRODES:
        names |= {f"{prefix}_{part}" for part in sweeps.parts_of(recording, prefix)}
    return frozenset(names if recording.has("current") else names | {"charge_change"})


@dataclass(frozen=True, slots=True)
class _Block:
    """The sweeps of one electrode in one file.

    Attributes
    ----------
    number, item : the file.
    electrode, prefix : what the impedance is that of, and its columns.
    index : rows of the file by (sweep, point), -1 where padded; shared by the file's electrodes.
    place : the row of the node that each sweep goes to.
    """

    number: int
    item: Placed
    electrode: str
    prefix: str
    index: NDArray[np.int64]
    place: NDArray[np.int64]


def spectra(merged: Merged, factor: float, area: float | None) -> xr.Dataset | None:
    """Build the spectra node in time order; None where no file holds impedance."""
    blocks = _blocks(merged)
    if not blocks:
        return None
    steps = [merged.step[merged.rows(block.number)][block.index[:, 0]] for block in blocks]
    del merged  # its columns are needed no more
    values: dict[str, NDArray[Any]] = {
        "impedance": _gather(blocks, _impedance, complex(np.nan, np.nan)),
        "frequency": _gather(blocks, lambda block: block.item.recording.get("frequency"), np.nan),
        "time": _gather(blocks, lambda block: block.item.time(), np.nan),
    }
    values["valid"] = _valid(values)
    values |= _points(blocks, factor)
    values |= _per_sweep(blocks, steps, values["time"])
    values |= _bias(values, area)
    values["grid"] = sweeps.grids(values["frequency"])
    return build_node("spectra", values)


def _blocks(merged: Merged) -> list[_Block]:
    """Find the sweeps of every file and give each (sweep, electrode) its row, in time order."""
    found = []
    for number, item in enumerate(merged.placed):
        pieces = sweeps.split(item.recording)
        if pieces:
            kinds = sweeps.electrodes(item.recording, np.concatenate(pieces))
            starts = item.time()[[piece[0] for piece in pieces]]
            found += [(number, item, *kind, pieces, starts) for kind in kinds]
    if not found:
        return []
    width = _width([(item, pieces) for _, item, *_, pieces, _ in found])
    counts = [len(pieces) for *_, pieces, _ in found]
    loop = np.concatenate([np.arange(count) for count in counts])
    order = np.lexsort((loop, np.repeat([entry[0] for entry in found], counts),
                        np.concatenate([starts for *_, starts in found])))  # fmt: skip
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    places = np.split(place, np.cumsum(counts)[:-1])
    index = {number: _index(pieces, width) for number, *_, pieces, _ in found}
    return [
        _Block(number, _told(item), electrode, prefix, index[number], rows)
        for (number, item, electrode, prefix, *_), rows in zip(found, places, strict=True)
    ]


def _told(item: Placed) -> Placed:
    """Let go of the columns that were only needed to tell sweeps and electrodes apart."""
    kept = needed(item.recording) - {"sweep", "cycle", "counter_voltage"}
    return replace(item, recording=reduced(item.recording, kept))


def _width(found: Sequence[tuple[Placed, Sequence[NDArray[np.int64]]]]) -> int:
    """Points of the longest sweep; refused where padding to it would cost far more than the data.

    Raises
    ------
    ReadError
        naming the file of the longest sweep.
    """
    item, longest = max(
        ((item, len(piece)) for item, pieces in found for piece in pieces), key=lambda pair: pair[1]
    )
    points = sum(len(piece) for _, pieces in found for piece in pieces)
    count = sum(len(pieces) for _, pieces in found)
    table = longest * count
    if table > _MOST_PADDING * points + 1_000_000:
        raise ReadError(
            item.recording.path,
            expected="sweeps of similar length",
            found=f"one of {longest} points among {count} of {points / count:.3g} on average",
            hint="If a sweep was not split, give the file a cycle number or loop indices.",
        )
    return longest


def _index(pieces: Sequence[NDArray[np.int64]], width: int) -> NDArray[np.int64]:
    index = np.full((len(pieces), width), -1, np.int64)
    for row, piece in zip(index, pieces, strict=True):
        row[: piece.size] = piece
    return index


def _gather(
    blocks: Sequence[_Block], column: Callable[[_Block], NDArray[Any] | None], blank: Any
) -> NDArray[Any]:
    """Arrange a column of the files by (spectrum, point), each block straight into its rows."""
    shape = (sum(len(block.place) for block in blocks), blocks[0].index.shape[1])
    table = np.full(shape, blank)
    for block in blocks:
        values = column(block)
        if values is None:
            continue
        for first in range(0, len(block.place), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            part = np.asarray(values)[block.index[some]].astype(table.dtype, copy=False)
            part[block.index[some] < 0] = blank
            table[block.place[some]] = part
    return table


def _impedance(block: _Block) -> NDArray[np.complex128] | None:
    return sweeps.impedance_of(block.item.recording, block.prefix)


def _valid(values: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    impedance = values["impedance"]
    there: NDArray[np.bool_] = np.isfinite(impedance) & (impedance != 0.0)
    there &= np.isfinite(values["frequency"]) & np.isfinite(values["time"])
    return there


def _points(blocks: Sequence[_Block], factor: float) -> dict[str, NDArray[Any]]:
    """Per-point quantities beside Z that any of the files has."""
    recordings = {block.number: block.item.recording for block in blocks}
    points: dict[str, NDArray[Any]] = {}
    for name in _PER_POINT:
        kept = {number: value_of(each, name, factor) for number, each in recordings.items()}
        if any(column is not None for column in kept.values()):
            blank: Any = -1 if name == "correction" else np.nan
            points[name] = _gather(blocks, lambda block, of=kept: of[block.number], blank)  # type: ignore[misc]
    return points


def _per_sweep(
    blocks: Sequence[_Block], steps: Sequence[NDArray[np.int64]], time: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """What a whole sweep has: where it comes from, when it was measured, what it is of."""
    counts = [len(block.place) for block in blocks]
    back = np.argsort(np.concatenate([block.place for block in blocks]))
    finite = np.isfinite(time)
    some = finite.any(axis=1)
    start = np.min(time, axis=1, where=finite, initial=np.inf)
    end = np.max(time, axis=1, where=finite, initial=-np.inf)
    techniques = [block.item.recording.technique for block in blocks]
    return {
        "electrode": np.repeat([block.electrode for block in blocks], counts)[back],
        "technique": np.repeat(techniques, counts)[back],
        "source": np.repeat([block.number for block in blocks], counts)[back],
        "loop": np.concatenate([np.arange(count) for count in counts])[back],
        "step": np.concatenate(steps)[back],
        "time_start": np.where(some, start, np.nan),
        "time_end": np.where(some, end, np.nan),
    }


def _bias(values: Mapping[str, NDArray[Any]], area: float | None) -> dict[str, NDArray[np.float64]]:
    """Dc bias of each sweep, and how far the dc voltage moved while it was measured."""
    bias: dict[str, NDArray[np.float64]] = {}
    if "voltage" in values:
        bias["bias_voltage"] = _mean(values["voltage"])
        bias["voltage_change"] = _change(values["voltage"])
    if "current" in values:
        bias["bias_current"] = _mean(values["current"])
        if area is not None:
            bias["bias_current_density"] = bias["bias_current"] / area
    return bias


def _mean(table: NDArray[np.float64]) -> NDArray[np.float64]:
    there = np.isfinite(table)
    count = there.sum(axis=1)
    total = np.sum(table, axis=1, where=there)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _change(table: NDArray[np.float64]) -> NDArray[np.float64]:
    there = np.isfinite(table)
    rows = np.arange(len(table))
    first = np.argmax(there, axis=1)
    last = table.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    change: NDArray[np.float64] = table[rows, last] - table[rows, first]
    return change
