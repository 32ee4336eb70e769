"""Figs 3 and 5: a staircase with GEIS, the rest after it, and the interface at its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anodescope.errors import SchemaError
from anodescope.report import drtmap
from anodescope.report.amounts import amount, current_scale
from anodescope.report.axes import decade_ticks
from anodescope.report.blocks import Block, biases, longest_rest
from anodescope.report.clock import Stretch, dress, stretches
from anodescope.report.curves import draw_gamma, gamma_limits
from anodescope.report.layout import GAP
from anodescope.report.paper import states
from anodescope.report.paper.content import Mark
from anodescope.report.paper.tools import (
    CHARGE,
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
from anodescope.report.peaklines import lines_on_map
from anodescope.report.series import Series, both_series, colour_key, name_over
from anodescope.report.stairs import Stairs, staircase_block, stairs_of
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
from anodescope.report.tracks import peak_name, tracks
from anodescope.report.view import CampaignLike, ohm_factors, ohm_unit, required, specimen_line

LEFT, WIDE = 1.35, 9.3  # cm: the panels over time
SIDE, NARROW = 13.75, 3.1  # cm: the panels over the current
VOLT, MAP = (0.95, 2.1), (3.3, 4.6)  # top and height, cm
OVERLAY, TALL, BOX, APART = 11.0, 4.3, 7.0, 0.95  # cm
STATES, STATE = 17.2, 2.4  # cm
SCAN = 0.58  # share of the time axis
DECADES = 3.0  # most that γ spans


@styled
def fig_3(campaigns: Mapping[str, CampaignLike], published: Sequence[Mark] = ()) -> Figure:
    """Draw the stripping staircase of NaK50 (``strip50``), its rest, and the interface's states.

    Raises
    ------
    SchemaError
        where no staircase was recognised, or no sweep has a DRT.
    """
    return scan_figure(campaigns["strip50"], [mark for mark in published if mark.x == 50.0])


@styled
def fig_5(campaigns: Mapping[str, CampaignLike]) -> Figure:
    """Draw the plating staircase of NaK50 (``plate50``); errors as in `fig_3`."""
    return scan_figure(campaigns["plate50"])


def scan_figure(campaign: CampaignLike, published: Sequence[Mark] = ()) -> Figure:
    """Draw a staircase with GEIS and the rest after it.

    a, voltage and map of γ over time; b, voltage, and c, resistances of the tracked peaks, over
    the current; d, γ during the scan, and e, at rest; f to h, states of the interface, where the
    campaign is simulated.

    Parameters
    ----------
    campaign : analysed. published : the threshold, as marks with values (mA/cm²).

    Raises
    ------
    SchemaError
        where no staircase was recognised, or no sweep has a DRT.
    """
    block = staircase_block(campaign)
    if block is None:
        raise SchemaError("Nothing to draw: no staircase was recognised.")
    data = only_map(campaign)
    drawn = states.has_state(campaign)
    figure = new_figure(DOUBLE, STATES + STATE + 1.35 if drawn else OVERLAY + TALL + 1.05)
    _over_time(figure, campaign, data)
    _over_current(figure, campaign, stairs_of(campaign, block), published)
    _overlays(figure, campaign)
    if drawn:
        _states(figure, campaign, block)
    note(figure, LEFT, 0.1, specimen_line(campaign, 80))
    return figure


def _over_time(figure: Figure, campaign: CampaignLike, data: drtmap.MapData) -> None:
    """Draw voltage and map over one time axis, cut where the rest begins."""
    parts = stretches(campaign)
    if len(parts) == 2:
        # As in the paper the scan has more room than the rest, however many sweeps that has.
        parts = [replace(parts[0], share=SCAN), replace(parts[1], share=1.0 - SCAN)]
    norm = drtmap.shared_norm([data])
    time, volts = series(campaign)
    shares = np.array([part.share for part in parts])
    widths = (WIDE - GAP * (len(parts) - 1)) * shares / shares.sum()
    upper: list[Axes] = []
    lower: list[Axes] = []
    left = LEFT
    for part, wide in zip(parts, widths.tolist(), strict=True):
        shared = {"sharey": upper[0]} if upper else {}
        top = place(figure, left, VOLT[0], wide, VOLT[1], **shared)
        shared = {"sharey": lower[0]} if lower else {}
        low = place(figure, left, MAP[0], wide, MAP[1], sharex=top, **shared)
        _part(campaign, (top, low), part, wide, (data, norm), (time, volts))
        if upper:
            for axes in (top, low):
                axes.tick_params(labelleft=False, left=False, which="both")
            top.spines["left"].set_visible(False)
        upper.append(top)
        lower.append(low)
        left += wide + GAP
    widest = int(widths.argmax())
    drtmap.name_window(lower[widest], data, float(widths[widest]), MAP[1])
    upper[0].set_ylabel("Voltage (V)")
    lower[0].set_ylabel("Relaxation time τ (s)")
    decade_ticks(lower[0], "y", 9)
    letter(figure, upper[0], "a", LEFT - 0.15, 0.2)
    colour_bar(figure, LEFT + WIDE + 0.2, MAP[0], MAP[1], norm, data.unit)


def _part(
    campaign: CampaignLike,
    axes: tuple[Axes, Axes],
    part: Stretch,
    wide: float,
    mapped: tuple[drtmap.MapData, LogNorm],
    samples: tuple[np.ndarray, np.ndarray],
) -> None:
    """Draw one stretch of time: voltage above, map below."""
    top, low = axes
    data, norm = mapped
    dress(low, part, wide, label=True)
    dress(top, part, wide, label=False)
    here = part.covers(samples[0])
    sketchy(top, part.place(samples[0][here]), samples[1][here], color=INK, lw=0.8)
    top.axhline(0, color=PALE, lw=0.4, zorder=0)
    drtmap.draw_map(low, data, part, norm, wide)
    lines_on_map(low, campaign, data.electrode, part, set())
    words = "at rest" if part.logarithmic else "under current"
    top.text(0.02, 1.03, words, transform=top.transAxes, fontsize=6, color=GREY)


def _over_current(
    figure: Figure, campaign: CampaignLike, stairs: Stairs, published: Sequence[Mark]
) -> None:
    """Draw the voltage and the peaks' resistances at every level over its current."""
    factor = FROM_A / size(campaign)
    sign = -1.0 if stairs.turned else 1.0
    upper = place(figure, SIDE, VOLT[0], NARROW, 2.9)
    upper.plot(stairs.current * factor, stairs.hold, color=INK, lw=0.9, label="end of the hold")
    upper.plot(stairs.current * factor, stairs.sweep, color=BLUE, lw=0.8, ls=(0, (4, 1.5)),
               label="during GEIS")  # fmt: skip
    for mark in published:
        upper.axvspan(mark.low, mark.high, color=VERMILLION, alpha=0.15, lw=0)
        upper.axvline(mark.value, color=VERMILLION, lw=0.8, label="published threshold")
    upper.legend(loc="upper left")
    minus = "−" if sign < 0 else ""
    upper.set_ylabel(f"{minus}Voltage (V)")
    letter(figure, upper, "b", 1.1, 0.2)
    lower = place(figure, SIDE, 5.0, NARROW, 2.9, sharex=upper)
    named = stairs.spectrum[stairs.spectrum >= 0]
    for track in tracks(campaign):
        here = np.isin(track.rows, named) & track.present & bool(track.name)
        if not here.any():
            continue
        current = np.abs(biases(campaign)[track.rows]) * factor
        lower.plot(current[here], track.resistance[here], "o", ms=1.3, color=track.colour, mew=0,
                   label=peak_name(track.name))  # fmt: skip
    upper.tick_params(labelbottom=False)
    lower.set_yscale("log")
    decade_ticks(lower, "y", 4)
    if lower.get_legend_handles_labels()[0]:
        lower.legend(loc="upper left", markerscale=2.2, ncols=3, columnspacing=0.8,
                     bbox_to_anchor=(0, 1.2), handlelength=0.6)  # fmt: skip
    lower.set_xlabel(f"{minus}i ({DENSITY})")
    lower.set_ylabel(f"R of a peak ({ohm_unit(campaign)})")
    letter(figure, lower, "c", 1.1, 0.2)


def _overlays(figure: Figure, campaign: CampaignLike) -> None:
    """Draw γ of the scan, coloured by current, and of the rest, by time, with the scan's last."""
    found = both_series(campaign)
    limits = _limits(campaign, found)
    first: Axes | None = None
    for k, one in enumerate(found):
        left = LEFT + k * (BOX + APART)
        axes = place(
            figure, left, OVERLAY, BOX, TALL, **({} if first is None else {"sharey": first})
        )
        draw_gamma(axes, campaign, one.rows, one.colours)
        if one.by == "rest":
            name_over(axes, one, _last(axes, campaign, found[0]), lift=0.19)
        else:
            colour_key(figure, one, left + 0.2 * BOX, OVERLAY - 1.2, 0.6 * BOX)
        letter(figure, axes, "de"[k], 1.2 if k == 0 else 0.3, 0.2)
        if first is None:
            first = axes
        else:
            axes.tick_params(labelleft=False)
            axes.set_ylabel("")
    if first is not None:
        first.set_ylim(*limits)
        decade_ticks(first, "y", 5)


def _last(axes: Axes, campaign: CampaignLike, scan: Series) -> list[Line2D]:
    """Draw the last sweep under current, dashed, and the first one, dotted."""
    tau = required(campaign, "drt", "tau").astype(float)
    lines: list[Line2D] = []
    for row, name, colour in (
        (scan.rows[0], "first sweep", GREY),
        (scan.rows[-1], "last sweep", VERMILLION),
    ):
        gamma = required(campaign, "drt", "gamma")[row] * ohm_factors(campaign)[row]
        told = amount(float(biases(campaign)[row]), current_scale(campaign, 1e-4))
        lines += axes.plot(tau, gamma, color=colour, lw=0.9, ls=(0, (4, 1.5)), zorder=1.8,
                           label=f"{name}, {told}")  # fmt: skip
    return lines


def _limits(campaign: CampaignLike, found: Sequence[Series]) -> tuple[float, float]:
    """Return limits of γ for all panels; what lies beyond the window counts, as on the map."""
    rows = [row for one in found for row in one.rows]
    gamma = required(campaign, "drt", "gamma")[rows] * ohm_factors(campaign)[rows][:, None]
    low, high = gamma_limits(gamma, np.isfinite(gamma))
    return max(low, high * 10.0**-DECADES), high


def stages(campaign: CampaignLike, block: Block) -> list[tuple[str, float]]:
    """Return name and instant (s) of the states drawn: pristine, half-way, last, after the rest."""
    time, current = density(campaign)
    inside = (time >= block.start) & (time <= block.end)
    half, last = (block.start + block.end) / 2, block.end
    rest = longest_rest(campaign)

    def at(instant: float) -> str:
        before = current[inside & (time < instant)]
        return f"at {before[-1]:.2g} {DENSITY}".replace("-", "−") if len(before) else "then"

    found = [("pristine", block.start), (at(half), half), (at(last), last - 0.1)]
    if rest is not None:
        found.append((f"after {(rest.end - rest.start) / 3600:.3g} h of rest", rest.end))
    return found


def _states(figure: Figure, campaign: CampaignLike, block: Block) -> None:
    """Draw the interface at its stages, with one scale of composition and of deposit."""
    found = stages(campaign, block)
    shown = [states.snapshot(campaign, instant) for _, instant in found]
    norm = states.composition_norm(shown)
    deposit = max(float(one.deposit.max()) for one in shown)
    wide = (DOUBLE - 0.5 - 1.7 - 0.3 * (len(shown) - 1)) / len(shown)
    for k, ((name, _), one) in enumerate(zip(found, shown, strict=True)):
        axes = place(figure, 0.5 + k * (wide + 0.3), STATES, wide, STATE)
        states.draw_state(axes, one, norm, deposit if deposit > 1e-3 else 0.0)
        axes.text(0.4 / wide, 1 + 0.2 / STATE, name, transform=axes.transAxes, va="center")
        axes.text(0, -0.05, states.told(one), transform=axes.transAxes, va="top", fontsize=5.5,
                  color=GREY)  # fmt: skip
        letter(figure, axes, "fghi"[k], 0.0, 0.2)
    states.composition_bar(figure, DOUBLE - 1.55, STATES, STATE, norm)
    told = "" if deposit <= 1e-3 else f"; the highest bar is {deposit:.2g} {CHARGE} of Na"
    note(figure, 0.5, STATES - 0.75, "state of the simulation, one column per patch of equal area, "
         f"heights not to scale; white: contact lost{told}")  # fmt: skip
