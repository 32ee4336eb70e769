"""The formats that anodescope reads: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anodescope.formats import bdf, delimited, gamry, mpr, mpt, zplot
from anodescope.formats.opening import head_of
from anodescope.formats.recording import Recording


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the manifest.

    Attributes
    ----------
    name : what provenance records as the reader.
    title : for people.
    suffixes : usual endings, lower case; a hint only, the content decides.
    recognises : ``recognises(path, head)`` with the first `opening.HEAD` bytes.
    read : ``read(path)``.
    writes : whether a writer exists.
    read_all : reads a file that holds several tables; None where a file is one table.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path, bytes], bool]
    read: Callable[[Path], Recording]
    writes: bool = False
    read_all: Callable[[Path], tuple[Recording, ...]] | None = None

    def recordings(self, path: Path) -> tuple[Recording, ...]:
        """Read every table of a file."""
        return (self.read(path),) if self.read_all is None else self.read_all(path)


# The order matters: what has a magic comes before what is recognised by its labels.
FORMATS: tuple[Format, ...] = (
    Format(mpr.NAME, "BioLogic binary", (".mpr",), mpr.recognises, mpr.read),
    Format(mpt.NAME, "BioLogic text export", (".mpt", ".txt"), mpt.recognises, mpt.read, True),
    Format(gamry.NAME, "Gamry", (".dta",), gamry.recognises, gamry.read, read_all=gamry.read_all),
    Format(zplot.NAME, "ZPlot", (".z",), zplot.recognises, zplot.read),
    Format(
        bdf.NAME,
        "Battery Data Format",
        (".bdf", ".bdf.csv", ".bdf.parquet"),
        bdf.recognises,
        bdf.read,
        True,
    ),
    Format(
        delimited.NAME,
        "text with labelled columns",
        (".csv", ".tsv", ".txt", ".dat"),
        delimited.recognises,
        delimited.read,
        True,
    ),
)


def format_of(path: Path) -> Format | None:
    """Return the row whose reader recognises the file's content, or None.

    Raises
    ------
    ReadError
        when the file cannot be opened.
    """
    head = head_of(path)
    return next((row for row in FORMATS if row.recognises(path, head)), None)


def by_suffix(path: Path) -> Format | None:
    """Return the row that a file's ending promises, or None."""
    name = path.name.lower()
    return next((row for row in FORMATS if name.endswith(row.suffixes[:1])), None)
