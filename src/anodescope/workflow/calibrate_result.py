"""What a calibration found, as its tables and sentences are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from anodescope.inference.ensemble import Member
from anodescope.inference.fitting import Fit
from anodescope.inference.groups import Group


@final
@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration found.

    Attributes
    ----------
    best : the best fit, at 16 patches. fits : all starts, best first. laws : of other structures.
    members : the ensemble. groups : what is identified.
    left : measured rows that were left out, by structure. seconds : it took.
    """

    best: Fit
    fits: tuple[Fit, ...]
    laws: tuple[Fit, ...]
    members: tuple[Member, ...]
    groups: tuple[Group, ...]
    left: Mapping[str, Mapping[str, Mapping[str, float]]]
    seconds: float
