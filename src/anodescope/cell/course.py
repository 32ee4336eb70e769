"""One run of a cell through a protocol: what is asked of the engine, and what is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.campaign import Campaign, build_node, step_entry
from anodescope.cell import march
from anodescope.cell.cell import Cell
from anodescope.cell.engine import Engine, Kept, repeated
from anodescope.cell.instrument import Instrument
from anodescope.cell.loss import MapLoss
from anodescope.cell.orders import Order, orders
from anodescope.cell.projective import Leaps, Projective, project
from anodescope.cell.recorder import (
    Recorder,
    Spectrum,
    chip_event,
    events_of,
    joined,
    state_node,
    steps_node,
)
from anodescope.cell.reference import Reference
from anodescope.cell.spectra import nonlinearity, spectra_node
from anodescope.cell.stage import COUNTER, CRACKED
from anodescope.errors import AnodescopeError, Cancelled, SettingsError
from anodescope.protocol import Ends, Protocol, Sweep
from anodescope.running import Run

Floats = NDArray[np.float64]

# States that are kept at most for the state node, and of one repetition.
STATES = 4000
REPEATED_STATES = 1000
# Of one phase: each so many seconds, and so many at most.
STATE_EVERY, MOST_STATES = 60.0, 60

COMPLIANCE = (
    "compliance",
    "The voltage is beyond what the instrument can drive; the protocol ends with that.",
)
REASONS = {
    march.LIMIT_VOLTAGE: ("voltage_limit", "The voltage reached its limit."),
    march.LIMIT_CHARGE: ("charge_limit", "The charge of the step reached its limit."),
    march.LIMIT_FRACTION: ("composition_limit", "The alloy reached the composition asked for."),
    march.EMPTY: ("no_sodium", "No Na is left to strip; the protocol ends with that."),
    march.LIMIT_SHORT: ("short_limit", "The cell is shorted, and the step ends with that."),
}
# Amplitudes where a sweep states none: the paper's 5 µA, and 10 mV, which is assumed.
GEIS_AMPLITUDE, PEIS_AMPLITUDE = 5e-6, 1e-2


class SimulationError(AnodescopeError):
    """A simulation could not go on; the text says where and what to try."""


@final
@dataclass(slots=True)
class _Stop(Exception):  # noqa: N818  (a state, not a fault)
    """A limit ended more than its step: the block, or all."""

    all: bool


@final
class Course:
    """One run: the engine, and what is written down."""

    def __init__(
        self, cell: Cell, engine: Engine, meter: Instrument, instantaneous: bool,
        projective: Projective | None, run: Run,
    ) -> None:  # fmt: skip
        self.cell, self.engine, self.meter = cell, engine, meter
        self.instantaneous, self.projective, self.run = instantaneous, projective, run
        self.warnings: list[str] = []
        engine.between = self._between
        self.area = cell.area
        self.recorder = Recorder()
        owner = cell.loss.owner(engine) if isinstance(cell.loss, MapLoss) else None
        self.owned: dict[str, Any] = (
            {"pause": owner.interval, "paused": owner.update} if owner is not None else {}
        )

    def follow(self, protocol: Protocol) -> None:
        """Run all blocks; a limit ends its step, its block or everything, as it says."""
        factor = 1.0 if protocol.unit == "mA/cm²" else 1e3 / self.area
        total = len(protocol.blocks)
        self.recorder.states.append(self.engine.now())
        for number, block in enumerate(protocol.blocks):
            self.run.progress("simulate", number, total)
            try:
                for order in orders(block.steps, factor):
                    if self.run.cancelled():
                        raise Cancelled(f"simulate: stopped in block {number + 1} of {total}.")
                    self._obey(order)
            except _Stop as stop:
                if stop.all:
                    break
        self.run.progress("simulate", total, total)

    def _obey(self, order: Order) -> None:
        if order.sweep is not None:
            self._sweep(order, order.sweep)
        elif self.projective is not None and order.repeats > 2 * self.projective.settle:
            self._leap(order, self.projective)
        else:
            self._march(order)

    def _between(self, time: float) -> None:
        if self.run.cancelled():
            raise Cancelled(f"simulate: stopped at {time:.6g} s of the cell's time.")

    def _leap(self, order: Order, plan: Projective) -> None:
        """Run phases over and over, leaping; without owners of maps, whose state is elsewhere."""
        if self.owned or any(end is Ends.STEP for end in order.ends):
            self._march(order)
            return

        def turns(count: int) -> None:
            self._march(replace(order, repeats=count))

        period = float(order.phases[:, march.DURATION].sum())
        leaps = Leaps()
        try:
            project(self.engine, turns, order.repeats, period, plan, leaps)
        finally:
            self.warnings.append(
                f"{leaps.over} of {order.repeats} repetitions were leapt over, not integrated; "
                f"the error of contact is estimated as at most {leaps.error:.1e}."
            )

    def _march(self, order: Order) -> None:
        """Run phases over and over; a limit that ends its step only lets the rest go on."""
        left, phase = order.repeats, 0
        phases = order.phases
        while left > 0:
            rows = phases[phase:] if phase else phases
            turns = 1 if phase else left
            keep = min(REPEATED_STATES, turns * len(rows))
            # One long phase: its states in between, where a filament grows or a layer recovers.
            marks = _between_ends(rows[0, march.DURATION]) if turns * len(rows) == 1 else None
            why, samples, kept = self.engine.advance(
                self._within(rows), turns, marks=marks, keep=keep, **self.owned
            )
            done = self._write(order, phase, samples)
            self._keep(kept)
            if not len(kept.time) or kept.time[-1] != self.engine.time:
                self._keep(self.engine.now())
            self._note(why, order, phase + int(samples[-1, march.PHASE]))
            if why == march.DONE:
                left, phase = left - turns, 0
                continue
            place = phase + int(samples[-1, march.PHASE])
            left -= done
            phase = place + 1
            self._end(why, order, place)
            if phase >= len(phases):
                phase, left = 0, left - 1

    def _write(self, order: Order, first: int, samples: Floats) -> int:
        """Write samples and a step per phase that ran; return the whole turns before the last."""
        width = len(order.phases) - first
        number = (samples[:, march.REPEAT] * width + samples[:, march.PHASE]).astype(np.int64)
        ran = int(number[-1]) + 1
        base = len(self.recorder.techniques)
        begins = np.searchsorted(number, np.arange(ran))
        last = np.searchsorted(number, np.arange(ran), "right") - 1
        times = samples[:, march.TIME]
        names = order.techniques[first:]
        self.recorder.techniques += [names[k % width] for k in range(ran)]
        self.recorder.starts += times[begins].tolist()
        self.recorder.ends += times[last].tolist()
        passed = samples[:, march.PASSED]
        self.recorder.charges += (passed[last] - passed[begins]).tolist()
        self.recorder.add(samples, base + number)
        self._look(samples)
        return int(samples[-1, march.REPEAT])

    def _sweep(self, order: Order, sweep: Sweep) -> None:
        """Measure one spectrum while the cell goes on."""
        frequency = np.asarray(sweep.frequencies(), dtype=float)
        row = order.phases
        marks = self.meter.instants(sweep)
        start = self.engine.time
        technique = order.techniques[0]
        why, samples, kept = self.engine.advance(self._within(row), marks=marks, **self.owned)
        held = 0 if row[0, march.HELD] == march.CURRENT else 1
        value = float(row[0, march.START]) if held == 0 else float(samples[0, march.VOLT])
        count = len(kept.time)
        points = self._points(kept, held, value)
        charge = float(samples[-1, march.PASSED] - samples[0, march.PASSED])
        step = self.recorder.step(technique, start, self.engine.time, charge)
        points[:, march.TIME] = np.minimum(start + marks[:count], self.engine.time)
        # The samples of a sweep are its points; where a limit cut it short, its end as well.
        rest = samples[-1:] if why != march.DONE else samples[:0]
        both = np.concatenate([points, rest])
        self.recorder.add(both, np.full(len(both), step))
        if count:
            self.recorder.spectra.append(
                self._spectrum(sweep, frequency, points, kept, technique, step)
            )
        self._look(samples)
        self._keep(self.engine.now())
        self._note(why, order, 0)
        if why != march.DONE:
            self._end(why, order, 0)

    def _points(self, kept: Kept, held: int, value: float) -> Floats:
        """Return a sample per state that a sweep kept."""
        engine, p = self.engine, self.engine.p
        samples = np.full((len(kept.time), march.SAMPLE_COLUMNS), np.nan)
        for k in range(len(kept.time)):
            volt, flow = march.terminal(
                p, engine.laws.table, kept.patches[k], kept.once[k], engine.modes, held, value
            )
            samples[k, march.VOLT], samples[k, march.FLOW] = volt, flow
            samples[k, march.V_COUNTER] = kept.once[k, COUNTER]
            samples[k, march.FILAMENT] = kept.once[k, CRACKED]
        return samples

    def _spectrum(
        self, sweep: Sweep, frequency: Floats, points: Floats, kept: Kept, technique: str, step: int
    ) -> Spectrum:
        engine, count = self.engine, len(kept.time)
        planned, frequency = frequency.size, frequency[:count]
        through = self.cell.electrolyte_impedance(frequency)
        flows = points[:, march.FLOW]
        moving = engine.impedance(kept, frequency, through, flows)
        middle = count // 2
        still = repeated(_one(kept, middle), count)
        frozen = engine.impedance(still, frequency, through, flows[middle])
        used = frozen if self.instantaneous else moving
        amplitude = self._amplitude(sweep, used[2])
        return Spectrum(
            step, technique, frequency, points[:, march.TIME], planned, *used, through,
            points[:, march.VOLT], flows, amplitude,
            nonlinearity(engine, _one(kept, count - 1), float(frequency[-1]),
                         float(flows[-1]), float(amplitude[-1])),
            float(np.max(np.abs(moving[2] / frozen[2] - 1.0))),
        )  # fmt: skip

    def _amplitude(self, sweep: Sweep, whole: NDArray[np.complex128]) -> Floats:
        """Peak of the current's perturbation (mA/cm²)."""
        if sweep.current is None:
            return np.asarray(1e3 * (sweep.amplitude or PEIS_AMPLITUDE) / np.abs(whole))
        return np.full(whole.size, 1e3 * (sweep.amplitude or GEIS_AMPLITUDE) / self.area)

    def _keep(self, kept: Kept) -> None:
        """Keep states, thinned where there are too many."""
        if len(kept.time):
            self.recorder.states.append(kept)
        total = sum(len(one.time) for one in self.recorder.states)
        if total > STATES:
            states = self.recorder.states
            merged = Kept(
                np.concatenate([one.time for one in states]),
                np.concatenate([one.patches for one in states]),
                np.concatenate([one.once for one in states]),
            )
            # Every second one, and the last in any case.
            rows = np.arange(total - 1, -1, -2)[::-1]
            if rows[0] > 0:
                rows = np.append(0, rows)
            self.recorder.states = [
                Kept(merged.time[rows], merged.patches[rows], merged.once[rows])
            ]

    def _look(self, samples: Floats) -> None:
        """Note what the filament did in these samples."""
        self.recorder.events += events_of(samples)
        if not any(kind == "edge_chipped" for _, kind, _ in self.recorder.events):
            self.recorder.events += chip_event(self.engine.p, samples)

    def _note(self, why: int, order: Order, place: int) -> None:
        if why == march.STUCK:
            raise SimulationError(
                f"simulate: at {self.engine.time:.6g} s no step of the march settles; "
                "try a smaller tolerance, or fewer laws at once."
            )
        if why == march.LIMIT_VOLTAGE and self._beyond(order, place):
            self.recorder.events.append((self.engine.time, *COMPLIANCE))
        elif why in REASONS:
            self.recorder.events.append((self.engine.time, *REASONS[why]))

    def _within(self, phases: Floats) -> Floats:
        """Return phases that end where the instrument's voltage does."""
        rows = phases.copy()
        limits = np.minimum(rows[:, march.VOLTAGE_LIMIT], self.meter.compliance)
        rows[:, march.VOLTAGE_LIMIT] = limits
        return rows

    def _beyond(self, order: Order, place: int) -> bool:
        """Whether a phase has no voltage limit of its own below the instrument's."""
        return bool(order.phases[place, march.VOLTAGE_LIMIT] > self.meter.compliance)

    def _end(self, why: int, order: Order, place: int) -> None:
        ends = order.ends[place]
        over = why == march.LIMIT_VOLTAGE and self._beyond(order, place)
        if why == march.EMPTY or over:
            raise _Stop(True)
        if ends is not Ends.STEP:
            raise _Stop(ends is Ends.PROTOCOL)

    def campaign(
        self, protocol: Protocol, seed: int, reference: Reference | None,
        cited: Callable[..., Any],
    ) -> Campaign:  # fmt: skip
        """Return what was written down as a Campaign, as the instrument reads it."""
        recorder, p, random = self.recorder, self.engine.p, np.random.default_rng(seed)
        samples, rows = joined(recorder)
        if not len(samples):
            raise SettingsError("simulate: expected a protocol with a step, found none.")
        current = 1e-3 * self.area * samples[:, march.FLOW]
        volt = samples[:, march.VOLT]
        values: dict[str, Any] = {"time": samples[:, march.TIME], "step": rows}
        if reference is None:
            values["voltage"] = self.meter.measured_voltage(volt, random)
        else:
            working, counter = reference.split(self.cell, p, samples)
            values["voltage"] = self.meter.measured_voltage(working, random)
            values["counter_voltage"] = self.meter.measured_voltage(counter, random)
            values["cell_voltage"] = values["voltage"] - values["counter_voltage"]
        values["current"] = self.meter.measured_current(current, random)
        values["current_density"] = values["current"] / self.area
        nodes = {
            "timeseries": build_node("timeseries", values),
            "steps": steps_node(recorder, self.area),
            "state": state_node(p, recorder.states, self.area),
        }
        if recorder.spectra:
            nodes["spectra"] = spectra_node(
                recorder.spectra, self.area, self.meter, random, reference, values
            )
        found = sorted(recorder.events)
        if found:
            nodes["events"] = build_node(
                "events",
                {
                    "time": [one[0] for one in found], "kind": [one[1] for one in found],
                    "message": [one[2] for one in found],
                },
            )  # fmt: skip
        specimen = self.cell.specimen()
        attrs = {
            "title": f"virtual {specimen.get('title', 'cell')}",
            "specimen": specimen, "working_electrode": "alloy", "current_sign": "strips",
            "warnings": self.warnings,
            "provenance": [step_entry(
                "simulate",
                {"cell": self.cell.to_dict(), "protocol": protocol.to_toml(), "seed": seed},
                node="timeseries", functions=(cited,),
            )],
        }  # fmt: skip
        return Campaign(nodes, attrs)


def _between_ends(duration: float) -> Floats | None:
    """Instants of a phase (s) at which its states are kept: each minute, sixty at most."""
    count = min(int(duration / STATE_EVERY), MOST_STATES)
    return None if count < 2 else duration * np.arange(1, count + 1) / count


def _one(kept: Kept, k: int) -> Kept:
    return Kept(kept.time[k : k + 1], kept.patches[k : k + 1], kept.once[k : k + 1])
