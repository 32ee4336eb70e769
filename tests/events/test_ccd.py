"""Critical current: an interval between what survived and what shorted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, build_node
from anodescope.errors import Outcome, SettingsError
from anodescope.events.ccd import CriticalCurrentSettings, find_critical_current
from anodescope.events.finding import Finding, Record
from tests.generator import Made, paper, perturb

AREA = 0.385


def critical(made: Made, **settings: object) -> list[Finding]:
    return find_critical_current(
        Record.of(made.campaign, made.protocol),
        CriticalCurrentSettings(**settings),  # type: ignore[arg-type]
    )


@settings(max_examples=25, deadline=None)
@given(
    level=st.integers(0, 7),
    kind=st.sampled_from(["hard", "soft", "reversible"]),
    share=st.floats(0.1, 0.85),
    seed=st.integers(0, 1000),
)
def test_the_interval_is_the_true_one_wherever_the_short_circuit_comes(
    level: int, kind: str, share: float, seed: int
) -> None:
    made = paper.ccd(
        half_cycle=1200.0, geis=False, short=kind, short_level=level, short_share=share,
        voltage_noise=1e-4, interval=5.0, seed=seed,
    )  # fmt: skip
    one, charge = critical(made)
    assert one.outcome is Outcome.determined
    assert one.low == pytest.approx(made.truth["ccd_low"])
    assert one.high == pytest.approx(made.truth["ccd_high"])
    assert one.value == one.low < one.high
    assert ("stripping" if level % 2 == 0 else "plating") in one.message
    if one.low > 0:
        assert charge.value == pytest.approx(one.low * 1200.0, rel=1e-3)


def test_without_a_short_circuit_it_is_censored() -> None:
    made = paper.ccd(half_cycle=600.0, short=None)
    one, charge = critical(made)
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(0.4e-3 * AREA)
    assert np.isinf(one.high)
    assert one.event == ""
    assert charge.value == pytest.approx(600.0 * 0.4e-3 * AREA, rel=1e-6)


def test_a_short_circuit_in_the_first_level_leaves_nothing_below() -> None:
    one, charge = critical(paper.ccd(half_cycle=600.0, short="hard", short_level=0))
    assert (one.low, one.value) == (0.0, 0.0)
    assert one.high == pytest.approx(0.05e-3 * AREA)
    assert charge.value == pytest.approx(0.3 * 600.0 * 0.05e-3 * AREA, rel=0.05)


def test_sodium_against_sodium_shorts_at_the_papers_current() -> None:
    one, _ = critical(paper.na_na_ccd())
    assert one.low == pytest.approx(3.0e-3 * AREA)
    assert one.high == pytest.approx(3.2e-3 * AREA)


def test_a_level_that_ended_early_was_not_survived() -> None:
    made = paper.ccd(half_cycle=600.0, short=None, geis=False)
    series = made.campaign["timeseries"]
    kept = series.isel(time=series["time"].values < 7.3 * 600.0)
    one, _ = critical(Made(made.campaign.with_node("timeseries", kept), made.protocol, {}))
    # The last level (0.4, plating) was cut short; 0.4 while stripping was survived.
    assert one.low == pytest.approx(0.4e-3 * AREA)
    assert "ended early" in one.message
    kept = series.isel(time=series["time"].values < 6.3 * 600.0)
    one, _ = critical(Made(made.campaign.with_node("timeseries", kept), made.protocol, {}))
    assert one.low == pytest.approx(0.2e-3 * AREA)


def test_only_the_kinds_that_count_do() -> None:
    made = paper.ccd(half_cycle=1200.0, short="reversible", short_level=4, geis=False)
    assert critical(made)[0].outcome is Outcome.determined
    assert critical(made, kinds=("hard", "soft"))[0].outcome is Outcome.censored


@pytest.mark.parametrize(
    ("made", "low"),
    [
        (lambda: paper.cycling(0.1, 600.0, 3), 0.1),
        (lambda: paper.constant_current(-0.4, 1800.0), 0.4),
        (lambda: paper.hold(), 1.0),
    ],
)
def test_other_protocols_give_a_bound_from_below(made: object, low: float) -> None:
    one, _ = critical(made())  # type: ignore[operator]
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(low * 1e-3 * AREA)


@pytest.mark.parametrize("damage", ["noise", "drop_rows", "glitch_ranges"])
def test_it_stands_what_happens_to_records(damage: str) -> None:
    made = getattr(perturb, damage)(paper.ccd(half_cycle=1200.0, geis=False, interval=2.0))
    one, _ = critical(made)
    assert one.low == pytest.approx(0.2e-3 * AREA)
    assert one.high == pytest.approx(0.4e-3 * AREA)


def of_lengths(lengths: list[float], amps: list[float], when: float = np.inf) -> Record:
    """Half-cycles of given lengths (s) and currents (mA) at 100 Ω; from an instant on shorted."""
    end = np.cumsum(lengths)
    start = end - np.array(lengths)
    clock = np.arange(0.25, end[-1], 0.5)
    phase = np.searchsorted(start, clock, side="right") - 1
    current = 1e-3 * np.array(amps)[phase]
    noise = 1e-5 * np.random.default_rng(0).standard_normal(clock.size)
    volts = 100.0 * current * np.where(clock > when, 0.02, 1.0) + noise
    count = len(amps)
    protocol = build_node(
        "protocol",
        {
            "time_start": start, "time_end": end, "current": 1e-3 * np.array(amps),
            "mode": ["current"] * count, "block": np.zeros(count, int), "level": np.arange(count),
            "kind": ["ccd"], "confidence": [1.0], "count": [count],
        },
    )  # fmt: skip
    series = build_node("timeseries", {"time": clock, "voltage": volts, "current": current})
    return Record.of(Campaign({"timeseries": series}, {"current_sign": "strips"}), protocol)


CURRENTS = [1.0, -1.0, 2.0, -2.0, 4.0, -4.0]


def test_levels_of_other_lengths_are_not_held_against_each_other() -> None:
    """10 s at 1 and 2 mA, 100 s at 4 mA: that 2 mA was survived for 100 s nobody knows."""
    lengths = [10.0, 10.0, 10.0, 10.0, 100.0, 100.0]
    one, _ = find_critical_current(of_lengths(lengths, CURRENTS, 70.0))
    assert (one.low, one.high) == (0.0, pytest.approx(4e-3))
    assert "differ in length" in one.criterion
    assert "10 to 100 s: the interval holds for levels of 100 s" in one.message
    # those that lasted longer than the one that shorted count
    lengths = [100.0, 100.0, 10.0, 10.0, 10.0, 10.0]
    one, _ = find_critical_current(of_lengths(lengths, CURRENTS, 224.0))
    assert (one.low, one.high) == (pytest.approx(2e-3), pytest.approx(4e-3))
    assert "holds for levels of 10 s" in one.message


def test_a_bound_of_levels_of_other_lengths_names_the_length() -> None:
    """As CP_SSB.mpr of hybrid-drt: one current for 0.1, 1 and 10 s."""
    one, charge = find_critical_current(
        of_lengths([10.0, 10.0, 100.0, 100.0, 30.0, 30.0], [1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    )
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(1e-3)
    assert "differ in length" in one.criterion
    assert "10 to 100 s: the interval holds for levels of 100 s" in one.message
    assert "ended early" not in one.message
    assert charge.value == pytest.approx(0.1)
    assert charge.low == pytest.approx(0.01)
    # one that was interrupted is no other length
    one, _ = find_critical_current(of_lengths([30.0, 30.0, 3.0, 30.0, 30.0, 30.0], CURRENTS))
    assert "differ" not in one.criterion + one.message


def test_a_level_in_which_it_may_have_shorted_was_not_survived() -> None:
    record = of_lengths([100.0] * 6, CURRENTS)
    late = Finding("hard_short", 370.0, 310.0, 430.0, "s", Outcome.determined, "", "voltage",
                   time=430.0, block=0)  # fmt: skip
    one, _ = find_critical_current(record, shorts=[late])
    assert (one.low, one.high) == (pytest.approx(2e-3), pytest.approx(4e-3))
    early = replace(late, low=210.0)
    one, _ = find_critical_current(record, shorts=[early])
    assert (one.low, one.high) == (pytest.approx(1e-3), pytest.approx(4e-3))


def test_what_is_missing_gives_an_outcome() -> None:
    made = paper.ccd(half_cycle=600.0)
    assert find_critical_current(Record.of(made.campaign))[0].outcome is Outcome.needs_protocol
    assert find_critical_current(Record.of(Campaign()))[0].outcome is Outcome.needs_protocol
    nothing = Record.of(Campaign({}, made.campaign.attrs), made.protocol)
    assert find_critical_current(nothing)[0].outcome is Outcome.too_few_points
    assert find_critical_current(Record.of(made.campaign, paper.rest().protocol))[0].outcome is (
        Outcome.needs_protocol
    )


def test_nothing_was_survived_where_no_basis_could_tell() -> None:
    """0.2 V of noise over 0.05 V, and no sweeps: the short circuit is there, and nobody sees it."""
    (one,) = critical(paper.ccd(short="hard", geis=False, voltage_noise=0.2))
    assert one.outcome is Outcome.not_decidable
    assert np.isnan(one.value)
    assert "survived" in one.message
    assert "No short circuit:" not in one.message


def test_a_hold_that_ends_at_the_voltage_limit_was_not_survived() -> None:
    made = paper.constant_current(-0.4, 1800.0)
    series = made.campaign["timeseries"].copy(deep=True)
    series["voltage"].values[-3:] = [-1.0, -2.0, -3.0]
    one, _ = critical(Made(made.campaign.with_node("timeseries", series), made.protocol, {}))
    assert one.outcome is Outcome.not_decidable
    assert one.low == 0.0
    assert np.isnan(one.value)


@pytest.mark.parametrize("gap", [300.0, 3600.0])
def test_a_gap_of_the_record_passes_no_charge_but_widens_the_bounds(gap: float) -> None:
    made = paper.ccd(half_cycle=700.0, short=None, geis=False)
    amps = 0.4e-3 * AREA
    one, charge = critical(perturb.restart(made, 0.95, gap=gap))
    assert one.low == pytest.approx(amps)
    assert charge.low == pytest.approx(700.0 * amps, rel=0.03)
    assert charge.value == pytest.approx(700.0 * amps, rel=0.03)
    assert charge.high == pytest.approx((700.0 + gap) * amps, rel=0.03)
    assert "Gaps" in one.message


def test_levels_are_counted_from_one_and_named_as_they_are() -> None:
    made = paper.ccd((0.1, 0.1, 0.1, 0.1), half_cycle=1200.0, geis=False, short_level=6)
    one, charge = critical(made)
    assert "level number 7" in one.message
    assert charge.message.startswith("Level number 7 passed")
    made = paper.ccd((0.1, 0.2), half_cycle=600.0, short=None, geis=False)
    protocol = made.protocol.copy(deep=True)
    protocol["time_end"].values[-1] -= 30.0
    one, _ = critical(Made(made.campaign, protocol, {}))
    assert "570 to 600 s" in one.message


@pytest.mark.parametrize(
    "wrong", [{"kinds": ("warm",)}, {"kinds": ()}, {"complete": 0.0}, {"same": 0.9}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="Critical current"):
        CriticalCurrentSettings(**wrong)  # type: ignore[arg-type]
