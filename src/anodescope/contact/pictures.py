"""Maps from pictures and from tomography, and what the narrow features of the latter leave open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from anodescope.contact.checks import number
from anodescope.contact.face import contact_map, plain, positive
from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]


def from_image(source: Any, *, threshold: float = 0.5, invert: bool = False) -> Array:
    """Return a map from a picture: contact where it is brighter than a threshold.

    Parameters
    ----------
    source : path of a picture (PNG; others where matplotlib reads them), whose values are taken
        from 0 to 1 and its colours as their luminance (Rec. 709); or an array (y, x) of numbers.
    threshold : brightness above which a pixel is in contact, in the units of the values.
    invert : contact where it is not brighter.

    Returns
    -------
    (y, x) bool; the first row is the top of the picture. Its pixel is yours to know.

    Raises
    ------
    SettingsError
        for a file that is no picture, one with transparent parts, and values that are not a finite
        map.
    """
    values = _picture(Path(source)) if isinstance(source, str | Path) else source
    bright = one_field("source", values) > number("threshold", threshold, "a finite number")
    return ~bright if invert else bright


def _picture(path: Path) -> Array:
    from matplotlib import image

    try:
        values = np.asarray(image.imread(path))
    except (OSError, ValueError, SyntaxError) as fault:
        raise SettingsError(f"{path}: expected a picture, found: {fault}.") from fault
    if values.dtype.kind == "u":
        values = values / np.iinfo(values.dtype).max
    if values.ndim == 3 and values.shape[2] == 4:
        if np.any(values[..., 3] < 1.0):
            raise SettingsError(f"{path}: expected an opaque picture, found transparent pixels.")
        values = values[..., :3]
    if values.ndim == 3:
        values = values[..., :3] @ np.asarray([0.2126, 0.7152, 0.0722])
    return np.asarray(values)


@final
@dataclass(frozen=True, slots=True)
class Tomographed:
    """A map from tomography, and the two maps between which its narrow features leave it.

    Attributes
    ----------
    contact : (y, x) bool, as segmented.
    most : the same with every void filled that is narrower than the resolution (a closing).
    least : the same without the contacts that are narrower than the resolution (an opening).
    pixel, resolution : cm.
    """

    contact: Array
    most: Array
    least: Array
    pixel: float
    resolution: float

    @property
    def note(self) -> str:
        """What the maps can and cannot say."""
        return (
            f"Features below {self.resolution:g} cm are not seen. At zero frequency more contact "
            "never raises the impedance. So voids that stay unseen make the impedance of `most` a "
            "lower bound, contacts that stay unseen make that of `least` an upper bound, and where "
            "both can be unseen neither map alone bounds it."
        )


def from_tomography(contact: Any, *, pixel: float, resolution: float) -> Tomographed:
    """Return what a tomogram's map of contact is good for: features above the resolution only.

    The bound follows from Rayleigh's monotonicity: the impedance at zero frequency is the least
    heat that a unit current can make, and contact taken away leaves fewer ways for the current.
    It holds for the whole impedance, and for its constriction part where contact is perfect. At
    other frequencies impedances are complex and have no order. A computed impedance must have
    converged in the pixel before it is a lower bound, since pixels raise it.

    Parameters
    ----------
    contact : (y, x) bool, periodic.
    pixel : side of a pixel (cm).
    resolution : width (cm) of the narrowest feature that would have been seen; counted in whole
        pixels, so that below three pixels it changes nothing; from the face's diagonal on nothing
        is seen.

    Returns
    -------
    Tomographed : `least` ⊆ `contact` ⊆ `most`, and a note.

    Raises
    ------
    SettingsError
        for other maps, and for lengths that are not above 0.
    """
    # A copy: the answer must not change with an array of the user.
    seen = one_map(contact).copy()
    across = positive("resolution", resolution, "cm") / positive("pixel", pixel, "cm")
    # A disc of pixels that reaches r of them from its middle one is 2r + 1 wide.
    reach = (across * (1.0 + 1e-12) - 1.0) / 2.0
    most = ~_widened(~_widened(seen, reach), reach)
    least = _widened(~_widened(~seen, reach), reach)
    return Tomographed(seen, most, least, float(pixel), float(resolution))


def _widened(map_: Array, reach: float) -> Array:
    """Add every pixel whose centre is within `reach` pixels of one of the map's (periodic)."""
    from scipy import ndimage

    if reach < 1.0 or not map_.any():
        return map_
    # No pixel is further than half a side from the nearest image of another.
    down, right = (int(min(reach, count // 2)) + 1 for count in map_.shape)
    padded = np.pad(map_, ((down, down), (right, right)), mode="wrap")
    away = ndimage.distance_transform_edt(~padded)
    return np.asarray(away[down:-down, right:-right] <= reach)


def one_map(contact: Any) -> Array:
    """Return one map (y, x) of booleans.

    Raises
    ------
    SettingsError
        for several maps, other shapes, and values that are not booleans, 0 or 1.
    """
    values = contact_map(contact)
    if values.ndim != 2:
        raise SettingsError(f"contact: expected one map (y, x), found the shape {values.shape}.")
    return values


def one_field(name: str, values: Any) -> Array:
    """Return a finite map (y, x) of numbers.

    Raises
    ------
    SettingsError
        for other shapes and types, for masks, and for values that are not finite.
    """
    field = plain(name, values)
    if field.ndim != 2 or field.size == 0 or field.dtype.kind not in "biuf":
        raise SettingsError(
            f"{name}: expected a map (y, x) of numbers, found {field.dtype} of shape {field.shape}."
        )
    field = field.astype(float)
    if not np.isfinite(field).all():
        raise SettingsError(f"{name}: expected finite numbers, found NaN or infinity.")
    return field
