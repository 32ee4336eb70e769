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
from anodescope.workflow.study import analyse_study

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
) -> None:
    """Analyse one cell, or a study, into a folder and say in a few lines what came out."""
    chosen = read_settings(settings) if settings is not None else Settings()
    if method is not None:
        chosen = replace(chosen, method=method)
    if circuit:
        chosen = replace(chosen, circuit=True)
    study = [path for path in paths if path.suffix == ".toml"]
    with screen.progress_bar() as progress, local_run(workers, progress) as run:
        if study:
            _require_study_alone(paths, options)
            analyse_study(study[0], out=out, settings=chosen, by=by, run=run)
        else:
            if by:
                raise SettingsError("--by groups the cells of a study; give its study.toml.")
            analyse(list(paths), out=out, settings=chosen, run=run, **options)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    if as_json:
        screen.show_json(summary)
        return
    for line in study_outline(summary) if study else outline(summary):
        print(line)
    print(f"report: {out / 'report.html'}")


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


def study_outline(summary: Mapping[str, Any]) -> list[str]:
    """Sentences for the terminal: how many cells, how many findings, which means."""
    lines = [f"{len(summary['campaigns'])} cells, {summary['n_findings']} findings."]
    for quantity, rows in summary["replicates"].items():
        groups = sum(row["n"] > 0 for row in rows)
        lines.append(f"{quantity.replace('_', ' ')}: {groups} groups with a value.")
    return lines


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


def run_bench(names: Sequence[str], *, as_json: bool) -> None:
    """Run named comparisons and print their rows."""
    from anodescope.bench import run_benches

    tables = run_benches(names, note=screen.note)
    if as_json:
        screen.show_json(tables)
        return
    for name, rows in tables.items():
        header = list(rows[0]) if rows else []
        screen.show_table(name, header, [[_shown(row[key]) for key in header] for row in rows])


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
