"""Draw the figures of docs/materials.md and write its table between the marks `table:materials`.

One core, a few seconds:

    python -m tools.materials_figures
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anodescope.bench.page import replace_block
from anodescope.materials import Row, assessment, nak, table
from anodescope.report import style

ROOT = Path(__file__).resolve().parents[1]
PAGE, FOLDER = ROOT / "docs" / "materials.md", ROOT / "docs" / "figures"
MARK = "table:materials"
ZERO_C = 273.15

# wt % of K and °C. Those with a ring were fitted; the triangles are fixed (pure metals).
FITTED = ((44.0, 25.0), (88.0, 25.0), (77.0, -12.6))
FIXED = ((0.0, 97.79), (100.0, 63.5))


def block() -> str:
    """Return the table as Markdown."""
    head = "| quantity | value at 25 °C | unit | range | ± | K | source |"
    lines = [head, "|---|---|---|---|---|---|---|", *(_row(row) for row in table())]
    return "\n".join(lines)


def _row(row: Row) -> str:
    name = row.name if row.x is None else f"{row.name}, x = {row.x:.2f}"
    span = "–" if row.span is None else f"{row.span[0]:.3g} to {row.span[1]:.3g}"
    error = "–" if row.uncertainty is None else f"{100 * row.uncertainty:.2g} %"
    kelvins = f"{row.temperatures[0]:g} to {row.temperatures[1]:g}"
    cells = (name, f"{row.value:.4g}", row.unit, span, error, kelvins, f"{row.source}: {row.note}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def diagram(axes: Axes) -> None:
    """Liquidus, solidus and the lines of both invariants, in wt % of K."""
    invariants = assessment.EUTECTIC, assessment.PERITECTIC
    warm = np.linspace(invariants[1], assessment.MELTING_NA - 1e-3, 120)
    cold = np.linspace(invariants[0], assessment.MELTING_K - 1e-3, 120)
    between = np.linspace(*invariants, 40)
    na = np.array([assessment.sodium_branch(t) for t in warm])
    k = np.array([assessment.potassium_branch(t) for t in cold])
    compound = [assessment.compound_branch(t) for t in between]
    for x, kelvin, dash in (
        (na[:, 0], warm, "-"), (k[:, 0], cold, "-"), (compound, between, "-"),
        (na[:, 1], warm, "--"), (k[:, 1], cold, "--"),
    ):  # fmt: skip
        axes.plot(nak.weight_percent(x), kelvin - ZERO_C, dash, color=style.BLUE, lw=1)
    center = float(nak.weight_percent(assessment.COMPOUND))
    axes.plot([center, center], [-33, invariants[1] - ZERO_C], color=style.BLUE, lw=1)
    edge = float(nak.weight_percent(assessment.beside_compound(invariants[0])[1]))
    axes.plot([edge, nak.weight_percent(k[0, 1])], [invariants[0] - ZERO_C] * 2, "k", lw=0.5)
    peak = [nak.weight_percent(na[0, i]) for i in (1, 0)]
    axes.plot(peak, [invariants[1] - ZERO_C] * 2, "k", lw=0.5)
    axes.plot(*zip(*FITTED, strict=True), "o", mfc="none", color=style.VERMILLION, label="fitted")
    axes.plot(*zip(*FIXED, strict=True), "^", color=style.VERMILLION, label="fixed", clip_on=False)
    axes.plot([40, 90], [25, 25], "x", color=style.INK, label="data sheets, not fitted")
    for left, level, text in ((55, 70, "liquid"), (13, 30, "liquid + Na"), (46.5, -26, "Na$_2$K")):
        axes.text(left, level, text, fontsize=6)
    axes.set(xlabel="K (wt %)", ylabel="temperature (°C)", xlim=(0, 100), ylim=(-33, 105))
    axes.legend(loc="upper right", frameon=False)


def voltages(axes: Axes) -> None:
    low, high = nak.liquid_window(298.15)
    x = np.linspace(low, high, 200)
    shown = (nak.open_circuit_voltage, "liquid Na"), (nak.metal_voltage, "solid Na")
    for (law, name), colour in zip(shown, (style.BLUE, style.VERMILLION), strict=True):
        axes.plot(
            nak.weight_percent(x), 1e3 * law(x, 298.15), color=colour, label=f"against {name}"
        )
    axes.set(xlabel="K (wt %)", ylabel="voltage at 25 °C (mV)")
    axes.legend(frameon=False)


def properties(figure: Figure) -> None:
    """Six properties against composition, 25 °C (line) and 100 °C (dashes), with the points."""
    x = np.linspace(0.0, 1.0, 201)
    # wt % of K, value, K: Na and K at their melting points or as extrapolated, NaK-77.
    shown = (
        (nak.density, 1.0, "density (g/cm³)", ((77, 0.866, 294), (77, 0.855, 373))),
        (nak.molar_density, 1e3, "molar density (mmol/cm³)", ()),
        (nak.viscosity, 1.0, "viscosity (mPa s)", ((0, 0.688, 371), (100, 0.54, 337))),
        (nak.surface_tension, 1e3, "surface tension (mN/m)", ((0, 195, 371), (100, 112, 337))),
        (nak.interdiffusivity, 1e5, "interdiffusivity (10⁻⁵ cm²/s)", ()),
        (nak.resistivity, 1e6, "resistivity (µΩ cm)", ((77, 33.5, 298), (0, 9.64, 371))),
    )  # fmt: skip
    for place, (quantity, scale, label, points) in enumerate(shown):
        axes = figure.add_subplot(2, 3, place + 1)
        for kelvin, dash in ((298.15, "-"), (373.15, "--")):
            values = scale * quantity(x, kelvin)
            axes.plot(nak.weight_percent(x), values, dash, color=style.BLUE, lw=1)
        for percent, value, _ in points:
            axes.plot(percent, value, "o", mfc="none", color=style.VERMILLION, ms=4, clip_on=False)
        axes.set(ylabel=label, xlim=(0, 100))
        if place > 2:
            axes.set_xlabel("K (wt %)")


def main() -> None:
    import matplotlib

    with matplotlib.rc_context(style.RC):
        first = Figure(figsize=(style.DOUBLE * style.CM, 7 * style.CM), layout="constrained")
        diagram(first.add_subplot(1, 2, 1))
        voltages(first.add_subplot(1, 2, 2))
        first.savefig(FOLDER / "materials_phases.png", dpi=200)
        second = Figure(figsize=(style.DOUBLE * style.CM, 10 * style.CM), layout="constrained")
        properties(second)
        second.savefig(FOLDER / "materials_properties.png", dpi=200)
    replace_block(PAGE, MARK, block())
    print(f"materials: wrote {PAGE.name} and two figures")


if __name__ == "__main__":
    main()
