"""The spectra node of a simulation, and how linear a sweep is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import build_node
from anodescope.cell.engine import Engine, Kept
from anodescope.cell.instrument import Instrument
from anodescope.cell.march import depletion
from anodescope.cell.patch import accessible
from anodescope.cell.recorder import Spectrum
from anodescope.cell.reference import Reference
from anodescope.cell.response import admittance, faradaic
from anodescope.cell.slots import INDEX

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


def nonlinearity(
    engine: Engine, kept: Kept, frequency: float, current: float, amplitude: float
) -> float:
    """Largest relative change of Z while the perturbation swings the state.

    The state is moved by what the perturbation's peak does to it at this frequency, up and down,
    and Z is taken again there: half of the difference over Z. It is 0 for a linear cell.

    Parameters
    ----------
    engine : the cell.
    kept : one state.
    frequency : Hz, the lowest of the sweep, at which the state swings most.
    current, amplitude : (mA/cm²) of the cell, and of the perturbation's peak.
    """
    nothing = np.zeros(1, np.complex128)
    point = np.array([frequency])
    here = engine.impedance(kept, point, nothing, current)[0][0]
    swing = _swing(engine, kept, frequency, 1e-3 * amplitude * here)
    there = []
    for sign in (1.0, -1.0):
        moved = Kept(kept.time, kept.patches + sign * swing[None], kept.once)
        there.append(engine.impedance(moved, point, nothing, current)[0][0])
    return float(abs(there[0] - there[1]) / (2.0 * abs(here)))


def _swing(engine: Engine, kept: Kept, frequency: float, eta: complex) -> Floats:
    """Change of the layers and of the interface voltages at the peak of a perturbation η (V)."""
    p, modes = engine.p, engine.modes
    state, once = kept.patches[0], kept.once[0]
    theta = np.ones(engine.laws.kappa.size)
    _, bulk, _ = depletion(p, state, once, modes, theta)
    room = accessible(p, bulk)
    omega = 2.0 * np.pi * frequency
    sheet = p[INDEX["sheet"]]
    swing: Floats = np.zeros(state.shape)
    for j in range(engine.laws.kappa.size):
        through = admittance(engine.laws, state, j, bulk, room, omega)
        flow = 1e3 * eta * through  # mA/cm²
        volt = eta - 1e-3 * sheet * flow
        now = faradaic(p, state, modes, j, bulk, room)
        # Of the current, what is not in the capacitor goes through the layer.
        share = now[3] / now[1] if now[1] > 0 else 0.0
        flux = min(abs(1e3 * volt * share), abs(flow)) * np.sign(flow.real or 1.0)
        decay = 1.0 + 1j * omega * engine.laws.tau[j] / engine.laws.rates
        swing[j, :modes] = (engine.laws.weights / decay).real * flux / engine.laws.kappa[j]
        swing[j, modes] = volt.real
    return swing


def spectra_node(
    found: Sequence[Spectrum],
    area: float,
    meter: Instrument,
    random: np.random.Generator,
    reference: Reference | None,
    series: Mapping[str, NDArray[Any]],
) -> xr.Dataset:
    """Return the spectra node, in Ω and A, as the instrument reads it.

    Parameters
    ----------
    found : the sweeps, in order of time.
    area : (cm²).
    meter, random : the instrument and the source of its noise.
    reference : adds rows for the working and the counter electrode.
    series : variables of the time series: a point's dc values are those of its row there.
    """
    width = max(one.planned for one in found)
    grids: dict[bytes, int] = {}
    rows: dict[str, list[Any]] = {}
    for number, one in enumerate(found):
        parts: dict[str, tuple[Complex, str]] = {"cell": (one.whole, "voltage")}
        if reference is not None:
            working, counter = reference.parts(one.interface, one.counter, one.electrolyte)
            # A filament that bridges the electrolyte is beside both: they share what is left.
            share = one.whole / (one.interface + one.counter + one.electrolyte)
            parts = {
                "cell": (one.whole, "cell_voltage"),
                "working": (working * share, "voltage"),
                "counter": (counter * share, "counter_voltage"),
            }
        grid = grids.setdefault(one.frequency.tobytes(), len(grids))
        place = np.flatnonzero(series["step"] == one.step)[: one.frequency.size]
        for electrode, (z, name) in parts.items():
            dc = (series[name][place], series["current"][place])
            row = _row(one, z / area, area, meter, random, width, dc)
            row |= {"electrode": electrode, "grid": grid, "loop": number}
            for key, value in row.items():
                rows.setdefault(key, []).append(value)
    return build_node("spectra", {name: np.array(values) for name, values in rows.items()})


def _row(
    one: Spectrum, z: Complex, area: float, meter: Instrument, random: np.random.Generator,
    width: int, dc: tuple[Floats, Floats],
) -> dict[str, Any]:  # fmt: skip
    """Return one row of the node; points that were not measured are padded."""
    count = one.frequency.size
    amplitude = 1e-3 * area * one.amplitude
    read = meter.measured_impedance(z, 1e-3 * area * one.current, amplitude, random)
    volt, current = dc

    def padded(values: NDArray[Any], nothing: Any = np.nan) -> NDArray[Any]:
        row = np.full(width, nothing, dtype=values.dtype)
        row[:count] = values
        return row

    return {
        "impedance": padded(read, complex(np.nan, np.nan)),
        "frequency": padded(one.frequency), "time": padded(one.time),
        "valid": padded(np.ones(count, bool), False),
        "voltage": padded(volt), "current": padded(current),
        "current_amplitude": padded(amplitude), "voltage_amplitude": padded(amplitude * np.abs(z)),
        "time_start": one.time[0], "time_end": one.time[-1], "technique": one.technique,
        "bias_voltage": volt.mean(), "bias_current": current.mean(),
        "bias_current_density": current.mean() / area, "voltage_change": volt[-1] - volt[0],
        "step": one.step, "nonlinearity": one.nonlinearity, "drift_effect": one.drift,
    }  # fmt: skip
