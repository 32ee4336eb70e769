"""Decays on the points of a record: for given time constants the rest of a relaxation is linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from anodescope.events.finding import Bools, Floats

Model = Literal["one", "two", "stretched", "none"]
_POINTS = 240  # after binning, so that a long record costs no more
CLOSEST = float(np.log(3.0))  # ln of the ratio below which two time constants are one
BETAS = (0.15, 0.98)
_GRID = 48
_ZOOMS = 6


@final
@dataclass(frozen=True, slots=True)
class Data:
    """Points of a relaxation: `since` the first one, and the time of that."""

    since: Floats
    first: float
    values: Floats
    weight: Floats


@final
@dataclass(frozen=True, slots=True)
class Fit:
    """A model with its nonlinear parameters, and the sum of squares that it leaves.

    Attributes
    ----------
    logs : ln τ, rising.
    beta : exponent of a stretched exponential; 1 for the others.
    """

    model: Model
    logs: Floats
    beta: float
    square: float


def binned(time: Floats, values: Floats) -> Data:
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
    return Data(t - first, first, y, weight)


def shapes(data: Data, logs: Floats, betas: Floats | float) -> Floats:
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


def centred(data: Data) -> Floats:
    """Return the values less their mean, times the root of the weight, shape (N,)."""
    level = np.average(data.values, weights=data.weight)
    centred: Floats = (data.values - level) * np.sqrt(data.weight)
    return centred


def squares(data: Data, logs: Floats, betas: Floats | float, floor: float) -> Floats:
    """Sum of squares of one decay with each ln τ, shape (G,)."""
    shape, y = shapes(data, logs, betas), centred(data)
    size = (shape**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        told = np.where(size > 0, (shape @ y) ** 2 / size, 0.0)
    return np.maximum(y @ y - told, floor)


@final
@dataclass(frozen=True, slots=True)
class Pairs:
    """Normal equations of two decays with each pair of time constants, arrays of shape (F, S).

    Attributes
    ----------
    aa, bb, ab : of the matrix, whose determinant is `det`.
    ay, by : of the right-hand side.
    yy : sum of squares without any decay.
    good : the pair is more than 3 to 1 apart and not degenerate.
    """

    aa: Floats
    bb: Floats
    ab: Floats
    ay: Floats
    by: Floats
    yy: float
    det: Floats
    good: Bools

    @classmethod
    def of(cls, data: Data, fast: Floats, slow: Floats) -> Pairs:
        """Take the moments of every ln τ in `fast` with every one in `slow`."""
        a, b, y = shapes(data, fast, 1.0), shapes(data, slow, 1.0), centred(data)
        aa, bb, ab = (a**2).sum(axis=1)[:, None], (b**2).sum(axis=1)[None], a @ b.T
        det = aa * bb - ab**2
        good = (det > 1e-10 * aa * bb) & (slow[None] - fast[:, None] >= CLOSEST - 1e-9)
        return cls(aa, bb, ab, (a @ y)[:, None], (b @ y)[None], float(y @ y), det, good)

    def squares(self, floor: float) -> Floats:
        """Sum of squares that each pair leaves; infinity where it is not good."""
        with np.errstate(invalid="ignore", divide="ignore"):
            told = (
                self.bb * self.ay**2 - 2 * self.ab * self.ay * self.by + self.aa * self.by**2
            ) / self.det
        return np.where(self.good, np.maximum(self.yy - told, floor), np.inf)

    def held(self, c: Floats, d: Floats) -> Floats:
        """Rise of the sum of squares when the amplitudes are held to c·A + d·B = 0."""
        with np.errstate(invalid="ignore", divide="ignore"):
            first = (self.bb * self.ay - self.ab * self.by) / self.det
            second = (self.aa * self.by - self.ab * self.ay) / self.det
            size = (c**2 * self.bb - 2 * c * d * self.ab + d**2 * self.aa) / self.det
            rise: Floats = (c * first + d * second) ** 2 / size
        return np.where(self.good, rise, np.inf)


def pair_squares(data: Data, fast: Floats, slow: Floats, floor: float) -> Floats:
    """Sum of squares of two decays, shape (F, S); infinity where they are closer than 3 to 1."""
    return Pairs.of(data, fast, slow).squares(floor)


def span(data: Data) -> tuple[float, float]:
    """Range of ln τ: from what is over before the second sample to what looks like a drift."""
    gap = data.since[1:][data.since[1:] > 0].min()
    return float(np.log(gap / 10.0)), float(np.log(100.0 * data.since[-1]))


def decays(data: Data, fit: Fit, since: Floats) -> Floats:
    """Return the decays of a fit from 1 at the first sample, `since` that, shape (K, N)."""
    tau = np.exp(fit.logs)[:, None]
    if fit.beta == 1.0:
        return np.exp(-since / tau)
    decays: Floats = np.exp(
        (data.first / tau) ** fit.beta - ((since + data.first) / tau) ** fit.beta
    )
    return decays


def search(data: Data, model: Model, floor: float) -> Fit:
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
