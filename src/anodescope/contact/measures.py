"""What a contact map looks like in numbers: how much, how many, how wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.contact.face import positive
from anodescope.contact.pictures import one_map
from anodescope.contact.slab import checked_sides
from anodescope.contact.spots import spots

Array = np.ndarray[Any, np.dtype[Any]]


@final
@dataclass(frozen=True, slots=True)
class MapStatistics:
    """Measures of one map; lengths in cm.

    Attributes
    ----------
    fraction : of the face in contact.
    spots, voids : number of connected contacts and voids; pixels connect by their edges.
    perimeter : length of the outlines: π/4 of the pixels' edges between contact and void, which
        holds on average over the directions of an outline (Cauchy–Crofton); 4/π too little for
        outlines along the axes.
    mean_chord, mean_void_chord : mean length of a line through contact, and through void, along
        rows and columns; infinite where no line ends.
    correlation_length : distance at which the map's autocorrelation, averaged over directions,
        falls to 1/e; NaN for a map without contact or without void.
    equivalent_radius, void_radius : of the disc whose area is the mean one of a spot (of a void);
        0 where there is none.
    """

    fraction: float
    spots: int
    voids: int
    perimeter: float
    mean_chord: float
    mean_void_chord: float
    correlation_length: float
    equivalent_radius: float
    void_radius: float


def statistics(contact: Any, *, pixel: float, sides: str = "periodic") -> MapStatistics:
    """Return the measures of a map.

    Parameters
    ----------
    contact : (y, x) bool.
    pixel : side of a pixel (cm).
    sides : "periodic" or "mirror", as in `constriction`; outlines on a mirror do not count.

    Raises
    ------
    SettingsError
        for other maps, sides and lengths.
    """
    map_, pixel = one_map(contact), positive("pixel", pixel, "cm")
    checked_sides(sides)
    touching = int(np.count_nonzero(map_))
    empty = map_.size - touching
    edges = _edges(map_, periodic=sides == "periodic")
    spot_count, void_count = int(spots(map_, sides).max()), int(spots(~map_, sides).max())
    return MapStatistics(
        fraction=touching / map_.size,
        spots=spot_count,
        voids=void_count,
        perimeter=np.pi / 4.0 * edges * pixel,
        mean_chord=_chord(touching, edges) * pixel,
        mean_void_chord=_chord(empty, edges) * pixel,
        correlation_length=_correlation_length(map_, sides) * pixel,
        equivalent_radius=_radius(touching, spot_count) * pixel,
        void_radius=_radius(empty, void_count) * pixel,
    )


def _edges(map_: Array, *, periodic: bool) -> int:
    count = sum(int(np.count_nonzero(np.diff(map_, axis=axis))) for axis in (0, 1))
    if periodic:
        count += int(np.count_nonzero(map_[0] != map_[-1]))
        count += int(np.count_nonzero(map_[:, 0] != map_[:, -1]))
    return count


def _chord(pixels: int, edges: int) -> float:
    """Each of the pixels lies on a row and on a column, and a chord has two ends."""
    if pixels == 0:
        return 0.0
    return 4.0 * pixels / edges if edges else np.inf


def _radius(pixels: int, count: int) -> float:
    return float(np.sqrt(pixels / (np.pi * count))) if count else 0.0


def _correlation_length(map_: Array, sides: str) -> float:
    """Return where the autocorrelation falls to 1/e, in pixels."""
    if map_.all() or not map_.any():
        return np.nan
    if sides == "mirror":
        map_ = np.block([[map_, map_[:, ::-1]], [map_[::-1], map_[::-1, ::-1]]])
    excess = map_ - map_.mean()
    power = np.abs(np.fft.rfft2(excess)) ** 2
    correlation = np.fft.irfft2(power, s=map_.shape)
    y, x = (np.fft.fftfreq(count, 1.0 / count) for count in map_.shape)
    distance = np.hypot(y[:, None], x).ravel()
    ring = np.rint(distance).astype(int)
    members = np.maximum(np.bincount(ring), 1)
    mean = np.bincount(ring, correlation.ravel()) / members / correlation[0, 0]
    far = np.bincount(ring, distance) / members
    below = int(np.argmax(mean < np.exp(-1.0)))
    part = (mean[below - 1] - np.exp(-1.0)) / (mean[below - 1] - mean[below])
    return float(far[below - 1] + part * (far[below] - far[below - 1]))
