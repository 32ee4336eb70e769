"""The training generator: random cells whose γ and Z are known in closed form.

One to four processes, each a ZARC, a log-normal or a Havriliak–Negami distribution, now and then in
close pairs or beyond the window's edge; a series resistance, every other time an inductance; noise
of 0.05 to 1 % of |Z| on each part. The numbers of the prior were found on cells of this generator,
so what is measured on a fresh draw of it says nothing about other families: see
`anodescope.bench.foreign`.

Beside those: cells with an inductive loop (a process of negative resistance), a blocking capacitor
or a diffusion tail, which the tuning of the prior never saw, and series that change with time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, pi, sqrt
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import Spectrum, noisy, window_of, zarc, zarc_gamma

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

EXTRAS = ("loop", "capacitance", "tail")
# A log-normal's impedance is a trapezoid sum over ±8 of its widths; it converges exponentially.
_REACH, _NODES = 8.0, 321
_LN10 = log(10)


@final
@dataclass(frozen=True, slots=True)
class Element:
    """One process.

    Attributes
    ----------
    kind : "zarc", "lognormal" or "havriliak".
    resistance : ∫ γ d ln τ (Ω); negative for an inductive loop.
    centre : relaxation time (s).
    shape : (φ,), (σ of ln τ,) or (α, β).
    """

    kind: str
    resistance: float
    centre: float
    shape: tuple[float, ...]

    def impedance(self, frequency: Floats) -> Complexes:
        """Return the impedance (Ω), shape (F,)."""
        if self.kind == "zarc":
            return zarc(frequency, *(np.asarray(v) for v in self._numbers()))
        omega_tau = 2j * pi * frequency * self.centre
        if self.kind == "havriliak":
            alpha, beta = self.shape
            return np.asarray(self.resistance / (1 + omega_tau**alpha) ** beta)
        nodes = np.linspace(-_REACH, _REACH, _NODES)
        weights = np.exp(-0.5 * nodes**2)
        kernel = 1 / (1 + omega_tau[:, None] * np.exp(self.shape[0] * nodes))
        return np.asarray(self.resistance * (kernel @ (weights / weights.sum())))

    def gamma(self, tau: Floats) -> Floats:
        """Return γ (Ω per unit ln τ) at τ (s), shape (T,)."""
        if self.kind == "zarc":
            return zarc_gamma(tau, *(np.asarray(v) for v in self._numbers()))
        away = np.log(tau / self.centre)
        if self.kind == "lognormal":
            width = self.shape[0]
            bell = np.exp(-0.5 * (away / width) ** 2) / (sqrt(2 * pi) * width)
            return np.asarray(self.resistance * bell)
        alpha, beta = self.shape
        y = np.exp(alpha * away)
        angle = np.arctan2(np.sin(pi * alpha), y + np.cos(pi * alpha))
        below = (y * y + 2 * y * np.cos(pi * alpha) + 1) ** (beta / 2)
        return np.asarray(self.resistance / pi * y**beta * np.sin(beta * angle) / below)

    def _numbers(self) -> tuple[float, float, float]:
        return self.resistance, self.centre, self.shape[0]


def random_cells(seed: int, count: int, extra: str = "") -> list[Spectrum]:
    """Draw cells that have something inside their window.

    Parameters
    ----------
    extra : one of `EXTRAS` that every cell has; "": none has any.
    """
    generator = np.random.default_rng(seed)
    found: list[Spectrum] = []
    while len(found) < count:
        cell = _random_cell(generator, extra)
        if cell is not None:
            found.append(cell)
    return found


def _random_cell(generator: np.random.Generator, extra: str) -> Spectrum | None:
    frequency = _random_frequencies(generator)
    tau = window_of(frequency)
    low, high = -np.log10(2 * pi * frequency[[0, -1]])
    elements = _random_elements(generator, low, high)
    whole = window_of(frequency[[0, -1]] * 10 ** np.array([1.5, -1.5]))
    inside, everywhere = (sum(e.gamma(at) for e in elements) for at in (tau, whole))
    if np.sum(np.square(inside)) <= 0.1 * np.sum(np.square(everywhere)):
        return None
    total = sum(e.resistance for e in elements)
    clean = np.full(frequency.size, total * 10 ** generator.uniform(-2, 0), dtype=np.complex128)
    if generator.random() < 0.5:
        clean += 1j * total * 10 ** generator.uniform(-3, -0.5) * frequency / frequency[0]
    if extra == "loop":
        elements.append(_random_loop(generator, total, low, high))
    elif extra:
        exponent = 1.0 if extra == "capacitance" else generator.uniform(0.3, 0.8)
        size = total * 10 ** generator.uniform(-0.7, 0.7)
        clean += size * (1j * frequency / frequency[-1]) ** -exponent
    clean += np.sum([e.impedance(frequency) for e in elements], axis=0)
    gamma = np.sum([e.gamma(tau) for e in elements], axis=0)
    sigma = 10 ** generator.uniform(log(5e-4) / _LN10, -2) * np.abs(clean)
    impedance = noisy(clean, sigma, generator)
    return Spectrum(frequency, impedance, clean, sigma, tau, gamma, (extra,) if extra else ())


def _random_frequencies(generator: np.random.Generator) -> Floats:
    """4 to 9 decades between 10 mHz and 10 MHz, with 6 to 12 points each."""
    while True:
        high, low = generator.uniform(3.7, 7), generator.uniform(-2, 1.5)
        if 4 <= high - low <= 9:
            break
    points = round((high - low) * generator.uniform(6, 12)) + 1
    return np.logspace(high, low, points)


def _random_elements(generator: np.random.Generator, low: float, high: float) -> list[Element]:
    """Draw processes between 10**low and 10**high s; one in eight sits at or beyond an edge."""
    wanted, found = int(generator.integers(1, 5)), list[Element]()
    while len(found) < wanted:
        kind = str(generator.choice(["zarc", "zarc", "lognormal", "havriliak"]))
        resistance = 10 ** generator.uniform(1, 2.4)
        place = generator.uniform(low + 0.3, high - 0.3)
        if generator.random() < 0.12:
            edge = generator.uniform(-0.7, 0.3)
            place = low + edge if generator.random() < 0.5 else high - edge
        found.append(Element(kind, resistance, 10**place, _random_shape(generator, kind)))
        if len(found) < 4 and generator.random() < 0.2:
            place += generator.uniform(0.4, 0.9) * generator.choice([-1, 1])
            kind = str(generator.choice(["zarc", "lognormal"]))
            resistance *= 10 ** generator.uniform(-0.4, 0.4)
            found.append(Element(kind, resistance, 10**place, _random_shape(generator, kind)))
    return found


def _random_shape(generator: np.random.Generator, kind: str) -> tuple[float, ...]:
    if kind == "zarc":
        return (generator.uniform(0.70, 0.97),)
    if kind == "lognormal":
        return (generator.uniform(0.2, 1.2),)
    return generator.uniform(0.85, 0.97), generator.uniform(0.4, 0.7)


def _random_loop(generator: np.random.Generator, total: float, low: float, high: float) -> Element:
    """A negative arc in the slower half of the window, 5 to 40 % of the rest."""
    place = generator.uniform(0.5 * (low + high), high - 0.3)
    size = total * 10 ** generator.uniform(-1.3, -0.4)
    return Element("zarc", -size, 10**place, (generator.uniform(0.85, 1.0 - 1e-2),))


@final
@dataclass(frozen=True, slots=True)
class RandomSeries:
    """A cell that changes, swept again and again on one grid.

    Attributes
    ----------
    spectra : in order of time.
    jump : the first spectrum after a sudden loss of processes; None: there was none.
    """

    spectra: list[Spectrum]
    jump: int | None


def random_series(
    generator: np.random.Generator, count: int = 120, *, jump: bool = True
) -> RandomSeries:
    """Draw a series in which processes drift, oscillate, emerge, and perhaps die at once.

    Parameters
    ----------
    count : number of spectra.
    jump : let half of the processes fall to a thousandth between two spectra.
    """
    high, low = generator.uniform(5, 7), generator.uniform(-1.5, 0.7)
    frequency = np.logspace(high, low, int((high - low) * generator.uniform(7, 11)))
    tau = window_of(frequency)
    low, end = -np.log10(2 * pi * frequency[[0, -1]]) + np.array([0.4, -0.4])
    progress = np.linspace(0, 1, count)
    number = int(generator.integers(2, 5))
    # Drawn in any case, so that a seed gives the same cell with and without a jump.
    at = int(generator.integers(count // 4, 3 * count // 4))
    dying = generator.permutation(number)[: max(1, number // 2)]
    clean = np.zeros((count, frequency.size), dtype=np.complex128)
    gamma, first = np.zeros((count, tau.size)), 0.0
    for k, place in enumerate(np.sort(generator.uniform(low, end, number))):
        kind = str(generator.choice(["zarc", "zarc", "lognormal"]))
        shape = _random_shape(generator, kind)
        size = 10 ** generator.uniform(1.2, 2.3) * _random_course(generator)(progress)
        if jump and k in dying:
            size = np.where(np.arange(count) >= at, 1e-3 * size, size)
        where = place + generator.uniform(-0.4, 0.4) * progress
        parts = [Element(kind, *numbers, shape) for numbers in zip(size, 10**where, strict=True)]
        clean += np.array([part.impedance(frequency) for part in parts])
        gamma += np.array([part.gamma(tau) for part in parts])
        first += float(size[0])
    series = first * 10 ** generator.uniform(-1.5, -0.3) * (1 + 0.2 * generator.random() * progress)
    clean += series[:, None]
    sigma = 10 ** generator.uniform(-3, -2.2) * np.abs(clean)
    impedance = noisy(clean, sigma, generator)
    rows = zip(impedance, clean, sigma, gamma, strict=True)
    made = [Spectrum(frequency, *row[:3], tau, row[3]) for row in rows]
    return RandomSeries(made, at if jump else None)


def _random_course(generator: np.random.Generator) -> Callable[[Floats], Floats]:
    """Draw how a resistance changes over progress 0 … 1: it drifts, oscillates or emerges."""
    course = int(generator.integers(0, 3))
    if course == 0:
        rate = generator.uniform(-0.7, 0.7)
        return lambda t: np.asarray(np.exp(rate * t))
    if course == 1:
        size, cycles = generator.uniform(0.1, 0.3), generator.uniform(0.5, 2)
        phase = generator.random()
        return lambda t: np.asarray(np.exp(size * np.sin(2 * pi * (cycles * t + phase))))
    middle, rise = generator.uniform(0.2, 0.8), generator.uniform(0.03, 0.12)
    return lambda t: np.asarray(1e-3 + 1 / (1 + np.exp(-(t - middle) / rise)))


def series_set(seed: int, lengths: Sequence[int]) -> list[Spectrum]:
    """Return several series one after the other; every other one has a jump."""
    generator = np.random.default_rng(seed)
    made = [random_series(generator, n, jump=k % 2 == 1) for k, n in enumerate(lengths)]
    return [spectrum for series in made for spectrum in series.spectra]
