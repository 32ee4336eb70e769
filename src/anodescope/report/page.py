"""The report: one HTML file that needs no network, no script and nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from anodescope.citations import Citation
from anodescope.report import captions, content
from anodescope.report.curves import labels
from anodescope.report.figures import EXTRAS, heed, make_figures
from anodescope.report.pictures import Picture, picture
from anodescope.report.rendering import render
from anodescope.report.saving import write_beside
from anodescope.report.sections import headlines, parts, section_words
from anodescope.report.spectra import sheet
from anodescope.report.stairs import staircases
from anodescope.report.tables import events_table, files_table, spectra_table
from anodescope.report.view import (
    CampaignLike,
    choose_sweeps,
    protocol_line,
    specimen_line,
)
from anodescope.running import Run

OWN = ("operando_map", "spectra", "nyquist", "bode", "residuals", "gamma")

SECTIONS = (
    ("files", "What was read"),
    ("operando", "Operando map"),
    ("protocol", "Protocol"),
    ("validation", "Validation"),
    ("spectra", "Spectra"),
    ("drt", "Relaxation times"),
    ("peaks", "Peaks and circuits"),
    ("findings", "Findings"),
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


def _singles(campaign: CampaignLike, chosen: Sequence[int], run: Run) -> list[Picture]:
    """Return one sheet per chosen sweep, where there are several."""
    if len(chosen) < 2:
        return []
    singles = []
    for done, (row, text) in enumerate(zip(chosen, labels(campaign, chosen), strict=True)):
        heed(run, done, len(chosen))
        figure = sheet(campaign, [row])
        words = captions.sheet_caption(campaign, [row]), captions.sheet_alt(campaign, [row])
        singles.append(picture(figure, *words, f"Sweep {row}: {text}"))
    return singles


def _pictures(
    campaign: CampaignLike, figures: Mapping[str, Figure], chosen: Sequence[int], run: Run
) -> dict[str, Any]:
    """Return the pictures of the page by their place in the template."""
    own = {*OWN, *(extra.name for extra in EXTRAS), *staircases(campaign)}
    operando, overview = figures.get("operando_map"), figures.get("spectra")
    nothing = Picture("There is no voltage, current or spectrum to draw.")
    return {
        "operando": nothing
        if operando is None
        else picture(
            operando, captions.operando_caption(campaign), captions.operando_alt(campaign)
        ),
        "sheet": Picture("There is no spectrum to draw.")
        if overview is None or not chosen
        else picture(
            overview,
            captions.sheet_caption(campaign, chosen),
            captions.sheet_alt(campaign, chosen),
        ),
        "singles": _singles(campaign, chosen, run),
        "parts": parts(campaign, figures),
        "extras": [
            picture(figure, name.replace("_", " "), f"Figure: {name.replace('_', ' ')}", name)
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
        "headlines": headlines(campaign),
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
        **section_words(campaign),
    }


def write_report(
    campaign: CampaignLike,
    path: str | Path,
    *,
    figures: Mapping[str, Figure] | None = None,
    summary: Mapping[str, Any] | None = None,
    citations: Sequence[Citation | str] | None = None,
    sweeps: Sequence[int] | None = None,
    run: Run | None = None,
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
    run : asked between two figures whether to stop; None never stops.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    Cancelled
        when the work was interrupted; nothing is written then.
    """
    path, run = Path(path), run or Run()
    drawn = make_figures(campaign, sweeps, run=run) if figures is None else figures
    chosen = list(sweeps) if sweeps is not None else choose_sweeps(campaign)
    page = render(
        "page.html",
        **_words(campaign, summary),
        **_pictures(campaign, drawn, chosen, run),
        citations=content.citation_texts(campaign, citations),
        sections=SECTIONS,
        store="campaign.zarr",
        snippet=SNIPPET,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path, page.encode())
    return path
