"""What all text formats share: bytes to text, the decimal sign, numbers, dates.

A text file of an instrument is bytes in UTF-8 (with or without a byte-order mark) or, when the
bytes are not UTF-8, in Windows-1252 (Latin-1 where a byte has no meaning in Windows-1252); its
lines end with CRLF, LF or CR. The encoding is decided by the bytes alone and the decimal sign by
the numbers alone: the machine's locale is never asked. A NUL byte means that it is not text.

Numbers are parsed by the C parser of pandas, whose result is the nearest float64 (no error in
10⁵ values of 8 and of 16 digits against Python's `float`, pandas 3.1), so a printed value of up
to 15 digits comes back digit by digit.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anodescope.errors import ReadError
from anodescope.formats.cells import MISSING as MISSING
from anodescope.formats.cells import is_number as is_number
from anodescope.formats.cells import is_word as is_word
from anodescope.formats.cells import number as number
from anodescope.formats.cells import order_notes as order_notes
from anodescope.formats.dates import parse_date as parse_date

MAX_COLUMNS = 4096
_PIECE = 1 << 20
_LONGEST_LINE = 1 << 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class DecodedText:
    r"""The bytes of a text file with ``\n`` line ends and no byte-order mark, and their encoding.

    Attributes
    ----------
    path : the file.
    data : its bytes; CRLF is kept (the parsers take it), a lone CR has become LF.
    encoding : ``"ascii"``, ``"utf-8"``, ``"cp1252"`` or ``"latin-1"``.
    newline : ``"\r\n"``, ``"\n"``, ``"\r"`` or ``"mixed"``, as in the file.
    """

    path: Path
    data: bytes
    encoding: str
    newline: str

    def start_of(self, line: int) -> int:
        """Return the byte at which line number `line` (counted from 0) starts, at most the end."""
        position = 0
        for _ in range(line):
            position = self.data.find(b"\n", position) + 1
            if position == 0:
                return len(self.data)
        return position

    def lines(self, start: int = 0, count: int | None = None) -> list[str]:
        """Return up to `count` lines from line `start` (counted from 0), without line ends.

        A line is cut after 1 MiB: such a line is no header and no row, and splitting it would
        take many times its size in memory.
        """
        pieces = _pieces(self.data, self.start_of(start), count)
        return [piece[:_LONGEST_LINE].decode(self.encoding, "replace") for piece in pieces]


def _pieces(data: bytes, position: int, count: int | None = None) -> Iterator[bytes]:
    """Yield the lines of `data` from a byte on, without line ends; no last empty line."""
    while position < len(data) and (count is None or count > 0):
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        yield data[position:end].rstrip(b"\r")
        position = end + 1
        count = None if count is None else count - 1


def decode(path: str | Path) -> DecodedText:
    """Read a text file and decide its encoding and line ends from its bytes.

    Raises
    ------
    ReadError
        when the file cannot be opened, is empty, or holds NUL bytes (binary or UTF-16).
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            data = b"" if b"\0" in head else head + file.read()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ReadError(path, expected="a readable file", found=reason) from error
    return decode_bytes(path, data or head)


def decode_bytes(path: Path, data: bytes) -> DecodedText:
    """Do the work of `decode` on bytes that were read already."""
    if not data.removeprefix(codecs.BOM_UTF8):
        raise ReadError(path, expected="text", found="an empty file", offset=0)
    if b"\0" in data:
        utf16 = data[:2] in _UTF16
        hint = "It is UTF-16: save it as UTF-8." if utf16 else "Binary files need their own reader."
        raise ReadError(
            path, expected="text", found="a NUL byte", offset=data.index(b"\0"), hint=hint
        )
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    windows, returns = data.count(b"\r\n"), data.count(b"\r")
    feeds = data.count(b"\n")
    newline = (
        "\r\n" if windows and windows == returns == feeds else "\n" if not returns else "mixed"
    )
    if returns > windows:
        newline = "mixed" if feeds else "\r"
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return DecodedText(path, data, _encoding(data), newline)


def _encoding(data: bytes) -> str:
    """Decide the encoding from the bytes, one piece at a time to spare memory."""
    if data.isascii():
        return "ascii"
    for name in ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            for start in range(0, len(data), _PIECE):
                decoder.decode(data[start : start + _PIECE])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


# ------------------------------------------------------------------------------ the decimal sign
_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_DOT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?|[+-]?\d+\.")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def decimal_of(sample_lines: Iterable[str], delimiter: str | None) -> tuple[str, str]:
    """Decide from numeric fields whether the decimal sign is a dot or a comma.

    Parameters
    ----------
    sample_lines : lines of the table of numbers.
    delimiter : what separates the fields; None for any white space. With ``","`` it is a dot.

    Returns
    -------
    sign : ``"."`` or ``","``.
    note : "" where the evidence is clear, else a sentence that says what was assumed.
    """
    if delimiter == ",":
        return ".", ""
    dots = commas = grouped = 0
    for line in sample_lines:
        for text in line.split(delimiter):
            field = text.strip().strip('"')
            dots += _DOT.fullmatch(field) is not None
            if _COMMA.fullmatch(field):
                commas += 1
                grouped += _GROUPED.fullmatch(field) is not None
    if dots and commas:
        sign = "," if commas > dots else "."
        return sign, (
            f"The numbers mix decimal dots ({dots}) and commas ({commas}); the decimal sign was "
            f"taken to be {sign!r}."
        )
    if commas and commas == grouped:
        return ",", (
            "Every number with a comma has three digits after it; the comma was taken as the "
            "decimal sign, not as a thousands separator."
        )
    return ("," if commas else "."), ""


# --------------------------------------------------------------------------------- the numbers
def unique_labels(labels: Sequence[str]) -> list[str]:
    """Make labels unique: the second ``x`` becomes ``x (2)``; an empty one ``column 3``."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for position, label in enumerate(labels, start=1):
        base = label.strip() or f"column {position}"
        name = base
        while name in seen:
            seen[base] += 1
            name = f"{base} ({seen[base]})"
        seen[name] = 1
        result.append(name)
    return result


def read_table(
    source: DecodedText | str | Path,
    *,
    skip_lines: int,
    names: Sequence[str],
    delimiter: str | None = "\t",
    decimal: str = ".",
    text: Sequence[str] = (),
    stop_line: int | None = None,
    notes: list[str] | None = None,
) -> dict[str, NDArray[Any]]:
    """Read a table of numbers, one row per line.

    Parameters
    ----------
    source : a decoded file, or the path of one.
    skip_lines : lines before the table's first row.
    names : one unique name per column; a delimiter at the end of a line adds no column.
    delimiter : one character, or None for any white space.
    decimal : ``"."`` or ``","``.
    text : names of columns that hold words; all others must hold numbers.
    stop_line : line (counted from 0) at which the table ends; None for the end of the file.
    notes : list that takes the sentence about a last row that was cut.

    Returns
    -------
    dict
        float64 arrays (NaN where a cell is empty or says so), arrays of str for `text`.

    Raises
    ------
    ReadError
        naming the line of the first row with too few or too many fields or with a word where a
        number should be. The last row of a file that does not end with a line end is left out,
        with a note, when it is incomplete.
    """
    decoded = source if isinstance(source, DecodedText) else decode(source)
    if not 0 < len(names) <= MAX_COLUMNS:
        raise ReadError(
            decoded.path, expected=f"1 to {MAX_COLUMNS} columns", found=f"{len(names)}",
            offset=skip_lines, place="line",
        )  # fmt: skip
    table = _Table(decoded, skip_lines, tuple(names), delimiter, decimal, frozenset(text))
    return table.read(stop_line, notes if notes is not None else [])


@dataclass(frozen=True, slots=True)
class _Table:
    """Where a table of numbers lies and how it is written."""

    decoded: DecodedText
    skip: int
    names: tuple[str, ...]
    delimiter: str | None
    decimal: str
    text: frozenset[str]

    def read(self, stop_line: int | None, notes: list[str]) -> dict[str, NDArray[Any]]:
        data = self.decoded.data
        start = self.decoded.start_of(self.skip)
        end = len(data) if stop_line is None else self.decoded.start_of(stop_line)
        if end < len(data) or data.endswith(b"\n"):
            rows = data.count(b"\n", start, end)
        else:
            rows = data.count(b"\n", start, end) + self._keep_last(start, notes)
        if not self._rectangular(start, end, rows):
            rows -= self._check(start, rows, cells=False)
        if rows <= 0:
            return {
                name: np.empty(0, dtype=str if name in self.text else float) for name in self.names
            }
        try:
            columns = self._parse(start, rows)
        except (ValueError, pd.errors.ParserError, OverflowError) as error:
            self._check(start, rows, cells=True)
            found = str(error).strip()
            raise ReadError(self.decoded.path, expected="numbers", found=found) from error
        last = columns[self.names[-1]]
        if last.dtype.kind == "f" and np.isnan(last).any():
            self._check(start, rows, cells=False)
        return columns

    def _parse(self, start: int, rows: int) -> dict[str, NDArray[Any]]:
        stream = io.BytesIO(self.decoded.data)
        stream.seek(start)
        frame = pd.read_csv(
            stream,
            sep=r"\s+" if self.delimiter is None else self.delimiter,
            header=None,
            names=list(self.names),
            usecols=list(range(len(self.names))),
            index_col=False,
            nrows=rows,
            dtype={name: str if name in self.text else float for name in self.names},
            na_values=[word for word in MISSING if word],
            decimal=self.decimal,
            quoting=3,
            engine="c",
            encoding="utf-8" if self.decoded.encoding == "ascii" else self.decoded.encoding,
            encoding_errors="replace",
        )
        return {
            name: frame[name].fillna("").to_numpy(dtype=str)
            if name in self.text
            else frame[name].to_numpy(dtype=float)
            for name in self.names
        }

    def _rectangular(self, start: int, end: int, rows: int) -> bool:
        """Say whether the count of delimiters fits; the exact check is slow and rarely needed."""
        if self.delimiter is None:
            return False
        count = self.decoded.data.count(self.delimiter.encode(), start, end)
        return count in (rows * (len(self.names) - 1), rows * len(self.names))

    def _check(self, start: int, rows: int, *, cells: bool) -> int:
        """Raise at the first bad row; return the number of blank lines."""
        blank = 0
        width = len(self.names)
        for place, line in enumerate(_pieces(self.decoded.data, start, rows), self.skip + 1):
            if not line.strip(b" " if self.delimiter == "\t" else None):
                blank += 1
                continue
            fields = self._fields(line)
            found = ""
            if len(line) > _LONGEST_LINE:
                found = f"a line of {len(line)} bytes"
            elif len(fields) != width:
                found = f"{len(fields)}"
            elif cells:
                wrong = self._wrong(fields)
                found = f"{wrong[1]!r} in column {wrong[0]!r}" if wrong else ""
            if found:
                expected = f"a row of {width} numbers"
                raise ReadError(
                    self.decoded.path, expected=expected, found=found, offset=place, place="line"
                )
        return blank

    def _fields(self, line: bytes) -> list[str]:
        decoded = line[:_LONGEST_LINE].decode(self.decoded.encoding, "replace")
        fields = [field.strip() for field in decoded.split(self.delimiter)]
        if len(fields) > len(self.names) and not any(fields[len(self.names) :]):
            fields = fields[: len(self.names)]
        return fields

    def _wrong(self, fields: Sequence[str]) -> tuple[str, str] | None:
        """Return the name and text of the first cell that should be a number and is none."""
        for name, field in zip(self.names, fields, strict=False):
            if name not in self.text and field not in MISSING:
                try:
                    number(field, self.decimal)
                except ValueError:
                    return name, field
        return None

    def _keep_last(self, start: int, notes: list[str]) -> bool:
        """Decide whether a last row without a line end is whole."""
        data = self.decoded.data
        begin = max(data.rfind(b"\n") + 1, start)
        fields = self._fields(data[begin:])
        if not any(fields):
            return False
        shortest, longest = self._widths(start, begin)
        width = len(fields[-1].lstrip("-+"))
        whole = len(fields) == len(self.names) and self._wrong(fields) is None
        if whole and width >= shortest:
            if width < longest:
                notes.append(
                    "The file does not end with a line end; the last number of its last row "
                    f"({fields[-1]}) may have been cut."
                )
            return True
        notes.append("The file was cut inside its last row; that row was left out.")
        return False

    def _widths(self, start: int, end: int) -> tuple[int, int]:
        """Return the fewest and most characters of the last column in the rows before the end."""
        sample = self.decoded.data[max(start, end - 65536) : end].split(b"\n")[-66:-1]
        rows = [self._fields(line) for line in sample]
        widths = [len(row[-1].lstrip("-+")) for row in rows if len(row) == len(self.names)]
        return (min(widths), max(widths)) if widths else (0, 0)
