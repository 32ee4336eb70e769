"""The verb `find_events`: what the record itself shows, and the instants that findings mark."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import Campaign, build_node

# A pause is this many times the usual distance of samples, and at least this long (s).
_PAUSE = 50.0
_SHORTEST_PAUSE = 60.0

# time, kind, message, source, block, finding
Event = tuple[float, str, str, int, int, int]


def find_events(campaign: Campaign) -> xr.Dataset:
    """List what happened when.

    Parameters
    ----------
    campaign : any nodes. Of its findings (see `evaluate`), those that mark an instant are events.

    Returns
    -------
    events node, in time order. Kinds that the record itself shows: ``technique`` (another technique
    or file starts), ``pause`` (no sample for at least 60 s and 50 times the usual distance of
    samples, outside the sweeps), and ``overload`` (the instrument flagged samples; one event per
    unbroken run). Kinds that findings mark: ``hard_short``, ``soft_short``, ``reversible_short``,
    ``onset``, ``degradation``, ``cutoff``, …; `finding` is the row of the node findings.
    """
    found: list[Event] = []
    if "steps" in campaign:
        found += _techniques(campaign["steps"])
    if "timeseries" in campaign:
        found += _pauses(campaign)
        found += _overloads(campaign["timeseries"])
    if "findings" in campaign:
        found += _marked(campaign["findings"])
    found.sort(key=lambda event: event[0])
    columns = list(zip(*found, strict=True)) if found else [()] * 6
    return build_node(
        "events",
        {
            "time": np.array(columns[0], float),
            "kind": list(columns[1]),
            "message": list(columns[2]),
            "source": np.array(columns[3], np.int64),
            "block": np.array(columns[4], np.int64),
            "finding": np.array(columns[5], np.int64),
        },
    )


def _marked(findings: xr.Dataset) -> list[Event]:
    """Return the instants that findings mark."""
    if "event" not in findings:
        return []
    time, block = findings["time"].values, findings["block"].values
    kind, message = (findings[name].values.astype(object) for name in ("event", "message"))
    return [
        (float(time[row]), str(kind[row]), str(message[row]), -1, int(block[row]), row)
        for row in range(time.size)
        if kind[row] and np.isfinite(time[row])
    ]


def _techniques(steps: xr.Dataset) -> list[Event]:
    technique = [str(name) for name in steps["technique"].values]
    source = _integers(steps, "source", len(technique))
    time = steps["time_start"].values
    return [
        (
            float(time[row]),
            "technique",
            f"{technique[row] or 'an unnamed technique'} starts.",
            int(source[row]),
            -1,
            -1,
        )
        for row in range(len(technique))
        if row == 0 or source[row] != source[row - 1] or technique[row] != technique[row - 1]
    ]


def _pauses(campaign: Campaign) -> list[Event]:
    """Long steps between samples, but for those inside a sweep: low frequencies take their time."""
    timeseries = campaign["timeseries"]
    time = timeseries["time"].values
    step = np.diff(time)
    moving = step[step > 0.0]
    if not moving.size:
        return []
    long = max(_SHORTEST_PAUSE, _PAUSE * float(np.median(moving)))
    source = _integers(timeseries, "source", time.size)
    inside = np.zeros(step.size, bool)
    if "spectra" in campaign and campaign["spectra"].sizes["spectrum"]:
        inside = _inside(time[:-1], time[1:], campaign["spectra"])
    return [
        (
            float(time[row]),
            "pause",
            f"No sample for {step[row]:.6g} s.",
            int(source[row]),
            -1,
            -1,
        )
        for row in np.flatnonzero((step >= long) & ~inside)
    ]


def _inside(
    start: NDArray[np.float64], end: NDArray[np.float64], sweeps: xr.Dataset
) -> NDArray[np.bool_]:
    """Say which intervals lie within one sweep."""
    order = np.argsort(sweeps["time_start"].values, kind="stable")
    first, last = (sweeps[name].values[order] for name in ("time_start", "time_end"))
    place = np.searchsorted(first, start, side="right") - 1
    within: NDArray[np.bool_] = (place >= 0) & (end <= last[place])
    return within


def _overloads(timeseries: xr.Dataset) -> list[Event]:
    if "overload" not in timeseries:
        return []
    flag = timeseries["overload"].values.astype(bool)
    starts = np.flatnonzero(flag & ~np.concatenate(([False], flag[:-1])))
    stops = np.flatnonzero(flag & ~np.concatenate((flag[1:], [False])))
    time = timeseries["time"].values
    source = _integers(timeseries, "source", time.size)
    return [
        (
            float(time[a]),
            "overload",
            f"The instrument flagged {b - a + 1} sample(s), until {time[b]:.6g} s.",
            int(source[a]),
            -1,
            -1,
        )
        for a, b in zip(starts, stops, strict=True)
    ]


def _integers(dataset: xr.Dataset, name: str, length: int) -> NDArray[Any]:
    return dataset[name].values if name in dataset else np.full(length, -1)
