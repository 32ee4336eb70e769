"""Time constants of a quantity that relaxes: how many, how long, and how well they are known.

y(t) = y∞ + Σ Aₖ exp(−t/τₖ) with one or two terms, or y∞ + A exp(−(t/τ)^β). For given τ (and β)
the rest is linear, so the sum of squares is a function of τ alone; it is searched on a grid that
narrows around its minimum. Bounds are those of the profile likelihood with unknown noise: all τ at
which the sum of squares, the others fitted anew, stays below 1 + F/(n − p) times its minimum. Where
neighbouring residuals are alike, the points are worth less than their number: F is multiplied by
(1 + ρ)/(1 − ρ), ρ being the correlation of neighbours. Where what is left is clearly no noise, or
an F test prefers a course without a model, no model describes the relaxation, and none of its
numbers is told; when half of it is done that course tells by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Floats
from anodescope.events.recovery.decays import (
    BETAS,
    CLOSEST,
    Data,
    Fit,
    Model,
    binned,
    centred,
    decays,
    pair_squares,
    search,
    shapes,
    span,
    squares,
)
from anodescope.events.recovery.free import course_of, power_ends, share_bounds
from anodescope.events.recovery.misfit import (
    ALIKE,
    alike,
    course_left,
    half_of,
    misfit,
    wider,
    worth,
)
from anodescope.events.recovery.passing import passing_bounds

PLATEAU = 0.05
FEWEST = 4
SEVERAL = 20  # points that more than one exponential needs
# Differences of BIC that count as strong and as very strong (Kass and Raftery 1995,
# doi:10.1080/01621459.1995.10476572): for any relaxation over none, for more parameters over fewer.
_CLEAR = 6.0
BETTER = 10.0
_RIVAL = 2.0 * BETTER
_ROUNDING = 1e-13
_FINE = 33
_FINE_ZOOMS = 4
_HALVINGS = 18
MODELS = {
    "one": "one exponential",
    "two": "two exponentials",
    "stretched": "a stretched exponential",
    "none": "no relaxation",
}
_PARAMETERS = {"none": 1, "one": 3, "stretched": 4, "two": 5}


@final
@dataclass(frozen=True, slots=True)
class Relaxation:
    """What a relaxation tells.

    Attributes
    ----------
    model : one or two exponentials, stretched, or none (nothing relaxes beyond the noise).
    tau, low, high : time constants, rising, and their 95 % bounds (s), shape (K,). A bound that the
        record does not set is 0 or infinity.
    amplitude : Aₖ at the first sample, shape (K,).
    final : y∞.
    beta : exponent of a stretched exponential; 1 for the others.
    decay, plateau : times (s) from which on less than 1/e and 5 % are left of what relaxes after
        the first sample.
    noise : standard deviation of a point about the model.
    outcome : determined, not_decidable (no model describes the relaxation), not_found (nothing
        relaxes beyond the noise) or too_few_points.
    decay_bounds, plateau_bounds : 95 % bounds (s) of `decay` and `plateau`; 0 and infinity where
        the record sets none.
    systematic : size of what the model leaves beside noise, as a share of what relaxes.
    half, half_bounds : time (s) from which on less than half is left of what it does between the
        first sample and the last, without a model; NaN, 0 and infinity where the record sets none.
    rivals : other models that may be the right one as well.
    """

    model: Model
    tau: Floats
    low: Floats
    high: Floats
    amplitude: Floats
    final: float
    beta: float
    decay: float
    plateau: float
    noise: float
    outcome: Outcome
    decay_bounds: tuple[float, float] = (0.0, np.inf)
    plateau_bounds: tuple[float, float] = (0.0, np.inf)
    systematic: float = 0.0
    half: float = NAN
    half_bounds: tuple[float, float] = (0.0, np.inf)
    rivals: tuple[Model, ...] = ()


def relax(
    time: Floats,
    values: Floats,
    models: tuple[Model, ...] | None = None,
    *,
    bounds: bool = True,
    smoothed: bool = False,
) -> Relaxation:
    """Fit a relaxation.

    Parameters
    ----------
    time : since the current was switched off (s), rising, not negative, shape (N,).
    values : what relaxes, shape (N,).
    models : models to choose from, simplest first; by default one exponential and, with at least 20
        points, a stretched one and two. One with more parameters is taken where its BIC is smaller
        by 10.
    bounds : compute bounds; else they are 0 and infinity.
    smoothed : the values rest on neighbours together, so that they err alike; differences of BIC
        then count for what the points are worth.

    Returns
    -------
    Relaxation.
    """
    data = binned(time, values)
    count = data.since.size
    if count < FEWEST or not data.since[-1] > 0.0:
        return _nothing(Outcome.too_few_points)
    chosen: tuple[Model, ...] = ("one", "stretched", "two") if count >= SEVERAL else ("one",)
    level = float(np.average(data.values, weights=data.weight))
    flat = float((data.weight * (data.values - level) ** 2).sum())
    floor = 1e-14 * flat
    lowest, best = _bic(flat, count, "none"), None
    less = worth(course_of(data)) if smoothed and count >= SEVERAL else 1.0
    fits = [search(data, model, floor) for model in (chosen if models is None else models)]
    for fit in fits:
        bic = _bic(fit.square, count, fit.model)
        if bic < lowest - (_CLEAR if best is None else BETTER * less):
            best, lowest = fit, bic
    # Means of one number differ by its rounding.
    if best is None or flat <= float(data.weight.sum()) * (_ROUNDING * abs(level)) ** 2:
        return _nothing(Outcome.not_found, level, float(np.sqrt(flat / (count - 1))))
    found = _described(data, best, floor, bounds)
    if not bounds or found.outcome is not Outcome.determined:
        return found
    return _beside(data, found, best, [fit for fit in fits if fit is not best], floor)


def undescribed(result: Relaxation) -> str:
    """Say that no model describes a relaxation."""
    return (
        "One exponential, a stretched one and two were tried: what the best leaves is no noise "
        f"({result.systematic:.1%} of what relaxes). Its numbers would mean nothing."
    )


def besides(result: Relaxation) -> str:
    """Say which other models fit about as well; else empty."""
    if not result.rivals:
        return ""
    names = " and ".join(MODELS[name] for name in result.rivals)
    return f" The data fit {names} about as well: the number of time constants is not sure."


def resolved(tau: float, low: float, high: float, what: str) -> tuple[Outcome, float, str]:
    """Say what bounds tell of a time constant.

    Parameters
    ----------
    tau, low, high : time constant and its bounds (s); 0 and infinity where there is none.
    what : begin of the sentence.

    Returns
    -------
    outcome, value (s; NaN where only a bound is known), and a sentence.
    """
    if low == 0.0 and np.isinf(high):
        return Outcome.not_identifiable, NAN, f"{what}, but the time constant is not fixed."
    if low == 0.0:
        text = f"{what} faster than the sampling resolves: τ is below {high:.4g} s (95 %)."
        return Outcome.not_resolved, NAN, text
    if np.isinf(high):
        text = f"{what} slower than the record tells: τ is above {low:.4g} s (95 %)."
        return Outcome.not_resolved, NAN, text
    text = f"{what} with τ = {tau:.4g} s (95 %: {low:.4g} to {high:.4g} s)."
    return Outcome.determined, float(tau), text


def shifted_bounds(
    time: Floats, values: Floats, gap: float, result: Relaxation
) -> tuple[Floats, Floats]:
    """Join the bounds of a stretched exponential's τ with those for a switch `gap` (s) later.

    Only its τ depends on when the switch was; where the later one asks for another model, nothing
    bounds it.
    """
    later = relax(time - gap, values, ("stretched",))
    if later.outcome is not Outcome.determined:
        return np.zeros(1), np.full(1, np.inf)
    return np.minimum(result.low, later.low), np.maximum(result.high, later.high)


def _nothing(outcome: Outcome, final_value: float = NAN, noise: float = NAN) -> Relaxation:
    none = np.empty(0)
    return Relaxation(
        "none", none, none, none, none, final_value, 1.0, NAN, NAN, noise, outcome
    )  # fmt: skip


def _bic(square: float, count: int, model: Model) -> float:
    free = _PARAMETERS[model]
    if count <= free:
        return np.inf
    return float(count * np.log(max(square, 1e-300) / count) + free * np.log(count))


def _described(data: Data, fit: Fit, floor: float, bounds: bool) -> Relaxation:
    """Solve for the amplitudes, and add bounds and the times at which 1/e and 5 % are left."""
    shape, y = shapes(data, fit.logs, fit.beta).T, centred(data)
    amplitude: Floats = np.linalg.lstsq(shape, y, rcond=None)[0].astype(np.float64)
    mean = _mean_decay(data, fit)
    level = float(np.average(data.values, weights=data.weight) - amplitude @ mean)
    count = data.since.size
    tau = np.exp(fit.logs)
    z, correlation = alike(course_left(data, amplitude, shape.T))
    odd, systematic = misfit(data, fit, amplitude, shape.T, _PARAMETERS[fit.model] - 1)
    low, high = np.zeros(tau.size), np.full(tau.size, np.inf)
    shares = (1.0 / np.e, PLATEAU)
    times = [_left(data, fit, amplitude, share) for share in shares]
    passed = [(0.0, np.inf), (0.0, np.inf)]
    half, half_bounds = NAN, (0.0, np.inf)
    if bounds:
        half, half_bounds = half_of(data)
        limit = _limit(fit, count, correlation if z > ALIKE else 0.0)
        for k in range(tau.size):
            low[k], high[k] = _profile(data, fit, k, limit, floor)
        box = (low, high)
        passed = [
            passing_bounds(data, fit, amplitude, value, share, limit, box)
            for value, share in zip(times, shares, strict=True)
        ]
    free = max(count - _PARAMETERS[fit.model], 1)
    return Relaxation(
        fit.model, tau, low, high, amplitude, level, fit.beta,
        times[0], times[1],
        float(np.sqrt(fit.square / free)),
        Outcome.not_decidable if odd else Outcome.determined,
        passed[0], passed[1], systematic, half, half_bounds,
    )  # fmt: skip


def _beside(
    data: Data, found: Relaxation, best: Fit, others: list[Fit], floor: float
) -> Relaxation:
    """Widen the bounds of shares by what else describes the relaxation: each other model, and the
    course without one with the end that each of them has, or a power of time.
    """
    course, mean = course_of(data), float(np.average(data.values, weights=data.weight))
    less = worth(course)
    near = [fit for fit in others if _rival(best, fit, data.since.size, less)]
    if best.model == "one" and not near:
        return found
    rivals = [_described(data, fit, floor, True) for fit in near]
    ends = [one.final - mean for one in (found, *rivals)]
    most = best.square * float(np.exp(_RIVAL * less / data.since.size))
    ends += power_ends(data, less, most) or ()

    def joined(name: str, share: float) -> tuple[float, float]:
        all_bounds = [getattr(one, name) for one in (found, *rivals)]
        all_bounds += [share_bounds(data, course, less, share, end) for end in ends]
        return min(low for low, _ in all_bounds), max(high for _, high in all_bounds)

    return replace(
        found,
        decay_bounds=joined("decay_bounds", 1.0 / np.e),
        plateau_bounds=joined("plateau_bounds", PLATEAU),
        rivals=tuple(fit.model for fit in near),
    )


def _rival(best: Fit, fit: Fit, count: int, less: float) -> bool:
    """Say whether another model may be the right one as well.

    One exponential is the simplest: what has more parameters is a rival where they tell something
    at all (a likelihood ratio at 5 %). Of the others each is one whose BIC is no more than twice
    what is very strong evidence above the best, points counting for what they are worth.
    """
    from scipy.special import chdtri

    if best.model == "one":
        more = _PARAMETERS[fit.model] - _PARAMETERS["one"]
        gain = count * np.log(max(best.square, 1e-300) / max(fit.square, 1e-300)) / less
        return bool(more > 0 and gain > chdtri(more, 0.05))
    worse = _bic(fit.square, count, fit.model) - _bic(best.square, count, best.model)
    return fit.model != "one" and worse <= _RIVAL * less


def _mean_decay(data: Data, fit: Fit) -> Floats:
    mean: Floats = decays(data, fit, data.since) @ data.weight / data.weight.sum()
    return mean


def _left(data: Data, fit: Fit, amplitude: Floats, share: float) -> float:
    """Time since the switch from which on less than `share` is left of the first sample's."""
    slowest = float(np.exp(fit.logs.max()))
    since = np.concatenate(
        ([0.0], np.geomspace(1e-3 * float(np.exp(fit.logs.min())), 1e3 * slowest, 4000))
    )
    left = np.abs(amplitude @ decays(data, fit, since))
    above = np.flatnonzero(left > share * abs(amplitude.sum()))
    if not above.size or above[-1] + 1 >= since.size:
        return NAN
    k = int(above[-1])
    part = (left[k] - share * abs(amplitude.sum())) / (left[k] - left[k + 1])
    return float(data.first + since[k] + part * (since[k + 1] - since[k]))


def _limit(fit: Fit, count: int, correlation: float) -> float:
    """Sum of squares up to which τ is within its 95 % bounds."""
    from scipy.special import stdtrit

    free = count - _PARAMETERS[fit.model]
    return float(fit.square * (1.0 + wider(correlation) * stdtrit(free, 0.975) ** 2 / free))


def _profile(data: Data, fit: Fit, k: int, limit: float, floor: float) -> tuple[float, float]:
    """Bounds of the k-th τ by halving the way to each end of the range."""
    ends = span(data)
    found = []
    for end, open_end in zip(ends, (0.0, np.inf), strict=True):
        inside, outside = float(fit.logs[k]), end
        if _others(data, fit, k, end, floor) <= limit:
            found.append(open_end)
            continue
        for _ in range(_HALVINGS):
            middle = 0.5 * (inside + outside)
            if _others(data, fit, k, middle, floor) <= limit:
                inside = middle
            else:
                outside = middle
        found.append(float(np.exp(outside)))
    return found[0], found[1]


def _others(data: Data, fit: Fit, k: int, log: float, floor: float) -> float:
    """Smallest sum of squares with this ln τ, over the other τ or over β."""
    one = np.array([log])
    if fit.model == "one":
        return float(squares(data, one, 1.0, floor)[0])
    if fit.model == "stretched":
        low, high = BETAS
        start = fit.beta
    else:
        low, high = span(data)
        low, high = (log + CLOSEST, high) if k == 0 else (low, log - CLOSEST)
        start = float(fit.logs[1 - k])
    if high <= low:
        return np.inf
    centre, half, best = min(max(start, low), high), high - low, np.inf
    for _ in range(_FINE_ZOOMS):
        grid = np.linspace(max(centre - half, low), min(centre + half, high), _FINE)
        if fit.model == "stretched":
            tried = squares(data, np.full(_FINE, log), grid, floor)
        elif k == 0:
            tried = pair_squares(data, one, grid, floor)[0]
        else:
            tried = pair_squares(data, grid, one, floor)[:, 0]
        at = int(np.argmin(tried))
        best, centre = min(best, float(tried[at])), float(grid[at])
        half = 2.0 * float(grid[1] - grid[0])
    return best
