"""Sets of laws that a calibration compares by the same score: named changes to a cell.

To add one: a `Structure` in `STRUCTURES` with the parts that it exchanges, what that frees and what
it takes away. Nothing else has to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, final

from anodescope.cell import (
    AtLiquidus,
    ButlerVolmer,
    ByAvailability,
    ByFraction,
    Cell,
    Smooth,
    ThresholdLoss,
)
from anodescope.cell.reservoir import Sodium
from anodescope.errors import SettingsError
from anodescope.inference.parameters import FREE, OF_THE_ALLOY, Free, with_values


@final
@dataclass(frozen=True, slots=True)
class Structure:
    """A set of laws, and what is free in it.

    Attributes
    ----------
    key, says : name, and what it is as a phrase.
    change : parts by name or dotted path, as `Cell.replace` takes them.
    more : parameters that it has beside those of `FREE`. without : those that it has not.
    """

    key: str
    says: str
    change: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Free, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def free(self) -> tuple[Free, ...]:
        """Its parameters."""
        return (*(one for one in FREE if one.path not in self.without), *self.more)

    def cell(self, preset: str, values: Mapping[str, float] | None = None) -> Cell:
        """Return a cell of the paper with these laws, and numbers put in by path."""
        return self.applied(Cell.preset(preset), values)

    def applied(self, cell: Cell, values: Mapping[str, float] | None = None) -> Cell:
        """Return a cell with these laws where it has such a part at all."""
        sodium = isinstance(cell.reservoir, Sodium)
        for path, part in self.change.items():
            name = path.partition(".")[0]
            if getattr(cell, name) is None or (sodium and name in OF_THE_ALLOY):
                continue
            cell = cell.replace(**{path: part})
        return with_values(cell, values or {})


def _loss(*names: str) -> tuple[str, ...]:
    return tuple(f"loss.{name}" for name in names)


@cache
def structures() -> Mapping[str, Structure]:
    """Return the structures by key; the first is the one that the presets have."""
    made = (
        Structure("threshold", "a layer that runs dry at x_c; loss of contact k_φ·u²"),
        Structure(
            "smooth", "a layer that runs dry little by little about x_c", {"layer": Smooth()},
            (Free("layer.width", 0.003, 0.2, True, "1", "w, width of the transition",
                  "from next to a threshold to the width of the liquid window"),),
        ),
        Structure("at_liquidus", "a layer that runs dry at the K liquidus", {"layer": AtLiquidus()},
                  (), ("layer.critical_fraction",)),
        Structure("no_loss", "no contact is lost", {"loss": None}, (),
                  _loss("rate", "heal", "refill")),
        Structure(
            "threshold_loss", "contact is lost above a depletion u_0 only",
            {"loss": ThresholdLoss()},
            (Free("loss.onset", 0.01, 0.9, False, "1", "u_0", "anywhere between none and all"),),
        ),
        Structure("by_fraction", "R ∝ 1/x_Na instead of 1/C_Na",
                  {"kinetics.dependence": ByFraction()}),
        Structure("butler_volmer", "Butler–Volmer instead of an ohmic interphase",
                  {"kinetics": ButlerVolmer()}),
        Structure("by_availability", "capacitance C_ps·θ³ instead of a finite store",
                  {"capacitance": ByAvailability()}),
    )  # fmt: skip
    return MappingProxyType({one.key: one for one in made})


def structure(key: str) -> Structure:
    """Return a structure by its key.

    Raises
    ------
    SettingsError
        for a key that is none.
    """
    known = structures()
    if key not in known:
        raise SettingsError(f"structure: expected one of {', '.join(known)}, found {key!r}.")
    return known[key]
