"""`local_run`: order, laziness, errors, cancellation; the same bits for any number of workers."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodescope.errors import Cancelled, SettingsError
from anodescope.workflow.scale import available_workers, local_run

PATIENCE = 30.0  # s; a hang becomes a failure, nothing is asserted about speed


class Counted:
    """Items that remember how many of them were taken."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        for item in range(self.number):
            self.taken += 1
            yield item


def test_results_keep_the_order_of_the_items_although_later_items_finish_first() -> None:
    second_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_done.wait(PATIENCE)
        if item == 1:
            second_done.set()
        return item

    with local_run(workers=2) as run:
        assert list(run.map(work, range(6))) == list(range(6))


def test_workers_really_work_at_the_same_time() -> None:
    meeting = threading.Barrier(3)

    def work(item: int) -> int:
        meeting.wait(PATIENCE)  # breaks, and so fails, unless three items are under way at once
        return item

    with local_run(workers=3) as run:
        assert list(run.map(work, range(6))) == list(range(6))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_same_bits_for_any_number_of_workers(workers: int) -> None:
    def work(seed: int) -> np.ndarray:
        values = np.random.default_rng(seed).normal(size=500)
        return np.cumsum(np.exp(values) * np.sin(values))

    expected = [work(seed) for seed in range(12)]
    with local_run(workers=workers) as run:
        found = list(run.each("work", work, list(range(12))))
    for one, other in zip(found, expected, strict=True):
        assert one.tobytes() == other.tobytes()


@given(
    items=st.lists(st.integers(), max_size=20),
    workers=st.integers(1, 4),
    ahead=st.integers(0, 5),
)
@settings(max_examples=40, deadline=None)
def test_map_equals_the_built_in_map(items: list[int], workers: int, ahead: int) -> None:
    with local_run(workers=workers, ahead=ahead) as run:
        assert list(run.map(abs, items)) == list(map(abs, items))


@pytest.mark.parametrize(("workers", "ahead", "most"), [(1, None, 1), (2, 0, 2), (2, 3, 5)])
def test_items_are_taken_only_as_far_ahead_as_planned(
    workers: int, ahead: int | None, most: int
) -> None:
    items = Counted(100)
    with local_run(workers=workers, ahead=ahead) as run:
        for read, result in enumerate(run.map(abs, items)):
            assert result == read
            assert items.taken <= read + most


def test_nothing_is_taken_before_the_first_result_is_asked_for() -> None:
    items = Counted(10)
    with local_run(workers=2) as run:
        results = run.map(abs, items)
        assert items.taken == 0
        assert next(results) == 0


def test_the_first_error_in_the_items_order_propagates_although_a_later_one_came_earlier() -> None:
    later_failed = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert later_failed.wait(PATIENCE)
            raise ValueError("item 1")
        if item == 2:
            later_failed.set()
            raise KeyError("item 2")
        return item

    with local_run(workers=2) as run:
        results = run.map(work, range(10))
        assert next(results) == 0
        with pytest.raises(ValueError, match="item 1"):
            next(results)


def test_serial_work_propagates_its_error_too() -> None:
    with local_run(workers=1) as run, pytest.raises(ZeroDivisionError):
        list(run.map(lambda item: 1 / (item - 2), range(10)))


def test_a_timeout_inside_the_work_is_the_works_own_error() -> None:
    def work(item: int) -> int:
        raise TimeoutError("the instrument did not answer")

    with local_run(workers=2) as run, pytest.raises(TimeoutError, match="instrument"):
        list(run.map(work, range(3)))


def test_an_error_in_the_block_drops_the_pending_work() -> None:
    started = []
    gate = threading.Event()

    def work(item: int) -> int:
        started.append(item)
        if item > 0:
            gate.wait(PATIENCE)
        return item

    def block() -> None:
        with local_run(workers=2, ahead=50) as run:
            assert next(run.map(work, range(1000))) == 0
            threading.Timer(0.2, gate.set).start()
            raise KeyError("the caller failed")

    with pytest.raises(KeyError):
        block()
    assert len(started) < 50


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_early_and_raises_cancelled(workers: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    items = Counted(10_000)
    with local_run(workers=workers, ahead=2) as run:
        assert not run.cancelled()
        results = run.map(abs, items)
        assert [next(results) for _ in range(5)] == list(range(5))
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Cancelled):
            next(results)
        assert run.cancelled()
        with pytest.raises(Cancelled):
            list(run.map(abs, range(3)))
    assert items.taken < 20
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_reaches_a_caller_who_waits_for_a_long_item() -> None:
    under_way = threading.Event()
    release = threading.Event()
    finished = []

    def work(item: int) -> int:
        under_way.set()
        release.wait(PATIENCE)
        finished.append(item)
        return item

    def interrupt() -> None:
        under_way.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with local_run(workers=2) as run:
        with pytest.raises(Cancelled):
            list(run.map(work, range(100)))
        assert not finished  # the caller was freed while the items still ran
        release.set()


def test_each_reports_cancellation_with_its_stage() -> None:
    with local_run(workers=2) as run:
        results = run.each("drt", abs, list(range(100)))
        assert next(results) == 0
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Cancelled):
            list(results)


def test_a_second_ctrl_c_interrupts_as_usual() -> None:
    before = signal.getsignal(signal.SIGINT)
    with local_run(workers=1) as run:
        os.kill(os.getpid(), signal.SIGINT)
        assert run.cancelled()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_it_works_and_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def body() -> None:
        with local_run(workers=2) as run:
            seen.append(list(run.map(abs, range(5))))
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(PATIENCE)
    assert seen == [list(range(5)), before]


def test_a_map_inside_a_worker_does_not_wait_for_itself() -> None:
    with local_run(workers=2) as run:

        def outer(item: int) -> int:
            return sum(run.map(lambda inner: inner * item, range(4)))

        assert list(run.map(outer, range(8))) == [6 * item for item in range(8)]


def test_progress_is_called_in_the_callers_thread_in_order() -> None:
    calls: list[tuple[str, int, int]] = []
    threads = set()

    def progress(stage: str, done: int, total: int) -> None:
        calls.append((stage, done, total))
        threads.add(threading.current_thread())

    with local_run(workers=2, progress=progress) as run:
        list(run.each("sweeps", abs, [1, 2, 3]))
    assert calls == [("sweeps", done, 3) for done in range(4)]
    assert threads == {threading.current_thread()}


def test_no_worker_thread_is_left_behind() -> None:
    with local_run(workers=3) as run:
        list(run.map(abs, range(9)))
    assert not [t for t in threading.enumerate() if t.name.startswith("anodescope")]


def test_spawned_processes_give_the_same_results() -> None:
    with local_run(workers=2, processes=True) as run:
        assert list(run.map(math.sqrt, range(20))) == [math.sqrt(item) for item in range(20)]


@pytest.mark.parametrize("kwargs", [{"workers": 0}, {"workers": -1}, {"ahead": -1}])
def test_impossible_settings_are_refused(kwargs: dict[str, int]) -> None:
    with pytest.raises(SettingsError), local_run(**kwargs):
        pytest.fail("the block must not run")


def test_available_workers_is_what_the_process_may_use() -> None:
    assert 1 <= available_workers() <= (os.cpu_count() or 1)
