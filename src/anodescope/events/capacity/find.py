"""Critical stripping capacity: the charge passed while current flowed, up to |V| = limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from anodescope.errors import Outcome, SettingsError
from anodescope.events.capacity.course import Course, Samples, course_of, strippings
from anodescope.events.capacity.ohmic import ohmic_of
from anodescope.events.finding import NAN, Finding, Floats, Record, absent
from anodescope.events.onset.resistances import Ohmic

__all__ = ["CapacitySettings", "find_capacity"]

BLOCKS = ("constant_current", "pulsed", "staircase", "staircase_geis")
HALF_CYCLES = ("cycling", "ccd")  # blocks in which each half-cycle is a stripping by itself
SHORTS = ("hard_short", "soft_short")
RAW, OHMIC = "voltage", "voltage_minus_ohmic"
_TRIES = 1000  # samples above the limit that may be glitches
_NEAR = 0.3  # share of the limit from which on a cut-off may lie between two samples
_CONTRADICTS = 0.05  # share from which on the instrument's charge is no error of measurement
_VAGUE = 0.1  # share of the charge from which on what was not recorded leaves only bounds
_SHORTED = " A {kind} short circuit {time} ended it: charge after that does not count."
_FEW = 20  # samples from which on their differences tell the noise


@final
@dataclass(frozen=True, slots=True)
class CapacitySettings:
    """How the critical capacity is found.

    Attributes
    ----------
    limit : |V| (V) at which the electrode counts as exhausted.
    tolerance : share of the limit by which the last sample of a cut-off may miss it.
    series_resistance : R_Ω (Ω) for |V − i·R_Ω|; None: that of the DRT, over the
        usable sweeps of the block, or of the last one before it.
    plating : also look at negative currents.

    Raises
    ------
    SettingsError
        for a number outside its range.
    """

    limit: float = 3.0
    tolerance: float = 1e-3
    series_resistance: float | None = None
    plating: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.limit < np.inf:
            raise SettingsError(
                f"Critical capacity, limit: expected a voltage above 0, found {self.limit}."
            )
        if not 0 <= self.tolerance < 0.5:
            raise SettingsError(
                "Critical capacity, tolerance: expected a share from 0 to 0.5, "
                f"found {self.tolerance}."
            )
        given = self.series_resistance
        if given is not None and not 0 <= given < np.inf:
            raise SettingsError(
                f"Critical capacity, series_resistance: expected 0 Ω or more, found {given}."
            )


def find_capacity(
    record: Record,
    settings: CapacitySettings | None = None,
    *,
    shorts: Sequence[Finding] | None = None,
) -> list[Finding]:
    """Find the charge stripped until |V| reached the limit, per block, with and without iR.

    Parameters
    ----------
    record : what detectors read; it needs a voltage and a protocol with a current.
    settings : the limit, and the series resistance where it is known.
    shorts : findings of `find_shorts`; at the first hard or soft short circuit the charge ends.

    Returns
    -------
    Per block with a stripping current ``critical_capacity`` (C), once on the basis ``voltage`` and
    once on ``voltage_minus_ohmic``: the charge where |V| crosses the limit between two samples.
    Bounds are the samples below and above it by more than the noise, twice what the noise of the
    current makes of the charge, what may have passed where nothing was recorded, and the
    instrument's own charge. Where the limit was not reached the outcome is censored: low is the
    charge of the block, high infinity; where it lay before a next sample that was never taken
    the outcome is not_resolved, as it is where more than a tenth may have passed unrecorded; where
    the instrument's charge contradicts the integral it is not_decidable. The event is called
    ``cutoff``. With half-cycles (cycling, critical current) each that strips counts by itself: all
    that reached the limit come out, and the largest of the
    others.
    """
    settings = settings or CapacitySettings()
    criteria = {
        RAW: f"charge passed while current flowed up to |V| = {settings.limit:g} V",
        OHMIC: f"charge passed while current flowed up to |V − i·R_Ω| = {settings.limit:g} V",
    }
    blocks = [row for row, kind in enumerate(record.phases.kinds) if kind in BLOCKS + HALF_CYCLES]
    reason = None if blocks else Outcome.needs_protocol
    if reason is None and not record.has_voltage:
        reason = Outcome.too_few_points
    if reason is not None:
        return [absent("critical_capacity", "C", reason, criteria[RAW], RAW)]
    size = np.abs(record.voltage)
    seen = np.flatnonzero(np.isfinite(size))
    job = _Job(
        record,
        Samples.of(record),
        settings,
        criteria,
        [one for one in shorts or () if one.quantity in SHORTS and np.isfinite(one.time)],
        int(seen[0]),
        int(np.append(np.flatnonzero(size < settings.limit), size.size)[0]),
    )
    findings = [one for block in blocks for one in _of_block(job, block)]
    if not findings:
        words = "No block strips: every current is negative or unknown."
        return [absent("critical_capacity", "C", Outcome.not_decidable, criteria[RAW], RAW,
                       message=words)]  # fmt: skip
    return findings


@final
@dataclass(frozen=True, slots=True)
class _Job:
    """What every block needs; `first`, `below`: first samples with a voltage, below the limit."""

    record: Record
    samples: Samples
    settings: CapacitySettings
    criteria: dict[str, str]
    shorts: list[Finding]
    first: int
    below: int


def _of_block(job: _Job, block: int) -> list[Finding]:
    """Return the findings of one block."""
    record, settings = job.record, job.settings
    both = not record.sign_known or settings.plating
    each = record.phases.kinds[block] in HALF_CYCLES
    ohmic: Ohmic | tuple[Outcome, str] | None = None
    findings: dict[str, list[Finding]] = {RAW: [], OHMIC: []}
    for rows in strippings(record.phases, block, both=both, each=each):
        course = course_of(record, job.samples, rows)
        if course is None:
            continue
        short = _first_short(job, course)
        if short is not None:
            ended = course.until(short.low)
            if ended is None:
                findings[RAW].append(_after_short(job, short, block))
                continue
            course = ended
        end = "" if short is None or not course.ended else _SHORTED.format(
            kind=short.quantity.split("_")[0], time=_between(short))  # fmt: skip
        raw = _found(job, course, np.abs(course.voltage), RAW, block, "", end)
        findings[RAW].append(raw)
        if ohmic is None:
            ohmic = ohmic_of(record, block, settings.series_resistance)
        if isinstance(ohmic, Ohmic):
            rest = np.abs(course.voltage - course.current * ohmic.value)
            note = f" R_Ω = {ohmic.value:.4g} Ω ({ohmic.text})."
            one = _found(job, course, rest, OHMIC, block, note, end)
            # The instrument stopped once: one event.
            findings[OHMIC].append(replace(one, event="") if raw.event else one)
    if isinstance(ohmic, tuple):
        findings[OHMIC] = [
            absent("critical_capacity", "C", ohmic[0], job.criteria[OHMIC], OHMIC,
                   block=block, message=ohmic[1])
        ]  # fmt: skip
    if each:
        findings = {basis: _shortened(many) for basis, many in findings.items()}
    return findings[RAW] + findings[OHMIC]


def _shortened(many: list[Finding]) -> list[Finding]:
    """Keep those of half-cycles that reached the limit, and the largest of the others."""
    reached = [one for one in many if one.event or np.isfinite(one.value)]
    others = [one for one in many if not (one.event or np.isfinite(one.value))]
    if len(others) < 2:
        return many
    most = max(others, key=lambda one: float(np.nan_to_num(one.low, nan=-1.0)))
    words = f" The most of {len(others)} half-cycles that did not reach it."
    return [*reached, replace(most, message=most.message + words)]


def _first_short(job: _Job, course: Course) -> Finding | None:
    """Return the first hard or soft short circuit that began before the end of a course.

    One in doubt counts only if it lies within the course. Where several bases show the same one,
    that with the narrowest interval counts: a sweep bounds it by its own length.
    """
    begin, end = float(course.time[0]), float(course.time[-1])
    certain = [one for one in job.shorts if one.outcome is Outcome.determined]
    if not any(one.low < end for one in certain):
        certain = [one for one in job.shorts if begin < one.time <= end]
    first = min(certain, key=lambda one: one.time, default=None)
    if first is None:
        return None
    same = [one for one in certain if one.low <= first.high and first.low <= one.high]
    narrow = min(same, key=lambda one: one.high - one.low)
    return narrow if narrow.low < end else None


def _between(short: Finding) -> str:
    return f"between {short.low:.6g} and {short.high:.6g} s"


def _after_short(job: _Job, short: Finding, block: int) -> Finding:
    message = (
        f"A {short.quantity.split('_')[0]} short circuit came before, {_between(short)}: the "
        "charge may have passed through it."
    )
    return absent(
        "critical_capacity", "C", Outcome.not_decidable, job.criteria[RAW], RAW,
        block=block, message=message,
    )  # fmt: skip


def _found(
    job: _Job, course: Course, size: Floats, basis: str, block: int, note: str, end: str
) -> Finding:
    """Return the capacity on one basis; `size` is |V| or |V − i·R_Ω| of the course's samples."""
    record, settings, criterion = job.record, job.settings, job.criteria[basis]
    reached = _reached(course, size, settings)
    at = size.size - 1 if reached is None else min(reached[1], size.size - 1)
    how = (
        "measured current"
        if course.measured > 0.99
        else f"measured current for {course.measured:.0%}, asked-for current for the rest"
    )
    note = f" ({how}{_against_instrument(course, at)}){_hidden(record, course, at)}.{note}"
    note += record.sign
    apart = 0.0 if course.instrument is None else float(course.instrument[at])
    spread = 2.0 * _charge_noise(course)
    if reached is None:
        return _censored(job, course, size, basis, block, min(apart, 0.0), note + end)
    below, at, above = reached
    if at == 0 and not _was_below(job, course):
        message = (
            f"|V| was above {settings.limit:g} V before the current flowed: no limit to reach."
        )
        return absent("critical_capacity", "C", Outcome.not_decidable, criterion, basis,
                      block=block, message=message)  # fmt: skip
    low = float(course.least[below]) - spread if below >= 0 else 0.0
    seen = above < size.size
    high = spread + (float(course.most[above]) if seen else float(course.most[-1]) + course.after)
    # The instrument's charge is another measurement of the same: what it says must lie within.
    if at < size.size:
        before = float(course.charge[at - 1]) if at else 0.0
        part = _fraction(size, at, settings.limit)
        value, outcome = before + part * (float(course.charge[at]) - before), Outcome.determined
    else:
        value, outcome = float(course.charge[-1]) + 0.5 * course.after, Outcome.not_resolved
    last = min(at, size.size - 1)
    if course.hidden[last] > 0 and course.most[last] - course.least[last] > _VAGUE * value:
        outcome = Outcome.not_resolved
    if abs(apart) > _CONTRADICTS * value:
        outcome = Outcome.not_decidable
    low, high = max(min(low, value + apart), 0.0), max(high, value + apart)
    ends = f"between {record.coulomb(low, 6)} and {record.coulomb(high, 6)}"
    message = f"{settings.limit:g} V was reached {ends}{note}"
    if at == size.size:
        message = (
            f"The current ended at {size[-1]:.4g} V, where {settings.limit:g} V lay within one "
            f"more sample: {ends}{note}"
        )
    time = float(course.time[last])
    return Finding("critical_capacity", value, low, high, "C", outcome, criterion, basis, time,
                   block, message, "cutoff")  # fmt: skip


def _censored(
    job: _Job, course: Course, size: Floats, basis: str, block: int, less: float, note: str
) -> Finding:
    """Return the bound that a course gives which ends before the limit."""
    low = max(course.total + less, 0.0)
    if size.size == 1:
        reason, words = Outcome.too_few_points, "One sample tells no course of the voltage."
        return absent("critical_capacity", "C", reason, job.criteria[basis], basis, block=block,
                      message=words)  # fmt: skip
    message = (
        f"The limit was not reached: the largest value was {np.max(size):.4g} V, after "
        f"{job.record.coulomb(low, 6)}{note}"
    )
    return Finding("critical_capacity", NAN, low, np.inf, "C", Outcome.censored,
                   job.criteria[basis], basis, float(course.time[-1]), block, message)  # fmt: skip


def _reached(
    course: Course, size: Floats, settings: CapacitySettings
) -> tuple[int, int, int] | None:
    """Return the last sample certainly below the limit, the first at it, the first above it.

    The first is −1 where none is below, the others the number of samples where none is so high.
    Certainly means by more than three times the noise. Within the course a sample at the limit is a
    glitch unless the one after it is above half of that; the last sample, after which no current
    flows any more, may miss the limit by the noise: a cut-off is written there. A cut-off between
    two samples shows in a voltage that would have passed the limit before the next one.
    """
    limit = settings.limit
    noise = float(np.median(np.abs(np.diff(size)))) / 0.95 if size.size > _FEW else 0.0
    at = -1
    for row in np.flatnonzero(size >= limit)[:_TRIES]:
        if row + 1 >= size.size or size[row + 1] >= 0.5 * limit:
            at = int(row)
            break
    if at < 0 and size[-1] >= limit * (1 - settings.tolerance) - 4.0 * noise:
        at = size.size - 1
    if at < 0 and _about_to(course, size, limit, noise):
        at = size.size
    if at < 0:
        return None
    below = np.flatnonzero(size[:at] < limit - 3.0 * noise)
    above = np.flatnonzero(size[at:] >= limit + 3.0 * noise)
    return (
        int(below[-1]) if below.size else -1,
        at,
        at + int(above[0]) if above.size else size.size,
    )


def _was_below(job: _Job, course: Course) -> bool:
    """Say whether the voltage was below the limit before the current, where anything tells."""
    begin = int(np.searchsorted(job.record.time, course.time[0], side="left"))
    return (job.first >= begin and course.time.size < _FEW) or job.below < begin


def _about_to(course: Course, size: Floats, limit: float, noise: float) -> bool:
    """Say whether the last rise, going on as it grew, reaches the limit by the next sample."""
    if course.ended or size.size < 3 or np.any(course.phase[-3:] != course.phase[-1]):
        return False
    last, before = float(size[-1] - size[-2]), float(size[-2] - size[-3])
    passed = float(course.charge[-1] - course.charge[-2])
    if last <= 4.0 * noise or size[-1] < _NEAR * limit or passed <= 0:
        return False
    growth = float(np.clip(last / before, 1.0, 3.0)) if before > 0 else 3.0
    return bool(size[-1] + growth * last * max(course.after / passed, 1.0) >= limit)


def _fraction(size: Floats, row: int, limit: float) -> float:
    """Return where between the sample before and this one the limit lies, by a straight line."""
    if row == 0 or size[row] <= size[row - 1]:
        return 1.0
    return float(np.clip((limit - size[row - 1]) / (size[row] - size[row - 1]), 0.0, 1.0))


def _charge_noise(course: Course) -> float:
    """Return the standard deviation (C) that the noise of the current makes of its integral."""
    same = np.diff(course.phase) == 0
    same &= np.diff(course.hidden) == 0
    change = np.abs(np.diff(course.current))[same]
    if change.size < _FEW:
        return 0.0
    sigma = float(np.median(change)) / 0.95
    return sigma * float(np.sqrt(np.sum(np.diff(course.time)[same] ** 2)))


def _against_instrument(course: Course, at: int) -> str:
    """Say how far the instrument's own charge is from the integral, where it has one."""
    if course.instrument is None or not course.charge[at] > 0:
        return ""
    share = float(course.instrument[at] / course.charge[at])
    return f"; the instrument's charge differs by {share:+.2%}"


def _hidden(record: Record, course: Course, at: int) -> str:
    """Say for how long nothing was recorded, and what may have passed meanwhile."""
    if not course.hidden[at] > 0:
        return ""
    most = record.coulomb(float(course.most[at] - course.least[at]))
    return (
        f"; for {course.hidden[at]:.4g} s of it nothing was recorded, in which 0 to {most} passed"
    )
