"""Trimming on record: an inductive end beyond a series L, a drifting low end, and nothing else."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.bench.spectra import sets_a_and_b, zarc
from anodescope.errors import SettingsError
from anodescope.impedance import validate
from anodescope.impedance.validation.trim import Trimming
from tests.impedance.cells import KINDS, random_cells, sweep_time, with_noise

GRID = np.logspace(6.8, -1, 72)


def cell() -> np.ndarray:
    return 20 + zarc(GRID, 100.0, 1e-4, 0.9) + zarc(GRID, 200.0, 0.05, 0.85)


def noisy(z: np.ndarray, noise: float = 0.003) -> np.ndarray:
    return with_noise(np.random.default_rng(11), np.stack([z] * 20), noise)


def cut(found, name: str) -> np.ndarray:
    return found[name].values


@pytest.mark.parametrize("inductance", [1e-8, 1e-7, 1e-6, 1e-5])
def test_a_series_inductance_is_not_trimmed(inductance):
    found = validate((GRID, noisy(cell() + 2j * pi * GRID * inductance)))
    assert (found.verdict.values == "consistent").all()
    assert not cut(found, "inductive").any()
    assert not cut(found, "drifting").any()


@pytest.mark.parametrize(
    "end",
    [
        lambda w: 5e-6 * (1j * w) ** 0.9,  # eddy currents: a fractional inductance
        lambda w: 1j * w * 3e-6 / (1 + 1j * w * 3e-6 / 60),  # a coil beside a resistance
    ],
    ids=["fractional", "parallel"],
)
def test_an_inductive_end_beyond_a_series_inductance_is_trimmed_at_that_end_only(end):
    z = cell() + end(2 * pi * GRID)
    found = validate((GRID, noisy(z)))
    mask = cut(found, "inductive")
    assert mask[:, 0].all()
    # One piece at the highest frequencies, within the share.
    assert (np.diff(mask.astype(int), axis=1) <= 0).all()
    assert (mask.sum(axis=1) <= GRID.size / 3).all()
    assert not cut(found, "drifting").any()
    # What is left is not trimmed again, and fulfils the relations.
    kept = int(mask[0].sum())
    again = validate((GRID[kept:], noisy(z)[:, kept:]))
    assert (again.verdict.values == "consistent").mean() > 0.9


def test_a_drifting_low_end_is_trimmed_and_the_rest_fulfils_the_relations():
    made = sets_a_and_b(300)["A"].first(20)
    z = made.impedance * (1 + 0.3 * sweep_time(made.frequency))
    found = validate((made.frequency, z))
    # The verdict is that of the whole sweep.
    assert (found.verdict.values == "inconsistent").all()
    mask = cut(found, "drifting")
    assert mask[:, -1].all()
    assert (np.diff(mask.astype(int), axis=1) >= 0).all()
    assert not cut(found, "inductive").any()
    for row, gone in zip(z, mask, strict=True):
        rest = validate((made.frequency[~gone], row[~gone]))
        assert rest.verdict.values.tolist() == ["consistent"]
    # Residuals are shown for all points, trimmed or not.
    assert np.isfinite(found.residual).all()


def test_both_ends_of_one_sweep():
    z = cell() + 5e-6 * (2j * pi * GRID) ** 0.9
    found = validate((GRID, noisy(z * (1 + 0.3 * sweep_time(GRID)))))
    assert cut(found, "inductive")[:, 0].all()
    assert cut(found, "drifting")[:, -1].all()
    both = cut(found, "inductive") | cut(found, "drifting")
    assert (both.sum(axis=1) <= GRID.size / 3).all()


def test_a_violation_everywhere_is_not_trimmed_away():
    made = sets_a_and_b(300)["A"].first(10)
    found = validate((made.frequency, made.clean.real - 0.5j * made.clean.imag))
    assert (found.verdict.values == "inconsistent").all()
    assert not cut(found, "inductive").any()
    assert not cut(found, "drifting").any()


def test_no_more_than_the_share_is_trimmed_and_none_where_none_may_be():
    made = sets_a_and_b(300)["A"].first(10)
    z = made.impedance * (1 + 0.3 * sweep_time(made.frequency))
    needed = cut(validate((made.frequency, z)), "drifting").sum(axis=1)
    for share in (0.0, 0.05, 0.1, 0.2):
        found = validate((made.frequency, z), trimming=Trimming(share=share))
        gone = cut(found, "drifting").sum(axis=1)
        assert (gone <= share * made.frequency.size).all()
        assert ((gone == 0) | (gone >= needed)).all()
        assert (found.verdict.values == "inconsistent").all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    noise=st.floats(0, 0.01),
    factor=st.floats(1e-6, 1e6),
)
def test_what_fulfils_the_relations_is_neither_flagged_nor_trimmed(seed, kind, noise, factor):
    rng = np.random.default_rng(seed)
    z = with_noise(rng, random_cells(rng, GRID, kind, 4), noise)
    found = validate((GRID, z))
    assert not (found.verdict.values == "inconsistent").any()
    assert not cut(found, "inductive").any()
    assert not cut(found, "drifting").any()
    scaled, order = validate((GRID, factor * z)), rng.permutation(GRID.size)
    assert np.array_equal(scaled.verdict, found.verdict)
    turned = validate((GRID[order], z[:, order]))
    assert np.array_equal(turned.verdict, found.verdict)
    assert np.array_equal(turned.kk_residual, found.kk_residual)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), drift=st.floats(0.2, 1.0), power=st.floats(0.7, 0.95))
def test_masks_do_not_depend_on_the_order_of_points_or_the_size_of_the_cell(seed, drift, power):
    rng = np.random.default_rng(seed)
    z = cell() * (1 + drift * sweep_time(GRID)) + 1e-5 * (2j * pi * GRID) ** power
    z = with_noise(rng, z[None], 0.003)
    plain, order = validate((GRID, z)), rng.permutation(GRID.size)
    turned, scaled = validate((GRID[order], z[:, order])), validate((GRID, 1e4 * z))
    for name in ("inductive", "drifting"):
        assert np.array_equal(turned[name].values, plain[name].values[:, order])
        assert np.array_equal(scaled[name].values, plain[name].values)


@pytest.mark.parametrize("given", [{"share": 1.0}, {"share": -0.1}, {"deviation": -1.0}])
def test_settings_that_cannot_work_are_refused(given):
    with pytest.raises(SettingsError, match=next(iter(given))):
        Trimming(**given)
