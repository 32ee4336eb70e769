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
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.loggp.bands import band
from anodescope.impedance.loggp.cuts import smoothable, stretches
from anodescope.impedance.loggp.design import (
    CAPACITANCE,
    INDUCTANCE,
    SERIES,
    TAIL,
    Design,
    shared_design,
)
from anodescope.impedance.loggp.drift import at_once
from anodescope.impedance.loggp.grids import Series, series_of
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.series import (
    Stretch,
    fit_stretch,
    known_enough,
    steady,
    supported,
)
from anodescope.impedance.loggp.single import Choice, fit_single
from anodescope.impedance.loggp.spreads import spreads
from anodescope.impedance.sweeps import Sweeps, blocks
from anodescope.impedance.tikhonov import solve_drttools
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

PER_DECADE = 16
MIN_POINTS = 3
BLOCK = 25
# The order of `evidence` along its dimension `term`.
TERMS = (INDUCTANCE, CAPACITANCE, TAIL, "loop")
# A remaining gain in log density beyond which a fit has not met its conditions.
FLAT = 0.5
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
    """

    method: LogGaussian
    key: bytes
    rows: Ints
    points: Ints
    measured: Complexes
    stretch: Stretch | None
    moved: Complexes | None = None


@final
@dataclass(frozen=True, slots=True)
class Row:
    """What comes out for one row (units of the drt node)."""

    lattice: Lattice
    gamma: Floats
    low: Floats
    high: Floats
    numbers: dict[str, float]
    evidence: Floats
    fit: Complexes
    outcome: Outcome
    maximum_spread: Floats
    area_spread: Floats


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

    moved = measured.copy()
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
                moved[rows] = without_drift(stretch)
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
            )
        )
    return tasks


def without_drift(stretch: Stretch) -> Complexes:
    """Return the wanted rows of a stretch with drift within the sweeps taken out (Ω)."""
    if stretch.instants is None or len(stretch.time) < 2:
        return stretch.impedance[stretch.wanted]
    found = at_once(stretch.impedance, stretch.missing, stretch.time, stretch.instants)
    return found[stretch.wanted]


def solve_task(task: Task) -> list[Row]:
    """Invert the rows of a task."""
    prior = task.method.prior
    design = shared_design(task.key, PER_DECADE)
    together: list[Row | None] = [None] * len(task.measured)
    if task.stretch is not None and known_enough(task.stretch) and steady(design, task.stretch):
        found = fit_stretch(design, task.stretch, prior=prior)
        # A sweep that lacks what its neighbours lack too is inverted by itself.
        together = [
            _row(design, choice, measured, joint=True) if whole else None
            for (choice, _), measured, whole in zip(
                found, task.measured, supported(task.stretch), strict=True
            )
        ]
    rows = []
    drifted = task.measured if task.moved is None else task.moved
    if task.stretch is not None:
        drifted = without_drift(task.stretch)
    for measured, moved, joint in zip(task.measured, drifted, together, strict=True):
        if joint is not None:
            rows.append(joint)
            continue
        there = np.isfinite(measured)
        own = design
        if not there.all():
            own = shared_design(design.frequency[there].tobytes(), PER_DECADE)
        choice = fit_single(own, measured[there], prior=prior)
        if not np.array_equal(measured[there], moved[there]):
            # A jump between two sweeps is no drift: the line between them describes it worse.
            other = fit_single(own, moved[there], prior=prior)
            choice = min(choice, other, key=lambda one: one.solution.variance)
        row = _row(own, choice, measured[there], joint=False)
        rows.append(_spread_out(row, there))
    return rows


def _spread_out(row: Row, there: npt.NDArray[np.bool_]) -> Row:
    """Put the fit of the points that exist where they stand."""
    if there.all():
        return row
    fit = np.full(there.size, complex(np.nan, np.nan))
    fit[there] = row.fit
    return replace(row, fit=fit)


def _row(design: Design, choice: Choice, measured: Complexes, *, joint: bool) -> Row:
    solution = choice.solution
    scale = solution.problem.scale
    gamma = solution.gamma * scale
    bounds = band(solution, joint=joint)
    known = spreads(solution, bounds, joint=joint)
    numbers = {
        "series_resistance": 0.0,
        "inductance": 0.0,
        "series_capacitance": np.inf,
        "tail": 0.0,
        "tail_exponent": np.nan,
        "polarisation_resistance": float(gamma.sum() * design.lattice.step),
    }
    terms = solution.terms
    fit = design.response @ gamma
    for name, coefficient in zip(terms.columns, solution.coefficients * scale, strict=True):
        fit = fit + coefficient * design.column(name, terms.exponent)
        size = float(coefficient) * design.unit(name, terms.exponent)
        if name == CAPACITANCE:
            numbers["series_capacitance"] = 1 / size if size > 0 else np.inf
        else:
            numbers["series_resistance" if name == SERIES else name] = size
        if name == TAIL:
            numbers["tail_exponent"] = terms.exponent
    good = solution.settled and solution.decrement < FLAT and bool(np.isfinite(gamma).all())
    row = Row(
        design.lattice,
        gamma,
        bounds.low * scale,
        bounds.high * scale,
        numbers,
        np.array([choice.evidence.get(name, np.nan) for name in TERMS]),
        fit,
        Outcome.converged if good else Outcome.max_steps,
        known.place,
        known.area * scale,
    )
    return row if np.isfinite(gamma).all() else _fallback(design, measured, row)


def _fallback(design: Design, measured: Complexes, row: Row) -> Row:
    """Non-negative Tikhonov in place of a fit that broke down; it always has an answer."""
    lattice, fit = solve_drttools(design.frequency, measured[None, :])
    nothing = np.full(design.lattice.size, np.nan)
    numbers = dict(
        row.numbers,
        series_resistance=float(fit.series_resistance[0]),
        inductance=float(fit.inductance[0]),
        polarisation_resistance=float(fit.polarisation_resistance[0]),
    )
    place = np.interp(design.lattice.ln_tau, lattice.ln_tau, fit.gamma[0])
    return Row(
        design.lattice,
        np.asarray(place),
        nothing,
        nothing,
        numbers,
        row.evidence,
        fit.fit[0],
        Outcome.fallback,
        nothing,
        nothing,
    )


def _assemble(sweeps: Sweeps, tasks: Sequence[Task], found: Sequence[list[Row]]) -> Inversion:
    lattices = [row.lattice for rows in found for row in rows]
    result = Inversion.blank(sweeps, reduce(Lattice.joined, lattices) if lattices else None)
    rows_of = sweeps.count
    more: dict[str, Any] = {
        name: np.full(rows_of, np.nan) for name in ("series_capacitance", "tail", "tail_exponent")
    }
    curves = {"gamma_low": "low", "gamma_high": "high", **{name: name for name in SPREADS}}
    more.update({name: result.gamma.copy() for name in curves})
    more["evidence"] = np.full((rows_of, len(TERMS)), np.nan)
    joined = result.lattice
    if joined is None:
        result.more.update(more)
        return result
    for task, rows in zip(tasks, found, strict=True):
        for place, points, row in zip(task.rows, task.points, rows, strict=True):
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
