"""Checks of the numbers that steps and limits hold: one sentence each where one is wrong."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

from anodescope.errors import SettingsError


def positive(where: str, name: str, value: object, *, zero: bool = False) -> float:
    """Return a finite number above zero (or, where `zero` is allowed, not below).

    Raises
    ------
    SettingsError
        naming `where`, the name, what was expected and what was found.
    """
    number = finite(where, name, value)
    if number < 0 or (number == 0 and not zero):
        raise SettingsError(
            f"{where}, {name}: expected a number {'not below' if zero else 'above'} zero, "
            f"found {value!r}."
        )
    return number


def finite(where: str, name: str, value: object) -> float:
    """Return a finite number as a float.

    Raises
    ------
    SettingsError
        naming `where`, the name, what was expected and what was found.
    """
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        # a whole number from a file may be larger than any float
        with contextlib.suppress(OverflowError):
            number = float(value)
    if not math.isfinite(number):
        raise SettingsError(f"{where}, {name}: expected a finite number, found {value!r}.")
    return number


def whole(where: str, name: str, value: object, least: int, most: int | None = None) -> int:
    """Return a whole number of at least `least`, and at most `most` where that is given.

    Raises
    ------
    SettingsError
        naming `where`, the name, what was expected and what was found.
    """
    number = isinstance(value, int) and not isinstance(value, bool)
    if number and value >= least and (most is None or value <= most):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    upto = "" if most is None else f" to {most}"
    raise SettingsError(
        f"{where}, {name}: expected a whole number from {least}{upto}, found {value!r}."
    )


def hold_to(step: object, name: str, check: Callable[[str, str, object], float]) -> None:
    """Hold a field of a frozen step to a check; None stays where it is the field's default."""
    value = getattr(step, name)
    optional = name in type(step).__dataclass_fields__ and (  # type: ignore[attr-defined]
        type(step).__dataclass_fields__[name].default is None  # type: ignore[attr-defined]
    )
    if value is None and optional:
        return
    object.__setattr__(step, name, check(type(step).__name__, name, value))
