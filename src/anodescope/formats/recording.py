"""What every reader returns: one file as its instrument wrote it, each column with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Column:
    """One row of an instrument's column table.

    Attributes
    ----------
    label : the column's label as the instrument writes it in text files, unit included.
    name : what it means (see `MEANINGS`); "" where the column is kept but not used.
    factor : multiply the file's value by this to get the unit of `MEANINGS`, sign included.
    number : the instrument's own number for the column in binary files, if it has one.
    dtype : NumPy type string of the column in binary files, "" for text formats.
    verified : a real file shows that `label`, `dtype` and `factor` are right.
    """

    label: str
    name: str = ""
    factor: float = 1.0
    number: int | None = None
    dtype: str = ""
    verified: bool = True


# Meanings that a column may have, with the unit that `Recording.get` returns. The impedance
# parts are those of Z itself: columns that hold −Im(Z) carry the factor −1.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "time": "s",
        "voltage": "V",
        "counter_voltage": "V",
        "cell_voltage": "V",
        "current": "A",
        "charge": "C",
        "charge_change": "C",
        "temperature": "°C",
        "frequency": "Hz",
        "impedance_real": "Ω",
        "impedance_imaginary": "Ω",
        "impedance_modulus": "Ω",
        "impedance_phase": "rad",
        "counter_impedance_real": "Ω",
        "counter_impedance_imaginary": "Ω",
        "counter_impedance_modulus": "Ω",
        "counter_impedance_phase": "rad",
        "cell_impedance_real": "Ω",
        "cell_impedance_imaginary": "Ω",
        "cell_impedance_modulus": "Ω",
        "cell_impedance_phase": "rad",
        "voltage_amplitude": "V",
        "current_amplitude": "A",
        "thd_voltage": "%",
        "nsd_voltage": "%",
        "nsr_voltage": "%",
        "thd_current": "%",
        "nsd_current": "%",
        "nsr_current": "%",
        "correction": "",
        "impedance_deviation": "%",
        "phase_deviation": "°",
        "sequence": "",
        "cycle": "",
        "half_cycle": "",
        "sweep": "",
        "overload": "",
    }
)


@dataclass(frozen=True, slots=True)
class Recording:
    """One instrument file.

    Attributes
    ----------
    path : the file.
    reader : name of the format's row in the manifest.
    technique : short name (GEIS, PEIS, GCPL, OCV, …); "" where the file does not say.
    columns : the columns in file order, one per entry of `data`.
    data : values in the file's own units and sign, by `Column.label`, all of one length.
    start : instant of ``time`` = 0 by the instrument's clock (no time zone), if the file says it.
    technique_start : instant at which this technique began, if the file says it.
    sweep_starts : row at which each sweep or loop starts, if the file says it.
    settings : what the file says about the experiment, as text or numbers.
    warnings : sentences for the user.
    verified : False where no sample of this technique was available to check the reader.
    """

    path: Path
    reader: str
    technique: str
    columns: tuple[Column, ...]
    data: Mapping[str, NDArray[Any]]
    start: datetime | None = None
    technique_start: datetime | None = None
    sweep_starts: NDArray[np.int64] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    verified: bool = True

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.data.values()))) if self.data else 0

    def has(self, name: str) -> bool:
        """Say whether a column with this meaning is there."""
        return any(column.name == name for column in self.columns)

    def get(self, name: str) -> NDArray[Any] | None:
        """Return the column with this meaning in the unit of `MEANINGS`, or None.

        Where two columns share a meaning (an instantaneous and a mean voltage), a row takes the
        first that holds something other than zero: instruments fill what they did not measure
        with zeros.
        """
        found = [
            values if column.factor == 1.0 else values * column.factor
            for column in self.columns
            if column.name == name and (values := self.data[column.label]).dtype.kind in "biuf"
        ]
        if len(found) < 2:
            return found[0] if found else None
        joined = np.array(found[0], float)
        for other in found[1:]:
            empty = ~np.isfinite(joined) | (joined == 0.0)
            joined[empty] = np.asarray(other, float)[empty]
        return joined
