"""The operando picture: voltage and current over time, sharing their axis with the DRT map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogFormatterSciNotation, NullLocator

from anodescope.errors import SchemaError
from anodescope.report import drtmap, panels
from anodescope.report.axes import decade_ticks, decades, frequency_axis
from anodescope.report.clock import dress, stretches, sweep_times
from anodescope.report.curves import draw_gamma, key_over, labels
from anodescope.report.layout import (
    HEAD,
    LEFT,
    Frame,
    Row,
    add_row,
    draw_upper,
    finish,
    frame_for,
    header,
    time_axes,
    upper_of,
)
from anodescope.report.peaklines import lines_on_map
from anodescope.report.style import (
    CM,
    DOUBLE,
    GREY,
    VERMILLION,
    letter,
    map_colours,
    new_figure,
    place,
    shades,
    shorten,
    styled,
    write,
)
from anodescope.report.view import (
    CampaignLike,
    choose_sweeps,
    electrodes,
    spoken_time,
    stored,
)

FEW = 3  # up to so many sweeps of an electrode are drawn as lines, not as a map
BELOW, LINE = 1.0, 0.29  # cm: the time axis' labels; one line of notes


@styled
def operando_map(
    campaign: CampaignLike,
    sweeps: Sequence[int] | None = None,
    width: float = DOUBLE,
    *,
    cuts: Sequence[float] | None = None,
) -> Figure:
    """Draw voltage, current and the DRT map over one time axis.

    Sweeps stand between their true start and end; where nothing was measured the map is blank;
    what lies outside the measured window is veiled, hatched and named. Up to three sweeps are
    drawn as γ(τ) lines; without a DRT the sweeps' times are shown below voltage and current.

    Parameters
    ----------
    campaign : Campaign
    sweeps : rows of the spectra node whose γ(τ) is drawn beside the map; None chooses five.
    width : width of the figure (cm); the profiles beside the map need more than 12.
    cuts : instants (s) where the time axis changes its scale; None cuts where crowded sweeps would
        be squeezed, an empty sequence never cuts.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where the campaign holds neither spectra nor a voltage or current.
    """
    maps = _maps(campaign)
    if any(one.drawable > FEW for one in maps):
        return _mapped(campaign, maps, sweeps, width, cuts)
    upper = upper_of(campaign, width)
    if not (upper.volts or upper.amperes or len(sweep_times(campaign))):
        raise SchemaError("Nothing to draw: the campaign holds no spectra, voltage or current.")
    return _plain(campaign, sweeps, width, cuts, drawable=bool(maps))


def _maps(campaign: CampaignLike) -> list[drtmap.MapData]:
    """Return one map per electrode that has a DRT."""
    if stored(campaign, "drt", "gamma") is None:
        return []
    maps = [drtmap.map_data(campaign, name) for name in electrodes(campaign)]
    return [one for one in maps if one.drawable]


def _mapped(
    campaign: CampaignLike,
    maps: list[drtmap.MapData],
    sweeps: Sequence[int] | None,
    width: float,
    cuts: Sequence[float] | None,
) -> Figure:
    """Draw the picture with a map per electrode."""
    frame = frame_for(width, stretches(campaign, cuts), mapped=True)
    upper = upper_of(campaign, width)
    high, apart = (4.8, 0.0) if len(maps) == 1 else (3.5, 0.4)
    # The right column needs room for the colour bar and the names of the sweeps.
    over = max(upper.height, HEAD + 2.6) if frame.column else upper.height
    ends = over + len(maps) * (high + apart) - apart
    figure = new_figure(width, ends + BELOW + (0.0 if frame.column else 0.95))
    norm = drtmap.shared_norm(maps)
    rows = draw_upper(figure, campaign, frame, upper)
    chosen = [_chosen(campaign, one, sweeps) for one in maps]
    for number, (one, picked) in enumerate(zip(maps, chosen, strict=True)):
        box = (over + number * (high + apart), high)
        shared: Sequence[Axes] = rows[0] if rows else []
        row, last = _map_row(
            figure, campaign, frame, one, box, shared, norm, picked, lowest=one is maps[-1]
        )
        rows.append(row)
    time_axes(rows, frame)
    _colour_bar(
        figure, frame, over - 0.34 if frame.column else ends + BELOW - 0.05, norm, maps[0].unit
    )
    if frame.column:
        _side_notes(figure, campaign, frame, chosen[0], over - 1.3)
        if len(maps) == 1:
            letter(figure, last, "abcdefgh"[len(rows)], 0.3, 0.2)
    finish(figure, campaign, frame, rows)
    return figure


def _chosen(
    campaign: CampaignLike, data: drtmap.MapData, sweeps: Sequence[int] | None
) -> list[int]:
    """Return which sweeps of a map have their γ(τ) drawn beside it."""
    if sweeps is not None:
        wanted = {int(row) for row in sweeps}
        named = [int(row) for row in data.rows if int(row) in wanted]
        if named:
            return named
    return choose_sweeps(campaign, 5, data.electrode)


def _map_row(
    figure: Figure,
    campaign: CampaignLike,
    frame: Frame,
    data: drtmap.MapData,
    box: tuple[float, float],
    shared: Sequence[Axes],
    norm: LogNorm,
    chosen: Sequence[int],
    *,
    lowest: bool,
) -> tuple[Row, Axes]:
    """Draw the map of one electrode at `box` (top, height); return it and its rightmost axes."""
    row = add_row(figure, frame, *box, shared)
    named: set[str] = set()
    for axes, part, (_, wide) in zip(row, frame.parts, frame.boxes(), strict=True):
        dress(axes, part, wide, label=False)
        drtmap.draw_map(axes, data, part, norm, wide)
        drtmap.mark_sweeps(axes, campaign, data, part, chosen if frame.column else [])
        lines_on_map(axes, campaign, data.electrode, part, named)
    widest, (_, room) = max(zip(row, frame.boxes(), strict=True), key=lambda pair: pair[1][1])
    drtmap.name_window(widest, data, room, box[1])
    decade_ticks(row[0], "y", 9)
    row[0].set_ylabel("Relaxation time τ (s)")
    last = row[-1]
    if frame.column:
        last = place(figure, frame.column_left, box[0], frame.column, box[1], sharey=row[0])
        drtmap.draw_profiles(last, data, chosen, norm)
        decade_ticks(last, "x", 5)
        last.tick_params(labelbottom=lowest)
        last.set_xlabel(drtmap.gamma_label(data.unit) if lowest else "")
    frequency_axis(last, "right", 8)
    if len(electrodes(campaign)) > 1:
        drtmap.electrode_note(row[-1], data.electrode)
    return row, last


def _colour_bar(figure: Figure, frame: Frame, bottom: float, norm: LogNorm, unit: str) -> None:
    """Draw the colour bar: over the profiles, whose γ axis it shares, or below a narrow map."""
    left, wide = (frame.column_left, frame.column) if frame.column else (LEFT, frame.inner)
    axes = place(figure, left, bottom, wide, 0.18)
    bar = figure.colorbar(
        ScalarMappable(norm=norm, cmap=map_colours()),
        cax=axes,
        orientation="horizontal",
        ticklocation="top" if frame.column else "bottom",
    )
    axes.spines["outline"].set_linewidth(0.4)
    shown = decades(float(norm.vmin or 0.1), float(norm.vmax or 10.0), 5)
    if len(shown) > 1:
        axes.xaxis.set_major_locator(FixedLocator([10.0**k for k in shown]))
        axes.xaxis.set_major_formatter(LogFormatterSciNotation())
        axes.xaxis.set_minor_locator(NullLocator())
    bar.set_label(drtmap.gamma_label(unit), labelpad=2)


def _side_notes(
    figure: Figure, campaign: CampaignLike, frame: Frame, chosen: Sequence[int], bottom: float
) -> None:
    """Write into the right column which sweeps are drawn and what the events' numbers mean."""
    x, y = frame.column_left, HEAD
    names = labels(campaign, chosen)
    for text, colour in zip(names, shades(len(chosen)), strict=True):
        write(figure, x, y, "▼", fontsize=5, color=colour)
        write(figure, x + 0.25, y, shorten(text, int(frame.column * 8)), fontsize=6)
        y += LINE
    told = panels.events(campaign)
    room = int((bottom - y - 0.08) / LINE)
    if not told or room < 1:
        return
    y += 0.08
    shown = told if len(told) <= room else told[: room - 1]
    for number, (time, kind, _) in enumerate(shown, start=1):
        text = shorten(f"{kind}, {spoken_time(time)}", int(frame.column * 8))
        write(figure, x, y, str(number), fontsize=6, color=VERMILLION, fontweight="bold")
        write(figure, x + 0.25, y, text, fontsize=6)
        y += LINE
    if len(shown) < len(told):
        write(figure, x, y, f"and {len(told) - len(shown)} more", fontsize=6, color=GREY)


def _plain(
    campaign: CampaignLike,
    sweeps: Sequence[int] | None,
    width: float,
    cuts: Sequence[float] | None,
    *,
    drawable: bool,
) -> Figure:
    """Draw voltage and current with the sweeps' times below, and γ(τ) of the few sweeps."""
    frame = frame_for(width, stretches(campaign, cuts), mapped=False)
    upper = upper_of(campaign, width)
    times = sweep_times(campaign)
    bar = 0.3 if len(times) else 0.0
    lowest = upper.height + bar
    figure = new_figure(width, lowest + BELOW + (6.4 if drawable else 0.0))
    rows = draw_upper(figure, campaign, frame, upper)
    if bar:
        rows.append(add_row(figure, frame, upper.height, bar, rows[0] if rows else []))
        _sweep_bar(rows[-1], frame, times)
        if not drawable:
            reason = "no sweep gave a DRT" if "drt" in campaign else "no DRT was computed"
            write(figure, LEFT, lowest + BELOW - 0.32, reason, fontsize=6, color=GREY)
    if not upper.volts and not upper.amperes and not bar:
        header(figure, campaign, frame)
    time_axes(rows, frame)
    if drawable:
        chosen = _few(campaign, sweeps)
        axes = place(figure, LEFT, lowest + BELOW + 1.3, frame.inner, 4.1)
        draw_gamma(axes, campaign, chosen)
        key_over(axes, campaign, chosen, 0.85 / 4.1, max(int(frame.inner / 2.7), 1))
        rows = [*rows, [axes]]
    last = rows.pop() if drawable else None
    finish(figure, campaign, frame, rows)
    if last is not None:
        wide, high = figure.get_size_inches() / CM
        box = last[0].get_position()
        figure.text(
            0.08 / wide, box.y1 + 0.5 / high, "abcdefgh"[len(rows)], fontweight="bold", fontsize=8
        )
    return figure


def _few(campaign: CampaignLike, sweeps: Sequence[int] | None) -> list[int]:
    """Return the sweeps to draw as lines: the user's, or up to three of each electrode."""
    if sweeps is not None and len(sweeps):
        return sorted(int(row) for row in sweeps)
    return [row for name in electrodes(campaign) for row in choose_sweeps(campaign, FEW, name)]


def _sweep_bar(row: Row, frame: Frame, times: np.ndarray) -> None:
    """Draw when sweeps were measured, as a thin bar."""
    finite = times[np.isfinite(times).all(axis=1)]
    for axes, part, (_, wide) in zip(row, frame.parts, frame.boxes(), strict=True):
        here = finite[(finite[:, 1] >= part.start) & (finite[:, 0] <= part.end)]
        low, high = (part.level(here[:, k].clip(part.start, part.end)) for k in (0, 1))
        least = 0.03 / wide * float(part.level(part.end) - part.level(part.start))
        wider = np.maximum(least - (high - low), 0.0) / 2
        left, right = part.unlevel(low - wider), part.unlevel(high + wider)
        spans = list(zip(left.tolist(), (right - left).tolist(), strict=True))
        axes.broken_barh(spans, (0.2, 0.6), facecolors=GREY, linewidth=0, rasterized=True)
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    row[0].set_ylabel("sweeps", rotation=0, ha="right", va="center", fontsize=6)
