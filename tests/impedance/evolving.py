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
