"""The slab: its waves, folded onto pixels, against their plain sum."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.contact.slab import Slab, folded, smooth_reach
from tests.contact.oracle import reach_matrix

WAVES = np.array([0.0, 0.1, 1.0, 2.0, np.pi])


@pytest.mark.parametrize("thickness", [0.09, 0.11, 0.3, 1.0, 5.0, 500.0])
def test_folded_waves_are_their_plain_sum(thickness: float) -> None:
    orders = np.arange(-300, 301)
    plain = np.zeros((WAVES.size, WAVES.size))
    for row, y in enumerate(WAVES):
        for column, x in enumerate(WAVES):
            wave = np.hypot(y + 2 * np.pi * orders[:, None], x + 2 * np.pi * orders[None, :])
            share = [np.sinc(one / 2 / np.pi + orders) ** 2 for one in (y, x)]
            plain[row, column] = (np.outer(*share) * smooth_reach(wave, thickness)).sum()
    # The plain sum of 300 orders leaves out 2e-6 of the shortest wave of a thick slab. A thin one's
    # falls more slowly: what is left out has at most the reach 1/k of the last order.
    left = 2e-6 * plain[-1, -1] + 4 / np.pi**2 / 300 / (2 * np.pi * 300)
    np.testing.assert_allclose(folded(WAVES, WAVES, 1.0, thickness), plain, rtol=1e-5, atol=left)


@pytest.mark.parametrize("thickness", [1e-3, 3e-3, 1e-2, 5e-2])
def test_edges_of_a_slab_thinner_than_a_pixel(thickness: float) -> None:
    # One axis, other even: a plain sum with so many orders that the rest is nothing.
    orders = np.arange(-200_000, 200_001)
    wave = np.abs(np.pi + 2 * np.pi * orders)
    lost = np.sinc(0.5 + orders) ** 2 * (thickness - smooth_reach(wave, thickness))
    found = thickness - folded(np.array([np.pi]), np.zeros(1), 1.0, thickness)[0, 0]
    assert found == pytest.approx(lost.sum(), rel=2e-3)


def test_thin_and_thick_meet() -> None:
    below, above = (folded(WAVES, WAVES, 1.0, 0.1 * (1 + sign * 1e-9)) for sign in (-1, 1))
    np.testing.assert_allclose(below, above, rtol=2e-5)


def test_long_waves_are_those_of_the_smooth_slab() -> None:
    wave = np.array([0.0, 1e-3, 1e-2])
    np.testing.assert_allclose(
        folded(wave, np.zeros(1), 1.0, 50.0)[:, 0], smooth_reach(wave, 50.0), rtol=1e-4
    )


def test_a_thin_slab_has_no_waves() -> None:
    # tanh(kL)/k → L: the current flows straight through, under whatever pixel.
    np.testing.assert_allclose(folded(WAVES, WAVES, 1.0, 1e-6), 1e-6, rtol=1e-4)


@pytest.mark.parametrize("sides", ["periodic", "mirror"])
@pytest.mark.parametrize("shape", [(4, 6), (5, 3), (1, 8), (1, 1)])
def test_real_and_complex_maps_have_one_response(sides: str, shape: tuple[int, int]) -> None:
    slab = Slab(shape, 0.1, 0.4, sides)
    values = np.random.default_rng(0).standard_normal(shape)
    real = slab.filtered(values.copy(), slab.real_reach)
    other = slab.filtered(values.astype(complex), slab.reach)
    np.testing.assert_allclose(other, real, atol=1e-14)
    np.testing.assert_allclose(slab.filtered(1j * values, slab.reach), 1j * real, atol=1e-14)


def test_the_response_is_the_matrix_between_pixels() -> None:
    slab = Slab((3, 4), 0.1, 0.4)
    values = np.random.default_rng(0).standard_normal((3, 4))
    expected = reach_matrix((3, 4), 0.1, 0.4) @ values.ravel()
    even = slab.thickness * values.mean()
    found = slab.filtered(values, slab.real_reach) + even
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-3)
