"""Where everything came from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from anodescope.campaign import merge, sha256_of, source_entry, step_entry
from anodescope.citations import WORKS, relies_on


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == sha256_of(content) == hashlib.sha256(content).hexdigest()


def test_a_source_is_named_relative_to_what_the_user_named(tmp_path: Path) -> None:
    file = tmp_path / "run" / "a.mpr"
    file.parent.mkdir()
    file.write_bytes(b"x")
    names = [
        source_entry(file, reader="mpr", root=root)["source"]
        for root in (tmp_path, file.parent, file, None, tmp_path / "other")
    ]
    assert names == ["run/a.mpr", "a.mpr", "a.mpr", "a.mpr", "a.mpr"]
    assert str(tmp_path) not in str(source_entry(file, reader="mpr", root=tmp_path))


def test_a_source_holds_what_the_contract_says(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    entry = source_entry(tmp_path / "a", reader="mpr", technique="GEIS", rows=7)
    assert set(entry) == {
        *("source", "sha256", "reader", "version", "parameters", "technique", "rows")
    }
    assert entry["sha256"] == sha256_of(b"x")


def test_a_step_cites_what_its_functions_rely_on() -> None:
    @relies_on("wan2015")
    def solve() -> None: ...

    entry = step_entry("drt", {"penalty": 1e-3}, node="drt", functions=[solve, solve])
    assert entry["citations"] == [WORKS["wan2015"].doi]
    assert entry["functions"][0].endswith("solve")
    assert entry["parameters"] == {"penalty": 1e-3}


@pytest.mark.parametrize("existing", [[], [{"source": "a"}], [{"source": "b"}, {"source": "a"}]])
def test_merging_keeps_places_and_adds_no_duplicate(existing: list[dict[str, str]]) -> None:
    added = [{"source": "a"}, {"source": "c"}, {"source": "a"}]
    merged, places = merge(existing, added)
    assert merged[: len(existing)] == existing
    assert [merged[place] for place in places] == added
    assert merge(merged, added)[0] == merged
    assert len({str(entry) for entry in merged}) == len(merged)
