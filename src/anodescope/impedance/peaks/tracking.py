"""Peaks of successive spectra linked into tracks, the same forwards and backwards in time.

Three steps, as in Jaqaman et al. (2008, doi:10.1038/nmeth.1237), each an optimal assignment:

1. Peaks of neighbouring spectra are linked where Δlog10 τ and Δ ln area are inside their gates.
2. The pieces so made are joined over gaps, their ends extrapolated by their own velocity; over a
   short overlap, where one peak was found as two; over a jump (a short circuit, the rest after a
   scan), where everything changes at once, with a wider gate and without velocity. Nothing is
   interpolated: an absent peak stays absent.
3. Tracks with too few strong peaks are dropped (`relations` then says who merged with whom).

Beyond the window a relaxation time is hardly fixed by the data. So two peaks that are both outside,
on the same side of the narrower of their windows, are held to a wider gate; and a spectrum whose
window does not reach a track neither continues nor ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError
from anodescope.impedance.peaks.assignment import assign, chains, pairs

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Δlog10 τ that costs as much as a change of the area by a factor e².
_SCALE = 0.1
_AREA_WEIGHT = 0.5
# Peaks at a piece's end that its velocity and its area are taken from.
_END = 5
_FASTEST = 0.1
# Cost of each spectrum that two pieces lack, or both have.
_WAIT = 0.2
# Cost of a piece without a strong peak: it must not take the place of one that has some.
_WEAK = 3.0
# How much less a wide gate counts τ: a decade there is as good as 0.3 inside the window.
_LOOSE = 0.3
# Neighbours on each side whose median change a jump must stand out from.
_QUIET = 6


@final
@dataclass(frozen=True, slots=True)
class Linking:
    """What may be the same peak.

    Attributes
    ----------
    gate : |Δlog10 τ| from one spectrum to the next; times √n over n spectra.
    area_gate : largest factor by which the area may change at once.
    edge_gate : |Δlog10 τ| between two peaks outside the window, on the same side.
    edge_margin : decades inside the window that count as outside for this.
    jump_gate : |Δlog10 τ| across a jump.
    jump, jump_contrast : a jump is a change of γ, as ∫|Δγ| over ∫ of the larger |γ|, of at least
        `jump`, and `jump_contrast` times the median change around it.
    gap : spectra in a row that may lack a peak although their window holds it, or have it twice.
    memory : spectra during which two peaks may be one before they part as the same two.
    reach : decades between two peaks that merge, at most.
    confirm : strong peaks that a track needs; fewer in series of fewer than 2·confirm − 1 spectra.

    Raises
    ------
    SettingsError
        for a number outside its range.
    """

    gate: float = 0.3
    area_gate: float = 10.0
    edge_gate: float = 1.0
    edge_margin: float = 0.2
    jump_gate: float = 1.5
    jump: float = 0.2
    jump_contrast: float = 4.0
    gap: int = 3
    memory: int = 30
    reach: float = 1.5
    confirm: int = 3

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value, least = getattr(self, name), {"area_gate": 1, "confirm": 1}.get(name, 0)
            if not (np.isfinite(value) and value >= least):
                raise SettingsError(f"{name}: expected at least {least}, found {value}.")

    def confirmation(self, spectra: int) -> int:
        """Return how many strong peaks a track needs in a series of so many spectra."""
        return max(1, min(self.confirm, (spectra + 1) // 2))


@final
@dataclass(frozen=True, slots=True)
class Series:
    """Peaks of one electrode's spectra in order of time.

    Attributes
    ----------
    frame : number of the spectrum, ascending, shape (N,).
    place : log10 τ (τ in s), shape (N,).
    area : (Ω), shape (N,).
    height : γ at the maximum (Ω), shape (N,).
    left, right : log10 τ of the valleys, shape (N,).
    strong : shape (N,).
    low, high : log10 τ of each spectrum's window, shape (F,).
    change : change of γ from each spectrum to the next, as `Linking.jump` has it, shape (F − 1,).
    """

    frame: Ints
    place: Floats
    area: Floats
    height: Floats
    left: Floats
    right: Floats
    strong: Bools
    low: Floats
    high: Floats
    change: Floats

    @property
    def frames(self) -> int:
        """Number of spectra."""
        return self.low.size


def jumps(series: Series, settings: Linking) -> Bools:
    """Tell between which spectra everything changes at once, shape (F − 1,)."""
    change, found = series.change, np.zeros(series.change.size, dtype=bool)
    for t in np.flatnonzero(change >= settings.jump):
        around = np.concatenate([change[max(t - _QUIET, 0) : t], change[t + 1 : t + 1 + _QUIET]])
        quiet = float(np.median(around)) if around.size else 0.0
        found[t] = change[t] >= settings.jump_contrast * quiet
    return found


def link(series: Series, settings: Linking) -> Ints:
    """Return the track of each peak, numbered from 0 in order of birth, then τ; −1: dropped.

    Parameters
    ----------
    series : peaks in order of time, and in order of τ within a spectrum.
    settings : gates and confirmation.

    Returns
    -------
    shape (N,).
    """
    if not series.frame.size:
        return np.empty(0, np.int64)
    pieces = chains(series.frame.size, *_neighbours(series, settings))
    ends = _Ends.of(series, pieces)
    joined = chains(ends.count, *_across(series, ends, settings))
    track = _trimmed(series, _single(series, joined[pieces]))
    strong = np.bincount(track + 1, weights=series.strong)
    strong[0] = 0
    track = np.where(strong[track + 1] >= settings.confirmation(series.frames), track, -1)
    return numbered(track, series)


def _single(series: Series, track: Ints) -> Ints:
    """Leave each track its largest peak where joined pieces overlap."""
    order = np.lexsort((-series.area, series.frame, track))
    again = (np.diff(track[order]) == 0) & (np.diff(series.frame[order]) == 0)
    out = track.copy()
    out[order[1:][again]] = -1
    return out


def _trimmed(series: Series, track: Ints) -> Ints:
    """Cut weak peaks off a track's ends where some are missing between them and a strong one.

    A peak that appears or fades is weak for a while, but seen in every spectrum; ripples flicker.
    """
    out = track.copy()
    for order in (np.lexsort((series.frame, track)), np.lexsort((-series.frame, track))):
        same = np.diff(track[order], prepend=-2) == 0
        skipped = same & (np.abs(np.diff(series.frame[order], prepend=0)) > 1)
        # Seen from the track's far end: a gap, and nothing strong from there on.
        block = np.cumsum(~same | skipped)
        strong = np.bincount(block, weights=series.strong[order]) > 0
        later = np.zeros(block.max(initial=0) + 2, dtype=bool)
        owner = np.full(later.size, -2)
        owner[block] = track[order]
        for b in range(later.size - 2, 0, -1):
            later[b] = strong[b] or (owner[b + 1] == owner[b] and later[b + 1])
        out[order[~later[block]]] = -1
    return out


def numbered(track: Ints, series: Series) -> Ints:
    """Number tracks from 0 in order of their first peak."""
    kept = np.flatnonzero(track >= 0)
    labels, first = np.unique(track[kept], return_index=True)
    born = kept[first]
    order = np.lexsort((series.place[born], series.frame[born]))
    number = np.empty(labels.size, np.int64)
    number[order] = np.arange(labels.size)
    out = np.full(track.size, -1, np.int64)
    out[kept] = number[np.searchsorted(labels, track[kept])]
    return out


def _neighbours(series: Series, settings: Linking) -> tuple[Ints, Ints]:
    """Link peaks of neighbouring spectra."""
    first, second = pairs(series.frame, series.frame + 1, series.frame + 1)
    cost = _cost(series, first, second, settings)
    jump = jumps(series, settings)[series.frame[first]]
    # What is weak right after a jump is nobody's continuation.
    weak = ~(series.strong[first] & series.strong[second])
    return assign(first, second, np.where(jump & weak, np.inf, cost))


def _cost(series: Series, first: Ints, second: Ints, settings: Linking) -> Floats:
    """Cost of linking peaks of two spectra; infinite outside the gates."""
    place, log_area = series.place, np.log(series.area)
    a, b = series.frame[first], series.frame[second]
    far = np.abs(place[second] - place[first])
    beyond = _both_outside(place[first], place[second], series, a, b, settings.edge_margin)
    far_enough = np.where(beyond, settings.edge_gate, settings.gate)
    weight = np.where(beyond, _LOOSE, 1.0)
    growth = np.abs(log_area[second] - log_area[first])
    grown = growth > np.log(settings.area_gate) * np.where(beyond, 2.0, 1.0)
    cost = weight * (far / _SCALE + _AREA_WEIGHT * growth)
    return np.where((far > far_enough) | grown, np.inf, cost)


def _both_outside(
    one: Floats, other: Floats, series: Series, a: Ints, b: Ints, margin: float
) -> Bools:
    """Tell whether both places are outside the narrower of two windows, on the same side."""
    low = np.maximum(series.low[a], series.low[b]) + margin
    high = np.minimum(series.high[a], series.high[b]) - margin
    return np.asarray(((one < low) & (other < low)) | ((one > high) & (other > high)))


@final
@dataclass(frozen=True, slots=True)
class _Ends:
    """Both ends of every piece: frame, peak, place and velocity (per spectrum).

    `order` are the peaks sorted by piece, then frame, and `key` the numbers they are sorted by;
    `begin` and `size` say where each piece stands in these.
    """

    start: Ints
    stop: Ints
    head: Floats
    tail: Floats
    head_velocity: Floats
    tail_velocity: Floats
    order: Ints
    key: Ints
    begin: Ints
    size: Ints
    strong: Bools

    @property
    def count(self) -> int:
        return self.start.size

    @classmethod
    def of(cls, series: Series, pieces: Ints) -> _Ends:
        order = np.lexsort((series.frame, pieces))
        size = np.bincount(pieces)
        begin = np.cumsum(size) - size
        first, last = order[begin], order[begin + size - 1]
        inner = np.minimum(size, _END) - 1
        early, late = order[begin + inner], order[begin + size - 1 - inner]

        def velocity(a: Ints, b: Ints) -> Floats:
            steps = np.maximum(series.frame[b] - series.frame[a], 1)
            slope = (series.place[b] - series.place[a]) / steps
            return np.where(inner >= 2, np.clip(slope, -_FASTEST, _FASTEST), 0.0)

        return cls(
            series.frame[first],
            series.frame[last],
            series.place[first],
            series.place[last],
            velocity(first, early),
            velocity(late, last),
            order,
            (pieces * series.frames + series.frame)[order],
            begin,
            size,
            np.bincount(pieces, weights=series.strong) > 0,
        )

    def facing(self, series: Series, one: Ints, other: Ints) -> tuple[Ints, Ints]:
        """Return the last peaks of `one` before `other` begins, the first of `other` after `one`.

        Without an overlap these are at the ends. Up to three of each, the outermost one first,
        shape (3, L); shorter pieces repeat one. `other` must begin and end after `one`.
        """
        before = np.searchsorted(self.key, one * series.frames + self.start[other]) - 1
        after = np.searchsorted(self.key, other * series.frames + self.stop[one], side="right")
        steps = np.arange(3)[:, None]
        tail = np.maximum(before - steps, self.begin[one])
        head = np.minimum(after + steps, self.begin[other] + self.size[other] - 1)
        return self.order[tail], self.order[head]


def _across(series: Series, ends: _Ends, settings: Linking) -> tuple[Ints, Ints]:
    """Join pieces over gaps, jumps and spectra whose window does not reach them."""
    order = np.argsort(ends.start, kind="stable")
    after = ends.stop + 1
    first, near = pairs(ends.start[order], after - settings.gap, after + settings.gap)
    second = order[near]
    follows = (ends.start[first] < ends.start[second]) & (ends.stop[first] < ends.stop[second])
    first, second = first[follows], second[follows]
    hidden = _hidden_pairs(series, ends, settings)
    both = np.unique(np.concatenate([np.stack([first, second]), hidden], axis=1), axis=1)
    first, second = both[0], both[1]
    return assign(first, second, _gap_cost(series, ends, first, second, settings))


def _hidden_pairs(series: Series, ends: _Ends, settings: Linking) -> Ints:
    """Pairs of pieces further apart, with enough spectra between that cannot show the peak."""
    low, high, margin = series.low, series.high, settings.edge_margin
    none = np.empty((2, 0), np.int64)
    if np.ptp(low) < margin and np.ptp(high) < margin:
        return none
    found = [none]
    for i in range(ends.count):
        later = np.flatnonzero(ends.start > ends.stop[i] + 1 + settings.gap)
        near = later[np.abs(ends.head[later] - ends.tail[i]) <= settings.gate]
        if not near.size:
            continue
        seen = (low + margin <= ends.tail[i]) & (high - margin >= ends.tail[i])
        count = np.concatenate([[0], np.cumsum(seen)])
        visible = count[ends.start[near]] - count[ends.stop[i] + 1]
        near = near[visible <= settings.gap]
        found.append(np.stack([np.full(near.size, i), near]))
    return np.concatenate(found, axis=1)


def _gap_cost(series: Series, ends: _Ends, first: Ints, second: Ints, settings: Linking) -> Floats:
    """Cost of joining one piece's tail to another's head; infinite outside the gates."""
    steps = ends.start[second] - ends.stop[first]
    near_steps = np.clip(steps, 1, settings.gap + 1)
    lasts, nexts = ends.facing(series, first, second)
    tail, head = series.place[lasts[0]], series.place[nexts[0]]
    ahead = np.abs(head - tail - ends.tail_velocity[first] * near_steps)
    behind = np.abs(head - tail - ends.head_velocity[second] * near_steps)
    # Peaks that jitter more than they move are better told by where they usually are.
    usual = np.abs(np.median(series.place[nexts], axis=0) - np.median(series.place[lasts], axis=0))
    far, gate = np.minimum((ahead + behind) / 2, usual), settings.gate * np.sqrt(near_steps)
    passed = np.concatenate([[0], np.cumsum(jumps(series, settings))])
    jump = passed[ends.start[second]] > passed[ends.stop[first]]
    beyond = _both_outside(
        tail, head, series, ends.stop[first], ends.start[second], settings.edge_margin
    )
    far = np.where(jump | beyond, np.abs(head - tail), far)
    gate = np.select([jump, beyond], [settings.jump_gate, settings.edge_gate], gate)
    growth = np.abs(np.log(series.area[nexts[0]] / series.area[lasts[0]]))
    grown = growth > np.log(settings.area_gate) * np.where(beyond, 2.0, 1.0)
    weight = np.where(jump | beyond, _LOOSE, 1.0)
    cost = weight * (far / _SCALE + _AREA_WEIGHT * growth) + _WAIT * np.abs(steps - 1)
    cost += _WEAK * ~(ends.strong[first] & ends.strong[second])
    # Over a jump only what is a peak by itself goes on.
    weak = ~(ends.strong[first] & ends.strong[second])
    return np.where((far > gate) | grown | (jump & weak), np.inf, cost)
