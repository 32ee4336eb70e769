"""How the noise of one spectrum is distributed over its points, by what a fit leaves.

Even noise is what a fit assumes first. Two tests hold the residual against it, both at a stated
rate of false alarms, as new weights that follow chance make γ worse and cost a second fit: whether
the mean square of some window of neighbours differs from that of all others (Fisher's F), and
whether a single value is larger than the largest of so many may be.
"""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled_fast
from anodescope.impedance.loggp.problem import Solution
from anodescope.impedance.loggp.whitening import median
from anodescope.impedance.loggp.whitening import without_dips as without_dips

Floats = npt.NDArray[np.float64]

# Half-width (points) of the running rms of the residual.
NEAR = 5
# Share of spectra with even noise for which either test may call for new weights, at most.
ALARM = 0.025
# The running rms stays within these multiples of that of all.
LEAST_LOCAL, MOST_LOCAL = 0.25, 4.0
# Values beyond this many local σ lose weight, as if their σ were their size over it.
OUTLIER = 3.5
# Values count as no more than this many robust σ in means of squares.
CUT = 3.0
# Robust σ over the median of sizes, of normal noise.
_ROBUST = 1.4826


def uneven_noise(solution: Solution) -> Floats | None:
    """Return the noise over |Z| by the residual's running rms and its outliers, shape (2F,).

    None where it is even, as far as the data can tell. Its mean square is 1 but for outliers.
    """
    problem, columns = solution.problem, solution.problem.columns(solution.terms)
    found: Floats = relative_noise(
        problem.left,
        problem.right,
        solution.positive,
        columns,
        solution.coefficients,
        problem.data,
        solution.used + columns.shape[1],
    )
    return found if found.size else None


@compiled_fast
def relative_noise(
    left: Floats,
    right: Floats,
    gamma: Floats,
    columns: Floats,
    coefficients: Floats,
    data: Floats,
    used: float,
) -> Floats:
    """Return what `uneven_noise` does, but nothing, shape (0,), where the noise is even.

    Parameters
    ----------
    left, right, gamma, columns, coefficients, data : the fit and what it is of; the real parts of
        all points stand before the imaginary ones.
    used : effective number of parameters.
    """
    size = _residual(left, right, gamma, columns, coefficients, data)
    points = size.size // 2
    middle = _ROBUST * median(size)
    if not middle > 0 or points < 2 * NEAR:
        return np.empty(0)
    square, total = np.empty(points), 0.0
    for i in range(points):
        one, two = min(size[i], CUT * middle), min(size[points + i], CUT * middle)
        square[i] = one * one + two * two
        total += square[i]
    if not total < np.inf:
        return np.empty(0)
    whole = sqrt(total / size.size)
    share = max(1 - used / size.size, 1 / size.size)
    uneven = size.size > used and window_chance(square, share) < ALARM
    if not uneven and outlier_chance(size, whole / sqrt(share)) >= ALARM:
        return np.empty(0)
    relative = np.empty(size.size)
    for i in range(points):
        local = whole
        if uneven:
            first, last = max(i - NEAR, 0), min(i + NEAR + 1, points)
            local = sqrt(_sum(square, first, last) / (2 * (last - first)))
            local = min(max(local, LEAST_LOCAL * whole), MOST_LOCAL * whole)
        for k in (i, points + i):
            relative[k] = local / whole * max(size[k] / local / OUTLIER, 1.0)
    return relative


@compiled_fast
def _residual(
    left: Floats,
    right: Floats,
    gamma: Floats,
    columns: Floats,
    coefficients: Floats,
    data: Floats,
) -> Floats:
    """|data − left · right · γ − columns · coefficients|."""
    inner = np.empty(right.shape[0])
    for k in range(inner.size):
        row, total = right[k], 0.0
        for i in range(gamma.size):
            total += row[i] * gamma[i]
        inner[k] = total
    size = np.empty(data.size)
    for i in range(data.size):
        total = 0.0
        for k in range(inner.size):
            total += left[i, k] * inner[k]
        for k in range(coefficients.size):
            total += columns[i, k] * coefficients[k]
        size[i] = abs(data[i] - total)
    return size


@compiled_fast
def window_chance(square: Floats, share: float) -> float:
    """Return how likely even noise has a window that stands out as far, at most.

    Windows of 2 · NEAR + 1 points, each beginning in the middle of the one before it, are held
    against all other points. Their ratio of mean squares is an F, of which the cube root is close
    to normal (Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684; Paulson 1942,
    doi:10.1214/aoms/1177731608). The chances of all windows and both sides are added (Bonferroni).

    Parameters
    ----------
    square : sum of squares of both parts of each point, shape (F,).
    share : degrees of freedom that a fit leaves, of all.
    """
    points, width = square.size, 2 * NEAR + 1
    if points < width + NEAR:
        return 1.0
    total, count, least = 0.0, 0, 1.0
    for i in range(points):
        total += square[i]
    a, b = 2 * width * share, 2 * (points - width) * share
    one, two = 2 / (9 * a), 2 / (9 * b)
    first = 0
    while True:
        inside = _sum(square, first, first + width)
        ratio = (inside / a / max((total - inside) / b, 1e-300)) ** (1 / 3)
        z = ((1 - two) * ratio - (1 - one)) / sqrt(two * ratio * ratio + one)
        least = min(least, erfc(abs(z) / sqrt(2.0)))
        count += 1
        if first + width >= points:
            break
        first = min(first + NEAR, points - width)
    return min(count * least, 1.0)


@compiled_fast
def outlier_chance(size: Floats, sigma: float) -> float:
    """Return how likely the largest of so many normal values is as large, at most (Bonferroni).

    Parameters
    ----------
    size : absolute values; sigma : their σ.
    """
    largest = 0.0
    for i in range(size.size):
        largest = max(largest, size[i])
    return min(size.size * erfc(largest / (sigma * sqrt(2.0))), 1.0)


@compiled_fast
def _sum(values: Floats, first: int, last: int) -> float:
    # NumPy's own would be compiled as well, which takes longer.
    total = 0.0
    for i in range(first, last):
        total += values[i]
    return total
