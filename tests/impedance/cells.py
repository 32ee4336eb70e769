"""Random cells whose impedance fulfils the Kramers–Kronig relations, and ways to break that."""

from __future__ import annotations

from math import pi

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import zarc

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

KINDS = ("zarcs", "inductance", "cpe", "warburg", "loop")


def random_cells(
    generator: np.random.Generator, frequency: Floats, kind: str, count: int
) -> Complexes:
    """One to four ZARCs in series with a resistance, and what `kind` adds; shape (count, F)."""
    omega = 2 * pi * frequency
    rows = []
    for _ in range(count):
        z = 10 ** generator.uniform(0, 2) + 0j * frequency
        for _ in range(generator.integers(1, 5)):
            z = z + zarc(
                frequency,
                10 ** generator.uniform(1, 3),
                10 ** generator.uniform(-7, 1),
                generator.uniform(0.7, 1.0),
            )
        rows.append(z + _extra(generator, omega, kind, float(z.real.max())))
    return np.array(rows)


def _extra(generator: np.random.Generator, omega: Floats, kind: str, size: float) -> Complexes:
    if kind == "inductance":
        return 1j * omega * 10 ** generator.uniform(-7, -5)
    if kind == "cpe":
        return 1 / (10 ** generator.uniform(-6, -3) * (1j * omega) ** generator.uniform(0.6, 1))
    if kind == "warburg":
        root = np.sqrt(1j * omega * 10 ** generator.uniform(-2, 2))
        return 10 ** generator.uniform(1, 3) * np.tanh(root) / root
    if kind == "loop":
        strength = 0.3 * size * generator.uniform(0.1, 1)
        return -strength / (1 + 1j * omega * 10 ** generator.uniform(-2, 0))
    return np.zeros_like(omega) + 0j


def with_noise(generator: np.random.Generator, z: Complexes, relative: float) -> Complexes:
    """Add white noise in proportion to |Z| to both parts."""
    noise = generator.standard_normal(z.shape) + 1j * generator.standard_normal(z.shape)
    return z + relative * np.abs(z) * noise


def sweep_time(frequency: Floats) -> Floats:
    """Fraction of the sweep's duration at each point: three periods and 50 ms per point."""
    time = np.cumsum(3 / frequency + 0.05)
    return time / time[-1]
