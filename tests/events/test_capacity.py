"""Critical capacity: charge while current flowed, up to the limit, with and without iR."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, build_node
from anodescope.errors import Outcome, SettingsError
from anodescope.events.capacity.find import CapacitySettings, find_capacity
from anodescope.events.evaluate import evaluate
from anodescope.events.finding import Finding, Record
from anodescope.events.onset.resistances import ohmic_resistance
from anodescope.events.short.find import find_shorts
from tests.events import statistics_capacity
from tests.generator import Made, paper
from tests.generator.record import Floats
from tests.generator.record import Record as Writer

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


@pytest.mark.parametrize(
    ("factor", "outcome"), [(1.03, Outcome.determined), (0.6, Outcome.not_decidable)]
)
def test_the_instruments_charge_lies_within_the_interval(factor: float, outcome: Outcome) -> None:
    made = paper.constant_current(capacity=0.3)
    series = made.campaign["timeseries"].copy(deep=True)
    series["charge"].values[:] *= factor
    one = capacity(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    truth = made.truth["capacity"]
    assert one["voltage"].low <= min(truth, 1.001 * factor * truth)
    assert one["voltage"].high >= max(truth, 0.999 * factor * truth)
    assert one["voltage"].outcome is outcome
    assert f"differs by {factor - 1:+.0%}"[:-1] in one["voltage"].message


def test_the_charge_ends_at_a_short_circuit() -> None:
    made = paper.constant_current(0.25, 7200.0, interval=2.0)
    series = made.campaign["timeseries"].copy(deep=True)
    later = series["time"].values > 2000.0
    series["voltage"].values[later] *= 0.002
    campaign = made.campaign.with_node("timeseries", series)
    record = Record.of(campaign, made.protocol)
    (one, _) = find_capacity(record, shorts=find_shorts(record))
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(2000.0 * made.truth["current"], rel=2e-3)
    assert "short circuit between" in one.message
    node = evaluate(campaign.with_node("protocol", made.protocol))
    row = node["quantity"].values.astype(object).tolist().index("critical_capacity")
    assert node["low"].values[row] == one.low
    late = replace(find_shorts(record)[0], low=-10.0, high=-5.0, time=-5.0)
    (one, *_) = find_capacity(record, shorts=[late])
    assert one.outcome is Outcome.not_decidable
    assert "came before" in one.message


def test_of_two_bases_the_narrowest_interval_ends_the_charge() -> None:
    """A sweep of 600 s shows the short circuit anywhere within; the voltage to 2 s."""
    made = paper.constant_current(0.25, 7200.0, interval=2.0)
    record = Record.of(made.campaign, made.protocol)

    def short(basis: str, low: float, high: float) -> Finding:
        return Finding("hard_short", 0.5 * (low + high), low, high, "s", Outcome.determined, "",
                       basis, time=high, block=0)  # fmt: skip

    sweep, volts = short("impedance", 1500.0, 2100.0), short("voltage", 1998.0, 2000.0)
    for shorts in ([sweep, volts], [volts, sweep]):
        (one, *_) = find_capacity(record, shorts=shorts)
        assert one.low == pytest.approx(1998.0 * made.truth["current"], rel=2e-3)
        assert "between 1998 and 2000 s" in one.message
    # one that came in the same sweep, but after the current, did not end the charge
    (one, *_) = find_capacity(
        record, shorts=[short("impedance", 7000.0, 7600.0), short("voltage", 7400.0, 7402.0)]
    )
    assert one.low == pytest.approx(7200.0 * made.truth["current"], rel=2e-3)


def half_cycles(kind: str, currents: tuple[float, ...], reach: float, time: float = 1800.0) -> Made:
    """Half-cycles; a stripping one climbs to `reach` V, and ends there."""
    made = Writer()
    made.block(kind, "GCPL")
    for current in currents:
        made.level(sequence=True)
        amps = current * 1e-3 * AREA
        top = reach if current > 0 else 0.0

        def volts(t: Floats, a: float = amps, b: float = top) -> Floats:
            return a * 300.0 + max(b - a * 300.0, 0.0) * (t / time) ** 6

        made.hold(amps, time, volts, 5.0)
    return made.made()


@pytest.mark.parametrize(
    ("kind", "currents"), [("cycling", (0.5, -0.5)), ("ccd", (0.1, -0.1, 0.5, -0.5))]
)
def test_half_cycles_that_strip_count_one_by_one(kind: str, currents: tuple[float, ...]) -> None:
    made = half_cycles(kind, currents, 3.001)
    stripped = [one for one in currents if one > 0]
    found = [one for one in find_capacity(Record.of(made.campaign, made.protocol))
             if one.basis == "voltage"]  # fmt: skip
    assert [one.outcome for one in found] == [Outcome.determined] * len(stripped)
    for one, current in zip(found, stripped, strict=True):
        assert one.value == pytest.approx(current * 1e-3 * AREA * 1800.0, rel=2e-3)
    assert len({one.time for one in found if one.event == "cutoff"}) == len(stripped)


def test_half_cycles_below_the_limit_make_one_row() -> None:
    made = half_cycles("ccd", (0.1, -0.1, 0.2, -0.2, 0.4, -0.4), 1.0)
    (one,) = [x for x in find_capacity(Record.of(made.campaign, made.protocol))
              if x.basis == "voltage"]  # fmt: skip
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(0.4e-3 * AREA * 1800.0, rel=1e-3)
    assert "3 half-cycles" in one.message


def with_drt(made: Made, series: float, noise: float, grain: float | None = None) -> Record:
    impedance = made.campaign["spectra"]["impedance"].values
    rows = impedance.shape[0]
    values = {
        "tau": [1e-3, 10**-2.9],
        "gamma": np.zeros((rows, 2)),
        "in_window": np.ones((rows, 2), bool),
        "series_resistance": np.full(rows, series),
        "polarisation_resistance": np.zeros(rows),
        "outcome": ["converged"] * rows,
        "noise": np.full(rows, noise),
        "fit": impedance,
        "residual": np.zeros_like(impedance),
    }
    record = Record.of(made.campaign.with_node("drt", build_node("drt", values)), made.protocol)
    if grain is None:
        return record
    peaks = xr.Dataset(
        {
            "name": ("peak", np.array(["γ_GB"], object)),
            "resistance": (("spectrum", "peak"), np.full((rows, 1), grain)),
        }
    )
    return replace(record, peaks=peaks)


def test_the_ohmic_drop_is_that_of_the_onset() -> None:
    """Series resistance and grain boundaries, as the onset subtracts them."""
    made = paper.constant_current(1.0, capacity=0.1, geis=True)
    record = with_drt(made, 60.0, 0.002, grain=40.0)
    rows = record.default.astype(np.int64)
    (_, one) = find_capacity(record)
    assert f"R_Ω = {ohmic_resistance(record, rows).value:.4g} Ω" in one.message
    assert "R_Ω = 100 Ω" in one.message


@pytest.mark.parametrize(("series", "noise"), [(60.0, 0.4), (0.0, 0.002)])
def test_a_poor_fit_gives_no_ohmic_drop(series: float, noise: float) -> None:
    made = paper.constant_current(1.0, capacity=0.1, geis=True)
    (raw, one) = find_capacity(with_drt(made, series, noise))
    assert raw.outcome is Outcome.determined
    assert one.outcome is Outcome.not_decidable
    assert "residual" in one.message


def test_one_cut_off_is_one_event() -> None:
    made = paper.constant_current(0.5, 3600.0, geis=True, capacity=0.4)
    found = find_capacity(with_drt(made, 60.0, 0.002))
    assert [one.event for one in found] == ["cutoff", ""]


def test_three_electrodes_take_their_own_voltage_and_spectra() -> None:
    """Where the alloy is the file's counter electrode, its voltage is the counter electrode's."""
    made = paper.constant_current(1.0, capacity=0.1, geis=True)
    truth = capacity(made, limit=2.0)["voltage"].value
    series = made.campaign["timeseries"]
    columns = {name: series[name].values for name in series.data_vars}
    volts = columns["voltage"]
    columns |= {"time": series["time"].values, "voltage": -0.2 * volts, "counter_voltage": volts,
                "cell_voltage": 1.2 * volts}  # fmt: skip
    specimen = {**made.campaign.attrs["specimen"], "working_electrode": "counter"}
    campaign = made.campaign.with_node("timeseries", build_node("timeseries", columns))
    turned = replace(made, campaign=campaign.with_attrs(specimen=specimen))
    assert capacity(turned, limit=2.0)["voltage"].value == pytest.approx(truth, rel=1e-9)
    # Its spectra are those of the whole cell: their R_Ω is another one.
    (_, one) = find_capacity(with_drt(turned, 60.0, 0.002))
    assert one.outcome is Outcome.needs_spectra
    assert "(counter)" in one.message


@pytest.mark.slow
def test_many_blocks_cost_no_more_than_their_samples() -> None:
    def seconds(blocks: int) -> float:
        made = Writer()
        for _ in range(blocks):
            made.block("constant_current", "CP")
            made.level()
            made.hold(1e-4, 100.0 * 800 / blocks, lambda t: 0.03 + 0 * t, 0.5)
        one = made.made()
        record = Record.of(one.campaign, one.protocol)
        best = np.inf
        for _ in range(3):
            began = time.perf_counter()
            find_capacity(record)
            best = min(best, time.perf_counter() - began)
        return best

    seconds(4)
    # 100 times the blocks on the same samples; whole-record work per block took 100 times longer.
    assert seconds(400) < 0.5 + 10.0 * seconds(4)


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
    found = find_capacity(one)[0]
    assert found.outcome is Outcome.too_few_points
    assert "One sample" in found.message


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
