"""Parts of a cell as TOML text, and back without a bit lost.

Each part is a table whose key `law` names its class; a part that the cell does without has
`law = "none"`. A number that is left out has its default, as in Python. A value of None (taken
from `anodescope.materials`) is left out::

    temperature = 298.15

    [reservoir]
    law = "Alloy"
    potassium_percent = 50.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

from anodescope.campaign.hints import did_you_mean
from anodescope.campaign.settings import require_known
from anodescope.cell.capacitance import ByAvailability, FiniteStore
from anodescope.cell.counter import Counter
from anodescope.cell.deposit import Deposit
from anodescope.cell.electrolyte import Electrolyte
from anodescope.cell.evolving_map import CapVoids, EvolvingMap, PancakeVoids
from anodescope.cell.filament import Crack, LinearDamage
from anodescope.cell.kinetics import ButlerVolmer, ByConcentration, ByFraction, Ohmic
from anodescope.cell.law import Arrhenius, Part
from anodescope.cell.layer import AtLiquidus, Smooth, Threshold
from anodescope.cell.loss import Pattern, PowerLoss, ThresholdLoss
from anodescope.cell.motion import Motion
from anodescope.cell.reservoir import Alloy, Potassium, Sodium
from anodescope.errors import SettingsError

LAWS: Mapping[str, type[Any]] = MappingProxyType(
    {
        law.__name__: law
        for law in (
            Alloy, Sodium, Potassium, Threshold, AtLiquidus, Smooth, Ohmic, ButlerVolmer,
            ByConcentration, ByFraction, FiniteStore, ByAvailability, PowerLoss, ThresholdLoss,
            Pattern, Motion, Deposit, LinearDamage, Crack, Electrolyte, Counter, Arrhenius,
            EvolvingMap, CapVoids, PancakeVoids,
        )
    }
)  # fmt: skip
NONE = "none"


def plain(value: Any) -> Any:
    """Return a part as a table of plain values, None as that of no part, a number as it is."""
    if value is None:
        return {"law": NONE}
    if not isinstance(value, Part):
        return value
    table: dict[str, Any] = {"law": type(value).__name__}
    for item in fields(value):  # type: ignore[arg-type]
        inner = getattr(value, item.name)
        if inner is not None:
            table[item.name] = plain(inner)
        elif item.default is not None:
            table[item.name] = plain(None)
    return table


def written(tables: Mapping[str, Any]) -> str:
    """Return the TOML text of plain tables: numbers first, then each table with those inside."""
    return "\n".join(_lines("", tables)).lstrip("\n") + "\n"


def _lines(place: str, table: Mapping[str, Any]) -> list[str]:
    lines = ["", f"[{place[:-1]}]"] if place else []
    for key, value in table.items():
        if not isinstance(value, Mapping):
            lines.append(f"{key} = {_text(value)}")
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _lines(f"{place}{key}.", value)
    return lines


def _text(value: Any) -> str:
    """A plain value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def parsed(where: str, tables: Mapping[str, Any], known: Mapping[str, bool]) -> dict[str, Any]:
    """Return numbers and parts by name of the tables of a TOML text.

    Parameters
    ----------
    where : place for messages.
    tables : as read.
    known : names that may stand there, and whether each is a part.

    Raises
    ------
    SettingsError
        naming the place and the key, what was expected and what was found.
    """
    require_known(where, tables, known)
    return {
        name: _part(where, name, value) if known[name] else value for name, value in tables.items()
    }


def _part(where: str, name: str, table: object) -> Any:
    place = f"{where}, table {name!r}"
    if not isinstance(table, Mapping) or not isinstance(table.get("law"), str):
        raise SettingsError(
            f"{place}: expected a table with the key law, such as "
            f'law = "{NONE}" or the name of a class, found {table!r}.'
        )
    law = table["law"]
    if law == NONE:
        require_known(place, table, ("law",))
        return None
    if law not in LAWS:
        raise SettingsError(f"{place}: there is no law {law!r}.{did_you_mean(law, LAWS)}")
    items = {item.name: item for item in fields(LAWS[law])}
    require_known(place, table, ("law", *items))
    values = {
        key: _part(where, f"{name}.{key}", value) if "kind" in items[key].metadata else value
        for key, value in table.items()
        if key != "law"
    }
    for key, item in items.items():
        if item.default is MISSING and item.default_factory is MISSING and key not in values:
            raise SettingsError(
                f"{place}: expected the key {key!r} ({item.metadata['meaning']}, "
                f"{item.metadata['unit']}), found none."
            )
    return LAWS[law](**values)
