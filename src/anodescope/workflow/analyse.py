"""The verb `analyse`, which alone holds the order of the work.

read → recognise → validate → DRT → peaks → circuits → findings → events → report
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import xarray as xr

from anodescope.campaign import Campaign, Specimen, step_entry
from anodescope.campaign.specimen import parse_specimen
from anodescope.errors import AnodescopeError, Cancelled, SettingsError
from anodescope.events import DETECTORS, evaluate, find_events
from anodescope.impedance import drt, fit_circuit, resolve, track_peaks, validate
from anodescope.protocol import Protocol, contradictions, recognise
from anodescope.running import Run
from anodescope.workflow.output import check_targets, write_results
from anodescope.workflow.settings import Settings, read_settings
from anodescope.workflow.source import open_source

# Relative root mean square of the residual above which a fit is called poor.
POOR = 0.05


def analyse(
    source: Campaign | str | Path | list[str | Path] | tuple[str | Path, ...],
    *,
    method: Any = None,
    settings: Settings | str | Path | None = None,
    out: str | Path | None = None,
    area: float | Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
    specimen: str | Path | Specimen | None = None,
    run: Run | None = None,
) -> Campaign:
    """Analyse one campaign: protocol, validation, DRT, peaks, findings, and optionally a report.

    Parameters
    ----------
    source : a Campaign, a stored one (``.zarr``), or instrument files and folders of one cell.
    method : name or object of the DRT method; None: that of `settings`.
    settings : every other choice, an object or the path of an ``analysis.toml``.
    out : folder for ``campaign.zarr``, ``summary.json``, ``report.html``, ``figures/`` and
        ``tables/``; those of an earlier analysis are replaced whole, and other files in it are
        left alone. None: nothing is written.
    area, columns, specimen : see `read`; they only apply to instrument files.
    run : how long work runs; serial and silent by default.

    Returns
    -------
    The campaign with the nodes protocol, findings and events and, where it has spectra, validation,
    drt, peaks and (where the settings ask for it) circuits. A part that the data cannot give is
    left out with a warning, and the others still come out.

    Raises
    ------
    ReadError, SettingsError
        when the files, the specimen or the settings cannot be used.
    StoreError
        before anything is read, when something in `out` is in the way that no analysis wrote.
    Cancelled
        when the work was interrupted; nothing is left half-written.
    """
    run, chosen = run or Run(), _settings(settings, method)
    if out is not None:
        check_targets(out)
    campaign = open_source(source, area=area, columns=columns, specimen=specimen, run=run)
    campaign = _Analysis(chosen, run).of(campaign)
    if out is not None:
        _heed(run, "write")
        write_results(campaign, Path(out), run=run)
    return campaign


def _settings(settings: Settings | str | Path | None, method: Any) -> Settings:
    """Return the settings, the DRT method resolved so that a wrong name is told at once."""
    chosen = settings if isinstance(settings, Settings) else Settings()
    if isinstance(settings, str | Path):
        chosen = read_settings(settings)
    return replace(chosen, method=resolve(chosen.method if method is None else method))


def _heed(run: Run, stage: str) -> None:
    """Stop between two stages; within one, `Run.each` looks."""
    if run.cancelled():
        raise Cancelled(f"analyse: stopped before {stage}; nothing was left half-written.")


@final
@dataclass(frozen=True, slots=True)
class _Analysis:
    """The stages, in their order; each takes the campaign and adds a node."""

    settings: Settings
    run: Run

    def of(self, campaign: Campaign) -> Campaign:
        """Return the campaign with every node that it can have."""
        campaign = _measured(campaign).with_attrs(analysis=self.settings.to_dict())
        stages: list[tuple[str, str, Callable[[Campaign], xr.Dataset], tuple[Any, ...]]] = [
            ("recognise", "protocol", self._protocol, (recognise,)),
        ]
        if "spectra" in campaign:
            method = self.settings.method
            stages += [
                ("validate", "validation", self._validation, (validate,)),
                ("drt", "drt", self._drt, (drt, type(method).invert)),
                ("track_peaks", "peaks", self._peaks, (track_peaks,)),
            ]
            if self.settings.circuit:
                stages.append(("fit_circuit", "circuits", self._circuits, (fit_circuit,)))
        stages += [
            ("evaluate", "findings", self._findings, (evaluate, *DETECTORS)),
            ("find_events", "events", find_events, (find_events,)),
        ]
        for name, node, make, functions in stages:
            campaign = self._stage(campaign, name, node, make, functions)
        return campaign

    def _stage(
        self,
        campaign: Campaign,
        name: str,
        node: str,
        make: Callable[[Campaign], xr.Dataset],
        functions: tuple[Any, ...],
    ) -> Campaign:
        """Add one node; what the data cannot give becomes a warning, and its old node goes."""
        _heed(self.run, name)
        try:
            made = make(campaign)
        except (Cancelled, SettingsError):
            raise
        except AnodescopeError as error:
            return _warned(campaign, f"{name}: {error}")
        parameters = {str(key): value for key, value in made.attrs.items() if key != "citations"}
        entry = step_entry(name, parameters, node=node, functions=functions)
        campaign = campaign.with_node(node, made, provenance=entry)
        return _warned(campaign, *WARNINGS.get(node, _nothing)(campaign, self.settings))

    def _protocol(self, campaign: Campaign) -> xr.Dataset:
        held = {name: campaign[name] for name in campaign.nodes}
        found = recognise(held.get("timeseries"), held.get("spectra"), steps=held.get("steps"))
        return found.to_dataset()

    def _validation(self, campaign: Campaign) -> xr.Dataset:
        chosen = self.settings
        return validate(
            campaign,
            chosen.kramers_kronig,
            stationarity=chosen.stationarity,
            linearity=chosen.linearity,
            trimming=chosen.trimming,
            run=self.run,
        )

    def _drt(self, campaign: Campaign) -> xr.Dataset:
        return drt(campaign, self.settings.method, run=self.run)

    def _peaks(self, campaign: Campaign) -> xr.Dataset:
        chosen = self.settings
        return track_peaks(
            campaign,
            rules=chosen.rules,
            settings=chosen.peaks,
            assumption=chosen.assumption,
            run=self.run,
        )

    def _circuits(self, campaign: Campaign) -> xr.Dataset:
        return fit_circuit(campaign, run=self.run)

    def _findings(self, campaign: Campaign) -> xr.Dataset:
        return evaluate(campaign, self.settings.detectors)


def _measured(campaign: Campaign) -> Campaign:
    """Return what was measured alone: no stage may read what an earlier analysis left."""
    attrs = campaign.attrs
    attrs["warnings"] = [
        text for text in attrs["warnings"] if not text.startswith(tuple(f"{n}: " for n in STAGES))
    ]
    held = {name: campaign[name] for name in campaign.nodes if name not in STAGES.values()}
    return Campaign(held, attrs)


def _warned(campaign: Campaign, *sentences: str) -> Campaign:
    warnings = [*campaign.attrs["warnings"], *sentences]
    return campaign.with_attrs(warnings=list(dict.fromkeys(warnings)))


def _nothing(campaign: Campaign, settings: Settings) -> list[str]:
    return []


def _poor_fits(campaign: Campaign, settings: Settings) -> list[str]:
    """Say where γ and the series elements cannot describe the spectra."""
    noise = campaign["drt"]["noise"].values
    poor = int(np.count_nonzero(noise > POOR))
    if not poor:
        return []
    return [
        f"DRT: the fit of {poor} of {noise.size} spectra misses the data by more than "
        f"{POOR:.0%} (worst {np.nanmax(noise):.0%}): they hold something that γ ≥ 0 in this window "
        "cannot describe, such as a blocking capacitance or an inductive loop."
    ]


def _contradictions(campaign: Campaign, settings: Settings) -> list[str]:
    """Say where the recognised protocol is not what the instrument was asked for."""
    protocol = Protocol.from_dataset(campaign["protocol"])
    area = parse_specimen(campaign.attrs["specimen"], "specimen").area
    asked = campaign.attrs["provenance"] if settings.asked is None else settings.asked
    try:
        found = contradictions(protocol, asked, area=area)
    except SettingsError as error:  # what was asked for cannot be compared: the rest still comes
        return [f"protocol: {error}"]
    return [f"protocol: {text}" for text in found]


# The stages, by the word that their warnings begin with, and the node that each makes.
STAGES: Mapping[str, str] = {
    "protocol": "protocol",
    "recognise": "protocol",
    "validate": "validation",
    "DRT": "drt",
    "drt": "drt",
    "track_peaks": "peaks",
    "fit_circuit": "circuits",
    "evaluate": "findings",
    "find_events": "events",
}

# What a stage has to warn of, by its node.
WARNINGS: Mapping[str, Callable[[Campaign, Settings], list[str]]] = {
    "drt": _poor_fits,
    "protocol": _contradictions,
}
