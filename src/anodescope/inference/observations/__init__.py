"""What the paper saw, row by row: read off analysed campaigns, and judged."""

from __future__ import annotations

from anodescope.inference.observations.rows import (
    BEYOND,
    Computed,
    Judged,
    Reading,
    Row,
    Tally,
    Verdict,
    judge,
    rows,
    tally,
)

__all__ = [
    "BEYOND",
    "Computed",
    "Judged",
    "Reading",
    "Row",
    "Tally",
    "Verdict",
    "judge",
    "rows",
    "tally",
]
