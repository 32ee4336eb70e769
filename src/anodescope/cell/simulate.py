"""The verb: a cell and a protocol become a Campaign, impedance included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

from anodescope.campaign import Campaign
from anodescope.cell.cell import Cell
from anodescope.cell.course import Course
from anodescope.cell.engine import Accuracy, Engine
from anodescope.cell.instrument import Instrument
from anodescope.cell.projective import Projective
from anodescope.cell.reference import Reference
from anodescope.citations import relies_on
from anodescope.protocol import Protocol
from anodescope.running import Run

T = TypeVar("T")


@relies_on("wu2025", "bank1985", "hosea1996")
def simulate(
    cell: Cell,
    protocol: Protocol,
    *,
    instrument: Instrument | None = None,
    seed: int = 0,
    reference: Reference | None = None,
    instantaneous: bool = False,
    accuracy: Accuracy | None = None,
    projective: Projective | None = None,
    run: Run | None = None,
) -> Campaign:
    """Put a virtual cell through a protocol.

    Parameters
    ----------
    cell : the virtual cell; it is not changed.
    protocol : in mA/cm² or A; positive currents strip Na from the alloy.
    instrument : how it samples, how long it dwells, its noise; None: the default one, noise-free.
    seed : of the noise. The same seed gives the same bits.
    reference : a Na quasi-reference electrode; None: two electrodes.
    instantaneous : True: a spectrum is that of the state at the middle of its sweep; False: each
        frequency is measured when the instrument comes to it, while the cell goes on changing.
    accuracy : of the march in time.
    projective : leap over pulses instead of integrating each; the error is among the campaign's
        warnings. None: all are integrated.
    run : progress and interruption.

    Returns
    -------
    Campaign with timeseries, steps, spectra (if there are sweeps), state, and events (if any).
    Spectra hold the linear response of the cell's own equations.

    Raises
    ------
    SettingsError
        for a cell or protocol that cannot be.
    SimulationError
        when no step however small settles.
    Cancelled
        when `run` says so.
    """
    meter = (instrument or Instrument()).silent() if instrument is None else instrument
    numbers = cell.numbers()
    engine = Engine(
        numbers.p, numbers.kappa, numbers.tau, accuracy=accuracy,
        every=meter.sampling, jump=meter.voltage_step,
    )  # fmt: skip
    course = Course(cell, engine, meter, instantaneous, projective, run or Run())
    course.follow(protocol)
    return course.campaign(protocol, seed, reference, simulate)


def simulate_each(
    cells: Iterable[Cell],
    protocol: Protocol,
    measure: Callable[[Campaign], T],
    *,
    run: Run | None = None,
    **options: Any,
) -> Iterator[T]:
    """Put many cells through one protocol and keep of each what is measured of its campaign.

    Parameters
    ----------
    cells : an ensemble; thousands of them, since only what `measure` returns is kept.
    protocol : for all of them.
    measure : what is wanted of a campaign; a function of a module where `run` has processes.
    run : its `map` may spread the cells over threads or processes.
    options : of `simulate`. The noise of the k-th cell has the seed `seed` + k.

    Yields
    ------
    what `measure` returned, in the order of the cells.
    """
    job = partial(_measured, protocol=protocol, measure=measure, options=options)
    yield from (run or Run()).each("simulate", job, list(enumerate(cells)))


def _measured(
    numbered: tuple[int, Cell], protocol: Protocol, measure: Callable[[Campaign], T],
    options: dict[str, Any],
) -> T:  # fmt: skip
    number, cell = numbered
    own = {**options, "seed": int(options.get("seed", 0)) + number}
    return measure(simulate(cell, protocol, **own))
