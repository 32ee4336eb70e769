"""Results are put in place all together: nothing of a user's is replaced, nothing is lost."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
from pathlib import Path

import pytest

import anodescope as an
from anodescope.campaign import Campaign
from anodescope.errors import Cancelled, StoreError
from anodescope.running import Run
from anodescope.workflow import output
from tests.workflow.small import nothing_drawn, small_campaign

DEAD = 99_999_999  # a process number that no system gives


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> Campaign:
    return small_campaign(tmp_path_factory.mktemp("cell"))


@pytest.fixture(scope="module", autouse=True)
def quick():
    with nothing_drawn():
        yield


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def written(campaign, quick, tmp_path_factory):
    """A folder with results and one with those of a later campaign, and that campaign."""
    folder = tmp_path_factory.mktemp("written")
    later = campaign.with_attrs(title="later")
    for name, each in (("old", campaign), ("new", later)):
        output.write_results(each, folder / name)
        (folder / name / "mine.txt").write_text("keep")
    return folder / "old", folder / "new", later


@pytest.fixture
def both(written, tmp_path):
    """A folder with results, what it holds, a later campaign, and what its results are."""
    old, new, later = written
    out = Path(shutil.copytree(old, tmp_path / "out"))
    return out, contents(old), later, contents(new)


class Renames:
    """Stands for `Path.rename`: the chosen exchanges in `out` fail, before or after they happen."""

    def __init__(self, out: Path, fails, error: BaseException | None, *, after: bool = False):
        self.out, self.fails, self.error, self.after = out, fails, error, after
        self.count, self.rename = 0, Path.rename

    def __call__(self, path: Path, target: Path) -> Path:
        if self.out not in (path.parent, Path(target).parent):
            return self.rename(path, target)
        self.count += 1
        hit = self.fails(self.count)
        if hit and not self.after and self.error is not None:
            raise self.error
        done = self.rename(path, target)
        if hit and self.error is None:
            signal.raise_signal(signal.SIGINT)
        elif hit and self.after and self.error is not None:
            raise self.error
        return done

    def put(self, monkeypatch) -> Renames:
        monkeypatch.setattr(Path, "rename", lambda path, target: self(path, target))
        return self


FAULTS = [
    (OSError(28, "No space left on device"), False, StoreError),
    (MemoryError(), True, MemoryError),
    (KeyboardInterrupt(), False, KeyboardInterrupt),
]


@pytest.mark.parametrize("place", range(1, 11))
@pytest.mark.parametrize(("error", "after", "seen"), FAULTS, ids=["disk", "memory", "interrupt"])
def test_a_failure_at_any_rename_leaves_the_old_results(
    both, monkeypatch, place, error, after, seen
):
    out, old, later, _ = both
    Renames(out, lambda count: count == place, error, after=after).put(monkeypatch)
    with pytest.raises(seen):
        output.write_results(later, out)
    assert contents(out) == old
    assert {path.name for path in out.iterdir()} == {*output.ITEMS, "mine.txt"}


def test_there_are_no_more_renames_than_those(both, monkeypatch):
    out, _, later, new = both
    renames = Renames(out, lambda count: False, None).put(monkeypatch)
    output.write_results(later, out)
    assert renames.count == 10
    assert contents(out) == new


@pytest.mark.parametrize("place", range(1, 6))
def test_a_failure_at_any_rename_into_a_new_folder_leaves_none(
    campaign, tmp_path, monkeypatch, place
):
    out = tmp_path / "deep" / "out"
    Renames(out, lambda count: count == place, OSError("no"), after=True).put(monkeypatch)
    with pytest.raises(StoreError, match="--out"):
        output.write_results(campaign, out)
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize("place", [1, 6, 10])
def test_ctrl_c_waits_for_the_renames(both, monkeypatch, place):
    out, _, later, new = both
    before = signal.getsignal(signal.SIGINT)
    Renames(out, lambda count: count == place, None).put(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        output.write_results(later, out)
    assert contents(out) == new
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_can_write_too(both):
    out, _, later, new = both
    failed: list[BaseException] = []

    def work():
        try:
            output.write_results(later, out)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failed == []
    assert contents(out) == new


@pytest.mark.parametrize("place", range(1, 12))
def test_a_kill_between_the_renames_is_put_right_by_the_next_run(both, monkeypatch, place):
    out, old, later, new = both
    with monkeypatch.context() as patch:  # a killed process undoes nothing
        patch.setattr(output, "_put_back", lambda *given: None)
        patch.setattr(output, "_discard", lambda *given: None)
        Renames(out, lambda count: count == place, KeyboardInterrupt()).put(patch)
        if place <= 10:
            with pytest.raises(KeyboardInterrupt):
                output.write_results(later, out)
        else:  # killed before the old items, moved aside, were removed
            output.write_results(later, out)
    (out / f".partial-{os.getpid()}").rename(out / f".partial-{DEAD}")
    output.check_targets(out)
    assert contents(out) == (old if place <= 10 else new)
    assert not list(out.glob(".partial-*"))


def test_what_cannot_be_put_back_is_kept_and_named(both, monkeypatch):
    out, old, later, _ = both
    with monkeypatch.context() as patch:
        Renames(out, lambda count: count >= 7, OSError(13, "Permission denied")).put(patch)
        with pytest.raises(StoreError, match=re.escape(str(Path(".partial-")))) as failed:
            output.write_results(later, out)
    aside = out / f".partial-{os.getpid()}" / "old"
    assert str(aside) in str(failed.value)
    assert (aside / "report.html").read_bytes() == old["report.html"]
    output.check_targets(out)
    assert contents(out) == old


@pytest.mark.parametrize("owner", [str(DEAD), str(os.getpid())])
def test_leftovers_of_dead_processes_go(campaign, tmp_path, owner):
    (tmp_path / f".partial-{owner}" / "figures").mkdir(parents=True)
    (tmp_path / ".partial-notes").mkdir()
    output.write_results(campaign, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*output.ITEMS, ".partial-notes"}


def test_two_threads_cannot_write_into_one_folder(campaign, tmp_path, monkeypatch):
    seen: list[str] = []

    def meanwhile(campaign, place):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        place.mkdir()

    def other():
        try:
            output.write_results(campaign, tmp_path)
        except StoreError as error:
            seen.append(str(error))

    monkeypatch.setattr(output, "write_tables", meanwhile)
    output.write_results(campaign, tmp_path)
    assert len(seen) == 1
    assert "another analysis" in seen[0]
    assert {path.name for path in tmp_path.iterdir()} == set(output.ITEMS)


@pytest.mark.parametrize("stop_after", range(7))
def test_cancelled_it_leaves_the_earlier_results(both, stop_after):
    out, old, later, new = both
    calls = iter(range(100))
    run = Run(cancelled=lambda: next(calls) >= stop_after)
    if stop_after < 6:
        with pytest.raises(Cancelled):
            output.write_results(later, out, run=run)
        assert contents(out) == old
    else:
        output.write_results(later, out, run=run)
        assert contents(out) == new


def test_cancelled_into_a_new_folder_it_leaves_nothing(campaign, tmp_path):
    with pytest.raises(Cancelled):
        output.write_results(campaign, tmp_path / "a" / "b", run=Run(cancelled=lambda: True))
    assert not (tmp_path / "a").exists()


# what may be replaced


def make(place: Path, kind: str) -> None:
    if kind == "folder":
        place.mkdir()
        (place / "mine.txt").write_text("keep")
    elif kind == "link":
        place.symlink_to("nowhere")
    else:
        place.write_text("keep")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("figures", "folder"),
        ("tables", "folder"),
        ("campaign.zarr", "folder"),
        ("report.html", "file"),
        ("summary.json", "file"),
        ("figures", "file"),
        ("report.html", "folder"),
        ("summary.json", "folder"),
        ("figures", "link"),
    ],
)
def test_what_no_analysis_wrote_is_refused_before_any_work(tmp_path, monkeypatch, name, kind):
    make(tmp_path / name, kind)
    before = contents(tmp_path)
    monkeypatch.setattr("anodescope.workflow.analyse.open_source", None)
    with pytest.raises(StoreError, match="--out") as refused:
        an.analyse(tmp_path / "raw.mpr", out=tmp_path)
    assert name in str(refused.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "summary",
    [
        "{}",
        "[1]",
        "no json",
        '{"outputs": ["figures", "summary.json"]}',
        '{"schema_version": 1, "outputs": "figures, summary.json"}',
        '{"schema_version": 1, "outputs": ["tables", "summary.json"]}',
    ],
)
def test_a_summary_that_is_not_ours_or_does_not_list_it_permits_nothing(tmp_path, summary):
    make(tmp_path / "figures", "folder")
    (tmp_path / "summary.json").write_text(summary)
    with pytest.raises(StoreError, match="figures"):
        output.check_targets(tmp_path)
    assert (tmp_path / "figures" / "mine.txt").is_file()


def test_a_folder_in_the_place_of_our_report_is_refused(both):
    out, *_ = both
    (out / "report.html").unlink()
    make(out / "report.html", "folder")
    with pytest.raises(StoreError, match=r"report\.html is a folder"):
        output.check_targets(out)


def test_results_of_an_earlier_analysis_may_be_replaced(both):
    output.check_targets(both[0])
    output.check_targets(both[0].parent / "absent")


def test_what_comes_while_the_results_are_made_is_not_replaced(campaign, tmp_path, monkeypatch):
    def meanwhile(campaign, place):
        make(tmp_path / "figures", "folder")
        place.mkdir()

    monkeypatch.setattr(output, "write_tables", meanwhile)
    with pytest.raises(StoreError, match="figures"):
        output.write_results(campaign, tmp_path)
    assert contents(tmp_path) == {"figures/mine.txt": b"keep"}


@pytest.mark.parametrize("inside", ["file", "file/deeper"])
def test_a_file_is_no_folder_for_results(campaign, tmp_path, inside):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--out"):
        output.write_results(campaign, tmp_path / inside)
