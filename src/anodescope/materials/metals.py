"""Solid Na and K: volume, melting, stiffness, yield, creep."""

from __future__ import annotations

from anodescope.materials.assessment import (
    FUSION_K,
    FUSION_NA,
    MELTING_K,
    MELTING_NA,
    MOLAR_MASS_K,
    MOLAR_MASS_NA,
)
from anodescope.materials.quantity import Quantity
from anodescope.materials.sources import ESTIMATE

ANY = (200.0, 400.0)

sodium_density = Quantity("density of Na", "g/cm³", 0.968, "crc", "Solid, 20 °C", uncertainty=0.002)
potassium_density = Quantity(
    "density of K", "g/cm³", 0.862, "crc", "Solid, 20 °C", uncertainty=0.003
)
sodium_volume = Quantity(
    "molar volume of Na", "cm³/mol", MOLAR_MASS_NA / 0.968, "crc", "Molar mass over density",
    uncertainty=0.002,
)  # fmt: skip
potassium_volume = Quantity(
    "molar volume of K", "cm³/mol", MOLAR_MASS_K / 0.862, "crc", "Molar mass over density",
    uncertainty=0.003,
)  # fmt: skip
sodium_melting = Quantity(
    "melting point of Na", "K", MELTING_NA, "crc", "97.79 °C", uncertainty=3e-4, temperatures=ANY
)
potassium_melting = Quantity(
    "melting point of K", "K", MELTING_K, "crc", "63.5 °C; assessments have 63.4 to 63.7 °C",
    span=(336.5, 336.9), uncertainty=5e-4, temperatures=ANY,
)  # fmt: skip
sodium_fusion = Quantity(
    "enthalpy of melting of Na", "J/mol", FUSION_NA, "crc", "At the melting point",
    uncertainty=0.01, temperatures=ANY,
)  # fmt: skip
potassium_fusion = Quantity(
    "enthalpy of melting of K", "J/mol", FUSION_K, "crc", "At the melting point",
    span=(2321.0, 2335.0), uncertainty=0.01, temperatures=ANY,
)  # fmt: skip
sodium_yield = Quantity(
    "yield strength of Na", "MPa", 0.235, "wang2020",
    "Middle of the range; it rises with the rate of straining and in thin films",
    span=(0.19, 0.28), uncertainty=0.2,
)  # fmt: skip
sodium_modulus = Quantity(
    "Young's modulus of Na", "GPa", 4.6, "wang2020", "Polycrystal, acoustic", uncertainty=0.1
)
sodium_creep = Quantity(
    "creep exponent of Na", "1", 5.0, "wang2020", "Power law of dislocations that climb",
    span=(4.5, 5.5), uncertainty=0.1,
)  # fmt: skip
potassium_yield = Quantity(
    "yield strength of K", "MPa", 0.1, ESTIMATE,
    "Na's times the ratio of moduli (0.77), less for 25 °C being 0.89 of K's melting point against "
    "0.80 of Na's; nothing was found for a pure bulk metal at this rate",
    span=(0.03, 0.2), uncertainty=0.6,
)  # fmt: skip
potassium_modulus = Quantity(
    "Young's modulus of K", "GPa", 3.53, "crc", "Polycrystal; single crystals vary by 7",
    span=(2.0, 4.0), uncertainty=0.15,
)  # fmt: skip
potassium_creep = Quantity(
    "creep exponent of K", "1", 5.0, ESTIMATE, "As for Na: same structure, nearer to melting",
    span=(4.0, 6.5), uncertainty=0.2,
)  # fmt: skip

QUANTITIES: tuple[Quantity, ...] = (
    sodium_density, sodium_volume, sodium_melting, sodium_fusion, sodium_modulus, sodium_yield,
    sodium_creep, potassium_density, potassium_volume, potassium_melting, potassium_fusion,
    potassium_modulus, potassium_yield, potassium_creep,
)  # fmt: skip
