"""A staircase of currents as the curves V(i) that onsets are looked for in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.events.finding import NAN, Bools, Floats, Integers, Record
from anodescope.events.onset.zero import at_rest, freed

# A phase this much shorter than the others was cut short (a limit, or the end of the test).
_WHOLE = 0.9


@final
@dataclass(frozen=True, slots=True)
class Stairs:
    """The stairs of one block, as far as |i| rises.

    Attributes
    ----------
    current : |i| (A), rising, shape (N,).
    time : begin of each stair (s), shape (N,).
    hold, sweep : |V| at the end of the hold and during the sweep (V), shape (N,); the sign is that
        of the current (positive: the voltage has the current's direction); NaN where there is none.
    whole_hold, whole_sweep : the phase lasted as long as those of the other stairs, shape (N,).
    span_hold, span_sweep : begin and end of the phases that the voltages are taken from (s), shape
        (N, 2); NaN where there is none.
    spectrum : row of the default spectra that the stair's sweep made, shape (N,); -1: none.
    sweeps : any stair has a sweep.
    falls : most stairs lie below the one before; what is left above is not the curve.
    first_current, last_current : |i| of the first and the last stair of all (A).
    both : the stairs kept are of both directions.
    zero : voltage at zero current (V), of the rest before, that was subtracted from stairs of both
        directions; NaN where they are of one, or no rest tells it.
    """

    current: Floats
    time: Floats
    hold: Floats
    sweep: Floats
    whole_hold: Bools
    whole_sweep: Bools
    span_hold: Floats
    span_sweep: Floats
    spectrum: Integers
    sweeps: bool
    falls: bool
    first_current: float
    last_current: float
    both: bool = False
    zero: float = NAN


def stairs_of(record: Record, block: int, hold_share: float, sweep_share: float) -> Stairs:
    """Take the stairs out of one block.

    Parameters
    ----------
    record : what detectors read.
    block : block of the protocol node.
    hold_share, sweep_share : the voltage of a phase is the mean over this last share of it; of a
        phase in which no sample fell there, the last sample. A phase that went on for longer than
        its like (the sweep behind it was broken off) counts up to their usual length.
    """
    phases = record.phases
    rows = phases.rows(block)
    held = np.isfinite(phases.current[rows]) & (phases.current[rows] != 0.0)
    rows = rows[held & np.isin(phases.mode[rows].astype(str), ("current", "sweep"))]
    level, first = np.unique(phases.level[rows], return_index=True)
    current = phases.current[rows[first]]
    sign = np.sign(current)
    size = np.abs(current)
    keep = _rising(size)
    both = np.unique(sign[keep]).size > 1
    zero = at_rest(record, float(phases.start[rows].min())) if both else NAN
    volts: dict[str, Floats] = {}
    whole: dict[str, Bools] = {}
    span: dict[str, Floats] = {}
    spectrum = np.full(level.size, -1, np.int64)
    for mode, share in (("current", hold_share), ("sweep", sweep_share)):
        of_mode = rows[phases.mode[rows] == mode]
        at = np.searchsorted(level, phases.level[of_mode])
        start, end = phases.start[of_mode], phases.end[of_mode]
        lasted = np.zeros(level.size)
        np.add.at(lasted, at, end - start)
        usual = float(np.median(lasted[lasted > 0])) if of_mode.size else 0.0
        if mode == "current":
            inside, end = _capped(at, start, end, lasted, usual)
            at, start, end = at[inside], start[inside], end[inside]
        mean = _late_means(record, start, end, share)
        if mode == "sweep":
            made = default_row(record, start, end)
            spectrum[at] = made
            mean = np.where(np.isfinite(mean), mean, _sweep_means(record, made, share))
        volts[mode] = np.full(level.size, NAN)
        volts[mode][at] = freed(mean, sign[at], zero, both)  # of several phases the last one counts
        span[mode] = np.full((level.size, 2), NAN)
        span[mode][at] = np.stack([start, end], axis=1)
        whole[mode] = lasted >= _WHOLE * usual
    return Stairs(
        size[keep],
        phases.start[rows[first]][keep],
        volts["current"][keep],
        volts["sweep"][keep],
        whole["current"][keep],
        whole["sweep"][keep],
        span["current"][keep],
        span["sweep"][keep],
        spectrum[keep],
        bool((phases.mode[rows] == "sweep").any()),
        2 * np.count_nonzero(np.diff(size) < 0.0) > max(size.size - 1, 0),
        float(size[0]) if size.size else NAN,
        float(size[-1]) if size.size else NAN,
        both,
        zero,
    )


def _capped(
    at: NDArray[np.intp], start: Floats, end: Floats, lasted: Floats, usual: float
) -> tuple[Bools, Floats]:
    """Return which phases lie within the usual length of their stair, and where each ends."""
    inside, capped = np.ones(at.size, np.bool_), end.copy()
    spent = np.zeros(lasted.size)
    for k in range(at.size):
        length = end[k] - start[k]
        if lasted[at[k]] * _WHOLE > usual:
            left = usual - spent[at[k]]
            inside[k] = left > 0.0
            capped[k] = start[k] + min(length, max(left, 0.0))
        spent[at[k]] += length
    return inside, capped


def default_row(record: Record, start: Floats, end: Floats) -> Integers:
    """Return the row of the default spectra whose middle lies in each interval; -1: none."""
    if record.spectra is None or not record.default.size:
        return np.full(start.size, -1, np.int64)
    rows = record.default
    middle = 0.5 * (
        record.spectra["time_start"].values[rows] + record.spectra["time_end"].values[rows]
    )
    order = np.argsort(middle, kind="stable")
    at = np.searchsorted(middle[order], start)
    inside = at < rows.size
    inside[inside] = middle[order][at[inside]] <= end[inside]
    found = np.full(start.size, -1, np.int64)
    found[inside] = rows[order][at[inside]]
    return found


def _rising(current: Floats) -> NDArray[np.intp]:
    """Indices of a rising run: each above all before it, up to the largest."""
    if not current.size:
        return np.empty(0, np.intp)
    before = np.concatenate(([0.0], np.maximum.accumulate(current)[:-1]))
    return np.flatnonzero(current > before * (1 + 1e-9))


def _late_means(record: Record, start: Floats, end: Floats, share: float) -> Floats:
    """Mean of the voltage over the last share of each phase; of none there, the last sample."""
    usable = np.isfinite(record.voltage) & ~record.overload
    time, voltage = record.time[usable], record.voltage[usable]
    total = np.concatenate(([0.0], np.cumsum(voltage)))
    begin = np.searchsorted(time, start, side="right")
    low = np.searchsorted(time, end - share * (end - start), side="left")
    high = np.searchsorted(time, end, side="right")
    low = np.maximum(np.where(high > low, low, high - 1), begin)
    count = high - low
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, (total[high] - total[low]) / count, NAN)


def _sweep_means(record: Record, rows: Integers, share: float) -> Floats:
    """Mean dc voltage of the sweeps' points over the last share of each sweep, from the spectra."""
    means = np.full(rows.size, NAN)
    if record.spectra is None or "voltage" not in record.spectra:
        return means
    for k in np.flatnonzero(rows >= 0):
        one = record.spectra.isel(spectrum=int(rows[k]))
        time, volts = one["time"].values, one["voltage"].values
        usable = one["valid"].values & np.isfinite(volts) & np.isfinite(time)
        if usable.any():
            first, last = time[usable].min(), time[usable].max()
            late = usable & (time >= last - share * (last - first))
            means[k] = volts[late].mean()
    return means
