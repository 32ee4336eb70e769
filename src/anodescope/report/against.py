"""Findings of many cells against what distinguishes them: rest length, composition, current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from anodescope.errors import SchemaError
from anodescope.report.points import DRAWN, Points, points_of
from anodescope.report.style import (
    CM,
    GREY,
    INK,
    PALETTE,
    SINGLE,
    new_figure,
    place,
    printable,
    shorten,
    styled,
)
from anodescope.report.view import Floats

if TYPE_CHECKING:
    import pandas as pd

LEFT, TALL = 1.35, 5.0  # cm
KEY, COUNT = 0.34, 0.22  # cm: a line of the legend, and one of the numbers of replicates
ARROW = 11.0  # points
LOG_FROM = 15.0  # ratio of largest to smallest x from which on their axis is logarithmic
ASIDE = 0.028  # share of the axis by which the bases stand beside each other
NAMES = {
    "rest_s": "Rest between pulses (s)",
    "on_s": "Length of a pulse (s)",
    "current_A": "Current (A)",
    "composition": "Composition",
    "potassium_wt_percent": "Potassium in the alloy (wt %)",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where values of x lie: on a log axis (zero at its left end), a linear one, or by category."""

    kind: str
    categories: tuple[str, ...]
    zero: float

    def place(self, values: Sequence[Any] | np.ndarray) -> Floats:
        """Return positions on the axis."""
        if self.kind == "category":
            return np.array([self.categories.index(str(v)) for v in values], dtype=float)
        numbers = np.array([float(v) for v in values])
        return np.where(numbers == 0, self.zero, numbers) if self.kind == "log" else numbers

    def aside(self, position: Floats, share: float, span: float) -> Floats:
        """Return positions moved by a share of the axis (of a category, for categories)."""
        if self.kind == "category":
            return position + 4 * share
        return position * (1 + span) ** share if self.kind == "log" else position + share * span


def places_of(values: Sequence[Any]) -> Places:
    """Choose the axis that suits values of x."""
    try:
        numbers = np.array([float(v) for v in values])
    except (TypeError, ValueError):
        return Places("category", tuple(dict.fromkeys(str(v) for v in values)), 0.0)
    above = numbers[numbers > 0]
    if len(above) and not (numbers < 0).any() and above.max() / above.min() >= LOG_FROM:
        return Places("log", (), float(above.min()) / 3)
    return Places("linear", (), 0.0)


@styled
def capacity_against(
    table: pd.DataFrame,
    x: str = "rest_s",
    summary: pd.DataFrame | None = None,
    width: float = SINGLE,
) -> Figure:
    """Draw the critical stripping capacity of many cells against rest length or another column.

    Parameters
    ----------
    table : one row per finding, with the columns `quantity`, `value`, `low`, `high`, `units`,
        `outcome`, `basis`, `criterion`, `x`, and optionally `value_per_area`, `low_per_area`,
        `high_per_area`, `units_per_area`, `campaign`, `block`, `direction`; such as
        `events.replicates.gather` makes it. Of every cell, block and basis the first criterion is
        drawn; per area where every cell has one.
    x : column of numbers or texts. A zero on a logarithmic axis stands at its left end.
    summary : one row per group of replicates with the columns `x`, `basis`, `criterion`, `units`,
        `mean`, `spread`, `n` and `bound`, such as `events.replicates.replicates` makes it.
    width : width of the figure (cm).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where a column is missing, or no cell has a value or a bound.
    """
    return _against(table, x, "critical_capacity", "Critical stripping capacity", summary, width)


@styled
def threshold_against(
    table: pd.DataFrame,
    x: str = "composition",
    summary: pd.DataFrame | None = None,
    width: float = SINGLE,
    *,
    quantity: str = "onset_current",
) -> Figure:
    """Draw the threshold of unstable stripping against composition or another column.

    Arguments, columns and errors as in `capacity_against`; `quantity` may be another one, such as
    ``critical_current``, whose interval is that between survived and shorted.
    """
    names = {"onset_current": "Onset of instability", "critical_current": "Critical current"}
    label = names.get(quantity, quantity.replace("_", " ").capitalize())
    return _against(table, x, quantity, label, summary, width)


def _against(
    table: pd.DataFrame,
    x: str,
    quantity: str,
    label: str,
    summary: pd.DataFrame | None,
    width: float,
) -> Figure:
    found = points_of(table, x, quantity)
    if not found:
        raise SchemaError(f"Nothing to draw: no cell has a {quantity.replace('_', ' ')}.")
    unit = found[0].unit
    found = [one for one in found if one.unit == unit]
    axis = places_of([v for one in found for v in one.x])
    means = [_alike(one, summary, axis, x) for one in found]
    several = any((rows["n"] > 1).any() for rows in means if len(rows))
    counted = [k for k, rows in enumerate(means) if len(rows) and several]
    told = len(counted)
    entries = len(found) + several + sum(bool(k.any()) for k in _open(found))
    top = 0.2 + KEY * -(-entries // 2)
    tall = TALL + COUNT * told
    figure = new_figure(width, top + tall + 1.0)
    axes = place(figure, LEFT, top, width - LEFT - 0.3, tall)
    _axis(axes, axis, [v for one in found for v in one.x], x)
    apart = min(ASIDE, 4 * ASIDE / len(found))
    for k, (one, rows) in enumerate(zip(found, means, strict=True)):
        look = PALETTE[k % len(PALETTE)], (k - (len(found) - 1) / 2) * apart
        _draw(axes, axis, one, look)
        _means(axes, axis, rows, x, (*look, one.factor))
    _headroom(axes, found, tall, COUNT * told)
    for row, k in enumerate(counted):
        _counts(axes, axis, means[k], x, (PALETTE[k % len(PALETTE)], 1 - COUNT * row / tall))
    axes.set_ylabel(f"{label} ({unit})")
    _key(axes, several, found)
    return figure


def _headroom(axes: Axes, found: Sequence[Points], tall: float, counts: float) -> None:
    """Set limits that keep arrows and numbers of replicates off the data; `tall` is in cm."""
    low, high = axes.get_ylim()
    low = min(0.0, low)
    up, down = (ARROW / 72 / CM * bool(k.any()) + 0.1 for k in _open(found))
    down = 0.0 if low == 0 else down
    share = (counts + up + down) / tall
    span = (high - low) / max(1 - share, 0.2)
    axes.set_ylim(low - down / tall * span, high + (counts + up) / tall * span)


def _open(found: Sequence[Points]) -> tuple[np.ndarray, np.ndarray]:
    """Tell which points are open above, and which below."""
    return (
        np.concatenate([one.above for one in found]),
        np.concatenate([one.below for one in found]),
    )


def _alike(one: Points, summary: pd.DataFrame | None, axis: Places, x: str) -> pd.DataFrame:
    """Return the means of replicates of these points, in their unit."""
    import pandas as pd

    if summary is None or not len(summary):
        return pd.DataFrame()
    keep = (summary["basis"] == one.basis) & (summary["criterion"] == one.criterion)
    keep &= np.isfinite(summary["mean"].astype(float))
    if one.direction and "direction" in summary:
        keep &= summary["direction"] == one.direction
    units = summary["units"].astype(str)
    keep &= units.map(lambda name: DRAWN.get(name, (name, 1.0))[0] == one.unit)
    if axis.kind == "category":
        keep &= summary[x].astype(str).isin(axis.categories)
    return summary[keep]


def _axis(axes: Axes, axis: Places, values: Sequence[Any], x: str) -> None:
    """Dress the axis of x."""
    position = axis.place(values)
    axes.set_xlabel(printable(NAMES.get(x, x.replace("_", " ").capitalize())))
    if axis.kind == "category":
        axes.set_xlim(-0.6, len(axis.categories) - 0.4)
        axes.set_xticks(range(len(axis.categories)))
        axes.set_xticklabels([printable(shorten(name, 18)) for name in axis.categories])
        return
    low, high = float(position.min()), float(position.max())
    if axis.kind == "log":
        axes.set_xscale("log")
        axes.set_xlim(low / 1.5, high * 1.5)
        ticks = sorted({float(v) for v in position})
        kept = [t for k, t in enumerate(ticks) if k == 0 or t / ticks[k - 1] > 1.4]
        axes.xaxis.set_major_locator(FixedLocator(kept))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda v, _: "0" if abs(v / axis.zero - 1) < 1e-6 else f"{v:.3g}")
        )
        return
    margin = 0.08 * (high - low) or 0.5
    axes.set_xlim(low - margin, high + margin)


def _span(axes: Axes, axis: Places) -> float:
    low, high = axes.get_xlim()
    return high / low - 1 if axis.kind == "log" else high - low


def _draw(axes: Axes, axis: Places, one: Points, look: tuple[str, float]) -> None:
    """Draw every cell: value and interval; an end that is open is an arrow away from a tick."""
    colour, side = look
    position = axis.aside(axis.place(one.x), side, _span(axes, axis))
    sure = ~one.censored & np.isfinite(one.value)
    base = np.where(sure, one.value, np.where(np.isfinite(one.low), one.low, one.high))
    for ends in (one.low, one.high):
        known = np.isfinite(ends)
        axes.vlines(position[known], np.minimum(base, ends)[known], np.maximum(base, ends)[known],
                    color=colour, lw=0.6)  # fmt: skip
    axes.plot(position[sure], one.value[sure], "o", ms=2.6, color=colour, mew=0, alpha=0.55)
    axes.plot([], [], "o", ms=2.6, color=colour, mew=0, label=one.label)
    for k in np.flatnonzero(one.above | one.below):
        way = 1 if one.above[k] else -1
        axes.annotate(
            "", (position[k], base[k]), xytext=(0, ARROW * way), textcoords="offset points",
            annotation_clip=False,
            arrowprops={"arrowstyle": "<|-", "color": colour, "lw": 0.8, "mutation_scale": 6,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    ticks = ~sure & np.isfinite(base)
    axes.plot(position[ticks], base[ticks], "_", ms=5, color=colour, mew=0.9)


def _means(
    axes: Axes, axis: Places, rows: pd.DataFrame, x: str, look: tuple[str, float, float]
) -> None:
    """Draw mean and spread of every group of at least two replicates; hollow: a lower bound."""
    colour, side, factor = look
    for row in rows.to_dict("records"):
        if int(row["n"]) < 2:
            continue
        at = axis.aside(axis.place([row[x]]), side, _span(axes, axis))
        mean, spread = float(row["mean"]) * factor, float(row["spread"]) * factor
        if np.isfinite(spread):
            axes.errorbar(at, [mean], yerr=[spread], color=colour, lw=1.3, capsize=2.5,
                          capthick=0.8, zorder=4)  # fmt: skip
        filled: dict[str, Any] = (
            {"mfc": "white", "mec": colour} if row.get("bound") else {"mec": "white"}
        )
        axes.plot(at, [mean], "D", ms=3.8, color=colour, mew=0.6, zorder=5, **filled)


def _counts(axes: Axes, axis: Places, rows: pd.DataFrame, x: str, look: tuple[str, float]) -> None:
    """Write the number of cells of every group on top, in the colour of their points."""
    colour, height = look
    told: dict[float, list[str]] = {}
    for row in rows.to_dict("records"):
        sign = "*" if row.get("bound") else ""
        told.setdefault(float(axis.place([row[x]])[0]), []).append(f"{int(row['n'])}{sign}")
    for at, numbers in told.items():
        axes.text(at, height - 0.005, ", ".join(numbers), transform=axes.get_xaxis_transform(),
                  fontsize=5.5, color=colour, ha="center", va="top")  # fmt: skip


def _key(axes: Axes, means: bool, found: Sequence[Points]) -> None:
    """Explain dots, diamonds and arrows above the axes."""
    above, below = _open(found)
    if means:
        axes.plot([], [], "D", ms=3.6, color=GREY, mew=0, label="mean ± s.d.; number on top")
    for there, sign, label in (
        (above, "$\\uparrow$", "not reached: lower bound"),
        (below, "$\\downarrow$", "upper bound"),
    ):
        if there.any():
            axes.plot([], [], ls="none", marker=sign, ms=5, color=INK, mew=0, label=label)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2, columnspacing=1.0, borderaxespad=0
    )
