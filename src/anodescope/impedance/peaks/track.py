"""The verb `track_peaks`: the peaks of γ of a series, followed through time, with names.

A peak's τ is that of its maximum, found between lattice points; its resistance is ∫ γ d ln τ from
valley to valley. So the resistances of all maxima of a spectrum sum to the integral of its γ, and
those of the tracks to that less what belongs to none of them (see `PeakSettings.absorb`). Where γ
is negative (an inductive loop) it belongs to no peak, so that with a loop the resistances sum to
more than the polarisation resistance, from which the loop is taken off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any, final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import build_node
from anodescope.citations import cited_by, relies_on
from anodescope.impedance.peaks import naming
from anodescope.impedance.peaks.distributions import Distributions
from anodescope.impedance.peaks.following import Followed, PeakSettings, follow
from anodescope.impedance.peaks.maxima import Detection, Peaks, find
from anodescope.impedance.peaks.naming import INTERFACE, NEW_INTERFACE, PAPER, Rule
from anodescope.impedance.sweeps import HasNodes, blocks
from anodescope.running import Run

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

__all__ = ["PeakSettings", "interface_resistance", "resistance_of", "track_peaks"]

BLOCK = 500
# Of an identity: odds of less than 20 to 1.
NOT_IDENTIFIABLE = "not_identifiable"
_TEXTS = ("name", "electrode", "attribution", "basis")
_ROWS = ("birth", "death", "split_from", "merged_into")
_BOUNDS = ("tau_low", "tau_high", "resistance_low", "resistance_high")
_NUMBERS = ("tau", "resistance", "height", *_BOUNDS)


@relies_on("jaqaman2008", "crouse2016", "virtanen2020")
def track_peaks(
    source: HasNodes | xr.Dataset | tuple[xr.Dataset, xr.Dataset],
    *,
    rules: Sequence[Rule] | Mapping[str, Any] | None = None,
    settings: PeakSettings | None = None,
    assumption: str = "",
    run: Run | None = None,
) -> xr.Dataset:
    """Find the peaks of every distribution and follow them through time.

    Parameters
    ----------
    source : a Campaign with the node `drt` (and `spectra`, for time, electrode and window), or the
        node `drt` alone, or the pair (`drt`, `spectra`). Without spectra the rows are taken as one
        electrode's, in order of time.
    rules : how peaks are named; None: `naming.PAPER`; a mapping goes through `rules_from`.
    settings : thresholds and gates; None: the defaults.
    assumption : a sentence by which a two-electrode cell's interface peaks belong to the electrode
        under study, such as "the Na counter electrode has no resistance"; it is printed as the
        basis. "": none, and then the attribution is unknown without a reference electrode.
    run : how to run; None is serial. Results have the same bits for any number of workers.

    Returns
    -------
    the node `peaks`: one column per track, NaN where it is absent. Its attributes `meetings` and
    `leaps` say where identities rest on a comparison (two tracks were one maximum; a jump), and
    which of these are not identifiable. Where γ has a band, τ and R have
    intervals (see `anodescope.impedance.peaks.bounds`). τ and R of peaks outside the window are
    indicative only.

    Raises
    ------
    SchemaError
        when there is no `drt` node, or spectra with another number of rows.
    SettingsError
        for rules that cannot be used.
    Cancelled
        when `run` says so.
    """
    chosen = settings or PeakSettings()
    named = _rules(rules)
    record = Distributions.of(source, assumption)
    found = _find_all(record, chosen.detection, run or Run())
    parts = [follow(record, rows, *found, chosen, named) for rows in record.electrodes()]
    attrs = {
        "method": "maxima of γ, tracked",
        "parameters": chosen.parameters(),
        "rules": naming.rules_table(named),
        "assumption": assumption,
        **_identities(parts),
        "citations": [work.text() for work in cited_by(track_peaks)],
    }
    return build_node("peaks", _joined(parts, record), attrs=attrs)


def resistance_of(peaks: xr.Dataset, name: str) -> Floats:
    """Return R (Ω) of the peaks of one name in every spectrum, NaN where there is none.

    Parameters
    ----------
    peaks : the node `peaks`.
    name : such as "γ_int"; tracks that share it are summed.
    """
    return _summed(peaks, (name,))


def interface_resistance(peaks: xr.Dataset) -> Floats:
    """Return R (Ω) of γ_int and γ'_int together in every spectrum, NaN where there is neither.

    While both are there the interface has two peaks; when they merge, one holds the whole.
    """
    return _summed(peaks, (INTERFACE, NEW_INTERFACE))


def _summed(peaks: xr.Dataset, names: tuple[str, ...]) -> Floats:
    columns = np.isin(peaks["name"].values.astype(object), names)
    part = peaks["resistance"].values[:, columns]
    there = np.isfinite(part)
    return np.where(there.any(axis=1), np.where(there, part, 0.0).sum(axis=1), np.nan)


def _rules(rules: Sequence[Rule] | Mapping[str, Any] | None) -> tuple[Rule, ...]:
    if rules is None:
        return PAPER
    if isinstance(rules, Mapping):
        return naming.rules_from(rules)
    naming.require_order(rules)
    return tuple(rules)


@final
@dataclass(frozen=True, slots=True)
class _Task:
    """Distributions in which peaks are found."""

    detection: Detection
    ln_tau: Floats
    gamma: Floats
    noise: Floats
    low: Floats | None
    high: Floats | None
    area_spread: Floats | None


def _find_in(task: _Task) -> tuple[Peaks, Bools]:
    return find(
        task.gamma,
        task.ln_tau,
        task.detection,
        noise=task.noise,
        low=task.low,
        high=task.high,
        area_spread=task.area_spread,
    )


def _find_all(record: Distributions, detection: Detection, run: Run) -> tuple[Ints, Ints, Bools]:
    """Rows, lattice points and strength of all peaks, in order of rows."""
    parts = blocks(len(record.gamma), BLOCK)
    tasks = [
        _Task(
            detection,
            record.ln_tau,
            record.gamma[rows],
            record.noise[rows],
            None if record.low is None else record.low[rows],
            None if record.high is None else record.high[rows],
            None if record.area_spread is None else record.area_spread[rows],
        )
        for rows in parts
    ]
    found = list(run.each("peaks", _find_in, tasks))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool)
    return (
        np.concatenate(
            [p.spectrum + rows.start for (p, _), rows in zip(found, parts, strict=True)]
        ),
        np.concatenate([p.index for p, _ in found]),
        np.concatenate([strong for _, strong in found]),
    )


def _joined(parts: list[Followed], record: Distributions) -> dict[str, npt.ArrayLike]:
    """Put the tracks of all electrodes side by side, rows as in the spectra."""
    spectra = len(record.gamma)
    tracks = sum(part.relations.split_from.size for part in parts)
    grid = {name: np.full((spectra, tracks), np.nan) for name in _NUMBERS}
    flags = {name: np.zeros((spectra, tracks), dtype=bool) for name in ("in_window", "at_edge")}
    columns: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, *_ROWS)}
    first = 0
    for part in parts:
        at = part.rows[part.peaks.spectrum], part.relations.track + first
        grid["tau"][at], grid["resistance"][at] = np.exp(part.peaks.ln_tau), part.peaks.area
        grid["height"][at] = part.peaks.height
        grid["tau_low"][at], grid["tau_high"][at] = np.exp(part.intervals[:2])
        grid["resistance_low"][at], grid["resistance_high"][at] = part.intervals[2:]
        flags["in_window"][at], flags["at_edge"][at] = part.inside, part.edge
        _describe(part, first, record.cell, columns)
        first += part.relations.split_from.size
    with np.errstate(invalid="ignore"):
        capacitance = grid["tau"] / grid["resistance"]
    return {
        **grid,
        **flags,
        "capacitance": capacitance,
        "frequency": 1 / (2 * pi * grid["tau"]),
        **{
            name: np.array(values, dtype=object if name in _TEXTS else np.int64)
            for name, values in columns.items()
        },
    }


def _identities(parts: list[Followed]) -> dict[str, list[dict[str, Any]]]:
    """Say where identities rest on a comparison, by rows and columns of the node.

    `meetings` are stretches in which two tracks are one maximum, with the last row before it and
    the first one after it; `leaps` are the ways of tracks over jumps.
    """
    meetings: list[dict[str, Any]] = []
    leaps: list[dict[str, Any]] = []
    first = 0
    for part in parts:
        for met in part.relations.meetings:
            rows = [int(part.rows[row]) for row in (met.first, met.last)]
            told = "kept" if met.is_told else NOT_IDENTIFIABLE
            tracks = [first + k for k in met.tracks]
            meetings.append(
                {"tracks": tracks, "rows": rows, "identity": told, "log_odds": met.log_odds}
            )
        for leap in part.relations.leaps:
            rows = [int(part.rows[row]) for row in (leap.first, leap.last)]
            told = "kept" if leap.is_told else NOT_IDENTIFIABLE
            far = {"decades": leap.distance, "shape": leap.shape}
            leaps.append({"track": first + leap.track, "rows": rows, "identity": told, **far})
        first += part.relations.split_from.size
    return {"meetings": meetings, "leaps": leaps}


def _describe(part: Followed, first: int, cell: naming.Cell, columns: dict[str, list[Any]]) -> None:
    """Append what is said of each track."""
    relations = part.relations
    for k, (name, attribution) in enumerate(zip(part.names, part.attributions, strict=True)):
        frames = part.peaks.spectrum[relations.track == k]
        split, merged = relations.split_from[k], relations.merged_into[k]
        ascribed, basis = naming.attribute(attribution, part.electrode, cell)
        values = {
            "name": name,
            "electrode": part.electrode,
            "attribution": ascribed,
            "basis": basis,
            "birth": part.rows[frames.min()],
            "death": part.rows[frames.max()],
            "split_from": split + first if split >= 0 else -1,
            "merged_into": merged + first if merged >= 0 else -1,
        }
        for column, value in values.items():
            columns[column].append(value)
