"""Findings of many cells against what distinguishes them: rest length, composition, current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from anodescope.errors import Outcome, SchemaError
from anodescope.report.style import (
    GREY,
    INK,
    PALETTE,
    SINGLE,
    THIN,
    new_figure,
    place,
    printable,
    shorten,
    styled,
)
from anodescope.report.view import Floats

if TYPE_CHECKING:
    import pandas as pd

LEFT, TOP, TALL = 1.35, 0.8, 5.0  # cm
LOG_FROM = 15.0  # ratio of largest to smallest x from which on their axis is logarithmic
ASIDE = 0.028  # share of the axis by which the bases stand beside each other
NAMES = {
    "rest_s": "Rest between pulses (s)",
    "on_s": "Length of a pulse (s)",
    "current_A": "Current (A)",
    "composition": "Composition",
    "potassium_wt_percent": "Potassium in the alloy (wt %)",
}
# Unit of the node -> unit on paper and factor.
DRAWN = {
    "A": ("mA", 1e3), "C": ("mAh", 1 / 3.6), "mA/cm²": (f"mA{THIN}cm⁻²", 1.0),
    "mAh/cm²": (f"mAh{THIN}cm⁻²", 1.0), "Ω·cm²": (f"Ω{THIN}cm²", 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Points:
    """Values of one basis, in one unit: x (a number, or a text), value, bounds, and where censored.

    A censored value stands at its lower bound.
    """

    x: np.ndarray
    value: Floats
    low: Floats
    high: Floats
    censored: np.ndarray
    unit: str
    factor: float
    basis: str
    criterion: str


def points_of(table: pd.DataFrame, x: str, quantity: str) -> list[Points]:
    """Select what is drawn: per basis the first criterion, per area where every cell has one.

    Raises
    ------
    SchemaError
        where a column is missing.
    """
    needed = (x, "quantity", "value", "low", "high", "units", "outcome", "basis", "criterion")
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise SchemaError(f"Nothing to draw: the table has no column {', '.join(absent)}.")
    own = table[(table["quantity"] == quantity) & table[x].notna() & (table[x].astype(str) != "")]
    found = []
    for basis in dict.fromkeys(own["basis"]):
        rows = own[own["basis"] == basis]
        rows = rows[rows["criterion"] == rows["criterion"].iloc[0]]
        known = np.isfinite(rows["value"].astype(float)) | np.isfinite(rows["low"].astype(float))
        rows = rows[known]
        if len(rows):
            found.append(_points(rows, x, str(basis)))
    return found


def _points(rows: pd.DataFrame, x: str, basis: str) -> Points:
    suffix = "_per_area" if _per_area(rows) else ""
    units = str(rows[f"units{suffix}"].iloc[0])
    unit, factor = DRAWN.get(units, (units, 1.0))
    value, low, high = (rows[f"{n}{suffix}"].to_numpy(float) for n in ("value", "low", "high"))
    censored = (rows["outcome"] == Outcome.censored.name).to_numpy(bool)
    return Points(
        rows[x].to_numpy(object), np.where(censored, low, value) * factor, low * factor,
        high * factor, censored, unit, factor, basis, str(rows["criterion"].iloc[0]),
    )  # fmt: skip


def _per_area(rows: pd.DataFrame) -> bool:
    if "value_per_area" not in rows or "units_per_area" not in rows:
        return False
    numbers = np.isfinite(rows["value_per_area"].astype(float))
    numbers |= np.isfinite(rows["low_per_area"].astype(float))
    return bool(numbers.all()) and rows["units_per_area"].nunique() == 1


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
        `high_per_area`, `units_per_area`; such as `events.replicates.gather` makes it. Per basis
        the first criterion is drawn; per area where every cell has one.
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
    figure = new_figure(width, TOP + TALL + 1.0)
    axes = place(figure, LEFT, TOP, width - LEFT - 0.3, TALL)
    _axis(axes, axis, [v for one in found for v in one.x], x)
    for k, one in enumerate(found):
        side = (k - (len(found) - 1) / 2) * ASIDE
        _draw(axes, axis, one, PALETTE[k % len(PALETTE)], side)
        if summary is not None and len(summary):
            _means(axes, axis, one, summary, x, (PALETTE[k % len(PALETTE)], side), counted=k == 0)
    low, high = axes.get_ylim()
    axes.set_ylim(min(0.0, low), high + 0.08 * (high - low))
    axes.set_ylabel(f"{label} ({unit})")
    _key(axes, summary is not None and len(summary) > 0, any(o.censored.any() for o in found))
    return figure


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


def _draw(axes: Axes, axis: Places, one: Points, colour: str, side: float) -> None:
    """Draw every cell: value and interval, or an arrow up from its bound."""
    position = axis.aside(axis.place(one.x), side, _span(axes, axis))
    sure = ~one.censored & np.isfinite(one.value)
    bounded = sure & np.isfinite(one.low + one.high)
    axes.vlines(position[bounded], one.low[bounded], one.high[bounded], color=colour, lw=0.6)
    label = one.basis.replace("_", " ")
    axes.plot(position[sure], one.value[sure], "o", ms=2.6, color=colour, mew=0, alpha=0.55)
    axes.plot([], [], "o", ms=2.6, color=colour, mew=0, label=printable(label))
    for at, value in zip(position[one.censored], one.value[one.censored], strict=True):
        axes.annotate(
            "", (at, value), xytext=(0, 11), textcoords="offset points", annotation_clip=False,
            arrowprops={"arrowstyle": "<|-", "color": colour, "lw": 0.8, "mutation_scale": 6,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        axes.plot(at, value, "_", ms=5, color=colour, mew=0.9)


def _means(
    axes: Axes,
    axis: Places,
    one: Points,
    summary: pd.DataFrame,
    x: str,
    look: tuple[str, float],
    *,
    counted: bool,
) -> None:
    """Draw mean and spread of every group of replicates; `counted` writes their number on top."""
    colour, side = look
    alike = (summary["basis"] == one.basis) & (summary["criterion"] == one.criterion)
    rows = summary[alike & np.isfinite(summary["mean"].astype(float))]
    for row in rows.to_dict("records"):
        unit, factor = DRAWN.get(str(row["units"]), (str(row["units"]), 1.0))
        known = axis.kind != "category" or str(row[x]) in axis.categories
        if unit != one.unit or not known:
            continue
        at = axis.aside(axis.place([row[x]]), side, _span(axes, axis))
        mean, spread = float(row["mean"]) * factor, float(row["spread"]) * factor
        if np.isfinite(spread):
            axes.errorbar(at, [mean], yerr=[spread], color=colour, lw=1.3, capsize=2.5,
                          capthick=0.8, zorder=4)  # fmt: skip
        axes.plot(at, [mean], "D", ms=3.8, color=colour, mec="white", mew=0.6, zorder=5)
        if counted:
            first = axes.get_xaxis_transform()
            sign = "*" if row.get("bound") else ""
            axes.text(float(at[0]), 0.985, f"{int(row['n'])}{sign}", transform=first, fontsize=5.5,
                      color=GREY, ha="center", va="top")  # fmt: skip


def _key(axes: Axes, means: bool, censored: bool) -> None:
    """Explain dots, diamonds and arrows above the axes."""
    if means:
        axes.plot([], [], "D", ms=3.6, color=GREY, mew=0, label="mean ± s.d.; number on top")
    if censored:
        axes.plot([], [], "_", ms=5, color=INK, label="not reached: lower bound")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2, columnspacing=1.0, borderaxespad=0
    )
