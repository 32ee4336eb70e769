"""Least squares of the fit rows over the free numbers of a structure, with weak priors.

Published values and tolerances come from observations.toml; only rows of the class "fit" become
residuals. Each is in halves of the row's tolerance, bent to a logarithm beyond four of them, so
that a row that is far off still pulls and does not drown the others. Each parameter adds its prior.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import SimulationError
from anodescope.citations import relies_on
from anodescope.errors import SettingsError
from anodescope.inference.observations.rows import Row, rows
from anodescope.inference.parameters import scaled_of, values_of
from anodescope.inference.quick import LEFT_OUT, MEASURES, QUICK, Quick, Speed
from anodescope.inference.structures import Structure

Floats = NDArray[np.float64]
Found = Mapping[str, Mapping[str, float]]

# A residual is in halves of a tolerance; beyond so many it goes on as a logarithm.
LINEAR = 4.0
# A statement such as "larger by more than 1.05" is asked for with as much again to spare.
GROWN, SPARE = 1.05, 0.05
# Width (of ln V) of the edge at the cut-off, and how far below it (3 V) a scan should end.
EDGE = 0.1
# What a scan or a strip that ends early is short of counts in these (mA/cm², mAh/cm²).
STAIR, CAPACITY = 0.03, 2.0
MARGIN = 0.1
# Step of the differences, in standard deviations of the prior: well above the scatter that the
# march's own step control leaves in a charge (0.5 %).
STEP = 0.06
# Points that are drawn where slopes find no better one.
SHAKES = 18
# Residual of a measurement that could not be made.
BROKEN = 20.0


def over(value: float, limit: float, width: float) -> float:
    """Return how far a value is above a limit, in widths; 0 below it."""
    return max(value - limit, 0.0) / width


def bent(residual: float) -> float:
    """Return a residual, as a logarithm beyond `LINEAR`; smooth and odd."""
    size = abs(residual)
    if size <= LINEAR:
        return residual
    return math.copysign(LINEAR * (1.0 + math.log(size / LINEAR)), residual)


def residuals(found: Found) -> dict[str, float]:
    """Return the residual of each fit row of which something was measured.

    Parameters
    ----------
    found : what was measured, by experiment and name (see `quick`).
    """
    told = {key: _OF[key](row, found) for key, row in rows().items()
            if row.role == "fit" and set(row.experiments) <= set(found)}  # fmt: skip
    return {key: bent(value) for key, value in told.items()}


def _number(row: Row, value: float) -> float:
    return (value - row.published) / (0.5 * row.tolerance)


def _window(row: Row, value: float) -> float:
    """Away from the edges of a window by a fifth of it."""
    width = 0.2 * (row.high - row.low)
    return over(value, row.high - width, width) - over(row.low - value, 0.0, width)


def _completes(row: Row, found: Found) -> float:
    here = found["strip50"]
    volt = over(math.log(here["end"]), math.log(3.0) - EDGE, EDGE)
    return volt + (1.0 - here["last"]) / STAIR


def _reached(row: Row, found: Found) -> float:
    here = found["hold_0.25"]
    return over(here["end"], 0.35, 0.15) + (20.0 - here["charge"]) / CAPACITY


def _short_current(row: Row, found: Found) -> float:
    here = found["ccd50"]
    # A tenth of the length to spare on either side of the short circuit.
    early = over(here["before"], 1.0 - MARGIN, MARGIN)
    late = over(1.0 + MARGIN, here["length"], MARGIN) + 3.0 * here["short_of"]
    return early - late


def _grown(value: float) -> float:
    return over(GROWN + SPARE, value, SPARE)


_OF: Mapping[str, Callable[[Row, Found], float]] = {
    "O4.short_current": _short_current,
    "O5.threshold": lambda row, found: _number(row, found["strip50"]["knee"]),
    "O5.completes": _completes,
    "O7.interface_larger": lambda row, found: _grown(found["strip50"]["early"]),
    "O7.pristine_15h": lambda row, found: _number(row, found["strip50"]["late"]),
    "O11.rest_0": lambda row, found: _window(row, found["pulse_0"]["charge"]),
    "O11.rest_0.1": lambda row, found: _window(row, found["pulse_0.1"]["charge"]),
    "O11.rest_1": lambda row, found: _number(row, found["pulse_1"]["charge"]),
    "O11.rest_10": lambda row, found: _number(row, found["pulse_10"]["charge"]),
    "O13.reached": _reached,
    # Two forms, not fitted: they are here for whoever calls them "fit" in observations.toml.
    "O14.no_short": lambda row, found: over(found["plate50"]["filament"], 1.0 - MARGIN, MARGIN),
    "O18.no_short": lambda row, found: over(
        1.0 / (1.0 - MARGIN), found["insitu_plate_0.4"]["charge"] / 4.0, MARGIN
    ),
    "O15.grows_back": lambda row, found: _grown(
        found["plate50"]["late"] / max(found["plate50"]["early"], 1e-6)
    ),
    "O15.pristine_15h": lambda row, found: _number(row, found["plate50"]["late"]),
    "O17.short_charge": lambda row, found: (
        _number(row, found["insitu_plate_0.7"]["charge"])
        + 3.0 * found["insitu_plate_0.7"]["short_of"]
    ),
    "O20.critical_current": lambda row, found: (
        # A staircase names the step that shorts: its middle, not its end, is aimed at.
        _number(row, found["sodium"]["current"] + 0.1)
    ),
}


@final
@dataclass(slots=True)
class Bench:
    """Measures cells of one structure, and nothing twice.

    Attributes
    ----------
    structure : laws. speed : how exact. measures : which.
    evaluations : how many sets of values were asked for.
    until : instant (s, monotonic) after which a descent asks for no more.
    """

    structure: Structure
    speed: Speed = QUICK
    measures: tuple[Quick, ...] = MEASURES
    evaluations: int = 0
    until: float = math.inf
    _known: dict[tuple[object, ...], dict[str, float]] = field(default_factory=dict)

    def found(self, values: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """Measure a cell with these values; what cannot be simulated is left out."""
        self.evaluations += 1
        result = {}
        for measure in self.measures:
            told = self._one(measure, values)
            if told:
                result[measure.key] = told
        return result

    def _one(self, measure: Quick, values: Mapping[str, float]) -> dict[str, float]:
        own = tuple((path, value) for path, value in values.items()
                    if path.partition(".")[0] in measure.depends)  # fmt: skip
        key = (measure.key, own)
        if key not in self._known:
            try:
                cell = self.structure.cell(measure.preset, values)
                self._known[key] = measure(cell, self.speed)
            except (SettingsError, SimulationError):
                self._known[key] = {}
        return self._known[key]

    def vector(self, scaled: Sequence[float] | Floats) -> Floats:
        """Return the residuals of all fit rows that are measured, then those of the priors."""
        told = residuals(self.found(values_of([float(x) for x in scaled], self.structure.free)))
        data = [told.get(key, BROKEN) for key in self.keys]
        return np.array([*data, *scaled], dtype=float)

    @property
    def late(self) -> bool:
        """Whether the time of the descent is over."""
        return time.monotonic() > self.until

    @property
    def keys(self) -> tuple[str, ...]:
        """Rows that are fitted, in the order of `vector`."""
        asked = {measure.key for measure in self.measures}
        return tuple(
            key for key, row in rows().items()
            if row.role == "fit" and set(row.experiments) <= asked
        )  # fmt: skip

    def slopes(self, scaled: Floats, here: Floats) -> Floats:
        """Return the central difference quotient (residual, parameter); one-sided at an edge.

        What there was no time for any more is zero.

        Parameters
        ----------
        scaled : (parameter,). here : `vector` there.
        """
        result = np.zeros((here.size, scaled.size))
        for k in range(scaled.size):
            if self.late:
                break
            ends = [(here, scaled[k])]
            for step in (STEP, -STEP):
                if abs(scaled[k] + step) <= 2.0:
                    moved = scaled.copy()
                    moved[k] += step
                    ends.append((self.vector(moved), moved[k]))
            (last, to), (first, since) = ends[-1], ends[-2]
            result[:, k] = (last - first) / (to - since)
        return result


@final
@dataclass(frozen=True, slots=True)
class Fit:
    """One fit.

    Attributes
    ----------
    structure : its key. values : by path. cost : ½ Σ r² of the rows. prior : ½ Σ of the priors.
    residuals : by row, in halves of a tolerance. slopes : (row, parameter), by parameter in
        standard deviations of its prior. converged : whether it came to rest within its budget.
    """

    structure: str
    values: Mapping[str, float]
    cost: float
    prior: float
    residuals: Mapping[str, float]
    slopes: Floats
    converged: bool

    @property
    def total(self) -> float:
        """Cost with the priors: what is minimised."""
        return self.cost + self.prior


@relies_on("marquardt1963")
def descend(
    bench: Bench, start: Mapping[str, float], *, budget: float = math.inf, steps: int = 40,
    cancelled: Callable[[], bool] = lambda: False,
) -> Fit:  # fmt: skip
    """Go down from a start by damped Gauss–Newton steps inside the ranges.

    Parameters
    ----------
    bench : what is measured. start : values by path.
    budget : s, after which the last point stands; the start is measured in any case.
    steps : at most.
    cancelled : asked between steps.

    Raises
    ------
    SettingsError
        when a parameter has no value.
    """
    free = bench.structure.free
    place = np.clip(np.array(scaled_of(start, free)), -2.0, 2.0)
    bench.until = time.monotonic() + budget
    here, damping, done = bench.vector(place), 1.0, False
    slopes = bench.slopes(place, here)
    for _ in range(steps):
        if bench.late or cancelled():
            break
        better, damping = _step(bench, place, here, slopes, damping)
        if better is None:
            done = not bench.late
            break
        gained = 0.5 * float(here @ here - better[1] @ better[1])
        place, here = better
        slopes = bench.slopes(place, here)
        if gained < 1e-3 * (1.0 + 0.5 * float(here @ here)):
            done = True
            break
    count = len(bench.keys)
    return Fit(
        bench.structure.key,
        values_of(place.tolist(), free),
        0.5 * float(here[:count] @ here[:count]),
        0.5 * float(here[count:] @ here[count:]),
        dict(zip(bench.keys, here[:count].tolist(), strict=True)),
        slopes[:count],
        done,
    )


def _step(
    bench: Bench, place: Floats, here: Floats, slopes: Floats, damping: float
) -> tuple[tuple[Floats, Floats] | None, float]:
    """Return a better point and its residuals, or None where nothing finds one.

    Rows that are yes or no have edges, where slopes mislead. So the parameters of stripping and of
    plating also move apart from each other, and in the end points are drawn about the place.
    """
    for columns in _blocks(bench):
        for _ in range(4):
            own = slopes[:, columns]
            normal = own.T @ own + damping * np.eye(len(columns))
            move = np.zeros(place.size)
            move[columns] = -np.linalg.solve(normal, own.T @ here)
            # Far from the start of a step its slopes say nothing.
            move *= min(1.0, 0.7 / max(float(np.abs(move).max()), 1e-12))
            better = _better(bench, place + move, here)
            if better is not None:
                return better, max(0.3 * damping, 1e-3)
            damping *= 4.0
        damping = max(damping / 64.0, 1e-3)
    return _shaken(bench, place, here, slopes), 1.0


def _blocks(bench: Bench) -> tuple[list[int], ...]:
    parts = [one.path.partition(".")[0] for one in bench.structure.free]
    plating = [k for k, part in enumerate(parts) if part in ("deposit", "filament")]
    stripping = [k for k in range(len(parts)) if k not in plating]
    every = list(range(len(parts)))
    return tuple(block for block in (every, plating, stripping) if block)


def _better(bench: Bench, point: Floats, here: Floats) -> tuple[Floats, Floats] | None:
    if bench.late:
        return None
    point = np.clip(point, -2.0, 2.0)
    there = bench.vector(point)
    return (point, there) if there @ there < (here @ here) * (1.0 - 1e-4) else None


def _shaken(
    bench: Bench, place: Floats, here: Floats, slopes: Floats
) -> tuple[Floats, Floats] | None:
    """Draw points about a place, as wide as its rows leave it and then narrower."""
    random = np.random.default_rng(SHAKES)
    spread = np.linalg.inv(slopes.T @ slopes + np.eye(place.size))
    root = np.linalg.cholesky(0.5 * (spread + spread.T))
    for number in range(SHAKES):
        size = (0.6, 0.2, 0.06)[number % 3]
        better = _better(bench, place + size * root @ random.standard_normal(place.size), here)
        if better is not None:
            return better
    return None


def screened(
    structure: Structure, seed: int, count: int, speed: Speed = QUICK,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[dict[str, float]]:  # fmt: skip
    """Draw values from the priors, best first by the rows that need no trains of pulses.

    Parameters
    ----------
    structure : laws. seed : of the draws. count : of them. speed : of the measurements.
    """
    random = np.random.default_rng(seed)
    bench = Bench(structure, speed, fast())
    drawn: list[tuple[float, int, dict[str, float]]] = []
    for number in range(count):
        if cancelled():
            break
        scaled = np.clip(random.standard_normal(len(structure.free)), -1.9, 1.9)
        vector = bench.vector(scaled)
        values = values_of(scaled.tolist(), structure.free)
        drawn.append((float(vector @ vector), number, values))
    return [values for _, _, values in sorted(drawn, key=lambda one: one[:2])]


def fast() -> tuple[Quick, ...]:
    """Return the measurements without trains of pulses: they take a hundredth of the time."""
    return tuple(one for one in MEASURES if not one.options.get("rest"))


def left_out(structure: Structure, values: Mapping[str, float], speed: Speed = QUICK
             ) -> dict[str, dict[str, float]]:  # fmt: skip
    """Measure what no fit uses: NaK65, and rests of 2 s and 5 s."""
    return Bench(structure, speed, LEFT_OUT).found(values)
