"""The cell while it runs: its state, and the compiled march over phases that changes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import march, program
from anodescope.cell.bundles import Laws, scratch
from anodescope.cell.constriction import constriction_impedance, direct_table
from anodescope.cell.modes import layer_modes
from anodescope.cell.patch import emf
from anodescope.cell.response import response
from anodescope.cell.sampling import CURSOR, ELAPSED, PAUSE, WAITED
from anodescope.cell.slots import INDEX
from anodescope.cell.slow import LEAST_CONTACT, bulk_fraction
from anodescope.cell.stage import APPLIED, ONCE, PERIOD
from anodescope.errors import SettingsError

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

# Rows of one call of the march: it returns when they are full, so memory is bounded.
ROWS = 65536


@final
@dataclass(frozen=True, slots=True)
class Accuracy:
    """How finely the march steps.

    Attributes
    ----------
    tolerance : of a step's estimated error, relative to 20 mV (and the voltage over an interface),
        a fifth of θ, 0.1 of lost contact and 0.05 mAh/cm² of deposit.
    modes : diffusion modes of a layer; the last one closes the sums.
    """

    tolerance: float = 1e-2
    modes: int = 4

    def __post_init__(self) -> None:
        if not 1e-9 <= self.tolerance <= 0.1:
            raise SettingsError(
                f"Accuracy, tolerance: expected 1e-9 to 0.1, found {self.tolerance!r}."
            )
        if not isinstance(self.modes, int) or not 1 <= self.modes <= 100:
            raise SettingsError(f"Accuracy, modes: expected 1 to 100, found {self.modes!r}.")


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """States of the cell at some instants.

    Attributes
    ----------
    time : (instant,) s.
    patches : (instant, patch, M + 4), by the order of `stage`.
    once : (instant, 6).
    """

    time: Floats
    patches: Floats
    once: Floats


@final
class Engine:
    """A cell's state and what the march needs; `advance` changes it.

    Parameters
    ----------
    numbers : of the cell: p (slot,), kappa and tau (patch,).
    accuracy : of the march.
    every, jump : samples each so many seconds, and at such a change of voltage (V).
    """

    def __init__(
        self,
        p: Floats,
        kappa: Floats,
        tau: Floats,
        *,
        accuracy: Accuracy | None = None,
        every: float = 0.1,
        jump: float = np.inf,
    ) -> None:
        accuracy = accuracy or Accuracy()
        self.laws = Laws(p, kappa, tau, *layer_modes(accuracy.modes), direct_table())
        self.time = 0.0
        # Called with the time (s) between two calls of the march: to show it, or to stop.
        self.between: Callable[[float], None] | None = None
        # Who owns a map solves for its constriction; else it is looked up.
        self.narrowing: Callable[[Floats], Complex] | None = None
        self._tolerance, self._every, self._jump = accuracy.tolerance, every, jump
        patches, columns = kappa.size, accuracy.modes + 4
        self.state = np.zeros((patches, columns))
        self.once = np.zeros(ONCE)
        self.once[PERIOD] = p[INDEX["feature"]] ** 3
        self.once[1] = p[INDEX["filament_start"]]
        bulk = bulk_fraction(p, 0.0, 0.0)
        self.state[:, accuracy.modes] = emf(p, bulk)[0]
        self.state[:, accuracy.modes + 1] = p[INDEX["loss_start"]]
        self._rows = np.empty((ROWS, march.SAMPLE_COLUMNS))
        self._scratch = scratch(patches, accuracy.modes)

    @property
    def p(self) -> Floats:
        """Numbers of the cell by `slots`."""
        return self.laws.p

    @property
    def modes(self) -> int:
        """Number of diffusion modes of each layer."""
        return int(self.laws.weights.size)

    def voltage(self, current: float = 0.0) -> float:
        """Voltage of the cell (V) right after a jump to a current (mA/cm²)."""
        volt, _ = march.terminal(
            self.p, self.laws.table, self.state, self.once, self.modes, 0, current
        )
        return float(volt)

    def advance(
        self,
        phases: Floats,
        repeats: int = 1,
        *,
        marks: Floats | None = None,
        keep: int = 0,
        pause: float = np.inf,
        paused: Callable[[float], None] | None = None,
    ) -> tuple[int, Floats, Kept]:
        """March through phases, over and over.

        Parameters
        ----------
        phases : (phase, 8), columns of `march`.
        repeats : how often.
        marks : instants (s from the start, rising) at which the state is kept; of one phase only.
        keep : most states to keep at the ends of phases, evenly over them.
        pause, paused : each so many seconds the march stops, and `paused` is called with the time
            since it was; it may change the state.

        Returns
        -------
        why it ended (a code of `march`), samples (sample, 11), states that were kept.
        """
        instants = np.empty(0) if marks is None else np.asarray(marks, dtype=float)
        ends = len(phases) * repeats
        stride = -(-ends // keep) if keep and marks is None else 0
        room = instants.size if marks is not None else (ends // stride if stride else 0)
        kept = np.zeros((room, *self.state.shape))
        once, when = np.zeros((room, ONCE)), np.zeros(room)
        cursor = np.zeros(CURSOR)
        cursor[PAUSE] = pause
        first = np.full(len(phases), 1e-6)
        began, held, chunks = self.time, 0, []
        while True:
            why, place, held, began = program.program(
                self.laws, self.state, self.once, phases, repeats, began, cursor, instants,
                stride, kept, once, when, held, first, self._tolerance, self._every, self._jump,
                self._rows, self._scratch,
            )  # fmt: skip
            chunks.append(self._rows[:place].copy())
            if why == march.PAUSED and paused is not None:
                paused(pause)
            elif why != march.FULL:
                break
            if self.between is not None:
                self.between(began + float(cursor[ELAPSED]))
        if paused is not None and cursor[WAITED] > 0.0:
            paused(float(cursor[WAITED]))
        self.time = float(began if why == march.DONE else began + cursor[ELAPSED])
        if marks is not None:
            held = int(np.searchsorted(instants, cursor[ELAPSED], "right"))
            held = instants.size if why == march.DONE else held
            when[:] = began + instants - (phases[0, march.DURATION] if why == march.DONE else 0.0)
        return why, np.concatenate(chunks), Kept(when[:held], kept[:held], once[:held])

    def impedance(
        self, kept: Kept, frequency: Floats, electrolyte: Complex, current: Floats | float
    ) -> tuple[Complex, Complex, Complex]:
        """Impedance (Ω·cm²) at each frequency (Hz), each at its own state.

        Parameters
        ----------
        kept : states, one per frequency.
        frequency, electrolyte : (point,) Hz; impedance of the electrolyte (Ω·cm²).
        current : (mA/cm²), of all or of each point.

        Returns
        -------
        of the alloy's interface, of the counter electrode, of the whole cell.
        """
        flows = np.broadcast_to(np.asarray(current, dtype=float), frequency.shape).copy()
        parts: list[Complex] = [np.empty(frequency.size, np.complex128) for _ in range(3)]
        response(
            self.laws, kept.patches, kept.once, flows, np.ascontiguousarray(frequency),
            np.ascontiguousarray(electrolyte), self._narrow(kept, frequency),
            self._scratch.theta, parts[0], parts[1], parts[2],
        )  # fmt: skip
        return parts[0], parts[1], parts[2]

    def _narrow(self, kept: Kept, frequency: Floats) -> Complex:
        """Constriction impedance (Ω·cm²) of each state at its frequency."""
        if self.narrowing is not None:
            return self.narrowing(frequency)
        if self.p[INDEX["constriction"]] == 0.0:
            return np.zeros(frequency.size, np.complex128)
        lost, moved = kept.patches[:, :, self.modes + 1], kept.patches[:, :, self.modes + 3]
        return constriction_impedance(
            ((1.0 - lost) * (1.0 - moved)).mean(1), np.cbrt(kept.once[:, PERIOD]), frequency,
            resistivity=self.p[INDEX["constriction"]], thickness=self.p[INDEX["thickness"]],
            gap=self.p[INDEX["gap"]],
        )  # fmt: skip

    @property
    def slowest(self) -> float:
        """Time (s) in which the thickest layer forgets what was before."""
        return float(np.max(self.laws.tau) / self.laws.rates[0])

    def slow(self) -> Floats:
        """Return what changes slowly: φ, then m of the patches, then charge, filament, ℓ³."""
        v = self.modes
        return np.concatenate([self.state[:, v + 1], self.state[:, v + 2], self.once[:3]])

    def shift(self, change: Floats, duration: float) -> None:
        """Change what changes slowly (the order of `slow`) and let time pass (s)."""
        v, patches = self.modes, self.state.shape[0]
        lost = self.state[:, v + 1] + change[:patches]
        self.state[:, v + 1] = np.clip(lost, 0.0, 1.0 - LEAST_CONTACT)
        metal = self.state[:, v + 2] + change[patches : 2 * patches]
        self.state[:, v + 2] = np.maximum(metal, 0.0)
        self.once[:3] += change[2 * patches :]
        self.once[APPLIED] += change[2 * patches]
        self.time += duration

    def size_of(self, change: Floats) -> float:
        """Return the largest change of `slow`: of contact, in mAh/cm², in thicknesses."""
        patches = self.state.shape[0]
        sizes = np.abs(np.append(change[: 2 * patches], change[2 * patches + 1]))
        return float(sizes.max())

    def set_constriction(self, ohms: float, contact: float, length: float) -> None:
        """Let the march use a constriction (Ω·cm²) that was solved for at a contact and length."""
        per = self.p[INDEX["constriction"]] * length * (1.0 - contact) / contact
        self.laws.table[1:, 1:] = ohms / per if per > 0.0 else 0.0
        self.once[PERIOD] = length**3

    def now(self) -> Kept:
        """Return the present state."""
        return Kept(np.array([self.time]), self.state[None].copy(), self.once[None].copy())


def repeated(kept: Kept, count: int) -> Kept:
    """Return one state as that of `count` points."""
    rows: Any = np.zeros(count, np.intp)
    return Kept(kept.time[rows], kept.patches[rows], kept.once[rows])
