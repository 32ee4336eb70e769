"""What is written over all cells of a study: tables, figures, the page and the summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from anodescope.campaign import Campaign, Study, open_campaign
from anodescope.campaign.hints import did_you_mean
from anodescope.errors import SettingsError
from anodescope.events.replicates import comparable, conditions, gather, replicates
from anodescope.report import make_study_figures, save_figures, save_tables, write_study_report
from anodescope.running import Run
from anodescope.workflow.output import STUDY_ITEMS, Stage, write_items, write_json
from anodescope.workflow.source import in_memory
from anodescope.workflow.summary import SUMMARY_VERSION, plain_rows

if TYPE_CHECKING:
    import pandas as pd

TITLE = "Study"

# What replicates are averaged of, and what they are grouped by where the user names nothing.
QUANTITIES = {
    "critical_capacity": ("rest_s", "current_A"),
    "onset_current": ("composition",),
    "critical_current": ("composition", "level_s"),
}


def require_columns(table: pd.DataFrame, by: Sequence[str]) -> None:
    """Make sure, before any cell is analysed, that cells can be grouped by these columns.

    Parameters
    ----------
    table : the study's table.
    by : names of columns of the table, or of conditions that are recognised.

    Raises
    ------
    SettingsError
        for a name that is neither, and for one that is both: which of them is meant is not known.
    """
    found = gather({}, table)
    known = [*conditions(None, -1), *(str(c) for c in found if c not in gather({}).columns)]
    for name in by:
        if name in table and f"specimen_{name}" in found:
            raise SettingsError(
                f"--by {name}: the study's table has a column {name!r}, and so has what is found "
                f"in the records; say specimen_{name} for that of the table, or give that another "
                f"name in study.toml (such as extra.nominal_{name}) to group by what is found."
            )
        if name not in known:
            raise SettingsError(
                f"--by {name}: cells can be grouped by a column of the study's table or a "
                f"condition of the protocol; there is no {name!r}.{did_you_mean(name, known)}"
            )


def write_overall(
    study: Study,
    table: pd.DataFrame,
    out: Path,
    folders: Mapping[str, Path],
    *,
    failed: Mapping[str, str],
    by: Sequence[str],
    run: Run,
) -> None:
    """Write tables, figures, page and summary over all cells.

    Parameters
    ----------
    study : the cells that were analysed.
    table : of all cells, those that failed included.
    out : the study's folder.
    folders : of each analysed cell, below `out`.
    failed : why, by the name of each cell that could not be analysed.
    by : columns that group the replicates; none: the usual ones.
    run : how long work runs.

    Raises
    ------
    StoreError, Cancelled
        see `write_items`.
    """
    cells = {name: _opened(place, ("findings", "protocol")) for name, place in folders.items()}
    found = gather(cells, study.table)
    compared = comparable(found)
    grouped = {quantity: [*by] or list(usual) for quantity, usual in QUANTITIES.items()}
    grouped = {quantity: [c for c in names if c in found] for quantity, names in grouped.items()}
    agreed = {name: replicates(compared, name, columns) for name, columns in grouped.items()}
    agreed = {name: means for name, means in agreed.items() if len(means)}
    summary = _summary(table, folders, found, agreed, failed)
    summary["grouped_by"] = {name: grouped[name] for name in agreed}
    tables = {"cells": _told(table, failed), "findings": found}
    tables |= {f"{name}_replicates": means for name, means in agreed.items()}
    tables = {name: one for name, one in tables.items() if len(one)}
    figures = make_study_figures(_Drawn(folders), compared, agreed)
    reports: dict[str, str | Path] = {str(name): "" for name in table["name"]}
    reports |= {n: (place / "report.html").relative_to(out) for n, place in folders.items()}

    def page(place: Path) -> None:
        write_study_report(
            place,
            TITLE,
            figures,
            {name: one for name, one in tables.items() if name != "cells"},
            reports,
            cells=tables["cells"],
            failed=failed,
            summary=summary,
            citations=_works(study),
        )

    stages: tuple[Stage, ...] = (
        ("figures", lambda place: save_figures(place, figures, run=run)),
        ("tables", lambda place: save_tables(place, tables)),
        ("report.html", page),
        ("summary.json", lambda place: write_json(place, summary)),
    )
    write_items(out, stages, run=run)


@final
@dataclass(frozen=True, slots=True)
class _Drawn:
    """The cells as the figures ask for them: the nodes that they draw, read once per cell."""

    folders: Mapping[str, Path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.folders)

    def __getitem__(self, name: str, /) -> Campaign:
        return in_memory(_opened(self.folders[name], ("spectra", "validation", "drt")))


def _opened(folder: Path, nodes: Sequence[str]) -> Campaign:
    """Open those of these nodes that the campaign in a cell's folder has."""
    store = folder / "campaign.zarr"
    return open_campaign(store, nodes=[name for name in nodes if (store / name).is_dir()])


def _told(table: pd.DataFrame, failed: Mapping[str, str]) -> pd.DataFrame:
    """Return the cells with the sentence of each that failed, where one did."""
    if not failed:
        return table
    sentences = [f"failed: {failed[n]}" if n in failed else "analysed" for n in table["name"]]
    return table.assign(analysis=sentences)


def _summary(
    table: pd.DataFrame,
    folders: Mapping[str, Path],
    found: pd.DataFrame,
    agreed: Mapping[str, pd.DataFrame],
    failed: Mapping[str, str],
) -> dict[str, Any]:
    """Return the summary of a study as JSON-ready values; see docs/analysis.md."""
    rows = {str(row["name"]): row for row in plain_rows(table)}
    return {
        "schema_version": SUMMARY_VERSION,
        "kind": "study",
        "campaigns": {
            name: {"folder": f"{place.parent.name}/{place.name}", **rows[name]}
            for name, place in folders.items()
        },
        "failed": dict(failed),
        "n_findings": len(found),
        "replicates": {name: plain_rows(means) for name, means in agreed.items()},
        "outputs": list(STUDY_ITEMS),
    }


def _works(study: Study) -> list[str]:
    """Return what the analyses of all cells rely on, each work once."""
    works: dict[str, None] = {}
    for name in study:
        for entry in study[name].attrs["provenance"]:
            works |= dict.fromkeys(entry.get("citations", ()))
    return list(works)
