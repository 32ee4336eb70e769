"""What a slab of electrolyte does below its face: potential from current, exactly, by Fourier.

The slab has a uniform conductivity and its counter face is at zero potential. A current density
that varies as exp(ik·x) over the top face then makes the potential tanh(kL)/(κk) there, and L/κ at
k = 0: the Dirichlet-to-Neumann map, which is diagonal in Fourier space. T = tanh(kL)/k is real and
has the unit of a length; κ only scales it.

The face is cut into square pixels, each of one current density, and the potential of a pixel is its
mean. So the map of pixels is T averaged twice over a pixel, which folds every wave that the pixels
cannot tell apart into one sum. The averaging makes the scheme a Galerkin method: the resistance it
finds is never below the true one, and falls when pixels are split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from anodescope.contact.face import positive
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]

SIDES = ("periodic", "mirror")

# Waves are folded one by one up to this order, and by their sum beyond. That sum holds where
# tanh(kL) is one (to 1e-5), so thin slabs take more; those below a tenth of a pixel have a formula.
_FOLDED, _ONE, _THIN = 4, 6.0, 0.1


@final
@dataclass(frozen=True)
class Slab:
    """A slab below a face of pixels.

    Attributes
    ----------
    shape : pixels of the face (y, x).
    pixel : side of a pixel (cm).
    thickness : from the face to the counter electrode (cm).
    sides : "periodic", or "mirror": insulating side walls, each pixel row seen again behind them.
    """

    shape: tuple[int, int]
    pixel: float
    thickness: float
    sides: str = "periodic"

    @classmethod
    def checked(cls, shape: tuple[int, int], pixel: Any, thickness: Any, sides: str) -> Slab:
        """Return a slab of numbers from outside.

        Raises
        ------
        SettingsError
            for a length that is not above zero, or sides that are not known.
        """
        checked_sides(sides)
        return cls(
            shape, positive("pixel", pixel, "cm"), positive("thickness", thickness, "cm"), sides
        )

    @property
    def pixels(self) -> int:
        """The number of pixels of the face."""
        return self.shape[0] * self.shape[1]

    @cached_property
    def reach(self) -> Array:
        """T (cm) of uneven currents: potential × κ over current density, of each wave of the face.

        In the layout of complex maps. The even current has none here: it meets the thickness, and
        whoever wants it adds that.
        """
        return self._uneven(*self.shape)

    @cached_property
    def real_reach(self) -> Array:
        """T (cm) in the layout of the transform of real maps, half as long."""
        return self._uneven(self.shape[0], 0)

    def _uneven(self, rows: int, columns: int) -> Array:
        """Unfold the wave numbers of periodic axes; 0 leaves an axis as it is."""
        if self.sides == "mirror":
            whole = self._quarter.copy()
        else:
            places = [_folded_index(count) if count else slice(None) for count in (rows, columns)]
            whole = np.ascontiguousarray(self._quarter[places[0]][:, places[1]])
        whole[0, 0] = 0.0
        return whole

    @cached_property
    def _quarter(self) -> Array:
        y, x = (_waves(count, self.pixel, self.sides) for count in self.shape)
        return folded(y, x, self.pixel, self.thickness)

    def filtered(self, values: Array, response: Array) -> Array:
        """Multiply each wave of a map by its response.

        Parameters
        ----------
        values : map (y, x), real or complex; its memory may be used.
        response : one number per wave, in the layout of `real_reach` where both are real, else of
            `reach`.
        """
        from scipy import fft

        if self.sides == "mirror":
            return np.asarray(fft.idctn(response * fft.dctn(values)))
        if np.iscomplexobj(values) or np.iscomplexobj(response):
            waves = fft.fft2(np.asarray(values, complex), overwrite_x=True)
            waves *= response
            return np.asarray(fft.ifft2(waves, overwrite_x=True))
        waves = fft.rfft2(values)
        waves *= response
        return np.asarray(fft.irfft2(waves, s=self.shape, overwrite_x=True))


def checked_sides(sides: Any) -> str:
    """Return the name of a kind of sides.

    Raises
    ------
    SettingsError
        for one that is not known.
    """
    if not isinstance(sides, str) or sides not in SIDES:
        raise SettingsError(f"sides: expected one of {', '.join(SIDES)}, found {sides!r}.")
    return sides


def _folded_index(count: int) -> Array:
    """Where each of `count` periodic waves finds the one of its absolute wave number."""
    place = np.arange(count)
    return np.minimum(place, count - place)


def _waves(count: int, pixel: float, sides: str) -> Array:
    """The wave numbers (1/cm) that pixels along one axis hold, from 0 up."""
    if sides == "mirror":
        return np.pi * np.arange(count) / (count * pixel)
    return 2.0 * np.pi * np.arange(count // 2 + 1) / (count * pixel)


def smooth_reach(wave: Array, thickness: float) -> Array:
    """tanh(kL)/k (cm), L at k = 0, of a wave number k (1/cm)."""
    depth = np.asarray(wave) * thickness
    safe = np.where(depth > 0.0, depth, 1.0)
    return np.where(depth > 0.0, thickness * np.tanh(safe) / safe, thickness)


def folded(y: Array, x: Array, pixel: float, thickness: float) -> Array:
    """T (cm) of pixels: the mean potential of a pixel by currents that are even over each.

    Sums tanh(kL)/k over all waves that look alike on the pixels, each with its share sinc² of a
    pixel's step along both axes. Waves beyond the last order are summed at once: along each axis by
    a Hurwitz zeta function as if the other axis had no wave, less what that is too much. The error
    of T is below 1e-5 at the shortest wave and falls from there.

    Parameters
    ----------
    y, x : wave numbers along the axes (1/cm), from 0 to π/pixel.
    """
    if thickness < _THIN * pixel:
        return _thin(y, x, pixel, thickness)
    last = max(int(np.ceil(_ONE * pixel / (2.0 * np.pi * thickness))), _FOLDED)
    orders = range(-last, last + 1)
    total = np.zeros((y.size, x.size))
    lattice = 2.0 * np.pi / pixel
    for m in orders:
        down = _share(y, m, pixel)[:, None]
        for n in orders:
            wave = np.hypot(y[:, None] + m * lattice, x[None, :] + n * lattice)
            total += down * _share(x, n, pixel)[None, :] * smooth_reach(wave, thickness)
    return total + _rest(y, x, pixel, last)


def _thin(y: Array, x: Array, pixel: float, thickness: float) -> Array:
    """T (cm) where the slab is much thinner than a pixel: straight current, edges and corners.

    With l = thickness / pixel, T = L (1 − c l (sin² + sin²) + 16/(3π) l² sin² sin²), sines of half
    the phases along the axes, c = 28 ζ(3)/π³. What is left out is of the order of exp(−π/(2 l)).
    """
    from scipy.special import zeta

    ratio = thickness / pixel
    rows, columns = (np.sin(0.5 * wave * pixel) ** 2 for wave in (y, x))
    edges = 28.0 * zeta(3) / np.pi**3 * ratio * (rows[:, None] + columns[None, :])
    corners = 16.0 / (3.0 * np.pi) * ratio**2 * np.outer(rows, columns)
    return np.asarray(thickness * (1.0 - edges + corners))


def _share(wave: Array, order: int, pixel: float) -> Array:
    """sinc² of half a pixel's phase, `order` lattice waves further."""
    half = 0.5 * wave * pixel
    if order == 0:
        return np.asarray(np.sinc(half / np.pi) ** 2)
    return np.asarray((np.sin(half) / (half + np.pi * order)) ** 2)


def _rest(y: Array, x: Array, pixel: float, last: int) -> Array:
    """The waves beyond the last order along either axis, or both.

    With X and Y half the phases of a wave along the axes, its share is
    sin²·sin²/(X²Y²√(X²+Y²))·pixel/2. Beyond the last order in X, the sum over Y is close to
    sin²/X³ (all shares of Y add up to one) less sin²·sin²·2/(πX⁴), since √ is not X; the corner
    beyond both is then there twice, which an integral takes away.
    """
    rows, columns = (np.sin(0.5 * wave * pixel) ** 2 for wave in (y, x))
    first, second = _beyond(y, pixel, last, 3), _beyond(x, pixel, last, 3)
    alone = (rows * first)[:, None] + (columns * second)[None, :]
    less = _beyond(y, pixel, last, 4)[:, None] + _beyond(x, pixel, last, 4)[None, :]
    edge = np.pi * (last + 0.5)
    corner = 4.0 / np.pi**2 * (2.0 * np.sqrt(2.0) - 2.0) / 3.0 / edge**3
    both = np.outer(rows, columns) * (2.0 / np.pi * less + corner)
    return np.asarray(0.5 * pixel * (alone - both))


def _beyond(wave: Array, pixel: float, last: int, power: int) -> Array:
    """The sum of 1/|X|^power over all orders beyond the last one, on both sides."""
    from scipy.special import zeta

    turn = 0.5 * wave * pixel / np.pi
    first = last + 1
    return np.asarray((zeta(power, first + turn) + zeta(power, first - turn)) / np.pi**power)
