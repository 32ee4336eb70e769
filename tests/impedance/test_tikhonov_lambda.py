"""Laws and limits of the method "tikhonov": the penalty, the path over λ, and the choice of λ."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls as lawson_hanson

from anodescope.bench.spectra import sets_a_and_b
from anodescope.errors import Outcome, SettingsError
from anodescope.impedance import Tikhonov, drt
from anodescope.impedance.lattice import Lattice
from anodescope.impedance.ridge import Ridge, modulus_weights, trace
from anodescope.impedance.selection import CRITERIA, combined, pick
from anodescope.impedance.sweeps import stacked_parts
from anodescope.running import Run
from tests.impedance.ridges import FREQUENCY, SMALL, cell, path_of, relative_l2, ridge_of

# --- the problem -----------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_huge_lambda_leaves_only_what_the_penalty_does_not_see(order: int) -> None:
    node = drt((FREQUENCY, cell(0.01)), Tikhonov(lam=1e12, order=order, per_decade=6))
    gamma = node["gamma"].values[0]
    size = np.abs(cell(0.0)).max()
    assert np.abs(np.diff(gamma, n=order)).max() < 1e-6 * size
    if order:
        # The data call for an arc, so what is left is not zero.
        assert gamma.max() > 1e-2 * size


@pytest.mark.parametrize("weights", ["modulus", "none"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_small_lambda_fits_the_data_and_finds_the_resistance(order: int, weights: str) -> None:
    method = Tikhonov(lam=1e-9, order=order, weights=weights, per_decade=10)
    node = drt((FREQUENCY, cell(0.0)), method)
    assert node["noise"].values[0] < 1e-4
    total = node["series_resistance"].values[0] + node["polarisation_resistance"].values[0]
    assert total == pytest.approx(140, rel=0.02)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_penalty_is_the_integral_of_the_derivative(order: int) -> None:
    lattice = Lattice(40, -200, 200)
    ridge = Ridge.of(FREQUENCY, lattice, order)
    s = lattice.ln_tau
    bell = np.exp(-(s**2) / 2)
    derivative = {0: bell, 1: -s * bell, 2: (s**2 - 1) * bell}[order]
    unknowns = np.concatenate([np.zeros(len(ridge.beside)), bell])
    exact = (derivative**2).sum() * lattice.step
    assert ((ridge.penalty @ unknowns) ** 2).sum() == pytest.approx(exact, rel=2e-3)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    order=st.sampled_from([0, 1, 2]),
    lam=st.floats(-7, 2).map(lambda x: 10.0**x),
    noise=st.floats(0.0, 0.3),
    scale=st.sampled_from([1e-3, 1.0, 1e9]),
)
def test_every_solution_is_that_of_the_stacked_nnls(
    seed: int, order: int, lam: float, noise: float, scale: float
) -> None:
    ridge = ridge_of(order)
    z = cell(noise, seed, scale=scale)
    weights = modulus_weights(z)[0]
    data = weights * stacked_parts(z)
    path = trace(ridge, ridge.matrices(weights, np.array([lam])), weights, np.array([lam]), data)
    stacked = np.concatenate([weights[:, None] * ridge.data, np.sqrt(lam) * ridge.penalty])
    length = np.sqrt((stacked**2).sum(axis=0))
    target = np.concatenate([data[0] / scale, np.zeros(len(ridge.penalty))])
    safe, norm = lawson_hanson(stacked / length, target, maxiter=10_000)
    objective = path.misfit[0, 0] + lam * path.roughness[0, 0]
    assert objective == pytest.approx((norm * scale) ** 2, rel=1e-6)
    assert relative_l2(path.unknowns[0] * length / scale, safe[None])[0] < 1e-3
    assert (path.unknowns >= 0).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.sampled_from([0, 1, 2]), free=st.booleans())
def test_misfit_rises_and_roughness_falls_along_the_path(seed: int, order: int, free: bool) -> None:
    lams = np.logspace(-6, 3, 10)
    path, _, _ = path_of(ridge_of(order, nonnegative=not free), cell(0.01, seed), lams)
    assert (np.diff(path.misfit) >= -1e-7 * path.misfit[:, :-1]).all()
    assert (np.diff(path.roughness) <= 1e-7 * path.roughness[:, :-1]).all()
    assert (path.slope <= 0).all()
    assert (path.freedom >= 0).all()
    assert (path.freedom <= 2 * FREQUENCY.size).all()


@pytest.mark.parametrize("choose", list(CRITERIA))
@pytest.mark.parametrize("weights", ["modulus", "none"])
def test_a_cell_a_thousand_times_larger_has_the_same_gamma_times_a_thousand(
    choose: str, weights: str
) -> None:
    method = Tikhonov(choose=choose, weights=weights, **SMALL)
    one = drt((FREQUENCY, cell(0.01)), method)
    other = drt((FREQUENCY, cell(0.01, scale=1e3)), method)
    assert other["lam"].values == pytest.approx(one["lam"].values)
    assert relative_l2(other["gamma"].values / 1e3, one["gamma"].values)[0] < 1e-8


def test_weights_have_a_mean_square_of_one_and_bound_small_points() -> None:
    z = cell(0.0)
    z[0, 3] = 0
    weights = modulus_weights(z)
    assert (weights**2).mean() == pytest.approx(1)
    assert np.isfinite(weights).all()
    assert modulus_weights(np.zeros((1, 4), complex)) == pytest.approx(1)


def test_without_the_constraint_gamma_may_be_negative_and_solves_the_normal_equations() -> None:
    ridge = ridge_of(1, nonnegative=False)
    path, _, data = path_of(ridge, cell(0.02), np.array([1e-6]))
    x = path.unknowns[0, 0]
    gradient = ridge.data.T @ (ridge.data @ x - data[0]) + 1e-6 * ridge.penalty.T @ (
        ridge.penalty @ x
    )
    # Columns of ωL are long: each gradient is held against its own column.
    length = np.sqrt((ridge.data**2).sum(axis=0))
    assert np.abs(gradient / length).max() < 1e-8 * np.linalg.norm(data)
    assert x.min() < 0


def test_a_blocking_capacitance_and_an_inductance_are_found() -> None:
    omega = 2j * pi * FREQUENCY
    z = cell(0.0) + 1 / (omega * 5e-3) + omega * 1e-4
    node = drt((FREQUENCY, z), Tikhonov(lam=1e-5, capacitance=True, per_decade=10))
    assert node["series_capacitance"].values[0] == pytest.approx(5e-3, rel=0.02)
    assert node["inductance"].values[0] == pytest.approx(1e-4, rel=0.02)
    plain = drt((FREQUENCY, cell(0.0)), Tikhonov(lam=1e-5, inductance=False))
    assert plain["inductance"].values[0] == 0
    assert "series_capacitance" not in plain


# --- the choice ------------------------------------------------------------------------------


LAMS = np.array([0.1, 1.0, 10.0, 100.0])


@pytest.mark.parametrize("choose", ["gcv", "re_im"])
@pytest.mark.parametrize(
    ("score", "place", "word"),
    [([1, 2, 3, 4], 0, "smallest"), ([4, 3, 2, 1], 3, "largest"), ([3, 1, 2, 4], 1, "")],
)
def test_a_minimum_at_an_end_is_a_sentence(
    choose: str, score: list[float], place: int, word: str
) -> None:
    found = pick(choose, LAMS, np.array(score, float))
    assert found.place == place
    assert found.outcome is (Outcome.not_identifiable if word else Outcome.determined)
    assert word in found.note
    assert bool(found.note) == bool(word)


def test_the_corner_is_inside_the_range_or_there_is_a_sentence() -> None:
    assert pick("l_curve", LAMS, np.array([9.0, 1.0, 2.0, 0.0])).place == 2
    assert pick("l_curve", LAMS, np.array([9.0, 1.0, 2.0, 0.0])).note == ""
    for flat in ([3.0, 2.0, 1.0, 0.0], [np.nan] * 4, [-3.0, -1.0, -2.0, -4.0]):
        found = pick("l_curve", LAMS, np.array(flat))
        assert found.outcome is Outcome.not_identifiable
        assert "no corner" in found.note


def test_every_spectrum_counts_the_same_in_the_choice_for_a_series() -> None:
    score = np.array([[2.0, 1.0, 2.0], [3e6, 2e6, 1e6]])
    assert int(combined("gcv", score).argmin()) == int(
        combined("gcv", score * [[1.0], [1e-6]]).argmin()
    )
    assert combined("l_curve", np.array([[1.0, np.nan], [3.0, 2.0]])) == pytest.approx([2.0, 1.0])


def test_without_noise_the_node_says_that_lambda_is_not_determined() -> None:
    node = drt((FREQUENCY, cell(0.0)), Tikhonov(choose="gcv", lam_range=(1e-3, 1e2), **SMALL))
    assert node["lam_outcome"].values[0] == "not_identifiable"
    assert "smallest λ tried, 0.001" in node["lam_note"].values[0]
    assert node["lam"].values[0] == pytest.approx(1e-3)


# --- the verb --------------------------------------------------------------------------------


@pytest.mark.parametrize("choose", list(CRITERIA))
def test_the_node_keeps_the_curve_that_the_choice_went_by(choose: str) -> None:
    method = Tikhonov(choose=choose, **SMALL)
    node = drt((FREQUENCY, cell(0.01, 1, 3)), method)
    assert node["trial_lam"].values[0] == pytest.approx(method.lams())
    for row in range(3):
        chosen = pick(choose, method.lams(), node["trial_score"].values[row])
        assert node["lam"].values[row] == pytest.approx(method.lams()[chosen.place])
        assert node["objective"].values[row] == pytest.approx(
            node["trial_misfit"].values[row, chosen.place]
            + node["lam"].values[row] * node["trial_roughness"].values[row, chosen.place]
        )
    keys = {"gcv": "Technometrics", "l_curve": "L-curve", "re_im": "lasso"}
    assert any(keys[choose] in text for text in node.attrs["citations"])


def test_a_given_lambda_is_used_and_gives_no_curve() -> None:
    node = drt((FREQUENCY, cell(0.01)), Tikhonov(lam=0.02))
    assert node["lam"].values == pytest.approx([0.02])
    assert "trial_lam" not in node
    assert len(node.attrs["citations"]) == 1


def test_a_series_agrees_on_one_lambda_and_its_rows_are_those_of_that_lambda() -> None:
    z = cell(0.01, 2, 5)
    shared = drt((FREQUENCY, z), Tikhonov(together=True, **SMALL))
    assert np.unique(shared["lam"].values).size == 1
    alone = drt((FREQUENCY, z), Tikhonov(lam=float(shared["lam"].values[0]), per_decade=6))
    assert relative_l2(shared["gamma"].values, alone["gamma"].values).max() < 1e-6
    assert shared["trial_score"].shape == (5, 11)


@pytest.mark.parametrize("weights", ["modulus", "none"])
def test_two_workers_give_the_same_bits(weights: str) -> None:
    z = cell(0.01, 3, 60)
    method = Tikhonov(weights=weights, per_decade=6, lam_range=(1e-5, 1.0), lam_per_decade=1)
    first = drt((FREQUENCY, z), method)
    with ThreadPoolExecutor(2) as pool:
        again = drt((FREQUENCY, z), method, run=Run(map=pool.map))
    for name in ("gamma", "lam", "trial_score"):
        assert np.array_equal(first[name].values, again[name].values)


def test_rows_that_cannot_be_computed_say_so() -> None:
    z = cell(0.01, 4, 3)
    z[1] = np.nan
    z[2, 3:] = np.nan
    node = drt((FREQUENCY, z), Tikhonov(**SMALL))
    assert node["outcome"].values.tolist() == ["converged", "not_finite", "not_finite"]
    assert np.isnan(node["lam"].values[1:]).all()
    assert node["lam_outcome"].values[1:].tolist() == ["", ""]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_silence_and_four_points_have_an_answer(order: int) -> None:
    node = drt((FREQUENCY, np.zeros((1, FREQUENCY.size), complex)), Tikhonov(order=order, **SMALL))
    assert (node["gamma"].values == 0).all()
    few = drt((FREQUENCY[:4], cell(0.3)[:, :4]), Tikhonov(order=order, **SMALL))
    assert np.isfinite(few["gamma"].values).all()


def test_the_name_is_known_and_a_small_set_is_as_good_as_its_best_lambda_allows() -> None:
    made = sets_a_and_b(300)["A"].first(6)
    window = made.window()
    truth = made.gamma(window)

    def error(method: Tikhonov) -> float:
        node = drt((made.frequency, made.impedance), method)
        place = np.log(node["tau"].values)
        found = np.array([np.interp(np.log(window), place, row) for row in node["gamma"].values])
        return float(relative_l2(found, truth).mean())

    assert drt((FREQUENCY, cell(0.01)), "tikhonov").attrs["method"] == "tikhonov"
    best = min(error(Tikhonov(lam=lam)) for lam in np.logspace(-7, -1, 7))
    assert error(Tikhonov(choose="l_curve", lam_per_decade=1)) < 2 * best


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lam", 0.0),
        ("lam", np.inf),
        ("order", 3),
        ("order", 2.0),
        ("choose", "eye"),
        ("weights", "some"),
        ("per_decade", 0),
        ("per_decade", 10.5),
        ("extension", (np.nan, 0.0)),
        ("lam_range", (1.0, 0.1)),
        ("lam_per_decade", 0),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name):
        Tikhonov(**{name: value})
