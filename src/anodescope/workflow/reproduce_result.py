"""What a reproduction computed, as the pages and tables of it are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from anodescope.campaign import Campaign
from anodescope.cell.cell import Cell
from anodescope.inference.observations import Judged, Tally, Verdict
from anodescope.workflow.reproduce_experiments import Choice, Done
from anodescope.workflow.reproduce_parts import Rows
from anodescope.workflow.reproduce_told import Counts


@final
@dataclass(frozen=True, slots=True)
class Reproduction:
    """What a reproduction computed.

    Attributes
    ----------
    choice : how it was computed.
    judged : the rows, in the paper's order. tally : of them.
    counts : of fitted and other numbers.
    campaigns : analysed, by key, in the order of the paper's figures. places : of their stores.
    cells : by name of the preset that each stands for.
    failed : why, by key of each experiment or part that could not be computed.
    done : of each experiment and part, with its times.
    parts : rows of each part by key.
    left_over : what lies in the folder from another reproduction and is in none of these results.
    """

    choice: Choice
    judged: tuple[Judged, ...]
    tally: Tally
    counts: Counts
    campaigns: Mapping[str, Campaign]
    places: Mapping[str, Path]
    cells: Mapping[str, Cell]
    failed: Mapping[str, str]
    done: tuple[Done, ...]
    parts: Mapping[str, Rows]
    left_over: tuple[str, ...] = ()

    @property
    def misses(self) -> tuple[Judged, ...]:
        """Rows that the cell does not meet; those that count for nothing are not among them."""
        return tuple(
            one for one in self.judged if one.verdict is Verdict.missed and not one.row.trivial
        )
