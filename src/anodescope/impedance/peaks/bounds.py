"""Intervals of τ and R of a peak: from spreads of the maxima, or else from a band of γ.

A method that knows how errors at different τ go together gives the spreads of each maximum's ln τ
and area (`by_spreads`). The area's interval also has, for each valley, what neighbours may share
there: (γ_valley/2)² is added to its variance.

Where there is only a band it is used alone (`intervals`):

* τ: if γ lies in its band everywhere, its maximum cannot lie where the band's upper side is below
  the largest value of its lower side. The stretch around the peak where it is not is the interval.
* R: the band is integrated over the peak's basin, as if all errors had one sign, and the share of
  each valley that may belong to the neighbour, (γ_valley/2)², is added in quadrature.

So both hold at least as often as the band does, and are wide rather than short. What neither way
covers is a neighbour that γ does not resolve: its share is in R.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.compiling import compiled
from anodescope.impedance.peaks.maxima import Peaks

Floats = npt.NDArray[np.float64]

# The half-width of a 95 % interval in standard deviations.
_TWO_SIGMA = 1.959963984540054


def by_spreads(gamma: Floats, ln_tau: Floats, place: Floats, area: Floats, peaks: Peaks) -> Floats:
    """Return (ln τ low, ln τ high, R low, R high) of each peak, NaN where unknown, shape (4, N).

    A peak that holds other maxima has their areas' variances too.

    Parameters
    ----------
    gamma : (Ω), NaN outside a row's range, shape (S, T).
    ln_tau : shape (T,).
    place, area : standard deviations of ln τ and of the area (Ω) at the lattice points of maxima,
        NaN elsewhere, shape (S, T).
    peaks : whose `spectrum` are rows of these.
    """
    out = np.full((4, peaks.count), np.nan)
    rows = peaks.spectrum
    known = np.isfinite(area[rows, peaks.index])
    sums = np.pad(np.cumsum(np.nan_to_num(area) ** 2, axis=1), ((0, 0), (1, 0)))
    variance = sums[rows, peaks.right + 1] - sums[rows, peaks.left]
    filled = np.pad(gamma, ((0, 0), (1, 1)), constant_values=np.nan)
    for valley, beyond in ((peaks.left, peaks.left), (peaks.right, peaks.right + 2)):
        # At the ends of the range there is no neighbour to share with.
        shared = np.isfinite(filled[rows, beyond])
        variance += np.where(shared, 0.5 * np.maximum(gamma[rows, valley], 0.0), 0.0) ** 2
    half = np.where(known, _TWO_SIGMA * np.sqrt(variance), np.nan)
    out[2], out[3] = np.maximum(peaks.area - half, 0.0), peaks.area + half
    half = np.where(known, _TWO_SIGMA * place[rows, peaks.index], np.nan)
    out[0], out[1] = peaks.ln_tau - half, peaks.ln_tau + half
    return out


def intervals(gamma: Floats, ln_tau: Floats, low: Floats, high: Floats, peaks: Peaks) -> Floats:
    """Return (ln τ low, ln τ high, R low, R high) of each peak from a band, shape (4, N).

    Parameters
    ----------
    gamma, low, high : γ and its band (Ω), NaN outside a row's range, shape (S, T).
    ln_tau : shape (T,).
    peaks : whose `spectrum` are rows of these.
    """
    out = np.full((4, peaks.count), np.nan)
    if peaks.count:
        _intervals(
            gamma,
            ln_tau,
            low,
            high,
            peaks.spectrum,
            peaks.index,
            peaks.left,
            peaks.right,
            peaks.area,
            out,
        )
        _hold(out, peaks)
    return out


def _hold(out: Floats, peaks: Peaks) -> None:
    """An interval holds its value, which the parabola puts between lattice points."""
    out[0], out[1] = np.fmin(out[0], peaks.ln_tau), np.fmax(out[1], peaks.ln_tau)
    out[2], out[3] = np.maximum(out[2], 0.0), np.fmax(out[3], peaks.area)


@compiled
def _crossing(high, ln_tau, inside, outside, level):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Place between two neighbouring points at which the upper side falls to the level."""
    drop = high[inside] - high[outside]
    share = (high[inside] - level) / drop if drop > 0 else 0.0
    return ln_tau[inside] + min(max(share, 0.0), 1.0) * (ln_tau[outside] - ln_tau[inside])


@compiled
def _intervals(gamma, ln_tau, low, high, spectrum, index, left, right, area, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    step, points = ln_tau[1] - ln_tau[0], ln_tau.size
    for n in range(spectrum.size):
        s, k = spectrum[n], index[n]
        row, lower, upper = gamma[s], low[s], high[s]
        level = 0.0
        for i in range(left[n], right[n] + 1):
            level = max(level, lower[i])
        begin = k
        while begin > 0 and upper[begin - 1] >= level:
            begin -= 1
        end = k
        while end < points - 1 and upper[end + 1] >= level:
            end += 1
        out[0, n] = ln_tau[begin]
        if begin > 0 and np.isfinite(upper[begin - 1]):
            out[0, n] = _crossing(upper, ln_tau, begin, begin - 1, level)
        out[1, n] = ln_tau[end]
        if end < points - 1 and np.isfinite(upper[end + 1]):
            out[1, n] = _crossing(upper, ln_tau, end, end + 1, level)
        below, above = 0.0, 0.0
        for i in range(left[n], right[n]):
            below += 0.5 * step * (row[i] - lower[i] + row[i + 1] - lower[i + 1])
            above += 0.5 * step * (upper[i] - row[i] + upper[i + 1] - row[i + 1])
        shared = 0.0
        if left[n] > 0 and np.isfinite(row[left[n] - 1]):
            shared += (0.5 * max(row[left[n]], 0.0)) ** 2
        if right[n] < points - 1 and np.isfinite(row[right[n] + 1]):
            shared += (0.5 * max(row[right[n]], 0.0)) ** 2
        out[2, n] = area[n] - np.sqrt(below**2 + shared)
        out[3, n] = area[n] + np.sqrt(above**2 + shared)
