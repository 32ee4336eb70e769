"""Time constants of a quantity that relaxes: how many, how long, and how well they are known.

y(t) = y∞ + Σ Aₖ exp(−t/τₖ) with one or two terms, or y∞ + A exp(−(t/τ)^β). For given τ (and β)
the rest is linear, so the sum of squares is a function of τ alone; it is searched on a grid that
narrows around its minimum. Bounds are those of the profile likelihood with unknown noise: all τ at
which the sum of squares, the others fitted anew, stays below 1 + F/(n − p) times its minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Floats

Model = Literal["one", "two", "stretched", "none"]
PLATEAU = 0.05
FEWEST = 4
SEVERAL = 20  # points that more than one exponential needs
# Differences of BIC that count as strong and as very strong (Kass and Raftery 1995,
# doi:10.1080/01621459.1995.10476572): for any relaxation over none, for more parameters over fewer.
_CLEAR = 6.0
BETTER = 10.0
_POINTS = 240  # after binning, so that a long record costs no more
_GRID = 48
_ZOOMS = 6
_FINE = 33
_FINE_ZOOMS = 4
_HALVINGS = 18
_CLOSEST = float(np.log(3.0))  # ln of the ratio below which two time constants are one
_BETAS = (0.15, 0.98)
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
    outcome : determined, not_found (nothing relaxes beyond the noise) or too_few_points.
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


@final
@dataclass(frozen=True, slots=True)
class _Data:
    """Points of a relaxation: `since` the first one, and the time of that."""

    since: Floats
    first: float
    values: Floats
    weight: Floats


@final
@dataclass(frozen=True, slots=True)
class _Fit:
    model: Model
    logs: Floats  # ln τ, rising
    beta: float
    square: float


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
    bounds : compute the bounds of τ; else they are 0 and infinity.

    Returns
    -------
    Relaxation.
    """
    data = _binned(time, values)
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


def _binned(time: Floats, values: Floats) -> _Data:
    """Average neighbours in equal parts of ln t, so that a long record costs no more."""
    there = np.isfinite(time) & np.isfinite(values) & (time >= 0.0)
    t, y = time[there], values[there]
    weight = np.ones(t.size)
    if t.size > _POINTS:
        edges = np.geomspace(max(t[t > 0].min(), 1e-3 * np.diff(t).mean()), t[-1], _POINTS)
        _, part = np.unique(np.searchsorted(edges, t), return_inverse=True)
        weight = np.bincount(part).astype(float)
        t, y = np.bincount(part, t) / weight, np.bincount(part, y) / weight
    first = float(t[0]) if t.size else 0.0
    return _Data(t - first, first, y, weight)


def _shapes(data: _Data, logs: Floats, betas: Floats | float) -> Floats:
    """Decays from 1 at the first sample, less their mean, times the root of the weight: (G, N).

    `betas` goes with `logs`; an exponential has 1.
    """
    beta = np.broadcast_to(np.asarray(betas, float), logs.shape)[:, None]
    tau = np.exp(logs)[:, None]
    if (beta == 1.0).all():
        decay = np.exp(-data.since / tau)
    else:
        decay = np.exp((data.first / tau) ** beta - ((data.since + data.first) / tau) ** beta)
    mean = decay @ data.weight / data.weight.sum()
    centred: Floats = (decay - mean[:, None]) * np.sqrt(data.weight)
    return centred


def _centred(data: _Data) -> Floats:
    level = np.average(data.values, weights=data.weight)
    centred: Floats = (data.values - level) * np.sqrt(data.weight)
    return centred


def _squares(data: _Data, logs: Floats, betas: Floats | float, floor: float) -> Floats:
    """Sum of squares of one decay with each ln τ, shape (G,)."""
    shape, y = _shapes(data, logs, betas), _centred(data)
    size = (shape**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        told = np.where(size > 0, (shape @ y) ** 2 / size, 0.0)
    return np.maximum(y @ y - told, floor)


def _pairs(data: _Data, fast: Floats, slow: Floats, floor: float) -> Floats:
    """Sum of squares of two decays, shape (F, S); infinity where they are closer than 3 to 1."""
    a, b, y = _shapes(data, fast, 1.0), _shapes(data, slow, 1.0), _centred(data)
    aa, bb, ab = (a**2).sum(axis=1)[:, None], (b**2).sum(axis=1)[None], a @ b.T
    ay, by = (a @ y)[:, None], (b @ y)[None]
    det = aa * bb - ab**2
    good = (det > 1e-10 * aa * bb) & (slow[None] - fast[:, None] >= _CLOSEST - 1e-9)
    with np.errstate(invalid="ignore", divide="ignore"):
        told = (bb * ay**2 - 2 * ab * ay * by + aa * by**2) / det
    return np.where(good, np.maximum(y @ y - told, floor), np.inf)


def _span(data: _Data) -> tuple[float, float]:
    """Range of ln τ: from what is over before the second sample to what looks like a drift."""
    gap = data.since[1:][data.since[1:] > 0].min()
    return float(np.log(gap / 10.0)), float(np.log(100.0 * data.since[-1]))


def _search(data: _Data, model: Model, floor: float) -> _Fit:
    """Search the minimum on a grid that narrows around it."""
    low, high = _span(data)
    if model == "two":
        return _search_two(data, low, high, floor)
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    beta, reach = (0.6, 0.35) if model == "stretched" else (1.0, 0.0)
    square = np.inf
    for _ in range(_ZOOMS):
        logs = np.linspace(max(centre - half, low), min(centre + half, high), _GRID)
        betas = np.clip(beta + reach * np.linspace(-1, 1, 7), *_BETAS) if reach else [1.0]
        tried = np.array([_squares(data, logs, float(b), floor) for b in betas])
        best = np.unravel_index(int(np.argmin(tried)), tried.shape)
        square = float(tried[best])
        beta, centre = float(betas[best[0]]), float(logs[best[1]])
        half, reach = max(4.0 * (logs[1] - logs[0]), 1e-12), 0.5 * reach
    return _Fit(model, np.array([centre]), beta, square)


def _search_two(data: _Data, low: float, high: float, floor: float) -> _Fit:
    fast = slow = 0.5 * (low + high)
    half = 0.5 * (high - low)
    square = np.inf
    for _ in range(_ZOOMS):
        a = np.linspace(max(fast - half, low), min(fast + half, high), _GRID)
        b = np.linspace(max(slow - half, low), min(slow + half, high), _GRID)
        tried = _pairs(data, a, b, floor)
        row, column = np.unravel_index(int(np.argmin(tried)), tried.shape)
        square = float(tried[row, column])
        fast, slow = float(a[row]), float(b[column])
        half = 5.0 * max(a[1] - a[0], b[1] - b[0])
    return _Fit("two", np.array([fast, slow]), 1.0, square)


def _described(data: _Data, fit: _Fit, floor: float, bounds: bool) -> Relaxation:
    """Solve for the amplitudes, and add bounds and the times at which 1/e and 5 % are left."""
    shape, y = _shapes(data, fit.logs, fit.beta).T, _centred(data)
    amplitude: Floats = np.linalg.lstsq(shape, y, rcond=None)[0].astype(np.float64)
    mean = _mean_decay(data, fit)
    level = float(np.average(data.values, weights=data.weight) - amplitude @ mean)
    count = data.since.size
    tau = np.exp(fit.logs)
    low, high = np.zeros(tau.size), np.full(tau.size, np.inf)
    if bounds:
        limit = _limit(fit, count)
        for k in range(tau.size):
            low[k], high[k] = _profile(data, fit, k, limit, floor)
    free = max(count - _PARAMETERS[fit.model], 1)
    return Relaxation(
        fit.model, tau, low, high, amplitude, level, fit.beta,
        _left(data, fit, amplitude, 1.0 / np.e), _left(data, fit, amplitude, PLATEAU),
        float(np.sqrt(fit.square / free)), Outcome.determined,
    )  # fmt: skip


def _mean_decay(data: _Data, fit: _Fit) -> Floats:
    mean: Floats = _decays(data, fit, data.since) @ data.weight / data.weight.sum()
    return mean


def _decays(data: _Data, fit: _Fit, since: Floats) -> Floats:
    tau = np.exp(fit.logs)[:, None]
    if fit.beta == 1.0:
        return np.exp(-since / tau)
    decays: Floats = np.exp(
        (data.first / tau) ** fit.beta - ((since + data.first) / tau) ** fit.beta
    )
    return decays


def _left(data: _Data, fit: _Fit, amplitude: Floats, share: float) -> float:
    """Time since the switch from which on less than `share` is left of the first sample's."""
    slowest = float(np.exp(fit.logs.max()))
    since = np.concatenate(
        ([0.0], np.geomspace(1e-3 * float(np.exp(fit.logs.min())), 1e3 * slowest, 4000))
    )
    left = np.abs(amplitude @ _decays(data, fit, since))
    above = np.flatnonzero(left > share * abs(amplitude.sum()))
    if not above.size or above[-1] + 1 >= since.size:
        return NAN
    k = int(above[-1])
    part = (left[k] - share * abs(amplitude.sum())) / (left[k] - left[k + 1])
    return float(data.first + since[k] + part * (since[k + 1] - since[k]))


def _limit(fit: _Fit, count: int) -> float:
    """Sum of squares up to which τ is within its 95 % bounds."""
    from scipy.special import stdtrit

    free = count - _PARAMETERS[fit.model]
    return float(fit.square * (1.0 + stdtrit(free, 0.975) ** 2 / free))


def _profile(data: _Data, fit: _Fit, k: int, limit: float, floor: float) -> tuple[float, float]:
    """Bounds of the k-th τ by halving the way to each end of the range."""
    ends = _span(data)
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


def _others(data: _Data, fit: _Fit, k: int, log: float, floor: float) -> float:
    """Smallest sum of squares with this ln τ, over the other τ or over β."""
    one = np.array([log])
    if fit.model == "one":
        return float(_squares(data, one, 1.0, floor)[0])
    if fit.model == "stretched":
        low, high = _BETAS
        start = fit.beta
    else:
        low, high = _span(data)
        low, high = (log + _CLOSEST, high) if k == 0 else (low, log - _CLOSEST)
        start = float(fit.logs[1 - k])
    if high <= low:
        return np.inf
    centre, half, best = min(max(start, low), high), high - low, np.inf
    for _ in range(_FINE_ZOOMS):
        grid = np.linspace(max(centre - half, low), min(centre + half, high), _FINE)
        if fit.model == "stretched":
            tried = _squares(data, np.full(_FINE, log), grid, floor)
        elif k == 0:
            tried = _pairs(data, one, grid, floor)[0]
        else:
            tried = _pairs(data, grid, one, floor)[:, 0]
        at = int(np.argmin(tried))
        best, centre = min(best, float(tried[at])), float(grid[at])
        half = 2.0 * float(grid[1] - grid[0])
    return best
