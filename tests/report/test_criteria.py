"""What the report reads out of a definition's text is what the detectors write there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anodescope.campaign import Campaign
from anodescope.events.onset import find as onset
from anodescope.events.onset.find import find_onsets
from anodescope.events.onset.settings import OnsetSettings
from anodescope.report import criteria
from anodescope.report.amounts import Finding, findings
from anodescope.report.criteria import assumed, basis_name, shares_of, window_of
from anodescope.report.threshold import QUANTITY
from tests.generator import paper

GIVEN = 321.0
SETTINGS = OnsetSettings(
    factors=(1.75, 3.0), headline=3.0, series_resistances=(GIVEN,), hold_share=0.35, sweep_share=0.6
)


@pytest.fixture(scope="module")
def written() -> list[Finding]:
    """Onsets that the detector wrote with settings of its own, as the report reads them."""
    from anodescope.events.finding import Record, findings_node

    made = paper.sgeis(step=0.05, rest=0.0)
    record = Record.of(made.campaign, made.protocol)
    campaign: Campaign = made.campaign.with_node(
        "findings", findings_node(find_onsets(record, SETTINGS))
    )
    return findings(campaign, QUANTITY)


def test_the_names_of_signals_are_those_of_the_detector() -> None:
    assert onset.QUANTITY == QUANTITY
    theirs = (onset.VOLTAGE, onset.CORRECTED, onset.INTERFACE)
    assert theirs == (criteria.VOLTAGE, criteria.CORRECTED, criteria.INTERFACE)


def test_factor_and_window_are_those_of_the_settings(written: list[Finding]) -> None:
    assert {one.knee for one in written} == set(SETTINGS.factors)
    # The first row is the headline's: figures rely on the order alone.
    assert written[0].knee == SETTINGS.headline
    voltage = [one for one in written if one.basis != criteria.INTERFACE]
    windows = [window_of(one) for one in voltage]
    assert {*windows} == {criteria.HOLD, criteria.SWEEP}


def test_shares_are_those_of_the_settings(written: list[Finding]) -> None:
    assert shares_of(written) == {
        "hold": SETTINGS.hold_share,
        "sweep": SETTINGS.sweep_share,
    }
    assert shares_of([]) == {"hold": OnsetSettings().hold_share, "sweep": 0.5}


def test_an_assumed_resistance_is_told_from_a_measured_one(written: list[Finding]) -> None:
    corrected = [one for one in written if one.basis == criteria.CORRECTED]
    told = [one for one in corrected if assumed(one)]
    assert {one.subtracted for one in told if one.subtracted is not None} == {GIVEN}
    rest = [one for one in corrected if not assumed(one)]
    assert rest
    assert GIVEN not in {one.subtracted for one in rest}


def test_a_definition_in_other_words_is_still_a_finding(written: list[Finding]) -> None:
    other = replace(written[0], criterion="défini autrement", message="")
    assert window_of(other) == ""
    assert other.knee is None
    assert not assumed(other)
    assert shares_of([other]) == criteria.SHARES
    assert basis_name("some_signal") == "some signal"
