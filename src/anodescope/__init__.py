"""anodescope: the open toolchain for alkali-metal and liquid-alloy anodes on solid electrolytes.

Measured instrument files and simulated cells become a `Campaign`, and the same analysis runs on
all of them.
Names are imported when they are first used, so that importing anodescope costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

# Public name: the module that defines it.
_PUBLIC = {
    "Campaign": "anodescope.campaign",
    "Cell": "anodescope.cell.cell",
    "Outcome": "anodescope.errors",
    "Protocol": "anodescope.protocol",
    "ReadError": "anodescope.errors",
    "Specimen": "anodescope.campaign",
    "Study": "anodescope.campaign",
    "analyse": "anodescope.workflow.analyse",
    "analyse_study": "anodescope.workflow.study",
    "constriction": "anodescope.contact",
    "drt": "anodescope.impedance",
    "evaluate": "anodescope.events",
    "find_events": "anodescope.events",
    "open_campaign": "anodescope.campaign",
    "protocols": "anodescope.protocol",
    "read": "anodescope.formats",
    "read_study": "anodescope.formats",
    "recognise": "anodescope.protocol",
    "simulate": "anodescope.cell.simulate",
    "track_peaks": "anodescope.impedance",
    "validate": "anodescope.impedance",
    "write_report": "anodescope.report",
}

_ROOMS = (
    "bench",
    "campaign",
    "cell",
    "contact",
    "events",
    "formats",
    "impedance",
    "materials",
    "protocol",
    "report",
    "workflow",
)

__all__ = [
    *sorted(_PUBLIC),
]

if TYPE_CHECKING:
    from anodescope.campaign import Campaign as Campaign
    from anodescope.campaign import Specimen as Specimen
    from anodescope.campaign import Study as Study
    from anodescope.campaign import open_campaign as open_campaign
    from anodescope.cell.cell import Cell as Cell
    from anodescope.cell.simulate import simulate as simulate
    from anodescope.contact import constriction as constriction
    from anodescope.errors import Outcome as Outcome
    from anodescope.errors import ReadError as ReadError
    from anodescope.events import evaluate as evaluate
    from anodescope.events import find_events as find_events
    from anodescope.formats import read as read
    from anodescope.formats import read_study as read_study
    from anodescope.impedance import drt as drt
    from anodescope.impedance import track_peaks as track_peaks
    from anodescope.impedance import validate as validate
    from anodescope.protocol import Protocol as Protocol
    from anodescope.protocol import protocols as protocols
    from anodescope.protocol import recognise as recognise
    from anodescope.report import write_report as write_report
    from anodescope.workflow.analyse import analyse as analyse
    from anodescope.workflow.study import analyse_study as analyse_study


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _ROOMS:
        return import_module(f"anodescope.{name}")
    raise AttributeError(f"module 'anodescope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC, *_ROOMS])
