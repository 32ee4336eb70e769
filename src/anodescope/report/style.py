"""How figures look: journal widths, one type face, colours that survive grey print.

Text is set in DejaVu Sans, which comes with Matplotlib, so a figure is the same on every machine;
in SVG it is drawn as paths, in PDF it is embedded as TrueType (font type 42). Nothing here touches
Matplotlib's global state for longer than one `with` block, and pyplot is never imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")

SINGLE = 8.3  # cm, one journal column
DOUBLE = 17.1  # cm, two journal columns
CM = 1 / 2.54  # inch
THIN = "\u2009"  # thin space, between a number and its unit and inside compound units
FAMILY = "DejaVu Sans"

INK = "#1b2a3a"
GREY = "#6b7580"
PALE = "#c9ced3"
# Okabe and Ito's palette, without its yellow, which vanishes on white paper.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
BLUE, VERMILLION, GREEN, ORANGE = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[5]

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": [FAMILY],
    "font.size": 7,
    "axes.labelsize": 7,
    "axes.titlesize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6,
    "axes.linewidth": 0.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelpad": 2.5,
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.minor.width": 0.35,
    "ytick.minor.width": 0.35,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.4,
    "ytick.minor.size": 1.4,
    "xtick.major.pad": 2,
    "ytick.major.pad": 2,
    "lines.linewidth": 0.9,
    "lines.markersize": 2.4,
    "patch.linewidth": 0.5,
    "hatch.linewidth": 0.35,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
    "legend.handletextpad": 0.5,
    "legend.labelspacing": 0.3,
    "legend.borderaxespad": 0.2,
    "figure.facecolor": "white",
    "figure.autolayout": False,
    "savefig.facecolor": "white",
    "savefig.bbox": None,
    "savefig.dpi": 300,
    "figure.dpi": 300,
    "mathtext.default": "regular",
    "svg.fonttype": "path",
    "svg.hashsalt": "anodescope",
    "pdf.fonttype": 42,
    "path.simplify": True,
    "agg.path.chunksize": 0,
}


@contextmanager
def journal_style() -> Iterator[None]:
    """Set the journal style inside a ``with`` block; on leaving, every rcParam is as before."""
    with matplotlib.rc_context(RC):
        yield


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function that draws inside `journal_style`."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with journal_style():
            return function(*args, **kwargs)

    return inside


def new_figure(width: float, height: float) -> Figure:
    """Return an empty white figure of `width` × `height` (cm) on the Agg canvas."""
    figure = Figure(figsize=(width * CM, height * CM), dpi=300)
    FigureCanvasAgg(figure)
    return figure


def place(
    figure: Figure, left: float, top: float, width: float, height: float, **kwargs: Any
) -> Axes:
    """Add axes whose box is given in cm from the figure's upper left corner."""
    wide, high = figure.get_size_inches() / CM
    box = (left / wide, 1 - (top + height) / high, width / wide, height / high)
    return figure.add_axes(box, **kwargs)


def write(figure: Figure, x: float, y: float, text: str, **kwargs: Any) -> None:
    """Write plain text (no mathtext) at `x`, `y` (cm) from the figure's upper left corner."""
    wide, high = figure.get_size_inches() / CM
    options: dict[str, Any] = {"va": "top", "ha": "left", "parse_math": False} | kwargs
    figure.text(x / wide, 1 - y / high, printable(text), **options)


def letter(figure: Figure, axes: Axes, name: str, left: float = 0.0, up: float = 0.0) -> None:
    """Set a bold panel letter `left` cm left of the axes' upper left corner, `up` cm above it."""
    wide, high = figure.get_size_inches() / CM
    box = axes.get_position()
    where = (box.x0 - left / wide, box.y1 + up / high)
    figure.text(*where, name, fontweight="bold", fontsize=8, va="center", ha="left")


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    font = font_manager.get_font(font_manager.findfont(FAMILY))
    return frozenset(font.get_charmap())


def printable(text: object) -> str:
    """Return text that the type face can set: what it lacks, and controls, become a box."""
    known = _glyphs()
    lines = str(text).splitlines() or [""]
    return "\n".join(
        "".join(c if (ord(c) in known and c.isprintable()) or c == THIN else "□" for c in line)
        for line in lines
    )


def shorten(text: object, length: int) -> str:
    """Return `text` on one line, its middle replaced by an ellipsis where it is too long."""
    # Thin spaces between numbers and units are kept.
    line = re.sub(r"[ \t\r\n\f\v]+", " ", str(text)).strip()
    if len(line) <= length:
        return line
    head = (length - 1) // 2
    return f"{line[:head]}…{line[-(length - 1 - head) :]}"


@lru_cache(maxsize=1)
def map_colours() -> Colormap:
    """Return the map's colours: cividis, the same to every kind of colour vision, grey-safe."""
    return matplotlib.colormaps["cividis"].copy()


@lru_cache(maxsize=1)
def sweep_colours() -> Colormap:
    """Return the colours of sweeps in time order: viridis without its palest fifth."""
    full = matplotlib.colormaps["viridis"]
    shades = [full(0.84 * k / 63) for k in range(64)]
    return LinearSegmentedColormap.from_list("sweeps", shades)


def shades(count: int) -> list[tuple[float, float, float, float]]:
    """Return one colour per sweep, dark to light in time order."""
    colours = sweep_colours()
    return [colours(k / max(count - 1, 1)) for k in range(count)]
