"""What changes slowly or comes once per cell: contact, deposit, motion, filament, constriction.

Each is one implicit step of its own law, at the current that the patches were found to carry.
"""

from __future__ import annotations

import math
from typing import Any

from anodescope.cell import slots
from anodescope.cell.patch import power
from anodescope.cell.slots import INDEX
from anodescope.compiling import compiled_bare

SODIUM, POTASSIUM = INDEX["sodium"], INDEX["potassium"]
LOSS, LOSS_RATE, LOSS_POWER = INDEX["loss"], INDEX["loss_rate"], INDEX["loss_power"]
LOSS_ONSET, LOSS_HEAL, LOSS_REFILL = (
    INDEX["loss_onset"], INDEX["loss_heal"], INDEX["loss_refill"],
)  # fmt: skip
CONSTRICTION, THICKNESS = INDEX["constriction"], INDEX["thickness"]
MOTION_CURRENT, MOTION_LOSS, MOTION_TIME = (
    INDEX["motion_current"], INDEX["motion_loss"], INDEX["motion_time"],
)  # fmt: skip
A0, M_EDGE, DEPOSIT_TIME = (
    INDEX["deposit_contact"], INDEX["deposit_edge"], INDEX["deposit_time"],
)  # fmt: skip
FILAMENT, FILAMENT_CURRENT, FILAMENT_RATE = (
    INDEX["filament"], INDEX["filament_current"], INDEX["filament_rate"],
)  # fmt: skip
FILAMENT_STRESS, FILAMENT_CLOSE, FILAMENT_REST = (
    INDEX["filament_stress"], INDEX["filament_close"], INDEX["filament_rest"],
)  # fmt: skip
POWER_LOSS, THRESHOLD_LOSS = slots.POWER_LOSS, slots.THRESHOLD_LOSS
LINEAR_DAMAGE, CRACK = slots.LINEAR_DAMAGE, slots.CRACK

# What is left of a patch at least, and what motion takes at most: its resistance stays finite.
LEAST_CONTACT = 1e-6
MOST_MOVED = 0.95


@compiled_bare
def bulk_fraction(p: Any, charge: float, metal: float) -> float:
    """Mole fraction of Na in the reservoir."""
    sodium = p[SODIUM] - charge - metal
    if sodium <= 0.0:
        return 1e-12
    return max(float(sodium / (sodium + p[POTASSIUM])), 1e-12)


@compiled_bare
def constriction(p: Any, table: Any, contact: float, cube: float) -> float:
    """Constriction resistance (Ω·cm²) of a contact, by the cube of its voids' length.

    `table` is that of `constriction.direct_table`.
    """
    if p[CONSTRICTION] == 0.0 or contact >= 1.0:
        return 0.0
    length = cube ** (1.0 / 3.0)
    i, x = _cell(table[:, 0], contact)
    k, y = _cell(table[0], math.log(length / p[THICKNESS]))
    value = (1.0 - x) * ((1.0 - y) * table[i, k] + y * table[i, k + 1])
    value += x * ((1.0 - y) * table[i + 1, k] + y * table[i + 1, k + 1])
    return float(p[CONSTRICTION] * length * value * (1.0 - contact) / contact)


@compiled_bare
def _cell(axis: Any, value: float) -> tuple[int, float]:
    """Place of a value on an axis that rises from its second entry on, and its share there."""
    k = 1
    while k < axis.shape[0] - 2 and axis[k + 1] < value:
        k += 1
    share = (value - axis[k]) / (axis[k + 1] - axis[k])
    return k, min(max(share, 0.0), 1.0)


@compiled_bare
def lost(p: Any, base: float, a: float, depletion: float, current: float) -> float:
    """Lost contact after an implicit step `a` at a depletion u of the surface."""
    grow = 0.0
    if p[LOSS] == POWER_LOSS:
        grow = p[LOSS_RATE] * power(depletion, p[LOSS_POWER])
    elif p[LOSS] == THRESHOLD_LOSS and depletion > p[LOSS_ONSET]:
        grow = p[LOSS_RATE] * (depletion - p[LOSS_ONSET]) / (1.0 - p[LOSS_ONSET])
    refill = max(-current, 0.0) / (3600.0 * p[LOSS_REFILL])
    fall = 1.0 / p[LOSS_HEAL] + refill
    after = (base + a * grow) / (1.0 + a * (grow + fall))
    return float(min(max(after, 0.0), 1.0 - LEAST_CONTACT))


@compiled_bare
def deposited(p: Any, base: float, a: float, current: float, flux: float) -> float:
    """Deposited Na (mAh/cm²) after an implicit step `a`."""
    keep = 1.0 + a / p[DEPOSIT_TIME]
    if current <= 0.0:
        return float(max((base + a * (flux - current) / 3600.0) / keep, 0.0))
    if base <= 0.0:
        return 0.0
    edge = p[M_EDGE]
    half = 0.5 * (edge * keep + a * current / 3600.0 - base) / keep
    product = base * edge / keep
    root = math.sqrt(half * half + product)
    return float(root - half if half < 0.0 else product / (root + half))


@compiled_bare
def moved(p: Any, base: float, a: float, current: float) -> float:
    """Share of contact lost to the liquid's motion after an implicit step `a`."""
    over = abs(current) - p[MOTION_CURRENT]
    goal = min(p[MOTION_LOSS] * over, MOST_MOVED) if over > 0.0 else 0.0
    rate = a / p[MOTION_TIME]
    return float((base + rate * goal) / (1.0 + rate))


@compiled_bare
def filament_rate(
    p: Any, length: float, chipped: float, current: float, asked: float, contact: float,
    eta: float,
) -> float:  # fmt: skip
    """Growth of the longest filament, in thicknesses of the electrolyte per second.

    `current` passes the interface and drives it; `asked` is the instrument's, which a filament
    that bridges the electrolyte carries around the interface.
    """
    if current < 0.0 and p[FILAMENT] == LINEAR_DAMAGE:
        local = -current / (p[A0] * max(contact, LEAST_CONTACT))
        return float(p[FILAMENT_RATE] * max(local - p[FILAMENT_CURRENT], 0.0))
    if p[FILAMENT] == CRACK:
        stress = p[FILAMENT_STRESS] * max(-eta, 0.0) * math.sqrt(min(max(length, 0.0), 1.0))
        if current < 0.0 and stress > 1.0:
            return float(p[FILAMENT_RATE] * (stress - 1.0))
    # At rest or on stripping an infiltrated crack closes: its filament dissolves into the liquid.
    if chipped > 0.5 and asked >= 0.0 and length > p[FILAMENT_REST]:
        return float(-(length - p[FILAMENT_REST]) / p[FILAMENT_CLOSE])
    return 0.0
