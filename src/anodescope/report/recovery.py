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
from anodescope.report.symbols import math_text
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
    time_scale,
)
from anodescope.report.voltages import voltage_between

QUANTITY = "recovery_time"
TIMES = (QUANTITY, "half_time", "decay_time", "plateau_time", "vanishing_time")
MOST_TIMES = 6  # of one panel
COLOURS = tuple(PALETTE[k] for k in (1, 0, 5, 4, 6, 3))  # none is that of a line in its panel
LEFT, APART, TOP, TALL, MARKS, KEY = 1.45, 1.6, 0.55, 3.9, 0.48, 0.95  # cm
MOST_RESTS = 8
UNASKED = ("too_few_points", "not_finite")  # and every outcome that needs something


@styled
def recovery_figure(campaign: CampaignLike, width: float | None = None) -> Figure:
    """Draw voltage and interface resistance against the time since the current stopped.

    The longest rest is drawn that a finding speaks of; of a pulsed block, up to eight of its rests.
    Below each panel stand the fitted time constants with their 95 % intervals, or why there are
    none.

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
        where no current stopped, nothing was measured after it did, or what was measured is too
        little for any time to be sought.
    """
    shown = shown_rests(campaign)
    makers = [make for make in (_voltage, _resistances) if make(None, campaign, shown)]
    if not shown or not makers:
        raise SchemaError("Nothing to draw: nothing was measured after a current stopped.")
    found = times_of(campaign, shown)
    # No figure may look as if a time had been sought in it where none was.
    sought = [one for one in found if one.quantity == QUANTITY]
    if sought and not any(one.drawable or _was_sought(one) for one in sought):
        raise SchemaError(f"Nothing to draw of a recovery. {sought[0].sentence}")
    wide = width or (DOUBLE if len(makers) > 1 else SINGLE)
    parts = [_own(found, make is _resistances) for make in makers] if len(makers) > 1 else [found]
    rows = min(max(len(part) for part in parts), MOST_TIMES)
    below = rows * MARKS + 0.15 if rows else 0.0
    top = TOP + (KEY if len(shown) > 1 else 0.0)
    figure = new_figure(wide, top + TALL + (0.25 + below if rows else 0.0) + 1.0)
    box = (wide - LEFT - 0.3 - APART * (len(makers) - 1)) / len(makers)
    for k, (make, part) in enumerate(zip(makers, parts, strict=True)):
        left = LEFT + k * (box + APART)
        axes = place(figure, left, top, box, TALL)
        make(axes, campaign, shown)
        _log_time(axes, campaign, shown)
        lowest = axes
        if rows:
            lowest = place(figure, left, top + TALL + 0.25, box, below, sharex=axes)
            draw_times(lowest, part, axes, campaign, rows)
            axes.tick_params(labelbottom=False)
        lowest.set_xlabel("Time since the current stopped")
        if len(makers) > 1:
            letter(figure, axes, "ab"[k], 1.3)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def _was_sought(one: Finding) -> bool:
    """Tell whether a time was sought in the data, found or not."""
    return one.outcome not in UNASKED and not one.outcome.startswith("needs_")


def _own(found: Sequence[Finding], interface: bool) -> list[Finding]:
    """Return the findings that rest on an impedance, or those that do not."""
    words = ("R_", "impedance", "polarisation", "γ")
    return [one for one in found if any(word in one.basis for word in words) is interface]


def times_of(campaign: CampaignLike, shown: Sequence[Rest]) -> list[Finding]:
    """Return the times found for the blocks of these rests: block by block, recovery first."""
    known = {rest.block for rest in shown}
    found = [one for one in findings(campaign, *TIMES)
             if one.units == "s" and (one.block in known or -1 in known)]  # fmt: skip
    return sorted(found, key=lambda one: (one.block, TIMES.index(one.quantity)))


def shown_rests(campaign: CampaignLike) -> list[Rest]:
    """Return the rest that is drawn, or several of a pulsed block, in time order."""
    every = rests(campaign)
    if not every:
        return []
    pulsed = {block.number for block in blocks(campaign) if block.kind == "pulsed"}
    # Of many rests, the one that the findings speak of is worth a figure.
    told = {one.block for one in findings(campaign, *TIMES)}
    named = [rest for rest in every if rest.block in told] or every
    longest = max(named, key=lambda rest: rest.end - rest.start)
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
    lowest = _first(campaign, shown)
    for (rest, time, value), colour in zip(curves, shades(len(curves)), strict=True):
        logs, drawn = envelope(np.log10(np.maximum(time, lowest)), value * scale.factor, 600)
        last = rest.block != shown[0].block
        axes.plot(10**logs, drawn, color=colour if len(curves) > 1 else INK, lw=0.9,
                  label=spoken_time(rest.start) + (", last" if last else ""))  # fmt: skip
    axes.set_ylabel(f"Voltage ({scale.unit})")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    if len(curves) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=4, title="Current stopped at",
                    title_fontsize=6, alignment="left", columnspacing=1.0)  # fmt: skip
    return True


def _after(campaign: CampaignLike, rest: Rest) -> tuple[Floats, Floats]:
    """Return time (s) since the current stopped and voltage (V) of one rest."""
    time, value = voltage_between(campaign, rest.start, rest.end)
    later = time > rest.start
    return time[later] - rest.start, value[later]


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
    if not all(line[2][here].all() for line in lines):
        axes.plot([], [], "o", ms=2.2, mew=0.45, color=GREY, mfc="white",
                  label="cut by the window's edge")  # fmt: skip
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
    """Return the shortest time (s) after the stop that is drawn: about that of the first sample.

    A sample at the very switch, long before the next one, would take up half of a log axis: the
    axis then begins a decade before that next one.
    """
    firsts: list[float] = []
    for rest in shown:
        time = _after(campaign, rest)[0][:2]
        if len(time):
            firsts.append(max(float(time[0]), float(time[-1]) / 10))
    rest = shown[-1]
    ends = required(campaign, "spectra", "time_end") if "spectra" in campaign else np.zeros(0)
    firsts += (ends[ends > rest.start][:1] - rest.start).tolist()
    return float(np.clip(min(firsts), 1e-4, max(rest.end - rest.start, 1e-3) / 10))


def _log_time(axes: Axes, campaign: CampaignLike, shown: Sequence[Rest]) -> None:
    """Make x the time since the current stopped, on a log scale with times as names."""
    last = max(rest.end - rest.start for rest in shown)
    axes.set_xscale("log")
    axes.set_xlim(_first(campaign, shown) * 0.85, last * 1.1)
    low, high = axes.get_xlim()
    decades = [(10.0**k, "s") for k in range(-4, 0)] + list(TICKS)
    between = [(t * k, u) for t, u in decades for k in (1, 2, 5) if k == 1 or t * k != 3e3]
    for every in (decades, between):
        ticks = [(t, u) for t, u in every if low <= t <= high]
        if len(ticks) > 2:
            break
    ticks = ticks[:: 1 + (len(ticks) - 1) // 7]
    axes.xaxis.set_major_locator(FixedLocator([t for t, _ in ticks]))
    names = [f"{t * time_scale_of(u):g}{THIN}{u}" for t, u in ticks]
    axes.xaxis.set_major_formatter(FixedFormatter(names))
    axes.xaxis.set_minor_locator(NullLocator())


def span_text(value: float, low: float, high: float) -> str:
    """Return “15.01 (14.97 – 15.05) min”: a time and its bounds (s) in one unit.

    It has as many digits as its interval needs to show, at most four.
    """
    scale = time_scale(1.5 * value)
    numbers = np.array([value, low, high]) * scale.factor
    wide = max(float(numbers[2] - numbers[1]), 1e-3 * float(numbers[0]))
    digits = int(np.clip(1 - np.floor(np.log10(wide)), 0, 3 - np.floor(np.log10(numbers[0]))))
    texts = [f"{number:.{digits}f}" for number in numbers]
    return f"{texts[0]} ({texts[1]} – {texts[2]}){THIN}{scale.unit}"


def _told(one: Finding, campaign: CampaignLike, *, several: bool) -> str:
    """Return what stands over a finding's row: what it is, of which block, and its value."""
    kind = "τ" if one.quantity == QUANTITY else one.quantity.replace("_", " ")
    block = next((block for block in blocks(campaign) if block.number == one.block), None)
    where = ""
    if several and block is not None:
        where = ", between pulses" if block.kind == "pulsed" else f", {block.name}"
    if np.isfinite(one.value) and np.isfinite(one.low + one.high):
        told = span_text(one.value, one.low, one.high)
    elif np.isfinite(one.value):
        told = spoken_time(one.value)
    elif one.censored:
        told = f"> {spoken_time(one.low)}"
    else:
        told = one.outcome.replace("_", " ")
        if np.isfinite(one.low + one.high):
            told += f" ({spoken_time(one.low)} – {spoken_time(one.high)})"
    return math_text(f"{kind} of {one.basis.replace('_', ' ')}{where}: {told}")


def draw_times(
    axes: Axes, found: Sequence[Finding], over: Axes, campaign: CampaignLike, rows: int
) -> None:
    """Draw one row per time: value, interval, or the side on which it lies; `rows` have room."""
    low, high = over.get_xlim()
    axes.set_ylim(rows - 0.5, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    shown = found if len(found) <= rows else found[: rows - 1]
    if len(shown) < rows and len(shown) < max(len(found), 1):
        more = f"and {len(found) - len(shown)} more, in the table" if found else "nothing sought"
        axes.annotate(more, (0.01, rows - 1.0 if found else 0.0), fontsize=5.5, color=GREY,
                      xycoords=("axes fraction", "data"), va="center")  # fmt: skip
    several = len({one.block for one in found}) > 1
    for row, one in enumerate(shown):
        axes.axhline(row, color=PALE, lw=0.35, zorder=0)
        sure = np.isfinite(one.value)
        colour = COLOURS[row % len(COLOURS)] if sure else GREY
        ends = np.clip(np.nan_to_num([one.low, one.high], nan=np.nan, posinf=high), low, high)
        if sure:
            axes.plot(ends, [row, row], color=colour, lw=1.1, solid_capstyle="butt")
            axes.plot(one.value, row, "o", ms=3, color=colour)
            if one.quantity == QUANTITY:
                over.axvline(one.value, color=colour, lw=0.7, ls=(4 * row, (4, 3)), zorder=0)
        elif one.censored:
            axes.plot([ends[0], high], [row, row], color=GREY, lw=0.9)
            axes.plot([high], [row], ">", ms=3.2, color=GREY, clip_on=False)
        elif np.isfinite(ends).all():
            axes.plot(ends, [row, row], color=ORANGE, lw=2.4, alpha=0.5, solid_capstyle="butt")
        middle = one.value if sure else low
        right = sure and middle < np.sqrt(low * high)
        axes.annotate(
            _told(one, campaign, several=several), (0.99 if right else 0.01, row - 0.42),
            xycoords=("axes fraction", "data"), fontsize=5.5, va="center",
            ha="right" if right else "left", color=colour,
        )  # fmt: skip
