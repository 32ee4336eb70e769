"""Critical capacity of records with gaps: what was not recorded is neither charged nor ignored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anodescope.errors import Outcome
from anodescope.events.capacity.find import find_capacity
from anodescope.events.finding import Finding, Record
from anodescope.protocol import recognise
from tests.generator import Made, paper, perturb


def capacity(made: Made) -> dict[str, Finding]:
    return {one.basis: one for one in find_capacity(Record.of(made.campaign, made.protocol))}


def bare(made: Made) -> Made:
    """The same record without the instrument's charge."""
    series = made.campaign["timeseries"].drop_vars("charge")
    return replace(made, campaign=made.campaign.with_node("timeseries", series))


def recognised(made: Made) -> Made:
    held = {name: made.campaign[name] for name in made.campaign.nodes}
    protocol = recognise(held.get("timeseries"), held.get("spectra"), steps=held.get("steps"))
    return replace(made, protocol=protocol.to_dataset())


BROKEN = {
    "one current": lambda: perturb.restart(paper.constant_current(capacity=0.4), 0.5, gap=3600.0),
    "pulses": lambda: perturb.restart(paper.pulsed(capacity=0.5), 0.5, gap=3600.0),
    "lost rows": lambda: perturb.drop_rows(paper.pulsed(capacity=0.5), 0.05, runs=5, seed=1),
    "lost rows of one current": lambda: perturb.drop_rows(
        paper.constant_current(capacity=0.4), 0.05, runs=5, seed=1
    ),
}


@pytest.mark.parametrize("true_protocol", [True, False])
@pytest.mark.parametrize("name", BROKEN)
def test_what_was_not_recorded_widens_the_bounds(name: str, true_protocol: bool) -> None:
    made = BROKEN[name]()
    made = made if true_protocol else recognised(made)
    truth = made.truth["capacity"]
    one = capacity(bare(made))["voltage"]
    assert one.low <= truth <= one.high
    assert one.low == pytest.approx(truth, rel=0.08)
    assert one.high - one.low > 0.02 * truth
    assert "nothing was recorded" in one.message
    # The instrument counted on: its charge takes the place of what was not recorded.
    told = capacity(made)["voltage"]
    assert told.outcome is Outcome.determined
    assert told.low <= truth <= told.high
    assert told.high - told.low < 0.5 * (one.high - one.low)


def test_a_charge_that_begins_anew_tells_nothing_of_the_gap() -> None:
    made = BROKEN["one current"]()
    series = made.campaign["timeseries"].copy(deep=True)
    later = series["time"].values > made.truth["cut"]
    charge = series["charge"].values
    charge[later] -= charge[later][0]
    made = replace(made, campaign=made.campaign.with_node("timeseries", series))
    one = capacity(made)["voltage"]
    assert one.outcome is Outcome.not_resolved
    assert one.low <= made.truth["capacity"] <= one.high
    assert one.value == pytest.approx(made.truth["capacity"], rel=0.01)


def test_steps_that_come_often_are_no_gaps() -> None:
    """An instrument that records a change of the voltage, or else once a minute."""
    made = paper.constant_current(0.25, 7200.0, interval=1.0)
    size = made.campaign["timeseries"].sizes["time"]
    keep = [row for row in range(size) if row % 60 == 0 or row % 900 < 40]
    series = made.campaign["timeseries"].isel(time=keep)
    made = replace(made, campaign=made.campaign.with_node("timeseries", series))
    assert "nothing was recorded" not in capacity(bare(made))["voltage"].message
