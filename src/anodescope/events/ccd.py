"""Critical current density: an interval (last current survived, first current shorted].

It depends on the protocol (time per half-cycle, steps), so that the charge of a half-cycle goes
with it: doi:10.1002/adfm.202009925.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from anodescope.citations import relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import NAN, Bools, Finding, Floats, Integers, Record, absent
from anodescope.events.short.find import KINDS, ShortSettings, find_shorts, first_short

__all__ = ["CriticalCurrentSettings", "find_critical_current"]

# Kinds of blocks whose currents can be critical.
BLOCKS = ("ccd", "staircase", "staircase_geis", "cycling", "constant_current")


@final
@dataclass(frozen=True, slots=True)
class CriticalCurrentSettings:
    """How the critical current is found.

    Attributes
    ----------
    kinds : short circuits that count, of hard, soft and reversible.
    complete : share of the other levels' duration below which a level has not been survived.
    same : relative difference up to which two currents are the same one.
    shorts : how short circuits are told.

    Raises
    ------
    SettingsError
        for a kind that does not exist, none, or a share outside 0 to 1.
    """

    kinds: tuple[str, ...] = KINDS
    complete: float = 0.9
    same: float = 0.005
    shorts: ShortSettings = field(default_factory=ShortSettings)

    def __post_init__(self) -> None:
        strange = [kind for kind in self.kinds if kind not in KINDS]
        if strange or not self.kinds:
            found = repr(strange[0]) if strange else "none"
            raise SettingsError(
                f"Critical current, kinds: expected some of {', '.join(KINDS)}, found {found}."
            )
        if not 0 < self.complete <= 1:
            raise SettingsError(
                f"Critical current, complete: expected a share up to 1, found {self.complete}."
            )
        if not 0 <= self.same < 0.5:
            raise SettingsError(
                f"Critical current, same: expected a share from 0 to 0.5, found {self.same}."
            )


@final
@dataclass(frozen=True, slots=True)
class _Levels:
    """The levels of a block at which a current flows, in time order, shape (L,)."""

    start: Floats
    end: Floats
    duration: Floats
    current: Floats
    charge: Floats


@relies_on("lu2021")
def find_critical_current(
    record: Record,
    settings: CriticalCurrentSettings | None = None,
    *,
    shorts: list[Finding] | None = None,
) -> list[Finding]:
    """Find the critical current of every block with a current, as (last survived, first shorted].

    Parameters
    ----------
    record : what detectors read; it needs a protocol.
    settings : which short circuits count.
    shorts : what `find_shorts` found; by default it is asked.

    Returns
    -------
    Per block ``critical_current`` (A): value and low are the largest current (without sign) whose
    levels were all survived, high is that of the level that shorted first, infinity where none did;
    then ``half_cycle_charge`` (C): the charge of one level at the largest current survived, or
    before the short circuit where none was. Blocks after a hard or soft short circuit have none.
    """
    settings = settings or CriticalCurrentSettings()
    criterion = _criterion(settings)
    blocks = [row for row, kind in enumerate(record.phases.kinds) if kind in BLOCKS]
    if not blocks:
        return [absent("critical_current", "A", Outcome.needs_protocol, criterion, "voltage")]
    known = find_shorts(record, settings.shorts) if shorts is None else shorts
    if not record.has_voltage and record.spectra is None:
        return [absent("critical_current", "A", Outcome.too_few_points, criterion, "voltage")]
    findings: list[Finding] = []
    for block in blocks:
        inside = [one for one in known if one.block == block]
        levels = _levels(record, block)
        if levels.current.size:
            findings += _of_block(record, levels, block, inside, settings, criterion)
        if first_short(inside, ("hard", "soft")) is not None:
            break
    if not findings:
        return [absent("critical_current", "A", Outcome.needs_current, criterion, "voltage")]
    return findings


def _criterion(settings: CriticalCurrentSettings) -> str:
    return (
        f"(largest current survived, first current shorted]; a {' or '.join(settings.kinds)} short "
        f"circuit counts; a level is survived when it lasted {settings.complete:.0%} of the usual"
    )


def _levels(record: Record, block: int) -> _Levels:
    """Gather the phases of one block into levels; those without current are left out."""
    phases = record.phases
    rows = phases.rows(block)
    flows = np.isfinite(phases.current[rows]) & (phases.current[rows] != 0)
    rows = rows[flows & (phases.mode[rows] != "voltage")]
    if not rows.size:
        none = np.empty(0)
        return _Levels(none, none, none, none, none)
    first = np.flatnonzero(np.diff(phases.level[rows], prepend=-(2**62)) != 0)
    last = np.append(first[1:], rows.size) - 1
    # A record that ends early ends its last phase too, whatever the protocol asks for.
    stop = np.minimum(phases.end[rows], _last_instant(record))
    spans = np.clip(stop - phases.start[rows], 0.0, None)
    duration = np.add.reduceat(spans, first)
    charge = np.add.reduceat(spans * np.abs(phases.current[rows]), first)
    current = phases.current[rows][first]
    return _Levels(phases.start[rows][first], stop[last], duration, current, charge)


def _last_instant(record: Record) -> float:
    ends = [record.time[-1:]]
    if record.spectra is not None and record.spectra.sizes.get("spectrum", 0):
        ends.append(record.spectra["time_end"].values)
    ends = [end[np.isfinite(end)] for end in ends]
    # The last sample lies up to one sampling interval before the end.
    slack = float(np.median(np.diff(record.time))) if record.time.size > 1 else 0.0
    return max((float(end.max()) for end in ends if end.size), default=np.inf) + slack


def _of_block(
    record: Record,
    levels: _Levels,
    block: int,
    shorts: list[Finding],
    settings: CriticalCurrentSettings,
    criterion: str,
) -> list[Finding]:
    short = first_short(shorts, settings.kinds)
    size = np.abs(levels.current)
    at = levels.current.size
    if short is not None:
        at = max(int(np.searchsorted(levels.start, short.time, side="right")) - 1, 0)
    complete = _complete(levels, record.phases.kinds[block], settings)
    shorted = float(size[at]) if short is not None else np.inf
    fine = np.flatnonzero(complete[:at] & (size[:at] < shorted * (1 - settings.same)))
    survived = float(size[:at][fine].max()) if fine.size else 0.0
    which = fine[size[fine] >= survived * (1 - settings.same)] if fine.size else fine
    outcome = Outcome.determined if short is not None else Outcome.censored
    if short is not None and short.outcome is Outcome.not_decidable:
        outcome = Outcome.not_decidable
    message = _message(record, levels, at, short, survived, which, complete)
    return [
        Finding(
            "critical_current",
            survived if survived or short is not None else NAN,
            survived,
            shorted,
            "A",
            outcome,
            criterion,
            short.basis if short is not None else "voltage",
            time=short.time if short is not None else float(levels.end[-1]),
            block=block,
            message=message,
        ),
        _charge(record, levels, which, at, short, block, criterion),
    ]


def _complete(levels: _Levels, kind: str, settings: CriticalCurrentSettings) -> Bools:
    """Say which levels lasted as long as they do in this block."""
    if kind == "constant_current" or levels.duration.size < 2:
        return np.ones(levels.duration.shape, np.bool_)
    usual = float(np.median(levels.duration))
    complete: Bools = levels.duration >= settings.complete * usual
    return complete


def _message(
    record: Record,
    levels: _Levels,
    at: int,
    short: Finding | None,
    survived: float,
    which: Integers,
    complete: Bools,
) -> str:
    """Say the interval in words, with direction and charge."""
    before = (
        f"{record.ampere(survived)} was survived ({which.size} level(s) of "
        f"{levels.duration[which[-1]]:.4g} s, {record.coulomb(levels.charge[which[-1]])} each)"
        if which.size
        else "no smaller current was survived"
    )
    if short is None:
        cut = "" if complete.all() else " A level that ended early does not count."
        return f"No short circuit: {before}; the critical current is above it.{cut}{record.sign}"
    current = levels.current[at]
    direction = "stripping" if current > 0 else "plating"
    if not record.sign_known:
        direction = "positive" if current > 0 else "negative"
    passed = abs(current) * max(short.time - levels.start[at], 0.0)
    return (
        f"{before[0].upper()}{before[1:]}; the {direction} level number {at} at "
        f"{record.ampere(abs(current))} shorted after {record.coulomb(passed)} "
        f"({short.quantity.replace('_', ' ')} circuit)."
        f"{record.sign}"
    )


def _charge(
    record: Record,
    levels: _Levels,
    which: Integers,
    at: int,
    short: Finding | None,
    block: int,
    criterion: str,
) -> Finding:
    """Return the charge per level at the largest current survived, or until the short circuit."""
    if which.size:
        some = levels.charge[which]
        value, low, high = float(np.median(some)), float(some.min()), float(some.max())
        words = f"Each level at the largest current survived passed {record.coulomb(value)}."
    else:
        row = min(at, levels.charge.size - 1)
        until = short.time if short is not None else float(levels.end[row])
        value = float(np.abs(levels.current[row]) * max(until - levels.start[row], 0.0))
        low = high = value
        words = f"The first level passed {record.coulomb(value)} before its short circuit."
    return Finding(
        "half_cycle_charge",
        value,
        low,
        high,
        "C",
        Outcome.determined,
        criterion,
        "protocol",
        block=block,
        message=words,
    )
