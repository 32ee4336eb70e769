"""The page and the figures of a reproduction: what the report is handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anodescope.citations import Citation
from anodescope.inference.experiments import experiments
from anodescope.inference.recommendations import Winner
from anodescope.report.sections import Part
from anodescope.report.supplement import Chapter, heading, write_supplement

if TYPE_CHECKING:
    import pandas as pd

    from anodescope.workflow.reproduce_result import Reproduction

# Tables that belong to a chapter of their own; the others stand at the end.
OWN = ("misses", "not_decidable", "scoreboard", "sensitivity", "parameters", "experiments",
       "findings")  # fmt: skip

TITLE = "The paper's campaign on the virtual cell"
LEAD = (
    "Every experiment of the paper (doi 10.1039/d5eb00097a) was computed and then analysed like a "
    "measured one. No published value stands in the model; what falls short is said first."
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


def write_page(
    place: Path,
    made: Reproduction,
    parts: Sequence[Part],
    tables: Mapping[str, pd.DataFrame],
    works: Sequence[Citation | str],
) -> None:
    """Write the page: misses first, then the scoreboard, figures, numbers and every other table."""
    sentences = [made.tally.sentence(group) for group in made.tally.counts]
    missed = len(made.misses)
    rest = [name for name in tables if name not in OWN]

    def some(*names: str) -> dict[str, pd.DataFrame]:
        return {name: tables[name] for name in names if name in tables}

    chapters = [
        Chapter("misses", "What falls short", short(made), some("misses", "not_decidable")),
        Chapter("scoreboard", "Scoreboard", sentences, some("scoreboard")),
        Chapter("figures", "Figures, in the paper's order", parts=parts),
        Chapter("definitions", "The same by other definitions", tables=some("sensitivity")),
        Chapter("parameters", "Numbers of the cells", (made.counts.sentence(),),
                some("parameters"), most=0),
        *(Chapter(name, heading(name), INTRO.get(name, ()), some(name)) for name in rest),
        Chapter("experiments", "Experiments, and what was assumed", tables=some("experiments")),
        Chapter("findings", "Findings of every campaign", tables=some("findings"), most=0),
        Chapter("cite", "What to cite", works=works),
    ]  # fmt: skip
    facts = [("Rows", str(len(made.judged)), f"{missed} missed")]
    write_supplement(place, TITLE, [LEAD, *sentences], facts, chapters)


def short(made: Reproduction) -> list[str]:
    """Return what goes against the advice of the paper, and what could not be computed."""
    # The paper's advice, where a trial goes against it.
    tried = made.parts.get("recommendations", [])
    told = [str(row["sentence"]) for row in tried if row["wins"] == Winner.second.value]
    told += [f"Not computed: {key} ({why})" for key, why in made.failed.items()]
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
