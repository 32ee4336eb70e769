"""A page of sections in the order that it is handed: sentences, tables, figures, works.

It is laid out like the supporting information of a paper, in the style of the other reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, final

from anodescope.citations import Citation
from anodescope.report import content
from anodescope.report.rendering import render
from anodescope.report.saving import write_beside
from anodescope.report.sections import Part

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, slots=True)
class Chapter:
    """One section of the page.

    Attributes
    ----------
    anchor, title : where links lead, and the heading.
    sentences : paragraphs below the heading.
    tables : by the name of their file in ``tables``; one without rows is left out.
    captions : of tables, by name. parts : figures with their titles, in their order.
    works : to cite. most : a table of more rows is folded.
    """

    anchor: str
    title: str
    sentences: Sequence[str] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    works: Sequence[Citation | str] = ()
    most: int = 80


@final
@dataclass(frozen=True, slots=True)
class _Shown:
    """A section as the template takes it."""

    anchor: str
    title: str
    sentences: Sequence[str]
    tables: Sequence[content.Table]
    parts: Sequence[Part]
    works: Sequence[str]
    most: int


def write_supplement(
    path: str | Path,
    title: str,
    lead: Sequence[str],
    facts: Sequence[tuple[str, str, str]],
    chapters: Sequence[Chapter],
) -> Path:
    """Write the page as one HTML file, which asks no network for anything.

    Parameters
    ----------
    path : the file; it appears whole or not at all.
    title : heading. lead : sentences below it. facts : name, value and note of large numbers.
    chapters : in their order.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = Path(path)
    page = render(
        "supplement.html",
        title=title,
        lead=list(lead),
        facts=[content.Fact(*fact) for fact in facts],
        shown=[_shown(chapter) for chapter in chapters],
        sections=[(chapter.anchor, chapter.title) for chapter in chapters],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, page.encode())
    return path


def _shown(chapter: Chapter) -> _Shown:
    tables = [
        content.table(
            frame.rename(columns=lambda head: str(head).replace("_", " ")),
            chapter.captions.get(name, f"{heading(name)}."),
            csv=f"tables/{name}.csv",
            title=heading(name),
        )
        for name, frame in chapter.tables.items()
    ]
    return _Shown(
        chapter.anchor,
        chapter.title,
        chapter.sentences,
        [table for table in tables if table is not None],
        chapter.parts,
        content.works(chapter.works),
        chapter.most,
    )


def heading(name: str) -> str:
    """Return the name of a table as a heading."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
