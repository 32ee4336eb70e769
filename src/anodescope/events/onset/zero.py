"""The voltage at zero current, which stairs of both directions must be freed of."""

from __future__ import annotations

import numpy as np

from anodescope.events.finding import NAN, Floats, Record

_LAST = 1 / 3  # share of the rest that its voltage is the mean over
_FEWEST = 3  # samples of a rest


def at_rest(record: Record, begin: float) -> float:
    """Return the voltage (V) at the end of the last rest before `begin` (s); NaN: there is none.

    Parameters
    ----------
    record : what detectors read.
    begin : when the staircase begins.
    """
    phases = record.phases
    resting = np.flatnonzero((phases.mode.astype(str) == "rest") & (phases.end <= begin + 1e-9))
    usable = np.isfinite(record.voltage) & ~record.overload
    time, voltage = record.time[usable], record.voltage[usable]
    for k in resting[np.argsort(phases.end[resting])][::-1].tolist():
        late = phases.end[k] - _LAST * (phases.end[k] - phases.start[k])
        inside = (time >= late) & (time <= phases.end[k])
        if np.count_nonzero(inside) >= _FEWEST:
            return float(np.mean(voltage[inside]))
    return NAN


def freed(voltage: Floats, sign: Floats, zero: float, both: bool) -> Floats:
    """Return |V| in the direction of the current (V), less the voltage at rest where it is known.

    On stairs of one direction a voltage at rest shifts the whole curve, which no slope sees; on
    stairs of `both` it makes the curve go up and down by twice itself.
    """
    return (voltage - (zero if both and np.isfinite(zero) else 0.0)) * sign


UNKNOWN = (
    "The stairs go in both directions, and no rest before them tells the voltage at zero current: "
    "an onset on |V| would mistake that voltage for a resistance. Record a rest before the "
    "staircase, or look at one direction only."
)


def told(zero: float) -> str:
    """Return the sentence on what was subtracted; "" where nothing was."""
    if not np.isfinite(zero):
        return ""
    return f" The stairs go in both directions: {zero:.4g} V at rest were subtracted."
