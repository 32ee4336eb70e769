"""How much charge passes: |V| against current-on charge, and the half-cycles of a CCD test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

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
from anodescope.report.halfcycles import CROSS, against_current, half_cycles, overlaid, shorts
from anodescope.report.mesh import envelope
from anodescope.report.panels import TINTS, voltage_lines
from anodescope.report.style import (
    BLUE,
    DOUBLE,
    GREEN,
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
    shades,
    styled,
    write,
)
from anodescope.report.symbols import math_text
from anodescope.report.view import CampaignLike, Floats, Scale, specimen_line
from anodescope.report.voltages import voltage_between

CAPACITY, CURRENT = "critical_capacity", "critical_current"
KINDS = ("pulsed", "constant_current")
LEFT, TOP, TALL = 1.35, 0.55, 4.6  # cm
OFF_SCALE = 3.0  # a limit that is so many times the highest voltage would only flatten the curve
MOST_NAMED = 8  # currents of a CCD test that are named one by one
MOST_PULSES = 60  # beyond it a pulse is too narrow to be seen, and its ends are drawn alone
HALO = [withStroke(linewidth=1.4, foreground="white")]


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


def asked_current(every: Phases, block: Block, time: Floats) -> Floats:
    """Return the current (A) that the protocol asked for at each instant; 0 at rest."""
    rows = every.of(block.number)
    current = np.where(every.resting[rows], 0.0, np.nan_to_num(every.current[rows]))
    k = np.clip(np.searchsorted(every.start[rows], time, "right") - 1, 0, None)
    return np.asarray(current[k], dtype=float)


@dataclass(frozen=True, slots=True)
class _Curve:
    """One curve of the capacity figure: charge (C) and |V| (V), and how it is drawn."""

    charge: Floats
    volts: Floats
    colour: str
    name: str
    order: int
    dashed: bool = False


@styled
def capacity_figure(campaign: CampaignLike, width: float = SINGLE) -> Figure:
    """Draw |V| against the charge passed while the current was on, with limit and capacity.

    The charge is that which the protocol asks for. Dark: while the current flows (of pulses: at
    their end); pale: at rest; dashed: without the ohmic drop, where a finding says which
    resistance it took. Vertical lines are the critical stripping capacities found; an arrow says
    that the record ended before the limit was reached.

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
        where there is no such block, no voltage, or a capacity was sought and there is not even a
        bound to draw.
    """
    block, every = capacity_block(campaign), phases(campaign)
    if block is None or every is None:
        raise SchemaError("Nothing to draw: no block of pulses or constant current with a voltage.")
    found = findings(campaign, CAPACITY, block=block.number)
    if found and not any(one.drawable for one in found):
        raise SchemaError(f"Nothing to draw of a capacity. {found[0].sentence}")
    curves = _curves(campaign, every, block, found)
    if not curves:
        raise SchemaError("Nothing to draw: no voltage was recorded while the current flowed.")
    drawn = [one for one in found if one.drawable]
    limits = sorted({one.limit for one in found if one.limit is not None})
    high = 0.32 * ((len(curves) + max(len(drawn), 1) + 1) // 2) + 0.25
    figure = new_figure(width, TOP + high + TALL + 1.0)
    axes = place(figure, LEFT, TOP + high, width - LEFT - 0.3, TALL)
    largest = max(float(one.charge.max()) for one in curves)
    scale = charge_scale(campaign, largest)
    highest = max(float(one.volts.max()) for one in curves)
    near = [limit for limit in limits if limit <= OFF_SCALE * highest]
    unit = volt_scale(*(one.volts for one in curves), np.array(near))
    for one in curves:
        position, shown = envelope(one.charge * scale.factor, one.volts * unit.factor, 900)
        axes.plot(position, shown, color=one.colour, lw=0.8, label=one.name, zorder=one.order,
                  ls=(0, (3, 2)) if one.dashed else "-", rasterized=len(shown) > 2000)  # fmt: skip
    room = 1.16 if len(near) < len(limits) else 1.08
    axes.set_ylim(0, room * unit.factor * max([highest, *near]))
    bound = any(one.censored for one in drawn)
    axes.set_xlim(0, (1.16 if bound else 1.05) * scale.factor * largest)
    _limits(axes, limits, near, unit)
    _capacities(axes, drawn, curves, scale, unit)
    if not found:
        axes.plot([], [], " ", label="no critical capacity was sought")
    axes.set_xlabel(f"Charge while the current was on ({scale.unit})")
    axes.set_ylabel(f"|Voltage| ({unit.unit})")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02), ncols=2, borderaxespad=0,
                columnspacing=1.0)  # fmt: skip
    write(figure, LEFT, 0.1, f"{specimen_line(campaign, 40)} · {block.name}", fontsize=6,
          color=GREY)  # fmt: skip
    return figure


def _curves(
    campaign: CampaignLike, every: Phases, block: Block, found: Sequence[Finding]
) -> list[_Curve]:
    """Return the curves of a block: |V| under current, at rest, and without the ohmic drop."""
    time, signed = voltage_between(campaign, block.start, block.end)
    if not len(time):
        return []
    charge, flows = on_charge(every, block, time)
    # The last sample of every pulse tells whether the limit was met, that of a rest what is left.
    lasts = flows & ~np.append(flows[1:], False)
    ends = ~flows & np.append(flows[1:], True)
    count = int(lasts.sum())
    pulsed, many = count > 2, count > MOST_PULSES
    specs = [
        (ends if many else ~flows, "#a9b0b7" if many else PALE,
         "end of every rest" if many else "at rest", 1),
        (flows & ~np.bool_(many), TINTS[0] if pulsed else INK, "current on", 2),
        (lasts & pulsed, INK, "end of every pulse", 3),
    ]  # fmt: skip
    curves = [
        _Curve(charge[mask], np.abs(signed[mask]), colour, name, order)
        for mask, colour, name, order in specs if mask.any()
    ]  # fmt: skip
    ohmic = next((one.subtracted for one in found if one.subtracted is not None), None)
    shown = lasts if pulsed else flows
    if ohmic is not None and shown.any():
        rest = np.abs(signed - asked_current(every, block, time) * ohmic)[shown]
        curves.append(_Curve(charge[shown], rest, BLUE, "|V − iR$_Ω$|", 3, dashed=True))
    return curves


def _limits(axes: Axes, limits: Sequence[float], near: Sequence[float], unit: Scale) -> None:
    """Draw the limits; one far above all that was measured is only named."""
    for limit in limits:
        away = limit not in near
        height = axes.get_ylim()[1] if away else limit * unit.factor
        if not away:
            axes.axhline(height, color=VERMILLION, lw=0.7, ls=(0, (4, 2)), zorder=0)
        axes.annotate(
            f"limit {limit:g}{THIN}V" + (" (above this axis)" if away else ""), (0, height),
            xycoords=("axes fraction", "data"), xytext=(3, -7 if away else 2),
            textcoords="offset points", fontsize=6, color=VERMILLION, path_effects=HALO,
        )  # fmt: skip


def _capacities(
    axes: Axes, found: Sequence[Finding], curves: Sequence[_Curve], scale: Scale, unit: Scale
) -> None:
    """Draw the capacities; one that was not reached is an arrow from where its curve ends."""
    for number, one in enumerate(found):
        colour = (GREEN, BLUE, ORANGE, PALETTE[3])[number % 4]
        ohmic = "ohmic" in one.basis
        what = "|V − iR$_Ω$|" if ohmic else "|V|" if one.basis == "voltage" else (
            math_text(one.basis.replace("_", " "))
        )  # fmt: skip
        if one.censored:
            own = [c for c in curves if c.dashed == ohmic and c.order > 1] or list(curves)
            end = (one.low * scale.factor, float(own[-1].volts[-1]) * unit.factor)
            axes.annotate(
                "", end, xytext=(22, 0), textcoords="offset points", zorder=5,
                arrowprops={"arrowstyle": "<|-", "color": colour, "lw": 0.9, "mutation_scale": 6,
                            "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
            axes.plot([], [], color=colour, lw=0.9, marker=">", ms=3, mew=0,
                      label=f"{what}: > {amount(one.low, scale)}")  # fmt: skip
        elif np.isfinite(one.value):
            axes.axvline(one.value * scale.factor, color=colour, lw=0.9, zorder=4,
                         ls=(0, (4, 2)) if number % 2 else "-",
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
    at the start (open) and the end (filled) of every half-cycle, a cross before a short circuit;
    the band is the interval (last survived, first shorted] of the critical current, an arrow says
    that none shorted.

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
    top, apart = TOP + 1.15, 0.55
    figure = new_figure(width, top + TALL + 1.0)
    box = (width - LEFT - 0.3 - apart - 1.45) / 3
    known = campaign.attrs.get("current_sign") == "strips"
    names = ("stripping", "plating") if known else ("positive current", "negative current")
    sizes = sorted({half.size for half in halves})
    colours = dict(zip(sizes, shades(len(sizes)), strict=True))
    scale = current_scale(campaign, sizes[-1] if sizes else 0.0)
    unit = volt_scale(*(half.voltage for half in halves))
    instants = shorts(campaign, block)
    first: Axes | None = None
    for k, (sign, name) in enumerate(zip((1, -1), names, strict=True)):
        axes = place(figure, LEFT + k * (box + apart), top, box, TALL,
                     **({"sharey": first} if first else {}))  # fmt: skip
        first = first or axes
        own = [half for half in halves if np.sign(half.current) == sign]
        overlaid(axes, own, colours, unit, instants)
        axes.set_title(name, pad=3)
        axes.tick_params(labelleft=k == 0)
        axes.set_ylabel(f"Voltage ({unit.unit})" if k == 0 else "")
        letter(figure, axes, "ab"[k], 1.2 if k == 0 else 0.35, 0.2)
    last = place(figure, LEFT + 2 * (box + apart) + 0.9, top, box, TALL)
    critical = findings(campaign, CURRENT, block=block.number)
    against_current(last, halves, (scale, unit), critical, instants, names)
    last.legend(loc="lower right", bbox_to_anchor=(1.02, 1.01), ncols=2, borderaxespad=0,
                columnspacing=0.8)  # fmt: skip
    _current_key(figure, sizes, scale, box=(LEFT, 2 * box + apart), top=TOP, crossed=len(instants))
    letter(figure, last, "c", 1.1, 0.2)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def _current_key(
    figure: Figure, sizes: Sequence[float], scale: Scale, *, box: tuple[float, float], top: float,
    crossed: int,
) -> None:  # fmt: skip
    """Name the colours of the currents over both panels: one by one, or many by a colour bar."""
    left, wide = box
    if len(sizes) > MOST_NAMED:
        low, high = sizes[0] * scale.factor, sizes[-1] * scale.factor
        bar = place(figure, left + 0.25 * wide, top + 0.42, 0.5 * wide, 0.16)
        figure.colorbar(ScalarMappable(Normalize(low, high), ListedColormap(shades(len(sizes)))),
                        cax=bar, orientation="horizontal", ticklocation="top")  # fmt: skip
        bar.spines["outline"].set_linewidth(0.4)
        write(figure, left + 0.77 * wide, top + 0.42, scale.unit, fontsize=6)
        return
    axes = place(figure, left, top, wide, 0.6)
    axes.set_axis_off()
    colours = shades(len(sizes))
    for size, colour in zip(sizes, colours, strict=True):
        axes.plot([], [], color=colour, lw=0.9, label=amount(size, scale))
    if crossed:
        axes.plot([], [], label="short circuit", **CROSS)
    axes.legend(loc="upper left", ncols=4, borderaxespad=0, columnspacing=1.2)
