"""The in situ cell: plating up to a short circuit, and stripping in steps (Figs 2b, S3, S4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from anodescope.errors import SchemaError
from anodescope.report.paper.content import Mark
from anodescope.report.paper.tools import (
    CHARGE,
    DENSITY,
    density,
    note,
    series,
    sketchy,
)
from anodescope.report.style import (
    BLUE,
    DOUBLE,
    GREEN,
    GREY,
    INK,
    PALE,
    VERMILLION,
    letter,
    new_figure,
    place,
    styled,
)
from anodescope.report.view import CampaignLike, Floats, specimen_line, stored

PLATED = "insitu_plate_"  # before the current (mA/cm²)
COLOURS = (VERMILLION, BLUE, GREEN)
LEFT, TOP = 1.35, 1.1  # cm


@styled
def fig_2(campaigns: Mapping[str, CampaignLike], published: Sequence[Mark] = ()) -> Figure:
    """Draw what the in situ cell's voltage, filament and liquid do while plating and stripping.

    Parameters
    ----------
    campaigns : ``insitu_plate_0.7``, ``insitu_plate_0.4``, ``insitu_strip``, whichever were run.
    published : charge up to the short circuit (mAh/cm²) by current (mA/cm²); a bound where it was
        reached without one.

    Raises
    ------
    SchemaError
        where none of them was run.
    """
    plated = {key[len(PLATED) :]: one for key, one in campaigns.items() if key.startswith(PLATED)}
    strip = campaigns.get("insitu_strip")
    if not plated and strip is None:
        raise SchemaError("Nothing to draw: no experiment of the in situ cell.")
    figure = new_figure(DOUBLE, TOP + 5.1 + 1.0)
    if plated:
        axes = [place(figure, LEFT, TOP + 2.7 * k, 6.6, 2.4) for k in (0, 1)]
        _plate(axes, sorted(plated.items(), reverse=True), published)
        for axis, name in zip(axes, "ab", strict=True):
            letter(figure, axis, name, LEFT - 0.15, 0.15)
    if strip is not None:
        rows = [place(figure, 10.0, TOP + 1.8 * k, DOUBLE - 10.3, 1.5) for k in range(3)]
        _strip(rows, strip)
        for axis, name in zip(rows, "cde", strict=True):
            letter(figure, axis, name, LEFT, 0.15)
    known = next(iter(plated.values())) if strip is None else strip
    note(figure, LEFT, 0.1, f"in situ cell, {specimen_line(known, 80)}; no tomograms yet")
    return figure


def charge(campaign: CampaignLike) -> tuple[Floats, Floats, Floats]:
    """Return instants (s), charge that passed in all (mAh/cm², positive strips), and V."""
    time, current = density(campaign)
    volts = series(campaign)[1]
    flow = np.nan_to_num(current)
    passed = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) / 2 * np.diff(time))])
    return time, passed / 3600.0, volts


def _state(campaign: CampaignLike, name: str) -> tuple[Floats, Floats]:
    time, values = stored(campaign, "state", "state_time"), stored(campaign, "state", name)
    if time is None or values is None:
        return np.zeros(0), np.zeros(0)
    return time.astype(float), values.astype(float)


def _plate(
    axes: Sequence[Axes], plated: Sequence[tuple[str, CampaignLike]], published: Sequence[Mark]
) -> None:
    """Draw −V and the filament's length over the charge plated."""
    upper, lower = axes
    for (name, campaign), colour in zip(plated, COLOURS, strict=False):
        time, passed, volts = charge(campaign)
        sketchy(upper, -passed, -volts, color=colour, lw=0.9, label=f"{name} {DENSITY}")
        instants, length = _state(campaign, "filament")
        at = np.interp(instants, time, -passed) if len(time) else instants
        lower.plot(at, 100 * length, color=colour, lw=0.9)
        chipped = _state(campaign, "chipped")[1]
        if len(chipped) and chipped.any():
            k = int(np.flatnonzero(chipped)[0])
            lower.plot([at[k]], [100 * length[k]], "v", ms=4, color=colour, label="edge chips off")
            lower.legend(loc="center right")
    colours = {float(name): colour for (name, _), colour in zip(plated, COLOURS, strict=False)}
    for mark in published:
        colour = colours.get(mark.x, GREY)
        said = "none before" if mark.kind == "bound" else "short circuit"
        for one in axes:
            one.axvspan(mark.low, mark.high, color=colour, alpha=0.15, lw=0)
            one.axvline(mark.value, color=colour, lw=0.7, ls=(0, (4, 2)))
        upper.plot([], [], color=colour, lw=0.7, ls=(0, (4, 2)),
                   label=f"published at {mark.x:g}: {said}")  # fmt: skip
    for one in axes:
        one.set_xlim(left=0)
        one.set_ylim(bottom=0)
    lower.sharex(upper)
    upper.tick_params(labelbottom=False)
    upper.set_ylabel("−Voltage (V)")
    lower.set_ylabel("Filament (% across)")
    lower.set_xlabel(f"Charge plated ({CHARGE})")
    upper.legend(loc="upper center")


def _strip(rows: Sequence[Axes], campaign: CampaignLike) -> None:
    """Draw current, voltage and the gas in the chamber over time while stripping in steps."""
    time, current = density(campaign)
    rows[0].plot(time / 60, current, color=BLUE, lw=0.9)
    rows[0].set_ylabel(f"i ({DENSITY})")
    rows[1].plot(time / 60, series(campaign)[1], color=INK, lw=0.9)
    rows[1].set_ylabel("Voltage (V)")
    instants, volume = _state(campaign, "liquid_volume")
    if len(instants):
        rows[2].plot(instants / 60, 1e6 * (volume[0] - volume), color=GREEN, lw=0.9)
        lost = f"{100 * (1 - volume[-1] / volume[0]):.2g} % of the liquid"
        rows[2].text(0.03, 0.93, f"state of the simulation: {lost}", transform=rows[2].transAxes,
                     fontsize=5.5, va="top", color=GREY)  # fmt: skip
    rows[2].set_ylabel("Gas gained (nL)")
    for axes in rows:
        axes.set_xlim(0, time[-1] / 60)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(labelbottom=axes is rows[-1])
        axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    rows[-1].set_xlabel("Time (min)")
