"""What peaks rest on: distributions, their windows and order, whatever they came from."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import Any, final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import parse_specimen
from anodescope.errors import SchemaError
from anodescope.impedance.peaks.naming import Cell
from anodescope.impedance.sweeps import trimmed_points

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A residual beyond this is a model that does not fit, which is no reason to trust no peak at all.
MOST_NOISE = 0.02
_LN10 = log(10)


@final
@dataclass(frozen=True, slots=True)
class Distributions:
    """Distributions as bare arrays; rows as in the spectra.

    Attributes
    ----------
    ln_tau : ln τ (τ in s), shape (T,).
    gamma : (Ω), NaN outside each row's range, shape (S, T).
    low, high : 95 % band of γ (Ω), shape (S, T), or None where the method gives none.
    place_spread, area_spread : standard deviations of ln τ and of the area (Ω) at the lattice
        points of maxima, NaN elsewhere, shape (S, T), or None where the method gives none.
    noise : noise of |Z| at ω = 1/τ (Ω): the fit's relative residual, `MOST_NOISE` at most, times
        R0 + ∫ γ up to τ, shape (S, T).
    window : log10 τ at both ends of each row's window; reversed where it has none, shape (2, S).
    order : rows in order of time, or as they come where no time is known, shape (S,).
    electrode : cell, working or counter, shape (S,).
    cell : what is known of the electrodes.
    """

    ln_tau: Floats
    gamma: Floats
    low: Floats | None
    high: Floats | None
    place_spread: Floats | None
    area_spread: Floats | None
    noise: Floats
    window: Floats
    order: Ints
    electrode: npt.NDArray[Any]
    cell: Cell

    @classmethod
    def of(cls, source: Any, assumption: str = "") -> Distributions:
        """Read a Campaign, the node `drt`, or the pair (`drt`, `spectra`).

        Raises
        ------
        SchemaError
            when there is no `drt` node, or spectra with another number of rows.
        """
        drt, spectra = _nodes(source)
        gamma, tau = drt["gamma"].values, drt["tau"].values
        if spectra is not None and spectra.sizes["spectrum"] != len(gamma):
            raise SchemaError(
                f"Peaks: expected one row of drt per spectrum, found {len(gamma)} rows and "
                f"{spectra.sizes['spectrum']} spectra."
            )
        band = ("gamma_low" in drt and "gamma_high" in drt) or None
        known = ("maximum_spread" in drt and "area_spread" in drt) or None
        electrode = np.full(len(gamma), "cell", dtype=object)
        if spectra is not None:
            electrode = spectra["electrode"].values.astype(object)
        specimen = parse_specimen(
            dict(getattr(source, "attrs", {}).get("specimen", {})), "specimen"
        )
        return cls(
            np.log(tau),
            gamma,
            band and drt["gamma_low"].values,
            band and drt["gamma_high"].values,
            known and drt["maximum_spread"].values,
            known and drt["area_spread"].values,
            _noise(drt),
            _window(drt, spectra),
            _order(drt, spectra),
            electrode,
            Cell(
                specimen.working_electrode,
                specimen.electrode_under_study,
                specimen.reference,
                bool(np.any(electrode != "cell")),
                assumption,
            ),
        )

    def electrodes(self) -> list[Ints]:
        """Rows with a distribution of each electrode, in order of time."""
        usable = self.order[np.isfinite(self.gamma[self.order]).any(axis=1)]
        names = sorted(set(self.electrode[usable]), key=("cell", "working", "counter").index)
        return [usable[self.electrode[usable] == name] for name in names]

    def change(self, rows: Ints) -> Floats:
        """Change of γ between successive rows: ∫|Δγ| over ∫ of the larger |γ|, where both are seen.

        γ is averaged over a decade first, so that ripples do not count.
        """
        place = self.ln_tau / _LN10
        low, high = self.window[:, rows]
        seen = (place >= low[:, None]) & (place <= high[:, None]) & np.isfinite(self.gamma[rows])
        both = seen[1:] & seen[:-1]
        gamma = _averaged(np.where(seen, self.gamma[rows], 0.0), place)
        moved = np.where(both, np.abs(np.diff(gamma, axis=0)), 0.0).sum(axis=1)
        larger = np.maximum(np.abs(gamma[1:]), np.abs(gamma[:-1]))
        size = np.where(both, larger, 0.0).sum(axis=1)
        return np.asarray(np.divide(moved, size, out=np.zeros_like(moved), where=size > 0))


def _averaged(gamma: Floats, place: Floats) -> Floats:
    """Running mean over one decade of τ; zero beyond the ends."""
    if place.size < 2:
        return gamma
    half = max(round(0.5 / float(place[1] - place[0])), 1)
    padded = np.pad(gamma, ((0, 0), (half + 1, half)))
    sums = np.cumsum(padded, axis=1)
    return np.asarray((sums[:, 2 * half + 1 :] - sums[:, : -2 * half - 1]) / (2 * half + 1))


def _nodes(source: Any) -> tuple[xr.Dataset, xr.Dataset | None]:
    if isinstance(source, xr.Dataset):
        drt, spectra = source, None
    elif isinstance(source, tuple | list):
        if len(source) != 2:
            raise SchemaError(f"Peaks: expected the nodes (drt, spectra), found {len(source)}.")
        drt, spectra = source
    else:
        drt, has_spectra = source["drt"], "spectra" in source
        spectra = _kept(source) if has_spectra else None
    for name in ("gamma", "tau", "in_window"):
        if name not in drt:
            raise SchemaError(f"Peaks: expected a node drt, found no {name} in it.")
    return drt, spectra


def _kept(campaign: Any) -> xr.Dataset:
    """The spectra without the points that were trimmed on record: the DRT did not see them."""
    spectra: xr.Dataset = campaign["spectra"]
    if "validation" not in campaign:
        return spectra
    valid = spectra["valid"]
    trimmed = trimmed_points(campaign["validation"], valid.shape)
    return spectra.assign(valid=(valid.dims, valid.values & ~trimmed, valid.attrs))


def _noise(drt: xr.Dataset) -> Floats:
    gamma, tau = np.nan_to_num(drt["gamma"].values), drt["tau"].values
    if "noise" not in drt or tau.size < 2:
        return np.zeros_like(gamma)
    passed = np.cumsum(gamma, axis=1) * log(tau[1] / tau[0])
    if "series_resistance" in drt:
        passed += np.nan_to_num(drt["series_resistance"].values)[:, None]
    relative = np.minimum(np.nan_to_num(drt["noise"].values), MOST_NOISE)
    return np.asarray(relative[:, None] * passed)


def _window(drt: xr.Dataset, spectra: xr.Dataset | None) -> Floats:
    """log10 τ at both ends of each row's window, shape (2, S); reversed where it has none."""
    tau = np.log10(drt["tau"].values)
    ends = np.array([tau.max(initial=-np.inf), tau.min(initial=np.inf)])[:, None]
    if spectra is not None:
        frequency, valid = spectra["frequency"].values, spectra["valid"].values
        there = valid & np.isfinite(frequency) & (frequency > 0)
        place = np.where(there, -np.log10(2 * pi * np.where(there, frequency, 1.0)), np.nan)
    else:
        there = drt["in_window"].values
        place = np.where(there, tau, np.nan)
    low = np.where(there, place, np.inf).min(axis=1, initial=np.inf)
    high = np.where(there, place, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(there.any(axis=1), np.stack([low, high]), ends)


def _order(drt: xr.Dataset, spectra: xr.Dataset | None) -> Ints:
    """Rows in order of time, or as they come where no time is known."""
    rows = drt.sizes["spectrum"]
    for node, name in ((spectra, "time_start"), (drt, "time")):
        if node is not None and name in node and np.isfinite(node[name].values).all():
            return np.argsort(node[name].values, kind="stable").astype(np.int64)
    return np.arange(rows, dtype=np.int64)
