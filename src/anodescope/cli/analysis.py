"""The verbs that compute: analyse, bench."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anodescope.cli import screen
from anodescope.workflow.analyse import analyse
from anodescope.workflow.scale import local_run


def run_analyse(
    paths: Sequence[Path], out: Path, *, workers: int | None, as_json: bool, **options: Any
) -> None:
    """Analyse one cell into a folder and say in a few lines what came out."""
    with screen.progress_bar() as progress, local_run(workers, progress) as run:
        analyse(list(paths), out=out, run=run, **options)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    if as_json:
        screen.show_json(summary)
        return
    for line in outline(summary):
        print(line)
    print(f"report: {out / 'report.html'}")


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
    if summary["warnings"]:
        lines.append(f"{len(summary['warnings'])} warning(s); they are in the report. The first:")
        lines.append(f"  {summary['warnings'][0]}")
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
