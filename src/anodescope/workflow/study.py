"""The verb `analyse_study`: every cell of a study, then one report over all of them.

Each cell gets a folder of its own below ``campaigns``, complete with its report. A cell whose
files, specimen and settings have not changed since is not analysed again, so a study that was
interrupted goes on where it stopped, and one more cell costs one more analysis. A cell that cannot
be analysed does not stop the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, final

from anodescope.campaign import Study, open_campaign
from anodescope.errors import AnodescopeError, Cancelled, SettingsError
from anodescope.formats import read_study
from anodescope.running import Run
from anodescope.workflow.analyse import analyse
from anodescope.workflow.output import STUDY_ITEMS, check_targets
from anodescope.workflow.overall import require_columns, write_overall
from anodescope.workflow.settings import Settings
from anodescope.workflow.stamps import cell_stamp, checksum, known_stamp, note_stamp

CELLS = "campaigns"
WHOLE = ("campaign.zarr", "summary.json")  # without these a cell's results are not taken over


@final
@dataclass(frozen=True, slots=True)
class StudyResult:
    """How the analysis of a study ended.

    Attributes
    ----------
    study : the campaigns that were analysed, with their rows of the table.
    analysed : names of the cells that were analysed now; those of the others were taken over.
    failed : why, by the name of each cell that could not be analysed.
    written : whether the report over all cells was written; if not, it was up to date.
    """

    study: Study
    analysed: tuple[str, ...]
    failed: Mapping[str, str]
    written: bool


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
    Study of the analysed campaigns, with their rows of the table. A campaign that cannot be used
    is missing in it; ``failed`` in ``summary.json``, and the report, say why.

    Raises
    ------
    SettingsError, StoreError
        before anything is analysed, when the table, `by` or a folder cannot be used.
    AnodescopeError
        when no campaign of the study could be analysed; the sentence says why.
    Cancelled
        when the work was interrupted; campaigns that were done stay, and are not done again.
    """
    return run_study(study, out=out, settings=settings, by=by, run=run).study


def run_study(
    study: Study | str | Path,
    *,
    out: str | Path,
    settings: Settings | None = None,
    by: Sequence[str] = (),
    run: Run | None = None,
) -> StudyResult:
    """Do what `analyse_study` does, and tell also which cells failed and what was up to date.

    Parameters, errors : see `analyse_study`.
    """
    run, settings, out = run or Run(), settings or Settings(), Path(out)
    by = list(dict.fromkeys(by))
    settings.to_dict()  # a wrong name in it is told at once, not once per cell
    study = study if isinstance(study, Study) else read_study(study)
    folders = _checked(study, out, by)
    work = _Cells(study, folders, settings, run)
    work.analyse_all()
    if len(work.failed) == len(study):
        told = "; ".join(f"{name!r}: {why}" for name, why in work.failed.items())
        raise AnodescopeError(f"No cell of the study could be analysed. {told}")
    good = {name: place for name, place in folders.items() if name not in work.failed}
    members = {
        name: partial(open_campaign, place / "campaign.zarr") for name, place in good.items()
    }
    table = study.table
    analysed = Study(table[table["name"].isin(list(good))], members)
    stamp = None if None in work.stamps else checksum([work.stamps, by, work.failed, list(folders)])
    fresh = stamp is None or bool(work.done) or stamp != known_stamp(out, STUDY_ITEMS)
    if fresh:
        _overall(analysed, study, out, good, work, by)
        if stamp is not None:
            note_stamp(out, stamp)
    return StudyResult(analysed, tuple(work.done), dict(work.failed), fresh)


def _overall(
    analysed: Study,
    study: Study,
    out: Path,
    folders: Mapping[str, Path],
    work: _Cells,
    by: Sequence[str],
) -> None:
    """Write what stands over all cells."""
    try:
        write_overall(analysed, study.table, out, folders, failed=work.failed, by=by, run=work.run)
    except Cancelled as error:
        raise Cancelled(
            f"study: all {len(study)} cells are done, its report is not: {error} "
            "Run it again to write the report."
        ) from error


def _checked(study: Study, out: Path, by: Sequence[str]) -> dict[str, Path]:
    """Return a folder for every campaign, once all that can be wrong beforehand was looked at."""
    if not len(study):
        raise SettingsError("The study has no campaign; add [[campaign]] tables to its file.")
    _require_distinct(study)
    require_columns(study.table, by)
    folders = _folders(study, out / CELLS)
    check_targets(out, STUDY_ITEMS)
    for folder in folders.values():
        check_targets(folder)
    return folders


def _require_distinct(study: Study) -> None:
    """Raise SettingsError where two campaigns are the same files: they would count as two cells."""
    table = study.table
    paths = table["path"].tolist() if "path" in table else []
    seen: dict[Path, str] = {}
    for name, path in zip(table["name"].tolist(), paths, strict=False):
        place = Path(path).resolve()
        if path and place in seen:
            raise SettingsError(
                f"The campaigns {seen[place]!r} and {name!r} of the study are the same files "
                f"({path}), and would count as two cells; take one of them out."
            )
        seen[place] = name


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


@final
@dataclass(slots=True)
class _Cells:
    """The cells of a study, one after the other, and what came of each."""

    study: Study
    folders: Mapping[str, Path]
    settings: Settings
    run: Run
    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stamps: list[str | None] = field(default_factory=list)

    def analyse_all(self) -> None:
        """Analyse every cell that is not up to date; what fails is noted, and the next one comes.

        Raises
        ------
        Cancelled
            naming the cell that was stopped, and how many are done.
        """
        rows: dict[str, dict[str, Any]] = {
            str(row["name"]): {str(key): value for key, value in row.items()}
            for row in self.study.table.to_dict("records")
        }
        for number, name in enumerate(self.study):
            self.run.progress("study", number, len(self.study))
            if self.run.cancelled():
                raise Cancelled(self._stopped("before", name, number))
            try:
                self._analyse(name, rows[name])
            except Cancelled as error:
                raise Cancelled(f"{self._stopped('in', name, number)} ({error})") from error
            except AnodescopeError as error:
                self.failed[name] = str(error)
        self.run.progress("study", len(self.study), len(self.study))

    def _stopped(self, where: str, name: str, number: int) -> str:
        return (
            f"study: stopped {where} cell {name!r}; {number} of {len(self.study)} cells are done, "
            "and the next run goes on from there."
        )

    def _analyse(self, name: str, row: Mapping[str, Any]) -> None:
        """Analyse one campaign into its folder, unless that was done with the same input."""
        folder = self.folders[name]
        stamp = cell_stamp(row, self.settings)
        self.stamps.append(stamp)
        if stamp is not None and stamp == known_stamp(folder, WHOLE):
            return
        analyse(self.study[name], out=folder, settings=self.settings, run=self.run)
        self.done.append(name)
        if stamp is not None:
            note_stamp(folder, stamp)
