"""One lattice of relaxation times for a whole series: log10 τ = k/n, anchored at 1 s.

Spectra of different windows land on the same lattice points, so maps, differences and means over
time need no interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log, pi
from typing import final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# A frequency at the window's very edge must not fall out of it through rounding.
_EDGE = 1e-9


@final
@dataclass(frozen=True, slots=True)
class Lattice:
    """The relaxation times 10**(k/n) s for k = first … last.

    Attributes
    ----------
    per_decade : n, points per decade.
    first, last : smallest and largest k, both included.
    """

    per_decade: int
    first: int
    last: int

    @classmethod
    def covering(
        cls,
        f_min: float,
        f_max: float,
        per_decade: int,
        extension: tuple[float, float] = (0.0, 0.0),
    ) -> Lattice:
        """Return the smallest lattice over 1/(2πf_max) … 1/(2πf_min), extended at both ends.

        Parameters
        ----------
        f_min, f_max : the window (Hz), 0 < f_min <= f_max.
        per_decade : points per decade.
        extension : decades added at the short and at the long end; negative ones cut.
        """
        low = -np.log10(2 * pi * f_max) - extension[0]
        high = -np.log10(2 * pi * f_min) + extension[1]
        first = floor(low * per_decade + _EDGE)
        return cls(per_decade, first, max(ceil(high * per_decade - _EDGE), first + 1))

    @property
    def size(self) -> int:
        """Number of points."""
        return self.last - self.first + 1

    @property
    def step(self) -> float:
        """Distance of two points in ln τ."""
        return log(10) / self.per_decade

    @property
    def ln_tau(self) -> Floats:
        """Natural logarithm of τ in s, shape (size,)."""
        return np.arange(self.first, self.last + 1, dtype=np.float64) * self.step

    @property
    def tau(self) -> Floats:
        """Relaxation times τ (s), shape (size,)."""
        return np.asarray(
            10.0 ** (np.arange(self.first, self.last + 1) / self.per_decade), dtype=np.float64
        )

    def joined(self, other: Lattice) -> Lattice:
        """Return the smallest lattice that holds both; they must have the same spacing."""
        return Lattice(self.per_decade, min(self.first, other.first), max(self.last, other.last))

    def place(self, part: Lattice) -> slice:
        """Return where the points of `part` stand in this lattice."""
        return slice(part.first - self.first, part.last - self.first + 1)


def in_window(tau: Floats, f_min: Floats, f_max: Floats) -> Bools:
    """Tell which τ lie inside each spectrum's own window 1/(2πf_max) … 1/(2πf_min).

    Parameters
    ----------
    tau : relaxation times (s), shape (T,).
    f_min, f_max : each spectrum's lowest and highest valid frequency (Hz), shape (S,); NaN: none.

    Returns
    -------
    shape (S, T).
    """
    period = 2 * pi * np.asarray(tau)[None, :]
    above = period * np.asarray(f_max)[:, None] >= 1 - _EDGE
    below = period * np.asarray(f_min)[:, None] <= 1 + _EDGE
    return np.asarray(above & below)


def points_per_decade(frequency: Floats, valid: Bools) -> float:
    """Return the density of the densest sweep, as 1/median step of log10 f; 0 without any.

    The median makes it blind to a few missing or repeated frequencies.

    Parameters
    ----------
    frequency : (Hz), shape (S, P); valid : shape (S, P).
    """
    densest = 0.0
    for grid in group(frequency, valid):
        steps = -np.diff(np.log10(grid.frequency))
        steps = steps[steps > _EDGE]
        if steps.size:
            densest = max(densest, 1.0 / float(np.median(steps)))
    return densest


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """The spectra that were measured at the same valid frequencies.

    Attributes
    ----------
    frequency : their valid frequencies (Hz) in descending order, shape (F,).
    points : for each spectrum of the grid, where those stand in its row, shape (N, F).
    spectra : rows, ascending, shape (N,).
    key : the frequencies as bytes.
    """

    frequency: Floats
    points: Ints
    spectra: Ints
    key: bytes


def group(frequency: Floats, valid: Bools) -> list[Grid]:
    """Group spectra into grids of equal valid frequencies, whatever the order of the points.

    Spectra without a valid point form a grid of zero frequencies.

    Parameters
    ----------
    frequency : (Hz), shape (S, P); valid : shape (S, P).
    """
    members: dict[bytes, list[tuple[int, Ints]]] = {}
    rows: dict[bytes, Floats] = {}
    for spectrum, (row, mask) in enumerate(zip(frequency, valid, strict=True)):
        where = np.flatnonzero(mask)
        where = where[np.argsort(-row[where], kind="stable")]
        values = np.ascontiguousarray(row[where], dtype=np.float64)
        key = values.tobytes()
        rows.setdefault(key, values)
        members.setdefault(key, []).append((spectrum, where.astype(np.int64)))
    return [
        Grid(
            rows[key],
            np.stack([where for _, where in found]),
            np.array([spectrum for spectrum, _ in found], dtype=np.int64),
            key,
        )
        for key, found in members.items()
    ]
