"""Elements of equivalent circuits; see `composition` for how they are put together.

element        symbol  parameters            impedance
Resistor       R       R                     R
Capacitor      C       C                     1/(iωC)
Inductor       L       L                     iωL
CPE            CPE     Q (S·s^n), n          1/(Q (iω)^n)
ZARC           ZARC    R, tau, n             R/(1 + (iωτ)^n), an R‖CPE with Q = τ^n/R
Warburg        W       sigma (Ω·s^-1/2)      σ √2/√(iω) = σ (1 − i)/√ω
WarburgShort   Ws      R, tau                R tanh √(iωτ)/√(iωτ), ends in R (a reservoir)
WarburgOpen    Wo      R, tau                R coth √(iωτ)/√(iωτ), ends blocked
Gerischer      G       R, tau                R/√(1 + iωτ)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from anodescope.citations import relies_on
from anodescope.impedance.circuits.composition import Element, Points, Response

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Quantities = tuple[tuple[str, str], ...]

# Of an arc whose shape is unknown: flattened as grain boundaries and interfaces mostly are.
USUAL_N = 0.88


@final
@dataclass(frozen=True, slots=True, repr=False)
class Resistor(Element):
    """Z = R."""

    symbol: ClassVar[str] = "R"
    quantities: ClassVar[Quantities] = (("R", "Ω"),)

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        one = np.ones_like(points.s)
        return values[0] * one, [one]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return R."""
        return (size,)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Capacitor(Element):
    """Z = 1/(iωC)."""

    symbol: ClassVar[str] = "C"
    quantities: ClassVar[Quantities] = (("C", "F"),)

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        z = 1 / (points.s * values[0])
        return z, [-z / values[0]]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return C."""
        return (1 / (size * omega),)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Inductor(Element):
    """Z = iωL."""

    symbol: ClassVar[str] = "L"
    quantities: ClassVar[Quantities] = (("L", "H"),)

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        return points.s * values[0], [points.s]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return L."""
        return (size / omega,)


@final
@dataclass(frozen=True, slots=True, repr=False)
class CPE(Element):
    """Constant phase element, Z = 1/(Q (iω)^n)."""

    symbol: ClassVar[str] = "CPE"
    quantities: ClassVar[Quantities] = (("Q", "S·s^n"), ("n", "1"))

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        q, n = values
        z = points.power(-n) / q
        return z, [-z / q, -points.log() * z]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return Q and n."""
        n = np.full_like(size, USUAL_N)
        return 1 / (size * omega**n), n


@final
@dataclass(frozen=True, slots=True, repr=False)
class ZARC(Element):
    """A resistance beside a constant phase element, Z = R/(1 + (iωτ)^n), with n = 1 an R‖C.

    See `constant_phase`, `capacitance` and `brug_capacitance` for what is derived from it.
    """

    symbol: ClassVar[str] = "ZARC"
    quantities: ClassVar[Quantities] = (("R", "Ω"), ("tau", "s"), ("n", "1"))

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        r, tau, n = values
        x = points.power(n, tau)
        share = 1 / (1 + x)
        by_power = -r * x * share**2  # dZ/d ln x
        return r * share, [share, by_power * (n / tau), by_power * points.log(tau)]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return R, τ and n."""
        return size, 1 / omega, np.full_like(size, USUAL_N)

    def text(self) -> str:
        """Return it as what it is, a resistance beside a constant phase element."""
        return f"(R_{self.label}‖CPE_{self.label})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Warburg(Element):
    """Semi-infinite diffusion, Z = σ (1 − i)/√ω."""

    symbol: ClassVar[str] = "W"
    quantities: ClassVar[Quantities] = (("sigma", "Ω·s^-1/2"),)

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        one = sqrt(2) * points.power(-0.5)
        return values[0] * one, [one]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return σ."""
        return (size * np.sqrt(omega / 2),)


@final
@dataclass(frozen=True, slots=True, repr=False)
class WarburgShort(Element):
    """Diffusion through a layer that ends in a reservoir, Z = R tanh q/q, q = √(iωτ)."""

    symbol: ClassVar[str] = "Ws"
    quantities: ClassVar[Quantities] = (("R", "Ω"), ("tau", "s"))

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        r, tau = values
        q = points.power(0.5, tau)
        tanh = _tanh(q)
        share = tanh / q
        # sech² = 1 − tanh² cancels where q is small, but there the exact limit is −2q²/3.
        gap: Complexes = np.where(np.abs(q) < 1e-3, q**2 * (-2 / 3), 1 - tanh**2 - share)
        return r * share, [share, r / (2 * tau) * gap]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return R and τ."""
        return size, 1 / omega


@final
@dataclass(frozen=True, slots=True, repr=False)
class WarburgOpen(Element):
    """Diffusion in a layer whose end is blocked, Z = R coth q/q, q = √(iωτ)."""

    symbol: ClassVar[str] = "Wo"
    quantities: ClassVar[Quantities] = (("R", "Ω"), ("tau", "s"))

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        r, tau = values
        q = points.power(0.5, tau)
        coth = 1 / _tanh(q)
        share = coth / q
        return r * share, [share, r / (2 * tau) * (1 - coth**2 - share)]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return R and τ."""
        return size, 1 / omega


@final
@dataclass(frozen=True, slots=True, repr=False)
class Gerischer(Element):
    """Diffusion with a reaction on the way, Z = R/√(1 + iωτ)."""

    symbol: ClassVar[str] = "G"
    quantities: ClassVar[Quantities] = (("R", "Ω"), ("tau", "s"))

    def response(self, points: Points, values: Sequence[Floats]) -> Response:
        """Return the impedance (Ω) and its derivatives."""
        r, tau = values
        inside = 1 / (1 + points.s * tau)
        share = np.asarray(np.sqrt(inside), dtype=np.complex128)
        return r * share, [share, -r / 2 * points.s * share * inside]

    def typical(self, size: Floats, omega: Floats) -> tuple[Floats, ...]:
        """Return R and τ."""
        return size, 1 / omega


def _tanh(q: Complexes) -> Complexes:
    return np.asarray(np.tanh(q), dtype=np.complex128)


def constant_phase(resistance: npt.ArrayLike, tau: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Return Q = τ^n/R (S·s^n) of a ZARC, from R (Ω), τ (s) and n."""
    return np.asarray(
        np.power(np.asarray(tau, dtype=np.float64), np.asarray(n, dtype=np.float64))
        / np.asarray(resistance, dtype=np.float64)
    )


@relies_on("hsu2001", "hirschorn2010")
def capacitance(resistance: npt.ArrayLike, tau: npt.ArrayLike) -> Floats:
    """Return the effective capacitance τ/R (F) of a ZARC, from R (Ω) and τ (s).

    Equal to Q^(1/n) R^(1/n − 1): right where time constants are distributed through a layer (Hsu
    and Mansfeld, doi:10.5006/1.3280607; Hirschorn et al., doi:10.1016/j.electacta.2009.10.065).
    """
    return np.asarray(np.asarray(tau, dtype=np.float64) / np.asarray(resistance, dtype=np.float64))


@relies_on("brug1984", "hirschorn2010")
def brug_capacitance(
    resistance: npt.ArrayLike,
    tau: npt.ArrayLike,
    n: npt.ArrayLike,
    series_resistance: npt.ArrayLike,
) -> Floats:
    """Return the effective capacitance (F) of a ZARC by Brug et al.

    C = Q^(1/n) (1/R0 + 1/R)^(1 − 1/n) with Q = τ^n/R: right where time constants are distributed
    over a surface (doi:10.1016/S0022-0728(84)80324-1).

    Parameters
    ----------
    resistance, tau, n : of the ZARC (Ω, s, 1).
    series_resistance : R0, what lies in series with it (Ω).
    """
    r = np.asarray(resistance, dtype=np.float64)
    conductance = 1 / np.asarray(series_resistance, dtype=np.float64) + 1 / r
    power = 1 / np.asarray(n, dtype=np.float64)
    return np.asarray(constant_phase(r, tau, n) ** power * conductance ** (1 - power))
