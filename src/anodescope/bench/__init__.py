"""Named comparisons with the peers; `anodescope bench` runs them side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

from anodescope.errors import SettingsError

NAMES = ("pairs", "formats", "drt", "kk", "analysis")


def run_benches(
    names: Sequence[str] = (), *, note: Callable[[str], None] = lambda text: None
) -> dict[str, list[dict[str, Any]]]:
    """Run named comparisons and return their rows; all of them by default.

    Raises
    ------
    SettingsError
        for a name that is not a comparison's.
    """
    for name in names:
        if name not in NAMES:
            raise SettingsError(f"bench: expected one of {', '.join(NAMES)}, found {name!r}.")
    tables: dict[str, list[dict[str, Any]]] = {}
    for name in names or NAMES:
        note(f"bench {name} …")
        comparison = import_module(f"anodescope.bench.{name}")
        tables[name] = [_plain(asdict(row)) for row in comparison.run_bench()]
        if not tables[name]:
            note(f"bench {name}: no real files; set ANODESCOPE_DATA.")
    return tables


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Make a row ready for JSON: what is not a number is None."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
