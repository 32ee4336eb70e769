"""How long work runs: a `Run` is handed in, so no algorithm knows a pool, a bar or a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from anodescope.errors import Cancelled

T = TypeVar("T")
R = TypeVar("R")


def _serial(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    return (function(item) for item in items)


def _silent(stage: str, done: int, total: int) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Run:
    """What an algorithm may ask of the outside world; the default is serial and silent.

    Attributes
    ----------
    map : ``map(function, items)`` yields results in the order of `items`.
    progress : ``progress(stage, done, total)`` reports how far a stage is.
    cancelled : returns True when the work should stop at the next safe place.
    """

    map: Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]] = _serial
    progress: Callable[[str, int, int], None] = _silent
    cancelled: Callable[[], bool] = _never

    def each(self, stage: str, function: Callable[[T], R], items: list[T]) -> Iterator[R]:
        """Map `function` over `items` in order, reporting progress.

        Linear algebra has one thread meanwhile: the items are what runs side by side, and the bits
        of a result do not depend on the machine's cores.

        Raises
        ------
        Cancelled
            when `cancelled()` turns true between two items.
        """
        from threadpoolctl import threadpool_limits

        total = len(items)
        self.progress(stage, 0, total)
        with threadpool_limits(limits=1, user_api="blas"):
            for done, result in enumerate(self.map(function, items), start=1):
                if self.cancelled():
                    raise Cancelled(f"{stage}: stopped after {done} of {total}.")
                self.progress(stage, done, total)
                yield result
