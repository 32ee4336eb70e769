"""Rough walls, angles and pressures: what a liquid touches there, and at which pressure.

Nobody has published the roughness of the paper's pellets, nor the angle of NaK on them. So walls
and angles are assumed, spread wide, and every answer is given at both ends of the unknown pressure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import Cell
from anodescope.contact import constriction
from anodescope.contact.liquid import NAK, Liquid
from anodescope.contact.maps import self_affine
from anodescope.contact.wetting import PRESSURES, pressure_curve
from anodescope.errors import Outcome, SettingsError
from anodescope.inference.wetting_face import Face, layer_of, share_of
from anodescope.running import Run

Floats = NDArray[np.float64]

# Walls as on docs/wetting.md: Hurst 0.8, flat above 8 µm, smooth below 1.6 µm (cm).
PIXEL, SIDE, HURST, ROLLOFF, CUTOFF, SEED = 2e-5, 64, 0.8, 8e-4, 1.6e-4, 1
ROUGHNESS = (0.5e-4, 1e-4, 2e-4)
ANGLES = (60.0, 90.0, 105.0, 120.0, 135.0, 150.0)
# Shown: from what gas in the voids may leave of the atmosphere on; 0.1 to 10 MPa are the ends (Pa).
SHOWN = (1e4, 3e4, 1e5, 3e5, 1e6, 1e7)
# Three pressures per decade place a fraction to within a factor of two, a line between to less.
LOADS = tuple(float(load) for load in np.geomspace(1e3, 1e7, 13))
FULL = 0.99


@final
@dataclass(frozen=True, slots=True)
class Wall:
    """A liquid on a wall at a pressure.

    Attributes
    ----------
    rms : roughness (cm). angle : of contact (°). pressure : above that in the voids (Pa).
    face : what is touched, and what that means for layer and electrolyte.
    settled : whether the meniscus had come to rest; if not, more will be touched.
    """

    rms: float
    angle: float
    pressure: float
    face: Face
    settled: bool


@final
@dataclass(frozen=True, slots=True)
class Needed:
    """Which pressure makes a contact on a wall.

    Attributes
    ----------
    rms, angle : cm, °.
    calibrated : pressure (Pa) at which the contact of the calibrated cell is touched; 0: less than
        1 kPa touches more already; inf: 10 MPa does not.
    full : the same for 99 % of the wall.
    """

    rms: float
    angle: float
    calibrated: float
    full: float


def wall(rms: float) -> Floats:
    """Return the heights (cm) of a made-up wall of a roughness (cm), (y, x)."""
    made = self_affine(
        (SIDE, SIDE), hurst=HURST, rms=rms, pixel=PIXEL, seed=SEED, rolloff=ROLLOFF, cutoff=CUTOFF
    )
    return np.asarray(made, dtype=float)


def walls(
    cell: Cell,
    *,
    roughness: Sequence[float] = ROUGHNESS,
    angles: Sequence[float] = ANGLES,
    tension: float = NAK.surface_tension,
    run: Run | None = None,
) -> tuple[list[Wall], list[Needed]]:
    """Press the liquid against walls.

    Parameters
    ----------
    cell : gives a0, the layer's thickness and the electrolyte.
    roughness : rms of the walls (cm). angles : °, 0 to 180. tension : N/m.
    run : progress and interruption; its `map` may spread the walls.

    Returns
    -------
    What is touched at `SHOWN`, and the pressures that are needed, each by wall and angle.

    Raises
    ------
    SettingsError
        for numbers out of range, and for lists that are empty.
    """
    if not roughness or not angles:
        raise SettingsError("wetting: expected at least one roughness and one angle, found none.")
    pairs = [(float(rms), Liquid(tension, float(angle))) for rms in roughness for angle in angles]
    found = list((run or Run()).each("walls", partial(_pressed, cell), pairs))
    return [one for shown, _ in found for one in shown], [need for _, need in found]


def _pressed(cell: Cell, pair: tuple[float, Liquid]) -> tuple[list[Wall], Needed]:
    rms, liquid = pair
    loads = sorted({*LOADS, *SHOWN, *PRESSURES})
    states = pressure_curve(wall(rms), pixel=PIXEL, liquid=liquid, pressures=loads)
    shown = [
        Wall(rms, liquid.angle, state.pressure, _face(cell, np.asarray(state.contact)),
             state.outcome is Outcome.converged)
        for state in states if state.pressure in SHOWN
    ]  # fmt: skip
    fractions = np.array([state.fraction for state in states])
    contact = cell.deposit.contact
    needed = (pressure_for(np.array(loads), fractions, part) for part in (contact, FULL))
    return shown, Needed(rms, liquid.angle, *needed)


def _face(cell: Cell, touched: NDArray[np.bool_]) -> Face:
    part = float(touched.mean())
    cost = 0.0
    if 0.0 < part < 1.0:
        electrolyte = cell.electrolyte
        through = electrolyte.bulk + electrolyte.grain_boundary
        solved = constriction(
            touched, pixel=PIXEL, thickness=electrolyte.thickness,
            conductivity=electrolyte.thickness / through, fields=False,
        )  # fmt: skip
        cost = float(solved["constriction"].item())
    share = share_of(touched, PIXEL, layer_of(cell).thickness)
    return Face(part, float("nan"), share, cost if part else float("inf"))


def pressure_for(loads: Floats, fractions: Floats, wanted: float) -> float:
    """Return the pressure (Pa) at which a fraction is touched, on a line between loads.

    Parameters
    ----------
    loads : Pa, rising, (load,). fractions : touched there, not falling, (load,).
    wanted : 0 to 1.

    Returns
    -------
    0 where the first load touches as much, inf where the last one does not.
    """
    if fractions[0] >= wanted:
        return 0.0
    if fractions[-1] < wanted:
        return float("inf")
    k = int(np.argmax(fractions >= wanted))
    low, high = fractions[k - 1], fractions[k]
    step = (wanted - low) / (high - low)
    return float(loads[k - 1] * (loads[k] / loads[k - 1]) ** step)


def open_pressure(liquid: Liquid, width: float) -> float:
    """Return the pressure (Pa) from which round pores of a width (cm) fill; 0 for θ ≤ 90°.

    From there on what stays open is narrower than `width` (Washburn; see `contact.liquid`).
    """
    from anodescope.contact.liquid import pore_pressure

    return max(float(pore_pressure(liquid.surface_tension, liquid.angle, 0.5 * width)), 0.0)
