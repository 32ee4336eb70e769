"""Spectra whose true γ is known, and the sets A and B: 300 spectra of a cell that changes.

Z = R0 + ZARC(1e-6 s) + ZARC(5e-4 s, emerging) + ZARC(about 1e-1 s, growing and moving), 71
frequencies, 0.3 % noise of |Z| on each part. Set A reaches down to 0.05 Hz, so its window holds all
three arcs; set B ends at 5 Hz, so the slowest one lies outside its window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

SERIES_RESISTANCE = 20.0
NOISE = 0.003
SEED = 20250101
LOWEST = {"A": 0.05, "B": 5.0}
HIGHEST = 7e6
POINTS = 71


def zarc(frequency: Floats, resistance: Floats, tau: Floats, phi: Floats) -> Complexes:
    """Impedance (Ω) of a resistance beside a constant phase element: R/(1 + (iωτ)^φ)."""
    return np.asarray(resistance / (1 + (2j * pi * frequency * tau) ** phi))


def zarc_gamma(tau: Floats, resistance: Floats, centre: Floats, phi: Floats) -> Floats:
    """γ (Ω per unit ln τ) of a ZARC at τ (s).

    γ = R/(2π) · sin((1−φ)π)/(cosh(φ ln(τ/τ0)) − cos((1−φ)π)); it integrates to R.
    """
    angle = (1 - phi) * pi
    shape = np.sin(angle) / (np.cosh(phi * np.log(tau / centre)) - np.cos(angle))
    return np.asarray(resistance / (2 * pi) * shape)


def window_of(frequency: Floats, per_decade: int = 40) -> Floats:
    """Return relaxation times (s) that fill the window 1/(2πf_max) … 1/(2πf_min) evenly.

    Parameters
    ----------
    frequency : (Hz), in any order, shape (F,).
    per_decade : relaxation times per decade; they are 10**(k/per_decade) s.
    """
    low, high = -np.log10(2 * pi * frequency.max()), -np.log10(2 * pi * frequency.min())
    k = np.arange(np.ceil(low * per_decade), np.floor(high * per_decade) + 1)
    return np.asarray(10.0 ** (k / per_decade))


@final
@dataclass(frozen=True, slots=True)
class Spectrum:
    """One noisy spectrum and its truth.

    Attributes
    ----------
    frequency : (Hz), descending, shape (F,).
    impedance, clean : with and without noise (Ω), shape (F,).
    sigma : standard deviation of the noise of each part (Ω), shape (F,).
    tau : relaxation times inside the window (s), uniform in ln τ, shape (T,).
    gamma : the true γ there (Ω per unit ln τ), shape (T,).
    terms : what stands beside a positive γ: "loop", "capacitance", "tail".
    """

    frequency: Floats
    impedance: Complexes
    clean: Complexes
    sigma: Floats
    tau: Floats
    gamma: Floats
    terms: tuple[str, ...] = ()


def noisy(clean: Complexes, sigma: Floats, generator: np.random.Generator) -> Complexes:
    """Add independent normal noise to both parts.

    Parameters
    ----------
    clean, sigma : impedance and standard deviation of each part (Ω), of the same shape.
    """
    real, imaginary = generator.standard_normal((2, *clean.shape))
    return np.asarray(clean + sigma * (real + 1j * imaginary), dtype=np.complex128)


@dataclass(frozen=True, slots=True)
class SyntheticSet:
    """One set of spectra with its truth.

    Attributes
    ----------
    frequency : (Hz), descending, shape (F,).
    impedance, clean : with and without noise (Ω), shape (N, F).
    resistance, centre, phi : of the three ZARCs (Ω, s, 1), shape (N, 3).
    """

    name: str
    frequency: Floats
    impedance: Complexes
    clean: Complexes
    resistance: Floats
    centre: Floats
    phi: Floats

    def gamma(self, tau: Floats) -> Floats:
        """Return the true γ (Ω per unit ln τ) at τ (s, shape (T,)), shape (N, T)."""
        parts = zarc_gamma(
            tau, self.resistance[..., None], self.centre[..., None], self.phi[..., None]
        )
        return np.asarray(parts.sum(axis=1))

    def first(self, count: int) -> SyntheticSet:
        """Return `count` spectra spread evenly over the set."""
        rows = np.linspace(0, len(self.impedance) - 1, count).round().astype(int)
        return SyntheticSet(
            self.name,
            self.frequency,
            self.impedance[rows],
            self.clean[rows],
            self.resistance[rows],
            self.centre[rows],
            self.phi[rows],
        )

    def window(self, per_decade: int = 40) -> Floats:
        """Return relaxation times (s) that fill the window evenly; see `window_of`."""
        return window_of(self.frequency, per_decade)

    def spectra(self) -> list[Spectrum]:
        """Return the spectra one by one, each with its truth."""
        tau = self.window()
        parts = zip(self.impedance, self.clean, self.gamma(tau), strict=True)
        return [
            Spectrum(self.frequency, impedance, clean, NOISE * np.abs(clean), tau, gamma)
            for impedance, clean, gamma in parts
        ]


def sets_a_and_b(count: int = 300) -> dict[str, SyntheticSet]:
    """Return the sets A and B; the noise is the same in every run.

    Parameters
    ----------
    count : spectra per set; the published figures use 300.
    """
    t = np.linspace(0, 1, count)
    one = np.ones_like(t)
    resistance = np.stack([100 + 10 * t, 80 / (1 + np.exp(-(t - 0.5) / 0.08)), 60 + 240 * t], 1)
    centre = np.stack([1e-6 * one, 5e-4 * one, 10 ** (-1.3 + 0.6 * t)], 1)
    phi = np.stack([0.92 * one, 0.88 * one, 0.85 * one], 1)
    # One generator for both sets, A first: the recipe of the published figures.
    generator = np.random.default_rng(SEED)
    made = {}
    for name, lowest in LOWEST.items():
        frequency = np.logspace(np.log10(HIGHEST), np.log10(lowest), POINTS)
        parts = zarc(frequency, resistance[..., None], centre[..., None], phi[..., None])
        clean = SERIES_RESISTANCE + parts.sum(axis=1)
        noise = generator.standard_normal(clean.shape) + 1j * generator.standard_normal(clean.shape)
        noisy = clean + NOISE * np.abs(clean) * noise
        made[name] = SyntheticSet(name, frequency, noisy, clean, resistance, centre, phi)
    return made


def packed(spectra: Sequence[Spectrum]) -> dict[str, npt.NDArray[np.generic]]:
    """Return spectra as arrays for another process: rows of unequal length end in NaN.

    Returns
    -------
    frequency, sigma (N, F), impedance (N, F) and tau (N, T).
    """
    points = max(s.frequency.size for s in spectra)
    places = max(s.tau.size for s in spectra)

    def rows(values: Sequence[npt.NDArray[np.generic]], size: int) -> npt.NDArray[np.generic]:
        table = np.full((len(values), size), np.nan, dtype=values[0].dtype)
        for row, value in zip(table, values, strict=True):
            row[: value.size] = value
        return table

    return {
        "frequency": rows([s.frequency for s in spectra], points),
        "impedance": rows([s.impedance for s in spectra], points),
        "sigma": rows([s.sigma for s in spectra], points),
        "tau": rows([s.tau for s in spectra], places),
    }
