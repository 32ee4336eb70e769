"""The panels over the map: voltage, current, the bar of techniques, the marks of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from anodescope.report.clock import Stretch, sweep_times
from anodescope.report.mesh import broken, envelope
from anodescope.report.style import (
    BLUE,
    CM,
    GREEN,
    INK,
    printable,
    shorten,
)
from anodescope.report.view import (
    CampaignLike,
    Floats,
    Scale,
    density_scale,
    node,
    prefixed,
    required,
    stored,
    sweeps_of,
)

REST_TECHNIQUES = ("OCV", "REST")
SELF_EVIDENT = ("technique", "pause")
REST_GREY = "#dfe2e5"
TINTS = ("#9fb8cf", "#e2b48c", "#a3c9b4", "#d3b0c6", "#b7d6ea", "#e6cf9c", "#a9a9a9")


@dataclass(frozen=True, slots=True)
class Line:
    """One measured line: a name for its label, samples in time order, gaps as NaN."""

    name: str
    time: Floats
    value: Floats
    colour: str


def _series(campaign: CampaignLike, variable: str) -> tuple[Floats, Floats] | None:
    """Return a variable of the time series in time order, without what was flagged as faulty."""
    value, time = stored(campaign, "timeseries", variable), stored(campaign, "timeseries", "time")
    if value is None or time is None:
        return None
    time, value = time.astype(float), np.array(value, dtype=float)
    flagged = stored(campaign, "timeseries", "overload")
    if flagged is not None:
        value[flagged.astype(bool)] = np.nan
    keep = np.isfinite(time)
    time, value = time[keep], value[keep]
    if not np.isfinite(value).any():
        return None
    order = np.argsort(time, kind="stable")
    return time[order], value[order]


def _from_spectra(campaign: CampaignLike, variable: str) -> tuple[Floats, Floats] | None:
    """Return the dc value of every point of the sweeps, or of the sweeps themselves."""
    rows = sweeps_of(campaign)
    value, time = stored(campaign, "spectra", variable), stored(campaign, "spectra", "time")
    valid = stored(campaign, "spectra", "valid")
    if value is not None and time is not None and valid is not None:
        keep = valid[rows] & np.isfinite(value[rows]) & np.isfinite(time[rows])
        if keep.any():
            instants, values = time[rows][keep], value[rows][keep]
            order = np.argsort(instants, kind="stable")
            return instants[order].astype(float), values[order].astype(float)
    bias = stored(campaign, "spectra", f"bias_{variable}")
    if bias is None or not np.isfinite(bias[rows]).any():
        return None
    ends = sweep_times(campaign)[rows]
    return ends.ravel(), np.repeat(bias[rows].astype(float), 2)


def _filled(campaign: CampaignLike, variable: str) -> tuple[Floats, Floats] | None:
    """Return the time series, completed by the sweeps' own dc values where it holds none."""
    series = _series(campaign, variable)
    if variable not in ("voltage", "current"):
        return series
    points = _from_spectra(campaign, variable)
    if series is None or points is None:
        return series if points is None else points
    time, value = series
    extent = sweep_times(campaign)[sweeps_of(campaign)]
    extent = extent[np.isfinite(extent).all(axis=1)]
    here = np.searchsorted(time, extent[:, 1], "right") - np.searchsorted(time, extent[:, 0])
    alone = extent[here == 0]
    if not len(alone):
        return series
    inside = np.zeros(len(points[0]), dtype=bool)
    which = np.clip(np.searchsorted(alone[:, 0], points[0], "right") - 1, 0, None)
    inside = (points[0] >= alone[which, 0]) & (points[0] <= alone[which, 1])
    time = np.concatenate([time, points[0][inside]])
    value = np.concatenate([value, points[1][inside]])
    order = np.argsort(time, kind="stable")
    return time[order], value[order]


def voltage_lines(campaign: CampaignLike) -> tuple[list[Line], Scale]:
    """Return the voltages to draw and their unit: the working electrode's and the counter's."""
    lines = []
    found = _filled(campaign, "voltage")
    counter = _filled(campaign, "counter_voltage")
    cell = _filled(campaign, "cell_voltage")
    if found is not None:
        lines.append(Line("" if counter is None else "working", *found, INK))
    if counter is not None:
        lines.append(Line("counter", *counter, GREEN))
    if not lines and cell is not None:
        lines.append(Line("cell", *cell, INK))
    pooled = [float(np.nanmax(np.abs(line.value))) for line in lines]
    small = bool(pooled) and 0 < max(pooled) < 0.2
    return lines, Scale(1e3, "mV") if small else Scale(1.0, "V")


def current_line(campaign: CampaignLike) -> tuple[list[Line], Scale]:
    """Return the current to draw and its unit: a density where the user gave an area."""
    density = _series(campaign, "current_density")
    found = density if density is not None else _filled(campaign, "current")
    if found is None:
        return [], Scale(1.0, "A")
    finite = np.abs(found[1][np.isfinite(found[1])])
    largest = float(finite.max()) if len(finite) else 0.0
    scale = prefixed(largest, "A") if density is None else density_scale(largest)
    return [Line("", *found, BLUE)], scale


def recorded(campaign: CampaignLike) -> Floats:
    """Return the spans (s) during which a sweep or a step ran, in order, shape (n, 2)."""
    spans = [sweep_times(campaign)]
    starts, ends = stored(campaign, "steps", "time_start"), stored(campaign, "steps", "time_end")
    if starts is not None and ends is not None:
        spans.append(np.stack([starts, ends], axis=1).astype(float))
    every = np.concatenate(spans)
    every = every[np.isfinite(every).all(axis=1)]
    return every[np.argsort(every[:, 0], kind="stable")]


def draw_lines(
    axes: Axes, lines: Sequence[Line], stretch: Stretch, scale: Scale, joined: Floats | None = None
) -> None:
    """Draw measured lines on one stretch of the time axis; `joined` as in `mesh.broken`."""
    for line in lines:
        # One sample beyond each end, so that the line reaches the frame.
        inside = np.flatnonzero(stretch.covers(line.time))
        if not len(inside):
            continue
        part = slice(max(inside[0] - 1, 0), inside[-1] + 2)
        time, value = broken(line.time[part], line.value[part] * scale.factor, joined)
        level, value = envelope(stretch.level(time), value)
        placed = stretch.unlevel(level)
        axes.plot(placed, value, color=line.colour, solid_joinstyle="round")
        lone = _lone(level, value, 2e-3 * float(np.ptp(stretch.level(_ends(stretch)))))
        if lone.any():
            axes.plot(placed[lone], value[lone], ".", ms=1.8, color=line.colour)


def _ends(stretch: Stretch) -> Floats:
    return np.array([stretch.start, stretch.end])


def _lone(position: Floats, value: Floats, least: float) -> np.ndarray:
    """Tell which samples belong to runs between gaps that are too short to be seen as a line."""
    finite = np.isfinite(value)
    run = np.cumsum(~finite)[finite]
    if not len(run):
        return finite
    begins = np.flatnonzero(np.diff(run, prepend=-1))
    ends = np.append(begins[1:], len(run)) - 1
    short = (position[finite][ends] - position[finite][begins]) < least
    lone = np.zeros(len(value), dtype=bool)
    lone[np.flatnonzero(finite)] = np.repeat(short, ends - begins + 1)
    return lone


def frame_values(axes: Axes, lines: Sequence[Line], scale: Scale, *, zero: bool) -> None:
    """Set the limits of a value axis to all that was measured, with a margin; `zero` shows it."""
    pooled = np.concatenate([line.value[np.isfinite(line.value)] for line in lines])
    low, high = float(pooled.min()) * scale.factor, float(pooled.max()) * scale.factor
    size = max(abs(low), abs(high))
    # A curve that comes near zero is shown with its zero.
    zero = zero or (low > 0 and low < 0.35 * high) or (high < 0 and high > 0.35 * low)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = max(0.08 * (high - low), 0.002 * size * (not zero), 1e-12)
    on_zero = (low == 0.0, high == 0.0)
    axes.set_ylim(
        low - margin * (0.25 if on_zero[0] else 1.0), high + margin * (0.25 if on_zero[1] else 1.0)
    )
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


def name_lines(axes: Axes, lines: Sequence[Line]) -> None:
    """Write the names of several lines into the panel's corner, in their colours."""
    named = [line for line in lines if line.name]
    for k, line in enumerate(named if len(named) > 1 else []):
        axes.annotate(
            line.name,
            (0, 1),
            xycoords="axes fraction",
            xytext=(4 + 34 * k, -1),
            textcoords="offset points",
            color=line.colour,
            fontsize=6,
            va="top",
        )


def techniques(campaign: CampaignLike) -> dict[str, str]:
    """Return the colour of each technique of the steps node, in order of appearance."""
    names = stored(campaign, "steps", "technique")
    if names is None:
        return {}
    tints = iter(TINTS * (1 + len(names) // len(TINTS)))
    known: dict[str, str] = {}
    for name in dict.fromkeys(str(n) for n in names):
        known[name] = REST_GREY if name.upper() in REST_TECHNIQUES else next(tints)
    return known


def _merged_steps(campaign: CampaignLike) -> list[tuple[str, float, float]]:
    """Return steps with runs of one technique made one: name, start, end (s)."""
    names = required(campaign, "steps", "technique")
    starts = required(campaign, "steps", "time_start").astype(float)
    ends = required(campaign, "steps", "time_end").astype(float)
    merged: list[tuple[str, float, float]] = []
    for k in np.argsort(starts, kind="stable"):
        if not (np.isfinite(starts[k]) and np.isfinite(ends[k])):
            continue
        name, start, end = str(names[k]), float(starts[k]), float(ends[k])
        if merged and merged[-1][0] == name and start <= merged[-1][2] + 1.0:
            merged[-1] = (name, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((name, start, end))
    return merged


def draw_techniques(axes: Axes, campaign: CampaignLike, stretch: Stretch) -> None:
    """Draw the bar that says which technique ran when.

    Each of 600 columns takes the mean colour of what ran in it, so that short alternating steps
    blend instead of making a moiré.
    """
    level = np.linspace(float(stretch.level(stretch.start)), float(stretch.level(stretch.end)), 601)
    edges = stretch.unlevel(level)
    origin, factor = stretch.origin, stretch.scale.factor
    instants = edges + origin if origin is not None else edges / factor
    paint, share = np.zeros((600, 3)), np.zeros(600)
    merged = _merged_steps(campaign)
    for name, colour in techniques(campaign).items():
        spans = np.array([(start, end) for kind, start, end in merged if kind == name])
        passed = np.concatenate([[0.0], np.cumsum(np.diff(spans, axis=1))])
        corners = np.append(spans[:, 0], np.inf), np.append(spans[:, 1], np.inf)
        k = np.searchsorted(corners[0], instants, "right") - 1
        done = passed[np.clip(k, 0, None)] + np.clip(instants - corners[0][k], 0, None)
        ran = np.where(k < 0, 0.0, np.minimum(done, passed[np.clip(k + 1, 0, len(spans))]))
        part = np.clip(np.diff(ran) / np.diff(instants), 0, 1)
        paint += part[:, None] * np.array(to_rgb(colour))
        share += part
    share = np.clip(share, 0, None)
    crowded = np.maximum(share, 1.0)[:, None]
    colours = paint / crowded + (1 - np.clip(share, 0, 1))[:, None]
    axes.pcolormesh(edges, [0, 1], np.clip(colours, 0, 1)[None], rasterized=True)
    axes.set_ylim(0, 1)
    axes.set_axis_off()


def key_techniques(figure: Figure, campaign: CampaignLike, right: float, y: float) -> float:
    """Write the names of the techniques beside their colours; return the left end (cm)."""
    wide, high = figure.get_size_inches() / CM
    for name, colour in reversed(list(techniques(campaign).items())[:6]):
        text = shorten(printable(name), 12)
        right -= 0.14 * len(text)
        figure.text(right / wide, 1 - y / high, text, fontsize=6, va="center", parse_math=False)
        corner = ((right - 0.26) / wide, 1 - (y + 0.09) / high)
        figure.patches.append(
            Rectangle(
                corner, 0.18 / wide, 0.18 / high, facecolor=colour, transform=figure.transFigure
            )
        )
        right -= 0.48
    return right


def events(campaign: CampaignLike, *, notable: bool = True) -> list[tuple[float, str, str]]:
    """Return instant (s), kind and message of events in time order.

    The beginning of a technique and a pause show themselves (as colour of the bar, as blank), so
    they are no `notable` events.
    """
    if node(campaign, "events") is None:
        return []
    times = required(campaign, "events", "time").astype(float)
    kinds = required(campaign, "events", "kind")
    messages = stored(campaign, "events", "message")
    told = kinds if messages is None else messages
    rows = [
        (float(t), str(k).replace("_", " "), str(m))
        for t, k, m in zip(times, kinds, told, strict=True)
        if np.isfinite(t) and not (notable and str(k) in SELF_EVIDENT)
    ]
    return sorted(rows)


def sign_note(campaign: CampaignLike) -> str:
    """Say what a positive current does, as far as it is known."""
    if campaign.attrs.get("current_sign") == "strips":
        return "positive strips Na"
    return "sign as in the file"
