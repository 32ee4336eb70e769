"""The numbers that `anodescope calibrate` fitted: calibrated.toml, whose best set the laws have."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def calibration() -> Mapping[str, Any]:
    """Return calibrated.toml: structure, best values by path, members, cost, seeds."""
    text = files("anodescope.cell").joinpath("calibrated.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def calibrated_values() -> dict[str, float]:
    """Return the fitted numbers that the laws have, by path."""
    return {path: float(value) for path, value in calibration()["best"].items()}


def fitted(path: str) -> float:
    """Return the best value of a number of a cell, by the path that `Cell.replace` takes."""
    return float(calibration()["best"][path])
