"""Cells that change from sweep to sweep, as arrays, with their truth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import zarc, zarc_gamma
from anodescope.impedance.loggp.smoothing import logarithm

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

GRID = np.logspace(6, -1, 36)
# Relaxation times (s) of the two processes and their exponents; the second one grows.
CENTRES, EXPONENTS = np.array([1e-5, 1e-2]), np.array([0.92, 0.88])


def cell(growth: npt.ArrayLike, frequency: Floats = GRID) -> Complexes:
    """Z (Ω) with the slow process at `growth` times 80 Ω, shape growth.shape + (F,)."""
    size = np.asarray(growth, dtype=np.float64)[..., None]
    fixed = 20 + zarc(frequency, 100.0, CENTRES[0], EXPONENTS[0])
    return np.asarray(fixed + size * zarc(frequency, 80.0, CENTRES[1], EXPONENTS[1]))


def truth(growth: npt.ArrayLike, tau: Floats) -> Floats:
    """γ (Ω per unit ln τ) of `cell`."""
    size = np.asarray(growth, dtype=np.float64)[..., None]
    fixed = zarc_gamma(tau, 100.0, CENTRES[0], EXPONENTS[0])
    return np.asarray(fixed + size * zarc_gamma(tau, 80.0, CENTRES[1], EXPONENTS[1]))


def noisy(impedance: Complexes, level: float, seed: int) -> Complexes:
    """Add white noise in proportion to |Z| to both parts."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(impedance.shape) + 1j * rng.standard_normal(impedance.shape)
    return np.asarray(impedance + level * np.abs(impedance) * noise)


def columns(growth: npt.ArrayLike, level: float = 0.003, seed: int = 1) -> tuple[Floats, Floats]:
    """ln |Z| and arg Z of noisy sweeps and of the cell itself, each of shape (T, 2F)."""
    clean = cell(growth)
    return logarithm(noisy(clean, level, seed)), logarithm(clean)


def relative_l2(found: npt.ArrayLike, expected: npt.ArrayLike) -> Floats:
    """‖found − expected‖/‖expected‖ along the last axis."""
    a, b = np.asarray(found), np.asarray(expected)
    return np.asarray(np.linalg.norm(a - b, axis=-1) / np.linalg.norm(b, axis=-1))


def padded(sweeps: list[tuple[Floats, Complexes]], width: int) -> tuple[Floats, Complexes]:
    """Sweeps of several grids as the pair that `drt` takes, NaN behind their ends."""
    frequency = np.full((len(sweeps), width), np.nan)
    impedance = np.full((len(sweeps), width), complex(np.nan, np.nan))
    for row, (f, z) in enumerate(sweeps):
        frequency[row, : f.size], impedance[row, : f.size] = f, z
    return frequency, impedance


def restless(times: float, count: int, level: float, seed: int) -> Complexes:
    """Noisy sweeps of a cell whose own jitter makes ln Z scatter `times` as much as the noise.

    Twelve processes jitter independently, so that single sweeps show nothing of it.
    """
    rng = np.random.default_rng(seed)
    parts = np.array([zarc(GRID, 15.0, tau, 0.9) for tau in np.logspace(-6, 0, 12)])
    calm = 20 + parts.sum(axis=0)
    change = parts / calm  # of ln Z per relative change of one process
    spread = float(np.sqrt(np.mean((np.abs(change) ** 2).sum(axis=0)) / 2))
    size = level * np.sqrt(times**2 - 1) / spread
    jitter = 1 + size * rng.standard_normal((count, 12))
    return noisy(20 + jitter @ parts, level, seed + 1)
