"""What is known of the materials, each number with its unit, its range and its source.

`nak` (liquid and solid Na–K), `metals` (solid Na and K) and `nasicon` (with the interphase).
Every number is a `Quantity`; outside its range it raises one sentence. x is the mole fraction of
Na and temperatures are kelvins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from anodescope.materials import metals, nak, nak_properties, nasicon
from anodescope.materials.assessment import FARADAY, GAS_CONSTANT
from anodescope.materials.quantity import ROOM, Quantity
from anodescope.materials.sources import ESTIMATE, SOURCES, Source

__all__ = [
    "ESTIMATE",
    "FARADAY",
    "GAS_CONSTANT",
    "SOURCES",
    "Quantity",
    "Row",
    "Source",
    "metals",
    "nak",
    "nasicon",
    "quantities",
    "table",
]


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line of `table`: value at 25 °C (and `x` where it matters); span and error may miss."""

    name: str
    value: float
    unit: str
    x: float | None
    span: tuple[float, float] | None
    uncertainty: float | None
    temperatures: tuple[float, float]
    source: str
    note: str


def quantities() -> tuple[Quantity, ...]:
    """Return every quantity of this room."""
    return (*nak_properties.QUANTITIES, *metals.QUANTITIES, *nasicon.QUANTITIES)


def table() -> list[Row]:
    """Return one row per quantity, at 298.15 K and, for the alloy, NaK50."""
    return [
        Row(
            q.name, q(q.at, ROOM), q.unit, q.at, q.span, q.uncertainty, q.temperatures, q.source,
            q.note,
        )
        for q in quantities()
    ]  # fmt: skip
