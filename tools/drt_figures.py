"""Draw the figures of docs/drt.md and write the numbers between its marks `figures:drt`.

All cells are drawn here or in `tools/drt_numbers.py`, and their truth is known. None was used
to tune the method. One core, about a minute:

    python -m tools.drt_figures
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from anodescope.bench import drt_resolution
from anodescope.bench.page import replace_block
from anodescope.bench.spectra import noisy, sets_a_and_b, window_of, zarc_gamma
from anodescope.impedance import drt
from anodescope.impedance.base import Method
from anodescope.impedance.loggp.design import INDUCTANCE, SERIES, shared_design
from anodescope.impedance.loggp.method import PER_DECADE, LogGaussian
from anodescope.impedance.loggp.problem import Terms
from anodescope.impedance.loggp.single import legal, problem_of
from anodescope.report import style
from tools.drt_numbers import (
    APPEARING,
    GRID,
    GROWTH,
    ONSET,
    REPEATS,
    SLOWLY,
    STANDING,
    SWEEPS,
    cell,
    debye,
    difference,
    drift,
    kernel,
    onset_series,
    resistance_near,
    series_truth,
    stream,
    truth,
    two_maxima,
    windows,
)

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

ROOT = Path(__file__).resolve().parents[1]
PAGE, FOLDER = ROOT / "docs" / "drt.md", ROOT / "docs" / "figures"
MARK = "figures:drt"


# one spectrum


def one_spectrum() -> list[tuple[str, str]]:
    """γ of one spectrum by both methods, with the band."""
    made = sets_a_and_b()["A"]
    row = 180
    impedance, frequency, at = made.impedance[row], made.frequency, made.window()
    auto = drt((frequency, impedance), LogGaussian(joint=False)).isel(spectrum=0)
    paper = drt((frequency, impedance), "drttools").isel(spectrum=0)
    true = made.gamma(at)[row]
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 6.4)
        left = style.place(figure, 1.2, 0.7, 5.2, 2.0)
        below = style.place(figure, 1.2, 3.7, 5.2, 1.6)
        right = style.place(figure, 8.0, 0.7, 8.8, 4.6)
        fit = auto["fit"].values
        left.plot(impedance.real, -impedance.imag, "o", color=style.GREY, label="measured")
        left.plot(fit.real, -fit.imag, color=style.BLUE, label="auto")
        left.set_xlabel("Re Z (Ω)")
        left.set_ylabel("−Im Z (Ω)")
        # One scale for both axes: 5.2 cm by 2.0 cm.
        left.set_xlim(0, 420)
        left.set_ylim(0, 420 * 2.0 / 5.2)
        left.legend(loc="upper left", ncols=2)
        residual = 100 * auto["residual"].values
        below.axhline(0, color=style.PALE, lw=0.5)
        below.plot(frequency, residual.real, "o", color=style.INK, label="Re")
        below.plot(frequency, residual.imag, "o", mfc="none", mew=0.5, color=style.INK, label="Im")
        below.set_xscale("log")
        below.set_ylim(-1.6, 1.6)
        below.set_xlabel("f (Hz)")
        below.set_ylabel("ΔZ/|Z| (%)")
        below.legend(loc="upper left", ncols=2, columnspacing=1)
        tau = auto["tau"].values
        right.fill_between(
            tau, auto["gamma_low"], auto["gamma_high"], color=style.BLUE, alpha=0.22, lw=0,
            label="95 % band",
        )  # fmt: skip
        right.plot(tau, auto["gamma"], color=style.BLUE, label="auto")
        right.plot(
            paper["tau"], paper["gamma"], color=style.ORANGE, ls="-.", label="drttools, λ = 10⁻³"
        )
        right.plot(tau, made.gamma(tau)[row], color=style.INK, ls="--", lw=0.8, label="truth")
        shade(right, frequency, tau)
        gamma_axes(right)
        right.set_ylim(0, None)
        right.legend(loc="upper left", bbox_to_anchor=(0.36, 1.02))
        for name, axes in zip("abc", (left, below, right), strict=True):
            style.letter(figure, axes, name, left=1.0, up=0.3)
        save(figure, "drt_single.png")
    inside = np.interp(np.log(at), np.log(tau), np.log(auto["gamma_low"].values.clip(1e-300)))
    over = np.interp(np.log(at), np.log(tau), np.log(auto["gamma_high"].values))
    covered = np.mean((np.exp(inside) <= true) & (true <= np.exp(over)))
    return [
        ("figure 1: L2 of γ, auto", f"{difference(auto['gamma'].values, tau, true, at):.3f}"),
        (
            "figure 1: L2 of γ, drttools",
            f"{difference(paper['gamma'].values, paper['tau'].values, true, at):.3f}",
        ),
        ("figure 1: share of the window in which the band holds the truth", f"{covered:.2f}"),
        ("figure 1: residual, rms over |Z| (noise put in: 0.0030)", f"{float(auto['noise']):.4f}"),
    ]


# a series


def knee(values: Floats) -> float:
    """Where a constant bends into a straight line, by least squares (sweeps)."""
    rows = np.arange(values.size, dtype=np.float64)
    places = np.arange(10, values.size - 10, 0.1)
    cost = []
    for place in places:
        columns = np.stack([np.ones_like(rows), np.maximum(rows - place, 0)], 1)
        fit = columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
        cost.append(np.sum((values - fit) ** 2))
    return float(places[int(np.argmin(cost))])


def joint_and_single() -> list[tuple[str, str]]:
    """Two maps of one series, and the resistance of the process that appears."""
    methods: dict[str, Method] = {"single": LogGaussian(joint=False), "joint": LogGaussian()}
    knees: dict[str, list[float]] = {name: [] for name in methods}
    shapes: dict[str, list[float]] = {name: [] for name in methods}
    early: dict[str, list[float]] = {name: [] for name in methods}
    scatter: dict[str, list[float]] = {name: [] for name in methods}
    shown: dict[str, xr.Dataset] = {}
    at = window_of(GRID)
    size = np.zeros(0)
    before, just = slice(10, 40), slice(int(ONSET) - 5, int(ONSET))
    for seed in range(REPEATS):
        impedance, size = onset_series(2026 + seed)
        true = series_truth(at, size)
        for name, method in methods.items():
            node = drt((GRID, impedance), method)
            if seed == 0:
                shown[name] = node
            around = resistance_near(node, APPEARING[0])
            knees[name].append(knee(around))
            early[name].append(float(around[just].mean() - around[before].mean()))
            scatter[name].append(float(around[before].std()))
            rows = zip(node["gamma"].values, true, strict=True)
            tau = node["tau"].values
            shapes[name].append(float(np.mean([difference(g, tau, t, at) for g, t in rows])))
    draw_maps(shown, size)
    found = []
    for name in methods:
        where = np.array(knees[name])
        found += [
            (f"figure 3: mean L2 of γ, {name}", f"{np.mean(shapes[name]):.3f}"),
            (
                f"figure 3: onset by {name}, mean ± s.d. over {REPEATS} series (truth {ONSET:.0f})",
                f"{where.mean():.1f} ± {where.std(ddof=1):.1f} sweeps",
            ),
            (
                f"figure 3: scatter of R from sweep to sweep before the onset, {name}",
                f"{np.mean(scatter[name]):.2f} Ω",
            ),
            (
                f"figure 3: R in the five sweeps before the onset, less its mean, {name}",
                f"{np.mean(early[name]):+.2f} Ω (growth {GROWTH:.0f} Ω per sweep)",
            ),
        ]
    return found


def slow_onset() -> list[tuple[str, str]]:
    """The same series with a tenth of the growth."""
    found = []
    for name, method in {"single": LogGaussian(joint=False), "joint": LogGaussian()}.items():
        where = [
            knee(resistance_near(drt((GRID, onset_series(2126 + k, SLOWLY)[0]), method), 5e-4))
            for k in range(REPEATS)
        ]
        text = f"{np.mean(where):.1f} ± {np.std(where, ddof=1):.1f} sweeps"
        found.append((f"a tenth of that growth: onset by {name} (truth {ONSET:.0f})", text))
    return found


def draw_maps(shown: dict[str, xr.Dataset], size: Floats) -> None:
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 6.4)
        panels = [style.place(figure, 1.2 + 4.9 * k, 0.7, 4.5, 4.5) for k in range(2)]
        third = style.place(figure, 12.9, 0.7, 3.9, 4.5)
        norm = LogNorm(0.3, 150, clip=True)
        picture = None
        for axes, (name, node) in zip(panels, shown.items(), strict=True):
            tau = node["tau"].values
            picture = axes.pcolormesh(
                np.arange(SWEEPS), tau, node["gamma"].values.T, norm=norm,
                cmap=style.map_colours(), shading="nearest", rasterized=True,
            )  # fmt: skip
            axes.set_yscale("log")
            axes.set_ylim(1 / (2 * np.pi * GRID[0]), 1 / (2 * np.pi * GRID[-1]))
            axes.axvline(ONSET, color="white", lw=0.6, ls=":")
            axes.set_xlabel("sweep")
            axes.set_title({"single": "each spectrum alone", "joint": "jointly"}[name], pad=3)
        panels[0].set_ylabel("τ (s)")
        panels[1].set_yticklabels([])
        bar = style.place(figure, 10.75, 0.7, 0.2, 4.5)
        figure.colorbar(picture, cax=bar)
        bar.set_title("γ (Ω per ln τ)", fontsize=6.5, pad=3)
        base = float(
            np.trapezoid(truth(near := np.logspace(-3.8, -2.8, 99), STANDING), np.log(near))
        )
        share = float(np.trapezoid(zarc_gamma(near, 1.0, *APPEARING), np.log(near)))
        colours = {"single": style.ORANGE, "joint": style.BLUE}
        marks = {"single": ".", "joint": ""}
        for name, node in shown.items():
            around = resistance_near(node, APPEARING[0])
            line = "none" if marks[name] else "-"
            third.plot(around, ls=line, marker=marks[name], color=colours[name], label=name)
        third.plot(base + share * size, color=style.INK, ls="--", lw=0.7, label="truth")
        third.axvline(ONSET, color=style.GREY, lw=0.5, ls=":")
        third.set_xlim(30, 70)
        third.set_ylim(0, 40)
        third.set_xlabel("sweep")
        third.set_ylabel("∫γ d ln τ near 0.5 ms (Ω)")
        third.legend(loc="upper left")
        for name, axes, left in zip("abc", (*panels, third), (0.9, 0.3, 0.9), strict=True):
            style.letter(figure, axes, name, left=left, up=0.3)
        save(figure, "drt_joint.png")


# terms


def plain_gamma(frequency: Floats, impedance: Complexes) -> tuple[Floats, Floats]:
    """τ and γ by the same engine with R0 and L alone beside a positive γ."""
    design = shared_design(frequency.tobytes(), PER_DECADE)
    solution = legal(problem_of(design, impedance).solve(Terms((SERIES, INDUCTANCE))))
    return design.lattice.tau, solution.gamma * solution.problem.scale


def with_and_without() -> list[tuple[str, str]]:
    """γ of a cell with a loop, and of one with a blocking capacitor."""
    frequency = np.logspace(6, -2, 65)
    at = window_of(frequency)
    parts = ((100.0, 1e-5, 0.9), (60.0, 3e-3, 0.85))
    loop = (-25.0, 0.8, 0.92)  # φ in the middle of what `bench.cells` draws
    capacitance = 5e-3
    cells = {
        "loop": (cell(frequency, (*parts, loop)), truth(at, (*parts, loop))),
        "capacitance": (
            cell(frequency, parts) + 1 / (2j * np.pi * frequency * capacitance),
            truth(at, parts),
        ),
    }
    found = []
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 10.2)
        for row, (name, (clean, true)) in enumerate(cells.items()):
            level = 0.003 * np.abs(clean)
            impedance = noisy(clean, level, np.random.default_rng(40 + row))
            node = drt((frequency, impedance)).isel(spectrum=0)
            tau, plain = plain_gamma(frequency, impedance)
            left = style.place(figure, 1.2, 0.7 + 5.0 * row, 5.2, 3.4)
            right = style.place(figure, 8.0, 0.7 + 5.0 * row, 8.8, 3.4)
            nyquist(left, impedance, node["fit"].values, name)
            right.axhline(0, color=style.PALE, lw=0.5)
            right.fill_between(
                tau, node["gamma_low"], node["gamma_high"], color=style.BLUE, alpha=0.22, lw=0
            )
            right.plot(tau, plain, color=style.VERMILLION, ls="-.", label="without the term")
            right.plot(tau, node["gamma"], color=style.BLUE, label="auto, with its band")
            right.plot(at, true, color=style.INK, ls="--", lw=0.8, label="truth")
            shade(right, frequency, tau)
            gamma_axes(right)
            right.set_ylim(-45 if name == "loop" else -8, 110)
            right.legend(loc="upper right", bbox_to_anchor=(0.9, 1.0))
            for letter, axes in zip("abcd"[2 * row :], (left, right), strict=False):
                style.letter(figure, axes, letter, left=1.0, up=0.3)
            gamma = node["gamma"].values
            found.append((f"figure 2, {name}: outcome", f"`{node['outcome'].item()}`"))
            place = {"loop": 3, "capacitance": 1}[name]
            found += [
                (
                    f"figure 2, {name}: L2 of γ without and with its term",
                    f"{difference(plain, tau, true, at):.2f}, "
                    f"{difference(gamma, tau, true, at):.3f}",
                ),
                (
                    f"figure 2, {name}: log evidence for it",
                    f"{float(node['evidence'].values[place]):.0f}",
                ),
            ]
            if name == "loop":
                area = np.trapezoid(np.minimum(gamma, 0), np.log(tau))
                found.append(("figure 2, loop: area below zero (truth −25 Ω)", f"{area:.1f} Ω"))
            else:
                value = float(node["series_capacitance"]) * 1e3
                found.append(("figure 2, capacitance (truth 5.00 mF)", f"{value:.2f} mF"))
        save(figure, "drt_terms.png")
    return found


def nyquist(axes: Axes, impedance: Complexes, fit: Complexes, name: str) -> None:
    axes.plot(impedance.real, -impedance.imag, "o", color=style.GREY, label="measured")
    axes.plot(fit.real, -fit.imag, color=style.BLUE, label="auto")
    axes.set_xlabel("Re Z (Ω)")
    axes.set_ylabel("−Im Z (Ω)")
    if name == "capacitance":
        # One scale for both axes: 5.2 cm by 3.4 cm.
        axes.set_xlim(0, 220)
        axes.set_ylim(-10, 220 * 3.4 / 5.2 - 10)
    else:
        axes.axhline(0, color=style.PALE, lw=0.5)
        axes.set_aspect("equal", adjustable="datalim")
    axes.legend(loc="upper left")


# the axes of γ


def shade(axes: Axes, frequency: Floats, tau: Floats) -> None:
    """Grey out what lies outside the window."""
    low, high = 1 / (2 * np.pi * frequency.max()), 1 / (2 * np.pi * frequency.min())
    for first, last in ((tau[0], low), (high, tau[-1])):
        axes.axvspan(first, last, color=style.PALE, alpha=0.45, lw=0, zorder=0)
    axes.set_xlim(tau[0], tau[-1])


def gamma_axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("τ (s)")
    axes.set_ylabel("γ (Ω per ln τ)")


def save(figure: Any, name: str) -> None:
    figure.savefig(FOLDER / name, dpi=200, metadata={"Software": None})


# resolution


def resolution() -> list[tuple[str, str]]:
    """Draw the share of pairs that are resolved from the rows that `bench drt` has left."""
    rows = drt_resolution.load(FOLDER / "drt_resolution.json")
    drt_resolution.draw(rows, FOLDER / "drt_resolution.png")
    return []


def table(rows: list[tuple[str, str]]) -> str:
    lines = ["| what | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(line.replace("|Z|", "\\|Z\\|") for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, default=PAGE, help="the page (default: %(default)s)")
    given = parser.parse_args()
    rows: list[tuple[str, str]] = []
    for part in (
        kernel,
        one_spectrum,
        joint_and_single,
        slow_onset,
        with_and_without,
        drift,
        stream,
        windows,
        debye,
        two_maxima,
        resolution,
    ):
        rows += part()
    made = table(rows)
    print(made)
    if given.page.exists():
        replace_block(given.page, MARK, made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
