"""Dying half-way: a torn write is unseen, the old or the new is there, leftovers go."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
import zarr
from campaign_samples import (
    campaign_of,
    drt_of,
    left_beside,
    same,
    same_node,
    spectra_of,
)

from anodescope.campaign import Campaign, append, build_node, concatenate, open_campaign, swap


class Crash(Exception):  # noqa: N818
    """The process died here, as far as a test can play it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.zarr"


@pytest.fixture
def dead() -> int:
    """Number of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


class FailingStore:
    """Let `survives` writes of Zarr through, then die."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, survives: int) -> None:
        self.done = 0
        self.dead = False
        real = zarr.storage.LocalStore.set

        async def failing(store: Any, key: str, value: Any) -> None:
            if self.done == survives:
                self.dead = True
                raise Crash
            self.done += 1
            await real(store, key, value)

        monkeypatch.setattr(zarr.storage.LocalStore, "set", failing)
        tidy = swap.remove
        monkeypatch.setattr(swap, "remove", lambda path: None if self.dead else tidy(path))


def writes_of(action: Any) -> int:
    """Count Zarr's writes in an action."""
    with pytest.MonkeyPatch.context() as patch:
        counter = FailingStore(patch, -1)
        action()
        return counter.done


def few(lengths: list[int], seed: int = 0) -> xr.Dataset:
    """Return spectra with few variables: every write of every one of them is a place to die."""
    return spectra_of(lengths, seed=seed).drop_vars(["voltage", "column_434", "technique"])


APPENDED = {
    "in place": few([3, 2], seed=5),
    "wider": few([7], seed=5),
    "new variable": few([3], seed=5).assign(build_node("spectra", {"step": [2]}).data_vars),
}


@pytest.mark.parametrize("kind", APPENDED)
def test_a_torn_append_is_unseen_and_the_next_one_overwrites_it(tmp_path: Path, kind: str) -> None:
    first, more = few([3, 4]), APPENDED[kind]
    original = tmp_path / "original.zarr"
    Campaign({"spectra": first}).save(original)
    trial = tmp_path / "trial.zarr"
    shutil.copytree(original, trial)
    total = writes_of(lambda: append(trial, "spectra", more))
    assert total > len(first.variables)
    for survives in range(total) if kind == "in place" else (0, total // 2, total - 1):
        shutil.rmtree(trial)
        shutil.copytree(original, trial)
        with pytest.MonkeyPatch.context() as patch:
            FailingStore(patch, survives)
            with pytest.raises(Crash):
                append(trial, "spectra", more)
        same_node(open_campaign(trial)["spectra"], first)
        other = few([2], seed=9)
        append(trial, "spectra", other)
        same_node(open_campaign(trial)["spectra"], concatenate("spectra", [first, other]))


def test_files_that_a_killed_writer_had_not_renamed_are_no_matter(path: Path) -> None:
    first, more = spectra_of([3, 4]), spectra_of([2], seed=1)
    Campaign({"spectra": first}).save(path)
    torn = [path / "spectra" / name for name in ("zarr.1.partial", "impedance/c/0/0.2.partial")]
    for file in torn:
        file.write_bytes(b"torn")
    same_node(open_campaign(path)["spectra"].load(), first)
    append(path, "spectra", more)
    assert not any(file.exists() for file in torn)
    same_node(open_campaign(path)["spectra"], concatenate("spectra", [first, more]))


def test_the_count_is_raised_last(path: Path) -> None:
    Campaign({"spectra": spectra_of([3, 4])}).save(path)
    more = spectra_of([2], seed=1)
    total = writes_of(lambda: append(path, "spectra", more))
    with pytest.MonkeyPatch.context() as patch:
        FailingStore(patch, total - 1)
        with pytest.raises(Crash):
            append(path, "spectra", more)
    group = zarr.open_group(path / "spectra", mode="r")
    assert {array.shape[0] for _, array in group.arrays()} == {4}
    assert group.attrs["committed"] == 3


def test_a_torn_save_leaves_the_old_store(tmp_path: Path, path: Path) -> None:
    one, two = campaign_of(title="one"), campaign_of([1, 2, 3], title="two")
    one.save(path)
    total = writes_of(lambda: two.save(tmp_path / "other.zarr"))
    for survives in (0, 1, total // 2, total - 1):
        with pytest.MonkeyPatch.context() as patch:
            FailingStore(patch, survives)
            with pytest.raises(Crash):
                two.save(path, overwrite=True)
        same(open_campaign(path), one)
    two.save(path, overwrite=True)
    same(open_campaign(path), two)


def test_a_failed_save_removes_what_it_wrote(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Crash

    monkeypatch.setattr("anodescope.campaign.store._write_node", fail)
    with pytest.raises(Crash):
        campaign_of().save(path)
    assert left_beside(path) == []
    assert not path.exists()


def test_a_failed_rename_puts_the_old_store_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = campaign_of(title="one")
    one.save(path)
    real = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if "partial" in self.name:
            raise OSError("full")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="full"):
        campaign_of(title="two").save(path, overwrite=True)
    same(open_campaign(path), one)
    assert left_beside(path) == []


@pytest.mark.parametrize("node", ["", "spectra"])
def test_dying_between_two_renames_is_put_right_by_the_next_reader(
    path: Path, dead: int, node: str
) -> None:
    one = campaign_of()
    one.save(path)
    place = path / node if node else path
    place.rename(place.with_name(f".{place.name}.old-{dead}"))
    same(open_campaign(path), one)


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_kept(
    path: Path, dead: int
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        campaign_of().save(path)
        for owner in (dead, alive.pid):
            (path.parent / f".c.zarr.partial-{owner}").mkdir()
        (path.parent / f".c.zarr.old-{dead}").mkdir()
        (path.parent / ".c.zarr.partial-mine").mkdir()
        (path.parent / f".d.zarr.partial-{dead}").mkdir()
        campaign_of().save(path, overwrite=True)
        assert left_beside(path) == sorted(
            [f".c.zarr.partial-{alive.pid}", ".c.zarr.partial-mine", f".d.zarr.partial-{dead}"]
        )
        alive.communicate(b"\n")


def test_nothing_warns(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = campaign_of().with_node("drt", drt_of(1, 0, 3))
        one.save(path)
        append(path, "spectra", spectra_of([9]))
        repr(open_campaign(path)["spectra"])
