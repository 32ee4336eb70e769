"""Where stripping becomes unstable: voltage and R_int against current, with the knees found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from anodescope.errors import SchemaError
from anodescope.report.amounts import Finding, current_scale, findings
from anodescope.report.stairs import Stairs, staircase_block, stairs_of
from anodescope.report.style import (
    DOUBLE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    SINGLE,
    THIN,
    VERMILLION,
    letter,
    new_figure,
    place,
    styled,
    write,
)
from anodescope.report.tracks import peak_name, tracks
from anodescope.report.view import (
    CampaignLike,
    Scale,
    ohm_factors,
    ohm_unit,
    prefixed,
    specimen_line,
    stored,
)

QUANTITY = "onset_current"
SHOWN = 2.5  # the k whose interval is drawn through the curves, unless an event names another
GIVEN = "as given"  # in the criterion of an onset for a resistance that the user assumed
TOP, TALL, GAP, LEFT, APART = 0.55, 4.2, 0.25, 1.45, 1.6  # cm
MOST_MARKS = 200  # markers of one line
ROW = 0.42  # cm, one k
WINDOWS = ("hold", "sweep")


@styled
def threshold_figure(campaign: CampaignLike, width: float | None = None) -> Figure:
    """Draw a staircase's voltage and interface resistance against current, with all knees.

    Left: the voltage with and without the ohmic drop, at the end of the holds and during the
    sweeps. Right: resistance of the interface's peaks (or the whole polarisation resistance where
    no peak is named). Below: the onset of instability for every k with its 95 % interval; an arrow
    stands where the record ends first. The band through the curves is the interval of one k.

    Parameters
    ----------
    campaign : Campaign whose protocol holds a staircase.
    width : width of the figure (cm); None takes two columns where there is impedance, else one.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where no staircase was recognised.
    """
    block = staircase_block(campaign)
    if block is None:
        raise SchemaError("Nothing to draw: the protocol holds no staircase.")
    onsets = [one for one in findings(campaign, QUANTITY, block=block.number)
              if GIVEN not in one.criterion]  # fmt: skip
    stairs = stairs_of(campaign, block, onsets)
    known = np.abs(stairs.current[np.isfinite(stairs.current)])
    scale = current_scale(campaign, float(known.max()) if len(known) else 0.0)
    voltage = [one for one in onsets if not _of_interface(one)]
    interface = [one for one in onsets if _of_interface(one)]
    count = max(len(_knees(voltage)), len(_knees(interface)))
    below = count * ROW + 0.2 if count else 0.0
    resistant = bool((stairs.spectrum >= 0).any() or interface)
    width = width or (DOUBLE if resistant else SINGLE)
    figure = new_figure(width, TOP + TALL + (GAP + below if count else 0.0) + 1.0)
    box = (width - LEFT - 0.3 - APART * resistant) / (1 + resistant)
    for k, group in enumerate((voltage, interface)[: 1 + resistant]):
        left = LEFT + k * (box + APART)
        axes = place(figure, left, TOP, box, TALL)
        (_voltages if k == 0 else _resistances)(axes, campaign, stairs, scale)
        if resistant:
            letter(figure, axes, "ab"[k], 1.3)
        lowest = axes
        if count:
            lowest = place(figure, left, TOP + TALL + GAP, box, below, sharex=axes)
            draw_knees(lowest, group, scale)
            axes.tick_params(labelbottom=False)
        _frame(axes, stairs, scale, group, _headline(onsets))
        lowest.set_xlabel(_current_label(campaign, stairs, scale))
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def _current_label(campaign: CampaignLike, stairs: Stairs, scale: Scale) -> str:
    """Name the current, and its direction where that is known; a negative one is drawn as |i|."""
    what = "Current density" if "cm" in scale.unit else "Current"
    if campaign.attrs.get("current_sign") == "strips":
        what = f"{'Plating' if stairs.turned else 'Stripping'} {what.lower()}"
    elif stairs.turned:
        what = f"−{what}"
    return f"{what} ({scale.unit})"


def _of_interface(one: Finding) -> bool:
    return "R_int" in one.basis or "impedance" in one.basis


def window_of(one: Finding) -> str:
    """Return in which window a finding looked: "hold" or "sweep"."""
    told = f"{one.basis} {one.criterion}".lower()
    slow = "sweep" in told or "geis" in told
    return "sweep" if slow and "end of the hold" not in told else "hold"


def _knees(onsets: Sequence[Finding]) -> list[float]:
    return sorted({one.knee if one.knee is not None else np.nan for one in onsets})


def _headline(onsets: Sequence[Finding]) -> float:
    """Return the k of the first onset, which is the one that the events name."""
    return next((one.knee for one in onsets if one.knee is not None), SHOWN)


def _frame(
    axes: Axes, stairs: Stairs, scale: Scale, group: Sequence[Finding], headline: float
) -> None:
    """Set the current's limits, and draw the interval of one k through the panel."""
    drawn = stairs.current * scale.factor
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    shown = [one for one in group if one.knee == headline and np.isfinite(one.value)]
    for one in sorted(shown, key=lambda one: (one.basis == "voltage", window_of(one)))[:1]:
        if np.isfinite(one.low + one.high):
            edges = np.array([one.low, one.high]) * scale.factor
            axes.axvspan(*edges, color=ORANGE, alpha=0.25, lw=0, zorder=0)
        axes.axvline(one.value * scale.factor, color=ORANGE, lw=0.7, zorder=0.5)
        axes.plot([], [], color=ORANGE, lw=3, alpha=0.5, label=f"onset, k = {headline:g}")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", handlelength=1.5)


def _voltages(axes: Axes, campaign: CampaignLike, stairs: Stairs, scale: Scale) -> None:
    """Draw the voltage of both windows, as measured and without the ohmic drop."""
    pooled = np.concatenate([stairs.hold, stairs.sweep])
    pooled = np.abs(pooled[np.isfinite(pooled)])
    small = bool(len(pooled)) and pooled.max() < 0.2
    factor, unit = (1e3, "mV") if small else (1.0, "V")
    x = stairs.current * scale.factor
    corrected = np.isfinite(stairs.ohmic).any()
    for name, values, fill in (("end of hold", stairs.hold, True), ("sweep", stairs.sweep, False)):
        if not np.isfinite(values).any():
            continue
        colour = PALE if corrected else INK
        _dots(axes, x, values * factor, GREY if corrected else colour, f"V, {name}", fill=fill)
        if corrected:
            shown = stairs.corrected(values) * factor
            _dots(axes, x, shown, INK, f"V − iR$_Ω$, {name}", fill=fill)
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    axes.set_ylabel(f"{'−' if stairs.turned else ''}Voltage ({unit})")
    if not len(pooled):
        axes.text(0.5, 0.5, "no voltage was recorded", transform=axes.transAxes, ha="center",
                  color=GREY)  # fmt: skip


def _dots(axes: Axes, x: Any, y: Any, colour: str, label: str, *, fill: bool) -> None:
    axes.plot(
        x, y, "o-" if fill else "o--", ms=1.8, lw=0.5, color=colour, mew=0.4, label=label,
        mfc=colour if fill else "white", markevery=1 + len(x) // MOST_MARKS,
    )  # fmt: skip


def _resistances(axes: Axes, campaign: CampaignLike, stairs: Stairs, scale: Scale) -> None:
    """Draw the resistance of the interface's peaks, or of the whole polarisation."""
    rows = stairs.spectrum
    measured = rows >= 0
    x = stairs.current[measured] * scale.factor
    lines: list[tuple[str, Any, Any, Any, str]] = []
    for track in tracks(campaign):
        if "int" in track.name:
            at = {int(row): k for k, row in enumerate(track.rows)}
            picks = np.array([at.get(int(row), -1) for row in rows[measured]], dtype=int)
            value = np.where(picks >= 0, track.resistance[picks], np.nan)
            firm = np.where(picks >= 0, track.firm[picks], True)
            lines.append((f"R of {peak_name(track.name)}", value, firm, track, track.colour))
    if len(lines) > 1:
        both = np.nansum([np.asarray(line[1]) for line in lines], axis=0)
        lines.append(("their sum", both, np.ones(len(both), bool), None, INK))
    whole = stored(campaign, "drt", "polarisation_resistance")
    if not lines and whole is not None and measured.any():
        value = (whole * ohm_factors(campaign))[rows[measured]]
        lines.append(("whole polarisation", value, np.ones(len(value), bool), None, GREY))
    pooled = [np.nanmax(np.abs(np.append(one[1], 0.0))) for one in lines]
    unit = prefixed(float(max(pooled, default=1.0)), ohm_unit(campaign))
    for label, value, firm, track, colour in lines:
        shown = value * unit.factor
        axes.plot(x, shown, "-", color=colour, lw=0.6)
        few = np.zeros(len(x), dtype=bool)
        few[:: 1 + len(x) // MOST_MARKS] = True
        sure, rest = few & firm, few & ~firm
        axes.plot(x[sure], shown[sure], "o", ms=2.0, color=colour, mew=0, label=label)
        axes.plot(x[rest], shown[rest], "o", ms=2.0, mfc="white", mec=colour, mew=0.4, ls="none")
        bounds = None if track is None else track.bounds.get("resistance")
        if bounds is not None:
            at = {int(row): k for k, row in enumerate(track.rows)}
            picks = np.array([at[int(row)] for row in rows[measured]])
            axes.fill_between(x, bounds[0][picks] * unit.factor, bounds[1][picks] * unit.factor,
                              color=colour, alpha=0.2, lw=0)  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"Resistance ({unit.unit})")
    if not lines:
        axes.text(0.5, 0.5, "no impedance at the levels", transform=axes.transAxes, ha="center",
                  color=GREY)  # fmt: skip


def draw_knees(axes: Axes, onsets: Sequence[Finding], scale: Scale) -> None:
    """Draw one row per k: value and interval of each window, an arrow where it is censored."""
    knees = _knees(onsets)
    axes.set_yticks(range(len(knees)))
    axes.set_yticklabels([f"k = {k:g}" if np.isfinite(k) else "onset" for k in knees])
    axes.set_ylim(len(knees) - 0.5, -0.5)
    axes.grid(axis="y", color=PALE, lw=0.35)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if not knees:
        axes.text(0.5, 0.5, "no onset was sought on this signal", transform=axes.transAxes,
                  ha="center", va="center", color=GREY, fontsize=6)  # fmt: skip
        axes.set_yticks([])
    for one in onsets:
        row = knees.index(one.knee) if one.knee in knees else 0
        window = window_of(one)
        several = len({window_of(other) for other in onsets}) > 1
        plain = one.basis == "voltage"
        y = row + ((-0.17 if window == "hold" else 0.17) if several else 0.0)
        colour = GREEN if _of_interface(one) else (GREY if plain else INK)
        _knee(axes, one, y, scale, colour, fill=window == "hold")


def _knee(axes: Axes, one: Finding, y: float, scale: Scale, colour: str, *, fill: bool) -> None:
    """Draw one onset with its interval; an arrow from its bound; or its outcome in words."""
    low, high, value = (v * scale.factor for v in (one.low, one.high, one.value))
    if one.censored and np.isfinite(low):
        axes.annotate(
            "", (low, y), xytext=(low * 0.93, y), va="center",
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 0.7, "mutation_scale": 5},
        )  # fmt: skip
        axes.annotate(
            f">{THIN}{low:.3g}", (low, y), xytext=(-18, 0), textcoords="offset points", ha="right",
            va="center", fontsize=5, color=colour,
        )  # fmt: skip
    elif np.isfinite(value):
        if np.isfinite(low) and np.isfinite(high):
            axes.plot([low, high], [y, y], "-", color=colour, lw=0.9, solid_capstyle="butt")
        axes.plot(value, y, "o", ms=2.6, color=colour, mfc=colour if fill else "white", mew=0.6)
    else:
        axes.annotate(
            one.outcome.replace("_", " "), (0.01, y), xycoords=("axes fraction", "data"),
            fontsize=5, va="center", color=VERMILLION,
        )  # fmt: skip
