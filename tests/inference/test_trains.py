"""Trains by leaps end where a train ends of which every pulse is integrated."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.cell import Cell
from anodescope.cell.march import CURRENT
from anodescope.inference.quick import CUT_OFF, Speed, Stand
from anodescope.inference.trains import END, train

SPEED = Speed(patches=3, tolerance=6e-2, leap=1e-2, most=5000)
NAK50 = Cell.preset("NaK50")


def phases(current: float, on: float, rest: float) -> np.ndarray:
    none = (np.inf, np.nan, 0.0)
    return np.array([
        [CURRENT, current, current, on, CUT_OFF, *none],
        [CURRENT, 0.0, 0.0, rest, np.inf, *none],
    ])  # fmt: skip


def gone_through(rows: np.ndarray, count: int, turns: int = 100_000) -> tuple[Stand, int]:
    stand = Stand(NAK50, SPEED)
    made = train(
        stand.engine, rows, count, tolerance=SPEED.leap, most=SPEED.most, turns=turns
    )  # fmt: skip
    return stand, made


@pytest.mark.parametrize(("current", "on", "rest"), [(1.0, 1.0, 2.0), (1.0, 5.0, 10.0)])
def test_the_limit_comes_where_it_comes_without_leaps(current, on, rest):
    """To what a leap may get wrong: 1 % of contact, and 1 % of the charge at the end."""
    rows = phases(current, on, rest)
    whole = Stand(NAK50, SPEED)
    whole.engine.advance(rows, 40_000)
    stand, integrated = gone_through(rows, 40_000)
    assert stand.charge == pytest.approx(whole.charge, rel=2.5 * END, abs=2.0 * current * on / 3600)
    assert integrated < 0.7 * whole.charge * 3600.0 / (current * on)


def test_a_train_without_a_limit_passes_every_pulse():
    rows = phases(0.2, 1.0, 5.0)
    stand, integrated = gone_through(rows, 5000)
    assert stand.charge == pytest.approx(5000 * 0.2 / 3600.0, rel=1e-9)
    assert stand.engine.time == pytest.approx(5000 * 6.0, rel=1e-9)
    assert integrated < 5000


def test_few_pulses_are_all_integrated():
    rows = phases(0.2, 1.0, 5.0)
    stand, integrated = gone_through(rows, 4)
    assert integrated == 4
    assert stand.charge == pytest.approx(4 * 0.2 / 3600.0, rel=1e-9)


def test_it_ends_after_so_many_integrated_pulses():
    """Not far beyond them: a block is not broken off."""
    rows = phases(0.2, 1.0, 5.0)
    stand, integrated = gone_through(rows, 1_000_000, turns=50)
    assert 50 <= integrated < 200
    assert stand.charge < 1_000_000 * 0.2 / 3600.0


def test_the_same_train_has_the_same_bits():
    rows = phases(1.0, 1.0, 2.0)
    one, other = gone_through(rows, 40_000)[0], gone_through(rows, 40_000)[0]
    assert one.charge == other.charge
    np.testing.assert_array_equal(one.engine.state, other.engine.state)
