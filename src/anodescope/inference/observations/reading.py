"""What every row is read off with: sweeps, half-cycles, voltages and findings of a campaign.

All of it is per area (mA/cm², mAh/cm², Ω·cm²), and nothing looks at the `state` node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.campaign import Campaign
from anodescope.errors import Outcome
from anodescope.events.finding import Record
from anodescope.inference.observations.rows import Computed, Reading
from anodescope.inference.observations.sweeps import (
    BORDER,
    NAN,
    SECOND_BELOW,
    SHARE,
    Bools,
    Floats,
    Integers,
    Sweeps,
    area_of,
    maxima,
    record_of,
    sweeps_of,
)

__all__ = [
    "BORDER",
    "LIMIT",
    "NAN",
    "PER_FREQUENCY",
    "SECOND_BELOW",
    "SERIES",
    "SHARE",
    "Bools",
    "Campaigns",
    "Extractor",
    "Floats",
    "Found",
    "Integers",
    "Stretch",
    "Sweeps",
    "area_of",
    "capacity_of",
    "charge_between",
    "findings_of",
    "maxima",
    "ohmic_of_sweeps",
    "record_of",
    "relative_spread",
    "said",
    "series_options",
    "share_mean",
    "shorts_of",
    "stretches",
    "sweeps_of",
    "truth",
    "unknown",
    "voltages",
]  # fmt: skip

Campaigns = Mapping[str, Campaign]
Extractor = Callable[[Campaigns], Computed]

LIMIT = 3.0  # V
# τ = 1/f in place of 1/(2πf): what is added to log10 τ.
PER_FREQUENCY = float(np.log10(2.0 * np.pi))
# Two currents (mA/cm²) of a protocol are the same; of larger ones 0.3 % more, for the gain.
SAME = 1e-3
# Series resistances (Ω·cm²) that the paper's cells may have had; it states none.
SERIES = (100.0, 300.0, 600.0, 1000.0)


@final
@dataclass(frozen=True, slots=True)
class Stretch:
    """A time for which one current was asked for, sweeps included.

    Attributes
    ----------
    current : (mA/cm², positive strips). start, end : (s).
    """

    current: float
    start: float
    end: float


@final
@dataclass(frozen=True, slots=True)
class Found:
    """One row of the findings, per area where it has one; see the glossary."""

    quantity: str
    basis: str
    value: float
    low: float
    high: float
    outcome: Outcome
    criterion: str
    time: float
    block: int
    message: str


def stretches(record: Record) -> list[Stretch]:
    """Return the times at one current, in time order; rests are left out.

    Neighbouring phases of the same current belong together, whatever block they are in.
    """
    phases = record.phases
    current = np.where(phases.mode == "voltage", NAN, phases.current) * 1e3 / area_of(record)
    found: list[Stretch] = []
    before = NAN
    for k in range(current.size):
        now = float(current[k])
        if not np.isfinite(now) or abs(now) < SAME:
            before = NAN
            continue
        end = float(phases.end[k])
        if abs(now - before) < SAME * (1.0 + 3.0 * abs(now)):
            found[-1] = Stretch(found[-1].current, found[-1].start, end)
        else:
            found.append(Stretch(now, float(phases.start[k]), end))
        before = now
    return found


def voltages(
    record: Record, start: float, end: float, series: float = 0.0
) -> tuple[Floats, Floats]:
    """Return time (s) and |V| (V) of the usable samples of an interval.

    Parameters
    ----------
    record : see `record_of`. start, end : (s).
    series : a resistance (Ω·cm²) that is added in series (negative: taken away).
    """
    usable = (record.time >= start) & (record.time <= end)
    usable &= np.isfinite(record.voltage) & ~record.overload
    volts = record.voltage[usable] + record.current[usable] * series / area_of(record)
    return record.time[usable], np.abs(volts)


def share_mean(time: Floats, values: Floats, span: tuple[float, float],
               share: tuple[float, float]) -> float:  # fmt: skip
    """Return the mean of values over a share of an interval, as (0.9, 1.0) of (start, end) in s."""
    start, end = span
    low, high = start + share[0] * (end - start), start + share[1] * (end - start)
    inside = (time >= low) & (time <= high)
    return float(values[inside].mean()) if inside.any() else NAN


def findings_of(campaign: Campaign, quantity: str, basis: str = "") -> list[Found]:
    """Return findings of a quantity (and basis) in their order; per area where they have one."""
    if "findings" not in campaign:
        return []
    node = campaign["findings"]
    names = node["quantity"].values.astype(object)
    bases = node["basis"].values.astype(object)
    per_area = node["units_per_area"].values.astype(object)
    found = []
    for k in np.flatnonzero((names == quantity) & ((bases == basis) | (not basis))):
        tail = "_per_area" if per_area[k] else ""
        value, low, high = (float(node[f"{n}{tail}"].values[k]) for n in ("value", "low", "high"))
        found.append(
            Found(
                quantity, str(bases[k]), value, low, high,
                Outcome[str(node["outcome"].values[k])], str(node["criterion"].values[k]),
                float(node["time"].values[k]), int(node["block"].values[k]),
                str(node["message"].values[k]),
            )
        )  # fmt: skip
    return found


def shorts_of(campaign: Campaign, *, soft: bool = True) -> list[Found]:
    """Return the short circuits by voltage that are determined, in time order."""
    kinds = ("hard_short", "soft_short") if soft else ("hard_short",)
    many = [one for kind in kinds for one in findings_of(campaign, kind, "voltage")]
    sure = [one for one in many if one.outcome is Outcome.determined and np.isfinite(one.time)]
    return sorted(sure, key=lambda one: one.time)


def capacity_of(campaign: Campaign, basis: str = "voltage") -> Computed:
    """Return the charge (mAh/cm²) to |V| = 3 V; censored where the record ends before."""
    found = findings_of(campaign, "critical_capacity", basis)
    for one in found:
        if one.outcome is Outcome.determined:
            return Computed(one.value, low=one.low, high=one.high, message=one.message)
    for one in found:
        if one.outcome is Outcome.censored:
            return Computed(one.low, Outcome.censored, one.message, low=one.low, high=one.high)
    words = found[0].message if found else "The findings tell no critical capacity."
    return unknown(words)


def charge_between(record: Record, start: float, end: float) -> float:
    """Return |∫ i dt| (mAh/cm²) of an interval, of the samples' current."""
    inside = (record.time >= start) & (record.time <= end) & np.isfinite(record.current)
    time, current = record.time[inside], record.current[inside]
    if time.size < 2:
        return 0.0
    return abs(float(np.trapezoid(current, time))) / 3.6 / area_of(record)


def ohmic_of_sweeps(campaign: Campaign, count: int = 5) -> float:
    """Return the ohmic part with the grain boundary's (Ω·cm²): median over the first sweeps."""
    sweeps = sweeps_of(campaign)
    both = (sweeps.series + sweeps.boundary)[np.isfinite(sweeps.series)][:count]
    return float(np.median(both)) if both.size else NAN


def series_options(campaign: Campaign) -> list[tuple[str, float]]:
    """Return what to add to the cell's series resistance, so that it is each of `SERIES`.

    The cell's own is that of its first sweeps at high frequencies, the grain boundary's included.
    Without sweeps there is nothing to return.
    """
    own = ohmic_of_sweeps(campaign)
    if not np.isfinite(own):
        return []
    return [(f"series resistance {one:g} Ω·cm²", one - own) for one in SERIES]


def truth(holds: bool | np.bool_, message: str, sensitivity: Sequence[Reading] = ()) -> Computed:
    """Return a statement that holds or not."""
    return Computed(float(bool(holds)), message=message, sensitivity=tuple(sensitivity))


def unknown(message: str, outcome: Outcome = Outcome.not_decidable) -> Computed:
    """Return that there is no value, and why."""
    return Computed(NAN, outcome, message)


def said(definition: str, holds: bool | np.bool_) -> Reading:
    """Return a statement by another definition."""
    return Reading(definition, float(bool(holds)))


def relative_spread(values: Floats) -> float:
    """Return the largest relative deviation from the mean."""
    values = values[np.isfinite(values)]
    if not values.size or values.mean() == 0.0:
        return NAN
    return float(np.max(np.abs(values / values.mean() - 1.0)))
