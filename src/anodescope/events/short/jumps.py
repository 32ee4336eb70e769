"""Abrupt changes of a series, found on raw samples and on medians of 4, 16, 64, … of them.

An abrupt change is one that a level which was held, and the trend that it had, do not announce: the
median of three points after it differs from that of the five points before it by more than a share
of the level and more than the noise, twice as much as the trend alone would give. On medians of
many samples the noise is smaller, and a fall that takes many samples is short again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.compiling import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_GROUP = 4  # samples per median, from one scale to the next
_SHORTEST = 8  # points that a stretch needs on a coarser scale
_FEW = 12  # differences below which a stretch takes the noise of all
_FLOOR = 1e-7  # V: no instrument resolves less


@final
@dataclass(frozen=True, slots=True)
class Jumps:
    """Abrupt changes in time order.

    Attributes
    ----------
    stretch : stretch that each lies in, shape (J,).
    good, low : last sample before and first sample after it, shape (J,).
    before, after : level on both sides, shape (J,).
    """

    stretch: Integers
    good: Integers
    low: Integers
    before: Floats
    after: Floats


def find_jumps(
    time: Floats,
    series: Floats,
    edges: Integers,
    *,
    share: float,
    noise: float,
    longest: float,
) -> tuple[Jumps, Floats]:
    """Find the abrupt changes within stretches of a series.

    Parameters
    ----------
    time, series : (s) and any unit, finite, shape (N,).
    edges : first sample of each stretch, and N, shape (S + 1,).
    share : smallest fall as a share of the level before it; a rise counts from share/(1 − share).
    noise : smallest change over the standard deviation of the noise.
    longest : duration (s) up to which a change counts as abrupt; two neighbouring samples always.

    Returns
    -------
    jumps : see `Jumps`.
    sigma : standard deviation of the samples' noise per stretch, from their differences.
    """
    points, bounds, scale = series, edges, 1
    raw = _noise(points, bounds)
    found: list[NDArray[np.float64]] = []
    spacing = _spacing(time, edges)
    while True:
        sigma = raw if scale == 1 else _noise(points, bounds)
        rows = _scan(points, bounds, sigma, share, noise)
        if rows.shape[0]:
            rows = _refine(time, series, edges, rows, scale, raw, longest)
            found.append(rows if not found else _new(rows, np.concatenate(found), scale))
        scale *= _GROUP
        if not np.any(2.0 * scale * spacing <= longest) or points.size < 2 * _SHORTEST:
            break
        fits = 2.0 * scale * spacing <= longest
        points, bounds = _medians(points, bounds, fits)
    every = np.concatenate(found) if found else np.empty((0, 5))
    every = _joined(every[np.lexsort((every[:, 2], every[:, 1]))])
    whole = every[:, :3].astype(np.int64)
    return Jumps(whole[:, 0], whole[:, 1], whole[:, 2], every[:, 3], every[:, 4]), raw


def _joined(rows: Floats) -> Floats:
    """Make one of the parts of a change: same direction, and the next begins before it ends."""
    kept: list[Floats] = []
    for row in rows:
        last = kept[-1] if kept else None
        if (
            last is not None
            and last[0] == row[0]
            and row[1] < last[2]
            and (last[4] - last[3]) * (row[4] - row[3]) > 0
        ):
            if row[2] >= last[2]:
                last[2], last[4] = row[2], row[4]
            continue
        kept.append(row.copy())
    return np.stack(kept) if kept else rows


def _spacing(time: Floats, edges: Integers) -> Floats:
    """Return the mean distance of samples per stretch; infinity for one sample."""
    counts = np.diff(edges) - 1
    last = np.maximum(edges[1:] - 1, edges[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, (time[last] - time[edges[:-1]]) / counts, np.inf)


def _new(rows: NDArray[np.float64], known: NDArray[np.float64], scale: int) -> Floats:
    """Return those rows that no finer scale has found already."""
    places = np.sort(known[:, 2])
    near = np.searchsorted(places, rows[:, 2] + 3 * scale) - np.searchsorted(
        places, rows[:, 1] - 3 * scale
    )
    fresh: Floats = rows[near == 0]
    return fresh


@compiled
def _noise(y: Floats, edges: Integers) -> Floats:  # pragma: no cover
    """Return the noise per stretch by the median of absolute differences."""
    count = edges.size - 1
    sigma = np.full(count, np.nan)
    for s in range(count):
        a, b = edges[s], edges[s + 1]
        if b - a - 1 >= _FEW:
            steps = np.abs(y[a + 1 : b] - y[a : b - 1])
            sigma[s] = np.median(steps) / 0.6745 / np.sqrt(2.0)
    # Few points tell no noise: such a stretch takes what the others have, or what all of the
    # differences within stretches tell together.
    if np.all(np.isnan(sigma)):
        total = 0
        for s in range(count):
            total += max(edges[s + 1] - edges[s] - 1, 0)
        steps = np.zeros(max(total, 1))
        k = 0
        for s in range(count):
            for i in range(edges[s] + 1, edges[s + 1]):
                steps[k] = abs(y[i] - y[i - 1])
                k += 1
        common = np.median(steps) / 0.6745 / np.sqrt(2.0)
    else:
        common = np.nanmedian(sigma)
    for s in range(count):
        sigma[s] = max(common if np.isnan(sigma[s]) else sigma[s], _FLOOR)
    return sigma


@compiled
def _medians(
    y: Floats, edges: Integers, fits: NDArray[np.bool_]
) -> tuple[Floats, Integers]:  # pragma: no cover
    """Return the medians of every four points within the stretches that fit, and their edges."""
    count = edges.size - 1
    bounds = np.zeros(count + 1, np.int64)
    for s in range(count):
        groups = (edges[s + 1] - edges[s]) // _GROUP if fits[s] else 0
        bounds[s + 1] = bounds[s] + (groups if groups >= _SHORTEST else 0)
    points = np.empty(bounds[count])
    for s in range(count):
        for g in range(bounds[s + 1] - bounds[s]):
            a = edges[s] + _GROUP * g
            points[bounds[s] + g] = np.median(y[a : a + _GROUP])
    return points, bounds


@compiled
def _middle(a: float, b: float, c: float) -> float:  # pragma: no cover
    return max(min(a, b), min(max(a, b), c))


@compiled
def _jump(
    y: Floats, i: int, gap: int, held: int, sigma: float, share: float, noise: float
) -> tuple[float, float, float]:  # pragma: no cover
    """Return (size, before, after) of a change at point i; size 0 where there is none."""
    k = i + gap
    before = np.median(y[i - held : i])
    after = _middle(y[k], y[k + 1], y[k + 2])
    change = after - before
    size = abs(change)
    limit = share if change * before < 0 else share / (1.0 - share)
    if size <= max(limit * abs(before), noise * sigma):
        return 0.0, before, after
    sign = 1.0 if change > 0 else -1.0
    for j in range(3):
        if (y[k + j] - before) * sign < 0.5 * size:
            return 0.0, before, after
    if held == 5:
        late = _middle(y[i - 1], y[i - 2], y[i - 3])
        early = _middle(y[i - 3], y[i - 4], y[i - 5])
        trend = (late - early) * sign * (4.0 + gap) / 2.0
        if trend > 0.0 and (
            size < 2.0 * trend or size - trend <= max(limit * abs(before), noise * sigma)
        ):
            return 0.0, before, after
    return size, before, after


@compiled
def _scan(
    y: Floats, edges: Integers, sigma: Floats, share: float, noise: float
) -> Floats:  # pragma: no cover
    """Return one row per change: stretch, last point before, first after, both levels."""
    rows = np.empty((64, 5))
    count = 0
    for s in range(edges.size - 1):
        start, stop = edges[s], edges[s + 1]
        i = start + 5
        while i + 3 <= stop:
            best, place, width, b, a = 0.0, -1, 0, 0.0, 0.0
            # Cheap test first: most samples differ from no neighbour by anything.
            if abs(y[min(i + 1, stop - 1)] - y[i - 2]) > 0.25 * share * abs(y[i - 2]):
                for k in range(i, min(i + 3, stop - 2)):
                    for gap in range(2):
                        if k + gap + 3 > stop:
                            continue
                        size, before, after = _jump(
                            y, k, gap, min(k - start, 5), sigma[s], share, noise
                        )
                        if size > best * (1.05 if gap else 1.0):
                            best, place, width, b, a = size, k, gap, before, after
            if place < 0:
                i += 1
                continue
            if count == rows.shape[0]:
                more = np.empty((2 * count, 5))
                more[:count] = rows
                rows = more
            rows[count, 0], rows[count, 1], rows[count, 2] = s, place - 1, place + width
            rows[count, 3], rows[count, 4] = b, a
            # Places are counted within the stretch, so that they can be moved to the raw samples.
            rows[count, 1] -= edges[s]
            rows[count, 2] -= edges[s]
            count += 1
            start = place + width
            i = start + 3
    return rows[:count]


@compiled
def _reach(time, y, place, width, stop, level, sign, tolerance, longest):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Follow a change from `place` towards `stop` while blocks of samples go on changing.

    Returns the level and the place at which it ends; `width` is negative backwards, and `sign` that
    of a change that goes on.
    """
    begin, at = time[place], place
    while True:
        far = at + width
        if (far - stop) * (1 if width > 0 else -1) > 0:
            return level, at
        block = np.median(y[at:far]) if width > 0 else np.median(y[far + 1 : at + 1])
        if (block - level) * sign <= tolerance or abs(time[far] - begin) > longest:
            return level, at
        level, at = block, far


@compiled
def _refine(time, y, edges, rows, scale, sigma, longest):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Move changes that were found on medians to the raw samples, from first to last of each."""
    moved = rows.copy()
    for r in range(rows.shape[0]):
        s = int(rows[r, 0])
        first, last = edges[s], edges[s + 1] - 1
        before, after = rows[r, 3], rows[r, 4]
        sign = 1.0 if after > before else -1.0
        # The place of the largest change may be off by one or two points where noise helps it.
        lo = max(first + (int(rows[r, 1]) - 2) * scale, first)
        hi = min(first + (int(rows[r, 2]) + 3) * scale - 1, last)
        width = 3 * scale
        noise = sigma[s] * (1.0 if scale == 1 else 1.25 / np.sqrt(width))
        tolerance = max(0.05 * abs(after - before), 3.0 * noise)
        after, hi = _reach(time, y, hi, width, last, after, sign, tolerance, longest)
        before, lo = _reach(time, y, lo, -width, first, before, -sign, tolerance, longest)
        size = abs(after - before)
        good = max(first + (int(rows[r, 1]) - (scale > 1)) * scale, first)
        low = min(first + (int(rows[r, 2]) + 1) * scale - 1, last)
        if size > 6.0 * sigma[s]:
            low = hi
            for q in range(lo + 1, hi + 1):
                held = True
                for j in range(q, min(q + 3, last + 1)):
                    held = held and (y[j] - before) * sign > 0.5 * size
                if held:
                    low = q
                    break
            good = low - 1
            while good > lo and (y[good] - before) * sign > max(0.03 * size, 3.0 * sigma[s]):
                good -= 1
            # A change that is still under way: the low side begins where most of it is done.
            while low < hi and (y[low] - before) * sign < 0.75 * size:
                low += 1
        moved[r, 1], moved[r, 2], moved[r, 3], moved[r, 4] = good, low, before, after
    return moved
