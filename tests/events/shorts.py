"""Short circuits that are found in a made record, and cells that have none."""

from __future__ import annotations

from anodescope.errors import Outcome
from anodescope.events.finding import Finding, Record
from anodescope.events.short.find import ShortSettings, find_shorts
from tests.generator import Made, paper

SHORTS = ("hard_short", "soft_short", "reversible_short")


def shorts_of(made: Made, basis: str = "voltage", **settings: float) -> list[Finding]:
    found = find_shorts(Record.of(made.campaign, made.protocol), ShortSettings(**settings))
    return [one for one in found if one.quantity in SHORTS and one.basis == basis]


def outcome_of(findings: list[Finding], basis: str) -> Outcome:
    return next(one.outcome for one in findings if one.quantity == "short" and one.basis == basis)


QUIET = {
    "rising stairs": lambda: paper.sgeis(rest=600.0),
    "falling while plating": lambda: paper.sgeis(sign=-1, rest=600.0),
    "CCD": lambda: paper.ccd((0.1, 0.2, 0.4), half_cycle=600.0, short=None),
    "pulses": lambda: paper.pulsed(capacity=0.1),
    "pulses that end": lambda: paper.pulsed(capacity=0.3, rest=0.1, on=5.0),
    "stairs": paper.hold,
    "cut-off": lambda: paper.constant_current(capacity=0.3),
    "half-cycles": lambda: paper.cycling(pause=60.0),
    "rest with sweeps": lambda: paper.rest_with_peis(1200.0),
}
