"""What a simulation writes down, and the nodes of a Campaign that are made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from anodescope.campaign import build_node
from anodescope.cell import march
from anodescope.cell.engine import Kept
from anodescope.cell.patch import accessible, availability
from anodescope.cell.slots import INDEX
from anodescope.cell.slow import bulk_fraction
from anodescope.cell.stage import CHARGE, CHIPPED, COUNTER, CRACKED, PERIOD

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Spectrum:
    """One sweep as the cell gives it.

    Attributes
    ----------
    step : row of the steps node; technique : GEIS or PEIS.
    frequency, time : (point,) Hz, s; points behind the end of the test are not there.
    planned : number of points that the sweep should have.
    interface, counter, whole : (point,) impedance (Ω·cm²) of the parts and of the cell.
    electrolyte : (point,) impedance of the electrolyte (Ω·cm²).
    volt, current : (point,) dc voltage (V) and current (mA/cm²).
    amplitude : (point,) peak of the current's perturbation (mA/cm²).
    nonlinearity, drift : see the glossary.
    """

    step: int
    technique: str
    frequency: Floats
    time: Floats
    planned: int
    interface: NDArray[np.complex128]
    counter: NDArray[np.complex128]
    whole: NDArray[np.complex128]
    electrolyte: NDArray[np.complex128]
    volt: Floats
    current: Floats
    amplitude: Floats
    nonlinearity: float
    drift: float


@final
@dataclass(slots=True)
class Recorder:
    """Samples, steps, states, spectra and events in the order in which they come."""

    samples: list[Floats] = field(default_factory=list)
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    techniques: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    charges: list[float] = field(default_factory=list)
    spectra: list[Spectrum] = field(default_factory=list)
    states: list[Kept] = field(default_factory=list)
    events: list[tuple[float, str, str]] = field(default_factory=list)

    def add(self, samples: Floats, rows: NDArray[np.int64]) -> None:
        """Add samples (sample, 11) and the steps that they belong to."""
        self.samples.append(samples)
        self.rows.append(rows)

    def step(self, technique: str, start: float, end: float, charge: float) -> int:
        """Add one step with the charge that it passed (mAh/cm²); return its row."""
        self.techniques.append(technique)
        self.starts.append(start)
        self.ends.append(end)
        self.charges.append(charge)
        return len(self.techniques) - 1


def steps_node(recorder: Recorder, area: float) -> xr.Dataset:
    """Return the steps node; the mean current of a step is its charge over its time."""
    count = len(recorder.techniques)
    charge = 3.6 * area * np.array(recorder.charges)  # C
    start, end = np.array(recorder.starts), np.array(recorder.ends)
    long = end - start
    current = np.divide(charge, long, out=np.full(count, np.nan), where=long > 0)
    return build_node(
        "steps",
        {
            "technique": recorder.techniques, "time_start": start, "time_end": end,
            "sequence": np.arange(count), "current": current, "charge": charge,
        },
    )  # fmt: skip


def joined(recorder: Recorder) -> tuple[Floats, NDArray[np.int64]]:
    """Return all samples, in order of time, and their steps."""
    if not recorder.samples:
        return np.empty((0, march.SAMPLE_COLUMNS)), np.empty(0, np.int64)
    samples = np.concatenate(recorder.samples)
    # A phase ends where the next begins; the last digit of the sum must not say otherwise.
    samples[:, march.TIME] = np.maximum.accumulate(samples[:, march.TIME])
    return samples, np.concatenate(recorder.rows)


def liquid_volume(p: Floats, area: float, charge: Floats, metal: Floats) -> Floats:
    """Return the volume (cm³) of what stands on the electrolyte, by ideal partial volumes.

    Parameters
    ----------
    p : numbers of the cell. area : of the interface (cm²).
    charge, metal : stripped, and deposited as metal (mAh/cm²), of one shape. The metal is left out.
    """
    from anodescope.materials import FARADAY

    sodium = np.maximum(p[INDEX["sodium"]] - charge - metal, 0.0) * p[INDEX["volume_na"]]
    potassium = p[INDEX["potassium"]] * p[INDEX["volume_k"]]
    volume: Floats = 3.6 / FARADAY * area * (sodium + potassium)
    return volume


def state_node(p: Floats, kept: list[Kept], area: float) -> xr.Dataset:
    """Return the state node of the states that were kept, in order of time; `area` in cm²."""
    time = np.concatenate([one.time for one in kept])
    patches = np.concatenate([one.patches for one in kept])
    once = np.concatenate([one.once for one in kept])
    modes = patches.shape[2] - 4
    deposit = patches[:, :, modes + 2]
    bulk = np.array(
        [bulk_fraction(p, q, m) for q, m in zip(once[:, CHARGE], deposit.mean(1), strict=True)]
    )
    surface = bulk[:, None] - patches[:, :, :modes].sum(2)
    theta = np.array(
        [
            [availability(p, b, accessible(p, b), x)[0] for x in row]
            for b, row in zip(bulk, surface, strict=True)
        ]
    )
    lost, moved = patches[:, :, modes + 1], patches[:, :, modes + 3]
    values: dict[str, Any] = {
        "state_time": time, "stripped": once[:, CHARGE], "bulk_fraction": bulk,
        "liquid_volume": liquid_volume(p, area, once[:, CHARGE], deposit.mean(1)),
        "filament": once[:, CRACKED], "chipped": once[:, CHIPPED] > 0.5,
        "void_length": np.cbrt(once[:, PERIOD]), "counter_overvoltage": once[:, COUNTER],
        "contact": (1.0 - lost) * (1.0 - moved), "lost_contact": lost, "moved_contact": moved,
        "surface_fraction": surface, "availability": theta, "deposited_sodium": deposit,
        "interface_voltage": patches[:, :, modes],
    }  # fmt: skip
    return build_node("state", values)


def events_of(samples: Floats) -> list[tuple[float, str, str]]:
    """Return what the filament did, from its length in the samples."""
    if len(samples) < 2:
        return []
    length, time = samples[:, march.FILAMENT], samples[:, march.TIME]
    over = length >= 1.0
    begins = np.flatnonzero(over[1:] & ~over[:-1]) + 1
    ends = np.flatnonzero(~over[1:] & over[:-1]) + 1
    return [
        *((float(time[k]), "short_circuit", "A filament bridges the electrolyte.") for k in begins),
        *((float(time[k]), "short_open", "The bridging filament has parted.") for k in ends),
    ]


def chip_event(p: Floats, samples: Floats) -> list[tuple[float, str, str]]:
    """Return when the edge of the electrolyte chipped, if it did."""
    chip = p[INDEX["filament_chip"]]
    passed = np.flatnonzero(samples[:, march.FILAMENT] >= chip)
    if not np.isfinite(chip) or not passed.size:
        return []
    when = float(samples[passed[0], march.TIME])
    return [(when, "edge_chipped", "The crack has chipped the edge and is infiltrated.")]
