"""Where a short circuit ends what a block can tell about its interface."""

from __future__ import annotations

from collections.abc import Sequence

from anodescope.errors import Outcome
from anodescope.events.finding import Finding


def first_short(shorts: Sequence[Finding], block: int) -> Finding | None:
    """Return the first short circuit of a block that stays and is beyond doubt."""
    some = [
        one
        for one in shorts
        if one.quantity in ("hard_short", "soft_short")
        and (one.block, one.outcome) == (block, Outcome.determined)
    ]
    return min(some, key=lambda one: one.time, default=None)
