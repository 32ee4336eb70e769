"""Rows O14 to O16: the plating staircase and its rest, and Na plated on K."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from anodescope.campaign import Campaign
from anodescope.events.finding import Record
from anodescope.events.onset.settings import OnsetSettings
from anodescope.events.onset.stairs import stairs_of
from anodescope.inference.observations.parts import KINDS, Parts
from anodescope.inference.observations.reading import (
    NAN,
    Campaigns,
    Extractor,
    Floats,
    Integers,
    area_of,
    findings_of,
    ohmic_of_sweeps,
    record_of,
    relative_spread,
    said,
    series_options,
    shorts_of,
    truth,
    unknown,
)
from anodescope.inference.observations.recovery import (
    LARGER,
    first_and_pristine,
    pristine_after_rest,
)
from anodescope.inference.observations.rows import Computed, Reading, rows

PLATED, ON_POTASSIUM = "plate50", "potassium"
# Stairs that one line goes through, as in the knee; other numbers are told beside it.
THROUGH, OTHERS = 5, (3, 11)
# O14: the staircase is cut into so many parts; γ_int falls in all of these but so many, and in all
# by more than this share. O16: below this share of the pristine area at once.
PARTS, SPARED, SMALLER = 10, 1, 0.95
# A staircase has more currents than this.
LEAST = 3


def _staircases(record: Record) -> list[tuple[Floats, Floats, Floats]]:
    """Return |i| (mA/cm²) and |V| (V) at the end of the hold and during the sweep, per staircase.

    The shares of hold and sweep are those of the knee.
    """
    usual = OnsetSettings()
    found = []
    for block, kind in enumerate(record.phases.kinds):
        if kind in KINDS:
            one = stairs_of(record, block, usual.hold_share, usual.sweep_share)
            found.append((one.current * 1e3 / area_of(record), one.hold, one.sweep))
    return found


def linear(campaigns: Campaigns) -> Computed:
    """O14: largest over smallest slope of V(i) along the staircase."""
    record = record_of(campaigns[PLATED])
    found = [one for one in _staircases(record) if one[0].size > LEAST]
    if not found:
        return unknown("No staircase of more than three currents.")
    current, hold, sweep = found[0]
    slopes = _slopes(current, hold, THROUGH)
    if not slopes.size:
        return unknown(f"No {THROUGH} neighbouring currents have a voltage at the end of the hold.")
    readings = [Reading(f"lines through {n} currents", _ratio(_slopes(current, hold, n)))
                for n in OTHERS]  # fmt: skip
    readings.append(Reading("during the GEIS", _ratio(_slopes(current, sweep, THROUGH))))
    readings.append(Reading("V/i instead of the slope", _ratio(hold / current)))
    net = -1e-3 * ohmic_of_sweeps(campaigns[PLATED])
    readings.append(
        Reading("iR-corrected", _ratio(_slopes(current, hold + net * current, THROUGH)))
    )
    others = {
        name: _ratio(_slopes(current, hold + 1e-3 * more * current, THROUGH))
        for name, more in series_options(campaigns[PLATED])
    }
    readings += [Reading(name, value) for name, value in others.items()]
    message = (
        f"The slope goes from {slopes[0] * 1e3:.4g} Ω·cm² at {current[0]:.3g} to "
        f"{slopes[-1] * 1e3:.4g} Ω·cm² at {current[-1]:.3g} mA/cm², between "
        f"{slopes.min() * 1e3:.4g} and {slopes.max() * 1e3:.4g}."
    )
    if others:
        least, most = min(others.values()), max(others.values())
        message += (
            f" The series resistance, which is set by hand, is in every slope: with 100 to "
            f"1000 Ω·cm² the ratio is {most:.3g} to {least:.3g}."
        )
        bar = rows()["O14.linear"].high
        over = [name for name, value in others.items() if value > bar]
        message += f" Above {bar:g}: {', '.join(over)}." if over else ""
    return Computed(_ratio(slopes), message=message, sensitivity=tuple(readings))


def _slopes(current: Floats, volts: Floats, through: int) -> Floats:
    """Return dV/di (V·cm²/mA) of the line through each so many neighbouring stairs."""
    good = np.isfinite(volts)
    current, volts = current[good], volts[good]
    if current.size < through:
        return np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view
    i, v = windows(current, through), windows(volts, through)
    i = i - i.mean(axis=1, keepdims=True)
    slopes: Floats = (i * v).sum(axis=1) / (i * i).sum(axis=1)
    return slopes


def _ratio(values: Floats) -> float:
    """Return the largest over the smallest; infinite where a slope is not positive."""
    values = values[np.isfinite(values)]
    if not values.size:
        return NAN
    return float(values.max() / values.min()) if values.min() > 0.0 else np.inf


def no_short(campaigns: Campaigns) -> Computed:
    """O14: no short circuit on the whole way."""
    campaign = campaigns[PLATED]
    record = record_of(campaign)
    shorts = shorts_of(campaign)
    highest = max((float(one[0].max()) for one in _staircases(record) if one[0].size), default=NAN)
    if not np.isfinite(highest):
        return unknown("No staircase of currents.")
    message = f"No short circuit up to {highest:.3g} mA/cm²."
    if shorts:
        message = shorts[0].message
    by_sweeps = [one for kind in ("hard_short", "soft_short", "reversible_short")
                 for one in findings_of(campaign, kind, "impedance")]  # fmt: skip
    readings = (
        said("hard ones alone", not shorts_of(campaign, soft=False)),
        said("by the impedance too", not shorts and not by_sweeps),
    )
    return truth(not shorts, message, readings)


def interface_falls(campaigns: Campaigns) -> Computed:
    """O14: γ_int falls all along the staircase."""
    parts = Parts.of(campaigns[PLATED])
    if parts.stairs.size <= PARTS:
        return unknown(f"No more than {PARTS} sweeps with γ in the staircase.")
    at = parts.stairs[np.linspace(0, parts.stairs.size - 1, PARTS + 1).round().astype(np.int64)]
    sweeps = parts.sweeps
    falls = _falls(sweeps.interface[at])
    first, last = sweeps.interface[at[[0, -1]]]
    message = (
        f"The area of γ_int goes from {first:.4g} to {last:.4g} Ω·cm² ({last / first - 1.0:+.1%}) "
        f"and falls in {falls} of {PARTS} tenths."
    )
    readings = [
        said("maximum of γ_int", _all_along(sweeps.height[at])),
        said("γ within the window", _all_along(sweeps.inside[at])),
        said("from the first to the last sweep alone", last < SMALLER * first),
    ]
    return truth(_all_along(sweeps.interface[at]), message, readings)


def _falls(values: Floats) -> int:
    return int((np.diff(values) < 0.0).sum())


def _all_along(values: Floats) -> bool:
    return bool(_falls(values) >= PARTS - SPARED and values[-1] < SMALLER * values[0])


def boundary_steady(campaigns: Campaigns) -> Computed:
    """O14: largest relative deviation of the area of γ_GB from its mean."""
    parts = Parts.of(campaigns[PLATED])
    if not parts.stairs.size:
        return unknown("No sweep with γ under current.")
    values = parts.sweeps.boundary[parts.stairs]
    tops = parts.sweeps.boundary_top[parts.stairs]
    message = (
        f"The area of γ_GB lies between {values.min():.4g} and {values.max():.4g} Ω·cm², log10 τ of"
        f" its maximum between {tops.min():.2f} and {tops.max():.2f}."
    )
    both = parts.sweeps.series[parts.stairs] + values
    readings = (Reading("γ_GB and the series resistance together", relative_spread(both)),)
    return Computed(relative_spread(values), message=message, sensitivity=readings)


def grows_back(campaigns: Campaigns) -> Computed:
    """O15: γ_int after 15 h against the first sweep at rest."""
    campaign = campaigns[PLATED]
    late, parts = pristine_after_rest(campaign), Parts.of(campaign)
    first, pristine = first_and_pristine(parts)
    if not np.isfinite(late.value) or first < 0:
        return unknown(late.message or "No sweep at rest after the staircase.")
    sweeps = parts.sweeps
    area = sweeps.interface
    last = sweeps.last()
    message = (
        f"The area of γ_int is {area[first]:.4g} Ω·cm² in the first sweep at rest, "
        f"{area[last]:.4g} after 15 h ({area[last] / area[first]:.2f} times), pristine "
        f"{area[pristine]:.4g}."
    )
    under = parts.stairs[-1] if parts.stairs.size else first
    readings = (
        said("maximum of γ_int", sweeps.height[last] > LARGER * sweeps.height[first]),
        said("γ within the window", sweeps.inside[last] > LARGER * sweeps.inside[first]),
        said("against the last sweep under current", area[last] > LARGER * area[under]),
    )
    return truth(area[last] > LARGER * area[first], message, readings)


def falls_at_once(campaigns: Campaigns) -> Computed:
    """O16: γ_int of K falls as soon as Na is plated on it."""
    parts = Parts.of(campaigns[ON_POTASSIUM])
    pristine, under = parts.sweeps.first(), _complete(parts)
    if not under.size or pristine < 0 or pristine >= under[0]:
        return unknown("No sweep before the current, or none under it.")
    area, height = parts.sweeps.interface, parts.sweeps.height
    first, last = int(under[0]), int(under[-1])
    message = (
        f"The area of γ_int is {area[pristine]:.4g} Ω·cm² pristine, {area[first]:.4g} in the first "
        f"sweep under current, {area[last]:.4g} in the last."
    )
    holds = area[first] < SMALLER * area[pristine]
    readings = (
        said("the first sweep alone", holds),
        said("both below 0.95 of it", holds and area[last] < SMALLER * area[pristine]),
        said("maximum of γ_int", height[first] < SMALLER * height[pristine]
             and height[last] < height[first]),
        Reading("first over pristine", float(area[first] / area[pristine])),
    )  # fmt: skip
    return truth(holds and area[last] < area[first], message, readings)


def _complete(parts: Parts) -> Integers:
    """Return the places of the sweeps under current that reach the end of the window."""
    complete = parts.stairs[parts.sweeps.complete[parts.stairs]]
    return complete if complete.size else parts.stairs


def _after_rest(key: str) -> Extractor:
    def extract(campaigns: Campaigns) -> Computed:
        campaign: Campaign = campaigns[key]
        return pristine_after_rest(campaign)

    return extract


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {
        "O14.linear": linear,
        "O14.no_short": no_short,
        "O14.interface_falls": interface_falls,
        "O14.boundary_steady": boundary_steady,
        "O15.grows_back": grows_back,
        "O15.pristine_15h": _after_rest(PLATED),
        "O16.falls_at_once": falls_at_once,
        "O16.pristine_15h": _after_rest(ON_POTASSIUM),
    }
)
