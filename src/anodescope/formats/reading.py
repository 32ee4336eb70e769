"""The verb `read`: instrument files of one cell become one Campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import xarray as xr

from anodescope.campaign import (
    Campaign,
    Specimen,
    check,
    current_factor,
    read_specimen,
    source_entry,
)
from anodescope.errors import SettingsError
from anodescope.formats import assemble
from anodescope.formats.assemble import Placed
from anodescope.formats.clock import place
from anodescope.formats.collect import Collected, collect
from anodescope.formats.opening import printable
from anodescope.formats.spectra import needed, spectra
from anodescope.running import Run


def read(
    *paths: str | Path,
    area: float | Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
    specimen: str | Path | Specimen | None = None,
    run: Run | None = None,
) -> Campaign:
    """Read the instrument files of one cell into a Campaign.

    Parameters
    ----------
    *paths : files, or folders (their subfolders are other cells and are not read). A
        `specimen.toml` and EC-Lab's settings and loop files among them are used.
    area : area in cm² of the electrode under study, or areas by electrode (alloy, counter,
        electrolyte). Areas found in settings files are shown as a warning and never used.
    columns : for tables of numbers, the file's label of each meaning, e.g.
        ``{"frequency": "f/Hz", "impedance_real": "Z'"}``.
    specimen : a `specimen.toml`, or a `Specimen`.
    run : how to report progress; serial and silent by default.

    Returns
    -------
    Campaign with the nodes timeseries, steps and spectra (those that the files fill). Times are
    seconds since the first sample; current is positive where it strips, if the specimen says
    which electrode the files call working, and has the files' own sign otherwise.

    Raises
    ------
    ReadError
        when a file is not what its format promises, or when there is nothing to read.
    SettingsError
        when the specimen or the area cannot be used.
    """
    run = run or Run()
    found = collect([Path(path) for path in paths], columns, run)
    described = _specimen(specimen, area, found)
    # Damaged values overflow on their way to SI units; the rules on nodes and points judge them.
    with np.errstate(all="ignore"):
        nodes, attrs = _build(found, described)
    campaign = Campaign({name: node for name, node in nodes.items() if node is not None}, attrs)
    check(campaign)
    return campaign


def _build(found: Collected, described: Specimen) -> tuple[dict[str, xr.Dataset | None], Any]:
    """Build the nodes and the root attributes; `found` is emptied on the way."""
    placed, origin, basis = place(found)
    sign = current_factor(described)
    factor = sign or 1
    merged = assemble.merge(placed)
    rows = assemble.timeseries(merged, factor, described.area)
    attrs = {
        "title": described.title or described.cell_id or _title(found),
        **_clock(origin, basis, described),
        "specimen": described.to_dict(),
        "working_electrode": described.working_electrode,
        "current_sign": "unknown" if sign is None else "strips",
        "provenance": _provenance(placed, found),
        "warnings": _warnings(placed, found, sign, described.area),
        "clock_offsets": {},
    }
    nodes = {"timeseries": rows, "steps": assemble.steps(merged, rows)}
    # From here on only the impedance columns are needed: large files are let go.
    impedance = [merged.reduced(needed)]
    del merged
    found.recordings.clear()
    placed.clear()
    nodes["spectra"] = spectra(impedance.pop(), factor, described.area)
    return nodes, attrs


def _specimen(
    given: str | Path | Specimen | None,
    area: float | Mapping[str, float] | None,
    found: Collected,
) -> Specimen:
    if isinstance(given, Specimen):
        described = given
    elif given is not None:
        described = read_specimen(Path(given))
    elif found.specimen is not None:
        described = read_specimen(found.specimen)
    else:
        described = Specimen()
    return described if area is None else described.with_area(area)


def _clock(origin: datetime | None, basis: str, specimen: Specimen) -> dict[str, str]:
    """Origin as ISO 8601: with an offset where the specimen names the time zone, else local."""
    zone = str(specimen.extra.get("timezone", ""))
    if origin is None:
        return {"origin": "", "origin_basis": basis}
    if not zone:
        return {"origin": origin.isoformat(), "origin_basis": basis}
    try:
        utc = origin.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"specimen: extra.timezone: expected a name such as 'Europe/Berlin', found {zone!r}."
        ) from error
    return {
        "origin": utc.isoformat(),
        "origin_basis": f"First sample by the recording computer's clock, in {zone}.",
    }


def _title(found: Collected) -> str:
    paths = {recording.path for recording in found.recordings}
    if len(paths) == 1:
        return printable(paths.pop().stem)
    return printable(found.root.resolve().name) if found.root is not None else "campaign"


def _provenance(placed: list[Placed], found: Collected) -> list[dict[str, Any]]:
    entries = []
    for item in placed:
        recording = item.recording
        entry = source_entry(
            recording.path,
            root=found.root,
            sha256=found.digests.get(recording.path),
            reader=recording.reader,
            technique=recording.technique,
            rows=recording.rows,
            parameters=dict(_jsonable(recording.settings)),
        )
        entry["source"] = printable(entry["source"])
        entry["verified"] = recording.verified
        entry["warnings"] = list(recording.warnings)
        entries.append(entry)
    return entries


def _jsonable(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {k: v for k, v in settings.items() if isinstance(v, (str, int, float, list, dict))}


def _warnings(
    placed: list[Placed], found: Collected, factor: int | None, area: float | None
) -> list[str]:
    warnings = [f"{p.recording.path.name}: {w}" for p in placed for w in p.recording.warnings]
    warnings += found.warnings
    if factor is None and any(assemble.current_of(p.recording) is not None for p in placed):
        warnings.append(
            "Sign of current: nothing says which electrode the files call working; currents keep "
            'the files\' sign (in specimen.toml: working_electrode = "alloy" or "counter").'
        )
    if area is None:
        shown = sorted({text for p in placed if (text := _area_in(p.recording.settings))})
        shown += sorted(
            {f"{s.electrode_area_cm2:g} cm²" for s in found.mps if s.electrode_area_cm2}
        )
        if shown:
            warnings.append(
                f"Area: the files say {', '.join(dict.fromkeys(shown))}; an instrument's default "
                "is common, so it was not used. Give the area to get values per cm²."
            )
    return list(dict.fromkeys(printable(text) for text in warnings))


def _area_in(settings: Mapping[str, Any]) -> str:
    if "electrode_area_cm2" in settings:
        return f"{float(settings['electrode_area_cm2']):.6g} cm²"
    return str(settings.get("Electrode surface area", ""))
