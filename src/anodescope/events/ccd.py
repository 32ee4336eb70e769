"""Critical current density: an interval (last current survived, first current shorted].

It depends on the protocol (time per half-cycle, steps), so that the charge of a half-cycle goes
with it: doi:10.1002/adfm.202009925.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import numpy as np

from anodescope.citations import relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import NAN, Bools, Finding, Floats, Integers, Record, absent
from anodescope.events.levels import LONGER, Levels, levels_of, unlike
from anodescope.events.short.find import (
    KINDS,
    ShortSettings,
    find_shorts,
    first_short,
    visible_blocks,
)

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
    limit : voltage (V) at which the instrument ends a level; one that ends there is not survived.
    shorts : how short circuits are told.

    Raises
    ------
    SettingsError
        for a kind that does not exist, none, or a share outside 0 to 1.
    """

    kinds: tuple[str, ...] = KINDS
    complete: float = 0.9
    same: float = 0.005
    limit: float = 3.0
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
        if not self.limit > 0:
            raise SettingsError(
                f"Critical current, limit: expected a voltage above 0, found {self.limit}."
            )


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
    before the short circuit where none was; its upper bound counts gaps of the record as if the
    current had flowed. Where neither voltage nor impedance could show a short circuit in a block,
    its critical current is ``not_decidable``. Blocks after a hard or soft short circuit have none.
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
    visible = visible_blocks(record, settings.shorts)
    for block in blocks:
        inside = [one for one in known if one.block == block]
        levels = levels_of(record, block, settings.limit)
        if levels.current.size and not inside and block not in visible:
            findings.append(_invisible(criterion, block))
        elif levels.current.size:
            findings += _of_block(record, levels, block, inside, settings, criterion)
        if first_short(inside, ("hard", "soft")) is not None:
            break
    if not findings:
        return [absent("critical_current", "A", Outcome.needs_current, criterion, "voltage")]
    return findings


def _invisible(criterion: str, block: int) -> Finding:
    return absent(
        "critical_current",
        "A",
        Outcome.not_decidable,
        criterion,
        "voltage",
        block=block,
        message="A short circuit could have been seen neither in the voltage, which has too few "
        "samples or does not stand above its noise, nor in the impedance: nothing says which "
        "current was survived.",
    )


def _criterion(settings: CriticalCurrentSettings) -> str:
    return (
        f"(largest current survived, first current shorted]; a {' or '.join(settings.kinds)} short "
        f"circuit counts; a level is survived when it lasted {settings.complete:.0%} of the usual "
        f"and did not end at {settings.limit:g} V"
    )


def _of_block(
    record: Record,
    levels: Levels,
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
    odd = unlike(levels, at)
    complete = ~levels.limited & _complete(levels, record.phases.kinds[block], settings)
    if odd:
        complete = ~levels.limited & _as_long(levels, at, short, settings)
        criterion += _UNLIKE[short is None]
    if short is not None:
        # Where it may have come in the level before already, that was not survived for sure.
        seen = np.minimum(levels.end, short.low) - levels.start
        complete &= seen >= settings.complete * (levels.end - levels.start)
    shorted = float(size[at]) if short is not None else np.inf
    fine = np.flatnonzero(complete[:at] & (size[:at] < shorted * (1 - settings.same)))
    survived = float(size[:at][fine].max()) if fine.size else 0.0
    which = fine[size[fine] >= survived * (1 - settings.same)] if fine.size else fine
    outcome = Outcome.determined if short is not None else Outcome.censored
    if short is None and not fine.size:
        outcome = Outcome.not_decidable
    if short is not None and short.outcome is Outcome.not_decidable:
        outcome = Outcome.not_decidable
    message = _message(record, levels, at, short, survived, which, complete)
    message += _lengths(levels, at, short, which) if odd else ""
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
        _charge(record, levels, which, at, short, block, criterion, odd),
    ]


def _complete(levels: Levels, kind: str, settings: CriticalCurrentSettings) -> Bools:
    """Say which levels lasted as long as they do in this block."""
    if kind == "constant_current" or levels.duration.size < 2:
        return np.ones(levels.duration.shape, np.bool_)
    usual = float(np.median(levels.duration))
    complete: Bools = levels.duration >= settings.complete * usual
    return complete


_UNLIKE = {
    False: "; the levels differ in length: only those that lasted as long as the one that shorted "
    "count",
    True: "; the levels differ in length: the bound holds for the longest one at that current",
}


def _as_long(
    levels: Levels, at: int, short: Finding | None, settings: CriticalCurrentSettings
) -> Bools:
    """Say which levels lasted as long as the one that shorted; all where none did."""
    if short is None:
        return ~levels.cut
    needed = max(float(levels.duration[at]), short.time - float(levels.start[at]))
    long: Bools = levels.duration >= settings.complete * needed
    return long


def _lengths(levels: Levels, at: int, short: Finding | None, which: Integers) -> str:
    """Say for which length of a level the interval holds."""
    lasted = _range(levels.duration[~levels.cut], lambda value: f"{value:.4g}")
    if short is not None:
        own = max(float(levels.duration[at]), short.time - float(levels.start[at]))
    else:
        own = float(levels.duration[which].max()) if which.size else NAN
    holds = f"the interval holds for levels of {own:.4g} s" if np.isfinite(own) else "none counts"
    return (
        f" The levels last differently, {lasted} s: {holds}, and the critical current of another "
        "length may be another."
    )


def _message(
    record: Record,
    levels: Levels,
    at: int,
    short: Finding | None,
    survived: float,
    which: Integers,
    complete: Bools,
) -> str:
    """Say the interval in words, with direction and charge."""
    before = "no smaller current was survived"
    if which.size:
        lasted = _range(levels.duration[which], lambda value: f"{value:.4g}") + " s"
        passed_each = _range(levels.charge[which], record.coulomb)
        each = " each" if which.size > 1 else ""
        before = (
            f"{record.ampere(survived)} was survived ({which.size} level(s) of {lasted}, "
            f"{passed_each}{each})"
        )
    if short is None:
        cut = "" if complete.all() else " A level that ended early does not count."
        cut += " Gaps of the record were left out." if levels.unseen.any() else ""
        if not which.size:
            return f"No short circuit was seen, but no level was survived either.{cut}{record.sign}"
        return f"No short circuit: {before}; the critical current is above it.{cut}{record.sign}"
    current = levels.current[at]
    direction = "stripping" if current > 0 else "plating"
    if not record.sign_known:
        direction = "positive" if current > 0 else "negative"
    passed = abs(current) * max(short.time - levels.start[at], 0.0)
    return (
        f"{before[0].upper()}{before[1:]}; the {direction} level number {at + 1} at "
        f"{record.ampere(abs(current))} shorted after {record.coulomb(passed)} "
        f"({short.quantity.replace('_', ' ')} circuit)."
        f"{record.sign}"
    )


def _range(values: Floats, say: Callable[[float], str]) -> str:
    """Return one number as text, or the smallest and the largest where these differ."""
    low, high = float(values.min()), float(values.max())
    # Samples lie inside of a level: half a per cent is no difference.
    return say(high) if high - low <= 0.005 * high else f"{say(low)} to {say(high)}"


def _charge(
    record: Record,
    levels: Levels,
    which: Integers,
    at: int,
    short: Finding | None,
    block: int,
    criterion: str,
    odd: bool,
) -> Finding:
    """Return the charge per level at the largest current survived, or until the short circuit."""
    if which.size:
        some = levels.charge[which]
        value, low, high = float(np.median(some)), float(some.min()), float(some.max())
        high = max(high, float((some + levels.unseen[which]).max()))
        words = f"Each level at the largest current survived passed {record.coulomb(value)}."
        if odd and high > LONGER * low:
            value = float(some.max())
            words = (
                f"The longest level at the largest current survived passed {record.coulomb(value)},"
                f" the shortest {record.coulomb(low)}."
            )
    else:
        row = min(at, levels.charge.size - 1)
        until = short.time if short is not None else float(levels.end[row])
        high = float(np.abs(levels.current[row]) * max(until - levels.start[row], 0.0))
        value = low = max(high - float(levels.unseen[row]), 0.0)
        ended = "before its short circuit" if short is not None else "until it ended"
        words = f"Level number {row + 1} passed {record.coulomb(value)} {ended}."
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
