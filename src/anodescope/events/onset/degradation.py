"""Degradation in a critical-current test: the first half-cycle whose voltage rises all along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Finding, Floats, Integers, Record, absent
from anodescope.events.onset.settings import OnsetSettings
from anodescope.events.onset.shorted import first_short

QUANTITY = "degradation_current"
_BINS = 20  # means of a half-cycle that the line goes through; fewer samples than this: none
_FEWEST = 6
_CLEAR = 4.0  # standard errors by which the slope must differ from zero
_SHORTED = 0.3  # share of the first half-cycle's V/i below which the cell is shorted


def find_degradation(
    record: Record, settings: OnsetSettings | None = None, *, shorts: Sequence[Finding] = ()
) -> list[Finding]:
    """Find the first half-cycle of each critical-current test whose |V| rises steadily.

    Parameters
    ----------
    record : what detectors read.
    settings : the numbers `drift` and `settling`.
    shorts : short circuits; what comes after the first hard or soft one of a block is left out.

    Returns
    -------
    Per block of the kind ccd one ``degradation_current`` (A): the current of the first half-cycle
    that rises, within (largest smaller current before it, that current], and the event
    ``degradation`` at its begin; censored where none rises.
    """
    settings = settings or OnsetSettings()
    criterion = (
        f"first half-cycle in which dV/dt·t/V, over the half-cycle but its first "
        f"{settings.settling:.0%}, exceeds {settings.drift:g} and {_CLEAR:g} standard errors"
    )
    blocks = [block for block, kind in enumerate(record.phases.kinds) if kind == "ccd"]
    if not blocks:
        return []
    if not record.has_voltage:
        return [absent(QUANTITY, "A", Outcome.not_finite, criterion, "voltage")]
    return [
        _of_block(record, block, settings, criterion, first_short(shorts, block))
        for block in blocks
    ]


def _of_block(
    record: Record, block: int, settings: OnsetSettings, criterion: str, short: Finding | None
) -> Finding:
    current, start, end = _half_cycles(record, block)
    if short is not None:
        sane = end <= short.time
        current, start, end = current[sane], start[sane], end[sane]
        if not current.size:
            text = "The cell shorted in the first half-cycle; what came after tells no degradation."
            reason = Outcome.not_decidable
            return absent(
                QUANTITY, "A", reason, criterion, "voltage", block=block, message=text
            )  # fmt: skip
    drift, error, mean = _drifts(record, current, start, end, settings.settling)
    resistance = np.abs(mean / current)
    known = np.flatnonzero(np.isfinite(drift))
    if not known.size:
        return absent(
            QUANTITY, "A", Outcome.too_few_points, criterion, "voltage", block=block,
            message=f"No half-cycle has {_FEWEST} samples; a drift cannot be told.",
        )  # fmt: skip
    sound = resistance > _SHORTED * resistance[known[0]]
    with np.errstate(invalid="ignore"):
        rises = sound & (drift > settings.drift) & (drift > _CLEAR * error)
    size = np.abs(current)
    if not rises.any():
        top = float(size[known].max())
        text = f"No half-cycle rises by {settings.drift:.0%}, up to {record.ampere(top)}."
        return Finding(
            QUANTITY, NAN, top, float("inf"), "A", Outcome.censored, criterion, "voltage",
            block=block, message=text + record.sign,
        )  # fmt: skip
    first = int(np.argmax(rises))
    high = float(size[first])
    below = size[:first][size[:first] < high * (1 - 1e-6)]
    low = float(below.max()) if below.size else 0.0
    way = "stripping" if current[first] > 0 else "plating"
    text = (
        f"The voltage rises by {drift[first]:.0%} within half-cycle {first + 1} ({way}, "
        f"{record.ampere(high)}); it did not up to {record.ampere(low)}.{record.sign}"
    )
    return Finding(
        QUANTITY, high, low, high, "A", Outcome.determined, criterion, "voltage",
        float(start[first]), block, text, "degradation",
    )  # fmt: skip


def _half_cycles(record: Record, block: int) -> tuple[Floats, Floats, Floats]:
    """Return current (A), begin and end (s) of each half-cycle."""
    phases = record.phases
    rows = phases.rows(block)
    rows = rows[np.isfinite(phases.current[rows]) & (phases.current[rows] != 0.0)]
    _, first = np.unique(phases.level[rows], return_index=True)
    _, turned = np.unique(phases.level[rows][::-1], return_index=True)
    last: Integers = rows.size - 1 - turned
    return phases.current[rows[first]], phases.start[rows[first]], phases.end[rows[last]]


def _drifts(
    record: Record, current: Floats, start: Floats, end: Floats, settling: float
) -> tuple[Floats, Floats, Floats]:
    """Return relative rise of |V| over each half-cycle, its standard error, and mean voltage (V).

    The line goes through the means of equal parts of the half-cycle: those are as good as
    independent where neighbouring samples are not.
    """
    usable = np.isfinite(record.voltage) & ~record.overload
    time, voltage = record.time[usable], record.voltage[usable]
    drift, error, mean = (np.full(current.size, NAN) for _ in range(3))
    for k in range(current.size):
        length = end[k] - start[k]
        begin = start[k] + settling * length
        rows = slice(*np.searchsorted(time, [begin, end[k]]))
        count = rows.stop - rows.start
        if count < _FEWEST:
            continue
        part = np.minimum((np.arange(count) * min(_BINS, count)) // count, _BINS - 1)
        size = np.bincount(part)
        x = np.bincount(part, (time[rows] - begin) / length) / size
        y = np.bincount(part, voltage[rows] * np.sign(current[k])) / size
        dx = x - x.mean()
        slope = (dx * y).sum() / (dx**2).sum()
        left = y - y.mean() - slope * dx
        level = abs(y.mean())
        if level == 0:  # a drift relative to nothing is none
            continue
        mean[k] = y.mean()
        drift[k] = slope / level
        error[k] = np.sqrt((left**2).sum() / (y.size - 2) / (dx**2).sum()) / level
    # a voltage that goes against the current throughout has the other sign: what counts is |V|
    turn = -1.0 if np.nansum(np.sign(mean)) < 0.0 else 1.0
    return turn * drift, error, turn * mean
