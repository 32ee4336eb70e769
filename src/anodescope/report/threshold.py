"""Where stripping becomes unstable: voltage and R_int against current, with the knees found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from anodescope.errors import SchemaError
from anodescope.report.amounts import Finding, current_scale, findings
from anodescope.report.criteria import HOLD, INTERFACE, VOLTAGE, assumed, window_of
from anodescope.report.onsets import draw_onsets, height_of, notes, numbered
from anodescope.report.stairs import Staircase, Stairs, staircase_block, staircases, stairs_of
from anodescope.report.style import (
    CM,
    DOUBLE,
    GREY,
    INK,
    ORANGE,
    PALE,
    SINGLE,
    letter,
    new_figure,
    place,
    styled,
    write,
)
from anodescope.report.tracks import Track, peak_name, tracks
from anodescope.report.view import (
    CampaignLike,
    Floats,
    Scale,
    ohm_factors,
    ohm_unit,
    prefixed,
    specimen_line,
    stored,
)

QUANTITY = "onset_current"
SHOWN = 2.5  # the k whose interval is drawn through the curves, unless a finding names another
HEAD, TALL, GAP, LEFT, APART = 0.85, 4.2, 0.25, 1.45, 1.6  # cm
WIDE = 5.5  # cm: panels from this width on have a legend of two columns
KEY, NOTE = 0.33, 0.29  # cm: a line of the legend, and one of the notes
MOST_MARKS = 200  # markers of one line


@dataclass(frozen=True, slots=True)
class _Panel:
    """A panel to draw: what, how, its signals' findings, and how many entries its legend has."""

    name: str
    draw: Callable[[Axes], None]
    group: Sequence[Finding]
    entries: int


@styled
def threshold_figure(
    campaign: CampaignLike, width: float | None = None, *, block: int | None = None
) -> Figure:
    """Draw a staircase's voltage and interface resistance against current, with all knees.

    Left: the voltage with and without the ohmic drop, at the end of the holds and during the
    sweeps. Right: resistance of the interface's peaks (or the whole polarisation resistance where
    no peak is named); it is left out where there is none. Below: the onset of instability for
    every k with its 95 % interval; an arrow stands where the record ends first. The band through
    the curves is the interval of one k. What was not determined is said below the panels. A
    current of negative sign is drawn as −i, and its voltage as −V.

    Parameters
    ----------
    campaign : Campaign whose protocol holds a staircase.
    width : width of the figure (cm); None takes two columns for two panels, else one.
    block : number of the staircase in the protocol node; None takes that with most levels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where no staircase was recognised, `block` is none, or neither voltage nor impedance was
        recorded.
    """
    stair = _chosen(campaign, block)
    onsets = onsets_of(campaign, stair)
    stairs = stairs_of(campaign, stair.block, onsets)
    known = np.abs(stairs.current[np.isfinite(stairs.current)])
    scale = current_scale(campaign, float(known.max()) if len(known) else 0.0)
    panels = _panels(campaign, stairs, scale, onsets)
    if not panels:
        raise SchemaError("Nothing to draw: neither voltage nor impedance on the staircase.")
    drawn = [one for panel in panels for one in numbered(panel.group)]
    below = max((height_of(_rows(panel, drawn)) for panel in panels), default=0.0)
    width = width or (DOUBLE if len(panels) > 1 else SINGLE)
    told = notes(onsets, int((width - 0.6) / 0.108))
    box = (width - LEFT - 0.3 - APART * (len(panels) - 1)) / len(panels)
    columns = 2 if box > WIDE else 1
    key = KEY * max(-(-panel.entries // columns) for panel in panels) + 0.1
    top, space = HEAD + key, GAP + below if below else 0.0
    figure = new_figure(width, top + TALL + space + 1.0 + NOTE * len(told))
    for k, panel in enumerate(panels):
        rows = _rows(panel, drawn)
        left = LEFT + k * (box + APART)
        # Without rows of its own a panel reaches as far down as its neighbour.
        axes = place(figure, left, top, box, TALL if rows else TALL + space)
        panel.draw(axes)
        if len(panels) > 1:
            letter(figure, axes, "ab"[k], 1.3, 0.15)
        lowest = axes
        if rows:
            lowest = place(figure, left, top + TALL + GAP, box, below, sharex=axes)
            draw_onsets(lowest, rows, scale)
            axes.tick_params(labelbottom=False)
        _frame(axes, (stairs, scale), panel.group, onsets, bounded=bool(drawn))
        _key(axes)
        lowest.set_xlabel(f"{_what(stair, scale)} ({scale.unit})")
    for k, line in enumerate(told):
        write(figure, 0.3, top + TALL + space + 1.0 + NOTE * k, line, fontsize=6, color=GREY)
    for k, line in enumerate((specimen_line(campaign, int((width - LEFT) / 0.1)), stair.title)):
        write(figure, LEFT, 0.1 + NOTE * k, line, fontsize=6, color=INK if k else GREY)
    return figure


def threshold_figures(campaign: CampaignLike) -> dict[str, Figure]:
    """Draw every staircase of a record, by the stem of its file (see `stairs.staircases`).

    A staircase without voltage and impedance is left out.
    """
    figures = {}
    for name, stair in staircases(campaign).items():
        with suppress(SchemaError):
            figures[name] = threshold_figure(campaign, block=stair.block.number)
    return figures


def onsets_of(campaign: CampaignLike, stair: Staircase) -> list[Finding]:
    """Return the onsets of a staircase that rest on measured resistances alone."""
    found = findings(campaign, QUANTITY, block=stair.block.number)
    return [one for one in found if not assumed(one)]


def panels_shown(campaign: CampaignLike, stair: Staircase) -> list[str]:
    """Return which panels a staircase's figure has: "voltage", "resistance", or both."""
    onsets = onsets_of(campaign, stair)
    stairs = stairs_of(campaign, stair.block, onsets)
    return [one.name for one in _panels(campaign, stairs, Scale(1.0, "A"), onsets)]


def _chosen(campaign: CampaignLike, block: int | None) -> Staircase:
    """Return the staircase of this number, or that with most levels for None."""
    every = {one.block.number: one for one in staircases(campaign).values()}
    most = staircase_block(campaign)
    if most is None:
        raise SchemaError("Nothing to draw: the protocol holds no staircase.")
    number = most.number if block is None else block
    if number not in every:
        known = ", ".join(str(one) for one in every)
        raise SchemaError(f"Block {number} is no staircase: expected one of {known}.")
    return every[number]


def _panels(
    campaign: CampaignLike, stairs: Stairs, scale: Scale, onsets: Sequence[Finding]
) -> list[_Panel]:
    """Return the panels that have something to show."""
    found = []
    if np.isfinite(np.concatenate([stairs.hold, stairs.sweep])).any():
        group = [one for one in onsets if one.basis != INTERFACE]
        windows = sum(bool(np.isfinite(one).any()) for one in (stairs.hold, stairs.sweep))
        entries = windows * (1 + bool(np.isfinite(stairs.ohmic).any())) + _banded(group)
        found.append(_Panel("voltage", lambda axes: _voltages(axes, stairs, scale), group, entries))
    lines = _lines(campaign, stairs)
    if lines:
        group = [one for one in onsets if one.basis == INTERFACE]
        unit = ohm_unit(campaign)
        entries = len(lines) + any(one.hollow.any() for one in lines) + _banded(group)
        x = (stairs, scale)
        found.append(
            _Panel("resistance", lambda axes: _resistances(axes, lines, x, unit), group, entries)
        )
    return found


def _banded(group: Sequence[Finding]) -> bool:
    """Tell whether a band may stand through the panel of these findings."""
    return any(np.isfinite(one.value) for one in group)


def _rows(panel: _Panel, drawn: Sequence[Finding]) -> list[Finding]:
    """Return the findings that a panel's rows show: all of it, where any has a number."""
    told = [one for one in panel.group if one in drawn]
    rows = {one.knee for one in told}
    return [one for one in panel.group if one.knee in rows]


def _what(stair: Staircase, scale: Scale) -> str:
    """Name the current of a staircase, with its sign: “Plating current density, −i”."""
    return stair.current.replace(" current", f" current{' density' if 'cm' in scale.unit else ''}")


def _frame(
    axes: Axes,
    x: tuple[Stairs, Scale],
    group: Sequence[Finding],
    onsets: Sequence[Finding],
    *,
    bounded: bool,
) -> None:
    """Set the current's limits, and draw the interval of one k through the panel."""
    stairs, scale = x
    drawn = stairs.current * scale.factor
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    # Room on the right for the arrows of what lies beyond the last level.
    axes.set_xlim(low - 0.02 * (high - low), high + (0.06 if bounded else 0.02) * (high - low))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    # The first row is the headline's.
    headline = next((one.knee for one in onsets if one.knee is not None), SHOWN)
    shown = [one for one in group if one.knee == headline and np.isfinite(one.value)]
    order = {HOLD: 0}
    for one in sorted(shown, key=lambda o: (o.basis == VOLTAGE, order.get(window_of(o), 1)))[:1]:
        if np.isfinite(one.low + one.high):
            edges = np.array([one.low, one.high]) * scale.factor
            axes.axvspan(*edges, color=ORANGE, alpha=0.25, lw=0, zorder=0)
        axes.axvline(one.value * scale.factor, color=ORANGE, lw=0.7, zorder=0.5)
        axes.plot([], [], color=ORANGE, lw=3, alpha=0.5, label=f"onset, k = {headline:g}")


def _key(axes: Axes) -> None:
    """Set the legend above the axes, off the data."""
    if not axes.get_legend_handles_labels()[0]:
        return
    figure = axes.get_figure(root=True)
    room = axes.get_position().width * (figure.get_size_inches()[0] if figure else 1) / CM
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=2 if room > WIDE else 1,
                handlelength=1.5, columnspacing=1.2, borderaxespad=0.0)  # fmt: skip


def _voltages(axes: Axes, stairs: Stairs, scale: Scale) -> None:
    """Draw the voltage of both windows, as measured and without the ohmic drop."""
    pooled = np.concatenate([stairs.hold, stairs.sweep])
    pooled = np.abs(pooled[np.isfinite(pooled)])
    factor, unit = (1e3, "mV") if pooled.max() < 0.2 else (1.0, "V")
    x = stairs.current * scale.factor
    corrected = np.isfinite(stairs.ohmic).any()
    for name, values, fill in (("end of hold", stairs.hold, True), ("sweep", stairs.sweep, False)):
        if not np.isfinite(values).any():
            continue
        _dots(axes, x, values * factor, GREY if corrected else INK, f"V, {name}", fill=fill)
        if corrected:
            shown = stairs.corrected(values) * factor
            _dots(axes, x, shown, INK, f"V − iR$_Ω$, {name}", fill=fill)
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    axes.set_ylabel(f"{'−' if stairs.turned else ''}Voltage ({unit})")


def _dots(axes: Axes, x: Any, y: Any, colour: str, label: str, *, fill: bool) -> None:
    axes.plot(
        x, y, "o-" if fill else "o--", ms=1.8, lw=0.5, color=colour, mew=0.4, label=label,
        mfc=colour if fill else "white", markevery=1 + len(x) // MOST_MARKS,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """A resistance (in the unit of the figure) at every measured level, with its bounds."""

    label: str
    value: Floats
    firm: NDArray[np.bool_]
    colour: str
    low: Floats | None = None
    high: Floats | None = None

    @property
    def hollow(self) -> NDArray[np.bool_]:
        """Where the measured window cuts through the peak."""
        return ~self.firm & np.isfinite(self.value)


def _lines(campaign: CampaignLike, stairs: Stairs) -> list[_Line]:
    """Return the resistance of the interface's peaks, or of the whole polarisation."""
    rows = stairs.spectrum[stairs.spectrum >= 0]
    found = [_line(track, rows) for track in tracks(campaign) if "int" in track.name]
    found = [one for one in found if np.isfinite(one.value).any()]
    if len(found) > 1:
        parts = np.array([one.value for one in found])
        both = np.where(np.isfinite(parts).any(axis=0), np.nansum(parts, axis=0), np.nan)
        firm = ~np.any([one.hollow for one in found], axis=0)
        found.append(_Line("their sum", both, firm, INK))
    whole = stored(campaign, "drt", "polarisation_resistance")
    if not found and whole is not None:
        value = (whole * ohm_factors(campaign))[rows].astype(float)
        if np.isfinite(value).any():
            found.append(_Line("whole polarisation", value, np.ones(len(value), bool), GREY))
    return found


def _line(track: Track, rows: np.ndarray) -> _Line:
    """Return a peak's resistance in these spectra."""
    at = {int(row): k for k, row in enumerate(track.rows)}
    picks = np.array([at.get(int(row), -1) for row in rows], dtype=int)

    def part(values: Any, missing: Any) -> Any:
        return np.where(picks >= 0, values[picks], missing)

    bounds = track.bounds.get("resistance")
    return _Line(
        f"R of {peak_name(track.name)}", part(track.resistance, np.nan), part(track.firm, True),
        track.colour, *(() if bounds is None else (part(one, np.nan) for one in bounds)),
    )  # fmt: skip


def _resistances(axes: Axes, lines: Sequence[_Line], x: tuple[Stairs, Scale], ohm: str) -> None:
    """Draw resistances against current; hollow where the measured window cuts the peak."""
    stairs, scale = x
    at = stairs.current[stairs.spectrum >= 0] * scale.factor
    unit = prefixed(max(float(np.nanmax(np.abs(one.value))) for one in lines), ohm)
    few = np.zeros(len(at), dtype=bool)
    few[:: 1 + len(at) // MOST_MARKS] = True
    for one in lines:
        shown = one.value * unit.factor
        axes.plot(at, shown, "-", color=one.colour, lw=0.6)
        sure, rest = few & one.firm, few & one.hollow
        axes.plot(at[sure], shown[sure], "o", ms=2.0, color=one.colour, mew=0)
        axes.plot(at[rest], shown[rest], "o", ms=2.0, mfc="white", mec=one.colour, mew=0.4,
                  ls="none")  # fmt: skip
        axes.plot([], [], "-", color=one.colour, lw=1.0, label=one.label)
        if one.low is not None and one.high is not None:
            axes.fill_between(at, one.low * unit.factor, one.high * unit.factor, color=one.colour,
                              alpha=0.2, lw=0)  # fmt: skip
    if any(one.hollow.any() for one in lines):
        axes.plot([], [], "o", ms=2.0, mfc="white", mec=GREY, mew=0.4, ls="none",
                  label="window cuts the peak")  # fmt: skip
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if _negative(lines) else 0.0)
    axes.set_ylabel(f"Resistance ({unit.unit})")


def _negative(lines: Sequence[_Line]) -> bool:
    return any(bool((one.value < 0).any()) for one in lines)
