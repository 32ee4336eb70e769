"""Noise on a curve whose samples repeat an instant, as where one step follows another."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.events.onset.knee import noise_of


def test_a_repeated_instant_is_no_noise_and_no_division_by_zero() -> None:
    random = np.random.default_rng(3)
    x = np.linspace(0.0, 10.0, 400)
    y = np.exp(-x) + 1e-3 * random.standard_normal(x.size)
    twice = np.repeat(np.arange(x.size), np.where(np.arange(x.size) % 40 == 0, 2, 1))
    assert noise_of(x[twice], y[twice]) == pytest.approx(noise_of(x, y), rel=1e-12)
    # A standard deviation from some 390 deviations is known to a few per cent.
    assert noise_of(x, y) == pytest.approx(1e-3, rel=0.2)


def test_two_points_have_no_noise() -> None:
    assert noise_of(np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 2.0])) == 0.0
