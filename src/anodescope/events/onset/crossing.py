"""Where a noisy quantity, sampled at rising currents, first exceeds k times its initial value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.events.finding import Floats
from anodescope.events.onset.knee import FEWEST, FIRST, RISE, noise_of

_REPLICATES = 200
_AT_ONCE = 2  # values in a row that must lie above, so that one outlier is no onset


@final
@dataclass(frozen=True, slots=True)
class Crossings:
    """Currents at which a quantity exceeds k times its initial value.

    Attributes
    ----------
    value, low, high : current and its 95 % bounds (A), shape (K,). Not reached: infinity, with
        `low` the highest current; not decidable: NaN.
    initial : initial value, in the quantity's unit.
    """

    value: Floats
    low: Floats
    high: Floats
    initial: float


def crossings(current: Floats, values: Floats, factors: Floats, share: float = 0.1) -> Crossings:
    """Find where `values` exceed k times their initial value, twice in a row.

    Between the last value below and the first above, the crossing is placed by a straight line. The
    bounds join the distance of two currents with a bootstrap of the noise, in quadrature.

    Parameters
    ----------
    current : |i| (A), rising, shape (N,).
    values : the quantity, such as R_int (Ω), shape (N,).
    factors : k, shape (K,), each above 1.
    share : the initial value is the mean over this share of the currents, at least 5.

    Returns
    -------
    Crossings. With fewer than 6 currents, or where k times the initial value is within the noise of
    it, values are NaN.
    """
    if current.size < FEWEST:
        none = np.full(factors.size, np.nan)
        return Crossings(none, none, none, np.nan)
    stairs = min(max(FIRST, int(np.ceil(share * current.size))), current.size)
    noise = noise_of(current, values)
    random = np.random.default_rng(0)
    copies = values + noise * random.standard_normal((_REPLICATES, values.size))
    found = np.array([_first_above(current, values[None], k, stairs)[0] for k in factors])
    spread = np.stack([_first_above(current, copies, k, stairs) for k in factors], axis=1)
    initial = float(values[:stairs].mean())
    decidable = (factors - 1.0) * initial > RISE * noise
    finite = np.isfinite(found)
    off = np.abs(np.where(np.isfinite(spread), spread, np.inf) - np.where(finite, found, 0.0))
    wide = np.sort(off, axis=0)[int(np.ceil(0.95 * len(off))) - 1]
    gap = np.diff(current)
    at = np.clip(np.searchsorted(current, np.where(finite, found, 0.0)) - 1, 0, gap.size - 1)
    half = np.hypot(gap[at], wide)
    placed = np.where(finite, found, 0.0)
    low = np.where(finite, np.maximum(placed - np.where(np.isfinite(half), half, placed), 0.0),
                   current[-_AT_ONCE])  # fmt: skip
    high = np.where(finite, placed + half, np.inf)
    value, low, high = (np.where(decidable, column, np.nan) for column in (found, low, high))
    return Crossings(value, low, high, initial)


def _first_above(current: Floats, curves: Floats, factor: float, stairs: int) -> Floats:
    """Place of the first crossing that lasts, for curves of shape (B, N); infinity: none."""
    limit = factor * curves[:, :stairs].mean(axis=1, keepdims=True)
    above = curves > limit
    lasting = above[:, :-1] & above[:, 1:]
    at = np.argmax(lasting, axis=1)
    rows = np.arange(len(curves))
    before = np.maximum(at - 1, 0)
    low, high = curves[rows, before], curves[rows, at]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.clip((limit[:, 0] - low) / (high - low), 0.0, 1.0)
    place = current[before] + np.where(at > before, part, 0.0) * (current[at] - current[before])
    return np.where(lasting.any(axis=1), place, np.inf)
