"""Inductive loops: where one may be, how wide it is.

A loop is a ZARC of negative resistance: three numbers, τ, exponent and size. A second field of its
own, γ = γ⁺ − γ⁻ with both free, would leave what both have in common undetermined, and with it
their resistance.

Where the data call for a loop is read off the fit without it. With u = ln γ linearised about its
most probable value, a column c beside γ raises the log density of the data by

    (cᵀr/σ²)² / (2 cᵀS⁻¹c),   S = JP⁻¹Jᵀ + σ²I,

r being the residual of the fit, and its size would be (cᵀr/σ²)/(cᵀS⁻¹c), which must be positive.
Place and exponent are then found by Gauss–Newton steps together with γ.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import log, pi

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, Design, Loop
from anodescope.impedance.loggp.problem import Solution
from anodescope.impedance.loggp.tails import vertex
from anodescope.impedance.loggp.uncertainty import wanted_moves

Floats = npt.NDArray[np.float64]

# Exponents that are tried: all but a single time constant, to a loop two decades wide.
EXPONENTS = (0.6, 0.75, 0.88, 0.96, 0.999)
# Hills of the gain that are tried.
TRIED = 3
# Largest size that a loop is expected to have, over the span of Re Z.
MOST = 1 / 3
# Rounds of moving loops, and the change in place or exponent below which they end.
ROUNDS, STILL = 6, 0.01
# No move is longer than this, in place (ln τ) and in exponent.
FARTHEST = (0.6, 0.1)


def places(design: Design) -> Floats:
    """Return where a loop's middle may lie, every other lattice point (ln τ).

    That is within the window τ = 1/2πf: beyond it the depth of a loop is not known.
    """
    ln_tau = design.lattice.ln_tau
    first = -log(2 * pi * float(design.frequency[0]))
    last = -log(2 * pi * float(design.frequency[-1]))
    return np.asarray(ln_tau[(ln_tau >= first) & (ln_tau <= last)][::2])


@lru_cache(maxsize=16)
def _all_bells(design: Design) -> Floats:
    """What every loop that is tried adds to γ, shape (n, L · E)."""
    tried = [Loop(float(at), phi, 1.0) for at in places(design) for phi in EXPONENTS]
    return np.ascontiguousarray(design.bells(tried).T)


def candidates(solution: Solution) -> list[Loop]:
    """Return the loops that would gain most, the best of each hill along place."""
    at, exponents = places(solution.problem.design), np.array(EXPONENTS)
    shifts = solution.matrix @ _all_bells(solution.problem.design)
    residual = solution.data - solution.matrix @ solution.positive
    score = residual @ shifts / solution.variance
    power = np.maximum(np.square(solution.described[3] @ shifts).sum(axis=0), 1e-300)
    gain = np.where(score > 0, 0.5 * score**2 / power, 0.0).reshape(at.size, -1)
    # Where γ lies over a loop its size is anyone's guess; no loop is a large part of the whole.
    size = np.minimum(score / power, MOST * solution.problem.spread).reshape(at.size, -1)
    ridge = np.pad(gain.max(axis=1), 1)
    hills = np.flatnonzero((ridge[1:-1] > ridge[:-2]) & (ridge[1:-1] >= ridge[2:]))
    found = []
    for hill in hills[np.argsort(-ridge[hills + 1], kind="stable")][:TRIED]:
        kind = int(gain[hill].argmax())
        place = at[hill] + _top(gain[:, kind], hill) * (at[1] - at[0])
        between = np.interp(kind + _top(gain[hill], kind), np.arange(exponents.size), exponents)
        found.append(Loop(float(place), float(between), float(size[hill, kind])))
    return found


def _top(values: Floats, at: int) -> float:
    return vertex(values[at - 1 : at + 2]) if 0 < at < values.size - 1 else 0.0


def with_one_more(solution: Solution) -> Solution | None:
    """Fit the best further loop; None where none of the right sign helps at all.

    R0 and L are beside it in any case: without a loop they may have been left out for its sake.
    """
    best: Solution | None = None
    old = solution.terms
    columns = tuple(dict.fromkeys((SERIES, INDUCTANCE, *old.columns)))
    for loop in candidates(solution):
        terms = replace(old, columns=columns, loops=(*old.loops, loop))
        trial = settled(solution.problem.solve(terms, solution))
        if best is None or trial.evidence > best.evidence:
            best = trial
    return best


def settled(solution: Solution) -> Solution:
    """Move loops to where the fit with them wants them, and fit again, while that helps."""
    low, high = places(solution.problem.design)[[0, -1]]
    least, most = EXPONENTS[0], EXPONENTS[-1]
    for _ in range(ROUNDS):
        held = np.zeros(len(solution.terms.loops), dtype=bool)
        moves = wanted_moves(solution, held)
        wanted = moves[1] + [loop.exponent for loop in solution.terms.loops]
        # Where an exponent would leave its range, the place has a step of its own.
        held = (wanted < least) | (wanted > most)
        ends = np.clip(wanted, least, most) - (wanted - moves[1])
        if held.any():
            moves = wanted_moves(solution, held)
            moves[1] = np.where(held, ends, moves[1])
        moves = np.clip(moves.T, -np.array(FARTHEST), FARTHEST)
        if np.abs(moves).max() < STILL:
            break
        loops = [
            replace(
                loop,
                place=float(np.clip(loop.place + move[0], low, high)),
                exponent=float(np.clip(loop.exponent + move[1], least, most)),
            )
            for loop, move in zip(solution.terms.loops, moves, strict=True)
        ]
        trial = solution.problem.solve(solution.terms.with_loops(*loops), solution)
        if not trial.evidence > solution.evidence:
            break
        solution = trial
    return solution


def at_an_end(solution: Solution) -> bool:
    """Tell whether a loop wants to leave the window: its depth is not known then."""
    low, high = places(solution.problem.design)[[0, -1]]
    return any(not low + STILL < loop.place < high - STILL for loop in solution.terms.loops)
