"""Rows O17 to O19: the in situ cell, plated at two currents and stripped at four."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.events.finding import Record
from anodescope.inference.observations.reading import (
    LIMIT,
    NAN,
    Campaigns,
    Extractor,
    Found,
    Stretch,
    area_of,
    charge_between,
    findings_of,
    ohmic_of_sweeps,
    record_of,
    said,
    series_options,
    shorts_of,
    stretches,
    truth,
    unknown,
    voltages,
)
from anodescope.inference.observations.rows import Computed, Reading
from anodescope.inference.observations.shorting import asked, first_short

FAST, SLOW, STRIPPED = "insitu_plate_0.7", "insitu_plate_0.4", "insitu_strip"
# The fresh cell whose spectra tell the ohmic part, per area: these records have no sweeps.
FRESH = "pristine50"
# O17: |V| that is left of that before; both are means over so many s beside the short circuit.
LEFT, BESIDE, OTHERS = 0.1, 60.0, (0.5, 0.02)
# O18: charge (mAh/cm²) to be plated, and the share of it that may be missing.
WANTED, NEARLY = 4.0, 1e-3
# O19: V at this time (s) after the switch is the start; it may rise by this share of it.
SETTLED, RISE, OTHER_RISES = 10.0, 0.5, (0.1, 0.25, 1.0)
# A sample whose current is off by this share belongs to another current.
OFF = 0.1
# Tomography: the edge of a voxel (cm), and how many of these a length must have to be seen.
VOXEL, SEEN = 1.3e-4, 2


def short_charge(campaigns: Campaigns) -> Computed:
    """O17: charge plated up to the short circuit."""
    campaign = campaigns[FAST]
    record = record_of(campaign)
    short, cycle = first_short(campaign)
    if short is None or cycle is None:
        return _no_short(record)
    found = [one for one in findings_of(campaign, "short_charge", "voltage")
             if one.outcome is Outcome.determined and one.time == short.time]  # fmt: skip
    total = charge_between(record, cycle.start, short.low)
    readings = [Reading("|∫ i dt| up to the last sample before it", total)]
    readings += _falls(record, cycle, short)
    if not found:
        return Computed(total, message=short.message, sensitivity=tuple(readings))
    one = found[0]
    side = "plated" if cycle.current < 0.0 else "stripped"
    message = (
        f"A {short.quantity.replace('_', ' ')} circuit after {one.low:.4g} to {one.high:.4g} "
        f"mAh/cm² {side} at {asked(cycle):g} mA/cm²."
    )
    outcome = Outcome.determined if cycle.current < 0.0 else Outcome.not_found
    return Computed(one.value, outcome, message, tuple(readings), one.low, one.high)


def _no_short(record: Record) -> Computed:
    """Return the charge that passed without a short circuit, as a bound."""
    flows = stretches(record)
    if not flows:
        return unknown("No current flows.")
    total = charge_between(record, flows[0].start, flows[-1].end)
    message = f"No short circuit in {total:.3g} mAh/cm² at {asked(flows[0]):g} mA/cm²."
    return Computed(total, Outcome.censored, message, low=total, high=math.inf)


def _falls(record: Record, cycle: Stretch, short: Found) -> list[Reading]:
    """Return the charge at which |V| falls below a share of its median before, for good."""
    time, volts = voltages(record, cycle.start, cycle.end)
    before = volts[time <= short.low]
    usual = float(np.median(before)) if before.size else NAN
    found = []
    for share in OTHERS:
        above = np.flatnonzero(volts > share * usual)
        last = float(time[above[-1]]) if above.size and above[-1] + 1 < time.size else NAN
        value = abs(cycle.current) * (last - cycle.start) / 3600.0
        found.append(Reading(f"|V| for good below {share:g} of its median before", value))
    return found


def voltage_falls(campaigns: Campaigns) -> Computed:
    """O17: |V| after the short circuit against that before it."""
    campaign = campaigns[FAST]
    record = record_of(campaign)
    short, cycle = first_short(campaign)
    if short is None or cycle is None:
        return truth(False, "There is no short circuit.")
    _, before = voltages(record, max(short.low - BESIDE, cycle.start), short.low)
    _, after = voltages(record, short.high, min(short.high + BESIDE, cycle.end))
    _, end = voltages(record, max(cycle.end - BESIDE, short.high), cycle.end)
    if not (before.size and after.size):
        return unknown("No samples on both sides of the short circuit.")
    was, now = float(before.mean()), float(after.mean())
    message = f"|V| goes from {was:.3g} to {now:.3g} V, {now / was:.2%} of it."
    readings = [Reading("V after it", now)]
    readings.append(Reading("V at the end of the record", float(end.mean()) if end.size else NAN))
    return truth(now < LEFT * was, message, readings)


def chips(campaigns: Campaigns) -> Computed:
    """O17: the edge chips before the short circuit, and the crack is shorter afterwards.

    Read off the simulated state: the paper saw it by tomography.
    """
    campaign = campaigns[FAST]
    if "state" not in campaign:
        return unknown("No electrochemical record tells it; it is read off the simulated state.")
    state = campaign["state"]
    law = _law(campaign, "filament")
    chipped = state["chipped"].values.astype(bool) if "chipped" in state else np.zeros(1, bool)
    if not chipped.any() and law.get("chip") in (None, math.inf):  # JSON has no infinity
        name = law.get("law", "the filament's")
        message = f"Read off the simulated state: the law {name} has no chipping of the edge."
        return Computed(NAN, Outcome.not_decidable, message, modelled=False)
    short, _ = first_short(campaign)
    time, length = state["state_time"].values, state["filament"].values
    if not chipped.any():
        message = f"Read off the simulated state: no chip; the crack grows to {length.max():.3g}."
        return truth(False, message)
    first = int(np.flatnonzero(chipped)[0])
    top, left = float(length[first:].max()), float(length[-1])
    before = short is None or time[first] <= short.time
    when = "before" if before else "after"
    message = (
        f"Read off the simulated state: the edge chips at {time[first]:.4g} s, {when} any short "
        f"circuit; the crack is {top:.3g} of the thickness at most, {left:.3g} at the end."
    )
    readings = (said("only the chip before the short circuit", before),
                said("only the crack that gets shorter", left < top))  # fmt: skip
    return truth(before and left < top, message, readings)


def _law(campaign: Campaign, part: str) -> dict[str, Any]:
    """Return the settings of a part of a simulated cell, of the campaign's own provenance."""
    for entry in campaign.attrs.get("provenance") or ():
        cell = entry.get("parameters", {}).get("cell")
        if isinstance(cell, dict) and isinstance(cell.get(part), dict):
            found: dict[str, Any] = cell[part]
            return found
    return {}


def no_short(campaigns: Campaigns) -> Computed:
    """O18: 4 mAh/cm² are plated without a short circuit."""
    campaign = campaigns[SLOW]
    record = record_of(campaign)
    flows = stretches(record)
    if not flows:
        return unknown("No current flows.")
    passed = charge_between(record, flows[0].start, flows[-1].end)
    shorts = shorts_of(campaign)
    message = f"{passed:.4g} mAh/cm² at {flows[0].current:.3g} mA/cm², no short circuit."
    if shorts:
        at = charge_between(record, flows[0].start, shorts[0].low)
        message = f"{shorts[0].quantity.replace('_', ' ').capitalize()} after {at:.3g} mAh/cm²."
    readings = (said("hard ones alone", not shorts_of(campaign, soft=False)),)
    return truth(not shorts and passed >= WANTED * (1.0 - NEARLY), message, readings)


def unstable_current(campaigns: Campaigns) -> Computed:
    """O19: first current at which V rises by more than half, or reaches the limit."""
    record = record_of(campaigns[STRIPPED])
    flows = stretches(record)
    if not flows:
        return unknown("No current flows.")
    rises = {one.current: _rise(record, one, 0.0) for one in flows}
    course = ", ".join(f"{rise:+.0%} at {current:.3g}" for current, rise in rises.items())
    message = f"V changes after the first {SETTLED:g} s by {course} mA/cm²."
    readings = [Reading(f"a rise of {share:.0%}", _first(record, flows, share))
                for share in OTHER_RISES]  # fmt: skip
    fresh = campaigns.get(FRESH)
    if fresh is not None:
        options = [("without iR", -ohmic_of_sweeps(fresh)), *series_options(fresh)]
        readings += [Reading(name, _first(record, flows, RISE, more))
                     for name, more in options if np.isfinite(more)]  # fmt: skip
    value = _first(record, flows, RISE)
    outcome = Outcome.determined if np.isfinite(value) else Outcome.not_found
    return Computed(value, outcome, message, tuple(readings))


def _first(record: Record, flows: list[Stretch], share: float, series: float = 0.0) -> float:
    """Return the first current (mA/cm²) with such a rise; NaN: none."""
    for one in flows:
        if not _rise(record, one, series) <= share:
            return asked(one)
    return NAN


def _rise(record: Record, one: Stretch, series: float) -> float:
    """Return the rise of |V| over its value after the settling time; inf at the limit.

    A stretch that ends before the settling time ended at the limit, or tells nothing (0). The
    sample of the switch may be of the current before or after it, and is left out then.
    """
    flow = record.current * 1e3 / area_of(record)
    good = np.abs(flow - one.current) < OFF * abs(one.current)
    record = replace(record, voltage=np.where(good, record.voltage, NAN))
    time, volts = voltages(record, one.start, one.end, series)
    if volts.size and volts.max() >= LIMIT * (1.0 - 1e-3):
        return math.inf
    late = time >= one.start + SETTLED
    if not late.any():
        return 0.0
    start = float(volts[late][0])
    return float(volts[late].max() / start - 1.0)


def bubble_grows(campaigns: Campaigns) -> Computed:
    """O19: the liquid gives way to gas by more than a layer of voxels over the face.

    Read off the simulated state: the paper saw it by tomography.
    """
    campaign = campaigns[STRIPPED]
    state = _state(campaign, "liquid_volume")
    if state is None:
        return unknown("No electrochemical record tells it; it is read off the simulated state.")
    volume = state["liquid_volume"].values
    sunk = float(volume[0] - volume[-1]) / area_of(record_of(campaign))
    charge = float(state["stripped"].values[-1] - state["stripped"].values[0])
    message = (
        f"Read off the simulated state: the liquid loses {(volume[0] - volume[-1]) * 1e6:.3g} nL "
        f"({sunk * 1e4:.3g} µm over the face) for {charge:.3g} mAh/cm²; gas takes its place."
    )
    readings = [said(f"more than {layers} layers of voxels", sunk > layers * VOXEL)
                for layers in (2, 4)]  # fmt: skip
    readings.append(Reading("µm over the face", sunk * 1e4))
    return truth(sunk > VOXEL, message, readings)


def interface_unchanged(campaigns: Campaigns) -> Computed:
    """O19: voids at the interface stay too small for the tomograph.

    Read off the simulated state. Where their length is a number of the cell that no law of it
    changes, nothing is computed, and the row is not modelled.
    """
    campaign = campaigns[STRIPPED]
    state = _state(campaign, "void_length")
    if state is None:
        return unknown("No electrochemical record tells it; it is read off the simulated state.")
    length = state["void_length"].values
    first, top = float(length[0]), float(np.max(length))
    readings = (Reading("largest length, µm", top * 1e4),)
    if np.ptp(length) <= 1e-9 * top:
        message = (
            f"Read off the simulated state: the voids' length of {top * 1e4:.3g} µm is set, and no "
            "law of this cell changes it."
        )
        return Computed(NAN, Outcome.not_decidable, message, readings, modelled=False)
    message = (
        f"Read off the simulated state: the voids' length goes from {first * 1e4:.3g} to "
        f"{top * 1e4:.3g} µm; two voxels are {SEEN * VOXEL * 1e4:.3g} µm."
    )
    return truth(top < SEEN * VOXEL, message, readings)


def _state(campaign: Campaign, name: str) -> xr.Dataset | None:
    """Return the simulated state where it has a variable."""
    if "state" not in campaign or name not in campaign["state"]:
        return None
    found: xr.Dataset = campaign["state"]
    return found


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {
        "O17.short_charge": short_charge,
        "O17.voltage_falls": voltage_falls,
        "O17.chips": chips,
        "O18.no_short": no_short,
        "O19.unstable_current": unstable_current,
        "O19.bubble_grows": bubble_grows,
        "O19.interface_unchanged": interface_unchanged,
    }
)
