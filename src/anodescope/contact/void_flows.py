"""How the volumes of voids change in time while none is born and none touches another.

`fed` is exact for any amount. `coarsened` takes substeps of its own, so that a long time is as good
as many short ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anodescope.contact.void_shapes import Shape

Array = np.ndarray[Any, np.dtype[Any]]

# A substep changes no volume by more than this part of it, or of the mean one where that is less
# than SMALL of it: smaller voids hold too little to be followed as closely.
CHANGE = 0.1
SMALL = 0.1
# Part of the mean volume below which a void is gone.
GONE = 1e-6
# Volumes that differ by less, over the largest, are equal: rounding would decide which one stays.
ALIKE = 1e-12
# Among this many voids a single one that vanishes is no instant to stop at: it moves the mean by
# less than 1 %. Without this the cost would grow as the square of their number.
CROWD = 100
# Newton's method on a convex function comes down from above, a third of the way at least each time:
# numbers of 64 bits end far sooner.
NEWTON = 2000


def fed(shape: Shape, volumes: Array, made: float) -> Array:
    """Return the volumes (void,) after `made` (cm³) is shared by the radii; emptied ones are 0.

    The sum is that of before and `made`, to rounding; it must stay above 0.

    Each void takes dV = a ds with one s for all, so radii are known functions of s, and s follows
    from the sum. The sum is convex in s, and its slope is the sum of the radii.
    """
    target = volumes.sum() + made
    start = shape.radius(volumes)
    radii, taken = start, 0.0
    for turn in range(NEWTON):
        ahead = (target - shape.volume(radii).sum()) / radii.sum()
        # From the second turn on only rounding is below the answer.
        if (turn and ahead >= 0.0) or taken + ahead == taken:
            break
        further = shape.fed(start, taken + ahead)
        if not further.any():
            break
        taken, radii = taken + ahead, further
    found = shape.volume(radii)
    return np.asarray(found * (target / found.sum()))


def coarsened(shape: Shape, volumes: Array, duration: float, coarsening: float) -> Array:
    """Return the volumes (void,) after dV/dt = K(a/ā − 1) for a time; emptied ones are 0.

    Heun's method (order 2) on substeps short enough to follow each void, which end where voids
    vanish. The sum is kept to rounding. Substeps are at least CHANGE·SMALL of the time V̄/K in which
    voids are exchanged, but for those that end at an instant; so their number follows from how many
    generations vanish, not from the time.
    """
    result = np.zeros_like(volumes)
    # Time is counted as K·t (cm³), so that a rate has no unit and −1 is the steepest.
    where, left, total = np.arange(volumes.size), duration * coarsening, volumes.sum()

    def exchanged(now: Array) -> Array:
        radii = shape.radius(now)
        return np.asarray(radii / radii.mean() - 1.0)

    # Equal voids, and a last one, stay as they are.
    while left > 0.0 and np.ptp(volumes) > ALIKE * volumes.max():
        early = exchanged(volumes)
        length = min(left, _substep(volumes, early))
        late = exchanged(np.maximum(volumes + length * early, 0.0))
        volumes = volumes + length / 2.0 * (early + late)
        alive = volumes > GONE * volumes.mean()
        volumes, where = volumes[alive], where[alive]
        volumes = volumes * (total / volumes.sum())
        left -= length
    result[where] = volumes
    return result


def _substep(volumes: Array, early: Array) -> float:
    mean = float(volumes.mean())
    followed = float(np.min(np.maximum(volumes, SMALL * mean) / np.maximum(np.abs(early), 1e-300)))
    # Nearly equal voids change slowly, but their differences grow within V̄/K.
    longest = CHANGE * min(followed, mean)
    shrinking = early < 0.0
    if not shrinking.any():  # one wider void among many: the others' rate is lost in rounding
        return longest
    # A void ends at the rate −1: the mean of both ends gives the instant, a little too early.
    lives = 2.0 * volumes[shrinking] / (1.0 - early[shrinking])
    last = min(volumes.size // CROWD, lives.size - 1)
    return min(longest, float(np.partition(lives, last)[last]))
