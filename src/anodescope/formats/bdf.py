"""Battery Data Format (.bdf, .bdf.csv, .bdf.parquet): a table whose labels name quantity and unit.

Layout
------
One table per file. The first row holds the labels, the rest one row per instant. A label is the
preferred one, ``Test Time / s``, or the machine-readable name, ``test_time_second``; units are
fixed by the label. Text is UTF-8, comma-separated, with a decimal dot; Parquet needs the extra
``export``. Required: Test Time, Voltage, Current. Columns beyond the list are allowed and kept.
Metadata lie beside the table in ``<name>.bdf.metadata.json``.

The labels are those of the Battery Data Alliance's ontology 1.2.0 (w3id.org,
battery-data-alliance/ontology/battery-data-format, Apache-2.0) and of the format's README; older
files write ``Ohm`` for ``ohm`` and ``Surface Temperature T1`` for ``Temperature T1``.

Conventions
-----------
The format says that current charges where it is positive; a symmetric cell has no charge
direction, so what is written keeps the campaign's sign (see the metadata's ``current_sign``), and
what is read keeps the file's. ``Imaginary Impedance`` is the imaginary part itself, negative where
capacitive. ``Unix Time`` fixes the instant of ``Test Time`` 0 in UTC.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anodescope.errors import MissingExtra, ReadError
from anodescope.formats.recording import Column, Recording
from anodescope.formats.textfile import decode, is_word, order_notes, read_table, unique_labels

NAME = "bdf"
UNIX_TIME = "Unix Time / s"
_AH = 3600.0
_DEGREE = np.pi / 180


@dataclass(frozen=True, slots=True)
class Label:
    """One quantity of the format: preferred label, machine-readable name, meaning and factor."""

    preferred: str
    machine: str
    name: str = ""
    factor: float = 1.0
    also: tuple[str, ...] = ()


LABELS: tuple[Label, ...] = (
    Label("Test Time / s", "test_time_second", "time"),
    Label("Voltage / V", "voltage_volt", "voltage"),
    Label("Current / A", "current_ampere", "current"),
    Label(UNIX_TIME, "unix_time_second"),
    Label("Cycle Count / 1", "cycle_count", "cycle"),
    Label("Step Count / 1", "step_count", "sequence"),
    Label("Step Index / 1", "step_index"),
    Label("Step Type", "step_type"),
    Label("Record Index / 1", "record_index"),
    Label("Step Time / s", "step_time_second"),
    Label("Net Capacity / Ah", "net_capacity_ah", "charge", _AH),
    Label("Charging Capacity / Ah", "charging_capacity_ah"),
    Label("Discharging Capacity / Ah", "discharging_capacity_ah"),
    Label("Cumulative Capacity / Ah", "cumulative_capacity_ah"),
    Label("Step Capacity / Ah", "step_capacity_ah"),
    Label("Step Net Capacity / Ah", "step_net_capacity_ah"),
    Label("Charging Energy / Wh", "charging_energy_wh"),
    Label("Discharging Energy / Wh", "discharging_energy_wh"),
    Label("Net Energy / Wh", "net_energy_wh"),
    Label("Cumulative Energy / Wh", "cumulative_energy_wh"),
    Label("Step Energy / Wh", "step_energy_wh"),
    Label("Step Net Energy / Wh", "step_net_energy_wh"),
    Label("Power / W", "power_watt"),
    Label("Internal Resistance / ohm", "internal_resistance_ohm"),
    Label("AC Internal Resistance / ohm", "ac_internal_resistance_ohm"),
    Label("DC Internal Resistance / ohm", "dc_internal_resistance_ohm"),
    Label("Ambient Temperature / degC", "ambient_temperature_celsius"),
    Label("Surface Temperature / degC", "surface_temperature_celsius"),
    Label("Ambient Pressure / Pa", "ambient_pressure_pa"),
    Label("Applied Pressure / Pa", "applied_pressure_pa"),
    Label("Surface Pressure / Pa", "surface_pressure_pa"),
    *(
        Label(
            f"Temperature T{k} / degC",
            f"temperature_t{k}_celsius",
            "temperature" if k == 1 else "",
            1.0,
            (f"Surface Temperature T{k} / degC",),
        )
        for k in range(1, 6)
    ),
    Label("Frequency / Hz", "frequency_hertz", "frequency"),
    Label("Real Impedance / ohm", "real_impedance_ohm", "impedance_real"),
    Label("Imaginary Impedance / ohm", "imaginary_impedance_ohm", "impedance_imaginary"),
    Label("Absolute Impedance / ohm", "absolute_impedance_ohm", "impedance_modulus"),
    Label("Phase / deg", "phase_degree", "impedance_phase", _DEGREE),
    # Not in the ontology: what anodescope adds when it writes.
    Label("Sweep / 1", "sweep", "sweep"),
    Label("Counter Voltage / V", "counter_voltage_volt", "counter_voltage"),
    Label("Cell Voltage / V", "cell_voltage_volt", "cell_voltage"),
    Label("Half Cycle / 1", "half_cycle", "half_cycle"),
    Label("Overload / 1", "overload", "overload"),
)
REQUIRED = ("Test Time / s", "Voltage / V", "Current / A")
_BY_LABEL = {
    text.lower(): row for row in LABELS for text in (row.preferred, row.machine, *row.also)
}


def recognises(path: Path, head: bytes) -> bool:
    """Say whether a file is BDF: by its suffix, or text whose first line holds required labels."""
    name = path.name.lower()
    if name.endswith(".bdf.parquet"):
        return head.startswith(b"PAR1")
    if b"\0" in head:
        return False
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    labels = [_known(cell) for cell in first.split(",")]
    wanted = sum(row is not None for row in labels)
    return wanted >= 2 or (wanted >= 1 and name.endswith((".bdf", ".bdf.csv")))


def read(path: Path) -> Recording:
    """Read one BDF table.

    Raises
    ------
    ReadError
        when there is no Test Time or Frequency, or the text is not a table of the labels' width.
    MissingExtra
        for Parquet without pyarrow.
    """
    path = Path(path)
    warnings: list[str] = []
    if path.suffix.lower() == ".parquet":
        data = _parquet(path)
        encoding = "parquet"
    else:
        data, encoding = _text(path, warnings)
    columns = tuple(_column(label, values) for label, values in data.items())
    names = {column.name for column in columns}
    if "time" not in names and "frequency" not in names:
        raise ReadError(
            path, expected="a column 'Test Time / s' or 'Frequency / Hz'",
            found=", ".join(map(repr, data))[:600], offset=1, place="line",
        )  # fmt: skip
    if "frequency" not in names:
        warnings += [
            f"The required column {row.preferred!r} is missing."
            for row in LABELS[: len(REQUIRED)]
            if row.name not in names
        ]
    recording = Recording(path, NAME, "", columns, data)
    time = recording.get("time")
    start, notes = (None, []) if time is None else _start(columns, data, time)
    warnings += notes + (order_notes(time) if time is not None else [])
    return replace(
        recording,
        start=start,
        technique_start=start,
        sweep_starts=_sweeps(recording),
        settings={"encoding": encoding, **({"clock": "UTC"} if start else {})},
        warnings=tuple(warnings),
    )


def _known(cell: str) -> Label | None:
    return _BY_LABEL.get(cell.strip().strip('"').lower())


def _column(label: str, values: NDArray[Any]) -> Column:
    row = _known(label)
    if row is None or values.dtype.kind not in "fiub":
        return Column(label, verified=row is not None)
    return Column(label, row.name, row.factor)


def _text(path: Path, warnings: list[str]) -> tuple[dict[str, NDArray[Any]], str]:
    text = decode(path)
    cells = [cell.strip().strip('"') for cell in text.lines(0, 1)[0].split(",")]
    names = unique_labels(cells)
    first = [line.split(",") for line in text.lines(1, 50)]
    words = [
        name
        for k, name in enumerate(names)
        if any(k < len(cells) and is_word(cells[k]) for cells in first)
        and not getattr(_known(name), "name", "")
    ]
    data = read_table(text, skip_lines=1, names=names, delimiter=",", text=words, notes=warnings)
    return data, text.encoding


def _parquet(path: Path) -> dict[str, NDArray[Any]]:
    parquet = _pyarrow("pyarrow.parquet")
    arrow = _pyarrow("pyarrow")
    try:
        frame = parquet.read_table(path).to_pandas()
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise ReadError(path, expected="a Parquet table", found=str(error)[:300]) from error
    names = unique_labels([str(column) for column in frame.columns])
    return {name: _array(frame.iloc[:, place]) for place, name in enumerate(names)}


def _array(series: pd.Series[Any]) -> NDArray[Any]:
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=float, na_value=np.nan)
    return series.astype(str).to_numpy(dtype=str)


def _pyarrow(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra("pyarrow", "export") from error


def _start(
    columns: Sequence[Column], data: Mapping[str, NDArray[Any]], time: NDArray[Any]
) -> tuple[datetime | None, list[str]]:
    """Return the instant of Test Time 0 in UTC (without a zone) from the column of Unix times."""
    row = next((c.label for c in columns if _known(c.label) == _BY_LABEL[UNIX_TIME.lower()]), None)
    if row is None or data[row].dtype.kind not in "fiu":
        return None, []
    zero = np.asarray(data[row], float) - time
    zero = zero[np.isfinite(zero)]
    if not zero.size or not 0 <= zero[0] < 1e11:
        return None, ["The Unix times do not fix the start."]
    spread = float(np.ptp(zero))
    notes = [f"Unix Time and Test Time drift apart by {spread:g} s."] if spread > 1.0 else []
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(zero[0]))
    return start.replace(tzinfo=None), notes


def _sweeps(recording: Recording) -> NDArray[np.int64] | None:
    """Return the rows at which the number of the sweep changes, if there is such a column."""
    sweep = recording.get("sweep")
    if sweep is None or not len(sweep):
        return None
    return np.flatnonzero(np.concatenate([[True], np.diff(sweep) != 0])).astype(np.int64)


def write_csv(path: Path, table: Mapping[str, NDArray[Any]]) -> None:
    """Write columns by label as BDF text; every float64 comes back bit by bit."""
    frame = pd.DataFrame(dict(table))
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        frame.to_csv(file, index=False, lineterminator="\n")


def write_parquet(
    path: Path, table: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write columns by label as BDF Parquet, with metadata in the file's schema.

    Raises
    ------
    MissingExtra
        without pyarrow.
    """
    arrow, parquet = _pyarrow("pyarrow"), _pyarrow("pyarrow.parquet")
    frame = arrow.Table.from_pydict({label: arrow.array(values) for label, values in table.items()})
    parquet.write_table(frame.replace_schema_metadata(dict(metadata or {})), path)
