"""Where everything came from: entries of the root's provenance list, as JSON-ready dicts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from anodescope.campaign.attributes import plain
from anodescope.citations import cited_by

Entry = dict[str, Any]


@cache
def anodescope_version() -> str:
    """Return the version of anodescope that is running; "unknown" where it is not installed."""
    try:
        return version("anodescope")
    except PackageNotFoundError:
        return "unknown"


def sha256_of(source: str | Path | bytes) -> str:
    """Return the SHA-256 of a file (read in blocks) or of bytes, as 64 hexadecimal digits."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_entry(
    path: str | Path,
    *,
    reader: str,
    root: str | Path | None = None,
    sha256: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    technique: str = "",
    rows: int = 0,
) -> Entry:
    """Return the entry of a file that was read.

    Parameters
    ----------
    path : the file.
    reader : name of the reader (the format's row in the manifest).
    root : folder that the user named; the entry holds the path relative to it, so that no entry
        tells whose machine it was. Without it, or outside it, only the file's name is kept.
    sha256 : digest of the file, if it is known already; else the file is read.
    parameters : what the reader was told.
    technique : the instrument's technique.
    rows : number of rows that were read.
    """
    path = Path(path)
    inside = root is not None and path.resolve().is_relative_to(Path(root).resolve())
    shown = path.resolve().relative_to(Path(root).resolve()) if inside and root else Path(path.name)
    entry = {
        "source": path.name if shown == Path() else shown.as_posix(),
        "sha256": sha256 or sha256_of(path),
        "reader": reader,
        "version": anodescope_version(),
        "parameters": dict(parameters or {}),
        "technique": technique,
        "rows": rows,
    }
    return dict(plain(entry, "provenance"))


def step_entry(
    verb: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    node: str = "",
    functions: Sequence[Callable[..., object]] = (),
) -> Entry:
    """Return the entry of a computation.

    Parameters
    ----------
    verb : what was done (validate, drt, …).
    parameters : the values it was done with.
    node : the node that it made.
    functions : the functions that did it; the works they rely on are cited by DOI.
    """
    entry = {
        "step": verb,
        "node": node,
        "functions": [f"{function.__module__}.{function.__qualname__}" for function in functions],
        "version": anodescope_version(),
        "parameters": dict(parameters or {}),
        "citations": [work.doi for work in cited_by(*functions)],
    }
    return dict(plain(entry, "provenance"))


def merge(
    existing: Iterable[Mapping[str, Any]], added: Iterable[Mapping[str, Any]]
) -> tuple[list[Entry], list[int]]:
    """Join two provenance lists, each entry once, in the order of first mention.

    Returns
    -------
    merged : the list; rows of `existing` keep their places.
    places : row of each entry of `added` in `merged`, to renumber a node's `source`.
    """
    merged = [dict(plain(entry, "provenance")) for entry in existing]
    places = []
    for entry in added:
        made = dict(plain(entry, "provenance"))
        if made not in merged:
            merged.append(made)
        places.append(merged.index(made))
    return merged, places
