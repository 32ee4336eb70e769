"""Named comparisons with the peers; `anodescope bench` runs them side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from anodescope.errors import SettingsError

NAMES = ("pairs", "formats", "drt", "kk", "analysis", "constriction", "cell")


def run_benches(
    names: Sequence[str] = (),
    *,
    note: Callable[[str], None] = lambda text: None,
    drt: Mapping[str, Any] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Run named comparisons and return their rows; all of them by default.

    Parameters
    ----------
    names : of `NAMES`.
    note : called with a line for each stage.
    drt : settings of the comparison "drt", by the names of `anodescope.bench.drt.Options`.

    Raises
    ------
    SettingsError
        for a name that is not a comparison's, or settings of a comparison that is not run.
    """
    for name in names:
        if name not in NAMES:
            raise SettingsError(f"bench: expected one of {', '.join(NAMES)}, found {name!r}.")
    if drt and names and "drt" not in names:
        raise SettingsError(
            f"bench: {', '.join(drt)}: these are settings of drt, which is not run."
        )
    tables: dict[str, list[dict[str, Any]]] = {}
    for name in names or NAMES:
        note(f"bench {name} …")
        comparison = import_module(f"anodescope.bench.{name}")
        if name == "drt":
            made = comparison.run_bench(comparison.Options(**(drt or {})), note=note)
        else:
            made = comparison.run_bench()
        tables_of_one = isinstance(made, dict)
        found = {f"{name}: {k}": v for k, v in made.items()} if tables_of_one else {name: made}
        for label, rows in found.items():
            tables[label] = [_plain(asdict(row)) for row in rows]
        if not any(found.values()):
            note(f"bench {name}: no real files; set ANODESCOPE_DATA.")
    return tables


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Make a row ready for JSON: what is not a number is None."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
