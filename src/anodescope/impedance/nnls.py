"""Non-negative least squares for many right-hand sides that share one matrix.

min ‖Bx − y‖² with x ≥ 0. The matrix is scaled to columns of length one and reduced once to its
triangular factor R; each right-hand side then runs block principal pivoting (Portugal, Júdice and
Vicente 1994, doi:10.1090/S0025-5718-1994-1250776-4), started from its neighbour's active set.

The normal matrix RᵀR only proposes steps: residuals and gradients always come from R itself, and
each step is refined with them (corrected semi-normal equations, Björck 1987,
doi:10.1016/0024-3795(87)90101-7). What the square of the condition number spoils is thus seen and
repaired; what cannot be repaired is seen by the optimality check and solved afresh by SciPy's
Lawson–Hanson solver on the stacked matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled
from anodescope.errors import Outcome

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MAX_STEPS = 200
# The gradient (columns and data of length one) may miss zero by this fraction of the residual …
_RELATIVE = 1e-10
# … plus this fraction of the numbers that cancel in it: a few roundings.
_ROUNDING = 1e-15
# Pivots of a matrix with unit diagonal below this are noise.
_PIVOT = 1e-14
_REFINEMENTS = 3
# Full exchanges allowed without progress before Murty's one-by-one rule takes over.
_PATIENCE = 3


@final
@dataclass(frozen=True, slots=True)
class SharedMatrix:
    """A stacked matrix made ready for many right-hand sides.

    Attributes
    ----------
    stacked : B with columns of length one, shape (M, N).
    scale : the columns' lengths, shape (N,); a zero column keeps 1.
    upper : R of B = QR, shape (N, N).
    project : Q's rows that meet data, shape (D, N): the lower rows of y are zero.
    """

    stacked: Floats
    scale: Floats
    upper: Floats
    project: Floats

    @classmethod
    def of(cls, data: Floats, penalty: Floats) -> SharedMatrix:
        """Stack the data's rows (D, N) on the penalty's rows (K, N) and reduce them once."""
        stacked = np.concatenate([data, penalty])
        length = np.sqrt((stacked**2).sum(axis=0))
        scale = np.where(length > 0, length, 1.0)
        stacked = np.ascontiguousarray(stacked / scale)
        rows = max(0, stacked.shape[1] - stacked.shape[0])
        padded = np.concatenate([stacked, np.zeros((rows, stacked.shape[1]))])
        q, r = np.linalg.qr(padded)
        return cls(
            stacked, scale, np.ascontiguousarray(np.triu(r)), np.ascontiguousarray(q[: len(data)])
        )


@final
@dataclass(frozen=True, slots=True)
class Solutions:
    """Solutions of a batch.

    Attributes
    ----------
    x : shape (S, N), in the caller's scaling.
    objective : ‖Bx − y‖², shape (S,).
    outcome : converged, fallback or max_steps, one per row.
    steps : exchanges that each took, shape (S,).
    """

    x: Floats
    objective: Floats
    outcome: list[Outcome]
    steps: npt.NDArray[np.int64]


def solve(matrix: SharedMatrix, data: Floats) -> Solutions:
    """Solve min ‖Bx − [y; 0]‖², x ≥ 0, for each row y of `data`.

    Rows are solved in order, each from its predecessor's active set, so equal batches give equal
    bits. Each result passes an optimality check or comes from the safe solver.

    Parameters
    ----------
    matrix : the shared matrix.
    data : shape (S, D), finite.
    """
    lengths = np.sqrt((data**2).sum(axis=1))
    # A power of two, so that scaling the data up or down leaves the digits alone.
    unit = 2.0 ** np.ceil(np.log2(np.where(lengths > 0, lengths, 1.0)))
    scaled = np.ascontiguousarray(data / unit[:, None])
    upper = matrix.upper
    reduced = np.ascontiguousarray(scaled @ matrix.project)
    beyond = np.maximum(((scaled - reduced @ matrix.project.T) ** 2).sum(axis=1), 0.0)
    gram = np.ascontiguousarray(upper.T @ upper)
    x, steps = _solve_all(upper, np.ascontiguousarray(upper.T), gram, reduced, beyond, MAX_STEPS)
    outcome = [Outcome.converged] * len(data)
    good = optimal(matrix.stacked, x, scaled)
    for row in np.flatnonzero(~good):
        x[row], outcome[row] = _safe(matrix.stacked, scaled[row], x[row])
    residual = _residual(matrix.stacked, x, scaled)
    objective = (residual**2).sum(axis=1) * unit**2
    return Solutions(x * unit[:, None] / matrix.scale, objective, outcome, np.abs(steps))


def _residual(stacked: Floats, x: Floats, data: Floats) -> Floats:
    residual = -(x @ stacked.T)
    residual[:, : data.shape[1]] += data
    return np.asarray(residual)


def optimal(stacked: Floats, x: Floats, data: Floats) -> Bools:
    """Check the optimality conditions of each row, with the stacked matrix itself.

    x ≥ 0; the gradient is not negative anywhere and vanishes where x > 0; and the duality gap that
    these leave is below 1e-7 of the objective. Where rounding alone could hide a gap of 1e-6 of the
    objective, nothing is certain and the check fails.

    Parameters
    ----------
    stacked : columns of length one, shape (M, N).
    x : shape (S, N); data : shape (S, D), of length about one.
    """
    residual = _residual(stacked, x, data)
    gradient = -(residual @ stacked)
    square = (residual**2).sum(axis=1)
    mass = np.abs(x).sum(axis=1)
    noise = _ROUNDING * (1 + mass)
    allowed = 10 * (_RELATIVE * np.sqrt(square) + noise)
    lowest = np.minimum(gradient.min(axis=1), 0.0)
    slack = np.abs(np.where(x > 0, gradient, 0.0)).max(axis=1)
    hidden = 10 * noise * (1 + mass)
    gap = np.abs((x * gradient).sum(axis=1)) - lowest * mass
    return np.asarray(
        np.isfinite(x).all(axis=1)
        & (x >= 0).all(axis=1)
        & (lowest >= -allowed)
        & (slack <= allowed)
        & (gap <= 1e-7 * square + hidden)
        & (hidden <= 1e-6 * square)
    )


def _safe(stacked: Floats, data: Floats, last: Floats) -> tuple[Floats, Outcome]:
    """Lawson–Hanson on the stacked matrix; where even that gives up, the last iterate is kept."""
    from scipy.optimize import nnls

    target = np.zeros(len(stacked))
    target[: len(data)] = data
    try:
        x, _ = nnls(stacked, target, maxiter=30 * stacked.shape[1])
    except RuntimeError:
        return np.where(np.isfinite(last), np.maximum(last, 0.0), 0.0), Outcome.max_steps
    return np.asarray(x, dtype=np.float64), Outcome.fallback


@compiled
def _factor(gram, passive, count, factor):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Cholesky factor (upper) of the passive block; False when a pivot is lost.

    Every inner loop adds a multiple of one contiguous row to another: vector code without
    reordering any sum.
    """
    for i in range(count):
        row = gram[passive[i]]
        for j in range(i, count):
            factor[i, j] = row[passive[j]]
        for k in range(i):
            f = factor[k, i]
            for j in range(i, count):
                factor[i, j] -= f * factor[k, j]
        pivot = factor[i, i]
        if not pivot > _PIVOT:
            return False
        root = 1.0 / np.sqrt(pivot)
        for j in range(i, count):
            factor[i, j] *= root
    return True


@compiled
def _substitute(factor, count, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Solve FᵀF z = z in place."""
    for k in range(count):
        z[k] /= factor[k, k]
        f = z[k]
        for j in range(k + 1, count):
            z[j] -= f * factor[k, j]
    for k in range(count - 1, -1, -1):
        s = z[k]
        for j in range(k + 1, count):
            s -= factor[k, j] * z[j]
        z[k] = s / factor[k, k]


@compiled
def _gradient(upper, lower, x, y, residual, gradient):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Set residual = y − Rx and gradient = −Rᵀ residual; return the residual's square."""
    n = y.size
    for i in range(n):
        residual[i] = y[i]
        gradient[i] = 0.0
    for j in range(n):
        f = x[j]
        if f != 0.0:
            for i in range(j + 1):
                residual[i] -= f * lower[j, i]
    square = 0.0
    for i in range(n):
        f = residual[i]
        square += f * f
        for j in range(i, n):
            gradient[j] -= f * upper[i, j]
    return square


@compiled
def _solve_on(upper, lower, gram, y, beyond, active, x, work):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Least squares on the active columns, refined until the gradient vanishes there.

    Returns the gradient's limit; negative when the factorisation broke down.
    """
    factor, residual, gradient, z, passive, pull = work
    n = y.size
    count = 0
    for i in range(n):
        x[i] = 0.0
        if active[i]:
            passive[count] = i
            z[count] = pull[i]
            count += 1
    if not _factor(gram, passive, count, factor):
        return -1.0
    limit = 0.0
    for _ in range(_REFINEMENTS + 1):
        _substitute(factor, count, z)
        mass = 0.0
        for i in range(count):
            x[passive[i]] += z[i]
            mass += abs(x[passive[i]])
        square = _gradient(upper, lower, x, y, residual, gradient)
        limit = _RELATIVE * np.sqrt(square + beyond) + _ROUNDING * (1.0 + mass)
        worst = 0.0
        for i in range(count):
            worst = max(worst, abs(gradient[passive[i]]))
        if worst <= limit:
            break
        for i in range(count):
            z[i] = -gradient[passive[i]]
    return limit


@compiled
def _exchange(upper, lower, gram, y, beyond, active, x, work):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Block principal pivoting; returns the steps taken, negative when it does not get on.

    `active` holds True where x may be positive; it comes in as the start and leaves as the answer.
    """
    gradient = work[2]
    n = y.size
    best, patience = n + 1, _PATIENCE
    for step in range(1, MAX_STEPS + 1):
        limit = _solve_on(upper, lower, gram, y, beyond, active, x, work)
        if limit < 0.0:
            return -step
        wrong = 0
        for i in range(n):
            if (active[i] and x[i] < 0.0) or (not active[i] and gradient[i] < -limit):
                wrong += 1
                active[i] = not active[i]
        if wrong == 0:
            return step
        if wrong < best:
            best, patience = wrong, _PATIENCE
        else:
            patience -= 1
            if patience < 0:
                return -step
    return -MAX_STEPS


@compiled
def _descend(upper, lower, gram, y, beyond, active, x, start, work, max_steps):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Lawson–Hanson from the feasible point `start`: no step raises the objective.

    At each turn every local minimum of the gradient comes in at once, not the lowest alone.
    Returns the steps taken, negative when it gave up.
    """
    gradient, passive = work[2], work[4]
    n = y.size
    for i in range(n):
        active[i] = start[i] > 0.0
    newcomers = 0
    for step in range(1, max_steps + 1):
        limit = _solve_on(upper, lower, gram, y, beyond, active, x, work)
        if limit < 0.0:
            return -step
        alpha, block = 1.0, -1
        for i in range(n):
            if active[i] and x[i] <= 0.0:
                a = start[i] / (start[i] - x[i]) if start[i] > 0.0 else 0.0
                if a < alpha or block < 0:
                    alpha, block = a, i
        if block >= 0:
            # Walk to the first wall and drop what stands on it.
            dropped = 0
            for i in range(n):
                if active[i]:
                    start[i] += alpha * (x[i] - start[i])
                    if i == block or (x[i] <= 0.0 and start[i] <= 0.0):
                        start[i] = 0.0
                        active[i] = False
                        dropped += 1
            newcomers = n if alpha > 0.0 else newcomers - dropped
            if newcomers <= 0:
                # All left without a step: their gradient was rounding. Nothing is in reach.
                return -step
            continue
        newcomers = 0
        for i in range(n):
            start[i] = x[i]
            if not active[i] and gradient[i] < -limit:
                before = i > 0 and not active[i - 1] and gradient[i - 1] < gradient[i]
                after = i < n - 1 and not active[i + 1] and gradient[i + 1] <= gradient[i]
                if not (before or after):
                    newcomers += 1
                    passive[newcomers - 1] = i
        if newcomers == 0:
            return step
        for k in range(newcomers):
            active[passive[k]] = True
    return -max_steps


@compiled
def _solve_all(upper, lower, gram, reduced, beyond, max_steps):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Solve every row of `reduced`, each from its predecessor; negative steps mark failures."""
    count, n = reduced.shape
    x = np.zeros((count, n))
    steps = np.zeros(count, dtype=np.int64)
    pull = np.empty(n)
    passive = np.empty(n, dtype=np.int64)
    work = (np.empty((n, n)), np.empty(n), np.empty(n), np.empty(n), passive, pull)
    active = np.ones(n, dtype=np.bool_)
    start = np.zeros(n)
    exchange = True
    for row in range(count):
        y, far = reduced[row], beyond[row]
        _gradient(upper, lower, x[row], y, work[1], pull)
        for i in range(n):
            pull[i] = -pull[i]
        if exchange:
            steps[row] = _exchange(upper, lower, gram, y, far, active, x[row], work)
            exchange = steps[row] > 0
        if not exchange:
            steps[row] = _descend(
                upper, lower, gram, y, far, active, x[row], start, work, max_steps
            )
        if steps[row] > 0:
            start[:] = x[row]
        else:
            x[row] = start
    return x, steps
