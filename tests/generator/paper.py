"""The paper's protocols, run on a cell whose behaviour is written down here (not modelled).

Currents are in mA/cm², times in s, capacities in mAh/cm²; what `truth` holds is in A, C, s, Ω.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.generator.impedance import R_GB, R_SERIES, TAU_INT, Arcs, cell, shorted
from tests.generator.knees import KS, knee_at
from tests.generator.record import Floats, Made, Record, Voltage, steady

R_OHMIC = R_SERIES + R_GB
R_INT = 120.0
POINTS = 35.0  # s that one sweep takes


def sgeis(
    *,
    sign: int = 1,
    start: float = 0.05,
    stop: float = 1.0,
    step: float = 0.01,
    hold: float = 5.0,
    sweep: float = POINTS,
    knee: float | None = 0.6,
    diverging: bool = False,
    width: float = 0.04,
    rest: float = 54000.0,
    rest_every: float = POINTS,
    tau_recovery: float = 9000.0,
    excess: float = 1.4,
    prime: bool = True,
    interval: float = 0.5,
    **record: Any,
) -> Made:
    """Staircase with impedance, then (where `rest` > 0) rest with PEIS.

    Stripping: η has a knee at `knee` (None: a straight line); above it γ'_int appears. Plating
    (sign −1): a straight line, γ_int falls all along.
    """
    made = Record(**record)
    amps = made.area * 1e-3
    levels = np.round(np.arange(start, stop + step / 2, step), 9) * amps
    bend = None
    if knee is not None and sign > 0:
        bend = knee_at(knee * amps, r0=R_INT, start=levels[0], width=min(width, knee / 10) * amps,
                       diverging=diverging)  # fmt: skip
    made.block("staircase_geis", "SGEIS")
    r_int = []
    for level in levels:
        made.level(sequence=True)
        if bend is not None:
            eta, slope = float(bend.overpotential(level)), float(bend.slope(level))
            extra = max(slope / R_INT - 1.3, 0.0) * R_INT if prime else 0.0
            arcs = cell(slope - 0.4 * extra, 0.4 * extra, TAU_INT / (slope / R_INT) ** 0.5)
        else:
            share = 1.0 if sign > 0 else 1 - 0.7 * (level - levels[0]) / levels[-1]
            slope = R_INT * share
            eta, arcs = R_INT * level, cell(slope)
        volts = sign * (level * R_OHMIC + eta)
        made.hold(sign * level, hold, steady(volts), interval)
        made.sweep(sign * level, sweep, steady(volts), arcs)
        r_int.append(slope)
    ended = made.clock
    if rest > 0:
        _rest_with_peis(made, rest, rest_every, tau_recovery, excess if sign > 0 else -0.6)
    return made.made(
        knee={k: bend.at(k) for k in KS} if bend else dict.fromkeys(KS, float("inf")),
        levels=levels, r_int=np.array(r_int), r_series=R_SERIES, r_ohmic=R_OHMIC,
        tau_recovery=tau_recovery, r_pristine=R_INT, rest_start=ended,
    )  # fmt: skip


def _rest_with_peis(made: Record, time: float, every: float, tau: float, excess: float) -> None:
    """Sweeps one after the other at open circuit while R_int goes back to its pristine value."""
    made.block("rest_with_peis", "PEIS")
    made.level()
    began = made.clock
    while made.clock + every <= began + time + 1e-9:
        since = made.clock - began + every / 2
        volts = 2e-3 * np.exp(-since / tau)
        made.sweep(0.0, every, steady(volts), cell(R_INT * (1 + excess * np.exp(-since / tau))))


def rest_with_peis(
    time: float = 3600.0, every: float = POINTS, *, tau_recovery: float = 900.0,
    excess: float = 1.4, before: float = 600.0, current: float = 0.5, **record: Any,
) -> Made:  # fmt: skip
    """A current for a while (none where `before` is 0), then rest with PEIS."""
    made = Record(**record)
    if before > 0:
        amps = current * 1e-3 * made.area
        made.block("constant_current", "CP")
        made.level()
        made.hold(amps, before, steady(amps * (R_OHMIC + R_INT)), 1.0)
    ended = made.clock
    _rest_with_peis(made, time, every, tau_recovery, excess if before > 0 else 0.0)
    return made.made(tau_recovery=tau_recovery, r_pristine=R_INT, rest_start=ended, excess=excess)


def ccd(
    currents: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4),
    *,
    half_cycle: float = 3600.0,
    geis: bool = True,
    short: str | None = "hard",
    short_level: int | None = None,
    short_share: float = 0.3,
    short_length: float = 120.0,
    rising_from: float = 0.2,
    growth: float = 1.5,
    interval: float = 10.0,
    goes_on: bool = False,
    **record: Any,
) -> Made:
    """Critical current density: strip and plate at rising currents, sweeping all the time.

    From `rising_from` on, R_int grows while stripping and falls while plating. The short circuit
    (hard, soft or reversible; None: none) comes in half-cycle `short_level` (None: the last one),
    after `short_share` of it. After a hard one the test ends with its half-cycle, unless `goes_on`.
    """
    made = Record(**record)
    made.block("ccd", "GEIS" if geis else "GCPL")
    amps = [sign * c * 1e-3 * made.area for c in currents for sign in (1, -1)]
    at = len(amps) - 1 if short_level is None else short_level
    state, when, charge = 0.0, np.inf, []  # state: R_int = R_INT·(1 + state)
    for number, current in enumerate(amps):
        made.level(sequence=True)
        began = made.clock
        rises = abs(current) >= rising_from * 1e-3 * made.area - 1e-12
        change = (growth if current > 0 else -min(growth, state + 0.6)) if rises else 0.0
        if short is not None and number == at:
            when = began + short_share * half_cycle
        events = _Short(short, when, short_length)
        span = POINTS if geis else half_cycle
        while made.clock < began + half_cycle - 1e-6:
            piece = min(span, began + half_cycle - made.clock)
            offset = made.clock - began
            first = made.clock

            volts = _voltage(current, events, state, change / half_cycle, offset, first)

            if geis and piece == span:
                middle = made.clock + piece / 2
                share = (middle - began) / half_cycle
                made.sweep(
                    current, piece, volts, events.arcs(middle, R_INT * (1 + state + change * share))
                )
            else:
                made.hold(current, piece, volts, min(interval, piece / 2))
        state += change
        charge.append(abs(current) * half_cycle)
        if number == at and short == "hard" and not goes_on:
            break
    survived = [abs(a) for a in amps[:at]] if short else [abs(a) for a in amps]
    return made.made(
        short_time=when, short_kind=short, charge=np.array(charge), levels=np.array(amps),
        ccd_low=max(survived, default=0.0) if not short else max(
            (abs(a) for a in amps[:at] if abs(a) < abs(amps[at]) - 1e-12), default=0.0),
        ccd_high=abs(amps[at]) if short else np.inf, r_series=R_SERIES, r_ohmic=R_OHMIC,
    )  # fmt: skip


def _voltage(
    current: float, events: _Short, state: float, rate: float, offset: float, first: float
) -> Voltage:
    """Return the voltage of a half-cycle from `offset` s after its begin (`first` on the clock)."""

    def volts(t: Floats) -> Floats:
        r_int = R_INT * (1 + state + rate * (offset + t))
        return current * events.resistance(first + t, R_OHMIC + r_int)

    return volts


class _Short:
    """A short circuit from an instant on: it takes the place of the cell's resistance."""

    def __init__(self, kind: str | None, when: float, length: float) -> None:
        self.kind, self.when, self.length = kind, when, length

    def resistance(self, time: Floats, healthy: Floats) -> Floats:
        """Return the resistance (Ω) at these instants."""
        on = time >= self.when
        if self.kind == "hard":
            return np.where(on, 0.4, healthy)
        if self.kind == "soft":
            ripple = 1 + 0.25 * np.sin(time / 7.0) * np.cos(time / 2.3)
            return np.where(on, healthy * 0.45 * ripple, healthy)
        if self.kind == "reversible":
            return np.where(on & (time < self.when + self.length), 0.05 * healthy, healthy)
        return healthy

    def arcs(self, time: float, r_int: float) -> Arcs:
        """Return the impedance at this instant."""
        healthy = cell(r_int)
        factor = float(self.resistance(np.array([time]), np.array([healthy.direct]))[0])
        share = factor / healthy.direct
        if share > 0.999:
            return healthy
        if self.kind == "hard":
            return shorted()
        arcs = {name: (r * share, tau, phi) for name, (r, tau, phi) in healthy.arcs.items()}
        return Arcs(healthy.series * share, arcs)


def na_na_ccd(
    *, step: float = 0.2, time: float = 600.0, ccd: float = 3.2, short_share: float = 0.4,
    interval: float = 2.0, **record: Any,
) -> Made:  # fmt: skip
    """Na|NASICON|Na: alternating currents rising by `step`, hard short at the level `ccd`."""
    currents = tuple(np.round(np.arange(step, ccd + step / 2, step), 9))
    settings = {"rising_from": 1e9, "geis": False, "interval": interval, **record}
    return globals()["ccd"](currents, half_cycle=time, short_share=short_share, **settings)


def pulsed(
    *,
    current: float = 1.0,
    on: float = 1.0,
    rest: float = 2.0,
    capacity: float | None = 1.0,
    limit: float = 3.0,
    count: int | None = None,
    samples: tuple[int, int] = (5, 5),
    tau_relax: float = 1.0,
    shape: float = 6.0,
    **record: Any,
) -> Made:
    """Pulses until |V| reaches the limit at `capacity` (None: `count` pulses that do not).

    Without a rest it is one constant current.
    """
    if rest == 0:
        total = capacity if capacity is not None else 2.0 * (count or 100) * current * on / 3600
        time = 2 * total * 3600 / current if capacity is not None else (count or 100) * on
        return constant_current(
            current, time, interval=on / samples[0], capacity=total, limit=limit, shape=shape,
            **record,
        )  # fmt: skip
    if capacity is None:
        count = count or 100
    made = Record(**record)
    amps = current * 1e-3 * made.area
    per_pulse = current * on / 3600  # mAh/cm²
    total = capacity if capacity is not None else 2.0 * (count or 100) * per_pulse
    pulses = count or max(int(np.ceil(total / per_pulse - 1e-9)), 1)
    n, m = samples
    offset = np.arange(1, n + 1) / n * on
    charge = (np.arange(pulses)[:, None] * on + offset) * current / 3600
    base = amps * (R_OHMIC + R_INT)
    eta = (limit - base) * np.minimum(charge / total, 1.0) ** shape
    volts = base + eta
    later = np.arange(1, m + 1) / m * rest
    relax = (volts[:, -1:] - amps * R_OHMIC) * np.exp(-later / tau_relax)
    made.block("pulsed", "GCPL")
    if capacity is None or count is not None:
        made.pulses(amps, on, rest, volts, relax)
        reached = capacity is not None and count * per_pulse >= capacity  # type: ignore[operator]
    else:
        full = pulses - 1
        if full:
            made.pulses(amps, on, rest, volts[:full], relax[:full])
        left = (total - full * per_pulse) * 3600 / current  # s of the last pulse until the limit

        def last(t: Floats) -> Floats:
            passed = full * per_pulse + t * current / 3600
            return base + (limit - base) * np.minimum(passed / total, 1.0) ** shape

        if left > 1e-3:
            made.level()
            made.hold(amps, left, last, min(on / n, left / 2))
        reached = True
    # after the cut-off the instrument goes on at open circuit
    made.block("rest", "OCV")
    made.level()
    made.hold(0.0, 60.0, lambda t: 0.5 * np.exp(-t / tau_relax), 1.0)
    return made.made(capacity=total * 3.6 * made.area if reached else np.inf, censored=not reached,
                     limit=limit, tau_relax=tau_relax, current=amps, on=on, rest=rest, count=pulses,
                     r_ohmic=R_OHMIC, base=base)  # fmt: skip


def hold(
    currents: tuple[float, ...] = (0.2, 0.4, 0.7, 1.0), *, time: float = 600.0,
    interval: float = 1.0, growth_from: float = 0.7, **record: Any,
) -> Made:  # fmt: skip
    """Staircase without impedance: each current for `time`; above `growth_from` V climbs."""
    made = Record(**record)
    made.block("staircase", "CP")
    for current in currents:
        made.level(sequence=True)
        amps = current * 1e-3 * made.area
        climb = 0.5 * amps * R_INT * (current > growth_from)

        def volts(t: Floats, a: float = amps, c: float = climb) -> Floats:
            return a * (R_OHMIC + R_INT) + c * (t / time) ** 2

        made.hold(amps, time, volts, interval)
    return made.made(levels=np.array(currents) * 1e-3 * made.area)


def constant_current(
    current: float = 0.25, time: float = 7200.0, *, geis: bool = False, interval: float = 5.0,
    capacity: float | None = None, limit: float = 3.0, shape: float = 6.0, **record: Any,
) -> Made:  # fmt: skip
    """One current; where `capacity` (mAh/cm²) is given, |V| reaches the limit there and it ends."""
    made = Record(**record)
    amps = current * 1e-3 * made.area
    base = amps * (R_OHMIC + R_INT)
    total = abs(capacity * 3600 / current) if capacity is not None else 3 * time
    lasts = min(time, total)
    sign = np.sign(current)
    made.block("constant_current", "GEIS" if geis else "CP")
    made.level()
    while made.clock < lasts - 1e-6:
        piece = min(POINTS if geis else lasts, lasts - made.clock)

        def volts(t: Floats, first: float = made.clock) -> Floats:
            return base + (sign * limit - base) * np.minimum((first + t) / total, 1.0) ** shape

        if geis and piece == POINTS:
            made.sweep(amps, piece, volts, cell(R_INT))
        else:
            made.hold(amps, piece, volts, min(interval, piece / 2))
    reached = total <= time
    return made.made(current=amps, capacity=total * abs(amps) if reached else np.inf,
                     censored=not reached, limit=limit, r_ohmic=R_OHMIC)  # fmt: skip


def rest(time: float = 3600.0, *, interval: float = 10.0, **record: Any) -> Made:
    """Open circuit."""
    made = Record(**{"current_noise": 1e-4, **record})
    made.block("rest", "OCV")
    made.level()
    made.hold(0.0, time, steady(1e-3), interval)
    return made.made()


def cycling(
    current: float = 0.1, time: float = 1800.0, cycles: int = 5, *, interval: float = 5.0,
    pause: float = 0.0, **record: Any,
) -> Made:  # fmt: skip
    """Strip and plate at one current, with pauses between the half-cycles where asked for."""
    made = Record(**record)
    made.block("cycling", "GCPL")
    for half in range(2 * cycles):
        made.level(sequence=True)
        amps = (1 if half % 2 == 0 else -1) * current * 1e-3 * made.area
        made.hold(
            amps, time, lambda t, a=amps: a * (R_OHMIC + R_INT * (1 + 0.1 * t / time)), interval
        )
        if pause > 0:
            made.level()
            made.hold(0.0, pause, steady(1e-3), interval)
    return made.made(current=current * 1e-3 * made.area, cycles=cycles)


def impedance_only(sweeps: int = 3, *, every: float = POINTS, **record: Any) -> Made:
    """Sweeps at open circuit and nothing else."""
    made = Record(**record)
    made.block("impedance_only", "PEIS")
    made.level()
    for _ in range(sweeps):
        made.sweep(0.0, every, steady(1e-3), cell(R_INT))
    return made.made(r_int=R_INT)
