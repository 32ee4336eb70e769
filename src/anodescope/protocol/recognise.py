"""The verb of this room: which protocol was a record made by?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import xarray as xr

from anodescope.citations import relies_on
from anodescope.errors import SchemaError
from anodescope.protocol.grammar import Part, parse
from anodescope.protocol.levels import Track, levels
from anodescope.protocol.phases import CURRENT, SWEEP, UNKNOWN, Floats, Phases
from anodescope.protocol.protocol import Block, Protocol, recorded
from anodescope.protocol.replay import at_least, explained, with_one_current
from anodescope.protocol.samples import Samples, Sweeps, samples_of, sweeps_of
from anodescope.protocol.stretches import scale_of, stretches_of
from anodescope.protocol.timeline import timeline

NO_CURRENT = "No current was recorded here, so what was asked for is not known."
NOT_HELD = "Neither the current nor the voltage was held here as far as the record shows."
ONE_SAMPLE = "A single sample does not tell what was asked for."
HELD = "A voltage was held here, not a current: none of the kinds is this."
INFERRED = "No current was recorded between the sweeps; their bias is taken for it."
UNSEEN = (
    "No current was recorded here: its size is not known. The instrument's steps name a technique "
    "that holds one, and the voltage stands off rest and comes back to what it was after a sweep."
)
POOR = "Less than half of the samples fit what this looks like, so it is left open."
EMPTY = "No sample and no valid point is here, so what was asked for is not known."
NOTHING = "The record holds neither samples nor sweeps."

# A block of which less than this share is explained is unknown, whatever it looks like. A constant
# current may drift as far as a held level may (`stretches.DRIFT`).
LEAST_CONFIDENCE = 0.5


@relies_on("fryzlewicz2018")
def recognise(
    timeseries: xr.Dataset | None,
    spectra: xr.Dataset | None = None,
    *,
    steps: xr.Dataset | None = None,
) -> Protocol:
    """Find the protocol by which a record was made.

    Current, time and sweeps decide. The instrument's own steps, as far as they are known, name
    open circuit and keep a short level from being taken for a glitch; they are not needed.

    Parameters
    ----------
    timeseries : node with ``time`` (s) and ``current`` (A); ``voltage`` (V), ``step`` and
        ``overload`` are used where they are there. None: sweeps alone.
    spectra : node with the impedance sweeps, whether or not their rows are in `timeseries` too.
    steps : node with the instrument's steps.

    Returns
    -------
    Protocol in A with boundaries (s): one block after the other, each with its kind and its
    confidence (what its samples show at least, with 95 %, of the share that replaying it explains
    within tolerance; see `protocol.replay`). Where nothing can be said, or less than half of the
    samples is explained, a block is ``unknown`` and its note says why.

    Raises
    ------
    SchemaError
        when what is given is no Dataset.
    """
    for name, node in (("timeseries", timeseries), ("spectra", spectra), ("steps", steps)):
        if node is not None and not isinstance(node, xr.Dataset):
            raise SchemaError(
                f"recognise, {name}: expected a Dataset such as campaign[{name!r}], "
                f"found {type(node).__name__}."
            )
    sweeps = sweeps_of(spectra)
    samples = samples_of(timeseries, sweeps, steps)
    if not (samples.time.size or sweeps.size or samples.blind.size):
        return Protocol((), "A", NOTHING)
    return _protocol(samples, sweeps)


def _protocol(samples: Samples, sweeps: Sweeps) -> Protocol:
    track, first = levels(_track(samples, sweeps))
    scale = scale_of(track, first, sweeps)
    line = timeline(stretches_of(track, first, samples, scale), sweeps, samples, scale)
    parts = parse(line)
    phases = with_one_current(line.phases, parts)
    counts = explained(samples, sweeps, replace(line, phases=phases), parts, scale)
    rows = zip(*(column.tolist() for column in counts), strict=True)
    verdicts = [_verdict(part, phases, *numbers) for part, numbers in zip(parts, rows, strict=True)]
    interval = np.where(np.isnan(line.interval), phases.duration, line.interval)
    return Protocol(tuple(_block(v, phases, interval) for v in _joined(verdicts)), "A")


@final
@dataclass(frozen=True, slots=True)
class _Verdict:
    """A part of the record, how many of its samples are explained, and why it is unknown."""

    part: Part
    total: int
    good: int
    note: str


def _verdict(part: Part, phases: Phases, total: int, good: int, held: int, hidden: int) -> _Verdict:
    """Say what a part is: unknown where too little of it is explained."""
    rows = phases.rows(slice(part.start, part.end))
    if part.kind == "unknown":
        return _Verdict(part, total, good, _why_unknown(rows, total - hidden))
    if not total or held < LEAST_CONFIDENCE * total:
        levels, note = int(rows.level[-1]) + 1, POOR if total else EMPTY
        return _Verdict(replace(part, kind="unknown", count=levels), total, good, note)
    unseen = bool(np.any((rows.mode == CURRENT) & np.isnan(rows.current)))
    return _Verdict(part, total, good, UNSEEN if unseen else INFERRED if hidden else "")


def _joined(verdicts: list[_Verdict]) -> list[_Verdict]:
    """Make one block of neighbours that are unknown for one reason."""
    joined: list[_Verdict] = []
    for one in verdicts:
        last = joined[-1] if joined else None
        if last and last.note == one.note and last.part.kind == one.part.kind == "unknown":
            part = replace(last.part, end=one.part.end, count=last.part.count + one.part.count)
            joined[-1] = _Verdict(part, last.total + one.total, last.good + one.good, one.note)
        else:
            joined.append(one)
    return joined


def _block(verdict: _Verdict, phases: Phases, interval: Floats) -> Block:
    part, total = verdict.part, verdict.total
    rows = phases.rows(slice(part.start, part.end))
    if verdict.note == POOR:
        rows = _left_open(rows)
    return recorded(
        part.kind, rows, count=part.count, confidence=at_least(verdict.good, total), samples=total,
        note=verdict.note, resolution=_resolution(interval, part),
    )  # fmt: skip


def _left_open(phases: Phases) -> Phases:
    """Return phases without what they seemed to ask for; sweeps keep theirs."""
    kept = phases.mode == SWEEP
    return replace(
        phases,
        mode=np.where(kept, phases.mode, UNKNOWN).astype(np.int8),
        current=np.where(kept, phases.current, np.nan),
        voltage=np.where(kept, phases.voltage, np.nan),
    )


def _track(samples: Samples, sweeps: Sweeps) -> Track:
    """Samples outside the sweeps, in sections that no sweep and no blind stretch interrupts."""
    rows = np.flatnonzero(samples.sweep < 0)
    time = samples.time[rows]
    section = np.searchsorted(sweeps.start, time, side="right")
    section = section + np.searchsorted(samples.blind[:, 0], time, side="right")
    return Track(
        time, samples.current[rows], samples.noise[rows], section.astype(np.int64),
        samples.step[rows], rows,
    )  # fmt: skip


def _resolution(interval: Floats, part: Part) -> float:
    """Larger usual distance of samples beside each edge of a block, as the median (s)."""
    mine = np.nan_to_num(interval[max(part.start - 1, 0) : part.end + 1])
    beside = np.maximum(mine[1:], mine[:-1]) if mine.size > 1 else mine
    return float(np.median(beside)) if beside.size else 0.0


def _why_unknown(phases: Phases, samples: int) -> str:
    if not samples:
        return NO_CURRENT
    if samples == 1:
        return ONE_SAMPLE
    return NOT_HELD if np.any(phases.mode == UNKNOWN) else HELD
