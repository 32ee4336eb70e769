"""ZPlot and ZView impedance (.z): a header of ``key: value`` lines, a line of labels, rows.

Layout
------
Line 1 is ``ZPLOT2 ASCII``. Indented ``key: value`` lines follow; the measurement's settings stand
between ``Begin …`` and ``End …`` lines, the user's comments between ``Begin User Comments`` and
``End User Comments``. ``Data Points: n`` precedes the line of labels, which starts with
``Freq(Hz)``; files of other programs end the header with ``End Comments`` instead. Labels are
separated by tabs or commas, numbers by tabs, commas or blanks.

Conventions
-----------
``Z'(a)`` and ``Z''(b)`` are the real and the imaginary part themselves (a capacitor's is
negative). Under "Control Voltage" ``Ampl`` is the amplitude in V as ZPlot states it; under current
control no sample was at hand and it is kept unused, as ``Bias`` is (the setting against a
reference that another key names, no measured voltage). ``Time(Sec)`` counts from ``Date`` and
``Time``. ``Surface Area`` is a setting, 1 by default: shown, never used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from anodescope.errors import ReadError
from anodescope.formats.dates import parse_date
from anodescope.formats.recording import Column, Recording
from anodescope.formats.textfile import (
    DecodedText,
    decimal_of,
    decode,
    order_notes,
    read_table,
    unique_labels,
)

NAME = "zplot-z"
COLUMNS: tuple[Column, ...] = (
    Column("Freq(Hz)", "frequency"),
    Column("Ampl", "voltage_amplitude"),
    Column("Bias"),
    Column("Time(Sec)", "time"),
    Column("Z'(a)", "impedance_real"),
    Column("Z''(b)", "impedance_imaginary"),
    Column("GD"),
    Column("Err"),
    Column("Range"),
)
_NEEDED = ("frequency", "impedance_real", "impedance_imaginary")
_MOST_HEADER_LINES = 2000


def recognises(path: Path, head: bytes) -> bool:
    """Say whether `head` starts a ZPlot file."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"ZPLOT2 ASCII")


def read(path: Path) -> Recording:
    """Read one .z file.

    Raises
    ------
    ReadError
        naming the line, what was expected and what was found.
    """
    text = decode(Path(path))
    header = text.lines(0, _MOST_HEADER_LINES)
    if not header[0].lstrip().startswith("ZPLOT2 ASCII"):
        found = repr(header[0][:40])
        raise ReadError(text.path, expected="ZPLOT2 ASCII", found=found, offset=1, place="line")
    line = next((k for k, row in enumerate(header) if row.lstrip().startswith("Freq(Hz)")), None)
    if line is None:
        raise ReadError(
            text.path, expected="a line of labels that starts with Freq(Hz)",
            found=f"none in {len(header)} lines", offset=len(header), place="line",
        )  # fmt: skip
    ends = (k for k in range(line, len(header)) if header[k].strip() == "End Comments")
    skip = next(ends, line) + 1
    settings = _settings(header[:line])
    warnings: list[str] = []
    data = _rows(text, header[line], skip, warnings)
    control = settings.get("Experiment Type", "")
    columns = tuple(_column(label, control) for label in data)
    missing = [name for name in _NEEDED if name not in {column.name for column in columns}]
    if missing:
        raise ReadError(
            text.path, expected="the columns Freq(Hz), Z'(a) and Z''(b)",
            found=", ".join(data), offset=line + 1, place="line",
        )  # fmt: skip
    rows = len(data[columns[0].label])
    if settings.get("Data Points", str(rows)) != str(rows):
        warnings.append(f"The header claims {settings['Data Points']} points; there are {rows}.")
    start = None
    if "Date" in settings:
        start, note = parse_date(f"{settings['Date']} {settings.get('Time', '')}")
        warnings += [note] if note else []
    times = next((data[c.label] for c in columns if c.name == "time"), None)
    warnings += order_notes(times) if times is not None else []
    return Recording(
        path=text.path,
        reader=NAME,
        technique="PEIS" if "Voltage" in control else "GEIS" if "Current" in control else "",
        columns=columns,
        data=data,
        start=start,
        technique_start=start,
        settings={**settings, "encoding": text.encoding},
        warnings=tuple(warnings),
        verified="Control Voltage" in control,
    )


def _settings(header: list[str]) -> dict[str, Any]:
    """Collect ``key: value`` lines; a key that comes twice keeps its first value."""
    settings: dict[str, Any] = {}
    comments: list[str] = []
    inside = False
    for line in header[1:]:
        key, colon, value = (part.strip() for part in line.partition(":"))
        if key.startswith(("Begin User Comments", "End User Comments")):
            inside = key.startswith("Begin")
        elif inside:
            comments.append(line.strip())
        elif colon and not key.startswith(("Begin ", "End ")):
            settings.setdefault(key, value)
    if comments:
        settings["User Comments"] = "\n".join(comments)
    return settings


def _column(label: str, control: str) -> Column:
    """Return the table's row for a label, with or without its suffix ``(a)`` or ``(b)``."""
    plain = re.sub(r"\((?:a|b)\)$", "", label.strip())
    known = next((c for c in COLUMNS if re.sub(r"\((?:a|b)\)$", "", c.label) == plain), None)
    if known is None or (known.label == "Ampl" and "Control Voltage" not in control):
        return Column(label, verified=False)
    return Column(label, known.name, known.factor)


def _rows(text: DecodedText, labels: str, skip: int, warnings: list[str]) -> dict[str, Any]:
    """Read the rows below the line of labels."""
    by = "\t" if "\t" in labels.strip() else "," if "," in labels else None
    names = unique_labels(labels.strip().split(by))
    sample = text.lines(skip, 50)
    body = "\n".join(sample)
    delimiter = "\t" if "\t" in body.strip() else ";" if ";" in body else None
    if delimiter is None and body.count(",") >= (len(names) - 1) * max(len(sample), 1):
        delimiter = ","
    decimal, note = decimal_of(sample, delimiter)
    warnings += [note] if note else []
    data = read_table(
        text,
        skip_lines=skip,
        names=names,
        delimiter=delimiter,
        decimal=decimal,
        notes=warnings,
    )
    if not len(data[names[0]]):
        raise ReadError(
            text.path, expected="rows of numbers", found="the end of the file",
            offset=skip, place="line",
        )  # fmt: skip
    return data
