"""Whether −Im Z rises without end at low frequency, and how: a blocking capacitance or a tail.

A column c beside γ would raise the log density of the data by (cᵀS⁻¹e)²/(2 cᵀS⁻¹c), with u = ln γ
linearised about its most probable value, e the data less what is linear in u, and S their
covariance. That costs far less than a fit, and decides whether fits are tried. Which
exponent serves best is then found by fits, as γ takes up much of the difference between them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.design import CAPACITANCE, EXPONENTS, TAIL
from anodescope.impedance.loggp.problem import Solution
from anodescope.impedance.loggp.reduction import triangular

Floats = npt.NDArray[np.float64]

# Gain in log density by the linearised test from which fits are tried: that of two σ.
CALLED_FOR = 2.0
# Share of γ beyond the window that may be an imitated tail, and the gain from which fits are tried
# then: that of one σ.
CARRIED_OUT, HINTED = 0.3, 0.5
# How often the step between exponents is halved.
HALVINGS = 3


def gains(plain: Solution) -> Floats:
    """Return what each exponent would gain by the linearised test, shape (len(EXPONENTS),)."""
    problem = plain.problem
    if plain.freedom <= 0:
        # As many numbers as data: nothing is left that could call for one more.
        return np.zeros(len(EXPONENTS))
    beside = problem.columns(plain.terms)
    tails = problem.whiten(problem.design.tails)
    inner = np.column_stack([problem.left, problem.data, tails[:, :-1]])
    upper = triangular(beside, inner, tails[:, -1])
    # The same reflections as in `Reduced.of`: the same coordinates, and those of the rest.
    first, end = beside.shape[1], beside.shape[1] + problem.left.shape[1]
    seen, rest = upper[first:end, end + 1 :], upper[end:, end:]
    residual = plain.data - plain.matrix @ plain.positive
    # At the optimum S⁻¹e is the residual over σ².
    score = (residual @ seen + rest[0, 0] * rest[0, 1:]) / plain.variance
    power = np.square(plain.described[3] @ seen).sum(axis=0)
    power += np.square(rest[:, 1:]).sum(axis=0) / plain.variance
    return np.where(score > 0, 0.5 * score**2 / np.maximum(power, 1e-300), 0.0)


def best_tail(plain: Solution, legal: Callable[[Solution], Solution]) -> dict[str, Solution]:
    """Fit a capacitance and the best tail, where the data call for one.

    Parameters
    ----------
    legal : leaves out columns whose coefficient would be negative.

    Returns
    -------
    the fits by name of the column, that of it which has one; none where none is called for.
    """
    called = gains(plain)
    least = CALLED_FOR if _beyond(plain) < CARRIED_OUT else HINTED
    if not called.max() > least:
        return {}
    fits: dict[int, Solution | None] = {}

    def evidence(k: int) -> float:
        if not 0 <= k < len(EXPONENTS):
            return -np.inf
        if k not in fits:
            fits[k] = _fit(plain, EXPONENTS[k], legal)
        found = fits[k]
        return -np.inf if found is None else found.evidence

    last = len(EXPONENTS) - 1
    evidence(last)
    # The linearised test prefers exponents that are too large.
    at = min(int(called.argmax()), last - 1)
    while at > 0 and evidence(at - 1) > evidence(at):
        at -= 1
    while at < last - 1 and evidence(at + 1) > evidence(at):
        at += 1
    found: dict[str, Solution] = {}
    blocking, tail = fits[last], fits.get(at)
    if blocking is not None:
        found[CAPACITANCE] = blocking
    if tail is not None:
        # Between exponents that lose there is nothing to be won.
        worth = tail.evidence > plain.evidence
        found[TAIL] = tail if not worth else _finer(plain, EXPONENTS[at], tail, legal)
    return found


def _beyond(plain: Solution) -> float:
    """Share of γ at τ longer than the window's: what a tail looks like where γ can imitate it."""
    design = plain.problem.design
    beyond = 2 * pi * design.lattice.tau * design.frequency[-1] > 1
    return float(plain.positive[beyond].sum() / plain.positive.sum())


def _finer(
    plain: Solution, at: float, best: Solution, legal: Callable[[Solution], Solution]
) -> Solution:
    """Search between the exponents of the grid: the evidence has a sharp top there."""
    half = 0.5 * (EXPONENTS[1] - EXPONENTS[0])
    for _ in range(HALVINGS):
        for beside in (at - half, at + half):
            trial = _fit(plain, beside, legal) if EXPONENTS[0] <= beside < 1 else None
            if trial is not None and trial.evidence > best.evidence:
                best, at = trial, beside
                break
        half *= 0.5
    return best


def vertex(values: Floats) -> float:
    """Place of the top of a parabola through three values, from the middle, within half a step."""
    bend = values[0] - 2 * values[1] + values[2]
    if not (np.isfinite(bend) and bend < 0):
        return 0.0
    return float(np.clip(0.5 * (values[0] - values[2]) / bend, -0.5, 0.5))


def _fit(
    plain: Solution, exponent: float, legal: Callable[[Solution], Solution]
) -> Solution | None:
    name = TAIL if exponent < 1 else CAPACITANCE
    found = legal(plain.problem.solve(plain.terms.with_column(name, exponent), plain))
    return found if name in found.terms.columns else None
