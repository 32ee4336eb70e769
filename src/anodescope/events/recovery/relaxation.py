"""Time constants of a quantity that relaxes: how many, how long, and how well they are known.

y(t) = y∞ + Σ Aₖ exp(−t/τₖ) with one or two terms, or y∞ + A exp(−(t/τ)^β). For given τ (and β)
the rest is linear, so the sum of squares is a function of τ alone; it is searched on a grid that
narrows around its minimum. Bounds are those of the profile likelihood with unknown noise: all τ at
which the sum of squares, the others fitted anew, stays below 1 + F/(n − p) times its minimum. Where
neighbouring residuals are alike, the points are worth less than their number: F is multiplied by
(1 + ρ)/(1 − ρ), ρ being the correlation of neighbours. Where what is left is clearly no noise, no
model describes the relaxation, and none of its numbers is told.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    shapes,
    span,
    squares,
)
from anodescope.events.recovery.passing import passing_bounds

PLATEAU = 0.05
FEWEST = 4
SEVERAL = 20  # points that more than one exponential needs
# Differences of BIC that count as strong and as very strong (Kass and Raftery 1995,
# doi:10.1080/01621459.1995.10476572): for any relaxation over none, for more parameters over fewer.
_CLEAR = 6.0
BETTER = 10.0
_GRID = 48
_ZOOMS = 6
_FINE = 33
_FINE_ZOOMS = 4
_HALVINGS = 18
# z above which neighbouring residuals are alike. Residuals that are alike over this share of the
# points too are no noise but a course, unless smaller than this share of what relaxes, as an
# instrument's nonlinearity is. (Noise of short memory has half as many points that count.)
_ALIKE = 3.0
_FAR = 1 / 40
_MEMORY = 2.0
_SYSTEMATIC = 0.001
_MOST_CORRELATED = 0.95
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


def relax(
    time: Floats, values: Floats, models: tuple[Model, ...] | None = None, *, bounds: bool = True
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
    for model in chosen if models is None else models:
        fit = _search(data, model, floor)
        bic = _bic(fit.square, count, model)
        if bic < lowest - (_CLEAR if best is None else BETTER):
            best, lowest = fit, bic
    if best is None or flat == 0.0:
        return _nothing(Outcome.not_found, level, float(np.sqrt(flat / (count - 1))))
    return _described(data, best, floor, bounds)


def undescribed(result: Relaxation) -> str:
    """Say that no model describes a relaxation."""
    return (
        "One exponential, a stretched one and two were tried: what the best leaves is no noise "
        f"({result.systematic:.1%} of what relaxes). Its numbers would mean nothing."
    )


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


def _search(data: Data, model: Model, floor: float) -> Fit:
    """Search the minimum on a grid that narrows around it."""
    low, high = span(data)
    if model == "two":
        return _search_two(data, low, high, floor)
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    beta, reach = (0.6, 0.35) if model == "stretched" else (1.0, 0.0)
    square = np.inf
    for _ in range(_ZOOMS):
        logs = np.linspace(max(centre - half, low), min(centre + half, high), _GRID)
        betas = np.clip(beta + reach * np.linspace(-1, 1, 7), *BETAS) if reach else [1.0]
        tried = np.array([squares(data, logs, float(b), floor) for b in betas])
        best = np.unravel_index(int(np.argmin(tried)), tried.shape)
        square = float(tried[best])
        beta, centre = float(betas[best[0]]), float(logs[best[1]])
        half, reach = max(4.0 * (logs[1] - logs[0]), 1e-12), 0.5 * reach
    return Fit(model, np.array([centre]), beta, square)


def _search_two(data: Data, low: float, high: float, floor: float) -> Fit:
    fast = slow = 0.5 * (low + high)
    half = 0.5 * (high - low)
    square = np.inf
    for _ in range(_ZOOMS):
        a = np.linspace(max(fast - half, low), min(fast + half, high), _GRID)
        b = np.linspace(max(slow - half, low), min(slow + half, high), _GRID)
        tried = pair_squares(data, a, b, floor)
        row, column = np.unravel_index(int(np.argmin(tried)), tried.shape)
        square = float(tried[row, column])
        fast, slow = float(a[row]), float(b[column])
        half = 5.0 * max(a[1] - a[0], b[1] - b[0])
    return Fit("two", np.array([fast, slow]), 1.0, square)


def _described(data: Data, fit: Fit, floor: float, bounds: bool) -> Relaxation:
    """Solve for the amplitudes, and add bounds and the times at which 1/e and 5 % are left."""
    shape, y = shapes(data, fit.logs, fit.beta).T, centred(data)
    amplitude: Floats = np.linalg.lstsq(shape, y, rcond=None)[0].astype(np.float64)
    mean = _mean_decay(data, fit)
    level = float(np.average(data.values, weights=data.weight) - amplitude @ mean)
    count = data.since.size
    tau = np.exp(fit.logs)
    left = y - shape @ amplitude
    z, correlation = _alike(left)
    systematic = _systematic(left, z, correlation, data, fit, amplitude)
    low, high = np.zeros(tau.size), np.full(tau.size, np.inf)
    shares = (1.0 / np.e, PLATEAU)
    times = [_left(data, fit, amplitude, share) for share in shares]
    passed = [(0.0, np.inf), (0.0, np.inf)]
    if bounds:
        limit = _limit(fit, count, correlation if z > _ALIKE else 0.0)
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
        Outcome.not_decidable if systematic > _SYSTEMATIC else Outcome.determined,
        passed[0], passed[1], systematic,
    )  # fmt: skip


def _alike(left: Floats) -> tuple[float, float]:
    """Return z of von Neumann's ratio, and the correlation of neighbouring residuals."""
    count, square = left.size, float((left**2).sum())
    if count <= 3 or square == 0.0:
        return 0.0, 0.0
    correlation = 1.0 - float((np.diff(left) ** 2).sum()) / (2.0 * square)
    return correlation * float(np.sqrt((count**2 - 1) / (count - 2))), correlation


def _mean_decay(data: Data, fit: Fit) -> Floats:
    mean: Floats = decays(data, fit, data.since) @ data.weight / data.weight.sum()
    return mean


def _systematic(
    left: Floats, z: float, correlation: float, data: Data, fit: Fit, amplitude: Floats
) -> float:
    """Size of what is left beside noise, over the points, as a share of what relaxes."""
    apart = max(2, round(_FAR * left.size))
    if z <= _ALIKE or left.size <= 2 * apart:
        return 0.0
    step = float(((left[apart:] - left[:-apart]) ** 2).mean())
    far = 1.0 - step / (2.0 * float((left**2).mean()))
    if far * np.sqrt(left.size) / _MEMORY <= _ALIKE:
        return 0.0
    size = float(np.sqrt((left**2 / data.weight).mean() * correlation))
    relaxed = float(np.ptp(amplitude @ decays(data, fit, data.since)))
    return size / relaxed if relaxed > 0.0 else np.inf


def _wider(correlation: float) -> float:
    """How many times less than their number points with correlated noise are worth."""
    shared = min(max(correlation, 0.0), _MOST_CORRELATED)
    return (1.0 + shared) / (1.0 - shared)


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
    return float(fit.square * (1.0 + _wider(correlation) * stdtrit(free, 0.975) ** 2 / free))


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
