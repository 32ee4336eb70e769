"""Kernel of the linear Kramers–Kronig test: weighted least squares for a ladder of RC chains."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log10, pi
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

# The response of a chain with ratio e^h differs from a continuous one by about exp(−π²/h), here
# 4e-8: far below any noise. More elements only absorb what the test is to find: six per decade pass
# twice to three times as many drifts of 10 %. Three raised false alarms on sharp arcs.
PER_DECADE = 4
# Neighbouring rungs differ by this factor (and by one at least).
_RUNG = 1.12
# On an alarm, longer chains are tried in strides of so many rungs.
_STRIDE = 3
_LOST_COLUMN = 1e-13


@final
@dataclass(frozen=True, slots=True)
class Chains:
    """Designs of all chain lengths for one grid of frequencies.

    Attributes
    ----------
    lengths : numbers of RC elements, ascending, shape (K,).
    terms : further columns: R0, L and, when asked for, 1/C.
    columns : the designs one after the other; each has 2F rows (real parts, then imaginary ones)
        of `terms` + length columns.
    starts : where each begins, shape (K,).
    """

    lengths: Ints
    terms: int
    columns: Floats
    starts: Ints

    @classmethod
    def of(cls, frequency: Floats, capacitance: bool, *, longest: bool = False) -> Chains:
        """Build the designs for frequencies (Hz), shape (F,); `longest`: of that one alone."""
        omega = 2 * pi * frequency
        # Scaled to the middle of the window, so that columns are of one size.
        middle = float(np.exp(np.log(omega).mean()))
        extra = [np.ones(omega.size), 1j * omega / middle]
        if capacitance:
            extra.append(-1j * middle / omega)
        lengths = ladder(frequency, len(extra))[-1 if longest else 0 :]
        terms = np.asarray(extra, dtype=np.complex128).T
        parts = [_design(omega, terms, int(length)) for length in lengths]
        starts = np.cumsum([0, *(part.size for part in parts)])[:-1]
        columns = np.concatenate([part.ravel() for part in parts]) if parts else np.empty(0)
        return cls(lengths, len(extra), columns, starts.astype(np.int64))


def ladder(frequency: Floats, terms: int) -> Ints:
    """Return the chain lengths to try: from one per decade up to `PER_DECADE`.

    At least as many real numbers are left over as there are frequencies, so that there is always a
    residual to judge; too few frequencies give an empty ladder.
    """
    decades = log10(frequency.max() / frequency.min())
    last = min(ceil(PER_DECADE * decades), frequency.size - terms)
    rungs = [max(3, ceil(decades))]
    while rungs[-1] < last:
        rungs.append(min(last, max(rungs[-1] + 1, round(rungs[-1] * _RUNG))))
    return np.array([m for m in rungs if m <= last], dtype=np.int64)


def _design(omega: Floats, terms: Complexes, length: int) -> Floats:
    tau = np.geomspace(1 / omega.max(), 1 / omega.min(), length)
    chain = 1 / (1 + 1j * omega[:, None] * tau[None, :])
    both = np.concatenate([terms, chain], axis=1)
    return np.concatenate([both.real, both.imag])


@compiled
def _least_squares(table, rows, count, x):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Solve min ‖Ax − y‖ for table = [A | y] by Householder reflections, in place.

    Inner loops run along rows, so they are vector code with a fixed order of additions.
    """
    row_sum = np.empty(count + 1)
    for k in range(count):
        square = 0.0
        for i in range(k, rows):
            square += table[i, k] ** 2
        norm = np.sqrt(square)
        if norm == 0.0:
            continue
        pivot = table[k, k]
        alpha = -norm if pivot > 0 else norm
        head = pivot - alpha
        scale = 1.0 / (square - pivot * alpha)
        table[k, k] = head
        for j in range(k + 1, count + 1):
            row_sum[j] = 0.0
        for i in range(k, rows):
            f = table[i, k] * scale
            for j in range(k + 1, count + 1):
                row_sum[j] += f * table[i, j]
        for i in range(k, rows):
            f = table[i, k]
            for j in range(k + 1, count + 1):
                table[i, j] -= f * row_sum[j]
        table[k, k] = alpha
    largest = 0.0
    for k in range(count):
        largest = max(largest, abs(table[k, k]))
    for k in range(count - 1, -1, -1):
        s = table[k, count]
        for j in range(k + 1, count):
            s -= table[k, j] * x[j]
        x[k] = s / table[k, k] if abs(table[k, k]) > _LOST_COLUMN * largest else 0.0


@compiled
def whiteness(residual, points, half):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return (z, noise, rms) of residuals in order of frequency, real parts then imaginary ones.

    z is von Neumann's ratio of successive differences as a standard normal number: large and
    positive when neighbours resemble each other.
    """
    total, steps, z = 0.0, 0.0, 0.0
    for part in range(2):
        square, rise = 0.0, 0.0
        for i in range(points):
            e = residual[part * half + i]
            square += e * e
            if i > 0:
                rise += (e - residual[part * half + i - 1]) ** 2
        if square > 0.0:
            ratio = rise / square * points / (points - 1)
            z += (1.0 - ratio / 2.0) * np.sqrt((points**2 - 1.0) / (points - 2.0))
        total += square
        steps += rise
    return z / np.sqrt(2.0), np.sqrt(steps / (4.0 * (points - 1))), np.sqrt(total / (2.0 * points))


@compiled
def _fit(k, lengths, terms, columns, starts, data, weights, x, residual):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fit one spectrum with chain k; fill the weighted residual and return μ."""
    rows, width = data.size, terms + lengths[k]
    design = columns[starts[k] : starts[k] + rows * width].reshape((rows, width))
    table = np.empty((rows, width + 1))
    for i in range(rows):
        for j in range(width):
            table[i, j] = weights[i] * design[i, j]
        table[i, width] = weights[i] * data[i]
    _least_squares(table, rows, width, x)
    for i in range(rows):
        e = data[i]
        for j in range(width):
            e -= design[i, j] * x[j]
        residual[i] = e * weights[i]
    negative, positive = 0.0, 0.0
    for j in range(terms, width):
        if x[j] < 0.0:
            negative -= x[j]
        else:
            positive += x[j]
    return 1.0 - negative / positive if positive > 0.0 else -np.inf


@compiled
def judge_all(lengths, terms, columns, starts, data, weights, cut, alarm):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Fit every spectrum: the first chain with μ ≤ cut, or longer ones while residuals are smooth.

    Parameters: `data` (S, 2F), `weights` (S, 2F), `cut` for μ, `alarm` for z.
    Returns residuals (S, 2F) weighted, the rung (S,), μ (S,), z (S,), noise (S,), rms (S,).
    """
    count, rows = data.shape
    half = rows // 2
    residuals = np.empty((count, rows))
    rung = np.zeros(count, dtype=np.int64)
    mu, z = np.empty(count), np.empty(count)
    noise, rms = np.empty(count), np.empty(count)
    last = lengths.size - 1
    x = np.empty(terms + lengths[-1])
    for s in range(count):
        k = 0
        mu[s] = _fit(k, lengths, terms, columns, starts, data[s], weights[s], x, residuals[s])
        while mu[s] > cut and k < last:
            k += 1
            mu[s] = _fit(k, lengths, terms, columns, starts, data[s], weights[s], x, residuals[s])
        z[s], noise[s], rms[s] = whiteness(residuals[s], half, half)
        while z[s] > alarm and k < last:
            # Strides first; where one ends on a chain that passes, the shortest such is looked for.
            failed, k = k, min(k + _STRIDE, last)
            mu[s] = _fit(k, lengths, terms, columns, starts, data[s], weights[s], x, residuals[s])
            z[s], noise[s], rms[s] = whiteness(residuals[s], half, half)
            if z[s] <= alarm:
                z[s], k = alarm + 1.0, failed
                while z[s] > alarm:
                    k += 1
                    mu[s] = _fit(
                        k, lengths, terms, columns, starts, data[s], weights[s], x, residuals[s]
                    )
                    z[s], noise[s], rms[s] = whiteness(residuals[s], half, half)
        rung[s] = k
    return residuals, rung, mu, z, noise, rms
