"""Sweeps with their points in descending frequency, and what is done along that axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any, final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# A window narrower than this averages nothing.
_NARROWEST = 3


@final
@dataclass(frozen=True, slots=True)
class Aligned:
    """Usable points in front, in descending frequency; NaN behind them.

    Attributes
    ----------
    order : where each point stands in its row, shape (S, P).
    count : usable points, shape (S,).
    frequency : (Hz), impedance : (Ω), time : (s), shape (S, P).
    """

    order: Ints
    count: Ints
    frequency: Floats
    impedance: Complexes
    time: Floats

    @classmethod
    def of(cls, frequency: Floats, impedance: Complexes, time: Floats, usable: Bools) -> Aligned:
        """Sort the points of every row; all of shape (S, P)."""
        order = np.argsort(np.where(usable, -frequency, np.inf), axis=1, kind="stable")
        count = usable.sum(axis=1)
        there = np.arange(frequency.shape[1])[None, :] < count[:, None]

        def sorted_(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.where(there, np.take_along_axis(values, order, axis=1), np.nan)

        return cls(
            order,
            count.astype(np.int64),
            sorted_(frequency).astype(np.float64),
            sorted_(impedance).astype(np.complex128),
            sorted_(time).astype(np.float64),
        )

    @property
    def there(self) -> Bools:
        """Where there is a point, shape (S, P)."""
        return np.asarray(np.arange(self.frequency.shape[1])[None, :] < self.count[:, None])

    @property
    def last(self) -> Ints:
        """Place of the lowest frequency, shape (S, 1); 0 where there is no point."""
        return np.maximum(self.count - 1, 0)[:, None]

    def take(self, values: Floats) -> Floats:
        """Bring further values (S, P) into this order, NaN behind the last point."""
        return np.where(self.there, np.take_along_axis(values, self.order, axis=1), np.nan)

    def front(self, number: Ints) -> Bools:
        """Mark the `number` (S,) highest frequencies of each row; in the rows' own order."""
        mask = np.zeros(self.order.shape, dtype=bool)
        ahead = np.arange(self.order.shape[1])[None, :] < number[:, None]
        np.put_along_axis(mask, self.order, ahead, axis=1)
        return mask

    def at_lowest(self, values: Floats) -> Floats:
        """Return the values (S, P, in this order) at the lowest frequency, shape (S,)."""
        return np.asarray(np.take_along_axis(values, self.last, axis=1)[:, 0])

    def span(self) -> tuple[Floats, Floats]:
        """Return the first and the last instant of each row (s), shape (S,); NaN without any."""
        known = np.isfinite(self.time)
        start = np.min(self.time, axis=1, where=known, initial=np.inf)
        end = np.max(self.time, axis=1, where=known, initial=-np.inf)
        none = ~known.any(axis=1)
        return np.where(none, np.nan, start), np.where(none, np.nan, end)

    def decade(self) -> Ints:
        """Return the number of points per decade of each row, at least 3, shape (S,)."""
        steps = np.abs(np.diff(np.log(self.frequency), axis=1))
        step = medians(np.where(steps > 0, steps, np.nan))
        with np.errstate(invalid="ignore"):
            width = np.where(step > 0, log(10) / step, 0.0)
        return np.clip(np.rint(width).astype(np.int64), _NARROWEST, None)

    def smooth(self, values: Complexes | Floats, width: Ints) -> Complexes:
        """Return means over windows of `width` points (S,), those at the ends moved inwards.

        Parameters
        ----------
        values : shape (S, P) in this order; NaN is left out of the means.
        """
        known = np.isfinite(values)
        total = _running(np.where(known, values, 0))
        number = _running(known.astype(np.float64))
        place = np.arange(values.shape[1])[None, :]
        widest = np.minimum(width, self.count)[:, None]
        low = np.clip(place - widest // 2, 0, np.maximum(self.count[:, None] - widest, 0))
        high = low + widest
        rows = np.arange(len(values))[:, None]
        found = number[rows, high] - number[rows, low]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (total[rows, high] - total[rows, low]) / found
        # A window that is half empty says too little about its place.
        enough: Bools = np.asarray((2 * found >= widest) & (found > 0)) & self.there
        return np.where(enough, mean, complex(np.nan, np.nan))


def _running(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1)], axis=1)


def medians(values: Floats) -> Floats:
    """Return the median of each row without its NaN; NaN for a row of nothing else."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    none = np.asarray(np.isnan(values).all(axis=1))
    found = np.nanmedian(np.where(none[:, None], 0.0, values), axis=1)
    return np.where(none, np.nan, found)
