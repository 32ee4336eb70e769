"""Against pyDRTtools 0.2, which runs apart in `.venv-bench`; skipped where that is absent."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench.drttools import ask_pydrttools
from anodescope.bench.metrics import relative_l2
from anodescope.bench.spectra import SyntheticSet, sets_a_and_b, zarc
from anodescope.impedance import DRTTOOLS_RANGE, DRTtools, solve_drttools


def on_the_lattice() -> SyntheticSet:
    """Three arcs at frequencies 10**(k/10) Hz: then DRTtools' τ = 1/f are lattice points."""
    frequency = 10.0 ** (np.arange(65, -11, -1) / 10)
    made = sets_a_and_b(300)["A"].first(3)
    parts = zarc(frequency, made.resistance[..., None], made.centre[..., None], made.phi[..., None])
    clean = 20 + parts.sum(axis=1)
    generator = np.random.default_rng(7)
    noise = generator.standard_normal(clean.shape) + 1j * generator.standard_normal(clean.shape)
    noisy = clean + 0.003 * np.abs(clean) * noise
    return SyntheticSet("C", frequency, noisy, clean, made.resistance, made.centre, made.phi)


@pytest.mark.parametrize("inductance", [True, False])
def test_the_same_basis_gives_the_same_distribution(inductance):
    made = on_the_lattice()
    method = DRTtools(inductance=inductance, extension=DRTTOOLS_RANGE)
    lattice, fit = solve_drttools(made.frequency, made.impedance, method=method)
    assert np.allclose(np.sort(1 / made.frequency), lattice.tau, rtol=1e-12)
    # Its interior-point solver stops about 2 % short in γ by itself, so it is driven further.
    peer = ask_pydrttools(made, method.lam, tau=lattice.tau, inductance=inductance, tolerance=1e-12)
    if not peer.ran:
        assert peer.status == "not installed", peer.status
        pytest.skip("pyDRTtools is not installed in .venv-bench")
    assert peer.versions[0] == "0.2"
    assert relative_l2(peer.arrays["gamma"], fit.gamma).max() < 1e-4
    assert np.allclose(peer.arrays["resistance"], fit.series_resistance, rtol=1e-6)


def test_on_set_a_both_are_equally_far_from_the_truth():
    made = sets_a_and_b(300)["A"].first(3)
    peer = ask_pydrttools(made, 1e-3)
    if not peer.ran:
        assert peer.status == "not installed", peer.status
        pytest.skip("pyDRTtools is not installed in .venv-bench")
    method = DRTtools()
    lattice, fit = solve_drttools(made.frequency, made.impedance, method=method)
    at_window = method.design(made.frequency, lattice.per_decade).basis.at(np.log(made.window()))
    truth = made.gamma(made.window())
    ours = relative_l2(fit.coefficients @ at_window.T, truth)
    theirs = relative_l2(peer.arrays["gamma"], truth)
    assert np.allclose(ours, theirs, atol=0.03)
