"""Modules of a BioLogic binary file beside its data: settings, log, loops.

The layout is described in `mpr`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.formats import biologic

_OLE_EPOCH = datetime(1899, 12, 30)
_PARAMETERS_AT = (0x1845, 0x1846, 0x1847)


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the file: what its header claims and what is really there."""

    name: str
    start: int  # byte at which its content starts
    length: int  # as the header claims
    version: int
    new: bool
    content: memoryview  # what is really there


def _text(content: memoryview, at: int) -> str:
    """Text that leads with its length byte; "" where the module is too short."""
    if at >= len(content):
        return ""
    return bytes(content[at + 1 : at + 1 + content[at]]).decode("cp1252", "replace").strip("\0 ")


def _float(content: memoryview, at: int) -> float:
    return (
        float(struct.unpack_from("<f", content, at)[0]) if at + 4 <= len(content) else float("nan")
    )


def settings_of(module: Module | None) -> tuple[dict[str, Any], str, bool]:
    """Settings, the technique's short name, and whether a sample of it was ever read."""
    if module is None or not len(module.content):
        return {}, "unknown", False
    content = module.content
    number = content[0]
    technique = biologic.TECHNIQUES.get(number)
    found: dict[str, Any] = {
        "technique_number": number,
        "comments": _text(content, 0x007),
        "electrode_material": _text(content, 0x11E),
        "initial_state": _text(content, 0x16F),
        "electrolyte": _text(content, 0x1C0),
        "reference_electrode": _text(content, 0x215),
        "electrode_area_cm2": round(_float(content, 0x211), 9),
        "characteristic_mass": round(_float(content, 0x24C), 9),
        "battery_capacity": round(_float(content, 0x25C), 9),
    }
    found.update(_parameters(module, technique or ""))
    return found, technique or f"technique_0x{number:02x}", technique is not None


def _parameter_block(content: memoryview) -> tuple[int, int, int] | None:
    """Find (byte, sequences, parameters) of the block, whose place moved with EC-Lab's versions."""
    for at in _PARAMETERS_AT:
        if at + 4 > len(content):
            return None
        (length,) = struct.unpack_from("<I", content, at - 4)
        sequences, count = struct.unpack_from("<HH", content, at)
        fits = sequences * count <= length <= len(content) - at
        if 1 <= sequences < 256 and 1 <= count < 256 and fits:
            return at + 4, sequences, count
    return None


def _parameters(module: Module, technique: str) -> dict[str, Any]:
    """Parameters of each sequence, by name where the layout is known, else as raw bytes.

    With the new header some fields moved and no text header shows where to: they stay raw.
    """
    content = module.content
    block = _parameter_block(content)
    if block is None:
        return {}
    at, sequences, count = block
    table = None if module.new else biologic.PARAMETERS.get((technique, count))
    layout = "<" + "".join(code for _, code in table or ())
    size = struct.calcsize(layout)
    whole = (technique, count) in biologic.COMPLETE or sequences == 1
    if table is None or not whole or at + sequences * size > len(content):
        return {"sequences": sequences, "parameters_raw": bytes(content[at:]).rstrip(b"\0").hex()}
    rows = [struct.unpack_from(layout, content, at + k * size) for k in range(sequences)]
    names = [name for name, _ in table]
    return {
        "sequences": sequences,
        "parameters": [_named(dict(zip(names, row, strict=True))) for row in rows],
    }


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """Replace unit codes by their symbols and round float32 to the digits that it holds."""
    named: dict[str, Any] = {}
    for name, value in values.items():
        codes = biologic.UNIT_CODES.get(name.removeprefix("unit ")) if name[:5] == "unit " else None
        if codes is not None and value < len(codes):
            named[name] = codes[value]
        else:
            named[name] = float(f"{value:.7g}") if isinstance(value, float) else value
    return named


def log_of(module: Module | None) -> tuple[datetime | None, dict[str, Any]]:
    """Start of acquisition by the recording computer's clock, and what the log says besides."""
    if module is None or len(module.content) < 0x3E0:
        return None, {}
    content = module.content
    days = struct.unpack_from("<d", content, 585)[0]
    start = _OLE_EPOCH + timedelta(days=days) if 20_000.0 < days < 100_000.0 else None
    if start is not None:
        start = start.replace(microsecond=0) + timedelta(
            milliseconds=round(start.microsecond / 1e3)
        )
    found = {
        "channel": content[9] + 1,
        "data_path": _text(content, 0x251),
        "host": _text(content, 0x351),
        "instrument": _text(content, 0x384),
        "software_version": _text(content, 0x3B7),
        "server_version": _text(content, 0x3BE),
        "firmware_version": _text(content, 0x3C5),
        "serial_number": _text(content, 0x3CF),
    }
    return start, found


def loops_of(module: Module | None, rows: int) -> NDArray[np.int64] | None:
    """Rows at which loops start, without the closing row count."""
    if module is None or len(module.content) < 8:
        return None
    count = min(struct.unpack_from("<I", module.content)[0], (len(module.content) - 8) // 4)
    starts = np.frombuffer(module.content, "<u4", count + 1, 4).astype(np.int64)[: count + 1]
    starts = starts[1:] if count and starts.size > count else starts
    return np.unique(starts[(starts >= 0) & (starts < rows)])
