"""What the spectra of one frequency grid share: lattice, kernel and the columns beside γ.

    Z(ω) = R0 + iωL + 1/(iωC) + W (iω)^−a + ∫ γ/(1 + iωτ) d ln τ

The integral is a trapezoid sum on the lattice, which converges exponentially for a smooth γ, so no
basis functions are needed. The kernel's singular values fall so fast that some thirty of them carry
all that data of a given noise can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.lattice import Lattice

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

# Columns beside γ, by name; each multiplies a number that cannot be negative.
SERIES = "series_resistance"
INDUCTANCE = "inductance"
CAPACITANCE = "capacitance"
TAIL = "tail"

# Singular values below these shares of the largest are left out, for ordinary and for clean data.
RANKS = (1e-4, 1e-6)
# Below this relative noise data count as clean.
CLEAN = 3e-4
EXTENSION = (1.0, 1.0)


@final
@dataclass(frozen=True, slots=True)
class Design:
    """The matrices of one frequency grid.

    Attributes
    ----------
    frequency : (Hz), descending, shape (F,).
    lattice : relaxation times.
    response : trapezoid kernel step/(1 + iωτ), shape (F, T).
    left, right : response's parts ≈ left[k] @ right[k], stacked real and imaginary (2F, r) and
        (r, T), for ordinary data (k = 0) and for clean data (k = 1).
    """

    frequency: Floats
    lattice: Lattice
    response: Complexes
    left: tuple[Floats, Floats]
    right: tuple[Floats, Floats]

    @classmethod
    def of(cls, frequency: Floats, per_decade: int) -> Design:
        """Build the matrices for descending frequencies (Hz) of shape (F,)."""
        low, high = float(frequency.min()), float(frequency.max())
        lattice = Lattice.covering(low, high, per_decade, EXTENSION)
        omega = 2j * pi * frequency
        response = np.asarray(
            lattice.step / (1 + omega[:, None] * lattice.tau[None, :]), dtype=np.complex128
        )
        both = np.concatenate([response.real, response.imag])
        u, s, v = np.linalg.svd(both, full_matrices=False)
        ranks = [int((s > share * s[0]).sum()) for share in RANKS]
        return cls(
            frequency,
            lattice,
            response,
            (np.ascontiguousarray(u[:, : ranks[0]]), np.ascontiguousarray(u[:, : ranks[1]])),
            (
                np.ascontiguousarray(s[: ranks[0], None] * v[: ranks[0]]),
                np.ascontiguousarray(s[: ranks[1], None] * v[: ranks[1]]),
            ),
        )

    @property
    def span(self) -> float:
        """Length of the lattice in ln τ."""
        return self.lattice.size * self.lattice.step

    def column(self, name: str, exponent: float = 0.5) -> Complexes:
        """Return a column beside γ, scaled to be at most 1 in size, shape (F,).

        Parameters
        ----------
        name : one of the four.
        exponent : a in W (iω)^−a; for the tail only.
        """
        if name == SERIES:
            return np.ones(self.frequency.size, dtype=np.complex128)
        if name == INDUCTANCE:
            return np.asarray(1j * self.frequency / self.frequency[0])
        if name == CAPACITANCE:
            return np.asarray(-1j * self.frequency[-1] / self.frequency)
        return np.asarray((1j * self.frequency / self.frequency[-1]) ** -exponent)

    def unit(self, name: str, exponent: float = 0.5) -> float:
        """Return what a coefficient of `column` must be multiplied by: Ω, H, 1/F or Ω s^−a."""
        highest, lowest = 2 * pi * self.frequency[0], 2 * pi * self.frequency[-1]
        units = {SERIES: 1.0, INDUCTANCE: 1 / highest, CAPACITANCE: lowest}
        return float(units[name]) if name in units else float(lowest**exponent)


@lru_cache(maxsize=64)
def shared_design(key: bytes, per_decade: int) -> Design:
    """Return the design of a grid by its frequencies as bytes: each is built once."""
    return Design.of(np.frombuffer(key, dtype=np.float64), per_decade)
