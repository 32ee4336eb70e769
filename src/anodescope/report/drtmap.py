"""The DRT map of one electrode on one stretch of time, and the γ(τ) profiles beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from anodescope.report.clock import Stretch, sweep_times
from anodescope.report.mesh import colour_norm, columns, tau_edges
from anodescope.report.style import INK, PALETTE, THIN, map_colours, shades
from anodescope.report.view import (
    DRAWN_OUTCOMES,
    CampaignLike,
    Floats,
    ohm_factors,
    ohm_unit,
    required,
    spoken,
    stored,
    sweeps_of,
    windows,
)

MOST_HATCHED = 60  # runs of sweeps with one window; beyond that hatches would only be grey
MARGIN_DECADES = 1.0  # how far beyond the measured window the map reaches
WHITE_HALO = [withStroke(linewidth=1.5, foreground="white")]


@dataclass(frozen=True, slots=True)
class MapData:
    """What a map shows: rows in time order, γ in the unit it is drawn in (see `unit`)."""

    electrode: str
    rows: np.ndarray
    starts: Floats
    ends: Floats
    tau: Floats
    gamma: Floats
    inside: np.ndarray
    bounds: Floats
    unit: str

    @property
    def drawable(self) -> int:
        """How many sweeps have a DRT."""
        return int(np.isfinite(self.gamma).any(axis=1).sum())

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest τ (s) shown."""
        drawn = np.isfinite(self.gamma).any(axis=0)
        edges = tau_edges(self.tau)
        low, high = float(edges[:-1][drawn].min()), float(edges[1:][drawn].max())
        known = self.bounds[np.isfinite(self.bounds).all(axis=1)]
        if len(known):
            low = max(low, float(known[:, 0].min()) / 10**MARGIN_DECADES)
            high = min(high, float(known[:, 1].max()) * 10**MARGIN_DECADES)
        return low, high


def map_data(campaign: CampaignLike, electrode: str) -> MapData:
    """Collect what the map of one electrode shows.

    Raises
    ------
    SchemaError
        where the campaign holds no DRT.
    """
    factors = ohm_factors(campaign)
    tau = required(campaign, "drt", "tau").astype(float)
    gamma = required(campaign, "drt", "gamma")
    rows = sweeps_of(campaign, electrode)
    times = sweep_times(campaign)
    rows = rows[np.isfinite(times[rows]).all(axis=1)]
    return MapData(
        electrode,
        rows,
        times[rows, 0],
        times[rows, 1],
        tau,
        gamma[rows].astype(float) * factors[rows, None],
        required(campaign, "drt", "in_window")[rows].astype(bool),
        windows(campaign)[rows],
        ohm_unit(campaign),
    )


def shared_norm(maps: Sequence[MapData]) -> LogNorm:
    """Return one colour scale for all maps of a figure."""
    gamma = np.concatenate([one.gamma.ravel() for one in maps])
    inside = np.concatenate([one.inside.ravel() for one in maps])
    return colour_norm(gamma, inside)


def draw_map(axes: Axes, data: MapData, stretch: Stretch, norm: LogNorm, width: float) -> None:
    """Draw γ over time and τ on one stretch; `width` is the axes' width (cm).

    Sweeps lie between their true start and end, except that one thinner than 0.6 mm is widened
    as far as its neighbours allow and a gap thinner than 0.2 mm is closed. Values at
    or below the scale's end take the end's colour: a γ
    of zero is a result, not a gap.
    """
    axes.set_yscale("log")
    axes.set_ylim(*data.limits)
    here = (data.ends >= stretch.start) & (data.starts <= stretch.end)
    for spine in axes.spines.values():
        spine.set_visible(True)
    if not here.any():
        return
    edges, values = columns(
        data.starts[here], data.ends[here], data.gamma[here], stretch, 0.06 / width, 0.02 / width
    )
    floor = float(norm.vmin or 1.0)
    shown = np.where(np.isfinite(values), np.maximum(values, 0.999 * floor), np.nan)
    axes.pcolormesh(
        edges,
        tau_edges(data.tau),
        np.ma.masked_invalid(shown).T,
        norm=norm,
        cmap=map_colours(),
        shading="flat",
        rasterized=True,
        zorder=1,
    )
    veil(axes, data, here, stretch)


def _runs(bounds: Floats) -> list[tuple[int, int]]:
    """Return first and last index of each run of sweeps with the same window."""
    with np.errstate(invalid="ignore"):
        changed = (np.abs(np.diff(np.log(bounds), axis=0)) > 1e-6).any(axis=1)
    changed |= np.isnan(bounds[1:, 0]) != np.isnan(bounds[:-1, 0])
    starts = np.concatenate([[0], np.flatnonzero(changed) + 1])
    ends = np.concatenate([starts[1:] - 1, [len(bounds) - 1]])
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def veil(axes: Axes, data: MapData, here: np.ndarray, stretch: Stretch) -> None:
    """Veil and hatch what lies outside each sweep's measured window, with a dashed border."""
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    bounds, starts, ends = data.bounds[here], data.starts[here], data.ends[here]
    runs = _runs(bounds)
    for first, last in runs:
        lowest, highest = bounds[first]
        if not np.isfinite(lowest + highest):
            continue
        # A run's veil reaches to where the next run begins, so that no thin strip stays bare.
        until = starts[last + 1] if last + 1 < len(starts) else ends[last]
        x = np.clip(stretch.place(np.array([starts[first], until])), left, right)
        if last + 1 == len(starts):
            x[1] = max(x[1], min(right, x[0] + 0.004 * (right - left)))
        for edge, bottom, top in ((lowest, low, lowest), (highest, highest, high)):
            if top <= bottom or not low < edge < high:
                continue
            axes.add_patch(_pane(x, bottom, top, hatched=len(runs) <= MOST_HATCHED))
            axes.plot(x, [edge, edge], color="white", lw=1.1, zorder=3, solid_capstyle="butt")
            axes.plot(x, [edge, edge], color=INK, lw=0.7, ls=(0, (3, 2)), zorder=3)


def _pane(x: Floats, bottom: float, top: float, *, hatched: bool) -> Rectangle:
    """Return one pane of the veil; a rectangle, since SVG hatches no collections."""
    return Rectangle(
        (float(x[0]), bottom), float(x[1] - x[0]), top - bottom, facecolor=(1, 1, 1, 0.42),
        edgecolor=(1, 1, 1, 0.75), hatch="//////" if hatched else None, lw=0, zorder=2,
        label="outside the measured window",
    )  # fmt: skip


def common_edge(edges: Floats) -> tuple[float, str]:
    """Return the edge (s) that most sweeps share, and its frequency in words.

    Where the sweeps were measured over different ranges the words say how many share it, as in
    “800 mHz in 45 of 46 sweeps”, or from where to where the edges reach.
    """
    steps, counts = np.unique(np.round(np.log10(edges), 3), return_counts=True)
    most = int(counts.argmax())
    edge = float(np.median(edges[np.round(np.log10(edges), 3) == steps[most]]))
    told = spoken(1 / (2 * np.pi * edge), "Hz")
    if len(steps) == 1:
        return edge, told
    if 2 * counts[most] > len(edges):
        return edge, f"{told} in {counts[most]} of {len(edges)} sweeps"
    ends = [spoken(1 / (2 * np.pi * float(end)), "Hz") for end in (edges.max(), edges.min())]
    return edge, f"{ends[0]} to {ends[1]}, by sweep"


def name_window(axes: Axes, data: MapData, width: float, height: float) -> None:
    """Write into the veil what it means; `width` and `height` are those of the axes (cm)."""
    low, high = axes.get_ylim()
    known = data.bounds[np.isfinite(data.bounds).all(axis=1)]
    if not len(known):
        return
    per_decade = height / np.log10(high / low)
    # The words stand where no sweep measured; what they say is true of most sweeps.
    top, bottom = float(known[:, 1].max()), float(known[:, 0].min())
    slow, fast = common_edge(known[:, 1])[1], common_edge(known[:, 0])[1]
    words = (
        (np.sqrt(max(top, low) * high), np.log10(high / top), f"below {slow}"),
        (np.sqrt(low * bottom), np.log10(bottom / low), f"above {fast}"),
    )
    for where, deep, told in words:
        if deep * per_decade < 0.24:
            continue
        names = (f"outside the measured window ({told})", "outside the window", "outside")
        name = next((n for n in names if 0.103 * len(n) < width - 0.2), "")
        axes.text(
            0.08 / width, float(where), name, fontsize=5.5,
            transform=axes.get_yaxis_transform(), va="center", color=INK,
            path_effects=WHITE_HALO, zorder=6,
        )  # fmt: skip


def marked(campaign: CampaignLike, data: MapData) -> tuple[np.ndarray, np.ndarray]:
    """Tell which sweeps have no DRT, and which others fail the Kramers–Kronig test."""
    outcomes = stored(campaign, "drt", "outcome")
    verdicts = stored(campaign, "validation", "verdict")
    none: np.ndarray = np.logical_not(np.isfinite(data.gamma).any(axis=1))
    if outcomes is not None:
        none = none | ~np.isin(outcomes[data.rows].astype(object), DRAWN_OUTCOMES)
    suspect = np.zeros(len(data.rows), dtype=bool)
    if verdicts is not None:
        suspect = verdicts[data.rows].astype(object) == "inconsistent"
    return none, suspect & ~none


def mark_sweeps(
    axes: Axes, campaign: CampaignLike, data: MapData, stretch: Stretch, chosen: Sequence[int]
) -> None:
    """Mark over the map which sweeps are drawn beside it; at its foot, which deserve mistrust."""
    middles = np.concatenate([stretch.place((data.starts + data.ends) / 2), [np.nan]])
    here = stretch.covers((data.starts + data.ends) / 2)
    lift = axes.get_xaxis_transform()
    for row, colour in zip(chosen, shades(len(chosen)), strict=True):
        for k in np.flatnonzero((data.rows == row) & here):
            axes.plot(middles[k], 1.022, "v", ms=3.6, color=colour, mew=0, transform=lift,
                      clip_on=False, zorder=7)  # fmt: skip
    none, suspect = marked(campaign, data)
    for name, mask, marker, edge in (
        ("no DRT", none, "x", PALETTE[1]),
        ("fails Kramers–Kronig", suspect, "o", PALETTE[5]),
    ):
        found = np.flatnonzero(mask & here)
        if len(found):
            axes.plot(
                middles[found], np.full(len(found), 0.025), marker, ms=2.4, color=edge,
                mfc="white", mew=0.5, ls="none", transform=lift, clip_on=False, zorder=7,
                label=name,
            )  # fmt: skip


def draw_profiles(axes: Axes, data: MapData, chosen: Sequence[int], norm: LogNorm) -> None:
    """Draw γ(τ) of chosen sweeps beside the map, on the map's τ axis and colour scale."""
    low, high = float(norm.vmin or 0.1), float(norm.vmax or 10.0)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    for row, colour in zip(chosen, shades(len(chosen)), strict=True):
        for k in np.flatnonzero(data.rows == row):
            values = np.maximum(data.gamma[k], low / 10)
            axes.plot(values, data.tau, color=colour, lw=0.6, alpha=0.5, ls=(0, (2, 1.5)))
            axes.plot(np.where(data.inside[k], values, np.nan), data.tau, color=colour, lw=1.0)
    known = data.bounds[np.isfinite(data.bounds).all(axis=1)]
    bottom, top = axes.get_ylim()
    for side, end in ((0, bottom), (1, top)) if len(known) else ():
        # Hatched: where no sweep measured. Dashed: the edge that most of them share, as on the map.
        start = float(known[:, side].max() if side else known[:, side].min())
        edge = common_edge(known[:, side])[0]
        if bottom < start < top:
            axes.axhspan(start, end, facecolor="#f1f2f4", edgecolor="#d5d9dd", hatch="/////",
                         lw=0, zorder=-1)  # fmt: skip
        if bottom < edge < top:
            axes.axhline(edge, color=INK, lw=0.7, ls=(0, (3, 2)), zorder=0)
    axes.set_ylim(bottom, top)
    axes.spines["right"].set_visible(True)
    axes.tick_params(labelleft=False)


def electrode_note(axes: Axes, name: str) -> None:
    """Write the electrode's name into the corner of its map."""
    axes.annotate(
        name, (1, 0), xycoords="axes fraction", xytext=(-4, 4), textcoords="offset points",
        ha="right", va="bottom", color=INK, fontsize=7, fontweight="bold",
        path_effects=WHITE_HALO, parse_math=False, zorder=6,
    )  # fmt: skip


def gamma_label(unit: str) -> str:
    """Return the label of a γ axis."""
    return f"γ ({unit} per ln{THIN}τ)"
