"""The voltage of one stretch of a record: what figures of rests, pulses and half-cycles draw."""

from __future__ import annotations

import numpy as np

from anodescope.report.panels import voltage_lines
from anodescope.report.view import CampaignLike, Floats


def voltage_between(campaign: CampaignLike, start: float, end: float) -> tuple[Floats, Floats]:
    """Return instants (s) and voltages (V) recorded from `start` to `end`, both included.

    Where several voltages were recorded it is that of the working electrode; samples without a
    voltage are left out, and where there is no voltage at all both arrays are empty.
    """
    for line in voltage_lines(campaign)[0][:1]:
        a, b = np.searchsorted(line.time, start, "left"), np.searchsorted(line.time, end, "right")
        time, value = line.time[a:b], line.value[a:b]
        keep = np.isfinite(value)
        return time[keep], value[keep]
    return np.zeros(0), np.zeros(0)
