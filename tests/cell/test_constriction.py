"""The constriction that the cell looks up against the solver that made it, on other maps."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.cell.constriction import constriction_impedance, direct_table
from anodescope.cell.slots import INDEX
from anodescope.cell.slow import constriction
from anodescope.contact import constriction as solve
from anodescope.contact.maps import gaussian_field
from tests.cell.numbers import numbers

RESISTIVITY, THICKNESS, LENGTH = 2000.0, 0.15, 4e-3


def looked_up(contact, length=LENGTH, frequency=1.0, gap=0.0):
    point = [np.atleast_1d(np.asarray(value, float)) for value in (contact, length, frequency)]
    point = np.broadcast_arrays(*point)
    return constriction_impedance(*point, resistivity=RESISTIVITY, thickness=THICKNESS, gap=gap)


@pytest.mark.slow
@pytest.mark.parametrize("fraction", [0.03, 0.25, 0.5, 0.85, 0.97])
@pytest.mark.parametrize("gap", [0.0, 1e-5])
def test_the_lookup_is_the_solver_on_other_maps(fraction, gap):
    """Means of eight maps on either side; maps differ, and four standard errors are allowed."""
    frequency = np.array([1.0, 3.0, 10.0, 100.0]) if gap else np.array([1.0])
    pixels, found = 96, []
    for seed in range(100, 108):
        contact = gaussian_field(
            (pixels, pixels), fraction=fraction, correlation=LENGTH,
            pixel=16 * LENGTH / pixels, seed=seed,
        )  # fmt: skip
        rows = []
        for split in (1, 2):
            fine = np.kron(contact, np.ones((split, split), bool))
            node = solve(
                fine, pixel=16 * LENGTH / pixels / split, thickness=THICKNESS,
                conductivity=1 / RESISTIVITY, gap_capacitance=gap, frequency=frequency,
                fields=False,
            )  # fmt: skip
            rows.append(node["impedance"].values - node["slab"].values)
        found.append(2 * rows[1] - rows[0])
    mean = np.mean(found, axis=0)
    error = np.std(found, axis=0) / np.sqrt(len(found))
    # The table's own maps (six) err alike; between its lines it is interpolated to two per cent.
    allowed = 4 * error * np.hypot(1, np.sqrt(8 / 6)) + 0.02 * np.abs(mean)
    assert np.all(np.abs(looked_up(fraction, frequency=frequency, gap=gap) - mean) < allowed)


def test_full_contact_costs_nothing():
    assert looked_up(1.0)[0] == 0


def test_it_falls_with_contact_and_grows_with_the_voids():
    contact = np.linspace(0.02, 0.999, 60)
    assert np.all(np.diff(looked_up(contact).real) < 0)
    length = np.geomspace(1e-5, 0.1, 40)
    assert np.all(np.diff(looked_up(0.5, length).real) > 0)


def test_far_below_the_thickness_it_is_proportional_to_the_voids():
    small, large = looked_up(0.4, np.array([1e-6, 1e-5])).real
    assert large == pytest.approx(10 * small, rel=1e-6)


def test_bridged_voids_cost_nothing_at_last():
    """Capacitive, falling with frequency, as 1/ω at last."""
    z = looked_up(0.5, frequency=np.geomspace(1e-2, 1e9, 60), gap=1e-6)
    assert np.all(z.imag <= 1e-12)
    assert np.all(np.diff(z.real) <= 1e-12)
    ends = looked_up(0.5, frequency=np.array([1e10, 1e11]), gap=1e-6)
    assert ends[1] == pytest.approx(ends[0] / 10, rel=1e-9)
    slow = looked_up(0.5, frequency=1e-9, gap=1e-6)[0]
    assert slow == pytest.approx(looked_up(0.5)[0], rel=1e-6)


@pytest.mark.parametrize("contact", [0.01, 0.33, 0.9, 0.999, 1.0])
def test_the_kernel_looks_up_the_same(contact):
    p = numbers(constriction=RESISTIVITY, thickness=THICKNESS)[0]
    assert p[INDEX["thickness"]] == THICKNESS
    found = constriction(p, direct_table(), contact, LENGTH**3)
    assert found == pytest.approx(looked_up(contact)[0].real, rel=1e-9)
