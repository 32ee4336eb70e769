"""Where a series is cut before it is smoothed: its noise, its jumps, and cores with margins.

All that is estimated for a row rests on the rows of its core and the margins on either side, so a
long series needs no more memory than a short one, and a stream arrives at the same cuts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from anodescope.impedance.loggp.series import Stretch, known_points
from anodescope.impedance.loggp.smoothing import FEWEST, filled_in, gaps_of, logarithm

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

# A core is smoothed at once, with this many more sweeps on either side.
CORE, MARGIN = 24, 24
# Sweeps from which the noise of each frequency is told apart.
PROFILED = 20
# A jump: Δ²/2σ² above 2F + this many times its own spread, and above this many times the steps
# around it.
SURPRISE, DOMINANCE, AROUND = 8.0, 6.0, 6
# Spacings that differ by less than this are even enough for differences of steps.
UNEVEN = 0.3
# Mean square of a step over its scatter from one frequency to the next; 1 for noise.
COLOURED = 3.0


def _differences(values: Floats, gaps: Floats) -> Floats:
    """Third divided differences in time, scaled to the variance of one value, shape (T − 3, 2F).

    They vanish where a column is a parabola in time, however uneven the spacing.
    """
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    four = np.stack([at[k : at.size - 3 + k] for k in range(4)])
    apart = four[:, None, :] - four[None, :, :]
    apart[np.arange(4), np.arange(4)] = 1.0
    share = 1 / apart.prod(axis=1)
    share /= np.sqrt((share * share).sum(axis=0))
    rows = len(values) - 3
    return np.asarray(sum(share[k][:, None] * values[k : rows + k] for k in range(4)))


@final
@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of ln |Z| and arg Z: `sigma` times a `profile`, of mean square 1, shape (2F,)."""

    profile: Floats
    sigma: float


def noise_of(values: Floats, gaps: Floats, missing: Bools) -> Noise:
    """Return the noise of sweeps, robust against jumps and outliers; σ = 0 where it is unknown.

    Parameters
    ----------
    values : shape (T, 2F).
    gaps : relative spacings of the rows in time, shape (T − 1,).
    missing : values that were filled in, shape (T, 2F).
    """
    rows, columns = values.shape
    if rows < FEWEST:
        return Noise(np.ones(columns), 0.0)
    step = _differences(values, gaps)
    there = np.ones(step.shape, dtype=bool)
    if missing.any():
        there = ~np.any([missing[k : rows - 3 + k] for k in range(4)], axis=0)
    profile = _profile(step, there) if rows >= PROFILED else np.ones(columns)
    square = np.where(there, (step / profile) ** 2, 0.0)
    count = there.sum(axis=1)
    mean = (square.sum(axis=1) / np.maximum(count, 1))[count > 0]
    if not mean.size:
        return Noise(profile, 0.0)
    # The median of χ²/n is less than 1 (Wilson & Hilferty 1931).
    middle = (1 - 2 / (9 * float(np.median(count[count > 0])))) ** 3
    return Noise(profile, float(np.sqrt(np.median(mean) / middle)))


def _profile(step: Floats, there: Bools) -> Floats:
    size = np.abs(step)
    if there.all():
        spread = np.median(size, axis=0)
    else:
        pairs = zip(size.T, there.T, strict=True)
        spread = np.array([np.median(s[t]) if t.any() else np.nan for s, t in pairs])
        spread = np.where(np.isfinite(spread), spread, np.nanmax(spread, initial=0.0))
    half = spread.size // 2
    ones = np.ones(min(5, half))
    count = np.convolve(np.ones(half), ones, "same")
    smooth = [np.sqrt(np.convolve(part**2, ones, "same") / count) for part in np.split(spread, 2)]
    profile = np.concatenate(smooth)
    whole = float(np.sqrt(np.mean(profile**2)))
    return np.maximum(profile / whole, 0.05) if whole > 0 else np.ones(spread.size)


def _running_median(values: Floats, half: int) -> Floats:
    """Median of what lies within `half` places of each; windows are shorter at the ends."""
    padded = np.pad(values, half, constant_values=np.inf)
    ranked = np.sort(sliding_window_view(padded, 2 * half + 1), axis=1)
    place = np.arange(values.size)
    count = 1 + np.minimum(place, half) + np.minimum(place[::-1], half)
    return np.asarray((ranked[place, (count - 1) // 2] + ranked[place, count // 2]) / 2)


def jumps(values: Floats, gaps: Floats, sigma: float) -> list[int]:
    """Return the rows at which something new begins.

    A jump is beyond the noise, and its step is alike at neighbouring frequencies: a sweep of poor
    quality is none. It stands out in one of two ways. Against the steps around it, each over its
    own spacing: a fast but even change is no jump, nor is a pause in it, nor a change that grows
    evenly faster. Or against the straight line through its neighbours' steps, where that is what
    the change beside it follows: one such difference leads, and explains those beside it.

    Parameters
    ----------
    values : over the noise's profile, shape (T, 2F).
    gaps : relative spacings in time, shape (T − 1,).
    sigma : noise of every column.
    """
    rows, columns = values.shape
    if rows < 3 or sigma <= 0:
        return []
    step = np.diff(values, axis=0)
    square = np.sum(step**2, axis=1) / (2 * sigma**2)
    spread = np.sqrt(2 * columns)
    long = np.maximum(gaps, 0.3) ** 2
    # A drift that is lost in the noise from sweep to sweep may show over a pause.
    rate = (np.maximum(square - columns, 0.0) + spread) / long
    local = _running_median(rate, AROUND)
    least = np.maximum(local, _lower_neighbour(rate))
    found = square > columns + SURPRISE * spread
    found &= square > DOMINANCE * (columns + least * long)
    found |= _leads(step / np.maximum(gaps, 0.3)[:, None], columns, sigma, gaps)
    return [int(k) + 1 for k in np.flatnonzero(found) if _alike(step[k])]


def _lower_neighbour(values: Floats) -> Floats:
    beside = np.pad(values, 1, constant_values=np.inf)
    return np.minimum(beside[:-2], beside[2:])


def _leads(slope: Floats, columns: int, sigma: float, gaps: Floats) -> Bools:
    """Tell where a step departs from the mean of its two neighbours as only a jump does."""
    found = np.zeros(len(slope), dtype=bool)
    if len(slope) < 5 or np.abs(gaps - 1).max() > UNEVEN:
        return found
    # The difference 1.5, −1.5 between the two rows, ∓0.5 beyond: variance 5σ².
    apart = slope[1:-1] - (slope[:-2] + slope[2:]) / 2
    square = np.sum(apart**2, axis=1) / (5 * sigma**2)
    # A jump leaves −1/2 of its own difference in those beside it, which is taken out: what is left
    # there has the variance 5/2 σ². Beside a corner half of the corner's own is left.
    beside = np.full((2, len(apart)), np.inf)  # without both neighbours: not told
    beside[0, 1:] = np.sum((apart[:-1] + apart[1:] / 2) ** 2, axis=1) / (2.5 * sigma**2)
    beside[1, :-1] = np.sum((apart[1:] + apart[:-1] / 2) ** 2, axis=1) / (2.5 * sigma**2)
    local = np.maximum(beside.max(axis=0), _running_median(square, AROUND))
    found[1:-1] = square > columns + SURPRISE * np.sqrt(2 * columns)
    found[1:-1] &= square > DOMINANCE * local
    return found


def _alike(step: Floats) -> bool:
    """Tell a step that is smooth along frequency from the scatter of a poor sweep."""
    parts = step.reshape(2, -1)
    if parts.shape[1] < 8:
        return True
    rough = 1.4826 * np.median(np.abs(np.diff(parts, 3, axis=1)), axis=1) / np.sqrt(20.0)
    size = parts / np.maximum(rough, 1e-300)[:, None]
    return bool(np.mean(np.minimum(size**2, 16.0)) > COLOURED)


def cores(first: int, end: int, since: int | None = None) -> list[tuple[slice, slice]]:
    """Cut rows into cores; each comes with the rows that it sees.

    Cores are counted from the first row, so they stay where they are as a series grows.

    Parameters
    ----------
    first, end : of the rows that may be seen together.
    since : leave out the cores that end before this row.
    """
    skipped = 0 if since is None else max(since - first, 0) // CORE
    found = []
    for at in range(first + skipped * CORE, end, CORE):
        stop = min(at + CORE, end)
        found.append((slice(at, stop), slice(max(first, at - MARGIN), min(end, stop + MARGIN))))
    return found


@final
@dataclass(frozen=True, slots=True)
class Record:
    """Sweeps of one grid in order of time, of a whole series or of its latest part.

    Attributes
    ----------
    impedance : (Ω), with anything finite and not zero where missing, shape (T, F).
    missing : points that were not measured, shape (T, F).
    time : of each sweep (s), ascending, shape (T,).
    instants : of each point after its sweep's time (s), anything where missing, shape (T, F), or
        None.
    """

    impedance: Complexes
    missing: Bools
    time: Floats
    instants: Floats | None

    def _window(self, seen: slice) -> tuple[Floats, Bools, Bools]:
        """Values of some rows, those filled in, and the columns that these rows know.

        Gaps are filled from the rows themselves, so that a stream, which has forgotten the others,
        finds the same.
        """
        missing = self.missing[seen]
        points = known_points(missing)
        columns = np.concatenate([points, points])
        values = logarithm(self.impedance[seen][:, points])
        both = np.concatenate([missing[:, points], missing[:, points]], axis=1)
        if both.any():
            values = filled_in(values, self.time[seen], both)
        return values, both, columns

    def noise(self, seen: slice) -> Noise:
        """Return the noise of some rows; the profile is 1 where they do not know a frequency."""
        values, both, columns = self._window(seen)
        if not columns.any():
            return Noise(np.ones(columns.size), 0.0)
        found = noise_of(values, gaps_of(self.time[seen]), both)
        profile = np.ones(columns.size)
        profile[columns] = found.profile
        return Noise(profile, found.sigma)

    def jumps_in(self, core: slice, seen: slice) -> list[int]:
        """Return the rows of a core at which something new begins."""
        values, both, columns = self._window(seen)
        if not columns.any():
            return []
        gaps = gaps_of(self.time[seen])
        noise = noise_of(values, gaps, both)
        steps = jumps(values / noise.profile, gaps, noise.sigma)
        return [k + seen.start for k in steps if core.start <= k + seen.start < core.stop]

    def stretch(self, core: slice, seen: slice) -> Stretch:
        """Return a core with what it sees."""
        noise = self.noise(seen)
        return Stretch(
            self.impedance[seen],
            self.missing[seen],
            self.time[seen],
            None if self.instants is None else completed(self.instants[seen], self.missing[seen]),
            noise.profile,
            noise.sigma,
            slice(core.start - seen.start, core.stop - seen.start),
        )


def completed(instants: Floats, missing: Bools) -> Floats:
    """Give points that were not measured the usual instant of their frequency, shape (T, F)."""
    found = instants.copy()
    for point in np.flatnonzero(missing.any(axis=0)):
        there = ~missing[:, point]
        found[~there, point] = np.median(instants[there, point]) if there.any() else 0.0
    return found


def smoothable(stretch: Stretch) -> bool:
    """Tell whether a stretch is long enough, and its noise known, to be smoothed."""
    return len(stretch.time) >= FEWEST and stretch.sigma > 0


def stretches(
    impedance: Complexes,
    missing: Bools,
    time: Floats,
    instants: Floats | None,
    boundaries: list[int],
) -> list[tuple[slice, Stretch]]:
    """Cut a series into stretches at given boundaries and at jumps, and these into cores.

    Parameters
    ----------
    impedance, missing, time, instants : see `Record`.
    boundaries : rows at which the protocol changes.

    Returns
    -------
    rows that each core inverts, and the stretch that it sees.
    """
    record = Record(impedance, missing, time, instants)
    edges = sorted({0, *boundaries, len(time)})
    found = [
        row
        for first, end in pairwise(edges)
        for core, seen in cores(first, end)
        for row in record.jumps_in(core, seen)
    ]
    return [
        (core, record.stretch(core, seen))
        for first, end in pairwise(sorted({*edges, *found}))
        for core, seen in cores(first, end)
    ]
