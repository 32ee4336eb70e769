"""What a protocol asks for, step by step: rests, held currents and voltages, sweeps, repetitions.

A step is a small frozen object without an instrument or a cell. Currents are in the unit of the
protocol that holds the step (A or mA/cm²); times are in s, voltages in V, frequencies in Hz.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, final

from anodescope.errors import SettingsError


def positive(where: str, name: str, value: object, *, zero: bool = False) -> float:
    """Return a finite number above zero (or, where `zero` is allowed, not below).

    Raises
    ------
    SettingsError
        naming `where`, the name, what was expected and what was found.
    """
    number = finite(where, name, value)
    if number < 0 or (number == 0 and not zero):
        raise SettingsError(
            f"{where}, {name}: expected a number {'not below' if zero else 'above'} zero, "
            f"found {value!r}."
        )
    return number


def finite(where: str, name: str, value: object) -> float:
    """Return a finite number as a float.

    Raises
    ------
    SettingsError
        naming `where`, the name, what was expected and what was found.
    """
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not math.isfinite(float(value)):  # type: ignore[arg-type]
        raise SettingsError(f"{where}, {name}: expected a finite number, found {value!r}.")
    return float(value)  # type: ignore[arg-type]


def whole(where: str, name: str, value: object, least: int) -> int:
    """Return a whole number of at least `least`.

    Raises
    ------
    SettingsError
        naming `where`, the name, what was expected and what was found.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SettingsError(
            f"{where}, {name}: expected a whole number from {least}, found {value!r}."
        )
    return value


@final
@dataclass(frozen=True, slots=True)
class Rest:
    """No current for `duration` (s)."""

    duration: float

    def __post_init__(self) -> None:
        _set(self, "duration", positive)


@final
@dataclass(frozen=True, slots=True)
class Hold:
    """A held current; positive strips the electrode under study.

    Attributes
    ----------
    current : (A or mA/cm²), not zero: that is a `Rest`.
    duration : (s), at most: the step ends earlier where a limit is reached.
    voltage_limit : cut-off on |V| (V), which ends the step and its block; None: no limit.
    """

    current: float
    duration: float
    voltage_limit: float | None = None

    def __post_init__(self) -> None:
        _set(self, "current", finite)
        if self.current == 0:
            raise SettingsError("Hold, current: expected a current that is not zero; use a Rest.")
        _set(self, "duration", positive)
        _set(self, "voltage_limit", positive)


@final
@dataclass(frozen=True, slots=True)
class PotentialHold:
    """A held voltage (V) for `duration` (s); the current is whatever flows."""

    voltage: float
    duration: float

    def __post_init__(self) -> None:
        _set(self, "voltage", finite)
        _set(self, "duration", positive)


@final
@dataclass(frozen=True, slots=True)
class Sweep:
    """One impedance spectrum, from `f_max` down to `f_min`.

    Attributes
    ----------
    duration : (s).
    current : bias (A or mA/cm²) of a galvanostatic sweep (GEIS); None: potentiostatic (PEIS).
    voltage : dc voltage (V) of a potentiostatic sweep; None: that found at rest when it starts.
    amplitude : of the perturbation: A for GEIS (never per area), V for PEIS. Files and the paper
        do not say whether it is a peak or an rms value; None: not stated.
    f_max, f_min : frequencies (Hz); None: not stated.
    points : number of frequencies; None: not stated.
    """

    duration: float
    current: float | None = None
    voltage: float | None = None
    amplitude: float | None = None
    f_max: float | None = None
    f_min: float | None = None
    points: int | None = None

    def __post_init__(self) -> None:
        _set(self, "duration", positive)
        _set(self, "current", finite)
        _set(self, "voltage", finite)
        for name in ("amplitude", "f_max", "f_min"):
            _set(self, name, positive)
        if self.points is not None:
            whole("Sweep", "points", self.points, 1)
        if self.current is not None and self.voltage is not None:
            raise SettingsError("Sweep: expected a bias current or a dc voltage, found both.")
        if self.f_max is not None and self.f_min is not None and self.f_max < self.f_min:
            raise SettingsError(
                f"Sweep: expected f_max above f_min, found {self.f_max:g} and {self.f_min:g} Hz."
            )

    @property
    def at_rest(self) -> bool:
        """No dc current is asked for: PEIS at the voltage found at rest, or GEIS around zero."""
        return self.voltage is None and not self.current


@final
@dataclass(frozen=True, slots=True)
class Repeat:
    """Steps that run `count` times: 100,000 pulses are one small object."""

    steps: tuple[Step, ...]
    count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        whole("Repeat", "count", self.count, 1)
        if not self.steps:
            raise SettingsError("Repeat: expected at least one step, found none.")
        for step in self.steps:
            if not isinstance(step, KINDS_OF_STEP):
                raise SettingsError(f"Repeat: expected steps, found {step!r}.")

    @property
    def duration(self) -> float:
        """Duration of all repetitions (s)."""
        return self.count * math.fsum(step.duration for step in self.steps)


Step: TypeAlias = "Rest | Hold | PotentialHold | Sweep | Repeat"

KINDS_OF_STEP = (Rest, Hold, PotentialHold, Sweep, Repeat)


def scaled(steps: Iterable[Step], factor: float) -> tuple[Step, ...]:
    """Return the steps with every current multiplied by `factor`; amplitudes stay in A and V."""

    def one(step: Step) -> Step:
        if isinstance(step, Repeat):
            return replace(step, steps=scaled(step.steps, factor))
        if isinstance(step, Hold):
            return replace(step, current=step.current * factor)
        if isinstance(step, Sweep) and step.current is not None:
            return replace(step, current=step.current * factor)
        return step

    return tuple(one(step) for step in steps)


def innermost(steps: Iterable[Step]) -> Iterator[Rest | Hold | PotentialHold | Sweep]:
    """Yield every different step once per place where it is written, not per repetition."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from innermost(step.steps)
        else:
            yield step


def total(steps: Iterable[Step]) -> float:
    """Return the duration of all steps (s)."""
    return math.fsum(step.duration for step in steps)


def settings(step: Rest | Hold | PotentialHold | Sweep) -> dict[str, Any]:
    """Return what a step states, by field, without what it leaves open."""
    pairs = ((field.name, getattr(step, field.name)) for field in fields(step))
    return {name: value for name, value in pairs if value is not None}


def _set(step: object, name: str, check: Callable[[str, str, object], float]) -> None:
    """Hold a field of a frozen step to a check; None stays where it is the field's default."""
    value = getattr(step, name)
    optional = name in type(step).__dataclass_fields__ and (  # type: ignore[attr-defined]
        type(step).__dataclass_fields__[name].default is None  # type: ignore[attr-defined]
    )
    if value is None and optional:
        return
    object.__setattr__(step, name, check(type(step).__name__, name, value))
