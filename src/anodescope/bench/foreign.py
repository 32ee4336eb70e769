"""A foreign family: shapes, noises and grids on which nothing of the engine was tuned.

γ is a sum of processes whose shapes are, but for the log-normal, none of the training generator's:
boxes, skew normals, cut-off power laws, generalised Gamma densities, Laplace densities of two
slopes, triangles. They have edges, corners and one-sided tails, which a smooth prior does not
expect. Z is a Gauss–Legendre sum over the same γ on panels so narrow that it is exact to rounding.
Noise is constant, in proportion to |Z|, or both at once; there are 6 to 12 points per decade.

The seed is drawn from the hash of the commit that is checked out, so nobody chose the set.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log, pi
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import Spectrum, noisy, window_of
from anodescope.errors import SettingsError

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

NOISES = ("constant", "proportional", "mixed")
# Panels of the quadrature (ln τ) and nodes on each.
PANEL, NODES = 0.05, 8
# Where a density that falls like exp(−x²/2) or exp(−x) is below 1e-16 of its peak.
_BELL, _SLOPE = 8.6, 37.0


@final
@dataclass(frozen=True, slots=True)
class Shape:
    """A density over x = ln(τ/τ0), up to a factor.

    Attributes
    ----------
    density : at x, of the support only.
    edges : ends of the support and the corners between them, ascending.
    """

    density: Callable[[Floats], Floats]
    edges: tuple[float, ...]

    def quadrature(self) -> tuple[Floats, Floats]:
        """Return nodes x and weights, such that weights @ f(x) is the integral of f."""
        at, share = np.polynomial.legendre.leggauss(NODES)
        x, weight = [], []
        for low, high in pairwise(self.edges):
            cuts = np.linspace(low, high, int(np.ceil((high - low) / PANEL)) + 1)
            half = np.diff(cuts)[:, None] / 2
            x.append((cuts[:-1, None] + half * (1 + at)).ravel())
            weight.append((half * share).ravel())
        return np.concatenate(x), np.concatenate(weight)


@final
@dataclass(frozen=True, slots=True)
class Process:
    """One process.

    Attributes
    ----------
    shape : its density.
    resistance : ∫ γ d ln τ (Ω).
    centre : τ0 (s).
    """

    shape: Shape
    resistance: float
    centre: float

    def impedance(self, frequency: Floats) -> Complexes:
        """Return the impedance (Ω), shape (F,)."""
        x, weight = self.shape.quadrature()
        mass = weight * self.shape.density(x)
        omega_tau = 2j * pi * frequency[:, None] * (self.centre * np.exp(x))
        return np.asarray((1 / (1 + omega_tau)) @ (self.resistance / mass.sum() * mass))

    def gamma(self, tau: Floats) -> Floats:
        """Return γ (Ω per unit ln τ) at τ (s), shape (T,)."""
        x, weight = self.shape.quadrature()
        factor = self.resistance / float(weight @ self.shape.density(x))
        away = np.log(tau / self.centre)
        inside = (away >= self.shape.edges[0]) & (away <= self.shape.edges[-1])
        value = self.shape.density(np.where(inside, away, x[x.size // 2]))
        return np.asarray(np.where(inside, factor * value, 0.0))


def lognormal(generator: np.random.Generator) -> Shape:
    """A normal density of ln τ, from narrow to three decades wide."""
    width = generator.uniform(0.15, 1.5)
    return Shape(lambda x: np.exp(-0.5 * (x / width) ** 2), (-_BELL * width, _BELL * width))


def box(generator: np.random.Generator) -> Shape:
    """Constant over a third of a decade to two decades, and nothing beyond."""
    half = generator.uniform(0.4, 2.3)
    return Shape(np.ones_like, (-half, half))


def skewed(generator: np.random.Generator) -> Shape:
    """A skew normal density: steep on one side."""
    from scipy.special import ndtr

    width = generator.uniform(0.4, 1.8)
    skew = generator.uniform(2, 6) * generator.choice([-1, 1])
    reach = _BELL * width
    return Shape(
        lambda x: np.exp(-0.5 * (x / width) ** 2) * ndtr(skew * x / width), (-reach, reach)
    )


def cut_power(generator: np.random.Generator) -> Shape:
    """A power law of τ over one to five decades that ends at once."""
    power, reach = generator.uniform(0.2, 1.0), generator.uniform(2.3, 11.5)
    if generator.random() < 0.5:
        return Shape(lambda x: np.exp(power * x), (-reach, 0.0))
    return Shape(lambda x: np.exp(-power * x), (0.0, reach))


def generalised_gamma(generator: np.random.Generator) -> Shape:
    """τ^p exp(−τ^q): a power law with a soft end, on either side."""
    p, q = generator.uniform(0.4, 2.0), generator.uniform(0.5, 2.0)
    sign = float(generator.choice([-1, 1]))
    ends = sorted((-sign * _SLOPE / p, sign * log(3 * _SLOPE) / q))
    return Shape(lambda x: np.exp(p * sign * x - np.exp(q * sign * x)), (ends[0], ends[1]))


def laplace(generator: np.random.Generator) -> Shape:
    """Exponential in ln τ on both sides of a corner, with two slopes."""
    left, right = generator.uniform(0.15, 0.9, 2)
    return Shape(
        lambda x: np.where(
            x < 0, np.exp(np.minimum(x, 0) / left), np.exp(-np.maximum(x, 0) / right)
        ),
        (-_SLOPE * left, 0.0, _SLOPE * right),
    )


def triangle(generator: np.random.Generator) -> Shape:
    """A linear rise and a linear fall."""
    left, right = generator.uniform(0.4, 2.5, 2)
    return Shape(lambda x: np.where(x < 0, 1 + x / left, 1 - x / right), (-left, 0.0, right))


FAMILIES: Mapping[str, Callable[[np.random.Generator], Shape]] = {
    "log-normal": lognormal,
    "box": box,
    "skewed": skewed,
    "cut power law": cut_power,
    "generalised Gamma": generalised_gamma,
    "Laplace": laplace,
    "triangle": triangle,
}


def foreign_cells(seed: int, count: int) -> list[Spectrum]:
    """Draw cells of the foreign family; those with next to nothing in their window are left out."""
    generator = np.random.default_rng(seed)
    found: list[Spectrum] = []
    while len(found) < count:
        cell = _foreign_cell(generator)
        if cell is not None:
            found.append(cell)
    return found


def _foreign_cell(generator: np.random.Generator) -> Spectrum | None:
    decades, high = generator.uniform(3.5, 8), generator.uniform(4, 7)
    points = round(decades * generator.uniform(6, 12)) + 1
    frequency = np.logspace(high, high - decades, points)
    tau = window_of(frequency)
    low, end = -np.log10(2 * pi * frequency[[0, -1]])
    names = list(FAMILIES)
    processes = [
        Process(
            FAMILIES[names[int(generator.integers(len(names)))]](generator),
            10 ** generator.uniform(0.8, 2.2),
            10 ** generator.uniform(low + 0.2, end - 0.2),
        )
        for _ in range(int(generator.integers(1, 5)))
    ]
    total = sum(process.resistance for process in processes)
    gamma = np.sum([process.gamma(tau) for process in processes], axis=0)
    if gamma.sum() * np.log(tau[1] / tau[0]) < 0.2 * total:
        return None
    clean = np.sum([process.impedance(frequency) for process in processes], axis=0)
    clean = clean + total * 10 ** generator.uniform(-2, 0)
    if generator.random() < 0.5:
        clean = clean + 1j * total * 10 ** generator.uniform(-3, -0.7) * frequency / frequency[0]
    sigma = _random_sigma(generator, clean)
    return Spectrum(frequency, noisy(clean, sigma, generator), clean, sigma, tau, gamma)


def _random_sigma(generator: np.random.Generator, clean: Complexes) -> Floats:
    """Noise of each part (Ω) of 0.05 to 1 %: of the median |Z|, of |Z| itself, or of both."""
    size = np.abs(clean)
    constant, proportional = 10 ** generator.uniform(log(5e-4) / log(10), -2, 2)
    kind = NOISES[int(generator.integers(len(NOISES)))]
    constant *= kind != "proportional"
    proportional *= kind != "constant"
    return np.asarray(np.hypot(constant * np.median(size), proportional * size))


def seed_of_commit(folder: Path | None = None) -> int:
    """Return a seed from the hash of the commit that is checked out.

    Parameters
    ----------
    folder : inside the repository; None: where this file is.

    Raises
    ------
    SettingsError
        where there is no commit to ask, as in an installed wheel.
    """
    place = folder or Path(__file__).resolve().parent
    command = ["git", "-C", str(place), "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SettingsError(
            f"bench: no commit to draw a seed from in {place}; name one with --seed."
        ) from error
    return int(done.stdout.strip()[:15], 16)
