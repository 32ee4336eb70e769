"""What the spectra of one frequency grid share: lattice, kernel and the columns beside γ.

    Z(ω) = R0 + L (iω)^b + 1/(iωC) + W (iω)^−a + ∫ γ/(1 + iωτ) d ln τ

The integral is a trapezoid sum on the lattice, which converges exponentially for a smooth γ, so no
basis functions are needed. The kernel's singular values fall so fast that some thirty of them carry
all that data of a given noise can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
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

# Singular values below these shares of the largest are left out: see `rank_of`.
RANKS = (1e-4, 1e-6, 1e-8)
# Below this relative noise data count as clean.
CLEAN = 3e-4
# What may be left out, over any |Z|: a bound, far above what is.
TRUNCATION = 2e-2
EXTENSION = (1.0, 1.0)
# Exponents of W (iω)^−a that are looked at, 1 being a capacitance.
EXPONENTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@final
@dataclass(frozen=True, slots=True)
class Loop:
    """An inductive loop: a ZARC of negative resistance, −R/(1 + (iωτ)^φ); R is a coefficient.

    Attributes
    ----------
    place : ln (τ/s).
    exponent : φ, below 1.
    size : R that the data call for where nothing positive lies over it. A few times that is the
        standard deviation of R's prior about zero, as a loop and a process at one place could
        otherwise grow together for ever.
    """

    place: float
    exponent: float
    size: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The matrices of one frequency grid.

    Attributes
    ----------
    frequency : (Hz), descending, shape (F,).
    lattice : relaxation times.
    response : trapezoid kernel step/(1 + iωτ), shape (F, T).
    tails : (iω/ω_min)^−a for the exponents of `EXPONENTS`, shape (F, a).
    left, right : response's parts ≈ left[k] @ right[k], stacked real and imaginary (2F, r) and
        (r, T), for the k of `rank_of`.
    """

    frequency: Floats
    lattice: Lattice
    response: Complexes
    tails: Complexes
    left: tuple[Floats, ...]
    right: tuple[Floats, ...]

    @classmethod
    def of(cls, frequency: Floats, per_decade: int) -> Design:
        """Build the matrices for descending frequencies (Hz) of shape (F,)."""
        low, high = float(frequency.min()), float(frequency.max())
        lattice = Lattice.covering(low, high, per_decade, EXTENSION)
        omega = 2j * pi * frequency
        response = np.asarray(
            lattice.step / (1 + omega[:, None] * lattice.tau[None, :]),
            dtype=np.complex128,
        )
        both = np.concatenate([response.real, response.imag])
        u, s, v = np.linalg.svd(both, full_matrices=False)
        ranks = [int((s > share * s[0]).sum()) for share in RANKS]
        return cls(
            frequency,
            lattice,
            response,
            (1j * frequency[:, None] / frequency[-1]) ** -np.array(EXPONENTS),
            tuple(np.ascontiguousarray(u[:, :rank]) for rank in ranks),
            tuple(np.ascontiguousarray(s[:rank, None] * v[:rank]) for rank in ranks),
        )

    @property
    def span(self) -> float:
        """Length of the lattice in ln τ."""
        return self.lattice.size * self.lattice.step

    def column(self, name: str, exponent: float = 1.0) -> Complexes:
        """Return a column beside γ, scaled to be at most 1 in size, shape (F,).

        Parameters
        ----------
        name : one of the four.
        exponent : a in W (iω)^−a for the tail, b in L (iω)^b for the inductance; else ignored.
        """
        if name == SERIES:
            return np.ones(self.frequency.size, dtype=np.complex128)
        if name == INDUCTANCE:
            return np.asarray((1j * self.frequency / self.frequency[0]) ** exponent)
        if name == CAPACITANCE:
            return np.asarray(-1j * self.frequency[-1] / self.frequency)
        return np.asarray((1j * self.frequency / self.frequency[-1]) ** -exponent)

    def bells(self, loops: Sequence[Loop]) -> Floats:
        """Return γ of loops of 1 Ω, as means over lattice cells, shape (loops, T)."""
        place, phi = np.array([(a.place, a.exponent) for a in loops]).T[:, :, None]
        step = self.lattice.step
        edges = np.append(self.lattice.ln_tau - 0.5 * step, self.lattice.ln_tau[-1] + 0.5 * step)
        # The integral of γ up to each edge, in closed form.
        within = np.tanh(0.5 * phi * (edges - place)) / np.tan(0.5 * pi * (1 - phi))
        return np.asarray(-np.diff(np.arctan(within), axis=1) / (pi * phi * step))

    def loop_columns(self, loops: Sequence[Loop]) -> Complexes:
        """Return the impedance of loops of 1 Ω, shape (F, loops)."""
        place, phi = np.array([(a.place, a.exponent) for a in loops]).T
        ln_omega = np.log(2 * pi * self.frequency)[:, None]
        power = np.exp(phi * (ln_omega + place + 0.5j * pi))
        return np.asarray(-1 / (1 + power))

    def unit(self, name: str, exponent: float = 1.0) -> float:
        """Return what a coefficient of `column` must be multiplied by: Ω, Ω s^b, 1/F or Ω s^−a."""
        highest, lowest = 2 * pi * self.frequency[0], 2 * pi * self.frequency[-1]
        units = {SERIES: 1.0, INDUCTANCE: float(highest) ** -exponent, CAPACITANCE: lowest}
        return float(units[name]) if name in units else float(lowest**exponent)


def rank_of(size: Floats, clean: bool) -> int:
    """Return which of the ranks describes a spectrum of |Z| = `size` as well as it was measured.

    What a rank leaves out is a share of the largest |Z|, while noise is one of each |Z|.
    """
    span = float(size.max()) / max(float(size.min()), 1e-300)
    finest = len(RANKS) - 1
    wide = next((k for k, share in enumerate(RANKS) if share * span <= TRUNCATION), finest)
    return max(wide, int(clean))


@lru_cache(maxsize=64)
def shared_design(key: bytes, per_decade: int) -> Design:
    """Return the design of a grid by its frequencies as bytes: each is built once."""
    return Design.of(np.frombuffer(key, dtype=np.float64), per_decade)
