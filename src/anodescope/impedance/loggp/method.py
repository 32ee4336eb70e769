"""The method ``"auto"``: log-Gaussian processes, one spectrum at a time or a series together.

Rows of one electrode whose sweeps measured the same frequencies are a series. It is cut where the
protocol changes and where the spectra jump; each stretch is smoothed in time and its rows are
inverted with what noise is left. Rows without enough neighbours are inverted by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from anodescope.citations import relies_on
from anodescope.errors import SettingsError
from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.loggp.cuts import smoothable, stretches
from anodescope.impedance.loggp.design import shared_design
from anodescope.impedance.loggp.drift import at_once, fit_moved
from anodescope.impedance.loggp.grids import Series, series_of
from anodescope.impedance.loggp.portions import portions
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.rows import TERMS, Row, described_row, spread_out
from anodescope.impedance.loggp.series import Stretch, fit_stretch, steady
from anodescope.impedance.loggp.single import fit_single
from anodescope.impedance.sweeps import Sweeps, blocks
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

PER_DECADE = 16
MIN_POINTS = 3
BLOCK = 25
NUMBERS = (
    "inductance_exponent",
    "polarisation_spread",
    "outside",
    "series_capacitance",
    "tail",
    "tail_exponent",
)
SPREADS = ("maximum_spread", "area_spread")


@final
@dataclass(frozen=True, slots=True)
class LogGaussian(Method):
    """γ = exp(u) with smoothness, noise and terms found from the data; its name is ``"auto"``.

    Attributes
    ----------
    joint : smooth series in time before they are inverted; False: each spectrum by itself.
    drift : move the points of a sweep from their own instants to its middle, by what its neighbours
        in time say.
    prior : what is believed of γ beforehand.
    """

    joint: bool = True
    drift: bool = True
    prior: Prior = FROZEN

    name: ClassVar[str] = "auto"

    def __post_init__(self) -> None:
        if not isinstance(self.prior, Prior):
            raise SettingsError(f"prior: expected a Prior, found {type(self.prior).__name__}.")

    def parameters(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        numbers = {name: getattr(self.prior, name) for name in self.prior.__dataclass_fields__}
        return {"joint": self.joint, "drift": self.drift, "per_decade": PER_DECADE, **numbers}

    @relies_on("effat2017", "liu2020", "rue2007")
    def invert(self, sweeps: Sweeps, run: Run) -> Inversion:
        """Compute the distributions of all sweeps."""
        tasks: list[Task] = []
        # An impedance of zero has no logarithm, and no instrument measures one.
        there = replace(sweeps, valid=sweeps.valid & (sweeps.impedance != 0))
        for series in series_of(there, MIN_POINTS):
            tasks += _tasks(series, there, self)
        found = list(run.each("DRT", solve_task, tasks))
        return _assemble(sweeps, tasks, found)


@final
@dataclass(frozen=True, slots=True)
class Task:
    """Rows to be inverted, with all that it takes, so any worker can do it.

    Attributes
    ----------
    key : frequencies (Hz) in descending order, as bytes.
    rows, points : where they stand in the sweeps, shape (N,) and (N, F).
    measured : (Ω), NaN where missing, shape (N, F).
    stretch : what smoothing sees; None: each row by itself.
    moved : `measured` with drift taken out (Ω); None: as it is.
    gain : noise of `moved` over that of `measured`, shape (N, F); None with `moved`.
    """

    method: LogGaussian
    key: bytes
    rows: Ints
    points: Ints
    measured: Complexes
    stretch: Stretch | None
    moved: Complexes | None = None
    gain: Floats | None = None


def _tasks(series: Series, sweeps: Sweeps, method: LogGaussian) -> list[Task]:
    """Cut a series into stretches; those too short for smoothing go row by row."""
    measured = sweeps.impedance[series.rows[:, None], series.points]
    missing = ~sweeps.valid[series.rows[:, None], series.points]
    alone = np.ones(series.rows.size, dtype=bool)
    tasks: list[Task] = []

    def task(rows: slice, stretch: Stretch | None) -> Task:
        return Task(
            method,
            series.key,
            series.rows[rows],
            series.points[rows],
            np.where(missing[rows], np.nan, measured[rows]),
            stretch,
        )

    moved, gain = measured.copy(), np.ones(measured.shape)
    if method.joint and series.rows.size > 1:
        usable = np.where(missing, 1.0, measured)
        instants = series.instants if method.drift else None
        # A core is one task: its rows share one smoothing and start from each other.
        for rows, stretch in stretches(
            usable, missing, series.time, instants, list(series.boundaries)
        ):
            if smoothable(stretch):
                alone[rows] = False
                tasks.append(task(rows, stretch))
            else:
                moved[rows], gain[rows] = without_drift(stretch)
    single = np.flatnonzero(alone)
    for part in blocks(single.size, BLOCK):
        chosen = single[part]
        gone = missing[chosen]
        tasks.append(
            Task(
                method,
                series.key,
                series.rows[chosen],
                series.points[chosen],
                np.where(gone, np.nan, measured[chosen]),
                None,
                np.where(gone, np.nan, moved[chosen]),
                gain[chosen],
            )
        )
    return tasks


def without_drift(stretch: Stretch) -> tuple[Complexes, Floats]:
    """Return the wanted rows of a stretch with drift within the sweeps taken out (Ω)."""
    if stretch.instants is None or len(stretch.time) < 2:
        return stretch.impedance[stretch.wanted], np.ones(stretch.missing[stretch.wanted].shape)
    found, gain = at_once(stretch.impedance, stretch.missing, stretch.time, stretch.instants)
    return found[stretch.wanted], gain[stretch.wanted]


@final
@dataclass(frozen=True, slots=True)
class Solved:
    """One row's result, and whether it was inverted together with others."""

    row: Row
    joint: bool


def solve_task(task: Task) -> list[Solved]:
    """Invert the rows of a task."""
    found = _together(task)
    moved = task.measured if task.moved is None else task.moved
    gain = np.ones(moved.shape) if task.gain is None else task.gain
    if task.stretch is not None:
        moved, gain = without_drift(task.stretch)
    for place in sorted(set(range(len(task.measured))) - set(found)):
        row = _alone(task, task.measured[place], moved[place], gain[place])
        found[place] = Solved(row, joint=False)
    return [found[place] for place in sorted(found)]


def _together(task: Task) -> dict[int, Solved]:
    """Invert what can be inverted together, by place in the task."""
    found: dict[int, Solved] = {}
    if task.stretch is None:
        return found
    frequency = np.frombuffer(task.key)
    for portion in portions(task.stretch):
        design = shared_design(frequency[portion.points].tobytes(), PER_DECADE)
        if not steady(design, portion.stretch):
            continue
        fits = fit_stretch(design, portion.stretch, portion.chosen, prior=task.method.prior)
        for place, (choice, smoothed) in fits.items():
            row = described_row(design, choice, smoothed, joint=True)
            row = spread_out(row, portion.points)
            found[int(portion.places[place])] = Solved(row, joint=True)
    return found


def _alone(task: Task, measured: Complexes, moved: Complexes, gain: Floats) -> Row:
    """Invert one row by itself, with drift taken out where that describes it better."""
    prior, there = task.method.prior, np.isfinite(measured)
    design = shared_design(np.frombuffer(task.key)[there].tobytes(), PER_DECADE)
    if np.array_equal(measured[there], moved[there]):
        choice = fit_single(design, measured[there], prior=prior)
    else:
        choice = fit_moved(design, measured[there], moved[there], gain[there], prior=prior)
    return spread_out(described_row(design, choice, measured[there], joint=False), there)


def _assemble(sweeps: Sweeps, tasks: Sequence[Task], found: Sequence[list[Solved]]) -> Inversion:
    lattices = [solved.row.lattice for rows in found for solved in rows]
    result = Inversion.blank(sweeps, reduce(Lattice.joined, lattices) if lattices else None)
    rows_of = sweeps.count
    more: dict[str, Any] = {name: np.full(rows_of, np.nan) for name in NUMBERS}
    curves = {"gamma_low": "low", "gamma_high": "high", **{name: name for name in SPREADS}}
    more.update({name: result.gamma.copy() for name in curves})
    more["evidence"] = np.full((rows_of, len(TERMS)), np.nan)
    more["joint"] = np.zeros(rows_of, dtype=np.bool_)
    joined = result.lattice
    if joined is None:
        result.more.update(more)
        return result
    for task, rows in zip(tasks, found, strict=True):
        for place, points, solved in zip(task.rows, task.points, rows, strict=True):
            row = solved.row
            more["joint"][place] = solved.joint
            inside = joined.place(row.lattice)
            result.gamma[place, inside] = row.gamma
            for name, field in curves.items():
                more[name][place, inside] = getattr(row, field)
            for name, value in row.numbers.items():
                target = more.get(name)
                (getattr(result, name) if target is None else target)[place] = value
            more["evidence"][place] = row.evidence
            measured = sweeps.valid[place, points]
            result.fit[place, points[measured]] = row.fit[measured]
            result.outcome[place] = row.outcome
    result.more.update(more)
    return result
