"""Distributions with known peaks, and spectra as a Campaign has them, for tests of the peaks."""

from __future__ import annotations

import numpy as np
import xarray as xr

from anodescope.bench.spectra import zarc
from anodescope.campaign import build_node
from anodescope.impedance.lattice import Lattice

LATTICE = Lattice(10, -90, 20)


def node(gamma, *, low=-8.0, high=1.0, **more) -> xr.Dataset:
    place = np.log10(LATTICE.tau)
    inside = np.tile((place >= low) & (place <= high), (len(gamma), 1)) & np.isfinite(gamma)
    return build_node("drt", {"tau": LATTICE.tau, "gamma": gamma, "in_window": inside, **more})


def bells(*peaks, rows=5, ln_tau=LATTICE.ln_tau):
    """γ of Gaussians (R, log10 τ, width in decades), the same in every row."""
    gamma = np.zeros_like(ln_tau)
    for resistance, place, width in peaks:
        z = (ln_tau - place * np.log(10)) / (width * np.log(10))
        gamma = gamma + resistance * np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * width * np.log(10))
    return np.tile(gamma, (rows, 1))


def banded(gamma, sigma):
    high, low = gamma * np.exp(1.96 * sigma), gamma * np.exp(-1.96 * sigma)
    return node(gamma, gamma_low=low, gamma_high=high)


def with_spreads(gamma, sigma, area_spread):
    shape = gamma.shape
    spreads = {"maximum_spread": np.full(shape, 0.1), "area_spread": np.full(shape, area_spread)}
    return banded(gamma, sigma).assign({k: (("spectrum", "tau"), v) for k, v in spreads.items()})


def spectra_of(frequency, impedance, *, start=None, electrode="cell"):
    rows, points = impedance.shape
    begin = 40.0 * np.arange(rows) if start is None else np.asarray(start)
    names = [electrode] * rows if isinstance(electrode, str) else electrode
    hertz = np.broadcast_to(frequency, impedance.shape)
    return build_node(
        "spectra",
        {
            "impedance": impedance,
            "frequency": hertz,
            "time": begin[:, None] + np.linspace(0, 35, points),
            "valid": np.isfinite(impedance) & np.isfinite(hertz),
            "grid": np.zeros(rows, dtype=int),
            "time_start": begin,
            "time_end": begin + 35,
            "electrode": names,
        },
    )


def fitted_with(highest, rows, gb=120.0):
    """γ_GB at 1e-6 s and γ_int at 0.03 s, measured from `highest` Hz down to 0.5 Hz."""
    f = np.logspace(np.log10(highest), np.log10(0.5), int(10 * np.log10(highest / 0.5)) + 1)
    z = 20 + zarc(f, gb, 1e-6, 0.92) + zarc(f, 150.0, 3e-2, 0.88)
    return np.tile(f, (rows, 1)), np.tile(z, (rows, 1))


def stacked(parts):
    points = max(f.shape[1] for f, _ in parts)
    rows = [
        np.pad(a, ((0, 0), (0, points - a.shape[1])), constant_values=np.nan)
        for pair in parts
        for a in pair
    ]
    return np.concatenate(rows[::2]), np.concatenate(rows[1::2])
