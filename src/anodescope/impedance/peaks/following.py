"""The peaks of one electrode's distributions, followed through time and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError
from anodescope.impedance.peaks import bounds, naming
from anodescope.impedance.peaks.distributions import Distributions
from anodescope.impedance.peaks.maxima import Detection, Peaks, measure
from anodescope.impedance.peaks.naming import Rule
from anodescope.impedance.peaks.relations import Relations, relate
from anodescope.impedance.peaks.tracking import Linking, Series, link
from anodescope.impedance.sweeps import parameters_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_LN10 = log(10)


@final
@dataclass(frozen=True, slots=True)
class PeakSettings:
    """How peaks are found and followed.

    Attributes
    ----------
    detection : what counts as a peak.
    linking : what may be the same peak.
    edge_share : share of a peak's area beyond the window's end from which it is `at_edge`.
    absorb : decades of τ within which a maximum that belongs to no track counts as a ripple of the
        track's peak and gives its area to it. Further ones keep theirs, which then is in no R. With
        infinity every R of a spectrum sums to the integral of its positive γ, whatever it holds.

    Raises
    ------
    SettingsError
        for a share that is not between 0 and 0.5.
    """

    detection: Detection = field(default_factory=Detection)
    linking: Linking = field(default_factory=Linking)
    edge_share: float = 0.1
    absorb: float = 1.5

    def __post_init__(self) -> None:
        if not 0 < self.edge_share <= 0.5:
            raise SettingsError(
                f"edge_share: expected a share above 0, at most 0.5, found {self.edge_share}."
            )
        if not self.absorb >= 0:
            raise SettingsError(f"absorb: expected at least 0 decades, found {self.absorb}.")

    def parameters(self) -> dict[str, Any]:
        """Return all numbers as JSON-ready values."""
        return {
            **parameters_of(self.detection),
            **parameters_of(self.linking),
            "edge_share": self.edge_share,
            "absorb": self.absorb,
        }


def _series(
    record: Distributions, rows: Ints, peaks: Peaks, strong: Bools, change: Floats
) -> Series:
    place = record.ln_tau / _LN10
    return Series(
        peaks.spectrum,
        peaks.ln_tau / _LN10,
        peaks.area,
        peaks.height,
        place[peaks.left],
        place[peaks.right],
        strong,
        record.window[0, rows],
        record.window[1, rows],
        change,
    )


@final
@dataclass(frozen=True, slots=True)
class Followed:
    """The tracks of one electrode.

    Attributes
    ----------
    rows : its rows, in order of time; `peaks.spectrum` counts these.
    peaks : the tracks' peaks.
    relations : which track each belongs to, and what the tracks have to do with each other.
    names, attributions : of each track.
    electrode : cell, working or counter.
    edge, inside : whether the window cuts through each peak, and holds its maximum.
    intervals : (ln τ low, ln τ high, R low, R high) of each peak, NaN where unknown.
    """

    rows: Ints
    peaks: Peaks
    relations: Relations
    names: list[str]
    attributions: list[str]
    electrode: str
    edge: Bools
    inside: Bools
    intervals: Floats


def follow(
    record: Distributions,
    rows: Ints,
    spectrum: Ints,
    index: Ints,
    strong: Bools,
    settings: PeakSettings,
    rules: Sequence[Rule],
) -> Followed:
    """Link and name the peaks of one electrode.

    Parameters
    ----------
    record : the distributions.
    rows : of the electrode, in order of time.
    spectrum, index, strong : row, lattice point and strength of all peaks, in order of rows.
    settings, rules : what is the same peak, and what it is called.
    """
    gamma = record.gamma[rows]
    begin = np.searchsorted(spectrum, rows, side="left")
    count = np.searchsorted(spectrum, rows, side="right") - begin
    frame = np.repeat(np.arange(rows.size), count)
    which = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(frame.size)
    index, strong, change = index[which], strong[which], record.change(rows)
    peaks = measure(gamma, record.ln_tau, frame, index)
    track = link(_series(record, rows, peaks, strong, change), settings.linking)
    peaks, track, strong = _kept(gamma, record.ln_tau, peaks, track, strong, settings.absorb)
    series = _series(record, rows, peaks, strong, change)
    relations = relate(series, track, settings.linking)
    names = naming.name_tracks(*_spread(relations, peaks, rows.size), rules)
    stated = {rule.name: rule.attribution for rule in rules}
    inside = (series.place >= series.low[peaks.spectrum]) & (
        series.place <= series.high[peaks.spectrum]
    )
    return Followed(
        rows,
        peaks,
        relations,
        names,
        [stated.get(name, "") for name in names],
        str(record.electrode[rows[0]]),
        _at_edge(gamma, record.ln_tau, series, peaks, settings.edge_share),
        inside,
        _intervals(record, rows, peaks),
    )


def _kept(
    gamma: Floats, ln_tau: Floats, peaks: Peaks, track: Ints, strong: Bools, absorb: float
) -> tuple[Peaks, Ints, Bools]:
    """Leave out the peaks of no track; those beside a track's peak give their area to it."""
    kept = track >= 0
    stays = kept | ~_beside(peaks, kept, absorb * _LN10)
    peaks = measure(gamma, ln_tau, peaks.spectrum[stays], peaks.index[stays])
    kept, track, strong = kept[stays], track[stays], strong[stays]
    return peaks.select(kept), track[kept], strong[kept]


def _beside(peaks: Peaks, kept: Bools, reach: float) -> Bools:
    """Tell which peaks have a kept one within reach (in ln τ) in their spectrum."""
    found = np.zeros(peaks.count, dtype=bool)
    span = 2 * reach + float(np.ptp(peaks.ln_tau)) if peaks.count else 0.0
    if not np.isfinite(span):
        return np.isin(peaks.spectrum, peaks.spectrum[kept])
    # Spectra so far apart on one axis that none reaches into the next.
    axis = peaks.ln_tau + peaks.spectrum * (span + 1.0)
    marks = axis[kept]
    if marks.size:
        after = np.clip(np.searchsorted(marks, axis), 1, marks.size)
        last = np.minimum(after, marks.size - 1)
        found = np.minimum(np.abs(axis - marks[after - 1]), np.abs(axis - marks[last])) <= reach
    return found


def _intervals(record: Distributions, rows: Ints, peaks: Peaks) -> Floats:
    found = np.full((4, peaks.count), np.nan)
    gamma = record.gamma[rows]
    if record.low is not None and record.high is not None:
        found = bounds.intervals(gamma, record.ln_tau, record.low[rows], record.high[rows], peaks)
    if record.place_spread is not None and record.area_spread is not None:
        own = bounds.by_spreads(
            gamma, record.ln_tau, record.place_spread[rows], record.area_spread[rows], peaks
        )
        found = np.where(np.isfinite(own), own, found)
    return found


def _spread(relations: Relations, peaks: Peaks, frames: int) -> tuple[Floats, Floats]:
    """τ (s) and R (Ω) by spectrum and track, NaN where absent."""
    tau = np.full((frames, relations.split_from.size), np.nan)
    resistance = np.full_like(tau, np.nan)
    tau[peaks.spectrum, relations.track] = np.exp(peaks.ln_tau)
    resistance[peaks.spectrum, relations.track] = peaks.area
    return tau, resistance


def _at_edge(gamma: Floats, ln_tau: Floats, series: Series, peaks: Peaks, share: float) -> Bools:
    """Tell which peaks have at least that share of their area on both sides of a window's end."""
    step = ln_tau[1] - ln_tau[0] if ln_tau.size > 1 else 0.0
    filled = np.maximum(np.nan_to_num(gamma), 0.0)
    middle = 0.5 * step * (filled[:, 1:] + filled[:, :-1])
    sums = np.concatenate([np.zeros((len(gamma), 1)), np.cumsum(middle, axis=1)], axis=1)
    found = np.zeros(peaks.count, dtype=bool)
    for end in (series.low, series.high):
        cut = np.searchsorted(ln_tau / _LN10, end[peaks.spectrum])
        cut = np.clip(cut, peaks.left, peaks.right)
        below = sums[peaks.spectrum, cut] - sums[peaks.spectrum, peaks.left]
        outside = below if end is series.low else peaks.area - below
        found |= (outside >= share * peaks.area) & (outside <= (1 - share) * peaks.area)
    return found
