"""The verbs about files: info, export, cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anodescope.campaign import open_campaign
from anodescope.citations import WORKS
from anodescope.cli import screen
from anodescope.errors import ReadError
from anodescope.formats import export, inspect
from anodescope.formats.opening import printable


def show_info(paths: Sequence[Path], *, columns: Mapping[str, str] | None, as_json: bool) -> bool:
    """Print what is in each file; a file that cannot be read is a row with its reason.

    Returns
    -------
    Whether every file that was named (not found in a folder), and at least one, could be read.
    """
    entries = inspect(paths, columns=columns)
    if as_json:
        screen.show_json({"files": entries})
    else:
        _show_entries(entries)
    named = {printable(path.name) for path in paths if path.is_file()}
    broken = [entry["source"] for entry in entries if entry["error"]]
    return named.isdisjoint(broken) and len(broken) < len(entries)


def _show_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (
            str(entry["source"]),
            str(entry["reader"] or "–"),
            str(entry["technique"] or "–"),
            str(entry["rows"]),
            str(entry["sweeps"]),
            str(entry["start"] or "–"),
            str(len(entry["warnings"])) if not entry["error"] else "error",
        )
        for entry in entries
    ]
    header = ("file", "reader", "technique", "rows", "sweeps", "start", "warnings")
    screen.show_table(f"{len(entries)} files", header, rows)
    for entry in entries:
        for text in [entry["error"]] if entry["error"] else entry["warnings"]:
            print(f"{entry['source']}: {text}")


def run_export(
    source: Sequence[Path], out: Path, kind: str, *, overwrite: bool, **options: Any
) -> None:
    """Export a campaign and name the files that were written."""
    from anodescope.workflow.source import open_source  # brings the solvers: not for `info`

    for path in export(open_source(source, **options), out, kind, overwrite=overwrite):
        print(path)


def show_citations(source: Path | None, *, as_json: bool) -> None:
    """Print the registry, or the works that the steps of a stored campaign relied on."""
    works = list(WORKS.values())
    if source is not None:
        if source.suffix != ".zarr":
            raise ReadError(source, expected="a campaign.zarr", found="another file")
        named = {
            doi
            for entry in open_campaign(source).attrs["provenance"]
            for doi in entry.get("citations", [])
        }
        works = [work for work in works if work.doi in named]
    if as_json:
        screen.show_json(
            [{"key": work.key, "doi": work.doi, "text": work.text()} for work in works]
        )
        return
    for work in works:
        print(work.text())
