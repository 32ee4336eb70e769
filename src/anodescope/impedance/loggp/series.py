"""A series of sweeps of one grid, inverted together: smoothed in time, then each with its noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, Design
from anodescope.impedance.loggp.prior import FROZEN, Prior
from anodescope.impedance.loggp.problem import LEAST_SPAN, Problem, Solution, Terms
from anodescope.impedance.loggp.reduction import Reduced
from anodescope.impedance.loggp.single import (
    Choice,
    choose,
    legal,
    problem_of,
    unasked,
)
from anodescope.impedance.loggp.smoothing import (
    Smoothed,
    logarithm,
    smooth,
)
from anodescope.impedance.sweeps import stacked_parts

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Variance that no smoothing takes away, as the model of the noise is never exact.
LEAST_LEVERAGE = 2e-3
# Further terms are tried in every so many sweeps of a stretch; between them only where a
# neighbour has some.
EVERY = 8
# Noise of single sweeps is taken from every third, or from this many where there are few.
LEVELLED, THIRD = 8, 3
# Sweeps by which it is told whether a cell changes within sweeps.
DECIDING = 4
PLAIN = Terms((SERIES, INDUCTANCE))
# Noise over time above this many times that of single sweeps is no noise; below the second number
# no instrument measures, so that nothing is held against it.
RESTLESS, LEAST_NOISE = 2.5, 1e-4
# A frequency is smoothed in time where this share of the sweeps has it.
KNOWN = 0.5
# What a sweep lacks may be taken from this many sweeps on either side, and from no further.
BESIDE = 3


@final
@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive sweeps of one grid that may be smoothed together, and those to be inverted.

    Attributes
    ----------
    impedance : (Ω), with anything finite where missing, shape (T, F).
    missing : points that were not measured, shape (T, F).
    time : of each sweep (s), ascending, shape (T,).
    instants : of each point after its sweep's time (s), shape (T, F); None: all at once.
    profile : noise of each column relative to their rms, shape (2F,).
    sigma : noise of ln |Z| and arg Z over the profile.
    wanted : which rows are to be inverted.
    """

    impedance: Complexes
    missing: Bools
    time: Floats
    instants: Floats | None
    profile: Floats
    sigma: float
    wanted: slice


def known_points(missing: Bools) -> Bools:
    """Tell which frequencies were measured often enough to be smoothed in time, shape (F,)."""
    return np.asarray(missing.mean(axis=0) <= 1 - KNOWN)


def supported(stretch: Stretch) -> Bools:
    """Tell which wanted sweeps have what they lack in sweeps near by, on both sides of them."""
    there = ~stretch.missing
    rows = range(*stretch.wanted.indices(len(stretch.time)))
    found = []
    for row in rows:
        before = there[max(row - BESIDE, 0) : row].any(axis=0)
        after = there[row + 1 : row + 1 + BESIDE].any(axis=0)
        found.append(bool((there[row] | (before & after)).all()))
    return np.array(found, dtype=np.bool_)


def steady(design: Design, stretch: Stretch) -> bool:
    """Tell whether sweeps differ from their neighbours by no more than their own noise does.

    The noise over time is held against that of single sweeps, by what no γ can describe. Where it
    is far larger the sweeps are of different cells or states, and are not to be smoothed together.
    All that are seen have a say, so that the answer does not change with the sweeps wanted.
    """
    levels = []
    complete = np.flatnonzero(~stretch.missing.any(axis=1))
    for row in complete[:: min(max(complete.size // LEVELLED, 1), THIRD)]:
        problem = problem_of(design, stretch.impedance[row])
        columns = problem.columns(PLAIN)
        reduced = Reduced.of(problem.left, columns, problem.data, problem.right)
        freedom = problem.data.size - columns.shape[1] - reduced.data.size
        if freedom > 0:
            levels.append(np.sqrt(reduced.rest / freedom))
    if not levels:
        return False
    return stretch.sigma <= RESTLESS * max(float(np.median(levels)), LEAST_NOISE)


def fit_stretch(
    design: Design, stretch: Stretch, chosen: Bools | None = None, *, prior: Prior = FROZEN
) -> dict[int, tuple[Choice, Complexes]]:
    """Invert wanted rows of a stretch that is long enough to be smoothed.

    Parameters
    ----------
    chosen : which of the wanted rows; None: all.

    Returns
    -------
    by place among the wanted rows the choice, and the smoothed impedance (Ω) it rests on, (F,).
    """
    values = logarithm(stretch.impedance) / stretch.profile
    both = np.concatenate([stretch.missing, stretch.missing], axis=1)
    smoothed = smooth(values, stretch.time, stretch.sigma, both)
    version = smoothed.values
    if stretch.instants is not None:
        other = moved(smoothed.values, stretch.time, stretch.instants)
        if _changes_within(design, stretch, smoothed, other, prior):
            version = other
    first, end, _ = stretch.wanted.indices(len(values))
    places = np.arange(end - first) if chosen is None else np.flatnonzero(chosen)
    problems, spectra = _laid_out(design, stretch, smoothed, version, first + places, prior)
    tried: dict[int, Choice] = {}
    before: Solution | None = None
    for k in sorted({*range(0, len(places), EVERY), len(places) - 1} - {-1}):
        plain = legal(problems[k].solve(PLAIN, before))
        before = plain if plain.settled else None
        tried[k] = choose(plain)
    found = zip(_in_turn(problems, spectra, tried), spectra, strict=True)
    return dict(zip(places.tolist(), found, strict=True))


def _changes_within(
    design: Design, stretch: Stretch, smoothed: Smoothed, other: Floats, prior: Prior
) -> bool:
    """Tell whether sweeps are described better with all points moved to one instant.

    A cell that changes from sweep to sweep, not within them, is described worse. That shows in the
    sweeps that moving changes most; others would decide by their noise. Those at the ends are
    extrapolated and have no say.
    """
    away = ((other - smoothed.values) ** 2).sum(axis=1)
    away[[0, -1]] = 0.0
    rows = np.sort(np.argsort(-away, kind="stable")[:DECIDING])
    misfit = [
        sum(
            np.log(max(legal(problem.solve(PLAIN)).variance, 1e-300))
            for problem in _laid_out(design, stretch, smoothed, version, rows, prior)[0]
        )
        for version in (smoothed.values, other)
    ]
    return bool(misfit[1] < misfit[0])


def _laid_out(
    design: Design,
    stretch: Stretch,
    smoothed: Smoothed,
    values: Floats,
    rows: Ints,
    prior: Prior,
) -> tuple[list[Problem], list[Complexes]]:
    """The problems of some rows, and the spectra (Ω) they are of."""
    spectra = [_exponential(values[row] * stretch.profile) for row in rows]
    problems = [
        _problem(design, stretch, smoothed, int(row), impedance, prior)
        for row, impedance in zip(rows, spectra, strict=True)
    ]
    return problems, spectra


def _in_turn(
    problems: list[Problem], spectra: list[Complexes], tried: dict[int, Choice]
) -> list[Choice]:
    """Fit the rows one from the other; terms are tried only beside rows that call for some."""
    found: list[Choice] = []
    before: Solution | None = None
    for place, problem in enumerate(problems):
        choice = tried.get(place)
        if choice is None:
            plain = legal(problem.solve(PLAIN, before))
            near = [tried[k] for k in tried if abs(k - place) < EVERY]
            called = any(_called_for(one) for one in near)
            choice = choose(plain, like=before) if called else unasked(plain)
        before = choice.solution if choice.solution.settled else None
        found.append(choice)
    return found


def _called_for(choice: Choice) -> bool:
    terms = choice.solution.terms
    beside = replace(terms, columns=PLAIN.columns, exponent=PLAIN.exponent) != PLAIN
    return beside or choice.solution.negative or bool(set(terms.columns) - set(PLAIN.columns))


def _exponential(values: Floats) -> Complexes:
    half = values.size // 2
    return np.asarray(np.exp(values[:half] + 1j * values[half:]))


def moved(values: Floats, time: Floats, instants: Floats) -> Floats:
    """Move each column from the instants at which it was measured to the sweeps' own times.

    Parameters
    ----------
    values : smoothed, shape (T, 2F).
    time : to which all are moved (s), shape (T,).
    instants : when each point was measured, after `time` (s), shape (T, F).
    """
    from scipy.interpolate import CubicSpline

    found = np.empty_like(values)
    points = instants.shape[1]
    for point in range(points):
        when = time + np.nan_to_num(instants[:, point])
        columns = [point, points + point]
        if (np.diff(when) <= 0).any():
            found[:, columns] = values[:, columns]
            continue
        spline = CubicSpline(when, values[:, columns], bc_type="natural")
        inside = np.clip(time, when[0], when[-1])
        found[:, columns] = spline(inside) + spline(inside, 1) * (time - inside)[:, None]
    return found


def _problem(
    design: Design,
    stretch: Stretch,
    smoothed: Smoothed,
    row: int,
    impedance: Complexes,
    prior: Prior,
) -> Problem:
    """Whiten a smoothed spectrum: relative residuals, in components of known leverage."""
    turned = 1 / impedance
    profile = stretch.profile
    whiten = _whitening(turned, profile, smoothed.basis, smoothed.leverage[row])
    scale = float(np.abs(impedance).max())
    half = impedance.size
    # What smoothing leaves of the noise asks for the finer rank.
    left = np.asarray(design.left[1][:half] + 1j * design.left[1][half:], dtype=np.complex128)
    return Problem(
        design=design,
        whiten=lambda rows: whiten(rows * scale),
        data=whiten(impedance[:, None])[:, 0],
        left=whiten(left * scale),
        right=design.right[1],
        scale=scale,
        spread=max(float(np.ptp(impedance.real)) / scale, LEAST_SPAN),
        prior=prior,
    )


def _whitening(
    turned: Complexes, profile: Floats, basis: Floats, leverage: Floats
) -> Callable[[Complexes], Floats]:
    weight = 1 / np.sqrt(leverage + LEAST_LEVERAGE)
    rotation = (weight[:, None] * basis.T) / profile[None, :]

    def whiten(rows: Complexes) -> Floats:
        relative = stacked_parts((rows * turned[:, None]).T).T
        return np.ascontiguousarray(rotation @ relative)

    return whiten
