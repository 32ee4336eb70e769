"""Named comparison: the same measurement as .mpr and as .mpt, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.bench.formats import find_data
from anodescope.formats import mpr, mpt
from anodescope.formats.biologic import normal_label


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One pair; differences in units of the last digit that the text file prints."""

    file: str
    technique: str
    rows: int
    columns: int
    shared: int
    worst_float32: float
    worst_float64: float
    remark: str


def run_bench() -> list[Row]:
    """Compare every pair of files among the real ones; [] without them."""
    data = find_data()
    if data is None:
        return []
    return [
        compare(path) for path in sorted(data.rglob("*.mpr")) if path.with_suffix(".mpt").is_file()
    ]


def compare(path: Path) -> Row:
    """Compare one .mpr file with the .mpt file beside it."""
    binary, text = mpr.read(path), mpt.read(path.with_suffix(".mpt"))
    printed = {normal_label(label): values for label, values in text.data.items()}
    shared = [column.label for column in binary.columns if column.label in printed]
    worst = {4: 0.0, 8: 0.0}
    remarks = []
    for label in shared:
        values, other = np.asarray(binary.data[label]), printed[label]
        lost = (other == 0.0) & (values != 0.0)
        if lost.any():
            remarks.append(f"{label}: the text file holds 0 in {int(lost.sum())} rows")
        width = 8 if values.dtype == np.float64 else 4
        apart = units_apart(values[~lost], other[~lost], 15 if width == 8 else 7)
        worst[width] = max(worst[width], apart)
    missing = [column.label for column in binary.columns if column.label not in printed]
    if missing:
        remarks.append(f"not in the text: {', '.join(missing)}")
    return Row(
        file=path.name,
        technique=binary.technique,
        rows=binary.rows,
        columns=len(binary.columns),
        shared=len(shared),
        worst_float32=round(worst[4], 2),
        worst_float64=round(worst[8], 2),
        remark="; ".join(remarks),
    )


def units_apart(values: NDArray[Any], other: NDArray[np.float64], digits: int) -> float:
    """Largest difference in units of the last printed digit; up to 0.5 is correct rounding.

    Parameters
    ----------
    values, other : what the binary and the text file hold.
    digits : digits printed after the first.
    """
    size = np.abs(np.where(other == 0.0, 1.0, other))
    unit = 10.0 ** (np.floor(np.log10(size)) - digits)
    return float(np.max(np.abs(values.astype(float) - other) / unit, initial=0.0))
