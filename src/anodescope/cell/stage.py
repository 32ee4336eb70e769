"""One implicit stage of the whole cell: all patches at the same interface voltage, compiled.

The state of the patches is one array (patch, M + 4): M modes of the layer, the voltage of the
interface, lost contact φ, deposited Na m, contact lost to motion ψ. What the cell has once is an
array of six: charge Q through the interface, filament, cube of the voids' length, voltage of the
counter electrode, chipped or not, charge that the instrument passed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anodescope.cell import slots
from anodescope.cell.patch import (
    accessible,
    availability,
    capacitance,
    covered,
    emf,
    layer_flux,
    pristine,
    solve_patch,
    solve_threshold,
    tangent,
)
from anodescope.cell.slots import INDEX
from anodescope.cell.slow import (
    LEAST_CONTACT,
    MOST_MOVED,
    bulk_fraction,
    constriction,
    deposited,
    filament_rate,
    lost,
    moved,
)
from anodescope.compiling import compiled_bare

KINETICS, LAYER, SHEET = INDEX["kinetics"], INDEX["layer"], INDEX["sheet"]
FEATURE, COARSENING = INDEX["feature"], INDEX["coarsening"]
SHORT, ELECTROLYTE = INDEX["short_resistance"], INDEX["electrolyte"]
COUNTER_STRIP, COUNTER_PLATE, COUNTER_C = (
    INDEX["counter_strip"], INDEX["counter_plate"], INDEX["counter_capacitance"],
)  # fmt: skip
OHMIC, SMOOTH = slots.OHMIC, slots.SMOOTH

# Places in the array of what the cell has once.
CHARGE, CRACKED, PERIOD, COUNTER, CHIPPED, APPLIED = range(6)
ONCE = 6
# Passes of one stage at most.
PASSES = 30


@compiled_bare
def source(
    p: Any, table: Any, held: int, value: float, contact: float, once: Any
) -> tuple[int, float, float]:
    """What drives the interface: (0, current, 0) or (1, voltage, resistance in series).

    A filament that bridges the electrolyte turns a held current into a voltage behind it.
    """
    series = p[ELECTROLYTE] + constriction(p, table, contact, once[PERIOD])
    short = once[CRACKED] >= 1.0
    if held == 0 and not short:
        return 0, value, series
    if held == 0:
        return 1, 1e-3 * value * p[SHORT], series + p[SHORT]
    return 1, value, series


@compiled_bare
def counter_resistance(p: Any, current: float) -> float:
    """Resistance of the counter electrode, which is plated while the alloy is stripped."""
    return float(p[COUNTER_PLATE] if current > 0.0 else p[COUNTER_STRIP])


@compiled_bare
def counter_step(p: Any, base: float, a: float, current: float) -> tuple[float, float]:
    """Voltage of the counter electrode after an implicit step, as offset + slope · current."""
    ohms = counter_resistance(p, current)
    if ohms <= 0.0:
        return 0.0, 0.0
    keep = 1.0 + a / (ohms * p[COUNTER_C])
    return base / keep, 1e-3 * a / p[COUNTER_C] / keep


@compiled_bare
def load(
    p: Any, bulk: float, a: float, base: Any, out: Any, current: Any, theta: Any, modes: int,
    work: Any,
) -> None:  # fmt: skip
    """Write what each patch is during one pass: resistance, C/a, share of the deposit, emf."""
    start = 8 + modes
    fresh = pristine(p, bulk)
    for j in range(out.shape[0]):
        contact = (1.0 - out[j, modes + 1]) * (1.0 - out[j, modes + 3])
        share, gain = covered(p, out[j, modes + 2])
        work[j, 2] = fresh / (contact * gain)
        charging, work[j, start] = tangent(p, contact, theta[j], out[j, modes], base[j, modes])
        work[j, 3] = 1e3 * charging / a
        work[j, 4] = share
        flux, _ = layer_flux(p, current[j], share, bulk - work[j, 0], work[j, 1])
        surface = bulk - work[j, 0] - work[j, 1] * flux
        work[j, 5] = surface
        work[j, 6], work[j, 7] = emf(p, surface)


@compiled_bare
def balance(
    p: Any,
    bulk: float,
    base: Any,
    modes: int,
    kind: int,
    drive: float,
    series: float,
    offset: float,
    slope: float,
    work: Any,
    out: Any,
    current: Any,
    theta: Any,
    result: Any,
) -> bool:
    """Find the interface voltage at which the patches carry the cell's current, by Newton.

    The sum of the patches' currents rises with the voltage, so a bracket always holds it.
    """
    patches = out.shape[0]
    room = accessible(p, bulk)
    ohms = 1e-3 * series + slope
    closed = p[KINETICS] == OHMIC and p[LAYER] != SMOOTH
    eta, low, high = result[0], -np.inf, np.inf
    for _ in range(100):
        total = 0.0
        gain = 0.0
        noise = 0.0
        for j in range(patches):
            if closed:
                flow, voltage, theta[j], steep = solve_threshold(
                    p, eta, work[j, 8 + modes], work[j, 3], work[j, 2], work[j, 4], bulk, room,
                    bulk - work[j, 0], work[j, 1], p[SHEET], work[j, 5], work[j, 6], work[j, 7],
                )  # fmt: skip
            else:
                flow, voltage, theta[j], steep = solve_patch(
                    p, eta, work[j, 8 + modes], work[j, 3], current[j], work[j, 2], work[j, 4],
                    bulk, room, bulk - work[j, 0], work[j, 1], p[SHEET],
                )  # fmt: skip
            current[j] = flow
            out[j, modes] = voltage
            charging = work[j, 3]
            # Over a nanosecond C·dv/dt is a small difference of voltages; the sheet's is not.
            if p[SHEET] > 0.0:
                total += 1e3 * (eta - voltage) / p[SHEET]
            else:
                total += flow + charging * (voltage - work[j, 8 + modes])
                noise = max(noise, 1e-15 * charging)
            gain += (1.0 + charging * steep) / (
                steep * (1.0 + 1e-3 * p[SHEET] * charging) + 1e-3 * p[SHEET]
            )
        total /= patches
        gain /= patches
        wanted = drive
        if kind == 1:
            wanted = (drive - eta - offset) / ohms
            gain += 1.0 / ohms
        miss = total - wanted
        if miss > 0.0:
            high = eta
        else:
            low = eta
        move = miss / gain
        after = eta - move
        if not low <= after <= high:
            after = 0.5 * (low + high)
        result[0], result[1] = eta, wanted
        if abs(miss) <= 1e-8 * (abs(total) + 1e-3) + noise or abs(move) <= 1e-13:
            return True
        eta = after
    return False


@compiled_bare
def refresh(
    p: Any,
    bulk: float,
    a: float,
    base: Any,
    modes: int,
    work: Any,
    out: Any,
    current: Any,
    theta: Any,
) -> float:
    """Bring contact, deposit and motion up to the currents; return the largest change."""
    most = 0.0
    for j in range(out.shape[0]):
        flow = current[j]
        flux, _ = layer_flux(p, flow, work[j, 4], bulk - work[j, 0], work[j, 1])
        lose = lost(p, base[j, modes + 1], a, 1.0 - theta[j], flow)
        metal = deposited(p, base[j, modes + 2], a, flow, flux)
        motion = moved(p, base[j, modes + 3], a, flow)
        contact = (1.0 - lose) * (1.0 - motion)
        charging = 1e3 * capacitance(p, contact, theta[j], out[j, modes]) / a
        charged = charging * (out[j, modes] - base[j, modes])
        taken = work[j, 3] * (out[j, modes] - work[j, 8 + modes])
        share, _ = covered(p, metal)
        surface = bulk - work[j, 0] - work[j, 1] * flux
        drift = (surface - work[j, 5]) / max(surface, 1e-3)
        most = max(
            most,
            abs(lose - out[j, modes + 1]) / (1.0 - lose),
            abs(motion - out[j, modes + 3]),
            abs(share - work[j, 4]),
            0.3 * abs(charged - taken) / (abs(flow) + abs(charged) + 1e-3),
            drift * drift,
        )
        out[j, modes + 1], out[j, modes + 2], out[j, modes + 3] = lose, metal, motion
    return most


@compiled_bare
def finish(
    laws: Any, bulk: float, contact: float, a: float, asked: float, offset: float, slope: float,
    into: int, scratch: Any,
) -> None:  # fmt: skip
    """Write the modes of the layers and what the cell has once."""
    p, weights, work, result = laws.p, laws.weights, scratch.work, scratch.result
    base, out = scratch.box[0], scratch.box[into]
    base_once, out_once = scratch.box_once[0], scratch.box_once[into]
    for j in range(laws.kappa.shape[0]):
        flux, _ = layer_flux(p, scratch.current[j], work[j, 4], bulk - work[j, 0], work[j, 1])
        push = flux / laws.kappa[j]
        for k in range(weights.shape[0]):
            # b/(1 + b) is what the decay 1/(1 + b) leaves.
            decay = work[j, 8 + k]
            out[j, k] = base[j, k] * decay + (1.0 - decay) * weights[k] * push
    flow, eta = result[1], result[0]
    out_once[CHARGE] = base_once[CHARGE] + a * flow / 3600.0
    length = base_once[CRACKED]
    for _ in range(4):
        length = base_once[CRACKED] + a * filament_rate(
            p, length, base_once[CHIPPED], flow, asked, contact, eta
        )
    out_once[CRACKED] = max(length, 0.0)
    voids = contact < 1.0 - 1e-9
    out_once[PERIOD] = base_once[PERIOD] + a * p[COARSENING] if voids else p[FEATURE] ** 3
    out_once[COUNTER] = offset + slope * flow
    out_once[CHIPPED] = base_once[CHIPPED]
    out_once[APPLIED] = base_once[APPLIED] + a * asked / 3600.0


@compiled_bare
def lengthen(laws: Any, a: float, work: Any) -> None:
    """Write what the layers' modes do in an implicit step of length a: decay, and feed per flux."""
    for j in range(laws.kappa.shape[0]):
        feed = 0.0
        for k in range(laws.weights.shape[0]):
            b = a * laws.rates[k] / laws.tau[j]
            decay = 1.0 / (1.0 + b)
            work[j, 8 + k] = decay
            feed += b * laws.weights[k] * decay
        work[j, 1] = feed / laws.kappa[j]


@compiled_bare
def guess(p: Any, modes: int, out: Any, charge: float, theta: Any) -> None:
    """Bring guessed states within their bounds, and write θ of their surfaces."""
    patches = out.shape[0]
    metal = 0.0
    for j in range(patches):
        out[j, modes + 1] = min(max(out[j, modes + 1], 0.0), 1.0 - LEAST_CONTACT)
        out[j, modes + 2] = max(out[j, modes + 2], 0.0)
        out[j, modes + 3] = min(max(out[j, modes + 3], 0.0), MOST_MOVED)
        metal += out[j, modes + 2] / patches
    bulk = bulk_fraction(p, charge, metal)
    room = accessible(p, bulk)
    for j in range(patches):
        surface = bulk
        for k in range(modes):
            surface -= out[j, k]
        theta[j] = availability(p, bulk, room, surface)[0]


@compiled_bare
def stage(
    laws: Any, a: float, held: int, value: float, into: int, scratch: Any, settled: float
) -> bool:
    """Solve Y = base + a·f(Y) for the whole cell.

    Parameters
    ----------
    laws : of the cell.
    a : length of the implicit step (s), for which `lengthen` has been called.
    held, value : 0 and a current (mA/cm²), or 1 and a voltage (V).
    into : place in the scratch's boxes of Y: a guess, then the solution. The base is in place 0.
    settled : largest relative change of what the passes lag behind, in the last of them.

    Returns
    -------
    False when the passes do not settle: take a smaller step.
    """
    p, work, theta, result = laws.p, scratch.work, scratch.theta, scratch.result
    base, base_once = scratch.box[0], scratch.box_once[0]
    out, current = scratch.box[into], scratch.current
    patches, modes = laws.kappa.shape[0], laws.weights.shape[0]
    for j in range(patches):
        free = 0.0
        for k in range(modes):
            free += base[j, k] * work[j, 8 + k]
        work[j, 0] = free
    flow = value if held == 0 else result[1]
    guess(p, modes, out, base_once[CHARGE] + a * flow / 3600.0, theta)
    for _ in range(PASSES):
        metal = 0.0
        contact = 0.0
        for j in range(patches):
            metal += out[j, modes + 2] / patches
            contact += (1.0 - out[j, modes + 1]) * (1.0 - out[j, modes + 3]) / patches
        bulk = bulk_fraction(p, base_once[CHARGE] + a * flow / 3600.0, metal)
        kind, drive, series = source(p, laws.table, held, value, contact, base_once)
        offset, slope = counter_step(p, base_once[COUNTER], a, flow)
        load(p, bulk, a, base, out, current, theta, modes, work)
        if not balance(
            p, bulk, base, modes, kind, drive, series, offset, slope, work, out, current, theta,
            result,
        ):  # fmt: skip
            return False
        flow = result[1]
        if refresh(p, bulk, a, base, modes, work, out, current, theta) < settled:
            asked = value
            if held == 1:
                asked = flow + (1e3 * value / p[SHORT] if base_once[CRACKED] >= 1.0 else 0.0)
            finish(laws, bulk, contact, a, asked, offset, slope, into, scratch)
            result[2] = cell_voltage(p, held, value, kind, series, result, scratch.box_once[into])
            return True
    return False


@compiled_bare
def cell_voltage(
    p: Any, held: int, value: float, kind: int, series: float, result: Any, once: Any
) -> float:
    """Voltage between the cell's terminals."""
    if held == 1:
        return float(value)
    if kind == 1:
        return float(1e-3 * (value - result[1]) * p[SHORT])
    return float(1e-3 * result[1] * series + result[0] + once[COUNTER])
