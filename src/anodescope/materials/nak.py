"""Na–K: composition, phases, activities, and (as `Quantity`) the properties of the liquid.

x is the mole fraction of Na, temperatures are kelvins. The free energies are those of
`anodescope.materials.assessment`; the properties are in `anodescope.materials.nak_properties` and
are named here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from anodescope.errors import SettingsError
from anodescope.materials import assessment
from anodescope.materials.assessment import (
    COMPOUND,
    EUTECTIC,
    FARADAY,
    GAS_CONSTANT,
    MELTING_K,
    MELTING_NA,
    MOLAR_MASS_K,
    MOLAR_MASS_NA,
    PERITECTIC,
)
from anodescope.materials.nak_properties import (
    density,
    interdiffusivity,
    molar_density,
    molar_volumes,
    resistivity,
    self_diffusivity_k,
    self_diffusivity_na,
    surface_tension,
    viscosity,
)
from anodescope.materials.quantity import fraction_within, plain, temperature_within

__all__ = [
    "Phases",
    "activity",
    "chemical_potentials",
    "concentration",
    "density",
    "interdiffusivity",
    "liquid_window",
    "melting_voltage",
    "metal_voltage",
    "molar_density",
    "molar_volumes",
    "mole_fraction",
    "open_circuit_voltage",
    "phases",
    "potassium_activity",
    "redlich_kister",
    "resistivity",
    "self_diffusivity_k",
    "self_diffusivity_na",
    "surface_tension",
    "thermodynamic_factor",
    "viscosity",
    "weight_percent",
]

# Fitted from 260 to 371 K; the excess free energy does not change with T, so a little beyond too.
FITTED = (240.0, 400.0)


def mole_fraction(weight_percent_k: Any) -> Any:
    """Return the mole fraction of Na of an alloy of so much K (wt %), any shape.

    Raises
    ------
    SettingsError
        for what is no number from 0 to 100.
    """
    try:
        percent = np.asarray(weight_percent_k, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"Na–K: expected wt % of K, found {weight_percent_k!r:.60}.") from error
    if not np.all((percent >= 0.0) & (percent <= 100.0)):
        raise SettingsError(
            f"Na–K: expected 0 to 100 wt % of K, found {weight_percent_k!r:.60}. NaK50 is 50."
        )
    na, k = (100.0 - percent) / MOLAR_MASS_NA, percent / MOLAR_MASS_K
    return plain(na / (na + k))


def weight_percent(x: Any) -> Any:
    """Return wt % of K at a mole fraction of Na, any shape.

    Raises
    ------
    SettingsError
        for x outside 0 to 1.
    """
    found = fraction_within("Na–K", x)
    na, k = found * MOLAR_MASS_NA, (1.0 - found) * MOLAR_MASS_K
    return plain(100.0 * k / (na + k))


def concentration(x: Any, temperature: float = 298.15) -> Any:
    """Return the concentration of Na in the liquid (mol/cm³), x times `molar_density`."""
    return plain(fraction_within("Na–K", x) * molar_density(x, temperature))


def liquid_window(temperature: float) -> tuple[float, float]:
    """Return the mole fractions of Na between which Na–K is liquid.

    Pressure is left out. At 25 °C: 0.148 to 0.684, 44.0 to 90.7 wt % of K. Wu and Hatzell
    (doi:10.1039/d5eb00097a) write about 44 to 88; see docs/materials.md.

    Raises
    ------
    SettingsError
        below the eutectic, where nothing is liquid.
    """
    kelvin = temperature_within("liquid window", temperature, (1e-9, 2000.0))
    if kelvin < EUTECTIC:
        raise SettingsError(
            f"liquid window: no Na–K is liquid below the eutectic, {EUTECTIC:g} K, found "
            f"{kelvin:g} K. Try 298.15."
        )
    low = 0.0 if kelvin >= MELTING_K else assessment.potassium_branch(kelvin)[0]
    if kelvin >= MELTING_NA:
        return low, 1.0
    if kelvin < PERITECTIC:
        return low, assessment.compound_branch(kelvin)
    return low, assessment.sodium_branch(kelvin)[0]


@final
@dataclass(frozen=True, slots=True)
class Phases:
    """What stands side by side at one composition and temperature.

    Attributes
    ----------
    names : ``liquid``, ``solid Na``, ``solid K`` and ``Na2K``, from the K side to the Na side.
    fractions : mole fraction of Na of each.
    shares : atoms in each over all atoms; they add to 1.
    """

    names: tuple[str, ...]
    fractions: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def liquid(self) -> bool:
        """Whether all of it is liquid."""
        return self.names == ("liquid",)

    def __str__(self) -> str:
        return " + ".join(self.names)


def phases(x: float, temperature: float) -> Phases:
    """Return the phases of an alloy at rest, and how much there is of each.

    Raises
    ------
    SettingsError
        for x outside 0 to 1, and outside 240 to 400 K.
    """
    kelvin = temperature_within("phases", temperature, FITTED)
    where = float(fraction_within("phases", x))
    borders = _borders(kelvin)
    # Pairs of neighbours in x: single phases between a name's two borders, mixtures between names.
    for (name, low, high), after in zip(borders, (*borders[1:], None), strict=True):
        if low <= where <= high:
            return Phases((name,), (where,), (1.0,))
        if after is not None and high < where < after[1]:
            share = (where - high) / (after[1] - high)
            return Phases((name, after[0]), (high, after[1]), (1.0 - share, share))
    raise SettingsError(f"phases: no phase was found at x = {where:g} and {kelvin:g} K.")


def _borders(kelvin: float) -> tuple[tuple[str, float, float], ...]:
    """Name, least and greatest x of each phase, from the K side."""
    if kelvin < EUTECTIC:
        on_k, on_na = assessment.beside_compound(kelvin)
        return (
            ("solid K", 0.0, on_k),
            ("Na2K", COMPOUND, COMPOUND),
            ("solid Na", on_na, 1.0),
        )
    low, high = liquid_window(kelvin)
    found = []
    if kelvin < MELTING_K:
        found.append(("solid K", 0.0, assessment.potassium_branch(kelvin)[1]))
    found.append(("liquid", low, high))
    if kelvin < PERITECTIC:
        found.append(("Na2K", COMPOUND, COMPOUND))
        found.append(("solid Na", assessment.beside_compound(kelvin)[1], 1.0))
    elif kelvin < MELTING_NA:
        found.append(("solid Na", assessment.sodium_branch(kelvin)[1], 1.0))
    return tuple(found)


def redlich_kister(temperature: float) -> tuple[float, float, float]:
    """Return the liquid's three coefficients over RT: G_E/RT = x(1−x) Σ a_k (x_Na − x_K)^k.

    The third is 0: three points and two slopes of solidus lines do not fix it.

    Raises
    ------
    SettingsError
        outside 240 to 400 K.
    """
    kelvin = temperature_within("redlich_kister", temperature, FITTED)
    first, second = (c / (GAS_CONSTANT * kelvin) for c in assessment.LIQUID)
    return first, second, 0.0


def chemical_potentials(x: Any, temperature: float) -> tuple[Any, Any]:
    """Return μ of Na and of K in the liquid (J/mol) against the pure solids.

    Below a metal's melting point the liquid may be supercooled; it is given all the same.

    Raises
    ------
    SettingsError
        for x that is not between 0 and 1 (both left out), and outside 240 to 400 K.
    """
    where, kelvin = _inside(x, temperature)
    na, k = assessment.in_liquid(where, kelvin)
    return plain(na), plain(k)


def activity(x: Any, temperature: float) -> Any:
    """Return the activity of Na in the liquid, against pure liquid Na (supercooled below 371 K).

    Raises
    ------
    SettingsError
        for x that is not between 0 and 1 (both left out), and outside 240 to 400 K.
    """
    where, kelvin = _inside(x, temperature)
    partial = assessment.excess(where, assessment.LIQUID)[0]
    return plain(where * np.exp(partial / (GAS_CONSTANT * kelvin)))


def potassium_activity(x: Any, temperature: float) -> Any:
    """Return the activity of K in the liquid, against pure liquid K.

    Raises
    ------
    SettingsError
        as `activity`.
    """
    where, kelvin = _inside(x, temperature)
    partial = assessment.excess(where, assessment.LIQUID)[1]
    return plain((1.0 - where) * np.exp(partial / (GAS_CONSTANT * kelvin)))


def open_circuit_voltage(x: Any, temperature: float) -> Any:
    """Return −(RT/F) ln a_Na (V), with a_Na against liquid Na: what the cell's equations hold.

    Against a piece of solid Na a voltmeter shows less, by `melting_voltage`: see `metal_voltage`.
    At 25 °C: 6.4, 9.1 and 15.6 mV for NaK50, 65 and 80; against solid Na 1.1, 3.9 and 10.3 mV.

    Raises
    ------
    SettingsError
        as `activity`.
    """
    kelvin = temperature_within("open_circuit_voltage", temperature, FITTED)
    return plain(-GAS_CONSTANT * kelvin / FARADAY * np.log(activity(x, kelvin)))


def melting_voltage(temperature: float) -> float:
    """Return ΔG of melting of Na over F (V): 5.3 mV at 25 °C, 0 from the melting point on.

    Raises
    ------
    SettingsError
        outside 240 to 400 K.
    """
    kelvin = temperature_within("melting_voltage", temperature, FITTED)
    return max(assessment.fusion_na(kelvin), 0.0) / FARADAY


def metal_voltage(x: Any, temperature: float) -> Any:
    """Return the voltage (V) against Na metal as it is at this temperature, solid below 371 K.

    0.3 mV at the liquidus of Na, not 0: the solid there holds 1.4 % of K.

    Raises
    ------
    SettingsError
        as `activity`.
    """
    return plain(open_circuit_voltage(x, temperature) - melting_voltage(temperature))


def thermodynamic_factor(x: Any, temperature: float) -> Any:
    """Return ∂ln a_Na/∂ln x of the liquid: 1 when ideal, 0 at a critical point.

    Raises
    ------
    SettingsError
        as `activity`.
    """
    where, kelvin = _inside(x, temperature)
    return plain(assessment.thermodynamic_factor(where, kelvin))


def _inside(x: Any, temperature: float) -> tuple[Any, float]:
    kelvin = temperature_within("Na–K", temperature, FITTED)
    where = fraction_within("Na–K", x)
    if np.any((where <= 0.0) | (where >= 1.0)):
        raise SettingsError(
            "Na–K, x: a pure metal has no finite potential of the other; expected mole fractions "
            "of Na between 0 and 1. Try 1e-6 for a trace."
        )
    return where, kelvin
