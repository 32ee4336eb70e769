"""Findings of times at which a share is left, and what their bounds say."""

from __future__ import annotations

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Finding
from anodescope.events.recovery.relaxation import PLATEAU
from anodescope.events.recovery.rests import Rest

DECAY, FLAT, HALF = "decay_time", "plateau_time", "half_time"


def passed_criterion(name: str, what: str) -> str:
    """Say what is left when: `what` relaxes."""
    if name == HALF:
        return (
            f"time from which on half is left of what {what} does from the first sample at rest to "
            "the last; no model: sums of exponentials, bounds rounded outwards to samples"
        )
    share = "1/e" if name == DECAY else f"{PLATEAU:.0%}"
    return (
        f"time from which on {share} is left of what {what} does after the first sample at rest, "
        "as far as where it ends by the fit; bounds over all models that fit about as well"
    )


def passed(
    rest: Rest,
    last: float,
    name: str,
    criterion: str,
    basis: str,
    value: float,
    ends: tuple[float, float],
    tail: str,
) -> Finding:
    """Return the finding of a time at which a share is left, and what its bounds say of it.

    Parameters
    ----------
    rest, last : the rest, and its last sample (s since the switch).
    name, criterion, basis : of the finding.
    value, ends : that time and its bounds (s since the switch); 0 and infinity: none.
    tail : end of the message.
    """
    low, high = max(ends[0] - rest.gap, 0.0), ends[1]
    outcome, text = Outcome.determined, f"It takes {value:.4g} s (95 %: {low:.4g} to {high:.4g} s)."
    if ends[0] == 0.0 and np.isinf(high):
        outcome, value = Outcome.not_identifiable, NAN
        text = "The record does not fix when that is."
    elif ends[0] == 0.0:
        outcome, value = Outcome.not_resolved, NAN
        text = f"It takes less than {high:.4g} s, faster than the sampling resolves."
    elif not value <= last:
        outcome, value, high = Outcome.censored, NAN, float("inf")
        low = min(low, last)
        text = f"It takes longer than {low:.4g} s, and by the fit longer than the record."
    elif np.isinf(high):
        outcome, value = Outcome.not_resolved, NAN
        text = f"It takes longer than {low:.4g} s; the record sets no other bound."
    return Finding(
        name, value, low, high, "s", outcome, criterion, basis, rest.off, rest.block, text + tail
    )
