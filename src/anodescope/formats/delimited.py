"""Tables of numbers in delimited text (.csv, .tsv, .txt, .dat): known labels or a column map.

Layout
------
Any lines, then a line of labels, then (perhaps) a line of units, then rows of numbers to the end
of the file. The table starts at the first of the leading 1000 lines from which rows of numbers of
one width follow. The delimiter is a tab, a semicolon, a comma or white space, whichever splits
those rows into numbers; encoding and decimal sign come from the data.

Labels are understood as `labels` says (``time/s``, ``Current (mA)``, ``-Im(Z)/Ohm`` …). The sign of
the imaginary part is the label's: ``-Im(Z)`` and ``-Z''`` hold the negative, ``Im(Z)`` and ``Z''``
the part itself. Three columns without labels are taken as frequency (Hz), Z' and Z'' (Ω), with a
warning. Everything else needs a column map.

Column map
----------
``columns={"frequency": "f [Hz]", "impedance_real": 2, "impedance_imaginary": "-Z''"}`` maps a
meaning (a key of `MEANINGS`) to a label of the file or a column's number, counted from 1. A minus
in front (``"-Z im"``, ``-3``) says that the column holds the negative. A pair adds a unit or a
factor, ``("I", "mA")`` or ``("I", -1e-3)``, which then counts alone, whatever the label says.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import ReadError, SettingsError
from anodescope.formats.eclab_text import linked_name
from anodescope.formats.labels import column_of, odd_unit
from anodescope.formats.recording import MEANINGS, Column, Recording
from anodescope.formats.techniques import technique
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
from anodescope.formats.units import factor_to, is_unit

NAME = "delimited"
SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".asc")
_MOST_HEADER_LINES = 1000
_SAMPLE = 50
_SPECTRUM = ("frequency", "impedance_real", "impedance_imaginary")

# What a map may give for a meaning: a label or number, alone or with a unit or a factor.
Entry = str | int | tuple[str | int, str | float]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the numbers start, how they are separated, and the labels above them."""

    first: int
    delimiter: str | None
    width: int
    labels: tuple[str, ...]
    note: str = ""


def recognises(path: Path, head: bytes) -> bool:
    """Say whether a file may be a table: by its suffix, and text in the first bytes."""
    return path.suffix.lower() in SUFFIXES and b"\0" not in head and bool(head.strip())


def read(path: Path, columns: Mapping[str, Entry] | None = None) -> Recording:
    """Read a table of numbers.

    Parameters
    ----------
    path : the file.
    columns : column map, see the module's text; None to rely on the file's labels.

    Raises
    ------
    ReadError
        when there is no table, or no column whose meaning is known (with the labels found and how
        to write a map), or a cell is no number.
    SettingsError
        when the column map names a meaning that does not exist, or is not well formed.
    """
    text = _without_quotes(decode(Path(path)))
    layout = _layout(text)
    warnings = [layout.note] if layout.note else []
    sample = text.lines(layout.first, _SAMPLE)
    decimal, note = decimal_of(sample, layout.delimiter)
    warnings += [note] if note else []
    names = unique_labels(layout.labels or [f"column {k + 1}" for k in range(layout.width)])
    words = _words(names, sample, layout.delimiter)
    data = read_table(
        text,
        skip_lines=layout.first,
        names=names,
        delimiter=layout.delimiter,
        decimal=decimal,
        text=words,
        notes=warnings,
    )
    if columns is not None:
        found = _mapped(text.path, names, columns)
    else:
        found = tuple(column_of(name) for name in names)
        if not layout.labels:
            found = _assumed(text.path, names, data, warnings)
    found = _without_words(text, layout, found, words, columns is not None, warnings)
    _require_meaning(text.path, layout, found)
    warnings += [
        f"The column {c.label!r} has a unit that is not one of its quantity (per area, per mass?); "
        "it was kept unused."
        for c in found
        if not c.name and odd_unit(c.label)
    ]
    warnings += _doubts(found, data)
    linked = linked_name(text.path.stem)
    named = technique(linked.technique) if linked else None
    return Recording(
        path=text.path,
        reader=NAME,
        technique=named.short if named else "",
        columns=found,
        data=data,
        settings={
            "encoding": text.encoding,
            "decimal": decimal,
            **({"technique_basis": "file name"} if named else {}),
        },
        warnings=tuple(warnings),
    )


def _without_quotes(text: DecodedText) -> DecodedText:
    """Turn quoted cells into plain ones separated by tabs; files without quotes pass unchanged."""
    if b'"' not in text.data:
        return text
    lines = text.data.decode(text.encoding, "replace")
    delimiter = next((d for d in ("\t", ";", ",") if d in lines), None)
    quoted = lines.count(f'{delimiter}"') + lines.count(f'"{delimiter}') if delimiter else 0
    if delimiter is None or not quoted:
        return text
    try:
        rows = list(csv.reader(io.StringIO(lines), delimiter=delimiter))
    except csv.Error as error:
        raise ReadError(text.path, expected="quoted cells", found=str(error)) from error
    clean = "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows) + "\n"
    return replace(text, data=clean.encode(text.encoding, "replace"))


def _layout(text: DecodedText) -> _Layout:
    """Find the first line from which rows of numbers of one width follow."""
    lines = text.lines(0, _MOST_HEADER_LINES + _SAMPLE)
    # A last line without its end may have been cut; it decides only where there is nothing else.
    tries = [lines] if text.data.endswith(b"\n") else [lines[:-1], lines]
    for attempt in tries:
        for delimiter in ("\t", ";", ",", None):
            widths = [_width(line, delimiter) for line in attempt]
            for first, width in enumerate(widths[:_MOST_HEADER_LINES]):
                rest = [w for w in widths[first : first + _SAMPLE] if w != 0]
                if width > 1 and all(w == width for w in rest[: max(3, len(rest) // 2)]):
                    return _labelled(text.path, attempt, first, delimiter, width)
    raise ReadError(
        text.path,
        expected="rows of two or more numbers",
        found=f"none in the first {min(len(lines), _MOST_HEADER_LINES)} lines",
        hint="If it is another instrument's file, check its name and suffix.",
    )


def _width(line: str, delimiter: str | None) -> int:
    """Return the number of fields of a row of numbers, 0 for a blank line, -1 for other text."""
    if not line.strip():
        return 0
    fields = [field.strip() for field in line.rstrip().split(delimiter)]
    while fields and not fields[-1]:
        fields.pop()
    numbers, words = sum(map(is_number, fields)), sum(map(is_word, fields))
    # A row may hold words (dates, flags) beside at least two numbers; with commas or blanks as
    # delimiters any sentence would be such a row, so there it may not.
    most = 0 if delimiter in (",", None) else numbers
    return len(fields) if numbers >= 2 and words <= most else -1


def _labelled(
    path: Path, lines: list[str], first: int, delimiter: str | None, width: int
) -> _Layout:
    """Take the last line above the rows as labels, joined with units if it is a line of units."""
    above = [(place, line) for place, line in enumerate(lines[:first], 1) if line.strip()]
    if not above:
        return _Layout(first, delimiter, width, ())
    place, line = above[-1]
    labels = _cells(line, delimiter, width)
    numbers = sum(map(is_number, labels))
    if 2 * numbers >= width:
        wrong = next((label for label in labels if not is_number(label)), line)
        raise ReadError(
            path, expected=f"a row of {width} numbers", found=repr(wrong[:40]), offset=place,
            place="line",
        )  # fmt: skip
    if labels and len(above) > 1 and all(is_unit(c) or c in ("", "#", "-", "1") for c in labels):
        names = _cells(above[-2][1], delimiter, width)
        joined = zip(names, labels, strict=True) if names else ()
        labels = [f"{name} [{unit}]" if is_unit(unit) else name for name, unit in joined] or labels
    if labels and not numbers:
        return _Layout(first, delimiter, width, tuple(labels))
    note = (
        f"The line above the numbers does not hold {width} labels: {line.strip()[:60]!r}; the "
        "columns were read without labels."
    )
    return _Layout(first, delimiter, width, (), note)


def _cells(line: str, delimiter: str | None, width: int) -> list[str]:
    """Split a line of labels into `width` cells, [] where that is not possible."""
    clean = line.strip().lstrip("#%;").strip() if line.lstrip()[:1] in "#%" else line.rstrip()
    for by in dict.fromkeys((delimiter, "\t", ";", ",", "  ", None)):
        cells = [cell.strip() for cell in clean.split(by)]
        if by == "  ":
            cells = [cell for cell in cells if cell]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) == width and any(cells):
            return cells
    return []


def _words(names: list[str], sample: list[str], delimiter: str | None) -> list[str]:
    """Return the columns of which most cells of the first rows are words; one word is an error."""
    rows = [[cell.strip() for cell in line.split(delimiter)] for line in sample if line.strip()]
    columns = [[row[k] for row in rows if k < len(row)] for k in range(len(names))]
    return [
        name
        for name, cells in zip(names, columns, strict=True)
        if 2 * sum(map(is_word, cells)) > len(cells)
    ]


def _without_words(
    text: DecodedText,
    layout: _Layout,
    columns: tuple[Column, ...],
    words: list[str],
    mapped: bool,
    warnings: list[str],
) -> tuple[Column, ...]:
    """Take the meaning from columns of words: with a warning, or an error where the user gave it.

    A label alone may mislead (``Phase`` may hold "charge"), a column map may not.
    """
    kept = []
    for place, column in enumerate(columns):
        if column.name and column.label in words:
            row, cell = _first_word(text, layout, place)
            if mapped:
                raise ReadError(
                    text.path,
                    expected=f"numbers in the column {column.label!r} ({column.name})",
                    found=repr(cell[:40]),
                    offset=row,
                    place="line",
                )
            warnings.append(
                f"The column {column.label!r} would mean {column.name}, but holds words such as "
                f"{cell[:40]!r}; it was kept unused."
            )
            column = replace(column, name="", factor=1.0)
        kept.append(column)
    return tuple(kept)


def _first_word(text: DecodedText, layout: _Layout, place: int) -> tuple[int, str]:
    """Return the line (counted from 1) and the text of the first word in a column."""
    for row, line in enumerate(text.lines(layout.first, _SAMPLE), layout.first + 1):
        cells = [cell.strip() for cell in line.split(layout.delimiter)]
        if place < len(cells) and is_word(cells[place]):
            return row, cells[place]
    return layout.first + 1, ""


def _mapped(path: Path, names: list[str], columns: Mapping[str, Entry]) -> tuple[Column, ...]:
    """Apply a column map; columns that it does not name are kept without a meaning."""
    found = {name: Column(name, verified=False) for name in names}
    for meaning, entry in columns.items():
        if meaning not in MEANINGS:
            known = ", ".join(MEANINGS)
            raise SettingsError(f"Column map: {meaning!r} is no meaning; there are: {known}.")
        wanted, scale = entry if isinstance(entry, tuple) else (entry, None)
        label, sign = _find(path, names, wanted)
        own = column_of(label)
        if scale is None:
            same = own.name == meaning
            negated = column_of(label).factor < 0
            factor = own.factor if same else (-1.0 if negated else 1.0)
        elif isinstance(scale, str):
            unit = factor_to(meaning, scale)
            if unit is None:
                raise SettingsError(f"Column map: {scale!r} is no unit of {meaning}.")
            factor = unit
        else:
            factor = float(scale)
        found[label] = Column(label, meaning, sign * factor)
    return tuple(found.values())


def _find(path: Path, names: list[str], wanted: str | int) -> tuple[str, float]:
    """Return the label that a map's entry names, and its sign."""
    if isinstance(wanted, int) or wanted.lstrip("-").isdecimal():
        position = abs(int(wanted)) - 1
        if 0 <= position < len(names):
            return names[position], -1.0 if int(wanted) < 0 else 1.0
    elif wanted.strip() in names:
        return wanted.strip(), 1.0
    elif wanted.strip().startswith("-") and wanted.strip()[1:].strip() in names:
        return wanted.strip()[1:].strip(), -1.0
    raise ReadError(path, expected=f"a column {wanted!r}", found=", ".join(map(repr, names)))


def _assumed(
    path: Path, names: list[str], data: dict[str, NDArray[Any]], warnings: list[str]
) -> tuple[Column, ...]:
    """Take three columns without labels as a spectrum, if the first can be frequencies."""
    first = data[names[0]]
    if len(names) != 3 or first.dtype.kind != "f" or not np.all(first > 0):
        return tuple(Column(name, verified=False) for name in names)
    warnings.append(
        "The file has no labels; its three columns were taken as frequency (Hz), Z' and Z'' (Ω), "
        "with Z'' the imaginary part itself (negative where capacitive). To say otherwise: "
        'columns={"frequency": 1, "impedance_real": 2, "impedance_imaginary": -3}.'
    )
    return tuple(Column(n, m, verified=False) for n, m in zip(names, _SPECTRUM, strict=True))


def _require_meaning(path: Path, layout: _Layout, columns: tuple[Column, ...]) -> None:
    """Refuse a table of which no column, or nothing but one, can be used."""
    if sum(bool(column.name) for column in columns) >= 2:
        return
    labels = ", ".join(repr(c.label) for c in columns)
    example = columns[0].label if layout.labels else 1
    raise ReadError(
        path,
        expected="at least two columns whose labels are known",
        found=labels[:600] if layout.labels else f"{layout.width} columns without labels",
        offset=layout.first,
        place="line",
        hint=f'Give a column map, such as columns={{"frequency": {example!r}, …}}; the meanings '
        f"are: {', '.join(MEANINGS)}.",
    )


def _doubts(columns: tuple[Column, ...], data: dict[str, NDArray[Any]]) -> list[str]:
    """Report times out of order, values that are not finite, and a doubtful imaginary part."""
    notes: list[str] = []
    seen: set[str] = set()
    for column in columns:
        values = data[column.label]
        if not column.name or values.dtype.kind != "f":
            continue
        if column.name in seen:
            notes.append(
                f"More than one column means {column.name}; the first was used, not "
                f"{column.label!r}."
            )
        seen.add(column.name)
        if column.name == "time":
            notes += order_notes(values * column.factor)
        elif not np.isfinite(values).all():
            bad = int(np.count_nonzero(~np.isfinite(values)))
            notes.append(f"{bad} of {values.size} values of {column.label!r} are not finite.")
        if column.name == "impedance_imaginary" and np.sum(values * column.factor > 0) > (
            values.size / 2
        ):
            notes.append(
                f"Most values of {column.label!r}, read as the imaginary part with the factor "
                f"{column.factor:g}, are positive (inductive). If the column holds the negative, "
                f'say so: columns={{"impedance_imaginary": "-{column.label}"}}.'
            )
    return notes
