"""Which loops can be seen at all: how far a spectrum is from all that have a γ ≥ 0.

A small or broad inductive loop, or one under much noise, is described as well by a positive γ of
another shape. No method can tell it then, so the rate at which loops are caught is given of those
that can be seen, and of all.
"""

from __future__ import annotations

from math import log, pi

import numpy as np

from anodescope.bench.spectra import Spectrum

# A loop is visible when no spectrum of R0, L and a γ ≥ 0 is nearer than this (σ, all points).
VISIBLE = 5.0
# The lattice of those γ: finer and wider than any method's.
PER_DECADE, BEYOND = 40, 2.0


def distance_to_positive(spectrum: Spectrum) -> float:
    """Return how far the clean spectrum is from the nearest one of R0, L and a γ ≥ 0.

    Returns
    -------
    The root of the sum of squares of both parts of the difference over σ, by non-negative least
    squares. Its square is twice what the log likelihood loses without the loop.
    """
    from scipy.optimize import nnls

    frequency = spectrum.frequency
    edges = -np.log(2 * pi * frequency[[0, -1]]) + BEYOND * log(10) * np.array([-1, 1])
    step = log(10) / PER_DECADE
    tau = np.exp(np.arange(edges[0], edges[1] + step, step))
    omega = 2j * pi * frequency[:, None]
    kernel = 1 / (1 + omega * tau)
    columns = np.hstack([np.ones_like(omega), omega / np.abs(omega).max(), kernel])
    matrix = np.vstack([(part / spectrum.sigma[:, None]) for part in (columns.real, columns.imag)])
    data = np.concatenate([spectrum.clean.real, spectrum.clean.imag]) / np.tile(spectrum.sigma, 2)
    size = np.linalg.norm(matrix, axis=0)
    return float(nnls(matrix / size, data, maxiter=30 * matrix.shape[1])[1])
