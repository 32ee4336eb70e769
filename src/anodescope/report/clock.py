"""The time axis: one clock, drawn in one stretch or in two with scales of their own.

A staircase of an hour followed by fifteen hours of rest leaves the staircase a sliver on a linear
axis. So where sweeps are crowded into less than a third of the time, or the current stops before a
third of it has passed, the axis is cut there; a rest that spans decades runs on a logarithmic
scale from the cut. Only the drawing is cut: every instant keeps its place on the campaign's clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from anodescope.report.style import THIN
from anodescope.report.view import CampaignLike, Floats, Scale, required, stored, time_scale

CROWDED = 1 / 3  # the axis is cut when its busy part would get less than this share
CONTRAST = 4.0  # and sweeps there are this many times as frequent as elsewhere
STEPS = {
    "s": [1, 1.5, 2, 3, 5, 10],
    "min": [1, 1.5, 2, 3, 5, 10],
    "h": [1, 2, 3, 5, 10],
    "d": [1, 2, 5, 10],
}
TICKS = (
    (1.0, "s"), (10.0, "s"), (60.0, "min"), (600.0, "min"), (3600.0, "h"), (36000.0, "h"),
    (864000.0, "d"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the time axis, from `start` to `end` (s); `origin` is the zero of a log scale."""

    start: float
    end: float
    scale: Scale
    share: float = 1.0
    origin: float | None = None

    @property
    def logarithmic(self) -> bool:
        """Whether time since `origin` is drawn on a logarithmic scale."""
        return self.origin is not None

    def place(self, time: Floats | float) -> Floats:
        """Return where instants (s) lie on this stretch's axis, in the axis' unit."""
        if self.origin is not None:
            lowest = self.start - self.origin
            return np.maximum(np.asarray(time, dtype=float) - self.origin, lowest)
        return np.asarray(time, dtype=float) * self.scale.factor

    def level(self, time: Floats | float) -> Floats:
        """Return positions that are even on paper: placed instants, or their logarithm."""
        placed = self.place(time)
        return np.log10(placed) if self.logarithmic else placed

    def unlevel(self, position: Floats) -> Floats:
        """Return axis values for positions that are even on paper."""
        return np.power(10.0, position) if self.logarithmic else position

    def covers(self, time: Floats) -> np.ndarray:
        """Tell which instants lie on this stretch."""
        return (time >= self.start) & (time <= self.end)


def sweep_times(campaign: CampaignLike) -> Floats:
    """Return start and end (s) of every sweep, shape (spectrum, 2); empty without spectra."""
    starts = stored(campaign, "spectra", "time_start")
    ends = stored(campaign, "spectra", "time_end")
    if starts is None or ends is None:
        return np.zeros((0, 2))
    return np.stack([starts, np.fmax(starts, ends)], axis=1).astype(float)


def span(campaign: CampaignLike) -> tuple[float, float]:
    """Return the first and last instant (s) that anything was measured; (0, 1) for nothing."""
    parts = [sweep_times(campaign).ravel()]
    for name, variable in (("timeseries", "time"), ("steps", "time_start"), ("steps", "time_end")):
        values = stored(campaign, name, variable)
        if values is not None:
            parts.append(values.astype(float))
    every = np.concatenate(parts)
    every = every[np.isfinite(every)]
    if not len(every):
        return 0.0, 1.0
    first, last = float(every.min()), float(every.max())
    return (first, last) if last > first else (first - 0.5, first + 0.5)


def _crowded_cut(times: Floats, first: float, last: float) -> float | None:
    """Return the instant that best parts busy from sparse, if the busy part is squeezed."""
    count = len(times)
    if count < 6:
        return None
    cuts = times[:-1, 1]
    before = np.arange(1, count) / count
    elapsed = (cuts - first) / (last - first)
    inside = (elapsed > 0) & (elapsed < 1)
    if not inside.any():
        return None
    f, g = elapsed[inside], before[inside]
    gain = g * np.log(g / f) + (1 - g) * np.log((1 - g) / (1 - f))
    best = int(np.argmax(gain))
    busy_first = g[best] > f[best]
    share = f[best] if busy_first else 1 - f[best]
    sweeps = count * (g[best] if busy_first else 1 - g[best])
    odds = (g[best] / f[best]) / ((1 - g[best]) / (1 - f[best]))
    contrast = odds if busy_first else 1 / odds
    squeezed = share < CROWDED and sweeps >= 4 and contrast >= CONTRAST
    return float(cuts[inside][best]) if squeezed else None


def _bias(campaign: CampaignLike) -> tuple[Floats, Floats] | None:
    """Return instants and currents that tell whether the cell was at rest."""
    current, time = (
        stored(campaign, "timeseries", "current"),
        stored(campaign, "timeseries", "time"),
    )
    times = sweep_times(campaign)
    bias = stored(campaign, "spectra", "bias_current")
    parts = []
    if current is not None and time is not None:
        parts.append((time, current))
    if bias is not None:
        parts.append((times.mean(axis=1), bias))
    if not parts:
        return None
    instants = np.concatenate([t for t, _ in parts]).astype(float)
    currents = np.concatenate([i for _, i in parts]).astype(float)
    keep = np.isfinite(instants) & np.isfinite(currents)
    return instants[keep], currents[keep]


def current_stops(campaign: CampaignLike) -> float | None:
    """Return the last instant (s) at which a current flowed; None if none did or none is known."""
    known = _bias(campaign)
    if known is None or not len(known[1]):
        return None
    size = np.abs(known[1])
    if size.max() == 0:
        return None
    return float(known[0][size > 0.01 * size.max()].max())


def _rest_cut(campaign: CampaignLike, times: Floats, first: float, last: float) -> float | None:
    """Return the end of the current, if a long rest with sweeps follows it."""
    stop = current_stops(campaign)
    if stop is None or (stop - first) > CROWDED * (last - first) or stop <= first:
        return None
    instants = times[:, 0] if len(times) else required(campaign, "timeseries", "time")
    later = int((instants >= stop - 1e-9).sum())
    return stop if later >= 2 and len(instants) - later >= 4 else None


def _tail(campaign: CampaignLike, cut: float, last: float, share: float) -> Stretch:
    """Return the stretch after a cut: logarithmic where it is a rest that spans decades."""
    plain = Stretch(cut, last, time_scale(last), share)
    stop = current_stops(campaign)
    if stop is None or stop > cut + 0.02 * (last - cut):
        return plain
    origin = stop
    times = sweep_times(campaign)
    ends = times[times[:, 1] > cut + 1e-9, 1]
    first = float(np.nanmin(ends)) - origin if len(ends) else 2e-4 * (last - origin)
    lowest = first / 2
    if lowest <= 0 or (last - origin) / lowest < 30:
        return plain
    return Stretch(origin + lowest, last, Scale(1.0, "s"), share, origin)


def stretches(campaign: CampaignLike, cuts: Sequence[float] | None = None) -> list[Stretch]:
    """Return the parts of the time axis, in order.

    Parameters
    ----------
    campaign : Campaign
    cuts : instants (s) at which the user wants the axis cut; an empty sequence forbids cutting,
        None cuts once where crowded sweeps would otherwise be squeezed.
    """
    first, last = span(campaign)
    times = sweep_times(campaign)
    times = times[np.isfinite(times).all(axis=1)]
    times = times[np.argsort(times[:, 1], kind="stable")]
    if cuts is not None:
        edges = [first, *sorted(c for c in cuts if first < c < last), last]
        share = 1 / (len(edges) - 1)
        pairs = itertools.pairwise(edges)
        return [Stretch(a, b, time_scale(b), share) for a, b in pairs]
    cut = _rest_cut(campaign, times, first, last)
    if cut is None:
        cut = _crowded_cut(times, first, last)
    if cut is None:
        return [Stretch(first, last, time_scale(last - min(first, 0.0)))]
    before = float((times[:, 1] <= cut + 1e-9).mean()) if len(times) else 1.0
    share = 0.62 if before >= 0.5 else 0.38
    head = Stretch(first, cut, time_scale(cut), share)
    return [head, _tail(campaign, cut, last, 1 - share)]


def dress(axes: Axes, stretch: Stretch, width: float, *, label: bool) -> None:
    """Set scale, limits, ticks and, for the lowest panel, the label of a time axis.

    `width` is the axes' width (cm): names of ticks take 0.8 cm each.
    """
    room = max(int(width / 0.8), 2)
    if stretch.origin is None:
        axes.set_xlim(float(stretch.place(stretch.start)), float(stretch.place(stretch.end)))
        axes.xaxis.set_major_locator(MaxNLocator(min(room, 7), steps=STEPS[stretch.scale.unit]))
        text = f"Time ({stretch.scale.unit})"
    else:
        axes.set_xscale("log")
        axes.set_xlim(float(stretch.place(stretch.start)), float(stretch.place(stretch.end)))
        axes.xaxis.set_minor_locator(NullLocator())
        low, high = axes.get_xlim()
        shown = [(t, u) for t, u in TICKS if low <= t <= high]
        shown = shown[:: 1 + (len(shown) - 1) // room]
        names = [f"{t * time_scale_of(u):g}{THIN}{u}" for t, u in shown]
        axes.xaxis.set_major_locator(FixedLocator([t for t, _ in shown]))
        axes.xaxis.set_major_formatter(FixedFormatter(names))
        text = "Time at rest"
    axes.tick_params(labelbottom=label)
    axes.set_xlabel(text if label else "")


def time_scale_of(unit: str) -> float:
    """Return how many of `unit` one second is."""
    return {"s": 1.0, "min": 1 / 60, "h": 1 / 3600, "d": 1 / 86400}[unit]
