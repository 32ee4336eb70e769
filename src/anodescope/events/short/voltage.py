"""Short circuits in the voltage: falls that stay, within a stretch of one current or between two.

What is told apart:

- within a stretch, an abrupt fall from a held level (see `jumps`); a fall back to the level before
  an abrupt rise is the end of a spike, and no short circuit;
- from one stretch to another, a level far below what the same cell needed at a smaller current of
  the same direction: V(I) never falls, and V/I of a current does not exceed that of a smaller one
  by being smaller, so V ≥ V' · min(1, I/I') is what a healthy cell shows;
- a level below the voltage at rest plus the current times the real part of the impedance at high
  frequency: no healthy cell has less resistance than that. Without a voltage at rest nothing is
  said.

V is what the current adds to the voltage at rest (see `open_circuit`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anodescope.compiling import compiled
from anodescope.events.finding import NAN, Bools, Floats, Integers, Record
from anodescope.events.short.bounds import least_voltage
from anodescope.events.short.circuits import Short, merged
from anodescope.events.short.jumps import Jumps, find_jumps
from anodescope.events.short.settings import ShortSettings
from anodescope.events.short.stretches import Stretches

_IN, _START, _BELOW, _DEEPER, _TAIL = 0, 1, 2, 3, 4
_SHORT = 16  # samples below which a stretch is compared with the one before as a whole
_HELD, _LEVEL = 5, 3  # samples of a level that was held before a fall, and that tell one after it
_HISTORY = 100  # stretches, and instants of one stretch, that tell what was usual


def voltage_shorts(
    record: Record, stretches: Stretches, settings: ShortSettings
) -> tuple[list[Short], bool]:
    """Find the short circuits in the voltage, in time order.

    Returns
    -------
    shorts : may be empty.
    decidable : whether any level stands above the noise and has the samples that a fall needs.
    """
    jumps, sigma = find_jumps(
        stretches.time,
        stretches.series,
        stretches.edges,
        share=settings.drop,
        noise=settings.noise,
        longest=settings.fall_time,
    )
    level, top = _levels(stretches.series, stretches.edges)
    closed, opened = _within(stretches, jumps, level, settings)
    margin = settings.noise * sigma
    least = least_voltage(record, stretches)
    rows = _follow(
        stretches.time, stretches.edges, np.nan_to_num(stretches.current), level, top, margin,
        stretches.offset, stretches.along, np.nan_to_num(stretches.rest.doubt), least,
        opened[:, 0], opened[:, 1],
        settings.start, settings.recovered, settings.hard,
    )  # fmt: skip
    lasting = _between(stretches, rows, opened, level, settings)
    # What comes and goes while a short circuit lasts belongs to that.
    brief = [one for one in closed if not any(_covers(other, one.low) for other in lasting)]
    found = [_classified(short, settings) for short in [*brief, *lasting]]
    found = merged(sorted(found, key=lambda short: short.low))
    decidable = bool(np.any((top > margin) & enough_samples(stretches)))
    return sorted(found, key=lambda short: short.low), decidable


def above_noise(stretches: Stretches, settings: ShortSettings) -> Bools:
    """Say which stretches stand above the noise, so that a fall could be seen, shape (S,)."""
    _, sigma = find_jumps(
        stretches.time,
        stretches.series,
        stretches.edges,
        share=settings.drop,
        noise=settings.noise,
        longest=settings.fall_time,
    )
    _, top = _levels(stretches.series, stretches.edges)
    above: Bools = (top > settings.noise * sigma) & enough_samples(stretches)
    return above


def enough_samples(stretches: Stretches) -> Bools:
    """Say which stretches have the samples to show a fall, in themselves or against an earlier one
    of the same direction, shape (S,).
    """
    count = np.diff(stretches.edges)
    some, sign = count >= _LEVEL, np.sign(np.nan_to_num(stretches.current))
    enough: Bools = count >= _HELD + _LEVEL
    for side in (-1.0, 0.0, 1.0):
        rows = np.flatnonzero(some & (sign == side))
        enough[rows[1:]] = True
    return enough


def _within(
    stretches: Stretches, jumps: Jumps, level: Floats, settings: ShortSettings
) -> tuple[list[Short], Floats]:
    """Read the jumps of each stretch in turn.

    Returns
    -------
    closed : falls that were followed by a rise to the level before, within the stretch.
    opened : per stretch (level before, level after, last good, first low sample) of a fall that
        was not; NaN where there is none, shape (S, 4).
    """
    closed: list[Short] = []
    opened = np.full((stretches.edges.size - 1, 4), NAN)
    for s in map(int, np.unique(jumps.stretch)):
        some = range(*map(int, np.searchsorted(jumps.stretch, [s, s + 1])))
        rose, fall, reference = False, -1, NAN
        for j in some:
            before, after = float(jumps.before[j]), float(jumps.after[j])
            if fall >= 0:
                if after > before and after >= settings.recovered * reference:
                    closed.append(_short(stretches, jumps, fall, j, reference, s))
                    fall = -1
            elif after > before:
                rose = True
            else:
                # After a rise the level may be that of a spike: then what was usual counts.
                usual = _usual(stretches, level, s, int(jumps.good[j])) if rose else NAN
                reference = min(before, usual) if np.isfinite(usual) else before
                # Against the voltage at rest a fall in part may be a larger overpotential.
                share = settings.hard if stretches.along[s] < 0 else 1.0 - settings.drop
                # It goes to zero, not through it.
                fall = j if -share * reference < after < share * reference else -1
        if fall >= 0:
            opened[s] = reference, jumps.after[fall], jumps.good[fall], jumps.low[fall]
    return closed, opened


def _usual(stretches: Stretches, level: Floats, s: int, sample: int) -> float:
    """Return the level that was usual before a sample of stretch `s`, over time.

    Levels of earlier stretches in the same direction count, scaled to the current of this one if
    that is smaller, and this stretch up to the sample.
    """
    time, edges, current = stretches.time, stretches.edges, np.nan_to_num(stretches.current)
    first = edges[s]
    earlier = np.flatnonzero(np.sign(current[:s]) == np.sign(current[s]))[-_HISTORY:]
    size = np.abs(current[earlier])
    scale = np.minimum(1.0, np.abs(current[s]) / np.where(size > 0, size, 1.0))
    values = level[earlier] * np.where(size > 0, scale, 1.0)
    weights = time[edges[earlier + 1] - 1] - time[edges[earlier]]
    if sample > first:
        grid = np.linspace(time[first], time[sample], _HISTORY)
        values = np.append(values, np.interp(grid, time[first : sample + 1],
                                             stretches.series[first : sample + 1]))  # fmt: skip
        weights = np.append(weights, np.full(grid.size, (grid[-1] - grid[0]) / grid.size))
    if not values.size or not weights.sum() > 0:
        return NAN
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(share, 0.5)])


def _short(
    stretches: Stretches, jumps: Jumps, fall: int, rise: int, reference: float, s: int
) -> Short:
    time = stretches.time
    return Short(
        "reversible",
        time[jumps.good[fall]],
        time[jumps.low[fall]],
        time[jumps.low[rise]],
        stretches.current[s],
        jumps.after[fall] / reference,
        int(stretches.block[s]),
        "an abrupt fall",
    )


@compiled
def _levels(y: Floats, edges: Integers) -> tuple[Floats, Floats]:  # pragma: no cover
    """Return the median of the last third, and the 90th percentile, of each stretch."""
    count = edges.size - 1
    level, top = np.empty(count), np.empty(count)
    for s in range(count):
        a, b = edges[s], edges[s + 1]
        tail = max(min(a + (2 * (b - a)) // 3, b - 4), a)
        level[s] = np.median(y[tail:b])
        ordered = np.sort(y[a:b])
        top[s] = ordered[int(0.9 * (b - a - 1) + 0.5)]
    return level, top


@compiled
def _expected(
    over: float, known: float, size: float, offset: float, along: float, doubt: float
) -> float:  # pragma: no cover
    """Return the least voltage of a healthy cell, from what another current added to that at rest.

    Against the voltage at rest nothing bounds what a larger current takes away (NaN). At the same
    current an error of the voltage at rest does no harm.
    """
    share = size / known if size > 0 else 1.0
    if along > 0:
        error = 3.0 * doubt if abs(share - 1.0) > 0.05 else 0.0
        return offset - error + over * min(1.0, share)
    # An overpotential may have grown since.
    return offset - 1.25 * over if share <= 1.05 else np.nan


@compiled
def _follow(
    time: Floats, edges: Integers, current: Floats, level: Floats, top: Floats, margin: Floats,
    offset: Floats, along: Floats, doubt: Floats, least: Floats, reference: Floats, after: Floats,
    start: float, recovered: float, hard: float,
) -> Floats:  # fmt: skip  # pragma: no cover
    """Follow the levels from stretch to stretch; rows: begin, how, ratio, stretch of recovery.

    For each direction of the current, the lowest healthy level seen so far (as V' and I') bounds
    what is to be expected; the last healthy one says when the cell has recovered.
    """
    rows = np.empty((16, 4))
    count, shorted = 0, False
    low_v, low_i = np.full(2, np.nan), np.full(2, np.nan)
    last_v, last_i, last_t = np.full(2, np.nan), np.full(2, np.nan), np.full(2, np.nan)
    for s in range(edges.size - 1):
        n = edges[s + 1] - edges[s]
        duration = time[edges[s + 1] - 1] - time[edges[s]]
        size = abs(current[s])
        p = 1 if current[s] < 0 else 0
        opens = not np.isnan(reference[s])
        how, ratio = -1, np.nan
        if not shorted:
            if not np.isnan(low_v[p]) and n >= 3 and duration >= 0.3 * last_t[p]:
                bound = _expected(low_v[p], low_i[p], size, offset[s], along[s], doubt[s])
                if bound > 2.0 * margin[s] and -margin[s] <= top[s] < start * bound:
                    how, ratio = _START, top[s] / bound
            # Beyond zero the voltage at rest is another than was thought: that tells nothing.
            below = -margin[s] <= level[s] and level[s] + margin[s] < 0.8 * least[s]
            if how < 0 and n >= 5 and not opens and below and least[s] > 2.0 * margin[s]:
                how, ratio = _BELOW, max(level[s], 0.0) / least[s]
            if how < 0 and opens:
                how, ratio = _IN, after[s] / reference[s]
            if how < 0 and 8 <= n < _SHORT and not np.isnan(last_v[p]):
                # Too few samples for a held level and a fall: the pulse before is the level held.
                bound = _expected(
                    min(last_v[p], low_v[p]), last_i[p], size, offset[s], along[s], doubt[s]
                )
                if bound > 2.0 * margin[s] and -margin[s] <= level[s] < start * bound:
                    how, ratio = _TAIL, level[s] / bound
        elif n >= 3:
            q = p if not np.isnan(last_v[p]) else 1 - p
            if not np.isnan(last_v[q]):
                bound = offset[s] + along[s] * last_v[q] * (size / last_i[q] if size > 0 else 1.0)
                enough = max(recovered * bound, margin[s])
                if not opens and bound > 0 and level[s] >= enough:
                    shorted = False
                    rows[count - 1, 3] = s
                bound = _expected(last_v[q], last_i[q], size, offset[s], along[s], doubt[s])
                if shorted and rows[count - 1, 2] > hard and level[s] < hard * bound > margin[s]:
                    how, ratio = _DEEPER, level[s] / bound
        if how >= 0:
            if count == rows.shape[0]:
                more = np.empty((2 * count, 4))
                more[:count] = rows
                rows = more
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = s, how, ratio, -1
            count += 1
            shorted = True
        if not shorted and level[s] > margin[s] and n >= 3:
            over = along[s] * (level[s] - offset[s])  # what the current adds
            if (
                np.isnan(low_v[p]) or along[s] < 0
                or over * low_i[p] <= low_v[p] * max(size, low_i[p])
            ):  # fmt: skip
                low_v[p], low_i[p] = over, size
            last_v[p], last_i[p], last_t[p] = over, size, duration
    return rows[:count]


def _between(
    stretches: Stretches, rows: Floats, opened: Floats, level: Floats, settings: ShortSettings
) -> list[Short]:
    """Make short circuits of what `_follow` found."""
    found = []
    time, edges = stretches.time, stretches.edges
    for begin, how, ratio, recovery in rows:
        s, back = int(begin), int(recovery)
        first = edges[s]
        if how == _IN:
            good, low = time[int(opened[s, 2])], time[int(opened[s, 3])]
            words = "an abrupt fall"
        elif how == _BELOW:
            least = (
                settings.recovered * level[s] + (1 - settings.recovered) * stretches.series[first]
            )
            below = np.flatnonzero(stretches.series[first : edges[s + 1]] <= max(least, level[s]))
            place = first + (int(below[0]) if below.size else 0)
            good, low = time[max(place - 1, first)], time[place]
            words = "a level below what the resistance at high frequency takes"
        else:
            good, low = _gap(stretches, s, settings.hard)
            words = "a level far below that of a smaller current in the same direction"
        doubt = _doubt(stretches, s, int(how))
        found.append(
            Short(
                "",
                float(good),
                float(low),
                float(time[edges[back]]) if back >= 0 else NAN,
                float(stretches.current[s]),
                float(ratio),
                int(stretches.block[s]),
                words,
                proven=not doubt,
                doubt=doubt,
            )
        )
    return found


def _doubt(stretches: Stretches, s: int, how: int) -> str:
    """Return what would look the same as a short circuit seen in a stretch; empty: nothing."""
    if not stretches.known[s]:
        return "The current was not recorded: the end of the test would look the same."
    before, now = stretches.current[:s], float(stretches.current[s])
    with np.errstate(invalid="ignore"):
        same = np.any(np.abs(before - now) <= 0.05 * abs(now))
    if how in (_START, _TAIL) and np.isnan(stretches.rest.voltage[s]) and not same:
        return "No voltage at rest is known: one against the current would look the same."
    return ""


def _gap(stretches: Stretches, s: int, hard: float) -> tuple[float, float]:
    """Return the last good and the first shorted instant of a stretch that begins shorted."""
    time, edges, series = stretches.time, stretches.edges, stretches.series
    first = edges[s]
    # The voltage rises at the beginning of a stretch in any cell: that it is low shows later only.
    count = edges[s + 1] - first
    low = float(time[first + (count - 1 if count < _SHORT else count // 3)])
    # A current against the voltage at rest may leave as little of it as a short circuit does: a
    # stretch before that is so low does not say that the cell was healthy.
    rest = np.abs(stretches.rest.voltage) if stretches.rest.present else np.zeros(s + 1)
    for b in range(s - 1, -1, -1):
        before = series[edges[b] : edges[b + 1]]
        usual = max(0.5 * float(np.median(before)), hard * float(rest[b]))
        held = np.flatnonzero(np.abs(before) >= usual)
        last = int(held[-1]) if held.size else -1
        if last < 0 and rest[b] > 0:
            continue
        last = last if last >= 0 else before.size - 1
        # Two low samples at the end of a stretch are too few to be told there; here they belong to
        # it.
        if b == s - 1 and before.size - 1 - last in (1, 2):
            low = float(time[edges[b] + last + 1])
        return float(time[edges[b] + last]), low
    return float(time[0 if s else first]), low


def _covers(short: Short, time: float) -> bool:
    """Say whether a short circuit lasts at an instant."""
    return short.low <= time and not short.recovered <= time


def _classified(short: Short, settings: ShortSettings) -> Short:
    """Say whether it is hard, soft or reversible."""
    if np.isfinite(short.recovered):
        return replace(short, kind="reversible", proven=True, doubt="")
    return replace(short, kind="hard" if short.ratio <= settings.hard else "soft")
