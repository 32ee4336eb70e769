"""A potentiostat that holds a current holds it through a short circuit."""

from __future__ import annotations

import numpy as np

import anodescope as an
from anodescope.cell import Instrument


def test_a_held_current_is_held_through_a_short_circuit():
    cell = an.Cell.preset("in-situ NaK50").replace(
        **{"filament.current": 1.0, "filament.rate": 1e-3, "deposit.contact": 0.15}
    )
    protocol = an.protocols.to_capacity(-0.7, 0.5, voltage_limit=None)
    made = an.simulate(cell, protocol, instrument=Instrument(sampling=0.1).silent())
    assert made["state"]["filament"].values[-1] >= 1.0
    current = made["timeseries"]["current_density"].values * 1e3
    # rounding of mA/cm² to A and back
    assert np.allclose(current, -0.7, rtol=1e-9)
