"""Fig. S6: the stripping staircase of every composition, and γ of the one that fails early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.errors import SchemaError
from anodescope.report import drtmap
from anodescope.report.axes import decade_ticks
from anodescope.report.clock import Stretch, dress
from anodescope.report.paper.content import Mark
from anodescope.report.paper.tools import (
    DENSITY,
    FROM_A,
    colour_bar,
    note,
    only_map,
    series,
    size,
    sketchy,
)
from anodescope.report.peaklines import lines_on_map
from anodescope.report.stairs import staircase_block, stairs_of
from anodescope.report.style import (
    DOUBLE,
    GREY,
    INK,
    PALETTE,
    letter,
    new_figure,
    place,
    styled,
)
from anodescope.report.view import CampaignLike, specimen_line, time_scale

STRIPPED = "strip"  # before the potassium content (wt %)
LEFT, TOP, TALL = 1.35, 1.1, 4.6  # cm
LIMIT = 3.0  # V


@styled
def fig_s6(campaigns: Mapping[str, CampaignLike], published: Sequence[Mark] = ()) -> Figure:
    """Draw V over i of each staircase, the first minute of the fastest failure, and a map of γ.

    Parameters
    ----------
    campaigns : ``strip50``, ``strip65``, ``strip80``, whichever were run.
    published : threshold (mA/cm²) by potassium content (wt %).

    Raises
    ------
    SchemaError
        where none of them holds a staircase.
    """
    cells = {int(key[len(STRIPPED) :]): one for key, one in campaigns.items()
             if key.startswith(STRIPPED)}  # fmt: skip
    if not cells:
        raise SchemaError("Nothing to draw: no stripping staircase.")
    figure = new_figure(DOUBLE, TOP + TALL + 1.0)
    colours = dict(zip(sorted(cells), PALETTE, strict=False))
    first = place(figure, LEFT, TOP, 4.3, TALL)
    _voltages(first, cells, colours, published)
    letter(figure, first, "a", LEFT - 0.15, 0.2)
    second = place(figure, 6.9, TOP, 2.6, TALL)
    _failure(second, cells, colours)
    letter(figure, second, "b", 0.9, 0.2)
    if "strip65" in campaigns:
        _map(figure, campaigns["strip65"])
    note(figure, LEFT, 0.1, specimen_line(next(iter(cells.values())), 80))
    return figure


def _voltages(
    axes: Axes,
    cells: Mapping[int, CampaignLike],
    colours: Mapping[int, str],
    published: Sequence[Mark],
) -> None:
    """Draw the voltage at the end of the holds over the current, per composition."""
    for content, campaign in sorted(cells.items()):
        block = staircase_block(campaign)
        if block is None:  # it failed on its first level: the next panel shows it
            axes.plot([], [], color=colours[content], lw=0.9, label=f"NaK{content}, see b")
            continue
        stairs = stairs_of(campaign, block)
        axes.plot(stairs.current * FROM_A / size(campaign), stairs.hold, color=colours[content],
                  lw=0.9, label=f"NaK{content}")  # fmt: skip
    for mark in published:
        colour = colours.get(int(mark.x), GREY)
        axes.axvspan(mark.low, mark.high, color=colour, alpha=0.15, lw=0)
        axes.axvline(mark.value, color=colour, lw=0.7, ls=(0, (4, 2)))
    axes.axhline(LIMIT, color=GREY, lw=0.5, ls=(0, (4, 2)), zorder=0)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.07 * LIMIT)
    axes.set_xlabel(f"i ({DENSITY})")
    axes.set_ylabel("Voltage at the end of a hold (V)")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, columnspacing=0.9)


def _failure(axes: Axes, cells: Mapping[int, CampaignLike], colours: Mapping[int, str]) -> None:
    """Draw the voltage of every composition over the first level: 5 s of hold, then the sweep."""
    for content, campaign in sorted(cells.items()):
        time, volts = series(campaign)
        here = time <= 42.0
        sketchy(axes, time[here], volts[here], color=colours[content], lw=0.9)
    axes.axvspan(0, 5, color=GREY, alpha=0.12, lw=0)
    axes.text(5.5, 0.03, "GEIS", fontsize=5.5, color=GREY, transform=axes.get_xaxis_transform())
    axes.axhline(LIMIT, color=GREY, lw=0.5, ls=(0, (4, 2)), zorder=0)
    axes.set_xlim(0, 42)
    axes.set_ylim(0, 1.07 * LIMIT)
    axes.set_xlabel("Time (s)")
    axes.set_title("first level", fontsize=6, loc="left", color=GREY)


def _map(figure: Figure, campaign: CampaignLike) -> None:
    """Draw voltage and map of γ of NaK65 over time."""
    try:
        data = only_map(campaign)
    except SchemaError:
        return
    left, wide = 11.2, 4.1
    upper = place(figure, left, TOP, wide, 1.2)
    lower = place(figure, left, TOP + 1.45, wide, TALL - 1.45, sharex=upper)
    time, volts = series(campaign)
    # The cut-off comes after the last whole sweep, and belongs to the picture.
    end = max(float(np.nanmax(data.ends)), float(time[-1]) if len(time) else 0.0)
    stretch = Stretch(0.0, end, time_scale(end))
    sketchy(upper, stretch.place(time), volts, color=INK, lw=0.8)
    dress(upper, stretch, wide, label=False)
    dress(lower, stretch, wide, label=True)
    norm = drtmap.shared_norm([data])
    drtmap.draw_map(lower, data, stretch, norm, wide)
    lines_on_map(lower, campaign, data.electrode, stretch, set())
    decade_ticks(lower, "y", 6)
    upper.set_ylabel("Voltage (V)")
    upper.set_title("NaK65", fontsize=6, loc="left", color=GREY)
    lower.set_ylabel("τ (s)")
    colour_bar(figure, left + wide + 0.2, TOP + 1.45, TALL - 1.45, norm, data.unit)
    letter(figure, upper, "c", 1.2, 0.2)
