"""Free energies of liquid and solid Na–K, fitted to the published invariant points.

Three phases: the liquid and the body-centred solid, each with Redlich–Kister coefficients that do
not change with temperature (that is: ideal entropies of mixing, as Yokokawa and Kleppa found them
nearly to be), and the compound Na₂K. Energies are J per mole of atoms (Na₂K: per mole of Na₂K)
against the pure solids. Heat capacities of melting are left out: over the 73 K between Na's melting
point and 25 °C they would move its free energy of fusion by about 10 of 510 J/mol (estimate).

The numbers below come from `tools/materials_fit.py`, which says what was fitted and how well; a
test repeats the fit. Pressure is left out: the invariants move by a few kelvins per 1000 bar.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np

from anodescope.errors import SettingsError

GAS_CONSTANT: Final = 8.314462618  # J/(mol K), CODATA 2018
FARADAY: Final = 96485.33212  # C/mol, CODATA 2018
MOLAR_MASS_NA: Final = 22.98976928  # g/mol
MOLAR_MASS_K: Final = 39.0983

MELTING_NA, MELTING_K = 370.94, 336.65  # K
FUSION_NA, FUSION_K = 2600.0, 2330.0  # J/mol
EUTECTIC, PERITECTIC = 260.55, 280.05  # K: −12.6 °C and 6.9 °C
COMPOUND = 2.0 / 3.0  # x of Na in Na₂K

# Fitted; see the head of this file.
LIQUID: tuple[float, ...] = (2910.24, 622.449)  # J/mol: L_0, L_1
SOLID: tuple[float, ...] = (7721.274, 1926.068)
COMPOUND_ENTHALPY, COMPOUND_ENTROPY = 2319.276, 11.06228  # J/mol and J/(mol K), from the solids

Coefficients = tuple[float, ...]

# No solid of either side holds more of the other metal than this; the solvers look no further.
MOST_DISSOLVED = 0.2


def excess(x: Any, coefficients: Coefficients) -> tuple[Any, Any]:
    """Return partial excess free energies (J/mol) of Na and K, x(1−x) Σ L_k (x_Na − x_K)^k.

    Parameters
    ----------
    x : mole fraction of Na, any shape.
    coefficients : L_0, L_1 … in J/mol.
    """
    other, d = 1.0 - x, 2.0 * x - 1.0
    series = sum(c * d**k for k, c in enumerate(coefficients))
    slope = 2.0 * sum(k * c * d ** (k - 1) for k, c in enumerate(coefficients) if k)
    total = x * other * series
    rise = -d * series + x * other * slope
    return total + other * rise, total - x * rise


def fusion_na(temperature: float) -> float:
    """Free energy of melting of Na (J/mol); negative above its melting point."""
    return FUSION_NA * (1.0 - temperature / MELTING_NA)


def fusion_k(temperature: float) -> float:
    """Free energy of melting of K (J/mol)."""
    return FUSION_K * (1.0 - temperature / MELTING_K)


def in_liquid(x: Any, temperature: float, coefficients: Coefficients = LIQUID) -> tuple[Any, Any]:
    """Return chemical potentials of Na and K in the liquid (J/mol) against the pure solids."""
    na, k = excess(x, coefficients)
    rt = GAS_CONSTANT * temperature
    return (
        rt * np.log(x) + na + fusion_na(temperature),
        rt * np.log1p(-x) + k + fusion_k(temperature),
    )


def in_solid(x: Any, temperature: float, coefficients: Coefficients = SOLID) -> tuple[Any, Any]:
    """Return chemical potentials of Na and K in the solid solution (J/mol)."""
    na, k = excess(x, coefficients)
    rt = GAS_CONSTANT * temperature
    return rt * np.log(x) + na, rt * np.log1p(-x) + k


def compound(temperature: float) -> float:
    """Free energy of Na₂K (J per mole of Na₂K) against the pure solids."""
    return COMPOUND_ENTHALPY - COMPOUND_ENTROPY * temperature


def thermodynamic_factor(x: Any, temperature: float) -> Any:
    """Return Φ = ∂ln a/∂ln x of the liquid: 1 where ideal, 0 at a critical point."""
    d = 2.0 * x - 1.0
    # x (1 − x) G_E''/RT with G_E'' of L_0 and L_1.
    bend = -2.0 * LIQUID[0] - 6.0 * LIQUID[1] * d
    return 1.0 + x * (1.0 - x) * bend / (GAS_CONSTANT * temperature)


@lru_cache(maxsize=512)
def sodium_branch(
    temperature: float, liquid: Coefficients = LIQUID, solid: Coefficients = SOLID
) -> tuple[float, float]:
    """Return x of Na in the liquid and in the solid Na that stand side by side.

    Raises
    ------
    SettingsError
        at and above the melting point of Na, and where the two curves do not meet.
    """
    _below(temperature, MELTING_NA, "Na")

    def gap(x: float) -> float:
        dissolved = _dissolved(in_liquid(x, temperature, liquid)[1], temperature, solid, 1)
        here = in_solid(1.0 - dissolved, temperature, solid)[0]
        return float(in_liquid(x, temperature, liquid)[0] - here)

    x = _meeting(gap, 1.0 - 1e-9, -1.0, "Na", temperature)
    return x, 1.0 - _dissolved(in_liquid(x, temperature, liquid)[1], temperature, solid, 1)


@lru_cache(maxsize=512)
def potassium_branch(
    temperature: float, liquid: Coefficients = LIQUID, solid: Coefficients = SOLID
) -> tuple[float, float]:
    """Return x of Na in the liquid and in the solid K that stand side by side.

    Raises
    ------
    SettingsError
        at and above the melting point of K, and where the two curves do not meet.
    """
    _below(temperature, MELTING_K, "K")

    def gap(x: float) -> float:
        dissolved = _dissolved(in_liquid(x, temperature, liquid)[0], temperature, solid, 0)
        here = in_solid(dissolved, temperature, solid)[1]
        return float(in_liquid(x, temperature, liquid)[1] - here)

    x = _meeting(gap, 1e-9, 1.0, "K", temperature)
    return x, _dissolved(in_liquid(x, temperature, liquid)[0], temperature, solid, 0)


@lru_cache(maxsize=512)
def compound_branch(temperature: float) -> float:
    """Return x of Na in the liquid beside Na₂K, between eutectic and peritectic.

    Raises
    ------
    SettingsError
        outside, where Na₂K and a liquid do not stand side by side.
    """
    if not EUTECTIC - 1e-6 <= temperature <= PERITECTIC + 1e-6:
        raise SettingsError(
            f"Na₂K: it stands beside liquid from {EUTECTIC:g} to {PERITECTIC:g} K, found "
            f"{temperature:g} K. Try nak.phases."
        )

    def gap(x: float) -> float:
        na, k = in_liquid(x, temperature)
        return float(2.0 * na + k - compound(temperature))

    # From Na₂K's own composition, where the liquid is too high, to the K side.
    return _meeting(gap, COMPOUND, -1.0, "Na₂K", temperature)


@lru_cache(maxsize=512)
def beside_compound(temperature: float) -> tuple[float, float]:
    """Return x of Na in the solid K and in the solid Na that stand beside Na₂K."""
    rt = GAS_CONSTANT * temperature
    energy = compound(temperature)
    on_k = on_na = 1e-4
    # μ of the solvent moves little, so fixed points are found in a few rounds.
    for _ in range(60):
        solvent = float(in_solid(1.0 - on_na, temperature)[0])
        on_na = min(_dilute(energy - 2.0 * solvent, on_na, rt, 1), MOST_DISSOLVED)
        host = float(in_solid(on_k, temperature)[1])
        on_k = min(_dilute((energy - host) / 2.0, on_k, rt, 0), MOST_DISSOLVED)
    return on_k, 1.0 - on_na


def _dilute(potential: float, guess: float, rt: float, which: int) -> float:
    x = guess if which == 0 else 1.0 - guess
    return math.exp((potential - float(excess(x, SOLID)[which])) / rt)


def _below(temperature: float, melting: float, name: str) -> None:
    if not temperature < melting:
        raise SettingsError(
            f"solid {name}: it melts at {melting:g} K, so no liquidus is there at "
            f"{temperature:g} K. Try a lower temperature."
        )


def _dissolved(potential: Any, temperature: float, solid: Coefficients, which: int) -> float:
    """Amount (mole fraction) of one metal in the other's solid at its potential."""
    rt = GAS_CONSTANT * temperature
    low, high = 0.0, MOST_DISSOLVED
    for _ in range(60):
        middle = 0.5 * (low + high)
        x = middle if which == 0 else 1.0 - middle
        here = rt * math.log(middle) + float(excess(x, solid)[which])
        low, high = (middle, high) if here < potential else (low, middle)
    return 0.5 * (low + high)


def _meeting(gap: Any, start: float, way: float, name: str, temperature: float) -> float:
    """First zero of a function of x on the way from `start`, by steps and then by halves.

    The first is the stable one: a step of 0.005 is far below the distance of two zeros.
    """
    before, last = gap(start), start
    for count in range(1, 200):
        x = start + way * 0.005 * count
        if not 0.0 < x < 1.0:
            break
        now = gap(x)
        if before * now <= 0.0:
            return _halved(gap, last, x, before)
        before, last = now, x
    raise SettingsError(
        f"{name}: the assessment has no liquidus at {temperature:g} K. Try a temperature nearer "
        "to its melting point."
    )


def _halved(gap: Any, left: float, right: float, value: float) -> float:
    for _ in range(60):
        middle = 0.5 * (left + right)
        now = gap(middle)
        if value * now <= 0.0:
            right = middle
        else:
            left, value = middle, now
    return 0.5 * (left + right)
