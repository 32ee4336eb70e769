"""What a protocol asks for, step by step: rests, currents, voltages, sweeps, repetitions.

A step is a small frozen object without an instrument or a cell. Currents are in the unit of the
protocol that holds the step (A or mA/cm²); times are in s, voltages in V, frequencies in Hz.
Every step but a repetition has `limits`; its `duration` is how long it takes at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, final

from anodescope.errors import SettingsError
from anodescope.protocol.checks import finite, hold_to, positive, whole
from anodescope.protocol.limits import Ends, Limits, below_cut_off, merged
from anodescope.protocol.sweep import Sweep

__all__ = [
    "KINDS_OF_STEP",
    "Ends",
    "Hold",
    "Limits",
    "Plain",
    "PotentialHold",
    "Ramp",
    "Repeat",
    "Rest",
    "Step",
    "Sweep",
    "innermost",
    "scaled",
    "settings",
    "total",
]

# Larger counts are not exact as floats, and no experiment has them.
MOST_REPEATS = 10**15

# Repetitions within repetitions: instruments know one or two.
MOST_NESTED = 32


@final
@dataclass(frozen=True, slots=True)
class Rest:
    """No current for `duration` (s), or until a limit; no charge flows, so that is none."""

    duration: float
    until: Limits | None = None

    def __post_init__(self) -> None:
        hold_to(self, "duration", positive)
        if self.limits.charge is not None:
            raise SettingsError(
                f"Rest, until: expected no limit of charge at rest, found {self.limits.charge:g}."
            )

    @property
    def limits(self) -> Limits:
        """What ends the step before its time; without limits, the fields are None."""
        return merged("Rest", None, self.until)


@final
@dataclass(frozen=True, slots=True)
class Hold:
    """A held current; positive strips the electrode under study.

    Attributes
    ----------
    current : (A or mA/cm²), not zero: that is a `Rest`.
    duration : (s), at most: the step ends earlier where a limit is reached.
    voltage_limit : cut-off on |V| (V), which ends the step and, unless `until` says otherwise, its
        block; None: no limit.
    until : further limits.
    """

    current: float
    duration: float
    voltage_limit: float | None = None
    until: Limits | None = None

    def __post_init__(self) -> None:
        hold_to(self, "current", finite)
        if self.current == 0:
            raise SettingsError("Hold, current: expected a current that is not zero; use a Rest.")
        hold_to(self, "duration", positive)
        hold_to(self, "voltage_limit", positive)
        merged("Hold", self.voltage_limit, self.until)

    @property
    def limits(self) -> Limits:
        """What ends the step before its time; without limits, the fields are None."""
        return merged("Hold", self.voltage_limit, self.until)


@final
@dataclass(frozen=True, slots=True)
class Ramp:
    """A current that changes linearly from `start` to `stop`; it may pass through zero.

    Attributes
    ----------
    start, stop : (A or mA/cm²), different: one current is a `Hold`.
    duration : (s) of the whole ramp; where a limit ends it, `stop` is not reached.
    voltage_limit, until : as in a `Hold`.
    """

    start: float
    stop: float
    duration: float
    voltage_limit: float | None = None
    until: Limits | None = None

    def __post_init__(self) -> None:
        hold_to(self, "start", finite)
        hold_to(self, "stop", finite)
        if self.start == self.stop:
            raise SettingsError(
                f"Ramp: expected a start and a stop that differ, found {self.start:g} twice; "
                "use a Hold or a Rest."
            )
        hold_to(self, "duration", positive)
        hold_to(self, "voltage_limit", positive)
        merged("Ramp", self.voltage_limit, self.until)

    @property
    def limits(self) -> Limits:
        """What ends the step before its time; without limits, the fields are None."""
        return merged("Ramp", self.voltage_limit, self.until)

    @property
    def mean(self) -> float:
        """Mean current: what passes is this times the duration."""
        return 0.5 * self.start + 0.5 * self.stop


@final
@dataclass(frozen=True, slots=True)
class PotentialHold:
    """A held voltage (V) for `duration` (s), or until a limit; the current is whatever flows."""

    voltage: float
    duration: float
    until: Limits | None = None

    def __post_init__(self) -> None:
        hold_to(self, "voltage", finite)
        hold_to(self, "duration", positive)
        below_cut_off("PotentialHold", self.voltage, self.limits)

    @property
    def limits(self) -> Limits:
        """What ends the step before its time; without limits, the fields are None."""
        return merged("PotentialHold", None, self.until)


@final
@dataclass(frozen=True, slots=True)
class Repeat:
    """Steps that run `count` times: 100,000 pulses are one small object."""

    steps: tuple[Step, ...]
    count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        whole("Repeat", "count", self.count, 1, MOST_REPEATS)
        if not self.steps:
            raise SettingsError("Repeat: expected at least one step, found none.")
        for step in self.steps:
            if not isinstance(step, KINDS_OF_STEP):
                raise SettingsError(f"Repeat: expected steps, found {step!r}.")
        if _depth(self) > MOST_NESTED:
            raise SettingsError(f"Repeat: expected at most {MOST_NESTED} within each other.")

    @property
    def duration(self) -> float:
        """Duration of all repetitions (s)."""
        return self.count * math.fsum(step.duration for step in self.steps)


Plain: TypeAlias = "Rest | Hold | Ramp | PotentialHold | Sweep"
Step: TypeAlias = "Plain | Repeat"

KINDS_OF_STEP = (Rest, Hold, Ramp, PotentialHold, Sweep, Repeat)


def _depth(step: Step) -> int:
    return 1 + max(map(_depth, step.steps)) if isinstance(step, Repeat) else 0


def scaled(steps: Iterable[Step], factor: float) -> tuple[Step, ...]:
    """Return the steps with every current multiplied by `factor`; amplitudes stay in A and V.

    Limits of charge are multiplied by the size of the factor, so that mA/cm² and mAh/cm² become A
    and A·h together.
    """
    return tuple(_scaled(step, factor) for step in steps)


def _scaled(step: Step, factor: float) -> Step:
    if isinstance(step, Repeat):
        return replace(step, steps=scaled(step.steps, factor))
    until = None if step.until is None else step.until.scaled(factor)
    if isinstance(step, Hold):
        return replace(step, current=step.current * factor, until=until)
    if isinstance(step, Ramp):
        return replace(step, start=step.start * factor, stop=step.stop * factor, until=until)
    if isinstance(step, Sweep) and step.current is not None:
        return replace(step, current=step.current * factor, until=until)
    return replace(step, until=until)


def innermost(steps: Iterable[Step]) -> Iterator[Plain]:
    """Yield every different step once per place where it is written, not per repetition."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from innermost(step.steps)
        else:
            yield step


def total(steps: Iterable[Step]) -> float:
    """Return the duration of all steps (s)."""
    return math.fsum(step.duration for step in steps)


def settings(step: Plain | Limits) -> dict[str, Any]:
    """Return what a step or its limits state, by field, without what it leaves open."""
    pairs = ((field.name, getattr(step, field.name)) for field in fields(step))
    return {name: value for name, value in pairs if value is not None}
