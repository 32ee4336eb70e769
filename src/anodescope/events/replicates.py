"""Findings of many cells in one table, and what their replicates agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import Campaign
from anodescope.errors import Outcome, SettingsError

if TYPE_CHECKING:
    import pandas as pd

# What makes two findings the same measurement: only these are averaged with one another.
SAME = ("quantity", "basis", "criterion", "units", "block_kind", "direction")

# Numbers that differ by less than this share are one condition.
ALIKE = 0.02

# Blocks of which a quantity is compared between cells: a staircase strips some charge too, and that
# it did not short says little about a critical current.
COMPARED: Mapping[str, tuple[str, ...]] = {
    "critical_capacity": ("pulsed", "constant_current"),
    "critical_current": ("ccd",),
    "onset_current": ("staircase_geis", "staircase"),
}

_NUMBERS = ("value", "low", "high", "time", "block")
_TEXTS = ("quantity", "units", "outcome", "criterion", "basis", "message")
_PER_AREA = ("value_per_area", "low_per_area", "high_per_area", "units_per_area")


def gather(
    campaigns: Mapping[str, Campaign], specimens: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Put the findings of several campaigns into one table.

    Parameters
    ----------
    campaigns : analysed campaigns by name.
    specimens : a study's table, whose column `name` names the campaigns; its columns are added.

    Returns
    -------
    one row per finding: `campaign`, the variables of the findings node, the conditions of its
    block (`block_kind`, `count`, `current_A`, `on_s`, `rest_s`), and the specimen's columns.
    """
    import pandas as pd

    rows = [row for name, campaign in campaigns.items() for row in _rows(name, campaign)]
    heads = ["campaign", *_TEXTS, *_NUMBERS, *_PER_AREA, *conditions(None, -1)]
    table = pd.DataFrame(rows, columns=heads)
    if specimens is None:
        return table
    clash = [column for column in specimens.columns if column in heads]
    extra = specimens.rename(columns={column: f"specimen_{column}" for column in clash})
    extra = extra.rename(columns={"name": "campaign"})
    return table.merge(extra, on="campaign", how="left")


def _rows(name: str, campaign: Campaign) -> list[dict[str, Any]]:
    if "findings" not in campaign:
        return []
    findings = campaign["findings"]
    has_protocol = "protocol" in campaign
    protocol = campaign["protocol"] if has_protocol else None
    columns = {
        key: findings[key].values.tolist()
        for key in (*_TEXTS, *_NUMBERS, *_PER_AREA)
        if key in findings
    }
    known: dict[int, dict[str, Any]] = {}
    rows = []
    for place in range(findings.sizes["finding"]):
        block = int(columns["block"][place])
        if block not in known:
            known[block] = conditions(protocol, block)
        row = {key: values[place] for key, values in columns.items()}
        rows.append({"campaign": name, **row, **known[block]})
    return rows


def conditions(protocol: xr.Dataset | None, block: int) -> dict[str, Any]:
    """Return under which conditions a block of the protocol ran.

    Returns
    -------
    `block_kind`, `count`, `direction` ("stripping", "plating", "both"), and the medians over its
    phases: `current_A` (|I| while on), `on_s` and `rest_s` (duration; a block without a rest has
    0), `level_s` (duration of a half-cycle or stair). NaN and "" where there is no block.
    """
    nothing = {
        "block_kind": "", "direction": "", "count": -1, "current_A": np.nan, "on_s": np.nan,
        "rest_s": np.nan, "level_s": np.nan,
    }  # fmt: skip
    if protocol is None or not 0 <= block < protocol.sizes["block"]:
        return nothing
    inside = protocol["block"].values == block
    length = (protocol["time_end"].values - protocol["time_start"].values)[inside]
    mode = protocol["mode"].values.astype(object)[inside]
    signed = np.full(length.size, np.nan)
    if "current" in protocol:
        signed = protocol["current"].values[inside]
    current = np.abs(signed)
    resting = (mode == "rest") | ((mode == "sweep") & (current == 0))
    on = ~resting & (current > 0)
    level = protocol["level"].values[inside]
    lasts = np.zeros(int(level.max(initial=-1)) + 1)
    np.add.at(lasts, level, np.where(on, length, 0.0))
    return {
        "block_kind": str(protocol["kind"].values[block]),
        "direction": _direction(signed[on]),
        "level_s": _median(lasts[lasts > 0]),
        "count": int(protocol["count"].values[block]),
        "current_A": _median(current[on]),
        "on_s": _median(length[on]),
        "rest_s": _median(length[resting]) if resting.any() else 0.0,
    }


def _direction(current: NDArray[np.float64]) -> str:
    """Return which way the current flows: positive strips."""
    if not current.size:
        return ""
    if (current > 0).all():
        return "stripping"
    return "plating" if (current < 0).all() else "both"


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if values.size else float("nan")


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Return the findings that cells are compared by: of each quantity, those of its own protocols.

    Parameters
    ----------
    table : as `gather` makes it.
    """
    keep = np.ones(len(table), np.bool_)
    for quantity, kinds in COMPARED.items():
        other = (table["quantity"] == quantity) & ~table["block_kind"].isin(kinds)
        keep &= ~other.to_numpy(bool)
    return table[keep]


def replicates(table: pd.DataFrame, quantity: str, by: str | Sequence[str]) -> pd.DataFrame:
    """Average a quantity over the cells that were treated alike.

    Only findings of the same basis, criterion, unit, kind of block and direction of the current
    are averaged; values per area where all of a group have them. Numbers in `by` that differ by
    less than 2 % are one group, at their median; cells of which a column of `by` is not known are
    in no group. A cell that has the finding more than once counts once, by the first that is
    determined. Where a value is censored (the record ends before the limit), it enters as the bound
    that it is, so the mean is a lower bound: `bound` says so.

    Parameters
    ----------
    table : as `gather` makes it.
    quantity : such as "critical_capacity" or "onset_current".
    by : column or columns whose values make the groups, such as "rest_s" or "composition".

    Returns
    -------
    one row per group: the columns of `by`, basis, criterion, units, `n` (cells with a value),
    `n_censored` (of these), `n_without` (cells that gave none), `mean`, `spread` (sample standard
    deviation; NaN for one cell), `minimum`, `maximum`, `bound` (bool), and the cells' names.

    Raises
    ------
    SettingsError
        for a column that the table does not have.
    """
    import pandas as pd

    groups = [by] if isinstance(by, str) else list(by)
    for column in groups:
        if column not in table.columns:
            raise SettingsError(
                f"replicates: expected one of {', '.join(table.columns)}, found {column!r}."
            )
    chosen = table[table["quantity"] == quantity]
    chosen = chosen.assign(**{column: _pooled(chosen[column]) for column in groups})
    for column in groups:
        chosen = chosen[chosen[column].notna() & (chosen[column] != "")]
    keys = list(dict.fromkeys([*groups, *SAME]))
    rows = []
    for values, group in chosen.groupby(keys, sort=True, dropna=False):
        better = (group["outcome"] != Outcome.determined.name).sort_values(kind="stable").index
        first = group.loc[better].drop_duplicates("campaign").sort_index()
        rows.append({**dict(zip(keys, values, strict=True)), **_agreement(first)})
    heads = [*keys, "n", "n_censored", "n_without", "mean", "spread", "minimum", "maximum",
             "bound", "campaigns"]  # fmt: skip
    return pd.DataFrame(rows, columns=heads)


def _agreement(group: pd.DataFrame) -> dict[str, Any]:
    """Return mean and spread of one group of cells."""
    suffix = "_per_area" if _all_per_area(group) else ""
    value, low = group[f"value{suffix}"], group[f"low{suffix}"]
    censored = group["outcome"] == Outcome.censored.name
    numbers = value.where(~censored, low)
    there = numbers[np.isfinite(numbers)]
    return {
        "units": group[f"units{suffix}"].iloc[0] if suffix else group["units"].iloc[0],
        "n": len(there),
        "n_censored": int(censored[there.index].sum()),
        "n_without": len(group) - len(there),
        "mean": float(there.mean()) if len(there) else np.nan,
        "spread": float(there.std(ddof=1)) if len(there) > 1 else np.nan,
        "minimum": float(there.min()) if len(there) else np.nan,
        "maximum": float(there.max()) if len(there) else np.nan,
        "bound": bool(censored[there.index].any()),
        "campaigns": ", ".join(group["campaign"]),
    }


def _all_per_area(group: pd.DataFrame) -> bool:
    """Whether every cell that has a value (or a bound) has one per area too, and one has any."""
    plain = np.isfinite(group["value"]) | np.isfinite(group["low"])
    normal = np.isfinite(group["value_per_area"]) | np.isfinite(group["low_per_area"])
    return bool(normal.any() and (normal | ~plain).all())


def _pooled(values: pd.Series[Any]) -> pd.Series[Any]:
    """Give numbers within `ALIKE` of a group's smallest one value: recognised durations scatter.

    What is missing stays missing: a group of its own.
    """
    if values.dtype.kind != "f":
        return values
    order = values.dropna().sort_values()
    groups, first = [], np.nan
    for number in order:
        if not number - first <= ALIKE * abs(number):
            first = number
        groups.append(first)
    pooled = order.groupby(np.array(groups)).transform("median") if groups else order
    return pooled.reindex(values.index)
