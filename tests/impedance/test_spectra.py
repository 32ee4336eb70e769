"""The bench's sets: γ, area and impedance belong together."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from anodescope.bench.spectra import NOISE, SERIES_RESISTANCE, sets_a_and_b


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_true_gamma_integrates_to_the_impedance(name):
    made = sets_a_and_b(300)[name].first(4)
    ln_tau = np.arange(-60.0, 60.0, 0.01)
    gamma = made.gamma(np.exp(ln_tau)) * 0.01
    assert gamma.sum(axis=1) == pytest.approx(made.resistance.sum(axis=1), rel=1e-9)
    kernel = 1 / (1 + 2j * pi * made.frequency[:, None] * np.exp(ln_tau))
    assert np.allclose(gamma @ kernel.T + SERIES_RESISTANCE, made.clean, rtol=1e-9)


def test_the_noise_is_what_it_says_and_the_same_in_every_run():
    made = sets_a_and_b(300)["A"]
    relative = (made.impedance - made.clean) / np.abs(made.clean)
    assert np.std(relative.real) == pytest.approx(NOISE, rel=0.02)
    assert np.std(relative.imag) == pytest.approx(NOISE, rel=0.02)
    assert np.array_equal(made.impedance, sets_a_and_b(300)["A"].impedance)


def test_the_window_is_that_of_the_frequencies():
    made = sets_a_and_b(300)["B"]
    tau = made.window()
    assert tau[0] >= 1 / (2 * pi * made.frequency[0])
    assert tau[-1] <= 1 / (2 * pi * made.frequency[-1])
    # The slowest arc of set B lies outside: peaks there are extrapolated.
    assert np.all(made.centre[:, 2] > tau[-1])
