"""Settings in TOML, held to a table of keys: `specimen.toml` and `study.toml`."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeGuard

from anodescope.campaign.hints import did_you_mean
from anodescope.errors import SettingsError


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    SettingsError
        when there is no such file, or it is not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such file.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: expected UTF-8 text, found {error.reason}.") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: this cannot be read as TOML: {error}.") from error


def refuse(where: str, key: str, expected: str, found: object) -> SettingsError:
    """Return the error for a value that is not what its key expects."""
    return SettingsError(f"{where}, key {key!r}: expected {expected}, found {found!r}.")


def require_known(where: str, keys: Iterable[str], known: Iterable[str]) -> None:
    """Raise SettingsError for the first key that is not known, with the nearest that is."""
    known = tuple(known)
    for key in keys:
        if key not in known:
            raise SettingsError(f"{where}: there is no key {key!r}.{did_you_mean(key, known)}")


def is_number(value: object) -> TypeGuard[int | float]:
    """Say whether a value is a finite number (True and False are none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
