"""Contact that a depleted interface loses to K precipitate and voids, and the voids' size."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, final

from anodescope.cell.calibrated import fitted
from anodescope.cell.law import ACTIVATION, STANDARD, Around, Arrhenius, Law, number, speed
from anodescope.cell.slots import POWER_LOSS, THRESHOLD_LOSS

if TYPE_CHECKING:
    from anodescope.cell.engine import Engine

# The growth law is not identified: a threshold law fits the same observations.
RATE, HEAL, REFILL = fitted("loss.rate"), fitted("loss.heal"), fitted("loss.refill")


class Loss(Law):
    """dφ/dt = growth(u)·(1 − φ) − φ/τ_φ − φ|i_plate|/q_h, u = depletion of the patch, 0 to 1.

    Attributes
    ----------
    rate : k_φ, 1/s. heal : τ_φ, s. refill : q_h, mAh/cm². start : share missing at the start.
    activation : of k_φ and 1/τ_φ, or None.
    """

    __slots__ = ()
    rate: float
    heal: float
    refill: float
    start: float
    activation: Arrhenius | None

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return the numbers that both laws of growth share."""
        fast = speed(self.activation, around)
        return {
            "loss_rate": self.rate * fast,
            "loss_heal": self.heal / fast,
            "loss_refill": self.refill,
            "loss_start": self.start,
        }


def _rate() -> float:
    value: float = number(RATE, "1/s", "fitted", "k_φ, growth of lost contact", zero=True)
    return value


def _heal() -> float:
    value: float = number(HEAL, "s", "fitted", "τ_φ, healing at rest", infinite=True)
    return value


def _refill() -> float:
    value: float = number(
        REFILL, "mAh/cm²", "fitted", "q_h, plated charge that refills", infinite=True
    )
    return value


def _start() -> float:
    value: float = number(
        0.0, "1", "set", "share of contact missing at the start; 1 is no contact at all",
        zero=True, high=1.0, top=False,
    )  # fmt: skip
    return value


@final
@dataclass(frozen=True, slots=True)
class PowerLoss(Loss):
    """Growth k_φ·u^power at every depletion.

    Attributes
    ----------
    rate, heal, refill, start, activation : as in `Loss`.
    power : of u.
    """

    rate: float = _rate()
    power: float = number(2.0, "1", "set", "power of the depletion u", high=20.0)
    heal: float = _heal()
    refill: float = _refill()
    start: float = _start()
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, power and what both laws share."""
        return {"loss": POWER_LOSS, "loss_power": self.power, **Loss.numbers(self, around)}


@final
@dataclass(frozen=True, slots=True)
class ThresholdLoss(Loss):
    """Growth k_φ·(u − u_0)/(1 − u_0) above a depletion u_0, none below.

    Attributes
    ----------
    rate, heal, refill, start, activation : as in `Loss`.
    onset : u_0.
    """

    rate: float = _rate()
    onset: float = number(0.25, "1", "set", "u_0", zero=True, high=1.0, top=False)
    heal: float = _heal()
    refill: float = _refill()
    start: float = _start()
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, onset and what both laws share."""
        return {"loss": THRESHOLD_LOSS, "loss_onset": self.onset, **Loss.numbers(self, around)}


class MapOwner(Protocol):
    """Who holds a contact map while a cell runs, and changes it from time to time."""

    @property
    def interval(self) -> float:
        """Time between two changes of the map (s)."""

    def update(self, duration: float) -> None:
        """Bring the map `duration` (s) further, and the cell's contact with it."""


class MapLoss(Loss):
    """A loss of contact that is no equation of a patch but a map of voids, one for the cell."""

    __slots__ = ()

    @abstractmethod
    def owner(self, engine: Engine) -> MapOwner:
        """Return who holds the map of one run."""


@final
@dataclass(frozen=True, slots=True)
class Pattern(Law):
    """Size of the voids; with it comes the constriction, looked up for contact and frequency.

    Attributes
    ----------
    feature : correlation length ℓ of the pattern when the voids form, cm. The in situ tomograms
        (1.3 µm pixels) show none at the interface, so it is at most about that.
    coarsening : d(ℓ³)/dt while there are voids, cm³/s (the law of Lifshitz, Slyozov and Wagner);
        no rate is known.
    gap : capacitance over the voids, F/cm²: ε0 over a depth of 1 µm.
    """

    feature: float = number(1e-4, "cm", "estimate", "correlation length of the voids", high=1.0)
    coarsening: float = number(0.0, "cm³/s", "set", "d(ℓ³)/dt; 0: none", zero=True)
    gap: float = number(8.9e-10, "F/cm²", "estimate", "capacitance over the voids", zero=True)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return the voids' numbers and those of the electrolyte beneath."""
        return {
            "feature": self.feature,
            "coarsening": self.coarsening,
            "gap": self.gap,
            "constriction": around.electrolyte_resistivity,
            "thickness": around.electrolyte_thickness,
        }
