"""The marks of events on the operando picture: lines through its panels, numbers on top."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from anodescope.report.clock import Stretch
from anodescope.report.panels import events
from anodescope.report.style import PALETTE
from anodescope.report.view import CampaignLike, Floats

MOST = 12  # events with a line and a number; later ones are strokes
APART = 0.3  # cm, between the middles of two numbers
POINTS = 72 / 2.54  # per cm


def spread(at: Floats, least: float, width: float) -> Floats:
    """Return positions at least `least` apart, in order, as near to `at` as they fit in `width`.

    Neighbours that would touch share the distance by which each is moved (pooled means, as in an
    isotonic regression); where they cannot fit, the whole width is shared evenly.

    Parameters
    ----------
    at : wanted positions, ascending, shape (n,).
    least, width : of the same unit as `at`.
    """
    count = len(at)
    if count * least > width:
        return np.linspace(0.0, width, count)
    steps = least * np.arange(count)
    pools: list[tuple[float, int]] = []
    for value in at - steps:
        mean, size = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, size = (mean * size + before * many) / (size + many), size + many
        pools.append((mean, size))
    means = np.concatenate([np.full(size, mean) for mean, size in pools] or [np.zeros(0)])
    return np.asarray(np.clip(means, 0.0, width - least * max(count - 1, 0)) + steps)


def draw_events(
    panels: Sequence[Axes], campaign: CampaignLike, stretch: Stretch, width: float
) -> None:
    """Draw a fine line through all panels at the first events, with a number on top.

    Later ones are short strokes at the top, so that many events do not hide the picture. Numbers
    of events that lie close stand beside each other; `width` is that of the panels (cm).
    """
    if not panels:
        return
    times = [time for time, _, _ in events(campaign)]
    here = [
        (number, time)
        for number, time in enumerate(times, start=1)
        if stretch.start <= time <= stretch.end
    ]
    for number, time in here:
        where = float(stretch.place(time))
        for axes in panels:
            if number <= MOST:
                axes.axvline(where, color=PALETTE[1], lw=0.6, ls=(0, (3, 2)), zorder=4)
            elif axes is panels[0]:
                axes.axvline(where, 0.94, 1.0, color=PALETTE[1], lw=0.6, zorder=4)
    numbered = [(number, time) for number, time in here if number <= MOST]
    level = np.array([float(stretch.level(time)) for _, time in numbered])
    low, high = float(stretch.level(stretch.start)), float(stretch.level(stretch.end))
    at = (level - low) / (high - low) * width
    for (number, time), wanted, found in zip(numbered, at, spread(at, APART, width), strict=True):
        moved = abs(found - wanted) > 0.02
        panels[0].annotate(
            str(number), (float(stretch.place(time)), 1), xycoords=("data", "axes fraction"),
            xytext=((found - wanted) * POINTS, 1.5), textcoords="offset points", ha="center",
            va="bottom", fontsize=5.5, color="white", zorder=6,
            bbox={"boxstyle": "circle,pad=0.18", "fc": PALETTE[1], "ec": "none"},
            arrowprops={"arrowstyle": "-", "color": PALETTE[1], "lw": 0.6, "shrinkA": 0,
                        "shrinkB": 0} if moved else None,
        )  # fmt: skip
