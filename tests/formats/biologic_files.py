"""Small .mpr files made byte by byte, as the reader's docstring says they are built."""

from __future__ import annotations

import struct

import numpy as np

from anodescope.formats import biologic


def module(name: str, content: bytes, *, new: bool = False, version: int = 3) -> bytes:
    """One module: header and content."""
    head = b"MODULE" + name.encode().ljust(10) + name.encode().ljust(25)
    if new:
        head += struct.pack("<4I", 0xFFFFFFFF, len(content), 0, version)
    else:
        head += struct.pack("<2I", len(content), version)
    return head + b"05/16/25" + content


def data(numbers, records: np.ndarray, *, new: bool = False, rows: int | None = None) -> bytes:
    """Content of a data module for column `numbers` and packed `records`."""
    start = 1007 if new else 406
    count = len(records) if rows is None else rows
    head = struct.pack("<IH" if new else "<IB", count, len(numbers))
    head += struct.pack(f"<{len(numbers)}H", *numbers)
    return head.ljust(start, b"\0") + records.tobytes()


def settings(technique: int) -> bytes:
    """Content of a settings module without parameters."""
    return bytes([technique]).ljust(0x1A00, b"\0")


def log(days: float = 45793.5) -> bytes:
    """Content of a log module that starts at `days` after 1899-12-30."""
    content = bytearray(0x1E00)
    content[585:593] = struct.pack("<d", days)
    return bytes(content)


def loop(starts) -> bytes:
    """Content of a loop module."""
    return struct.pack(f"<{len(starts) + 2}I", len(starts), 0, *starts[1:], 0)


def records(numbers, rows: int, seed: int = 0) -> np.ndarray:
    """Packed records of known columns; flags get one leading byte."""
    fields = []
    for number in numbers:
        if number in biologic.FLAGS:
            if ("flags", "u1") not in fields:
                fields.append(("flags", "u1"))
        else:
            fields.append((f"c{number}", biologic.COLUMNS[number].dtype))
    table = np.zeros(rows, dtype=fields)
    random = np.random.default_rng(seed)
    for name, kind in fields:
        size = 200 if np.dtype(kind).kind == "u" else 1e3
        table[name] = (random.random(rows) * size).astype(kind)
    if "c4" in table.dtype.names:
        table["c4"] = np.arange(rows) * 1.5
    return table


def mpr(
    numbers, table, *, technique: int = 0x1E, new: bool = False, with_log: bool = True
) -> bytes:
    """A whole .mpr file."""
    raw = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48, b" ") + b"\0\0\0\0"
    raw += module("VMP Set", settings(technique), new=new)
    raw += module("VMP data", data(numbers, table, new=new), new=new, version=11 if new else 3)
    return raw + (module("VMP LOG", log(), new=new) if with_log else b"")
