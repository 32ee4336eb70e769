"""Charge transfer through the interphase, and what its resistance depends on."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import final

from anodescope.cell.calibrated import fitted
from anodescope.cell.law import ACTIVATION, STANDARD, Around, Arrhenius, Law, kind_of, number, speed
from anodescope.cell.slots import BUTLER_VOLMER, BY_CONCENTRATION, BY_FRACTION, OHMIC


class Dependence(Law):
    """What the charge-transfer resistance is inversely proportional to: R ∝ 1/(y + floor).

    Attributes
    ----------
    reference_percent : wt % K of the alloy at which R is R0.
    """

    __slots__ = ()
    reference_percent: float


@final
@dataclass(frozen=True, slots=True)
class ByConcentration(Dependence):
    """R ∝ 1/C_Na, as the paper writes it: 1 : 1.45 : 2.58 for NaK50, 65, 80.

    Attributes
    ----------
    reference_percent : wt % K at which R is R0.
    floor : concentration added to that of the alloy, mol/cm³. It keeps R finite at pure K. One per
        cent of NaK50's concentration; nothing measured fixes it to better than a factor of three.
    """

    reference_percent: float = number(
        50.0, "wt %", "set", "K in the alloy whose R is R0", zero=True, high=100.0, top=False
    )
    floor: float = number(2e-4, "mol/cm³", "estimate", "added concentration", zero=True, high=1.0)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, c_ref and floor. The reference is at room temperature, as R0 is."""
        from anodescope.cell.law import ROOM
        from anodescope.materials import nak

        x = float(nak.mole_fraction(self.reference_percent))
        # The same ideal volumes as the kernel's, so that R is R0 to rounding at the reference.
        v_na, v_k = (float(v) for v in nak.molar_volumes(ROOM))
        return {
            "dependence": BY_CONCENTRATION,
            "reference": x / (x * v_na + (1.0 - x) * v_k),
            "floor": self.floor,
        }


@final
@dataclass(frozen=True, slots=True)
class ByFraction(Dependence):
    """R ∝ 1/x_Na: 1 : 1.32 : 2.11 for NaK50, 65, 80.

    Attributes
    ----------
    reference_percent : wt % K at which R is R0.
    floor : mole fraction added to that of the alloy; see `ByConcentration`.
    """

    reference_percent: float = number(
        50.0, "wt %", "set", "K in the alloy whose R is R0", zero=True, high=100.0, top=False
    )
    floor: float = number(6e-3, "1", "estimate", "added mole fraction", zero=True, high=1.0)

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, x_ref and floor."""
        from anodescope.materials import nak

        return {
            "dependence": BY_FRACTION,
            "reference": float(nak.mole_fraction(self.reference_percent)),
            "floor": self.floor,
        }


class Kinetics(Law):
    """How the faradaic current of a patch follows from its overpotential.

    Attributes
    ----------
    charge_transfer : R0 at the reference composition, fresh and undepleted, Ω·cm².
    sheet : r0, ohmic and in series with each patch, Ω·cm².
    dependence : what R depends on. activation : of 1/R0 and 1/r0, or None.
    """

    __slots__ = ()
    charge_transfer: float
    sheet: float
    dependence: Dependence
    activation: Arrhenius | None

    @property
    @abstractmethod
    def code(self) -> int:
        """Code of the family for the kernel."""

    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return code, R0 and r0, and the numbers of the dependence."""
        fast = speed(self.activation, around)
        return {
            "kinetics": self.code,
            "charge_transfer": self.charge_transfer / fast,
            "sheet": self.sheet / fast,
            **self.dependence.numbers(around),
        }


def _charge_transfer() -> float:
    value: float = number(
        fitted("kinetics.charge_transfer"), "Ω·cm²", "fitted", "R0; only R0 + r0 is fixed by dc"
    )
    return value


def _sheet() -> float:
    value: float = number(
        fitted("kinetics.sheet"), "Ω·cm²", "fitted", "r0; only R0 + r0 is fixed by dc", zero=True
    )
    return value


@final
@dataclass(frozen=True, slots=True)
class Ohmic(Kinetics):
    """An interphase that conducts: i = θ(v − E)/R.

    Attributes
    ----------
    charge_transfer, sheet, dependence, activation : as in `Kinetics`.
    """

    charge_transfer: float = _charge_transfer()
    sheet: float = _sheet()
    dependence: Dependence = field(
        default_factory=ByConcentration, metadata=kind_of(Dependence, "what R depends on")
    )
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    @property
    def code(self) -> int:
        """Code of the family for the kernel."""
        return OHMIC


@final
@dataclass(frozen=True, slots=True)
class ButlerVolmer(Kinetics):
    """Symmetric charge transfer: i = i0·2 sinh((v − E)/(2RT/F)), i0 = (RT/F)/R.

    Attributes
    ----------
    charge_transfer, sheet, dependence, activation : as in `Kinetics`; R0 is the slope at rest.
    """

    charge_transfer: float = _charge_transfer()
    sheet: float = _sheet()
    dependence: Dependence = field(
        default_factory=ByConcentration, metadata=kind_of(Dependence, "what R depends on")
    )
    activation: Arrhenius | None = field(default=None, metadata=ACTIVATION)

    @property
    def code(self) -> int:
        """Code of the family for the kernel."""
        return BUTLER_VOLMER
