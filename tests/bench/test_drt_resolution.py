"""Two processes are counted as two only where both are seen."""

from __future__ import annotations

import json

import numpy as np

from anodescope.bench import drt_resolution as resolution


def test_maxima_of_the_true_distribution_are_found_in_place():
    ln_tau = np.log(10) * np.arange(-6, 0, 1 / 16)
    gamma = resolution._gamma(np.exp(ln_tau), 1.0, 0.95)
    found = resolution.standing_maxima(ln_tau, gamma)
    np.testing.assert_allclose(found, np.log(resolution._centres(1.0)), atol=0.03)
    assert resolution._resolved(ln_tau, gamma, resolution._centres(1.0))
    assert not resolution._resolved(ln_tau, gamma, resolution._centres(0.3))


def test_crumbs_and_ripples_are_no_maxima():
    ln_tau = np.linspace(-10, 0, 200)
    bell = np.exp(-0.5 * (ln_tau + 5) ** 2)
    assert resolution.standing_maxima(ln_tau, bell * (1 + 0.01 * np.sin(8 * ln_tau))).size == 1
    crumb = 0.05 * np.exp(-0.5 * ((ln_tau + 1) / 0.2) ** 2)
    assert resolution.standing_maxima(ln_tau, bell + crumb).size == 1
    assert resolution.standing_maxima(ln_tau, bell + 10 * crumb).size == 2


def test_far_and_clean_pairs_are_resolved_and_hidden_ones_are_not(tmp_path):
    """The true γ of two ZARCs with φ = 0.8 has one maximum at 0.2 decade, so none sees two."""
    rows = resolution.run_resolution(
        phis=(0.8,), noises=(1e-3, 1e-2), distances=(0.2, 1.5), draws=3
    )
    share = {(row.noise, row.distance): row.resolved for row in rows}
    assert share[1e-3, 1.5] == 1
    assert [row.true_maxima for row in rows] == [1, 2, 1, 2]
    assert share[1e-3, 0.2] == share[1e-2, 0.2] == 0
    resolution.save(rows, tmp_path / "rows.json", tmp_path / "figure.png")
    assert len(json.loads((tmp_path / "rows.json").read_text())) == 4
    assert resolution.load(tmp_path / "rows.json") == rows
    assert (tmp_path / "figure.png").stat().st_size > 10_000
