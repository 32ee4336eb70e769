"""Row O20: Na | NASICON | Na."""

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
    Stretch,
    charge_between,
    findings_of,
    record_of,
    said,
    stretches,
    sweeps_of,
    truth,
    unknown,
)
from anodescope.inference.observations.rows import Computed, Reading
from anodescope.inference.observations.shorting import asked, first_short

KEY, PRISTINE, ALLOY = "sodium", "pristine_sodium", "pristine50"
# γ_int that is below this share of the alloy's is negligible; other shares are told beside it.
NEGLIGIBLE, OTHERS = 0.1, (0.05, 0.01)


def critical_current(campaigns: Campaigns) -> Computed:
    """O20: current of the plating half-cycle in which the first short circuit comes."""
    campaign = campaigns[KEY]
    record = record_of(campaign)
    flows = stretches(record)
    if not flows:
        return unknown("No current flows.")
    survived = _survived(campaign)
    readings = [
        Reading(f"half-cycles of {key.partition('@')[2]}", _shorted_at(campaigns[key]))
        for key in campaigns
        if key.startswith(f"{KEY}@")
    ]
    readings.append(Reading("largest current survived in full", survived))
    short, cycle = first_short(campaign)
    if short is None or cycle is None:
        highest = max(asked(one) for one in flows)
        message = f"No short circuit up to {highest:.3g} mA/cm²."
        return Computed(highest, Outcome.censored, message, tuple(readings), low=highest)
    passed = charge_between(record, cycle.start, short.low)
    side = "plating" if cycle.current < 0.0 else "stripping"
    message = (
        f"Short circuit while {side} at {asked(cycle):g} mA/cm², after {passed:.3g} mAh/cm² of "
        f"that half-cycle (they last {_length(flows):.3g} s); {survived:.3g} was survived."
    )
    outcome = Outcome.determined if cycle.current < 0.0 else Outcome.not_found
    value = asked(cycle)
    return Computed(value, outcome, message, tuple(readings), survived, value)


def _survived(campaign: Campaign) -> float:
    found = findings_of(campaign, "critical_current")
    return found[0].low if found else NAN


def _shorted_at(campaign: Campaign) -> float:
    _, cycle = first_short(campaign)
    return NAN if cycle is None else asked(cycle)


def _length(flows: list[Stretch]) -> float:
    return float(np.median([one.end - one.start for one in flows]))


def interface_negligible(campaigns: Campaigns) -> Computed:
    """O20: γ_int of the pristine cell against that of NaK50."""
    both = [sweeps_of(campaigns[key]) for key in (PRISTINE, ALLOY)]
    if any(one.first() < 0 for one in both):
        return unknown("A pristine cell has no spectrum with γ.")
    areas, inside = (
        [float(getattr(one, name)[one.first()]) for one in both] for name in ("interface", "inside")
    )
    tops = [float(one.top[one.first()]) for one in both]
    message = (
        f"The area of γ_int is {areas[0]:.3g} Ω·cm², {areas[1]:.4g} of NaK50: "
        f"{areas[0] / areas[1]:.2%}; its largest maximum lies at {tops[0]:.2f} (log10 s), there at "
        f"{tops[1]:.2f}."
    )
    readings = [said(f"below {share:g} of it", areas[0] < share * areas[1]) for share in OTHERS]
    readings.append(said("γ within the window", inside[0] < NEGLIGIBLE * inside[1]))
    return truth(areas[0] < NEGLIGIBLE * areas[1], message, readings)


EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(
    {"O20.critical_current": critical_current, "O20.interface_negligible": interface_negligible}
)
