"""How a folder is replaced: written beside, renamed into place; a kill leaves the old or the new.

``.<name>.partial-<pid>`` is being written, ``.<name>.old-<pid>`` is the previous folder during the
instant between two renames. What a killed process left behind is put right by the next one.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Threads of one process share its number, so they take turns.
_TURN = threading.RLock()


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield the place to write to; on success it becomes `path`, on any failure it is removed."""
    recover(path)
    remove_leftovers(path)
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        yield partial
        _put_in_place(partial, path)
    finally:
        remove(partial)


def recover(path: Path) -> None:
    """Put the previous folder back where a process died between its two renames."""
    if path.exists():
        return
    with _TURN:
        for old in _siblings(path, "old"):
            if not path.exists():
                old.rename(path)


def remove_leftovers(path: Path) -> None:
    """Remove what dead processes left beside `path`."""
    with _TURN:
        for leftover in [*_siblings(path, "partial"), *_siblings(path, "old")]:
            remove(leftover)


def remove(path: Path) -> None:
    """Remove a folder that nobody needs, if it is there."""
    shutil.rmtree(path, ignore_errors=True)


def _put_in_place(partial: Path, path: Path) -> None:
    old = path.with_name(f".{path.name}.old-{os.getpid()}")
    with _TURN:
        if not path.exists():
            partial.rename(path)
            return
        path.rename(old)
        try:
            partial.rename(path)
        except BaseException:
            old.rename(path)
            raise
    remove(old)


def _siblings(path: Path, state: str) -> list[Path]:
    return leftovers(path.parent, f".{path.name}.{state}-")


def leftovers(folder: Path, prefix: str) -> list[Path]:
    """Return items ``<prefix><pid>`` whose process is gone (or is this one: numbers are reused)."""
    if not folder.is_dir():
        return []
    found = [item for item in folder.iterdir() if item.name.startswith(prefix)]
    return sorted(item for item in found if not _in_use(item.name.removeprefix(prefix)))


def _in_use(owner: str) -> bool:
    if not owner.isdigit() or int(owner) == os.getpid():
        return not owner.isdigit()
    if sys.platform == "win32":  # signal 0 is a real signal there: never ask, never remove
        return True
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
