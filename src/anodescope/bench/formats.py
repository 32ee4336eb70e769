"""Named comparison: reading large BioLogic files, beside galvani (.mpr) and yadg (.mpt).

The files repeat the records of real ones, with times that go on, until they are large. Both
sides run in fresh interpreters, read each file from the page cache, and give every column as an
array of its own. "decode" is the reader alone; "read" is the whole way to a Campaign: checksum,
clock, sign, sweeps, nodes, check. Peak memory is what the read adds to an interpreter that has
read a small file already; it is measured on Linux only.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from anodescope.bench.peers import Answer, ask, ask_ourselves
from anodescope.formats import biologic, mpr

SIZE = 100e6
REPEATS = 5
SOURCES = (
    "hybrid-drt/CP_SSB.mpr",
    "insitu-datalab/LiLi_TEGDME_insitu_02_GEIS_C05.mpr",
    "yadg/geis.mpr",
    "yadg/geis.mpt",
)

_TIMES = """
import time
def best(function, repeats):
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)
path, small = str(given["path"]), str(given["small"])
repeats = int(given["repeats"])
"""
_OURS = """
from pathlib import Path
from anodescope.formats import mpr, mpt, read
reader = mpr if path.endswith(".mpr") else mpt
def decode():
    return [np.ascontiguousarray(v) for v in reader.read(Path(path)).data.values()]
read(small)
result["decode"] = np.array(best(decode, repeats))
result["read"] = np.array(best(lambda: read(path), repeats))
"""
_MEMORY = """
from anodescope.formats import read
def kilobytes(key):
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1])
read(str(given["small"]))
# The high-water mark is inherited from the parent process, so it is set back first.
open("/proc/self/clear_refs", "w").write("5")
before = kilobytes("VmRSS:")
campaign = read(str(given["path"]))
result["bytes"] = np.array((kilobytes("VmHWM:") - before) * 1024)
"""
_GALVANI = """
def decode():
    table = BioLogic.MPRfile(path).data
    return [np.ascontiguousarray(table[name]) for name in table.dtype.names]
result["decode"] = np.array(best(decode, repeats))
"""
_YADG = """
def decode():
    tree = extractors.extract(filetype="eclab.mpt", path=path, timezone="UTC", locale="en_GB")
    return [np.ascontiguousarray(v) for v in tree.to_dataset().data_vars.values()]
result["decode"] = np.array(best(decode, 1))
"""


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison; speeds in MB/s, memory as a multiple of the file."""

    file: str
    megabytes: float
    decode: float
    read: float
    peak_memory: float
    peer: str
    peer_decode: float | None
    ratio: float | None


def find_data() -> Path | None:
    """Return the folder of the real potentiostat files, if it is there."""
    named = os.environ.get("ANODESCOPE_DATA")
    roots = [Path(named)] if named else [Path.cwd().parent / "shared" / "data"]
    return next((r / "potentiostat" for r in roots if (r / "potentiostat").is_dir()), None)


def run_bench(*, size: float = SIZE, repeats: int = REPEATS) -> list[Row]:
    """Make the files, time both sides and return one row per file; [] without real files."""
    data = find_data()
    if data is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        return [_compare(data / name, Path(folder), size, repeats) for name in SOURCES]


def _compare(source: Path, folder: Path, size: float, repeats: int) -> Row:
    path = folder / source.name
    with path.open("wb") as file:
        for piece in enlarged(source, size):
            file.write(piece)
    bytes_ = path.stat().st_size
    given = {"path": str(path), "small": str(source), "repeats": repeats}
    ours = ask_ourselves("", _TIMES + _OURS, given)
    memory = ask_ourselves("", _MEMORY, given)
    peer = _peer(path, given)
    path.unlink()
    speed = {
        name: bytes_ / 1e6 / float(ours.arrays[name]) if ours.ran else float("nan")
        for name in ("decode", "read")
    }
    theirs = bytes_ / 1e6 / float(peer.arrays["decode"]) if peer.ran else None
    name = "galvani" if path.suffix == ".mpr" else "yadg"
    return Row(
        file=source.name,
        megabytes=round(bytes_ / 1e6, 1),
        decode=round(speed["decode"], 1),
        read=round(speed["read"], 1),
        peak_memory=round(float(memory.arrays["bytes"]) / bytes_, 2)
        if memory.ran
        else float("nan"),
        peer=f"{name} {' '.join(peer.versions)}: {peer.status}"
        if not peer.ran
        else f"{name} {peer.versions[0]}",
        peer_decode=None if theirs is None else round(theirs, 2),
        ratio=None if theirs is None else round(speed["decode"] / theirs, 2),
    )


def _peer(path: Path, given: dict[str, Any]) -> Answer:
    if path.suffix == ".mpr":
        return ask(("galvani",), "from galvani import BioLogic", _TIMES + _GALVANI, given)
    return ask(("yadg",), "from yadg import extractors", _TIMES + _YADG, given)


def enlarged(source: Path, size: float) -> Iterator[bytes]:
    """Yield the bytes of a file of about `size` bytes that repeats the records of `source`.

    Times go on from repetition to repetition, and so do the cycle numbers of impedance files.
    """
    raw = source.read_bytes()
    if source.suffix == ".mpr":
        yield from _enlarged_binary(source, raw, size)
    else:
        yield from _enlarged_text(raw, size)


def _enlarged_binary(source: Path, raw: bytes, size: float) -> Iterator[bytes]:
    recording = mpr.read(source)
    at = raw.index(b"MODULEVMP data")
    new = raw[at + 41 : at + 45] == b"\xff\xff\xff\xff"
    place = at + (45 if new else 41)
    (length,) = struct.unpack_from("<I", raw, place)
    start = at + (65 + 1007 if new else 57 + 406)
    rows = recording.rows
    table = np.frombuffer(raw, _record(recording.columns), count=rows, offset=start)
    stop = start + table.nbytes
    copies = max(1, int(np.ceil(size / table.nbytes)))
    head = bytearray(raw[:start])
    struct.pack_into("<I", head, place, length + (copies - 1) * table.nbytes)
    struct.pack_into("<I", head, at + (65 if new else 57), rows * copies)
    yield bytes(head)
    span = float(table["time/s"][-1] - table["time/s"][0]) + 1.0
    for copy in range(copies):
        piece = table.copy()
        piece["time/s"] += copy * span
        if "cycle number" in (piece.dtype.names or ()):
            piece["cycle number"] += copy * float(table["cycle number"][-1])
        yield piece.tobytes()
    loop = raw.find(b"MODULEVMP loop", stop)
    yield raw[stop : loop if loop > 0 else None]


def _record(columns: tuple[Any, ...]) -> np.dtype[Any]:
    fields = [(c.label, c.dtype) for c in columns if c.number not in biologic.FLAGS]
    flags = any(column.number in biologic.FLAGS for column in columns)
    return np.dtype([("flags", "u1"), *fields] if flags else fields)


def _enlarged_text(raw: bytes, size: float) -> Iterator[bytes]:
    count = int(raw.split(b"\n", 2)[1].split(b":")[1])
    lines = raw.split(b"\n")
    labels = lines[count - 1].rstrip(b"\r").split(b"\t")
    when = labels.index(b"time/s")
    cycle = labels.index(b"cycle number")
    rows = [line.split(b"\t") for line in lines[count:] if line.strip()]
    times = [float(row[when]) for row in rows]
    cycles = [float(row[cycle]) for row in rows]
    span = times[-1] - times[0] + 1.0
    yield b"\n".join(lines[:count]) + b"\n"
    written = 0
    for copy in range(10**6):
        for row, time, number in zip(rows, times, cycles, strict=True):
            row[when] = _printed(time + copy * span)
            row[cycle] = _printed(number + copy * cycles[-1])
        piece = b"\n".join(b"\t".join(row) for row in rows) + b"\n"
        yield piece
        written += len(piece)
        if written >= size:
            return


def _printed(value: float) -> bytes:
    mantissa, _, power = f"{value:.15E}".partition("E")
    return f"{mantissa}E{int(power):+04d}".encode()
