"""The only place that makes pools: builds the `Run` that algorithms are handed.

Kernels release the GIL, so threads are the default; processes (spawned, never forked) are there
for work that does not. Results come in the order of the items whatever the number of workers, and
each item is computed by the same serial code, so the bits do not depend on that number.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from types import FrameType
from typing import Any

from anodescope.errors import Cancelled, SettingsError
from anodescope.running import Run

# How often a wait looks up to see whether Ctrl-C came; a Python thread that waits without a limit
# does not run signal handlers on every platform.
GLANCE = 0.1  # s

_inside = threading.local()


def available_workers() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def local_run(
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    ahead: int | None = None,
    processes: bool = False,
) -> Iterator[Run]:
    """Yield a `Run` that works on this machine's cores and stops cleanly at Ctrl-C.

    Inside the block the first Ctrl-C only asks the work to stop: `run.cancelled()` turns true,
    pending items are dropped, items under way finish, and the map raises `Cancelled`. A second
    Ctrl-C interrupts as usual. The previous signal handler is back when the block ends.

    A map that is started from inside a worker runs serially in that worker, so nested maps
    cannot wait for each other.

    Parameters
    ----------
    workers : number of workers; None takes every core that the process may use. 1 makes no pool.
    progress : ``progress(stage, done, total)``, called from the caller's thread only.
    ahead : items taken beyond those under way, so that no worker idles while the caller uses a
        result; at most ``workers + ahead`` items or unread results exist at once. None takes
        `workers`.
    processes : spawned processes instead of threads; the function and its items must then be
        picklable.

    Yields
    ------
    Run
        valid until the block ends.

    Raises
    ------
    SettingsError
        when `workers` is below 1 or `ahead` below 0.
    """
    count = available_workers() if workers is None else workers
    if count < 1:
        raise SettingsError(f"workers must be at least 1, not {count}.")
    spare = count if ahead is None else ahead
    if spare < 0:
        raise SettingsError(f"ahead must not be negative, not {spare}.")
    stop = threading.Event()
    pool = _pool(count, processes)
    ordered = _mapper(pool, count + spare, stop)
    run = Run(map=ordered, cancelled=stop.is_set)
    if progress is not None:
        run = replace(run, progress=progress)
    with _interrupt_sets(stop):
        try:
            yield run
        except BaseException:
            stop.set()  # an item that has not started must not start any more
            raise
        finally:
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)


def _pool(count: int, processes: bool) -> Executor | None:
    if processes:
        return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_deaf)
    if count == 1:
        return None
    return ThreadPoolExecutor(count, thread_name_prefix="anodescope")


def _deaf() -> None:
    """Leave Ctrl-C, which the terminal sends to every process, to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _mapper(
    pool: Executor | None, room: int, stop: threading.Event
) -> Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]:
    """Return a `map` that keeps order and never holds more than `room` items."""

    def ordered(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        if pool is None or getattr(_inside, "worker", False):
            return _serially(function, items, stop)
        return _pooled(pool, function, items, room, stop)

    return ordered


def _serially(
    function: Callable[[Any], Any], items: Iterable[Any], stop: threading.Event
) -> Iterator[Any]:
    for item in items:
        _heed(stop)
        yield function(item)


def _pooled(
    pool: Executor,
    function: Callable[[Any], Any],
    items: Iterable[Any],
    room: int,
    stop: threading.Event,
) -> Iterator[Any]:
    task = function if isinstance(pool, ProcessPoolExecutor) else _marked(function, stop)
    source = iter(items)
    pending: deque[Future[Any]] = deque()
    try:
        while True:
            _heed(stop)
            _refill(pending, source, room, lambda item: pool.submit(task, item))
            if not pending:
                return
            yield _wait(pending.popleft(), stop)
    finally:
        for future in pending:
            future.cancel()


def _refill(
    pending: deque[Future[Any]],
    source: Iterator[Any],
    room: int,
    submit: Callable[[Any], Future[Any]],
) -> None:
    """Submit items until `room` results are pending, under way or unread."""
    while len(pending) < room:
        try:
            item = next(source)
        except StopIteration:
            return
        pending.append(submit(item))


def _marked(function: Callable[[Any], Any], stop: threading.Event) -> Callable[[Any], Any]:
    """Wrap `function` so that its thread knows it is a worker and does not start late."""

    def task(item: Any) -> Any:
        _heed(stop)
        _inside.worker = True
        try:
            return function(item)
        finally:
            _inside.worker = False

    return task


def _wait(future: Future[Any], stop: threading.Event) -> Any:
    while True:
        try:
            return future.result(timeout=GLANCE)
        except NotYet:
            if future.done():  # the function itself timed out: that is its error, not ours
                return future.result()
            _heed(stop)


def _heed(stop: threading.Event) -> None:
    if stop.is_set():
        raise Cancelled("The work was interrupted; nothing was left half-written.")


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Turn the first Ctrl-C into `stop`; outside the main thread there is no handler to set."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        # None stands for a handler that was not installed from Python: it cannot be put back.
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
