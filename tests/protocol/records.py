"""Replay a designed protocol into a record, as an ideal instrument would write it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from anodescope.campaign import build_node
from anodescope.protocol import Protocol
from anodescope.protocol.replay import at_least

AREA = 0.385  # cm²
POINTS = 9


def replay(
    protocol: Protocol,
    *,
    samples: int = 8,
    noise: float = 0.0,
    seed: int = 0,
    rows_in_sweeps: bool = True,
    shift: float = 0.0,
) -> tuple[xr.Dataset, xr.Dataset | None]:
    """Return timeseries and spectra of a protocol: `samples` rows per phase, noise in A."""
    phases = protocol.absolute(AREA).phases()
    random = np.random.default_rng(seed)
    start, end = phases.time_start[:, None], phases.time_end[:, None]
    inside = (np.arange(samples) + 0.5) / samples
    time = start + (end - start) * inside
    current = np.repeat(phases.current[:, None], samples, axis=1)
    swept = phases.mode == 3
    kept = np.repeat(~swept | rows_in_sweeps, samples)
    flat = current.ravel() + noise * random.standard_normal(current.size)
    timeseries = build_node(
        "timeseries",
        {"time": time.ravel()[kept] + shift, "current": flat[kept],
         "voltage": np.zeros(int(kept.sum()))},
    )  # fmt: skip
    return timeseries, sweeps(phases, shift) if swept.any() else None


def sweeps(phases: Any, shift: float = 0.0) -> xr.Dataset:
    rows = np.flatnonzero(phases.mode == 3)
    count = rows.size
    inside = (np.arange(POINTS) + 0.5) / POINTS
    start, end = phases.time_start[rows, None], phases.time_end[rows, None]
    time = start + (end - start) * inside + shift
    bias = phases.current[rows]
    return build_node(
        "spectra",
        {"impedance": np.full((count, POINTS), 300 - 50j), "time": time,
         "frequency": np.tile(np.logspace(5, 1, POINTS), (count, 1)),
         "valid": np.ones((count, POINTS), bool), "grid": np.zeros(count, int),
         "current_amplitude": np.full((count, POINTS), 5e-6),
         "time_start": time[:, 0], "time_end": time[:, -1], "electrode": ["cell"] * count,
         "technique": ["PEIS" if value == 0 else "GEIS" for value in bias],
         "bias_current": bias},
    )  # fmt: skip


def node(**columns: Any) -> xr.Dataset:
    """Return a timeseries node."""
    return build_node("timeseries", columns)


def explains(found: Protocol, share: float = 1.0) -> bool:
    """Say whether every block is as sure as this share of its samples can make it."""
    return all(
        block.confidence >= at_least(int(share * block.samples), block.samples)
        for block in found.blocks
    )
