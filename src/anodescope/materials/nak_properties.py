"""Density, flow, surface, diffusion and resistance of liquid Na–K against x of Na and T."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anodescope.materials import assessment
from anodescope.materials.assessment import GAS_CONSTANT, MOLAR_MASS_K, MOLAR_MASS_NA
from anodescope.materials.quantity import Quantity, fraction_within, temperature_within
from anodescope.materials.sources import ESTIMATE

ZERO_C: Final = 273.15
AVOGADRO: Final = 6.02214076e23
# The melt may be supercooled in the pure metals; what is said there is extrapolated.
LIQUIDS = (260.0, 400.0)
ALL = (0.0, 1.0)
NAK50 = 0.62972


def _volume_na(kelvin: float) -> float:
    return MOLAR_MASS_NA / (0.9453 - 2.2473e-4 * (kelvin - ZERO_C))


def _volume_k(kelvin: float) -> float:
    c = kelvin - ZERO_C
    return MOLAR_MASS_K / (0.8415 - 2.172e-4 * c - 2.7e-8 * c**2 + 4.77e-12 * c**3)


def molar_volumes(temperature: float) -> tuple[float, float]:
    """Return partial molar volumes of Na and K in the liquid (cm³/mol): those of the pure liquids.

    Raises
    ------
    SettingsError
        outside 260 to 400 K.
    """
    kelvin = temperature_within("molar_volumes", temperature, LIQUIDS)
    return _volume_na(kelvin), _volume_k(kelvin)


def _molar_volume(x: Any, kelvin: float) -> Any:
    return x * _volume_na(kelvin) + (1.0 - x) * _volume_k(kelvin)


def _density(x: Any, kelvin: float) -> Any:
    return (x * MOLAR_MASS_NA + (1.0 - x) * MOLAR_MASS_K) / _molar_volume(x, kelvin)


def _viscosity(x: Any, kelvin: float) -> Any:
    rho = _density(x, kelvin)
    return 0.116 * np.cbrt(rho) * np.exp(688.0 * rho / kelvin)


def tension_na(kelvin: float) -> float:
    """Surface tension of liquid Na (N/m)."""
    return float(0.2405 * (1.0 - kelvin / 2503.7) ** 1.126)


def tension_k(kelvin: float) -> float:
    """Surface tension of liquid K (N/m)."""
    return 0.1157 - 6.4e-5 * (kelvin - ZERO_C)


def surface_fraction(x: Any, kelvin: float) -> Any:
    """Mole fraction of Na in the outermost layer of atoms, after Butler, taken as ideal.

    Butler 1932, doi:10.1098/rspa.1932.0040. Both metals have the same tension there:
    σ_i + (RT/A_i) ln(x_i surface / x_i), A_i = 1.091 N_A^{1/3} V_i^{2/3}.
    """
    where = fraction_within("surface_fraction", x)
    kelvin = temperature_within("surface_fraction", kelvin, LIQUIDS)
    areas = [
        1.091 * AVOGADRO ** (1.0 / 3.0) * (1e-6 * v) ** (2.0 / 3.0) for v in molar_volumes(kelvin)
    ]
    low, high = np.zeros_like(where), np.ones_like(where)
    rt = GAS_CONSTANT * kelvin
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(60):
            middle = 0.5 * (low + high)
            na = tension_na(kelvin) + rt / areas[0] * np.log(middle / where)
            k = tension_k(kelvin) + rt / areas[1] * np.log((1.0 - middle) / (1.0 - where))
            low, high = np.where(na < k, middle, low), np.where(na < k, high, middle)
    middle = 0.5 * (low + high)
    return np.where(where <= 0.0, 0.0, np.where(where >= 1.0, 1.0, middle))


def _tension(x: Any, kelvin: float) -> Any:
    area = 1.091 * AVOGADRO ** (1.0 / 3.0) * (1e-6 * _volume_k(kelvin)) ** (2.0 / 3.0)
    surface = surface_fraction(x, kelvin)
    ratio = np.divide(1.0 - surface, 1.0 - x, out=np.ones_like(surface), where=np.asarray(x) < 1.0)
    mixed = tension_k(kelvin) + GAS_CONSTANT * kelvin / area * np.log(np.maximum(ratio, 1e-300))
    return np.where(np.asarray(x) >= 1.0, tension_na(kelvin), mixed)


def _self_na(_: Any, kelvin: float) -> float:
    return float(1.10e-3 * np.exp(-10170.0 / (GAS_CONSTANT * kelvin)))


def _self_k(_: Any, kelvin: float) -> float:
    return float(1.67e-3 * np.exp(-10670.0 / (GAS_CONSTANT * kelvin)))


def _darken(x: Any, kelvin: float) -> Any:
    mixed = (1.0 - x) * _self_na(None, kelvin) + x * _self_k(None, kelvin)
    return mixed * assessment.thermodynamic_factor(x, kelvin)


def _resistivity(x: Any, kelvin: float) -> Any:
    na = 9.64e-6 + 3.7e-8 * (kelvin - assessment.MELTING_NA)
    k = 1.30e-5 + 5.8e-8 * (kelvin - assessment.MELTING_K)
    return x * na + (1.0 - x) * k + 1.09e-4 * x * (1.0 - x)


density = Quantity(
    "density of liquid Na–K", "g/cm³", _density, "foust1972",
    "Equations 1.5, 1.8 and 1.9: volumes of the pure liquids added; below 210 °C (Na) and 63 °C "
    "(K) extrapolated. NaK-77 comes out 0.8 % below the 0.866 of data sheets at 21 °C and 1.6 % "
    "below their 0.855 at 100 °C: mixing shrinks it",
    span=(0.836, 0.947), uncertainty=0.015, temperatures=LIQUIDS, fractions=ALL, at=NAK50,
)  # fmt: skip
molar_density = Quantity(
    "molar density of liquid Na–K", "mol/cm³", lambda x, t: 1.0 / _molar_volume(x, t), "foust1972",
    "From the density, so 1 to 2 % low near NaK-77",
    span=(0.0213, 0.0412), uncertainty=0.015, temperatures=LIQUIDS, fractions=ALL, at=NAK50,
)  # fmt: skip
viscosity = Quantity(
    "viscosity of liquid Na–K", "mPa·s", _viscosity, "foust1972",
    "Equation 1.18 (eutectic, above 100 °C), used at the density of every composition and below "
    "100 °C; the pure liquids then come out within about 10 %",
    span=(0.5, 1.1), uncertainty=0.15, temperatures=LIQUIDS, fractions=ALL, at=NAK50,
)  # fmt: skip
surface_tension = Quantity(
    "surface tension of liquid Na–K", "N/m", _tension, ESTIMATE,
    "Butler's equation, ideal, between Na (Fink 1995) and K (Foust 1972), both extrapolated below "
    "their melting points; K gathers at the surface",
    span=(0.105, 0.21), uncertainty=0.10, temperatures=LIQUIDS, fractions=ALL, at=NAK50,
)  # fmt: skip
self_diffusivity_na = Quantity(
    "self-diffusivity of liquid Na", "cm²/s", _self_na, "meyer1955",
    "1.10e-3 exp(−10.17 kJ/RT), pure Na above 371 K; extrapolated below",
    uncertainty=0.15, temperatures=LIQUIDS,
)  # fmt: skip
self_diffusivity_k = Quantity(
    "self-diffusivity of liquid K", "cm²/s", _self_k, "rohlin1962",
    "1.67e-3 exp(−10.67 kJ/RT), pure K above 337 K; extrapolated below",
    uncertainty=0.15, temperatures=LIQUIDS,
)  # fmt: skip
interdiffusivity = Quantity(
    "interdiffusivity of liquid Na–K", "cm²/s", _darken, ESTIMATE,
    "Darken's equation (1948): self-diffusivities of the pure liquids times the thermodynamic "
    "factor of the assessment; nothing was measured at 25 °C",
    span=(4e-6, 2.5e-5), uncertainty=0.5, temperatures=LIQUIDS, fractions=ALL, at=NAK50,
)  # fmt: skip
resistivity = Quantity(
    "resistivity of liquid Na–K", "Ω·cm", _resistivity, ESTIMATE,
    "Pure liquids at their melting points (9.64 and 13.0 µΩ·cm) plus x(1−x) times one number, set "
    "so that NaK-77 has 33.5 µΩ·cm, the lower end of what suppliers print",
    span=(7e-6, 4.5e-5), uncertainty=0.2, temperatures=LIQUIDS, fractions=ALL, at=NAK50,
)  # fmt: skip

QUANTITIES: tuple[Quantity, ...] = (
    density, molar_density, viscosity, surface_tension, self_diffusivity_na, self_diffusivity_k,
    interdiffusivity, resistivity,
)  # fmt: skip
