"""Peaks of γ(ln τ) in one spectrum: maxima merged by prominence, areas between their valleys.

A Tikhonov γ ripples beside its peaks, and its noise grows with |Z|, so that one threshold does not
serve all relaxation times. Two are used, both local: γ at the maximum against the largest γ within
`Detection.near` decades, and the area against the noise of |Z| at ω = 1/τ. Peaks above the lower
pair of thresholds are found, and those above the higher pair are `strong`: a track needs strong
peaks, but weak ones may continue it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from anodescope.compiling import compiled
from anodescope.errors import SettingsError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# The half-width of a 95 % interval in standard deviations.
_TWO_SIGMA = 1.959963984540054
# A log-prominence that nothing exceeds: a peak with nothing but zero beside it.
_LONE = 1e3
_TINY = 1e-12
# How far ln γ may rise between two lattice points: a bell whose standard deviation is one step.
_SHARPEST = 0.125


@final
@dataclass(frozen=True, slots=True)
class Detection:
    """What counts as a peak of γ.

    Attributes
    ----------
    prominence : least ln(γ at the peak/γ at the higher of its two valleys) without a band.
    height, strong_height : least γ at the peak over the largest γ within `near` decades, for a
        peak and for a strong one. `height` times that largest γ is also added to both sides of the
        prominence's ratio, so that a valley of zero does not make any ripple infinitely prominent.
    near : decades of τ to each side.
    far : share of the spectrum's largest γ that counts as near everywhere.
    noise, strong_noise : least area over (relative noise × |Z| at ω = 1/τ), for a peak and for a
        strong one; the noise is the fit's residual.
    band_prominence, band_height : these replace prominence and both heights where the method gives
        a band, and the noise is not asked for.
    band_share : the prominence must then also exceed this share of the standard deviation of ln γ.
    known_share : replaces it where the method gives spreads of areas too. It is small, as errors of
        γ at a maximum and at its valleys go together: a band cannot tell, but such a method can.
    strong_area : least area of a strong peak in standard deviations, where these are given.

    Raises
    ------
    SettingsError
        for a negative number, or strong thresholds below the others.
    """

    prominence: float = 0.1
    height: float = 0.02
    strong_height: float = 0.08
    near: float = 2.0
    far: float = 0.05
    noise: float = 5.0
    strong_noise: float = 20.0
    band_prominence: float = 0.005
    band_height: float = 0.005
    band_share: float = 1.0
    known_share: float = 0.05
    strong_area: float = 2.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise SettingsError(f"{name}: expected a number of at least 0, found {value}.")
        for name in ("height", "noise"):
            low, high = getattr(self, name), getattr(self, f"strong_{name}")
            if high < low:
                raise SettingsError(
                    f"strong_{name}: expected at least {name} ({low}), found {high}."
                )


@final
@dataclass(frozen=True, slots=True)
class Peaks:
    """Peaks of many spectra, one after the other, in order of τ within each.

    Attributes
    ----------
    spectrum : row that each belongs to, ascending, shape (N,).
    index : lattice point of the maximum, shape (N,).
    ln_tau : ln τ of the maximum between lattice points (τ in s), shape (N,).
    height : γ at the maximum (Ω), shape (N,).
    area : ∫ γ d ln τ between the valleys (Ω), where γ is positive: an inductive loop (γ < 0) is no
        part of the peaks beside it, shape (N,).
    left, right : lattice points of the valleys (first and last of the spectrum's range at the
        ends), shape (N,).
    """

    spectrum: Ints
    index: Ints
    ln_tau: Floats
    height: Floats
    area: Floats
    left: Ints
    right: Ints

    @property
    def count(self) -> int:
        """Number of peaks."""
        return self.spectrum.size

    def select(self, which: Bools) -> Peaks:
        """Return some of the peaks, with their valleys as they are."""
        return Peaks(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def find(
    gamma: Floats,
    ln_tau: Floats,
    settings: Detection,
    *,
    noise: Floats | None = None,
    low: Floats | None = None,
    high: Floats | None = None,
    area_spread: Floats | None = None,
) -> tuple[Peaks, Bools]:
    """Find the peaks of every spectrum.

    All maxima are candidates, the ends of the range included (a tail that rises to the end). The
    candidate that misses its thresholds by most is given up, so that its basin joins a neighbour's,
    until all that remain exceed them.

    Parameters
    ----------
    gamma : (Ω), NaN outside each row's range, which is one piece, shape (S, T).
    ln_tau : ln τ (τ in s), uniform, shape (T,).
    settings : thresholds.
    noise : noise of |Z| at ω = 1/τ (Ω), shape (S, T); None or NaN: unknown, not asked for.
    low, high : 95 % band of γ (Ω), shape (S, T); None: the method gives none.
    area_spread : standard deviations of areas (Ω) at maxima, shape (S, T); NaN: not known there;
        None: the method gives none. Of use only with a band.

    Returns
    -------
    the peaks, and which are strong.
    """
    if not gamma.size or ln_tau.size < 2:
        return measure(gamma, ln_tau, np.empty(0, np.int64), np.empty(0, np.int64)), np.empty(
            0, bool
        )
    banded = low is not None and high is not None
    reference = _largest_near(
        gamma, settings.near * np.log(10) / (ln_tau[1] - ln_tau[0]), settings.far
    )
    spread = np.zeros_like(gamma)
    if low is not None and high is not None:
        share = settings.band_share if area_spread is None else settings.known_share
        spread = share * _spread(low, high)
    unit = np.zeros_like(gamma) if noise is None or banded else np.nan_to_num(noise)
    least = settings.band_height if banded else settings.height
    rows, points = gamma.shape
    row = np.empty(rows * (points // 2 + 1), np.int64)
    index = np.empty_like(row)
    count = _find(
        gamma,
        ln_tau[1] - ln_tau[0],
        spread,
        settings.noise * unit,
        least * reference,
        settings.band_prominence if banded else settings.prominence,
        row,
        index,
    )
    peaks = measure(gamma, ln_tau, row[:count].copy(), index[:count].copy())
    if banded:
        return peaks, _strong(gamma, peaks, reference, area_spread, settings.strong_area)
    at = peaks.spectrum, peaks.index
    high_enough = peaks.height >= settings.strong_height * reference[at]
    return peaks, high_enough & (peaks.area >= settings.strong_noise * unit[at])


def _strong(
    gamma: Floats, peaks: Peaks, reference: Floats, area_spread: Floats | None, least: float
) -> Bools:
    """Tell which peaks of γ with a band are strong.

    γ that rises to the end of its range at short τ, above all peaks near it, is an arc that the
    highest frequency cuts off. At long τ it may as well be drift or the foot of a tail. And an area
    that may be zero is none. Peaks that are not strong may go on with a track, but make none.
    """
    filled = np.pad(gamma, ((0, 0), (1, 1)), constant_values=np.nan)
    at = peaks.spectrum, peaks.index
    first, last = (np.isnan(filled[peaks.spectrum, peaks.index + k]) for k in (0, 2))
    strong = ~last & (~first | (gamma[at] >= reference[at]))
    if area_spread is not None:
        strong &= ~(peaks.area < least * area_spread[at])
    return np.asarray(strong)


def measure(gamma: Floats, ln_tau: Floats, spectrum: Ints, index: Ints) -> Peaks:
    """Measure given maxima: position, height, valleys and area.

    The areas of a row's peaks sum to the trapezoid integral of its γ where that is positive.

    Parameters
    ----------
    gamma : (Ω), shape (S, T); ln_tau : uniform, shape (T,).
    spectrum, index : rows, ascending, and lattice points, ascending within a row, shape (N,).
    """
    count = spectrum.size
    position, height, area = (np.empty(count) for _ in range(3))
    left, right = np.empty(count, np.int64), np.empty(count, np.int64)
    if count:
        _measure(gamma, ln_tau, spectrum, index, position, height, area, left, right)
    return Peaks(spectrum, index, position, height, area, left, right)


def _largest_near(gamma: Floats, reach: float, far: float) -> Floats:
    """Largest γ within `reach` lattice points, or `far` times the row's largest if that is more."""
    filled = np.nan_to_num(gamma)
    half = min(int(reach), gamma.shape[1])
    padded = np.pad(filled, ((0, 0), (half, half)))
    near = sliding_window_view(padded, 2 * half + 1, axis=1).max(axis=2)
    return np.asarray(np.maximum(near, far * filled.max(axis=1, keepdims=True)), dtype=np.float64)


def _spread(low: Floats, high: Floats) -> Floats:
    """Standard deviation of ln γ that a 95 % band stands for; large where it reaches zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(high) - np.log(np.maximum(low, 0.0))
    return np.asarray(np.nan_to_num(width, nan=0.0, posinf=_LONE) / (2 * _TWO_SIGMA))


@compiled
def _span(row):  # type: ignore[no-untyped-def]  # pragma: no cover
    """First and last point of a row's first finite piece; last < first where there is none."""
    first = 0
    while first < row.size and not np.isfinite(row[first]):
        first += 1
    last = first - 1
    while last + 1 < row.size and np.isfinite(row[last + 1]):
        last += 1
    return first, last


@compiled
def _lowest(row, start, stop):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Middle of the lowest points of row[start … stop], both included.

    Where γ is zero over a stretch, the valley is in the middle of it, whichever way one looks.
    """
    low = row[start]
    for k in range(start + 1, stop + 1):
        low = min(low, row[k])
    begin = start
    while row[begin] > low:
        begin += 1
    end = stop
    while row[end] > low:
        end -= 1
    return (begin + end) // 2


@compiled
def _candidates(row, first, last, peaks):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Maxima of row[first … last], ends included, each plateau once (its middle)."""
    count = 0
    k = first
    while k <= last:
        end = k
        while end < last and row[end + 1] == row[k]:
            end += 1
        rises = k == first or row[k - 1] < row[k]
        falls = end == last or row[end + 1] < row[k]
        if rises and falls and row[k] > 0:
            peaks[count] = (k + end) // 2
            count += 1
        k = end + 1
    return count


@compiled
def _between(row, start, stop, step):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Trapezoid integral of row[start … stop] where it is positive."""
    total = 0.0
    for k in range(start, stop):
        total += max(row[k], 0.0) + max(row[k + 1], 0.0)
    return 0.5 * step * total


@compiled
def _valleys(row, first, last, peaks, count, valleys):  # type: ignore[no-untyped-def]  # pragma: no cover
    """valleys[i] and valleys[i + 1] bound peak i."""
    valleys[0], valleys[count] = first, last
    for i in range(1, count):
        valleys[i] = _lowest(row, peaks[i - 1], peaks[i])


@compiled
def _merit(row, spread, area, height, peaks, count, valleys, i, step, prominence):  # type: ignore[no-untyped-def]  # pragma: no cover
    """How far peak i exceeds its thresholds: their smallest ratio; below 1 it does not."""
    k = peaks[i]
    valley, sigma = -1.0, spread[k]
    if i > 0:
        valley = max(valley, row[valleys[i]])
        sigma = min(sigma, spread[valleys[i]])
    if i < count - 1:
        valley = max(valley, row[valleys[i + 1]])
        sigma = min(sigma, spread[valleys[i + 1]])
    merit = np.inf
    if valley >= 0.0 and valley + height[k] > 0.0:
        rise = np.log((row[k] + height[k]) / (valley + height[k]))
        merit = rise / max(prominence, sigma, _TINY)
    if height[k] > 0.0:
        merit = min(merit, row[k] / height[k])
    if area[k] > 0.0:
        merit = min(merit, _between(row, valleys[i], valleys[i + 1], step) / area[k])
    return merit


@compiled
def _find(gamma, step, spread, area, height, prominence, out_row, out_index):  # type: ignore[no-untyped-def]  # pragma: no cover
    total = 0
    peaks = np.empty(gamma.shape[1] + 1, np.int64)
    valleys = np.empty(gamma.shape[1] + 2, np.int64)
    for s in range(gamma.shape[0]):
        row = gamma[s]
        first, last = _span(row)
        if last <= first:
            continue
        count = _candidates(row, first, last, peaks)
        while count > 0:
            _valleys(row, first, last, peaks, count, valleys)
            worst, where = np.inf, -1
            for i in range(count):
                merit = _merit(
                    row, spread[s], area[s], height[s], peaks, count, valleys, i, step, prominence
                )
                if merit < worst:
                    worst, where = merit, i
            if worst >= 1.0:
                break
            for i in range(where, count - 1):
                peaks[i] = peaks[i + 1]
            count -= 1
        for i in range(count):
            out_row[total], out_index[total] = s, peaks[i]
            total += 1
    return total


@compiled
def _vertex(row, k, first, last):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Offset (in steps) and value of the parabola through ln γ at k − 1, k, k + 1."""
    if k <= first or k >= last or row[k - 1] <= 0 or row[k + 1] <= 0:
        return 0.0, row[k]
    a, b, c = np.log(row[k - 1]), np.log(row[k]), np.log(row[k + 1])
    bend = a - 2 * b + c
    if bend >= 0:
        return 0.0, row[k]
    offset = min(max(0.5 * (a - c) / bend, -0.5), 0.5)
    return offset, np.exp(b + min(-0.25 * (a - c) * offset, _SHARPEST))


@compiled
def _measure(gamma, ln_tau, spectrum, index, position, height, area, left, right):  # type: ignore[no-untyped-def]  # pragma: no cover
    step = ln_tau[1] - ln_tau[0]
    start = 0
    while start < spectrum.size:
        stop = start
        while stop < spectrum.size and spectrum[stop] == spectrum[start]:
            stop += 1
        row = gamma[spectrum[start]]
        first, last = _span(row)
        for n in range(start, stop):
            k = index[n]
            left[n] = first if n == start else right[n - 1]
            right[n] = last if n == stop - 1 else _lowest(row, k, index[n + 1])
            offset, height[n] = _vertex(row, k, first, last)
            position[n] = ln_tau[k] + offset * step
            area[n] = _between(row, left[n], right[n], step)
        start = stop
