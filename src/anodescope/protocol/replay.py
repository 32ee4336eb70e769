"""How much of a record its protocol explains: each phase is replayed from its own boundary.

A sample is explained when its current lies within the tolerance of the current asked for at its
time: four times the noise of a sample (as estimated from the record), plus 0.2 % of the current,
or, at rest, 0.5 % of the record's largest current; in a sweep, plus the sweep's own amplitude.
Pulses are replayed with the block's one current. The levels of a repeating kind are replayed with
their median length: what lasts a quarter longer is not explained. Under a held voltage, the
voltage is compared instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anodescope.protocol.describe import by_level
from anodescope.protocol.grammar import Part
from anodescope.protocol.phases import (
    CURRENT,
    LEAST_STEP,
    SWEEP,
    UNKNOWN,
    VOLTAGE,
    Bools,
    Floats,
    Ints,
    Phases,
)
from anodescope.protocol.samples import Samples, Sweeps
from anodescope.protocol.stretches import DRIFT, GAP, ZERO_SHARE
from anodescope.protocol.timeline import Timeline

_NOISES = 4.0
_LONGER = 1.25
_REPEATING = ("pulsed", "ccd", "staircase", "staircase_geis")
_HELD_VOLTAGE = 0.01  # V
_ONE_SIDED = 1.645  # standard deviations that 95 % of a normal distribution lie below


def at_least(good: int, total: int) -> float:
    """Return the share that `good` of `total` samples show at least, with 95 % (Wilson's bound).

    All of two samples show 0.43, all of a hundred 0.97: a block of few samples may be a chance.
    """
    if not total:
        return 0.0
    z2 = _ONE_SIDED**2 / total
    share = good / total
    spread = np.sqrt(z2 * share * (1.0 - share) + 0.25 * z2**2)
    return float(np.clip((share + 0.5 * z2 - spread) / (1.0 + z2), 0.0, 1.0))


def with_one_current(phases: Phases, parts: Sequence[Part]) -> Phases:
    """Give all pulses of a block their median current: they were asked for alike."""
    current = phases.current.copy()
    for part in parts:
        if part.kind == "pulsed":
            rows = slice(part.start, part.end)
            on = current[rows] != 0.0
            current[rows] = np.where(on, np.median(current[rows][on]), 0.0)
    return Phases(
        phases.time_start, phases.time_end, phases.mode, current, phases.voltage, phases.level,
        phases.spectrum,
    )  # fmt: skip


def explained(
    samples: Samples, sweeps: Sweeps, line: Timeline, parts: Sequence[Part], scale: float
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return, per block, the number of samples, and how many are explained, held, and hidden.

    Held are those that are explained or, of a constant current, within the drift of a held level.

    Points of sweeps that left no rows in the record count as samples, explained by their spectrum.
    Hidden rows (of a stretch whose current was not recorded) count as samples, not explained, but
    for a hold of unknown size: there, those count whose polarisation is that of the hold.

    Parameters
    ----------
    samples, sweeps : of the record.
    line : its phases, with the currents to replay.
    parts : its blocks.
    scale : largest held current (A).
    """
    phases = line.phases
    block = np.repeat(np.arange(len(parts)), [part.end - part.start for part in parts])
    total = np.zeros(len(parts), np.int64)
    good = np.zeros(len(parts), np.int64)
    drifts = np.zeros(len(parts), np.int64)
    constant = np.array([part.kind == "constant_current" for part in parts], bool)
    if samples.time.size and phases.size:
        phase = np.searchsorted(phases.time_start, samples.time, side="right") - 1
        phase = _by_sweep(samples, sweeps, phases, np.clip(phase, 0, None))
        near = _fits(samples, line, phase, scale, DRIFT) & constant[block[phase]]
        fits = _fits(samples, line, phase, scale) & _in_time(samples, line, parts, phase)
        total += np.bincount(block[phase], minlength=len(parts))
        good += np.bincount(block[phase], fits, len(parts)).astype(np.int64)
        drifts += np.bincount(block[phase], near & ~fits, len(parts)).astype(np.int64)
    seen = np.zeros(sweeps.size, bool)
    seen[samples.sweep[samples.sweep >= 0]] = True
    rows = np.flatnonzero(phases.mode == SWEEP)
    unseen = rows[~seen] if rows.size == sweeps.size else rows[:0]
    points = sweeps.points[~seen] if rows.size == sweeps.size else sweeps.points[:0]
    more = np.bincount(block[unseen], points, len(parts)).astype(np.int64)
    at = np.searchsorted(phases.time_start, samples.hidden, side="right") - 1
    of_block = block[np.clip(at, 0, None)]
    hidden = np.bincount(of_block, minlength=len(parts)).astype(np.int64)
    unseen = np.isnan(phases.current) & (phases.mode == CURRENT)
    fits = line.hidden_fits & unseen[np.clip(at, 0, None)] if hidden.any() else line.hidden_fits
    good = good + more + np.bincount(of_block, fits, len(parts)).astype(np.int64)
    return total + more + hidden, good, good + drifts, hidden


def _by_sweep(samples: Samples, sweeps: Sweeps, phases: Phases, phase: Ints) -> Ints:
    """Rows of a sweep belong to its phase, whatever the edges between the phases are."""
    rows = np.flatnonzero(phases.mode == SWEEP)
    if rows.size != sweeps.size or not rows.size:
        return phase
    return np.where(samples.sweep >= 0, rows[samples.sweep], phase)


def _fits(
    samples: Samples, line: Timeline, phase: Ints, scale: float, share: float = LEAST_STEP
) -> Bools:
    phases = line.phases
    in_sweep = phases.mode == SWEEP
    noise = np.where(in_sweep, _sweep_noise(samples, phases, phase), line.noise)
    tolerance = _NOISES * noise + share * np.abs(np.nan_to_num(phases.current))
    tolerance += np.where(phases.current == 0.0, ZERO_SHARE * scale, 0.0) + line.amplitude
    near = np.abs(samples.current - phases.current[phase]) <= tolerance[phase]
    volts = np.abs(samples.voltage - phases.voltage[phase]) <= _HELD_VOLTAGE
    held = (phases.mode == VOLTAGE) | (in_sweep & np.isnan(phases.current))
    unknown = (phases.mode == UNKNOWN)[phase]
    fits: Bools = np.where(held[phase], volts, near & ~unknown)
    return fits


def _sweep_noise(samples: Samples, phases: Phases, phase: Ints) -> float:
    """Return the noise (A) of mean currents in sweeps: their usual distance from the bias."""
    rows = samples.sweep >= 0
    distance = np.abs(samples.current[rows] - phases.current[phase[rows]])
    distance = distance[np.isfinite(distance)]
    return float(np.median(distance)) / 0.6745 if distance.size else 0.0


def _in_time(samples: Samples, line: Timeline, parts: Sequence[Part], phase: Ints) -> Bools:
    """Say which samples lie within the length that their level has by the protocol.

    Time in which samples are missing does not count.
    """
    phases = line.phases
    if not any(part.kind in _REPEATING for part in parts):
        return np.ones(samples.time.size, bool)
    first, current, rest = by_level(phases)
    lasts = np.bincount(phases.level, line.covered, first.size)
    until = np.full(first.size, np.inf)
    for part in parts:
        if part.kind not in _REPEATING:
            continue
        rows = np.arange(phases.level[part.start], phases.level[part.end - 1] + 1)
        for some in (rows[rest[rows]], rows[np.isfinite(current[rows]) & ~rest[rows]]):
            if some.size > 1:
                until[some] = _LONGER * np.median(lasts[some])
    level = phases.level[phase]
    step = np.diff(samples.time, prepend=samples.time[:1])
    usual = np.nan_to_num(line.interval, nan=np.inf)[phase]
    inside = np.concatenate(([False], phase[1:] == phase[:-1]))
    step = np.where(inside & (step > GAP * usual), usual, step)
    clock = np.cumsum(step)
    new = np.concatenate(([True], level[1:] != level[:-1]))
    since: Floats = clock - clock[new][np.cumsum(new) - 1]
    limited = np.repeat(
        [part.kind in _REPEATING for part in parts], [part.end - part.start for part in parts]
    )
    within: Bools = (since <= until[level]) | ~limited[phase]
    return within
