"""What `summary.json` holds: the numbers of an analysis, for machines; see docs/summary.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import Campaign, default_rows
from anodescope.errors import Outcome

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_VERSION = 1


def summarise(campaign: Campaign) -> dict[str, Any]:
    """Return the summary of an analysed campaign as JSON-ready values.

    Numbers that do not exist are None, never NaN, and so are infinite ones; a finding's `open`
    names its infinite bounds. `n_spectra` and all that is counted over
    spectra follow the default view: the cell's spectra, or the working electrode's.
    """
    attrs = campaign.attrs
    rows = default_rows(campaign["spectra"]) if "spectra" in campaign else np.empty(0, np.intp)
    return {
        "schema_version": SUMMARY_VERSION,
        "kind": "campaign",
        "title": attrs["title"],
        "origin": attrs["origin"],
        "origin_basis": attrs["origin_basis"],
        "specimen": attrs["specimen"],
        "current_sign": attrs["current_sign"],
        "files": _files(campaign),
        "duration_s": _duration(campaign),
        "n_samples": _size(campaign, "timeseries", "time"),
        "n_spectra": int(rows.size),
        "n_spectra_by_electrode": _by_electrode(campaign),
        "n_invalid_points": _invalid_points(campaign),
        "frequency_hz": _frequencies(campaign, rows),
        "kk": _kk(campaign, rows),
        "drt": _drt(campaign, rows),
        "protocol": _protocol(campaign),
        "validation": _validation(campaign, rows),
        "peaks": _peaks(campaign),
        "findings": _findings(campaign),
        "events": _events(campaign),
        "settings": attrs.get("analysis", {}),
        "warnings": attrs["warnings"],
    }


def _size(campaign: Campaign, node: str, dim: str) -> int:
    return int(campaign[node].sizes[dim]) if node in campaign else 0


def _number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def _spread(values: NDArray[Any]) -> dict[str, float | None]:
    there = values[np.isfinite(values)]
    if not there.size:
        return {"minimum": None, "median": None, "maximum": None}
    return {
        "minimum": float(there.min()),
        "median": float(np.median(there)),
        "maximum": float(there.max()),
    }


def _files(campaign: Campaign) -> list[dict[str, Any]]:
    files = [entry for entry in campaign.attrs["provenance"] if "source" in entry]
    sweeps: Counter[int] = Counter()
    if "spectra" in campaign and "source" in campaign["spectra"]:
        spectra = campaign["spectra"].isel(spectrum=default_rows(campaign["spectra"]))
        sweeps.update(int(number) for number in spectra["source"].values)
    keys = ("source", "sha256", "reader", "version", "technique", "rows", "verified", "warnings")
    return [
        {**{key: entry.get(key) for key in keys}, "sweeps": sweeps[number]}
        for number, entry in enumerate(files)
    ]


def _duration(campaign: Campaign) -> float | None:
    ends = []
    if "timeseries" in campaign and campaign["timeseries"].sizes["time"]:
        ends += [float(campaign["timeseries"]["time"].values[k]) for k in (0, -1)]
    if "spectra" in campaign:
        ends += [
            float(function(campaign["spectra"][name].values))
            for function, name in ((np.nanmin, "time_start"), (np.nanmax, "time_end"))
            if np.isfinite(campaign["spectra"][name].values).any()
        ]
    return max(ends) - min(ends) if ends else None


def _by_electrode(campaign: Campaign) -> dict[str, int]:
    if "spectra" not in campaign:
        return {}
    return dict(Counter(str(name) for name in campaign["spectra"]["electrode"].values))


def _invalid_points(campaign: Campaign) -> int:
    """Count points of the default view that were measured and cannot be used."""
    if "spectra" not in campaign:
        return 0
    spectra = campaign["spectra"].isel(spectrum=default_rows(campaign["spectra"]))
    there = np.isfinite(spectra["frequency"].values) | np.isfinite(spectra["impedance"].values)
    return int(np.count_nonzero(there & ~spectra["valid"].values))


def _frequencies(campaign: Campaign, rows: NDArray[np.intp]) -> dict[str, float | None]:
    if not rows.size:
        return {"minimum": None, "maximum": None}
    spectra = campaign["spectra"].isel(spectrum=rows)
    frequency = spectra["frequency"].values[spectra["valid"].values]
    if not frequency.size:
        return {"minimum": None, "maximum": None}
    return {"minimum": float(frequency.min()), "maximum": float(frequency.max())}


def _kk(campaign: Campaign, rows: NDArray[np.intp]) -> dict[str, Any]:
    if "validation" not in campaign:
        return {}
    node = campaign["validation"].isel(spectrum=rows)
    verdicts = Counter(str(name) for name in node["verdict"].values)
    names = (Outcome.consistent, Outcome.inconsistent, Outcome.not_decidable)
    return {
        "verdicts": {outcome.name: verdicts.get(outcome.name, 0) for outcome in names},
        "residual": _spread(node["kk_residual"].values),
        "parameters": _attributes(node),
    }


def _drt(campaign: Campaign, rows: NDArray[np.intp]) -> dict[str, Any]:
    if "drt" not in campaign:
        return {}
    node = campaign["drt"].isel(spectrum=rows)
    outcomes = Counter(str(name) for name in node["outcome"].values)
    tau = node["tau"].values
    return {
        **_attributes(node),
        "outcomes": dict(sorted(outcomes.items())),
        "tau_s": [float(tau[0]), float(tau[-1])] if tau.size else [],
        "series_resistance_ohm": _spread(node["series_resistance"].values),
        "polarisation_resistance_ohm": _spread(node["polarisation_resistance"].values),
        "relative_residual": _spread(node["noise"].values),
    }


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON-ready values.

    A number that does not exist is None, and so is an infinite one: JSON has neither.
    """
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str | None) else str(value)


def _protocol(campaign: Campaign) -> list[dict[str, Any]]:
    if "protocol" not in campaign:
        return []
    protocol = campaign["protocol"]
    block = protocol["block"].values
    first = np.searchsorted(block, np.arange(protocol.sizes["block"]))
    last = np.searchsorted(block, np.arange(protocol.sizes["block"]), side="right") - 1
    return [
        {
            "kind": str(protocol["kind"].values[k]),
            "time_start_s": _number(protocol["time_start"].values[first[k]]),
            "time_end_s": _number(protocol["time_end"].values[last[k]]),
            "count": int(protocol["count"].values[k]),
            "confidence": _number(protocol["confidence"].values[k]),
        }
        for k in range(protocol.sizes["block"])
    ]


def _validation(campaign: Campaign, rows: NDArray[np.intp]) -> dict[str, Any]:
    """Count verdicts on stationarity and linearity, and the points that were trimmed."""
    if "validation" not in campaign:
        return {}
    node = campaign["validation"].isel(spectrum=rows)
    told: dict[str, Any] = {}
    for name in ("stationary", "linear"):
        if name in node:
            told[name] = dict(sorted(Counter(str(word) for word in node[name].values).items()))
    for name in ("drift_voltage", "drift_impedance", "linearity", "distortion"):
        if name in node:
            told[name] = _spread(node[name].values)
    for name in ("inductive", "drifting"):
        if name in node:
            told[f"{name}_points_trimmed"] = int(np.count_nonzero(node[name].values))
    return told


def _peaks(campaign: Campaign) -> list[dict[str, Any]]:
    if "peaks" not in campaign:
        return []
    peaks = campaign["peaks"]
    return [
        {
            "name": str(peaks["name"].values[k]),
            "electrode": str(peaks["electrode"].values[k]),
            "attribution": str(peaks["attribution"].values[k]),
            "birth": int(peaks["birth"].values[k]),
            "death": int(peaks["death"].values[k]),
            "n_spectra": int(np.count_nonzero(np.isfinite(peaks["tau"].values[:, k]))),
            "n_in_window": int(np.count_nonzero(peaks["in_window"].values[:, k])),
            "tau_s": _spread(peaks["tau"].values[:, k]),
            "resistance_ohm": _spread(peaks["resistance"].values[:, k]),
        }
        for k in range(peaks.sizes["peak"])
    ]


def _findings(campaign: Campaign) -> list[dict[str, Any]]:
    if "findings" not in campaign:
        return []
    findings = campaign["findings"]
    columns = {str(name): findings[name].values.tolist() for name in findings.data_vars}
    rows = []
    for row in range(findings.sizes["finding"]):
        told = {name: _plain(values[row]) for name, values in columns.items()}
        # JSON has no infinity: which bound is open is said beside it.
        told["open"] = [name for name in ("low", "high") if np.isinf(columns[name][row])]
        rows.append(told)
    return rows


def _attributes(node: xr.Dataset) -> Mapping[str, Any]:
    return {str(name): value for name, value in node.attrs.items()}


def _events(campaign: Campaign) -> list[dict[str, Any]]:
    if "events" not in campaign:
        return []
    events = campaign["events"]
    return [
        {
            "time_s": _number(events["time"].values[row]),
            "kind": str(events["kind"].values[row]),
            "message": str(events["message"].values[row]),
            "source": int(events["source"].values[row]) if "source" in events else -1,
        }
        for row in range(events.sizes["event"])
    ]
