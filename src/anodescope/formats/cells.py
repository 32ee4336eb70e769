"""Single cells of text tables: numbers, words for "no value", and times that are out of order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Words that stand for "no value"; pandas knows these and a few more by itself.
MISSING = ("", "nan", "NaN", "NAN", "-nan", "NA", "N/A", "null", "XXX", "---", "1.#QNAN", "-1.#IND")


def number(text: str, decimal: str = ".") -> float:
    """Convert one printed number; raises ValueError (also for ``1_000``, which Python takes)."""
    if "_" in text or (decimal == "," and "." in text):
        raise ValueError(f"not a number: {text!r}")
    return float(text.replace(",", ".") if decimal == "," else text)


def is_number(cell: str) -> bool:
    """Say whether a cell holds a number, with a decimal dot or comma."""
    try:
        number(cell.strip(), "," if "," in cell else ".")
    except ValueError:
        return False
    return True


def is_word(cell: str) -> bool:
    """Say whether a cell holds something that is neither a number nor a word for "no value"."""
    return cell.strip() not in MISSING and not is_number(cell)


def order_notes(time: NDArray[Any]) -> list[str]:
    """Describe what is odd about a column of times: not finite, going back, repeated."""
    notes = []
    bad = int(np.count_nonzero(~np.isfinite(time)))
    if bad:
        notes.append(f"{bad} of {time.size} times are not finite.")
    step = np.diff(time[np.isfinite(time)])
    back, same = int(np.count_nonzero(step < 0)), int(np.count_nonzero(step == 0))
    if back:
        notes.append(f"Time goes back at {back} of {time.size} rows; the file's order was kept.")
    if same:
        notes.append(f"{same} of {time.size} rows repeat the time of the row before them.")
    return notes
