"""Which figures a campaign gets, in which section of the page they stand, and their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from anodescope.errors import Cancelled, SchemaError
from anodescope.report import captions, words
from anodescope.report.blocks import longest_rest
from anodescope.report.charge import capacity_block, capacity_figure, ccd_block, ccd_figure
from anodescope.report.lambdas import has_lambdas, lambda_caption, lambda_choice
from anodescope.report.operando import operando_map
from anodescope.report.original import original_spectra
from anodescope.report.overlay import gamma_overlay, gamma_waterfall
from anodescope.report.recovery import recovery_figure
from anodescope.report.saving import save_figure
from anodescope.report.series import has_gamma, scan_series
from anodescope.report.spectra import bode, gamma_curves, nyquist, residuals, sheet
from anodescope.report.stairs import staircase_block
from anodescope.report.threshold import threshold_figures
from anodescope.report.tracks import peak_tracks, tracks
from anodescope.report.view import CampaignLike, choose_sweeps, stored
from anodescope.running import Run

FEWEST = 3  # sweeps from which on a series is worth a figure of its own


@dataclass(frozen=True, slots=True)
class Extra:
    """A figure that stands in a section of its own: when it is drawn, how, and its caption."""

    name: str
    section: str
    title: str
    wanted: Callable[[CampaignLike], bool]
    draw: Callable[[CampaignLike], Figure | dict[str, Figure]]  # several: by name
    caption: Callable[[CampaignLike], str]


def _many(campaign: CampaignLike) -> bool:
    series = scan_series(campaign) if stored(campaign, "spectra", "impedance") is not None else None
    return series is not None and len(series.rows) >= FEWEST


def _tracked(campaign: CampaignLike) -> bool:
    found = tracks(campaign)
    return bool(found) and len(found[0].rows) >= FEWEST


EXTRAS: tuple[Extra, ...] = (
    Extra("original_spectra", "spectra", "Original spectra", _many,
          original_spectra, words.original_caption),
    Extra("gamma_overlay", "drt", "Overlay", lambda c: _many(c) and has_gamma(c),
          gamma_overlay, words.overlay_caption),
    Extra("gamma_waterfall", "drt", "Waterfall", lambda c: _many(c) and has_gamma(c),
          gamma_waterfall, words.waterfall_caption),
    Extra("lambda_choice", "drt", "Choice of λ", has_lambdas, lambda_choice, lambda_caption),
    Extra("peak_tracks", "peaks", "Tracked peaks", _tracked,
          peak_tracks, words.tracks_caption),
    Extra("threshold", "findings", "Threshold of unstable stripping",
          lambda c: staircase_block(c) is not None, threshold_figures, captions.staircases_caption),
    Extra("ccd", "findings", "Critical current density", lambda c: ccd_block(c) is not None,
          ccd_figure, words.ccd_caption),
    Extra("recovery", "findings", "Recovery after the current stopped",
          lambda c: longest_rest(c) is not None, recovery_figure, words.recovery_caption),
    Extra("capacity", "findings", "Critical stripping capacity",
          lambda c: capacity_block(c) is not None, capacity_figure, words.capacity_caption),
)  # fmt: skip


def make_figures(
    campaign: CampaignLike, sweeps: Sequence[int] | None = None, *, run: Run | None = None
) -> dict[str, Figure]:
    """Draw every figure that the campaign has data for.

    Parameters
    ----------
    campaign : Campaign
    sweeps : rows of the spectra node to draw in detail; None lets `choose_sweeps` choose.
    run : asked between two figures whether to stop; None never stops.

    Returns
    -------
    dict
        Figures by the stem of their files; those without data are missing. Of the sweeps:
        ``operando_map``, ``spectra`` (17.1 cm), ``nyquist``, ``bode``, ``residuals``, ``gamma``
        (8.3 cm). Of series: ``original_spectra``, ``gamma_overlay``, ``gamma_waterfall``,
        ``peak_tracks``. Of a λ chosen from the data: ``lambda_choice``. Of findings: ``threshold``
        (of several staircases one each, see `stairs.staircases`), ``ccd``, ``recovery``,
        ``capacity``.

    Raises
    ------
    Cancelled
        when the work was interrupted.
    """
    run = run or Run()
    chosen = list(sweeps) if sweeps is not None else choose_sweeps(campaign)
    computed = any(stored(campaign, n, "residual") is not None for n in ("validation", "drt"))
    inverted = stored(campaign, "drt", "gamma") is not None
    makers: list[tuple[str, Callable[[], Figure], bool]] = [
        ("operando_map", lambda: operando_map(campaign, sweeps), True),
        ("spectra", lambda: sheet(campaign, chosen), bool(chosen)),
        ("nyquist", lambda: nyquist(campaign, chosen), bool(chosen)),
        ("bode", lambda: bode(campaign, chosen), bool(chosen)),
        ("residuals", lambda: residuals(campaign, chosen), bool(chosen) and computed),
        ("gamma", lambda: gamma_curves(campaign, chosen), bool(chosen) and inverted),
    ]
    figures: dict[str, Figure] = {}
    for number, (name, make, wanted) in enumerate(makers):
        heed(run, number, len(makers) + len(EXTRAS))
        # The map comes first; a campaign without any data has none, and the page says so.
        with suppress(SchemaError) if name == "operando_map" else nullcontext():
            figures |= {name: make()} if wanted else {}
    for number, extra in enumerate(EXTRAS, start=len(makers)):
        heed(run, number, len(makers) + len(EXTRAS))
        if extra.wanted(campaign):
            # What was recorded may not reach for a figure, as in a rest without samples.
            with suppress(SchemaError):
                drawn = extra.draw(campaign)
                figures |= drawn if isinstance(drawn, dict) else {extra.name: drawn}
    return figures


def heed(run: Run, done: int, total: int) -> None:
    """Stop between two figures where the work was interrupted.

    Raises
    ------
    Cancelled
        saying how many figures of how many are done.
    """
    if run.cancelled():
        raise Cancelled(f"figures: stopped after {done} of {total}; nothing was replaced.")


def write_figures(
    campaign: CampaignLike,
    folder: str | Path,
    figures: Mapping[str, Figure] | None = None,
    *,
    run: Run | None = None,
) -> dict[str, dict[str, Path]]:
    """Save a campaign's figures (those of `make_figures` for None) as PNG, SVG and PDF.

    Raises
    ------
    Cancelled
        when the work was interrupted; `run` is asked between two figures.
    """
    drawn = make_figures(campaign, run=run) if figures is None else figures
    return save_figures(folder, drawn, run=run)


def save_figures(
    folder: str | Path, figures: Mapping[str, Figure], *, run: Run | None = None
) -> dict[str, dict[str, Path]]:
    """Save figures by name as PNG, SVG and PDF into a folder, which is made if it is absent.

    Raises
    ------
    Cancelled
        when the work was interrupted; `run` is asked between two figures.
    """
    run = run or Run()
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = {}
    for done, (name, figure) in enumerate(figures.items()):
        heed(run, done, len(figures))
        run.progress("figures", done, len(figures))
        paths[name] = save_figure(figure, folder, name)
    run.progress("figures", len(figures), len(figures))
    return paths
