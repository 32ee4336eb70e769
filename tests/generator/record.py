"""Write a record as an instrument does: phase by phase, samples, sweeps and the true protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from anodescope.campaign import Campaign, build_node
from tests.generator.impedance import Arcs

Floats = npt.NDArray[np.float64]
Voltage = Callable[[Floats], Floats]  # seconds since the phase began (s) → V

AREA = 0.385  # cm²: O-ring of 7 mm inner diameter
FREQUENCY = np.logspace(np.log10(7e6), np.log10(5.0), 71)


@dataclass(frozen=True)
class Made:
    """A generated campaign.

    Attributes
    ----------
    campaign : with timeseries, steps and, where there are sweeps, spectra.
    protocol : the true protocol node.
    truth : true values by name; currents in A, charges in C, times in s, resistances in Ω.
    """

    campaign: Campaign
    protocol: xr.Dataset
    truth: dict[str, Any] = field(default_factory=dict)


@dataclass
class Record:
    """A record under way; `clock` is the time at which the next phase begins.

    Parameters
    ----------
    noise : relative noise of Z on each part.
    voltage_noise : of each sample (V).
    current_noise : of each sample, relative to the largest current of the record.
    """

    seed: int = 0
    noise: float = 0.002
    voltage_noise: float = 2e-5
    current_noise: float = 2e-4
    area: float = AREA
    frequency: Floats = field(default_factory=lambda: FREQUENCY)
    clock: float = 0.0

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self._samples: list[tuple[Floats, Floats, Floats, npt.NDArray[np.int64]]] = []
        self._phases: list[dict[str, npt.NDArray[Any]]] = []
        self._blocks: list[str] = []
        self._levels: dict[int, int] = {}
        self._sweeps: list[tuple[Floats, Floats, float, Arcs, int, str]] = []
        self._techniques: list[str] = []
        self._sequence: list[tuple[int, int]] = []  # source and sequence of each step

    # where we are

    def block(self, kind: str, technique: str) -> None:
        """Begin a block: a protocol of its own, run by one technique in one file."""
        self._blocks.append(kind)
        self._techniques.append(technique)
        self._level = -1
        self._step(new=True)

    def level(self, *, sequence: bool = False) -> None:
        """Begin a level; `sequence`: the instrument counts it as a sequence of its own."""
        self._level += 1
        if sequence and self._level:
            self._step(new=False)

    def _step(self, *, new: bool) -> None:
        source = len(self._techniques) - 1
        number = 0 if new else self._sequence[-1][1] + 1
        self._sequence.append((source, number))

    # phases

    def hold(self, current: float, duration: float, voltage: Voltage, interval: float) -> None:
        """Hold a current (A; zero is a rest), sampled every `interval` seconds."""
        inside = np.arange(interval, duration * (1 - 1e-9), interval)
        offsets = np.concatenate([[1e-3 * min(interval, duration)], inside, [duration]])
        self._record(offsets, voltage(offsets), np.full(offsets.size, current))
        self._phase("rest" if current == 0 else "current", duration, current)

    def sweep(self, current: float, duration: float, voltage: Voltage, arcs: Arcs) -> None:
        """Measure impedance from high to low frequency while a current flows (A; zero: PEIS)."""
        dwell = 3.0 / self.frequency + 0.05
        offsets = np.cumsum(dwell) / dwell.sum() * duration
        volts = voltage(offsets)
        self._record(offsets, volts, np.full(offsets.size, current))
        self._sweeps.append(
            (self.clock + offsets, volts, current, arcs, len(self._sequence) - 1,
             "PEIS" if current == 0 else "GEIS")
        )  # fmt: skip
        self._phase("sweep", duration, current, len(self._sweeps) - 1)

    def pulses(
        self, current: float, on: float, rest: float, volts_on: Floats, volts_off: Floats
    ) -> None:
        """Add many pulses at once: shape (pulses, samples) of voltage while on and at rest."""
        count, n = volts_on.shape
        m = volts_off.shape[1]
        inside = np.concatenate([np.arange(1, n + 1) / n * on, on + np.arange(1, m + 1) / m * rest])
        period = on + rest
        start = self.clock + np.arange(count) * period
        offsets = ((start - self.clock)[:, None] + inside).ravel()
        amps = np.tile(np.concatenate([np.full(n, current), np.zeros(m)]), count)
        self._record(offsets, np.concatenate([volts_on, volts_off], axis=1).ravel(), amps)
        edges = np.stack([start, start + on], axis=1)
        ends = np.stack([start + on, start + period], axis=1)
        level = self._level + 1 + np.arange(2 * count)
        columns = {
            "time_start": edges.ravel(), "time_end": ends.ravel(),
            "mode": np.tile(np.array(["current", "rest"], object), count),
            "current": np.tile([current, 0.0], count), "level": level,
        }  # fmt: skip
        self._add(columns)
        self._level = int(columns["level"][-1])
        self.clock += count * period

    def _record(self, offsets: Floats, volts: Floats, amps: Floats) -> None:
        step = np.full(offsets.size, len(self._sequence) - 1)
        self._samples.append((self.clock + offsets, volts, amps, step))

    def _phase(self, mode: str, duration: float, current: float, spectrum: int = -1) -> None:
        one = {"time_start": self.clock, "time_end": self.clock + duration, "mode": mode,
               "current": current, "level": self._level, "spectrum": spectrum}  # fmt: skip
        self._add({name: np.array([value], object if name == "mode" else None)
                   for name, value in one.items()})  # fmt: skip
        self.clock += duration

    def _add(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        size = columns["level"].size
        columns.setdefault("spectrum", np.full(size, -1))
        columns["block"] = np.full(size, len(self._blocks) - 1)
        self._phases.append(columns)

    # the end

    def made(self, **truth: Any) -> Made:
        """Return the campaign, its true protocol and what else is true."""
        time, volts, amps, step = (
            np.concatenate(column) for column in zip(*self._samples, strict=True)
        )
        scale = float(np.abs(amps).max()) or 1e-4
        volts = volts + self.voltage_noise * self.random.standard_normal(time.size)
        amps = amps + self.current_noise * scale * self.random.standard_normal(time.size)
        gaps = np.diff(time, prepend=time[0])
        nodes = {
            "timeseries": build_node(
                "timeseries",
                {"time": time, "voltage": volts, "current": amps,
                 "current_density": amps / self.area, "charge": np.cumsum(amps * gaps),
                 "step": step, "source": np.array(self._sequence)[step, 0]},
            ),
            "steps": self._steps(time, step),
        }  # fmt: skip
        if self._sweeps:
            nodes["spectra"] = self._spectra()
        return Made(Campaign(nodes, self._attrs(step)), self._protocol(), truth)

    def _steps(self, time: Floats, step: npt.NDArray[np.int64]) -> xr.Dataset:
        first = np.searchsorted(step, np.arange(len(self._sequence)), side="left")
        last = np.searchsorted(step, np.arange(len(self._sequence)), side="right") - 1
        source = np.array([s for s, _ in self._sequence])
        return build_node(
            "steps",
            {"technique": np.array(self._techniques, object)[source], "time_start": time[first],
             "time_end": time[last], "sequence": [n for _, n in self._sequence], "source": source},
        )  # fmt: skip

    def _spectra(self) -> xr.Dataset:
        count, width = len(self._sweeps), self.frequency.size
        time = np.stack([entry[0] for entry in self._sweeps])
        volts = np.stack([entry[1] for entry in self._sweeps])
        bias = np.array([entry[2] for entry in self._sweeps])
        clean = np.stack([entry[3].impedance(self.frequency) for entry in self._sweeps])
        white = self.random.standard_normal((2, count, width))
        z = clean + self.noise * np.abs(clean) * (white[0] + 1j * white[1])
        step = np.array([entry[4] for entry in self._sweeps])
        return build_node(
            "spectra",
            {"impedance": z, "frequency": np.tile(self.frequency, (count, 1)), "time": time,
             "valid": np.ones((count, width), bool), "voltage": volts,
             "current": np.tile(bias[:, None], (1, width)),
             "voltage_amplitude": 5e-6 * np.abs(z),
             "current_amplitude": np.full((count, width), 5e-6),
             "grid": np.zeros(count, int), "time_start": time[:, 0], "time_end": time[:, -1],
             "electrode": ["cell"] * count, "technique": [entry[5] for entry in self._sweeps],
             "bias_voltage": volts.mean(axis=1), "bias_current": bias,
             "bias_current_density": bias / self.area, "voltage_change": volts[:, -1] - volts[:, 0],
             "step": step, "source": np.array(self._sequence)[step, 0], "loop": np.arange(count)},
        )  # fmt: skip

    def _protocol(self) -> xr.Dataset:
        columns = {name: np.concatenate([part[name] for part in self._phases])
                   for name in self._phases[0]}  # fmt: skip
        block = columns["block"]
        count = [len(np.unique(columns["level"][block == k])) for k in range(len(self._blocks))]
        for k, kind in enumerate(self._blocks):
            if kind == "pulsed":
                count[k] = int(np.count_nonzero(columns["mode"][block == k] == "current"))
            elif kind in ("impedance_only", "rest_with_peis"):
                count[k] = int(np.count_nonzero(columns["mode"][block == k] == "sweep"))
        return build_node(
            "protocol",
            {**columns, "mode": columns["mode"].tolist(), "kind": self._blocks,
             "confidence": np.ones(len(self._blocks)), "count": count},
        )  # fmt: skip

    def _attrs(self, step: npt.NDArray[np.int64]) -> dict[str, Any]:
        rows = np.bincount(np.array(self._sequence)[step, 0], minlength=len(self._techniques))
        return {
            "title": "made by the tests' generator",
            "origin": "2025-05-16T09:30:00+00:00",
            "current_sign": "strips",
            "specimen": {"cell_id": f"made-{self.seed}", "composition": "NaK50",
                         "working_electrode": "alloy", "area_cm2": {"alloy": self.area}},
            "provenance": [
                {"source": f"made_{k:02d}_{name}.mpr", "sha256": f"{k:064x}", "reader": "generator",
                 "version": "0", "technique": name, "rows": int(rows[k])}
                for k, name in enumerate(self._techniques)
            ],
        }  # fmt: skip


def steady(volts: float) -> Voltage:
    """Return a voltage that does not change."""
    return lambda offset: np.full(offset.size, volts)


def joined(parts: Sequence[Floats]) -> Floats:
    """Join arrays; none give an empty one."""
    return np.concatenate(parts) if parts else np.empty(0)
