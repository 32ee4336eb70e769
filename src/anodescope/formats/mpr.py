"""BioLogic binary files (.mpr): modules, one record layout, little-endian.

Layout (from paired binary and text exports; offsets in bytes)
-------------------------------------------------------------
File: 52 bytes that begin with ``BIO-LOGIC MODULAR FILE``, then modules back to back.

Module: ``MODULE``, name (10), title (25), then

* old header: length u4, version u4, date (8 characters): 57 bytes in all;
* new header (EC-Lab 11.50 and later): ffffffff u4, length u4, 0 u4, version u4, date (8): 65 bytes.

``length`` counts the bytes after the header.

* ``VMP Set``: byte 0 is the technique; text fields lead with their length byte: comments 0x007,
  electrode material 0x11e, initial state 0x16f, electrolyte 0x1c0, reference electrode 0x215;
  float32: mass 0x107, electrode area (cm²) 0x211, characteristic mass 0x24c, capacity 0x25c.
  The technique's parameters: length u4, number of sequences u2, number of parameters u2, packed
  values; the number of sequences stands at 0x1845, 0x1846 or 0x1847, depending on the version.
* ``VMP data``: rows u4; number of columns u1 (new header: u2); that many column numbers u2; the
  records start 406 (new header 1007) bytes into the module. Flag columns (1, 2, 3, 21, 31, 65)
  share one leading byte.
* ``VMP LOG``: channel − 1 u1 at 9; start of acquisition at 585 as float64 days since
  1899-12-30, by the clock of the recording computer; data path 0x251, host 0x351, instrument
  0x384, versions 0x3b7, 0x3be, 0x3c5, serial number 0x3cf.
* ``VMP loop``: n u4, 0 u4, then n row indices u4 at which loops start; the last is the row count.

``time/s`` counts from the start of acquisition, so linked files of one run share one clock.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import ReadError
from anodescope.formats import biologic
from anodescope.formats.mpr_modules import Module, log_of, loops_of, settings_of
from anodescope.formats.opening import bytes_of
from anodescope.formats.recording import Column, Recording

MAGIC = b"BIO-LOGIC MODULAR FILE"
NAME = "biologic-mpr"
_FILE_HEADER = 52
_NEW = 0xFFFFFFFF
_DATA_START = {False: 406, True: 1007}
_MOST_COLUMNS = 512


def recognises(path: Path, head: bytes) -> bool:
    """Say whether `head` (first bytes of a file) is a BioLogic modular file."""
    return head.startswith(MAGIC)


def read(path: Path) -> Recording:
    """Read one .mpr file.

    Raises
    ------
    ReadError
        naming the byte, what was expected and what was found.
    """
    path = Path(path)
    raw = bytes_of(path)
    if not raw.startswith(MAGIC):
        found = "an empty file" if not raw else repr(bytes(raw[:22]))
        raise ReadError(
            path,
            expected=f"the magic {MAGIC.decode()!r}",
            found=found,
            offset=0,
            hint="A text export of EC-Lab ends in .mpt.",
        )
    modules, warnings = _modules(path, raw)
    data = modules.get("VMP data")
    if data is None:
        raise ReadError(
            path,
            expected="a module 'VMP data'",
            found=f"the modules {', '.join(modules) or 'none'}",
            offset=len(raw),
            hint="The file was probably cut off; copy it again from the instrument's computer.",
        )
    columns, values, more = _records(path, data)
    settings, technique, known = settings_of(modules.get("VMP Set"))
    start, log = log_of(modules.get("VMP LOG"))
    warnings += more
    if not known:
        warnings.append(
            f"Unverified: no sample of technique {technique!r} was available to check this reader."
        )
    if start is None:
        warnings.append(
            "No log module with a start time: the absolute time of this file is unknown."
        )
    time = values.get("time/s")
    return Recording(
        path=path,
        reader=NAME,
        technique=technique,
        columns=columns,
        data=values,
        start=start,
        technique_start=_began(start, time),
        sweep_starts=loops_of(modules.get("VMP loop"), len(time) if time is not None else 0),
        settings={**settings, **log},
        warnings=tuple(warnings),
        verified=known and all(column.verified for column in columns),
    )


def _began(start: datetime | None, time: NDArray[Any] | None) -> datetime | None:
    if start is None or time is None or not len(time) or not 0.0 <= float(time[0]) < 1e10:
        return None
    return start + timedelta(seconds=float(time[0]))


def _modules(path: Path, raw: bytes) -> tuple[dict[str, Module], list[str]]:
    """Walk the modules; the last one may be cut off, which is a warning and no error."""
    view = memoryview(raw)
    modules: dict[str, Module] = {}
    warnings: list[str] = []
    at = _FILE_HEADER
    while at < len(raw):
        if raw[at : at + 6] != b"MODULE"[: len(raw) - at]:
            message = {"expected": "the word 'MODULE'", "found": repr(raw[at : at + 6])}
            if "VMP data" not in modules:
                raise ReadError(path, offset=at, **message)
            warnings.append(f"Byte {at}: expected the word 'MODULE'; what follows was left out.")
            break
        if at + 65 > len(raw):
            warnings.append(f"The file ends inside a module's header at byte {len(raw)}.")
            break
        first, second, _, fourth = struct.unpack_from("<4I", raw, at + 41)
        new = first == _NEW
        length, version, size = (second, fourth, 65) if new else (first, second, 57)
        start = at + size
        content = view[start : start + length]
        name = raw[at + 6 : at + 16].decode("latin-1").strip()
        modules.setdefault(name, Module(name, start, length, version, new, content))
        if len(content) < length:
            warnings.append(
                f"The file ends at byte {len(raw)}, inside the module {name!r}, which claims "
                f"{length} bytes; what is there was read."
            )
            break
        at = start + length
    return modules, warnings


def _records(
    path: Path, module: Module
) -> tuple[tuple[Column, ...], dict[str, NDArray[Any]], list[str]]:
    """Decode the data module without copying it: columns are views into the file's bytes."""
    content = module.content
    lead = 6 if module.new else 5
    if len(content) < lead:
        raise ReadError(
            path,
            expected="the number of rows and columns",
            found=f"{len(content)} bytes",
            offset=module.start,
        )
    rows, count = struct.unpack_from("<IH" if module.new else "<IB", content)
    if not 0 < count <= _MOST_COLUMNS or lead + 2 * count > len(content):
        raise ReadError(
            path,
            expected=f"1 to {_MOST_COLUMNS} columns",
            found=f"{count}",
            offset=module.start + 4,
        )
    numbers = struct.unpack_from(f"<{count}H", content, lead)
    start, warnings = _data_start(path, module, rows, numbers, lead + 2 * count)
    dtype, columns, more = _layout(numbers, _record_size(module, start, rows), module, lead)
    warnings += more
    there = max(0, len(content) - start) // dtype.itemsize
    if there < rows:
        if len(content) == module.length:
            raise ReadError(
                path,
                expected=f"{rows} records of {dtype.itemsize} bytes",
                found=f"room for {there} in a module of {module.length} bytes",
                offset=module.start,
            )
        warnings.append(f"Truncated: {there} of {rows} records are there and were read.")
    table = np.frombuffer(
        content, dtype=dtype, count=min(rows, there), offset=min(start, len(content))
    )
    return columns, _views(columns, table), warnings


def _known_size(numbers: tuple[int, ...]) -> int | None:
    """Bytes of a record in which every column is known; None where one is not."""
    size = 1 if any(number in biologic.FLAGS for number in numbers) else 0
    for number in numbers:
        if number in biologic.FLAGS:
            continue
        if number not in biologic.COLUMNS:
            return None
        size += np.dtype(biologic.COLUMNS[number].dtype).itemsize
    return size


def _data_start(
    path: Path, module: Module, rows: int, numbers: tuple[int, ...], header: int
) -> tuple[int, list[str]]:
    """Byte of the first record; a layout that was never seen is worked out from the length."""
    usual = _DATA_START[module.new]
    size = _known_size(numbers)
    if size is None or module.length == usual + rows * size:
        return usual, []
    start = module.length - rows * size
    if header <= start < 8192 and rows:
        note = (
            f"Data module version {module.version}: records start {start} bytes in, where "
            f"{usual} was expected; unverified: no sample."
        )
        return start, [note]
    if usual + rows * size > module.length:
        raise ReadError(
            path,
            expected=f"{rows} records of {size} bytes, {usual + rows * size} bytes in all",
            found=f"a data module of {module.length} bytes",
            offset=module.start,
            hint="The header and the data disagree: the file is damaged.",
        )
    return usual, [f"{module.length - usual - rows * size} bytes follow the last record."]


def _record_size(module: Module, start: int, rows: int) -> int | None:
    """Bytes of a record as the module's length tells, where it does."""
    size, rest = divmod(module.length - start, rows) if rows else (0, 1)
    return size if rest == 0 and size > 0 else None


def _layout(
    numbers: tuple[int, ...], size: int | None, module: Module, lead: int
) -> tuple[np.dtype[Any], tuple[Column, ...], list[str]]:
    """Return the record's NumPy type, its columns, and a warning for each unknown one."""
    unknown = [n for n in numbers if n not in biologic.FLAGS and n not in biologic.COLUMNS]
    known = _known_size(tuple(n for n in numbers if n not in unknown)) or 0
    spare = (size - known) if size is not None else 4 * len(unknown)
    dtypes = _unknown_types(len(unknown), spare)
    warnings: list[str] = []
    columns: list[Column] = []
    fields: list[tuple[str, str]] = []
    used: dict[str, int] = {}
    for position, number in enumerate(numbers):
        if number in biologic.FLAGS:
            if not any(name == "flags" for name, _ in fields):
                fields.append(("flags", "<u1"))
            columns.append(
                Column(biologic.FLAGS[number][0], _flag_name(number), 1.0, number, "flag")
            )
            continue
        column = biologic.COLUMNS.get(number)
        if column is None:
            kind = dtypes.pop(0)
            column = Column(f"column_{number}", "", 1.0, number, kind, verified=False)
            warnings.append(
                f"Unknown column {number} at byte {module.start + lead + 2 * position}: kept as "
                f"'column_{number}' of type {kind}."
            )
        elif not column.verified:
            warnings.append(f"Column {number} ({column.label}): unverified: no sample.")
        used[column.label] = used.get(column.label, 0) + 1
        if used[column.label] > 1:
            label = f"{column.label} ({used[column.label]})"
            column = Column(label, "", 1.0, number, column.dtype, column.verified)
            warnings.append(f"Column {number} repeats a label; it is kept as {label!r}.")
        columns.append(column)
        fields.append((column.label, column.dtype))
    return np.dtype(fields), tuple(columns), warnings


def _unknown_types(count: int, spare: int) -> list[str]:
    """Guess the types of `count` unknown columns that fill `spare` bytes together."""
    if count and spare == 4 * count:
        return ["<f4"] * count
    if count and spare == 8 * count:
        return ["<f8"] * count
    if count == 1 and spare > 0:
        return [{1: "<u1", 2: "<u2"}.get(spare, f"V{spare}")]
    return ["<f4"] * count


def _flag_name(number: int) -> str:
    return "overload" if number == 3 else ""


def _views(columns: tuple[Column, ...], table: NDArray[Any]) -> dict[str, NDArray[Any]]:
    values: dict[str, NDArray[Any]] = {}
    for column in columns:
        if column.dtype == "flag":
            _, shift, mask = biologic.FLAGS[column.number or 0]
            values[column.label] = (table["flags"] >> shift) & mask
        else:
            values[column.label] = table[column.label]
    return values
