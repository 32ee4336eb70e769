"""The verb `analyse`, which alone holds the order: read, validate, DRT, events, report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from anodescope.campaign import Campaign, Specimen, step_entry
from anodescope.errors import Cancelled
from anodescope.events import find_events
from anodescope.impedance import Method, drt, resolve, validate
from anodescope.running import Run
from anodescope.workflow.output import check_targets, write_results
from anodescope.workflow.source import open_source

# Relative root mean square of the residual above which a fit is called poor.
POOR = 0.05


def analyse(
    source: Campaign | str | Path | list[str | Path] | tuple[str | Path, ...],
    *,
    method: Any = "auto",
    out: str | Path | None = None,
    area: float | Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
    specimen: str | Path | Specimen | None = None,
    run: Run | None = None,
) -> Campaign:
    """Analyse one campaign: Kramers–Kronig test, DRT and events, and optionally a report.

    Parameters
    ----------
    source : a Campaign, a stored one (``.zarr``), or instrument files and folders of one cell.
    method : name or object of the DRT method.
    out : folder for ``campaign.zarr``, ``summary.json``, ``report.html``, ``figures/`` and
        ``tables/``; those of an earlier analysis are replaced whole, and other files in it are
        left alone. None: nothing is written.
    area, columns, specimen : see `read`; they only apply to instrument files.
    run : how long work runs; serial and silent by default.

    Returns
    -------
    The campaign with the nodes validation, drt (where it has spectra) and events.

    Raises
    ------
    ReadError, SettingsError
        when the files or the specimen cannot be used.
    StoreError
        before anything is read, when something in `out` is in the way that no analysis wrote.
    Cancelled
        when the work was interrupted; nothing is left half-written.
    """
    run = run or Run()
    chosen = resolve(method)
    if out is not None:
        check_targets(out)
    campaign = open_source(source, area=area, columns=columns, specimen=specimen, run=run)
    if "spectra" in campaign:
        campaign = _with_impedance(campaign, chosen, run)
    _heed(run, "events")
    campaign = campaign.with_node(
        "events",
        find_events(campaign),
        provenance=step_entry("find_events", node="events", functions=(find_events,)),
    )
    if out is not None:
        _heed(run, "write")
        write_results(campaign, Path(out), run=run)
    return campaign


def _with_impedance(campaign: Campaign, chosen: Method, run: Run) -> Campaign:
    """Add the nodes validation and drt."""
    _heed(run, "validate")
    campaign = campaign.with_node(
        "validation",
        validate(campaign, run=run),
        provenance=step_entry("validate", node="validation", functions=(validate,)),
    )
    _heed(run, "drt")
    campaign = campaign.with_node(
        "drt",
        drt(campaign, chosen, run=run),
        provenance=step_entry(
            "drt",
            {"method": chosen.name, **chosen.parameters()},
            node="drt",
            functions=(drt, type(chosen).invert),
        ),
    )
    warnings = [*campaign.attrs["warnings"], *_poor_fits(campaign["drt"])]
    return campaign.with_attrs(warnings=list(dict.fromkeys(warnings)))


def _heed(run: Run, stage: str) -> None:
    """Stop between two stages; within one, `Run.each` looks."""
    if run.cancelled():
        raise Cancelled(f"analyse: stopped before {stage}; nothing was left half-written.")


def _poor_fits(drt: xr.Dataset) -> list[str]:
    """Say where γ and the series elements cannot describe the spectra."""
    noise = drt["noise"].values
    poor = int(np.count_nonzero(noise > POOR))
    if not poor:
        return []
    return [
        f"DRT: the fit of {poor} of {noise.size} spectra misses the data by more than "
        f"{POOR:.0%} (worst {np.nanmax(noise):.0%}): they hold something that γ ≥ 0 in this window "
        "cannot describe, such as a blocking capacitance or an inductive loop."
    ]
