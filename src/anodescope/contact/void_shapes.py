"""What a void at the interface looks like: how wide and how deep it is for its volume.

The shape decides what merging at constant volume costs. Sparse blocked discs of radius a, n of them
per area, in a face that else touches perfectly, cost 4 n a³/(3κ) (Ω·cm²): the disc is the
penny-shaped crack of elasticity (Sneddon 1946, doi:10.1098/rspa.1946.0077), with the potential
(2/π)(i/κ)√(a² − r²) above it. Caps of one angle have a volume in proportion to a³, so merging keeps
their constriction and gives contact back (the covered part falls as n^(1/3)). Pancakes keep the
covered part, and their constriction grows as a, that is as n^(−1/2).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact.checks import number
from anodescope.contact.face import positive
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]


class Shape(ABC):
    """The family of a void: a round base on the electrolyte, whose radius follows the volume."""

    __slots__ = ()

    @abstractmethod
    def radius(self, volume: Array) -> Array:
        """Radius of the base (cm) of voids of given volumes (cm³)."""

    @abstractmethod
    def volume(self, radius: Array) -> Array:
        """Volume (cm³) of voids whose base has given radii (cm)."""

    @abstractmethod
    def depth(self, radius: float, away: Array) -> Array:
        """Height of the gap (cm) at distances `away` from the middle of one base (cm)."""

    @abstractmethod
    def fed(self, radius: Array, amount: float) -> Array:
        """Radii (cm) after each void took ∫a ds, s = 0 … `amount` (cm²); 0 where emptied."""

    @abstractmethod
    def touching(self, one: Array, other: Array) -> Array:
        """Distance of the middles (cm) at which voids of two base radii touch."""


@final
@dataclass(frozen=True, slots=True)
class Cap(Shape):
    """A spherical cap between electrolyte and liquid metal: radius and depth grow as V^(1/3).

    The shape that surface tension gives a void much smaller than the capillary length of the metal
    (about 5 mm), on a smooth wall. Volume V = π a³ t (3 + t²)/6 with t = tan((180° − angle)/2), and
    depth a·t in the middle: a metal that wets less has shallower voids.

    Attributes
    ----------
    angle : contact angle of the liquid metal on the electrolyte (°), between 0 and 180, measured
        through the metal as in `wetting`. 90 is a half ball. Below 90 the void overhangs its base
        (at 20 it is 2.9 times as wide), and voids touch by their bellies before their bases do.
    """

    angle: float = 90.0

    def __post_init__(self) -> None:
        wanted = "between 0 and 180 degrees"
        if number("angle", self.angle, wanted, least=0.0, most=180.0) in (0.0, 180.0):
            raise SettingsError(f"angle: expected {wanted}, found {self.angle!r}.")

    @property
    def steepness(self) -> float:
        """Depth in the middle over the radius of the base."""
        return float(np.tan(np.radians(180.0 - self.angle) / 2.0))

    def radius(self, volume: Array) -> Array:
        """Radius of the base (cm) of voids of given volumes (cm³)."""
        return np.asarray(np.cbrt(np.asarray(volume) / self._unit))

    def volume(self, radius: Array) -> Array:
        """Volume (cm³) of voids whose base has given radii (cm)."""
        return np.asarray(self._unit * np.asarray(radius) ** 3)

    @property
    def _unit(self) -> float:
        t = self.steepness
        return np.pi * t * (3.0 + t**2) / 6.0

    def depth(self, radius: float, away: Array) -> Array:
        """Height of the gap (cm) at distances `away` from the middle of one base (cm)."""
        t = self.steepness
        # The ball's radius is a(1 + t²)/(2t) and its middle lies a(1 − t²)/(2t) below the face.
        ball = radius * (1.0 + t**2) / (2.0 * t)
        below = radius * (1.0 - t**2) / (2.0 * t)
        return np.asarray(np.sqrt(np.maximum(ball**2 - np.asarray(away) ** 2, 0.0)) - below)

    def fed(self, radius: Array, amount: float) -> Array:
        """Radii (cm) after each void took ∫a ds, s = 0 … `amount` (cm²); 0 where emptied."""
        # V = c a³: dV = a ds makes 3c a da = ds, so a² grows alike for all.
        squared = np.asarray(radius) ** 2 + amount * 2.0 / (3.0 * self._unit)
        return np.asarray(np.sqrt(np.maximum(squared, 0.0)))

    def touching(self, one: Array, other: Array) -> Array:
        """Distance of the middles (cm) at which voids of two base radii touch."""
        if self.angle >= 90.0:
            return np.asarray(np.asarray(one) + np.asarray(other))
        # Balls of radius R = a/sin θ whose middles lie R cos θ above the face.
        angle = np.radians(self.angle)
        near = np.asarray(one) + np.asarray(other)
        uneven = (np.asarray(one) - np.asarray(other)) * np.cos(angle)
        return np.asarray(np.sqrt(near**2 - uneven**2) / np.sin(angle))


@final
@dataclass(frozen=True, slots=True)
class Pancake(Shape):
    """A flat void of one depth: its radius grows as V^(1/2), so that volume is area.

    Attributes
    ----------
    height : depth of every void (cm), such as the depth of the electrolyte's roughness.
    """

    height: float

    def __post_init__(self) -> None:
        positive("height", self.height, "cm")

    def radius(self, volume: Array) -> Array:
        """Radius of the base (cm) of voids of given volumes (cm³)."""
        return np.asarray(np.sqrt(np.asarray(volume) / (np.pi * self.height)))

    def volume(self, radius: Array) -> Array:
        """Volume (cm³) of voids whose base has given radii (cm)."""
        return np.asarray(np.pi * self.height * np.asarray(radius) ** 2)

    def depth(self, radius: float, away: Array) -> Array:
        """Height of the gap (cm) at distances `away` from the middle of one base (cm)."""
        return np.where(np.asarray(away) <= radius, self.height, 0.0)

    def fed(self, radius: Array, amount: float) -> Array:
        """Radii (cm) after each void took ∫a ds, s = 0 … `amount` (cm²); 0 where emptied."""
        # V = π h a²: dV = a ds makes 2π h da = ds.
        wider = np.asarray(radius) + amount / (2.0 * np.pi * self.height)
        return np.asarray(np.maximum(wider, 0.0))

    def touching(self, one: Array, other: Array) -> Array:
        """Distance of the middles (cm) at which voids of two base radii touch."""
        return np.asarray(np.asarray(one) + np.asarray(other))
