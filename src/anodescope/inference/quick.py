"""What a fit compares: the fit rows of observations.toml, quickly, as smooth residuals.

The verdicts come from analysed campaigns (`observations.observe`). A fit cannot wait for those, and
a yes or no has no slope. So the same laws go through the same currents on a bare engine, nothing is
recorded, and each fit row becomes a residual in halves of its tolerance (which is what "met" asks
for) or in the stated width of a soft edge. Where a short circuit does not come, the filament's
length carries the residual on.

Less exact than a campaign: fewer patches, pulses leapt over, spectra of one instant (at the end of
the sweep, where the slow points are measured). What that costs is measured by `workflow.calibrate`,
which runs the best set through campaigns in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from anodescope.cell import Cell, Instrument
from anodescope.cell.engine import Accuracy, Engine, repeated
from anodescope.cell.march import CURRENT, DONE
from anodescope.cell.stage import APPLIED, CRACKED
from anodescope.events.onset.knee import knees
from anodescope.impedance import drt
from anodescope.inference.experiments import experiments
from anodescope.inference.observations.rows import rows
from anodescope.inference.observations.sweeps import cells, of_interface
from anodescope.inference.trains import train
from anodescope.protocol import Sweep

Floats = NDArray[np.float64]

NEVER = 1e9
# Time of a sweep (s), as in the paper; a sweep is a hold here.
SWEEP, HOLD = 35.0, 5.0
CUT_OFF = 3.0  # V
# Beyond what the instrument drives (V) nothing is held.
COMPLIANCE = Instrument().compliance
STAIRS = np.round(np.arange(0.05, 1.0001, 0.01), 10)
NIGHT = 54000.0
# The knee of O5.
FACTOR = 2.5


@final
@dataclass(frozen=True, slots=True)
class Speed:
    """How exact the quick cell is.

    Attributes
    ----------
    patches : of the interface. tolerance : of the march.
    leap, most : tolerance of a leap over pulses, and pulses that it takes at most.
    turns : pulses of one train that are integrated at most; then its charge is a bound. A train
        that reaches its limit takes half of them or less.
    """

    patches: int = 6
    tolerance: float = 3e-2
    leap: float = 3e-3
    most: int = 3000
    turns: int = 3_000


QUICK = Speed()
POLISH = Speed(16, 1e-2, 1e-3, 500, 12_000)


@final
class Stand:
    """A cell on a bare engine: currents in, charges, voltages and spectra out."""

    def __init__(self, cell: Cell, speed: Speed) -> None:
        # Solids have one patch, and keep it.
        self.cell = cell if cell.patches == 1 else cell.replace(patches=speed.patches)
        numbers = self.cell.numbers()
        self.engine = Engine(
            numbers.p, numbers.kappa, numbers.tau,
            accuracy=Accuracy(tolerance=speed.tolerance), every=NEVER,
        )  # fmt: skip
        self.speed = speed

    @property
    def charge(self) -> float:
        """Charge that was passed (mAh/cm²)."""
        return float(self.engine.once[APPLIED])

    @property
    def filament(self) -> float:
        """Length of the filament over the electrolyte's thickness."""
        return float(self.engine.once[CRACKED])

    def hold(self, current: float, time: float, *, limit: float = COMPLIANCE, short: bool = False
             ) -> bool:  # fmt: skip
        """Hold a current (mA/cm²) for a time (s); say whether no limit (of V, a short) ended it."""
        row = _row(CURRENT, current, time, limit, short=short)
        return bool(self.engine.advance(row[None])[0] == DONE)

    def rested(self, time: float) -> float:
        """Return the area of γ after a rest (s) at open circuit.

        A PEIS that starts with the rest holds the voltage that it finds, and so a charged
        interface stays under load for that sweep: it then looks larger still.
        """
        self.hold(0.0, time)
        return self.area()

    def train(self, current: float, on: float, rest: float, count: int) -> None:
        """Pulse until the cut-off, or so many times, or for so many as the speed allows."""
        rows = np.array([_row(CURRENT, current, on, CUT_OFF), _row(CURRENT, 0.0, rest)])
        speed = self.speed
        train(self.engine, rows, count, tolerance=speed.leap, most=speed.most, turns=speed.turns)

    def area(self, current: float = 0.0) -> float:
        """Area of γ of the interface (Ω·cm²), by the paper's own DRT, of an instant's spectrum.

        From `BORDER` on to the end of the DRT's range, as for the rows.
        """
        frequency = np.asarray(Sweep(SWEEP, None, None).frequencies(), dtype=float)
        now = repeated(self.engine.now(), frequency.size)
        through = self.cell.electrolyte_impedance(frequency)
        whole = self.engine.impedance(now, frequency, through, current)[2]
        node = drt((frequency, whole), method="drttools")
        decades = np.log10(node["tau"].values)
        parts = np.nan_to_num(node["gamma"].values[0]) * cells(decades)
        return float(parts[of_interface(decades)].sum())


def _row(
    held: int, value: float, time: float, limit: float = np.inf, *, short: bool = False
) -> Floats:
    return np.array([held, value, value, time, limit, np.inf, np.nan, float(short)])


def staircase(cell: Cell, speed: Speed) -> dict[str, float]:
    """Return threshold, end and relaxation of the stripping staircase (O5, O7; O8 with NaK65)."""
    stand = Stand(cell, speed)
    fresh = stand.area()
    found = _climb(stand)
    found["early"] = stand.rested(SWEEP) / fresh
    stand.hold(0.0, NIGHT - SWEEP)
    found["late"] = stand.area() / fresh
    return found


def _climb(stand: Stand) -> dict[str, float]:
    """Climb the stairs to the cut-off: the knee, where it ended (between stairs by the time), V."""
    volts: list[float] = []
    step, whole = float(STAIRS[1] - STAIRS[0]), HOLD + SWEEP
    for number, current in enumerate(STAIRS):
        start = stand.engine.time
        done = stand.hold(current, HOLD, limit=CUT_OFF)
        if done:
            volts.append(stand.engine.voltage(current))
            done = stand.hold(current, SWEEP, limit=CUT_OFF)
        if not done:
            share = (stand.engine.time - start) / whole
            last = float(current) - step * (1.0 - share)
            return {"last": last, "end": CUT_OFF, "knee": _knee(STAIRS[: len(volts)],
                    np.array(volts), float(STAIRS[max(number - 1, 0)]))}  # fmt: skip
    top = float(STAIRS[-1])
    return {"last": top, "end": stand.engine.voltage(top),
            "knee": _knee(STAIRS, np.array(volts), top)}  # fmt: skip


def _knee(current: Floats, volts: Floats, last: float) -> float:
    """Return the knee; where none is told, the current at which the scan ended (a bound)."""
    if current.size < 8:
        return last
    value = float(knees(current, volts, np.zeros(1), np.array([FACTOR])).value[0, 0])
    return value if np.isfinite(value) else max(last, float(current[-1])) + 0.02


def thresholds(cell: Cell, speed: Speed) -> dict[str, float]:
    """Return the knee of the stripping staircase alone, and where it ended."""
    return _climb(Stand(cell, speed))


def pulses(cell: Cell, speed: Speed, rest: float) -> dict[str, float]:
    """Return the charge to 3 V of 1 s pulses at 1 mA/cm² with a rest (s) between (O11)."""
    stand = Stand(cell, speed)
    if rest == 0.0:
        stand.hold(1.0, 40.0 * 3600.0, limit=CUT_OFF)
        return {"charge": stand.charge}
    stand.train(1.0, 1.0, rest, 40 * 3600)
    # Only the current-on charge counts: none flows at rest.
    return {"charge": stand.charge}


def slow_strip(cell: Cell, speed: Speed) -> dict[str, float]:
    """Return how far 0.25 mA/cm² goes below 0.5 V, and the voltage at the end (O13)."""
    stand = Stand(cell, speed)
    done = stand.hold(0.25, 20.0 / 0.25 * 3600.0, limit=0.5)
    return {"charge": stand.charge, "end": stand.engine.voltage(0.25) if done else 0.5}


def plated(cell: Cell, speed: Speed) -> dict[str, float]:
    """Return γ_int of the plating staircase and of the rest behind it, over pristine (O14, O15)."""
    stand = Stand(cell, speed)
    fresh = stand.area()
    for current in STAIRS:
        stand.hold(-current, HOLD + SWEEP)
    found = {"filament": stand.filament, "early": stand.rested(SWEEP) / fresh}
    stand.hold(0.0, NIGHT - SWEEP)
    found["late"] = stand.area() / fresh
    return found


def short_charge(cell: Cell, speed: Speed, current: float = -0.7, most: float = 1.5
                 ) -> dict[str, float]:  # fmt: skip
    """Return the charge at which plating shorts (O17); beyond `most` by the filament's length."""
    stand = Stand(cell, speed)
    stand.hold(current, most / abs(current) * 3600.0, short=True)
    grown = stand.filament
    spent = abs(stand.charge)
    return {"charge": spent / max(grown, 1e-3), "short_of": _short_of(stand.cell, current)}


def _short_of(cell: Cell, current: float) -> float:
    """Return how far (ln) the local current is below the filament's own; 0 above it."""
    limit = getattr(cell.filament, "current", 0.0)
    local = abs(current) / cell.deposit.contact
    return max(float(np.log(max(limit, 1e-12) / local)), 0.0)


def critical(cell: Cell, speed: Speed) -> dict[str, float]:
    """Return the filament's length after plating at 0.2, and how fast it bridges at 0.4 (O4)."""
    stand = Stand(cell, speed)
    hour, done = 3600.0, True
    for current in (0.05, 0.1, 0.2):
        done = done and stand.hold(current, hour) and stand.hold(-current, hour)
    before = stand.filament
    done = done and stand.hold(0.4, hour)
    start, began = stand.engine.time, min(stand.filament, 1.0)
    if not done:
        # The cell could not be stripped so far: no half-cycle shorts any more.
        return {"before": before, "length": began, "short_of": 1.0}
    stand.hold(-0.4, hour, short=True)
    share = max((stand.engine.time - start) / hour, 1e-3)
    # Without a short circuit the length itself; with one, how long it would have become.
    length = began + (min(stand.filament, 1.0) - began) / share
    return {"before": before, "length": length, "short_of": _short_of(stand.cell, 0.4)}


def sodium(cell: Cell, speed: Speed) -> dict[str, float]:
    """Return the critical current of Na | NASICON | Na, between its steps by the time (O20)."""
    stand = Stand(cell, speed)
    steps, half_cycle = np.arange(0.2, 5.0001, 0.2), 600.0
    for current in steps:
        stand.hold(current, half_cycle)
        start = stand.engine.time
        if not stand.hold(-current, half_cycle, short=True):
            share = (stand.engine.time - start) / half_cycle
            return {"current": float(current) - 0.2 * (1.0 - share)}
    limit = getattr(cell.filament, "current", 5.0)
    return {"current": 5.0 + max(float(limit) - 5.0, 0.0) + 0.2 * (1.0 - stand.filament)}


STRIPPING = ("reservoir", "layer", "kinetics", "capacitance", "loss", "pattern", "motion")
PLATING = (*STRIPPING, "deposit")
ALL = (*PLATING, "filament")


@final
@dataclass(frozen=True, slots=True)
class Quick:
    """One quick measurement.

    Attributes
    ----------
    key : the experiment of `experiments()` that it stands for.
    measure : what is measured, by name. depends : parts of the cell that it depends on, so that
        nothing is measured again when a fit changes another part.
    options : of `measure`.
    """

    key: str
    measure: Callable[..., dict[str, float]]
    depends: tuple[str, ...]
    options: Mapping[str, Any]

    @property
    def preset(self) -> str:
        """Name of its cell."""
        return experiments()[self.key].cell

    def __call__(self, cell: Cell, speed: Speed) -> dict[str, float]:
        """Measure."""
        return self.measure(cell, speed, **self.options)


_EVERY: tuple[Quick, ...] = (
    Quick("strip50", staircase, STRIPPING, {}),
    Quick("hold_0.25", slow_strip, STRIPPING, {}),
    *(
        Quick(f"pulse_{rest:g}", pulses, STRIPPING, {"rest": rest})
        for rest in (0.0, 0.1, 1.0, 10.0)
    ),
    Quick("plate50", plated, PLATING, {}),
    Quick("insitu_plate_0.7", short_charge, ALL, {}),
    Quick("insitu_plate_0.4", short_charge, ALL, {"current": -0.4, "most": 4.0}),
    Quick("ccd50", critical, ALL, {}),
    Quick("sodium", sodium, ("reservoir", "filament"), {}),
)
_FITTED = {key for row in rows().values() if row.role == "fit" for key in row.experiments}
# Of fit rows only: what observations.toml does not call "fit" is not even measured.
MEASURES: tuple[Quick, ...] = tuple(one for one in _EVERY if one.key in _FITTED)
# Left out of every fit; evaluated and logged.
LEFT_OUT: tuple[Quick, ...] = (
    Quick("strip65", thresholds, STRIPPING, {}),
    Quick("pulse_2", pulses, STRIPPING, {"rest": 2.0}),
    Quick("pulse_5", pulses, STRIPPING, {"rest": 5.0}),
)
