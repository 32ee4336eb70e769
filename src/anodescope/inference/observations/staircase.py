"""Rows O5, O6, O8 and O9: stripping staircases.

In each sweep the peaks of the interface are named once. Where there are two, the faster is γ'_int
and the slower γ_int: the arc of depleted contacts, which keep their double layer only, is faster
than that of the others. Where there is one it is γ_int, wherever it lies, as for the paper, which
sees γ_int shift first and γ'_int appear then. γ_int's move is read in the sweeps above the
threshold, by the maximum so named; γ'_int's time in the last sweep, its onset in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.events.finding import Finding
from anodescope.events.onset.find import OnsetSettings, find_onsets
from anodescope.inference.observations.parts import Parts, by_frequency, stable
from anodescope.inference.observations.reading import (
    LIMIT,
    NAN,
    SAME,
    Bools,
    Campaigns,
    Extractor,
    Floats,
    Sweeps,
    area_of,
    capacity_of,
    charge_between,
    findings_of,
    record_of,
    said,
    series_options,
    stretches,
    truth,
    unknown,
    voltages,
)
from anodescope.inference.observations.rows import Computed, Reading

# Factor of the knee in the rows' definition, and the last current of the protocol (mA/cm²).
FACTOR, TOP = 2.5, 1.0
FACTORS = (1.5, 2.0, 2.5, 4.0)
ONE_FACTOR = OnsetSettings(factors=(FACTOR,))
# How far (decades) a maximum has to move.
MOVED = 0.1
LOWER = "a second peak of 5 % counts, as side lobes may have"


def threshold_50(campaigns: Campaigns) -> Computed:
    """O5: the knee of V(i) of NaK50."""
    return _threshold(campaigns["strip50"])


def threshold_65(campaigns: Campaigns) -> Computed:
    """O8: the same of NaK65."""
    return _threshold(campaigns["strip65"])


def _threshold(campaign: Campaign) -> Computed:
    record = record_of(campaign)
    scale = 1e3 / area_of(record)
    found = find_onsets(record)
    readings = []
    for basis, name in (("voltage", "raw"), ("voltage_minus_ohmic", "iR-corrected")):
        for window, when in (("hold", "end of the hold"), ("sweep", "during the GEIS")):
            readings += [
                Reading(f"k = {k:g}, {name}, {when}", _value(_knee(found, basis, window, k), scale))
                for k in FACTORS
                if (k, basis, window) != (FACTOR, "voltage", "hold")
            ]
    for name, more in series_options(campaign):
        raised = record.voltage + record.current * more / area_of(record)
        bare = replace(record, voltage=raised, drt=None, peaks=None)
        one = _knee(find_onsets(bare, ONE_FACTOR), "voltage", "hold", FACTOR)
        readings.append(Reading(f"k = {FACTOR:g}, raw, {name}", _value(one, scale)))
    main = _knee(found, "voltage", "hold", FACTOR)
    if main is None:
        words = found[0].message if found else "The findings tell no onset."
        return Computed(NAN, Outcome.not_decidable, words, tuple(readings))
    value = main.low if main.outcome is Outcome.censored else main.value
    numbers = (value * scale, main.low * scale, main.high * scale)
    return Computed(numbers[0], main.outcome, main.message, tuple(readings), *numbers[1:])


def _knee(found: list[Finding], basis: str, window: str, factor: float) -> Finding | None:
    """Return one onset of V(i); None where there is none of these settings."""
    marks = (f"exceeds {factor:g} times", f"of the {window}")
    for one in found:
        if one.basis == basis and all(mark in one.criterion for mark in marks):
            return one
    return None


def _value(one: Finding | None, scale: float) -> float:
    """A knee that was not reached has no value."""
    return NAN if one is None or one.outcome is not Outcome.determined else one.value * scale


def completes(campaigns: Campaigns) -> Computed:
    """O5: |V| stays below the limit to the end of the sweep at 1 mA/cm²."""
    campaign = campaigns["strip50"]
    record, parts = record_of(campaign), Parts.of(campaign)
    last = parts.above(TOP - 5.0 * SAME)
    highest = float(np.max(np.abs(parts.sweeps.current[parts.stairs]), initial=0.0))
    end = float(parts.sweeps.end[last].max()) if last.size else parts.end
    readings = []
    for name, more in series_options(campaign):
        _, volts = voltages(record, 0.0, end, more)
        readings.append(said(name, last.size > 0 and volts.max() < LIMIT))
    _, volts = voltages(record, 0.0, end)
    top = float(volts.max()) if volts.size else NAN
    message = f"The last sweep is at {highest:.3g} mA/cm²; |V| reaches {top:.4g} V."
    return truth(last.size > 0 and top < LIMIT, message, readings)


def charge(campaigns: Campaigns) -> Computed:
    """O5: charge of the whole staircase."""
    campaign = campaigns["strip50"]
    passed = charge_between(record_of(campaign), 0.0, Parts.of(campaign).end)
    return Computed(passed, message=f"{passed:.3g} mAh/cm² up to the end of the staircase.")


def boundary_time(campaigns: Campaigns) -> Computed:
    """O6: place of γ_GB in the stable regime."""
    parts = Parts.of(campaigns["strip50"])
    places = parts.below(stable()[0])
    if not places.size:
        return unknown("No sweep in the stable regime.")
    values = parts.sweeps.boundary_top[places]
    value = float(np.median(values))
    message = f"In {places.size} sweeps between {values.min():.3f} and {values.max():.3f}."
    return Computed(value, message=message, sensitivity=by_frequency(value))


def interface_time(campaigns: Campaigns) -> Computed:
    """O6: place of γ_int in the stable regime; beyond the window it is not decidable."""
    parts = Parts.of(campaigns["strip50"])
    places = parts.below(stable()[0])
    value = float(np.median(parts.sweeps.top[places])) if places.size else NAN
    if not np.isfinite(value):
        return unknown("γ_int has no maximum in the stable regime.")
    window = float(np.median(parts.sweeps.window[places]))
    beyond = value > window
    message = f"The window ends at {window:.2f}; the maximum lies at {value:.2f}" + (
        ", beyond it: extrapolated, not measured." if beyond else ", inside."
    )
    outcome = Outcome.not_decidable if beyond else Outcome.determined
    return Computed(value, outcome, message, by_frequency(value))


def interface_single(campaigns: Campaigns) -> Computed:
    """O6: no second peak of the interface well below the threshold."""
    parts = Parts.of(campaigns["strip50"])
    edge = stable()[0] - stable()[1]
    places = parts.below(edge)
    if not places.size:
        return unknown("No sweep in the stable regime.")
    with_it = places[np.isfinite(parts.sweeps.second[places])]
    message = f"{with_it.size} of {places.size} sweeps below {edge:g} mA/cm² have a second peak"
    if with_it.size:
        first = with_it[0]
        message += (
            f", the first at {parts.sweeps.current[first]:.3g} mA/cm² and log10 τ = "
            f"{parts.sweeps.second[first]:.2f}"
        )
    faint = np.isfinite(parts.sweeps.faint[places]).any()
    return truth(not with_it.size, message + ".", (said(LOWER, not faint),))


def interface_moves(campaigns: Campaigns) -> Computed:
    """O6: γ_int grows and moves to shorter times above the threshold.

    It grows from the last sweep up to the threshold to the last of all; its place is the fastest of
    the sweeps above. No peak counts as γ'_int too (see the top of this file); the area is that of
    all γ of the interface.
    """
    parts = Parts.of(campaigns["strip50"])
    limit = stable()[0]
    above, below = parts.above(limit), parts.below(limit + 2.0 * SAME)
    if not above.size or not below.size:
        return unknown(f"No sweeps on both sides of {limit:g} mA/cm².")
    area, top = parts.sweeps.interface, parts.sweeps.top
    before, last = below[-1], above[-1]
    slow = parts.sweeps.slow
    lowest = float(np.nanmin(slow[above], initial=np.inf))
    message = (
        f"From {parts.sweeps.current[before]:.3g} to {parts.sweeps.current[last]:.3g} mA/cm² the "
        f"area goes from {area[before]:.4g} to {area[last]:.4g} Ω·cm², and log10 τ of the maximum "
        f"from {slow[before]:.2f} to {slow[last]:.2f}, at least {lowest:.2f}; where there are two, "
        "that of the slower one."
    )
    grows = bool(area[last] > area[before])
    moved = slow[before] - MOVED
    size = parts.sweeps.slow_height
    higher = bool(size[last] > size[before])
    readings = (
        said("maximum of γ_int instead of the area, which γ'_int is in", higher and lowest < moved),
        said("place in the last sweep instead of the lowest", grows and slow[last] < moved),
        said("all sweeps, γ'_int where it is the largest", _falls(grows, top[above], moved)),
        said("within the window of the frequencies", _inside_moves(parts.sweeps, before, last)),
    )
    return truth(grows and lowest < moved, message, readings)


def _falls(grows: bool, places: Floats, limit: float) -> bool:
    return grows and bool(np.nanmin(places, initial=np.inf) < limit)


def _inside_moves(sweeps: Sweeps, before: int, last: int) -> bool:
    """Say whether the area within the window grows and its maximum moves, or comes into it."""
    was = sweeps.inside_top[before]
    was = sweeps.window[before] if np.isnan(was) else was
    grows = sweeps.inside[last] > sweeps.inside[before]
    return bool(grows and sweeps.inside_top[last] < was - MOVED)


def second_time(campaigns: Campaigns) -> Computed:
    """O6: place of γ'_int in the last sweep."""
    parts = Parts.of(campaigns["strip50"])
    places = parts.above(TOP - 5.0 * SAME)
    if not places.size:
        places = parts.above(0.0)
    if not places.size:
        return unknown("No complete sweep under current.")
    last = int(places[-1])
    sweeps = parts.sweeps
    value = float(sweeps.second[last])
    where = f"at {sweeps.current[last]:.3g} mA/cm²"
    if np.isnan(value):
        message = f"No second peak {where}; the largest lies at log10 τ = {sweeps.top[last]:.2f}."
        return unknown(message, Outcome.not_found)
    message = (
        f"{where}: γ'_int at log10 τ = {value:.2f} with {sweeps.second_height[last]:.3g} Ω·cm², "
        f"the largest at {sweeps.top[last]:.2f} with {sweeps.height[last]:.3g} Ω·cm²."
    )
    return Computed(value, message=message, sensitivity=by_frequency(value))


def second_onset(campaigns: Campaigns) -> Computed:
    """O6: first current from which on γ'_int is in every sweep."""
    sweeps, places = (parts := Parts.of(campaigns["strip50"])).sweeps, parts.above(0.0)
    there = np.isfinite(sweeps.second[places])
    if not places.size:
        return unknown("No complete sweep under current.")
    readings = []
    if there.any():
        first = float(sweeps.current[places[np.flatnonzero(there)[0]]])
        readings.append(Reading("first sweep with it at all", first))
    begin = _from_here(np.isfinite(sweeps.faint[places]))
    lower = float(sweeps.current[places[begin]]) if begin < places.size else NAN
    readings.append(Reading(LOWER, lower))
    begin = _from_here(there)
    if begin >= places.size:
        message = f"The sweep at {sweeps.current[places[-1]]:.3g} mA/cm² has no second peak."
        return Computed(NAN, Outcome.not_found, message, tuple(readings))
    value = float(sweeps.current[places[begin]])
    message = f"From {value:.3g} mA/cm² on all {places.size - begin} sweeps have a second peak."
    return Computed(value, message=message, sensitivity=tuple(readings))


def merging_time(campaigns: Campaigns) -> Computed:
    """O8: place of the largest maximum of the interface in the last complete sweep of NaK65."""
    parts = Parts.of(campaigns["strip65"])
    places = parts.above(0.0)
    if not places.size:
        return unknown("No complete sweep under current.")
    last, sweeps = int(places[-1]), parts.sweeps
    value, whole = float(sweeps.inside_top[last]), float(sweeps.top[last])
    where = f"At {sweeps.current[last]:.3g} mA/cm²"
    if np.isnan(value):
        message = f"{where} γ rises to the end of the window; its maximum lies at {whole:.2f}."
        return unknown(message)
    message = f"{where} the largest maximum lies at {value:.2f} in the window, in all {whole:.2f}."
    readings = (*by_frequency(value), Reading("beyond the window too", whole))
    return Computed(value, message=message, sensitivity=readings)


def failure_time(campaigns: Campaigns) -> Computed:
    """O9: time from the start of the current to the voltage limit, of NaK80."""
    record = record_of(campaigns["strip80"])
    flows = stretches(record)
    if not flows:
        return unknown("No current flows.")
    start = flows[0].start
    times = {}
    for basis in ("voltage", "voltage_minus_ohmic"):
        found = [one for one in findings_of(campaigns["strip80"], "critical_capacity", basis)
                 if one.outcome is Outcome.determined]  # fmt: skip
        times[basis] = found[0].time - start if found else NAN
    readings = (Reading("|V − iR_Ω|", times["voltage_minus_ohmic"]),)
    if np.isfinite(times["voltage"]):
        message = f"3 V after {times['voltage']:.4g} s at {flows[0].current:.3g} mA/cm²"
        message += "." if len(flows) == 1 else f", the last current is {flows[-1].current:.3g}."
        return Computed(times["voltage"], message=message, sensitivity=readings)
    lasted = flows[-1].end - start
    message = capacity_of(campaigns["strip80"]).message
    return Computed(lasted, Outcome.censored, message, readings)


def _from_here(there: Bools) -> int:
    """Return the place from which on all are there; the number of all: the last is not."""
    absent = np.flatnonzero(~there)
    return int(absent[-1]) + 1 if absent.size else 0


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {
        "O5.threshold": threshold_50,
        "O5.completes": completes,
        "O5.charge": charge,
        "O6.boundary_time": boundary_time,
        "O6.interface_time": interface_time,
        "O6.interface_single": interface_single,
        "O6.interface_moves": interface_moves,
        "O6.second_time": second_time,
        "O6.second_onset": second_onset,
        "O8.threshold": threshold_65,
        "O8.merging_time": merging_time,
        "O9.failure_time": failure_time,
    }
)
