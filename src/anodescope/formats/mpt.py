"""BioLogic text exports (.mpt): a header of counted lines, one line of labels, rows of numbers.

Layout
------
Line 1 ``EC-Lab ASCII FILE`` (or ``BT-Lab ASCII FILE``); line 2 ``Nb header lines : N``; the
technique's long name on the first line after that which is not blank; ``key : value`` lines, then
a table of parameters in columns of 20 characters, one per sequence. Line N holds the labels,
separated by tabs, with a tab at the end; each further line is a row. A headerless export starts
with the labels.

Encoding, line ends and the decimal sign are decided from the file (see `textfile`); the order of
days and months once per file, by the evidence of all its dates (see `dates`). ``time/s`` counts
from ``Acquisition started on``; an export with absolute times holds dates there instead, which are
turned into such seconds. No other column with a meaning may hold words.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import ReadError
from anodescope.formats import biologic
from anodescope.formats.cells import MISSING
from anodescope.formats.dates import instant_of, order_of, parse_date
from anodescope.formats.recording import Column, Recording
from anodescope.formats.techniques import long_name, short_name
from anodescope.formats.textfile import (
    DecodedText,
    decimal_of,
    decode,
    number,
    order_notes,
    read_table,
    unique_labels,
)

NAME = "biologic-mpt"
_MAGIC = (b"EC-Lab ASCII FILE", b"BT-Lab ASCII FILE")
_MOST_HEADER_LINES = 100_000
_SAMPLE = 50


def recognises(path: Path, head: bytes) -> bool:
    """Say whether `head` starts an EC-Lab text export, with or without its header."""
    if head.lstrip(b"\xef\xbb\xbf").startswith(_MAGIC):
        return True
    if path.suffix.lower() != ".mpt" or b"\0" in head:
        return False
    first = head.split(b"\n", 1)[0].decode("latin-1")
    return sum(bool(biologic.column_for(label).name) for label in first.split("\t")) >= 2


def read(path: Path) -> Recording:
    """Read one .mpt file.

    Raises
    ------
    ReadError
        naming the line, what was expected and what was found.
    """
    text = decode(Path(path))
    warnings: list[str] = []
    if text.newline == "mixed":
        warnings.append("The line ends are mixed (CRLF and LF).")
    header, labels_line = _header(text)
    found = _settings(header)
    labels = text.lines(labels_line, 1)
    if not labels or "\t" not in labels[0]:
        raise ReadError(
            text.path,
            expected="labels separated by tabs",
            found=repr(labels[0][:60]) if labels else "the end of the file",
            offset=labels_line + 1,
            place="line",
        )
    names = unique_labels(labels[0].rstrip("\t").split("\t"))
    columns, values = _table(text, labels_line + 1, names, warnings)
    dated = [c.label for c in columns if c.name == "time" and values[c.label].dtype.kind == "U"]
    cells = [values[label].tolist() for label in dated]
    order = _order(found, itertools.chain(*cells), warnings)
    start, began = _starts(found, order, warnings)
    for label, dates in zip(dated, cells, strict=True):
        instants = _instants(text, labels_line + 1, label, dates, order)
        start = start or next((when for when in instants if when is not None), None)
        values[label] = _seconds(instants, start)
    time = values.get("time/s")
    warnings += order_notes(time) if time is not None and time.dtype.kind == "f" else []
    long = found.pop("technique", "")
    technique = short_name(long) or long
    return Recording(
        path=text.path,
        reader=NAME,
        technique=technique,
        columns=columns,
        data=values,
        start=start,
        technique_start=began,
        settings={**found, "encoding": text.encoding},
        warnings=tuple(warnings),
        verified=technique in biologic.TECHNIQUES.values(),
    )


def _header(text: DecodedText) -> tuple[list[str], int]:
    """Return the header's lines and the number of the line of labels, counted from 0."""
    if not text.data.startswith(_MAGIC):
        return [], 0
    second = text.lines(1, 1)
    count = re.search(r":\s*(\d+)", second[0]) if second else None
    lines = int(count[1]) if count and len(count[1]) < 9 else 0
    if not 3 <= lines <= _MOST_HEADER_LINES:
        raise ReadError(
            text.path,
            expected="'Nb header lines : N'",
            found=repr(second[0][:60]) if second else "the end of the file",
            offset=2,
            place="line",
        )
    header = text.lines(0, lines)
    if len(header) < lines:
        raise ReadError(
            text.path,
            expected=f"{lines} header lines",
            found=f"the end of the file after {len(header)}",
            offset=len(header),
            place="line",
            hint="The file was cut off; export it again.",
        )
    return header, lines - 1


def _settings(header: list[str]) -> dict[str, Any]:
    """Collect ``key : value`` lines and the parameter table; repeated keys become one text."""
    found: dict[str, Any] = {}
    parameters: dict[str, list[str]] = {}
    for line in header[2:-1]:
        key, colon, value = (part.strip() for part in line.partition(" : "))
        if not line.strip():
            continue
        if "technique" not in found:
            found["technique"] = line.strip()
        elif colon and not line.startswith("\t\t"):
            found[key] = f"{found[key]}\n{value}" if key in found else value
        elif len(line) > 20 and not line.startswith("\t"):
            cells = [line[at : at + 20].strip() for at in range(20, len(line.rstrip()), 20)]
            parameters[line[:20].strip()] = cells
    if parameters:
        found["parameters"] = parameters
    return found


def _order(found: Mapping[str, Any], cells: Iterable[str], warnings: list[str]) -> str:
    """Decide the order of day and month once, from the header's dates and those of the rows."""
    header = [str(value) for key, value in found.items() if key.endswith("started on")]
    order, note = order_of(itertools.chain(header, cells))
    warnings += [note] if note else []
    return order


def _starts(
    found: Mapping[str, Any], order: str, warnings: list[str]
) -> tuple[datetime | None, datetime | None]:
    result: list[datetime | None] = []
    for key in ("Acquisition started on", "Technique started on"):
        when = instant_of(str(found[key]), order) if key in found else None
        if key in found and when is None:
            warnings.append(f"{key}: {str(found[key])!r} holds no date that could be read.")
        result.append(when)
    if result[0] is None:
        warnings.append("No start of acquisition in the header: the absolute time is unknown.")
    return result[0], result[1]


def _table(
    text: DecodedText, first: int, names: list[str], warnings: list[str]
) -> tuple[tuple[Column, ...], dict[str, NDArray[Any]]]:
    sample = text.lines(first, _SAMPLE)
    decimal, note = decimal_of(sample, "\t")
    if note:
        warnings.append(note)
    columns = tuple(biologic.column_for(name) for name in names)
    words = _words(sample, columns, decimal)
    values = read_table(
        text, skip_lines=first, names=names, decimal=decimal, text=words, notes=warnings
    )
    return columns, values


def _words(sample: list[str], columns: tuple[Column, ...], decimal: str) -> list[str]:
    """Return the columns to read as text: a time that holds dates, and words without a meaning."""
    rows = [line.split("\t") for line in sample]
    words = []
    for place, column in enumerate(columns):
        cells = [row[place].strip() for row in rows if place < len(row)]
        there = [cell for cell in cells if cell not in MISSING]
        if column.name == "time":
            if there and parse_date(there[0])[0] is not None:
                words.append(column.label)
        elif not column.name and not all(_is_number(cell, decimal) for cell in there):
            words.append(column.label)
    return words


def _is_number(cell: str, decimal: str) -> bool:
    try:
        number(cell, decimal)
    except ValueError:
        return False
    return True


def _instants(
    text: DecodedText, first: int, label: str, cells: Sequence[str], order: str
) -> list[datetime | None]:
    """Read the dates of a time column; None where a cell says that there is no value."""
    instants = [instant_of(cell, order) for cell in cells]
    for row, (cell, when) in enumerate(zip(cells, instants, strict=True)):
        if when is None and cell.strip() not in MISSING:
            full = [k for k, line in enumerate(text.lines(first), first + 1) if line.strip(" ")]
            raise ReadError(
                text.path,
                expected=f"a date, {order} first, in the column {label!r}",
                found=repr(cell[:40]),
                offset=full[row],
                place="line",
            )
    return instants


def _seconds(instants: Sequence[datetime | None], start: datetime | None) -> NDArray[np.float64]:
    """Turn dates into seconds since the start of acquisition."""
    if start is None:
        return np.full(len(instants), np.nan)
    return np.array(
        [np.nan if when is None else (when - start).total_seconds() for when in instants], float
    )


def write(path: Path, recording: Recording) -> None:
    """Write a recording as an EC-Lab text export: Latin-1, CRLF, decimal dots.

    The columns' labels are written as they stand; float64 values get 16 digits and others 8, as
    EC-Lab prints them. The file is written beside and renamed.
    """
    path = Path(path)
    header = _write_header(recording)
    labels = [column.label for column in recording.columns]
    cells = [_printed(recording.data[label]) for label in labels]
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="latin-1", errors="replace", newline="") as file:
            file.write("\r\n".join([*header, "\t".join(labels) + "\t", ""]))
            for row in zip(*cells, strict=True):
                file.write("\t".join(row) + "\r\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_header(recording: Recording) -> list[str]:
    lines = [long_name(recording.technique) or recording.technique, ""]
    if recording.start is not None:
        lines.append(f"Acquisition started on : {_stamp(recording.start)}")
    if recording.technique_start is not None:
        lines.append(f"Technique started on : {_stamp(recording.technique_start)}")
    for key, value in recording.settings.items():
        if isinstance(value, (str, int, float)) and key != "encoding":
            lines += [f"{key} : {part}" for part in str(value).split("\n")]
    total = len(lines) + 5
    return ["EC-Lab ASCII FILE", f"Nb header lines : {total:<28d}", "", *lines, ""]


def _stamp(when: datetime) -> str:
    """Print an instant as EC-Lab does: to the millisecond, finer only where it must be."""
    fraction = f"{when.microsecond:06d}"
    return f"{when:%m/%d/%Y %H:%M:%S}.{fraction.removesuffix('000')}"


def _printed(values: NDArray[Any]) -> list[str]:
    """Print a column as EC-Lab does: integers plain, floats with a three-digit exponent."""
    if values.dtype.kind == "U":
        return [str(value) for value in values]
    if values.dtype.kind in "iub":
        return [str(int(value)) for value in values]
    digits = 15 if values.dtype.itemsize > 4 else 7
    return [_exponent(f"{value:.{digits}E}") for value in values.tolist()]


def _exponent(text: str) -> str:
    mantissa, letter, power = text.partition("E")
    return f"{mantissa}E{int(power):+04d}" if letter else "nan"
