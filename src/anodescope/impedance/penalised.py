"""The method ``"tikhonov"``: non-negative Tikhonov regularisation for those who want λ.

λ is given, or chosen for each spectrum, or once for all spectra of an electrode. What each λ costs
is kept with the result, so that the choice can be drawn and judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from typing import Any, ClassVar, Literal, final

import numpy as np
import numpy.typing as npt

from anodescope.citations import Citation, cited_by, relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.lattice import Lattice, group
from anodescope.impedance.nnls import SharedMatrix
from anodescope.impedance.ridge import (
    CAPACITANCE,
    INDUCTANCE,
    ORDERS,
    SERIES,
    Path,
    Ridge,
    modulus_weights,
    trace,
)
from anodescope.impedance.selection import CRITERIA, Pick, combined, pick
from anodescope.impedance.sweeps import Sweeps, blocks, stacked_parts
from anodescope.impedance.tikhonov import BLOCK, density, enough
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

WEIGHTS = ("modulus", "none")
MOST_PER_DECADE = 20
TRIALS = ("trial_lam", "trial_score", "trial_misfit", "trial_roughness", "trial_freedom")


@final
@dataclass(frozen=True, slots=True)
class Tikhonov(Method):
    """Ridge regression with a penalty on γ or a derivative of it; its name is ``"tikhonov"``.

    Attributes
    ----------
    lam : λ; it multiplies Ω² per unit ln τ. None: chosen from the data.
    order : of the derivative of γ that is penalised: 0, 1 or 2.
    choose : how λ is chosen: ``"gcv"``, ``"l_curve"`` or ``"re_im"``.
    together : choose one λ for all spectra of an electrode.
    nonnegative : γ, R0, L and 1/C cannot be negative.
    weights : ``"modulus"`` divides each residual by |Z| (see `ridge.modulus_weights`); ``"none"``
        weighs all points alike, as DRTtools does, and is faster.
    inductance, capacitance : fit a series inductance, a blocking capacitance.
    per_decade : lattice points per decade; None: as many as the densest sweep has frequencies, at
        least 10.
    extension : decades that the lattice reaches beyond the window, at the short and the long end.
    lam_range : smallest and largest λ that are tried.
    lam_per_decade : how many λ per decade are tried.
    """

    lam: float | None = None
    order: Literal[0, 1, 2] = 1
    choose: Literal["gcv", "l_curve", "re_im"] = "l_curve"
    together: bool = False
    nonnegative: bool = True
    weights: Literal["modulus", "none"] = "modulus"
    inductance: bool = True
    capacitance: bool = False
    per_decade: int | None = None
    extension: tuple[float, float] = (1.0, 1.0)
    lam_range: tuple[float, float] = (1e-8, 1e2)
    lam_per_decade: int = 3

    name: ClassVar[str] = "tikhonov"

    def __post_init__(self) -> None:
        if self.lam is not None and not (np.isfinite(self.lam) and self.lam > 0):
            raise SettingsError(f"lam: expected a positive number or nothing, found {self.lam}.")
        for name, known in (("order", ORDERS), ("choose", tuple(CRITERIA)), ("weights", WEIGHTS)):
            if getattr(self, name) not in known:
                words = ", ".join(str(one) for one in known)
                raise SettingsError(
                    f"{name}: expected one of {words}, found {getattr(self, name)!r}."
                )
        if not isinstance(self.order, int):
            raise SettingsError(f"order: expected a whole number, found {self.order}.")
        if self.per_decade is not None and not (
            isinstance(self.per_decade, int) and self.per_decade >= 1
        ):
            raise SettingsError(
                f"per_decade: expected a whole number of at least 1, found {self.per_decade}."
            )
        if sum(self.extension) < -1 or not np.isfinite(self.extension).all():
            raise SettingsError(
                f"extension: expected two finite numbers of decades, found {self.extension}."
            )
        low, high = self.lam_range
        if not 0 < low < high < np.inf:
            raise SettingsError(
                f"lam_range: expected two rising positive numbers, found {self.lam_range}."
            )
        if not 1 <= self.lam_per_decade <= MOST_PER_DECADE:
            raise SettingsError(
                f"lam_per_decade: expected 1 to {MOST_PER_DECADE}, found {self.lam_per_decade}."
            )

    def lams(self) -> Floats:
        """Return every λ that is tried, rising; the given one alone, where one is given."""
        if self.lam is not None:
            return np.array([self.lam])
        first, last = np.log10(self.lam_range)
        steps = max(2, round((last - first) * self.lam_per_decade))
        return np.logspace(first, last, steps + 1)

    def citations(self) -> tuple[Citation, ...]:
        """Return the works that the method relies on, with that of its criterion."""
        chooses = () if self.lam is not None else (CRITERIA[self.choose],)
        return cited_by(type(self).invert, *chooses)

    @relies_on("wan2015")
    def invert(self, sweeps: Sweeps, run: Run) -> Inversion:
        """Compute the distributions of all sweeps, grid by grid in blocks of fixed size."""
        tasks = _tasks(self, sweeps)
        found = list(run.each("DRT", _solve, tasks))
        if self.together and self.lam is None:
            tasks, found = _agreed(tasks, found, run)
        return _assemble(self, sweeps, tasks, found)


@final
@dataclass(frozen=True, slots=True)
class _Task:
    """Spectra of one grid, with all that it takes, so any worker can do it.

    `label` is that of the electrode where its spectra are to agree on one λ.
    """

    method: Tikhonov
    per_decade: int
    key: bytes
    spectra: Ints
    points: Ints
    impedance: Complexes
    label: int


@final
@dataclass(frozen=True, slots=True)
class _Found:
    """What comes out for one task; `trials` holds the curves in the order of `TRIALS`."""

    lattice: Lattice
    ridge: Ridge
    unknowns: Floats
    objective: Floats
    outcome: list[Outcome]
    lam: Floats
    trials: Floats
    picks: list[Pick]


@lru_cache(maxsize=4)
def _ridge(method: Tikhonov, per_decade: int, key: bytes) -> Ridge:
    """The blocks of a grid follow each other, so a few are enough to build each once."""
    frequency = np.frombuffer(key, dtype=np.float64)
    lattice = Lattice.covering(
        float(frequency.min()), float(frequency.max()), per_decade, method.extension
    )
    return Ridge.of(
        frequency,
        lattice,
        method.order,
        inductance=method.inductance,
        capacitance=method.capacitance,
        nonnegative=method.nonnegative,
    )


@lru_cache(maxsize=2)
def _factors(method: Tikhonov, per_decade: int, key: bytes) -> list[SharedMatrix]:
    """Without weights all spectra of a grid share one factorisation for each λ."""
    ridge = _ridge(method, per_decade, key)
    return ridge.matrices(np.ones(len(ridge.data)), method.lams())


def _solve(task: _Task) -> _Found:
    method, lams = task.method, task.method.lams()
    ridge = _ridge(method, task.per_decade, task.key)
    data = stacked_parts(task.impedance)
    if method.weights == "none":
        even = np.ones(data.shape[1])
        matrices = _factors(method, task.per_decade, task.key)
        return _chosen(method, ridge, trace(ridge, matrices, even, lams, data), even, data)
    parts = []
    for row, weights in enumerate(modulus_weights(task.impedance)):
        weighted = (weights * data[row])[None]
        path = trace(ridge, ridge.matrices(weights, lams), weights, lams, weighted)
        parts.append(_chosen(method, ridge, path, weights, weighted))
    return _Found(
        ridge.lattice,
        ridge,
        np.concatenate([part.unknowns for part in parts]),
        np.concatenate([part.objective for part in parts]),
        [part.outcome[0] for part in parts],
        np.concatenate([part.lam for part in parts]),
        np.concatenate([part.trials for part in parts]),
        [part.picks[0] for part in parts],
    )


def _chosen(method: Tikhonov, ridge: Ridge, path: Path, weights: Floats, data: Floats) -> _Found:
    """Score every λ of every spectrum, and keep the solution of the chosen one."""
    rows = np.arange(len(data))
    if method.lam is not None:
        score = np.full(path.misfit.shape, np.nan)
        picks = [Pick(0, Outcome.determined, "") for _ in rows]
    else:
        score = CRITERIA[method.choose](ridge, path, weights, data)
        picks = [pick(method.choose, path.lam, one) for one in score]
    places = np.array([one.place for one in picks])
    lam = path.lam[places]
    kept = path.misfit[rows, places] + lam * path.roughness[rows, places]
    tried = np.broadcast_to(path.lam, score.shape)
    return _Found(
        ridge.lattice,
        ridge,
        path.unknowns[rows, places],
        kept,
        [path.outcome[row][place] for row, place in zip(rows, places, strict=True)],
        lam,
        np.stack([tried, score, path.misfit, path.roughness, path.freedom], axis=1),
        picks,
    )


def _tasks(method: Tikhonov, sweeps: Sweeps) -> list[_Task]:
    """Sort rows by electrode, where its rows are to agree, by grid, and into blocks."""
    labels = np.zeros(sweeps.count, dtype=np.int64)
    if method.together and sweeps.series is not None:
        labels = sweeps.series
    per_decade = method.per_decade or density(sweeps)
    tasks = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        for grid in group(sweeps.frequency[members], sweeps.valid[members]):
            if not enough(grid.frequency):
                continue
            for part in blocks(grid.spectra.size, BLOCK):
                rows, points = members[grid.spectra[part]], grid.points[part]
                impedance = sweeps.impedance[rows[:, None], points]
                tasks.append(
                    _Task(method, per_decade, grid.key, rows, points, impedance, int(label))
                )
    return tasks


def _agreed(tasks: list[_Task], found: list[_Found], run: Run) -> tuple[list[_Task], list[_Found]]:
    """Choose one λ per electrode from the curves of all its spectra, and solve them with it."""
    picks: dict[int, Pick] = {}
    fixed: list[_Task] = []
    for label in {task.label for task in tasks}:
        scores = [one.trials[:, 1] for task, one in zip(tasks, found, strict=True)
                  if task.label == label]  # fmt: skip
        method = next(task.method for task in tasks if task.label == label)
        score = combined(method.choose, np.concatenate(scores))
        picks[label] = pick(method.choose, method.lams(), score)
    for task in tasks:
        lam = float(task.method.lams()[picks[task.label].place])
        fixed.append(replace(task, method=replace(task.method, lam=lam)))
    solved = list(run.each("DRT, with one λ", _solve, fixed))
    return tasks, [
        replace(after, trials=before.trials, picks=[picks[task.label]] * len(task.spectra))
        for task, before, after in zip(tasks, found, solved, strict=True)
    ]


def _assemble(
    method: Tikhonov, sweeps: Sweeps, tasks: Sequence[_Task], found: Sequence[_Found]
) -> Inversion:
    """Put the blocks where their spectra stand; the lattice is the union of all."""
    lattice = reduce(Lattice.joined, (part.lattice for part in found)) if found else None
    result = Inversion.blank(sweeps, lattice)
    count, tried = sweeps.count, method.lams()
    told = np.full(count, "", dtype=object)
    more: dict[str, Any] = {"lam": np.full(count, np.nan)}
    if method.lam is None:
        more |= {name: np.full((count, tried.size), np.nan) for name in TRIALS}
        more |= {"lam_outcome": told, "lam_note": told.copy()}
    if method.capacitance:
        more[CAPACITANCE] = np.full(count, np.nan)
    for task, part in zip(tasks, found, strict=True):
        rows = task.spectra
        _place(result, more, task, part)
        more["lam"][rows] = part.lam
        for row, outcome in zip(rows, part.outcome, strict=True):
            result.outcome[row] = outcome
        if method.lam is None:
            for k, name in enumerate(TRIALS):
                more[name][rows] = part.trials[:, k]
            more["lam_outcome"][rows] = [one.outcome.name for one in part.picks]
            more["lam_note"][rows] = [one.note for one in part.picks]
    result.more.update(more)
    return result


def _place(result: Inversion, more: dict[str, Any], task: _Task, part: _Found) -> None:
    """Put γ, the elements beside it and the fit of one block into the result."""
    rows, ridge = task.spectra, part.ridge
    gamma = part.unknowns[:, len(ridge.beside) :]
    if result.lattice is not None:
        result.gamma[rows, result.lattice.place(part.lattice)] = gamma
    beside = dict(zip(ridge.beside, part.unknowns.T, strict=False))
    result.series_resistance[rows] = beside[SERIES]
    result.polarisation_resistance[rows] = gamma.sum(axis=1) * part.lattice.step
    result.inductance[rows] = beside.get(INDUCTANCE, 0.0)
    if CAPACITANCE in beside:
        with np.errstate(divide="ignore"):
            more[CAPACITANCE][rows] = 1 / beside[CAPACITANCE]
    result.objective[rows] = part.objective
    both = part.unknowns @ ridge.data.T
    half = ridge.frequency.size
    result.fit[rows[:, None], task.points] = both[:, :half] + 1j * both[:, half:]
