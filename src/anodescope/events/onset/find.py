"""Onset of instability in a staircase: where V(i), or R_int(i), leaves its initial course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.citations import relies_on
from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Bools, Finding, Floats, Record, absent
from anodescope.events.onset.crossing import crossings
from anodescope.events.onset.degradation import find_degradation
from anodescope.events.onset.knee import APART, FEWEST, FIRST, RISE, Knees, knees
from anodescope.events.onset.resistances import Ohmic, interface_resistance, ohmic_resistance
from anodescope.events.onset.settings import OnsetSettings, paper_scan
from anodescope.events.onset.shorted import first_short
from anodescope.events.onset.stairs import Stairs, stairs_of
from anodescope.events.onset.zero import UNKNOWN, told

__all__ = ["OnsetSettings", "find_degradation", "find_onsets", "paper_scan"]

KINDS = ("staircase_geis", "staircase")
QUANTITY = "onset_current"
VOLTAGE, CORRECTED, INTERFACE = "voltage", "voltage_minus_ohmic", "R_int"
_EMPTY = "R_Ω: measured series resistance"


@final
@dataclass(frozen=True, slots=True)
class _Curve:
    """One V(i) of a block, and the stair that was cut short behind it."""

    name: str
    current: Floats
    voltage: Floats
    time: Floats
    cut_current: float
    cut_voltage: float
    cut_time: float
    tail: str  # what ended the curve, as a sentence


@relies_on("wu2025")
def find_onsets(
    record: Record,
    settings: OnsetSettings | None = None,
    *,
    shorts: Sequence[Finding] | None = None,
) -> list[Finding]:
    """Find the onset of instability in every staircase.

    Parameters
    ----------
    record : what detectors read; spectra, drt and peaks may be missing.
    settings : the numbers by which an onset is told.
    shorts : what `find_shorts` found; a staircase ends for the onset with its first hard or soft
        short circuit. None: none is known.

    Returns
    -------
    Per staircase ``onset_current`` (A): for the voltage at the end of the hold and during the sweep
    (where there are sweeps), as measured (basis ``voltage``) and less iR_Ω (basis
    ``voltage_minus_ohmic``), and for ``R_int``; each for every factor. The headline (end of the
    hold, less the measured ohmic drop, `settings.headline`) comes first and marks the event
    ``onset``. Bounds are 95 %; what the scan did not reach is censored. Where nothing is told for
    a reason that all factors share, one row per basis says so.
    """
    settings = settings or OnsetSettings()
    phases = record.phases
    blocks = [block for block, kind in enumerate(phases.kinds) if kind in KINDS]
    criterion = _criterion("hold", _EMPTY, settings.headline, settings)
    reason = None
    if not blocks:
        reason = Outcome.needs_protocol if record.has_current else Outcome.needs_current
    if not record.has_voltage and blocks:
        reason = Outcome.not_finite
    if reason is not None:
        return [absent(QUANTITY, "A", reason, criterion, CORRECTED)]
    return [one for block in blocks for one in _of_block(record, block, settings, shorts or ())]


def _of_block(
    record: Record, block: int, settings: OnsetSettings, shorts: Sequence[Finding]
) -> list[Finding]:
    stairs = stairs_of(record, block, settings.hold_share, settings.sweep_share)
    if stairs.falls and stairs.current.size < FEWEST:
        text = (
            f"The staircase falls, from {record.ampere(stairs.first_current)} to "
            f"{record.ampere(stairs.last_current)}: an onset is told on rising currents only, "
            "since after the largest one the cell is no longer as it was."
        )
        criterion = _criterion("hold", _EMPTY, settings.headline, settings)
        reason = Outcome.not_decidable
        return [absent(QUANTITY, "A", reason, criterion, CORRECTED, block=block, message=text)]
    if stairs.both and not np.isfinite(stairs.zero):
        criterion = _criterion("hold", _EMPTY, settings.headline, settings)
        reason = Outcome.not_decidable
        return [absent(QUANTITY, "A", reason, criterion, CORRECTED, block=block, message=UNKNOWN)]
    short = first_short(shorts, block)
    ohmic = _ohmic(record, stairs, block, settings)
    found: list[Finding] = []
    for curve in _curves(stairs, short):
        found += _of_curve(record, block, curve, ohmic, settings)
    found += _of_interface(record, block, stairs, settings, short)
    # The first row of every basis is the headline's, so that first rows compare with one another.
    headline = f"exceeds {settings.headline:g} times"
    found.sort(key=lambda one: (not one.event, headline not in one.criterion))
    return _collapsed(found, headline)


def _before(span: Floats, short: Finding | None) -> Bools:
    """Tell which phases were over when the short circuit was there, and half over before it."""
    if short is None:
        return np.ones(len(span), np.bool_)
    start, end = span.T
    before: Bools = (end <= short.time) & (0.5 * (start + end) <= short.low)
    return before


def _ended(short: Finding | None) -> str:
    if short is None:
        return ""
    kind = short.quantity.removesuffix("_short")
    return f" The curve ends where a {kind} short circuit came, by {short.time:.6g} s."


def _collapsed(found: list[Finding], headline: str) -> list[Finding]:
    """Say once per basis what all factors and windows share: why there is no number."""
    told: dict[tuple[str, Outcome, str], Finding] = {}
    for one in found:
        key = (one.basis, one.outcome, one.message)
        if key not in told or (headline in one.criterion and headline not in told[key].criterion):
            told[key] = one
    numbers = (Outcome.determined, Outcome.censored)
    return [
        one
        for one in found
        if one.outcome in numbers or told[one.basis, one.outcome, one.message] is one
    ]


def _curves(stairs: Stairs, short: Finding | None) -> list[_Curve]:
    sound = _before(stairs.span_hold, short)
    tail = told(stairs.zero) + _ended(short)
    curves = [_curve("hold", stairs, stairs.hold, stairs.whole_hold, sound, tail)]
    if stairs.sweeps:
        sound = _before(stairs.span_sweep, short)
        curves.append(_curve("sweep", stairs, stairs.sweep, stairs.whole_sweep, sound, tail))
    return curves


def _curve(
    name: str, stairs: Stairs, voltage: Floats, whole: Bools, sound: Bools, tail: str
) -> _Curve:
    """Take the whole stairs; the first one after the last whole one was cut short."""
    there = np.isfinite(voltage) & sound
    good = np.flatnonzero(there & whole)
    after = np.flatnonzero(there & ~whole)
    after = after[after > (good[-1] if good.size else -1)]
    cut = (NAN, NAN, NAN)
    if after.size:
        k = int(after[0])
        cut = (float(stairs.current[k]), float(voltage[k]), float(stairs.time[k]))
    return _Curve(name, stairs.current[good], voltage[good], stairs.time[good], *cut, tail)


def _ohmic(record: Record, stairs: Stairs, block: int, settings: OnsetSettings) -> Ohmic:
    """R_Ω of the first stairs' spectra, or of the last spectrum before a staircase without any."""
    rows = stairs.spectrum[stairs.spectrum >= 0]
    if rows.size:
        few = max(FIRST, int(np.ceil(settings.initial_share * stairs.current.size)))
        return ohmic_resistance(record, rows[:few])
    if record.spectra is None:
        return Ohmic(NAN, "measured series resistance")
    begin = record.phases.start[record.phases.rows(block)].min()
    ended = record.spectra["time_end"].values[record.default]
    before = record.default[ended <= begin][-1:]
    return ohmic_resistance(record, before.astype(np.int64))


def _of_curve(
    record: Record, block: int, curve: _Curve, ohmic: Ohmic, settings: OnsetSettings
) -> list[Finding]:
    """Findings of one V(i), the headline marked as an event."""
    options = [(0.0, "")]
    if np.isfinite(ohmic.value):
        options.insert(0, (ohmic.value, f"R_Ω: {ohmic.text}"))
    options += [(r, f"R_Ω: {r:.6g} Ω as given") for r in settings.series_resistances]
    result = knees(
        curve.current,
        curve.voltage,
        np.array([r for r, _ in options]),
        np.array(settings.factors),
        settings.initial_share,
    )
    found = [
        _finding(record, block, curve, result, (r, k), options[r], settings)
        for r in range(len(options))
        for k in range(len(settings.factors))
    ]
    if not np.isfinite(ohmic.value):
        for k in settings.factors:
            criterion = _criterion(curve.name, _EMPTY, k, settings)
            found.append(
                absent(QUANTITY, "A", Outcome.needs_spectra, criterion, CORRECTED, block=block)
            )
    return found


def _finding(
    record: Record,
    block: int,
    curve: _Curve,
    result: Knees,
    at: tuple[int, int],
    option: tuple[float, str],
    settings: OnsetSettings,
) -> Finding:
    """The finding for one resistance and one factor."""
    subtracted, text = option
    factor = settings.factors[at[1]]
    value, low, high = result.value[at], result.low[at], result.high[at]
    outcome, time = _outcome(value), NAN
    if outcome is Outcome.not_decidable and text and _too_large(curve, result, subtracted):
        outcome = Outcome.inconsistent
    if np.isinf(value) and _cut_rises(curve, result, subtracted, factor):
        low, high = min(low, curve.current[-1]), curve.cut_current
        value, outcome, time = 0.5 * (low + high), Outcome.determined, curve.cut_time
    elif np.isfinite(value):
        stair = min(int(np.searchsorted(curve.current, value)), curve.time.size - 1)
        time = float(curve.time[stair])
    elif np.isinf(value):
        value = NAN
    # without a measured resistance the voltage as it is has the first option, and is the headline
    first = at[0] == 0 and factor == settings.headline and curve.name == "hold"
    criterion = _criterion(curve.name, text, factor, settings)
    message = _message(record, result, curve, (value, low, high), outcome, criterion, subtracted)
    return Finding(
        QUANTITY,
        float(value),
        float(low),
        float(high),
        "A",
        outcome,
        criterion,
        CORRECTED if subtracted else VOLTAGE,
        time,
        block,
        message,
        "onset" if first and outcome is Outcome.determined else "",
    )


def _outcome(value: float) -> Outcome:
    if np.isnan(value):
        return Outcome.not_decidable
    return Outcome.determined if np.isfinite(value) else Outcome.censored


def _too_large(curve: _Curve, result: Knees, subtracted: float) -> bool:
    """The resistance to subtract is larger than the slope of V(i): it cannot be in series."""
    enough = curve.current.size >= FEWEST and result.initial >= -APART * result.initial_error
    return enough and result.initial - subtracted < -APART * result.initial_error


def _cut_rises(curve: _Curve, result: Knees, subtracted: float, factor: float) -> bool:
    """The voltage at which the next stair was cut lies above the threshold's slope already."""
    if not np.isfinite(curve.cut_voltage) or not curve.current.size:
        return False
    slope = subtracted + factor * (result.initial - subtracted)
    depth = (curve.voltage - slope * curve.current).min()
    return bool(curve.cut_voltage - slope * curve.cut_current - depth > RISE * result.noise)


def _criterion(window: str, text: str, factor: float, settings: OnsetSettings) -> str:
    what = "d(V − iR_Ω)/di" if text else "dV/di"
    where = (
        f"mean over the last {settings.hold_share:.0%} of the hold"
        if window == "hold"
        else f"mean over the last {settings.sweep_share:.0%} of the sweep"
    )
    tail = f"; {text}" if text else ""
    return (
        f"first current at which {what} exceeds {factor:g} times its initial value (line through "
        f"the first {settings.initial_share:.0%} of the stairs, at least {FIRST}); V: {where}{tail}"
    )


def _message(
    record: Record,
    result: Knees,
    curve: _Curve,
    numbers: tuple[float, float, float],
    outcome: Outcome,
    criterion: str,
    subtracted: float,
) -> str:
    value, low, high = (record.ampere(number) for number in numbers)
    if outcome is Outcome.inconsistent:
        given = "as given" in criterion
        return f"{_contradicts(record, result, subtracted, given)}{curve.tail}"
    if outcome is Outcome.not_decidable:
        return f"{_undecided(result, curve, subtracted)}{curve.tail}"
    less = f" {subtracted:.4g} Ω were subtracted." if subtracted else ""
    tail = f"{less}{curve.tail} Criterion: {criterion}.{record.sign}"
    if outcome is Outcome.censored:
        return f"No onset up to {low}, where the scan tells no more.{tail}"
    if np.isinf(numbers[2]):
        return f"Instability sets in at {value} (95 %: above {low}).{tail}"
    return f"Instability sets in at {value} (95 %: {low} to {high}).{tail}"


def _contradicts(record: Record, result: Knees, subtracted: float, given: bool) -> str:
    """Say that R_Ω is larger than the slope of V(i), and what that can mean."""
    slope = f"the initial slope of V(i) ({result.initial:.4g} ± {result.initial_error:.2g} Ω)"
    if given:
        return f"The {subtracted:.4g} Ω as given are more than {slope}: they are not in series."
    return (
        f"R_Ω from impedance ({subtracted:.4g} Ω) is larger than {slope}, which holds every "
        f"resistance in series. Either the spectra are not of this voltage "
        f"({record.voltage_electrode}) or staircase, or the cell is shorted in part while the "
        "current flows. No onset is told on V − iR_Ω."
    )


def _undecided(result: Knees, curve: _Curve, subtracted: float) -> str:
    """Say why there is no k-fold of the initial slope."""
    if curve.current.size < FEWEST:
        return f"{curve.current.size} stairs are too few for an onset; {FEWEST} are needed."
    slope = f"The initial slope ({result.initial:.4g} ± {result.initial_error:.2g} Ω)"
    if result.initial < -APART * result.initial_error:
        return (
            f"V falls as the current rises, by {-result.initial:.4g} Ω: the sign of the voltage "
            "does not go with that of the current; check which electrode is the working one."
        )
    return (
        f"{slope} less {subtracted:.4g} Ω is too close to its noise for this factor; more stairs "
        "in initial_share may help."
    )


def _of_interface(
    record: Record, block: int, stairs: Stairs, settings: OnsetSettings, short: Finding | None
) -> list[Finding]:
    """Onsets in R_int(i), for every factor."""
    interface = interface_resistance(record, stairs.spectrum)
    tail = (
        f"times its initial value (mean of the first {settings.initial_share:.0%} of the stairs, "
        f"at least {FIRST}), twice in a row; R_int: sum of the peaks γ_int and γ'_int"
    )
    criteria = [f"first current at which R_int exceeds {k:g} {tail}" for k in settings.factors]
    if interface is None:
        reason = Outcome.needs_peaks if stairs.sweeps else Outcome.needs_spectra
        return [absent(QUANTITY, "A", reason, text, INTERFACE, block=block) for text in criteria]
    there = np.isfinite(interface.values) & _before(stairs.span_sweep, short)
    current, time = stairs.current[there], stairs.time[there]
    result = crossings(
        current, interface.values[there], np.array(settings.factors), settings.initial_share
    )
    found = []
    for k, criterion in enumerate(criteria):
        value, low, high = result.value[k], result.low[k], result.high[k]
        outcome = _outcome(value)
        at = NAN
        message = f"{current.size} stairs with R_int do not decide this; {FEWEST} are needed."
        if current.size >= FEWEST:
            message = "R_int does not stand out of its noise enough for this factor."
        if np.isfinite(value):
            at = float(time[min(int(np.searchsorted(current, value)), time.size - 1)])
            message = (
                f"R_int exceeds {settings.factors[k]:g} times {result.initial:.4g} Ω at "
                f"{record.ampere(value)} (95 %: {record.ampere(low)} to {record.ampere(high)})."
            )
        elif outcome is Outcome.censored:
            value = NAN
            message = f"R_int stays below that up to {record.ampere(low)}."
        message = f"{message} Ascribed to: {interface.attribution}.{_ended(short)}{record.sign}"
        found.append(
            Finding(
                QUANTITY,
                float(value),
                float(low),
                float(high),
                "A",
                outcome,
                criterion,
                INTERFACE,
                at,
                block,
                message,
            )
        )
    return found
