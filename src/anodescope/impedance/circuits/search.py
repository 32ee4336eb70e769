"""How the lowest minimum of a series of spectra is searched: open values, neighbours.

Non-linear least squares finds the minimum next to its start. What is not known at the start is
drawn at random for one spectrum of the block, and the best of the fits lends its values to all;
then every spectrum tries the solution of a neighbour that fits better than its own, until no
neighbour helps. Where the residual still is not noise, the spectra that show it most start again
from drawn values. Random numbers have a fixed seed, and blocks depend on the number of spectra
alone, so results have the same bits for any number of workers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anodescope.impedance.circuits.fitting import Minimum, Problem, minimise
from anodescope.impedance.circuits.intervals import ALARM, neighbours_alike

Floats = npt.NDArray[np.float64]

# Starts that are drawn where something is unknown, and steps that each of them gets.
DRAWN = 60
_FIRST_STEPS = 40
# Element sizes are drawn down to this share of |Z|.
_SMALLEST = 0.02
# A neighbour's solution is tried when its misfit is lower by this share, at most so many rounds.
_LOWER = 0.02
_ROUNDS = 4
# Spectra of a block that start again, and starts drawn for each.
_AGAIN = 5
_REDRAWN = 16


def search(problem: Problem, start: Floats) -> Minimum:
    """Fit every spectrum of a block.

    Parameters
    ----------
    problem : what to fit.
    start : coordinates, NaN where unknown, shape (S, K).
    """
    found = minimise(problem, _completed(problem, start))
    _borrow_all(problem, found)
    if _again(problem, found):
        _borrow_all(problem, found)
    return found


def in_order(problem: Problem, found: Minimum, groups: Sequence[Sequence[int]]) -> Minimum:
    """Let elements that could stand for each other stand in the order of a coordinate.

    Parameters
    ----------
    groups : for each element, its columns, the one to be put in order first.
    """
    if len(groups) < 2:
        return found
    columns = np.array(groups)
    order = np.argsort(found.coordinates[:, columns[:, 0]], axis=1, kind="stable")
    coordinates = found.coordinates.copy()
    for own in columns.T:
        coordinates[:, own] = np.take_along_axis(found.coordinates[:, own], order, axis=1)
    return Minimum(coordinates, problem.evaluate(coordinates)[1], found.settled)


def _completed(problem: Problem, start: Floats) -> Floats:
    """Fill unknown coordinates with those of the best fit of the spectrum that knows most."""
    unknown = np.isnan(start)
    if not unknown.any():
        return start
    leader = int(unknown.sum(axis=1).argmin())
    count = DRAWN if unknown[leader].any() else 1
    same = problem.take(np.full(count, leader))
    drawn = np.where(unknown[leader], _drawn(problem, leader, count), start[leader])
    trials = minimise(same, drawn, _FIRST_STEPS)
    best = trials.coordinates[trials.state.cost.argmin()]
    filled = np.where(unknown, best, start)
    filled[leader] = best
    return filled


def _drawn(problem: Problem, row: int, count: int) -> Floats:
    """Draw coordinates: elements of random size about random frequencies of a spectrum."""
    generator = np.random.default_rng(0)
    kept = problem.weight[row] > 0
    size = float(np.abs(problem.impedance[row, kept]).max())
    first, last = np.sort(problem.points.ln_omega[row, kept])[[0, -1]]
    columns: list[Floats] = []
    for element in problem.circuit.elements:
        ohm = size * _SMALLEST ** generator.uniform(0, 1, count)
        omega = np.exp(generator.uniform(first, last, count))
        columns += element.typical(ohm, omega)
    pairs = zip(problem.circuit.parameters, columns, strict=True)
    return np.stack([parameter.coordinate(column) for parameter, column in pairs], axis=1)


def _borrow_all(problem: Problem, found: Minimum) -> None:
    for _ in range(_ROUNDS):
        if not _borrow(problem, found):
            return


def _again(problem: Problem, found: Minimum) -> bool:
    """Start again where residuals are most systematic; tell whether that found lower minima."""
    residual, _ = problem.evaluate(found.coordinates)
    _, alarm = neighbours_alike(residual, problem.weight > 0)
    worst = np.argsort(-alarm, kind="stable")[:_AGAIN]
    worst = worst[alarm[worst] > ALARM]
    helped = False
    for row in worst:
        same = problem.take(np.full(_REDRAWN, row))
        drawn = np.where(same.free, _drawn(problem, row, _REDRAWN), found.coordinates[row])
        trial = minimise(same, drawn, _FIRST_STEPS)
        best = int(trial.state.cost.argmin())
        if trial.state.cost[best] < (1 - _LOWER) * found.state.cost[row]:
            one = np.array([row])
            found.put(one, minimise(problem.take(one), trial.coordinates[[best]]), np.array([True]))
            helped = True
    return helped


def _borrow(problem: Problem, found: Minimum) -> bool:
    """Let spectra try the solution of their better neighbour; tell whether one took it."""
    count = len(found.settled)
    points = np.maximum((problem.weight > 0).sum(axis=1), 1)
    size = np.sum(np.abs(problem.impedance * problem.weight) ** 2, axis=1) / points
    misfit = found.state.cost / points / np.where(size > 0, size, 1.0)
    around = np.concatenate([[np.inf], misfit, [np.inf]])
    before, after = around[:-2], around[2:]
    lender = np.arange(count) + np.where(before <= after, -1, 1)
    rows = np.flatnonzero(np.minimum(before, after) < (1 - _LOWER) * misfit)
    if not rows.size:
        return False
    part = problem.take(rows)
    start = np.where(part.free, found.coordinates[lender[rows]], found.coordinates[rows])
    trial = minimise(part, start)
    better = trial.state.cost < (1 - 1e-6) * found.state.cost[rows]
    found.put(rows, trial, better)
    return bool(better.any())
