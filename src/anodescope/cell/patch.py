"""One patch of the interface: its laws as compiled functions, and the current that it carries.

Everything here is plain arithmetic on the numbers of `slots`; the laws themselves, with their
units and sources, are the classes beside. Currents in mA/cm², voltages in V, resistances in Ω·cm².
"""

from __future__ import annotations

import math
from typing import Any

from anodescope.cell import slots
from anodescope.cell.slots import INDEX
from anodescope.compiling import compiled_bare

LAYER, X_C, WIDTH = INDEX["layer"], INDEX["critical_fraction"], INDEX["width"]
SATURATION = INDEX["saturation"]
KINETICS, R0 = INDEX["kinetics"], INDEX["charge_transfer"]
DEPENDENCE, REFERENCE, FLOOR = INDEX["dependence"], INDEX["reference"], INDEX["floor"]
V_NA, V_K, VT = INDEX["volume_na"], INDEX["volume_k"], INDEX["thermal_voltage"]
RK0, RK1, RK2 = INDEX["excess_0"], INDEX["excess_1"], INDEX["excess_2"]
MELTING = INDEX["melting"]
C_PS, C_DL, C_POWER = (
    INDEX["pseudo_capacitance"], INDEX["double_layer"], INDEX["capacitance_power"],
)  # fmt: skip
C_WIDTH = INDEX["capacitance_width"]
A0, M_C, M_EDGE = INDEX["deposit_contact"], INDEX["deposit_spread"], INDEX["deposit_edge"]

NO_LAYER, SMOOTH = slots.NO_LAYER, slots.SMOOTH
BUTLER_VOLMER, BY_CONCENTRATION = slots.BUTLER_VOLMER, slots.BY_CONCENTRATION

# A patch that ran dry keeps this share of its conductance, so that its current stays defined.
DRY = 1e-7
# A store wider than this (V) is no different from a plain capacitor.
WIDEST = 1e6
# Mole fraction below which a surface is not followed: ln a would run away.
TRACE = 1e-9


@compiled_bare
def power(x: float, n: float) -> float:
    """X to a power; the small whole ones, which the laws have, without a call of `pow`."""
    if n == 0.0:
        return 1.0
    if n == 1.0:
        return x
    if n == 2.0:
        return float(x * x)
    if n == 3.0:
        return float(x * x * x)
    return float(x**n)


@compiled_bare
def softplus(y: float) -> float:
    """ln(1 + e^y) without overflow."""
    if y > 35.0:
        return y
    return math.log1p(math.exp(y))


@compiled_bare
def accessible(p: Any, bulk: float) -> float:
    """Depletion of the surface that the threshold law allows at a composition of the bulk."""
    width = p[WIDTH]
    if width <= 0.0:
        return float(max(bulk - p[X_C], 1e-12))
    return float(max(width * softplus((bulk - p[X_C]) / width), 1e-12))


@compiled_bare
def availability(p: Any, bulk: float, room: float, surface: float) -> tuple[float, float]:
    """θ of a surface and its slope dθ/dx_s; 1 at the bulk's composition and above it.

    `room` is `accessible(p, bulk)`.
    """
    if p[LAYER] == NO_LAYER or surface >= bulk:
        return 1.0, 0.0
    if p[LAYER] == SMOOTH:
        width = p[WIDTH]
        y = (surface - p[X_C]) / width
        theta = width * softplus(y) / room
        slope = 1.0 / (1.0 + math.exp(-y)) / room if y > -700.0 else 0.0
    else:
        theta = 1.0 - (bulk - surface) / room
        slope = 1.0 / room
    if theta <= DRY:
        return DRY, 0.0
    return theta, slope


@compiled_bare
def emf(p: Any, surface: float) -> tuple[float, float]:
    """Voltage of an alloy surface against solid Na (V), −(RT/F) ln a − ΔG_m/F, and its slope."""
    x = min(max(surface, TRACE), 1.0)
    k = 1.0 - x
    d = 2.0 * x - 1.0
    excess = k * k * (p[RK0] + p[RK1] * (4.0 * x - 1.0) + p[RK2] * d * (6.0 * x - 1.0))
    slope = (
        -2.0 * k * (p[RK0] + p[RK1] * (4.0 * x - 1.0) + p[RK2] * d * (6.0 * x - 1.0))
        + k * k * (4.0 * p[RK1] + p[RK2] * (24.0 * x - 8.0))
    )  # fmt: skip
    level = -p[VT] * (math.log(x) + excess) - p[MELTING]
    if surface <= TRACE:
        return level, 0.0
    return level, -p[VT] * (1.0 / x + slope)


@compiled_bare
def pristine(p: Any, bulk: float) -> float:
    """Charge-transfer resistance of an interface in full contact at the bulk's composition."""
    amount = bulk
    if p[DEPENDENCE] == BY_CONCENTRATION:
        amount = bulk / (bulk * p[V_NA] + (1.0 - bulk) * p[V_K])
    return float(p[R0] * (p[REFERENCE] + p[FLOOR]) / (amount + p[FLOOR]))


@compiled_bare
def covered(p: Any, metal: float) -> tuple[float, float]:
    """Share of stripping that a deposit serves, and the gain of conductance that it brings."""
    if metal <= 0.0:
        return 0.0, 1.0
    share = metal / (metal + p[M_EDGE])
    gain = 1.0 + (1.0 / p[A0] - 1.0) * metal / (metal + p[M_C])
    return share, gain


@compiled_bare
def capacitance(p: Any, contact: float, theta: float, voltage: float) -> float:
    """Capacitance of the patch (F/cm²): what is depleted keeps only its double layer.

    A finite store, q = q_max/(1 + e^{v/w}), has the slope C_ps/cosh²(v/2w).
    """
    store = contact * p[C_PS] * power(theta, p[C_POWER])
    if p[C_WIDTH] < WIDEST:
        left = math.exp(-abs(voltage) / p[C_WIDTH])
        store *= 4.0 * left / ((1.0 + left) * (1.0 + left))
    return float(store + p[C_DL])


@compiled_bare
def tangent(
    p: Any, contact: float, theta: float, voltage: float, base: float
) -> tuple[float, float]:
    """C (F/cm²) and start (V) of the plain capacitor that charges alike about a voltage.

    C(v)·(v − base) is straightened at `voltage`, so that passes over a store that empties settle as
    Newton's method does. Where it bends too far for that, C there is taken as it is.
    """
    if p[C_WIDTH] >= WIDEST or voltage == base:
        return capacitance(p, contact, theta, voltage), base
    left = math.exp(-abs(voltage) / p[C_WIDTH])
    share = 1.0 / (1.0 + left)
    store = contact * p[C_PS] * power(theta, p[C_POWER]) * 4.0 * left * share * share
    value = store + p[C_DL]
    slope = -math.copysign(store * (1.0 - left) * share, voltage) / p[C_WIDTH]
    straight = value + slope * (voltage - base)
    if straight < 0.3 * value:
        return value, base
    return straight, voltage - value * (voltage - base) / straight


@compiled_bare
def layer_flux(
    p: Any, current: float, share: float, free: float, feed: float
) -> tuple[float, float]:
    """Flux out of the layer (mA/cm²) at a faradaic current, and its slope.

    `free` is the surface composition without flux and `feed` its fall per mA/cm². Na that would
    take the surface beyond saturation comes out as metal instead.
    """
    if current >= 0.0:
        return (1.0 - share) * current, 1.0 - share
    if feed <= 0.0:
        return (0.0, 0.0) if free >= p[SATURATION] else (current, 1.0)
    limit = min(0.0, (free - p[SATURATION]) / feed)
    if current < limit:
        return limit, 0.0
    return current, 1.0


@compiled_bare
def respond(
    p: Any,
    current: float,
    resistance: float,
    share: float,
    bulk: float,
    room: float,
    free: float,
    feed: float,
    voltage: float,
) -> tuple[float, float, float, float]:
    """How far a current is from what the kinetics give at a voltage.

    Returns
    -------
    miss : θ·g(v − E) − R·i (V), zero at the current that flows;
    slope : its derivative by the current at constant v; by_voltage : its derivative by v;
    theta : availability of Na at the surface.
    """
    flux, by_current = layer_flux(p, current, share, free, feed)
    surface = free - feed * flux
    theta, by_surface = availability(p, bulk, room, surface)
    level, level_slope = emf(p, surface)
    fall = -feed * by_current
    seen = share + (1.0 - share) * theta
    seen_slope = (1.0 - share) * by_surface * fall
    drive = voltage - (1.0 - share) * level
    steep = 1.0
    if p[KINETICS] == BUTLER_VOLMER:
        scaled = drive / (2.0 * p[VT])
        scaled = min(max(scaled, -300.0), 300.0)
        drive = 2.0 * p[VT] * math.sinh(scaled)
        steep = math.cosh(scaled)
    ohms = 1e-3 * resistance
    miss = seen * drive - ohms * current
    slope = seen_slope * drive - seen * steep * (1.0 - share) * level_slope * fall - ohms
    return miss, slope, seen * steep, theta


@compiled_bare
def root(a: float, b: float, c: float) -> float:
    """Root of a·x² − b·x + c = 0 that goes to c/b as a goes to zero."""
    inside = math.sqrt(max(b * b - 4.0 * a * c, 0.0))
    if b >= 0.0:
        return 2.0 * c / (b + inside) if b + inside > 0.0 else 0.0
    return (b - inside) / (2.0 * a) if a > 0.0 else c / b


@compiled_bare
def solve_threshold(
    p: Any,
    eta: float,
    before: float,
    charging: float,
    resistance: float,
    share: float,
    bulk: float,
    room: float,
    free: float,
    feed: float,
    sheet: float,
    seen_at: float,
    level: float,
    level_slope: float,
) -> tuple[float, float, float, float]:
    """Do what `solve_patch` does, for ohmic kinetics behind a threshold, in closed form.

    θ is linear in the current there, and so is the emf about the composition `seen_at` (its value
    is `level`, its slope `level_slope`): the current is a root of a quadratic.
    """
    ohm = 1e-3 * sheet
    weight = 1.0 + ohm * charging
    start = (eta + ohm * charging * before) / weight
    lean = ohm / weight
    ohms = 1e-3 * resistance
    alloy = 1.0 - share
    drive = start - alloy * (level + level_slope * (free - seen_at))
    stripping = drive > 0.0
    pull = feed * (alloy if stripping else 1.0)
    first = 1.0 - (bulk - free) / room
    back = -alloy * level_slope * pull
    turn = lean + back
    if p[LAYER] == NO_LAYER:
        first, pull = 1.0, 0.0
    bend = alloy * pull / room
    base = share + alloy * max(first, DRY)
    current = root(bend * turn, base * turn + bend * drive + ohms, base * drive)
    theta = max(first, DRY) - pull * current / room
    slope = bend
    if theta >= 1.0 or theta <= DRY:
        theta = 1.0 if theta >= 1.0 else DRY
        seen = share + alloy * theta
        current = seen * drive / (ohms + seen * turn)
        slope = 0.0
    if not stripping:
        limit = min(0.0, (free - p[SATURATION]) / feed) if feed > 0.0 else 0.0
        pinned = current < limit if feed > 0.0 else free >= p[SATURATION]
        if pinned:
            surface = free - feed * limit
            theta = min(max(1.0 - (bulk - surface) / room, DRY), 1.0)
            if p[LAYER] == NO_LAYER:
                theta = 1.0
            seen = share + alloy * theta
            drive = start - alloy * (level + level_slope * (surface - seen_at))
            current = seen * drive / (ohms + seen * lean)
            slope, back = 0.0, 0.0
    voltage = start - lean * current
    seen = share + alloy * theta
    steep = (ohms + slope * current * ohms / seen) / seen + back
    return current, voltage, theta, steep


@compiled_bare
def solve_patch(
    p: Any,
    eta: float,
    before: float,
    charging: float,
    guess: float,
    resistance: float,
    share: float,
    bulk: float,
    room: float,
    free: float,
    feed: float,
    sheet: float,
) -> tuple[float, float, float, float]:
    """Current, voltage, θ and dv/di of one patch at the interface's voltage `eta`.

    `charging` is C/a (mA/cm² per V) of the implicit step, `before` the voltage it starts from.
    The function that is solved falls and is convex for every law here, so Newton's method from the
    left goes straight to its root; a bracket holds it where the laws bend otherwise.
    """
    ohm = 1e-3 * sheet
    weight = 1.0 + ohm * charging
    source = (eta + ohm * charging * before) / weight
    lean = ohm / weight
    at_rest, _, _, theta = respond(p, 0.0, resistance, share, bulk, room, free, feed, source)
    if at_rest == 0.0:
        low = high = 0.0
    else:
        # θ ≤ 1, so that no more can flow than through a fresh patch.
        drive = abs(at_rest) / (share + (1.0 - share) * theta) if at_rest > 0 else 0.0
        most = drive / (1e-3 * resistance)
        low, high = (0.0, most) if at_rest > 0.0 else (-1.0, 0.0)
        if at_rest < 0.0:
            low = -1.0 - abs(guess)
            for _ in range(200):
                if (
                    respond(p, low, resistance, share, bulk, room, free, feed, source - lean * low)[
                        0
                    ]
                    >= 0.0
                ):
                    break
                high = low
                low *= 4.0
    current = guess if low < guess < high else low
    for _ in range(80):
        voltage = source - lean * current
        miss, slope, by_voltage, theta = respond(
            p, current, resistance, share, bulk, room, free, feed, voltage
        )
        if miss == 0.0:
            break
        if miss > 0.0:
            low = current
        else:
            high = current
        total = slope - lean * by_voltage
        after = current - miss / total if total < 0.0 else low - 1.0
        if not low <= after <= high:
            after = 0.5 * (low + high)
        done = abs(after - current) <= 1e-11 * abs(after) + 1e-15
        current = after
        if done:
            break
    voltage = source - lean * current
    _, slope, by_voltage, theta = respond(
        p, current, resistance, share, bulk, room, free, feed, voltage
    )
    return current, voltage, theta, -slope / by_voltage
