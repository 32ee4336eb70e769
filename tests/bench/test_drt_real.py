"""Left-out frequencies of real files: who is left out, and what is predicted there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anodescope.bench import drt_real, peers
from anodescope.bench.inverters import PREDICTING
from anodescope.bench.spectra import sets_a_and_b
from anodescope.impedance.loggp.method import LogGaussian
from anodescope.impedance.sweeps import Sweeps
from anodescope.running import Run


def _sweeps(count=2):
    made = sets_a_and_b(300)["A"].first(count)
    return Sweeps.of((made.frequency, made.impedance)), made


def test_the_prediction_at_fitted_frequencies_is_the_fit():
    """Of a cell with a blocking capacitance as well, whose column stands beside γ."""
    sweeps, made = _sweeps()
    blocked = made.impedance + 1 / (2j * np.pi * made.frequency * 1e-3)
    both = replace(sweeps, impedance=np.stack([made.impedance[0], blocked[1]]))
    found = LogGaussian().invert(both, Run())
    again = drt_real.predicted(found, both.frequency)
    assert np.isfinite(found.more["series_capacitance"][1])
    np.testing.assert_allclose(again, found.fit, rtol=1e-8)


def test_frequencies_that_are_left_out_are_predicted_to_the_noise():
    sweeps, _ = _sweeps()
    part = drt_real.Part("set A", 0, sweeps)
    assert not part.held[[0, -1]].any()
    rows = drt_real.our_rows(part)
    assert [row.method for row in rows] == ["ours single", "ours joint"]
    # 0.3 % on each part is 0.42 % of |Z|; half of the scatter again is left to the fit.
    assert all(row.held_out < 1.5 * np.sqrt(2) * 0.003 for row in rows)


def test_a_cut_part_keeps_only_the_lower_frequencies():
    sweeps, made = _sweeps()
    low = drt_real.Part("set A", 0, sweeps).below(1e3)
    assert low.sweeps.frequency.max() <= 1e3
    assert low.sweeps.impedance.shape == low.sweeps.valid.shape
    assert low.sweeps.impedance.shape[1] == (made.frequency <= 1e3).sum()


def test_the_noise_in_time_is_that_of_a_cell_that_drifts_evenly():
    generator = np.random.default_rng(8)
    growth = np.exp(np.linspace(0, 0.5, 60))[:, None]
    clean = growth * sets_a_and_b(300)["A"].clean[:1]
    both = generator.standard_normal((2, *clean.shape))
    noisy = clean + 0.004 * np.abs(clean) * (both[0] + 1j * both[1])
    noise = drt_real.time_noise(Sweeps.of((np.logspace(6, 0, clean.shape[1]), noisy)))
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(0.004, rel=0.1)


def test_a_few_sweeps_cannot_tell_their_noise():
    assert drt_real.time_noise(_sweeps()[0]) is None


def test_an_absent_peer_is_said_to_be_absent(monkeypatch, tmp_path):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "nowhere"))
    row = drt_real._peer_row(drt_real.Part("set A", 0, _sweeps()[0]), PREDICTING[0])
    assert (row.status, row.sweeps) == ("not installed", 2)
    assert np.isnan(row.held_out)


def test_a_file_beside_its_twin_is_taken_once(potentiostat):
    parts = drt_real.parts_of(potentiostat, ("yadg/peis", "yadg/geis"))
    files = [part.file for part in parts]
    assert not any(name.endswith(".mpt") for name in files)
    assert files.count("yadg/peis.mpr") == 3
    assert files.count("yadg/geis.mpr") == sum("≤" in name for name in files) == 3
