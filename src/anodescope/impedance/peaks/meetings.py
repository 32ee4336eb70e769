"""Which of two peaks is which after they were one maximum: log odds from τ, area and shape.

While two processes have nearly the same τ, γ has one maximum. Afterwards there are two again, and
each of the two before is one of them: they passed, or they turned back. What tells is, in this
order, the area, the shape (γ at the maximum over the area), and the course of τ. A course may turn,
so it counts for odds of `_COURSE` at most and never decides alone. If all of it together leaves the
odds below 20 to 1, which is which is not identifiable, and that is said.

Over a jump nothing shows the way from one peak to the next. If τ leaps farther than two processes
need to be apart to be told from each other, or the shape is another one, then what is there after
the jump may as well be another process that began when the first one ended. That is said as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.peaks.tracking import Series

Ints = npt.NDArray[np.int64]

# Peaks before a meeting (or after it) that tell two peaks apart, those nearest to it left out:
# there the valley between the two is shallow and shares the area badly.
_BEFORE, _SKIPPED = 10, 2
# Errors of log10 τ (extrapolated), ln area and ln(height/area) over a meeting …
_SCALES = (0.3, 0.25, 0.25)
# … which are Student's with so many degrees of freedom: a neighbour's tail may falsify any of them.
_FREEDOM = 3.0
# Decades that two processes need to be apart to be two maxima of γ, about (docs/drt.md, figure 4).
_LEAP = 0.5
# The course of τ may add so much to the log odds at most, and these are needed to tell.
_COURSE, ENOUGH = log(7.0), log(20.0)


@final
@dataclass(frozen=True, slots=True)
class Meeting:
    """A stretch in which two tracks are one maximum.

    Attributes
    ----------
    tracks : both tracks.
    first, last : the last spectrum before it, and the first after it, in which both have a maximum.
    log_odds : of the identities that were given over the other way to go on.
    """

    tracks: tuple[int, int]
    first: int
    last: int
    log_odds: float

    @property
    def is_told(self) -> bool:
        """Whether the two could be told apart: odds of at least 20 to 1."""
        return self.log_odds >= ENOUGH


@final
@dataclass(frozen=True, slots=True)
class Leap:
    """A track over a jump.

    Attributes
    ----------
    track : which one.
    first, last : its last spectrum before the jump and its first one after it.
    distance : by how many decades τ leaps.
    shape : by how much ln(height/area) changes, as medians of up to ten peaks.
    """

    track: int
    first: int
    last: int
    distance: float
    shape: float

    @property
    def is_told(self) -> bool:
        """Whether it is the same process, as far as τ and shape can tell."""
        return abs(self.distance) <= _LEAP and abs(self.shape) <= 3 * _SCALES[2]


def leaps(series: Series, paths: list[Ints], jump: npt.NDArray[np.bool_]) -> tuple[Leap, ...]:
    """Return every track's way over every jump.

    Parameters
    ----------
    paths : the peaks of each track, in order of time.
    jump : whether everything changes at once after each spectrum, shape (F − 1,).
    """
    passed = np.concatenate([[0], np.cumsum(jump)])
    sharpness = np.log(series.height / series.area)
    found = []
    for k, path in enumerate(paths):
        frame = series.frame[path]
        for i in np.flatnonzero(np.diff(passed[frame])):
            before, after = path[max(i + 1 - _BEFORE, 0) : i + 1], path[i + 1 : i + 1 + _BEFORE]
            found.append(
                Leap(
                    k,
                    int(frame[i]),
                    int(frame[i + 1]),
                    float(series.place[after[0]] - series.place[before[-1]]),
                    float(np.median(sharpness[after]) - np.median(sharpness[before])),
                )
            )
    return tuple(found)


@final
@dataclass(frozen=True, slots=True)
class Side:
    """A track beside a meeting: frame, place and velocity there; its usual area and shape.

    Attributes
    ----------
    frame : of the peak nearest to the meeting but for those left out.
    place, velocity : log10 τ there, and its change per spectrum.
    log_area, log_sharpness, log_height : medians of ln area, ln(height/area) and ln height.
    """

    frame: int
    place: float
    velocity: float
    log_area: float
    log_sharpness: float
    log_height: float

    @classmethod
    def of(cls, series: Series, path: Ints, direction: int) -> Side:
        """Look at the end (direction 1) or at the beginning (−1) of a track."""
        near = path[::direction][-(_BEFORE + _SKIPPED) :]
        near = near[:-_SKIPPED] if near.size > _SKIPPED else near
        frame, place = series.frame[near].astype(np.float64), series.place[near]
        moved = frame.size > 2 and np.ptp(frame) > 0
        velocity = float(np.polyfit(frame - frame.mean(), place, 1)[0]) if moved else 0.0
        area, height = np.log(series.area[near]), np.log(series.height[near])
        return cls(
            int(frame[-1]),
            float(place[-1]),
            velocity,
            float(np.median(area)),
            float(np.median(height - area)),
            float(np.median(height)),
        )

    def course(self, later: Side) -> float:
        """Log likelihood that the later side is where this one's course leads."""
        steps = later.frame - self.frame
        ahead = abs(self.place + self.velocity * steps - later.place)
        behind = abs(later.place - later.velocity * steps - self.place)
        return _log_student((ahead + behind) / 2 / _SCALES[0])

    def likeness(self, later: Side) -> float:
        """Log likelihood that the later side has this one's area and shape."""
        area = (later.log_area - self.log_area) / _SCALES[1]
        return _log_student(area) + _log_student(
            (later.log_sharpness - self.log_sharpness) / _SCALES[2]
        )


def _log_student(deviation: float) -> float:
    return -0.5 * (_FREEDOM + 1) * log(1 + deviation**2 / _FREEDOM)


def log_odds_of_passing(before: tuple[Side, Side], after: tuple[Side, Side]) -> float:
    """Return the log odds that the first before is the second after, and the other way round."""
    (one, other), (first, second) = before, after
    course = one.course(second) + other.course(first) - one.course(first) - other.course(second)
    alike = one.likeness(second) + other.likeness(first)
    alike -= one.likeness(first) + other.likeness(second)
    return alike + min(max(course, -_COURSE), _COURSE)
