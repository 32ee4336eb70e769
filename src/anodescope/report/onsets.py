"""The onsets of a staircase as rows under its curves: values, intervals, bounds, and what is open.

Every signal and window has a lane of its own in the row of each k, so that no two findings lie on
each other. A bound is a tick with an arrow away from it; what was not determined is said in words.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from anodescope.report.amounts import Finding
from anodescope.report.criteria import (
    CORRECTED,
    HOLD,
    INTERFACE,
    SWEEP,
    WINDOW_NAMES,
    basis_name,
    window_of,
)
from anodescope.report.style import GREEN, GREY, INK, PALE, THIN, VERMILLION
from anodescope.report.view import Scale

LANE, BETWEEN = 0.2, 0.16  # cm: one lane, and the gap between two k
POINTS = 9.0  # length of an arrow
MOST_NOTES = 6  # lines
Lane = tuple[str, str]
_ORDER = {CORRECTED: 0, INTERFACE: 0}
_WINDOWS = {HOLD: 0, SWEEP: 1}


def numbered(onsets: Sequence[Finding]) -> list[Finding]:
    """Return the findings with a value or a bound."""
    return [one for one in onsets if np.isfinite([one.value, one.low, one.high]).any()]


def knees_of(onsets: Sequence[Finding]) -> list[float]:
    """Return the k of the findings, rising; NaN where a definition names none."""
    known = {one.knee for one in onsets}
    rising: list[float] = sorted(k for k in known if k is not None)
    return [*rising, np.nan] if None in known else rising


def lanes_of(onsets: Sequence[Finding]) -> list[Lane]:
    """Return basis and window of the lanes of every row, from top to bottom."""
    found = {(one.basis, window_of(one)) for one in onsets}
    return sorted(found, key=lambda lane: (_WINDOWS.get(lane[1], 2), _ORDER.get(lane[0], 1), lane))


def height_of(onsets: Sequence[Finding]) -> float:
    """Return the height (cm) that the rows take."""
    return len(knees_of(onsets)) * (len(lanes_of(onsets)) * LANE + BETWEEN)


def draw_onsets(axes: Axes, onsets: Sequence[Finding], scale: Scale) -> None:
    """Draw one row per k with a lane per signal and window; `scale` turns A into the axis' unit."""
    knees, lanes = knees_of(onsets), lanes_of(onsets)
    share = len(lanes) * LANE / (len(lanes) * LANE + BETWEEN)
    axes.set_yticks(range(len(knees)))
    axes.set_yticklabels([f"k = {k:g}" if np.isfinite(k) else "onset" for k in knees])
    axes.set_ylim(len(knees) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for row in range(len(knees) - 1):
        axes.axhline(row + 0.5, color=PALE, lw=0.35, zorder=0)
    for one in onsets:
        row = next((k for k, knee in enumerate(knees) if knee == one.knee), len(knees) - 1)
        lane = lanes.index((one.basis, window_of(one)))
        y = row + share * ((lane + 0.5) / len(lanes) - 0.5)
        draw_interval(axes, one, y, scale)


def _look(one: Finding) -> tuple[str, bool]:
    """Return colour and filling of a finding's mark: those of the curve that it is of."""
    colour = {CORRECTED: INK, INTERFACE: GREEN}.get(one.basis, GREY)
    return colour, window_of(one) != SWEEP


def draw_interval(axes: Axes, one: Finding, y: float, scale: Scale) -> None:
    """Draw one finding at height `y`: value and interval, or its bound, or that there is none.

    An end that is not finite is an arrow, for the interval as for a bound without a value.
    """
    low, high, value = (v * scale.factor for v in (one.low, one.high, one.value))
    colour, fill = _look(one)
    if np.isfinite(value):
        for end, way in ((low, -1), (high, 1)):
            if np.isfinite(end):
                axes.plot([value, end], [y, y], "-", color=colour, lw=0.9, solid_capstyle="butt")
            elif np.isinf(end):
                _arrow(axes, value, y, way, colour)
        axes.plot(value, y, "o", ms=2.6, color=colour, mfc=colour if fill else "white", mew=0.6)
    elif np.isfinite(low) and np.isfinite(high):
        axes.plot([low, high], [y, y], "-", color=colour, lw=0.9, solid_capstyle="butt")
    elif np.isfinite(low) or np.isfinite(high):
        bound, way = (low, 1) if np.isfinite(low) else (high, -1)
        axes.plot(bound, y, "|", ms=4, color=colour, mew=0.9)
        _arrow(axes, bound, y, way, colour)
        axes.annotate(
            f"{'>' if way > 0 else '<'}{THIN}{bound:.3g}", (bound, y), xytext=(-3 * way, 0),
            textcoords="offset points", ha="right" if way > 0 else "left", va="center",
            fontsize=5, color=colour,
        )  # fmt: skip
    else:
        axes.annotate(
            "not determined", (0.01, y), xycoords=("axes fraction", "data"), fontsize=5,
            va="center", color=VERMILLION,
        )  # fmt: skip


def _arrow(axes: Axes, x: float, y: float, way: int, colour: str) -> None:
    arrow: dict[str, Any] = {"arrowstyle": "<|-", "color": colour, "lw": 0.8, "mutation_scale": 5,
                             "shrinkA": 0, "shrinkB": 0}  # fmt: skip
    axes.annotate("", (x, y), xytext=(POINTS * way, 0), textcoords="offset points",
                  arrowprops=arrow, annotation_clip=False)  # fmt: skip


def notes(onsets: Sequence[Finding], columns: int) -> list[str]:
    """Say in lines of `columns` letters what was not determined, and why.

    Findings of one signal that share the reason are told once; the window and the k are named
    where the reason is not that of all.
    """
    open_ones = [one for one in onsets if one not in numbered(onsets)]
    reasons: dict[str, list[str]] = {}
    for one in open_ones:
        name = basis_name(one.basis)
        alike = [o for o in onsets if o.basis == one.basis]
        if not all(o.message == one.message for o in alike):
            window = WINDOW_NAMES.get(window_of(one), "")
            where = [window] if window and one.basis != INTERFACE else []
            where += [f"k = {one.knee:g}"] if one.knee is not None else []
            name = f"{name} ({', '.join(where)})" if where else name
        told = reasons.setdefault(one.message or one.sentence, [])
        if name not in told:
            told.append(name)
    lines = [
        line
        for reason, names in reasons.items()
        for line in textwrap.wrap(f"No onset from {_listed(names)}: {reason}", columns)
    ]
    if len(lines) > MOST_NOTES:
        lines = [*lines[: MOST_NOTES - 1], "More in the table of findings."]
    return lines


def _listed(names: Sequence[str]) -> str:
    """Return “a”, “a and b”, or “a; b and c”."""
    head, last = names[:-1], names[-1]
    return f"{'; '.join(head)} and {last}" if head else last
