"""What `report.paper` is handed: sentences, marks of published values, tables, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from anodescope.citations import Citation
from anodescope.inference.experiments import Experiment, experiments
from anodescope.inference.observations import BEYOND, Judged, Row
from anodescope.inference.recommendations import Winner
from anodescope.report.paper.content import Mark, PaperContent, Told
from anodescope.workflow.reproduce_told import shown

if TYPE_CHECKING:
    import pandas as pd

    from anodescope.workflow.reproduce_result import Reproduction

TITLE = "The paper's campaign on the virtual cell"
LEAD = (
    "Every experiment of the paper (doi 10.1039/d5eb00097a) was computed and then analysed like a "
    "measured one. What falls short is said first. Rows that follow from what was put in count "
    "for nothing."
)

# What has to be said before a table.
INTRO = {
    "predictions": (
        "Conditions that are in no target. Bands are those of the calibrated ensemble: they know "
        "the rows that were fitted and nothing of what is wrong with the laws, so they are lower "
        "bounds of what is not known.",
    ),
    "claims": ("Rulings of this model on the paper's claims; what is built in is named.",),
}

# Rows that give a published value to a figure: topic and where on the axis, by the row's key.
MARKED: Mapping[str, tuple[str, float]] = {
    "O11.rest_0": ("capacity", 0.0),
    "O11.rest_0.1": ("capacity", 0.1),
    "O11.rest_1": ("capacity", 1.0),
    "O11.rest_2": ("capacity", 2.0),
    "O11.rest_5": ("capacity", 5.0),
    "O11.rest_10": ("capacity", 10.0),
    "O1.capacity": ("capacity", 0.0),
    "O4.short_current": ("short_current", 0.0),
    "O5.threshold": ("threshold", 50.0),
    "O8.threshold": ("threshold", 65.0),
    "O17.short_charge": ("short_charge", 0.7),
    "O18.no_short": ("short_charge", 0.4),
}


def content_of(
    made: Reproduction, tables: Mapping[str, pd.DataFrame], works: Sequence[Citation | str]
) -> PaperContent:
    """Return the content of the page of a reproduction."""
    marks: dict[str, list[Mark]] = {}
    for one in made.judged:
        if one.row.key in MARKED:
            topic, x = MARKED[one.row.key]
            marks.setdefault(topic, []).append(_mark(one.row, x))
    tally = [*(made.tally.sentence(group) for group in made.tally.counts), BEYOND]
    return PaperContent(
        title=TITLE,
        lead=[LEAD],
        facts=[("Rows", str(len(made.judged)), f"{len(made.misses)} missed")],
        misses=[*short(made), *(_miss(one) for one in made.misses)],
        tally=tally,
        told={key: _told(one, made.judged) for key, one in experiments().items()},
        published=marks,
        tables=tables,
        sentences={"parameters": (made.counts.sentence(),), **INTRO},
        works=works,
    )


def bare(content: PaperContent) -> PaperContent:
    """Return what the figures need of it, which is little to hand to a process."""
    return PaperContent(content.title, told=content.told, published=content.published)


def _mark(row: Row, x: float) -> Mark:
    if row.kind == "yes":
        return Mark(x, row.published, kind="bound")
    if row.low == row.high:
        return Mark(x, row.low)
    if row.trivial:
        return Mark(x, row.published, kind="line", label="theoretical")
    if row.kind == "number":
        return Mark(x, row.published, row.published - row.tolerance, row.published + row.tolerance)
    return Mark(x, float("nan"), row.low, row.high)


def _miss(one: Judged) -> str:
    row = one.row
    return (
        f"{row.key} ({row.figure}): the paper says “{row.words}”, expected {row.expected()}, "
        f"computed {shown(one)}. {one.computed.message}"
    )


def _told(one: Experiment, judged: Sequence[Judged]) -> Told:
    own = [j for j in judged if one.key in j.row.experiments]
    return Told(
        one.says,
        one.assumed,
        tuple(dict.fromkeys(j.row.words for j in own)),
        tuple(f"{j.row.key}: {j.verdict.value}" for j in own),
    )


def short(made: Reproduction) -> list[str]:
    """Return what goes against the advice of the paper, and what could not be computed."""
    # The paper's advice, where a trial goes against it.
    tried = made.parts.get("recommendations", [])
    told = [str(row["sentence"]) for row in tried if row["wins"] == Winner.second.value]
    told += [f"Not computed: {key} ({why})" for key, why in made.failed.items()]
    if made.left_over:
        told.append(f"Not of this reproduction, but in its folder: {', '.join(made.left_over)}.")
    if not made.misses:
        told.append("No row is missed.")
    return told


def experiments_table(made: Reproduction) -> pd.DataFrame:
    """Return the paper's experiments of this reproduction, and what had to be assumed."""
    import pandas as pd

    lines = [
        {
            "key": key,
            "figure": one.figure,
            "cell": one.cell,
            "experiment": one.says,
            "assumed": "; ".join(one.assumed),
        }
        for key, one in experiments().items()
        if key in made.campaigns or key in made.failed
    ]
    return pd.DataFrame(lines)
