"""Recovery in the impedance: R_int, the polarisation resistance, and the end of γ'_int."""

from __future__ import annotations

import numpy as np

from anodescope.errors import Outcome
from anodescope.events.finding import NAN, Finding, Floats, Record, absent
from anodescope.events.onset.knee import noise_of
from anodescope.events.onset.resistances import Interface, interface_resistance
from anodescope.events.recovery.passed import HALF, passed, passed_criterion
from anodescope.events.recovery.relaxation import (
    BETTER,
    FEWEST,
    Relaxation,
    besides,
    relax,
    resolved,
    shifted_bounds,
    undescribed,
)
from anodescope.events.recovery.rests import Rest, spectra_before, sweeps_of

TIME, SHARE, VANISHING = "recovery_time", "recovered_share", "vanishing_time"
INTERFACE, POLARISATION, PRIME = "R_int", "polarisation_resistance", "γ'_int"
_WHAT = {
    INTERFACE: "R_int (sum of the peaks γ_int and γ'_int)",
    POLARISATION: "the polarisation resistance",
}
_VANISHED = "first sweep at rest without the peak γ'_int that the last sweep under current had"


def recovered_impedance(record: Record, rest: Rest) -> list[Finding]:
    """Find how the impedance recovers in one rest.

    Parameters
    ----------
    record : what detectors read.
    rest : a rest after a current.

    Returns
    -------
    For R_int and the polarisation resistance ``recovery_time`` and ``half_time`` (s) and, for the
    first sweep and the last, ``recovered_share`` (1: as before the current, 0: as under it); for
    γ'_int ``vanishing_time`` (s). Nothing for a rest without sweeps.
    """
    rows, middle, end = sweeps_of(record, rest)
    if not rows.size:
        return []
    pristine, last, what = spectra_before(record, rest)
    every = np.concatenate([[pristine, last], rows]).astype(np.int64)
    interface = interface_resistance(record, every)
    found: list[Finding] = []
    if interface is None:
        found.append(_missing(TIME, INTERFACE, Outcome.needs_peaks, rest))
    else:
        tail = f" Ascribed to: {interface.attribution}.{rest.doubt}"
        found += _of_quantity(rest, INTERFACE, interface.values, middle, what, tail)
    if record.drt is None:
        found.append(_missing(TIME, POLARISATION, Outcome.needs_spectra, rest))
    else:
        values = record.drt["polarisation_resistance"].values[np.maximum(every, 0)]
        values = np.where(every >= 0, values, NAN)
        found += _of_quantity(rest, POLARISATION, values, middle, what, rest.doubt)
    if interface is not None:
        found.append(_vanishing(rest, interface, middle, end))
    return found


def _criterion(basis: str) -> str:
    return (
        f"time constant of {_WHAT[basis]} over the sweeps at rest, each at its middle; one "
        f"exponential, or a stretched one or two where their BIC is smaller by {BETTER:g}"
    )


def _missing(quantity: str, basis: str, reason: Outcome, rest: Rest) -> Finding:
    return absent(quantity, "s", reason, _criterion(basis), basis, block=rest.block)


def _of_quantity(
    rest: Rest, basis: str, values: Floats, middle: Floats, what: str, tail: str
) -> list[Finding]:
    """Time constants and shares; `values` begins with the pristine one and that under current."""
    series = values[2:]
    there = np.isfinite(series)
    result = relax(middle[there], series[there], smoothed=True)
    if there.sum() < FEWEST:
        text = f"{there.sum()} of {there.size} sweeps at rest have it; {FEWEST} are needed.{tail}"
        reason, criterion = Outcome.too_few_points, _criterion(basis)
        found = [absent(TIME, "s", reason, criterion, basis, block=rest.block, message=text)]
    else:
        found = _times(rest, basis, result, middle[there], series[there], tail)
    if not there.any():
        return found
    noise = result.noise
    if not np.isfinite(noise):
        noise = noise_of(middle[there], series[there]) if there.sum() > FEWEST else NAN
    first, last = np.flatnonzero(there)[[0, -1]]
    for k, name in ((first, "first"), (last, "last")):
        found.append(_share(rest, basis, values, int(k), noise, (name, what, tail), middle[k]))
    return found


def _times(
    rest: Rest, basis: str, result: Relaxation, middle: Floats, series: Floats, tail: str
) -> list[Finding]:
    criterion = _criterion(basis)
    half: list[Finding] = []
    if result.outcome in (Outcome.determined, Outcome.not_decidable):
        about = passed_criterion(HALF, _WHAT[basis])
        half = [
            passed(rest, float(middle[-1]), HALF, about, basis, result.half, result.half_bounds,
                   tail)
        ]  # fmt: skip
    if result.outcome is not Outcome.determined:
        text = result.outcome.sentence
        if result.outcome is Outcome.not_decidable:
            text = undescribed(result)
        if result.outcome is Outcome.not_found:
            text = (
                f"Nothing relaxes beyond the noise between {middle[0]:.4g} and {middle[-1]:.4g} s: "
                "what there is, is faster, slower or smaller."
            )
        reason = result.outcome
        one = absent(TIME, "s", reason, criterion, basis, block=rest.block, message=text + tail)
        return [one, *half]
    found = []
    lows, highs = result.low, result.high
    if rest.gap and result.model == "stretched":
        lows, highs = shifted_bounds(middle, series, rest.gap, result)
    for tau, low, high in zip(result.tau, lows, highs, strict=True):
        outcome, value, text = resolved(tau, low, high, "It relaxes")
        found.append(
            Finding(TIME, value, low, high, "s", outcome, criterion, basis, rest.off, rest.block,
                    text + besides(result) + tail)
        )  # fmt: skip
    return found + half


def _share(
    rest: Rest,
    basis: str,
    values: Floats,
    k: int,
    noise: float,
    texts: tuple[str, str, str],
    time: float,
) -> Finding:
    """Share of the change under current that is undone in the k-th sweep."""
    name, what, tail = texts
    criterion = (
        f"share of the change under current that is undone in the {name} sweep at rest: "
        f"(R_on − R)/(R_on − R_pristine) of {_WHAT[basis]}; R_on: last sweep under current; "
        f"pristine: {what or 'none'}"
    )
    pristine, on, now = values[0], values[1], values[2 + k]
    change = on - pristine
    if not np.isfinite(change):
        text = "There is no spectrum before the current, or none under it, to compare with."
        reason = Outcome.needs_spectra
        return absent(SHARE, "1", reason, criterion, basis, block=rest.block, message=text)
    sizes = f"{pristine:.4g} Ω before, {on:.4g} Ω under current, {now:.4g} Ω after {time:.4g} s"
    if not abs(change) > 3.0 * np.sqrt(2.0) * noise:
        text = f"The current changed it too little to speak of a share: {sizes}.{tail}"
        reason = Outcome.not_identifiable
        return absent(SHARE, "1", reason, criterion, basis, block=rest.block, message=text)
    share = (on - now) / change
    parts = np.array([now - pristine, change, on - now]) / change**2
    half = 1.96 * noise * float(np.sqrt((parts**2).sum()))
    text = f"{share:.0%} of the change are undone: {sizes}.{tail}"
    return Finding(
        SHARE, float(share), float(share - half), float(share + half), "1", Outcome.determined,
        criterion, basis, rest.off + float(time), rest.block, text,
    )  # fmt: skip


def _vanishing(rest: Rest, interface: Interface, middle: Floats, end: Floats) -> Finding:
    """When γ'_int is gone: between the last sweep that has it and the first that has it no more."""
    tail = f" Ascribed to: {interface.attribution}.{rest.doubt}"
    under, series = interface.prime[1], np.isfinite(interface.prime[2:])
    if not np.isfinite(under):
        text = f"The last sweep under current has no γ'_int.{tail}"
        return absent(
            VANISHING, "s", Outcome.not_found, _VANISHED, PRIME, block=rest.block, message=text
        )
    gone = np.flatnonzero(~series)
    outcome, value = Outcome.determined, NAN
    if not gone.size:
        outcome, low, high = Outcome.censored, float(end[-1]) - rest.gap, float("inf")
        text = f"γ'_int is still there after {low:.4g} s."
    elif gone[0] == 0:
        outcome, low, high = Outcome.not_resolved, 0.0, float(end[0])
        text = f"γ'_int is gone in the first sweep at rest, which ends after {high:.4g} s."
    else:
        low, high = float(middle[gone[0] - 1]) - rest.gap, float(end[gone[0]])
        value = 0.5 * (low + high)
        text = f"γ'_int is gone between {low:.4g} and {high:.4g} s."
    return Finding(
        VANISHING, value, low, high, "s", outcome, _VANISHED, PRIME, rest.off, rest.block,
        text + tail,
    )  # fmt: skip
