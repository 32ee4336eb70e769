"""How wide a legend is: in how many columns, and so how many lines, its entries fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from anodescope.report.style import CM, FAMILY, RC

SIZE = float(RC["legend.fontsize"])  # points
SPACING = 1.0  # between columns, in font sizes
LINE = 0.31  # cm
SPILL = 0.25  # cm by which a legend may reach beyond the right end of its axes


def text_width(text: str, size: float = SIZE) -> float:
    """Return the width (cm) of a text, mathtext included, of `size` points; lines are apart."""
    if "\n" in text:
        return max(text_width(line, size) for line in text.splitlines())
    text = text.replace("$", r"\$") if text.count("$") % 2 else text
    if not text.strip():
        return 0.0
    path = TextPath((0, 0), text, size=size, prop=FontProperties(family=FAMILY))
    return float(path.get_extents().width) / 72 / CM


def legend_columns(names: Sequence[str], room: float) -> int:
    """Return the largest number of columns in which the names fit into `room` (cm); at least 1.

    Every column is as wide as its longest name, with the line before it.
    """
    widths = np.array([text_width(name) for name in names] or [0.0])
    per_size = SIZE / 72 / CM
    handle = (float(RC["legend.handlelength"]) + float(RC["legend.handletextpad"])) * per_size
    for count in range(len(widths), 1, -1):
        columns = np.array_split(widths, count)
        wide = sum(float(column.max()) + handle for column in columns)
        if wide + (count - 1) * SPACING * per_size <= room:
            return count
    return 1


def legend_height(names: Sequence[str], room: float, *, title: bool = False) -> float:
    """Return the height (cm) of a legend of these names in `room` (cm)."""
    rows = -(-len(names) // legend_columns(names, room))
    return LINE * (rows + title + max(name.count("\n") for name in names or [""]))
