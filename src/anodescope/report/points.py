"""The findings of many cells as drawing data: which rows are drawn, in one unit per figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import Outcome, SchemaError
from anodescope.report.criteria import typeset_basis
from anodescope.report.style import THIN
from anodescope.report.view import Floats

if TYPE_CHECKING:
    import pandas as pd

# Unit of the node -> unit on paper and factor.
DRAWN = {
    "A": ("mA", 1e3), "C": ("mAh", 1 / 3.6), "mA/cm²": (f"mA{THIN}cm⁻²", 1.0),
    "mAh/cm²": (f"mAh{THIN}cm⁻²", 1.0), "Ω·cm²": (f"Ω{THIN}cm²", 1.0),
}  # fmt: skip
# What makes two rows the same measurement: of each only the first criterion is drawn.
SAME = ("campaign", "block", "direction")


@dataclass(frozen=True, slots=True)
class Points:
    """Values of one basis, in one unit: x (a number, or a text), value, bounds, and where censored.

    A censored value stands at its lower bound. `direction` is that of the current where the table
    holds several; `label` names basis, direction and, where cells of one basis differ in it, the
    definition.
    """

    x: np.ndarray
    value: Floats
    low: Floats
    high: Floats
    censored: NDArray[np.bool_]
    unit: str
    factor: float
    basis: str
    criterion: str
    direction: str = ""
    label: str = ""

    @property
    def above(self) -> NDArray[np.bool_]:
        """Where the upper end is open: only a lower bound, or a value, is known."""
        known = np.isfinite(self.value) | np.isfinite(self.low)
        return np.asarray(known & (np.isposinf(self.high) | self.censored))

    @property
    def below(self) -> NDArray[np.bool_]:
        """Where only an upper bound is known."""
        return np.asarray(
            ~np.isfinite(self.value) & ~np.isfinite(self.low) & np.isfinite(self.high)
        )


def points_of(table: pd.DataFrame, x: str, quantity: str) -> list[Points]:
    """Select what is drawn, per basis, direction of the current and definition.

    Of every cell, block and basis the first criterion counts, which is the headline's. Cells whose
    definitions differ (another resistance was subtracted, say) make series of their own, named as
    such: none is left out because its definition is worded otherwise.

    Raises
    ------
    SchemaError
        where a column is missing.
    """
    needed = (x, "quantity", "value", "low", "high", "units", "outcome", "basis", "criterion")
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise SchemaError(f"Nothing to draw: the table has no column {', '.join(absent)}.")
    there = (table["quantity"] == quantity) & table[x].notna() & (table[x].astype(str) != "")
    own = table.loc[there]
    if not len(own):
        return []
    same = [name for name in SAME if name in own and own[name].notna().all()]
    group = [*(same if "campaign" in same else []), "basis"]
    first = own.groupby(group, sort=False)["criterion"].transform("first")
    own = own.loc[own["criterion"] == first]
    numbers = own[["value", "low", "high"]].to_numpy(float)
    own = own.iloc[np.flatnonzero(np.isfinite(numbers).any(axis=1))]
    ways = own["direction"].astype(str) if "direction" in own else own["basis"].map(lambda _: "")
    several = ways.nunique() > 1
    suffix = "_per_area" if _per_area(own) else ""
    found = []
    for basis in dict.fromkeys(own["basis"]):
        for way in dict.fromkeys(ways[own["basis"] == basis]):
            rows = own[(own["basis"] == basis) & (ways == way)]
            definitions = list(dict.fromkeys(rows["criterion"]))
            for number, criterion in enumerate(definitions, 1):
                parts = [typeset_basis(str(basis)), *([way] if several and way else [])]
                parts += [f"definition {number}"] if len(definitions) > 1 else []
                alike = rows[rows["criterion"] == criterion]
                found.append(_points(alike, x, suffix, way, ", ".join(parts)))
    return found


def _points(rows: pd.DataFrame, x: str, suffix: str, direction: str, label: str) -> Points:
    units = str(rows[f"units{suffix}"].iloc[0])
    unit, factor = DRAWN.get(units, (units, 1.0))
    value, low, high = (
        rows[name].to_numpy(float) if not suffix else rows[f"{name}{suffix}"].to_numpy(float)
        for name in ("value", "low", "high")
    )
    # What is open to one side stays open per area.
    high = np.where(np.isposinf(rows["high"].to_numpy(float)), np.inf, high)
    censored = (rows["outcome"] == Outcome.censored.name).to_numpy(bool)
    return Points(
        rows[x].to_numpy(object), np.where(censored, low, value) * factor, low * factor,
        high * factor, censored, unit, factor, str(rows["basis"].iloc[0]),
        str(rows["criterion"].iloc[0]), direction, label,
    )  # fmt: skip


def _per_area(rows: pd.DataFrame) -> bool:
    """Tell whether every cell has its numbers per area, in one unit."""
    if not len(rows) or "value_per_area" not in rows or "units_per_area" not in rows:
        return False
    names = ("value_per_area", "low_per_area", "high_per_area")
    numbers = np.isfinite(rows[[n for n in names if n in rows]].astype(float)).any(axis=1)
    return bool(numbers.all()) and rows["units_per_area"].nunique() == 1
