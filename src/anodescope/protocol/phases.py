"""The phases of a protocol as columns: what is asked for from when to when, in one small table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.errors import SettingsError
from anodescope.protocol.steps import Hold, Plain, PotentialHold, Ramp, Repeat, Rest, Step
from anodescope.protocol.walk import number_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

REST, CURRENT, VOLTAGE, SWEEP, UNKNOWN = range(5)
MODES = ("rest", "current", "voltage", "sweep", "unknown")

# Two currents that differ by less than this share of the larger are one asked-for current: an
# instrument's ranges agree to about 0.1 %, and a stair of 0.01 on 1 mA/cm² is 1 %.
LEAST_STEP = 2e-3

# Phases that are written out at most: half a gigabyte of columns. To go through more is `walk`.
MOST_PHASES = 10_000_000


@final
@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """Columns of equal length, one row per phase, in time order.

    Attributes
    ----------
    time_start, time_end : (s). A phase ends where the next one starts, but before a gap.
    mode : number of the mode in `MODES`.
    current : asked-for current (A or mA/cm²), bias of a sweep; NaN under a held voltage.
    voltage : asked-for voltage (V); NaN under a current or at rest.
    level : number of the level, from 0: neighbouring phases of one current share it.
    spectrum : row of the spectra node that a sweep made; -1: none.
    """

    time_start: Floats
    time_end: Floats
    mode: npt.NDArray[np.int8]
    current: Floats
    voltage: Floats
    level: Ints
    spectrum: Ints

    @property
    def size(self) -> int:
        """Number of phases."""
        return int(self.mode.size)

    @property
    def duration(self) -> Floats:
        """Duration of each phase (s)."""
        return self.time_end - self.time_start

    def rows(self, where: slice) -> Phases:
        """Return some phases, their levels counted from 0 again."""
        level = self.level[where]
        return Phases(
            self.time_start[where], self.time_end[where], self.mode[where], self.current[where],
            self.voltage[where], level - (level[0] if level.size else 0), self.spectrum[where],
        )  # fmt: skip

    def scaled(self, factor: float) -> Phases:
        """Return the phases with currents multiplied by `factor`."""
        return replace(self, current=self.current * factor)


def repeated(values: npt.NDArray[Any]) -> Bools:
    """Say which entries are the same as the one before; the first one never is."""
    same = np.zeros(values.size, bool)
    same[1:] = values[1:] == values[:-1]
    return same


def joined(parts: Iterable[Phases]) -> Phases:
    """Return the phases of several tables as one; levels keep their numbers."""
    tables = list(parts)
    if not tables:
        return empty()
    names = Phases.__dataclass_fields__
    return Phases(*(np.concatenate([getattr(part, name) for part in tables]) for name in names))


def empty() -> Phases:
    """Return a table without rows."""
    none = np.empty(0)
    whole = np.empty(0, np.int64)
    return Phases(none, none, none.astype(np.int8), none, none, whole, whole)


def uncontrolled(count: int) -> Phases:
    """Return phases of which nothing is known but that they are there, at no time yet."""
    nothing = np.full(count, np.nan)
    mode = np.full(count, UNKNOWN, np.int8)
    number = np.arange(count)
    return Phases(nothing, nothing, mode, nothing, nothing, number, np.full(count, -1, np.int64))


def unrolled(steps: Iterable[Step], start: float = 0.0) -> Phases:
    """Return the phases that steps ask for, one after the other from `start` (s).

    A ramp is one phase with its mean current, so that its charge stays; where that is zero, it is
    of mode "unknown", as it is no rest.

    Raises
    ------
    SettingsError
        for more than ten million phases.
    """
    steps = tuple(steps)
    if (count := number_of(steps)) > MOST_PHASES:
        raise SettingsError(
            f"Protocol: expected at most {MOST_PHASES:.0e} phases to write out, found {count:.2e}; "
            "`walk` goes through the steps without writing them out."
        )
    mode, current, voltage, duration = _columns(steps)
    end = start + np.cumsum(duration)
    begin = np.concatenate(([start], end[:-1])) if end.size else end
    spectrum = np.full(mode.size, -1, np.int64)
    return Phases(begin, end, mode, current, voltage, levels_of(mode, current), spectrum)


def levels_of(mode: npt.NDArray[Any], current: Floats, tolerance: Floats | float = 0.0) -> Ints:
    """Number the levels: neighbours share one where their asked-for current is the same.

    Parameters
    ----------
    mode, current : columns of the phases.
    tolerance : difference (unit of current) up to which neighbours agree, beside `LEAST_STEP`;
        a number, or one per pair of neighbours; one below
        zero parts them.
    """
    if not mode.size:
        return np.empty(0, np.int64)
    amount = np.where(np.isnan(current), 0.0, current)
    larger = np.maximum(np.abs(amount[1:]), np.abs(amount[:-1]))
    near = np.abs(np.diff(amount)) <= np.maximum(tolerance, LEAST_STEP * larger)
    near &= np.asarray(tolerance) >= 0
    zero = amount == 0.0
    near &= zero[1:] == zero[:-1]
    galvanic = np.isfinite(current)
    same = near & galvanic[1:] & galvanic[:-1]
    # without an asked-for current (voltage held, unknown), each phase is a level of its own
    return np.concatenate(([0], np.cumsum(~same))).astype(np.int64)


def _columns(steps: Iterable[Step]) -> tuple[npt.NDArray[np.int8], Floats, Floats, Floats]:
    """Return mode, current, voltage and duration of every step, repetitions written out."""
    modes, currents, voltages, durations = [], [], [], []
    for step in steps:
        if isinstance(step, Repeat):
            mode, current, voltage, duration = (
                np.tile(column, step.count) for column in _columns(step.steps)
            )
        else:
            number, amps, volts = _asked(step)
            mode = np.array([number], np.int8)
            current, voltage, duration = (np.array([v]) for v in (amps, volts, step.duration))
        modes.append(mode)
        currents.append(current)
        voltages.append(voltage)
        durations.append(duration)
    if not modes:
        return np.empty(0, np.int8), np.empty(0), np.empty(0), np.empty(0)
    return (np.concatenate(modes), np.concatenate(currents),
            np.concatenate(voltages), np.concatenate(durations))  # fmt: skip


def _asked(step: Plain) -> tuple[int, float, float]:
    if isinstance(step, Rest):
        return REST, 0.0, np.nan
    if isinstance(step, Hold):
        return CURRENT, step.current, np.nan
    if isinstance(step, Ramp):
        return (CURRENT, step.mean, np.nan) if step.mean else (UNKNOWN, np.nan, np.nan)
    if isinstance(step, PotentialHold):
        return VOLTAGE, np.nan, step.voltage
    if step.voltage is not None:
        return SWEEP, np.nan, step.voltage
    return SWEEP, step.current or 0.0, np.nan
