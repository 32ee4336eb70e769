"""The verb `analyse_study`: every cell of a study, then one report over all of them.

Each cell gets a folder of its own below ``campaigns``, complete with its report. A cell whose
files, specimen and settings have not changed since is not analysed again, so a study that was
interrupted goes on where it stopped, and one more cell costs one more analysis.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anodescope.campaign import Study, open_campaign, sha256_of
from anodescope.campaign.provenance import anodescope_version
from anodescope.errors import AnodescopeError, Cancelled, SettingsError
from anodescope.events.replicates import comparable, gather, replicates
from anodescope.formats import read_study
from anodescope.report import make_study_figures, save_figures, save_tables, write_study_report
from anodescope.running import Run
from anodescope.workflow.analyse import analyse
from anodescope.workflow.output import STUDY_ITEMS, Stage, check_targets, write_items, write_json
from anodescope.workflow.settings import Settings
from anodescope.workflow.summary import SUMMARY_VERSION, plain_rows

if TYPE_CHECKING:
    import pandas as pd

TITLE = "Study"
CELLS = "campaigns"
STAMP = "analysed.json"

# What replicates are averaged of, and what they are grouped by where the user names nothing.
QUANTITIES = {
    "critical_capacity": ("rest_s", "current_A"),
    "onset_current": ("composition",),
    "critical_current": ("composition", "level_s"),
}


def analyse_study(
    study: Study | str | Path,
    *,
    out: str | Path,
    settings: Settings | None = None,
    by: Sequence[str] = (),
    run: Run | None = None,
) -> Study:
    """Analyse every campaign of a study, put their findings together and write one report.

    Parameters
    ----------
    study : a Study, or the path of its `study.toml`.
    out : folder for ``campaigns/NAME`` (see `analyse`), ``report.html``, ``figures``, ``tables``
        and ``summary.json``.
    settings : of the analysis, the same for every cell.
    by : columns of the study's table (or conditions such as "rest_s") by which cells count as
        treated alike; none: capacity by rest and current, thresholds by composition.
    run : how long work runs; serial and silent by default.

    Returns
    -------
    Study of the analysed campaigns, with the same table.

    Raises
    ------
    SettingsError, StoreError
        when the table or the folder cannot be used.
    AnodescopeError
        when a campaign cannot be used; the sentence names it. Campaigns that were done before stay,
        and are not done again.
    Cancelled
        when the work was interrupted.
    """
    run, settings, out = run or Run(), settings or Settings(), Path(out)
    study = study if isinstance(study, Study) else read_study(study)
    if not len(study):
        raise SettingsError("The study has no campaign; add [[campaign]] tables to its file.")
    check_targets(out, STUDY_ITEMS)
    folders = _folders(study, out / CELLS)
    for done, name in enumerate(study):
        run.progress("study", done, len(study))
        if run.cancelled():
            raise Cancelled(f"study: stopped before {name!r}; {done} of {len(study)} are done.")
        _analyse_cell(study, name, folders[name], settings, run)
    run.progress("study", len(study), len(study))
    members = {
        name: partial(open_campaign, folder / "campaign.zarr") for name, folder in folders.items()
    }
    analysed = Study(study.table, members)
    _write(analysed, out, folders, by, run)
    return analysed


def _folders(study: Study, root: Path) -> dict[str, Path]:
    """Return a folder for every campaign, named after it as far as a file system allows.

    Raises
    ------
    SettingsError
        when two names give the same folder.
    """
    folders: dict[str, Path] = {}
    for name in study:
        plain = re.sub(r"[^\w.+-]+", "_", name).strip("._") or "campaign"
        taken = [other for other, folder in folders.items() if folder.name.lower() == plain.lower()]
        if taken:
            raise SettingsError(
                f"The campaigns {taken[0]!r} and {name!r} would share the folder {plain!r}; "
                "give them names that differ in letters or digits."
            )
        folders[name] = root / plain
    return folders


def _analyse_cell(study: Study, name: str, folder: Path, settings: Settings, run: Run) -> None:
    """Analyse one campaign into its folder, unless that was done with the same input."""
    rows = study.table.to_dict("records")
    row = next(
        {str(key): value for key, value in row.items()} for row in rows if row["name"] == name
    )
    stamp = _stamp(str(row.get("path", "")), row, settings)
    if stamp is not None and stamp == _known(folder):
        return
    try:
        analyse(study[name], out=folder, settings=settings, run=run)
    except Cancelled:
        raise
    except AnodescopeError as error:
        raise AnodescopeError(f"campaign {name!r}: {error}") from error
    if stamp is not None:
        write_json(folder / STAMP, {"stamp": stamp, "summary": sha256_of(folder / "summary.json")})


def _known(folder: Path) -> str | None:
    """Return the stamp of the analysis that lies in a folder, None where it is not whole."""
    if not (folder / "summary.json").is_file() or not (folder / "campaign.zarr").is_dir():
        return None
    try:
        told = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        # Another analysis may have replaced the results since.
        same = told["summary"] == sha256_of(folder / "summary.json")
        return str(told["stamp"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cache
def _code() -> str:
    """Return a checksum of the package's code: results of other code are not taken over."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(anodescope_version().encode())
    for file in sorted(package.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _stamp(path: str, row: dict[str, Any], settings: Settings) -> str | None:
    """Return what an analysis depends on as a checksum; None for a campaign in memory."""
    if not path:
        return None
    place = Path(path)
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    seen = [
        (str(file.relative_to(place)), file.stat().st_size, file.stat().st_mtime_ns)
        for file in files
        if file.is_file()
    ]
    told = {key: str(value) for key, value in row.items() if key != "path"}
    content = json.dumps([_code(), seen, told, settings.to_dict()], default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _write(
    study: Study, out: Path, folders: Mapping[str, Path], by: Sequence[str], run: Run
) -> None:
    """Write tables, figures and the page over all cells."""
    cells = {
        name: open_campaign(folder / "campaign.zarr", nodes=("findings", "protocol"))
        for name, folder in folders.items()
    }
    found = gather(cells, study.table)
    compared = comparable(found)
    agreed = {}
    for quantity, usual in QUANTITIES.items():
        means = replicates(compared, quantity, [*by] or [key for key in usual if key in found])
        if len(means):
            agreed[quantity] = means
    tables = {"cells": study.table, "findings": found}
    tables |= {f"{name}_replicates": means for name, means in agreed.items()}
    tables = {name: table for name, table in tables.items() if len(table)}
    summary = _summary(study, folders, found, agreed)
    figures = make_study_figures(study, compared, agreed)
    reports = {name: (folder / "report.html").relative_to(out) for name, folder in folders.items()}
    stages: tuple[Stage, ...] = (
        ("figures", lambda place: save_figures(place, figures)),
        ("tables", lambda place: save_tables(place, tables)),
        (
            "report.html",
            lambda place: write_study_report(
                place,
                TITLE,
                figures,
                {name: table for name, table in tables.items() if name != "cells"},
                reports,
                cells=study.table,
                summary=summary,
                citations=_works(study),
            ),
        ),
        ("summary.json", lambda place: write_json(place, summary)),
    )
    write_items(out, stages, run=run)


def _summary(
    study: Study,
    folders: Mapping[str, Path],
    found: pd.DataFrame,
    agreed: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    """Return the summary of a study as JSON-ready values; see docs/analysis.md."""
    return {
        "schema_version": SUMMARY_VERSION,
        "campaigns": {
            name: {"folder": f"{CELLS}/{folder.name}", **row}
            for (name, folder), row in zip(folders.items(), plain_rows(study.table), strict=True)
        },
        "n_findings": len(found),
        "replicates": {name: plain_rows(means) for name, means in agreed.items()},
        "outputs": list(STUDY_ITEMS),
    }


def _works(study: Study) -> list[str]:
    """Return what the analyses of all cells rely on, each work once."""
    works: dict[str, None] = {}
    for name in study:
        campaign = study[name]
        for entry in campaign.attrs["provenance"]:
            works |= dict.fromkeys(entry.get("citations", ()))
    return list(works)
