"""The verbs that compute: analyse, bench."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from anodescope.cli import screen
from anodescope.errors import SettingsError
from anodescope.workflow.analyse import analyse
from anodescope.workflow.scale import local_run
from anodescope.workflow.settings import Settings, read_settings
from anodescope.workflow.study import StudyResult, run_study

MOST = 5  # blocks and events that are spelled out


def run_analyse(
    paths: Sequence[Path],
    out: Path,
    *,
    method: str | None,
    settings: Path | None,
    circuit: bool,
    by: Sequence[str],
    workers: int | None,
    as_json: bool,
    **options: Any,
) -> bool:
    """Analyse one cell, or a study, into a folder and say in a few lines what came out.

    Returns
    -------
    Whether every cell could be analysed.
    """
    chosen = read_settings(settings) if settings is not None else Settings()
    if method is not None:
        chosen = _with_method(chosen, method, settings)
    if circuit:
        chosen = replace(chosen, circuit=True)
    study = [path for path in paths if path.suffix == ".toml"]
    result: StudyResult | None = None
    with screen.progress_bar() as progress, local_run(workers, progress) as run:
        if study:
            _require_study_alone(paths, options)
            result = run_study(study[0], out=out, settings=chosen, by=by, run=run)
        else:
            if by:
                raise SettingsError("--by groups the cells of a study; give its study.toml.")
            analyse(list(paths), out=out, settings=chosen, run=run, **options)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    if as_json:
        screen.show_json(summary)
    else:
        for line in outline(summary) if result is None else study_outline(summary, result):
            print(line)
        print(f"report: {out / 'report.html'}")
    failed = {} if result is None else result.failed
    for name, sentence in failed.items():
        screen.note(f"anodescope: cell {name!r} failed: {' '.join(sentence.splitlines())}")
    return not failed


def _with_method(chosen: Settings, method: str, settings: Path | None) -> Settings:
    """Take --method; a table [method] keeps its settings if it names it, else it is refused."""
    told = chosen.method
    if isinstance(told, str):
        return replace(chosen, method=method)
    if told.name != method:
        raise SettingsError(
            f"--method {method}: {settings} sets up the method {told.name!r} in its table "
            "[method]; leave out one of them."
        )
    return chosen


def _require_study_alone(paths: Sequence[Path], options: Mapping[str, Any]) -> None:
    """Refuse what would be ignored beside a study."""
    if len(paths) > 1:
        raise SettingsError(f"{paths[0]}: a study is analysed alone; add other cells to its file.")
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise SettingsError(
            f"{', '.join(given)}: a study's cells differ; say this in {paths[0]} or in the "
            "specimen.toml of each folder."
        )


def study_outline(summary: Mapping[str, Any], result: StudyResult) -> list[str]:
    """Sentences for the terminal: what was done, how many cells and findings, which means."""
    good, bad = len(summary["campaigns"]), len(summary["failed"])
    kept = good - len(result.analysed)
    lines = [f"{_counted(good + bad, 'cell')}, {_counted(summary['n_findings'], 'finding')}."]
    if kept:
        lines.append(f"{kept} of {good} had not changed and were not analysed again.")
    if not result.written:
        lines.append("The report of the study is up to date and was not written again.")
    if bad:
        lines.append(f"{bad} of {good + bad} could not be analysed: {', '.join(result.failed)}.")
    for quantity, rows in summary["replicates"].items():
        by = summary["grouped_by"][quantity]
        there = [row for row in rows if row["n"]]
        ways = len({tuple(str(row[column]) for column in by) for row in there})
        told = "no cell gave a value"
        if there:
            told = f"{_counted(len(there), 'mean')}, for {_counted(ways, 'condition')}"
        grouped = f" (by {' and '.join(by)})" if by else ""
        lines.append(f"{quantity.replace('_', ' ')}: {told}{grouped}.")
    return lines


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def outline(summary: Mapping[str, Any]) -> list[str]:
    """Sentences for the terminal: what was read, what came out, how many warnings."""
    files, spectra = summary["files"], summary["n_spectra"]
    lines = [f"{summary['title']}: {len(files)} file(s), {spectra} spectra."]
    window = summary["frequency_hz"]
    if window["minimum"] is not None:
        lines[0] += f" {window['maximum']:.4g} Hz to {window['minimum']:.4g} Hz."
    if summary["kk"]:
        verdicts = summary["kk"]["verdicts"]
        shown = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in verdicts.items() if n)
        lines.append(f"Kramers–Kronig: {shown or 'no spectrum tested'}.")
    if summary["drt"]:
        shown = ", ".join(f"{n} {name}" for name, n in summary["drt"]["outcomes"].items())
        lines.append(f"DRT ({summary['drt'].get('method', '')}): {shown}.")
    lines += _told(summary)
    if summary["warnings"]:
        lines.append(f"{len(summary['warnings'])} warning(s); they are in the report. The first:")
        lines.append(f"  {summary['warnings'][0]}")
    return lines


def _told(summary: Mapping[str, Any]) -> list[str]:
    """Sentences on protocol, peaks and what marks an event."""
    lines = []
    if summary["protocol"]:
        shown = ", ".join(
            f"{block['kind'].replace('_', ' ')} ({block['count']}, confidence "
            f"{block['confidence'] or 0:.2f})"
            for block in summary["protocol"][:MOST]
        )
        more = len(summary["protocol"]) - MOST
        lines.append(f"Protocol: {shown}{f' and {more} more' if more > 0 else ''}.")
    names = [peak["name"] for peak in summary["peaks"] if peak["name"]]
    if summary["peaks"]:
        shown = ", ".join(dict.fromkeys(names)) or "none has a name"
        lines.append(f"Peaks: {len(summary['peaks'])} tracked; {shown}.")
    marked = [finding["message"] for finding in summary["findings"] if finding.get("event")]
    lines += marked[:MOST]
    if len(marked) > MOST:
        lines.append(f"{len(marked) - MOST} more events; they are in the report.")
    return lines


def run_bench(
    names: Sequence[str],
    *,
    as_json: bool,
    out: Path | None = None,
    page: Path | None = None,
    drt: Mapping[str, Any],
) -> None:
    """Run named comparisons, print their rows as Markdown tables, and fill a page with them."""
    from anodescope.bench import run_benches
    from anodescope.bench.page import fill, require_marks

    if page is not None:
        require_marks(page, names)
    tables = run_benches(names, note=screen.note, drt=drt)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(tables, indent=2, ensure_ascii=False, allow_nan=False)
        out.write_text(text, encoding="utf-8")
    if page is not None:
        fill(page, tables)
    if as_json:
        screen.show_json(tables)
        return
    for name, rows in tables.items():
        header = list(rows[0]) if rows else []
        screen.show_markdown(name, header, [[_shown(row[key]) for key in header] for row in rows])


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
