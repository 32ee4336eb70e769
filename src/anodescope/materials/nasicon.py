"""NASICON (Na₃Zr₂Si₂PO₁₂ and near it) and the interphase that a coating of SnO₂ leaves."""

from __future__ import annotations

import math

from anodescope.materials.assessment import GAS_CONSTANT
from anodescope.materials.quantity import ROOM, Quantity, temperature_within
from anodescope.materials.sources import ESTIMATE

ACTIVATED = (273.0, 373.0)
EV = 96485.33212  # J/mol per eV


bulk_conductivity = Quantity(
    "conductivity of NASICON, grains", "S/cm", 2e-3, ESTIMATE,
    "Published from 6e-4 (Bohnke 1999, doped less) to 1.5e-2 (tuned compositions); 2e-3 is the "
    "geometric middle, rounded down",
    span=(6e-4, 1.5e-2), uncertainty=2.0,
)  # fmt: skip
conductivity = Quantity(
    "conductivity of NASICON, grains and boundaries", "S/cm", 7e-4, ESTIMATE,
    "Geometric middle of what is published for sintered pellets, 1e-4 to 5e-3",
    span=(1e-4, 5e-3), uncertainty=2.0,
)  # fmt: skip
boundary_conductivity = Quantity(
    "conductivity of NASICON, boundaries alone", "S/cm", 1.1e-3, ESTIMATE,
    "Apparent, over the whole thickness: 1/(1/total − 1/grains) of the two rows above",
    span=(1e-4, 1e-2), uncertainty=2.0,
)  # fmt: skip
bulk_activation = Quantity(
    "activation energy of NASICON, grains", "eV", 0.30, ESTIMATE,
    "Published for the monoclinic phase from about 0.25 to 0.40; of σT or of σ is often not said",
    span=(0.25, 0.40), uncertainty=0.15, temperatures=ACTIVATED,
)  # fmt: skip
boundary_activation = Quantity(
    "activation energy of NASICON, boundaries", "eV", 0.38, ESTIMATE,
    "Higher than in grains by what is published for sintered pellets, about 0.05 to 0.1",
    span=(0.30, 0.50), uncertainty=0.15, temperatures=ACTIVATED,
)  # fmt: skip
toughness = Quantity(
    "toughness K_IC of NASICON", "MPa·√m", 1.25, "wolfenstine2022", "Middle of the range",
    span=(1.0, 1.5), uncertainty=0.12,
)  # fmt: skip
modulus = Quantity(
    "Young's modulus of NASICON", "GPa", 76.5, "wolfenstine2022", "Middle of the range",
    span=(56.0, 97.0), uncertainty=0.16,
)  # fmt: skip
poisson = Quantity(
    "Poisson's ratio of NASICON", "1", 0.26, "wolfenstine2022", "One value", uncertainty=0.05
)
hardness = Quantity(
    "hardness of NASICON", "GPa", 4.65, "wolfenstine2022", "Middle of the range",
    span=(4.4, 4.9), uncertainty=0.03,
)  # fmt: skip
strength = Quantity(
    "strength of NASICON", "MPa", 80.0, "wolfenstine2022",
    "Middle of the range; set by the size and number of ZrO₂ particles",
    span=(50.0, 110.0), uncertainty=0.22,
)  # fmt: skip
coating = Quantity(
    "SnO₂ coating as made", "nm", 20.0, "wu2025", "What was deposited; nothing was measured after",
    uncertainty=0.2,
)  # fmt: skip
interphase = Quantity(
    "interphase that the coating becomes", "nm", 78.0, ESTIMATE,
    "20 nm times the growth in volume: 3.3 for SnO₂ + 4 Na → Sn + 2 Na₂O (21.5 to 71 cm³/mol), "
    "4.5 with K₂O; unreacted 20, with the Sn alloyed too about 130",
    span=(20.0, 130.0), uncertainty=0.5,
)  # fmt: skip

QUANTITIES: tuple[Quantity, ...] = (
    bulk_conductivity, conductivity, boundary_conductivity, bulk_activation, boundary_activation,
    toughness, modulus, poisson, hardness, strength, coating, interphase,
)  # fmt: skip


def conductivities(temperature: float = ROOM) -> tuple[float, float]:
    """Return the conductivity of grains and of boundaries (S/cm), σT ∝ exp(−E/RT) from 25 °C.

    Raises
    ------
    SettingsError
        outside 273 to 373 K; NASICON changes phase above about 420 K.
    """
    kelvin = temperature_within("NASICON, conductivities", temperature, ACTIVATED)

    def at(room: Quantity, energy: Quantity) -> float:
        exponent = -energy() * EV / GAS_CONSTANT * (1.0 / kelvin - 1.0 / ROOM)
        return float(room() * ROOM / kelvin * math.exp(exponent))

    return at(bulk_conductivity, bulk_activation), at(boundary_conductivity, boundary_activation)
