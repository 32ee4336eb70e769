"""Series of sweeps: those of a scan, coloured by current, and those of the rest after it, by time.

Only rows are chosen here. A series holds at most as many sweeps as a reader can tell apart; it
always holds the first and the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from anodescope.errors import SchemaError
from anodescope.report.amounts import current_scale
from anodescope.report.axes import decades
from anodescope.report.blocks import (
    biases,
    busiest,
    flows_from,
    longest_rest,
    sweep_places,
)
from anodescope.report.clock import TICKS, time_scale_of
from anodescope.report.keys import SPACING, SPILL, legend_columns
from anodescope.report.style import CM, THIN, place, printable, sweep_colours
from anodescope.report.view import (
    CampaignLike,
    Floats,
    choose_sweeps,
    required,
    spoken_time,
    stored,
    sweeps_of,
    time_scale,
    usable,
)

MOST_SCAN, MOST_REST = 24, 8
FEW_NAMED = 8  # so many sweeps are named one by one instead of by a colour bar
Colour = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Sweeps to draw together: rows of the spectra node, and the value that gives their colour.

    `by` is "current" (values in the unit of `label`), "time" (the same) or "rest" (seconds since
    the current stopped, on a log scale). `names` holds one label per sweep.
    """

    by: str
    rows: list[int]
    values: Floats
    label: str
    names: list[str]

    @property
    def named(self) -> bool:
        """Whether the sweeps are few enough, and different enough, to be named one by one."""
        return self.by == "time" and len(self.rows) <= FEW_NAMED

    @property
    def norm(self) -> Normalize:
        """The scale of the colours."""
        values = self.values[np.isfinite(self.values)]
        if not len(values):
            return Normalize(0, 1)
        if self.by == "rest":
            low = max(float(values[values > 0].min()) if (values > 0).any() else 1.0, 1.0)
            return LogNorm(low, max(float(values.max()), 1.5 * low), clip=True)
        low, high = float(values.min()), float(values.max())
        return Normalize(low, high if high > low else low + 1)

    @property
    def colours(self) -> list[Colour]:
        """One colour per sweep."""
        shade, norm = sweep_colours(), self.norm
        low = float(norm.vmin or 0.0)
        known = np.where(np.isfinite(self.values), self.values, low)
        return [shade(float(norm(max(value, low) if self.by == "rest" else value)))
                for value in known]  # fmt: skip


def _thinned(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Return at most `most` rows, evenly spaced by number, the first and the last among them."""
    if len(rows) <= most:
        return rows
    picks = np.unique(np.round(np.linspace(0, len(rows) - 1, most)).astype(int))
    return np.asarray(rows[picks], dtype=np.intp)


def _spread(values: Floats, most: int) -> NDArray[np.intp]:
    """Return places of values (ascending) that are evenly spaced on a log scale."""
    if len(values) <= most:
        return np.arange(len(values))
    logs = np.log(np.maximum(values, max(float(values[1]), 1e-9) / 2))
    wanted = np.linspace(logs[0], logs[-1], most)
    return np.unique(np.abs(logs[:, None] - wanted).argmin(axis=0)).astype(np.intp)


def loaded_rows(campaign: CampaignLike, electrode: str | None = None) -> NDArray[np.intp]:
    """Return the rows of the sweeps under current, of the block that has most of them."""
    rows = usable(campaign, sweeps_of(campaign, electrode))
    bias = np.nan_to_num(np.abs(biases(campaign)[rows]))
    loaded: NDArray[np.intp] = rows[bias > flows_from(campaign)]
    block = busiest(campaign, electrode)
    if block is None:
        return loaded
    inside: NDArray[np.intp] = loaded[sweep_places(campaign)[0][loaded] == block.number]
    return inside if len(inside) else loaded


def _by_level(campaign: CampaignLike, rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Return the last sweep of every level; the rows themselves where no level is known."""
    level = sweep_places(campaign)[1][rows]
    if not len(rows) or (level < 0).any():
        return _thinned(rows, most)
    last = np.flatnonzero(np.append(np.diff(level) != 0, True))
    return _thinned(rows[last], most) if len(last) > 1 else _thinned(rows, most)


def scan_series(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, most: int = MOST_SCAN
) -> Series | None:
    """Return the sweeps under current, or all of them where no current is known; None: no sweep.

    They are coloured by current where it only rises or only falls, else by time.
    """
    if sweeps is not None:
        rows = np.array(sweeps, dtype=np.intp)
    else:
        every = loaded_rows(campaign)
        if not len(every):
            every = np.array(choose_sweeps(campaign, most), dtype=np.intp)
        rows = _by_level(campaign, every, most)
    if not len(rows):
        return None
    current = biases(campaign)[rows]
    steps = np.diff(np.abs(current))
    scale = current_scale(campaign, float(np.nanmax(np.abs(np.append(current, 0)))))
    drawn = current * scale.factor
    names = [f"{value:.3g}{THIN}{scale.unit}".replace("-", "−") for value in drawn]
    one_way = len(set(np.round(np.abs(current), 12).tolist())) > 2 and (
        (steps >= -1e-12).all() or (steps <= 1e-12).all()
    )
    if one_way and (np.sign(current) == np.sign(current[0])).all():
        what = "Current density" if "cm" in scale.unit else "Current"
        return Series("current", rows.tolist(), drawn, f"{what} ({scale.unit})", names)
    starts = required(campaign, "spectra", "time_start").astype(float)[rows]
    unit = time_scale(float(np.nanmax(np.abs(starts))) if np.isfinite(starts).any() else 1.0)
    times = [spoken_time(float(value)) for value in starts]
    same = np.ptp(current[np.isfinite(current)]) == 0 if np.isfinite(current).any() else True
    names = times if same else [f"{a}, {b}" for a, b in zip(times, names, strict=True)]
    return Series("time", rows.tolist(), starts * unit.factor, f"Time ({unit.unit})", names)


def rest_series(
    campaign: CampaignLike,
    times: Sequence[float] | None = None,
    most: int = MOST_REST,
    sweeps: Sequence[int] | None = None,
) -> Series | None:
    """Return sweeps of the longest rest after a current, by the time since the current stopped.

    Parameters
    ----------
    times : seconds since the current stopped; the nearest sweeps are taken. None spreads them
        evenly on a log scale.
    """
    rest = longest_rest(campaign)
    if rest is None:
        return None
    rows = usable(campaign, sweeps_of(campaign))
    starts = required(campaign, "spectra", "time_start").astype(float)
    inside = (starts[rows] >= rest.start - 1e-6) & (starts[rows] <= rest.end + 1e-6)
    rows = rows[inside] if sweeps is None else np.array(sweeps, dtype=np.intp)
    if not len(rows):
        return None
    since = starts[rows] - rest.start
    if times is not None:
        picks = np.unique([int(np.abs(since - wanted).argmin()) for wanted in times])
    else:
        picks = np.arange(len(rows)) if sweeps is not None else _spread(since, most)
    shown = np.maximum(since[picks], 0.0)
    names = [spoken_time(round(float(value), 3)) for value in shown]
    return Series("rest", rows[picks].tolist(), shown, "Time since the current stopped", names)


def both_series(
    campaign: CampaignLike,
    sweeps: Sequence[int] | None = None,
    times: Sequence[float] | None = None,
    most: tuple[int, int] = (MOST_SCAN, MOST_REST),
) -> list[Series]:
    """Return the scan's series and that of the rest after it, whichever has sweeps.

    Raises
    ------
    SchemaError
        where neither has, or a named sweep does not exist.
    """
    if sweeps is not None:
        count = len(required(campaign, "spectra", "time_start"))
        for row in sweeps:
            if not 0 <= row < count:
                raise SchemaError(f"There is no sweep {row}: the campaign holds 0 … {count - 1}.")
        rest = longest_rest(campaign)
        starts = required(campaign, "spectra", "time_start")
        later = [row for row in sweeps if rest is not None and starts[row] >= rest.start - 1e-6]
        earlier = [row for row in sweeps if row not in later]
        found = [
            scan_series(campaign, earlier) if earlier else None,
            rest_series(campaign, sweeps=later) if later else None,
        ]
    else:
        under_current = len(loaded_rows(campaign)) > 0
        second = rest_series(campaign, times, most[1]) if under_current else None
        found = [scan_series(campaign, None, most[0]), second]
    series = [one for one in found if one is not None]
    if not series:
        raise SchemaError("Nothing to draw: the campaign holds no spectra.")
    return series


def colour_key(figure: Figure, series: Series, left: float, top: float, wide: float) -> Axes:
    """Draw the colour bar of a series at `left`, `top` (cm), its ticks and label above it."""
    axes = place(figure, left, top, wide, 0.16)
    norm = series.norm
    options: dict[str, Any] = {"orientation": "horizontal", "ticklocation": "top"}
    bar = figure.colorbar(ScalarMappable(norm=norm, cmap=sweep_colours()), cax=axes, **options)
    axes.spines["outline"].set_linewidth(0.4)
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 1.0)
    if series.by == "rest":
        shown = [(t, u) for t, u in TICKS if low <= t <= high]
        shown = shown[:: 1 + (len(shown) - 1) // max(int(wide / 0.85), 2)]
        axes.xaxis.set_major_locator(FixedLocator([t for t, _ in shown]))
        names = [f"{t * time_scale_of(u):g}{THIN}{u}" for t, u in shown]
        axes.xaxis.set_major_formatter(FixedFormatter(names))
        axes.xaxis.set_minor_locator(NullLocator())
    elif not isinstance(norm, LogNorm):
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    else:
        axes.xaxis.set_major_locator(FixedLocator([10.0**k for k in decades(low, high, 5)]))
    bar.set_label(series.label, labelpad=2)
    return axes


def name_over(
    axes: Axes, series: Series, handles: Sequence[Line2D] = (), *, lift: float = 0.18
) -> None:
    """Name every line of a series above its axes (by `lift` of their height), after `handles`."""
    lines = [
        axes.plot([], [], color=colour, lw=1.0, label=printable(name))[0]
        for name, colour in zip(series.names, series.colours, strict=True)
    ]
    figure = axes.get_figure(root=True)
    room = axes.get_position().width * (figure.get_size_inches()[0] if figure else 1) / CM
    every = [*handles, *lines]
    axes.legend(
        handles=every, title=series.label if series.by == "rest" else None,
        title_fontsize=6, loc="lower left", bbox_to_anchor=(0.0, 1 + lift),
        ncols=legend_columns([str(line.get_label()) for line in every], room + SPILL),
        columnspacing=SPACING, borderaxespad=0.0, borderpad=0.0, alignment="left",
    )  # fmt: skip


def has_gamma(campaign: CampaignLike) -> bool:
    """Tell whether any sweep has a DRT."""
    gamma = stored(campaign, "drt", "gamma")
    return gamma is not None and bool(np.isfinite(gamma).any())
