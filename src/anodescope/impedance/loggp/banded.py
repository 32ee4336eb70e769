"""Pentadiagonal algebra of the smoothness prior, compiled.

The prior's precision couples each lattice point to its two neighbours on either side, so one
factorisation costs a few operations per point, and the variances that a band needs follow from the
factor without forming the inverse (Takahashi, Fagan & Chen 1973; Rue & Martino 2007,
doi:10.1016/j.jspi.2006.07.016).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast

Floats = npt.NDArray[np.float64]

# A pivot that rounding would make zero or negative.
_LEAST = 1e-300


@compiled_fast
def precision(weight: Floats, step: float, pull: float, band: Floats) -> None:
    """Fill the diagonal and the two subdiagonals of P, rows 0, 1 and 2 of `band`.

    uᵀPu = Σ_k weight_k (u_{k−1} − 2u_k + u_{k+1})²/step³ + pull · step · Σ_k u_k²

    A weight of zero cuts the chain there.
    """
    size = weight.size
    for i in range(size):
        band[0, i] = pull * step
        band[1, i] = 0.0
        band[2, i] = 0.0
    scale = 1 / (step * step * step)
    for k in range(1, size - 1):
        a = weight[k] * scale
        band[0, k - 1] += a
        band[0, k] += 4 * a
        band[0, k + 1] += a
        band[1, k - 1] -= 2 * a
        band[1, k] -= 2 * a
        band[2, k - 1] += a


@compiled_fast
def factor(band: Floats, lower: Floats) -> None:
    """Factor P = LLᵀ; rows 0, 1 and 2 of `lower` hold L's diagonal and what stands left of it."""
    for i in range(band.shape[1]):
        pivot = band[0, i]
        second = band[2, i - 2] / lower[0, i - 2] if i > 1 else 0.0
        first = 0.0
        if i > 0:
            first = band[1, i - 1]
            if i > 1:
                first -= second * lower[1, i - 1]
            first /= lower[0, i - 1]
        pivot -= first * first + second * second
        lower[0, i] = np.sqrt(max(pivot, _LEAST))
        lower[1, i] = first
        lower[2, i] = second


@compiled_fast
def backward(lower: Floats, right: Floats) -> None:
    """Replace `right` (size, columns) by L⁻ᵀ · right."""
    size, columns = right.shape
    for i in range(size - 1, -1, -1):
        inverse = 1 / lower[0, i]
        one, two = min(i + 1, size - 1), min(i + 2, size - 1)
        first = lower[1, one] if i + 1 < size else 0.0
        second = lower[2, two] if i + 2 < size else 0.0
        for j in range(columns):
            right[i, j] = (right[i, j] - first * right[one, j] - second * right[two, j]) * inverse


@compiled_fast
def solve(lower: Floats, right: Floats) -> None:
    """Replace `right` (size, columns) by P⁻¹ · right."""
    size, columns = right.shape
    for i in range(size):
        inverse = 1 / lower[0, i]
        first = lower[1, i] if i > 0 else 0.0
        second = lower[2, i] if i > 1 else 0.0
        one, two = max(i - 1, 0), max(i - 2, 0)
        for j in range(columns):
            right[i, j] = (right[i, j] - first * right[one, j] - second * right[two, j]) * inverse
    backward(lower, right)


@compiled_fast
def selected_inverse(lower: Floats, inverse: Floats) -> None:
    """Fill the diagonal and two superdiagonals of P⁻¹, rows 0, 1 and 2 of `inverse`."""
    size = lower.shape[1]
    for i in range(size - 1, -1, -1):
        first = lower[1, i + 1] / lower[0, i] if i + 1 < size else 0.0
        second = lower[2, i + 2] / lower[0, i] if i + 2 < size else 0.0
        near = inverse[0, i + 1] if i + 1 < size else 0.0
        cross = inverse[1, i + 1] if i + 2 < size else 0.0
        far = inverse[0, i + 2] if i + 2 < size else 0.0
        inverse[1, i] = -(first * near + second * cross)
        inverse[2, i] = -(first * cross + second * far)
        inverse[0, i] = 1 / (lower[0, i] * lower[0, i]) - first * inverse[1, i]
        inverse[0, i] -= second * inverse[2, i]
