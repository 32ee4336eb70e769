"""Drift within a sweep, of series too short for smoothing: ln Z between a sweep and its neighbour.

Every frequency is measured at its own instant in each sweep. Between two sweeps of one frequency
ln Z is taken to be a straight line in time, and read off at the sweep's own time. Longer series are
moved after they were smoothed (`series.moved`), which measures as well.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.smoothing import logarithm

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]


def at_once(impedance: Complexes, missing: Bools, time: Floats, instants: Floats) -> Complexes:
    """Return the impedance (Ω) that all frequencies had at each sweep's time, shape (T, F).

    A point stays as it is where the neighbour between which and it the time lies has none.

    Parameters
    ----------
    impedance : (Ω), with anything finite and not zero where missing, shape (T, F).
    missing : points that were not measured, shape (T, F).
    time : of each sweep (s), ascending, shape (T,), T >= 2.
    instants : of each point after its sweep's time (s), shape (T, F).
    """
    rows, points = impedance.shape
    values = logarithm(impedance)
    line = values[:, :points] + 1j * values[:, points:]
    when = time[:, None] + instants
    place = np.arange(rows)
    moved = line.copy()
    for before in (False, True):
        # The neighbour is the sweep before where the point was measured after the sweep's time.
        other = np.clip(place - 1 if before else place + 1, 0, rows - 1)
        # At the ends there is one neighbour only, and the line is drawn on beyond the sweep.
        other = np.where(other == place, place + (1 if before else -1), other)
        span = when[other] - when
        usable = (instants > 0) == before
        usable &= (span != 0) & ~missing & ~missing[other]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(usable, -instants / span, 0.0)
        moved += share * (line[other] - line)
    return np.asarray(np.exp(moved))
