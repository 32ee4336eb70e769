"""Numbers of a cell for the tests of the kernel: PHYSICS.md's table, with any of them changed."""

from __future__ import annotations

import math

import numpy as np

from anodescope.cell import slots
from anodescope.cell.modes import thickness_quantiles
from anodescope.cell.slots import pack

FARADAY = 96485.33212
SODIUM, POTASSIUM = 22.98977, 39.0983
VOLUMES = SODIUM / 0.944, POTASSIUM / 0.837
DIFFUSIVITY, THICKNESS, MOLAR = 1.1331e-11, 6.91e-6, 0.0311


def numbers(weight=0.5, patches=4, spread=0.6, stretch=1.0, **changes):
    """p, kappa, tau; `weight` is the share of K, `stretch` scales thickness and diffusivity."""
    x = ((1 - weight) / SODIUM) / ((1 - weight) / SODIUM + weight / POTASSIUM)
    moles = 0.040 / (x * VOLUMES[0] + (1 - x) * VOLUMES[1])
    charge = FARADAY / 3.6 / (math.pi * 0.35**2)
    values = {
        "sodium": x * moles * charge, "potassium": (1 - x) * moles * charge,
        "volume_na": VOLUMES[0], "volume_k": VOLUMES[1],
        "thermal_voltage": 8.314462618 * 298.15 / FARADAY, "excess_0": 1.0,
        "layer": slots.THRESHOLD, "critical_fraction": 0.43646, "width": 0.005,
        "saturation": 0.684, "kinetics": slots.OHMIC, "charge_transfer": 69.0, "sheet": 62.0,
        "dependence": slots.BY_FRACTION, "reference": 0.63, "pseudo_capacitance": 1.2e-3,
        "double_layer": 2e-6, "capacitance_power": 3.0, "loss": slots.POWER_LOSS,
        "loss_rate": 1.16e-3, "loss_heal": 2.55e4, "loss_refill": 1.87, "deposit_contact": 0.153,
        "deposit_spread": 0.786, "deposit_time": 1.71e4, "filament": slots.LINEAR_DAMAGE,
        "filament_current": 2.48, "filament_rate": 1.87e-4, "electrolyte": 300.0,
    } | changes  # fmt: skip
    thick = stretch * THICKNESS * thickness_quantiles(spread if patches > 1 else 0.0, patches)
    spread_out = stretch * DIFFUSIVITY
    return pack([values]), 1e3 * FARADAY * MOLAR * spread_out / thick, thick**2 / spread_out


def phase(
    current=None,
    duration=1.0,
    *,
    voltage=None,
    stop=None,
    limit=np.inf,
    charge=np.inf,
    fraction=np.nan,
    short=False,
    found=False,
):
    """One row of the march's table of phases."""  # fmt: skip
    kind, value = (0.0, current) if current is not None else (1.0, voltage)
    if found:
        kind, value = 2.0, 0.0
    return [kind, value, value if stop is None else stop, duration, limit, charge, fraction, short]
