"""How far a number would have been another, had other spectra been drawn: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Callable[..., Floats]

SHARE, DRAWS, SEED = 0.90, 2_000, 20261122
NAN = float("nan")


def interval(statistic: Statistic, *columns: Floats) -> tuple[float, float]:
    """Return the middle 90 % of a statistic over spectra that are drawn with replacement.

    Percentile intervals (Efron & Tibshirani 1993, doi:10.1201/9780429246593), with a fixed seed.

    Parameters
    ----------
    statistic : of columns of shape (D, N), over the last axis, shape (D,).
    columns : what was measured, one number per spectrum, shape (N,); drawn together.

    Returns
    -------
    Both ends; NaN for fewer than two spectra, which say nothing of a spread.
    """
    size = columns[0].size
    if size < 2:
        return NAN, NAN
    rows = np.random.default_rng(SEED).integers(size, size=(DRAWS, size))
    drawn = statistic(*(column[rows] for column in columns))
    low, high = np.percentile(drawn, [50 * (1 - SHARE), 50 * (1 + SHARE)])
    return float(low), float(high)


def median(values: Floats) -> Floats:
    """Return medians over the last axis."""
    return np.asarray(np.median(values, axis=-1))


def ratio_of_means(above: Floats, below: Floats) -> Floats:
    """Return the mean of one column over that of another."""
    return np.asarray(above.mean(axis=-1) / below.mean(axis=-1))


def ratio_of_medians(above: Floats, below: Floats) -> Floats:
    """Return the median of one column over that of another."""
    return np.asarray(np.median(above, axis=-1) / np.median(below, axis=-1))
