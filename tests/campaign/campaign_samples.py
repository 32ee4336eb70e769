"""Small made-up nodes for the tests of the campaign room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from hypothesis import strategies as st

from anodescope.campaign import Campaign, build_node


def spectra_of(lengths: Sequence[int], *, seed: int = 0, start: float = 0.0) -> xr.Dataset:
    """Ragged sweeps with these numbers of points, padded with NaN and valid = False."""
    rng = np.random.default_rng(seed)
    n, width = len(lengths), max(lengths, default=0)
    valid = np.arange(width) < np.asarray(lengths, int).reshape(n, 1)
    real = np.where(valid, rng.normal(size=(n, width)), np.nan)
    imaginary = np.where(valid, -rng.random((n, width)), np.nan)
    # Assembled part by part: 1j * NaN arithmetic would spoil the other part.
    impedance = np.empty((n, width), complex)
    impedance.real, impedance.imag = real, imaginary
    begin = start + 100.0 * np.arange(n)
    return build_node(
        "spectra",
        {
            "impedance": impedance,
            "frequency": np.where(valid, 10.0 ** rng.uniform(-1, 6, (n, width)), np.nan),
            "time": np.where(valid, begin[:, None] + np.arange(width), np.nan),
            "valid": valid,
            "voltage": np.where(valid, rng.normal(size=(n, width)), np.nan),
            "grid": np.zeros(n, int),
            "time_start": begin,
            "time_end": begin + width,
            "electrode": ["cell"] * n,
            "technique": [f"GEIS Ω {i}" for i in range(n)],
            "column_434": rng.normal(size=(n, width)),
        },
        column_attrs={"column_434": {"units": "arbitrary"}},
    )


def timeseries_of(rows: int, *, start: float = 0.0) -> xr.Dataset:
    time = start + np.arange(rows, dtype=float)
    return build_node(
        "timeseries",
        {"time": time, "voltage": np.cos(time), "current": np.sin(time), "step": time // 10},
        attrs={"note": "made up"},
    )


def drt_of(rows: int, low: int, high: int, *, per_decade: int = 10, seed: int = 0) -> xr.Dataset:
    """Distributions on the lattice places low … high - 1."""
    rng = np.random.default_rng(seed)
    tau = 10.0 ** (np.arange(low, high) / per_decade)
    return build_node(
        "drt",
        {
            "gamma": rng.random((rows, tau.size)),
            "in_window": np.ones((rows, tau.size), bool),
            "tau": tau,
            "series_resistance": rng.random(rows),
            "polarisation_resistance": rng.random(rows),
            "outcome": ["converged"] * rows,
            "fit": rng.random((rows, 3)) + 1j,
            "residual": rng.random((rows, 3)) + 1j,
        },
    )


def campaign_of(lengths: Sequence[int] = (3, 5), *, seed: int = 0, title: str = "one") -> Campaign:
    return Campaign(
        {"spectra": spectra_of(lengths, seed=seed), "timeseries": timeseries_of(20)},
        {"title": title, "specimen": {"cell_id": "c1"}, "provenance": [{"source": "a.mpr"}]},
    )


def same(left: Campaign, right: Campaign) -> None:
    """Fail unless two campaigns hold the same nodes, values, types and attributes."""
    assert left.nodes == right.nodes
    assert left.attrs == right.attrs
    for node in left.nodes:
        same_node(left[node], right[node])


def same_node(left: xr.Dataset, right: xr.Dataset) -> None:
    xr.testing.assert_identical(left, right)
    for name in left.variables:
        assert left.variables[name].dtype == right.variables[name].dtype, name


def left_beside(path: Path) -> list[str]:
    """Names of what lies beside `path`."""
    return sorted(item.name for item in path.parent.iterdir() if item != path)


ragged = st.lists(st.integers(0, 6), max_size=5).map(tuple)
seeds = st.integers(0, 2**32 - 1)
