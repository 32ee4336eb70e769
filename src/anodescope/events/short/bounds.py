"""The least resistance that a healthy cell has: that of its sweeps at high frequency."""

from __future__ import annotations

import numpy as np

from anodescope.events.finding import NAN, Floats, Record
from anodescope.events.short.stretches import Stretches


def least_voltage(record: Record, stretches: Stretches) -> Floats:
    """Return the least voltage (V) that the resistance at high frequency leaves a healthy cell.

    NaN where no resistance, or no voltage at rest, is known, and where the current works against
    the voltage at rest.
    """
    ohmic = _ohmic_bound(record, stretches.time[stretches.edges[:-1]])
    rest = stretches.rest
    # Where it was not taken into account its sign is not known either: it may be in the way.
    known = stretches.offset if rest.present else -np.abs(rest.voltage)
    least: Floats = known - 3.0 * rest.doubt + np.abs(stretches.current) * ohmic
    return np.where(stretches.along > 0, least, NAN)


def _ohmic_bound(record: Record, start: Floats) -> Floats:
    """Return a lower bound of the healthy cell's resistance (Ω), NaN where unknown.

    Parameters
    ----------
    start : instants (s) at which it is asked for, shape (S,).
    """
    size = start.size
    spectra = record.spectra
    if spectra is None or not record.default.size:
        return np.full(size, NAN)
    rows = record.default
    frequency = np.where(spectra["valid"].values, spectra["frequency"].values, NAN)[rows]
    real = np.where(spectra["valid"].values, spectra["impedance"].values.real, NAN)[rows]
    some = np.isfinite(frequency).any(axis=1)
    if not some.any():
        return np.full(size, NAN)
    frequency, real = frequency[some], real[some]
    high = frequency >= 0.3 * np.nanmax(frequency, axis=1, keepdims=True)
    bound = np.nanmin(np.where(high, real, NAN), axis=1)
    ended = spectra["time_end"].values[rows][some]
    # A sweep of a shorted cell bounds nothing: only those count that are like the first ones.
    typical = float(np.median(bound[:5]))
    good = bound > 0.5 * typical
    if typical <= 0 or not good.any():
        return np.full(size, NAN)
    order = np.argsort(ended[good], kind="stable")
    ended, bound = ended[good][order], bound[good][order]
    place = np.searchsorted(ended, start, side="right") - 1
    least: Floats = np.where(place >= 0, bound[np.maximum(place, 0)], bound[0])
    return least
