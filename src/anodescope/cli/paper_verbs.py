"""What the verbs of the paper take: reproduce, calibrate, wetting.

Heavy imports wait until they run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print machine-readable results on stdout.")]


def reproduce(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    cell: Annotated[
        Path | None,
        typer.Option(
            "--cell", help="A cell's TOML file: its laws and numbers in place of the presets'."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="DRT method: drttools (the paper's), tikhonov or auto.")
    ] = "drttools",
    noise: Annotated[
        int | None,
        typer.Option("--noise", help="Add the instrument's noise, of this seed.", min=0),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Keys of experiments, as ccd50,strip50; others are left out."),
    ] = None,
    through_files: Annotated[
        bool,
        typer.Option("--through-files", help="Write EC-Lab text files and analyse what they hold."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Compute again also what is up to date.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one per core by default.", min=1)
    ] = None,
    json: Json = False,
) -> None:
    """Compute the paper's whole campaign on the virtual cell, analyse it and judge every row."""
    from anodescope.cli import reproduce as verb

    every = verb.run_reproduce(
        out,
        cell=cell,
        method=method,
        noise=noise,
        only=only or [],
        through_files=through_files,
        overwrite=overwrite,
        workers=workers,
        as_json=json,
    )
    if not every:
        raise typer.Exit(1)


def calibrate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    starts: Annotated[int, typer.Option("--starts", help="Descents from the priors.", min=1)] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the first start.", min=1)] = 1,
    budget: Annotated[
        float, typer.Option("--budget", help="Minutes, after which descents are cut.")
    ] = 15.0,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Also fit other sets of laws.")
    ] = True,
    score: Annotated[
        bool, typer.Option("--score/--no-score", help="Judge every row through campaigns.")
    ] = True,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one per core by default.", min=1)
    ] = None,
    json: Json = False,
) -> None:
    """Fit the virtual cell to the fit rows of the paper: best set, ensemble, groups, other laws."""
    from anodescope.cli import calibrate as verb

    verb.run_calibrate(
        out,
        starts=starts,
        seed=seed,
        budget=budget,
        compare=compare,
        score=score,
        workers=workers,
        as_json=json,
    )


def wetting(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    cell: Annotated[
        str, typer.Option("--cell", help="Preset (NaK50) or a cell's TOML file.")
    ] = "NaK50",
    angle: Annotated[
        list[float] | None, typer.Option("--angle", help="Contact angle (°); may be repeated.")
    ] = None,
    roughness: Annotated[
        list[float] | None,
        typer.Option("--roughness", help="Rms of the wall (µm); may be repeated."),
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; all cores by default.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier answer.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print machine-readable results on stdout.")
    ] = False,
) -> None:
    """Say whether wetting limits the cell: threshold, pulses, γ against contact and pressure."""
    from anodescope.cli import wetting as verb

    verb.run_wetting(
        cell,
        out,
        angles=angle or [],
        roughness=roughness or [],
        workers=workers,
        overwrite=overwrite,
        as_json=json,
    )
