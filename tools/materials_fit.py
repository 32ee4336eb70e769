"""Fit the free energies of Na–K to published points, and say how well. Prints; writes nothing.

Five numbers decide four coefficients: two points of the liquidus at 25 °C, the eutectic, and the
slopes of both solidus lines at the pure metals. Na₂K has two more, which the two invariant
temperatures fix exactly. Nothing of calorimetry was used. A few seconds:

    python -m tools.materials_fit
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from anodescope.materials import assessment, nak
from anodescope.materials.assessment import EUTECTIC, GAS_CONSTANT, PERITECTIC


@dataclass(frozen=True, slots=True)
class Point:
    """One published number with how far it may be off."""

    name: str
    value: float
    sigma: float
    where: str


# wt % of K, and K in Na or Na in K per kelvin below the melting point.
POINTS = (
    Point("Na liquidus, 25 °C", 44.0, 1.0, "Wu 2025, 'about 44'"),
    Point("K liquidus, 25 °C", 88.0, 1.0, "Wu 2025, 'about 88'"),
    Point("eutectic, −12.6 °C", 77.0, 0.4, "data sheets: 77 to 77.8"),
    Point("solidus at pure Na", 3.3e-4, 0.15, "Bale 1982 after Ott 1969, 'estimated'"),
    Point("solidus at pure K", 1.0e-3, 0.15, "the same; both: relative error assumed"),
)


def solidus_slope(metal: str, liquid: tuple[float, ...], solid: tuple[float, ...]) -> float:
    """Solute in the solid per kelvin below the melting point, at infinite dilution."""
    if metal == "Na":
        melting, heat, x, which = assessment.MELTING_NA, assessment.FUSION_NA, 1.0, 1
        other = assessment.fusion_k(melting)
    else:
        melting, heat, x, which = assessment.MELTING_K, assessment.FUSION_K, 0.0, 0
        other = assessment.fusion_na(melting)
    gap = assessment.excess(x, liquid)[which] - assessment.excess(x, solid)[which]
    share = float(np.exp((other + gap) / (GAS_CONSTANT * melting)))  # in the solid / in the liquid
    return share * heat / (GAS_CONSTANT * melting**2) / (1.0 - share)


def computed(liquid: tuple[float, ...], solid: tuple[float, ...]) -> list[float]:
    """What the free energies say of each of `POINTS`."""
    branches = (
        assessment.sodium_branch(298.15, liquid, solid)[0],
        assessment.potassium_branch(298.15, liquid, solid)[0],
        assessment.potassium_branch(EUTECTIC, liquid, solid)[0],
    )
    percents = [float(nak.weight_percent(x)) for x in branches]
    return [*percents, solidus_slope("Na", liquid, solid), solidus_slope("K", liquid, solid)]


def residuals(liquid: tuple[float, ...], solid: tuple[float, ...]) -> list[float]:
    """Computed less published over σ; the slopes by their logarithm."""
    values = computed(liquid, solid)
    plain = [(v - p.value) / p.sigma for v, p in zip(values[:3], POINTS[:3], strict=True)]
    slopes = [
        float(np.log(v / p.value)) / p.sigma for v, p in zip(values[3:], POINTS[3:], strict=True)
    ]
    return plain + slopes


def fit() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the coefficients of the liquid and of the solid, J/mol."""

    def wanted(p: np.ndarray) -> list[float]:
        return residuals((p[0], p[1]), (p[2], p[3]))

    found = least_squares(wanted, [3200.0, 500.0, 8200.0, 1500.0], x_scale=1000.0, xtol=1e-12)
    first, second, third, fourth = (float(v) for v in found.x)
    return (first, second), (third, fourth)


def compound(liquid: tuple[float, ...], solid: tuple[float, ...]) -> tuple[float, float]:
    """Return enthalpy and entropy of Na₂K from both invariants."""
    energies = []
    for kelvin, branch in (
        (PERITECTIC, assessment.sodium_branch),
        (EUTECTIC, assessment.potassium_branch),
    ):
        na, k = assessment.in_liquid(branch(kelvin, liquid, solid)[0], kelvin, liquid)
        energies.append(2.0 * na + k)
    entropy = -(energies[0] - energies[1]) / (PERITECTIC - EUTECTIC)
    return float(energies[0] + PERITECTIC * entropy), float(entropy)


def main() -> None:
    liquid, solid = fit()
    left = residuals(liquid, solid)
    print("liquid (J/mol)", liquid, "\nsolid (J/mol)", solid)
    print("Na2K: enthalpy (J/mol), entropy (J/mol/K)", compound(liquid, solid))
    for point, value, miss in zip(POINTS, computed(liquid, solid), left, strict=True):
        print(f"{point.name:22} published {point.value:<8g} fitted {value:<9.4g} {miss:+.2f} σ")
    print(f"χ² {sum(v * v for v in left):.1f} with 1 degree of freedom")


if __name__ == "__main__":
    main()
