"""Drawing-level arithmetic: what a page can show of a million samples or ten thousand sweeps."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LogNorm

from anodescope.report.clock import Stretch
from anodescope.report.view import Floats

COLUMNS = 1400  # finer than 300 dpi over the map's width
DECADES = 3.5  # most that the colour scale spans


def envelope(time: Floats, value: Floats, bins: int = 1500) -> tuple[Floats, Floats]:
    """Thin a long line without changing how it looks.

    Per bin of `time` the first, the smallest, the largest and the last sample are kept, so spikes
    survive. Samples that are not finite stay as gaps.

    Parameters
    ----------
    time, value : samples in time order, shape (n,).
    bins : bins over the whole range; series shorter than four per bin come back unchanged.
    """
    if len(time) <= 4 * bins:
        return time, value
    edges = np.linspace(time[0], time[-1], bins + 1)
    cuts = np.unique(np.searchsorted(time, edges[:-1]))
    cuts = cuts[cuts < len(time)]
    filled_low = np.where(np.isfinite(value), value, np.inf)
    filled_high = np.where(np.isfinite(value), value, -np.inf)
    lowest = np.minimum.reduceat(filled_low, cuts)
    highest = np.maximum.reduceat(filled_high, cuts)
    bin_of = np.repeat(np.arange(len(cuts)), np.diff(np.append(cuts, len(time))))
    at_low = _first_of(filled_low == lowest[bin_of], bin_of)
    at_high = _first_of(filled_high == highest[bin_of], bin_of)
    ends = np.append(cuts[1:], len(time)) - 1
    kept = np.unique(np.concatenate([cuts, at_low, at_high, ends]))
    return time[kept], value[kept]


def _first_of(mask: np.ndarray, bin_of: np.ndarray) -> np.ndarray:
    """Return the first True of each bin."""
    hits = np.flatnonzero(mask)
    return np.asarray(hits[np.unique(bin_of[hits], return_index=True)[1]])


def broken(
    time: Floats, value: Floats, joined: Floats | None = None, share: float = 0.03
) -> tuple[Floats, Floats]:
    """Insert NaN where nothing was recorded, so that no line is drawn across.

    A pause counts when it is longer than `share` of the whole and than twenty usual intervals, and
    when it does not lie inside one of the spans `joined` (s, shape (n, 2), in order): a slow sweep
    or a step whose instrument records changes only has no pauses.
    """
    if len(time) < 3:
        return time, value
    steps = np.diff(time)
    limit = max(share * (time[-1] - time[0]), 20 * float(np.median(steps)))
    pauses = np.flatnonzero(steps > limit) + 1
    if joined is not None and len(joined):
        before = np.searchsorted(joined[:, 0], time[pauses - 1], "right") - 1
        reach = np.maximum.accumulate(joined[:, 1])[np.clip(before, 0, None)]
        pauses = pauses[(before < 0) | (reach < time[pauses] - 1e-6)]
    if not len(pauses):
        return time, value
    middles = (time[pauses] + time[pauses - 1]) / 2
    return np.insert(time, pauses, middles), np.insert(value, pauses, np.nan)


def _grouped(
    starts: Floats, ends: Floats, gamma: Floats, stretch: Stretch
) -> tuple[Floats, Floats, Floats]:
    """Average neighbouring sweeps that would share one column of pixels (mean of log γ)."""
    if len(starts) <= COLUMNS:
        return starts, ends, gamma
    middle = stretch.level((starts + ends) / 2)
    low, high = stretch.level(stretch.start), stretch.level(stretch.end)
    column = np.clip((middle - low) / (high - low) * COLUMNS, 0, COLUMNS - 1).astype(int)
    cuts = np.flatnonzero(np.diff(column, prepend=-1) != 0)
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(gamma, 1e-300))
    finite = np.isfinite(gamma)
    total = np.add.reduceat(np.where(finite, logs, 0.0), cuts, axis=0)
    count = np.add.reduceat(finite, cuts, axis=0, dtype=float)
    with np.errstate(invalid="ignore"):
        mean = np.exp(total / np.where(count > 0, count, np.nan))
    return np.minimum.reduceat(starts, cuts), np.maximum.reduceat(ends, cuts), mean


def columns(
    starts: Floats, ends: Floats, gamma: Floats, stretch: Stretch, least: float, gap: float = 0.0
) -> tuple[Floats, Floats]:
    """Return the map's columns: each sweep from its start to its end, gaps between them blank.

    Parameters
    ----------
    starts, ends : instants (s) of the sweeps, in time order, shape (n,).
    gamma : values, shape (n, tau); a gap or a sweep without a DRT is NaN.
    stretch : the part of the time axis on which they are drawn.
    least : a sweep narrower than this share of the axis is widened to it, as far as its
        neighbours allow (two fifths of every gap stay), so that it can be seen at all.
    gap : a gap narrower than this share of the axis is closed: in print it would only be a moiré.

    Returns
    -------
    edges : axis values, shape (m + 1,), never decreasing.
    values : shape (m, tau); sweeps and gaps alternate.
    """
    starts, ends, gamma = _grouped(starts, ends, gamma, stretch)
    left, right = stretch.level(starts), stretch.level(ends)
    low, high = float(stretch.level(stretch.start)), float(stretch.level(stretch.end))
    left = np.maximum.accumulate(np.clip(left, low, high))
    right = np.clip(np.maximum(right, left), low, high)
    right[:-1] = np.minimum(right[:-1], left[1:])
    missing = np.maximum(0.0, least * (high - low) - (right - left)) / 2
    between = (right[:-1] + left[1:]) / 2
    thin = left[1:] - right[:-1] < gap * (high - low)
    room = 0.3 * np.maximum(left[1:] - right[:-1], 0.0)
    limits = np.concatenate([[low], left[1:] - room]), np.concatenate([right[:-1] + room, [high]])
    left, right = np.maximum(left - missing, limits[0]), np.minimum(right + missing, limits[1])
    left[1:][thin], right[:-1][thin] = between[thin], between[thin]
    edges = stretch.unlevel(np.stack([left, right], axis=1).ravel())
    values = np.full((2 * len(left) - 1, gamma.shape[1]), np.nan)
    values[::2] = gamma
    return edges, values


def tau_edges(tau: Floats) -> Floats:
    """Return the borders of the rows of a map over ascending τ (s): geometric middles."""
    logs = np.log(tau)
    if len(logs) == 1:
        return np.asarray(np.exp(logs[0] + np.array([-0.5, 0.5])))
    middle = (logs[1:] + logs[:-1]) / 2
    first, last = 2 * logs[0] - middle[0], 2 * logs[-1] - middle[-1]
    return np.asarray(np.exp(np.concatenate([[first], middle, [last]])))


def colour_norm(gamma: Floats, inside: np.ndarray) -> LogNorm:
    """Return the log scale of the colours, set by what lies inside the measured window.

    It spans at most 3.5 decades; what lies beyond its ends takes the colour of the end.
    """
    seen = gamma[inside & np.isfinite(gamma) & (gamma > 0)]
    if not len(seen):
        seen = gamma[np.isfinite(gamma) & (gamma > 0)]
    if not len(seen):
        return LogNorm(0.1, 10.0)
    # A single spike must not stretch the scale, but an ordinary highest peak belongs on it.
    high = min(float(seen.max()), 3 * float(np.quantile(seen, 0.999)))
    low = max(float(np.quantile(seen, 0.02)), high * 10**-DECADES)
    low = min(low, high / 10)
    return LogNorm(low, high)
