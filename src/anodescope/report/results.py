"""Tables of what was found: the protocol, the tracked peaks, the findings, the circuits.

Column heads carry the unit in parentheses. Every row of a table is a row of its node, except that
the protocol has one row per block and a track or a parameter one row over all spectra.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anodescope.errors import Outcome
from anodescope.report.blocks import blocks, phases
from anodescope.report.view import CampaignLike, Floats, node, required, stored


def protocol_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per recognised block: kind, confidence, bounds, levels, range of currents."""
    every = phases(campaign)
    if every is None:
        return pd.DataFrame()
    rows: list[dict[str, Any]] = []
    for block in blocks(campaign):
        inside = every.of(block.number)
        current = every.current[inside]
        flowing = current[np.isfinite(current) & (current != 0)]
        rows.append(
            {
                "block": block.number,
                "kind": block.kind,
                "confidence (%)": 100 * block.confidence,
                "count": block.count,
                "start (s)": block.start,
                "end (s)": block.end,
                "phases": len(inside),
                "levels": len(np.unique(every.level[inside])),
                "lowest current (A)": float(flowing.min()) if len(flowing) else np.nan,
                "highest current (A)": float(flowing.max()) if len(flowing) else np.nan,
                "sweeps": int((every.spectrum[inside] >= 0).sum()),
            }
        )
    return pd.DataFrame(rows)


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def peaks_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per tracked peak: name, attribution, span, medians and ranges of R, τ, C."""
    peaks = node(campaign, "peaks")
    if peaks is None:
        return pd.DataFrame()
    columns = {
        name: required(campaign, "peaks", name)
        for name in ("tau", "resistance", "capacitance", "in_window")
    }
    edge = stored(campaign, "peaks", "at_edge")
    texts = {name: required(campaign, "peaks", name) for name in ("name", "electrode",
             "attribution", "basis", "birth", "death", "split_from", "merged_into")}  # fmt: skip
    rows = []
    for k in range(peaks.sizes["peak"]):
        tau = columns["tau"][:, k]
        there = np.isfinite(tau)
        row: dict[str, Any] = {"track": k, "name": str(texts["name"][k]) or "not named"}
        row |= {name: str(texts[name][k]) for name in ("electrode", "attribution")}
        row["spectra"] = int(there.sum())
        row |= {"first": int(texts["birth"][k]), "last": int(texts["death"][k])}
        for name, symbol in (("resistance", "R (Ω)"), ("tau", "τ (s)"), ("capacitance", "C (F)")):
            values = columns[name][there, k]
            row[f"median {symbol}"] = _median(values)
            row[f"lowest {symbol}"] = float(values.min()) if len(values) else np.nan
            row[f"highest {symbol}"] = float(values.max()) if len(values) else np.nan
        row["outside the window"] = int((there & ~columns["in_window"][:, k].astype(bool)).sum())
        row["at its edge"] = 0 if edge is None else int((there & edge[:, k].astype(bool)).sum())
        row |= {"split from": _track(texts["split_from"][k]),
                "merged into": _track(texts["merged_into"][k])}  # fmt: skip
        row["basis"] = str(texts["basis"][k])
        rows.append(row)
    return pd.DataFrame(rows)


def _track(number: Any) -> str:
    return str(int(number)) if int(number) >= 0 else ""


def findings_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per finding: value, interval, unit, per area, outcome and its sentence."""
    if node(campaign, "findings") is None:
        return pd.DataFrame()
    outcome = required(campaign, "findings", "outcome").astype(object)
    columns: dict[str, Any] = {"quantity": required(campaign, "findings", "quantity")}
    for name in ("value", "low", "high", "units"):
        columns[name] = required(campaign, "findings", name)
    for name in ("value", "low", "high", "units"):
        values = stored(campaign, "findings", f"{name}_per_area")
        if values is not None:
            columns[f"{name} per area"] = values
    columns["outcome"] = outcome
    columns["meaning"] = [sentence(str(name)) for name in outcome]
    for name in ("basis", "criterion", "message"):
        columns[name] = required(campaign, "findings", name)
    columns["time (s)"] = required(campaign, "findings", "time")
    columns["block"] = required(campaign, "findings", "block")
    return pd.DataFrame({name: _objects(values) for name, values in columns.items()})


def _objects(values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind in "TU" else array


def sentence(outcome: str) -> str:
    """Return the sentence of an outcome by its name; the name itself where it is not known."""
    known = Outcome.__members__.get(outcome)
    return known.sentence if known else outcome


def circuits_table(campaign: CampaignLike) -> pd.DataFrame:
    """Return one row per parameter of the fitted circuit: median and range over the spectra."""
    fitted = node(campaign, "circuits")
    if fitted is None:
        return pd.DataFrame()
    names, units = (required(campaign, "circuits", name) for name in ("name", "units"))
    value, low, high = (required(campaign, "circuits", name) for name in ("value", "low", "high"))
    rows = []
    for k, name in enumerate(names):
        known = np.isfinite(value[:, k])
        with np.errstate(divide="ignore", invalid="ignore"):
            wide = 50 * (high[known, k] - low[known, k]) / np.abs(value[known, k])
        rows.append(
            {
                "parameter": str(name),
                "unit": str(units[k]),
                "spectra": int(known.sum()),
                "median": _median(value[:, k]),
                "lowest": float(value[known, k].min()) if known.any() else np.nan,
                "highest": float(value[known, k].max()) if known.any() else np.nan,
                "median half width (%)": _median(wide),
            }
        )
    return pd.DataFrame(rows)
