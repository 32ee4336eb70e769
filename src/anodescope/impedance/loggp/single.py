"""One spectrum: which terms it calls for, how its noise is distributed, and what the fit says.

A plain fit, R0 and L beside a positive γ, serves most spectra. Its variance is held against that of
the part of the data which no γ can describe: where both agree, nothing is missing. Where they
do not, or where −Im Z rises towards the lowest frequency, further terms are tried, and kept when
the evidence for them is strong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.banded import solve
from anodescope.impedance.loggp.design import (
    CAPACITANCE,
    CLEAN,
    INDUCTANCE,
    SERIES,
    TAIL,
    Design,
)
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.problem import LEAST_SPAN, QUIETER, Problem, Solution, Terms
from anodescope.impedance.sweeps import stacked_parts

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# Variance of the fit over that which no γ can describe, from which a term may be missing.
SUSPECT = 1.2
# Log evidence for a term beside γ from which it is kept: a Bayes factor of 20.
STRONG = 3.0
# −d ln(−Im Z)/d ln f at the low end from which a capacitance or a tail is tried.
RISING = 0.25
# Decades at the low end over which that slope is taken.
END = 0.5
# Exponents of tails, 1 being a capacitance; those nearest to the slope are tried.
EXPONENTS = (0.5, 0.65, 0.8, 0.9, 1.0)
TRIALS = 2
# The same ratio from which loops are tried, which can imitate noise better than other terms can.
SUSPECT_LOOP = 1.3
# Of the ridge regression that a signed γ begins at: its pull to zero, and the λ that are tried.
RIDGE, LAMBDAS = 1e-3, tuple(10.0 ** np.arange(-8.0, 2.0))
# Width (ln τ) over which it is blurred, as it oscillates.
BLUR = 0.4
# Widths (ln τ) of the bells that are tried before it.
LOOP_WIDTHS = (0.3, 0.8)
# Half-width (points) of the running rms of the residual, and its change that calls for new weights.
NEAR = 5
UNEVEN = 0.4
OUTLIER = 3.5
# |Z| below this share of the median of its five neighbours is not taken at its word.
DIP = 0.5


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """A solution and the evidence that chose its terms.

    Attributes
    ----------
    solution : with the terms that were kept.
    evidence : log evidence for each term that was tried, over the model without it, by name.
    """

    solution: Solution
    evidence: dict[str, float]


def problem_of(
    design: Design,
    impedance: Complexes,
    *,
    prior: Prior = FROZEN,
    relative: Floats | None = None,
    clean: bool = False,
    known: float = 0.0,
) -> Problem:
    """Whiten one spectrum by |Z|.

    Parameters
    ----------
    impedance : (Ω), in the design's order, shape (F,).
    relative : noise over |Z| but for a factor, of both parts, shape (2F,); None: the same for all.
    clean : take the finer rank of the kernel.
    known : variance of the relative noise; 0: unknown.
    """
    size = np.abs(impedance)
    scale = float(size.max())
    weight = np.tile(scale / np.maximum(_without_dips(size), 1e-12 * scale), 2)
    if relative is not None:
        weight = weight / relative

    def whiten(rows: Complexes) -> Floats:
        return np.ascontiguousarray(np.concatenate([rows.real, rows.imag]) * weight[:, None])

    rank = int(clean)
    return Problem(
        design=design,
        whiten=whiten,
        data=stacked_parts(impedance / scale) * weight,
        left=np.ascontiguousarray(design.left[rank] * weight[:, None]),
        right=design.right[rank],
        scale=scale,
        spread=max(float(np.ptp(impedance.real)) / scale, LEAST_SPAN),
        prior=prior,
        known=known,
    )


def _without_dips(size: Floats) -> Floats:
    """Raise single |Z| far below their neighbours, which would outweigh all others."""
    if size.size < 5:
        return size
    padded = np.pad(size, 2, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.asarray(np.maximum(size, DIP * middle))


def fit_single(
    design: Design, impedance: Complexes, *, prior: Prior = FROZEN, known: float = 0.0
) -> Choice:
    """Fit one spectrum (Ω), shape (F,), and find its terms and the distribution of its noise."""
    problem = problem_of(design, impedance, prior=prior, known=known)
    plain = legal(problem.solve(Terms((SERIES, INDUCTANCE))))
    if plain.floor < CLEAN**2 and design.right[1].shape[0] > design.right[0].shape[0]:
        problem = problem_of(design, impedance, prior=prior, known=known, clean=True)
        plain = legal(problem.solve(Terms((SERIES, INDUCTANCE)), plain))
    choice = choose(plain, slope=low_end(design.frequency, impedance))
    relative = uneven_noise(choice.solution) if known <= 0 else None
    if relative is None:
        return choice
    again = problem_of(design, impedance, prior=prior, relative=relative)
    return Choice(legal(again.solve(choice.solution.terms, choice.solution)), choice.evidence)


def legal(solution: Solution) -> Solution:
    """Leave out columns whose coefficient would be negative, one by one."""
    while solution.coefficients.size and solution.coefficients.min() < 0:
        worst = solution.terms.columns[int(solution.coefficients.argmin())]
        solution = solution.problem.solve(solution.terms.without(worst), solution)
    return solution


def low_end(frequency: Floats, impedance: Complexes) -> float:
    """Return −d ln(−Im Z)/d ln f at the low end; both are in descending order; 0 without one."""
    end = frequency <= frequency[-1] * 10**END
    end[-3:] = True
    imaginary = -impedance.imag[end]
    if imaginary.size < 3 or (imaginary <= 0).any():
        return 0.0
    x, y = np.log(frequency[end]), np.log(imaginary)
    x -= x.mean()
    return -float(x @ y / max(float(x @ x), 1e-300))


def choose(plain: Solution, *, slope: float) -> Choice:
    """Try the terms that a plain solution and the data call for; keep those with strong evidence.

    Parameters
    ----------
    plain : with a positive γ, R0 and L.
    slope : −d ln(−Im Z)/d ln f at the lowest frequencies.
    """
    found = {INDUCTANCE: _inductance_evidence(plain)}
    suspect = _suspect(plain)
    best = plain
    if suspect or slope > RISING:
        best = _try_low_end(plain, slope, len(EXPONENTS) if suspect else TRIALS, found)
    loops = _suspect(plain, SUSPECT_LOOP)
    if _suspect(best, SUSPECT_LOOP):
        best = _try_loops(best, found)
    if loops and best.terms.columns != plain.terms.columns:
        alone = _try_loops(plain, {})
        if alone.evidence > best.evidence:
            best = alone
            found["loop"] = alone.evidence - plain.evidence
    return Choice(best, found)


def unasked(plain: Solution) -> Choice:
    """Return a plain solution as the choice, without trying any further term."""
    return Choice(plain, {INDUCTANCE: _inductance_evidence(plain)})


def _suspect(solution: Solution, least: float = SUSPECT) -> bool:
    floor = solution.floor
    return bool(np.isfinite(floor) and solution.variance > least * max(floor, 1e-14))


def _inductance_evidence(solution: Solution) -> float:
    """Log evidence by the coefficient's own spread, t²/2 − ln(N)/2; t = 0 where it was negative."""
    if INDUCTANCE not in solution.terms.columns:
        return -0.5 * log(solution.problem.data.size)
    place = solution.terms.columns.index(INDUCTANCE)
    spread = coefficient_spread(solution)[place]
    t = float(solution.coefficients[place]) / max(float(spread), 1e-300)
    return 0.5 * min(t * t, 1e6) - 0.5 * log(solution.problem.data.size)


def _try_low_end(plain: Solution, slope: float, most: int, found: dict[str, float]) -> Solution:
    """Try a blocking capacitance and power-law tails whose exponent is near the slope's."""
    problem, best = plain.problem, plain
    nearest = sorted(EXPONENTS, key=lambda exponent: abs(exponent - slope))
    for exponent in nearest[:most]:
        name = TAIL if exponent < 1 else CAPACITANCE
        trial = legal(problem.solve(plain.terms.with_column(name, exponent)))
        gain = trial.evidence - plain.evidence if name in trial.terms.columns else -np.inf
        found[name] = max(found.get(name, -np.inf), gain, -0.5 * log(problem.data.size))
        if gain > STRONG and trial.evidence > best.evidence:
            best = trial
    return best


def _try_loops(plain: Solution, found: dict[str, float]) -> Solution:
    """Try a signed γ from one start after another, until one has strong evidence."""
    terms = Terms(plain.terms.columns, plain.terms.exponent, signed=True)
    for begin in (_narrow_start, _wide_start, _linear_start):
        start = begin(plain)
        if start is None:
            continue
        trial = plain.problem.solve(terms, *start)
        gain = trial.evidence - plain.evidence
        found["loop"] = max(found.get("loop", -np.inf), gain)
        if gain > STRONG:
            return legal(trial)
    return plain


def _narrow_start(plain: Solution) -> tuple[Solution, Floats] | None:
    return _bell_start(plain, LOOP_WIDTHS[0])


def _wide_start(plain: Solution) -> tuple[Solution, Floats] | None:
    return _bell_start(plain, LOOP_WIDTHS[1])


def _bell_start(plain: Solution, width: float) -> tuple[Solution, Floats] | None:
    """The plain γ, and the negative bell that a matched filter would take from it, if any."""
    problem = plain.problem
    lattice = problem.design.lattice
    jacobian = plain.matrix * np.exp(plain.u)
    moved = jacobian.T.copy(order="C")
    solve(plain.described[3], moved)
    covariance = jacobian @ moved + plain.variance * np.eye(len(jacobian))
    bells = np.exp(-0.5 * ((lattice.ln_tau[:, None] - lattice.ln_tau[None, :]) / width) ** 2)
    bells /= bells.sum(axis=0) * lattice.step
    shifts = -plain.matrix[:, : problem.size] @ bells
    residual = plain.data - plain.matrix @ np.exp(plain.u)
    weighed = np.linalg.solve(covariance, np.column_stack([residual, shifts]))
    score = shifts.T @ weighed[:, 0]
    power = np.einsum("ij,ij->j", shifts, weighed[:, 1:])
    place = int(np.where(score > 0, score**2 / power, 0.0).argmax())
    if score[place] <= 0:
        return None
    size = score[place] / power[place] * bells[:, place]
    return plain, np.log(np.maximum(size, _quiet(problem)))


def _quiet(problem: Problem) -> float:
    """γ⁻ where there is none."""
    return float(np.exp(-QUIETER) * problem.spread / problem.design.span)


def _linear_start(plain: Solution) -> tuple[Solution, Floats]:
    """Split the ridge regression of either sign, its λ by generalised cross-validation, in two.

    Returns
    -------
    the plain solution with ln γ⁺ in place of its own, and ln γ⁻.
    """
    problem, size = plain.problem, plain.problem.size
    step = problem.design.lattice.step
    bend = np.diff(np.eye(size), 2, axis=0) / step**1.5
    penalty = bend.T @ bend + RIDGE * step * np.eye(size)
    root = np.linalg.cholesky(penalty)
    turned = np.linalg.solve(root, plain.matrix[:, :size].T)
    modes, values, _ = np.linalg.svd(turned.T, full_matrices=False)
    along = modes.T @ plain.data
    best, chosen = np.inf, LAMBDAS[0]
    for lam in LAMBDAS:
        filters = values**2 / (values**2 + lam)
        left = plain.data - modes @ (filters * along)
        freedom = left.size + plain.freedom - filters.sum()
        score = float(left @ left + plain.rest) / freedom**2
        if score < best:
            best, chosen = score, lam
    dual = turned.T @ turned + chosen * np.eye(plain.data.size)
    gamma = np.linalg.solve(root.T, turned @ np.linalg.solve(dual, plain.data))
    ln_tau = problem.design.lattice.ln_tau
    blur = np.exp(-0.5 * ((ln_tau[:, None] - ln_tau[None, :]) / BLUR) ** 2)
    blur /= blur.sum(axis=1, keepdims=True)
    above, below = (np.log(blur @ np.maximum(part, _quiet(problem))) for part in (gamma, -gamma))
    flat = np.full(size, problem.prior.weight)
    return replace(plain, u=np.asarray(above), weight=flat), np.asarray(below)


def coefficient_spread(solution: Solution) -> Floats:
    """Standard deviation of the columns' coefficients, that of γ included, shape (p,)."""
    if not solution.terms.columns:
        return np.empty(0)
    own, rows = solution.sensitivity
    return np.asarray(np.sqrt(own + quadratic(solution, rows)))


def quadratic(solution: Solution, rows: Floats) -> Floats:
    """Return the posterior variance of functionals of u, rowsᵀ Σ rows for each row, shape (k,)."""
    _, _, _, lower, known, _ = solution.described
    right = rows.T.copy(order="C")
    solve(lower, right)
    explained = known @ rows.T
    variance = (rows.T * right).sum(axis=0) - (explained**2).sum(axis=0)
    return np.asarray(np.maximum(variance, 0.0))


def uneven_noise(solution: Solution) -> Floats | None:
    """Return the noise over |Z| by the residual's running rms and its outliers, shape (2F,).

    None where it is even enough. Its mean square is 1 but for outliers.
    """
    problem = solution.problem
    fit = problem.left @ (problem.right @ solution.gamma)
    fit = fit + problem.columns(solution.terms) @ solution.coefficients
    size = np.abs(problem.data - fit).reshape(2, -1)
    middle = 1.4826 * float(np.median(size))
    if middle <= 0 or size.shape[1] < 2 * NEAR:
        return None
    square = np.minimum(size, 3 * middle) ** 2
    ones = np.ones(2 * NEAR + 1)
    count = np.convolve(np.ones(size.shape[1]), ones, "same")
    local = np.sqrt(np.convolve(square.mean(axis=0), ones, "same") / count)
    whole = float(np.sqrt(square.mean()))
    local = np.clip(local, 0.25 * whole, 4 * whole)
    outlying = np.maximum(size / local / OUTLIER, 1.0)
    relative = (local / whole * outlying).ravel()
    if np.abs(np.log(relative)).max() < UNEVEN:
        return None
    return np.asarray(relative)
