"""The figures of a reproduction: each drawn from stored campaigns, so that processes share them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from anodescope.campaign import open_campaign
from anodescope.report.paper import PaperContent, PaperFigure, drawable, part_of
from anodescope.report.sections import Part
from anodescope.workflow.source import in_memory


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure that is to be drawn.

    Attributes
    ----------
    figure : what is drawn. places : of the campaigns that it takes, by key.
    content : words and published values. folder : that its files go to.
    """

    figure: PaperFigure
    places: Mapping[str, Path]
    content: PaperContent
    folder: Path


def sheets(places: Mapping[str, Path], content: PaperContent, folder: Path) -> list[Sheet]:
    """Return what can be drawn of campaigns by key, in the paper's order."""
    return [
        Sheet(one, {key: places[key] for key in one.keys if key in places}, content, folder)
        for one in drawable(list(places))
    ]


def draw(sheet: Sheet) -> Part:
    """Draw a figure, save it as PNG, SVG and PDF, and return what the page shows."""
    campaigns = {key: in_memory(open_campaign(place)) for key, place in sheet.places.items()}
    return part_of(sheet.figure, campaigns, sheet.content, sheet.folder)
