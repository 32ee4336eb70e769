"""Figures as files: PNG, SVG and PDF, the same bytes for the same figure."""

from __future__ import annotations

import io
import os
from pathlib import Path

from matplotlib.figure import Figure

from anodescope.report.style import styled

FORMATS = ("png", "svg", "pdf")
# Neither a date nor a version may enter a file, or two runs would differ.
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@styled
def figure_bytes(figure: Figure, suffix: str, dpi: int = 300) -> bytes:
    """Return a figure as the content of a PNG, SVG or PDF file (rasters at `dpi`)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix, dpi=dpi, metadata=METADATA[suffix])
    return buffer.getvalue()


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
