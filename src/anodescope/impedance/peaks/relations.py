"""What tracks have to do with each other: merging, splitting, and crossing as the same two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.peaks.tracking import Linking, Series, jumps, numbered

Ints = npt.NDArray[np.int64]

# Share of a lost peak's area that its neighbour must gain at that moment …
_GAIN = 0.5
# … and the least share of its recent largest area that it still had: less has faded, not merged.
_ALIVE = 0.25
_RECENT = 20
# Peaks before a merger (or after a split) that tell two peaks apart, those nearest to it left out:
# there the valley between the two is shallow and shares the area badly.
_BEFORE, _SKIPPED = 10, 2
# Misfits of log10 τ and of ln area that weigh alike when identities are compared.
_PLACE, _GROWTH = 0.3, 0.3


@final
@dataclass(frozen=True, slots=True)
class Relations:
    """Tracks with their relations.

    Attributes
    ----------
    track : of each peak, −1: none, shape (N,).
    split_from, merged_into : for each track the other one, −1: none, shape (K,).
    """

    track: Ints
    split_from: Ints
    merged_into: Ints


def relate(series: Series, track: Ints, settings: Linking) -> Relations:
    """Find mergers and splits, and give peaks that crossed their identities back.

    A track that ends while its neighbour gains its area merged with that one; one that begins at
    the expense of its neighbour split from it. A track that merged and one that splits from the
    same neighbour within `Linking.memory` spectra are one: of the two ways to go on, the one that
    fits τ (extrapolated) and area better is taken.

    Parameters
    ----------
    series : peaks of the tracks only, so that areas are shared among these.
    track : of each peak, from 0, shape (N,).
    settings : `gap`, `memory`, `reach`.
    """
    jump = jumps(series, settings)
    while True:
        count = int(track.max(initial=-1)) + 1
        order = np.argsort(track, kind="stable")
        paths = np.split(order, np.searchsorted(track[order], np.arange(1, count)))[:count]
        merged = [_partner(series, track, paths, k, 1, jump, settings) for k in range(count)]
        split = [_partner(series, track, paths, k, -1, jump, settings) for k in range(count)]
        rejoined = _first_crossing(series, paths, merged, split, settings)
        if rejoined is None:
            return Relations(track, np.array(split, np.int64), np.array(merged, np.int64))
        track = numbered(_rejoin(series, track, paths, *rejoined), series)


def _partner(
    series: Series,
    track: Ints,
    paths: list[Ints],
    k: int,
    direction: int,
    jump: npt.NDArray[np.bool_],
    settings: Linking,
) -> int:
    """Return the track that k merges with (direction 1) or splits from (−1), or −1."""
    path = paths[k][::direction]
    end = path[-1]
    beyond = series.frame[end] + direction
    if not 0 <= beyond < series.frames or jump[min(series.frame[end], beyond)]:
        return -1
    place = series.place[end]
    start, stop = np.searchsorted(series.frame, (beyond, beyond + 1))
    # The peaks of a spectrum are in order of τ, and so are the ends of their basins.
    after = start + int(np.searchsorted(series.right[start:stop], place))
    if after == stop or series.left[after] > place:
        return -1
    other = int(track[after])
    along = series.frame[paths[other]]
    at = int(np.searchsorted(along, series.frame[end], side="right" if direction == 1 else "left"))
    at -= direction == 1
    if other == k or not 0 <= at < along.size:
        return -1
    nearest = paths[other][at]
    if abs(series.frame[end] - series.frame[nearest]) > settings.gap:
        return -1
    close = abs(series.place[nearest] - place) <= settings.reach
    gained = series.area[after] - series.area[nearest] >= _GAIN * series.area[end]
    alive = series.area[end] >= _ALIVE * series.area[path[-_RECENT:]].max()
    return other if close and gained and alive else -1


def _first_crossing(
    series: Series, paths: list[Ints], merged: list[int], split: list[int], settings: Linking
) -> tuple[int, int, int, bool] | None:
    """Return (merged track, the one it met, split track, whether they swap) of one crossing."""
    born: dict[int, list[int]] = {}
    for n, origin in enumerate(split):
        born.setdefault(origin, []).append(n)
    for k, other in enumerate(merged):
        if other < 0:
            continue
        end = series.frame[paths[k][-1]]
        since = [(int(series.frame[paths[n][0]] - end), n) for n in born.get(other, [])]
        later = [(steps, n) for steps, n in since if 0 < steps <= settings.memory]
        if later:
            n = min(later)[1]
            return k, other, n, _swaps(series, paths[k], paths[other], paths[n])
    return None


def _swaps(series: Series, lost: Ints, met: Ints, born: Ints) -> bool:
    """Tell whether the lost peak goes on in the track it met, and that one in the born track."""
    before = (
        _Side.of(series, lost, 1),
        _Side.of(series, met[series.frame[met] <= series.frame[lost[-1]]], 1),
    )
    after = (
        _Side.of(series, born, -1),
        _Side.of(series, met[series.frame[met] >= series.frame[born[0]]], -1),
    )
    stay = before[0].misfit(after[0]) + before[1].misfit(after[1])
    swap = before[0].misfit(after[1]) + before[1].misfit(after[0])
    return swap < stay


@final
@dataclass(frozen=True, slots=True)
class _Side:
    """A track beside an event: frame, place and velocity there, and its usual ln area."""

    frame: int
    place: float
    velocity: float
    log_area: float

    @classmethod
    def of(cls, series: Series, path: Ints, direction: int) -> _Side:
        """Look at the end (direction 1) or at the beginning (−1) of a track."""
        near = path[::direction][-(_BEFORE + _SKIPPED) :]
        near = near[:-_SKIPPED] if near.size > _SKIPPED else near
        frame, place = series.frame[near].astype(np.float64), series.place[near]
        moved = frame.size > 2 and np.ptp(frame) > 0
        velocity = float(np.polyfit(frame - frame.mean(), place, 1)[0]) if moved else 0.0
        area = float(np.median(np.log(series.area[near])))
        return cls(int(frame[-1]), float(place[-1]), velocity, area)

    def misfit(self, later: _Side) -> float:
        """How badly a later side continues this one."""
        steps = later.frame - self.frame
        ahead = abs(self.place + self.velocity * steps - later.place)
        behind = abs(later.place - later.velocity * steps - self.place)
        growth = abs(later.log_area - self.log_area)
        return (ahead + behind) / 2 / _PLACE + growth / _GROWTH


def _rejoin(
    series: Series,
    track: Ints,
    paths: list[Ints],
    lost: int,
    met: int,
    born: int,
    swap: bool,
) -> Ints:
    """Return tracks in which the lost and the born one are the same."""
    out = track.copy()
    if not swap:
        out[paths[born]] = lost
        return out
    later = paths[met][series.frame[paths[met]] >= series.frame[paths[born][0]]]
    out[later] = lost
    out[paths[born]] = met
    return out
