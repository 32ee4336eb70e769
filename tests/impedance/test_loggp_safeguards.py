"""Data that break solvers: each has the outcome and the resistances that theory says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

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


def near(value: float, share: float) -> Any:
    return pytest.approx(value, rel=share)


def within(value: float, distance: float) -> Any:
    return pytest.approx(value, abs=distance)


@final
@dataclass(frozen=True)
class Case:
    """A spectrum and what must come out; None where the data do not tell.

    Attributes
    ----------
    series, arcs : R0 and Rp (Ω).
    others : further numbers of the node, by name.
    outcomes : those that are true.
    """

    frequency: Floats
    impedance: Complexes
    series: Any = None
    arcs: Any = None
    others: dict[str, Any] | None = None
    outcomes: tuple[str, ...] = ("converged",)


def whole(factor: float = 1.0) -> dict[str, Any]:
    """R0 = 5 Ω to 2 % and Rp = 70 Ω to 3 %: four times what 0.3 % of noise leaves unknown."""
    return {"series": near(5 * factor, 0.02), "arcs": near(70 * factor, 0.03)}


CASES: dict[str, Case] = {
    # Two decades of processes are not in there, and the ends of γ are anybody's guess.
    "one decade": Case(*grid(np.logspace(3, 2, 11))),
    "three points": Case(*grid(np.array([1e3, 10.0, 0.1]))),
    "three clean points": Case(np.array([1e3, 10.0, 0.1]), cell(np.array([1e3, 10.0, 0.1]))),
    "four points": Case(*grid(np.logspace(4, 0, 4))),
    "twenty decades": Case(*grid(np.logspace(12, -8, 200)), **whole()),
    "repeated frequencies": Case(*grid(np.repeat(WIDE, 2)), **whole()),
    "resistor": Case(WIDE, np.full(50, 10 + 0j), near(10, 1e-5), within(0, 1e-4)),
    # Beyond the slow end there may be more than noise hides within.
    "noisy resistor": Case(WIDE, noisy(np.full(50, 10 + 0j), 1e-2), near(10, 0.02)),
    "negative resistor": Case(WIDE, np.full(50, -10 + 0j), near(-10, 1e-5), within(0, 1e-4)),
    "inductor": Case(
        WIDE, 1e-6 * OMEGA, within(0, 1e-8), within(0, 1e-8), {"inductance": near(1e-6, 1e-5)}
    ),
    # |Z| is 1.6 Ω to 16 MΩ.
    "capacitor": Case(
        WIDE,
        1 / (1e-6 * OMEGA),
        within(0, 0.01),
        within(0, 16),
        {"series_capacitance": near(1e-6, 1e-5)},
    ),
    # γ has no width: the sharper it is the better, for ever.
    "RC": Case(
        WIDE,
        10 / (1 + 1e-2 * OMEGA),
        within(0, 1e-4),
        near(10, 1e-4),
        outcomes=("converged", "max_steps"),
    ),
    # Held at the least variance, the decrement is near its limit: rounding decides, and it
    # differs between processors. What the fit gives is held all the same.
    "noise-free": Case(
        WIDE, cell(), near(5, 1e-3), near(70, 2e-3), outcomes=("converged", "max_steps")
    ),
    # Some ten points tell of each: 30 % over the root of ten, times two and a half.
    "30 % noise": Case(WIDE, noisy(cell(), 0.3), near(5, 0.25), near(70, 0.25)),
    "only noise": Case(WIDE, noisy(np.ones(50, np.complex128), 3.0)),
    "milliohm": Case(WIDE, noisy(cell()) * 1e-5, **whole(1e-5)),
    "gigaohm": Case(WIDE, noisy(cell()) * 1e8, **whole(1e8)),
    "tiny": Case(WIDE, noisy(cell()) * 1e-200, **whole(1e-200)),
    "huge": Case(WIDE, noisy(cell()) * 1e200, **whole(1e200)),
    # τ = 1000 s is two decades beyond the slow end: all of γ is, and R stays open.
    "eight decades of |Z|": Case(
        WIDE,
        noisy(1e-3 + 1e5 / (1 + 1e3 * OMEGA)),
        near(1e-3, 0.02),
        others={"outside": near(1, 0.01)},
    ),
    "negative real parts": Case(WIDE, noisy(cell()) - 40, near(-35, 0.01), near(70, 0.03)),
    "conjugated": Case(WIDE, noisy(cell()).conj(), outcomes=("not_described",)),
    "loop": Case(WIDE, noisy(cell() - 8 / (1 + OMEGA)), near(5, 0.02), near(62, 0.03)),
    "NaN points": Case(WIDE, spoilt((0, 7, 20, 49), complex(np.nan, np.nan)), **whole()),
    "infinite points": Case(WIDE, spoilt((0, 7, 20, 49), complex(np.inf, 0)), **whole()),
    "four outliers": Case(WIDE, spoilt((3, 17, 30, 44), 1e6 + 1e6j), near(5, 0.05), near(70, 0.05)),
    "one outlier of 1e12": Case(WIDE, spoilt((20,), 1e12 + 0j), near(5, 0.02), near(70, 0.05)),
    "a point at zero": Case(WIDE, spoilt((7,), 0j), **whole()),
}


@pytest.mark.parametrize("name", CASES)
def test_each_case_has_its_outcome_and_its_resistances(name: str) -> None:
    case = CASES[name]
    node = drt((case.frequency, case.impedance))
    assert node.outcome.values[0] in case.outcomes
    expected = dict(case.others or {})
    expected |= {"series_resistance": case.series, "polarisation_resistance": case.arcs}
    for number, value in expected.items():
        found = float(node[number].values[0])
        assert np.isfinite(found)
        assert value is None or found == value, number


@pytest.mark.parametrize("name", CASES)
def test_gamma_is_finite_and_within_its_band(name: str) -> None:
    node = drt((CASES[name].frequency, CASES[name].impedance))
    assert np.isfinite(node.gamma.values).all()
    assert np.isfinite(node.polarisation_spread.values).all()
    assert (node.gamma_low.values <= node.gamma.values).all()
    assert (node.gamma.values <= node.gamma_high.values).all()


@pytest.mark.parametrize("name", ["twenty decades", "loop", "NaN points", "30 % noise"])
def test_the_resistance_is_as_close_as_it_is_said_to_be(name: str) -> None:
    """Within four of its spreads."""
    node = drt((CASES[name].frequency, CASES[name].impedance))
    truth = 62 if name == "loop" else 70
    away = abs(float(node.polarisation_resistance.values[0]) - truth)
    assert away <= 4 * float(node.polarisation_spread.values[0])


@pytest.mark.parametrize("name", ["noise-free", "RC", "inductor", "capacitor", "resistor"])
def test_clean_data_of_a_model_are_fitted(name: str) -> None:
    """To 1e-4 of |Z|: none is beyond the model, an RC being a spike of γ."""
    node = drt((CASES[name].frequency, CASES[name].impedance))
    assert node.noise.values[0] < 1e-4


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
