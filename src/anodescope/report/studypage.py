"""The report of a study: one HTML file over all cells, with a link to the report of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from matplotlib.figure import Figure

from anodescope.citations import Citation
from anodescope.errors import Outcome
from anodescope.report import content
from anodescope.report.pictures import Picture, picture
from anodescope.report.rendering import render
from anodescope.report.saving import write_beside
from anodescope.report.sections import Part

if TYPE_CHECKING:
    import pandas as pd

SECTIONS = (
    ("cells", "Cells"),
    ("figures", "Figures"),
    ("tables", "Tables"),
    ("cite", "What to cite"),
)
TITLES = {
    "pristine": "Spectra of the pristine cells",
    "capacity": "Critical stripping capacity",
    "threshold": "Threshold of unstable stripping",
    "critical_current": "Critical current",
}
_DOTS = (
    "Dots: cells, with the interval of each; diamonds: mean and standard deviation of replicates, "
    "with their number on top (with a star: the mean is a lower bound); arrows: the limit was not "
    "reached within the record, so that the value is a lower bound."
)
CAPTIONS = {
    "pristine": "First spectrum of every cell: a, Nyquist plot with equal scales; b, distribution "
    "of relaxation times, dotted outside the measured window. Per area only where the area of "
    "every cell is given. Cells whose first spectrum was not at rest are named.",
    "capacity": f"Charge passed while the current was on, until |V| met the limit. {_DOTS}",
    "threshold": f"Current at which stripping becomes unstable, by the first criterion. {_DOTS}",
    "critical_current": "Critical current: the interval is (last survived, first shorted]. "
    + _DOTS,
}


def write_study_report(
    path: str | Path,
    title: str,
    figures: Mapping[str, Figure],
    tables: Mapping[str, pd.DataFrame],
    campaigns: Mapping[str, str | PurePath],
    *,
    cells: pd.DataFrame | None = None,
    failed: Mapping[str, str] | None = None,
    captions: Mapping[str, str] | None = None,
    summary: Mapping[str, Any] | None = None,
    citations: Sequence[Citation | str] | None = None,
) -> Path:
    """Write the report of a study as one HTML file, in the style of a campaign's.

    Parameters
    ----------
    path : the file to write; it appears whole or not at all.
    title : heading of the page.
    figures : figures by name, such as `make_study_figures` returns them, in their order.
    tables : tables by name; the CSV of each lies at ``tables/NAME.csv`` beside the page.
    campaigns : report of each cell by the cell's name, relative to the page; "" for none.
    cells : the study's specimen table; its column `name` names the cells.
    failed : why, by the name of each cell that could not be analysed; shown beside the cells.
    captions : captions by the figure's name, over those that the page has of its own.
    summary : what summary.json holds; shown as it is.
    citations : works to cite.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = Path(path)
    told = CAPTIONS | dict(captions or {})
    parts = [_part(name, figure, told) for name, figure in figures.items()]
    shown = [
        content.table(frame, f"{_heading(name)}.", csv=f"tables/{name}.csv", title=_heading(name))
        for name, frame in tables.items()
    ]
    values = content.works(citations or ())
    page = render(
        "study.html",
        title=title or "Study",
        lead=f"{len(campaigns)} cell{'' if len(campaigns) == 1 else 's'}"
        + (f", of which {len(failed)} could not be analysed" if failed else ""),
        facts=[
            content.Fact("Cells", str(len(campaigns)), f"{len(failed)} failed" if failed else ""),
            *_counts(tables),
        ],
        cells=_cells(campaigns, cells),
        parts=parts,
        tables=[one for one in shown if one is not None],
        nothing=Outcome.needs_spectra.sentence,
        summary=content.summary_text(summary),
        citations=values,
        sections=SECTIONS,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, page.encode())
    return path


def _heading(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _part(name: str, figure: Figure, captions: Mapping[str, str]) -> Part:
    title = TITLES.get(name, _heading(name))
    caption = captions.get(name, title)
    alternative = f"{title}: figure over all cells of the study, as the caption describes it."
    shown: Picture = picture(figure, caption, alternative)
    return Part(title, shown)


def _counts(tables: Mapping[str, pd.DataFrame]) -> list[content.Fact]:
    """Return how many findings were determined, where a table tells."""
    for frame in tables.values():
        if {"quantity", "outcome"} <= set(frame.columns):
            sure = int((frame["outcome"] == Outcome.determined.name).sum())
            return [content.Fact("Findings", str(len(frame)), f"{sure} determined")]
    return []


def _cells(
    campaigns: Mapping[str, str | PurePath], cells: pd.DataFrame | None
) -> content.Table | None:
    """Return the table of the cells, each name a link to its report."""
    import pandas as pd

    frame = pd.DataFrame({"name": list(campaigns)})
    if cells is not None and "name" in cells:
        known = cells.drop(columns=[c for c in ("path",) if c in cells])
        frame = frame.merge(known, on="name", how="left")
    empty = [c for c in frame if frame[c].isna().all() or (frame[c].astype(str) == "").all()]
    frame = frame.drop(columns=empty)
    frame.columns = [str(c).replace("_", " ") for c in frame]
    made = content.table(frame, "Cells; each name leads to the report of its campaign.")
    if made is None:
        return None
    rows = [
        [content.Cell(row[0].text, row[0].kind, row[0].value, _link(place)), *row[1:]]
        for row, place in zip(made.rows, campaigns.values(), strict=False)
    ]
    return content.Table(made.caption, made.heads, rows, made.note, made.title)


def _link(place: str | PurePath) -> str:
    """Return a relative address; what is no relative path leads nowhere."""
    text = PurePath(place).as_posix() if str(place) else ""
    if not text or text.startswith("/"):
        return ""
    # A colon before the first slash would be read as a scheme, such as javascript:
    return quote(text, safe="/.-_~")
