"""Figures of a study: the pristine spectra of its cells, and what their findings depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from anodescope.errors import SchemaError
from anodescope.report.against import capacity_against, threshold_against
from anodescope.report.amounts import amount, current_scale
from anodescope.report.axes import decade_ticks, frequency_axis
from anodescope.report.blocks import biases, flows_from
from anodescope.report.curves import gamma_limits, shade_window
from anodescope.report.drtmap import gamma_label
from anodescope.report.keys import SPACING, legend_columns, legend_height
from anodescope.report.original import draw_series
from anodescope.report.points import points_of
from anodescope.report.series import Colour
from anodescope.report.style import (
    DOUBLE,
    PALETTE,
    THIN,
    letter,
    new_figure,
    place,
    printable,
    shades,
    shorten,
    styled,
)
from anodescope.report.view import (
    CampaignLike,
    Spectrum,
    choose_sweeps,
    ohm_factors,
    per_area,
    required,
    spectrum,
    stored,
    sweeps_of,
    usable,
    windows,
)

if TYPE_CHECKING:
    import pandas as pd

MOST_CELLS = 24
LEFT, TALL = 1.35, 4.9  # cm
PAIRS = (
    ("capacity", "critical_capacity", "rest_s"),
    ("threshold", "onset_current", "composition"),
    ("critical_current", "critical_current", "composition"),
)


class StudyLike(Protocol):
    """The part of a Study that the report looks at: names, and a campaign by its name."""

    def __iter__(self) -> Iterator[str]:
        """Names of the campaigns."""

    def __getitem__(self, name: str, /) -> CampaignLike:
        """Open one campaign."""


Cells = StudyLike | Mapping[str, CampaignLike] | Iterable[tuple[str, CampaignLike]]


def cells_of(study: Any) -> Iterator[tuple[str, CampaignLike]]:
    """Yield name and campaign of a study, a mapping, or pairs."""
    if hasattr(study, "__getitem__") and not isinstance(study, (list, tuple)):
        for name in study:
            yield str(name), study[name]
    else:
        for name, campaign in study:
            yield str(name), campaign


def pristine_row(campaign: CampaignLike) -> int | None:
    """Return the first usable sweep at rest, or the first of all; None where there is none."""
    if stored(campaign, "spectra", "impedance") is None or not choose_sweeps(campaign, 1):
        return None
    rows = usable(campaign, sweeps_of(campaign))
    bias = np.nan_to_num(biases(campaign)[rows])
    largest = float(np.abs(bias).max()) if len(bias) else 0.0
    resting = rows[np.abs(bias) <= 0.01 * largest]
    first = resting[:1] if len(resting) and resting[0] == rows[0] else rows[:1]
    return int(first[0]) if len(first) else None


def state_of(campaign: CampaignLike, row: int) -> str:
    """Say in which state a sweep found its cell: "at 0.5 mA cm⁻²", "after a current", or "".

    Only a cell at rest through which no current flowed before is pristine; that is "". A current
    is what `blocks.flows_from` counts as one.
    """
    bias, least = float(biases(campaign)[row]), flows_from(campaign)
    if np.isfinite(bias) and abs(bias) > least:
        return f"at {amount(bias, current_scale(campaign, abs(bias)))}"
    start = float(required(campaign, "spectra", "time_start")[row])
    time, current = (stored(campaign, "timeseries", name) for name in ("time", "current"))
    if time is not None and current is not None:
        earlier = np.abs(current[time < start])
        if (earlier[np.isfinite(earlier)] > least).any():
            return "after a current"
    starts = required(campaign, "spectra", "time_start")
    loaded = np.nan_to_num(np.abs(biases(campaign))) > least
    return "after a current" if (loaded & (starts < start)).any() else ""


class _Cell:
    """The pristine spectrum of one cell, in Ω or, where every cell has its area, in Ω cm²."""

    def __init__(self, name: str, campaign: CampaignLike, row: int) -> None:
        own = float(ohm_factors(campaign)[row])
        self.area = own if per_area(campaign) else None
        told = state_of(campaign, row)
        self.name = printable(f"{shorten(name, 28)}{f' ({told})' if told else ''}")
        shown = spectrum(campaign, row)
        self.spectrum: Spectrum = replace(shown, impedance=shown.impedance / own, fit=None)
        gamma = stored(campaign, "drt", "gamma")
        self.tau = None if gamma is None else required(campaign, "drt", "tau").astype(float)
        self.gamma = None if gamma is None else gamma[row].astype(float)
        inside = stored(campaign, "drt", "in_window")
        self.inside = None if inside is None else inside[row].astype(bool)
        self.bounds = windows(campaign)[row]


@styled
def pristine_overlay(study: Cells, width: float = DOUBLE) -> Figure:
    """Overlay the first spectra of several cells: Nyquist curves, and γ(τ) where it is known.

    A cell whose first spectrum was taken under or after a current is named as such.
    Values are per area only where the user gave an area for every cell.

    Parameters
    ----------
    study : a Study, a mapping, or pairs of name and Campaign; at most 24 cells are drawn.
    width : width of the figure (cm).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where no cell has a spectrum.
    """
    cells: list[_Cell] = []
    for name, campaign in cells_of(study):
        row = pristine_row(campaign)
        if row is not None and len(cells) < MOST_CELLS:
            cells.append(_Cell(name, campaign, row))
    if not cells:
        raise SchemaError("Nothing to draw: no cell of the study has a spectrum.")
    every_area = all(cell.area is not None for cell in cells)
    factors = [cell.area if every_area and cell.area is not None else 1.0 for cell in cells]
    unit = f"Ω{THIN}cm²" if every_area else "Ω"
    colours = _colours(len(cells))
    room = width - LEFT - 0.3
    top = 1.4 + legend_height([cell.name for cell in cells], room)
    figure = new_figure(width, top + TALL + 0.95)
    box = (width - LEFT - 1.5 - 0.3) / 2
    left = place(figure, LEFT, top, box, TALL)
    drawn = [
        replace(cell.spectrum, impedance=cell.spectrum.impedance * factor)
        for cell, factor in zip(cells, factors, strict=True)
    ]
    draw_series(left, drawn, colours, unit, TALL / box)
    right = place(figure, LEFT + box + 1.5, top, box, TALL)
    _gammas(right, cells, factors, colours, unit)
    _key(left, cells, colours, room)
    letter(figure, left, "a", 1.2)
    letter(figure, right, "b", 1.2)
    return figure


def _colours(count: int) -> list[Colour]:
    if count > len(PALETTE):
        return list(shades(count))
    return [to_rgba(colour) for colour in PALETTE[:count]]


def _gammas(
    axes: Axes, cells: list[_Cell], factors: list[float], colours: list[Colour], unit: str
) -> None:
    """Draw γ(τ) of every cell that has one; pale outside its window."""
    seen, inside, ends = [np.zeros(0)], [np.zeros(0, bool)], []
    for cell, factor, colour in zip(cells, factors, colours, strict=True):
        if cell.gamma is None or cell.tau is None or cell.inside is None:
            continue
        gamma = cell.gamma * factor
        axes.plot(cell.tau, gamma, color=colour, lw=0.6, alpha=0.45, ls=(0, (2, 1.5)))
        axes.plot(cell.tau, np.where(cell.inside, gamma, np.nan), color=colour, lw=1.0)
        seen.append(gamma)
        inside.append(cell.inside)
        drawn = cell.tau[np.isfinite(gamma)]
        ends += [float(drawn.min()), float(drawn.max())] if len(drawn) else []
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("Relaxation time τ (s)")
    axes.set_ylabel(gamma_label(unit))
    if not ends:
        axes.text(0.5, 0.5, "no DRT was computed", transform=axes.transAxes, ha="center")
        return
    low, high = gamma_limits(np.concatenate(seen), np.concatenate(inside))
    axes.set_xlim(min(ends), max(ends))
    axes.set_ylim(max(low, 1e-3 * high), high)
    shade_window(axes, np.array([cell.bounds for cell in cells]))
    decade_ticks(axes, "x", 7)
    decade_ticks(axes, "y", 5)
    frequency_axis(axes, "top")
    axes.spines["top"].set_visible(True)


def _key(axes: Axes, cells: list[_Cell], colours: list[Colour], room: float) -> None:
    """Name the cells above both panels, in as many columns as fit into `room` (cm)."""
    handles = [
        axes.plot([], [], "o-", ms=2, lw=0.9, color=colour, label=cell.name.replace("$", r"\$"))[0]
        for cell, colour in zip(cells, colours, strict=True)
    ]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.22), borderaxespad=0, borderpad=0,
        ncols=legend_columns([cell.name for cell in cells], room), columnspacing=SPACING,
    )  # fmt: skip


def make_study_figures(
    study: Cells, findings: pd.DataFrame, agreed: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, Figure]:
    """Draw every figure that a study has data for.

    Parameters
    ----------
    study : a Study, a mapping, or pairs of name and Campaign.
    findings : one row per finding of every cell, as in `capacity_against`.
    agreed : means over replicates by quantity (such as "critical_capacity"), as its `summary`.

    Returns
    -------
    dict
        ``pristine``, ``capacity`` (against rest length), ``threshold`` and ``critical_current``
        (against composition); those without data are missing. Where the usual column holds no
        values, or one only, the cells themselves are the categories.
    """
    figures: dict[str, Figure] = {}
    if any(pristine_row(campaign) is not None for _, campaign in cells_of(study)):
        figures["pristine"] = pristine_overlay(study)
    for name, quantity, usual in PAIRS:
        summary = (agreed or {}).get(quantity)
        x = _column(findings, quantity, usual)
        if x is None or not points_of(findings, x, quantity):
            continue
        if summary is not None and x not in summary.columns:
            summary = None
        figures[name] = (
            capacity_against(findings, x, summary)
            if name == "capacity"
            else threshold_against(findings, x, summary, quantity=quantity)
        )
    return figures


def _column(findings: pd.DataFrame, quantity: str, usual: str) -> str | None:
    """Return the column against which a quantity is drawn; None where there is nothing."""
    if "quantity" not in findings or not (findings["quantity"] == quantity).any():
        return None
    if usual in findings:
        values = findings.loc[findings["quantity"] == quantity, usual].dropna()
        if len(values[values.astype(str) != ""].unique()) > 1:
            return usual
    return "campaign" if "campaign" in findings else None
