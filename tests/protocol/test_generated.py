"""Every protocol of the paper, as the generator writes it; the statistics with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.protocol import recognise
from tests.generator import paper, perturb
from tests.protocol import statistics_recognition as statistics


@pytest.mark.parametrize("maker", statistics.MAKERS)
@pytest.mark.parametrize("perturbation", statistics.PERTURBATIONS)
def test_two_cases_of_each(maker, perturbation):
    """Both must be right: the kinds, the boundaries to a sample, and, with all rows, the counts."""
    lossy = perturbation in ("missing rows", "all of them")
    for seed in (1001, 1002):
        case = statistics.run_case(maker, perturbation, seed)
        assert case.right, (seed, case.found)
        assert case.count_right or (lossy and "puls" in maker), seed
        assert not case.off.size or np.median(case.off) <= 1.0


def test_a_case_with_a_wrong_answer_is_not_right(monkeypatch):
    wrong = recognise(paper.cycling().campaign["timeseries"])
    monkeypatch.setattr(statistics, "recognise", lambda *nodes: wrong)
    others = [maker for maker in statistics.MAKERS if "cycl" not in maker]
    assert not any(statistics.run_case(maker, "noise", 1001).right for maker in others)


def test_the_instruments_steps_do_not_change_what_is_found():
    made = paper.sgeis(step=0.05, rest=700.0)
    nodes = made.campaign
    without = recognise(nodes["timeseries"].drop_vars("step"), nodes["spectra"])
    given = recognise(nodes["timeseries"], nodes["spectra"], steps=nodes["steps"])
    assert without.kinds == given.kinds == ("staircase_geis", "rest_with_peis")
    np.testing.assert_allclose(without.boundaries, given.boundaries)


def test_levels_and_sweeps_are_numbered_as_in_the_truth():
    made = paper.sgeis(step=0.05, rest=350.0)
    node = recognise(made.campaign["timeseries"], made.campaign["spectra"]).to_dataset()
    for name in ("block", "level", "spectrum"):
        assert node[name].values.tolist() == made.protocol[name].values.tolist()
    assert node["mode"].values.tolist() == made.protocol["mode"].values.tolist()
    np.testing.assert_allclose(node["current"].values, made.protocol["current"].values, atol=2e-7)


def test_the_statistics_see_a_wrong_answer():
    made = perturb.noise(paper.hold(time=60.0), seed=1)
    kinds = tuple(made.protocol["kind"].values.tolist())
    other = recognise(paper.cycling().campaign["timeseries"])
    assert other.kinds != kinds
    off = statistics.boundaries_off(
        made.protocol, other, made.campaign["timeseries"]["time"].values
    )
    assert np.median(off) > 1.0


@pytest.mark.slow
def test_recognition_is_right_on_perturbed_records_of_every_protocol():
    cases = statistics.run(200)
    for maker in statistics.MAKERS:
        mine = [case for case in cases if case.maker == maker]
        assert len(mine) == 200
        if maker == "pulses, rests change":
            # with three samples per pulse, lost rows take whole pulses: that is no aim
            kept = ("noise", "range glitches", "restart")
            mine = [case for case in mine if case.perturbation in kept]
        # aim: nineteen of twenty records, however perturbed
        assert np.mean([case.right for case in mine]) >= 0.95, maker
        off = np.concatenate([case.off for case in mine])
        if off.size:
            assert np.median(off) <= 1.0, maker  # an edge is known to a sample
    right = [case.confidence for case in cases if case.right]
    wrong = [case.confidence for case in cases if not case.right]
    assert not wrong or np.mean(wrong) < np.mean(right)
