"""Rows O7 and O10: the rest after a staircase, and pristine cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.inference.observations.parts import Parts
from anodescope.inference.observations.reading import (
    NAN,
    Campaigns,
    Extractor,
    Floats,
    record_of,
    said,
    stretches,
    sweeps_of,
    truth,
    unknown,
)
from anodescope.inference.observations.rows import Computed, Reading

# What the rows call larger.
LARGER = 1.05
LONG = 14.0 * 3600.0  # s of rest that count as 15 h


def second_gone(campaigns: Campaigns) -> Computed:
    """O7: no second peak in the first sweep at rest."""
    parts = Parts.of(campaigns["strip50"])
    if not parts.rest.size:
        return unknown("No sweep at rest after the staircase.")
    first, sweeps = int(parts.rest[0]), parts.sweeps
    value = float(sweeps.second[first])
    found = "no second peak" if np.isnan(value) else f"a second peak at log10 τ = {value:.2f}"
    gone = parts.rest[np.isnan(sweeps.second[parts.rest])]
    after = [Reading("first sweep without it starts after, s", float(sweeps.start[k] - parts.end))
             for k in gone[:1]]  # fmt: skip
    after.append(said("a second peak of 5 % counts, as side lobes may have",
                      np.isnan(sweeps.faint[first])))  # fmt: skip
    return truth(np.isnan(value), f"{found}{_during(parts, first)}.", after)


def _during(parts: Parts, place: int) -> str:
    """Say when a sweep at rest was, and what current still flowed (its voltage is held)."""
    sweeps = parts.sweeps
    return (
        f", {sweeps.start[place] - parts.end:.0f} to {sweeps.end[place] - parts.end:.0f} s into "
        f"rest; {sweeps.current[place]:+.2g} mA/cm² flow meanwhile"
    )


def interface_back(campaigns: Campaigns) -> Computed:
    """O7: place of γ_int in the first sweep at rest against the pristine one.

    Where one of them lies beyond the window it is not decidable, as for O6.
    """
    parts = Parts.of(campaigns["strip50"])
    first, pristine = first_and_pristine(parts)
    if first < 0:
        return unknown("No sweeps with γ both at rest and before.")
    top = parts.sweeps.top[[pristine, first]]
    value = float(top[1] - top[0])
    outside = " One lies beyond the window: extrapolated, not measured."
    beyond = bool(parts.sweeps.beyond[[pristine, first]].any())
    outcome = Outcome.not_decidable if beyond else Outcome.determined
    message = f"log10 τ: pristine {top[0]:.2f}, at rest {top[1]:.2f}{_during(parts, first)}."
    return Computed(value, outcome, message + outside * beyond)


def first_and_pristine(parts: Parts) -> tuple[int, int]:
    """Return the first sweep at rest and the first one of the campaign; −1 where one is missing."""
    pristine = parts.sweeps.first()
    if not parts.rest.size or pristine < 0 or pristine >= parts.rest[0]:
        return -1, -1
    return int(parts.rest[0]), pristine


def interface_larger(campaigns: Campaigns) -> Computed:
    """O7: area of γ_int in the first sweep at rest against the pristine one."""
    parts = Parts.of(campaigns["strip50"])
    first, pristine = first_and_pristine(parts)
    if first < 0:
        return unknown("No sweeps with γ both at rest and before.")
    sweeps = parts.sweeps
    area, height = sweeps.interface, sweeps.height
    message = (
        f"The area of γ_int is {area[first]:.4g} Ω·cm², pristine {area[pristine]:.4g} "
        f"({area[first] / area[pristine]:.2f} times){_during(parts, first)}."
    )
    readings = [said("maximum of γ_int", height[first] > LARGER * height[pristine])]
    readings.append(_against_pristine("pristine50", campaigns, area[first], LARGER))
    return truth(area[first] > LARGER * area[pristine], message, readings)


def _against_pristine(key: str, campaigns: Campaigns, area: float, factor: float) -> Reading:
    """Compare with the pristine cell at rest (another campaign) instead of the first sweep."""
    sweeps = sweeps_of(campaigns[key]) if key in campaigns else None
    at = -1 if sweeps is None else sweeps.first()
    value = NAN if sweeps is None or at < 0 else area / float(sweeps.interface[at])
    if factor > 0.0 and np.isfinite(value):
        value = float(value > factor)
    return Reading(f"against {key}, at rest", value)


def interface_grew_at_rest(campaigns: Campaigns) -> Computed:
    """O7: maximum of γ_int in the first sweep at rest against the last one under current."""
    parts = Parts.of(campaigns["strip50"])
    under = parts.above(0.0)
    if not under.size or not parts.rest.size:
        return unknown("No sweeps with γ both at rest and under current.")
    before, first, sweeps = int(under[-1]), int(parts.rest[0]), parts.sweeps
    message = (
        f"The maximum of γ_int goes from {sweeps.height[before]:.4g} to {sweeps.height[first]:.4g} "
        f"Ω·cm²{_during(parts, first)}."
    )
    area = sweeps.interface
    readings = (said("area of γ_int", area[first] > area[before]),)
    return truth(sweeps.height[first] > sweeps.height[before], message, readings)


def pristine_after_rest(campaign: Campaign) -> Computed:
    """Return the area of γ_int after 15 h of rest over that of the campaign's first sweep."""
    sweeps = sweeps_of(campaign)
    flows = stretches(record_of(campaign))
    end = max((one.end for one in flows), default=NAN)
    late = np.flatnonzero(sweeps.start - end >= LONG)
    last, pristine = sweeps.last(late), sweeps.first()
    if last < 0 or pristine < 0 or pristine == last:
        return unknown("No sweep after 14 h of rest or more.")
    area = sweeps.interface
    message = (
        f"The area of γ_int is {area[last]:.4g} Ω·cm² {(sweeps.end[last] - end) / 3600.0:.1f} h "
        f"after the current, pristine {area[pristine]:.4g}."
    )
    readings = (
        Reading("maximum of γ_int", float(sweeps.height[last] / sweeps.height[pristine])),
        Reading("γ within the window", float(sweeps.inside[last] / sweeps.inside[pristine])),
    )
    return Computed(float(area[last] / area[pristine]), message=message, sensitivity=readings)


def pristine_15h(campaigns: Campaigns) -> Computed:
    """O7: γ_int after 15 h of rest against the pristine one."""
    found = pristine_after_rest(campaigns["strip50"])
    sweeps = sweeps_of(campaigns["strip50"])
    if np.isnan(found.value) or "pristine50" not in campaigns:
        return found
    area = float(sweeps.interface[sweeps.last()])
    more = _against_pristine("pristine50", campaigns, area, 0.0)
    return replace(found, sensitivity=(*found.sensitivity, more))


def order(campaigns: Campaigns) -> Computed:
    """O10: γ_int of the pristine cells rises with the K content."""
    keys = ("pristine50", "pristine65", "pristine80")
    many = [sweeps_of(campaigns[key]) for key in keys]
    if any(one.first() < 0 for one in many):
        return unknown("A pristine cell has no spectrum with γ.")
    area, height, inside = (
        np.array([getattr(one, name)[one.first()] for one in many])
        for name in ("interface", "height", "inside")
    )
    shares = " : ".join(f"{value / area[0]:.3g}" for value in area)
    message = f"Areas of γ_int of NaK50, NaK65, NaK80: {shares}, the first {area[0]:.4g} Ω·cm²."
    readings = (said("maximum of γ_int", _rising(height)),
                said("γ within the window", _rising(inside)))  # fmt: skip
    return truth(_rising(area), message, readings)


def _rising(values: Floats) -> bool:
    return bool(np.all(np.diff(values) > 0.0))


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {
        "O7.second_gone": second_gone,
        "O7.interface_back": interface_back,
        "O7.interface_larger": interface_larger,
        "O7.interface_grew_at_rest": interface_grew_at_rest,
        "O7.pristine_15h": pristine_15h,
        "O10.order": order,
    }
)
