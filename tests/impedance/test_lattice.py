from __future__ import annotations

from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anodescope.impedance.lattice import Lattice, group, in_window, points_per_decade

decades = st.floats(-6, 9)


@given(low=decades, span=st.floats(0, 12), n=st.integers(1, 40), ext=st.floats(0, 3))
def test_a_lattice_covers_its_window_and_is_anchored_at_one_second(low, span, n, ext):
    f_min, f_max = 10.0**low, 10.0 ** (low + span)
    lattice = Lattice.covering(f_min, f_max, n, (ext, ext))
    log_tau = np.log10(lattice.tau)
    assert log_tau[0] <= -np.log10(2 * pi * f_max) - ext + 1e-6
    assert log_tau[-1] >= -np.log10(2 * pi * f_min) + ext - 1e-6
    assert np.allclose(log_tau * n, np.round(log_tau * n), atol=1e-9)
    assert lattice.size == lattice.tau.size >= 2


def test_two_lattices_of_one_spacing_share_their_points():
    short, long = Lattice(10, -50, -3), Lattice(10, -20, 14)
    both = short.joined(long)
    assert (both.first, both.last) == (-50, 14)
    for part in (short, long):
        assert np.array_equal(both.tau[both.place(part)], part.tau)


def test_window_edges_belong_to_the_window():
    tau = np.array([1e-3, 1e-2, 1e-1, 1.0])
    f_max, f_min = 1 / (2 * pi * tau[1]), 1 / (2 * pi * tau[2])
    inside = in_window(tau, np.array([f_min, np.nan]), np.array([f_max, np.nan]))
    assert inside.tolist() == [[False, True, True, False], [False] * 4]


def test_grids_are_equal_sets_of_valid_frequencies_whatever_their_order():
    frequency = np.array([[100.0, 10.0, 1.0], [1.0, 10.0, 100.0], [100.0, 10.0, 2.0]])
    valid = np.array([[True, True, False], [False, True, True], [True, True, True]])
    grids = group(frequency, valid)
    assert [grid.spectra.tolist() for grid in grids] == [[0, 1], [2]]
    assert grids[0].frequency.tolist() == [100.0, 10.0]
    assert grids[0].points.tolist() == [[0, 1], [2, 1]]


@pytest.mark.parametrize("density", [5, 10, 17])
def test_density_is_blind_to_gaps_and_repeats(density):
    frequency = 10.0 ** (np.arange(60) / density)
    frequency[7] = frequency[8]
    valid = np.ones(60, dtype=bool)
    valid[20:23] = False
    assert points_per_decade(frequency[None], valid[None]) == pytest.approx(density, rel=1e-6)


def test_density_of_nothing_is_zero():
    assert points_per_decade(np.ones((1, 3)), np.zeros((1, 3), dtype=bool)) == 0
