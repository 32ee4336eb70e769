"""Part of the comparison `cell`: our own side, run in a fresh interpreter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anodescope.bench.peers import Answer, ask_ourselves
from anodescope.cell import march, slots
from anodescope.cell.cell import Cell
from anodescope.cell.engine import Accuracy, Engine
from anodescope.cell.instrument import Instrument
from anodescope.cell.modes import layer_modes
from anodescope.cell.simulate import simulate
from anodescope.errors import SettingsError
from anodescope.protocol import Protocol, protocols

Floats = npt.NDArray[np.float64]

PREPARE = "from anodescope.bench import cell_ours"
# What a phase has where nothing limits it.
FREE = (np.inf, np.inf, np.nan, 0.0)


def bare_cell(patches: int = 1) -> Cell:
    """NaK50 without what the model of the peer leaves out: constriction and filament."""
    return Cell.preset("NaK50").replace(patches=patches, pattern=None, filament=None)


def one_patch() -> dict[str, npt.ArrayLike]:
    """Return the numbers of the cell that both sides march, one patch, as arrays.

    Raises
    ------
    SettingsError
        where the preset has laws that the peer's model does not.
    """
    found = bare_cell().numbers()
    held = {"layer": slots.THRESHOLD, "kinetics": slots.OHMIC, "loss": slots.POWER_LOSS}
    other = [name for name, code in held.items() if found[name] != code]
    other += [name for name in ("constriction", "counter_strip", "counter_plate") if found[name]]
    if other:
        raise SettingsError(f"bench cell: the model of PyBaMM has no other law of {other[0]}.")
    weights, rates = layer_modes(Accuracy().modes)
    return {
        "names": np.array(found.names),
        "values": found.p,
        "kappa": found.kappa[0],
        "tau": found.tau[0],
        "weights": weights,
        "rates": rates,
    }


def ask_ours(
    phases: Sequence[tuple[float, float]],
    repeats: int,
    *,
    tolerance: float = Accuracy().tolerance,
    patches: int = 1,
    fractions: Sequence[float] = (1.0,),
) -> Answer:
    """March through the phases in a fresh interpreter; see `cell_pybamm.ask_pybamm`."""
    given = {
        "phases": np.asarray(phases, dtype=float),
        "repeats": repeats,
        "tolerance": tolerance,
        "patches": patches,
        "fractions": np.asarray(fractions, dtype=float),
    }
    return ask_ourselves(PREPARE, "result.update(cell_ours.marched(given))", given)


def ask_verb(what: str, count: int, patches: int) -> Answer:
    """Time the verb `simulate` in a fresh interpreter: "pulses" or "staircase"."""
    given = {"what": what, "count": count, "patches": patches}
    return ask_ourselves(PREPARE, "result.update(cell_ours.simulated(given))", given)


def marched(given: dict[str, Any]) -> dict[str, npt.ArrayLike]:
    """March, in this process: voltages (V) and processor time (s)."""
    cell = bare_cell(int(given["patches"])).numbers()
    rows = np.array([[march.CURRENT, i, i, long, *FREE] for i, long in given["phases"]])
    repeats, accuracy = int(given["repeats"]), Accuracy(float(given["tolerance"]))

    def fresh() -> Engine:
        return Engine(cell.p, cell.kappa, cell.tau, accuracy=accuracy, every=np.inf)

    begin = time.process_time()
    fresh().advance(rows[:1])
    ready = time.process_time()
    engine = fresh()
    if given["fractions"].size > 1:
        volts = np.concatenate(
            [_inside(engine, row, given["fractions"]) for _ in range(repeats) for row in rows]
        )
    else:
        _, samples, _ = engine.advance(rows, repeats)
        number = samples[:, march.REPEAT] * len(rows) + samples[:, march.PHASE]
        last = np.searchsorted(number, np.arange(repeats * len(rows)), "right") - 1
        volts = samples[last, march.VOLT]
    done = time.process_time()
    return {"volts": volts, "set_up": ready - begin, "seconds": done - ready}


def _inside(engine: Engine, row: Floats, fractions: Floats) -> Floats:
    """March through one phase; return the voltage at fractions of it."""
    current = float(row[march.START])
    marks = row[march.DURATION] * fractions
    _, _, kept = engine.advance(row[None], marks=marks)
    p, table, modes = engine.p, engine.laws.table, engine.modes
    return np.array(
        [
            march.terminal(p, table, patches, once, modes, march.CURRENT, current)[0]
            for patches, once in zip(kept.patches, kept.once, strict=True)
        ]
    )


def simulated(given: dict[str, Any]) -> dict[str, npt.ArrayLike]:
    """Time the verb, in this process."""
    patches, count = int(given["patches"]), int(given["count"])
    cell = Cell.preset("NaK50").replace(patches=patches)
    meter = Instrument(sampling=1e9).silent()
    if str(given["what"]) == "staircase":
        plan, first = (
            protocols.staircase_geis(0.05, 1.0, 0.01),
            protocols.staircase_geis(0.05, 0.1, 0.01),
        )
        meter = Instrument().silent()
    else:
        plan, first = pulse_train(count), pulse_train(3)
    begin = time.process_time()
    simulate(cell, first, instrument=meter)
    ready = time.process_time()
    found = simulate(cell, plan, instrument=meter)
    done = time.process_time()
    spectra = found["spectra"].sizes["spectrum"] if "spectra" in found else 0
    worst = float(np.abs(found["timeseries"]["voltage"].values).max())
    steps = found["steps"].sizes["step"]
    return {
        "set_up": ready - begin,
        "seconds": done - ready,
        "spectra": spectra,
        "worst": worst,
        "steps": steps,
    }


def pulse_train(count: int, current: float = 0.5) -> Protocol:
    """Pulses of 1 s at a current (mA/cm²), each followed by 2 s of rest; no limit."""
    return protocols.pulsed_stripping(current, 1.0, 2.0, count=count, voltage_limit=None)
