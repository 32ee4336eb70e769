"""A figure on a page: its bytes as a data URI beside its words."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from matplotlib.figure import Figure

from anodescope.report.saving import figure_bytes

MOST_SVG = 350_000  # bytes; a figure that is larger as SVG is embedded as PNG


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on the page: its data as a URI, and its words; without data only the words."""

    caption: str
    uri: str = ""
    alt: str = ""
    title: str = ""
    width: int = 0
    height: int = 0


def embed(figure: Figure) -> str:
    """Return a figure as a data URI: SVG, or PNG where the SVG would be large."""
    drawn = figure_bytes(figure, "svg")
    kind = "svg+xml"
    if len(drawn) > MOST_SVG:
        drawn, kind = figure_bytes(figure, "png"), "png"
    return f"data:image/{kind};base64,{base64.b64encode(drawn).decode()}"


def picture(figure: Figure, caption: str, alt: str, title: str = "") -> Picture:
    """Return a figure with its words, embedded."""
    wide, high = figure.get_size_inches()
    return Picture(caption, embed(figure), alt, title, round(96 * wide), round(96 * high))
