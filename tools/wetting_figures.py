"""Draw the figure of docs/wetting.md and write the numbers between its marks `figures:wetting`.

The walls are made up, and their roughness is assumed: nobody has published that of the paper's
pellets. What one wall gives is one draw, so the main rows have the spread over five. One core,
about five minutes:

    python -m tools.wetting_figures
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from anodescope.bench.page import replace_block
from anodescope.contact.maps import self_affine
from anodescope.contact.remedies import compare, side_by_side, with_additive, with_coating
from anodescope.contact.wetting import (
    NAK,
    PRESSURES,
    Liquid,
    Wetting,
    filling_pressure,
    pressure_curve,
    roughness_ratio,
    slit_pressure,
    threshold_radius,
)
from anodescope.report import style

Floats = npt.NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[1]
PAGE, FOLDER = ROOT / "docs" / "wetting.md", ROOT / "docs" / "figures"
MARK = "figures:wetting"

PIXEL = 2e-5  # cm
SIDE = 96
UM = 1e4
LOADS = np.geomspace(3e4, 1e7, 10)
SLAB: dict[str, Any] = {"pixel": PIXEL, "thickness": 0.15, "conductivity": 5e-4}
BARE = Liquid(0.15, 130.0)
# Pa above the gas in the voids: what is left of 0.1 MPa where the surrounding gas is in them.
LOW = (0.0, 1e3, 1e4)
SEEDS = range(1, 6)


def wall(rms: float = 1e-4, size: int = SIDE, pixel: float = PIXEL, seed: int = 1) -> Floats:
    """Heights (cm): Hurst 0.8, flat above 8 µm and smooth below 1.6 µm, so that pixels resolve."""
    return self_affine(
        (size, size), hurst=0.8, rms=rms, pixel=pixel, seed=seed, rolloff=8e-4, cutoff=1.6e-4
    )


def refined(heights: Floats, times: int) -> Floats:
    """Return the same wall on finer pixels, by its Fourier series."""
    size = len(heights)
    series = np.fft.fftshift(np.fft.fft2(heights))
    series[0], series[:, 0] = 0, 0
    wide = np.pad(series, (times - 1) * size // 2)
    return np.fft.ifft2(np.fft.ifftshift(wide)).real * times**2


def mean_slope(heights: Floats) -> float:
    parts = [np.diff(heights, axis=k, append=heights.take([0], k)) / PIXEL for k in (0, 1)]
    return float(np.degrees(np.arctan(np.hypot(*parts))).mean())


def profile(axes: Axes, heights: Floats, states: list[Wetting]) -> None:
    """One row of the wall with the liquid's lower surface at both pressures."""
    row = int(np.argmin(states[0].contact.mean(axis=1)))
    x = np.arange(SIDE) * PIXEL * UM
    level = heights[row] * UM
    axes.fill_between(x, level.min() - 1, level, color=style.PALE, lw=0)
    for state, colour in zip(states, (style.BLUE, style.VERMILLION), strict=True):
        surface = (heights + state.gap)[row] * UM
        axes.plot(x, surface, color=colour, label=f"{state.pressure / 1e6:g} MPa")
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(level.min() - 0.5, level.max() + 2.2)
    axes.set_xlabel("x (µm)")
    axes.set_ylabel("height (µm)")
    axes.legend(loc="upper left", ncols=2, title="liquid above", title_fontsize=6)


def contact(axes: Axes, state: Wetting) -> None:
    width = SIDE * PIXEL * UM
    axes.imshow(
        state.contact, cmap=ListedColormap(["white", style.BLUE]), extent=(0, width, 0, width),
        vmin=0, vmax=1, origin="lower", interpolation="nearest",
    )  # fmt: skip
    axes.set_xlabel("x (µm)")
    axes.set_ylabel("y (µm)")
    axes.set_xticks([0, 5, 10, 15])
    axes.set_yticks([0, 5, 10, 15])
    axes.set_title(f"0.1 MPa: {100 * state.fraction:.0f} % touched", pad=3)


def spread(name: str, rms: float, liquid: Liquid) -> list[tuple[str, str]]:
    """Rows of contact and of constriction: the mean, the least and the most of five walls."""
    walls = [wall(rms, seed=seed) for seed in SEEDS]
    usual = np.array([fractions(heights, liquid, PRESSURES) for heights in walls])
    low = np.array([fractions(heights, liquid, LOW) for heights in walls])
    cost = [
        float(compare(heights, {"it": liquid}, **SLAB)["constriction"].values[0, 0])
        for heights in walls
    ]
    both = ", ".join(f"{between(usual[:, k])} at {p / 1e6:g} MPa" for k, p in enumerate(PRESSURES))
    less = ", ".join(
        f"{between(low[:, k], '{:.1g}')} at {p / 1e3:g} kPa" for k, p in enumerate(LOW)
    )
    return [
        (f"touched, {name}", both),
        ("the same, with gas in the voids: excess near 0", less),
        ("the same, constriction at 0.1 MPa (Ω cm²)", between(np.array(cost), "{:.1g}")),
    ]


def fractions(heights: Floats, liquid: Liquid, pressures: tuple[float, ...]) -> list[float]:
    states = pressure_curve(heights, pixel=PIXEL, liquid=liquid, pressures=pressures)
    return [state.fraction for state in states]


def between(values: Floats, shape: str = "{:.2f}") -> str:
    middle, least, most = (shape.format(v) for v in (values.mean(), values.min(), values.max()))
    return middle if least == most else f"{middle} ({least} to {most})"


def curves(axes: Axes) -> list[tuple[str, str]]:
    """Fraction in contact against pressure, for angles (colours) and for roughness (dashes)."""
    found = []
    cases = [
        (1e-4, 150.0, style.BLUE, "-"),
        (1e-4, 130.0, style.GREEN, "-"),
        (0.5e-4, 150.0, style.BLUE, "--"),
        (2e-4, 150.0, style.BLUE, ":"),
    ]
    for rms, angle, colour, line in cases:
        loads = sorted({*LOADS.tolist(), *PRESSURES})
        states = pressure_curve(wall(rms), pixel=PIXEL, liquid=Liquid(0.15, angle), pressures=loads)
        values = [state.fraction for state in states]
        label = f"{angle:.0f}°, rms {rms * UM:g} µm"
        axes.plot(np.array(loads) / 1e6, values, color=colour, ls=line, label=label)
        slopes = f"slopes {mean_slope(wall(rms)):.0f}° on average"
        found += spread(f"θ = {label}, {slopes}", rms, Liquid(0.15, angle))
    for p in PRESSURES:
        axes.axvline(p / 1e6, color=style.GREY, lw=0.5, ls=":")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("pressure of the liquid (MPa)")
    axes.set_ylabel("fraction in contact")
    axes.legend(loc="lower right", bbox_to_anchor=(0.94, 0.0))
    return found


def figure() -> list[tuple[str, str]]:
    heights = wall()
    states = pressure_curve(heights, pixel=PIXEL, liquid=NAK, pressures=PRESSURES)
    with style.journal_style():
        drawn = style.new_figure(style.DOUBLE, 5.4)
        left = style.place(drawn, 1.2, 0.8, 4.4, 3.7)
        middle = style.place(drawn, 7.0, 0.8, 3.7, 3.7)
        right = style.place(drawn, 12.2, 0.8, 4.6, 3.7)
        profile(left, heights, states)
        contact(middle, states[0])
        found = curves(right)
        for name, axes in zip("abc", (left, middle, right), strict=True):
            style.letter(drawn, axes, name, left=1.0, up=0.3)
        drawn.savefig(FOLDER / "wetting.png", dpi=200, metadata={"Software": None})
    return found


def checks() -> list[tuple[str, str]]:
    """Numbers of the wall, its fill and its pixels."""
    radii = [threshold_radius(NAK.surface_tension, NAK.angle, p) * UM for p in PRESSURES]
    heights = wall()
    found = [
        ("pores that fill at 0.1 and 10 MPa, radius", " and ".join(f"{r:.3g} µm" for r in radii)),
        (
            "slits that fill at 0.1 and 10 MPa, width",
            " and ".join(
                f"{slit_pressure(NAK.surface_tension, NAK.angle, 1e-4) / p:.3g} µm"
                for p in PRESSURES
            ),
        ),
        ("true over projected area, rms 1 µm", f"{roughness_ratio(heights, pixel=PIXEL):.2f}"),
        (
            "pressure that fills 99 % of that wall, θ = 150°",
            f"{filling_pressure(heights, pixel=PIXEL, fraction=0.99) / 1e6:.2f} MPa",
        ),
    ]
    coarse = wall(size=64)
    given: dict[str, Any] = {key: SLAB[key] for key in ("thickness", "conductivity")}
    cuts = [compare(refined(coarse, k), {"NaK": NAK}, pixel=PIXEL / k, **given) for k in (1, 2, 4)]
    name = "at 0.1 MPa on pixels of 0.2, 0.1 and 0.05 µm, one wall of 64²"
    for title, key in (("touched", "contact_fraction"), ("constriction (Ω cm²)", "constriction")):
        text = ", ".join(f"{float(each[key].values[0, 0]):.3g}" for each in cuts)
        found.append((f"{title} {name}", text))
    return found


def remedies() -> str:
    liquids = {
        "bare": BARE,
        "additive, θ stays": with_additive(BARE),
        "additive, σ cos θ stays": with_additive(BARE, hold="adhesion"),
        "coating": with_coating(BARE),
        "bare, θ = 150°": NAK,
        "additive, θ = 150° stays": with_additive(NAK),
    }
    parts = []
    for rms in (1e-4, 2e-4):
        found = compare(wall(rms), liquids, pressures=[LOW[-1]], **SLAB)
        parts.append(f"The first of the five walls, rms {rms * UM:g} µm:\n\n{side_by_side(found)}")
    return "\n\n".join(parts)


def main() -> int:
    rows = [*checks(), *figure()]
    lines = ["| what | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    made = "\n".join(lines) + "\n\n" + remedies()
    print(made)
    if PAGE.exists():
        replace_block(PAGE, MARK, made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
