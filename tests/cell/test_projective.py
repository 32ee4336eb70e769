"""Leaps over pulses against the same pulses integrated."""

from __future__ import annotations

import re

import numpy as np
import pytest

from anodescope.cell import Accuracy, Cell, Projective, simulate
from anodescope.errors import SettingsError
from anodescope.protocol import protocols


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_the_error_of_contact_is_as_stated(tolerance):
    """2,000 pulses; what is left of contact differs by less than is said."""
    cell = Cell.preset("NaK50").replace(patches=4)
    protocol = protocols.pulsed_stripping(1.0, 1.0, 2.0, count=2000)
    whole = simulate(cell, protocol, accuracy=Accuracy(1e-3))
    leapt = simulate(
        cell, protocol, accuracy=Accuracy(1e-3), projective=Projective(tolerance=tolerance)
    )
    over, stated = re.search(
        r"^(\d+) of .* at most ([\d.e+-]+)\.$", leapt.attrs["warnings"][0]
    ).groups()
    assert int(over) > 100
    last = [one["state"]["lost_contact"].values[-1] for one in (whole, leapt)]
    assert np.max(np.abs(last[0] - last[1])) < float(stated)
    charge = [float(one["state"]["stripped"].values[-1]) for one in (whole, leapt)]
    assert charge[1] == pytest.approx(charge[0], rel=1e-12)
    assert leapt["timeseries"].time[-1] == pytest.approx(float(whole["timeseries"].time[-1]))


def test_without_leaps_nothing_is_said():
    campaign = simulate(Cell.preset("NaK50"), protocols.pulsed_stripping(1.0, 1.0, 2.0, count=20))
    assert campaign.attrs["warnings"] == []


@pytest.mark.parametrize(
    "setting", [{"settle": 0}, {"most": 1.5}, {"tolerance": 0.0}, {"span": -1}]
)
def test_settings_are_held_to_their_ranges(setting):
    with pytest.raises(SettingsError, match=r"^Projective, "):
        Projective(**setting)
