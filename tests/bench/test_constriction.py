"""The comparison of contact maps: geometry, errors, goals, and the findings of the gallery."""

from __future__ import annotations

import runpy
from dataclasses import replace

import numpy as np
import pytest

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
    reference = Answer("ran", (), {"impedance": np.full(FLAT, 100.0 + 0j), "slab": slab})
    found = np.full(FLAT, 100.0 + 0j)
    found[7] += 0.5j
    judged = cases.judged(row(), {"impedance": found}, reference)
    assert judged.error == pytest.approx(0.005)
    assert judged.interface_error == pytest.approx(0.05)
    assert judged.worst == cases.FREQUENCY[7]
    few = {"impedance": found[[7, 20]], "frequency": cases.FREQUENCY[[7, 20]]}
    assert cases.judged(row(), few, reference) == judged


def test_the_ratio_is_of_the_cheapest_settings_that_are_good_enough():
    rows = [
        row(seconds=0.1, interface_error=0.03),
        row(setting="both, extrapolated", seconds=0.5, interface_error=0.004),
        row(setting="pixels split in 2 × 2", seconds=0.6, interface_error=0.009),
        row(solver="other", seconds=10.0, interface_error=0.04),
        row(solver="other", setting="fine", seconds=40.0, interface_error=0.01),
    ]
    goal = bench._ratio(rows, "interface_error", "perfect")
    assert goal.found.startswith("80 ")
    assert goal.met == "no"
    # Where the other never gets there, nothing is decided, and it says so.
    bound = bench._ratio(rows[:4], "interface_error", "perfect")
    assert bound.found.startswith("20 ")
    assert "the closest" in bound.found
    assert bound.met == "–"


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
    assert (found.status, found.frequencies) == ("ran", FLAT)
    assert found.seconds > 0
    assert found.memory > 10
    # A line through two settings beats the coarser of them.
    drawn = cases.judged(row(), cases.solved(32, interface="film"), reference)
    assert 0 < found.interface_error < drawn.interface_error


@pytest.mark.slow
def test_the_comparison_runs_as_a_whole(monkeypatch):
    monkeypatch.setitem(cases.REFERENCE, 24, (1, 2, 4))
    monkeypatch.setattr(volumes, "CUTS", {"cells as pixels": volumes.Cut((1,), 1e-5, (0, 29))})
    found = bench.run_bench(sizes=(24,), largest=0, volumes=24, check=16, repeats=1)
    assert set(found) == {"goals", "solvers", "iterations", "reference"}
    assert all(one.status == "ran" for one in found["solvers"])
    assert any(one.solver == volumes.SOLVER for one in found["solvers"])


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


def test_the_example_prints_its_findings(capsys):
    runpy.run_path(pores.__file__, run_name="__main__")
    printed = capsys.readouterr().out
    assert [line[:2] for line in printed.splitlines() if line[0].isdigit()] == [
        "1.",
        "1.",
        "2.",
        "3.",
    ]
