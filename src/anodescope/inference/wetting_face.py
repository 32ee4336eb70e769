"""A cell whose liquid touches more or less of the face, and what that does to it.

The calibrated cell's face conducts on a share a0 of its area (`deposit.contact`). What follows from
another contact depends on how wide contacts and voids are beside the layer's thickness δ. Below a
contact the layer passes its flux straight on; beside it the flux spreads by about δ. So steady
diffusion through the layer is the problem of `anodescope.constriction` (Laplace's equation in a
slab, contacts on one face), with δ for the slab's thickness:

    share = (resistance of the layer in full contact)/(that of the layer touched in places)

which is the contact for contacts and voids much wider than δ, and goes to 1 for much narrower ones.
The layer's flux, 1/R and C go with that share, relative to its value at a0; the diffusion time and
x_c do not change. At both ends this is what the laws say. In between it is an interpolation: exact
for the flux of a layer without kinetics, a stand-in for R, C and the spread of times. The
electrolyte's own constriction, for the same contacts, is added to its bulk resistance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import Cell
from anodescope.cell.constriction import constriction_impedance
from anodescope.cell.layer import Layer
from anodescope.contact import constriction
from anodescope.contact.maps import gaussian_field
from anodescope.errors import SettingsError
from anodescope.events.onset.knee import knees
from anodescope.inference.quick import CUT_OFF, HOLD, QUICK, STAIRS, SWEEP, Stand, pulses
from anodescope.running import Run

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# The knee of O5, and the pulses whose charge to 3 V is compared: 1 s at 1 mA/cm², 5 s of rest.
FACTOR, REST = 2.5, 5.0
# Contact maps are Gaussian fields of so many pixels and correlation lengths.
PIXELS, WIDTH, SEED = 64, 8.0, 1
# Least share of a cell that is simulated: below it no stair of the scan is passed anyway.
LEAST = 1e-3


@final
@dataclass(frozen=True, slots=True)
class Face:
    """What the liquid touches, and what that means for the layer and for the electrolyte.

    Attributes
    ----------
    contact : touched part of the face, 0 to 1.
    feature : correlation length of contacts and voids (cm); NaN for a map that was given.
    share : conductance of the layer over that in full contact, 0 to 1.
    constriction : of the electrolyte (Ω·cm²).
    """

    contact: float
    feature: float
    share: float
    constriction: float


@final
@dataclass(frozen=True, slots=True)
class Performance:
    """What a cell does in the three experiments that are compared.

    Attributes
    ----------
    threshold : knee of the voltage at the end of the holds, k = 2.5 (mA/cm²); NaN where none.
    corrected : the same without the electrolyte's iR.
    ended : last current (mA/cm²) that the scan passed whole below 3 V; 0: none.
    charge : of pulses of 1 s at 1 mA/cm² with 5 s of rest, to 3 V (mAh/cm²).
    gamma : area of γ of the interface, fresh, by the paper's DRT (Ω·cm²).
    """

    threshold: float
    corrected: float
    ended: float
    charge: float
    gamma: float


NOTHING = Performance(float("nan"), float("nan"), 0.0, 0.0, float("inf"))


def layer_of(cell: Cell) -> Layer:
    """Return the layer of a cell; raises `SettingsError` for a cell without one."""
    if cell.layer is None:
        raise SettingsError(
            "cell.layer: expected a layer, whose flux goes with the contact, found none. Try a "
            "preset such as NaK50."
        )
    return cell.layer


def share_of(contact_map: Bools, pixel: float, thickness: float) -> float:
    """Return the share of a layer that a contact map leaves, 0 to 1.

    Parameters
    ----------
    contact_map : (y, x) bool, True where the liquid touches; periodic.
    pixel, thickness : side of a pixel, thickness of the layer (cm).
    """
    if not np.any(contact_map):
        return 0.0
    if np.all(contact_map):
        return 1.0
    # Only the ratio counts, so any conductivity does; lengths in thicknesses keep digits.
    solved = constriction(
        contact_map, pixel=pixel / thickness, thickness=1.0, conductivity=1.0, fields=False
    )
    return min(float(solved["slab"].item() / solved["impedance"].item()), 1.0)


@cache
def _drawn_share(contact: float, ratio: float) -> float:
    """Return the share for a Gaussian field of a contact and a feature over the thickness."""
    drawn = gaussian_field(
        (PIXELS, PIXELS), fraction=contact, correlation=1.0, pixel=WIDTH / PIXELS, seed=SEED
    )
    return share_of(np.asarray(drawn, dtype=bool), WIDTH / PIXELS, 1.0 / ratio)


def face_of(cell: Cell, contact: float, feature: float) -> Face:
    """Return the face of a cell touched on a part of it, in features of a length.

    Parameters
    ----------
    cell : gives the layer's thickness and the electrolyte.
    contact : above 0, to 1. feature : correlation length (cm).

    Raises
    ------
    SettingsError
        for a contact or a feature that cannot be, and a cell without a layer.
    """
    if not 0.0 < contact <= 1.0:
        raise SettingsError(f"contact: expected above 0, to 1, found {contact!r}.")
    if not 0.0 < feature < 1.0:
        raise SettingsError(f"feature: expected above 0, below 1 cm, found {feature!r}.")
    thickness = layer_of(cell).thickness
    share = 1.0 if contact == 1.0 else _drawn_share(float(contact), float(feature / thickness))
    return Face(contact, feature, share, electrolyte_cost(cell, contact, feature))


def electrolyte_cost(cell: Cell, contact: float, feature: float) -> float:
    """Return the electrolyte's constriction (Ω·cm²) at direct current, from the cell's table.

    That of a layer much thinner than a feature; one that spreads the current costs it less, so it
    is an upper bound. It is small where it is wrong: (feature/κ) below 1e-2 Ω·cm².
    """
    electrolyte = cell.electrolyte
    through = electrolyte.bulk + electrolyte.grain_boundary
    found = constriction_impedance(
        np.array([contact]), np.array([feature]), np.zeros(1),
        resistivity=through / electrolyte.thickness, thickness=electrolyte.thickness, gap=0.0,
    )  # fmt: skip
    return float(found[0].real)


def with_face(cell: Cell, face: Face, before: Face) -> Cell:
    """Return the cell with another contact.

    Parameters
    ----------
    cell : calibrated at the face `before`. face : the one that it gets.

    Raises
    ------
    SettingsError
        where the layer would conduct on nothing, or where the constriction before was more than
        the electrolyte's whole bulk resistance.
    """
    layer, gain = layer_of(cell), face.share / before.share
    if face.share < LEAST:
        raise SettingsError(
            f"contact: expected a share of {LEAST:g} or more, found {face.share:g}."
        )
    bulk = cell.electrolyte.bulk + face.constriction - before.constriction
    if bulk <= 0.0:
        raise SettingsError(
            f"feature: expected a constriction below the bulk of {cell.electrolyte.bulk:g} Ω·cm², "
            f"found {before.constriction:.3g}. Try a smaller feature."
        )
    return cell.replace(**{
        # The layer's flux per face is F·n·D/δ: n alone changes it and leaves δ²/D.
        "layer.density": layer.density * gain,
        "kinetics.charge_transfer": cell.kinetics.charge_transfer / gain,
        "kinetics.sheet": cell.kinetics.sheet / gain,
        "capacitance.pseudo": cell.capacitance.pseudo * gain,
        "capacitance.double_layer": cell.capacitance.double_layer * gain,
        # What a deposit may still gain, and what the filament's local current is divided by.
        "deposit.contact": min(cell.deposit.contact * gain, 1.0),
        "electrolyte.bulk": bulk,
    })  # fmt: skip


def perform(cell: Cell, scale: float = 1.0) -> Performance:
    """Put a cell through the staircase, the pulses and a spectrum, on a bare engine.

    Parameters
    ----------
    cell : any.
    scale : of the staircase's currents: 1 is the paper's, 0.05 to 1 by 0.01 mA/cm². A face that
        carries more is scanned in as many stairs.
    """
    stand, volts, passed = Stand(cell, QUICK), [], 0.0
    for current in scale * STAIRS:
        if not stand.hold(current, HOLD, limit=CUT_OFF):
            break
        volts.append(stand.engine.voltage(current))
        if not stand.hold(current, SWEEP, limit=CUT_OFF):
            break
        passed = float(current)
    raw, corrected = _knees(cell, scale * STAIRS[: len(volts)], np.array(volts))
    charge = pulses(cell, QUICK, REST)["charge"]
    return Performance(raw, corrected, passed, charge, Stand(cell, QUICK).area())


def _knees(cell: Cell, current: Floats, volts: Floats) -> tuple[float, float]:
    """Return the knees of the voltage as it is and without the electrolyte's iR (mA/cm²)."""
    # mA/cm² times kΩ·cm² is V.
    ohms = 1e-3 * (cell.electrolyte.bulk + cell.electrolyte.grain_boundary)
    found = knees(current, volts, np.array([0.0, ohms]), np.array([FACTOR])).value[:, 0]
    raw, corrected = (float(value) if np.isfinite(value) else float("nan") for value in found)
    return raw, corrected


def perform_all(
    cell: Cell, pairs: Sequence[tuple[Face, Face]], run: Run | None = None
) -> list[Performance]:
    """Return the performance of each (face, face before), each different one computed once.

    A face that conducts on less than a thousandth passes nothing: no threshold, no charge.
    """
    keys = [_key(face, before) for face, before in pairs]
    jobs: dict[Any, tuple[Cell, float]] = {}
    for key, (face, before) in zip(keys, pairs, strict=True):
        if face.share >= LEAST and key not in jobs:
            jobs[key] = with_face(cell, face, before), face.share / before.share
    done = dict(zip(jobs, (run or Run()).each("wetting", _job, list(jobs.values())), strict=True))
    return [done.get(key, NOTHING) for key in keys]


def _job(job: tuple[Cell, float]) -> Performance:
    return perform(*job)


def _key(face: Face, before: Face) -> tuple[float, float]:
    # 0.01 % of the share and 0.01 Ω·cm² are far below what the quick cell resolves.
    return round(face.share / before.share, 4), round(face.constriction - before.constriction, 2)
