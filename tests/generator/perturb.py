"""What happens to real records: noise, lost rows, range glitches, restarts. The truth is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from anodescope.campaign import Campaign
from tests.generator.record import Made


def noise(made: Made, voltage: float = 1e-3, current: float = 2e-3, *, seed: int = 0) -> Made:
    """Add noise: `voltage` (V) and `current` (relative to the largest)."""
    random = np.random.default_rng(seed)
    series = made.campaign["timeseries"].copy(deep=True)
    size = series.sizes["time"]
    scale = float(np.nanmax(np.abs(series["current"].values))) or 1e-6
    series["voltage"].values[:] += voltage * random.standard_normal(size)
    series["current"].values[:] += current * scale * random.standard_normal(size)
    return _with(made, series)


def drop_rows(made: Made, share: float = 0.1, *, runs: int = 0, seed: int = 0) -> Made:
    """Lose single rows at random and, where asked for, whole runs of one per cent of the rows."""
    random = np.random.default_rng(seed)
    series = made.campaign["timeseries"]
    size = series.sizes["time"]
    keep = random.random(size) >= share
    for start in random.integers(0, size, runs):
        keep[start : start + max(size // 100, 1)] = False
    keep[[0, -1]] = True
    return _with(made, series.isel(time=np.flatnonzero(keep)))


def glitch_ranges(made: Made, count: int = 10, *, length: int = 2, seed: int = 0) -> Made:
    """Let the instrument change its range: a few samples of absurd current and voltage, flagged
    as overload in half of the cases."""
    random = np.random.default_rng(seed)
    series = made.campaign["timeseries"].copy(deep=True)
    size = series.sizes["time"]
    flags = np.zeros(size, bool)
    scale = float(np.nanmax(np.abs(series["current"].values))) or 1e-6
    for start in random.integers(0, max(size - length, 1), count):
        some = slice(start, start + length)
        series["current"].values[some] = scale * random.choice([-30.0, 0.0, 8.0, 30.0])
        series["voltage"].values[some] += random.choice([-1.0, 1.0]) * random.uniform(0.1, 2.0)
        flags[some] = random.random() < 0.5
    series["overload"] = xr.Variable("time", flags)
    return _with(made, series)


def restart(made: Made, at: float = 0.5, *, gap: float = 300.0) -> Made:
    """Stop the instrument at a share of the rows and go on later in a new file."""
    campaign = made.campaign
    series = campaign["timeseries"].copy(deep=True)
    cut = float(series["time"].values[int(at * (series.sizes["time"] - 1))])
    later = series["time"].values > cut
    series = series.assign_coords(
        time=(
            "time",
            np.where(later, series["time"].values + gap, series["time"].values),
            series["time"].attrs,
        )
    )
    source = series["source"].values
    series["source"].values[:] = np.where(later, source + source.max() + 1, source)
    changed = campaign.with_attrs(
        provenance=[*campaign.attrs["provenance"], *campaign.attrs["provenance"]]
    )
    nodes = {"timeseries": series}
    if "spectra" in campaign:
        spectra = campaign["spectra"].copy(deep=True)
        moved = spectra["time"].values > cut
        spectra["time"].values[:] += gap * moved
        for name in ("time_start", "time_end"):
            spectra[name].values[:] += gap * (spectra[name].values > cut)
        nodes["spectra"] = spectra
    held = {name: changed[name] for name in changed.nodes if name != "steps"}
    protocol = made.protocol.copy(deep=True)
    for name in ("time_start", "time_end"):
        protocol[name].values[:] += gap * (protocol[name].values > cut)
    return Made(
        Campaign({**held, **nodes}, changed.attrs), protocol, {**made.truth, "gap": gap, "cut": cut}
    )


def _with(made: Made, series: xr.Dataset) -> Made:
    return replace(made, campaign=made.campaign.with_node("timeseries", series))
