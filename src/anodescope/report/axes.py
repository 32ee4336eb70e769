"""Axes that several figures share: frequencies beside relaxation times, ticks with SI prefixes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedFormatter,
    FixedLocator,
    FuncFormatter,
    NullFormatter,
    NullLocator,
)

from anodescope.report.style import THIN
from anodescope.report.view import Floats

PREFIXES = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def inverse(value: Floats) -> Floats:
    """Turn τ (s) into f = 1/(2πτ) (Hz), or back."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(1 / (2 * np.pi * np.maximum(np.asarray(value, dtype=float), 1e-300)))


def decade_name(exponent: int, unit: str) -> str:
    """Return a power of ten with an SI prefix: 4 in Hz is “10 kHz”."""
    prefix = 3 * (exponent // 3)
    if prefix not in PREFIXES:
        return f"1e{exponent}{THIN}{unit}"
    return f"{10 ** (exponent - prefix)}{THIN}{PREFIXES[prefix]}{unit}"


def decades(low: float, high: float, most: int) -> list[int]:
    """Return exponents of the powers of ten from `low` to `high`, at most about `most` of them."""
    first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    every = list(range(first, last + 1))
    for step in (1, 2, 3, 4, 6):
        kept = [k for k in every if k % step == 0]
        if len(kept) <= most:
            return kept
    return every[:: max(1, len(every) // most)]


def decade_ticks(axes: Axes, side: str, most: int = 8) -> None:
    """Put major ticks on powers of ten of a log axis and minor ones on the decades left out."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    low, high = sorted(axes.get_xlim() if side == "x" else axes.get_ylim())
    shown = decades(low, high, most)
    if len(shown) >= 2:
        axis.set_major_locator(FixedLocator([10.0**k for k in shown]))
        rest = [k for k in decades(low, high, 99) if k not in shown]
        axis.set_minor_locator(FixedLocator([10.0**k for k in rest]) if rest else NullLocator())
    else:
        axis.set_major_locator(FixedLocator(_between(low, high)))
        if low > 1e-3 and high < 1e5:
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def _between(low: float, high: float) -> list[float]:
    """Return round values for a log axis that spans less than two decades."""
    floor = int(np.floor(np.log10(low)))
    for steps in ((1, 2, 5), (1, 1.5, 2, 3, 5, 7), tuple(np.arange(1, 10, 0.1))):
        every = [m * 10.0**k for k in range(floor, floor + 3) for m in steps]
        inside = [value for value in every if low <= value <= high]
        if len(inside) >= 3:
            return inside[:: 1 + len(inside) // 8]
    return [low, high]


def frequency_axis(axes: Axes, side: str, most: int = 5) -> None:
    """Add a frequency axis f = 1/(2πτ) opposite to a τ axis: `side` is "top" or "right"."""
    low, high = sorted(axes.get_xlim() if side == "top" else axes.get_ylim())
    both: Any = (inverse, inverse)
    if side == "top":
        twin = axes.secondary_xaxis("top", functions=both)
    else:
        twin = axes.secondary_yaxis("right", functions=both)
    shown = decades(float(inverse(np.array(high))), float(inverse(np.array(low))), most)
    axis = twin.xaxis if side == "top" else twin.yaxis
    axis.set_major_locator(FixedLocator([10.0**k for k in shown]))
    axis.set_major_formatter(FixedFormatter([decade_name(k, "Hz") for k in shown]))
    axis.set_minor_locator(NullLocator())
    label = "Frequency 1/(2πτ)"
    if side == "top":
        twin.set_xlabel(label, labelpad=3)
    else:
        twin.set_ylabel(label, labelpad=3)


def frequency_ticks(axes: Axes, most: int = 6, *, label: bool = True) -> None:
    """Name the decades of a frequency axis along x with SI prefixes."""
    low, high = sorted(axes.get_xlim())
    shown = decades(low, high, most)
    axes.xaxis.set_major_locator(FixedLocator([10.0**k for k in shown]))
    axes.xaxis.set_major_formatter(FixedFormatter([decade_name(k, "Hz") for k in shown]))
    axes.xaxis.set_minor_locator(NullLocator())
    if label:
        axes.set_xlabel("Frequency")
    else:
        axes.tick_params(labelbottom=False)
