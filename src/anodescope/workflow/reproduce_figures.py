"""The figures of a reproduction: each drawn from stored campaigns, so that processes share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from anodescope.campaign import Campaign, open_campaign
from anodescope.events.replicates import comparable, gather
from anodescope.inference.experiments import experiments
from anodescope.inference.observations import rows
from anodescope.report import capacity_against, ccd_figure, operando_map, save_figure
from anodescope.report.pictures import Picture, picture
from anodescope.report.sections import Part
from anodescope.report.studypage import CAPTIONS as OF_A_STUDY
from anodescope.workflow.source import in_memory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Experiments with a map of γ over time, in the order of the paper's figures.
MAPPED = ("ccd50", "strip50", "strip65", "strip80", "plate50", "potassium")
TRAINS = ("pulse_0", "pulse_0.1", "pulse_1", "pulse_2", "pulse_5", "pulse_10")


@final
@dataclass(frozen=True, slots=True)
class Sketch:
    """A figure that is to be drawn.

    Attributes
    ----------
    name : of its files. title, caption : on the page.
    make : draws campaigns by key; a function of a module. places : of their stores.
    """

    name: str
    title: str
    caption: str
    make: Callable[[Mapping[str, Campaign]], Figure]
    places: Mapping[str, Path]


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """A sketch, and the folder that its files go to."""

    sketch: Sketch
    folder: Path


def sketches(campaigns: Mapping[str, Campaign], places: Mapping[str, Path]) -> list[Sketch]:
    """Return what can be drawn: maps of γ, the half-cycles, the pulses.

    An experiment that was not run, or whose analysis gave no DRT, has no figure.

    Parameters
    ----------
    campaigns : analysed, by key. places : of their stores.
    """
    found = []
    for key in MAPPED:
        if key not in campaigns or "drt" not in campaigns[key]:
            continue
        own = {key: places[key]}
        found.append(Sketch(f"map_{key}", *_words(key), _map, own))
        if key == "ccd50":
            found.append(Sketch("half_cycles", *_words(key, "half-cycles of "), _half_cycles, own))
    trains = {key: places[key] for key in TRAINS if key in campaigns}
    findings = gather({key: campaigns[key] for key in trains})
    if (findings["quantity"] == "critical_capacity").any():
        caption = f"Computed: pulses of 1 s at 1 mA/cm². {OF_A_STUDY['capacity']}"
        found.append(Sketch("pulses", "Fig. 4: capacity against rest", caption, _pulses, trains))
    return found


def draw(sheet: Sheet) -> Part:
    """Draw a figure, save it as PNG, SVG and PDF, and return what the page shows."""
    sketch = sheet.sketch
    campaigns = {key: in_memory(open_campaign(place)) for key, place in sketch.places.items()}
    figure = sketch.make(campaigns)
    save_figure(figure, sheet.folder, sketch.name)
    shown: Picture = picture(figure, sketch.caption, f"{sketch.title}, as the caption says.")
    return Part(sketch.title, shown)


def _words(key: str, what: str = "") -> tuple[str, str]:
    """Return title and caption of a figure of one experiment."""
    one = experiments()[key]
    assumed = f" Assumed: {'; '.join(one.assumed)}." if one.assumed else ""
    told = [row.words for row in rows().values() if row.experiments == (key,)]
    words = "; ".join(f"“{text}”" for text in dict.fromkeys(told))
    paper = f" The paper: {words}." if words else ""
    return f"{one.figure}: {what}{one.says}", f"Computed.{assumed}{paper}"


def _map(campaigns: Mapping[str, Campaign]) -> Figure:
    (campaign,) = campaigns.values()
    return operando_map(campaign)


def _half_cycles(campaigns: Mapping[str, Campaign]) -> Figure:
    (campaign,) = campaigns.values()
    return ccd_figure(campaign)


def _pulses(campaigns: Mapping[str, Campaign]) -> Figure:
    return capacity_against(comparable(gather(campaigns)), "rest_s")
