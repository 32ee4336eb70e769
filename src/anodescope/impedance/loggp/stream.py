"""Sweeps as they come in: each is inverted at once, and once more when its neighbours are known.

The newest sweep is smoothed with those before it. When `lag` more have come, its core is inverted
as the whole series would be, and is not touched again. Only the rows that this takes are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, final

import numpy as np
import numpy.typing as npt

from anodescope.errors import Outcome, SchemaError, SettingsError
from anodescope.impedance.loggp.cuts import (
    CORE,
    MARGIN,
    Record,
    cores,
    smoothable,
)
from anodescope.impedance.loggp.grids import belongs
from anodescope.impedance.loggp.method import (
    MIN_POINTS,
    LogGaussian,
    Solved,
    Task,
    solve_task,
    without_drift,
)

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]

# With this lag all rows of a core see the margin that they see in the whole series.
FULL_LAG = CORE + MARGIN - 1
# Frequency grids that are followed at once; a further one replaces the one unused longest.
MOST_GRIDS = 8


@final
@dataclass(frozen=True, slots=True)
class Estimate:
    """One sweep of a stream.

    Attributes
    ----------
    index : number of the sweep in the order in which it came, from 0.
    time : of the sweep (s), as given; its index without a clock.
    tau : relaxation times (s), shape (T,).
    gamma, gamma_low, gamma_high : γ and its 95 % band (Ω per unit ln τ), shape (T,).
    numbers : series_resistance (Ω) and the other scalars of the drt node, by their names there.
    joint : whether it was inverted together with its neighbours in time, or by itself.
    final : whether it will not be revised any more.
    outcome : how the fit came out.
    """

    index: int
    time: float
    tau: Floats
    gamma: Floats
    gamma_low: Floats
    gamma_high: Floats
    numbers: Mapping[str, float]
    joint: bool
    final: bool
    outcome: Outcome


@final
@dataclass(frozen=True, slots=True)
class Update:
    """What a new sweep brings.

    Attributes
    ----------
    newest : the sweep itself, from those before it.
    revised : earlier sweeps, now final, in order; none of them is more than `lag` sweeps of its
        grid behind.
    """

    newest: Estimate
    revised: tuple[Estimate, ...]


@final
class DrtStream:
    """The method ``"auto"`` for sweeps that come in one by one.

    A sweep that is `lag` behind the newest of its grid is final. With the default lag it then has
    the values that `drt` would give it; a shorter one sees fewer sweeps ahead. Jumps, and
    boundaries that the caller announces, cut the series. Memory does not grow with the sweeps.

    Parameters
    ----------
    lag : sweeps, of one grid, after which an estimate is final; at least 1.
    method : its settings.

    Raises
    ------
    SettingsError
        for a lag below 1.
    """

    def __init__(self, *, lag: int = FULL_LAG, method: LogGaussian | None = None) -> None:
        if lag < 1:
            raise SettingsError(f"lag: expected at least 1, found {lag}.")
        self._lag = lag
        self._method = method or LogGaussian()
        self._tracks: list[_Track] = []
        self._count = 0
        self._before = -np.inf
        self._clock: bool | None = None

    def append(
        self,
        frequency: npt.ArrayLike,
        impedance: npt.ArrayLike,
        time: float | None = None,
        boundary: bool = False,
        *,
        instants: npt.ArrayLike | None = None,
    ) -> Update:
        """Take one more sweep.

        Parameters
        ----------
        frequency : (Hz), shape (F,), in any order.
        impedance : (Ω), shape (F,); points that are not finite were not measured.
        time : of the sweep's middle (s), later than the one before; None: there is no clock.
        boundary : something changed on purpose before this sweep, such as the current.
        instants : when each point was measured (s, on the clock of `time`), shape (F,).

        Raises
        ------
        SchemaError
            for arrays that do not fit each other, or a time that is not later than the last one.
        """
        sweep = self._read(frequency, impedance, time, instants)
        if boundary:
            for track in self._tracks:
                track.boundary = True
        index, self._count = self._count, self._count + 1
        at = float(index) if time is None else float(time)
        if sweep.impedance.size < MIN_POINTS:
            return Update(_nothing(index, at), ())
        track, revised = self._track(sweep)
        track.add(index, at, sweep)
        revised += track.settle(self._lag)
        return Update(track.newest(), tuple(revised))

    def finish(self) -> tuple[Estimate, ...]:
        """Make all sweeps final, as no more will come; the stream begins anew."""
        revised = [row for track in self._tracks for row in track.settle(0)]
        self._tracks = []
        self._before, self._clock = -np.inf, None
        return tuple(sorted(revised, key=lambda row: row.index))

    def _read(
        self,
        frequency: npt.ArrayLike,
        impedance: npt.ArrayLike,
        time: float | None,
        instants: npt.ArrayLike | None,
    ) -> _Sweep:
        f = np.asarray(frequency, dtype=np.float64)
        z = np.asarray(impedance, dtype=np.complex128)
        when = None if instants is None else np.asarray(instants, dtype=np.float64)
        if f.ndim != 1 or z.shape != f.shape or (when is not None and when.shape != f.shape):
            raise SchemaError(
                "Sweep: expected frequency, impedance and instants of one shape (point,), "
                f"found {f.shape}, {z.shape}{'' if when is None else f' and {when.shape}'}."
            )
        if self._clock is not None and self._clock != (time is not None):
            raise SchemaError("Sweep: either all sweeps of a stream have a time, or none has.")
        if time is not None and not time > self._before:
            raise SchemaError(f"Sweep: expected a time after {self._before} s, found {time} s.")
        self._clock = time is not None
        self._before = -np.inf if time is None else float(time)
        usable = np.isfinite(z) & np.isfinite(f) & (f > 0) & (z != 0)
        order = np.flatnonzero(usable)
        order = order[np.argsort(-f[order], kind="stable")]
        offset = None
        if when is not None and time is not None and np.isfinite(when[order]).all():
            offset = when[order] - time
        return _Sweep(f[order], z[order], offset)

    def _track(self, sweep: _Sweep) -> tuple[_Track, list[Estimate]]:
        """Find the series that a sweep belongs to, or begin one; what that ends is final.

        A sweep that has a grid and more takes over the series that was measured on that grid last:
        the sweeps before it lacked some points.
        """
        own = sweep.frequency
        fits = [track for track in self._tracks if belongs(own, track.frequency)]
        narrower = [track for track in self._tracks if belongs(track.frequency, own)]
        if fits or narrower:
            widest = max(fits, key=lambda track: track.frequency.size, default=None)
            track = widest or narrower[-1]
            track.widen(own)
            self._tracks.remove(track)
            self._tracks.append(track)
            return track, []
        ended = self._tracks.pop(0).settle(0) if len(self._tracks) == MOST_GRIDS else []
        self._tracks.append(_Track(self._method, sweep.frequency))
        return self._tracks[-1], ended


@final
@dataclass(frozen=True, slots=True)
class _Sweep:
    """Usable points of one sweep, frequencies (Hz) descending; instants after the sweep's time."""

    frequency: Floats
    impedance: Complexes
    instants: Floats | None


@final
@dataclass(slots=True, eq=False)
class _Track:
    """The latest sweeps of one grid. Rows are counted from its first sweep.

    Attributes
    ----------
    first : row of the oldest sweep that is kept.
    pending : the oldest row that is not final.
    block : row at which the latest boundary before `pending` lies.
    edge : row at which the stretch of `pending` begins, by what is final.
    boundaries : rows from `pending` on that begin something new on purpose.
    """

    method: LogGaussian
    frequency: Floats
    boundary: bool = False
    first: int = 0
    pending: int = 0
    block: int = 0
    edge: int = 0
    boundaries: list[int] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    impedance: list[Complexes] = field(default_factory=list)
    missing: list[Bools] = field(default_factory=list)
    instants: list[Floats | None] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.first + len(self.index)

    def widen(self, frequency: Floats) -> None:
        """Go over to a grid that holds the present one; anything else leaves it as it is."""
        if frequency.size <= self.frequency.size:
            return
        there = np.isin(frequency, self.frequency)
        for row, missing in enumerate(self.missing):
            self.impedance[row] = _placed(self.impedance[row], there, 1.0)
            self.missing[row] = _placed(missing, there, True)
            instants = self.instants[row]
            self.instants[row] = None if instants is None else _placed(instants, there, np.nan)
        self.frequency = frequency

    def add(self, index: int, time: float, sweep: _Sweep) -> None:
        there = np.isin(self.frequency, sweep.frequency)
        instants = None
        if sweep.instants is not None:
            instants = _placed(sweep.instants, there, np.nan)
        if self.boundary and self.index:
            self.boundaries.append(self.end)
        self.boundary = False
        self.index.append(index)
        self.time.append(time)
        self.impedance.append(_placed(sweep.impedance, there, 1.0))
        self.missing.append(~there)
        self.instants.append(instants)

    def _record(self) -> Record:
        known = [row for row in self.instants if row is not None]
        instants = None
        if self.method.drift and len(known) == len(self.instants):
            instants = np.array(known)
        return Record(
            np.array(self.impedance), np.array(self.missing), np.array(self.time), instants
        )

    def _edges(self, record: Record) -> list[int]:
        """Rows at which stretches begin that hold sweeps which are not final, and the end."""
        marks = [self.block, *self.boundaries, self.end]
        found = {self.edge, *self.boundaries, self.end}
        for first, end in pairwise(marks):
            for core, seen in cores(first, end, self.pending):
                steps = record.jumps_in(_moved(core, self.first), _moved(seen, self.first))
                found |= {k + self.first for k in steps if k + self.first >= self.pending}
        return sorted(found)

    def settle(self, lag: int) -> list[Estimate]:
        """Make final what lies too far behind the newest sweep."""
        found: list[Estimate] = []
        while self.pending < self.end and (lag == 0 or self.end - 1 - self.pending >= lag):
            record = self._record()
            edges = self._edges(record)
            first, stop = next((a, b) for a, b in pairwise(edges) if a <= self.pending < b)
            core, seen = cores(first, stop, self.pending)[0]
            last = core.stop if lag == 0 else min(core.stop, self.end - (lag + 1) // 2)
            found += self._invert(record, slice(self.pending, last), seen, final=True)
            self._forget(first, last)
        return found

    def _forget(self, edge: int, pending: int) -> None:
        self.pending = pending
        self.edge = pending if pending in self.boundaries else edge
        self.block = max([self.block, *(k for k in self.boundaries if k <= pending)])
        self.boundaries = [k for k in self.boundaries if k > pending]
        # A core that holds `pending` sees one margin behind its own beginning.
        keep = max(self.first, pending - CORE - MARGIN)
        for rows in (self.index, self.time, self.impedance, self.missing, self.instants):
            del rows[: keep - self.first]
        self.first = keep

    def newest(self) -> Estimate:
        """Invert the latest sweep with those before it."""
        record = self._record()
        first, stop = self._edges(record)[-2:]
        _, seen = cores(first, stop, self.end - 1)[0]
        return self._invert(record, slice(self.end - 1, self.end), seen, final=False)[0]

    def _invert(self, record: Record, rows: slice, seen: slice, *, final: bool) -> list[Estimate]:
        own, around = _moved(rows, self.first), _moved(seen, self.first)
        stretch = record.stretch(own, around)
        measured = np.where(record.missing[own], np.nan, record.impedance[own])
        joint = self.method.joint and smoothable(stretch)
        places = np.arange(own.start, own.stop)
        points = np.tile(np.arange(self.frequency.size), (places.size, 1))
        key = self.frequency.tobytes()
        moved = gain = None
        if self.method.joint and not joint:
            moved, gain = without_drift(stretch)
        whole = stretch if joint else None
        task = Task(self.method, key, places, points, measured, whole, moved, gain)
        solved = solve_task(task)
        return [
            _estimate(self.index[place], self.time[place], one, final=final)
            for place, one in zip(places, solved, strict=True)
        ]


def _moved(rows: slice, by: int) -> slice:
    return slice(rows.start - by, rows.stop - by)


def _placed(values: Array, there: Bools, otherwise: object) -> Array:
    """Put values at their places in a wider grid."""
    found = np.full(there.shape, otherwise, dtype=values.dtype)
    found[there] = values
    return found


def _estimate(index: int, time: float, solved: Solved, *, final: bool) -> Estimate:
    row = solved.row
    return Estimate(
        index,
        time,
        row.lattice.tau,
        row.gamma,
        row.low,
        row.high,
        row.numbers,
        solved.joint,
        final,
        row.outcome,
    )


def _nothing(index: int, time: float) -> Estimate:
    none = np.empty(0)
    return Estimate(index, time, none, none, none, none, {}, False, True, Outcome.too_few_points)
