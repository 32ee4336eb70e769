"""DRT of successive sweeps: overlaid, and as a waterfall in an oblique projection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anodescope.errors import SchemaError
from anodescope.report.amounts import amount, current_scale
from anodescope.report.axes import decade_ticks
from anodescope.report.blocks import biases, flows_from, longest_rest
from anodescope.report.curves import draw_gamma, gamma_limits
from anodescope.report.drtmap import gamma_label
from anodescope.report.keys import SPILL, legend_columns, legend_height, text_width
from anodescope.report.series import Series, both_series, colour_key, has_gamma, name_over
from anodescope.report.style import (
    CM,
    DOUBLE,
    GREY,
    INK,
    PALE,
    SINGLE,
    VERMILLION,
    letter,
    new_figure,
    place,
    printable,
    styled,
    write,
)
from anodescope.report.view import (
    CampaignLike,
    Floats,
    ohm_factors,
    ohm_unit,
    required,
    specimen_line,
    sweeps_of,
    usable,
    windows,
)

MOST_RIDGES = 40
LEFT, RIGHT, APART = 1.3, 0.5, 0.55  # cm; the right end holds half a name of a frequency
HEAD, TALL, LIFT = 0.45, 4.6, 0.19  # cm, cm, and the frequency axis in heights of the panel
DECADES = 3.0  # most that γ spans: below lies what a DRT cannot tell from nothing
MARGIN = 0.25  # decades of τ drawn beyond the measured window
LAST = "last under current"


def _require(campaign: CampaignLike) -> None:
    if not has_gamma(campaign):
        raise SchemaError("Nothing to draw: no sweep has a distribution of relaxation times.")


@styled
def gamma_overlay(
    campaign: CampaignLike,
    sweeps: Sequence[int] | None = None,
    width: float | None = None,
    *,
    times: Sequence[float] | None = None,
) -> Figure:
    """Overlay γ(τ) of a scan, coloured by current, and of the rest after it, coloured by time.

    The rest's panel also holds the scan's last sweep, dashed, as in Figs 3c and 5c of
    doi:10.1039/d5eb00097a.

    Parameters
    ----------
    campaign : Campaign with a DRT.
    sweeps : rows of the spectra node; None takes up to 24 of the scan and 8 of the rest.
    width : width of the figure (cm); None takes two columns where there is a rest, else one.
    times : seconds since the current stopped of the sweeps at rest; None spreads them.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where no sweep has a DRT, or a named sweep does not exist.
    """
    _require(campaign)
    series = both_series(campaign, sweeps, times)
    limits = _shared_limits(campaign, series)
    shown = [_honest(campaign, one, limits) for one in series]
    last = _last_row(campaign, series, chosen=sweeps is not None) if len(series) > 1 else None
    wide = width or (DOUBLE if len(series) > 1 else SINGLE)
    box = (wide - LEFT - RIGHT - APART * (len(series) - 1)) / len(series)
    dashed = [] if last is None else [_last_name(campaign, last, box)]
    names = [
        legend_height([*(dashed if k else []), *one.names], box + SPILL, title=one.by == "rest")
        for k, one in enumerate(shown)
        if one.by == "rest" or one.named
    ]
    top = HEAD + max([*names, 0.9]) + LIFT * TALL
    figure = new_figure(wide, top + TALL + 1.0)
    panels: list[Axes] = []
    for k, one in enumerate(shown):
        left = LEFT + k * (box + APART)
        axes = place(figure, left, top, box, TALL, **({"sharey": panels[0]} if panels else {}))
        panels.append(axes)
        draw_gamma(axes, campaign, one.rows, one.colours)
        if one.by == "rest" or one.named:
            drawn = [] if last is None or not k else _last_line(axes, campaign, last, dashed[0])
            name_over(axes, one, drawn, lift=LIFT)
        else:
            colour_key(figure, one, left + 0.15 * box, top - 1.15, 0.7 * box)
        if len(series) > 1:
            letter(figure, axes, "ab"[k], 1.2 if k == 0 else 0.35, 0.12)
        if k:
            axes.tick_params(labelleft=False)
            axes.set_ylabel("")
    panels[0].set_ylim(*limits)
    decade_ticks(panels[0], "y", 5)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def _honest(campaign: CampaignLike, series: Series, limits: tuple[float, float]) -> Series:
    """Return a series whose names say which of its sweeps the figure cannot show."""
    gamma = (
        required(campaign, "drt", "gamma")[series.rows]
        * ohm_factors(campaign)[series.rows][:, None]
    )
    names = []
    for name, values in zip(series.names, gamma, strict=True):
        known = values[np.isfinite(values)]
        why = "" if len(known) else " (no DRT)"
        why = " (too small)" if len(known) and known.max() < limits[0] else why
        names.append(f"{name}{why}")
    return replace(series, names=names)


def _last_row(campaign: CampaignLike, series: Sequence[Series], *, chosen: bool) -> int | None:
    """Return the last sweep under current before the rest that is drawn, or the last chosen one.

    The scan that is drawn may be another one than that before the rest.
    """
    scan, rest = series[0], longest_rest(campaign)
    gamma = required(campaign, "drt", "gamma")
    if chosen or rest is None:
        row: int | None = scan.rows[-1]
    else:
        rows = usable(campaign, sweeps_of(campaign))
        loaded = rows[np.nan_to_num(np.abs(biases(campaign)[rows])) > flows_from(campaign)]
        before = loaded[required(campaign, "spectra", "time_start")[loaded] < rest.start]
        row = int(before[-1]) if len(before) else None
    return row if row is not None and np.isfinite(gamma[row]).any() else None


def _last_name(campaign: CampaignLike, row: int, room: float) -> str:
    """Name the last sweep under current, on two lines where one does not fit into `room` (cm)."""
    current = float(biases(campaign)[row])
    told = amount(current, current_scale(campaign, abs(current)))
    apart = " " if legend_columns([f"{LAST}, {told}"] * 2, 2 * room) > 1 else "\n"
    return f"{LAST},{apart}{printable(told)}"


def _last_line(axes: Axes, campaign: CampaignLike, row: int, label: str) -> list[Line2D]:
    """Draw the last sweep under current, dashed, among those at rest."""
    tau = required(campaign, "drt", "tau").astype(float)
    gamma = required(campaign, "drt", "gamma")[row] * ohm_factors(campaign)[row]
    inside = required(campaign, "drt", "in_window")[row].astype(bool)
    return axes.plot(
        tau, np.where(inside, gamma, np.nan), color=VERMILLION, lw=1.0, ls=(0, (4, 1.5)),
        zorder=1.8, label=label,
    )  # fmt: skip


def _shared_limits(campaign: CampaignLike, series: Sequence[Series]) -> tuple[float, float]:
    """Return limits of γ that suit every sweep, at most three decades apart."""
    rows = [row for one in series for row in one.rows]
    gamma = required(campaign, "drt", "gamma")[rows] * ohm_factors(campaign)[rows][:, None]
    low, high = gamma_limits(gamma, required(campaign, "drt", "in_window")[rows].astype(bool))
    return max(low, high * 10.0**-DECADES), high


@dataclass(frozen=True, slots=True)
class Oblique:
    """A parallel projection: each sweep is drawn whole, `right` and `up` of the one before it.

    `right` is in decades of τ, `up` in decades of γ, both per sweep; `low` is the γ of the floor.
    """

    right: float
    up: float
    low: float

    def place(self, log_tau: Floats, log_gamma: Floats, depth: float) -> tuple[Floats, Floats]:
        """Return where points lie on paper, in decades; what is below the floor lies on it."""
        height = np.maximum(log_gamma - np.log10(self.low), 0.0)
        return log_tau + self.right * depth, height + self.up * depth


@styled
def gamma_waterfall(
    campaign: CampaignLike,
    sweeps: Sequence[int] | None = None,
    width: float | None = None,
    *,
    times: Sequence[float] | None = None,
) -> Figure:
    """Draw γ(τ) of successive sweeps behind each other, the first in front.

    A parallel (oblique) projection keeps every curve to scale, unlike a perspective one: γ is read
    against the axis at the left, shifted with its sweep. Curves outside the measured window are
    pale; lines along the floor mark the window's edges. Arguments and errors as in
    `gamma_overlay`, with up to 40 sweeps of each series.
    """
    _require(campaign)
    found = both_series(campaign, sweeps, times, (MOST_RIDGES, MOST_RIDGES // 2))
    series = [one for one in found if len(one.rows) > 1] or found
    wide = width or (DOUBLE if len(series) > 1 else SINGLE)
    box = (wide - LEFT - RIGHT - 2 * APART * (len(series) - 1)) / len(series)
    figure = new_figure(wide, 9.0)
    limits = _shared_limits(campaign, series)
    for k, one in enumerate(series):
        left = LEFT + k * (box + 2 * APART)
        axes = place(figure, left, 1.9, box, 6.0)
        draw_waterfall(axes, campaign, one, limits, labelled=k == 0)
        colour_key(figure, one, left + 0.1 * box, 1.15, 0.7 * box)
        if len(series) > 1:
            letter(figure, axes, "ab"[k], 1.2 if k == 0 else 0.7, 0.35)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def draw_waterfall(
    axes: Axes,
    campaign: CampaignLike,
    series: Series,
    limits: tuple[float, float],
    *,
    labelled: bool,
) -> None:
    """Draw one series as a waterfall, back to front, with floor, window edges and its own ticks.

    `limits` are the lowest and the highest γ drawn.
    """
    rows, count = series.rows, len(series.rows)
    tau = np.log10(required(campaign, "drt", "tau").astype(float))
    gamma = required(campaign, "drt", "gamma")[rows] * ohm_factors(campaign)[rows][:, None]
    inside = required(campaign, "drt", "in_window")[rows].astype(bool)
    bounds = np.log10(windows(campaign)[rows])
    drawn = np.isfinite(gamma).any(axis=0)
    low, high = limits
    left, right = _limits(tau[drawn], bounds)
    tall, span = float(np.log10(high / low)), right - left
    deep = max(count - 1, 1)
    view = Oblique(0.30 * span / deep, 0.75 * tall / deep, low)
    _floor(axes, view, (left, right), bounds, deep)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.where(gamma > 0, gamma, np.where(np.isfinite(gamma), low, np.nan)))
    here = (tau >= left - 1e-9) & (tau <= right + 1e-9) & drawn
    for k in range(count - 1, -1, -1):
        x, y = view.place(tau[here], logs[k, here], k)
        colour, base = series.colours[k], view.up * k
        axes.fill_between(x, base, y, color="white", lw=0, zorder=10 - k / count)
        axes.plot(x, y, color=colour, lw=0.4, alpha=0.35, zorder=10 - k / count)
        shown = np.where(inside[k, here], y, np.nan)
        axes.plot(x, shown, color=colour, lw=0.8, zorder=10 - (k - 0.5) / count)
    # The names beside the floor stay inside the axes, however long they are.
    named = max(text_width(_depth_name(name), 5.5) for name in series.names) + 0.25
    figure = axes.get_figure(root=True)
    room = axes.get_position().width * (figure.get_size_inches()[0] if figure else 1) / CM
    whole = (span + view.right * deep) / (1 - min(named / room, 0.5))
    axes.set_xlim(left, left + whole)
    axes.set_ylim(0, 1.02 * (tall + view.up * deep))
    _waterfall_ticks(axes, view, (left, right), tall)
    _name_depths(axes, view, series, right)
    axes.set_xlabel("Relaxation time τ (s)", x=0.5 * span / whole)
    if labelled:
        axes.set_ylabel(gamma_label(ohm_unit(campaign)), y=0.5 * tall / (tall + view.up * deep))


def _name_depths(axes: Axes, view: Oblique, series: Series, right: float) -> None:
    """Write beside the floor what some of the sweeps stand for."""
    count = len(series.rows)
    for k in np.unique(np.round(np.linspace(0, count - 1, min(count, 5))).astype(int)):
        axes.annotate(
            _depth_name(series.names[k]), (right + view.right * k, view.up * k),
            xytext=(3, 0), textcoords="offset points", fontsize=5.5, va="center",
            color=series.colours[k], annotation_clip=False, parse_math=False,
        )  # fmt: skip


def _depth_name(name: str) -> str:
    """Return what stands beside the floor: the first part of a sweep's name."""
    return printable(name.split(", ")[0])


def _limits(tau: Floats, bounds: Floats) -> tuple[float, float]:
    """Return the lowest and highest log10 τ drawn: a little beyond the measured window."""
    low, high = float(tau.min()), float(tau.max())
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if len(known):
        low = max(low, float(known[:, 0].min()) - MARGIN)
        high = min(high, float(known[:, 1].max()) + MARGIN)
    return low, high


def _floor(
    axes: Axes, view: Oblique, limits: tuple[float, float], bounds: Floats, deep: int
) -> None:
    """Draw the floor's outline, its decades, and the window's edges along it."""
    left, right = limits
    far = np.array([0.0, deep])
    for exponent in range(int(np.ceil(left)), int(np.floor(right)) + 1):
        axes.plot(exponent + view.right * far, view.up * far, color=PALE, lw=0.35, zorder=0)
    for edge in (left, right):
        axes.plot(edge + view.right * far, view.up * far, color=INK, lw=0.5, zorder=0)
    axes.plot(
        np.array([left, right]) + view.right * deep, [view.up * deep] * 2, color=INK, lw=0.5,
        zorder=0,
    )  # fmt: skip
    depth = np.arange(len(bounds))
    for side in (0, 1):
        border = bounds[:, side]
        known = np.isfinite(border) & (border > left) & (border < right)
        if known.any():
            axes.plot(
                border[known] + view.right * depth[known], view.up * depth[known], color=VERMILLION,
                lw=0.8, ls=(0, (3, 2)), zorder=11, label="edge of the measured window",
            )  # fmt: skip


def _waterfall_ticks(axes: Axes, view: Oblique, limits: tuple[float, float], tall: float) -> None:
    """Name the decades of τ along the front and those of γ at the left."""
    left, right = limits
    shown = list(range(int(np.ceil(left)), int(np.floor(right)) + 1))
    step = 1 + len(shown) // 6
    axes.set_xticks([k for k in shown if k % step == 0])
    axes.set_xticklabels([f"$10^{{{k}}}$" for k in shown if k % step == 0])
    low = np.log10(view.low)
    heights = list(range(int(np.ceil(low - 1e-9)), int(np.floor(low + tall)) + 1))
    axes.set_yticks([k - low for k in heights])
    axes.set_yticklabels([f"$10^{{{k}}}$" for k in heights])
    for side, bounds in (("bottom", (left, right)), ("left", (0.0, tall))):
        axes.spines[side].set_bounds(*bounds)
        axes.spines[side].set_zorder(20)
