"""Where the slope of a noisy curve first exceeds k times its initial value.

The slope of V(i) exceeds a threshold s first where V − s·i has its first minimum. So nothing is
differentiated: the first minimum from which the curve rises by more than the noise is looked for (a
cumulative-sum test, Page 1954, doi:10.1093/biomet/41.1-2.100), and a low polynomial through the
points around it places it between the stairs.

The initial slope is that of the line through a stated share of the stairs. On a curve that bends
from the start it is larger than the derivative at the first stair, and so are the knees; how much
is measured beside their coverage (tests/events/statistics_onset.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.compiling import compiled

Floats = NDArray[np.float64]

FEWEST = 6  # stairs below which nothing is decided
FIRST = 5  # stairs that the initial slope needs
RISE = 7.0  # a minimum counts when the curve rises from it by so many times the noise
APART = 3.0  # errors by which k times the initial slope must exceed the initial slope
_DEEP = 2.0  # the polynomial takes points as high above the minimum as this many rises
_REPLICATES = 200
_FLOOR = 1e-9  # noise that rounding alone makes, against the range of the curve


@final
@dataclass(frozen=True, slots=True)
class Knees:
    """Currents at which the slope exceeds k times its initial value.

    Attributes
    ----------
    value : (A), shape (R, K) for R resistances and K factors; infinity: not reached; NaN: the
        initial slope less the resistance is not above its own noise, so there is no k-fold of it.
    low, high : 95 % bounds (A). Where the slope was not reached, `low` is the current up to which
        that can be said, and `high` infinity.
    initial, initial_error : initial slope (Ω), nothing subtracted, and its standard error.
    stairs : number of stairs that the initial slope rests on.
    noise : standard deviation of one stair's voltage (V).
    """

    value: Floats
    low: Floats
    high: Floats
    initial: float
    initial_error: float
    stairs: int
    noise: float


def knees(
    current: Floats,
    voltage: Floats,
    resistances: Floats,
    factors: Floats,
    share: float = 0.1,
) -> Knees:
    """Find the knees of V − iR.

    The bounds join two things in quadrature: the distance of two stairs (a mean slope belongs to a
    whole step, so a crossing is placed within one step to either side), and the largest deviation
    of 95 % of the replicates of a bootstrap of residuals about a smooth curve.

    Parameters
    ----------
    current : |i| (A), rising, shape (N,); steps need not be even.
    voltage : voltage in the direction of the current (V), shape (N,).
    resistances : resistances to subtract (Ω), shape (R,); 0 leaves the voltage as it is.
    factors : k, shape (K,), each above 1.
    share : the initial slope is that of the line through this share of the stairs, at least 5.

    Returns
    -------
    Knees. With fewer than 6 stairs every value is NaN.
    """
    shape = (resistances.size, factors.size)
    if current.size < FEWEST:
        none = np.full(shape, np.nan)
        return Knees(none, none, none, np.nan, np.nan, 0, np.nan)
    noise = max(noise_of(current, voltage), _FLOOR * float(np.ptp(voltage)), 1e-15)
    stairs = min(max(FIRST, int(np.ceil(share * current.size))), current.size)
    slope, error = _initial(current, voltage, noise, stairs)
    found, place = _crossings(current, voltage[None], noise, stairs, resistances, factors)
    smooth, copies = _replicates(current, voltage, noise)
    centre, _ = _crossings(current, smooth[None], noise, stairs, resistances, factors)
    spread, lowest = _crossings(current, copies, noise, stairs, resistances, factors)
    low, high = _bounds(current, found[0], centre[0], spread)
    ended = np.isinf(found[0])
    low = np.where(ended, _reached(current, place[0], lowest), low)
    return Knees(found[0], low, np.where(ended, np.inf, high), slope, error, stairs, noise)


def noise_of(x: Floats, y: Floats) -> float:
    """Return the standard deviation of white noise on a smooth curve, steps of any size.

    Each point is compared with the cubic (with fewer than 8 points: the line) through its
    neighbours; the median of the deviations is hardly touched by a knee. Where a point repeats the
    x before it, as at a switch, the later one is left out; fewer than 3 points have no noise.
    """
    fresh = np.concatenate(([True], np.diff(x) != 0.0))
    x, y = x[fresh], y[fresh]
    if x.size < 3:
        return 0.0
    reach = (1, -1) if x.size < 8 else (2, 1, -1, -2)
    edge = max(reach)
    rows = np.arange(edge, x.size - edge)
    near = np.stack([x[rows + k] for k in reach])
    weight = np.ones_like(near)
    for a in range(len(reach)):
        for b in range(len(reach)):
            if a != b:
                weight[a] *= (x[rows] - near[b]) / (near[a] - near[b])
    guess = (weight * np.stack([y[rows + k] for k in reach])).sum(axis=0)
    off = (y[rows] - guess) / np.sqrt(1.0 + (weight**2).sum(axis=0))
    return float(1.4826 * np.median(np.abs(off)))


def _replicates(current: Floats, voltage: Floats, noise: float) -> tuple[Floats, Floats]:
    """Return the smooth curve and curves with its residuals drawn anew, shape (B, N)."""
    smooth = _smoothed(current, voltage)
    residual = voltage - smooth
    residual = residual - residual.mean()
    size = float(residual.std())
    residual = residual * (noise / size) if size > 0 else residual
    random = np.random.default_rng(0)  # the same file gives the same bounds
    return smooth, smooth + random.choice(residual, (_REPLICATES, current.size))


def _smoothed(x: Floats, y: Floats) -> Floats:
    """Penalise second differences; how much, by generalised cross-validation."""
    unit = (x - x[0]) / (x[-1] - x[0]) * (x.size - 1)
    rows = np.arange(x.size - 2)
    left, right = np.diff(unit)[:-1], np.diff(unit)[1:]
    second = np.zeros((rows.size, x.size))
    second[rows, rows] = 2.0 / (left * (left + right))
    second[rows, rows + 1] = -2.0 / (left * right)
    second[rows, rows + 2] = 2.0 / (right * (left + right))
    stiff, modes = np.linalg.eigh(second.T @ second)
    kept = modes.T @ y
    penalty = np.logspace(-4, 8, 61)[:, None] * np.maximum(stiff, 0.0)
    lost = penalty / (1.0 + penalty)
    score = ((lost * kept) ** 2).sum(axis=1) / lost.sum(axis=1) ** 2
    smooth: Floats = modes @ (kept * (1.0 - lost[np.argmin(score)]))
    return smooth


def _bounds(
    current: Floats, found: Floats, centre: Floats, spread: Floats
) -> tuple[Floats, Floats]:
    """Join the step and the bootstrap; a replicate without a knee deviates without bound."""
    from_value = np.where(np.isfinite(centre), centre, found)
    there = np.isfinite(spread) & np.isfinite(from_value)
    off = np.abs(np.where(there, spread, 0.0) - np.where(np.isfinite(from_value), from_value, 0.0))
    rank = int(np.ceil(0.95 * len(off))) - 1
    wide = np.sort(np.where(there, off, np.inf), axis=0)[rank]
    below = np.sort(np.where(there, off, 0.0), axis=0)[rank]
    at = np.searchsorted(current, np.where(np.isfinite(found), found, current[0]))
    gap = np.diff(current)
    step = np.maximum(gap[np.clip(at - 1, 0, gap.size - 1)], gap[np.clip(at, 0, gap.size - 1)])
    low = np.where(np.isfinite(found), found - np.hypot(step, below), np.nan)
    high = np.where(np.isfinite(found), found + np.hypot(step, wide), np.nan)
    return np.maximum(low, 0.0), high


def _reached(current: Floats, place: Floats, lowest: Floats) -> Floats:
    """Return the current up to which the slope stayed below: where the minimum may lie, 95 %."""
    below = np.quantile(lowest, 0.05, axis=0)
    return np.minimum(current[place.astype(np.int64)], current[below.astype(np.int64)])


@compiled
def _initial(x, y, noise, stairs):  # type: ignore[no-untyped-def]
    """Slope of the line through the first stairs, and its standard error."""
    dx = x[:stairs] - x[:stairs].mean()
    spread = (dx * dx).sum()
    return (dx * y[:stairs]).sum() / spread, noise / np.sqrt(spread)


@compiled
def _crossings(x, curves, noise, stairs, resistances, factors):  # type: ignore[no-untyped-def]
    """Knees of many curves, shape (B, R, K), and the index of each lowest point."""
    shape = (len(curves), resistances.size, factors.size)
    value, place = np.full(shape, np.nan), np.zeros(shape)
    for b in range(len(curves)):
        slope, error = _initial(x, curves[b], noise, stairs)
        for r in range(resistances.size):
            net = slope - resistances[r]
            for k in range(factors.size):
                # the threshold must differ from the initial slope by more than the error of both
                if not (factors[k] - 1.0) * net > APART * factors[k] * error:
                    continue
                g = curves[b] - (resistances[r] + factors[k] * net) * x
                a, alarm = _first_minimum(g, RISE * noise)
                place[b, r, k] = a
                value[b, r, k] = _placed(x, g, a, _DEEP * RISE * noise) if alarm else np.inf
    return value, place


@compiled
def _first_minimum(g, rise):  # type: ignore[no-untyped-def]
    """Index of the first minimum from which g rises by more than `rise`, and whether it does."""
    a = 0
    for j in range(1, g.size):
        if g[j] < g[a]:
            a = j
        elif g[j] - g[a] > rise:
            return a, True
    return a, False


@compiled
def _placed(x, g, a, deep):  # type: ignore[no-untyped-def]
    """Minimum of a polynomial through the points around g[a] that lie less than `deep` above it."""
    n = x.size
    left, right = a, a
    while left > 0 and (a - left < 2 or g[left - 1] - g[a] <= deep):
        left -= 1
    while right < n - 1 and (right - a < 2 or g[right + 1] - g[a] <= deep):
        right += 1
    count = right - left + 1
    if count < 4:
        return x[a]
    order = 3 if count >= 7 else 2
    half = 0.5 * (x[right] - x[left])
    middle = 0.5 * (x[right] + x[left])
    matrix = np.zeros((order + 1, order + 1))
    side = np.zeros(order + 1)
    for j in range(left, right + 1):
        power = ((x[j] - middle) / half) ** np.arange(order + 1)
        matrix += np.outer(power, power)
        side += power * (g[j] - g[a])
    c = np.linalg.solve(matrix, side)
    at = _lowest_root(c, (x[a] - middle) / half)
    if not (-1.0 <= at <= 1.0):
        return x[a]
    return middle + half * at


@compiled
def _lowest_root(c, near):  # type: ignore[no-untyped-def]
    """Where the polynomial has its minimum; NaN where it has none."""
    if c.size == 3 or abs(c[3]) < 1e-9 * abs(c[2]):
        return -0.5 * c[1] / c[2] if c[2] > 0 else np.nan
    inside = c[2] * c[2] - 3.0 * c[3] * c[1]
    if inside < 0:
        return np.nan
    return (-c[2] + np.sqrt(inside)) / (3.0 * c[3])  # the root at which the curve bends upwards
