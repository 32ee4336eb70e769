"""How often `validate` is wrong, measured: ``python -m tests.impedance.statistics_validation``.

Prints the tables of docs/validation.md. Every row has its own random numbers, so a row is the same
whatever else is run.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from anodescope.bench.spectra import sets_a_and_b, zarc
from anodescope.campaign import Campaign, build_node
from anodescope.impedance import validate
from tests.impedance.butler_volmer import random_interface
from tests.impedance.cells import KINDS, random_cells, sweep_time, with_noise
from tests.impedance.recorded import duration, many, sweep_starts, sweeps

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

ANSWERS = ("consistent", "inconsistent", "not_decidable")
MEDIUM = np.logspace(np.log10(7e6), np.log10(5), 36)
WIDE = np.logspace(6, -1, 61)
SLOW = np.logspace(5, -1, 31)
DRIFTS = (0.01, 0.03, 0.1, 0.3)
AMPLITUDES = (0.005, 0.01, 0.02, 0.03, 0.05)


@dataclass(frozen=True)
class Row:
    """Shares of the answers and of trimmed sweeps, a number with its spread, misses of KK alone."""

    what: str
    shares: tuple[float, float, float]
    trimmed: float = float("nan")
    number: float = float("nan")
    spread: float = float("nan")
    missed: float = float("nan")

    def cells(self) -> list[str]:
        """Return the row as text; what was not measured is empty."""
        rest = (self.trimmed, self.number, self.spread, self.missed)
        return [
            self.what,
            *(f"{share:.3f}" for share in self.shares),
            *("" if np.isnan(value) else f"{value:.3g}" for value in rest),
        ]


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def shares(answers: npt.NDArray[np.object_]) -> tuple[float, float, float]:
    """Return the share of each of `ANSWERS`."""
    return tuple(float(np.mean(answers == answer)) for answer in ANSWERS)  # type: ignore[return-value]


def spectra(kind: str, cases: int, rng: np.random.Generator) -> tuple[Floats, Complexes]:
    """Return frequencies and clean spectra of one kind."""
    if kind in ("set A", "set B"):
        made = sets_a_and_b(300)[kind[-1]]
        rows = rng.integers(0, 300, cases)
        return made.frequency, made.clean[rows]
    name, frequency = kind.rsplit(" ", 1)
    grid = {"36": MEDIUM, "61": WIDE}[frequency]
    kinds = KINDS if name == "cells" else (name,)
    return grid, np.concatenate(
        [random_cells(rng, grid, kinds[k % len(kinds)], 1) for k in range(cases)]
    )


FAMILIES = ("set A", "set B", "cells 36", "cells 61")


def kk_rows(cases: int) -> Iterator[Row]:
    """Single sweeps without a clock: false alarms, and drift that only the verdict can see."""
    for kind in FAMILIES:
        for noise in (0.001, 0.003, 0.01):
            yield _kk_row(kind, noise, 0.0, cases)
    for kind in FAMILIES:
        for drift in DRIFTS:
            yield _kk_row(kind, 0.003, drift, cases)


def _kk_row(kind: str, noise: float, drift: float, cases: int) -> Row:
    what = f"{kind}, noise {noise:.1%}" + (f", drift {drift:.0%}" if drift else "")
    rng = _rng(what)
    frequency, clean = spectra(kind, cases, rng)
    found = validate(
        (frequency, with_noise(rng, clean * (1 + drift * sweep_time(frequency)), noise))
    )
    cut = (found.inductive.values | found.drifting.values).any(axis=1)
    return Row(what, shares(found.verdict.values.astype(object)), float(cut.mean()))


def drift_rows(cases: int) -> Iterator[Row]:
    """Series of three sweeps with a clock: the number `drift_impedance` of the middle one."""
    for part in ("whole Z", "slowest arc"):
        for noise in (0.003, 0.01):
            for drift in (0.0, *DRIFTS):
                yield _drift_row(part, noise, drift, cases)
    for drift in (0.0, *DRIFTS):
        yield _held_row(drift, cases)
    for leak in (0.0, *DRIFTS):
        yield _ramp_row(leak, cases)
    for change in (0.002, 0.05):
        yield _stairs_row(change, cases)
    for where in ("at rest", "under current"):
        for drift in DRIFTS:
            yield _repeated_row(where, drift, cases)


def _answered(what: str, cases: list[dict[str, npt.NDArray[Any]]], number: str) -> Row:
    """Judge series of one or three sweeps, and count what is said of the middle one of each."""
    each = len(cases[0]["time_start"])
    found = validate(many(cases)).isel(spectrum=slice(each // 2, None, each))
    numbers = found[number].values
    return Row(
        what,
        shares(found.stationary.values.astype(object)),
        float(found.drifting.values.any(axis=1).mean()),
        float(np.mean(numbers)),
        float(np.std(numbers)),
        float(np.mean(found.verdict.values.astype(object) != "inconsistent")),
    )


def _drift_row(part: str, noise: float, drift: float, cases: int) -> Row:
    what = f"3 sweeps, {part}, noise {noise:.1%}, drift {drift:.0%}"
    rng = _rng(what)
    made = sets_a_and_b(300)["A"]
    frequency, lasts = made.frequency, duration(made.frequency)
    recorded = []
    for k in rng.integers(300, size=cases):
        clean = made.clean[k]
        slowest = (np.asarray(v[k, 2]) for v in (made.resistance, made.centre, made.phi))
        moving = clean if part == "whole Z" else zarc(frequency, *slowest)

        def cell(t: Floats, z: Complexes = clean, m: Complexes = moving) -> Complexes:
            return z + drift * t / lasts * m

        recorded.append(sweeps(frequency, cell, 3, noise=noise, generator=rng))
    return _answered(what, recorded, "drift_impedance")


def _held_row(drift: float, cases: int) -> Row:
    """A single sweep under current: the dc voltage is the only witness."""
    what = f"1 sweep under current, whole Z, noise 0.3%, drift {drift:.0%}"
    rng = _rng(what)
    lasts, recorded = duration(WIDE), []
    for z in spectra("cells 61", cases, rng)[1]:
        direct = float(z.real.max())

        def cell(t: Floats, z: Complexes = z) -> Complexes:
            return z * (1 + drift * t / lasts)

        recorded.append(
            sweeps(
                WIDE,
                cell,
                1,
                noise=0.003,
                generator=rng,
                bias=0.05 / direct,
                dc=lambda t: 0.05 * (1 + drift * t / lasts),
                dc_noise=1e-5,
            )
        )
    return _answered(what, recorded, "drift_voltage")


def _ramp_row(leak: float, cases: int) -> Row:
    """Three sweeps of a steady cell on a ramp of the dc voltage, which falsifies slow points."""
    what = f"3 sweeps, dc ramp that adds {leak:.0%} at the lowest frequency"
    rng = _rng(what)
    amplitude, recorded = 0.005, []
    slope = leak * np.pi * WIDE[-1] * amplitude
    for _ in range(cases):
        z = random_cells(rng, WIDE, "zarcs", 1)[0]
        # Under a held current the amplitude goes with |Z|; the error has the phase of 1/(iω).
        shown = z * (1 - 1j * leak * WIDE[-1] / WIDE * np.abs(z[-1]) / np.abs(z))
        recorded.append(
            sweeps(
                WIDE,
                lambda t, z=shown: z,
                3,
                noise=0.003,
                generator=rng,
                dc=lambda t: 1.0 + slope * t,
                dc_noise=1e-5,
                amplitude=amplitude,
            )
        )
    return _answered(what, recorded, "drift_voltage")


def _stairs_row(change: float, cases: int) -> Row:
    """Neighbours at another bias, whose Z differs by that: a bound, never an objection."""
    what = f"3 sweeps of a staircase, Z changes by {change:.1%} per stair"
    rng = _rng(what)
    start, recorded = sweep_starts(WIDE, 3), []
    for z in spectra("cells 61", cases, rng)[1]:

        def cell(t: Floats, z: Complexes = z) -> Complexes:
            return z * (1 + change * (np.searchsorted(start, t[0], "right") - 1))

        bias = np.array([1e-3, 1.1e-3, 1.2e-3])
        recorded.append(sweeps(WIDE, cell, 3, noise=0.003, generator=rng, bias=bias))
    return _answered(what, recorded, "drift_impedance")


def _repeated_row(where: str, drift: float, cases: int) -> Row:
    """The same transient in every sweep: neighbours are alike, and only the dc voltage may tell."""
    what = f"3 sweeps, the same drift of {drift:.0%} in each, {where}"
    rng = _rng(what)
    lasts, start, recorded = duration(WIDE), sweep_starts(WIDE, 3), []

    def growth(t: Floats) -> Floats:
        return 1 + drift * (t - start[np.searchsorted(start, t, "right") - 1]) / lasts

    for z in spectra("cells 61", cases, rng)[1]:
        direct = float(z.real.max())
        volts = 0.05 if where == "under current" else 0.0

        def cell(t: Floats, z: Complexes = z) -> Complexes:
            return z * growth(t)

        recorded.append(
            sweeps(
                WIDE,
                cell,
                3,
                noise=0.003,
                generator=rng,
                bias=volts / direct,
                dc=lambda t, v=volts: v * growth(t),
                dc_noise=1e-5,
            )
        )
    return _answered(what, recorded, "drift_impedance")


INTERFACES = (
    ("no bias, α 0.5, current held", 0.5, 0.0, "current"),
    ("no bias, α 0.5, voltage held", 0.5, 0.0, "voltage"),
    ("bias 4 kT/e, α 0.5, current held", 0.5, 4.0, "current"),
    ("bias 4 kT/e, α 0.7, current held", 0.7, 4.0, "current"),
)


@dataclass(frozen=True)
class AmplitudeRow:
    """One kind of interface at one amplitude."""

    what: str
    millivolt: float
    error: float
    violated: float
    verdict: float
    without: tuple[float, float, float]
    recorded: tuple[float, float, float]
    missed: float
    false: float
    thd: float

    def cells(self) -> list[str]:
        """Return the row as text."""
        return [
            self.what,
            f"{self.millivolt:g}",
            f"{100 * self.error:.2f}",
            f"{self.thd:.2f}",
            f"{self.violated:.3f}",
            f"{self.verdict:.3f}",
            " / ".join(f"{share:.2f}" for share in self.without),
            " / ".join(f"{share:.2f}" for share in self.recorded),
            f"{self.missed:.3f}",
            f"{self.false:.3f}",
        ]


def amplitude_rows(cases: int) -> Iterator[AmplitudeRow]:
    """Finite amplitudes on Butler–Volmer interfaces, with and without recorded harmonics."""
    for name, alpha, bias, held in INTERFACES:
        for amplitude in AMPLITUDES:
            yield _amplitude_row(name, alpha, bias, held, amplitude, cases)


def _amplitude_row(
    name: str, alpha: float, bias: float, held: str, amplitude: float, cases: int
) -> AmplitudeRow:
    rng = _rng(f"{name} {amplitude}")
    z, size, thd, error = [], [], [], []
    for _ in range(cases):
        cell = random_interface(rng, alpha, bias)
        response = cell.respond(SLOW, amplitude, held)
        z.append(with_noise(rng, response[0], 0.003))
        size.append(response[1])
        # Noise has harmonics too: 0.1 % at every frequency.
        thd.append(np.hypot(response[2], 0.1))
        error.append(np.abs(response[0] / cell.linear(SLOW) - 1).max())
    wrong = np.array(error) > 0.01
    campaign = _campaign(np.array(z), np.array(size), None, held)
    without = validate(campaign)
    recorded = validate(_campaign(np.array(z), np.array(size), np.array(thd), held))
    said = recorded.linear.values.astype(object)
    return AmplitudeRow(
        name,
        1e3 * amplitude,
        float(np.mean(error)),
        float(wrong.mean()),
        float(np.mean(without.verdict.values.astype(object) == "inconsistent")),
        shares(without.linear.values.astype(object)),
        shares(said),
        float(np.mean(wrong & (said == "consistent"))),
        float(np.mean(~wrong & (said == "inconsistent"))),
        float(np.mean(recorded.distortion.values)),
    )


def _campaign(z: Complexes, size: Floats, thd: Floats | None, held: str) -> Campaign:
    count = len(z)
    values: dict[str, npt.ArrayLike] = {
        "impedance": z,
        "frequency": np.broadcast_to(SLOW, z.shape),
        "time": np.broadcast_to(np.nan, z.shape),
        "valid": np.ones(z.shape, dtype=bool),
        "grid": np.zeros(count, dtype=int),
        "time_start": np.full(count, np.nan),
        "time_end": np.full(count, np.nan),
        "electrode": ["cell"] * count,
        "technique": ["GEIS" if held == "current" else "PEIS"] * count,
        "voltage_amplitude": size,
    }
    if thd is not None:
        values["thd_voltage" if held == "current" else "thd_current"] = thd
    return Campaign({"spectra": build_node("spectra", values)})


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Return a markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


KK_HEAD = ["sweeps", *(f"verdict {answer}" for answer in ANSWERS), "trimmed"]
DRIFT_HEAD = [
    "sweeps",
    *(f"stationary {answer}" for answer in ANSWERS),
    "trimmed",
    "number",
    "±",
    "missed by the verdict",
]
AMPLITUDE_HEAD = [
    "interface",
    "mV",
    "error of Z, %",
    "THD, %",
    "error > 1 %",
    "verdict inconsistent",
    "linear without THD",
    "linear with THD",
    "missed",
    "false alarms",
]


def tables(cases: int) -> str:
    """Measure everything and return the three tables."""
    kk = [row.cells()[: len(KK_HEAD)] for row in kk_rows(cases)]
    drift = [row.cells() for row in drift_rows(cases)]
    amplitude = [row.cells() for row in amplitude_rows(cases)]
    return "\n\n".join(
        [
            markdown(KK_HEAD, kk),
            markdown(DRIFT_HEAD, drift),
            markdown(AMPLITUDE_HEAD, amplitude),
        ]
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    sys.stdout.write(tables(parser.parse_args().cases) + "\n")


if __name__ == "__main__":
    main()
