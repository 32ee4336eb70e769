"""A protocol: blocks of one kind each, as designed or as recognised in a record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, final

import numpy as np
import xarray as xr

from anodescope.errors import SettingsError
from anodescope.protocol.checks import finite, positive, whole
from anodescope.protocol.describe import parameters_of, steps_of
from anodescope.protocol.phases import Floats, Phases, joined, uncontrolled, unrolled
from anodescope.protocol.steps import KINDS_OF_STEP, Step, scaled, total
from anodescope.protocol.table import Row, dataset_of, rows_of
from anodescope.protocol.text import read, write
from anodescope.protocol.walk import Visit, walk

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "constant_current": "one current, with or without sweeps",
        "ccd": "half-cycles of alternating sign whose current rises",
        "staircase_geis": "currents of one sign that rise or fall stair by stair, each with sweeps",
        "staircase": "currents of one sign that rise or fall stair by stair",
        "pulsed": "one current, on and off",
        "rest": "no current",
        "rest_with_peis": "no current, with impedance sweeps",
        "cycling": "half-cycles of alternating sign whose current does not rise",
        "impedance_only": "impedance sweeps and nothing between them",
        "unknown": "none of the above",
    }
)
UNITS = ("A", "mA/cm²")


@final
@dataclass(frozen=True, slots=True)
class Block:
    """A part of a protocol that is of one kind.

    Attributes
    ----------
    kind : a key of `KINDS`.
    steps : what the block asks for; repetitions stay one object.
    count : half-cycles, stairs, pulses or sweeps (1 for a single level).
    boundaries : (s) start of every phase and end of the last, in a record; () where designed.
    ends : (s) ends of those phases that a pause (a restart) parts from the next one.
    confidence : share of the block's samples that replaying it explains within tolerance, as its
        lower bound of 95 %, so that few samples give little; 1 where designed.
    samples : number of samples that the confidence rests on; 0 where designed.
    resolution : (s) to which the boundaries are known in a record: the larger of the usual
        distances of samples before and after one, as the median over the block; 0 where designed.
    note : a sentence on what could not be said, or "".
    record : the phases as they were found in a record; None where designed.
    """

    kind: str
    steps: tuple[Step, ...]
    count: int = 1
    boundaries: tuple[float, ...] = field(default=(), repr=False)
    confidence: float = 1.0
    samples: int = 0
    resolution: float = 0.0
    note: str = ""
    ends: tuple[float, ...] = field(default=(), repr=False)
    record: Phases | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SettingsError(f"Block: expected a kind of {', '.join(KINDS)}, got {self.kind!r}.")
        object.__setattr__(self, "steps", tuple(self.steps))
        for name in ("boundaries", "ends"):
            object.__setattr__(self, name, tuple(map(float, getattr(self, name))))
        for step in self.steps:
            if not isinstance(step, KINDS_OF_STEP):
                raise SettingsError(f"Block {self.kind}: expected steps, found {step!r}.")
        whole(f"Block {self.kind}", "count", self.count, 0)
        whole(f"Block {self.kind}", "samples", self.samples, 0)
        edge = positive(f"Block {self.kind}", "resolution", self.resolution, zero=True)
        object.__setattr__(self, "resolution", edge)
        share = finite(f"Block {self.kind}", "confidence", self.confidence)
        if not 0.0 <= share <= 1.0:
            raise SettingsError(
                f"Block {self.kind}, confidence: expected a share from 0 to 1, found {share:g}."
            )
        object.__setattr__(self, "confidence", share)

    @property
    def duration(self) -> float:
        """Duration (s): of the record, or as designed."""
        if self.boundaries:
            return self.boundaries[-1] - self.boundaries[0]
        return total(self.steps)

    @property
    def parameters(self) -> dict[str, Any]:
        """What characterises the block (see `describe.parameters_of`)."""
        return parameters_of(self.kind, self.phases())

    def walk(self) -> Iterator[Visit]:
        """Yield every run of every step in order, without writing repetitions out."""
        return walk(self.steps)

    def phases(self, start: float = 0.0) -> Phases:
        """Return the phases: of the record, or as designed from `start` (s)."""
        if self.record is not None:
            return self.record
        if not self.boundaries:
            return unrolled(self.steps, start)
        phases = unrolled(self.steps, self.boundaries[0])
        edges = np.array(self.boundaries)
        if not self.steps:
            phases = uncontrolled(edges.size - 1)
        elif phases.size != edges.size - 1:
            return phases
        end = edges[1:].copy()
        for edge in self.ends:
            end[max(int(np.searchsorted(edges[:-1], edge)) - 1, 0)] = edge
        return replace(phases, time_start=edges[:-1], time_end=end)


@final
@dataclass(frozen=True, slots=True)
class Protocol:
    """What a cell was put through, or shall be: blocks one after the other.

    Attributes
    ----------
    blocks : in time order.
    unit : unit of every current, "A" or "mA/cm²". A recognised protocol is in A.
    note : a sentence on what could not be said about the whole, or "".

    Examples
    --------
    >>> Protocol((Block("rest", (Rest(60.0),)),)).kind
    'rest'
    """

    blocks: tuple[Block, ...]
    unit: str = "mA/cm²"
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if self.unit not in UNITS:
            raise SettingsError(f"Protocol, unit: expected 'A' or 'mA/cm²', found {self.unit!r}.")
        for block in self.blocks:
            if not isinstance(block, Block):
                raise SettingsError(f"Protocol: expected blocks, found {block!r}.")

    def __add__(self, other: Protocol) -> Protocol:
        """Return this protocol with another one after it; both in one unit.

        Raises
        ------
        SettingsError
            when the units differ: convert one of them first.
        """
        if self.unit != other.unit:
            raise SettingsError(
                f"Protocols in {self.unit} and {other.unit} cannot be joined: convert one by "
                "per_area or absolute."
            )
        notes = " ".join(note for note in (self.note, other.note) if note)
        return replace(self, blocks=self.blocks + other.blocks, note=notes)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the blocks, in order."""
        return tuple(block.kind for block in self.blocks)

    @property
    def kind(self) -> str:
        """The kind that all blocks share; "several" where they differ."""
        kinds = set(self.kinds)
        return kinds.pop() if len(kinds) == 1 else "several" if kinds else "unknown"

    @property
    def confidence(self) -> float:
        """The lowest one of its blocks, as one wrong block is a wrong protocol; 1 as designed."""
        return min((block.confidence for block in self.blocks), default=0.0)

    @property
    def boundaries(self) -> Floats:
        """Starts of all phases and ends of all blocks in a record (s); empty where designed."""
        edges = [edge for block in self.blocks for edge in block.boundaries]
        return np.unique(np.array(edges, float))

    @property
    def duration(self) -> float:
        """Duration (s): of the record, pauses included, or as designed."""
        edges = self.boundaries
        if edges.size:
            return float(edges[-1] - edges[0])
        return math.fsum(block.duration for block in self.blocks)

    @property
    def parameters(self) -> tuple[dict[str, Any], ...]:
        """What characterises each block, currents in the protocol's unit."""
        return tuple(block.parameters for block in self.blocks)

    def per_area(self, area: float) -> Protocol:
        """Return the protocol in mA/cm² for an area (cm²); one already per area stays as it is.

        Raises
        ------
        SettingsError
            for an area that is no number above zero.
        """
        area = positive("Protocol", "area (cm²)", area)
        return self if self.unit == "mA/cm²" else self._scaled(1e3 / area, "mA/cm²")

    def absolute(self, area: float) -> Protocol:
        """Return the protocol in A for an area (cm²); one already in A stays as it is.

        Raises
        ------
        SettingsError
            for an area that is no number above zero.
        """
        area = positive("Protocol", "area (cm²)", area)
        return self if self.unit == "A" else self._scaled(1e-3 * area, "A")

    def _scaled(self, factor: float, unit: str) -> Protocol:
        blocks = (
            replace(
                block,
                steps=scaled(block.steps, factor),
                record=block.record.scaled(factor) if block.record is not None else None,
            )
            for block in self.blocks
        )
        return replace(self, blocks=tuple(blocks), unit=unit)

    def walk(self) -> Iterator[Visit]:
        """Yield every run of every step in order, without writing repetitions out.

        Examples
        --------
        >>> pulses = Repeat((Hold(1.0, 1.0), Rest(2.0)), 1_000_000)
        >>> next(Protocol((Block("pulsed", (pulses,)),)).walk()).path
        (0, 0)
        """
        for number, block in enumerate(self.blocks):
            yield from walk(block.steps, number)

    def phases(self) -> Phases:
        """Return the phases of all blocks; the levels of each block start from 0."""
        parts = []
        clock = 0.0
        for block in self.blocks:
            part = block.phases(clock)
            parts.append(part)
            clock = float(part.time_end[-1]) if part.size else clock
        return joined(parts)

    def to_dataset(self, area: float | None = None) -> xr.Dataset:
        """Return the `protocol` node of a Campaign (currents in A).

        Parameters
        ----------
        area : (cm²) of the electrode under study, needed where the protocol is in mA/cm².

        Raises
        ------
        SettingsError
            when the protocol is per area and no area is given.
        """
        if self.unit != "A" and area is None:
            raise SettingsError(
                f"The protocol is in {self.unit}, and a campaign keeps A: give the area (cm²)."
            )
        absolute = self if area is None else self.absolute(area)
        rows = []
        clock = 0.0
        for block in absolute.blocks:
            phases = block.phases(clock)
            clock = float(phases.time_end[-1]) if phases.size else clock
            rows.append(
                Row(
                    block.kind, block.confidence, block.count, phases,
                    block.resolution, block.samples, block.note,
                )
            )  # fmt: skip
        return dataset_of(rows, {"note": self.note} if self.note else None)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Protocol:
        """Return the protocol (in A) of a `protocol` node, its boundaries included.

        Raises
        ------
        SchemaError
            when the node is not complete.
        """
        blocks = (
            recorded(
                row.kind, row.phases, count=row.count, confidence=row.confidence,
                samples=row.samples, resolution=row.resolution, note=row.note,
            )
            for row in rows_of(dataset)
        )  # fmt: skip
        return cls(tuple(blocks), "A", str(dataset.attrs.get("note", "")))

    def to_toml(self) -> str:
        """Return the protocol as TOML text (see `protocol.text`); `from_toml` reads it back."""
        return write(self.unit, self.note, [_keys(block) for block in self.blocks])

    @classmethod
    def from_toml(cls, text: str) -> Protocol:
        """Return the protocol that a TOML text describes.

        Raises
        ------
        SettingsError
            with one sentence on what is wrong.
        """
        unit, note, blocks = read(text)
        return cls(tuple(Block(**keys) for keys in blocks), unit, note)


def recorded(
    kind: str,
    phases: Phases,
    *,
    count: int,
    confidence: float = 1.0,
    samples: int = 0,
    resolution: float = 0.0,
    note: str = "",
) -> Block:
    """Return a block as found in a record: the edges of its phases, and steps that ask for them."""
    edges = (*phases.time_start.tolist(), float(phases.time_end[-1])) if phases.size else ()
    paused = phases.time_end[:-1] < phases.time_start[1:]
    return Block(
        kind, steps_of(kind, phases), count, edges, confidence, samples, resolution, note,
        tuple(phases.time_end[:-1][paused].tolist()), phases,
    )  # fmt: skip


def _keys(block: Block) -> dict[str, Any]:
    """Return what a TOML block states; what is as in a designed block stays unsaid."""
    keys = {"kind": block.kind, "steps": block.steps, "count": block.count}
    for name in ("confidence", "samples", "resolution", "note", "boundaries", "ends"):
        value = getattr(block, name)
        if value != Block.__dataclass_fields__[name].default:
            keys[name] = value
    return keys
