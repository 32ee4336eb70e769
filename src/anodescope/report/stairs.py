"""Levels of a staircase as drawing data: means of what was recorded, level by level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodescope.report.amounts import Finding
from anodescope.report.blocks import Block, Phases, blocks_of, phases
from anodescope.report.criteria import HOLD, SWEEP
from anodescope.report.criteria import shares_of as shares_of
from anodescope.report.view import CampaignLike, Floats, spoken_time, stored

STAIRS = ("staircase_geis", "staircase")
STEM = "threshold"  # of the file of a staircase's figure


@dataclass(frozen=True, slots=True)
class Stairs:
    """One value per level of a block, NaN where none was measured.

    `hold` is the mean voltage (V) over the end of the hold, `sweep` that over the end of the sweep,
    `ohmic` the resistance (Ω) that the findings subtract, or else the series resistance of the
    sweep's DRT, `spectrum` the sweep's row (-1: none). Where most currents are negative, currents
    and voltages are those of the other sign, and `turned` says so.
    """

    current: Floats
    hold: Floats
    sweep: Floats
    ohmic: Floats
    spectrum: NDArray[np.int64]
    turned: bool = False

    def corrected(self, voltage: Floats) -> Floats:
        """Return a voltage without the ohmic drop."""
        return voltage - self.current * self.ohmic


def _mean(time: Floats, value: Floats, start: float, end: float) -> float:
    """Return the mean of the samples from `start` to `end` (s); NaN for none."""
    inside = value[np.searchsorted(time, start) : np.searchsorted(time, end, "right")]
    inside = inside[np.isfinite(inside)]
    return float(inside.mean()) if len(inside) else np.nan


def _samples(campaign: CampaignLike) -> tuple[Floats, Floats]:
    time, value = (stored(campaign, "timeseries", name) for name in ("time", "voltage"))
    if time is None or value is None:
        return np.zeros(0), np.zeros(0)
    return time.astype(float), value.astype(float)


def stairs_of(campaign: CampaignLike, block: Block, onsets: Sequence[Finding] = ()) -> Stairs:
    """Return the levels of a block in their order, as those `onsets` looked at them."""
    every = phases(campaign)
    if every is None:
        nothing = np.zeros(0)
        return Stairs(nothing, nothing, nothing, nothing, nothing.astype(np.int64))
    inside = every.of(block.number)
    levels = np.unique(every.level[inside])
    columns = np.full((4, len(levels)), np.nan)
    spectrum = np.full(len(levels), -1, dtype=np.int64)
    time, value = _samples(campaign)
    shares = shares_of(onsets)
    given = [one.subtracted for one in onsets if one.subtracted is not None]
    columns[3] = given[0] if given else np.nan
    bias = stored(campaign, "spectra", "bias_voltage")
    series = stored(campaign, "drt", "series_resistance")
    for k, level in enumerate(levels):
        rows = inside[every.level[inside] == level]
        columns[0, k], columns[1, k], columns[2, k] = _level(every, rows, (time, value), shares)
        row = int(every.spectrum[rows].max())
        spectrum[k] = row
        if row < 0:
            continue
        if not np.isfinite(columns[2, k]) and bias is not None:
            columns[2, k] = bias[row]
        if series is not None and not given:
            columns[3, k] = series[row]
    turned = bool((columns[0] < 0).sum() > (columns[0] > 0).sum())
    columns[:3] *= -1 if turned else 1
    return Stairs(columns[0], columns[1], columns[2], columns[3], spectrum, turned)


def _level(
    every: Phases,
    rows: NDArray[np.intp],
    samples: tuple[Floats, Floats],
    shares: Mapping[str, float],
) -> tuple[float, float, float]:
    """Return current, voltage at the end of the holds and voltage of the sweeps of one level."""
    current = every.current[rows]
    found = {"current": np.nan, "sweep": np.nan}
    for row in rows:
        mode, start, end = str(every.mode[row]), every.start[row], every.end[row]
        if mode in found:
            share = shares[SWEEP if mode == "sweep" else HOLD]
            mean = _mean(*samples, float(end - share * (end - start)), float(end))
            found[mode] = mean if np.isfinite(mean) else found[mode]
    known = current[np.isfinite(current)]
    return (float(known[0]) if len(known) else np.nan), found["current"], found["sweep"]


def staircase_block(campaign: CampaignLike) -> Block | None:
    """Return the staircase with most levels; None where no staircase was recognised."""
    found = blocks_of(campaign, *STAIRS)
    return max(found, key=lambda block: block.count) if found else None


@dataclass(frozen=True, slots=True)
class Staircase:
    """A staircase among those of its record.

    `direction` is "stripping" or "plating", and "positive" or "negative" where nothing says which
    sign of the current strips; `place` counts from 1 among the record's `count` staircases.
    """

    block: Block
    direction: str
    place: int
    count: int

    @property
    def title(self) -> str:
        """The staircase in words: “Plating staircase, 2 of 3, 13.3 min to 26.7 min”."""
        known = self.direction in ("stripping", "plating")
        told = f"{self.direction.capitalize()} staircase" if known else (
            f"Staircase of {self.direction} current")  # fmt: skip
        if self.count > 1:
            told = f"{told}, {self.place} of {self.count}"
        start, end = (spoken_time(round(at, 1)) for at in (self.block.start, self.block.end))
        return f"{told}, {start} to {end}"

    @property
    def current(self) -> str:
        """The current in words: “Stripping current”, “Plating current, −i”."""
        minus = self.direction in ("plating", "negative")
        return f"{self.direction.capitalize()} current{', −i' if minus else ''}"


def _direction(campaign: CampaignLike, block: Block) -> str:
    """Return which way most of the current of a block flows."""
    every = phases(campaign)
    current = np.zeros(0) if every is None else every.current[every.of(block.number)]
    negative = bool((current < 0).sum() > (current > 0).sum())
    if campaign.attrs.get("current_sign") == "strips":
        return "plating" if negative else "stripping"
    return "negative" if negative else "positive"


def staircases(campaign: CampaignLike) -> dict[str, Staircase]:
    """Return every staircase in time order by the stem of its figure's file.

    A single one is ``threshold``; of several each names its direction, and its number where
    another has the same: ``threshold_plating``, ``threshold_stripping_2``.
    """
    found = blocks_of(campaign, *STAIRS)
    every = [
        Staircase(block, _direction(campaign, block), place, len(found))
        for place, block in enumerate(found, 1)
    ]
    if len(every) == 1:
        return {STEM: every[0]}
    most, seen = Counter(one.direction for one in every), Counter[str]()
    named: dict[str, Staircase] = {}
    for one in every:
        seen[one.direction] += 1
        number = f"_{seen[one.direction]}" if most[one.direction] > 1 else ""
        named[f"{STEM}_{one.direction}{number}"] = one
    return named
