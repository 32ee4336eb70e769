"""The top face of the slab: which pixels touch, and through which film or gap the others charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.errors import SettingsError

Array = np.ndarray[Any, np.dtype[Any]]

# Ω·cm². Films below it are none: their admittance has no number.
_NO_FILM = 1e-300


@final
@dataclass(frozen=True, slots=True)
class Face:
    """Pixels in contact through a film R ‖ C, pixels of void with a gap capacitance.

    Attributes
    ----------
    contact : (y, x) bool.
    film_resistance : Ω·cm², scalar or (y, x); 0 is perfect contact, infinite a capacitor alone.
    film_capacitance : F/cm², scalar or (y, x).
    gap_capacitance : F/cm², scalar or (y, x); 0 blocks.
    """

    contact: Array
    film_resistance: Array
    film_capacitance: Array
    gap_capacitance: Array

    @property
    def pixels(self) -> int:
        """The number of pixels of the face."""
        return int(self.contact.size)

    @property
    def even_film(self) -> bool:
        """Whether all pixels in contact have the same film."""
        maps = (self.film_resistance, self.film_capacitance)
        return all(_even(values, self.contact) for values in maps)

    @property
    def blocked(self) -> bool:
        """Whether no void carries any current."""
        gap = self.gap_capacitance
        return not np.any(gap if gap.ndim == 0 else gap[~self.contact])

    def film_admittance(self, s: complex | float) -> Array:
        """Admittance (S/cm²) of the film at s = iω (rad/s), scalar or (y, x); ∞ is no film."""
        thick = self.film_resistance >= _NO_FILM
        leak = np.where(thick, 1.0 / np.where(thick, self.film_resistance, 1.0), np.inf)
        return np.asarray(leak + s * self.film_capacitance)

    def film_impedance(self, s: complex | float) -> complex | float:
        """Impedance (Ω·cm²) of a film that is the same everywhere; ∞ where it blocks."""
        resistance, capacitance = (
            float(_first(values, self.contact))
            for values in (self.film_resistance, self.film_capacitance)
        )
        if resistance < _NO_FILM:
            return 0.0
        admittance = 1.0 / resistance + s * capacitance
        return 1.0 / admittance if admittance else np.inf

    def admittance(self, s: complex | float) -> Array:
        """Admittance (S/cm²) of every pixel (y, x): ∞ is perfect contact, 0 is blocked."""
        gap = s * self.gap_capacitance
        return np.where(self.contact, self.film_admittance(s), gap)

    def mean_impedance(self, s: complex | float) -> complex | float:
        """What film and gaps cost where the face below them has one potential (Ω·cm²)."""
        admittance = self.admittance(s)
        if np.any(np.isinf(admittance)):
            return 0.0
        mean = admittance.mean()
        return 1.0 / mean if mean else np.inf


def _even(values: Array, where: Array) -> bool:
    if values.ndim == 0:
        return True
    chosen = values[where]
    return bool(chosen.size == 0 or np.all(chosen == chosen[0]))


def _first(values: Array, where: Array) -> Any:
    if values.ndim == 0:
        return values
    chosen = values[where]
    return chosen[0] if chosen.size else 0.0


def contact_map(contact: Any) -> Array:
    """Return a map of contact as booleans (y, x), or several of them (map, y, x).

    Raises
    ------
    SettingsError
        for other shapes, empty maps, and values that are not booleans, 0 or 1.
    """
    values = plain("contact", contact)
    if values.ndim not in (2, 3) or values.size == 0:
        raise SettingsError(
            "contact: expected a map (y, x), or several (map, y, x), "
            f"found an array of shape {values.shape}."
        )
    if values.dtype == bool:
        return values
    if values.dtype.kind not in "iuf" or not np.all((values == 0) | (values == 1)):
        raise SettingsError(
            "contact: expected True where the electrode touches and False where it does not, "
            f"found {_strange(values)}. Try contact > 0.5."
        )
    return values.astype(bool)


def _strange(values: Array) -> str:
    if values.dtype.kind not in "iuf":
        return f"values of type {values.dtype}"
    if not np.all(np.isfinite(values)):
        return "values that are not finite"
    return f"values such as {values[(values != 0) & (values != 1)].flat[0]:g}"


def face_values(name: str, values: Any, shape: tuple[int, ...], *, infinite: bool = False) -> Array:
    """Return what a film or a gap has, as a scalar or a map (y, x) of floats.

    Raises
    ------
    SettingsError
        for another shape, for values that are negative or not finite (`infinite` permits ∞).
    """
    array = plain(name, values)
    if array.dtype.kind not in "biuf" or array.shape not in ((), shape):
        wanted = f"a number or a map of shape {shape}" if shape else "one number"
        raise SettingsError(
            f"{name}: expected {wanted}, found {array.dtype} of shape {array.shape}."
        )
    array = array.astype(float)
    bad = np.isnan(array) | (array < 0.0) | (np.isinf(array) & (not infinite))
    if np.any(bad):
        kind = "0 or more" if infinite else "0 or more and finite"
        raise SettingsError(f"{name}: expected {kind}, found {array[bad].flat[0]:g}.")
    return array


def plain(name: str, values: Any) -> Array:
    """Return an array of what was given.

    Raises
    ------
    SettingsError
        for rows of unequal length, for masks, and for labelled arrays with x before y.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise SettingsError(
            f"{name}: expected an array without a mask, found a masked one. Try .filled()."
        )
    dims = getattr(values, "dims", ())
    if tuple(dims[-2:]) == ("x", "y"):
        raise SettingsError(
            f"{name}: expected dimensions (y, x), found (x, y). Try .transpose(..., 'y', 'x')."
        )
    try:
        return np.asarray(values)
    except ValueError as fault:
        raise SettingsError(f"{name}: expected rows of one length, found others.") from fault


def positive(name: str, value: Any, unit: str) -> float:
    """Return a length or a conductivity as a float.

    Raises
    ------
    SettingsError
        for what is not one finite number above zero.
    """
    number = plain(name, value)
    if number.dtype.kind not in "iuf" or number.ndim or not 0.0 < float(number) < np.inf:
        raise SettingsError(f"{name}: expected one number above 0 ({unit}), found {value!r}.")
    return float(number)
