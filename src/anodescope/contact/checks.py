"""Checks of what users give to maps and voids: one number, one whole number, one pair."""

from __future__ import annotations

from typing import Any

import numpy as np

from anodescope.contact.face import plain
from anodescope.errors import SettingsError


def number(
    name: str, value: Any, wanted: str, *, least: float = -np.inf, most: float = np.inf
) -> float:
    """Return one finite number from `least` to `most` as a float.

    Raises
    ------
    SettingsError
        for everything else; `wanted` says what was expected.
    """
    found = plain(name, value)
    single = found.dtype.kind in "iuf" and found.ndim == 0
    if not single or not np.isfinite(found) or not least <= float(found) <= most:
        raise SettingsError(f"{name}: expected {wanted}, found {value!r}.")
    return float(found)


def at_least_zero(name: str, value: Any) -> float:
    """Return one finite number of 0 or more."""
    return number(name, value, "a number of 0 or more", least=0.0)


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number of `least` or more.

    Raises
    ------
    SettingsError
        for everything else, True and False too.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise SettingsError(f"{name}: expected a whole number of {least} or more, found {value!r}.")
    return int(value)


def counts(name: str, value: Any) -> tuple[int, int]:
    """Return two whole numbers (y, x) of 1 or more.

    Raises
    ------
    SettingsError
        for everything else.
    """
    pair = plain(name, value)
    if pair.shape != (2,) or pair.dtype.kind not in "iu" or np.any(pair < 1):
        raise SettingsError(
            f"{name}: expected two whole numbers (y, x) of 1 or more, found {value!r}."
        )
    return int(pair[0]), int(pair[1])
