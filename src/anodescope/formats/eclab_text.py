"""Small EC-Lab text files and names: where loops start, what the name of a linked file tells.

``<name>_LOOP.txt`` lies beside the data file of a technique that was looped. Its first line is
``VMP EXPERIMENT LOOP INDEXES``; each further line is the index, counted from 0, of the data row at
which a loop starts; the last one may be the number of rows, for a loop that never began. EC-Lab
names linked files ``<name>_<nn>_<TECHNIQUE>_<channel>``, with nn the technique's place in the
settings file (``run_02_GEIS_C05.mpr``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import ReadError
from anodescope.formats.techniques import technique
from anodescope.formats.textfile import decode

MAGIC = "VMP EXPERIMENT LOOP INDEXES"
_SUFFIX = "_LOOP"
_NAME = re.compile(
    r"(?P<run>.+)_(?P<number>[0-9]{2})_(?P<technique>[A-Za-z]+[0-9]?)"
    r"(?:_C(?P<channel>[A-D]?[0-9]{1,2}))?(?:_LOOP)?"
)


def recognises(path: Path, head: bytes) -> bool:
    """Say whether `head` starts a file of loop indexes."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(MAGIC.encode())


def read_loops(path: Path) -> NDArray[np.int64]:
    """Return the rows (counted from 0) at which the loops start.

    Raises
    ------
    ReadError
        naming the line that is no whole number, or that goes back.
    """
    text = decode(Path(path))
    lines = text.lines()
    if lines[0].strip() != MAGIC:
        found = repr(lines[0][:40])
        raise ReadError(text.path, expected=MAGIC, found=found, offset=1, place="line")
    starts: list[int] = []
    for place, line in enumerate(lines[1:], start=2):
        cell = line.strip()
        if not cell:
            continue
        whole = cell.isascii() and cell.isdecimal() and len(cell) < 16
        if not whole or (starts and int(cell) < starts[-1]):
            expected = "a row number not below the one before it"
            raise ReadError(
                text.path, expected=expected, found=repr(cell[:40]), offset=place, place="line"
            )
        starts.append(int(cell))
    return np.array(starts, dtype=np.int64)


def belongs_to(path: Path) -> str:
    """Return the name, without suffix, of the data file that a ``_LOOP.txt`` file describes."""
    stem = Path(path).stem
    return stem[: -len(_SUFFIX)] if stem.upper().endswith(_SUFFIX) else stem


@dataclass(frozen=True, slots=True)
class LinkedName:
    """What a linked file's name tells: its run, its place in the run, and its technique."""

    run: str
    number: int
    technique: str


def linked_name(stem: str) -> LinkedName | None:
    """Return what a file name without suffix, ``<run>_<nn>_<TECHNIQUE>[_C<channel>]``, tells.

    ``run_02_GEIS_C05`` (also with ``_LOOP`` behind it) gives ``LinkedName("run", 2, "GEIS")``.
    Without the channel the technique must be a known one, so that ``sample_05_test`` is no linked
    name; with it, a technique that is not known is given as it stands.
    """
    match = _NAME.fullmatch(stem)
    row = technique(match["technique"]) if match else None
    if match is None or (row is None and match["channel"] is None):
        return None
    return LinkedName(match["run"], int(match["number"]), row.short if row else match["technique"])
