"""What happened in a campaign and when, and the numbers that a reviewer asks for."""

from __future__ import annotations

from anodescope.events.evaluate import DETECTORS, DetectorSettings, evaluate
from anodescope.events.record import find_events

__all__ = ["DETECTORS", "DetectorSettings", "evaluate", "find_events"]
