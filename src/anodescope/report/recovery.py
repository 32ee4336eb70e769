"""What happens after the current stops: voltage and resistances on a logarithmic time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from anodescope.errors import SchemaError
from anodescope.report.amounts import Finding, findings, volt_scale
from anodescope.report.blocks import Rest, blocks, rests
from anodescope.report.clock import TICKS, time_scale_of
from anodescope.report.mesh import envelope
from anodescope.report.panels import voltage_lines
from anodescope.report.style import (
    DOUBLE,
    GREY,
    INK,
    ORANGE,
    PALE,
    PALETTE,
    SINGLE,
    THIN,
    letter,
    new_figure,
    place,
    shades,
    styled,
    write,
)
from anodescope.report.tracks import peak_name, tracks
from anodescope.report.view import (
    CampaignLike,
    Floats,
    ohm_factors,
    ohm_unit,
    prefixed,
    required,
    specimen_line,
    spoken_time,
    stored,
    sweeps_of,
)

QUANTITY = "recovery_time"
TIMES = (QUANTITY, "decay_time", "plateau_time", "vanishing_time")
MOST_TIMES = 5  # of one panel
LEFT, APART, TOP, TALL, MARKS = 1.45, 1.6, 0.55, 3.9, 0.42  # cm
MOST_RESTS = 8


@styled
def recovery_figure(campaign: CampaignLike, width: float | None = None) -> Figure:
    """Draw voltage and interface resistance against the time since the current stopped.

    The longest rest is drawn; of a pulsed block, up to eight of its rests. Below each panel stand
    the fitted time constants with their 95 % intervals, or why there are none.

    Parameters
    ----------
    campaign : Campaign with a rest after a current.
    width : width of the figure (cm); None takes one column for each signal that was measured.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where no current stopped, or nothing was measured after it did.
    """
    shown = _chosen(campaign)
    makers = [make for make in (_voltage, _resistances) if make(None, campaign, shown)]
    if not shown or not makers:
        raise SchemaError("Nothing to draw: nothing was measured after a current stopped.")
    found = times_of(campaign, shown)
    wide = width or (DOUBLE if len(makers) > 1 else SINGLE)
    rows = max((len(_own(found, make is _resistances)) for make in makers), default=0)
    below = rows * MARKS + 0.15 if rows else 0.0
    figure = new_figure(wide, TOP + TALL + (0.25 + below if rows else 0.0) + 1.0)
    box = (wide - LEFT - 0.3 - APART * (len(makers) - 1)) / len(makers)
    for k, make in enumerate(makers):
        left = LEFT + k * (box + APART)
        axes = place(figure, left, TOP, box, TALL)
        make(axes, campaign, shown)
        _log_time(axes, campaign, shown)
        lowest = axes
        if rows:
            lowest = place(figure, left, TOP + TALL + 0.25, box, below, sharex=axes)
            draw_times(lowest, _own(found, make is _resistances), axes)
            axes.tick_params(labelbottom=False)
        lowest.set_xlabel("Time since the current stopped")
        if len(makers) > 1:
            letter(figure, axes, "ab"[k], 1.3)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def _own(found: Sequence[Finding], interface: bool) -> list[Finding]:
    """Return the findings that rest on an impedance, or those that do not."""
    words = ("R_", "impedance", "polarisation")
    own = [one for one in found if any(word in one.basis for word in words) is interface]
    return own[:MOST_TIMES]


def times_of(campaign: CampaignLike, shown: Sequence[Rest]) -> list[Finding]:
    """Return the times found for the blocks of these rests, those of recovery first."""
    known = {rest.block for rest in shown}
    found = [one for one in findings(campaign, *TIMES)
             if one.units == "s" and (one.block in known or -1 in known)]  # fmt: skip
    return sorted(found, key=lambda one: TIMES.index(one.quantity))


def _chosen(campaign: CampaignLike) -> list[Rest]:
    """Return the rest that is drawn, or several of a pulsed block."""
    every = rests(campaign)
    if not every:
        return []
    pulsed = {block.number for block in blocks(campaign) if block.kind == "pulsed"}
    longest = max(every, key=lambda rest: rest.end - rest.start)
    own = [rest for rest in every if rest.block in pulsed and rest is not longest]
    starts = stored(campaign, "spectra", "time_start")
    if not own or (starts is not None and (starts >= longest.start).sum() > 1):
        return [longest]
    count = min(len(own), MOST_RESTS - 1)
    picks = np.unique(np.round(np.linspace(0, len(own) - 1, count)).astype(int))
    return sorted([*(own[k] for k in picks), longest], key=lambda rest: rest.start)


def _voltage(axes: Axes | None, campaign: CampaignLike, shown: Sequence[Rest]) -> bool:
    """Draw the voltage of each rest; return whether there is any. None only asks."""
    curves = [(rest, *_after(campaign, rest)) for rest in shown]
    curves = [curve for curve in curves if len(curve[1]) > 1]
    if axes is None or not curves:
        return bool(curves)
    scale = volt_scale(*(value for _, _, value in curves))
    for (rest, time, value), colour in zip(curves, shades(len(curves)), strict=True):
        logs, drawn = envelope(np.log10(time), value * scale.factor, 600)
        axes.plot(10**logs, drawn, color=colour if len(curves) > 1 else INK, lw=0.9,
                  label=f"at {spoken_time(rest.start)}")  # fmt: skip
    axes.set_ylabel(f"Voltage ({scale.unit})")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    if len(curves) > 1:
        axes.legend(loc="upper right", title="Current stopped", title_fontsize=6)
    return True


def _after(campaign: CampaignLike, rest: Rest) -> tuple[Floats, Floats]:
    """Return time (s) since the current stopped and voltage (V) of one rest."""
    for line in voltage_lines(campaign)[0][:1]:
        first, last = np.searchsorted(line.time, [rest.start, rest.end], "right")
        time, value = line.time[first:last] - rest.start, line.value[first:last]
        keep = np.isfinite(value) & (time > 0)
        return time[keep], value[keep]
    return np.zeros(0), np.zeros(0)


def _resistances(axes: Axes | None, campaign: CampaignLike, shown: Sequence[Rest]) -> bool:
    """Draw R of the interface's peaks, or the polarisation resistance, after the last stop."""
    if not shown or stored(campaign, "drt", "polarisation_resistance") is None:
        return False
    rest = shown[-1]
    rows = sweeps_of(campaign)
    starts = required(campaign, "spectra", "time_start").astype(float)[rows]
    here = (starts >= rest.start - 1e-6) & (starts <= rest.end + 1e-6)
    if here.sum() < 2:
        return False
    if axes is None:
        return True
    # A sweep stands where it began, as in the overlay of γ(τ).
    since = np.maximum(starts - rest.start, 0.0)
    lines = _lines(campaign, rows)
    pooled = max(float(np.nanmax(np.append(value[here], 0.0))) for _, value, _, _ in lines)
    unit = prefixed(pooled, ohm_unit(campaign))
    lowest = _first(campaign, shown)
    for label, value, firm, colour in lines:
        x, y = np.maximum(since[here], lowest), value[here] * unit.factor
        if not np.isfinite(y).any():
            continue
        sure = firm[here]
        many = len(x) > 300
        dots: dict[str, Any] = {"ms": 2.2, "mew": 0.45, "ls": "none", "rasterized": many}
        axes.plot(x, y, "-", color=colour, lw=0.6)
        axes.plot(x[sure], y[sure], "o", color=colour, **dots)
        axes.plot(x[~sure], y[~sure], "o", color=colour, mfc="white", **dots)
        fill = colour if sure.any() else "white"
        axes.plot([], [], "o-", lw=0.6, ms=2.2, mew=0.45, color=colour, mfc=fill, label=label)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"Resistance ({unit.unit})")
    axes.legend(loc="best")
    return True


def _lines(campaign: CampaignLike, rows: np.ndarray) -> list[tuple[str, Floats, np.ndarray, str]]:
    """Return label, values in `ohm_unit`, where they are firm, and colour of every line."""
    found: list[tuple[str, Floats, np.ndarray, str]] = [
        (f"R of {peak_name(track.name)}", track.resistance, track.firm, track.colour)
        for track in tracks(campaign)
        if "int" in track.name and len(track.rows) == len(rows)
    ]
    whole = required(campaign, "drt", "polarisation_resistance") * ohm_factors(campaign)
    return [*found, ("whole polarisation", whole[rows], np.ones(len(rows), bool), GREY)]


def _first(campaign: CampaignLike, shown: Sequence[Rest]) -> float:
    """Return the shortest time (s) after the stop that is drawn: that of the first sample."""
    lines, _ = voltage_lines(campaign)
    rest = shown[-1]
    first = [np.inf]
    for line in lines[:1]:
        later = line.time[line.time > rest.start + 1e-9]
        first += (later[:1] - rest.start).tolist()
    starts = required(campaign, "spectra", "time_end") if "spectra" in campaign else np.zeros(0)
    later = starts[starts > rest.start]
    first += (later[:1] - rest.start).tolist()
    return float(np.clip(min(first), 1e-4, max(rest.end - rest.start, 1e-3) / 10))


def _log_time(axes: Axes, campaign: CampaignLike, shown: Sequence[Rest]) -> None:
    """Make x the time since the current stopped, on a log scale with times as names."""
    last = max(rest.end - rest.start for rest in shown)
    axes.set_xscale("log")
    axes.set_xlim(_first(campaign, shown) * 0.85, last * 1.1)
    low, high = axes.get_xlim()
    ticks = [(10.0**k, "s") for k in range(-4, 0)] + list(TICKS)
    ticks = [(t, u) for t, u in ticks if low <= t <= high]
    ticks = ticks[:: 1 + (len(ticks) - 1) // 7]
    axes.xaxis.set_major_locator(FixedLocator([t for t, _ in ticks]))
    names = [f"{t * time_scale_of(u):g}{THIN}{u}" for t, u in ticks]
    axes.xaxis.set_major_formatter(FixedFormatter(names))
    axes.xaxis.set_minor_locator(NullLocator())


def draw_times(axes: Axes, found: Sequence[Finding], over: Axes) -> None:
    """Draw one row per time constant: value, interval, or the side on which it lies."""
    low, high = over.get_xlim()
    axes.set_ylim(max(len(found), 1) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if not found:
        axes.text(0.5, 0.5, "no time constant was sought", transform=axes.transAxes, ha="center",
                  va="center", color=GREY, fontsize=6)  # fmt: skip
    for row, one in enumerate(found):
        axes.axhline(row, color=PALE, lw=0.35, zorder=0)
        colour = PALETTE[row % 3] if len(found) > 1 else INK
        sure = np.isfinite(one.value)
        kind = "" if one.quantity == QUANTITY else f"{one.quantity.replace('_', ' ')}, "
        several = len({other.block for other in found}) > 1
        where = f", block {one.block}" if several else ""
        told = f"{kind}{one.basis.replace('_', ' ')}{where}: "
        if sure:
            told += f"{spoken_time(one.value)} ({spoken_time(one.low)} – {spoken_time(one.high)})"
            ends = np.clip([one.low, one.high], low, high)
            axes.plot(ends, [row, row], color=colour, lw=1.1, solid_capstyle="butt")
            axes.plot(one.value, row, "o", ms=3, color=colour)
            over.axvline(one.value, color=colour, lw=0.7, ls=(0, (4, 2)), zorder=0)
        else:
            told += one.outcome.replace("_", " ")
            if np.isfinite(one.low) and np.isfinite(one.high):
                ends = np.clip([one.low, one.high], low, high)
                axes.plot(ends, [row, row], color=ORANGE, lw=2.4, alpha=0.5, solid_capstyle="butt")
        late = sure and one.value > np.sqrt(low * high)
        axes.annotate(
            told, (0.01 if late or not sure else 0.99, row - 0.28),
            xycoords=("axes fraction", "data"), fontsize=5.5, va="center",
            ha="left" if late or not sure else "right", color=colour if sure else GREY,
        )  # fmt: skip
