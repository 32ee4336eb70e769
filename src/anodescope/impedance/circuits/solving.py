"""A block of spectra of one circuit: from starts to values, intervals and outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome
from anodescope.impedance.circuits.composition import Circuit, Points
from anodescope.impedance.circuits.derived import derive
from anodescope.impedance.circuits.fitting import Problem
from anodescope.impedance.circuits.intervals import profile, uncertainty
from anodescope.impedance.circuits.parameters import Positive
from anodescope.impedance.circuits.search import in_order, search
from anodescope.impedance.circuits.starting import Starts
from anodescope.impedance.sweeps import Sweeps, blocks

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

BLOCK = 50
# What is below this share of its largest possible value is zero.
_NOTHING = 1e-9


@final
@dataclass(frozen=True, slots=True)
class Task:
    """One block of spectra; points stand in descending frequency, those left out at the end.

    Attributes
    ----------
    rows : where the spectra stand in the series.
    problem, start : what to fit, and coordinates to start from (NaN: unknown).
    alike : columns τ, R, n of each ZARC that may change places with another.
    profiled : intervals by the profile likelihood.
    """

    rows: Ints
    problem: Problem
    start: Floats
    alike: list[list[int]]
    profiled: bool


@final
@dataclass(frozen=True, slots=True)
class Found:
    """Values with their intervals, shape (N, K), and how each fit ended."""

    value: Floats
    low: Floats
    high: Floats
    derived: tuple[Floats, Floats, Floats]
    outcome: list[Outcome]


def tasks_of(
    sweeps: Sweeps,
    weight: Floats,
    begin: Starts,
    free: Bools,
    limits: tuple[Floats, Floats],
    alike: list[list[int]],
    profiled: bool,
) -> list[Task]:
    """Cut the usable spectra into blocks.

    Parameters
    ----------
    weight : (1/Ω), 0 where a point is left out, shape (S, P).
    begin : where the spectra start.
    free : parameters to be found, shape (S, K).
    limits : range of the coordinates, shape (K,) each.
    alike, profiled : see `Task`.
    """
    order = np.argsort(np.where(weight > 0, -sweeps.frequency, np.inf), axis=1, kind="stable")
    heavy = np.take_along_axis(weight, order, axis=1)
    frequency = np.take_along_axis(sweeps.frequency, order, axis=1)
    impedance = np.take_along_axis(sweeps.impedance, order, axis=1)
    usable = np.flatnonzero(_enough(heavy, frequency, free))
    start = np.stack(
        [p.coordinate(begin.values[:, k]) for k, p in enumerate(begin.circuit.parameters)], axis=1
    )
    tasks = []
    for part in blocks(usable.size, BLOCK):
        rows = usable[part]
        kept = heavy[rows] > 0
        problem = Problem(
            begin.circuit,
            Points.at(np.where(kept, frequency[rows], 1.0)),
            np.where(kept, impedance[rows], 0.0),
            heavy[rows],
            free[rows],
            *limits,
        )
        # What a spectrum does not have is there, but too small to be seen.
        scale = np.abs(problem.impedance).max(axis=1)
        own = np.where(begin.present[rows], start[rows], _invisible(begin.circuit, scale))
        tasks.append(Task(rows, problem, own, alike, profiled))
    return tasks


def _enough(weight: Floats, frequency: Floats, free: Bools) -> Bools:
    """Tell which rows hold more numbers than unknowns, at two frequencies at least."""
    found = []
    for kept, row, wanted in zip(weight, frequency, free.sum(axis=1), strict=True):
        different = np.unique(row[kept > 0]).size
        found.append(different >= 2 and 2 * different > wanted)
    return np.array(found, dtype=bool)


def _invisible(circuit: Circuit, scale: Floats) -> Floats:
    """Return coordinates of elements too small to be seen beside |Z| of a scale (Ω)."""
    columns: list[Floats] = []
    for element in circuit.elements:
        columns += element.typical(1e-12 * scale, np.ones_like(scale))
    pairs = zip(circuit.parameters, columns, strict=True)
    return np.stack([parameter.coordinate(column) for parameter, column in pairs], axis=1)


def solve(task: Task) -> Found:
    """Fit one block, with intervals and outcomes."""
    problem, parameters = task.problem, task.problem.circuit.parameters
    found = in_order(problem, search(problem, task.start), task.alike)
    known = uncertainty(problem, found)
    value = problem.values(found.coordinates)
    most = _most(problem)
    ends = [
        p.interval(value[:, k], known.half_width[:, k], most[:, k])
        for k, p in enumerate(parameters)
    ]
    low, high = (np.stack(side, axis=1) for side in zip(*ends, strict=True))
    if task.profiled:
        low, high = (problem.values(side) for side in profile(problem, found, known))
        additive = np.array([isinstance(p, Positive) and p.additive for p in parameters])
        low = np.where(additive & (low < _NOTHING * most), 0.0, low)
    wide = np.stack([p.wide(low[:, k], high[:, k]) for k, p in enumerate(parameters)], axis=1)
    outcome = [
        _judge(*row)
        for row in zip(
            found.settled,
            np.asarray((wide & problem.free).any(axis=1)),
            known.systematic,
            strict=True,
        )
    ]
    return Found(value, low, high, derive(problem, found, known), outcome)


def _most(problem: Problem) -> Floats:
    """Return the values with which each element alone would make up the largest |Z| seen."""
    size = np.abs(problem.impedance).max(axis=1)
    kept = problem.weight > 0
    ends = [
        np.exp(pick(np.where(kept, problem.points.ln_omega, away), axis=1))
        for pick, away in ((np.min, np.inf), (np.max, -np.inf))
    ]
    tables = []
    for omega in ends:
        columns: list[Floats] = []
        for element in problem.circuit.elements:
            columns += element.typical(size, omega)
        tables.append(np.stack(columns, axis=1))
    return np.minimum(*tables)


def _judge(settled: bool, wide: bool, systematic: bool) -> Outcome:
    if not settled:
        return Outcome.max_steps
    if wide:
        return Outcome.not_identifiable
    return Outcome.inconsistent if systematic else Outcome.converged
