"""What stands on the page: tables made short, warnings grouped, facts counted, works to cite."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from anodescope.citations import WORKS, Citation
from anodescope.errors import Outcome
from anodescope.report.clock import span
from anodescope.report.style import shorten
from anodescope.report.symbols import SYMBOL, runs
from anodescope.report.tables import provenance, warnings_of
from anodescope.report.view import (
    CampaignLike,
    areas,
    electrodes,
    spoken,
    spoken_time,
    stored,
)

MOST_ROWS = 200  # rows of a table on the page; the CSV holds all
MOST_ALIKE = 20  # warnings of one kind that are spelled out
LONG = 160  # characters of a name without spaces
MOST = 900  # characters of a text
PRIVATE = ("citations", "committed")  # attributes of nodes that have a place of their own
COMPUTED = ("protocol", "validation", "drt", "peaks", "circuits", "findings", "events")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
BELOW = ("criterion", "basis")  # columns of sentences, which would crowd out the numbers
NAMES = (
    "file", "message", "parameters", "sha256", "meaning", "functions", "criterion", "basis",
    "how it came out",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """Head of a column."""

    text: str
    number: bool
    below: bool = False  # its cells stand below the others of their row, over the whole width


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, its class, the value by which a column sorts, and where it leads."""

    text: str
    kind: str = ""
    value: str | None = None
    link: str = ""

    @property
    def runs(self) -> list[tuple[str, bool]]:
        """The text in runs, and of each whether it is the index of a symbol."""
        return runs(self.text)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the page shows it."""

    caption: str
    heads: list[Head]
    rows: list[list[Cell]]
    note: str = ""
    title: str = ""

    @property
    def kind(self) -> str:
        """The table's class: how many columns stand beside each other, where some stand below."""
        beside = sum(not head.below for head in self.heads)
        return f"noted columns-{beside}" if beside < len(self.heads) else ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A number worth a place at the top of the page."""

    name: str
    value: str
    note: str = ""

    @property
    def runs(self) -> list[tuple[str, bool]]:
        """The note in runs, and of each whether it is the index of a symbol."""
        return runs(self.note)


@dataclass(slots=True)
class Group:
    """Warnings that differ in numbers only."""

    text: str
    count: int = 0
    all: list[str] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many are not spelled out."""
        return self.count - len(self.all)


def clip(text: object, most: int = MOST) -> str:
    """Return a text on one line, whole up to `most` characters, else cut after a word.

    What is left out is never taken from the middle of a sentence, where its units and symbols
    stand; only a long name without spaces, such as a path, loses its middle.
    """
    line = shorten(text, 10**9)
    if " " not in line:
        return shorten(line, LONG)
    return line if len(line) <= most else f"{line[:most].rpartition(' ')[0]} …"


def number_text(value: float) -> str:
    """Return a number with four digits, a true minus, and no exponent where it can be read."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        if 0 <= int(exponent) < 7:
            text = f"{value:.0f}"
        else:
            mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
            text = f"{mantissa}·10{str(int(exponent)).translate(RAISED)}"
    return text.replace("-", "−")


def cell(value: object, *, name: bool = False, seconds: bool = False) -> Cell:
    """Return a cell for any value; `seconds` rounds to milliseconds."""
    if isinstance(value, (bool, np.bool_)):
        return Cell("yes" if value else "no")
    if isinstance(value, (int, np.integer)):
        return Cell(str(value).replace("-", "−"), "number", str(value))
    if isinstance(value, (float, np.floating)):
        text = number_text(float(value))
        if seconds and np.isfinite(value):
            text = f"{round(float(value), 3) + 0.0:.10g}".replace("-", "−")
        return Cell(text, "number", f"{float(value):.10g}")
    text = clip("" if value is None else value)
    if not name and not SYMBOL.fullmatch(text) and re.fullmatch(r"[a-z]+(_[a-z]+)+", text):
        text = text.replace("_", " ")
    return Cell(text, "name" if name else "")


def table(frame: pd.DataFrame, caption: str, *, csv: str = "", title: str = "") -> Table | None:
    """Return a data frame as a table of the page, capped; None where it has no rows."""
    if not len(frame):
        return None
    heads = sorted((str(name) for name in frame.columns), key=lambda head: head in BELOW)
    frame = frame[heads]
    records = frame.head(MOST_ROWS).itertuples(index=False, name=None)
    rows = [
        [
            cell(v, name=head in NAMES, seconds=head.endswith("(s)") and "τ" not in head)
            for head, v in zip(heads, record, strict=True)
        ]
        for record in records
    ]
    numeric = [all(row[k].kind == "number" for row in rows) for k in range(len(heads))]
    note = ""
    if len(frame) > MOST_ROWS:
        note = f"The first {MOST_ROWS} of {len(frame)} rows"
        note += f"; all of them are in {csv}." if csv else "."
    elif csv:
        note = f"Also in {csv}."
    shown = [Head(text, k, text in BELOW) for text, k in zip(heads, numeric, strict=True)]
    return Table(caption, shown, rows, note, title)


def group_warnings(campaign: CampaignLike) -> list[Group]:
    """Return the campaign's warnings, those that differ in numbers only as one."""
    groups: dict[str, Group] = {}
    for text in warnings_of(campaign):
        group = groups.setdefault(re.sub(r"\d+([.,]\d+)?", "0", text), Group(clip(text)))
        group.count += 1
        if len(group.all) < MOST_ALIKE:
            group.all.append(clip(text))
    return sorted(groups.values(), key=lambda group: -group.count)


def _counts(campaign: CampaignLike, node: str, variable: str) -> dict[str, int]:
    values = stored(campaign, node, variable)
    if values is None:
        return {}
    names, counts = np.unique(values.astype(object), return_counts=True)
    return {str(n): int(c) for n, c in zip(names, counts, strict=True)}


def verdict_table(campaign: CampaignLike) -> Table | None:
    """Return how many spectra met each outcome, with the outcome's sentence."""
    rows = []
    for label, node, variable in (
        ("Kramers–Kronig test", "validation", "verdict"),
        ("stationary", "validation", "stationary"),
        ("linear", "validation", "linear"),
        ("DRT", "drt", "outcome"),
        ("circuit", "circuits", "outcome"),
    ):
        for name, count in sorted(_counts(campaign, node, variable).items(), key=lambda x: -x[1]):
            known = Outcome.__members__.get(name)
            meaning = known.sentence if known else ""
            rows.append({"step": label, "outcome": name, "spectra": count, "meaning": meaning})
    return table(pd.DataFrame(rows), "Outcome of the tests, of the inversion and of the fits.")


def facts(campaign: CampaignLike) -> list[Fact]:
    """Return the few numbers that say what this campaign is."""
    first, last = span(campaign)
    found = [Fact("Duration", spoken_time(last - first))]
    frequency, valid = (
        stored(campaign, "spectra", "frequency"),
        stored(campaign, "spectra", "valid"),
    )
    count = 0 if frequency is None else len(frequency)
    names = electrodes(campaign)
    found.append(Fact("Spectra", str(count), ", ".join(names) if len(names) > 1 else ""))
    if frequency is not None and valid is not None and (valid & (frequency > 0)).any():
        measured = frequency[valid & (frequency > 0)]
        low, high = spoken(float(measured.min()), "Hz"), spoken(float(measured.max()), "Hz")
        found.append(Fact("Frequencies", f"{high} – {low}"))
    verdicts = _counts(campaign, "validation", "verdict")
    if verdicts:
        parts = [f"{verdicts[k]} {k.replace('_', ' ')}" for k in sorted(verdicts)]
        most, *others = sorted(parts, key=lambda part: -int(part.split()[0]))
        number, word = most.split(" ", 1)
        found.append(Fact("Kramers–Kronig", number, ", ".join([word, *others])))
    outcomes = _counts(campaign, "drt", "outcome")
    if outcomes:
        good = outcomes.get("converged", 0) + outcomes.get("fallback", 0)
        found.append(Fact("DRT", str(good), f"of {sum(outcomes.values())} converged"))
    found.append(Fact("Warnings", str(len(warnings_of(campaign)))))
    return found


def specimen_rows(campaign: CampaignLike) -> list[tuple[str, str]]:
    """Return the specimen's table and the conventions that hold for this campaign."""
    attrs = campaign.attrs
    rows: list[tuple[str, str]] = []
    specimen = attrs.get("specimen")
    if isinstance(specimen, Mapping):
        rows += [
            (str(k).replace("_", " "), clip(_flat(v)))
            for k, v in specimen.items()
            if v not in (None, "", {}, []) and k != "working_electrode"
        ]
    origin = str(attrs.get("origin") or "unknown")
    basis = str(attrs.get("origin_basis") or "")
    rows.append(("time zero", clip(f"{origin} — {basis}" if basis else origin)))
    rows.append(("files' working electrode", str(attrs.get("working_electrode") or "unknown")))
    strips = attrs.get("current_sign") == "strips"
    effect = "strips Na from the electrode under study" if strips else "unknown: as in the file"
    rows.append(("positive current", effect))
    if not areas(campaign):
        rows.append(("area", "not given: resistances in Ω, currents in A"))
    offsets = attrs.get("clock_offsets")
    if offsets:
        rows.append(("clock offsets", clip(_flat(offsets))))
    return rows


def _flat(value: object) -> str:
    """Return a nested value as one line of text."""
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_flat(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_flat(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def sources_table(campaign: CampaignLike) -> Table | None:
    """Return checksum, reader, version and parameters of every file."""
    rows = [
        {
            "file": str(entry["source"]),
            "sha256": str(entry.get("sha256", "")),
            "reader": str(entry.get("reader", "")),
            "version": str(entry.get("version", "")),
            "parameters": _flat(entry.get("parameters") or {}),
        }
        for entry in provenance(campaign)
        if "source" in entry
    ]
    return table(pd.DataFrame(rows), "Files: checksum, reader and its parameters.")


def steps_table(campaign: CampaignLike) -> Table | None:
    """Return what was computed: the step, the functions, their version and parameters."""
    rows = [
        {
            "step": str(entry.get("step") or entry.get("node") or ""),
            "functions": _flat(entry.get("functions") or ""),
            "version": str(entry.get("version", "")),
            "parameters": _flat(entry.get("parameters") or {}),
        }
        for entry in provenance(campaign)
        if entry and "source" not in entry
    ]
    return table(pd.DataFrame(rows), "Computations, in their order.")


def node_parameters(campaign: CampaignLike) -> list[tuple[str, str]]:
    """Return what the computed nodes say of themselves: method and parameters."""
    rows = []
    for name in COMPUTED:
        if name not in campaign:
            continue
        attrs = campaign[name].attrs
        told = {k: v for k, v in attrs.items() if v not in ("", None) and k not in PRIVATE}
        if told:
            rows.append((name, clip(_flat(told))))
    return rows


def citation_texts(campaign: CampaignLike, given: Sequence[Citation | str] | None) -> list[str]:
    """Return the works to cite as text: those given, or those that the campaign names.

    A campaign names them in its attribute ``citations``, or in its provenance and nodes.
    Entries may be `Citation` objects, keys or DOIs of `citations.WORKS`, fields of one, or text.
    """
    entries: Any = given if given is not None else campaign.attrs.get("citations")
    if entries is None:
        named = [entry.get("citations") for entry in provenance(campaign)]
        named += [campaign[n].attrs.get("citations") for n in COMPUTED if n in campaign]
        entries = [work for works in named if isinstance(works, (list, tuple)) for work in works]
    return works([entries] if isinstance(entries, (str, Mapping)) else entries)


def works(entries: Iterable[Any]) -> list[str]:
    """Return works to cite as text, each once."""
    by_doi = {work.doi: work for work in WORKS.values()}
    texts = []
    for entry in entries:
        if isinstance(entry, Citation):
            texts.append(entry.text())
            continue
        told = entry.get("key", "") if isinstance(entry, Mapping) else entry
        known = WORKS.get(str(told)) or by_doi.get(str(told))
        texts.append(known.text() if known else _flat(entry))
    return list(dict.fromkeys(texts))


def summary_text(summary: Mapping[str, Any] | None) -> str:
    """Return the run's summary as indented JSON; "" for none."""
    if not summary:
        return ""
    text = json.dumps(summary, indent=2, ensure_ascii=False, default=str)
    return text if len(text) < 40_000 else text[:40_000] + "\n… cut here; all of it: summary.json"
