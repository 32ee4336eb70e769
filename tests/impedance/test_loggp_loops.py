"""Inductive loops: their bells and columns, how they are found, and when they are not there."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from anodescope.bench.cells import random_cells
from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, Design, Loop
from anodescope.impedance.loggp.loops import EXPONENTS, STILL, candidates, places
from anodescope.impedance.loggp.problem import Solution, Terms
from anodescope.impedance.loggp.single import Choice, fit_single, problem_of
from anodescope.impedance.loggp.uncertainty import wanted_moves

from .dense_posterior import at_its_optimum, joint, prior_precision
from .loop_cells import (
    DESIGN,
    FREQUENCY,
    LOOP,
    LOOPED,
    OMEGA,
    PER_DECADE,
    fitted,
    has_settled,
    loops_of,
    noisy,
    size_of,
    zarc,
)

Floats = npt.NDArray[np.float64]

PHIS = (0.6, 0.75, 0.9)


def bell(ln_tau: Floats, place: float, phi: float) -> Floats:
    """γ of a loop of 1 Ω."""
    turn = np.pi * (1 - phi)
    return np.asarray(
        -np.sin(turn) / (2 * np.pi) / (np.cosh(phi * (ln_tau - place)) - np.cos(turn))
    )


@pytest.mark.parametrize("phi", [*PHIS, 0.96, 0.999])
@pytest.mark.parametrize("place", [-11.0, -4.3, 2.0])
def test_a_bell_holds_what_lies_within_the_lattice(phi: float, place: float) -> None:
    """As its closed form does, integrated closely from end to end."""
    lattice, half = DESIGN.lattice, 0.5 * DESIGN.lattice.step
    edges = lattice.ln_tau[0] - half, lattice.ln_tau[-1] + half
    near = place + np.sinh(np.linspace(-13, 13, 200_001)) * 1e-4
    grid = np.unique(np.concatenate([near[(near > edges[0]) & (near < edges[1])], edges]))
    expected = np.trapezoid(bell(grid, place, phi), grid)
    area = DESIGN.bells([Loop(place, phi, 1.0)])[0].sum() * lattice.step
    assert area == pytest.approx(expected, rel=1e-5)
    assert -1 < area < -0.8


def test_the_area_of_a_narrow_bell_is_minus_one() -> None:
    assert DESIGN.bells([Loop(-4.0, 0.999, 1.0)])[0].sum() * DESIGN.lattice.step == pytest.approx(
        -1, abs=1e-5
    )


@pytest.mark.parametrize("phi", PHIS)
def test_bells_become_the_closed_form_as_the_lattice_gets_finer(phi: float) -> None:
    """A mean over a cell differs from the middle by h²/24 times the second derivative."""
    errors = []
    for per_decade in (16, 32, 64):
        design = Design.of(FREQUENCY, per_decade)
        found = design.bells([Loop(-4.0, phi, 1.0)])[0]
        errors.append(np.abs(found - bell(design.lattice.ln_tau, -4.0, phi)).max())
    assert errors[1] == pytest.approx(errors[0] / 4, rel=0.2)
    assert errors[2] == pytest.approx(errors[1] / 4, rel=0.2)


@pytest.mark.parametrize("phi", [*PHIS, 0.999])
def test_a_column_is_the_impedance_of_a_negative_zarc(phi: float) -> None:
    found = DESIGN.loop_columns([Loop(np.log(0.02), phi, 7.0), Loop(np.log(3e-5), phi, 1.0)])
    for column, tau in zip(found.T, (0.02, 3e-5), strict=True):
        np.testing.assert_allclose(column, -1 / (1 + (OMEGA * tau) ** phi), rtol=1e-12)


@pytest.mark.parametrize("phi", PHIS)
def test_the_bell_has_the_impedance_of_the_column(phi: float) -> None:
    """But for what lies beyond the lattice, and h²/24 times the second derivative of Z."""
    loop = [Loop(-4.0, phi, 1.0)]
    shape, step = DESIGN.bells(loop)[0], DESIGN.lattice.step
    power = (OMEGA * np.exp(-4.0)) ** phi
    bend = np.abs(phi**2 * power * (1 - power) / (1 + power) ** 3).max()
    error = np.abs(DESIGN.response @ shape - DESIGN.loop_columns(loop)[:, 0]).max()
    assert error <= 1.05 * (1 + shape.sum() * step + step**2 / 24 * bend)


def test_a_loop_is_recovered_as_noise_vanishes() -> None:
    """Medians over five draws: in place, in exponent, and in resistance."""
    errors = []
    for share in (1e-2, 3e-3, 3e-4):
        found = [loops_of(fit_single(DESIGN, noisy(LOOPED, share, 40 + k))) for k in range(5)]
        assert [len(loops) for loops in found] == [1] * 5
        truth = np.array([np.log(LOOP[0]), LOOP[1], LOOP[2]])
        away = np.abs(np.array(found)[:, 0] - truth)
        errors.append(np.median(away, axis=0))
    assert (errors[0] > errors[2]).all()
    # Less than a lattice step, a hundredth, a percent.
    assert (errors[2] < [DESIGN.lattice.step, 0.01, 0.01 * LOOP[2]]).all()


MEASURED = noisy(LOOPED, 3e-3, 9)


def test_a_loop_scales_with_the_impedance() -> None:
    (plain,) = loops_of(fit_single(DESIGN, MEASURED))
    (scaled,) = loops_of(fit_single(DESIGN, 1000 * MEASURED))
    assert scaled[:2] == pytest.approx(plain[:2], abs=1e-6)
    assert scaled[2] == pytest.approx(1000 * plain[2], rel=1e-5)


@pytest.mark.parametrize("steps", [-32, 16, 7])
def test_a_loop_moves_with_the_frequencies(steps: int) -> None:
    factor = 10.0 ** (steps / PER_DECADE)
    (plain,) = loops_of(fit_single(DESIGN, MEASURED))
    (moved,) = loops_of(fit_single(Design.of(FREQUENCY / factor, PER_DECADE), MEASURED))
    # Moves of less than `STILL` are not made, and rounding may decide which is the last.
    assert moved[0] == pytest.approx(plain[0] + np.log(factor), abs=STILL)
    assert moved[1] == pytest.approx(plain[1], abs=STILL)
    assert moved[2] == pytest.approx(plain[2], rel=2 * STILL)


@pytest.mark.parametrize("share", [1e-3, 3e-3, 1e-2])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_single_time_constants_have_no_loop(count: int, share: float) -> None:
    """What the lattice misses of a spike of γ is not taken for one."""
    cell = 5 + sum(zarc(30 * (k + 1), 10.0 ** (2 * k - 4), 1.0) for k in range(count))
    for seed in range(5):
        assert not loops_of(fit_single(DESIGN, noisy(np.asarray(cell), share, 60 + seed)))


@pytest.mark.parametrize("share", [1e-2, 1e-3])
@pytest.mark.parametrize(
    ("tau", "phi"),
    [(1e-5, 0.9), (3e-5, 0.9), (1e-4, 0.9), (1e-4, 0.8), (1e-5, 0.8)],
)
def test_a_resistor_beside_an_inductor_is_a_loop(tau: float, phi: float, share: float) -> None:
    """iωL·R/(R + iωL) = R − R/(1 + iωτ), τ = L/R: a loop of R, and R more in series."""
    cell = 5 + zarc(50, 0.02, phi) + 6 * OMEGA * tau / (1 + OMEGA * tau)
    for seed in range(3):
        choice = fit_single(DESIGN, noisy(cell, share, seed))
        (loop,) = loops_of(choice)
        assert loop[0] == pytest.approx(np.log(tau), abs=0.1)
        assert loop[2] == pytest.approx(6, rel=0.1)
        # What is left of R0 is seen where |Z| is some 55 Ω.
        assert size_of(choice, SERIES) - loop[2] == pytest.approx(5, abs=0.2 + 55 * share)


@cache
def plain_fit() -> Solution:
    """A fit that misses its loop, at its very optimum."""
    problem = problem_of(DESIGN, MEASURED)
    return at_its_optimum(problem.solve(Terms((SERIES, INDUCTANCE))))


def test_candidates_gain_what_the_dense_formula_says() -> None:
    """½ (cᵀS⁻¹e)²/(cᵀS⁻¹c) is largest there, and (cᵀS⁻¹e)/(cᵀS⁻¹c) is their size."""
    solution = plain_fit()
    jacobian = solution.matrix * solution.positive
    spread = jacobian @ np.linalg.solve(prior_precision(solution), jacobian.T)
    spread += solution.variance * np.eye(len(jacobian))
    away = solution.data - solution.matrix @ solution.positive
    away = away + jacobian @ (solution.u - solution.mean)
    at = places(DESIGN)
    tried = [[Loop(float(place), phi, 1.0) for phi in EXPONENTS] for place in at]
    shifts = np.array([[solution.matrix @ b for b in DESIGN.bells(row)] for row in tried])
    score = shifts @ np.linalg.solve(spread, away)
    power = np.einsum("pek,pek->pe", shifts, shifts @ np.linalg.inv(spread))
    gain = np.where(score > 0, 0.5 * score**2 / power, 0.0)
    ridge = np.concatenate([[0.0], gain.max(axis=1), [0.0]])
    hills = [k for k in range(at.size) if ridge[k] < ridge[k + 1] >= ridge[k + 2]]
    hills = sorted(hills, key=lambda k: -ridge[k + 1])[:3]
    found = candidates(solution)
    assert len(found) == len(hills) > 0
    for loop, hill in zip(found, hills, strict=True):
        kind = int(gain[hill].argmax())
        assert abs(loop.place - at[hill]) <= 0.5 * (at[1] - at[0]) + 1e-9
        near = EXPONENTS[max(kind - 1, 0)], EXPONENTS[min(kind + 1, len(EXPONENTS) - 1)]
        assert near[0] <= loop.exponent <= near[1]
        assert loop.size == pytest.approx(score[hill, kind] / power[hill, kind], rel=1e-6)


@pytest.mark.parametrize("away", [(0.0, 0.0), (0.4, -0.05), (-0.5, 0.04)])
def test_a_wanted_move_is_that_of_a_dense_gauss_newton_step(away: tuple[float, float]) -> None:
    """From a loop that stands beside its place, and of two loops at once."""
    problem = problem_of(DESIGN, MEASURED)
    first = Loop(np.log(LOOP[0]) + away[0], LOOP[1] + away[1], 0.3)
    for loops in ((first,), (first, Loop(np.log(1e-3), 0.8, 0.1))):
        solution = problem.solve(Terms((SERIES,), loops=loops))
        dense = joint(solution)
        found = wanted_moves(solution, np.zeros(len(solution.terms.loops), dtype=bool)).ravel()
        np.testing.assert_allclose(found, dense.step[dense.moves], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("off", [-0.1, 0.1])
def test_a_wanted_move_points_to_the_loop(off: float) -> None:
    """From nearby, where the step is that of a linear problem."""
    problem = problem_of(DESIGN, noisy(LOOPED, 1e-4, 2))
    loop = Loop(np.log(LOOP[0]) + off, LOOP[1], 0.3)
    move = wanted_moves(problem.solve(Terms((SERIES,), loops=(loop,))), np.zeros(1, dtype=bool))[
        0, 0
    ]
    assert move == pytest.approx(-off, rel=0.5)


@cache
def plain_cells() -> tuple[Choice, ...]:
    return tuple(fitted(cell) for cell in random_cells(90210, 200))


@pytest.mark.slow
def test_plain_cells_have_no_loop() -> None:
    """A Bayes factor of 20 that is asked for only where noise is exceeded: under 2 %."""
    assert sum(bool(choice.solution.terms.loops) for choice in plain_cells()) <= 4


@pytest.mark.slow
def test_fits_with_loops_settle() -> None:
    """All of them, of 60 cells that have one."""
    choices = [fitted(cell) for cell in random_cells(77001, 60, "loop")]
    looped = [choice for choice in choices if choice.solution.terms.loops]
    assert len(looped) >= 30
    assert all(has_settled(choice) for choice in looped)
