"""Peers run apart: what comes back when they are there, absent, broken or too slow."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from anodescope.bench import peers
from anodescope.bench.drttools import run_bench
from anodescope.bench.inverters import INVERTERS, ask_inverter
from anodescope.bench.metrics import relative_l2
from anodescope.bench.peers import Answer, ask
from anodescope.bench.spectra import sets_a_and_b

HERE = Path(sys.executable)


def test_arrays_go_there_and_back():
    work = "result['double'] = 2 * given['x']"
    answer = ask(("numpy",), "import numpy", work, {"x": np.arange(3.0)}, python=HERE)
    assert answer.ran
    assert answer.versions == (np.__version__,)
    assert answer.arrays["double"].tolist() == [0, 2, 4]


def test_an_absent_package_is_not_installed_whether_by_name_or_by_import():
    for packages, prepare in ((("no-such-peer",), "pass"), ((), "import no_such_peer")):
        assert ask(packages, prepare, "pass", {}, python=HERE) == Answer("not installed")


def test_an_absent_interpreter_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "python"))
    assert ask((), "pass", "pass", {}) == Answer("not installed")


def test_a_peer_that_fails_is_reported_in_its_own_words():
    answer = ask((), "pass", "raise ValueError('bad spectrum')", {}, python=HERE)
    assert answer.status == "failed: ValueError: bad spectrum"


def test_a_peer_that_hangs_is_stopped():
    answer = ask((), "import time", "time.sleep(60)", {}, python=HERE, limit=1.0)
    assert answer.status.startswith("failed: not done after 1 s")


def test_a_missing_import_while_working_is_a_failure_not_an_absence():
    answer = ask((), "pass", "import no_such_peer", {}, python=HERE)
    assert answer.status.startswith("failed: ModuleNotFoundError")


def test_the_part_on_drttools_reports_absent_peers_and_our_own_figures(monkeypatch, tmp_path):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "python"))
    rows = run_bench(count=6)
    absent = [row for row in rows if row.method.startswith("pyDRTtools")]
    assert {row.status for row in absent} == {"not installed"}
    assert all(np.isnan(row.milliseconds) for row in absent)
    ours = [row for row in rows if row.method.startswith("anodescope")]
    assert len(ours) == 4
    assert all(row.status == "ran" and row.objective_gap < 1e-6 for row in ours)
    assert all(np.isnan(row.times_faster) for row in ours)


@pytest.mark.slow
@pytest.mark.parametrize("inverter", INVERTERS, ids=lambda peer: peer.name)
def test_every_peer_inverts_a_plain_spectrum(inverter):
    spectra = sets_a_and_b(300)["A"].first(2).spectra()
    answer = ask_inverter(inverter, spectra, 60.0)
    if answer.status == "not installed":
        pytest.skip(f"{inverter.packages[0]} is not installed in .venv-bench")
    assert answer.ran, answer.status
    assert not answer.arrays["failed"].any(), answer.arrays["reason"]
    truth = np.array([spectrum.gamma for spectrum in spectra])[: len(answer.arrays["gamma"])]
    # Every one of them finds three processes; in other units or places it would be near 1.
    assert relative_l2(answer.arrays["gamma"], truth).max() < 0.5
