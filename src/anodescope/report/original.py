"""The original spectra of a series: Nyquist plots coloured by current or time, and Bode plots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from anodescope.report.axes import decade_ticks, frequency_ticks
from anodescope.report.curves import HALO, square
from anodescope.report.series import Colour, Series, both_series, colour_key, name_over
from anodescope.report.style import (
    DOUBLE,
    GREY,
    PALE,
    SINGLE,
    letter,
    new_figure,
    place,
    styled,
    write,
)
from anodescope.report.view import (
    CampaignLike,
    Floats,
    Scale,
    Spectrum,
    ohm_unit,
    prefixed,
    specimen_line,
    spectrum,
    spoken,
)

LEFT, RIGHT, APART = 1.3, 0.3, 1.35  # cm
TALL, BODE = 4.7, 2.2  # cm
MOST = (30, 12)
SEEN = 0.02  # arcs lower than this share of the largest |Z| are noise
SMALL = 0.3  # an inset shows the fast arcs where they are smaller than this share of the plot
FAST = 1e4  # Hz: what lies above belongs to the inset of the fast arcs
SLOW = 1e3  # Hz: what lies below belongs to the inset of the slow ones
SLOW_BOX = (0.1, 0.60, 0.52, 0.34)  # shares of the axes
TWICE = SLOW_BOX[3] / 2  # of the plot: what is larger would not even be shown at twice its size
SHORTED = 0.1  # of the median largest |Z|: a sweep of less is of a shorted cell, and sets no frame


@styled
def original_spectra(
    campaign: CampaignLike,
    sweeps: Sequence[int] | None = None,
    width: float | None = None,
    *,
    times: Sequence[float] | None = None,
    bode: bool = False,
) -> Figure:
    """Draw the measured spectra of a scan, coloured by current, and of the rest after it, by time.

    Real and imaginary axes have equal scales; the frequency at the apex of the arcs of the first
    and the last sweep is named; an inset shows the fast arcs where the slow ones dwarf them, or
    the slow ones where they are small (as in Figs S2, S5, S8 of doi:10.1039/d5eb00097a).

    Parameters
    ----------
    campaign : Campaign with spectra.
    sweeps : rows of the spectra node; None takes up to 30 of the scan and 12 of the rest.
    width : width of the figure (cm); None takes two columns where there is a rest, else one.
    times : seconds since the current stopped of the sweeps at rest; None spreads them.
    bode : draw modulus and phase below.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SchemaError
        where there is no spectrum, or a named sweep does not exist.
    """
    series = both_series(campaign, sweeps, times, MOST)
    wide = width or (DOUBLE if len(series) > 1 else SINGLE)
    box = (wide - LEFT - RIGHT - APART * (len(series) - 1)) / len(series)
    figure = new_figure(wide, 1.7 + TALL + 1.0 + (2 * BODE + 1.5 if bode else 0.0))
    for k, one in enumerate(series):
        left = LEFT + k * (box + APART)
        axes = place(figure, left, 1.7, box, TALL)
        drawn = [spectrum(campaign, row) for row in one.rows]
        if one.named:
            name_over(axes, one, lift=0.04)
        else:
            colour_key(figure, one, left + 0.1 * box, 1.15, 0.8 * box)
        draw_series(axes, drawn, one.colours, ohm_unit(campaign), TALL / box)
        if bode or len(series) > 1:
            letter(figure, axes, "ac"[k] if bode else "ab"[k], 1.2, 0.12)
        if bode:
            _bode_below(figure, campaign, one, drawn, (left, 1.7 + TALL + 1.3, box))
            letter(figure, figure.axes[-2], "bd"[k], 1.2, 0.12)
    write(figure, LEFT, 0.1, specimen_line(campaign, 80), fontsize=6, color=GREY)
    return figure


def draw_series(
    axes: Axes, drawn: Sequence[Spectrum], colours: Sequence[Colour], unit: str, ratio: float
) -> None:
    """Draw many Nyquist curves in a box of `ratio` height to width: points on fine lines."""
    every = np.concatenate([one.impedance for one in drawn] or [np.zeros(0, complex)])
    if not len(every):
        axes.text(0.5, 0.5, "no valid points", transform=axes.transAxes, ha="center", color=GREY)
        return
    # Trimmed points (an inductive end, a drifting one) may lie far off; they set no limits.
    kept = np.concatenate([one.impedance[~one.trimmed] for one in drawn])
    framed = kept if len(kept) else every
    scale = prefixed(float(np.abs(framed).max()), unit)
    _curves(axes, drawn, colours, scale)
    # Head room for the inset: arcs sit in the lower part of the box.
    square(axes, framed.real * scale.factor, -framed.imag * scale.factor, ratio)
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    taken: list[Floats] = []
    for k in dict.fromkeys((len(drawn) - 1, 0)):
        _apexes(axes, drawn[k], colours[k], scale, taken)
    axes.set_xlabel(f"Re Z ({scale.unit})")
    axes.set_ylabel(f"−Im Z ({scale.unit})")
    if not _fast_inset(axes, drawn, colours, scale):
        _slow_inset(axes, drawn, colours, scale)


def _curves(axes: Axes, drawn: Sequence[Spectrum], colours: Sequence[Colour], scale: Scale) -> None:
    """Draw lines and points; trimmed points are hollow squares off the line."""
    for one, colour in zip(drawn, colours, strict=True):
        x, y = one.impedance.real * scale.factor, -one.impedance.imag * scale.factor
        kept = ~one.trimmed
        axes.plot(x[kept], y[kept], "-", color=colour, lw=0.45, alpha=0.7)
        axes.plot(x[kept], y[kept], "o", color=colour, ms=1.3, mew=0)
        if one.trimmed.any():
            hollow: dict[str, Any] = {"mfc": "white", "mec": colour, "mew": 0.3, "ls": "none"}
            axes.plot(x[~kept], y[~kept], "s", ms=1.5, **hollow)


def _apexes(axes: Axes, one: Spectrum, colour: Colour, scale: Scale, taken: list[Floats]) -> None:
    """Mark the tops of a curve's arcs and name their frequencies where names do not collide."""
    kept = ~one.trimmed
    z, frequency = one.impedance[kept] * scale.factor, one.frequency[kept]
    least = SEEN * float(np.abs(z).max(initial=0.0))
    for k in (k for k in tops(-z.imag) if -z[k].imag > least):
        axes.plot(z[k].real, -z[k].imag, "o", ms=3.2, color=colour, mec="white", mew=0.4, zorder=6)
        spot = axes.transData.transform((z[k].real, -z[k].imag)) * 72 / axes.figure.dpi
        if any(abs(spot[0] - x) < 24 and abs(spot[1] - y) < 8 for x, y in taken):
            continue
        taken.append(spot)
        axes.annotate(
            spoken(float(frequency[k]), "Hz", 2), (z[k].real, -z[k].imag), xytext=(0, 4),
            textcoords="offset points", ha="center", va="bottom", fontsize=5.5, color=GREY,
            path_effects=HALO, zorder=7,
        )  # fmt: skip


def tops(height: Floats) -> list[int]:
    """Return the places of maxima that are an eighth of the highest and stand out by a twentieth.

    What is smaller is the scatter of the valleys between the arcs.
    """
    found: list[int] = []
    highest = float(height.max()) if len(height) else 0.0
    for k in np.flatnonzero((height[1:-1] >= height[:-2]) & (height[1:-1] > height[2:])) + 1:
        before = height[: k + 1][::-1]
        after = height[k:]
        sides = []
        for side in (before, after):
            higher = np.flatnonzero(side > height[k])
            reach = side[: higher[0]] if len(higher) else side
            sides.append(float(reach.min()))
        if height[k] > 0.125 * highest and max(sides) < height[k] - 0.05 * highest:
            found.append(int(k))
    return found


def _fast_inset(
    axes: Axes, drawn: Sequence[Spectrum], colours: Sequence[Colour], scale: Scale
) -> bool:
    """Show the fast arcs in the upper left corner where they are small; say whether they are."""
    cut = [_part(one, one.frequency >= FAST) for one in drawn]
    z = _kept(cut) * scale.factor
    span = float(np.ptp(axes.get_xlim()))
    if len(z) < 8 or float(np.ptp(z.real)) > SMALL * span or float(np.ptp(z.real)) == 0:
        return False
    if _highest(drawn, scale) > 0.62 * axes.get_ylim()[1]:
        return True
    top = np.append(-z.imag, -1.25 * z.imag.min())  # head room for the name of the apex
    inner = _zoomed(axes, (0.06, 0.66, 0.40, 0.32), np.append(z.real, z.real[0]), top)
    _curves(inner, cut, colours, scale)
    _apexes(inner, cut[-1], colours[-1], scale, [])
    inner.annotate(
        f"above {spoken(FAST, 'Hz')}", (0.5, 0.22), xycoords="axes fraction", ha="center",
        va="center", fontsize=5.5, color=GREY,
    )  # fmt: skip
    return True


def _slow_inset(
    axes: Axes, drawn: Sequence[Spectrum], colours: Sequence[Colour], scale: Scale
) -> None:
    """Show the slow ends in the upper left corner where they are small but more than noise."""
    largest = np.array([np.abs(one.impedance[~one.trimmed]).max(initial=0.0) for one in drawn])
    least = SHORTED * float(np.median(largest))
    whole = [k for k, size in enumerate(largest) if size > least]
    cut = [_part(drawn[k], drawn[k].frequency < SLOW) for k in whole]
    z = _kept(cut) * scale.factor
    if len(z) < 8 or _highest(drawn, scale) > 0.5 * axes.get_ylim()[1]:
        return
    wide = max(float(np.ptp(z.real)), float(np.ptp(z.imag)))
    noise = SEEN * float(largest.max()) * scale.factor
    if not noise < wide < TWICE * float(np.ptp(axes.get_ylim())):
        return
    inner = _zoomed(axes, SLOW_BOX, z.real, -z.imag)
    _curves(inner, cut, [colours[k] for k in whole], scale)
    inner.text(
        0, 1.03, f"below {spoken(SLOW, 'Hz')}", transform=inner.transAxes, va="bottom",
        fontsize=5.5, color=GREY,
    )  # fmt: skip


def _zoomed(axes: Axes, box: tuple[float, float, float, float], x: Floats, y: Floats) -> Axes:
    """Return a framed inset at `box` (shares of the axes) with equal scales around points."""
    inner = axes.inset_axes(box)
    whole = axes.get_window_extent()
    square(inner, x, y, box[3] * whole.height / (box[2] * whole.width), origin=False)
    inner.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    inner.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    inner.tick_params(labelsize=5.5, length=1.5)
    for spine in inner.spines.values():
        spine.set_visible(True)
        spine.set_color(GREY)
    return inner


def _highest(drawn: Sequence[Spectrum], scale: Scale) -> float:
    """Return the largest −Im Z, as drawn."""
    return max(float((-one.impedance.imag * scale.factor).max()) for one in drawn)


def _kept(drawn: Sequence[Spectrum]) -> NDArray[np.complex128]:
    """Return the points of all sweeps that were not trimmed."""
    return np.concatenate([one.impedance[~one.trimmed] for one in drawn])


def _part(one: Spectrum, keep: NDArray[np.bool_]) -> Spectrum:
    return Spectrum(
        one.index, one.frequency[keep], one.impedance[keep], None, None, None, one.trimmed[keep]
    )


def _bode_below(
    figure: Figure,
    campaign: CampaignLike,
    series: Series,
    drawn: Sequence[Spectrum],
    box: tuple[float, float, float],
) -> None:
    """Draw modulus and −phase of a series at `box` (left, top, width in cm)."""
    left, top, wide = box
    upper = place(figure, left, top, wide, BODE)
    lower = place(figure, left, top + BODE + 0.2, wide, BODE, sharex=upper)
    for one, colour in zip(drawn, series.colours, strict=True):
        kept = ~one.trimmed
        z = one.impedance[kept]
        upper.plot(one.frequency[kept], np.abs(z), color=colour, lw=0.6)
        lower.plot(one.frequency[kept], -np.angle(z, deg=True), color=colour, lw=0.6)
    for axes in (upper, lower):
        axes.set_xscale("log")
    upper.set_yscale("log")
    upper.margins(x=0.02)
    lower.axhline(0, color=PALE, lw=0.4, zorder=0)
    decade_ticks(upper, "y", 4)
    frequency_ticks(upper, label=False)
    frequency_ticks(lower)
    upper.set_ylabel(f"|Z| ({ohm_unit(campaign)})")
    lower.set_ylabel("−Phase (°)")
