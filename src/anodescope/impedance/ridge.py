"""Ridge regression for γ on the lattice itself: matrices, solutions for many λ, what each costs.

    minimise  Σ_n w_n² |Z_n − Ẑ_n|² + λ ∫ (dᵏγ/d(ln τ)ᵏ)² d ln τ
    Ẑ(ω) = R0 + iωL + 1/(iωC) + ∫ γ/(1 + iωτ) d ln τ

with k = 0, 1 or 2. The unknowns are γ at the lattice points: both integrals are sums with the
lattice's step h, and the derivative is the k-th difference over hᵏ. The first integral's sum is
exact to rounding for the kernel, which is analytic; the penalty has no boundary terms, so k = 0
leaves γ = 0 alone, k = 1 every constant γ and k = 2 every straight line in ln τ.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome
from anodescope.impedance import nnls
from anodescope.impedance.lattice import Lattice

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

ORDERS = (0, 1, 2)
SERIES, INDUCTANCE, CAPACITANCE = "series_resistance", "inductance", "series_capacitance"
# A point that is this much smaller than the largest one gets no more weight for it.
_SMALLEST = 1e-6


@final
@dataclass(frozen=True, slots=True)
class Ridge:
    """What the spectra of one frequency grid share, whatever λ is.

    Unknowns are those of `beside` and then γ_1 … γ_T.

    Attributes
    ----------
    frequency : (Hz), shape (F,).
    lattice : relaxation times, T of them.
    beside : what is fitted beside γ: of `SERIES`, `INDUCTANCE` and `CAPACITANCE` (as 1/C).
    data : impedance of each unknown, real parts on imaginary parts, shape (2F, N).
    penalty : matrix whose product with the unknowns has ∫(dᵏγ)² as its square, shape (T − k, N).
    nonnegative : no unknown is negative.
    """

    frequency: Floats
    lattice: Lattice
    beside: tuple[str, ...]
    data: Floats
    penalty: Floats
    nonnegative: bool

    @classmethod
    def of(
        cls,
        frequency: Floats,
        lattice: Lattice,
        order: int,
        *,
        inductance: bool = True,
        capacitance: bool = False,
        nonnegative: bool = True,
    ) -> Ridge:
        """Build the matrices for frequencies (Hz) of shape (F,)."""
        omega = 2j * pi * frequency
        columns = {SERIES: np.ones_like(omega), INDUCTANCE: omega, CAPACITANCE: 1 / omega}
        wanted = {SERIES: True, INDUCTANCE: inductance, CAPACITANCE: capacitance}
        beside = tuple(name for name, there in wanted.items() if there)
        kernel = lattice.step / (1 + omega[:, None] * lattice.tau[None, :])
        response = np.stack([*(columns[name] for name in beside), *kernel.T], axis=1)
        differences = np.diff(np.eye(lattice.size), n=order, axis=0)
        # The step under the integral, and hᵏ under each difference.
        differences *= lattice.step ** (0.5 - order)
        penalty = np.concatenate([np.zeros((len(differences), len(beside))), differences], axis=1)
        data = np.concatenate([response.real, response.imag])
        return cls(frequency, lattice, beside, data, penalty, nonnegative)

    def matrices(self, weights: Floats, lams: Floats) -> list[nnls.SharedMatrix]:
        """Factorise the stacked matrix once for each λ.

        Parameters
        ----------
        weights : w of real and imaginary parts, shape (2F,).
        lams : λ, shape (K,).
        """
        data = weights[:, None] * self.data
        return [nnls.SharedMatrix.of(data, np.sqrt(lam) * self.penalty) for lam in lams]

    def half(self, *, real: bool) -> Ridge:
        """Return the problem of one part alone, with the unknowns that this part can see."""
        points = self.frequency.size
        seen = np.array([(name == SERIES) == real for name in self.beside])
        keep = np.concatenate([seen, np.ones(self.lattice.size, dtype=bool)])
        rows = slice(0, points) if real else slice(points, None)
        return Ridge(
            self.frequency,
            self.lattice,
            tuple(name for name, there in zip(self.beside, seen, strict=True) if there),
            self.data[rows][:, keep],
            self.penalty[:, keep],
            self.nonnegative,
        )


def modulus_weights(impedance: Complexes) -> Floats:
    """Return w = m/|Z| for both parts, with m such that the mean of w² is 1, shape (S, 2F).

    So the objective keeps its unit (Ω²), λ its meaning, and γ its linearity in Z.

    Parameters
    ----------
    impedance : (Ω), shape (S, F).
    """
    size = np.abs(impedance)
    largest = size.max(axis=1, keepdims=True)
    size = np.where(largest > 0, np.maximum(size, _SMALLEST * largest), 1.0)
    inverse = 1 / size
    inverse /= np.sqrt((inverse**2).mean(axis=1, keepdims=True))
    return np.concatenate([inverse, inverse], axis=1)


@final
@dataclass(frozen=True, slots=True)
class Path:
    """Solutions of spectra for one λ after the other.

    Attributes
    ----------
    lam : λ, shape (K,).
    unknowns : shape (S, K, N).
    misfit : Σ w²|Z − Ẑ|² (Ω²), shape (S, K).
    roughness : ∫ (dᵏγ)² d ln τ (Ω²), shape (S, K).
    freedom : degrees of freedom of the fit: the trace of ∂Ẑ/∂Z on the unknowns that are not zero,
        shape (S, K).
    slope : d ln roughness/d ln λ on the same unknowns, at most 0, shape (S, K).
    outcome : of the solver, for each spectrum and λ.
    """

    lam: Floats
    unknowns: Floats
    misfit: Floats
    roughness: Floats
    freedom: Floats
    slope: Floats
    outcome: list[list[Outcome]]


def trace(
    ridge: Ridge, matrices: list[nnls.SharedMatrix], weights: Floats, lams: Floats, data: Floats
) -> Path:
    """Solve weighted spectra for every λ.

    Parameters
    ----------
    ridge : the grid's matrices.
    matrices : of `Ridge.matrices`, one for each λ.
    weights : with which they were made, shape (2F,).
    lams : λ, shape (K,).
    data : weighted spectra (Ω), real parts and then imaginary ones, shape (S, 2F).
    """
    count, tried = len(data), len(lams)
    unknowns = np.empty((count, tried, ridge.data.shape[1]))
    freedom, slope = np.empty((count, tried)), np.empty((count, tried))
    outcome: list[list[Outcome]] = [[] for _ in range(count)]
    for k, (matrix, lam) in enumerate(zip(matrices, lams, strict=True)):
        unknowns[:, k], told = _solved(ridge, matrix, data)
        for row in range(count):
            outcome[row].append(told[row])
            freedom[row, k], slope[row, k] = _sensitivity(
                ridge, matrix, float(lam), unknowns[row, k]
            )
    fitted = unknowns @ (weights[:, None] * ridge.data).T
    misfit = ((data[:, None, :] - fitted) ** 2).sum(axis=2)
    roughness = ((unknowns @ ridge.penalty.T) ** 2).sum(axis=2)
    return Path(lams, unknowns, misfit, roughness, freedom, slope, outcome)


def _solved(ridge: Ridge, matrix: nnls.SharedMatrix, data: Floats) -> tuple[Floats, list[Outcome]]:
    from scipy.linalg import solve_triangular

    if ridge.nonnegative:
        found = nnls.solve(matrix, data)
        return found.x, found.outcome
    free = solve_triangular(matrix.upper, (data @ matrix.project).T).T
    return np.asarray(free / matrix.scale), [Outcome.converged] * len(data)


def _sensitivity(
    ridge: Ridge, matrix: nnls.SharedMatrix, lam: float, unknowns: Floats
) -> tuple[float, float]:
    """Return degrees of freedom, and d ln roughness/d ln λ, while the zeros stay zero.

    With B = QR on the unknowns that are not zero, the hat matrix is the data's rows of Q times
    their transpose, and dx/dλ = −(BᵀB)⁻¹ PᵀP x.
    """
    from scipy.linalg import solve_triangular

    live = unknowns > 0 if ridge.nonnegative else np.ones(unknowns.size, dtype=bool)
    if not live.any():
        return 0.0, 0.0
    q, r = np.linalg.qr(matrix.upper[:, live])
    freedom = float(((matrix.project @ q) ** 2).sum())
    rough = ridge.penalty @ unknowns
    square = float(rough @ rough)
    if square <= 0:
        return freedom, 0.0
    pull = (rough @ ridge.penalty)[live] / matrix.scale[live]
    half = solve_triangular(r, pull, trans="T")
    return freedom, -2 * lam * float(half @ half) / square


def predict_parts(ridge: Ridge, weights: Floats, lams: Floats, data: Floats) -> Floats:
    """Return how badly real parts predict imaginary ones and the reverse (Ω²), shape (S, K).

    γ is fitted to one part alone and the other part is computed from it. What the other part alone
    can see (R0 in the real, L and C in the imaginary part) is fitted to it.

    Parameters
    ----------
    ridge, weights, lams, data : as in `trace`.
    """
    points = ridge.frequency.size
    parts = {True: slice(0, points), False: slice(points, None)}
    error = np.zeros((len(data), len(lams)))
    for real, rows in parts.items():
        own, other = ridge.half(real=real), ridge.half(real=not real)
        first, across = len(other.beside), parts[not real]
        response = weights[across, None] * other.data
        for k, matrix in enumerate(own.matrices(weights[rows], lams)):
            found, _ = _solved(own, matrix, data[:, rows])
            left = data[:, across] - found[:, len(own.beside) :] @ response[:, first:].T
            error[:, k] += _unexplained(response[:, :first], left, nonnegative=ridge.nonnegative)
    return error


def _unexplained(columns: Floats, data: Floats, *, nonnegative: bool) -> Floats:
    """Return the square of what a few columns cannot explain of each row, shape (S,)."""
    from scipy.optimize import nnls as small_nnls

    if not columns.shape[1]:
        return np.asarray((data**2).sum(axis=1))
    # Columns of ωL and 1/(ωC) differ by many decades.
    scaled = columns / np.sqrt((columns**2).sum(axis=0))
    if nonnegative:
        return np.array([small_nnls(scaled, row)[1] ** 2 for row in data])
    found = np.linalg.lstsq(scaled, data.T, rcond=None)[0]
    return np.asarray(((data.T - scaled @ found) ** 2).sum(axis=0))
