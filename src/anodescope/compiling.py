"""How kernels are compiled and where the machine code is kept.

Numba keeps machine code beside the source, or in the user's cache. Where neither can be written (an
installation owned by another, no home), it goes to a private folder for temporary files, and where
that cannot be had either, it is compiled anew in each process: slow, but never an error.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba.core import event

Function = Callable[..., Any]

# Numba's own settings and events are not typed.
_config: Any = numba.config
_event: Any = event

# Sums may be taken in another order and a·b + c in one rounding, but NaN and infinity keep their
# meaning: a kernel that meets them must see them.
_FAST = frozenset({"reassoc", "contract", "arcp", "nsz"})

# Every compiled kernel by "module.name"; the warm-up is checked against it.
KERNELS: dict[str, Any] = {}


def compiled(function: Function) -> Any:
    """Compile a kernel at its first call; it holds no lock and its machine code is kept."""
    return _kept(function)


def compiled_fast(function: Function) -> Any:
    """Compile a kernel as `compiled` does, free to reorder its sums."""
    return _kept(function, fastmath=set(_FAST))


def compiled_bare(function: Function) -> Any:
    """Compile a kernel as `compiled_fast` does, for one that makes no array of its own.

    Without Numba's run time, passing an array counts no reference: half of the time of kernels
    that are made of many small ones.
    """
    return _kept(function, fastmath=set(_FAST), _nrt=False)


def _kept(function: Function, **options: Any) -> Any:
    try:
        kernel = numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # numba: "cannot cache function …: no locator available"
        kernel = _kept_elsewhere(function, **options)
    KERNELS[f"{function.__module__}.{function.__name__}"] = kernel
    return kernel


def _kept_elsewhere(function: Function, **options: Any) -> Any:
    folder = private_folder()
    if folder is None:
        return numba.njit(nogil=True, **options)(function)
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(folder)
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:
        return numba.njit(nogil=True, **options)(function)
    finally:
        _config.CACHE_DIR = before


def private_folder() -> Path | None:
    """Return a folder for temporary files that nobody else can write to; None: there is none.

    What lies in a cache is run, so a folder that another user may have filled is not used.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    try:
        folder = Path(tempfile.gettempdir()) / f"anodescope-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    ours = not hasattr(os, "getuid") or (found.st_uid == user and not found.st_mode & 0o077)
    return folder if stat.S_ISDIR(found.st_mode) and ours else None


@contextmanager
def announced(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` once, when the first kernel inside this block is compiled, not merely loaded."""
    listener = _Once(tell)
    _event.register("numba:compile", listener)
    try:
        yield
    finally:
        _event.unregister("numba:compile", listener)


class _Once(event.Listener):
    """Tells of the first compilation of one of our kernels."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        pass
