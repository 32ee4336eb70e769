"""Spreads of maxima: against samples of the posterior, under scaling, and in intervals."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.campaign import build_node
from anodescope.impedance.loggp.banded import solve
from anodescope.impedance.loggp.bands import band
from anodescope.impedance.loggp.design import shared_design
from anodescope.impedance.loggp.single import fit_single
from anodescope.impedance.loggp.spreads import AREA_SINGLE, PLACE_SINGLE, spreads
from anodescope.impedance.loggp.uncertainty import Uncertainty
from anodescope.impedance.peaks.bounds import by_spreads
from anodescope.impedance.peaks.maxima import Detection, find, measure
from anodescope.impedance.peaks.track import track_peaks
from tests.impedance.peak_series import FREQUENCY, Made, random_series

DESIGN = shared_design(np.ascontiguousarray(FREQUENCY).tobytes(), 16)
TWO_SIGMA = 1.959963984540054


def cell(*processes, noise=0.003, seed=0):
    """Impedance of ZARCs (log10 τ, R, φ) in 10 Ω, with noise."""
    place, resistance, phi = (np.array([column]) for column in zip(*processes, strict=True))
    made = Made("made", place, resistance, phi, 10.0)
    return made.impedance(np.random.default_rng(seed), noise)[0]


def fitted(impedance):
    solution = fit_single(DESIGN, impedance).solution
    known = Uncertainty.of(solution)
    bounds = band(known, joint=False)
    return solution, bounds, spreads(known, bounds, joint=False)


def covariance(solution):
    """Σ of u in full."""
    lower, known = solution.described[1], solution.described[2]
    inverse = np.eye(solution.u.size)
    solve(lower, inverse)
    return inverse - known.T @ known


def test_spreads_are_those_of_samples_of_the_posterior():
    solution, _, found = fitted(cell((-5.5, 100, 0.9), (-2.0, 200, 0.85)))
    at = np.flatnonzero(np.isfinite(found.area))
    generator = np.random.default_rng(1)
    # Small deviations: what is linear is to be tested, not how far it stays so.
    share = 0.05
    moved = generator.multivariate_normal(
        np.zeros(solution.u.size), covariance(solution), 4000, method="eigh"
    )
    ln_tau = DESIGN.lattice.ln_tau
    gamma = np.exp(solution.u + share * moved)
    rows = np.repeat(np.arange(len(gamma)), at.size)
    valleys = measure(solution.gamma[None, :], ln_tau, np.zeros(at.size, np.int64), at)
    peaks = measure(gamma, ln_tau, rows, np.tile(at, len(gamma)))
    place = peaks.ln_tau.reshape(-1, at.size).std(axis=0) / share
    area = [
        np.trapezoid(gamma[:, left : right + 1], ln_tau[left : right + 1], axis=1).std() / share
        for left, right in zip(valleys.left, valleys.right, strict=True)
    ]
    assert at.size == 2
    assert found.place[at] / PLACE_SINGLE == pytest.approx(place, rel=0.1)
    assert found.area[at] / AREA_SINGLE == pytest.approx(np.array(area), rel=0.06)


def test_one_maximum_alone_has_its_area_too():
    _, _, found = fitted(cell((-3.0, 100, 0.9)))
    (at,) = np.flatnonzero(np.isfinite(found.place))
    assert DESIGN.lattice.tau[at] == pytest.approx(1e-3, rel=0.3)
    assert found.area[at] > 0
    assert 0 < found.place[at] < 0.5


def test_scaling_the_impedance_changes_neither_spread():
    impedance = cell((-5.5, 100, 0.9), (-2.0, 200, 0.85))
    _, _, one = fitted(impedance)
    _, _, other = fitted(1e4 * impedance)
    assert other.place == pytest.approx(one.place, rel=1e-4, nan_ok=True)
    assert other.area == pytest.approx(one.area, rel=1e-4, nan_ok=True)


def test_less_noise_means_smaller_spreads():
    sizes = []
    for noise in (0.01, 0.001):
        _, _, found = fitted(cell((-5.5, 100, 0.9), (-2.0, 200, 0.85), noise=noise))
        sizes.append((np.nanmax(found.place), np.nanmax(found.area)))
    assert sizes[1][0] < sizes[0][0]
    assert sizes[1][1] < sizes[0][1]


def test_spreads_stand_where_the_maxima_are():
    solution, bounds, found = fitted(cell((-6.0, 100, 0.9), (-3.5, 50, 0.9), (-1.0, 200, 0.85)))
    peaks, _ = find(
        solution.gamma[None, :],
        DESIGN.lattice.ln_tau,
        Detection(),
        low=bounds.low[None, :],
        high=bounds.high[None, :],
    )
    assert np.flatnonzero(np.isfinite(found.area)).tolist() == peaks.index.tolist()


def test_a_loop_leaves_the_maxima_their_spreads():
    omega = 2 * np.pi * FREQUENCY
    impedance = cell((-5.5, 100, 0.9), (-2.5, 200, 0.9)) - 60 / (1 + 1j * omega * 0.1)
    solution, _, found = fitted(impedance)
    assert solution.terms.signed
    assert np.isfinite(found.area).sum() >= 2
    assert np.nanmin(found.area) > 0


# intervals


def two(valley: float):
    """γ (1, 61) of two bells with a given least value between them; ln τ in steps of 0.2."""
    ln_tau = 0.2 * np.arange(61)
    gamma = 10 * (np.exp(-((ln_tau - 3) ** 2)) + np.exp(-((ln_tau - 9) ** 2))) + valley
    return gamma[None, :], ln_tau


def at_maxima(*values):
    out = np.full((1, 61), np.nan)
    out[0, [15, 45]] = values
    return out


@pytest.mark.parametrize("valley", [0.0, 2.0])
def test_the_shared_valley_counts(valley):
    gamma, ln_tau = two(valley)
    peaks, _ = find(gamma, ln_tau, Detection())
    found = by_spreads(gamma, ln_tau, at_maxima(0.1, 0.2), at_maxima(0.3, 0.4), peaks)
    assert found[1] - found[0] == pytest.approx(2 * TWO_SIGMA * np.array([0.1, 0.2]))
    between = gamma[0, 30]
    half = TWO_SIGMA * np.hypot([0.3, 0.4], 0.5 * between)
    assert found[3] - peaks.area == pytest.approx(half)
    assert found[2] == pytest.approx(np.maximum(peaks.area - half, 0))


def test_a_peak_that_took_another_over_has_both_variances():
    gamma, ln_tau = two(0.0)
    peaks = measure(gamma, ln_tau, np.array([0]), np.array([15]))
    found = by_spreads(gamma, ln_tau, at_maxima(0.1, 0.2), at_maxima(0.3, 0.4), peaks)
    assert found[3, 0] - peaks.area[0] == pytest.approx(TWO_SIGMA * 0.5)


def test_a_maximum_without_spreads_has_no_interval_from_them():
    gamma, ln_tau = two(0.0)
    peaks, _ = find(gamma, ln_tau, Detection())
    found = by_spreads(gamma, ln_tau, at_maxima(0.1, np.nan), at_maxima(0.3, np.nan), peaks)
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()


def node(count: int, *, with_spreads: bool, processes):
    """A drt node of one cell measured `count` times."""
    rows = [fitted(cell(*processes, seed=seed)) for seed in range(count)]
    scale = np.array([[solution.problem.scale] for solution, _, _ in rows])
    tau = DESIGN.lattice.tau
    inside = (tau >= 1 / (2 * np.pi * FREQUENCY.max())) & (tau <= 1 / (2 * np.pi * FREQUENCY.min()))
    values = {
        "tau": tau,
        "gamma": scale * np.array([solution.gamma for solution, _, _ in rows]),
        "gamma_low": scale * np.array([bounds.low for _, bounds, _ in rows]),
        "gamma_high": scale * np.array([bounds.high for _, bounds, _ in rows]),
        "in_window": np.tile(inside, (count, 1)),
    }
    if with_spreads:
        values["maximum_spread"] = np.array([found.place for _, _, found in rows])
        values["area_spread"] = scale * np.array([found.area for _, _, found in rows])
    return build_node("drt", values)


def test_tracks_take_the_spreads_and_else_the_band():
    processes = ((-5.5, 100, 0.9), (-2.0, 200, 0.9))
    with_them = track_peaks(node(8, with_spreads=True, processes=processes))
    without = track_peaks(node(8, with_spreads=False, processes=processes))
    assert with_them.sizes["peak"] == without.sizes["peak"] == 2
    for name, value in (("tau", 0.0), ("resistance", 0.0)):
        short = with_them[f"{name}_high"].values - with_them[f"{name}_low"].values
        wide = without[f"{name}_high"].values - without[f"{name}_low"].values
        assert np.isfinite(short).all()
        assert (short > value).all()
        assert np.median(short / wide) < 0.7


@pytest.mark.slow
def test_intervals_hold_the_truth():
    """The area of the true γ between its valleys, and its maxima, in 95 % of random ZARC cells."""
    generator = np.random.default_rng(7)
    held = {"place": [], "area": []}
    fine = np.linspace(-21, 5, 2601)
    for _ in range(150):
        made = random_series(generator, "single")
        solution, bounds, found = fitted(made.impedance(generator, 0.003)[0])
        scale = solution.problem.scale
        gamma = scale * solution.gamma[None, :]
        ln_tau = DESIGN.lattice.ln_tau
        peaks, _ = find(
            gamma, ln_tau, Detection(), low=scale * bounds.low[None], high=scale * bounds.high[None]
        )
        interval = by_spreads(gamma, ln_tau, found.place[None], scale * found.area[None], peaks)
        true, _ = find(made.gamma(fine), fine, Detection(prominence=0, height=0, noise=0))
        inside = [
            (p.ln_tau > np.log(10) * made.window[0]) & (p.ln_tau < np.log(10) * made.window[1])
            for p in (true, peaks)
        ]
        if inside[0].sum() != inside[1].sum():
            continue
        true, low, high = true.select(inside[0]), *(interval[i::2, inside[1]] for i in (0, 1))
        held["place"] += ((low[0] <= true.ln_tau) & (true.ln_tau <= high[0])).tolist()
        held["area"] += ((low[1] <= true.area) & (true.area <= high[1])).tolist()
    assert len(held["place"]) > 200
    assert np.mean(held["place"]) >= 0.9
    assert np.mean(held["area"]) >= 0.9
