"""Recovery after a current: how voltage and impedance go back, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from anodescope.citations import relies_on
from anodescope.errors import Outcome, SettingsError
from anodescope.events.finding import NAN, Finding, Floats, Record, absent
from anodescope.events.onset.knee import FEWEST, noise_of
from anodescope.events.recovery.impedance import recovered_impedance
from anodescope.events.recovery.passed import DECAY, FLAT, HALF, passed, passed_criterion
from anodescope.events.recovery.relaxation import (
    BETTER,
    MODELS,
    Relaxation,
    besides,
    relax,
    resolved,
    shifted_bounds,
    undescribed,
)
from anodescope.events.recovery.rests import Fall, Rest, block_rests, fall_of, pulse_rests

__all__ = ["RecoverySettings", "find_recoveries"]

TIME, INSTANT = "recovery_time", "instant_resistance"
_CRITERIA = {
    TIME: (
        "time constant of V(t) after the switch; one exponential, or a stretched one or two where "
        f"their BIC is smaller by {BETTER:g}"
    ),
    **{name: passed_criterion(name, "V") for name in (DECAY, FLAT, HALF)},
    INSTANT: "fall of V up to the first sample at rest, over the current: all that is faster",
}


@final
@dataclass(frozen=True, slots=True)
class RecoverySettings:
    """The numbers by which a recovery is told.

    Attributes
    ----------
    pulses : rests between pulses that are looked at, evenly chosen out of all.

    Raises
    ------
    SettingsError
        for a number outside its range.
    """

    pulses: int = 120

    def __post_init__(self) -> None:
        if self.pulses < 1:
            raise SettingsError(f"Recovery, pulses: expected 1 or more, found {self.pulses}.")


@relies_on("wu2025")
def find_recoveries(record: Record, settings: RecoverySettings | None = None) -> list[Finding]:
    """Find how the cell recovers in every rest after a current.

    Parameters
    ----------
    record : what detectors read; spectra, drt and peaks may be missing.
    settings : the numbers by which a recovery is told.

    Returns
    -------
    Per rest, of the voltage: ``instant_resistance`` (Ω; what is faster than the first sample),
    ``recovery_time`` (s; one per time constant), ``decay_time`` and ``plateau_time`` (s), and
    ``half_time`` (s), which needs no model. Of R_int and the polarisation resistance:
    ``recovery_time``, ``half_time`` and ``recovered_share``; of γ'_int
    ``vanishing_time``. Per block of pulses the medians over its rests, with the interval that holds
    95 % of them as bounds. A time constant that is faster or slower than the sampling resolves is
    not_resolved, with the bound that is known.
    """
    settings = settings or RecoverySettings()
    rests = block_rests(record)
    pulsed = [block for block, kind in enumerate(record.phases.kinds) if kind == "pulsed"]
    if not rests and not pulsed:
        reason = Outcome.needs_protocol if record.has_current else Outcome.needs_current
        return [absent(TIME, "s", reason, _CRITERIA[TIME], "voltage")]
    found: list[Finding] = []
    for rest in rests:
        found += _of_rest(record, rest)
        found += recovered_impedance(record, rest)
    for block in pulsed:
        found += _of_pulses(record, pulse_rests(record, block, settings.pulses))
    return found


def _of_rest(record: Record, rest: Rest) -> list[Finding]:
    """Findings of one rest's voltage."""
    if not record.has_voltage:
        reason = Outcome.not_finite
        return [absent(TIME, "s", reason, _CRITERIA[TIME], "voltage", block=rest.block)]
    fall = fall_of(record, rest)
    result = relax(fall.since, fall.voltage)
    found = _instant(rest, fall, result.noise)
    basis = "voltage"
    tail = (
        " Each point is the mean of a sweep, which holds the voltage that it begins with."
        if fall.swept
        else ""
    )
    tail += rest.doubt
    if result.outcome not in (Outcome.determined, Outcome.not_decidable):
        return [*found, _nothing(rest, fall, result)]
    half = _passed(rest, fall, HALF, result.half, result.half_bounds, tail)
    if result.outcome is Outcome.not_decidable:
        text = f"{undescribed(result)}{tail}"
        return [
            *found,
            *(
                absent(name, "s", Outcome.not_decidable, _CRITERIA[name], basis,
                       block=rest.block, message=text)
                for name in (TIME, DECAY, FLAT)
            ),
            half,
        ]  # fmt: skip
    lows, highs = result.low, result.high
    if rest.gap and result.model == "stretched":
        lows, highs = shifted_bounds(fall.since, fall.voltage, rest.gap, result)
    for tau, low, high in zip(result.tau, lows, highs, strict=True):
        outcome, value, text = resolved(tau, low, high, "The voltage relaxes")
        text = f"{text} Model: {MODELS[result.model]}, {_noise(result)}.{besides(result)}{tail}"
        found.append(
            Finding(TIME, value, low, high, "s", outcome, _CRITERIA[TIME], basis, rest.off,
                    rest.block, text)
        )  # fmt: skip
    for name, value, ends in (
        (DECAY, result.decay, result.decay_bounds),
        (FLAT, result.plateau, result.plateau_bounds),
    ):
        found.append(_passed(rest, fall, name, value, ends, tail))
    return [*found, half]


def _passed(
    rest: Rest, fall: Fall, name: str, value: float, ends: tuple[float, float], tail: str
) -> Finding:
    """Return the finding of the voltage's time at which a share is left."""
    last, criterion = float(fall.since[-1]), _CRITERIA[name]
    return passed(rest, last, name, criterion, "voltage", value, ends, tail)


def _noise(result: Relaxation) -> str:
    beta = f"β = {result.beta:.2g}, " if result.model == "stretched" else ""
    return f"{beta}noise {result.noise * 1e3:.2g} mV"


def _nothing(rest: Rest, fall: Fall, result: Relaxation) -> Finding:
    """What to say where no relaxation stands out."""
    text = result.outcome.sentence
    if result.outcome is Outcome.not_found and fall.since.size:
        text = (
            f"Nothing relaxes beyond the noise between {fall.since[0]:.4g} and "
            f"{fall.since[-1]:.4g} s: what there is, is faster, slower or smaller."
        )
    return absent(
        TIME, "s", result.outcome, _CRITERIA[TIME], "voltage", block=rest.block, message=text
    )


def _step(rest: Rest, fall: Fall) -> float:
    """Fall of the voltage up to the first sample at rest, over the current (Ω); NaN: unknown."""
    if not fall.since.size or not np.isfinite(fall.before) or fall.swept:
        return NAN
    return (fall.before - float(fall.voltage[0])) / rest.current


def _instant(rest: Rest, fall: Fall, noise: float) -> list[Finding]:
    """That fall as a resistance; its bounds are those of the noise (V) of two samples."""
    value = _step(rest, fall)
    if not np.isfinite(value):
        return []
    if fall.since.size > FEWEST:
        noise = noise_of(fall.since, fall.voltage)
    criterion = _CRITERIA[INSTANT]
    if not np.isfinite(noise):
        text = "There are too few samples at rest to tell the noise of this fall."
        reason = Outcome.too_few_points
        return [absent(INSTANT, "Ω", reason, criterion, "voltage", block=rest.block, message=text)]
    if noise == 0.0 and value == 0.0:
        text = "The voltage does not change by a digit, neither at the switch nor at rest."
        reason = Outcome.not_identifiable
        return [absent(INSTANT, "Ω", reason, criterion, "voltage", block=rest.block, message=text)]
    half = 1.96 * np.sqrt(2.0) * noise / abs(rest.current)
    ends = f"{value:.4g} Ω (95 %: {value - half:.4g} to {value + half:.4g} Ω)"
    if not half < abs(value):
        outcome = Outcome.not_identifiable
        text = f"The fall within {fall.since[0]:.4g} s does not stand out of the noise: {ends}."
    elif value < 0.0:
        outcome = Outcome.not_decidable
        text = (
            f"Within {fall.since[0]:.4g} s the voltage rises with the current before it: {ends}. "
            "No resistance is negative: the sign of the voltage does not go with the current's."
        )
    else:
        outcome = Outcome.determined
        text = f"Within {fall.since[0]:.4g} s the voltage falls by that times the current: {ends}."
    if outcome is not Outcome.determined:
        value = NAN
    low, high = (_step(rest, fall) + side * half for side in (-1.0, 1.0))
    return [
        Finding(INSTANT, value, low, high, "Ω", outcome, criterion, "voltage", rest.off,
                rest.block, text + rest.doubt)
    ]  # fmt: skip


def _of_pulses(record: Record, rests: list[Rest]) -> list[Finding]:
    """Medians over the rests between pulses."""
    if not rests:
        return []
    block = rests[0].block
    falls = [fall_of(record, rest) for rest in rests]
    ones = [relax(fall.since, fall.voltage, ("one",)) for fall in falls]
    told = [one for one in ones if one.outcome is Outcome.determined]
    halves = np.array([o.half for o in ones if o.half_bounds[0] > 0 and o.half_bounds[1] < np.inf])
    half = [_median(HALF, halves, block, "s", np.inf)] if 2 * halves.size > len(ones) else []
    if 2 * len(told) <= len(ones):
        reason = ones[0].outcome if not told else Outcome.not_found
        text = (
            f"{len(told)} of {len(ones)} rests between pulses show a relaxation beyond the noise."
        )
        odd = sum(one.outcome is Outcome.not_decidable for one in ones)
        if 2 * odd > len(ones):
            reason = Outcome.not_decidable
            text = f"One exponential does not describe {odd} of {len(ones)} rests between pulses."
        criterion = _pulse_criterion(TIME)
        found = [absent(TIME, "s", reason, criterion, "voltage", block=block, message=text)]
        return found + half
    found = [_median_time(told, block, len(ones))]
    chosen = [relax(fall.since, fall.voltage, bounds=False) for fall in falls]
    longest = float(np.median([fall.since[-1] for fall in falls if fall.since.size]))
    described = [one for one in chosen if one.outcome is not Outcome.not_decidable]
    for name, attribute in ((DECAY, "decay"), (FLAT, "plateau")):
        values = np.array([getattr(one, attribute) for one in described])
        found.append(_median(name, values[np.isfinite(values)], block, "s", longest))
    steps = np.array([_step(rest, fall) for rest, fall in zip(rests, falls, strict=True)])
    if np.isfinite(steps).any():
        found.append(_median(INSTANT, steps[np.isfinite(steps)], block, "Ω", np.inf))
    return found + half


def _pulse_criterion(name: str) -> str:
    head = "time constant of one exponential in V(t)" if name == TIME else _CRITERIA[name]
    return f"{head}; median over the rests between pulses, bounds: 95 % of the rests"


def _median_time(told: list[Relaxation], block: int, count: int) -> Finding:
    """Median τ of the rests that fix it, or the bound that most of them give."""
    tau, low, high = (np.array([getattr(o, n)[0] for o in told]) for n in ("tau", "low", "high"))
    fixed = (low > 0.0) & np.isfinite(high)
    tail = f" {int(fixed.sum())} of {count} rests between pulses fix it."
    criterion = _pulse_criterion(TIME)
    if 2 * fixed.sum() > fixed.size:
        value = float(np.median(tau[fixed]))
        lower, upper = (float(q) for q in np.quantile(tau[fixed], [0.025, 0.975]))
        text = f"The voltage relaxes with τ = {value:.4g} s (95 % of the rests: {lower:.4g} to "
        text += f"{upper:.4g} s).{tail}"
        return Finding(TIME, value, lower, upper, "s", Outcome.determined, criterion, "voltage",
                       block=block, message=text)  # fmt: skip
    slow = np.isinf(high).sum() >= (low == 0.0).sum()
    lower = float(np.median(low[np.isinf(high)])) if slow else 0.0
    upper = float("inf") if slow else float(np.median(high[low == 0.0]))
    outcome, value, text = resolved(NAN, lower, upper, "The voltage relaxes")
    return Finding(
        TIME, value, lower, upper, "s", outcome, criterion, "voltage", block=block,
        message=text + tail,
    )  # fmt: skip


def _median(name: str, values: Floats, block: int, units: str, longest: float) -> Finding:
    """Median and spread; censored where it is longer than the rests are."""
    criterion = _pulse_criterion(name)
    if not values.size:
        return absent(name, units, Outcome.not_identifiable, criterion, "voltage", block=block)
    value, low, high = (float(q) for q in np.quantile(values, [0.5, 0.025, 0.975]))
    outcome = Outcome.determined
    if name == INSTANT and value <= 0.0:
        text = "The voltage rises at the switch in most rests: its sign is not that of the current."
        return absent(name, units, Outcome.not_decidable, criterion, "voltage", block=block,
                      message=text)  # fmt: skip
    text = f"Median {value:.4g} {units} (95 % of the rests: {low:.4g} to {high:.4g} {units})."
    if value > longest:
        outcome, value, low, high = Outcome.censored, NAN, longest, float("inf")
        text = f"It takes longer than the rests are ({longest:.4g} s)."
    return Finding(
        name, value, low, high, units, outcome, criterion, "voltage", block=block, message=text
    )
