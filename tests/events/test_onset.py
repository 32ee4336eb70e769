"""Onset of instability: laws of the numeric cores, then whole records with known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.campaign import Campaign, build_node, check
from anodescope.citations import cited_by
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import Finding, Phases, Record, findings_node, instants
from anodescope.events.onset.crossing import crossings
from anodescope.events.onset.find import OnsetSettings, find_degradation, find_onsets, paper_scan
from anodescope.events.onset.knee import knees, noise_of
from anodescope.events.onset.stairs import stairs_of
from anodescope.events.short.find import find_shorts
from tests.events import statistics_onset as statistics
from tests.generator import paper, perturb

AREA = 0.385
UNIT = 1e-3 * AREA
FACTORS = np.array([1.5, 2.0, 2.5, 4.0])
CURRENT = np.arange(0.05, 1.005, 0.01) * UNIT


def softplus(current, place=0.6 * UNIT, width=0.03 * UNIT, r0=300.0, gain=12.0):
    return r0 * (current + (gain - 1) * width * np.logaddexp(0, (current - place) / width))


def softplus_knee(k, place=0.6 * UNIT, width=0.03 * UNIT, gain=12.0):
    x = (k - 1) / (gain - 1)
    return place + width * np.log(x / (1 - x))


# the numeric core


def test_without_noise_the_knees_are_within_one_step_of_the_derivatives():
    found = knees(CURRENT, softplus(CURRENT), np.array([0.0]), FACTORS)
    exact = softplus_knee(FACTORS)
    assert np.all(np.abs(found.value[0] - exact) < 0.01 * UNIT)
    assert np.all((found.low[0] <= exact) & (exact <= found.high[0]))
    assert found.initial == pytest.approx(300.0, rel=1e-3)


def test_subtracting_the_ohmic_drop_gives_the_knees_of_the_overpotential():
    ohmic = 900.0
    whole = knees(CURRENT, softplus(CURRENT) + ohmic * CURRENT, np.array([0.0, ohmic]), FACTORS)
    bare = knees(CURRENT, softplus(CURRENT), np.array([0.0]), FACTORS)
    np.testing.assert_allclose(whole.value[1], bare.value[0], rtol=1e-6)
    # a series resistance hides the onset: the raw knee is never earlier
    assert np.all(whole.value[0] >= whole.value[1])


def test_a_larger_factor_never_gives_an_earlier_knee():
    found = knees(CURRENT, softplus(CURRENT), np.array([0.0, 100.0]), FACTORS)
    assert np.all(np.diff(found.value, axis=1) > 0)


@given(scale=st.floats(0.1, 1e3), offset=st.floats(-2.0, 2.0), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_scale_and_offset_of_the_voltage_do_not_move_the_knee(scale, offset, seed):
    noise = 1e-4 * np.random.default_rng(seed).standard_normal(CURRENT.size)
    volts = softplus(CURRENT) + noise
    one = knees(CURRENT, volts, np.array([0.0]), FACTORS)
    other = knees(CURRENT, scale * volts + offset, np.array([0.0]), FACTORS)
    np.testing.assert_allclose(one.value, other.value, rtol=1e-4)


def test_a_straight_line_has_no_knee_and_is_censored_at_the_top():
    found = knees(CURRENT, 300.0 * CURRENT, np.array([0.0]), FACTORS)
    assert np.all(np.isinf(found.value))
    assert np.all(found.low == CURRENT[-1])
    assert np.all(np.isinf(found.high))


def test_a_falling_slope_has_no_knee():
    found = knees(CURRENT, np.sqrt(CURRENT), np.array([0.0]), FACTORS)
    assert np.all(np.isinf(found.value))


def test_missing_and_uneven_stairs_keep_the_knee():
    random = np.random.default_rng(3)
    kept = np.sort(random.permutation(CURRENT.size)[:70])
    found = knees(CURRENT[kept], softplus(CURRENT[kept]), np.array([0.0]), FACTORS)
    exact = softplus_knee(FACTORS)
    assert np.all((found.low[0] <= exact) & (exact <= found.high[0]))


def test_too_few_stairs_and_too_large_a_resistance_decide_nothing():
    assert np.isnan(knees(CURRENT[:5], CURRENT[:5], np.array([0.0]), FACTORS).value).all()
    found = knees(CURRENT, softplus(CURRENT), np.array([300.0, 500.0]), FACTORS)
    assert np.isnan(found.value).all()


def test_the_same_curve_has_the_same_bounds():
    volts = softplus(CURRENT) + 1e-4 * np.random.default_rng(0).standard_normal(CURRENT.size)
    one, two = (knees(CURRENT, volts, np.array([0.0]), FACTORS) for _ in range(2))
    np.testing.assert_array_equal(one.low, two.low)
    np.testing.assert_array_equal(one.high, two.high)


def test_more_noise_makes_wider_bounds():
    white = np.random.default_rng(1).standard_normal(CURRENT.size)
    width = [
        np.ptp([f.low[0, 2], f.high[0, 2]])
        for f in (
            knees(CURRENT, softplus(CURRENT) + s * white, np.array([0.0]), FACTORS)
            for s in (1e-5, 1e-3)
        )
    ]
    assert width[1] > width[0]


def test_the_noise_is_told_on_a_curve_with_a_knee_and_any_steps():
    random = np.random.default_rng(2)
    current = np.sort(random.uniform(0.05, 1.0, 400)) * UNIT
    told = noise_of(current, softplus(current) + 1e-3 * random.standard_normal(400))
    assert told == pytest.approx(1e-3, rel=0.2)


# R_int


def test_r_int_crosses_where_it_is_k_times_its_initial_value():
    resistance = 100.0 * (1 + np.maximum(CURRENT / UNIT - 0.5, 0) * 10)
    found = crossings(CURRENT, resistance, FACTORS)
    exact = (0.5 + (FACTORS - 1) / 10) * UNIT
    np.testing.assert_allclose(found.value, exact, atol=1e-3 * UNIT)
    assert np.all((found.low < exact) & (exact < found.high))


def test_one_outlier_of_r_int_is_no_onset():
    resistance = np.full(CURRENT.size, 100.0)
    resistance[40] = 1000.0
    found = crossings(CURRENT, resistance, FACTORS)
    assert np.all(np.isinf(found.value))
    assert np.all(found.low == CURRENT[-2])


# records


def record_of(made, **nodes):
    campaign = made.campaign
    for name, node in nodes.items():
        campaign = campaign.with_node(name, node)
    return Record.of(campaign, made.protocol)


def with_impedance(made, ohmic=(120.0, 120.0), r_int=None):
    """Nodes drt and peaks as if an inversion had found the truth."""
    spectra = made.campaign["spectra"]
    count, points = spectra["impedance"].shape
    drt = build_node(
        "drt",
        {
            "gamma": np.ones((count, 1)),
            "in_window": np.ones((count, 1), bool),
            "tau": [1.0],
            "series_resistance": np.full(count, ohmic[0]),
            "polarisation_resistance": np.full(count, 1.0),
            "outcome": ["converged"] * count,
            "fit": np.zeros((count, points), complex),
            "residual": np.zeros((count, points), complex),
        },
    )
    values = np.full((count, 2), np.nan)
    values[:, 0] = ohmic[1]
    values[: len(made.truth["r_int"]), 1] = made.truth["r_int"] if r_int is None else r_int
    some = np.ones((count, 2))
    peaks = build_node(
        "peaks",
        {
            "tau": some, "resistance": values, "capacitance": some, "frequency": some,
            "in_window": some.astype(bool), "name": ["γ_GB", "γ_int"], "electrode": ["cell"] * 2,
            "attribution": ["electrolyte", "unknown"], "basis": ["", "No reference."],
            "birth": [0, 0], "death": [count - 1] * 2, "split_from": [-1, -1],
            "merged_into": [-1, -1],
        },
    )  # fmt: skip
    return record_of(made, drt=drt, peaks=peaks)


@pytest.fixture(scope="module")
def strip():
    return paper.sgeis(rest=0)


def of(findings, basis, k, window="hold"):
    return next(
        f
        for f in findings
        if f.basis == basis and f"exceeds {k:g} times" in f.criterion
        and (basis == "R_int" or f"of the {window}" in f.criterion)
    )  # fmt: skip


def test_a_staircase_has_its_knees_in_both_windows_and_in_r_int(strip):
    record = with_impedance(strip)
    found = find_onsets(record)
    for k, exact in strip.truth["knee"].items():
        for window in ("hold", "sweep"):
            one = of(found, "voltage_minus_ohmic", k, window)
            assert one.outcome is Outcome.determined
            assert one.low <= exact <= one.high
        assert of(found, "R_int", k).low <= exact <= of(found, "R_int", k).high
        assert of(found, "voltage", k).value > of(found, "voltage_minus_ohmic", k).value
    assert "unknown (No reference)" in of(found, "R_int", 2.5).message
    check("findings", findings_node(found, record.area))


def test_the_headline_is_one_event_at_its_stair(strip):
    found = find_onsets(with_impedance(strip))
    (event,) = instants(found)
    assert (event.kind, event.finding) == ("onset", 0)
    first = found[0]
    assert (first.basis, "2.5 times" in first.criterion) == ("voltage_minus_ohmic", True)
    assert "240 Ω were subtracted" in first.message
    levels = strip.truth["levels"]
    at = strip.protocol["time_start"].values[2 * int(np.searchsorted(levels, first.value))]
    assert event.time == at


def test_the_criterion_names_no_number_of_this_cell(strip):
    one, other = (
        find_onsets(with_impedance(strip, ohmic=o)) for o in ((120.0, 120.0), (90.0, 99.0))
    )
    assert {f.criterion for f in one} == {f.criterion for f in other}


def test_without_impedance_the_reason_is_said_and_the_rest_comes_out(strip):
    found = find_onsets(record_of(strip))
    assert of(found, "voltage_minus_ohmic", 2.5).outcome is Outcome.needs_spectra
    assert of(found, "R_int", 2.5).outcome is Outcome.needs_peaks
    assert of(found, "voltage", 2.5).outcome is Outcome.determined
    assert [f.event for f in found if f.event] == ["onset"]


def test_given_series_resistances_are_subtracted_in_turn(strip):
    scan = paper_scan(AREA)
    found = find_onsets(record_of(strip), OnsetSettings(series_resistances=scan[:2]))
    given_first = [f for f in found if f"{scan[0]:.6g} Ω as given" in f.criterion]
    assert len(given_first) == 2 * 4
    assert len(scan) == 4


def test_a_plating_scan_has_no_onset():
    found = find_onsets(with_impedance(paper.sgeis(sign=-1, rest=0)))
    assert {f.outcome for f in found} == {Outcome.censored}
    assert all(np.isinf(f.high) for f in found)


def test_a_staircase_without_impedance_has_one_window():
    found = find_onsets(record_of(paper.hold()))
    assert {f.outcome for f in found} <= {Outcome.not_decidable, Outcome.needs_spectra}
    assert not any("sweep" in f.criterion for f in found if f.basis != "R_int")
    assert any("4 stairs are too few" in f.message for f in found)


def test_noise_missing_rows_and_glitches_keep_the_headline():
    made = paper.sgeis(rest=0, seed=4)
    exact = made.truth["knee"][2.5]
    for change in (perturb.noise(made), perturb.drop_rows(made, 0.1)):
        one = of(find_onsets(with_impedance(change)), "voltage_minus_ohmic", 2.5)
        assert one.low <= exact <= one.high


def cut_short(case, stairs, limit):
    """The record ends in the hold of a stair whose voltage has jumped to the limit."""
    record = case.record
    rows = 2 * stairs + 1
    phases = record.phases
    end = phases.end[:rows].copy()
    end[-1] -= 0.6 * statistics.HOLD
    volts = record.voltage[:rows].copy()
    volts[-1] = limit
    time = record.time[:rows].copy()
    time[-1] = end[-1] - 0.01
    short = Phases(
        phases.start[:rows], end, phases.mode[:rows], phases.current[:rows], phases.block[:rows],
        phases.level[:rows], phases.spectrum[:rows], phases.kinds,
    )  # fmt: skip
    return replace(
        record, time=time, voltage=volts, cell_voltage=volts, current=record.current[:rows],
        overload=record.overload[:rows], phases=short,
    )  # fmt: skip


@pytest.mark.parametrize(("rise", "outcome"), [(2.0, "determined"), (0.0, "censored")])
def test_a_cut_stair_bounds_the_onset_where_its_voltage_has_jumped(rise, outcome):
    case = statistics.make("straight", 0, 1e-4)
    at = 10
    usual = case.curve.ohmic * case.current[at] + case.curve.overpotential(case.current[at])
    found = find_onsets(cut_short(case, at, usual + rise))
    one = of(found, "voltage", 2.5)
    assert one.outcome.name == outcome
    assert one.low <= case.current[at - 1]
    assert one.high == (case.current[at] if rise else np.inf)


def test_nothing_to_look_in_is_an_outcome():
    made = paper.rest(100.0)
    assert [f.outcome for f in find_onsets(record_of(made))] == [Outcome.needs_protocol]
    nothing = Record.of(Campaign())
    assert [f.outcome for f in find_onsets(nothing)] == [Outcome.needs_current]
    record = record_of(paper.sgeis(rest=0, stop=0.2))
    blind = replace(record, voltage=np.full(record.time.size, np.nan))
    assert [f.outcome for f in find_onsets(blind)] == [Outcome.not_finite]


def test_stairs_end_where_the_current_no_longer_rises(strip):
    record = record_of(strip)
    stairs = stairs_of(record, 0, 0.2, 0.5)
    np.testing.assert_allclose(stairs.current, strip.truth["levels"])
    assert np.all(stairs.spectrum == np.arange(stairs.current.size))
    assert stairs.whole_hold.all()
    assert stairs.whole_sweep.all()
    current = record.phases.current.copy()
    current[100:] = current[99] * 0.5
    fallen = replace(record, phases=replace(record.phases, current=current))
    assert stairs_of(fallen, 0, 0.2, 0.5).current.size == 50


# degradation in a critical-current test


def test_the_first_rising_half_cycle_bounds_the_degradation_current():
    made = paper.ccd(short=None)
    (one,) = find_degradation(record_of(made))
    assert one.outcome is Outcome.determined
    assert (one.low, one.high) == (pytest.approx(0.1 * UNIT), pytest.approx(0.2 * UNIT))
    assert one.event == "degradation"
    assert one.time == pytest.approx(4 * 3600.0, abs=1.0)


def test_constant_half_cycles_are_censored_and_a_fall_is_no_rise():
    (one,) = find_degradation(record_of(paper.ccd(rising_from=9.0, short=None)))
    assert one.outcome is Outcome.censored
    assert (one.low, one.high) == (pytest.approx(0.4 * UNIT), np.inf)


def test_a_short_circuit_is_no_degradation():
    (one,) = find_degradation(record_of(paper.ccd(rising_from=9.0, short="hard", goes_on=True)))
    assert one.outcome is Outcome.censored


def test_no_critical_current_test_has_no_degradation(strip):
    assert find_degradation(record_of(strip)) == []


# settings and sources


@pytest.mark.parametrize(
    "wrong",
    [
        {"factors": ()}, {"factors": (1.0,)}, {"headline": 3.0}, {"initial_share": 0.0},
        {"hold_share": 1.5}, {"series_resistances": (-1.0,)}, {"drift": float("nan")},
    ],
)  # fmt: skip
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        OnsetSettings(**wrong)


def test_the_paper_is_cited():
    assert [work.key for work in cited_by(find_onsets)] == ["wu2025"]


# measured


@pytest.mark.slow
def test_bias_coverage_and_false_alarms_of_the_knees():
    rows = statistics.measure(200)
    for family in ("softplus", "diverging"):
        for window in ("hold", "sweep"):
            for k in FACTORS:
                some = [r for r in rows if (r.family, r.window, r.factor) == (family, window, k)]
                score = statistics.score(some)
                assert score.coverage >= 0.9, (family, window, k)
                assert abs(score.bias) <= 1.0  # a step is what the staircase resolves
                assert score.invented <= 0.02 * score.cases
    straight = statistics.score([r for r in rows if r.family == "straight"])
    assert straight.determined <= 0.01 * straight.cases


# what a reviewer found


def three(made, share=0.6):
    """The same cell with a reference: the working electrode has a share of voltage and Z."""
    campaign = made.campaign
    series, spectra = campaign["timeseries"], campaign["spectra"]
    volts = series["voltage"].values
    columns = {name: series[name].values for name in series.data_vars}
    columns |= {"time": series["time"].values, "voltage": share * volts, "cell_voltage": volts}
    columns["counter_voltage"] = (share - 1) * volts
    tripled = {name: np.repeat(spectra[name].values, 3, axis=0) for name in spectra.data_vars}
    tripled["electrode"] = ["cell", "working", "counter"] * spectra.sizes["spectrum"]
    nodes = {"steps": campaign["steps"], "timeseries": build_node("timeseries", columns)}
    nodes["spectra"] = build_node("spectra", tripled)
    specimen = {**campaign.attrs["specimen"], "reference": "Na"}
    return replace(made, campaign=Campaign(nodes, {**campaign.attrs, "specimen": specimen}))


def three_with_impedance(made, ohmic, r_int):
    """Nodes drt and peaks whose numbers differ by electrode: cell, working, counter."""
    made = three(made)
    spectra = made.campaign["spectra"]
    count, points = spectra["impedance"].shape
    drt = {
        "gamma": np.ones((count, 1)), "in_window": np.ones((count, 1), bool), "tau": [1.0],
        "series_resistance": np.tile(ohmic, count // 3),
        "polarisation_resistance": np.ones(count), "outcome": ["converged"] * count,
        "fit": np.zeros((count, points), complex), "residual": np.zeros((count, points), complex),
    }  # fmt: skip
    values = np.full((count, 3), np.nan)
    for k in range(3):
        values[k::3, k] = r_int[k]
    some = np.ones((count, 3))
    peaks = {
        "tau": some, "resistance": values, "capacitance": some, "frequency": some,
        "in_window": some.astype(bool), "name": ["γ_int"] * 3,
        "electrode": ["cell", "working", "counter"],
        "attribution": ["unknown", "alloy", "counter"], "basis": ["", "Measured.", ""],
        "birth": [0] * 3, "death": [count - 1] * 3, "split_from": [-1] * 3, "merged_into": [-1] * 3,
    }  # fmt: skip
    return record_of(made, drt=build_node("drt", drt), peaks=build_node("peaks", peaks))


def test_with_a_reference_the_ohmic_drop_is_that_of_the_voltage_used(strip):
    record = three_with_impedance(strip, [240.0, 144.0, 96.0], [100.0, 60.0, 40.0])
    found = find_onsets(record)
    assert "144 Ω were subtracted" in found[0].message
    assert found[0].low <= strip.truth["knee"][2.5] <= found[0].high
    message = of(found, "R_int", 2.5).message
    assert "alloy (Measured)" in message
    assert "unknown" not in message
    assert "counter" not in message


def test_the_ohmic_drop_of_another_electrode_is_not_subtracted(strip):
    record = replace(with_impedance(strip), voltage_electrode="working")
    found = find_onsets(record)
    assert of(found, "voltage_minus_ohmic", 2.5).outcome is Outcome.needs_spectra


def test_a_voltage_against_the_current_has_its_own_sentence(strip):
    record = with_impedance(strip)
    found = find_onsets(replace(record, voltage=-record.voltage))
    for basis in ("voltage", "voltage_minus_ohmic"):
        one = of(found, basis, 2.5)
        assert one.outcome is Outcome.not_decidable
        assert one.message.startswith("V falls as the current rises")
    assert not any(f.event for f in found)


def test_a_drift_is_told_by_the_size_of_the_voltage():
    record = record_of(paper.ccd(short=None))
    one, other = (
        find_degradation(r)[0] for r in (record, replace(record, voltage=-record.voltage))
    )
    assert (one.value, one.time, one.outcome) == (other.value, other.time, other.outcome)


@pytest.mark.parametrize("kind", ["hard_short", "soft_short"])
def test_a_short_circuit_ends_the_curve(strip, kind):
    record = with_impedance(strip)
    stair = 40  # below the knee
    good, low = (float(record.phases.end[2 * stair - 1]) + x for x in (-0.01, 0.5))
    volts = np.where(record.time >= low, 1e-4, record.voltage)
    short = Finding(kind, good, good, low, "s", Outcome.determined, "", "voltage", low, 0)
    found = find_onsets(replace(record, voltage=volts), shorts=[short])
    for one in found:
        assert one.outcome is Outcome.censored
        assert one.low <= strip.truth["levels"][stair - 1]
        assert f"{kind.removesuffix('_short')} short circuit" in one.message
    early = replace(short, time=30.0, low=29.0)
    for one in find_onsets(record, shorts=[early]):
        assert one.outcome is Outcome.not_decidable
    for other in (replace(short, quantity="reversible_short"), replace(short, block=7),
                  replace(short, outcome=Outcome.not_decidable)):  # fmt: skip
        assert find_onsets(record, shorts=[other]) == find_onsets(record)


def test_a_broken_off_sweep_does_not_move_the_end_of_the_hold(strip):
    record = record_of(strip)
    whole = stairs_of(record, 0, 0.2, 0.5)
    phases = record.phases
    last = 2 * whole.current.size - 1
    # the last sweep was broken off: its time counts as a hold, in which the voltage goes on rising
    kept = np.flatnonzero(np.arange(phases.start.size) != last)
    end = phases.end.copy()
    end[last - 1] = phases.end[last]
    late = record.time > phases.start[last]
    broken = replace(
        record, voltage=np.where(late, 5.0, record.voltage),
        phases=Phases(phases.start[kept], end[kept], phases.mode[kept], phases.current[kept],
                      phases.block[kept], phases.level[kept], phases.spectrum[kept], phases.kinds),
    )  # fmt: skip
    found = stairs_of(broken, 0, 0.2, 0.5)
    assert found.hold[-1] == pytest.approx(whole.hold[-1], rel=1e-3)
    assert np.isnan(found.sweep[-1])


def test_a_falling_staircase_says_so_once(strip):
    record = record_of(strip)
    phases = replace(record.phases, current=record.phases.current[::-1].copy())
    (one,) = find_onsets(replace(record, phases=phases))
    assert one.outcome is Outcome.not_decidable
    assert "staircase falls" in one.message


def test_what_all_factors_lack_is_said_once_per_basis(strip):
    few = find_onsets(record_of(paper.hold()))
    assert sorted(f.basis for f in few) == ["R_int", "voltage", "voltage_minus_ohmic"]
    blind = find_onsets(record_of(strip))
    assert sum(f.outcome is Outcome.needs_spectra for f in blind) == 1


def test_half_cycles_after_a_short_circuit_tell_no_degradation() -> None:
    """The voltage of a shorted cell neither rises nor stays: it says nothing of the interface."""
    made = paper.ccd(
        (0.05, 0.1, 0.2), half_cycle=700.0, short="hard", short_level=1, goes_on=True, geis=False
    )
    record = Record.of(made.campaign, made.protocol)
    shorts = find_shorts(record)
    (one,) = find_degradation(record, shorts=shorts)
    assert one.outcome is Outcome.censored
    assert one.low == pytest.approx(0.05e-3 * 0.385)
    made = paper.ccd(
        (0.05, 0.1), half_cycle=700.0, short="hard", short_level=0, goes_on=True, geis=False
    )
    record = Record.of(made.campaign, made.protocol)
    (one,) = find_degradation(record, shorts=find_shorts(record))
    assert one.outcome is Outcome.not_decidable
