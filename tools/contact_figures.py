"""Draw the figures of docs/constriction.md and write the numbers between `figures:constriction`.

What figures 2 to 4 show is computed in `examples/dynamic_constriction.py`. One core, two minutes:

    python -m tools.contact_figures
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure

from anodescope.bench.page import replace_block
from anodescope.contact import constriction
from anodescope.contact.maps import gaussian_field
from anodescope.report import style
from examples import dynamic_constriction as pores

ROOT = Path(__file__).resolve().parents[1]
PAGE, FOLDER = ROOT / "docs" / "constriction.md", ROOT / "docs" / "figures"
MARK = "figures:constriction"

# Figure 1: a random map of a liquid that wets in places.
PIXELS, FACE, CORRELATION = 256, 5e-2, 2.5e-3  # pixels, cm, cm
FILM, CAPACITANCE, DEPTH = 2.0, 1e-5, 1e-5  # Ω·cm², F/cm², cm

RATIOS = np.logspace(-3, 2, 11)
WEIGHTS = np.logspace(-1.5, 1.5, 7)
PERIODS = np.logspace(-4, -1, 7)
DEPTHS = np.logspace(-7, -1, 13)
WIDE = 1.5  # cm, ten times as wide as the electrolyte is thick
Rows = list[tuple[str, str]]


def random_map(pixels: int = PIXELS, seed: int = 3) -> Any:
    """Contact (y, x): a thresholded Gaussian field of `CORRELATION` on a face of `FACE`."""
    return gaussian_field(
        (pixels, pixels),
        fraction=pores.FRACTION,
        correlation=CORRELATION,
        pixel=FACE / pixels,
        seed=seed,
    )


# 1. What the verb returns


def one_map() -> Rows:
    """Contact, current with and without a film, and the spectrum of its parts."""
    contact = random_map()
    length = FACE / PIXELS
    slab = {"pixel": length, "thickness": pores.THICKNESS, "conductivity": pores.CONDUCTIVITY}
    bare = constriction(contact, **slab)
    filmed = constriction(contact, **slab, film_resistance=FILM)
    even = constriction(contact, **slab, film_resistance=1e3 * FILM, fields=False)
    frequency = np.logspace(0, 9, 91)
    parts = constriction(
        contact,
        **slab,
        film_resistance=FILM,
        film_capacitance=CAPACITANCE,
        gap_capacitance=pores.gap(DEPTH),
        frequency=frequency,
        fields=False,
    )
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 5.6)
        left, middle, right = (style.place(figure, x, 0.8, 4.0, 4.0) for x in (0.5, 5.2, 12.6))
        size = (0, 1e4 * FACE, 0, 1e4 * FACE)
        current_map(figure, left, bare, size, "perfect contact", None)
        image = current_map(figure, middle, filmed, size, f"film of {FILM:g} Ω·cm²", 9.4)
        image.set_label("current density over its mean")
        for name, colour, label in (
            ("film", style.ORANGE, "film and gaps"),
            ("constriction", style.BLUE, "constriction"),
        ):
            right.plot(frequency, parts[name].real, color=colour, label=f"{label}, Re")
            right.plot(frequency, -parts[name].imag, color=colour, ls="--", label="−Im")
        right.set_xscale("log")
        right.set_xlabel("f (Hz)")
        right.set_ylabel("Ω·cm²")
        right.set_ylim(0, 10)
        right.legend(loc="upper right")
        for name, axes in zip("abc", (left, middle, right), strict=True):
            style.letter(figure, axes, name, left=0.35 if name != "c" else 0.9, up=0.3)
        save(figure, "constriction_map.png")
    return [
        ("figure 1: contacts that are not connected", f"{int(bare['spot'].max())}"),
        ("figure 1: constriction of perfect contact", f"{float(bare['constriction']):.2f} Ω·cm²"),
        (
            f"figure 1: constriction with a film of {FILM:g} Ω·cm²",
            f"{float(filmed['constriction']):.2f} Ω·cm²",
        ),
        (
            "figure 1: constriction with 1000 times that film (even current in the contacts)",
            f"{float(even['constriction']):.2f} Ω·cm²",
        ),
        (
            "figure 1: largest current density over the mean, perfect contact and film",
            f"{float(bare['focusing']):.0f}, {float(filmed['focusing']):.1f}",
        ),
    ]


def current_map(
    figure: Figure, axes: Axes, found: xr.Dataset, size: Any, title: str, bar: float | None
) -> Any:
    """Draw the current of the contacts on grey voids."""
    density = np.where(found["spot"].values > 0, found["current_density"].values, np.nan)
    colours = style.map_colours()
    colours.set_bad("white")
    image = axes.imshow(
        density, cmap=colours, norm=LogNorm(1, 20), extent=size, interpolation="nearest"
    )
    axes.set_title(title)
    axes.set_xticks([0, 250, 500])
    axes.set_xlabel("x (µm)")
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(True)
    if bar is None:
        return None
    return figure.colorbar(image, cax=style.place(figure, bar, 0.8, 0.2, 4.0), extend="both")


# 2. One arc or two


def one_or_two() -> Rows:
    """γ from fast voids to slow ones, and how many arcs there are."""
    counts = np.array([[pores.arcs(g).size for g in map_row] for map_row in many(WEIGHTS, RATIOS)])
    shares = np.array([[pores.circuit_shares(w, r).min() for r in RATIOS] for w in WEIGHTS])
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 6.6)
        left = style.place(figure, 1.2, 0.7, 6.2, 4.9)
        right = style.place(figure, 9.6, 0.7, 5.2, 4.9)
        chosen = RATIOS[::2]
        ridges(
            left,
            [(power(ratio), pores.two_times(1.0, ratio)) for ratio in chosen],
            (1e-7, 1e1),
            "τ of constriction over τ of film",
        )
        mesh = right.pcolormesh(
            RATIOS, WEIGHTS, counts, cmap=ListedColormap([style.PALE, style.BLUE, style.GREEN]),
            norm=BoundaryNorm([0.5, 1.5, 2.5, 3.5], 3), shading="nearest",
        )  # fmt: skip
        lines = right.contour(
            RATIOS, WEIGHTS, shares, levels=[0.05], colors=style.INK, linewidths=0.8
        )
        right.clabel(lines, fmt=lambda value: f"{100 * value:.0f} %")
        right.set_xscale("log")
        right.set_yscale("log")
        right.set_xlabel("τ of constriction over τ of film")
        right.set_ylabel("R of film over R of constriction")
        bar = figure.colorbar(mesh, cax=style.place(figure, 15.1, 0.7, 0.2, 4.9), ticks=[1, 2, 3])
        bar.set_label("arcs")
        for name, axes in zip("ab", (left, right), strict=True):
            style.letter(figure, axes, name, left=1.0, up=0.3)
        save(figure, "constriction_arcs.png")
    two = counts > 1
    slow = RATIOS >= 1.0
    return [
        ("figure 2: constriction of this pattern", f"{pores.own()[0]:.2f} Ω·cm²"),
        ("figure 2: its time", f"{pores.own()[1]:.3f} × gap capacitance × period / κ"),
        ("figure 2: two arcs or more, of patterns with faster voids", share_of(two[:, ~slow])),
        ("figure 2: two arcs or more, of patterns with slower voids", share_of(two[:, slow])),
        (
            "figure 2: least share of the smaller arc in C ‖ (R + R ‖ C) where two are seen",
            f"{100 * shares[two].min():.1f} %",
        ),
        (
            "figure 2: largest share where one is seen",
            f"{100 * shares[~two].max():.0f} %",
        ),
    ]


def many(weights: Any, ratios: Any) -> Any:
    """γ of each weight and ratio."""
    for weight in weights:
        yield [pores.two_times(weight, ratio) for ratio in ratios]


def share_of(found: Any) -> str:
    """So many of so many."""
    return f"{int(found.sum())} of {found.size}"


# 3. Size


def size() -> Rows:
    """γ of growing patterns with a film, and the time constants without."""
    film = {"film_resistance": FILM, "film_capacitance": CAPACITANCE}
    one = pores.times_against_size(PERIODS, depth=DEPTH)
    other = pores.times_against_size(PERIODS, aspect=1e-3)
    charged = np.array(
        [pores.peak(pores.interface_distribution(period=p, gap_capacitance=1e-6)) for p in PERIODS]
    )
    contact = random_map(128)
    grown = FACE * PERIODS[1::2] / CORRELATION / 8
    wild = np.array(
        [
            pores.peak(
                pores.interface_distribution(
                    contact=contact, period=face, gap_capacitance=pores.gap(DEPTH)
                )
            )
            for face in grown
        ]
    )
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 6.0)
        left = style.place(figure, 1.2, 0.7, 6.2, 4.3)
        right = style.place(figure, 9.6, 0.7, 7.0, 4.3)
        chosen = PERIODS[1:]
        found = [
            (
                microns(period),
                pores.interface_distribution(
                    period=period, gap_capacitance=pores.gap(DEPTH), **film
                ),
            )
            for period in chosen
        ]
        ridges(left, found, (1e-10, 1e-3), "period")
        right.plot(1e4 * PERIODS, one, "o-", color=style.BLUE, label="empty voids, 100 nm deep")
        right.plot(
            1e4 * PERIODS, other, "s-", color=style.VERMILLION, label="depth = period / 1000"
        )
        right.plot(1e4 * PERIODS, charged, "^-", color=style.GREEN, label="1 µF/cm² in the voids")
        right.plot(
            1e4 * PERIODS[1::2], wild, "x", ms=4, color=style.INK, label="random map, 100 nm deep"
        )
        right.set_xscale("log")
        right.set_yscale("log")
        right.set_xlabel("period (µm)")
        right.set_ylabel("τ (s)")
        right.legend(loc="upper left")
        for name, axes in zip("ab", (left, right), strict=True):
            style.letter(figure, axes, name, left=1.0, up=0.3)
        save(figure, "constriction_size.png")
    return [
        ("figure 3: exponent of f against size, one depth", f"{-pores.slope(PERIODS, one):.3f}"),
        (
            "figure 3: exponent of f against size, depth ∝ size",
            f"{-pores.slope(PERIODS, other):.3f}",
        ),
        (
            "figure 3: exponent of f against size, random map, one depth",
            f"{-pores.slope(grown, wild):.3f}",
        ),
    ]


# 4. Depth


def depth() -> Rows:
    """γ and time constants from shallow voids to deep ones."""
    found = pores.distributions_against_depth(DEPTHS)
    times = np.array([pores.peak(gamma) for gamma in found])
    share = pores.own()[1]
    law = share * pores.gap(DEPTHS) * pores.PERIOD / pores.CONDUCTIVITY
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 6.0)
        left = style.place(figure, 1.2, 0.7, 6.2, 4.3)
        right = style.place(figure, 9.6, 0.7, 7.0, 4.3)
        shown = zip(DEPTHS[::2], found[::2], strict=True)
        ridges(left, [(microns(one), gamma) for one, gamma in shown], (1e-10, 1e-4), "depth")
        right.axhspan(1e-4, 1e-3, color=style.PALE, lw=0, label="γ′$_{int}$ of the paper")
        right.plot(1e4 * DEPTHS, times, "o", color=style.BLUE, label="peak of γ")
        right.plot(1e4 * DEPTHS, law, color=style.BLUE, lw=0.7, label="∝ gap capacitance")
        right.plot(
            1e4 * DEPTHS, law + pores.ELECTROLYTE, color=style.INK, ls="--", lw=0.7,
            label="the same + ε/κ",
        )  # fmt: skip
        right.axhline(pores.ELECTROLYTE, color=style.ORANGE, lw=0.7, label="ε/κ")
        right.set_xscale("log")
        right.set_yscale("log")
        right.set_ylim(1e-9, 1e-2)
        right.set_xlabel("depth of the voids (µm)")
        right.set_ylabel("τ (s)")
        right.legend(loc="upper right", ncols=2, bbox_to_anchor=(1.0, 0.72))
        for name, axes in zip("ab", (left, right), strict=True):
            style.letter(figure, axes, name, left=1.0, up=0.3)
        save(figure, "constriction_depth.png")
    shallow = DEPTHS <= 1e-5
    return [
        (
            "figure 4: exponent of f against depth, 1 to 100 nm",
            f"{-pores.slope(DEPTHS[shallow], times[shallow]):.3f}",
        ),
        ("figure 4: τ of the deepest voids", f"{times[-1]:.2e} s"),
        ("figure 4: ε/κ of the electrolyte", f"{pores.ELECTROLYTE:.2e} s"),
        (
            "figure 4: largest miss of τ = law + ε/κ",
            f"{100 * np.abs(times / (law + pores.ELECTROLYTE) - 1).max():.0f} %",
        ),
        *slow_and_shallow(),
    ]


def slow_and_shallow() -> Rows:
    """How slow voids can make a constriction, and when shallow ones are the faster."""
    wide = pores.interface_distribution(period=WIDE, gap_capacitance=pores.gap(1e-7))
    named = {"empty voids 1 nm deep": pores.gap(1e-7), "10 µF/cm² in the voids": 1e-5}
    return [
        *(
            (f"period at which τ = {tau:g} s: {name}", pores.reach(tau, value))
            for tau in (1e-4, 1e-3)
            for name, value in named.items()
        ),
        (f"τ of a pattern of {WIDE} cm, empty voids 1 nm deep", f"{pores.peak(wide):.2g} s"),
        (
            "τ of the widest patterns, C L/(κ × contact fraction)",
            f"{pores.saturated(pores.gap(1e-7)):.2g} s",
        ),
        *(
            (f"shallow, deep: {name}", f"{one:.3g}, {other:.3g}")
            for name, (one, other) in pores.readings().items()
        ),
    ]


# how things look


def ridges(
    axes: Axes, found: list[tuple[str, xr.Dataset]], limits: tuple[float, float], name: str
) -> None:
    """Draw one γ above the other, each over its own largest value."""
    for row, (shade, (label, gamma)) in enumerate(
        zip(style.shades(len(found)), found, strict=True)
    ):
        tau, values = gamma["tau"].values, gamma["gamma"].values
        height = row + 0.85 * np.nan_to_num(values) / np.nanmax(values)
        axes.fill_between(tau, row, height, color=shade, alpha=0.35, lw=0)
        axes.plot(tau, height, color=shade)
        axes.text(limits[0] * 1.3, row + 0.12, label, fontsize=6, color=style.INK)
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    axes.set_ylim(0, len(found))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("τ (s)")
    axes.set_ylabel("γ over its maximum")
    axes.set_title(name, loc="left")


def microns(length: float) -> str:
    """A length (cm) in nm or µm."""
    nanometres, micrometres = 1e7 * length, 1e4 * length
    if nanometres < 999:
        return f"{nanometres:.0f} nm"
    return f"{micrometres:,.0f} µm" if micrometres > 9.9 else f"{micrometres:.2g} µm"


def power(value: float) -> str:
    """A power of ten."""
    digits = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return "10" + str(round(np.log10(value))).translate(digits)


def save(figure: Figure, name: str) -> None:
    """Write a figure beside the page."""
    FOLDER.mkdir(exist_ok=True)
    figure.savefig(FOLDER / name)


def table(rows: Rows) -> str:
    """Return rows as a Markdown table."""
    lines = ["| what | value |", "|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {value} |" for what, value in rows)])


def main() -> int:
    """Draw everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    rows = [row for part in (one_map, one_or_two, size, depth) for row in part()]
    made = table(rows)
    print(made)
    if given.page.exists():
        replace_block(given.page, MARK, made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
