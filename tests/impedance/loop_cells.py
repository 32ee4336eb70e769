"""Cells with loops and tails, for laws of the engine on one spectrum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import Spectrum
from anodescope.impedance.loggp.design import Design, shared_design
from anodescope.impedance.loggp.single import Choice, fit_single

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

PER_DECADE = 16
# On the lattice, so that a shift by lattice steps is one of the same numbers.
FREQUENCY = 10.0 ** (np.arange(96, -33, -2) / PER_DECADE) / (2 * np.pi)
OMEGA = 2j * np.pi * FREQUENCY
DESIGN = Design.of(FREQUENCY, PER_DECADE)


def zarc(resistance: float, tau: float, phi: float) -> Complexes:
    return np.asarray(resistance / (1 + (OMEGA * tau) ** phi))


def noisy(impedance: Complexes, share: float, seed: int) -> Complexes:
    both = np.random.default_rng(seed).standard_normal((2, impedance.size))
    return np.asarray(impedance + share * np.abs(impedance) * (both[0] + 1j * both[1]))


# Two processes and, three decades slower, a loop: τ (s), φ, R (Ω) of it.
PLAIN = 5 + zarc(20, 1e-5, 0.9) + zarc(50, 1e-4, 0.9)
LOOP = (0.3, 0.85, 20.0)
LOOPED = PLAIN - zarc(LOOP[2], *LOOP[:2])


def tail(size: float, exponent: float) -> Complexes:
    """A power law of `size` (Ω) at the lowest frequency."""
    return np.asarray(size * (1j * FREQUENCY / FREQUENCY[-1]) ** -exponent)


def loops_of(choice: Choice) -> list[tuple[float, float, float]]:
    """ln τ, exponent and resistance (Ω) of each loop."""
    solution = choice.solution
    sizes = solution.coefficients[len(solution.terms.columns) :] * solution.problem.scale
    found = zip(solution.terms.loops, sizes, strict=True)
    return [(loop.place, loop.exponent, float(size)) for loop, size in found]


def size_of(choice: Choice, name: str) -> float:
    """A coefficient beside γ in its own unit."""
    solution = choice.solution
    place = solution.terms.columns.index(name)
    unit = solution.problem.design.unit(name, solution.terms.exponent)
    return float(solution.coefficients[place] * solution.problem.scale * unit)


def fitted(cell: Spectrum) -> Choice:
    return fit_single(shared_design(cell.frequency.tobytes(), PER_DECADE), cell.impedance)


def has_settled(choice: Choice) -> bool:
    return bool(choice.solution.settled and choice.solution.decrement < 0.5)
