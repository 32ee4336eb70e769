"""The page of the paper's campaign: it reads as supporting information, misses first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anodescope.report.figures import heed
from anodescope.report.paper.content import PaperContent
from anodescope.report.paper.figures import drawable, part_of
from anodescope.report.sections import Part
from anodescope.report.supplement import Chapter, heading, write_supplement
from anodescope.report.view import CampaignLike
from anodescope.running import Run

if TYPE_CHECKING:
    import pandas as pd

# Anchor, heading, tables; each is left out where it has nothing to say.
BEFORE = (
    ("misses", "What falls short", ("misses", "not_decidable")),
    ("scoreboard", "Scoreboard", ("scoreboard",)),
)
CHAPTERS = (
    ("definitions", "The same by other definitions", ("sensitivity",)),
    ("parameters", "Numbers of the cells", ("parameters", "groups")),
    ("structures", "Other structures of the model", ("structures", "knockouts")),
    ("claims", "What the paper claims", ("claims", "wetting")),
    ("time_scales", "Time scales", ("time_scales",)),
    ("recommendations", "What would be better", ("recommendations",)),
    ("predictions", "Predictions", ("predictions",)),
    ("assumptions", "Experiments, and what was assumed", ("experiments", "assumptions")),
    ("findings", "Findings of every campaign", ("findings",)),
)
FOLDED = ("parameters", "findings")  # chapters whose tables are long


def write_paper(
    out: str | Path,
    campaigns: Mapping[str, CampaignLike],
    content: PaperContent,
    *,
    run: Run | None = None,
) -> Path:
    """Draw every figure into ``figures`` and write ``report.html`` beside them.

    Parameters
    ----------
    out : folder; made if it is absent.
    campaigns : analysed, by the experiment's key. content : everything but the figures.
    run : asked between two figures whether to stop; None never stops.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    Cancelled
        when the work was interrupted; the page is not written then.
    """
    out, run = Path(out), run or Run()
    figures = drawable(list(campaigns))
    parts = []
    for number, one in enumerate(figures):
        heed(run, number, len(figures))
        parts.append(part_of(one, campaigns, content, out / "figures"))
    return write_page(out / "report.html", content, parts)


def write_page(path: str | Path, content: PaperContent, parts: Sequence[Part]) -> Path:
    """Write the page with figures that were drawn before.

    Parameters
    ----------
    path : the file; it appears whole or not at all.
    content : everything but the figures. parts : the figures, in their order.
    """
    return write_supplement(
        path, content.title, content.lead, content.facts, chapters(content, parts)
    )


def chapters(content: PaperContent, parts: Sequence[Part]) -> list[Chapter]:
    """Return the sections of the page in their order; empty ones are left out."""
    said: dict[str, Sequence[str]] = {
        "misses": content.misses or ("No row is missed.",),
        "scoreboard": content.tally,
    }
    placed = {name for _, _, names in (*BEFORE, *CHAPTERS) for name in names}
    others = [(name, heading(name), (name,)) for name in content.tables if name not in placed]
    figures = Chapter("figures", "Figures, in the paper's order", parts=parts)
    works = Chapter("cite", "What to cite", works=content.works)
    made = [
        *(_chapter(content, one, said.get(one[0], ())) for one in BEFORE),
        figures if parts else None,
        *(_chapter(content, one) for one in (*CHAPTERS, *others)),
        works if content.works else None,
    ]
    return [one for one in made if one is not None]


def _chapter(
    content: PaperContent, place: tuple[str, str, tuple[str, ...]], said: Sequence[str] = ()
) -> Chapter | None:
    anchor, title, names = place
    tables: dict[str, pd.DataFrame] = {
        name: content.tables[name]
        for name in names
        if name in content.tables and len(content.tables[name])
    }
    told = [*said, *(text for name in (anchor, *names) for text in content.sentences.get(name, ()))]
    if not tables and not told:
        return None
    # Misses were said as sentences: their table repeats them.
    most = 0 if anchor in FOLDED or (anchor == "misses" and content.misses) else 80
    return Chapter(anchor, title, tuple(dict.fromkeys(told)), tables, most=most)
