"""The figure of the verb `wetting`: what a cell does against contact, and contact against pressure.

It draws the rows that it is handed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.report import style

Row = Mapping[str, float]

NM, UM, MPA = 1e7, 1e4, 1e-6
DASHES = ("-", "--", ":", "-.")


@final
@dataclass(frozen=True, slots=True)
class WettingRows:
    """What is drawn.

    Attributes
    ----------
    faces : rows of contact, feature (cm), share, threshold, charge, gamma.
    walls : rows of rms (cm), angle (°), pressure (Pa), contact, threshold.
    contact : of the calibrated cell. thickness : of its layer (cm).
    ends : of the unknown pressure (Pa).
    """

    faces: Sequence[Row]
    walls: Sequence[Row]
    contact: float
    thickness: float
    ends: tuple[float, float]


@style.styled
def wetting_figure(rows: WettingRows) -> Figure:
    """Return six panels: share, threshold, pulses, γ against contact; contact and threshold
    against pressure.
    """
    figure = style.new_figure(style.DOUBLE, 10.4)
    places = [(1.3 + 5.7 * column, 0.8 + 5.0 * line) for line in (0, 1) for column in range(3)]
    axes = [style.place(figure, left, top, 4.2, 3.6) for left, top in places]
    against_contact(axes[0], rows, "share", "conducting share of the layer")
    against_contact(axes[1], rows, "threshold", "threshold (mA/cm²)")
    against_contact(axes[2], rows, "charge", "pulses to 3 V (mAh/cm²)")
    against_contact(axes[3], rows, "gamma", "γ$_{int}$, fresh (Ω·cm²)")
    against_pressure(axes[4], rows, "contact", "contact touched")
    against_pressure(axes[5], rows, "threshold", "threshold (mA/cm²)")
    axes[4].axhline(rows.contact, color=style.GREY, lw=0.5)
    axes[0].legend(loc="lower right", title="feature", title_fontsize=6)
    if axes[4].get_legend_handles_labels()[0]:
        axes[4].legend(
            loc="lower right", title="rms, angle", title_fontsize=6, handlelength=2.2,
            bbox_to_anchor=(0.97, 0.14),
        )  # fmt: skip
    for name, one in zip("abcdef", axes, strict=True):
        style.letter(figure, one, name, left=1.0, up=0.3)
    return figure


def against_contact(axes: Axes, rows: WettingRows, name: str, label: str) -> None:
    """Draw a quantity against contact, a line per feature; a dotted line at the calibrated one."""
    features = sorted({row["feature"] for row in rows.faces})
    for feature, colour in zip(features, style.shades(len(features)), strict=True):
        of_it = _line(rows.faces, {"feature": feature}, "contact")
        axes.plot(
            [row["contact"] for row in of_it], [row[name] for row in of_it], "o-", color=colour,
            label=_length(feature),
        )  # fmt: skip
    axes.axvline(rows.contact, color=style.GREY, lw=0.5, ls=":")
    axes.set_xlim(0, 1.03)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("contact touched")
    axes.set_ylabel(label)


def against_pressure(axes: Axes, rows: WettingRows, name: str, label: str) -> None:
    """Draw a quantity against the pressure: colours for angles, dashes for roughness."""
    angles = sorted({row["angle"] for row in rows.walls}, reverse=True)
    roughness = sorted({row["rms"] for row in rows.walls})
    for k, angle in enumerate(angles):
        for n, rms in enumerate(roughness):
            of_it = _line(rows.walls, {"angle": angle, "rms": rms}, "pressure")
            # Lines in full contact all lie on one another: one name for them is enough.
            partial = any(row["contact"] < 1.0 for row in of_it)
            axes.plot(
                [MPA * row["pressure"] for row in of_it], [row[name] for row in of_it],
                color=style.PALETTE[k % len(style.PALETTE)] if partial else style.PALE,
                ls=DASHES[n % len(DASHES)] if partial else "-", zorder=2.0 if partial else 1.5,
                label=f"{UM * rms:g} µm, {angle:g}°" if partial else None,
            )  # fmt: skip
    for end in rows.ends:
        axes.axvline(MPA * end, color=style.GREY, lw=0.5, ls=":")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("excess pressure (MPa)")
    axes.set_ylabel(label)


def _line(rows: Sequence[Row], held: Mapping[str, float], along: str) -> list[Row]:
    """Return the rows that have these values, in the order of another."""
    of_it = [row for row in rows if all(row[key] == value for key, value in held.items())]
    return sorted(of_it, key=lambda row: row[along])


def _length(cm: float) -> str:
    return f"{NM * cm:g} nm" if cm < 1e-4 else f"{UM * cm:g} µm"
