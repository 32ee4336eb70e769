"""The comparison of Kramers–Kronig tests: our own figures, absent peers, and the rules applied."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from anodescope.bench import kk, peers
from anodescope.bench.spectra import sets_a_and_b


@pytest.mark.slow
def test_our_own_figures_and_absent_peers(monkeypatch, tmp_path):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "python"))
    rows = kk.run_bench(count=3)
    ours = [row for row in rows if row.method.startswith("anodescope")]
    assert [(row.set, row.spectra) for row in ours] == [("A", 9), ("A", 9), ("B", 9), ("B", 9)]
    assert all(row.status == "ran" and row.milliseconds > 0 for row in ours)
    assert all(row.false_alarms == 0 and row.found_30 == 1 for row in ours)
    others = [row for row in rows if row not in ours]
    assert len(others) == 2 * len(kk.PEERS)
    assert {row.status for row in others} == {"not installed"}
    assert all(np.isnan(row.times_faster) for row in others)


def test_both_rules_are_applied_to_the_residuals_of_a_peer(monkeypatch):
    """A stand-in returns residuals of our own making: white ones for clean spectra, or not."""
    made = sets_a_and_b(6)["A"].first(2)
    work = """
rng = np.random.default_rng(5)
frequency, count = given["frequency"], len(given["impedance"])
white = 0.002 * rng.standard_normal((count, 2 * frequency.size))
slow = np.concatenate([np.linspace(-1, 1, frequency.size)] * 2)
white[2:4] += 0.006 * slow
white[4:6] += 0.05 * slow
result.update(seconds=np.full(count, 0.5), residual=white)
"""
    peer = kk._Peer("stand-in", ("numpy",), "pass", work, 2)
    monkeypatch.setenv(peers.VARIABLE, sys.executable)
    whole = kk.Row("ours", "A", 6, "ran", milliseconds=2.0)
    row = kk._peer_row(peer, made, 2, whole, whole)
    assert row.status == "ran"
    assert row.times_faster == pytest.approx(250)
    assert (row.false_alarms, row.found_10, row.found_30) == (0, 1, 1)
    assert (row.customary_false_alarms, row.customary_found_30) == (0, 1)


def test_drift_is_added_in_proportion_to_the_time_passed():
    made = sets_a_and_b(6)["B"].first(2)
    clean, ten, thirty = np.split(kk.drifting(made), 3)
    assert np.array_equal(clean, made.impedance)
    assert np.allclose(ten[:, -1] / clean[:, -1], 1.1)
    assert np.allclose(thirty[:, -1] / clean[:, -1], 1.3)
    assert np.all(np.diff((ten / clean).real, axis=1) > 0)
