"""The page's sections on protocol, peaks, circuits and findings, and what stands for a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from anodescope.errors import Outcome
from anodescope.report import content, words
from anodescope.report.amounts import Finding, findings
from anodescope.report.captions import staircase_caption
from anodescope.report.figures import EXTRAS
from anodescope.report.pictures import Picture, picture
from anodescope.report.results import (
    circuits_table,
    peaks_table,
    protocol_table,
    sentence,
)
from anodescope.report.stairs import STEM, staircases
from anodescope.report.style import THIN
from anodescope.report.view import CampaignLike, Scale, prefixed, stored, time_scale

QUANTITIES = {
    "threshold": ("onset_current",),
    "ccd": ("critical_current",),
    "recovery": ("recovery_time",),
    "capacity": ("critical_capacity",),
}
PER_AREA = {"mA/cm²": f"mA{THIN}cm⁻²", "mAh/cm²": f"mAh{THIN}cm⁻²", "Ω·cm²": f"Ω{THIN}cm²"}
MOST_FACTS = 4


def scale_of(size: float, units: str) -> Scale:
    """Return in what unit a value of this size is written: prefixes for SI units, s to d."""
    if units in PER_AREA or units in ("1", ""):
        return Scale(1.0, PER_AREA.get(units, ""))
    if units == "s":
        return time_scale(1.5 * size) if np.isfinite(size) else Scale(1.0, "s")
    return prefixed(size, units)


def interval(value: float, low: float, high: float, units: str) -> str:
    """Return “0.61 [0.58, 0.64] mA cm⁻²”, “> 1 mA cm⁻²”, or a range; “–” for nothing."""
    sizes = [abs(v) for v in (value, high, low) if np.isfinite(v) and v != 0]
    scale = scale_of(sizes[0] if sizes else np.nan, units)

    def text(number: float) -> str:
        if np.isposinf(number):
            return "∞"
        if not np.isfinite(number):
            return "–"
        return content.number_text(float(f"{number * scale.factor:.3g}"))

    unit = f"{THIN}{scale.unit}" if scale.unit else ""
    if np.isfinite(value):
        bounds = f" [{text(low)}, {text(high)}]" if np.isfinite(low) or np.isfinite(high) else ""
        told = f"{text(value)}{bounds}{unit}"
    elif np.isfinite(low) and np.isposinf(high):
        told = f"> {text(low)}{unit}"
    elif np.isfinite(low) and np.isfinite(high):
        told = f"{text(low)} … {text(high)}{unit}"
    else:
        return "–"
    # A result is one word: it never breaks at the end of a line.
    return told.replace(" ", "\u00a0").replace(THIN, "\u202f")


def result(one: Finding, campaign: CampaignLike) -> tuple[str, str]:
    """Return a finding's value with its interval: per area ("" where there is none), and whole."""
    whole = interval(one.value, one.low, one.high, one.units)
    units = stored(campaign, "findings", "units_per_area")
    if units is None or not str(units[one.row]):
        return "", whole
    columns = [
        stored(campaign, "findings", f"{name}_per_area") for name in ("value", "low", "high")
    ]
    value, low, high = (np.nan if c is None else float(c[one.row]) for c in columns)
    # What is open to one side stays open per area.
    high = np.inf if np.isposinf(one.high) else high
    return interval(value, low, high, str(units[one.row])), whole


def findings_frame(campaign: CampaignLike, *, main: bool = False) -> pd.DataFrame:
    """Return the findings as the page shows them; `main` keeps the first of each kind and block."""
    rows, seen = [], set()
    for one in findings(campaign):
        kind = (one.quantity, one.basis, one.block, np.isfinite(one.time) and one.units == "s")
        if main and kind in seen:
            continue
        seen.add(kind)
        area, whole = result(one, campaign)
        sure = one.outcome == Outcome.determined.name
        rows.append(
            {
                "quantity": one.quantity.replace("_", " "),
                "from": one.basis.replace("_", " "),
                "per area": area,
                "value [low, high]": whole,
                "how it came out": "determined" if sure else one.sentence,
                "criterion": one.criterion,
                "block": str(one.block) if one.block >= 0 else "",
            }
        )
    frame = pd.DataFrame(rows)
    if len(frame) and not frame["per area"].astype(bool).any():
        frame = frame.drop(columns="per area")
    return frame


def peaks_frame(campaign: CampaignLike) -> pd.DataFrame:
    """Return the tracks as the page shows them: median and range of R, τ and C in one cell."""
    frame = peaks_table(campaign)
    if not len(frame):
        return frame
    for symbol, unit in (("R", "Ω"), ("τ", "s"), ("C", "F")):
        names = [f"{part} {symbol} ({unit})" for part in ("median", "lowest", "highest")]
        columns = (frame[name].to_numpy(float) for name in names)
        cells = [_range(m, low, high, unit) for m, low, high in zip(*columns, strict=True)]
        frame.insert(list(frame.columns).index(names[0]), symbol, cells)
        frame = frame.drop(columns=names)
    sweeps = [f"{a}\u202f…\u202f{b}" for a, b in zip(frame["first"], frame["last"], strict=True)]
    frame.insert(list(frame.columns).index("first"), "sweeps", sweeps)
    empty = [n for n in ("split from", "merged into", "basis") if not frame[n].astype(bool).any()]
    return frame.drop(columns=["first", "last", *empty])


def _range(median: float, low: float, high: float, unit: str) -> str:
    """Return “299 (140 … 1190) Ω” with one SI prefix."""
    scale = prefixed(median, unit)
    texts = [content.number_text(float(f"{v * scale.factor:.3g}")) for v in (median, low, high)]
    told = f"{texts[0]} ({texts[1]}–\u2060{texts[2]}) {scale.unit}"
    return told.replace(" ", "\u00a0")


def headlines(campaign: CampaignLike) -> list[content.Fact]:
    """Return one finding of each quantity for the page's top: a determined one before a bound."""
    found: dict[str, content.Fact] = {}
    sure = Outcome.determined.name
    for one in sorted(findings(campaign), key=lambda one: one.outcome != sure):
        known = one.censored or (one.outcome == sure and np.isfinite(one.value))
        if one.quantity in found or not known or one.units in ("1", ""):
            continue
        area, whole = result(one, campaign)
        text, bounds, unit = _split(area or whole)
        if one.censored and not text.startswith(">"):
            text = f"> {text}"
        note = bounds
        basis = one.basis.replace("_", " ")
        told = "; ".join(part for part in (note, basis) if part)
        found[one.quantity] = content.Fact(
            one.quantity.replace("_", " ").capitalize(), f"{text}{unit}", told
        )
    return list(found.values())[:MOST_FACTS]


def _split(told: str) -> tuple[str, str, str]:
    """Return value, interval and unit of a result such as “0.61 [0.58, 0.64] mA cm⁻²”."""
    if "[" not in told:
        return told, "", ""
    value, _, rest = told.partition("\u00a0[")
    bounds, _, unit = rest.partition("]")
    return value, f"[{bounds}]", unit


def outcomes(campaign: CampaignLike, name: str) -> str:
    """Return why a figure of findings is absent: the sentences of its findings' outcomes."""
    quantities = QUANTITIES[name]
    found = findings(campaign, *quantities)
    reasons = list(dict.fromkeys(one.sentence for one in found if not one.drawable))
    if reasons:
        return " ".join(reasons)
    if stored(campaign, "protocol", "kind") is None:
        return Outcome.needs_protocol.sentence
    return "" if found else Outcome.needs_protocol.sentence


def _absent(campaign: CampaignLike, section: str) -> str:
    """Return the sentence that stands where a section has nothing to show."""
    no_spectra = stored(campaign, "spectra", "impedance") is None
    if section == "protocol":
        return Outcome.needs_protocol.sentence
    if no_spectra:
        return Outcome.needs_spectra.sentence
    if section == "drt":
        told = stored(campaign, "drt", "outcome")
        reasons = {str(name) for name in told} if told is not None else set()
        known = [sentence(name) for name in sorted(reasons) if name in Outcome.__members__]
        return " ".join(known) if known else "No distribution of relaxation times was computed."
    if section == "peaks":
        there = stored(campaign, "peaks", "name") is not None
        return "" if there else Outcome.needs_peaks.sentence
    return "There are too few sweeps for a series."


@dataclass(frozen=True, slots=True)
class Part:
    """One subsection: its title, and its picture (or the sentence in its place)."""

    title: str
    picture: Picture


def parts(campaign: CampaignLike, figures: Mapping[str, Figure]) -> dict[str, list[Part]]:
    """Return the subsections of every section, in order."""
    found: dict[str, list[Part]] = {section: [] for section in ("spectra", "drt", "peaks",
                                                                "findings")}  # fmt: skip
    for extra in EXTRAS:
        every = _staircases(campaign, figures) if extra.name == STEM else []
        if not every and extra.name in figures:
            words_of = extra.caption(campaign), words.alt(campaign, extra.name)
            every = [Part(extra.title, picture(figures[extra.name], *words_of))]
        if not every and extra.name in QUANTITIES and findings(campaign, *QUANTITIES[extra.name]):
            every = [Part(extra.title, Picture(outcomes(campaign, extra.name)))]
        found[extra.section] += [one for one in every if one.picture.uri or one.picture.caption]
    return found


def _staircases(campaign: CampaignLike, figures: Mapping[str, Figure]) -> list[Part]:
    """Return a part for every staircase that has a figure, each with its own title and words."""
    found = []
    for name, stair in staircases(campaign).items():
        if name in figures:
            alt = f"{stair.title}: {words.alt(campaign, STEM)}"
            shown = picture(figures[name], staircase_caption(campaign, stair), alt)
            found.append(Part(stair.title, shown))
    return found


def section_words(campaign: CampaignLike) -> dict[str, Any]:
    """Return tables and sentences of the sections by their place in the template."""
    told, first = findings_frame(campaign), findings_frame(campaign, main=True)
    return {
        "blocks": content.table(
            protocol_table(campaign), "Recognised blocks. Confidence: share of the samples that "
            "replaying the block explains.", csv="tables/protocol.csv"),
        "peaks": content.table(peaks_frame(campaign), "Tracked peaks, over all spectra.",
                               csv="tables/peaks.csv"),
        "findings": content.table(
            first,
            "Main findings: value with its 95 % interval (of a critical current: the interval "
            "between the last current survived and the first shorted).",
        ),
        "every_finding": content.table(
            told,
            "All findings; their full texts are in the CSV.",
            csv="tables/findings.csv",
            title=f"All {len(told)} findings",
        )
        if len(told) > len(first)
        else None,
        "circuits": content.table(circuits_table(campaign), "Parameters of the equivalent circuit, "
                                  "over all spectra.", csv="tables/circuits.csv"),
        "circuit": str(campaign["circuits"].attrs.get("circuit", ""))
        if "circuits" in campaign else "",
        "absent": {name: _absent(campaign, name) for name in ("protocol", "drt", "peaks",
                                                              "spectra")},
        "no_findings": Outcome.needs_protocol.sentence
        if stored(campaign, "protocol", "kind") is None else "Nothing was sought in this record.",
        "sign": "" if campaign.attrs.get("current_sign") == "strips" else
        "The sign of the current is that of the file: nothing says which electrode it strips.",
    }  # fmt: skip
