"""The command line: parse, call, show. Heavy imports wait until a verb runs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from anodescope.cli.paper_verbs import calibrate, reproduce, wetting
from anodescope.errors import AnodescopeError, Cancelled

INTERRUPTED = "interrupted; nothing was left half-written."


class Verbs(TyperGroup):
    """The verbs; Ctrl-C becomes an error of ours, or typer would end with 130 and no word."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Cancelled(INTERRUPTED) from None


app = typer.Typer(
    cls=Verbs,
    name="anodescope",
    help="The open toolchain for alkali-metal and liquid-alloy anodes on solid electrolytes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Paths = Annotated[
    list[Path], typer.Argument(help="Instrument files, or the folder of one cell.", metavar="PATH…")
]
Area = Annotated[
    list[str] | None,
    typer.Option(
        "--area",
        help="Area in cm² of the electrode under study, or ELECTRODE=AREA (alloy, counter, "
        "electrolyte); may be repeated.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", help="For tables: MEANING=LABEL,… such as frequency=f/Hz."),
]
SpecimenFile = Annotated[
    Path | None, typer.Option("--specimen", help="specimen.toml that describes the sample.")
]
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable results on stdout.")]


def _version(asked: bool) -> None:
    if asked:
        from anodescope import __version__

        print(f"anodescope {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read anodescope --help of a verb for what it takes."""


@app.command()
def info(paths: Paths, columns: Columns = None, json: Json = False) -> None:
    """Say what is in these files: technique, rows, sweeps, warnings. Folders are searched whole."""
    from anodescope.cli import files

    if not files.show_info(paths, columns=_columns(columns), as_json=json):
        raise typer.Exit(1)


@app.command()
def analyse(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Instrument files, the folder of one cell, campaign.zarr, or a study.toml.",
            metavar="PATH…",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            help="DRT method: auto, drttools or tikhonov; its settings: [method] of --settings.",
        ),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="analysis.toml with every other choice.")
    ] = None,
    circuit: Annotated[
        bool, typer.Option("--circuit", help="Also fit one R‖CPE per tracked peak.")
    ] = False,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Study: column by which cells count as replicates; repeatable."),
    ] = None,
    area: Area = None,
    columns: Columns = None,
    specimen: SpecimenFile = None,
    workers: Annotated[int | None, typer.Option(help="Threads; all cores by default.")] = None,
    json: Json = False,
) -> None:
    """Analyse one cell or a study: protocol, validation, DRT, peaks, findings, and a report."""
    from anodescope.cli import analysis

    every = analysis.run_analyse(
        paths,
        out,
        method=method,
        settings=settings,
        circuit=circuit,
        by=by or [],
        area=_area(area),
        columns=_columns(columns),
        specimen=specimen,
        workers=workers,
        as_json=json,
    )
    if not every:
        raise typer.Exit(1)


@app.command()
def export(
    source: Annotated[list[Path], typer.Argument(help="campaign.zarr, or instrument files.")],
    out: Annotated[Path, typer.Option("--out", help="File or folder to write.")],
    kind: Annotated[str, typer.Option("--kind", help="csv, parquet, netcdf or mpt.")] = "csv",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files.")] = False,
    area: Area = None,
    columns: Columns = None,
    specimen: SpecimenFile = None,
) -> None:
    """Write a campaign as BDF-labelled CSV or Parquet, NetCDF, or EC-Lab text files."""
    from anodescope.cli import files

    options = {"area": _area(area), "columns": _columns(columns), "specimen": specimen}
    files.run_export(source, out, kind, overwrite=overwrite, **options)


@app.command()
def cite(
    source: Annotated[
        Path | None, typer.Argument(help="campaign.zarr of a run; without it, the whole registry.")
    ] = None,
    json: Json = False,
) -> None:
    """Print the works that a run (or anodescope as a whole) relies on."""
    from anodescope.cli import files

    files.show_citations(source, as_json=json)


@app.command()
def simulate(
    cell: Annotated[
        str, typer.Argument(help="Preset (NaK50, 'in-situ NaK50', Na, K) or a cell's TOML file.")
    ],
    protocol: Annotated[
        str, typer.Argument(help="Name in the library (staircase_geis, …) or a TOML file.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Option of the library's protocol, as stop=0.6; may be repeated."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the noise.", min=0)] = 0,
    noise: Annotated[
        bool, typer.Option("--noise", help="Add the instrument's noise; without it, none.")
    ] = False,
    instantaneous: Annotated[
        bool,
        typer.Option(
            "--instantaneous", help="Spectra at one instant each, not frequency by frequency."
        ),
    ] = False,
    mpt: Annotated[bool, typer.Option("--mpt", help="Also write EC-Lab text files.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier simulation.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a virtual cell through a protocol: campaign.zarr, as if it had been measured."""
    from anodescope.cli import simulate as verb

    verb.run_simulate(
        cell,
        protocol,
        out,
        options=options or [],
        seed=seed,
        noise=noise,
        instantaneous=instantaneous,
        mpt=mpt,
        overwrite=overwrite,
        as_json=json,
    )


app.command()(reproduce)
app.command()(calibrate)
app.command()(wetting)


@app.command()
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="pairs, formats, drt, kk, analysis, constriction; without a name, all."
        ),
    ] = None,
    sets: Annotated[
        str | None,
        typer.Option(
            help="drt: parts to run: A,B,random,foreign,series,terms,scale,gaps,start,stream by "
            "default; jumps,onsets,real,ablation,resolution beside these; or all."
        ),
    ] = None,
    count: Annotated[int | None, typer.Option(help="drt: spectra per set.")] = None,
    peers: Annotated[bool, typer.Option("--peers/--no-peers", help="drt: run the peers.")] = True,
    seed: Annotated[
        int | None, typer.Option(help="drt: of the fresh sets; from the commit's hash by default.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="drt: seconds that each peer has.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="JSON file for all tables.")] = None,
    page: Annotated[
        Path | None,
        typer.Option(help="drt: page (docs/drt.md) whose marked block the tables replace."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare anodescope with its peers, side by side in one run."""
    from anodescope.cli import analysis

    asked: dict[str, Any] = {"count": count, "seed": seed, "budget": budget}
    asked["peers"] = None if peers else False
    asked["sets"] = tuple(part.strip() for part in sets.split(",")) if sets else None
    drt = {name: value for name, value in asked.items() if value is not None}
    analysis.run_bench(names or [], as_json=json, out=out, page=page, drt=drt)


def _pairs(text: str, option: str) -> dict[str, str]:
    pairs = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise typer.BadParameter(f"expected NAME=VALUE, found {part!r}", param_hint=option)
        pairs[key.strip()] = value.strip()
    return pairs


def _columns(text: str | None) -> dict[str, str] | None:
    return None if text is None else _pairs(text, "--columns")


def _area(texts: Sequence[str] | None) -> float | dict[str, float] | None:
    """Turn ``--area 0.385`` or ``--area alloy=0.385`` into what `read` takes."""
    if not texts:
        return None
    try:
        if len(texts) == 1 and "=" not in texts[0]:
            return float(texts[0])
        return {
            key: float(value) for text in texts for key, value in _pairs(text, "--area").items()
        }
    except ValueError as error:
        raise typer.BadParameter(
            f"expected a number in cm², {error}", param_hint="--area"
        ) from error


def main(arguments: Sequence[str] | None = None) -> Any:
    """Run the command line; returns or exits with 0, 1 (a clear error) or 2 (usage)."""
    _never_fail_to_encode()
    try:
        app(args=list(arguments) if arguments is not None else None, standalone_mode=True)
    except AnodescopeError as error:
        if isinstance(error, Cancelled):
            _finish_in_peace(arguments)
        _fail(str(error))
    except KeyboardInterrupt:
        _finish_in_peace(arguments)
        _fail(INTERRUPTED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        _fail(f"{where}{error.strerror or error or type(error).__name__}.")
    except MemoryError as error:
        _fail(
            f"there is not enough memory ({str(error).rstrip('.') or 'for this'}); "
            "take fewer files at once, or fewer --workers."
        )


def _finish_in_peace(arguments: Sequence[str] | None) -> None:
    """A further Ctrl-C while the process ends must not kill it before it has said why."""
    if arguments is None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _never_fail_to_encode() -> None:
    """Let stdout and stderr escape characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _fail(sentence: str) -> NoReturn:
    print(f"anodescope: {' '.join(sentence.splitlines())}", file=sys.stderr)
    raise SystemExit(1) from None


if __name__ == "__main__":
    main()
