"""In which half-cycle a short circuit comes, for more than one topic."""

from __future__ import annotations

from anodescope.campaign import Campaign
from anodescope.inference.observations.reading import (
    Found,
    Stretch,
    record_of,
    shorts_of,
    stretches,
)


def first_short(campaign: Campaign) -> tuple[Found | None, Stretch | None]:
    """Return the first short circuit by voltage, and the time of one current that it came in."""
    shorts = shorts_of(campaign)
    if not shorts:
        return None, None
    time = shorts[0].time
    inside = [one for one in stretches(record_of(campaign)) if one.start <= time <= one.end]
    return shorts[0], inside[0] if inside else None


def asked(cycle: Stretch) -> float:
    """Return |i| (mA/cm²) to the two digits that protocols have; a gain is off by 0.1 %."""
    return float(f"{abs(cycle.current):.2g}")
