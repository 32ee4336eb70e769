"""One spectrum made ready: against NumPy, and the laws that hold for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anodescope.impedance.loggp.design import Design
from anodescope.impedance.loggp.whitening import median, whitened, without_dips

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

FREQUENCY = np.geomspace(1e5, 1e-1, 31)
DESIGN = Design.of(FREQUENCY, 16)


def cell() -> Complexes:
    omega = 2j * np.pi * FREQUENCY
    return np.asarray(5 + 20 / (1 + (1e-4 * omega) ** 0.9) + 50 / (1 + (0.1 * omega) ** 0.8))


@settings(deadline=None)
@given(
    arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6) | st.sampled_from([0, 1]))
)
def test_median_is_that_of_numpy_and_leaves_the_values(values: Floats) -> None:
    before = values.copy()
    assert median(values) == np.median(values)
    np.testing.assert_array_equal(values, before)


@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(1e-9, 1e9)))
def test_dips_are_raised_as_in_numpy(size: Floats) -> None:
    expected = size
    if size.size >= 5:
        padded = np.pad(size, 2, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
        expected = np.maximum(size, 0.5 * np.median(windows, axis=1))
    np.testing.assert_array_equal(without_dips(size), expected)


@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("uneven", [False, True])
def test_whitened_is_what_numpy_makes_of_it(clean: bool, uneven: bool) -> None:
    impedance = cell()
    impedance[20] *= 1e-3
    relative = np.linspace(0.5, 2.0, 62) if uneven else None
    weight, data, left, right, scale, spread = whitened(DESIGN, impedance, relative, clean)
    size = np.abs(impedance)
    expected = np.tile(size.max() / without_dips(size), 2) / (1.0 if relative is None else relative)
    both = np.concatenate([impedance.real, impedance.imag])
    np.testing.assert_allclose(weight, expected, rtol=1e-14)
    np.testing.assert_allclose(data, both / size.max() * expected, rtol=1e-14)
    np.testing.assert_allclose(left, DESIGN.left[clean] * expected[:, None], rtol=1e-14)
    assert right is DESIGN.right[clean]
    assert scale == size.max()
    assert spread == pytest.approx(np.ptp(impedance.real) / size.max(), rel=1e-14)


@settings(deadline=None)
@given(st.floats(-9, 9))
def test_the_unit_does_not_matter(decades: float) -> None:
    one, other = (whitened(DESIGN, cell() * k, None, False) for k in (1.0, 10.0**decades))
    for mine, theirs in zip(one[:3], other[:3], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_an_impedance_of_zero_stays_finite() -> None:
    for found in whitened(DESIGN, np.where(FREQUENCY > 1, cell(), 0), None, False)[:3]:
        assert np.isfinite(found).all()
