"""What the paper saw, row by row: read off analysed campaigns, and judged."""

from __future__ import annotations

from anodescope.inference.observations.rows import (
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
