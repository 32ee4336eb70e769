"""Captions and alternative texts of the figures that draw series, peaks and findings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anodescope.report.amounts import Finding, findings
from anodescope.report.blocks import blocks
from anodescope.report.charge import CAPACITY, CURRENT, capacity_block, ccd_block
from anodescope.report.curves import FEW_BANDS
from anodescope.report.original import FAST, MOST
from anodescope.report.overlay import MOST_RIDGES
from anodescope.report.recovery import QUANTITY as RECOVERY
from anodescope.report.recovery import shown_rests, times_of
from anodescope.report.series import MOST_REST, MOST_SCAN, Series, both_series
from anodescope.report.threshold import QUANTITY as ONSET
from anodescope.report.tracks import tracks
from anodescope.report.view import (
    CampaignLike,
    per_area,
    required,
    spoken,
    spoken_time,
    stored,
)


def trimmed_words(campaign: CampaignLike) -> str:
    """Say what hollow squares mean, and how many points were trimmed for which reason."""
    told = []
    for name, reason in (
        ("inductive", "an inductive fast end that a series inductance does not describe"),
        ("drifting", "a slow end measured while the cell changed"),
    ):
        flags = stored(campaign, "validation", name)
        count = 0 if flags is None else int(flags.astype(bool).sum())
        if count:
            told.append(f"{count} for {reason}")
    if not told:
        return ""
    return f" Hollow: trimmed by the validation ({'; '.join(told)}; all spectra counted)."


def _series_words(series: Sequence[Series]) -> str:
    parts = []
    for one in series:
        count = f"{len(one.rows)} sweep{'' if len(one.rows) == 1 else 's'}"
        if one.by == "rest":
            parts.append(f"{count} at rest, coloured by the time since the current stopped")
        elif one.by == "current":
            parts.append(f"{count} of the scan, coloured by current")
        else:
            parts.append(f"{count}, coloured by time")
    return "; ".join(parts)


def _area_words(campaign: CampaignLike) -> str:
    return " Values per area of the electrode." if per_area(campaign) else ""


def original_caption(campaign: CampaignLike) -> str:
    """Say what the figure of the original spectra shows."""
    return (
        f"Impedance as measured: {_series_words(both_series(campaign, None, None, MOST))}. Both "
        "axes have one scale. Named: the frequencies at the apex of the arcs of the first and the "
        f"last sweep. An inset shows what lies above {spoken(FAST, 'Hz')} where it is small. "
        "Sweeps are evenly spaced by number, at rest by the logarithm of time."
        + trimmed_words(campaign)
        + _area_words(campaign)
    )


def overlay_caption(campaign: CampaignLike) -> str:
    """Say what the overlay of γ(τ) shows."""
    series = both_series(campaign, None, None, (MOST_SCAN, MOST_REST))
    dashed = " Dashed: the last sweep under current." if len(series) > 1 else ""
    bands = " Bands: 95 % interval of γ." if _banded(campaign, series) else ""
    return (
        f"Distribution of relaxation times, overlaid: {_series_words(series)}.{dashed}{bands} "
        "Dotted and hatched: outside the measured window, where γ is extrapolated. A sweep stands "
        "for the instant at which it began." + _area_words(campaign)
    )


def _banded(campaign: CampaignLike, series: Sequence[Series]) -> bool:
    low = stored(campaign, "drt", "gamma_low")
    return low is not None and any(len(one.rows) <= FEW_BANDS for one in series)


def waterfall_caption(campaign: CampaignLike) -> str:
    """Say how the waterfall is projected."""
    series = both_series(campaign, None, None, (MOST_RIDGES, MOST_RIDGES // 2))
    return (
        f"The same as a waterfall: {_series_words(series)}. Each sweep is shifted to the upper "
        "right of the one before it by the same distance (a parallel projection), so that every "
        "curve keeps its scale; the axis of γ is that of the first sweep, and what is smaller than "
        "its lowest value lies on the floor. Dashed along the floor: edges of the measured window; "
        "curves beyond it are pale."
    )


def tracks_caption(campaign: CampaignLike) -> str:
    """Say what the figure of the tracked peaks shows."""
    found = tracks(campaign)
    bands = " Bands: 95 % interval." if any(track.bounds for track in found) else ""
    hollow = any(not track.firm[track.present].all() for track in found)
    note = (
        " Hollow: the peak lies outside the measured window or its edge cuts through it, so that "
        "its values are indicative only." if hollow else ""
    )  # fmt: skip
    return (
        "Tracked peaks of the distribution of relaxation times: a, resistance (area of the peak); "
        "b, relaxation time, with what lies outside the measured window hatched; c, capacitance "
        f"τ/R. Triangle: birth; cross: death; dotted: split or merger.{note}{bands}"
        + _area_words(campaign)
    )


def _determined(campaign: CampaignLike, quantity: str) -> list[Finding]:
    return [one for one in findings(campaign, quantity) if np.isfinite(one.value)]


def recovery_caption(campaign: CampaignLike) -> str:
    """Say what the figure of the recovery shows."""
    shown = shown_rests(campaign)
    when = f", which was at {spoken_time(shown[-1].start)}" if len(shown) == 1 else (
        f" at {len(shown)} instants"
    )  # fmt: skip
    times = (
        " Below, dot and bar: the times found, with 95 % intervals; τ also dashed above. Arrow: "
        "longer than the record. A pale bar: the range in which a time lies that the sampling does "
        "not resolve."
        if times_of(campaign, shown) else " No time constant was sought."
    )  # fmt: skip
    rows = required(campaign, "spectra", "time_start") if "spectra" in campaign else np.zeros(0)
    sweeps = (
        ", and resistances of the sweeps at their start; hollow: the measured window cuts through "
        "the peak" if shown and (rows >= shown[-1].start).sum() > 1 else ""
    )  # fmt: skip
    return (
        f"Return after the current stopped{when}, on a logarithmic time axis: voltage"
        f"{sweeps}.{times}" + _area_words(campaign)
    )


def capacity_caption(campaign: CampaignLike) -> str:
    """Say what the figure of the capacity shows."""
    block = capacity_block(campaign)
    found = findings(campaign, CAPACITY, block=block.number if block else None)
    arrows = (
        " Arrow: the limit was not reached within the record."
        if any(one.censored for one in found)
        else ""
    )
    ohmic = (
        " Dashed: without the ohmic drop." if any(one.subtracted is not None for one in found)
        else ""
    )  # fmt: skip
    sure = any(np.isfinite(one.value) and not one.censored for one in found)
    line = " Vertical: critical stripping capacity, with its bounds." if sure else ""
    name = f" ({block.name}, {block.count} in number)" if block and block.kind == "pulsed" else ""
    return (
        f"|V| against the charge that the protocol passed while the current was on{name}; grey: at "
        f"rest.{ohmic}{line}{arrows}" + _area_words(campaign)
    )


def ccd_caption(campaign: CampaignLike) -> str:
    """Say what the figure of the CCD test shows."""
    block = ccd_block(campaign)
    found = findings(campaign, CURRENT, block=block.number if block else None)
    known = next((one for one in found if one.drawable), None)
    interval = ""
    if known is not None and known.censored:
        interval = " Arrow: no half-cycle shorted up to there."
    elif known is not None:
        interval = f" Band: (last survived, first shorted]; {known.criterion}."
    return (
        "CCD test: voltage of the half-cycles from their start, a in one direction, b in the "
        "other; cross: short circuit. c, |V| at the start (open) and the end (filled) of every "
        f"half-cycle; cross: the last value before a short circuit.{interval}"
        + _area_words(campaign)
    )


def spoken_findings(campaign: CampaignLike, quantity: str) -> str:
    """Return the determined findings of a quantity as a clause for alternative texts."""
    found = _determined(campaign, quantity)[:3]
    told = "; ".join(
        f"{spoken(one.value, one.units)} by {one.basis.replace('_', ' ')}" for one in found
    )
    return f"; {quantity.replace('_', ' ')}: {told}" if told else ""


def alt(campaign: CampaignLike, name: str) -> str:
    """Describe one of the figures to someone who cannot see it."""
    kinds = ", ".join(block.name for block in blocks(campaign)) or "no recognised protocol"
    named = ", ".join(dict.fromkeys(track.name for track in tracks(campaign) if track.name))
    texts = {
        "original_spectra": "Nyquist plots of the series of sweeps",
        "gamma_overlay": "Overlaid distributions of relaxation times of the series of sweeps",
        "gamma_waterfall": "Waterfall of the distributions of relaxation times",
        "lambda_choice": "How λ was chosen: score, L-curve, and the distribution that came of it",
        "peak_tracks": "Resistance, relaxation time and capacitance of the tracked peaks over time"
        + (f" ({named})" if named else ""),
        "threshold": "Voltage and resistance against current on a staircase"
        + spoken_findings(campaign, ONSET),
        "recovery": "Voltage and resistances after the current stopped"
        + spoken_findings(campaign, RECOVERY),
        "capacity": "Voltage against the charge passed" + spoken_findings(campaign, CAPACITY),
        "ccd": "Voltage of the half-cycles of a CCD test" + spoken_findings(campaign, CURRENT),
    }
    return f"{texts[name]}; protocol: {kinds}."
