"""One spectrum: which terms it calls for, how its noise is distributed, and what the fit says.

A plain fit, R0 and L beside a positive γ, serves most spectra. Its variance is held against that of
the part of the data which no γ can describe: where both agree, nothing is missing. Where they
do not, loops are tried; a blocking capacitance or a tail is where a linearised test calls for one.
They are kept when the evidence for them is strong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.design import (
    CLEAN,
    INDUCTANCE,
    SERIES,
    Design,
    rank_of,
    shared_design,
)
from anodescope.impedance.loggp.loops import at_an_end, settled, with_one_more
from anodescope.impedance.loggp.noise import uneven_noise
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.problem import LEAST_SPAN, LEAST_VARIANCE, Problem, Solution, Terms
from anodescope.impedance.loggp.tails import best_tail
from anodescope.impedance.loggp.uncertainty import Uncertainty
from anodescope.impedance.loggp.whitening import whitened, without_dips

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# Variance of the fit over that which no γ can describe, from which a term may be missing.
SUSPECT = 1.2
# Relative noise below which no impedance is measured, and no lattice is exact.
FINEST = 1e-5
# Log evidence for a term beside γ from which it is kept: a Bayes factor of 20.
STRONG = 3.0
# How much finer than the lattice a fit is that tells whether it is the lattice which misses
# something; the relative residual above which that is not asked; and the share of what is missing
# that a finer lattice must leave, at least, before a loop is believed.
FINER, LATTICE, REMAINING = 3, 3e-3, 0.1
# Columns that four-terminal wiring can make negative.
WIRING = (SERIES, INDUCTANCE)
# b in L (iω)^b of inductors that are not ideal, in the order in which they are tried.
RISES = (0.9, 0.8, 0.7, 0.6, 0.5)
# No more loops than these.
MOST_LOOPS = 3


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
    clean : take a finer rank of the kernel than for ordinary data.
    known : variance of the relative noise; 0: unknown.
    """
    weight, data, left, right, scale, spread = whitened(
        design, impedance, relative, rank_of(without_dips(np.abs(impedance)), clean)
    )

    def whiten(rows: Complexes) -> Floats:
        return np.ascontiguousarray(np.concatenate([rows.real, rows.imag]) * weight[:, None])

    return Problem(
        design=design,
        whiten=whiten,
        data=data,
        left=left,
        right=right,
        scale=scale,
        spread=max(spread, LEAST_SPAN),
        prior=prior,
        known=known,
    )


def fit_single(
    design: Design, impedance: Complexes, *, prior: Prior = FROZEN, known: float = 0.0
) -> Choice:
    """Fit one spectrum (Ω), shape (F,), and find its terms and the distribution of its noise."""
    clean = False
    problem = problem_of(design, impedance, prior=prior, known=known)
    plain = legal(problem.solve(Terms(WIRING)))
    if plain.floor < CLEAN**2 and design.right[1].shape[0] > design.right[0].shape[0]:
        clean = True
        problem = problem_of(design, impedance, prior=prior, known=known, clean=True)
        plain = legal(problem.solve(Terms(WIRING), plain))
    choice = choose(plain)
    relative = uneven_noise(choice.solution) if known <= 0 else None
    if relative is None:
        return choice
    again = problem_of(design, impedance, prior=prior, relative=relative, clean=clean)
    found = again.solve(choice.solution.terms, choice.solution)
    free = WIRING if choice.solution.negative else ()
    return Choice(legal(found, free), choice.evidence)


def legal(solution: Solution, free: tuple[str, ...] = ()) -> Solution:
    """Leave out columns and loops whose coefficient would be negative, one by one.

    Parameters
    ----------
    free : columns that may be negative.
    """
    while True:
        terms, sizes = solution.terms, solution.coefficients.copy()
        sizes[[k for k, name in enumerate(terms.columns) if name in free]] = 0.0
        if not sizes.size or sizes.min() >= 0:
            return solution
        worst = int(sizes.argmin())
        if worst < len(terms.columns):
            fewer = terms.without(terms.columns[worst])
        else:
            out = worst - len(terms.columns)
            fewer = terms.with_loops(*(one for k, one in enumerate(terms.loops) if k != out))
        solution = solution.problem.solve(fewer, solution)


def choose(plain: Solution, like: Solution | None = None) -> Choice:
    """Try the terms that a plain solution calls for; keep those with strong evidence.

    Parameters
    ----------
    plain : with a positive γ, R0 and L.
    like : the solution of a neighbour in time; its terms are tried too.
    """
    choice = _chosen(plain)
    best = choice.solution
    if like is None:
        return choice
    free = WIRING if like.negative else ()
    if like.terms == best.terms and best.negative == like.negative:
        return choice
    trial = plain.problem.solve(like.terms, like)
    trial = legal(settled(trial) if like.terms.loops else trial, free)
    return Choice(trial, choice.evidence) if trial.evidence > best.evidence else choice


def _chosen(plain: Solution) -> Choice:
    if _suspect(plain):
        plain = _held_to_floor(plain)
    found = {INDUCTANCE: _inductance_evidence(plain)}
    best = plain
    for name, trial in best_tail(plain, legal).items():
        found[name] = trial.evidence - plain.evidence
        if found[name] > STRONG and trial.evidence > best.evidence:
            best = trial
    if not _suspect(best) or _is_of_the_lattice(best):
        return Choice(best, found)
    screened = _with_screened_inductor(best)
    if not _suspect(screened):
        return Choice(screened, found)
    # What a tail or a screened inductor has explained badly, a loop in its stead may explain well.
    rivals = {one.terms: one for one in (screened, best, plain)}
    looped = [_try_loops(one, found) for one in rivals.values() if _suspect(one)]
    best = max([screened, *looped], key=lambda one: one.evidence)
    if _suspect(best) or best.terms.signed:
        best = _try_negative(best, found)
    if not best.terms.signed and "loop" in found:
        # It was tried, and something else explains the same better.
        found["loop"] = min(found["loop"], 0.0)
    return Choice(best, found)


def _with_screened_inductor(best: Solution) -> Solution:
    """Let the inductance rise with less than the first power of ω, where that is called for."""
    for rise in RISES if INDUCTANCE in best.terms.columns else ():
        trial = legal(best.problem.solve(replace(best.terms, rise=rise), best))
        better = trial.evidence - best.evidence > (0.0 if best.terms.rise < 1 else STRONG)
        if INDUCTANCE not in trial.terms.columns or not better:
            break
        best = trial
    return best


def _held_to_floor(plain: Solution) -> Solution:
    """Fit once more, the noise being what no γ can be blamed for, and let go from there.

    A descent can take for noise what a sharper γ describes, and stay there.
    """
    problem = plain.problem
    known = replace(problem, known=max(plain.floor, LEAST_VARIANCE))
    held = known.solve(plain.terms, plain, patient=False)
    found = problem.solve(plain.terms, replace(held, problem=problem), patient=False)
    if not found.evidence - plain.evidence > STRONG:
        return plain
    return legal(problem.solve(plain.terms, found))


def _is_of_the_lattice(solution: Solution) -> bool:
    """Tell whether a finer lattice leaves nothing unsaid, as with processes of one time constant.

    γ of such a process stands on one or two lattice points, and its area is right. Only some tenths
    of a percent of |Z| are left, which a loop beside it would otherwise explain.
    """
    if solution.variance > LATTICE**2:
        return False
    problem, coarse = solution.problem, solution.problem.design
    design = shared_design(coarse.frequency.tobytes(), FINER * coarse.lattice.per_decade)
    half, stacked = design.frequency.size, design.left[-1]
    finer = replace(
        problem,
        design=design,
        left=problem.whiten(np.asarray(stacked[:half] + 1j * stacked[half:])),
        right=design.right[-1],
        known=max(solution.floor, LEAST_VARIANCE),
    ).solve(solution.terms)
    excess, remains = solution.misfit - solution.floor, finer.misfit - finer.floor
    return bool(remains < max(REMAINING * excess, (SUSPECT - 1) * finer.floor))


def _beside(solution: Solution) -> list[str]:
    return [name for name in solution.terms.columns if name not in WIRING]


def _try_negative(best: Solution, found: dict[str, float]) -> Solution:
    """Let R0 and L be negative, as four-terminal connections can make them, if nothing else serves.

    What was a loop may have been in their stead.
    """
    terms = Terms((*WIRING, *_beside(best)), best.terms.exponent, best.terms.rise)
    trial = legal(best.problem.solve(terms), WIRING)
    if not trial.negative:
        return best
    without = trial
    if _suspect(trial):
        trial = _try_loops(trial, {}, WIRING)
    if not trial.evidence - best.evidence > STRONG:
        return best
    if trial.terms.signed:
        found["loop"] = trial.evidence - without.evidence
    return trial


def unasked(plain: Solution) -> Choice:
    """Return a plain solution as the choice, without trying any further term."""
    return Choice(plain, {INDUCTANCE: _inductance_evidence(plain)})


def _suspect(solution: Solution) -> bool:
    """Tell whether a fit leaves more than what no γ can be blamed for.

    That is asked with R0 and L free to be negative: left out, they may be what is missing.
    """
    floor = solution.floor
    if not set(WIRING) <= set(solution.terms.columns):
        floor = float(np.fmin(floor, solution.problem.floor))
    return bool(np.isfinite(floor) and solution.variance > SUSPECT * max(floor, FINEST**2))


def _inductance_evidence(solution: Solution) -> float:
    """Log evidence by the coefficient's own spread, t²/2 − ln(N)/2; t = 0 where it was negative."""
    if INDUCTANCE not in solution.terms.columns:
        return -0.5 * log(solution.problem.data.size)
    place = solution.terms.columns.index(INDUCTANCE)
    spread = coefficient_spread(solution)[place]
    t = float(solution.coefficients[place]) / max(float(spread), 1e-300)
    return 0.5 * min(t * t, 1e6) - 0.5 * log(solution.problem.data.size)


def _try_loops(plain: Solution, found: dict[str, float], free: tuple[str, ...] = ()) -> Solution:
    """Try loops, one after another, as long as something is missing and each has its evidence."""
    best = plain
    while len(best.terms.loops) < MOST_LOOPS and _suspect(best):
        trial = with_one_more(best)
        if trial is None:
            break
        trial = legal(trial, free)
        gain = trial.evidence - best.evidence
        more = len(trial.terms.loops) > len(best.terms.loops)
        if best is plain:
            price = 1.5 * log(plain.problem.data.size)
            found["loop"] = gain if more and trial.terms.signed else -price
        if not (more and gain > STRONG) or at_an_end(trial):
            break
        best = trial
    if best.terms.signed:
        found["loop"] = best.evidence - plain.evidence
    return best


def coefficient_spread(solution: Solution) -> Floats:
    """Standard deviation of the coefficients, that of γ included, shape (p,)."""
    if not solution.coefficients.size:
        return np.empty(0)
    return Uncertainty.of(solution).of_coefficients()
