"""Rows O11 to O13: charge of pulsed stripping, the rests between pulses, and 20 mAh/cm² at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.events.capacity.find import CapacitySettings, find_capacity
from anodescope.events.finding import Record
from anodescope.inference.observations.reading import (
    LIMIT,
    NAN,
    Campaigns,
    Extractor,
    Floats,
    area_of,
    capacity_of,
    charge_between,
    ohmic_of_sweeps,
    record_of,
    said,
    series_options,
    stretches,
    truth,
    unknown,
    voltages,
)
from anodescope.inference.observations.rows import Computed, Reading

# The fresh cell whose spectra tell the ohmic part: these records have no sweeps of their own.
FRESH = "pristine50"
TRANSIENT, STEADY = "transient", "hold_0.25"
# Instants of a rest (s) at which V is compared, and a fall (V) that an instrument resolves.
INSTANTS, RESOLVED = (0.1, 0.5, 1.0, 2.0), 3e-4
# At rest flows less than this share of the current before.
NO_FLOW = 0.05
# The plateau begins where this share is left of the fall of V after the first of the instants.
LEFT = 0.05
# O13: charge (mAh/cm²) that must pass, |V| (V) that counts as low, and what else may count.
WANTED, LOW, OTHER_LOW = 20.0, 0.5, (1.0, LIMIT)
# A charge that misses the wanted one by less than a sample's share has reached it.
NEARLY = 1e-3


def _capacity_after(rest: str) -> Extractor:
    def extract(campaigns: Campaigns) -> Computed:
        return _capacity(campaigns, f"pulse_{rest}")

    return extract


def _capacity(campaigns: Campaigns, key: str) -> Computed:
    """Return the charge to the limit, and the same without iR and with other series resistances."""
    found = capacity_of(campaigns[key])
    return replace(found, sensitivity=tuple(_other_capacities(campaigns, key)))


def _other_capacities(campaigns: Campaigns, key: str) -> list[Reading]:
    fresh = campaigns.get(FRESH)
    if fresh is None:
        return []
    record = record_of(campaigns[key])
    area = area_of(record)
    readings = []
    own = ohmic_of_sweeps(fresh)
    if np.isfinite(own):
        settings = CapacitySettings(series_resistance=own / area)
        name = f"|V − iR_Ω|, {own:.3g} Ω·cm² of {FRESH}"
        readings.append(_reading(name, record, settings, "voltage_minus_ohmic"))
    for name, more in series_options(fresh):
        raised = replace(record, voltage=record.voltage + record.current * more / area)
        readings.append(_reading(name, raised, CapacitySettings(), "voltage"))
    return readings


def _reading(name: str, record: Record, settings: CapacitySettings, basis: str) -> Reading:
    """Return the capacity of a changed record; the record may end before the limit then."""
    per_area = 1.0 / 3.6 / area_of(record)
    for one in find_capacity(record, settings):
        if one.basis == basis and one.outcome is Outcome.determined:
            return Reading(name, one.value * per_area)
        if one.basis == basis and one.outcome is Outcome.censored:
            return Reading(f"{name}, at least", one.low * per_area)
    return Reading(name, NAN)


def little_more(campaigns: Campaigns) -> Computed:
    """O11: 0.1 s of rest gives more than none."""
    found, none = _capacity(campaigns, "pulse_0.1"), capacity_of(campaigns["pulse_0"])
    message = f"{found.message} Without rest: {none.value:.3g} mAh/cm²."
    exact = found.outcome is Outcome.determined and none.outcome is Outcome.determined
    if exact and not found.value > none.value:
        return replace(found, outcome=Outcome.not_found, message=f"{message} That is no less.")
    return replace(found, message=message)


def _rests(record: Record) -> list[tuple[Floats, Floats]]:
    """Return time since its begin (s) and V (V) of each rest that follows a current."""
    phases = record.phases
    rest = phases.mode == "rest"
    rest[1:] &= (phases.mode[:-1] == "current") & (phases.current[:-1] != 0.0)
    rest[:1] = False
    found = []
    for row in map(int, np.flatnonzero(rest)):
        start, end = phases.start[row], phases.end[row]
        first, last = np.searchsorted(record.time, (start, end), side="right")
        inside = slice(int(first), int(last))
        # the sample of the switch itself may be of the current that follows
        good = np.abs(record.current[inside]) < NO_FLOW * np.abs(phases.current[row - 1])
        good &= np.isfinite(record.voltage[inside]) & ~record.overload[inside]
        found.append((record.time[inside][good] - start, record.voltage[inside][good]))
    return found


def _long_rests(record: Record) -> list[tuple[Floats, Floats]]:
    """Return the rests in which every instant lies between two samples."""
    return [
        (time, volts)
        for time, volts in _rests(record)
        if time.size > 3 * len(INSTANTS) and time[0] <= INSTANTS[0] and time[-1] > INSTANTS[-1]
    ]


def falling(campaigns: Campaigns) -> Computed:
    """O12: V goes on falling between 0.1 and 2 s of rest."""
    rests = _long_rests(record_of(campaigns[TRANSIENT]))
    if not rests:
        return unknown("No rest of more than 2 s with samples from 0.1 s on.")
    volts = np.array([np.interp(INSTANTS, *one) for one in rests])
    falls = -np.diff(volts, axis=1)
    least = np.median(falls, axis=0)
    course = ", ".join(f"{value * 1e3:.2f}" for value in np.median(volts, axis=0))
    message = f"Median V of {len(rests)} rests at 0.1, 0.5, 1 and 2 s: {course} mV."
    readings = [
        said("any fall counts", np.all(least > 0.0)),
        said("the first rest alone", np.all(falls[0] > RESOLVED)),
        said("the last rest alone", np.all(falls[-1] > RESOLVED)),
        Reading("smallest median fall, mV", float(least.min() * 1e3)),
    ]
    return truth(np.all(least > RESOLVED), message, readings)


def plateau(campaigns: Campaigns) -> Computed:
    """O12: time from which on little is left of the fall of V."""
    rests = _long_rests(record_of(campaigns[TRANSIENT]))
    if not rests:
        return unknown("No rest of more than 2 s with samples from 0.1 s on.")
    times = np.array([_settled(time, volts, LEFT) for time, volts in rests])
    falls = np.array([np.interp(INSTANTS[0], time, volts) - volts[-1] for time, volts in rests])
    fall = float(np.median(falls))
    if not fall > RESOLVED:
        message = f"V falls by {fall * 1e3:.2g} mV after 0.1 s of rest: nothing is resolved."
        return unknown(message, Outcome.not_found)
    length = float(np.median([time[-1] for time, _ in rests]))
    message = (
        f"Median of {times.size} rests ({np.min(times):.2f} to {np.max(times):.2f} s); V falls by "
        f"{fall * 1e3:.2f} mV after 0.1 s, and the rests end at {length:.3g} s."
    )
    readings = [Reading(f"{left:.0%} left", _median_settled(rests, left)) for left in (0.1, 0.02)]
    readings.append(Reading("5 % of the fall from the first sample on",
                            _median_settled(rests, LEFT, 0.0)))  # fmt: skip
    readings.append(Reading("less than 0.3 mV above the end", float(np.median(
        [_last_above(time, volts - volts[-1], RESOLVED) for time, volts in rests]))))  # fmt: skip
    return Computed(float(np.median(times)), message=message, sensitivity=tuple(readings))


def _median_settled(rests: list[tuple[Floats, Floats]], left: float, since: float = 0.1) -> float:
    return float(np.median([_settled(time, volts, left, since) for time, volts in rests]))


def _settled(time: Floats, volts: Floats, left: float, since: float = INSTANTS[0]) -> float:
    """Return the time from which on a share is left of the change of V from `since` to the end."""
    since = max(since, float(time[0]))
    over = np.abs(volts - volts[-1])
    total = abs(float(np.interp(since, time, volts)) - volts[-1])
    return max(_last_above(time, over, left * total), since)


def _last_above(time: Floats, over: Floats, level: float) -> float:
    """Return where a course last crosses a level, between two samples by a straight line."""
    above = np.flatnonzero(over > level)
    if not above.size:
        return float(time[0])
    at = int(above[-1])
    if at + 1 >= time.size:
        return float(time[-1])
    share = (over[at] - level) / (over[at] - over[at + 1])
    return float(time[at] + share * (time[at + 1] - time[at]))


def reached(campaigns: Campaigns) -> Computed:
    """O13: 20 mAh/cm² pass at a low voltage."""
    campaign = campaigns[STEADY]
    record = record_of(campaign)
    flows = stretches(record)
    if not flows:
        return unknown("No current flows.")
    start, end = flows[0].start, flows[-1].end
    passed = charge_between(record, start, end)
    enough = passed >= WANTED * (1.0 - NEARLY)
    _, volts = voltages(record, start, end)
    top = float(np.max(volts, initial=0.0))
    when = f"{passed:.4g} mAh/cm² pass at {flows[0].current:.3g} mA/cm²; |V| reaches {top:.3g} V."
    readings = [said(f"|V| below {limit:g} V", enough and top < limit) for limit in OTHER_LOW]
    readings += _other_tops(campaigns, lambda more: voltages(record, start, end, more)[1])
    return truth(enough and top < LOW, when, readings)


def _other_tops(campaigns: Campaigns, volts: Callable[[float], Floats]) -> list[Reading]:
    """Return the largest |V| without iR and with other series resistances (V)."""
    fresh: Campaign | None = campaigns.get(FRESH)
    if fresh is None:
        return []
    own = ohmic_of_sweeps(fresh)
    options = [("without iR", -own), *series_options(fresh)] if np.isfinite(own) else []
    return [Reading(f"largest |V|, {name}, V", float(np.max(volts(more), initial=0.0)))
            for name, more in options]  # fmt: skip


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {
        "O11.rest_0": _capacity_after("0"),
        "O11.rest_0.1": little_more,
        **{f"O11.rest_{rest}": _capacity_after(rest) for rest in ("1", "2", "5", "10")},
        "O12.falling": falling,
        "O12.plateau": plateau,
        "O13.reached": reached,
    }
)
