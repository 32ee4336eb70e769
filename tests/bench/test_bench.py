"""The comparisons measure what they say, and an absent peer is said to be absent."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodescope.bench import formats, pairs, peers, run_benches
from anodescope.errors import SettingsError
from anodescope.formats import mpr, mpt


@pytest.mark.parametrize("name", formats.SOURCES)
def test_an_enlarged_file_repeats_the_records_and_time_goes_on(potentiostat, tmp_path, name):
    source = potentiostat / name
    path = tmp_path / source.name
    size = 2.5 * source.stat().st_size
    path.write_bytes(b"".join(formats.enlarged(source, size)))
    reader = mpr if path.suffix == ".mpr" else mpt
    small, large = reader.read(source), reader.read(path)
    assert path.stat().st_size >= size
    assert large.rows % small.rows == 0
    assert large.rows >= 2 * small.rows
    assert (np.diff(large.get("time")) >= 0).all()
    for column in small.columns:
        if column.label not in ("time/s", "cycle number"):
            again = large.data[column.label][-small.rows :]
            np.testing.assert_array_equal(again, small.data[column.label])


def test_every_pair_agrees_to_the_last_digit(potentiostat):
    rows = [pairs.compare(path) for path in sorted((potentiostat / "yadg").glob("*.mpr"))]
    assert len(rows) == 6
    for row in rows:
        assert row.worst_float32 <= 0.5001
        assert row.worst_float64 <= 2.0
        assert row.shared >= row.columns - 2


def test_units_of_the_last_digit():
    assert pairs.units_apart(np.array([1.23456785]), np.array([1.2345678]), 7) == pytest.approx(0.5)
    assert pairs.units_apart(np.array([123.0]), np.array([124.0]), 2) == pytest.approx(1.0)
    assert pairs.units_apart(np.array([]), np.array([]), 7) == 0.0


def test_an_absent_peer_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path / "nowhere"))
    answer = peers.ask(("galvani",), "", "", {})
    assert (answer.status, answer.ran) == ("not installed", False)
    missing = peers.ask_ourselves("import a_package_that_is_not_there", "", {})
    assert missing.status == "not installed"


def test_an_unknown_comparison_is_refused():
    with pytest.raises(SettingsError, match="pairs, formats, drt, kk"):
        run_benches(["speed"])


def test_the_rows_are_ready_for_json(potentiostat, monkeypatch):
    monkeypatch.setenv("ANODESCOPE_DATA", str(potentiostat.parent))
    rows = run_benches(["pairs"])["pairs"]
    values = [value for row in rows for value in row.values()]
    assert all(not isinstance(v, float) or math.isfinite(v) for v in values)
