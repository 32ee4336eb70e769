"""The generators: γ and Z of every cell belong together, and its noise is what it says."""

from __future__ import annotations

from math import log, pi

import numpy as np
import pytest

from anodescope.bench.cells import EXTRAS, Element, random_cells, random_series
from anodescope.bench.foreign import (
    FAMILIES,
    NOISES,
    Process,
    Shape,
    foreign_cells,
    seed_of_commit,
)
from anodescope.bench.spectra import packed, sets_a_and_b, window_of
from anodescope.errors import SettingsError

FREQUENCY = np.logspace(6, -2, 41)
LN_TAU = np.arange(-45.0, 45.0, 0.005)
ELEMENTS = [
    Element("zarc", 50.0, 1e-3, (0.8,)),
    Element("zarc", -8.0, 1e-1, (0.95,)),
    Element("lognormal", 20.0, 1e-4, (0.2,)),
    Element("lognormal", 20.0, 1e-2, (1.2,)),
    Element("havriliak", 80.0, 1e-2, (0.9, 0.5)),
]


def transform(gamma, frequency):
    """∫ γ/(1 + iωτ) d ln τ as a sum that has nothing to do with how cells are made."""
    kernel = 0.005 / (1 + 2j * pi * frequency[:, None] * np.exp(LN_TAU))
    return kernel @ gamma


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda e: f"{e.kind} {e.shape}")
def test_gamma_of_an_element_integrates_to_its_impedance(element):
    gamma = element.gamma(np.exp(LN_TAU))
    assert gamma.sum() * 0.005 == pytest.approx(element.resistance, rel=1e-6)
    direct = element.impedance(FREQUENCY)
    assert np.abs(transform(gamma, FREQUENCY) - direct).max() < 1e-6 * abs(element.resistance)


@pytest.mark.parametrize("family", FAMILIES)
def test_gamma_of_a_foreign_process_integrates_to_its_impedance(family):
    generator = np.random.default_rng(11)
    for _ in range(5):
        process = Process(FAMILIES[family](generator), 30.0, 1e-3)
        gamma = process.gamma(np.exp(LN_TAU))
        # Edges and corners cost the plain sum a step's worth of γ; the quadrature knows them.
        allowed = 0.005 * 2 * gamma.max() + 1e-6
        assert gamma.min() >= 0
        assert gamma.sum() * 0.005 == pytest.approx(30.0, abs=allowed)
        far = np.abs(transform(gamma, FREQUENCY) - process.impedance(FREQUENCY)).max()
        assert far <= allowed


def test_a_box_has_the_impedance_of_the_textbook():
    half = 1.3
    process = Process(Shape(np.ones_like, (-half, half)), 40.0, 1e-2)
    omega_tau = 2j * pi * FREQUENCY * 1e-2
    between = np.log((1 + omega_tau * np.exp(half)) / (1 + omega_tau * np.exp(-half)))
    expected = 40.0 * (1 - between / (2 * half))
    assert process.impedance(FREQUENCY) == pytest.approx(expected, rel=1e-12)


def test_a_narrow_foreign_lognormal_agrees_with_the_training_one():
    width = 0.15
    shape = Shape(lambda x: np.exp(-0.5 * (x / width) ** 2), (-8.6 * width, 8.6 * width))
    ours, other = Process(shape, 7.0, 1e-3), Element("lognormal", 7.0, 1e-3, (width,))
    assert ours.impedance(FREQUENCY) == pytest.approx(other.impedance(FREQUENCY), rel=1e-12)


@pytest.mark.parametrize("draw", [random_cells, foreign_cells])
def test_a_seed_gives_the_same_cells_and_another_seed_others(draw):
    first, again, other = draw(3, 5), draw(3, 5), draw(4, 5)
    assert all(np.array_equal(a.impedance, b.impedance) for a, b in zip(first, again, strict=True))
    assert first[0].frequency.size != other[0].frequency.size or not np.array_equal(
        first[0].impedance, other[0].impedance
    )


@pytest.mark.parametrize("draw", [random_cells, foreign_cells])
def test_cells_are_within_what_their_family_promises(draw):
    cells = draw(17, 60)
    for cell in cells:
        decades = np.log10(cell.frequency[0] / cell.frequency[-1])
        assert (np.diff(cell.frequency) < 0).all()
        assert 5.5 <= (cell.frequency.size - 1) / decades <= 12.5
        low, high = 1 / (2 * pi * cell.frequency[[0, -1]])
        assert low * (1 - 1e-9) <= cell.tau[0] < cell.tau[-1] <= high * (1 + 1e-9)
        assert np.diff(np.log(cell.tau)) == pytest.approx(log(10) / 40)
        assert (cell.gamma >= 0).all()
        assert cell.gamma.max() > 0
        assert not cell.terms
    apart = [(c.impedance - c.clean) / c.sigma for c in cells]
    parts = np.concatenate([np.concatenate([a.real, a.imag]) for a in apart])
    assert np.std(parts) == pytest.approx(1.0, abs=0.03)


def test_the_foreign_noise_is_constant_proportional_and_mixed():
    kinds = set()
    for cell in foreign_cells(23, 60):
        relative = cell.sigma / np.abs(cell.clean)
        if np.ptp(cell.sigma) < 1e-12 * cell.sigma.max():
            kinds.add("constant")
        elif np.ptp(relative) < 1e-12 * relative.max():
            kinds.add("proportional")
        else:
            kinds.add("mixed")
    assert kinds == set(NOISES)


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_cell_with_a_further_term_shows_it(extra):
    cells = random_cells(5, 20, extra)
    assert {cell.terms for cell in cells} == {(extra,)}
    if extra == "loop":
        # A loop beneath a larger process leaves γ positive.
        assert sum(cell.gamma.min() < 0 for cell in cells) >= 10
    else:
        assert all(cell.clean.imag[-1] < 0 and (cell.gamma >= 0).all() for cell in cells)


def test_a_jump_is_where_the_series_says_and_without_one_nothing_jumps():
    for seed in range(6):
        made = random_series(np.random.default_rng(seed), 60)
        clean = np.log([s.clean for s in made.spectra])
        steps = np.abs(np.diff(clean, axis=0)).max(axis=1)
        quiet = random_series(np.random.default_rng(seed), 60, jump=False)
        assert quiet.jump is None
        assert made.jump is not None
        smooth = np.abs(np.diff(np.log([s.clean for s in quiet.spectra]), axis=0)).max(axis=1)
        # Up to the jump both are the same cell.
        assert steps[: made.jump - 1] == pytest.approx(smooth[: made.jump - 1])
        assert steps[made.jump - 1] > smooth[made.jump - 1]


def test_packing_keeps_every_number():
    cells = foreign_cells(2, 4)
    table = packed(cells)
    for row, cell in enumerate(cells):
        there = np.isfinite(table["frequency"][row])
        assert np.array_equal(table["frequency"][row][there], cell.frequency)
        assert np.array_equal(table["impedance"][row][there], cell.impedance)
        assert np.array_equal(table["tau"][row][np.isfinite(table["tau"][row])], cell.tau)


def test_spectra_of_the_sets_are_those_of_the_sets():
    made = sets_a_and_b(6)["B"]
    spectra = made.spectra()
    assert len(spectra) == 6
    assert np.array_equal(spectra[2].tau, made.window())
    assert np.array_equal(spectra[2].gamma, made.gamma(made.window())[2])
    assert np.array_equal(window_of(made.frequency[::-1]), made.window())


def test_the_seed_is_that_of_the_commit_or_asked_for(tmp_path):
    with pytest.raises(SettingsError, match="--seed"):
        seed_of_commit(tmp_path / "nowhere")
