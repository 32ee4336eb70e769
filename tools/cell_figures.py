"""Draw the figures of docs/cell.md and write the numbers between `figures:cell`.

One core, half a minute:

    python -m tools.cell_figures
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

import anodescope as an
from anodescope.bench.page import replace_block
from anodescope.cell.instrument import Instrument
from anodescope.protocol import Block, Hold, Repeat
from anodescope.report import style

ROOT = Path(__file__).resolve().parents[1]
PAGE, FOLDER = ROOT / "docs" / "cell.md", ROOT / "docs" / "figures"
MARK = "figures:cell"
HOUR = 3600.0
Rows = list[tuple[str, str]]

# 1. A staircase


def staircase() -> Rows:
    """Voltage, relaxation times and the state of the interface through one staircase."""
    cell = an.Cell.preset("NaK50")
    made = an.simulate(cell, an.protocols.staircase_geis(0.05, 1.0, 0.01))
    found = an.drt(made)
    series, state = made["timeseries"], made["state"]
    minutes = series["time"] / 60.0
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 11.9)
        boxes = [
            style.place(figure, 1.4, top, 13.2, high)
            for top, high in zip((0.4, 2.8, 6.4, 8.8), (2.1, 3.3, 2.1, 2.1), strict=True)
        ]
        volt, times, surface, contact = boxes
        volt.plot(minutes, series["voltage"], color=style.BLUE, lw=0.7)
        volt.set_ylabel("V (V)")
        flow = volt.twinx()
        flow.plot(minutes, 1e3 * series["current_density"], color=style.GREY, lw=0.5)
        flow.set_ylabel("mA/cm²")
        flow.spines["right"].set_visible(True)
        volt.set_ylim(0, 3.1)
        flow.set_ylim(0, 1.1)
        relaxations(figure, times, found)
        patches(surface, state["state_time"] / 60.0, state["surface_fraction"])
        critical = cell.layer.threshold(cell.temperature)
        surface.axhline(critical, color=style.VERMILLION, lw=0.7, ls="--")
        surface.text(1.0, critical + 0.005, "x_c", color=style.VERMILLION, va="bottom")
        surface.set_ylabel("surface x(Na)")
        patches(contact, state["state_time"] / 60.0, state["contact"])
        contact.set_ylabel("contact")
        contact.set_ylim(0, 1.05)
        contact.set_xlabel("time (min)")
        for axes in boxes:
            axes.set_xlim(0, float(minutes[-1]))
        for axes in boxes[:-1]:
            axes.tick_params(labelbottom=False)
        bar_of_patches(figure, 15.2, 6.4, 4.5)
        for name, axes in zip("abcd", boxes, strict=True):
            style.letter(figure, axes, name, left=1.25, up=0.05)
        save(figure, "cell_staircase.png")
    last = float(state["stripped"][-1])
    return [
        ("staircase: highest voltage", f"{float(series['voltage'].max()):.4f} V"),
        ("staircase: charge in all", f"{last:.2f} mAh/cm²"),
        (
            "staircase: contact of the thinnest and of the thickest layer at the end",
            f"{float(state['contact'][-1, 0]):.2f}, {float(state['contact'][-1, -1]):.2f}",
        ),
    ]


def relaxations(figure: Figure, axes: Axes, found: xr.Dataset) -> None:
    """Draw γ over time and τ; beyond the measured window it is only what the method continues."""
    time = found["time"].values / 60.0
    gap = 0.5 * float(np.median(np.diff(time)))
    edges = np.concatenate([time - gap, [time[-1] + gap]])
    tau = np.log10(found["tau"].values)
    half = 0.5 * float(np.diff(tau)[0])
    rows = np.concatenate([tau - half, [tau[-1] + half]])
    gamma = found["gamma"].values.T
    image = axes.pcolormesh(
        edges, rows, np.maximum(gamma, 1e-3), cmap=style.map_colours(), norm=LogNorm(10, 1e4),
        rasterized=True,
    )  # fmt: skip
    inside = tau[found["in_window"].values.any(0)]
    for edge in (inside[0] - half, inside[-1] + half):
        axes.axhline(edge, color="white", lw=0.6, ls=":")
    axes.set_ylim(-8, rows[-1])
    axes.set_ylabel("log₁₀ τ (s)")
    bar = figure.colorbar(image, cax=style.place(figure, 15.2, 2.8, 0.2, 3.3), extend="both")
    bar.set_label("γ (Ω)")


def patches(axes: Axes, time: Any, values: xr.DataArray) -> None:
    """Draw one line per patch, the thinnest layer dark."""
    for k, colour in enumerate(style.shades(values.sizes["patch"])):
        axes.plot(time, values[:, k], color=colour, lw=0.6)


def bar_of_patches(figure: Figure, left: float, top: float, high: float) -> None:
    """Say what the colours of patches mean."""
    axes = style.place(figure, left, top, 0.2, high)
    axes.imshow(np.arange(64)[:, None], cmap=style.sweep_colours(), aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    for y, word, side in ((1.0, "thin layer", "top"), (0.0, "thick layer", "bottom")):
        axes.text(1.6, y, word, transform=axes.transAxes, rotation=90, va=side)


# 2. A train of pulses


def pulses() -> Rows:
    """Voltage and states of a train of 1 s pulses with 2 s of rest, and one pulse near its end."""
    cell = an.Cell.preset("NaK50")
    meter = Instrument(sampling=0.05)
    made = an.simulate(cell, an.protocols.pulsed_stripping(1.0, 1.0, 2.0), instrument=meter)
    series, state = made["timeseries"], made["state"]
    time, volt = series["time"].values, series["voltage"].values
    last = time[-1]
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 7.9)
        whole = style.place(figure, 1.4, 0.5, 6.6, 2.8)
        near = [style.place(figure, left, 0.5, 3.2, 2.8) for left in (9.4, 13.3)]
        surface = style.place(figure, 1.4, 4.5, 6.6, 2.6)
        contact = style.place(figure, 9.4, 4.5, 6.0, 2.6)
        high, low = upper_lower(time, volt, 3.0)
        hours = (np.arange(high.size) * 3.0 + 1.5) / HOUR
        whole.fill_between(hours, low, high, color=style.BLUE, lw=0, alpha=0.35)
        whole.plot(hours, high, color=style.BLUE, lw=0.7, label="end of pulse")
        whole.plot(hours, low, color=style.GREY, lw=0.7, label="end of rest")
        whole.legend(loc="upper left")
        whole.set_ylabel("V (V)")
        whole.tick_params(labelbottom=False)
        for axes, start, title in zip(
            near, (30.0, 3.0 * np.floor(last / 3.0) - 6.0), ("after 30 s", "before the end"),
            strict=True,
        ):  # fmt: skip
            chosen = (time >= start - 0.5) & (time <= start + 6.5)
            axes.plot(time[chosen] - start, volt[chosen], color=style.BLUE, lw=0.8)
            axes.set_title(title)
            axes.set_xlabel("time (s)")
        near[0].set_ylabel("V (V)")
        moment = state["state_time"] / HOUR
        patches(surface, moment, state["surface_fraction"])
        surface.axhline(
            cell.layer.threshold(cell.temperature), color=style.VERMILLION, lw=0.7, ls="--"
        )
        surface.set_ylabel("surface x(Na)")
        patches(contact, moment, state["contact"])
        contact.set_ylabel("contact")
        for axes in (surface, contact):
            axes.set_xlabel("time (h)")
        bar_of_patches(figure, 15.9, 4.5, 2.6)
        for name, axes in zip("abcde", (whole, *near, surface, contact), strict=True):
            style.letter(figure, axes, name, left=1.1 if name != "c" else 0.4, up=0.15)
        save(figure, "cell_pulses.png")
    return [
        ("pulses of 1 s at 1 mA/cm², 2 s of rest: until", f"{last / HOUR:.2f} h, {volt[-1]:.2f} V"),
        ("the same: charge", f"{float(state['stripped'][-1]):.2f} mAh/cm²"),
    ]


def upper_lower(time: Any, volt: Any, period: float) -> tuple[Any, Any]:
    """Return highest and lowest voltage of each whole period."""
    place = (time / period).astype(int)
    count = int(place[-1])
    starts = np.searchsorted(place, np.arange(count))
    cut = volt[: np.searchsorted(place, count)]
    return np.maximum.reduceat(cut, starts), np.minimum.reduceat(cut, starts)


# 3. Plating to a short


def short() -> Rows:
    """Voltage, filament and deposit of the in situ cell plated at two currents."""
    cell = an.Cell.preset("in-situ NaK50")
    rows: Rows = []
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 5.0)
        boxes = [style.place(figure, left, 0.6, 3.9, 3.4) for left in (1.4, 6.9, 12.4)]
        for current, colour in ((0.4, style.BLUE), (0.7, style.VERMILLION)):
            made = an.simulate(cell, plating(current))
            series, state = made["timeseries"], made["state"]
            label = f"{current:g} mA/cm²"
            charge = current * series["time"] / HOUR
            boxes[0].plot(charge, -1e3 * series["voltage"], color=colour, label=label)
            passed = current * state["state_time"] / HOUR
            boxes[1].plot(passed, state["filament"], color=colour, label=label)
            boxes[2].plot(
                passed, state["deposited_sodium"].mean("patch"), color=colour, label=label
            )
            told = [
                float(time) for time, kind in zip(*events(made), strict=True)
                if kind == "short_circuit"
            ]  # fmt: skip
            after = f"{current * told[0] / HOUR:.2f} mAh/cm²" if told else "none in 1 mAh/cm²"
            rows.append((f"in situ cell plated at {current:g} mA/cm²: short circuit", after))
        for axes, name in zip(
            boxes, ("−V (mV)", "filament / thickness", "deposited Na (mAh/cm²)"), strict=True
        ):
            axes.set_ylabel(name)
            axes.set_xlabel("plated (mAh/cm²)")
            axes.set_ylim(bottom=0)
            axes.set_xlim(0, 1)
        boxes[1].legend(loc="center right")
        for name, axes in zip("abc", boxes, strict=True):
            style.letter(figure, axes, name, left=1.1, up=0.25)
        save(figure, "cell_short.png")
    return rows


def plating(current: float) -> an.Protocol:
    """Plate 1 mAh/cm² in pieces of a hundredth, after each of which the state is kept."""
    piece = Hold(-current, 0.01 / current * HOUR)
    return an.Protocol((Block("constant_current", (Repeat((piece,), 100),)),))


def events(made: an.Campaign) -> tuple[Any, Any]:
    """Return times and kinds of what happened."""
    if "events" not in made:
        return (), ()
    return made["events"]["time"].values, made["events"]["kind"].values


# 4. Spectra of an instant, and frequency by frequency


def spectra() -> Rows:
    """What drift does to a sweep, from slow to fast changes of the interface."""
    cell = an.Cell.preset("NaK50")
    order = an.protocols.staircase_geis(0.05, 1.0, 0.01)
    swept, still = an.simulate(cell, order), an.simulate(cell, order, instantaneous=True)
    one, other = swept["spectra"], still["spectra"]
    current = 1e3 * one["bias_current_density"].values
    with style.journal_style():
        figure = style.new_figure(style.DOUBLE, 5.6)
        left, middle, right = (
            style.place(figure, x, 0.6, wide, 4.0)
            for x, wide in ((1.4, 5.6), (8.5, 3.2), (13.2, 3.4))
        )
        chosen = [int(np.argmin(np.abs(current - value))) for value in (0.3, 0.6, 0.7)]
        colours = (style.BLUE, style.GREEN, style.VERMILLION)
        for place, colour in zip(chosen, colours, strict=True):
            z, frozen = one["impedance"].values[place], other["impedance"].values[place]
            label = f"{current[place]:.2f} mA/cm²"
            left.plot(frozen.real, -frozen.imag, color=colour, lw=0.7)
            left.plot(z.real, -z.imag, color=colour, ls="", marker="o", ms=1.8, label=label)
            middle.plot(one["frequency"].values[place], 100 * np.abs(z / frozen - 1), color=colour)
        left.set_xlim(400, 1800)
        left.set_ylim(0, 1000)  # the same length for an ohm as on the other axis
        left.set_xlabel("Re Z (Ω)")
        left.set_ylabel("−Im Z (Ω)")
        left.legend(loc="upper left")
        middle.set_xscale("log")
        middle.set_yscale("log")
        middle.set_ylim(1e-5, 1)
        middle.set_xlabel("f (Hz)")
        middle.set_ylabel("|Z/Z(instant) − 1| (%)")
        right.plot(current, 100 * one["drift_effect"], color=style.INK, label="drift")
        right.plot(current, 100 * one["nonlinearity"], color=style.ORANGE, label="nonlinearity")
        right.set_yscale("log")
        right.set_xlabel("mA/cm²")
        right.set_ylabel("largest in a sweep (%)")
        right.legend(loc="upper left")
        for name, axes in zip("abc", (left, middle, right), strict=True):
            style.letter(figure, axes, name, left=1.1, up=0.25)
        save(figure, "cell_spectra.png")
    return [
        (
            f"drift within a sweep at {current[k]:.2f} mA/cm²",
            f"{100 * float(one['drift_effect'][k]):.2g} % of Z",
        )
        for k in (0, *chosen, current.size - 1)
    ]


# 5. Numbers without a figure


def defined() -> Rows:
    """The alloy below the threshold, and the voltage at rest of every preset."""
    rows: Rows = []
    beyond = an.simulate(an.Cell.preset("NaK80"), an.protocols.staircase_geis(0.05, 1.0, 0.01))
    when = [f"{time:.2f} s ({kind})" for time, kind in zip(*events(beyond), strict=True)]
    rows.append(("NaK80, staircase from 0.05 mA/cm²: what happens first", when[0]))
    for name in ("NaK50", "NaK65", "NaK80", "Na", "K"):
        volt = an.simulate(an.Cell.preset(name), an.protocols.rest(60.0))["timeseries"]["voltage"]
        rows.append(
            (f"{name}: voltage at rest against the Na electrode", f"{1e3 * volt[-1]:.2f} mV")
        )
    return rows


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
    made = table([row for part in (staircase, pulses, short, spectra, defined) for row in part()])
    print(made)
    if given.page.exists():
        replace_block(given.page, MARK, made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
