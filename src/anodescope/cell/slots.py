"""Where each number of a cell stands in the vector that the kernel reads.

The laws of a cell are objects; a compiled kernel reads plain numbers. Each law says its numbers by
the names below (`numbers()`), and `pack` puts them in place. Nothing else knows an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from anodescope.errors import SettingsError

# Codes of the families of laws.
NO_LAYER, THRESHOLD, SMOOTH = 0, 1, 2
OHMIC, BUTLER_VOLMER = 0, 1
BY_CONCENTRATION, BY_FRACTION = 0, 1
NO_LOSS, POWER_LOSS, THRESHOLD_LOSS = 0, 1, 2
NO_FILAMENT, LINEAR_DAMAGE, CRACK = 0, 1, 2

# name: (default, unit and meaning)
SLOTS: Mapping[str, tuple[float, str]] = {
    # reservoir
    "sodium": (np.nan, "Na on board, mAh per cm² of the interface"),
    "potassium": (np.nan, "K on board, mAh per cm² as if each atom carried one charge"),
    "volume_na": (np.nan, "partial molar volume of Na, cm³/mol"),
    "volume_k": (np.nan, "partial molar volume of K, cm³/mol"),
    "thermal_voltage": (np.nan, "RT/F, V"),
    "excess_0": (0.0, "Redlich–Kister coefficients of the excess free energy over RT, 1"),
    "excess_1": (0.0, "second coefficient, 1"),
    "excess_2": (0.0, "third coefficient, 1"),
    "melting": (0.0, "free energy of melting of Na over F, V: activities are of liquid Na"),
    # layer
    "layer": (NO_LAYER, "code"),
    "critical_fraction": (0.0, "x_c, mole fraction of Na at which the interface runs dry"),
    "width": (0.0, "width of the threshold, mole fraction"),
    "saturation": (1.0, "x_L, mole fraction of Na at which metallic Na comes out"),
    # kinetics
    "kinetics": (OHMIC, "code"),
    "charge_transfer": (np.nan, "R0 at the reference composition, Ω·cm²"),
    "sheet": (0.0, "r0, ohmic resistance in series with each patch, Ω·cm²"),
    "dependence": (BY_CONCENTRATION, "code of what R_ct depends on"),
    "reference": (1.0, "c_ref (mol/cm³) or x_ref (1) at which R_ct is R0"),
    "floor": (0.0, "c_0 or x_0 added to both: keeps R_ct finite at pure K"),
    # interface capacitance
    "pseudo_capacitance": (0.0, "C_ps of a patch in full contact and not depleted, F/cm²"),
    "double_layer": (np.nan, "C_dl, which stays on a depleted patch, F/cm²"),
    "capacitance_power": (0.0, "p of C_ps θ^p, 1"),
    "capacitance_width": (np.inf, "w, voltage over which a finite store empties, V"),
    # loss of contact
    "loss": (NO_LOSS, "code"),
    "loss_rate": (0.0, "k_φ, 1/s"),
    "loss_power": (2.0, "power of u"),
    "loss_onset": (0.0, "u_0 above which a threshold law loses contact, 1"),
    "loss_heal": (np.inf, "τ_φ, s"),
    "loss_refill": (np.inf, "q_h: plated charge that refills lost contact, mAh/cm²"),
    "loss_start": (0.0, "share of contact that is missing at the start, 1"),
    # size of the voids
    "feature": (1e-4, "correlation length of the voids' pattern when they form, cm"),
    "coarsening": (0.0, "rate of coarsening: d(ℓ³)/dt, cm³/s"),
    "constriction": (0.0, "1/κ of the electrolyte under the voids, Ω·cm; 0: no constriction"),
    "thickness": (0.15, "of the electrolyte, cm"),
    "gap": (0.0, "capacitance over the voids, F/cm²"),
    # motion of the liquid
    "motion_current": (np.inf, "current density above which the liquid moves, mA/cm²"),
    "motion_loss": (0.0, "share of contact lost per mA/cm² above it, cm²/mA"),
    "motion_time": (1e-3, "its time constant, s"),
    # deposit
    "deposit_contact": (1.0, "a0: share of the patch that conducts without a deposit, 1"),
    "deposit_spread": (1.0, "m_c: deposit that doubles what is missing, mAh/cm²"),
    "deposit_time": (np.inf, "τ_m of re-alloying, s"),
    "deposit_edge": (1e-3, "deposit below which the alloy shares in stripping, mAh/cm²"),
    # filament
    "filament": (NO_FILAMENT, "code"),
    "filament_current": (np.inf, "i_C, mA/cm²"),
    "filament_rate": (0.0, "χ: 1/s per mA/cm² (damage) or 1/s (crack)"),
    "filament_start": (0.0, "length of the first defect over the thickness, 1"),
    "filament_stress": (0.0, "stress intensity over toughness at 1 V and full length, 1/V"),
    "filament_chip": (np.inf, "length over thickness at which the edge chips, 1"),
    "filament_close": (np.inf, "time in which an infiltrated crack closes at rest, s"),
    "filament_rest": (0.0, "length over thickness that stays open, 1"),
    "short_resistance": (1.0, "of a filament that bridges the electrolyte, Ω·cm²"),
    # everything in series
    "electrolyte": (0.0, "bulk and grain boundaries, Ω·cm²"),
    "counter_strip": (0.0, "counter electrode while it is stripped, Ω·cm²"),
    "counter_plate": (0.0, "counter electrode while it is plated, Ω·cm²"),
    "counter_capacitance": (1e-6, "of the counter electrode, F/cm²"),
}  # fmt: skip

INDEX: Mapping[str, int] = {name: place for place, name in enumerate(SLOTS)}


def pack(parts: Iterable[Mapping[str, float]]) -> NDArray[np.float64]:
    """Put the numbers of all laws in place.

    Parameters
    ----------
    parts : numbers by slot, one mapping per law; no slot is given twice.

    Returns
    -------
    vector (slot,), float64.

    Raises
    ------
    SettingsError
        for an unknown slot, a slot given twice, or one that has no default and is missing.
    """
    vector = np.array([default for default, _ in SLOTS.values()], dtype=float)
    given: set[str] = set()
    for part in parts:
        for name, value in part.items():
            if name not in INDEX:
                raise SettingsError(f"Cell: a law gives {name!r}, which is no number of a cell.")
            if name in given:
                raise SettingsError(f"Cell: two laws give {name!r}; expected one.")
            given.add(name)
            vector[INDEX[name]] = float(value)
    missing = [name for name in SLOTS if np.isnan(vector[INDEX[name]])]
    if missing:
        raise SettingsError(f"Cell: no law gives {missing[0]!r}, {SLOTS[missing[0]][1]}.")
    return vector
