"""What the protocol node says, as the report needs it: blocks, levels, and when a current stopped.

Nothing is recognised here. Without a protocol node there are no blocks and no levels; the end of
the current is then that of the last sample or sweep that carried one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.report.clock import current_stops, span, sweep_times
from anodescope.report.view import CampaignLike, Floats, required, stored, sweeps_of


@dataclass(frozen=True, slots=True)
class Block:
    """One recognised block: its row, kind, confidence (0 … 1), count, and its bounds (s)."""

    number: int
    kind: str
    confidence: float
    count: int
    start: float
    end: float

    @property
    def name(self) -> str:
        """The kind in words, as in “staircase with GEIS”."""
        known = {
            "ccd": "CCD",
            "staircase_geis": "staircase with GEIS",
            "rest_with_peis": "rest with PEIS",
        }
        return known.get(self.kind, self.kind.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Phases:
    """The phases of the protocol in time order, one array per variable."""

    start: Floats
    end: Floats
    mode: NDArray[Any]
    current: Floats
    block: NDArray[np.int64]
    level: NDArray[np.int64]
    spectrum: NDArray[np.int64]

    def of(self, block: int, mode: str = "") -> NDArray[np.intp]:
        """Return the phases of one block, of one mode if it is named."""
        here = self.block == block
        return np.flatnonzero(here & (self.mode == mode) if mode else here)

    @property
    def resting(self) -> NDArray[np.bool_]:
        """Tell which phases ask for no current: rests, and sweeps at rest."""
        idle = (self.mode == "sweep") & (np.nan_to_num(self.current) == 0)
        return np.asarray((self.mode == "rest") | idle)


def phases(campaign: CampaignLike) -> Phases | None:
    """Return the phases of the protocol node, or None where there are none."""
    starts = stored(campaign, "protocol", "time_start")
    if starts is None:
        return None
    order = np.argsort(starts, kind="stable")

    def part(name: str, missing: float) -> NDArray[Any]:
        values = stored(campaign, "protocol", name)
        return np.full(len(order), missing) if values is None else values[order]

    return Phases(
        starts[order].astype(float),
        required(campaign, "protocol", "time_end").astype(float)[order],
        required(campaign, "protocol", "mode").astype(object)[order],
        part("current", np.nan).astype(float),
        required(campaign, "protocol", "block")[order].astype(np.int64),
        required(campaign, "protocol", "level")[order].astype(np.int64),
        part("spectrum", -1).astype(np.int64),
    )


def blocks(campaign: CampaignLike) -> list[Block]:
    """Return the recognised blocks in time order; none without a protocol node."""
    every = phases(campaign)
    kinds = stored(campaign, "protocol", "kind")
    if every is None or kinds is None:
        return []
    sure = required(campaign, "protocol", "confidence").astype(float)
    count = required(campaign, "protocol", "count")
    found = []
    for number, kind in enumerate(kinds):
        rows = every.of(number)
        if len(rows):
            start, end = float(every.start[rows].min()), float(every.end[rows].max())
            one = Block(number, str(kind), float(sure[number]), int(count[number]), start, end)
            found.append(one)
    return sorted(found, key=lambda block: block.start)


def blocks_of(campaign: CampaignLike, *kinds: str) -> list[Block]:
    """Return the recognised blocks of these kinds, in time order."""
    return [block for block in blocks(campaign) if block.kind in kinds]


@dataclass(frozen=True, slots=True)
class Rest:
    """A stretch without current: the instant (s) at which the current stopped, and its end (s)."""

    start: float
    end: float
    block: int


def rests(campaign: CampaignLike) -> list[Rest]:
    """Return every rest that follows a current, in time order.

    Neighbouring phases without current are one rest, whatever block they belong to.
    """
    every = phases(campaign)
    if every is None:
        stop, last = current_stops(campaign), span(campaign)[1]
        return [] if stop is None or stop >= last else [Rest(stop, last, -1)]
    idle = every.resting
    edges = np.flatnonzero(np.diff(idle.astype(int))) + 1
    runs = pairwise([0, *edges.tolist(), len(idle)])
    return [
        Rest(float(every.start[a]), float(every.end[b - 1]), int(every.block[a]))
        for a, b in runs
        if a > 0 and idle[a]
    ]


def longest_rest(campaign: CampaignLike) -> Rest | None:
    """Return the longest rest that follows a current."""
    found = rests(campaign)
    return max(found, key=lambda rest: rest.end - rest.start) if found else None


def sweep_places(campaign: CampaignLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return block and level of every row of the spectra node; -1 where none is known.

    The protocol names the first electrode's row of a sweep; the others of the same instant follow.
    """
    starts = stored(campaign, "spectra", "time_start")
    count = 0 if starts is None else len(starts)
    place = np.full((2, count), -1, dtype=np.int64)
    every = phases(campaign)
    if every is None or starts is None:
        return place[0], place[1]
    known = (every.spectrum >= 0) & (every.spectrum < count)
    rows = every.spectrum[known]
    place[:, rows] = every.block[known], every.level[known]
    first = {float(starts[row]): int(row) for row in rows}
    for row in np.flatnonzero(place[0] < 0):
        twin = first.get(float(starts[row]))
        if twin is not None:
            place[:, row] = place[:, twin]
    return place[0], place[1]


def biases(campaign: CampaignLike) -> Floats:
    """Return the bias (A) of every row of the spectra node, by file or by protocol; NaN: unknown.

    What the instrument recorded counts more than what the protocol asked for, except that a sweep
    at rest has none: what is recorded there is the instrument's offset.
    """
    starts = stored(campaign, "spectra", "time_start")
    bias = np.full(0 if starts is None else len(starts), np.nan)
    every = phases(campaign)
    if every is not None:
        known = (every.spectrum >= 0) & (every.spectrum < len(bias))
        bias[every.spectrum[known]] = every.current[known]
    told = stored(campaign, "spectra", "bias_current")
    if told is None:
        return bias
    return np.where(np.isfinite(told) & (bias != 0), told, bias).astype(float)


def flows_from(campaign: CampaignLike) -> float:
    """Return from which size (A) on a bias counts as a current: 1 % of the largest recorded."""
    every = (biases(campaign), stored(campaign, "timeseries", "current"))
    sizes = [np.abs(one[np.isfinite(one)]) for one in every if one is not None]
    return 0.01 * max((float(size.max()) for size in sizes if len(size)), default=0.0)


def middles(campaign: CampaignLike) -> Floats:
    """Return the middle (s) of every sweep."""
    return np.asarray(sweep_times(campaign).mean(axis=1))


def busiest(campaign: CampaignLike, electrode: str | None = None) -> Block | None:
    """Return the block in which most sweeps ran under a current; None where no block has one."""
    rows = sweeps_of(campaign, electrode)
    bias = biases(campaign)[rows]
    place = sweep_places(campaign)[0][rows]
    loaded = place[(np.nan_to_num(np.abs(bias)) > flows_from(campaign)) & (place >= 0)]
    if not len(loaded):
        return None
    wanted = int(np.bincount(loaded).argmax())
    return next((block for block in blocks(campaign) if block.number == wanted), None)
