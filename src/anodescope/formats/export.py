"""Writing a campaign for other programs: BDF-labelled CSV and Parquet, NetCDF, EC-Lab text.

``csv`` and ``parquet`` give ``NAME.bdf.csv`` with the time series, ``NAME.impedance.bdf.csv`` with
one row per point of every spectrum, and ``NAME.bdf.metadata.json`` with the campaign's attributes
(provenance included). ``netcdf`` gives ``NAME.nc`` with the whole campaign. ``mpt`` gives one
EC-Lab text file per source, ``NAME_01_GEIS_C01.mpt`` (see `export_mpt`). Files are written beside
and renamed when all of them are whole.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import Campaign
from anodescope.errors import SettingsError, StoreError
from anodescope.formats import bdf, export_mpt, netcdf

Table = dict[str, NDArray[Any]]
Writer = Callable[[Path], None]

# Variable of the timeseries node → label and factor. Voltage and current are required.
TIMESERIES: tuple[tuple[str, str, float], ...] = (
    ("time", "Test Time / s", 1.0),
    ("voltage", "Voltage / V", 1.0),
    ("current", "Current / A", 1.0),
    ("charge", "Net Capacity / Ah", 1.0 / 3600.0),
    ("counter_voltage", "Counter Voltage / V", 1.0),
    ("cell_voltage", "Cell Voltage / V", 1.0),
    ("current_density", "Current Density / A/cm2", 1.0),
    ("temperature", "Temperature T1 / degC", 1.0),
    ("cycle", "Cycle Count / 1", 1.0),
    ("half_cycle", "Half Cycle / 1", 1.0),
    ("step", "Step Count / 1", 1.0),
    ("source", "Source / 1", 1.0),
    ("overload", "Overload / 1", 1.0),
)
# Variable of the spectra node → label.
SPECTRA: tuple[tuple[str, str], ...] = (
    ("time", "Test Time / s"),
    ("frequency", "Frequency / Hz"),
    ("voltage", "Voltage / V"),
    ("current", "Current / A"),
    ("valid", "Valid / 1"),
    ("electrode", "Electrode"),
    ("source", "Source / 1"),
    ("step", "Step Count / 1"),
)
_SUFFIX = re.compile(r"(\.impedance)?(\.bdf)?\.(csv|parquet|nc|mpt|bdf)$", re.IGNORECASE)


def export(
    campaign: Campaign | Mapping[str, xr.Dataset],
    path: str | Path,
    kind: str = "csv",
    *,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write a campaign for other programs.

    Parameters
    ----------
    campaign : a Campaign, or nodes by name.
    path : the file (its suffix is replaced by that of the kind) or an existing folder, where the
        files are named ``campaign``.
    kind : ``"csv"``, ``"parquet"``, ``"netcdf"`` or ``"mpt"``.
    overwrite : whether files that are there already may be replaced.

    Returns
    -------
    The files that were written.

    Raises
    ------
    SettingsError
        for an unknown kind, and for ``"mpt"`` when the specimen cannot be understood.
    StoreError
        when a file is there already, there is nothing to write, or the folder cannot be written.
    MissingExtra
        for Parquet without pyarrow and NetCDF without h5netcdf.
    """
    nodes = {name: campaign[name] for name in _names(campaign)}
    attrs = campaign.attrs if isinstance(campaign, Campaign) else {}
    if kind not in _KINDS:
        raise SettingsError(f"Export: expected one of {', '.join(_KINDS)}, found {kind!r}.")
    path = Path(path)
    stem = path / "campaign" if path.is_dir() else path.with_name(_SUFFIX.sub("", path.name))
    files = _KINDS[kind](stem, nodes, attrs)
    if not files:
        raise StoreError(f"{path}: there is nothing in this campaign that {kind} could hold.")
    there = [file.name for file in files if file.exists()]
    if there and not overwrite:
        raise StoreError(f"{path}: already there: {', '.join(there)}; choose another name.")
    _write(files)
    return tuple(files)


def _names(campaign: Campaign | Mapping[str, xr.Dataset]) -> tuple[str, ...]:
    return campaign.nodes if isinstance(campaign, Campaign) else tuple(campaign)


def _write(files: Mapping[Path, Writer]) -> None:
    """Write each file beside its place; when all are whole, put them there."""
    partials = {file: file.with_name(f".{file.name}.partial-{os.getpid()}") for file in files}
    try:
        for file, writer in files.items():
            writer(partials[file])
        for file, whole in partials.items():
            whole.replace(file)
    except OSError as error:
        where = error.filename or next(iter(files)).parent
        raise StoreError(f"{where}: cannot be written ({error.strerror or error}).") from error
    finally:
        for whole in partials.values():
            whole.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def timeseries_table(node: xr.Dataset, attrs: Mapping[str, Any]) -> Table:
    """Return the time series by BDF label; voltage or current that was not measured is NaN."""
    rows = node.sizes.get("time", 0)
    table: Table = {}
    for name, label, factor in TIMESERIES:
        if name in node.variables:
            values = node[name].to_numpy()
            table[label] = _plain(values) if factor == 1.0 else values * factor
        elif label in bdf.REQUIRED:
            table[label] = np.full(rows, np.nan)
    origin = _origin(attrs)
    if origin is not None and origin.tzinfo is not None:
        table[bdf.UNIX_TIME] = table["Test Time / s"] + origin.timestamp()
    return table


def impedance_table(node: xr.Dataset) -> Table:
    """Return one row per point that exists, sweep by sweep, numbers counted from 0.

    The imaginary part is the part itself (negative where capacitive), Ω without any area.
    """
    impedance = node["impedance"].to_numpy()
    valid = node["valid"].to_numpy()
    there = valid | np.isfinite(impedance)
    sweep, point = np.nonzero(there)
    z = impedance[there]
    table: Table = {"Sweep / 1": sweep, "Point / 1": point}
    for name, label in SPECTRA:
        if name in node.variables:
            values = node[name].to_numpy()
            table[label] = _plain(values[there] if values.ndim == 2 else values[sweep])
    table["Real Impedance / ohm"], table["Imaginary Impedance / ohm"] = z.real, z.imag
    table["Absolute Impedance / ohm"] = np.abs(z)
    table["Phase / deg"] = np.degrees(np.angle(z))
    return table


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as they are, truth values as 0 and 1, text as objects."""
    if values.dtype.kind == "b":
        return values.astype(np.int8)
    return values if values.dtype.kind in "iuf" else values.astype(object)


def _origin(attrs: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(attrs.get("origin", "")))
    except ValueError:
        return None


def _bdf(
    ending: str, stem: Path, nodes: Mapping[str, xr.Dataset], attrs: Mapping[str, Any]
) -> dict[Path, Writer]:
    tables = {}
    if "timeseries" in nodes:
        tables[stem.with_name(f"{stem.name}.bdf.{ending}")] = timeseries_table(
            nodes["timeseries"], attrs
        )
    if "spectra" in nodes:
        tables[stem.with_name(f"{stem.name}.impedance.bdf.{ending}")] = impedance_table(
            nodes["spectra"]
        )
    if not tables:
        return {}
    said = {
        **attrs,
        "columns": {file.name: list(table) for file, table in tables.items()},
        "impedance_sign": "The imaginary part is negative where capacitive; no area is applied.",
    }
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    files: dict[Path, Writer] = {}
    for file, table in tables.items():
        if ending == "csv":
            files[file] = partial(bdf.write_csv, table=table)
        else:
            files[file] = partial(bdf.write_parquet, table=table, metadata={"anodescope": text})
    note = stem.with_name(f"{stem.name}.bdf.metadata.json")
    files[note] = partial(_write_text, text=text)
    return files


def _netcdf(
    stem: Path, nodes: Mapping[str, xr.Dataset], attrs: Mapping[str, Any]
) -> dict[Path, Writer]:
    if not nodes:
        return {}
    return {stem.with_name(f"{stem.name}.nc"): partial(netcdf.write, nodes=nodes, attrs=attrs)}


_KINDS: Mapping[
    str, Callable[[Path, Mapping[str, xr.Dataset], Mapping[str, Any]], dict[Path, Writer]]
] = {
    "csv": partial(_bdf, "csv"),
    "parquet": partial(_bdf, "parquet"),
    "netcdf": _netcdf,
    "mpt": export_mpt.files,
}
