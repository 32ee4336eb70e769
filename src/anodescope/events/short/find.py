"""Short circuits: in the voltage, in the impedance, and in both."""

from __future__ import annotations

import numpy as np

from anodescope.citations import relies_on
from anodescope.errors import Outcome
from anodescope.events.finding import Finding, Record, absent
from anodescope.events.short.circuits import Short
from anodescope.events.short.impedance import impedance_shorts, sweep_times
from anodescope.events.short.settings import ShortSettings
from anodescope.events.short.stretches import Stretches, find_stretches
from anodescope.events.short.voltage import above_noise, enough_samples, voltage_shorts

__all__ = ["KINDS", "ShortSettings", "find_shorts"]

KINDS = ("hard", "soft", "reversible")
_FEW = "No current has the 8 samples that a fall of the voltage needs to be seen: nothing is told."
VOLTAGE, IMPEDANCE, BOTH = "voltage", "impedance", "voltage and impedance"


@relies_on("menkin2024")
def find_shorts(record: Record, settings: ShortSettings | None = None) -> list[Finding]:
    """Find short circuits, each basis by itself, and those that both show.

    Parameters
    ----------
    record : what detectors read; current, protocol, voltage or spectra may be missing.
    settings : the numbers by which a short circuit is told.

    Returns
    -------
    Per short circuit ``hard_short``, ``soft_short`` or ``reversible_short``: the time (s) with the
    last good and the first shorted instant as bounds, and an event of the same name; then, of the
    voltage, ``short_current`` (A) and ``short_charge`` (C, since the current began to flow in this
    direction). One ``short`` without value per basis that shows none, or that cannot show any.
    """
    settings = settings or ShortSettings()
    criteria = _criteria(settings)
    stretches = find_stretches(record)
    findings: list[Finding] = []
    seen: list[Short] = []
    if isinstance(stretches, Outcome):
        findings.append(absent("short", "s", stretches, criteria[VOLTAGE], VOLTAGE))
    else:
        seen, decidable = voltage_shorts(record, stretches, settings)
        for short in seen:
            findings.append(_finding(short, VOLTAGE, criteria[VOLTAGE], record))
            findings += _amounts(short, stretches, criteria[VOLTAGE], record)
        if not seen:
            outcome, text = Outcome.not_found if decidable else Outcome.not_decidable, ""
            if not enough_samples(stretches).any():
                outcome, text = Outcome.too_few_points, _FEW
            findings.append(absent("short", "s", outcome, criteria[VOLTAGE], VOLTAGE, message=text))
    swept = impedance_shorts(record, settings)
    if not swept:
        outcome = Outcome.needs_spectra if swept is None else Outcome.not_found
        findings.append(absent("short", "s", outcome, criteria[IMPEDANCE], IMPEDANCE))
    for short in swept or ():
        findings.append(_finding(short, IMPEDANCE, criteria[IMPEDANCE], record))
    findings += _both(seen, swept or [], criteria[BOTH], record)
    return findings


def _criteria(settings: ShortSettings) -> dict[str, str]:
    voltage = (
        f"abrupt fall (within {settings.fall_time:g} s or between two samples) of more than "
        f"{settings.drop:.0%} of the level and {settings.noise:g} times the noise, or a level "
        f"below {settings.start:.0%} of that at a smaller current, or below the voltage at rest "
        f"and the high-frequency resistance; hard: to {settings.hard:.0%} or less; reversible: "
        f"back to {settings.recovered:.0%} or more"
    )
    impedance = (
        f"against the last healthy sweep: |Z| at low frequency at {settings.collapse:.0%} or less "
        "and below the former series resistance (hard), or a conductance added at all frequencies "
        f"that takes more than {settings.leak:.0%} of the current (soft)"
    )
    return {
        VOLTAGE: voltage,
        IMPEDANCE: impedance,
        BOTH: "both bases show one, and their intervals of time overlap",
    }


def _finding(short: Short, basis: str, criterion: str, record: Record) -> Finding:
    block = short.block if basis != IMPEDANCE else _block(record, short.low)
    outcome = Outcome.determined if short.proven else Outcome.not_decidable
    many = f", {short.count} times until {short.recovered:.6g} s" if short.count > 1 else ""
    back = (
        f", and recovered by {short.recovered:.6g} s"
        if np.isfinite(short.recovered) and short.count == 1
        else ""
    )
    depth = (
        f" to {max(short.ratio, 0.0):.0%} of the level before" if np.isfinite(short.ratio) else ""
    )
    doubt = f" {short.doubt}" if short.doubt else ""
    message = (
        f"{short.kind.capitalize()} short circuit in the {basis} between {short.good:.6g} and "
        f"{short.low:.6g} s{many} ({short.how}{depth}){back}.{doubt}"
    )
    return Finding(
        f"{short.kind}_short",
        (short.good + short.low) / 2,
        short.good,
        short.low,
        "s",
        outcome,
        criterion,
        basis,
        time=short.low,
        block=block,
        message=message,
        event=f"{short.kind}_short",
    )


def _block(record: Record, time: float) -> int:
    row = int(record.phases.at(np.array([time]))[0])
    return int(record.phases.block[row]) if row >= 0 else -1


def _amounts(short: Short, stretches: Stretches, criterion: str, record: Record) -> list[Finding]:
    """Return the current and the charge of a short circuit, where the current is known."""
    if not np.isfinite(short.current):
        return []
    s = int(np.searchsorted(stretches.time[stretches.edges[:-1]], short.low, side="right")) - 1
    first = s
    while (
        first > 0
        and stretches.current[first - 1] * stretches.current[s] > 0
        and (stretches.block[first - 1] == stretches.block[s])
    ):
        first -= 1
    good, low = (_passed(stretches, first, s, time) for time in (short.good, short.low))
    # The current began to flow somewhere between the sample before the stretch and its first one.
    begin = float(stretches.time[stretches.edges[first]])
    place = int(np.searchsorted(record.time, begin)) - 1
    if place >= 0:
        low += abs(float(stretches.current[first])) * (begin - float(record.time[place]))
    return [
        Finding(
            "short_current",
            short.current,
            short.current,
            short.current,
            "A",
            Outcome.determined,
            criterion,
            VOLTAGE,
            short.low,
            short.block,
            f"The {short.kind} short circuit came at {record.ampere(short.current)}.",
        ),
        Finding(
            "short_charge",
            (good + low) / 2,
            good,
            low,
            "C",
            Outcome.determined,
            criterion,
            VOLTAGE,
            short.low,
            short.block,
            f"The {short.kind} short circuit came after {record.coulomb(good)} to "
            f"{record.coulomb(low)} in this direction of the current.",
        ),
    ]


def _passed(stretches: Stretches, first: int, last: int, time: float) -> float:
    """Return the charge (C) that flowed from stretch `first` on until an instant in `last`."""
    start = stretches.time[stretches.edges[first : last + 1]]
    end = stretches.time[stretches.edges[first + 1 : last + 2] - 1]
    # Samples lie inside of their phase: a stretch lasts until the next begins if that follows on.
    end = np.append(np.where(start[1:] - end[:-1] < 0.1 * (end[:-1] - start[:-1]), start[1:],
                             end[:-1]), end[-1:])  # fmt: skip
    on = np.clip(np.minimum(end, time) - start, 0.0, None)
    return float(np.sum(on * np.abs(stretches.current[first : last + 1])))


def _both(seen: list[Short], swept: list[Short], criterion: str, record: Record) -> list[Finding]:
    """Return what both bases show, with the interval that both allow."""
    found = []
    for one in seen:
        for other in swept:
            if one.good <= other.low and other.good <= one.low:
                kind = "reversible" if "reversible" in (one.kind, other.kind) else one.kind
                both = Short(
                    kind, one.good, one.low, one.recovered, one.current, one.ratio, one.block,
                    f"the impedance shows it between {other.good:.6g} and {other.low:.6g} s",
                    one.count,
                )  # fmt: skip
                found.append(_finding(both, BOTH, criterion, record))
                break
    return found


def visible_blocks(record: Record, settings: ShortSettings) -> set[int]:
    """Return the blocks in which a short circuit could be seen: the voltage stands above its noise
    under some current, or there are sweeps to compare.
    """
    blocks: set[int] = set()
    stretches = find_stretches(record)
    if not isinstance(stretches, Outcome):
        blocks |= set(stretches.block[above_noise(stretches, settings)].tolist())
    sweeps = sweep_times(record)
    if sweeps.size > 1:
        row = record.phases.at(sweeps)
        blocks |= set(record.phases.block[row[row >= 0]].tolist())
    return blocks


def first_short(findings: list[Finding], kinds: tuple[str, ...]) -> Finding | None:
    """Return the first short circuit of these kinds; one in doubt only where there is no other."""
    names = {f"{kind}_short" for kind in kinds}
    some = [one for one in findings if one.quantity in names and one.basis != BOTH]
    sure = [one for one in some if one.outcome is Outcome.determined]
    return min(sure or some, key=lambda one: one.time, default=None)
