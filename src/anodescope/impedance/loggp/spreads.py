"""How well the maxima of γ are known: spreads of their place and of the area below them.

To first order a maximum of u = ln γ moves by −δu′/u″ when u moves by δu (as the parabola does that
places it between lattice points), and its area by the integral of γ δu between its valleys. So
their variances follow from the posterior of u, which holds how errors at different τ go together.
Overlapping peaks trade area against each other and leave the sum alone; a band of γ cannot tell,
and is wide for that.

What a valley shares between neighbours is not in the posterior: `peaks.bounds` adds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.bands import Band
from anodescope.impedance.loggp.uncertainty import Uncertainty
from anodescope.impedance.peaks.maxima import Detection, Peaks, find

Floats = npt.NDArray[np.float64]

# On the posterior's spreads, for a single spectrum and for one of a smoothed series. Found on
# random cells of the training generator, seeds apart from those that docs/peaks.md reports.
PLACE_SINGLE, PLACE_JOINT = 0.9, 0.55
AREA_SINGLE, AREA_JOINT = 1.4, 1.2

# Second difference of ln γ below which a top is flat.
_LEAST_BEND = 1e-9


@final
@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations at the lattice points of maxima, NaN elsewhere, shape (n,).

    Attributes
    ----------
    place : of ln τ of the maximum.
    area : of ∫ γ d ln τ between its valleys where γ is positive, in units of `Problem.scale`.
    """

    place: Floats
    area: Floats


def spreads(
    known: Uncertainty, bounds: Band, *, joint: bool, detection: Detection | None = None
) -> Spreads:
    """Return the spreads of all maxima that `peaks.maxima.find` finds.

    Parameters
    ----------
    known : the posterior about a fitted spectrum.
    bounds : its band, which decides what counts as a maximum.
    joint : the solution is that of a smoothed spectrum.
    detection : thresholds; None: the defaults.
    """
    solution = known.solution
    gamma = solution.gamma
    out = Spreads(np.full(gamma.size, np.nan), np.full(gamma.size, np.nan))
    if not np.isfinite(gamma).all():
        return out
    peaks, _ = find(
        gamma[None, :],
        solution.problem.design.lattice.ln_tau,
        detection or Detection(),
        low=bounds.low[None, :],
        high=bounds.high[None, :],
        # Still to be found, for all that may count where they are known.
        area_spread=np.full((1, gamma.size), np.nan),
    )
    if not peaks.count:
        return out
    place, area = _both(known, gamma, peaks)
    out.place[peaks.index] = place * (PLACE_JOINT if joint else PLACE_SINGLE)
    out.area[peaks.index] = area * (AREA_JOINT if joint else AREA_SINGLE)
    return out


def _both(known: Uncertainty, gamma: Floats, peaks: Peaks) -> tuple[Floats, Floats]:
    """Spreads of place and area of each peak by the bare posterior, shape (N,)."""
    step = known.solution.problem.design.lattice.step
    places, areas = np.zeros((2, peaks.count, gamma.size))
    for n, (k, left, right) in enumerate(zip(peaks.index, peaks.left, peaks.right, strict=True)):
        # A loop is no part of a peak's area.
        areas[n, left : right + 1] = step * (gamma[left : right + 1] > 0)
        areas[n, [left, right]] *= 0.5
        near = slice(k - 1, k + 2)
        if 0 < k < gamma.size - 1 and gamma[near].min() > 0:
            places[n, near] = step * _vertex_gradient(gamma[near]) / gamma[near]
        else:
            places[n] = np.nan
    unknown = np.isnan(places[:, 0])
    spread = np.sqrt(known.of_gamma(np.concatenate([np.nan_to_num(places), areas])))
    # A top may be so flat that its curvature says nothing; yet it is in its basin.
    place = np.minimum(spread[: peaks.count], 0.5 * step * (peaks.right - peaks.left))
    return np.where(unknown, np.nan, place), spread[peaks.count :]


def _vertex_gradient(gamma: Floats) -> Floats:
    """Derivative of the place of the parabola through ln γ, in steps, by each ln γ, shape (3,)."""
    before, top, after = np.log(gamma)
    bend = min(before - 2 * top + after, -_LEAST_BEND)
    offset = 0.5 * (before - after) / bend
    return np.asarray(np.array([0.5 - offset, 2 * offset, -0.5 - offset]) / bend)
