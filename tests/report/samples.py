"""Made-up results for the report: the nodes protocol, peaks, findings and circuits of a staircase.

The numbers are those from which `conftest.staircase` made its spectra, so that a picture can be
held to them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from anodescope.campaign import Campaign, build_node
from tests.report.conftest import R_GB, TAU_GB, StandIn

AREA = 0.385
KNEES = {2.5: 0.61, 1.5: 0.48, 2.0: 0.55, 4.0: 0.74}  # mA/cm²


def dataset(node: str, **values: Any) -> xr.Dataset:
    """Build a node as the rooms do."""
    return build_node(node, values)


def protocol_of(campaign: StandIn) -> xr.Dataset:
    """Staircase with GEIS (5 s hold, 35 s sweep per stair), then rest with PEIS."""
    spectra = campaign["spectra"]
    starts, bias = spectra["time_start"].values, spectra["bias_current"].values
    rows: list[tuple[Any, ...]] = []
    stairs = int((bias > 0).sum())
    for k in range(stairs):
        rows.append((starts[k] - 5, starts[k], "current", bias[k], 0, k, -1))
        rows.append((starts[k], starts[k] + 35, "sweep", bias[k], 0, k, k))
    last = starts[stairs - 1] + 35
    for k in range(stairs, len(starts)):
        rows.append((last, starts[k], "rest", 0.0, 1, k - stairs, -1))
        rows.append((starts[k], starts[k] + 35, "sweep", 0.0, 1, k - stairs, k))
        last = starts[k] + 35
    names = ("time_start", "time_end", "mode", "current", "block", "level", "spectrum")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    values = {n: np.array(c, object if n == "mode" else None) for n, c in columns.items()}
    rest = len(starts) > stairs
    return dataset(
        "protocol", **values,
        kind=np.array(["staircase_geis", "rest_with_peis"][: 1 + rest], object),
        confidence=np.array([0.98, 0.9])[: 1 + rest],
        count=np.array([stairs, len(starts) - stairs])[: 1 + rest],
    )  # fmt: skip


def peaks_of(campaign: StandIn) -> xr.Dataset:
    """γ_GB throughout, γ_int throughout, γ'_int from where it exceeds nothing to the last stair."""
    spectra = campaign["spectra"]
    bias = spectra["bias_current"].values / (AREA * 1e-3)
    since = spectra["time_start"].values - (spectra["time_start"].values[bias > 0].max() + 35)
    count = len(bias)
    grown = np.expm1(3.2 * np.maximum(bias - 0.35, 0.0))
    loaded = bias > 0
    r_int = np.where(loaded, 140 * (1 + 0.5 * bias + grown),
                     140 * (1 + 1.4 * np.exp(-np.maximum(since, 0) / 9000)))  # fmt: skip
    tau_int = np.where(loaded, 2e-2 * 10 ** (-0.9 * np.maximum(bias - 0.4, 0)), 2.2e-2)
    prime = loaded & (grown > 0.05)
    tau = np.stack([np.full(count, TAU_GB), tau_int, np.where(prime, 4e-4, np.nan)], axis=1)
    resistance = np.stack(
        [np.full(count, R_GB), r_int, np.where(prime, 30 * grown, np.nan)], axis=1
    )
    inside = np.isfinite(tau)
    edge = np.zeros_like(inside)
    edge[:, 1] = tau_int > 1.9e-2
    born = int(np.flatnonzero(prime)[0]) if prime.any() else 0
    died = int(np.flatnonzero(prime)[-1]) if prime.any() else 0
    return dataset(
        "peaks", tau=tau, resistance=resistance, capacitance=tau / resistance,
        frequency=1 / (2 * np.pi * tau), in_window=inside, at_edge=edge,
        tau_low=0.8 * tau, tau_high=1.25 * tau,
        resistance_low=0.93 * resistance, resistance_high=1.07 * resistance,
        name=np.array(["γ_GB", "γ_int", "γ'_int"], object),
        electrode=np.array(["cell"] * 3, object),
        attribution=np.array(["electrolyte", "unknown", "unknown"], object),
        basis=np.array(["By its relaxation time.", "Two electrodes: no reference.", ""], object),
        birth=[0, 0, born], death=[count - 1, count - 1, died],
        split_from=[-1, -1, 1], merged_into=[-1, -1, 1],
    )  # fmt: skip


Row = tuple[str, float, float, float, str, str, str, str, float, int]


def findings_node(rows: list[Row]) -> xr.Dataset:
    """Build a findings node; values per area follow from `AREA`."""
    names = ("quantity", "value", "low", "high", "units", "outcome", "criterion", "basis", "time",
             "block")  # fmt: skip
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    values: dict[str, Any] = {
        name: np.array(column, float if name in ("value", "low", "high", "time") else None)
        for name, column in columns.items()
    }
    factor = np.array([{"A": 1e3 / AREA, "C": 1 / 3.6 / AREA, "Ω": AREA}.get(u, np.nan)
                       for u in columns["units"]])  # fmt: skip
    for name in ("value", "low", "high"):
        values[f"{name}_per_area"] = values[name] * factor
    per_area = {"A": "mA/cm²", "C": "mAh/cm²", "Ω": "Ω·cm²"}
    values["units_per_area"] = [per_area.get(u, "") for u in columns["units"]]
    values["message"] = [f"{row[0]}: {row[7]}." for row in rows]
    return build_node("findings", values)


def findings_of() -> xr.Dataset:
    """Onset by four knees and two windows, of which one was not reached; recovery in two steps."""
    rows: list[Row] = []
    for basis, shift in (("voltage_minus_ohmic", 0.0), ("R_int", -0.03)):
        for window in ("mean over the last 20% of the hold", "mean over the last 50% of the sweep"):
            if basis == "R_int" and "hold" in window:
                continue
            for k, at in KNEES.items():
                here = (at + shift) * AREA * 1e-3
                reached = not (k == 4.0 and "sweep" in window and basis != "R_int")
                rows.append((
                    "onset_current", here if reached else np.nan,
                    0.96 * here if reached else 1e-3 * AREA,
                    1.05 * here if reached else np.inf, "A",
                    "determined" if reached else "censored",
                    f"dη/di exceeds {k:g} times its initial value; V: {window}", basis, 1500.0, 0,
                ))  # fmt: skip
    for basis, value, outcome in (
        ("voltage", 8.0, "determined"), ("R_int", 9000.0, "determined"),
        ("polarisation", np.nan, "not_resolved"),
    ):  # fmt: skip
        rows.append((
            "recovery_time", value, 0.7 * value if np.isfinite(value) else 0.0,
            1.5 * value if np.isfinite(value) else 35.0, "s", outcome,
            "time constant of an exponential return after the current stopped", basis, 3840.0, 1,
        ))  # fmt: skip
    rows.append(("critical_capacity", np.nan, np.nan, np.nan, "C", "needs_protocol",
                 "current-on charge until |V| reaches 3 V", "voltage", np.nan, -1))  # fmt: skip
    return findings_node(rows)


def with_results(campaign: StandIn) -> StandIn:
    """Add protocol, peaks, findings, and what validation knows beside Kramers–Kronig."""
    validation = campaign["validation"].copy()
    count, points = validation["residual"].shape
    inductive = np.zeros((count, points), bool)
    drifting = np.zeros((count, points), bool)
    inductive[:, :2] = True
    drifting[3, -3:] = True
    extra = dataset(
        "validation", inductive=inductive, drifting=drifting,
        stationary=np.array(["consistent"] * (count - 1) + ["inconsistent"], object),
        drift_voltage=np.linspace(0, 0.2, count), drift_impedance=np.linspace(0, 0.05, count),
        linear=np.array(["not_decidable"] * count, object), linearity=np.full(count, 0.4),
    )  # fmt: skip
    return campaign.but(
        validation=validation.merge(extra), protocol=protocol_of(campaign),
        peaks=peaks_of(campaign), findings=findings_of(), circuits=circuits_of(count, points),
    )  # fmt: skip


def circuits_of(count: int, points: int) -> xr.Dataset:
    """Two parameters of a fitted circuit per spectrum."""
    value = np.stack([np.full(count, 180.0), np.linspace(140, 800, count)], axis=1)
    return dataset(
        "circuits", value=value, low=0.95 * value, high=1.05 * value,
        name=np.array(["R_GB", "R_int"], object), units=np.array(["Ω", "Ω"], object),
        outcome=np.array(["converged"] * count, object), misfit=np.full(count, 0.003),
        fit=np.full((count, points), 100 - 1j),
    )  # fmt: skip


def real(made: Any, *rows: Row) -> Campaign:
    """Return a generated campaign with its true protocol and made-up findings."""
    campaign: Campaign = made.campaign.with_node("protocol", made.protocol)
    return campaign.with_node("findings", findings_node(list(rows))) if rows else campaign
