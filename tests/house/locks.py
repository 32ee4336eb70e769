"""Reads a hashed lock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}$")


@dataclass(frozen=True)
class Pin:
    """One locked package."""

    name: str
    version: str
    marker: Marker | None
    hashes: int

    def line(self) -> str:
        """Return the pin as a line of a constraints file, without hashes."""
        marker = f" ; {self.marker}" if self.marker is not None else ""
        return f"{self.name}=={self.version}{marker}"


def pins(text: str) -> list[Pin]:
    """Return the pins of a lock; raises ValueError at anything that is not pinned exactly."""
    rows = (line.split(" #")[0] for line in text.splitlines())
    kept = "\n".join(row for row in rows if not row.lstrip().startswith("#"))
    return [_pin(entry) for entry in kept.replace("\\\n", " ").splitlines() if entry.strip()]


def _pin(entry: str) -> Pin:
    written, *hashes = re.split(r"\s+(?=--)", entry.strip())
    requirement = Requirement(written)
    (only,) = requirement.specifier
    if only.operator != "==" or requirement.url or not all(HASH.match(row) for row in hashes):
        raise ValueError(f"not an exact, hashed pin: {entry[:80]}")
    name = canonicalize_name(requirement.name)
    return Pin(name, only.version, requirement.marker, len(hashes))


def read(path: Path) -> list[Pin]:
    return pins(path.read_text(encoding="utf-8"))
