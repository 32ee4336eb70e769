"""The report: one HTML file that needs no network, no script and nothing beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from anodescope.campaign.provenance import anodescope_version
from anodescope.citations import Citation
from anodescope.errors import SchemaError
from anodescope.report import captions, content
from anodescope.report.curves import labels
from anodescope.report.operando import operando_map
from anodescope.report.saving import figure_bytes, save_figure, write_beside
from anodescope.report.spectra import bode, gamma_curves, nyquist, residuals, sheet
from anodescope.report.tables import events_table, files_table, spectra_table
from anodescope.report.view import (
    CampaignLike,
    choose_sweeps,
    protocol_line,
    specimen_line,
    stored,
)

MOST_SVG = 350_000  # bytes; a figure that is larger as SVG is embedded as PNG
SCREEN_DPI = 240
SECTIONS = (
    ("files", "What was read"),
    ("operando", "Operando map"),
    ("spectra", "Chosen spectra"),
    ("validation", "Validation"),
    ("tables", "Tables"),
    ("warnings", "Warnings"),
    ("provenance", "Provenance"),
    ("cite", "What to cite"),
    ("python", "Go on in Python"),
)
SNIPPET = """import anodescope as an

campaign = an.open_campaign("campaign.zarr")
print(campaign.nodes)
gamma = campaign["drt"]["gamma"]        # xarray: (spectrum, tau), Ω per ln τ
impedance = campaign["spectra"]["impedance"]
frame = campaign["timeseries"].to_dataframe()"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on the page: its data as a URI, and its words; without data only the words."""

    caption: str
    uri: str = ""
    alt: str = ""
    title: str = ""
    width: int = 0
    height: int = 0


def embed(figure: Figure) -> str:
    """Return a figure as a data URI: SVG, or PNG where the SVG would be large."""
    drawn = figure_bytes(figure, "svg")
    kind = "svg+xml"
    if len(drawn) > MOST_SVG:
        drawn, kind = figure_bytes(figure, "png", SCREEN_DPI), "png"
    return f"data:image/{kind};base64,{base64.b64encode(drawn).decode()}"


def _picture(figure: Figure, caption: str, alt: str, title: str = "") -> Picture:
    wide, high = figure.get_size_inches()
    return Picture(caption, embed(figure), alt, title, round(96 * wide), round(96 * high))


def make_figures(campaign: CampaignLike, sweeps: Sequence[int] | None = None) -> dict[str, Figure]:
    """Draw every figure that the campaign has data for.

    Parameters
    ----------
    campaign : Campaign
    sweeps : rows of the spectra node to draw in detail; None lets `choose_sweeps` choose.

    Returns
    -------
    dict
        Figures by the stem of their files: ``operando_map``, ``spectra`` (17.1 cm), ``nyquist``,
        ``bode``, ``residuals``, ``gamma`` (8.3 cm); those without data are missing.
    """
    chosen = list(sweeps) if sweeps is not None else choose_sweeps(campaign)
    makers: list[tuple[str, Any, bool]] = [
        ("operando_map", lambda: operando_map(campaign, sweeps), True),
        ("spectra", lambda: sheet(campaign, chosen), bool(chosen)),
        ("nyquist", lambda: nyquist(campaign, chosen), bool(chosen)),
        ("bode", lambda: bode(campaign, chosen), bool(chosen)),
    ]
    computed = any(stored(campaign, n, "residual") is not None for n in ("validation", "drt"))
    inverted = stored(campaign, "drt", "gamma") is not None
    makers += [
        ("residuals", lambda: residuals(campaign, chosen), bool(chosen) and computed),
        ("gamma", lambda: gamma_curves(campaign, chosen), bool(chosen) and inverted),
    ]
    figures = {}
    for name, make, wanted in makers:
        if not wanted:
            continue
        try:
            figures[name] = make()
        except SchemaError:
            # A campaign without any data has no figure; the page says so in a sentence.
            if name != "operando_map":
                raise
    return figures


def write_figures(
    campaign: CampaignLike, folder: str | Path, figures: Mapping[str, Figure] | None = None
) -> dict[str, dict[str, Path]]:
    """Save a campaign's figures (those of `make_figures` for None) as PNG, SVG and PDF."""
    drawn = make_figures(campaign) if figures is None else figures
    Path(folder).mkdir(parents=True, exist_ok=True)
    return {name: save_figure(figure, folder, name) for name, figure in drawn.items()}


def _pictures(
    campaign: CampaignLike, figures: Mapping[str, Figure], chosen: Sequence[int]
) -> dict[str, Any]:
    """Return the pictures of the page by their place in the template."""
    own = ("operando_map", "spectra", "nyquist", "bode", "residuals", "gamma")
    operando, overview = figures.get("operando_map"), figures.get("spectra")
    nothing = Picture("There is no voltage, current or spectrum to draw.")
    singles = [
        _picture(
            sheet(campaign, [row]),
            captions.sheet_caption(campaign, [row]),
            captions.sheet_alt(campaign, [row]),
            f"Sweep {row}: {text}",
        )
        for row, text in zip(chosen, labels(campaign, chosen), strict=True)
        if len(chosen) > 1
    ]
    return {
        "operando": nothing
        if operando is None
        else _picture(
            operando, captions.operando_caption(campaign), captions.operando_alt(campaign)
        ),
        "sheet": Picture("There is no spectrum to draw.")
        if overview is None or not chosen
        else _picture(
            overview,
            captions.sheet_caption(campaign, chosen),
            captions.sheet_alt(campaign, chosen),
        ),
        "singles": singles,
        "extras": [
            _picture(figure, name.replace("_", " "), f"Figure: {name.replace('_', ' ')}", name)
            for name, figure in figures.items()
            if name not in own
        ],
    }


def _words(campaign: CampaignLike, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return texts and tables of the page by their place in the template."""
    groups = content.group_warnings(campaign)
    spectra, happened = spectra_table(campaign), events_table(campaign)
    numbered = bool((happened["number"] != "").any())
    count = len(spectra)
    title = f"All {count} spectra" if count > 1 else "The spectrum"
    return {
        "title": specimen_line(campaign, 200) or "Report",
        "protocol": protocol_line(campaign),
        "simulated": bool(campaign.attrs.get("simulated")),
        "facts": content.facts(campaign),
        "files": content.table(files_table(campaign), "Files, in the order of the campaign."),
        "events": content.table(
            happened,
            "Events; numbers are those on the map." if numbered else "Events.",
            csv="tables/events.csv",
            title=f"All {len(happened)} events",
        ),
        "verdicts": content.verdict_table(campaign),
        "spectra": content.table(
            spectra,
            "Every spectrum.",
            csv="tables/spectra.csv",
            title=title,
        ),
        "summary": content.summary_text(summary),
        "warnings": groups,
        "warning_count": sum(group.count for group in groups),
        "specimen": content.specimen_rows(campaign) + content.node_parameters(campaign),
        "sources": content.sources_table(campaign),
        "steps": content.steps_table(campaign),
    }


def _asset(name: str) -> str:
    return (files("anodescope.report") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def write_report(
    campaign: CampaignLike,
    path: str | Path,
    *,
    figures: Mapping[str, Figure] | None = None,
    summary: Mapping[str, Any] | None = None,
    citations: Sequence[Citation | str] | None = None,
    sweeps: Sequence[int] | None = None,
) -> Path:
    """Write the report of a campaign as one HTML file.

    The file holds its style, its figures (as data URIs) and a few lines of script that sort
    tables; its content security policy forbids every request. It reads without the script, in
    print, and in a dark room.

    Parameters
    ----------
    campaign : Campaign; any node may be absent.
    path : the file to write; it appears whole or not at all.
    figures : figures by name, as `make_figures` returns them; None draws them here. Other names are
        shown after the spectra.
    summary : what summary.json holds; shown as it is.
    citations : works to cite; None takes the attribute ``citations`` of the campaign.
    sweeps : rows of the spectra node to draw in detail; None lets `choose_sweeps` choose.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = Path(path)
    drawn = make_figures(campaign, sweeps) if figures is None else figures
    chosen = list(sweeps) if sweeps is not None else choose_sweeps(campaign)
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    page = environment.from_string(_asset("page.html")).render(
        **_words(campaign, summary),
        **_pictures(campaign, drawn, chosen),
        citations=content.citation_texts(campaign, citations),
        sections=SECTIONS,
        store="campaign.zarr",
        snippet=SNIPPET,
        version=anodescope_version(),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, page.encode())
    return path
