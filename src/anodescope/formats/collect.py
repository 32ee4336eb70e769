"""From paths to recordings: what is read, what is left out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from anodescope.campaign import sha256_of
from anodescope.errors import Cancelled, ReadError, SettingsError
from anodescope.formats import delimited, eclab_text
from anodescope.formats.manifest import by_suffix, format_of
from anodescope.formats.mps import MpsSettings, read_mps
from anodescope.formats.opening import entries_of, head_of, kind_of
from anodescope.formats.recording import Recording
from anodescope.running import Run

OUR_OWN = frozenset({"campaign.zarr", "summary.json"})
_SIDE_FILES = frozenset({"specimen.toml", "study.toml"})


@dataclass(slots=True)
class Collected:
    """Recordings of one cell, and what was said about them while they were collected."""

    recordings: list[Recording] = field(default_factory=list)
    mps: list[MpsSettings] = field(default_factory=list)
    digests: dict[Path, str] = field(default_factory=dict)
    specimen: Path | None = None
    root: Path | None = None
    warnings: list[str] = field(default_factory=list)


def collect(paths: Sequence[Path], columns: Mapping[str, str] | None, run: Run) -> Collected:
    """Read every instrument file among `paths` (files, or folders without their subfolders).

    Raises
    ------
    ReadError
        when a path is missing, when a file named by the user is of no known format, or when
        there is no instrument file at all.
    Cancelled
        when `run` says so.
    """
    found = Collected(root=_root(paths))
    files, named = _files(paths, found)
    loops: dict[str, np.ndarray] = {}
    for done, path in enumerate(files):
        run.progress("read", done, len(files))
        if run.cancelled():
            raise Cancelled(f"read: stopped after {done} of {len(files)} files.")
        if path.name in _SIDE_FILES:
            found.specimen = path if path.name == "specimen.toml" else found.specimen
        elif path.suffix.lower() == ".mps":
            found.mps.append(read_mps(path))
        elif eclab_text.recognises(path, head_of(path)):
            loops[eclab_text.belongs_to(path)] = eclab_text.read_loops(path)
        else:
            _read_one(path, path in named, columns, found)
    run.progress("read", len(files), len(files))
    if not found.recordings:
        shown = ", ".join(str(path) for path in paths) or "."
        raise ReadError(
            shown,
            expected="at least one instrument file (.mpr, .mpt, .DTA, .z, BDF, CSV)",
            found="none",
            hint="Name a file, or the folder that holds them (subfolders are other cells).",
        )
    if columns and all(recording.reader != delimited.NAME for recording in found.recordings):
        raise SettingsError(
            "columns: a column map is for tables of numbers, and none of these files is one."
        )
    _drop_copies(found)
    _drop_twins(found)
    _attach_loops(found, loops)
    return found


def _root(paths: Sequence[Path]) -> Path | None:
    if not paths:
        return None
    first = paths[0]
    return first if kind_of(first) == "folder" else first.parent


def _files(paths: Sequence[Path], found: Collected) -> tuple[list[Path], set[Path]]:
    """List the files to try, each once; folders give theirs, the user's own names are marked."""
    files: dict[Path, Path] = {}
    named: set[Path] = set()
    for path in paths:
        kind = kind_of(path)
        if kind == "folder":
            inside = entries_of(path)
            for entry in inside:
                if kind_of(entry) == "file":
                    files.setdefault(entry.resolve(), entry)
            below = [entry.name for entry in inside if _is_another_cell(entry)]
            if below:
                found.warnings.append(
                    f"Subfolders were not read ({', '.join(below[:5])}): each is another cell; "
                    "name it, or list several in a study.toml."
                )
        elif kind == "file":
            named.add(files.setdefault(path.resolve(), path))
        else:
            there = "nothing there" if not kind else "something else"
            raise ReadError(path, expected="a file or a folder", found=there)
    return [path for path in files.values() if path.name not in OUR_OWN], named


def _is_another_cell(folder: Path) -> bool:
    """Say whether a subfolder holds instrument files that are not our own results."""
    if not folder.is_dir() or is_result(folder) or is_result(folder.parent):
        return False
    try:
        return any(by_suffix(path) is not None for path in folder.iterdir() if path.is_file())
    except OSError:
        return False


def is_result(folder: Path) -> bool:
    """Say whether a folder is one that an analysis wrote, or a stored campaign."""
    return folder.suffix == ".zarr" or all((folder / name).exists() for name in OUR_OWN)


def _read_one(path: Path, named: bool, columns: Mapping[str, str] | None, found: Collected) -> None:
    row = format_of(path)
    if row is None:
        promised = by_suffix(path)
        if promised is not None:
            promised.read(path)  # raises the reader's own sentence about what is wrong
        if named or promised is not None:
            raise ReadError(
                path,
                expected="a known instrument file",
                found="content that no reader recognises",
                hint="For a table of numbers, give a column map: --columns frequency=LABEL,….",
            )
        found.warnings.append(f"{path.name}: not an instrument file; left out.")
        return
    if row.name == delimited.NAME and columns:
        found.recordings.append(delimited.read(path, columns=columns))
    else:
        found.recordings += row.recordings(path)


def _drop_copies(found: Collected) -> None:
    """Keep one of several files with the same bytes."""
    first: dict[str, Path] = {}
    copies: set[Path] = set()
    for recording in found.recordings:
        path = recording.path
        if path not in found.digests:
            found.digests[path] = sha256_of(path)
            kept = first.setdefault(found.digests[path], path)
            if kept != path:
                copies.add(path)
                found.warnings.append(f"{path.name}: a copy of {kept.name}; left out.")
    found.recordings = [r for r in found.recordings if r.path not in copies]


def _drop_twins(found: Collected) -> None:
    """Keep the binary file where a text export of the same measurement lies beside it."""
    binary = {
        (r.path.parent, r.path.stem): r for r in found.recordings if r.path.suffix.lower() == ".mpr"
    }
    kept = []
    for recording in found.recordings:
        twin = binary.get((recording.path.parent, recording.path.stem))
        if twin is None or recording.path == twin.path or not _same_times(recording, twin):
            kept.append(recording)
            continue
        found.warnings.append(
            f"{recording.path.name}: the text export of {twin.path.name}; the binary was used."
        )
    found.recordings = kept


def _same_times(one: Recording, other: Recording) -> bool:
    first, second = one.get("time"), other.get("time")
    if first is None or second is None or len(first) != len(second):
        return False
    return bool(np.allclose(first, second, rtol=1e-6, atol=1e-6, equal_nan=True))


def _attach_loops(found: Collected, loops: Mapping[str, np.ndarray]) -> None:
    for stem, starts in loops.items():
        for place, recording in enumerate(found.recordings):
            if recording.path.stem != stem:
                continue
            inside = starts[starts < recording.rows]
            if recording.sweep_starts is None:
                found.recordings[place] = replace(recording, sweep_starts=inside)
            elif not np.array_equal(recording.sweep_starts, inside):
                found.warnings.append(
                    f"{recording.path.name}: its loop indices differ from those in "
                    f"{stem}_LOOP.txt; the file's own were used."
                )
            break
        else:
            found.warnings.append(f"{stem}_LOOP.txt: no file {stem}.* was read; left out.")
