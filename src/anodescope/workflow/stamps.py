"""What results depend on, as checksums: they tell whether work has to be done again.

A cell's stamp covers its files (size and time of change), specimen and settings, and the package's
code. It lies in ``analysed.json`` beside the results, with a checksum of their `summary.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from anodescope.campaign import sha256_of
from anodescope.campaign.provenance import anodescope_version
from anodescope.workflow.output import write_json
from anodescope.workflow.settings import Settings

STAMP = "analysed.json"
SUMMARY = "summary.json"
CODE = (".py", ".html", ".css", ".js", ".toml")


def cell_stamp(row: Mapping[str, Any], settings: Settings) -> str | None:
    """Return what an analysis depends on as a checksum; None for a campaign in memory.

    Parameters
    ----------
    row : the cell's row of the study's table; its `path` is where the files lie.
    settings : of the analysis.
    """
    path = str(row.get("path", ""))
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
    return checksum([code_checksum(), seen, told, settings.to_dict()])


def checksum(content: Any) -> str:
    """Return the SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()


def known_stamp(folder: Path, items: Iterable[str]) -> str | None:
    """Return the stamp of the results in a folder.

    Parameters
    ----------
    folder : where the results lie.
    items : names of what must be there.

    Returns
    -------
    None where an item is missing, or where another analysis has replaced the results since.
    """
    if not all((folder / name).exists() for name in items):
        return None
    try:
        told = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        same = told["summary"] == sha256_of(folder / SUMMARY)
        return str(told["stamp"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_stamp(folder: Path, stamp: str) -> None:
    """Keep the stamp of the results that were just written into a folder."""
    write_json(folder / STAMP, {"stamp": stamp, "summary": sha256_of(folder / SUMMARY)})


@cache
def code_checksum(apart: tuple[str, ...] = ()) -> str:
    """Return a checksum of the package's code: results of other code are not taken over.

    Parameters
    ----------
    apart : rooms (folders of the package) on which the results do not depend.
    """
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(anodescope_version().encode())
    for file in sorted(package.rglob("*")):
        inside = file.relative_to(package).parts
        if file.suffix in CODE and inside[0] not in apart:
            digest.update(file.read_bytes())
    return digest.hexdigest()
