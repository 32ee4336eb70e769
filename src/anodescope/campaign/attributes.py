"""What attributes may hold: JSON, so that a campaign reads back as it was written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from anodescope.errors import SchemaError


def plain(value: object, where: str) -> Any:
    """Return `value` made of dicts, lists, text, numbers and None only.

    NumPy scalars and arrays become Python numbers and lists, paths and instants become text, an
    enum becomes its name. JSON has no NaN or infinity: a number that is not finite becomes None.

    Raises
    ------
    SchemaError
        when a value has no such form; `where` says which attribute it is.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), where)
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    return _scalar(value, where)


def _scalar(value: object, where: str) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    raise SchemaError(
        f"Attribute {where}: expected text, a number, a list or a table, "
        f"found {type(value).__name__}."
    )
