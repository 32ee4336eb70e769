"""In what units currents, charges and capacitances are drawn: per area where the user gave one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import Outcome
from anodescope.report.style import THIN
from anodescope.report.view import CampaignLike, Scale, areas, density_scale, prefixed, stored

PER_MAH = 1 / 3.6  # mAh in a coulomb
KNEE = re.compile(r"(?:\bk\s*=\s*|exceeds )(\d+(?:\.\d+)?)(?= times|\b)")
OHMIC = re.compile(r"([\d.eE+-]+) Ω were subtracted|R_Ω = ([\d.eE+-]+) Ω")
LIMIT = re.compile(r"(\d+(?:\.\d+)?)[\s\u2009]*V\b")


def area(campaign: CampaignLike) -> float | None:
    """Return the area (cm²) of the electrode under study, or None where the user gave none."""
    return areas(campaign).get("cell")


def current_scale(campaign: CampaignLike, largest: float) -> Scale:
    """Return how a current (A) is drawn: mA cm⁻² where the user gave the area, else mA, µA, …"""
    size = area(campaign)
    if size is None:
        return prefixed(largest, "A")
    scale = density_scale(largest / size)
    return Scale(scale.factor / size, scale.unit)


def charge_scale(campaign: CampaignLike, largest: float) -> Scale:
    """Return how a charge (C) is drawn: mAh cm⁻² where the user gave the area, else mAh or µAh."""
    size = area(campaign)
    if size is not None:
        return Scale(PER_MAH / size, f"mAh{THIN}cm⁻²")
    return Scale(PER_MAH, "mAh") if largest * PER_MAH >= 0.05 else Scale(1e3 * PER_MAH, "µAh")


def capacitance_scale(campaign: CampaignLike, largest: float) -> Scale:
    """Return how a capacitance (F) is drawn: per area where the user gave it."""
    size = area(campaign)
    if size is None:
        return prefixed(largest, "F")
    scale = prefixed(largest / size, "F")
    return Scale(scale.factor / size, f"{scale.unit}{THIN}cm⁻²")


def volt_scale(*values: NDArray[np.float64]) -> Scale:
    """Return how voltages (V) are drawn: mV where none exceeds 0.2 V."""
    pooled = np.concatenate([np.abs(one[np.isfinite(one)]) for one in values] or [np.zeros(0)])
    return Scale(1e3, "mV") if len(pooled) and 0 < pooled.max() < 0.2 else Scale(1.0, "V")


def amount(value: float, scale: Scale, digits: int = 3) -> str:
    """Return a value (in the schema's unit) as drawn, with its unit: “0.61 mA cm⁻²”."""
    if not np.isfinite(value):
        return "–"
    text = f"{value * scale.factor:.{digits}g}".replace("-", "−")
    return f"{text}{THIN}{scale.unit}" if scale.unit else text


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the findings node, in the schema's units (A, C, s, Ω, V, 1)."""

    row: int
    quantity: str
    value: float
    low: float
    high: float
    units: str
    outcome: str
    criterion: str
    basis: str
    time: float
    block: int
    message: str

    @property
    def knee(self) -> float | None:
        """The k of the criterion, where it names one."""
        found = KNEE.search(self.criterion)
        return float(found[1]) if found else None

    @property
    def limit(self) -> float | None:
        """The voltage (V) of the criterion, where it names one."""
        found = LIMIT.search(self.criterion)
        return float(found[1]) if found else None

    @property
    def subtracted(self) -> float | None:
        """The resistance (Ω) that the finding says was subtracted, where it says so."""
        found = OHMIC.search(self.message)
        return float(found[1] or found[2]) if found else None

    @property
    def censored(self) -> bool:
        """Whether only a lower bound is known."""
        open_ended = bool(np.isfinite(self.low) and np.isposinf(self.high))
        return self.outcome == Outcome.censored.name or open_ended

    @property
    def drawable(self) -> bool:
        """Whether there is a value or a bound to draw."""
        return bool(np.isfinite(self.value) or np.isfinite(self.low))

    @property
    def sentence(self) -> str:
        """The sentence of its outcome."""
        known = Outcome.__members__.get(self.outcome)
        return known.sentence if known else self.outcome


def findings(campaign: CampaignLike, *quantities: str, block: int | None = None) -> list[Finding]:
    """Return the findings of these quantities (all for none), of one block if it is named."""
    kinds = {name: kind for name, kind in Finding.__annotations__.items() if name != "row"}
    columns = {name: stored(campaign, "findings", name) for name in kinds}
    known = {name: values for name, values in columns.items() if values is not None}
    if len(known) < len(kinds):
        return []
    casts: dict[str, Callable[[Any], Any]] = {"str": str, "int": int, "float": float}
    every = [
        Finding(row, **{name: casts[kinds[name]](v) for name, v in zip(known, values, strict=True)})
        for row, values in enumerate(zip(*known.values(), strict=True))
    ]
    return [
        one
        for one in every
        if (not quantities or one.quantity in quantities) and block in (None, one.block)
    ]
