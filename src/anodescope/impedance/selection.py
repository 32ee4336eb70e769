"""Which λ: generalised cross-validation, the L-curve, and re–im cross-validation.

Each criterion gives every λ a score; the chosen λ has the lowest score, or for the L-curve the
highest: its score is a curvature. Where the best score lies at the end of the range that was tried,
the criterion has not found a λ, and a sentence says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.citations import relies_on
from anodescope.errors import Outcome
from anodescope.impedance.ridge import Path, Ridge, predict_parts

Floats = npt.NDArray[np.float64]

_TINY = 1e-300


@relies_on("golub1979")
def gcv(ridge: Ridge, path: Path, weights: Floats, data: Floats) -> Floats:
    """Return the score of generalised cross-validation (Ω²), shape (S, K).

    M · misfit/(M − freedom)² with M real numbers: an estimate of the mean square error at a
    measured number that was left out. The degrees of freedom are those of the unknowns that are not
    zero. Infinite where the fit leaves no degree of freedom.

    Parameters
    ----------
    ridge, path, weights, data : as in `ridge.trace`.
    """
    count = data.shape[1]
    left = count - path.freedom
    spare = left > 1e-6 * count
    return np.asarray(
        np.where(spare, count * path.misfit / np.where(spare, left, 1.0) ** 2, np.inf)
    )


@relies_on("hansen1993")
def l_curve(ridge: Ridge, path: Path, weights: Floats, data: Floats) -> Floats:
    """Return the curvature of (½ ln misfit, ½ ln roughness) along λ, shape (S, K).

    Positive where the curve bends as the corner of an L does. With d misfit = −λ d roughness, the
    slope s = −d ln roughness/d ln λ and a = λ · roughness/misfit it is
    2a (1/s − 1 − a)/(1 + a²)^{3/2}, so no difference between two λ is taken. NaN where roughness
    or misfit vanish or do not change.

    Parameters
    ----------
    ridge, path, weights, data : as in `ridge.trace`.
    """
    falls = -path.slope
    known = (falls > 0) & (path.misfit > 0) & (path.roughness > 0)
    ratio = path.lam * path.roughness / np.where(known, path.misfit, 1.0)
    inverse = 1 / np.where(known, falls, 1.0)
    bend = 2 * ratio * (inverse - 1 - ratio) / (1 + ratio**2) ** 1.5
    return np.asarray(np.where(known, bend, np.nan))


@relies_on("saccoccio2014")
def re_im(ridge: Ridge, path: Path, weights: Floats, data: Floats) -> Floats:
    """Return the error of real parts that predict imaginary ones, and the reverse (Ω²), (S, K).

    Parameters
    ----------
    ridge, path, weights, data : as in `ridge.trace`.
    """
    return predict_parts(ridge, weights, path.lam, data)


Criterion = Callable[[Ridge, Path, Floats, Floats], Floats]
CRITERIA: Mapping[str, Criterion] = {"gcv": gcv, "l_curve": l_curve, "re_im": re_im}


@final
@dataclass(frozen=True, slots=True)
class Pick:
    """The λ that a criterion chose.

    Attributes
    ----------
    place : its place among those tried.
    outcome : determined, or not_identifiable where the best score lies at an end of the range.
    note : why it is not determined, and what to try; "" where it is.
    """

    place: int
    outcome: Outcome
    note: str


def pick(criterion: str, lams: Floats, score: Floats) -> Pick:
    """Choose among λ by their scores.

    Parameters
    ----------
    criterion : a key of `CRITERIA`.
    lams : rising, shape (K,); score : shape (K,).
    """
    if criterion == "l_curve":
        return _corner(lams, score)
    place = int(np.argmin(np.where(np.isnan(score), np.inf, score)))
    if 0 < place < lams.size - 1:
        return Pick(place, Outcome.determined, "")
    word, meaning = (
        ("smallest", "the data ask for no smoothing, as data without noise do")
        if place == 0
        else ("largest", "no structure in the data outweighs their noise")
    )
    return Pick(
        place,
        Outcome.not_identifiable,
        f"The score of {criterion} is lowest at the {word} λ tried, {lams[place]:.3g}: {meaning}. "
        "γ was computed with it; try a wider range of λ or another criterion.",
    )


def _corner(lams: Floats, score: Floats) -> Pick:
    """The sharpest corner inside the range; the ends bend for reasons of their own."""
    known = np.where(np.isnan(score), -np.inf, score)
    inner = known[1:-1]
    summits = np.flatnonzero((inner >= known[:-2]) & (inner > known[2:]) & (inner > 0)) + 1
    if summits.size:
        return Pick(int(summits[known[summits].argmax()]), Outcome.determined, "")
    place = int(known.argmax())
    return Pick(
        place,
        Outcome.not_identifiable,
        f"The L-curve has no corner between λ = {lams[0]:.3g} and {lams[-1]:.3g}. γ was computed "
        f"with λ = {lams[place]:.3g}, where it bends most; try a wider range of λ or another "
        "criterion.",
    )


def combined(criterion: str, score: Floats) -> Floats:
    """Return one score of a whole series, by which every spectrum counts the same, shape (K,).

    The mean curvature, or the geometric mean of errors.

    Parameters
    ----------
    criterion : a key of `CRITERIA`.
    score : shape (S, K).
    """
    if criterion == "l_curve":
        return np.asarray(np.nan_to_num(score).mean(axis=0))
    return np.asarray(np.exp(np.log(np.maximum(score, _TINY)).mean(axis=0)))
