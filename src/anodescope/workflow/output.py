"""The folder of results: written beside, then put in place all together, the summary last.

New items are made in ``.partial-<pid>`` inside the folder. When all of them are there, the items of
an earlier analysis are moved aside, into ``.partial-<pid>/old``, and the new ones take their
places; any exception puts the old ones back. Where every item lies tells how far that came, so the
next run can also put back what a killed process had moved aside.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from anodescope.campaign import Campaign
from anodescope.campaign.swap import leftovers
from anodescope.errors import Cancelled, StoreError
from anodescope.report import make_figures, write_figures, write_report, write_tables
from anodescope.running import Run
from anodescope.workflow.source import in_memory
from anodescope.workflow.summary import summarise

ITEMS = ("campaign.zarr", "figures", "tables", "report.html", "summary.json")
FOLDERS = frozenset({"campaign.zarr", "figures", "tables"})
# A study has no campaign of its own: those of its cells lie in folders beside its report.
STUDY_ITEMS = ("figures", "tables", "report.html", "summary.json")
# `campaigns` and `parts` beside these are kept from run to run, each whole by itself.
REPRODUCTION_ITEMS = (
    "campaign.zarr", "figures", "tables", "observations.json", "report.html", "summary.json",
)  # fmt: skip
# What a summary is of: results of the one never replace those of the other.
KINDS = {ITEMS: "campaign", STUDY_ITEMS: "study", REPRODUCTION_ITEMS: "reproduction"}
PARTIAL = ".partial-"
ASIDE = "old"
ELSEWHERE = "name another folder with --out."

# Folders that this process is writing in now: its number alone may be that of a dead one.
_at_work: set[Path] = set()


Stage = tuple[str, Callable[[Path], object]]


def check_targets(out: str | Path, items: Sequence[str] = ITEMS) -> None:
    """Make sure, before any computing, that results may be put into `out`.

    An item that is there may be replaced only if the `summary.json` beside it is one of ours,
    lists it, and is of the same kind: a campaign's results do not replace a study's, nor the
    reverse. What a killed process left in `out` is put right first.

    Parameters
    ----------
    out : the folder.
    items : names of what will be put into it, `summary.json` the last.

    Raises
    ------
    StoreError
        naming what is in the way; nothing was changed then.
    """
    out = Path(out)
    try:
        _clear_leftovers(out, items)
        _refuse(out, items)
    except OSError as error:
        raise StoreError(
            f"{out}: cannot be used ({error.strerror or error}); {ELSEWHERE}"
        ) from error


def write_results(campaign: Campaign, out: Path, *, run: Run | None = None) -> dict[str, Any]:
    """Write the results of an analysis into the folder `out` and return the summary.

    Raises
    ------
    StoreError
        when `out` cannot be written, or when something there is in the way (see `check_targets`).
    Cancelled
        when the work was interrupted; the earlier results are still there then.
    """
    check_targets(out)
    campaign = in_memory(campaign)
    summary = {**summarise(campaign), "outputs": list(ITEMS)}
    figures = make_figures(campaign, run=run)
    stages: tuple[Stage, ...] = (
        ("campaign.zarr", lambda place: campaign.save(place)),
        ("figures", lambda place: write_figures(campaign, place, figures, run=run)),
        ("tables", lambda place: write_tables(campaign, place)),
        (
            "report.html",
            lambda place: write_report(campaign, place, figures=figures, summary=summary, run=run),
        ),
        ("summary.json", lambda place: write_json(place, summary)),
    )
    write_items(out, stages, run=run)
    return summary


def write_items(out: Path, stages: Sequence[Stage], *, run: Run | None = None) -> None:
    """Put what `stages` write into the folder `out`: all of it, or nothing.

    Every item is made in a hidden folder inside `out` first; only when all of them are there do
    they replace the items of an earlier analysis. Other files in `out` are left alone.

    Parameters
    ----------
    out : the folder.
    stages : name of each item and what writes it to a path, `summary.json` the last.

    Raises
    ------
    StoreError
        when `out` cannot be written, or when something there is in the way (see `check_targets`).
    Cancelled
        when the work was interrupted; the earlier results are still there then.
    """
    run = run or Run()
    items = [name for name, _ in stages]
    check_targets(out, items)
    try:
        with _beside(out, items) as partial:
            for done, (name, write) in enumerate(stages):
                _heed(run, name)
                run.progress("write", done, len(stages))
                write(partial / name)
            _heed(run, "the results were put in place")
            _refuse(out, items)  # something may have come while this was computed
            with _interrupts_held():
                _put_in_place(partial, out, items)
    except OSError as error:
        raise StoreError(
            f"{out}: the results could not be written ({error.strerror or error})"
            f"{_stranded(out, items)}; {ELSEWHERE}"
        ) from error
    run.progress("write", len(stages), len(stages))


def _heed(run: Run, what: str) -> None:
    if run.cancelled():
        raise Cancelled(f"write: stopped before {what}; nothing was replaced.")


def write_json(path: Path, content: Any) -> None:
    """Write plain values as JSON; NaN is refused."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair, as in a file name that is not UTF-8, becomes a JSON escape.
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


# what may be replaced


def _refuse(out: Path, items: Sequence[str]) -> None:
    """Raise StoreError if `out` cannot be written in, or holds what no analysis wrote."""
    ground = next((place for place in (out, *out.parents) if _there(place)), Path())
    if not ground.is_dir():
        raise StoreError(f"{out}: {ground} is no folder; {ELSEWHERE}")
    if not os.access(ground, os.W_OK | os.X_OK):
        raise StoreError(f"{out}: {ground} is write-protected; {ELSEWHERE}")
    there = [name for name in items if _there(out / name)]
    for name in there:
        if (out / name).is_dir() != (name in FOLDERS):
            kinds = ("a file", "a folder") if name in FOLDERS else ("a folder", "a file")
            raise StoreError(f"{out}: {name} is {kinds[0]} where {kinds[1]} must go; {ELSEWHERE}")
    kind, listed = _listed(out / "summary.json") if there else ("", ())
    ours = KINDS.get(tuple(items), "")
    if kind and ours and kind != ours:
        raise StoreError(f"{out}: holds the results of a {kind}, not of a {ours}; {ELSEWHERE}")
    foreign = [name for name in there if name not in listed]
    if foreign:
        raise StoreError(
            f"{out}: in the way: {', '.join(foreign)}, not listed in a summary.json of an earlier "
            f"analysis; {ELSEWHERE}"
        )


def _listed(summary: Path) -> tuple[str, tuple[str, ...]]:
    """Return the kind of a summary of ours and what was written with it; nothing if it is not."""
    try:
        content = json.loads(summary.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return "", ()
    if not isinstance(content, dict) or "schema_version" not in content:
        return "", ()
    outputs = content.get("outputs")
    # Summaries of the first versions did not say their kind.
    kind = content.get("kind", "study" if "campaigns" in content else "campaign")
    return str(kind), tuple(map(str, outputs)) if isinstance(outputs, list) else ()


def _there(path: Path) -> bool:
    """Whether anything has this name, a link that leads nowhere included."""
    return path.is_symlink() or path.exists()


# how it is replaced


@contextmanager
def _beside(out: Path, items: Sequence[str]) -> Iterator[Path]:
    """Yield the hidden folder to write in; it goes when the block ends, and so do empty folders."""
    made = [place for place in (out, *out.parents) if not place.exists()]
    partial = out / f"{PARTIAL}{os.getpid()}"
    place = partial.resolve()
    if place in _at_work:
        raise StoreError(f"{out}: another analysis is writing there now; {ELSEWHERE}")
    _at_work.add(place)
    try:
        partial.mkdir(parents=True)
        yield partial
    finally:
        with _interrupts_held():
            _discard(partial, items)
            for folder in made:
                with suppress(OSError):  # it holds the results
                    folder.rmdir()
            _at_work.discard(place)


def _put_in_place(partial: Path, out: Path, items: Sequence[str]) -> None:
    """Exchange the items in `out` for those in `partial`: all of them, or none on an exception."""
    aside = partial / ASIDE
    try:
        aside.mkdir()
        for name in reversed(items):  # the summary stands for the whole: first to go, last to come
            if _there(out / name):
                (out / name).rename(aside / name)
        for name in items:
            (partial / name).rename(out / name)
    except BaseException:
        _put_back(partial, out, items)
        raise


def _put_back(partial: Path, out: Path, items: Sequence[str]) -> None:
    """Undo an exchange wherever it stopped; what cannot be put back stays in `partial`."""
    aside = partial / ASIDE
    for name in items:
        with suppress(OSError):
            if not _there(partial / name) and _there(out / name):
                (out / name).rename(partial / name)
            if _there(aside / name) and not _there(out / name):
                (aside / name).rename(out / name)
    with suppress(OSError):
        aside.rmdir()  # it marks an exchange under way


def _under_way(partial: Path, items: Sequence[str]) -> bool:
    """Whether an exchange was begun and neither finished nor undone."""
    return (partial / ASIDE).is_dir() and any(_there(partial / name) for name in items)


def _discard(partial: Path, items: Sequence[str]) -> None:
    if not _under_way(partial, items):
        shutil.rmtree(partial, ignore_errors=True)


def _clear_leftovers(out: Path, items: Sequence[str]) -> None:
    """Remove what dead processes left, once the items that they had moved aside are back."""
    for partial in leftovers(out, PARTIAL):
        if partial.resolve() not in _at_work:
            if _under_way(partial, items):
                _put_back(partial, out, items)
            _discard(partial, items)


def _stranded(out: Path, items: Sequence[str]) -> str:
    """Say where earlier results are that could not be put back."""
    partial = out / f"{PARTIAL}{os.getpid()}"
    return f", the earlier ones are in {partial / ASIDE}" if _under_way(partial, items) else ""


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends; only the main thread can be interrupted by it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda signum, frame: came.set())
    try:
        yield
    finally:
        # None stands for a handler that was not installed from Python: it cannot be put back.
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if came.is_set():
            signal.raise_signal(signal.SIGINT)
