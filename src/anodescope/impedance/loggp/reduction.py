"""The equations of γ alone: what the columns beside it describe is taken out, without loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast
from anodescope.impedance.loggp.dense import triangle_times

Floats = npt.NDArray[np.float64]

# A column that is this much smaller once the others are taken out says nothing new.
_ALIKE = 1e-12


@compiled_fast
def triangular(columns: Floats, left: Floats, data: Floats) -> Floats:
    """Return the triangle of [columns, left, data] by Householder's reflections.

    Shape (k, k) with k the number of columns of all three; rows of zeros follow where there are
    fewer data.
    """
    rows, beside, inner = data.size, columns.shape[1], left.shape[1]
    size = beside + inner + 1
    # One column in a row: sums then run along memory.
    work = np.zeros((size, max(rows, size)))
    for i in range(rows):
        for j in range(beside):
            work[j, i] = columns[i, j]
        for j in range(inner):
            work[beside + j, i] = left[i, j]
        work[size - 1, i] = data[i]
    for k in range(min(rows, size)):
        own = work[k, k:]
        square = 0.0
        for i in range(own.size):
            square += own[i] * own[i]
        if not square > 0:
            continue
        length = -np.sqrt(square) if own[0] > 0 else np.sqrt(square)
        own[0] -= length
        factor = -1 / (length * own[0])
        for j in range(k + 1, size):
            other = work[j, k:]
            share = 0.0
            for i in range(own.size):
                share += own[i] * other[i]
            share *= factor
            for i in range(own.size):
                other[i] -= share * own[i]
        for i in range(1, own.size):
            own[i] = 0.0
        own[0] = length
    return np.ascontiguousarray(work[:, :size].T)


@compiled_fast
def inverse(triangle: Floats) -> Floats:
    """Return the inverse of an upper triangle; where a column is alike others, it is left out."""
    size = triangle.shape[0]
    found = np.zeros((size, size))
    largest = 0.0
    for k in range(size):
        largest = max(largest, abs(triangle[k, k]))
    for j in range(size):
        for i in range(j, -1, -1):
            if abs(triangle[i, i]) <= _ALIKE * largest:
                continue
            total = 1.0 if i == j else 0.0
            for k in range(i + 1, j + 1):
                total -= triangle[i, k] * found[k, j]
            found[i, j] = total / triangle[i, i]
    return found


@final
@dataclass(frozen=True)
class Reduced:
    """The equations of γ alone, and those of the columns given γ.

    Attributes
    ----------
    matrix, data : A (r, T) and y (r,), orthogonal to the columns.
    rest : the sum of squares that no γ can describe.
    triangle, coupling, aim : upper triangular (p, p), (p, k) and (p,): the coefficients c obey
        triangle · c = aim − coupling · (right · γ).
    """

    matrix: Floats
    data: Floats
    rest: float
    triangle: Floats
    coupling: Floats
    aim: Floats

    @classmethod
    def of(cls, left: Floats, columns: Floats, data: Floats, right: Floats) -> Reduced:
        """Take columns and γ apart by one orthogonal factorisation.

        Parameters
        ----------
        left, right : kernel ≈ left @ right, (m, k) and (k, T).
        columns : (m, p); data : (m,).
        """
        upper: Floats = triangular(columns, left, data)
        beside, end = columns.shape[1], columns.shape[1] + left.shape[1]
        used = min(end, data.size)
        return cls(
            triangle_times(upper[beside:used, beside:end], right, False),
            upper[beside:used, -1].copy(),
            float(upper[end, end] ** 2) if data.size > end else 0.0,
            np.ascontiguousarray(upper[:beside, :beside]),
            np.ascontiguousarray(upper[:beside, beside:end]),
            upper[:beside, -1].copy(),
        )

    @cached_property
    def inverse(self) -> Floats:
        """Inverse of the triangle, shape (p, p)."""
        return np.asarray(inverse(self.triangle))
