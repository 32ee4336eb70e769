"""What a record offers to recognition: samples of current, sweeps, and the noise of the former."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.protocol.phases import Bools, Floats, Ints

# Techniques without a current by definition.
_OPEN = ("OCV", "SOCV", "OCVCURVE")

# ... and techniques that hold a current (or none).
_GALVANIC = ("CP", "CstC", "SGCPL", "GCPL", *(f"GCPL{k}" for k in range(2, 8)))

# Rows without a current are lost samples up to this number and this many usual distances of rows.
_LOST_ROWS, _LOST_SPANS = 5, 5.0

# Voltage amplitude (V) that is assumed where a sweep's amplitude was not recorded.
_USUAL_AMPLITUDE = 0.01

# Pairs of samples from which the noise of a range is estimated: at least, and at most in all.
_FEW_PAIRS, _MANY_PAIRS = 5, 200_000


@final
@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Rows of the record that hold a current and no fault flag, in time order.

    Attributes
    ----------
    time, current, voltage : (s, A, V); the voltage is NaN where it was not recorded.
    step : the instrument's step, -1 where it is not known.
    sweep : index of the sweep during which the row was recorded; -1: none.
    noise : standard deviation (A) of the current at its size.
    blind : (start, end) of stretches (s) whose current was not recorded, shape (N, 2); none
        reaches across a sweep.
    hidden, hidden_voltage : times (s) and voltages (V) of the rows in them.
    galvanic : the instrument's steps name a galvanostatic technique throughout, per stretch.
    """

    time: Floats
    current: Floats
    voltage: Floats
    step: Ints
    sweep: Ints
    noise: Floats
    blind: Floats
    hidden: Floats
    hidden_voltage: Floats
    galvanic: Bools


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sweeps:
    """Impedance sweeps in time order, each once however many electrodes were recorded.

    Attributes
    ----------
    row : row of the spectra node (the first of several electrodes).
    start, end : instants of the first and last point (s).
    interval : longest time between two points (s).
    points : number of valid points.
    current, voltage : mean dc current (A) and voltage (V); NaN where not recorded.
    amplitude : largest amplitude of the current (A), as recorded or 10 mV over the smallest |Z|.
    swing : largest amplitude of the voltage (V), as recorded or that of the current times |Z|.
    controlled : "current", "voltage", or "" where the technique does not say.
    """

    row: Ints
    start: Floats
    end: Floats
    interval: Floats
    points: Ints
    current: Floats
    voltage: Floats
    amplitude: Floats
    swing: Floats
    controlled: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of sweeps."""
        return int(self.row.size)


def sweeps_of(spectra: xr.Dataset | None) -> Sweeps:
    """Return the sweeps of a spectra node; None or a node without rows gives none."""
    if spectra is None or not spectra.sizes.get("spectrum", 0):
        none = np.empty(0)
        whole = np.empty(0, np.int64)
        return Sweeps(whole, none, none, none, whole, none, none, none, none, ())
    start, end = (np.asarray(spectra[name].values, float) for name in ("time_start", "time_end"))
    _, first = np.unique(np.stack([start, end]), axis=1, return_index=True)
    row = np.sort(first)
    row = row[np.argsort(start[row], kind="stable")]
    row = row[np.isfinite(start[row]) & np.isfinite(end[row])]
    valid = spectra["valid"].values[row]
    time = np.where(valid, spectra["time"].values[row], np.nan)
    return Sweeps(
        row.astype(np.int64), start[row], end[row], _longest(time),
        valid.sum(axis=1).astype(np.int64), _mean(spectra, "current", row, valid),
        _mean(spectra, "voltage", row, valid), *_amplitudes(spectra, row, valid),
        _controlled(spectra, row),
    )  # fmt: skip


def _longest(time: Floats) -> Floats:
    steps = np.abs(np.diff(np.sort(time, axis=1), axis=1))
    longest: Floats = np.max(np.nan_to_num(steps), axis=1, initial=0.0)
    return longest


def _mean(spectra: xr.Dataset, name: str, row: Ints, valid: Bools) -> Floats:
    """Mean dc value of each sweep; half of all points decide against a few absurd ones."""
    if f"bias_{name}" in spectra:
        return np.asarray(spectra[f"bias_{name}"].values[row], float)
    if name not in spectra:
        return np.full(row.size, np.nan)
    values = np.where(valid, spectra[name].values[row], np.nan)
    return np.array([np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else np.nan
                     for v in values])  # fmt: skip


def _amplitudes(spectra: xr.Dataset, row: Ints, valid: Bools) -> tuple[Floats, Floats]:
    """Return the largest amplitude of the current (A) and of the voltage (V) of each sweep."""
    size = np.abs(np.where(valid, spectra["impedance"].values[row], np.nan))
    volts = np.full(size.shape, _USUAL_AMPLITUDE)
    if "voltage_amplitude" in spectra:
        recorded = spectra["voltage_amplitude"].values[row]
        volts = np.where(np.isfinite(recorded), recorded, volts)
    with np.errstate(divide="ignore", invalid="ignore"):
        amps = volts / size
    if "current_amplitude" in spectra:
        recorded = spectra["current_amplitude"].values[row]
        amps = np.where(np.isfinite(recorded), recorded, amps)
        stated = "voltage_amplitude" in spectra
        volts = np.where(np.isfinite(recorded), recorded * size, volts) if not stated else volts
    amps, volts = (np.where(valid & np.isfinite(v), v, 0.0) for v in (amps, volts))
    return np.max(amps, axis=1, initial=0.0), np.max(volts, axis=1, initial=0.0)


def _controlled(spectra: xr.Dataset, row: Ints) -> tuple[str, ...]:
    if "technique" not in spectra:
        return ("",) * row.size
    names = (str(name).upper() for name in spectra["technique"].values[row])
    return tuple(
        "current" if "GEIS" in name or "GALV" in name
        else "voltage" if "PEIS" in name or "POT" in name else ""
        for name in names
    )  # fmt: skip


def samples_of(timeseries: xr.Dataset | None, sweeps: Sweeps, steps: xr.Dataset | None) -> Samples:
    """Return the usable rows of a timeseries node.

    Rows that the instrument flagged are left out. A row of an open-circuit technique carries no
    current even where the file has no column for it.

    Parameters
    ----------
    timeseries : the node; None or one without a time gives no rows.
    sweeps : of the same campaign.
    steps : the steps node, for the techniques' names.
    """
    if timeseries is None or "time" not in timeseries:
        timeseries = xr.Dataset({"time": ("time", np.empty(0))})
    time = np.asarray(timeseries["time"].values, float)
    current = _column(timeseries, "current", time.size)
    step = np.asarray(timeseries["step"].values if "step" in timeseries else
                      np.full(time.size, -1), np.int64)  # fmt: skip
    open_circuit = _in_steps(step, _rows_named(steps, _OPEN))
    current = np.where(np.isnan(current) & open_circuit, 0.0, current)
    usable = np.isfinite(time)
    if "overload" in timeseries:
        usable &= ~np.asarray(timeseries["overload"].values, bool)
    sweep = _during(time, sweeps)
    outside = usable & (sweep < 0)
    section = np.searchsorted(sweeps.start, time[outside], side="right")
    blind, rows = _blind(time[outside], np.isfinite(current)[outside], section)
    rows = np.flatnonzero(outside)[rows]
    galvanic = _in_steps(step, _rows_named(steps, _GALVANIC))
    voltage = _column(timeseries, "voltage", usable.size)
    hidden = time[rows]
    named = [galvanic[rows[(hidden >= a) & (hidden <= b)]].all() for a, b in blind.tolist()]
    unseen = hidden, voltage[rows], np.array(named, bool)
    kept = usable & np.isfinite(current)
    time, current, sweep = time[kept], current[kept], sweep[kept]
    return Samples(
        time, current, voltage[kept], step[kept], sweep, noise_of(current, sweep), blind, *unseen,
    )  # fmt: skip


def _column(dataset: xr.Dataset, name: str, size: int) -> Floats:
    if name not in dataset:
        return np.full(size, np.nan)
    return np.asarray(dataset[name].values, float)


def _rows_named(steps: xr.Dataset | None, names: Iterable[str]) -> Ints:
    if steps is None or "technique" not in steps:
        return np.empty(0, np.int64)
    wanted = set(names)
    technique: list[Any] = steps["technique"].values.astype(object).tolist()
    return np.array([k for k, name in enumerate(technique) if str(name) in wanted], np.int64)


def _in_steps(step: Ints, rows: Ints) -> Bools:
    inside: Bools = np.isin(step, rows) if rows.size else np.zeros(step.size, bool)
    return inside


def _during(time: Floats, sweeps: Sweeps) -> Ints:
    """Index of the sweep in which each instant lies; -1: none."""
    if not sweeps.size:
        return np.full(time.size, -1, np.int64)
    place = np.searchsorted(sweeps.start, time, side="right") - 1
    inside = (place >= 0) & (time <= sweeps.end[place])
    return np.where(inside, place, -1).astype(np.int64)


def _blind(time: Floats, seen: Bools, section: npt.NDArray[Any]) -> tuple[Floats, Ints]:
    """Stretches of rows without a current that are longer than lost samples, and those rows.

    The stretches are cut at sweeps.
    """
    if seen.all():
        return np.empty((0, 2)), np.empty(0, np.int64)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], seen, [True])).astype(np.int8)))
    first, last = edges[::2], edges[1::2] - 1
    usual = float(np.median(np.diff(time[seen]))) if np.count_nonzero(seen) > 2 else 0.0
    long = (last - first >= _LOST_ROWS) & (time[last] - time[first] > _LOST_SPANS * usual)
    if not seen.any():
        long[:] = True
    inside = np.zeros(seen.size + 1, np.int64)
    inside[first[long]] += 1
    inside[last[long] + 1] -= 1
    row = np.flatnonzero(np.cumsum(inside)[:-1])
    new = (np.diff(row, prepend=-2) > 1) | (np.diff(section[row], prepend=-1) != 0)
    begin = np.flatnonzero(new)
    end = np.flatnonzero(np.append(new[1:], row.size > 0))
    return np.stack([time[row[begin]], time[row[end]]], axis=1), row


def noise_of(current: Floats, section: npt.NDArray[Any]) -> Floats:
    """Return the standard deviation (A) of the noise at each sample.

    An instrument's noise goes with its current range, so it is estimated for each octave of
    |current|: the median distance of neighbouring samples, over 0.6745·√2 as for normal noise.
    Half of the neighbours may be steps without harm. It is at least 1e-4 of the current, which is
    what the resolution of the ranges leaves. Octaves below the noise itself share it.

    Parameters
    ----------
    current : (A), shape (N,).
    section : neighbours with different numbers are no pair.
    """
    floor = 1e-4 * np.abs(current)
    top = float(np.max(np.abs(current), initial=0.0))
    if top == 0.0:
        return floor
    # two sets of octaves, half of one apart: a level on the edge of one lies inside the other
    both = np.maximum(*(_noise(current, section, top, by) for by in (0.0, 0.5)))
    noise: Floats = np.maximum(floor, both)
    return noise


def _noise(current: Floats, section: npt.NDArray[Any], top: float, by: float) -> Floats:
    """Noise of each sample by its octave, whose edges are moved by a share of an octave."""
    octave = _octave(current, top, by)
    # a step between two levels leaves its octave more often than the noise does
    pair = np.flatnonzero((section[1:] == section[:-1]) & (np.abs(np.diff(octave)) <= 1))
    pair = pair[:: max(pair.size // _MANY_PAIRS, 1)]
    if not pair.size:
        return np.zeros(current.size, float)
    distance = np.abs(current[pair + 1] - current[pair])
    number = np.minimum(octave[pair + 1], octave[pair])
    order = np.lexsort((distance, number))
    numbers, first, count = np.unique(number[order], return_index=True, return_counts=True)
    middle = distance[order][first + count // 2] / (0.6745 * np.sqrt(2.0))
    middle *= 1.0 + 1.0 / np.sqrt(count)  # a median of few is uncertain: rather too much noise
    table = _table(numbers, np.where(count >= _FEW_PAIRS, middle, np.nan), top)
    if np.isnan(table).all():
        table[:] = np.median(distance) / (0.6745 * np.sqrt(2.0))
    noise: Floats = table[octave]
    return noise


_OCTAVES = 48


def _octave(current: Floats, top: float, by: float) -> Ints:
    with np.errstate(divide="ignore"):
        below = np.floor(by - np.log2(np.abs(current) / top))
    octave: Ints = np.clip(np.nan_to_num(below, posinf=_OCTAVES - 1), 0, _OCTAVES - 1).astype(int)
    return octave


def _table(numbers: Ints, values: Floats, top: float) -> Floats:
    """Noise of every octave: its own, else that of the nearest larger (or smaller) current."""
    table = np.full(_OCTAVES, np.nan)
    table[numbers] = values
    if np.isnan(table).all():
        return table
    for k in range(1, _OCTAVES):  # from large currents to small ones
        inside_noise = top * 2.0**-k <= 2.0 * table[k - 1]
        if np.isnan(table[k]) or inside_noise:
            table[k] = np.nanmax([table[k], table[k - 1]]) if inside_noise else table[k - 1]
    for k in range(_OCTAVES - 2, -1, -1):
        if np.isnan(table[k]):
            table[k] = table[k + 1]
    return table
