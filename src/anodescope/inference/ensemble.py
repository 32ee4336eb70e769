"""Sets of parameters that fit alike: drawn about the best set, kept within a stated cost.

The ensemble is what predictions are banded with. It knows the rows that were fitted and the priors,
and nothing of what is wrong with the laws themselves: its bands are lower bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell.calibrated import calibration
from anodescope.inference.fitting import Bench, Fit
from anodescope.inference.parameters import scaled_of, values_of
from anodescope.inference.quick import Quick, Speed
from anodescope.inference.structures import Structure
from anodescope.running import Run

Floats = NDArray[np.float64]

# A member's cost of the fit rows (half the sum of squares, in halves of a tolerance) is at most so
# much above the best one's: two rows one tolerance further off, or eight by half of one.
WITHIN = 4.0
# Draws are as wide as the linearised rows leave it, and narrower: rows with edges bend, and of the
# widest draws few are within the cost. What is kept is a set of points, not a sample.
SIZES = (1.0, 0.6, 0.35)


@final
@dataclass(frozen=True, slots=True)
class Member:
    """One set of the ensemble.

    Attributes
    ----------
    values : by path. cost : of the fit rows. origin : how it was found.
    """

    values: Mapping[str, float]
    cost: float
    origin: str


def covariance(fit: Fit) -> Floats:
    """Return the covariance (parameter, parameter) about a fit, in variances of the priors.

    It is that of the linearised rows and the priors: 1 on the diagonal is a parameter of which the
    rows say nothing.
    """
    slopes = fit.slopes
    return np.asarray(np.linalg.inv(slopes.T @ slopes + np.eye(slopes.shape[1])), dtype=float)


@final
@dataclass(frozen=True, slots=True)
class _Draw:
    """A point whose cost is asked for, such that a process can be handed it."""

    structure: Structure
    speed: Speed
    measures: tuple[Quick, ...]
    point: tuple[float, ...]


def _cost(draw: _Draw) -> float:
    bench = Bench(draw.structure, draw.speed, draw.measures)
    vector = bench.vector(draw.point)[: len(bench.keys)]
    return 0.5 * float(vector @ vector)


def drawn(
    bench: Bench, fit: Fit, *, count: int, seed: int, tries: int = 60, run: Run | None = None
) -> list[Member]:
    """Draw members about a fit; those that cost too much are left out.

    Parameters
    ----------
    bench : what is measured. fit : the best one.
    count : of members. seed : of the draws. tries : draws at most.
    run : its `map` may spread the draws over processes; the members do not depend on it.

    Raises
    ------
    Cancelled
        when `run` says so.
    """
    random = np.random.default_rng(seed)
    free = bench.structure.free
    centre = np.array(scaled_of(fit.values, free))
    root = np.linalg.cholesky(covariance(fit))
    sizes = [SIZES[number % len(SIZES)] for number in range(tries)]
    points = [
        np.clip(centre + size * root @ random.standard_normal(centre.size), -2.0, 2.0)
        for size in sizes
    ]
    todo = [
        _Draw(bench.structure, bench.speed, bench.measures, tuple(point.tolist()))
        for point in points
    ]
    members: list[Member] = []
    for number, cost in enumerate((run or Run()).each("ensemble", _cost, todo), 1):
        if cost <= fit.cost + WITHIN:
            values = values_of(todo[number - 1].point, free)
            members.append(Member(values, cost, f"draw {number}"))
        if len(members) == count:
            break
    return members


@cache
def ensemble() -> tuple[Mapping[str, float], ...]:
    """Return the members that ship, as values by path; the best set comes first.

    Put them into a cell with `parameters.with_values`.
    """
    held = calibration()
    return (_plain(held["best"]), *(_plain(one["values"]) for one in held.get("member", ())))


def _plain(values: Mapping[str, Any]) -> dict[str, float]:
    return {path: float(value) for path, value in values.items()}
