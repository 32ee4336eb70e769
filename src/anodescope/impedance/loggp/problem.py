"""One spectrum to invert, whitened: it can be solved with any set of terms beside γ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log, sqrt
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.descent import descend
from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, TAIL, Design, Loop
from anodescope.impedance.loggp.posterior import posterior
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.reduction import Reduced

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

STEPS, TOLERANCE = 40, 2e-3
# A descent that has not settled begins anew, with this many times the steps.
PATIENCE = 5
# Standard deviation of the prior on a loop's resistance, over what data seem to call for.
LOOSE_SIZE = 3.0
# Newton decrement (twice a gain in log density) that asks for a closer descent, and its tolerance.
FLAT = 0.5
CLOSER = 1e-5
# Relative variance below which what the kernel's rank leaves out, not noise, is what is left.
LEAST_VARIANCE = 1e-12
# Relative noise that is taken for granted where the data cannot tell any.
UNTOLD = 1e-3
# A spectrum that is all resistance has no span of Re Z to scale γ by.
LEAST_SPAN = 1e-3


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What stands beside the positive γ.

    Attributes
    ----------
    columns : names of the linear terms.
    exponent : a in W (iω)^−a.
    rise : b in L (iω)^b; 1 for an ideal inductor, less where eddy currents screen it.
    loops : inductive loops.
    """

    columns: tuple[str, ...] = (SERIES,)
    exponent: float = 0.5
    rise: float = 1.0
    loops: tuple[Loop, ...] = ()

    @property
    def signed(self) -> bool:
        """Whether γ is negative somewhere."""
        return bool(self.loops)

    @property
    def numbers(self) -> int:
        """How many numbers the data have to fix beside γ."""
        return len(self.columns) + (TAIL in self.columns) + (self.rise < 1) + 3 * len(self.loops)

    def without(self, name: str) -> Terms:
        """Return the same terms less one."""
        rise = 1.0 if name == INDUCTANCE else self.rise
        return replace(self, columns=tuple(c for c in self.columns if c != name), rise=rise)

    def with_column(self, name: str, exponent: float = 0.5) -> Terms:
        """Return the same terms and one more."""
        return replace(self, columns=(*self.columns, name), exponent=exponent)

    def power(self, name: str) -> float:
        """Return the exponent of a column; 1 where it has none."""
        return {TAIL: self.exponent, INDUCTANCE: self.rise}.get(name, 1.0)

    def with_loops(self, *loops: Loop) -> Terms:
        """Return the same terms with these loops and no others."""
        return replace(self, loops=loops)


@final
@dataclass(frozen=True)
class Solution:
    """A fitted spectrum; lengths as on the lattice, sizes in units of `Problem.scale`.

    Attributes
    ----------
    problem, terms : what was solved, with what beside γ.
    reduced : its equations.
    mean : m.
    freedom : degrees of freedom of `rest`.
    u, weight : ln of the positive γ and its curvature weights.
    variance : σ² of the whitened data.
    used : effective number of parameters of γ.
    steps, settled : how the descent went.
    """

    problem: Problem
    terms: Terms
    reduced: Reduced
    mean: Floats
    freedom: int
    u: Floats
    weight: Floats
    variance: float
    used: float
    steps: int
    settled: bool

    @property
    def matrix(self) -> Floats:
        """A, whitened and orthogonal to the columns, shape (r, n)."""
        return self.reduced.matrix

    @property
    def data(self) -> Floats:
        """Whitened data, orthogonal to the columns, shape (r,)."""
        return self.reduced.data

    @property
    def rest(self) -> float:
        """Sum of squares that no γ can describe."""
        return self.reduced.rest

    @cached_property
    def positive(self) -> Floats:
        """The γ that cannot be negative, shape (n,)."""
        return np.exp(self.u)

    @cached_property
    def bells(self) -> Floats:
        """What loops of size one add to γ, shape (loops, n)."""
        return self.problem.design.bells(self.terms.loops)

    @cached_property
    def gamma(self) -> Floats:
        """γ with its loops, shape (n,)."""
        if not self.terms.loops:
            return self.positive
        return np.asarray(self.positive + self.coefficients[len(self.terms.columns) :] @ self.bells)

    @property
    def floor(self) -> float:
        """σ² by what no γ can describe; NaN where there is nothing."""
        return self.rest / self.freedom if self.freedom > 0 else float("nan")

    @property
    def negative(self) -> bool:
        """Whether a column has a coefficient below zero, as four-terminal wiring can give it."""
        return bool((self.coefficients < 0).any())

    @property
    def misfit(self) -> float:
        """σ² by what the fit leaves; `variance`, but where that was given."""
        residual = self.data - self.matrix @ self.positive
        freedom = max(self.data.size + self.freedom - self.used, 1.0)
        return float((residual @ residual + self.rest) / freedom)

    @cached_property
    def coefficients(self) -> Floats:
        """Least-squares coefficients of the columns, and the sizes of the loops after them."""
        reduced = self.reduced
        given = reduced.aim - reduced.coupling @ (self.problem.right @ self.positive)
        return np.asarray(reduced.inverse @ given)

    @cached_property
    def sensitivity(self) -> Floats:
        """How the coefficients change with u, shape (p, n)."""
        through = -(self.reduced.inverse @ self.reduced.coupling) @ self.problem.right
        return np.asarray(through * self.positive)

    @cached_property
    def described(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """See `posterior.posterior`."""
        found: tuple[Floats, Floats, Floats, Floats, Floats] = posterior(
            self.matrix,
            self.data,
            self.problem.design.lattice.step,
            self.problem.prior.numbers,
            self.mean,
            self.u,
            self.weight,
            self.variance,
        )
        return found

    @property
    def decrement(self) -> float:
        """gᵀΣg of the objective's gradient: twice what a further step would gain in log density."""
        return float(self.described[4][3])

    @property
    def evidence(self) -> float:
        """Log evidence by Laplace's method, but for a constant that all terms share."""
        half_log, quadratic, log_weights, _ = self.described[4]
        residual = self.data - self.matrix @ self.positive
        size = self.data.size + self.freedom
        misfit = float(residual @ residual + self.rest) / self.variance
        penalty = 0.5 * self.terms.numbers * log(max(self.problem.data.size, 2))
        return float(
            -0.5 * (size * log(self.variance) + misfit + quadratic)
            - half_log
            + log_weights
            - penalty
        )


def _noise(start: Solution | None) -> float:
    """The best guess of σ² before a fit with loops; 0 lets them have any size."""
    if start is None:
        return 0.0
    floor = start.floor
    return min(start.variance, floor) if floor > 0 else start.variance


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

    @cached_property
    def floor(self) -> float:
        """σ² by what neither γ nor R0 nor L can describe, of whatever sign; NaN without freedom."""
        columns = self.columns(Terms((SERIES, INDUCTANCE)))
        reduced = Reduced.of(self.left, columns, self.data, self.right)
        freedom = self.data.size - columns.shape[1] - reduced.data.size
        return reduced.rest / freedom if freedom > 0 else float("nan")

    def columns(self, terms: Terms) -> Floats:
        """Return the whitened columns of some terms, loops last, shape (m, p)."""
        found = []
        for name in terms.columns:
            key = (name, terms.power(name))
            if key not in self._columns:
                column = self.design.column(*key)
                self._columns[key] = self.whiten(column[:, None])[:, 0]
            found.append(self._columns[key])
        table = np.array(found).reshape(-1, self.data.size)
        if terms.loops:
            loops = self.whiten(self.design.loop_columns(terms.loops))
            table = np.concatenate([table, loops.T])
        return np.ascontiguousarray(table.T)

    def reduced(self, terms: Terms, variance: float) -> Reduced:
        """Return the equations of γ alone; what is expected of loops are rows of their own.

        Parameters
        ----------
        variance : of the whitened data, about; it is heeded where there are loops.
        """
        columns, left, data = self.columns(terms), self.left, self.data
        if terms.loops:
            count = len(terms.loops)
            sizes = np.array([loop.size for loop in terms.loops])
            held = np.zeros((count, columns.shape[1]))
            held[:, len(terms.columns) :] = np.diag(sqrt(variance) / (LOOSE_SIZE * sizes))
            columns = np.ascontiguousarray(np.vstack([columns, held]))
            left = np.vstack([left, np.zeros((count, left.shape[1]))])
            data = np.concatenate([data, np.zeros(count)])
        return Reduced.of(left, columns, data, self.right)

    def solve(
        self, terms: Terms, start: Solution | None = None, *, patient: bool = True
    ) -> Solution:
        """Fit γ with some terms beside it, from scratch or from another solution.

        Parameters
        ----------
        patient : go on where the first descent has not settled.
        """
        reduced = self.reduced(terms, _noise(start))
        freedom = max(self.data.size - reduced.aim.size - reduced.data.size, 0)
        flat = log(self.spread / self.design.span)
        mean = np.full(self.size, flat + log(self.prior.level))

        def descended(
            begin: tuple[Floats, Floats, float], limits: tuple[float, ...], known: float
        ) -> Solution:
            u, weight, sigma, used, steps, settled = descend(
                reduced.matrix, reduced.data, reduced.rest, float(freedom),
                self.design.lattice.step, self.prior.numbers, mean, *begin, known,
                np.array(limits),
            )  # fmt: skip
            return Solution(
                self, terms, reduced, mean, freedom,
                u, weight, float(sigma), float(used), int(steps), bool(settled),
            )  # fmt: skip

        # As many numbers as data leave nothing to tell the noise by.
        least = LEAST_VARIANCE if freedom > 0 else UNTOLD**2
        limits = (STEPS, TOLERANCE, least, 1.0)
        found = descended(self._begin(start), limits, self.known)
        if not patient:
            return found
        if not found.settled:
            limits = (PATIENCE * STEPS, *limits[1:])
            again = descended(self._begin(None), limits, self.known)
            found = again if again.settled else found
        if not found.decrement < FLAT:
            limits = (PATIENCE * STEPS, CLOSER, least, 0.0)
            begin = (found.u, found.weight, found.variance)
            closer = descended(begin, limits, found.variance)
            if closer.decrement < found.decrement:
                found = replace(closer, settled=found.settled)
        return found

    def _begin(self, start: Solution | None) -> tuple[Floats, Floats, float]:
        """Return u, the curvature weights and σ² to start at."""
        if start is None:
            flat = log(self.spread / self.design.span)
            return np.full(self.size, flat), np.full(self.size, self.prior.weight), 0.0
        u = start.u + log(start.problem.scale / self.scale)
        return u, start.weight.copy(), start.variance
