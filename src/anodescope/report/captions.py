"""Words under and behind the figures: captions for readers, alternative texts for listeners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anodescope.report.amounts import Finding
from anodescope.report.blocks import blocks
from anodescope.report.clock import span, stretches, sweep_times
from anodescope.report.criteria import HOLD, SWEEP, shares_of
from anodescope.report.curves import labels, tolerance_of
from anodescope.report.drtmap import common_edge, map_data, marked
from anodescope.report.onsets import numbered
from anodescope.report.panels import current_line, events, sign_note, voltage_lines
from anodescope.report.stairs import Staircase, staircases
from anodescope.report.style import THIN
from anodescope.report.threshold import onsets_of, panels_shown
from anodescope.report.tracks import tracks
from anodescope.report.view import (
    CampaignLike,
    areas,
    electrodes,
    per_area,
    required,
    spoken,
    spoken_time,
    stored,
    windows,
)
from anodescope.report.words import trimmed_words


def _window_words(campaign: CampaignLike) -> str:
    bounds = windows(campaign)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return ""
    return " to ".join(common_edge(bounds[:, k])[1] for k in (0, 1))


def _measured(campaign: CampaignLike) -> list[str]:
    parts = ["voltage"] if voltage_lines(campaign)[0] else []
    lines, scale = current_line(campaign)
    if lines:
        what = "current density" if "cm" in scale.unit else "current"
        parts.append(f"{what} ({sign_note(campaign)})")
    return parts


def _marks(campaign: CampaignLike) -> list[str]:
    maps = [map_data(campaign, name) for name in electrodes(campaign)]
    pairs = [marked(campaign, one) for one in maps]
    none, suspect = (sum(int(pair[k].sum()) for pair in pairs) for k in (0, 1))
    told = [f"×, no DRT ({none} sweeps)."] if none else []
    return told + ([f"○, fails the Kramers–Kronig test ({suspect} sweeps)."] if suspect else [])


def operando_caption(campaign: CampaignLike) -> str:
    """Say what the operando map shows and by which rules it is drawn."""
    sentences = []
    parts = _measured(campaign)
    count = len(sweep_times(campaign))
    mapped = stored(campaign, "drt", "gamma") is not None
    if parts:
        first = " and ".join(parts)
        sentences.append(f"{first[0].upper()}{first[1:]} over time.")
    if mapped and count:
        sentences.append(
            "Distribution of relaxation times γ(τ) of the sweeps, each drawn from its first to its "
            "last point; blank where nothing was measured. Hatched: outside the measured window "
            f"({_window_words(campaign)}), where γ is extrapolated. Sweeps thinner than 0.6 mm "
            "are widened and gaps thinner than 0.2 mm closed; values beyond the colour scale take "
            "the colour of its end."
        )
        sentences += _marks(campaign)
        if per_area(campaign):
            known = areas(campaign)
            told = ", ".join(f"{known[name]:g}{THIN}cm² ({name})" for name in electrodes(campaign))
            sentences.append(f"Resistances are multiplied by the given area: {told}.")
    if blocks(campaign):
        sentences.append(
            "Strip on top: recognised blocks of the protocol, with their number of levels and the "
            "share of samples that replaying the block explains."
        )
    if mapped and tracks(campaign):
        sentences.append("Dotted white: named peaks, inside the window.")
    if len(stretches(campaign)) > 1:
        sentences.append("The time axis changes its scale at the slanted strokes.")
    if events(campaign):
        sentences.append("Numbered lines: events, listed in the table of events.")
    flagged = stored(campaign, "timeseries", "overload")
    if flagged is not None and flagged.any():
        sentences.append(f"{int(flagged.sum())} samples flagged by the instrument are not drawn.")
    if campaign.attrs.get("simulated"):
        sentences.append("Simulated.")
    return " ".join(sentences)


def operando_alt(campaign: CampaignLike) -> str:
    """Describe the operando map to someone who cannot see it."""
    first, last = span(campaign)
    count = len(sweep_times(campaign))
    parts = " and ".join(["voltage"] * bool(voltage_lines(campaign)[0])) or "the measurement"
    text = f"Graph of {parts} over {spoken_time(last - first)}, with {count} impedance sweeps"
    names = electrodes(campaign)
    if len(names) > 1:
        text += f" of {', '.join(names)}"
    resistance = stored(campaign, "drt", "polarisation_resistance")
    if resistance is not None and np.isfinite(resistance).any():
        known = resistance[np.isfinite(resistance)]
        text += (
            ", above a colour map of the distribution of relaxation times; the polarisation "
            f"resistance lies between {spoken(float(known.min()), 'Ω')} and "
            f"{spoken(float(known.max()), 'Ω')}"
        )
    return text + "."


def sheet_caption(campaign: CampaignLike, sweeps: Sequence[int]) -> str:
    """Say what a sheet of spectra shows."""
    fitted = stored(campaign, "drt", "fit") is not None
    text = (
        "Sweeps named by their start and mean current. a, Nyquist plot with equal scales; filled "
        "points lie next to whole decades. b, modulus and phase. "
        + ("Points: measured; lines: fit of the DRT. " if fitted else "Points: measured. ")
        + "c, γ(τ); dotted and hatched outside the measured window. d, residuals relative to |Z| "
        f"of the Kramers–Kronig test and of the DRT, with lines at "
        f"±{100 * tolerance_of(campaign):g}{THIN}%."
    )
    shown = f" {len(sweeps)} of {len(required(campaign, 'spectra', 'time_start'))} sweeps."
    return text + (shown if len(sweeps) > 1 else "") + trimmed_words(campaign)


def sheet_alt(campaign: CampaignLike, sweeps: Sequence[int]) -> str:
    """Describe a sheet of spectra to someone who cannot see it."""
    return (
        "Nyquist plot, Bode plot, distribution of relaxation times and residuals of the sweeps at "
        + "; ".join(labels(campaign, sweeps))
        + "."
    )


def staircase_caption(campaign: CampaignLike, stair: Staircase) -> str:
    """Say what the figure of one staircase shows."""
    onsets = onsets_of(campaign, stair)
    shares = shares_of(onsets)
    panels = panels_shown(campaign, stair)
    names = dict(zip(panels, ("a, ", "b, ") if len(panels) > 1 else ("",), strict=False))
    told = [f"{stair.title}."]
    if "voltage" in panels:
        told.append(
            f"{names['voltage']}voltage against current: filled, mean of the last "
            f"{100 * shares[HOLD]:.0f}{THIN}% of the hold; open, of the last "
            f"{100 * shares[SWEEP]:.0f}{THIN}% of the sweep.{_ohmic_words(campaign, onsets)}"
        )
    if "resistance" in panels:
        told.append(
            f"{names['resistance']}resistance of the interface's peaks, hollow where the measured "
            "window cuts through them."
        )
    if "−" in stair.current:
        told.append("The current flows in the negative direction: −i and −V are drawn.")
    if numbered(onsets):
        told.append(
            "Below: first current at which the slope (of R_int: the resistance) exceeds k times "
            "its initial value, with 95 % intervals; one lane per signal, in its colours. Arrows: "
            "not reached up to there."
        )
    elif not onsets:
        told.append("No onset was sought.")
    texts = [f"{one[0].upper()}{one[1:]}" if not one.startswith(("a, ", "b, ")) else one
             for one in told]  # fmt: skip
    area = " Values per area of the electrode." if per_area(campaign) else ""
    return " ".join(texts) + area


def _ohmic_words(campaign: CampaignLike, onsets: Sequence[Finding]) -> str:
    """Say which ohmic resistance was subtracted, where one was."""
    given = next((one.subtracted for one in onsets if one.subtracted is not None), None)
    if given is not None:
        return f" Dark: without the ohmic drop (R_Ω = {spoken(given, 'Ω', 4)})."
    if stored(campaign, "drt", "series_resistance") is None:
        return ""
    return " Dark: without the ohmic drop (R_Ω: series resistance of each sweep's DRT)."


def staircases_caption(campaign: CampaignLike) -> str:
    """Say what the figures of all staircases show."""
    return " ".join(staircase_caption(campaign, one) for one in staircases(campaign).values())
