"""Parts that the library's protocols are made of: half-cycles, stairs, the paper's settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from anodescope.errors import SettingsError
from anodescope.protocol.checks import finite, positive
from anodescope.protocol.limits import Limits
from anodescope.protocol.protocol import Block, Protocol
from anodescope.protocol.steps import Hold, Repeat, Step
from anodescope.protocol.sweep import F_MAX, F_MIN, Sweep

AMPLITUDE = 5e-6


def one_block(kind: str, steps: tuple[Step, ...], count: int, note: str = "") -> Protocol:
    """Return a protocol of one block."""
    return Protocol((Block(kind, steps, count, note=note),))


def half_cycle_of(
    where: str,
    current: float,
    duration: float,
    sweep: float | None,
    limit: float | None,
    until: Limits | None = None,
) -> list[Step]:
    """Return one half-cycle: sweeps one after the other, and a hold for what is left of it.

    Parameters
    ----------
    where : name of the procedure, for errors.
    current, duration : of the half-cycle.
    sweep : time of one sweep (s); None: no impedance.
    limit, until : of each of its steps.

    Raises
    ------
    SettingsError
        for a sweep longer than the half-cycle, or a value out of its range.
    """
    if sweep is None:
        return [Hold(current, duration, limit, until)]
    sweep = positive(where, "sweep", sweep)
    count = int(positive(where, "half_cycle", duration) / sweep + 1e-9)
    if not count:
        raise SettingsError(
            f"{where}: a sweep of {sweep:g} s does not fit in a half-cycle of {duration:g} s."
        )
    bias = finite(where, "current", current)
    once = Sweep(sweep, bias, None, AMPLITUDE, F_MAX, F_MIN, voltage_limit=limit, until=until)
    steps: list[Step] = [Repeat((once,), count)]
    left = duration - count * sweep
    if left > 1e-9 * duration:
        steps.append(Hold(current, left, limit, until))
    return steps


def stairs_of(where: str, start: float, stop: float, step: float) -> list[float]:
    """Return currents from start to stop, both included as far as the step leads to it.

    Raises
    ------
    SettingsError
        when the stairs do not lead from `start` to `stop`, or pass through zero.
    """
    start, stop = finite(where, "start", start), finite(where, "stop", stop)
    size = abs(finite(where, "step", step))
    if size == 0 or start == stop:
        raise SettingsError(f"{where}: expected a step that leads from {start:g} to {stop:g}.")
    if start * stop <= 0:
        raise SettingsError(
            f"{where}: expected start and stop of one sign and not zero, "
            f"found {start:g} and {stop:g}."
        )
    count = int(abs(stop - start) / size + 1e-6) + 1
    if count < 2:
        raise SettingsError(f"{where}: a step of {size:g} does not fit from {start:g} to {stop:g}.")
    way = math.copysign(size, stop - start)
    levels = np.round(start + way * np.arange(count), 12)
    return [float(level) for level in levels]


def require_stairs(where: str, currents: Sequence[float]) -> None:
    """Refuse currents that neither rise nor fall with one sign.

    Raises
    ------
    SettingsError
        naming `where` and the currents.
    """
    change = np.diff(np.abs(currents))
    one_sign = min(currents) > 0 or max(currents) < 0
    if not one_sign or not (np.all(change > 0) or np.all(change < 0)):
        raise SettingsError(
            f"{where}, current: expected currents of one sign that rise or fall, found "
            f"{list(currents)}."
        )
