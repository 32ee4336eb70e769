"""Small simulated and analysed experiments, and a made-up staircase."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

import anodescope as an
from anodescope.campaign import Campaign, build_node
from anodescope.cell import Cell, Instrument
from anodescope.protocol import Protocol, protocols
from anodescope.workflow.analyse import analyse
from tests.report.conftest import StandIn, staircase
from tests.report.samples import with_results


def _run(cell: str, protocol: Protocol) -> Campaign:
    found = an.simulate(Cell.preset(cell), protocol, instrument=Instrument(sampling=0.5).silent())
    return analyse(found, method="drttools")


@pytest.fixture(scope="session")
def runs() -> Mapping[str, Campaign]:
    """Short counterparts of the paper's experiments, by the same keys."""
    return {
        "ccd50": _run("NaK50", protocols.ccd((0.05, 0.2), half_cycle=80.0)),
        "pulse_0": _run("NaK50", protocols.pulsed_stripping(1.0, 1.0, 0.0, count=4)),
        "pulse_1": _run("NaK50", protocols.pulsed_stripping(1.0, 1.0, 1.0, count=6)),
        "transient": _run("NaK50", protocols.pulsed_stripping(1.0, 1.0, 5.0, count=5)),
        "insitu_plate_0.7": _run(
            "in-situ NaK50", protocols.to_capacity(-0.7, 0.01, voltage_limit=None)
        ),
    }


@pytest.fixture(scope="session")
def stripped() -> StandIn:
    """A staircase to 1 mA/cm² and a rest, with peaks and findings but no state."""
    specimen = {"composition": "NaK50", "area_cm2": {"alloy": 0.385}}
    return with_results(staircase(20, 4, 41)).but(specimen=specimen)


@pytest.fixture(scope="session")
def stated(stripped: StandIn) -> StandIn:
    """The same, with the state of four patches at three instants."""
    time = np.array([0.0, 400.0, 5000.0])
    one = np.ones((3, 4))
    state = build_node(
        "state",
        {
            "state_time": time,
            "bulk_fraction": np.array([0.6, 0.6, 0.59]),
            "filament": np.array([0.0, 0.0, 0.3]),
            "surface_fraction": one * np.array([[0.6], [0.5], [0.58]]),
            "lost_contact": one * np.array([[0.0], [0.25], [0.0]]),
            "deposited_sodium": one * np.array([[0.0], [0.0], [0.2]]),
        },
    )
    return stripped.but(state=state)
