"""The counter electrode: solid Na, stripped while the alloy is plated and the other way round."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from anodescope.cell.law import STANDARD, Around, Law, number


@final
@dataclass(frozen=True, slots=True)
class Counter(Law):
    """A resistance each for stripping and plating, beside a capacitance.

    Attributes
    ----------
    strip, plate : Ω·cm² of the alloy's area. The paper presses Na on isostatically and finds a
        "zero-resistance" interface, so both are 0; other values test what that would change.
    capacitance : F/cm² of the alloy's area.
    area : of the disk, cm² (8 mm across); only for the record.
    """

    strip: float = number(0.0, "Ω·cm²", "known", "while the counter is stripped", zero=True)
    plate: float = number(0.0, "Ω·cm²", "known", "while the counter is plated", zero=True)
    capacitance: float = number(1e-6, "F/cm²", "estimate", "a double layer", high=10.0)
    area: float = number(math.pi * 0.4**2, "cm²", "known", "of the Na disk")

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return both resistances and the capacitance."""
        return {
            "counter_strip": self.strip,
            "counter_plate": self.plate,
            "counter_capacitance": self.capacitance,
        }
