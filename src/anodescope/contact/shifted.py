"""One Lanczos run for every frequency: voids that block, and one film below all contacts.

The mean current meets the slab as if it were even, and that part is known. What is left of the
potential, V, drives the rest: the current density i on the contacts (P keeps their pixels) obeys
(P T P + d) i = κ V P1, with T of uneven currents and d = κ z the film written as a length. Only d
knows the frequency, and the right-hand side is the same for all. So the vectors of one real Lanczos
run serve every frequency: the resistance follows from the tridiagonal matrix as a continued
fraction that grows by one term a step, and the residual of each frequency is known as the run goes
on. Currents, where they are wanted, take a second run that adds the same vectors up, so that no
basis is ever held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact.slab import Slab
from anodescope.running import Run

Array = np.ndarray[Any, np.dtype[Any]]

# So many vectors are added up at once: enough for a fast product, few in memory.
_BLOCK = 16


@final
@dataclass(frozen=True, slots=True)
class Family:
    """What a run leaves of P T P: a tridiagonal matrix, and what each shift got from it.

    Attributes
    ----------
    diagonal, beside : (step,) of the tridiagonal matrix (cm).
    resistance : (shift,) of film and uneven current together, times κ (cm).
    missed : (shift,) what remains of the potential condition, rms, relative to what drives it.
    steps : (shift,) after so many steps it was small enough.
    converged : (shift,) whether it was.
    """

    diagonal: Array
    beside: Array
    resistance: Array
    missed: Array
    steps: Array
    converged: Array


def solve(
    slab: Slab, contact: Array, shifts: Array, *, tolerance: float, most: int, run: Run
) -> Family:
    """Run until every shift is settled.

    Parameters
    ----------
    contact : (y, x) bool, one pixel in contact at least.
    shifts : (shift,) film lengths d = κ z (cm), real part ≥ 0; not all zero in full contact.
    tolerance : of `missed`.
    most : steps at most.
    """
    filled = float(np.count_nonzero(contact)) / slab.pixels
    pivot = np.zeros_like(shifts)
    left = np.ones_like(shifts)  # residual, with its sign, relative to the right-hand side
    inverse = np.zeros_like(shifts)  # the first element of (tridiagonal + d)⁻¹
    steps = np.zeros(shifts.shape, dtype=np.int64)
    diagonal: list[float] = []
    beside: list[float] = []
    for step, (along, _, across) in enumerate(_vectors(slab, contact, most), start=1):
        _go_on(run, int(np.count_nonzero(steps)), len(shifts))
        pivot = along + shifts - (beside[-1] ** 2 / pivot if beside else 0.0)
        inverse = inverse + left**2 / pivot
        left = left * (across / pivot)
        diagonal.append(along)
        beside.append(across)
        settled = np.abs(left) <= tolerance
        steps[settled & (steps == 0)] = step
        if np.all(steps > 0):
            break
    run.progress("constriction", len(shifts), len(shifts))
    converged = steps > 0
    steps[~converged] = len(diagonal)
    return Family(
        np.asarray(diagonal),
        np.asarray(beside),
        1.0 / (filled * inverse),
        np.abs(left),
        steps,
        converged,
    )


def currents(slab: Slab, contact: Array, shifts: Array, family: Family) -> Array:
    """Return the current densities (shift, y, x) over κ V (1/cm), from a second run."""
    weights = _weights(family, shifts) * np.sqrt(np.count_nonzero(contact))
    total = np.zeros((len(shifts), int(np.count_nonzero(contact))), dtype=weights.dtype)
    block: list[Array] = []
    done = 0
    last = len(family.diagonal)
    for step, (_, vector, _) in enumerate(_vectors(slab, contact, last), start=1):
        block.append(vector[contact])
        if len(block) == _BLOCK or step == last:
            total += weights[:, done:step] @ np.asarray(block)
            done, block = step, []
        if step == last:
            break
    result = np.zeros((len(shifts), *slab.shape), dtype=weights.dtype)
    result[:, contact] = total
    return result


def _vectors(slab: Slab, contact: Array, most: int) -> Iterator[tuple[float, Array, float]]:
    """Lanczos vectors of P T P from the even current: (diagonal, vector, next off-diagonal)."""
    reach = slab.real_reach
    keep = contact.astype(float)
    vector = keep / np.sqrt(keep.sum())
    before = np.zeros_like(vector)
    across = 0.0
    for _ in range(most):
        image = slab.filtered(vector, reach)
        image *= keep
        image -= across * before
        along = float(np.vdot(vector, image))
        image -= along * vector
        across = float(np.linalg.norm(image))
        # What is left by rounding alone is no new direction.
        if across <= 16.0 * np.finfo(float).eps * abs(along):
            across = 0.0
        yield along, vector, across
        if across == 0.0:
            return
        before, vector = vector, image / across


def _weights(family: Family, shifts: Array) -> Array:
    """The share of each vector in each solution: (shift, step), of (tridiagonal + d) y = e1."""
    from scipy.linalg import solve_banded

    size = len(family.diagonal)
    bands = np.zeros((3, size), dtype=shifts.dtype)
    bands[0, 1:] = bands[2, :-1] = family.beside[:-1]
    first = np.zeros(size, dtype=shifts.dtype)
    first[0] = 1.0
    result = np.empty((len(shifts), size), dtype=shifts.dtype)
    for row, shift in enumerate(shifts):
        bands[1] = family.diagonal + shift
        result[row] = solve_banded((1, 1), bands, first)
    return result


def _go_on(run: Run, done: int, total: int) -> None:
    from anodescope.errors import Cancelled

    run.progress("constriction", done, total)
    if run.cancelled():
        raise Cancelled(f"constriction: stopped after {done} of {total} frequencies.")
