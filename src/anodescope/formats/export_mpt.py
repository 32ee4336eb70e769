"""A campaign as EC-Lab text files: one per source, sign and clock as its instrument wrote them.

A file holds every row that its source has in the time series, in time order. Where a row is a
point of a sweep it also holds that point's frequency and impedances; in the other rows these are
zero, as EC-Lab prints them in techniques that measure both (Modulo Bat). ``z cycle`` numbers the
sweeps from 1, ``Ns`` the sequences. In memory current strips where it is positive; a file follows
its own working electrode, so that what `anodescope.formats.read` turned is turned back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import current_factor, default_rows, parse_specimen
from anodescope.errors import SettingsError
from anodescope.formats import mpt
from anodescope.formats.biologic import column_for
from anodescope.formats.recording import Recording

Table = dict[str, NDArray[Any]]

# Variable of the timeseries node → label in a dc table, label in a table of sweeps alone, factor,
# and what stands where there is no value.
_SERIES: tuple[tuple[str, str, str, float, float], ...] = (
    ("time", "time/s", "time/s", 1.0, np.nan),
    ("voltage", "Ewe/V", "<Ewe>/V", 1.0, np.nan),
    ("counter_voltage", "Ece/V", "<Ece>/V", 1.0, np.nan),
    ("cell_voltage", "Ewe-Ece/V", "<Ewe-Ece>/V", 1.0, np.nan),
    ("current", "I/mA", "<I>/mA", 1e3, np.nan),
    ("charge", "(Q-Qo)/mA.h", "(Q-Qo)/mA.h", 1.0 / 3.6, np.nan),
    ("temperature", "Temperature/°C", "Temperature/°C", 1.0, np.nan),
    ("overload", "error", "error", 1.0, 0),
    ("cycle", "cycle number", "cycle number", 1.0, -1),
    ("half_cycle", "half cycle", "half cycle", 1.0, -1),
    ("sequence", "Ns", "Ns", 1.0, -1),
)
_ALWAYS = frozenset({"time", "voltage", "current"})
# Variable of the spectra node → label, and what stands where there is no value.
_POINTS: tuple[tuple[str, str, float], ...] = (
    ("voltage_amplitude", "|Ewe|/V", np.nan),
    ("current_amplitude", "|I|/A", np.nan),
    ("thd_voltage", "THD Ewe/%", np.nan),
    ("nsd_voltage", "NSD Ewe/%", np.nan),
    ("nsr_voltage", "NSR Ewe/%", np.nan),
    ("thd_current", "THD I/%", np.nan),
    ("nsd_current", "NSD I/%", np.nan),
    ("nsr_current", "NSR I/%", np.nan),
    ("correction", "corr", -1),
    ("impedance_deviation", "stddev |Z|/%", np.nan),
    ("phase_deviation", "stddev Phase(Z)/deg", np.nan),
)


def files(
    stem: Path, nodes: Mapping[str, xr.Dataset], attrs: Mapping[str, Any]
) -> dict[Path, Callable[[Path], None]]:
    """Return the files to write and what writes each.

    Raises
    ------
    SettingsError
        when the specimen in `attrs` cannot be understood.
    """
    specimen = parse_specimen(attrs.get("specimen", {}), "specimen")
    unknown = attrs.get("current_sign") == "unknown"
    factor = 1.0 if unknown else float(current_factor(specimen) or 1)
    start = _local_start(attrs, str(specimen.extra.get("timezone", "")))
    series = _by_source(nodes.get("timeseries"), "time")
    spectra = _by_source(nodes.get("spectra"), "spectrum")
    provenance = list(attrs.get("provenance", ()))
    written: dict[Path, Callable[[Path], None]] = {}
    for place, source in enumerate(sorted({*series, *spectra}), start=1):
        known = provenance[source] if 0 <= source < len(provenance) else {}
        technique = str(known.get("technique", "")) or ("GEIS" if source in spectra else "CP")
        table = _table(series.get(source), spectra.get(source), nodes.get("steps"), factor)
        columns = tuple(column_for(label) for label in table)
        part = re.sub(r"\W", "", technique, flags=re.ASCII) or "CP"
        file = stem.with_name(f"{stem.name}_{place:02d}_{part}_C01.mpt")
        recording = Recording(file, mpt.NAME, technique, columns, table, start, start)
        written[file] = partial(mpt.write, recording=recording)
    return written


def _local_start(attrs: Mapping[str, Any], zone: str) -> datetime | None:
    """Return the origin by the instrument's clock: in the specimen's time zone, if it has one."""
    try:
        origin = datetime.fromisoformat(str(attrs.get("origin", "")))
    except ValueError:
        return None
    if zone and origin.tzinfo is not None:
        try:
            origin = origin.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsError(
                f"specimen: extra.timezone: expected a name such as 'Europe/Berlin', found "
                f"{zone!r}."
            ) from error
    return origin.replace(tzinfo=None)


def _by_source(node: xr.Dataset | None, dim: str) -> dict[int, xr.Dataset]:
    if node is None:
        return {}
    if "source" not in node.variables:
        return {-1: node}
    sources = node["source"].to_numpy()
    return {int(k): node.isel({dim: np.flatnonzero(sources == k)}) for k in np.unique(sources)}


def _table(
    series: xr.Dataset | None, spectra: xr.Dataset | None, steps: xr.Dataset | None, factor: float
) -> Table:
    """Join the rows of one source and the points of its sweeps into one table in time order."""
    rows: dict[str, NDArray[Any]] = {}
    if series is not None:
        rows = {str(name): series[name].to_numpy() for name in series.variables}
    count = len(rows["time"]) if rows else 0
    if steps is not None and "step" in rows and "sequence" in steps:
        rows["sequence"] = _sequences(rows["step"], steps["sequence"].to_numpy())
    if spectra is None:
        return _dc_columns(rows, count, factor, alone=False, three=_has(rows, "counter_voltage"))
    points = _Points(spectra)
    at = _rows_of(points.time, rows.get("time", np.empty(0)))
    more = np.flatnonzero(at < 0)
    at[more] = count + np.arange(more.size)
    total = count + more.size
    rows = _lengthened(rows, count, points, more)
    # Without a time of its own, a point stands behind the one before it.
    keys = rows["time"].copy()
    keys[at[more]] = np.fmax.accumulate(points.time)[more] if more.size else 0.0
    order = np.argsort(keys, kind="stable")
    three = _has(rows, "counter_voltage") or points.electrodes.keys() != {"cell"}
    dc = _dc_columns(
        {name: values[order] for name, values in rows.items()},
        total,
        factor,
        alone=total == at.size,
        three=three,
    )
    place = np.empty(total, np.intp)
    place[order] = np.arange(total)
    return points.columns(place[at], total, three=three) | dc


def _sequences(step: NDArray[Any], sequence: NDArray[Any]) -> NDArray[Any]:
    inside = (step >= 0) & (step < sequence.size)
    return np.where(inside, sequence[np.where(inside, step, 0)] if sequence.size else -1, -1)


def _has(rows: Mapping[str, NDArray[Any]], name: str) -> bool:
    return name in rows and bool(np.isfinite(rows[name]).any())


def _rows_of(points: NDArray[np.float64], time: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the row of each point among rows in time order, -1 where there is none.

    Where several rows share one instant, the points of that instant are the last of them.
    """
    order = np.argsort(points, kind="stable")
    wanted = points[order]
    end = np.searchsorted(time, wanted, "right")
    behind = np.searchsorted(wanted, wanted, "right") - np.arange(wanted.size)
    row = end - behind
    there = (row >= 0) & np.isfinite(wanted)
    there[there] = time[row[there]] == wanted[there]
    rows = np.full(points.size, -1, np.intp)
    rows[order] = np.where(there, row, -1)
    return rows


def _lengthened(
    rows: Mapping[str, NDArray[Any]], count: int, points: _Points, more: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    """Put the points that the time series lacks behind its rows."""
    longer = {}
    own = {"time": points.time, **points.means}
    for name, _, _, _, nothing in _SERIES:
        if name in rows or name in own:
            head = rows[name] if name in rows else np.full(count, nothing)
            tail = own[name][more] if name in own else np.full(more.size, nothing)
            longer[name] = np.concatenate([head, tail.astype(head.dtype)])
    return longer


def _dc_columns(
    rows: Mapping[str, NDArray[Any]], count: int, factor: float, *, alone: bool, three: bool
) -> Table:
    """Return the columns that every row has; those without any value are left out.

    Parameters
    ----------
    rows : variables of the timeseries node.
    count : number of rows.
    factor : −1 where the file's working electrode is the other one than that under study.
    alone : every row is a point of a sweep.
    three : the counter electrode's voltage was recorded apart; if not, ``voltage`` is that between
        the electrodes and turns with the current.
    """
    turned = {"current", "charge", "cell_voltage"} | (set() if three else {"voltage"})
    table: Table = {}
    for name, label, averaged, scale, nothing in _SERIES:
        values = rows.get(name)
        if name == "counter_voltage" and three and values is None:
            values = np.full(count, nothing)
        if values is None:
            continue
        wanted = name in _ALWAYS or name == "overload" or (name == "counter_voltage" and three)
        there = values != nothing if values.dtype.kind in "iub" else np.isfinite(values)
        if not wanted and not there.any():
            continue
        by = scale * (factor if name in turned else 1.0)
        table[averaged if alone else label] = values if by == 1.0 else values * by
    return table


class _Points:
    """The points of all sweeps of one source, one after another.

    Attributes
    ----------
    time, frequency, sweep : (point,) s, Hz, number from 0.
    electrodes : impedance (point,) by electrode.
    means : dc voltage and current (point,), where the node has them.
    """

    def __init__(self, node: xr.Dataset) -> None:
        default = default_rows(node)
        self._node = node.isel(spectrum=default)
        frequency = self._node["frequency"].to_numpy()
        self._there = np.isfinite(frequency)
        self.frequency = frequency[self._there]
        self.sweep = np.nonzero(self._there)[0]
        self.time = self._of("time")
        self.means = {n: self._of(n) for n in ("voltage", "current") if n in self._node.variables}
        # A file's electrodes share its sweeps; others than the default's are beside it.
        electrode = node["electrode"].to_numpy()
        self.electrodes = {}
        for name in dict.fromkeys(electrode[default].tolist() + electrode.tolist()):
            rows = node.isel(spectrum=np.flatnonzero(electrode == name))
            if np.array_equal(rows["frequency"].to_numpy(), frequency, equal_nan=True):
                self.electrodes[name] = rows["impedance"].to_numpy()[self._there]

    def _of(self, name: str) -> NDArray[Any]:
        values: NDArray[Any] = self._node[name].to_numpy()[self._there]
        return values

    def columns(self, at: NDArray[np.intp], count: int, *, three: bool) -> Table:
        """Return frequency, impedances and what else a point has, in rows `at` of `count`."""
        columns: Table = {"freq/Hz": self.frequency}
        for electrode, z in self.electrodes.items():
            of = {"counter": "ce", "cell": "we-ce" if three else ""}.get(electrode, "")
            columns[f"Re(Z{of})/Ohm"], columns[f"-Im(Z{of})/Ohm"] = z.real, -z.imag
            columns[f"|Z{of}|/Ohm"] = np.abs(z)
            columns[f"Phase(Z{of})/deg"] = np.degrees(np.angle(z))
        for name, label, nothing in _POINTS:
            if name in self._node.variables:
                values = self._of(name)
                there = values != nothing if values.dtype.kind in "iu" else np.isfinite(values)
                if there.any():
                    columns[label] = values
        columns["z cycle"] = self.sweep + 1
        table = {}
        for label, values in columns.items():
            table[label] = np.zeros(count, values.dtype)
            table[label][at] = values
        return table
