"""A short circuit, whatever shows it, and one made of many that come and go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

_MANY = 3  # falls within one block that make a soft short circuit of reversible ones


@final
@dataclass(frozen=True, slots=True)
class Short:
    """One short circuit.

    Attributes
    ----------
    kind : hard, soft or reversible.
    good, low : last good and first shorted instant (s).
    recovered : instant (s) at which the level is back; NaN: never.
    current : (A), NaN where unknown.
    ratio : level while shorted over the level before.
    block : of the protocol; -1: none.
    how : how it was seen, as the end of a sentence.
    count : falls that it is made of.
    proven : nothing else would look like it.
    doubt : what would, as a sentence; empty where it is proven.
    """

    kind: str
    good: float
    low: float
    recovered: float
    current: float
    ratio: float
    block: int
    how: str
    count: int = 1
    proven: bool = True
    doubt: str = ""


def merged(shorts: list[Short]) -> list[Short]:
    """Make one soft short circuit of many that recover within one block."""
    found: list[Short] = []
    for block in dict.fromkeys(short.block for short in shorts):
        inside = [short for short in shorts if short.block == block]
        back = [short for short in inside if short.kind == "reversible"]
        if len(back) < _MANY:
            found += inside
            continue
        # One that stays soft at the end is one more of them.
        found += [short for short in inside if short.kind == "hard"]
        back = sorted(
            (short for short in inside if short.kind != "hard"), key=lambda short: short.low
        )
        found.append(
            replace(
                back[0],
                kind="soft",
                recovered=max(short.recovered for short in back if np.isfinite(short.recovered)),
                ratio=float(np.median([short.ratio for short in back])),
                count=len(back),
                how="falls that come and go",
            )
        )
    return sorted(found, key=lambda short: short.low)
