"""Contact maps: random discs, Gaussian fields, rough surfaces, images; and what a map looks like.

A map is a NumPy array (y, x) of booleans, True where the electrode touches. Random maps are
periodic: a disc that leaves on the right enters on the left. The same seed gives the same bits,
and a larger `fraction` of the same seed holds the smaller map inside it. Lengths are in cm.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from anodescope.contact.checks import counts, number, whole
from anodescope.contact.face import plain, positive
from anodescope.contact.measures import MapStatistics, statistics
from anodescope.contact.pictures import (
    Tomographed,
    from_image,
    from_tomography,
    one_field,
    one_map,
)
from anodescope.errors import SettingsError

__all__ = [
    "MapStatistics",
    "Tomographed",
    "bearing_area",
    "disc_pixels",
    "from_image",
    "from_tomography",
    "gaussian_field",
    "highest",
    "random_discs",
    "self_affine",
    "split",
    "statistics",
    "tiled",
]

Array = np.ndarray[Any, np.dtype[Any]]

# Random sequential addition of equal discs stops at a cover of 0.547 (Feder 1980,
# doi:10.1016/0022-5193(80)90358-6); near it almost every try fails.
FULLEST_APART = 0.5
# At a cover of 0.5 about 10 tries a disc are needed on a wide face; a small one may jam earlier.
TRIES_PER_DISC = 10_000


def random_discs(
    shape: tuple[int, int],
    *,
    fraction: float,
    radius: float,
    pixel: float,
    seed: int,
    overlap: bool = True,
) -> Array:
    """Return a map of equal discs of contact at random places.

    Discs are added one by one until the fraction is met as nearly as whole discs allow. A pixel is
    in contact where its centre lies in a disc. For round voids take the opposite of the map.

    Parameters
    ----------
    shape : pixels (y, x).
    fraction : of the face in contact, 0 to 1; without overlap up to 0.5, since discs placed at
        random jam at 0.547.
    radius : of a disc (cm), at least pixel/√2 so that none falls between the pixels.
    pixel : side of a pixel (cm).
    seed : of the places.
    overlap : whether discs may overlap (a Boolean model); else random sequential addition.

    Returns
    -------
    (y, x) bool.

    Raises
    ------
    SettingsError
        for values outside those ranges, and where the discs asked for find no room.
    """
    shape = counts("shape", shape)
    reach = positive("radius", radius, "cm") / positive("pixel", pixel, "cm")
    if not np.sqrt(0.5) <= reach <= min(shape) / 2:
        raise SettingsError(
            f"radius: expected {np.sqrt(0.5) * pixel:g} (pixel/√2) to {min(shape) / 2 * pixel:g} cm"
            f" (half the shorter side), found {radius:g}."
        )
    target = _target(fraction, shape)
    if not overlap and fraction > FULLEST_APART:
        raise SettingsError(
            f"fraction: discs that do not overlap cover at most {FULLEST_APART:g} when placed at "
            f"random, found {fraction:g}. Try overlap=True."
        )
    rng = _stream(seed)
    centres = _anywhere(rng, shape) if overlap else _apart(rng, shape, reach)
    contact = np.zeros(shape, dtype=bool)
    covered = 0
    while covered < target:
        inside = disc_pixels(shape, next(centres), reach)[:2]
        fresh = int(np.count_nonzero(~contact[inside]))
        if covered + fresh - target > target - covered:
            break
        contact[inside] = True
        covered += fresh
    return contact


def disc_pixels(shape: tuple[int, int], centre: Array, radius: float) -> tuple[Array, Array, Array]:
    """Return rows, columns and squared distances of the pixels whose centre lies in a disc.

    Lengths are in pixels; the centre of pixel (0, 0) is at (0.5, 0.5); the map is periodic.
    """
    spans = [
        np.arange(np.ceil(place - radius - 0.5), np.floor(place + radius - 0.5) + 1)
        for place in centre
    ]
    squared = ((spans[0] + 0.5 - centre[0]) ** 2)[:, None] + (spans[1] + 0.5 - centre[1]) ** 2
    rows, columns = np.nonzero(squared <= radius**2)
    at = squared[rows, columns]
    return (
        spans[0][rows].astype(int) % shape[0],
        spans[1][columns].astype(int) % shape[1],
        at,
    )


def _anywhere(rng: np.random.Generator, shape: tuple[int, int]) -> Iterator[Array]:
    while True:
        yield rng.random(2) * shape


def _apart(rng: np.random.Generator, shape: tuple[int, int], radius: float) -> Iterator[Array]:
    """Yield centres no two of which are nearer than a diameter: those that fall nearer are lost."""
    sides = np.asarray(shape, dtype=float)
    # Cells are at least a diameter wide: only a cell and its eight neighbours need a look.
    cells = np.maximum(1, sides // (2.0 * radius)).astype(int)
    placed: dict[tuple[int, int], list[Array]] = {}
    tries = TRIES_PER_DISC
    while tries:
        centre = rng.random(2) * sides
        home = np.minimum((centre / sides * cells).astype(int), cells - 1)
        near = {
            (int((home[0] + i) % cells[0]), int((home[1] + j) % cells[1]))
            for i, j in product((-1, 0, 1), repeat=2)
        }
        others = np.asarray([other for cell in near for other in placed.get(cell, ())])
        if others.size:
            away = np.abs(others - centre)
            away = np.minimum(away, sides - away)
            if np.any((away**2).sum(axis=1) < (2.0 * radius) ** 2):
                tries -= 1
                continue
        placed.setdefault((int(home[0]), int(home[1])), []).append(centre)
        tries = TRIES_PER_DISC
        yield centre
    raise SettingsError(
        f"fraction: no room was found for one more disc in {TRIES_PER_DISC} tries. Try a smaller "
        "fraction, a larger map or overlap=True."
    )


def gaussian_field(
    shape: tuple[int, int], *, fraction: float, correlation: float, pixel: float, seed: int
) -> Array:
    """Return where a smooth Gaussian random field is highest: a map without a spot size of its own.

    Parameters
    ----------
    shape : pixels (y, x).
    fraction : of the face in contact, 0 to 1; met to the pixel.
    correlation : length ℓ (cm) of the field's correlation exp(−r²/ℓ²), from 0 (pixels on their
        own) to half the shorter side. The map's own length is near it, not equal: see `statistics`.
    pixel : side of a pixel (cm).
    seed : of the field.

    Returns
    -------
    (y, x) bool.

    Raises
    ------
    SettingsError
        for values outside those ranges.
    """
    shape = counts("shape", shape)
    longest = min(shape) / 2 * positive("pixel", pixel, "cm")
    wanted = f"0 to {longest:g} cm (half the shorter side)"
    correlation = number("correlation", correlation, wanted, least=0.0, most=longest)
    # A spectrum of exp(−k²ℓ²/4) has the correlation exp(−r²/ℓ²); its root filters white noise.
    root = np.exp(-((_wave_numbers(shape, pixel) * correlation) ** 2) / 8.0)
    return highest(_filtered(root, shape, seed), fraction)


def highest(values: Array, fraction: float) -> Array:
    """Return where a field (y, x) is highest, over a given fraction of the pixels.

    Equal values go in the order of the pixels, so that the fraction is met to the pixel.

    Raises
    ------
    SettingsError
        for a fraction outside 0 to 1, and for a field that is not (y, x) or not finite.
    """
    field = one_field("values", values)
    count = _target(fraction, field.shape)
    chosen = np.zeros(field.size, dtype=bool)
    chosen[np.argsort(-field.ravel(), kind="stable")[:count]] = True
    return chosen.reshape(field.shape)


def self_affine(
    shape: tuple[int, int],
    *,
    hurst: float,
    rms: float,
    pixel: float,
    seed: int,
    rolloff: float | None = None,
    cutoff: float | None = None,
) -> Array:
    """Return the heights (cm) of a self-affine rough surface with Gaussian heights.

    The power spectrum is k^(−2(1 + H)) between the two wavelengths, flat at longer ones than
    `rolloff` and zero at shorter ones than `cutoff` (Persson et al. 2005,
    doi:10.1088/0953-8984/17/1/R01). Roughness finer than a pixel does not exist in the map.

    Parameters
    ----------
    shape : pixels (y, x).
    hurst : exponent H, 0 to 1; about 0.8 on many fractured and polished surfaces.
    rms : root mean square of the heights about their mean (cm), met exactly.
    pixel : side of a pixel (cm).
    seed : of the surface.
    rolloff : wavelength (cm) from which the spectrum is flat; None: nowhere.
    cutoff : shortest wavelength (cm), at least two pixels, which is also what None means.

    Returns
    -------
    (y, x) float, of mean 0.

    Raises
    ------
    SettingsError
        for values outside those ranges, and where no wavelength is left.
    """
    shape = counts("shape", shape)
    shortest = 2.0 * positive("pixel", pixel, "cm")
    hurst = number("hurst", hurst, "0 to 1", least=0.0, most=1.0)
    cutoff = shortest if cutoff is None else positive("cutoff", cutoff, "cm")
    flat_from = np.inf if rolloff is None else positive("rolloff", rolloff, "cm")
    if not shortest <= cutoff < flat_from:
        raise SettingsError(
            f"cutoff: expected {shortest:g} cm (two pixels) or more and less than the rolloff "
            f"({flat_from:g}), found {cutoff:g}."
        )
    k = _wave_numbers(shape, pixel)
    # Rounding must not drop the very wavelength that was asked for.
    kept = (k > 0.0) & (k <= 2.0 * np.pi / cutoff * (1.0 + 1e-12))
    if not kept.any():
        raise SettingsError(
            f"cutoff: a face of {shape} pixels holds no wavelength of {cutoff:g} cm or longer."
        )
    root = np.zeros_like(k)
    root[kept] = np.maximum(k[kept], 2.0 * np.pi / flat_from) ** -(1.0 + hurst)
    heights = _filtered(root / root.max(), shape, seed)
    heights -= heights.mean()
    return np.asarray(heights * (positive("rms", rms, "cm") / heights.std()))


def bearing_area(heights: Any, level: Any) -> Any:
    """Return the fraction of a surface that is as high as a level or higher (Abbott–Firestone).

    Parameters
    ----------
    heights : (y, x), cm.
    level : cm, one number or an array.

    Returns
    -------
    Fraction of the pixels, in the shape of `level`; falls from 1 to 0 as the level rises.

    Raises
    ------
    SettingsError
        for heights that are not a finite map (y, x), and for a level that is NaN.
    """
    rising = np.sort(one_field("heights", heights), axis=None)
    levels = plain("level", level)
    if levels.dtype.kind not in "iuf" or np.isnan(levels).any():
        raise SettingsError(f"level: expected numbers (cm), found {level!r}.")
    above = rising.size - np.searchsorted(rising, levels, side="left")
    return above / rising.size


def split(contact: Any, factor: int) -> Array:
    """Return the same map with each pixel split into factor² of them; the pixel shrinks alike.

    Raises
    ------
    SettingsError
        for what is no map, and for a factor that is no whole number of 1 or more.
    """
    factor = whole("factor", factor, 1)
    return np.repeat(np.repeat(one_map(contact), factor, axis=0), factor, axis=1)


def tiled(contact: Any, times: tuple[int, int]) -> Array:
    """Return a periodic map repeated (y, x) times.

    Raises
    ------
    SettingsError
        for what is no map, and for other times than two whole numbers of 1 or more.
    """
    return np.tile(one_map(contact), counts("times", times))


def _filtered(root: Array, shape: tuple[int, int], seed: int) -> Array:
    """White noise of a seed through a filter that is given at the modes of `rfft2`."""
    noise = _stream(seed).standard_normal(shape)
    return np.fft.irfft2(np.fft.rfft2(noise) * root, s=shape)


def _wave_numbers(shape: tuple[int, int], pixel: float) -> Array:
    """|k| (rad/cm) of the modes of `rfft2`."""
    along_y = np.fft.fftfreq(shape[0], pixel)[:, None]
    along_x = np.fft.rfftfreq(shape[1], pixel)
    return np.asarray(2.0 * np.pi * np.hypot(along_y, along_x))


def _stream(seed: int) -> np.random.Generator:
    return np.random.default_rng(whole("seed", seed, 0))


def _target(fraction: float, shape: tuple[int, ...]) -> int:
    return round(number("fraction", fraction, "0 to 1", least=0.0, most=1.0) * shape[0] * shape[1])
