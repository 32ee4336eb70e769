"""How far a distribution is from the truth: size, peaks, bands.

All is measured inside the window, on the truth's own relaxation times (40 per decade). True peaks
are maxima of the true γ above 3 % of its largest value, where γ is taken as zero beyond the window:
one that is cut off by the edge counts there. A true peak is missed when no maximum of the estimate
above 1 % is within 0.25 decade. An estimated maximum above 3 % is spurious when no maximum of
the truth above 0.5 % is within 0.35 decade. Areas are compared between the true valleys.

A minimum of the true γ below −3 % of the largest |γ| is an inductive loop; how much of it the band
holds is counted apart.

The columns that start with `own` rest on the peaks that the product itself would report:
`impedance.peaks.maxima.find` with the method's band, where it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.peaks.maxima import Detection, find

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TRUE_HEIGHT, ANY_TRUE_HEIGHT = 0.03, 0.005
FOUND_HEIGHT, SPURIOUS_HEIGHT = 0.01, 0.03
NEAR, FAR = 0.25, 0.35
# γ above this share of its largest value counts as strong.
STRONG = 0.05
_LN10 = log(10)


@final
@dataclass(frozen=True, slots=True)
class Peaks:
    """What became of the true peaks of one spectrum.

    Attributes
    ----------
    shifts : |Δ log10 τ| of those that were found.
    true, missed, spurious : counts.
    areas : relative errors of areas.
    """

    shifts: tuple[float, ...]
    true: int
    missed: int
    spurious: int
    areas: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True)
class Score:
    """One spectrum's errors.

    Attributes
    ----------
    l2 : ‖γ − γ_true‖/‖γ_true‖.
    peaks, own : by maxima, and by what the product reports as peaks.
    covered, strong, maxima, minima : of the band: how many true values it holds, and of how many;
        anywhere, where γ is strong, at the true maxima, and at the minima of true loops.
    width : area between the bounds over that of the true |γ|; NaN without a band.
    """

    l2: float
    peaks: Peaks
    own: Peaks
    covered: tuple[int, int]
    strong: tuple[int, int]
    maxima: tuple[int, int]
    minima: tuple[int, int]
    width: float


def read_off(ln_tau: Floats, gamma: Floats, wanted: Floats) -> Floats:
    """Return γ between lattice points: ln γ is interpolated where both neighbours are positive.

    Parameters
    ----------
    ln_tau, gamma : lattice, ascending, and what stands on it, NaN where nothing does, shape (T,).
    wanted : ln τ at which γ is wanted, shape (K,).
    """
    there = np.isfinite(gamma)
    ln_tau, gamma = ln_tau[there], gamma[there]
    straight = np.interp(wanted, ln_tau, gamma)
    logarithm = np.interp(wanted, ln_tau, np.log(np.maximum(gamma, 1e-300)))
    right = np.clip(np.searchsorted(ln_tau, wanted), 1, ln_tau.size - 1)
    positive = (gamma[right - 1] > 0) & (gamma[right] > 0)
    return np.asarray(np.where(positive, np.exp(logarithm), straight))


def relative_l2(found: Floats, truth: Floats) -> Floats:
    """Return ‖found − truth‖/‖truth‖ of each row."""
    return np.asarray(
        np.linalg.norm(found - truth, axis=-1) / np.linalg.norm(truth, axis=-1), dtype=np.float64
    )


def score(
    tau: Floats,
    truth: Floats,
    gamma: Floats,
    low: Floats | None = None,
    high: Floats | None = None,
) -> Score:
    """Hold one estimate against the truth.

    Parameters
    ----------
    tau : relaxation times of the window (s), uniform in ln τ, shape (T,).
    truth, gamma, low, high : true and estimated γ, and a 95 % band (Ω), shape (T,).
    """
    ln_tau = np.log(tau)
    positive, estimate = np.maximum(truth, 0.0), np.maximum(gamma, 0.0)
    nothing = (0, 0)
    covered = strong = at_maxima = at_minima = nothing
    width = float("nan")
    if low is not None and high is not None:
        inside = (low <= truth) & (truth <= high)
        covered = _count(inside, np.ones(truth.size, dtype=bool))
        strong = _count(inside, truth > STRONG * truth.max())
        inner = maxima(positive, TRUE_HEIGHT, edges=False)
        at_maxima = _count(inside[inner], np.ones(inner.size, dtype=bool))
        loops = minima_of_loops(truth)
        at_minima = _count(inside[loops], np.ones(loops.size, dtype=bool))
        width = float((high - low).sum() / np.abs(truth).sum())
    return Score(
        float(relative_l2(gamma, truth)),
        peaks_by_maxima(ln_tau, positive, estimate),
        peaks_by_the_product(ln_tau, positive, estimate, low, high),
        covered,
        strong,
        at_maxima,
        at_minima,
        width,
    )


def _count(inside: npt.NDArray[np.bool_], which: npt.NDArray[np.bool_]) -> tuple[int, int]:
    return int((inside & which).sum()), int(which.sum())


def maxima(gamma: Floats, share: float, *, edges: bool = True) -> Ints:
    """Return where γ has maxima above a share of its largest value.

    Parameters
    ----------
    edges : whether γ that rises to an end of the window has a maximum there.
    """
    if edges:
        padded = np.concatenate([[0.0], gamma, [0.0]])
        return maxima(padded, share, edges=False) - 1
    inner = gamma[1:-1]
    peak = (inner >= gamma[:-2]) & (inner > gamma[2:]) & (inner > share * gamma.max())
    return np.asarray(np.flatnonzero(peak) + 1, dtype=np.int64)


def minima_of_loops(truth: Floats) -> Ints:
    """Return where the true γ has minima below −3 % of the largest |γ|: inductive loops."""
    depth = np.maximum(-truth, 0.0)
    if not depth.any():
        return np.empty(0, dtype=np.int64)
    inner = maxima(depth, 0.0, edges=False)
    return np.asarray(inner[depth[inner] > TRUE_HEIGHT * np.abs(truth).max()])


def peaks_by_maxima(ln_tau: Floats, truth: Floats, gamma: Floats) -> Peaks:
    """Compare maxima, and areas between the true valleys; both γ are non-negative."""
    true = maxima(truth, TRUE_HEIGHT)
    cuts = _valleys(truth, true)
    areas = []
    for low, high in pairwise(cuts):
        part = slice(low, high + 1)
        areas.append(abs(float(gamma[part].sum() / truth[part].sum()) - 1))
    found, strong = maxima(gamma, FOUND_HEIGHT), maxima(gamma, SPURIOUS_HEIGHT)
    shifts, missed = _shifts(ln_tau[true], ln_tau[found])
    spurious = _spurious(ln_tau[maxima(truth, ANY_TRUE_HEIGHT)], ln_tau[strong])
    return Peaks(shifts, true.size, missed, spurious, tuple(areas))


def peaks_by_the_product(
    ln_tau: Floats, truth: Floats, gamma: Floats, low: Floats | None, high: Floats | None
) -> Peaks:
    """Compare with what the product finds as peaks; areas of the pairs, each by its own valleys."""
    true = maxima(truth, TRUE_HEIGHT)
    bounds = (None, None) if low is None or high is None else (low[None, :], high[None, :])
    found, _ = find(gamma[None, :], ln_tau, Detection(), low=bounds[0], high=bounds[1])
    shifts, missed = _shifts(ln_tau[true], found.ln_tau)
    spurious = _spurious(ln_tau[maxima(truth, ANY_TRUE_HEIGHT)], found.ln_tau)
    cuts = _valleys(truth, true)
    step = float(ln_tau[1] - ln_tau[0])
    areas = []
    for k, place in enumerate(true):
        if not found.count:
            break
        away = np.abs(found.ln_tau - ln_tau[place])
        if away.min() <= NEAR * _LN10:
            part = truth[cuts[k] : cuts[k + 1] + 1]
            area = step * float(part.sum() - (part[0] + part[-1]) / 2)
            areas.append(abs(float(found.area[away.argmin()]) / area - 1))
    return Peaks(shifts, true.size, missed, spurious, tuple(areas))


def _valleys(truth: Floats, true: Ints) -> list[int]:
    """Both ends of the window and the lowest points between true peaks."""
    between = [int(left + truth[left:right].argmin()) for left, right in pairwise(true)]
    return [0, *between, truth.size - 1]


def _shifts(true: Floats, found: Floats) -> tuple[tuple[float, ...], int]:
    if not found.size:
        return (), true.size
    away = np.abs(true[:, None] - found[None, :]).min(axis=1) / _LN10
    return tuple(away[away <= NEAR].tolist()), int((away > NEAR).sum())


def _spurious(true: Floats, found: Floats) -> int:
    if not true.size or not found.size:
        return found.size
    away = np.abs(true[None, :] - found[:, None]).min(axis=1) / _LN10
    return int((away > FAR).sum())


def summary_of_peaks(every: Sequence[Peaks]) -> dict[str, float]:
    """Return shift_p95 (decades), missed and spurious per true peak, area_median and area_p95."""
    shifts = np.concatenate([np.array(p.shifts, dtype=float) for p in every])
    areas = np.concatenate([np.array(p.areas, dtype=float) for p in every])
    true = max(sum(p.true for p in every), 1)
    return {
        "shift_p95": _percentile(shifts, 95),
        "missed": sum(p.missed for p in every) / true,
        "spurious": sum(p.spurious for p in every) / true,
        "area_median": _percentile(areas, 50),
        "area_p95": _percentile(areas, 95),
    }


def summary_of_bands(every: Sequence[Score]) -> dict[str, float]:
    """Return the coverage anywhere, where γ is strong, at maxima, in loops, and the mean width."""
    found = {}
    for name in ("covered", "strong", "maxima", "minima"):
        pairs = [getattr(one, name) for one in every]
        total = sum(pair[1] for pair in pairs)
        found[name] = sum(pair[0] for pair in pairs) / total if total else float("nan")
    return {**found, "width": float(np.mean([one.width for one in every]))}


def _percentile(values: Floats, percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else float("nan")
