"""Steps of a protocol as orders to the march: tables of phases, repeated, and sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import march
from anodescope.protocol import Ends, Hold, PotentialHold, Ramp, Repeat, Rest, Step, Sweep

Floats = NDArray[np.float64]
Single: TypeAlias = Rest | Hold | Ramp | PotentialHold | Sweep


@final
@dataclass(frozen=True, slots=True)
class Order:
    """Phases to march through, `repeats` times; or one sweep.

    Attributes
    ----------
    phases : (phase, column) as `march` has them, currents in mA/cm².
    techniques : name of each phase.
    ends : what a limit in each phase ends.
    repeats : how often.
    sweep : the sweep that this is, or None.
    """

    phases: Floats
    techniques: tuple[str, ...]
    ends: tuple[Ends, ...]
    repeats: int = 1
    sweep: Sweep | None = None


def orders(steps: Iterable[Step], factor: float) -> Iterator[Order]:
    """Yield orders one after the other; a repetition of plain phases is one of them.

    Parameters
    ----------
    steps : of a block; repetitions may be nested.
    factor : from the protocol's unit of current to mA/cm².
    """
    for step in steps:
        if isinstance(step, Repeat):
            if any(isinstance(one, Repeat | Sweep) for one in step.steps):
                for _ in range(step.count):
                    yield from orders(step.steps, factor)
            else:
                yield _order(step.steps, factor, step.count)
        else:
            yield _order((step,), factor, 1, step if isinstance(step, Sweep) else None)


def _order(steps: Iterable[Any], factor: float, repeats: int, sweep: Sweep | None = None) -> Order:
    rows, names, ends = [], [], []
    for step in steps:
        row, name, end = _phase(step, factor)
        rows.append(row)
        names.append(name)
        ends.append(end)
    return Order(np.array(rows, dtype=float), tuple(names), tuple(ends), repeats, sweep)


def _phase(step: Single, factor: float) -> tuple[list[float], str, Ends]:
    """Return a step as a row of the march, the instrument's name for it, what its limits end."""
    if isinstance(step, Hold):
        held, first, last, name = march.CURRENT, step.current * factor, step.current * factor, "CP"
    elif isinstance(step, Ramp):
        held, first, last, name = march.CURRENT, step.start * factor, step.stop * factor, "CP"
    elif isinstance(step, PotentialHold):
        held, first, last, name = march.VOLTAGE, step.voltage, step.voltage, "CA"
    elif isinstance(step, Rest):
        held, first, last, name = march.CURRENT, 0.0, 0.0, "OCV"
    elif step.current is not None:
        held, first, last, name = (
            march.CURRENT,
            step.current * factor,
            step.current * factor,
            "GEIS",
        )
    elif step.voltage is not None:
        held, first, last, name = march.VOLTAGE, step.voltage, step.voltage, "PEIS"
    else:
        held, first, last, name = march.FOUND_VOLTAGE, 0.0, 0.0, "PEIS"
    limits = step.limits
    row = [
        held, first, last, step.duration,
        np.inf if limits.voltage is None else limits.voltage,
        np.inf if limits.charge is None else limits.charge * factor,
        np.nan if limits.composition is None else limits.composition,
        float(limits.short),
    ]  # fmt: skip
    return row, name, limits.ends
