"""A virtual cell in three questions: what limits it, what pulses gain, and who says so.

1. The current of one patch in front of a slow ramp, beside κ·(x_b − x_c)·(1 − θ), which a steady
   layer must carry: the one number here that is known without a simulation.
2. Pulses of 1 s at 1 mA/cm² with 2 s of rest, beside their mean current and their peak current,
   held: the charge until 3 V. Pulses win against the peak and lose against the mean.
3. The numbers behind it, and which of them were fitted.

    python examples/virtual_cell.py
"""

from __future__ import annotations

import numpy as np

import anodescope as an
from anodescope.cell import Instrument
from anodescope.protocol import Block, Ramp

CUT = 3.0  # V
ON, REST, PEAK = 1.0, 2.0, 1.0  # s, s, mA/cm²


def limiting_current() -> tuple[float, float]:
    """Return the current (mA/cm²) at which a slow ramp reaches 3 V, and what a layer can carry."""
    cell = an.Cell.preset("NaK50").replace(
        patches=1, loss=None, pattern=None, **{"layer.spread": 0.0, "kinetics.sheet": 0.0}
    )
    ramp = Ramp(0.01, 2.0, 20000.0, voltage_limit=CUT)
    made = an.simulate(cell, an.Protocol((Block("staircase", (ramp,)),)))
    numbers, end = cell.numbers(), made["state"].isel(state_time=-1)
    theta, bulk = float(end["availability"][0]), float(end["bulk_fraction"])
    carried = numbers.kappa[0] * (bulk - numbers["critical_fraction"]) * (1.0 - theta)
    # A/cm² in the campaign.
    return 1e3 * float(made["timeseries"]["current_density"][-1]), float(carried)


def charge_until_cut(protocol: an.Protocol) -> float:
    """Return the charge (mAh/cm²) that NaK50 gives until 3 V."""
    # Each pulse has a sample at its start and its end in any case.
    sparse = Instrument(sampling=60.0).silent()
    made = an.simulate(an.Cell.preset("NaK50"), protocol, instrument=sparse)
    if "voltage_limit" not in made["events"]["kind"].values:
        raise SystemExit("the cell did not reach 3 V")
    return float(made["state"]["stripped"][-1])


def pulses_and_holds() -> dict[str, float]:
    """Return charges (mAh/cm²) of pulses, of their mean current and of their peak current."""
    mean = PEAK * ON / (ON + REST)
    long = 200 * 3600.0
    return {
        f"pulses, {ON:g} s on and {REST:g} s off at {PEAK:g} mA/cm²": charge_until_cut(
            an.protocols.pulsed_stripping(PEAK, ON, REST)
        ),
        f"their mean, {mean:.3f} mA/cm², held": charge_until_cut(
            an.protocols.hold(mean, long, voltage_limit=CUT)
        ),
        f"their peak, {PEAK:g} mA/cm², held": charge_until_cut(
            an.protocols.hold(PEAK, long, voltage_limit=CUT)
        ),
    }


def main() -> None:
    """Print the answers."""
    current, carried = limiting_current()
    print(f"a ramp reaches {CUT:g} V at {current:.4f} mA/cm²; a steady layer carries {carried:.4f}")
    for what, charge in pulses_and_holds().items():
        print(f"{what}: {charge:.2f} mAh/cm²")
    rows = an.Cell.preset("NaK50").table()
    kinds, counts = np.unique([row.origin for row in rows], return_counts=True)
    told = ", ".join(f"{n} {kind}" for kind, n in zip(kinds, counts, strict=True))
    print(f"the numbers behind it: {told}")


if __name__ == "__main__":
    main()
