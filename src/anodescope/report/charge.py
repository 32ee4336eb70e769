"""How much charge passes: |V| against current-on charge, and the half-cycles of a CCD test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from anodescope.errors import SchemaError
from anodescope.report.amounts import (
    Finding,
    amount,
    charge_scale,
    current_scale,
    findings,
    volt_scale,
)
from anodescope.report.blocks import Block, Phases, blocks_of, phases
from anodescope.report.mesh import envelope
from anodescope.report.panels import TINTS, voltage_lines
from anodescope.report.style import (
    DOUBLE,
    GREY,
    INK,
    ORANGE,
    PALE,
    PALETTE,
    SINGLE,
    THIN,
    VERMILLION,
    letter,
    new_figure,
    place,
    printable,
    shades,
    styled,
    write,
)
from anodescope.report.view import (
    CampaignLike,
    Floats,
    Scale,
    specimen_line,
    stored,
    time_scale,
)

CAPACITY, CURRENT = "critical_capacity", "critical_current"
KINDS = ("pulsed", "constant_current")
LEFT, TOP, TALL = 1.35, 0.55, 4.6  # cm


def capacity_block(campaign: CampaignLike) -> Block | None:
    """Return the block whose charge is drawn: that of a critical capacity, or the longest."""
    found = blocks_of(campaign, *KINDS)
    if not found or not voltage_lines(campaign)[0]:
        return None
    named = {one.block for one in findings(campaign, CAPACITY)}
    return max(found, key=lambda block: (block.number in named, block.end - block.start))


def on_charge(every: Phases, block: Block, time: Floats) -> tuple[Floats, np.ndarray]:
    """Return the charge (C) that the protocol passed until each instant, and where it flows."""
    rows = every.of(block.number)
    size = np.where(every.resting[rows], 0.0, np.abs(np.nan_to_num(every.current[rows])))
    start, end = every.start[rows], every.end[rows]
    before = np.concatenate([[0.0], np.cumsum(size * (end - start))])
    k = np.clip(np.searchsorted(start, time, "right") - 1, 0, None)
    charge = before[k] + size[k] * np.clip(time - start[k], 0, end[k] - start[k])
    return charge, size[k] > 0


@styled
def capacity_figure(campaign: CampaignLike, width: float = SINGLE) -> Figure:
    """Draw |V| against the charge passed while the current was on, with limit and capacity.

    The charge is that which the protocol asks for. Dark: while the current flows; pale: at rest.
    Vertical lines are the critical stripping capacities found; an arrow says that the record ended
    before the limit was reached.

    Parameters
    ----------
    campaign : Campaign whose protocol holds a pulsed block or one of constant current.
    width : width of the figure (cm).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where there is no such block, or no voltage.
    """
    block, every = capacity_block(campaign), phases(campaign)
    if block is None or every is None:
        raise SchemaError("Nothing to draw: no block of pulses or constant current with a voltage.")
    line = voltage_lines(campaign)[0][0]
    first, last = np.searchsorted(line.time, [block.start, block.end])
    time, value = line.time[first : last + 1], np.abs(line.value[first : last + 1])
    charge, flows = on_charge(every, block, time)
    scale = charge_scale(campaign, float(charge.max()) if len(charge) else 0.0)
    figure = new_figure(width, TOP + 0.9 + TALL + 1.0)
    axes = place(figure, LEFT, TOP + 0.9, width - LEFT - 0.3, TALL)
    x = charge * scale.factor
    # The last sample of every pulse tells whether the limit was met.
    lasts = flows & ~np.append(flows[1:], False)
    pulsed = int(lasts.sum()) > 2
    unit = volt_scale(value)
    for mask, colour, name, order in (
        (~flows, PALE, "at rest", 1),
        (flows, TINTS[0] if pulsed else INK, "current on", 2),
        (lasts & pulsed, INK, "end of every pulse", 3),
    ):
        here = mask & np.isfinite(value)
        if here.any():
            position, shown = envelope(x[here], value[here] * unit.factor, 900)
            axes.plot(position, shown, color=colour, lw=0.8, label=name, zorder=order,
                      rasterized=len(shown) > 2000)  # fmt: skip
    found = findings(campaign, CAPACITY, block=block.number)
    _capacities(axes, found, scale, unit)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"Charge while the current was on ({scale.unit})")
    axes.set_ylabel(f"|Voltage| ({unit.unit})")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02), ncols=2, borderaxespad=0)
    write(figure, LEFT, 0.1, f"{specimen_line(campaign, 40)} · {block.name}", fontsize=6,
          color=GREY)  # fmt: skip
    return figure


def _capacities(axes: Axes, found: Sequence[Finding], scale: Scale, unit: Scale) -> None:
    """Draw limit and capacities; one that was not reached is an arrow at the record's end."""
    limits = {one.limit for one in found if one.limit is not None}
    for limit in sorted(limits):
        axes.axhline(limit * unit.factor, color=VERMILLION, lw=0.7, ls=(0, (4, 2)), zorder=0)
        axes.annotate(
            f"limit {limit:g}{THIN}V", (0, limit * unit.factor), xycoords=("axes fraction", "data"),
            xytext=(2, 2), textcoords="offset points", fontsize=6, color=VERMILLION,
        )  # fmt: skip
    for number, one in enumerate(found):
        colour = (PALETTE[0], ORANGE, PALETTE[2], PALETTE[3])[number % 4]
        what = "without iR" if "ohmic" in one.basis else one.basis.replace("_", " ")
        if one.censored and np.isfinite(one.low):
            low = one.low * scale.factor
            y = 0.42 - 0.12 * number
            axes.annotate(
                "", (low, y), xytext=(-16, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 0.9, "mutation_scale": 6},
            )  # fmt: skip
            axes.plot([], [], color=colour, lw=0.9,
                      label=f"{what}: > {amount(one.low, scale)}")  # fmt: skip
        elif np.isfinite(one.value):
            axes.axvline(one.value * scale.factor, color=colour, lw=0.9, zorder=3,
                         label=f"{what}: {amount(one.value, scale)}")  # fmt: skip
            if np.isfinite(one.low + one.high):
                axes.axvspan(one.low * scale.factor, one.high * scale.factor, color=colour,
                             alpha=0.2, lw=0, zorder=0)  # fmt: skip


def ccd_block(campaign: CampaignLike) -> Block | None:
    """Return the CCD test that is drawn: the longest; None where there is none with a voltage."""
    found = blocks_of(campaign, "ccd")
    if not found or not voltage_lines(campaign)[0]:
        return None
    return max(found, key=lambda block: block.end - block.start)


@styled
def ccd_figure(campaign: CampaignLike, width: float = DOUBLE) -> Figure:
    """Draw the half-cycles of a CCD test over each other, and their voltage against current.

    a and b: voltage during the half-cycles that strip and that plate (or of positive and negative
    current where the sign is unknown), coloured by current; a cross marks a short circuit. c: |V|
    at the start (open) and the end (filled) of every half-cycle; the band is the interval (last
    survived, first shorted] of the critical current.

    Parameters
    ----------
    campaign : Campaign whose protocol holds a CCD test.
    width : width of the figure (cm).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where no CCD test was recognised, or there is no voltage.
    """
    block, every = ccd_block(campaign), phases(campaign)
    if block is None or every is None:
        raise SchemaError("Nothing to draw: no CCD test with a voltage.")
    halves = half_cycles(campaign, every, block)
    figure = new_figure(width, TOP + 0.3 + TALL + 1.0)
    apart = 0.55
    box = (width - LEFT - 0.3 - apart - 1.45) / 3
    known = campaign.attrs.get("current_sign") == "strips"
    size = sorted({round(abs(half.current), 12) for half in halves})
    colours = dict(zip(size, shades(len(size)), strict=True))
    scale = current_scale(campaign, size[-1] if size else 0.0)
    unit = volt_scale(*(half.voltage for half in halves))
    first: Axes | None = None
    for k, (sign, name) in enumerate(
        ((1, "stripping" if known else "positive current"),
         (-1, "plating" if known else "negative current"))
    ):  # fmt: skip
        axes = place(figure, LEFT + k * (box + apart), TOP + 0.3, box, TALL,
                     **({"sharey": first} if first else {}))  # fmt: skip
        first = first or axes
        own = [half for half in halves if np.sign(half.current) == sign]
        _overlaid(axes, own, colours, scale, unit, _shorts(campaign, block))
        axes.set_title(name, pad=3)
        axes.tick_params(labelleft=k == 0)
        axes.set_ylabel(f"Voltage ({unit.unit})" if k == 0 else "")
        letter(figure, axes, "ab"[k], 1.2 if k == 0 else 0.35, 0.2)
    last = place(figure, LEFT + 2 * (box + apart) + 0.9, TOP + 0.3, box, TALL)
    critical = findings(campaign, CURRENT, block=block.number)
    _against_current(last, halves, (scale, unit), critical, known=known)
    letter(figure, last, "c", 1.1, 0.2)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


class HalfCycle:
    """One half-cycle: its current (A), the samples of time (s, since its start) and voltage."""

    __slots__ = ("current", "end", "start", "time", "voltage")

    def __init__(
        self, current: float, start: float, end: float, time: Floats, voltage: Floats
    ) -> None:
        self.current, self.start, self.end = current, start, end
        self.time, self.voltage = time, voltage


def half_cycles(campaign: CampaignLike, every: Phases, block: Block) -> list[HalfCycle]:
    """Return the half-cycles of a block that carry a current, in time order."""
    line = voltage_lines(campaign)[0][0]
    rows = every.of(block.number)
    found = []
    for level in np.unique(every.level[rows]):
        own = rows[every.level[rows] == level]
        current = every.current[own]
        current = current[np.isfinite(current)]
        if not len(current) or current[0] == 0:
            continue
        start, end = float(every.start[own].min()), float(every.end[own].max())
        a, b = np.searchsorted(line.time, [start + 1e-9, end - 1e-9])
        time, value = line.time[a:b] - start, line.value[a:b]
        found.append(HalfCycle(float(current[0]), start, end, time, value))
    return found


def _shorts(campaign: CampaignLike, block: Block) -> Floats:
    """Return the instants (s) of the short circuits of a block, from events and findings."""
    kinds, times = stored(campaign, "events", "kind"), stored(campaign, "events", "time")
    told = [] if kinds is None or times is None else [
        float(time) for kind, time in zip(kinds, times, strict=True) if "short" in str(kind)
    ]  # fmt: skip
    told += [one.time for one in findings(campaign, block=block.number) if "short" in one.quantity]
    found = np.unique([time for time in told if np.isfinite(time)])
    found = found[(found >= block.start) & (found <= block.end)]
    # Several signals tell of one short circuit, each at an instant of its own.
    return found[np.diff(found, prepend=-np.inf) > 0.01 * (block.end - block.start)]


def _overlaid(
    axes: Axes,
    halves: Sequence[HalfCycle],
    colours: dict[float, tuple[float, float, float, float]],
    scale: Scale,
    volt: Scale,
    shorts: Floats,
) -> None:
    """Draw half-cycles from their start, and a cross at short circuits."""
    longest = max((half.end - half.start for half in halves), default=1.0)
    unit = time_scale(longest)
    named: set[float] = set()
    for half in halves:
        size = round(abs(half.current), 12)
        time, value = envelope(half.time, half.voltage * volt.factor, 300)
        label = None if size in named else printable(amount(size, scale))
        named.add(size)
        axes.plot(time * unit.factor, value, color=colours[size], lw=0.9, label=label)
        for instant in shorts:
            if half.start <= instant <= half.end and len(half.time):
                k = int(np.abs(half.time - (instant - half.start)).argmin())
                axes.plot(half.time[k] * unit.factor, half.voltage[k] * volt.factor, "X", ms=4.5,
                          color=VERMILLION, mec="white", mew=0.4, zorder=5)  # fmt: skip
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    axes.set_xlim(0, longest * unit.factor)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 1.5, 2, 3, 5, 10]))
    axes.set_xlabel(f"Time in the half-cycle ({unit.unit})")
    if named:
        axes.legend(loc="best")


def _against_current(
    axes: Axes,
    halves: Sequence[HalfCycle],
    scales: tuple[Scale, Scale],
    critical: Sequence[Finding],
    *,
    known: bool,
) -> None:
    """Draw |V| at the start and the end of every half-cycle against |i|, and the CCD's interval."""
    scale, volt = scales
    names = ("stripping", "plating") if known else ("positive", "negative")
    for sign, name, marker, colour in (
        (1, names[0], "o", PALETTE[0]), (-1, names[1], "s", PALETTE[2])
    ):  # fmt: skip
        own = [h for h in halves if np.sign(h.current) == sign and np.isfinite(h.voltage).any()]
        # Both signs stand beside each other at one current.
        aside = 0.006 * sign * max((abs(half.current) for half in halves), default=0.0)
        x = np.array([(abs(half.current) + aside) * scale.factor for half in own])
        finite = [half.voltage[np.isfinite(half.voltage)] for half in own]
        ends = np.array([np.abs([v[0], v[-1]]) * volt.factor for v in finite]).reshape(-1, 2)
        for k in range(len(own)):
            axes.plot([x[k]] * 2, ends[k], color=colour, lw=0.5, alpha=0.6)
        axes.plot(x, ends[:, 0], marker, ms=3, mfc="white", color=colour, mew=0.6, ls="none")
        axes.plot(x, ends[:, 1], marker, ms=3, color=colour, mew=0.6, ls="none", label=name)
    for marker, name in (("white", "start of half-cycle"), (GREY, "end")):
        axes.plot([], [], "o", ms=3, color=GREY, mfc=marker, mew=0.6, ls="none", label=name)
    for one in critical[:1]:
        low, high = one.low * scale.factor, one.high * scale.factor
        if np.isfinite(low) and np.isfinite(high):
            axes.axvspan(low, high, color=ORANGE, alpha=0.2, lw=0, zorder=0,
                         label=f"critical: {low:.3g} – {high:.3g}")  # fmt: skip
        elif np.isfinite(low):
            axes.axvline(low, color=ORANGE, lw=0.8, label=f"critical: > {low:.3g}")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_ylabel(f"|Voltage| ({volt.unit})")
    what = "Current density" if "cm" in scale.unit else "Current"
    axes.set_xlabel(f"{what} ({scale.unit})")
    axes.legend(loc="best")
