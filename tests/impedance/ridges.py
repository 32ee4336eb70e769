"""A small cell and its ridge regression, on a coarse lattice."""

from __future__ import annotations

import numpy as np

from anodescope.bench.spectra import zarc
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.ridge import Path, Ridge, trace
from anodescope.impedance.sweeps import stacked_parts

FREQUENCY = np.logspace(4, 0, 25)
LATTICE = Lattice.covering(1.0, 1e4, 6, (1.0, 1.0))
SMALL = {"per_decade": 6, "lam_per_decade": 1}


def relative_l2(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth, axis=1)


def cell(noise: float, seed: int = 0, count: int = 1, scale: float = 1.0) -> np.ndarray:
    """Two arcs and R0, with noise as a share of |Z| on each part."""
    clean = 10 + sum(
        zarc(FREQUENCY, np.array(r), np.array(t), np.array(0.85))
        for r, t in ((50.0, 3e-4), (80.0, 1e-2))
    )
    rng = np.random.default_rng(seed)
    shape = (count, FREQUENCY.size)
    error = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    return scale * clean * (1 + noise * error)


def ridge_of(order: int, **others: bool) -> Ridge:
    return Ridge.of(FREQUENCY, LATTICE, order, **others)


def path_of(ridge: Ridge, z: np.ndarray, lams: np.ndarray) -> tuple[Path, np.ndarray, np.ndarray]:
    """The path without weights, with the weights and the data that criteria ask for."""
    data, even = stacked_parts(z), np.ones(2 * FREQUENCY.size)
    return trace(ridge, ridge.matrices(even, lams), even, lams, data), even, data
