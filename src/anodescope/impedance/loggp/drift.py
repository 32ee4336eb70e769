"""Drift within a sweep, of series too short for smoothing: ln Z between a sweep and its neighbour.

Every frequency is measured at its own instant in each sweep. Between two sweeps of one frequency
ln Z is taken to be a straight line in time, and read off at the sweep's own time. Longer series are
moved after they were smoothed (`series.moved`), which measures as well.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.design import Design
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.series import PLAIN
from anodescope.impedance.loggp.single import (
    Choice,
    fit_single,
    legal,
    problem_of,
)
from anodescope.impedance.loggp.smoothing import logarithm

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]


def at_once(
    impedance: Complexes, missing: Bools, time: Floats, instants: Floats
) -> tuple[Complexes, Floats]:
    """Move all points to their sweep's time.

    A point stays as it is where the neighbour between which and it the time lies has none.

    Parameters
    ----------
    impedance : (Ω), with anything finite and not zero where missing, shape (T, F).
    missing : points that were not measured, shape (T, F).
    time : of each sweep (s), ascending, shape (T,), T >= 2.
    instants : of each point after its sweep's time (s), shape (T, F).

    Returns
    -------
    the impedance (Ω) that all frequencies had at each sweep's time, and its noise over that of a
    measured point, both of shape (T, F).
    """
    rows, points = impedance.shape
    values = logarithm(impedance)
    line = values[:, :points] + 1j * values[:, points:]
    when = time[:, None] + instants
    place = np.arange(rows)
    moved, gain = line.copy(), np.ones(line.shape)
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
        # Between two points their noise is averaged; beyond them it grows.
        gain *= np.hypot(1 - share, share)
    return np.asarray(np.exp(moved)), gain


def fit_moved(
    design: Design, measured: Complexes, moved: Complexes, gain: Floats, *, prior: Prior = FROZEN
) -> Choice:
    """Fit one spectrum as measured, or with drift taken out where that describes it better.

    A jump between two sweeps is no drift: the line between them describes it worse. Both versions
    are held against each other with a positive γ only, as one of either sign fits either of them,
    and over the noise that each point has once it was moved. Moving must take away more misfit than
    it brings noise.

    Parameters
    ----------
    measured, moved : (Ω), in the design's order, shape (F,).
    gain : noise of the moved points over that of the measured ones, shape (F,).
    """
    own = legal(problem_of(design, measured, prior=prior).solve(PLAIN))
    weighed = problem_of(design, moved, prior=prior, relative=np.tile(gain, 2))
    other = legal(weighed.solve(PLAIN))
    # A fit takes over that share of the noise which it has parameters for.
    share = (own.used + len(own.terms.columns)) / own.problem.data.size
    least = min(own.variance, other.variance)
    brought = (float(np.mean(gain**2)) - 1) * share * least
    better = own.variance - other.variance > brought
    return fit_single(design, moved if better else measured, prior=prior)
