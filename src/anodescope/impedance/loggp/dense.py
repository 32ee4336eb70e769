"""Small dense algebra, compiled, without BLAS.

Matrices here have some forty rows. A BLAS with threads of its own would wake them for each product,
which costs more than the product, fights with the workers, and makes the bits of a result depend
on the number of threads.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast

Floats = npt.NDArray[np.float64]


@compiled_fast
def combined(weights: Floats, rows: Floats, out: Floats) -> None:
    """Fill `out` (k,) with Σ_i weights[i] · rows[i], rows being (n, k)."""
    for j in range(out.size):
        out[j] = 0.0
    for i in range(rows.shape[0]):
        weight, row = weights[i], rows[i]
        for j in range(row.size):
            out[j] += weight * row[j]


@compiled_fast
def applied(rows: Floats, vector: Floats, out: Floats) -> None:
    """Fill `out` (n,) with rows · vector, rows being (n, k)."""
    for i in range(rows.shape[0]):
        row = rows[i]
        total = 0.0
        for j in range(row.size):
            total += row[j] * vector[j]
        out[i] = total


@compiled_fast
def triangle_times(triangle: Floats, rows: Floats, lower: bool) -> Floats:
    """Return triangle (r, k) · rows (k, n), of which only one half is not zero."""
    found = np.zeros((triangle.shape[0], rows.shape[1]))
    for j in range(triangle.shape[0]):
        out = found[j]
        first = 0 if lower else j
        last = j + 1 if lower else triangle.shape[1]
        for k in range(first, last):
            share, row = triangle[j, k], rows[k]
            for i in range(row.size):
                out[i] += share * row[i]
    return found


@compiled_fast
def gram(rows: Floats, out: Floats) -> None:
    """Fill `out` (r, r) with rows · rowsᵀ, rows being (r, n); four products at a time."""
    count = rows.shape[0]
    for j in range(0, count, 2):
        one, two = rows[j], rows[min(j + 1, count - 1)]
        for k in range(j, count, 2):
            three, four = rows[k], rows[min(k + 1, count - 1)]
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for i in range(one.size):
                a += one[i] * three[i]
                b += one[i] * four[i]
                c += two[i] * three[i]
                d += two[i] * four[i]
            _place(out, j, k, a)
            if k + 1 < count:
                _place(out, j, k + 1, b)
            if j + 1 < count:
                _place(out, j + 1, k, c)
            if j + 1 < count and k + 1 < count:
                _place(out, j + 1, k + 1, d)


@compiled_fast
def _place(out: Floats, j: int, k: int, value: float) -> None:
    out[j, k] = value
    out[k, j] = value


@compiled_fast
def cholesky(matrix: Floats) -> bool:
    """Replace the upper triangle by U, matrix = UᵀU; False where it is not positive definite."""
    for k in range(matrix.shape[0]):
        own = matrix[k, k:]
        if not (own[0] > 0 and own[0] < np.inf):
            return False
        inverse = 1 / np.sqrt(own[0])
        for j in range(own.size):
            own[j] *= inverse
        for i in range(1, own.size):
            share, other = own[i], matrix[k + i, k:]
            for j in range(i, own.size):
                other[j] -= share * own[j]
    return True


@compiled_fast
def inverse_root(upper: Floats, inverse: Floats) -> float:
    """Fill the lower triangle of `inverse` with U⁻ᵀ and return its sum of squares, tr (UᵀU)⁻¹."""
    trace = 0.0
    for i in range(upper.shape[0]):
        own = inverse[i, : i + 1]
        for j in range(i):
            own[j] = 0.0
        own[i] = 1.0
        for k in range(i):
            share, other = upper[k, i], inverse[k, : k + 1]
            for j in range(other.size):
                own[j] -= share * other[j]
        part = 1 / upper[i, i]
        for j in range(own.size):
            own[j] *= part
            trace += own[j] * own[j]
    return trace
