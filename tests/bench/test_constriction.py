"""The comparison of contact maps: geometry, errors, goals, and the findings of the gallery."""

from __future__ import annotations

import runpy
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from anodescope.bench import constriction as bench
from anodescope.bench import constriction_cases as cases
from anodescope.bench import constriction_volumes as volumes
from anodescope.bench.peers import Answer
from anodescope.contact import constriction
from examples import dynamic_constriction as pores

FLAT = cases.FREQUENCY.size


def row(**changes):
    made = cases.Row("anodescope", "pixels as drawn", 256, 0.3, "perfect", "ran")
    return replace(made, **changes)


def test_splitting_keeps_the_geometry():
    contact = cases.contact_map(24)
    fine = cases.split(contact, 3)
    assert fine.shape == (72, 72)
    assert np.array_equal(fine[1::3, 2::3], contact)
    assert fine.mean() == contact.mean()


def test_extrapolation_finds_the_limit_of_a_known_order():
    sizes = np.array([1.0, 0.5, 0.25])
    for order, factors in ((1.0, (1, 2, 4)), (1.7, (1, 2, 4)), (1.0, (1, 2))):
        values = np.array([[5.0 + 3.0j + h**order] for h in sizes[: len(factors)]])
        assert cases.to_no_size(values, factors) == pytest.approx(5.0 + 3.0j, rel=1e-12)
    # What does not change any more is its own limit.
    assert cases.to_no_size(np.full((3, 1), 2.0 + 0j), (1, 2, 4)) == pytest.approx(2.0)


def test_errors_are_of_the_worst_frequency_and_of_the_interface():
    slab = np.full(FLAT, 90.0 + 0j)
    doubt = np.linspace(0.0, 0.02, FLAT)
    whole = {"impedance": np.full(FLAT, 100.0 + 0j), "slab": slab, "doubt": doubt}
    reference = Answer("ran", (), whole)
    found = np.full(FLAT, 100.0 + 0j)
    found[7] += 0.5j
    judged = cases.judged(row(), {"impedance": found}, reference)
    assert judged.error == pytest.approx(0.005)
    assert judged.interface_error == pytest.approx(0.05)
    assert judged.worst == cases.FREQUENCY[7]
    assert judged.doubt == pytest.approx(0.002)
    few = {"impedance": found[[7, 20]], "frequency": cases.FREQUENCY[[7, 20]]}
    assert cases.judged(row(), few, reference) == judged


PEER = volumes.MULTIGRID


def test_the_ratio_is_of_the_cheapest_settings_that_are_good_enough():
    rows = [
        row(seconds=0.1, interface_error=0.03),
        row(setting="both, extrapolated", seconds=0.5, interface_error=0.004),
        row(setting="pixels split in 2 × 2", seconds=0.6, interface_error=0.009),
        row(solver=PEER, seconds=10.0, interface_error=0.04),
        row(solver=PEER, setting="fine", seconds=40.0, interface_error=0.01),
        row(solver=volumes.SCIPY, seconds=1.0, interface_error=0.01),
    ]
    goal = bench.ratio(rows, PEER, "interface_error")
    assert goal.found.startswith("80 ")
    assert goal.met == "no"
    assert bench.ratio(rows, volumes.SCIPY, "interface_error").found.startswith("2 ")
    # Where the other never gets there, nothing is decided, and it says so.
    open_ = bench.ratio(rows[:4], PEER, "interface_error")
    assert "no setting that ran reached 1 %" in open_.found
    assert open_.met == "–"
    assert bench.ratio(rows[:1], PEER, "interface_error").met == "–"
    assert bench.ratio([rows[0], rows[4]], PEER, "interface_error").met == "no"


def test_what_did_not_finish_is_a_bound_and_never_a_goal_met():
    rows = [
        row(seconds=0.1, interface_error=0.004),
        row(solver=PEER, seconds=10.0, interface_error=0.04),
        row(solver=PEER, setting="fine", status="not finished in 60 s", least=60.0),
    ]
    goal = bench.ratio(rows, PEER, "interface_error")
    assert "a bound of 600" in goal.found
    assert goal.met == "bound only"
    # A smaller map decides, and what is open on the larger one stays in the text.
    small = [
        row(pixels=64, seconds=0.01, interface_error=0.004),
        row(solver=PEER, pixels=64, seconds=2.0, interface_error=0.009),
    ]
    decided = bench.ratio(rows + small, PEER, "interface_error")
    assert decided.found.startswith("200 (64²")
    assert "not finished in 60 s" in decided.found
    assert decided.met == "yes"


def test_a_setting_that_does_not_finish_is_a_row_and_is_not_tried_on_a_larger_map(monkeypatch):
    monkeypatch.setattr(
        volumes,
        "asked",
        lambda *_, limit, **given: Answer(f"failed: not done after {limit:.0f} s"),
    )
    references = {(pixels, 0.3, "film"): Answer("ran") for pixels in (16, 32)}
    rows = volumes.volume_rows((32, 16), references, 0.01, limit=7.0)
    assert [one.status for one in rows] == [
        "not finished in 7 s",
        "not run: too slow on a smaller map",
    ] * len(volumes.PEERS)
    assert {one.least for one in rows} == {7.0}


def test_finite_volumes_take_one_real_solve_where_frequency_only_scales():
    found = volumes.in_turns(16, 0.3, "perfect", (1,), 1e-6, "multigrid")
    assert np.count_nonzero(found["iterations"]) == 1
    scaled = found["impedance"] * (
        cases.CONDUCTIVITY + 2j * np.pi * found["frequency"] * cases.PERMITTIVITY
    )
    assert scaled == pytest.approx(np.full(FLAT, scaled[0]), rel=1e-12)


def test_perfect_contact_is_extrapolated_at_first_order_and_the_other_is_its_doubt():
    fine = [cases.ours(cases.split(cases.contact_map(16), cut), "perfect") for cut in (1, 2, 4)]
    coarse, half, quarter = (one["impedance"].values[0] for one in fine)
    found = cases.solved(16, factors=(1, 2, 4), repeats=0)
    assert found["impedance"][0] == pytest.approx(2 * quarter - half, rel=1e-12)
    three = np.array([[coarse], [half], [quarter]])
    seen = cases.to_no_size(three, (1, 2, 4), cases.SEEN)[0]
    assert found["doubt"][0] == pytest.approx(abs(2 * quarter - half - seen), rel=1e-9)
    assert found["doubt"][0] > 0


def test_a_check_says_where_it_is_not_asymptotic():
    where, cuts = ("anodescope", 64, "film", 1.0), (2, 4, 8)
    falls = volumes._check(where, cuts, np.array([5.4, 5.2, 5.1]), np.nan)
    turns = volumes._check(where, cuts, np.array([5.5149, 5.5072, 5.5073]), np.nan)
    assert (falls.asymptotic, turns.asymptotic) == (True, False)
    assert falls.order == pytest.approx(1.0)


def test_both_formulations_count_their_steps():
    found = bench.steps(24, ("film", "film and gap"))
    assert len(found) == 2 * FLAT
    # The highest frequency has nothing to start from; others may start where they end.
    highest = [step.recycled for step in found if step.frequency == cases.FREQUENCY[-1]]
    assert len(highest) == 2
    assert min(highest) >= 1
    assert all((step.shifted >= 1) == (step.interface == "film") for step in found)


def test_ours_runs_in_a_fresh_interpreter():
    case = (32, 0.3, "film")
    fine = cases.solved(32, interface="film", factors=(1, 2, 4), repeats=0)
    reference = Answer("ran", (), fine)
    found = bench._our_row(case, "both, extrapolated", reference, 2)
    assert found.status == "ran"
    assert found.seconds > 0
    assert found.memory > 10
    # A line through two settings beats the coarser of them.
    drawn = cases.judged(row(), cases.solved(32, interface="film"), reference)
    assert 0 < found.interface_error < drawn.interface_error


@pytest.mark.slow
def test_the_comparison_runs_as_a_whole(monkeypatch):
    monkeypatch.setitem(cases.REFERENCE, 24, (1, 2, 4))
    monkeypatch.setattr(volumes, "CUTS", {"cells as pixels": volumes.Cut((1,), 1e-4)})
    found = bench.run_bench(sizes=(24,), largest=0, volumes=(24,), check=16, repeats=1)
    assert set(found) == {"goals", "solvers", "iterations", "reference"}
    assert all(one.status == "ran" for one in found["solvers"])
    asked = {(one.solver, one.interface) for one in found["solvers"]}
    assert {(peer, name) for peer in volumes.PEERS for name in cases.INTERFACES} <= asked


# The gallery: one checked number for each finding. Tolerances are the spacing of γ's lattice (a
# sixteenth of a decade), or half of it where several points make a slope.


@pytest.fixture(scope="module")
def slopes():
    periods = np.array([1e-3, 1e-2, 1e-1])
    one = pores.times_against_size(periods, depth=1e-5)
    other = pores.times_against_size(periods, aspect=1e-3)
    return pores.slope(periods, one), pores.slope(periods, other)


def test_fast_voids_make_two_arcs_and_slow_ones_one():
    fast, slow = (pores.arcs(pores.two_times(1.0, ratio)) for ratio in (1e-2, 1e2))
    assert np.log10(fast) == pytest.approx([-5.0, -3.0], abs=1 / 16)
    # As one arc both resistances charge through the voids: twice the resistance, nearly twice τ.
    assert np.log10(slow) == pytest.approx([np.log10(0.2)], abs=2 / 16)


def test_the_circuit_of_three_elements_has_its_resistances_where_times_are_far_apart():
    for weight in (0.1, 1.0, 10.0):
        shares = pores.circuit_shares(weight, 1e-4)
        # The next order is ratio × (1 + weight), with a factor of two.
        near = 3e-4 * (1 + weight)
        assert shares == pytest.approx(np.array([1.0, weight]) / (1 + weight), rel=near)
        assert pores.circuit_shares(weight, 1e4).min() < 1e-6


def test_frequency_against_size_at_constant_contact_fraction(slopes):
    at_one_depth, depth_grows = slopes
    assert at_one_depth == pytest.approx(1.0, abs=0.02)
    assert depth_grows == pytest.approx(0.0, abs=0.02)


def test_time_against_depth_is_that_of_the_gap_plus_that_of_the_electrolyte():
    depths = np.array([1e-7, 1e-5, 1e-1])
    found = [pores.peak(one) for one in pores.distributions_against_depth(depths)]
    gap = pores.own()[1] * pores.gap(depths) * pores.PERIOD / pores.CONDUCTIVITY
    assert np.log10(found) == pytest.approx(np.log10(gap + pores.ELECTROLYTE), abs=1 / 16)
    assert np.all(np.diff(found) < 0)


def test_the_mean_time_of_any_map_grows_in_proportion_to_the_gaps_capacitance():
    """−dZ/ds at rest is Σ C |v|², and no capacitance changes the voltages v at rest."""
    contact = np.random.default_rng(4).random((12, 12)) < 0.4

    def moment(capacitance):
        frequency = 1e-3 * pores.CONDUCTIVITY / (12e-4 * capacitance)
        found = constriction(
            contact,
            pixel=1e-4,
            thickness=1e-2,
            conductivity=pores.CONDUCTIVITY,
            gap_capacitance=capacitance,
            frequency=frequency,
            fields=False,
            tolerance=1e-10,
        )
        return -float(found["impedance"].imag) / (2 * np.pi * frequency)

    # Relative error of the first order: (ωτ)² ~ 1e-5 at ω = 2π · 1e-3/τ.
    assert moment(3e-6) / moment(1e-8) == pytest.approx(300.0, rel=1e-4)
    assert moment(1e-8) > 0


def test_the_time_of_one_void_is_that_of_the_solver():
    contact = np.ones((5, 6), dtype=bool)
    contact[2, 3] = False
    (tau,) = pores.ordered_times(contact, [1e-6], thickness=1e-3)
    found = constriction(
        contact,
        pixel=1e-4,
        thickness=1e-3,
        conductivity=pores.CONDUCTIVITY,
        gap_capacitance=1e-6,
        frequency=np.array([1e-4, 1.0, 1e4]) / (2 * np.pi * tau),
        fields=False,
        tolerance=1e-10,
    )
    slow, middle, fast = found["impedance"].values
    # Aliases from the 32nd on are left out: (1/32)² of the first.
    assert (middle - fast) / (slow - fast) == pytest.approx(1 / (1 + 1j), abs=1e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_no_ordered_time_falls_where_a_capacitance_grows(seed):
    rng = np.random.default_rng(seed)
    contact = rng.random((6, 7)) < 0.4
    contact[0, 0] = True
    voids = np.count_nonzero(~contact)
    # Depths of four decades, mixed; then some voids get shallower by up to three.
    deep = pores.gap(10 ** rng.uniform(-7, -3, voids))
    shallow = deep * np.where(rng.random(voids) < 0.5, 1.0, 10 ** rng.uniform(0, 3, voids))
    before, after = (pores.ordered_times(contact, each, thickness=1e-2) for each in (deep, shallow))
    assert before.shape == (voids,)
    assert before[-1] > 0
    # Rounding is a share of the largest.
    assert np.all(after >= before - 1e-12 * after[0])
    assert after.sum() > before.sum() or np.array_equal(deep, shallow)


def test_no_period_is_named_where_the_law_does_not_hold():
    empty = pores.gap(1e-7)
    assert pores.period_for(1e-4, empty) == pytest.approx(pores.THICKNESS, rel=0.05)
    with pytest.raises(ValueError, match="No pattern takes longer"):
        pores.period_for(1e-3, empty)
    assert pores.period_for(1e-3, 1e-5) < pores.THICKNESS


def test_wide_patterns_saturate():
    empty = pores.gap(1e-7)
    times = [
        pores.peak(pores.interface_distribution(period=one, gap_capacitance=empty))
        for one in (0.15, 1.5, 15.0)
    ]
    limit = pores.saturated(empty)
    assert times[0] == pytest.approx(1e-4, rel=0.05)
    assert times[1] < 0.8 * limit
    # The rim of a contact, as wide as the electrolyte is thick, is 1/100 of the period at 15 cm; a
    # lattice point of γ is a sixteenth of a decade.
    assert np.log10(times[2] / limit) == pytest.approx(0.0, abs=1 / 16)


def test_in_what_sense_a_shallow_void_is_the_faster():
    smaller, same, bridged, pancakes, caps = pores.readings().values()
    assert smaller[0] == pytest.approx(smaller[1] / 10)
    assert same[0] == pytest.approx(same[1])
    # Its constriction is gone at a lower frequency: in proportion to its depth.
    assert bridged[0] == pytest.approx(bridged[1] / 100, rel=1e-2)
    # One outline: the time to refill is the volume over the flux, to a thousandth and one step.
    assert pancakes[1] == pytest.approx(100 * pancakes[0], rel=3e-3)
    volume = pores.Cap(150.0).volume(np.asarray(pores.BASE))
    whole = float(volume) / (pores.PITCH**2 * -pores.PLATING)
    assert caps[0] == pytest.approx(whole, rel=3e-3)
    assert caps[0] < caps[1]


def test_the_example_prints_its_findings(capsys):
    runpy.run_path(pores.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert [line[:2] for line in printed.splitlines() if line[0].isdigit()] == [
        "1.",
        "1.",
        "2.",
        *(["3."] * 6),
    ]
