"""A number with its unit, its range and where it is from; nothing is said outside its range."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.errors import SettingsError
from anodescope.materials.sources import ESTIMATE, SOURCES

ROOM = 298.15  # K

Function = Callable[[Any, float], Any]
Span = tuple[float, float]


@final
@dataclass(frozen=True, slots=True)
class Quantity:
    """One property of one material.

    Attributes
    ----------
    name, unit : what it is and the unit of its value.
    value : a number, or a function of (mole fraction of Na, temperature in K).
    source : a key of `anodescope.materials.sources.SOURCES`, or ``"estimate"``.
    note : what stands behind it; for an estimate, the reasoning.
    span : least and greatest value that is published or held possible, in `unit`.
    uncertainty : relative, one standard deviation where stated, else an estimate.
    temperatures : K, both ends included.
    fractions : mole fractions of Na, both ends included; None where there is no composition.
    at : composition of the row in the table of all quantities.

    Raises
    ------
    SettingsError
        for an unknown source, an estimate without reasoning, and a span the wrong way round.
    """

    name: str
    unit: str
    value: float | Function
    source: str
    note: str
    span: Span | None = None
    uncertainty: float | None = None
    temperatures: Span = (293.0, 303.0)
    fractions: Span | None = None
    at: float | None = None

    def __post_init__(self) -> None:
        if self.source != ESTIMATE and self.source not in SOURCES:
            raise SettingsError(
                f"{self.name}, source: expected 'estimate' or a key of SOURCES, found "
                f"{self.source!r}. Add the work to materials/sources.py."
            )
        if not self.note.strip():
            raise SettingsError(f"{self.name}, note: expected the reasoning, found nothing.")
        if self.span is not None and not self.span[0] <= self.span[1]:
            raise SettingsError(f"{self.name}, span: expected (least, greatest), got {self.span}.")

    def __call__(self, x: Any = None, temperature: float = ROOM) -> Any:
        """Return the value.

        Parameters
        ----------
        x : mole fraction of Na, any shape; left out where there is no composition.
        temperature : K.

        Returns
        -------
        in `unit`, of the shape of `x`; a float for a number.

        Raises
        ------
        SettingsError
            outside `temperatures` or `fractions`, and for a missing composition.
        """
        kelvin = temperature_within(self.name, temperature, self.temperatures)
        where = self._fraction(x)
        if not callable(self.value):
            return float(self.value)
        return plain(self.value(where, kelvin))

    def _fraction(self, x: Any) -> Any:
        if self.fractions is None:
            return None
        if x is None:
            raise SettingsError(
                f"{self.name}: expected a mole fraction of Na, found none. Try x=0.63 (NaK50)."
            )
        return fraction_within(self.name, x, self.fractions)


def temperature_within(name: str, temperature: Any, span: Span) -> float:
    """Return a temperature (K) as a float.

    Raises
    ------
    SettingsError
        for what is no number, is not above 0 K or lies outside `span`.
    """
    kelvin = _number(f"{name}, temperature", temperature)
    if not kelvin > 0.0:
        raise SettingsError(f"{name}, temperature: expected kelvins above 0, found {kelvin:g} K.")
    if not span[0] <= kelvin <= span[1]:
        raise SettingsError(
            f"{name}, temperature: known from {span[0]:g} to {span[1]:g} K, found {kelvin:g} K. "
            "Try a temperature in there, in kelvins."
        )
    return kelvin


def fraction_within(name: str, x: Any, span: Span = (0.0, 1.0)) -> Any:
    """Return mole fractions of Na as float64, any shape.

    Raises
    ------
    SettingsError
        for what is no number, and for values outside `span`.
    """
    try:
        found = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name}, x: expected numbers, found {x!r:.60}.") from error
    good = (found >= span[0]) & (found <= span[1])  # NaN is not good
    if not np.all(good):
        wrong = float(found[~good].flat[0]) if found.ndim else float(found)
        raise SettingsError(
            f"{name}, x: expected mole fractions of Na from {span[0]:g} to {span[1]:g}, found "
            f"{wrong:g}. Weight percents of K are changed to x by nak.mole_fraction."
        )
    return found


def plain(values: Any) -> Any:
    """Return a float for what has no dimensions, else the array."""
    return float(values) if np.ndim(values) == 0 else values


def _number(place: str, value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{place}: expected one number, found {value!r:.60}.") from error
    if not math.isfinite(found):
        raise SettingsError(f"{place}: expected a finite number, found {found}.")
    return found
