"""Impedance of the cell at a state: the linear response of the equations that the march solves.

At an instant each patch has a differential resistance, made of its kinetics, of what its layer
does to θ and to the emf at that frequency, and of the liquid's motion; its capacitance is parallel,
its sheet resistance in series, and all patches are parallel. What changes in minutes (contact φ,
deposit, filament, bulk) is held, as an instrument finds it within one period.
"""

from __future__ import annotations

import math
from typing import Any

from anodescope.cell.march import depletion
from anodescope.cell.patch import (
    accessible,
    availability,
    capacitance,
    covered,
    emf,
    pristine,
)
from anodescope.cell.slots import BUTLER_VOLMER, INDEX
from anodescope.cell.stage import CRACKED, counter_resistance
from anodescope.compiling import compiled_bare

KINETICS, VT, SHEET = INDEX["kinetics"], INDEX["thermal_voltage"], INDEX["sheet"]
SATURATION = INDEX["saturation"]
MOTION_CURRENT, MOTION_LOSS, MOTION_TIME = (
    INDEX["motion_current"], INDEX["motion_loss"], INDEX["motion_time"],
)  # fmt: skip
COUNTER_C, SHORT = INDEX["counter_capacitance"], INDEX["short_resistance"]


@compiled_bare
def faradaic(
    p: Any, state: Any, modes: int, j: int, bulk: float, room: float
) -> tuple[float, float, float, float, float]:
    """Return what a patch does at its voltage.

    Returns
    -------
    current (mA/cm²); R at constant surface (Ω·cm²) times dF/dv; slope by the surface's composition
    (V); dF/dv; θ. F = θ·g(v − E) − R·i is what the kinetics hold at zero.
    """
    surface = bulk
    for k in range(modes):
        surface -= state[j, k]
    contact = (1.0 - state[j, modes + 1]) * (1.0 - state[j, modes + 3])
    share, gain = covered(p, state[j, modes + 2])
    resistance = pristine(p, bulk) / (contact * gain)
    theta, by_surface = availability(p, bulk, room, surface)
    level, level_slope = emf(p, surface)
    seen = share + (1.0 - share) * theta
    drive = state[j, modes] - (1.0 - share) * level
    steep = 1.0
    if p[KINETICS] == BUTLER_VOLMER:
        scaled = min(max(drive / (2.0 * p[VT]), -300.0), 300.0)
        drive = 2.0 * p[VT] * math.sinh(scaled)
        steep = math.cosh(scaled)
    current = 1e3 * seen * drive / resistance
    by_layer = (1.0 - share) * (by_surface * drive - seen * steep * level_slope)
    return current, resistance, by_layer, seen * steep, theta


@compiled_bare
def admittance(laws: Any, state: Any, j: int, bulk: float, room: float, omega: float) -> complex:
    """Admittance of one patch (S/cm²) at an angular frequency (1/s)."""
    p, modes = laws.p, laws.weights.shape[0]
    current, resistance, by_layer, by_voltage, theta = faradaic(p, state, modes, j, bulk, room)
    share, _ = covered(p, state[j, modes + 2])
    surface = bulk
    stretch = 0.0j
    for k in range(modes):
        surface -= state[j, k]
        stretch += laws.weights[k] / (1.0 + 1j * omega * laws.tau[j] / laws.rates[k])
    # A surface that is pinned at saturation lets the layer answer nothing.
    taken = 1.0 - share if current >= 0.0 else 1.0
    if current < 0.0 and surface >= p[SATURATION] * (1.0 - 1e-9):
        taken = 0.0
    top = resistance + 1e3 * by_layer * taken * stretch / laws.kappa[j]
    over = abs(current) - p[MOTION_CURRENT]
    if over > 0.0 and p[MOTION_LOSS] * over < 0.95:
        still = 1.0 - state[j, modes + 3]
        top += resistance * abs(current) * p[MOTION_LOSS] / still / (
            1.0 + 1j * omega * p[MOTION_TIME]
        )  # fmt: skip
    contact = (1.0 - state[j, modes + 1]) * (1.0 - state[j, modes + 3])
    through = by_voltage / top + 1j * omega * capacitance(p, contact, theta, state[j, modes])
    return complex(through / (1.0 + p[SHEET] * through))


@compiled_bare
def response(
    laws: Any, states: Any, onces: Any, flows: Any, frequency: Any, electrolyte: Any, narrow: Any,
    theta: Any, interface: Any, counter: Any, whole: Any,
) -> None:  # fmt: skip
    """Write the impedance (Ω·cm²) at each frequency, each at its own state.

    Parameters
    ----------
    states, onces : (point, patch, M + 4), (point, 6): state at each point's instant.
    flows : (point,) current of the cell (mA/cm²).
    frequency : (point,) Hz.
    electrolyte, narrow : (point,) impedance of electrolyte and constriction (Ω·cm²), complex.
    theta : (patch,) scratch.
    interface, counter, whole : (point,) complex, written: the alloy's interface with its
        constriction, the counter electrode, and the cell between its terminals.
    """
    p, patches, modes = laws.p, laws.kappa.shape[0], laws.weights.shape[0]
    for k in range(frequency.shape[0]):
        state, once = states[k], onces[k]
        _, bulk, _ = depletion(p, state, once, modes, theta)
        room = accessible(p, bulk)
        omega = 2.0 * math.pi * frequency[k]
        total = 0.0j
        for j in range(patches):
            total += admittance(laws, state, j, bulk, room, omega)
        interface[k] = patches / total + narrow[k]
        ohms = counter_resistance(p, flows[k])
        counter[k] = ohms / (1.0 + 1j * omega * ohms * p[COUNTER_C])
        whole[k] = interface[k] + counter[k] + electrolyte[k]
        if once[CRACKED] >= 1.0:
            whole[k] = 1.0 / (1.0 / whole[k] + 1.0 / p[SHORT])
