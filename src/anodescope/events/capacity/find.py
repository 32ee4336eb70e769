"""Critical stripping capacity: the charge passed while current flowed, up to |V| = limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.errors import Outcome, SettingsError
from anodescope.events.capacity.course import Course, course_of
from anodescope.events.finding import NAN, Finding, Floats, Record, absent

__all__ = ["CapacitySettings", "find_capacity"]

BLOCKS = ("constant_current", "pulsed", "staircase", "staircase_geis")
RAW, OHMIC = "voltage", "voltage_minus_ohmic"
_TRIES = 1000  # samples above the limit that may be glitches
_NEAR = 0.3  # share of the limit from which on a cut-off may lie between two samples
_FEW = 20  # samples from which on their differences tell the noise


@final
@dataclass(frozen=True, slots=True)
class CapacitySettings:
    """How the critical capacity is found.

    Attributes
    ----------
    limit : |V| (V) at which the electrode counts as exhausted.
    tolerance : share of the limit by which the last sample of a cut-off may miss it.
    series_resistance : R_Ω (Ω) for |V − i·R_Ω|; None: that of the DRT, at the last sweep before.
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


def find_capacity(record: Record, settings: CapacitySettings | None = None) -> list[Finding]:
    """Find the charge stripped until |V| reached the limit, per block, with and without iR.

    Parameters
    ----------
    record : what detectors read; it needs a voltage and a protocol with a current.
    settings : the limit, and the series resistance where it is known.

    Returns
    -------
    Per block with a stripping current ``critical_capacity`` (C), once on the basis ``voltage`` and
    once on ``voltage_minus_ohmic``: the charge where |V| crosses the limit between two samples.
    Bounds are the samples below and above it by more than the noise, and twice what the noise of
    the current makes of the charge. Where the limit was not reached the outcome is censored: low is
    the charge of the block, high infinity; where it lay before a next sample that was never taken
    the outcome is not_resolved. The event is called ``cutoff``.
    """
    settings = settings or CapacitySettings()
    criteria = {
        RAW: f"charge passed while current flowed up to |V| = {settings.limit:g} V",
        OHMIC: f"charge passed while current flowed up to |V − i·R_Ω| = {settings.limit:g} V",
    }
    blocks = [row for row, kind in enumerate(record.phases.kinds) if kind in BLOCKS]
    reason = None if blocks else Outcome.needs_protocol
    if reason is None and not record.has_voltage:
        reason = Outcome.too_few_points
    if reason is not None:
        return [absent("critical_capacity", "C", reason, criteria[RAW], RAW)]
    findings: list[Finding] = []
    for block in blocks:
        course = course_of(record, block, both=not record.sign_known or settings.plating)
        if course is None:
            continue
        findings.append(
            _found(course, np.abs(course.voltage), RAW, block, record, settings, criteria)
        )
        ohmic = _ohmic(record, float(course.time[0]), settings)
        if ohmic is None:
            message = "No series resistance: it needs sweeps with a DRT, or a given value."
            findings.append(
                absent("critical_capacity", "C", Outcome.needs_spectra, criteria[OHMIC], OHMIC,
                       block=block, message=message)
            )  # fmt: skip
            continue
        rest = np.abs(course.voltage - course.current * ohmic)
        findings.append(_found(course, rest, OHMIC, block, record, settings, criteria, ohmic))
    if not findings:
        words = "No block strips: every current is negative or unknown."
        return [absent("critical_capacity", "C", Outcome.not_decidable, criteria[RAW], RAW,
                       message=words)]  # fmt: skip
    return findings


def _ohmic(record: Record, time: float, settings: CapacitySettings) -> float | None:
    """Return R_Ω (Ω) of the last sweep before an instant, or of the first one after it."""
    if settings.series_resistance is not None:
        return settings.series_resistance
    if record.drt is None or record.spectra is None or not record.default.size:
        return None
    value = record.drt["series_resistance"].values[record.default]
    start = record.spectra["time_start"].values[record.default]
    good = np.isfinite(value) & (value >= 0)
    if not good.any():
        return None
    value, start = value[good], start[good]
    order = np.argsort(start, kind="stable")
    place = int(np.searchsorted(start[order], time, side="right")) - 1
    return float(value[order][max(place, 0)])


def _found(
    course: Course,
    size: Floats,
    basis: str,
    block: int,
    record: Record,
    settings: CapacitySettings,
    criteria: dict[str, str],
    ohmic: float | None = None,
) -> Finding:
    """Return the capacity on one basis; `size` is |V| or |V − i·R_Ω| of the course's samples."""
    reached = _reached(course, size, settings)
    how = (
        "measured current"
        if course.measured > 0.99
        else f"measured current for {course.measured:.0%}, asked-for current for the rest"
    )
    with_ohmic = "" if ohmic is None else f" R_Ω = {ohmic:.4g} Ω."
    note = f" ({how}{_against_instrument(record, course)}).{with_ohmic}{record.sign}"
    if reached is None:
        return _censored(record, course, size, basis, block, criteria[basis], note)
    below, at, above = reached
    spread = 2.0 * _charge_noise(course)
    if at == 0 and not _was_below(record, course, settings.limit):
        message = (
            f"|V| was above {settings.limit:g} V before the current flowed: no limit to reach."
        )
        return absent(
            "critical_capacity", "C", Outcome.not_decidable, criteria[basis], basis,
            block=block, message=message,
        )  # fmt: skip
    low = max(float(course.charge[below]) - spread, 0.0) if below >= 0 else 0.0
    seen = above < size.size
    high = float(course.charge[above]) if seen else float(course.charge[-1]) + course.after
    high += spread
    ends = f"{record.coulomb(low, 6)} and {record.coulomb(high, 6)}"
    if at < size.size:
        before = float(course.charge[at - 1]) if at else 0.0
        part = _fraction(size, at, settings.limit)
        value, outcome = before + part * (float(course.charge[at]) - before), Outcome.determined
        message = f"{settings.limit:g} V was reached between {ends}{note}"
    else:
        value, outcome = float(course.charge[-1]) + 0.5 * course.after, Outcome.not_resolved
        message = (
            f"The current ended at {size[-1]:.4g} V, where {settings.limit:g} V lay within one "
            f"more sample: between {ends}{note}"
        )
    return Finding(
        "critical_capacity",
        value,
        low,
        high,
        "C",
        outcome,
        criteria[basis],
        basis,
        float(course.time[min(at, size.size - 1)]),
        block,
        message,
        "cutoff",
    )


def _censored(
    record: Record, course: Course, size: Floats, basis: str, block: int, criterion: str, note: str
) -> Finding:
    """Return the bound that a course gives which ends before the limit."""
    message = (
        f"The limit was not reached: the largest value was {np.max(size):.4g} V, after "
        f"{record.coulomb(course.total, 6)}{note}"
    )
    return Finding(
        "critical_capacity",
        NAN,
        course.total,
        np.inf,
        "C",
        Outcome.censored,
        criterion,
        basis,
        float(course.time[-1]),
        block,
        message,
    )


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


def _was_below(record: Record, course: Course, limit: float) -> bool:
    """Say whether the voltage was below the limit before the current, where anything tells."""
    before = record.voltage[record.time < course.time[0]]
    before = before[np.isfinite(before)]
    return (not before.size and course.time.size < _FEW) or bool(np.any(np.abs(before) < limit))


def _about_to(course: Course, size: Floats, limit: float, noise: float) -> bool:
    """Say whether the last rise, going on as it grew, reaches the limit by the next sample."""
    if size.size < 3 or np.any(course.phase[-3:] != course.phase[-1]):
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
    change = np.abs(np.diff(course.current))[same]
    if change.size < _FEW:
        return 0.0
    sigma = float(np.median(change)) / 0.95
    return sigma * float(np.sqrt(np.sum(np.diff(course.time)[same] ** 2)))


def _against_instrument(record: Record, course: Course) -> str:
    """Say how far the instrument's own charge is from the integral, where it has one."""
    if record.charge is None:
        return ""
    rows = np.searchsorted(record.time, course.time[[0, -1]])
    both = record.charge[rows]
    mine = float(course.charge[-1] - course.charge[0])
    if not np.isfinite(both).all() or not mine > 0:
        return ""
    theirs = abs(float(both[1] - both[0]))
    return f"; the instrument's charge differs by {(theirs - mine) / mine:+.2%}"
