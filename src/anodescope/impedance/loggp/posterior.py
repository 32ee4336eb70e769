"""What is known of ln γ about its most probable value: spreads, evidence, a check; compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast
from anodescope.impedance.loggp.banded import (
    backward,
    factor,
    precision,
    selected_inverse,
    solve,
)
from anodescope.impedance.loggp.dense import (
    applied,
    cholesky,
    combined,
    inverse_root,
    triangle_times,
)
from anodescope.impedance.loggp.descent import _objective, covariance, linearised

Floats = npt.NDArray[np.float64]


@compiled_fast
def posterior(
    matrix: Floats,
    data: Floats,
    step: float,
    prior: Floats,
    mean: Floats,
    u: Floats,
    weight: Floats,
    sigma: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Describe the Gaussian about the most probable u.

    Parameters
    ----------
    matrix … sigma : as in `descend`.

    Returns
    -------
    the standard deviation of u (n,); L of P = LLᵀ (3, n) and K (r, n), with Σ = P⁻¹ − KᵀK; R (r, r)
    with RᵀR the inverse of the data's covariance S = JP⁻¹Jᵀ + σ²I; and four numbers: half of
    ln det S/σ², (u − m)ᵀP(u − m), the log density of the curvature weights over that of their mode,
    and the Newton decrement gᵀΣg: twice what a further step would gain.
    All are NaN where something is not finite.
    """
    equations, size = matrix.shape
    across = np.ascontiguousarray(matrix.T)
    band, lower = np.empty((3, size)), np.empty((3, size))
    half, root = np.zeros((size, equations)), np.zeros((equations, equations))
    gamma = np.exp(u)
    precision(weight, step, prior[3], band)
    factor(band, lower)
    linearised(across, gamma, lower, half)
    inner = np.empty((equations, equations))
    covariance(half, sigma, inner)
    if not cholesky(inner):
        nothing = np.full(size, np.nan)
        unknown = np.full((equations, size), np.nan)
        return nothing, lower, unknown, root, np.full(4, np.nan)
    inverse_root(inner, root)
    backward(lower, half)
    known = triangle_times(root, np.ascontiguousarray(half.T), True)
    spread = _spreads(lower, known)
    turned = np.empty(equations)
    gradient = _gradient(across, data, gamma, u, mean, band, sigma)
    numbers = np.empty(4)
    numbers[0] = 0.0
    for j in range(equations):
        numbers[0] += np.log(inner[j, j]) - 0.5 * np.log(sigma)
    numbers[1] = _objective(u, mean, weight, step, prior[3])
    numbers[2] = _log_density(weight, step, prior)
    applied(known, gradient[:, 0], turned)
    newton = gradient.copy()
    solve(lower, newton)
    gain = 0.0
    for i in range(size):
        gain += gradient[i, 0] * newton[i, 0]
    for j in range(equations):
        gain -= turned[j] * turned[j]
    numbers[3] = max(gain, 0.0)
    return spread, lower, known, root, numbers


@compiled_fast
def _spreads(lower: Floats, known: Floats) -> Floats:
    """Standard deviations of u."""
    equations, size = known.shape
    inverse = np.zeros((3, size))
    selected_inverse(lower, inverse)
    spread: Floats = inverse[0].copy()
    for j in range(equations):
        for i in range(size):
            spread[i] -= known[j, i] * known[j, i]
    for i in range(size):
        spread[i] = np.sqrt(max(spread[i], 0.0))
    return spread


@compiled_fast
def _gradient(
    across: Floats,
    data: Floats,
    gamma: Floats,
    u: Floats,
    mean: Floats,
    band: Floats,
    sigma: float,
) -> Floats:
    """P(u − m) − Jᵀ(y − Aγ)/σ², shape (n, 1)."""
    size = u.size
    residual, pull = np.empty(data.size), np.empty(size)
    combined(gamma, across, residual)
    applied(across, (data - residual) / sigma, pull)
    gradient = np.empty((size, 1))
    for i in range(size):
        total = band[0, i] * (u[i] - mean[i]) - gamma[i] * pull[i]
        if i > 0:
            total += band[1, i - 1] * (u[i - 1] - mean[i - 1])
        if i > 1:
            total += band[2, i - 2] * (u[i - 2] - mean[i - 2])
        if i + 1 < size:
            total += band[1, i] * (u[i + 1] - mean[i + 1])
        if i + 2 < size:
            total += band[2, i] * (u[i + 2] - mean[i + 2])
        gradient[i, 0] = total
    return gradient


@compiled_fast
def _log_density(weight: Floats, step: float, prior: Floats) -> float:
    """Log density of ln s by s ~ Γ(ν/2, νc0²/2), one per unit of ln τ, over that of its mode."""
    c0, nu = prior[0], prior[1]
    total = 0.0
    for i in range(1, weight.size - 1):
        relative = weight[i] * c0 * c0
        total += 0.5 * nu * step * (np.log(relative) - relative + 1)
    return total
