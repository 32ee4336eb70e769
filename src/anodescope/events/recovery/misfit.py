"""Whether what a model leaves is noise, and what its points are worth.

Two looks, since noise may be correlated: how alike residuals are, near and far; and the F test of
the model within a course without one (`free`), whose number of points counts by the correlation of
what that course leaves.
"""

from __future__ import annotations

import numpy as np

from anodescope.events.finding import NAN, Floats
from anodescope.events.recovery.decays import Data, Fit, centred, decays
from anodescope.events.recovery.free import Course, course_of, half_time, lack_of_fit

# z above which neighbouring residuals are alike. Residuals that are alike over this share of the
# points too are no noise but a course, unless smaller than this share of what relaxes, as an
# instrument's nonlinearity is. (Noise of short memory has half as many points that count.)
ALIKE = 3.0
_FAR = 1 / 40
_MEMORY = 2.0
_SYSTEMATIC = 0.001
_MOST_CORRELATED = 0.95
_UNLIKELY = 0.01  # probability below which a right model would seldom leave so much
_ROUNDS = 30


def alike(left: Floats) -> tuple[float, float]:
    """Return z of von Neumann's ratio, and the correlation of neighbouring residuals."""
    count, square = left.size, float((left**2).sum())
    if count <= 3 or square == 0.0:
        return 0.0, 0.0
    correlation = 1.0 - float((np.diff(left) ** 2).sum()) / (2.0 * square)
    return correlation * float(np.sqrt((count**2 - 1) / (count - 2))), correlation


def systematic(
    left: Floats, z: float, correlation: float, data: Data, fit: Fit, amplitude: Floats
) -> float:
    """Size of what is left beside noise, over the points, as a share of what relaxes."""
    if far(left, z) <= ALIKE:
        return 0.0
    return apart(left, data, fit, amplitude) * float(np.sqrt(correlation))


def far(left: Floats, z: float) -> float:
    """Return z of the correlation of residuals far apart; 0 where neighbours are not alike."""
    apart = max(2, round(_FAR * left.size))
    if z <= ALIKE or left.size <= 2 * apart:
        return 0.0
    step = float(((left[apart:] - left[:-apart]) ** 2).mean())
    alike_far = 1.0 - step / (2.0 * float((left**2).mean()))
    return alike_far * float(np.sqrt(left.size)) / _MEMORY


def apart(left: Floats, data: Data, fit: Fit, amplitude: Floats) -> float:
    """Size (root mean square) of a difference from a fit, as a share of what relaxes."""
    size = float(np.sqrt((left**2 / data.weight).mean()))
    relaxed = float(np.ptp(amplitude @ decays(data, fit, data.since)))
    return size / relaxed if relaxed > 0.0 else np.inf


def misfit(
    data: Data, fit: Fit, amplitude: Floats, shape: Floats, parameters: int
) -> tuple[bool, float]:
    """Say whether a fit leaves more than noise.

    Parameters
    ----------
    data, fit, amplitude : what was fitted.
    shape : its decays, as `decays.shapes` gives them, shape (K, N).
    parameters : of the model, its level not counted.

    Returns
    -------
    odd, size : it does, and what it leaves beside noise as a share of what relaxes. Less than a
        thousandth is what an instrument's nonlinearity leaves.
    """
    left = course_left(data, amplitude, shape)
    z, correlation = alike(left)
    size = systematic(left, z, correlation, data, fit, amplitude)
    course = course_of(data, shape)
    if lack_of_fit(course, float((left**2).sum()), parameters, worth(course)) < _UNLIKELY:
        size = max(size, apart(course.left - left, data, fit, amplitude))
    return size > _SYSTEMATIC, size


def course_left(data: Data, amplitude: Floats, shape: Floats) -> Floats:
    """Return what a fit leaves, times the root of the weight, shape (N,)."""
    left: Floats = centred(data) - amplitude @ shape
    return left


def half_of(data: Data) -> tuple[float, tuple[float, float]]:
    """Time at which half is done, and its bounds; none where a course without a model fails too."""
    course = course_of(data)
    size = float(np.sqrt((course.left**2 / data.weight).mean()))
    if (
        size > _SYSTEMATIC * float(np.ptp(course.values))
        and far(course.left, alike(course.left)[0]) > ALIKE
    ):
        return NAN, (0.0, np.inf)
    value, low, high = half_time(data, course, worth(course))
    return value, (low, high) if np.isfinite(value) else (0.0, np.inf)


def worth(course: Course) -> float:
    """How many times less than their number the points are worth, by what a course leaves.

    A course takes most of the slow part of correlated noise with it: R of N combinations, each
    with (1 + ρ)/(1 − ρ) times the variance. What correlation that leaves is solved for ρ.
    """
    count, terms = course.basis.shape
    seen, correlation = alike(course.left)[1], 0.0
    for _ in range(_ROUNDS):
        taken = min(terms * wider(correlation) / count, 1.0)
        correlation = seen * (1.0 - taken) + taken
        correlation = min(max(correlation, 0.0), _MOST_CORRELATED)
    return wider(correlation)


def wider(correlation: float) -> float:
    """How many times less than their number points with correlated noise are worth."""
    shared = min(max(correlation, 0.0), _MOST_CORRELATED)
    return (1.0 + shared) / (1.0 - shared)
