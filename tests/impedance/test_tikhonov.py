"""Laws and limits of the method "drttools", on bare arrays."""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from anodescope.bench.drttools import measure, stacked_nnls
from anodescope.bench.metrics import relative_l2
from anodescope.bench.spectra import sets_a_and_b, zarc, zarc_gamma
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance import DRTtools, Lattice, solve_drttools
from anodescope.impedance.tikhonov import Basis

FREQUENCY = np.logspace(7, -3, 101)


def one_arc(phi: float) -> np.ndarray:
    return 10 + zarc(FREQUENCY, np.array(100.0), np.array(1e-3), np.array(phi))[None]


def inside(lattice: Lattice) -> np.ndarray:
    tau = lattice.tau
    return (tau > 1 / (2 * pi * FREQUENCY[0])) & (tau < 1 / (2 * pi * FREQUENCY[-1]))


@pytest.mark.parametrize("phi", [0.6, 0.8])
def test_without_noise_gamma_tends_to_the_analytic_one_as_lambda_tends_to_zero(phi):
    errors = []
    for lam in (1e-1, 1e-4, 1e-7):
        lattice, fit = solve_drttools(FREQUENCY, one_arc(phi), method=DRTtools(lam=lam))
        window = inside(lattice)
        truth = zarc_gamma(lattice.tau, np.array(100.0), np.array(1e-3), np.array(phi))
        errors.append(relative_l2(fit.gamma[:, window], truth[None, window])[0])
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.02


def test_the_area_under_gamma_is_the_resistance():
    lattice, fit = solve_drttools(FREQUENCY, one_arc(0.8))
    assert fit.polarisation_resistance[0] == pytest.approx(100, rel=1e-3)
    assert fit.series_resistance[0] == pytest.approx(10, rel=1e-3)
    # The lattice is fine enough that the plain sum is the integral.
    assert fit.gamma[0].sum() * lattice.step == pytest.approx(
        fit.polarisation_resistance[0], rel=1e-5
    )


def test_an_inductance_is_found_and_can_be_left_out():
    henry = 2e-6
    z = one_arc(0.8) + 2j * pi * FREQUENCY * henry
    assert solve_drttools(FREQUENCY, z)[1].inductance[0] == pytest.approx(henry, rel=1e-2)
    without = solve_drttools(FREQUENCY, z, method=DRTtools(inductance=False))[1]
    assert without.inductance[0] == 0
    assert without.objective[0] > 1


@pytest.mark.parametrize("factor", [1e-3, 1e3, 1e9])
def test_the_result_is_linear_in_impedance(factor):
    z = sets_a_and_b(300)["A"].first(5)
    _, fit = solve_drttools(z.frequency, z.impedance)
    _, scaled = solve_drttools(z.frequency, z.impedance * factor)
    assert relative_l2(scaled.gamma / factor, fit.gamma).max() < 1e-9
    assert scaled.series_resistance / factor == pytest.approx(fit.series_resistance, rel=1e-9)
    assert scaled.objective / factor**2 == pytest.approx(fit.objective, rel=1e-9)


def test_the_order_of_frequencies_does_not_matter():
    z = sets_a_and_b(300)["B"].first(3)
    shuffled = np.random.default_rng(1).permutation(z.frequency.size)
    _, fit = solve_drttools(z.frequency, z.impedance)
    _, other = solve_drttools(z.frequency[shuffled], z.impedance[:, shuffled])
    assert np.array_equal(fit.gamma, other.gamma)
    assert np.array_equal(fit.fit[:, shuffled], other.fit)


def test_a_large_lambda_flattens():
    z = sets_a_and_b(300)["A"].first(3)
    rough = [
        np.abs(
            np.diff(solve_drttools(z.frequency, z.impedance, method=DRTtools(lam=lam))[1].gamma)
        ).max(axis=1)
        for lam in (1e-3, 1e1, 1e5, 1e9)
    ]
    assert np.all(np.diff(np.array(rough), axis=0) < 0)
    assert np.all(rough[-1] < 1e-3 * rough[0])


@pytest.mark.parametrize("lam", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("name", ["A", "B"])
def test_every_spectrum_agrees_with_the_stacked_nnls(name, lam):
    made, method = sets_a_and_b(300)[name].first(20), DRTtools(lam=lam)
    lattice, fit = solve_drttools(made.frequency, made.impedance, method=method)
    safe, objective = stacked_nnls(
        method.design(made.frequency, lattice.per_decade), made.impedance
    )
    assert np.abs(fit.objective / objective - 1).max() < 1e-6
    assert relative_l2(fit.coefficients, safe[:, -lattice.size :]).max() < 0.01
    assert np.all(fit.gamma >= 0)
    assert np.all(fit.series_resistance >= 0)
    assert set(fit.outcome) <= {Outcome.converged, Outcome.fallback}


def test_without_regularisation_there_is_an_answer_and_an_outcome():
    made = sets_a_and_b(300)["A"].first(2)
    _, fit = solve_drttools(made.frequency, made.impedance, method=DRTtools(lam=0.0))
    assert np.all(np.isfinite(fit.gamma))
    assert np.all(fit.gamma >= 0)
    assert len(fit.outcome) == 2


def test_the_objective_is_the_definition_written_out():
    made, method = sets_a_and_b(300)["A"].first(2), DRTtools()
    lattice, fit = solve_drttools(made.frequency, made.impedance, method=method)
    basis = Basis(lattice, method.coefficient)
    # A fine Riemann sum of (dγ/d ln τ)², the derivative by the Gaussians' own formula.
    s = np.linspace(lattice.ln_tau[0] - 3, lattice.ln_tau[-1] + 3, 40_001)
    distance = s[:, None] - lattice.ln_tau[None, :]
    slope = (-2 * basis.sharpness**2 * distance * basis.at(s)) @ fit.coefficients.T
    penalty = (slope**2).sum(axis=0) * (s[1] - s[0])
    misfit = (np.abs(made.impedance - fit.fit) ** 2).sum(axis=1)
    assert fit.objective == pytest.approx(misfit + method.lam * penalty, rel=1e-6)


@pytest.mark.parametrize("per_decade", [4, 10, 20])
@pytest.mark.parametrize("hertz", [1e-2, 1.0, 1e3])
def test_basis_integrals_agree_with_quadrature(hertz, per_decade):
    basis = Basis(Lattice(per_decade, -4, 2), 0.5)
    row = basis.impedance(np.array([hertz]))[0]
    for k, centre in enumerate(basis.lattice.ln_tau):

        def integrand(s: float, part: str, centre: float = centre) -> float:
            z = 1 / (1 + 2j * pi * hertz * np.exp(s))
            return getattr(z, part) * np.exp(-((basis.sharpness * (s - centre)) ** 2))

        span = (centre - 7 / basis.sharpness, centre + 7 / basis.sharpness)
        for part in ("real", "imag"):
            expected = quad(integrand, *span, args=(part,), epsabs=1e-13, epsrel=1e-12)[0]
            assert getattr(row[k], part) == pytest.approx(expected, abs=1e-11)


def test_the_width_of_a_basis_function_is_two_lattice_steps():
    basis = Basis(Lattice(10, 0, 1), 0.5)
    half_width = np.array([basis.lattice.step])
    assert basis.at(half_width)[0, 0] == pytest.approx(0.5)
    assert basis.area == pytest.approx(basis.lattice.step * sqrt(pi / log(2)))


@pytest.mark.parametrize(
    "settings",
    [
        {"lam": -1.0},
        {"lam": np.nan},
        {"coefficient": 0.01},
        {"per_decade": 0},
        {"extension": (-9.0, 0.0)},
        {"extension": (np.inf, 0.0)},
    ],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(SettingsError, match=next(iter(settings))):
        DRTtools(**settings)


@pytest.mark.slow
@pytest.mark.parametrize("lam", [1e-3, 1e-9])
@pytest.mark.parametrize("name", ["A", "B"])
def test_all_300_spectra_agree_with_the_stacked_nnls(name, lam):
    found = measure(name, lam, 300)
    assert found["objective_gap"] <= 1e-6
    assert found["gamma_gap"] <= 1e-2
