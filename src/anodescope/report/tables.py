"""Tables of the report: what was read, what every spectrum gave, what happened.

Column heads carry the unit in parentheses; the units are those of the glossary. Pure numbers
(residuals, drifts) are given in per cent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anodescope.names import variables
from anodescope.report.panels import SELF_EVIDENT
from anodescope.report.results import (
    circuits_table,
    findings_table,
    peaks_table,
    protocol_table,
)
from anodescope.report.saving import write_beside
from anodescope.report.view import CampaignLike, node, required, stored

# Head, node, variable. The head's unit comes from the glossary.
SPECTRA = (
    ("electrode", "spectra", "electrode"),
    ("technique", "spectra", "technique"),
    ("start", "spectra", "time_start"),
    ("end", "spectra", "time_end"),
    ("bias voltage", "spectra", "bias_voltage"),
    ("bias current", "spectra", "bias_current"),
    ("bias current density", "spectra", "bias_current_density"),
    ("voltage change", "spectra", "voltage_change"),
    ("Kramers–Kronig", "validation", "verdict"),
    ("Kramers–Kronig residual", "validation", "kk_residual"),
    ("stationary", "validation", "stationary"),
    ("drift of voltage over amplitude", "validation", "drift_voltage"),
    ("drift of Z per sweep", "validation", "drift_impedance"),
    ("linear", "validation", "linear"),
    ("amplitude over kT/e", "validation", "linearity"),
    ("distortion", "validation", "distortion"),
    ("series resistance", "drt", "series_resistance"),
    ("polarisation resistance", "drt", "polarisation_resistance"),
    ("DRT", "drt", "outcome"),
    ("DRT residual", "drt", "noise"),
)


def head(name: str, node_name: str, variable: str) -> str:
    """Return a column's head with its unit, as in “bias voltage (V)”."""
    unit = variables(node_name)[variable].unit
    if unit == "1":
        return f"{name} (%)"
    return f"{name} ({unit})" if unit else name


def provenance(campaign: CampaignLike) -> list[Mapping[str, Any]]:
    """Return the provenance list; an entry that is no table becomes an empty one."""
    found = campaign.attrs.get("provenance") or []
    return [entry if isinstance(entry, Mapping) else {} for entry in found]


def warnings_of(campaign: CampaignLike) -> list[str]:
    """Return the campaign's warnings as text."""
    found = campaign.attrs.get("warnings") or []
    return [str(found)] if isinstance(found, str) else [str(entry) for entry in found]


def clock_time(campaign: CampaignLike, seconds: float) -> str:
    """Return an instant as date and time, with “UTC” where the campaign's origin has a zone.

    An origin without a zone is that of the recording computer's clock; "" where it is unknown.
    """
    try:
        origin = datetime.fromisoformat(str(campaign.attrs.get("origin") or ""))
        instant = origin + timedelta(seconds=float(seconds))
    except (ValueError, OverflowError):
        return ""
    if instant.tzinfo is None:
        return instant.strftime("%Y-%m-%d %H:%M:%S")
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _starts(campaign: CampaignLike, count: int) -> NDArray[np.float64]:
    """Return the first instant (s) of each file; NaN where nothing tells it."""
    first = np.full(count, np.inf)
    for name, variable in (
        ("timeseries", "time"),
        ("steps", "time_start"),
        ("spectra", "time_start"),
    ):
        time, source = stored(campaign, name, variable), stored(campaign, name, "source")
        if time is None or source is None:
            continue
        known = np.isfinite(time) & (source >= 0) & (source < count)
        np.minimum.at(first, source[known].astype(int), time[known])
    return np.where(np.isfinite(first), first, np.nan)


def _sweeps_of_files(campaign: CampaignLike) -> Counter[int]:
    sources, loops = (stored(campaign, "spectra", name) for name in ("source", "loop"))
    if sources is None:
        return Counter()
    numbers = np.arange(sources.size) if loops is None else loops
    pairs = set(zip(sources.tolist(), numbers.tolist(), strict=True))
    return Counter(int(source) for source, _ in pairs)


def files_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per file that was read: technique, rows, sweeps, start, warnings.

    A sweep that gave the spectra of several electrodes counts once.
    """
    entries = provenance(campaign)
    sweeps = _sweeps_of_files(campaign)
    told = warnings_of(campaign)
    starts = _starts(campaign, len(entries))
    rows = []
    for k, entry in enumerate(entries):
        if "source" not in entry:  # a computation, not a file
            continue
        name = str(entry["source"])
        own, short = entry.get("warnings"), Path(name).name
        named = sum(bool(short) and short in text for text in told)
        count = max(named, len(own) if isinstance(own, list) else 0)
        rows.append(
            {
                "file": name,
                "technique": str(entry.get("technique", "")),
                "rows": entry.get("rows", ""),
                "sweeps": sweeps[k],
                "start (s)": starts[k],
                "date": clock_time(campaign, starts[k]) if np.isfinite(starts[k]) else "",
                "warnings": count,
            }
        )
    heads = ["file", "technique", "rows", "sweeps", "start (s)", "date", "warnings"]
    return pd.DataFrame(rows, columns=heads)


def spectra_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per spectrum: times, range, bias, Kramers–Kronig test, DRT."""
    spectra = node(campaign, "spectra")
    if spectra is None:
        return pd.DataFrame({"sweep": pd.Series(dtype=int)})
    table: dict[str, Any] = {"sweep": np.arange(spectra.sizes["spectrum"])}
    for name, node_name, variable in SPECTRA:
        values = stored(campaign, node_name, variable)
        if values is None:
            continue
        if variables(node_name)[variable].unit == "1":
            values = 100 * values.astype(float)
        table[head(name, node_name, variable)] = values
        if variable == "time_end":
            table |= _range(campaign)
        if variable == "kk_residual":
            table |= _trims(campaign)
    sources = stored(campaign, "spectra", "source")
    entries = provenance(campaign)
    if sources is not None and entries:
        names = [str(entry.get("source", "")) for entry in entries]
        table["file"] = [names[int(k)] if 0 <= k < len(names) else "" for k in sources]
    return pd.DataFrame(table)


def _trims(campaign: CampaignLike) -> dict[str, Any]:
    """Return how many points of every spectrum the validation trimmed, by reason."""
    counts = {}
    for name, told in (("inductive", "trimmed, inductive"), ("drifting", "trimmed, drifting")):
        flags = stored(campaign, "validation", name)
        if flags is not None:
            counts[told] = flags.astype(bool).sum(axis=1)
    return counts


def _range(campaign: CampaignLike) -> dict[str, Any]:
    """Return number of points and range of frequency of every spectrum."""
    frequency, valid = (
        stored(campaign, "spectra", "frequency"),
        stored(campaign, "spectra", "valid"),
    )
    if frequency is None or valid is None:
        return {}
    keep = valid & np.isfinite(frequency)
    counted = keep.any(axis=1)
    highest = np.where(keep, frequency, -np.inf).max(axis=1)
    lowest = np.where(keep, frequency, np.inf).min(axis=1)
    return {
        "points": keep.sum(axis=1),
        head("highest frequency", "spectra", "frequency"): np.where(counted, highest, np.nan),
        head("lowest frequency", "spectra", "frequency"): np.where(counted, lowest, np.nan),
    }


def events_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per event in time order.

    The number is that on the operando map; what the map shows by itself (a technique, a pause) has
    none.
    """
    heads = ["number", "time (s)", "kind", "message"]
    if node(campaign, "events") is None:
        return pd.DataFrame(columns=heads)
    times = np.asarray(campaign["events"]["time"].values, dtype=float)
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(times[order])]
    kinds = required(campaign, "events", "kind").astype(str)[order]
    notable = ~np.isin(kinds, SELF_EVIDENT)
    numbers = [str(n) if k else "" for n, k in zip(np.cumsum(notable), notable, strict=True)]
    columns: dict[str, Any] = {"number": numbers, "time (s)": times[order]}
    for name in ("kind", "message"):
        values = stored(campaign, "events", name)
        blank = np.full(len(times), "", dtype=object)
        columns[name] = (blank if values is None else values.astype(object))[order]
    return pd.DataFrame(columns)


def report_tables(campaign: CampaignLike) -> dict[str, pd.DataFrame]:
    """Return every table of the report that has rows, by the name of its CSV file."""
    tables = {
        "files": files_table(campaign),
        "spectra": spectra_table(campaign),
        "events": events_table(campaign),
        "protocol": protocol_table(campaign),
        "peaks": peaks_table(campaign),
        "findings": findings_table(campaign),
        "circuits": circuits_table(campaign),
    }
    return {name: table for name, table in tables.items() if len(table)}


def save_tables(folder: str | Path, tables: Mapping[str, pd.DataFrame]) -> dict[str, Path]:
    """Write tables as CSV (UTF-8, comma, decimal point), each whole or not at all.

    Parameters
    ----------
    folder : made if it is absent.
    tables : data frames by the name of their file, without its ending.

    Returns
    -------
    dict
        Path of each file by the table's name.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, table in tables.items():
        paths[name] = folder / f"{name}.csv"
        text = table.to_csv(index=False, lineterminator="\n", float_format="%.10g")
        write_beside(paths[name], text.encode())
    return paths


def write_tables(campaign: CampaignLike, folder: str | Path) -> dict[str, Path]:
    """Write every table of a campaign's report as CSV; see `save_tables`."""
    return save_tables(folder, report_tables(campaign))
