"""What is in these files, without analysing them: one entry per instrument file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anodescope.errors import ReadError
from anodescope.formats import delimited, eclab_text, sweeps
from anodescope.formats.collect import OUR_OWN, is_result
from anodescope.formats.manifest import by_suffix, format_of
from anodescope.formats.mps import read_mps
from anodescope.formats.opening import entries_of, head_of, kind_of, printable
from anodescope.formats.recording import Recording

_RESULTS = ("figures", "tables")


def inspect(
    paths: Sequence[str | Path], *, columns: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Describe every instrument file among `paths`; folders are searched with their subfolders.

    Returns
    -------
    One dict per file: source, reader, technique, rows, sweeps, electrodes, start, verified,
    columns, settings, warnings and error ("" where the file was read).

    Raises
    ------
    ReadError
        when a path is missing or holds no instrument file.
    """
    entries = []
    for root in map(Path, paths):
        if not kind_of(root):
            raise ReadError(root, expected="a file or a folder", found="nothing there")
        for path in _walk(root):
            # Damaged values overflow on their way to SI units; only their count matters here.
            with np.errstate(all="ignore"):
                entry = _describe(path, columns, named=path == root)
            if entry is not None:
                shown = printable(path.relative_to(root).as_posix() if path != root else path.name)
                entries.append({"source": shown, **entry})
    if not entries:
        shown = ", ".join(map(str, paths))
        raise ReadError(shown, expected="at least one instrument file", found="none")
    return entries


def _walk(root: Path) -> list[Path]:
    """List the files below a folder, without hidden ones and the results of an analysis."""
    kind = kind_of(root)
    if kind == "other":
        raise ReadError(root, expected="a file or a folder", found="something else")
    if kind == "file":
        return [root]
    files: list[Path] = []
    ours = is_result(root)
    for path in entries_of(root):
        if path.is_symlink() and path.is_dir():
            continue  # it may lead back here
        if path.is_file():
            files += [] if path.name in OUR_OWN else [path]
        elif path.is_dir() and not is_result(path) and not (ours and path.name in _RESULTS):
            try:
                files += _walk(path)
            except ReadError:
                files.append(path)  # becomes an entry that says why
    return files


def _describe(
    path: Path, columns: Mapping[str, str] | None, *, named: bool
) -> dict[str, Any] | None:
    try:
        if path.is_dir():
            entries_of(path)
        if path.suffix.lower() == ".mps":
            return _settings_file(path)
        if eclab_text.recognises(path, head_of(path)):
            return _entry("eclab-loops", rows=int(eclab_text.read_loops(path).size))
        row = format_of(path)
        if row is None:
            promised = by_suffix(path)
            if promised is None and not named:
                return None
            if promised is not None:
                return _recording(promised.read(path))
            raise ReadError(path, expected="a known instrument file", found="another content")
        if row.name == delimited.NAME and columns:
            return _recording(delimited.read(path, columns=columns))
        return _recording(row.read(path))
    except ReadError as error:
        return _entry("", error=str(error))


def _entry(reader: str, **values: Any) -> dict[str, Any]:
    blank = {
        "reader": reader,
        "technique": "",
        "rows": 0,
        "sweeps": 0,
        "electrodes": [],
        "start": "",
        "verified": True,
        "columns": [],
        "settings": {},
        "warnings": [],
        "error": "",
    }
    return {**blank, **values}


def _recording(recording: Recording) -> dict[str, Any]:
    found = sweeps.split(recording)
    kinds = (
        [kind for kind, _ in sweeps.electrodes(recording, np.concatenate(found))] if found else []
    )
    start = recording.technique_start or recording.start
    return _entry(
        recording.reader,
        technique=recording.technique,
        rows=recording.rows,
        sweeps=len(found),
        electrodes=kinds,
        start=start.isoformat(sep=" ") if start is not None else "",
        verified=recording.verified,
        columns=[column.label for column in recording.columns],
        settings={k: v for k, v in recording.settings.items() if isinstance(v, (str, int, float))},
        warnings=list(recording.warnings),
    )


def _settings_file(path: Path) -> dict[str, Any]:
    settings = read_mps(path)
    return _entry(
        "biologic-mps",
        technique=" → ".join(technique.short for technique in settings.techniques),
        settings={"describe": list(settings.describe())},
    )
