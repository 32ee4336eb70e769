"""Curves, records and nodes that the tests of onsets share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anodescope.campaign import Campaign, build_node
from anodescope.events.finding import Phases, Record
from tests.events import statistics_onset as statistics

AREA = 0.385
UNIT = 1e-3 * AREA
FACTORS = np.array([1.5, 2.0, 2.5, 4.0])
CURRENT = np.arange(0.05, 1.005, 0.01) * UNIT


def softplus(current, place=0.6 * UNIT, width=0.03 * UNIT, r0=300.0, gain=12.0):
    return r0 * (current + (gain - 1) * width * np.logaddexp(0, (current - place) / width))


def softplus_knee(k, place=0.6 * UNIT, width=0.03 * UNIT, gain=12.0):
    x = (k - 1) / (gain - 1)
    return place + width * np.log(x / (1 - x))


def record_of(made, **nodes):
    campaign = made.campaign
    for name, node in nodes.items():
        campaign = campaign.with_node(name, node)
    return Record.of(campaign, made.protocol)


def with_impedance(made, ohmic=(120.0, 120.0), r_int=None):
    """Nodes drt and peaks as if an inversion had found the truth."""
    spectra = made.campaign["spectra"]
    count, points = spectra["impedance"].shape
    drt = build_node(
        "drt",
        {
            "gamma": np.ones((count, 1)),
            "in_window": np.ones((count, 1), bool),
            "tau": [1.0],
            "series_resistance": np.full(count, ohmic[0]),
            "polarisation_resistance": np.full(count, 1.0),
            "outcome": ["converged"] * count,
            "fit": np.zeros((count, points), complex),
            "residual": np.zeros((count, points), complex),
        },
    )
    values = np.full((count, 2), np.nan)
    values[:, 0] = ohmic[1]
    values[: len(made.truth["r_int"]), 1] = made.truth["r_int"] if r_int is None else r_int
    some = np.ones((count, 2))
    peaks = build_node(
        "peaks",
        {
            "tau": some, "resistance": values, "capacitance": some, "frequency": some,
            "in_window": some.astype(bool), "name": ["γ_GB", "γ_int"], "electrode": ["cell"] * 2,
            "attribution": ["electrolyte", "unknown"], "basis": ["", "No reference."],
            "birth": [0, 0], "death": [count - 1] * 2, "split_from": [-1, -1],
            "merged_into": [-1, -1],
        },
    )  # fmt: skip
    return record_of(made, drt=drt, peaks=peaks)


def of(findings, basis, k, window="hold"):
    return next(
        f
        for f in findings
        if f.basis == basis and f"exceeds {k:g} times" in f.criterion
        and (basis == "R_int" or f"of the {window}" in f.criterion)
    )  # fmt: skip


def three(made, share=0.6):
    """The same cell with a reference: the working electrode has a share of voltage and Z."""
    campaign = made.campaign
    series, spectra = campaign["timeseries"], campaign["spectra"]
    volts = series["voltage"].values
    columns = {name: series[name].values for name in series.data_vars}
    columns |= {"time": series["time"].values, "voltage": share * volts, "cell_voltage": volts}
    columns["counter_voltage"] = (share - 1) * volts
    tripled = {name: np.repeat(spectra[name].values, 3, axis=0) for name in spectra.data_vars}
    tripled["electrode"] = ["cell", "working", "counter"] * spectra.sizes["spectrum"]
    nodes = {"steps": campaign["steps"], "timeseries": build_node("timeseries", columns)}
    nodes["spectra"] = build_node("spectra", tripled)
    specimen = {**campaign.attrs["specimen"], "reference": "Na"}
    return replace(made, campaign=Campaign(nodes, {**campaign.attrs, "specimen": specimen}))


def three_with_impedance(made, ohmic, r_int):
    """Nodes drt and peaks whose numbers differ by electrode: cell, working, counter."""
    made = three(made)
    spectra = made.campaign["spectra"]
    count, points = spectra["impedance"].shape
    drt = {
        "gamma": np.ones((count, 1)), "in_window": np.ones((count, 1), bool), "tau": [1.0],
        "series_resistance": np.tile(ohmic, count // 3),
        "polarisation_resistance": np.ones(count), "outcome": ["converged"] * count,
        "fit": np.zeros((count, points), complex), "residual": np.zeros((count, points), complex),
    }  # fmt: skip
    values = np.full((count, 3), np.nan)
    for k in range(3):
        values[k::3, k] = r_int[k]
    some = np.ones((count, 3))
    peaks = {
        "tau": some, "resistance": values, "capacitance": some, "frequency": some,
        "in_window": some.astype(bool), "name": ["γ_int"] * 3,
        "electrode": ["cell", "working", "counter"],
        "attribution": ["unknown", "alloy", "counter"], "basis": ["", "Measured.", ""],
        "birth": [0] * 3, "death": [count - 1] * 3, "split_from": [-1] * 3, "merged_into": [-1] * 3,
    }  # fmt: skip
    return record_of(made, drt=build_node("drt", drt), peaks=build_node("peaks", peaks))


def cut_short(case, stairs, limit):
    """The record ends in the hold of a stair whose voltage has jumped to the limit."""
    record = case.record
    rows = 2 * stairs + 1
    phases = record.phases
    end = phases.end[:rows].copy()
    end[-1] -= 0.6 * statistics.HOLD
    volts = record.voltage[:rows].copy()
    volts[-1] = limit
    time = record.time[:rows].copy()
    time[-1] = end[-1] - 0.01
    short = Phases(
        phases.start[:rows], end, phases.mode[:rows], phases.current[:rows], phases.block[:rows],
        phases.level[:rows], phases.spectrum[:rows], phases.kinds,
    )  # fmt: skip
    return replace(
        record, time=time, voltage=volts, cell_voltage=volts, current=record.current[:rows],
        overload=record.overload[:rows], phases=short,
    )  # fmt: skip
