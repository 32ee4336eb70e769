"""Sweeps of one grid smoothed in time: principal components, splines, leverages.

ln |Z| and arg Z of a cell that changes slowly are smooth in time at every frequency. Each principal
component of a stretch is smoothed by a spline whose stiffness is found by restricted maximum
likelihood, given the noise; what remains of the noise at each instant, the leverage, goes with
it. Stretches end at jumps (`cuts`), so a short circuit is not smeared over its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

# Fewer sweeps than these are not smoothed.
FEWEST = 5
# Stiffnesses that are tried, in units of the median spacing to the third power. The stiffest
# averages some 18 sweeps; stiffer ones gain little, and would tie sweeps far apart together.
STIFFNESS = 10.0 ** np.arange(-3.0, 3.26, 0.25)
# Residuals beyond this many σ are drawn in before the second pass.
OUTLIER = 3.5
# Spacings in time beyond these multiples of the median count as these; below this unevenness all
# count as even.
SPACINGS = (0.05, 50.0)
EVEN = 0.02


def logarithm(impedance: Complexes) -> Floats:
    """Return ln |Z| and arg Z side by side, shape (T, 2F); arg is unwrapped along time."""
    phase = np.unwrap(np.angle(impedance), axis=0)
    return np.concatenate([np.log(np.abs(impedance)), phase], axis=1)


def gaps_of(time: Floats) -> Floats:
    """Return the spacings of instants over their median, shape (T − 1,), within sane bounds."""
    gaps = np.diff(time)
    usual = float(np.median(gaps)) if gaps.size else 0.0
    if usual <= 0:
        return np.ones_like(gaps)
    relative = np.clip(gaps / usual, *SPACINGS)
    return np.ones_like(gaps) if np.abs(relative - 1).max() < EVEN else relative


@lru_cache(maxsize=16)
def _modes(spacing: bytes) -> tuple[Floats, Floats]:
    """Eigenvalues and eigenvectors of the roughness ∫f″² for sweeps at given spacings."""
    gaps = np.frombuffer(spacing)
    size = gaps.size + 1
    second = np.zeros((size - 2, size))
    rows = np.arange(size - 2)
    both = gaps[:-1] + gaps[1:]
    weight = np.sqrt(both / 2)
    second[rows, rows] = weight * 2 / (gaps[:-1] * both)
    second[rows, rows + 1] = -weight * 2 / (gaps[:-1] * gaps[1:])
    second[rows, rows + 2] = weight * 2 / (gaps[1:] * both)
    values, vectors = np.linalg.eigh(second.T @ second)
    values[:2] = 0.0
    return np.maximum(values, 0.0), vectors


@final
@dataclass(frozen=True, slots=True)
class Smoothed:
    """A stretch after smoothing.

    Attributes
    ----------
    values : shape (T, 2F).
    basis : orthonormal components in columns, shape (2F, 2F).
    leverage : variance left of each component over σ², shape (T, 2F).
    """

    values: Floats
    basis: Floats
    leverage: Floats


def _basis(values: Floats) -> Floats:
    """Principal components in columns, completed to an orthonormal basis, shape (2F, 2F)."""
    away = values - values.mean(axis=0)
    return np.asarray(np.linalg.svd(away, full_matrices=True)[2].T)


def _spline(values: Floats, basis: Floats, spacing: bytes, sigma: float) -> Smoothed:
    mean = values.mean(axis=0)
    roughness, modes = _modes(spacing)
    amplitude = modes.T @ ((values - mean) @ basis)
    bent = roughness[2:]
    power = (amplitude[2:] / sigma) ** 2
    gain = 1 + 1 / (STIFFNESS[:, None] * np.maximum(bent, 1e-300)[None, :])
    cost = np.log(gain).sum(axis=1)[:, None] + (1 / gain) @ power
    best = cost.argmin(axis=0)
    shrink = 1 / (1 + STIFFNESS[:, None] * roughness[None, :])
    smooth = modes @ (amplitude * shrink[best].T)
    leverage = (shrink @ (modes * modes).T)[best].T
    return Smoothed(smooth @ basis.T + mean, basis, leverage)


def smooth(values: Floats, time: Floats, sigma: float, missing: Bools) -> Smoothed:
    """Smooth one stretch in time.

    Parameters
    ----------
    values : shape (T, 2F), with anything finite where missing.
    time : instants of the rows, ascending, shape (T,).
    sigma : σ of every column.
    missing : values to be filled in from the other rows, shape (T, 2F).
    """
    if len(values) < FEWEST or sigma <= 0:
        columns = values.shape[1]
        return Smoothed(values, np.eye(columns), np.ones_like(values))
    spacing = gaps_of(time).tobytes()
    filled = values
    if missing.any():
        filled = filled_in(values, time, missing)
        basis = _basis(filled)
        for _ in range(3):
            filled = np.where(missing, _spline(filled, basis, spacing, sigma).values, filled)
    basis = _basis(filled)
    found = _spline(filled, basis, spacing, sigma)
    residual = (filled - found.values) / sigma
    if np.abs(residual).max() > OUTLIER:
        drawn = found.values + sigma * np.clip(residual, -OUTLIER, OUTLIER)
        found = _spline(drawn, basis, spacing, sigma)
    return found


def filled_in(values: Floats, time: Floats, missing: Bools) -> Floats:
    """Interpolate what is missing in time, column by column."""
    filled = values.copy()
    for column in np.flatnonzero(missing.any(axis=0)):
        there = ~missing[:, column]
        if there.any():
            filled[:, column] = np.interp(time, time[there], values[there, column])
    return filled
