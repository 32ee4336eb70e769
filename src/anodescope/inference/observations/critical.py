"""Rows O1 to O4: capacity, and the test of the critical current."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.inference.observations.reading import (
    NAN,
    Campaigns,
    Extractor,
    Floats,
    Found,
    Stretch,
    capacity_of,
    findings_of,
    record_of,
    relative_spread,
    said,
    series_options,
    share_mean,
    shorts_of,
    stretches,
    sweeps_of,
    truth,
    unknown,
    voltages,
)
from anodescope.inference.observations.rows import Computed, Reading

KEY = "ccd50"
# Currents (mA/cm²) of the protocol at which rows look: those that are called stable, and the next.
LOW_CURRENTS, RISING = (0.05, 0.1), 0.2
# What the rows call a rise, and what is left of an arc that vanished.
RISE, GONE = 1.05, 0.1
# The first share of a half-cycle charges the interface, and says nothing of its course.
SETTLED, LAST = (0.1, 0.2), (0.9, 1.0)


def capacity(campaigns: Campaigns) -> Computed:
    """O1: charge at 0.05 mA/cm² to the voltage limit, and what other currents gave."""
    found = capacity_of(campaigns["slow50"])
    others = [Reading("|V − iR_Ω|", capacity_of(campaigns["slow50"], "voltage_minus_ohmic").value)]
    if "hold_0.25" in campaigns:
        at = capacity_of(campaigns["hold_0.25"])
        bound = ", at least" if at.outcome is Outcome.censored else ""
        others.append(Reading(f"at 0.25 mA/cm²{bound}", at.value))
    return Computed(found.value, found.outcome, found.message, tuple(others), found.low, found.high)


def voltage_steady(campaigns: Campaigns) -> Computed:
    """O2: largest relative change of |V| within a half-cycle at the low currents."""
    change, current = _largest_change(campaigns[KEY], 0.0)
    if not np.isfinite(change):
        return unknown("No half-cycle at 0.05 or 0.1 mA/cm².")
    readings = [Reading(name, abs(_largest_change(campaigns[KEY], more)[0]))
                for name, more in series_options(campaigns[KEY])]  # fmt: skip
    message = f"|V| changes most at {current:+.3g} mA/cm², by {change:+.2%}."
    return Computed(abs(change), message=message, sensitivity=tuple(readings))


def _largest_change(campaign: Campaign, series: float) -> tuple[float, float]:
    """Return the change, and the current; `series` (Ω·cm²) is added to the cell's."""
    record = record_of(campaign)
    found = (NAN, NAN)
    for one in _half_cycles(campaign, LOW_CURRENTS):
        time, volts = voltages(record, one.start, one.end, series)
        span = (one.start, one.end)
        first, last = share_mean(time, volts, span, SETTLED), share_mean(time, volts, span, LAST)
        change = last / first - 1.0
        if not abs(change) <= abs(found[0]):
            found = (change, one.current)
    return found


def boundary_steady(campaigns: Campaigns) -> Computed:
    """O2: largest relative deviation of the area of γ_GB from its mean."""
    return _steady(campaigns[KEY], "boundary", ())


def interface_steady(campaigns: Campaigns) -> Computed:
    """O2: the same of the area of γ of the interface."""
    return _steady(campaigns[KEY], "interface", ("inside", "height"))


_NAMES = {
    "boundary": "area of γ_GB",
    "interface": "area of γ_int",
    "inside": "only γ within the window of the frequencies",
    "height": "maximum of γ_int",
}


def _steady(campaign: Campaign, name: str, others: tuple[str, ...]) -> Computed:
    sweeps = sweeps_of(campaign)
    places = [sweeps.between(one.start, one.end) for one in _half_cycles(campaign, LOW_CURRENTS)]
    if not places:
        return unknown("No half-cycle at 0.05 or 0.1 mA/cm².")
    values = getattr(sweeps, name)
    at = np.concatenate(places)
    drifts = [relative_spread(values[place]) for place in places]
    lowest, highest = np.nanmin(values[at]), np.nanmax(values[at])
    readings = [Reading(_NAMES[other], relative_spread(getattr(sweeps, other)[at]))
                for other in others]  # fmt: skip
    readings.append(Reading("within one half-cycle, the largest", float(np.nanmax(drifts))))
    message = f"The {_NAMES[name]} lies between {lowest:.4g} and {highest:.4g} Ω·cm²."
    return Computed(relative_spread(values[at]), message=message, sensitivity=tuple(readings))


def voltage_rises(campaigns: Campaigns) -> Computed:
    """O3: V of the stripping half-cycle at 0.2 mA/cm² rises all along."""
    campaign = campaigns[KEY]
    cycles = _half_cycles(campaign, (RISING,), strips=True)
    if not cycles:
        return unknown("No stripping half-cycle at 0.2 mA/cm².")
    tenths, rises = _course(campaign, cycles[0], 0.0)
    message = (
        f"|V| goes from {tenths[0]:.4g} to {tenths[-1]:.4g} V ({tenths[-1] / tenths[0] - 1.0:+.1%})"
        f" and rises in {rises} of 5 fifths."
    )
    readings = []
    for name, more in series_options(campaign):
        other, count = _course(campaign, cycles[0], more)
        readings.append(said(name, other[-1] > RISE * other[0] and count == 5))
    found = [one for one in findings_of(campaign, "degradation_current")
             if one.outcome is Outcome.determined]  # fmt: skip
    readings += [Reading("first current with a rise of more than 10 %, mA/cm²", one.value)
                 for one in found]  # fmt: skip
    return truth(tenths[-1] > RISE * tenths[0] and rises == 5, message, readings)


def _course(campaign: Campaign, cycle: Stretch, series: float) -> tuple[Floats, int]:
    """Return the mean |V| of each tenth of a half-cycle, and how many of its fifths rise."""
    span = (cycle.start, cycle.end)
    time, volts = voltages(record_of(campaign), *span, series)
    tenths = np.array([share_mean(time, volts, span, (k / 10, (k + 1) / 10)) for k in range(10)])
    return tenths, int((tenths[1::2] > tenths[::2]).sum())


def interface_grows(campaigns: Campaigns) -> Computed:
    """O3: γ_int at the end of that half-cycle against its start."""
    return _at_ends(campaigns[KEY], "interface", RISE, "area of γ_int", "Ω·cm²",
                    (("height", RISE), ("inside", RISE)))  # fmt: skip


def interface_broadens(campaigns: Campaigns) -> Computed:
    """O3: width of γ_int at the end of that half-cycle against its start."""
    return _at_ends(campaigns[KEY], "width", 1.0, "width of γ_int", "decades", ())


def _at_ends(
    campaign: Campaign,
    name: str,
    factor: float,
    what: str,
    unit: str,
    others: tuple[tuple[str, float], ...],
) -> Computed:
    sweeps = sweeps_of(campaign)
    cycles = _half_cycles(campaign, (RISING,), strips=True)
    places = sweeps.between(cycles[0].start, cycles[0].end) if cycles else np.empty(0, np.int64)
    first, last = sweeps.first(places), sweeps.last(places)
    if first < 0 or last == first:
        return unknown("Fewer than two sweeps in the stripping half-cycle at 0.2 mA/cm².")
    values = getattr(sweeps, name)
    message = f"The {what} goes from {values[first]:.4g} to {values[last]:.4g} {unit}."
    readings = [
        said(_NAMES[other], getattr(sweeps, other)[last] > times * getattr(sweeps, other)[first])
        for other, times in others
    ]
    return truth(values[last] > factor * values[first], message, readings)


def falls_on_plating(campaigns: Campaigns) -> Computed:
    """O3: γ_int at the end of plating at 0.2 mA/cm² against that before it."""
    sweeps = sweeps_of(campaigns[KEY])
    ends = []
    for strips in (True, False):
        cycles = _half_cycles(campaigns[KEY], (RISING,), strips=strips)
        ends.append(sweeps.last(sweeps.between(cycles[0].start, cycles[0].end)) if cycles else -1)
    if min(ends) < 0:
        return unknown("No sweeps in both half-cycles at 0.2 mA/cm².")
    before, after = sweeps.interface[ends]
    message = f"The area of γ_int is {before:.4g} Ω·cm² after stripping, {after:.4g} after plating."
    heights, inside = sweeps.height[ends], sweeps.inside[ends]
    readings = (said(_NAMES["height"], heights[1] < heights[0]),
                said(_NAMES["inside"], inside[1] < inside[0]))  # fmt: skip
    return truth(after < before, message, readings)


def short_current(campaigns: Campaigns) -> Computed:
    """O4: current of the half-cycle in which the first short circuit comes."""
    readings = [
        Reading(f"half-cycles of {key.partition('@')[2]}", _shorted_at(campaigns[key]))
        for key in campaigns
        if key.startswith(f"{KEY}@")
    ]
    critical = findings_of(campaigns[KEY], "critical_current")
    if critical and np.isfinite(critical[0].low):
        readings.append(Reading("largest current survived in full", critical[0].low))
    short, cycle = _first_short(campaigns[KEY])
    if short is None or cycle is None:
        highest = max((abs(one.current) for one in stretches(record_of(campaigns[KEY]))), default=0)
        message = f"No short circuit up to {highest:.3g} mA/cm²."
        return Computed(NAN, Outcome.not_found, message, tuple(readings))
    side = "plating" if cycle.current < 0.0 else "stripping"
    passed = (short.time - cycle.start) * abs(cycle.current) / 3600.0
    message = (
        f"Short circuit while {side} at {abs(cycle.current):.3g} mA/cm², after {passed:.3g} "
        "mAh/cm² of that half-cycle."
    )
    outcome = Outcome.determined if cycle.current < 0.0 else Outcome.not_found
    return Computed(_asked(cycle), outcome, message, tuple(readings))


def _shorted_at(campaign: Campaign) -> float:
    _, cycle = _first_short(campaign)
    return NAN if cycle is None else _asked(cycle)


def _asked(cycle: Stretch) -> float:
    """Return |i| to the two digits that the protocol has; an instrument's gain is off by 0.1 %."""
    return float(f"{abs(cycle.current):.2g}")


def _first_short(campaign: Campaign) -> tuple[Found | None, Stretch | None]:
    """Return the first short circuit, and the half-cycle that it came in."""
    shorts = shorts_of(campaign)
    if not shorts:
        return None, None
    time = shorts[0].time
    inside = [one for one in stretches(record_of(campaign)) if one.start <= time <= one.end]
    return shorts[0], inside[0] if inside else None


def interface_vanishes(campaigns: Campaigns) -> Computed:
    """O4: γ_int falls before the short circuit, and is gone after it."""
    campaign = campaigns[KEY]
    sweeps = sweeps_of(campaign)
    short, cycle = _first_short(campaign)
    if short is None or cycle is None:
        return truth(False, "There is no short circuit.")
    before = sweeps.between(cycle.start, cycle.end)
    before = before[sweeps.end[before] <= short.time]
    first, last = sweeps.first(before), sweeps.last(before)
    pristine, left = sweeps.first(), sweeps.last(np.flatnonzero(sweeps.start >= short.time))
    if first < 0 or left < 0:
        return unknown("No sweep with γ in that half-cycle before or after the short circuit.")
    area = sweeps.interface
    message = (
        f"The area of γ_int goes from {area[first]:.4g} to {area[last]:.4g} Ω·cm² before the "
        f"short circuit, and is {area[left]:.3g} after it ({area[pristine]:.4g} pristine)."
    )
    readings = (said("only the fall before the short circuit", area[last] < area[first]),)
    return truth(area[last] < area[first] and area[left] < GONE * area[pristine], message, readings)


def boundary_vanishes(campaigns: Campaigns) -> Computed:
    """O4: γ_GB in the last sweep."""
    sweeps = sweeps_of(campaigns[KEY])
    first, last = sweeps.first(), sweeps.last()
    if first < 0:
        return unknown("No sweep has γ.")
    area = sweeps.boundary
    message = (
        f"The area of γ_GB is {area[last]:.3g} Ω·cm² in the last sweep, {area[first]:.4g} in the "
        "first."
    )
    return truth(area[last] < GONE * area[first], message)


def _half_cycles(
    campaign: Campaign, currents: tuple[float, ...], *, strips: bool | None = None
) -> list[Stretch]:
    """Return the half-cycles at some currents (mA/cm²); `strips`: only of that direction."""
    return [
        one
        for one in stretches(record_of(campaign))
        if np.isclose(abs(one.current), currents, rtol=1e-2).any()
        and (strips is None or (one.current > 0.0) is strips)
    ]


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {
        "O1.capacity": capacity,
        "O2.voltage_steady": voltage_steady,
        "O2.boundary_steady": boundary_steady,
        "O2.interface_steady": interface_steady,
        "O3.voltage_rises": voltage_rises,
        "O3.interface_grows": interface_grows,
        "O3.interface_broadens": interface_broadens,
        "O3.falls_on_plating": falls_on_plating,
        "O4.short_current": short_current,
        "O4.interface_vanishes": interface_vanishes,
        "O4.boundary_vanishes": boundary_vanishes,
    }
)
