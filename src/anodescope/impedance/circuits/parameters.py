"""Parameters of equivalent circuits, each with the coordinate in which it is fitted.

A fit moves in coordinates without walls near the solution: the logarithm of what is positive, the
logit of an exponent. So no step can leave the range, and sizes that differ by orders of magnitude
weigh the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError

Floats = npt.NDArray[np.float64]

# Where the logistic ends: an exponent nearer to its limit than this is the limit itself.
_NEAR = 1e-7
# A 95 % interval beyond these says that the data do not fix the parameter.
WIDEST_RATIO = 100.0
WIDEST_EXPONENT = 0.5


@dataclass(frozen=True, slots=True)
class Parameter(ABC):
    """One number of a circuit.

    Attributes
    ----------
    name : element and quantity, such as R_int.
    unit : unit of its values.
    low, high : range of its values.
    """

    name: str
    unit: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high < np.inf:
            raise SettingsError(
                f"Range of {self.name}: expected 0 <= low < high, finite, "
                f"found {self.low:g} to {self.high:g}."
            )

    @abstractmethod
    def coordinate(self, value: Floats) -> Floats:
        """Return the coordinate of values; those at or beyond the range become its ends."""

    @abstractmethod
    def value(self, coordinate: Floats) -> Floats:
        """Return the value at a coordinate, inside the range."""

    @abstractmethod
    def slope(self, value: Floats) -> Floats:
        """Return d value/d coordinate."""

    @abstractmethod
    def interval(self, value: Floats, half_width: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Return low and high for a half width in the coordinate.

        Parameters
        ----------
        value, half_width : shape (S,).
        most : value at which it would make up the largest |Z| of its spectrum, shape (S,).
        """

    @abstractmethod
    def wide(self, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
        """Tell whether an interval is so wide that the parameter is not identified."""

    def within(self, low: float, high: float) -> Parameter:
        """Return it with a narrower range."""
        return replace(self, low=max(low, self.low), high=min(high, self.high))


@final
@dataclass(frozen=True, slots=True)
class Positive(Parameter):
    """A positive quantity; its coordinate is the logarithm, so its interval is asymmetric.

    Attributes
    ----------
    additive : Z is linear in it (R, L, σ), so that it may be too small to be told from zero, and
        still be known: then the interval is 0 to value (1 + half width).
    """

    low: float = 1e-18
    high: float = 1e18
    additive: bool = False

    def coordinate(self, value: Floats) -> Floats:
        """Return ln value."""
        return np.asarray(np.log(np.clip(value, max(self.low, 1e-300), self.high)))

    def value(self, coordinate: Floats) -> Floats:
        """Return exp(coordinate)."""
        return np.clip(np.exp(coordinate), self.low, self.high)

    def slope(self, value: Floats) -> Floats:
        """Return d value/d ln value."""
        return value

    def interval(self, value: Floats, half_width: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Return value · exp(∓half width), 0 and infinity where nothing is known."""
        with np.errstate(over="ignore"):
            factor = np.exp(half_width)
            low, high = value / factor, value * factor
            bound = value * (1 + half_width)
        small = self.additive & (half_width > 1) & (bound <= most)
        return np.where(small, 0.0, low), np.where(small, bound, high)

    def wide(self, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
        """Tell whether it spans more than two decades, and does not begin at zero."""
        known = (high <= low * WIDEST_RATIO) | (self.additive & (low == 0) & np.isfinite(high))
        return np.asarray(~known)


@final
@dataclass(frozen=True, slots=True)
class Exponent(Parameter):
    """A dimensionless exponent in (0, 1]; its coordinate is the logit.

    The interval is symmetric in the exponent itself and cut at the range: near 1 the logit would
    stretch it far down for no reason in the data.
    """

    # An arc flatter than this is hardly an arc: a fit does not go there.
    low: float = 0.1
    high: float = 1.0

    def coordinate(self, value: Floats) -> Floats:
        """Return logit(value)."""
        inside = np.clip(value, max(self.low, _NEAR), min(self.high, 1 - _NEAR))
        return np.asarray(np.log(inside / (1 - inside)))

    def value(self, coordinate: Floats) -> Floats:
        """Return the logistic of the coordinate; 1 where it is too near to 1 to tell."""
        value = 1 / (1 + np.exp(-coordinate))
        return np.clip(np.where(value >= 1 - 1.01 * _NEAR, 1.0, value), self.low, self.high)

    def slope(self, value: Floats) -> Floats:
        """Return n (1 − n), not quite 0 at the ends."""
        inside = np.clip(value, _NEAR, 1 - _NEAR)
        return np.asarray(inside * (1 - inside))

    def interval(self, value: Floats, half_width: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Return value ∓ half width · slope inside the range."""
        with np.errstate(over="ignore"):
            half = half_width * self.slope(value)
        return np.maximum(value - half, self.low), np.minimum(value + half, self.high)

    def wide(self, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
        """Tell whether it spans more than 0.5."""
        return ~(high - low <= WIDEST_EXPONENT)
