"""Drawings of the interface as the simulation's state has it: one column for each patch.

A counterpart of the paper's schematics (its Figs 3d–f and 5d). Nothing is invented: colour is the
computed composition between the bulk of the liquid and the electrolyte, white is contact that was
lost, dark bars are deposited Na. Only the heights are not to scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from anodescope.report.style import GREY, INK, PALE, VERMILLION, map_colours, place
from anodescope.report.view import CampaignLike, Floats, stored

LIQUID, SOLID = 1.0, 0.42  # heights
DEPOSIT = 0.45  # height of the largest deposit
LOST = 0.16  # height of a void
NEEDED = ("surface_fraction", "lost_contact", "deposited_sodium", "bulk_fraction")


@final
@dataclass(frozen=True, slots=True)
class Snapshot:
    """The interface at one instant.

    Attributes
    ----------
    time : s. bulk : Na fraction of the bulk. surface : at each patch, beside the electrolyte.
    lost : share of each patch's contact that is gone. deposit : Na on each patch (mAh/cm²).
    filament : length over the electrolyte's thickness.
    """

    time: float
    bulk: float
    surface: Floats
    lost: Floats
    deposit: Floats
    filament: float


def has_state(campaign: CampaignLike) -> bool:
    """Tell whether a campaign knows the state of its interface: only a simulation does."""
    return all(stored(campaign, "state", name) is not None for name in NEEDED)


def snapshot(campaign: CampaignLike, instant: float) -> Snapshot:
    """Return the last recorded state not later than an instant (s), or the first."""
    time, *columns = (_state(campaign, name) for name in ("state_time", *NEEDED))
    row = max(int(np.searchsorted(time, instant + 1e-6, "right")) - 1, 0)
    surface, lost, deposit, bulk = columns
    filament = stored(campaign, "state", "filament")
    return Snapshot(
        float(time[row]),
        float(bulk[row]),
        surface[row],
        lost[row],
        deposit[row],
        0.0 if filament is None else float(filament[row]),
    )


def _state(campaign: CampaignLike, name: str) -> Floats:
    values = stored(campaign, "state", name)
    return np.zeros(0) if values is None else values.astype(float)


def composition_norm(shown: Sequence[Snapshot]) -> Normalize:
    """Return one scale of composition for all drawings."""
    every = np.concatenate([np.append(one.surface, one.bulk) for one in shown])
    low, high = float(every.min()), float(every.max())
    return Normalize(low, max(high, low + 0.02))


def draw_state(axes: Axes, one: Snapshot, norm: Normalize, deposit: float) -> None:
    """Draw a state; `deposit` (mAh/cm²) is drawn as the highest bar."""
    count = len(one.surface)
    depth = np.linspace(0.0, 1.0, 40)[:, None]  # 0 beside the electrolyte
    field = one.surface[None, :] + (one.bulk - one.surface)[None, :] * depth
    look: dict[str, Any] = {"norm": norm, "cmap": map_colours(), "aspect": "auto", "zorder": 1}
    axes.imshow(field, extent=(0, count, 0, LIQUID), origin="lower", interpolation="nearest",
                **look)  # fmt: skip
    axes.add_patch(_box(0, -SOLID, count, SOLID, facecolor="#dfe2e5", edgecolor=INK, lw=0.5))
    for k in range(count):
        # The share of a patch that lost its contact is white, at the electrolyte.
        if one.lost[k] > 0.002:
            axes.add_patch(_box(k + (1 - one.lost[k]) / 2, 0, one.lost[k], LOST,
                                facecolor="white", edgecolor=GREY, lw=0.3, zorder=3))  # fmt: skip
        if deposit > 0 and one.deposit[k] > 0.002 * deposit:
            high = DEPOSIT * one.deposit[k] / deposit
            axes.add_patch(_box(k + 0.1, 0, 0.8, high, facecolor=INK, edgecolor="white",
                                lw=0.3, zorder=4))  # fmt: skip
    if one.filament > 0.01:
        axes.plot([count - 0.5] * 2, [0, -SOLID * min(one.filament, 1.0)], color=VERMILLION,
                  lw=1.6, zorder=5, solid_capstyle="butt")  # fmt: skip
    axes.set_xlim(0, count)
    axes.set_ylim(-SOLID, LIQUID)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(PALE)


def _box(x: float, y: float, wide: float, high: float, **look: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), wide, high, **({"zorder": 2} | look))


def composition_bar(figure: Figure, left: float, top: float, high: float, norm: Normalize) -> None:
    """Draw the colour bar of the composition at `left`, `top` (cm)."""
    axes = place(figure, left, top, 0.18, high)
    bar = figure.colorbar(ScalarMappable(norm=norm, cmap=map_colours()), cax=axes)
    axes.spines["outline"].set_linewidth(0.4)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    bar.set_label("Na fraction", labelpad=2)


def told(one: Snapshot) -> str:
    """Return the numbers of a state in a line."""
    parts = [
        f"x at the face {one.surface.mean():.3f}",
        f"contact lost {100 * one.lost.mean():.0f} %",
    ]
    if one.deposit.mean() > 1e-3:
        parts.append(f"Na on it {one.deposit.mean():.2g} mAh/cm²")
    if one.filament > 0.01:
        parts.append(f"filament {100 * one.filament:.0f} % across")
    return "\n".join(parts)
