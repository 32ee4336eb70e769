"""Laws and limits of the engine on one spectrum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from anodescope.impedance import drt
from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, Design
from anodescope.impedance.loggp.single import coefficient_spread, fit_single, problem_of

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

PER_DECADE = 16
# On the lattice, so that a shift by lattice steps is one of the same numbers.
FREQUENCY = 10.0 ** (np.arange(96, -33, -2) / PER_DECADE) / (2 * np.pi)
OMEGA = 2j * np.pi * FREQUENCY


def zarc(resistance: float, tau: float, phi: float) -> Complexes:
    return np.asarray(resistance / (1 + (OMEGA * tau) ** phi))


def noisy(impedance: Complexes, share: float, seed: int = 3) -> Complexes:
    both = np.random.default_rng(seed).standard_normal((2, impedance.size))
    return np.asarray(impedance * (1 + share * (both[0] + 1j * both[1])))


def exact(ln_tau: Floats, resistance: float, tau: float, phi: float) -> Floats:
    """γ of a ZARC per unit ln τ."""
    x = phi * (ln_tau - np.log(tau))
    top = resistance / (2 * np.pi) * np.sin((1 - phi) * np.pi)
    return np.asarray(top / (np.cosh(x) - np.cos((1 - phi) * np.pi)))


TWO = 5 + 1e-6 * OMEGA + zarc(20, 1e-4, 0.9) + zarc(50, 0.03, 0.8)
MEASURED = noisy(TWO, 3e-3)


def test_gamma_scales_with_the_impedance() -> None:
    plain, scaled = drt((FREQUENCY, MEASURED)), drt((FREQUENCY, 1000 * MEASURED))
    expected = 1000 * plain.gamma.values
    assert np.abs(scaled.gamma.values - expected).max() <= 1e-6 * expected.max()


@pytest.mark.parametrize("steps", [-32, 16, 7])
def test_gamma_moves_with_the_frequencies(steps: int) -> None:
    """Of cells whose times are all a-fold, γ(ln τ) is the same but for a shift of ln a."""
    factor = 10.0 ** (steps / PER_DECADE)
    plain, moved = drt((FREQUENCY, MEASURED)), drt((FREQUENCY / factor, MEASURED))
    np.testing.assert_allclose(moved.tau.values, plain.tau.values * factor, rtol=1e-12)
    scale = plain.gamma.values.max()
    assert np.abs(moved.gamma.values - plain.gamma.values).max() <= 1e-6 * scale
    assert moved.inductance.values == pytest.approx(plain.inductance.values * factor, rel=1e-5)


def test_the_order_of_the_points_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(FREQUENCY.size)
    plain, mixed = drt((FREQUENCY, MEASURED)), drt((FREQUENCY[order], MEASURED[order]))
    assert (plain.gamma.values == mixed.gamma.values).all()
    assert (plain.fit.values[0, order] == mixed.fit.values[0]).all()


def test_two_calls_have_the_same_bits() -> None:
    first, second = drt((FREQUENCY, MEASURED)), drt((FREQUENCY, MEASURED))
    assert first.drop_attrs().identical(second.drop_attrs())


@pytest.mark.parametrize("seed", range(5))
def test_series_resistance_and_inductance_are_recovered(seed: int) -> None:
    """Within four of their own standard deviations."""
    design = Design.of(FREQUENCY, PER_DECADE)
    solution = fit_single(design, noisy(TWO, 3e-3, seed)).solution
    spread = coefficient_spread(solution) * solution.problem.scale
    sizes = solution.coefficients * solution.problem.scale
    for name, truth in ((SERIES, 5.0), (INDUCTANCE, 1e-6)):
        place = solution.terms.columns.index(name)
        unit = design.unit(name)
        assert abs(sizes[place] * unit - truth) <= 4 * spread[place] * unit


def test_a_zarc_is_recovered_as_the_noise_vanishes() -> None:
    errors = []
    for share in (3e-2, 1e-3, 3e-5):
        node = drt((FREQUENCY, noisy(2 + zarc(10, 1e-2, 0.8), share)))
        truth = exact(np.log(node.tau.values), 10, 1e-2, 0.8)
        errors.append(np.linalg.norm(node.gamma.values[0] - truth) / np.linalg.norm(truth))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.03


def test_an_rc_has_its_place_and_its_resistance() -> None:
    """γ is a spike there: its mean ln τ is within a lattice step, its integral is R."""
    node = drt((FREQUENCY, noisy(2 + zarc(10, 1e-2, 1.0), 1e-4)))
    gamma = node.gamma.values[0]
    mean = (gamma * np.log(node.tau.values)).sum() / gamma.sum()
    assert mean == pytest.approx(np.log(1e-2), abs=np.log(10) / PER_DECADE)
    assert node.polarisation_resistance.values[0] == pytest.approx(10, rel=1e-2)


def test_the_fit_met_its_conditions() -> None:
    """A further step would gain almost nothing in log density."""
    solution = fit_single(Design.of(FREQUENCY, PER_DECADE), MEASURED).solution
    assert solution.settled
    assert solution.decrement < 0.5


def test_coefficients_are_those_of_least_squares() -> None:
    problem = problem_of(Design.of(FREQUENCY, PER_DECADE), MEASURED)
    solution = fit_single(problem.design, MEASURED).solution
    problem = solution.problem
    rest = problem.data - problem.left @ (problem.right @ solution.gamma)
    expected = np.linalg.lstsq(problem.columns(solution.terms), rest, rcond=None)[0]
    np.testing.assert_allclose(solution.coefficients, expected, rtol=1e-6, atol=1e-9)
