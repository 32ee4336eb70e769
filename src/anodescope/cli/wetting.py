"""The verb wetting: does wetting limit the cell, and would it cure? Tables, figure, sentences."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anodescope.campaign.swap import replaced
from anodescope.cell.cell import PRESSURES
from anodescope.cli import screen
from anodescope.cli.simulate import cell_of
from anodescope.errors import StoreError
from anodescope.inference.wetting import Answer, ensemble_cells, sentences, wetting
from anodescope.workflow.scale import local_run

SUMMARY, FIGURE = "wetting.json", "wetting.png"
TABLES = ("faces.csv", "walls.csv", "pressures.csv")
ITEMS = frozenset({SUMMARY, FIGURE, *TABLES})


def run_wetting(
    cell: str,
    out: Path,
    *,
    angles: Sequence[float],
    roughness: Sequence[float],
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Compute, write the folder `out` whole or not at all, and print a sentence per question.

    Parameters
    ----------
    cell : a preset or a TOML file. out : folder. angles : °. roughness : rms (µm).
        An empty list is the default one.
    workers : processes; None: all cores.

    Raises
    ------
    SettingsError
        for a cell without a layer, and numbers out of range.
    StoreError
        when something is in the way in `out`.
    Cancelled
        at Ctrl-C; nothing is written then.
    """
    check_place(out, overwrite=overwrite)
    given = {
        "angles": tuple(map(float, angles)), "roughness": tuple(1e-4 * rms for rms in roughness)
    }  # fmt: skip
    asked: dict[str, Any] = {name: values for name, values in given.items() if values}
    specimen = cell_of(cell)
    # A file's numbers are its own: no ensemble belongs to them.
    if not cell.lower().endswith(".toml") and specimen.layer is not None:
        asked["members"] = ensemble_cells(cell)
    with screen.progress_bar() as progress, local_run(workers, progress, processes=True) as run:
        answer = wetting(specimen, **asked, run=run)
    told = summary(answer, cell)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replaced(out.resolve()) as partial:
            _fill(partial, answer, told)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror or error}).") from error
    if as_json:
        screen.show_json({**told, "out": str(out)})
        return
    for text in told["sentences"].values():
        print(text)
    print(f"tables: {out}")


def check_place(out: Path, *, overwrite: bool) -> None:
    """Make sure, before anything is computed, that the folder may be written.

    Raises
    ------
    StoreError
        naming what is in the way.
    """
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out}: expected a folder or nothing, found a file.")
    there = sorted(item.name for item in out.iterdir()) if out.exists() else []
    foreign = [name for name in there if name not in ITEMS]
    if foreign:
        raise StoreError(f"{out}: holds {foreign[0]!r}, which wetting did not write; name another.")
    if there and not overwrite:
        raise StoreError(f"{out}: holds an answer already; add --overwrite to replace it.")


def summary(answer: Answer, cell: str) -> dict[str, Any]:
    """Return the answer as plain values; what is no number is None."""
    return {
        "cell": cell,
        "contact": answer.contact,
        "layer_thickness_cm": answer.thickness,
        "layer_pressure_pa": answer.layer_pressure,
        "sentences": sentences(answer),
        "faces": [_finite(row) for row in answer.face_rows()],
        "walls": [_finite(row) for row in answer.wall_rows()],
        "pressures": [_finite(row) for row in answer.needed_rows()],
    }


def _finite(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN and no infinity."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }


def _fill(folder: Path, answer: Answer, told: Mapping[str, Any]) -> None:
    from anodescope.report.saving import figure_bytes
    from anodescope.report.wetting import WettingRows, wetting_figure

    folder.mkdir()
    text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
    tables = (answer.face_rows(), answer.wall_rows(), answer.needed_rows())
    for name, rows in zip(TABLES, tables, strict=True):
        with (folder / name).open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    drawn = WettingRows(
        answer.face_rows(), answer.wall_rows(), answer.contact, answer.thickness, PRESSURES
    )
    (folder / FIGURE).write_bytes(figure_bytes(wetting_figure(drawn), "png"))
