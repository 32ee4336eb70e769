"""What a calibration found, as JSON-ready values, and as the file that ships with the package."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from anodescope.inference.ensemble import WITHIN
from anodescope.inference.groups import Group
from anodescope.inference.structures import structure

if TYPE_CHECKING:
    from anodescope.inference.fitting import Fit
    from anodescope.workflow.calibrate_result import Calibration


def told_of(found: Calibration) -> dict[str, Any]:
    """Return everything as JSON-ready values."""
    return {
        "structure": found.best.structure,
        "cost": found.best.cost,
        "prior": found.best.prior,
        "seconds": found.seconds,
        "residuals": dict(found.best.residuals),
        "parameters": parameters(found),
        "groups": [group_table(one) for one in found.groups],
        "starts": [_fit_table(one) for one in found.fits],
        "structures": compared(found),
        "left_out": {key: dict(value) for key, value in found.left.items()},
        "members": [
            {"cost": one.cost, "origin": one.origin, "values": dict(one.values)}
            for one in found.members
        ],
    }


def parameters(found: Calibration) -> list[dict[str, Any]]:
    """Return every number of NaK50 with its origin: fitted, or what its law says of it."""
    one = structure(found.best.structure)
    free = {item.path: item for item in one.free}
    rows = []
    for row in one.cell("NaK50", found.best.values).table():
        item = free.get(row.path)
        rows.append({
            "path": row.path, "value": row.value, "unit": row.unit,
            "origin": "fitted" if item else row.origin,
            "low": item.low if item else None, "high": item.high if item else None,
            "range_from": item.source if item else "", "meaning": row.meaning,
            "least": _extreme(found, row.path, min), "most": _extreme(found, row.path, max),
        })  # fmt: skip
    return rows


def _extreme(found: Calibration, path: str, which: Any) -> float | None:
    values = [one.values[path] for one in found.members if path in one.values]
    return which([found.best.values[path], *values]) if values else None


def group_table(one: Group) -> dict[str, Any]:
    """Return a group as JSON-ready values."""
    finite = {
        name: (value if math.isfinite(value) else None)
        for name, value in (("value", one.value), ("low", one.low), ("high", one.high),
                            ("least", one.least), ("most", one.most), ("left", one.left))
    }  # fmt: skip
    return {
        "key": one.key, "unit": one.unit, "meaning": one.meaning, "of": list(one.members),
        "identified": one.identified, **finite,
    }  # fmt: skip


def _fit_table(fit: Fit) -> dict[str, Any]:
    return {
        "structure": fit.structure, "cost": fit.cost, "prior": fit.prior,
        "converged": fit.converged, "residuals": dict(fit.residuals), "values": dict(fit.values),
    }  # fmt: skip


def compared(found: Calibration) -> list[dict[str, Any]]:
    """Return the structures by the same score: parameters, cost, rows that were left out."""
    table = []
    for fit in (found.best, *found.laws):
        one = structure(fit.structure)
        worst = max(fit.residuals, key=lambda key: abs(fit.residuals[key]))
        table.append({
            "structure": fit.structure, "says": one.says, "parameters": len(one.free),
            "cost": fit.cost, "prior": fit.prior, "converged": fit.converged,
            "beyond_tolerance": sum(abs(value) > 2.0 for value in fit.residuals.values()),
            "worst_row": worst, "worst": fit.residuals[worst],
            "left_out": {key: dict(value) for key, value in found.left[fit.structure].items()},
        })  # fmt: skip
    return table


def calibrated_text(found: Calibration, seed: int) -> str:
    """Return calibrated.toml: the best set, the members, cost, seeds, structure."""
    lines = [
        "# Made by `anodescope calibrate`: fitted to the fit rows of the paper",
        "# (10.1039/d5eb00097a), left-out rows unused. Not to be changed by hand.",
        "",
        f'structure = "{found.best.structure}"',
        f"cost = {found.best.cost:.6g}  # half the sum of squares of the fit rows, half tolerances",
        f"prior = {found.best.prior:.6g}",
        f"within = {WITHIN:g}  # a member costs at most so much more than the best set",
        f"seeds = {[0, *range(seed, seed + len(found.fits) - 1)]}  # 0: from the laws' own numbers",
        f"converged = {str(found.best.converged).lower()}",
        "",
        "[best]",
        *_values(found.best.values),
    ]
    for member in found.members:
        lines += ["", "[[member]]", f"cost = {member.cost:.6g}", f'origin = "{member.origin}"',
                  "[member.values]", *_values(member.values)]  # fmt: skip
    return "\n".join(lines) + "\n"


def _values(values: Mapping[str, float]) -> Iterable[str]:
    return [f'"{path}" = {float(f"{value:.6g}")!r}' for path, value in values.items()]
