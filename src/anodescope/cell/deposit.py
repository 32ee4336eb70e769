"""Na that comes out as metal while plating, and how it alloys back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from anodescope.cell.calibrated import fitted
from anodescope.cell.law import ACTIVATION, STANDARD, Around, Arrhenius, Law, number, speed


@final
@dataclass(frozen=True, slots=True)
class Deposit(Law):
    """Na metal widens the contact, a = a0 + (1 − a0)·m/(m + m_c), and goes back with τ_m.

    Attributes
    ----------
    contact : a0, share of the face that conducts without a deposit.
    spread : m_c, mAh/cm².
    time : τ_m of re-alloying, s.
    edge : deposit below which the alloy takes part in stripping, mAh/cm²; it only rounds a corner.
    activation : of 1/τ_m, or None.
    """

    contact: float = number(
        fitted("deposit.contact"), "1", "fitted", "a0; 0 is no contact at all", high=1.0
    )
    spread: float = number(fitted("deposit.spread"), "mAh/cm²", "fitted", "m_c; weakly identified")
    time: float = number(
        fitted("deposit.time"), "s", "fitted", "τ_m; weakly identified", infinite=True
    )
    edge: float = number(1e-3, "mAh/cm²", "set", "deposit at which a patch counts as Na")
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return a0, m_c, τ_m and the edge."""
        return {
            "deposit_contact": self.contact,
            "deposit_spread": self.spread,
            "deposit_time": self.time / speed(self.activation, around),
            "deposit_edge": self.edge,
        }
