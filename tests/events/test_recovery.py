"""Recovery after a current: laws of the fit, then whole records with known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodescope.campaign import build_node, check
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import Record, findings_node
from anodescope.events.recovery.find import RecoverySettings, _passed, find_recoveries
from anodescope.events.recovery.relaxation import relax
from anodescope.events.recovery.rests import Fall, Rest, block_rests, pulse_rests
from tests.events import statistics_recovery as statistics
from tests.events.decaying import noise
from tests.generator import paper

# records


def of(findings, quantity, basis="voltage", text=""):
    return [
        f for f in findings if (f.quantity, f.basis) == (quantity, basis) and text in f.criterion
    ]


def test_pulses_are_told_by_their_median():
    made = paper.pulsed(capacity=None, count=400, rest=5.0, samples=(5, 25))
    found = find_recoveries(Record.of(made.campaign, made.protocol), RecoverySettings(40))
    one = next(f for f in of(found, "recovery_time") if "pulses" in f.criterion)
    assert one.outcome is Outcome.determined
    assert one.low <= made.truth["tau_relax"] <= one.high
    assert "40 of 40 rests" in one.message
    (plateau,) = of(found, "plateau_time", text="pulses")
    assert plateau.value == pytest.approx(0.2 + np.log(20.0), rel=0.05)


def test_rests_shorter_than_the_relaxation_give_a_bound():
    made = paper.pulsed(capacity=None, count=200, rest=0.1)
    found = find_recoveries(Record.of(made.campaign, made.protocol))
    (one,) = of(found, "recovery_time", text="pulses")
    assert one.outcome is Outcome.not_resolved
    assert np.isinf(one.high)
    assert one.low <= made.truth["tau_relax"]
    (flat,) = of(found, "plateau_time", text="pulses")
    assert flat.outcome is Outcome.censored


def test_the_rest_after_the_test_tells_ohmic_drop_and_relaxation_apart():
    made = paper.pulsed(capacity=1.0)
    record = Record.of(made.campaign, made.protocol)
    found = [f for f in find_recoveries(record) if f.block == 1]
    (drop,) = of(found, "instant_resistance")
    assert drop.value == pytest.approx((3.0 - 0.5) / made.truth["current"], rel=0.01)
    (one,) = of(found, "recovery_time")
    assert one.low <= 1.0 <= one.high


def test_pulses_are_chosen_evenly_and_no_more_than_asked():
    made = paper.pulsed(capacity=None, count=1000, rest=2.0)
    record = Record.of(made.campaign, made.protocol)
    rests = pulse_rests(record, 0, 25)
    assert len(rests) == 25
    assert rests[0].off == pytest.approx(1.0)
    assert np.ptp(np.diff([rest.off for rest in rests])) <= 3.01
    assert len(pulse_rests(record, 0, 5000)) == 1000


def with_impedance(made, *, prime_until=-1):
    """Nodes drt and peaks as if an inversion had found the truth, with noise of 0.5 %."""
    spectra = made.campaign["spectra"]
    count, points = spectra["impedance"].shape
    truth = made.truth
    rest = spectra["time_start"].values >= truth["rest_start"]
    middle = 0.5 * (spectra["time_start"].values + spectra["time_end"].values)
    since = middle - truth["rest_start"]
    r_int = np.empty(count)
    r_int[~rest] = truth["r_int"]
    r_int[rest] = truth["r_pristine"] * (1 + 1.4 * np.exp(-since[rest] / truth["tau_recovery"]))
    r_int *= 1 + noise(count, 5e-3)
    row, under = np.arange(count), truth["r_int"].size
    prime = np.where((row >= under - 5) & (row < under + prime_until), 50.0, np.nan)
    drt = build_node(
        "drt",
        {
            "gamma": np.ones((count, 1)), "in_window": np.ones((count, 1), bool), "tau": [1.0],
            "series_resistance": np.full(count, 240.0), "polarisation_resistance": r_int,
            "outcome": ["converged"] * count, "fit": np.zeros((count, points), complex),
            "residual": np.zeros((count, points), complex),
        },
    )  # fmt: skip
    some = np.ones((count, 2))
    peaks = build_node(
        "peaks",
        {
            "tau": some, "resistance": np.stack([r_int, prime], axis=1), "capacitance": some,
            "frequency": some, "in_window": some.astype(bool), "name": ["γ_int", "γ'_int"],
            "electrode": ["cell"] * 2, "attribution": ["alloy"] * 2, "basis": ["Assumed."] * 2,
            "birth": [0, 0], "death": [count - 1] * 2, "split_from": [-1, -1],
            "merged_into": [-1, -1],
        },
    )  # fmt: skip
    return Record.of(made.campaign.with_node("drt", drt).with_node("peaks", peaks), made.protocol)


@pytest.fixture(scope="module")
def staircase():
    return paper.sgeis(rest=20000.0, tau_recovery=3000.0, step=0.05)


def test_resistances_relax_with_the_known_time_constant(staircase):
    record = with_impedance(staircase)
    found = find_recoveries(record)
    for basis in ("R_int", "polarisation_resistance"):
        (one,) = of(found, "recovery_time", basis)
        assert one.low <= 3000.0 <= one.high
        first, last = of(found, "recovered_share", basis)
        assert first.value < 0.95
        assert last.value == pytest.approx(1.0, abs=0.02)
        assert last.low < last.value < last.high
    assert "alloy (Assumed)" in of(found, "recovery_time", "R_int")[0].message
    check("findings", findings_node(found, record.area))


@pytest.mark.parametrize(
    ("until", "outcome", "low", "high"),
    [
        (0, Outcome.not_resolved, 0.0, 35.0),
        (2, Outcome.determined, 52.5, 105.0),
        (-1, Outcome.not_found, np.nan, np.nan),
        (10**6, Outcome.censored, 35.0 * 571, np.inf),
    ],
)
def test_the_end_of_the_new_peak_is_bounded_by_the_sweeps(staircase, until, outcome, low, high):
    (one,) = of(
        find_recoveries(with_impedance(staircase, prime_until=until)), "vanishing_time", "γ'_int"
    )
    assert one.outcome is outcome
    np.testing.assert_allclose([one.low, one.high], [low, high], rtol=1e-6)


def test_without_inversion_the_reason_is_said_and_the_voltage_comes_out():
    made = paper.rest_with_peis(3600.0)
    found = find_recoveries(Record.of(made.campaign, made.protocol))
    (one,) = of(found, "recovery_time")
    assert one.low <= made.truth["tau_recovery"] <= one.high
    assert "mean of a sweep" in one.message
    assert of(found, "recovery_time", "R_int")[0].outcome is Outcome.needs_peaks
    assert of(found, "recovery_time", "polarisation_resistance")[0].outcome is Outcome.needs_spectra


def test_a_rest_without_a_current_before_it_recovers_from_nothing():
    made = paper.rest_with_peis(1000.0, before=0.0)
    record = Record.of(made.campaign, made.protocol)
    assert block_rests(record) == []
    assert [f.outcome for f in find_recoveries(record)] == [Outcome.needs_protocol]


def test_settings_outside_their_range_are_refused():
    with pytest.raises(SettingsError, match="pulses"):
        RecoverySettings(0)


# measured


@pytest.mark.slow
def test_coverage_of_time_constants():
    rows = statistics.measure(200)
    for sampling in statistics.SAMPLINGS:
        for kind in ("one", "fast of two", "slow of two", "stretched"):
            some = [r for r in rows if (r.sampling, r.kind) == (sampling, kind)]
            fixed = [r for r in some if r.outcome is Outcome.determined]
            bound = [r for r in some if r.outcome is Outcome.not_resolved]
            assert not some or statistics.held(fixed) >= 0.85, (sampling, kind)
            assert len(bound) < 10 or statistics.held(bound) >= 0.85, (sampling, kind)


@pytest.mark.slow
def test_coverage_of_the_times_at_which_a_share_is_left():
    rows = statistics.measure_passed(25)
    for kind in statistics.DESCRIBED:
        for share in statistics.SHARES:
            some = [r for r in rows if (r.kind, r.share) == (kind, share)]
            white = [r for r in some if r.noise == "white"]
            assert statistics.covered(white) >= 0.85, (kind, share)
            # a model that is right is seldom said to be wrong
            assert sum(r.outcome is Outcome.not_decidable for r in some) <= 0.05 * len(some)
    # what no model describes: seldom is a wrong time told, and half of it is told all the same
    for kind in statistics.UNDESCRIBED:
        for share in statistics.SHARES:
            some = [r for r in rows if (r.kind, r.share) == (kind, share)]
            assert statistics.wrong(some) <= 0.15, (kind, share)
        told = [r for r in some if r.outcome is Outcome.determined]
        assert len(told) >= 0.9 * len(some)
        assert statistics.covered(told) >= 0.9


# what a reviewer found


def after_current(made, since, values, gap=0.0):
    """The record of a current of 600 s with another voltage at rest, `since` its switch."""
    record = Record.of(made.campaign, made.protocol)
    off = made.truth["rest_start"]
    on = record.time <= off
    count = np.count_nonzero(on)
    phases = record.phases
    start, end = phases.start[:2].copy(), phases.end[:2].copy()
    start[1], end[1] = off + gap, off + gap + since[-1]
    mode = np.array(["current", "rest"], object)
    return replace(
        record, time=np.concatenate([record.time[on], off + gap + since]),
        voltage=np.concatenate([record.voltage[on], values]),
        current=np.concatenate([record.current[on], np.zeros(since.size)]),
        overload=np.zeros(count + since.size, bool),
        phases=replace(phases, start=start, end=end, mode=mode, current=phases.current[:2],
                       block=phases.block[:2], level=phases.level[:2],
                       spectrum=np.full(2, -1)),
    )  # fmt: skip


SINCE = np.arange(1, 601) * 1.0


@pytest.fixture(scope="module")
def held_then_rest():
    return paper.rest_with_peis(600.0)


def test_a_relaxation_that_no_model_describes_is_not_decidable(held_then_rest):
    values = 0.1 * np.exp(-SINCE / 60.0) * np.cos(SINCE / 20.0) + noise(600, 1e-5)
    found = find_recoveries(after_current(held_then_rest, SINCE, values))
    for quantity in ("recovery_time", "decay_time", "plateau_time"):
        (one,) = of(found, quantity)
        assert one.outcome is Outcome.not_decidable
        assert np.isnan(one.value)
        assert "is no noise" in one.message
    # it swings: no sum of exponentials describes it, so that no half is told either
    (half,) = of(found, "half_time")
    assert half.outcome is Outcome.not_identifiable


def test_what_no_model_describes_still_has_a_half_time(held_then_rest):
    parts = [np.exp(-SINCE / tau) / 30.0 for tau in (3.0, 30.0, 200.0)]
    found = find_recoveries(after_current(held_then_rest, SINCE, sum(parts) + noise(600, 3e-5)))
    assert of(found, "recovery_time")[0].outcome is Outcome.not_decidable
    (half,) = of(found, "half_time")
    assert half.outcome is Outcome.determined
    values = sum(parts)
    true = np.interp(-0.5 * (values[0] + values[-1]), -values, SINCE)
    assert half.low <= true <= half.high
    assert "no model" in half.criterion


def test_correlated_noise_widens_the_bounds():
    white = noise(600, 1e-3)
    rough = white.copy()
    for k in range(1, rough.size):
        rough[k] = 0.6 * rough[k - 1] + 0.8 * white[k]
    one, other = (relax(SINCE, np.exp(-SINCE / 60.0) + n, ("one",)) for n in (white, rough))
    width = [np.ptp(r.decay_bounds) / r.noise for r in (one, other)]
    assert width[1] > 1.1 * width[0]
    assert other.outcome is Outcome.determined


def test_the_instant_resistance_has_the_bounds_of_the_noise(held_then_rest):
    current = Record.of(held_then_rest.campaign, held_then_rest.protocol).phases.current[0]
    for size in (1e-5, 1e-4):
        values = 1e-3 * np.exp(-SINCE / 60.0) + noise(600, size)
        found = find_recoveries(after_current(held_then_rest, SINCE, values))
        (one,) = of(found, "instant_resistance")
        assert one.outcome is Outcome.determined
        half = 1.96 * np.sqrt(2.0) * size / current
        assert one.high - one.value == pytest.approx(half, rel=0.25)
        assert one.value - one.low == pytest.approx(half, rel=0.25)


def test_an_instant_resistance_within_the_noise_or_below_zero_is_not_determined(held_then_rest):
    record = Record.of(held_then_rest.campaign, held_then_rest.protocol)
    on = record.voltage[record.time < held_then_rest.truth["rest_start"]][-1]
    for offset, size, outcome in (
        (0.0, 1e-2, Outcome.not_identifiable),
        (0.1, 1e-5, Outcome.not_decidable),
    ):
        values = on + offset + noise(600, size)
        found = find_recoveries(after_current(held_then_rest, SINCE, values))
        (one,) = of(found, "instant_resistance")
        assert one.outcome is outcome
        assert np.isnan(one.value)


def test_a_voltage_that_never_changes_has_no_resistance_of_0_to_0(held_then_rest):
    record = after_current(held_then_rest, SINCE, np.zeros(600))
    record = replace(record, voltage=np.full(record.voltage.size, 0.1))
    found = find_recoveries(record)
    (one,) = of(found, "instant_resistance")
    assert one.outcome is Outcome.not_identifiable
    assert np.isnan([one.value, one.low, one.high]).all()
    assert of(found, "recovery_time")[0].outcome is Outcome.not_found


def test_a_rest_in_a_second_file_still_recovers(held_then_rest):
    values = 0.02 * np.exp(-SINCE / 60.0) + noise(600, 1e-5)
    at_once, later = (
        find_recoveries(after_current(held_then_rest, SINCE, values, gap)) for gap in (0.0, 30.0)
    )
    one, other = (of(found, "recovery_time")[0] for found in (at_once, later))
    assert other.low <= 60.0 <= other.high
    assert other.value == pytest.approx(one.value, rel=1e-3)
    assert "Nothing was recorded for 30 s" in other.message
    (soon,), (late,) = (of(found, "decay_time") for found in (at_once, later))
    assert late.low <= 1.001 * soon.low
    assert late.high >= soon.high
    far = after_current(held_then_rest, SINCE, values, 700.0)
    assert block_rests(far) == []


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        ((0.0, np.inf), Outcome.not_identifiable),
        ((0.0, 3.0), Outcome.not_resolved),
        ((2.0, np.inf), Outcome.not_resolved),
        ((2.0, 3.0), Outcome.determined),
    ],
)
def test_no_sentence_speaks_of_infinity(ends, outcome):
    fall = Fall(np.array([1.0, 10.0]), np.zeros(2), np.nan, False)
    one = _passed(Rest(0, 0.0, 10.0, 1.0), fall, "decay_time", 2.5, ends, "")
    assert one.outcome is outcome
    assert "inf" not in one.message
