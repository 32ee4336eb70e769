"""Where things go on the operando picture: header, panels on a shared time axis, right column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.report import panels
from anodescope.report.blocks import blocks
from anodescope.report.clock import Stretch, dress
from anodescope.report.marks import draw_events
from anodescope.report.strip import HEIGHT, draw_strip
from anodescope.report.style import GREY, INK, PALE, letter, place, shorten, write
from anodescope.report.view import CampaignLike, Scale, protocol_line, specimen_line, stored

LEFT = 1.7  # cm, room for the labels of the value axes
GAP = 0.16  # cm, between the stretches of a panel
HEAD, BAR, VOLTAGE, CURRENT, BETWEEN = 0.9, 0.16, 1.9, 1.2, 0.26
UNDER_BAR = 0.34  # cm, room for the numbers of the events
OVER_BAR = 0.06  # cm, between the blocks and the techniques
Row = list[Axes]


@dataclass(frozen=True, slots=True)
class Frame:
    """Widths (cm): the figure, the panels over time, the right column with profiles (0: none)."""

    width: float
    parts: list[Stretch]
    inner: float
    column: float

    def boxes(self) -> list[tuple[float, float]]:
        """Return left edge and width of each stretch's axes."""
        free = self.inner - GAP * (len(self.parts) - 1)
        total = sum(part.share for part in self.parts)
        boxes, left = [], LEFT
        for part in self.parts:
            wide = free * part.share / total
            boxes.append((left, wide))
            left += wide + GAP
        return boxes

    @property
    def column_left(self) -> float:
        """Left edge of the right column."""
        return LEFT + self.inner + 0.4


def frame_for(width: float, parts: list[Stretch], *, mapped: bool) -> Frame:
    """Divide the width: panels, right column (wide figures with a map), frequency axis."""
    if not mapped:
        return Frame(width, parts, width - LEFT - 0.3, 0.0)
    column = 0.21 * width if width > 12 else 0.0
    return Frame(width, parts, width - LEFT - 1.75 - (column + 0.4 if column else 0.0), column)


@dataclass(frozen=True, slots=True)
class Upper:
    """What stands over the map: blocks, techniques, voltage, current, each only where known."""

    strip: bool
    bar: bool
    volts: list[panels.Line]
    amperes: list[panels.Line]
    volt: Scale
    ampere: Scale
    narrow: bool

    @property
    def head(self) -> float:
        """Height (cm) of the header; on a narrow figure the techniques have a line of their own."""
        return HEAD + (0.3 if self.narrow and self.bar else 0.0)

    @property
    def bars(self) -> float:
        """Height (cm) of the bars of blocks and techniques, with what is below them."""
        strip = HEIGHT + OVER_BAR if self.strip else 0.0
        bar = BAR if self.bar else 0.0
        return strip + bar + (UNDER_BAR if strip + bar else 0.0)

    @property
    def height(self) -> float:
        """Height (cm) from the figure's top edge to where the next panel begins."""
        volts = VOLTAGE + BETWEEN if self.volts else 0.0
        return self.head + self.bars + volts + (CURRENT + BETWEEN if self.amperes else 0.0)


def upper_of(campaign: CampaignLike, width: float) -> Upper:
    """Look what there is to draw over the map."""
    volts, volt = panels.voltage_lines(campaign)
    amperes, ampere = panels.current_line(campaign)
    bar = stored(campaign, "steps", "technique") is not None
    strip = bool(blocks(campaign))
    return Upper(strip, bar, volts, amperes, volt, ampere, width < 12)


def add_row(figure: Figure, frame: Frame, top: float, height: float, upper: Sequence[Axes]) -> Row:
    """Add one panel: an axes per stretch, sharing its time axis with `upper`, if given."""
    row: Row = []
    for k, (left, wide) in enumerate(frame.boxes()):
        shared = {"sharex": upper[k]} if upper else {}
        if row:
            shared["sharey"] = row[0]
        axes = place(figure, left, top, wide, height, **shared)
        if row:
            axes.tick_params(labelleft=False, left=False, which="both")
            axes.spines["left"].set_visible(False)
        row.append(axes)
    return row


def header(figure: Figure, campaign: CampaignLike, frame: Frame) -> None:
    """Write specimen and protocol over the figure, and name the techniques' colours."""
    narrow = frame.width < 12
    left = panels.key_techniques(
        figure, campaign, LEFT + frame.inner, HEAD + 0.04 if narrow else 0.2
    )
    left = LEFT + frame.inner if narrow else left
    write(figure, LEFT, 0.1, specimen_line(campaign, int((left - LEFT) / 0.16)), fontweight="bold")
    simulated = " · simulated" if campaign.attrs.get("simulated") else ""
    told = whole_parts(protocol_line(campaign), int((frame.width - LEFT) / 0.125)) + simulated
    write(figure, LEFT, 0.45, told, fontsize=6, color=GREY)


def whole_parts(line: str, length: int) -> str:
    """Return as many of the parts of a line, parted by commas, as fit: no number loses its unit."""
    while len(line) > length and ", " in line:
        line = line.rpartition(", ")[0]
    return shorten(line, length)


def draw_upper(figure: Figure, campaign: CampaignLike, frame: Frame, upper: Upper) -> list[Row]:
    """Draw technique bar, voltage and current; return the rows of measured lines."""
    header(figure, campaign, frame)
    top, rows = upper.head, []
    joined = panels.recorded(campaign)
    strip, bar = _bars(figure, frame, upper)
    shared = strip or bar
    top += upper.bars
    for lines, scale, label, height in (
        (upper.volts, upper.volt, f"Voltage ({upper.volt.unit})", VOLTAGE),
        (upper.amperes, upper.ampere, f"Current\n({upper.ampere.unit})", CURRENT),
    ):
        if not lines:
            continue
        row = add_row(figure, frame, top, height, shared)
        shared = shared or row
        rows.append(row)
        for axes, part, (_, wide) in zip(row, frame.parts, frame.boxes(), strict=True):
            dress(axes, part, wide, label=False)
            panels.draw_lines(axes, lines, part, scale, joined)
        panels.frame_values(row[0], lines, scale, zero=lines is upper.amperes)
        panels.name_lines(row[0], lines)
        row[0].set_ylabel(label)
        if lines is upper.amperes:
            for axes in row:
                axes.axhline(0, color=PALE, lw=0.4, zorder=0)
        top += height + BETWEEN
    for axes, part, (_, wide) in zip(bar, frame.parts, frame.boxes(), strict=bool(bar)):
        dress(axes, part, wide, label=False)
        panels.draw_techniques(axes, campaign, part)
    for axes, part, (_, wide) in zip(strip, frame.parts, frame.boxes(), strict=bool(strip)):
        dress(axes, part, wide, label=False)
        draw_strip(axes, campaign, part, wide)
    return rows


def _bars(figure: Figure, frame: Frame, upper: Upper) -> tuple[Row, Row]:
    """Add the axes of the blocks and of the techniques; an absent one is an empty row."""
    top = upper.head
    strip = add_row(figure, frame, top, HEIGHT, []) if upper.strip else []
    top += HEIGHT + OVER_BAR if upper.strip else 0.0
    return strip, add_row(figure, frame, top, BAR, strip) if upper.bar else []


def time_axes(rows: Sequence[Row], frame: Frame) -> None:
    """Set the time axes of all rows; only the lowest row is labelled."""
    for number, row in enumerate(rows):
        lowest = number == len(rows) - 1
        for axes, part, (_, wide) in zip(row, frame.parts, frame.boxes(), strict=True):
            dress(axes, part, wide, label=lowest)
        for before, after in pairwise(row):
            for axes, x in ((before, 1.0), (after, 0.0)):
                _stroke(axes, x)


def _stroke(axes: Axes, x: float) -> None:
    """Mark with a slanted stroke that the scale of the time axis changes here."""
    stroke = [(-0.5, -1.0), (0.5, 1.0)]
    axes.plot(
        [x], [0], marker=stroke, ms=4, color=INK, mew=0.5, ls="none", clip_on=False, zorder=9,
        transform=axes.transAxes,
    )  # fmt: skip


def finish(figure: Figure, campaign: CampaignLike, frame: Frame, rows: Sequence[Row]) -> None:
    """Draw the events through all panels, set the panel letters, line the labels up."""
    for k, (part, (_, wide)) in enumerate(zip(frame.parts, frame.boxes(), strict=True)):
        draw_events([row[k] for row in rows], campaign, part, wide)
    for name, row in zip("abcdefgh", rows, strict=False):
        # Above the panel's edge, where no label of a low panel reaches.
        letter(figure, row[0], name, LEFT - 0.08, 0.2)
    figure.align_ylabels([row[0] for row in rows])
