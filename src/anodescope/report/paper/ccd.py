"""Fig. 1: the critical-current test, and a map of γ for each of its currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.errors import SchemaError
from anodescope.report import drtmap
from anodescope.report.axes import decade_ticks
from anodescope.report.blocks import phases
from anodescope.report.charge import ccd_block
from anodescope.report.clock import Stretch, dress
from anodescope.report.halfcycles import CROSS, HalfCycle, half_cycles, shorts
from anodescope.report.paper.content import Mark
from anodescope.report.paper.tools import (
    DENSITY,
    FROM_A,
    colour_bar,
    density,
    note,
    only_map,
    series,
    size,
    sketchy,
)
from anodescope.report.style import (
    BLUE,
    DOUBLE,
    GREY,
    INK,
    PALE,
    VERMILLION,
    letter,
    new_figure,
    place,
    styled,
)
from anodescope.report.view import CampaignLike, Floats, Scale, specimen_line

HOURS = Scale(1 / 3600, "h")
LEFT, RIGHT, APART = 1.35, 1.75, 0.3  # cm
VOLT, AMPERE, MAP = (0.75, 2.6), (3.5, 1.3), (6.4, 4.4)  # top and height, cm


@styled
def fig_1(campaigns: Mapping[str, CampaignLike], published: Sequence[Mark] = ()) -> Figure:
    """Draw voltage and current of the critical-current test, and a map of γ per current.

    Parameters
    ----------
    campaigns : holds ``ccd50``. published : the current at which the paper's cell shorted.

    Raises
    ------
    SchemaError
        where no critical-current test was recognised, or it has no DRT.
    """
    campaign = campaigns["ccd50"]
    block, every = ccd_block(campaign), phases(campaign)
    if block is None or every is None:
        raise SchemaError("Nothing to draw: no critical-current test was recognised.")
    levels = _levels(half_cycles(campaign, every, block))
    short = shorts(campaign, block)
    figure = new_figure(DOUBLE, MAP[0] + MAP[1] + 1.0)
    _record(figure, campaign, levels, short, published)
    data = only_map(campaign)
    norm = drtmap.shared_norm([data])
    wide = (DOUBLE - LEFT - RIGHT - APART * (len(levels) - 1)) / len(levels)
    first: Axes | None = None
    for k, level in enumerate(levels):
        left = LEFT + k * (wide + APART)
        shared = {} if first is None else {"sharey": first}
        axes = place(figure, left, MAP[0], wide, MAP[1], **shared)
        _map(axes, data, level, short, wide, norm)
        letter(figure, axes, "bcdefghij"[k], 0.0, 0.62)
        axes.text(0.5, 1 + 0.62 / MAP[1], _name(level, campaign), fontsize=7, ha="center",
                  va="center", transform=axes.transAxes, parse_math=False)  # fmt: skip
        if first is None:
            first = axes
            decade_ticks(axes, "y", 9)
            axes.set_ylabel("Relaxation time τ (s)")
        else:
            axes.tick_params(labelleft=False)
    colour_bar(figure, DOUBLE - RIGHT + 0.25, MAP[0], MAP[1], norm, data.unit)
    note(figure, LEFT, 0.1, specimen_line(campaign, 80))
    return figure


def _levels(halves: Sequence[HalfCycle]) -> list[list[HalfCycle]]:
    """Return the half-cycles of each current, in time order."""
    found: dict[float, list[HalfCycle]] = {}
    for half in halves:
        found.setdefault(half.size, []).append(half)
    return list(found.values())


def _record(
    figure: Figure,
    campaign: CampaignLike,
    levels: Sequence[Sequence[HalfCycle]],
    short: Floats,
    published: Sequence[Mark],
) -> None:
    """Draw voltage and current over time, the currents named, short circuits crossed."""
    wide = DOUBLE - LEFT - RIGHT
    upper = place(figure, LEFT, VOLT[0], wide, VOLT[1])
    lower = place(figure, LEFT, AMPERE[0], wide, AMPERE[1], sharex=upper)
    start, end = levels[0][0].start, levels[-1][-1].end
    stretch = Stretch(start, end, HOURS)
    time, volts = series(campaign)
    sketchy(upper, stretch.place(time), volts, color=INK, lw=0.8)
    time, current = density(campaign)
    sketchy(lower, stretch.place(time), current, color=BLUE, lw=0.8)
    for axes in (upper, lower):
        axes.axhline(0, color=PALE, lw=0.4, zorder=0)
        dress(axes, stretch, wide, label=axes is lower)
    top = float(np.nanmax(volts))
    for level in levels:
        middle = float(stretch.place((level[0].start + level[-1].end) / 2))
        upper.text(middle, 1.02, _name(level, campaign), fontsize=6, ha="center",
                   transform=upper.get_xaxis_transform(), parse_math=False)  # fmt: skip
        if level is not levels[0]:
            for axes in (upper, lower):
                axes.axvline(float(stretch.place(level[0].start)), color=PALE, lw=0.5, zorder=0)
    for instant in short:
        at = float(stretch.place(instant))
        upper.plot([at], [0.0], zorder=6, **CROSS)
        upper.annotate(
            "short circuit", (at, 0), xytext=(0, 8), textcoords="offset points", ha="center",
            fontsize=6, color=VERMILLION, path_effects=drtmap.WHITE_HALO,
        )  # fmt: skip
    for mark in published:
        lower.axhline(-mark.value, color=VERMILLION, lw=0.7, ls=(0, (4, 2)), zorder=0)
        lower.annotate(
            "published: short circuit while plating at this current", (0, -mark.value),
            xycoords=("axes fraction", "data"), xytext=(3, 2), textcoords="offset points",
            fontsize=5.5, color=VERMILLION, path_effects=drtmap.WHITE_HALO,
        )  # fmt: skip
    upper.set_ylim(top=1.08 * top)
    upper.set_ylabel("Voltage (V)")
    lower.set_ylabel(f"i ({DENSITY})")
    lower.text(0.002, 0.97, "strips above 0", transform=lower.transAxes, fontsize=5.5, va="top",
               color=GREY)  # fmt: skip
    letter(figure, upper, "a", LEFT - 0.15, 0.25)


def _name(level: Sequence[HalfCycle], campaign: CampaignLike) -> str:
    return f"{level[0].size * FROM_A / size(campaign):.3g} {DENSITY}"


def _map(
    axes: Axes,
    data: drtmap.MapData,
    level: Sequence[HalfCycle],
    short: Floats,
    wide: float,
    norm: object,
) -> None:
    """Draw the map of the half-cycles of one current; lines part them, a cross is a short."""
    start, end = level[0].start, level[-1].end
    stretch = Stretch(start, end, HOURS)
    dress(axes, stretch, wide, label=True)
    drtmap.draw_map(axes, data, stretch, norm, wide)  # type: ignore[arg-type]
    for half in level:
        at = float(stretch.place(half.start))
        if half.start > start:
            axes.axvline(at, color="white", lw=1.2, zorder=4)
            axes.axvline(at, color=INK, lw=0.6, zorder=4)
        middle = float(stretch.place((half.start + half.end) / 2))
        axes.text(middle, 1.02, "strip" if half.current > 0 else "plate", ha="center", fontsize=6,
                  color=GREY, transform=axes.get_xaxis_transform())  # fmt: skip
    for instant in short[(short >= start) & (short <= end)]:
        axes.axvline(float(stretch.place(instant)), color=VERMILLION, lw=0.9, zorder=5)
