"""The sweeps of a campaign as rows look at them: areas under γ, maxima, the current they met."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import Campaign
from anodescope.errors import SettingsError
from anodescope.events.finding import Record

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

NAN = float("nan")
# γ of the grain boundary lies up to this relaxation time (s), that of the interface above. The
# fastest time that the paper gives the interface is 1e-4 s; half a decade before it (the slack of
# that row) the range begins, so that an arc there, which the DRT of the paper broadens by as much,
# is not cut in two. A lone grain boundary at 1e-6 s leaves side lobes up to 10^-4.8 s.
BORDER = 10.0**-4.5
# A second peak of the interface is faster than this (s). It has at least this share of the largest
# maximum of all γ: the DRT of the paper (λ = 1e-3) leaves side lobes of up to 7 % beside a lone arc
# of an exponent of 0.8 to 1. FAINT, the rows' 5 %, lies below that and is told beside it.
SECOND_BELOW, SHARE, FAINT = 1e-2, 0.1, 0.05
# Campaigns whose sweeps are kept: the rows of one follow each other. A campaign never changes.
KEPT = 4


@final
@dataclass(frozen=True, slots=True)
class Sweeps:
    """The sweeps of a campaign in time order, with areas under γ; shape (S,).

    γ reaches one decade beyond the frequencies (the lattice of the DRT), as in the paper's maps,
    and so do `interface`, `top`, `height` and `width`; `inside` ends where the frequencies end.
    NaN where a sweep has no γ.

    Attributes
    ----------
    row : row of the spectra. start, end : (s).
    current : that of the protocol, else the mean of the sweep (mA/cm², positive strips).
    series : series resistance of the DRT (Ω·cm²).
    boundary : area of γ within the window up to `BORDER` (Ω·cm²).
    interface, inside : area of γ above `BORDER`, all of it and within the window (Ω·cm²).
    boundary_top, top : log10 of τ (s) of the largest maximum of γ below and above `BORDER`; a
        maximum at the end of the lattice is none.
    height : γ at `top`, per unit ln τ (Ω·cm²). beyond : `top` lies outside the window.
    inside_top : as `top`, of the maxima within the window with `SHARE` of the largest of all γ.
    width : standard deviation of log10 τ over γ between the valleys beside `top`.
    second, second_height : place (log10 τ) and height of the second peak of the interface: the
        fastest maximum between `BORDER` and `SECOND_BELOW`, where another one lies at longer τ,
        each with `SHARE` of the largest maximum of all γ or more; NaN and 0 without.
    slow, slow_height : place (log10 τ) and height of γ_int: those of `top`, but where there is a
        second peak those of the largest maximum at longer times, so that no peak counts as both.
    faint : as `second`, with `FAINT` in place of `SHARE`.
    window : log10 τ where the window ends. complete : it ends as late as that of any sweep.
    """

    row: Integers
    start: Floats
    end: Floats
    current: Floats
    series: Floats
    boundary: Floats
    interface: Floats
    inside: Floats
    boundary_top: Floats
    top: Floats
    height: Floats
    beyond: Bools
    inside_top: Floats
    width: Floats
    second: Floats
    second_height: Floats
    slow: Floats
    slow_height: Floats
    faint: Floats
    window: Floats
    complete: Bools

    @property
    def size(self) -> int:
        """Number of sweeps."""
        return int(self.row.size)

    def between(self, start: float, end: float) -> Integers:
        """Return the places of the sweeps whose middle lies in an interval of time (s)."""
        middle = 0.5 * (self.start + self.end)
        return np.flatnonzero((middle >= start) & (middle <= end))

    def at(self, current: float) -> Integers:
        """Return the places of the sweeps at a current (mA/cm²), to 0.3 %."""
        return np.flatnonzero(np.isclose(self.current, current, rtol=3e-3, atol=1e-6))

    def first(self, places: Integers | None = None) -> int:
        """Return the place of the first of some sweeps that has γ; −1: none."""
        return self._with_gamma(places, 0)

    def last(self, places: Integers | None = None) -> int:
        """Return the place of the last of some sweeps that has γ; −1: none."""
        return self._with_gamma(places, -1)

    def _with_gamma(self, places: Integers | None, at: int) -> int:
        chosen = np.arange(self.size) if places is None else places
        there = chosen[np.isfinite(self.interface[chosen])]
        return int(there[at]) if there.size else -1


@lru_cache(maxsize=KEPT)
def record_of(campaign: Campaign) -> Record:
    """Return a campaign as the detectors read it.

    Raises
    ------
    SettingsError
        when it has no area: nothing could be told per area.
    """
    record = Record.of(campaign)
    if record.area is None:
        raise SettingsError(
            "observations: expected a campaign whose specimen has an area, found none; give one "
            "with `area`."
        )
    return record


def area_of(record: Record) -> float:
    """Return the area (cm²) that `record_of` has made sure of."""
    return NAN if record.area is None else record.area


@lru_cache(maxsize=KEPT)
def sweeps_of(campaign: Campaign) -> Sweeps:
    """Return the sweeps of the default electrode, in time order; without any, none.

    Raises
    ------
    SettingsError
        when the campaign has no area.
    """
    record = record_of(campaign)
    rows = np.empty(0, np.int64)
    start, end, current = np.empty(0), np.empty(0), np.empty(0)
    if record.spectra is not None and record.default.size:
        start, end = (record.spectra[f"time_{name}"].values for name in ("start", "end"))
        rows = record.default[np.argsort(start[record.default], kind="stable")].astype(np.int64)
        start, end, current = start[rows], end[rows], _bias(record, rows)
    gamma = _Gamma.of(record.drt, rows, area_of(record))
    boundary, interface, inside = gamma.areas()
    boundary_top, top, height, inside_top, width = gamma.tops()
    second, second_height, slow, slow_height = gamma.seconds(SHARE)
    faint = gamma.seconds(FAINT)[0]
    latest = float(np.max(gamma.window, where=gamma.there, initial=-np.inf))
    return Sweeps(
        rows,
        start,
        end,
        current,
        gamma.series,
        boundary,
        interface,
        inside,
        boundary_top,
        top,
        height,
        np.isfinite(top) & (top > gamma.window),
        inside_top,
        width,
        second,
        second_height,
        np.where(np.isfinite(second), slow, top),
        np.where(np.isfinite(second), slow_height, height),
        faint,
        gamma.window,
        gamma.there & (gamma.window >= latest),
    )


@final
@dataclass(frozen=True, slots=True)
class _Gamma:
    """γ of some sweeps (Ω·cm², 0 outside a row's lattice); `decades`: log10 τ; `there`: has γ."""

    decades: Floats
    values: Floats
    within: Bools
    series: Floats
    window: Floats
    there: Bools

    @classmethod
    def of(cls, drt: xr.Dataset | None, rows: Integers, area: float) -> _Gamma:
        if drt is None or not drt.sizes["tau"]:
            none, empty = np.full(rows.size, NAN), np.empty((rows.size, 0))
            return cls(np.empty(0), empty, empty > 0.0, none, none, np.zeros(rows.size, np.bool_))
        gamma = drt["gamma"].values[rows] * area
        decades = np.log10(drt["tau"].values)
        within = drt["in_window"].values[rows].astype(np.bool_)
        there = np.asarray(np.isfinite(gamma).any(axis=1), np.bool_) & np.asarray(
            within.any(axis=1), np.bool_
        )
        window = np.where(there, np.where(within, decades, -np.inf).max(axis=1), NAN)
        series = drt["series_resistance"].values[rows] * area
        return cls(decades, np.nan_to_num(gamma), within, series, window, there)

    @property
    def slow(self) -> Bools:
        """Which points of the lattice are the interface's."""
        return of_interface(self.decades)

    def areas(self) -> tuple[Floats, Floats, Floats]:
        """Areas below the border, above it, and above it within the window."""
        if not self.decades.size:
            none = np.full(len(self.values), NAN)
            return none, none, none
        parts = self.values * cells(self.decades)
        masks = (self.within & ~self.slow, np.ones_like(self.within) & self.slow,
                 self.within & self.slow)  # fmt: skip
        low, high, inside = (
            np.where(self.there, np.where(mask, parts, 0.0).sum(axis=1), NAN) for mask in masks
        )
        return low, high, inside

    def tops(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Largest maxima below and above the border; height, in-window place, width of these."""
        low, top, height, inside, width = (np.full(len(self.values), NAN) for _ in range(5))
        for k in map(int, np.flatnonzero(self.there)):
            places, sizes = maxima(self.decades, self.values[k])
            fast = places <= np.log10(BORDER)
            low[k], _ = _largest(places[fast], sizes[fast])
            top[k], height[k] = _largest(places[~fast], sizes[~fast])
            seen = ~fast & (places <= self.window[k])
            seen &= sizes >= SHARE * np.max(sizes, initial=0.0)
            inside[k], _ = _largest(places[seen], sizes[seen])
            width[k] = spread(self.decades, self.values[k], top[k])
        return low, top, height, inside, width

    def seconds(self, share: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Place and height of the second peak of the interface, and of the largest beyond it."""
        place, height = np.full(len(self.values), NAN), np.zeros(len(self.values))
        beyond, size_beyond = (np.full(len(self.values), NAN) for _ in range(2))
        for k in map(int, np.flatnonzero(self.there)):
            at, size = maxima(self.decades, self.values[k])
            counts = at > np.log10(BORDER)
            if counts.any():
                counts &= size >= share * size.max()
            at, size = at[counts], size[counts]
            if at.size > 1 and at[0] < np.log10(SECOND_BELOW):
                place[k], height[k] = at[0], size[0]
                beyond[k], size_beyond[k] = _largest(at[1:], size[1:])
        return place, height, beyond, size_beyond


def of_interface(decades: Floats) -> Bools:
    """Return which places (log10 of τ in s) are the interface's: those above `BORDER`."""
    return np.asarray(decades > np.log10(BORDER), np.bool_)


def cells(decades: Floats) -> Floats:
    """Return the width in ln τ of each point of a lattice of log10 τ: areas add up to the whole."""
    widths: Floats = np.gradient(decades) * np.log(10.0)
    return widths


def maxima(decades: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return places and heights of the local maxima of a curve on an even lattice, rising.

    A parabola through the three highest points places each between them; the ends are none.
    """
    if decades.size < 3:
        return np.empty(0), np.empty(0)
    left, middle, right = values[:-2], values[1:-1], values[2:]
    at = np.flatnonzero((middle > left) & (middle >= right) & (middle > 0.0))
    a, b, c = left[at], middle[at], right[at]
    shift = 0.5 * (a - c) / (a - 2.0 * b + c)
    step = decades[at + 2] - decades[at + 1]
    return decades[at + 1] + shift * step, b - 0.25 * (a - c) * shift


def _largest(places: Floats, sizes: Floats) -> tuple[float, float]:
    if not sizes.size:
        return NAN, NAN
    at = int(np.argmax(sizes))
    return float(places[at]), float(sizes[at])


def spread(decades: Floats, values: Floats, top: float) -> float:
    """Return the standard deviation of log10 τ over γ between the valleys beside a maximum."""
    if not np.isfinite(top):
        return NAN
    at = int(np.argmin(np.abs(decades - top)))
    low = high = at
    while low > 0 and values[low - 1] <= values[low]:
        low -= 1
    while high < values.size - 1 and values[high + 1] <= values[high]:
        high += 1
    weight, place = values[low : high + 1], decades[low : high + 1]
    total = float(weight.sum())
    if not total > 0.0:
        return NAN
    mean = float((weight * place).sum()) / total
    return float(np.sqrt((weight * (place - mean) ** 2).sum() / total))


def _bias(record: Record, rows: Integers) -> Floats:
    """Current of each sweep (mA/cm²): that of the protocol's phase, else the mean of its points."""
    found = np.full(rows.size, NAN)
    if record.spectra is not None and "bias_current" in record.spectra:
        found = record.spectra["bias_current"].values[rows].astype(float)
    phases = record.phases
    of_row = dict(zip(phases.spectrum.tolist(), phases.current.tolist(), strict=True))
    asked = np.array([of_row.get(int(row), NAN) for row in rows])
    return np.where(np.isfinite(asked), asked, found) * 1e3 / area_of(record)
