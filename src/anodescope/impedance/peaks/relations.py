"""What tracks have to do with each other: merging, splitting, and crossing as the same two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.peaks.meetings import Leap, Meeting, Side, leaps, log_odds_of_passing
from anodescope.impedance.peaks.tracking import Linking, Series, jumps, numbered

Ints = npt.NDArray[np.int64]

# Share of a lost peak's area that its neighbour must gain at that moment …
_GAIN = 0.5
# … and the least share of its recent largest area that it still had: less has faded, not merged.
_ALIVE = 0.25
_RECENT = 20


@final
@dataclass(frozen=True, slots=True)
class Relations:
    """Tracks with their relations.

    Attributes
    ----------
    track : of each peak, −1: none, shape (N,).
    split_from, merged_into : for each track the other one, −1: none, shape (K,).
    meetings : stretches in which two tracks are one maximum, and how well they are told apart.
    leaps : each track's way over each jump.
    """

    track: Ints
    split_from: Ints
    merged_into: Ints
    meetings: tuple[Meeting, ...]
    leaps: tuple[Leap, ...]


def relate(series: Series, track: Ints, settings: Linking) -> Relations:
    """Find mergers and splits, and give peaks that crossed their identities back.

    A track that ends while its neighbour gains its area merged with that one; one that begins at
    the expense of its neighbour split from it. A track that merged and one that splits from the
    same neighbour within `Linking.memory` spectra are one, and so are both sides of a gap in which
    the neighbour has its area: they met. Which of the two is which afterwards is what
    `log_odds_of_passing` says; the one maximum meanwhile is the higher one's.

    Parameters
    ----------
    series : peaks of the tracks only, so that areas are shared among these.
    track : of each peak, from 0, shape (N,).
    settings : `gap`, `memory`, `reach`.
    """
    jump = jumps(series, settings)
    met, judged = list[_Met](), set[tuple[int, int]]()
    while True:
        paths = _paths(track)
        merged, split = (
            [_partner(series, track, paths, path, way, jump, settings) for path in paths]
            for way in (1, -1)
        )
        found = _next_crossing(series, paths, merged, split, settings) or _next_gap(
            series, track, paths, jump, settings, judged
        )
        if found is None:
            meetings = tuple(one.meeting(series, track) for one in met)
            ends = np.array(split, np.int64), np.array(merged, np.int64)
            return Relations(track, *ends, meetings, leaps(series, paths, jump))
        odds, track = _resolved(series, track, found)
        track = numbered(track, series)
        met.append(_Met(found, odds))
        judged |= found.gaps(series)


def _paths(track: Ints) -> list[Ints]:
    """The peaks of each track, in order of time."""
    count = int(track.max(initial=-1)) + 1
    order = np.argsort(track, kind="stable")
    return np.split(order, np.searchsorted(track[order], np.arange(1, count)))[:count]


def _partner(
    series: Series,
    track: Ints,
    paths: list[Ints],
    along: Ints,
    direction: int,
    jump: npt.NDArray[np.bool_],
    settings: Linking,
) -> int:
    """Return the track that a path merges with (direction 1) or splits from (−1), or −1."""
    path = along[::direction]
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
    frames = series.frame[paths[other]]
    at = int(np.searchsorted(frames, series.frame[end], side="right" if direction == 1 else "left"))
    at -= direction == 1
    if other == track[end] or not 0 <= at < frames.size:
        return -1
    nearest = paths[other][at]
    if abs(series.frame[end] - series.frame[nearest]) > settings.gap:
        return -1
    close = abs(series.place[nearest] - place) <= settings.reach
    gained = series.area[after] - series.area[nearest] >= _GAIN * series.area[end]
    alive = series.area[end] >= _ALIVE * series.area[path[-_RECENT:]].max()
    return other if close and gained and alive else -1


@final
@dataclass(frozen=True, slots=True)
class _Crossing:
    """Peaks of a track up to a meeting, of what may be the same after it, and of the one met."""

    lost: Ints
    born: Ints
    met: Ints

    def gaps(self, series: Series) -> set[tuple[int, int]]:
        """Both ends of each gap that the meeting may leave in a track, whoever goes on as whom."""
        before, _, after = self.sides(series)
        ends = self.lost[-1], before[-1]
        return {(int(end), int(start)) for end in ends for start in (self.born[0], after[0])}

    def sides(self, series: Series) -> tuple[Ints, Ints, Ints]:
        """Cut the one met in what is before, at and after the meeting."""
        frame = series.frame[self.met]
        end, start = series.frame[self.lost[-1]], series.frame[self.born[0]]
        return (
            self.met[frame <= end],
            self.met[(frame > end) & (frame < start)],
            self.met[frame >= start],
        )


@final
@dataclass(frozen=True, slots=True)
class _Met:
    """A crossing that was judged."""

    crossing: _Crossing
    log_odds: float

    def meeting(self, series: Series, track: Ints) -> Meeting:
        """Describe it by the numbers that the tracks have in the end."""
        end, start = self.crossing.lost[-1], self.crossing.born[0]
        other = self.crossing.sides(series)[0][-1]
        one, two = sorted((int(track[end]), int(track[other])))
        return Meeting(
            (one, two), int(series.frame[end]), int(series.frame[start]), abs(self.log_odds)
        )


def _next_crossing(
    series: Series, paths: list[Ints], merged: list[int], split: list[int], settings: Linking
) -> _Crossing | None:
    """Return the first track that merged, and the one that splits from the same neighbour."""
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
            return _Crossing(paths[k], paths[min(later)[1]], paths[other])
    return None


def _next_gap(
    series: Series,
    track: Ints,
    paths: list[Ints],
    jump: npt.NDArray[np.bool_],
    settings: Linking,
    judged: set[tuple[int, int]],
) -> _Crossing | None:
    """Return the first gap in a track, not yet judged, in which its area is its neighbour's."""
    for path in paths:
        for i in np.flatnonzero(np.diff(series.frame[path]) > 1):
            lost, born = path[: i + 1], path[i + 1 :]
            gap = int(lost[-1]), int(born[0])
            if gap in judged:
                continue
            judged.add(gap)
            one, other = (
                _partner(series, track, paths, part, way, jump, settings)
                for part, way in ((lost, 1), (born, -1))
            )
            if one == other >= 0:
                return _Crossing(lost, born, paths[one])
    return None


def _resolved(series: Series, track: Ints, found: _Crossing) -> tuple[float, Ints]:
    """Return the log odds of passing, and tracks in which both go on as the likelier ones."""
    before, at, after = found.sides(series)
    sides = [
        (Side.of(series, found.lost, 1), Side.of(series, before, 1)),
        (Side.of(series, found.born, -1), Side.of(series, after, -1)),
    ]
    odds = log_odds_of_passing(sides[0], sides[1])
    lost, met = track[found.lost[-1]], track[found.met[0]]
    out = track.copy()
    out[found.born], out[after] = (met, lost) if odds > 0 else (lost, met)
    (one, other), later = sides[0], sides[1][::-1] if odds > 0 else sides[1]
    higher = one.log_height + later[0].log_height > other.log_height + later[1].log_height
    out[at] = lost if higher else met
    return odds, out
