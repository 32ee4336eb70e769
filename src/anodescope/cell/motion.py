"""Mechanical motion of the liquid above a critical current: off unless it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from anodescope.cell.law import STANDARD, Around, Law, number, required


@final
@dataclass(frozen=True, slots=True)
class Motion(Law):
    """Above a current density the liquid parts from the wall, within about a millisecond.

    Attributes
    ----------
    current : current density above which it moves, mA/cm² of the patch.
    loss : share of contact lost per mA/cm² above it, cm²/mA.
    time : time constant, s; the paper names about 1e-3 s from other work.

    No default for the first two: nothing is known of them for Na–K on NASICON.
    """

    current: float = required("mA/cm²", "current density above which the liquid moves", zero=True)
    loss: float = required("cm²/mA", "share of contact lost per mA/cm² above it", zero=True)
    time: float = number(1e-3, "s", "known", "time constant of the motion")

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return onset, loss and time constant."""
        return {
            "motion_current": self.current,
            "motion_loss": self.loss,
            "motion_time": self.time,
        }
