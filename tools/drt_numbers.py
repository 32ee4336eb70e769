"""Cells with a known truth for docs/drt.md, and the numbers of that page that have no figure.

`tools/drt_figures.py` runs all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.bench.metrics import read_off, relative_l2
from anodescope.bench.spectra import noisy, window_of, zarc, zarc_gamma
from anodescope.impedance import drt
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.loggp.design import shared_design
from anodescope.impedance.loggp.method import PER_DECADE, LogGaussian
from anodescope.impedance.loggp.stream import DrtStream
from anodescope.impedance.sweeps import Sweeps
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# The series with an onset: sweeps, the sweep at which the second process begins, and its growth
# (Ω per sweep); that of a slow onset.
SWEEPS, ONSET, GROWTH, SLOWLY = 100, 50.0, 2.0, 0.2
GRID = np.logspace(np.log10(7e6), np.log10(0.05), 71)
LEVEL = 0.005
# What stands there all the time, and what appears: Ω, s, φ.
STANDING = ((100.0, 1e-6, 0.92), (150.0, 0.1, 0.85))
APPEARING = (5e-4, 0.88)
REPEATS = 8


def cell(frequency: Floats, parts: Any, series: float = 20.0) -> Complexes:
    """Z (Ω) of a series resistance and ZARCs (R, τ, φ)."""
    return np.asarray(series + np.sum([zarc(frequency, *part) for part in parts], axis=0))


def truth(tau: Floats, parts: Any) -> Floats:
    return np.asarray(np.sum([zarc_gamma(tau, *part) for part in parts], axis=0))


def difference(found: Floats, tau: Floats, true: Floats, at: Floats) -> float:
    """‖γ − γ_true‖/‖γ_true‖ at `at`; ln γ is interpolated where γ is positive."""
    return float(relative_l2(read_off(np.log(tau), found, np.log(at)), true))


def onset_series(seed: int, growth: float = GROWTH) -> tuple[Complexes, Floats]:
    """Sweeps in which a process grows from nothing from sweep `ONSET` on, and its resistance."""
    size = growth * np.maximum(np.arange(SWEEPS) - ONSET, 0.0)
    clean = cell(GRID, STANDING) + size[:, None] * zarc(GRID, 1.0, *APPEARING)
    return noisy(clean, LEVEL * np.abs(clean), np.random.default_rng(seed)), size


def series_truth(tau: Floats, size: Floats) -> Floats:
    return np.asarray(truth(tau, STANDING) + size[:, None] * zarc_gamma(tau, 1.0, *APPEARING))


def resistance_near(node: xr.Dataset, centre: float) -> Floats:
    """∫γ d ln τ within half a decade of the appearing process, each row (Ω)."""
    tau = node["tau"].values
    near = np.abs(np.log10(tau / centre)) <= 0.5
    return np.asarray(np.trapezoid(node["gamma"].values[:, near], np.log(tau[near]), axis=1))


# numbers without a figure


def kernel() -> list[tuple[str, str]]:
    """How exact the trapezoid sum is, and how many directions the data can tell."""
    design = shared_design(GRID.tobytes(), PER_DECADE)
    found = []
    lattice = Lattice.covering(1e-12, 1e16, PER_DECADE)
    response = lattice.step / (1 + 2j * np.pi * GRID[:, None] * lattice.tau[None, :])
    for phi in (0.7, 0.8, 0.9, 0.95):
        exact = zarc(GRID, 1.0, 1e-3, phi)
        off = np.abs(response @ zarc_gamma(lattice.tau, 1.0, 1e-3, phi) - exact).max()
        found.append((f"trapezoid sum of a ZARC, φ = {phi}: largest error over R", f"{off:.0e}"))
    found.append(
        (
            f"lattice points, directions kept of {2 * GRID.size} data (7 MHz–0.05 Hz)",
            f"{design.lattice.size}, {design.right[0].shape[0]}",
        )
    )
    return found


def drift() -> list[tuple[str, str]]:
    """A series whose cell changes while it is swept, with and without the instants of its points.

    Each sweep takes 35 s and the next follows at once. The slow process grows by 20 % per sweep.
    """
    frequency = np.logspace(6, 0, 49)
    # Time per point goes with the period, and with a little overhead.
    took = 3 / frequency + 0.1
    within = (np.cumsum(took) - took / 2) / took.sum() * 35
    rows = np.arange(24)
    start = 35.0 * rows
    instants = start[:, None] + within
    size = 40.0 * 1.2 ** (instants / 35)
    fixed = cell(frequency, ((100.0, 1e-5, 0.9),))
    clean = fixed + size * zarc(frequency, 1.0, 1e-2, 0.85)
    impedance = noisy(clean, 0.002 * np.abs(clean), np.random.default_rng(11))
    at, middle = window_of(frequency), start + 17.5
    standing = truth(at, ((100.0, 1e-5, 0.9),))
    true = standing + (40.0 * 1.2 ** (middle / 35))[:, None] * zarc_gamma(at, 1.0, 1e-2, 0.85)
    everywhere = np.ones(impedance.shape, dtype=bool)
    shape = np.broadcast_to(frequency, impedance.shape).copy()
    found = []
    for name, method in {
        "joint, instants not used": LogGaussian(drift=False),
        "joint, instants used": LogGaussian(),
    }.items():
        sweeps = Sweeps(shape, impedance, everywhere, everywhere, middle, instants)
        made = method.invert(sweeps, Run())
        if made.lattice is None:
            continue
        tau = made.lattice.tau
        off = [difference(g, tau, t, at) for g, t in zip(made.gamma, true, strict=True)]
        found.append(
            (f"a cell that grows by 20 % per sweep, mean L2: {name}", f"{np.mean(off):.3f}")
        )
    return found


def stream() -> list[tuple[str, str]]:
    """What a stream says at first, and what it says in the end."""
    impedance, _ = onset_series(2026)
    batch = drt((GRID, impedance))["gamma"].values
    live = DrtStream()
    first, last = np.full_like(batch, np.nan), np.full_like(batch, np.nan)
    for row in impedance:
        update = live.append(GRID, row)
        first[update.newest.index] = update.newest.gamma
        for estimate in update.revised:
            last[estimate.index] = estimate.gamma
    for estimate in live.finish():
        last[estimate.index] = estimate.gamma

    def away(part: Floats) -> Floats:
        return np.linalg.norm(part - batch, axis=1) / np.linalg.norm(batch, axis=1)

    return [
        (
            "stream, newest sweep against the whole series, median L2",
            f"{np.median(away(first)):.3f}",
        ),
        ("stream, final values against the whole series, largest L2", f"{away(last).max():.1e}"),
    ]


def windows() -> list[tuple[str, str]]:
    """How much of a relaxation at the paper's 1e-1 s the paper's window holds."""
    found = []
    tau = np.logspace(-9, 7, 4001)
    for convention, edge in (("1/(2πf)", 1 / (2 * np.pi * 5)), ("1/f", 1 / 5.0)):
        gamma = zarc_gamma(tau, 1.0, 0.1, 0.85)
        inside = tau <= edge
        share = np.trapezoid(gamma[inside], np.log(tau[inside]))
        found.append(
            (f"share of a ZARC (φ = 0.85) at 0.1 s below {edge:.3f} s, τ = {convention}",
             f"{100 * share:.0f} %")
        )  # fmt: skip
    return found


def debye() -> list[tuple[str, str]]:
    """What becomes of a resistor beside an ideal capacitor, whose γ has no width."""
    frequency = np.logspace(6, -1, 57)
    clean = 20 + 100 / (1 + 2j * np.pi * frequency * 1e-3)
    impedance = noisy(clean, 0.003 * np.abs(clean), np.random.default_rng(5))
    node = drt((frequency, impedance)).isel(spectrum=0)
    tau, gamma = node["tau"].values, node["gamma"].values
    near = np.abs(np.log(tau / 1e-3)) < 2
    place = np.average(np.log10(tau[near]), weights=gamma[near])
    area = float(np.trapezoid(gamma[near], np.log(tau[near])))
    half = int((gamma > gamma.max() / 2).sum())
    return [
        ("R‖C of 100 Ω and 1 ms, noise 0.3 %: area within ± 2 of ln τ", f"{area:.1f} Ω"),
        (
            "the same: Δlog10 τ of its centre, lattice points above half its height",
            f"{abs(place + 3):.3f}, {half}",
        ),
    ]


def two_maxima() -> list[tuple[str, str]]:
    """How far apart two equal ZARCs must be for the true γ to have two maxima."""
    tau = np.logspace(-3, 3, 6001)
    found = []
    for phi in (0.95, 0.9, 0.85, 0.8):
        for distance in np.arange(0.05, 3, 0.01):
            low, high = 10 ** (-distance / 2), 10 ** (distance / 2)
            gamma = truth(tau, ((1.0, low, phi), (1.0, high, phi)))
            middle = gamma[gamma.size // 2]
            if gamma.max() > middle * (1 + 1e-9):
                name = f"two equal ZARCs, φ = {phi}: γ itself has two maxima from"
                found.append((name, f"{distance:.2f} decades"))
                break
    return found
