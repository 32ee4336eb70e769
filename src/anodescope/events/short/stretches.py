"""The parts of a record in which one current flowed: what short circuits are looked for in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Bools, Floats, Integers, Record
from anodescope.events.short.open_circuit import OpenCircuit, open_circuit, turned

# Below this share of the largest current, a current is none.
_NONE = 0.01
# A measured current this far from the one asked for (relative) belongs to a glitch or an edge.
_OFF = 0.5
# Techniques that hold a voltage: their current cannot make a short circuit seen.
_NO_CURRENT = ("PEIS", "SPEIS", "CV", "CA", "LSV", "PZIR", "CPW")
# Techniques during which an unrecorded current cannot be taken as held.
_NOT_HELD = ("OCV", "PEIS", "GEIS", "SGEIS", "SPEIS", "CV", "LSV", "LOOP", "ZIR", "MB")
# A run of so few samples of another current is a glitch, where such runs are rare.
_GLITCH = 3


@final
@dataclass(frozen=True, slots=True)
class Stretches:
    """Samples while a current flows, cut wherever it changes.

    Attributes
    ----------
    time, series : (s), and the voltage (V) turned so that a healthy cell's is positive, shape (N,).
    edges : first sample of each stretch, and N, shape (S + 1,).
    current : (A), as measured or asked for; NaN where neither tells, shape (S,).
    block, level : of the protocol; -1: none, shape (S,).
    rest : voltage at rest that holds for each stretch.
    offset : that voltage, turned like `series`, else 0 (not taken into account), shape (S,).
    along : 1 where the current raises `series`, −1 where it lowers it, shape (S,).
    """

    time: Floats
    series: Floats
    edges: Integers
    current: Floats
    block: Integers
    level: Integers
    rest: OpenCircuit
    offset: Floats
    along: Floats

    @property
    def known(self) -> Bools:
        """Whether the current is known, shape (S,)."""
        known: Bools = np.isfinite(self.current)
        return known


def find_stretches(record: Record) -> Stretches | Outcome:
    """Cut a record into stretches of one current.

    Where the current was recorded, that counts; where not, the one that the protocol asks for.
    Where that is unknown too, a step of a technique that holds a current is taken as one stretch,
    and its current is NaN.
    """
    usable = np.isfinite(record.cell_voltage) & ~record.overload
    if not usable.any():
        return Outcome.too_few_points
    phase = record.phases.at(record.time)
    asked = np.where(phase >= 0, record.phases.current[phase], NAN) if _any(phase) else _nans(phase)
    current = np.where(np.isfinite(record.current), record.current, asked)
    step, free = _steps(record)
    with np.errstate(invalid="ignore"):
        flowing = _flowing(record, current, asked) & ~free
    assumed = ~np.isfinite(current) & (step >= 0)
    if _any(phase):
        mode = record.phases.mode[phase]
        # What the protocol could not tell (no current was recorded) may have been a held one.
        assumed &= (mode == "current") | (mode == "unknown") | (phase < 0)
    keep = np.flatnonzero(usable & (flowing | assumed))
    if not keep.size:
        return Outcome.needs_current if not np.isfinite(current).any() else Outcome.not_decidable
    block, level = _labels(record, phase)
    cut = _cuts(current[keep], np.isfinite(asked[keep]), block[keep], level[keep], step[keep])
    held = np.where(np.isfinite(asked), asked, current)
    resting = usable & ~flowing & _resting(phase, current, asked, free)
    return _assemble(record, keep, cut, held, block, level, resting)


def _resting(phase: Integers, current: Floats, asked: Floats, free: Bools) -> Bools:
    """Say at which samples no current is asked for, and none is measured."""
    size = np.abs(current[np.isfinite(current)])
    none = _NONE * float(np.quantile(size, 0.995)) if size.size else 0.0
    with np.errstate(invalid="ignore"):
        small: Bools = np.abs(current) <= none
    # A sweep about no current rests too: it holds the voltage that the cell has, or nothing.
    small &= ~free | (asked == 0)
    return small & ((asked == 0) | (phase < 0)) if _any(phase) else small


def _any(phase: Integers) -> bool:
    return bool((phase >= 0).any())


def _nans(like: NDArray[np.int64]) -> Floats:
    return np.full(like.shape, NAN)


def _flowing(record: Record, current: Floats, asked: Floats) -> Bools:
    """Say where a current flows that is no glitch."""
    size = np.abs(current[np.isfinite(current)])
    largest = float(np.nanmax(np.abs(asked))) if np.isfinite(asked).any() else 0.0
    if not largest and size.size:
        largest = float(np.quantile(size, 0.995))
    on: Bools = np.abs(current) > max(_NONE * largest, 1e-12)
    # Away from a known demand the current is an edge or a glitch; a held voltage has none.
    wrong = np.abs(current - asked) > _OFF * np.abs(asked) + 1e-12
    return on & ~np.where(np.isfinite(asked), wrong, False)


def _labels(record: Record, phase: Integers) -> tuple[Integers, Integers]:
    if not _any(phase):
        none = np.full(phase.shape, -1, np.int64)
        return none, none
    inside = phase >= 0
    block = np.where(inside, record.phases.block[phase], -1)
    return block, np.where(inside, record.phases.level[phase], -1)


def _steps(record: Record) -> tuple[Integers, Bools]:
    """Return the row of the steps node per sample, −1 where its technique holds no current, and
    where the technique holds a voltage.
    """
    if record.steps is None or not record.steps.sizes.get("step", 0):
        size = record.time.shape
        return np.full(size, -1, np.int64), np.zeros(size, np.bool_)
    start = record.steps["time_start"].values
    end = record.steps["time_end"].values
    row = np.searchsorted(start, record.time, side="right") - 1
    inside = (row >= 0) & (record.time <= end[np.maximum(row, 0)])
    names = [str(name) for name in record.steps["technique"].values]
    held = np.array([name not in _NOT_HELD for name in names])
    free = np.array([name in _NO_CURRENT for name in names])
    return np.where(inside & held[row], row, -1).astype(np.int64), inside & free[row]


def _cuts(current: Floats, asked: Bools, block: Integers, level: Integers, step: Integers) -> Bools:
    """Say before which of the kept samples a new stretch begins."""
    known = np.isfinite(current)
    value = np.nan_to_num(current)
    change = np.abs(np.diff(value))
    noise = 6.0 * float(np.median(change)) / 0.95 if change.size else 0.0
    size = np.maximum(np.abs(value[1:]), np.abs(value[:-1]))
    both = asked[1:] & asked[:-1]
    # Where the protocol is known, its levels tell more than a noisy current.
    other = np.where(both, value[1:] * value[:-1] < 0, change > 0.1 * size + noise)
    other |= known[1:] != known[:-1]
    other |= (block[1:] != block[:-1]) | (level[1:] != level[:-1])
    other |= ~known[1:] & (step[1:] != step[:-1])
    return np.concatenate(([True], other))


def _assemble(
    record: Record,
    keep: NDArray[np.intp],
    cut: Bools,
    current: Floats,
    block: Integers,
    level: Integers,
    resting: Bools,
) -> Stretches:
    keep, edges = _without_glitches(keep, np.append(np.flatnonzero(cut), keep.size), current)
    first = edges[:-1]
    counts = np.diff(edges)
    flowing = current[keep]
    middle = keep[first + counts // 2]
    mean = np.add.reduceat(flowing, first) / counts if first.size else np.empty(0)
    voltage = record.cell_voltage[keep]
    edges = edges.astype(np.int64)
    rest = open_circuit(record, resting, record.time[keep], voltage, edges, mean)
    series, offset, along = turned(voltage, flowing, edges, rest)
    return Stretches(
        record.time[keep],
        series,
        edges,
        mean,
        block[middle].astype(np.int64),
        level[middle].astype(np.int64),
        rest,
        offset,
        along,
    )


def _without_glitches(
    keep: NDArray[np.intp], edges: NDArray[np.intp], current: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Take out rare runs of few samples between two runs of the same current, and join these."""
    counts = np.diff(edges)
    if counts.size < 3:
        return keep, edges
    value = current[keep[edges[:-1] + counts // 2]]
    short = counts[1:-1] <= _GLITCH
    with np.errstate(invalid="ignore"):
        same = np.abs(value[2:] - value[:-2]) <= 0.05 * np.abs(value[:-2])
        other = np.abs(value[1:-1] - value[:-2]) > 0.2 * np.abs(value[:-2])
    rows = np.flatnonzero(short & same & other) + 1
    if not rows.size or rows.size > max(3, 0.02 * counts.size):
        return keep, edges
    drop = np.zeros(keep.size, np.bool_)
    for row in rows:
        drop[edges[row] : edges[row + 1]] = True
    starts = np.zeros(keep.size, np.bool_)
    starts[edges[:-1]] = True
    starts[edges[rows]] = False
    starts[edges[rows + 1]] = False
    kept = ~drop
    return keep[kept], np.append(np.flatnonzero(starts[kept]), int(kept.sum()))
