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
            ("order", lambda row: cell(row["order"])),
            ("of no size", lambda row: f"{row['extrapolated']:.4f}"),
            ("from ours", lambda row: percent(row["apart"], signed=True)),
        ],
    )
    return "\n\n".join(
        [
            goals,
            "**Solvers.** Seconds are processor time for all 30 frequencies (ours: median of "
            "repeats; `*`: scaled from six neighbours). Memory is that of the whole process. "
            "Both sides ran on one thread of the same machine.",
            solvers,
            "![Iterations per frequency of both formulations](figures/constriction_iterations.png)",
            "*Figure 5. Iterations per frequency, map of 256² pixels. A solve that starts from the "
            "frequencies before needs none where nothing changes.*",
            "**Reference.** Both sides extrapolated with the order observed, on a small map: two "
            "schemes that share no code meet in the last column.",
            reference,
        ]
    )


def seconds(row: Row) -> str:
    """Seconds, with a star where they are scaled."""
    if row["seconds"] is None:
        return row["status"]
    star = "*" if row["frequencies"] < 30 else ""
    return show(row["seconds"], 2) + star


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


def iterations(rows: list[Row], pixels: int = 256) -> None:
    """Draw iterations against frequency."""
    with style.journal_style():
        figure = style.new_figure(style.SINGLE, 5.4)
        axes = style.place(figure, 1.2, 0.4, 6.8, 4.1)
        colours = {"perfect": style.BLUE, "film": style.ORANGE, "film and gap": style.GREEN}
        for interface, colour in colours.items():
            chosen = [r for r in rows if r["interface"] == interface and r["pixels"] == pixels]
            frequency = [row["frequency"] for row in chosen]
            for method, line in (("shifted", "-"), ("recycled", "--")):
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
