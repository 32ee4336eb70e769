"""Cells of the paper by name, as parts of a `Cell`.

The numbers are the defaults of the laws, which have those of `anodescope calibrate` where
calibrated.toml holds some. One set serves every composition; a preset changes
what stands on the electrolyte, and for solid Na what is known of its interface.
"""

from __future__ import annotations

import math
import re
from typing import Any

from anodescope.campaign.hints import did_you_mean
from anodescope.cell.deposit import Deposit
from anodescope.cell.kinetics import ByFraction, Ohmic
from anodescope.cell.law import ROOM
from anodescope.cell.reservoir import Alloy, Potassium, Sodium
from anodescope.errors import SettingsError

NAMES = ("NaK50", "NaK65", "NaK80", "in-situ NaK50", "Na", "K")

IN_SITU_AREA = math.pi * 0.2**2
# The paper gives no volume: a chamber as high as that of the larger cell.
IN_SITU_VOLUME = IN_SITU_AREA * 0.040 / (math.pi * 0.35**2)

_ALLOY = re.compile(r"(?P<place>in[- ]situ )?NaK ?(?P<percent>\d{1,3}(\.\d+)?)", re.IGNORECASE)


def preset_parts(name: str) -> dict[str, Any]:
    """Return the arguments of the `Cell` of a preset.

    Parameters
    ----------
    name : "NaK" and the wt % of K for any liquid at 298.15 K (NaK50, NaK77.8, NaK80);
        "in-situ NaK50" likewise, in the O-ring of 4 mm; "Na"; "K".

    Raises
    ------
    SettingsError
        for another name, or a composition that is not liquid.
    """
    words = name.strip() if isinstance(name, str) else ""
    alloy = _ALLOY.fullmatch(words)
    if alloy:
        return _alloy(float(alloy["percent"]), in_situ=bool(alloy["place"]))
    if words == "Na":
        return _sodium()
    if words == "K":
        return {"reservoir": Potassium(), "layer": None, "loss": None, "patches": 1}
    raise SettingsError(
        f"Cell.preset: there is no preset {name!r}; expected NaK and the wt % of K, Na or K."
        f"{did_you_mean(words, NAMES)}"
    )


def _alloy(percent: float, *, in_situ: bool) -> dict[str, Any]:
    if not 0.0 <= percent <= 100.0:
        raise SettingsError(
            f"Cell.preset: expected NaK and the wt % of K from 0 to 100, found {percent:g}."
        )
    reservoir = Alloy(percent, IN_SITU_VOLUME, IN_SITU_AREA) if in_situ else Alloy(percent)
    reservoir.require_state(ROOM)
    return {"reservoir": reservoir}


def _sodium() -> dict[str, Any]:
    # Negligible γ_int is known; 1 Ω·cm² stands for it. Full contact is an estimate that follows
    # from it.
    kinetics = Ohmic(1.0, 0.0, ByFraction(0.0, 0.0))
    return {
        "reservoir": Sodium(),
        "layer": None,
        "kinetics": kinetics,
        "loss": None,
        "deposit": Deposit(contact=1.0),
        "patches": 1,
    }
