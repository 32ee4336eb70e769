"""Put the tables of ``anodescope bench constriction --out FILE`` into docs/constriction.md.

python -m tools.contact_bench out/bench-constriction.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from anodescope.bench.page import replace_block, show, table
from anodescope.report import style
from tools.contact_figures import FOLDER, PAGE, save

MARK = "bench:constriction"
# Pixels along a side of the map whose iterations are shown.
TABLE = 256
METHODS = ("shifted", "recycled")
Row = dict[str, Any]


def block(tables: dict[str, list[Row]]) -> str:
    """Return the Markdown of a run."""
    parts = {name.removeprefix("constriction: "): rows for name, rows in tables.items()}
    goals = table(
        parts["goals"],
        [(key, lambda row, key=key: str(row[key])) for key in ("goal", "wanted", "found", "met")],
    )
    solvers = table(
        parts["solvers"],
        [
            ("solver", lambda row: row["solver"]),
            ("setting", lambda row: row["setting"]),
            ("map", lambda row: f"{row['pixels']}², {100 * row['fraction']:.0f} %"),
            ("interface", lambda row: row["interface"]),
            ("s", lambda row: seconds(row)),
            ("iterations: all, most", lambda row: f"{row['iterations']}, {row['most']}"),
            ("MB", lambda row: cell(row["memory"])),
            ("residual (Ω·cm²)", lambda row: cell(row["residual"], 2)),
            ("error of Z", lambda row: percent(row["error"])),
            ("of Z − slab", lambda row: percent(row["interface_error"])),
            ("worst at (Hz)", lambda row: power(row["worst"])),
            ("reference ±", lambda row: percent(row["doubt"])),
        ],
    )
    reference = table(
        parts["reference"],
        [
            ("solver", lambda row: row["solver"]),
            ("map", lambda row: f"{row['pixels']}²"),
            ("interface", lambda row: row["interface"]),
            ("f (Hz)", lambda row: power(row["frequency"])),
            ("pixels split in", lambda row: row["factors"]),
            ("\\|Z − slab\\| (Ω·cm²)".replace("\\", ""), lambda row: row["values"]),
            ("order", order),
            ("of no size", lambda row: f"{row['extrapolated']:.4f}"),
            ("from ours", lambda row: percent(row["apart"], signed=True)),
        ],
    )
    return "\n\n".join(
        [
            goals,
            "**Solvers.** Seconds are processor time for all 30 frequencies (ours: median of "
            "repeats). Iterations of several grids are added. Memory is that of the whole process. "
            "Both sides ran on one thread of the same machine. Settings of finite volumes are "
            "tried cheap ones first, until one has an error of Z − slab of 1 % or less; a row that "
            "did not finish is a bound only. Errors are of Z and of Z − slab, and `reference ±` is "
            "how far first order or the order observed would lead elsewhere, over |Z − slab|, "
            "at its worst frequency. Maps of 1024² have no errors: their reference would take "
            "2048² and 4096².",
            solvers,
            f"**Iterations per frequency**, map of {TABLE}² pixels. `shifted` counts the steps of "
            "its one Lanczos run until that frequency is settled, so its run is as long as the "
            "largest number. `recycled` solves from the highest frequency down and may start where "
            "it ends. A dash: voids that carry current cannot be shifted.",
            counted(parts["iterations"]),
            "![Iterations per frequency of both formulations](figures/constriction_iterations.png)",
            "*Figure 5. The same, drawn. A solve that starts from the frequencies before needs no "
            "step where nothing changes.*",
            "**Reference.** Both sides extrapolated on a small map, at first order with perfect "
            "contact, else at the order observed between 1 and 2: two schemes that share no code "
            "meet in the last column. Where the steps do not shrink one way with an order from "
            "0.8 to 2.2, the line says so, and its extrapolation is not to be trusted beyond its "
            "last step." + not_there(parts["reference"]),
            reference,
        ]
    )


def not_there(rows: list[Row]) -> str:
    """Name the lines of a reference that are not asymptotic."""
    found = [
        f"{row['interface']} at {power(row['frequency'])} Hz ({row['solver']})"
        for row in rows
        if not row["asymptotic"]
    ]
    return f" Not asymptotic here: {', '.join(found)}." if found else ""


def order(row: Row) -> str:
    """The order observed, and whether it means anything."""
    return cell(row["order"]) + ("" if row["asymptotic"] else ", not asymptotic")


def counted(rows: list[Row], pixels: int | None = None) -> str:
    """Return iterations of both formulations, a line per frequency."""
    here = [row for row in rows if row["pixels"] == (pixels or TABLE)]
    names = list(dict.fromkeys(row["interface"] for row in here))
    lines: dict[float, Row] = {}
    for row in here:
        line = lines.setdefault(row["frequency"], {"frequency": row["frequency"]})
        for method in METHODS:
            count = row[method]
            line[f"{row['interface']}, {method}"] = "–" if count < 0 else str(count)
    columns = [f"{name}, {method}" for name in names for method in METHODS]
    return table(
        list(lines.values()),
        [
            ("f (Hz)", lambda line: power(line["frequency"])),
            *((name, lambda line, name=name: line[name]) for name in columns),
        ],
    )


def seconds(row: Row) -> str:
    """Seconds, or why there are none."""
    return row["status"] if row["seconds"] is None else show(row["seconds"], 2)


def cell(value: float | None, digits: int = 3) -> str:
    """A number, or nothing."""
    return "" if value is None else show(value, digits)


def percent(value: float | None, *, signed: bool = False) -> str:
    """A share in per cent, or nothing."""
    if value is None:
        return ""
    return f"{100 * value:{'+' if signed else ''}.2g} %"


def power(value: float | None) -> str:
    """A frequency in two digits, or nothing."""
    return "" if value is None else f"{value:.1e}"


def iterations(rows: list[Row], pixels: int = TABLE) -> None:
    """Draw iterations against frequency."""
    with style.journal_style():
        figure = style.new_figure(style.SINGLE, 5.4)
        axes = style.place(figure, 1.2, 0.4, 6.8, 4.1)
        colours = {"perfect": style.BLUE, "film": style.ORANGE, "film and gap": style.GREEN}
        for interface, colour in colours.items():
            chosen = [r for r in rows if r["interface"] == interface and r["pixels"] == pixels]
            frequency = [row["frequency"] for row in chosen]
            for method, line in zip(METHODS, ("-", "--"), strict=True):
                counts = np.array([row[method] for row in chosen])
                if counts.size and counts.min() >= 0:
                    axes.plot(frequency, counts, line, color=colour, label=f"{interface}, {method}")
        axes.set_xscale("log")
        axes.set_ylim(0, None)
        axes.set_xlabel("f (Hz)")
        axes.set_ylabel("iterations")
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, 0.93))
        save(figure, "constriction_iterations.png")


def main() -> int:
    """Fill the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path)
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    tables = json.loads(given.tables.read_text(encoding="utf-8"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    iterations(tables["constriction: iterations"])
    replace_block(given.page, MARK, block(tables))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
