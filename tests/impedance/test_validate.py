"""Kramers–Kronig: what fulfils the relations passes, what drifts does not, the rest is not decided.

The rates in the docstring of `kk` were measured on 300 spectra per row; the rows here use fewer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import pi

import numpy as np
import pytest

from anodescope.bench.spectra import sets_a_and_b
from anodescope.campaign import check
from anodescope.errors import SettingsError
from anodescope.impedance import LinearKK, validate
from anodescope.impedance.validation.linkk import ladder
from anodescope.running import Run
from tests.impedance.cells import KINDS, random_cells, sweep_time, with_noise

MEDIUM = np.logspace(np.log10(7e6), np.log10(5), 36)
WIDE = np.logspace(6, -1, 61)


def share(found, verdict: str) -> float:
    return float(np.mean(found.verdict.values == verdict))


def circuit(frequency: np.ndarray) -> np.ndarray:
    """R + RC + RC + L, exactly."""
    w = 2 * pi * frequency
    return 12 + 100 / (1 + 1j * w * 3.3e-5) + 40 / (1 + 1j * w * 7.7e-3) + 1j * w * 1e-7


def test_spectra_without_a_point_are_not_decidable():
    node = validate((np.empty((3, 0)), np.empty((3, 0), complex)))
    assert node.sizes == {"spectrum": 3, "point": 0}
    assert node["verdict"].values.tolist() == ["not_decidable"] * 3


def test_exact_circuits_leave_no_residual():
    found = validate((WIDE, circuit(WIDE)))
    check("validation", found)
    assert found.verdict.values.tolist() == ["consistent"]
    assert found.kk_residual[0] < 1e-3
    # With the longest chain, what remains is only how well a chain stands for one RC element.
    finest = validate((WIDE, circuit(WIDE)), LinearKK(alarm=0.0, cut=0.0))
    assert finest.kk_residual[0] < 1e-4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frequency", [MEDIUM, WIDE], ids=["36 points", "61 points"])
def test_no_false_alarm_on_consistent_cells_with_noise(kind, frequency):
    generator = np.random.default_rng(21)
    z = with_noise(generator, random_cells(generator, frequency, kind, 40), 0.003)
    assert share(validate((frequency, z)), "consistent") == 1


@pytest.mark.parametrize("name", ["A", "B"])
def test_no_false_alarm_where_the_window_cuts_an_arc(name):
    made = sets_a_and_b(300)[name].first(40)
    found = validate((made.frequency, made.impedance))
    assert share(found, "consistent") == 1
    assert np.median(found.kk_noise) == pytest.approx(0.003, rel=0.15)


@pytest.mark.parametrize("size", [0.3, 1.0, -0.3])
@pytest.mark.parametrize("frequency", [MEDIUM, WIDE], ids=["36 points", "61 points"])
def test_drift_during_the_sweep_is_found(size, frequency):
    generator = np.random.default_rng(22)
    clean = random_cells(generator, frequency, "zarcs", 40)
    drifting = with_noise(generator, clean * (1 + size * sweep_time(frequency)), 0.003)
    assert share(validate((frequency, drifting)), "inconsistent") == 1


def test_a_conjugate_spectrum_violates_causality():
    made = sets_a_and_b(300)["A"].first(10)
    found = validate((made.frequency, made.clean.real - 0.5j * made.clean.imag))
    assert share(found, "inconsistent") == 1


def test_noise_and_sparse_sweeps_are_not_decided():
    generator = np.random.default_rng(23)
    noisy = with_noise(generator, random_cells(generator, WIDE, "zarcs", 20), 0.05)
    assert share(validate((WIDE, noisy)), "not_decidable") == 1
    sparse = np.logspace(5, -1, 19)
    z = with_noise(generator, random_cells(generator, sparse, "zarcs", 20), 0.001)
    assert share(validate((sparse, z)), "not_decidable") == 1


def test_too_few_points_are_not_decided():
    few = WIDE[:5]
    found = validate((few, circuit(few)))
    assert found.verdict.values.tolist() == ["not_decidable"]
    assert found.kk_elements.values.tolist() == [0]
    assert np.isnan(found.residual).all()
    nothing = validate((WIDE, np.full(61, np.nan)))
    assert nothing.verdict.values.tolist() == ["not_decidable"]


def test_residual_is_reported_where_points_are_valid():
    z = np.stack([circuit(WIDE)] * 2)
    z[1, 7], z[1, 50] = np.nan, 0
    found = validate((WIDE, z))
    missing = np.isnan(found.residual.values)
    assert not missing[0].any()
    assert np.flatnonzero(missing[1]).tolist() == [7, 50]


@pytest.mark.parametrize("factor", [1e-3, 1e9])
def test_the_verdict_does_not_depend_on_the_size_of_the_cell(factor):
    made = sets_a_and_b(300)["B"].first(6)
    plain = validate((made.frequency, made.impedance))
    scaled = validate((made.frequency, made.impedance * factor))
    assert np.array_equal(plain.verdict, scaled.verdict)
    assert np.allclose(plain.kk_residual, scaled.kk_residual, rtol=1e-6)


def test_order_of_points_and_workers_do_not_matter():
    made = sets_a_and_b(300)["A"].first(120)
    turned = validate((made.frequency[::-1], made.impedance[:, ::-1]))
    with ThreadPoolExecutor(4) as pool:
        many = validate((made.frequency, made.impedance), run=Run(map=pool.map))
    assert many.identical(validate((made.frequency, made.impedance)))
    assert np.array_equal(turned.residual[:, ::-1], many.residual)


def test_chains_leave_at_least_as_many_residuals_as_frequencies():
    for frequency in (WIDE, MEDIUM, WIDE[:9]):
        lengths = ladder(frequency, 3)
        assert np.all(np.diff(lengths) > 0)
        assert lengths[-1] + 3 <= frequency.size
    assert ladder(WIDE[:5], 3).size == 0


def test_strides_find_the_shortest_chain_that_passes():
    """Longer chains are tried in strides; what is reported is the first that leaves no alarm."""
    generator = np.random.default_rng(24)
    z = with_noise(generator, random_cells(generator, WIDE, "loop", 60), 0.001)
    found = validate((WIDE, z))
    lengths = ladder(WIDE, 3).tolist()
    climbed = 0
    for row, elements in zip(z, found.kk_elements.values, strict=True):
        place = lengths.index(int(elements))
        stopped = int(validate((WIDE, row), LinearKK(alarm=1e9)).kk_elements[0])
        climbed += elements > stopped
        assert place >= lengths.index(stopped)
    assert climbed > 0


@pytest.mark.parametrize("settings", [{"cut": 2.0}, {"tolerance": -1.0}, {"alarm": float("nan")}])
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(SettingsError, match=next(iter(settings))):
        LinearKK(**settings)
