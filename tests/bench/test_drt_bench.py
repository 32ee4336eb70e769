"""The comparison of distributions: parts, seeds, absent peers and figures that fit together."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from anodescope.bench import drt, inverters, ours, peers, run_benches
from anodescope.bench.cells import random_cells
from anodescope.bench.foreign import seed_of_commit
from anodescope.bench.spectra import packed, sets_a_and_b
from anodescope.cli import screen
from anodescope.cli.main import main
from anodescope.errors import SettingsError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sets": ("A", "C")}, "'C'"),
        ({"count": 3}, "count"),
        ({"seed": -1}, "seed"),
        ({"budget": 0.0}, "budget"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(wrong, said):
    with pytest.raises(SettingsError, match=said):
        drt.Options(**wrong)


def test_settings_of_a_comparison_that_is_not_run_are_refused():
    with pytest.raises(SettingsError, match="not run"):
        run_benches(["pairs"], drt={"count": 5})


def test_every_part_has_a_set_and_the_seed_is_the_commits():
    assert set(drt.COUNTS) == set(drt.SETS) < set(drt.PARTS)
    if (ROOT / ".git").exists():
        assert seed_of_commit() == seed_of_commit(ROOT) > 0


def test_cells_of_every_set_are_drawn_from_the_seed():
    for name in drt.SETS:
        case = drt._case(name, 5, 8)
        again, other = drt._case(name, 5, 8), drt._case(name, 6, 8)
        assert np.array_equal(case.spectra[0].impedance, again.spectra[0].impedance)
        same = np.array_equal(case.spectra[0].impedance, other.spectra[0].impedance)
        assert same == (name in ("A", "B"))
    kinds = {spectrum.terms for spectrum in drt._case("terms", 5, 8).spectra}
    assert kinds == {(), ("loop",), ("capacitance",), ("tail",)}


def test_what_is_measured_is_the_products_own_answer():
    spectra = sets_a_and_b(4)["A"].spectra()
    found = ours.measure({**packed(spectra), "method": np.array("single")})
    gamma, low, high = (np.asarray(found[name]) for name in ("gamma", "low", "high"))
    assert gamma.shape == (4, spectra[0].tau.size)
    assert ((low <= gamma) & (gamma <= high)).all()
    for row, spectrum in zip(gamma, spectra, strict=True):
        # Far better than nothing (1), far worse than copied from the truth.
        assert 1e-3 < np.linalg.norm(row - spectrum.gamma) / np.linalg.norm(spectrum.gamma) < 0.5


def test_the_oracle_knows_the_noise_and_agrees_where_it_was_estimated_well():
    spectra = sets_a_and_b(4)["A"].spectra()
    found = ours.measure_singly(packed(spectra))
    single = np.asarray(ours.measure({**packed(spectra), "method": np.array("single")})["gamma"])
    oracle = np.asarray(found["oracle"])
    apart = np.linalg.norm(oracle - single, axis=1) / np.linalg.norm(single, axis=1)
    assert apart.max() < 0.1
    for name in ("oracle", "bare"):
        assert (np.asarray(found[f"{name}_low"]) <= oracle).all()
        assert (np.asarray(found[f"{name}_high"]) >= oracle).all()
    assert np.asarray(found["course"]).tolist() == [ours.PLAIN] * 4


def test_a_louder_oracle_has_wider_bands():
    # Arcs far apart: with more noise it must not take two of them for one.
    spectra = sets_a_and_b(3)["A"].spectra()
    table = packed(spectra)
    louder = {**table, "sigma": 3 * table["sigma"]}
    widths = []
    for given in (table, louder):
        found = ours.measure_singly(given)
        width = np.asarray(found["bare_high"]) - np.asarray(found["bare_low"])
        widths.append(np.nansum(width, axis=1) / np.nansum(np.asarray(found["oracle"]), axis=1))
    assert (widths[1] > widths[0]).all()


FAKE = """
def fit(frequency, z, tau):
    if z.real.max() > 1e6:
        raise ValueError("too large")
    return z
def read(model, tau):
    return np.full(tau.size, model.real.max()), (np.zeros(tau.size), np.ones(tau.size))
"""


def test_a_peer_returns_rows_counts_its_failures_and_keeps_to_its_time(monkeypatch):
    monkeypatch.setenv(peers.VARIABLE, sys.executable)
    spectra = random_cells(4, 3)
    spectra[1].impedance[:] = 1e7
    fake = inverters.Inverter("fake", ("numpy",), "pass", FAKE)
    answer = inverters.ask_inverter(fake, spectra, 60.0)
    assert answer.ran, answer.status
    assert answer.arrays["failed"].tolist() == [False, True, False]
    assert "too large" in str(answer.arrays["reason"])
    assert answer.arrays["gamma"][0, 0] == spectra[0].impedance.real.max()
    assert answer.arrays["low"].shape == answer.arrays["gamma"].shape
    assert 10 < answer.arrays["peak_memory"] < 500
    slow = inverters.Inverter(
        "slow",
        ("numpy",),
        "pass",
        "import time\n" + FAKE.replace("    if z", "    time.sleep(0.4)\n    if z"),
    )
    few = inverters.ask_inverter(slow, spectra, 0.5)
    assert few.arrays["seconds"].size == 1


def test_absent_peers_are_lines_and_tables_are_complete(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "python"))
    out = tmp_path / "out" / "drt.json"
    arguments = ["bench", "drt", "--sets", "random", "--count", "4", "--seed", "9"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--out", str(out)])
    assert not ended.value.code
    tables = json.loads(out.read_text(encoding="utf-8"))
    rows = {row["method"]: row for row in tables["drt: accuracy"]}
    for inverter in inverters.INVERTERS:
        assert rows[inverter.name]["status"] == "not installed"
        assert rows[inverter.name]["l2_mean"] is None
    assert rows["anodescope single"]["status"] == "ran"
    assert rows["anodescope single"]["spectra"] == 4
    assert sum(row["share"] for row in tables["drt: courses"]) == pytest.approx(1)
    assert {"setting": "seed", "value": "9"} in tables["drt: run"]
    printed = capsys.readouterr().out
    assert "## drt: accuracy" in printed
    assert "| random | anodescope single" in printed


def test_a_markdown_table_keeps_its_columns(capsys):
    screen.show_markdown("t", ["a", "b"], [["1", "x|y"], ["22", ""]])
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[2:] == ["| a  | b    |", "| -- | ---- |", "| 1  | x\\|y |", "| 22 |      |"]
