"""What the figures of the paper's campaign share: lines, notes, a map's colour bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogFormatterSciNotation, NullLocator

from anodescope.errors import SchemaError
from anodescope.report import drtmap
from anodescope.report.amounts import area
from anodescope.report.axes import decades
from anodescope.report.mesh import envelope
from anodescope.report.paper.content import Mark
from anodescope.report.style import GREY, INK, THIN, VERMILLION, map_colours, place, write
from anodescope.report.view import CampaignLike, Floats, electrodes, stored

PER_MAH = 1 / 3.6  # mAh in a coulomb
FROM_A = 1e3  # mA in an ampere
DENSITY, CHARGE = f"mA{THIN}cm⁻²", f"mAh{THIN}cm⁻²"
PUBLISHED = "published"


def series(campaign: CampaignLike, variable: str = "voltage") -> tuple[Floats, Floats]:
    """Return instants (s) and a variable of the time series; empty where there is none."""
    time, value = stored(campaign, "timeseries", "time"), stored(campaign, "timeseries", variable)
    if time is None or value is None:
        return np.zeros(0), np.zeros(0)
    return time.astype(float), value.astype(float)


def density(campaign: CampaignLike) -> tuple[Floats, Floats]:
    """Return instants (s) and the current density (mA/cm²).

    Raises
    ------
    SchemaError
        where the area is not known.
    """
    time, current = series(campaign, "current")
    return time, current * FROM_A / size(campaign)


def size(campaign: CampaignLike) -> float:
    """Return the area (cm²) of the electrode under study.

    Raises
    ------
    SchemaError
        where the specimen has none; the figures of the paper are all per area.
    """
    found = area(campaign)
    if found is None:
        raise SchemaError(
            "specimen: expected area_cm2 of the electrode under study, found none; "
            "the paper's figures are per area: give it in the specimen."
        )
    return found


def sketchy(axes: Axes, time: Floats, value: Floats, **look: object) -> None:
    """Draw a line of many samples as few: lowest and highest of each bin."""
    axes.plot(*envelope(time, value), **look)  # type: ignore[arg-type]


def only_map(campaign: CampaignLike) -> drtmap.MapData:
    """Return the map of the first electrode that has a DRT.

    Raises
    ------
    SchemaError
        where no sweep has one.
    """
    if stored(campaign, "drt", "gamma") is not None:
        for name in electrodes(campaign):
            data = drtmap.map_data(campaign, name)
            if data.drawable:
                return data
    raise SchemaError("Nothing to draw: no sweep has a distribution of relaxation times.")


def colour_bar(
    figure: Figure, left: float, top: float, high: float, norm: LogNorm, unit: str
) -> None:
    """Draw the colour bar of a map, upright, at `left`, `top` (cm)."""
    axes = place(figure, left, top, 0.18, high)
    bar = figure.colorbar(ScalarMappable(norm=norm, cmap=map_colours()), cax=axes)
    axes.spines["outline"].set_linewidth(0.4)
    low, top_value = float(norm.vmin or 0.1), float(norm.vmax or 1.0)
    axes.yaxis.set_major_locator(FixedLocator([10.0**k for k in decades(low, top_value, 5)]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(LogFormatterSciNotation())
    bar.set_label(drtmap.gamma_label(unit), labelpad=2)


def draw_marks(axes: Axes, marks: Sequence[Mark], *, at: Floats | None = None) -> None:
    """Draw published values: hollow squares with their tolerance, windows, and lines.

    `at` : where each mark stands on the axis, where that is not its x.
    """
    places = np.array([mark.x for mark in marks]) if at is None else at
    first = True
    for mark, x in zip(marks, places, strict=True):
        label = (mark.label or PUBLISHED) if first or mark.label else "_nolegend_"
        if mark.kind == "line":
            axes.axhline(mark.value, color=GREY, lw=0.8, ls=(0, (5, 2)), zorder=0.5)
            continue
        first = False
        if np.isfinite([mark.low, mark.high]).all():
            axes.vlines([x], mark.low, mark.high, color=VERMILLION, lw=2.2, alpha=0.3, zorder=1)
        if np.isfinite(mark.value):
            axes.plot([x], [mark.value], "s", ms=4, mfc="none", mec=VERMILLION, mew=0.9,
                      label=label, zorder=2, ls="none")  # fmt: skip
        else:
            axes.plot([], [], color=VERMILLION, lw=2.2, alpha=0.3, label=label)


def signed(text: str) -> str:
    """Return a number with a true minus sign."""
    return text.replace("-", "−")


def note(figure: Figure, x: float, y: float, text: str) -> None:
    """Write a small grey note at `x`, `y` (cm)."""
    write(figure, x, y, text, fontsize=6, color=GREY)


def name_in(axes: Axes, text: str, *, right: bool = False) -> None:
    """Write a few words into the upper corner of a panel."""
    axes.text(
        0.97 if right else 0.03, 0.96, text, transform=axes.transAxes, va="top",
        ha="right" if right else "left", fontsize=6, color=INK, parse_math=False, zorder=7,
        path_effects=drtmap.WHITE_HALO,
    )  # fmt: skip
