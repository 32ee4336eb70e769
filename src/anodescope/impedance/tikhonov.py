"""Non-negative Tikhonov regularisation in a Gaussian basis, with DRTtools' definition as a mode.

    minimise  Σ_n |Z_n − Ẑ_n|² + λ ∫ (dγ/d ln τ)² d ln τ,   γ ≥ 0, R0 ≥ 0, L ≥ 0
    Ẑ(ω) = R0 + iωL + ∫ γ/(1 + iωτ) d ln τ,   γ(ln τ) = Σ_k x_k exp(−μ²(ln τ − ln τ_k)²),   x ≥ 0

The sum runs over all frequencies and over both parts, without weights, so the result is linear in
Z. μ follows from the full width at half maximum of a basis function, 1/coefficient lattice steps.

Differences from DRTtools (Wan et al. 2015, doi:10.1016/j.electacta.2015.09.097) and pyDRTtools 0.2:

* DRTtools puts one basis function at each τ = 1/f, so its basis starts a factor 2π inside the
  window 1/(2πf_max) … 1/(2πf_min) and differs from sweep to sweep. Here the functions sit on the
  lattice log10 τ = k/n, as fine as the frequencies or finer, and reach one decade beyond the window
  at both ends: all sweeps share one set of relaxation times, and the window is covered. With
  ``extension=DRTTOOLS_RANGE`` the basis spans DRTtools' own range, give or take one point.
* The integrals over basis functions are trapezoid sums with half a lattice step, which are exact to
  rounding for these analytic functions; DRTtools uses adaptive quadrature.
* The quadratic programme is solved to its optimality conditions, which are checked for every
  spectrum; DRTtools stops at an interior-point tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from math import ceil, log, log10, pi, sqrt
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from anodescope.citations import relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance import nnls
from anodescope.impedance.base import Inversion, Method
from anodescope.impedance.lattice import Lattice, group, points_per_decade
from anodescope.impedance.sweeps import Sweeps, blocks, stacked_parts
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Ints = npt.NDArray[np.int64]

# Decades beyond the window at which DRTtools' τ = 1/f begin and end.
DRTTOOLS_RANGE = (-log10(2 * pi), log10(2 * pi))
# Fewer frequencies than these fit R0, L and a single process to the last digit.
MIN_POINTS = 4
BLOCK = 50
DENSITIES = (10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100)


@final
@dataclass(frozen=True, slots=True)
class Basis:
    """Gaussians on a lattice.

    Attributes
    ----------
    lattice : their centres.
    coefficient : the full width at half maximum is 1/coefficient lattice steps.
    """

    lattice: Lattice
    coefficient: float

    @property
    def sharpness(self) -> float:
        """μ in exp(−μ²(ln τ − ln τ_k)²)."""
        return self.coefficient * 2 * sqrt(log(2)) / self.lattice.step

    @property
    def area(self) -> float:
        """∫ of one function over ln τ."""
        return sqrt(pi) / self.sharpness

    def at(self, ln_tau: Floats) -> Floats:
        """Return the functions at ln τ, shape (T, N): γ = at(ln τ) @ x."""
        distance = np.asarray(ln_tau)[:, None] - self.lattice.ln_tau[None, :]
        return np.asarray(np.exp(-((self.sharpness * distance) ** 2)))

    def impedance(self, frequency: Floats) -> Complexes:
        """Return ∫ φ_k/(1 + iωτ) d ln τ for each frequency (Hz) and function, shape (F, N)."""
        reach = ceil(6.1 / (self.sharpness * self.lattice.step))
        first, last = self.lattice.first - reach, self.lattice.last + reach
        half_step = self.lattice.step / 2
        ln_tau = np.arange(2 * first, 2 * last + 1, dtype=np.float64) * half_step
        kernel = half_step / (1 + 2j * pi * frequency[:, None] * np.exp(ln_tau)[None, :])
        return np.asarray(kernel @ self.at(ln_tau))

    def roughness(self) -> Floats:
        """Return a triangular T with ‖Tx‖² = ∫ (dγ/d ln τ)² d ln τ, shape (N, N)."""
        ln_tau = self.lattice.ln_tau
        a = self.sharpness * (ln_tau[:, None] - ln_tau[None, :])
        gram = self.sharpness * sqrt(pi / 2) * (1 - a**2) * np.exp(-(a**2) / 2)
        # A wide basis makes neighbours nearly equal: then the square root by eigenvalues is safe.
        values, vectors = np.linalg.eigh(gram)
        return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)


@final
@dataclass(frozen=True, slots=True)
class Design:
    """Everything that the spectra of one grid share.

    Unknowns are [R0, L (when fitted), x_1 … x_N].
    """

    frequency: Floats
    basis: Basis
    inductance: bool
    data: Floats
    matrix: nnls.SharedMatrix

    @classmethod
    def of(cls, frequency: Floats, basis: Basis, lam: float, inductance: bool) -> Design:
        """Build the matrices for frequencies (Hz) of shape (F,)."""
        extra = 2 if inductance else 1
        response = np.zeros((frequency.size, basis.lattice.size + extra), dtype=np.complex128)
        response[:, 0] = 1.0
        if inductance:
            response[:, 1] = 2j * pi * frequency
        response[:, extra:] = basis.impedance(frequency)
        penalty = np.zeros((basis.lattice.size, response.shape[1]))
        penalty[:, extra:] = sqrt(lam) * basis.roughness()
        data = np.concatenate([response.real, response.imag])
        return cls(frequency, basis, inductance, data, nnls.SharedMatrix.of(data, penalty))

    def solve(self, impedance: Complexes) -> Fit:
        """Fit spectra (Ω) of shape (S, F)."""
        found = nnls.solve(self.matrix, stacked_parts(impedance))
        both = found.x @ self.data.T
        half = self.frequency.size
        first = 2 if self.inductance else 1
        return Fit(
            coefficients=found.x[:, first:],
            gamma=found.x[:, first:] @ self.basis.at(self.basis.lattice.ln_tau).T,
            series_resistance=found.x[:, 0],
            polarisation_resistance=found.x[:, first:].sum(axis=1) * self.basis.area,
            inductance=found.x[:, 1] if self.inductance else np.zeros(len(found.x)),
            objective=found.objective,
            outcome=found.outcome,
            fit=both[:, :half] + 1j * both[:, half:],
        )


@final
@dataclass(frozen=True, slots=True)
class Fit:
    """Results for spectra of one grid, in the order given (units as in `Inversion`)."""

    coefficients: Floats
    gamma: Floats
    series_resistance: Floats
    polarisation_resistance: Floats
    inductance: Floats
    objective: Floats
    outcome: list[Outcome]
    fit: Complexes


@final
@dataclass(frozen=True, slots=True)
class DRTtools(Method):
    """DRTtools' ridge regression with the first derivative; its name is ``"drttools"``.

    Attributes
    ----------
    lam : λ; the paper's value is 1e-3. It multiplies Ω² per unit ln τ.
    inductance : fit a series inductance L ≥ 0. DRTtools offers both; fitting it is the default of
        pyDRTtools' `simple_run`, and so here.
    coefficient : lattice steps per full width at half maximum of a basis function.
    per_decade : lattice points per decade; None: the smallest of `DENSITIES` (10, 12, 16, 20, …)
        that is at least as dense as the densest sweep.
    extension : decades that the lattice reaches beyond the window, at the short and the long end.
    """

    lam: float = 1e-3
    inductance: bool = True
    coefficient: float = 0.5
    per_decade: int | None = None
    extension: tuple[float, float] = (1.0, 1.0)

    name: ClassVar[str] = "drttools"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.lam) and self.lam >= 0):
            raise SettingsError(f"lam: expected a number of at least 0, found {self.lam}.")
        if not 0.2 <= self.coefficient <= 2:
            raise SettingsError(
                "coefficient: expected a number between 0.2 and 2 (wider functions cannot be told "
                f"apart, narrower ones leave gaps), found {self.coefficient}."
            )
        if self.per_decade is not None and self.per_decade < 1:
            raise SettingsError(f"per_decade: expected at least 1, found {self.per_decade}.")
        if sum(self.extension) < -1 or not np.isfinite(self.extension).all():
            raise SettingsError(
                f"extension: expected two finite numbers of decades, found {self.extension}."
            )

    def design(self, frequency: Floats, per_decade: int) -> Design:
        """Return the shared matrices for frequencies (Hz) of shape (F,)."""
        lattice = Lattice.covering(
            float(frequency.min()), float(frequency.max()), per_decade, self.extension
        )
        return Design.of(frequency, Basis(lattice, self.coefficient), self.lam, self.inductance)

    @relies_on("wan2015")
    def invert(self, sweeps: Sweeps, run: Run) -> Inversion:
        """Compute the distributions of all sweeps, grid by grid in blocks of fixed size."""
        grids = [g for g in group(sweeps.frequency, sweeps.valid) if enough(g.frequency)]
        per_decade = self.per_decade or density(sweeps)
        tasks = [
            _Task(self, per_decade, grid.key, grid.spectra[rows], grid.points[rows], impedance)
            for grid in grids
            for rows in blocks(grid.spectra.size, BLOCK)
            for impedance in [sweeps.impedance[grid.spectra[rows, None], grid.points[rows]]]
        ]
        found = list(run.each("DRT", _solve, tasks))
        return _assemble(sweeps, tasks, found)


@final
@dataclass(frozen=True, slots=True)
class _Task:
    """One block of spectra of one grid; it carries all it needs, so any worker can do it."""

    method: DRTtools
    per_decade: int
    key: bytes
    spectra: Ints
    points: Ints
    impedance: Complexes


@lru_cache(maxsize=8)
def _shared_design(method: DRTtools, per_decade: int, key: bytes) -> Design:
    """The blocks of a grid follow each other, so a few designs are enough to build each once."""
    return method.design(np.frombuffer(key, dtype=np.float64), per_decade)


def _solve(task: _Task) -> tuple[Lattice, Fit]:
    design = _shared_design(task.method, task.per_decade, task.key)
    return design.basis.lattice, design.solve(task.impedance)


def _assemble(
    sweeps: Sweeps, tasks: Sequence[_Task], found: Sequence[tuple[Lattice, Fit]]
) -> Inversion:
    """Put the blocks where their spectra stand; the lattice is the union of all."""
    lattice = reduce(Lattice.joined, (part for part, _ in found)) if found else None
    result = Inversion.blank(sweeps, lattice)
    for task, (part, fit) in zip(tasks, found, strict=True):
        rows = task.spectra
        if lattice is not None:
            result.gamma[rows, lattice.place(part)] = fit.gamma
        result.series_resistance[rows] = fit.series_resistance
        result.polarisation_resistance[rows] = fit.polarisation_resistance
        result.inductance[rows] = fit.inductance
        result.objective[rows] = fit.objective
        result.fit[rows[:, None], task.points] = fit.fit
        for row, outcome in zip(rows, fit.outcome, strict=True):
            result.outcome[row] = outcome
    return result


def enough(frequency: Floats) -> bool:
    """Tell whether there are enough different frequencies (Hz) to compute anything."""
    return np.unique(frequency).size >= MIN_POINTS


def density(sweeps: Sweeps) -> int:
    """Return the coarsest number of lattice points per decade that no sweep exceeds."""
    densest = points_per_decade(sweeps.frequency, sweeps.valid)
    # Rounded instrument frequencies must not tip exactly ten per decade over to twenty.
    return next((n for n in DENSITIES if n >= 0.98 * densest), DENSITIES[-1])


def solve_drttools(
    frequency: Floats, impedance: Complexes, *, method: DRTtools | None = None
) -> tuple[Lattice, Fit]:
    """Fit spectra that share their frequencies, on bare arrays.

    Parameters
    ----------
    frequency : (Hz), any order, positive and finite, shape (F,).
    impedance : (Ω), finite, shape (S, F).
    method : settings; None: the paper's.

    Returns
    -------
    the lattice and the fits; ``fit.fit`` is in the order of the frequencies given.
    """
    settings = method or DRTtools()
    order = np.argsort(-frequency, kind="stable")
    sweeps = Sweeps.of((frequency, impedance))
    design = settings.design(frequency[order], settings.per_decade or density(sweeps))
    fit = design.solve(np.ascontiguousarray(impedance[:, order]))
    restored = np.empty_like(fit.fit)
    restored[:, order] = fit.fit
    return design.basis.lattice, replace(fit, fit=restored)
