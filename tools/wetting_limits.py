"""Draw the figure of docs/wetting_limits.md and write the numbers between its marks.

Of the calibrated cell as it stands; two cores, about half a minute:

    python -m tools.wetting_limits
"""

from __future__ import annotations

from pathlib import Path

from anodescope.bench.page import replace_block
from anodescope.contact.wetting import PRESSURES
from anodescope.inference.wetting import Answer, Performance, ensemble_cells, sentences, wetting
from anodescope.report.saving import figure_bytes, write_beside
from anodescope.report.wetting import WettingRows, wetting_figure
from anodescope.workflow.scale import local_run

ROOT = Path(__file__).resolve().parents[1]
PAGE, FIGURE = ROOT / "docs" / "wetting_limits.md", ROOT / "docs" / "figures" / "wetting_limits.png"
MARK = "figures:wetting_limits"
NM, UM, MPA = 1e7, 1e4, 1e-6


def table(answer: Answer) -> str:
    """What the page shows: sentences, then faces, then the pressures that are needed."""
    lines = [f"- {text}" for text in sentences(answer).values()]
    lines += ["", "| feature | contact | share | threshold | without iR | pulses | γ_int |"]
    lines += ["|---|---|---|---|---|---|---|"]
    lines += [
        f"| {NM * face.feature:g} nm | {face.contact:.2f} | {face.share:.2f} | {numbers(done)} |"
        for face, done in answer.faces
        if face.contact in (0.05, answer.contact, 0.5, 1.0)
    ]
    lines += ["", "| θ (°) | rms (µm) | excess (MPa) | touched | threshold | without iR | pulses "
              "| γ_int |", "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {one.angle:g} | {UM * one.rms:g} | {MPA * one.pressure:g} | {one.face.contact:.2f} "
        f"| {numbers(done)} |"
        for one, done in answer.walls
        if one.angle >= 120.0 and one.pressure in (1e4, *PRESSURES)
    ]
    return "\n".join(lines)


def numbers(done: Performance) -> str:
    charge = "0" if done.charge < 0.05 else f"{done.charge:.1f}"
    return f"{done.threshold:.2f} | {done.corrected:.2f} | {charge} | {done.gamma:.3g}"


def main() -> int:
    with local_run(processes=True) as run:
        answer = wetting(members=ensemble_cells(), run=run)
    rows = WettingRows(
        answer.face_rows(), answer.wall_rows(), answer.contact, answer.thickness, PRESSURES
    )
    write_beside(FIGURE, figure_bytes(wetting_figure(rows), "png"))
    made = table(answer)
    print(made)
    replace_block(PAGE, MARK, made)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
