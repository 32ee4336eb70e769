"""Which ends of a sweep to trim: an inductive end beyond a series L, and a drifting low end.

Nothing is cut in silence: the masks `inductive` and `drifting` say what, and never more than
`share` (a third) of a sweep's points; where more would be needed, nothing is cut.

**Inductive high end.** A series inductance is part of every method here, and is not trimmed. What
it cannot describe breaks a law of R + iωL + Σ R_k/(1 + iωτ_k) with R_k ≥ 0: towards higher
frequencies Re Z never rises and Im Z/ω never falls. At the points in front with Im Z > 0, where
the cable and the instrument rule, each law is held against the noise (five standard deviations) and
`deviation` (2 % of |Z|); the end is trimmed from the lowest such point upwards. Re Z is
compared with the median of the five points that follow the inductive ones.

**By Kramers–Kronig.** A sweep that is inconsistent as a whole is tried without its low end, without
its inductive end (Im Z > 0), and without both. Where the remainder is consistent, the shortest such
cut (on steps of about a 24th of the points, so that a series keeps few different grids) is marked:
the low end as drifting, the high end as inductive. Where it is not, the violation is not one of the
ends, and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome, SettingsError

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Verdicts of spectra (N, F) at descending frequencies (F,).
Judge = Callable[[Floats, Complexes], list[Outcome]]

_STEPS = 24
_REFERENCE = 5
_SIGMA = 5.0


@final
@dataclass(frozen=True, slots=True)
class Trimming:
    """Settings of trimming.

    Attributes
    ----------
    share : largest part of a sweep's points that may be trimmed, both ends together; 0: none.
    deviation : departure from a series inductance, over |Z|, that is not trimmed.
    """

    share: float = 1 / 3
    deviation: float = 0.02

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise SettingsError(f"share: expected a number from 0 to below 1, found {self.share}.")
        if not self.deviation >= 0:
            raise SettingsError(
                f"deviation: expected a number of at least 0, found {self.deviation}."
            )

    def step(self, points: int) -> int:
        """Return by how many points cuts differ."""
        return max(1, round(points / _STEPS))

    def most(self, points: int) -> int:
        """Return how many points may be cut: whole steps."""
        step = self.step(points)
        return int(self.share * points) // step * step


@final
@dataclass(frozen=True, slots=True)
class Cuts:
    """Numbers of points to cut at the high and at the low end of each spectrum, shape (N,)."""

    high: Ints
    low: Ints


def find_cuts(
    settings: Trimming,
    frequency: Floats,
    impedance: Complexes,
    noise: Floats,
    verdicts: list[Outcome],
    judge: Judge,
) -> Cuts:
    """Find the cuts of the spectra of one grid.

    Parameters
    ----------
    frequency : (Hz), descending, shape (F,).
    impedance : (Ω), shape (N, F).
    noise : relative noise of each part, shape (N,).
    verdicts : of the whole spectra.
    judge : gives the verdicts of shorter ones.
    """
    count = frequency.size
    step, most = settings.step(count), settings.most(count)
    bent = inductive_end(frequency, impedance, noise, settings.deviation)
    high = -(-bent // step) * step
    high[high > most] = 0
    low = np.zeros_like(high)
    wrong = np.array([verdict is Outcome.inconsistent for verdict in verdicts], dtype=bool)
    if most and wrong.any():
        rows = np.flatnonzero(wrong)
        search = _Search(frequency, impedance[rows], judge, step, most)
        high[rows], low[rows] = search.run(high[rows])
    return Cuts(high, low)


def with_harmed(settings: Trimming, points: Ints, cuts: Cuts, harmed: Ints) -> Cuts:
    """Add the low ends that the clock says are harmed, where the share allows it.

    Parameters
    ----------
    points : usable points of each spectrum, shape (S,).
    cuts : of all spectra so far.
    harmed : harmed points at the low end, shape (S,).
    """
    low = cuts.low.copy()
    for row in np.flatnonzero(harmed > low):
        count = int(points[row])
        step = settings.step(count)
        wanted = -(-int(harmed[row]) // step) * step
        if cuts.high[row] + wanted <= settings.most(count):
            low[row] = wanted
    return Cuts(cuts.high, low)


def inductive_end(frequency: Floats, impedance: Complexes, noise: Floats, deviation: float) -> Ints:
    """Return how many points in front a series inductance does not describe, shape (N,).

    Parameters
    ----------
    frequency : (Hz), descending, shape (F,).
    impedance : (Ω), shape (N, F).
    noise : relative noise of each part, shape (N,).
    deviation : departure over |Z| that is tolerated.
    """
    end = _in_front(impedance.imag > 0)
    found = np.zeros(len(impedance), dtype=np.int64)
    for row in np.flatnonzero((end > 0) & np.isfinite(noise)):
        z = impedance[row]
        after = z[end[row] : end[row] + _REFERENCE]
        if after.size == _REFERENCE:
            broken = _broken(frequency, z[: end[row]], after, noise[row], deviation)
            found[row] = np.flatnonzero(broken)[-1:].sum() + 1 if broken.any() else 0
    return found


def _broken(
    frequency: Floats, z: Complexes, after: Complexes, noise: float, deviation: float
) -> Bools:
    """Say at which inductive points Re Z rises or Im Z/ω falls towards higher frequencies."""
    size = np.abs(z)
    doubt = _SIGMA * noise
    reference = float(np.median(after.real)) + doubt * float(np.median(np.abs(after)))
    rises = z.real - reference > (doubt + deviation) * size
    omega = 2 * pi * frequency[: z.size]
    slope, width = z.imag / omega, doubt * size / omega
    # The largest Im Z/ω at lower frequencies, which a series inductance never undercuts.
    below = np.maximum.accumulate((slope - width)[::-1])[::-1]
    falls = np.append(below[1:], -np.inf) - (slope + width) > deviation * size / omega
    return np.asarray(rises | falls)


def _in_front(mask: Bools) -> Ints:
    """Return how many marks each row (N, F) starts with."""
    return np.asarray(np.logical_and.accumulate(mask, axis=1).sum(axis=1), dtype=np.int64)


class _Search:
    """Looks for the shortest cut that leaves a consistent remainder; all spectra side by side."""

    def __init__(
        self, frequency: Floats, impedance: Complexes, judge: Judge, step: int, most: int
    ) -> None:
        self.frequency, self.impedance, self.judge = frequency, impedance, judge
        self.step, self.most = step, most
        end = _in_front(impedance.imag > 0)
        self.high_most = np.minimum(-(-end // step) * step, most)

    def run(self, bent: Ints) -> tuple[Ints, Ints]:
        """Return the cuts (high, low); `bent` is what the inductive end loses anyway."""
        high, low = bent.copy(), np.zeros_like(bent)
        unsolved = np.ones(bent.size, dtype=bool)
        rows = np.flatnonzero(bent > 0)
        unsolved[rows] = ~self._passes(rows, high, low)
        longer = self.high_most > bent
        plans = (
            (np.ones_like(longer), bent, self.most - bent, "l"),
            (longer, self.high_most, np.zeros_like(bent), "h"),
            (longer, self.high_most, self.most - self.high_most, "lh"),
        )
        for fits, at_high, at_low, ends in plans:
            rows = np.flatnonzero(unsolved & fits)
            solved = rows[self._passes(rows, at_high, at_low)]
            unsolved[solved] = False
            high[solved], low[solved] = at_high[solved], at_low[solved]
            for end in ends:
                self._shorten(solved, high, low, bent if end == "h" else np.zeros_like(bent), end)
        return high, low

    def _shorten(self, rows: Ints, high: Ints, low: Ints, failed: Ints, end: str) -> None:
        """Halve the interval between a cut that failed and one that passed, down to one step."""
        passed = high if end == "h" else low
        failed = failed.copy()
        while (active := rows[passed[rows] - failed[rows] > self.step]).size:
            middle = passed.copy()
            half = (passed[active] - failed[active]) // (2 * self.step) * self.step
            middle[active] = failed[active] + half
            trial = (middle, low) if end == "h" else (high, middle)
            good = self._passes(active, *trial)
            passed[active[good]] = middle[active[good]]
            failed[active[~good]] = middle[active[~good]]

    def _passes(self, rows: Ints, high: Ints, low: Ints) -> Bools:
        """Say which rows are consistent without so many points at their ends."""
        passed = np.zeros(rows.size, dtype=bool)
        pairs = np.stack([high[rows], low[rows]], axis=1)
        for cut in np.unique(pairs, axis=0):
            which = np.flatnonzero((pairs == cut).all(axis=1))
            kept = slice(cut[0], self.frequency.size - cut[1])
            verdicts = self.judge(self.frequency[kept], self.impedance[rows[which], kept])
            passed[which] = [verdict is Outcome.consistent for verdict in verdicts]
        return passed
