"""What the figures of sweeps are made of: each function here draws on axes that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, MultipleLocator

from anodescope.report.axes import (
    decade_name,
    decade_ticks,
    frequency_axis,
    frequency_ticks,
)
from anodescope.report.style import (
    GREY,
    INK,
    PALE,
    THIN,
    printable,
    shades,
)
from anodescope.report.view import (
    CampaignLike,
    Floats,
    Spectrum,
    ohm_factors,
    ohm_unit,
    prefixed,
    required,
    spectrum,
    stored,
    sweep_label,
    windows,
)

HALO = [withStroke(linewidth=1.4, foreground="white")]
FEW_BANDS = 8  # so many sweeps at most are drawn with their bands
TOLERANCE = 0.01  # relative residual at which lines are drawn unless the validation says otherwise


def labels(campaign: CampaignLike, sweeps: Sequence[int]) -> list[str]:
    """Return the sweeps' labels; the electrode is named where sweeps differ in it."""
    names = stored(campaign, "spectra", "electrode")
    shown = [sweep_label(campaign, row) for row in sweeps]
    if names is None or len({str(names[row]) for row in sweeps}) < 2:
        return shown
    return [f"{names[row]}, {text}" for row, text in zip(sweeps, shown, strict=True)]


def key(axes: Axes, campaign: CampaignLike, sweeps: Sequence[int], **kwargs: Any) -> None:
    """Write the legend of the sweeps: colour, start, bias."""
    handles = [
        axes.plot([], [], color=colour, marker="o", lw=0.9, label=printable(text))[0]
        for colour, text in zip(shades(len(sweeps)), labels(campaign, sweeps), strict=True)
    ]
    options: dict[str, Any] = {"loc": "upper left", "handlelength": 0.9, "labelcolor": INK} | kwargs
    axes.legend(handles=handles, **options)


def key_over(
    axes: Axes, campaign: CampaignLike, sweeps: Sequence[int], lift: float, columns: int
) -> None:
    """Write the legend of the sweeps above axes with a frequency axis on top."""
    key(
        axes,
        campaign,
        sweeps,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0 + lift),
        ncols=columns,
        columnspacing=1.0,
        borderaxespad=0.0,
    )


def square(axes: Axes, x: Floats, y: Floats, ratio: float, *, origin: bool = True) -> None:
    """Set limits that hold all points with equal scales in a box of `ratio` height to width.

    `origin` keeps the zero of the real axis in sight.
    """
    low_x, high_x = float(x.min()), float(x.max())
    low_x = min(0.0, low_x) if origin else low_x
    low_y, high_y = min(0.0, float(y.min())), float(y.max())
    size = max(high_x - low_x, high_y - low_y) or 1.0
    width = (high_x - low_x) + 0.10 * size
    height = (high_y - low_y) + 0.12 * size
    if height < ratio * width:
        height = ratio * width
    else:
        width = height / ratio
    left = (low_x + high_x - width) / 2
    bottom = low_y - 0.04 * size
    axes.set_xlim(left, left + width)
    axes.set_ylim(bottom, bottom + height)
    axes.set_aspect("equal", adjustable="box")
    locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
    step = float(np.diff(locator.tick_values(left, left + width))[0])
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.yaxis.set_major_locator(MultipleLocator(step))


def _decade_marks(axes: Axes, shown: Spectrum, x: Floats, y: Floats, *, named: bool) -> None:
    """Fill the points next to whole decades and name them where names do not collide."""
    figure = axes.figure
    taken: list[np.ndarray] = []
    low, high = float(shown.frequency.min()), float(shown.frequency.max())
    if high <= low:
        return
    colour = axes.lines[-1].get_color()
    for exponent in range(int(np.ceil(np.log10(low))), int(np.floor(np.log10(high))) + 1):
        k = int(np.argmin(np.abs(np.log10(shown.frequency) - exponent)))
        if abs(np.log10(shown.frequency[k]) - exponent) > 0.12:
            continue
        axes.plot(x[k], y[k], marker="o", ms=3.4, color=colour, mec="white", mew=0.4, zorder=5)
        spot = axes.transData.transform((x[k], y[k])) * 72 / figure.dpi
        if not named or any(np.hypot(*(spot - other)) < 17 for other in taken):
            continue
        taken.append(spot)
        axes.annotate(
            decade_name(exponent, "Hz"),
            (x[k], y[k]),
            xytext=(0, 4.5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=5.5,
            color=GREY,
            path_effects=HALO,
            zorder=6,
        )


def _points(axes: Axes, one: Spectrum, x: Floats, y: Floats, colour: Any) -> None:
    """Draw measured points: filled, or hollow squares where the validation trimmed them."""
    kept = ~one.trimmed
    axes.plot(x[kept], y[kept], "o", ms=1.7, mew=0, color=colour, ls="none")
    if one.trimmed.any():
        axes.plot(
            x[~kept], y[~kept], "s", ms=2.2, mfc="white", mec=colour, mew=0.5, ls="none",
            label="trimmed by the validation",
        )  # fmt: skip


def draw_nyquist(axes: Axes, campaign: CampaignLike, sweeps: Sequence[int], ratio: float) -> None:
    """Draw −Im Z over Re Z with equal scales: points measured, lines fitted, decades marked."""
    drawn = [spectrum(campaign, row) for row in sweeps]
    every = np.concatenate([s.impedance for s in drawn])
    if not len(every):
        axes.text(0.5, 0.5, "no valid points", transform=axes.transAxes, ha="center", color=GREY)
        every = np.array([0j, 1 - 1j])
    scale = prefixed(float(np.abs(every).max()), ohm_unit(campaign))
    factor = scale.factor
    square(axes, every.real * factor, -every.imag * factor, ratio)
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    biggest = max(drawn, key=lambda s: float(np.ptp(s.impedance.real)) if len(s.impedance) else 0.0)
    for one, colour in zip(drawn, shades(len(drawn)), strict=True):
        if not len(one.impedance):
            continue
        x, y = one.impedance.real * factor, -one.impedance.imag * factor
        _points(axes, one, x, y, colour)
        if one.fit is not None:
            axes.plot(one.fit.real * factor, -one.fit.imag * factor, color=colour, lw=0.8)
        axes.plot([], [], color=colour)
        _decade_marks(axes, one, x, y, named=one is biggest)
    axes.set_xlabel(f"Re Z ({scale.unit})")
    axes.set_ylabel(f"−Im Z ({scale.unit})")


def _frequency_limits(drawn: Sequence[Spectrum]) -> tuple[float, float]:
    every = np.concatenate([s.frequency for s in drawn])
    if not len(every):
        return 0.5, 2.0
    return float(every.min()) / 1.4, float(every.max()) * 1.4


def draw_bode(upper: Axes, lower: Axes, campaign: CampaignLike, sweeps: Sequence[int]) -> None:
    """Draw |Z| and −phase over frequency, points measured and lines fitted."""
    drawn = [spectrum(campaign, row) for row in sweeps]
    for one, colour in zip(drawn, shades(len(drawn)), strict=True):
        size, phase = np.abs(one.impedance), -np.angle(one.impedance, deg=True)
        _points(upper, one, one.frequency, size, colour)
        _points(lower, one, one.frequency, phase, colour)
        if one.fit is not None:
            upper.plot(one.frequency, np.abs(one.fit), color=colour, lw=0.8)
            lower.plot(one.frequency, -np.angle(one.fit, deg=True), color=colour, lw=0.8)
    for axes in (upper, lower):
        axes.set_xscale("log")
        axes.set_xlim(*_frequency_limits(drawn))
    sizes = np.concatenate([np.abs(s.impedance) for s in drawn])
    upper.set_yscale("log")
    if len(sizes) and sizes.max() > 0:
        upper.set_ylim(float(sizes[sizes > 0].min()) / 1.3, float(sizes.max()) * 1.3)
    decade_ticks(upper, "y", 5)
    lower.axhline(0, color=PALE, lw=0.4, zorder=0)
    lower.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 1.5, 3, 10]))
    frequency_ticks(upper, label=False)
    frequency_ticks(lower)
    upper.set_ylabel(f"|Z| ({ohm_unit(campaign)})")
    lower.set_ylabel("−Phase (°)")


def tolerance_of(campaign: CampaignLike) -> float:
    """Return the relative residual at which the tolerance lines lie."""
    if "validation" in campaign:
        attrs = campaign["validation"].attrs
        parameters = attrs.get("parameters")
        inner = parameters.get("tolerance") if isinstance(parameters, Mapping) else None
        told = attrs.get("tolerance", inner)
        if isinstance(told, (int, float)) and 0 < told < 1:
            return float(told)
    return TOLERANCE


def _draw_residual(axes: Axes, drawn: Sequence[Spectrum], kind: str, tolerance: float) -> bool:
    """Draw one kind of residual in %: circles for real parts, triangles for imaginary ones."""
    found = False
    worst = 1.5 * tolerance
    for one, colour in zip(drawn, shades(len(drawn)), strict=True):
        residual = one.kk if kind == "kk" else one.misfit
        if residual is None:
            continue
        found = True
        kept = ~one.trimmed
        for part, marker, size in ((residual.real, "o", 1.8), (residual.imag, "^", 2.1)):
            shown = 100 * part
            axes.plot(one.frequency[kept], shown[kept], marker, ms=size, color=colour, mew=0)
            if one.trimmed.any():
                axes.plot(one.frequency[~kept], shown[~kept], marker, ms=size, mfc="white",
                          mec=colour, mew=0.45)  # fmt: skip
        parts = np.abs(np.concatenate([residual.real[kept], residual.imag[kept]]))
        if np.isfinite(parts).any():
            worst = max(worst, float(np.nanmax(parts)) * 1.1)
    for side in (-1, 1):
        axes.axhline(side * 100 * tolerance, color=GREY, lw=0.5, ls=(0, (4, 2)), zorder=0)
    axes.axhline(0, color=PALE, lw=0.4, zorder=0)
    axes.set_ylim(-100 * worst, 100 * worst)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    if not found:
        axes.text(0.5, 0.5, "not computed", transform=axes.transAxes, ha="center", color=GREY)
    return found


def draw_residuals(upper: Axes, lower: Axes, campaign: CampaignLike, sweeps: Sequence[int]) -> None:
    """Draw the Kramers–Kronig residual and the residual of the DRT, in % of |Z|."""
    drawn = [spectrum(campaign, row) for row in sweeps]
    tolerance = tolerance_of(campaign)
    _draw_residual(upper, drawn, "kk", tolerance)
    _draw_residual(lower, drawn, "misfit", tolerance)
    for axes in (upper, lower):
        axes.set_xscale("log")
        axes.set_xlim(*_frequency_limits(drawn))
    frequency_ticks(upper, label=False)
    frequency_ticks(lower)
    upper.set_ylabel("KK residual\n(%)")
    lower.set_ylabel("DRT residual\n(%)")
    handles = [
        upper.plot([], [], "o", ms=2.2, color=GREY, label="real")[0],
        upper.plot([], [], "^", ms=2.4, color=GREY, mew=0, label="imaginary")[0],
        upper.plot(
            [], [], color=GREY, lw=0.5, ls=(0, (4, 2)), label=f"±{100 * tolerance:g}{THIN}%"
        )[0],
    ]
    upper.legend(
        handles=handles, ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0), columnspacing=1.0
    )


def gamma_limits(gamma: Floats, inside: np.ndarray) -> tuple[float, float]:
    """Return limits of a log γ axis: what lies inside the window, at most four decades."""
    seen = gamma[inside & np.isfinite(gamma) & (gamma > 0)]
    if not len(seen):
        seen = gamma[np.isfinite(gamma) & (gamma > 0)]
    if not len(seen):
        return 0.1, 10.0
    high = float(seen.max()) * 1.6
    return max(float(seen.min()) / 1.6, high * 1e-4), high


def draw_gamma(
    axes: Axes,
    campaign: CampaignLike,
    sweeps: Sequence[int],
    colours: Sequence[Any] | None = None,
) -> None:
    """Draw γ over τ; what lies outside a sweep's window is pale, and shaded outside of all.

    `colours`, one per sweep, are those of time order for None; bands are drawn for a few sweeps.
    """
    factors = ohm_factors(campaign)[list(sweeps)]
    tau = required(campaign, "drt", "tau").astype(float)
    gamma = required(campaign, "drt", "gamma")[list(sweeps)] * factors[:, None]
    inside = required(campaign, "drt", "in_window")[list(sweeps)].astype(bool)
    low, high = stored(campaign, "drt", "gamma_low"), stored(campaign, "drt", "gamma_high")
    bounds = windows(campaign)[list(sweeps)]
    shown = shades(len(sweeps)) if colours is None else colours
    banded = len(sweeps) <= FEW_BANDS
    wide = 1.0 if banded else 0.7
    for k, (row, colour) in enumerate(zip(sweeps, shown, strict=True)):
        axes.plot(tau, gamma[k], color=colour, lw=0.6 * wide, alpha=0.45, ls=(0, (2, 1.5)))
        # One lattice point more on each side, so that the line meets the shaded border.
        axes.plot(tau, np.where(inside[k], gamma[k], np.nan), color=colour, lw=wide)
        if low is not None and high is not None and banded:
            axes.fill_between(
                tau, low[row] * factors[k], high[row] * factors[k],
                where=inside[k].tolist(), color=colour, alpha=0.18, lw=0,
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    drawn = np.isfinite(gamma).any(axis=0)
    if drawn.any():
        axes.set_xlim(float(tau[drawn].min()), float(tau[drawn].max()))
    elif np.isfinite(bounds).any():
        axes.set_xlim(float(np.nanmin(bounds)), float(np.nanmax(bounds)))
        axes.text(
            0.5, 0.5, "no sweep gave a DRT", transform=axes.transAxes, ha="center", color=GREY
        )
    axes.set_ylim(*gamma_limits(gamma, inside))
    shade_window(axes, bounds)
    decade_ticks(axes, "x", 7)
    decade_ticks(axes, "y", 5)
    axes.set_xlabel("Relaxation time τ (s)")
    axes.set_ylabel(f"γ ({ohm_unit(campaign)} per ln{THIN}τ)")
    frequency_axis(axes, "top")
    axes.spines["top"].set_visible(True)


def shade_window(axes: Axes, bounds: Floats) -> None:
    """Hatch what lies outside the widest measured window along x, with a dashed border."""
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(known):
        return
    low, high = axes.get_xlim()
    for edge, start, end in (
        (float(known[:, 0].min()), low, float(known[:, 0].min())),
        (float(known[:, 1].max()), float(known[:, 1].max()), high),
    ):
        if end <= start:
            continue
        axes.axvspan(
            start, end, facecolor="#f1f2f4", edgecolor=PALE, hatch="/////", lw=0, zorder=-1,
            label="outside the measured window",
        )  # fmt: skip
        axes.axvline(edge, color=GREY, lw=0.6, ls=(0, (3, 2)), zorder=0)
    axes.set_xlim(low, high)
