"""`Voids`: where the voids of a periodic face are, and how large, at one instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from anodescope.contact.checks import at_least_zero, counts, number, whole
from anodescope.contact.face import plain, positive
from anodescope.contact.void_shapes import Cap, Shape
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Voids:
    """The voids of one periodic face at one instant.

    Attributes
    ----------
    face : sides of the face (y, x), cm.
    positions : (void, 2), middle of each base (y, x), cm; a copy that cannot be written to.
    volumes : (void,), cm³, above 0; likewise.
    shape : how radius and depth follow from the volume.
    time : s.
    waiting : volume (cm³) that a flux has made while there was no void to take it.
    seed, born, exposure : the random stream of births: its seed, the births drawn so far, and the
        expected number of births since the last one.

    Raises
    ------
    SettingsError
        for anything that is not as said above.
    """

    face: tuple[float, float]
    positions: Array
    volumes: Array
    shape: Shape = field(default_factory=Cap)
    time: float = 0.0
    waiting: float = 0.0
    seed: int = 0
    born: int = 0
    exposure: float = 0.0

    def __post_init__(self) -> None:
        sides = _sides(self.face)
        positions = _finite("positions", self.positions)
        if positions.size == 0:
            positions = positions.reshape(0, 2)
        if positions.ndim != 2 or positions.shape[1] != 2:
            raise SettingsError(
                f"positions: expected (void, 2), found the shape {positions.shape}."
            )
        volumes = _finite("volumes", self.volumes)
        if volumes.shape != (len(positions),):
            raise SettingsError(
                f"volumes: expected one for each of {len(positions)} positions, "
                f"found the shape {volumes.shape}."
            )
        if np.any(volumes <= 0.0):
            raise SettingsError(f"volumes: expected all above 0 (cm³), found {volumes.min():g}.")
        if not isinstance(self.shape, Shape):
            raise SettingsError(f"shape: expected Cap(…) or Pancake(…), found {self.shape!r}.")
        positions = wrapped(positions, sides)
        for array in (positions, volumes):
            array.setflags(write=False)
        checked = {
            "face": sides,
            "positions": positions,
            "volumes": volumes,
            "time": number("time", self.time, "a finite number (s)"),
            "waiting": at_least_zero("waiting", self.waiting),
            "seed": whole("seed", self.seed, 0),
            "born": whole("born", self.born, 0),
            "exposure": at_least_zero("exposure", self.exposure),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def none(cls, face: tuple[float, float], shape: Shape | None = None, seed: int = 0) -> Voids:
        """Return a face without voids."""
        return cls(face, np.empty((0, 2)), np.empty(0), shape or Cap(), seed=seed)

    @classmethod
    def regular(
        cls,
        face: tuple[float, float],
        count: tuple[int, int],
        *,
        volume: float,
        shape: Shape | None = None,
    ) -> Voids:
        """Return count (y, x) equal voids on a rectangular lattice."""
        along = zip(counts("count", count), _sides(face), strict=True)
        y, x = ((np.arange(n) + 0.5) * side / n for n, side in along)
        positions = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 2)
        each = positive("volume", volume, "cm³")
        return cls(face, positions, np.full(len(positions), each), shape or Cap())

    @property
    def area(self) -> float:
        """Area of the face (cm²)."""
        return self.face[0] * self.face[1]

    @property
    def radii(self) -> Array:
        """Radius of each base (void,), cm."""
        return self.shape.radius(self.volumes)

    @property
    def total_volume(self) -> float:
        """Volume of all voids and of what waits for one (cm³)."""
        return float(self.volumes.sum()) + self.waiting

    @property
    def contact_fraction(self) -> float:
        """Fraction of the face outside the bases; where bases overlap a lower bound, at least 0."""
        return max(0.0, 1.0 - float(np.pi * (self.radii**2).sum()) / self.area)


def wrapped(positions: Array, sides: tuple[float, float]) -> Array:
    """Return positions on the periodic face, each from 0 to below its side."""
    inside = positions % np.asarray(sides)
    # The rest of a tiny negative number is rounded up to the side itself.
    return np.where(inside >= np.asarray(sides), 0.0, inside)


def between(start: Array, end: Array, face: tuple[float, float]) -> Array:
    """Shortest way from one place to another on the periodic face."""
    way = end - start
    return np.asarray(way - np.asarray(face) * np.rint(way / np.asarray(face)))


def distances(places: Array, others: Array, face: tuple[float, float]) -> Array:
    """Shortest distances on the periodic face."""
    return np.asarray(np.hypot(*np.moveaxis(between(places, others, face), -1, 0)))


def _sides(face: Any) -> tuple[float, float]:
    pair = plain("face", face)
    if pair.shape != (2,):
        raise SettingsError(f"face: expected two sides (y, x) in cm, found {face!r}.")
    return positive("face", pair[0], "cm"), positive("face", pair[1], "cm")


def _finite(name: str, values: Any) -> Array:
    """Return a copy as floats."""
    array = plain(name, values)
    if array.size == 0:
        return np.empty(0)
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise SettingsError(f"{name}: expected finite numbers, found others.")
    return np.array(array, dtype=float)
