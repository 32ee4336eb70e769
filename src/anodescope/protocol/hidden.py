"""Stretches whose current was not recorded: what the sweeps beside them say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.protocol.phases import CURRENT, LEAST_STEP, REST, UNKNOWN, Bools, Floats, Ints
from anodescope.protocol.samples import Samples, Sweeps
from anodescope.protocol.stretches import Stretches
from anodescope.protocol.unseen import unseen_holds

# Biases agree up to so many standard errors.
_ERRORS = 5.0


@final
@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Stretches without a recorded current, as phases.

    Attributes
    ----------
    start, end : first and last row (s).
    mode : current or rest where the bias on both sides is one, else unknown.
    current, error : the bias and its standard error (A); NaN and 0 where it is not known. The mode
        of such a stretch is current where one of unknown size was held (see `unseen`).
    fits : rows of `samples.hidden` that fit such a hold.
    interval : usual time between rows (s).
    between : it holds the step from one bias to another, and belongs to neither.
    """

    start: Floats
    end: Floats
    mode: Ints
    current: Floats
    error: Floats
    interval: Floats
    between: Bools
    fits: Bools


def hidden_of(
    samples: Samples, sweeps: Sweeps, bias: Floats, error: Floats, stretches: Stretches
) -> Hidden:
    """Return the stretches without a current.

    One between two sweeps of one bias has it; at rest only while it is not longer than the
    sweeps, as anything may happen between two measurements at rest. One as short between two
    biases holds the step from one to the other: it is no phase, but ends theirs.

    Parameters
    ----------
    samples, sweeps, stretches : of the record.
    bias, error : of each sweep (A); 0 at rest, NaN under a held voltage.
    """
    start, end = samples.blind[:, 0], samples.blind[:, 1]
    rows = np.searchsorted(samples.hidden, end, "right") - np.searchsorted(samples.hidden, start)
    mode = np.full(start.size, UNKNOWN)
    current, spread = np.full(start.size, np.nan), np.zeros(start.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        interval = np.where(rows > 1, (end - start) / (rows - 1), np.nan)
    after = np.searchsorted(sweeps.start, start, "right")
    beside = np.flatnonzero((after > 0) & (after < sweeps.size))
    one, other = after[beside] - 1, after[beside]
    between = np.searchsorted(stretches.start, sweeps.start)
    direct = between[one] == between[other]
    beside, one, other = beside[direct], one[direct], other[direct]
    vague = np.hypot(error[one], error[other])
    larger = np.maximum(np.abs(bias[one]), np.abs(bias[other]))
    near = np.abs(bias[one] - bias[other]) <= np.maximum(LEAST_STEP * larger, _ERRORS * vague)
    near &= (bias[one] == 0.0) == (bias[other] == 0.0)
    short = sweeps.start[other] - sweeps.end[one] <= np.maximum(
        sweeps.end[one] - sweeps.start[one], sweeps.end[other] - sweeps.start[other]
    )
    rest = bias[other] == 0.0
    taken = near & (short | ~rest)
    heir = beside[taken]
    mode[heir] = np.where(rest[taken], REST, CURRENT)
    current[heir] = 0.5 * (bias[one] + bias[other])[taken]
    spread[heir] = vague[taken]
    step = np.zeros(start.size, bool)
    step[beside[short & ~near & np.isfinite(bias[one] + bias[other])]] = True
    held, fits = unseen_holds(samples, sweeps, bias)
    mode[held & (mode == UNKNOWN) & ~step] = CURRENT
    return Hidden(start, end, mode, current, spread, interval, step, fits)
