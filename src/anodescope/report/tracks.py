"""Tracked peaks: R, τ and C over time on the operando map's clock, and as lines on the map."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from anodescope.errors import SchemaError
from anodescope.report.amounts import capacitance_scale
from anodescope.report.axes import decade_ticks, frequency_axis
from anodescope.report.blocks import middles
from anodescope.report.clock import Stretch, dress, stretches
from anodescope.report.layout import LEFT, Frame, Row, add_row, finish, time_axes
from anodescope.report.style import (
    DOUBLE,
    GREY,
    INK,
    PALE,
    PALETTE,
    new_figure,
    printable,
    styled,
    write,
)
from anodescope.report.view import (
    CampaignLike,
    Floats,
    node,
    ohm_factors,
    ohm_unit,
    required,
    specimen_line,
    stored,
    sweeps_of,
    windows,
)

KNOWN = {"γ_GB": PALETTE[0], "γ_int": PALETTE[2], "γ'_int": PALETTE[3]}
OTHERS = (PALETTE[4], PALETTE[5], PALETTE[6])
HEAD, TALL, BETWEEN = 1.25, 2.7, 0.28  # cm
MOST_MARKS = 160  # markers of one track on one figure
NAMED = re.compile(r"(γ'?)_(\w+)")


@dataclass(frozen=True, slots=True)
class Track:
    """One tracked peak of one electrode: arrays over `rows` (spectra in time order).

    `resistance` and its bounds are in the unit of `ohm_unit`, `capacitance` in F, `tau` in s.
    `inside` tells where the peak lies in the sweep's measured window, `firm` where its edge does
    not cut through the peak either.
    """

    number: int
    name: str
    colour: str
    rows: NDArray[np.intp]
    time: Floats
    tau: Floats
    resistance: Floats
    capacitance: Floats
    inside: NDArray[np.bool_]
    firm: NDArray[np.bool_]
    bounds: dict[str, tuple[Floats, Floats]]
    birth: int
    death: int
    split_from: int
    merged_into: int

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where the peak was found."""
        return np.isfinite(self.tau)


def peak_name(name: str) -> str:
    """Return the name of a peak as mathtext: “γ_GB” with its index below."""
    found = NAMED.fullmatch(name)
    if found is None:
        return printable(name).replace("$", r"\$")
    index = found[2].replace("_", r"\_")
    return f"{found[1]}$_{{{index}}}$"


def tracks(campaign: CampaignLike, electrode: str | None = None) -> list[Track]:
    """Return the tracks of one electrode (the default one for None), fastest peak first."""
    peaks = node(campaign, "peaks")
    if peaks is None:
        return []
    rows = sweeps_of(campaign, electrode)
    rows = rows[np.isfinite(middles(campaign)[rows])]
    factors = ohm_factors(campaign)[rows]
    time = middles(campaign)[rows]
    names = required(campaign, "peaks", "name").astype(object)
    found = []
    for number in range(peaks.sizes["peak"]):
        tau = required(campaign, "peaks", "tau")[rows, number]
        if not np.isfinite(tau).any():
            continue
        edge = stored(campaign, "peaks", "at_edge")
        inside = required(campaign, "peaks", "in_window")[rows, number].astype(bool)
        firm = inside if edge is None else inside & ~edge[rows, number].astype(bool)
        whole = {
            name: int(required(campaign, "peaks", name)[number])
            for name in ("birth", "death", "split_from", "merged_into")
        }
        found.append(
            Track(
                number, str(names[number]), "", rows, time, tau,
                required(campaign, "peaks", "resistance")[rows, number] * factors,
                required(campaign, "peaks", "capacitance")[rows, number], inside, firm,
                _bounds(campaign, rows, number, factors), **whole,
            )
        )  # fmt: skip
    found.sort(key=lambda track: float(np.nanmedian(track.tau)))
    return _coloured(found)


def _coloured(found: list[Track]) -> list[Track]:
    """Return tracks with colours: those of known names are fixed, unnamed ones are grey."""
    others = iter(OTHERS * (1 + len(found)))
    chosen: dict[str, str] = {"": GREY}
    for track in found:
        if track.name not in chosen:
            chosen[track.name] = KNOWN.get(track.name) or next(others)
    values = [{key: getattr(track, key) for key in Track.__slots__} for track in found]
    return [Track(**{**one, "colour": chosen[one["name"]]}) for one in values]


def _bounds(
    campaign: CampaignLike, rows: NDArray[np.intp], number: int, factors: Floats
) -> dict[str, tuple[Floats, Floats]]:
    """Return the 95 % intervals that the node holds, by quantity."""
    found = {}
    for name, factor in (("tau", np.ones(len(rows))), ("resistance", factors)):
        low, high = (stored(campaign, "peaks", f"{name}_{side}") for side in ("low", "high"))
        if low is not None and high is not None and np.isfinite(low[rows, number]).any():
            found[name] = low[rows, number] * factor, high[rows, number] * factor
    return found


@styled
def peak_tracks(
    campaign: CampaignLike, width: float = DOUBLE, *, cuts: Sequence[float] | None = None
) -> Figure:
    """Draw resistance, relaxation time and capacitance of the tracked peaks over time.

    Hollow markers: the peak lies outside the measured window or its edge cuts through it. Bands
    are 95 % intervals, where the method gives them. A track begins with a triangle and ends with
    a cross if it is born or dies inside the series; a dotted line joins peaks that merge or split.

    Parameters
    ----------
    campaign : Campaign with peaks.
    width : width of the figure (cm).
    cuts : as in `operando_map`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where the campaign holds no peaks.
    """
    found = tracks(campaign)
    if not found:
        raise SchemaError("Nothing to draw: the campaign holds no peaks.")
    parts = stretches(campaign, cuts)
    frame = Frame(width, parts, width - LEFT - 1.75, 0.0)
    figure = new_figure(width, HEAD + 3 * TALL + 2 * BETWEEN + 1.0)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    largest = max(float(np.nanmax(np.append(track.capacitance, 0.0))) for track in found)
    farad = capacitance_scale(campaign, largest)
    rows: list[Row] = []
    for number, (quantity, label) in enumerate(
        (
            ("resistance", f"R ({ohm_unit(campaign)})"),
            ("tau", "Relaxation time τ (s)"),
            ("capacitance", f"C ({farad.unit})"),
        )
    ):
        top = HEAD + number * (TALL + BETWEEN)
        row = add_row(figure, frame, top, TALL, rows[0] if rows else [])
        rows.append(row)
        row[0].set_ylabel(label)
        factor = farad.factor if quantity == "capacitance" else 1.0
        _quantity(row, frame, campaign, found, quantity, factor)
    for axes in rows[1]:
        _shade(axes, campaign, found[0], parts[rows[1].index(axes)])
    frequency_axis(rows[1][-1], "right", 6)
    time_axes(rows, frame)
    _key(rows[0][0], found)
    finish(figure, campaign, frame, rows)
    return figure


def _quantity(
    row: Row,
    frame: Frame,
    campaign: CampaignLike,
    found: Sequence[Track],
    quantity: str,
    factor: float,
) -> None:
    """Draw one quantity of every track on every stretch of the time axis."""
    for axes, part, (_, wide) in zip(row, frame.parts, frame.boxes(), strict=True):
        dress(axes, part, wide, label=False)
        axes.set_yscale("log")
        for track in found:
            _track(axes, track, part, quantity, factor)
        for track in found:
            _join(axes, track, found, part, quantity, factor)
    _limit(row[0], found, quantity, factor)
    decade_ticks(row[0], "y", 5)


def _limit(axes: Axes, found: Sequence[Track], quantity: str, factor: float) -> None:
    """Set limits that hold every value; what lies outside the window counts as well."""
    values = np.concatenate([getattr(track, quantity)[track.present] for track in found]) * factor
    values = values[np.isfinite(values) & (values > 0)]
    if len(values):
        low, high = float(values.min()), float(values.max())
        margin = max((high / low) ** 0.08, 1.25)
        axes.set_ylim(low / margin, high * margin)


def _track(axes: Axes, track: Track, part: Stretch, quantity: str, factor: float) -> None:
    """Draw one track: a fine line, its band, markers (hollow where the window cuts it), ends."""
    here = part.covers(track.time)
    value = np.where(track.present, getattr(track, quantity) * factor, np.nan)
    if not np.isfinite(value[here]).any():
        return
    place = part.place(track.time)
    bounds = track.bounds.get(quantity)
    if bounds is not None:
        axes.fill_between(
            place[here], bounds[0][here] * factor, bounds[1][here] * factor,
            color=track.colour, alpha=0.2, lw=0, rasterized=bool(here.sum() > MOST_MARKS),
        )  # fmt: skip
    axes.plot(place[here], value[here], "-", color=track.colour, lw=0.6, alpha=0.8)
    marks = np.flatnonzero(here & np.isfinite(value))
    marks = marks[:: 1 + len(marks) // MOST_MARKS]
    firm = track.firm[marks]
    axes.plot(place[marks[firm]], value[marks[firm]], "o", ms=1.9, mew=0, color=track.colour)
    axes.plot(
        place[marks[~firm]], value[marks[~firm]], "o", ms=2.0, mfc="white", mec=track.colour,
        mew=0.45, ls="none",
    )  # fmt: skip
    rows = track.rows
    for row, marker, inner in (
        (track.birth, ">", track.birth != rows[0]),
        (track.death, "x", track.death != rows[-1]),
    ):
        at = np.flatnonzero((rows == row) & here & np.isfinite(value))
        if inner and len(at):
            axes.plot(place[at], value[at], marker, ms=3.6, color=track.colour, mew=0.7, zorder=5)


def _join(
    axes: Axes,
    track: Track,
    found: Sequence[Track],
    part: Stretch,
    quantity: str,
    factor: float,
) -> None:
    """Join the end of a track to the peak that it merged with, its start to that it came from."""
    by_number = {other.number: other for other in found}
    for other_number, row, step in (
        (track.merged_into, track.death, 1),
        (track.split_from, track.birth, -1),
    ):
        other = by_number.get(other_number)
        at = np.flatnonzero(track.rows == row)
        if other is None or not len(at):
            continue
        k = int(at[0])
        k_next = min(max(k + step, 0), len(track.rows) - 1)
        ends = np.array([track.time[k], track.time[k_next]])
        if not part.covers(ends).all():
            continue
        values = np.array(
            [getattr(track, quantity)[k], getattr(other, quantity)[k_next]], dtype=float
        )
        axes.plot(part.place(ends), values * factor, color=track.colour, lw=0.9, ls=(0, (1, 1)))


def _shade(axes: Axes, campaign: CampaignLike, track: Track, part: Stretch) -> None:
    """Shade what lies outside each sweep's measured window."""
    bounds = windows(campaign)[track.rows]
    here = part.covers(track.time) & np.isfinite(bounds).all(axis=1)
    if not here.any():
        return
    low, high = axes.get_ylim()
    x = part.place(track.time[here])
    left, right = axes.get_xlim()
    x = np.concatenate([[left], x, [right]])
    for side, end in ((0, low), (1, high)):
        edge = bounds[here, side]
        edge = np.concatenate([[edge[0]], edge, [edge[-1]]])
        if (edge <= low).all() if side == 0 else (edge >= high).all():
            continue
        axes.fill_between(x, edge, end, facecolor="#f1f2f4", edgecolor=PALE, hatch="/////", lw=0,
                          zorder=-1, rasterized=len(x) > MOST_MARKS,
                          label="outside the measured window")  # fmt: skip
        axes.plot(x, edge, color=INK, lw=0.7, ls=(0, (3, 2)), zorder=0)
    axes.set_ylim(low, high)
    axes.set_xlim(left, right)


def _key(axes: Axes, found: Sequence[Track]) -> None:
    """Name the tracks and the markers above the uppermost panel."""
    handles = []
    for name, colour in dict.fromkeys((track.name, track.colour) for track in found):
        text = peak_name(name) if name else "not named"
        handles += axes.plot([], [], "o-", color=colour, ms=2.2, lw=0.8, mew=0, label=text)
    options: dict[str, Any] = {"color": GREY, "ls": "none", "mew": 0.5}
    if any(not track.firm[track.present].all() for track in found):
        handles += axes.plot(
            [], [], "o", ms=2.4, mfc="white", label="outside the window or cut by its edge",
            **options,
        )  # fmt: skip
    handles += axes.plot([], [], ">", ms=3, label="birth", **options)
    handles += axes.plot([], [], "x", ms=3, label="death", **options)
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.1), ncols=len(handles),
        columnspacing=1.1, borderaxespad=0.0,
    )  # fmt: skip
