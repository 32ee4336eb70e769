"""Resistances that impedance gives for chosen spectra: the ohmic one, and that of the interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from anodescope.events.finding import NAN, Floats, Integers, Record

GRAIN = ("γ_GB",)
INTERFACE = ("γ_int", "γ'_int")


@final
@dataclass(frozen=True, slots=True)
class Ohmic:
    """A resistance to subtract.

    Attributes
    ----------
    value : (Ω); NaN where nothing was measured.
    text : what it consists of.
    """

    value: float
    text: str


@final
@dataclass(frozen=True, slots=True)
class Interface:
    """R_int of some spectra.

    Attributes
    ----------
    values : sum of the peaks named γ_int and γ'_int (Ω), one per row asked for; NaN: no such peak.
    prime : resistance of γ'_int alone (Ω); NaN where it is absent.
    attribution : the electrode that the peaks summed are ascribed to, and on what that rests.
    """

    values: Floats
    prime: Floats
    attribution: str


def ohmic_resistance(record: Record, rows: Integers) -> Ohmic:
    """Return the median over spectra of the series resistance plus, where named, that of γ_GB.

    Parameters
    ----------
    record : what detectors read.
    rows : rows of spectra; -1, rows without a fit, and those of another electrode than the one
        whose voltage is used, are left out: theirs is not the ohmic drop of this voltage.
    """
    rows = rows[rows >= 0]
    if record.spectra is not None and rows.size:
        electrode = record.spectra["electrode"].values.astype(object)[rows]
        rows = rows[electrode == record.voltage_electrode]
    if record.drt is None or not rows.size:
        return Ohmic(NAN, "measured series resistance")
    series = record.drt["series_resistance"].values[rows]
    # Four-terminal wiring can leave less than nothing, which is no ohmic drop.
    series = np.where(series > 0, series, np.nan)
    if not np.isfinite(series).any():
        return Ohmic(NAN, "measured series resistance")
    grain = _named(record.peaks, rows, GRAIN)
    if grain is None or not np.isfinite(grain).any():
        return Ohmic(float(np.nanmedian(series)), "measured series resistance")
    total = float(np.nanmedian(series)) + float(np.nanmedian(grain))
    return Ohmic(total, "measured series resistance and γ_GB")


def interface_resistance(record: Record, rows: Integers) -> Interface | None:
    """Return R_int of spectra; None where no peak has one of its names.

    Parameters
    ----------
    record : what detectors read.
    rows : rows of spectra; -1 gives NaN.
    """
    total, prime = (_named(record.peaks, rows, names) for names in (INTERFACE, INTERFACE[1:]))
    if total is None or record.peaks is None or not np.isfinite(total).any():
        return None
    # only the tracks that were summed speak: those of other electrodes have no value here
    of_it = np.isin(record.peaks["name"].values.astype(object), INTERFACE)
    summed = record.peaks["resistance"].values[rows[rows >= 0]]
    of_it &= np.isfinite(summed).any(axis=0)
    told = [
        f"{electrode} ({basis.rstrip('.')})" if basis else electrode
        for electrode, basis in dict.fromkeys(
            zip(
                record.peaks["attribution"].values.astype(object)[of_it],
                record.peaks["basis"].values.astype(object)[of_it],
                strict=True,
            )
        )
    ]
    none = np.full(rows.size, NAN)
    return Interface(total, none if prime is None else prime, "; ".join(told))


def _named(peaks: xr.Dataset | None, rows: Integers, names: tuple[str, ...]) -> Floats | None:
    """Summed resistance of the peaks with one of these names; None where there is no such peak."""
    if peaks is None:
        return None
    columns = np.flatnonzero(np.isin(peaks["name"].values.astype(object), names))
    if not columns.size or not rows.size:
        return None
    values = peaks["resistance"].values[np.maximum(rows, 0)][:, columns]
    values = np.where((rows >= 0)[:, None], values, NAN)
    some = np.isfinite(values).any(axis=1)
    return np.where(some, np.nansum(values, axis=1), NAN)
