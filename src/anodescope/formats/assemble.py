"""Recordings of one cell, merged in time: the timeseries and steps nodes of a Campaign."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import build_node
from anodescope.formats.recording import Recording
from anodescope.names import FAMILY

_TIMESERIES = (
    "voltage",
    "counter_voltage",
    "cell_voltage",
    "current",
    "charge",
    "temperature",
    "overload",
    "cycle",
    "half_cycle",
)


_FAMILY_NAME = re.compile(re.escape(FAMILY) + r"\w+", re.ASCII)

# Columns that are not numbers with a fraction: type, and what stands where there is none.
_WHOLE: dict[str, tuple[np.dtype[Any], float]] = {
    "cycle": (np.dtype(np.int64), -1.0),
    "half_cycle": (np.dtype(np.int64), -1.0),
    "overload": (np.dtype(bool), 0.0),
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A recording on the campaign's clock: its time zero lies `offset` seconds after the origin."""

    recording: Recording
    offset: float

    def time(self) -> NDArray[np.float64]:
        """Seconds since the campaign's origin, one per row."""
        time = self.recording.get("time")
        if time is None:
            return np.full(self.recording.rows, self.offset)
        return np.asarray(time, float) + self.offset


def current_of(recording: Recording) -> NDArray[np.float64] | None:
    """Return the current of every row (A), from the charge where the file holds no current.

    EC-Lab keeps charge and no current in its charge–discharge techniques; its text exports then
    show the mean current since the row before, which is what this gives. The first row has none.
    """
    current = recording.get("current")
    if current is not None:
        return np.asarray(current, float)
    time, change = recording.get("time"), recording.get("charge_change")
    if time is None or change is None or recording.rows < 2:
        return None
    step = np.diff(np.asarray(time, float), prepend=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.asarray(change, float) / step
    return np.where(step > 0.0, mean, np.nan)


def charge_of(recording: Recording) -> NDArray[np.float64] | None:
    """Return the charge since the start of the file's experiment (C), by row."""
    charge = recording.get("charge")
    if charge is not None:
        return np.asarray(charge, float)
    change = recording.get("charge_change")
    return None if change is None else np.cumsum(np.nan_to_num(np.asarray(change, float)))


def value_of(recording: Recording, name: str, factor: float) -> NDArray[Any] | None:
    """Return a column by meaning, in the glossary's unit and the campaign's sign."""
    values: NDArray[Any] | None
    if name == "current":
        values = current_of(recording)
    elif name == "charge":
        values = charge_of(recording)
    else:
        values = recording.get(name)
    return values * factor if values is not None and name in signed(recording) else values


def signed(recording: Recording) -> frozenset[str]:
    """Return the meanings whose sign turns with the electrode under study.

    Current and charge do, and so does the voltage between the two electrodes, so that dV/dI keeps
    the sign of the impedance. A voltage against a reference electrode does not.
    """
    names = {"current", "charge", "cell_voltage"}
    return frozenset(names if recording.has("counter_voltage") else names | {"voltage"})


@dataclass(frozen=True, slots=True)
class Merged:
    """The rows of all files in time order.

    Attributes
    ----------
    placed : the files.
    starts : first row of each file among all rows, and their count.
    order : rows in time order (rows whose time is not finite are left out); None where the files'
        rows are in order already, which spares a copy of every column.
    time : seconds since the origin of every row, in file order.
    step : step number of every row, in file order; -1 where the row has no time.
    """

    placed: Sequence[Placed]
    starts: NDArray[np.int64]
    order: NDArray[np.int64] | None
    time: NDArray[np.float64]
    step: NDArray[np.int64]

    def column(self, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Join one column of all files in time order."""
        joined = values[0] if len(values) == 1 else np.concatenate(values)
        return joined if self.order is None else joined[self.order]

    def rows(self, number: int) -> slice:
        """Rows of one file."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))

    def reduced(self, needed: Callable[[Recording], Collection[str]]) -> Merged:
        """Keep only the columns whose meanings `needed` names; the files' bytes can be let go."""
        placed = [
            replace(item, recording=reduced(item.recording, needed(item.recording)))
            for item in self.placed
        ]
        return replace(self, placed=placed, time=np.empty(0))

    def sources(self) -> NDArray[np.int64]:
        """File number of every row, in file order."""
        return np.repeat(np.arange(len(self.placed)), np.diff(self.starts))


def reduced(recording: Recording, names: Collection[str]) -> Recording:
    """Return a recording that holds only the columns with these meanings, each by itself."""
    columns = tuple(column for column in recording.columns if column.name in names)
    data = {c.label: np.ascontiguousarray(recording.data[c.label]) for c in columns}
    return replace(recording, columns=columns, data=data)


def merge(placed: Sequence[Placed]) -> Merged:
    """Put the rows of all files in time order and number the steps.

    A step is an unbroken run of rows of one file and one sequence, so that linked techniques in
    a loop give one step each time round.
    """
    counts = [item.recording.rows for item in placed]
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    times = [item.time() for item in placed]
    time = times[0] if len(times) == 1 else np.concatenate(times)
    ordered = bool(np.all(time[1:] >= time[:-1])) and bool(np.isfinite(time[:1]).all())
    order = None
    if not ordered:
        finite = np.flatnonzero(np.isfinite(time))
        order = finite[np.argsort(time[finite], kind="stable")]
    changes = [_changes(item.recording) for item in placed]
    change = changes[0] if order is None and len(changes) == 1 else _between(changes, starts, order)
    step: NDArray[np.int64] = np.cumsum(change, dtype=np.int64)
    if order is not None:
        numbered = np.full(time.size, -1, np.int64)
        numbered[order] = step
        step = numbered
    return Merged(placed, starts, order, time, step)


def _changes(recording: Recording) -> NDArray[np.bool_]:
    """Rows of one file at which its sequence differs from that of the row before."""
    change = np.zeros(recording.rows, bool)
    sequence = recording.get("sequence")
    if sequence is not None:
        np.not_equal(sequence[1:], sequence[:-1], out=change[1:])
    return change


def _between(
    changes: Sequence[NDArray[np.bool_]],
    starts: NDArray[np.int64],
    order: NDArray[np.int64] | None,
) -> NDArray[np.bool_]:
    """Rows in time order at which the file or the sequence differs from the row before."""
    number = np.cumsum(np.concatenate(changes)) + np.repeat(
        np.arange(len(changes)) << 32, np.diff(starts)
    )
    number = number if order is None else number[order]
    change: NDArray[np.bool_] = np.diff(number, prepend=number[:1]) != 0
    return change


def timeseries(merged: Merged, factor: float, area: float | None) -> xr.Dataset | None:
    """Build the timeseries node: every row that has a time, in time order.

    Rows of impedance files count too: they hold the mean voltage and current of each point.
    """
    recordings = [item.recording for item in merged.placed]
    if not any(recording.has("time") and recording.rows for recording in recordings):
        return None
    columns: dict[str, NDArray[Any]] = {"time": merged.column([merged.time])}
    for name in _TIMESERIES:
        values = [value_of(recording, name, factor) for recording in recordings]
        if any(value is not None for value in values):
            parts = [
                _filled(name, value, recording.rows)
                for value, recording in zip(values, recordings, strict=True)
            ]
            columns[name] = merged.column(parts)
    columns["source"] = merged.column([merged.sources()])
    columns["step"] = merged.column([merged.step])
    if area is not None and "current" in columns:
        columns["current_density"] = columns["current"] / area
    for label in _unknown(recordings):
        columns[label] = merged.column([_kept(recording, label) for recording in recordings])
    return build_node("timeseries", columns)


def _filled(name: str, values: NDArray[Any] | None, rows: int) -> NDArray[Any]:
    """Return a column in its node's type, with its kind of nothing where the file has none."""
    dtype, nothing = _WHOLE.get(name, (np.dtype(float), np.nan))
    if values is None:
        return np.full(rows, nothing, dtype)
    if values.dtype.kind == "f" and dtype.kind != "f":
        values = np.clip(np.nan_to_num(values, nan=nothing), -1, 2**53)
    return np.asarray(values).astype(dtype, copy=False)


def _unknown(recordings: Sequence[Recording]) -> list[str]:
    """Labels of the numeric columns that a reader kept without knowing them."""
    return sorted(
        {
            column.label
            for recording in recordings
            for column in recording.columns
            if _FAMILY_NAME.fullmatch(column.label)
            and recording.data[column.label].dtype.kind in "fiu"
        }
    )


def _kept(recording: Recording, label: str) -> NDArray[np.float64]:
    if label not in recording.data:
        return np.full(recording.rows, np.nan)
    return np.asarray(recording.data[label], float)


def steps(merged: Merged, rows: xr.Dataset | None) -> xr.Dataset | None:
    """Build the steps node: one row per step (see `merge`), in time order.

    Parameters
    ----------
    merged : the files' rows in time order.
    rows : the timeseries node made of them, for current and charge.
    """
    step = merged.column([merged.step])
    if not step.size:
        return None
    first = np.concatenate(([0], np.flatnonzero(step[1:] != step[:-1]) + 1))
    last = np.concatenate((first[1:], [step.size])) - 1
    row = first if merged.order is None else merged.order[first]
    end = last if merged.order is None else merged.order[last]
    source = np.searchsorted(merged.starts, row, side="right") - 1
    recordings = [item.recording for item in merged.placed]
    values = {
        "technique": [recordings[number].technique for number in source],
        "time_start": merged.time[row],
        "time_end": merged.time[end],
        "sequence": [
            _sequence(recordings[n], r - merged.starts[n]) for n, r in zip(source, row, strict=True)
        ],
        "source": source,
    }
    if rows is not None and "current" in rows:
        values["current"] = _means(rows["current"].values, first)
    if rows is not None and "charge" in rows:
        values["charge"] = _passed(rows["charge"].values, first, last, source)
    return build_node("steps", values)


def _sequence(recording: Recording, row: int) -> int:
    sequence = recording.get("sequence")
    return -1 if sequence is None or not np.isfinite(sequence[row]) else int(sequence[row])


def _means(current: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean current of each step; NaN where none was recorded."""
    there = np.isfinite(current)
    count = np.add.reduceat(there, first, dtype=np.int64)
    total = np.add.reduceat(np.where(there, current, 0.0), first)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _passed(
    charge: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    source: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Charge of each step, from the last row before it in the same file where there is one."""
    passed = charge[last] - charge[first]
    seen: dict[int, int] = {}
    for k, number in enumerate(source.tolist()):
        if number in seen:
            passed[k] = charge[last[k]] - charge[seen[number]]
        seen[number] = int(last[k])
    return passed
