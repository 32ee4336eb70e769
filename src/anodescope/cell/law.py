"""What every law of a cell is: a frozen record of numbers with units, ranges and origins.

A law of any family is replaced by another of its family without touching the rest. Where nothing
is known at another temperature, an `Arrhenius` object has to be given, or the cell refuses it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, final

from anodescope.errors import SettingsError

ROOM = 298.15  # K, at which the numbers of the laws hold

# Where a number comes from. "fitted": to the paper, by `anodescope calibrate`.
ORIGINS = ("fitted", "set", "known", "estimate", "given")


@final
@dataclass(frozen=True, slots=True)
class Around:
    """What a law may know of the rest of the cell.

    Attributes
    ----------
    temperature : K.
    electrolyte_thickness : cm.
    electrolyte_resistivity : of its bulk, Ω·cm.
    """

    temperature: float = ROOM
    electrolyte_thickness: float = 0.15
    electrolyte_resistivity: float = 0.0


STANDARD = Around()


def number(
    default: float | None,
    unit: str,
    origin: str,
    meaning: str,
    *,
    low: float = 0.0,
    high: float = math.inf,
    zero: bool = False,
    top: bool = True,
    infinite: bool = False,
) -> Any:
    """Return the dataclass field of a number.

    Parameters
    ----------
    default : its value; None where it is taken from `anodescope.materials` when it is needed.
    unit, origin, meaning : "1" is a pure number; a word of `ORIGINS`; one line.
    low, high : its range. `low` itself counts only with `zero`, `high` only with `top`.
    infinite : whether inf is a value (what it says then never happens).
    """
    return field(
        default=default, metadata=_range(unit, origin, meaning, low, high, zero, top, infinite)
    )


def required(
    unit: str,
    meaning: str,
    *,
    low: float = 0.0,
    high: float = math.inf,
    zero: bool = False,
    top: bool = True,
) -> Any:
    """Return the dataclass field of a number that the user has to give."""
    return field(metadata=_range(unit, "given", meaning, low, high, zero, top, False))


def kind_of(kind: type[Any], meaning: str, *, optional: bool = False) -> dict[str, Any]:
    """Return the metadata of the field of a record inside a record.

    Parameters
    ----------
    kind, meaning : its family, and one line.
    optional : whether None is a value.
    """
    return {"kind": kind, "meaning": meaning, "optional": optional}


def _range(
    unit: str,
    origin: str,
    meaning: str,
    low: float,
    high: float,
    zero: bool,
    top: bool,
    infinite: bool,
) -> dict[str, Any]:
    return {
        "unit": unit,
        "origin": origin,
        "meaning": meaning,
        "range": (low, high, zero, top, infinite),
    }


class Part:
    """A record whose fields are checked when it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        checked(self)


class Law(Part, ABC):
    """A law of the cell: a record that says its numbers by the names of `slots`."""

    __slots__ = ()

    @abstractmethod
    def numbers(self, around: Around = STANDARD) -> dict[str, float]:
        """Return this law's numbers by slot, at a cell's temperature and electrolyte."""


def checked(record: Any) -> None:
    """Hold the fields of a record to their ranges, and turn whole numbers into floats.

    Raises
    ------
    SettingsError
        naming the record, the field, what was expected, what was found.
    """
    for item in fields(record):
        value = getattr(record, item.name)
        place = f"{type(record).__name__}, {item.name}"
        if "kind" in item.metadata:
            _check_part(place, value, item.metadata)
        elif "range" in item.metadata and not (value is None and item.default is None):
            object.__setattr__(record, item.name, _checked_number(place, value, item.metadata))


def _check_part(place: str, value: object, metadata: Mapping[str, Any]) -> None:
    kind = metadata["kind"]
    if isinstance(value, kind) or (value is None and metadata["optional"]):
        return
    word = kind.__name__ + (" or None" if metadata["optional"] else "")
    raise SettingsError(f"{place}: expected an object of the kind {word}, found {value!r}.")


def _checked_number(place: str, value: object, metadata: Mapping[str, Any]) -> float:
    low, high, zero, top, infinite = metadata["range"]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        good = low < value < high or (zero and value == low) or (top and value == high)
        if good and (math.isfinite(value) or (infinite and value == math.inf)):
            return float(value)
    unit = "" if metadata["unit"] == "1" else f" {metadata['unit']}"
    expected = f"a number {'from' if zero else 'above'} {low:g}"
    if math.isfinite(high):
        expected += f" {'to' if top else 'to below'} {high:g}"
    tail = ", or inf" if infinite else ""
    raise SettingsError(
        f"{place}: expected {expected}{unit}{tail} ({metadata['meaning']}), found {value!r}."
    )


@final
@dataclass(frozen=True, slots=True)
class Arrhenius(Part):
    """How a rate (or a conductance) changes with temperature: exp[−E/R·(1/T − 1/298.15 K)].

    Attributes
    ----------
    energy : activation energy, kJ/mol (96.485 kJ/mol are 1 eV).
    """

    energy: float = required("kJ/mol", "activation energy", zero=True, high=500.0)

    def factor(self, temperature: float) -> float:
        """Return the rate at a temperature (K) over that at 298.15 K."""
        return math.exp(-1e3 * self.energy / 8.31446261815324 * (1 / temperature - 1 / ROOM))


# Of the field `activation`.
ACTIVATION = kind_of(Arrhenius, "how its rates change with temperature", optional=True)


def speed(law: Arrhenius | None, around: Around) -> float:
    """Return the factor on a rate; 1 where nothing is known (the cell then refuses other T)."""
    return 1.0 if law is None else law.factor(around.temperature)
