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
from anodescope.impedance.loggp.descent import covariance, linearised

Floats = npt.NDArray[np.float64]


@compiled_fast
def posterior(
    matrix: Floats,
    data: Floats,
    step: float,
    prior: Floats,
    mean: Floats,
    split: int,
    u: Floats,
    weight: Floats,
    sigma: float,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Describe the Gaussian about the most probable u.

    Parameters
    ----------
    matrix … sigma : as in `descend`.

    Returns
    -------
    the standard deviation of u (n,); that of du/d ln τ (n,); how much the prior moved u,
    ΣP(u − m) (n,); L of P = LLᵀ (3, n) and K (r, n), with Σ = P⁻¹ − KᵀK; and four numbers: half the
    log determinants of posterior and of nominal prior precision, the log prior density of u without
    its constant, and the Newton decrement gᵀΣg: twice what a further step would still gain.
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
        return nothing, nothing, nothing, lower, unknown, np.full(4, np.nan)
    inverse_root(inner, root)
    backward(lower, half)
    known = triangle_times(root, np.ascontiguousarray(half.T), True)
    spread, slope = _spreads(lower, known, step)
    away = u - mean
    seen, turned, pulled = np.empty(equations), np.empty(equations), np.empty(size)
    combined(gamma * away, across, seen)
    applied(root, seen, turned)
    combined(turned, known, pulled)
    pulled[:] = away - pulled
    gradient = _gradient(across, data, gamma, u, mean, band, sigma)
    numbers = np.empty(4)
    numbers[0] = 0.0
    for i in range(size):
        numbers[0] += np.log(lower[0, i])
    for j in range(equations):
        numbers[0] += np.log(inner[j, j]) - 0.5 * np.log(sigma)
    numbers[1] = _nominal(size, step, prior, split)
    numbers[2] = _log_prior(u, mean, step, prior, split)
    applied(known, gradient[:, 0], turned)
    newton = gradient.copy()
    solve(lower, newton)
    gain = 0.0
    for i in range(size):
        gain += gradient[i, 0] * newton[i, 0]
    for j in range(equations):
        gain -= turned[j] * turned[j]
    numbers[3] = max(gain, 0.0)
    return spread, slope, pulled, lower, known, numbers


@compiled_fast
def _spreads(lower: Floats, known: Floats, step: float) -> tuple[Floats, Floats]:
    """Standard deviations of u and of du/d ln τ."""
    equations, size = known.shape
    inverse = np.zeros((3, size))
    selected_inverse(lower, inverse)
    spread, slope = inverse[0].copy(), np.empty(size)
    for i in range(size):
        low, high = max(i - 1, 0), min(i + 1, size - 1)
        cross = inverse[2, low] if high - low == 2 else inverse[1, low]
        slope[i] = inverse[0, low] + inverse[0, high] - 2 * cross
    for j in range(equations):
        for i in range(size):
            spread[i] -= known[j, i] * known[j, i]
        for i in range(1, size - 1):
            slope[i] -= (known[j, i + 1] - known[j, i - 1]) ** 2
        slope[0] -= (known[j, 1] - known[j, 0]) ** 2
        slope[size - 1] -= (known[j, size - 1] - known[j, size - 2]) ** 2
    for i in range(size):
        spread[i] = np.sqrt(max(spread[i], 0.0))
        width = 2.0 if 0 < i < size - 1 else 1.0
        slope[i] = np.sqrt(max(slope[i], 0.0)) / (width * step)
    return spread, slope


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
def _log_prior(u: Floats, mean: Floats, step: float, prior: Floats, split: int) -> float:
    """Log of the prior density of u, but for its constant."""
    c0, nu, pull = prior[0], prior[1], prior[3]
    total = 0.0
    for i in range(u.size):
        total -= 0.5 * pull * step * (u[i] - mean[i]) ** 2
    for i in range(1, u.size - 1):
        if split < u.size and (i == split or i == split - 1):
            continue
        curvature = (u[i - 1] - 2 * u[i] + u[i + 1]) / (step * step)
        total -= 0.5 * (nu + 1) * step * np.log1p(curvature * curvature / (nu * c0 * c0))
    return total


@compiled_fast
def _nominal(size: int, step: float, prior: Floats, split: int) -> float:
    """Half the log determinant of the prior's precision where γ is straight."""
    weight = np.full(size, (prior[1] + 1) / (prior[1] * prior[0] * prior[0]))
    if split < size:
        weight[split - 1], weight[split] = 0.0, 0.0
    band, lower = np.empty((3, size)), np.empty((3, size))
    precision(weight, step, prior[3], band)
    factor(band, lower)
    total = 0.0
    for i in range(size):
        total += np.log(lower[0, i])
    return total
