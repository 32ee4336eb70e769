"""Spectra of a simulation: Kramers–Kronig, drift, linearity, and the slope of the voltage."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.cell.cell import Cell
from anodescope.cell.simulate import simulate
from anodescope.impedance import validate
from anodescope.protocol import Block, Hold, Protocol, Rest, Sweep, protocols


def one(*steps):
    """A protocol of one block."""
    return Protocol((Block("unknown", steps, 1),))


@pytest.fixture(scope="module")
def cell():
    return Cell.preset("NaK50")


def values(campaign, node, name):
    return campaign[node][name].to_numpy()


def test_every_spectrum_of_a_staircase_obeys_kramers_kronig(cell):
    """Spectra of one state each: a linear and causal response, by `validate`'s own criterion."""
    found = simulate(cell, protocols.staircase_geis(0.05, 0.95, 0.05), instantaneous=True)
    assert validate(found)["verdict"].to_numpy().tolist() == ["consistent"] * 19


def test_drift_shows_under_load_and_not_in_a_fresh_cell_at_rest(cell):
    fresh = simulate(cell, one(Rest(1.0), Sweep(35.0, None, None, 0.01)))["spectra"]
    # Nothing moves: what is left is rounding.
    assert float(fresh["drift_effect"][0]) < 1e-9
    loaded = simulate(cell, one(Hold(0.8, 5.0), Sweep(35.0, 0.8, None, 5e-6)))["spectra"]
    assert float(loaded["drift_effect"][0]) > 1e-3


def test_an_instantaneous_spectrum_is_that_of_a_still_cell(cell):
    """In a fresh cell at rest both ways agree; under load they differ by what the node says."""
    for steps, still in (
        ((Rest(1.0), Sweep(9.0)), True),
        ((Hold(0.8, 5.0), Sweep(9.0, 0.8)), False),
    ):
        moving, frozen = (
            simulate(cell, one(*steps), instantaneous=now)["spectra"] for now in (False, True)
        )
        apart = np.abs(moving["impedance"].to_numpy() / frozen["impedance"].to_numpy() - 1.0).max()
        assert apart == pytest.approx(float(moving["drift_effect"][0]), rel=1e-6, abs=1e-12)
        assert (apart < 1e-9) == still


def test_a_larger_perturbation_is_less_linear(cell):
    """Half the difference of two states that lie one amplitude apart: in proportion to it."""

    def how(amplitude):
        asked = one(Hold(0.5, 5.0), Sweep(35.0, 0.5, None, amplitude))
        return float(simulate(cell, asked)["spectra"]["nonlinearity"][0])

    small, large = how(1e-6), how(5e-6)
    assert 0.0 < small < large
    # First order in the amplitude; the next is cubic, and 5 µA are 13 of 500 µA/cm².
    assert large / small == pytest.approx(5.0, rel=0.05)


def test_the_low_end_of_a_spectrum_is_the_slope_of_the_voltage(cell):
    """Z(ω→0) = dV/dI of two steady states of a cell whose contact does not change."""
    calm = cell.replace(loss=None, filament=None)
    long = 50.0 * float(calm.numbers().tau.max())
    volts = [
        values(simulate(calm, one(Hold(i, long))), "timeseries", "voltage")[-1]
        for i in (0.29, 0.31)
    ]
    asked = one(Hold(0.3, long), Sweep(1e5, 0.3, None, 5e-6, 1.0, 1e-4, 5))
    z = values(simulate(calm, asked, instantaneous=True), "spectra", "impedance")[0, -1]
    slope = (volts[1] - volts[0]) / (0.02e-3 * calm.area)
    # The bulk drifts with the charge, 0.06 % of x_b over `long`; Im Z at 0.1 mHz is as small.
    assert z.real == pytest.approx(slope, rel=5e-3)
    assert abs(z.imag) < 0.02 * z.real
