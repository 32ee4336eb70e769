"""Where the fit of an equivalent circuit starts: at the distribution of relaxation times.

Every ZARC of a sum takes the resistance, the time constant and the width of one peak of γ; the
series resistance and the inductance are the inversion's own. What a distribution does not tell
(parallel branches, Warburg elements) stays open and is searched by the fit itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from math import pi
from operator import add
from typing import Any, final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import default_rows
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.circuits.composition import Circuit, Element, Series
from anodescope.impedance.circuits.elements import ZARC, Inductor, Resistor
from anodescope.impedance.drt import drt
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.sweeps import Source, Sweeps
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

# A peak of γ counts when it holds this share of the area and stands out by this factor.
_SHARE = 0.02
_PROMINENCE = 1.2
# γ is broader than the arc behind it, and neighbours blur it: beyond these its width says nothing.
_N_RANGE = (0.6, 0.97)
# Share of |Z| at the highest frequency from which an inductance is fitted.
_INDUCTIVE = 0.01
# Where R0 or L come out as 0, the logarithm starts here instead, relative to |Z|.
_LEAST = 0.01


@final
@dataclass(frozen=True, slots=True)
class Starts:
    """Values to start from.

    Attributes
    ----------
    circuit : what is fitted.
    values : in natural units, NaN where nothing is known, shape (S, K).
    present : False for the parameters of an element that a spectrum does not have, shape (S, K).
    tracked : labels of the ZARCs that start from tracked peaks.
    """

    circuit: Circuit
    values: Floats
    present: Bools
    tracked: frozenset[str] = frozenset()


def circuit_from_peaks(peaks: xr.Dataset, *, inductance: bool = False) -> Circuit:
    """Build a series of R0, L0 where wanted, and one ZARC per tracked peak, fastest first.

    ZARCs are called after the peaks: GB for γ_GB, int for γ_int, int2 for γ'_int, and p1, p2, …
    by rank in τ for peaks without a name.

    Parameters
    ----------
    peaks : the node `peaks`.
    inductance : whether there is a series inductance L0.

    Raises
    ------
    SettingsError
        when there is no peak.
    """
    labels = peak_labels(peaks)
    if not labels:
        raise SettingsError("There is no peak to build a circuit from.")
    return chain(list(labels.values()), inductance)


def peak_labels(peaks: xr.Dataset) -> dict[int, str]:
    """Return a label for every track that has a τ somewhere, by its number, fastest first."""
    tau = peaks["tau"].values
    tracks = [k for k in range(tau.shape[1]) if np.isfinite(tau[:, k]).any()]
    tracks.sort(key=lambda k: float(np.nanmedian(tau[:, k])))
    found: dict[int, str] = {}
    for rank, track in enumerate(tracks, start=1):
        name = str(peaks["name"].values[track]).removeprefix("γ")
        primes = len(name) - len(name.lstrip("'′"))
        label = name[primes:].lstrip("_") or f"p{rank}"
        label += str(primes + 1) if primes else ""
        while label in found.values():
            label += "b"
        found[track] = label
    return found


def inversion(source: Source, sweeps: Sweeps, run: Run) -> xr.Dataset:
    """Return the node `drt` of a Campaign, or make one."""
    found = _node(source, "drt", sweeps.count)
    if found is not None:
        return found
    # Each by itself: what starts a fit must not lean on the neighbours of its sweep.
    source = (sweeps.frequency, np.where(sweeps.valid, sweeps.impedance, np.nan))
    return drt(source, LogGaussian(joint=False), run=run)


def tracked_peaks(source: Source, sweeps: Sweeps) -> xr.Dataset | None:
    """Return the tracks of the node `peaks` that the default view has, or None without any."""
    found = _node(source, "peaks", sweeps.count)
    if found is None:
        return None
    rows = default_view(source, sweeps)
    found = found.isel(peak=np.isfinite(found["tau"].values[rows]).any(axis=0))
    return found if found.sizes["peak"] else None


def default_view(source: Source, sweeps: Sweeps) -> Ints:
    """Return the rows of the default view; all of them for arrays."""
    if isinstance(source, (tuple, list)):
        return np.arange(sweeps.count)
    return default_rows(source["spectra"])


def starts(
    circuit: Circuit, sweeps: Sweeps, inverted: xr.Dataset, peaks: xr.Dataset | None, must: Ints
) -> Starts:
    """Find where each spectrum starts.

    Parameters
    ----------
    inverted : the node `drt` of the sweeps.
    peaks : the node `peaks`, whose tracks start the ZARCs of their labels.
    must : rows in which a ZARC is absent when its peak is, as long as any peak is there.
    """
    found = _from_drt(circuit, sweeps, inverted)
    return found if peaks is None else _with_peaks(found, peaks, must)


def chain(labels: list[str], inductance: bool) -> Circuit:
    """Return R0, L0 where wanted, and a ZARC per label in series."""
    parts: list[Circuit] = [Resistor("R0"), *([Inductor("L0")] if inductance else [])]
    return reduce(add, [*parts, *(ZARC(label) for label in labels)])


def inductive(sweeps: Sweeps, inverted: xr.Dataset) -> bool:
    """Tell whether the usual spectrum shows an inductance at its highest frequency."""
    usable = np.flatnonzero(inverted["outcome"].values == Outcome.converged.name)
    if not usable.size or "inductance" not in inverted:
        return False
    frequency = np.where(sweeps.valid, sweeps.frequency, -np.inf)[usable]
    top = frequency.argmax(axis=1)
    at = np.arange(usable.size)
    size = np.abs(sweeps.impedance[usable, top])
    reactance = 2 * pi * frequency[at, top] * _henry(inverted, frequency[at, top], usable)
    least = np.maximum(_INDUCTIVE, 3 * inverted["noise"].values[usable])
    return bool(np.median(reactance / (size * least)) > 1)


def _henry(inverted: xr.Dataset, frequency: Floats, rows: Any) -> Floats:
    """The inductance (H) that rows have at a frequency (Hz), screened inductors included."""
    size = inverted["inductance"].values[rows]
    if "inductance_exponent" not in inverted:
        return np.asarray(size)
    rise = np.nan_to_num(inverted["inductance_exponent"].values[rows], nan=1.0)
    return np.asarray(size * (2 * pi * frequency) ** (rise - 1))


def _node(source: Source, name: str, count: int) -> xr.Dataset | None:
    """Return a node of a Campaign that fits its spectra; None where there is no such node."""
    if isinstance(source, (tuple, list)) or name not in source:
        return None
    node = source[name]
    return node if node.sizes.get("spectrum") == count else None


def arcs(ln_tau: Floats, gamma: Floats) -> Floats:
    """Return resistance (Ω), ln τ and exponent of the peaks of one γ, fastest first, shape (M, 3).

    Parameters
    ----------
    ln_tau : shape (T,).
    gamma : (Ω), NaN outside the spectrum's range, shape (T,).
    """
    where = np.flatnonzero(np.isfinite(gamma))
    if where.size < 2:
        return np.empty((0, 3))
    x, y = ln_tau[where], gamma[where]
    padded = np.concatenate([[-np.inf], y, [-np.inf]])
    tops = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & (y > 0))
    areas = np.empty(0)
    while tops.size:
        valleys = [int(a + np.argmin(y[a:b])) for a, b in pairwise(tops)]
        bounds = [0, *valleys, x.size - 1]
        areas = np.array([np.trapezoid(y[a : b + 1], x[a : b + 1]) for a, b in pairwise(bounds)])
        sides = np.concatenate([[0.0], y[valleys], [0.0]])
        higher = np.maximum(sides[:-1], sides[1:])
        with np.errstate(divide="ignore", over="ignore"):
            merit = np.minimum(areas / (_SHARE * areas.sum()), y[tops] / (_PROMINENCE * higher))
        if merit.min() >= 1:
            break
        tops = np.delete(tops, merit.argmin())
    if not tops.size:
        return np.empty((0, 3))
    width = 1 - 2 / pi * np.arctan(areas / (2 * pi * y[tops]))
    return np.stack([areas, x[tops], np.clip(width, *_N_RANGE)], axis=1)


def _places(circuit: Circuit) -> dict[Element, int]:
    """Return where each element's parameters begin."""
    found, first = {}, 0
    for element in circuit.elements:
        found[element] = first
        first += len(element.quantities)
    return found


def _from_drt(circuit: Circuit, sweeps: Sweeps, inverted: xr.Dataset) -> Starts:
    """Start R0, L0 and the ZARCs of a sum from γ; the largest peaks where there are too many."""
    values = np.full((sweeps.count, len(circuit.names)), np.nan)
    found = Starts(circuit, values, np.ones(values.shape, dtype=bool))
    parts = circuit.parts if isinstance(circuit, Series) else (circuit,)
    places = _places(circuit)
    size = np.where(sweeps.valid, np.abs(sweeps.impedance), np.inf).min(axis=1, initial=1e30)
    highest = sweeps.window()[1]
    resistors = [part for part in parts if isinstance(part, Resistor)]
    if len(resistors) == 1:
        ohm = inverted["series_resistance"].values
        values[:, places[resistors[0]]] = np.maximum(ohm, _LEAST * size)
    for part in parts:
        if isinstance(part, Inductor):
            henry = _henry(inverted, highest, slice(None))
            values[:, places[part]] = np.maximum(henry, _LEAST * size / (2 * pi * highest))
    zarcs = [places[part] for part in parts if isinstance(part, ZARC)]
    if zarcs:
        ln_tau = np.log(inverted["tau"].values)
        for row, gamma in enumerate(inverted["gamma"].values):
            peaks = arcs(ln_tau, gamma)
            chosen = np.sort(np.argsort(-peaks[:, 0])[: len(zarcs)])
            for first, (ohm, position, n) in zip(zarcs, peaks[chosen], strict=False):
                values[row, first : first + 3] = ohm, np.exp(position), n
    return found


def _with_peaks(found: Starts, peaks: xr.Dataset, must: Ints) -> Starts:
    """Start ZARCs from the tracked peaks of their labels.

    Parameters
    ----------
    must : rows in which an element is absent when its peak is, as long as any peak is there.
    """
    zarcs = {e.label: first for e, first in _places(found.circuit).items() if isinstance(e, ZARC)}
    tau, ohm = peaks["tau"].values, peaks["resistance"].values
    height = peaks["height"].values if "height" in peaks else np.full(tau.shape, np.nan)
    any_peak = np.isfinite(tau).any(axis=1)
    held = np.isin(np.arange(len(tau)), must) & any_peak
    labels = {track: label for track, label in peak_labels(peaks).items() if label in zarcs}
    for track, label in labels.items():
        own = slice(zarcs[label], zarcs[label] + 3)
        there = np.isfinite(tau[:, track]) & np.isfinite(ohm[:, track]) & (ohm[:, track] > 0)
        n = 1 - 2 / pi * np.arctan(ohm[:, track] / (2 * pi * height[:, track]))
        n = np.clip(np.where(np.isfinite(n), n, np.mean(_N_RANGE)), *_N_RANGE)
        new = np.stack([ohm[:, track], tau[:, track], n], axis=1)
        found.values[:, own] = np.where(there[:, None], new, found.values[:, own])
        found.present[:, own] = (there | ~held)[:, None]
    return replace(found, tracked=frozenset(labels.values()))
