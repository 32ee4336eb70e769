"""Did the cell change while it was measured? Two numbers beside the Kramers–Kronig test.

A cell that changes slowly can pass that test: what a drift adds to Z is smooth in frequency, and
elements absorb it. The clock knows more.

**The dc voltage.** `drift_voltage` is its change from the first to the last point of the sweep over
the ac amplitude at the lowest frequency. A ramp of r (V/s) under a sine of amplitude V, analysed
over whole periods, adds (2/nT)|∫ r t exp(−iωt) dt| = r/(πf) to the phasor: the relative error of Z
is r/(πfV) at every point, whatever the number of periods. It grows as 1/f, like a series
capacitance, so the Kramers–Kronig test is blind to it. The dc current is treated alike.

**The neighbours.** With ΔZ from this sweep to the next one of the same electrode and ΔZ from the
one before, change = ln(Z₂/Z₁)/(t₂ − t₁) times this sweep's duration, point by point at equal
frequency (a cubic spline in ln f where the grids differ), averaged over one decade of frequency.
`drift_impedance` is the largest of these averages over frequency, of both neighbours together,
negative where |Z| falls. Noise is taken from the differences of adjacent points, so nothing is
assumed of the instrument. Neighbours more than `reach` sweep durations away are not compared.
`same_bias`: the dc current differs by less than a tenth of the ac amplitude; in a staircase it
does not, then `drift_basis` says `other_bias` and the number, which holds the change of bias too,
is only a bound: it can support stationarity, never contradict it.

* inconsistent: the ramp's error exceeds `change` (1 %) beyond three standard deviations, or Z
  changes by more than that per sweep towards both neighbours, in the same direction (towards the
  only one at the ends of a series).
* consistent: the ramp's error is below 1 % (or not known), and so is the change of Z, noise
  included. A cell under a held current needs no neighbour: there the dc voltage itself holds Z(0)
  times the current, so a change below 1 % of |I| Re Z at the lowest frequency shows that Z stays.
  (A resistance and an open-circuit voltage that change by the same amount in opposite directions
  would escape.) Where it changes by more, or where the Kramers–Kronig verdict is inconsistent,
  steady neighbours do not suffice: a transient that every sweep repeats, as after each stair, is
  the same in all of them.
* not_decidable: everything else, such as a single sweep at rest. (A transient that repeats at rest
  and is too small for the Kramers–Kronig test escapes.)

The low end is trimmed on record (`drifting`) from the first point downwards at which the ramp's
error, or the change of Z since the highest frequency was measured, exceeds `harm` (5 %): slow
points take nearly all the time, so the points above were measured on a cell that hardly changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome, SettingsError
from anodescope.impedance.validation.aligned import Aligned, medians
from anodescope.impedance.validation.conditions import Conditions

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

SAME_BIAS, OTHER_BIAS = "same_bias", "other_bias"
_SAME_FREQUENCY = 1e-5
_FEWEST = 5  # points that two sweeps must have in common


@final
@dataclass(frozen=True, slots=True)
class Stationarity:
    """Limits of the judgement on drift (see the module's docstring).

    Attributes
    ----------
    change : relative error or change of Z per sweep that is not held against a sweep.
    alarm : standard deviations by which a limit must be exceeded.
    reach : longest gap to a neighbour, in durations of the longer of the two sweeps.
    bias : difference of bias that counts as none, over the ac amplitude.
    harm : relative error or change of Z from which the low-frequency end is trimmed.
    """

    change: float = 0.01
    alarm: float = 3.0
    reach: float = 10.0
    bias: float = 0.1
    harm: float = 0.05

    def __post_init__(self) -> None:
        for name in ("change", "alarm", "reach", "bias", "harm"):
            value = getattr(self, name)
            if not value >= 0:
                raise SettingsError(f"{name}: expected a number of at least 0, found {value}.")


@final
@dataclass(frozen=True, slots=True)
class Drift:
    """What the clock says of each sweep.

    Attributes
    ----------
    voltage, impedance : drift_voltage and drift_impedance, shape (S,).
    basis : same_bias, other_bias or "" (no neighbour), one per sweep.
    outcome : one per sweep.
    harmed : number of points at the low-frequency end to trim, shape (S,).
    """

    voltage: Floats
    impedance: Floats
    basis: list[str]
    outcome: list[Outcome]
    harmed: Ints


def find_drift(
    settings: Stationarity, points: Aligned, known: Conditions, violating: Bools
) -> Drift:
    """Judge every sweep by its dc values and by its neighbours.

    Parameters
    ----------
    violating : sweeps whose Kramers–Kronig verdict is inconsistent, shape (S,).
    """
    ramp = _ramp(settings, points, known)
    change = _neighbours(settings, points, known)
    same = change.same_bias
    with np.errstate(invalid="ignore"):
        leaking = (ramp.least > settings.change).any(axis=1)
        clear = ~(ramp.most > settings.change).any(axis=1)
        unsteady = same & (change.least > settings.change).any(axis=1)
    supported = ((change.steady & ~ramp.moved) | ramp.held) & ~violating
    outcome = np.full(len(points.count), Outcome.not_decidable, dtype=object)
    outcome[clear & supported] = Outcome.consistent
    outcome[leaking | unsteady] = Outcome.inconsistent
    basis = np.where(same, SAME_BIAS, np.where(change.compared, OTHER_BIAS, ""))
    return Drift(
        ramp.drift,
        change.number,
        basis.tolist(),
        outcome.tolist(),
        _harmed(settings, points, ramp.least, change),
    )


@final
@dataclass(frozen=True, slots=True)
class _Ramp:
    """Errors of Z by drifting dc values, at least and at most (S, P); their own word (S,)."""

    drift: Floats
    least: Floats
    most: Floats
    held: Bools
    moved: Bools


def _ramp(settings: Stationarity, points: Aligned, known: Conditions) -> _Ramp:
    voltage, amplitude = points.take(known.voltage), points.take(known.amplitude)
    least, most, noise = _leak(settings, points, voltage, amplitude)
    current = (points.take(known.current), points.take(known.current_amplitude))
    least_too, most_too, _ = _leak(settings, points, *current)
    change = _change_in_time(points, voltage)
    change = np.where(np.isfinite(change), change, known.voltage_change)
    size = points.at_lowest(amplitude)
    resistive = np.abs(known.bias_current) * points.at_lowest(points.impedance.real)
    with np.errstate(invalid="ignore", divide="ignore"):
        drift = change / size
        doubt, allowed = settings.alarm * np.sqrt(2) * noise, settings.change * resistive
        held = known.current_controlled & (np.abs(change) + doubt <= allowed)
        told = known.current_controlled & (allowed > 0) & (doubt <= allowed)
        moved = told & (np.abs(change) > allowed)
    worst = np.fmax(least, least_too), np.fmax(most, most_too)
    return _Ramp(drift, *worst, held, moved)


def _leak(
    settings: Stationarity, points: Aligned, dc: Floats, amplitude: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return what a drifting dc value adds to Z, relative, at least and at most; and its noise."""
    place = np.arange(dc.shape[1])[None, :]
    before = np.maximum(place - 1, 0)
    after = np.minimum(place + 1, points.last)
    rows = np.arange(len(dc))[:, None]
    duration = points.time[rows, after] - points.time[rows, before]
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.abs((dc[rows, after] - dc[rows, before]) / duration)
        share = (points.time - points.time[rows, before]) / duration
        middle = (1 - share) * dc[rows, before] + share * dc[rows, after]
        apart = np.abs(dc - middle) / np.sqrt(1 + share**2 + (1 - share) ** 2)
        inner = (place > 0) & (place < points.last)
        noise = 1.4826 * medians(np.where(inner, apart, np.nan))
        doubt = settings.alarm * np.sqrt(2) * noise[:, None] / np.abs(duration)
        weight = 1 / (pi * points.frequency * amplitude)
        return np.maximum(slope - doubt, 0) * weight, (slope + doubt) * weight, noise


def _change_in_time(points: Aligned, values: Floats) -> Floats:
    """Return the value at the last instant minus that at the first, shape (S,)."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    known = np.isfinite(values) & np.isfinite(points.time)
    rows = np.arange(len(values))
    first = np.where(known, points.time, np.inf).argmin(axis=1)
    last = np.where(known, points.time, -np.inf).argmax(axis=1)
    return np.asarray(values[rows, last] - values[rows, first])


@final
@dataclass(frozen=True, slots=True)
class _Change:
    """Change of Z per sweep duration against the neighbours.

    `number`, `steady`, `compared`, `same_bias` have the shape (S,); `least`, the change towards
    both sides less its doubt, has the shape (S, P).
    """

    number: Floats
    least: Floats
    steady: Bools
    compared: Bools
    same_bias: Bools


def _neighbours(settings: Stationarity, points: Aligned, known: Conditions) -> _Change:
    start, end = points.span()
    before, after = _adjacent(start, known)
    found = [(_near(settings, start, end, other), other) for other in (before, after)]
    alike = [near & _same_bias(settings, points, known, other) for near, other in found]
    same_bias = alike[0] | alike[1]
    sides = []
    for (near, other), same in zip(found, alike, strict=True):
        rows = np.flatnonzero(np.where(same_bias, same, near))
        sides.append(_against(points, rows, other[rows], end - start))
    width = points.decade()
    means = [_Mean.of(points, change, width, settings.alarm) for change, _ in sides]
    both = _Mean.of(points, _together(sides), width, settings.alarm)
    steady, number = both.within(settings.change), both.largest()
    for mean in means:
        steady &= ~mean.exceeds(settings.change)
    least = _agreed(*means)
    return _Change(number, least, steady, np.isfinite(number), same_bias & np.isfinite(number))


def _adjacent(start: Floats, known: Conditions) -> tuple[Ints, Ints]:
    """Return the sweeps of the same electrode before and after each one, -1: none; shape (S,)."""
    before, after = (np.full(start.size, -1, dtype=np.int64) for _ in range(2))
    for electrode in dict.fromkeys(known.electrode):
        rows = np.flatnonzero((known.electrode == electrode) & np.isfinite(start))
        rows = rows[np.argsort(start[rows], kind="stable")]
        after[rows[:-1]], before[rows[1:]] = rows[1:], rows[:-1]
    return before, after


def _near(settings: Stationarity, start: Floats, end: Floats, other: Ints) -> Bools:
    gap = np.fmax(start[other] - end, start - end[other])
    duration = end - start
    with np.errstate(invalid="ignore"):
        close = gap <= settings.reach * np.fmax(duration, duration[other])
        return np.asarray((other >= 0) & close & (duration > 0))


def _same_bias(settings: Stationarity, points: Aligned, known: Conditions, other: Ints) -> Bools:
    """Tell whether a sweep and another had the same bias; where no bias is known, they had."""
    amplitude = medians(points.take(known.current_amplitude))
    current = known.bias_current
    with np.errstate(invalid="ignore"):
        # Without an ac amplitude, a hundredth of the current stands for it.
        scale = np.where(np.isfinite(amplitude), amplitude, 0.01 * np.abs(current))
        same = ~(np.abs(current[other] - current) > settings.bias * scale)
        voltage, size = known.bias_voltage, medians(points.take(known.amplitude))
        moved = np.abs(voltage[other] - voltage) > settings.bias * size
    return np.asarray(same & ~(known.voltage_controlled & moved))


def _against(
    points: Aligned, rows: Ints, others: Ints, duration: Floats
) -> tuple[Complexes, Floats]:
    """Return the change of ln Z per duration of a sweep, and the times apart (s), shape (S, P)."""
    shape = points.impedance.shape
    ratio, apart = np.full(shape, complex(np.nan, np.nan)), np.full(shape, np.nan)
    logs = np.log(points.frequency)
    with np.errstate(invalid="ignore"):
        close = ~(np.abs(logs[others] - logs[rows]) > _SAME_FREQUENCY)
    equal = close.all(axis=1) & (points.count[rows] == points.count[others])
    mine, theirs = rows[equal], others[equal]
    ratio[mine] = np.log(points.impedance[theirs] / points.impedance[mine])
    apart[mine] = points.time[theirs] - points.time[mine]
    for row, other in zip(rows[~equal], others[~equal], strict=True):
        ratio[row], apart[row] = _interpolated(points, logs, row, other)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ratio / apart * duration[:, None], np.abs(apart)


def _interpolated(points: Aligned, logs: Floats, row: int, other: int) -> tuple[Complexes, Floats]:
    """Compare a sweep with one of another grid, where both have measured."""
    from scipy.interpolate import CubicSpline

    blank = np.full(logs.shape[1], np.nan)
    count = points.count[other]
    at, first = np.unique(logs[other, :count], return_index=True)
    inside = points.there[row] & (logs[row] >= at[:1].min(initial=np.inf) - _SAME_FREQUENCY)
    inside &= logs[row] <= at[-1:].max(initial=-np.inf) + _SAME_FREQUENCY
    if at.size < _FEWEST or inside.sum() < _FEWEST:
        return blank + 0j, blank
    where = logs[row, inside]
    theirs = CubicSpline(at, points.impedance[other, first])(where)
    ratio, apart = blank + 0j, blank.copy()
    ratio[inside] = np.log(theirs / points.impedance[row, inside])
    apart[inside] = np.interp(where, at, points.time[other, first]) - points.time[row, inside]
    return ratio, apart


def _together(sides: list[tuple[Complexes, Floats]]) -> Complexes:
    """Return the change between the two neighbours, or that towards the only one."""
    known = [np.isfinite(change) for change, _ in sides]
    parts = [
        np.where(there, change * apart, 0)
        for (change, apart), there in zip(sides, known, strict=True)
    ]
    times = [np.where(there, apart, 0) for (_, apart), there in zip(sides, known, strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = (parts[0] + parts[1]) / (times[0] + times[1])
    return np.where(known[0] | known[1], whole, complex(np.nan, np.nan))


@final
@dataclass(frozen=True, slots=True)
class _Mean:
    """Changes averaged over a decade, and their doubt, shape (S, P)."""

    value: Complexes
    doubt: Floats

    @classmethod
    def of(cls, points: Aligned, change: Complexes, width: Ints, alarm: float) -> _Mean:
        # |difference|² of neighbours has the mean 4σ² and the median 4σ² ln 2, with the variance σ²
        # per part. Instruments are noisier at some frequencies than at others: the larger of the
        # sweep's and of the window's own counts.
        steps = np.full(change.shape, np.nan)
        steps[:, :-1] = np.abs(np.diff(change, axis=1)) ** 2 / 4
        whole = medians(steps)[:, None] / log(2)
        square = np.fmax(points.smooth(steps, width).real, whole)
        few = np.isfinite(change).sum(axis=1) < _FEWEST
        value = points.smooth(change, width)
        value[few] = complex(np.nan, np.nan)
        return cls(value, alarm * np.sqrt(square / np.minimum(width, points.count)[:, None]))

    def largest(self) -> Floats:
        """Return the largest size over frequency, negative where |Z| falls, shape (S,)."""
        size = np.where(np.isfinite(self.value), np.abs(self.value), -1.0)
        rows = np.arange(len(size))
        place = size.argmax(axis=1)
        found = size[rows, place]
        sign = np.where(self.value.real[rows, place] < 0, -1.0, 1.0)
        return np.where(found < 0, np.nan, sign * found)

    def within(self, limit: float) -> Bools:
        """Say where every frequency stays within a limit, doubt included, shape (S,)."""
        with np.errstate(invalid="ignore"):
            beyond = (np.abs(self.value) + self.doubt > limit).any(axis=1)
        return np.asarray(np.isfinite(self.value).any(axis=1) & ~beyond)

    def exceeds(self, limit: float) -> Bools:
        """Say where some frequency is beyond a limit in spite of the doubt, shape (S,)."""
        with np.errstate(invalid="ignore"):
            return np.asarray((np.abs(self.value) - self.doubt > limit).any(axis=1))


def _agreed(one: _Mean, two: _Mean) -> Floats:
    """Return the change that both sides show, less its doubt; that of the only side there is."""
    sizes = [np.abs(side.value) - side.doubt for side in (one, two)]
    with np.errstate(invalid="ignore"):
        alike = (one.value * two.value.conj()).real > 0
    both = np.isfinite(sizes[0]) & np.isfinite(sizes[1])
    return np.where(both, np.where(alike, np.minimum(*sizes), 0.0), np.fmax(*sizes))


def _harmed(settings: Stationarity, points: Aligned, leak: Floats, change: _Change) -> Ints:
    """Count the points of the low-frequency end from the first harmed one on, shape (S,)."""
    start, end = points.span()
    with np.errstate(invalid="ignore", divide="ignore"):
        passed = np.abs(points.time - points.time[:, :1]) / (end - start)[:, None]
        since = np.where(change.same_bias[:, None], change.least, 0.0) * passed
        harmed = (np.fmax(leak, since) > settings.harm) | ~points.there
    tail = np.logical_and.accumulate(harmed[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((tail & points.there).sum(axis=1), dtype=np.int64)
