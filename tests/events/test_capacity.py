"""Critical capacity: charge while current flowed, up to the limit, with and without iR."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, build_node
from anodescope.errors import Outcome, SettingsError
from anodescope.events.capacity.find import CapacitySettings, find_capacity
from anodescope.events.finding import Finding, Record
from tests.events import statistics_capacity
from tests.generator import Made, paper

AREA = 0.385


def capacity(made: Made, **settings: object) -> dict[str, Finding]:
    found = find_capacity(
        Record.of(made.campaign, made.protocol),
        CapacitySettings(**settings),  # type: ignore[arg-type]
    )
    return {one.basis: one for one in found}


@settings(max_examples=25, deadline=None)
@given(
    current=st.floats(0.1, 2.0),
    on=st.floats(0.2, 5.0),
    rest=st.floats(0.1, 10.0),
    pulses=st.floats(3.0, 300.0),
)
def test_pulses_give_the_charge_while_the_current_is_on(
    current: float, on: float, rest: float, pulses: float
) -> None:
    """The rests do not count, however long they are."""
    made = paper.pulsed(
        current=current, on=on, rest=rest, capacity=pulses * on * current / 3600, seed=3
    )
    one = capacity(made)["voltage"]
    per_pulse = on * current * 1e-3 * AREA
    assert one.value == pytest.approx(made.truth["capacity"], abs=per_pulse)
    assert one.event == "cutoff"
    assert one.high - one.low <= 1.5 * per_pulse


def test_the_interval_holds_the_truth_and_is_one_sample_wide() -> None:
    made = paper.constant_current(capacity=0.3, interval=2.0)
    one = capacity(made)["voltage"]
    assert one.low <= made.truth["capacity"] <= one.high
    assert one.high - one.low <= 4 * 2.0 * made.truth["current"]


def test_without_a_cut_off_it_is_censored_at_the_charge_passed() -> None:
    made = paper.constant_current(0.25, 7200.0)
    one = capacity(made)["voltage"]
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(0.25e-3 * AREA * 7200.0, rel=1e-3)
    assert np.isinf(one.high)
    assert one.event == ""
    assert "not reached" in one.message


def test_without_ir_the_limit_is_reached_later_or_not_at_all() -> None:
    made = paper.constant_current(1.0, capacity=0.3, interval=1.0)
    raw = capacity(made, limit=2.0)["voltage"]
    rest = capacity(made, limit=2.0, series_resistance=240.0)["voltage_minus_ohmic"]
    assert raw.outcome is rest.outcome is Outcome.determined
    assert raw.high < rest.low
    late = capacity(made, series_resistance=240.0)["voltage_minus_ohmic"]
    assert late.outcome is Outcome.censored
    none = capacity(made, limit=2.0, series_resistance=0.0)["voltage_minus_ohmic"]
    assert none.value == raw.value


def test_without_a_series_resistance_only_the_raw_one_comes_out() -> None:
    found = capacity(paper.constant_current(capacity=0.3))
    assert found["voltage"].outcome is Outcome.determined
    assert found["voltage_minus_ohmic"].outcome is Outcome.needs_spectra


def test_the_series_resistance_is_that_of_the_drt() -> None:
    made = paper.constant_current(1.0, capacity=0.1, geis=True)
    impedance = made.campaign["spectra"]["impedance"].values
    rows = impedance.shape[0]
    values = {
        "tau": [1e-3, 10**-2.9],
        "gamma": np.zeros((rows, 2)),
        "in_window": np.ones((rows, 2), bool),
        "series_resistance": np.full(rows, 60.0),
        "polarisation_resistance": np.zeros(rows),
        "outcome": ["converged"] * rows,
        "fit": impedance,
        "residual": np.zeros_like(impedance),
    }
    campaign = made.campaign.with_node("drt", build_node("drt", values))
    one = capacity(Made(campaign, made.protocol, {}))
    assert "R_Ω = 60 Ω" in one["voltage_minus_ohmic"].message


def test_the_asked_for_current_stands_in_where_none_was_recorded() -> None:
    made = paper.pulsed(capacity=0.5)
    series = made.campaign["timeseries"].drop_vars(["current", "current_density", "charge"])
    one = capacity(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert one["voltage"].low <= made.truth["capacity"] * (1 + 1e-9)
    assert one["voltage"].value == pytest.approx(made.truth["capacity"], rel=1e-3)
    assert "asked-for current" in one["voltage"].message


def test_the_instruments_charge_is_compared() -> None:
    made = paper.constant_current(capacity=0.3)
    series = made.campaign["timeseries"].copy(deep=True)
    series["charge"].values[:] *= 1.05
    one = capacity(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert "differs by +5.0" in one["voltage"].message


def test_glitches_at_the_limit_are_no_cut_off() -> None:
    made = paper.constant_current(0.25, 7200.0, interval=1.0)
    series = made.campaign["timeseries"].copy(deep=True)
    series["voltage"].values[[700, 2000]] = 9.9
    one = capacity(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert one["voltage"].outcome is Outcome.censored


def test_a_voltage_above_the_limit_from_the_first_on_reaches_none() -> None:
    made = paper.constant_current(0.25, 600.0)
    series = made.campaign["timeseries"].copy(deep=True)
    series["voltage"].values[:] += 3.6
    one = capacity(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert one["voltage"].outcome is Outcome.not_decidable
    assert "no limit to reach" in one["voltage"].message


def test_plating_has_no_critical_stripping_capacity() -> None:
    (one,) = find_capacity(Record.of(*_of(paper.constant_current(-0.4, 600.0))))
    assert one.outcome is Outcome.not_decidable
    both = capacity(paper.constant_current(-0.4, 600.0), plating=True)
    assert both["voltage"].outcome is Outcome.censored


def test_an_unknown_sign_is_said() -> None:
    made = paper.constant_current(-0.4, 600.0)
    campaign = made.campaign.with_attrs(current_sign="unknown")
    one = find_capacity(Record.of(campaign, made.protocol))[0]
    assert one.outcome is Outcome.censored
    assert "The sign of the current is the file's." in one.message


def test_what_is_missing_gives_an_outcome() -> None:
    made = paper.constant_current(capacity=0.3)
    assert find_capacity(Record.of(made.campaign))[0].outcome is Outcome.needs_protocol
    bare = made.campaign["timeseries"].drop_vars("voltage")
    dumb = Record.of(Campaign({"timeseries": bare}), made.protocol)
    assert find_capacity(dumb)[0].outcome is Outcome.too_few_points
    short = made.campaign["timeseries"].isel(time=slice(0, 1))
    one = Record.of(Campaign({"timeseries": short}), made.protocol)
    assert find_capacity(one)[0].outcome in (Outcome.censored, Outcome.not_decidable)


@pytest.mark.parametrize(
    "wrong", [{"limit": 0.0}, {"tolerance": 0.7}, {"series_resistance": -1.0}, {"limit": np.inf}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="Critical capacity"):
        CapacitySettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
def test_statistics() -> None:
    for row in statistics_capacity.measure(200):
        assert row.missed <= 0.1 * row.cases
        if row.kind == "censored":
            assert row.right >= 0.95 * row.cases
        else:
            assert row.coverage >= 0.85


def _of(made: Made) -> tuple[Campaign, object]:
    return made.campaign, made.protocol
