"""The folder of a reproduction: observations, tables, figures, the page, the summary."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anodescope.campaign import Campaign
from anodescope.campaign.provenance import anodescope_version
from anodescope.citations import Citation
from anodescope.events.replicates import gather
from anodescope.inference.observations import BEYOND
from anodescope.report import save_tables
from anodescope.report.paper import write_page
from anodescope.report.sections import Part
from anodescope.running import Run
from anodescope.workflow.output import REPRODUCTION_ITEMS, Stage, write_items, write_json
from anodescope.workflow.reproduce_content import TITLE, bare, content_of, experiments_table
from anodescope.workflow.reproduce_figures import draw, sheets
from anodescope.workflow.reproduce_result import Reproduction
from anodescope.workflow.reproduce_told import (
    OBSERVATIONS_VERSION,
    misses,
    parameters,
    row_table,
    scoreboard,
    sensitivity,
    tally_table,
    undecided,
)
from anodescope.workflow.summary import SUMMARY_VERSION

if TYPE_CHECKING:
    import pandas as pd

# The paper's Fig. 3, which stands for the whole where one campaign is asked for.
SHOWN = "strip50"


def write_whole(out: Path, result: Reproduction, *, run: Run) -> None:
    """Write everything but the experiments' own folders, whole or not at all.

    Raises
    ------
    StoreError, Cancelled
        see `write_items`.
    """
    shown = result.places.get(SHOWN) or next(iter(result.places.values()))
    told, made, works = summary(result), tables(result), _works(result.campaigns.values())
    content = content_of(result, made, works)
    parts: list[Part] = []

    def draw_all(place: Path) -> None:
        place.mkdir()
        todo = sheets(result.places, bare(content), place)
        parts.extend(run.each("figures", draw, todo))

    stages: tuple[Stage, ...] = (
        ("campaign.zarr", lambda place: shutil.copytree(shown, place)),
        ("figures", draw_all),
        ("tables", lambda place: save_tables(place, made)),
        ("observations.json", lambda place: write_json(place, observations(result))),
        ("report.html", lambda place: write_page(place, content, parts)),
        ("summary.json", lambda place: write_json(place, told)),
    )
    write_items(out, stages, run=run)


def observations(result: Reproduction) -> dict[str, Any]:
    """Return what ``observations.json`` holds; see docs/reproduce.md."""
    return {
        "schema_version": OBSERVATIONS_VERSION,
        **_common(result),
        "rows": [row_table(one) for one in result.judged],
    }


def summary(result: Reproduction) -> dict[str, Any]:
    """Return what ``summary.json`` holds; see docs/reproduce.md."""
    return {
        "schema_version": SUMMARY_VERSION,
        "kind": "reproduction",
        "title": TITLE,
        "outputs": list(REPRODUCTION_ITEMS),
        **_common(result),
        "recommendations": advice(result),
        "experiments": list(result.campaigns),
        "failed": dict(result.failed),
        "left_over": list(result.left_over),
        "seconds": {
            one.key: {
                "simulate": round(one.simulated, 3),
                "analyse": round(one.analysed, 3),
                "store": round(one.stored, 3),
            }
            for one in result.done
            if not one.kept
        },
    }


def advice(result: Reproduction) -> list[str]:
    """Return what the trials of the recommendations gave, as sentences."""
    return [str(row["sentence"]) for row in result.parts.get("recommendations", [])]


def _common(result: Reproduction) -> dict[str, Any]:
    found = result.tally
    return {
        "version": anodescope_version(),
        "made_with": asdict(result.choice),
        "misses": [one.row.key for one in result.misses],
        "tally": tally_table(found),
        "sentences": [*(found.sentence(group) for group in found.counts), BEYOND],
        "parameters": asdict(result.counts),
    }


def tables(result: Reproduction) -> dict[str, pd.DataFrame]:
    """Return every table by the name of its file."""
    import pandas as pd

    made = {
        "misses": misses(result.judged),
        "not_decidable": undecided(result.judged),
        "scoreboard": scoreboard(result.judged),
        "sensitivity": sensitivity(result.judged),
        "parameters": parameters(result.cells),
        "experiments": experiments_table(result),
        "findings": gather(result.campaigns),
    }
    made |= {key: pd.DataFrame(rows) for key, rows in result.parts.items()}
    return {name: table for name, table in made.items() if len(table)}


def _works(campaigns: Iterable[Campaign]) -> list[Citation | str]:
    """Return what the campaigns rely on, each work once."""
    works: dict[str, None] = {}
    for campaign in campaigns:
        for entry in campaign.attrs["provenance"]:
            works |= dict.fromkeys(entry.get("citations", ()))
    return list(works)
