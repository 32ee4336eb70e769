"""The half-cycles of a CCD test: their samples, their short circuits, and the panels with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from anodescope.report.amounts import Finding, amount, findings
from anodescope.report.blocks import Block, Phases
from anodescope.report.mesh import envelope
from anodescope.report.style import GREY, ORANGE, PALE, PALETTE, VERMILLION
from anodescope.report.view import CampaignLike, Floats, Scale, stored, time_scale
from anodescope.report.voltages import voltage_between

Colour = tuple[float, float, float, float]
CROSS: dict[str, Any] = {
    "marker": "X",
    "ms": 4.5,
    "color": VERMILLION,
    "mec": "white",
    "mew": 0.4,
    "ls": "none",
}


class HalfCycle:
    """One half-cycle: its current (A), the samples of time (s, since its start) and voltage."""

    __slots__ = ("current", "end", "start", "time", "voltage")

    def __init__(
        self, current: float, start: float, end: float, time: Floats, voltage: Floats
    ) -> None:
        self.current, self.start, self.end = current, start, end
        self.time, self.voltage = time, voltage

    @property
    def size(self) -> float:
        """The size of the current (A), equal for half-cycles of one level."""
        return float(f"{abs(self.current):.4g}")

    def at(self, instant: float) -> int | None:
        """Return which sample lies nearest to an instant (s); None outside the half-cycle."""
        if not (self.start <= instant <= self.end and len(self.time)):
            return None
        return int(np.abs(self.time - (instant - self.start)).argmin())


def half_cycles(campaign: CampaignLike, every: Phases, block: Block) -> list[HalfCycle]:
    """Return the half-cycles of a block that carry a current, in time order."""
    rows = every.of(block.number)
    found = []
    for level in np.unique(every.level[rows]):
        own = rows[every.level[rows] == level]
        current = every.current[own]
        current = current[np.isfinite(current)]
        if not len(current) or current[0] == 0:
            continue
        start, end = float(every.start[own].min()), float(every.end[own].max())
        # The sample at the end is the first of the next half-cycle.
        time, value = voltage_between(campaign, start + 1e-9, end - 1e-9)
        found.append(HalfCycle(float(current[0]), start, end, time - start, value))
    return found


def shorts(campaign: CampaignLike, block: Block) -> Floats:
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


def overlaid(
    axes: Axes,
    halves: Sequence[HalfCycle],
    colours: dict[float, Colour],
    volt: Scale,
    instants: Floats,
) -> None:
    """Draw half-cycles from their start, and a cross at short circuits."""
    longest = max((half.end - half.start for half in halves), default=1.0)
    unit = time_scale(longest)
    for half in halves:
        time, value = envelope(half.time, half.voltage * volt.factor, 300)
        axes.plot(time * unit.factor, value, color=colours[half.size], lw=0.9)
        for k in (half.at(instant) for instant in instants):
            if k is not None:
                axes.plot([half.time[k] * unit.factor], [half.voltage[k] * volt.factor],
                          zorder=5, clip_on=False, **CROSS)  # fmt: skip
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    axes.set_xlim(0, longest * unit.factor)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 1.5, 2, 3, 5, 10]))
    axes.set_xlabel(f"Time in the half-cycle ({unit.unit})")


def against_current(
    axes: Axes,
    halves: Sequence[HalfCycle],
    scales: tuple[Scale, Scale],
    critical: Sequence[Finding],
    instants: Floats,
    names: tuple[str, str],
) -> None:
    """Draw |V| at the start and the end of every half-cycle against |i|, and the CCD's interval.

    A half-cycle with a short circuit ends at a cross: what was measured last before it was met.
    """
    scale, volt = scales
    shorted = False
    for sign, name, marker, colour in (
        (1, names[0], "o", PALETTE[0]), (-1, names[1], "s", PALETTE[2])
    ):  # fmt: skip
        own = [h for h in halves if np.sign(h.current) == sign and len(h.voltage)]
        # Both signs stand beside each other at one current.
        aside = 0.006 * sign * max((half.size for half in halves), default=0.0)
        for half in own:
            x = (half.size + aside) * scale.factor
            hits = [k for k in (half.at(instant) for instant in instants) if k is not None]
            last = max(min(hits) - 1, 0) if hits else -1
            ends = np.abs(half.voltage[[0, last]]) * volt.factor
            axes.plot([x, x], ends, color=colour, lw=0.5, alpha=0.6)
            axes.plot([x], ends[:1], marker, ms=3, mfc="white", color=colour, mew=0.6,
                      clip_on=False)  # fmt: skip
            if hits:
                shorted = True
                axes.plot([x], ends[1:], zorder=6, clip_on=False, **CROSS)
            else:
                axes.plot([x], ends[1:], marker, ms=3, color=colour, mew=0.6, clip_on=False)
        if own:
            axes.plot([], [], marker, ms=3, color=colour, mew=0.6, label=name)
    for inner, name in (("white", "at its start"), (GREY, "at its end")):
        axes.plot([], [], "o", ms=3, color=GREY, mfc=inner, mew=0.6, ls="none", label=name)
    if shorted:
        axes.plot([], [], label="before a short circuit", **CROSS)
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, 1.1 * max((half.size for half in halves), default=1.0) * scale.factor)
    _critical(axes, critical, scale)
    axes.set_ylabel(f"|Voltage| ({volt.unit})")
    axes.set_xlabel(f"{'Current density' if 'cm' in scale.unit else 'Current'} ({scale.unit})")


def _critical(axes: Axes, critical: Sequence[Finding], scale: Scale) -> None:
    """Draw the interval of the critical current, an arrow where none shorted, or say why not."""
    known = next((one for one in critical if one.drawable), None)
    if known is None:
        why = critical[0].outcome.replace("_", " ") if critical else "not sought"
        axes.plot([], [], " ", label=f"critical current: {why}")
    elif known.censored or not np.isfinite(known.high):
        at = known.low * scale.factor
        axes.axvline(at, color=ORANGE, lw=0.9, zorder=0)
        axes.annotate(
            "", (at, 0.5), xycoords=("data", "axes fraction"), xytext=(14, 0),
            textcoords="offset points", annotation_clip=False,
            arrowprops={"arrowstyle": "<|-", "color": ORANGE, "lw": 0.9, "mutation_scale": 6,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        axes.plot([], [], color=ORANGE, lw=0.9, marker=">", ms=3,
                  label=f"critical: > {amount(known.low, scale)}")  # fmt: skip
    else:
        low, high = known.low * scale.factor, known.high * scale.factor
        axes.axvspan(low, high, color=ORANGE, alpha=0.2, lw=0, zorder=0,
                     label=f"critical: {low:.3g} – {amount(known.high, scale)}")  # fmt: skip
