"""One spectrum to invert, whitened: it can be solved with any set of terms beside γ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.descent import descend
from anodescope.impedance.loggp.design import SERIES, Design
from anodescope.impedance.loggp.posterior import posterior
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.reduction import Reduced

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# ln γ⁻ starts, and is pulled, this far below ln γ⁺: a loop must be called for by the data.
QUIETER = 6.0
# Where γ⁺ has died out it is raised to this far below flat before a loop is tried.
UNLOCKED = 3.0
STEPS, TOLERANCE = 40, 2e-3
# A descent that has not settled begins anew, with this many times the steps.
PATIENCE = 5
# Newton decrement (twice a gain in log density) that asks for a closer descent, and its tolerance.
FLAT = 0.5
CLOSER = 1e-5
# Relative variance below which rounding, not noise, is what is left.
LEAST_VARIANCE = 1e-16
# A spectrum that is all resistance has no span of Re Z to scale γ by.
LEAST_SPAN = 1e-3


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What stands beside γ.

    Attributes
    ----------
    columns : names of the linear terms.
    exponent : a in W (iω)^−a.
    signed : γ may be negative (inductive loops).
    """

    columns: tuple[str, ...] = (SERIES,)
    exponent: float = 0.5
    signed: bool = False

    def without(self, name: str) -> Terms:
        """Return the same terms less one."""
        kept = tuple(c for c in self.columns if c != name)
        return Terms(kept, self.exponent, self.signed)

    def with_column(self, name: str, exponent: float = 0.5) -> Terms:
        """Return the same terms and one more."""
        return Terms((*self.columns, name), exponent, self.signed)


@final
@dataclass(frozen=True)
class Solution:
    """A fitted spectrum; lengths as on the lattice, sizes in units of `Problem.scale`.

    Attributes
    ----------
    problem, terms : what was solved, with what beside γ.
    reduced : its equations.
    matrix, mean : A, of γ⁺ and γ⁻ where γ is signed, and m.
    freedom : degrees of freedom of `rest`.
    u, weight : ln γ and its curvature weights; twice the lattice's length where γ is signed.
    variance : σ² of the whitened data.
    used : effective number of parameters of γ.
    steps, settled : how the descent went.
    floor : variance that no γ could be blamed for, from what is orthogonal to all of them; NaN
        where nothing is.
    """

    problem: Problem
    terms: Terms
    reduced: Reduced
    matrix: Floats
    mean: Floats
    freedom: int
    u: Floats
    weight: Floats
    variance: float
    used: float
    steps: int
    settled: bool

    @property
    def data(self) -> Floats:
        """Whitened data, orthogonal to the columns, shape (r,)."""
        return self.reduced.data

    @property
    def rest(self) -> float:
        """Sum of squares that no γ can describe."""
        return self.reduced.rest

    @property
    def split(self) -> int:
        """Where γ⁻ begins."""
        return self.problem.size

    @property
    def parts(self) -> Floats:
        """γ⁺ and −γ⁻, one after the other, shape (n,) or (2n,)."""
        gamma = np.exp(self.u)
        gamma[self.split :] *= -1
        return gamma

    @property
    def gamma(self) -> Floats:
        """γ, shape (n,)."""
        return np.asarray(self.parts.reshape(-1, self.split).sum(axis=0))

    @property
    def floor(self) -> float:
        """σ² by what no γ can describe; NaN where there is nothing."""
        return self.rest / self.freedom if self.freedom > 0 else float("nan")

    @cached_property
    def coefficients(self) -> Floats:
        """Least-squares coefficients of the columns, shape (p,)."""
        reduced = self.reduced
        given = reduced.aim - reduced.coupling @ (self.problem.right @ self.gamma)
        return np.asarray(reduced.inverse @ given)

    @property
    def sensitivity(self) -> tuple[Floats, Floats]:
        """Variance of the coefficients given γ, (p,), and how they change with u, (p, n or 2n)."""
        inverse = self.reduced.inverse
        through = -(inverse @ self.reduced.coupling) @ self.problem.right
        signs = np.hstack([through, through]) if self.terms.signed else through
        return self.variance * (inverse * inverse).sum(axis=1), signs * self.parts

    @cached_property
    def described(self) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """See `posterior.posterior`."""
        found: tuple[Floats, Floats, Floats, Floats, Floats, Floats] = posterior(
            self.matrix,
            self.data,
            self.problem.design.lattice.step,
            self.problem.prior.numbers,
            self.mean,
            self.split,
            self.u,
            self.weight,
            self.variance,
        )
        return found

    @property
    def decrement(self) -> float:
        """gᵀΣg of the objective's gradient: twice what a further step would gain in log density."""
        return float(self.described[5][3])

    @property
    def evidence(self) -> float:
        """Log evidence by Laplace's method, but for a constant that all terms share."""
        half_log, half_prior, log_prior, _ = self.described[5]
        residual = self.data - self.matrix @ np.exp(self.u)
        size = self.data.size + self.freedom
        misfit = float(residual @ residual + self.rest) / self.variance
        penalty = 0.5 * len(self.terms.columns) * log(max(self.problem.data.size, 2))
        return float(
            -0.5 * size * log(self.variance)
            - 0.5 * misfit
            + log_prior
            + half_prior
            - half_log
            - penalty
        )


@final
@dataclass(frozen=True)
class Problem:
    """Data and kernel, whitened.

    Attributes
    ----------
    design : of the frequency grid.
    whiten : turns complex rows (F, k) into real whitened ones (m, k).
    data : whitened impedance over `scale`, shape (m,).
    left, right : whitened kernel ≈ left @ right.
    scale : (Ω), by which all is divided.
    spread : span of Re Z over `scale`.
    """

    design: Design
    whiten: Callable[[Complexes], Floats]
    data: Floats
    left: Floats
    right: Floats
    scale: float
    spread: float
    prior: Prior = FROZEN
    known: float = 0.0
    _columns: dict[tuple[str, float], Floats] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of lattice points."""
        return self.design.lattice.size

    def columns(self, terms: Terms) -> Floats:
        """Return the whitened columns of some terms, shape (m, p)."""
        found = []
        for name in terms.columns:
            key = (name, terms.exponent)
            if key not in self._columns:
                column = self.design.column(name, terms.exponent)
                self._columns[key] = self.whiten(column[:, None])[:, 0]
            found.append(self._columns[key])
        return np.ascontiguousarray(np.array(found).reshape(-1, self.data.size).T)

    def solve(
        self, terms: Terms, start: Solution | None = None, loops: Floats | None = None
    ) -> Solution:
        """Fit γ with some terms beside it, from scratch or from another solution.

        Parameters
        ----------
        loops : ln γ⁻ to start at where γ is signed, in units of `scale`, shape (n,).
        """
        columns = self.columns(terms)
        reduced = Reduced.of(self.left, columns, self.data, self.right)
        matrix = reduced.matrix
        if terms.signed:
            matrix = np.ascontiguousarray(np.hstack([matrix, -matrix]))
        freedom = max(self.data.size - columns.shape[1] - reduced.data.size, 0)
        flat = log(self.spread / self.design.span)
        mean = np.full(self.size, flat + log(self.prior.level))
        if terms.signed:
            mean = np.concatenate([mean, mean - QUIETER])

        def descended(
            begin: tuple[Floats, Floats, float], limits: tuple[float, ...], known: float
        ) -> Solution:
            u, weight, sigma, used, steps, settled = descend(
                matrix, reduced.data, reduced.rest, float(freedom), self.design.lattice.step,
                self.prior.numbers, mean, self.size, *begin, known, np.array(limits),
            )  # fmt: skip
            return Solution(
                self, terms, reduced, matrix, mean, freedom,
                u, weight, float(sigma), float(used), int(steps), bool(settled),
            )  # fmt: skip

        limits = (STEPS, TOLERANCE, LEAST_VARIANCE, 1.0)
        found = descended(self._begin(terms, start, loops), limits, self.known)
        if terms.signed:
            # Further steps let γ⁺ and γ⁻ grow together, which fits noise: measured, and not taken.
            return found
        if not found.settled:
            limits = (PATIENCE * STEPS, *limits[1:])
            again = descended(self._begin(terms, None, loops), limits, self.known)
            found = again if again.settled else found
        if not found.decrement < FLAT:
            limits = (PATIENCE * STEPS, CLOSER, LEAST_VARIANCE, 0.0)
            begin = (found.u, found.weight, found.variance)
            closer = descended(begin, limits, found.variance)
            if closer.decrement < found.decrement:
                found = replace(closer, settled=found.settled)
        return found

    def _begin(
        self, terms: Terms, start: Solution | None, loops: Floats | None
    ) -> tuple[Floats, Floats, float]:
        """Return u, the curvature weights and σ² to start at."""
        flat = log(self.spread / self.design.span)
        u = np.full(self.size, flat)
        weight = np.full(self.size, self.prior.weight)
        variance = 0.0
        if start is not None:
            u = start.u[: self.size] + log(start.problem.scale / self.scale)
            weight, variance = start.weight[: self.size].copy(), start.variance
        if not terms.signed:
            return u, weight, variance
        u, weight = np.concatenate([u, u - QUIETER]), np.concatenate([weight, weight])
        weight[[self.size - 1, self.size]] = 0.0
        if loops is not None:
            u[self.size :] = loops
            u[: self.size] = np.maximum(u[: self.size], flat - UNLOCKED)
        elif start is not None and start.terms.signed:
            u[self.size :] = start.u[self.size :] + log(start.problem.scale / self.scale)
        else:
            u[self.size :] = flat - QUIETER
        return u, weight, variance
