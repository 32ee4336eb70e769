"""The most probable ln γ of one spectrum, its smoothness and its noise, found together; compiled.

    y = A exp(u) + noise,   noise ~ N(0, σ² I),   u ~ N(m, P⁻¹),
    P from the curvature weights s_k, themselves the mode of a Student-t prior (see `Prior`).

Each step linearises exp(u), solves in the space of the data (r equations instead of n: the identity
of Woodbury), moves no further than the objective falls, then renews σ² from the residual and its
effective degrees of freedom, and s from the curvature. All data are whitened and scaled to one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast
from anodescope.impedance.loggp.banded import backward, factor, precision
from anodescope.impedance.loggp.dense import (
    applied,
    cholesky,
    combined,
    gram,
    inverse_root,
)

Floats = npt.NDArray[np.float64]

# ln γ moves by no more than this in one step, and by this factor less where the objective rises.
LONGEST = 2.0
SHORTER = 0.4
TRIALS = 6
# σ² falls by no more than this factor in one step, so that the fit cannot lock on to a wrong shape.
COOLING = 0.1
# σ² counts as settled below this relative change.
SETTLED = 0.05
# exp of more than this would overflow against the data.
HIGHEST = 40.0
# Share of the largest variance of the data by γ that rounding leaves undetermined.
ROUNDING = 1e-14


@compiled_fast
def _square(vector: Floats) -> float:
    total = 0.0
    for j in range(vector.size):
        total += vector[j] * vector[j]
    return total


@compiled_fast
def _objective(u: Floats, mean: Floats, weight: Floats, step: float, pull: float) -> float:
    """(u − m)ᵀ P (u − m), without forming P."""
    total = 0.0
    for i in range(u.size):
        total += pull * step * (u[i] - mean[i]) ** 2
    scale = 1 / (step * step * step)
    for i in range(1, u.size - 1):
        total += weight[i] * scale * (u[i - 1] - 2 * u[i] + u[i + 1]) ** 2
    return total


@compiled_fast
def _renew(u: Floats, step: float, prior: Floats, weight: Floats) -> None:
    """Renew the curvature weights: (ν + 1)/(ν c0² + ⟨c²⟩), ⟨c²⟩ a triangular mean of u″²."""
    size = u.size
    c0, nu, reach = prior[0], prior[1], prior[2]
    half = int(reach / step + 0.5)
    square, shares = np.empty(size), np.empty(half + 1)
    for k in range(half + 1):
        shares[k] = 1 - k / (half + 1.0)
    scale = 1 / (step * step)
    for i in range(1, size - 1):
        square[i] = ((u[i - 1] - 2 * u[i] + u[i + 1]) * scale) ** 2
    square[0], square[size - 1] = square[1], square[size - 2]
    for i in range(size):
        total, share = square[i], 1.0
        for k in range(1, min(half, i) + 1):
            total += shares[k] * square[i - k]
            share += shares[k]
        for k in range(1, min(half, size - 1 - i) + 1):
            total += shares[k] * square[i + k]
            share += shares[k]
        weight[i] = (nu + 1) / (nu * c0 * c0 + total / share)


@compiled_fast
def linearised(across: Floats, gamma: Floats, lower: Floats, half: Floats) -> None:
    """Fill V = L⁻¹Jᵀ (n, r), J = A diag(γ); `half` must be finite on entry."""
    size, equations = across.shape
    for i in range(size):
        inverse = 1 / lower[0, i]
        first, second, here = lower[1, i], lower[2, i], gamma[i]
        one, two = max(i - 1, 0), max(i - 2, 0)
        for j in range(equations):
            half[i, j] = (
                across[i, j] * here - first * half[one, j] - second * half[two, j]
            ) * inverse


@compiled_fast
def covariance(half: Floats, sigma: float, inner: Floats) -> None:
    """Fill `inner` with VᵀV + σ² I, with no less than rounding on the diagonal."""
    gram(np.ascontiguousarray(half.T), inner)
    largest = 0.0
    for j in range(inner.shape[0]):
        largest = max(largest, inner[j, j])
    for j in range(inner.shape[0]):
        inner[j, j] += max(sigma, ROUNDING * largest)


@compiled_fast
def _target(
    across: Floats,
    gamma: Floats,
    residual: Floats,
    u: Floats,
    mean: Floats,
    lower: Floats,
    half: Floats,
    root: Floats,
) -> Floats:
    """Where the linearised problem has its minimum: m + P⁻¹Jᵀ S⁻¹ (y − A γ + J (u − m))."""
    size = u.size
    away = np.empty(size)
    for i in range(size):
        away[i] = gamma[i] * (u[i] - mean[i])
    right, turned = np.empty(residual.size), np.empty(residual.size)
    combined(away, across, right)
    for j in range(right.size):
        right[j] += residual[j]
    applied(root, right, turned)
    combined(turned, root, right)
    found = np.empty((size, 1))
    applied(half, right, found[:, 0])
    backward(lower, found)
    target: Floats = mean + found[:, 0]
    return target


@compiled_fast
def _advance(
    across: Floats,
    data: Floats,
    sigma: float,
    step: float,
    pull: float,
    mean: Floats,
    weight: Floats,
    target: Floats,
    u: Floats,
    gamma: Floats,
    residual: Floats,
) -> float:
    """Move u, γ and the residual towards the target as far as the objective falls.

    Returns
    -------
    the largest change of γ relative to its maximum; where no step lowers the objective, all stays,
    and −1 is returned: that is no sign of having arrived.
    """
    longest = 0.0
    for i in range(u.size):
        longest = max(longest, abs(target[i] - u[i]))
    part = min(1.0, LONGEST / longest) if longest > 0 else 1.0
    before = _square(residual) / sigma + _objective(u, mean, weight, step, pull)
    trial, raised, left = np.empty(u.size), np.empty(u.size), np.empty(residual.size)
    for _ in range(TRIALS):
        for i in range(u.size):
            trial[i] = min(u[i] + part * (target[i] - u[i]), HIGHEST)
            raised[i] = np.exp(trial[i])
        combined(raised, across, left)
        for j in range(left.size):
            left[j] = data[j] - left[j]
        after = _square(left) / sigma + _objective(trial, mean, weight, step, pull)
        if after <= before * (1 + 1e-9):
            top = trial.max()
            change = 0.0
            for i in range(u.size):
                share = np.exp(min(max(trial[i], u[i]) - top, 0.0))
                change = max(change, abs(trial[i] - u[i]) * share)
                u[i], gamma[i] = trial[i], raised[i]
            for j in range(left.size):
                residual[j] = left[j]
            return change
        part *= SHORTER
    return -1.0


@compiled_fast
def descend(
    matrix: Floats,
    data: Floats,
    rest: float,
    freedom: float,
    step: float,
    prior: Floats,
    mean: Floats,
    start: Floats,
    weight: Floats,
    noise: float,
    known: float,
    limits: Floats,
) -> tuple[Floats, Floats, float, float, int, bool]:
    """Find u, s and σ².

    Parameters
    ----------
    matrix, data : A (r, n) and y (r,), whitened, orthogonal to what γ does not describe.
    rest, freedom : the sum of squares that no γ can describe, and its degrees of freedom.
    step : lattice step in ln τ.
    prior : c0, ν, reach, pull.
    mean : m, shape (n,).
    start, weight : u and s to start from, shape (n,); neither is changed.
    noise : σ² to start at; 0: from the residual.
    known : σ² when it is known; 0: estimate it.
    limits : most steps, tolerance of γ relative to its maximum, least σ², and 1 to renew the
        weights or 0 to keep them.

    Returns
    -------
    u, s, σ², the effective number of parameters, the number of steps, and whether all settled. What
    is not finite ends the descent, unsettled.
    """
    equations, size = matrix.shape
    across = np.ascontiguousarray(matrix.T)
    band, lower = np.empty((3, size)), np.empty((3, size))
    half, root = np.zeros((size, equations)), np.zeros((equations, equations))
    inner = np.empty((equations, equations))
    u, weight = np.minimum(start, HIGHEST), weight.copy()
    gamma = np.exp(u)
    residual = np.empty(equations)
    combined(gamma, across, residual)
    for j in range(equations):
        residual[j] = data[j] - residual[j]
    first = _square(residual) / max(equations, 1)
    sigma = max(noise, first * COOLING) if noise > 0 else first
    sigma = max(sigma, known, limits[2])
    used, steps, settled = 0.0, 0, False
    if not first < np.inf:
        return u, weight, np.nan, used, steps, settled
    while steps < limits[0] and not settled:
        steps += 1
        precision(weight, step, prior[3], band)
        factor(band, lower)
        linearised(across, gamma, lower, half)
        covariance(half, sigma, inner)
        if not cholesky(inner):
            break
        used = equations - sigma * inverse_root(inner, root)
        target = _target(across, gamma, residual, u, mean, lower, half, root)
        change = _advance(
            across,
            data,
            sigma,
            step,
            prior[3],
            mean,
            weight,
            target,
            u,
            gamma,
            residual,
        )
        wanted = known
        if known <= 0:
            wanted = (_square(residual) + rest) / max(equations + freedom - used, 1.0)
            wanted = max(wanted, limits[2])
        quiet = abs(wanted / sigma - 1) <= SETTLED
        sigma = max(wanted, sigma * COOLING)
        if limits[3] > 0:
            _renew(u, step, prior, weight)
        settled = quiet and 0 <= change < limits[1] and steps > 3
    return u, weight, sigma, used, steps, settled
