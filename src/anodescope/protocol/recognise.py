"""The verb of this room: which protocol was a record made by?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from anodescope.citations import relies_on
from anodescope.errors import SchemaError
from anodescope.protocol.grammar import Part, parse
from anodescope.protocol.levels import Track, levels
from anodescope.protocol.phases import UNKNOWN, Floats, Phases
from anodescope.protocol.protocol import Protocol, recorded
from anodescope.protocol.replay import explained, with_one_current
from anodescope.protocol.samples import Samples, Sweeps, samples_of, sweeps_of
from anodescope.protocol.stretches import scale_of, stretches_of
from anodescope.protocol.timeline import timeline

NO_CURRENT = "No current was recorded here, so what was asked for is not known."
NOT_HELD = "Neither the current nor the voltage was held here as far as the record shows."
ONE_SAMPLE = "A single sample does not tell what was asked for."
HELD = "A voltage was held here, not a current: none of the kinds is this."
NOTHING = "The record holds neither samples nor sweeps."


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
    confidence (the share of its samples that replaying it explains within tolerance; see
    `protocol.replay`). Where nothing can be said, a block is ``unknown`` and its note says why.

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
    line = timeline(stretches_of(track, first, samples, scale), sweeps, samples.blind, scale)
    parts = parse(line)
    phases = with_one_current(line.phases, parts)
    total, good = explained(samples, sweeps, replace(line, phases=phases), parts, scale)
    blocks = []
    for k, part in enumerate(parts):
        rows = phases.rows(slice(part.start, part.end))
        confidence = float(good[k] / total[k]) if total[k] else 0.0
        note = _note(part.kind, rows, int(total[k]))
        blocks.append(
            recorded(
                part.kind, rows, count=part.count, confidence=confidence,
                samples=int(total[k]), note=note,
                resolution=_resolution(line.interval, part),
            )
        )  # fmt: skip
    return Protocol(tuple(blocks), "A")


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


def _note(kind: str, phases: Phases, samples: int) -> str:
    if kind != "unknown":
        return ""
    if not samples:
        return NO_CURRENT
    if samples == 1:
        return ONE_SAMPLE
    return NOT_HELD if np.any(phases.mode == UNKNOWN) else HELD
