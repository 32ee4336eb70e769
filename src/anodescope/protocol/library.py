"""The paper's protocols, in mA/cm² and s (Wu & Hatzell 2025, DOI 10.1039/d5eb00097a).

Defaults are the paper's where it states them; each docstring says what is assumed. `procedures`
has all of them, set as in the paper.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from anodescope.citations import relies_on
from anodescope.errors import SettingsError
from anodescope.protocol.builders import (
    AMPLITUDE,
    half_cycle_of,
    one_block,
    require_stairs,
    stairs_of,
)
from anodescope.protocol.checks import finite, positive, whole
from anodescope.protocol.protocol import Protocol
from anodescope.protocol.steps import Ends, Hold, Limits, Ramp, Repeat, Rest, Step
from anodescope.protocol.sweep import F_MAX, F_MIN, Sweep

SWEEP_TIME = 35.0
VOLTAGE_LIMIT = 3.0


@relies_on("wu2025")
def rest(duration: float) -> Protocol:
    """Open circuit for `duration` (s)."""
    return one_block("rest", (Rest(duration),), 1)


@relies_on("wu2025")
def hold(
    current: float | Sequence[float] = (0.2, 0.4, 0.7, 1.0),
    duration: float = 600.0,
    *,
    voltage_limit: float | None = None,
) -> Protocol:
    """One held current, or several in turn without impedance (the paper's in situ staircase).

    Parameters
    ----------
    current : (mA/cm²), positive strips; several of them make a staircase.
    duration : (s) of each. 10 min per stair is ASSUMED: the paper does not state it.
    voltage_limit : cut-off on ``|V|`` (V).

    Raises
    ------
    SettingsError
        when several currents neither rise nor fall with one sign.
    """
    if isinstance(current, Sequence):
        currents = [finite("hold", "current", value) for value in current]
        if len(currents) > 1:
            require_stairs("hold", currents)
            stairs = tuple(Hold(value, duration, voltage_limit) for value in currents)
            return one_block("staircase", stairs, len(stairs))
        if not currents:
            raise SettingsError("hold, current: expected at least one current, found none.")
        current = currents[0]
    return one_block("constant_current", (Hold(current, duration, voltage_limit),), 1)


@relies_on("wu2025")
def ccd(
    currents: Sequence[float] = (0.05, 0.1, 0.2, 0.4),
    half_cycle: float = 3600.0,
    *,
    sweep: float | None = SWEEP_TIME,
    rest: float = 0.0,
    strip_first: bool = True,
    voltage_limit: float | None = None,
) -> Protocol:
    """Critical current density: strip and plate at rising currents, with continuous GEIS.

    Parameters
    ----------
    currents : magnitudes (mA/cm²), two or more, rising.
    half_cycle : (s). One hour is ASSUMED: the paper does not state it.
    sweep : time of one GEIS sweep (s), one after the other for the whole half-cycle; what is left
        of it is held. None: no impedance.
    rest : (s) after each half-cycle.
    strip_first : False: the first half-cycle plates.
    voltage_limit : cut-off on ``|V|`` (V).

    Raises
    ------
    SettingsError
        for fewer than two currents, currents that do not rise, or a sweep longer than a half-cycle.
    """
    sizes = [positive("ccd", "currents", value) for value in currents]
    if len(sizes) < 2:
        raise SettingsError("ccd, currents: expected two or more; one alone is cycling.")
    if any(later <= earlier for earlier, later in itertools.pairwise(sizes)):
        raise SettingsError(f"ccd, currents: expected rising magnitudes, found {sizes}.")
    steps: list[Step] = []
    for size in sizes:
        for sign in (1, -1) if strip_first else (-1, 1):
            steps += half_cycle_of("ccd", sign * size, half_cycle, sweep, voltage_limit)
            steps += [Rest(rest)] if positive("ccd", "rest", rest, zero=True) else []
    return one_block("ccd", tuple(steps), 2 * len(sizes))


@relies_on("wu2025")
def cycling(
    current: float,
    half_cycle: float,
    cycles: int = 1,
    *,
    sweep: float | None = None,
    rest: float = 0.0,
    voltage_limit: float | None = None,
) -> Protocol:
    """Strip and plate at one current.

    Parameters
    ----------
    current : (mA/cm²); positive strips first.
    half_cycle : (s).
    cycles : number of pairs of half-cycles.
    sweep, rest, voltage_limit : as in `ccd`.

    Raises
    ------
    SettingsError
        for a sweep longer than a half-cycle, or a value out of its range.
    """
    once: list[Step] = []
    for sign in (1, -1):
        once += half_cycle_of("cycling", sign * current, half_cycle, sweep, voltage_limit)
        once += [Rest(rest)] if positive("cycling", "rest", rest, zero=True) else []
    cycles = whole("cycling", "cycles", cycles, 1)
    return one_block("cycling", (Repeat(tuple(once), cycles),), 2 * cycles)


@relies_on("wu2025")
def staircase_geis(
    start: float = 0.05,
    stop: float = 1.0,
    step: float = 0.01,
    *,
    hold: float = 5.0,
    sweep: float = SWEEP_TIME,
    amplitude: float = AMPLITUDE,
    f_max: float = F_MAX,
    f_min: float = F_MIN,
    points: int | None = None,
    voltage_limit: float | None = VOLTAGE_LIMIT,
) -> Protocol:
    """Staircase of currents, each held and then swept (SGEIS). Negative currents plate.

    Parameters
    ----------
    start, stop, step : (mA/cm²); the sign of `step` is taken from `start` and `stop`.
    hold, sweep : time (s) of the hold and of the sweep of each stair.
    amplitude : (A). The paper does not say whether its 5 µA is a peak or an rms value.
    f_max, f_min, points : of each sweep (Hz); 7 MHz to 5 Hz in the paper.
    voltage_limit : cut-off on ``|V|`` (V), in holds and sweeps; 3 V in the paper.

    Raises
    ------
    SettingsError
        when the stairs do not lead from `start` to `stop`, or pass through zero.
    """
    steps: list[Step] = []
    levels = stairs_of("staircase_geis", start, stop, step)
    for level in levels:
        steps.append(Hold(level, hold, voltage_limit))
        steps.append(
            Sweep(sweep, level, None, amplitude, f_max, f_min, points, voltage_limit=voltage_limit)
        )
    return one_block("staircase_geis", tuple(steps), len(levels))


@relies_on("wu2025")
def staircase(
    start: float,
    stop: float,
    step: float,
    *,
    hold: float = 600.0,
    voltage_limit: float | None = None,
) -> Protocol:
    """Staircase of currents without impedance; `start`, `stop`, `step` in mA/cm², `hold` in s.

    Raises
    ------
    SettingsError
        when the stairs do not lead from `start` to `stop`, or pass through zero.
    """
    levels = stairs_of("staircase", start, stop, step)
    stairs = tuple(Hold(level, hold, voltage_limit) for level in levels)
    return one_block("staircase", stairs, len(levels))


@relies_on("wu2025")
def pulsed_stripping(
    current: float = 1.0,
    on: float = 1.0,
    rest: float = 2.0,
    *,
    capacity: float = 40.0,
    count: int | None = None,
    voltage_limit: float | None = VOLTAGE_LIMIT,
) -> Protocol:
    """Pulses of one current with rests between, until the limit of ``|V|`` or a capacity.

    Parameters
    ----------
    current : (mA/cm²); 1 in the paper.
    on, rest : (s); 1 s and 0, 0.1, 1, 2, 5 or 10 s in the paper. Without a rest it is one constant
        current.
    capacity : (mAh/cm²) of current-on charge at which the pulses end at the latest; 40 mAh/cm² is
        the theoretical capacity of the paper's 40 µL of NaK50.
    count : number of pulses instead of a capacity.
    voltage_limit : cut-off on ``|V|`` (V); 3 V in the paper.

    Raises
    ------
    SettingsError
        for a value out of its range.
    """
    pulse = Hold(current, on, voltage_limit)
    if count is None:
        capacity = positive("pulsed_stripping", "capacity", capacity)
        count = max(math.ceil(capacity * 3600.0 / (abs(pulse.current) * pulse.duration) - 1e-9), 1)
    whole("pulsed_stripping", "count", count, 1)
    if not positive("pulsed_stripping", "rest", rest, zero=True):
        once = Hold(pulse.current, count * pulse.duration, voltage_limit)
        return one_block("constant_current", (once,), 1)
    return one_block("pulsed", (Repeat((pulse, Rest(rest)), count),), count)


@relies_on("wu2025")
def rest_with_peis(
    duration: float = 54000.0,
    every: float = SWEEP_TIME,
    *,
    sweep: float = SWEEP_TIME,
    amplitude: float | None = None,
    f_max: float = F_MAX,
    f_min: float = F_MIN,
    points: int | None = None,
) -> Protocol:
    """Open circuit with a PEIS sweep from time to time; 15 h in the paper.

    Parameters
    ----------
    duration : (s).
    every : time (s) from the start of one sweep to that of the next; a rest fills it.
    sweep : time (s) of one sweep.
    amplitude : (V); the paper does not state it.
    f_max, f_min, points : of each sweep (Hz).

    Raises
    ------
    SettingsError
        when a sweep takes longer than `every` or than the whole rest.
    """
    duration = positive("rest_with_peis", "duration", duration)
    every = positive("rest_with_peis", "every", every)
    if not every >= sweep:
        raise SettingsError(f"rest_with_peis: a sweep of {sweep:g} s does not fit in {every:g} s.")
    count = int(duration / every + 1e-9)
    if not count:
        raise SettingsError(
            f"rest_with_peis: expected a rest of {every:g} s or more, found {duration:g} s."
        )
    once = Sweep(sweep, None, None, amplitude, f_max, f_min, points)
    pause = (Rest(every - sweep),) if every - sweep > 1e-9 * every else ()
    left = duration - count * every
    tail = (Rest(left),) if left > 1e-9 * duration else ()
    return one_block("rest_with_peis", (Repeat((once, *pause), count), *tail), count)


@relies_on("wu2025")
def to_capacity(
    current: float = 0.25,
    capacity: float = 20.0,
    *,
    sweep: float | None = None,
    voltage_limit: float | None = VOLTAGE_LIMIT,
    short: bool = False,
) -> Protocol:
    """One current until a capacity has passed.

    Parameters
    ----------
    current : (mA/cm²); 0.25 in the paper, to 20 mAh/cm². Negative plates.
    capacity : (mAh/cm²), a magnitude.
    sweep : time (s) of a GEIS sweep, one after the other; None: no impedance.
    voltage_limit : cut-off on ``|V|`` (V); 3 V in the paper.
    short : True: a short circuit ends the protocol.

    Raises
    ------
    SettingsError
        for a value out of its range, or a sweep that takes longer than the whole.
    """
    size = abs(finite("to_capacity", "current", current))
    hours = positive("to_capacity", "capacity", capacity) / size if size else 1.0
    until = Limits(short=True, ends=Ends.PROTOCOL) if short else None
    steps = half_cycle_of("to_capacity", current, 3600.0 * hours, sweep, voltage_limit, until)
    return one_block("constant_current", tuple(steps), 1)


@relies_on("wu2025")
def ramp(
    start: float, stop: float, duration: float, *, voltage_limit: float | None = VOLTAGE_LIMIT
) -> Protocol:
    """Change the current linearly from `start` to `stop` (mA/cm²) in `duration` (s).

    The paper ran stairs, not a ramp. Recognition has no kind for it: the block is "unknown".
    """
    note = "A ramp of the current is none of the kinds."
    return one_block("unknown", (Ramp(start, stop, duration, voltage_limit),), 1, note)


@relies_on("wu2025")
def spectra(
    count: int = 1,
    *,
    sweep: float = SWEEP_TIME,
    amplitude: float | None = None,
    f_max: float = F_MAX,
    f_min: float = F_MIN,
    points: int | None = None,
) -> Protocol:
    """PEIS sweeps at open circuit, one after the other: the state of a pristine cell.

    Parameters
    ----------
    count : number of sweeps.
    sweep : time (s) of each.
    amplitude : (V); the paper does not state it.
    f_max, f_min, points : of each sweep (Hz).
    """
    once = Sweep(sweep, None, None, amplitude, f_max, f_min, points)
    steps = (Repeat((once,), count),) if count != 1 else (once,)
    return one_block("impedance_only", steps, count)
