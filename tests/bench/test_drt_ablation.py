"""Every variant of the ablations leaves out what it says, and the engine is whole again after."""

from __future__ import annotations

import numpy as np
import pytest

from anodescope.bench import drt_ablation
from anodescope.bench.cells import random_cells
from anodescope.impedance.loggp import single


def test_a_setting_is_set_back_even_when_something_breaks():
    kept = single.uneven_noise

    def broken():
        with drt_ablation.setting(single, "uneven_noise", None):
            assert single.uneven_noise is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert single.uneven_noise is kept


def test_variants_without_terms_or_re_weighting_have_none():
    cell = random_cells(1, 1, "capacitance")[0]
    assert set(drt_ablation._without_terms(cell).terms.columns) <= {
        "series_resistance",
        "inductance",
    }
    looped = random_cells(1, 1, "loop")[0]
    assert drt_ablation._always_a_loop(looped).gamma.min() < 0
    assert (drt_ablation._without_terms(looped).gamma > 0).all()
    coarse = drt_ablation._rank(1e-2)(cell).problem.right.shape[0]
    assert coarse < drt_ablation._rank(1e-6)(cell).problem.right.shape[0]


def test_outliers_and_level_noise_keep_the_truth():
    cells = random_cells(2, 3)
    for made in (drt_ablation.outlying(cells), drt_ablation.level(cells)):
        for cell, other in zip(cells, made, strict=True):
            assert other.clean is cell.clean
            assert not np.array_equal(other.impedance, cell.impedance)


def test_a_ratio_compares_only_what_both_inverted():
    """The spectrum that the variant lost is not counted for the whole either."""
    found = {"whole": np.array([0.1, 0.2, 0.9]), "less": np.array([0.2, 0.4, np.nan])}
    whole = drt_ablation._row("cells", "whole", found, 1.0)
    row = drt_ablation._row("cells", "less", found, 1.0)
    assert (row.ratio, row.failures, whole.failures) == (pytest.approx(2.0), 1, 0)
    assert row.ratio_low == row.ratio_high == pytest.approx(2.0)
    assert (whole.ratio, whole.ratio_low, whole.ratio_high) == (1, 1, 1)


@pytest.mark.slow
def test_a_line_for_every_variant():
    cells = random_cells(3, 2)
    rows = drt_ablation._compare("random cells", cells, drt_ablation.VARIANTS)
    assert [row.variant for row in rows] == list(drt_ablation.VARIANTS)
    assert rows[0].ratio == 1
    joint = drt_ablation.run_joint_ablation(series_count=1, sweeps=12)
    assert [row.variant for row in joint].count("whole") == 3
    assert all(row.spectra == 12 for row in joint)
