"""Data that break solvers: every one gives a finite γ and an outcome that is true, or none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from anodescope.impedance import drt

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

WIDE = np.logspace(5, -2, 50)
OMEGA = 2j * np.pi * WIDE


def cell(frequency: Floats = WIDE) -> Complexes:
    omega = 2j * np.pi * frequency
    return np.asarray(5 + 20 / (1 + (1e-3 * omega) ** 0.9) + 50 / (1 + (0.1 * omega) ** 0.8))


def noisy(impedance: Complexes, share: float = 3e-3) -> Complexes:
    rng = np.random.default_rng(7)
    both = rng.standard_normal((2, impedance.size))
    return np.asarray(impedance * (1 + share * (both[0] + 1j * both[1])))


def spoilt(places: tuple[int, ...], value: complex) -> Complexes:
    found = noisy(cell())
    found[list(places)] = value
    return found


def grid(frequency: Floats) -> tuple[Floats, Complexes]:
    return frequency, noisy(cell(frequency))


CASES: dict[str, tuple[Floats, Complexes]] = {
    "one decade": grid(np.logspace(3, 2, 11)),
    "three points": grid(np.array([1e3, 10.0, 0.1])),
    "three clean points": (np.array([1e3, 10.0, 0.1]), cell(np.array([1e3, 10.0, 0.1]))),
    "four points": grid(np.logspace(4, 0, 4)),
    "twenty decades": grid(np.logspace(12, -8, 200)),
    "repeated frequencies": grid(np.repeat(WIDE, 2)),
    "resistor": (WIDE, np.full(50, 10 + 0j)),
    "noisy resistor": (WIDE, noisy(np.full(50, 10 + 0j), 1e-2)),
    "negative resistor": (WIDE, np.full(50, -10 + 0j)),
    "inductor": (WIDE, 1e-6 * OMEGA),
    "capacitor": (WIDE, 1 / (1e-6 * OMEGA)),
    "RC": (WIDE, 10 / (1 + 1e-2 * OMEGA)),
    "noise-free": (WIDE, cell()),
    "30 % noise": (WIDE, noisy(cell(), 0.3)),
    "only noise": (WIDE, noisy(np.ones(50, np.complex128), 3.0)),
    "milliohm": (WIDE, noisy(cell()) * 1e-5),
    "gigaohm": (WIDE, noisy(cell()) * 1e8),
    "tiny": (WIDE, noisy(cell()) * 1e-200),
    "huge": (WIDE, noisy(cell()) * 1e200),
    "eight decades of |Z|": (WIDE, noisy(1e-3 + 1e5 / (1 + 1e3 * OMEGA))),
    "negative real parts": (WIDE, noisy(cell()) - 40),
    "conjugated": (WIDE, noisy(cell()).conj()),
    "loop": (WIDE, noisy(cell() - 8 / (1 + OMEGA))),
    "NaN points": (WIDE, spoilt((0, 7, 20, 49), complex(np.nan, np.nan))),
    "infinite points": (WIDE, spoilt((0, 7, 20, 49), complex(np.inf, 0))),
    "four outliers": (WIDE, spoilt((3, 17, 30, 44), 1e6 + 1e6j)),
    "one outlier of 1e12": (WIDE, spoilt((20,), 1e12 + 0j)),
    "a point at zero": (WIDE, spoilt((7,), 0j)),
}


@pytest.mark.parametrize("name", CASES)
def test_gamma_is_finite_and_the_outcome_is_true(name: str) -> None:
    node = drt(CASES[name])
    assert node.outcome.values[0] in ("converged", "fallback", "max_steps")
    assert np.isfinite(node.gamma.values).all()
    assert np.isfinite(node.polarisation_resistance.values).all()
    assert np.isfinite(node.series_resistance.values).all()
    if node.outcome.values[0] == "converged":
        assert (node.gamma_low.values <= node.gamma.values).all()
        assert (node.gamma.values <= node.gamma_high.values).all()


@pytest.mark.parametrize("name", ["noise-free", "RC", "inductor", "capacitor", "resistor"])
def test_clean_data_of_a_model_are_fitted(name: str) -> None:
    """No worse than 3 % of |Z|: none is beyond the model, an RC being a spike of γ."""
    assert drt(CASES[name]).noise.values[0] < 0.03


@pytest.mark.parametrize("factor", [1e-200, 1e-5, 1e8, 1e200])
def test_the_size_of_the_cell_changes_nothing(factor: float) -> None:
    plain, scaled = drt((WIDE, noisy(cell()))), drt((WIDE, noisy(cell()) * factor))
    expected = plain.gamma.values * factor
    assert np.abs(scaled.gamma.values - expected).max() <= 1e-5 * expected.max()
    assert (scaled.outcome.values == plain.outcome.values).all()


@pytest.mark.parametrize("points", [1, 2])
def test_too_few_points_are_told(points: int) -> None:
    node = drt(grid(np.logspace(3, 0, points)))
    assert node.outcome.values[0] == "too_few_points"
    assert np.isnan(node.polarisation_resistance.values).all()


@pytest.mark.parametrize("points", [0, 2])
def test_too_few_finite_points_are_told(points: int) -> None:
    measured = noisy(cell())
    measured[points:] = np.nan
    node = drt((WIDE, measured))
    assert node.outcome.values[0] == "not_finite"
    assert np.isnan(node.polarisation_resistance.values).all()


def test_a_bad_row_does_not_touch_the_others() -> None:
    """Between nine sweeps, one of NaN: it has no result, and the others are finite."""
    rows = np.array([noisy(cell()) for _ in range(9)])
    rows[4] = np.nan
    node = drt((np.tile(WIDE, (9, 1)), rows))
    good = np.arange(9) != 4
    assert np.isfinite(node.gamma.values[good]).all()
    assert not np.isfinite(node.gamma.values[4]).any()
    assert node.outcome.values[4] == "not_finite"


OUTLIERS: dict[str, Callable[[], Complexes]] = {
    "four of 1e6": lambda: spoilt((3, 17, 30, 44), 1e6 + 1e6j),
    "one of 1e12": lambda: spoilt((20,), 1e12 + 0j),
}


@pytest.mark.parametrize("name", OUTLIERS)
def test_huge_outliers_do_not_move_the_resistance(name: str) -> None:
    """What is 70 Ω without them stays within 10 % of it."""
    node = drt((WIDE, OUTLIERS[name]()))
    assert node.polarisation_resistance.values[0] == pytest.approx(70, rel=0.1)
