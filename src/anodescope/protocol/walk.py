"""Going through the steps of a protocol one by one, as they run, without writing them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from anodescope.protocol.steps import Plain, Repeat, Step


@final
@dataclass(frozen=True, slots=True)
class Visit:
    """One run of one step.

    Attributes
    ----------
    step : what runs; never a `Repeat`.
    block : number of its block in the protocol, from 0.
    path : places (from 0) of the step and of the repetitions around it, outermost first:
        ``block.steps[path[0]]``, and ``.steps[path[1]]`` of that, …
    turns : number (from 0) of the turn of each repetition around it, outermost first.
    """

    step: Plain
    block: int
    path: tuple[int, ...]
    turns: tuple[int, ...]

    @property
    def repetition(self) -> int:
        """Turn of the innermost repetition; 0 outside of any."""
        return self.turns[-1] if self.turns else 0


def walk(
    steps: Iterable[Step],
    block: int = 0,
    path: tuple[int, ...] = (),
    turns: tuple[int, ...] = (),
) -> Iterator[Visit]:
    """Yield every run of every step in order; memory does not grow with the repetitions.

    Parameters
    ----------
    steps : one after the other.
    block : number that the visits carry.
    path, turns : of the repetition that holds the steps.
    """
    for place, step in enumerate(steps):
        here = (*path, place)
        if isinstance(step, Repeat):
            for turn in range(step.count):
                yield from walk(step.steps, block, here, (*turns, turn))
        else:
            yield Visit(step, block, here, turns)


def number_of(steps: Iterable[Step]) -> int:
    """Return how many visits `walk` would yield, without yielding them."""
    return sum(
        step.count * number_of(step.steps) if isinstance(step, Repeat) else 1 for step in steps
    )
