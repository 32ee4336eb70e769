"""The strip over the operando map that names the recognised blocks of the protocol."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from anodescope.report.blocks import Block, blocks
from anodescope.report.clock import Stretch
from anodescope.report.style import INK, THIN, printable
from anodescope.report.view import CampaignLike

HEIGHT = 0.34  # cm
LETTER = 0.105  # cm that a letter of the strip's names takes
# Pale, so that ink reads on every one; kinds without a current are grey.
FILLS = {
    "constant_current": "#cfe0ee",
    "ccd": "#f3d9bf",
    "staircase_geis": "#cde5d8",
    "staircase": "#cde5d8",
    "pulsed": "#ead3e1",
    "cycling": "#f0e6c0",
    "rest": "#e8eaec",
    "rest_with_peis": "#e8eaec",
    "impedance_only": "#dcebf4",
}
UNKNOWN = "#ffffff"


def block_name(block: Block, width: float) -> str:
    """Return what stands in a block that is `width` cm wide; empty where nothing fits."""
    sure = f"{100 * block.confidence:.0f}{THIN}%"
    short = block.kind.split("_")[0]
    for text in (f"{block.name} × {block.count} · {sure}", f"{block.name} · {sure}", block.name,
                 short):  # fmt: skip
        if LETTER * len(text) < width - 0.1:
            return text
    return ""


def draw_strip(axes: Axes, campaign: CampaignLike, stretch: Stretch, width: float) -> None:
    """Draw the blocks on one stretch of the time axis; `width` is that of the axes (cm)."""
    low, high = float(stretch.level(stretch.start)), float(stretch.level(stretch.end))
    for block in blocks(campaign):
        start, end = max(block.start, stretch.start), min(block.end, stretch.end)
        if end <= start:
            continue
        left, right = float(stretch.place(start)), float(stretch.place(end))
        axes.add_patch(
            Rectangle(
                (left, 0), right - left, 1, facecolor=FILLS.get(block.kind, UNKNOWN),
                edgecolor=INK, lw=0.4, ls="-" if block.kind in FILLS else (0, (2, 1)),
            )
        )  # fmt: skip
        share = (float(stretch.level(end)) - float(stretch.level(start))) / (high - low)
        middle = float(stretch.unlevel((stretch.level(start) + stretch.level(end)) / 2))
        text = block_name(block, share * width)
        axes.text(middle, 0.47, printable(text), ha="center", va="center", fontsize=5.5, color=INK,
                  parse_math=False)  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_axis_off()
