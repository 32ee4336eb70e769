"""Generated voltages with and without short circuits, as different as could be thought of.

Not the paper's generator: currents of 1e-6 to 1e-2 A, resistances over four decades, noise of
0.1 to 10 mV, sampling of 0.1 to 30 s, voltages that rise, fall, relax and peak by themselves,
protocols of four kinds, glitches and ends of tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from anodescope.campaign import Campaign, build_node

PATH = (0.35, 0.85)  # share of the current that a path beside the electrolyte takes

KINDS = ("hard", "soft", "reversible", "none", "end of test", "glitches")
PROTOCOLS = ("constant_current", "cycling", "ccd", "pulsed")


@dataclass(frozen=True)
class Cell:
    """One generated campaign and what is true of it."""

    campaign: Campaign
    protocol: xr.Dataset
    kind: str
    when: float
    spacing: float
    signal: float  # healthy voltage before the short circuit over the noise
    fall: float  # s that the fall takes
    samples: int  # of the shortest phase with a current


def make(kind: str, random: np.random.Generator) -> Cell:
    """Make one cell of a kind."""
    shape = str(random.choice(PROTOCOLS))
    start, end, current = _phases(shape, random)
    spacing = min(float(10 ** random.uniform(-1, 1.5)), float((end - start).min()) / 8)
    spacing = max(spacing, float(end[-1]) / 40000)  # keep one case small
    time = np.arange(spacing * random.uniform(0.3, 0.9), end[-1], spacing)
    if random.random() < 0.3:
        time = np.sort(time + spacing * 0.3 * random.uniform(-1, 1, time.size))
    phase = np.clip(np.searchsorted(start, time, side="right") - 1, 0, start.size - 1)
    amps = current[phase]
    volts = _healthy(time, amps, phase, start, random)
    when, fall, level = np.inf, 0.0, float(np.median(np.abs(volts[amps != 0])))
    if kind in ("hard", "soft", "reversible"):
        volts, when, fall, level = _short(kind, time, volts, phase, start, end, current, random)
    if kind == "end of test":
        volts, amps = _ended(time, volts, amps, random)
    noise = float(10 ** random.uniform(-4, -2))
    volts = volts + noise * random.standard_normal(time.size)
    if random.random() < 0.3:
        volts = np.round(volts / 1e-4) * 1e-4  # resolution of the converter
    scale = float(np.abs(current).max())
    amps = amps + 1e-3 * scale * random.standard_normal(time.size)
    flags = np.zeros(time.size, bool)
    if kind == "glitches":
        volts, amps, flags = _glitches(volts, amps, random)
    series = {"time": time, "voltage": volts, "overload": flags}
    if random.random() < 0.9 or kind == "end of test":
        series["current"] = amps
    campaign = Campaign(
        {"timeseries": build_node("timeseries", series)}, {"current_sign": "strips"}
    )
    counts = np.bincount(phase, minlength=start.size)[current != 0]
    return Cell(campaign, _protocol(shape, start, end, current), kind, when, spacing,
                level / noise, fall, int(counts.min()))  # fmt: skip


def _phases(shape: str, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return start, end (s) and current (A) of the phases."""
    amps = float(10 ** random.uniform(-6, -2))
    if shape == "constant_current":
        current = np.array([amps * random.choice([-1, 1])])
        length = np.array([10 ** random.uniform(2.5, 5)])
    elif shape == "cycling":
        count = 2 * int(random.integers(2, 10))
        current = amps * np.where(np.arange(count) % 2, -1.0, 1.0)
        length = np.full(count, 10 ** random.uniform(2.5, 4))
    elif shape == "ccd":
        count = 2 * int(random.integers(3, 12))
        rise = (
            2.0 ** np.arange(count // 2) if random.random() < 0.5 else np.arange(1, count // 2 + 1)
        )
        current = amps * np.repeat(rise / rise[-1], 2) * np.where(np.arange(count) % 2, -1.0, 1.0)
        length = np.full(count, 10 ** random.uniform(2, 3.6))
    else:
        count = 2 * int(random.integers(20, 200))
        current = amps * np.where(np.arange(count) % 2, 0.0, 1.0)
        length = np.where(np.arange(count) % 2, 10 ** random.uniform(0.3, 1.5), 1.0)
        length *= 10 ** random.uniform(0, 1.5)
    end = np.cumsum(length)
    return end - length, end, current


def _healthy(
    time: np.ndarray, amps: np.ndarray, phase: np.ndarray, start: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Return the voltage of a cell without a short circuit."""
    largest = float(np.abs(amps).max())
    target = 10 ** random.uniform(-2.3, 0.3)  # V at the largest current
    ohmic, interface = random.dirichlet([2.0, 2.0]) * target / largest
    whole = time[-1]
    growth = 1 + random.choice([0.0, 0.5, 3.0]) * np.sqrt(np.abs(time) / whole)  # interphase
    slope = random.choice([0.0, -0.9, -0.5, 1.0])  # plating lets it fall in a straight line
    aging = np.maximum(1 + slope * time / whole, 0.05)
    since = time - start[phase]
    settle = 1 - np.exp(-since / 10 ** random.uniform(-1, 2))
    peak = 1 + random.choice([0.0, 0.0, 1.5]) * np.exp(-since / 10 ** random.uniform(1, 3))
    curve = amps / np.sqrt(1 + (random.choice([0.0, 2.0]) * amps / largest) ** 2)
    wander = 1 + random.choice([0.0, 0.05]) * np.sin(2 * np.pi * time / 10 ** random.uniform(2, 4))
    return amps * ohmic * wander + curve * interface * growth * aging * settle * peak


def _short(
    kind: str, time: np.ndarray, volts: np.ndarray, phase: np.ndarray, start: np.ndarray,
    end: np.ndarray, current: np.ndarray, random: np.random.Generator,
) -> tuple[np.ndarray, float, float, float]:  # fmt: skip
    """Put a short circuit into a phase with a current."""
    flows = np.flatnonzero(current != 0)
    row = int(flows[random.integers(min(1, flows.size - 1), flows.size)])
    length = end[row] - start[row]
    when = float(start[row] + random.uniform(0.25, 0.8) * length)
    fall = float(random.choice([0.0, 1.0, 15.0]))
    fall = min(fall, 0.05 * length)
    down = np.clip((time - when) / fall if fall else (time >= when) * 1.0, 0.0, 1.0)
    if kind == "hard":
        left = random.uniform(0.0, 0.12)
        share = np.full(time.size, left)
    elif kind == "soft":
        left = random.uniform(0.3, 0.55)
        ripple = 0.25 * np.sin(time / 10 ** random.uniform(0, 2)) * random.random()
        share = left * (1 + ripple)
    else:
        left = random.uniform(0.02, 0.55)
        share = np.full(time.size, left)
        # It recovers while there still is a current, in this phase or a later one.
        room = 0.8 * (end[flows[-1]] - when) - fall
        lasts = max(random.uniform(0.02, 1.5) * length, 8 * float(np.median(np.diff(time))))
        lasts = min(lasts, room)
        back = np.clip((time - when - lasts) / max(fall, 1e-9), 0.0, 1.0)
        down = down * (1 - back)
    before = np.abs(volts[(phase == row) & (time < when)])
    level = float(before[-5:].mean()) if before.size else 0.0
    return volts * (1 - down * (1 - share)), when, fall, level


def _ended(
    time: np.ndarray, volts: np.ndarray, amps: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Stop the current: the voltage relaxes, and the protocol does not know of it."""
    when = random.uniform(0.4, 0.95) * time[-1]
    off = time >= when
    tau = 10 ** random.uniform(-2, 2)
    last = volts[~off][-1]
    volts = np.where(off, 0.4 * last * np.exp(-np.clip(time - when, 0, None) / tau), volts)
    return volts, np.where(off, 0.0, amps)


def _glitches(
    volts: np.ndarray, amps: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let the instrument change its range: a few absurd samples, flagged in half of the cases."""
    volts, amps, flags = volts.copy(), amps.copy(), np.zeros(volts.size, bool)
    scale = float(np.abs(amps).max())
    for first in random.integers(5, max(volts.size - 5, 6), int(random.integers(3, 30))):
        some = slice(int(first), int(first) + int(random.integers(1, 3)))
        volts[some] = random.choice([0.0, 10.0, -10.0, float(random.normal(0, 2))])
        if random.random() < 0.5:
            amps[some] = scale * random.choice([-30.0, 0.0, 8.0, 30.0])
        flags[some] = random.random() < 0.5
    return volts, amps, flags


def _protocol(shape: str, start: np.ndarray, end: np.ndarray, current: np.ndarray) -> xr.Dataset:
    return build_node(
        "protocol",
        {
            "time_start": start, "time_end": end, "current": current,
            "mode": ["rest" if amps == 0 else "current" for amps in current],
            "block": np.zeros(start.size, int), "level": np.arange(start.size),
            "kind": [shape], "confidence": [1.0], "count": [start.size],
        },
    )  # fmt: skip


def sweeps(change: str, random: np.random.Generator) -> Campaign:
    """Make eight sweeps of a cell in which, after the third to fifth, something changes.

    wire : a hard short circuit. path : a path beside the electrolyte takes a share of the current.
    interface : its resistance falls to as little as a twentieth. area : the contact grows by up to
    2.5. none : all that happens in every case as well: the interface drifts, and noise.
    """
    top, bottom = 10 ** random.uniform(5, 7), 10 ** random.uniform(-1, 1)
    frequency = np.geomspace(top, bottom, int(random.integers(20, 61)))
    series, boundary, interface = 10 ** random.uniform(0.5, 3, 3)
    tau = 10 ** random.uniform(-3.5, -1), 10 ** random.uniform(-6.5, -5)
    phi = random.uniform(0.7, 1.0, 2)
    noise = 10 ** random.uniform(-3.3, -2)
    at, count = int(random.integers(3, 6)), 8
    factor, share = random.uniform(0.05, 0.7), random.uniform(*PATH)
    area = random.uniform(1.6, 2.5)
    rows = []
    for row in range(count):
        drift = 1 + 0.05 * row * random.choice([-1, 1])
        changed = row >= at
        r_int = interface * drift * (factor if change == "interface" and changed else 1.0)
        s = 2j * np.pi * frequency
        z = series + boundary / (1 + (s * tau[1]) ** phi[1]) + r_int / (1 + (s * tau[0]) ** phi[0])
        if changed and change == "path":
            z = 1 / (1 / z + share / (1 - share) / (series + boundary + interface))
        elif changed and change == "area":
            z = z / area
        elif changed and change == "wire":
            z = np.full(z.size, 0.01 * series) + s * 1e-8
        white = random.standard_normal((2, z.size))
        rows.append(z * (1 + noise * (white[0] + 1j * white[1])))
    time = np.arange(count * frequency.size, dtype=float).reshape(count, -1)
    spectra = build_node(
        "spectra",
        {
            "impedance": np.stack(rows), "frequency": np.tile(frequency, (count, 1)), "time": time,
            "valid": np.ones(time.shape, bool), "grid": np.zeros(count, int),
            "time_start": time[:, 0], "time_end": time[:, -1], "electrode": ["cell"] * count,
        },
    )  # fmt: skip
    return Campaign({"spectra": spectra})
