r"""Gamry Framework data (.DTA): typed header lines, then tables of numbers, all tab-separated.

Layout
------
Line 1 is ``EXPLAIN``. A header line is ``TAG<tab>TYPE<tab>value …<tab>description``, such as
``DATE<tab>LABEL<tab>4/23/2018<tab>Date``; the line ``TAG<tab>EISPOT`` names the experiment.
``NOTES<tab>NOTES<tab>n`` is followed by n lines of free text, each after a tab. A table starts with
``NAME<tab>TABLE[<tab>rows]``; the count is often absent and not to be trusted. Then, each after a
tab: a line of labels, a line of units, the rows. It ends at the first line that does not start
with a tab. Header lines may follow a table.

Tables: ``OCVCURVE`` (open circuit before the experiment), ``ZCURVE`` (impedance), ``CURVE`` or
``CURVE1``, ``CURVE2``, … (time series; one per cycle). Tables of one kind are joined in file order
and `sweep_starts` says where each begins.

Conventions
-----------
``Zimag`` and ``Zphz`` are negative for a capacitor (Gamry's "EIS Data Curve" help page), so they
are used as they are; ``Zphz`` is in degrees. Times count from the start of their own table, while
DATE and TIME are those of the whole experiment. The sign of current follows ``CONVENTION``: in the
sample files its value is 1 and current is negative below the open-circuit voltage, that is, anodic
(oxidising the working electrode) current is positive. ``AREA`` is a setting, 1 cm² by default: it
is shown, never used. The decimal sign and the order of day and month follow the locale of the
machine that wrote the file; both are decided from the data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import ReadError
from anodescope.formats.dates import parse_date
from anodescope.formats.recording import Column, Recording
from anodescope.formats.textfile import (
    DecodedText,
    decimal_of,
    decode,
    is_number,
    is_word,
    order_notes,
    read_table,
    unique_labels,
)
from anodescope.formats.units import factor_to

NAME = "gamry-dta"

# The label is Gamry's; the factor follows from the line of units of each table.
COLUMNS: tuple[Column, ...] = (
    Column("Time", "time"),
    Column("T", "time"),
    Column("Freq", "frequency"),
    Column("Zreal", "impedance_real"),
    Column("Zimag", "impedance_imaginary"),
    Column("Zmod", "impedance_modulus"),
    Column("Zphz", "impedance_phase"),
    Column("Idc", "current"),
    Column("Vdc", "voltage"),
    Column("Vf", "voltage"),
    Column("Im", "current", verified=False),
    Column("Temp", "temperature"),
    Column("Cycle", "cycle", verified=False),
    *(Column(label) for label in ("Pt", "Vm", "Ach", "Over", "Zsig", "IERange")),
    *(Column(label, verified=False) for label in ("Vu", "Sig", "ImExp", "Q", "Pwr", "Z")),
)

# Tag of the experiment → technique, and whether a real file was at hand.
TECHNIQUES = {
    "EISPOT": ("PEIS", True),
    "GALVEIS": ("GEIS", True),
    "EISGALV": ("GEIS", False),
    "EISHYBRID": ("HEIS", False),
    "HYBRIDEIS": ("HEIS", False),
    "CORPOT": ("OCV", False),
    "CHRONOA": ("CA", False),
    "CHRONOP": ("CP", False),
    "CV": ("CV", False),
    "LSV": ("LSV", False),
    "PWRCHARGE": ("CP", False),
    "PWRDISCHARGE": ("CP", False),
}
_NO_THERMOMETER = -327.67
_TABLE = re.compile(rb"^([A-Za-z][\w.]*)\tTABLE\b[^\n]*\n?", re.MULTILINE)
_END = re.compile(rb"\n(?!\t)")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one table lies: its name, the number of its first row's line, the line after it."""

    kind: str
    claimed: int | None
    labels: tuple[str, ...]
    units: tuple[str, ...]
    first: int
    end: int


def recognises(path: Path, head: bytes) -> bool:
    """Say whether `head` starts a Gamry Framework file."""
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 3)
    return lines[0].strip() == b"EXPLAIN" and len(lines) > 1 and lines[1].startswith(b"TAG\t")


def read(path: Path) -> Recording:
    """Read the main table: the impedance if there is one, else the longest time series.

    Raises
    ------
    ReadError
        naming the line, what was expected and what was found.
    """
    recordings = read_all(path)
    order = {"ZCURVE": 0, "OCVCURVE": 2}
    return min(recordings, key=lambda r: (order.get(r.settings["table"], 1), -r.rows))


def read_all(path: Path) -> tuple[Recording, ...]:
    """Read every table that has rows, one Recording for each kind, in file order."""
    text = decode(Path(path))
    if not text.data.lstrip().startswith(b"EXPLAIN"):
        found = repr(text.lines(0, 1)[0][:40])
        raise ReadError(text.path, expected="EXPLAIN", found=found, offset=1, place="line")
    places = _places(text)
    settings, header_notes = _settings(text, places)
    filled = [place for place in places if place.end > place.first]
    if not filled:
        found = "a table without rows" if places else "no table"
        raise ReadError(
            text.path, expected="a table of data (NAME, tab, TABLE) with rows", found=found,
            hint="The experiment may have been stopped before its first point.",
        )  # fmt: skip
    kinds = dict.fromkeys(place.kind for place in filled)
    recordings = [
        _recording(text, [p for p in filled if p.kind == kind], settings, header_notes)
        for kind in kinds
    ]
    return tuple(_clocks(recordings))


def _places(text: DecodedText) -> list[_Place]:
    """Find the tables; a table's line of units may be missing."""
    places = []
    for match in _TABLE.finditer(text.data):
        line = text.data.count(b"\n", 0, match.start()) + 1
        end = _END.search(text.data, match.end() - 1)
        stop = end.start() + 1 if end else len(text.data)
        whole = end is not None or text.data.endswith(b"\n")
        last = line + text.data.count(b"\n", match.end(), stop) + (not whole)
        head = text.lines(line, 2) if last > line else []
        labels = tuple(head[0].split("\t")[1:]) if head else ()
        units = tuple(head[1].split("\t")[1:]) if len(head) > 1 and last > line + 1 else ()
        has_units = bool(units) and not is_number(units[0])
        kind = re.sub(r"\d+$", "", match[1].decode("ascii").upper())
        count = re.search(rb"TABLE\t\s*(\d{1,12})\b", match[0])
        first = line + 1 + has_units
        places.append(
            _Place(
                kind,
                int(count[1]) if count else None,
                tuple(label.strip() for label in labels),
                units if has_units else (),
                first,
                max(last, first),
            )
        )
    return places


def _settings(text: DecodedText, places: list[_Place]) -> tuple[dict[str, Any], list[str]]:
    """Collect the header's values as text, and DATE and TIME as one instant."""
    settings: dict[str, Any] = {}
    bounds = [(p.first - 2, p.end) for p in places]
    cursor = 0
    for begin, end in [*bounds, (None, None)]:
        lines = text.lines(cursor, None if begin is None else max(begin - cursor, 0))
        for line in lines:
            fields = [field.strip() for field in line.split("\t")]
            if not fields[0]:
                note = " ".join(field for field in fields if field)
                if note and "NOTES" in settings:
                    settings["NOTES"] = f"{settings['NOTES']}\n{note}".strip()
            elif fields[0] == "NOTES":
                settings["NOTES"] = ""
            elif fields[0] == "TAG" and len(fields) > 1:
                settings["TAG"] = fields[1]
            elif len(fields) > 2 and fields[1] != "TABLE":
                settings.setdefault(fields[0], fields[2])
        cursor = end or cursor
    notes: list[str] = []
    if settings.get("CONVENTION", "1") != "1":
        notes.append(
            f"CONVENTION is {settings['CONVENTION']}; the sample files have 1 (anodic current "
            "positive), so the sign of current is not known here."
        )
    return settings, notes


def _recording(
    text: DecodedText, places: list[_Place], settings: dict[str, Any], notes: list[str]
) -> Recording:
    """Read the tables of one kind and join those with the same columns."""
    warnings = list(notes)
    main = places[0]
    same = [p for p in places if (p.labels, p.units) == (main.labels, main.units)]
    if len(same) < len(places):
        warnings.append(
            f"{len(places) - len(same)} {main.kind} tables have other columns than the first "
            "and were left out."
        )
    parts = [_table(text, place, warnings) for place in same]
    data = {label: np.concatenate([part[label] for part in parts]) for label in parts[0]}
    columns = _columns(main, data, warnings)
    starts = np.cumsum([0] + [len(next(iter(part.values()))) for part in parts[:-1]])
    tag = str(settings.get("TAG", ""))
    technique, verified = TECHNIQUES.get(tag.upper(), (tag.upper(), False))
    if main.kind == "OCVCURVE":
        technique, verified = "OCV", True
    if not verified:
        warnings.append(f"unverified: no sample of a {tag or 'untagged'} file was at hand.")
    start, date_notes = _start(settings)
    recording = Recording(
        path=text.path,
        reader=NAME,
        technique=technique,
        columns=columns,
        data=data,
        start=start,
        technique_start=start,
        sweep_starts=starts.astype(np.int64) if len(parts) > 1 else None,
        settings={**settings, "table": main.kind, "encoding": text.encoding},
        warnings=tuple(warnings + date_notes),
        verified=verified,
    )
    time = recording.get("time")
    odd = order_notes(time) if time is not None and len(parts) == 1 else []
    return replace(recording, warnings=(*recording.warnings, *odd))


def _table(text: DecodedText, place: _Place, warnings: list[str]) -> dict[str, NDArray[Any]]:
    """Read one table's rows by label."""
    names = unique_labels(place.labels)
    while names and not place.labels[len(names) - 1]:
        names.pop()
    if not names:
        raise ReadError(
            text.path, expected="a line of labels, each after a tab", found="an empty line",
            offset=place.first - 1, place="line",
        )  # fmt: skip
    sample = text.lines(place.first, min(place.end - place.first, 50))
    decimal, note = decimal_of(sample, "\t")
    warnings += [note] if note else []
    known = {column.label for column in COLUMNS if column.name}
    first = [cell.strip() for cell in sample[0].split("\t")[1:]]
    words = [
        name
        for name, cell in zip(names, first, strict=False)
        if name not in known and is_word(cell)
    ]
    data = read_table(
        text,
        skip_lines=place.first,
        stop_line=place.end,
        names=["", *names],
        delimiter="\t",
        decimal=decimal,
        text=words,
        notes=warnings,
    )
    del data[""]
    rows = len(data[names[0]])
    if place.claimed is not None and place.claimed != rows:
        warnings.append(f"The {place.kind} table claims {place.claimed} rows and holds {rows}.")
    return data


def _columns(
    place: _Place, data: dict[str, NDArray[Any]], warnings: list[str]
) -> tuple[Column, ...]:
    """Give each column its meaning and, by its unit, its factor; report oddities."""
    table = {column.label: column for column in COLUMNS}
    columns = []
    for position, (label, values) in enumerate(data.items()):
        known = table.get(label, Column(label, verified=False))
        unit = place.units[position] if position < len(place.units) else ""
        factor = factor_to(known.name, unit) if known.name and unit.strip() else 1.0
        if label == "Zphz" and factor is None:
            factor = np.pi / 180  # the degree sign survives few conversions between encodings
        name = known.name if factor is not None and values.dtype.kind == "f" else ""
        if label == "Temp" and np.all(values == _NO_THERMOMETER):
            name = ""
        if known.name and factor is None:
            warnings.append(f"The column {label} has the unit {unit!r}, which is not used.")
        if label == "Over" and values.dtype.kind == "U":
            flagged = int(np.sum(np.char.strip(values, ".") != ""))
            if flagged:
                warnings.append(
                    f"{flagged} of {values.size} rows of {place.kind} carry a flag in Over."
                )
        columns.append(replace(known, name=name, factor=1.0 if factor is None else factor))
    unknown = [c.label for c in columns if c.label not in table]
    if unknown:
        warnings.append(f"Columns kept without a known meaning: {', '.join(unknown)}.")
    return tuple(columns)


def _start(settings: dict[str, Any]) -> tuple[datetime | None, list[str]]:
    if "DATE" not in settings:
        return None, ["The file does not say when it was measured."]
    others = [str(settings[key]) for key in ("DCCALDATE", "ACCALDATE") if key in settings]
    when, note = parse_date(f"{settings['DATE']} {settings.get('TIME', '')}", *others)
    return when, [note] if note else []


def _clocks(recordings: list[Recording]) -> list[Recording]:
    """Start the later tables after the open-circuit one, whose duration the file holds."""
    waits = [r for r in recordings if r.settings["table"] == "OCVCURVE"]
    time = waits[0].get("time") if waits else None
    duration = float(np.nanmax(time)) if time is not None and np.isfinite(time).any() else 0.0
    if not 0 < duration < 1e9:
        return recordings
    note = (
        f"Time counts from the start of this table; DATE and TIME were moved by the {duration:g} s "
        "of open circuit before it, so the start may be early by the seconds between them."
    )
    return [
        r
        if r in waits or r.start is None
        else replace(
            r,
            start=r.start + timedelta(seconds=duration),
            technique_start=r.start + timedelta(seconds=duration),
            warnings=(*r.warnings, note),
        )
        for r in recordings
    ]
