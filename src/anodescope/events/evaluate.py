"""The verb `evaluate`: every detector, one after the other, into one table of findings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import xarray as xr

from anodescope.campaign import Campaign
from anodescope.citations import relies_on
from anodescope.errors import Outcome
from anodescope.events.capacity.find import CapacitySettings, find_capacity
from anodescope.events.ccd import CriticalCurrentSettings, find_critical_current
from anodescope.events.finding import Finding, Record, findings_node
from anodescope.events.onset.degradation import find_degradation
from anodescope.events.onset.find import find_onsets
from anodescope.events.onset.settings import OnsetSettings
from anodescope.events.recovery.find import RecoverySettings, find_recoveries
from anodescope.events.short.find import BOTH, IMPEDANCE, find_shorts

# In the order in which they run; what each relies on is cited.
DETECTORS = (
    find_shorts,
    find_critical_current,
    find_degradation,
    find_onsets,
    find_capacity,
    find_recoveries,
)


@final
@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What the detectors go by.

    Attributes
    ----------
    critical_current : which levels count, and (`shorts`) what a short circuit is.
    capacity : limit of |V|, and the series resistance where it is known.
    onset : factors of the knee, windows, series resistances.
    recovery : how relaxations are fitted.
    """

    critical_current: CriticalCurrentSettings = field(default_factory=CriticalCurrentSettings)
    capacity: CapacitySettings = field(default_factory=CapacitySettings)
    onset: OnsetSettings = field(default_factory=OnsetSettings)
    recovery: RecoverySettings = field(default_factory=RecoverySettings)


@relies_on("wu2025")
def evaluate(campaign: Campaign, settings: DetectorSettings | None = None) -> xr.Dataset:
    """Determine short circuits, critical current, onset, capacity and recovery.

    Parameters
    ----------
    campaign : with a protocol node (see `anodescope.recognise`) for all but short circuits; with
        spectra, drt and peaks for what rests on impedance. What is missing is said, not computed.
    settings : what the detectors go by.

    Returns
    -------
    findings node: one row per number, each with bounds, outcome, criterion and a sentence. Where
    the specimen gives the area of the electrode under study, values per area stand beside them.

    Raises
    ------
    SettingsError
        when the campaign's specimen cannot be read.
    """
    settings = settings or DetectorSettings()
    record = Record.of(campaign)
    found = _all(record, settings)
    if not record.sign_known and record.has_current:
        found = [_with_sign(one, record) for one in found]
    return findings_node(found, record.area)


def _all(record: Record, settings: DetectorSettings) -> list[Finding]:
    shorts = find_shorts(record, settings.critical_current.shorts)
    return [
        *_marked_once(shorts),
        *find_critical_current(record, settings.critical_current, shorts=shorts),
        *find_degradation(record, settings.onset, shorts=shorts),
        *find_onsets(record, settings.onset, shorts=shorts),
        *find_capacity(record, settings.capacity, shorts=shorts),
        *find_recoveries(record, settings.recovery),
    ]


def _marked_once(shorts: list[Finding]) -> list[Finding]:
    """Let one short circuit mark one event, though each basis has a finding of its own.

    Where voltage and impedance show the same one, the event is that of the voltage, whose bounds
    are narrower. What is not decidable marks none.
    """
    both = [one for one in shorts if one.basis == BOTH]

    def unmarked(one: Finding) -> bool:
        if one.outcome is not Outcome.determined:
            return True
        meets = any(other.low <= one.high and one.low <= other.high for other in both)
        return one.basis == BOTH or (one.basis == IMPEDANCE and meets)

    return [replace(one, event="") if unmarked(one) else one for one in shorts]


def _with_sign(one: Finding, record: Record) -> Finding:
    """Say whose sign of the current a finding uses, where it is not known."""
    return (
        one
        if record.sign.strip() in one.message
        else replace(one, message=one.message + record.sign)
    )
