"""The page and the figures of the paper's campaign, in the paper's order."""

from __future__ import annotations

from anodescope.report.paper.content import TOPICS, Mark, PaperContent, Told
from anodescope.report.paper.figures import PAPER, PaperFigure, caption_of, draw, drawable, part_of
from anodescope.report.paper.page import chapters, write_page, write_paper

__all__ = [
    "PAPER",
    "TOPICS",
    "Mark",
    "PaperContent",
    "PaperFigure",
    "Told",
    "caption_of",
    "chapters",
    "draw",
    "drawable",
    "part_of",
    "write_page",
    "write_paper",
]
