"""One clock for the files of a run: start times, linked names and settings, and their quarrels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from anodescope.formats.assemble import Placed
from anodescope.formats.collect import Collected
from anodescope.formats.eclab_text import linked_name
from anodescope.formats.mps import MpsSettings
from anodescope.formats.recording import Recording


def place(found: Collected) -> tuple[list[Placed], datetime | None, str]:
    """Put the recordings on one clock, in time order.

    Returns
    -------
    placed : recordings in time order with their offsets from the origin (s).
    origin : instant of the campaign's time zero by the instruments' clock, or None.
    basis : a sentence that says how it was found.
    """
    recordings = _inherit_starts(found)
    known = [_begin(r) for r in recordings if r.start is not None]
    origin = min(known, default=None)
    placed: list[Placed] = []
    end = 0.0
    for recording in sorted(recordings, key=lambda r: _sort_key(r, origin)):
        if recording.start is not None and origin is not None:
            offset = (recording.start - origin).total_seconds()
        else:
            offset = _after(recording, end, bool(placed), found)
        item = Placed(recording, offset)
        placed.append(item)
        end = max(end, _end(item))
    _compare(placed, found)
    placed = placed if origin is None else _from_zero(placed)
    if origin is None:
        return placed, None, "No file says when it began; time counts from the first file's zero."
    return placed, origin, "First sample by the recording computer's clock (no time zone stored)."


def _begin(recording: Recording) -> datetime:
    """Instant of the first row; where times are odd, of the recording's time zero."""
    start = recording.start
    if start is None:
        raise ValueError("the recording has no start")
    first = _first(recording)
    return start + timedelta(seconds=first if 0.0 <= first < 1e9 else 0.0)


def _first(recording: Recording) -> float:
    """The first time of a recording that is a number; 0 where there is none."""
    time = recording.get("time")
    if time is None:
        return 0.0
    finite = np.asarray(time)[np.isfinite(time)]
    return float(finite[0]) if finite.size else 0.0


def _from_zero(placed: list[Placed]) -> list[Placed]:
    """Shift what a calendar date cannot hold (below a microsecond), so that time starts at 0."""
    times = [item.time() for item in placed]
    first = min((float(np.nanmin(t)) for t in times if np.isfinite(t).any()), default=0.0)
    if abs(first) > 1e-3:
        return placed
    return [Placed(item.recording, item.offset - first) for item in placed]


def _sort_key(recording: Recording, origin: datetime | None) -> tuple[bool, float, str]:
    if recording.start is None or origin is None:
        return True, 0.0, recording.path.name
    return False, (_begin(recording) - origin).total_seconds(), recording.path.name


def _after(recording: Recording, end: float, follows: bool, found: Collected) -> float:
    """Offset of a file without a start: its own zero if it is alone, else after the others."""
    if not follows:
        return 0.0
    found.warnings.append(
        f"{recording.path.name}: no start time; it was put behind the files before it. "
        "Its times relative to theirs are not known."
    )
    return end - _first(recording)


def _end(item: Placed) -> float:
    time = item.time()
    finite = time[np.isfinite(time)]
    return float(finite.max()) if finite.size else item.offset


def _inherit_starts(found: Collected) -> list[Recording]:
    """Give files of a linked run that lost their header the start of the run's other files."""
    starts: dict[str, set[datetime]] = {}
    for recording in found.recordings:
        match = linked_name(recording.path.stem)
        if match and recording.start is not None:
            starts.setdefault(match.run, set()).add(recording.start)
    result = []
    for recording in found.recordings:
        match = linked_name(recording.path.stem)
        of_run = starts.get(match.run, set()) if match else set()
        if recording.start is None and len(of_run) == 1:
            found.warnings.append(
                f"{recording.path.name}: no start time in the file; it carries the name of the "
                f"run {match.run if match else ''!r}, so that run's start was taken."
            )
            recording = replace(recording, start=next(iter(of_run)))
        result.append(recording)
    return result


def _take_turns(one: Recording, other: Recording) -> bool:
    """Say whether two files are different techniques of one linked run."""
    first, second = (linked_name(r.path.stem) for r in (one, other))
    if first is None or second is None or one.path.parent != other.path.parent:
        return False
    return first.run == second.run and first.number != second.number


def _compare(placed: Sequence[Placed], found: Collected) -> None:
    """Report where file names, settings files and times disagree, and where files overlap."""
    runs: dict[str, list[tuple[int, str, Placed]]] = {}
    for item in placed:
        match = linked_name(item.recording.path.stem)
        if match:
            entry = (match.number, match.technique, item)
            runs.setdefault(match.run, []).append(entry)
            said = item.recording.technique
            if said and said != match.technique and said.isalnum():
                found.warnings.append(
                    f"{item.recording.path.name}: the name says {match.technique}, the file "
                    f"says {said}."
                )
    for run, entries in runs.items():
        numbers = [number for number, _, _ in entries]
        if numbers != sorted(numbers):
            found.warnings.append(
                f"Run {run!r}: the order of the file names ({numbers}) is not that of the times; "
                "the times were used."
            )
        for settings in found.mps:
            _compare_mps(run, entries, settings, found.warnings)
    found.warnings += _overlaps(placed)


def _compare_mps(
    run: str,
    entries: Iterable[tuple[int, str, Placed]],
    settings: MpsSettings,
    warnings: list[str],
) -> None:
    planned = [technique.short for technique in settings.techniques]
    if settings.path.stem != run:
        return
    for number, technique, _ in entries:
        plan = planned[number - 1] if 0 < number <= len(planned) else "nothing"
        if plan != technique:
            warnings.append(
                f"{settings.path.name}: technique {number} is {plan}, but a file of that number "
                f"is named {technique}."
            )


def _overlaps(placed: Sequence[Placed]) -> list[str]:
    """Sentences about neighbours in time that overlap by more than a second.

    Linked techniques in a loop take turns, so files of one run may overlap.
    """
    notes = []
    for before, after in pairwise(placed):
        time = after.time()
        finite = time[np.isfinite(time)]
        if not finite.size or _take_turns(before.recording, after.recording):
            continue
        if _end(before) - finite.min() > 1.0:
            notes.append(
                f"{before.recording.path.name} and {after.recording.path.name} overlap in time by "
                f"{_end(before) - finite.min():.0f} s; are they of one cell?"
            )
    return notes
