"""Named peaks on the operando map: fine lines along their tracks, and their names beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from anodescope.report.clock import Stretch
from anodescope.report.panels import events
from anodescope.report.style import INK
from anodescope.report.tracks import Track, peak_name, tracks
from anodescope.report.view import CampaignLike, Floats, windows

HALO = [withStroke(linewidth=1.3, foreground="white")]


def lines_on_map(
    axes: Axes, campaign: CampaignLike, electrode: str, part: Stretch, named: set[str]
) -> None:
    """Draw the named tracks of an electrode as fine lines on its map, and write their names once.

    Only what lies inside each sweep's measured window is drawn and named. `named` collects the
    names that are written already.
    """
    low, high = axes.get_ylim()
    placed: list[Floats] = []
    lines = [float(part.place(time)) for time, _, _ in events(campaign)]
    for track in tracks(campaign, electrode):
        here = part.covers(track.time) & track.present & track.inside
        here &= (track.tau > low) & (track.tau < high)
        if not track.name or not here.any():
            continue
        x = part.place(track.time)
        axes.plot(x, np.where(here, track.tau, np.nan), color="white", lw=0.55, ls=(0, (1, 1.5)),
                  zorder=4, alpha=0.9)  # fmt: skip
        if track.name in named:
            continue
        named.add(track.name)
        k = _free_place(axes, track, x, here, placed, lines)
        # The name stands on the side of the window's middle, off what lies outside it.
        middle = np.sqrt(np.prod(windows(campaign)[track.rows[k]]))
        upper = float(track.tau[k]) > middle
        axes.annotate(
            peak_name(track.name), (float(x[k]), float(track.tau[k])),
            xytext=(2, -3.5 if upper else 3.5), textcoords="offset points", fontsize=7, color=INK,
            va="top" if upper else "bottom", path_effects=HALO, zorder=7,
        )  # fmt: skip


def _free_place(
    axes: Axes,
    track: Track,
    x: Floats,
    here: NDArray[np.bool_],
    placed: list[Floats],
    lines: Sequence[float],
) -> int:
    """Return the sweep beside which a track is named: a firm one if there is any.

    The name keeps off the names `placed` so far and off the `lines` of events (axis values).
    """
    firm = np.flatnonzero(here & track.firm)
    every = firm if len(firm) else np.flatnonzero(here)
    ends = axes.transAxes.inverted()
    at = np.stack([x, track.tau], axis=1)
    shares = ends.transform(axes.transData.transform(at))
    order = [*every[3:], *every[:3]] if len(every) > 3 else list(every[::-1])
    stops = np.array([[value, axes.get_ylim()[0]] for value in lines]).reshape(-1, 2)
    crossing = ends.transform(axes.transData.transform(stops))[:, 0]
    room = [
        k for k in order
        if shares[k, 0] < 0.85
        and not ((crossing > shares[k, 0]) & (crossing < shares[k, 0] + 0.15)).any()
    ] or order  # fmt: skip
    free = (
        k for k in room
        if all(abs(shares[k, 0] - a) > 0.15 or abs(shares[k, 1] - b) > 0.09 for a, b in placed)
    )  # fmt: skip
    k = int(next(free, room[0]))
    placed.append(shares[k])
    return k
