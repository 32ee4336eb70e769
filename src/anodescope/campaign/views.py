"""Small views of a campaign that many rooms need."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign.campaign import Campaign
from anodescope.campaign.rules import ELECTRODES


def spectrum_points(
    spectra: xr.Dataset, i: int
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Return frequency (Hz) and impedance (Ω) of the valid points of spectrum `i`, as stored."""
    row = spectra.isel(spectrum=i)
    valid = row["valid"].values
    return row["frequency"].values[valid], row["impedance"].values[valid]


def default_rows(spectra: xr.Dataset) -> NDArray[np.intp]:
    """Return the rows of the default view: the cell's spectra, or the working electrode's.

    Where a file has neither, the counter electrode's are what there is.
    """
    electrode: NDArray[Any] = spectra["electrode"].values
    for wanted in ELECTRODES:
        rows = np.flatnonzero(electrode == wanted)
        if rows.size:
            return rows
    return np.empty(0, np.intp)


def default_spectra(campaign: Campaign) -> xr.Dataset:
    """Return the spectra of the default view (see `default_rows`).

    Raises
    ------
    SchemaError
        when the campaign has no spectra.
    """
    spectra = campaign["spectra"]
    return spectra.isel(spectrum=default_rows(spectra))
