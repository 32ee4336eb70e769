"""Figures as files: PNG, SVG and PDF, the same bytes for the same figure."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib.figure import Figure

from anodescope.report.style import styled

FORMATS = ("png", "svg", "pdf")
# Neither a date nor a version may enter a file, or two runs would differ.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


# A PDF sets every glyph at its place: tables that lay text out are of no use in it.
LAYOUT_TABLES = ("GSUB", "GPOS", "GDEF", "BASE", "JSTF", "MATH", "kern")

# What the page shows was mostly saved just before: the bytes of a figure, as long as it lives.
_kept: WeakKeyDictionary[Figure, dict[str, bytes]] = WeakKeyDictionary()


@styled
def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the content of a PNG (300 dpi), SVG or PDF file.

    A figure that was not changed since is not drawn again as PNG or SVG.
    """
    kept = _kept.setdefault(figure, {})
    if figure.stale:
        kept.clear()
    if suffix in kept:
        return kept[suffix]
    buffer = io.BytesIO()
    with _lean_fonts() if suffix == "pdf" else nullcontext():
        figure.savefig(buffer, format=suffix, dpi=300, metadata=METADATA[suffix])
    figure.stale = False  # saving marks a figure as changed; any artist that changes does so too
    if suffix != "pdf":
        kept[suffix] = buffer.getvalue()
    return buffer.getvalue()


@contextmanager
def _lean_fonts() -> Iterator[None]:
    """Leave the layout tables out of embedded fonts: to cut them down takes half of a PDF's time.

    Matplotlib has no setting for this, only fontTools, which it embeds fonts with.
    """
    options: Any = import_module("fontTools.subset").Options
    before = getattr(options, "_drop_tables_default", None)
    if before is None:  # another fontTools: the file is the same, it only takes longer
        yield
        return
    options._drop_tables_default = [*before, *LAYOUT_TABLES]
    try:
        yield
    finally:
        options._drop_tables_default = before


def write_beside(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then renamed."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def save_figure(figure: Figure, folder: str | Path, stem: str) -> dict[str, Path]:
    """Save a figure as PNG (300 dpi), SVG (text as paths) and PDF (font type 42).

    Parameters
    ----------
    figure : a figure of this package.
    folder : made if it is absent.
    stem : file name without its ending.

    Returns
    -------
    dict
        Path of each file by its format.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {suffix: folder / f"{stem}.{suffix}" for suffix in FORMATS}
    for suffix, path in paths.items():
        write_beside(path, figure_bytes(figure, suffix))
    return paths
