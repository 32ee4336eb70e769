"""Named comparisons: are jumps found where they are and nowhere else, and are onsets kept in place?

Shorts: series of the training generator in which half of the processes fall to a thousandth between
two sweeps. A short of processes that were not yet there cannot be seen: such series count as faint.
Quiet series change without a jump, in seven ways. Both go through the cutting that every inversion
of a series goes through.

Onsets: a cell on a staircase of currents, one process of which is absent up to a known step. Its
area is read off γ, and the knee of area over step is the best corner of a constant and a straight
line. The same knee of the true area is where it should be, so what is left is due to the inversion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.bench.cells import random_series
from anodescope.bench.spectra import noisy, zarc, zarc_gamma
from anodescope.impedance import drt
from anodescope.impedance.loggp.cuts import stretches
from anodescope.impedance.loggp.method import LogGaussian

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

SEED = 20261101
SHORTS, QUIET, ONSETS = 100, 1000, 40
SWEEPS, STEPS, PER_STEP = 120, 14, 5
# A short that moves Z by less than this many σ per number (rms) is faint.
FAINT = 1.0
# Half-width (ln τ) of the range over which the new process's area is taken.
AREA = 0.5 * log(10)


@final
@dataclass(frozen=True, slots=True)
class Row:
    """What was found in one kind of series.

    Attributes
    ----------
    kind, series : what was cut, and how many.
    exact, off, missed, faint : shorts found at the very sweep, within three of it, not at all, and
        not at all where there was nothing to see.
    false : jumps beside those, in all series together.
    """

    kind: str
    series: int
    exact: int
    off: int
    missed: int
    faint: int
    false: int


@final
@dataclass(frozen=True, slots=True)
class OnsetRow:
    """Where a method puts onsets of one kind.

    Attributes
    ----------
    growth, method, series : how the process grows, inverted by what, and how many series.
    bias, spread : mean and standard deviation of found minus true knee (current steps).
    worst : largest distance (current steps).
    within_one : share of the series with a distance of at most one step.
    """

    growth: str
    method: str
    series: int
    bias: float
    spread: float
    worst: float
    within_one: float


def run_jumps(*, shorts: int = SHORTS, quiet: int = QUIET, seed: int = SEED) -> list[Row]:
    """Cut series with a short and series of seven kinds without any."""
    generator = np.random.default_rng(seed)
    rows = [_shorts(generator, shorts)]
    for k, (kind, course) in enumerate(COURSES.items()):
        count = quiet // len(COURSES) + int(k < quiet % len(COURSES))
        false = sum(len(cuts(course(generator))) for _ in range(count))
        rows.append(Row(kind, count, 0, 0, 0, 0, false))
    return rows


def cuts(impedance: Complexes) -> list[int]:
    """Return the sweeps at which the engine cuts a series (T, F) without gaps.

    Where it only goes on to the next core of a stretch, that core sees rows before its own.
    """
    rows = len(impedance)
    nothing = np.zeros(impedance.shape, dtype=bool)
    found = stretches(impedance, nothing, np.arange(rows, dtype=np.float64), None, [])
    return [core.start for core, seen in found[1:] if seen.wanted.start == 0]


def _shorts(generator: np.random.Generator, count: int) -> Row:
    exact = off = missed = faint = false = 0
    for _ in range(count):
        made = random_series(generator, SWEEPS)
        if made.jump is None:
            continue
        found = cuts(np.array([s.impedance for s in made.spectra]))
        before, after = made.spectra[made.jump - 1], made.spectra[made.jump]
        moved = np.abs(after.clean - before.clean) / np.hypot(before.sigma, after.sigma)
        distance = min((abs(row - made.jump) for row in found), default=SWEEPS)
        exact += distance == 0
        off += 0 < distance <= 3
        seen = float(np.sqrt(np.mean(moved**2) / 2)) > FAINT
        missed += distance > 3 and seen
        faint += distance > 3 and not seen
        false += len(found) - int(distance <= 3)
    return Row("short", count, exact, off, missed, faint, false)


def _cell(
    generator: np.random.Generator, factors: Callable[[Floats], Floats], noise: float | Floats = 0.0
) -> Complexes:
    """Three ZARCs, one of which follows `factors` of progress 0 … 1; noise 0: 0.1 to 0.6 %."""
    frequency = np.logspace(generator.uniform(5, 7), generator.uniform(-1.5, 0.5), 45)
    tau = 1 / (2 * pi * np.logspace(np.log10(frequency[3]), np.log10(frequency[-4]), 3))
    progress = np.linspace(0, 1, SWEEPS)
    clean = np.full((SWEEPS, frequency.size), 10.0, dtype=np.complex128)
    for k, centre in enumerate(tau * 10 ** generator.uniform(-0.5, 0.5, 3)):
        size = 10 ** generator.uniform(1.2, 2.3) * (factors(progress) if k == 1 else 1.0)
        phi = np.asarray(generator.uniform(0.75, 0.97))
        sizes = np.broadcast_to(size, SWEEPS)[:, None]
        clean += zarc(frequency, sizes, np.asarray(centre), phi)
    chosen = np.asarray(noise if np.any(noise) else 10 ** generator.uniform(-3, -2.2))
    return noisy(clean, np.abs(clean) * chosen, generator)


def _constant(generator: np.random.Generator) -> Complexes:
    return _cell(generator, np.ones_like)


def _ramp(generator: np.random.Generator) -> Complexes:
    rate = generator.uniform(-2, 2)
    return _cell(generator, lambda t: np.asarray(np.exp(rate * t)))


def _sigmoid(generator: np.random.Generator) -> Complexes:
    """An onset that takes from 4 to 30 sweeps from a quarter to three quarters."""
    middle, rise = generator.uniform(0.2, 0.8), generator.uniform(0.015, 0.12)
    return _cell(generator, lambda t: np.asarray(1e-3 + 1 / (1 + np.exp(-(t - middle) / rise))))


def _oscillation(generator: np.random.Generator) -> Complexes:
    size, cycles = generator.uniform(0.1, 0.4), generator.uniform(0.5, 6)
    return _cell(generator, lambda t: np.asarray(np.exp(size * np.sin(2 * pi * cycles * t))))


def _outlying(generator: np.random.Generator) -> Complexes:
    """One to three sweeps have 5 to 20 times the others' noise; one point in 100 has ten times."""
    noise = np.full((SWEEPS, 45), 10 ** generator.uniform(-3, -2.4))
    noise[generator.choice(SWEEPS, generator.integers(1, 4))] *= generator.uniform(5, 20)
    noise[generator.random(noise.shape) < 0.01] *= 10
    return _cell(generator, np.ones_like, noise)


def _drifting_noise(generator: np.random.Generator) -> Complexes:
    """The noise grows fivefold, or falls."""
    growth = 5 ** np.linspace(0, generator.choice([-1, 1]), SWEEPS)
    return _cell(generator, np.ones_like, 10 ** generator.uniform(-3, -2.4) * growth[:, None])


def _random(generator: np.random.Generator) -> Complexes:
    made = random_series(generator, SWEEPS, jump=False)
    return np.array([s.impedance for s in made.spectra])


COURSES: dict[str, Callable[[np.random.Generator], Complexes]] = {
    "constant": _constant,
    "ramp": _ramp,
    "sigmoid onset": _sigmoid,
    "oscillation": _oscillation,
    "outlying sweeps": _outlying,
    "drifting noise": _drifting_noise,
    "random, changing": _random,
}

# Growth of the new process's resistance with the steps after its onset.
GROWTHS: dict[str, Callable[[Floats], Floats]] = {
    "linear": lambda k: k,
    "square root": lambda k: np.asarray(np.sqrt(5 * k)),
    "quadratic": lambda k: np.asarray(k**2 / 5),
}


def run_onsets(*, count: int = ONSETS, seed: int = SEED) -> list[OnsetRow]:
    """Place onsets of three kinds of growth by single and by joint inversion."""
    rows = []
    for growth, size in GROWTHS.items():
        found: dict[str, list[float]] = {"single": [], "joint": []}
        generator = np.random.default_rng(seed)
        for _ in range(count):
            frequency, impedance, area, centre = onset_series(generator, size)
            truth = knee(area)
            for method, distances in found.items():
                node = drt((frequency, impedance), LogGaussian(joint=method == "joint"))
                near = np.abs(np.log(node["tau"].values / centre)) < AREA
                step = float(np.diff(np.log(node["tau"].values[:2]))[0])
                measured = node["gamma"].values[:, near].sum(axis=1) * step
                distances.append(knee(measured) - truth)
        rows += [_onset_row(growth, method, np.array(v)) for method, v in found.items()]
    return rows


def _onset_row(growth: str, method: str, away: Floats) -> OnsetRow:
    size = np.abs(away)
    return OnsetRow(
        growth,
        method,
        away.size,
        float(away.mean()),
        float(away.std()),
        float(size.max()),
        float((size <= 1).mean()),
    )


def onset_series(
    generator: np.random.Generator, growth: Callable[[Floats], Floats]
) -> tuple[Floats, Complexes, Floats, float]:
    """Draw a staircase with a process that appears.

    Returns
    -------
    frequency (Hz), impedance (Ω) of all sweeps, the true area (Ω) of γ about the new process's
    relaxation time at each sweep, and that time (s).
    """
    frequency = np.logspace(6, -0.5, 53)
    step = np.repeat(np.arange(STEPS, dtype=np.float64), PER_STEP)
    onset = generator.uniform(0.3, 0.7) * STEPS
    new = generator.uniform(2, 10) * growth(np.maximum(step - onset, 0.0))
    centre = 10 ** generator.uniform(-3.4, -2.6)
    rest = ((5e-6, 100.0, 0.05), (1e-1, 80.0, 0.3))
    parts = [(centre, new, 0.9)]
    for place, size, rate in rest:
        moving = size * (1 + generator.uniform(0, rate) * step / STEPS)
        parts.append((place * 10 ** generator.uniform(-0.3, 0.3), moving, 0.88))
    clean = np.full((step.size, frequency.size), 20.0, dtype=np.complex128)
    fine = np.exp(np.linspace(log(centre) - AREA, log(centre) + AREA, 201))
    area = np.zeros(step.size)
    for place, sizes, phi in parts:
        numbers = sizes[:, None], np.asarray(place), np.asarray(phi)
        clean += zarc(frequency, *numbers)
        area += zarc_gamma(fine, *numbers).mean(axis=1) * 2 * AREA
    noise = 10 ** generator.uniform(-2.9, -2.3)
    return frequency, noisy(clean, noise * np.abs(clean), generator), area, centre


def knee(area: Floats) -> float:
    """Return the current step after which the area (of all sweeps) grows, by the best corner."""
    step = np.repeat(np.arange(STEPS, dtype=np.float64), PER_STEP)
    places = np.arange(0.0, STEPS - 1, 0.05)
    costs = []
    for place in places:
        columns = np.stack([np.ones_like(step), np.maximum(step - place, 0.0)], axis=1)
        costs.append(float(np.linalg.lstsq(columns, area, rcond=None)[1].sum()))
    return float(places[int(np.argmin(costs))])
