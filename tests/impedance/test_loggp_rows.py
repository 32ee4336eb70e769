"""What a node says of one spectrum: its numbers, its outcome, its fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

from anodescope.impedance import drt
from anodescope.impedance.loggp.design import CAPACITANCE, SERIES, TAIL, Loop
from anodescope.impedance.loggp.problem import Terms
from anodescope.impedance.loggp.rows import described_row
from anodescope.impedance.loggp.single import Choice, fit_single, problem_of

from .loop_cells import DESIGN, FREQUENCY, LOOPED, OMEGA, PLAIN, loops_of, noisy, tail, zarc

Complexes = npt.NDArray[np.complex128]

WINDOW = 1 / (2 * np.pi * FREQUENCY[[0, -1]])


def node_of(impedance: Complexes) -> xr.Dataset:
    return drt((FREQUENCY, np.asarray(impedance)))


def number(node: xr.Dataset, name: str) -> float:
    return float(node[name].values[0])


def test_nothing_lies_outside_where_gamma_ends_within_the_window() -> None:
    """A narrow process in the middle: what the prior leaves beyond is less than 1 %."""
    assert number(node_of(noisy(5 + zarc(50, 1e-2, 0.97), 1e-3, 1)), "outside") < 0.01


def test_the_share_outside_rises_with_an_arc_that_leaves_the_window() -> None:
    """From almost none to almost all, as its τ goes from inside to a decade beyond."""
    found = []
    for decades in (-2.0, -1.0, 0.0, 1.0):
        arc = zarc(50, WINDOW[1] * 10**decades, 0.95)
        found.append(number(node_of(noisy(5 + arc, 1e-3, 1)), "outside"))
    assert (np.diff(found) > 0).all()
    assert found[0] < 0.05
    assert 0.3 < found[2] < 0.8
    assert found[3] > 0.9


def test_the_share_outside_is_that_of_gamma() -> None:
    # Beside the lattice: a point at the very end may count as either.
    node = drt((1.03 * FREQUENCY, noisy(5 + zarc(50, WINDOW[1], 0.8), 1e-3, 1)))
    gamma, inside = np.abs(node["gamma"].values[0]), node["in_window"].values[0]
    assert number(node, "outside") == pytest.approx(gamma[~inside].sum() / gamma.sum(), rel=1e-9)


def test_the_spread_of_the_resistance_falls_with_the_noise() -> None:
    """Medians over five draws; the truth is within three of them."""
    found = []
    for share in (1e-2, 1e-3, 1e-4):
        nodes = [node_of(noisy(5 + zarc(70, 1e-2, 0.9), share, 30 + k)) for k in range(5)]
        spreads = [number(node, "polarisation_spread") for node in nodes]
        away = [abs(number(node, "polarisation_resistance") - 70) for node in nodes]
        assert np.median(away) < 3 * np.median(spreads)
        found.append(np.median(spreads))
    assert found[0] > 2 * found[1]
    assert found[1] > 2 * found[2]


@pytest.mark.parametrize("share", [1e-3, 1e-2, 0.05])
def test_conjugated_data_are_not_described(share: float) -> None:
    """Im Z > 0 of arcs with the sign turned round is what no γ ≥ 0 has, and is no noise."""
    for seed in range(3):
        node = node_of(noisy(PLAIN, share, seed).conj())
        assert node["outcome"].values[0] == "not_described"
        assert np.isfinite(node["gamma"].values).all()


@pytest.mark.parametrize("share", [1e-3, 0.1, 0.3])
def test_white_noise_is_no_fault_of_the_model(share: float) -> None:
    for seed in range(5):
        assert node_of(noisy(PLAIN, share, seed))["outcome"].values[0] == "converged"


@pytest.mark.parametrize("seed", range(6))
def test_negative_resistance_and_inductance_come_back(seed: int) -> None:
    """As four-terminal wiring makes them; γ is that of the cell."""
    node = node_of(noisy(PLAIN - 5 - 4 - 2e-6 * OMEGA, 1e-3, seed))
    assert node["outcome"].values[0] == "converged"
    assert number(node, "series_resistance") == pytest.approx(-4, abs=0.5)
    assert number(node, "inductance") == pytest.approx(-2e-6, rel=0.2)
    assert number(node, "polarisation_resistance") == pytest.approx(70, rel=0.02)
    assert (node["gamma"].values >= 0).all()


KINDS: dict[str, tuple[Complexes, Terms]] = {
    "plain": (PLAIN + 1e-6 * OMEGA, Terms((SERIES, "inductance"))),
    "capacitance": (PLAIN + 1 / (0.05 * OMEGA), Terms((SERIES, CAPACITANCE))),
    "tail": (PLAIN + tail(200, 0.7), Terms((SERIES, TAIL), exponent=0.7)),
    "loop": (LOOPED, Terms((SERIES,), loops=(Loop(np.log(0.3), 0.85, 0.3),))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_fit_is_the_sum_of_what_it_consists_of(kind: str) -> None:
    """R0 + iωL + 1/(iωC) + W (iω)^−a, a loop, and the trapezoid sum over the positive γ."""
    measured = noisy(np.asarray(KINDS[kind][0]), 1e-3, 4)
    solution = problem_of(DESIGN, measured).solve(KINDS[kind][1])
    choice = Choice(solution, {})
    row = described_row(DESIGN, choice, measured, joint=False)
    numbers = row.numbers
    tau, step = DESIGN.lattice.tau, DESIGN.lattice.step
    positive = row.gamma.copy()
    expected = numbers["series_resistance"] + OMEGA * numbers["inductance"]
    if np.isfinite(numbers["series_capacitance"]):
        expected = expected + 1 / (OMEGA * numbers["series_capacitance"])
    if numbers["tail"]:
        expected = expected + numbers["tail"] * OMEGA ** -numbers["tail_exponent"]
    for place, phi, size in loops_of(choice):
        loop = [Loop(place, phi, 1.0)]
        positive -= size * DESIGN.bells(loop)[0]
        expected = expected - zarc(size, float(np.exp(place)), phi)
    expected = expected + step * (positive / (1 + OMEGA[:, None] * tau)).sum(axis=1)
    assert np.abs(row.fit - expected).max() <= 1e-9 * np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_the_fit_of_a_node_is_as_far_from_the_data_as_the_noise(kind: str) -> None:
    """χ² per point within 1 ± 5 √(2/N)."""
    measured = noisy(np.asarray(KINDS[kind][0]), 1e-3, 4)
    node = node_of(measured)
    away = (node["fit"].values[0] - measured) / (1e-3 * np.abs(measured))
    mean = float(np.mean(np.abs(away) ** 2)) / 2
    count = 2 * FREQUENCY.size
    assert 1 - 5 * np.sqrt(2 / count) < mean < 1 + 5 * np.sqrt(2 / count)


def test_a_band_holds_its_gamma() -> None:
    row = described_row(DESIGN, fit_single(DESIGN, noisy(LOOPED, 3e-3, 2)), LOOPED, joint=False)
    assert row.gamma.min() < 0
    assert (row.low <= row.gamma).all()
    assert (row.gamma <= row.high).all()
