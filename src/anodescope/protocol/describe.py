"""What a block's phases amount to: its parameters, and the steps that would ask for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anodescope.protocol.phases import (
    CURRENT,
    LEAST_STEP,
    REST,
    SWEEP,
    VOLTAGE,
    Bools,
    Floats,
    Ints,
    Phases,
)
from anodescope.protocol.steps import Hold, PotentialHold, Repeat, Rest, Step, Sweep

Parameters = dict[str, Any]

# A block that is not one of the repeating kinds is written out step by step up to this many.
_MOST_STEPS = 20_000

# A last pulse that is shorter than the others by this share was ended before its time.
_PARTIAL = 0.1


def parameters_of(kind: str, phases: Phases) -> Parameters:
    """Return what characterises a block of this kind.

    Currents are in the unit of the phases, times in s. Times are medians over the block, so that
    a level that a limit cut short does not move them.

    Parameters
    ----------
    kind : kind of the block.
    phases : the block's phases.

    Returns
    -------
    constant_current: current, duration; ccd: currents (magnitudes as they rise), half_cycle,
    first (+1 strips first); staircase, staircase_geis: start, stop, step (0 for a single stair);
    pulsed: current, on, rest, count; rest: duration; rest_with_peis and impedance_only: duration,
    count, every (s from sweep to sweep); cycling: current (median magnitude), half_cycle, count.
    Where the block has them: hold, sweep (s of one), rest (s between levels).
    """
    if not phases.size:
        return {}
    describe = _DESCRIBE.get(kind, _plain)
    if kind in _UNDER_CURRENT and not _flowing(phases)[0].size:
        describe = _plain  # a block that is not what it is called, from a file
    return describe(phases)


def _plain(phases: Phases) -> Parameters:
    return {"duration": float(phases.time_end[-1] - phases.time_start[0])}


def _constant(phases: Phases) -> Parameters:
    return {
        "current": _middle(phases.current[phases.current != 0]),
        **_plain(phases),
        **_sweeping(phases),
    }


def _ccd(phases: Phases) -> Parameters:
    current, duration = _flowing(phases)
    size = np.abs(current)
    new = np.concatenate(([True], np.diff(size) > _near(size[1:])))
    group = np.cumsum(new) - 1
    return {
        "currents": [float(np.mean(size[group == k])) for k in range(int(group[-1]) + 1)],
        "half_cycle": _middle(duration),
        "first": int(np.sign(current[0])),
        **_between(phases),
        **_sweeping(phases),
    }


def _staircase(phases: Phases) -> Parameters:
    current, _ = _flowing(phases)
    hold = phases.duration[phases.mode == CURRENT]
    return {
        "start": float(current[0]),
        "stop": float(current[-1]),
        "step": _middle(np.diff(current)) if current.size > 1 else 0.0,
        **({"hold": _middle(hold)} if hold.size else {}),
        **_between(phases),
        **_sweeping(phases),
    }


def _pulsed(phases: Phases) -> Parameters:
    on = phases.mode == CURRENT
    rest = phases.mode == REST
    return {
        "current": _middle(phases.current[on]),
        "on": _middle(phases.duration[on]),
        "rest": _middle(phases.duration[rest]),
        "count": int(np.count_nonzero(on)),
    }


def _cycling(phases: Phases) -> Parameters:
    current, duration = _flowing(phases)
    # a half-cycle of two rates is two levels of one sign
    half = np.cumsum(np.diff(np.sign(current), prepend=0.0) != 0) - 1
    return {
        "current": _middle(np.abs(current)),
        "half_cycle": _middle(np.bincount(half, duration)),
        "count": int(half[-1]) + 1,
        **_between(phases),
        **_sweeping(phases),
    }


def _sweeps(phases: Phases) -> Parameters:
    start = phases.time_start[phases.mode == SWEEP]
    every = {"every": _middle(np.diff(start))} if start.size > 1 else {}
    return {**_plain(phases), "count": int(start.size), **every, **_sweeping(phases)}


_DESCRIBE = {
    "constant_current": _constant,
    "ccd": _ccd,
    "staircase_geis": _staircase,
    "staircase": _staircase,
    "pulsed": _pulsed,
    "rest_with_peis": _sweeps,
    "impedance_only": _sweeps,
    "cycling": _cycling,
}


_UNDER_CURRENT = ("ccd", "staircase_geis", "staircase", "pulsed", "cycling")


def _sweeping(phases: Phases) -> Parameters:
    duration = phases.duration[phases.mode == SWEEP]
    return {"sweep": _middle(duration)} if duration.size else {}


def _between(phases: Phases) -> Parameters:
    """Rests between the levels that carry a current."""
    _, _, rest = by_level(phases)
    inner = rest[1:-1] if rest.size > 2 else rest[:0]
    duration = level_durations(phases)
    there = np.concatenate(([False], inner, [False])) if rest.size > 2 else rest & False
    return {"rest": _middle(duration[there])} if there.any() else {}


def by_level(phases: Phases) -> tuple[Ints, Floats, Bools]:
    """Return, per level: its first phase, its asked-for current, and whether it is a rest."""
    if not phases.size:
        none = np.empty(0)
        return none.astype(np.int64), none, none.astype(bool)
    first = np.concatenate(([0], np.flatnonzero(np.diff(phases.level)) + 1))
    current = phases.current[first]
    return first, current, current == 0.0


def level_durations(phases: Phases) -> Floats:
    """Return the time (s) from the beginning of each level's first phase to the end of its last."""
    first, _, _ = by_level(phases)
    last = np.concatenate((first[1:], [phases.size])) - 1 if first.size else first
    spans: Floats = phases.time_end[last] - phases.time_start[first]
    return spans


def _flowing(phases: Phases) -> tuple[Floats, Floats]:
    """Return current and duration of the levels under current."""
    _, current, _ = by_level(phases)
    flows = np.isfinite(current) & (current != 0.0)
    return current[flows], level_durations(phases)[flows]


def _near(size: Floats) -> Floats:
    return np.maximum(0.01 * size, LEAST_STEP * float(np.max(size, initial=0.0)))


def _middle(values: npt.ArrayLike) -> float:
    array = np.asarray(values, float)
    return float(np.median(array)) if array.size else 0.0


# steps


def steps_of(kind: str, phases: Phases) -> tuple[Step, ...]:
    """Return the steps that ask for what a block's phases did.

    Pulses become one repetition with the block's own current and times, but for the last one,
    which a limit may have ended; all other kinds are written out phase by phase. What was not
    controlled as far as is known gives no step, and a hold of unknown size none to its block.
    """
    if kind == "pulsed" and (pulses := _repeated_pulses(phases)):
        return pulses
    unseen = np.any((phases.mode == CURRENT) & np.isnan(phases.current))
    if kind == "unknown" or unseen or phases.size > _MOST_STEPS:
        return ()
    return tuple(
        step
        for row in zip(
            phases.mode.tolist(), phases.current.tolist(), phases.voltage.tolist(),
            phases.duration.tolist(), strict=True,
        )
        if (step := _step(*row)) is not None
    )  # fmt: skip


def _repeated_pulses(phases: Phases) -> tuple[Step, ...]:
    """Return pulses as one repetition and, where it is partial, the last; (): not on and off."""
    found = _pulsed(phases)
    alternate = np.where(np.arange(phases.size) % 2, REST, CURRENT)
    if not (found["current"] and found["on"] > 0 and found["rest"] > 0):
        return ()
    if np.any(phases.mode != alternate):
        return ()
    pulse = (Hold(found["current"], found["on"]), Rest(found["rest"]))
    whole, odd = divmod(phases.size, 2)
    last = phases.duration[2 * (whole - 1 + odd) :]
    partial = bool(odd) or last[0] < (1.0 - _PARTIAL) * found["on"]
    whole -= int(partial and not odd)
    steps: tuple[Step, ...] = (Repeat(pulse, whole),) if whole else ()
    if partial and not last.all():
        return ()
    if partial:
        steps += (Hold(found["current"], float(last[0])), *(Rest(float(v)) for v in last[1:]))
    return steps


def _step(mode: int, current: float, voltage: float, duration: float) -> Step | None:
    if not duration > 0:
        return None
    if mode == REST:
        return Rest(duration)
    if mode == CURRENT and np.isfinite(current) and current:
        return Hold(current, duration)
    if mode == VOLTAGE and np.isfinite(voltage):
        return PotentialHold(voltage, duration)
    if mode == SWEEP and np.isfinite(current):
        return Sweep(duration, current=current) if current else Sweep(duration)
    if mode == SWEEP:
        return Sweep(duration, voltage=voltage if np.isfinite(voltage) else None)
    return None
