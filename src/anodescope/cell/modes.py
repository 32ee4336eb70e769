"""Diffusion through the layer as a sum of modes, and patches as quantiles of its thickness."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def layer_modes(count: int) -> tuple[Floats, Floats]:
    """Weights and rates of the modes of a planar layer between a bulk and a flux.

    The surface is depleted by Σ s_k, where τ ds_k/dt = −l_k (s_k − w_k f/κ) for a flux f. The last
    mode takes what the others leave, so that the steady depletion (Σ w = 1) and the Na that is
    missing then (Σ w/l = 1/3) are exact for any number of modes.

    Parameters
    ----------
    count : number of modes, at least 1.

    Returns
    -------
    weights w, rates l : (mode,), both without a unit.
    """
    k = np.arange(1.0, count + 1.0)
    weights: Floats = 8.0 / (np.pi * (2 * k - 1)) ** 2
    rates: Floats = ((2 * k - 1) * np.pi / 2.0) ** 2
    weights[-1] = 1.0 - weights[:-1].sum()
    rates[-1] = weights[-1] / (1.0 / 3.0 - (weights[:-1] / rates[:-1]).sum())
    return weights, rates


def thickness_quantiles(spread: float, patches: int) -> Floats:
    """Thickness of each of equal patches over the median of a log-normal spread.

    Parameters
    ----------
    spread : standard deviation of ln δ.
    patches : their number.

    Returns
    -------
    (patch,) rising. Each patch is the mean normal score of its bin; the scores are rescaled to unit
    variance, so that the spread is that asked for with any number of patches.
    """
    if patches == 1 or spread == 0.0:
        return np.ones(patches)
    normal = NormalDist()
    edges = [normal.inv_cdf(k / patches) for k in range(1, patches)]
    density = np.array([0.0, *(normal.pdf(edge) for edge in edges), 0.0])
    score = patches * (density[:-1] - density[1:])
    score /= np.sqrt(np.mean(score**2))
    result: Floats = np.exp(spread * score)
    return result
