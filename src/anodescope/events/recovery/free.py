"""What a relaxation tells without a model of it.

Everything that relaxes without swinging is a sum of exponentials with many time constants: three of
them, a stretched one, a power of time. Its course is fitted linearly by exponentials with time
constants all over the range, as many combinations of them as the samples tell apart. That course
says two things: whether a model leaves more than noise, by the F test of the model within the
course; and when half of what it does between the first sample and the last is done. At time t
h(t) = y(t) − (y(first) + y(last))/2 is linear in the coefficients, so its 95 % bounds are known
(Fieller's), and the half is done between the samples where h is not distinct from 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.events.finding import NAN, Floats
from anodescope.events.recovery.decays import Data, centred, shapes, span

_PER_UNIT = 3  # time constants per unit of ln τ
_TOLD_APART = 1e-4  # smallest singular value over the largest that samples tell from noise
_POINTS_PER_TERM = 8
_POWERS = np.geomspace(0.2, 4.0, 13)
_STARTS = 49  # of a power of time, over its range


@final
@dataclass(frozen=True, slots=True)
class Course:
    """A course without a model.

    Attributes
    ----------
    basis : orthonormal columns, times the root of the weight, shape (N, R).
    values : course at the samples less the mean, shape (N,).
    left : what it leaves, times the root of the weight, shape (N,).
    """

    basis: Floats
    values: Floats
    left: Floats

    @property
    def free(self) -> int:
        """Degrees of freedom of what is left."""
        return int(max(self.basis.shape[0] - self.basis.shape[1] - 1, 1))


def course_of(data: Data, extra: Floats | None = None) -> Course:
    """Fit a course without a model.

    Parameters
    ----------
    data : points of a relaxation.
    extra : centred and weighted shapes that the course contains besides, shape (K, N).
    """
    low, high = span(data)
    logs = np.linspace(low, high, max(round(_PER_UNIT * (high - low)), 2))
    table, y = shapes(data, logs, 1.0), centred(data)
    size = np.linalg.norm(table, axis=1)
    there = size > 1e-12 * size.max()
    table = table[there] / size[there, None]
    own = np.zeros((data.since.size, 0))
    if extra is not None:
        norms = np.linalg.norm(extra, axis=1)
        own = np.linalg.qr(extra[norms > 0].T / norms[norms > 0])[0]
        table = table - (table @ own) @ own.T
    left, sizes, _ = np.linalg.svd(table.T, full_matrices=False)
    most = max(data.since.size // _POINTS_PER_TERM - own.shape[1], 0)
    told = min(int((sizes > _TOLD_APART * max(sizes[0], _TOLD_APART)).sum()), most)
    basis = np.concatenate([own, left[:, :told]], axis=1)
    values = basis @ (basis.T @ y)
    return Course(basis, values / np.sqrt(data.weight), y - values)


def lack_of_fit(course: Course, square: float, parameters: int, wider: float) -> float:
    """Probability that a right model leaves that much more than the course that contains it.

    Parameters
    ----------
    course : with the model's shapes as `extra`.
    square : sum of squares that the model leaves.
    parameters : of the model, its level not counted.
    wider : by how many times less than their number the points are worth.
    """
    from scipy.special import fdtrc

    more = course.basis.shape[1] - parameters
    least = float((course.left**2).sum())
    if more < 1 or least <= 1e-12 * square:
        return 1.0
    ratio = max(square - least, 0.0) / more / (least / course.free) / wider
    return float(fdtrc(more, course.free, ratio))


def half_time(data: Data, course: Course, wider: float) -> tuple[float, float, float]:
    """Time since the switch at which half is done, and its bounds.

    Returns
    -------
    value, low, high : s since the switch. The half of what is done from the first sample to the
        last; NaN, 0 and infinity where the record does not fix it.
    """
    return _crossing(data, course, wider, (0.5, 0.5), 0.0)


def share_bounds(
    data: Data, course: Course, wider: float, share: float, final: float
) -> tuple[float, float]:
    """Bounds of the time (s since the switch) at which a share is left above a known end.

    Parameters
    ----------
    data, course : points, and their course without a model.
    wider : by how many times less than their number the points are worth.
    share : of what is there at the first sample.
    final : the end, less the mean of the points.
    """
    return _crossing(data, course, wider, (share, 0.0), (1.0 - share) * final)[1:]


def power_ends(data: Data, wider: float, most: float) -> tuple[float, float] | None:
    """Least and largest end, less the mean of the points, of powers of time that fit as well.

    (1 + t/t₀)^−p ends late: where it describes the relaxation too, the end of the others is theirs
    and not the record's. None where the best leaves more than `most`.
    """
    from scipy.special import stdtrit

    gap = float(data.since[data.since > 0].min())
    starts = np.geomspace(0.3 * gap, 3.0 * data.since[-1], _STARTS)
    power, start = (a.ravel()[:, None] for a in np.meshgrid(_POWERS, starts))
    decay = (1.0 + data.since / start) ** -power
    mean = decay @ data.weight / data.weight.sum()
    shape, y = (decay - mean[:, None]) * np.sqrt(data.weight), centred(data)
    amplitude = shape @ y / np.maximum((shape**2).sum(axis=1), 1e-300)
    square = ((y - amplitude[:, None] * shape) ** 2).sum(axis=1)
    least, free = float(square.min()), data.since.size - 4
    if least > most:
        return None
    good = square <= least * (1.0 + wider * float(stdtrit(free, 0.975)) ** 2 / free)
    ends = -(amplitude * mean)[good]
    return float(ends.min()), float(ends.max())


def _crossing(
    data: Data, course: Course, wider: float, parts: tuple[float, float], level: float
) -> tuple[float, float, float]:
    """Time at which the course crosses parts of its first and last value and a level for good.

    Bounds are those samples between which the distance from there is not distinct from 0.
    """
    from scipy.special import stdtrit

    rows = course.basis / np.sqrt(data.weight)[:, None]
    over = course.values - parts[0] * course.values[0] - parts[1] * course.values[-1] - level
    apart = rows - parts[0] * rows[0] - parts[1] * rows[-1]
    noise = float(np.sqrt((course.left**2).sum() / course.free * wider))
    reach = float(stdtrit(course.free, 0.975)) * noise * np.linalg.norm(apart, axis=1)
    time, sign = data.first + data.since, np.sign(over[0])
    not_before = np.flatnonzero(sign * over <= reach)
    not_after = np.flatnonzero(sign * over >= -reach)
    low = float(time[not_before[0] - 1]) if not_before.size and not_before[0] else 0.0
    if not not_before.size:
        low = float(time[-1])
    last = int(not_after[-1]) if not_after.size else -1
    if last < 0 or last + 1 >= time.size:
        return NAN, low, np.inf
    place = int(np.flatnonzero(sign * over > 0.0)[-1])
    part = over[place] / (over[place] - over[place + 1])
    value = float(time[place] + part * (time[place + 1] - time[place]))
    return value, low, float(time[last + 1])
