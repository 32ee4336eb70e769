"""The comparison of the virtual cell with PyBaMM: numbers handed over, rows, goals, and the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodescope.bench import cell as bench
from anodescope.bench import cell_ours, cell_pybamm, peers
from anodescope.bench.peers import Answer
from anodescope.cell import march
from anodescope.cell.engine import Accuracy, Engine
from anodescope.errors import SettingsError
from tests.cell.plain import Plain


def answered(seconds, volts=(1.0, 2.0)):
    arrays = {
        "seconds": np.array(seconds), "set_up": np.array(0.1), "volts": np.array(volts),
        "peak_memory": np.array(200.0),
    }  # fmt: skip
    return Answer("ran", ("26.10",), arrays)


def test_the_numbers_are_those_of_the_cell_that_ours_marches():
    given = cell_ours.one_patch()
    numbers = cell_ours.bare_cell().numbers()
    assert np.array_equal(given["values"], numbers.p)
    assert len(given["names"]) == len(given["values"])
    assert given["kappa"] == numbers.kappa[0]
    assert given["tau"] == numbers.tau[0]
    assert np.sum(given["weights"]) == pytest.approx(1.0)
    assert np.sum(given["weights"] / given["rates"]) == pytest.approx(1 / 3)


def test_a_law_that_the_peer_has_not_is_refused(monkeypatch):
    other = cell_ours.bare_cell().replace(layer=None)
    monkeypatch.setattr(cell_ours, "bare_cell", lambda: other)
    with pytest.raises(SettingsError, match="no other law of layer"):
        cell_ours.one_patch()


def test_our_side_returns_the_voltage_at_the_end_of_every_phase():
    phases = np.array(bench.PULSES)
    given = {"phases": phases, "repeats": 3, "tolerance": 1e-4, "patches": 1}
    ends = cell_ours.marched({**given, "fractions": np.array([1.0])})
    inside = cell_ours.marched({**given, "fractions": np.array(bench.FRACTIONS)})
    assert ends["volts"].shape == (6,)
    assert inside["volts"].shape == (6 * len(bench.FRACTIONS),)
    # The same march but for where its steps stop: both within its tolerance of 20 mV · 1e-4.
    assert np.abs(inside["volts"][len(bench.FRACTIONS) - 1 :: len(bench.FRACTIONS)]
                  - ends["volts"]).max() < 2e-5  # fmt: skip
    # A pulse of 1 mA/cm² carries the drop over the sheet and the electrolyte, a rest does not.
    assert ends["volts"][::2].min() > 0.3
    assert np.abs(ends["volts"][1::2]).max() < 0.1


def test_the_plain_equations_agree_where_no_peer_is_installed():
    """SciPy stands in for PyBaMM: another writing of the same equations, to 1 mV."""
    from scipy.integrate import solve_ivp

    cell = cell_ours.bare_cell().numbers()
    plain = Plain(cell.p, cell.kappa, cell.tau)
    engine = Engine(cell.p, cell.kappa, cell.tau, accuracy=Accuracy(), every=np.inf)
    y, row = plain.start(), [march.CURRENT, 0.0, 0.0, 0.0, *cell_ours.FREE]
    for current, duration in bench.STAIRS[:6]:
        row[march.START] = row[march.STOP] = current
        row[march.DURATION] = duration
        _, samples, _ = engine.advance(np.array([row]))
        found = solve_ivp(
            plain.rates, (0, duration), y, "Radau", args=(current,), rtol=1e-8, atol=1e-10
        )
        y = found.y[:, -1]
        assert samples[-1, march.VOLT] == pytest.approx(plain.voltage(y, current), abs=bench.WANTED)


def test_the_peer_gets_the_loosest_tolerance_that_is_as_good():
    ours = bench.Row("anodescope", "march", bench.DEFAULT, 10, 1, "ran", error=0.08)
    loose = bench.Row("PyBaMM 26", "one solve", 1e-2, 10, 1, "ran", error=0.09)
    good = replace(loose, tolerance=1e-3, error=0.02)
    better = replace(loose, tolerance=1e-4, error=0.001)
    assert bench.equal_tolerance([ours, loose, good, better]) == 1e-3
    assert bench.equal_tolerance([ours, loose]) == min(bench.LADDER)


def test_ratios_are_taken_within_each_turn():
    ours = [answered(1.0), answered(2.0), answered(4.0)]
    theirs = [answered(10.0), answered(30.0), answered(40.0, (1.0, 2.003))]
    row = bench._row("PyBaMM", "one solve", 1e-3, 10, theirs, answered(1.0), ours)
    assert (row.ratio, row.ratio_least, row.ratio_most) == (10.0, 10.0, 15.0)
    assert (row.seconds, row.least, row.most) == (30.0, 10.0, 40.0)
    assert row.error == pytest.approx(3.0)
    assert row.solver == "PyBaMM 26.10"
    failed = bench._row("PyBaMM", "one solve", 1e-3, 10, [Answer("failed: x")], answered(1.0))
    assert failed.status == "failed: x"
    assert np.isnan(failed.seconds)


def test_goals_name_misses_first_and_judge_by_the_worst_turn():
    compared = [bench.Voltages("stairs", "ran", 6, 1.0, 0.01, 0.5, 0.05, 1e-4)]
    compared.append(bench.Voltages("pulses", "not installed", 6))
    train = bench.Row("PyBaMM", "one solve", 1e-3, 5000, 3, "ran", ratio=150.0,
                      ratio_least=99.0, ratio_most=160.0)  # fmt: skip
    alone = [
        bench.Verb("50,000 pulses", 1, "ran", 0.8, 0.7, 0.9),
        bench.Verb("50,000 pulses", 16, "ran", 9.0, 8.0, 10.5),
        bench.Verb("staircase", 16, "failed: x"),
    ]
    found = bench.goals(compared, [train], alone)
    assert [goal.met for goal in found] == ["no", "no", "–", "–", "yes", "yes"]
    assert found[0].goal == "5,000 pulses: times faster than PyBaMM, one solve"


@pytest.mark.slow
def test_absent_peers_are_lines(monkeypatch, tmp_path):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "python"))
    found = bench.run_bench(pulses=(3,), many=5, turns=1)
    assert {row.status for row in found["voltages"]} == {"not installed"}
    absent = [row for row in found["pulses"] if row.solver.startswith("PyBaMM")]
    assert [row.way for row in absent] == list(cell_pybamm.WAYS)
    assert {row.status for row in absent} == {"not installed"}
    assert all(row.status == "ran" and row.seconds > 0 for row in found["verb"])
    assert found["verb"][2].what == "staircase, 96 spectra"
    assert {goal.met for goal in found["goals"] if "PyBaMM" in goal.goal} == {"–"}


@pytest.mark.slow
@pytest.mark.parametrize("name", bench.PROTOCOLS)
def test_voltages_agree_with_pybamm_within_a_millivolt(name):
    """The goal of the issue, at a tolerance of 1e-4; and both go on to the same voltages.

    The march is of second order and its step follows a third-order estimate, so its error falls as
    the power 2/3 of the tolerance: by 21 from 1e-4 to 1e-6, of which a tenth may be lost elsewhere.
    """
    found = bench.voltages(name, cell_ours.one_patch())
    if found.status == "not installed":
        pytest.skip("PyBaMM is not installed beside")
    assert found.status == "ran"
    assert found.apart_fine < 1e3 * bench.WANTED
    assert found.apart_tight < found.apart_fine / 10


@pytest.mark.slow
def test_all_ways_of_the_peer_give_the_same_voltages():
    numbers = cell_ours.one_patch()
    answers = {
        way: cell_pybamm.ask_pybamm(numbers, bench.PULSES, 5, rtol=1e-8, way=way)
        for way in cell_pybamm.WAYS
    }
    if answers["one solve"].status == "not installed":
        pytest.skip("PyBaMM is not installed beside")
    volts = {way: answer.arrays["volts"] for way, answer in answers.items()}
    for way in cell_pybamm.WAYS:
        assert volts[way] == pytest.approx(volts["one solve"], abs=1e-6)


def test_the_script_of_the_peer_is_python():
    compile(cell_pybamm.PREPARE + cell_pybamm.WORK, "peer", "exec")
